/*
 * The states of a contact (store/standing.c moves between them), and the room for a name that the
 * store keeps: what the history and all that stands above it have in common.
 */
#ifndef RETOUR_STORE_STATE_H
#define RETOUR_STORE_STATE_H

enum { STORE_NAME_SIZE = 64 /* of ladders, keys, mailboxes, sites; with its NUL */ };

#define STORE_STATES(X) \
	X(STATE_ACTIVE, "active") \
	X(STATE_SOFT, "soft") \
	X(STATE_PAUSED, "paused") \
	X(STATE_REVALIDATE, "revalidate") \
	X(STATE_BLOCK, "block") \
	X(STATE_INVESTIGATE, "investigate") \
	X(STATE_RETRY_GATED, "retry-gated") \
	X(STATE_INACTIVE, "inactive") \
	X(STATE_UNCLEAR, "unclear") \
	X(STATE_UNCONFIRMED, "unconfirmed")
#define STORE_ENUM(symbol, name) symbol,
enum contact_state { STORE_STATES(STORE_ENUM) STATE_COUNT };
#undef STORE_ENUM

#endif
