/* The audit's evidence: what it shows, and that a broken promise is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "classify/base/units.h"
#include "reports/audit.h"
#include "reports/model.h"
#include "tests/unit/reports_year.h"

enum { NOW = 1793500000 };

static struct report_options report = { .organisation = "Example GmbH", .k = 10 };
static struct audit_options options = { .report = &report };

static char *format(struct store *s, enum report_format as, int64_t now, bool *broken)
{
	struct audit *a;
	struct buffer b;
	char error[256] = "";
	if (audit_load(&a, s, now, &options, error, sizeof error) ||
		audit_format(a, as, &b, error, sizeof error))
		fail_msg("%s", error);
	*broken = audit_broken(a);
	audit_free(a);
	return b.p;
}

static char *audit(struct store *s, bool *broken)
{
	return format(s, REPORT_TEXT, NOW, broken);
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
	/* no gap of more than a month: 2026-08-29, 2026-09-21, 2026-10-20 */
	s.entry[0].at = 1788000000;
	s.entry[2].at = 1792500000;
	s.schema_fault = s.key_fault = NULL;
	s.older = false;
	s.events_off = 0;
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

/* Which, since when, what to do. */
static void a_broken_promise_says_what_to_do(void **state)
{
	(void)state;
	struct store *s = a_store();
	bool broken = false;
	s->held.at[0].overdue = 1;
	s->held.at[0].oldest = 1770000000; /* 2026-02-02T02:40:00Z, and 180 days */
	char *text = audit(s, &broken);
	assert_true(broken);
	shows(text, "BROKEN: What is older than 180 days in the class \"events\" is deleted");
	shows(text, "1 row is still there although it is due for deletion");
	shows(text, "since 2026-08-01 02:40 UTC");
	shows(text, "Run `retour purge` now.");
	shows(text, "  broken     What is older than 180 days");
	shows(text, "  kept       What is older than 30 days");
	free(text);
	fake_done(s);
}

static void days_without_a_purge_are_listed(void **state)
{
	(void)state;
	struct store *s = a_store();
	bool broken = true;
	char *text = audit(s, &broken); /* now is 2026-11-01 */
	shows(text, "61 days (UTC) without a purge");
	shows(text,
		"  2026-08-30 to 2026-09-20\n  2026-09-22 to 2026-10-19\n  2026-10-21 to 2026-10-31\n");
	shows(text, "LOOK AT: Retention is applied every day");
	assert_false(broken);
	free(text);
	s->entry[0].at -= 10 * 86400; /* 32 days before the first purge */
	text = audit(s, &broken);
	assert_true(broken);
	shows(text, "BROKEN: Retention is applied every day");
	shows(text, "32 days without a purge, from 2026-08-20 on; the last time 2026-10-20");
	free(text);
	text = format(s, REPORT_TEXT, s->entry[1].at + 366 * 86400,
		&broken); /* over for a year: the gap since is told in its place */
	shows(text, "days without a purge, from 2026-10-21 on");
	free(text);
	s->entries = 0;
	for (int day = 0; day < 5; day++)
		fake_entry(s, NOW - (4 - day) * 86400, "purge", "events=0");
	text = audit(s, &broken);
	shows(text, "No day without a purge.");
	free(text);
	fake_done(s);
}

/* Rows that came or went past the program. */
static void counts_that_differ_break_a_promise(void **state)
{
	(void)state;
	struct store *s = a_store();
	bool broken = false;
	s->held.at[0].left--;
	s->held.at[0].days_off = 1;
	s->held.at[2].days_off = 2;
	char *text = audit(s, &broken);
	assert_true(broken);
	shows(text, "BROKEN: What the store says it holds is what is there");
	shows(text, "events: 99 rows, 100 by the counts, other on 1 days; contacts: 300 rows");
	free(text);
	fake_done(s);
}

/* What somebody put beside what is ours, and events that are not those that were counted. */
static void what_is_not_ours_breaks_a_promise(void **state)
{
	(void)state;
	struct store *s = a_store();
	bool broken = false;
	s->schema_fault = "the table notes is not retour's";
	char *text = audit(s, &broken);
	assert_true(broken);
	shows(text,
		"BROKEN: The database has the tables, indexes and triggers that this program makes");
	shows(text, "1 differences: the table notes is not retour's");
	free(text);
	s = a_store();
	s->key_fault = "a copy of event-2026-10.key under another name";
	text = audit(s, &broken);
	assert_true(broken);
	shows(text, "1 found: a copy of event-2026-10.key under another name");
	free(text);
	s = a_store();
	s->older = true;
	text = audit(s, &broken);
	assert_true(broken);
	shows(text, "BROKEN: The store is as new as its keys remember");
	free(text);
	s = a_store();
	s->events_off = -3;
	text = audit(s, &broken);
	assert_true(broken);
	shows(text,
		"3 events are counted and not there (0 were erased on request), 0 are there and not counted");
	free(text);
	fake_entry(s, 1793500000, "forget", "subjects=1 events=3 contacts=0 suppressions=0");
	text = audit(s, &broken);
	assert_false(broken);
	free(text);
	s->events_off = 1;
	text = audit(s, &broken);
	assert_true(broken);
	free(text);
	fake_done(s);
}

/* A time that --now named is told; a purge at one breaks a promise. */
static void given_times_are_told(void **state)
{
	(void)state;
	struct store *s = a_store();
	bool broken = true;
	fake_entry(s, 1793500000, "clock-given", "");
	char *text = audit(s, &broken);
	assert_false(broken);
	shows(text, "LOOK AT: The times in the ledger are the clock's");
	free(text);
	fake_entry(s, 1793500000, "purge", "events=0");
	text = audit(s, &broken);
	assert_true(broken);
	shows(text, "1 entries have a time that --now named, 1 of them tell of purges");
	free(text);
	s = a_store();
	s->entry[0].number = 2;
	fake_entry(s, 1793500000, "clock-given", "");
	fake_entry(s, 1793500000, "clock-own", "");
	fake_entry(s, 1793500000, "purge", "events=0");
	text = audit(s, &broken);
	assert_false(broken);
	free(text);
	s = a_store();
	fake_entry(s, 1793500000, "ledger-cut", "first=9 previous=00 times=always");
	text = audit(s, &broken);
	assert_false(broken);
	shows(text, "this store was made with --now: no time in it proves anything");
	free(text);
	fake_done(s);
}

/* Deleted rows whose bytes are still there: a thing of a day, then a broken promise. */
static void bytes_that_stay_break_a_promise(void **state)
{
	(void)state;
	struct store *s = a_store();
	bool broken = true;
	fake_entry(s, NOW - 3600, "purge", "events=1");
	s->file.rewrite_due = true;
	char *text = audit(s, &broken);
	assert_false(broken);
	shows(text, "LOOK AT: What is deleted is gone from the bytes");
	free(text);
	text = format(s, REPORT_TEXT, NOW + 4 * 86400, &broken);
	assert_true(broken);
	shows(text, "BROKEN: What is deleted is gone from the bytes");
	free(text);
	s->file = (struct store_file_state){ .secure_delete = false };
	text = audit(s, &broken);
	assert_true(broken);
	shows(text, "SQLite does not overwrite what is deleted");
	free(text);
	fake_done(s);
}

static void a_mailbox_that_is_not_visited_is_told(void **state)
{
	(void)state;
	struct store *s = a_store();
	bool broken = true;
	options.folder[0] = (struct audit_folder){ "bounces", "Unrecognised", "not recognised",
		FOLDER_UNRECOGNISED, 7 * 86400 };
	options.folders = 1;
	s->mailboxes = 1;
	s->mailbox[0] = (struct mailbox_state){ .name = "bounces", .read_at = NOW - 86400 };
	char *text = audit(s, &broken);
	shows(text, "  kept       Mail that was moved");
	shows(text,
		"Mail that is not recognised, in folder Unrecognised of mailbox bounces: 7 days");
	shows(text, "Mail in folder Unrecognised of mailbox");
	free(text);
	s->mailbox[0].read_at = NOW - 3 * 86400;
	text = audit(s, &broken);
	shows(text, "  attention  Mail that was moved");
	assert_false(broken);
	free(text);
	options.folders = 0;
	fake_done(s);
}

static void mail_that_was_deleted_in_folders_is_counted(void **state)
{
	(void)state;
	struct store *s = a_store();
	bool broken;
	options.folder[0] = (struct audit_folder){ "a b", "Unrecognised", "not recognised",
		FOLDER_UNRECOGNISED, 7 * 86400 };
	options.folder[1] = (struct audit_folder){ "a b", "Quarantine", "in quarantine",
		FOLDER_QUARANTINE, 7 * 86400 };
	options.folder[2] = (struct audit_folder){ "other", "Done", "processed", FOLDER_PROCESSED,
		7 * 86400 };
	options.folders = 3;
	fake_entry(s, NOW - 86400, "mail-purge", "name=a%20b unrecognised=3 quarantine=0");
	fake_entry(s, NOW, "mail-purge", "name=a%20b unrecognised=4 quarantine=1 former=9");
	char *text = audit(s, &broken);
	shows(text,
		"in folder Unrecognised of mailbox a b: 7 days; 7 deleted so far, looked at 2026-11-01");
	shows(text, "in folder Quarantine of mailbox a b: 7 days; 1 deleted so far");
	shows(text, "in folder Done of mailbox other: 7 days\n");
	free(text);
	char *xml = format(s, REPORT_XML, NOW, &broken);
	shows(xml,
		"name=\"Unrecognised\" holds=\"not recognised\" period=\"7 days\" deleted=\"7\" purged=\"2026-11-01T");
	free(xml);
	options.folders = 0;
	fake_done(s);
}

static void what_is_deleted_in_a_mailbox_is_told(void **state)
{
	(void)state;
	struct store *s = a_store();
	bool broken;
	options.mailbox[0] = "gmail";
	options.mailbox[1] = "new";
	options.mailboxes = 2;
	s->mailbox[0] = (struct mailbox_state){
		.name = "gmail", .read_at = NOW, .facts.deleting = DELETING_TRASH
	};
	s->mailboxes = 1;
	char *text = audit(s, &broken);
	shows(text, "What is deleted in mailbox gmail: an expunge only archives there; what is");
	shows(text, "What is deleted in mailbox new: not known, for it was not opened yet");
	free(text);
	s->mailbox[0].facts.deleting = DELETING_NOTHING;
	text = audit(s, &broken);
	shows(text, "mailbox gmail: an expunge only archives there, and there is no way to delete");
	assert_false(broken);
	free(text);
	char *xml = format(s, REPORT_XML, NOW, &broken);
	shows(xml, "<mailbox name=\"gmail\" deleted=\"archives\">an expunge only archives");
	shows(xml, "<mailbox name=\"new\" deleted=\"unknown\">");
	free(xml);
	char *html = format(s, REPORT_HTML, NOW, &broken);
	shows(html, "What is deleted in the mailboxes");
	shows(html, "no way to delete");
	free(html);
	options.mailboxes = 0;
	fake_done(s);
}

/* What comes from configuration and ledger is text in every format. */
static void markup_is_text(void **state)
{
	(void)state;
	struct store *s = a_store();
	bool broken;
	report.organisation = "<b>&\"Ma\303\274ller\"";
	fake_entry(s, NOW, "contact-reactivate", "reason=<script>alert(1)</script> changed=1");
	char *xml = format(s, REPORT_XML, NOW, &broken),
	     *html = format(s, REPORT_HTML, NOW, &broken);
	shows(xml, "organisation=\"&lt;b&gt;&amp;&quot;Ma\303\274ller&quot;\"");
	shows(xml, "reason=&lt;script&gt;alert(1)&lt;/script&gt;");
	shows(html, "&lt;script&gt;alert(1)&lt;/script&gt;");
	assert_null(strstr(html, "<script"));
	assert_null(strstr(html, "<b>"));
	assert_null(strstr(html, "http:")); /* nothing from outside */
	report.organisation = "Example GmbH";
	free(xml);
	free(html);
	fake_done(s);
}

static void an_unreadable_store_is_an_error(void **state)
{
	(void)state;
	struct store *s = a_store();
	struct audit *a;
	char error[256] = "";
	s->walk_result = STORE_FAILED;
	assert_int_equal(audit_load(&a, s, NOW, &options, error, sizeof error), -1);
	assert_null(a);
	assert_non_null(strstr(error, "cannot read the store"));
	fake_done(s);
}

static void who_has_not_erased_yet_is_told(void **state)
{
	(void)state;
	const struct site_state hamburg = {
		.site = "hamburg", .until = NOW - DAY, .erasures = 5, .obeyed = 3
	};
	static const struct {
		int64_t waiting;
		const char *said, *unsaid;
	} cases[] = {
		{ 0, "1 other sites have confirmed", "3 of 5" },
		{ NOW - DAY, "1 other sites have confirmed", "3 of 5" }, /* it is on its way */
		{ NOW - 3 * DAY, "hamburg has confirmed 3 of 5 erasures", "others lack" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct store *s = a_store();
		struct audit *a;
		char error[256] = "";
		s->present = &hamburg;
		s->waiting = cases[i].waiting;
		assert_int_equal(audit_load(&a, s, NOW, &options, error, sizeof error), 0);
		const struct promise *p = a->promise;
		while (p < a->promise + a->promises && strcmp(p->id, "erased-everywhere") != 0)
			p++;
		assert_true(p < a->promise + a->promises);
		assert_non_null(strstr(p->detail, cases[i].said));
		assert_null(strstr(p->detail, cases[i].unsaid));
		assert_int_equal(p->state, i == 2 ? PROMISE_ATTENTION : PROMISE_KEPT);
		audit_free(a);
		fake_done(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_has_not_erased_yet_is_told),
		cmocka_unit_test(kept_promises),
		cmocka_unit_test(overdue_rows_break_a_promise),
		cmocka_unit_test(a_torn_chain_breaks_a_promise),
		cmocka_unit_test(a_broken_promise_says_what_to_do),
		cmocka_unit_test(days_without_a_purge_are_listed),
		cmocka_unit_test(counts_that_differ_break_a_promise),
		cmocka_unit_test(what_is_not_ours_breaks_a_promise),
		cmocka_unit_test(given_times_are_told),
		cmocka_unit_test(bytes_that_stay_break_a_promise),
		cmocka_unit_test(a_mailbox_that_is_not_visited_is_told),
		cmocka_unit_test(mail_that_was_deleted_in_folders_is_counted),
		cmocka_unit_test(what_is_deleted_in_a_mailbox_is_told),
		cmocka_unit_test(markup_is_text),
		cmocka_unit_test(an_unreadable_store_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
