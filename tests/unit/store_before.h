/*
 * A store as an older version left it: what each version brought, taken away again. A new version
 * of the schema has a row here, and no test of an older one changes.
 */
#ifndef RETOUR_TEST_STORE_BEFORE_H
#define RETOUR_TEST_STORE_BEFORE_H

#include "tests/unit/store_fixture.h"

/* The newest first; what only converts rows has none. */
static const struct {
	int version;
	const char *without;
} versions_back[] = {
	{ 35, "SELECT 35;" },
	{ 34, "DELETE FROM meta WHERE name = 'site floor';" },
	{ 33, "DELETE FROM meta WHERE name = 'seen-undated';" },
	{ 32,
		"DROP INDEX contact_at; DROP INDEX contact_old; DROP INDEX contact_news; ALTER TABLE contact RENAME TO contact_now;"
		"CREATE TABLE contact (pseudonym BLOB PRIMARY KEY, at INTEGER NOT NULL, due INTEGER, tidy INTEGER, objection INTEGER NOT NULL, old INTEGER,"
		" news BLOB, body BLOB NOT NULL) STRICT, WITHOUT ROWID;"
		"INSERT INTO contact SELECT pseudonym, at, contact_part(pseudonym, body, 'due'), tidy, contact_part(pseudonym, body, 'objection'), old, news, body"
		" FROM contact_now LEFT JOIN " CONTACT_TIDY(
			"") " ON whose = pseudonym;"
			    "UPDATE contact SET due = due - due % 86400; DROP TABLE contact_now; DROP TABLE agenda;"
			    "CREATE INDEX contact_due ON contact (due) WHERE due IS NOT NULL; CREATE INDEX contact_tidy ON contact (tidy) WHERE tidy IS NOT NULL;"
			    "CREATE INDEX contact_at ON contact (objection, at); CREATE INDEX contact_old ON contact (old, objection) WHERE old IS NOT NULL;"
			    "CREATE INDEX contact_news ON contact (news) WHERE news IS NOT NULL;" },
	{ 31, "DROP TABLE wording; DROP TABLE wording_few; DROP TABLE wording_day; DROP TABLE site_wording;" },
	{ 30,
		"ALTER TABLE contact RENAME TO contact_now; DROP INDEX contact_due; DROP INDEX contact_tidy; DROP INDEX contact_at; DROP INDEX contact_old; DROP INDEX contact_news;"
		"CREATE TABLE contact (pseudonym BLOB PRIMARY KEY, state TEXT NOT NULL, at INTEGER NOT NULL, since INTEGER NOT NULL,"
		" until INTEGER, due INTEGER, attempts INTEGER NOT NULL, pauses INTEGER NOT NULL, counted_from INTEGER NOT NULL, reason TEXT,"
		" rule TEXT, ladder TEXT, history BLOB, tidy INTEGER, cohort INTEGER, old INTEGER, objection INTEGER NOT NULL DEFAULT 0, objected INTEGER, news INTEGER) STRICT, WITHOUT ROWID;"
		"ALTER TABLE contact RENAME TO contact_then; ALTER TABLE contact_now RENAME TO contact; INSERT INTO contact_then SELECT " CONTACT_COLUMNS(
			"tidy",
			"objection") " FROM contact; DROP TABLE contact; ALTER TABLE contact_then RENAME TO contact;"
				     "CREATE INDEX contact_due ON contact (due) WHERE due IS NOT NULL; CREATE INDEX contact_tidy ON contact (tidy) WHERE tidy IS NOT NULL;"
				     "CREATE INDEX contact_at ON contact (objection, at); CREATE INDEX contact_old ON contact (old, objection) WHERE old IS NOT NULL;"
				     "CREATE INDEX contact_news ON contact (news) WHERE news IS NOT NULL;" },
	{ 29, "DROP TABLE tally_month;" },
	{ 28, "DROP TABLE mailbox_fact; ALTER TABLE mailbox ADD COLUMN certificate_end INTEGER;" },
	{ 27,
		"DROP TABLE figure; DROP TABLE figure_touched; DROP TABLE site_tally; DROP TABLE site_volume; DROP TABLE site_message_count; DROP TABLE site_typing; "
		"DROP TABLE site_stream_count; DROP TABLE site_summary; DROP TABLE site_trouble; DROP TABLE site_unread; DROP TABLE site_investigation; DROP TABLE site_investigated;" },
	{ 26, "ALTER TABLE alert DROP COLUMN detail; ALTER TABLE alert DROP COLUMN present; ALTER TABLE alert DROP COLUMN present_part; ALTER TABLE alert DROP COLUMN present_whole;" },
	{ 25, "DROP INDEX contact_news; ALTER TABLE contact DROP COLUMN news;" },
	{ 24, /* without its rows */
		"DROP TABLE summary; CREATE TABLE summary (at INTEGER NOT NULL, kind TEXT NOT NULL, receiver TEXT NOT NULL, domain TEXT NOT NULL, network TEXT NOT NULL,"
		" disposition TEXT NOT NULL, dkim INTEGER NOT NULL, spf INTEGER NOT NULL, result TEXT NOT NULL, count INTEGER NOT NULL,"
		" PRIMARY KEY (at, kind, receiver, domain, network, disposition, dkim, spf, result)) STRICT, WITHOUT ROWID;" },
	{ 23, "DROP TABLE stream_count; ALTER TABLE event DROP COLUMN stream; ALTER TABLE contact DROP COLUMN objected;" },
	{ 22, "DROP TABLE summary;" },
	{ 21, "DROP INDEX contact_old; CREATE INDEX contact_old ON contact (old) WHERE old IS NOT NULL;" },
	{ 20, "DROP INDEX contact_at; ALTER TABLE contact DROP COLUMN objection; CREATE INDEX contact_at ON contact (at);" },
	{ 19, "DROP TABLE gone_domain;" },
	{ 18, "DROP TABLE trouble; DROP TABLE unread;" },
	{ 17, "DROP TABLE refused;" },
	{ 16, "DROP TABLE wave; DROP TABLE brake_hour; DROP TABLE brake_peak;" },
	{ 15, "DROP TABLE site; DROP TABLE share; DROP TABLE change;" },
	{ 14, "DROP TABLE taken_back;" },
	{ 13, "ALTER TABLE event DROP COLUMN margin;" },
	{ 10, "DROP TABLE held; DROP INDEX contact_at; DROP INDEX kept_at;" },
	{ 9, "DROP TABLE stuck;" },
	{ 8, "ALTER TABLE mailbox DROP COLUMN certificate_end;" },
	{ 7, "DROP TABLE notice_hour; DROP TABLE notice_total; DROP TABLE alert; ALTER TABLE mailbox DROP COLUMN first_at;" },
};

/* The statements that make VERSION of the present one; valid until the next call. */
static inline const char *back_to(int version)
{
	static char sql[12288];
	size_t n = 0;

	plain_remember(store);
	assert_int_equal(versions_back[0].version, SCHEMA_VERSION);
	for (size_t i = 0; i < sizeof versions_back / sizeof *versions_back; i++)
		if (versions_back[i].version > version)
			n += (size_t)snprintf(
				sql + n, sizeof sql - n, "%s", versions_back[i].without);
	n += (size_t)snprintf(sql + n, sizeof sql - n, "PRAGMA user_version = %d;", version);
	assert_true(n < sizeof sql);
	return sql;
}

#endif
