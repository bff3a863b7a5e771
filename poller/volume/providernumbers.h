/* The providers of the rules by number, as counts of mail logs have them. */
#ifndef RETOUR_PROVIDERNUMBERS_H
#define RETOUR_PROVIDERNUMBERS_H

#include <stddef.h>
#include <stdint.h>
#include "classify/rules.h"

struct provider_numbers {
	const char **name; /* of the rules, by address, to find a name's number */
	uint32_t *number;
	size_t count;
	uint64_t hash; /* of all names: numbers of other rules are others */
};

/* -1: no memory, or there are too many. The caller frees, then too; P begins as {0}. */
int providernumbers_load(struct provider_numbers *p, const struct rules *rules);
void providernumbers_free(struct provider_numbers *p);
/*
 * The number of who runs the mailbox, QUEUE_OTHER where nobody knows: the host that answered says
 * it best, as for bounces; else the recipient's DOMAIN.
 */
uint16_t providernumbers_find(const struct provider_numbers *p, const struct rules *rules,
	struct span relay, struct span domain);

#endif
