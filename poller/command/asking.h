/*
 * Questions of setup: answered by an option, on a terminal, or by the next line of the standard
 * input.
 */
#ifndef RETOUR_ASKING_H
#define RETOUR_ASKING_H

#include <stdbool.h>
#include <stddef.h>

enum { ANSWER_SIZE = 512 };

struct asking {
	bool terminal;
	unsigned number; /* of the last question */
};

/* Finds out whether a person sits there: standard input and error are a terminal. */
void asking_begin(struct asking *a);
/* Shows again what is typed, where a signal came meanwhile; its handler may call it. */
void asking_restore(void);
/*
 * The answer to QUESTION into ANSWER (ANSWER_SIZE bytes): GIVEN (an option's value; NULL: none),
 * what is typed or read, or STANDARD where that is empty (NULL: then it is asked again, and without
 * a terminal it is an error, which is said). SECRET: it is not shown while it is typed. 0 or -1.
 */
int asking_ask(struct asking *a, const char *question, const char *given, const char *standard,
	bool secret, char *answer);

#endif
