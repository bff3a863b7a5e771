/*
 * Erasures, and what is left of the shares of whom they are about.
 *
 * An erasure is a time, below which nothing counts: a share whose site had not heard of it (erased)
 * is cut there by whoever holds it, each in the same way, and its own site tells it anew. Of the
 * day of the erasure what has a time stays from there on; hard failures, complaints and what nobody
 * understood have none, and go.
 *
 * An erasure that keeps suppressions leaves the first hard failure and the first complaint, the
 * first objection to each stream, and of whom only time had ended since when and why: of each share
 * its own, so that what any site knows is kept, and the first of all of them is what one machine
 * had kept. Of a complaint and a hard failure the complaint stays.
 */
#include "store/cause.h"
#include "store/siteparts.h"
#include "store/wave.h"
#include "store/contact.h"
#include "store/held.h"

/* --- erased ---------------------------------------------------------------- */

struct erasing {
	const struct contact *c; /* as the row has it */
	struct erasure_times of; /* all that are known */
	const struct share *own; /* which keeps an end by time; NULL: none does */
};

/* Hard failures that are held for a wave end nobody yet. */
static bool is_doubted(
	const struct store *s, const struct share *h, const struct day *d, const struct contact *c)
{
	bool confirmed = d->confirmed;

	for (unsigned i = 0; i < c->history.days; i++)
		confirmed |= c->history.day[i].start == d->start && c->history.day[i].confirmed;
	return !confirmed &&
		wave_holds(s, d->start, history_cause(&h->history, d->by[HISTORY_HARD]));
}

static void keep_what_suppresses(const struct store *s, struct share *h, const struct erasing *e)
{
	const struct history *all = &h->history;

	for (unsigned i = 0; i < all->days; i++) {
		const struct day *d = &all->day[i];
		if (d->start > e->of.last)
			continue;
		if (d->count[HISTORY_HARD] && !is_doubted(s, h, d, e->c))
			kept_end_add(&h->kept.hard, d->start,
				history_cause(all, d->by[HISTORY_HARD])->category);
		if (d->count[HISTORY_COMPLAINT])
			kept_end_add(&h->kept.complaint, d->start,
				history_cause(all, d->by[HISTORY_COMPLAINT])->category);
	}
	for (unsigned i = 0; i < all->objections; i++) {
		const struct objection *o = &all->objection[i];
		struct kept_end end = { o->at, history_cause(all, o->by)->category };
		if (!o->freed && o->at <= e->of.last)
			kept_stream_add(&h->kept, o->stream, &end);
	}
}

/* Of whom only time has ended, what the sum says. */
static void keep_end_by_time(struct share *h, const struct contact *c)
{
	enum because because = FOR_TOO_LONG;

	for (unsigned i = 0; i < c->history.days; i++)
		if (history_day_is_final(&c->history.day[i]))
			return;
	if (c->now.state != STATE_INACTIVE)
		return;
	if (strcmp(c->reason, NOT_UNDERSTOOD) == 0)
		because = FOR_UNCLEAR_LONG;
	kept_since_add(&h->kept, c->now.since, c->at, (uint8_t)because);
}

/* What is from AT or before goes. */
static void cut_share(struct share *h, int64_t at)
{
	struct history *all = &h->history;

	share_cut_days(all, at, at);
	history_drop_objections(all, at);
	if (all->soft.at <= at)
		all->soft = (struct last){ 0, NO_REFERENCE };
	if (all->block.at <= at)
		all->block = (struct last){ 0, NO_REFERENCE };
}

/*
 * What is in it was heard of behind all that kept nothing up to this time, whatever day it is from:
 * a list may name an old one.
 */
static int64_t heard_behind(const struct share *h)
{
	return kept_is_nothing(&h->kept) && !share_says_nothing(h) ? h->erased : h->kept.heard;
}

/* Its site had not heard of all of them, and that matters. */
static bool is_before(const struct share *h, const struct erasure_times *of)
{
	return h->erased < of->last || heard_behind(h) < of->bare;
}

/*
 * What is left depends on E->of alone, however often it was cut before and by which of them: what
 * is from before the last one that keeps nothing goes, then what suppresses is kept of the rest.
 */
static void erase_share(const struct store *s, struct share *h, const struct erasing *e)
{
	int64_t heard = heard_behind(h);

	if (!is_before(h, &e->of))
		return;
	h->cut = true;
	kept_hear_freed(&h->kept, &h->history);
	if (heard < e->of.bare) {
		kept_drop(&h->kept, e->of.bare);
		cut_share(h, e->of.bare);
	}
	h->kept.heard = larger(heard, e->of.bare);
	h->kept.bare = larger(h->kept.bare, e->of.bare);
	if (h->erased >= e->of.last)
		return;
	keep_what_suppresses(s, h, e);
	if (h == e->own)
		keep_end_by_time(h, e->c);
	cut_share(h, e->of.last);
	if (h->moved <= e->of.last) {
		h->history.base = (struct standing){ .state = STATE_ACTIVE };
		h->history.settled = h->moved = 0;
	}
	h->erased = e->of.last;
}

/* What was made of it here counts until its own site has obeyed. */
static int is_obeyed(
	struct store *s, const unsigned char key[PSEUDONYM_SIZE], const struct share *h, bool *over)
{
	char mark[2 * PSEUDONYM_SIZE + 1];
	struct erasure_times of = { 0, 0 };

	*over = false;
	if (!h->kept.pending)
		return STORE_OK;
	site_mark(s, key, mark);
	if (mark_of(s, CHANGE_FORGET, mark, h->life, NULL, &of) ||
		mark_of(s, CHANGE_CONFIRM, mark, h->life, NULL, &of))
		return STORE_FAILED;
	*over = of.last >= h->erased && of.bare >= h->kept.bare;
	return STORE_OK;
}

/* Those of other sites as they will tell them; TELL: this store's own is told in any case. */
static int keep_erased(struct store *s, const unsigned char key[PSEUDONYM_SIZE], bool tell,
	int64_t now, unsigned *left)
{
	int result = STORE_OK;
	bool over;

	*left = 0;
	for (unsigned i = 0; i < s->site->shares && !result; i++) {
		struct share *h = &s->site->share[i];
		bool own = h->life == s->site->life;
		if (h->cut && share_says_nothing(h) && !(own && tell))
			continue;
		if ((result = is_obeyed(s, key, h, &over)) || over)
			continue;
		result = own ? share_tell(s, key, h, now) : share_save(s, key, h);
		++*left;
	}
	return result;
}

/* This store's own share; one is made where the row of C says what is to be kept. */
static int own_for_erasure(
	struct store *s, const struct contact *c, bool suppresses, struct share **own)
{
	*own = NULL;
	for (unsigned i = 0; i < s->site->shares; i++)
		if (s->site->share[i].life == s->site->life)
			*own = &s->site->share[i];
	if (*own || !suppresses)
		return STORE_OK;
	if (!(*own = share_own(s, c)))
		return STORE_FAILED;
	(*own)->at = c->at;
	(*own)->erased = 0;
	return STORE_OK;
}

/*
 * Those that are to be cut hear first of moves, and of what an operator said of streams, which lie
 * in the share of his site. The others stay as their sites told them.
 */
static void hear_before_cut(struct store *s, const struct erasing *e)
{
	for (unsigned i = 0; i < s->site->shares; i++) {
		struct share *h = &s->site->share[i];
		h->cut = is_before(h, &e->of);
		if (!h->cut)
			continue;
		causes_filter(s, &h->history);
		shares_hear(s, h);
		for (unsigned k = 0; k < s->site->shares; k++)
			if (k != i)
				history_hear_freed(&h->history, &s->site->share[k].history);
		history_hear_freed(&h->history, &e->c->history);
	}
}

/* All shares are erased by what was known and NEWS, and the row is made anew of what is left. */
static int erase_shares(struct store *s, const unsigned char key[PSEUDONYM_SIZE],
	const struct erasure_times *news, bool begun_here, int64_t now, struct erased *sum)
{
	struct contact c;
	struct erasing e = { .c = &c };
	struct share *own;
	unsigned left;
	bool found;

	s->site->forgets = true;
	if (site_erased(s, key, &e.of) || contact_load(s, key, &c, &found) ||
		shares_load_all(s, key))
		return STORE_FAILED;
	bool keep = news->bare <= e.of.bare;
	erasures_join(&e.of, news);
	bool suppresses = keep && found && (c.now.state == STATE_INACTIVE || c.objected);
	if (own_for_erasure(s, &c, suppresses, &own))
		return STORE_FAILED;
	e.own = suppresses ? own : NULL;
	hear_before_cut(s, &e);
	for (unsigned i = 0; i < s->site->shares; i++) {
		struct share *h = &s->site->share[i];
		erase_share(s, h, &e);
		h->kept.pending = h != own && (h->cut || h->kept.pending);
	}
	/* the row is as young as it was */
	if (own && begun_here && suppresses)
		own->at = larger(own->at, c.at);
	if (contact_forget(s, key, keep, now, sum) ||
		db_run(s, SQL_SHARE_DELETE_ALL, "b", key, PSEUDONYM_SIZE) ||
		keep_erased(s, key, begun_here && suppresses, now, &left))
		return STORE_FAILED;
	if (left)
		return contact_anew(s, key);
	if (contact_load(s, key, &c, &found))
		return STORE_FAILED;
	return found ? contact_delete(s, &c, &(uint64_t){ 0 }) : STORE_OK;
}

/* Two of one second, of a clock that went back, or of another site whose clock is ahead, are told
 * apart by the time of the later one: what was read since that one goes, too. */
int share_forget(struct store *s, const unsigned char key[PSEUDONYM_SIZE], bool keep, int64_t now,
	struct erased *sum)
{
	char mark[2 * PSEUDONYM_SIZE + 1];
	struct mark m = { .of = { 0, 0 } };
	struct erasure_times known;

	memcpy(m.name, key, PSEUDONYM_SIZE);
	site_mark(s, key, mark);
	if (mark_of(s, CHANGE_FORGET, mark, s->site->life, NULL, &m.of) ||
		site_erased(s, key, &known))
		return STORE_FAILED;
	m.of.last = larger(now, known.last + 1);
	if (!keep)
		m.of.bare = m.of.last;
	return erase_shares(s, key, &m.of, true, now, sum) ||
			mark_put(s, CHANGE_FORGET, mark, s->site->life, m.of.last, &m)
		? STORE_FAILED
		: STORE_OK;
}

int share_obey(struct store *s, const unsigned char key[PSEUDONYM_SIZE],
	const struct erasure_times *of, int64_t now)
{
	struct erased sum = { 0 };

	return erase_shares(s, key, of, false, now, &sum) || held_note_deletion(s) ? STORE_FAILED
										   : STORE_OK;
}

/* --- lines from before an erasure ------------------------------------------- */

int share_hear_erasures(
	struct store *s, const unsigned char key[PSEUDONYM_SIZE], struct share *h, bool *nothing)
{
	struct contact c;
	struct erasing e = { .c = &c };
	bool found;

	*nothing = h->cut = false;
	if (site_erased(s, key, &e.of))
		return STORE_FAILED;
	if (is_before(h, &e.of)) {
		if (contact_load(s, key, &c, &found))
			return STORE_FAILED;
		causes_filter(s, &h->history);
		erase_share(s, h, &e);
		h->kept.pending = true;
	}
	if (is_obeyed(s, key, h, nothing))
		return STORE_FAILED;
	*nothing |= h->cut && share_says_nothing(h);
	return STORE_OK;
}

int share_obeyed(struct store *s, const unsigned char key[PSEUDONYM_SIZE], int64_t life)
{
	struct contact c;
	bool over = false, found;
	int result = shares_load_all(s, key);

	for (unsigned i = 0; i < s->site->shares && !result && !over; i++)
		if (s->site->share[i].life == life)
			result = is_obeyed(s, key, &s->site->share[i], &over);
	if (result || !over)
		return result;
	if (db_run(s, SQL_SHARE_DELETE, "bi", key, PSEUDONYM_SIZE, life))
		return STORE_FAILED;
	if (s->site->shares > 1)
		return contact_anew(s, key);
	return contact_load(s, key, &c, &found) ||
			(found && contact_delete(s, &c, &(uint64_t){ 0 }))
		? STORE_FAILED
		: held_note_deletion(s);
}
