/*
 * Did our own mail server find the sender's address authenticated? It says so in
 * Authentication-Results (RFC 8601), a field that anybody can write: of all of them only the
 * topmost that bears our server's name counts, and what a message brought along lies below it. A
 * server that takes such fields off what comes in (section 5) and puts its own on every mail is
 * what [origin] authserv_id promises.
 */
#ifndef RETOUR_AUTHRES_H
#define RETOUR_AUTHRES_H

#include <stdbool.h>
#include "classify/header.h"

/*
 * IDS: names of our servers, NULL at the end; may be NULL. DOMAIN: of the address in From. True
 * where DMARC passed for it (RFC 7489), or DKIM of it or of a domain above it, or SPF for a return
 * path of it, and DMARC did not fail.
 */
bool authres_passes(const struct fields *fields, const char *const *ids, struct span domain);

#endif
