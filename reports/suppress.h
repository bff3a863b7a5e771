/*
 * Small cells are not shown, and nothing that is shown gives them away.
 *
 * A report prints counts and sums of counts. A count below k may point at a person, so it is
 * printed as "<k"; but a reader who knows the total and the other parts would subtract. So further
 * cells are withheld ("complementary suppression", see Hundepool et al., Statistical Disclosure
 * Control, 2012, chapter 4) until the equations leave the whole range from 1 to k-1 to every small
 * cell. Done once, in the model, before any format sees a figure.
 */
#ifndef RETOUR_REPORTS_SUPPRESS_H
#define RETOUR_REPORTS_SUPPRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cell_state {
	CELL_SHOWN,
	CELL_SMALL, /* 1 to k-1, printed "<k"; also a 0 whose sight would give a small one away */
	CELL_WITHHELD, /* k or more, printed "≥k": it would give a small one away */
};

enum {
	CELL_DEAR = 2
}; /* a cell of such a worth or more is withheld only where nothing cheaper helps, in another
      equation either */
struct cell {
	uint64_t n; /* 0 once it is not shown */
	enum cell_state state;
	int worth;  /* what a reader loses with it: where there is a choice, cells of less worth are
		       withheld; 0 for details */
	bool vague; /* hidden, it is not even said whether it is small: it is left out, and a sum
		       says what is left out in all */
	int64_t least, most; /* what a sentence says of it, from below and (not 0) from above,
				though it is not shown */
	int64_t low, high;   /* what a reader can conclude; the work of suppress() */
	bool bare;           /* what would have to hide it in another equation is dear; likewise */
};

/*
 * The equations of a report: each says that a total is the sum of its parts. The cells are the
 * caller's.
 */
struct equations;
struct equations *equations_new(unsigned k);
void equations_free(struct equations *q);
/* Starts the next equation; its parts follow. Memory that ran out is reported by suppress(). */
void equation(struct equations *q, struct cell *total);
void equation_part(struct equations *q, struct cell *part);

/* A cell that stands in no equation. */
void suppress_alone(struct cell *cell, unsigned k);
/*
 * The same of what is counted at the moment when the report is made; IN_STEPS: in whole k, so that
 * what came between two reports of one day is not their difference.
 */
void suppress_present(struct cell *cell, unsigned k, bool in_steps);

/*
 * Marks the cells of all equations and erases the counts that are not shown. 0, or -1 without
 * memory.
 */
int suppress(struct equations *q);
/*
 * Whether nothing more is told of a small cell than suppress() has left to be told, now that more
 * is said of hidden ones (least, most).
 */
bool suppress_holds(const struct equations *q);

#endif
