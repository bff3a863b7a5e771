/* The audit as text for a terminal or a file. */
#include "reports/audit.h"

#include <string.h>

enum { PURGES_SHOWN = 14, ACTS_SHOWN = 30, WIDTH = 100 };

static void print_audit_heading(FILE *out, const char *title)
{
	fprintf(out, "\n%s\n", title);
	for (size_t i = strlen(title); i > 0; i--)
		fputc('-', out);
	fputc('\n', out);
}

/* Words in lines of WIDTH, each line after INDENT blanks. */
static void print_audit_wrapped(FILE *out, const char *text, int indent)
{
	int column = fprintf(out, "%*s", indent, "");
	bool first = true;
	while (*text) {
		int n = (int)strcspn(text, " ");
		if (!first && column + 1 + n > WIDTH) {
			column = fprintf(out, "\n%*s", indent, "") - 1;
			first = true;
		}
		if (n)
			column += fprintf(out, "%s%.*s", first ? "" : " ", n, text);
		first = first && !n;
		text += n + (text[n] != '\0');
	}
	fputc('\n', out);
}

static void print_promises(const struct audit *a, FILE *out)
{
	char at[32];
	fputs(a->worst == PROMISE_BROKEN ? "\nA PROMISE IS BROKEN:\n"
					 : "\nEvery promise that can be checked here is kept.\n",
		out);
	for (int state = PROMISE_BROKEN; state > PROMISE_KEPT; state--)
		for (unsigned i = 0; i < a->promises; i++) {
			const struct promise *p = &a->promise[i];
			if ((int)p->state != state)
				continue;
			fprintf(out, "\n  %s: %s\n",
				p->state == PROMISE_BROKEN ? "BROKEN" : "LOOK AT", p->title);
			print_audit_wrapped(out, p->detail, 4);
			if (p->since)
				fprintf(out, "    since %s\n", utc_text(p->since, at, sizeof at));
			print_audit_wrapped(out, p->action, 4);
		}
	print_audit_heading(out, "Promises");
	for (unsigned i = 0; i < a->promises; i++)
		fprintf(out, "  %-10s %s\n", promise_state_name(a->promise[i].state),
			a->promise[i].title);
}

static void print_schedule(const struct audit *a, FILE *out)
{
	char period[32], oldest[32], cutoff[32];
	print_audit_heading(out, "Retention schedule");
	fprintf(out, "%-12s %-10s %8s  %-20s  %-20s %3s\n", "What", "Kept for", "Rows", "Oldest",
		"Due before", "Due");
	for (unsigned i = 0; i < a->held.count; i++) {
		const struct purge_class *c = &a->held.at[i];
		fprintf(out, "%-12s %-10s %8llu  %-20s  %-20s %3llu%s\n", c->name,
			period_text(c->period, period, sizeof period), (unsigned long long)c->left,
			c->oldest ? utc_text(c->oldest, oldest, sizeof oldest) : "-",
			utc_text(c->cutoff, cutoff, sizeof cutoff), (unsigned long long)c->overdue,
			c->overdue ? "  BROKEN" : "");
		fprintf(out, "  because: %s\n",
			c->reason && *c->reason ? c->reason : "(no reason is given)");
	}
	for (unsigned i = 0; i < a->options->folders; i++) {
		const struct audit_folder *f = &a->options->folder[i];
		const struct mail_purge *purge = f->period ? audit_mail_purge(a, f) : NULL;
		fprintf(out, "Mail that is %s, in folder %s of mailbox %s: %s", f->what, f->folder,
			f->mailbox,
			f->period ? period_text(f->period, period, sizeof period) : "stays");
		if (purge)
			fprintf(out, "; %llu deleted so far, looked at %s",
				(unsigned long long)purge->deleted[f->use],
				utc_text(purge->at, oldest, sizeof oldest));
		fputc('\n', out);
	}
	for (unsigned i = 0; i < a->options->mailboxes; i++) {
		const struct mailbox_state *m = audit_mailbox(a, a->options->mailbox[i]);
		fprintf(out, "What is deleted in mailbox %s: %s\n", a->options->mailbox[i],
			audit_deleting(m ? m->facts.deleting : 0)->sentence);
	}
	fputs("\nMonthly tallies hold counts only, name nobody, and stay.\n", out);
}

static void print_purges(const struct audit *a, FILE *out)
{
	char from[32], to[32];
	uint64_t first = a->purges > PURGES_SHOWN ? a->purges - PURGES_SHOWN : 0;
	uint64_t gap = a->gaps > AUDIT_GAPS_MAX ? a->gaps - AUDIT_GAPS_MAX : 0;
	print_audit_heading(out, "Purges");
	fprintf(out, "%llu on record", (unsigned long long)a->purges);
	const char *more = a->purges ? ":\n" : ".\n";
	fputs(first ? "; the latest:\n" : more, out);
	for (uint64_t i = first; i < a->purges; i++) {
		const struct ledger_entry *e = &a->purge[i % AUDIT_PURGES_MAX];
		fprintf(out, "  %-22s %s\n", utc_text(e->at, from, sizeof from), e->detail);
	}
	if (!a->gaps) {
		fputs("No day without a purge.\n", out);
		return;
	}
	fprintf(out, "%llu days (UTC) without a purge, though one was due:\n",
		(unsigned long long)a->days_missed);
	for (; gap < a->gaps; gap++) {
		const struct purge_gap *g = &a->gap[gap % AUDIT_GAPS_MAX];
		fprintf(out, "  %.10s", utc_text(g->from, from, sizeof from));
		if (g->to != g->from)
			fprintf(out, " to %.10s", utc_text(g->to, to, sizeof to));
		fputc('\n', out);
	}
}

static void print_keys(const struct audit *a, FILE *out)
{
	char at[32];
	print_audit_heading(out, "Keys");
	for (unsigned i = 0; i < a->keys; i++) {
		const struct key_info *k = &a->key[i];
		fprintf(out, "  %-20s %-8s %-8s %-21s %s%s\n", k->name, k->purpose,
			*k->month ? k->month : "-", k->at ? utc_text(k->at, at, sizeof at) : "-",
			*k->fingerprint ? k->fingerprint : "unknown to the store",
			k->credential ? "  a credential" : "");
	}
}

static void print_ledger(const struct audit *a, FILE *out)
{
	char at[32], hash[LEDGER_HASH_SIZE * 2 + 1];
	uint64_t first = a->acts > ACTS_SHOWN ? a->acts - ACTS_SHOWN : 0;
	print_audit_heading(out, "Ledger");
	if (a->torn)
		fprintf(out, "The chain is BROKEN: %s\n", a->fault);
	else
		fputs("Every entry's hash was computed again and fits.\n", out);
	for (unsigned i = 0; i < a->kinds; i++)
		fprintf(out, "  %8llu  %s\n", (unsigned long long)a->kind[i].count,
			a->kind[i].kind);
	if (!a->entries)
		return;
	fprintf(out, "First entry %lld, %s\n", (long long)a->first.number,
		utc_text(a->first.at, at, sizeof at));
	fprintf(out, "Head, entry %lld, %s\n  %s\n", (long long)a->last.number,
		utc_text(a->last.at, at, sizeof at), hash_text(a->last.hash, hash));
	fputs("Compare it with the monthly mails: a later head must follow from theirs.\n", out);
	print_audit_heading(out, "Settings, keys, erasures, manual changes: the latest entries");
	for (uint64_t i = first; i < a->acts; i++) {
		const struct ledger_entry *e = &a->act[i % AUDIT_ACTS_MAX];
		fprintf(out, "  %-22s %-22s %.200s\n", utc_text(e->at, at, sizeof at), e->kind,
			e->detail);
	}
}

static void print_requests(const struct audit *a, FILE *out)
{
	const struct request *r;
	char at[32];
	print_audit_heading(out, "Requests of data subjects");
	fprintf(out, "%llu on record%s\n", (unsigned long long)a->requests.count,
		a->requests.count > REQUESTS_MAX ? ", the latest:" : "");
	for (uint64_t n = 0; (r = requests_at(&a->requests, n)); n++) {
		fprintf(out, "  %8lld  %.10s  %-10s %s (%s)", (long long)r->number,
			utc_text(r->at, at, sizeof at), r->kind, *r->reference ? r->reference : "-",
			r->counts);
		if (r->corrected)
			fprintf(out, "; corrected by entry %lld", (long long)r->corrected_by);
		fputc('\n', out);
	}
}

static void store(const struct audit *a, FILE *out)
{
	print_audit_heading(out, "Settings in force");
	for (unsigned i = 0; i < a->options->settings; i++)
		fprintf(out, "  %-28s %s\n", a->options->setting[i].name,
			a->options->setting[i].value);
	print_audit_heading(out, "Database and program");
	fprintf(out,
		"  secure_delete                %s\n  deleted bytes overwritten    %s\n  write-ahead log              %lld bytes\n"
		"  database                     %lld bytes, schema %d\n",
		a->file.secure_delete ? "on" : "OFF", a->file.rewrite_due ? "NOT YET" : "yes",
		(long long)a->file.log_bytes, (long long)a->file.bytes, a->file.schema);
	for (unsigned i = 0; i < a->options->components; i++)
		fprintf(out, "  %-28s %s\n", a->options->component[i].name,
			a->options->component[i].value);
}

void audit_write_text(const struct audit *a, FILE *out)
{
	char at[32];
	fprintf(out, "Retention and integrity, %s\n", utc_text(a->now, at, sizeof at));
	if (a->options->report->organisation)
		fprintf(out, "%s\n", a->options->report->organisation);
	print_promises(a, out);
	print_schedule(a, out);
	print_keys(a, out);
	print_purges(a, out);
	print_requests(a, out);
	print_ledger(a, out);
	store(a, out);
	print_audit_heading(out, "For the record of processing activities (Article 30 GDPR)");
	for (unsigned i = 0; i < a->records; i++) {
		fprintf(out, "%s\n", a->record[i].name);
		print_audit_wrapped(out, a->record[i].text, 2);
	}
}
