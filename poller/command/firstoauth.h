/* setup where the mail server takes no password: which token server, and by what right. */
#ifndef RETOUR_FIRSTOAUTH_H
#define RETOUR_FIRSTOAUTH_H

#include "poller/config/config.h"
#include "poller/command/firstfile.h"

/* What options said of it; NULL: it is asked, or not wanted. */
struct setup_oauth {
	const char *service; /* microsoft, google, other, or the NAME of an [oauth NAME] that is
				there */
	const char *tenant, *token_url, *client_id, *client_secret_file, *certificate_file,
		*key_file, *refresh_token_file, *scope;
};

/*
 * Does F's mail server take tokens only, or do GIVEN say so? Then asks for what is missing, into
 * F->oauth, and writes the client's secret into a file. CONFIG has the sections that are there. 1:
 * by OAuth; 0: by password; -1, said.
 */
int firstoauth_ask(struct first *f, struct asking *a, const struct setup_oauth *given,
	const struct config *config);
/* Where HOST's service takes mail; NULL: not known. */
const char *firstoauth_smtp(const char *host);

#endif
