/*
 * What operators say of a month, for its report. An address in it is refused: reports are mailed
 * and stay.
 */
#include <string.h>
#include <unistr.h>
#include "classify/redact.h"
#include "store/internal.h"

/* XML has no place for other control characters, nor for U+FFFE and U+FFFF. */
static bool is_text(const char *text)
{
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p < 0x20 && *p != '\n' && *p != '\t')
			return false;
	return !u8_check((const uint8_t *)text, strlen(text)) && !strstr(text, "\xef\xbf\xbe") &&
		!strstr(text, "\xef\xbf\xbf");
}

int store_comment_add(struct store *s, const char *month, const char *text, int64_t now)
{
	bool own;
	int64_t count = 0;
	int result;

	if (!*text || strlen(text) >= STORE_COMMENT_SIZE)
		return store_fail(
			s, STORE_MISUSE, "a comment has 1 to %d bytes", STORE_COMMENT_SIZE - 1);
	if (!is_text(text))
		return store_fail(
			s, STORE_MISUSE, "a comment is text in UTF-8 without control characters");
	if (names_address(span_of(text)))
		return store_fail(s, STORE_MISUSE,
			"a comment must not name an address: reports are mailed and stay");
	result = db_enter(s, &own);
	if (result)
		return result;
	result = db_int(s, &count, SQL_COMMENT_COUNT, "t", month);
	if (!result && count >= STORE_COMMENTS_MAX)
		result = store_fail(s, STORE_MISUSE,
			"the month has %d comments, which is all there may be", STORE_COMMENTS_MAX);
	if (!result)
		result = db_run(s, SQL_COMMENT_ADD, "tit", month, now, text);
	return db_leave(s, own, result);
}

int store_comments(struct store *s, const char *month,
	int (*visit)(void *context, int64_t at, const char *text), void *context)
{
	sqlite3_stmt *st = db_bind(s, SQL_COMMENTS, "t", month);
	int result = STORE_OK;

	while (db_row(s, st, &result))
		result = visit(context, sqlite3_column_int64(st, 0),
			(const char *)sqlite3_column_text(st, 1));
	return result;
}
