/*
 * Erasures and their confirmations as they go from site to site: by a hash of the contact's name
 * (site_mark()), and sealed with that name, so that they can be brought under another state key.
 *
 * Content before it is sealed: 1 | whether what suppresses is kept | the name (16).
 */
#include <sodium.h>
#include "store/siteparts.h"

enum { MARK_SEALED_SIZE = FORGET_SIZE + SEAL_PAD + SEAL_OVERHEAD };

bool mark_read(const struct store *s, enum change_kind kind, const void *sealed, size_t size,
	unsigned char content[FORGET_SIZE])
{
	unsigned char out[2 * SEAL_PAD];
	size_t n;

	if (size > sizeof out || !site_unseal(s, kind, sealed, size, out, &n) || n != FORGET_SIZE ||
		out[0] != 1)
		return false;
	memcpy(content, out, FORGET_SIZE);
	return true;
}

static size_t mark_seal(const struct store *s, enum change_kind kind,
	unsigned char out[MARK_SEALED_SIZE], const unsigned char content[FORGET_SIZE])
{
	unsigned char padded[FORGET_SIZE + SEAL_PAD];

	memcpy(padded, content, FORGET_SIZE);
	return site_seal(s, kind, out, padded, FORGET_SIZE);
}

int mark_put(struct store *s, enum change_kind kind, const char *mark, int64_t life,
	int64_t version, const unsigned char content[FORGET_SIZE])
{
	unsigned char sealed[MARK_SEALED_SIZE];
	size_t size = mark_seal(s, kind, sealed, content);
	int64_t number = site_number(s);

	return number ? db_run(s, SQL_CHANGE_PUT, "ttiiib", change_kind_name(kind), mark, life,
				version, number, sealed, (int)size)
		      : STORE_FAILED;
}

struct marked {
	enum change_kind kind;
	char id[CHANGE_ID_SIZE];
	int64_t life;
	bool named;
	unsigned char content[FORGET_SIZE];
};

/* The next one that has not NUMBER yet; erasures first. */
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
		m->named = mark_read(s, m->kind, sqlite3_column_blob(st, 3),
			(size_t)sqlite3_column_bytes(st, 3), m->content);
		sqlite3_reset(st);
	}
	return rc < 0 ? STORE_FAILED : STORE_OK;
}

/* Confirmations of an erasure that name nobody go with it; of one that nobody knows they are lost,
 * and told again by the site that gave them. */
static int lift_marked(
	struct store *s, const struct marked *m, const unsigned char key[KEY_SIZE], int64_t number)
{
	unsigned char content[FORGET_SIZE], sealed[MARK_SEALED_SIZE];
	char mark[2 * PSEUDONYM_SIZE + 1];

	if (!m->named)
		return db_run(s, SQL_CHANGE_DROP, "tti", change_kind_name(m->kind), m->id, m->life);
	memcpy(content, m->content, sizeof content);
	pseudonym_seal(content + 2, key);
	site_mark(s, content + 2, mark);
	size_t size = mark_seal(s, m->kind, sealed, content);
	if (db_run(s, SQL_CHANGE_MARK, "ttitib", change_kind_name(m->kind), m->id, m->life, mark,
		    number, sealed, (int)size))
		return STORE_FAILED;
	if (m->kind != CHANGE_FORGET)
		return STORE_OK;
	size = mark_seal(s, CHANGE_CONFIRM, sealed, content);
	return db_run(s, SQL_CONFIRM_MARK, "ttib", m->id, mark, number, sealed, (int)size);
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
		result = lift_marked(s, &m, key, number);
	return result;
}
