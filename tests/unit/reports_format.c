/*
 * The formats of a month's report: XML fits its schema, no name from a mail becomes markup, text
 * and HTML say the same, the same store gives the same bytes.
 */
#include "tests/unit/reports_month.h"

#define HOSTILE "<script>alert(1)</script>&\"']]>"
#define HOSTILE_PROVIDER "<script>alert(1)</script>&\"'"

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
		"10,000 mails were sent on 2 of 31 days: 1.50 % of them bounced; of those to receivers that report complaints 0.22 % drew one. 98.50 % of all were accepted."));
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
		cmocka_unit_test(a_running_month_stands_still_for_a_day),
	};
	return cmocka_run_group_tests(tests, set_zone, NULL);
}
