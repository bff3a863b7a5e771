/*
 * The events of one recipient. Each month has a key of its own, so the address becomes one pseudonym for each month that still has its key, and
 * the months are looked through from the newest on. There is no index over pseudonyms: it would cost every import what hardly anybody asks.
 */
#include <sodium.h>
#include "store/internal.h"

enum { MONTHS_MAX = 1300 }; /* as many as [retention] events can make */

struct seeking {
	char canonical[CANONICAL_SIZE];
	size_t n;
	unsigned left;
	int (*visit)(void *context, const struct past_event *e);
	void *context;
};

/* A number of one of the word lists; 0, which is none in each of them, for null. */
static uint8_t word(int (*by_name)(const char *), sqlite3_stmt *st, int column)
{
	const char *name = (const char *)sqlite3_column_text(st, column);
	int number = name ? by_name(name) : 0;

	return number < 0 ? 0 : (uint8_t)number;
}

static int visit_row(sqlite3_stmt *st, const struct seeking *k)
{
	struct past_event e = { .at = sqlite3_column_int64(st, 0), .kind = word(kind_by_name, st, 1), .klass = word(class_by_name, st, 2),
				.category = word(category_by_name, st, 3), .reply = (uint16_t)sqlite3_column_int(st, 5),
				.origin = word(origin_by_name, st, 9) };

	db_text(st, 4, e.status, sizeof e.status);
	db_text(st, 6, e.rule, sizeof e.rule);
	db_text(st, 7, e.provider, sizeof e.provider);
	db_text(st, 8, e.campaign, sizeof e.campaign);
	return k->visit(k->context, &e);
}

static int look_through(struct store *s, int month, struct seeking *k)
{
	unsigned char pseudonym_of_month[PSEUDONYM_SIZE];
	bool absent;
	const unsigned char *key = keys_month_known(s, month, &absent);
	int rc = 0, result = STORE_OK;

	if (!key)
		return absent ? STORE_OK : STORE_KEYS;
	pseudonym(pseudonym_of_month, PSEUDONYM_EVENT, key, k->canonical, k->n);
	sqlite3_stmt *st = db_bind(s, SQL_EVENT_OF, "iibi", keys_month_start(month), keys_month_start(month + 1), pseudonym_of_month, PSEUDONYM_SIZE,
				   (int64_t)k->left);
	if (!st)
		return STORE_FAILED;
	for (; !result && (rc = db_step(s, st)) == 1; k->left--)
		result = visit_row(st, k);
	sqlite3_reset(st);
	return result ? result : rc < 0 ? STORE_FAILED : STORE_OK;
}

int store_events_of(struct store *s, const char *address, size_t n, unsigned limit, int (*visit)(void *context, const struct past_event *e),
		    void *context)
{
	struct seeking k = { .left = limit, .visit = visit, .context = context };
	int months[MONTHS_MAX], result;
	unsigned count;

	k.n = address_canonical(address, n, s->o.fold_local_part, k.canonical);
	if (!k.n)
		return store_fail(s, STORE_MISUSE, "not an address");
	result = keys_month_list(s, months, MONTHS_MAX, &count);
	for (unsigned i = 0; i < count && k.left && !result; i++)
		result = look_through(s, months[i], &k);
	sodium_memzero(k.canonical, sizeof k.canonical);
	return result;
}
