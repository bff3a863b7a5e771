/* An event as the store keeps it, and which things were counted. */
#ifndef RETOUR_STORE_MESSAGE_H
#define RETOUR_STORE_MESSAGE_H

#include "store/internal.h"

/*
 * Notes that what DIGEST is of was counted, WHAT kind of thing it is; *IS_NEW is false when it was
 * before. Inside the transaction.
 */
int seen_mark(struct store *s, const char *what, const unsigned char digest[STORE_DIGEST_SIZE],
	uint16_t dated, int64_t now, bool *is_new);

/* What lies in a struct packed_event. */
struct packed {
	int64_t at;  /* epoch seconds, never later than now */
	int32_t day; /* YYYYMMDD in the process's TZ */
	uint16_t reply;
	int16_t margin;
	uint8_t kind, klass, category, origin;
	uint8_t stream;  /* of our mail: its place in o.streams, from 1; 0: none is known */
	uint32_t mta;    /* cause_number() of the reporting MTA */
	int64_t domain;  /* a number of the recipient's domain, for nodomain.c; 0: of no interest */
	uint32_t answer; /* of what was answered (cause.c); 0: none */
	uint32_t host;   /* of the receiving host's organisation; 0: not known */
	uint8_t known;   /* 1: there is a recipient; else both pseudonyms are zero */
	uint8_t profiled; /* 1: provider is a profile's name; only those go into the tallies, which
			     stay */
	unsigned char contact[PSEUDONYM_SIZE]; /* under the state key */
	/* from here on what pending.c keeps apart, or not */
	unsigned char old_contact[OLD_STATES_MAX][PSEUDONYM_SIZE]; /* by way of those before it */
	unsigned char pseudonym[PSEUDONYM_SIZE];                   /* under the month's key */
	char status[EVENT_STATUS_SIZE];
	char provider[STORE_NAME_SIZE]; /* a profile's name, the domain with [privacy] domains =
					   all, or "other" */
	char meant[STORE_DOMAIN_SIZE]; /* the large provider's domain that was mistyped; "": none */
	char campaign[EVENT_CAMPAIGN_SIZE];
	char rule[EVENT_RULE_SIZE];
	char diagnostic[DIAGNOSTIC_KEPT_SIZE]; /* redacted; "": none */
};
_Static_assert(sizeof(struct packed) <= sizeof(struct packed_event), "a packed event must fit");

#endif
