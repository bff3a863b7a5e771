/*
 * Which messages were counted before, by their keys:
 *
 *   the day that the message's Date names (2, big-endian; 0: none) | keyed hash (14)
 *
 * Messages that come together are mostly of a few days, and lie together: of a table of any size a
 * few pages are read and changed. The day is of the bytes by which a message is known again, so a
 * message that comes twice has it twice. Whether one was counted is asked at once; that it was is
 * written before the commit, in the order of the keys.
 *
 * Before version 33 of the schema the key was 16 bytes of the hash. As long as there may be such
 * rows, each message is looked for by both: meta has the day of the newest of them.
 */
#include <stdlib.h>
#include "store/internal.h"
#include "store/held.h"
#include "store/seen.h"

enum {
	SEEN_MAX = 1 << 16,        /* messages of a transaction, until they are written */
	SEEN_PLACES = 2 * SEEN_MAX /* a power of two */
};

#define SEEN_UNDATED "seen-undated"

struct seen {
	int64_t day;     /* on which all of them were counted */
	bool asked;      /* whether there are rows of before: */
	int64_t undated; /* the day of the newest; 0: none */
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

	memcpy(&i, key + MESSAGE_KEY_SIZE - sizeof i, sizeof i); /* of the keyed hash */
	for (i %= SEEN_PLACES;
		seen->place[i] && memcmp(seen->key[seen->place[i] - 1], key, MESSAGE_KEY_SIZE);
		i = (i + 1) % SEEN_PLACES)
		;
	return &seen->place[i];
}

/* Is there a row for KEY as it was before version 33? */
static int seen_before_dated(struct store *s, struct seen *seen,
	const unsigned char key[MESSAGE_KEY_SIZE], int64_t now, int64_t *found)
{
	if (!seen->asked && db_int(s, &seen->undated, SQL_META_GET, "t", SEEN_UNDATED))
		return STORE_FAILED;
	seen->asked = true;
	return seen->undated && !store_is_over(s, RETAIN_MESSAGES, seen->undated, now)
		? db_int(s, found, SQL_SEEN_GET, "b", key, MESSAGE_KEY_SIZE)
		: STORE_OK;
}

int seen_add(struct store *s, unsigned char key[MESSAGE_KEY_SIZE], uint16_t dated, int64_t now,
	bool *is_new)
{
	struct seen *seen = s->seen ? s->seen : (s->seen = calloc(1, sizeof *seen));
	int64_t before = 0;

	*is_new = false;
	if (!seen)
		return store_fail(s, STORE_FAILED, "no memory");
	if (((seen->n == SEEN_MAX || seen->day != day_start(now)) && seen_flush(s)) ||
		seen_before_dated(s, seen, key, now, &before))
		return STORE_FAILED;
	if (before)
		return STORE_OK;
	key[0] = (unsigned char)(dated >> 8);
	key[1] = (unsigned char)dated;
	uint32_t *place = seen_place(seen, key);
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
