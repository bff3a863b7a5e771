/*
 * Which columns, indexes, triggers and views a store has: those on the lists here.
 */
#include "tests/unit/store_fixture.h"

/*
 * Every column that may exist. Whoever adds one that could hold an address, a host or a message id
 * has to add it here.
 */
static const char *const allowed[] = {
	"alert.at",
	"alert.bound",
	"alert.by_command",
	"alert.by_mail",
	"alert.campaign",
	"alert.category",
	"alert.cleared",
	"alert.condition",
	"alert.detail",
	"alert.news",
	"alert.number",
	"alert.opened",
	"alert.part",
	"alert.present",
	"alert.present_part",
	"alert.present_whole",
	"alert.provider",
	"alert.reopened",
	"alert.since",
	"alert.subject",
	"alert.told",
	"alert.until",
	"alert.usual",
	"alert.value",
	"alert.whole",
	"brake_hour.count",
	"brake_hour.hour",
	"brake_hour.mta",
	"brake_hour.provider",
	"brake_hour.rule",
	"brake_peak.day",
	"brake_peak.kind",
	"brake_peak.mta",
	"brake_peak.name",
	"brake_peak.open",
	"brake_peak.whole",
	"campaign.day",
	"campaign.name",
	"change.body",
	"change.id",
	"change.kind",
	"change.life",
	"change.number",
	"change.version",
	"cohort.count",
	"cohort.month",
	"cohort.outcome",
	"comment.month",
	"comment.number",
	"comment.text",
	"comment.written",
	"contact.at",
	"contact.attempts",
	"contact.cohort",
	"contact.counted_from",
	"contact.due",
	"contact.history",
	"contact.ladder",
	"contact.news",
	"contact.objected",
	"contact.objection",
	"contact.old",
	"contact.pauses",
	"contact.pseudonym",
	"contact.reason",
	"contact.rule",
	"contact.since",
	"contact.state",
	"contact.tidy",
	"contact.until",
	"event.at",
	"event.campaign",
	"event.category",
	"event.class",
	"event.diagnostic",
	"event.kind",
	"event.mailbox",
	"event.margin",
	"event.number",
	"event.origin",
	"event.provider",
	"event.pseudonym",
	"event.reply",
	"event.rule",
	"event.status",
	"event.stream",
	"folder.at",
	"folder.mailbox",
	"folder.name",
	"folder.uidnext",
	"folder.uidvalidity",
	"gone_domain.count",
	"gone_domain.domain",
	"gone_domain.first",
	"gone_domain.last",
	"held.class",
	"held.count",
	"held.day",
	"investigated.blocks",
	"investigated.category",
	"investigated.closed",
	"investigated.opened",
	"investigated.provider",
	"investigation.blocks",
	"investigation.category",
	"investigation.last",
	"investigation.opened",
	"investigation.provider",
	"investigation.resolved",
	"kept.at",
	"kept.id",
	"kept.mailbox",
	"kept.what",
	"key.at",
	"key.fingerprint",
	"key.month",
	"key.name",
	"key.purpose",
	"ledger.at",
	"ledger.detail",
	"ledger.hash",
	"ledger.kind",
	"ledger.number",
	"ledger.previous",
	"log_file.at",
	"log_file.device",
	"log_file.fingerprint",
	"log_file.inode",
	"log_file.length",
	"log_file.mtime",
	"log_file.offset",
	"log_file.size",
	"log_state.name",
	"log_state.value",
	"mailbox.certificate_end",
	"mailbox.failed_at",
	"mailbox.first_at",
	"mailbox.name",
	"mailbox.read_at",
	"mailbox.why",
	"message_count.count",
	"message_count.day",
	"message_count.mailbox",
	"message_count.outcome",
	"meta.name",
	"meta.value",
	"notice_hour.block",
	"notice_hour.complaint",
	"notice_hour.hard",
	"notice_hour.hour",
	"notice_hour.provider",
	"notice_hour.soft",
	"notice_hour.throttled",
	"notice_hour.undetermined",
	"notice_total.count",
	"notice_total.provider",
	"notice_total.what",
	"recurrence.class",
	"recurrence.day",
	"recurrence.first",
	"recurrence.repeated",
	"refused.category",
	"refused.count",
	"refused.day",
	"refused.host",
	"refused.provider",
	"seen.at",
	"seen.key",
	"share.body",
	"share.life",
	"share.number",
	"share.pseudonym",
	"share.version",
	"site.life",
	"site.merged",
	"site.name",
	"site.number",
	"site.until",
	"stream_count.count",
	"stream_count.day",
	"stream_count.stream",
	"stream_count.what",
	"stuck.at",
	"stuck.id",
	"stuck.mailbox",
	"stuck.since",
	"summary.at",
	"summary.count",
	"summary.disposition",
	"summary.dkim",
	"summary.domain",
	"summary.kind",
	"summary.network",
	"summary.receiver",
	"summary.result",
	"summary.spf",
	"summary.verified",
	"taken_back.at",
	"taken_back.campaign",
	"taken_back.first",
	"taken_back.last",
	"taken_back.mta",
	"taken_back.number",
	"taken_back.provider",
	"taken_back.rule",
	"tally.campaign",
	"tally.category",
	"tally.class",
	"tally.count",
	"tally.day",
	"tally.kind",
	"tally.origin",
	"tally.provider",
	"trouble.campaign",
	"trouble.category",
	"trouble.cleared",
	"trouble.condition",
	"trouble.number",
	"trouble.opened",
	"trouble.provider",
	"trouble.since",
	"trouble.subject",
	"trouble.until",
	"typing.count",
	"typing.day",
	"typing.domain",
	"unread.mailbox",
	"unread.since",
	"unread.until",
	"volume.beside",
	"volume.campaign",
	"volume.day",
	"volume.deferred",
	"volume.delivered",
	"volume.provider",
	"volume.rejected",
	"volume.sent",
	"volume.source",
	"volume.throttled",
	"volume_hour.deferred",
	"volume_hour.delivered",
	"volume_hour.hour",
	"volume_hour.provider",
	"volume_hour.rejected",
	"volume_hour.throttled",
	"wave.day",
	"wave.kind",
	"wave.life",
	"wave.mta",
	"wave.name",
	"wave.opened",
	"wave.state",
};

/*
 * Everything else that may exist in the database: an index keeps columns a second time, a trigger
 * or view could gather them.
 */
static const char *const allowed_objects[] = {
	"CREATE UNIQUE INDEX alert_open ON alert (condition, subject) WHERE cleared IS NULL",
	"CREATE INDEX change_number ON change (number)",
	"CREATE INDEX contact_at ON contact (objection, at)",
	"CREATE INDEX contact_due ON contact (due) WHERE due IS NOT NULL",
	"CREATE INDEX contact_news ON contact (news) WHERE news IS NOT NULL",
	"CREATE INDEX contact_old ON contact (old, objection) WHERE old IS NOT NULL",
	"CREATE INDEX contact_tidy ON contact (tidy) WHERE tidy IS NOT NULL",
	"CREATE INDEX event_diagnostic ON event (at) WHERE diagnostic IS NOT NULL",
	"CREATE INDEX kept_at ON kept (at)",
	"CREATE INDEX share_number ON share (number)",
	"CREATE TRIGGER ledger_fixed BEFORE UPDATE ON ledger BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END",
	"CREATE TRIGGER ledger_keep BEFORE DELETE ON ledger BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END",
};

static void no_column_exists_that_is_not_on_the_list(void **state)
{
	sqlite3 *db;
	sqlite3_stmt *st;
	size_t n = 0;

	(void)state;
	assert_int_equal(sqlite3_open_v2(database, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(
		sqlite3_prepare_v2(db,
			"SELECT t.name || '.' || c.name FROM pragma_table_list t, pragma_table_info(t.name) c"
			" WHERE t.schema = 'main' AND t.name NOT LIKE 'sqlite_%' ORDER BY 1",
			-1, &st, NULL),
		SQLITE_OK);
	while (sqlite3_step(st) == SQLITE_ROW) {
		assert_in_range(n, 0, sizeof allowed / sizeof *allowed - 1);
		assert_string_equal((const char *)sqlite3_column_text(st, 0), allowed[n++]);
	}
	assert_int_equal(n, sizeof allowed / sizeof *allowed);
	sqlite3_finalize(st);
	sqlite3_close(db);
	assert_int_equal(
		query_int(
			"SELECT count(*) FROM pragma_table_list WHERE name IN ('contact', 'event', 'seen', 'kept') AND wr"),
		4);
}

static void no_index_trigger_or_view_exists_that_is_not_on_the_list(void **state)
{
	sqlite3 *db;
	sqlite3_stmt *st;
	size_t n = 0;

	(void)state;
	assert_int_equal(sqlite3_open_v2(database, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(
		sqlite3_prepare_v2(db,
			"SELECT sql FROM sqlite_schema WHERE type <> 'table' AND name NOT LIKE 'sqlite_%'"
			" ORDER BY type, name",
			-1, &st, NULL),
		SQLITE_OK);
	while (sqlite3_step(st) == SQLITE_ROW) {
		assert_in_range(n, 0, sizeof allowed_objects / sizeof *allowed_objects - 1);
		assert_string_equal((const char *)sqlite3_column_text(st, 0), allowed_objects[n++]);
	}
	assert_int_equal(n, sizeof allowed_objects / sizeof *allowed_objects);
	sqlite3_finalize(st);
	sqlite3_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(no_column_exists_that_is_not_on_the_list),
		TEST(no_index_trigger_or_view_exists_that_is_not_on_the_list),
	};

	return cmocka_run_group_tests_name("columns", tests, NULL, NULL);
}
