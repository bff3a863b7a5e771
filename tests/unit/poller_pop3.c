/*
 * The POP3 source against a server that plays a script: good ones, old ones, broken ones and
 * hostile ones. The real server and TLS are in tests/e2e/pop3_*.py.
 */
#include "tests/unit/collect.h"
#include "store/contacts.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

/*
 * What the server waits for (the beginning of a line; "" for nothing) and what it says then;
 * REPEAT: so many times.
 */
struct step {
	const char *expect, *say;
	unsigned repeat;
};

enum { STEPS_MAX = 80 };

static struct mailbox box;
static pid_t server;
static int log_pipe[2]; /* the lines that the server saw */

/* --- the server ----------------------------------------------------------- */

static void say(int fd, const char *text)
{
	size_t n = strlen(text), at = 0;
	ssize_t put = 0;
	for (; at < n && (put = write(fd, text + at, n - at)) > 0; at += (size_t)put)
		;
	if (put < 0)
		_exit(1);
}

static void play(int listening, const struct step *steps)
{
	char line[8192];
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	int fd = accept(listening, NULL, NULL);
	FILE *in = fdopen(fd, "r");
	for (const struct step *s = steps; s->say; s++) {
		if (*s->expect) {
			if (!fgets(line, sizeof line, in))
				_exit(0);
			say(log_pipe[1], line);
			if (strncmp(line, s->expect, strlen(s->expect))) {
				say(log_pipe[1], "UNEXPECTED\n");
				_exit(1);
			}
		}
		for (unsigned i = 0; i <= s->repeat; i++)
			say(fd, s->say);
	}
	/* What comes after the script is still noted. */
	while (fgets(line, sizeof line, in))
		say(log_pipe[1], line);
	_exit(0);
}

static void start_server(const struct step *steps)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof at;
	int listening = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(listening, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(listening, 1), 0);
	assert_int_equal(getsockname(listening, (struct sockaddr *)&at, &length), 0);
	assert_int_equal(pipe(log_pipe), 0);
	fcntl(log_pipe[1], F_SETPIPE_SZ, 1 << 20);
	server = fork();
	if (!server)
		play(listening, steps);
	close(listening);
	close(log_pipe[1]);
	box = (struct mailbox){ .name = "test",
		.protocol = PROTOCOL_POP3,
		.host = "127.0.0.1",
		.port = ntohs(at.sin_port),
		.tls = TLS_NONE,
		.user = "user",
		.timeout = 2,
		.deadline = 20 };
	box.processed = (struct disposal){ DISPOSE_DELETE, NULL };
	box.unrecognised = box.quarantine = (struct disposal){ DISPOSE_KEEP, NULL };
}

/* Ends the server. The lines that it saw: the caller's. */
static char *end_server(void)
{
	char *seen = calloc(1, 1 << 20);
	size_t n = 0;
	ssize_t got;
	struct timespec moment = { .tv_nsec = 20000000 };
	for (int i = 0; i < 50 && !waitpid(server, NULL, WNOHANG); i++)
		nanosleep(&moment, NULL);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	while ((got = read(log_pipe[0], seen + n, (1 << 20) - 1 - n)) > 0)
		n += (size_t)got;
	close(log_pipe[0]);
	return seen;
}

static struct source_options options(bool stays)
{
	return (struct source_options){
		.mailbox = &box, .password = "secret", .max_message = 1000, .stays = stays
	};
}

/* --- good servers --------------------------------------------------------- */

#define GREETING \
	{ \
		"", "+OK ready\r\n", 0 \
	}
#define OLD_LOGIN \
	{ "CAPA", "-ERR what\r\n", 0 }, { "USER user", "+OK\r\n", 0 }, \
		{ "PASS secret", "+OK\r\n", 0 }, \
	{ \
		"CAPA", "-ERR what\r\n", 0 \
	}
#define CAPABLE(more) \
	{ \
		"CAPA", "+OK\r\nUSER\r\nUIDL\r\nPIPELINING\r\n" more ".\r\n", 0 \
	}
#define LOGIN \
	CAPABLE(""), { "USER user", "+OK\r\n", 0 }, { "PASS secret", "+OK\r\n", 0 }, CAPABLE("")
#define END \
	{ \
		NULL, NULL, 0 \
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
		{ "QUIT", "+OK bye\r\n", 0 }, END };
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
	assert_string_equal(c.stuck, "message 1: the server refuses to hand it out");
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
		cmocka_unit_test(logins),
		cmocka_unit_test(no_login_without_tls),
		cmocka_unit_test(hostile_servers),
	};
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
