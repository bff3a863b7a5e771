/* Which messages were counted. */
#ifndef RETOUR_STORE_SEEN_H
#define RETOUR_STORE_SEEN_H

#include "store/internal.h"

enum { MESSAGE_KEY_SIZE = 16 };
/* Notes a message by its key; *IS_NEW is false when it was counted before. */
int seen_add(struct store *s, unsigned char key[MESSAGE_KEY_SIZE], uint16_t dated, int64_t now,
	bool *is_new);
int seen_flush(struct store *s);
void seen_discard(struct store *s);

#endif
