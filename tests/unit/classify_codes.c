/* Which reply and enhanced codes a text gives, and which rows of digits are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "classify/rules.h"

static const struct {
	const char *text;
	unsigned reply;
	const char *status;
} CASES[] = {
	/* as servers write them */
	{ "550 5.1.1 <kim@example.org>: User unknown", 550, "5.1.1" },
	{ "550-5.1.1 The account does not exist.\r\n550 5.1.1 Learn more", 550, "5.1.1" },
	{ "smtp; 550 5.1.1 unknown", 550, "5.1.1" },
	{ "smtp;550 5.7.606 Access denied, banned sending IP", 550, "5.7.606" },
	{ "SMTP; 553 Invalid recipient (Mode: normal)", 553, "" },
	{ "550 #5.1.0 Address rejected.", 550, "5.1.0" },
	{ "552 sorry, over quota (#5.2.2)", 552, "5.2.2" },
	{ "Sorry, no mailbox here by that name. (#5.1.1)", 0, "5.1.1" },
	{ "5.1.1 (bad destination mailbox address)", 0, "5.1.1" },
	{ "550-'5.2.2 <kim@example.org>... Mailbox Full'", 550, "5.2.2" },
	{ "host mx.example.org[192.0.2.1] said: 550 No such user (in reply to RCPT TO command)",
		550, "" },
	{ "554 delivery error: dd This user doesn't have an account", 554, "" },
	{ "SMTP error from remote mail server after RCPT TO:<kim@example.org>: 550 Unknown", 550,
		"" },
	{ "Remote server returned error 550: no such user", 550, "" },
	{ "421, ERROR_CODE :, Host not reachable.", 421, "" },
	{ "<<< 550 5.1.1 unknown\n550 5.1.1 <kim@example.org>... User unknown", 550, "5.1.1" },
	{ "250 2.1.5 OK", 250, "2.1.5" },
	/* the one that says most wins, and brings its reply code */
	{ "554 5.0.0 Service unavailable; 550 5.1.1 unknown", 550, "5.1.1" },
	{ "5.1.0 - Unknown address error 550-'5.2.2 Mailbox Full'", 550, "5.2.2" },
	{ "554 4.4.7 Message expired.<421 4.4.2 Connection timed out>", 421, "4.4.2" },
	{ "550 5.1.1 unknown; 554 5.0.0 Service unavailable", 550, "5.1.1" },
	{ "250 2.1.5 OK then 550 5.2.1 disabled", 550, "5.2.1" },
	{ "220 mx.example.org ready\r\n550 no", 550, "" },
	/* what is no code */
	{ "connect to 5.1.1.2 failed", 0, "" },
	{ "host 192.0.2.1 [5.1.1.1]:25 refused", 0, "" },
	{ "Exim 4.94.2 says hello", 0, "" },
	{ "Postfix 5.1.2 says hello", 0, "" },
	{ "version 5.2.1 of the filter", 0, "" },
	{ "message of 550 bytes", 0, "" },
	{ "on port 587 and line 512", 0, "" },
	{ "id 550-1234 queued as AB550", 0, "" },
	{ "case 2024-550 of the list", 0, "" },
	{ "form A-5.1.1 is missing", 0, "" },
	{ "2024-05-12 at 10:11:12.500", 0, "" },
	{ "user550 and 550user and 5500", 0, "" },
	{ "price 5.1", 0, "" },
	{ "5.1.1.", 0, "5.1.1" },
	{ "5.10.1234", 0, "" },
	{ "6.1.1 and 3.1.1 and 1.1.1", 0, "" },
	{ "5.99.1 strange", 0, "" },
	{ "there are 250 messages", 0, "" },
	{ "http://example.org/550/5.1.1", 0, "" },
	{ "", 0, "" },
	{ "550", 550, "" },
	{ "5", 0, "" },
	{ "5.", 0, "" },
	{ "5.1", 0, "" },
	{ "5.1.", 0, "" },
};

static const char *text_of(struct status s)
{
	static char text[EVENT_STATUS_SIZE];

	return status_text(s, text);
}

static void codes_are_told_from_numbers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		/* in memory of just this size, so that a byte read behind the end is seen */
		size_t n = strlen(CASES[i].text);
		char *copy = malloc(n + !n);
		struct codes c;

		memcpy(copy, CASES[i].text, n);
		c = codes_find((struct span){ copy, n });
		if (c.reply != CASES[i].reply || strcmp(text_of(c.status), CASES[i].status))
			fail_msg("'%s' gives %u '%s', not %u '%s'", CASES[i].text, c.reply,
				text_of(c.status), CASES[i].reply, CASES[i].status);
		if (c.begin > c.end || c.end > n)
			fail_msg("'%s': codes stand at %zu to %zu of %zu", CASES[i].text, c.begin,
				c.end, n);
		free(copy);
	}
}

static void codes_say_where_they_stand(void **state)
{
	struct codes c = codes_find(SPAN("said: 550 5.1.1 unknown"));
	(void)state;

	assert_int_equal(c.begin, 6);
	assert_int_equal(c.end, 15);
}

static void status_fields_are_read(void **state)
{
	static const struct {
		const char *text, *status;
	} fields[] = {
		{ "5.1.1", "5.1.1" },
		{ " 5.1.1\r\n", "5.1.1" },
		{ "5.0.0 (permanent failure)", "5.0.0" },
		{ "4.4.7 (unable to deliver)", "4.4.7" },
		{ "2.1.5", "2.1.5" },
		{ "5.7.606", "5.7.606" },
		{ "5.=", "" },
		{ "", "" },
		{ "5.1.1.1", "" },
		{ "5.1.1234", "" },
		{ "9.1.1", "" },
		{ "RO", "" },
	};
	(void)state;

	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		assert_string_equal(
			text_of(status_parse(span_of(fields[i].text))), fields[i].status);
}

static void any_bytes_end_soon(void **state)
{
	static const char *const units[] = { "5", "5.", "5.1.", "550 ", "5.1.1 ", "550-5.1.1 ", "#",
		"1.", "...", " ", "\x80" };
	enum { SIZE = 1 << 20 };
	char *text = malloc(SIZE);
	(void)state;

	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		struct codes c;

		for (size_t n = 0; n < SIZE; n++)
			text[n] = units[i][n % strlen(units[i])];
		c = codes_find((struct span){ text, SIZE });
		assert_true(c.end <= SIZE && c.begin <= c.end);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_are_told_from_numbers),
		cmocka_unit_test(codes_say_where_they_stand),
		cmocka_unit_test(status_fields_are_read),
		cmocka_unit_test(any_bytes_end_soon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
