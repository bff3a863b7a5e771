/*
 * The settings that matter to privacy: noted in the ledger when they change, and shown by the
 * audit.
 */
#ifndef RETOUR_SETTINGS_H
#define RETOUR_SETTINGS_H

#include "poller/config/config.h"
#include "poller/run/session.h"
#include "reports/audit.h"

/*
 * What becomes of each mailbox's mail, why each class of data is kept, who witnesses and what
 * counts as ours, into the ledger when it is not what it was. A store result.
 */
int settings_note(struct store *store, const struct config *config, int64_t now);
/*
 * What an audit needs of the configuration; the versions of program and libraries. The session
 * outlives it.
 */
void settings_for_audit(const struct session *s, struct audit_options *out);

#endif
