/* Contacts as the first version of the schema had them. */
#include <stdio.h>
#include "store/contact.h"
#include "store/contactbody.h"

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
	unsigned char plain[CONTACT_REST_MAX];
	static const struct contact empty;
	struct contact c = empty;
	struct standing *base = &c.history.base;
	struct contact_head head;
	struct contact_rest rest;

	if (!st || db_step(s, st) != 1 ||
		!contact_head_read(keys_contact(s), sqlite3_column_blob(st, 1),
			sqlite3_column_bytes(st, 1), &head) ||
		!contact_rest_read(keys_contact(s), key, sqlite3_column_blob(st, 1),
			sqlite3_column_bytes(st, 1), plain, &rest))
		return STORE_FAILED;
	c.at = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	history_clear(&c.history);
	memcpy(c.key, key, sizeof c.key);
	c.now = (struct standing){ .state = head.state,
		.since = head.since,
		.until = head.until,
		.due = head.due,
		.pauses = rest.pauses };
	snprintf(c.reason, sizeof c.reason, "%s", head.reason);
	memcpy(c.rule, rest.rule, sizeof c.rule);
	c.history.settled = larger(c.at, rest.moved);
	*base = c.now;
	if (rest.n) {
		c.history.settled = larger(1, rest.moved);
		*base = (struct standing){ .state = c.now.pauses ? STATE_REVALIDATE : STATE_ACTIVE,
			.pauses = c.now.pauses,
			.since = day_start(c.history.settled) };
		old_failures(&c, rest.history, rest.n, rest.ladder);
	} else if (base->state != STATE_ACTIVE) {
		old_last(&c, rest.ladder);
	}
	if (base->state == STATE_ACTIVE)
		base->because = FOR_NOTHING;
	else if (base->state == STATE_INACTIVE)
		base->because = FOR_TOO_LONG;
	else
		base->because = FOR_SOFT;
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
