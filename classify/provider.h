/* Which provider a host or a domain belongs to: one hash table of suffixes. */
#ifndef RETOUR_PROVIDER_H
#define RETOUR_PROVIDER_H

#include "classify/image.h"
#include "classify/rules.h"

struct provider_table;

/*
 * Adds the pieces of a table to IMAGE. False with a text in ERROR: name or suffix twice, name
 * empty, no memory.
 */
bool provider_table_build(struct image *image, const struct provider_spec *specs, size_t count,
	char *error, size_t size);
/*
 * The table of an image that fits, NULL: no memory, or pieces that do not belong together. It
 * points into the image. provider_table_free().
 */
struct provider_table *provider_table_open(const void *image);
void provider_table_free(struct provider_table *t);

enum provider_list { PROVIDER_DOMAIN, PROVIDER_HOST };
/* The profile's number by the longest suffix of NAME, or -1. */
int provider_find(const struct provider_table *t, enum provider_list list, struct span name);
/* The profile's number by its name, or -1. */
int provider_number(const struct provider_table *t, const char *name);
/*
 * The domain of a large provider that DOMAIN, which is no provider's, misses by one typing error;
 * NULL. The table's.
 */
const char *provider_near(const struct provider_table *t, struct span domain);
size_t provider_count(const struct provider_table *t);
const char *provider_name(const struct provider_table *t, size_t number);
unsigned provider_connections_of(const struct provider_table *t, size_t number);
bool provider_large(const struct provider_table *t, size_t number);
/* NULL where the profile says none. */
const char *provider_title_of(const struct provider_table *t, size_t number);
/* "large" or "small" where the profile names none. */
const char *provider_ladder_of(const struct provider_table *t, size_t number);

#endif
