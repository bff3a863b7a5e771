/* One contact is erased, or what suppresses it is all that is left. */
#include "store/contact.h"
#include "store/erasure.h"

/* Who is inactive stays so where KEEP, with nothing else known. */
int contact_forget(struct store *s, const unsigned char key[PSEUDONYM_SIZE], bool keep, int64_t now,
	struct erased *sum)
{
	struct contact c;
	bool found;

	if (contact_load(s, key, &c, &found))
		return STORE_FAILED;
	bool objects = found && contact_objects(&c);
	if (keep && found && (c.now.state == STATE_INACTIVE || c.objected)) {
		if (contact_reduce(s, &c, false))
			return STORE_FAILED;
		sum->suppressions++;
		sum->objections_kept += objects;
		return erasures_note(s, REDUCED_CONTACT, key, now);
	}
	if (found && contact_delete(s, &c, &sum->contacts))
		return STORE_FAILED;
	sum->objections += objects;
	/* also where there is none any more: a backup may have one */
	return erasures_note(s, ERASED_CONTACT, key, now);
}
