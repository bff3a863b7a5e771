/* What a token of our own in a return path proves. */
#ifndef RETOUR_STORE_VERP_H
#define RETOUR_STORE_VERP_H

#include "store/internal.h"

/*
 * How well E's token proves that we sent the mail, AT the time of arrival. One that is valid names
 * recipient and campaign, which replace E's; one that is made up makes the report unverified
 * whatever its headers say.
 */
enum origin verp_prove(struct store *s, struct event *e, int64_t at);

#endif
