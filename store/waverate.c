/*
 * Whether what was sent explains many hard bounces, where volumes are known.
 *
 * Then the habit is a rate: the hard bounces of the weeks before against what was sent in them. On
 * a day for which much more was sent than for any other, many in an hour of one rule or relay are
 * no wonder, as long as the day's are not TIMES what that rate makes of what is still out. Days
 * like others explain nothing, nor does so little that a tenth of it came back. A volume that is
 * hard to believe, of many times the largest day, is as good as none.
 *
 * A provider's own hard bounces are held against its rate as well as against its habit of hours.
 *
 * What is still out is what was sent on the day, and what was sent on the day before less what has
 * come back of it by then: the day behind a large mailing is one like others.
 */
#include <stdio.h>
#include "store/waveparts.h"
#include "store/tally.h"

enum {
	TIMES = 2,
	LARGE_PERCENT = 150, /* of the largest day of the weeks before */
	LARGE_TIMES = 50,    /* more than that is no mailing, but a slip in a table */
	SENT_PERCENT = 10,
	UNSEEN = 3, /* where none was seen, fewer than so many are to be expected (95 of 100) */
};

struct sent_rate {
	int64_t today, yesterday; /* hard bounces; today those that no wave explains, to the hour */
	int64_t hard, sent;       /* of the weeks before, without days of waves */
	int64_t first;            /* day (since 1970) with hard ones of them; 0: none */
	int64_t largest;          /* the most that was sent on a day of them */
	int64_t known;            /* days since the first volume of them */
	int64_t sent_today, sent_yesterday;
};

/* The key of a wave in tables; an MTA is its number there. */
const char *wave_key(const struct known_wave *w)
{
	return w->kind == OF_MTA ? "" : w->name;
}

static const char *whom_sent_to(const struct known_wave *w)
{
	return w->kind == OF_PROVIDER ? w->name : "";
}

/* Of the weeks before the day of W, and of that day up to HOUR. */
static int read_rate(
	struct store *s, const struct known_wave *w, int64_t hour, struct sent_rate *out)
{
	int64_t settled = w->day - DAY - whole_days(s->o.brake_hold);
	sqlite3_stmt *st = db_bind(s, SQL_BRAKE_RATE, "iittiitii", w->day / DAY,
		(int64_t)HABIT_DAYS, wave_kind_names[w->kind], wave_key(w), (int64_t)w->mta, hour,
		whom_sent_to(w), settled, (int64_t)day_of(w->day - HABIT_DAYS * DAY));
	int rc = st ? db_step(s, st) : -1;

	if (rc == 1) {
		out->today = sqlite3_column_int64(st, 0);
		out->yesterday = sqlite3_column_int64(st, 1);
		out->hard = sqlite3_column_int64(st, 2);
		out->first = sqlite3_column_int64(st, 3);
		out->sent = sqlite3_column_int64(st, 4);
		out->largest = sqlite3_column_int64(st, 5);
		out->known = sqlite3_column_int64(st, 6);
	}
	if (st)
		sqlite3_reset(st);
	return rc < 0 ? STORE_FAILED : STORE_OK;
}

static int read_sent(
	struct store *s, const struct known_wave *w, int64_t hour, struct sent_rate *out)
{
	int64_t at = hour * HOUR;
	sqlite3_stmt *st = db_bind(s, SQL_BRAKE_SENT, "iit", (int64_t)day_of(at - DAY),
		(int64_t)day_of(at), whom_sent_to(w));
	int rc = st ? db_step(s, st) : -1;

	if (rc == 1) {
		out->sent_yesterday = sqlite3_column_int64(st, 0);
		out->sent_today = sqlite3_column_int64(st, 1);
	}
	if (st)
		sqlite3_reset(st);
	return rc < 0 ? STORE_FAILED : STORE_OK;
}

int wave_judge_sent(struct store *s, const struct known_wave *w, int64_t hour, int64_t count,
	struct wave_sent *out)
{
	struct sent_rate r = { 0 };

	*out = (struct wave_sent){ .much = true };
	if (read_sent(s, w, hour, &r))
		return STORE_FAILED;
	int64_t both = r.sent_today + r.sent_yesterday;
	out->much = !both || count * 100 >= both * SENT_PERCENT;
	if (!both)
		return STORE_OK;
	if (read_rate(s, w, hour, &r))
		return STORE_FAILED;
	if (r.known < HABIT_LEAST || r.sent <= 0)
		return STORE_OK;
	double usual = ((double)r.hard + UNSEEN) / (double)r.sent,
	       rest = (double)r.sent_yesterday - (double)r.yesterday / usual,
	       still_out = (double)r.sent_today + (rest > 0 ? rest : 0),
	       largest = (double)r.largest;

	if (still_out > largest * LARGE_TIMES) {
		out->much = true;
		return STORE_OK;
	}
	out->above = (double)r.today > TIMES * usual * still_out;
	out->known = r.first && r.first <= w->day / DAY - HABIT_LEAST;
	out->explains = !out->above && !out->much && still_out * 100 > largest * LARGE_PERCENT;
	return STORE_OK;
}
