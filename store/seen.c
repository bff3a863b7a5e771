/*
 * Which messages were counted before. Whether one was is asked at once; that it was is written
 * before the commit, in the order of the keys: they are random, so each would else change a page of
 * its own, in an order in which the same page leaves the cache and comes back.
 */
#include <stdlib.h>
#include "store/internal.h"

enum {
	SEEN_MAX = 32768,          /* messages of a transaction, until they are written */
	SEEN_PLACES = 2 * SEEN_MAX /* a power of two */
};

struct seen {
	int64_t day; /* on which all of them were counted */
	uint32_t n;
	uint32_t place[SEEN_PLACES]; /* 1 + the number of a key; 0: empty */
	unsigned char key[SEEN_MAX][MESSAGE_KEY_SIZE];
};

static int compare_seen_keys(const void *a, const void *b)
{
	return memcmp(a, b, MESSAGE_KEY_SIZE);
}

void seen_discard(struct store *s)
{
	if (s->seen && s->seen->n) {
		memset(s->seen->place, 0, sizeof s->seen->place);
		s->seen->n = 0;
	}
}

int seen_flush(struct store *s)
{
	struct seen *seen = s->seen;
	int result = STORE_OK;

	if (!seen || !seen->n)
		return STORE_OK;
	qsort(seen->key, seen->n, MESSAGE_KEY_SIZE, compare_seen_keys);
	for (uint32_t i = 0; i < seen->n && !result; i++)
		result = db_run(s, SQL_SEEN_ADD, "bi", seen->key[i], MESSAGE_KEY_SIZE, seen->day);
	seen_discard(s);
	return result;
}

/* The place of KEY: with its number, or the empty one where it belongs. */
static uint32_t *seen_place(struct seen *seen, const unsigned char key[MESSAGE_KEY_SIZE])
{
	uint32_t i;

	memcpy(&i, key, sizeof i); /* a keyed hash: nobody chooses its bytes */
	for (i %= SEEN_PLACES;
		seen->place[i] && memcmp(seen->key[seen->place[i] - 1], key, MESSAGE_KEY_SIZE);
		i = (i + 1) % SEEN_PLACES)
		;
	return &seen->place[i];
}

int seen_add(struct store *s, const unsigned char key[MESSAGE_KEY_SIZE], int64_t now, bool *is_new)
{
	struct seen *seen = s->seen ? s->seen : (s->seen = calloc(1, sizeof *seen));
	int64_t before = 0;

	if (!seen)
		return store_fail(s, STORE_FAILED, "no memory");
	if ((seen->n == SEEN_MAX || seen->day != day_start(now)) && seen_flush(s))
		return STORE_FAILED;
	uint32_t *place = seen_place(seen, key);
	*is_new = false;
	if (*place)
		return STORE_OK;
	if (db_int(s, &before, SQL_SEEN_GET, "b", key, MESSAGE_KEY_SIZE))
		return STORE_FAILED;
	if (before)
		return STORE_OK;
	*is_new = true;
	seen->day = day_start(now);
	memcpy(seen->key[seen->n], key, MESSAGE_KEY_SIZE);
	*place = ++seen->n;
	return held_note(s, HELD_SEEN, now, 1);
}
