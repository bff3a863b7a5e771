/*
 * check: the sending system's question. Addresses come one a line or in a column of a CSV file; the
 * answers stand in the order of the questions and come as soon as the input does, a portion at a
 * time: all that is there, of a whole list about a million addresses. The store is asked about all
 * of a portion at once, so its records are gone through twice: for the questions, and for the
 * answers.
 */
#include "poller/command/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sodium.h>
#include "classify/base/files.h"
#include "classify/base/clock.h"
#include "poller/volume/csv.h"
#include "poller/volume/fileform.h"
#include "classify/base/log.h"
#include "poller/command/checkrecord.h"

static const char our_columns[] = "verdict,until,state,reason,since,hint",
		  stream_column[] = ",stream"; /* where there are streams */

/* --- CSV ------------------------------------------------------------------ */

enum { HEADER_MAX = 1 << 16 }; /* it is gone through once for each column */

/* Which column is named so; false: none. */
static bool find_column(struct list_check *c, struct span header)
{
	struct span record, field;
	char name[CHECK_ADDRESS_MAX];
	size_t used;
	for (size_t i = 0; i < CHECK_COLUMNS_MAX && header.n < HEADER_MAX; i++) {
		if (csv_next(header, true, c->separator, i, &record, &field, &used) != CSV_RECORD ||
			!field.p)
			return false;
		size_t n = csv_unquote(field, name, sizeof name);
		if (span_equal_nocase((struct span){ name, n }, span_of(c->column))) {
			c->number = i;
			return true;
		}
	}
	return false;
}

/* The first record says what separates, and as a header which column it is. */
static int begin_csv(struct list_check *c, struct span *text)
{
	static const char mark[] = "\xef\xbb\xbf";
	struct span rest = *text, line, record, field;
	size_t used;
	c->begun = true;
	bool marked = rest.n >= 3 && !memcmp(rest.p, mark, 3);
	if (marked)
		rest = (struct span){ rest.p + 3, rest.n - 3 };
	line = rest;
	span_line(&line, &record);
	c->separator = csv_separator(record);
	*text = rest;
	if (c->header &&
		(csv_next(rest, true, c->separator, c->number, &record, &field, &used) !=
				CSV_RECORD ||
			(c->column && !find_column(c, record)) || (!c->column && !field.p))) {
		if (memchr(record.p, '@', record.n)) /* a line of data */
			log_error(
				"check: the first line names no columns; right would be --column N");
		else
			log_error("check: the header has no such column; it has: %.*s",
				(int)(record.n < 200 ? record.n : 200), record.p);
		return EXIT_USAGE;
	}
	if (!c->header &&
		csv_next(rest, true, c->separator, c->number, &record, &field, &used) ==
			CSV_RECORD &&
		!field.p) {
		log_error("check: the first line has fewer than %zu columns", c->number + 1);
		return EXIT_USAGE;
	}
	if (marked && !c->json)
		out_text(&c->out, mark);
	if (!c->header)
		return EXIT_WELL;
	c->line++;
	if (!c->json) {
		out_bytes(&c->out, record.p, record.n);
		for (const char *p = our_columns; !c->bare && *p;
			p += strcspn(p, ","), p += *p == ',') {
			out_bytes(&c->out, &c->separator, 1);
			out_bytes(&c->out, p, strcspn(p, ","));
		}
		if (!c->bare && c->streams) {
			out_bytes(&c->out, &c->separator, 1);
			out_text(&c->out, stream_column + 1);
		}
		out_text(&c->out, used - record.n == 2 ? "\r\n" : "\n");
	}
	*text = (struct span){ rest.p + used, rest.n - used };
	return EXIT_WELL;
}

static uint64_t lines_in(struct span record)
{
	uint64_t n = 1;
	for (const char *p = record.p; (p = memchr(p, '\n', record.n - (size_t)(p - record.p)));
		p++)
		n++;
	return n;
}

static int answer_csv(struct list_check *c, struct span record, struct span field, size_t used)
{
	char address[CHECK_ADDRESS_MAX];
	size_t n = 0;
	c->line++;
	if (span_trim(record).n) {
		if (field.p)
			n = csv_unquote(field, address, sizeof address);
		int result = answer_record(c, record, used - record.n == 2 ? "\r\n" : "\n",
			(struct span){ field.p ? address : NULL, n });
		sodium_memzero(address, n);
		if (result != EXIT_WELL)
			return result;
	}
	c->line += lines_in(record) - 1;
	return EXIT_WELL;
}

/* --- records -------------------------------------------------------------- */

/* One line or record off TEXT, which END ends. False: none is complete yet. */
static bool next_record(struct list_check *c, struct span *text, bool end, int *result)
{
	bool full = text->n >= CHECK_RECORD_MAX;
	struct span within = { text->p, full ? CHECK_RECORD_MAX : text->n }, record, field;
	size_t used;
	end &= within.n == text->n;
	if (!text->n)
		return false;
	const char *newline = memchr(within.p, '\n', within.n);
	if (!newline && !end && !full)
		return false;
	if (c->in_line || !c->csv) {
		used = newline ? (size_t)(newline - within.p) + 1 : within.n;
		record = span_trim((struct span){ within.p, used });
		if (!c->in_line) {
			c->line++;
			record.n = record.n < CHECK_ADDRESS_MAX ? record.n : CHECK_ADDRESS_MAX;
			*result = record.n ? answer_record(c, record, "\n", record) : EXIT_WELL;
		}
		c->in_line = !newline;
	} else {
		if (csv_next(within, end || full, c->separator, c->number, &record, &field,
			    &used) == CSV_MORE)
			return false;
		c->in_line = used == within.n && !newline;
		*result = answer_csv(c, record, field, used);
	}
	*text = (struct span){ text->p + used, text->n - used };
	return true;
}

/* The mark and the header, where they are there. */
static int begin_text(struct list_check *c, struct span *text, bool end)
{
	bool complete = end || text->n >= CHECK_RECORD_MAX || memchr(text->p, '\n', text->n);
	const char *foreign = fileform_no_list(*text);
	if (foreign) {
		log_error("check: %s %s", c->name ? c->name : "stdin", foreign);
		return EXIT_LOST;
	}
	const char *newline = text->n ? memchr(text->p, '\n', text->n) : NULL,
		   *cr = text->n ? memchr(text->p, '\r', text->n) : NULL;
	if (cr && cr + 1 < (newline ? newline : text->p + text->n)) {
		/* all of it would be one line, and of a list with a header, nothing */
		log_error("check: %s: its lines end with CR alone; save it with LF or CRLF",
			c->name ? c->name : "stdin");
		return EXIT_LOST;
	}
	if (c->csv)
		return complete && text->n ? begin_csv(c, text) : EXIT_WELL;
	if (!text->n)
		return EXIT_WELL;
	c->begun = true;
	if (text->n >= 3 && !memcmp(text->p, "\xef\xbb\xbf", 3))
		*text = (struct span){ text->p + 3, text->n - 3 };
	return EXIT_WELL;
}

/* No more lines than can be asked about at once; END becomes false where that is not all. */
static struct span cut_portion(struct span text, size_t most, size_t *lines, bool *end)
{
	const char *p = text.p, *newline;
	for (*lines = 1; (newline = memchr(p, '\n', text.n - (size_t)(p - text.p))); ++*lines) {
		p = newline + 1;
		if (*lines == most) {
			*end &= p == text.p + text.n;
			return (struct span){ text.p, (size_t)(p - text.p) };
		}
	}
	return text;
}

/* Takes all complete records off TEXT: questions first, then answers. */
static int answer_portion(struct list_check *c, struct span *text, bool end)
{
	struct store *store = c->session->store;
	uint64_t line = c->line;
	bool in_line = c->in_line;
	size_t lines, used;
	struct span portion = cut_portion(*text, store_ask_most(store), &lines, &end);
	int result = store_ask_begin(store, lines)
		? session_store_failed(c->session, "check", STORE_FAILED)
		: EXIT_WELL;
	c->records = 0;
	c->asking = true;
	for (struct span rest = portion;
		result == EXIT_WELL && next_record(c, &rest, end, &result);)
		;
	if (result == EXIT_WELL && store_ask_all(store, c->stream, c->now))
		result = session_store_failed(c->session, "check", STORE_FAILED);
	c->line = line;
	c->in_line = in_line;
	c->records = 0;
	c->asking = false;
	struct span rest = portion;
	while (result == EXIT_WELL && next_record(c, &rest, end, &result))
		;
	used = portion.n - rest.n;
	*text = (struct span){ text->p + used, text->n - used };
	return result;
}

static int answer_input(struct list_check *c, bool end)
{
	struct span text = { c->buffer, c->have };
	size_t before = text.n + 1;
	int result = c->begun ? EXIT_WELL : begin_text(c, &text, end);
	while (result == EXIT_WELL && c->begun && text.n < before) {
		before = text.n;
		result = answer_portion(c, &text, end);
	}
	memmove(c->buffer, text.p, text.n);
	c->have = text.n;
	return result;
}

/*
 * Reads what is there, as much as a portion is to have: who asks line by line waits for each
 * answer. False at the end of the input, also where that is an error (errno, else 0).
 */
static bool read_portion(struct list_check *c, int fd)
{
	struct pollfd more = { .fd = fd, .events = POLLIN };
	int waits = CHECK_WAITS, ready = 1;
	size_t before = c->have;
	while (ready > 0 && c->have < sizeof c->buffer) {
		ssize_t n = read(fd, c->buffer + c->have, sizeof c->buffer - c->have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n ? errno : 0;
			return false;
		}
		c->have += (size_t)n;
		c->touched = c->have > c->touched ? c->have : c->touched;
		ready = poll(&more, 1, 0);
		if (!ready && c->have - before >= CHECK_LIST && waits-- > 0)
			ready = poll(&more, 1, CHECK_WAIT_MS);
	}
	return true;
}

static int answer_all(struct list_check *c, int fd)
{
	struct store *store = c->session->store;
	int result = EXIT_WELL, failed = 0;
	bool more = true;
	if (!c->json && !c->csv && !c->bare) {
		out_text(&c->out, "address,");
		out_text(&c->out, our_columns);
		out_text(&c->out, c->streams ? stream_column : "");
		out_text(&c->out, "\n");
	}
	while (result == EXIT_WELL && more) {
		more = read_portion(c, fd);
		failed = more ? 0 : errno;
		result = store_snapshot(store, true)
			? session_store_failed(c->session, "check", STORE_FAILED)
			: answer_input(c, !more);
		if (store_snapshot(store, false) && result == EXIT_WELL)
			result = session_store_failed(c->session, "check", STORE_FAILED);
		/* whoever asks line by line through a pipe waits for these answers */
		if (out_flush(&c->out)) {
			log_error("writing the answers: %s", strerror(c->out.failed));
			result = exit_worse(result, EXIT_LOST);
		}
	}
	if (failed) {
		log_error("check: %s: %s%s", c->name ? c->name : "reading the addresses",
			strerror(failed), file_unread_advice(failed));
		result = EXIT_LOST;
	}
	sodium_memzero(c->buffer, c->touched);
	return result;
}

/* --- the command ---------------------------------------------------------- */

static int verdict_by_name(const char *name)
{
	for (int v = 0; v < VERDICT_WORDS; v++)
		if (!strcmp(name, verdict_word((unsigned)v)))
			return v;
	return -1;
}

static bool set_only(struct list_check *c, const char *word)
{
	c->only = verdict_by_name(word);
	c->only_hint = strcmp(word, "hint") ? hint_by_name(word) : HINT_COUNT;
	return c->only >= 0 || c->only_hint >= 0;
}

/* A number counts from 1, and is told from a name by its digits; a name stands in a header. */
static bool set_column(struct list_check *c, const char *text)
{
	c->csv = true;
	if (text[strspn(text, "0123456789")]) {
		c->column = text;
		c->header = true;
		return true;
	}
	unsigned long number = strtoul(text, NULL, 10);
	c->number = number - 1;
	return number >= 1 && number <= CHECK_COLUMNS_MAX;
}

static int read_check_options(struct list_check *c, int argc, char **argv)
{
	static const struct option options[] = { { "json", no_argument, NULL, 'j' },
		{ "column", required_argument, NULL, 'c' }, { "header", no_argument, NULL, 'h' },
		{ "only", required_argument, NULL, 'o' }, { "bare", no_argument, NULL, 'b' },
		{ "stream", required_argument, NULL, 's' }, { 0 } };
	char meant[WORD_MEANT_SIZE];
	for (int option; (option = option_next(argv[0], argc, argv, options)) != -1;)
		switch (option) {
		case 'j':
			c->json = true;
			break;
		case 'b':
			c->bare = true;
			break;
		case 'h':
			c->header = true;
			break;
		case 's':
			c->stream_name = optarg;
			break;
		case 'c':
			if (!set_column(c, optarg))
				return usage_error(argv[0],
					"--column wants a name, or a number from 1 to %d",
					CHECK_COLUMNS_MAX);
			break;
		case 'o':
			if (!set_only(c, optarg))
				return usage_error(argv[0],
					"--only: %swants send, hold, suppress or invalid; or hint, typo, no-domain, syntax",
					word_meant(meant, optarg,
						"send hold suppress invalid hint typo no-domain syntax"));
			break;
		default:
			return usage_error(argv[0], "see `retour check --help`");
		}
	if ((c->header && !c->csv) || (c->bare && c->json))
		return usage_error(argv[0],
			"--header wants --column, and --bare no --json; see `retour check --help`");
	if (argc - optind > 1)
		return usage_error(argv[0],
			"one FILE at most; addresses come from it or from stdin, never as arguments");
	if (optind < argc && strchr(argv[optind], '@'))
		return usage_error(
			argv[0], "addresses come from a file or from stdin, never as arguments");
	return EXIT_WELL;
}

static int check_list(struct list_check *c, const struct config *config, int argc, char **argv)
{
	struct session s = { .lock = -1 };
	int in = STDIN_FILENO;
	c->session = &s;
	c->now = clock_now();
	c->only = c->only_hint = -1;
	c->streams = config->streams[0].name;
	c->separator = ',';
	out_open(&c->out, STDOUT_FILENO);
	int result = read_check_options(c, argc, argv);
	if (result != EXIT_WELL)
		return result;
	if (!stream_option(config, argv[0], c->stream_name, &c->stream))
		return EXIT_USAGE;
	if (optind < argc && strcmp(argv[optind], "-")) {
		c->name = argv[optind];
		in = open(c->name, O_RDONLY | O_CLOEXEC);
		if (in < 0) {
			log_error("%s: %s", argv[optind], strerror(errno));
			return EXIT_LOST;
		}
	}
	result = session_open(&s, config, SESSION_ANSWER, c->now);
	c->hints.rules = s.rules;
	c->hints.store = s.store;
	if (result == EXIT_WELL && store_ask_beside(s.store, CHECK_SHARED))
		result = session_store_failed(&s, "check", STORE_FAILED);
	if (result == EXIT_WELL)
		result = answer_all(c, in);
	if (c->bad) {
		log_error("%llu of %llu lines are no address%s%s", (unsigned long long)c->bad,
			(unsigned long long)c->answered, c->advice ? "; right would be: " : "",
			c->advice ? c->advice : "");
		result = exit_worse(result, EXIT_LOST);
	}
	if (in != STDIN_FILENO)
		close(in);
	session_close(&s);
	return result;
}

int cmd_check(const struct config *config, int argc, char **argv)
{
	/* of this command alone: no other one has the room for a list among its pages */
	struct list_check *c = calloc(1, sizeof *c);
	int result = EXIT_LOST;
	if (c)
		result = check_list(c, config, argc, argv);
	else
		log_error("check: no memory");
	free(c);
	return result;
}
