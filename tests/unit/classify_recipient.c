/*
 * Addresses in text and in the fields of delivery reports; each recipient once; and what redaction
 * leaves of a diagnostic.
 */
#include "classify_fixture.h"
#include "classify/dsn.h"
#include "classify/origin.h"
#include "classify/recipient.h"
#include "classify/redact.h"

static void finds_addresses(void **state)
{
	(void)state;
	static const struct {
		const char *text, *address; /* NULL: none */
	} cases[] = {
		{ "to <a.b+c@mx.example.org>: no", "a.b+c@mx.example.org" },
		{ "RCPT TO:<a@example.org>", "a@example.org" },
		{ "to=a@example.org, relay", "a@example.org" },
		{ "mailto:a@example.org", "a@example.org" },
		{ "550-a@example.org: unknown", "a@example.org" },
		{ "\"a b\"@example.org.", "\"a b\"@example.org" },
		{ "a@[192.0.2.1]", "a@[192.0.2.1]" },
		{ "<a@[192.0.2.1]>", "a@[192.0.2.1]" },
		{ "a@localhost", NULL },
		{ "<a@localhost>", "a@localhost" },
		{ "a @example.org", NULL },
		{ "@example.org", NULL },
		{ "a@", NULL },
		{ "", NULL },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct found_address a;
		size_t at = 0;
		bool found = address_next(span_of(cases[i].text), &at, &a);
		if (found != (cases[i].address != NULL))
			fail_msg("case %zu: %s", i, cases[i].text);
		if (found && cases[i].address)
			ASSERT_SPAN(a.text, cases[i].address);
	}
}

static void reads_recipient_fields(void **state)
{
	(void)state;
	static const struct {
		const char *field, *address;
		bool xtext;
	} cases[] = {
		{ "rfc822; a@example.org", "a@example.org", false },
		{ "RFC822;<a@example.org> (Anna)", "a@example.org", false },
		{ "a@example.org", "a@example.org", false },
		{ "rfc822; Anna <a@example.org>", "a@example.org", false },
		{ "rfc822; a+2Bb@example.org", "a+b@example.org", true },
		{ "rfc822; a+20off@example.org", "a+20off@example.org",
			true }, /* no encoder writes that */
		{ "rfc822; a+2Bb@example.org", "a+2Bb@example.org", false },
		{ "utf-8; j\\x{F6}rg@example.org", "j\xc3\xb6rg@example.org", false },
		{ "rfc822; userx", "", false },
		{ "local; |/usr/bin/vacation", "", false },
		{ "x400; /G=Erika/S=Beispiel/O=Example/PRMD=example/ADMD=test/C=DE/", "", false },
		{ "ldap; uid=anna,ou=people,dc=example,dc=org", "", false },
		{ "ldap; mail=anna@example.org,ou=people,dc=example,dc=org", "", false },
		{ "rfc822; CN=Anna Beispiel/OU=People/O=Example@EXAMPLE", "", false },
		{ "rfc822;@relay.example.net,@hub.example.net:anna@example.org", "anna@example.org",
			false },
		{ "rfc822; \"anna maria\"@example.org", "\"anna maria\"@example.org", false },
		{ "rfc822; anna+news@example.org", "anna+news@example.org", true },
		{ "utf-8; anna@m\xc3\xbcller.test", "anna@m\xc3\xbcller.test", false },
		{ "rfc822; anna@xn--mller-kva.test", "anna@xn--mller-kva.test", false },
		{ "", "", false },
	};
	char address[EVENT_ADDRESS_SIZE];
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		recipient_field(span_of(cases[i].field), cases[i].xtext, address);
		assert_string_equal(address, cases[i].address);
	}
}

static void counts_each_once(void **state)
{
	(void)state;
	struct recipient_set *s = recipient_set_new();
	char address[64];
	assert_non_null(s);
	assert_int_equal(recipient_set_add(s, SPAN("A@example.org")), RECIPIENT_ADDED);
	assert_int_equal(recipient_set_add(s, SPAN("a@EXAMPLE.org")), RECIPIENT_SEEN);
	for (int i = 1; i < CLASSIFY_EVENTS_MAX; i++) {
		snprintf(address, sizeof address, "u%d@example.org", i);
		assert_int_equal(recipient_set_add(s, span_of(address)), RECIPIENT_ADDED);
	}
	assert_int_equal(recipient_set_add(s, SPAN("a@example.org")),
		RECIPIENT_SEEN); /* full, and nothing lost */
	assert_int_equal(recipient_set_add(s, SPAN("one.more@example.org")), RECIPIENT_NO_ROOM);
	recipient_set_wipe(s);
	assert_int_equal(recipient_set_add(s, SPAN("a@example.org")), RECIPIENT_ADDED);
	recipient_set_free(s);
}

static void groups_fields(void **state)
{
	(void)state;
	static const struct {
		const char *body;
		size_t groups;
	} cases[] = {
		{ "Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; a@b\nAction: failed\n\nFinal-Recipient: rfc822; c@d\nAction: failed\n",
			2 },
		{ "Reporting-MTA: dns; mx\nFinal-Recipient: rfc822; a@b\nAction: failed\nStatus: 5.1.1\nOriginal-Recipient: rfc822; c@d\nFinal-Recipient: rfc822; c@d\n",
			2 },
		{ "Original-Recipient: rfc822; a@b\n\nFinal-Recipient: rfc822; a@b\n\nAction: failed\n\nStatus: 5.1.1\n",
			1 },
		{ "Final-Recipient: rfc822; a@b\nFinal-Recipient: rfc822; a@b\nAction: failed\nAction: failed\n",
			1 },
		{ "Final-Recipient: rfc822; a@b\nFinal-Recipient: rfc822; c@d\nAction: failed\n",
			2 },
		{ "Original-Recipient: rfc822; l@b\nFinal-Recipient: rfc822; a@b\nAction: failed\nStatus: 5.1.1\n"
		  "Original-Recipient: rfc822; l@b\nFinal-Recipient: rfc822; c@d\nAction: failed\nStatus: 5.1.1\n",
			2 },
		{ "Final-Recipient: rfc822; a@b\nStatus: 5.1.1\nStatus: 5.2.2\n", 1 },
		{ "Diagnostic-Code: smtp; 550 no\n", 1 },
		{ "Reporting-MTA: dns; mx\n", 0 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct dsn_reader r;
		struct dsn_recipient g;
		size_t groups = 0;
		dsn_open(&r, span_of(cases[i].body));
		while (dsn_next(&r, &g))
			groups++;
		if (groups != cases[i].groups)
			fail_msg("case %zu: %zu groups", i, groups);
	}
	ASSERT_SPAN(dsn_host(SPAN("dns; mx.example.org. (192.0.2.1)")), "mx.example.org");
	ASSERT_SPAN(dsn_diagnostic(SPAN("smtp; 550 no; really")), "550 no; really");
}

static void unwraps_and_matches(void **state)
{
	(void)state;
	char buffer[EVENT_ADDRESS_SIZE];
	ASSERT_SPAN(origin_unwrap(SPAN("SRS0=aB=XY=example.com=news@fwd.test"), buffer),
		"news@example.com");
	ASSERT_SPAN(
		origin_unwrap(SPAN("SRS1=h=fwd.test==aB=XY=example.com=news@other.test"), buffer),
		"news@example.com");
	ASSERT_SPAN(origin_unwrap(SPAN("prvs=0123456789=news@example.com"), buffer),
		"news@example.com");
	ASSERT_SPAN(origin_unwrap(SPAN("SRS0=aB"), buffer), "SRS0=aB");
	assert_true(origin_is_ours(&FIXTURE_OPTIONS, SPAN("News.Example.com")));
	assert_false(origin_is_ours(&FIXTURE_OPTIONS, SPAN("notexample.com")));
	ASSERT_SPAN(
		origin_token(FIXTURE_OPTIONS.verp, SPAN("bounce+k7-x@bounce.example.com")), "k7-x");
	assert_int_equal(
		origin_token(FIXTURE_OPTIONS.verp, SPAN("bounce+@bounce.example.com")).n, 0);
	assert_int_equal(
		origin_verp_recipient(SPAN("bounces+camp+anna=example.org@example.com"), buffer),
		16);
	assert_string_equal(buffer, "anna@example.org");
}

static void redacts(void **state)
{
	(void)state;
	char out[256];
	const struct span locals[] = { { "kijitora", 8 }, { "@smith-family.example", 21 },
		{ "", 0 } };
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "550 5.1.1 <a@example.org>: User unknown", "550 5.1.1 <address>: User unknown" },
		{ "user%40example.org bounce+a=example.org", "<address> <address>" },
		{ "ORCPT=rfc822;user+40example.org x=user=40localhost",
			"ORCPT=rfc822;<address> <address>" },
		{ "host mx1.example.org[192.0.2.1] said", "host mx1.example.org[<ip>] said" },
		{ "2001:db8::25 IPv6:2001:db8::1", "<ip> <ip>" },
		{ "see https://example.org/?e=a for", "see <url> for" },
		{ "User kijitora not found", "User <address> not found" },
		{ "550 5.7.606 Access denied", "550 5.7.606 Access denied" },
		{ "554-5.7.1 Reject due to policy 192-0-2-1",
			"554-5.7.1 Reject due to policy <ip>" },
		{ "call 0301234567", "call <id>" },
		{ "Host smith-family.example not found; mx1.Smith-Family.example[192.0.2.1] (mx.notsmith-family.example)",
			"Host <domain> not found; <domain>[<ip>] (mx.notsmith-family.example)" },
		{ "550 <anna.smith>: unknown, <Anna> too, <Anna Smith> not",
			"550 <address>: unknown, <address> too, <Anna Smith> not" },
		{ "end with <CRLF>.<CRLF> <address> <ip>",
			"end with <CRLF>.<CRLF> <address> <ip>" },
		{ "anna (at) example.org, anna[AT]example.org; anna.b at example.org gone",
			"<address>, <address>; <address> gone" },
		{ "rejected at mx.example.org, look at this",
			"rejected at mx.example.org, look at this" },
		{ "anna\xef\xbc\xa0"
		  "example.org anna&#64;example.org",
			"<address> <address>;example.org" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		redact(out, sizeof out, span_of(cases[i].in), locals, NULL);
		assert_string_equal(out, cases[i].out);
	}
	assert_int_equal(redact(out, 4, SPAN("a\xc3\xb6<a@example.org>"), NULL, NULL),
		3); /* no room for the bracket: the letter before it stays whole */
	assert_string_equal(out, "a\xc3\xb6");
	assert_int_equal(redact(out, 12, SPAN("550 <a@example.org>"), NULL, NULL),
		4); /* cut before the word, never inside it */
}

/* What an operator types into the ledger or a comment. */
static void finds_addresses_in_notes(void **state)
{
	(void)state;
	static const char *const names[] = { "for anna@example.net", "anna%40example.net",
		"anna (at) example.net", "Anna.B at example.net, by phone",
		"return path b+anna=example.net",
		("anna\xef\xbc\xa0"
		 "example.net"),
		"ask <anna@example.net>", "line\nanna@example.net" };
	static const char *const others[] = { "DS-2026-17", "letter of 3 May, scan at registry",
		"DKIM was broken @ 12:00", "see https://example.org/?id=7.a",
		"Ticket 4711 (at the desk)", "the relay at mx.example.org was down", "" };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!names_address(span_of(names[i])))
			fail_msg("%s", names[i]);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (names_address(span_of(others[i])))
			fail_msg("%s", others[i]);
}

/* A person in the place of a campaign: none, from whichever field it comes. */
static void tells_campaigns_from_people(void **state)
{
	(void)state;
	static const char *const headers[] = { "X-Campaign-ID", "CFBL-Feedback-ID:3", NULL };
	static const struct classify_options options = { .campaign_headers = headers },
					     bare = { .campaign_headers = NULL };
	static const struct {
		const char *path, *feedback, *list, *campaign; /* "": none */
	} cases[] = {
		{ "b+spring+joe=example.net@example.org", "x:1", "", "spring" },
		{ "b+joe=40example.net+joe=example.net@example.org", "", "", "" },
		{ "", "autumn:4711:mail:example", "", "autumn" },
		{ "", "joe=example.net:4711:mail:example", "", "" },
		{ "", "joe@example.net:4711:mail:example", "", "" },
		{ "", "joe%40example.net:4711:mail:example", "", "" },
		{ "", "joe%example.net:4711:mail:example", "", "" },
		{ "", "example.net!joe:4711:mail:example", "", "" },
		{ "", "joe#example.net:4711:mail:example", "", "" },
		{ "", "", "News <news.example.org>", "news.example.org" },
		{ "", "", "<joe=example.net.news.example.org>", "" },
		{ "", "", "<joe@example.net>", "" },
	};
	char name[EVENT_CAMPAIGN_SIZE];
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct returned r = { .feedback_id = span_of(cases[i].feedback),
			.list_id = span_of(cases[i].list),
			.campaign = { "", 0 } };
		origin_campaign(span_of(cases[i].path), &r, name);
		if (strcmp(name, cases[i].campaign) != 0)
			fail_msg("case %zu: got '%s', wanted '%s'", i, name, cases[i].campaign);
	}
	struct span cfbl = SPAN("CFBL-Feedback-ID"), value = SPAN("111:222:autumn:joe.doe");
	assert_int_equal(origin_configured_campaign(&bare, cfbl, value).n, 0);
	struct span part = origin_configured_campaign(&options, cfbl, value);
	assert_true(span_equal_nocase(part, SPAN("autumn")));
	assert_int_equal(origin_configured_campaign(&options, cfbl, SPAN("111:222")).n, 0);
	assert_int_equal(
		origin_configured_campaign(&options, SPAN("X-Campaign-ID"), SPAN("a:b")).n, 3);
}

static void a_campaign_does_not_name_its_recipient(void **state)
{
	(void)state;
	static const struct {
		const char *campaign, *recipient;
		bool names;
	} cases[] = {
		{ "custN_joe.doe", "joe.doe@example.net", true },
		{ "JOE.DOE", "joe.doe@example.net", true },
		{ "autumn:joe:7", "Joe@example.net", true },
		{ "n_joe_doe", "joe/doe@example.net", true },
		{ "autumn-2026", "joe@example.net", false },
		{ "joely", "joe@example.net", false },
		{ "joely-joe", "joe@example.net", true },
		{ "joe.doeexample.net", "joe.doe@example.net", true },
		{ "nl-a", "a@example.net", false }, /* too short to be a name */
		{ "cust-JoeDoe7", "joe.doe@example.net", true },
		{ "doe_joe", "joe.doe@example.net", false },
		{ "spring-sale", "s.s@example.net", false },
		{ "annalena", "anna@example.net", false },
		{ "autumn", "", false },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (origin_campaign_names(cases[i].campaign, span_of(cases[i].recipient)) !=
			cases[i].names)
			fail_msg("%s of %s", cases[i].campaign, cases[i].recipient);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_addresses),
		cmocka_unit_test(reads_recipient_fields),
		cmocka_unit_test(counts_each_once),
		cmocka_unit_test(groups_fields),
		cmocka_unit_test(unwraps_and_matches),
		cmocka_unit_test(tells_campaigns_from_people),
		cmocka_unit_test(a_campaign_does_not_name_its_recipient),
		cmocka_unit_test(redacts),
		cmocka_unit_test(finds_addresses_in_notes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
