/*
 * What became of each alert: opened, told, reopened, cleared, forgotten after [retention] alerts.
 * Which conditions there are and when they fire is condition.c's and the caller's; this file knows
 * time and telling only.
 */
#include <stdio.h>
#include "store/watch/alert.h"
#include "classify/base/units.h"
#include "store/internal.h"
#include "store/hour.h"

/* --- one finding ---------------------------------------------------------- */

/* The alert of a condition and subject: the open one, or else the one that was cleared last. */
struct known_alert {
	int64_t number, cleared, told;
	enum alert_news news;
};

static enum alert_news news_of(sqlite3_stmt *st, int column)
{
	const char *name = (const char *)sqlite3_column_text(st, column);

	for (unsigned i = 0; name && i < ALERT_NEWS_COUNT; i++)
		if (strcmp(name, alert_news_name(i)) == 0)
			return (enum alert_news)i;
	return NEWS_NONE;
}

static int find_alert(struct store *s, const struct alert_finding *f, struct known_alert *k)
{
	sqlite3_stmt *st = db_bind(
		s, SQL_ALERT_LAST, "tt", alert_condition_name(f->condition), f->subject);
	int rc = st ? db_step(s, st) : -1;

	*k = (struct known_alert){ 0 };
	if (rc == 1) {
		*k = (struct known_alert){ sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1),
			sqlite3_column_int64(st, 2), news_of(st, 3) };
		sqlite3_reset(st);
	}
	return rc < 0 ? STORE_FAILED : STORE_OK;
}

/*
 * What the ledger keeps of it: that there was one and how it ended; the figures go with the alert's
 * own retention.
 */
static int note_alert(
	struct store *s, int64_t number, const char *condition, const char *state, int64_t now)
{
	char detail[LEDGER_TEXT_SIZE];

	snprintf(detail, sizeof detail, "number=%lld%s%s state=%s", (long long)number,
		*condition ? " condition=" : "", condition, state);
	return store_ledger(s, now, LEDGER_ALERT, detail);
}

static int open_new(struct store *s, const struct alert_finding *f, int64_t now)
{
	const struct alert_figures *g = &f->figures;

	int result = db_run(s, SQL_ALERT_ADD, "ttiiiiiiiitttt", alert_condition_name(f->condition),
		f->subject, now, g->value, g->limit, g->usual, (int64_t)g->part, (int64_t)g->whole,
		g->from, g->to, g->provider, g->campaign, category_name(g->category), g->detail);

	if (result)
		return result;
	const int64_t number = sqlite3_last_insert_rowid(s->db);
	return note_alert(s, number, alert_condition_name(f->condition), "opened", now) ||
			trouble_note(s, number)
		? STORE_FAILED
		: STORE_OK;
}

static int tell_alert(struct store *s, int64_t number, enum alert_news news, int64_t now)
{
	return db_run(s, SQL_ALERT_NEWS, "iti", number, alert_news_name(news), now);
}

/* It fires, and is open now or was so within its cool-down. */
static int alert_goes_on(struct store *s, const struct alert_options *o,
	const struct alert_finding *f, const struct known_alert *k, int64_t now)
{
	const struct alert_figures *g = &f->figures;
	bool quietly = k->news == NEWS_CLEARED; /* it opened again without a word */
	int64_t after = quietly ? o->rule[f->condition].cooldown : o->repeat;

	if (k->cleared &&
		(db_run(s, SQL_ALERT_REOPEN, "i", k->number) ||
			note_alert(s, k->number, alert_condition_name(f->condition), "opened-again",
				now)))
		return STORE_FAILED;
	if (db_run(s, SQL_ALERT_FIRES, "iiiiiiiiitttt", k->number, now, g->value, g->limit,
		    g->usual, (int64_t)g->part, (int64_t)g->whole, g->from, g->to, g->provider,
		    g->campaign, category_name(g->category), g->detail) ||
		trouble_note(s, k->number))
		return STORE_FAILED;
	return after && now - k->told >= after ? tell_alert(s, k->number, NEWS_REPEATED, now)
					       : STORE_OK;
}

static int clear(struct store *s, int64_t number, enum alert_news news, int64_t now)
{
	if (db_run(s, SQL_ALERT_CLEAR, "ii", number, now) || trouble_note(s, number) ||
		note_alert(s, number, "", "cleared", now))
		return STORE_FAILED;
	return news == NEWS_CLEARED ? STORE_OK : tell_alert(s, number, NEWS_CLEARED, now);
}

static int alert_calmed(struct store *s, enum alert_condition condition, const char *subject,
	const struct alert_figures *g)
{
	return db_run(s, SQL_ALERT_PRESENT, "ttiii", alert_condition_name(condition), subject,
		g->value, (int64_t)g->part, (int64_t)g->whole);
}

int store_alert_is_open(
	struct store *s, enum alert_condition condition, const char *subject, bool *is_open)
{
	int64_t found = 0;
	int result = db_int(
		s, &found, SQL_ALERT_IS_OPEN, "tt", alert_condition_name(condition), subject);

	*is_open = found > 0;
	return result;
}

int store_alert_note(
	struct store *s, const struct alert_options *o, const struct alert_finding *f, int64_t now)
{
	const struct alert_rule *rule = &o->rule[f->condition];
	struct known_alert k;

	if (!s->in_transaction)
		return store_fail(s, STORE_MISUSE, "alert outside a transaction");
	if (!rule->active)
		return STORE_OK;
	if (f->level == LEVEL_CALM) /* if it is open, store_alerts_clear() clears it */
		return alert_calmed(s, f->condition, f->subject, &f->figures);
	if (find_alert(s, f, &k))
		return STORE_FAILED;
	bool is_open = k.number && !k.cleared;
	if (f->level == LEVEL_OPEN)
		return is_open ? db_run(s, SQL_ALERT_SEEN, "ii", k.number, now) : STORE_OK;
	return is_open || (k.number && now - k.cleared < rule->cooldown)
		? alert_goes_on(s, o, f, &k, now)
		: open_new(s, f, now);
}

/* Of these nothing is noted when there is none. */
static bool is_none_unless_noted(const char *condition)
{
	static const enum alert_condition of[] = { ALERT_BOUNCE_SURGE, ALERT_BLOCK_SURGE,
		ALERT_THROTTLING, ALERT_UNCONFIRMED, ALERT_KEY_LOST, ALERT_MESSAGE_STUCK,
		ALERT_CLOCK_DOUBT };

	for (size_t i = 0; i < sizeof of / sizeof *of; i++)
		if (strcmp(alert_condition_name(of[i]), condition) == 0)
			return true;
	return false;
}

/* Clears the first one that was not seen; *MORE: there was one. */
static int clear_unseen(struct store *s, int64_t now, bool *more)
{
	const struct alert_figures none = { .value = 0 };
	char condition[STORE_NAME_SIZE], subject[STORE_NAME_SIZE];
	sqlite3_stmt *st = db_bind(s, SQL_ALERT_UNSEEN, "i", now);
	int rc = st ? db_step(s, st) : -1;

	*more = rc > 0;
	if (rc <= 0)
		return rc ? STORE_FAILED : STORE_OK;
	int64_t number = sqlite3_column_int64(st, 0);
	enum alert_news news = news_of(st, 1);
	db_text(st, 2, condition, sizeof condition);
	db_text(st, 3, subject, sizeof subject);
	bool noted = sqlite3_column_type(st, 4) != SQLITE_NULL;
	sqlite3_reset(st);
	if (!noted && is_none_unless_noted(condition) &&
		alert_calmed(s, (enum alert_condition)alert_condition_by_name(condition), subject,
			&none))
		return STORE_FAILED;
	return clear(s, number, news, now);
}

int store_alerts_clear(struct store *s, const struct alert_options *o, int64_t now)
{
	bool more = true;

	(void)o;
	while (more)
		if (clear_unseen(s, now, &more))
			return STORE_FAILED;
	char text[32];
	snprintf(text, sizeof text, "%lld", (long long)now);
	return s->spoilt ? STORE_FAILED : db_run(s, SQL_META_PUT, "tt", "alerts", text);
}

int store_alerts_last(struct store *s, int64_t *at)
{
	*at = 0;
	return db_int(s, at, SQL_META_GET, "t", "alerts");
}

#define ALERT_CLOCK "alert-clock"

int store_alerts_clock(struct store *s, char text[ALERT_CLOCK_SIZE])
{
	return db_line(s, text, ALERT_CLOCK_SIZE, SQL_META_GET, "t", ALERT_CLOCK);
}

int store_alerts_clock_put(struct store *s, const char *text)
{
	return db_run(s, SQL_META_PUT, "tt", ALERT_CLOCK, text);
}

/* --- reading -------------------------------------------------------------- */

static void read_alert(sqlite3_stmt *st, struct alert *a)
{
	int condition = alert_condition_by_name((const char *)sqlite3_column_text(st, 1));
	int category = category_by_name((const char *)sqlite3_column_text(st, 19));

	*a = (struct alert){ .number = sqlite3_column_int64(st, 0),
		.condition = condition < 0 ? 0 : (enum alert_condition)condition,
		.opened = sqlite3_column_int64(st, 3),
		.at = sqlite3_column_int64(st, 4),
		.cleared = sqlite3_column_int64(st, 5),
		.reopened = (unsigned)sqlite3_column_int(st, 6),
		.news = news_of(st, 7),
		.by_mail = sqlite3_column_int(st, 8),
		.by_command = sqlite3_column_int(st, 9),
		.figures = { .value = sqlite3_column_int64(st, 10),
			.limit = sqlite3_column_int64(st, 11),
			.usual = sqlite3_column_int64(st, 12),
			.part = (uint64_t)sqlite3_column_int64(st, 13),
			.whole = (uint64_t)sqlite3_column_int64(st, 14),
			.from = sqlite3_column_int64(st, 15),
			.to = sqlite3_column_int64(st, 16),
			.category = category < 0 ? CATEGORY_NONE : (enum category)category } };
	db_text(st, 2, a->subject, sizeof a->subject);
	db_text(st, 17, a->figures.provider, sizeof a->figures.provider);
	db_text(st, 18, a->figures.campaign, sizeof a->figures.campaign);
	db_text(st, 20, a->figures.detail, sizeof a->figures.detail);
	a->present = (struct alert_present){ sqlite3_column_type(st, 21) != SQLITE_NULL,
		sqlite3_column_int64(st, 21), (uint64_t)sqlite3_column_int64(st, 22),
		(uint64_t)sqlite3_column_int64(st, 23) };
}

int store_alerts(struct store *s, enum alert_choice choice,
	int (*visit)(void *context, const struct alert *a), void *context)
{
	sqlite3_stmt *st = db_bind(s, SQL_ALERT_LIST, "i", (int64_t)choice);
	struct alert a;
	int result = STORE_OK;

	while (db_row(s, st, &result)) {
		read_alert(st, &a);
		result = visit(context, &a);
	}
	return result;
}

int store_alert_told(struct store *s, int64_t number, enum alert_way way)
{
	return db_run(s, way == BY_MAIL ? SQL_ALERT_TOLD_BY_MAIL : SQL_ALERT_TOLD_BY_COMMAND, "i",
		number);
}
