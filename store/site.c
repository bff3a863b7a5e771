/*
 * The sites that are known, the lives of their stores, and how a line is sealed and signed
 * (site.h).
 *
 * meta "site" is this store's own number in table site, "site number" the number under which the
 * last transaction's changes stand: what has a higher one than a cursor was changed since. Rows of
 * one transaction have the same number, and once a day those of a whole day get one
 * (store/exchange/changes.c), so that it does not tell in which order contacts were heard of.
 */
#include <stdio.h>
#include <stdlib.h>
#include "store/cause.h"
#include "store/siteparts.h"

static const char meta_life[] = "site", meta_number[] = "site number";

#define STORE_NAME2(symbol, name) name,
static const char *const kinds[] = { CHANGE_KINDS(STORE_NAME2) };
#undef STORE_NAME2

const char *change_kind_name(unsigned kind)
{
	return kind < CHANGE_KIND_COUNT ? kinds[kind] : "";
}

int change_kind_by_name(const char *name)
{
	for (int kind = 0; kind < CHANGE_KIND_COUNT; kind++)
		if (strcmp(kinds[kind], name) == 0)
			return kind;
	return -1;
}

/* --- lives ---------------------------------------------------------------- */

int site_life(struct store *s, const char *site, const char *life, int64_t *number)
{
	*number = 0;
	if (db_int(s, number, SQL_SITE_NUMBER, "tt", site, life))
		return STORE_FAILED;
	if (*number)
		return STORE_OK;
	s->site->lives = 0;
	if (db_run(s, SQL_SITE_ADD, "tt", site, life))
		return STORE_FAILED;
	*number = sqlite3_last_insert_rowid(s->db);
	return STORE_OK;
}

static int read_ranks(struct store *s)
{
	sqlite3_stmt *st = db_bind(s, SQL_SITE_RANKS, "");
	int result = STORE_OK;

	s->site->lives = 0;
	while (db_row(s, st, &result))
		if (s->site->lives < LIVES_MAX)
			s->site->life_at[s->site->lives++] = sqlite3_column_int64(st, 0);
	return result;
}

static unsigned rank_of(const struct site *site, int64_t number)
{
	unsigned rank = 0;

	while (rank < site->lives && site->life_at[rank] != number)
		rank++;
	return rank;
}

int site_rank(struct store *s, int64_t number, unsigned *rank)
{
	*rank = rank_of(s->site, number);
	if (*rank < s->site->lives)
		return STORE_OK;
	if (read_ranks(s))
		return STORE_FAILED;
	*rank = rank_of(s->site, number);
	return STORE_OK;
}

static int put_meta(struct store *s, const char *name, int64_t value)
{
	char text[24];

	snprintf(text, sizeof text, "%lld", (long long)value);
	return db_run(s, SQL_META_PUT, "tt", name, text);
}

static int get_meta(struct store *s, const char *name, int64_t *value)
{
	char text[24];

	if (db_line(s, text, sizeof text, SQL_META_GET, "t", name))
		return STORE_FAILED;
	*value = strtoll(text, NULL, 10);
	return STORE_OK;
}

int site_begin_anew(struct store *s)
{
	unsigned char random[(SITE_LIFE_HEX - 1) / 2];
	char life[SITE_LIFE_HEX], name[STORE_NAME_SIZE];

	randombytes_buf(random, sizeof random);
	sodium_bin2hex(life, sizeof life, random, sizeof random);
	s->site->ready = false;
	if (s->o.site)
		snprintf(name, sizeof name, "%s", s->o.site);
	else if (db_line(s, name, sizeof name, SQL_SITE_NAME, "i", s->site->life))
		return STORE_FAILED;
	return site_life(s, name, life, &s->site->life) || put_meta(s, meta_life, s->site->life)
		? STORE_FAILED
		: STORE_OK;
}

int64_t site_number(struct store *s)
{
	if (s->site->number)
		return s->site->number;
	if (get_meta(s, meta_number, &s->site->number) ||
		put_meta(s, meta_number, s->site->number + 1))
		return s->site->number = 0;
	return ++s->site->number;
}

int64_t site_last_number(struct store *s)
{
	int64_t number = 0;

	return get_meta(s, meta_number, &number) ? -1 : number;
}

int site_level(struct store *s, int64_t now)
{
	int64_t from = 0, day = 0, last = site_last_number(s);
	bool own;

	if (last < 0 || get_meta(s, "site level day", &day) || get_meta(s, "site level", &from))
		return STORE_FAILED;
	if (day_start(now) <= day)
		return STORE_OK;
	int result = db_enter(s, &own);
	if (result)
		return result;
	if (db_run(s, SQL_SHARE_LEVEL, "ii", from, last) || put_meta(s, "site level", last) ||
		put_meta(s, "site level day", day_start(now)))
		result = STORE_FAILED;
	return db_leave(s, own, result);
}

int site_flush(struct store *s)
{
	bool any = false;
	int64_t number;

	if (site_is_on(s) &&
		(figures_any_touched(s, &any) ||
			(any && (!(number = site_number(s)) || figures_number(s, number)))))
		return STORE_FAILED;
	if (s->site) {
		s->site->number = 0;
		s->site->seen_line.number = 0;
		s->site->lives = 0;
	}
	return STORE_OK;
}

void site_discard(struct store *s)
{
	if (!s->site)
		return;
	s->site->number = 0;
	s->site->seen_line.number = 0;
	s->site->lives = 0;
	s->site->merging.n = 0;
	s->site->merging.waves_from = 0;
	s->site->ready = false;
	get_meta(s, meta_life, &s->site->life);
}

/* --- opening -------------------------------------------------------------- */

/*
 * A share goes with its contact, whoever deletes that; the next own one of whomever has a version
 * above it, rounded up so that it tells no more than others' do.
 */
static const char keep_together[] =
	"CREATE TEMP TRIGGER share_goes AFTER DELETE ON main.contact BEGIN DELETE FROM share WHERE pseudonym = OLD.pseudonym; END;"
	"CREATE TEMP TRIGGER share_moves AFTER UPDATE OF pseudonym ON main.contact BEGIN"
	" UPDATE OR IGNORE share SET pseudonym = NEW.pseudonym WHERE pseudonym = OLD.pseudonym; END;"
	"CREATE TEMP TRIGGER share_gone AFTER DELETE ON main.share WHEN OLD.life = (SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'site') BEGIN"
	" INSERT INTO meta (name, value) VALUES ('site floor', OLD.version / 1048576 * 1048576 + 1048575)"
	" ON CONFLICT DO UPDATE SET value = max(CAST(value AS INTEGER), CAST(excluded.value AS INTEGER)); END;";

static int site_recall(struct store *s)
{
	int64_t any = 0;

	if (get_meta(s, meta_life, &s->site->life) ||
		db_int(s, &any, SQL_CHANGE_ANY, "t", change_kind_name(CHANGE_FORGET)))
		return STORE_FAILED;
	s->site->forgets = any;
	if (figures_open(s))
		return STORE_FAILED;
	return s->o.read_only ? STORE_OK : db_exec(s, keep_together);
}

/* A store that had a name and has none for a while goes on with its share, else what it hears
 * meanwhile would be missing in it when the name is back. */
int site_open(struct store *s, int64_t now)
{
	int64_t life = 0;

	if (get_meta(s, meta_life, &life))
		return STORE_FAILED;
	if (!s->o.site && !life)
		return STORE_OK;
	s->site = sodium_malloc(sizeof *s->site);
	if (!s->site)
		return store_fail(s, STORE_FAILED, "no memory");
	memset(s->site, 0, offsetof(struct site, share));
	int result = site_recall(s);
	if (!result)
		result = site_key(s, false, now);
	if (!result && s->o.site && life && !s->site->has_key)
		result = site_lacks_key(s, "missing. Put it back");
	return result;
}

void site_close(struct store *s)
{
	if (!s->site)
		return;
	free(s->site->merging.key);
	sodium_free(s->site);
	s->site = NULL;
}

bool site_is_on(const struct store *s)
{
	return s->site && s->site->has_key && s->site->life;
}

void store_every_site(struct store *s, bool every)
{
	s->every_site = every;
}

const struct site_peer *site_peer(const struct store *s, const char *name)
{
	for (unsigned i = 0; i < s->o.peers; i++)
		if (strcmp(s->o.peer[i].name, name) == 0)
			return &s->o.peer[i];
	return NULL;
}

/* --- sealed --------------------------------------------------------------- */

size_t site_seal_under(const unsigned char key[KEY_SIZE], enum change_kind kind, unsigned char *out,
	unsigned char *content, size_t n)
{
	const char *name = change_kind_name(kind);
	unsigned long long length = 0;

	sodium_pad(&n, content, n, SEAL_PAD, n + SEAL_PAD);
	randombytes_buf(out, crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
	crypto_aead_xchacha20poly1305_ietf_encrypt(
		out + crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, &length, content, n,
		(const unsigned char *)name, strlen(name), NULL, out, key);
	return crypto_aead_xchacha20poly1305_ietf_NPUBBYTES + (size_t)length;
}

size_t site_seal(const struct store *s, enum change_kind kind, unsigned char *out,
	unsigned char *content, size_t n)
{
	return site_seal_under(s->site->key, kind, out, content, n);
}

/* As sodium_unpad() does, which takes as long for each length; who could measure that here has the
 * file before him. It was a twentieth of what a merge takes. */
static bool unpad(const unsigned char *padded, size_t size, size_t *n)
{
	size_t end = size;

	while (end && size - end < SEAL_PAD && !padded[end - 1])
		end--;
	if (!end || size - end >= SEAL_PAD || padded[end - 1] != 0x80)
		return false;
	*n = end - 1;
	return true;
}

bool site_unseal_under(const unsigned char key[KEY_SIZE], enum change_kind kind,
	const unsigned char *sealed, size_t size, unsigned char *out, size_t *n)
{
	const size_t nonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
	const char *name = change_kind_name(kind);
	unsigned long long length = 0;

	*n = 0;
	if (size < SEAL_OVERHEAD ||
		crypto_aead_xchacha20poly1305_ietf_decrypt(out, &length, NULL, sealed + nonce,
			size - nonce, (const unsigned char *)name, strlen(name), sealed, key))
		return false;
	return unpad(out, (size_t)length, n);
}

bool site_unseal(const struct store *s, enum change_kind kind, const unsigned char *sealed,
	size_t size, unsigned char *out, size_t *n)
{
	return site_unseal_under(s->site->key, kind, sealed, size, out, n);
}

int change_put(struct store *s, enum change_kind kind, const char *id, int64_t life,
	int64_t version, unsigned char *content, size_t n)
{
	unsigned char sealed[CAUSE_TEXT_SIZE + 2 * SEAL_PAD + SEAL_OVERHEAD];
	int64_t number = site_number(s);

	if (!number || n > CAUSE_TEXT_SIZE)
		return STORE_FAILED;
	size_t size = site_seal(s, kind, sealed, content, n);
	return db_run(s, SQL_CHANGE_PUT, "ttiiib", change_kind_name(kind), id, life, version,
		number, sealed, (int)size);
}

int change_note_undo(struct store *s, const char *text, size_t n, int64_t now)
{
	unsigned char content[CAUSE_TEXT_SIZE + SEAL_PAD];
	char id[2 * PSEUDONYM_SIZE + 1];

	memcpy(content, text, n);
	site_hash_under(s->site->key, content, n, id);
	return change_put(s, CHANGE_UNDO, id, s->site->life, now, content, n);
}

/* --- signed --------------------------------------------------------------- */

static const char signed_text[] = "retour changes 1", leaf_text[] = "retour change 1";

static void hash_leaf(const struct change *c, unsigned char out[CHANGE_HASH_SIZE])
{
	const char *const texts[] = { leaf_text, change_kind_name(c->kind), c->site, c->life, c->by,
		c->id, c->key };
	crypto_generichash_state state;
	char version[24];

	crypto_generichash_init(&state, NULL, 0, CHANGE_HASH_SIZE);
	crypto_generichash_update(&state, (const unsigned char *)"", 1);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		crypto_generichash_update(
			&state, (const unsigned char *)texts[i], strlen(texts[i]) + 1);
	int n = snprintf(version, sizeof version, "%lld", (long long)c->version);
	crypto_generichash_update(
		&state, (const unsigned char *)version, (unsigned long long)n + 1);
	crypto_generichash_update(&state, c->sealed, c->size);
	crypto_generichash_final(&state, out, CHANGE_HASH_SIZE);
}

static void hash_node(
	const unsigned char *left, const unsigned char *right, unsigned char out[CHANGE_HASH_SIZE])
{
	unsigned char both[1 + 2 * CHANGE_HASH_SIZE] = { 1 };

	memcpy(both + 1, left, CHANGE_HASH_SIZE);
	memcpy(both + 1 + CHANGE_HASH_SIZE, right, CHANGE_HASH_SIZE);
	crypto_generichash(out, CHANGE_HASH_SIZE, both, sizeof both, NULL, 0);
}

bool change_root(const struct change *c, unsigned char root[CHANGE_HASH_SIZE])
{
	if (c->steps > CHANGE_STEPS || c->leaf >> c->steps)
		return false;
	hash_leaf(c, root);
	for (unsigned i = 0; i < c->steps; i++)
		if (c->leaf >> i & 1)
			hash_node(c->path[i], root, root);
		else
			hash_node(root, c->path[i], root);
	return true;
}

static void signed_bytes(const unsigned char root[CHANGE_HASH_SIZE],
	unsigned char out[sizeof signed_text + CHANGE_HASH_SIZE])
{
	memcpy(out, signed_text, sizeof signed_text);
	memcpy(out + sizeof signed_text, root, CHANGE_HASH_SIZE);
}

bool change_signed_by(const struct change *c, const unsigned char root[CHANGE_HASH_SIZE],
	const unsigned char key[MINISIGN_PUBLIC_SIZE])
{
	unsigned char bytes[sizeof signed_text + CHANGE_HASH_SIZE];

	signed_bytes(root, bytes);
	return crypto_sign_verify_detached(c->signature, bytes, sizeof bytes, key) == 0;
}

/* The tree over the lines, each of which gets its path. */
static void make_tree(struct change *lines, unsigned count, unsigned char root[CHANGE_HASH_SIZE])
{
	unsigned char level[CHANGE_BATCH][CHANGE_HASH_SIZE] = { { 0 } };
	unsigned steps = 0;

	while (1u << steps < count)
		steps++;
	for (unsigned i = 0; i < count; i++) {
		lines[i].leaf = i;
		lines[i].steps = steps;
		hash_leaf(&lines[i], level[i]);
	}
	for (unsigned step = 0; step < steps; step++) {
		for (unsigned i = 0; i < count; i++)
			memcpy(lines[i].path[step], level[(i >> step) ^ 1], CHANGE_HASH_SIZE);
		for (unsigned i = 0; i < 1u << (steps - step - 1); i++)
			hash_node(level[2 * i], level[2 * i + 1], level[i]);
	}
	memcpy(root, level[0], CHANGE_HASH_SIZE);
}

void change_sign(struct change *lines, unsigned count,
	const unsigned char secret[crypto_sign_SECRETKEYBYTES])
{
	unsigned char root[CHANGE_HASH_SIZE], bytes[sizeof signed_text + CHANGE_HASH_SIZE];

	make_tree(lines, count, root);
	signed_bytes(root, bytes);
	crypto_sign_detached(lines[0].signature, NULL, bytes, sizeof bytes, secret);
	for (unsigned i = 1; i < count; i++)
		memcpy(lines[i].signature, lines[0].signature, CHANGE_SIGNATURE_SIZE);
}

/* --- who was forgotten ---------------------------------------------------- */

void site_hash_under(const unsigned char key[KEY_SIZE], const unsigned char *bytes, size_t n,
	char hex[2 * PSEUDONYM_SIZE + 1])
{
	unsigned char hash[PSEUDONYM_SIZE];

	crypto_generichash(hash, sizeof hash, bytes, n, key, KEY_SIZE);
	sodium_bin2hex(hex, 2 * PSEUDONYM_SIZE + 1, hash, sizeof hash);
}

void site_mark_under(const unsigned char key[KEY_SIZE],
	const unsigned char pseudonym[PSEUDONYM_SIZE], char hex[2 * PSEUDONYM_SIZE + 1])
{
	unsigned char input[sizeof "retour forgotten 1" + PSEUDONYM_SIZE] = "retour forgotten 1";

	memcpy(input + sizeof "retour forgotten 1", pseudonym, PSEUDONYM_SIZE);
	site_hash_under(key, input, sizeof input, hex);
}

void site_mark(const struct store *s, const unsigned char pseudonym[PSEUDONYM_SIZE],
	char hex[2 * PSEUDONYM_SIZE + 1])
{
	site_mark_under(s->site->key, pseudonym, hex);
}
