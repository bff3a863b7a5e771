/*
 * Addresses: finding them in text, reading them out of DSN fields, and knowing
 * within one message which were named already.
 */
#ifndef RETOUR_RECIPIENT_H
#define RETOUR_RECIPIENT_H

#include <stdint.h>
#include "classify/event.h"
#include "classify/base/span.h"

struct found_address {
	struct span text;  /* local@domain, no angle brackets */
	size_t begin, end; /* where in the text, brackets included */
	bool angle;        /* it stood in angle brackets */
};

/* The next address in TEXT from *I on; *I goes behind it. */
bool address_next(struct span text, size_t *i, struct found_address *a);

/*
 * Cuts off A what a text without blanks glued to it: "宛先：user@example.orgのメール". An address
 * in angle brackets stays as it is.
 */
void address_unglue(struct found_address *a);

/* local@domain in a shape that a mailbox can have. */
bool address_plausible(struct span address);

/* What stands before the last @, quotes included; all of it where there is none. */
struct span address_local(struct span address);
struct span address_domain(struct span address); /* behind the last '@'; empty when there is none */

/* mailer-daemon, postmaster and their like: who sends reports. */
bool address_is_daemon(struct span address);
/*
 * These, and abuse, support and their like: never who did not get the mail, unless the report says
 * so in a field.
 */
bool address_is_role(struct span address);

/*
 * Where a list manager takes commands, and what it writes as: named in its refusals, written to by
 * nobody who mails a list.
 */
bool address_is_list_command(struct span address);

bool address_equal(struct span a, struct span b); /* without regard to case */

/*
 * A recipient field of a DSN, "rfc822; <user@example.org> (comment)", RFC 3464 section 2.3.1 and
 * 2.3.2, RFC 6533 section 3, into ADDRESS of EVENT_ADDRESS_SIZE bytes. XTEXT: the field is
 * Original-Recipient, whose address is encoded (RFC 3461 section 4.2). Returns its length, 0 where
 * there is no address.
 */
size_t recipient_field(struct span field, bool xtext, char *address);

/*
 * Copies ADDRESS into BUFFER of EVENT_ADDRESS_SIZE bytes as valid UTF-8; an address that does not
 * fit gives "" and 0.
 */
size_t address_copy(char *buffer, struct span address);

/* --- which were named already --------------------------------------------- */

struct recipient_set;
/* NULL without memory. Freeing wipes. */
struct recipient_set *recipient_set_new(void);
void recipient_set_free(struct recipient_set *s);
/* Case does not count. The set holds CLASSIFY_EVENTS_MAX. */
enum recipient_added { RECIPIENT_ADDED, RECIPIENT_SEEN, RECIPIENT_NO_ROOM };
enum recipient_added recipient_set_add(struct recipient_set *s, struct span address);
/* Empty again, for the next message; costs what was used. */
void recipient_set_wipe(struct recipient_set *s);

#endif
