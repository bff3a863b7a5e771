/* An investigation is resolved: whoever waits for it is let through. */
#include "store/contact.h"

static int release_one(struct store *s, struct contact *c, int64_t now)
{
	contact_fold(s, c, now);
	return contact_save(s, SQL_CONTACT_PUT, c);
}

static int release_all(struct store *s, const char *provider, enum category category, int64_t now,
	uint64_t *released)
{
	struct contact_page page = { .n = 0 };
	struct contact c;
	bool found;
	int result;

	while (!(result = contact_page(s, &page,
			 db_bind(s, SQL_CONTACT_BLOCKED, "bi", page.last, PSEUDONYM_SIZE,
				 (int64_t)CONTACT_PAGE))) &&
		page.n)
		for (unsigned i = 0; i < page.n; i++) {
			if ((result = contact_load(s, page.key[i], &c, &found)))
				return result;
			if (strcmp(c.reason, category_name(category)) != 0 ||
				strcmp(history_cause(&c.history, c.history.block.by)->provider,
					provider) != 0)
				continue;
			if ((result = release_one(s, &c, now)))
				return result;
			++*released;
		}
	return result;
}

int store_resolve(struct store *s, const char *provider, enum category category, int64_t now,
	uint64_t *released)
{
	int64_t open = 0;
	bool own;
	int result = db_enter(s, &own);

	*released = 0;
	if (result)
		return result;
	if (db_int(s, &open, SQL_INVESTIGATION_IS_OPEN, "tt", provider, category_name(category)))
		result = STORE_FAILED;
	if (!result)
		result = release_all(s, provider, category, now, released);
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
