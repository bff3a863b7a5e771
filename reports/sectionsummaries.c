/*
 * What receivers report of our domains: which source broke alignment at whom and when, and how TLS
 * sessions to us went. The counts are of machines and networks, not of recipients, and k does not
 * apply to them; the report says so.
 */
#include <stdio.h>
#include <string.h>
#include "reports/sections.h"
#include "reports/xmlparts.h"

static void add_source(struct alignment_source *row, const struct alignment_source *a)
{
	row->mails += a->mails;
	row->unaligned += a->unaligned;
	row->no_dkim += a->no_dkim;
	row->no_spf += a->no_spf;
	row->refused += a->refused;
}

static int take_source(void *context, const struct alignment_source *a)
{
	struct reported *r = context;
	struct alignment_source *row = &r->source[r->sources];
	if (a->known)
		add_source(&r->own, a);
	if (a->known && r->sources < SOURCES_SHOWN) {
		*row = *a;
		r->sources++;
		return 0;
	}
	add_source(row, a); /* all that are not ours, or beyond the list; they come last */
	return 0;
}

static int take_break(void *context, const struct alignment_break *b)
{
	struct reported *r = context;
	if (r->breaks < BREAKS_SHOWN)
		r->broken[r->breaks++] = *b;
	return 0;
}

static int take_sessions(void *context, const struct tls_sessions *t)
{
	struct reported *r = context;
	r->sessions_all += t->count;
	r->sessions_well += t->result == TLS_WELL ? t->count : 0;
	if (r->sessions < SESSIONS_SHOWN)
		r->session[r->sessions++] = *t;
	return 0;
}

static int load_told(
	struct reported *r, struct store *store, enum summary_kind k, int32_t from, int32_t to)
{
	struct summary_told proven, other;
	if (store_summary_told(store, k, from, to, true, &proven) != STORE_OK ||
		store_summary_told(store, k, from, to, false, &other) != STORE_OK)
		return -1;
	r->verified[k] = proven.receivers > 0;
	r->receivers[k] = r->verified[k] ? proven.receivers : other.receivers;
	if (r->verified[k])
		r->apart[k] = other;
	return 0;
}

static int load_summaries(struct month_report *report, struct store *store)
{
	struct reported *r = &report->reported;
	struct month m = report->month->month;
	const int32_t from = day_number(m, 1), to = day_number(m, report->month->days);
	for (unsigned k = 0; k < SUMMARY_KIND_COUNT; k++)
		if (load_told(r, store, (enum summary_kind)k, from, to))
			return -1;
	const bool dmarc = r->verified[SUMMARY_DMARC], tls = r->verified[SUMMARY_TLS];
	if (store_alignment(store, from, to, dmarc, BREAKS_SHOWN, take_source, take_break, r) !=
			STORE_OK ||
		store_tls_sessions(store, from, to, tls, take_sessions, r) != STORE_OK)
		return -1;
	r->sources += r->source[r->sources].mails > 0;
	return 0;
}

static const char *or_others(const struct month_report *r, const char *name)
{
	return *name ? name : text_of(r->texts, "summaries.others");
}

static void xml_day(const struct month_report *r, xmlNode *node, const char *name, int64_t at)
{
	char text[DATE_TEXT_SIZE], title[DATE_TEXT_SIZE], both[32];
	xml_attribute(node, name, day_text(at, text, sizeof text));
	snprintf(both, sizeof both, "%s-title", name);
	xml_attribute(node, both,
		date_title(r->texts, r->month->month, (text[8] - '0') * 10 + text[9] - '0', title,
			sizeof title));
}

static void write_alignment(const struct month_report *r, xmlNode *root)
{
	for (unsigned i = 0; i < r->reported.sources; i++) {
		const struct alignment_source *a = &r->reported.source[i];
		xmlNode *node = xml_element(root, "source");
		xml_attribute(node, "network", or_others(r, a->network));
		xml_attribute(node, "domain", or_others(r, a->domain));
		xml_attribute(node, "known", a->known ? "true" : "false");
		xml_number(node, "mails", (long long)a->mails);
		xml_number(node, "unaligned", (long long)a->unaligned);
		xml_number(node, "without-dkim", (long long)a->no_dkim);
		xml_number(node, "without-spf", (long long)a->no_spf);
		xml_number(node, "refused", (long long)a->refused);
	}
	for (unsigned i = 0; i < r->reported.breaks; i++) {
		const struct alignment_break *b = &r->reported.broken[i];
		xmlNode *node = xml_element(root, "break");
		/* one that an older version wrote down although it tells of few */
		xml_attribute(node, "receiver", or_others(r, b->mails < r->k ? "" : b->receiver));
		xml_attribute(node, "network", b->network);
		xml_attribute(node, "domain", b->domain);
		xml_number(node, "mails", (long long)b->mails);
		xml_number(node, "unaligned", (long long)b->unaligned);
		xml_day(r, node, "first", b->first);
		xml_day(r, node, "last", b->last);
	}
}

/* Figures that anybody may have made up are marked as such. */
static bool is_unproven(const struct reported *r)
{
	for (unsigned k = 0; k < SUMMARY_KIND_COUNT; k++)
		if (r->receivers[k] && !r->verified[k])
			return true;
	return false;
}

/* What is not counted, of reports of KIND; false where that is nothing. */
static bool apart_sentence(const struct month_report *r, unsigned kind, char *line, size_t size)
{
	static const char *const said[] = { [SUMMARY_DMARC] = "summaries.apart-mails",
		[SUMMARY_TLS] = "summaries.apart-sessions" };
	const struct summary_told *apart = &r->reported.apart[kind];
	char count[COUNT_TEXT_SIZE], receivers[COUNT_TEXT_SIZE];
	struct sentence s = { line, 0, size };
	FILL(&s, text_of(r->texts, said[kind]),
		{ "n", number_text(r->texts, apart->count, count, sizeof count) },
		{ "receivers",
			number_text(r->texts, apart->receivers, receivers, sizeof receivers) });
	return apart->receivers > 0;
}

static const char *share_text(
	const struct month_report *r, uint64_t without, uint64_t all, char *buffer, size_t size)
{
	return rate_text(r->texts, rate_ppm(all - without, all), buffer, size);
}

/* How much of our own mail was aligned, of the TLS sessions went well; false where none is known.
 */
static bool share_sentence(const struct month_report *r, unsigned kind, char *line, size_t size)
{
	const struct reported *d = &r->reported;
	const struct alignment_source *own = &d->own;
	const uint64_t all = kind == SUMMARY_TLS ? d->sessions_all : own->mails;
	char n[COUNT_TEXT_SIZE], a[COUNT_TEXT_SIZE], b[COUNT_TEXT_SIZE], c[COUNT_TEXT_SIZE];
	struct sentence s = { line, 0, size };
	number_text(r->texts, all, n, sizeof n);
	if (all && kind == SUMMARY_TLS)
		FILL(&s, text_of(r->texts, "summaries.share-sessions"), { "n", n },
			{ "well", share_text(r, all - d->sessions_well, all, a, sizeof a) });
	else if (all)
		FILL(&s, text_of(r->texts, "summaries.share-mails"), { "n", n },
			{ "aligned", share_text(r, own->unaligned, all, a, sizeof a) },
			{ "dkim", share_text(r, own->no_dkim, all, b, sizeof b) },
			{ "spf", share_text(r, own->no_spf, all, c, sizeof c) });
	return all > 0;
}

static void write_summaries(const struct month_report *r, xmlNode *root)
{
	char line[SENTENCE_SIZE];
	xmlNode *node = xml_element(root, "summaries");
	xml_number(node, "dmarc", (long long)r->reported.receivers[SUMMARY_DMARC]);
	xml_number(node, "tls", (long long)r->reported.receivers[SUMMARY_TLS]);
	xml_attribute(
		node, "dmarc-verified", r->reported.verified[SUMMARY_DMARC] ? "true" : "false");
	xml_attribute(node, "tls-verified", r->reported.verified[SUMMARY_TLS] ? "true" : "false");
	if (is_unproven(&r->reported))
		xml_text(node, "doubt", text_of(r->texts, "summaries.doubt"));
	for (unsigned k = 0; k < SUMMARY_KIND_COUNT; k++)
		if (apart_sentence(r, k, line, sizeof line))
			xml_text(node, "apart", line);
	for (unsigned k = 0; k < SUMMARY_KIND_COUNT; k++)
		if (share_sentence(r, k, line, sizeof line))
			xml_text(node, "told", line);
	write_alignment(r, node);
	for (unsigned i = 0; i < r->reported.sessions; i++) {
		const struct tls_sessions *t = &r->reported.session[i];
		xmlNode *sessions = xml_element(node, "sessions");
		xml_attribute(sessions, "domain", or_others(r, t->domain));
		xml_attribute(sessions, "result", tls_result_name(t->result));
		xml_attribute(sessions, "title",
			text_named(r->texts, "tls-result", tls_result_name(t->result)));
		xml_number(sessions, "count", (long long)t->count);
		xml_number(sessions, "receivers", (long long)t->receivers);
		xml_day(r, sessions, "first", t->first);
		xml_day(r, sessions, "last", t->last);
	}
}

/* --- text ----------------------------------------------------------------- */

static void grid_number(const struct page *p, struct grid *g, uint64_t n)
{
	char number[COUNT_TEXT_SIZE];
	grid_figure(g, number_text(p->r->texts, n, number, sizeof number));
}

static void print_sources(const struct page *p)
{
	static const char *const columns[] = { "summaries.mails", "summaries.unaligned",
		"summaries.no-dkim", "summaries.no-spf", "summaries.refused" };
	struct grid g = { 0 };
	char name[REPORT_NAME_SIZE];
	grid_row(&g, page_text(p, "summaries.source"));
	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
		grid_figure(&g, page_text(p, columns[i]));
	for (unsigned i = 0; i < p->r->reported.sources; i++) {
		const struct alignment_source *a = &p->r->reported.source[i];
		snprintf(name, sizeof name, "%s %.36s", or_others(p->r, a->network), a->domain);
		grid_row(&g, name);
		grid_number(p, &g, a->mails);
		grid_number(p, &g, a->unaligned);
		grid_number(p, &g, a->no_dkim);
		grid_number(p, &g, a->no_spf);
		grid_number(p, &g, a->refused);
	}
	if (p->r->reported.sources)
		grid_print(p, &g);
}

static void print_breaks(const struct page *p)
{
	char first[DATE_TEXT_SIZE], last[DATE_TEXT_SIZE], mails[COUNT_TEXT_SIZE],
		unaligned[COUNT_TEXT_SIZE], line[SENTENCE_SIZE];
	for (unsigned i = 0; i < p->r->reported.breaks; i++) {
		const struct alignment_break *b = &p->r->reported.broken[i];
		struct sentence s = { line, 0, sizeof line };
		FILL(&s, page_text(p, "summaries.break"),
			{ "receiver", or_others(p->r, b->receiver) }, { "source", b->network },
			{ "domain", b->domain },
			{ "n",
				number_text(
					p->r->texts, b->unaligned, unaligned, sizeof unaligned) },
			{ "all", number_text(p->r->texts, b->mails, mails, sizeof mails) },
			{ "first", day_text(b->first, first, sizeof first) },
			{ "last", day_text(b->last, last, sizeof last) });
		page_wrapped(p->out, line, 0, 2);
	}
}

static void print_sessions(const struct page *p)
{
	struct grid g = { 0 };
	char name[REPORT_NAME_SIZE], first[DATE_TEXT_SIZE], last[DATE_TEXT_SIZE];
	for (unsigned i = 0; i < p->r->reported.sessions; i++) {
		const struct tls_sessions *t = &p->r->reported.session[i];
		snprintf(name, sizeof name, "%.30s: %.31s", or_others(p->r, t->domain),
			text_named(p->r->texts, "tls-result", tls_result_name(t->result)));
		grid_row(&g, name);
		grid_number(p, &g, t->count);
		grid_figure(&g, day_text(t->first, first, sizeof first));
		grid_figure(&g, day_text(t->last, last, sizeof last));
	}
	if (p->r->reported.sessions)
		grid_print(p, &g);
}

static void print_summaries(const struct page *p)
{
	const struct reported *r = &p->r->reported;
	char line[SENTENCE_SIZE];
	page_heading(p, "heading.summaries");
	if (!r->receivers[SUMMARY_DMARC] && !r->receivers[SUMMARY_TLS]) {
		page_wrapped(p->out, page_text(p, "summaries.none"), 0, 0);
		return;
	}
	page_wrapped(p->out, page_text(p, "summaries.lead"), 0, 0);
	if (is_unproven(r))
		page_wrapped(p->out, page_text(p, "summaries.doubt"), 0, 0);
	for (unsigned k = 0; k < SUMMARY_KIND_COUNT; k++)
		if (apart_sentence(p->r, k, line, sizeof line))
			page_wrapped(p->out, line, 0, 0);
	for (unsigned k = 0; k < SUMMARY_KIND_COUNT; k++)
		if (share_sentence(p->r, k, line, sizeof line))
			page_wrapped(p->out, line, 0, 0);
	print_sources(p);
	print_breaks(p);
	print_sessions(p);
}

const struct section section_summaries = { load_summaries, write_summaries, print_summaries };
