/* setup where there is no configuration yet. */
#ifndef RETOUR_FIRSTSETUP_H
#define RETOUR_FIRSTSETUP_H

#include "poller/config/config.h"
#include "poller/command/firstoauth.h"

/* What options said; NULL: it is asked. */
struct setup_answers {
	const char *domains, *host, *user, *password_file, *to, *smtp, *ca_file;
	const char *mailbox; /* to be added to what is there; NULL: a first configuration */
	struct setup_oauth oauth;
	bool start, no_start;
};

/* The exit code of COMMAND, which is its name for errors. */
int setup_first(const struct config *config, struct setup_answers *given, const char *command);

#endif
