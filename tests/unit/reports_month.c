/*
 * The month's model and its formats: what adds up, what is suppressed, that XML fits its schema,
 * that no name from a mail becomes markup, that the same store gives the same bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include <libxml/parser.h>
#include <libxml/xmlschemas.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>

#include "reports/model.h"
#include "tests/unit/reports_fake.h"

#define HOSTILE "<script>alert(1)</script>&\"']]>"
#define HOSTILE_PROVIDER "<script>alert(1)</script>&\"'"

static const char *const recipients[] = { "deliverability@example.org", NULL };
static const struct month october = { 2026, 10 };
enum { TEST_K = 10 };

static const char *printed_name(void *context, const char *name)
{
	(void)context;
	if (strcmp(name, "gmail") == 0)
		return "Gmail & Co";
	return strcmp(name, "microsoft") == 0 ? "Microsoft" : NULL;
}

static struct report_options options(void)
{
	return (struct report_options){ .organisation = "Example & Sons",
		.timezone = "Europe/Berlin",
		.k = TEST_K,
		.from = "retour@example.org",
		.to = recipients,
		.provider_title = printed_name,
		.target = { 20000, 50000, 1000 } };
}

static struct month_report *make(struct store *s, const struct report_options *o)
{
	struct month_report *r = NULL;
	char error[256] = "";
	if (month_report_new(&r, s, october, o, error, sizeof error))
		fail_msg("%s", error);
	return r;
}

static struct buffer render(const struct month_report *r, enum report_format format)
{
	struct buffer b;
	char error[256] = "";
	if (month_report_format(r, format, &b, error, sizeof error))
		fail_msg("%s", error);
	assert_non_null(b.p);
	return b;
}

static bool holds(const struct buffer *b, const char *text)
{
	return memmem(b->p, b->n, text, strlen(text)) != NULL;
}

static void assert_valid(const struct buffer *xml)
{
	const char *root = getenv("RETOUR_ROOT");
	char path[512];
	snprintf(path, sizeof path, "%s/etc/report.xsd", root ? root : ".");
	xmlSchemaParserCtxt *parser = xmlSchemaNewParserCtxt(path);
	assert_non_null(parser);
	xmlSchema *schema = xmlSchemaParse(parser);
	assert_non_null(schema);
	xmlSchemaValidCtxt *context = xmlSchemaNewValidCtxt(schema);
	xmlDoc *doc = xmlReadMemory(xml->p, (int)xml->n, "report.xml", NULL, XML_PARSE_NONET);
	assert_non_null(doc);
	assert_int_equal(xmlSchemaValidateDoc(context, doc), 0);
	xmlFreeDoc(doc);
	xmlSchemaFreeValidCtxt(context);
	xmlSchemaFree(schema);
	xmlSchemaFreeParserCtxt(parser);
}

/* --- the model ------------------------------------------------------------ */

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

/* --- the formats ---------------------------------------------------------- */

/* Every number of the XML that counts something: 0, k or more, or hidden. */
static void assert_no_small_number(const struct buffer *xml)
{
	xmlDoc *doc = xmlReadMemory(xml->p, (int)xml->n, "report.xml", NULL, XML_PARSE_NONET);
	xmlXPathContext *context = xmlXPathNewContext(doc);
	xmlXPathRegisterNs(context, BAD_CAST "r", BAD_CAST "urn:retour:report:1");
	xmlXPathObject *found = xmlXPathEvalExpression(
		BAD_CAST "//r:count[. > 0 and . < 10] | //r:before[. > 0 and . < 10]", context);
	assert_non_null(found);
	assert_int_equal(xmlXPathNodeSetGetLength(found->nodesetval), 0);
	xmlXPathFreeObject(found);
	found = xmlXPathEvalExpression(BAD_CAST "//r:count[. = '<10' or . = '≥10']", context);
	assert_true(xmlXPathNodeSetGetLength(found->nodesetval) > 0);
	xmlXPathFreeObject(found);
	xmlXPathFreeContext(context);
	xmlFreeDoc(doc);
}

/* Rates stand where sent counts do and both figures are shown; nowhere else. */
static void rates_where_sent_counts_are(void **state)
{
	(void)state;
	struct store s = { 0 };
	struct report_options o = options();
	fake_failures(&s, 20261005, CATEGORY_USER_UNKNOWN, "gmail", "spring", 60);
	fake_failures(&s, 20261006, CATEGORY_MAILBOX_FULL, "gmail", "spring", 40);
	fake_failures(&s, 20261006, CATEGORY_USER_UNKNOWN, "gmx", "spring", 50);
	fake_complaints(&s, 20261006, "gmail", "spring", 20);
	struct month_report *r = make(&s, &o);
	struct buffer text = render(r, REPORT_TEXT), xml = render(r, REPORT_XML);
	assert_non_null(strstr(r->note, "Sent counts are not available"));
	assert_false(holds(&xml, "<rate>") || holds(&xml, "<sent ") || holds(&text, "of sent") ||
		holds(&text, "Rate%"));
	buffer_free(&text);
	buffer_free(&xml);
	month_report_free(r);

	fake_sent(&s, 20261004, "gmail", "spring", 9000);
	fake_sent(&s, 20261005, "gmx", "spring", 500);
	fake_sent(&s, 20261005, "yahoo", "", 497);
	fake_sent(&s, 20261005, "web.de", "", 3);
	fake_sent(&s, 20260905, "gmail", "", 77777);
	r = make(&s, &o);
	assert_int_equal(r->month->sent.n, 10000);
	assert_int_equal(r->month[1].sent.n, 77777);
	assert_non_null(strstr(r->note,
		"10,000 mails were sent on 2 of 31 days: 1.50 % of them bounced; of those to receivers that report complaints 0.22 % drew one."));
	assert_int_equal(table_find(&r->month->providers, "gmail")->sent.n, 9000);
	assert_int_equal(table_find(&r->month->providers, "gmx")->sent.n, 500);
	text = render(r, REPORT_TEXT);
	xml = render(r, REPORT_XML);
	struct buffer html = render(r, REPORT_HTML);
	assert_valid(&xml);
	assert_true(holds(&xml, "<sent days=\"2\">"));
	assert_true(holds(&xml, "<rate of=\"bounces\">1.11</rate>") &&
		holds(&xml, "<rate of=\"bounces\">10.00</rate>")); /* gmail 100 of 9000, gmx 50 of
								      500 */
	assert_true(holds(&text, "1.10 %") && holds(&text, "Rate") && holds(&text, " 10.00 %\n"));
	assert_true(holds(&html, "0.22 %") && holds(&html, ">Rate</th>"));
	buffer_free(&text);
	buffer_free(&xml);
	buffer_free(&html);
	month_report_free(r);
	fake_done(&s);
}

/* The month's complaints are few: all bounces are shown. */
static void few_complaints_cost_no_bounces(void **state)
{
	(void)state;
	struct store s = { 0 };
	struct report_options o = options();
	static const struct {
		const char *provider;
		uint64_t hard, soft, complaints;
	} list[] = { { "gmail", 60, 0, 0 }, { "microsoft", 40, 11, 3 }, { "yahoo", 50, 0, 0 },
		{ "gmx", 30, 12, 4 }, { "web.de", 40, 0, 0 } };
	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		fake_failures(&s, 20261005, CATEGORY_USER_UNKNOWN, list[i].provider, "spring",
			list[i].hard);
		fake_failures(&s, 20261005, CATEGORY_MAILBOX_FULL, list[i].provider, "spring",
			list[i].soft);
		fake_complaints(&s, 20261005, list[i].provider, "spring", list[i].complaints);
	}
	struct month_report *r = make(&s, &o);
	const struct figures *f = &r->month[0];
	assert_int_equal(f->bounces.n, 243);
	assert_int_equal(f->column[COLUMN_HARD].n, 220);
	assert_int_equal(f->column[COLUMN_SOFT].n, 23);
	assert_int_equal(f->column[COLUMN_COMPLAINT].state, CELL_SMALL);
	assert_int_equal(f->providers.count, 5);
	size_t shown = 0;
	while (shown < 5 && f->providers.row[shown].bounces.state == CELL_SHOWN)
		shown++;
	assert_int_equal(shown, 5); /* complaints stand in no sum with bounces */
	assert_string_equal(f->providers.row[0].name, "gmail");
	month_report_free(r);
	fake_done(&s);
}

static void no_rate_of_what_is_hidden(void **state)
{
	(void)state;
	struct store s = { 0 };
	struct report_options o = options();
	long ppm;
	struct cell small = { .state = CELL_SMALL }, ten = { .n = 10 }, hundred = { .n = 100 },
		    none = { 0 };
	assert_true(rate_of(&ten, &hundred, &ppm) && ppm == 100000);
	assert_false(rate_of(&small, &hundred, &ppm));
	assert_false(rate_of(&ten, &small, &ppm));
	assert_false(rate_of(&ten, &none, &ppm));
	assert_false(rate_of(&hundred, &ten, &ppm)); /* bounces of mail of another month */
	fake_failures(&s, 20261005, CATEGORY_USER_UNKNOWN, "gmail", "spring", 60);
	fake_failures(&s, 20261005, CATEGORY_MAILBOX_FULL, "gmail", "spring", 4);
	fake_sent(&s, 20261005, "gmail", "spring", 1000);
	fake_sent(&s, 20261005, "gmx", "spring", 4);
	struct month_report *r = make(&s, &o);
	assert_true(
		table_find(&r->month->providers, "gmail")->column[COLUMN_SOFT].state != CELL_SHOWN);
	/* what was sent to gmx would follow from what was sent to gmail and at all */
	assert_true(r->month->sent.state != CELL_SHOWN ||
		table_find(&r->month->providers, "gmail")->sent.state != CELL_SHOWN);
	month_report_free(r);
	fake_done(&s);
}

static void xml_fits_its_schema(void **state)
{
	(void)state;
	struct store year = { 0 }, empty = { 0 };
	struct report_options o = options();
	fake_year(&year, 2026, 10, 2);
	struct store *stores[] = { &year, &empty };
	for (size_t i = 0; i < 2; i++) {
		struct month_report *r = make(stores[i], &o);
		struct buffer xml = render(r, REPORT_XML), html = render(r, REPORT_HTML),
			      text = render(r, REPORT_TEXT);
		assert_valid(&xml);
		if (i == 0)
			assert_no_small_number(&xml);
		assert_true(holds(&html, "</html>"));
		buffer_free(&xml);
		buffer_free(&html);
		buffer_free(&text);
		month_report_free(r);
	}
	fake_done(&year);
}

/* A page that is one file: nothing is loaded, nothing runs. */
static void html_needs_nothing_from_outside(void **state)
{
	(void)state;
	static const char *const outside[] = { "src=", "href=", "url(", "@import", "<script",
		"<link", "<img", "<iframe", "javascript:" };
	struct store s = { 0 };
	struct report_options o = options();
	struct buffer html[2];
	char error[256];
	fake_year(&s, 2026, 10, 12);
	struct month_report *r = make(&s, &o);
	for (enum html_shape shape = HTML_PAGE; shape <= HTML_MAIL; shape++) {
		assert_int_equal(
			month_report_html(r, shape, NULL, &html[shape], error, sizeof error), 0);
		for (size_t i = 0; i < sizeof outside / sizeof *outside; i++)
			assert_false(holds(&html[shape], outside[i]));
	}
	assert_true(holds(&html[HTML_PAGE], "<title>Bounces and complaints per month</title>"));
	assert_true(holds(&html[HTML_PAGE], "prefers-color-scheme: dark"));
	assert_true(holds(&html[HTML_PAGE], "@media print"));
	buffer_free(&html[0]);
	buffer_free(&html[1]);
	month_report_free(r);
	fake_done(&s);
}

static void a_torn_ledger_is_told(void **state)
{
	(void)state;
	struct store s = { .walk_result = STORE_BROKEN };
	struct report_options o = options();
	s.held.count = 1;
	snprintf(s.held.at[0].name, sizeof s.held.at[0].name, "events");
	s.held.at[0].overdue = 12;
	s.held_result = STORE_BROKEN;
	struct month_report *r = make(&s, &o);
	struct buffer text = render(r, REPORT_TEXT);
	assert_true(holds(&text, "The ledger does not hold"));
	assert_true(holds(&text, "Overdue for deletion: 12 events"));
	buffer_free(&text);
	month_report_free(r);
}

/* What a reader sees of BUFFER, with one blank for each tag and each run of blanks; heap. */
static char *seen(const struct buffer *b)
{
	char *out = calloc(1, b->n + 2);
	size_t n = 0;
	bool tag = false;
	for (size_t i = 0; i < b->n; i++) {
		bool less = b->n - i > 4 && memcmp(b->p + i, "&lt;", 4) == 0,
		     blank = !less && strchr(" \n\t<>", b->p[i]) && b->p[i];
		if (b->p[i] == '<' && b->n - i > 1 &&
			strchr("abcdefghilmnoprstuvxyz/!", b->p[i + 1]))
			tag = true;
		if (tag || (blank && b->p[i] != '<')) {
			if (n && out[n - 1] != ' ')
				out[n++] = ' ';
			tag &= b->p[i] != '>';
			continue;
		}
		out[n++] = less ? '<' : b->p[i];
		i += less ? 3 : 0;
	}
	return out;
}

/* Each provider's row reads the same in text and HTML as in the model. */
static void formats_show_the_same_cells(void **state)
{
	(void)state;
	struct store s = { 0 };
	struct report_options o = options();
	fake_year(&s, 2026, 10, 2);
	struct month_report *r = make(&s, &o);
	struct buffer page = render(r, REPORT_HTML), plain = render(r, REPORT_TEXT);
	char *html = seen(&page), *text = seen(&plain);
	for (size_t i = 0; i < r->month->providers.count; i++) {
		const struct row *row = &r->month->providers.row[i];
		char name[128], cell[COUNT_TEXT_SIZE], line[512], cells[256] = " ";
		struct cell other;
		snprintf(cells, sizeof cells, " %s ",
			cell_text(r, &row->bounces, cell, sizeof cell));
		size_t n = strlen(cells);
		for (unsigned c = 0; c < COLUMN_COUNT; c++) {
			if (c == COLUMN_COMPLAINT &&
				other_bounces(&row->bounces, row->column, &other))
				assert_true(other.state == CELL_SHOWN && other.n > 0 &&
					other.n < row->bounces.n);
			if (c < COLUMN_SOFT && row->column[c].state == CELL_SHOWN)
				n += (size_t)snprintf(cells + n, sizeof cells - n, "%s ",
					cell_text(r, &row->column[c], cell, sizeof cell));
		}
		snprintf(line, sizeof line, " %s%s",
			row_title(r, row, ROW_PROVIDER, name, sizeof name), cells);
		if (!strstr(text, line))
			fail_msg("not in the text:%s", line);
		if (!strstr(html, cells))
			fail_msg("not in the HTML:%s", cells);
	}
	free(html);
	free(text);
	buffer_free(&page);
	buffer_free(&plain);
	month_report_free(r);
	fake_done(&s);
}

static void assert_text_of(xmlDoc *doc, const char *path, const char *expected)
{
	xmlXPathContext *context = xmlXPathNewContext(doc);
	xmlXPathRegisterNs(context, BAD_CAST "r", BAD_CAST "urn:retour:report:1");
	xmlXPathObject *found = xmlXPathEvalExpression(BAD_CAST path, context);
	assert_non_null(found);
	assert_string_equal((const char *)found->stringval, expected);
	xmlXPathFreeObject(found);
	xmlXPathFreeContext(context);
}

static void names_never_become_markup(void **state)
{
	(void)state;
	struct store s = { 0 };
	struct report_options o = options();
	struct buffer b;
	char error[256];
	o.organisation = HOSTILE;
	o.timezone = HOSTILE;
	fake_failures(&s, 20260901, CATEGORY_USER_UNKNOWN, "gmail", HOSTILE, 20);
	fake_failures(&s, 20261005, CATEGORY_USER_UNKNOWN, HOSTILE_PROVIDER, HOSTILE, 500);
	fake_complaints(&s, 20261005, HOSTILE_PROVIDER, HOSTILE, 40);
	fake_failures(&s, 20261006, CATEGORY_REPUTATION, "\x01\xff\x1b[31m", "line\nend", 60);
	fake_message(&s, HOSTILE, "new", 50);
	fake_entry(&s, 1790000000, HOSTILE, HOSTILE);
	struct month_report *r = make(&s, &o);
	struct buffer xml = render(r, REPORT_XML), html = render(r, REPORT_HTML),
		      text = render(r, REPORT_TEXT);
	assert_valid(&xml);
	assert_false(holds(&xml, "<script"));
	assert_false(holds(&html, "<script"));
	assert_int_equal(month_report_html(r, HTML_MAIL, NULL, &b, error, sizeof error), 0);
	assert_false(holds(&b, "<script"));
	assert_true(holds(&b, "&lt;script&gt;"));
	assert_false(holds(&text, "\x1b"));
	assert_false(holds(&text, "line\nend"));
	xmlDoc *doc = xmlReadMemory(xml.p, (int)xml.n, "report.xml", NULL, XML_PARSE_NONET);
	assert_text_of(doc, "string(/r:report/@organisation)", HOSTILE);
	assert_text_of(doc, "string(//r:campaigns/r:row[1]/@name)", HOSTILE);
	assert_text_of(doc, "string(//r:category[@id='user-unknown']/r:leader)", HOSTILE_PROVIDER);
	xmlFreeDoc(doc);
	buffer_free(&b);
	buffer_free(&xml);
	buffer_free(&html);
	buffer_free(&text);
	month_report_free(r);
	fake_done(&s);
}

/*
 * The tallies in another order, the report made again, another report made between: the same bytes.
 */
static void same_store_same_bytes(void **state)
{
	(void)state;
	struct store s = { 0 };
	struct report_options o = options();
	fake_year(&s, 2026, 10, 3);
	for (enum report_format format = REPORT_XML; format <= REPORT_TEXT; format++) {
		struct month_report *r = make(&s, &o);
		struct buffer first = render(r, format);
		month_report_free(r);
		for (size_t i = 0, j = s.tallies - 1; i < j; i++, j--) {
			struct tally t = s.tally[i];
			s.tally[i] = s.tally[j];
			s.tally[j] = t;
		}
		r = make(&s, &o);
		struct buffer second = render(r, format);
		assert_int_equal(first.n, second.n);
		assert_memory_equal(first.p, second.p, first.n);
		buffer_free(&first);
		buffer_free(&second);
		month_report_free(r);
	}
	fake_done(&s);
}

/*
 * The file names the ledger's entry that closed the month, which never changes; only the mail names
 * today's head.
 */
static void later_ledger_entries_change_no_file(void **state)
{
	(void)state;
	struct store s = { 0 };
	struct report_options o = options();
	struct buffer before, after, mail;
	char error[256];
	fake_failures(&s, 20261005, CATEGORY_USER_UNKNOWN, "gmail", "a", 50);
	fake_entry(&s, 1793000000, "purge", "events=1");
	struct month_report *r = make(&s, &o);
	before = render(r, REPORT_XML);
	month_report_free(r);
	fake_entry(&s, 1793500000, "report-sent", "month=2026-10");
	r = make(&s, &o);
	after = render(r, REPORT_XML);
	assert_int_equal(before.n, after.n);
	assert_memory_equal(before.p, after.p, before.n);
	assert_true(holds(&after, "<ledger entry=\"1\""));
	assert_int_equal(month_report_html(r, HTML_MAIL, NULL, &mail, error, sizeof error), 0);
	assert_true(holds(&mail, "entry 2, "));
	buffer_free(&before);
	buffer_free(&after);
	buffer_free(&mail);
	month_report_free(r);
	fake_done(&s);
}

/* --- the stylesheet ------------------------------------------------------- */

static int with_stylesheet(const char *body, struct buffer *out)
{
	char path[] = "/tmp/retour-style-XXXXXX", error[512] = "";
	struct store s = { 0 };
	struct report_options o = options();
	int file = mkstemp(path);
	assert_true(file >= 0);
	dprintf(file,
		"<xsl:stylesheet version='1.0' xmlns:xsl='http://www.w3.org/1999/XSL/Transform' "
		"xmlns:r='urn:retour:report:1'>%s</xsl:stylesheet>",
		body);
	close(file);
	o.stylesheet = path;
	struct month_report *r = make(&s, &o);
	int result = month_report_format(r, REPORT_HTML, out, error, sizeof error);
	if (result) {
		assert_non_null(strstr(error, "stylesheet"));
		assert_null(out->p);
	}
	unlink(path);
	month_report_free(r);
	return result;
}

static void stylesheet_reaches_nothing_else(void **state)
{
	(void)state;
	struct buffer b = { NULL, 0 };
	char victim[] = "/tmp/retour-victim-XXXXXX", body[512];
	int file = mkstemp(victim);
	assert_true(file >= 0);
	dprintf(file, "<secret>canary</secret>");
	close(file);
	assert_int_equal(
		with_stylesheet(
			"<xsl:template match='/'><p><xsl:value-of select='r:report/@month'/></p></xsl:template>",
			&b),
		0);
	assert_true(holds(&b, "2026-10"));
	buffer_free(&b);
	snprintf(body, sizeof body,
		"<xsl:template match='/'><p><xsl:value-of select=\"document('%s')\"/></p></xsl:template>",
		victim);
	if (with_stylesheet(body, &b) == 0)
		assert_false(holds(&b, "canary"));
	buffer_free(&b);
	snprintf(body, sizeof body, "<xsl:include href='%s'/>", victim);
	assert_int_equal(with_stylesheet(body, &b), -1);
	snprintf(body, sizeof body,
		"<xsl:template match='/'><e:document xmlns:e='http://exslt.org/common' href='%s' method='text'>gone"
		"</e:document></xsl:template>",
		victim);
	if (with_stylesheet(body, &b) == 0)
		buffer_free(&b);
	FILE *f = fopen(victim, "r");
	char text[64] = "";
	assert_non_null(f);
	assert_non_null(fgets(text, sizeof text, f));
	fclose(f);
	assert_string_equal(text, "<secret>canary</secret>");
	assert_int_equal(with_stylesheet("<xsl:template match='/'><xsl:nonsense/>", &b), -1);
	assert_int_equal(
		with_stylesheet(
			"<xsl:template match='/'><xsl:value-of select='((('/></xsl:template>", &b),
		-1);
	unlink(victim);
}

/* Of a month that is not over two reports of one day are the same, whatever came between them. */
static void a_running_month_stands_still_for_a_day(void **state)
{
	(void)state;
	static struct store s;
	struct report_options o = options();
	fake_done(&s);
	fake_year(&s, 2026, 10, 1);
	o.today = 20261015;
	struct month_report *r = make(&s, &o);
	struct buffer before = render(r, REPORT_XML);
	month_report_free(r);
	assert_true(holds(&before, "The month is not over"));
	for (int i = 0; i < 30; i++)
		fake_add(&s, 20261015, KIND_FAILURE, CLASS_HARD, CATEGORY_USER_UNKNOWN,
			ORIGIN_MATCHED, "gmail", "autumn", 1);
	r = make(&s, &o);
	struct buffer same = render(r, REPORT_XML);
	month_report_free(r);
	assert_int_equal(before.n, same.n);
	assert_memory_equal(before.p, same.p, same.n);
	o.today = 20261016;
	r = make(&s, &o);
	struct buffer later = render(r, REPORT_XML);
	month_report_free(r);
	assert_false(later.n == same.n && memcmp(later.p, same.p, same.n) == 0);
	free(before.p);
	free(same.p);
	free(later.p);
	o.today = 20261001; /* there is no day before */
	month_report_free(make(&s, &o));
	fake_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_running_month_stands_still_for_a_day),
		cmocka_unit_test(sums_add_up_and_small_cells_are_hidden),
		cmocka_unit_test(totals_do_not_give_a_cell_away),
		cmocka_unit_test(months_agree_between_reports),
		cmocka_unit_test(only_attributed_notices_make_the_figures),
		cmocka_unit_test(cells_without_a_sum_are_hidden),
		cmocka_unit_test(changes_and_shares),
		cmocka_unit_test(verdict_names_what_drives_the_change),
		cmocka_unit_test(a_class_that_rose_alone_is_said),
		cmocka_unit_test(each_class_has_its_own_place),
		cmocka_unit_test(first_month_compares_with_nothing),
		cmocka_unit_test(hidden_figures_trigger_nothing),
		cmocka_unit_test(months_and_days),
		cmocka_unit_test(rates_where_sent_counts_are),
		cmocka_unit_test(few_complaints_cost_no_bounces),
		cmocka_unit_test(no_rate_of_what_is_hidden),
		cmocka_unit_test(xml_fits_its_schema),
		cmocka_unit_test(html_needs_nothing_from_outside),
		cmocka_unit_test(a_torn_ledger_is_told),
		cmocka_unit_test(formats_show_the_same_cells),
		cmocka_unit_test(names_never_become_markup),
		cmocka_unit_test(same_store_same_bytes),
		cmocka_unit_test(later_ledger_entries_change_no_file),
		cmocka_unit_test(stylesheet_reaches_nothing_else),
	};
	return cmocka_run_group_tests(tests, set_zone, NULL);
}
