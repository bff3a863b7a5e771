/*
 * What reply codes and enhanced codes mean by themselves, and how much that weighs
 * (classify/meaning.c).
 */
#ifndef RETOUR_MEANING_H
#define RETOUR_MEANING_H

#include "classify/rules.h"

/* The design's order of evidence. A rule's rank moves its bid up or down. */
enum {
	WEIGHT_PROVIDER = 1000,
	WEIGHT_SPECIFIC = 500,   /* code: means this and nothing else */
	WEIGHT_WORDS = 400,      /* words of the receiver */
	WEIGHT_REFUSES_US = 350, /* code: of the account or the message that is refused, whatever
				    else is said */
	WEIGHT_USUAL = 300,      /* code: means this unless words say otherwise */
	WEIGHT_GUESSED = 260,    /* code: what a reporting system made of an answer without one */
	WEIGHT_HUMAN = 200,      /* words of the human part */
	WEIGHT_SUBJECT = 150,
	WEIGHT_SENSE = 110, /* the sum of words that no rule knows as a phrase */
	WEIGHT_VAGUE = 100, /* code: better than nothing */
	WEIGHT_STAGE = 2,
	WEIGHT_WAITS = 2, /* it still waits in a queue, nobody says why */
	WEIGHT_DIGIT = 1,
};

#define EXIT_PREFIX "exit." /* of what stands as rule where a local mailer's exit code decides */

struct code_meaning {
	const char *id;
	struct code_pattern pattern;
	enum category category;
	int weight;
};

/*
 * NULL where the code says nothing by itself: 550, 554, 450 and 451 stand for anything. REPLY is
 * the reply code beside the status, 0: none.
 */
const struct code_meaning *meaning_of_status(struct status s, unsigned reply);
const struct code_meaning *meaning_of_reply(unsigned reply);
/* What a local mailer ended with (sysexits.h). */
const struct code_meaning *meaning_of_exit(unsigned code);

#endif
