/*
 * A visit to a mailbox without reading: its fetcher opens it, says what it found, and goes. For
 * doctor and setup.
 */
#ifndef RETOUR_VISIT_H
#define RETOUR_VISIT_H

#include <stddef.h>
#include <stdint.h>
#include "poller/mailbox/mailbox.h"
#include "store/facts.h"

/* REFUSED: the login, or the secret for it. */
enum visit_end { VISIT_OPENED, VISIT_REFUSED, VISIT_FAILED };

/*
 * BOX of the configuration CONFIG_FILE. TEXT (SIZE bytes) is the fetcher's, ours where it says
 * nothing, and fit to be printed; *FACTS as struct source has them.
 */
enum visit_end mailbox_visit(const char *config_file, const struct mailbox *box, char *text,
	size_t size, struct mailbox_facts *facts);

#endif
