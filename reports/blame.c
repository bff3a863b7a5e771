/*
 * What changed against the month before, and where: in proportion to what was sent. Twice the mail
 * with twice the bounces is no change, and the largest receiver has the most of everything. So each
 * part is held against what its mail would have brought at its own rate of the month before, at the
 * whole's rate where it had none; named is who has most of what is beyond that, and more of it than
 * of the mail. Where nobody says how much was sent, counts are held against counts.
 *
 * Everything is taken from figures that are shown: what is said follows from the report.
 */
#include "reports/findings.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	LEVEL_PERCENT = 10, /* a change below it counts as level */
	ODDS = 2,           /* so many times more of the excess than of the mail */
};

/* A count of one month and of the one before, with what was sent. */
struct compared {
	const struct cell *now, *before, *sent, *sent_before; /* BEFORE may be NULL: none */
	bool uncounted; /* too many days of which nobody said how much was sent */
};

bool months_comparable(const struct month_report *r)
{
	return r->month[1].covered && !r->month[1].partial;
}

static bool is_shown(const struct cell *c)
{
	return c && c->state == CELL_SHOWN;
}

static bool rated(const struct compared *c)
{
	return !c->uncounted && is_shown(c->sent) && is_shown(c->sent_before) && c->sent->n > 0 &&
		c->sent_before->n > 0;
}

/*
 * How much more there is than was to be expected; false where that cannot be said. RATE: of the
 * whole in the month before, for what had none of its own; below 0: nobody knows.
 */
static bool excess_of(const struct compared *c, double rate, double *out)
{
	if (!is_shown(c->now))
		return false;
	if (is_shown(c->before) && (rated(c) || rate < 0)) {
		double factor = rated(c) ? (double)c->sent->n / (double)c->sent_before->n : 1;
		*out = (double)c->now->n - (double)c->before->n * factor;
		return true;
	}
	if (rate < 0 || !is_shown(c->sent))
		return false;
	*out = (double)c->now->n - rate * (double)c->sent->n;
	return true;
}

/* -1 fell, 0 level, 1 rose. */
static int way_of(const struct compared *c, unsigned k)
{
	double excess;
	if (!is_shown(c->before) || !excess_of(c, -1, &excess))
		return 0;
	if (fabs(excess) < k || fabs(excess) * 100 < ((double)c->now->n - excess) * LEVEL_PERCENT)
		return 0;
	return excess > 0 ? 1 : -1;
}

static int way_of_counts(const struct cell *now, const struct cell *before, unsigned k)
{
	const struct compared c = { .now = now, .before = before };
	return way_of(&c, k);
}

/* Then rates of two months are no rates of the same. */
static bool many_uncounted(const struct figures *f)
{
	enum { TENTH = 10 };
	return days_in(f->uncounted) * TENTH > f->sent_days;
}

static struct compared column_of(const struct month_report *r, unsigned column)
{
	const struct figures *now = &r->month[0], *before = &r->month[1];
	return (struct compared){ &now->column[column], &before->column[column], &now->sent,
		&before->sent, many_uncounted(now) || many_uncounted(before) };
}

unsigned risen_class(const struct month_report *r, unsigned but)
{
	enum {
		HALF_AGAIN = 50,   /* percent beyond what the mail would have brought */
		WEIGHT_PERCENT = 5 /* of all bounces: few of a rare class are chance */
	};
	unsigned best = COLUMN_COUNT;
	double most = 0, excess;
	for (unsigned n = 0; n < COLUMN_COMPLAINT; n++) {
		const struct compared c = column_of(r, n);
		if (n != but && is_shown(c.before) && excess_of(&c, -1, &excess) &&
			excess >= r->k &&
			excess * 100 >= ((double)c.now->n - excess) * HALF_AGAIN &&
			excess * 100 >= (double)figure_shown(&r->month->bounces) * WEIGHT_PERCENT &&
			excess > most) {
			most = excess;
			best = n;
		}
	}
	return best;
}

/* Bounces, or complaints. */
static struct compared whole_of(const struct month_report *r, bool complaints)
{
	const struct figures *now = &r->month[0], *before = &r->month[1];
	const bool uncounted = many_uncounted(now) || many_uncounted(before);
	if (complaints)
		return (struct compared){ &now->column[COLUMN_COMPLAINT],
			&before->column[COLUMN_COMPLAINT], &now->reporting, &before->reporting,
			uncounted };
	return (struct compared){ &now->bounces, &before->bounces, &now->sent, &before->sent,
		uncounted };
}

int change_direction(const struct month_report *r, bool complaints)
{
	const struct compared c = whole_of(r, complaints);
	return way_of(&c, r->k);
}

static void say_movement(const struct month_report *r, struct sentence *s, bool complaints)
{
	static const char *const words[] = { "movement.down", "movement.level", "movement.up" };
	const struct compared c = whole_of(r, complaints);
	char n[COUNT_TEXT_SIZE], change[COUNT_TEXT_SIZE] = "";
	long percent;
	int way = way_of_counts(c.now, c.before, r->k);
	bool changed = change_percent(c.now, c.before, &percent) &&
		(way || labs(percent) < LEVEL_PERCENT);
	cell_text(r, c.now, n, sizeof n);
	if (changed)
		percent_text(
			r->texts, way ? labs(percent) : percent, way == 0, change, sizeof change);
	const char *unclear = way == 0 && c.before->state == CELL_SHOWN && c.before->n
		? "movement.chance"
		: "movement.count";
	FILL(s, text_of(r->texts, changed ? words[way + 1] : unclear),
		{ "what", column_words(r->texts, complaints ? COLUMN_COMPLAINT : COLUMN_COUNT) },
		{ "n", n }, { "percent", change });
	if (way && rated(&c) && way_of(&c, r->k) == 0)
		say_text(s, text_of(r->texts, "movement.with-mail"));
}

/* What is to be explained. */
struct blaming {
	const struct month_report *report;
	double excess; /* in the direction WAY, above 0 */
	double rate;   /* of the month before; below 0: not known */
	double sent;   /* 0: not known */
	int way;
	unsigned column; /* of which class; COLUMN_COUNT: of all bounces */
};

static const struct cell *blamed_cell(const struct blaming *b, const struct row *row)
{
	return b->column < COLUMN_COUNT ? &row->column[b->column] : &row->bounces;
}

/* Half of the excess, and more of it than SHARE of all that was sent. */
static bool explains(const struct blaming *b, double part, double share)
{
	if (part * 2 < b->excess || part < b->report->k)
		return false;
	return part >= b->excess || share <= 0 ||
		(share < 1 && part / (b->excess - part) >= ODDS * share / (1 - share));
}

/* A row's part of the mail; where nobody knows that, of the bounces of the month before. */
static double share_of(const struct blaming *b, const struct row *row, const struct row *old)
{
	if (b->sent > 0)
		return (double)figure_shown(&row->sent) / b->sent;
	const uint64_t whole = figure_shown(&b->report->month[1].bounces);
	return old && whole ? (double)figure_shown(&old->bounces) / (double)whole : 0;
}

static bool has_rest(const struct table *t)
{
	return t->count && t->row[t->count - 1].rest;
}

/*
 * Of what stands in no row of the month before it is known that there was none where that table has
 * no row of others.
 */
static const struct row *row_before(const struct table *before, const struct row *row, bool *none)
{
	const struct row *old = table_find(before, row->name);
	*none = !old && !has_rest(before);
	return old;
}

/* The row that has most of the excess, *MOST, if that explains it; NULL: none does. */
static const struct row *blamed_row(
	const struct blaming *b, const struct table *now, const struct table *before, double *most)
{
	const struct row *best = NULL, *best_before = NULL;
	const struct cell nothing = { .n = 0 };
	double excess;
	*most = 0;
	for (size_t i = 0; i < now->count; i++) {
		const struct row *row = &now->row[i];
		bool none;
		const struct row *old = row_before(before, row, &none);
		const struct cell *unlisted = none ? &nothing : NULL;
		const struct compared c = { blamed_cell(b, row),
			old ? blamed_cell(b, old) : unlisted, &row->sent, old ? &old->sent : NULL,
			b->rate < 0 };
		if (row->rest || !*row->name || !excess_of(&c, b->rate, &excess))
			continue;
		if (excess * b->way > *most) {
			*most = excess * b->way;
			best = row;
			best_before = old;
		}
	}
	if (b->way < 0 && !has_rest(now))
		for (size_t i = 0; i < before->count; i++) {
			const struct row *row = &before->row[i];
			if (row->rest || !*row->name || table_find(now, row->name))
				continue;
			excess = (double)figure_shown(blamed_cell(b, row));
			if (excess > *most) { /* it is no more written to, or there is no more */
				*most = excess;
				best = best_before = row;
			}
		}
	return best && explains(b, *most, share_of(b, best, best_before)) ? best : NULL;
}

/* The class that has most of it; COLUMN_COUNT: none has half. */
static unsigned blamed_column(const struct blaming *b)
{
	const struct figures *now = &b->report->month[0], *before = &b->report->month[1];
	unsigned best = COLUMN_COUNT;
	double most = 0, excess;
	for (unsigned n = 0; n < COLUMN_COMPLAINT; n++) {
		const struct compared c = { &now->column[n], &before->column[n], &now->sent,
			&before->sent, b->rate < 0 };
		/* hidden before, it was no more than what the others leave */
		struct cell left = { .n = figure_shown(&before->bounces) };
		for (unsigned o = 0; o < COLUMN_COMPLAINT; o++)
			left.n -= o == n ? 0 : figure_shown(&before->column[o]);
		const struct compared at_most = { c.now, &left, c.sent, c.sent_before,
			c.uncounted };
		bool hidden = !is_shown(c.before) && is_shown(&before->bounces) && b->way > 0;
		if (excess_of(hidden ? &at_most : &c, -1, &excess) && excess * b->way > most) {
			most = excess * b->way;
			best = n;
		}
	}
	return most * 2 >= b->excess ? best : COLUMN_COUNT;
}

/* What B's class of the month has beyond C's month before; false where that cannot be said. */
static bool excess_found(struct blaming *b, const struct compared *c)
{
	b->rate = -1;
	if (!excess_of(c, -1, &b->excess))
		return false;
	b->excess *= b->way;
	if (rated(c)) {
		b->sent = (double)c->sent->n;
		b->rate = (double)c->before->n / (double)c->sent_before->n;
	}
	return true;
}

/* B about WAY of COLUMN, which is of all bounces where nothing can be said of the class alone. */
static bool blame_begin(struct blaming *b, const struct month_report *r, int way, unsigned column)
{
	const struct compared whole = whole_of(r, false);
	*b = (struct blaming){ .report = r, .way = way, .column = column };
	if (column < COLUMN_COUNT) {
		const struct compared its = column_of(r, column);
		if (excess_found(b, &its))
			return true;
		b->column = COLUMN_COUNT;
	}
	return excess_found(b, &whole);
}

/*
 * Whether at least half of what ONE has of the excess must lie where THERE of it does: two
 * troubles, of one campaign and of another's receiver, may explain half each.
 */
static bool is_within(const struct blaming *b, double one, double there)
{
	double all = b->excess;
	all = one > all ? one : all;
	all = there > all ? there : all;
	return one + there - all >= one / 2;
}

/*
 * Where no row shows the blamed class, of which B tells: who has most of all classes together, if
 * most of the class must lie there, too.
 */
static const struct row *blamed_of_all(
	const struct blaming *b, const struct table *now, const struct table *before, double *there)
{
	struct blaming all;
	if (b->column == COLUMN_COUNT || !blame_begin(&all, b->report, b->way, COLUMN_COUNT))
		return NULL;
	const struct row *row = blamed_row(&all, now, before, there);
	return row && is_within(&all, b->excess, *there) ? row : NULL;
}

/*
 * "; most of the rise is blocks in campaign spring, above all at gmx": as far as it can be said;
 * where the blamed class is, not where most of all classes together is. The class; COLUMN_COUNT.
 */
static unsigned say_blame(const struct month_report *r, struct sentence *s, int way)
{
	static const char *const texts[2][2] = { { "verdict.driver", "verdict.driver.provider" },
		{ "verdict.driver.campaign", "verdict.driver.campaign.provider" } };
	const struct figures *now = &r->month[0], *before = &r->month[1];
	const struct compared c = whole_of(r, false);
	struct blaming b;
	if (!blame_begin(&b, r, way, COLUMN_COUNT))
		return COLUMN_COUNT;
	const unsigned column = blamed_column(&b);
	if (!blame_begin(&b, r, way, column))
		return COLUMN_COUNT;
	double in_campaign, there;
	const struct row *campaign = blamed_row(
		&b, &now->campaigns, &before->campaigns, &in_campaign);
	const struct row *provider = blamed_row(&b, &now->providers, &before->providers, &there);
	if (!campaign && !provider)
		campaign = blamed_of_all(&b, &now->campaigns, &before->campaigns, &in_campaign);
	if (!campaign && !provider)
		provider = blamed_of_all(&b, &now->providers, &before->providers, &there);
	if (campaign && provider && !is_within(&b, in_campaign, there))
		provider = NULL;
	if (!campaign && !provider && column == COLUMN_COUNT)
		return COLUMN_COUNT;
	bool counts_too = way_of_counts(c.now, c.before, r->k) == way;
	const char *rise = counts_too ? "verdict.rise" : "verdict.rise.rate",
		   *fall = counts_too ? "verdict.fall" : "verdict.fall.rate";
	say_text(s, "; ");
	FILL(s, text_of(r->texts, texts[campaign != NULL][provider != NULL]),
		{ "way", text_of(r->texts, way > 0 ? rise : fall) },
		{ "what", column_words(r->texts, column) },
		{ "campaign", campaign ? campaign->name : "" },
		{ "provider", provider ? provider_title(r, provider->name) : "" });
	return column;
}

/*
 * "; blocks alone rose by 89 % to 155, above all at Microsoft", where bounces as a whole did not;
 * TOO: they did, and above all in another class.
 */
static void say_risen_class(
	const struct month_report *r, struct sentence *s, unsigned column, bool too)
{
	static const char *const texts[2][2] = { { "verdict.alone", "verdict.alone.provider" },
		{ "verdict.too", "verdict.too.provider" } };
	const struct compared c = column_of(r, column);
	struct blaming b;
	char n[COUNT_TEXT_SIZE], change[COUNT_TEXT_SIZE] = "";
	long percent;
	if (!change_percent(c.now, c.before, &percent) || percent <= 0 ||
		!blame_begin(&b, r, 1, column))
		return;
	double there;
	const struct row *provider = blamed_row(
		&b, &r->month[0].providers, &r->month[1].providers, &there);
	say_text(s, "; ");
	FILL(s, text_of(r->texts, texts[too][provider != NULL]),
		{ "what", column_words(r->texts, column) },
		{ "percent", percent_text(r->texts, percent, 0, change, sizeof change) },
		{ "n", cell_text(r, c.now, n, sizeof n) },
		{ "provider", provider ? provider_title(r, provider->name) : "" });
}

void say_change(const struct month_report *r, struct sentence *s)
{
	char month[DATE_TEXT_SIZE], text[SENTENCE_SIZE] = "";
	struct sentence movements = { text, 0, sizeof text };
	const int way = change_direction(r, false);
	say_movement(r, &movements, false);
	say_text(&movements, text_of(r->texts, "and"));
	say_movement(r, &movements, true);
	const unsigned blamed = way ? say_blame(r, &movements, way) : COLUMN_COUNT;
	const unsigned risen = risen_class(r, way > 0 ? blamed : COLUMN_COUNT);
	if (risen < COLUMN_COUNT && (way <= 0 || blamed < COLUMN_COUNT))
		say_risen_class(r, &movements, risen, way > 0);
	FILL(s, text_of(r->texts, "verdict.against"),
		{ "before", month_title(r->texts, r->month[1].month, month, sizeof month) },
		{ "movements", text });
}
