/*
 * Many questions at once, for whoever asks about a whole mailing list. A walk through the tree of
 * contacts for each address reads a page or two each time, somewhere in the file; here the
 * questions of a portion are laid out in the order of the tree first. Then each page is read once
 * for all of them: by going from question to question, or, where there are few contacts for each
 * question, past all contacts, which costs a third for each.
 *
 * A question is 12 bytes of its pseudonym and a word. Pseudonyms are hashes, so their first bits
 * say where it lies (and an address that stands twice in a list lies there once); the next free
 * place from there on is its own, near enough to the order of the tree. Two of a million addresses
 * share 96 bits once in 10^17 lists. An answer takes the place of its question, for it is no
 * larger; the rare one that is has the database asked again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "store/contact.h"
#include "store/contactrow.h"
#include "store/contacts.h"

enum {
	PER_PLACE = 80,        /* percent of the places are taken at most */
	PLACES_SPARE = 16,     /* so that there is an empty one */
	WALK_SHARE = 5,        /* with fewer contacts for a question all are walked past */
	WALK_LEAST = 1000,     /* questions */
	CACHE_LEAST = 1 << 16, /* questions, from which on pages that were read are not needed again
				*/
	REASON_BITS = 12,
	REASONS_MAX = 1 << REASON_BITS,
	REASONS_RECENT = 64,
	ATTEMPTS_MAX = 127,
	PREFIX_SIZE = 12, /* of a pseudonym */
	AHEAD = 16,       /* places are fetched from memory */
};

/* The word of a place: an answer, or one of these. */
#define EMPTY UINT32_MAX
#define NOT_FOUND (UINT32_MAX - 1) /* as far as is known */
#define AGAIN (UINT32_MAX - 2)     /* the database is to be asked */

struct asked_place {
	uint64_t high; /* of the pseudonym; of an answer: until */
	uint32_t low;  /* of the pseudonym; of an answer: since */
	uint32_t word; /* of an answer: attempts (7 bits from 24), verdict (3 from 21), state (4
			  from 17), stream (5 from 12), reason (12) */
};
_Static_assert(VERDICT_COUNT <= 8 && STATE_COUNT <= 16 && STREAMS_MAX < 32, "the word's bits");

struct asked {
	struct asked_place *place; /* in the order of the pseudonyms, EMPTY ones between them */
	size_t places, room;
	uint32_t *where; /* of the n-th pseudonym that was asked for */
	size_t most, where_room, asked, next;
	unsigned keys;  /* pseudonyms of an address */
	size_t waiting; /* pseudonyms that have no place yet, the last ones */
	unsigned char key[AHEAD][PSEUDONYM_SIZE];
	unsigned stream;
	int64_t now;
	struct asked_place *hit; /* of the contact that is looked at */
	unsigned reasons, recent[REASONS_RECENT];
	char reason[REASONS_MAX][EVENT_RULE_SIZE];
	bool walks; /* the function of SQL is there */
};

static uint64_t big_endian(const unsigned char *p, unsigned bytes)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < bytes; i++)
		v = v << 8 | p[i];
	return v;
}

static size_t home_of_key(const struct asked *a, const unsigned char key[PSEUDONYM_SIZE])
{
	return (size_t)((unsigned __int128)big_endian(key, 8) * a->places >> 64);
}

/* Where KEY lies, or the empty place that would be its own. */
static struct asked_place *place_of_key(
	const struct asked *a, const unsigned char key[PSEUDONYM_SIZE])
{
	uint64_t high = big_endian(key, 8);
	uint32_t low = (uint32_t)big_endian(key + 8, 4);
	size_t i = home_of_key(a, key);

	while (a->place[i].word != EMPTY && (a->place[i].high != high || a->place[i].low != low))
		i = i + 1 < a->places ? i + 1 : 0;
	return &a->place[i];
}

/* --- the questions -------------------------------------------------------- */

size_t store_ask_most(const struct store *s)
{
	return STORE_ASK_MAX / (1 + keys_old_states(s));
}

/* Nothing of a former portion is left. */
static int make_places(struct store *s, struct asked *a)
{
	size_t keys = a->most * a->keys;

	a->places = keys * 100 / PER_PLACE + PLACES_SPARE;
	if (a->places > a->room) {
		free(a->place);
		a->place = malloc(a->places * sizeof *a->place);
		a->room = a->place ? a->places : 0;
	}
	if (keys > a->where_room) {
		free(a->where);
		a->where = malloc(keys * sizeof *a->where);
		a->where_room = a->where ? keys : 0;
	}
	if (!a->place || !a->where)
		return store_fail(s, STORE_FAILED, "no memory");
	memset(a->place, 0xff, a->places * sizeof *a->place); /* EMPTY */
	return STORE_OK;
}

int store_ask_begin(struct store *s, size_t most)
{
	struct asked *a = s->asked;

	if (!s->in_snapshot || most > store_ask_most(s))
		return store_fail(s, STORE_MISUSE, "questions without a snapshot, or too many");
	if (!a && !(a = s->asked = calloc(1, sizeof *a)))
		return store_fail(s, STORE_FAILED, "no memory");
	if (most >= CACHE_LEAST && db_exec(s, "PRAGMA cache_size = -4096"))
		return STORE_FAILED;
	a->keys = 1 + keys_old_states(s);
	a->most = most;
	a->asked = a->next = a->waiting = 0;
	return make_places(s, a);
}

/* The N-th pseudonym, which was fetched, into its place. */
static void place_question(struct asked *a, size_t n)
{
	const unsigned char *key = a->key[n % AHEAD];
	struct asked_place *q = place_of_key(a, key);

	*q = (struct asked_place){ big_endian(key, 8), (uint32_t)big_endian(key + 8, 4),
		NOT_FOUND };
	a->where[n] = (uint32_t)(q - a->place);
	a->waiting--;
}

int store_ask(struct store *s, const char *address, size_t n)
{
	struct asked *a = s->asked;
	struct pseudonyms p;

	if (a->asked == a->most)
		return store_fail(s, STORE_FAILED, "more questions than were announced");
	if (pseudonyms_of(s, address, n, &p))
		return STORE_MISUSE;
	for (unsigned i = 0; i < p.n; i++) {
		size_t number = a->asked * a->keys + i;
		if (a->waiting == AHEAD)
			place_question(a, number - AHEAD);
		memcpy(a->key[number % AHEAD], p.key[i], PSEUDONYM_SIZE);
		__builtin_prefetch(&a->place[home_of_key(a, p.key[i])], 1);
		a->waiting++;
	}
	a->asked++;
	return STORE_OK;
}

/* --- the answers ---------------------------------------------------------- */

/* The number of a reason's text; REASONS_MAX when there are too many. */
static unsigned number_of_reason(struct asked *a, const char *text)
{
	unsigned hash = 0, i = 0;

	for (const char *p = text; *p; p++)
		hash = hash * 31 + (unsigned char)*p;
	unsigned *recent = &a->recent[hash % REASONS_RECENT];
	if (*recent < a->reasons && strcmp(a->reason[*recent], text) == 0)
		return *recent;
	while (i < a->reasons && strcmp(a->reason[i], text) != 0)
		i++;
	if (i == REASONS_MAX)
		return i;
	if (i == a->reasons)
		strcpy(a->reason[a->reasons++], text); /* of the same size */
	return *recent = i;
}

/* Into the place of its question; one that has no room there is asked for again. */
static void place_answer(
	const struct store *s, struct asked *a, struct asked_place *q, const struct answer *answer)
{
	unsigned stream = *answer->stream ? store_stream(s, answer->stream) : 0,
		 reason = number_of_reason(a, answer->reason);

	if (reason == REASONS_MAX || answer->since < 0 || answer->since > UINT32_MAX ||
		answer->attempts > ATTEMPTS_MAX) {
		q->word = AGAIN;
		return;
	}
	*q = (struct asked_place){ (uint64_t)answer->until, (uint32_t)answer->since,
		answer->attempts << 24 | (uint32_t)answer->verdict << 21 |
			(uint32_t)answer->state << 17 | stream << REASON_BITS | reason };
}

static void answer_of_place(const struct store *s, const struct asked_place *q, struct answer *out)
{
	out->verdict = q->word >> 21 & 7;
	out->state = q->word >> 17 & 15;
	out->until = (int64_t)q->high;
	out->since = (int64_t)q->low;
	out->attempts = q->word >> 24;
	memcpy(out->reason, s->asked->reason[q->word % REASONS_MAX], sizeof out->reason);
	unsigned stream = q->word >> REASON_BITS & 31;
	if (stream)
		snprintf(out->stream, sizeof out->stream, "%s", store_stream_name(s, stream));
}

static int answer_place(struct store *s, struct asked_place *q, sqlite3_stmt *st)
{
	struct contact_row row;
	struct answer answer = { 0 };

	if (!contact_read_row(s, st, &row))
		return STORE_FAILED;
	answer_row(s, &row, s->asked->stream, s->asked->now, &answer);
	place_answer(s, s->asked, q, &answer);
	return STORE_OK;
}

/* asked(pseudonym): whether somebody asked for it. */
static void sql_asked(sqlite3_context *context, int n, sqlite3_value **value)
{
	struct asked *a = sqlite3_user_data(context);
	const unsigned char *key = sqlite3_value_blob(value[0]);

	(void)n;
	a->hit = sqlite3_value_bytes(value[0]) == PSEUDONYM_SIZE ? place_of_key(a, key) : NULL;
	sqlite3_result_int(context, a->hit && a->hit->word == NOT_FOUND);
}

/* Past all contacts. */
static int walk_contacts(struct store *s)
{
	struct asked *a = s->asked;
	int result = STORE_OK;

	if (!a->walks &&
		sqlite3_create_function_v2(s->db, "asked", 1, SQLITE_UTF8 | SQLITE_DIRECTONLY, a,
			sql_asked, NULL, NULL, NULL) != SQLITE_OK)
		return db_error(s);
	a->walks = true;
	sqlite3_stmt *st = db_bind(s, SQL_CONTACT_ASKED, "");
	while (db_row(s, st, &result))
		result = answer_place(s, a->hit, st);
	return result;
}

/* Steps to the contact that is asked for at Q, as db_step(). */
static int seek_contact(struct store *s, const struct asked_place *q, sqlite3_stmt **st)
{
	unsigned char from[PSEUDONYM_SIZE], to[PSEUDONYM_SIZE];

	memset(from, 0, sizeof from);
	memset(to, 0xff, sizeof to);
	for (unsigned i = 0; i < PREFIX_SIZE; i++)
		from[i] = to[i] = (unsigned char)(i < 8 ? q->high >> (56 - 8 * i)
							: q->low >> (88 - 8 * i));
	*st = db_bind(s, SQL_CONTACT_NEAR, "bb", from, PSEUDONYM_SIZE, to, PSEUDONYM_SIZE);
	return *st ? db_step(s, *st) : -1;
}

/* From question to question. */
static int seek_contacts(struct store *s)
{
	struct asked *a = s->asked;
	sqlite3_stmt *st;
	int rc = 0;

	for (struct asked_place *q = a->place; q < a->place + a->places && rc >= 0; q++) {
		if (q->word != NOT_FOUND || (rc = seek_contact(s, q, &st)) != 1)
			continue;
		rc = answer_place(s, q, st) ? -1 : 0;
		sqlite3_reset(st);
	}
	return rc < 0 ? STORE_FAILED : STORE_OK;
}

int store_ask_all(struct store *s, unsigned stream, int64_t now)
{
	struct asked *a = s->asked;
	uint64_t counts[STATE_COUNT], contacts = 0;

	a->stream = stream;
	a->now = now;
	a->next = 0;
	while (a->waiting)
		place_question(a, a->asked * a->keys - a->waiting);
	if (answer_believe(s, now) || store_contact_counts(s, counts))
		return STORE_FAILED;
	for (unsigned i = 0; i < STATE_COUNT; i++)
		contacts += counts[i];
	return a->asked >= WALK_LEAST && contacts < (uint64_t)a->asked * WALK_SHARE
		? walk_contacts(s)
		: seek_contacts(s);
}

static int answer_again(struct store *s, const struct asked_place *q, struct answer *out)
{
	struct contact_row row;
	sqlite3_stmt *st;
	int rc = seek_contact(s, q, &st);

	if (rc == 1) {
		if (contact_read_row(s, st, &row))
			answer_row(s, &row, s->asked->stream, s->asked->now, out);
		else
			rc = -1;
		sqlite3_reset(st);
	}
	return rc < 0 ? STORE_FAILED : STORE_OK;
}

int store_asked(struct store *s, struct answer *out)
{
	struct asked *a = s->asked;

	memset(out, 0, sizeof *out);
	if (a->next == a->asked)
		return store_fail(s, STORE_MISUSE, "more answers than questions");
	const uint32_t *where = a->where + a->next++ * a->keys;
	if (a->next + AHEAD < a->asked)
		__builtin_prefetch(&a->place[where[AHEAD * a->keys]]);
	for (unsigned i = 0; i < a->keys; i++) {
		const struct asked_place *q = &a->place[where[i]];
		if (q->word == NOT_FOUND)
			continue;
		if (q->word == AGAIN)
			return answer_again(s, q, out);
		answer_of_place(s, q, out);
		break;
	}
	return STORE_OK;
}

void asked_free(struct store *s)
{
	if (s->asked) {
		free(s->asked->place);
		free(s->asked->where);
	}
	free(s->asked);
	s->asked = NULL;
}
