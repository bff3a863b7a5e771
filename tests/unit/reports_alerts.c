/*
 * What alerts say: every figure in its unit, none below k, JSON that holds whatever a campaign is
 * called.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "reports/alerts.h"

#define NOW ((int64_t)1794916800) /* 2026-11-17T12:00:00Z */

static const char *const readers[] = { "postmaster@example.org", NULL };
static const struct report_options options = {
	.organisation = "Example", .k = 10, .from = "retour@example.org", .to = readers
};

static struct alert surge(void)
{
	return (struct alert){ .number = 7,
		.opened = NOW + 600,
		.at = NOW + 600,
		.condition = ALERT_BLOCK_SURGE,
		.subject = "gmail",
		.news = NEWS_OPENED,
		.figures = { .value = 3000,
			.limit = 48,
			.usual = 20,
			.part = 60,
			.from = NOW,
			.to = NOW + 600,
			.provider = "gmail",
			.campaign = "spring",
			.category = CATEGORY_AUTH_FAILURE } };
}

static void says(struct alert a, const char *words, bool does)
{
	struct buffer text;

	assert_int_equal(alerts_text(&a, 1, &options, &text), 0);
	if (!!strstr(text.p, words) != does)
		fail_msg("\"%s\" %s: %s", words, does ? "is missing" : "is there", text.p);
	buffer_free(&text);
	assert_int_equal(alert_json(&a, options.k, &text), 0);
	buffer_free(&text);
}

static void json_says(struct alert a, const char *words)
{
	struct buffer text;

	assert_int_equal(alert_json(&a, options.k, &text), 0);
	if (!strstr(text.p, words))
		fail_msg("%s is missing: %s", words, text.p);
	buffer_free(&text);
}

static void what_where_since_how_much(void **state)
{
	(void)state;
	says(surge(), "block-surge: 60; usual: 20, which is 3.0 times. The alert opens at 48",
		true);
	says(surge(), "gmail; most: ", true);
	says(surge(), "(auth-failure); most in campaign spring", true);
	says(surge(), "since   2026-11-17 12:00 UTC", true);
	says(surge(), "look    ", true);
}

static void nothing_below_k(void **state)
{
	struct alert a = surge();

	(void)state;
	a.figures.usual = 9;
	a.figures.value = 6666;
	says(a, "usual: fewer than 10.\n", true);
	json_says(a, "\"opens_at\":null");
	says(a, "times", false); /* 60 / 6.666 */
	json_says(a, "\"usual\":null");
	a.figures.part = 9;
	json_says(a, "\"value\":null");
	json_says(a, "\"count\":null");
	says(a, "block-surge: fewer than 10", true);
	a = (struct alert){ .condition = ALERT_RETENTION_OVERDUE,
		.subject = "contacts",
		.opened = NOW,
		.figures = { .value = 3, .limit = 1, .usual = -1, .part = 3 } };
	says(a, "retention-overdue: fewer than 10. The alert opens at 1", true);
	json_says(a, "\"value\":null");
}

static void units(void **state)
{
	struct alert a = { .condition = ALERT_HARD_RATE,
		.opened = NOW,
		.figures = { .value = 23456,
			.limit = 20000,
			.usual = -1,
			.part = 235,
			.whole = 10019 } };

	(void)state;
	says(a, "hard-rate: 2.34 %: 235 of 10,019. The alert opens at 2.00 %", true);
	json_says(a, "\"unit\":\"ratio\",\"value\":0.023456,\"opens_at\":0.020000");
	a = (struct alert){ .condition = ALERT_MAILBOX_SILENT,
		.subject = "bounces",
		.opened = NOW,
		.figures = { .value = 7 * 3600 + 1234, .limit = 6 * 3600, .usual = -1 } };
	says(a, "mailbox-silent: 7 hours", true);
	json_says(a, "\"unit\":\"seconds\",\"value\":26434");
}

static void each_condition_has_its_words(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ALERT_CONDITION_COUNT; i++) {
		struct alert a = surge();
		struct buffer text;

		a.condition = i;
		a.figures.category = CATEGORY_NONE;
		assert_int_equal(alert_json(&a, options.k, &text), 0);
		if (strstr(text.p, "\"title\":null") || strstr(text.p, "\"look_first\":null"))
			fail_msg("%s: %s", alert_condition_name(i), text.p);
		buffer_free(&text);
	}
}

static void whatever_a_campaign_is_called(void **state)
{
	struct alert a = surge();

	(void)state;
	strcpy(a.figures.campaign, "\"\\\x01\xff");
	json_says(a, "\"campaign\":\"\\\"\\\\\\u0001\xef\xbf\xbd\"");
}

static void what_is_left_of_a_certificate(void **state)
{
	struct alert a = { .number = 1,
		.opened = NOW,
		.at = NOW,
		.condition = ALERT_CERTIFICATE,
		.subject = "bounces",
		.news = NEWS_OPENED,
		.figures = {
			.value = 13 * 86400 + 7200, .limit = 14 * 86400, .usual = -1, .to = NOW } };

	(void)state;
	says(a, "certificate-expiry: 13 days left. The alert opens at 14 days left.", true);
	says(a, "where   bounces", true);
	json_says(a, "\"unit\":\"seconds\",\"value\":1130400,\"opens_at\":1209600");
	a.figures.value = 5 * 3600 - 1;
	says(a, "certificate-expiry: 5 hours left", true);
	a.figures.value = -60;
	says(a, "certificate-expiry: ended.", true);
}

/* A share whose count is small would tell it. */
static void what_is_left_when_it_clears(void **state)
{
	struct alert a = { .condition = ALERT_HARD_RATE,
		.opened = NOW,
		.cleared = NOW + 3600,
		.news = NEWS_CLEARED,
		.figures = { .value = 23456,
			.limit = 20000,
			.usual = -1,
			.part = 235,
			.whole = 10019 },
		.present = { true, 4100, 41, 10000 } };
	char line[ALERT_LINE_SIZE];

	(void)state;
	says(a, "hard-rate, when it fired last: 2.34 %: 235 of 10,019.", true);
	says(a, "now     0.41 %: 41 of 10,000.", true);
	json_says(a, "\"now\":0.004100,\"now_count\":41,\"now_of\":10000");
	assert_non_null(strstr(alert_line(&a, 10, line), "everywhere, 0.41 %: 41 of 10,000"));
	a.present = (struct alert_present){ true, 300, 3, 10000 };
	says(a, "now     fewer than 10 of 10,000.", true);
	says(a, "0.03", false);
	json_says(a, "\"now\":null,\"now_count\":null,\"now_of\":10000");
	a.present.known = false;
	says(a, "now     not known.", true);
	json_says(a, "\"now\":null");
	a = surge();
	a.cleared = NOW + 7200;
	a.present = (struct alert_present){ .known = true };
	says(a, "now     0.", true);
	json_says(a, "\"now\":0");
	a.cleared = 0;
	says(a, "now ", false);
}

static void who_says_so(void **state)
{
	struct alert a = { .condition = ALERT_ALIGNMENT,
		.subject = "example.com",
		.opened = NOW,
		.figures = { .value = 86667,
			.limit = 50000,
			.usual = -1,
			.part = 520,
			.whole = 6000,
			.from = NOW - 86400,
			.detail = "mailbox.test, Yahoo (dmarc.yahoo.com)" } };

	(void)state;
	says(a, "alignment-broken: 8.66 %: 520 of 6,000. The alert opens at 5.00 %", true);
	says(a, "where   example.com\n  say     mailbox.test, Yahoo (dmarc.yahoo.com)\n", true);
	json_says(a, "\"detail\":\"mailbox.test, Yahoo (dmarc.yahoo.com)\"");
}

static void a_subject_is_one_line(void **state)
{
	struct alert a[2] = { surge(), surge() };
	struct report_options o = options;
	struct buffer mail;
	char error[128];

	(void)state;
	o.organisation = "Example\r\nBcc: x@example.net";
	assert_int_equal(alerts_mail(a, 2, &o, NOW, "token", &mail, error, sizeof error), 0);
	assert_null(strstr(mail.p, "\nBcc:"));
	assert_non_null(strstr(mail.p, "(and 1 more)"));
	assert_non_null(strstr(mail.p, "Auto-Submitted: auto-generated\r\n"));
	buffer_free(&mail);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_where_since_how_much),
		cmocka_unit_test(nothing_below_k),
		cmocka_unit_test(units),
		cmocka_unit_test(each_condition_has_its_words),
		cmocka_unit_test(whatever_a_campaign_is_called),
		cmocka_unit_test(what_is_left_of_a_certificate),
		cmocka_unit_test(what_is_left_when_it_clears),
		cmocka_unit_test(who_says_so),
		cmocka_unit_test(a_subject_is_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
