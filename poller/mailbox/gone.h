/*
 * What was deleted or moved in this visit, by id: at its end the mailbox is asked whether that is
 * still there. Eight bytes a message; who puts another message in its place can make us look twice,
 * no more.
 */
#ifndef RETOUR_GONE_H
#define RETOUR_GONE_H

#include <stdint.h>
#include "poller/mailbox/source.h"

struct gone {
	uint64_t *at;
	size_t n, capacity;
	bool sorted;
};

/* 0, or -1 without memory. */
int gone_add(struct gone *g, const unsigned char id[SOURCE_ID_SIZE]);
/* Not const: the list is sorted for the first question. */
bool gone_has(struct gone *g, const unsigned char id[SOURCE_ID_SIZE]);
void gone_free(struct gone *g);

#endif
