/*
 * What became of those who went soft in a month: a count for each month and outcome, kept while
 * contacts change, because contacts are pseudonymous and are forgotten one day. A contact is in one
 * cohort at a time; it leaves the count of its outcome for that of the next one. Once recovered, it
 * stays there: when it goes soft again in another month it joins that month's cohort besides.
 */
#include "store/internal.h"
#include "store/cohort.h"

#define COHORT_NAME(symbol, name) name,
static const char *const names[] = { COHORT_OUTCOMES(COHORT_NAME) };

const char *cohort_outcome_name(unsigned outcome)
{
	return outcome < COHORT_OUTCOME_COUNT ? names[outcome] : "";
}

static int add_cohort(struct store *s, struct cohort_place p, int n)
{
	return db_run(s, SQL_COHORT_ADD, "iti", (int64_t)p.month, cohort_outcome_name(p.outcome),
		(int64_t)n);
}

int cohort_move(struct store *s, struct cohort_place before, struct cohort_place after)
{
	bool stays = before.outcome == COHORT_RECOVERED && before.month != after.month;

	if (before.month == after.month && (!after.month || before.outcome == after.outcome))
		return STORE_OK;
	if (before.month && !stays && add_cohort(s, before, -1))
		return STORE_FAILED;
	return after.month ? add_cohort(s, after, 1) : STORE_OK;
}

int store_cohorts(struct store *s, int from, int to,
	int (*visit)(void *context, const struct cohort *c), void *context)
{
	sqlite3_stmt *st = db_bind(s, SQL_COHORTS, "ii", (int64_t)from, (int64_t)to);
	struct cohort c = { .month = 0 };
	int result = STORE_OK;

	while (db_row(s, st, &result)) {
		int month = sqlite3_column_int(st, 0);
		const char *name = (const char *)sqlite3_column_text(st, 1);
		if (month != c.month && c.month)
			result = visit(context, &c);
		if (month != c.month)
			c = (struct cohort){ .month = month };
		for (unsigned o = 0; o < COHORT_OUTCOME_COUNT; o++)
			if (strcmp(names[o], name) == 0 && sqlite3_column_int64(st, 2) > 0)
				c.count[o] = (uint64_t)sqlite3_column_int64(st, 2);
	}
	return result || !c.month ? result : visit(context, &c);
}
