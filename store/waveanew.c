/*
 * Waves, judged anew from a day on, as if all hours had been read in their order: mail that comes
 * late, a day that drips, and shares of other sites change what was a wave. What is one more, or
 * one less, is told.
 */
#include <stdlib.h>
#include <string.h>
#include "store/waveparts.h"

static const struct known_wave *find_before(
	const struct known_wave *before, unsigned n, const struct known_wave *w)
{
	for (unsigned k = 0; k < n; k++)
		if (before[k].own && before[k].day == w->day && wave_is_same(&before[k], w))
			return &before[k];
	return NULL;
}

/* What is in the one and not in the other is told. */
static int find_difference(
	struct store *s, const struct known_wave *before, unsigned n, int64_t *first)
{
	const struct waves *now = s->waves;
	int result = STORE_OK;
	for (unsigned i = 0; i < n && !result; i++)
		if (before[i].own && !wave_find(now, &before[i])) {
			*first = before[i].day < *first ? before[i].day : *first;
			result = wave_tell_known(s, &before[i], before[i].name, WAVE_GONE);
		}
	for (unsigned i = 0; i < now->n && !result; i++)
		if (now->wave[i].own && !find_before(before, n, &now->wave[i])) {
			*first = now->wave[i].day < *first ? now->wave[i].day : *first;
			result = wave_tell_known(s, &now->wave[i], now->wave[i].name, WAVE_HELD);
		}
	return result;
}

static int judge_all(struct store *s, int64_t from)
{
	int64_t hour = from / HOUR, none = INT64_MAX, day = 0;
	bool any;

	for (;;) {
		int64_t next = -1;
		if (db_int(s, &next, SQL_BRAKE_NEXT, "i", hour))
			return STORE_FAILED;
		int64_t another = next < 0 ? INT64_MAX : day_start(next * HOUR);
		if (day && another != day && wave_judge_day(s, day, true, &any))
			return STORE_FAILED;
		if (next < 0)
			return STORE_OK;
		if (wave_judge_hour(s, next, &none))
			return STORE_FAILED;
		day = another;
		hour = next + 1;
	}
}

int wave_judge_from(struct store *s, int64_t hour, int64_t *first)
{
	int64_t from = day_start(hour * HOUR) - DAY;
	struct known_wave *before;
	unsigned n;
	int result;

	if (!waves_made(s))
		return STORE_FAILED;
	n = s->waves->n;
	if (!(before = calloc(n + 1, sizeof *before)))
		return store_fail(s, STORE_FAILED, "no memory");
	memcpy(before, s->waves->wave, n * sizeof *before);
	for (unsigned i = 0; i < n; i++) /* their names are still needed */
		if (before[i].kind == OF_MTA && *before[i].name)
			(void)wave_note_host(s, before[i].mta, before[i].name);
	s->waves->judging_all = true;
	result = db_run(s, SQL_WAVE_FORGET, "i", from) || wave_load(s) ||
			wave_count_again(s, from - DAY) ||
			db_run(s, SQL_BRAKE_PEAK_FORGET, "ii", from, INT64_MAX) ||
			judge_all(s, from)
		? STORE_FAILED
		: STORE_OK;
	s->waves->judging_all = false;
	if (!result)
		result = find_difference(s, before, n, first);
	free(before);
	return result;
}
