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
 * larger; the rare one that is has the database asked again. Whoever may share the work has the
 * second half of a large portion's places gone through by another handle meanwhile.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "store/askedhelp.h"
#include "store/contact.h"
#include "store/contactrow.h"
#include "store/contacts.h"
#include "store/ownkeys.h"
#include "store/pseudonym.h"

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
	ANSWER_ATTEMPTS_MAX = 127,
	PREFIX_SIZE = 12, /* of a pseudonym */
	AHEAD = 16,       /* places are fetched from memory */
	WAITING = 4096,   /* addresses */
	WAITING_TEXT = 1 << 17,
	SHARE_HASHES = 512, /* addresses, of which a thread is worth its beginning */
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

/* Addresses, canonical, that have no place yet. */
struct unplaced {
	size_t n;
	uint32_t begin[WAITING + 1]; /* in TEXT; behind the last one, where the next will be */
	unsigned char key[WAITING * (1 + OLD_STATES_MAX)][PSEUDONYM_SIZE];
	char text[WAITING_TEXT];
};

struct asked {
	struct asked_place *place; /* in the order of the pseudonyms, EMPTY ones between them */
	size_t places, room;
	uint32_t *where; /* of the n-th pseudonym that was asked for */
	size_t most, where_room, asked, next;
	unsigned keys; /* pseudonyms of an address */
	size_t placed; /* pseudonyms */
	struct unplaced *unplaced;
	unsigned stream;
	int64_t now;
	struct asked_place *hit; /* of the contact that is looked at */
	unsigned reasons, recent[REASONS_RECENT];
	char reason[REASONS_MAX][EVENT_RULE_SIZE];
	bool walks;         /* the function of SQL is there */
	size_t share_least; /* questions; 0: nobody helps */
	struct store *(*second_of)(const struct store *s);
	struct help *help;          /* who finds the answers of a large portion's second half */
	struct asked_place *shared; /* where that half begins; its reasons are the other's */
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

/* Are contacts so few that all are walked past for so many questions? */
static int are_few(struct store *s, size_t questions, bool *few)
{
	uint64_t counts[STATE_COUNT], contacts = 0;

	if (store_contact_counts(s, counts))
		return STORE_FAILED;
	for (unsigned i = 0; i < STATE_COUNT; i++)
		contacts += counts[i];
	*few = questions >= WALK_LEAST && contacts < (uint64_t)questions * WALK_SHARE;
	return STORE_OK;
}

static int have_asked(struct store *s)
{
	struct asked *a = s->asked;

	if (!a && !(a = s->asked = calloc(1, sizeof *a)))
		return store_fail(s, STORE_FAILED, "no memory");
	if (!a->unplaced && !(a->unplaced = calloc(1, sizeof *a->unplaced)))
		return store_fail(s, STORE_FAILED, "no memory");
	return STORE_OK;
}

int asked_share(struct store *s, size_t least, struct store *(*second_of)(const struct store *s))
{
	if (have_asked(s))
		return STORE_FAILED;
	s->asked->share_least = least;
	s->asked->second_of = second_of;
	return STORE_OK;
}

/* Before anything is asked: for the other one to see the same the snapshot may begin anew. */
static int share_portion(struct store *s, struct asked *a)
{
	bool shares, few;

	a->shared = NULL;
	if (!a->share_least || a->most < a->share_least)
		return STORE_OK;
	if (are_few(s, a->most, &few))
		return STORE_FAILED;
	if (few)
		return STORE_OK;
	shares = help_join(s, &a->help, a->second_of);
	if (!s->in_snapshot)
		return STORE_FAILED;
	if (shares && !have_asked(help_store(a->help)))
		a->shared = a->place + a->places / 2;
	else if (shares)
		help_leave(a->help);
	return STORE_OK;
}

int store_ask_begin(struct store *s, size_t most)
{
	struct asked *a;

	if (!s->in_snapshot || most > store_ask_most(s))
		return store_fail(s, STORE_MISUSE, "questions without a snapshot, or too many");
	if (have_asked(s))
		return STORE_FAILED;
	a = s->asked;
	if (most >= CACHE_LEAST && db_exec(s, "PRAGMA cache_size = -4096"))
		return STORE_FAILED;
	a->keys = 1 + keys_old_states(s);
	a->most = most;
	a->asked = a->next = a->placed = a->unplaced->n = 0;
	return make_places(s, a) ? STORE_FAILED : share_portion(s, a);
}

/* --- their pseudonyms ------------------------------------------------------ */

/* Of the waiting addresses from FIRST up to the one before LAST. */
static void hash_waiting(const struct store *s, struct unplaced *w, size_t first, size_t last)
{
	unsigned keys = s->asked->keys;

	for (size_t i = first; i < last; i++)
		for (unsigned k = 0; k < keys; k++)
			keys_contact_pseudonym(s, k, ALL_SEALS, w->text + w->begin[i],
				w->begin[i + 1] - w->begin[i], w->key[i * keys + k]);
}

/* The second half, in the other thread; the keys are those of the first handle, CONTEXT. */
static int hash_shared(struct store *second, void *context)
{
	const struct store *s = context;
	struct unplaced *w = s->asked->unplaced;

	(void)second;
	hash_waiting(s, w, w->n / 2, w->n);
	return STORE_OK;
}

static void place_question(struct asked *a, const unsigned char key[PSEUDONYM_SIZE])
{
	struct asked_place *q = place_of_key(a, key);

	*q = (struct asked_place){ big_endian(key, 8), (uint32_t)big_endian(key + 8, 4),
		NOT_FOUND };
	a->where[a->placed++] = (uint32_t)(q - a->place);
}

/* All that wait get their places. */
static void place_waiting(struct store *s)
{
	struct asked *a = s->asked;
	struct unplaced *w = a->unplaced;
	size_t keys = w->n * a->keys;
	bool shares = a->shared && w->n >= SHARE_HASHES;

	if (shares)
		help_start(a->help, hash_shared, s);
	hash_waiting(s, w, 0, shares ? w->n / 2 : w->n);
	if (shares)
		help_wait(a->help, s);
	for (size_t i = 0; i < keys; i++) {
		if (i + AHEAD < keys)
			__builtin_prefetch(&a->place[home_of_key(a, w->key[i + AHEAD])], 1);
		place_question(a, w->key[i]);
	}
	sodium_memzero(w->text, w->begin[w->n]);
	w->n = 0;
}

int store_ask(struct store *s, const char *address, size_t n)
{
	struct asked *a = s->asked;
	struct unplaced *w = a->unplaced;

	if (a->asked == a->most)
		return store_fail(s, STORE_FAILED, "more questions than were announced");
	char *text = w->text + w->begin[w->n];
	n = address_canonical(address, n, store_folding(s), text);
	if (!n) {
		sodium_memzero(text, CANONICAL_SIZE);
		return store_fail(s, STORE_MISUSE, "not an address");
	}
	w->begin[++w->n] = (uint32_t)((size_t)(text - w->text) + n);
	a->asked++;
	if (w->n == WAITING || w->begin[w->n] > WAITING_TEXT - CANONICAL_SIZE)
		place_waiting(s);
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
		answer->attempts > ANSWER_ATTEMPTS_MAX) {
		q->word = AGAIN;
		return;
	}
	*q = (struct asked_place){ (uint64_t)answer->until, (uint32_t)answer->since,
		answer->attempts << 24 | (uint32_t)answer->verdict << 21 |
			(uint32_t)answer->state << 17 | stream << REASON_BITS | reason };
}

static void answer_of_place(const struct store *s, const struct asked_place *q, struct answer *out)
{
	const struct asked *a = s->asked;

	if (a->shared && q >= a->shared)
		a = help_store(a->help)->asked;
	out->verdict = q->word >> 21 & 7;
	out->state = q->word >> 17 & 15;
	out->until = (int64_t)q->high;
	out->since = (int64_t)q->low;
	out->attempts = q->word >> 24;
	memcpy(out->reason, a->reason[q->word % REASONS_MAX], sizeof out->reason);
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
static int seek_contacts(struct store *s, struct asked_place *from, const struct asked_place *to)
{
	sqlite3_stmt *st;
	int rc = 0;

	for (struct asked_place *q = from; q < to && rc >= 0; q++) {
		if (q->word != NOT_FOUND || (rc = seek_contact(s, q, &st)) != 1)
			continue;
		rc = answer_place(s, q, st) ? -1 : 0;
		sqlite3_reset(st);
	}
	return rc < 0 ? STORE_FAILED : STORE_OK;
}

/* The other handle's part, in its thread: places and counts of A do not change meanwhile. */
static int seek_shared(struct store *second, void *context)
{
	const struct asked *a = context;

	if (db_exec(second, "PRAGMA cache_size = -2048") || answer_believe(second, a->now))
		return STORE_FAILED;
	second->asked->stream = a->stream;
	second->asked->now = a->now;
	return seek_contacts(second, a->shared, a->place + a->places);
}

static int seek_all(struct store *s)
{
	struct asked *a = s->asked;

	if (!a->shared)
		return seek_contacts(s, a->place, a->place + a->places);
	help_start(a->help, seek_shared, a);
	int result = seek_contacts(s, a->place, a->shared);
	if (help_wait(a->help, s))
		result = STORE_FAILED;
	help_leave(a->help);
	return result;
}

int store_ask_all(struct store *s, unsigned stream, int64_t now)
{
	struct asked *a = s->asked;
	bool few;

	a->stream = stream;
	a->now = now;
	a->next = 0;
	place_waiting(s);
	if (answer_believe(s, now) || are_few(s, a->asked, &few))
		return STORE_FAILED;
	return few && !a->shared ? walk_contacts(s) : seek_all(s);
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

struct store *asked_free(struct store *s)
{
	struct store *second = s->asked ? help_close(s->asked->help) : NULL;

	if (s->asked) {
		free(s->asked->place);
		free(s->asked->where);
		if (s->asked->unplaced) /* where a list was given up half-way */
			sodium_memzero(s->asked->unplaced, sizeof *s->asked->unplaced);
		free(s->asked->unplaced);
	}
	free(s->asked);
	s->asked = NULL;
	return second;
}
