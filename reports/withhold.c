/*
 * What words would say of figures that are not shown: it is left out, too.
 */
#include "reports/loading.h"

bool may_be_told(struct cell *const cell[], size_t count, uint64_t least, const struct equations *q)
{
	struct cell before[TOLD_AT_ONCE];
	bool new = false, small = false;
	for (size_t i = 0; i < count; i++) {
		before[i] = *cell[i];
		small |= cell[i]->state == CELL_SMALL;
		if (cell[i]->state == CELL_SHOWN || cell[i]->least >= (int64_t)least)
			continue;
		cell[i]->least = (int64_t)least;
		new = true;
	}
	if (!small && (!new || suppress_holds(q)))
		return true;
	for (size_t i = 0; i < count; i++)
		*cell[i] = before[i];
	return false;
}

/* Of a cause that is not shown not even that is told, in no place. */
static void leave_out_causes(struct figures *f)
{
	for (unsigned c = 0; c < COLUMN_COUNT; c++)
		for (unsigned g = 0; g < CATEGORY_COUNT; g++)
			f->category[c][g].vague = true;
}

/*
 * What is not named of a row's complaints, which are not shown, is no more than the last cause that
 * is: said where that tells nothing more of a small figure.
 */
static bool complaints_may_be_less(struct cell *complaints, uint64_t n, const struct equations *q)
{
	const struct cell before = *complaints;
	if (complaints->state == CELL_SHOWN || (before.most && before.most <= (int64_t)n))
		return true;
	complaints->most = (int64_t)n;
	if (suppress_holds(q))
		return true;
	*complaints = before;
	return false;
}

/*
 * Words say something of figures too, and must not bound one that is not shown. A frequent cause of
 * a row is at least as frequent as each that is not named: said where its class is shown and is no
 * less than all that is hidden in the row, and so are those before it.
 */
static void withhold_row_words(struct row *row, const struct equations *q)
{
	uint64_t hidden = row->bounces.n;
	bool said = row->bounces.state == CELL_SHOWN;
	for (unsigned c = 0; c < COLUMN_COUNT; c++) {
		uint64_t n = c == COLUMN_COMPLAINT ? 0 : row->column[c].n;
		hidden -= n < hidden ? n : hidden;
	}
	for (int w = 0; w < WORST_SHOWN && row->worst[w] != CATEGORY_NONE; w++) {
		const struct cell *own = &row->column[figure_column_of_category(row->worst[w])];
		said = said && own->state == CELL_SHOWN && own->n >= hidden &&
			complaints_may_be_less(&row->column[COLUMN_COMPLAINT], own->n, q);
		if (!said)
			row->worst[w] = CATEGORY_NONE;
	}
}

static void withhold_words(struct figures *f, const struct equations *q)
{
	struct table *tables[] = { &f->providers, &f->campaigns };
	for (size_t t = 0; t < 2; t++)
		for (size_t i = 0; i < tables[t]->count; i++)
			withhold_row_words(&tables[t]->row[i], q);
}

/*
 * How much of a class its most frequent cause is, where that is not shown: at least so many, in two
 * figures or one, as far as nothing small follows. Who knows how it is rounded knows a bound from
 * above, too.
 */
static void tell_most_frequent(
	struct figures *f, const uint64_t most[COLUMN_COUNT], const struct equations *q, unsigned k)
{
	enum { TEN = 10 };
	for (unsigned c = 0; c < COLUMN_COUNT; c++) {
		struct cell *cause = &f->category[c][f->mostly[c]];
		const struct cell before = *cause;
		uint64_t step = 1;
		bool told = !most[c] || c == COLUMN_COMPLAINT || cause->state != CELL_WITHHELD;
		while (most[c] / step >= (uint64_t)TEN * TEN)
			step *= TEN;
		for (; !told && step <= most[c]; step *= TEN) {
			const int64_t least = (int64_t)(most[c] - most[c] % step),
				      beyond = least + (int64_t)step - 1;
			if (least <= before.least || least <= (int64_t)k)
				break;
			cause->least = least;
			cause->most = before.most && before.most < beyond ? before.most : beyond;
			told = suppress_holds(q);
			if (!told)
				*cause = before;
		}
	}
}

/*
 * How many of this cause are known to be: they are counted in the column that it belongs to, and
 * nowhere else. 0: that cannot be told.
 */
static int64_t known_of_cause(const struct figures *f, unsigned category, unsigned column)
{
	const struct cell *own = &f->category[column][category];
	for (unsigned c = 0; c < COLUMN_COUNT; c++) {
		const struct cell *cause = &f->category[c][category];
		if (c != column && (cause->state != CELL_SHOWN || cause->n > 0))
			return 0;
	}
	if (own->state == CELL_SHOWN)
		return (int64_t)own->n;
	return own->state == CELL_WITHHELD ? own->least : 0;
}

/*
 * Who has half of a cause or more: said where the provider's figure of that class is shown; where
 * it is not, if that much of it may be told, and nothing small follows.
 */
static void withhold_leaders(struct figures *f, const struct equations *q)
{
	for (unsigned g = 0; g < CATEGORY_COUNT; g++) {
		const unsigned column = figure_column_of_category((enum category)g);
		struct cell *own = NULL;
		for (size_t i = 0; i < f->providers.count && *f->leader[g] && !own; i++)
			if (!f->providers.row[i].rest &&
				strcmp(f->providers.row[i].name, f->leader[g]) == 0)
				own = &f->providers.row[i].column[column];
		if (own && own->state == CELL_SHOWN)
			continue;
		const int64_t known = own ? known_of_cause(f, g, column) : 0;
		if (own && own->state == CELL_WITHHELD && known > 0) {
			const int64_t before = own->least, half = (known + 1) / 2;
			own->least = half > before ? half : before;
			if (suppress_holds(q))
				continue;
			own->least = before;
		}
		*f->leader[g] = '\0';
	}
}

void most_frequent(struct figures *f, uint64_t most[COLUMN_COUNT])
{
	for (unsigned c = 0; c < COLUMN_COUNT; c++) {
		most[c] = 0;
		for (unsigned g = 0; g < CATEGORY_COUNT; g++)
			if (f->category[c][g].n > most[c]) {
				most[c] = f->category[c][g].n;
				f->mostly[c] = (enum category)g;
			}
	}
}

/*
 * Where causes of a class are not shown by themselves, that one is named if it is more than half of
 * them and they are 2 K or more: that bounds the others by no less than K, and itself from below.
 */
static void keep_mostly(struct figures *f, const uint64_t most[COLUMN_COUNT], unsigned k)
{
	struct cell other;
	for (unsigned c = 0; c < COLUMN_COUNT; c++) {
		bool said = most[c] && other_causes(f, c, &other) &&
			f->category[c][f->mostly[c]].state != CELL_SHOWN && most[c] * 2 > other.n &&
			other.n >= 2 * (uint64_t)k;
		if (!said)
			f->mostly[c] = CATEGORY_NONE;
	}
}

/* Three groups of which most are not shown tell nothing. */
static void drop_hidden_groups(struct table *groups)
{
	size_t hidden = 0;
	for (size_t i = 0; i < groups->count; i++)
		hidden += groups->row[i].bounces.state != CELL_SHOWN;
	if (hidden * 2 >= groups->count)
		groups->count = 0;
}

void withhold_rest(
	struct figures *f, const uint64_t most[COLUMN_COUNT], const struct equations *q, unsigned k)
{
	tell_most_frequent(f, most, q, k);
	withhold_leaders(f, q);
	leave_out_causes(f);
	withhold_words(f, q);
	keep_mostly(f, most, k);
	drop_hidden_groups(&f->groups);
}
