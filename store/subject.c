/*
 * What a data subject may ask for (GDPR articles 15 and 17): contact and events are found from the
 * address, with every key that is there, and deleted. What cannot be found that way is nobody's any
 * more: counts, events of months whose keys are destroyed, hashes of whole messages.
 */
#include <sodium.h>
#include "store/contact.h"
#include "store/erasure.h"
#include "store/events.h"
#include "store/held.h"
#include "store/nodomain.h"
#include "store/ownkeys.h"
#include "store/pseudonym.h"

/*
 * The contact by way of every state key that is here, and for backups what it was called before
 * each rotation.
 */
static int contacts_forget(struct store *s, const char *canonical, size_t n, bool keep, int64_t now,
	struct erased *sum)
{
	unsigned char key[PSEUDONYM_SIZE];
	int result = STORE_OK;

	for (unsigned i = 0; i <= keys_old_states(s) && !result; i++) {
		for (unsigned seals = 0; seals < keys_seals(s, i) && !result; seals++) {
			keys_contact_pseudonym(s, i, seals, canonical, n, key);
			result = erasures_note(
				s, keep ? REDUCED_CONTACT : ERASED_CONTACT, key, now);
		}
		keys_contact_pseudonym(s, i, ALL_SEALS, canonical, n, key);
		if (!result)
			result = site_is_on(s) ? share_forget(s, key, keep, now, sum)
					       : contact_forget(s, key, keep, now, sum);
	}
	return result;
}

int store_forget(
	struct store *s, const char *address, size_t n, bool keep, int64_t now, struct erased *sum)
{
	char canonical[CANONICAL_SIZE];
	int result;

	if (!s->in_transaction)
		return store_fail(s, STORE_MISUSE, "forget outside a transaction");
	n = address_canonical(address, n, store_folding(s), canonical);
	if (!n)
		return store_fail(s, STORE_MISUSE, "not an address");
	result = contacts_forget(s, canonical, n, keep, now, sum);
	uint64_t before = sum->events;
	if (!result)
		result = events_forget(s, canonical, n, now, &sum->events);
	if (!result)
		result = nodomain_forget(s, canonical, n);
	s->forgotten |= sum->events > before;
	if (!result)
		result = held_note_deletion(s);
	sodium_memzero(canonical, sizeof canonical);
	return result;
}
