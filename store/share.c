/*
 * What each site knows of a contact, its bytes and its rows; sharesum.c adds all of them up.
 *
 * A share's content before it is sealed: version 1 | at, moved, erased (8 each) | its pseudonym
 * under the state key before (16, zeroes: none) | the history (history/history.c). Version 2, where
 * an erasure kept what suppresses (sharekept.c): before the history, of the first hard failure and
 * the first complaint the day (8, 0: none) and the category | since (8, 0: not), settled (8), why,
 * of an end that came by time | the last erasure that kept nothing (8) | behind which of those all
 * was heard of (8) | whether another site cut it | number of streams, of each its number (4), day
 * (8) and category. Numbers are big-endian. Its times stay exact for as long as it is kept, because
 * days that were cut can no longer be put in order with another site's; the sum, which stands in
 * table contact, is coarsened as ever.
 */
#include <stdlib.h>
#include "store/cause.h"
#include "store/siteparts.h"
#include "store/wave.h"
#include "store/message.h"

enum {
	SHARE_FORMAT = 1,
	SHARE_FORMAT_KEPT = 2,
	SHARE_HEAD = 1 + 3 * 8 + PSEUDONYM_SIZE,
	KEPT_END = 8 + 1,
	KEPT_HEAD = 2 * KEPT_END + 4 * 8 + 3,
	KEPT_STREAM = 4 + KEPT_END,
};
_Static_assert(SHARE_HEAD + KEPT_HEAD + KEPT_STREAMS_MAX * KEPT_STREAM + HISTORY_SIZE_MAX <=
		SHARE_SIZE_MAX,
	"a share must fit");

/* --- bytes ---------------------------------------------------------------- */

static unsigned char *end_write(unsigned char *p, const struct kept_end *k)
{
	number_write(p, k->at);
	p[8] = k->category;
	return p + KEPT_END;
}

static const unsigned char *end_read(const unsigned char *p, struct kept_end *k)
{
	*k = (struct kept_end){ number_read(p), p[8] };
	return p + KEPT_END;
}

static unsigned char *kept_write(unsigned char *p, const struct kept *k)
{
	p = end_write(end_write(p, &k->hard), &k->complaint);
	number_write(p, k->since);
	number_write(p + 8, k->settled);
	p[16] = k->because;
	number_write(p + 17, k->bare);
	number_write(p + 25, k->heard);
	p[33] = k->pending;
	p[34] = (unsigned char)k->streams;
	p += 35;
	for (unsigned i = 0; i < k->streams; i++) {
		for (unsigned n = 0; n < 4; n++)
			p[n] = (unsigned char)(k->stream[i].number >> (24 - 8 * n));
		p = end_write(p + 4, &k->stream[i].end);
	}
	return p;
}

/* Returns where it ends; NULL: these bytes are none. */
static const unsigned char *kept_read(const unsigned char *p, size_t n, struct kept *k)
{
	if (n < KEPT_HEAD || n - KEPT_HEAD < (size_t)p[KEPT_HEAD - 1] * KEPT_STREAM ||
		p[KEPT_HEAD - 1] > KEPT_STREAMS_MAX)
		return NULL;
	p = end_read(end_read(p, &k->hard), &k->complaint);
	k->since = number_read(p);
	k->settled = number_read(p + 8);
	k->because = p[16];
	k->bare = number_read(p + 17);
	k->heard = number_read(p + 25);
	k->pending = p[33];
	k->streams = p[34];
	p += 35;
	for (unsigned i = 0; i < k->streams; i++) {
		k->stream[i].number = 0;
		for (unsigned b = 0; b < 4; b++)
			k->stream[i].number = k->stream[i].number << 8 | p[b];
		p = end_read(p + 4, &k->stream[i].end);
	}
	return p;
}

bool share_says_nothing(const struct share *h)
{
	return kept_is_nothing(&h->kept) && !h->history.days && !h->history.objections &&
		!h->history.soft.at && !h->history.block.at && !h->moved;
}

size_t share_write(struct share *h, unsigned char *out)
{
	unsigned char *p = out + SHARE_HEAD;

	out[0] = kept_is_nothing(&h->kept) && !h->kept.pending && !share_says_nothing(h)
		? SHARE_FORMAT
		: SHARE_FORMAT_KEPT;
	number_write(out + 1, h->at);
	number_write(out + 9, h->moved);
	number_write(out + 17, h->erased);
	memcpy(out + 25, h->was, PSEUDONYM_SIZE);
	if (out[0] == SHARE_FORMAT_KEPT)
		p = kept_write(p, &h->kept);
	return (size_t)(p - out) + (size_t)history_write(&h->history, p);
}

bool share_read(struct share *h, const unsigned char *content, size_t n)
{
	const unsigned char *p = content + SHARE_HEAD;

	if (n < SHARE_HEAD || (content[0] != SHARE_FORMAT && content[0] != SHARE_FORMAT_KEPT))
		return false;
	h->at = number_read(content + 1);
	h->moved = number_read(content + 9);
	h->erased = number_read(content + 17);
	memcpy(h->was, content + 25, PSEUDONYM_SIZE);
	memset(&h->kept, 0, sizeof h->kept);
	if (content[0] == SHARE_FORMAT_KEPT && !(p = kept_read(p, n - SHARE_HEAD, &h->kept)))
		return false;
	return history_read(&h->history, p, (int)(n - (size_t)(p - content)));
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

/*
 * One more share, which lies behind those at hand; beyond SHARES_MAX the last ones count nothing.
 * They stand in the order of lives, which is the same at every site.
 */
static void share_take_in(struct site *site)
{
	struct share *last = &site->share[site->shares], *h = last;

	while (h > site->share && h[-1].rank > last->rank)
		h--;
	if (h < last) {
		struct share moved = *last;
		memmove(h + 1, h, (size_t)(last - h) * sizeof *h);
		*h = moved;
	}
	site->shares += site->shares < SHARES_MAX - 1;
}

static int load_shares(struct store *s, const unsigned char key[PSEUDONYM_SIZE], int64_t forgotten)
{
	sqlite3_stmt *st = db_bind(s, SQL_SHARES, "b", key, PSEUDONYM_SIZE);
	int rc = 0, result = STORE_OK;

	s->site->shares = 0;
	if (!st)
		return STORE_FAILED;
	while (!result && (rc = db_step(s, st)) == 1) {
		struct share *h = &s->site->share[s->site->shares];
		if ((result = read_row(s, st, h)) || h->erased < forgotten)
			continue;
		if (!(result = site_rank(s, h->life, &h->rank)))
			share_take_in(s->site);
	}
	sqlite3_reset(st);
	return rc < 0 ? STORE_FAILED : result;
}

int shares_load(struct store *s, const unsigned char key[PSEUDONYM_SIZE])
{
	struct erasure_times of;

	return site_erased(s, key, &of) ? STORE_FAILED : load_shares(s, key, of.last);
}

int shares_load_all(struct store *s, const unsigned char key[PSEUDONYM_SIZE])
{
	return load_shares(s, key, 0);
}

/* --- this store's own share ----------------------------------------------- */

/*
 * The version that follows on V: within a day (UTC) one more. Behind an erasure it is higher than
 * all that the share had before, also where an older mail is read only then: its line may come
 * before that of the erasure.
 */
static int64_t next_version(int64_t v, int64_t at, int64_t forgotten)
{
	int64_t day = (larger(at, forgotten) / DAY) << VERSION_BITS;

	if (forgotten && forgotten >= day_start(at))
		day += (INT64_C(1) << (VERSION_BITS - 1)) +
			AFTER_ERASURE * (forgotten - day_start(forgotten));
	return v + 1 > day ? v + 1 : day;
}

/*
 * The version that a share is to be above which is made anew: that of any own one which went (the
 * trigger of site.c), since others may have it still.
 */
static int version_floor(struct store *s, int64_t *version)
{
	char text[24];

	if (db_line(s, text, sizeof text, SQL_META_GET, "t", "site floor"))
		return STORE_FAILED;
	*version = strtoll(text, NULL, 10);
	return STORE_OK;
}

struct share *share_own(struct store *s, const struct contact *c)
{
	struct site *site = s->site;
	struct erasure_times of;

	for (unsigned i = 0; i < site->shares; i++)
		if (site->share[i].life == site->life)
			return &site->share[i];
	struct share *h = &site->share[site->shares];
	memset(h, 0, offsetof(struct share, history));
	history_clear(&h->history);
	h->life = site->life;
	if (version_floor(s, &h->version))
		return NULL;
	if (!site->shares && c->held) {
		memcpy(&h->history, &c->history, sizeof h->history);
		h->at = c->at;
		h->moved = c->moved;
	}
	if (site_erased(s, c->key, &of))
		return NULL;
	h->erased = of.last;
	h->kept.bare = of.bare;
	h->kept.heard = of.last;
	site->shares++;
	return h;
}

int share_tell(
	struct store *s, const unsigned char key[PSEUDONYM_SIZE], struct share *h, int64_t now)
{
	h->version = next_version(h->version, now, h->erased);
	return share_save(s, key, h);
}

/* One day too many in one share: what was settled in the sum is settled in it. */
static void settle_share(struct store *s, struct contact *c, struct share *h)
{
	shares_sum(s, c);
	h->history.base = c->history.base;
	h->history.base.held = h->history.base.episode = 0; /* no part of its bytes */
	h->history.settled = larger(c->history.settled, h->history.day[0].start + DAY - 1);
	while (h->history.days && h->history.day[0].start <= h->history.settled)
		history_drop_first(&h->history);
}

int share_note(struct store *s, struct contact *c, const struct packed *e, int meaning)
{
	enum history_kind kind = (enum history_kind)meaning;
	int64_t at = e->at;
	bool final = kind == HISTORY_HARD || kind == HISTORY_COMPLAINT;
	struct share *h;

	if (shares_load(s, c->key) || !(h = share_own(s, c)))
		return STORE_FAILED;
	shares_hear(s, h);
	if (kind == HISTORY_COMPLAINT)
		history_hear_freed(&h->history, &c->history);
	if ((at > h->history.settled || final) && !contact_add(s, &h->history, e, meaning))
		settle_share(s, c, h);
	h->at = larger(h->at, day_start(at));
	if (share_tell(s, c->key, h, at))
		return STORE_FAILED;
	shares_sum(s, c);
	return STORE_OK;
}

int share_changed(struct store *s, struct contact *c, int64_t now,
	bool (*change)(void *context, struct history *h), void *context, bool *changed)
{
	struct share *h;

	*changed = false;
	if (shares_load(s, c->key) || !(h = share_own(s, c)))
		return STORE_FAILED;
	shares_hear(s, h);
	if (!change(context, &h->history))
		return STORE_OK;
	*changed = true;
	if (share_tell(s, c->key, h, now))
		return STORE_FAILED;
	shares_sum(s, c);
	return STORE_OK;
}

int share_confirmed(struct store *s, struct contact *c, int64_t now)
{
	struct share *h;

	if (shares_load(s, c->key) || !(h = share_own(s, c)))
		return STORE_FAILED;
	shares_hear(s, h);
	for (unsigned i = 0; i < c->history.days; i++)
		if (c->history.day[i].confirmed)
			history_confirm(&h->history, c->history.day[i].start);
	if (h->history.days > HISTORY_DAYS_MAX)
		settle_share(s, c, h);
	if (share_tell(s, c->key, h, now))
		return STORE_FAILED;
	shares_sum(s, c);
	return STORE_OK;
}

int share_moved(struct store *s, struct contact *c, int64_t now)
{
	struct share *h;

	if (shares_load(s, c->key) || !(h = share_own(s, c)))
		return STORE_FAILED;
	memcpy(&h->history, &c->history, sizeof h->history);
	h->moved = c->moved;
	h->at = c->at;
	kept_drop(&h->kept, c->moved);
	return share_tell(s, c->key, h, now);
}

int share_seed(struct store *s, struct contact *c)
{
	struct share *h;

	if (shares_load(s, c->key))
		return STORE_FAILED;
	if (s->site->shares)
		return STORE_OK;
	if (!(h = share_own(s, c)))
		return STORE_FAILED;
	h->version = next_version(h->version, c->at, h->erased);
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
	if (!result)
		result = marks_confirm_all(s);
	return result ? result : share_seed_all(s);
}

int share_date(struct store *s, struct contact *c, int64_t now)
{
	struct share *h;

	if (!site_is_on(s))
		return STORE_OK;
	if (shares_load(s, c->key) || !(h = share_own(s, c)))
		return STORE_FAILED;
	if (h->at >= c->at)
		return STORE_OK;
	h->at = c->at;
	return share_tell(s, c->key, h, now);
}

int share_exact(struct store *s, struct contact *c)
{
	if (!site_is_on(s))
		return STORE_OK;
	if (shares_load(s, c->key))
		return STORE_FAILED;
	if (s->site->shares)
		shares_sum(s, c);
	return STORE_OK;
}

int contact_anew(struct store *s, const unsigned char key[PSEUDONYM_SIZE])
{
	struct contact c;
	bool found;

	if (contact_load(s, key, &c, &found) || shares_load(s, key))
		return STORE_FAILED;
	if (!s->site->shares)
		return STORE_OK;
	shares_sum(s, &c);
	return contact_refold(s, &c)
		? STORE_FAILED
		: contact_save(s, found ? SQL_CONTACT_PUT : SQL_CONTACT_ADD, &c);
}
