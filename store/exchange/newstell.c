/*
 * Changes of whom not to write to, as they are told, and how telling went (news.h).
 */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include "classify/base/units.h"
#include "store/contact.h"
#include "store/contactrow.h"
#include "store/news.h"

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

int store_news(struct store *s, int64_t now, struct news_told *told,
	int (*visit)(void *context, const struct news_line *line), void *context)
{
	sqlite3_stmt *st = db_bind(s, SQL_NEWS, "i", (int64_t)NEWS_BATCH);
	struct news_line line;
	int result = STORE_OK;

	told->n = 0;
	while (db_row(s, st, &result))
		if (!(result = news_row(s, st, now, told, &line)))
			result = visit(context, &line);
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
	return result;
}

int store_news_drop(struct store *s)
{
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
	if (!result && now - t.since >= DAY)
		result = db_run(s, SQL_NEWS_LEVEL, "");
	return db_leave(s, own, result);
}
