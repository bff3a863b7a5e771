/* setup where there is no configuration yet. */
#ifndef RETOUR_FIRSTSETUP_H
#define RETOUR_FIRSTSETUP_H

#include "poller/command/config.h"

/* What options said; NULL: it is asked. */
struct setup_answers {
	const char *domains, *host, *user, *password_file, *to, *smtp, *ca_file;
	bool start, no_start;
};

/* The exit code of COMMAND, which is its name for errors. */
int setup_first(
	const struct config *config, const struct setup_answers *given, const char *command);

#endif
