/*
 * Whose figures these are, in a report for several sites: which ones, and of which not all of the
 * month has come. It is said as far as it lies in the month, so that a report that is made again
 * later says the same of a month that is complete.
 */
#include <string.h>
#include <time.h>
#include "classify/base/units.h"
#include "reports/sections.h"
#include "reports/xmlparts.h"
#include "store/site.h"

static int take_told(void *context, const char *site, bool own, int64_t until)
{
	struct month_report *r = context;
	if (r->sites == SITES_SHOWN)
		return 0;
	struct told_site *t = &r->site[r->sites++];
	span_copy_text(t->name, sizeof t->name, span_of(site));
	t->own = own;
	t->until = until;
	t->complete = own || until >= month_end(r->month->month);
	return 0;
}

static void say_site(const struct month_report *r, const struct told_site *t, struct sentence *s)
{
	char date[DATE_TEXT_SIZE];
	time_t at = (time_t)t->until;
	struct tm tm = { 0 };
	if (t->complete) {
		say_text(s, t->name);
		return;
	}
	if (t->until < month_end(month_before(r->month->month, 1))) {
		FILL(s, text_of(r->texts, "sites.nothing"), { "site", t->name });
		return;
	}
	localtime_r(&at, &tm);
	date_title(r->texts, (struct month){ tm.tm_year + 1900, tm.tm_mon + 1 }, tm.tm_mday, date,
		sizeof date);
	FILL(s, text_of(r->texts, "sites.until"), { "site", t->name }, { "date", date });
}

static int load_told_sites(struct month_report *r, struct store *store)
{
	char names[SENTENCE_SIZE] = "";
	struct sentence all = { names, 0, sizeof names },
			s = { r->sites_told, 0, sizeof r->sites_told };
	if (!r->options->every_site)
		return 0;
	if (store_sites_told(store, take_told, r) != STORE_OK)
		return -1;
	for (unsigned i = 0; i < r->sites; i++) {
		say_text(&all, i ? ", " : "");
		say_site(r, &r->site[i], &all);
	}
	FILL(&s, text_of(r->texts, "sites.told"), { "sites", names });
	return 0;
}

static void write_told_sites(const struct month_report *r, xmlNode *root)
{
	char text[DATE_TEXT_SIZE];
	if (!r->sites)
		return;
	xmlNode *node = xml_element(root, "sites");
	xml_text(node, "sentence", r->sites_told);
	for (unsigned i = 0; i < r->sites; i++) {
		const struct told_site *t = &r->site[i];
		xmlNode *site = xml_element(node, "site");
		xml_attribute(site, "name", t->name);
		xml_attribute(site, "complete", t->complete ? "true" : "false");
		if (!t->complete && t->until)
			xml_attribute(site, "until", day_text(t->until, text, sizeof text));
	}
}

/* It stands below the verdict (text.c). */
static void print_told_sites(const struct page *p)
{
	(void)p;
}

const struct section section_sites = { load_told_sites, write_told_sites, print_told_sites };
