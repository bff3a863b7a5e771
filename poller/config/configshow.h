/* `retour config check` and `show`. */
#ifndef RETOUR_CONFIGSHOW_H
#define RETOUR_CONFIGSHOW_H

#include "poller/config/config.h"

/* Loads FILE into C as config_load() does, and prints to OUT, where it is not NULL, each key with
 * the file that its value stands in, or "default"; with JSON as lines of that. */
int config_show(struct config *c, const char *file, FILE *errors, FILE *out, bool json);

#endif
