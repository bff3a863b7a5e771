/*
 * Suppression against a reader who tries every table: for small random two-way tables with all
 * their totals, all tables that agree with what is shown are enumerated, and each small cell must
 * take every value from 1 to k-1 in some of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "reports/suppress.h"
#include "tests/unit/rounds.h"

enum { ROWS = 3, COLUMNS = 3, K = 4, LARGEST = 9, TABLES = 400 };

struct two_way {
	struct cell at[ROWS][COLUMNS], row[ROWS], column[COLUMNS], all;
};

static void fill(struct two_way *t, unsigned *seed)
{
	memset(t, 0, sizeof *t);
	for (int r = 0; r < ROWS; r++)
		for (int c = 0; c < COLUMNS; c++) {
			uint64_t n = (uint64_t)rand_r(seed) % 3 == 0
				? 0
				: (uint64_t)rand_r(seed) % (LARGEST + 1);
			t->at[r][c].n = n;
			t->row[r].n += n;
			t->column[c].n += n;
			t->all.n += n;
		}
}

static void protect(struct two_way *t)
{
	struct equations *q = equations_new(K);
	assert_non_null(q);
	equation(q, &t->all);
	for (int r = 0; r < ROWS; r++)
		equation_part(q, &t->row[r]);
	equation(q, &t->all);
	for (int c = 0; c < COLUMNS; c++)
		equation_part(q, &t->column[c]);
	for (int r = 0; r < ROWS; r++) {
		equation(q, &t->row[r]);
		for (int c = 0; c < COLUMNS; c++)
			equation_part(q, &t->at[r][c]);
	}
	for (int c = 0; c < COLUMNS; c++) {
		equation(q, &t->column[c]);
		for (int r = 0; r < ROWS; r++)
			equation_part(q, &t->at[r][c]);
	}
	assert_int_equal(suppress(q), 0);
	equations_free(q);
}

static bool agrees(const struct cell *shown, int n)
{
	return shown->state == CELL_SHOWN    ? n == (int)shown->n
		: shown->state == CELL_SMALL ? n < K
					     : n >= K;
}

struct attack {
	const struct two_way *t;
	int at[ROWS][COLUMNS];
	unsigned seen[ROWS][COLUMNS]; /* bit n: some table that agrees has n there */
};

static int column_sum(const struct attack *a, int column)
{
	int sum = 0;
	for (int i = 0; i < ROWS; i++)
		sum += a->at[i][column];
	return sum;
}

static void enumerate(struct attack *a, int place)
{
	int r = place / COLUMNS, c = place % COLUMNS;
	if (place > 0 && c == 0) {
		int sum = 0;
		for (int i = 0; i < COLUMNS; i++)
			sum += a->at[r - 1][i];
		if (!agrees(&a->t->row[r - 1], sum))
			return;
	}
	if (r == ROWS) {
		int all = 0;
		for (int i = 0; i < COLUMNS; i++)
			all += column_sum(a, i);
		if (!agrees(&a->t->all, all))
			return;
		for (int i = 0; i < ROWS * COLUMNS; i++)
			a->seen[i / COLUMNS][i % COLUMNS] |= 1U << a->at[i / COLUMNS][i % COLUMNS];
		return;
	}
	for (int n = 0; n <= 2 * LARGEST; n++)
		if (agrees(&a->t->at[r][c], n)) {
			a->at[r][c] = n;
			if (r < ROWS - 1 || agrees(&a->t->column[c], column_sum(a, c)))
				enumerate(a, place + 1);
		}
}

static void no_small_cell_can_be_computed(void **state)
{
	(void)state;
	unsigned seed = 7, small = 0, withheld = 0, full = 0;
	for (unsigned n = 0; n < rounds(TABLES); n++) {
		struct two_way t;
		fill(&t, &seed);
		protect(&t);
		struct attack a = { .t = &t };
		enumerate(&a, 0);
		for (int i = 0; i < ROWS * COLUMNS; i++) {
			const struct cell *c = &t.at[i / COLUMNS][i % COLUMNS];
			unsigned seen = a.seen[i / COLUMNS][i % COLUMNS];
			assert_int_not_equal(seen, 0);
			withheld += c->state == CELL_WITHHELD;
			if (c->state != CELL_SMALL)
				continue;
			small++;
			full += (seen & 0xe) == 0xe;
			assert_int_equal(c->n, 0);
		}
	}
	print_message("%u small cells, %u keep every value, %u cells withheld for them\n", small,
		full, withheld);
	assert_true(small > 0);
	assert_int_equal(full, small);
}

/* Two nines whose sum is shown are nines. */
static void a_sum_at_its_limit_is_withheld(void **state)
{
	(void)state;
	struct cell all = { .n = 518 }, pair = { .n = 18 }, other = { .n = 500 }, a = { .n = 9 },
		    b = { .n = 9 };
	struct equations *q = equations_new(10);
	equation(q, &pair);
	equation_part(q, &a);
	equation_part(q, &b);
	equation(q, &all);
	equation_part(q, &pair);
	equation_part(q, &other);
	assert_int_equal(suppress(q), 0);
	equations_free(q);
	assert_int_equal(a.state, CELL_SMALL);
	assert_int_equal(pair.state, CELL_WITHHELD);
	assert_int_equal(other.state, CELL_WITHHELD); /* else 518 - 500 gives the pair */
	assert_int_equal(all.n, 518);
}

static void nothing_small_nothing_hidden(void **state)
{
	(void)state;
	struct cell all = { .n = 30 }, a = { .n = 20 }, b = { .n = 10 }, none = { .n = 0 };
	struct equations *q = equations_new(10);
	equation(q, &all);
	equation_part(q, &a);
	equation_part(q, &b);
	equation_part(q, &none);
	assert_int_equal(suppress(q), 0);
	equations_free(q);
	assert_int_equal(a.n + b.n + none.n, all.n);
}

/*
 * A reader wants the total first: a part that is worth less is withheld, also where the total is a
 * part elsewhere.
 */
static void what_is_worth_less_goes_first(void **state)
{
	(void)state;
	struct cell all = { .n = 507, .worth = -1 }, bounces = { .n = 500, .worth = 3 },
		    complaints = { .n = 7, .worth = 2 };
	struct cell hard = { .n = 450, .worth = 2 }, soft = { .n = 50, .worth = 2 };
	struct cell a = { .n = 400, .worth = -1 }, b = { .n = 107, .worth = -1 };
	struct equations *q = equations_new(10);
	equation(q, &all);
	equation_part(q, &bounces);
	equation_part(q, &complaints);
	equation(q, &bounces);
	equation_part(q, &hard);
	equation_part(q, &soft);
	equation(q, &all);
	equation_part(q, &a);
	equation_part(q, &b);
	assert_int_equal(suppress(q), 0);
	equations_free(q);
	assert_int_equal(complaints.state, CELL_SMALL);
	assert_int_equal(all.state, CELL_WITHHELD);
	assert_true(
		a.state == CELL_WITHHELD || b.state == CELL_WITHHELD); /* else 400 + 107 - 500 */
	assert_int_equal(bounces.n, 500);
	assert_int_equal(hard.n, 450);
	assert_int_equal(soft.n, 50);
}

/*
 * 25 = 8 + 9 + 8: none can be 1. With a nought that might be 9 each can be anything; with 5 alone a
 * nought is no help.
 */
static void a_nought_is_withheld_rather_than_a_total(void **state)
{
	(void)state;
	struct cell all = { .n = 25, .worth = 2 }, a = { .n = 8 }, b = { .n = 9 }, c = { .n = 8 },
		    none = { .n = 0 }, strange = { .n = 0, .worth = 3 };
	struct equations *q = equations_new(10);
	equation(q, &all);
	equation_part(q, &strange);
	equation_part(q, &a);
	equation_part(q, &b);
	equation_part(q, &c);
	equation_part(q, &none);
	assert_int_equal(suppress(q), 0);
	equations_free(q);
	assert_int_equal(all.n, 25);
	assert_int_equal(none.state, CELL_SMALL);
	assert_int_equal(strange.state, CELL_SHOWN);

	struct cell sum = { .n = 35, .worth = 2 }, five = { .n = 5 }, zero = { .n = 0 },
		    thirty = { .n = 30 };
	q = equations_new(10);
	equation(q, &sum);
	equation_part(q, &five);
	equation_part(q, &zero);
	equation_part(q, &thirty);
	assert_int_equal(suppress(q), 0);
	equations_free(q);
	assert_int_equal(sum.n, 35);
	assert_int_equal(thirty.state, CELL_WITHHELD);
	assert_int_equal(zero.state, CELL_SHOWN);
}

/*
 * Four kinds in three rows; 1, 4 and 1 are small, so 73, 13 and 11 are left out with them, and then
 * 413 or 20. Of a row that is 20 and nothing else the sum would have to go with it.
 */
static void what_takes_nothing_with_it_goes_first(void **state)
{
	(void)state;
	struct cell all = { .n = 536, .worth = 5 };
	struct cell column[4] = { { .n = 444, .worth = 4 }, { .n = 74, .worth = 3 },
		{ .n = 17, .worth = 3 }, { .n = 1, .worth = 3 } };
	struct cell row[3] = { { .n = 500, .worth = 2 }, { .n = 20, .worth = 2 },
		{ .n = 16, .worth = 2 } };
	struct cell of[3][4] = { { { .n = 413 }, { .n = 73 }, { .n = 13 }, { .n = 1 } },
		{ { .n = 20 } }, { { .n = 11 }, { .n = 1 }, { .n = 4 } } };
	struct equations *q = equations_new(10);
	equation(q, &all);
	for (int c = 0; c < 4; c++)
		equation_part(q, &column[c]);
	equation(q, &all);
	for (int r = 0; r < 3; r++)
		equation_part(q, &row[r]);
	for (int c = 0; c < 4; c++) {
		column[c].vague = true;
		equation(q, &column[c]);
		for (int r = 0; r < 3; r++)
			equation_part(q, &of[r][c]);
	}
	for (int r = 0; r < 3; r++) {
		equation(q, &row[r]);
		for (int c = 0; c < 4; c++) {
			of[r][c].vague = true;
			equation_part(q, &of[r][c]);
		}
	}
	assert_int_equal(suppress(q), 0);
	equations_free(q);
	assert_int_equal(of[0][0].state, CELL_WITHHELD);
	assert_int_equal(of[1][0].n, 20);
	assert_int_equal(row[0].n + row[1].n + row[2].n, 536);
	assert_int_equal(all.n + column[0].n, 980);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_small_cell_can_be_computed),
		cmocka_unit_test(a_sum_at_its_limit_is_withheld),
		cmocka_unit_test(nothing_small_nothing_hidden),
		cmocka_unit_test(what_is_worth_less_goes_first),
		cmocka_unit_test(a_nought_is_withheld_rather_than_a_total),
		cmocka_unit_test(what_takes_nothing_with_it_goes_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
