/* The audit's evidence: what it shows, and that a broken promise is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "reports/model.h"
#include "tests/unit/reports_fake.h"

enum { NOW = 1793500000 };

static char *audit(struct store *s, bool *broken)
{
	struct report_options o = { .organisation = "Example GmbH", .k = 10 };
	struct buffer b;
	char error[256] = "";
	if (audit_text(s, NOW, &o, &b, broken, error, sizeof error))
		fail_msg("%s", error);
	return b.p;
}

static void shows(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is not in:\n%s", part, text);
}

static struct store *a_store(void)
{
	static struct store s;
	fake_done(&s);
	fake_year(&s, 2026, 10, 1);
	s.keys = 2;
	snprintf(s.key[0].name, sizeof s.key[0].name, "state.key");
	snprintf(s.key[0].purpose, sizeof s.key[0].purpose, "state");
	snprintf(s.key[1].name, sizeof s.key[1].name, "event-2026-10.key");
	snprintf(s.key[1].purpose, sizeof s.key[1].purpose, "event");
	snprintf(s.key[1].month, sizeof s.key[1].month, "2026-10");
	return &s;
}

static void kept_promises(void **state)
{
	(void)state;
	struct store *s = a_store();
	bool broken = true;
	char *text = audit(s, &broken);
	assert_false(broken);
	shows(text, "Every promise that can be checked here is kept.");
	shows(text, "events       180 days");
	shows(text, "because: diagnosis of delivery problems over two quarters");
	shows(text, "event-2026-10.key");
	shows(text, "2 on record");
	shows(text, "events=9 messages=31");
	shows(text, "Head, entry 4, 2026-11-01 02:26 UTC");
	shows(text, "0415263748596a7b8c9daebfd0e1f2031425364758697a8b9cadbecfe0f10213");
	free(text);
	fake_done(s);
}

static void overdue_rows_break_a_promise(void **state)
{
	(void)state;
	struct store *s = a_store();
	bool broken = false;
	s->held.at[1].overdue = 7;
	char *text = audit(s, &broken);
	assert_true(broken);
	shows(text, "A PROMISE IS BROKEN");
	shows(text, "7 rows are still there");
	free(text);
	fake_done(s);
}

static void a_torn_chain_breaks_a_promise(void **state)
{
	(void)state;
	struct store *s = a_store();
	bool broken = false;
	s->walk_result = STORE_BROKEN;
	char *text = audit(s, &broken);
	assert_true(broken);
	shows(text, "the ledger does not hold: entry 2 does not fit");
	shows(text, "The chain is BROKEN");
	free(text);
	fake_done(s);
}

static void an_unreadable_store_is_an_error(void **state)
{
	(void)state;
	struct store *s = a_store();
	struct report_options o = { .k = 10 };
	struct buffer b;
	bool broken = true;
	char error[256] = "";
	s->walk_result = STORE_FAILED;
	assert_int_equal(audit_text(s, NOW, &o, &b, &broken, error, sizeof error), -1);
	assert_null(b.p);
	assert_false(broken);
	assert_non_null(strstr(error, "cannot read the store"));
	fake_done(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kept_promises),
		cmocka_unit_test(overdue_rows_break_a_promise),
		cmocka_unit_test(a_torn_chain_breaks_a_promise),
		cmocka_unit_test(an_unreadable_store_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
