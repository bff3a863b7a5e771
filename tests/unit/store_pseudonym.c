/* One form for one address, and pseudonyms that only the right key, purpose and address give. */
#include "tests/unit/store_fixture.h"
#include <sodium.h>

static const struct {
	const char *address, *folded, *kept; /* NULL: no address */
} table[] = {
	{ "joe@example.org", "joe@example.org", "joe@example.org" },
	{ "Joe.Doe+Tag@EXAMPLE.Org", "joe.doe+tag@example.org", "Joe.Doe+Tag@example.org" },
	{ " <joe@example.org>\r\n", "joe@example.org", "joe@example.org" },
	{ "joe@example.org.", "joe@example.org", "joe@example.org" },
	{ "\"joe\"@example.org", "joe@example.org", "joe@example.org" },
	{ "\"joe doe\"@example.org", "\"joe doe\"@example.org", "\"joe doe\"@example.org" },
	{ "\"a@b\"@example.org", "\"a@b\"@example.org", "\"a@b\"@example.org" },
	{ "joe..doe.@example.org", "joe..doe.@example.org", "joe..doe.@example.org" },
	{ "joe@b\xc3\xbc"
	  "cher.example",
		"joe@xn--bcher-kva.example", "joe@xn--bcher-kva.example" },
	{ "joe@B\xc3\x9c"
	  "CHER.example",
		"joe@xn--bcher-kva.example", "joe@xn--bcher-kva.example" },
	{ "joe@bu\xcc\x88"
	  "cher.example",
		"joe@xn--bcher-kva.example", "joe@xn--bcher-kva.example" },
	{ "joe@XN--BCHER-KVA.example", "joe@xn--bcher-kva.example", "joe@xn--bcher-kva.example" },
	{ "joe@stra\xc3\x9f"
	  "e.example",
		"joe@xn--strae-oqa.example", "joe@xn--strae-oqa.example" },
	{ "J\xc3\x9cRGEN@example.org", "j\xc3\xbcrgen@example.org", "J\xc3\x9cRGEN@example.org" },
	{ "ju\xcc\x88rgen@example.org", "j\xc3\xbcrgen@example.org", "j\xc3\xbcrgen@example.org" },
	{ "joe@[192.0.2.1]", "joe@[192.0.2.1]", "joe@[192.0.2.1]" },
	{ "joe@[IPv6:2001:DB8::1]", "joe@[ipv6:2001:db8::1]", "joe@[ipv6:2001:db8::1]" },
	{ "joe@under_score.example", "joe@under_score.example", "joe@under_score.example" },
	{ "root@localhost", "root@localhost", "root@localhost" },
	{ "", NULL, NULL },
	{ "joe", NULL, NULL },
	{ "@example.org", NULL, NULL },
	{ "joe@", NULL, NULL },
	{ "joe@.", NULL, NULL },
	{ "joe@.example.org", NULL, NULL },
	{ "joe@example..org", NULL, NULL },
	{ "joe@exam ple.org", NULL, NULL },
	{ "joe doe@example.org", NULL, NULL },
	{ "joe,jane@example.org", NULL, NULL },
	{ "joe@example.org>", NULL, NULL },
	{ "\"joe\ndoe\"@example.org", NULL, NULL },
	{ "joe\xff@example.org", NULL, NULL },
	{ "joe@\xff.example", NULL, NULL },
	{ "joe@[]", NULL, NULL },
	{ "<>", NULL, NULL },
	{ "rfc822;joe@example.org", NULL, NULL },
};

static void expect_form(const char *address, bool fold, const char *form)
{
	char out[CANONICAL_SIZE];
	size_t n = address_canonical(address, strlen(address), fold, out);

	if (n != (form ? strlen(form) : 0) || (form && memcmp(out, form, n) != 0))
		fail_msg("%s: %.*s", address, (int)n, out);
}

static void forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		expect_form(table[i].address, true, table[i].folded);
		expect_form(table[i].address, false, table[i].kept);
	}
}

static void limits(void **state)
{
	char text[2000], out[CANONICAL_SIZE];

	(void)state;
	memset(text, 'a', sizeof text);
	text[254] = '@';
	assert_int_equal(address_canonical(text, 254 + 1 + 63, true, out), 254 + 1 + 63);
	assert_int_equal(address_canonical(text, 254 + 1 + 64, true, out), 0); /* a label of 64 */
	text[254] = 'a';
	text[255] = '@';
	assert_int_equal(address_canonical(text, 255 + 1 + 10, true, out), 0);
	text[255] = 'a';
	text[1] = '@';
	for (int i = 65; i < 2000; i += 64)
		text[i] = '.';
	assert_int_equal(address_canonical(text, 2 + 253, true, out), 2 + 253);
	assert_int_equal(address_canonical(text, 2 + 254, true, out), 0);
	assert_int_equal(address_canonical(text, sizeof text, true, out), 0);
	assert_int_equal(address_canonical("joe@exa\0mple.org", 16, true, out), 0);
	assert_int_equal(address_canonical("j\0e@example.org", 15, true, out), 0);
	/* letters that grow when they are folded */
	for (size_t i = 0; i + 1 < 254; i += 2)
		memcpy(text + i, "\xc8\xba", 2); /* U+023A, two bytes, becomes U+2C65, three */
	memcpy(text + 254, "@example.org", 12);
	assert_int_equal(address_canonical(text, 266, true, out), 0);
	assert_int_equal(address_canonical(text, 266, false, out), 266);
}

/* The value is fixed: a change of form or input would make every stored pseudonym worthless. */
static void stable(void **state)
{
	static const char expected[] = "ac71cbc9b14f467169d8813d6cf0e172",
			  expected_event[] = "09965ade3a1cb362833949c11bdc5b89";
	unsigned char key[KEY_SIZE], out[PSEUDONYM_SIZE];
	char hex[2 * PSEUDONYM_SIZE + 1];

	(void)state;
	for (unsigned i = 0; i < sizeof key; i++)
		key[i] = (unsigned char)i;
	pseudonym(out, PSEUDONYM_STATE, key, "joe@example.org", 15);
	assert_string_equal(sodium_bin2hex(hex, sizeof hex, out, sizeof out), expected);
	pseudonym(out, PSEUDONYM_EVENT, key, "joe@example.org", 15);
	assert_string_equal(sodium_bin2hex(hex, sizeof hex, out, sizeof out), expected_event);
	key[31] ^= 1;
	pseudonym(out, PSEUDONYM_EVENT, key, "joe@example.org", 15);
	assert_string_not_equal(sodium_bin2hex(hex, sizeof hex, out, sizeof out), expected_event);
}

static void gmail_is_folded_where_that_is_asked_for(void **state)
{
	static const struct {
		const char *address, *plain, *folded;
	} cases[] = {
		{ "An.na@Gmail.com", "an.na@gmail.com", "anna@gmail.com" },
		{ "anna@GOOGLEMAIL.com.", "anna@googlemail.com", "anna@gmail.com" },
		{ ".a..n.na.@googlemail.com", ".a..n.na.@googlemail.com", "anna@gmail.com" },
		{ "an.na+news@gmail.com", "an.na+news@gmail.com", "anna+news@gmail.com" },
		{ "\"an na.b\"@gmail.com", "\"an na.b\"@gmail.com", "\"an na.b\"@gmail.com" },
		{ "\"an.na\"@gmail.com", "an.na@gmail.com", "anna@gmail.com" },
		{ "...@gmail.com", "...@gmail.com", "...@gmail.com" },
		{ "an.na@gmail.com.example.org", "an.na@gmail.com.example.org",
			"an.na@gmail.com.example.org" },
		{ "an.na@notgmail.com", "an.na@notgmail.com", "an.na@notgmail.com" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (int folded = 0; folded < 2; folded++) {
			const char *wanted = folded ? cases[i].folded : cases[i].plain;
			char out[CANONICAL_SIZE];
			size_t n = address_canonical(cases[i].address, strlen(cases[i].address),
				FOLD_CASE | (folded ? FOLD_GMAIL : 0), out);
			if (n != strlen(wanted) || memcmp(out, wanted, n) != 0)
				fail_msg("%s: got %.*s, wanted %s", cases[i].address, (int)n, out,
					wanted);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gmail_is_folded_where_that_is_asked_for),
		cmocka_unit_test(forms),
		cmocka_unit_test(limits),
		cmocka_unit_test(stable),
	};

	return cmocka_run_group_tests_name("pseudonyms", tests, NULL, NULL);
}
