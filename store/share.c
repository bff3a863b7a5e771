/*
 * What each site knows of a contact, and the sum of it.
 *
 * A share's content before it is sealed: version 1 | at, moved, erased (8 each) | its pseudonym
 * under the state key before (16, zeroes: none) | the history (history/history.c). Numbers are
 * big-endian. Its times stay exact for as long as it is kept, because days that were cut can no
 * longer be put in order with another site's; the sum, which stands in table contact, is coarsened
 * as ever.
 *
 * The sum begins where an operator moved the contact last (history.settled): of a share that did
 * not know of that yet, what came before is left out. A day on which failures lie on both sides of
 * the move cannot be parted; what is left of it counts as one failure. Behind HISTORY_DAYS_MAX days
 * with events the first ones are settled, in the order of days, over all shares.
 */
#include "store/cause.h"
#include "store/siteparts.h"
#include "store/wave.h"

enum { SHARE_FORMAT = 1, SHARE_HEAD = 1 + 3 * 8 + PSEUDONYM_SIZE };

/* --- bytes ---------------------------------------------------------------- */

static void number_write(unsigned char *p, int64_t v)
{
	for (unsigned i = 8; i-- > 0; v = (int64_t)((uint64_t)v >> 8))
		p[i] = (unsigned char)v;
}

static int64_t number_read(const unsigned char *p)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return (int64_t)v;
}

size_t share_write(struct share *h, unsigned char *out)
{
	out[0] = SHARE_FORMAT;
	number_write(out + 1, h->at);
	number_write(out + 9, h->moved);
	number_write(out + 17, h->erased);
	memcpy(out + 25, h->was, PSEUDONYM_SIZE);
	return SHARE_HEAD + (size_t)history_write(&h->history, out + SHARE_HEAD);
}

bool share_read(struct share *h, const unsigned char *content, size_t n)
{
	if (n < SHARE_HEAD || content[0] != SHARE_FORMAT)
		return false;
	h->at = number_read(content + 1);
	h->moved = number_read(content + 9);
	h->erased = number_read(content + 17);
	memcpy(h->was, content + 25, PSEUDONYM_SIZE);
	return history_read(&h->history, content + SHARE_HEAD, (int)(n - SHARE_HEAD));
}

/* --- rows ----------------------------------------------------------------- */

int share_put(struct store *s, const unsigned char key[PSEUDONYM_SIZE], int64_t life,
	int64_t version, const unsigned char *sealed, size_t size)
{
	int64_t number = site_number(s);

	return number ? db_run(s, SQL_SHARE_PUT, "biiib", key, PSEUDONYM_SIZE, life, version,
				number, sealed, (int)size)
		      : STORE_FAILED;
}

int share_save(struct store *s, const unsigned char key[PSEUDONYM_SIZE], struct share *h)
{
	unsigned char content[SHARE_SIZE_MAX + SEAL_PAD],
		sealed[sizeof content + SEAL_PAD + SEAL_OVERHEAD];
	size_t size = site_seal(s, CHANGE_CONTACT, sealed, content, share_write(h, content));

	return share_put(s, key, h->life, h->version, sealed, size);
}

int shares_keep(struct store *s, const unsigned char key[PSEUDONYM_SIZE])
{
	int result = STORE_OK;

	for (unsigned i = 0; i < s->site->shares && !result; i++)
		result = share_save(s, key, &s->site->share[i]);
	return result;
}

static int read_row(struct store *s, sqlite3_stmt *st, struct share *h)
{
	unsigned char content[SHARE_SIZE_MAX + SEAL_PAD];
	size_t size = (size_t)sqlite3_column_bytes(st, 2), n;

	h->life = sqlite3_column_int64(st, 0);
	h->version = sqlite3_column_int64(st, 1);
	if (size <= sizeof content &&
		site_unseal(s, CHANGE_CONTACT, sqlite3_column_blob(st, 2), size, content, &n) &&
		share_read(h, content, n))
		return STORE_OK;
	return store_fail(s, STORE_FAILED, "%s: a share of a contact is damaged", s->o.path);
}

int shares_load(struct store *s, const unsigned char key[PSEUDONYM_SIZE])
{
	sqlite3_stmt *st = db_bind(s, SQL_SHARES, "b", key, PSEUDONYM_SIZE);
	int64_t forgotten;
	int rc = 0, result = STORE_OK;

	s->site->shares = 0;
	if (!st || site_forgotten(s, key, &forgotten))
		return STORE_FAILED;
	while (!result && s->site->shares < SHARES_MAX - 1 && (rc = db_step(s, st)) == 1) {
		struct share *h = &s->site->share[s->site->shares];
		result = read_row(s, st, h);
		s->site->shares += h->erased >= forgotten;
	}
	sqlite3_reset(st);
	return rc < 0 ? STORE_FAILED : result;
}

/* --- operators' moves ----------------------------------------------------- */

/* Which of two moves holds: the later one; of two in one second the same one at every site. */
static int order_of_moves(const struct share *a, const struct share *b)
{
	const struct standing *x = &a->history.base, *y = &b->history.base;
	const int64_t all[][2] = {
		{ a->history.settled, b->history.settled },
		{ a->moved, b->moved },
		{ x->state, y->state },
		{ x->because, y->because },
		{ x->since, y->since },
		{ x->until, y->until },
		{ x->due, y->due },
		{ x->first, y->first },
		{ x->soft, y->soft },
		{ x->blocks, y->blocks },
		{ x->unclear, y->unclear },
		{ x->pauses, y->pauses },
	};

	for (unsigned i = 0; i < sizeof all / sizeof *all; i++)
		if (all[i][0] != all[i][1])
			return all[i][0] < all[i][1] ? -1 : 1;
	return 0;
}

static const struct share *last_move(const struct site *site)
{
	const struct share *last = &site->share[0];

	for (unsigned i = 1; i < site->shares; i++)
		if (order_of_moves(&site->share[i], last) > 0)
			last = &site->share[i];
	return last;
}

static void drop_kind(struct day *d, enum history_kind kind)
{
	history_take_back(d, kind);
}

/* Of a kind with times: what is left of it behind the second CUT. */
static void cut_kind(struct day *d, enum history_kind kind, int32_t cut)
{
	int32_t last = kind == HISTORY_SOFT ? d->last_soft : d->last_block;
	bool whole = kind == HISTORY_SOFT && d->first_soft > cut;

	if (!d->count[kind] || whole)
		return;
	if (d->coarse || last <= cut) {
		drop_kind(d, kind);
		return;
	}
	d->count[kind] = 1;
	if (kind == HISTORY_SOFT)
		d->first_soft = last;
}

/* What is left of a day of a share that does not know of MOVE; false: nothing. */
static bool cut_day(struct day *d, const struct share *move)
{
	int64_t settled = move->history.settled;

	if (d->start > settled)
		return true;
	int32_t cut = settled - d->start < DAY ? (int32_t)(settled - d->start) : DAY;
	cut_kind(d, HISTORY_SOFT, cut);
	cut_kind(d, HISTORY_BLOCK, cut);
	drop_kind(d, HISTORY_UNCLEAR);
	if (d->delivered <= cut || d->coarse)
		d->delivered = NEVER;
	/* what is final stays, unless somebody who was inactive was made active */
	if (d->start <= move->moved) {
		drop_kind(d, HISTORY_HARD);
		drop_kind(d, HISTORY_COMPLAINT);
	}
	return d->delivered != NEVER || d->count[HISTORY_SOFT] || d->count[HISTORY_BLOCK] ||
		history_day_is_final(d);
}

/* The share as its site makes it when it hears of the move. */
static void adopt_move(struct share *h, const struct share *move)
{
	struct history *all = &h->history;
	unsigned kept = 0;

	if (order_of_moves(h, move) >= 0)
		return;
	for (unsigned i = 0; i < all->days; i++)
		if (cut_day(&all->day[i], move))
			all->day[kept++] = all->day[i];
	all->days = kept;
	all->base = move->history.base;
	all->settled = move->history.settled;
	h->moved = later(h->moved, move->moved);
	if (all->soft.at <= h->moved)
		all->soft = (struct last){ 0, NO_REFERENCE };
	if (all->block.at <= h->moved)
		all->block = (struct last){ 0, NO_REFERENCE };
	history_drop_objections(all, h->moved);
}

/* --- the sum -------------------------------------------------------------- */

/* The last day up to which a history has no exact times. */
static int64_t coarse_until(const struct history *h)
{
	int64_t until = 0;

	for (unsigned i = 0; i < h->days && h->day[i].coarse; i++)
		until = h->day[i].start;
	return until;
}

/* Days that had been coarsened in the row stay so. */
static void coarsen_again(struct history *h, int64_t until)
{
	unsigned days = h->days;
	struct last soft = h->soft, block = h->block;

	if (!until)
		return;
	for (h->days = 0; h->days < days && h->day[h->days].start <= until; h->days++)
		;
	history_coarsen(h);
	h->days = days;
	if (soft.at >= until + DAY)
		h->soft = soft;
	if (block.at >= until + DAY)
		h->block = block;
}

/* Adds all shares' days, the first one first. */
static void sum_days(struct store *s, struct contact *c)
{
	struct site *site = s->site;
	unsigned next[SHARES_MAX] = { 0 };
	struct history *h = &c->history;

	for (;;) {
		int64_t day = INT64_MAX;
		bool fits = true;
		for (unsigned i = 0; i < site->shares; i++)
			if (next[i] < site->share[i].history.days &&
				site->share[i].history.day[next[i]].start < day)
				day = site->share[i].history.day[next[i]].start;
		if (day == INT64_MAX)
			return;
		for (unsigned i = 0; i < site->shares; i++) {
			const struct history *from = &site->share[i].history;
			if (next[i] < from->days && from->day[next[i]].start == day)
				fits &= history_add_day(h, from, &from->day[next[i]++]);
		}
		if (!fits) {
			struct walk w = walk_of(s, c);
			fold_one_day(&w, h);
		}
	}
}

static const struct history *history_of_share(void *context, unsigned i)
{
	const struct site *site = context;

	return &site->share[i].history;
}

void shares_sum(struct store *s, struct contact *c)
{
	struct site *site = s->site;
	const struct share *move = last_move(site); /* which adopts nothing itself */
	int64_t coarse = coarse_until(&c->history);

	for (unsigned i = 0; i < site->shares; i++)
		adopt_move(&site->share[i], move);
	history_clear(&c->history);
	c->history.base = move->history.base;
	c->history.settled = move->history.settled;
	if (move->moved > c->moved) /* as where he was made active again */
		c->reason[0] = c->rule[0] = '\0';
	c->at = 0;
	c->moved = move->moved;
	for (unsigned i = 0; i < site->shares; i++) {
		c->at = later(c->at, site->share[i].at);
		history_add_last(&c->history, &site->share[i].history);
	}
	memcpy(c->ladder, history_cause(&c->history, c->history.soft.by)->ladder, sizeof c->ladder);
	sum_days(s, c);
	history_add_objections(&c->history, site->shares, history_of_share, site);
	causes_filter(s, &c->history);
	coarsen_again(&c->history, coarse);
}

/* --- this store's own share ----------------------------------------------- */

/*
 * The version that follows on V: within a day (UTC) one more. Behind an erasure it is higher than
 * all that the share had before, also where an older mail is read only then: its line may come
 * before that of the erasure.
 */
static int64_t next_version(int64_t v, int64_t at, int64_t forgotten)
{
	int64_t day = (later(at, forgotten) / DAY) << VERSION_BITS;

	if (forgotten && forgotten >= day_start(at))
		day += (INT64_C(1) << (VERSION_BITS - 1)) +
			AFTER_ERASURE * (forgotten - day_start(forgotten));
	return v + 1 > day ? v + 1 : day;
}

/* The own one of those that were read, made where there is none: of the row where no site has any.
 * NULL on error. */
static struct share *own_share(struct store *s, const struct contact *c)
{
	struct site *site = s->site;

	for (unsigned i = 0; i < site->shares; i++)
		if (site->share[i].life == site->life)
			return &site->share[i];
	struct share *h = &site->share[site->shares];
	memset(h, 0, offsetof(struct share, history));
	history_clear(&h->history);
	h->life = site->life;
	if (!site->shares && c->held) {
		memcpy(&h->history, &c->history, sizeof h->history);
		h->at = c->at;
		h->moved = c->moved;
	}
	if (site_forgotten(s, c->key, &h->erased))
		return NULL;
	site->shares++;
	return h;
}

/* One day too many in one share: what was settled in the sum is settled in it. */
static void settle_share(struct store *s, struct contact *c, struct share *h)
{
	shares_sum(s, c);
	h->history.base = c->history.base;
	h->history.base.held = h->history.base.episode = 0; /* no part of its bytes */
	h->history.settled = later(c->history.settled, h->history.day[0].start + DAY - 1);
	while (h->history.days && h->history.day[0].start <= h->history.settled)
		history_drop_first(&h->history);
}

int share_note(struct store *s, struct contact *c, const struct packed *e, int meaning)
{
	enum history_kind kind = (enum history_kind)meaning;
	int64_t at = e->at;
	bool final = kind == HISTORY_HARD || kind == HISTORY_COMPLAINT;
	struct share *h, move;

	if (shares_load(s, c->key) || !(h = own_share(s, c)))
		return STORE_FAILED;
	memcpy(&move, last_move(s->site), sizeof move);
	adopt_move(h, &move);
	if ((at > h->history.settled || final) && !contact_add(s, &h->history, e, meaning))
		settle_share(s, c, h);
	h->at = later(h->at, day_start(at));
	h->version = next_version(h->version, at, h->erased);
	if (share_save(s, c->key, h))
		return STORE_FAILED;
	shares_sum(s, c);
	return STORE_OK;
}

int share_changed(struct store *s, struct contact *c, int64_t now,
	bool (*change)(void *context, struct history *h), void *context, bool *changed)
{
	struct share *h, move;

	*changed = false;
	if (shares_load(s, c->key) || !(h = own_share(s, c)))
		return STORE_FAILED;
	memcpy(&move, last_move(s->site), sizeof move);
	adopt_move(h, &move);
	if (!change(context, &h->history))
		return STORE_OK;
	*changed = true;
	h->version = next_version(h->version, now, h->erased);
	if (share_save(s, c->key, h))
		return STORE_FAILED;
	shares_sum(s, c);
	return STORE_OK;
}

int share_confirmed(struct store *s, struct contact *c, int64_t now)
{
	struct share *h, move;

	if (shares_load(s, c->key) || !(h = own_share(s, c)))
		return STORE_FAILED;
	memcpy(&move, last_move(s->site), sizeof move);
	adopt_move(h, &move);
	for (unsigned i = 0; i < c->history.days; i++)
		if (c->history.day[i].confirmed)
			history_confirm(&h->history, c->history.day[i].start);
	if (h->history.days > HISTORY_DAYS_MAX)
		settle_share(s, c, h);
	h->version = next_version(h->version, now, h->erased);
	if (share_save(s, c->key, h))
		return STORE_FAILED;
	shares_sum(s, c);
	return STORE_OK;
}

int share_moved(struct store *s, struct contact *c, int64_t now)
{
	struct share *h;

	if (shares_load(s, c->key) || !(h = own_share(s, c)))
		return STORE_FAILED;
	memcpy(&h->history, &c->history, sizeof h->history);
	h->moved = c->moved;
	h->at = c->at;
	h->version = next_version(h->version, now, h->erased);
	return share_save(s, c->key, h);
}

int share_seed(struct store *s, struct contact *c)
{
	struct share *h;

	if (shares_load(s, c->key))
		return STORE_FAILED;
	if (s->site->shares)
		return STORE_OK;
	if (!(h = own_share(s, c)))
		return STORE_FAILED;
	h->version = next_version(0, c->at, h->erased);
	return share_save(s, c->key, h);
}

static int seed_one(struct store *s, struct contact *c, void *context)
{
	(void)context;
	return share_seed(s, c);
}

int share_seed_all(struct store *s)
{
	int result = contacts_each(s, SQL_CONTACT_AFTER, NULL, seed_one, NULL);

	return result ? result : wave_tell_all(s);
}

int site_restored(struct store *s)
{
	if (!site_is_on(s))
		return STORE_OK;
	int64_t former = s->site->life;
	int result = site_begin_anew(s);
	if (!result)
		result = figures_restored(s, former);
	return result ? result : share_seed_all(s);
}

int share_date(struct store *s, struct contact *c, int64_t now)
{
	struct share *h;

	if (!site_is_on(s))
		return STORE_OK;
	if (shares_load(s, c->key) || !(h = own_share(s, c)))
		return STORE_FAILED;
	if (h->at >= c->at)
		return STORE_OK;
	h->at = c->at;
	h->version = next_version(h->version, now, h->erased);
	return share_save(s, c->key, h);
}

/* --- who is forgotten --------------------------------------------------------------------- */

int share_reduce(struct store *s, const unsigned char key[PSEUDONYM_SIZE], int64_t now)
{
	struct contact c;
	struct share *h;
	bool found;

	if (db_run(s, SQL_SHARE_DELETE_ALL, "b", key, PSEUDONYM_SIZE) ||
		contact_load(s, key, &c, &found))
		return STORE_FAILED;
	if (!found)
		return STORE_OK;
	s->site->shares = 0;
	if (!(h = own_share(s, &c)))
		return STORE_FAILED;
	h->version = next_version(0, now, h->erased);
	return share_save(s, key, h);
}

int share_forget(struct store *s, const unsigned char key[PSEUDONYM_SIZE], bool keep, int64_t now)
{
	unsigned char content[FORGET_SIZE] = { 1, keep };
	char mark[2 * PSEUDONYM_SIZE + 1];

	if (!site_is_on(s))
		return STORE_OK;
	memcpy(content + 2, key, PSEUDONYM_SIZE);
	site_mark(s, key, mark);
	s->site->forgets = true;
	if (mark_put(s, CHANGE_FORGET, mark, s->site->life, now, content))
		return STORE_FAILED;
	return share_reduce(s, key, now);
}
