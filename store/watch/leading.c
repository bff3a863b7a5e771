/* Where most of an alert's figure lies. */
#include <stdio.h>
#include "store/watch/condition.h"
#include "store/internal.h"
#include "store/kpi.h"

static const char *text_of_count(sqlite3_stmt *st)
{
	const char *text = (const char *)sqlite3_column_text(st, 0);

	return text ? text : "";
}

/* The first row of ST, if it has at least half of WHOLE. */
static int leader(struct store *s, sqlite3_stmt *st, uint64_t whole, char *out, size_t size)
{
	int rc = st ? db_step(s, st) : -1;

	if (rc == 1) {
		if ((uint64_t)sqlite3_column_int64(st, 1) * 2 >= whole)
			snprintf(out, size, "%s", text_of_count(st));
		sqlite3_reset(st);
	}
	return rc < 0 ? STORE_FAILED : STORE_OK;
}

int alert_leaders(struct store *s, enum kind kind, const char *klass, const char *subject,
	struct alert_figures *g)
{
	char category[STORE_NAME_SIZE] = "";
	const char *name = kind_name(kind);
	int64_t least_count = s->o.k;
	int known;

	if (kpi_functions(s))
		return STORE_FAILED;
	snprintf(g->provider, sizeof g->provider, "%.*s", EVENT_PROVIDER_SIZE - 1, subject);
	if ((!*subject &&
		    leader(s,
			    db_bind(s, SQL_LEADING_PROVIDER, "iitTi", g->from, g->to, name, klass,
				    least_count),
			    g->part, g->provider, sizeof g->provider)) ||
		leader(s,
			db_bind(s, SQL_LEADING_CATEGORY, "iitTit", g->from, g->to, name, klass,
				least_count, subject),
			g->part, category, sizeof category) ||
		leader(s,
			db_bind(s, SQL_LEADING_CAMPAIGN, "iitTit", g->from, g->to, name, klass,
				least_count, subject),
			g->part, g->campaign, sizeof g->campaign))
		return STORE_FAILED;
	known = category_by_name(category);
	g->category = *category && known > 0 ? (enum category)known : CATEGORY_NONE;
	return STORE_OK;
}
