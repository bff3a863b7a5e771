/*
 * Investigations: a block is the sender's to mend, so it is looked into once for each provider and
 * category, not for each recipient.
 *
 * Table refused counts the blocks of each day, of receivers without a profile by a number of their
 * host. A day on which they are beyond noise (store/base/refusals.h), or ten of one host are, opens
 * the investigation of each category that has a fifth of them, or keeps it open; it lasts until an
 * operator resolves it or there was no such day for a quiet period. A block from before the
 * resolution, read after it, counts for nothing.
 */
#include "store/refusing.h"
#include "store/investigation.h"
#include "store/message.h"
#include "store/tally.h"

#include <stdlib.h>
#include "classify/base/units.h"

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

#define CHECK_ENUM(symbol, text) symbol,
#define CHECK_TEXT(symbol, text) text,
#define BIT(check) (1u << (check))
enum check { CHECKS(CHECK_ENUM) CHECK_COUNT };
static const char *const check_texts[] = { CHECKS(CHECK_TEXT) };

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
			return check_texts[check];
	return NULL;
}

/* --- what was refused ----------------------------------------------------- */

/* A new host beyond so many of a day is counted without its number. */
enum { REFUSING_HOSTS_MAX = 1000 };

int investigation_note(struct store *s, const struct packed *e, const char *provider)
{
	int64_t day = refusals_day_number(e->day), host = e->profiled ? 0 : e->host, hosts = 0;
	const char *category = category_name(e->category);

	if (db_run(s, SQL_REFUSED_MORE, "ittii", day, provider, category, host, e->at))
		return STORE_FAILED;
	if (sqlite3_changes(s->db))
		return STORE_OK;
	if (host && db_int(s, &hosts, SQL_REFUSING_HOSTS, "i", day))
		return STORE_FAILED;
	return db_run(s, SQL_REFUSED_ADD, "ittii", day, provider, category,
		hosts < REFUSING_HOSTS_MAX ? host : 0, e->at);
}

int investigation_resolved(
	struct store *s, const char *provider, enum category category, int64_t *at)
{
	*at = 0;
	return db_int(s, at, SQL_INVESTIGATION_RESOLVED, "tt", provider, category_name(category));
}

/* --- opened, held, closed ------------------------------------------------- */

/* What has to be looked into, of a provider's day. */
struct looking {
	struct store *s;
	int64_t today;
	struct refusals *all;
	unsigned count;
};

/*
 * Of a day that was judged: each category that has a part in it, of one receiving host or of all of
 * the provider.
 */
static int look_into_day(
	struct looking *l, const char *provider, int64_t day, int64_t host, uint64_t blocks)
{
	return db_run(l->s, SQL_INVESTIGATION_OPENS, "tiii", provider, day, host,
		(int64_t)(blocks / 5 + 1));
}

/* The provider as a whole. */
static int look_at_provider(struct looking *l, const char *provider, int64_t day, uint64_t blocks)
{
	unsigned i = (unsigned)(REFUSALS_DAYS - 1 - (l->today - day));
	int64_t open = 0;

	if (db_int(l->s, &open, SQL_INVESTIGATION_OPEN_SINCE, "ti", provider, day))
		return STORE_FAILED;
	for (unsigned n = 0; n < l->count; n++)
		if (strcmp(l->all[n].provider, provider) == 0 &&
			refusals_beyond(&l->all[n], i, blocks, l->s->o.k, open))
			return look_into_day(l, provider, day, 0, blocks);
	return STORE_OK;
}

enum { LOOKED_AT_MAX = 4096 }; /* days of providers, and of hosts, in one evaluation */
struct looked_at {
	char provider[EVENT_PROVIDER_SIZE];
	int64_t day, host;
	uint64_t blocks;
};

/* Rows of provider, day, host, blocks. They are taken first, since looking at them changes rows. */
static int take_looked_at(struct store *s, sqlite3_stmt *st, struct looked_at *out, unsigned *n)
{
	int result = STORE_OK;

	while (db_row(s, st, &result)) {
		struct looked_at *l = &out[*n];
		if (*n == LOOKED_AT_MAX)
			continue;
		db_text(st, 0, l->provider, sizeof l->provider);
		l->day = sqlite3_column_int64(st, 1);
		l->host = sqlite3_column_int64(st, 2);
		l->blocks = (uint64_t)sqlite3_column_int64(st, 3);
		++*n;
	}
	return result;
}

/* All days of the window that nobody has looked at for good, the first one first. */
static int look_for_refusals(struct store *s, int64_t today, int64_t from)
{
	struct looking l = { .s = s, .today = today };
	struct looked_at *at = calloc(LOOKED_AT_MAX, sizeof *at);
	unsigned n = 0, providers;
	int result = at ? STORE_OK : store_fail(s, STORE_FAILED, "no memory");

	if (!result)
		result = take_looked_at(s,
			db_bind(s, SQL_REFUSED_DAYS, "iii", from, today, (int64_t)s->o.k), at, &n);
	providers = n;
	if (!result && n)
		result = refusals_load(s, today, &l.all, &l.count);
	for (unsigned i = 0; i < providers && !result; i++)
		result = look_at_provider(&l, at[i].provider, at[i].day, at[i].blocks);
	if (!result && n)
		result = take_looked_at(s,
			db_bind(s, SQL_REFUSING_HOST_DAYS, "iiii", from, today, (int64_t)s->o.k,
				(int64_t)REFUSALS_HABIT),
			at, &n);
	for (unsigned i = providers; i < n && !result; i++)
		result = look_into_day(&l, at[i].provider, at[i].day, at[i].host, at[i].blocks);
	free(l.all);
	free(at);
	return result;
}

int store_investigate(struct store *s, int64_t now)
{
	int64_t today = refusals_day_number(day_of(now)), quiet = s->o.block_quiet / DAY + 1;
	bool own;
	int result = db_enter(s, &own);

	if (!result)
		result = counters_flush(s);
	if (!result)
		result = look_for_refusals(
			s, today, today - (quiet < REFUSALS_WINDOW ? quiet : REFUSALS_WINDOW - 1));
	return db_leave(s, own, result);
}

int investigation_advance(struct store *s, int64_t now)
{
	int64_t since = now - s->o.block_quiet - DAY;

	if (store_investigate(s, now) ||
		db_run(s, SQL_INVESTIGATION_CLOSE_QUIET, "ii", since, day_start(now)) ||
		db_run(s, SQL_INVESTIGATION_QUIET, "i", since))
		return STORE_FAILED;
	return db_run(s, SQL_REFUSED_FORGET, "i", now / DAY - REFUSALS_KEPT);
}

/* --- reading -------------------------------------------------------------- */

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
	return visit_rows(
		s, db_bind(s, sql_seen(s, SQL_INVESTIGATION_OPEN), ""), false, visit, context);
}

int store_past_investigations(struct store *s, int64_t from, int64_t to,
	int (*visit)(void *context, const struct investigation *i), void *context)
{
	return visit_rows(s, db_bind(s, sql_seen(s, SQL_INVESTIGATION_PAST), "ii", from, to), true,
		visit, context);
}
