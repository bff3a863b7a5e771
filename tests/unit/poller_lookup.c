/*
 * Postfix's lookup protocols: what it sends is understood in any pieces, what it does not send is
 * refused, no reply breaks its frame.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "poller/command/lookup.h"

static struct lookup request;
static size_t used;

static enum lookup_result parse(const char *text)
{
	/* memory of just that size: the sanitizers see one byte too far */
	size_t n = strlen(text);
	char *copy = malloc(n + !n);
	assert_non_null(copy);
	memcpy(copy, text, n);
	enum lookup_result result = lookup_parse((struct span){ copy, n }, &request, &used);
	free(copy);
	return result;
}

static void requests_of_both_protocols(void **state)
{
	(void)state;
	assert_int_equal(parse("24:retour anna@example.org.,"), LOOKUP_REQUEST);
	assert_string_equal(request.key, "anna@example.org.");
	assert_int_equal(request.protocol, LOOKUP_SOCKETMAP);
	assert_int_equal(used, 28);
	assert_int_equal(parse("get anna@example.org\nget "), LOOKUP_REQUEST);
	assert_string_equal(request.key, "anna@example.org");
	assert_int_equal(request.protocol, LOOKUP_TCP);
	assert_int_equal(used, 21);
	assert_int_equal(parse("get \"a%20b%25\"@example.org\n"), LOOKUP_REQUEST);
	assert_string_equal(request.key, "\"a b%\"@example.org");
	assert_int_equal(parse("7:retour ,"), LOOKUP_REQUEST);
	assert_int_equal(request.n, 0);
}

static void every_beginning_of_a_request_waits_for_more(void **state)
{
	static const char *const whole[] = { "23:retour anna@example.org,",
		"get a%20nna@example.org\n" };
	char part[64];
	(void)state;
	for (unsigned i = 0; i < 2; i++)
		for (size_t n = 0; n < strlen(whole[i]); n++) {
			snprintf(part, sizeof part, "%.*s", (int)n, whole[i]);
			assert_int_equal(parse(part), LOOKUP_PARTIAL);
		}
}

static void garbage_ends_the_talk(void **state)
{
	static const char *const bad[] = { "put a b\n", "GET / HTTP/1.1\n", "get\n", "3:a b;",
		"3:abc,", "99999:", "000001:a b,", "12x:a", "get %4\n", "get %zz\n", "get %\n",
		"-1:a b,", "\n" };
	(void)state;
	for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(parse(bad[i]), LOOKUP_GARBAGE);
}

static void keys_have_a_limit(void **state)
{
	char text[LOOKUP_REQUEST_MAX + 64], key[LOOKUP_KEY_MAX + 2];
	(void)state;
	memset(key, 'a', sizeof key);
	for (int over = 0; over < 2; over++) {
		int n = LOOKUP_KEY_MAX + over;
		snprintf(text, sizeof text, "get %.*s\n", n, key);
		assert_int_equal(parse(text), over ? LOOKUP_GARBAGE : LOOKUP_REQUEST);
		snprintf(text, sizeof text, "%d:retour %.*s,", n + 7, n, key);
		assert_int_equal(parse(text), over ? LOOKUP_GARBAGE : LOOKUP_REQUEST);
	}
	memset(text, 'a', sizeof text);
	memcpy(text, "get ", 4);
	text[LOOKUP_REQUEST_MAX] = '\0';
	assert_int_equal(parse(text), LOOKUP_GARBAGE);
}

static void replies(void **state)
{
	char reply[LOOKUP_REPLY_SIZE], text[LOOKUP_REPLY_SIZE];
	(void)state;
	assert_int_equal(lookup_reply(LOOKUP_SOCKETMAP, LOOKUP_FOUND, "550 no", reply), 12);
	assert_string_equal(reply, "9:OK 550 no,");
	lookup_reply(LOOKUP_SOCKETMAP, LOOKUP_NONE, "", reply);
	assert_string_equal(reply, "9:NOTFOUND ,");
	lookup_reply(LOOKUP_SOCKETMAP, LOOKUP_LATER, "disk", reply);
	assert_string_equal(reply, "9:TEMP disk,");
	lookup_reply(LOOKUP_TCP, LOOKUP_FOUND, "550 100% sure", reply);
	assert_string_equal(reply, "200 550 100%25 sure\n");
	lookup_reply(LOOKUP_TCP, LOOKUP_NONE, "", reply);
	assert_string_equal(reply, "500 none\n");
	memset(text, '%', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	size_t n = lookup_reply(LOOKUP_TCP, LOOKUP_FOUND, text, reply);
	assert_true(n < sizeof reply && n == strlen(reply) && reply[n - 1] == '\n');
	n = lookup_reply(LOOKUP_SOCKETMAP, LOOKUP_FOUND, text, reply);
	assert_true(n < sizeof reply && n == strlen(reply) && reply[n - 1] == ',');
}

static void verdicts_as_actions(void **state)
{
	struct answer a = {
		.verdict = VERDICT_SUPPRESS, .since = 1790000000, .reason = "user-unknown"
	};
	char text[LOOKUP_REPLY_SIZE];
	(void)state;
	assert_int_equal(lookup_action(&a, text), LOOKUP_FOUND);
	assert_string_equal(text, "550 5.1.1 recipient refused");
	a = (struct answer){
		.verdict = VERDICT_HOLD, .until = 1790000000, .reason = "mailbox-full"
	};
	assert_int_equal(lookup_action(&a, text), LOOKUP_FOUND);
	assert_string_equal(text, "450 4.2.1 recipient deferred");
	a.until = 0;
	lookup_action(&a, text);
	assert_string_equal(text, "450 4.2.1 recipient deferred");
	a = (struct answer){ .verdict = VERDICT_SEND };
	assert_int_equal(lookup_action(&a, text), LOOKUP_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_of_both_protocols),
		cmocka_unit_test(every_beginning_of_a_request_waits_for_more),
		cmocka_unit_test(garbage_ends_the_talk),
		cmocka_unit_test(keys_have_a_limit),
		cmocka_unit_test(replies),
		cmocka_unit_test(verdicts_as_actions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
