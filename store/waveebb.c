/*
 * What comes after a wave while it ebbs: a receiver that is nearly in order again refuses ten in an
 * hour, which is below all that makes an hour or a day improbable, and it is the same fault.
 *
 * So the day behind a wave is one, too, as long as its hard bounces, and those of the day before,
 * are more than an average day of the last weeks has; days with waves are none of those. Where
 * nothing is known of the weeks before, that holds for one day; and at most for as long as a wave
 * is held, because what does not ebb by then is how things are. What nobody understands has no ebb:
 * it takes three such days to end somebody.
 */
#include <string.h>
#include "store/waveparts.h"

enum {
	NAMES_MAX = 64, /* waves of one day that are looked at */
};

struct ebb {
	int64_t today, yesterday; /* hard bounces; today those that no wave explains */
	int64_t total, days;      /* of the ordinary days before */
	int64_t first;            /* day with any since 1970 */
};

/* Day W->day, up to HOUR. */
static int read_ebb(struct store *s, const struct known_wave *w, int64_t hour, struct ebb *out)
{
	sqlite3_stmt *st = db_bind(s, SQL_BRAKE_EBB, "iittii", w->day / DAY, (int64_t)HABIT_DAYS,
		wave_kind_names[w->kind], w->kind == OF_MTA ? "" : w->name, (int64_t)w->mta, hour);
	int rc = st ? db_step(s, st) : -1;

	*out = (struct ebb){ 0 };
	if (rc == 1)
		*out = (struct ebb){ sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1),
			sqlite3_column_int64(st, 2), sqlite3_column_int64(st, 3),
			sqlite3_column_int64(st, 4) };
	if (st)
		sqlite3_reset(st);
	return rc < 0 ? STORE_FAILED : STORE_OK;
}

/* So many days without a gap, up to the one before W's, have the same wave. */
static int64_t days_before(const struct store *s, struct known_wave w)
{
	int64_t days = 0;

	for (w.day -= DAY; wave_find(s->waves, &w); w.day -= DAY)
		days++;
	return days;
}

static bool ebbs_still(const struct store *s, const struct known_wave *w, const struct ebb *e)
{
	bool habit = e->first && e->first <= w->day / DAY - HABIT_LEAST;
	int64_t least = e->days ? e->total / e->days : 0,
		longest = habit ? whole_days(s->o.brake_hold) / DAY : 1;

	return e->today > least && e->yesterday > least && days_before(s, *w) <= longest;
}

int wave_judge_ebb(struct store *s, struct hour *h, bool *opened)
{
	struct known_wave ebbing[NAMES_MAX];
	unsigned n = 0;
	struct ebb e;

	for (unsigned i = 0; i < s->waves->n && n < NAMES_MAX; i++) {
		struct known_wave w = s->waves->wave[i];
		if (!w.own || w.day != h->day - DAY || strcmp(w.state, WAVE_CONFIRMED) == 0 ||
			(w.kind == OF_PROVIDER && strcmp(w.name, NOT_UNDERSTOOD) == 0))
			continue;
		w.day = h->day;
		w.holds = true;
		if (!wave_find(s->waves, &w))
			ebbing[n++] = w;
	}
	for (unsigned i = 0; i < n; i++) {
		if (read_ebb(s, &ebbing[i], h->hour, &e))
			return STORE_FAILED;
		if (!ebbs_still(s, &ebbing[i], &e))
			continue;
		*opened = true;
		if (wave_open(s, h, ebbing[i]))
			return STORE_FAILED;
	}
	return STORE_OK;
}
