/*
 * What is sent to the token endpoint: the form of each grant, in memory that is wiped, and the
 * assertions in it (JWT, RFC 7519, signed with RS256 by GnuTLS). oauth.c includes it, nobody else.
 */
#ifndef RETOUR_OAUTHFORM_H
#define RETOUR_OAUTHFORM_H

#include "poller/mailbox/oauth.h"

enum { OAUTH_FORM_SIZE = 65536 };

/*
 * The form for O into FORM (OAUTH_FORM_SIZE bytes, of sodium_malloc). 0, or -1 with a text as for
 * oauth_ask(), without the section's name.
 */
int oauth_form(const struct oauth_options *o, const char *user, int64_t now, char *form,
	char *error, size_t size);

#endif
