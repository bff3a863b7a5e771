/*
 * A campaign that is a person's is none. Its name comes with a mail, in words that its sender
 * chose: some put a customer's number or name there. So a name lasts only where it belongs to K
 * recipients or more. When its day is over (report's zone) every name that came in it is judged: it
 * stays where on that day K recipients had events of it, or K mails of it were sent on one day, or
 * it was judged to last not long before; any other is folded into "other campaigns", in events,
 * tallies and volumes.
 *
 * So does a recipient domain that is kept by name ([privacy] domains = all), which may be a
 * person's own: of its day's events alone, and in them, since nothing else has it.
 *
 * The table campaign holds the names that are not judged yet, by day, and an empty one where there
 * are domains to judge. Afterwards those that tallies
 * hold are those that last.
 */
#include <stdlib.h>
#include "store/internal.h"
#include "store/fold.h"
#include "store/held.h"
#include "store/kpi.h"
#include "store/tally.h"

enum {
	LASTING = 60 * DAY,   /* for so long a name that was judged to last need not be again */
	FOLDED_AT_ONCE = 256, /* names whose rows are rewritten before the next are looked for */
};

typedef char campaign_name[EVENT_CAMPAIGN_SIZE];

/* The names of DAY that fewer than LEAST recipients have; at most FOLDED_AT_ONCE. */
static int small_campaigns(struct store *s, int32_t day, int64_t least, bool gone,
	campaign_name *name, unsigned *count)
{
	int64_t begin = day_begin(day), end = day_begin(day_of(begin + 36 * HOUR));
	int result = STORE_OK;
	sqlite3_stmt *st = db_bind(s, SQL_CAMPAIGN_SMALL, "iiiiiii", (int64_t)day, begin, end,
		least, (int64_t)day_of(begin - LASTING), (int64_t)gone, (int64_t)FOLDED_AT_ONCE);

	for (*count = 0; db_row(s, st, &result); ++*count)
		db_text(st, 0, name[*count], sizeof *name);
	return result;
}

/* Where a backup was restored, in what the life before it had told, too. */
static int fold_told(struct store *s, int32_t day, const char *name)
{
	if (!s->site)
		return STORE_OK;
	return db_run(s, SQL_TALLY_FOLD_LESS, "itt", (int64_t)day, name, other_campaigns) ||
			db_run(s, SQL_TALLY_UNNAME_LESS, "it", (int64_t)day, name) ||
			db_run(s, SQL_VOLUME_FOLD_LESS, "itt", (int64_t)day, name,
				other_campaigns) ||
			db_run(s, SQL_VOLUME_UNNAME_LESS, "it", (int64_t)day, name)
		? STORE_FAILED
		: STORE_OK;
}

static int fold_campaign(struct store *s, int32_t day, const char *name)
{
	return fold_told(s, day, name) ||
			db_run(s, SQL_TALLY_FOLD, "itt", (int64_t)day, name, other_campaigns) ||
			db_run(s, SQL_TALLY_UNNAME, "it", (int64_t)day, name) ||
			db_run(s, SQL_VOLUME_FOLD, "itt", (int64_t)day, name, other_campaigns) ||
			db_run(s, SQL_VOLUME_UNNAME, "it", (int64_t)day, name) ||
			db_run(s, SQL_CAMPAIGN_DELETE, "it", (int64_t)day, name)
		? STORE_FAILED
		: STORE_OK;
}

/* *FOLDED: some were. GONE: the events of DAY are purged, its counts have to do. */
static int fold_day(struct store *s, int32_t day, int64_t least, bool gone, bool *folded)
{
	int64_t begin = day_begin(day), end = day_begin(day_of(begin + 36 * HOUR));
	campaign_name *name = malloc(FOLDED_AT_ONCE * sizeof *name);
	unsigned count = 0;
	int result = name ? STORE_OK : store_fail(s, STORE_FAILED, "no memory");

	do {
		if (!result)
			result = small_campaigns(s, day, least, gone, name, &count);
		for (unsigned i = 0; i < count && !result; i++)
			result = fold_campaign(s, day, name[i]);
		*folded |= !result && count;
	} while (!result && count == FOLDED_AT_ONCE);
	free(name);
	if (result)
		return result;
	/* those, too, that were beyond the bound when they came */
	return db_run(s, SQL_EVENT_FOLD, "iiti", begin, end, other_campaigns, (int64_t)day) ||
			kpi_functions(s) || db_run(s, SQL_DOMAIN_FOLD, "iii", begin, end, least)
		? STORE_FAILED
		: STORE_OK;
}

/* The oldest day before BEFORE, and behind AFTER, of which a name is not judged; 0: none. */
static int unjudged_day(struct store *s, int32_t after, int32_t before, int32_t *day)
{
	int64_t found = 0;
	int result = db_int(s, &found, SQL_CAMPAIGN_DAY, "ii", (int64_t)after, (int64_t)before);

	*day = (int32_t)found;
	return result;
}

int campaigns_judge(struct store *s, int64_t now, int64_t purged)
{
	int32_t today = day_of(now), day = 0;
	bool folded = false;
	int result = unjudged_day(s, 0, today, &day);

	while (!result && day) {
		result = fold_day(s, day, s->o.k, day_begin(day) < purged, &folded);
		if (!result)
			result = db_run(s, SQL_CAMPAIGN_DELETE, "it", (int64_t)day, NULL);
		if (!result)
			result = unjudged_day(s, day, today, &day);
	}
	return !result && folded ? held_note_deletion(s) : result;
}

/*
 * Before the commit of an erasure: a name that nobody is left under is not kept until its day is
 * over.
 */
int campaigns_flush(struct store *s)
{
	int32_t day = 0;
	bool folded = false;
	int result = STORE_OK;

	if (!s->forgotten)
		return STORE_OK;
	s->forgotten = false;
	result = unjudged_day(s, 0, INT32_MAX, &day);
	while (!result && day) {
		result = fold_day(s, day, 1, false, &folded);
		if (!result)
			result = unjudged_day(s, day, INT32_MAX, &day);
	}
	return result;
}

void campaigns_discard(struct store *s)
{
	s->forgotten = false;
}
