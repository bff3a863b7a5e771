/*
 * Which days of this store's own counts changed, for the other sites (exchange/figures.c).
 *
 * While a store with a name is open, triggers of its handle note in figure_touched what day, and
 * which part of it, has a row that is new, changed or gone, whoever wrote that. At the end of the
 * transaction each such part gets the next version, and the number by which a cursor finds it.
 *
 * A backup that is restored is another life of its site: what the copy holds was said by the former
 * life and stays its. The new one tells what its tables have beyond that: rows of life 0 have, with
 * a minus, what they had.
 */
#include "store/siteparts.h"
#include "store/held.h"

/* What notes which days change, while this handle is open. */
static const char *const figure_notes[] = {
	FIGURE_NOTES("tally", FIGURE_DAY, FIGURE_BY_CAMPAIGN),
	FIGURE_NOTES("volume", FIGURE_DAY, FIGURE_BY_CAMPAIGN),
	FIGURE_NOTES("message_count", FIGURE_DAY, FIGURE_IN_ONE),
	FIGURE_NOTES("typing", FIGURE_DAY, FIGURE_IN_ONE),
	FIGURE_NOTES("stream_count", FIGURE_DAY, FIGURE_IN_ONE),
	FIGURE_NOTES("wording", FIGURE_DAY, FIGURE_IN_ONE),
	FIGURE_NOTES("summary", FIGURE_AT, FIGURE_BY_NETWORK),
	FIGURE_NOTES("trouble", FIGURE_OPENED, FIGURE_IN_ONE),
	FIGURE_NOTES("unread", FIGURE_SINCE, FIGURE_IN_ONE),
	FIGURE_NOTES("investigation", FIGURE_NO_DAY, FIGURE_IN_ONE),
	FIGURE_NOTES("investigated", FIGURE_CLOSED, FIGURE_IN_ONE),
	FIGURE_JUDGED,
	FIGURE_WORDING_LASTS,
};

/* --- what changed ------------------------------------------------------------------------- */

/* FIGURE_PART(name): FNV-1a. */
static void sql_figure_part(sqlite3_context *context, int count, sqlite3_value **value)
{
	const unsigned char *text = sqlite3_value_text(*value);
	uint32_t h = 2166136261u;

	(void)count;
	for (; text && *text; text++)
		h = (h ^ *text) * 16777619u;
	sqlite3_result_int(context, (int)((h ^ h >> 16) % FIGURE_PARTS));
}

int figures_open(struct store *s)
{
	if (sqlite3_create_function(s->db, "figure_part", 1,
		    SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, NULL, sql_figure_part,
		    NULL, NULL) != SQLITE_OK)
		return db_error(s);
	for (size_t i = 0; i < sizeof figure_notes / sizeof *figure_notes; i++)
		if (!s->o.read_only && db_exec(s, figure_notes[i]))
			return STORE_FAILED;
	return STORE_OK;
}

int figures_seed(struct store *s)
{
	static const enum sql seeds[] = { SQL_TALLY_SEED, SQL_SENT_SEED, SQL_READ_SEED,
		SQL_MISTYPED_SEED, SQL_STREAM_SEED, SQL_SAID_SEED, SQL_TOLD_SEED, SQL_HAPPENED_SEED,
		SQL_MISSED_SEED, SQL_LOOKED_INTO_SEED, SQL_CLOSED_SEED };

	for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++)
		if (db_run(s, seeds[i], ""))
			return STORE_FAILED;
	return STORE_OK;
}

int figures_any_touched(struct store *s, bool *any)
{
	int64_t found = 0;
	int result = db_int(s, &found, SQL_FIGURE_ANY_TOUCHED, "");

	*any = found;
	return result;
}

int figures_number(struct store *s, int64_t number)
{
	return db_run(s, SQL_FIGURE_NUMBER, "i", number) || db_run(s, SQL_FIGURE_NUMBERED, "")
		? STORE_FAILED
		: STORE_OK;
}

int figures_settle(struct store *s)
{
	bool any = false, own;
	int result = figures_any_touched(s, &any);

	if (result || !any || (result = db_enter(s, &own)))
		return result;
	return db_leave(s, own, STORE_OK);
}

/* --- another life ------------------------------------------------------------------------- */

int figures_restored(struct store *s, int64_t former)
{
	static const struct {
		const char *name;
		enum sql keep, forget, less;
	} added[] = {
		{ "tally", SQL_TALLY_KEEP, SQL_TALLY_FORGET, SQL_TALLY_LESS },
		{ "volume", SQL_SENT_KEEP, SQL_SENT_FORGET, SQL_SENT_LESS },
		{ "message_count", SQL_READ_KEEP, SQL_READ_FORGET, SQL_READ_LESS },
		{ "typing", SQL_MISTYPED_KEEP, SQL_MISTYPED_FORGET, SQL_MISTYPED_LESS },
		{ "stream_count", SQL_STREAM_KEEP, SQL_STREAM_FORGET, SQL_STREAM_LESS },
		{ "wording", SQL_SAID_KEEP, SQL_SAID_FORGET, SQL_SAID_LESS },
		{ "summary", SQL_TOLD_KEEP, SQL_TOLD_FORGET, SQL_TOLD_LESS },
	};
	const int64_t none = 0;

	if (held_flush(s))
		return STORE_FAILED;
	for (size_t i = 0; i < sizeof added / sizeof *added; i++)
		if (db_run(s, added[i].keep, "iii", former, none, none) ||
			db_run(s, added[i].forget, "") || db_run(s, added[i].less, "") ||
			db_run(s, SQL_FIGURE_KEEP, "it", former, added[i].name) ||
			db_run(s, SQL_FIGURE_FORGET, "t", added[i].name))
			return STORE_FAILED;
	return db_run(s, SQL_HELD_FORGET, "t", held_name(HELD_SITE_SUMMARIES)) ||
			db_run(s, SQL_HELD_FROM_SITE_SUMMARIES, "t", held_name(HELD_SITE_SUMMARIES))
		? STORE_FAILED
		: STORE_OK;
}
