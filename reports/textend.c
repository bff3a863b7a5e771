/* The end of the report's text: retention, and how to read it. */
#include "reports/textpage.h"

#include <stdio.h>
#include <string.h>

static void ledger_entry(const struct page *p, const char *id, const struct ledger_entry *e)
{
	char hash[LEDGER_HASH_SIZE * 2 + 1], number[32], line[SENTENCE_SIZE] = "";
	struct sentence s = { line, 0, sizeof line };
	snprintf(number, sizeof number, "%lld", (long long)e->number);
	FILL(&s, page_text(p, id), { "n", number });
	fprintf(p->out, "%s\n  %s\n", line, hash_text(e->hash, hash));
}

static void print_retention(const struct page *p, bool mail)
{
	page_heading(p, "heading.retention");
	page_wrapped(p->out, p->r->retention, 0, 0);
	if (p->r->closing.number)
		ledger_entry(p, "retention.closing", &p->r->closing);
	if (mail && p->r->head.number)
		ledger_entry(p, "retention.head", &p->r->head);
	if (mail && p->r->options->signing_key) {
		page_wrapped(p->out, page_text(p, "retention.signed"), 0, 0);
		fprintf(p->out, "  %s\n", p->r->options->signing_key);
	}
}

static void method(const struct page *p)
{
	char line[SENTENCE_SIZE * 2] = "", k[16], hidden[16], id[48], term[48];
	struct sentence s = { line, 0, sizeof line };
	snprintf(k, sizeof k, "%u", p->r->k);
	snprintf(hidden, sizeof hidden, "%u", p->r->hidden);
	page_heading(p, "heading.method");
	FILL(&s, page_text(p, "method.zone"),
		{ "zone", p->r->options->timezone ? p->r->options->timezone : "UTC" });
	say_text(&s, " ");
	FILL(&s, page_text(p, "method.k"), { "k", k });
	say_text(&s, " ");
	FILL(&s, page_text(p, "method.hidden"), { "n", hidden });
	say_text(&s, " ");
	say_text(&s, page_text(p, "method.address"));
	page_wrapped(p->out, line, 0, 0);
	for (const char *const *d = report_definitions; *d; d++) {
		snprintf(id, sizeof id, "define.%s", *d);
		snprintf(term, sizeof term, "define.%s.term", *d);
		snprintf(line, sizeof line, "%s: %s", page_text(p, term), page_text(p, id));
		page_wrapped(p->out, line, 0, 2);
	}
}

void page_end(const struct page *p, bool mail)
{
	print_retention(p, mail);
	method(p);
}
