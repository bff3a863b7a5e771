/*
 * What is asked about contacts: the sending system's question, an operator's, and the list of all
 * of them.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "store/contact.h"
#include "store/contactrow.h"
#include "store/ownkeys.h"

enum {
	RUNS_SIZE = 256,
	BELIEVED = 40 * DAY, /* after the last run, as poller/run/clockguard.c has it at least */
};

/* --- out ------------------------------------------------------------------ */

static void answer_of(
	const struct standing *st, const char *reason, bool full, int64_t now, struct answer *out)
{
	out->state = st->state;
	out->verdict = standing_verdict(st->state);
	out->attempts = attempts_of(st);
	out->since = st->since;
	/*
	 * a mailbox that stayed full to the end of its ladder is as good as gone until it is tried
	 * again
	 */
	if (st->state == STATE_PAUSED && full)
		out->verdict = VERDICT_SUPPRESS;
	if (out->verdict == VERDICT_HOLD && now >= st->until)
		out->verdict = VERDICT_SEND;
	if (out->verdict == VERDICT_SEND)
		return;
	out->until = st->until;
	size_t n = strnlen(reason, sizeof out->reason - 1); /* printf takes as long as all else */
	memcpy(out->reason, reason, n);
	out->reason[n] = '\0';
}

/* What is final for all mail goes before it. */
static void answer_objection(const struct store *s, const struct objected *o, struct answer *out)
{
	if (!o || out->state == STATE_INACTIVE)
		return;
	*out = (struct answer){
		.verdict = VERDICT_SUPPRESS, .state = STATE_INACTIVE, .since = o->since
	};
	snprintf(out->reason, sizeof out->reason, "%s", category_name(o->category));
	snprintf(out->stream, sizeof out->stream, "%s", stream_name(s, o->stream));
}

int answer_believe(struct store *s, int64_t now)
{
	char runs[RUNS_SIZE];

	if (now <= s->last_run + BELIEVED)
		return STORE_OK;
	if (db_line(s, runs, sizeof runs, SQL_META_GET, "t", "clock-runs"))
		return STORE_FAILED;
	const char *last = strrchr(runs, ' ');
	s->last_run = strtoll(last ? last : runs, NULL, 10);
	return STORE_OK;
}

static int64_t believed_now(const struct store *s, int64_t now)
{
	return s->last_run > 0 && now > s->last_run + BELIEVED ? s->last_run : now;
}

void answer_row(const struct store *s, const struct contact_row *r, unsigned stream, int64_t now,
	struct answer *out)
{
	struct standing st = { .state = r->state,
		.because = AS_BEFORE,
		.since = r->since,
		.until = r->until,
		.due = r->due,
		.soft = r->attempts,
		.blocks = r->attempts,
		.unclear = r->attempts };
	struct walk w = { &s->o, quiet_of(s), r->key, NULL, s, NULL };

	if (st.state == STATE_UNCONFIRMED)
		now = believed_now(s, now);
	elapse(&w, &st, now);
	answer_of(&st, r->reason, r->full, now, out);
	answer_objection(s, objection_against(s, r, stream), out);
}

/* The contact under whichever of its pseudonyms it is. */
static int load_any(struct store *s, const struct pseudonyms *p, struct contact *c, bool *found)
{
	int result = contact_load(s, p->key[0], c, found);

	for (unsigned i = 1; i < p->n && !result && !*found; i++)
		result = contact_load(s, p->key[i], c, found);
	return result;
}

static int check_key(struct store *s, const unsigned char key[PSEUDONYM_SIZE], unsigned stream,
	int64_t now, struct answer *out, bool *found)
{
	struct contact_row row;
	sqlite3_stmt *st = db_bind(s, SQL_CONTACT_ROW, "b", key, PSEUDONYM_SIZE);
	int rc = st ? db_step(s, st) : -1;
	*found = rc == 1;
	if (*found) {
		if (contact_read_row(s, st, &row))
			answer_row(s, &row, stream, now, out);
		else
			rc = -1;
		sqlite3_reset(st);
	}
	return rc < 0 ? STORE_FAILED : STORE_OK;
}

int store_check(struct store *s, const char *address, size_t n, int64_t now, struct answer *out)
{
	return store_check_stream(s, address, n, 0, now, out);
}

int store_check_stream(struct store *s, const char *address, size_t n, unsigned stream, int64_t now,
	struct answer *out)
{
	struct pseudonyms p;
	bool found = false, again = true;
	int result = STORE_OK;

	memset(out, 0, sizeof *out);
	if (answer_believe(s, now))
		return STORE_FAILED;
	/* who is not found may have moved to a new state key meanwhile */
	while (!result && !found && again) {
		if (pseudonyms_of(s, address, n, &p))
			return STORE_MISUSE;
		for (unsigned i = 0; i < p.n && !found && !result; i++)
			result = check_key(s, p.key[i], stream, now, out, &found);
		if (!result && !found)
			result = keys_refresh(s, &again);
	}
	return result;
}

/* The objections to streams, and the first of them where nothing stands against all mail. */
static void show_objections(
	const struct store *s, const struct history *h, struct contact_view *out)
{
	const struct objection *o, *first = NULL;

	for (unsigned i = 0; (o = history_first_objection(h, i)) && i < CONTACT_OBJECTIONS_MAX;
		i++, out->objections++) {
		const struct cause *cause = history_cause(h, o->by);
		snprintf(out->objected[i].stream, EVENT_STREAM_SIZE, "%s",
			stream_name(s, o->stream));
		out->objected[i].since = o->at;
		out->objected[i].category = cause->category;
		memcpy(out->objected[i].rule, cause->rule, sizeof cause->rule);
		first = !first || o->at < first->at ? o : first;
	}
	if (first)
		answer_objection(s,
			&(struct objected){
				first->stream, history_cause(h, first->by)->category, first->at },
			&out->answer);
}

int store_contact_show(
	struct store *s, const char *address, size_t n, int64_t now, struct contact_view *out)
{
	struct pseudonyms p;
	struct contact c;

	memset(out, 0, sizeof *out);
	if (pseudonyms_of(s, address, n, &p))
		return STORE_MISUSE;
	if (load_any(s, &p, &c, &out->known))
		return STORE_FAILED;
	contact_elapse(s, &c, now);
	answer_of(&c.now, c.reason, ladder_is_full(c.ladder), now, &out->answer);
	show_objections(s, &c.history, out);
	out->pauses = c.now.pauses;
	memcpy(out->reason, c.reason, sizeof out->reason);
	memcpy(out->rule, c.rule, sizeof out->rule);
	out->objection = contact_objects(&c);
	out->last = c.at;
	out->moved = c.moved;
	out->month = c.counted.month;
	for (unsigned i = 0; i < c.history.days && i < CONTACT_DAYS_MAX; i++, out->days++) {
		const struct day *d = &c.history.day[i];
		out->day[i].day = d->start;
		out->day[i].soft = d->count[HISTORY_SOFT];
		out->day[i].blocks = d->count[HISTORY_BLOCK];
		out->day[i].delivered = d->delivered != NEVER;
	}
	if (c.now.state == STATE_SOFT || c.now.state == STATE_PAUSED ||
		c.now.state == STATE_REVALIDATE)
		memcpy(out->ladder, c.ladder, sizeof out->ladder);
	if (c.now.state == STATE_BLOCK || c.now.state == STATE_INVESTIGATE ||
		c.now.state == STATE_RETRY_GATED)
		memcpy(out->provider, history_cause(&c.history, c.history.block.by)->provider,
			sizeof out->provider);
	return STORE_OK;
}

int store_suppressions(struct store *s, int64_t since, unsigned stream, int64_t now,
	char key[STORE_FINGERPRINT_HEX],
	int (*visit)(void *context, const char *pseudonym, const struct answer *a), void *context)
{
	char hex[STORE_PSEUDONYM_HEX];
	struct contact_row row;
	struct answer answer;
	int result = answer_believe(s, now);
	sqlite3_stmt *st = db_bind(s, SQL_CONTACT_SINCE, "");

	since = since > 0 ? day_start(since) : 0;
	while (!result && db_row(s, st, &result)) {
		if (!contact_read_row(s, st, &row)) {
			result = STORE_FAILED;
			continue;
		}
		if (larger(sqlite3_column_int64(st, 3), row.since) < since)
			continue;
		keys_state_fingerprint(s, keys_generation(s, sqlite3_column_int64(st, 2)), key);
		memset(&answer, 0, sizeof answer);
		answer_row(s, &row, stream, now, &answer);
		sodium_bin2hex(hex, sizeof hex, row.key, sizeof row.key);
		result = visit(context, hex, &answer);
	}
	return result;
}

static int count_states(struct store *s, enum sql statement, uint64_t counts[STATE_COUNT])
{
	sqlite3_stmt *st = db_bind(s, statement, "");
	int result = STORE_OK;

	memset(counts, 0, STATE_COUNT * sizeof *counts);
	while (db_row(s, st, &result))
		counts[state_by_name((const char *)sqlite3_column_text(st, 0))] += (uint64_t)
			sqlite3_column_int64(st, 1);
	return result;
}

int store_contact_counts(struct store *s, uint64_t counts[STATE_COUNT])
{
	return count_states(s, SQL_CONTACT_STATES, counts);
}

int store_contact_objectors(struct store *s, uint64_t counts[STATE_COUNT])
{
	return count_states(s, SQL_CONTACT_OBJECTORS, counts);
}
