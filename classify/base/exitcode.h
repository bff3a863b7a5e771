/*
 * What the program ends with: retour(1), EXIT STATUS. Functions that say themselves what fails
 * return one of these.
 */
#ifndef RETOUR_EXITCODE_H
#define RETOUR_EXITCODE_H

enum exit_code {
	EXIT_WELL = 0,   /* all well */
	EXIT_LOST = 1,   /* something was lost or refused */
	EXIT_USAGE = 2,  /* usage or configuration */
	EXIT_BROKEN = 3, /* a retention or integrity promise is broken */
	EXIT_LOCKED = 4, /* another run holds the lock */
};

/* The worst of two, which is the greater; "locked" never meets another. */
static inline int exit_worse(int a, int b)
{
	return a > b ? a : b;
}

#endif
