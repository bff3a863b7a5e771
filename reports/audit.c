/*
 * Evidence of retention and integrity for an auditor, as text: what is kept, how long and why; what is still there and since when; which
 * keys exist; what the purges did; whether the ledger's chain holds, and its head, to compare with the one in the monthly mails.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/model.h"

enum { PURGES_SHOWN = 14, KINDS_MAX = 32 };

struct chain {
	uint64_t entries, purges;
	struct ledger_entry first, last;
	struct ledger_entry purge[PURGES_SHOWN]; /* a ring: purge number n stands at n % PURGES_SHOWN */
	struct {
		char kind[STORE_NAME_SIZE];
		uint64_t count;
	} kind[KINDS_MAX];
	unsigned kinds;
};

static int take_entry(void *context, const struct ledger_entry *e)
{
	struct chain *c = context;
	unsigned i = 0;
	if (c->entries++ == 0)
		c->first = *e;
	c->last = *e;
	if (strcmp(e->kind, "purge") == 0)
		c->purge[c->purges++ % PURGES_SHOWN] = *e;
	while (i < c->kinds && strcmp(c->kind[i].kind, e->kind) != 0)
		i++;
	if (i == KINDS_MAX)
		return 0;
	if (i == c->kinds) {
		snprintf(c->kind[i].kind, sizeof c->kind[i].kind, "%s", e->kind);
		c->kinds++;
	}
	c->kind[i].count++;
	return 0;
}

static int print_key(void *context, const struct key_info *k)
{
	fprintf(context, "  %-36s %-8s %s\n", k->name, k->purpose, k->month);
	return 0;
}

static void print_schedule(FILE *out, const struct purge *held)
{
	char period[32], oldest[32], cutoff[32];
	fprintf(out, "\nRetention schedule\n------------------\n%-12s %-10s %8s  %-20s  %-20s %3s\n", "What", "Kept for", "Rows", "Oldest",
		"Due before", "Due");
	for (unsigned i = 0; i < held->count; i++) {
		const struct purge_class *c = &held->at[i];
		fprintf(out, "%-12s %-10s %8llu  %-20s  %-20s %3llu%s\n", c->name, period_text(c->period, period, sizeof period),
			(unsigned long long)c->left, c->oldest ? utc_text(c->oldest, oldest, sizeof oldest) : "-",
			utc_text(c->cutoff, cutoff, sizeof cutoff), (unsigned long long)c->overdue, c->overdue ? "  BROKEN" : "");
		fprintf(out, "  because: %s\n", c->reason && *c->reason ? c->reason : "(no reason is given)");
	}
	fputs("\nMonthly tallies hold counts only, name nobody, and stay.\n", out);
}

static void print_purges(FILE *out, const struct chain *c)
{
	char at[32];
	uint64_t first = c->purges > PURGES_SHOWN ? c->purges - PURGES_SHOWN : 0;
	fprintf(out, "\nPurges\n------\n%llu on record", (unsigned long long)c->purges);
	fputs(first ? "; the latest:\n" : c->purges ? ":\n" : ".\n", out);
	for (uint64_t i = first; i < c->purges; i++) {
		const struct ledger_entry *e = &c->purge[i % PURGES_SHOWN];
		fprintf(out, "  %-22s %s\n", utc_text(e->at, at, sizeof at), e->detail);
	}
}

static void print_ledger(FILE *out, const struct chain *c, const char *fault)
{
	char at[32], hash[LEDGER_HASH_SIZE * 2 + 1];
	fputs("\nLedger\n------\n", out);
	if (fault)
		fprintf(out, "The chain is BROKEN: %s\n", fault);
	else
		fputs("Every entry's hash was computed again and fits.\n", out);
	for (unsigned i = 0; i < c->kinds; i++)
		fprintf(out, "  %8llu  %s\n", (unsigned long long)c->kind[i].count, c->kind[i].kind);
	if (!c->entries)
		return;
	fprintf(out, "First entry %lld, %s\n", (long long)c->first.number, utc_text(c->first.at, at, sizeof at));
	fprintf(out, "Head, entry %lld, %s\n  %s\n", (long long)c->last.number, utc_text(c->last.at, at, sizeof at),
		hash_text(c->last.hash, hash));
	fputs("Compare it with the monthly mails: a later head must follow from theirs.\n", out);
}

static uint64_t overdue(const struct purge *held)
{
	uint64_t n = 0;
	for (unsigned i = 0; i < held->count; i++)
		n += held->at[i].overdue;
	return n;
}

int audit_text(struct store *store, int64_t now, const struct report_options *options, struct buffer *out, bool *broken, char *error,
	       size_t size)
{
	struct purge held;
	struct chain *chain = calloc(1, sizeof *chain);
	char at[32], fault[256] = "";
	FILE *file = NULL;
	int walked, kept, result = -1;
	*out = (struct buffer){ NULL, 0 };
	*broken = false;
	snprintf(error, size, "no memory for the audit");
	if (!chain)
		goto out;
	walked = store_ledger_walk(store, take_entry, chain);
	if (walked != STORE_OK)
		snprintf(fault, sizeof fault, "%s", store_error(store));
	kept = store_held(store, now, &held);
	if ((walked != STORE_OK && walked != STORE_BROKEN) || (kept != STORE_OK && kept != STORE_BROKEN)) {
		snprintf(error, size, "the audit cannot read the store: %s", store_error(store));
		goto out;
	}
	*broken = walked == STORE_BROKEN || kept == STORE_BROKEN || overdue(&held) > 0;
	file = open_memstream(&out->p, &out->n);
	if (!file)
		goto out;
	fprintf(file, "Retention and integrity, %s\n", utc_text(now, at, sizeof at));
	if (options->organisation)
		fprintf(file, "%s\n", options->organisation);
	fputs(*broken ? "\nA PROMISE IS BROKEN:\n" : "\nEvery promise that can be checked here is kept.\n", file);
	if (overdue(&held))
		fprintf(file, "  %llu rows are still there although they are due for deletion\n", (unsigned long long)overdue(&held));
	else if (kept == STORE_BROKEN)
		fprintf(file, "  retention: %s\n", store_error(store));
	if (walked == STORE_BROKEN)
		fprintf(file, "  the ledger does not hold: %s\n", fault);
	print_schedule(file, &held);
	fputs("\nKeys\n----\n", file);
	if (store_keys(store, print_key, file) != STORE_OK) {
		snprintf(error, size, "the audit cannot list the keys: %s", store_error(store));
		goto out;
	}
	print_purges(file, chain);
	print_ledger(file, chain, walked == STORE_BROKEN ? fault : NULL);
	result = 0;
out:
	if (file && fclose(file) != 0)
		result = -1;
	if (result)
		buffer_free(out);
	else
		*error = '\0';
	free(chain);
	return result;
}
