/*
 * Objections: who complained, unsubscribed, or was entered by hand, does not want mail. That is
 * kept as a class of retention of its own, for longer than who could not be reached: a complainant
 * who is written to again after a pause of years was never heard. Past the period of contacts
 * nothing else is known of him but that he objected, since when and by what.
 *
 * A contact objects while its history has such a day: an operator's reactivation ends it, and so
 * does a cause that is taken back. The row says so in what it has sealed, and the agenda has a list
 * of them, by which the class is counted and found.
 */
#include "store/contact.h"

/*
 * Where several sites have one memory the history is that of all of them, and stays to its end.
 * What was reduced is not among the next ones.
 */
int objections_reduce(struct store *s, int64_t cutoff)
{
	struct contact_page page = { .n = 0 };
	struct contact c;
	bool found;
	int result = STORE_OK;

	while (!site_is_on(s) &&
		!(result = contact_page(s, &page,
			  db_bind(s, SQL_OBJECTION_WORDY, "ii", cutoff, (int64_t)CONTACT_PAGE))) &&
		page.n)
		for (unsigned i = 0; i < page.n; i++)
			if ((result = contact_load(s, page.key[i], &c, &found)) ||
				(result = contact_reduce(s, &c, true)))
				return result;
	return result;
}

static int mark_objection(struct store *s, struct contact *c, void *context)
{
	(void)context;
	return contact_objects(c) ? contact_save(s, SQL_CONTACT_PUT, c) : STORE_OK;
}

int objections_from_rows(struct store *s)
{
	return contacts_each(s, SQL_CONTACT_ENDED, NULL, mark_objection, NULL);
}
