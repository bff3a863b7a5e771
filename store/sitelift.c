/*
 * Erasures and their confirmations as they go from site to site: by a hash of the contact's name
 * (site_mark()), and sealed with that name, so that they can be brought under another state key.
 *
 * Content before it is sealed: 1 | whether what suppresses is kept | the name (16): of one erasure,
 * at the version. Form 2, where there was more than one: 2 | the name (16) | when the last one was
 * (8, big-endian) | when the last one that kept nothing (8, 0: never).
 */
#include <sodium.h>
#include "store/siteparts.h"
#include "store/pseudonym.h"

enum {
	ONE_SIZE = 2 + PSEUDONYM_SIZE,
	BOTH_SIZE = 1 + PSEUDONYM_SIZE + 2 * 8,
	MARK_SEALED_SIZE = BOTH_SIZE + SEAL_PAD + SEAL_OVERHEAD,
};

void erasures_join(struct erasure_times *to, const struct erasure_times *from)
{
	to->last = larger(to->last, from->last);
	to->bare = larger(to->bare, from->bare);
}

/* --- bytes ---------------------------------------------------------------- */

bool mark_parse(const unsigned char *out, size_t n, int64_t version, struct mark *m)
{
	if (n == ONE_SIZE && out[0] == 1) {
		memcpy(m->name, out + 2, sizeof m->name);
		m->of = (struct erasure_times){ version, out[1] ? 0 : version };
		return true;
	}
	if (n != BOTH_SIZE || out[0] != 2)
		return false;
	memcpy(m->name, out + 1, sizeof m->name);
	m->of.last = number_read(out + 1 + PSEUDONYM_SIZE);
	m->of.bare = number_read(out + 1 + PSEUDONYM_SIZE + 8);
	return m->of.bare <= m->of.last && m->of.last <= version;
}

bool mark_read(const struct store *s, enum change_kind kind, int64_t version, const void *sealed,
	size_t size, struct mark *m)
{
	unsigned char out[2 * SEAL_PAD];
	size_t n;

	return size <= sizeof out && site_unseal(s, kind, sealed, size, out, &n) &&
		mark_parse(out, n, version, m);
}

static size_t mark_seal(const unsigned char key[KEY_SIZE], enum change_kind kind,
	unsigned char out[MARK_SEALED_SIZE], int64_t version, const struct mark *m)
{
	unsigned char padded[BOTH_SIZE + SEAL_PAD];
	bool one = m->of.last == version && (!m->of.bare || m->of.bare == version);

	padded[0] = one ? 1 : 2;
	padded[1] = !m->of.bare;
	memcpy(padded + 1 + one, m->name, sizeof m->name);
	number_write(padded + 1 + PSEUDONYM_SIZE + one, m->of.last);
	number_write(padded + 1 + PSEUDONYM_SIZE + one + 8, m->of.bare);
	return site_seal_under(key, kind, out, padded, one ? ONE_SIZE : BOTH_SIZE);
}

/* --- rows ----------------------------------------------------------------- */

int mark_put(struct store *s, enum change_kind kind, const char *mark, int64_t life,
	int64_t version, const struct mark *m)
{
	unsigned char sealed[MARK_SEALED_SIZE];
	size_t size = mark_seal(s->site->key, kind, sealed, version, m);
	int64_t number = site_number(s);

	return number ? db_run(s, SQL_CHANGE_PUT, "ttiiib", change_kind_name(kind), mark, life,
				version, number, sealed, (int)size)
		      : STORE_FAILED;
}

/* What the rows of ST say together; ones that name nobody are of one erasure, which kept something
 * for all that they say. */
static int join_rows(struct store *s, enum change_kind kind, sqlite3_stmt *st, int64_t *version,
	struct erasure_times *of)
{
	int result = STORE_OK;
	struct mark m;

	while (db_row(s, st, &result)) {
		int64_t at = sqlite3_column_int64(st, 0);
		if (!mark_read(s, kind, at, sqlite3_column_blob(st, 1),
			    (size_t)sqlite3_column_bytes(st, 1), &m))
			m.of = (struct erasure_times){ at, 0 };
		erasures_join(of, &m.of);
		if (version)
			*version = at;
	}
	return result;
}

int mark_of(struct store *s, enum change_kind kind, const char *mark, int64_t life,
	int64_t *version, struct erasure_times *of)
{
	return join_rows(s, kind,
		db_bind(s, SQL_CHANGE_OF_LIFE, "tti", change_kind_name(kind), mark, life), version,
		of);
}

int site_erased(
	struct store *s, const unsigned char pseudonym[PSEUDONYM_SIZE], struct erasure_times *of)
{
	char mark[2 * PSEUDONYM_SIZE + 1];

	*of = (struct erasure_times){ 0, 0 };
	if (!s->site->forgets)
		return STORE_OK;
	site_mark(s, pseudonym, mark);
	return join_rows(s, CHANGE_FORGET,
		db_bind(s, SQL_CHANGE_OF, "tt", change_kind_name(CHANGE_FORGET), mark), NULL, of);
}

/* A word that says more than the one before has a version above it, also where the erasure that it
 * is about is an older one, which was heard of late. */
int mark_confirm(struct store *s, const unsigned char name[PSEUDONYM_SIZE])
{
	char mark[2 * PSEUDONYM_SIZE + 1];
	struct mark m;
	struct erasure_times before = { 0, 0 };
	int64_t version = 0;

	memcpy(m.name, name, sizeof m.name);
	site_mark(s, name, mark);
	if (site_erased(s, name, &m.of) ||
		mark_of(s, CHANGE_CONFIRM, mark, s->site->life, &version, &before))
		return STORE_FAILED;
	if (version && before.last == m.of.last && before.bare == m.of.bare)
		return STORE_OK;
	return mark_put(s, CHANGE_CONFIRM, mark, s->site->life, larger(m.of.last, version + 1), &m);
}

/* Whom the erasure names that goes by ID. */
static int name_of_id(struct store *s, const char *id, struct mark *m, bool *named)
{
	sqlite3_stmt *st = db_bind(s, SQL_CHANGE_OF, "tt", change_kind_name(CHANGE_FORGET), id);
	int result = STORE_OK;
	struct mark of;

	*named = false;
	while (db_row(s, st, &result))
		if (mark_read(s, CHANGE_FORGET, sqlite3_column_int64(st, 0),
			    sqlite3_column_blob(st, 1), (size_t)sqlite3_column_bytes(st, 1), &of)) {
			memcpy(m->name, of.name, sizeof of.name);
			*named = true;
		}
	return result;
}

int mark_next_erased(struct store *s, char *id)
{
	char after[CHANGE_ID_SIZE];

	snprintf(after, sizeof after, "%s", id);
	return db_line(s, id, CHANGE_ID_SIZE, SQL_CHANGE_ERASED, "t", after);
}

int marks_confirm_all(struct store *s)
{
	char id[CHANGE_ID_SIZE] = "";
	int result = STORE_OK;
	struct mark m;
	bool named;

	while (!result && !(result = mark_next_erased(s, id)) && *id)
		if (!(result = name_of_id(s, id, &m, &named)) && named)
			result = mark_confirm(s, m.name);
	return result;
}

/* --- another key ------------------------------------------------------------ */

struct marked {
	enum change_kind kind;
	char id[CHANGE_ID_SIZE];
	int64_t life, version;
	bool named;
	struct mark m;
};

/* The next one that has not NUMBER yet; confirmations first. */
static int next_marked(struct store *s, int64_t number, struct marked *m, bool *found)
{
	sqlite3_stmt *st = db_bind(s, SQL_CHANGE_MARKED, "i", number);
	int rc = st ? db_step(s, st) : -1;

	*found = rc == 1;
	if (rc == 1) {
		m->kind = (enum change_kind)change_kind_by_name(
			(const char *)sqlite3_column_text(st, 0));
		db_text(st, 1, m->id, sizeof m->id);
		m->life = sqlite3_column_int64(st, 2);
		m->version = sqlite3_column_int64(st, 3);
		m->named = mark_read(s, m->kind, m->version, sqlite3_column_blob(st, 4),
			(size_t)sqlite3_column_bytes(st, 4), &m->m);
		sqlite3_reset(st);
	}
	return rc < 0 ? STORE_FAILED : STORE_OK;
}

/* A confirmation that names nobody is about whom the erasure names that goes by the same hash. */
static int name_of_erasure(struct store *s, struct marked *m)
{
	if (name_of_id(s, m->id, &m->m, &m->named))
		return STORE_FAILED;
	if (m->named)
		m->m.of = (struct erasure_times){ m->version, 0 };
	return STORE_OK;
}

/*
 * The name sealed under STATE, unless that is NULL, and the row under UNDER. Confirmations that
 * name nobody, of an erasure that nobody knows, are lost, and told again by the site that gave
 * them.
 */
static int lift_marked(struct store *s, struct marked *m, const unsigned char *state,
	const unsigned char under[KEY_SIZE], int64_t number)
{
	unsigned char sealed[MARK_SEALED_SIZE];
	char mark[2 * PSEUDONYM_SIZE + 1];

	if (!m->named && m->kind == CHANGE_CONFIRM && name_of_erasure(s, m))
		return STORE_FAILED;
	if (!m->named)
		return db_run(s, SQL_CHANGE_DROP, "tti", change_kind_name(m->kind), m->id, m->life);
	if (state)
		pseudonym_seal(m->m.name, state);
	site_mark_under(under, m->m.name, mark);
	size_t size = mark_seal(under, m->kind, sealed, m->version, &m->m);
	return db_run(s, SQL_CHANGE_MARK, "ttitib", change_kind_name(m->kind), m->id, m->life, mark,
		number, sealed, (int)size);
}

int changes_lift(struct store *s, const unsigned char key[KEY_SIZE])
{
	struct marked m;
	int64_t number;
	bool found = true;
	int result = STORE_OK;

	if (!site_is_on(s))
		return STORE_OK;
	if (!(number = site_number(s)))
		return STORE_FAILED;
	while (!result && found && !(result = next_marked(s, number, &m, &found)) && found)
		result = lift_marked(s, &m, key, s->site->key, number);
	return result;
}

int mark_under(struct store *s, const struct change *c, int64_t life,
	const unsigned char key[KEY_SIZE], int64_t number)
{
	struct marked m = { .kind = c->kind, .life = life, .version = c->version };

	memcpy(m.id, c->id, sizeof m.id);
	m.named = mark_read(s, c->kind, c->version, c->sealed, c->size, &m.m);
	return lift_marked(s, &m, NULL, key, number);
}
