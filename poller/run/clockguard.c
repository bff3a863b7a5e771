#include "poller/run/clockguard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/*
 * A monthly job is never in doubt; of a machine that runs it every ten minutes 40 days are as much
 * as we let go unasked. Before there is a habit only what is out of all proportion is doubted:
 * whoever has just begun has little to lose.
 */
enum {
	GAP_LEAST = 40 * DAY,
	GAP_USUAL = 4,
	GAP_WITHOUT_HABIT = 400 * DAY,
	HABIT_RUNS = 3,
	MAIL_LEAST = 3
};

/*
 * 2020-01-01: there was no such program. A machine without a battery starts in 1970, or where its
 * kernel was built.
 */
static const int64_t beginning = 1577836800;

#define DOUBT_NAME(symbol, name) name,
static const char *const doubt_names[] = { CLOCK_DOUBTS(DOUBT_NAME) };

const char *clock_doubt_name(unsigned doubt)
{
	return doubt < CLOCK_DOUBT_COUNT ? doubt_names[doubt] : "";
}

void clock_present(const char *const *files, struct clock_present *out)
{
	struct stat st;
	*out = (struct clock_present){ .now = clock_now(), .given = clock_is_set() };
	if (!clock_boot(out->boot, &out->began))
		out->boot[0] = '\0';
	for (; !out->given && *files; files++)
		if (!stat(*files, &st) && st.st_mtime > out->newest)
			out->newest = st.st_mtime;
}

int64_t clock_gap_limit(const struct witness *w)
{
	int64_t usual = 0;
	if (w->runs < HABIT_RUNS)
		return GAP_WITHOUT_HABIT;
	for (unsigned i = 1; i < w->runs; i++)
		if (w->ran[i] - w->ran[i - 1] > usual)
			usual = w->ran[i] - w->ran[i - 1];
	return usual * GAP_USUAL > GAP_LEAST ? usual * GAP_USUAL : GAP_LEAST;
}

/* The newest time that files, the mail of this run or that of a run in doubt have shown. */
static int64_t newest_of(const struct witness *w, const struct clock_present *p)
{
	return !p->given && w->newest > p->newest ? w->newest : p->newest;
}

int64_t clock_server_lead(const struct witness *w, const struct clock_present *p)
{
	if (p->given || p->served)
		return p->given ? 0 : p->served - p->now;
	int64_t lead = w->served - w->served_at;
	if (lead < 0) /* until the clock is set back */
		return p->now >= w->served_at - CLOCK_TOLERANCE ? lead : 0;
	return w->served > p->now ? w->served - p->now : 0;
}

static bool same_start(const struct witness *w, const struct clock_present *p)
{
	return *w->boot && !strcmp(w->boot, p->boot);
}

bool clock_hears_mail(
	const struct witness *w, const struct clock_present *p, uint64_t later, uint64_t fitting)
{
	return !p->given && later >= MAIL_LEAST && later > fitting &&
		!(w->last && same_start(w, p));
}

int64_t clock_lead(const struct witness *w, const struct clock_present *p)
{
	int64_t lead = newest_of(w, p) - p->now, server = llabs(clock_server_lead(w, p));
	lead = server > lead ? server : lead;
	return lead > w->tolerated ? lead : w->tolerated;
}

/* What speaks against it; sets how far it is off. */
static enum clock_doubt doubt_of(
	const struct witness *w, const struct clock_present *p, int64_t *off)
{
	int64_t step = p->began - w->began;
	if ((*off = beginning - p->now) > 0)
		return CLOCK_IMPOSSIBLE;
	if (w->last && (*off = w->last - p->now) > CLOCK_TOLERANCE)
		return CLOCK_BACK;
	if (same_start(w, p) && (*off = llabs(step)) > CLOCK_TOLERANCE)
		return CLOCK_STEPPED;
	if (w->last && !same_start(w, p) && (*off = p->now - w->last) > clock_gap_limit(w))
		return CLOCK_GAP;
	if ((*off = newest_of(w, p) - p->now - w->tolerated) > CLOCK_TOLERANCE)
		return CLOCK_BEHIND;
	if ((*off = llabs(clock_server_lead(w, p)) - w->tolerated) > CLOCK_TOLERANCE)
		return CLOCK_SERVER;
	*off = 0;
	return CLOCK_BELIEVED;
}

void clock_judge(const struct witness *w, const struct clock_present *p, struct clock_verdict *out)
{
	static const struct witness nothing;
	char now[CLOCK_TEXT_SIZE], last[CLOCK_TEXT_SIZE], newest[CLOCK_TEXT_SIZE];
	w = w ? w : &nothing;
	*out = (struct clock_verdict){ .certain = p->now };
	out->doubt = doubt_of(w, p, &out->off);
	bool behind = out->doubt == CLOCK_BEHIND ||
		(out->doubt == CLOCK_SERVER && clock_server_lead(w, p) > 0);
	if (w->last && out->doubt != CLOCK_BELIEVED && !behind)
		out->certain = w->last;
	clock_format(p->now, now);
	clock_format(w->last, last);
	clock_format(newest_of(w, p), newest);
	long long days = (long long)((out->off + DAY / 2) / DAY);
	switch (out->doubt) {
	case CLOCK_IMPOSSIBLE:
		snprintf(out->text, sizeof out->text, "it says %s, when this program did not exist",
			now);
		break;
	case CLOCK_BACK:
		snprintf(out->text, sizeof out->text,
			"it says %s, but the last run was at %s, %lld days later", now, last, days);
		break;
	case CLOCK_STEPPED:
		snprintf(out->text, sizeof out->text,
			"it says %s, and went %s by %lld days since the last run, of %s, without the machine having been off",
			now, p->began > w->began ? "forth" : "back", days, last);
		break;
	case CLOCK_GAP:
		snprintf(out->text, sizeof out->text,
			"it says %s, but the last run was at %s, %lld days ago; up to %lld would be usual here",
			now, last, days, (long long)(clock_gap_limit(w) / DAY));
		break;
	case CLOCK_BEHIND:
		snprintf(out->text, sizeof out->text,
			"it says %s, but a file or a message is of %s, %lld days later", now,
			newest, (long long)((newest_of(w, p) - p->now + DAY / 2) / DAY));
		break;
	case CLOCK_SERVER:
		snprintf(out->text, sizeof out->text,
			"it says %s, and the clock of a token server is %lld days %s", now,
			(long long)((llabs(clock_server_lead(w, p)) + DAY / 2) / DAY),
			behind ? "ahead of that" : "behind it");
		break;
	default:
		break;
	}
}
