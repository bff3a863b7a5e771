/*
 * Lines and rows that are sealed under one of the sites' keys (sitekeys.c), brought under another:
 * content, and the id where that is a hash under the key.
 */
#include <sodium.h>
#include <stdlib.h>
#include "store/siteparts.h"
#include "store/wave.h"

/* What CONTENT goes by under KEY; false: it names nobody. *MARKED: such an id was a hash of that.
 */
static bool id_under(const unsigned char key[KEY_SIZE], enum change_kind kind, int64_t version,
	const unsigned char *content, size_t n, char id[CHANGE_ID_SIZE])
{
	struct mark m;

	if (kind == CHANGE_FORGET || kind == CHANGE_CONFIRM) {
		if (!mark_parse(content, n, version, &m))
			return false;
		site_mark_under(key, m.name, id);
	} else if (kind == CHANGE_UNDO) {
		site_hash_under(key, content, n, id);
	} else if (kind == CHANGE_WAVE) {
		return wave_id_under(key, (const char *)content, id);
	}
	return true;
}

/* CONTENT of N bytes, with room for SEAL_PAD and a NUL behind it, under KEY into C. */
bool change_under(const unsigned char key[KEY_SIZE], const struct change *from,
	unsigned char *content, size_t n, unsigned char *sealed, struct change *c)
{
	*c = *from;
	content[n] = '\0';
	if (!id_under(key, from->kind, from->version, content, n, c->id))
		return false;
	c->size = site_seal_under(key, from->kind, sealed, content, n);
	c->sealed = sealed;
	return true;
}

/* Whose id is a hash under KEY has that of his content. */
static bool id_is_true(const unsigned char key[KEY_SIZE], const struct change *c,
	const unsigned char *content, size_t n)
{
	char id[CHANGE_ID_SIZE];

	memcpy(id, c->id, sizeof id);
	return id_under(key, c->kind, c->version, content, n, id) && strcmp(id, c->id) == 0;
}

const char *site_bring(
	struct store *s, const struct change *c, struct change *here, unsigned char **room)
{
	const struct site *site = s->site;
	const struct site_key *by = NULL;
	size_t n = 0;

	*here = *c;
	*room = NULL;
	here->under = site->key_name;
	if (!site->others && c->kind != CHANGE_UNTIL)
		return NULL;
	unsigned char *content = malloc(2 * (c->size + SEAL_PAD + SEAL_OVERHEAD));
	if (!content)
		return "there is no memory for it";
	unsigned char *sealed = content + c->size + SEAL_PAD + SEAL_OVERHEAD;
	*room = content;
	if (site_unseal_under(site->key, c->kind, c->sealed, c->size, content, &n))
		return NULL;
	for (unsigned i = 0; i < site->others && !by; i++)
		if (site_unseal_under(site->other[i].key, c->kind, c->sealed, c->size, content, &n))
			by = &site->other[i];
	if (!by)
		return SITE_KEY_STRANGE;
	content[n] = '\0';
	if (!id_is_true(by->key, c, content, n))
		return "its id is not that of its content";
	bool brought = change_under(site->key, c, content, n, sealed, here);
	here->under = by->name;
	return brought ? NULL : "its id is not that of its content";
}
