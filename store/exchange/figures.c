/*
 * What sites tell each other of their days: counts of events and of mails sent, messages read, what
 * receivers report, alerts and investigations, so that one of them can make the report for all.
 *
 * A line is one part of one day of one table, as a whole: it takes the place of what the same site
 * said of it before, and never adds to it. Its version is how often that part has changed. Of a
 * table with names that come with mail a day has FIGURE_PARTS parts, so that a large day is some
 * lines, of which only those go that changed. A campaign's name goes when it is judged to last
 * (store/fold.c), and until then as "other campaigns".
 *
 * The content before it is sealed: version 1, then the rows, column by column: a number in groups
 * of seven bits, the lowest first, each with the eighth bit where another follows (LEB128); a text
 * as the number of its bytes and those.
 *
 * Rows of other sites lie in tables beside the own ones (store/sqlfigures.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include "classify/base/span.h"
#include "store/siteparts.h"
#include "store/held.h"

enum {
	FIGURE_FORMAT = 1,
	FIGURE_TEXT_MAX = 255,
	FIGURE_COLUMNS_MAX = 10,
	FIGURE_CONTENT_MAX = 3 << 20, /* of a line, below CHANGE_SEALED_MAX */
	FIGURE_NAME_SIZE = 32,
};
#define FIGURE_COUNT_MAX INT64_C(1000000000000)
#define FIGURE_TIME_MAX INT64_C(253402300799) /* the end of the year 9999 */
#define FIGURE_VERSION_MAX (INT64_C(1) << 40)

/*
 * COLUMNS has a letter for each: k kind, c class, g category or none, o origin, n another name, b
 * a flag, t a time or number, i a count; the last SUMS of them add up.
 */
static const struct figure_table {
	const char *name, *columns;
	unsigned sums;
	enum sql tell, held, put, clear;
} figure_tables[] = {
#define FIGURES(name, columns, sums, S) \
	{ \
		name, columns, sums, SQL_##S##_TELL, SQL_##S##_HELD, SQL_##S##_PUT, \
			SQL_##S##_CLEAR \
	}
	FIGURES("tally", "kcgonni", 1, TALLY),
	FIGURES("volume", "nbnniiiii", 5, SENT),
	FIGURES("message_count", "nni", 1, READ),
	FIGURES("typing", "ni", 1, MISTYPED),
	FIGURES("stream_count", "nni", 1, STREAM),
	FIGURES("wording", "ncgnni", 1, SAID),
	FIGURES("summary", "nbnnnnbbni", 1, TOLD),
	FIGURES("trouble", "tnnttttnng", 0, HAPPENED),
	FIGURES("unread", "ntt", 0, MISSED),
	FIGURES("investigation", "ngtti", 0, LOOKED_INTO),
	FIGURES("investigated", "ngti", 0, CLOSED),
#undef FIGURES
};
enum { FIGURE_TABLES = sizeof figure_tables / sizeof *figure_tables };

static const struct figure_table *figure_table_named(const char *name)
{
	for (unsigned i = 0; i < FIGURE_TABLES; i++)
		if (strcmp(figure_tables[i].name, name) == 0)
			return &figure_tables[i];
	return NULL;
}

/* --- out ---------------------------------------------------------------------------------- */

static bool figure_room(struct figure_bytes *b, size_t more)
{
	if (b->n + more + SEAL_PAD <= b->room)
		return true;
	size_t room = 2 * (b->n + more + SEAL_PAD);
	unsigned char *p = realloc(b->p, room);
	if (!p)
		return false;
	b->p = p;
	b->room = room;
	return true;
}

/* There is room. */
static void figure_write_number(struct figure_bytes *b, uint64_t v)
{
	for (; v > 0x7f; v >>= 7)
		b->p[b->n++] = (unsigned char)(v | 0x80);
	b->p[b->n++] = (unsigned char)v;
}

static bool figure_write_row(struct figure_bytes *b, const struct figure_table *t, sqlite3_stmt *st)
{
	unsigned columns = (unsigned)strlen(t->columns);
	bool any = !t->sums;

	if (!figure_room(b, columns * (FIGURE_TEXT_MAX + 10)))
		return false;
	for (unsigned i = columns - t->sums; i < columns; i++)
		any |= sqlite3_column_int64(st, (int)i) > 0;
	for (unsigned i = 0; i < columns && any; i++) {
		int at = (int)i;
		if (strchr("bti", t->columns[i])) {
			int64_t v = sqlite3_column_int64(st, at);
			figure_write_number(b, v > 0 ? (uint64_t)v : 0);
			continue;
		}
		const unsigned char *text = sqlite3_column_text(st, at);
		size_t n = text ? (size_t)sqlite3_column_bytes(st, at) : 0;
		n = n > FIGURE_TEXT_MAX ? FIGURE_TEXT_MAX : n;
		figure_write_number(b, n);
		if (n)
			memcpy(b->p + b->n, text, n);
		b->n += n;
	}
	return true;
}

/* The rows of a part; those of this store's own where LIFE is 0. FOLD: without names that come with
 * mail. */
static int figure_write(struct store *s, const struct figure_table *t, struct figure_place at,
	int64_t life, bool fold, struct figure_bytes *b)
{
	sqlite3_stmt *st = db_bind(
		s, life ? t->held : t->tell, "iii", at.day, at.part, life ? life : (int64_t)fold);
	int result = STORE_OK;

	b->n = 0;
	if (!figure_room(b, 1))
		return store_fail(s, STORE_FAILED, "no memory");
	b->p[b->n++] = FIGURE_FORMAT;
	while (db_row(s, st, &result) && b->n <= FIGURE_CONTENT_MAX)
		if (!figure_write_row(b, t, st))
			result = store_fail(s, STORE_FAILED, "no memory");
	if (st)
		sqlite3_reset(st);
	return result;
}

int figure_content(struct store *s, const char *name, struct figure_place at, int64_t life,
	struct figure_bytes *b)
{
	const struct figure_table *t = figure_table_named(name);

	if (!t)
		return store_fail(s, STORE_FAILED, "a figure is of no table");
	int result = figure_write(s, t, at, life, false, b);
	if (!result && b->n > FIGURE_CONTENT_MAX)
		result = figure_write(s, t, at, life, true, b);
	if (!result && b->n > FIGURE_CONTENT_MAX)
		result = store_fail(s, STORE_FAILED, "a day has more figures than a line");
	return result;
}

/* --- in ----------------------------------------------------------------------------------- */

struct figure_reading {
	const unsigned char *p;
	size_t n;
};

/* A number up to MOST. */
static bool figure_read_number(struct figure_reading *r, uint64_t most, uint64_t *v)
{
	*v = 0;
	for (unsigned shift = 0; shift < 63 && r->n; shift += 7) {
		unsigned char c = *r->p++;
		r->n--;
		*v |= (uint64_t)(c & 0x7f) << shift;
		if (!(c & 0x80))
			return *v <= most && (c || !shift);
	}
	return false;
}

/* A name as this version knows it, or one that may stand in a report. */
static bool figure_name_is_good(char letter, struct span text)
{
	char name[FIGURE_NAME_SIZE];

	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] < ' ' || text.p[i] == 0x7f)
			return false;
	if (letter == 'n')
		return span_is_utf8(text);
	if (text.n >= sizeof name)
		return false;
	memcpy(name, text.p, text.n);
	name[text.n] = '\0';
	switch (letter) {
	case 'k':
		return kind_by_name(name) >= 0;
	case 'c':
		return class_by_name(name) >= 0;
	case 'g':
		return !text.n || category_by_name(name) >= 0;
	default:
		return origin_by_name(name) >= 0;
	}
}

static uint64_t figure_most(char letter)
{
	if (letter == 'b')
		return 1;
	return letter == 't' ? (uint64_t)FIGURE_TIME_MAX : (uint64_t)FIGURE_COUNT_MAX;
}

/* One column, bound to ST at AT unless that is 0. */
static bool figure_read_column(struct figure_reading *r, char letter, sqlite3_stmt *st, int at)
{
	uint64_t v = 0;

	if (strchr("bti", letter)) {
		return figure_read_number(r, figure_most(letter), &v) &&
			(!at || sqlite3_bind_int64(st, at, (int64_t)v) == SQLITE_OK);
	}
	if (!figure_read_number(r, FIGURE_TEXT_MAX, &v) || v > r->n ||
		!figure_name_is_good(letter, (struct span){ (const char *)r->p, (size_t)v }))
		return false;
	bool bound = !at ||
		sqlite3_bind_text(st, at, v ? (const char *)r->p : "", (int)v, SQLITE_STATIC) ==
			SQLITE_OK;
	r->p += v;
	r->n -= (size_t)v;
	return bound;
}

static bool figure_rows_are_good(const struct figure_table *t, struct figure_reading r)
{
	while (r.n)
		for (const char *c = t->columns; *c; c++)
			if (!figure_read_column(&r, *c, NULL, 0))
				return false;
	return true;
}

static int figure_note_rows(
	struct store *s, const struct figure_table *t, struct figure_place at, int64_t change)
{
	if (t->put != SQL_TOLD_PUT || !change)
		return STORE_OK;
	return held_note(s, HELD_SITE_SUMMARIES, at.day, change);
}

static int figure_replace(struct store *s, const struct figure_table *t, struct figure_place at,
	int64_t life, struct figure_reading r)
{
	int columns = (int)strlen(t->columns);
	int64_t rows = 0;

	if (db_run(s, t->clear, "iii", at.day, at.part, life) ||
		figure_note_rows(s, t, at, -(int64_t)sqlite3_changes(s->db)))
		return STORE_FAILED;
	while (r.n) {
		sqlite3_stmt *st = db_bind(s, t->put, "");
		if (!st)
			return STORE_FAILED;
		for (int i = 0; i < columns; i++)
			if (!figure_read_column(&r, t->columns[i], st, i + 1))
				return store_fail(s, STORE_FAILED, "figures cannot be bound");
		sqlite3_bind_int64(st, columns + 1, at.day);
		sqlite3_bind_int64(st, columns + 2, at.part);
		sqlite3_bind_int64(st, columns + 3, life);
		if (db_finish(s, st))
			return STORE_FAILED;
		rows += sqlite3_changes(s->db);
	}
	return figure_note_rows(s, t, at, rows);
}

static const struct figure_table *figure_place_read(const char *id, struct figure_place *at)
{
	char name[FIGURE_NAME_SIZE];
	long long day = 0, part = 0;
	int end = 0;

	if (sscanf(id, "%31[a-z_] %12lld %2lld%n", name, &day, &part, &end) != 3 || id[end] ||
		day < 0 || day > FIGURE_TIME_MAX || part < 0 || part >= FIGURE_PARTS)
		return NULL;
	*at = (struct figure_place){ day, part };
	return figure_table_named(name);
}

int figures_merge(struct store *s, const struct change *c, int64_t life, enum merge_result *result,
	char why[CHANGE_WHY_SIZE])
{
	struct figure_place at;
	const struct figure_table *t = figure_place_read(c->id, &at);
	int64_t known = 0, number;
	size_t n = 0;

	if (!t)
		return refuse_change(result, why, "its figures are of a day or table that is none");
	if (c->version > FIGURE_VERSION_MAX)
		return refuse_change(result, why, "no day has changed as often as it says");
	if (db_int(s, &known, SQL_FIGURE_VERSION, "tiii", t->name, at.day, at.part, life))
		return STORE_FAILED;
	*result = MERGE_KNOWN;
	if (known >= c->version)
		return STORE_OK;
	unsigned char *content = malloc(c->size + 1);
	if (!content)
		return store_fail(s, STORE_FAILED, "no memory");
	struct figure_reading r = { content + 1, 0 };
	int done = STORE_OK;
	if (!site_unseal(s, c->kind, c->sealed, c->size, content, &n))
		done = refuse_change(result, why, SITE_KEY_STRANGE);
	else if (n < 1 || content[0] != FIGURE_FORMAT || !figure_rows_are_good(t, (r.n = n - 1, r)))
		done = refuse_change(
			result, why, "its content has a form that this version does not know");
	else if ((done = figure_replace(s, t, at, life, r)) == STORE_OK) {
		*result = MERGE_TAKEN;
		number = site_number(s);
		done = number &&
				!db_run(s, SQL_FIGURE_MARK, "tiiiii", t->name, at.day, at.part,
					life, c->version, number)
			? STORE_OK
			: STORE_FAILED;
	}
	free(content);
	return done;
}
