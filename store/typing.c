/*
 * Typing errors in the domains of large providers (gamil.com): what a form lets through comes back
 * as failures. Counted is the domain that was meant, not the one that was typed: that one may be
 * somebody's own.
 */
#include <string.h>
#include "store/internal.h"
#include "store/message.h"
#include "store/typing.h"

/*
 * A domain that nobody has is not known, or does not answer; one that lies in wait for typing
 * errors knows nobody.
 */
static bool may_be_mistyped(const struct packed *p)
{
	return p->kind == KIND_FAILURE && p->origin >= ORIGIN_MATCHED && p->origin < ORIGIN_COUNT &&
		!p->profiled &&
		(p->klass == CLASS_HARD || p->category == CATEGORY_EXPIRED ||
			p->category == CATEGORY_NETWORK_ERROR);
}

void typing_pack(const struct store *s, const char *address, size_t n, struct packed *p)
{
	const char *at = n ? memrchr(address, '@', n) : NULL;
	const char *meant = NULL;

	if (at && s->o.near_domain && may_be_mistyped(p))
		meant = s->o.near_domain(s->o.context, at + 1, (size_t)(address + n - at - 1));
	if (meant && strlen(meant) < sizeof p->meant)
		memcpy(p->meant, meant, strlen(meant) + 1);
}

int typing_add(struct store *s, const struct packed *p)
{
	return *p->meant ? db_run(s, SQL_TYPING_ADD, "it", (int64_t)p->day, p->meant) : STORE_OK;
}

int store_typing_errors(struct store *s, int32_t from, int32_t to,
	int (*visit)(void *context, const char *meant, uint64_t count), void *context)
{
	sqlite3_stmt *st = db_bind(s, sql_seen(s, SQL_TYPING), "ii", (int64_t)from, (int64_t)to);
	int result = STORE_OK;

	while (db_row(s, st, &result))
		result = visit(context, (const char *)sqlite3_column_text(st, 0),
			(uint64_t)sqlite3_column_int64(st, 1));
	return result;
}
