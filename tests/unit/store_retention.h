/*
 * What the tests of retention share: a failure to keep, and what a purge says of a class.
 */
#ifndef RETOUR_TEST_STORE_RETENTION_H
#define RETOUR_TEST_STORE_RETENTION_H

#include "tests/unit/store_fixture.h"

static inline struct purge_class *class_of(struct purge *p, const char *name)
{
	for (unsigned i = 0; i < p->count; i++)
		if (strcmp(p->at[i].name, name) == 0)
			return &p->at[i];
	fail_msg("no class %s", name);
	return NULL;
}

static inline void expect(struct purge *p, const char *name, uint64_t deleted, uint64_t left)
{
	struct purge_class *c = class_of(p, name);

	if (c->deleted != deleted || c->left != left || c->overdue)
		fail_msg("%s: deleted %lu, left %lu, overdue %lu", name, (unsigned long)c->deleted,
			(unsigned long)c->left, (unsigned long)c->overdue);
}

static inline void put_failure(const char *address, int64_t at)
{
	put_event(event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, address, at), at);
}

#endif
