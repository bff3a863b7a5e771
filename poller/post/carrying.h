/* Mail on its way out by a process of its own, the carrier (poller/run/wire.h). */
#ifndef RETOUR_CARRYING_H
#define RETOUR_CARRYING_H

#include "poller/post/carrier.h"
#include "poller/post/post.h"

/*
 * How the configuration says that mail leaves, without the secret; TO ends with NULL. False when it
 * says nothing, or not enough.
 */
bool delivery_options(
	const struct post_options *c, const char *const *to, struct carrier_options *out);
/*
 * Has a carrier process take MAIL for TO (ends with NULL) to the submission server or sendmail; an
 * empty MAIL only tries whether it would be taken. 0, or CARRY_UNANSWERED or -1 with a text without
 * addresses in ERROR.
 */
int delivery_carry(const struct post_options *c, const char *const *to, struct span mail,
	char *error, size_t size);
/* That process's work: one mail or probe over CHILD_FD. Exit code. */
int carrier_serve(const struct post_options *options);

#endif
