/* A table in memory, by hash of shape, class and rule; it lives for one call. */
#include "store/again/words.h"

#include <ctype.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "classify/base/units.h"
#include "store/contact.h"
#include "store/internal.h"
#include "classify/shape.h"

enum { SHAPE_SLOTS = 1 << 16 /* a power of two, above twice the shapes */, SOME_RECIPIENTS = 8 };
_Static_assert(SHAPE_SLOTS > 2 * WORDS_SHAPES_MAX, "there must be room");

/*
 * Whose answers a shape is; no more than k are told apart. Of one month only: the next gives the
 * same person another pseudonym.
 */
struct recipients {
	int month;
	unsigned n, room;
	unsigned char (*of)[PSEUDONYM_SIZE];
};

struct shape_entry {
	struct words_shape shape;
	char klass[16], rule[EVENT_RULE_SIZE], provider[EVENT_PROVIDER_SIZE];
	struct recipients recipients;
};

struct shapes {
	struct shape_entry **slot;
	struct shape_entry **entry;
	size_t n;
	unsigned k;
};

static uint64_t shape_hash(const struct words_shape *shape)
{
	static const unsigned char key[crypto_shorthash_KEYBYTES];
	unsigned char hash[crypto_shorthash_BYTES];
	char text[WORDS_SHAPE_SIZE + 64 + EVENT_RULE_SIZE];
	uint64_t number;
	int n = snprintf(text, sizeof text, "%s\n%s\n%s", shape->klass, shape->rule, shape->text);

	for (int i = 0; i < n && i < (int)sizeof text; i++)
		text[i] = (char)tolower((unsigned char)text[i]);
	crypto_shorthash(hash, (unsigned char *)text,
		(size_t)(n < (int)sizeof text ? n : (int)sizeof text - 1), key);
	memcpy(&number, hash, sizeof number);
	return number;
}

static bool is_shape(const struct shape_entry *e, const struct words_shape *shape)
{
	return strcmp(e->klass, shape->klass) == 0 && strcmp(e->rule, shape->rule) == 0 &&
		strcasecmp(e->shape.text, shape->text) == 0;
}

/* The entry of SHAPE, made where there is none; NULL: no more room, or no memory. */
static struct shape_entry *shape_entry_of(struct shapes *all, const struct words_shape *shape)
{
	size_t i = shape_hash(shape) % SHAPE_SLOTS;

	for (; all->slot[i]; i = (i + 1) % SHAPE_SLOTS)
		if (is_shape(all->slot[i], shape))
			return all->slot[i];
	if (all->n == WORDS_SHAPES_MAX)
		return NULL;
	struct shape_entry *e = calloc(1, sizeof *e);
	if (!e)
		return NULL;
	e->shape = *shape;
	e->shape.answers = 0;
	snprintf(e->klass, sizeof e->klass, "%s", shape->klass);
	snprintf(e->rule, sizeof e->rule, "%s", shape->rule);
	snprintf(e->provider, sizeof e->provider, "%s", shape->provider);
	e->shape.klass = e->klass;
	e->shape.rule = e->rule;
	e->shape.provider = e->provider;
	return all->slot[i] = all->entry[all->n++] = e;
}

/* Counts WHO once, until there are K; false without memory. */
static bool recipient_count(struct recipients *r, unsigned k, int month, const void *who)
{
	if (r->month != month && r->n < k)
		r->n = 0;
	r->month = month;
	for (unsigned i = 0; i < r->n; i++)
		if (memcmp(r->of[i], who, PSEUDONYM_SIZE) == 0)
			return true;
	if (r->n == k)
		return true;
	if (r->n == r->room) {
		unsigned room = r->room ? 2 * r->room : SOME_RECIPIENTS;
		void *grown = realloc(r->of, room * sizeof *r->of);
		if (!grown)
			return false;
		r->of = grown;
		r->room = room;
	}
	memcpy(r->of[r->n++], who, PSEUDONYM_SIZE);
	return true;
}

static const char *column_word(sqlite3_stmt *st, int column)
{
	const char *text = (const char *)sqlite3_column_text(st, column);

	return text ? text : "";
}

static int shape_count(struct store *s, struct shapes *all, sqlite3_stmt *st, struct words_sum *sum)
{
	struct words_shape shape = { .klass = column_word(st, 3),
		.rule = column_word(st, 4),
		.provider = column_word(st, 5),
		.margin = sqlite3_column_int(st, 6),
		.first = day_start(sqlite3_column_int64(st, 0)) };

	shape_of(column_word(st, 2), shape.text, sizeof shape.text);
	struct shape_entry *e = shape_entry_of(all, &shape);
	sum->unsure++;
	if (!e && all->n < WORDS_SHAPES_MAX)
		return store_fail(s, STORE_FAILED, "no memory");
	if (!e) {
		sum->beyond++;
		return STORE_OK;
	}
	if (e->shape.margin > shape.margin)
		e->shape.margin = shape.margin;
	if (strcmp(e->provider, shape.provider) != 0)
		*e->provider = '\0';
	e->shape.answers++;
	e->shape.last = shape.first; /* they come by time */
	return sqlite3_column_bytes(st, 1) != PSEUDONYM_SIZE ||
			recipient_count(&e->recipients, all->k, month_of_time(shape.first),
				sqlite3_column_blob(st, 1))
		? STORE_OK
		: store_fail(s, STORE_FAILED, "no memory");
}

static int by_answers(const void *a, const void *b)
{
	const struct shape_entry *x = *(struct shape_entry *const *)a,
				 *y = *(struct shape_entry *const *)b;

	if (x->shape.answers != y->shape.answers)
		return x->shape.answers < y->shape.answers ? 1 : -1;
	return strcmp(x->shape.text, y->shape.text);
}

static int give_shapes(struct shapes *all, struct words_sum *sum,
	int (*each)(void *context, const struct words_shape *shape), void *context)
{
	int result = STORE_OK;

	qsort(all->entry, all->n, sizeof *all->entry, by_answers);
	for (size_t i = 0; i < all->n && !result; i++) {
		const struct shape_entry *e = all->entry[i];
		if (e->recipients.n < all->k)
			sum->hidden += e->shape.answers;
		else
			result = each(context, &e->shape);
	}
	return result;
}

static void shapes_free(struct shapes *all)
{
	for (size_t i = 0; all->entry && i < all->n; i++) {
		free(all->entry[i]->recipients.of);
		free(all->entry[i]);
	}
	free(all->entry);
	free(all->slot);
}

int store_words(struct store *s, int64_t since, int margin, struct words_sum *sum,
	int (*each)(void *context, const struct words_shape *shape), void *context)
{
	struct shapes all = { .slot = calloc(SHAPE_SLOTS, sizeof *all.slot),
		.entry = calloc(WORDS_SHAPES_MAX, sizeof *all.entry),
		.k = s->o.k };
	int64_t looked_at = 0;
	int result = all.slot && all.entry ? STORE_OK : store_fail(s, STORE_FAILED, "no memory");

	*sum = (struct words_sum){ 0 };
	if (!result)
		result = db_int(s, &looked_at, SQL_WORDS_COUNT, "i", since);
	sum->answers = (uint64_t)looked_at;
	sqlite3_stmt *st = result ? NULL : db_bind(s, SQL_WORDS, "ii", since, (int64_t)margin);
	if (!result)
		while (db_row(s, st, &result))
			result = shape_count(s, &all, st, sum);
	if (!result)
		result = give_shapes(&all, sum, each, context);
	shapes_free(&all);
	return result;
}
