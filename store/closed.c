/*
 * Months that are closed. A count of one day, provider, campaign and cause is mostly a count of
 * one: somebody who knows of a bounce finds it. Reports never ask for it. So when a month is over
 * for CLOSED_AFTER, no alert or habit looks back at it any more, and its events are purged, its
 * counts are taken apart (table tally_month), each sum exact:
 *
 *   part      by                                            for
 *   day       day, kind, class, origin                      sums of the month, its days
 *   campaign  campaign, class, category, origin             campaigns of bounces and complaints
 *   provider  provider, kind, class, category, origin       providers, causes, delays, complaints
 *   busy      day, provider                                 who stood behind a day
 *
 * Only of a cause that a provider had COURSE_LEAST times k in the month the days stay beside it,
 * so that a report can be made again that says since when it was so; and of a provider the days on
 * which it had k bounces. What comes later for such a month, as by an import of old mail, is taken
 * apart by the next purge.
 *
 * Not where several sites have one memory: they tell each other each day of the tallies as a whole
 * (exchange/figures.c), and a day that went would go from theirs.
 */
#include "store/internal.h"
#include "store/wording.h"
#include "store/closed.h"
#include "store/held.h"
#include "store/tally.h"

enum { CLOSED_AFTER = 130 * DAY };

static const char *const part_names[] = { [TALLIED_DAY] = "day",
	[TALLIED_PROVIDER] = "provider",
	[TALLIED_CAMPAIGN] = "campaign",
	[TALLIED_BUSY] = "busy" };

static int close_month(struct store *s, int32_t month)
{
	const int64_t first = (int64_t)month * 100 + 1, last = first + 30, k = s->o.k;

	return db_run(s, SQL_CLOSED_DAYS, "ii", first, last) ||
			db_run(s, SQL_CLOSED_CAMPAIGNS, "ii", first, last) ||
			db_run(s, SQL_CLOSED_BUSY, "iiii", first, last, COURSE_LEAST * k, k) ||
			db_run(s, SQL_CLOSED_PROVIDERS, "iii", first, last, COURSE_LEAST * k) ||
			db_run(s, SQL_CLOSED_DELETE, "ii", first, last) ||
			wordings_close(s, first, last)
		? STORE_FAILED
		: STORE_OK;
}

int tallies_close(struct store *s, int64_t now, int64_t purged)
{
	const int64_t before = now - CLOSED_AFTER < purged ? now - CLOSED_AFTER : purged;
	const int64_t open = day_of(before) / 100 * 100 + 1; /* of the first month that stays */
	bool closed = false;
	int64_t day = 0;
	int result = s->o.site ? STORE_OK : db_int(s, &day, SQL_CLOSED_NEXT, "i", open);

	while (!result && day) {
		result = close_month(s, (int32_t)(day / 100));
		closed = true;
		if (!result)
			result = db_int(s, &day, SQL_CLOSED_NEXT, "i", open);
	}
	return !result && closed ? held_note_deletion(s) : result;
}

int store_closed_tallies(struct store *s, int32_t from, int32_t to,
	int (*visit)(void *context, enum tallied part, const struct tally *t), void *context)
{
	sqlite3_stmt *st = db_bind(s, SQL_CLOSED_ROWS, "ii", (int64_t)from, (int64_t)to);
	int result = STORE_OK;

	while (db_row(s, st, &result)) {
		const char *name = (const char *)sqlite3_column_text(st, 8);
		struct tally t;
		tally_read(st, &t);
		for (unsigned part = 0; part < TALLIED_COUNT && !result; part++)
			if (name && strcmp(name, part_names[part]) == 0)
				result = visit(context, (enum tallied)part, &t);
	}
	return result;
}
