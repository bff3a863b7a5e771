/* An investigation is resolved: whoever waits for it is let through. */
#include "store/contact.h"

struct release {
	const char *provider, *category;
	int64_t now;
	uint64_t released;
};

static int release_one(struct store *s, struct contact *c, void *context)
{
	struct release *r = context;

	if (strcmp(c->reason, r->category) != 0 ||
		strcmp(history_cause(&c->history, c->history.block.by)->provider, r->provider) != 0)
		return STORE_OK;
	contact_fold(s, c, r->now);
	r->released++;
	return contact_save(s, SQL_CONTACT_PUT, c);
}

int store_resolve(struct store *s, const char *provider, enum category category, int64_t now,
	uint64_t *released)
{
	int64_t open = 0;
	struct release r = { provider, category_name(category), now, 0 };
	bool own;
	int result = db_enter(s, &own);

	*released = 0;
	if (result)
		return result;
	if (db_int(s, &open, SQL_INVESTIGATION_IS_OPEN, "tt", provider, category_name(category)))
		result = STORE_FAILED;
	if (!result)
		result = contacts_each(s, SQL_CONTACT_BLOCKED, NULL, release_one, &r);
	*released = r.released;
	if (!result && !open && !*released)
		result = store_fail(s, STORE_MISUSE,
			"no investigation of this provider and category is open, and nobody waits for one");
	if (!result &&
		(db_run(s, SQL_INVESTIGATION_CLOSE, "tti", provider, category_name(category),
			 day_start(now)) ||
			db_run(s, SQL_INVESTIGATION_RESOLVE, "tti", provider,
				category_name(category), now) ||
			db_run(s, SQL_REFUSED_DELETE, "tt", provider, category_name(category))))
		result = STORE_FAILED;
	return db_leave(s, own, result);
}
