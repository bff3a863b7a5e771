/*
 * What words speak of, by their stems: "exist*" is "existe", "existiert" and "exists". Where no
 * rule knows an answer, its words still say whom they are about, whether there is a not among them,
 * and what of; a few sentences are made of that (classify/sense.c), and hold for all languages at
 * once. Weaker than any phrase; hard only where nothing in the answer speaks of anything else.
 */
#ifndef RETOUR_SENSE_H
#define RETOUR_SENSE_H

#include "classify/bids.h"

#define SENSE_PREFIX "sense." /* of what stands as rule where senses decide */

/* The N-th of these names, one perhaps more than once; NULL behind the last. */
const char *sense_id(unsigned n);

/* What an answer says in the sum. */
struct sense {
	const char *id; /* NULL: nothing */
	enum category category;
	uint64_t heard; /* senses of all its words */
	bool of_us;     /* who is missing there is we */
};

/*
 * Reads TEXT (valid UTF-8) clause by clause. Addresses and names of hosts in it say nothing; NAME,
 * the recipient's local part, speaks of him.
 */
struct sense sense_read(const struct rules *r, struct span text, struct span name);
/*
 * Does the clause around match M of TEXT say of nobody what the phrase says: a condition ("if the
 * user is unknown"), a not before it ("was never deleted"), help on such errors, or another thing
 * that is missing ("the key of the recipient was not found")?
 */
bool sense_turned(const struct rules *r, struct span text, const struct match *m);
/*
 * Does a word stand right beside match M of TEXT, or where M leaves a gap, that may be what is
 * missing or closed instead ("recipient check was cancelled", "bind account is disabled")? Words
 * with a sense that fits a mailbox, those of the list of plain ones, names of hosts, addresses and
 * the recipient's own NAME are none; any other is, known or not. What is not OF_PERSON but of a
 * domain is looked at in scripts without blanks only.
 */
bool sense_beside(const struct rules *r, struct span text, const struct match *m, struct span name,
	bool of_person);
/*
 * Do the words around match M of TEXT, by which CATEGORY is none that is hard, say that it is not
 * so ("not blocked", "kein Spamverdacht", "spam=no")?
 */
bool sense_denied(
	const struct rules *r, struct span text, const struct match *m, enum category category);
/*
 * M, words without a mailbox, end what WHOLE says of one: is it that of somebody else by a word in
 * its gap ("the mailbox that sent this does not exist")?
 */
bool sense_other_before(const struct rules *r, struct span text, const struct match *whole,
	const struct match *m, struct span name);
/*
 * Bids what TEXT says where nothing but weak evidence was bid before, and sets a weak hard aside
 * that the words speak against.
 */
void bid_senses(const struct rules *r, struct bids *bids, struct span text);

#endif
