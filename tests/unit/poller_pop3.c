/*
 * The POP3 source against a server that plays a script: good ones, old ones, broken ones;
 * hostile ones are in poller_pop3hostile.c. The real server and TLS are in tests/e2e/pop3_*.py.
 */
#include "tests/unit/poller_pop3.h"

enum { STEPS_MAX = 80 };

/* --- good servers --------------------------------------------------------- */

#define OLD_LOGIN \
	{ "CAPA", "-ERR what\r\n", 0 }, { "USER user", "+OK\r\n", 0 }, \
		{ "PASS secret", "+OK\r\n", 0 }, \
	{ \
		"CAPA", "-ERR what\r\n", 0 \
	}

/*
 * Reads all, settles all as WHAT, closes; compares the messages, joined by '|', and the last lines
 * that the server saw.
 */
static void check(const struct step *steps, bool stays, enum settlement what, const char *messages,
	int close_result)
{
	char *found = calloc(1, 100000), error[SOURCE_ERROR_SIZE] = "";
	struct collect c = { 0 };
	struct settled done;
	struct source *s;
	start_server(steps);
	struct source_options o = options(stays);
	if (source_pop3.open(&s, &o))
		fail_msg("open: %s", s->error);
	if (collect_all(s, 10, &c))
		fail_msg("next: %s", s->error);
	for (size_t i = 0; i < c.n; i++) {
		strcat(found, i ? "|" : "");
		strcat(found, c.at[i].text);
	}
	assert_string_equal(found, messages);
	if (collect_settle(s, &c, what, &done))
		fail_msg("settle: %s", s->error);
	assert_int_equal(done.deleted, 0); /* not before QUIT */
	assert_int_equal(done.kept, what == SETTLE_PROCESSED ? 0 : c.n);
	struct settled late = { 0 };
	if (s->ops->finish(s, &late) != close_result)
		fail_msg("finish: %s", s->error);
	assert_int_equal(late.deleted, what == SETTLE_PROCESSED && !close_result ? c.n : 0);
	assert_int_equal(s->ops->close(s, error, sizeof error), 0);
	char *seen = end_server();
	assert_null(strstr(seen, "UNEXPECTED"));
	free(seen);
	free(found);
	collect_free(&c);
}

static void old_server(void **state)
{
	(void)state;
	const struct step steps[] = { GREETING, OLD_LOGIN, { "STAT", "+OK 2 300\r\n", 0 },
		{ "LIST", "+OK\r\n1 100\r\n2 200\r\n.\r\n", 0 },
		{ "RETR 1", "+OK\r\nA: 1\r\n\r\n..\r\n...x\r\ny.\r\n.\r\n", 0 },
		{ "RETR 2", "+OK 2 octets\r\n.\r\n", 0 }, { "NOOP", "+OK\r\n", 0 },
		{ "LIST 2", "+OK 2 0\r\n", 0 }, { "DELE 1", "+OK\r\n", 0 },
		{ "DELE 2", "+OK\r\n", 0 }, { "QUIT", "+OK bye\r\n", 0 }, END };
	check(steps, false, SETTLE_PROCESSED, "A: 1\r\n\r\n.\r\n..x\r\ny.\r\n|", 0);
}

static void pipelining_server(void **state)
{
	(void)state;
	const struct step steps[] = { GREETING, LOGIN, { "STAT", "+OK 3 300\r\n", 0 },
		{ "UIDL", "+OK\r\n3 c\r\n1 a\r\n2 b\r\n.\r\n", 0 }, { "RETR 1", "", 0 },
		{ "RETR 2", "", 0 },
		{ "RETR 3", "+OK\r\none\r\n.\r\n+OK\r\ntwo\r\n.\r\n+OK\r\nthree\n.\n", 0 },
		{ "DELE 1", "", 0 }, { "DELE 2", "", 0 }, { "DELE 3", "+OK\r\n+OK\r\n+OK\r\n", 0 },
		{ "QUIT", "+OK bye\r\n", 0 }, END };
	check(steps, false, SETTLE_PROCESSED, "one\r\n|two\r\n|three\n", 0);
}

static void nothing_there(void **state)
{
	(void)state;
	const struct step steps[] = { GREETING, LOGIN, { "STAT", "+OK 0 0\r\n", 0 },
		{ "UIDL", "+OK\r\n.\r\n", 0 }, { "QUIT", "+OK bye\r\n", 0 }, END };
	check(steps, false, SETTLE_PROCESSED, "", 0);
}

static void what_stays_is_asked_about(void **state)
{
	(void)state;
	const struct step steps[] = { GREETING, LOGIN, { "STAT", "+OK 3 300\r\n", 0 },
		{ "UIDL", "+OK\r\n1 a\r\n2 b\r\n3 c\r\n.\r\n", 0 },
		{ "RETR 1", "+OK\r\none\r\n.\r\n", 0 }, { "RETR 3", "+OK\r\nthree\r\n.\r\n", 0 },
		{ "QUIT", "+OK bye\r\n", 0 }, END };
	unsigned char unwanted[SOURCE_ID_SIZE];
	struct collect c = { .unwanted = (char *)unwanted };
	struct settled done;
	struct source *s;
	source_remote_id(unwanted, SPAN("127.0.0.1"), SPAN("b"));
	start_server(steps);
	struct source_options o = options(true);
	assert_int_equal(source_pop3.open(&s, &o), 0);
	assert_int_equal(collect_all(s, 10, &c), 0);
	assert_int_equal(c.n, 2);
	assert_int_equal(c.asked, 3);
	assert_int_equal(collect_settle(s, &c, SETTLE_UNRECOGNISED, &done), 0);
	assert_int_equal(done.kept, 2);
	assert_int_equal(s->ops->close(s, NULL, 0), 0);
	char *seen = end_server();
	assert_null(strstr(seen, "DELE"));
	assert_non_null(strstr(seen, "QUIT"));
	free(seen);
	collect_free(&c);
}

/*
 * Numbers that mean nothing, gaps, the same number twice, lines that are too long: what is left is
 * read.
 */
static void strange_lists(void **state)
{
	(void)state;
	char listing[4000] =
		"+OK\r\n0 zero\r\n7 g\r\n7 g\r\n-1 m\r\n99999999999999999999 x\r\n2147483648 y\r\nabc\r\n\r\n5\r\n5 \r\n6x y\r\n2 b\r\n3 ";
	size_t n = strlen(listing);
	memset(listing + n, 'u', 2000);
	strcpy(listing + n + 2000, "\r\n.\r\n");
	const struct step steps[] = { GREETING, LOGIN, { "STAT", "+OK 3 300\r\n", 0 },
		{ "UIDL", listing, 0 }, { "RETR 2", "+OK\r\ntwo\r\n.\r\n", 0 },
		{ "RETR 3", "+OK\r\nthree\r\n.\r\n", 0 }, { "RETR 7", "+OK\r\nseven\r\n.\r\n", 0 },
		{ "DELE 2", "+OK\r\n", 0 }, { "DELE 3", "+OK\r\n", 0 }, { "DELE 7", "+OK\r\n", 0 },
		{ "QUIT", "+OK bye\r\n", 0 }, END };
	check(steps, false, SETTLE_PROCESSED, "two\r\n|three\r\n|seven\r\n", 0);
}

/*
 * More than the allowed 1000 bytes: the rest is read and dropped, and the next message is in its
 * place.
 */
static void oversize_is_cut(void **state)
{
	(void)state;
	struct collect c = { 0 };
	struct source *s;
	const struct step steps[] = { GREETING, LOGIN, { "STAT", "+OK 2 300\r\n", 0 },
		{ "UIDL", "+OK\r\n1 a\r\n2 b\r\n.\r\n", 0 }, { "RETR 1", "+OK\r\n", 0 },
		{ "", "..23456789\r\n", 20000 }, { "", ".\r\n", 0 },
		{ "RETR 2", "+OK\r\ntwo\r\n.\r\n", 0 }, { "QUIT", "+OK\r\n", 0 }, END };
	start_server(steps);
	struct source_options o = options(false);
	assert_int_equal(source_pop3.open(&s, &o), 0);
	assert_int_equal(collect_all(s, 10, &c), 0);
	assert_int_equal(c.n, 2);
	assert_true(c.at[0].truncated);
	assert_int_equal(c.at[0].size, 20001 * 11);
	assert_int_equal(strlen(c.at[0].text), 1000);
	assert_memory_equal(c.at[0].text + 11, ".23456789\r\n", 11);
	assert_false(c.at[1].truncated);
	assert_string_equal(c.at[1].text, "two\r\n");
	s->ops->close(s, NULL, 0);
	free(end_server());
	collect_free(&c);
}

/*
 * Hundreds of messages in batches, answered only as they are asked for: the window must neither
 * stall nor skip.
 */
static void many_messages(void **state)
{
	(void)state;
	enum { N = 70 };
	struct step steps[STEPS_MAX + N] = { GREETING, LOGIN, { "STAT", "+OK 70 300\r\n", 0 } };
	char *listing = calloc(1, 4096), retr[N + 1][16];
	strcpy(listing, "+OK\r\n");
	for (int i = 1; i <= N; i++)
		sprintf(listing + strlen(listing), "%d u%d\r\n", i, i);
	strcat(listing, ".\r\n");
	size_t n = 6;
	steps[n++] = (struct step){ "UIDL", listing, 0 };
	for (int i = 1; i <= N; i++) {
		sprintf(retr[i], "RETR %d\r\n", i);
		steps[n++] = (struct step){ retr[i], "+OK\r\nx\r\n.\r\n", 0 };
	}
	steps[n++] = (struct step){ "QUIT", "+OK\r\n", 0 };
	for (size_t batch = 1; batch < 100; batch += 33) {
		struct collect c = { 0 };
		struct source *s;
		start_server(steps);
		struct source_options o = options(false);
		assert_int_equal(source_pop3.open(&s, &o), 0);
		assert_int_equal(collect_all(s, batch, &c), 0);
		assert_int_equal(c.n, N);
		for (size_t i = 0; i < N; i++)
			assert_int_equal(c.at[i].id, i + 1);
		assert_int_equal(s->ops->close(s, NULL, 0), 0);
		char *seen = end_server();
		assert_null(strstr(seen, "UNEXPECTED"));
		free(seen);
		collect_free(&c);
	}
	free(listing);
}

/* --- deletions and QUIT --------------------------------------------------- */

#define ONE_MESSAGE \
	GREETING, LOGIN, { "STAT", "+OK 1 300\r\n", 0 }, { "UIDL", "+OK\r\n1 a\r\n.\r\n", 0 }, \
	{ \
		"RETR 1", "+OK\r\none\r\n.\r\n", 0 \
	}

static void quit_makes_deletions_true(void **state)
{
	(void)state;
	const struct step said[] = { ONE_MESSAGE, { "DELE 1", "+OK\r\n", 0 },
		{ "QUIT", "+OK\r\n", 0 }, END };
	const struct step refused[] = { ONE_MESSAGE, { "DELE 1", "+OK\r\n", 0 },
		{ "QUIT", "-ERR not deleted\r\n", 0 }, END };
	const struct step silent[] = { ONE_MESSAGE, { "DELE 1", "+OK\r\n", 0 }, END };
	check(said, false, SETTLE_PROCESSED, "one\r\n", 0);
	check(refused, false, SETTLE_PROCESSED, "one\r\n", -1);
	check(silent, false, SETTLE_PROCESSED, "one\r\n", -1);
}

static void refused_dele_is_said(void **state)
{
	(void)state;
	const struct step steps[] = { GREETING, LOGIN, { "STAT", "+OK 2 300\r\n", 0 },
		{ "UIDL", "+OK\r\n1 a\r\n2 b\r\n.\r\n", 0 }, { "RETR 1", "+OK\r\none\r\n.\r\n", 0 },
		{ "RETR 2", "+OK\r\ntwo\r\n.\r\n", 0 }, { "DELE 1", "-ERR no\r\n", 0 },
		{ "DELE 2", "+OK\r\n", 0 }, { "QUIT", "+OK\r\n", 0 }, END };
	struct collect c = { 0 };
	struct settled done;
	struct source *s;
	start_server(steps);
	struct source_options o = options(false);
	assert_int_equal(source_pop3.open(&s, &o), 0);
	assert_int_equal(collect_all(s, 10, &c), 0);
	assert_int_equal(collect_settle(s, &c, SETTLE_PROCESSED, &done), -1);
	assert_non_null(strstr(s->error, "DELE refused"));
	assert_int_equal(s->ops->finish(s, &done), 0);
	assert_int_equal(done.deleted, 1);
	assert_int_equal(s->ops->close(s, NULL, 0), 0);
	free(end_server());
	collect_free(&c);
}

/* A message that is refused does not hold up the others; at the end it is said. */
static void refused_retr_is_said(void **state)
{
	(void)state;
	const struct step steps[] = { GREETING, LOGIN, { "STAT", "+OK 2 300\r\n", 0 },
		{ "UIDL", "+OK\r\n1 a\r\n2 b\r\n.\r\n", 0 }, { "RETR 1", "-ERR no\r\n", 0 },
		{ "RETR 2", "+OK\r\ntwo\r\n.\r\n", 0 }, { "NOOP", "+OK\r\n", 0 },
		{ "QUIT", "+OK\r\n", 0 }, END };
	struct collect c = { 0 };
	struct source *s;
	start_server(steps);
	struct source_options o = options(false);
	assert_int_equal(source_pop3.open(&s, &o), 0);
	assert_int_equal(collect_all(s, 10, &c), 0);
	assert_int_equal(c.n, 1);
	assert_string_equal(c.at[0].text, "two\r\n");
	assert_string_equal(c.stuck, "message 1 (UIDL a): the server refuses to hand it out");
	assert_int_equal(s->ops->close(s, NULL, 0), 0);
	free(end_server());
	collect_free(&c);
}

/* Else the first message would be taken for the second, and the second deleted unread. */
static void an_answer_too_many_deletes_nothing(void **state)
{
	(void)state;
	const char *const answers[] = { "-ERR no\r\n+OK\r\none\r\n.\r\n+OK\r\ntwo\r\n.\r\n",
		"+OK\r\none\r\n.\r\n+OK\r\nnobody's\r\n.\r\n+OK\r\ntwo\r\n.\r\n" };
	for (size_t i = 0; i < 2; i++) {
		const struct step steps[] = { GREETING, LOGIN, { "STAT", "+OK 2 300\r\n", 0 },
			{ "UIDL", "+OK\r\n1 a\r\n2 b\r\n.\r\n", 0 }, { "RETR 1", "", 0 },
			{ "RETR 2", answers[i], 0 }, END };
		struct collect c = { 0 };
		struct source *s;
		start_server(steps);
		struct source_options o = options(false);
		assert_int_equal(source_pop3.open(&s, &o), 0);
		assert_int_equal(collect_all(s, 10, &c), -1);
		assert_non_null(strstr(s->error, "not asked"));
		s->ops->close(s, NULL, 0);
		char *seen = end_server();
		assert_null(strstr(seen, "DELE"));
		assert_null(strstr(seen, "QUIT"));
		free(seen);
		collect_free(&c);
	}
}

/*
 * When the sink says stop, the answers on their way are read, and QUIT still makes earlier
 * deletions true.
 */
static void a_stop_leaves_the_connection_in_step(void **state)
{
	(void)state;
	const struct step steps[] = { GREETING, LOGIN, { "STAT", "+OK 2 300\r\n", 0 },
		{ "UIDL", "+OK\r\n1 a\r\n2 b\r\n.\r\n", 0 }, { "RETR 1", "+OK\r\none\r\n.\r\n", 0 },
		{ "RETR 2", "+OK\r\ntwo\r\n.\r\n", 0 }, { "DELE 1", "+OK\r\n", 0 },
		{ "QUIT", "+OK\r\n", 0 }, END };
	struct collect c = { .stop_after = 1 };
	struct settled done;
	struct source *s;
	start_server(steps);
	struct source_options o = options(false);
	assert_int_equal(source_pop3.open(&s, &o), 0);
	assert_int_equal(collect_all(s, 10, &c), -1);
	assert_int_equal(c.n, 1);
	assert_int_equal(collect_settle(s, &c, SETTLE_PROCESSED, &done), 0);
	assert_int_equal(s->ops->finish(s, &done), 0);
	assert_int_equal(done.deleted, 1);
	assert_int_equal(s->ops->close(s, NULL, 0), 0);
	char *seen = end_server();
	assert_null(strstr(seen, "UNEXPECTED"));
	free(seen);
	collect_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(old_server),
		cmocka_unit_test(pipelining_server),
		cmocka_unit_test(nothing_there),
		cmocka_unit_test(what_stays_is_asked_about),
		cmocka_unit_test(strange_lists),
		cmocka_unit_test(oversize_is_cut),
		cmocka_unit_test(many_messages),
		cmocka_unit_test(quit_makes_deletions_true),
		cmocka_unit_test(refused_dele_is_said),
		cmocka_unit_test(refused_retr_is_said),
		cmocka_unit_test(an_answer_too_many_deletes_nothing),
		cmocka_unit_test(a_stop_leaves_the_connection_in_step),
	};
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
