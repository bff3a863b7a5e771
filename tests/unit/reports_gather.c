/* What is gathered is what was counted, in whatever order it came; sorted; bounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "reports/gather.h"
#include "tests/unit/reports_fake.h"

enum { NAMES = 300, CATEGORIES = 12, DAYS = 3 };

/* 7 is prime to the number of names: every name comes, far from its neighbours. */
static void gather_all(struct gathering *g, unsigned times)
{
	for (unsigned i = 0; i < times * NAMES; i++)
		for (unsigned c = 0; c < CATEGORIES; c++)
			for (unsigned d = 0; d < DAYS; d++) {
				char name[32];
				snprintf(name, sizeof name, "campaign-%u", i * 7 % NAMES);
				struct gathered_cell cell = { .column = (uint8_t)(c % COLUMN_COUNT),
					.category = (uint8_t)c,
					.day = (uint8_t)d,
					.n = c + 1 };
				assert_int_equal(gather(g, name, cell), 0);
			}
}

static void each_cell_is_there_once_and_in_order(void **state)
{
	(void)state;
	struct gathering g = { .cells = 0 };
	gather_all(&g, 2);
	assert_int_equal(gathering_sort(&g), 0);
	assert_int_equal(g.names, NAMES);
	assert_int_equal(g.cells, NAMES * CATEGORIES * DAYS);
	for (size_t i = 1; i < g.names; i++)
		assert_true(strcmp(g.name[i - 1], g.name[i]) < 0);
	for (size_t i = 0; i < g.cells; i++) {
		const struct gathered_cell *c = &g.cell[i];
		assert_int_equal(c->name, i / (CATEGORIES * DAYS));
		assert_int_equal(c->category, i / DAYS % CATEGORIES);
		assert_int_equal(c->day, i % DAYS);
		assert_int_equal(c->n, 2 * (c->category + 1));
	}
	gathering_free(&g);
	assert_int_equal(g.cells, 0);
}

static void nothing_is_nothing(void **state)
{
	(void)state;
	struct gathering g = { .cells = 0 };
	assert_int_equal(gathering_sort(&g), 0);
	assert_int_equal(g.cells + g.names, 0);
	gathering_free(&g);
}

static void beyond_the_bound_only_the_column_is_known(void **state)
{
	(void)state;
	struct gathering g = { .cells = 0 };
	uint64_t n = 0;
	for (unsigned i = 0; i < NAMES_MAX + 1000; i++) {
		char name[32];
		snprintf(name, sizeof name, "%u", i);
		assert_int_equal(
			gather(&g, name, (struct gathered_cell){ .column = COLUMN_SOFT, .n = 2 }),
			0);
	}
	assert_int_equal(
		gather(&g, "17", (struct gathered_cell){ .column = COLUMN_SOFT, .n = 2 }), 0);
	for (unsigned i = 0; i < CELLS_MAX; i++)
		assert_int_equal(gather(&g, "17",
					 (struct gathered_cell){ .column = COLUMN_HARD,
						 .category = i % 250,
						 .day = i / 250 % 250,
						 .n = 1 }),
			0);
	for (unsigned i = 0; i < CELLS_MAX; i++)
		assert_int_equal(gather(&g, "18",
					 (struct gathered_cell){ .column = COLUMN_BLOCK,
						 .category = i % 250,
						 .day = i / 250 % 250,
						 .n = 1 }),
			0);
	for (unsigned i = 0; i < CELLS_MAX; i++)
		assert_int_equal(gather(&g, "19",
					 (struct gathered_cell){ .column = COLUMN_HARD,
						 .category = i % 250,
						 .day = i / 250 % 250,
						 .n = 1 }),
			0);
	assert_int_equal(g.names, NAMES_MAX);
	assert_int_equal(g.cells, CELLS_MAX);
	assert_int_equal(g.beyond[COLUMN_SOFT], 2000);
	assert_true(g.beyond[COLUMN_HARD] > 0);
	for (size_t i = 0; i < g.cells; i++)
		n += g.cell[i].n;
	for (unsigned c = 0; c < COLUMN_COUNT; c++)
		n += g.beyond[c];
	assert_int_equal(n, 2 * (NAMES_MAX + 1001) + 3 * CELLS_MAX);
	gathering_free(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_cell_is_there_once_and_in_order),
		cmocka_unit_test(nothing_is_nothing),
		cmocka_unit_test(beyond_the_bound_only_the_column_is_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
