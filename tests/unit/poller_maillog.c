/*
 * Lines of mail logs: time stamps, who wrote them, what they say; and lines that try to say
 * something else. The common shapes stand in tests/logs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include "poller/volume/maillog.h"

#define NOW ((int64_t)1795132800) /* 2026-11-20T00:00:00Z */
#define POSTFIX "mta1 postfix/smtp[1]: 4A1B2C3D4E: "

static int setup(void **state)
{
	(void)state;
	setenv("TZ", "Europe/Berlin", 1);
	tzset();
	return 0;
}

static bool read_line(const char *text, int64_t reference, struct log_line *l)
{
	struct log_clock clock = { .reference = reference, .now = NOW };
	return maillog_read(span_of(text), NULL, &clock, l);
}

static void time_stamps(void **state)
{
	static const struct {
		const char *text;
		int64_t reference, at; /* AT 0: no stamp */
	} cases[] = {
		{ "Nov  2 06:00:00 " POSTFIX "removed", NOW, 1793595600 }, /* CET */
		{ "Nov 02 06:00:00 " POSTFIX "removed", NOW, 1793595600 },
		{ "Jul  2 06:00:00 " POSTFIX "removed", NOW, 1782964800 }, /* CEST */
		{ "Nov 20 12:00:00 " POSTFIX "removed", NOW,
			NOW + 11 * 3600 }, /* a clock that is ahead, within a day */
		{ "Nov 22 12:00:00 " POSTFIX "removed", NOW, 1763809200 }, /* of last year */
		{ "Dec 31 23:59:59 " POSTFIX "removed", NOW, 1767221999 },
		{ "Feb 29 12:00:00 " POSTFIX "removed", NOW, 1709204400 }, /* 2024 */
		{ "Nov  2 06:00:00 " POSTFIX "removed", 1700000000,
			1698901200 }, /* a file of 2023 */
		{ "Nov  2 06:00:60 " POSTFIX "removed", NOW, 1793595660 },
		{ "2026-11-02T06:00:00+01:00 " POSTFIX "removed", NOW, 1793595600 },
		{ "2026-11-02T06:00:00+0100 " POSTFIX "removed", NOW, 1793595600 },
		{ "2026-11-02T05:00:00Z " POSTFIX "removed", NOW, 1793595600 },
		{ "2026-11-02T05:00:00.123456Z " POSTFIX "removed", NOW, 1793595600 },
		{ "2026-11-02T00:00:00-05:00 " POSTFIX "removed", NOW, 1793595600 },
		{ "2026-11-02T06:00:00 " POSTFIX "removed", NOW, 1793595600 },
		{ "<22>Nov  2 06:00:00 " POSTFIX "removed", NOW, 1793595600 },
		{ "<22>1 2026-11-02T05:00:00Z mta1 postfix/smtp 1 - - 4A1B2C3D4E: removed", NOW,
			1793595600 },
		{ "2026-11-02 06:00:00 1rAbCd-0001Ab-2C Completed", NOW, 1793595600 },
		{ "2026-11-02 06:00:00.5 +0000 1rAbCd-0001Ab-2C Completed", NOW, 1793599200 },
		{ "2026-11-02 06:00:00 ZrAbCd-0001Ab-2C Completed", NOW,
			1793595600 }, /* an id that begins like a zone */
		{ "2026 Nov  2 06:00:00 " POSTFIX "removed", NOW, 1793595600 },
		{ "Nov  2 2026 06:00:00 " POSTFIX "removed", NOW, 1793595600 },
		{ "Mon Nov  2 06:00:00 2026 " POSTFIX "removed", NOW, 1793595600 },
		{ "Nov  2 06:00:00.5 " POSTFIX "removed", NOW, 1793595600 },
		{ "Mon 2026-11-02 06:00:00 CET " POSTFIX "removed", NOW, 1793595600 },
		{ "Mon 2026-11-02 05:00:00 UTC " POSTFIX "removed", NOW, 1793595600 },
		{ "1793595600.123456 " POSTFIX "removed", NOW, 1793595600 },
		{ "@400000006ae6cc5a1b2c3d4e " POSTFIX "removed", NOW, 1793510480 },
		{ "2. Nov. 06:00:00 " POSTFIX "removed", NOW, 0 },
		{ "2028 Nov  2 06:00:00 " POSTFIX "removed", NOW, 0 },
		{ "1999999999.1 " POSTFIX "removed", NOW, 0 },
		{ "1793595600x " POSTFIX "removed", NOW, 0 },
		{ "@400000006ae6cc5a1b2c3d4 " POSTFIX "removed", NOW, 0 },
		{ "@c00000006ae6cc5a1b2c3d4e " POSTFIX "removed", NOW, 0 },
		{ "2028-11-02T06:00:00Z " POSTFIX "removed", NOW, 0 },
		{ "1999-11-02T06:00:00Z " POSTFIX "removed", NOW, 0 },
		{ "2026-02-29T06:00:00Z " POSTFIX "removed", NOW, 0 },
		{ "2026-13-01T06:00:00Z " POSTFIX "removed", NOW, 0 },
		{ "Feb 30 06:00:00 " POSTFIX "removed", NOW, 0 },
		{ "Nov  2 24:00:00 " POSTFIX "removed", NOW, 0 },
		{ "Nov  2 06:60:00 " POSTFIX "removed", NOW, 0 },
		{ "Nov  0 06:00:00 " POSTFIX "removed", NOW, 0 },
		{ "Xyz  2 06:00:00 " POSTFIX "removed", NOW, 0 },
		{ "Nov  2 06:00", NOW, 0 },
		{ "<22>", NOW, 0 },
		{ "", NOW, 0 },
	};
	struct log_line l;
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bool read = read_line(cases[i].text, cases[i].reference, &l);
		if (read != (cases[i].at != 0) || l.at != cases[i].at)
			fail_msg("%s: read as %lld", cases[i].text, (long long)l.at);
	}
}

/* A minute that was reckoned serves the next line, and only lines of that minute. */
static void one_minute_after_the_other(void **state)
{
	struct log_clock clock = { .reference = NOW, .now = NOW };
	struct log_line l;
	static const char *const lines[] = { "Nov  2 06:00:59 " POSTFIX "removed",
		"Nov  2 06:01:00 " POSTFIX "removed", "2026-11-02T06:01:00Z " POSTFIX "removed",
		"2026-11-02T06:01:00+01:00 " POSTFIX "removed",
		"Nov  2 06:01:00 " POSTFIX "removed" };
	static const int64_t at[] = { 1793595659, 1793595660, 1793599260, 1793595660, 1793595660 };
	(void)state;
	for (int i = 0; i < 5; i++) {
		assert_true(maillog_read(span_of(lines[i]), NULL, &clock, &l));
		assert_int_equal(l.at, at[i]);
	}
}

/* Strangers choose addresses and answers: neither makes another line of it. */
static void nothing_is_read_into_a_line(void **state)
{
	static const struct {
		const char *text;
		enum log_what what;
		enum log_outcome outcome;
		enum log_reach reach;
		const char *domain;
	} cases[] = {
		{ POSTFIX
			"to=<\"a>, relay=x[127.0.0.1]:25, status=sent \"@example.net>, relay=mx.example.net[192.0.2.1]:25, dsn=5.0.0, status=bounced (no)",
			LOG_ATTEMPT, LOG_REJECTED, LOG_REMOTE, "example.net" },
		{ POSTFIX
			"to=<a@example.net>, orig_to=<\", status=sent\"@example.org>, relay=mx.example.net[192.0.2.1]:25, dsn=5.0.0, status=bounced (no)",
			LOG_ATTEMPT, LOG_REJECTED, LOG_REMOTE, "example.net" },
		{ POSTFIX
			"to=<a@example.net>, relay=mx.example.net[192.0.2.1]:25, dsn=4.0.0, status=deferred (host mx said: 450 x, status=sent, relay=[127.0.0.1])",
			LOG_ATTEMPT, LOG_DEFERRED, LOG_REMOTE, "example.net" },
		{ POSTFIX
			"to=<a@example.net>, relay=mx.example.net[192.0.2.1]:25, dsn=4.0.0, status=deferred (lost connection: 421 4.7.0)",
			LOG_ATTEMPT, LOG_DEFERRED, LOG_REMOTE, "example.net" },
		{ POSTFIX "to=<a@example.net", LOG_NOTHING, LOG_DELIVERED, LOG_REMOTE, NULL },
		{ POSTFIX "to=<\"a@example.net>, relay=x, status=sent", LOG_NOTHING, LOG_DELIVERED,
			LOG_REMOTE, NULL },
		{ POSTFIX "to=<a@example.net>", LOG_NOTHING, LOG_DELIVERED, LOG_REMOTE, NULL },
		{ POSTFIX "to=<a@example.net>, status=", LOG_NOTHING, LOG_DELIVERED, LOG_REMOTE,
			NULL },
		{ "mta1 postfix/smtp[1]: 4A1: to=<a@example.net>, status=sent", LOG_NOTHING,
			LOG_DELIVERED, LOG_REMOTE, NULL },
		{ "mta1 postfix/smtpd[1]: 4A1B2C3D4E: to=<a@example.net>, status=sent", LOG_NOTHING,
			LOG_DELIVERED, LOG_REMOTE, NULL },
		{ "mta1 sm-mta[1]: 5A160000001002: to=<\"a, stat=Sent\"@example.net>, mailer=esmtp, relay=mx.example.net. [192.0.2.1], dsn=5.1.1, stat=User unknown",
			LOG_ATTEMPT, LOG_REJECTED, LOG_REMOTE, "example.net" },
		{ "mta1 sm-mta[1]: 5A160000001002: to=<a@example.net>, mailer=esmtp, relay=mx. [192.0.2.1], dsn=4.0.0, stat=Deferred: 450 x, dsn=2.0.0, stat=Sent",
			LOG_ATTEMPT, LOG_DEFERRED, LOG_REMOTE, "example.net" },
		{ "mta1 sm-mta[1]: 5A160000001002: to=", LOG_NOTHING, LOG_DELIVERED, LOG_REMOTE,
			NULL },
		{ "mta1 exim[1]: 1rAbCd-0001Ab-2C ** \"a => b H=[127.0.0.1]\"@example.net R=r T=t H=mx.example.net [192.0.2.1]: 550 H=x [127.0.0.1]",
			LOG_ATTEMPT, LOG_REJECTED, LOG_REMOTE, "example.net" },
		{ "mta1 exim[1]: 1rAbCd-0001Ab-2C => ", LOG_ATTEMPT, LOG_DELIVERED, LOG_LOCAL,
			NULL },
		{ "mta1 exim[1]: 1rAbCd-0001Ab-2C", LOG_NOTHING, LOG_DELIVERED, LOG_REMOTE, NULL },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[512];
		struct log_line l;
		snprintf(text, sizeof text, "2026-11-02T06:00:00Z %s", cases[i].text);
		assert_true(read_line(text, NOW, &l));
		if (l.what != cases[i].what ||
			(l.what == LOG_ATTEMPT &&
				(l.outcome != cases[i].outcome || l.reach != cases[i].reach)))
			fail_msg("%s: %d %d %d", cases[i].text, (int)l.what, (int)l.outcome,
				(int)l.reach);
		struct span rest = l.recipients, domain;
		if (cases[i].domain) {
			assert_true(log_recipient(&rest, &domain));
			assert_int_equal(domain.n, strlen(cases[i].domain));
			assert_memory_equal(domain.p, cases[i].domain, domain.n);
			assert_false(log_recipient(&rest, &domain));
		}
	}
}

/* What stands before the words: host and program are found in each, and nothing else is. */
static void heads(void **state)
{
	static const struct {
		const char *before, *host; /* HOST NULL: no line of a mail server */
	} cases[] = {
		{ "Nov  2 06:00:00 mta1 postfix/smtp[1]: ", "mta1" },
		{ "Nov  2 06:00:00 mta1 postfix/smtp: ", "mta1" },
		{ "Nov  2 06:00:00 postfix/smtp[1]: ", "" },
		{ "Nov  2 06:00:00 [postfix/smtp] ", "" },
		{ "Nov  2 06:00:00 [192.0.2.1] postfix/smtp[1]: ", "[192.0.2.1]" },
		{ "Nov  2 06:00:00 mta1 postfix/smtp[1]: [ID 1 mail.info] ", "mta1" },
		{ "Nov  2 06:00:00 mailer-server-01 postfix/smtp[1]: ", "mailer-server-01" },
		{ "Nov  2 06:00:00 mta1 mail.info postfix/smtp[1]: ", "mta1" },
		{ "Nov  2 06:00:00 loghost Message forwarded from mta1: postfix/smtp[1]: ",
			"mta1" },
		{ "<22>1 2026-11-02T06:00:00Z mta1 postfix/smtp 1 - [a b=\"] \\\"\"] ", "mta1" },
		{ "1 2026-11-02T06:00:00Z mta1 postfix/smtp 1 - - ", "mta1" },
		{ "mail-1  | 2026-11-02T06:00:00Z Nov  2 06:00:00 mta1 postfix/smtp[1]: ", "mta1" },
		{ "2026-11-02T06:00:00Z stdout F Nov  2 06:00:00 mta1 postfix/smtp[1]: ", "mta1" },
		{ "2026-11-02T06:00:00Z stdout F postfix/smtp[1]: ", "" },
		{ "mta1 postfix/smtp[1]: ", NULL },
		{ "| Nov  2 06:00:00 mta1 postfix/smtp[1]: ", NULL },
		{ "Nov  2 06:00:00 mta1 app[1]: Nov  2 06:00:00 mta1 postfix/smtp[1]: ", NULL },
		{ "Nov  2 06:00:00 mta1 app[1]: mail | Nov  2 06:00:00 mta1 postfix/smtp[1]: ",
			NULL },
		{ "2026-11-02T06:00:00Z stdout X Nov  2 06:00:00 mta1 postfix/smtp[1]: ", NULL },
		{ "<22>1 2026-11-02T06:00:00Z mta1 app 1 - [a b=\"] postfix/smtp[1]: \"] ", NULL },
		{ "<22>1 - mta1 postfix/smtp 1 - - ", NULL },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[512];
		struct log_line l;
		snprintf(text, sizeof text,
			"%s4A1B2C3D4E: to=<a@example.net>, relay=x[192.0.2.1]:25, status=sent (ok)",
			cases[i].before);
		bool read = read_line(text, NOW, &l) && l.what == LOG_ATTEMPT;
		if (read != (cases[i].host != NULL) || l.unread == read)
			fail_msg("%s: read %d, unread %d", text, read, l.unread);
		if (read &&
			(l.host.n != strlen(cases[i].host) ||
				memcmp(l.host.p, cases[i].host, l.host.n) != 0))
			fail_msg("%s: host %.*s", text, (int)l.host.n, l.host.p);
	}
}

static void several_recipients(void **state)
{
	static const char *const domains[] = { "example.net", "", "example.com", "example.org" };
	struct span rest = SPAN("<a@example.net>,root,\"x, y\"@example.com, <b@example.org>"),
		    domain;
	(void)state;
	for (int i = 0; i < 4; i++) {
		assert_true(log_recipient(&rest, &domain));
		assert_int_equal(domain.n, strlen(domains[i]));
		assert_memory_equal(domain.p, domains[i], domain.n);
	}
	assert_false(log_recipient(&rest, &domain));
}

/*
 * Every beginning of every kind of line, in memory of exactly its size, so that a sanitizer sees a
 * byte too far.
 */
static void cut_anywhere(void **state)
{
	static const char *const lines[] = {
		"<22>1 2026-11-02T05:00:00.12+01:00 mta1 postfix/smtp 1 - - 4A1B2C3D4E: to=<\"a\\\"b\"@c.test>, orig_to=<d>, relay=m[::1]:25, status=deferred (host m said: 421-4.7.0 x)",
		"Nov  2 06:00:00 mta1 postfix/cleanup[1]: 4A1B2C3D4E: info: header X-Campaign-ID: nl from x[1]; from=<a@b> to=<c@d>",
		"Nov  2 06:00:00 mta1 postfix/qmgr[1]: 4A1B2C3D4E: from=<a@b>, status=expired, returned to sender",
		"2026-11-02 06:00:00.123 +0100 [12] 1rAbCd-0001Ab-2C == a@b.test R=r T=t defer (-44) H=m [::1]: SMTP error from remote mail server after RCPT TO:<a@b>: 421 x",
		"Nov  2 06:00:00 mta1 exim[1]: 2026-11-02 06:00:00 1rAbCd-00000001Ab0-2CdE <= <> R=1rAbCd-0001Ab-2C U=x P=local",
		"Nov  2 06:00:00 mta1 sm-mta[1]: 5A160000001002: to=<a@b>,<c@d>, delay=1, mailer=esmtp, relay=m. [127.0.0.1], dsn=4.7.0, stat=Deferred: 421 4.7.0 x",
		"9 <22>1 2026-11-02T05:00:00Z mta1 postfix/smtp 1 - [a b=\"c\\\"]\"][d e=\"\"] \xef\xbb\xbf 4A1B2C3D4E: removed",
		"\033[36mmail-1  |\033[0m 2026-11-02T05:00:00Z stdout F Mon Nov  2 06:00:00.5 2026 mta1 <mail.info> Message forwarded from x: postfix/smtp[1]: [ID 1 mail.info] 4A1B2C3D4E: removed",
		"@400000006ae6cc5a1b2c3d4e Mon 2026-11-02 06:00:00,5 CET mta1 smtpd[1]: 9c0f1a2b3c4d5e02 mta delivery evpid=5a6b7c8011223301 from=<a@b> to=<c@d> rcpt=<-> source=\"-\" relay=\"192.0.2.26 (m)\" delay=1s result=\"TempFail\" stat=\"421 x\"",
		"@400000006ae6cc5a1b2c3d4e info msg 1: bytes 1 from <a@b> qp 1 uid 1",
		"@400000006ae6cc5a1b2c3d4e starting delivery 1: msg 1 to remote a@b",
		"Nov  2 06:00:00 mta1 qmail: 1793595600.5 delivery 1: deferral: Remote_host_said:_421_x/",
		"1793595600.5 mta1 smtpd[1]: relay: Ok for 5a6b7c8011223305: session=1, from=<a@b>, to=<c@d>, rcpt=<->, source=-, relay=1 (m), delay=1s, stat=250 x",
		"Nov  2 06:00:00 mta1 sm-mta[1]: 5A160000001002: 5A160000001003: sender notify: Cannot send message for 5 days",
	};
	struct log_line l;
	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		for (size_t n = 0; n <= strlen(lines[i]); n++) {
			char *copy = malloc(n ? n : 1);
			struct log_clock clock = { .reference = NOW, .now = NOW };
			struct span rest, domain;
			memcpy(copy, lines[i], n);
			maillog_read((struct span){ copy, n }, NULL, &clock, &l);
			for (rest = l.recipients; rest.p && log_recipient(&rest, &domain);)
				assert_in_range(domain.n, 0, n);
			free(copy);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_stamps),
		cmocka_unit_test(one_minute_after_the_other),
		cmocka_unit_test(nothing_is_read_into_a_line),
		cmocka_unit_test(heads),
		cmocka_unit_test(several_recipients),
		cmocka_unit_test(cut_anywhere),
	};
	return cmocka_run_group_tests_name("lines of mail logs", tests, setup, NULL);
}
