/*
 * Domains that nobody has: every mail to them came back because the name is not known, and nothing
 * was ever heard from them. A hint beside `check`, no state: whoever asks about a new address there
 * would else hear nothing, since no contact of that domain says anything about another.
 *
 * Of a domain is kept a number of 63 bits, made with a key outside the database, how many such
 * failures there were, and the first and last day. Any answer from the domain deletes it, and so
 * does an erasure of somebody there; it goes with [retention] events after the last failure.
 */
#include <sodium.h>
#include <string.h>
#include "classify/base/units.h"
#include "store/base/refusals.h"
#include "store/internal.h"
#include "store/message.h"
#include "store/nodomain.h"
#include "store/ownkeys.h"
#include "store/pseudonym.h"

enum { GONE_LEAST = 2 }; /* days, so that a name server's bad hour is none */

/* Of a canonical domain; 0 for none. */
static int64_t nodomain_number(const struct store *s, const char *domain, size_t n)
{
	static const char head[] = "retour domain 1";
	unsigned char input[sizeof head + CANONICAL_SIZE], hash[crypto_generichash_BYTES_MIN];
	uint64_t number = 0;

	if (!n || n > CANONICAL_SIZE)
		return 0;
	memcpy(input, head, sizeof head);
	memcpy(input + sizeof head, domain, n);
	crypto_generichash(hash, sizeof hash, input, sizeof head + n, keys_message(s), KEY_SIZE);
	for (unsigned i = 0; i < 8; i++)
		number = number << 8 | hash[i];
	return (int64_t)(number >> 1) | 1;
}

static int64_t nodomain_number_of_address(const struct store *s, const char *address, size_t n)
{
	const char *at = n ? memrchr(address, '@', n) : NULL;

	return at ? nodomain_number(s, at + 1, (size_t)(address + n - at - 1)) : 0;
}

static bool says_gone(const struct packed *p)
{
	return p->kind == KIND_FAILURE && p->klass == CLASS_HARD &&
		p->category == CATEGORY_DOMAIN_UNKNOWN && p->origin >= ORIGIN_MATCHED &&
		p->origin < ORIGIN_COUNT;
}

/* What is told by others than the domain: nobody answers there, for now. */
static bool says_nothing(const struct packed *p)
{
	return p->category == CATEGORY_DOMAIN_UNKNOWN || p->category == CATEGORY_EXPIRED ||
		p->category == CATEGORY_NETWORK_ERROR || p->kind == KIND_DELAY;
}

int nodomain_load(struct store *s)
{
	int64_t any = 0;

	if (db_int(s, &any, SQL_GONE_ANY, ""))
		return STORE_FAILED;
	s->any_gone = any;
	return STORE_OK;
}

void nodomain_pack(const struct store *s, const char *address, size_t n, struct packed *p)
{
	if (!p->profiled && (says_gone(p) || (s->any_gone && !says_nothing(p))))
		p->domain = nodomain_number_of_address(s, address, n);
}

int nodomain_add(struct store *s, const struct packed *p)
{
	if (!p->domain)
		return STORE_OK;
	if (!says_gone(p))
		return db_run(s, SQL_GONE_DELETE, "i", p->domain);
	s->any_gone = true;
	return db_run(s, SQL_GONE_ADD, "ii", p->domain, refusals_day_number(p->day));
}

int nodomain_forget(struct store *s, const char *canonical, size_t n)
{
	int64_t number = nodomain_number_of_address(s, canonical, n);

	return s->any_gone && number ? db_run(s, SQL_GONE_DELETE, "i", number) : STORE_OK;
}

int nodomain_advance(struct store *s, int64_t now)
{
	return s->any_gone ? db_run(s, SQL_GONE_FORGET, "i",
				     (now - s->o.retention[RETAIN_EVENTS].period) / DAY)
			   : STORE_OK;
}

int store_domain_is_gone(struct store *s, const char *domain, size_t n, bool *gone)
{
	char canonical[CANONICAL_SIZE], address[CANONICAL_SIZE] = "x@";
	int64_t found = 0;

	*gone = false;
	if (!s->any_gone || n > sizeof address - 2)
		return STORE_OK;
	memcpy(address + 2, domain, n);
	n = address_canonical(address, n + 2, store_folding(s), canonical);
	if (!n)
		return STORE_OK;
	int result = db_int(s, &found, SQL_GONE_FIND, "iii",
		nodomain_number_of_address(s, canonical, n), (int64_t)s->o.k,
		(int64_t)GONE_LEAST - 1);
	*gone = found;
	return result;
}
