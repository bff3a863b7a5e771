/*
 * What words would say of figures that are not shown: it is left out, too.
 */
#include "reports/loading.h"

/* Of a cause that is not shown not even that is told, in no place. */
static void leave_out_causes(struct figures *f)
{
	for (unsigned c = 0; c < COLUMN_COUNT; c++)
		for (unsigned g = 0; g < CATEGORY_COUNT; g++)
			f->category[c][g].vague = true;
}

/*
 * Words say something of figures too, and must not bound one that is not shown. A frequent cause of
 * a row is at least as frequent as each that is not named: said where its class is shown and is no
 * less than all that is hidden in the row, and so are those before it.
 */
static void withhold_words(struct figures *f)
{
	struct table *tables[] = { &f->providers, &f->campaigns };
	for (size_t t = 0; t < 2; t++)
		for (size_t i = 0; i < tables[t]->count; i++) {
			struct row *row = &tables[t]->row[i];
			uint64_t hidden = row->bounces.n;
			bool said = row->bounces.state == CELL_SHOWN;
			for (unsigned c = 0; c < COLUMN_COUNT; c++) {
				uint64_t n = c == COLUMN_COMPLAINT ? 0 : row->column[c].n;
				hidden -= n < hidden ? n : hidden;
			}
			for (int w = 0; w < WORST_SHOWN; w++) {
				const struct cell *own =
					&row->column[figure_column_of_category(row->worst[w])];
				said &= own->state == CELL_SHOWN && own->n >= hidden;
				if (!said)
					row->worst[w] = CATEGORY_NONE;
			}
		}
}

/* All notices of this cause are counted in the column that it belongs to. */
static bool in_its_column(const struct figures *f, unsigned category, unsigned column)
{
	bool alone = f->category[column][category].state == CELL_SHOWN;
	for (unsigned c = 0; c < COLUMN_COUNT; c++) {
		const struct cell *cause = &f->category[c][category];
		alone &= c == column || (cause->state == CELL_SHOWN && cause->n == 0);
	}
	return alone;
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
		if (own && own->state == CELL_WITHHELD && in_its_column(f, g, column)) {
			const int64_t before = own->least,
				      half = (int64_t)(f->category[column][g].n + 1) / 2;
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
	leave_out_causes(f);
	withhold_words(f);
	withhold_leaders(f, q);
	keep_mostly(f, most, k);
	drop_hidden_groups(&f->groups);
}
