/*
 * Contacts: one state per recipient, so that the sending system knows whom not to write to.
 *
 * Messages do not come in the order in which things happened. So nothing is decided from the state
 * alone: a contact keeps a summary of its events that does not depend on their order
 * (history/history.h), and whenever one joins, the state is made anew from it (standing.c). The
 * same events give the same contact in any order and any batches.
 *
 * Of hard failures and complaints the earliest day counts, whatever came when; the rest of the
 * history stays, so that what was wrong can be taken back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "store/brake.h"
#include "store/cause.h"
#include "store/contact.h"
#include "store/held.h"
#include "store/investigation.h"
#include "store/mailings.h"
#include "store/message.h"
#include "store/nodomain.h"
#include "store/ownkeys.h"
#include "store/tally.h"

int contact_note(struct store *s, struct contact *c, const struct packed *e, int meaning)
{
	bool final = meaning == HISTORY_HARD || meaning == HISTORY_COMPLAINT;

	if (site_is_on(s))
		return share_note(s, c, e, meaning) ? STORE_FAILED : contact_refold(s, c);
	if (e->at <= c->history.settled && !final)
		return STORE_OK;
	if (!contact_add(s, &c->history, e, meaning)) {
		struct walk w = walk_of(s, c);
		fold_one_day(&w, &c->history);
	}
	return contact_refold(s, c);
}

/* --- in ------------------------------------------------------------------- */

/* The row that was OLD is PRESENT now. */
static int contact_moved(struct store *s, const unsigned char old[PSEUDONYM_SIZE],
	const unsigned char present[PSEUDONYM_SIZE])
{
	struct contact c;
	bool found;

	return db_run(s, SQL_SHARE_REKEY, "bb", present, PSEUDONYM_SIZE, old, PSEUDONYM_SIZE) ||
			contact_load(s, present, &c, &found) ||
			agenda_move(s, old, &c.agenda, NULL) ||
			agenda_move(s, present, NULL, &c.agenda)
		? STORE_FAILED
		: STORE_OK;
}

int contact_rekey(struct store *s, unsigned count, const unsigned char old[][PSEUDONYM_SIZE],
	const unsigned char present[PSEUDONYM_SIZE], bool *moved)
{
	bool any = false;

	for (unsigned i = 0; i < count; i++) {
		if (db_run(s, SQL_CONTACT_REKEY, "bb", present, PSEUDONYM_SIZE, old[i],
			    PSEUDONYM_SIZE))
			return STORE_FAILED;
		bool one = sqlite3_changes(s->db);
		any |= one;
		if (one && contact_moved(s, old[i], present))
			return STORE_FAILED;
	}
	if (moved)
		*moved = any;
	return any ? held_note_deletion(s) : STORE_OK;
}

bool contact_is_taken_back(const struct store *s, const struct packed *e, int meaning)
{
	struct cause cause;

	if (!s->takings)
		return false;
	cause = contact_cause(s, e, meaning);
	return cause_is_taken_back(s, (enum history_kind)meaning, &cause,
		cause_number(s, CAUSE_CAMPAIGN, e->campaign), e->at);
}

bool contact_takes(const struct store *s, const struct packed *e)
{
	return e->known && e->origin >= s->o.act_on && contact_meaning(e) != MEANS_NOTHING;
}

/*
 * Mail that goes to who is suppressed as gone: the sending system does not ask, and where it is
 * delivered he is there. What was on its way when he was suppressed is neither, so two days are
 * given.
 */
static int count_gone(struct store *s, const struct contact *c, const struct packed *e, int meaning)
{
	if (!contact_is_gone(c) || e->at < c->now.since + 2 * DAY ||
		(meaning != HISTORY_HARD && meaning != HISTORY_DELIVERED))
		return STORE_OK;
	return count_message(s, e->day, "",
		meaning == HISTORY_HARD ? OUTCOME_GONE_REFUSED : OUTCOME_GONE_DELIVERED);
}

int contact_apply(struct store *s, const struct packed *e)
{
	int meaning = contact_meaning(e);
	struct contact c;
	bool found;

	if (!contact_takes(s, e))
		return STORE_OK;
	if (meaning != HISTORY_DELIVERED && contact_is_taken_back(s, e, meaning))
		return STORE_OK;
	if (meaning == HISTORY_BLOCK && investigation_note(s, e, contact_segment_of(e)))
		return STORE_FAILED;
	if (contact_rekey(s, keys_old_states(s), e->old_contact, e->contact, NULL))
		return STORE_FAILED;
	if (contact_load(s, e->contact, &c, &found))
		return STORE_FAILED;
	if (meaning != HISTORY_DELIVERED &&
		recurrence_add(s, e->day, e->klass, !found || contact_is_well(&c)))
		return STORE_FAILED;
	if (e->at <= c.moved)
		return STORE_OK;
	if (count_gone(s, &c, e, meaning) || contact_note(s, &c, e, meaning))
		return STORE_FAILED;
	c.at = larger(c.at, day_start(e->at));
	if (contact_save(s, found ? SQL_CONTACT_PUT : SQL_CONTACT_ADD, &c))
		return STORE_FAILED;
	/* at last: it may change this contact, too */
	return meaning == HISTORY_HARD || meaning == HISTORY_UNCLEAR
		? brake_add(s, e, meaning == HISTORY_UNCLEAR)
		: STORE_OK;
}

/* --- in the course of time ------------------------------------------------ */

enum {
	DUE_FEW = 1 << 12,  /* contacts at a time, 96 KiB; */
	DUE_MOST = 1 << 18, /* 6 MiB */
	PER_PAGE = 16       /* contacts, about */
};

static int advance_one(struct store *s, struct contact *c, int64_t now)
{
	contact_elapse(s, c, now);
	/* at once, not as a change of its own; but what is yet to be told stays as it is */
	if (!s->o.tell && contact_is_untidy(c, now))
		history_coarsen(&c->history);
	return contact_save(s, SQL_CONTACT_PUT, c);
}

static int tidy_one(struct store *s, struct contact *c, int64_t now)
{
	(void)now;
	history_coarsen(&c->history);
	return contact_save(s, SQL_CONTACT_PUT, c);
}

static int drop_one(struct store *s, struct contact *c, int64_t now)
{
	(void)now;
	return contact_delete(s, c, &(uint64_t){ 0 }) || held_note_deletion(s) ? STORE_FAILED
									       : STORE_OK;
}

/* DO_ONE to the contact of a line; a line that is not as its contact has it goes. */
static int do_due(struct store *s, enum agenda list, const struct agenda_entry *e,
	int (*do_one)(struct store *s, struct contact *c, int64_t now), int64_t now)
{
	struct agenda_days stray = { .on = { 0 } };
	struct contact c;
	bool found;

	stray.on[list] = e->day;
	if (contact_load(s, e->key, &c, &found))
		return STORE_FAILED;
	return found && c.agenda.on[list] == e->day ? do_one(s, &c, now)
						    : agenda_move(s, e->key, &stray, NULL);
}

/*
 * DO_ONE to all contacts whose time on LIST has come. Many at a time, which are gone through in the
 * order of the tree: each of its pages is changed once for all of them; on most days there are few.
 * *COUNT counts them.
 */
static int each_due(struct store *s, enum agenda list,
	int (*do_one)(struct store *s, struct contact *c, int64_t now), int64_t now,
	uint64_t *count)
{
	struct agenda_page page = { .room = DUE_FEW, .at = malloc(DUE_FEW * sizeof *page.at) };
	int result = page.at ? STORE_OK : store_fail(s, STORE_FAILED, "no memory");

	while (!result && !(result = agenda_next(s, list, now, &page)) && page.n) {
		for (size_t i = 0; i < page.n && !result; i++, ++*count)
			result = do_due(s, list, &page.at[i], do_one, now);
		if (!result && page.room == DUE_FEW && page.n == page.room) {
			free(page.at);
			page.room = DUE_MOST;
			if (!(page.at = malloc(DUE_MOST * sizeof *page.at)))
				result = store_fail(s, STORE_FAILED, "no memory");
		}
	}
	free(page.at);
	return result || !page.foreign ? result : agenda_from_rows(s);
}

struct walked {
	int64_t now;
	uint64_t *count;
};

static int advance_walked(struct store *s, struct contact *c, void *context)
{
	const struct walked *w = context;

	if (c->agenda.on[AGENDA_DUE] <= w->now - DAY)
		c->agenda.on[AGENDA_DUE] = 0; /* its line has gone with the others */
	++*w->count;
	return advance_one(s, c, w->now);
}

/*
 * Where about as many are due as the tree of contacts has pages, all of it is gone through, once:
 * by the agenda, a portion at a time, each of its pages would be written many times over.
 */
static int walk_due(struct store *s, int64_t now, uint64_t *count)
{
	struct walked w = { now, count };
	uint64_t counts[STATE_COUNT], contacts = 0;
	int64_t past = 0;
	const char *due = agenda_name(AGENDA_DUE);

	if (db_int(s, &past, SQL_AGENDA_PAST, "ti", due, now - DAY) ||
		store_contact_counts(s, counts))
		return STORE_FAILED;
	for (unsigned i = 0; i < STATE_COUNT; i++)
		contacts += counts[i];
	if (past <= DUE_FEW || (uint64_t)past * PER_PAGE < contacts)
		return STORE_OK;
	return db_run(s, SQL_AGENDA_PAST_TAKE, "ti", due, now - DAY) ||
			contacts_each(s, SQL_CONTACT_DUE_NEXT, &now, advance_walked, &w)
		? STORE_FAILED
		: STORE_OK;
}

int store_advance(struct store *s, int64_t now, uint64_t *changed)
{
	uint64_t tidied = 0;
	bool own;
	int result = db_enter(s, &own);

	*changed = 0;
	if (result)
		return result;
	/* first: whose hold is over by now is one of those that time moves on below */
	result = brake_advance(s, now);
	if (!result)
		result = walk_due(s, now, changed);
	if (!result)
		result = each_due(s, AGENDA_DUE, advance_one, now, changed);
	if (!result)
		result = each_due(s, AGENDA_TIDY, tidy_one, now, &tidied);
	if (!result)
		result = each_due(
			s, AGENDA_WELL, drop_one, now - whole_days(s->o.remember), &tidied);
	if (!result)
		result = investigation_advance(s, now);
	if (!result)
		result = mailings_measure(s, now);
	if (!result)
		result = nodomain_advance(s, now);
	return db_leave(s, own, result);
}

/* --- moved by an operator ------------------------------------------------- */

/* Its cause stays known: it may yet be taken back. */
static int confirm_contact(struct store *s, struct contact *c, int64_t now)
{
	for (unsigned i = 0; i < c->history.days; i++)
		c->history.day[i].confirmed |= c->history.day[i].count[HISTORY_HARD] > 0;
	return (site_is_on(s) && share_confirmed(s, c, now)) || contact_refold(s, c)
		? STORE_FAILED
		: contact_save(s, SQL_CONTACT_PUT, c);
}

struct freeing {
	uint32_t stream;
	int64_t now;
};

static bool free_stream(void *context, struct history *h)
{
	const struct freeing *f = context;

	history_free_stream(h, f->stream, f->now);
	return true;
}

int store_contact_free(
	struct store *s, const char *address, size_t n, unsigned stream, int64_t now, bool *freed)
{
	struct freeing f = { stream ? s->stream[stream - 1] : 0, now };
	struct pseudonyms p;
	struct contact c;
	bool found;

	*freed = false;
	if (!s->in_transaction || !stream)
		return store_fail(s, STORE_MISUSE, "free outside a transaction, or no stream");
	if (pseudonyms_of(s, address, n, &p))
		return STORE_MISUSE;
	if (contact_rekey(s, p.n - 1, &p.key[1], p.key[0], NULL) ||
		contact_load(s, p.key[0], &c, &found))
		return STORE_FAILED;
	if (!history_objection(&c.history, f.stream))
		return STORE_OK;
	if (site_is_on(s)) {
		if (share_changed(s, &c, now, free_stream, &f, freed))
			return STORE_FAILED;
	} else {
		*freed = free_stream(&f, &c.history);
	}
	c.at = larger(c.at, day_start(now));
	return share_date(s, &c, now) || contact_refold(s, &c) ||
			contact_save(s, SQL_CONTACT_PUT, &c)
		? STORE_FAILED
		: STORE_OK;
}

int store_contact_move(struct store *s, const char *address, size_t n, enum contact_move move,
	int64_t now, enum contact_state *from, bool *moved)
{
	static const enum happening whats[] = { [MOVE_REVALIDATE] = REVALIDATED,
		[MOVE_RESOLVE] = RESOLVED,
		[MOVE_CONFIRM] = CONFIRMED,
		[MOVE_REACTIVATE] = REACTIVATED };
	struct pseudonyms p;
	struct contact c;
	struct walk w;
	bool found;

	*moved = false;
	if (!s->in_transaction)
		return store_fail(s, STORE_MISUSE, "move outside a transaction");
	if (pseudonyms_of(s, address, n, &p))
		return STORE_MISUSE;
	if (contact_rekey(s, p.n - 1, &p.key[1], p.key[0], NULL) ||
		contact_load(s, p.key[0], &c, &found))
		return STORE_FAILED;
	/* why he is where he is, for who has no row of him to read it from */
	if ((c.history.days || c.history.settled) && contact_refold(s, &c))
		return STORE_FAILED;
	contact_elapse(s, &c, now);
	bool objected = move == MOVE_REACTIVATE && history_first_objection(&c.history, 0);
	*from = objected ? STATE_INACTIVE : c.now.state;
	w = walk_of(s, &c);
	if (!happens(&w, &c.now, whats[move], now) && !objected)
		return STORE_OK;
	*moved = true;
	if (move == MOVE_CONFIRM)
		return confirm_contact(s, &c, now);
	/* from here on what happened before is part of the base, which no day leaves to be cut */
	if (!is_running(c.now.state))
		c.now.first = day_start(c.now.first);
	c.history.days = 0;
	c.history.base = c.now;
	c.history.settled = now;
	if (move == MOVE_REACTIVATE) {
		c.moved = now;
		c.history.objections = 0;
		c.history.base.because = FOR_NOTHING; /* who only objected stays where he is */
		c.reason[0] = c.rule[0] = c.ladder[0] = '\0';
		c.history.soft = c.history.block = (struct last){ 0, NO_REFERENCE };
	}
	c.at = larger(c.at, day_start(now));
	if (site_is_on(s) && share_moved(s, &c, now))
		return STORE_FAILED;
	return contact_save(s, SQL_CONTACT_PUT, &c);
}
