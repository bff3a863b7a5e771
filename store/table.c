/*
 * All contacts in memory, for a handle that is asked about a whole mailing list. A walk through the database costs microseconds for each address, one
 * pass over it a fifth of one for each contact, so from some number of questions on the pass is cheaper.
 *
 * A contact is 12 bytes of its pseudonym and a word; who is on a ladder, on hold or paused has a record of its own beside it. They lie in the order
 * of the pseudonyms, which are hashes: their first bits say where to look. Two of a million addresses share 96 bits once in 10^17 lists.
 *
 * The table is made only by handles that read, holds while nothing was written since (PRAGMA data_version), and is asked only inside a snapshot.
 */
#include <stdlib.h>
#include "store/internal.h"

enum {
	TABLE_BYTES_MAX = 44 << 20, /* a larger store is asked through its database, with filter.c before it */
	GROWTH = 1 << 16,           /* contacts at a time */
	PER_BUCKET = 4,             /* contacts that share their first bits, about */
	ROWS_PER_PAGE = 30,         /* of the database, about */
	WORTH_SHARE = 20,           /* worth it from one question for so many contacts on */
	REASONS_MAX = 255,
	ON_ITS_OWN = 1u << 31,      /* the word is the number of a record */
};

/* The word of one that time does not change: state (4 bits from 24), reason (8 from 16), since as a day (16). */
struct slot {
	uint64_t high;              /* of the pseudonym */
	uint32_t low, word;
};

struct own {
	int64_t until, due, since;
	uint16_t attempts;
	uint8_t state, reason;
	bool full;                  /* its ladder is the one of full mailboxes */
};

struct table {
	bool holds, too_large;
	int64_t version;            /* of the data that it was made from, or given up for */
	uint64_t asked;             /* since it was made */
	struct slot *slot;
	size_t n, room;
	struct own *own;
	size_t owns, own_room;
	uint32_t *first;            /* of each bucket, and one behind the last */
	unsigned bits;
	unsigned reasons;
	char reason[REASONS_MAX][EVENT_RULE_SIZE];
};

static uint64_t number_at(const unsigned char *p, unsigned bytes)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < bytes; i++)
		v = v << 8 | p[i];
	return v;
}

static size_t bucket_of(const struct table *t, uint64_t high)
{
	return t->bits ? high >> (64 - t->bits) : 0;
}

static bool grow(void **p, size_t *room, size_t n, size_t size)
{
	if (n < *room)
		return true;
	void *more = realloc(*p, (*room + GROWTH) * size);
	if (!more)
		return false;
	*p = more;
	*room += GROWTH;
	return true;
}

/* The number of a reason's text; REASONS_MAX when there are too many. They come in runs and are few. */
static unsigned reason_number(struct table *t, const char *text, unsigned last)
{
	if (last < t->reasons && strcmp(t->reason[last], text) == 0)
		return last;
	for (unsigned i = 0; i < t->reasons; i++)
		if (strcmp(t->reason[i], text) == 0)
			return i;
	if (t->reasons < REASONS_MAX)
		strcpy(t->reason[t->reasons++], text); /* contact_row() cut it */
	else
		return REASONS_MAX;
	return t->reasons - 1;
}

static bool fits(const struct contact_row *r)
{
	return !r->due && !r->until && !r->attempts && r->since >= 0 && r->since / DAY < 1 << 16 && r->since % DAY == 0;
}

/* False: there is no room for it. */
static bool add_row(struct table *t, const struct contact_row *r, unsigned *reason)
{
	struct slot *slot;

	*reason = reason_number(t, r->reason, *reason);
	if (*reason == REASONS_MAX || t->n * sizeof *t->slot + t->owns * sizeof *t->own > TABLE_BYTES_MAX ||
	    !grow((void **)&t->slot, &t->room, t->n, sizeof *t->slot) || !grow((void **)&t->own, &t->own_room, t->owns, sizeof *t->own))
		return false;
	slot = &t->slot[t->n++];
	slot->high = number_at(r->key, 8);
	slot->low = (uint32_t)number_at(r->key + 8, 4);
	if (fits(r)) {
		slot->word = (uint32_t)r->state << 24 | *reason << 16 | (uint32_t)(r->since / DAY);
		return true;
	}
	slot->word = ON_ITS_OWN | (uint32_t)t->owns;
	t->own[t->owns++] = (struct own){ r->until, r->due, r->since, (uint16_t)(r->attempts & 0xffff), (uint8_t)r->state, (uint8_t)*reason, r->full };
	return true;
}

static bool make_buckets(struct table *t)
{
	for (t->bits = 0; t->bits < 31 && ((size_t)1 << t->bits) * PER_BUCKET < t->n; t->bits++)
		;
	size_t buckets = (size_t)1 << t->bits, next = 0;
	t->first = malloc((buckets + 1) * sizeof *t->first);
	if (!t->first)
		return false;
	for (size_t b = 0; b <= buckets; b++) {
		while (next < t->n && bucket_of(t, t->slot[next].high) < b)
			next++;
		t->first[b] = (uint32_t)next;
	}
	return true;
}

static void empty_table(struct table *t)
{
	free(t->slot);
	free(t->own);
	free(t->first);
	memset(t, 0, offsetof(struct table, reason));
}

static int make_table(struct store *s, struct table *t, int64_t version)
{
	sqlite3_stmt *st = db_bind(s, SQL_CONTACT_ROWS, "");
	struct contact_row row;
	unsigned reason = 0;
	int rc = 0;
	bool room = true;

	empty_table(t);
	t->version = version;
	while (st && room && (rc = db_step(s, st)) == 1) {
		contact_read_row(st, &row);
		room = add_row(t, &row, &reason);
	}
	sqlite3_reset(st);
	if (!st || rc < 0)
		return STORE_FAILED;
	t->holds = room && make_buckets(t);
	if (!t->holds) {
		empty_table(t);
		t->version = version;
		t->too_large = true;
	}
	return STORE_OK;
}

static int worth(struct store *s, const struct table *t, bool *is)
{
	int64_t pages = 0;

	if (db_int(s, &pages, SQL_PAGE_COUNT, ""))
		return STORE_FAILED;
	*is = t->asked >= (uint64_t)pages * ROWS_PER_PAGE / WORTH_SHARE;
	return STORE_OK;
}

static struct table *table(struct store *s)
{
	if (!s->table && !(s->table = calloc(1, sizeof *s->table)))
		store_fail(s, STORE_FAILED, "no memory");
	return s->table;
}

int store_expect(struct store *s, uint64_t checks)
{
	struct table *t = table(s);

	if (!t)
		return STORE_FAILED;
	t->asked += checks;
	return STORE_OK;
}

int contact_table_enter(struct store *s)
{
	struct table *t = table(s);
	int64_t version = 0;
	bool is_worth;

	if (!s->o.read_only)
		return STORE_OK;
	if (!t || db_int(s, &version, SQL_DATA_VERSION, ""))
		return STORE_FAILED;
	if (t->version != version)
		t->holds = t->too_large = false;
	if (t->holds || t->too_large)
		return STORE_OK;
	if (worth(s, t, &is_worth))
		return STORE_FAILED;
	return is_worth ? make_table(s, t, version) : STORE_OK;
}

enum table_result contact_table_find(struct store *s, const unsigned char key[PSEUDONYM_SIZE], struct contact_row *out)
{
	struct table *t = s->table;

	if (!s->in_snapshot || !t)
		return TABLE_UNKNOWN;
	t->asked++;
	if (!t->holds)
		return TABLE_UNKNOWN;
	uint64_t high = number_at(key, 8);
	size_t bucket = bucket_of(t, high);
	uint32_t i = t->first[bucket], end = t->first[bucket + 1], low = (uint32_t)number_at(key + 8, 4);
	while (i < end && (t->slot[i].high != high || t->slot[i].low != low))
		i++;
	if (i == end)
		return TABLE_NONE;
	uint32_t word = t->slot[i].word;
	memcpy(out->key, key, PSEUDONYM_SIZE);
	if (word & ON_ITS_OWN) {
		const struct own *o = &t->own[word & ~ON_ITS_OWN];
		out->until = o->until;
		out->due = o->due;
		out->since = o->since;
		out->attempts = o->attempts;
		out->state = o->state;
		out->full = o->full;
		out->reason = t->reason[o->reason];
	} else {
		out->until = out->due = 0;
		out->since = (int64_t)(word & 0xffff) * DAY;
		out->attempts = 0;
		out->state = word >> 24;
		out->full = false;
		out->reason = t->reason[word >> 16 & 0xff];
	}
	return TABLE_FOUND;
}

void contact_table_free(struct store *s)
{
	if (s->table)
		empty_table(s->table);
	free(s->table);
	s->table = NULL;
}
