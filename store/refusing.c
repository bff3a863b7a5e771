/* Reads what receivers refused, day by day, for base/refusals.h to judge. */
#include "store/refusing.h"

#include <stdlib.h>
#include <stdio.h>
#include "store/figures.h"
#include "store/tally.h"

enum { REFUSALS_MOST = 1024 }; /* providers; those beyond it are not judged */

struct refusals_reading {
	struct store *s;
	int64_t today;
	struct refusals *all;
	unsigned count;
};

static struct refusals *refusals_of(struct refusals_reading *l, const char *provider)
{
	for (unsigned i = 0; i < l->count; i++)
		if (strcmp(l->all[i].provider, provider) == 0)
			return &l->all[i];
	if (l->count == REFUSALS_MOST)
		return NULL;
	struct refusals *more = realloc(l->all, (l->count + 1) * sizeof *more);
	if (!more)
		return NULL;
	l->all = more;
	memset(&more[l->count], 0, sizeof *more);
	snprintf(more[l->count].provider, sizeof more->provider, "%s", provider);
	return &more[l->count++];
}

static int add_refusals(void *context, const struct rates *r)
{
	struct refusals_reading *l = context;
	int64_t back = l->today - refusals_day_number(r->day);
	struct refusals *of = back >= 0 && back < REFUSALS_DAYS ? refusals_of(l, r->provider)
								: NULL;

	if (!of)
		return STORE_OK;
	unsigned i = REFUSALS_DAYS - 1 - (unsigned)back;
	of->day[i].sent += r->sent;
	of->day[i].blocks += r->block;
	of->day[i].failures += r->hard + r->soft + r->block + r->undetermined;
	return STORE_OK;
}

int refusals_load(struct store *s, int64_t today, struct refusals **out, unsigned *count)
{
	struct refusals_reading l = { .s = s, .today = today };
	int result = store_rates(s, refusals_day_of(today - REFUSALS_DAYS + 1),
		refusals_day_of(today), BY_DAY | BY_PROVIDER, add_refusals, &l);

	*out = l.all;
	*count = l.count;
	return result;
}

static void weigh_refusing(
	const struct refusals *all, unsigned count, unsigned k, struct refusing *out)
{
	for (unsigned i = 0; i < count; i++)
		if (strcmp(all[i].provider, out->provider) == 0) {
			out->sent = refusals_whole(&all[i], REFUSALS_DAYS - 1);
			out->usual = refusals_usual(&all[i], REFUSALS_DAYS - 2, false, k);
		}
}

int store_refusing(struct store *s, int64_t now,
	int (*visit)(void *context, const struct refusing *r), void *context)
{
	int64_t today = refusals_day_number(day_of(now));
	struct refusals *all;
	unsigned count;
	int result = refusals_load(s, today, &all, &count);
	sqlite3_stmt *st = result ? NULL
				  : db_bind(s, SQL_REFUSING, "ii", today - 1, (int64_t)s->o.k);

	while (!result && db_row(s, st, &result)) {
		struct refusing out = { .blocks = (uint64_t)sqlite3_column_int64(st, 1),
			.hosts = (unsigned)sqlite3_column_int64(st, 2) };
		db_text(st, 0, out.provider, sizeof out.provider);
		weigh_refusing(all, count, s->o.k, &out);
		result = visit(context, &out);
	}
	free(all);
	return result;
}
