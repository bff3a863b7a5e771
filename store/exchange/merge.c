/*
 * Lines of other sites, taken in (store/site.h).
 *
 * A line is taken when one of the configured sites signed it, when pseudonyms are under this
 * store's state key, and when its version is higher than the one that is known. It then takes the
 * place of the same site's former word, and nothing else: in whatever order lines come, and however
 * often, the rows that are left are the same. The contacts that they are about are made anew before
 * the commit, each once.
 */
#include <stdio.h>
#include <stdlib.h>
#include "store/brake.h"
#include "store/cause.h"
#include "store/siteparts.h"
#include "store/wave.h"
#include "store/erasure.h"

enum { MERGING_STEP = 4096, CLOCKS_APART = DAY };

/* --- who signed ----------------------------------------------------------- */

/* Many lines have one signature. */
static bool is_signed(struct site *site, const struct change *c, const struct site_peer *peer)
{
	unsigned char seen[sizeof site->signature_seen];

	if (!change_root(c, seen))
		return false;
	memcpy(seen + CHANGE_HASH_SIZE, c->signature, CHANGE_SIGNATURE_SIZE);
	memcpy(seen + CHANGE_HASH_SIZE + CHANGE_SIGNATURE_SIZE, peer->key, MINISIGN_PUBLIC_SIZE);
	if (memcmp(seen, site->signature_seen, sizeof seen) == 0)
		return true;
	if (!change_signed_by(c, seen, peer->key))
		return false;
	memcpy(site->signature_seen, seen, sizeof seen);
	return true;
}

/* NULL: it may be taken; *GENERATION is that of the state key which its names are under. */
static const char *reason_against(struct store *s, const struct change *c, unsigned *generation)
{
	const struct site_peer *peer = site_peer(s, c->by);

	if (!peer && strcmp(c->by, s->o.site) != 0)
		return "its site is not configured: [site NAME]";
	if (!peer)
		return "it is of this site itself, as it would come from its own log; what others hold of it they pass on with --all";
	if (!site_peer(s, c->site) && strcmp(c->site, s->o.site) != 0)
		return "it passes on the word of a site that is not configured: [site NAME]";
	if (!is_signed(s->site, c, peer))
		return "its signature is not that of its site: [site NAME] public_key is another, or the line is damaged";
	if (s->site->seen_line.number && strcmp(c->key, s->site->seen_line.key) == 0) {
		*generation = s->site->seen_line.generation;
		return NULL;
	}
	enum state_known known = keys_state_known(s, c->key, generation);
	if (known == STATE_FORMER)
		return "its site still has the state key before this one: give it the new one; what it has said comes again then";
	if (known == STATE_STRANGE)
		return "its site has another state key: one that was made there by key rotate is to be taken here, too (retour key adopt), and what it has said comes again then; with any other the two do not mean the same people";
	return NULL;
}

/* A name under a former state key under the present one. */
static void lift_name(
	const struct store *s, unsigned generation, unsigned char name[PSEUDONYM_SIZE])
{
	while (generation)
		keys_lift(s, generation--, name);
}

/* --- contacts ------------------------------------------------------------- */

static int merging_add(struct store *s, const unsigned char key[PSEUDONYM_SIZE])
{
	struct merging *m = &s->site->merging;

	if (m->n == m->room) {
		void *more = realloc(m->key, (m->room + MERGING_STEP) * sizeof *m->key);
		if (!more)
			return store_fail(s, STORE_FAILED, "no memory");
		m->key = more;
		m->room += MERGING_STEP;
	}
	memcpy(m->key[m->n++], key, PSEUDONYM_SIZE);
	return STORE_OK;
}

/*
 * A share that knows of an erasure says no more what came before, as that an operator had let the
 * contact go: before it takes the place of the former one, the erasure is obeyed with that at hand.
 */
static int obey_share(struct store *s, const unsigned char key[PSEUDONYM_SIZE],
	const struct share *h, int64_t now)
{
	struct erasure_times of, news = { h->erased, h->kept.bare };

	if (!h->erased || h->erased > now + CLOCKS_APART)
		return STORE_OK;
	if (site_erased(s, key, &of))
		return STORE_FAILED;
	return h->erased > of.last ? share_obey(s, key, &news, now) : STORE_OK;
}

/* What is under another sites.key was made by a site that has the right signature, so it is worth a
 * word of its own. */
static int merge_contact(struct store *s, const struct change *c, int64_t life, unsigned generation,
	int64_t now, enum merge_result *result, char why[CHANGE_WHY_SIZE])
{
	unsigned char key[PSEUDONYM_SIZE], content[SHARE_SIZE_MAX + SEAL_PAD];
	struct share *h = &s->site->share[SHARES_MAX - 1];
	int64_t known = 0;
	bool nothing;
	size_t n;

	if (strlen(c->id) != 2 * sizeof key ||
		sodium_hex2bin(key, sizeof key, c->id, 2 * sizeof key, NULL, NULL, NULL))
		return refuse_change(result, why, "its id is no pseudonym");
	lift_name(s, generation, key);
	if (db_int(s, &known, SQL_SHARE_VERSION, "bi", key, PSEUDONYM_SIZE, life))
		return STORE_FAILED;
	*result = MERGE_KNOWN;
	if (known >= c->version)
		return STORE_OK;
	if (c->size > sizeof content ||
		!site_unseal(s, CHANGE_CONTACT, c->sealed, c->size, content, &n))
		return refuse_change(result, why, SITE_KEY_STRANGE);
	if (!share_read(h, content, n))
		return refuse_change(
			result, why, "its content has a form that this version does not know");
	if (obey_share(s, key, h, now))
		return STORE_FAILED;
	share_read(h, content, n); /* it lay where others may lie since */
	h->life = life;
	if (share_hear_erasures(s, key, h, &nothing))
		return STORE_FAILED;
	if (nothing)
		return STORE_OK;
	*result = MERGE_TAKEN;
	h->version = c->version;
	return (h->cut ? share_save(s, key, h)
		       : share_put(s, key, life, c->version, c->sealed, c->size)) ||
			merging_add(s, key)
		? STORE_FAILED
		: STORE_OK;
}

static int compare_keys(const void *a, const void *b)
{
	return memcmp(a, b, PSEUDONYM_SIZE);
}

int store_merge_refold(struct store *s, int64_t now)
{
	struct merging *m;
	int result = STORE_OK;

	(void)now;
	if (!s->site)
		return STORE_OK;
	m = &s->site->merging;
	if (m->n)
		qsort(m->key, m->n, sizeof *m->key, compare_keys);
	for (size_t i = 0; i < m->n && !result; i++)
		if (!i || compare_keys(m->key[i - 1], m->key[i]))
			result = contact_anew(s, m->key[i]);
	m->n = 0;
	if (!result && m->waves_from)
		result = brake_refold(s, m->waves_from);
	m->waves_from = 0;
	return result;
}

/* --- who is forgotten, and what is taken back --------------------------------------------- */

/* Whether the line is news. */
static int is_news(struct store *s, const struct change *c, const char *mark, int64_t life,
	enum merge_result *result)
{
	int64_t known = 0;

	if (db_int(s, &known, SQL_CHANGE_VERSION, "tti", change_kind_name(c->kind), mark, life))
		return STORE_FAILED;
	*result = known < c->version ? MERGE_TAKEN : MERGE_KNOWN;
	return STORE_OK;
}

/* Whether the line is news; then its row takes the place of the former one. */
static int take_row(
	struct store *s, const struct change *c, int64_t life, enum merge_result *result)
{
	int64_t number;

	if (is_news(s, c, c->id, life, result))
		return STORE_FAILED;
	if (*result == MERGE_KNOWN)
		return STORE_OK;
	return (number = site_number(s)) &&
			!db_run(s, SQL_CHANGE_PUT, "ttiiib", change_kind_name(c->kind), c->id, life,
				c->version, number, c->sealed, (int)c->size)
		? STORE_OK
		: STORE_FAILED;
}

/*
 * Backups from before a rotation have the contact under the name that the line has, or one between
 * that and the present one.
 */
static int note_former_names(
	struct store *s, const struct mark *m, unsigned generation, int64_t now)
{
	unsigned char name[PSEUDONYM_SIZE];
	int result = STORE_OK;

	memcpy(name, m->name, sizeof name);
	while (generation && !result) {
		result = erasures_note(
			s, m->of.bare < m->of.last ? REDUCED_CONTACT : ERASED_CONTACT, name, now);
		keys_lift(s, generation--, name);
	}
	return result;
}

/* The content of C, as it came and with the name that it has here, and the MARK of that. False:
 * refused. */
static bool read_marked(struct store *s, const struct change *c, unsigned generation,
	struct mark *came, struct mark *m, char mark[2 * PSEUDONYM_SIZE + 1],
	enum merge_result *result, char why[CHANGE_WHY_SIZE])
{
	if (!mark_read(s, c->kind, c->version, c->sealed, c->size, came)) {
		refuse_change(result, why,
			"it is sealed under a sites.key that is not here, or its content has a form that this version does not know");
		return false;
	}
	site_mark(s, came->name, mark);
	if (strcmp(mark, c->id) != 0) {
		refuse_change(result, why, "its id is not that of its content");
		return false;
	}
	*m = *came;
	lift_name(s, generation, m->name);
	site_mark(s, m->name, mark);
	return true;
}

/* Whoever erases has obeyed it, and gives no word of his own that he has. */
static int merge_forget(struct store *s, const struct change *c, int64_t life, unsigned generation,
	int64_t now, enum merge_result *result, char why[CHANGE_WHY_SIZE])
{
	struct mark came, m;
	char mark[2 * PSEUDONYM_SIZE + 1];

	if (!read_marked(s, c, generation, &came, &m, mark, result, why))
		return STORE_OK;
	if (is_news(s, c, mark, life, result))
		return STORE_FAILED;
	if (*result == MERGE_KNOWN)
		return STORE_OK;
	return note_former_names(s, &came, generation, now) || share_obey(s, m.name, &m.of, now) ||
			mark_put(s, CHANGE_FORGET, mark, life, c->version, &m) ||
			share_obeyed(s, m.name, life) || mark_confirm(s, m.name)
		? STORE_FAILED
		: STORE_OK;
}

/* One that names nobody, of an older version, says nothing where its site has not the present key
 * yet: it is told again with that. */
static int merge_confirm(struct store *s, const struct change *c, int64_t life, unsigned generation,
	enum merge_result *result, char why[CHANGE_WHY_SIZE])
{
	struct mark came, m;
	char mark[2 * PSEUDONYM_SIZE + 1];
	unsigned char content[2 * SEAL_PAD];
	size_t n;

	*result = MERGE_KNOWN;
	if (!mark_read(s, c->kind, c->version, c->sealed, c->size, &came)) {
		if (c->size > sizeof content ||
			!site_unseal(s, c->kind, c->sealed, c->size, content, &n))
			return refuse_change(result, why, SITE_KEY_STRANGE);
		return generation ? STORE_OK : take_row(s, c, life, result);
	}
	if (!read_marked(s, c, generation, &came, &m, mark, result, why))
		return STORE_OK;
	if (is_news(s, c, mark, life, result))
		return STORE_FAILED;
	if (*result == MERGE_KNOWN)
		return STORE_OK;
	return mark_put(s, CHANGE_CONFIRM, mark, life, c->version, &m) ||
			share_obeyed(s, m.name, life)
		? STORE_FAILED
		: STORE_OK;
}

enum { SEALED_TEXT_SIZE = CAUSE_TEXT_SIZE + 2 * SEAL_PAD };

/* The text in C, of SEALED_TEXT_SIZE bytes; false: it is sealed under another key. */
static bool unseal_text(struct store *s, const struct change *c, unsigned char *content)
{
	size_t n;

	if (c->size > SEALED_TEXT_SIZE - 1 ||
		!site_unseal(s, c->kind, c->sealed, c->size, content, &n))
		return false;
	content[n] = '\0';
	return true;
}

/* One that any site took back is taken back; another site's line of the same says nothing new. */
static int merge_undo(struct store *s, const struct change *c, int64_t life, int64_t now,
	enum merge_result *result, char why[CHANGE_WHY_SIZE])
{
	unsigned char content[SEALED_TEXT_SIZE];
	int64_t before = 0;
	bool good = true;

	if (!unseal_text(s, c, content))
		return refuse_change(result, why, SITE_KEY_STRANGE);
	if (db_int(s, &before, SQL_CHANGE_LATEST, "tt", change_kind_name(c->kind), c->id))
		return STORE_FAILED;
	if (!before && cause_merge(s, (const char *)content, now, &good))
		return STORE_FAILED;
	if (!good)
		return refuse_change(
			result, why, "its content has a form that this version does not know");
	return take_row(s, c, life, result);
}

static int merge_wave(struct store *s, const struct change *c, int64_t life,
	enum merge_result *result, char why[CHANGE_WHY_SIZE])
{
	unsigned char content[SEALED_TEXT_SIZE];
	int64_t known = 0;
	bool good = true;

	if (!unseal_text(s, c, content))
		return refuse_change(result, why, SITE_KEY_STRANGE);
	if (db_int(s, &known, SQL_CHANGE_VERSION, "tti", change_kind_name(c->kind), c->id, life) ||
		(known < c->version &&
			(wave_merge(s, (const char *)content, life, &good) || wave_load(s))))
		return STORE_FAILED;
	if (!good)
		return refuse_change(
			result, why, "its content has a form that this version does not know");
	return take_row(s, c, life, result);
}

/* --- all kinds ------------------------------------------------------------ */

/* Kinds whose version is a time. */
static bool is_timed(enum change_kind kind)
{
	return kind == CHANGE_UNTIL || kind == CHANGE_FORGET || kind == CHANGE_CONFIRM ||
		kind == CHANGE_UNDO;
}

/* The number of the life that the line is of. */
static int number_life(
	struct store *s, const struct change *c, unsigned generation, int64_t *number)
{
	struct seen_line *l = &s->site->seen_line;

	if (!l->number || strcmp(c->site, l->site) != 0 || strcmp(c->life, l->life) != 0) {
		l->number = 0;
		if (site_life(s, c->site, c->life, &l->number))
			return STORE_FAILED;
		memcpy(l->site, c->site, sizeof l->site);
		memcpy(l->life, c->life, sizeof l->life);
	}
	memcpy(l->key, c->key, sizeof l->key);
	l->generation = generation;
	*number = l->number;
	return STORE_OK;
}

/* What came, brought under the present keys. */
static int take_change(struct store *s, const struct change *c, int64_t life, unsigned generation,
	int64_t now, enum merge_result *result, char why[CHANGE_WHY_SIZE])
{
	if (c->kind == CHANGE_CONTACT)
		return merge_contact(s, c, life, generation, now, result, why);
	if (c->kind == CHANGE_FIGURES)
		return figures_merge(s, c, life, result, why);
	if (is_timed(c->kind) && c->version > now + CLOCKS_APART)
		return refuse_change(result, why,
			"its time is yet to come: one of the two sites has a wrong clock");
	if (c->kind == CHANGE_UNTIL) {
		*result = MERGE_TAKEN;
		return db_run(s, SQL_SITE_UNTIL, "iii", life, c->version, now) ||
				site_key_heard(s, life, c->under)
			? STORE_FAILED
			: STORE_OK;
	}
	if (c->kind == CHANGE_FORGET)
		return merge_forget(s, c, life, generation, now, result, why);
	if (c->kind == CHANGE_UNDO)
		return merge_undo(s, c, life, now, result, why);
	if (c->kind == CHANGE_WAVE)
		return merge_wave(s, c, life, result, why);
	if (c->kind == CHANGE_CONFIRM)
		return merge_confirm(s, c, life, generation, result, why);
	return refuse_change(result, why, "it is of a kind that this version does not know");
}

int store_merge(struct store *s, const struct change *c, int64_t now, enum merge_result *result,
	char why[CHANGE_WHY_SIZE])
{
	unsigned generation;
	const char *against;
	struct change here;
	unsigned char *room;
	int64_t life;

	*why = '\0';
	*result = MERGE_REFUSED;
	if (!s->in_transaction)
		return store_fail(s, STORE_MISUSE, "merge outside a transaction");
	int ready = site_ready(s, false, now);
	if (ready)
		return ready;
	if ((against = reason_against(s, c, &generation)))
		return refuse_change(result, why, against);
	if (c->version < 1 || !*c->life)
		return refuse_change(result, why, "its version or life is none");
	if (number_life(s, c, generation, &life))
		return STORE_FAILED;
	if (life == s->site->life) {
		*result = MERGE_KNOWN;
		return STORE_OK;
	}
	against = site_bring(s, c, &here, &room);
	int taken = against ? refuse_change(result, why, against)
			    : take_change(s, &here, life, generation, now, result, why);
	free(room);
	return taken;
}
