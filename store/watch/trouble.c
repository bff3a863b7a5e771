/*
 * What lasts of alerts, so that a month's report can be made again when they are gone: what, where,
 * from when to when. No figures.
 */
#include "store/watch/alert.h"
#include "store/internal.h"
#include "store/hour.h"

int trouble_note(struct store *s, int64_t number)
{
	return db_run(s, SQL_TROUBLE_NOTE, "i", number);
}

int store_troubles(struct store *s, int64_t from, int64_t to,
	int (*visit)(void *context, const struct past_alert *t), void *context)
{
	sqlite3_stmt *st = db_bind(s, sql_seen(s, SQL_TROUBLES), "ii", from, to);
	int result = STORE_OK;

	while (db_row(s, st, &result)) {
		int condition = alert_condition_by_name((const char *)sqlite3_column_text(st, 0));
		int category = category_by_name((const char *)sqlite3_column_text(st, 8));
		struct past_alert t = { .condition = (enum alert_condition)condition,
			.opened = sqlite3_column_int64(st, 2),
			.since = sqlite3_column_int64(st, 3),
			.until = sqlite3_column_int64(st, 4),
			.cleared = sqlite3_column_int64(st, 5),
			.category = category < 0 ? CATEGORY_NONE : (enum category)category };
		if (condition < 0)
			continue;
		db_text(st, 1, t.subject, sizeof t.subject);
		db_text(st, 6, t.provider, sizeof t.provider);
		db_text(st, 7, t.campaign, sizeof t.campaign);
		result = visit(context, &t);
	}
	return result;
}
