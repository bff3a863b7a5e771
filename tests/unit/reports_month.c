/*
 * The month's model: what adds up, what is suppressed, what its verdict says.
 */
#include "tests/unit/reports_month.h"

static void assert_cell_is_safe(const struct cell *c)
{
	if (c->state == CELL_SHOWN)
		assert_true(c->n == 0 || c->n >= TEST_K);
	else
		assert_int_equal(c->n, 0);
}

/* The total is the sum where all parts are shown; else the sum stays below it. */
static bool add_up(const struct cell *total, const struct cell *part, size_t count, size_t stride)
{
	uint64_t sum = 0;
	bool all = true;
	for (size_t i = 0; i < count; i++) {
		const struct cell *c = (const struct cell *)(const void *)((const char *)part +
			i * stride);
		assert_cell_is_safe(c);
		all &= c->state == CELL_SHOWN;
		sum += c->n;
	}
	assert_cell_is_safe(total);
	if (total->state != CELL_SHOWN)
		return false;
	if (all)
		assert_int_equal(sum, total->n);
	else
		assert_true(sum < total->n);
	return !all;
}

static unsigned check_table(const struct figures *f, const struct table *t)
{
	unsigned with_hidden = add_up(&f->bounces, &t->row->bounces, t->count, sizeof *t->row);
	for (unsigned c = 0; c < COLUMN_COUNT; c++)
		with_hidden += add_up(&f->column[c], &t->row->column[c], t->count, sizeof *t->row);
	for (size_t i = 0; i < t->count; i++)
		with_hidden += add_up(&t->row[i].bounces, t->row[i].column, COLUMN_COMPLAINT,
			sizeof(struct cell));
	return with_hidden;
}

static void sums_add_up_and_small_cells_are_hidden(void **state)
{
	(void)state;
	struct store s = { 0 };
	struct report_options o = options();
	fake_year(&s, 2026, 10, 12);
	struct month_report *r = make(&s, &o);
	unsigned with_hidden = 0;
	for (int i = 0; i < MONTHS_SHOWN; i++) {
		const struct figures *f = &r->month[i];
		with_hidden += check_table(f, &f->providers) + check_table(f, &f->campaigns);
		for (unsigned c = 0; c < COLUMN_COUNT; c++)
			with_hidden += add_up(
				&f->column[c], f->category[c], CATEGORY_COUNT, sizeof(struct cell));
		add_up(&f->bounces, f->day, DAYS_MAX, sizeof(struct cell));
		add_up(&f->bounces, f->column, COLUMN_COMPLAINT, sizeof(struct cell));
	}
	assert_true(with_hidden >
		50); /* the year has enough small cells for this test to mean something */
	month_report_free(r);
	fake_done(&s);
}

/*
 * One small cell alone in its row and column: without a second one in each, the totals give it
 * away.
 */
static void totals_do_not_give_a_cell_away(void **state)
{
	(void)state;
	struct store s = { 0 };
	struct report_options o = options();
	fake_failures(&s, 20261005, CATEGORY_USER_UNKNOWN, "gmail", "a", 3);
	fake_failures(&s, 20261005, CATEGORY_MAILBOX_FULL, "gmail", "a", 40);
	fake_failures(&s, 20261005, CATEGORY_USER_UNKNOWN, "gmx", "a", 50);
	fake_failures(&s, 20261005, CATEGORY_MAILBOX_FULL, "gmx", "a", 60);
	struct month_report *r = make(&s, &o);
	const struct row *gmail = table_find(&r->month->providers, "gmail"),
			 *gmx = table_find(&r->month->providers, "gmx");
	assert_non_null(gmail);
	assert_non_null(gmx);
	assert_int_equal(gmail->column[COLUMN_HARD].state, CELL_SMALL);
	assert_int_equal(gmail->column[COLUMN_SOFT].state, CELL_WITHHELD);
	assert_int_equal(gmx->column[COLUMN_HARD].state, CELL_WITHHELD);
	assert_int_equal(gmx->column[COLUMN_SOFT].state, CELL_WITHHELD);
	assert_int_equal(r->month->bounces.n, 153);
	struct buffer text = render(r, REPORT_TEXT);
	assert_false(holds(&text, "40")); /* nor what the small one would follow from */
	assert_true(holds(&text, "Gmail & Co") && holds(&text, "43"));
	buffer_free(&text);
	text = render(r, REPORT_HTML);
	assert_true(holds(&text, "Gmail &amp; Co") && holds(&text, "gmx"));
	buffer_free(&text);
	month_report_free(r);
	fake_done(&s);
}

/* What September's report hid, October's does not show as the month before. */
static void months_agree_between_reports(void **state)
{
	(void)state;
	struct store s = { 0 };
	struct report_options o = options();
	struct month_report *now, *then;
	char error[256];
	fake_year(&s, 2026, 10, 12);
	now = make(&s, &o);
	assert_int_equal(
		month_report_new(&then, &s, (struct month){ 2026, 9 }, &o, error, sizeof error), 0);
	const struct figures *a = &now->month[1], *b = &then->month[0];
	assert_int_equal(a->providers.count, b->providers.count);
	for (size_t i = 0; i < a->providers.count; i++)
		for (unsigned c = 0; c < COLUMN_COUNT; c++) {
			assert_int_equal(a->providers.row[i].column[c].state,
				b->providers.row[i].column[c].state);
			assert_int_equal(
				a->providers.row[i].column[c].n, b->providers.row[i].column[c].n);
		}
	for (unsigned c = 0; c < COLUMN_COUNT; c++)
		assert_int_equal(a->column[c].state, b->column[c].state);
	month_report_free(now);
	month_report_free(then);
	fake_done(&s);
}

static void only_attributed_notices_make_the_figures(void **state)
{
	(void)state;
	struct store s = { 0 };
	struct report_options o = options();
	fake_add(&s, 20261001, KIND_FAILURE, CLASS_HARD, CATEGORY_USER_UNKNOWN, ORIGIN_BACKSCATTER,
		"gmail", "a", 70);
	fake_add(&s, 20261001, KIND_FAILURE, CLASS_HARD, CATEGORY_USER_UNKNOWN, ORIGIN_UNVERIFIED,
		"gmail", "a", 60);
	fake_add(&s, 20261001, KIND_FAILURE, CLASS_HARD, CATEGORY_USER_UNKNOWN, ORIGIN_MATCHED,
		"gmail", "a", 50);
	fake_add(&s, 20261001, KIND_FAILURE, CLASS_SOFT, CATEGORY_POLICY, ORIGIN_VERIFIED, "gmail",
		"a", 40); /* a rule's own class */
	fake_add(&s, 20261001, KIND_DELAY, CLASS_SOFT, CATEGORY_EXPIRED, ORIGIN_VERIFIED, "gmail",
		"a", 30);
	fake_add(&s, 20261001, KIND_FAILURE, CLASS_NONE, CATEGORY_NONE, ORIGIN_VERIFIED, "gmail",
		"a", 20);
	struct month_report *r = make(&s, &o);
	const struct figures *f = r->month;
	assert_int_equal(f->bounces.n, 110);
	assert_int_equal(f->column[COLUMN_HARD].n, 50);
	assert_int_equal(f->column[COLUMN_SOFT].n, 40);
	assert_int_equal(f->category[COLUMN_SOFT][CATEGORY_POLICY].n, 40);
	assert_int_equal(f->column[COLUMN_UNDETERMINED].n, 20);
	assert_int_equal(f->origin[ORIGIN_BACKSCATTER][0].n, 70);
	assert_int_equal(f->origin[ORIGIN_UNVERIFIED][0].n, 60);
	assert_int_equal(r->kind[KIND_DELAY].n, 30);
	struct buffer xml = render(r, REPORT_XML);
	assert_valid(&xml);
	buffer_free(&xml);
	month_report_free(r);
	fake_done(&s);
}

/* What stands in no sum is suppressed too: forged notices, other mail, mailboxes, states. */
static void cells_without_a_sum_are_hidden(void **state)
{
	(void)state;
	struct store s = { 0 };
	struct report_options o = options();
	fake_add(&s, 20261001, KIND_FAILURE, CLASS_HARD, CATEGORY_USER_UNKNOWN, ORIGIN_BACKSCATTER,
		"gmail", "a", 5);
	fake_add(&s, 20261001, KIND_COMPLAINT, CLASS_COMPLAINT, CATEGORY_ABUSE, ORIGIN_UNVERIFIED,
		"gmail", "a", 5);
	fake_add(&s, 20261001, KIND_AUTOREPLY, CLASS_NONE, CATEGORY_NONE, ORIGIN_UNVERIFIED,
		"gmail", "a", 5);
	fake_message(&s, "fbl", "quarantined", 5);
	s.state[STATE_PAUSED] = 5;
	struct month_report *r = make(&s, &o);
	const struct cell *cells[] = { &r->month->origin[ORIGIN_BACKSCATTER][0],
		&r->month->origin[ORIGIN_UNVERIFIED][1], &r->kind[KIND_AUTOREPLY],
		&r->mailbox[0].outcome[OUTCOME_QUARANTINED], &r->state[STATE_PAUSED] };
	for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
		assert_int_equal(cells[i]->state, CELL_SMALL);
		assert_int_equal(cells[i]->n, 0);
	}
	month_report_free(r);
	fake_done(&s);
}

static void changes_and_shares(void **state)
{
	(void)state;
	static const struct {
		uint64_t now, before;
		long percent;
	} changes[] = { { 118, 100, 18 }, { 82, 100, -18 }, { 100, 100, 0 }, { 20, 30, -33 },
		{ 50, 30, 67 }, { 0, 30, -100 }, { 302, 300, 1 }, { 298, 300, -1 },
		{ 301, 300, 0 } };
	const struct cell small = { .state = CELL_SMALL }, none = { .n = 0 }, some = { .n = 30 };
	long percent;
	unsigned permille;
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		assert_true(change_percent(&(struct cell){ .n = changes[i].now },
			&(struct cell){ .n = changes[i].before }, &percent));
		assert_int_equal(percent, changes[i].percent);
	}
	assert_false(change_percent(&some, &small, &percent));
	assert_false(change_percent(&small, &some, &percent));
	assert_false(change_percent(&some, &none, &percent));
	assert_true(share_permille(&some, &(struct cell){ .n = 90 }, &permille));
	assert_int_equal(permille, 333);
	assert_false(share_permille(&small, &some, &permille));
	assert_false(share_permille(&some, &small, &permille));
}

static void verdict_names_what_drives_the_change(void **state)
{
	(void)state;
	struct store s = { 0 };
	struct report_options o = options();
	fake_year(&s, 2026, 10, 12);
	struct month_report *r = make(&s, &o);
	assert_int_equal(r->verdict, MONTH_WORSE);
	assert_non_null(strstr(r->sentence, "bounces rose by"));
	assert_non_null(
		strstr(r->sentence, "blocks in campaign autumn-sale, above all at Microsoft"));
	assert_non_null(strstr(r->note, "Sent counts are not available"));
	assert_int_equal(r->measures, MEASURES_MAX);
	assert_string_equal(r->measure[0].id, "reputation");
	assert_non_null(strstr(r->measure[0].because, "mostly at Microsoft"));
	assert_true(r->standouts > 0);
	bool fourteenth = false;
	for (unsigned i = 0; i < r->standouts; i++)
		if (r->standout[i].day == 14) {
			fourteenth = true;
			assert_int_equal(r->standout[i].column, COLUMN_BLOCK);
			assert_string_equal(r->standout[i].provider, "microsoft");
		}
	assert_true(fourteenth);
	month_report_free(r);
	fake_done(&s);
}

/* Bounces of two months as a whole the same, of one class half again as many: that is the news. */
static void a_class_that_rose_alone_is_said(void **state)
{
	(void)state;
	static const struct {
		unsigned blocks, sent;
		const char *said; /* NULL: nothing */
	} now[] = {
		{ 155, 70000, "; blocks alone rose by 94 % to 155, above all at Microsoft." },
		{ 100, 70000, NULL },  /* a quarter more, and few */
		{ 155, 140000, NULL }, /* so did the mail */
	};
	struct report_options o = options();
	for (size_t i = 0; i < sizeof now / sizeof *now; i++) {
		struct store s = { 0 };
		fake_failures(&s, 20260901, CATEGORY_USER_UNKNOWN, "gmail", "a", 900);
		fake_failures(&s, 20260901, CATEGORY_REPUTATION, "microsoft", "a", 40);
		fake_failures(&s, 20260901, CATEGORY_REPUTATION, "gmail", "a", 40);
		fake_failures(&s, 20261001, CATEGORY_USER_UNKNOWN, "gmail", "a", 900);
		fake_failures(
			&s, 20261001, CATEGORY_REPUTATION, "microsoft", "a", now[i].blocks - 40);
		fake_failures(&s, 20261001, CATEGORY_REPUTATION, "gmail", "a", 40);
		fake_sent(&s, 20260901, "gmail", "a", 60000);
		fake_sent(&s, 20260901, "microsoft", "a", 10000);
		fake_sent(&s, 20261001, "gmail", "a", now[i].sent - 10000);
		fake_sent(&s, 20261001, "microsoft", "a", 10000);
		struct month_report *r = make(&s, &o);
		if (now[i].said && !strstr(r->sentence, now[i].said))
			fail_msg("wanted '%s' in '%s'", now[i].said, r->sentence);
		if (!now[i].said)
			assert_null(strstr(r->sentence, "alone"));
		month_report_free(r);
		fake_done(&s);
	}
}

/*
 * Dead addresses of one campaign, full mailboxes at one receiver: the first are not said to be at
 * the second; and when the campaign is over, the fall is its.
 */
static void each_class_has_its_own_place(void **state)
{
	(void)state;
	struct store s = { 0 };
	struct report_options o = options();
	static const char *const at[] = { "gmail", "gmx", "microsoft", "yahoo" };
	for (int month = 8; month <= 10; month++) {
		int32_t day = 20260000 + month * 100 + 1;
		for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
			fake_failures(&s, day, CATEGORY_USER_UNKNOWN, at[i], "news", 200);
			fake_failures(&s, day, CATEGORY_MAILBOX_FULL, at[i], "news", 100);
			fake_sent(&s, day, at[i], "news", 50000);
			if (month == 9) {
				fake_failures(
					&s, day, CATEGORY_USER_UNKNOWN, at[i], "partner", 140);
				fake_sent(&s, day, at[i], "partner", 1500);
			}
		}
		if (month == 9)
			fake_failures(&s, day, CATEGORY_MAILBOX_FULL, "gmx", "news", 450);
	}
	struct month_report *r;
	char error[256] = "";
	assert_int_equal(
		month_report_new(&r, &s, (struct month){ 2026, 9 }, &o, error, sizeof error), 0);
	static const char rose[] =
		"; most of the rise is hard bounces in campaign partner; soft bounces rose as well, by 113 % to 850, above all at gmx.";
	if (!strstr(r->sentence, rose))
		fail_msg("wanted '%s' in '%s'", rose, r->sentence);
	month_report_free(r);
	r = make(&s, &o);
	static const char fell[] = "; most of the fall is hard bounces in campaign partner.";
	if (!strstr(r->sentence, fell))
		fail_msg("wanted '%s' in '%s'", fell, r->sentence);
	month_report_free(r);
	fake_done(&s);
}

static void first_month_compares_with_nothing(void **state)
{
	(void)state;
	struct store s = { 0 };
	struct report_options o = options();
	fake_failures(&s, 20260915, CATEGORY_USER_UNKNOWN, "gmail", "a",
		500); /* September is known from its 15th only */
	fake_failures(&s, 20261005, CATEGORY_USER_UNKNOWN, "gmail", "a", 50);
	struct month_report *r = make(&s, &o);
	assert_int_equal(r->verdict, MONTH_FIRST);
	struct buffer xml = render(r, REPORT_XML);
	assert_valid(&xml);
	assert_false(holds(&xml, "<change>"));
	assert_true(holds(&xml, "complete=\"false\""));
	buffer_free(&xml);
	month_report_free(r);
	fake_done(&s);
}

/*
 * What a large sender meets every month, one refusal in two thousand mails, is not "now", though it
 * is a tenth of what comes back; risen to thrice that it is, and stands before what can wait.
 */
static void what_is_usual_is_not_urgent(void **state)
{
	(void)state;
	for (int risen = 0; risen < 2; risen++) {
		struct store s = { 0 };
		struct report_options o = options();
		for (int month = 20260800; month <= 20261000; month += 100)
			for (int d = 1; d <= 30; d++) {
				const bool more = risen && month == 20261000;
				fake_sent(&s, month + d, "gmail", "spring", 100000);
				fake_failures(&s, month + d, CATEGORY_USER_UNKNOWN, "gmail",
					"spring", 420);
				fake_failures(&s, month + d, CATEGORY_DOMAIN_UNKNOWN, "other",
					"spring", 400);
				fake_failures(&s, month + d, CATEGORY_REPUTATION, "gmail", "spring",
					more ? 90 : 50);
			}
		struct month_report *r = make(&s, &o);
		unsigned i = 0;
		while (i < r->measures && strcmp(r->measure[i].id, "reputation") != 0)
			i++;
		assert_true(i < r->measures);
		assert_string_equal(r->measure[i].urgency, risen ? "now" : "this month");
		for (unsigned m = 1; m < r->measures; m++) /* the urgent ones first */
			assert_false(strcmp(r->measure[m].urgency, "now") == 0 &&
				strcmp(r->measure[m - 1].urgency, "now") != 0);
		month_report_free(r);
		fake_done(&s);
	}
}

/* A figure that is not shown is no ground for a measure. */
static void hidden_figures_trigger_nothing(void **state)
{
	(void)state;
	struct store s = { 0 };
	struct report_options o = options();
	fake_failures(&s, 20261005, CATEGORY_AUTH_FAILURE, "gmail", "a", 9);
	struct month_report *r = make(&s, &o);
	assert_int_equal(r->measures, 0);
	month_report_free(r);
	fake_done(&s);
}

static void months_and_days(void **state)
{
	(void)state;
	struct month m;
	assert_true(month_parse("2026-10", &m) && m.year == 2026 && m.month == 10);
	static const char *const wrong[] = { "", "2026", "2026-13", "2026-00", "2026-1", "26-10-01",
		"2026/10", "2026-1x", "1026-10", "2026-100", "----- -" };
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_false(month_parse(wrong[i], &m));
	m = month_before((struct month){ 2026, 1 }, 1);
	assert_true(m.year == 2025 && m.month == 12);
	m = month_before((struct month){ 2026, 10 }, 11);
	assert_true(m.year == 2025 && m.month == 11);
	assert_int_equal(days_of_month((struct month){ 2028, 2 }), 29);
	assert_int_equal(days_of_month((struct month){ 2026, 12 }), 31);
	char error[256];
	struct texts *t = texts_new(NULL, error, sizeof error);
	assert_string_equal(weekday_name(t, (struct month){ 2026, 10 }, 1), "Thu");
	texts_free(t);
	m = month_of(1793487600); /* 2026-10-31 23:00 UTC is November in Berlin */
	assert_true(m.year == 2026 && m.month == 11);
	m = month_of(1793487599);
	assert_true(m.year == 2026 && m.month == 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_add_up_and_small_cells_are_hidden),
		cmocka_unit_test(totals_do_not_give_a_cell_away),
		cmocka_unit_test(months_agree_between_reports),
		cmocka_unit_test(only_attributed_notices_make_the_figures),
		cmocka_unit_test(cells_without_a_sum_are_hidden),
		cmocka_unit_test(changes_and_shares),
		cmocka_unit_test(verdict_names_what_drives_the_change),
		cmocka_unit_test(what_is_usual_is_not_urgent),
		cmocka_unit_test(a_class_that_rose_alone_is_said),
		cmocka_unit_test(each_class_has_its_own_place),
		cmocka_unit_test(first_month_compares_with_nothing),
		cmocka_unit_test(hidden_figures_trigger_nothing),
		cmocka_unit_test(months_and_days),
	};
	return cmocka_run_group_tests(tests, set_zone, NULL);
}
