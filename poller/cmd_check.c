/* check: the sending system's question, one address a line; the answers stand in the order of the questions. */
#include "poller/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <string.h>
#include <unistd.h>
#include <sodium.h>
#include "poller/clock.h"
#include "poller/log.h"
#include "poller/session.h"

enum {
	CHECK_LINE_MAX = 4096,     /* bytes of one line; an address has 320 at most */
	CHECK_CHUNK = 64 * 1024,   /* read at once, and answered from one state of the store */
};

struct check {
	struct session *session;
	int64_t now;
	bool json;
	uint64_t lines, bad;
};

/* A field as RFC 4180 wants it: in quotes where it holds what separates. */
static void print_csv_field(struct span text)
{
	bool quote = false;
	for (size_t i = 0; i < text.n; i++)
		quote |= strchr("\",;\t", text.p[i]) != NULL;
	if (!quote) {
		fwrite(text.p, 1, text.n, stdout);
		return;
	}
	putchar('"');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"')
			putchar('"');
		putchar(text.p[i]);
	}
	putchar('"');
}

/* TEXT is valid UTF-8 without control characters. */
static void print_json_string(struct span text)
{
	putchar('"');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"' || text.p[i] == '\\')
			putchar('\\');
		putchar(text.p[i]);
	}
	putchar('"');
}

static void print_json_value(const char *key, const char *value)
{
	printf(",\"%s\":", key);
	if (*value)
		print_json_string(span_of(value));
	else
		fputs("null", stdout);
}

static void print_answer(const struct check *c, struct span address, const struct answer *a, const char *state)
{
	char until[CLOCK_TEXT_SIZE] = "", since[CLOCK_TEXT_SIZE] = "";
	if (a->until)
		clock_format(a->until, until);
	if (a->since)
		clock_format(a->since, since);
	if (c->json) {
		fputs("{\"address\":", stdout);
		print_json_string(address);
		print_json_value("verdict", verdict_name(a->verdict));
		print_json_value("until", until);
		print_json_value("state", state);
		print_json_value("reason", a->reason);
		print_json_value("since", since);
		fputs("}\n", stdout);
	} else {
		print_csv_field(address);
		printf(",%s,%s,%s,%s,%s\n", verdict_name(a->verdict), until, state, a->reason, since);
	}
}

/* One line. EXIT_WELL, or the exit code to end with. */
static int answer_line(struct check *c, struct span line)
{
	char clean[CHECK_LINE_MAX * 3 + 1];
	struct answer answer = { 0 };
	struct span address = span_trim(line);
	c->lines++;
	if (!address.n)
		return EXIT_WELL;
	int result = store_check(c->session->store, address.p, address.n, c->now, &answer);
	if (result && result != STORE_MISUSE)
		return session_store_failed(c->session, "check", result);
	if (result) {
		/* what is no address cannot be written to; the text of the line stays out of stderr */
		c->bad++;
		log_warning("line %llu is no address", (unsigned long long)c->lines);
		answer = (struct answer){ .verdict = VERDICT_SUPPRESS, .reason = "bad-address" };
	}
	size_t n = span_copy_text(clean, sizeof clean, address);
	print_answer(c, (struct span){ clean, n }, &answer, result ? "" : contact_state_name(answer.state));
	sodium_memzero(clean, n);
	return EXIT_WELL;
}

/* A line of which at most CHECK_LINE_MAX bytes are looked at: no address is longer. */
static int answer_cut(struct check *c, const char *line, size_t n)
{
	return answer_line(c, (struct span){ line, n < CHECK_LINE_MAX ? n : CHECK_LINE_MAX });
}

/*
 * Answers the complete lines among the N bytes, and the last one too when it is the input's END. *USED bytes are done. *IN_LINE: the
 * beginning of a line longer than the buffer was answered, its rest is to be passed over.
 */
static int answer_chunk(struct check *c, const char *bytes, size_t n, bool end, bool *in_line, size_t *used)
{
	int result = EXIT_WELL;
	*used = 0;
	while (result == EXIT_WELL && *used < n) {
		const char *line = bytes + *used, *newline = memchr(line, '\n', n - *used);
		size_t length = newline ? (size_t)(newline - line) : n - *used;
		bool full = !newline && *used == 0 && n == CHECK_CHUNK;
		if (!newline && !end && !full)
			break;
		if (!*in_line)
			result = answer_cut(c, line, length);
		*in_line = !newline;
		*used += length + (newline != NULL);
	}
	return result;
}

static int answer_all(struct check *c, int fd)
{
	char buffer[CHECK_CHUNK];
	size_t have = 0, used = 0;
	bool in_line = false;
	int result = EXIT_WELL;
	ssize_t n = 1;
	if (!c->json)
		puts("address,verdict,until,state,reason,since");
	while (result == EXIT_WELL && n > 0) {
		n = read(fd, buffer + have, sizeof buffer - have);
		if (n < 0 && errno == EINTR) {
			n = 1;
			continue;
		}
		have += n > 0 ? (size_t)n : 0;
		if (store_snapshot(c->session->store, true))
			result = session_store_failed(c->session, "check", STORE_FAILED);
		else
			result = answer_chunk(c, buffer, have, n == 0, &in_line, &used);
		if (result == EXIT_WELL && store_snapshot(c->session->store, false))
			result = session_store_failed(c->session, "check", STORE_FAILED);
		if (result == EXIT_WELL) {
			memmove(buffer, buffer + used, have - used);
			have -= used;
		}
		/* whoever asks line by line through a pipe waits for these answers */
		if (fflush(stdout)) {
			log_error("writing the answers: %s", strerror(errno));
			result = EXIT_LOST;
		}
	}
	if (n < 0) {
		log_error("reading the addresses: %s", strerror(errno));
		result = EXIT_LOST;
	}
	sodium_memzero(buffer, sizeof buffer);
	return result;
}

int cmd_check(const struct config *config, int argc, char **argv)
{
	static const struct option options[] = { { "json", no_argument, NULL, 'j' }, { 0 } };
	struct session s = { .lock = -1 };
	struct check c = { .session = &s, .now = clock_now() };
	int in = STDIN_FILENO;
	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (option != 'j')
			return usage_error(argv[0], "see `retour check --help`");
		c.json = true;
	}
	if (argc - optind > 1)
		return usage_error(argv[0], "one FILE at most; addresses come from it or from stdin, never as arguments");
	if (optind < argc && strchr(argv[optind], '@'))
		return usage_error(argv[0], "addresses come from a file or from stdin, never as arguments");
	if (optind < argc && strcmp(argv[optind], "-")) {
		in = open(argv[optind], O_RDONLY | O_CLOEXEC);
		if (in < 0) {
			log_error("%s: %s", argv[optind], strerror(errno));
			return EXIT_LOST;
		}
	}
	int result = session_open(&s, config, SESSION_READ, c.now);
	if (result == EXIT_WELL)
		result = answer_all(&c, in);
	if (c.bad) {
		log_error("%llu of %llu lines are no address", (unsigned long long)c.bad, (unsigned long long)c.lines);
		result = exit_worse(result, EXIT_LOST);
	}
	if (in != STDIN_FILENO)
		close(in);
	session_close(&s);
	return result;
}
