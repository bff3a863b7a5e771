/*
 * Which host a text names as the one that answered, and which as the one that reports. Whoever
 * sent, a link, a file or an address is neither.
 */
#include "classify_fixture.h"
#include "classify/prose.h"

static struct rules *rules;

static int make_rules(void **state)
{
	(void)state;
	rules = fixture_rules();
	return 0;
}

static int free_rules(void **state)
{
	(void)state;
	rules_free(rules);
	return 0;
}

static void finds_the_host_that_answered(void **state)
{
	(void)state;
	static const struct {
		const char *about, *host;
	} cases[] = {
		{ "host mx.example.org[203.0.113.1] said: 550 no", "mx.example.org" },
		{ "    host mx.example.org [203.0.113.1]: 550 no", "mx.example.org" },
		{ "connect to mx.example.org[203.0.113.1]:25: Connection timed out",
			"mx.example.org" },
		{ "Deferred: Connection refused by mx.example.org.", "mx.example.org" },
		{ "Giving up on 203.0.113.1.", "203.0.113.1" },
		{ "203.0.113.1 does not like recipient.", "203.0.113.1" },
		{ "    mx.example.org [203.0.113.1]:\n>>> RCPT TO:<a@example.org>",
			"mx.example.org" },
		{ "by mx.example.org. [203.0.113.1].", "mx.example.org" },
		{ "mx.example.org #550 5.1.1 no", "mx.example.org" },
		{ "mx.example.org gave this error:\nno", "mx.example.org" },
		{ "Client host out.example.com[192.0.2.10] said: blocked", "" },
		{ "blocked by bl.example.org (203.0.113.1)", "" },
		{ "received\nfrom out.example.com [192.0.2.10]", "" },
		{ "a@mx.example.org said: no", "" },
		{ "http://mx.example.org said: no", "" },
		{ "Name service error for name=mx.example.org said: no", "" },
		{ "mail\\anna.nsf said: no", "" },
		{ "version 4.94.20 said: no", "" },
		{ "<exch.example.org #5.1.1>", "" },
		{ "host mx said: no", "" },
		{ "", "" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		ASSERT_SPAN(prose_remote(rules, SPAN(""), span_of(cases[i].about), SPAN("")),
			cases[i].host);
}

/*
 * Two sessions: each answer is that of the host in front of it; what the reporting system says of a
 * host that was not talked to is nobody's.
 */
static void tells_sessions_apart(void **state)
{
	(void)state;
	static const char text[] =
		"<a@example.org>\n<b@example.test>\n\n... while talking to mx.example.org.:\n>>> RCPT To:<a@example.org>\n<<< 550 no a\n"
		"... while talking to mx.example.test.:\n>>> RCPT To:<b@example.test>\n<<< 551 no b\n550 <c@gone.test>... Host unknown\n";
	struct span human = span_of(text);
	struct span a = span_of(strstr(text, "550 no a")), b = span_of(strstr(text, "551 no b")),
		    c = span_of(strstr(text, "550 <c@"));
	ASSERT_SPAN(prose_remote(rules, human, SPAN(""), a), "mx.example.org");
	ASSERT_SPAN(prose_remote(rules, human, SPAN(""), b), "mx.example.test");
	ASSERT_SPAN(prose_remote(rules, human, SPAN(""), c), "");
	ASSERT_SPAN(prose_remote(rules, human, SPAN(""), SPAN("550 not of this text")), "");
}

static void finds_the_host_that_reports(void **state)
{
	(void)state;
	ASSERT_SPAN(prose_reporter(rules, SPAN("Generating server: exch.example.org\n")),
		"exch.example.org");
	ASSERT_SPAN(prose_reporter(
			    rules, SPAN("Hi. This is the qmail-send program at mx.example.org.\n")),
		"mx.example.org");
	ASSERT_SPAN(prose_reporter(rules, SPAN("a@example.org\n    <exch.example.org #5.1.1>\n")),
		"exch.example.org");
	ASSERT_SPAN(
		prose_reporter(rules, SPAN("host mx.example.org[203.0.113.1] said: 550 no")), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_host_that_answered),
		cmocka_unit_test(tells_sessions_apart),
		cmocka_unit_test(finds_the_host_that_reports),
	};
	return cmocka_run_group_tests(tests, make_rules, free_rules);
}
