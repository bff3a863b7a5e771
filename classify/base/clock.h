/*
 * What the program takes for the present time: the clock, or --now. Nothing below poller reads a
 * clock.
 */
#ifndef RETOUR_CLOCK_H
#define RETOUR_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* RFC 3339, e.g. 2026-11-02T06:00:00Z or +01:00. False when it is not one. */
bool clock_set(const char *rfc3339);
/* The same without taking it for the present; a date alone is its midnight, UTC. */
bool clock_parse(const char *text, int64_t *at);
int64_t clock_now(void);          /* epoch seconds */
bool clock_is_set(void);          /* --now was given */
const char *clock_text(void);     /* as given to clock_set, or NULL */
double clock_monotonic(void);     /* seconds, for deadlines */
int64_t clock_monotonic_ms(void); /* the same in milliseconds */
/*
 * Seconds from the epoch to the start of this machine as its clock has it now, and a name of that
 * start. False: not known, or --now was given.
 */
enum { CLOCK_BOOT_SIZE = 16 };
bool clock_boot(char name[CLOCK_BOOT_SIZE], int64_t *at);
/*
 * AT as RFC 3339 has it, in UTC, "2026-11-02T06:00:00Z", into BUFFER of CLOCK_TEXT_SIZE; returns
 * it. "?" for years of more than four digits.
 */
enum { CLOCK_TEXT_SIZE = 32 };
const char *clock_format(int64_t at, char *buffer);

#endif
