/*
 * Changes of whom not to write to, as they are told, and how telling went (store/news.h).
 */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include "classify/base/units.h"
#include "store/contact.h"
#include "store/contactrow.h"
#include "store/news.h"
#include "store/ownkeys.h"

enum {
	NEWS_WAIT = MINUTE, /* doubled with each failure … */
	NEWS_WAITS = 8,     /* … so often at most: 4 hours and a quarter */
};
#define NEWS_TROUBLE "hook"

static void line_streams(const struct store *s, const struct contact_row *row, struct news_line *l)
{
	for (unsigned i = 0; i < row->objections; i++) {
		const struct objected *o = &row->objected[i];
		const char *name = stream_name(s, o->stream);
		l->all |= !*name; /* of a stream that is no more */
		l->stream[l->streams].name = name;
		l->stream[l->streams].reason = category_name(o->category);
		l->stream[l->streams++].since = o->since;
	}
	if (l->all)
		l->streams = 0;
}

static int news_row(
	struct store *s, sqlite3_stmt *st, int64_t now, struct news_told *told, struct news_line *l)
{
	struct contact_row row;

	memset(l, 0, sizeof *l);
	if (!contact_read_row(s, st, &row))
		return STORE_FAILED;
	keys_state_fingerprint(s, keys_generation(s, sqlite3_column_int64(st, 2)), l->key);
	sodium_bin2hex(l->pseudonym, sizeof l->pseudonym, row.key, sizeof row.key);
	answer_row(s, &row, 0, now, &l->answer);
	l->all = row.state == STATE_INACTIVE || row.full;
	line_streams(s, &row, l);
	l->address = news_address(s, row.key);
	memcpy(told->at[told->n].pseudonym, row.key, PSEUDONYM_SIZE);
	told->at[told->n++].number = sqlite3_column_int64(st, 3);
	return STORE_OK;
}

/* --- who is ahead --------------------------------------------------------------- */

static struct news_ahead *news_ahead(struct store *s)
{
	if (!s->ahead)
		s->ahead = malloc(sizeof *s->ahead);
	if (s->ahead)
		s->ahead->n = s->ahead->at = 0;
	return s->ahead;
}

/* Numbers are others from here on. */
static void ahead_forget(struct store *s)
{
	if (s->ahead)
		s->ahead->n = s->ahead->at = 0;
}

static int ahead_fill(struct store *s)
{
	struct news_ahead *a = news_ahead(s);
	sqlite3_stmt *st = db_bind(s, SQL_NEWS_AHEAD, "i", (int64_t)NEWS_AHEAD);
	int result = a ? STORE_OK : store_fail(s, STORE_FAILED, "no memory");

	while (db_row(s, st, &result)) {
		a->who[a->n].number = sqlite3_column_int64(st, 0);
		memcpy(a->who[a->n++].pseudonym, sqlite3_column_blob(st, 1), PSEUDONYM_SIZE);
	}
	return result;
}

/* Those of the list, up to a batch; who changed since he was put on it has a number behind it. */
static int ahead_visit(struct store *s, int64_t now, struct news_told *told,
	int (*visit)(void *context, const struct news_line *line), void *context)
{
	const struct news_ahead *a = s->ahead;
	struct news_line line;
	int result = STORE_OK;

	for (; !result && told->n < NEWS_BATCH && a->at + told->seen < a->n; told->seen++) {
		size_t i = a->at + told->seen;
		sqlite3_stmt *st = db_bind(
			s, SQL_NEWS, "bi", a->who[i].pseudonym, PSEUDONYM_SIZE, a->who[i].number);
		while (db_row(s, st, &result))
			if (!(result = news_row(s, st, now, told, &line)))
				result = visit(context, &line);
	}
	told->more = a->at + told->seen < a->n || a->n == NEWS_AHEAD;
	return result;
}

int store_news(struct store *s, int64_t now, struct news_told *told,
	int (*visit)(void *context, const struct news_line *line), void *context)
{
	int result = STORE_OK;

	told->n = 0;
	told->seen = 0;
	told->more = false;
	do {
		if (!s->ahead || s->ahead->at + told->seen == s->ahead->n) {
			result = ahead_fill(s);
			told->seen = 0;
		}
		if (!result && s->ahead->n)
			result = ahead_visit(s, now, told, visit, context);
	} while (!result && !told->n && s->ahead->n);
	return result;
}

int store_news_tell(struct store *s, const struct news_told *told)
{
	bool own;
	int result = db_enter(s, &own);

	for (unsigned i = 0; i < told->n && !result; i++)
		result = db_run(s, SQL_NEWS_TOLD, "bi", told->at[i].pseudonym, PSEUDONYM_SIZE,
			told->at[i].number);
	if (!result)
		result = db_run(s, SQL_META_DELETE, "t", NEWS_TROUBLE);
	result = db_leave(s, own, result);
	for (unsigned i = 0; i < told->n && !result; i++)
		news_forget(s, told->at[i].pseudonym);
	if (!result && s->ahead)
		s->ahead->at += told->seen;
	return result;
}

int store_news_drop(struct store *s)
{
	ahead_forget(s);
	return db_run(s, SQL_NEWS_DROP, "") || db_run(s, SQL_META_DELETE, "t", NEWS_TROUBLE)
		? STORE_FAILED
		: STORE_OK;
}

int store_news_trouble(struct store *s, int64_t now, struct news_trouble *out)
{
	char text[64];

	*out = (struct news_trouble){ .since = 0 };
	if (db_line(s, text, sizeof text, SQL_META_GET, "t", NEWS_TROUBLE))
		return STORE_FAILED;
	if (*text &&
		sscanf(text, "%" SCNd64 " %u %" SCNd64, &out->since, &out->failures, &out->next) !=
			3)
		*out = (struct news_trouble){ .since = 0 };
	if (out->since > now)
		*out = (struct news_trouble){ .since = 0 };
	if (out->next > now + ((int64_t)NEWS_WAIT << NEWS_WAITS))
		out->next = now;
	return STORE_OK;
}

/* What waits for a day is in the order of its pseudonyms: who changed first is not kept for long.
 */
int store_news_failed(struct store *s, int64_t now)
{
	struct news_trouble t;
	char text[64];
	bool own;
	int result = store_news_trouble(s, now, &t);

	if (result || (result = db_enter(s, &own)))
		return result;
	t.since = t.since ? t.since : now;
	t.next = now + ((int64_t)NEWS_WAIT << (t.failures < NEWS_WAITS ? t.failures : NEWS_WAITS));
	t.failures++;
	snprintf(text, sizeof text, "%" PRId64 " %u %" PRId64, t.since, t.failures, t.next);
	result = db_run(s, SQL_META_PUT, "tt", NEWS_TROUBLE, text);
	ahead_forget(s);
	if (!result && now - t.since >= DAY)
		result = db_run(s, SQL_NEWS_LEVEL, "");
	return db_leave(s, own, result);
}
