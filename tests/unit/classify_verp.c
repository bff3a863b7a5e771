/*
 * The token's form: what goes in comes out, whatever the address holds, and never more than fits;
 * nothing else is taken for a token.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "classify/verp.h"

static struct verp make(bool full, const char *campaign, const char *recipient)
{
	struct verp v = { .full = full, .key = "aa", .mac = "abcdefghij27" };
	strcpy(v.campaign, campaign);
	strcpy(v.recipient, recipient);
	return v;
}

static void forms(void **state)
{
	char token[VERP_TOKEN_SIZE];
	struct verp v = make(true, "nl10", "anna@example.org"), back;
	(void)state;
	assert_int_equal(verp_encode(&v, token, 64), 37);
	assert_string_equal(token, "vaaabcdefghij27=nl10=anna=example.org");
	assert_true(verp_decode(span_of(token), &back));
	assert_memory_equal(&back, &v, sizeof v);
	v.full = false;
	assert_int_equal(verp_encode(&v, token, 64), 20);
	assert_string_equal(token, "waaabcdefghij27=nl10");
	assert_true(verp_decode(span_of(token), &back));
	assert_string_equal(back.recipient, "");
	assert_string_equal(back.campaign, "nl10");
}

static void mail_systems_may_fold_case(void **state)
{
	struct verp back;
	(void)state;
	assert_true(verp_decode(SPAN("VAAABCDEFGHIJ27=NL_2B=ANNA_4A=EXAMPLE.ORG"), &back));
	assert_string_equal(back.recipient, "annaJ@example.org");
	assert_string_equal(back.campaign, "nl+");
	assert_string_equal(back.mac, "abcdefghij27");
}

static void odd_addresses_come_back(void **state)
{
	static const char *const odd[] = { "a..b@example.org", ".a@example.org", "a.@example.org",
		"\"a b\"@example.org", "a+b=c_d@example.org", "UPPER@example.org",
		"m\xc3\xbcller@example.org", "\"a@b\"@example.org", "a@[192.0.2.1]",
		"~!#$%&'*/?^`{|}@example.org" };
	char token[VERP_TOKEN_SIZE];
	struct verp back;
	(void)state;
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		struct verp v = make(true, "c", odd[i]);
		size_t n = verp_encode(&v, token, 64);
		if (!n) /* longer than fits when each sign takes three */
			continue;
		assert_int_equal(n, strlen(token));
		assert_int_equal(strspn(token, "abcdefghijklmnopqrstuvwxyz0123456789-._="), n);
		assert_null(strstr(token, ".."));
		assert_true(verp_decode(span_of(token), &back));
		assert_string_equal(back.recipient, odd[i]);
	}
}

static void what_is_read_is_written_the_same(void **state)
{
	struct verp back;
	(void)state;
	assert_true(verp_decode(SPAN("vaaabcdefghij27=c=a_40b=example.org"), &back));
	assert_false(verp_decode(SPAN("vaaabcdefghij27=c=a=b_40example.org"),
		&back)); /* would be "a@b" at example.org */
}

static void never_longer_than_the_room(void **state)
{
	char token[VERP_TOKEN_SIZE + 1];
	struct verp v = make(true, "c", "");
	(void)state;
	for (size_t local = 1; local < 80; local++) {
		memset(v.recipient, 'x', local);
		strcpy(v.recipient + local, "@e.org");
		for (size_t room = 0; room <= 64; room++) {
			memset(token, '#', sizeof token);
			size_t n = verp_encode(&v, token, room),
			       wanted = 15 + 2 + 1 + local + 1 + 5;
			assert_int_equal(n, wanted <= room ? wanted : 0);
			assert_int_equal(token[n], '\0');
			assert_int_equal(token[room + 1], '#');
		}
	}
}

static void what_is_none(void **state)
{
	static const char *const none[] = { "", "v", "vaaabcdefghij27",
		"vaaabcdefghij27=", "vaaabcdefghij27=c", "vaaabcdefghij27=c=anna",
		"vaaabcdefghij27=c=anna=", "vaaabcdefghij27=c==example.org",
		"vaaabcdefghij27==anna=example.org", "vaaabcdefghij27=c=anna=example.org=x",
		"waaabcdefghij27=c=x", "xaaabcdefghij27=c", "vaaabcdefghij1!=c=anna=example.org",
		"vaaabcdefghij27=c=an_4=example.org", "vaaabcdefghij27=c=an_zz=example.org",
		"vaaabcdefghij27=c=an_00=example.org", "vaaabcdefghij27=c=an+na=example.org",
		"vaaabcdefghij27-c=anna=example.org" };
	struct verp back;
	(void)state;
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		assert_false(verp_decode(span_of(none[i]), &back));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms),
		cmocka_unit_test(mail_systems_may_fold_case),
		cmocka_unit_test(odd_addresses_come_back),
		cmocka_unit_test(what_is_read_is_written_the_same),
		cmocka_unit_test(never_longer_than_the_room),
		cmocka_unit_test(what_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
