/*
 * Waves that drip: a receiver that refuses everybody slowly, or one relay among many of ours, stays
 * below what makes an hour improbable and yet says "user unknown" to hundreds in a day.
 *
 * So a whole day is looked at as an hour is (wave.c), against the days before: it is a wave with
 * DAY_TIMES the least that an hour needs, and more than so many times the most of any day of the
 * last weeks. Without a habit of days nothing is said. A large mailing is no incident where volumes
 * explain it (waverate.c).
 */
#include <stdio.h>
#include "store/waveparts.h"

enum {
	DAY_TIMES = 4,    /* the least of an hour */
	ROWS_OF_DAY = 64, /* that are looked at */
	HABIT_OF_DAYS = 62,
	HABIT_BEGINS = 5, /* days after the first */
};

struct day_row {
	struct known_wave w;
	int64_t most, first, open, last;
};

static int read_day(
	struct store *s, int64_t day, enum wave_kind kind, struct day_row *row, unsigned *n)
{
	static const enum sql by_kind[WAVE_KINDS] = { SQL_BRAKE_DAY_OF_PROVIDER,
		SQL_BRAKE_DAY_OF_RULE, SQL_BRAKE_DAY_OF_MTA };
	int64_t settled = day - DAY - whole_days(s->o.brake_hold);
	sqlite3_stmt *st = db_bind(s, by_kind[kind], "iiiii", day / DAY, (int64_t)HABIT_OF_DAYS,
		DAY_TIMES * larger(s->o.brake_minimum, s->o.k), settled, (int64_t)ROWS_OF_DAY);
	int result = STORE_OK;

	for (*n = 0; db_row(s, st, &result); ++*n) {
		struct day_row *r = &row[*n];
		*r = (struct day_row){ .w = { .day = day,
					       .kind = kind,
					       .mta = (uint32_t)sqlite3_column_int64(st, 1),
					       .holds = true },
			.most = sqlite3_column_int64(st, 2),
			.first = sqlite3_column_int64(st, 3) * DAY,
			.open = sqlite3_column_int64(st, 4),
			.last = sqlite3_column_int64(st, 5) };
		db_text(st, 0, r->w.name, sizeof r->w.name);
	}
	return st ? result : STORE_FAILED;
}

static int is_day_improbable(struct store *s, const struct day_row *r, bool *is)
{
	struct wave_sent sent;

	*is = r->open > s->o.brake_factor * r->most && r->first <= r->w.day - HABIT_BEGINS * DAY &&
		(r->w.kind != OF_MTA || r->w.mta);
	if (!*is)
		return STORE_OK;
	if (wave_judge_sent(s, &r->w, r->last, r->open, &sent))
		return STORE_FAILED;
	*is = r->w.kind == OF_PROVIDER ? sent.much || sent.above : !sent.explains;
	return STORE_OK;
}

int wave_judge_day(struct store *s, int64_t day, bool opens, bool *any)
{
	struct day_row row[ROWS_OF_DAY];
	unsigned n;
	bool is;

	*any = false;
	if (!waves_made(s))
		return STORE_FAILED;
	for (enum wave_kind kind = OF_PROVIDER; kind < WAVE_KINDS; kind++) {
		/* what a provider's wave explains is not looked at by rule */
		if (read_day(s, day, kind, row, &n))
			return STORE_FAILED;
		for (unsigned i = 0; i < n; i++) {
			if (is_day_improbable(s, &row[i], &is))
				return STORE_FAILED;
			*any |= is;
			s->waves->hour.hour = row[i].last;
			s->waves->hour.day = day;
			if (is && opens && wave_open(s, &s->waves->hour, row[i].w))
				return STORE_FAILED;
		}
	}
	return *any && opens ? wave_count_again(s, day) : STORE_OK;
}
