#include "poller/volume/providernumbers.h"

#include <sodium.h>
#include <stdlib.h>
#include "poller/volume/logqueue.h"

static int by_address(const void *a, const void *b)
{
	const char *x = *(const char *const *)a, *y = *(const char *const *)b;
	return x < y ? -1 : x > y;
}

int providernumbers_load(struct provider_numbers *p, const struct rules *rules)
{
	crypto_generichash_state state;
	while (provider_at(rules, p->count))
		p->count++;
	p->name = calloc(p->count + 1, sizeof *p->name);
	p->number = calloc(p->count + 1, sizeof *p->number);
	if (!p->name || !p->number || p->count >= QUEUE_OTHER)
		return -1;
	crypto_generichash_init(&state, NULL, 0, crypto_generichash_BYTES);
	for (size_t i = 0; i < p->count; i++) {
		p->name[i] = provider_at(rules, i);
		crypto_generichash_update(
			&state, (const unsigned char *)p->name[i], strlen(p->name[i]) + 1);
	}
	unsigned char hash[crypto_generichash_BYTES];
	crypto_generichash_final(&state, hash, sizeof hash);
	memcpy(&p->hash, hash, sizeof p->hash);
	qsort(p->name, p->count, sizeof *p->name, by_address);
	for (size_t i = 0; i < p->count; i++) {
		const char *name = provider_at(rules, i);
		const char **at = bsearch(&name, p->name, p->count, sizeof *p->name, by_address);
		p->number[at - p->name] = (uint32_t)i;
	}
	return 0;
}

uint16_t providernumbers_find(const struct provider_numbers *p, const struct rules *rules,
	struct span relay, struct span domain)
{
	const char *name = relay.n ? provider_by_host(rules, relay) : NULL;
	if (!name && domain.n)
		name = provider_by_domain(rules, domain);
	const char **at = name ? bsearch(&name, p->name, p->count, sizeof *p->name, by_address)
			       : NULL;
	return at ? (uint16_t)p->number[at - p->name] : QUEUE_OTHER;
}

void providernumbers_free(struct provider_numbers *p)
{
	free(p->name);
	free(p->number);
}
