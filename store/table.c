/*
 * All contacts in memory, for a handle that is asked about a whole mailing list. A walk through the
 * database costs microseconds for each address, one pass over it a fifth of one for each contact,
 * so from some number of questions on the pass is cheaper.
 *
 * A contact is 12 bytes of its pseudonym and a word; who is on a ladder, on hold or paused has a
 * record of its own beside it. Pseudonyms are hashes, so their first bits say where in the table to
 * look: mostly one place in memory for an answer. Two of a million addresses share 96 bits once in
 * 10^17 lists.
 *
 * The table is made only by handles that read, holds while nothing was written since (PRAGMA
 * data_version), and is asked only inside a snapshot.
 */
#include <stdlib.h>
#include "store/internal.h"
#include "store/table.h"

enum {
	TABLE_BYTES_MAX = 28 << 20, /* the contacts of a larger store are asked for one by one */
	GROWTH = 1 << 16,           /* records at a time */
	FILLED = 80,                /* percent of the places */
	ROWS_PER_PAGE = 30,         /* of the database, about */
	WORTH_SHARE = 20,           /* worth it from one question for so many contacts on */
	REASONS_MAX = 255,
};
#define ON_ITS_OWN (UINT32_C(1) << 31) /* the word is the number of a record */
#define EMPTY UINT32_MAX

/*
 * The word of one that time does not change: state (4 bits from 24), reason (8 from 16), since as a
 * day (16).
 */
struct table_slot {
	uint64_t high; /* of the pseudonym */
	uint32_t low, word;
};

struct own {
	int64_t until, due;
	uint16_t since, attempts; /* since as a day */
	uint8_t state, reason;
	bool full; /* its ladder is the one of full mailboxes */
	uint8_t objections;
	uint32_t objected; /* the first of them */
};

struct answer_table {
	bool holds, too_large;
	int64_t version;         /* of the data that it was made from, or given up for */
	uint64_t asked;          /* since it was made */
	struct table_slot *slot; /* in the order of their pseudonyms, EMPTY ones between them */
	size_t places;
	struct own *own;
	size_t owns, own_room;
	struct objected *objected;
	size_t objections, objected_room;
	unsigned reasons;
	char reason[REASONS_MAX][EVENT_RULE_SIZE];
};

static uint64_t table_number_at(const unsigned char *p, unsigned bytes)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < bytes; i++)
		v = v << 8 | p[i];
	return v;
}

/*
 * Where a pseudonym would lie if they were spread evenly; the next free place from there on is its
 * own.
 */
static size_t place_of_cell(const struct answer_table *t, uint64_t high)
{
	return (size_t)((unsigned __int128)high * t->places >> 64);
}

static size_t next_place(const struct answer_table *t, size_t i)
{
	return i + 1 < t->places ? i + 1 : 0;
}

static bool grow_own(struct answer_table *t)
{
	if (t->owns < t->own_room)
		return true;
	struct own *more = realloc(t->own, (t->own_room + GROWTH) * sizeof *more);
	if (!more)
		return false;
	t->own = more;
	t->own_room += GROWTH;
	return true;
}

static bool grow_objected(struct answer_table *t)
{
	if (t->objections + OBJECTED_MAX <= t->objected_room)
		return true;
	struct objected *more = realloc(t->objected, (t->objected_room + GROWTH) * sizeof *more);
	if (!more)
		return false;
	t->objected = more;
	t->objected_room += GROWTH;
	return true;
}

/*
 * The number of a reason's text; REASONS_MAX when there are too many. They come in runs and are
 * few.
 */
static unsigned reason_number(struct answer_table *t, const char *text, unsigned last)
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
	return !r->due && !r->until && !r->attempts && !r->full && !r->objections;
}

/* False: there is no room for it. */
static bool add_row(struct answer_table *t, const struct contact_row *r, unsigned *reason)
{
	uint64_t high = table_number_at(r->key, 8);
	size_t i = place_of_cell(t, high);

	*reason = reason_number(t, r->reason, *reason);
	if (*reason == REASONS_MAX ||
		t->places * sizeof *t->slot + t->own_room * sizeof *t->own +
				t->objected_room * sizeof *t->objected >
			TABLE_BYTES_MAX ||
		!grow_own(t) || !grow_objected(t))
		return false;
	while (t->slot[i].word != EMPTY)
		i = next_place(t, i);
	t->slot[i] = (struct table_slot){ high, (uint32_t)table_number_at(r->key + 8, 4),
		(uint32_t)r->state << 24 | *reason << 16 | (uint16_t)(r->since / DAY) };
	if (fits(r))
		return true;
	t->slot[i].word = ON_ITS_OWN | (uint32_t)t->owns;
	t->own[t->owns++] = (struct own){ r->until, r->due, (uint16_t)(r->since / DAY),
		(uint16_t)(r->attempts & 0xffff), (uint8_t)r->state, (uint8_t)*reason, r->full,
		(uint8_t)r->objections, (uint32_t)t->objections };
	memcpy(t->objected + t->objections, r->objected, r->objections * sizeof *r->objected);
	t->objections += r->objections;
	return true;
}

static void empty_table(struct answer_table *t)
{
	free(t->slot);
	free(t->own);
	free(t->objected);
	memset(t, 0, offsetof(struct answer_table, reason));
}

/* Places for all contacts, one of them at least empty. */
static int make_places(struct store *s, struct answer_table *t)
{
	int64_t count = 0;

	if (db_int(s, &count, SQL_CONTACT_ALL, ""))
		return STORE_FAILED;
	t->places = (size_t)count * 100 / FILLED + 1;
	t->too_large = t->places * sizeof *t->slot > TABLE_BYTES_MAX;
	if (!t->too_large && !(t->slot = malloc(t->places * sizeof *t->slot)))
		return store_fail(s, STORE_FAILED, "no memory");
	if (t->slot)
		memset(t->slot, 0xff, t->places * sizeof *t->slot); /* EMPTY */
	return STORE_OK;
}

static int make_count_table(struct store *s, struct answer_table *t, int64_t version)
{
	struct contact_row row;
	unsigned reason = 0;
	int rc = 0;

	empty_table(t);
	t->version = version;
	if (make_places(s, t))
		return STORE_FAILED;
	sqlite3_stmt *st = t->too_large ? NULL : db_bind(s, SQL_CONTACT_ROWS, "");
	while (st && !t->too_large && (rc = db_step(s, st)) == 1) {
		contact_read_row(st, &row);
		t->too_large = !add_row(t, &row, &reason);
	}
	if (st)
		sqlite3_reset(st);
	t->holds = st && !t->too_large && !rc;
	if (t->holds)
		return STORE_OK;
	bool too_large = t->too_large;
	empty_table(t);
	t->version = version;
	t->too_large = too_large;
	return too_large ? STORE_OK : STORE_FAILED;
}

static int worth(struct store *s, const struct answer_table *t, bool *is)
{
	int64_t pages = 0;

	if (db_int(s, &pages, SQL_PAGE_COUNT, ""))
		return STORE_FAILED;
	*is = t->asked >= (uint64_t)pages * ROWS_PER_PAGE / WORTH_SHARE;
	return STORE_OK;
}

static struct answer_table *table(struct store *s)
{
	if (!s->table && !(s->table = calloc(1, sizeof *s->table)))
		store_fail(s, STORE_FAILED, "no memory");
	return s->table;
}

int store_expect(struct store *s, uint64_t checks)
{
	struct answer_table *t = table(s);

	if (!t)
		return STORE_FAILED;
	t->asked += checks;
	return STORE_OK;
}

int contact_table_enter(struct store *s)
{
	struct answer_table *t = table(s);
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
	return is_worth ? make_count_table(s, t, version) : STORE_OK;
}

enum table_result contact_table_find(
	struct store *s, const unsigned char key[PSEUDONYM_SIZE], struct contact_row *out)
{
	struct answer_table *t = s->table;

	if (!s->in_snapshot || !t)
		return TABLE_UNKNOWN;
	t->asked++;
	if (!t->holds)
		return TABLE_UNKNOWN;
	uint64_t high = table_number_at(key, 8);
	uint32_t low = (uint32_t)table_number_at(key + 8, 4);
	size_t i = place_of_cell(t, high);
	while (t->slot[i].word != EMPTY && (t->slot[i].high != high || t->slot[i].low != low))
		i = next_place(t, i);
	uint32_t word = t->slot[i].word;
	out->objections = 0;
	if (word == EMPTY)
		return TABLE_NONE;
	memcpy(out->key, key, PSEUDONYM_SIZE);
	if (word & ON_ITS_OWN) {
		const struct own *o = &t->own[word & ~ON_ITS_OWN];
		out->until = o->until;
		out->due = o->due;
		out->since = (int64_t)o->since * DAY;
		out->attempts = o->attempts;
		out->state = o->state;
		out->full = o->full;
		out->objections = o->objections;
		memcpy(out->objected, t->objected + o->objected,
			o->objections * sizeof *out->objected);
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
