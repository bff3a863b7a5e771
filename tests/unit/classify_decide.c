/*
 * The order of evidence: provider, codes, words, the human part, the command that was refused, the
 * bare digit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include "classify/rules.h"

static const char *const big_domains[] = { "big.example", NULL };
static const char *const big_hosts[] = { ".mx.big.example", NULL };
static const char *const filter_hosts[] = { ".filter.example", NULL };
static const struct provider_spec PROVIDERS[] = {
	{ "big", big_domains, big_hosts, true, NULL, 0, NULL },
	{ "filter", NULL, filter_hosts, false, NULL, 0, NULL },
};

static struct rules *rules;

#define WORDS .klass = -1, .where = WHERE_DIAGNOSTIC | WHERE_HUMAN
static const struct rule_spec SPECS[] = {
	{ .id = "unknown",
		.category = CATEGORY_USER_UNKNOWN,
		WORDS,
		.phrases = { "user unknown", "unknown user" },
		.phrase_count = 2 },
	{ .id = "full",
		.category = CATEGORY_MAILBOX_FULL,
		WORDS,
		.rank = 150,
		.phrases = { "over quota" },
		.phrase_count = 1 },
	{ .id = "expired",
		.category = CATEGORY_EXPIRED,
		WORDS,
		.phrases = { "has expired" },
		.phrase_count = 1 },
	{ .id = "disabled",
		.category = CATEGORY_MAILBOX_DISABLED,
		WORDS,
		.rank = -10,
		.phrases = { "account has expired" },
		.phrase_count = 1 },
	{ .id = "listed",
		.category = CATEGORY_REPUTATION,
		WORDS,
		.rank = 160,
		.phrases = { "blocked using" },
		.phrase_count = 1 },
	{ .id = "refused",
		.category = CATEGORY_POLICY,
		WORDS,
		.rank = -130,
		.phrases = { "rejected" },
		.phrase_count = 1 },
	{ .id = "retry",
		.category = CATEGORY_GREYLISTED,
		WORDS,
		.codes = { { 451, 451, 4, 7, 1, 1 } },
		.code_count = 1,
		.phrases = { "try again" },
		.phrase_count = 1,
		.phrase_and_code = true },
	{ .id = "rate",
		.category = CATEGORY_RATE_LIMITED,
		WORDS,
		.rank = 140,
		.phrases = { "at a rate that prevents" },
		.phrase_count = 1 },
	{ .id = "big.rate",
		.category = CATEGORY_RATE_LIMITED,
		.provider = "big",
		WORDS,
		.phrases = { "user unknown at this hour" },
		.phrase_count = 1 },
	{ .id = "big.code",
		.category = CATEGORY_SPAM_CONTENT,
		.provider = "big",
		WORDS,
		.codes = { { 0, 0, 5, 7, 40, 49 } },
		.code_count = 1 },
	{ .id = "final",
		.category = CATEGORY_SYSTEM_ERROR,
		.klass = CLASS_HARD,
		.where = WHERE_DIAGNOSTIC,
		.phrases = { "no more" },
		.phrase_count = 1 },
	{ .id = "subject",
		.category = CATEGORY_VIRUS,
		.klass = -1,
		.where = WHERE_SUBJECT,
		.phrases = { "virus" },
		.phrase_count = 1 },
	{ .id = "stage.connect",
		.mark = MARK_STAGE_CONNECT,
		WORDS,
		.phrases = { "after connection" },
		.phrase_count = 1 },
	{ .id = "stage.mail",
		.mark = MARK_STAGE_MAIL,
		WORDS,
		.phrases = { "after mail from" },
		.phrase_count = 1 },
	{ .id = "stage.rcpt",
		.mark = MARK_STAGE_RCPT,
		WORDS,
		.phrases = { "after rcpt to" },
		.phrase_count = 1 },
	{ .id = "stage.data",
		.mark = MARK_STAGE_DATA,
		WORDS,
		.phrases = { "after data" },
		.phrase_count = 1 },
	{ .id = "us",
		.mark = MARK_ABOUT_US,
		WORDS,
		.phrases = { "sender", "from you" },
		.phrase_count = 2 },
	{ .id = "us.sure",
		.mark = MARK_ABOUT_US,
		WORDS,
		.rank = 100,
		.phrases = { "login failed" },
		.phrase_count = 1 },
	{ .id = "us.host",
		.mark = MARK_ABOUT_US,
		WORDS,
		.codes = { { 553, 553, 0, -1, -1, -1 } },
		.code_count = 1,
		.phrases = { "no host" },
		.phrase_count = 1,
		.phrase_and_code = true },
	{ .id = "passing",
		.mark = MARK_PASSING,
		WORDS,
		.phrases = { "for now" },
		.phrase_count = 1 },
	{ .id = "closed",
		.category = CATEGORY_MAILBOX_DISABLED,
		WORDS,
		.rank = 60,
		.phrases = { "mailbox closed" },
		.phrase_count = 1 },
	{ .id = "near",
		.category = CATEGORY_POLICY,
		WORDS,
		.rank = 40,
		.phrases = { "by policy" },
		.phrase_count = 1 },
	{ .id = "unused",
		.category = CATEGORY_MAILBOX_DISABLED,
		WORDS,
		.rank = 200,
		.phrases = { "for inactivity" },
		.phrase_count = 1 },
	{ .id = "typo",
		.category = CATEGORY_USER_UNKNOWN,
		WORDS,
		.rank = 140,
		.codes = { { 0, 0, 5, 4, 1, 1 } },
		.code_count = 1,
		.phrases = { "relay denied" },
		.phrase_count = 1,
		.phrase_and_code = true },
};

static const struct {
	const char *why;
	enum kind kind;
	const char *own, *diagnostic, *human, *host, *domain;
	const char *class, *category, *status;
	unsigned reply;
	const char *rule, *provider;
} CASES[] = {
	{ "a specific code decides", KIND_FAILURE, "5.1.1", "550 5.1.1 gone", "", "", "", "hard",
		"user-unknown", "5.1.1", 550, "code.5.1.1", "" },
	{ "a specific code beats words", KIND_FAILURE, "5.1.1", "550 5.1.1 rejected", "", "", "",
		"hard", "user-unknown", "5.1.1", 550, "code.5.1.1", "" },
	{ "mailbox full is soft even with a 5", KIND_FAILURE, "5.2.2", "552 5.2.2 no", "", "", "",
		"soft", "mailbox-full", "5.2.2", 552, "code.5.2.2", "" },
	{ "words without doubt beat a specific code", KIND_FAILURE, "5.1.1", "550 5.1.1 over quota",
		"", "", "", "soft", "mailbox-full", "5.1.1", 550, "full", "" },
	{ "a blocklist is a block even with a 550", KIND_FAILURE, "",
		"550 blocked using list.example", "", "", "", "block", "reputation", "", 550,
		"listed", "" },
	{ "5.7.x is a block", KIND_FAILURE, "5.7.1", "550 5.7.1 no", "", "", "", "block", "policy",
		"5.7.1", 550, "code.5.7.x", "" },
	{ "words decide where receivers use a code for all", KIND_FAILURE, "5.7.1",
		"550 5.7.1 user unknown", "", "", "", "hard", "user-unknown", "5.7.1", 550,
		"unknown", "" },
	{ "weak words do not", KIND_FAILURE, "5.4.1", "550 5.4.1 rejected", "", "", "", "soft",
		"network-error", "5.4.1", 550, "code.5.4.1", "" },
	{ "5.7.26", KIND_FAILURE, "5.7.26", "550 5.7.26 no", "", "", "", "block", "auth-failure",
		"5.7.26", 550, "code.5.7.26", "" },
	{ "5.7.606 to 649", KIND_FAILURE, "5.7.640", "550 5.7.640 no", "", "", "", "block",
		"reputation", "5.7.640", 550, "code.5.7.606-649", "" },
	{ "the answer's code beats a Status that says nothing", KIND_FAILURE, "5.0.0",
		"550 5.2.2 no", "", "", "", "soft", "mailbox-full", "5.2.2", 550, "code.5.2.2",
		"" },
	{ "a generic code in the answer does not", KIND_FAILURE, "5.2.2", "554 5.0.0 failed", "",
		"", "", "soft", "mailbox-full", "5.2.2", 554, "code.5.2.2", "" },
	{ "the cause beats the queue that gave up", KIND_FAILURE, "4.4.7", "452 4.2.2 no", "", "",
		"", "soft", "mailbox-full", "4.2.2", 452, "code.4.2.2", "" },
	{ "no code is invented", KIND_FAILURE, "", "user unknown", "", "", "", "hard",
		"user-unknown", "", 0, "unknown", "" },
	{ "reply codes speak for themselves", KIND_FAILURE, "", "556 <tom@example.net>", "", "", "",
		"hard", "domain-unknown", "", 556, "reply.556", "" },
	{ "beside words that nobody knows they prove nothing", KIND_FAILURE, "", "556 no", "", "",
		"", "", "undetermined", "", 556, "digit.5", "" },
	{ "the bare digit: 4 is soft", KIND_FAILURE, "4.0.0", "", "", "", "", "soft",
		"undetermined", "4.0.0", 0, "digit.4", "" },
	{ "the bare digit: 5 says no class", KIND_FAILURE, "", "554 no", "", "", "", "",
		"undetermined", "", 554, "digit.5", "" },
	{ "nothing at all", KIND_FAILURE, "", "", "", "", "", "", "undetermined", "", 0, "none",
		"" },
	{ "the human part where the answer has no words", KIND_FAILURE, "5.0.0", "",
		"Sorry: user unknown", "", "", "hard", "user-unknown", "5.0.0", 0, "unknown", "" },
	{ "not where it has", KIND_FAILURE, "5.0.0", "550 user unknown", "over quota", "", "",
		"hard", "user-unknown", "5.0.0", 550, "unknown", "" },
	{ "codes of the human part where there is no answer", KIND_FAILURE, "", "",
		"It said: 550 5.1.1 no", "", "", "hard", "user-unknown", "5.1.1", 550, "code.5.1.1",
		"" },
	{ "the longer phrase speaks for the one inside it", KIND_FAILURE, "",
		"550 account has expired", "", "", "", "hard", "mailbox-disabled", "", 550,
		"disabled", "" },
	{ "phrase and code together", KIND_FAILURE, "", "451 4.7.1 please try again", "", "", "",
		"soft", "greylisted", "4.7.1", 451, "retry", "" },
	{ "not the phrase alone", KIND_FAILURE, "", "451 4.3.2 please try again", "", "", "",
		"soft", "system-error", "4.3.2", 451, "code.4.3.x", "" },
	{ "codes that every line repeats do not tear phrases", KIND_FAILURE, "5.2.1",
		"550-5.2.1 mail comes at a rate that\r\n550-5.2.1 prevents more\r\n550 5.2.1 go",
		"", "", "", "soft", "rate-limited", "5.2.1", 550, "rate", "" },
	{ "a rule can give a class of its own", KIND_FAILURE, "", "550 no more", "", "", "", "hard",
		"system-error", "", 550, "final", "" },
	{ "what is said with a 4 is not final", KIND_FAILURE, "4.1.1", "450 4.1.1 user unknown", "",
		"", "", "soft", "user-unknown", "4.1.1", 450, "unknown", "" },
	{ "a 5 in the answer is, whatever the queue says", KIND_FAILURE, "4.0.0",
		"550 user unknown", "", "", "", "hard", "user-unknown", "4.0.0", 550, "unknown",
		"" },
	{ "a delay is never hard", KIND_DELAY, "", "550 user unknown", "", "", "", "soft",
		"user-unknown", "", 550, "unknown", "" },
	{ "a delivery has no cause", KIND_SUCCESS, "2.1.5", "250 2.1.5 OK", "", "", "", "", "",
		"2.1.5", 250, "kind.success", "" },
	{ "a success that a failure quotes is no evidence", KIND_FAILURE, "5.1.1", "250 2.1.5 OK",
		"", "", "", "hard", "user-unknown", "5.1.1", 0, "code.5.1.1", "" },
	{ "the provider's rule beats all", KIND_FAILURE, "5.1.1",
		"550 5.1.1 user unknown at this hour", "", "a.mx.big.example", "", "soft",
		"rate-limited", "5.1.1", 550, "big.rate", "big" },
	{ "it is nobody else's", KIND_FAILURE, "5.1.1", "550 5.1.1 user unknown at this hour", "",
		"", "", "hard", "user-unknown", "5.1.1", 550, "code.5.1.1", "" },
	{ "the provider's codes", KIND_FAILURE, "", "550 5.7.45 no", "", "", "big.example", "block",
		"spam-content", "5.7.45", 550, "big.code", "big" },
	{ "the host that answered names the provider before the domain", KIND_FAILURE, "",
		"550 5.7.45 no", "", "x.filter.example", "big.example", "block", "policy", "5.7.45",
		550, "code.5.7.x", "filter" },
	{ "nobody is unknown before RCPT", KIND_FAILURE, "", "550 user unknown", "after MAIL FROM",
		"", "", "block", "sender-rejected", "", 550, "stage.mail", "" },
	{ "after RCPT one is", KIND_FAILURE, "", "550 user unknown", "after RCPT TO", "", "",
		"hard", "user-unknown", "", 550, "unknown", "" },
	{ "where both are named, neither counts", KIND_FAILURE, "", "550 user unknown",
		"after MAIL FROM … after RCPT TO", "", "", "hard", "user-unknown", "", 550,
		"unknown", "" },
	{ "in whatever order", KIND_FAILURE, "", "550 user unknown",
		"after RCPT TO … after MAIL FROM", "", "", "hard", "user-unknown", "", 550,
		"unknown", "" },
	{ "refused after the data: content", KIND_FAILURE, "", "554 no", "after DATA", "", "",
		"block", "content-rejected", "", 554, "stage.data", "" },
	{ "a near-tie is not hard", KIND_FAILURE, "", "550 mailbox closed by policy", "", "", "",
		"block", "policy", "", 550, "near", "" },
	{ "with the recipient's own code it is none", KIND_FAILURE, "",
		"550 5.2.1 mailbox closed by policy", "", "", "", "hard", "mailbox-disabled",
		"5.2.1", 550, "closed", "" },
	{ "words about us set hard aside", KIND_FAILURE, "", "550 user unknown to the sender", "",
		"", "", "block", "policy", "", 550, "about-us", "" },
	{ "what else is said decides then", KIND_FAILURE, "",
		"550 over quota? user unknown, says the sender", "", "", "", "soft", "mailbox-full",
		"", 550, "full", "" },
	{ "not against the recipient's own code and words", KIND_FAILURE, "",
		"550 5.1.1 user unknown, sender", "", "", "", "hard", "user-unknown", "5.1.1", 550,
		"code.5.1.1", "" },
	{ "the code alone does not help", KIND_FAILURE, "", "550 5.1.1 no, sender", "", "", "",
		"block", "policy", "5.1.1", 550, "about-us", "" },
	{ "nothing helps where it is sure", KIND_FAILURE, "",
		"550 5.1.1 login failed: user unknown", "", "", "", "block", "policy", "5.1.1", 550,
		"about-us", "" },
	{ "535 refuses our login", KIND_FAILURE, "", "535 5.1.1 user unknown", "", "", "", "block",
		"policy", "5.1.1", 535, "reply.534-535", "" },
	{ "541 the message, unless the recipient's code and words", KIND_FAILURE, "",
		"541 user unknown", "", "", "", "block", "policy", "", 541, "reply.541", "" },
	{ "which these are", KIND_FAILURE, "", "541 5.1.1 user unknown", "", "", "", "hard",
		"user-unknown", "5.1.1", 541, "code.5.1.1", "" },
	{ "5.7.1 and a closed mailbox: policy", KIND_FAILURE, "", "550 5.7.1 mailbox closed", "",
		"", "", "block", "policy", "5.7.1", 550, "code.5.7.x", "" },
	{ "words about us with a code of theirs", KIND_FAILURE, "", "553 no host, user unknown", "",
		"", "", "block", "policy", "", 553, "about-us", "" },
	{ "not with another", KIND_FAILURE, "", "550 no host, user unknown", "", "", "", "hard",
		"user-unknown", "", 550, "unknown", "" },
	{ "words about us far off in the human part say nothing", KIND_FAILURE, "", "",
		"user unknown. ................................................................................................................................................................ The sender",
		"", "", "hard", "user-unknown", "", 0, "unknown", "" },
	{ "near by they do", KIND_FAILURE, "5.0.0", "", "user unknown for the sender", "", "",
		"block", "policy", "5.0.0", 0, "about-us", "" },
	{ "words about us and no more: a block", KIND_FAILURE, "", "550 no, sender", "", "", "",
		"block", "policy", "", 550, "about-us", "" },
	{ "for now is soft", KIND_FAILURE, "", "550 mailbox closed for now", "", "", "", "soft",
		"mailbox-disabled", "", 550, "closed", "" },
	{ "who does not exist will not for now", KIND_FAILURE, "", "550 5.1.1 user unknown for now",
		"", "", "", "hard", "user-unknown", "5.1.1", 550, "code.5.1.1", "" },
	{ "a code alone yields to what passes", KIND_FAILURE, "", "550 5.1.1 no, for now", "", "",
		"", "soft", "user-unknown", "5.1.1", 550, "code.5.1.1", "" },
	{ "and to what words mean", KIND_FAILURE, "", "550 5.1.1 over quota", "", "", "", "soft",
		"mailbox-full", "5.1.1", 550, "full", "" },
	{ "the reason leaves no doubt", KIND_FAILURE, "", "550 5.7.1 shut for inactivity, sender",
		"", "", "", "hard", "mailbox-disabled", "5.7.1", 550, "unused", "" },
	{ "5.4.1 is no answer from host", KIND_FAILURE, "5.4.1", "", "", "", "", "soft",
		"network-error", "5.4.1", 0, "code.5.4.1", "" },
	{ "5.4.1 with relay denied is a typing error", KIND_FAILURE, "", "550 5.4.1 relay denied",
		"", "", "", "hard", "user-unknown", "5.4.1", 550, "typo", "" },
	{ "5.7.13 is of an account of ours", KIND_FAILURE, "", "525 5.7.13 user unknown", "", "",
		"", "block", "sender-rejected", "5.7.13", 525, "code.5.7.13", "" },
	{ "the 5.5.0 of a 554 is no protocol error", KIND_FAILURE, "", "554 5.5.0 no", "", "", "",
		"", "undetermined", "5.5.0", 554, "digit.5", "" },
	{ "refused at once: reputation", KIND_FAILURE, "", "554 no", "after connection", "", "",
		"block", "reputation", "", 554, "stage.connect", "" },
};

static struct span span(const char *text)
{
	return span_of(text);
}

static void evidence_is_weighed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		struct clues e = { .kind = CASES[i].kind,
			.status = status_parse(span(CASES[i].own)),
			.diagnostic = span(CASES[i].diagnostic),
			.human = span(CASES[i].human),
			.remote_mta = span(CASES[i].host),
			.recipient_domain = span(CASES[i].domain) };
		char got[512], wanted[512], status[EVENT_STATUS_SIZE];
		struct decision d;

		decide(rules, &e, &d);
		snprintf(got, sizeof got, "%s/%s/%s/%u/%s/%s", class_name(d.klass),
			category_name(d.category), status_text(d.status, status), d.reply, d.rule,
			d.provider);
		snprintf(wanted, sizeof wanted, "%s/%s/%s/%u/%s/%s", CASES[i].class,
			CASES[i].category, CASES[i].status, CASES[i].reply, CASES[i].rule,
			CASES[i].provider);
		if (strcmp(got, wanted))
			fail_msg("%s: %s, not %s", CASES[i].why, got, wanted);
	}
}

/*
 * How much more the winner weighed than another class; below zero, where a stronger hard had to
 * give way.
 */
static void the_margin_is_told(void **state)
{
	static const struct {
		const char *diagnostic;
		int margin;
	} cases[] = {
		{ "550 user unknown", 399 },
		{ "550 5.7.1 user unknown", 100 },
		{ "550 mailbox closed by policy", -20 },
		{ "550 no, sender", 1 },
		{ "", 0 },
	};
	struct decision d;
	(void)state;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		decide(rules,
			&(struct clues){
				.kind = KIND_FAILURE, .diagnostic = span(cases[i].diagnostic) },
			&d);
		if (d.margin != cases[i].margin)
			fail_msg("%s: margin %d, not %d", cases[i].diagnostic, d.margin,
				cases[i].margin);
	}
}

static void the_subject_speaks_last(void **state)
{
	struct clues e = { .kind = KIND_FAILURE, .subject = SPAN("Virus found") };
	struct decision d;
	(void)state;

	decide(rules, &e, &d);
	assert_string_equal(d.rule, "subject");
	e.human = SPAN("over quota");
	decide(rules, &e, &d);
	assert_string_equal(d.rule, "full");
}

/* A long answer is cut, any bytes are taken. */
static void long_and_broken_texts_end(void **state)
{
	enum { SIZE = 1 << 20 };
	static const char *const units[] = { "550-5.1.1 ", "550 ", "over quota ", "\xc3",
		"after mail from ", "550-" };
	char *text = malloc(SIZE);
	(void)state;

	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		struct clues e = { .kind = KIND_FAILURE,
			.diagnostic = { text, SIZE },
			.human = { text, SIZE },
			.subject = { text, SIZE } };
		struct decision d;

		for (size_t n = 0; n < SIZE; n++)
			text[n] = units[i][n % strlen(units[i])];
		decide(rules, &e, &d);
		assert_true(d.category < CATEGORY_COUNT && d.klass < CLASS_COUNT && *d.rule);
	}
	free(text);
}

static int set_up(void **state)
{
	char error[256];

	(void)state;
	rules = rules_build(SPECS, sizeof SPECS / sizeof *SPECS, PROVIDERS, 2, error, sizeof error);
	if (!rules)
		print_error("%s\n", error);
	return rules ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	rules_free(rules);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(evidence_is_weighed),
		cmocka_unit_test(the_margin_is_told),
		cmocka_unit_test(the_subject_speaks_last),
		cmocka_unit_test(long_and_broken_texts_end),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
