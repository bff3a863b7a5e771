/*
 * Whether the month and its campaigns keep their targets: judged on the true figures, before these
 * are suppressed, and said as far as the saying gives no small figure away. "At least 2 % hard" of
 * 900 mails bounds a count from below by 18, "below 2 %" from above by 17: bounds that suppression
 * then knows (reports/suppress.h). Of a count below k neither may be said where the limit lies
 * below k, too: then it cannot be told, and that it cannot says that it is small.
 */
#include "reports/loading.h"

/* The least count of SENT whose rate reaches LIMIT, as rates are rounded. */
static uint64_t least_missing(uint64_t sent, long limit)
{
	uint64_t n = sent * (uint64_t)limit / 1000000;
	while (n > 0 && rate_ppm(n - 1, sent) >= limit)
		n--;
	while (rate_ppm(n, sent) < limit)
		n++;
	return n;
}

/*
 * As many as can be called a miss, whatever k is: two complaints about nine hundred mails are no
 * campaign that went wrong.
 */
enum { FEW = 5 };

static enum judged judge_cell(struct cell *part, const struct cell *sent, long limit, unsigned k)
{
	if (sent->n == 0 || part->n > sent->n || limit <= 0)
		return JUDGED_NOT;
	const uint64_t least = least_missing(sent->n, limit);
	const uint64_t told = k > FEW ? k : FEW;
	if (part->n < told && least < told) {
		part->most = (int64_t)told - 1;
		return JUDGED_UNTOLD;
	}
	if (part->n >= least) {
		part->least = (int64_t)(least < told ? told : least);
		return JUDGED_MISSED;
	}
	part->most = (int64_t)least - 1;
	return JUDGED_MET;
}

static void judge_complaints(struct row *row, const struct report_options *o)
{
	row->judged[TARGET_COMPLAINT] = judge_cell(&row->column[COLUMN_COMPLAINT], &row->reporting,
		target_limit(o, TARGET_COMPLAINT), o->k);
}

void judge_targets(struct figures *f, const struct report_options *o)
{
	for (unsigned t = 0; t < TARGET_COUNT; t++)
		f->judged[t] = judge_cell(
			target_of(f, t), target_base(f, t), target_limit(o, t), o->k);
	for (size_t i = 0; i < f->campaigns.count; i++) {
		struct row *row = &f->campaigns.row[i];
		if (!row->rest && *row->name) {
			row->judged[TARGET_HARD] = judge_cell(&row->column[COLUMN_HARD], &row->sent,
				target_limit(o, TARGET_HARD), o->k);
			judge_complaints(row, o);
		}
	}
	for (size_t i = 0; i < f->providers.count; i++)
		if (!f->providers.row[i].rest)
			judge_complaints(&f->providers.row[i], o);
}

/*
 * A rate is of what was sent, which must be seen; of a count that is shown everybody sees whether
 * it stays below the limit.
 */
static enum judged settle_cell(
	const struct cell *part, const struct cell *sent, long limit, enum judged judged)
{
	if (judged != JUDGED_NOT && sent->state != CELL_SHOWN)
		return JUDGED_UNTOLD;
	return judged == JUDGED_UNTOLD && part->state == CELL_SHOWN &&
			part->n < least_missing(sent->n, limit)
		? JUDGED_MET
		: judged;
}

static void settle_row(struct row *row, const struct report_options *o)
{
	row->judged[TARGET_HARD] = settle_cell(&row->column[COLUMN_HARD], &row->sent,
		target_limit(o, TARGET_HARD), row->judged[TARGET_HARD]);
	row->judged[TARGET_COMPLAINT] = settle_cell(&row->column[COLUMN_COMPLAINT], &row->reporting,
		target_limit(o, TARGET_COMPLAINT), row->judged[TARGET_COMPLAINT]);
}

void settle_targets(struct figures *f, const struct report_options *o)
{
	for (unsigned t = 0; t < TARGET_COUNT; t++)
		f->judged[t] = settle_cell(
			target_of(f, t), target_base(f, t), target_limit(o, t), f->judged[t]);
	for (size_t i = 0; i < f->campaigns.count; i++)
		settle_row(&f->campaigns.row[i], o);
	for (size_t i = 0; i < f->providers.count; i++)
		settle_row(&f->providers.row[i], o);
}

struct missing_rows rows_missing(const struct table *t, unsigned target)
{
	struct missing_rows m = { NULL, 0, 0 };
	const unsigned column = target == TARGET_HARD ? COLUMN_HARD : COLUMN_COMPLAINT;
	long ppm, most = -1;
	for (size_t i = 0; i < t->count; i++) {
		const struct row *row = &t->row[i];
		m.untold += row->judged[target] == JUDGED_UNTOLD;
		if (row->judged[target] != JUDGED_MISSED)
			continue;
		m.missed++;
		if (!rate_of(&row->column[column], row_base(row, column), &ppm))
			ppm = 0;
		if (ppm > most) {
			most = ppm;
			m.worst = row;
		}
	}
	return m;
}

bool target_missed(const struct month_report *r, unsigned target)
{
	const struct figures *f = r->month;
	return f->judged[target] == JUDGED_MISSED ||
		(target != TARGET_BOUNCES && rows_missing(&f->campaigns, target).missed > 0) ||
		(target == TARGET_COMPLAINT && rows_missing(&f->providers, target).missed > 0);
}
