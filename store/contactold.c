/* Contacts as the first version of the schema had them. */
#include <stdio.h>
#include "store/contact.h"

/*
 * Schema version 1 kept the failures of the running ladder alone, eight bytes each: the time,
 * shifted by one for the bit that says block; what was before them stood in counted_from.
 */
enum { OLD_FAILURE_SIZE = 8 };

/* Of one that is not the reason of the contact nothing else is known. */
static struct cause old_cause(const struct contact *c, enum klass klass, const char *ladder)
{
	int category = category_by_name(c->reason);
	bool is = category > 0 && category_class((unsigned)category) == klass;
	struct cause cause = { .category = is ? (uint8_t)category : CATEGORY_UNDETERMINED };

	memcpy(cause.rule, c->rule, sizeof cause.rule);
	if (klass == CLASS_SOFT)
		snprintf(cause.ladder, sizeof cause.ladder, "%s", ladder);
	else
		strcpy(cause.provider, "other");
	return cause;
}

static void old_failures(struct contact *c, const unsigned char *p, int n, const char *ladder)
{
	struct cause soft = old_cause(c, CLASS_SOFT, ladder),
		     block = old_cause(c, CLASS_BLOCK, ladder);

	for (; n >= OLD_FAILURE_SIZE; n -= OLD_FAILURE_SIZE, p += OLD_FAILURE_SIZE) {
		uint64_t v = 0;
		for (int i = 0; i < OLD_FAILURE_SIZE; i++)
			v = v << 8 | p[i];
		history_add(&c->history, v & 1 ? HISTORY_BLOCK : HISTORY_SOFT, (int64_t)(v >> 1),
			v & 1 ? &block : &soft, 0, 0);
	}
}

/* What has no failures of its own any more is remembered by its last one. */
static void old_last(struct contact *c, const char *ladder)
{
	struct cause soft = old_cause(c, CLASS_SOFT, ladder);

	history_add(&c->history, HISTORY_SOFT, c->at, &soft, 0, 0);
	history_drop_first(&c->history);
}

static int convert_old(struct store *s, const unsigned char key[PSEUDONYM_SIZE])
{
	sqlite3_stmt *st = db_bind(s, SQL_CONTACT_GET, "b", key, PSEUDONYM_SIZE);
	static const struct contact empty;
	struct contact c = empty;
	struct standing *base = &c.history.base;
	char ladder[STORE_NAME_SIZE];

	if (!st || db_step(s, st) != 1)
		return STORE_FAILED;
	history_clear(&c.history);
	memcpy(c.key, key, sizeof c.key);
	c.now = (struct standing){ .state = state_by_name((const char *)sqlite3_column_text(st, 0)),
		.since = sqlite3_column_int64(st, 2),
		.until = sqlite3_column_int64(st, 3),
		.due = sqlite3_column_int64(st, 4),
		.pauses = (unsigned)sqlite3_column_int64(st, 6) };
	c.at = sqlite3_column_int64(st, 1);
	db_text(st, 8, c.reason, sizeof c.reason);
	db_text(st, 9, c.rule, sizeof c.rule);
	db_text(st, 10, ladder, sizeof ladder);
	c.history.settled = later(c.at, sqlite3_column_int64(st, 7));
	*base = c.now;
	if (sqlite3_column_bytes(st, 11)) {
		c.history.settled = later(1, sqlite3_column_int64(st, 7));
		*base = (struct standing){ .state = c.now.pauses ? STATE_REVALIDATE : STATE_ACTIVE,
			.pauses = c.now.pauses,
			.since = day_start(c.history.settled) };
		old_failures(&c, sqlite3_column_blob(st, 11), sqlite3_column_bytes(st, 11), ladder);
	} else if (base->state != STATE_ACTIVE) {
		old_last(&c, ladder);
	}
	if (base->state == STATE_ACTIVE)
		base->because = FOR_NOTHING;
	else if (base->state == STATE_INACTIVE)
		base->because = FOR_TOO_LONG;
	else
		base->because = FOR_SOFT;
	sqlite3_reset(st);
	if (contact_is_gone(&c)) {
		history_clear(&c.history);
		contact_remember_end(&c);
	}
	contact_fold(s, &c, 0);
	return contact_save(s, SQL_CONTACT_PUT, &c);
}

int contact_from_version_1(struct store *s)
{
	struct contact_page page = { .n = 0 };
	int result;

	while (!(result = contact_page(s, &page,
			 db_bind(s, SQL_CONTACT_AFTER, "bi", page.last, PSEUDONYM_SIZE,
				 (int64_t)CONTACT_PAGE))) &&
		page.n)
		for (unsigned i = 0; i < page.n && !result; i++)
			if ((result = convert_old(s, page.key[i])))
				return result;
	return result;
}
