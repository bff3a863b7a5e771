/*
 * The carrier against scripted SMTP servers on loopback, and against a sendmail that
 * writes down what it was given. TLS and AUTH with a real server: tests/e2e/smtp_carrier.py.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "poller/post/carrier.h"

enum { SAID_SIZE = 262144 };

/* A server answers each command by its first word; a mail by "."; "" closes the connection. */
struct reply {
	const char *command, *answer;
};

struct server {
	const struct reply
		*replies; /* ends with command NULL; what is not named is answered 250 or 354 */
	const char *greeting;
	int listener;
	char said[SAID_SIZE]; /* everything it was told */
	size_t n;
	pthread_t thread;
};

static const char *answer_to(const struct server *s, const char *line)
{
	for (const struct reply *r = s->replies; r && r->command; r++)
		if (!strncmp(line, r->command, strlen(r->command)))
			return r->answer;
	if (!strncmp(line, "DATA", 4))
		return "354 go on\r\n";
	return "250 2.0.0 fine\r\n";
}

static void *run(void *context)
{
	struct server *s = context;
	int fd = accept(s->listener, NULL, NULL);
	bool data = false;
	size_t begin = 0;
	ssize_t got;

	if (send(fd, s->greeting, strlen(s->greeting), MSG_NOSIGNAL) < 0)
		goto out;
	while (s->n < sizeof s->said - 1 &&
		(got = recv(fd, s->said + s->n, sizeof s->said - 1 - s->n, 0)) > 0) {
		char *end;

		s->n += (size_t)got;
		s->said[s->n] = '\0';
		while ((end = strstr(s->said + begin, "\r\n"))) {
			const char *line = s->said + begin;
			bool dot = data && !strncmp(line, ".\r\n", 3);
			const char *answer = data && !dot ? NULL : answer_to(s, line);

			begin = (size_t)(end - s->said) + 2;
			if (!answer)
				continue;
			if (!*answer)
				goto out;
			data = !dot && !strncmp(answer, "354", 3);
			if (send(fd, answer, strlen(answer), MSG_NOSIGNAL) < 0)
				goto out;
		}
	}
out:
	close(fd);
	return NULL;
}

/* The options are completed with its port. */
static struct server *start(
	const struct reply *replies, const char *greeting, struct carrier_options *options)
{
	struct server *s = calloc(1, sizeof *s);
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof address;

	assert_non_null(s);
	s->replies = replies;
	s->greeting = greeting ? greeting : "220 mx.example.org ESMTP\r\n";
	s->listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(s->listener, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(s->listener, 1), 0);
	getsockname(s->listener, (struct sockaddr *)&address, &size);
	options->stream = (struct stream_options){ .host = "127.0.0.1",
		.port = ntohs(address.sin_port),
		.tls = options->stream.tls,
		.timeout = 2 };
	assert_int_equal(pthread_create(&s->thread, NULL, run, s), 0);
	return s;
}

static void stop(struct server *s)
{
	pthread_join(s->thread, NULL);
	close(s->listener);
	free(s);
}

static const char *const readers[] = { "dpo@example.org", "team@example.net", NULL };
static const struct carrier_options plain = { .stream.tls = TLS_NONE,
	.helo = "news.example.org",
	.from = "retour@example.org",
	.to = readers };

static void a_mail_arrives_as_it_is(void **state)
{
	static const struct reply replies[] = {
		{ "EHLO", "250-mx.example.org\r\n250-SIZE 1000000\r\n250 DSN\r\n" }, { NULL, NULL }
	};
	static const char mail[] = "Subject: x\r\n\r\n.\r\n..\r\n.a\r\na.\r\n\r\nend\r\n";
	struct carrier_options o = plain;
	struct server *s = start(replies, NULL, &o);
	char error[512] = "";

	(void)state;
	assert_int_equal(carry(&o, (struct span){ mail, sizeof mail - 1 }, error, sizeof error), 0);
	pthread_join(s->thread, NULL);
	assert_string_equal(s->said,
		"EHLO news.example.org\r\nMAIL FROM:<retour@example.org> RET=HDRS SIZE=36\r\nRCPT TO:<dpo@example.org>\r\n"
		"RCPT TO:<team@example.net>\r\nDATA\r\nSubject: x\r\n\r\n..\r\n...\r\n..a\r\na.\r\n\r\nend\r\n.\r\nQUIT\r\n");
	close(s->listener);
	free(s);
}

/*
 * What each refusal leads to: an error with the server's reason and without an address, and no
 * mail.
 */
static void refusals_are_reported_and_nothing_is_sent(void **state)
{
	static const struct {
		const char *title;
		struct reply reply;
		const char *greeting, *error;
		enum { UNTOLD, TOLD, UNANSWERED } told;
	} cases[] = {
		{ "greeting", { NULL, NULL }, "554 no service\r\n", "greeting", UNTOLD },
		{ "greeting of another protocol", { NULL, NULL }, "* OK IMAP4rev1\r\n", "greeting",
			UNTOLD },
		{ "EHLO", { "EHLO", "502 what?\r\n" }, NULL, "502 what?", UNTOLD },
		{ "sender", { "MAIL", "550 5.7.1 <retour@example.org> may not\r\n" }, NULL,
			"550 5.7.1 <address> may not", UNTOLD },
		{ "first recipient", { "RCPT TO:<dpo", "550 5.1.1 <dpo@example.org> unknown\r\n" },
			NULL, "recipient 1: refused by the server: 550 5.1.1", UNTOLD },
		{ "second recipient", { "RCPT TO:<team", "451 4.7.1 later\r\n" }, NULL,
			"recipient 2: refused by the server: 451 4.7.1 later", UNTOLD },
		{ "DATA", { "DATA", "452 4.3.1 disk full\r\n" }, NULL, "452 4.3.1 disk full",
			UNTOLD },
		{ "the mail", { ".", "554 5.6.0 no\r\n" }, NULL, "554 5.6.0 no", TOLD },
		{ "close after DATA", { "DATA", "" }, NULL, "closed the connection", UNTOLD },
		{ "close after the mail", { ".", "" }, NULL, "closed the connection", UNANSWERED },
		{ "an answer that is none", { ".", "taken\r\n" }, NULL, "breaks the protocol",
			UNANSWERED },
		{ "not a number", { "MAIL", "hello\r\n" }, NULL, "breaks the protocol", UNTOLD },
		{ "too large", { "EHLO", "250-mx\r\n250 SIZE 10\r\n" }, NULL, "the server takes 10",
			UNTOLD },
	};
	static const char mail[] = "Subject: x\r\n\r\nbody\r\n";

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct reply replies[] = { cases[i].reply, { NULL, NULL } };
		struct carrier_options o = plain;
		struct server *s = start(replies, cases[i].greeting, &o);
		char error[512] = "";

		assert_int_equal(
			carry(&o, (struct span){ mail, sizeof mail - 1 }, error, sizeof error),
			cases[i].told == UNANSWERED ? CARRY_UNANSWERED : -1);
		pthread_join(s->thread, NULL);
		if (!strstr(error, cases[i].error) || strchr(error, '@'))
			fail_msg("%s: %s", cases[i].title, error);
		if (!!strstr(s->said, "body") != (cases[i].told != UNTOLD))
			fail_msg("%s: the server heard %s", cases[i].title, s->said);
		close(s->listener);
		free(s);
	}
}

static void an_answer_without_end_is_cut(void **state)
{
	static char answer[200000] = "250-";
	const struct reply replies[] = { { "EHLO", answer }, { NULL, NULL } };
	struct carrier_options o = plain;
	struct server *s;
	char error[512] = "";

	(void)state;
	memset(answer + 4, 'x', sizeof answer - 5);
	s = start(replies, NULL, &o);
	assert_int_equal(carrier_probe(&o, error, sizeof error), -1);
	assert_non_null(strstr(error, "more than was asked for"));
	stop(s);
}

/* With STARTTLS asked for and not to be had, neither user nor mail is said. */
static void without_tls_nothing_is_said(void **state)
{
	static const struct {
		const char *ehlo, *starttls, *error;
	} cases[] = {
		{ "250-mx\r\n250 AUTH PLAIN\r\n", "502 no\r\n", "does not offer STARTTLS" },
		{ "250-mx\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n", "454 not now\r\n",
			"454 not now" },
		{ "250-mx\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n", "220 go\r\n250 AUTH PLAIN\r\n",
			"before the TLS handshake" },
		{ "250-mx\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n", "220 go\r\n",
			"no answer for 2 s" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct reply replies[] = { { "EHLO", cases[i].ehlo },
			{ "STARTTLS", cases[i].starttls }, { NULL, NULL } };
		struct carrier_options o = plain;
		struct server *s;
		char error[512] = "";

		o.stream.tls = TLS_STARTTLS;
		o.user = "retour@example.org";
		o.secret = "password";
		s = start(replies, NULL, &o);
		assert_int_equal(
			carry(&o, SPAN("Subject: x\r\n\r\nbody\r\n"), error, sizeof error), -1);
		pthread_join(s->thread, NULL);
		if (!strstr(error, cases[i].error))
			fail_msg("case %zu: %s", i, error);
		assert_null(strstr(s->said, "AUTH"));
		assert_null(strstr(s->said, "MAIL"));
		close(s->listener);
		free(s);
	}
}

static void what_would_break_the_dialogue_is_refused(void **state)
{
	static const char *const bad[] = { "a b@example.org",
		"a@example.org>\r\nRCPT TO:<b@example.net", "", "\xc3\xa4@example.org", NULL };
	struct carrier_options o = plain;
	const char *to[] = { "dpo@example.org", NULL, NULL };
	char error[512], lengthy[1000];

	(void)state;
	o.stream.host = "127.0.0.1";
	o.stream.port = 1;
	o.to = to;
	for (size_t i = 0; bad[i]; i++) {
		to[1] = bad[i];
		assert_int_equal(carry(&o, SPAN("x\r\n"), error, sizeof error), -1);
		assert_non_null(strstr(error, "recipient 2 cannot be sent"));
	}
	memset(lengthy, 'a', sizeof lengthy - 1);
	lengthy[sizeof lengthy - 1] = '\0';
	to[1] = lengthy;
	assert_int_equal(carry(&o, SPAN("x\r\n"), error, sizeof error), -1);
	assert_non_null(strstr(error, "recipient 2 cannot be sent"));
	to[1] = NULL;
	o.from = "a@example.org\r\nDATA";
	assert_int_equal(carry(&o, SPAN("x\r\n"), error, sizeof error), -1);
	assert_non_null(strstr(error, "sender"));
	o.from = "a@example.org";
	o.user = "a";
	o.secret = lengthy;
	assert_int_equal(carry(&o, SPAN("x\r\n"), error, sizeof error), -1);
	assert_non_null(strstr(error, "longer than"));
	o.to = (const char *const[]){ NULL };
	assert_int_equal(carry(&o, SPAN("x\r\n"), error, sizeof error), -1);
}

/* --- sendmail ------------------------------------------------------------- */

static char folder[] = "/tmp/retour-sendmail-XXXXXX";
static char program[128];

static void write_program(const char *body)
{
	char text[1024];
	FILE *f = fopen(program, "w");

	assert_non_null(f);
	snprintf(
		text, sizeof text, "#!/bin/sh\ncd %s\necho \"$@\" > arguments\n%s\n", folder, body);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(program, 0755), 0);
}

static void expect_file(const char *name, const char *content, size_t n)
{
	char path[160], *found = malloc(n + 2);
	FILE *f;

	assert_non_null(found);
	snprintf(path, sizeof path, "%s/%s", folder, name);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_int_equal(fread(found, 1, n + 2, f), n);
	assert_memory_equal(found, content, n);
	fclose(f);
	free(found);
}

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(program, sizeof program, "%s/sendmail", folder);
	return 0;
}

static int drop_folder(void **state)
{
	static const char *const names[] = { "sendmail", "arguments", "mail" };
	char path[160];

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, names[i]);
		unlink(path);
	}
	return rmdir(folder);
}

static void sendmail_gets_the_mail_and_no_address_on_its_command_line(void **state)
{
	struct carrier_options o = {
		.sendmail = program, .from = "retour@example.org", .to = readers
	};
	static char mail[300000];
	char error[512] = "";

	(void)state;
	memset(mail, 'm', sizeof mail);
	write_program("cat > mail");
	assert_int_equal(carry(&o, (struct span){ mail, sizeof mail }, error, sizeof error), 0);
	expect_file("mail", mail, sizeof mail);
	expect_file("arguments", "-i -t\n", 6);
	o.from = "";
	assert_int_equal(carry(&o, (struct span){ mail, sizeof mail }, error, sizeof error), 0);
	expect_file("arguments", "-i -t -f <>\n", 12);
}

static void sendmail_failures_are_told_apart(void **state)
{
	static const struct {
		const char *body, *error;
	} cases[] = {
		{ "cat > mail; exit 75", "try later" },
		{ "cat > mail; exit 67", "does not exist" },
		{ "cat > mail; exit 3", "failed" },
		{ "exec <&-; exit 0", "did not take the whole mail" },
		{ "kill -9 $$", "ended by a signal" },
	};
	struct carrier_options o = {
		.sendmail = program, .from = "retour@example.org", .to = readers
	};
	static char mail[3000000];
	char error[512];

	(void)state;
	memset(mail, 'm', sizeof mail);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		write_program(cases[i].body);
		*error = '\0';
		assert_int_equal(
			carry(&o, (struct span){ mail, sizeof mail }, error, sizeof error), -1);
		if (!strstr(error, cases[i].error))
			fail_msg("%s: %s", cases[i].body, error);
	}
	o.sendmail = "/nonexistent/sendmail";
	assert_int_equal(carry(&o, SPAN("x\r\n"), error, sizeof error), -1);
	assert_int_equal(carrier_probe(&o, error, sizeof error), -1);
	o.sendmail = program;
	assert_int_equal(carrier_probe(&o, error, sizeof error), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mail_arrives_as_it_is),
		cmocka_unit_test(refusals_are_reported_and_nothing_is_sent),
		cmocka_unit_test(an_answer_without_end_is_cut),
		cmocka_unit_test(without_tls_nothing_is_said),
		cmocka_unit_test(what_would_break_the_dialogue_is_refused),
		cmocka_unit_test(sendmail_gets_the_mail_and_no_address_on_its_command_line),
		cmocka_unit_test(sendmail_failures_are_told_apart),
	};

	return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
