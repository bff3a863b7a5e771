/*
 * The POP3 source: logins, no password without TLS, hostile servers.
 */
#include "tests/unit/poller_pop3.h"

/* --- login ---------------------------------------------------------------- */

static void check_login(const struct step *steps, int auth, const char *password, const char *error,
	const char *sees)
{
	struct source *s;
	start_server(steps);
	struct source_options o = options(false);
	o.password = password;
	box.auth = auth;
	int result = source_pop3.open(&s, &o);
	if (result != (error ? -1 : 0) || (error && !strstr(s->error, error)))
		fail_msg("open: %d %s", result, s->error);
	assert_null(strstr(s->error, "secret"));
	assert_null(strstr(s->error, "victim@example.org"));
	s->ops->close(s, NULL, 0);
	char *seen = end_server();
	if (!error)
		assert_null(strstr(seen, "UNEXPECTED"));
	if (sees && !strstr(seen, sees))
		fail_msg("not seen: %s in %s", sees, seen);
	free(seen);
}

static void logins(void **state)
{
	(void)state;
	char token[3001], line[4300] = "AUTH XOAUTH2\r\n";
	memset(token, 't', 3000);
	token[3000] = '\0';
#define AFTER CAPABLE(""), { "STAT", "+OK 0 0\r\n", 0 }, { "QUIT", "+OK\r\n", 0 }, END
	/* printf '\0user\0secret' | base64 */
	const struct step plain[] = { GREETING, CAPABLE("SASL PLAIN LOGIN\r\n"),
		{ "AUTH PLAIN AHVzZXIAc2VjcmV0", "+OK\r\n", 0 }, AFTER };
	const struct step plain_refused[] = { GREETING, CAPABLE("SASL PLAIN\r\n"),
		{ "AUTH PLAIN", "-ERR [AUTH] victim@example.org\r\n", 0 }, END };
	const struct step in_use[] = { GREETING, CAPABLE(""), { "USER", "+OK\r\n", 0 },
		{ "PASS", "-ERR [IN-USE] victim@example.org\r\n", 0 }, END };
	const struct step user_refused[] = { GREETING, CAPABLE(""),
		{ "USER", "-ERR victim@example.org\r\n", 0 }, END };
	/* printf 'user=user\1auth=Bearer secret\1\1' | base64 */
	const struct step oauth[] = { GREETING, CAPABLE("SASL XOAUTH2\r\n"),
		{ "AUTH XOAUTH2 dXNlcj11c2VyAWF1dGg9QmVhcmVyIHNlY3JldAEB", "+OK\r\n", 0 }, AFTER };
	const struct step oauth_long[] = { GREETING, CAPABLE("SASL XOAUTH2\r\n"),
		{ "AUTH XOAUTH2\r\n", "+ \r\n", 0 },
		{ "dXNlcj11c2VyAWF1dGg9QmVhcmVyIHR0", "+OK\r\n", 0 }, AFTER };
	const struct step oauth_refused[] = { GREETING, CAPABLE("SASL XOAUTH2\r\n"),
		{ "AUTH XOAUTH2", "+ eyJzdGF0dXMiOiI0MDAifQ==\r\n", 0 },
		{ "\r\n", "-ERR victim@example.org\r\n", 0 }, END };
	const struct step no_oauth[] = { GREETING, CAPABLE("SASL PLAIN\r\n"), END };
	const struct step closed[] = {
		{ "", "-ERR [SYS/TEMP] come back victim@example.org\r\n", 0 }, END
	};
	const struct step not_pop3[] = { { "", "220 mail.example.org ESMTP\r\n", 0 }, END };
	check_login(plain, AUTH_PLAIN, "secret", NULL, NULL);
	check_login(plain_refused, AUTH_PLAIN, "secret", "check user and password", NULL);
	check_login(in_use, AUTH_PLAIN, "secret", "in use by another session", NULL);
	check_login(user_refused, AUTH_PLAIN, "secret", "login refused", NULL);
	check_login(oauth, AUTH_XOAUTH2, "secret", NULL, NULL);
	check_login(oauth_long, AUTH_XOAUTH2, token, NULL, line);
	check_login(oauth_refused, AUTH_XOAUTH2, "secret", "login refused", NULL);
	check_login(no_oauth, AUTH_XOAUTH2, "secret", "does not offer XOAUTH2", NULL);
	check_login(
		no_oauth, AUTH_SCRAM_SHA_256, "secret", "auth = plain, login and xoauth2", NULL);
	check_login(closed, AUTH_PLAIN, "secret", "a problem that will pass", NULL);
	check_login(not_pop3, AUTH_PLAIN, "secret", "not POP3's", NULL);
	const struct step two_lines[] = { GREETING, CAPABLE(""), END };
	check_login(two_lines, AUTH_PLAIN, "sec\r\nDELE 1", "a line end", NULL);
}

/*
 * Before TLS no login, whatever the server says; and what is said before TLS is not taken for what
 * is said under it.
 */
static void no_login_without_tls(void **state)
{
	(void)state;
	static const struct {
		const char *answer, *error;
	} cases[] = {
		{ "-ERR no\r\n", "does not offer STLS" },
		{ "+OK go\r\n+OK logged in\r\n", "plain text after the answer to STLS" },
		{ "+OK go\r\n", "" },
		{ "what\r\n", "not POP3's" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct step steps[] = { GREETING, { "STLS", cases[i].answer, 0 }, END };
		struct source *s;
		start_server(steps);
		box.tls = TLS_STARTTLS;
		struct source_options o = options(false);
		assert_int_equal(source_pop3.open(&s, &o), -1);
		if (!strstr(s->error, cases[i].error))
			fail_msg("%s: %s", cases[i].error, s->error);
		s->ops->close(s, NULL, 0);
		char *seen = end_server();
		assert_null(strstr(seen, "USER"));
		assert_null(strstr(seen, "secret"));
		free(seen);
	}
}

/* --- hostile servers ------------------------------------------------------ */

/* Opens and reads with a server that misbehaves: an error that says why, in bounded time. */
static void check_hostile(const struct step *steps, bool stays, const char *error)
{
	struct collect c = { 0 };
	struct settled done;
	struct source *s;
	struct timespec begin, end;
	start_server(steps);
	struct source_options o = options(stays);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	int result = source_pop3.open(&s, &o);
	if (!result)
		result = collect_all(s, 10, &c);
	if (result != -1 || !strstr(s->error, error))
		fail_msg("%d %s, not %s", result, s->error, error);
	assert_null(strstr(s->error, "victim"));
	/* Whatever happened, settling and closing are safe. */
	collect_settle(s, &c, SETTLE_PROCESSED, &done);
	s->ops->close(s, NULL, 0);
	clock_gettime(CLOCK_MONOTONIC, &end);
	assert_true(end.tv_sec - begin.tv_sec < 15);
	free(end_server());
	collect_free(&c);
}

static void hostile_servers(void **state)
{
	(void)state;
	const struct step line[] = {
		{ "", "+OK victim@example.org aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
			2000000 },
		END
	};
	const struct step list[] = { GREETING, LOGIN, { "STAT", "+OK 2 300\r\n", 0 },
		{ "UIDL", "+OK\r\n", 0 }, { "", "1 a\r\n1 b\r\n1 c\r\n1 d\r\n", 1300000 }, END };
	const struct step capa[] = { GREETING, { "CAPA", "+OK\r\n", 0 },
		{ "", "X\r\nX\r\nX\r\nX\r\nX\r\nX\r\nX\r\nX\r\n", 700000 }, END };
	const struct step unfinished[] = { GREETING, LOGIN, { "STAT", "+OK 2 300\r\n", 0 },
		{ "UIDL", "+OK\r\n1 a\r\n", 0 }, END };
	const struct step half[] = { GREETING, LOGIN, { "STAT", "+OK 1 300\r\n", 0 },
		{ "UIDL", "+OK\r\n1 a\r\n.\r\n", 0 }, { "RETR 1", "+OK\r\nabc\r\n.", 0 }, END };
	const struct step stat[] = { GREETING, LOGIN, { "STAT", "+OK many\r\n", 0 }, END };
	const struct step stat_refused[] = { GREETING, LOGIN,
		{ "STAT", "-ERR victim@example.org\r\n", 0 }, END };
	const struct step no_uidl[] = { GREETING, LOGIN, { "STAT", "+OK 1 300\r\n", 0 },
		{ "UIDL", "-ERR\r\n", 0 }, END };
	const struct step no_list[] = { GREETING, LOGIN, { "STAT", "+OK 1 300\r\n", 0 },
		{ "UIDL", "-ERR\r\n", 0 }, { "LIST", "-ERR\r\n", 0 }, END };
	const struct step plus[] = { GREETING, LOGIN, { "STAT", "+OK 1 300\r\n", 0 },
		{ "UIDL", "+OK\r\n1 a\r\n.\r\n", 0 }, { "RETR 1", "+ \r\n", 0 }, END };
	check_hostile(line, false, "endless line");
	check_hostile(list, false, "endless list");
	check_hostile(capa, false, "endless list");
	check_hostile(unfinished, false, "no answer");
	check_hostile(half, false, "no answer");
	check_hostile(stat, false, "the answer to STAT");
	check_hostile(stat_refused, false, "STAT refused");
	check_hostile(no_uidl, true, "the server has no UIDL");
	check_hostile(no_list, false, "LIST refused");
	check_hostile(plus, false, "not POP3's");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(logins),
		cmocka_unit_test(no_login_without_tls),
		cmocka_unit_test(hostile_servers),
	};
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
