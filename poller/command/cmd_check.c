/*
 * check: the sending system's question. Addresses come one a line or in a column of a CSV file; the
 * answers stand in the order of the questions and come as soon as the input does, a chunk at a
 * time.
 */
#include "poller/command/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sodium.h>
#include "classify/base/clock.h"
#include "poller/volume/csv.h"
#include "classify/base/log.h"
#include "poller/command/hint.h"
#include "poller/command/out.h"
#include "poller/command/opening.h"
#include "store/contacts.h"

enum {
	/* bytes of a line or field that are looked at; an address has 320 at most */
	CHECK_ADDRESS_MAX = 1024,
	CHECK_CHUNK = 256 * 1024, /* read at once, and answered from one state of the store; also
				     the longest record */
	CHECK_COLUMNS_MAX = 1000,
	CHECK_BAD_TOLD = 20, /* bad lines that are told one by one */
	/* bytes of an ordinary line at least: how many are to be expected in a file */
	CHECK_LINE_LEAST = 16,
};

/*
 * What stands in the place of a verdict where there is no address: nobody is to be suppressed, a
 * line is to be mended. Behind the store's own.
 */
enum { VERDICT_INVALID = VERDICT_COUNT, VERDICT_WORDS };

static const char *verdict_word(unsigned v)
{
	return v == VERDICT_INVALID ? "invalid" : verdict_name(v);
}

static const char our_columns[] = "verdict,until,state,reason,since,hint",
		  stream_column[] = ",stream"; /* where there are streams */

struct list_check {
	struct session *session;
	int64_t now;
	bool json, bare;
	int only;        /* enum verdict, -1: all */
	unsigned stream; /* store_stream(); 0: whatever mail */
	const char *stream_name;
	bool streams;       /* there are some, so answers say which */
	int only_hint;      /* enum hint; HINT_COUNT: any; -1: all */
	const char *column; /* the column's name; NULL: by number or no CSV */
	bool csv, header;   /* HEADER: the first record is one */
	size_t number;      /* of the column, from 0 */
	char separator;
	bool begun;   /* the first record was seen */
	bool in_line; /* the begin of a line longer than a chunk was answered */
	uint64_t line, answered, bad;
	struct hints hints;
	struct out out;
	size_t have;
	char buffer[CHECK_CHUNK];
};

/* --- one answer ----------------------------------------------------------- */

static void print_columns(
	struct list_check *c, int word, const struct answer *a, const char *state, const char *hint)
{
	const char separator[] = { c->separator, '\0' };
	struct out *o = &c->out;
	out_text(o, separator);
	out_text(o, verdict_word((unsigned)word));
	out_text(o, separator);
	out_time(o, a->until);
	out_text(o, separator);
	out_text(o, state);
	out_text(o, separator);
	out_text(o, a->reason);
	out_text(o, separator);
	out_time(o, a->since);
	out_text(o, separator);
	out_text(o, hint);
	if (c->streams) {
		out_text(o, separator);
		out_text(o, a->stream);
	}
}

/* A line's address goes out as it came, but control characters do not reach anybody's terminal. */
static void print_address(struct list_check *c, struct span address)
{
	char clean[3 * CHECK_ADDRESS_MAX + 1];
	bool plain = true;
	for (size_t i = 0; i < address.n; i++)
		plain &= address.p[i] >= 0x20 && address.p[i] < 0x7f;
	if (!plain)
		address = (struct span){ clean, span_copy_text(clean, sizeof clean, address) };
	if (c->bare)
		out_bytes(&c->out, address.p, address.n);
	else
		out_csv(&c->out, address);
	if (!plain)
		sodium_memzero(clean, address.n);
}

static void print_answer_json(struct list_check *c, struct span address, int word,
	const struct answer *a, const char *state, const char *hint)
{
	struct out *o = &c->out;
	out_text(o, "{\"address\":");
	out_json(o, address);
	out_member(o, "verdict", verdict_word((unsigned)word));
	out_member_time(o, "until", a->until);
	out_member(o, "state", state);
	out_member(o, "reason", a->reason);
	out_member_time(o, "since", a->since);
	out_member(o, "hint", hint);
	out_member(o, "stream", a->stream);
	out_text(o, "}\n");
}

static void tell_bad(struct list_check *c)
{
	/* the text of the line stays out of stderr */
	if (++c->bad <= CHECK_BAD_TOLD)
		log_warning("line %llu is no address", (unsigned long long)c->line);
	if (c->bad == CHECK_BAD_TOLD)
		log_warning("further lines that are no address are only counted");
}

/*
 * The address of `"Anna" <anna@example.net>`, as address books write it; NULL bytes where TEXT has
 * no such form.
 */
static struct span address_within(struct span text)
{
	const char *open = text.n && text.p[text.n - 1] == '>' ? memrchr(text.p, '<', text.n)
							       : NULL;
	return open ? (struct span){ open + 1, (size_t)(text.p + text.n - 1 - open) - 1 }
		    : (struct span){ NULL, 0 };
}

/* *ADDRESS becomes what is asked about, if that is one within it. */
static int ask_store(struct list_check *c, struct span *address, struct answer *answer)
{
	int result = address->p ? store_check_stream(c->session->store, address->p, address->n,
					  c->stream, c->now, answer)
				: STORE_MISUSE;
	struct span within = address->p && result == STORE_MISUSE
		? address_within(span_trim(*address))
		: (struct span){ NULL, 0 };
	if (!within.p)
		return result;
	*address = within;
	return store_check_stream(c->session->store, within.p, within.n, c->stream, c->now, answer);
}

static bool is_wanted(const struct list_check *c, int word, enum hint hint)
{
	if (c->only_hint >= 0)
		return c->only_hint == HINT_COUNT ? hint != HINT_NONE : (int)hint == c->only_hint;
	return c->only < 0 || c->only == word;
}

/*
 * RECORD is the whole line, ADDRESS what is asked about; what is no address cannot be written to.
 * EXIT_WELL, or the exit code to end with.
 */
static int answer_record(
	struct list_check *c, struct span record, const char *line_end, struct span address)
{
	struct answer answer = { 0 };
	struct span asked = address;
	char hint[HINT_SIZE];
	int result = ask_store(c, &asked, &answer), word = (int)answer.verdict;
	if (result && result != STORE_MISUSE)
		return session_store_failed(c->session, "check", result);
	if (result) {
		tell_bad(c);
		answer = (struct answer){ .reason = "bad-address" };
		word = VERDICT_INVALID;
	}
	c->answered++;
	if (!is_wanted(c, word, hint_of(&c->hints, asked.p ? asked : record, !result, hint)))
		return EXIT_WELL;
	const char *state = result ? "" : contact_state_name(answer.state);
	if (c->json) {
		print_answer_json(c, address.p ? address : record, word, &answer, state, hint);
		return EXIT_WELL;
	}
	if (c->csv)
		out_bytes(&c->out, record.p, record.n);
	else
		print_address(c, address);
	if (!c->bare)
		print_columns(c, word, &answer, state, hint);
	out_text(&c->out, line_end);
	return EXIT_WELL;
}

/* --- CSV ------------------------------------------------------------------ */

/* Which column is named so; false: none. */
static bool find_column(struct list_check *c, struct span header)
{
	struct span record, field;
	char name[CHECK_ADDRESS_MAX];
	size_t used;
	for (size_t i = 0; i < CHECK_COLUMNS_MAX; i++) {
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

static bool is_utf16(struct span text)
{
	return text.n >= 2 && (!memcmp(text.p, "\xff\xfe", 2) || !memcmp(text.p, "\xfe\xff", 2));
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

/* One line or record off TEXT. False: none is complete yet. FULL: more would not fit. */
static bool next_record(struct list_check *c, struct span *text, bool end, bool full, int *result)
{
	struct span record, field;
	size_t used;
	if (!text->n)
		return false;
	const char *newline = memchr(text->p, '\n', text->n);
	if (!newline && !end && !full)
		return false;
	if (c->in_line || !c->csv) {
		used = newline ? (size_t)(newline - text->p) + 1 : text->n;
		record = span_trim((struct span){ text->p, used });
		if (!c->in_line) {
			c->line++;
			record.n = record.n < CHECK_ADDRESS_MAX ? record.n : CHECK_ADDRESS_MAX;
			*result = record.n ? answer_record(c, record, "\n", record) : EXIT_WELL;
		}
		c->in_line = !newline;
	} else {
		if (csv_next(*text, end || full, c->separator, c->number, &record, &field, &used) ==
			CSV_MORE)
			return false;
		c->in_line = used == text->n && !newline;
		*result = answer_csv(c, record, field, used);
	}
	*text = (struct span){ text->p + used, text->n - used };
	return true;
}

static int answer_chunk(struct list_check *c, bool end)
{
	struct span text = { c->buffer, c->have };
	int result = EXIT_WELL;
	bool complete = end || c->have == sizeof c->buffer || memchr(text.p, '\n', text.n);
	if (!c->begun && is_utf16(text)) {
		log_error("check: the file is UTF-16; save it as UTF-8");
		return EXIT_LOST;
	}
	if (!c->begun && complete && c->have && c->csv)
		result = begin_csv(c, &text);
	if (!c->begun && !c->csv && c->have) {
		c->begun = true;
		if (text.n >= 3 && !memcmp(text.p, "\xef\xbb\xbf", 3))
			text = (struct span){ text.p + 3, text.n - 3 };
	}
	while (result == EXIT_WELL && c->begun &&
		next_record(c, &text, end, text.n == sizeof c->buffer, &result))
		;
	memmove(c->buffer, text.p, text.n);
	c->have = text.n;
	return result;
}

static int answer_all(struct list_check *c, int fd)
{
	struct store *store = c->session->store;
	int result = EXIT_WELL;
	ssize_t n = 1;
	if (!c->json && !c->csv && !c->bare) {
		out_text(&c->out, "address,");
		out_text(&c->out, our_columns);
		out_text(&c->out, c->streams ? stream_column : "");
		out_text(&c->out, "\n");
	}
	while (result == EXIT_WELL && n > 0) {
		n = read(fd, c->buffer + c->have, sizeof c->buffer - c->have);
		if (n < 0 && errno == EINTR) {
			n = 1;
			continue;
		}
		c->have += n > 0 ? (size_t)n : 0;
		result = store_snapshot(store, true)
			? session_store_failed(c->session, "check", STORE_FAILED)
			: answer_chunk(c, n == 0);
		if (store_snapshot(store, false) && result == EXIT_WELL)
			result = session_store_failed(c->session, "check", STORE_FAILED);
		/* whoever asks line by line through a pipe waits for these answers */
		if (out_flush(&c->out)) {
			log_error("writing the answers: %s", strerror(c->out.failed));
			result = exit_worse(result, EXIT_LOST);
		}
	}
	if (n < 0) {
		log_error("reading the addresses: %s", strerror(errno));
		result = EXIT_LOST;
	}
	sodium_memzero(c->buffer, sizeof c->buffer);
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
					"--only wants send, hold, suppress or invalid; or hint, typo, no-domain, syntax");
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

/* How much there is to ask, where the input is a file. */
static int expect(struct list_check *c, int fd)
{
	struct stat st;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return EXIT_WELL;
	return store_expect(c->session->store, (uint64_t)st.st_size / CHECK_LINE_LEAST)
		? session_store_failed(c->session, "check", STORE_FAILED)
		: EXIT_WELL;
}

int cmd_check(const struct config *config, int argc, char **argv)
{
	struct session s = { .lock = -1 };
	static struct list_check c; /* too large for a stack */
	int in = STDIN_FILENO;
	c.session = &s;
	c.now = clock_now();
	c.only = c.only_hint = -1;
	c.streams = config->streams[0].name;
	c.separator = ',';
	out_open(&c.out, STDOUT_FILENO);
	int result = read_check_options(&c, argc, argv);
	if (result != EXIT_WELL)
		return result;
	if (!stream_option(config, argv[0], c.stream_name, &c.stream))
		return EXIT_USAGE;
	if (optind < argc && strcmp(argv[optind], "-")) {
		in = open(argv[optind], O_RDONLY | O_CLOEXEC);
		if (in < 0) {
			log_error("%s: %s", argv[optind], strerror(errno));
			return EXIT_LOST;
		}
	}
	result = session_open(&s, config, SESSION_ANSWER, c.now);
	c.hints.rules = s.rules;
	c.hints.store = s.store;
	if (result == EXIT_WELL)
		result = expect(&c, in);
	if (result == EXIT_WELL)
		result = answer_all(&c, in);
	if (c.bad) {
		log_error("%llu of %llu lines are no address", (unsigned long long)c.bad,
			(unsigned long long)c.answered);
		result = exit_worse(result, EXIT_LOST);
	}
	if (in != STDIN_FILENO)
		close(in);
	session_close(&s);
	return result;
}
