/* What of setup's answers works: firstways.c. */
#ifndef RETOUR_FIRSTWAYS_H
#define RETOUR_FIRSTWAYS_H

#include <stdbool.h>
#include <stddef.h>
#include "poller/config/config.h"
#include "poller/command/firstfile.h"
#include "poller/run/visit.h"

/* The draft as it is now, read and checked into CONFIG, which is to be freed; its errors are said.
 * 0 or -1. */
int firstways_draft(const struct first *f, struct config *config);
/*
 * Which way into F's mailbox works, into F; the first one that reaches a login decides. TEXT of
 * SIZE bytes: what the server offers, or why the usual way does not work, "" where that was said.
 */
enum visit_end firstways_mailbox(struct first *f, char *text, size_t size);
/*
 * Which way to the mail server TYPED (HOST or HOST:PORT) takes the report, into F; without a port
 * the next usual one, where nobody answers. False: why not stands in TEXT, as above.
 */
bool firstways_smtp(struct first *f, const char *typed, char *text, size_t size);

#endif
