/* An event that was stored, as commands show it to those who may ask for it. */
#ifndef RETOUR_PAST_H
#define RETOUR_PAST_H

#include "poller/command/out.h"
#include "store/contacts.h"
#include "store/store.h"

/* A JSON object; ALL: also mailbox and the receiver's words. */
void past_event_json(struct out *o, const struct past_event *e, bool all);
/* One line. */
void past_event_text(struct out *o, const struct past_event *e);

#endif
