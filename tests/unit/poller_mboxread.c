/*
 * Reading mboxes: From_ lines, quoting, limits, any chunking.
 */
#include "tests/unit/poller_mbox.h"

static void from_lines(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		int64_t at; /* -1: not one */
	} cases[] = {
		{ "From a@example.org Thu Jan  1 00:00:10 1970", 10 },
		{ "From a@example.org  Thu Jan 1 00:01 1970", 60 },
		{ "From MAILER-DAEMON Thu Jan  1 00:00:10 1970 +0100", 10 - 3600 },
		{ "From MAILER-DAEMON Thu Jan  1 00:00:10 -0130 1970", 10 + 5400 },
		{ "From MAILER-DAEMON Thu Jan  1 00:00:10 MET DST 1970", 10 },
		{ "From - Thu Oct 01 12:34:56 2026", 1790858096 },
		{ "From \"a b\"@example.org Thu Oct  1 12:34:56 2026 remote from there",
			1790858096 },
		{ "From a@example.org Thu, 1 Oct 2026 12:34:56", -1 },
		{ "From x Thu Feb 29 00:00:00 2024", 1709164800 },
		{ "From now on we say", -1 },
		{ "From 12:30 on Jan 1", -1 },
		{ "From x Thu Jan  1 25:00:00 1970", -1 },
		{ "From x Thu Jan 32 00:00:00 1970", -1 },
		{ "From x Thu Foo  1 00:00:00 1970", -1 },
		{ "From x Thu Jan  1 00:00:00 99999", -1 },
		{ "From ", -1 },
		{ "From: a@example.org", -1 },
		{ "from a@example.org Thu Jan  1 00:00:10 1970", -1 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int64_t at = -1;
		bool is = mbox_from_line(span_of(cases[i].line), &at);
		if (is != (cases[i].at != -1) || (is && at != cases[i].at))
			fail_msg("%s: %d %lld", cases[i].line, is, (long long)at);
	}
}

/*
 * Reads TEXT through a pipe in pieces of CHUNK bytes, or from a file (0), and compares with EXPECT,
 * messages joined by '|'. A short one waits there: a packet is read as it was written, so no second
 * process is needed, which costs most of the time under the sanitizers.
 */
static void check_reading(
	const char *text, size_t n, size_t chunk, uint64_t max, const char *expect)
{
	struct mbox_reader r = { 0 };
	struct mbox_message m;
	char *found = calloc(1, n + 1000);
	pid_t child = 0;
	int ends[2] = { -1, -1 }, result;
	uint64_t last = 0;
	if (chunk && n < 4096) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
		for (size_t at = 0; at < n; at += chunk) {
			size_t piece = n - at < chunk ? n - at : chunk;
			assert_int_equal(write(ends[1], text + at, piece), piece);
		}
		close(ends[1]);
	} else if (chunk) {
		assert_int_equal(pipe(ends), 0);
		child = fork();
		if (!child) {
			close(ends[0]);
			for (size_t at = 0; at < n; at += chunk)
				if (write(ends[1], text + at, n - at < chunk ? n - at : chunk) < 0)
					_exit(1);
			_exit(0);
		}
		close(ends[1]);
	} else {
		ends[0] = open("in", O_RDWR | O_CREAT | O_TRUNC, 0600);
		assert_int_equal(write(ends[0], text, n), n);
	}
	mbox_reader_start(&r, ends[0], chunk ? UINT64_MAX : n, max);
	while ((result = mbox_reader_next(&r, &m)) > 0) {
		assert_int_equal(m.begin, last);
		assert_true(m.end > m.begin);
		last = m.end;
		assert_int_equal(m.truncated, m.size > max);
		assert_true(m.bytes.n <= max);
		if (*found)
			strcat(found, "|");
		strncat(found, m.bytes.p, m.bytes.n);
	}
	assert_int_equal(result, 0);
	assert_int_equal(last, n);
	assert_string_equal(found, expect);
	mbox_reader_free(&r);
	close(ends[0]);
	if (child)
		waitpid(child, NULL, 0);
	free(found);
}

static void splitting(void **state)
{
	(void)state;
	static const struct {
		const char *text, *expect;
	} cases[] = {
		{ FROM("01") "A: 1\n\nx\n\n" FROM("02") "A: 2\n\ny\n\n",
			"A: 1\n\nx\n|A: 2\n\ny\n" },
		{ FROM("01") "A: 1\n\nx\n\n" FROM("02") "A: 2\n\ny", "A: 1\n\nx\n|A: 2\n\ny" },
		/* not after an empty line; without a date */
		{ FROM("01") "A: 1\n\nx\n" FROM("02") "\nFrom now on\n\nFrom here on\n\n",
			"A: 1\n\nx\n" FROM("02") "\nFrom now on\n\nFrom here on\n" },
		/* quoted */
		{ FROM("01") "A: 1\n\n>From x\n>>From y\n>>> From z\n > From\nx>From\n>Fro\n>From \n\n",
			"A: 1\n\nFrom x\n>From y\n>>> From z\n > From\nx>From\n>Fro\nFrom \n" },
		/* CRLF */
		{ "From a Thu Jan  1 00:00:01 1970\r\nA: 1\r\n\r\nx\r\n\r\nFrom a Thu Jan  1 00:00:01 1970\r\nA: 2\r\n\r\n>From\r\n>From q\r\n\r\n",
			"A: 1\r\n\r\nx\r\n|A: 2\r\n\r\n>From\r\nFrom q\r\n" },
		/* empty messages */
		{ FROM("01") FROM("02") "\n" FROM("03") "x",
			""
			"|"
			""
			"|"
			"x" },
		{ FROM("01"), "" },
		/* the first From_ line without a date: they all may be */
		{ "From a@example.org\nA: 1\n\nx\n\nFrom b@example.org\nA: 2\n\ny\n",
			"A: 1\n\nx\n|A: 2\n\ny\n" },
		/* no mbox at all */
		{ "A: 1\n\nx\n\n" FROM("01") "B: 2\n\n>From x\n",
			"A: 1\n\nx\n\n" FROM("01") "B: 2\n\n>From x\n" },
		{ "From", "From" },
		{ "", "" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (size_t chunk = 0; chunk < 40; chunk++) {
			const char *expect = cases[i].expect;
			/* Joined empty messages leave no '|' at the front. */
			if (!strncmp(expect, "||", 2))
				expect += 2;
			check_reading(cases[i].text, strlen(cases[i].text), chunk, 100000, expect);
		}
}

/* Messages around the sizes at which the window turns over, with little allowed of each. */
static void large_messages(void **state)
{
	(void)state;
	enum { SIZE = 5 << 20 };
	char *text = malloc(SIZE), expect[200];
	for (int shift = -12; shift < 12; shift++) {
		size_t n = 0;
		n += (size_t)sprintf(text + n, FROM("01") "A: 1\n\n");
		memset(text + n, 'x', (size_t)((1 << 20) + shift) - n);
		n = (size_t)((1 << 20) + shift);
		n += (size_t)sprintf(text + n, "\n\n" FROM("02") "A: 2\n\n");
		memset(text + n, 'y', (3 << 20) - n);
		n = 3 << 20;
		n += (size_t)sprintf(text + n, "\n\n" FROM("03") "A: 3\n");
		strcpy(expect, "A: 1\n\nxxxx|A: 2\n\nyyyy|A: 3\n");
		check_reading(text, n, 0, 10, expect);
		check_reading(text, n, 65536, 10, expect);
	}
	free(text);
}

static void endless_lines_and_many_messages(void **state)
{
	(void)state;
	/*
	 * A From_ line that does not end is no line; what looks like one behind it is not after an
	 * empty line.
	 */
	enum { N = 3000000 };
	char *text = malloc(N + 100), *expect;
	memset(text, ' ', N);
	memcpy(text, FROM("01") "\n\nFrom ", strlen(FROM("01")) + 7);
	strcpy(text + N, " Thu Jan  1 00:00:10 1970\n");
	expect = strndup(text + strlen(FROM("01")), 100);
	check_reading(text, strlen(text), 0, 100, expect);
	check_reading(text, strlen(text), 4096, 100, expect);
	free(expect);
	free(text);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, scratch_teardown)
	const struct CMUnitTest tests[] = {
		TEST(from_lines),
		TEST(splitting),
		TEST(large_messages),
		TEST(endless_lines_and_many_messages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
