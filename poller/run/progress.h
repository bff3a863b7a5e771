/*
 * What a command that takes long has done so far, on one line of a terminal that is written over
 * and over: how much, how fast, and how long it is going to be where that is known. Nothing where
 * stderr is no terminal, or -q was given; nothing in the first second.
 */
#ifndef RETOUR_PROGRESS_H
#define RETOUR_PROGRESS_H

#include <stdint.h>

/*
 * WHAT ("import"), counted in UNIT ("mails"; NULL: only the time is told). Both must live until
 * progress_end(), which wipes the line.
 */
void progress_begin(const char *what, const char *unit);
/* Of WHOLE bytes (0: not known) so many are done, for the time that is left. */
void progress_bytes(uint64_t done, uint64_t whole);
/* DONE so far; shown four times a second at most. */
void progress_show(uint64_t done);
void progress_end(void);
/* Is there somebody to look at it? What only progress wants to know need not be found out else. */
int progress_is_seen(void);

#endif
