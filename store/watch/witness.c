/*
 * Three rows of the table meta: "clock-runs" (times, oldest first), "clock-boot" (name and begin),
 * "clock-lead" (newest, tolerated, and of a token server what it said and when).
 */
#include <stdio.h>
#include <stdlib.h>
#include "classify/base/clock.h"
#include "classify/base/units.h"
#include "store/watch/alert.h"
#include "store/internal.h"
#include "store/watch/witness.h"

#define CLOCK_RUNS "clock-runs"
#define CLOCK_START "clock-boot"
#define CLOCK_LEAD "clock-lead"

enum { WITNESS_TEXT_SIZE = WITNESS_RUNS * 21 + 1 };

static int read_runs(struct store *s, struct witness *w)
{
	char text[WITNESS_TEXT_SIZE], *at = text, *end;

	if (db_line(s, text, sizeof text, SQL_META_GET, "t", CLOCK_RUNS))
		return STORE_FAILED;
	for (; w->runs < WITNESS_RUNS; w->runs++, at = end) {
		w->ran[w->runs] = strtoll(at, &end, 10);
		if (end == at)
			break;
	}
	return STORE_OK;
}

static int read_last(struct store *s, struct witness *w)
{
	struct ledger_entry head;
	int64_t alerts;

	if (w->runs) {
		w->last = w->ran[w->runs - 1];
		return STORE_OK;
	}
	if (store_alerts_last(s, &alerts) || store_ledger_head(s, &head))
		return STORE_FAILED;
	w->last = head.number && head.at > alerts ? head.at : alerts;
	return STORE_OK;
}

int store_witness(struct store *s, struct witness *out)
{
	char start[64], lead[96];
	long long began = 0, newest = 0, tolerated = 0, served = 0, served_at = 0;

	*out = (struct witness){ 0 };
	if (read_runs(s, out) || read_last(s, out) ||
		db_line(s, start, sizeof start, SQL_META_GET, "t", CLOCK_START) ||
		db_line(s, lead, sizeof lead, SQL_META_GET, "t", CLOCK_LEAD))
		return STORE_FAILED;
	if (sscanf(start, "%15s %lld", out->boot, &began) == 2)
		out->began = began;
	else
		out->boot[0] = '\0';
	if (sscanf(lead, "%lld %lld %lld %lld", &newest, &tolerated, &served, &served_at) >= 2) {
		out->newest = newest;
		out->tolerated = tolerated;
		out->served = served;
		out->served_at = served_at;
	}
	return STORE_OK;
}

static int write_runs(struct store *s, const int64_t *ran, unsigned runs)
{
	char text[WITNESS_TEXT_SIZE] = "";
	size_t n = 0;

	for (unsigned i = 0; i < runs; i++)
		n += (size_t)snprintf(
			text + n, sizeof text - n, "%s%lld", i ? " " : "", (long long)ran[i]);
	return db_run(s, SQL_META_PUT, "tt", CLOCK_RUNS, text);
}

static int write_start(struct store *s, const char *boot, int64_t began)
{
	char text[64];

	if (!*boot)
		return db_run(s, SQL_META_DELETE, "t", CLOCK_START);
	snprintf(text, sizeof text, "%s %lld", boot, (long long)began);
	return db_run(s, SQL_META_PUT, "tt", CLOCK_START, text);
}

static int write_lead(
	struct store *s, int64_t newest, int64_t tolerated, int64_t served, int64_t served_at)
{
	char text[96];

	snprintf(text, sizeof text, "%lld %lld %lld %lld", (long long)newest, (long long)tolerated,
		(long long)served, (long long)served_at);
	return db_run(s, SQL_META_PUT, "tt", CLOCK_LEAD, text);
}

int store_witness_ran(struct store *s, int64_t now, const char *boot, int64_t began)
{
	struct witness w;

	if (store_witness(s, &w))
		return STORE_FAILED;
	if (w.runs && llabs(now - w.last) < MINUTE && !strcmp(boot, w.boot))
		return STORE_OK;
	while (w.runs && w.ran[w.runs - 1] >= now - MINUTE)
		w.runs--; /* it went back a little: gaps are never negative */
	if (w.runs == WITNESS_RUNS)
		memmove(w.ran, w.ran + 1, --w.runs * sizeof *w.ran);
	w.ran[w.runs++] = now;
	return write_runs(s, w.ran, w.runs) || write_start(s, boot, began) ? STORE_FAILED
									   : STORE_OK;
}

int store_witness_newest(struct store *s, int64_t newest)
{
	struct witness w;

	return store_witness(s, &w) || write_lead(s, newest, w.tolerated, w.served, w.served_at)
		? STORE_FAILED
		: STORE_OK;
}

int store_witness_served(struct store *s, int64_t served, int64_t at)
{
	struct witness w;

	return store_witness(s, &w) || write_lead(s, w.newest, w.tolerated, served, at)
		? STORE_FAILED
		: STORE_OK;
}

int store_witness_confirm(struct store *s, const struct witness *w, int64_t now, const char *boot,
	int64_t began, int64_t tolerated, const char *why, const char *reason)
{
	char detail[LEDGER_TEXT_SIZE], from[CLOCK_TEXT_SIZE], to[CLOCK_TEXT_SIZE];
	int result = store_begin(s);

	if (result)
		return result;
	snprintf(detail, sizeof detail, "from=%s to=%s why=%s reason=\"%s\"",
		w->last ? clock_format(w->last, from) : "-", clock_format(now, to), why, reason);
	if (write_runs(s, &now, 1) || write_start(s, boot, began) ||
		write_lead(s, 0, tolerated, 0, 0) ||
		store_ledger(s, now, LEDGER_CLOCK_CONFIRMED, detail)) {
		store_rollback(s);
		return STORE_FAILED;
	}
	return store_commit(s);
}
