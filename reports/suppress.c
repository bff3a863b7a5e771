/*
 * Suppression of small cells: plays the reader who wants to know them. Interval propagation over
 * all equations (each bound follows from the bounds of the other members) finds the first equation
 * that tells too much; one more of its cells is withheld; from the start again, until nothing is
 * learnt. Then each small cell is assumed to be 1 and k-1: what contradicts an equation tells as
 * much.
 */
#include "reports/suppress.h"

#include <stdlib.h>

enum { PROPAGATION_ROUNDS = 64 };
#define FAR \
	((int64_t)1 \
		<< 48) /* above every count, and a line of thousands of them does not overflow */

struct member {
	struct cell *cell;
	bool total; /* an equation begins: its total, then its parts */
};

struct equations {
	unsigned k;
	bool failed;
	struct member *member;
	size_t count, room;
};

/* One equation as it lies in the list. */
struct suppress_line {
	const struct member *at; /* [0] is the total */
	size_t count;
};

struct bounds {
	int64_t low, high;
};

struct equations *equations_new(unsigned k)
{
	struct equations *q = calloc(1, sizeof *q);
	if (q)
		q->k = k;
	return q;
}

void equations_free(struct equations *q)
{
	if (!q)
		return;
	free(q->member);
	free(q);
}

static void add_cell(struct equations *q, struct cell *cell, bool total)
{
	if (q->count == q->room) {
		size_t room = q->room ? q->room * 2 : 512;
		struct member *more = reallocarray(q->member, room, sizeof *more);
		if (!more) {
			q->failed = true;
			return;
		}
		q->member = more;
		q->room = room;
	}
	q->member[q->count++] = (struct member){ cell, total };
}

void equation(struct equations *q, struct cell *total)
{
	add_cell(q, total, true);
}

void equation_part(struct equations *q, struct cell *part)
{
	add_cell(q, part, false);
}

/* The equation that begins at *AT; moves on to the next. False at the end. */
static bool next_table_line(const struct equations *q, size_t *at, struct suppress_line *line)
{
	if (*at >= q->count)
		return false;
	*line = (struct suppress_line){ q->member + *at, 1 };
	while (*at + line->count < q->count && !line->at[line->count].total)
		line->count++;
	*at += line->count;
	return true;
}

static void begin_table(const struct equations *q)
{
	int64_t k = q->k;
	for (size_t i = 0; i < q->count; i++) {
		struct cell *c = q->member[i].cell;
		c->low = c->vague || c->state == CELL_SMALL ? 0 : k;
		c->high = !c->vague && c->state == CELL_SMALL ? k - 1 : FAR;
		c->low = c->least > c->low ? c->least : c->low;
		c->high = c->most && c->most < c->high ? c->most : c->high;
		if (c->state == CELL_SHOWN)
			c->low = c->high = (int64_t)c->n;
	}
}

/*
 * A small cell keeps its whole range; a withheld one enough of one to hide a small one behind it.
 * What is left out of a sum is printed as one figure, which is not small either.
 */
static bool tells_too_much(const struct cell *c, int64_t k)
{
	if (c->state == CELL_SMALL)
		return c->low > 1 || c->high < (c->vague ? k : k - 1);
	return c->state == CELL_WITHHELD && c->high - c->low < k - 2;
}

/*
 * Takes over better bounds. Returns whether that tells too much of the cell; *LEARNT whether they
 * were better.
 */
static bool narrow(struct cell *c, int64_t low, int64_t high, int64_t k, bool *learnt)
{
	if (c->state == CELL_SHOWN || (low <= c->low && high >= c->high))
		return false;
	if (low > c->low)
		c->low = low;
	if (high < c->high)
		c->high = high;
	*learnt = true;
	return tells_too_much(c, k);
}

static struct bounds sum_of_parts(struct suppress_line line)
{
	struct bounds sum = { 0, 0 };
	for (size_t i = 1; i < line.count; i++) {
		sum.low += line.at[i].cell->low;
		sum.high += line.at[i].cell->high;
	}
	return sum;
}

/*
 * Concludes what one equation allows. Returns whether it told too much of a cell; *LEARNT whether
 * it told anything.
 */
static bool read_table_line(struct suppress_line line, int64_t k, bool *learnt)
{
	struct cell *total = line.at[0].cell;
	struct bounds sum = sum_of_parts(line);
	bool told = narrow(total, sum.low, sum.high, k, learnt);
	for (size_t i = 1; i < line.count; i++) {
		struct cell *c = line.at[i].cell;
		struct bounds rest = { sum.low - c->low, sum.high - c->high };
		told |= narrow(c, total->low - rest.high, total->high - rest.low, k, learnt);
		sum = (struct bounds){ rest.low + c->low, rest.high + c->high };
	}
	return told;
}

static bool is_cheap(const struct cell *c)
{
	return c->n > 0 && c->worth < CELL_DEAR;
}

/*
 * Withholding a bare cell takes a dear one with it; but with a k of 2, which lets what is withheld
 * be known.
 */
static void mark_bare(const struct equations *q)
{
	struct suppress_line line;
	for (size_t i = 0; i < q->count; i++)
		q->member[i].cell->bare = false;
	for (size_t at = 0; next_table_line(q, &at, &line);) {
		size_t cheap = 0;
		bool hidden = false;
		for (size_t i = 0; i < line.count; i++) {
			hidden |= line.at[i].cell->state != CELL_SHOWN;
			cheap += is_cheap(line.at[i].cell);
		}
		for (size_t i = 0; i < line.count && !hidden && q->k > 2; i++)
			line.at[i].cell->bare |= cheap == is_cheap(line.at[i].cell);
	}
}

/*
 * Of two cells the one to withhold: of less worth; a part rather than the total; of those that are
 * large enough to hide any small cell one that is not bare, and the smallest; else the largest.
 */
static bool costs_less(
	const struct cell *a, const struct cell *b, const struct cell *total, unsigned k)
{
	uint64_t enough = a->vague && b->vague ? k
					       : 2 * (uint64_t)k -
			2; /* of what is only left out nobody knows that it is k or more */
	if (a->worth != b->worth)
		return a->worth < b->worth;
	if (b == total)
		return true;
	if (b->n < enough || a->n < enough)
		return b->n < enough && a->n > b->n;
	return a->bare == b->bare ? a->n < b->n : b->bare;
}

/*
 * Whether one more cell of which only "<k" is known keeps the range of all that are hidden: where
 * their sum can be parted in every way.
 */
static bool zero_suffices(struct suppress_line line, unsigned k)
{
	uint64_t sum = 0, hidden = 0;
	bool vague = false;
	for (size_t i = 1; i < line.count; i++) {
		const struct cell *c = line.at[i].cell;
		if (c->state == CELL_WITHHELD)
			return false;
		vague |= c->state == CELL_SMALL && c->vague;
		hidden += c->state == CELL_SMALL;
		sum += c->state == CELL_SMALL ? c->n : 0;
	}
	return line.at[0].cell->state == CELL_SHOWN && sum >= k - !vague &&
		sum <= 1 + hidden * (k - 1);
}

/*
 * The cell of a line that costs least; a zero where that is enough and what is more would be worth
 * more, or where nothing else is left.
 */
static struct cell *victim(struct suppress_line line, unsigned k)
{
	struct cell *best = NULL, *total = line.at[0].cell, *zero = NULL;
	for (size_t i = 0; i < line.count; i++) {
		struct cell *c = line.at[i].cell;
		if (c->state != CELL_SHOWN)
			continue;
		if (c->n > 0 && (!best || costs_less(c, best, total, k)))
			best = c;
		if (c->n == 0 && c != total && (!zero || c->worth < zero->worth))
			zero = c;
	}
	return best && !(zero && zero->worth < best->worth && zero_suffices(line, k)) ? best : zero;
}

static bool is_in(const struct cell *c, struct suppress_line line)
{
	for (size_t i = 0; i < line.count; i++)
		if (line.at[i].cell == c)
			return true;
	return false;
}

static bool share_hidden(struct suppress_line a, struct suppress_line b)
{
	for (size_t i = 0; i < a.count; i++)
		if (a.at[i].cell->state != CELL_SHOWN && is_in(a.at[i].cell, b))
			return true;
	return false;
}

/*
 * What hides a cell of LINE may also be found in another line with one of its hidden cells: where
 * that costs less.
 */
static struct cell *cheaper_victim(const struct equations *q, struct suppress_line line)
{
	struct cell *best = victim(line, q->k);
	struct suppress_line other;
	for (size_t at = 0; best && best->worth >= CELL_DEAR && next_table_line(q, &at, &other);) {
		struct cell *c = share_hidden(line, other) ? victim(other, q->k) : NULL;
		if (c && c->n > 0 && c->worth < best->worth)
			best = c;
	}
	return best;
}

static void hide(struct cell *c)
{
	c->state = c->n == 0 ? CELL_SMALL : CELL_WITHHELD;
}

/*
 * Reads the report as an attacker does; the cell to withhold next, or NULL when nothing is learnt
 * from single equations.
 */
static struct cell *told_by_reading(const struct equations *q)
{
	begin_table(q);
	mark_bare(q);
	for (int round = 0; round < PROPAGATION_ROUNDS; round++) {
		bool learnt = false;
		struct suppress_line line;
		for (size_t at = 0; next_table_line(q, &at, &line);) {
			struct cell *c = read_table_line(line, q->k, &learnt)
				? cheaper_victim(q, line)
				: NULL;
			if (c)
				return c;
		}
		if (!learnt)
			break;
	}
	return NULL;
}

/* Assumes that GUESSED is N and looks for an equation that this breaks. True when there is none. */
static bool possible(
	const struct equations *q, struct cell *guessed, int64_t n, struct suppress_line *broken)
{
	begin_table(q);
	guessed->low = guessed->high = n;
	for (int round = 0; round < PROPAGATION_ROUNDS; round++) {
		bool learnt = false;
		struct suppress_line line;
		for (size_t at = 0; next_table_line(q, &at, &line);) {
			read_table_line(line, q->k, &learnt);
			for (size_t i = 0; i < line.count; i++)
				if (line.at[i].cell->low > line.at[i].cell->high) {
					*broken = line;
					return false;
				}
		}
		if (!learnt)
			break;
	}
	return true;
}

/*
 * A cell to withhold in an equation of CELL, else in the first equation with a hidden cell that has
 * any left.
 */
static struct cell *victim_near(const struct equations *q, const struct cell *cell)
{
	struct cell *anywhere = NULL;
	struct suppress_line line;
	for (size_t at = 0; next_table_line(q, &at, &line);) {
		bool hidden = false, here = false;
		for (size_t i = 0; i < line.count; i++) {
			hidden |= line.at[i].cell->state != CELL_SHOWN;
			here |= line.at[i].cell == cell;
		}
		struct cell *c = hidden && (here || !anywhere) ? victim(line, q->k) : NULL;
		if (c && here)
			return c;
		if (c)
			anywhere = c;
	}
	return anywhere;
}

/* Tries the ends of each small cell's range. */
static struct cell *told_by_guessing(const struct equations *q)
{
	for (size_t i = 0; i < q->count; i++) {
		struct cell *guessed = q->member[i].cell;
		struct suppress_line line;
		if (guessed->state != CELL_SMALL ||
			(possible(q, guessed, 1, &line) && possible(q, guessed, q->k - 1, &line)))
			continue;
		struct cell *c = victim(line, q->k);
		if (c || (c = victim_near(q, guessed)) != NULL)
			return c;
	}
	return NULL;
}

void suppress_alone(struct cell *cell, unsigned k)
{
	if (cell->n > 0 && cell->n < k)
		*cell = (struct cell){
			.state = CELL_SMALL, .worth = cell->worth, .vague = cell->vague
		};
}

void suppress_present(struct cell *cell, unsigned k, bool in_steps)
{
	suppress_alone(cell, k);
	if (in_steps && cell->state == CELL_SHOWN)
		cell->n -= cell->n % k;
}

int suppress(struct equations *q)
{
	struct cell *c;
	if (q->failed)
		return -1;
	for (size_t i = 0; i < q->count; i++)
		if (q->member[i].cell->n > 0 && q->member[i].cell->n < q->k)
			q->member[i].cell->state = CELL_SMALL;
	while ((c = told_by_reading(q)) != NULL || (c = told_by_guessing(q)) != NULL)
		hide(c);
	for (size_t i = 0; i < q->count; i++)
		if (q->member[i].cell->state != CELL_SHOWN)
			q->member[i].cell->n = 0;
	return 0;
}

/* What single equations tell, and then the ends of each small cell's range. */
bool suppress_holds(const struct equations *q)
{
	struct suppress_line line;
	bool learnt = true;
	begin_table(q);
	for (int round = 0; round < PROPAGATION_ROUNDS && learnt; round++) {
		learnt = false;
		for (size_t at = 0; next_table_line(q, &at, &line);)
			if (read_table_line(line, q->k, &learnt))
				return false;
	}
	for (size_t i = 0; i < q->count; i++)
		if (q->member[i].cell->state == CELL_SMALL &&
			!(possible(q, q->member[i].cell, 1, &line) &&
				possible(q, q->member[i].cell, q->k - 1, &line)))
			return false;
	return true;
}
