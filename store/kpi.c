/*
 * The figures by which deliverability is judged, as queries: reports, alerts and advice ask here
 * and nowhere else, so that they agree. What each rate is of is written down once, in
 * reports/definitions.c.
 */
#include <stdio.h>
#include "store/internal.h"
#include "store/kpi.h"

/* --- domain groups as a function of SQL ----------------------------------- */

enum domain_group store_domain_group(const struct store *s, const char *provider)
{
	return *provider && s->o.provider_group ? s->o.provider_group(s->o.context, provider)
						: DOMAIN_BUSINESS;
}

/*
 * domain_group(provider): "large" for a large mailbox provider, "business" for everybody else; ''
 * where the name is no profile's.
 */
static void domain_group(sqlite3_context *context, int count, sqlite3_value **value)
{
	const char *provider = (const char *)sqlite3_value_text(value[0]);

	(void)count;
	sqlite3_result_text(context,
		domain_group_name(
			store_domain_group(sqlite3_user_data(context), provider ? provider : "")),
		-1, SQLITE_STATIC);
}

#define DOMAIN_GROUP_NAME(symbol, name) name,
static const char *const group_names[] = { DOMAIN_GROUPS(DOMAIN_GROUP_NAME) };

const char *domain_group_name(unsigned group)
{
	return group < DOMAIN_GROUP_COUNT ? group_names[group] : "";
}

int kpi_functions(struct store *s)
{
	if (s->functions)
		return STORE_OK;
	if (sqlite3_create_function(s->db, "domain_group", 1,
		    SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, s, domain_group, NULL,
		    NULL))
		return db_error(s);
	s->functions = true;
	return STORE_OK;
}

/* --- rates ---------------------------------------------------------------- */

/* The counts stand in the columns in the order of the struct, from FIRST on. */
static void read_counts(sqlite3_stmt *st, int first, struct rates *r)
{
	uint64_t *const counts[] = { &r->sent, &r->delivered, &r->deferred, &r->throttled,
		&r->rejected, &r->hard, &r->soft, &r->block, &r->undetermined, &r->complaint,
		&r->unattributed, &r->unverified };

	for (unsigned i = 0; i < sizeof counts / sizeof *counts; i++)
		*counts[i] = (uint64_t)sqlite3_column_int64(st, first + (int)i);
}

static int visit_rates(struct store *s, sqlite3_stmt *st, bool periods,
	int (*visit)(void *context, const struct rates *r), void *context)
{
	int result = STORE_OK;

	while (db_row(s, st, &result)) {
		struct rates r = { .day = periods ? sqlite3_column_int(st, 0) : 0 };
		db_text(st, periods, r.provider, sizeof r.provider);
		if (periods) {
			db_text(st, 2, r.campaign, sizeof r.campaign);
			db_text(st, 3, r.group, sizeof r.group);
		}
		read_counts(st, periods ? 4 : 1, &r);
		result = visit(context, &r);
	}
	return result;
}

int store_rates(struct store *s, int32_t from, int32_t to, unsigned group,
	int (*visit)(void *context, const struct rates *r), void *context)
{
	return kpi_functions(s)
		? STORE_FAILED
		: visit_rates(s,
			  db_bind(s, SQL_RATES, "iii", (int64_t)from, (int64_t)to, (int64_t)group),
			  true, visit, context);
}

int store_rolling(struct store *s, int64_t from, int64_t to, bool by_provider,
	int (*visit)(void *context, const struct rates *r), void *context)
{
	return kpi_functions(s)
		? STORE_FAILED
		: visit_rates(s, db_bind(s, SQL_ROLLING, "iii", from, to, (int64_t)by_provider),
			  false, visit, context);
}

int store_hour_peaks(struct store *s, int64_t from, int64_t to,
	int (*visit)(void *context, const char *provider, uint64_t delivered), void *context)
{
	sqlite3_stmt *st = db_bind(s, SQL_HOUR_PEAKS, "ii", from, to);
	int result = STORE_OK;

	while (db_row(s, st, &result))
		result = visit(context, (const char *)sqlite3_column_text(st, 0),
			(uint64_t)sqlite3_column_int64(st, 1));
	return result;
}

long rate_ppm(uint64_t part, uint64_t whole)
{
	return whole ? (long)((part * 1000000 + whole / 2) / whole) : -1;
}

int store_recurrence(struct store *s, int32_t from, int32_t to, struct recurrence out[CLASS_COUNT])
{
	sqlite3_stmt *st = db_bind(s, SQL_RECURRENCE, "ii", (int64_t)from, (int64_t)to);
	int rc;

	memset(out, 0, CLASS_COUNT * sizeof *out);
	if (!st)
		return STORE_FAILED;
	while ((rc = db_step(s, st)) == 1) {
		int klass = class_by_name((const char *)sqlite3_column_text(st, 0));
		if (klass >= 0) {
			out[klass].first = (uint64_t)sqlite3_column_int64(st, 1);
			out[klass].repeated = (uint64_t)sqlite3_column_int64(st, 2);
		}
	}
	return rc ? STORE_FAILED : STORE_OK;
}
