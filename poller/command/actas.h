/*
 * Root tries as the user whom the program will run as: what only root may read would be found
 * missing by the first run.
 */
#ifndef RETOUR_ACTAS_H
#define RETOUR_ACTAS_H

#include <pwd.h>

/*
 * Until act_as_root() this process, and for good what it starts meanwhile, is USER. NULL: nothing
 * is changed. 0, or -1, said.
 */
int act_as(const struct passwd *user);
void act_as_root(void);
/* For good. */
int act_as_for_good(const struct passwd *user);

#endif
