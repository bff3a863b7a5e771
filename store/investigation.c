/*
 * Investigations: a block is the sender's to mend, so it is looked into once for each provider and
 * category, not for each recipient.
 *
 * A row is opened by the first block and lasts until an operator resolves it or no block came for a
 * quiet period. Its count and its days do not depend on the order in which the blocks are read; a
 * block from before the resolution, read after it, opens nothing.
 */
#include "store/internal.h"

/* What to look at. */
#define CHECKS(X) \
	X(CHECK_AUTH, \
		"SPF, DKIM and DMARC: do they pass for the domain in From, and are they aligned?") \
	X(CHECK_NAMES, \
		"PTR and HELO: does each sending address have a name that points back to it, and does HELO say that name?") \
	X(CHECK_TLS, \
		"TLS: is STARTTLS offered and used, is the certificate valid, does MTA-STS or DANE demand more?") \
	X(CHECK_LISTS, \
		"Listings: is a sending address, a domain or a link in the mail on a blocklist? Ask for removal once the cause is gone") \
	X(CHECK_CONTENT, \
		"Content: what do the refused campaigns have in common: links, shorteners, attachments, HTML, missing List-Unsubscribe?") \
	X(CHECK_VOLUME, \
		"Volume: was there a jump, a new address without warm-up, an old list, a rise in complaints or unknown users?") \
	X(CHECK_FORM, \
		"Form: does the message keep to RFC 5322: one From, Date, Message-ID, no line longer than 998 octets, no bare LF?") \
	X(CHECK_SENDER, \
		"Sender: does the envelope sender exist and accept mail, and may this host send for its domain?")

#define ENUM(symbol, text) symbol,
#define TEXT(symbol, text) text,
#define BIT(check) (1u << (check))
enum check { CHECKS(ENUM) CHECK_COUNT };
static const char *const texts[] = { CHECKS(TEXT) };

/* For each category that blocks, what is worth looking at. */
static const unsigned checklists[CATEGORY_COUNT] = {
	[CATEGORY_REPUTATION] = BIT(CHECK_LISTS) | BIT(CHECK_VOLUME) | BIT(CHECK_AUTH) |
		BIT(CHECK_NAMES),
	[CATEGORY_SPAM_CONTENT] = BIT(CHECK_CONTENT) | BIT(CHECK_LISTS) | BIT(CHECK_AUTH) |
		BIT(CHECK_VOLUME),
	[CATEGORY_CONTENT_REJECTED] = BIT(CHECK_CONTENT) | BIT(CHECK_FORM),
	[CATEGORY_VIRUS] = BIT(CHECK_CONTENT) | BIT(CHECK_LISTS),
	[CATEGORY_AUTH_FAILURE] = BIT(CHECK_AUTH) | BIT(CHECK_SENDER),
	[CATEGORY_POLICY] = BIT(CHECK_AUTH) | BIT(CHECK_NAMES) | BIT(CHECK_TLS) | BIT(CHECK_LISTS) |
		BIT(CHECK_CONTENT) | BIT(CHECK_VOLUME),
	[CATEGORY_SENDER_REJECTED] = BIT(CHECK_SENDER) | BIT(CHECK_AUTH) | BIT(CHECK_LISTS),
	[CATEGORY_RELAY_DENIED] = BIT(CHECK_SENDER) | BIT(CHECK_NAMES),
	[CATEGORY_INFRASTRUCTURE] = BIT(CHECK_NAMES) | BIT(CHECK_TLS) | BIT(CHECK_LISTS),
	[CATEGORY_NON_COMPLIANT] = BIT(CHECK_FORM) | BIT(CHECK_CONTENT),
};

const char *store_checklist(enum category category, unsigned n)
{
	for (unsigned check = 0; check < CHECK_COUNT; check++)
		if (checklists[category] & BIT(check) && !n--)
			return texts[check];
	return NULL;
}

int investigation_note(struct store *s, const char *provider, enum category category, int64_t at)
{
	return db_run(s, SQL_INVESTIGATION_NOTE, "ttii", provider, category_name(category),
		day_start(at), at);
}

int investigation_resolved(
	struct store *s, const char *provider, enum category category, int64_t *at)
{
	*at = 0;
	return db_int(s, at, SQL_INVESTIGATION_RESOLVED, "tt", provider, category_name(category));
}

int investigation_advance(struct store *s, int64_t now)
{
	int64_t since = now - s->o.block_quiet - DAY;

	if (db_run(s, SQL_INVESTIGATION_CLOSE_QUIET, "ii", since, day_start(now)))
		return STORE_FAILED;
	return db_run(s, SQL_INVESTIGATION_QUIET, "i", since);
}

/*
 * Rows of provider, category, opened, a time, blocks; that time is the day of closing where OVER.
 */
static int visit_rows(struct store *s, sqlite3_stmt *st, bool over,
	int (*visit)(void *context, const struct investigation *i), void *context)
{
	int result = STORE_OK;

	while (db_row(s, st, &result)) {
		struct investigation i = { .opened = sqlite3_column_int64(st, 2),
			.last = sqlite3_column_int64(st, 3),
			.closed = over ? sqlite3_column_int64(st, 3) : 0,
			.blocks = (uint64_t)sqlite3_column_int64(st, 4) };
		int category = category_by_name((const char *)sqlite3_column_text(st, 1));
		db_text(st, 0, i.provider, sizeof i.provider);
		i.category = category > 0 ? (enum category)category : CATEGORY_UNDETERMINED;
		result = visit(context, &i);
	}
	return result;
}

int store_investigations(
	struct store *s, int (*visit)(void *context, const struct investigation *i), void *context)
{
	return visit_rows(s, db_bind(s, SQL_INVESTIGATION_OPEN, ""), false, visit, context);
}

int store_past_investigations(struct store *s, int64_t from, int64_t to,
	int (*visit)(void *context, const struct investigation *i), void *context)
{
	return visit_rows(
		s, db_bind(s, SQL_INVESTIGATION_PAST, "ii", from, to), true, visit, context);
}
