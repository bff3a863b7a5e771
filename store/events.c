/*
 * The events of one recipient. Each month has a key of its own, so the address becomes one
 * pseudonym for each month that still has its key, and the months are looked through from the
 * newest on. There is no index over pseudonyms: it would cost every import what hardly anybody
 * asks.
 */
#include <sodium.h>
#include "store/internal.h"
#include "store/ownkeys.h"
#include "store/wording.h"
#include "store/erasure.h"
#include "store/events.h"
#include "store/held.h"
#include "store/pseudonym.h"
#include "store/tally.h"

enum { MONTHS_MAX = 1300 }; /* as many as [retention] events can make */

struct seeking {
	const char *canonical;
	size_t n;
	unsigned left; /* events still wanted */
	uint64_t deleted;
	int64_t now; /* of the erasure */
	int (*visit)(void *context, const struct past_event *e);
	void *context;
};

/* A number of one of the word lists; 0, which is none in each of them, for null. */
static uint8_t event_word(int (*by_name)(const char *), sqlite3_stmt *st, int column)
{
	const char *name = (const char *)sqlite3_column_text(st, column);
	int number = name ? by_name(name) : 0;

	return number < 0 ? 0 : (uint8_t)number;
}

static int visit_row(sqlite3_stmt *st, const struct seeking *k)
{
	struct past_event e = { .at = sqlite3_column_int64(st, 0),
		.kind = event_word(kind_by_name, st, 1),
		.klass = event_word(class_by_name, st, 2),
		.category = event_word(category_by_name, st, 3),
		.reply = (uint16_t)sqlite3_column_int(st, 5),
		.origin = event_word(origin_by_name, st, 9),
		.margin = (int16_t)sqlite3_column_int(st, 12) };

	db_text(st, 4, e.status, sizeof e.status);
	db_text(st, 6, e.rule, sizeof e.rule);
	db_text(st, 7, e.provider, sizeof e.provider);
	db_text(st, 8, e.campaign, sizeof e.campaign);
	db_text(st, 10, e.mailbox, sizeof e.mailbox);
	db_text(st, 11, e.diagnostic, sizeof e.diagnostic);
	db_text(st, 13, e.stream, sizeof e.stream);
	return k->visit(k->context, &e);
}

/* What is done with the events of one month. */
typedef int month_function(
	struct store *s, int month, const unsigned char *pseudonym, struct seeking *k);

static int read_events(
	struct store *s, int month, const unsigned char *pseudonym, struct seeking *k)
{
	sqlite3_stmt *st = db_bind(s, SQL_EVENT_OF, "iibi", keys_month_start(month),
		keys_month_start(month + 1), pseudonym, PSEUDONYM_SIZE, (int64_t)k->left);
	int result = STORE_OK;

	for (; db_row(s, st, &result); k->left--)
		result = visit_row(st, k);
	return result;
}

static int delete_events(
	struct store *s, int month, const unsigned char *pseudonym, struct seeking *k)
{
	uint64_t deleted = 0;

	if (held_delete(s, HELD_EVENTS,
		    db_bind(s, SQL_EVENT_FORGET, "iib", keys_month_start(month),
			    keys_month_start(month + 1), pseudonym, PSEUDONYM_SIZE),
		    &deleted))
		return STORE_FAILED;
	if (!deleted)
		return STORE_OK;
	k->deleted += deleted;
	return erasures_note(s, ERASED_EVENT, pseudonym, k->now) ||
			wording_forget(s, day_of(keys_month_start(month)) / 100, pseudonym)
		? STORE_FAILED
		: STORE_OK;
}

/* DO_MONTH for each key of a month that is there. */
static int each_month(struct store *s, struct seeking *k, month_function *do_month)
{
	unsigned char of_month[PSEUDONYM_SIZE];
	struct month_key keys[MONTHS_MAX];
	unsigned count;

	int result = keys_month_list(s, keys, MONTHS_MAX, &count);
	for (unsigned i = 0; i < count && k->left && !result; i++) {
		const unsigned char *key = keys_month_known(s, &keys[i]);
		if (!key)
			continue;
		pseudonym(of_month, PSEUDONYM_EVENT, key, k->canonical, k->n);
		result = do_month(s, keys[i].month, of_month, k);
	}
	return result;
}

int store_events_of(struct store *s, const char *address, size_t n, unsigned limit,
	int (*visit)(void *context, const struct past_event *e), void *context)
{
	char canonical[CANONICAL_SIZE];
	struct seeking k = {
		.canonical = canonical, .left = limit, .visit = visit, .context = context
	};

	k.n = address_canonical(address, n, store_folding(s), canonical);
	int result = k.n ? each_month(s, &k, read_events)
			 : store_fail(s, STORE_MISUSE, "not an address");
	sodium_memzero(canonical, sizeof canonical);
	return result;
}

int events_forget(struct store *s, const char *canonical, size_t n, int64_t now, uint64_t *deleted)
{
	struct seeking k = { .canonical = canonical, .n = n, .left = 1, .now = now };
	int result = each_month(s, &k, delete_events);

	*deleted += k.deleted;
	return result;
}
