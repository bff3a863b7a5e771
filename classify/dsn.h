/* message/delivery-status and its like, read as mail systems write it (RFC 3464, RFC 6533). */
#ifndef RETOUR_DSN_H
#define RETOUR_DSN_H

#include "classify/event.h"
#include "classify/header.h"

struct dsn_recipient {
	struct span original, final, actual; /* Original-Recipient, Final-Recipient,
						X-Actual-Recipient: with their type */
	struct span action, status, diagnostic, supplement, verdict, remote_mta;
	unsigned fields; /* how many of these were there */
};

struct dsn_reader {
	struct span rest;
	struct span reporting_mta; /* known when the first recipient is */
	struct field pending;
	bool has_pending, blank;
};

/* BODY: a message/delivery-status part, decoded; it must outlive R. */
void dsn_open(struct dsn_reader *r, struct span body);
/* The next recipient's fields; false at the end. */
bool dsn_next(struct dsn_reader *r, struct dsn_recipient *out);

/*
 * Where a delivery status begins in TEXT that is not labelled as one; its length when there is
 * none.
 */
size_t dsn_find(struct span text);

enum action dsn_action(struct span field);
/* "dns; mx.example.org (192.0.2.1)" as "mx.example.org"; an empty span when there is no name. */
struct span dsn_host(struct span field);
/* Cisco's "<mx.example.org #5.0.0 smtp; 550 …>" as "550 …". */
struct span dsn_supplement(struct span field);
/* "smtp; 550 …" as "550 …". */
struct span dsn_diagnostic(struct span field);
/* "x-unix; 67" as 67, what a local mailer ended with (sysexits.h); 0: FIELD is another. */
unsigned dsn_exit_code(struct span field);

#endif
