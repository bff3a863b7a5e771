/*
 * Failures that are kept, decided again after rules were mended.
 *
 * Events and contacts share no key, so no event leads to its contact. Instead a contact remembers
 * of a failure the number of what was answered (store/cause.c): of the provider, the codes and
 * the redacted words, which are all that is left to decide by. Each event's answer is decided
 * again, and every contact that remembers this answer, decided by that rule, goes where the new
 * decision leads. Many recipients share an answer; the number is made under message.key and sealed
 * in the history.
 *
 * What is kept is less than what was read: the human part and the subject are gone, and after
 * [retention] diagnostics the words. An event is left as it is where the difference may come of
 * that and not of the rules: it counts as told only where the same rule decides it again, where its
 * rule is no more, where the rule is heard in what is kept and loses, or where the rules that the
 * program brings along decide it by its rule.
 *
 * Tallies say what was known in their month, and stay.
 */
#include <stdio.h>
#include <stdlib.h>
#include "classify/rules.h"
#include "classify/sense.h"
#include "store/brake.h"
#include "store/cause.h"
#include "store/contact.h"
#include "store/wave.h"
#include "store/investigation.h"
#include "store/message.h"
#include "store/tally.h"

enum {
	EVENT_PAGE = 256,
	ANSWERS_STEP = 1024,
	ANSWERS_MAX = 1 << 20, /* different ones; of more the rest is left as it is */
	ANSWER_SLOTS = 1 << 16,
};

/* --- what was decided again ------------------------------------------------ */

/* An answer as one rule decided it, on one day. */
struct answer_again {
	uint32_t number, next;
	int64_t day;
	int32_t first, last; /* seconds of the day */
	bool changed, untold;
	uint8_t klass, category;
	int16_t margin;
	char was[EVENT_RULE_SIZE];
	struct packed now; /* as an event would be read today */
};

struct judged_again {
	struct store *s;
	const struct rules *rules, *before;
	int64_t now;
	struct rejudged *out;
	size_t n, room;
	struct answer_again *answer;
	uint32_t slot[ANSWER_SLOTS]; /* number of the first answer + 1 */
};

struct kept_event {
	int64_t at, number;
	unsigned char pseudonym[PSEUDONYM_SIZE];
	int pseudonym_n;
	bool has_words;
	uint8_t klass, category, origin;
	unsigned reply;
	char status[EVENT_STATUS_SIZE], rule[EVENT_RULE_SIZE], provider[STORE_NAME_SIZE],
		diagnostic[DIAGNOSTIC_KEPT_SIZE];
};

static uint32_t rejudge_slot_of(uint32_t number, int64_t day)
{
	return (number ^ (uint32_t)(day / DAY) * 2654435761u) % ANSWER_SLOTS;
}

static struct answer_again *find_answer(
	const struct judged_again *j, uint32_t number, int64_t day, const char *rule)
{
	for (uint32_t i = j->slot[rejudge_slot_of(number, day)]; i; i = j->answer[i - 1].next) {
		struct answer_again *a = &j->answer[i - 1];
		if (a->number == number && a->day == day && strcmp(a->was, rule) == 0)
			return a;
	}
	return NULL;
}

static struct answer_again *add_answer(struct judged_again *j)
{
	if (j->n == j->room) {
		struct answer_again *more = realloc(
			j->answer, (j->room + ANSWERS_STEP) * sizeof *more);
		if (!more) {
			store_fail(j->s, STORE_FAILED, "no memory");
			return NULL;
		}
		j->answer = more;
		j->room += ANSWERS_STEP;
	}
	memset(&j->answer[j->n], 0, sizeof j->answer[j->n]);
	return &j->answer[j->n++];
}

/* --- deciding -------------------------------------------------------------- */

static bool is_profile(const struct rules *r, const char *name)
{
	const char *profile;

	for (size_t i = 0; (profile = provider_at(r, i)); i++)
		if (strcmp(profile, name) == 0)
			return true;
	return false;
}

struct listening {
	const char *rule;
	bool heard;
};

static void hear_bid(void *context, const struct bid_told *b)
{
	struct listening *l = context;

	l->heard |= b->weight > 0 && strcmp(b->rule, l->rule) == 0;
}

/* The reply stands before the words where they have none, as in the answer that was read. */
static struct span answer_text(const struct kept_event *e, char buffer[DIAGNOSTIC_KEPT_SIZE + 8])
{
	struct span words = { e->diagnostic, strlen(e->diagnostic) };

	if (!e->reply || codes_find(words).reply == e->reply)
		return words;
	return (struct span){ buffer,
		(size_t)snprintf(buffer, DIAGNOSTIC_KEPT_SIZE + 8, "%u %s", e->reply % 1000,
			e->diagnostic) };
}

static void decide_again(const struct rules *r, const struct kept_event *e, bool profiled,
	struct listening *l, struct decision *out)
{
	char buffer[DIAGNOSTIC_KEPT_SIZE + 8];
	struct span words = answer_text(e, buffer), none = { "", 0 };
	bool answered = e->reply || *e->status; /* else they are from the human part */
	struct clues clues = { .kind = KIND_FAILURE,
		.status = status_parse((struct span){ e->status, strlen(e->status) }),
		.diagnostic = answered ? words : none,
		.human = answered ? none : words,
		.subject = { "", 0 },
		.remote_mta = { "", 0 },
		.reporting_mta = { "", 0 },
		.recipient_domain = { "", 0 },
		.provider = profiled ? e->provider : "",
		.tell = hear_bid,
		.tell_context = l };

	memset(out, 0, sizeof *out);
	decide(r, &clues, out);
}

/* Of codes and senses, which are no rules and never vanish. */
static bool is_no_rule(const char *name)
{
	static const char *const prefixes[] = { "code.", "reply.", "digit.", "kind.", SENSE_PREFIX,
		EXIT_PREFIX };

	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
		if (!strncmp(name, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

/* Whether what is kept of E says by what it was decided; NEW is what RULES say of it now. */
static bool is_told(const struct judged_again *j, const struct kept_event *e, bool profiled,
	const struct decision *new, const struct listening *l)
{
	struct listening unused = { e->rule, false };
	struct decision d;
	bool harder = new->klass == CLASS_HARD && e->klass != CLASS_HARD,
	     known = rules_have(j->rules, e->rule) || rules_have(j->before, e->rule);

	if (!harder && (strcmp(new->rule, e->rule) == 0 || l->heard))
		return true;
	decide_again(j->before, e, profiled, &unused, &d);
	/* no rule was mended that way: what kept it from being hard is not kept, as whose address
	   the answer named */
	if (harder && (known || is_no_rule(e->rule)) && d.klass == CLASS_HARD)
		return false;
	if (strcmp(new->rule, e->rule) == 0 || l->heard || strcmp(d.rule, e->rule) == 0)
		return true;
	/*
	 * what is in neither was somebody's own rule, and is no more; but for senses, which are no
	 * rules, and of which a word that is gone takes away, and exit codes, which are not kept
	 */
	return !!strncmp(e->rule, SENSE_PREFIX, strlen(SENSE_PREFIX)) &&
		!!strncmp(e->rule, EXIT_PREFIX, strlen(EXIT_PREFIX)) && !known;
}

static void judge_answer(struct judged_again *j, const struct kept_event *e, struct answer_again *a)
{
	struct listening l = { e->rule, false };
	bool profiled = is_profile(j->rules, e->provider);
	struct decision d;

	decide_again(j->rules, e, profiled, &l, &d);
	a->now = (struct packed){ .kind = KIND_FAILURE,
		.klass = (uint8_t)d.klass,
		.category = (uint8_t)d.category,
		.profiled = profiled,
		.reply = (uint16_t)e->reply };
	memcpy(a->now.rule, d.rule, sizeof a->now.rule);
	memcpy(a->now.status, e->status, sizeof a->now.status);
	memcpy(a->now.provider, e->provider, sizeof a->now.provider);
	a->klass = (uint8_t)d.klass;
	a->category = (uint8_t)d.category;
	a->margin = d.margin;
	a->changed = d.klass != e->klass || d.category != e->category ||
		strcmp(d.rule, e->rule) != 0;
	if (a->changed && !is_told(j, e, profiled, &d, &l)) {
		a->changed = false;
		a->untold = true;
	}
}

/* The words that it had are gone, or there never were any. */
static bool words_are_gone(const struct judged_again *j, const struct kept_event *e)
{
	return !e->has_words &&
		(!j->s->o.keep_diagnostics ||
			store_is_over(j->s, RETAIN_DIAGNOSTICS, e->at, j->now));
}

static int judge_event(struct judged_again *j, const struct kept_event *e)
{
	bool profiled = is_profile(j->rules, e->provider);
	int64_t day = day_start(e->at);
	int32_t second = (int32_t)(e->at - day);

	j->out->events++;
	if (words_are_gone(j, e)) {
		j->out->gone++;
		return STORE_OK;
	}
	uint32_t number = answer_number(
		j->s, profiled ? e->provider : "", e->reply, e->status, e->diagnostic);
	struct answer_again *a = find_answer(j, number, day, e->rule);
	if (!a) {
		if (j->n == ANSWERS_MAX) {
			j->out->untold++;
			return STORE_OK;
		}
		if (!(a = add_answer(j)))
			return STORE_FAILED;
		a->number = number;
		a->day = day;
		a->first = a->last = second;
		memcpy(a->was, e->rule, sizeof a->was);
		a->next = j->slot[rejudge_slot_of(number, day)];
		j->slot[rejudge_slot_of(number, day)] = (uint32_t)j->n;
		judge_answer(j, e, a);
	}
	a->first = second < a->first ? second : a->first;
	a->last = second > a->last ? second : a->last;
	j->out->untold += a->untold;
	if (!a->changed)
		return STORE_OK;
	j->out->changed++;
	struct packed p = a->now;
	p.at = e->at;
	p.day = day_of(e->at);
	if (a->klass == CLASS_BLOCK && e->klass != CLASS_BLOCK && e->origin >= j->s->o.act_on &&
		investigation_note(j->s, &p, profiled ? e->provider : "other"))
		return STORE_FAILED;
	return db_run(j->s, SQL_EVENT_JUDGE, "ibiTTTi", e->at, e->pseudonym, e->pseudonym_n,
		e->number, class_name(a->klass), category_name(a->category), a->now.rule,
		(int64_t)a->margin);
}

/* --- all events ------------------------------------------------------------ */

static uint8_t kept_word(int (*by_name)(const char *), sqlite3_stmt *st, int column)
{
	const char *name = (const char *)sqlite3_column_text(st, column);
	int number = name ? by_name(name) : 0;

	return number < 0 ? 0 : (uint8_t)number;
}

static void kept_event_read(sqlite3_stmt *st, struct kept_event *e)
{
	int n = sqlite3_column_bytes(st, 1);

	memset(e, 0, sizeof *e);
	e->at = sqlite3_column_int64(st, 0);
	e->pseudonym_n = n < PSEUDONYM_SIZE ? n : PSEUDONYM_SIZE;
	if (e->pseudonym_n)
		memcpy(e->pseudonym, sqlite3_column_blob(st, 1), (size_t)e->pseudonym_n);
	e->number = sqlite3_column_int64(st, 2);
	e->klass = kept_word(class_by_name, st, 3);
	e->category = kept_word(category_by_name, st, 4);
	db_text(st, 5, e->status, sizeof e->status);
	e->reply = (unsigned)sqlite3_column_int(st, 6);
	db_text(st, 7, e->rule, sizeof e->rule);
	db_text(st, 8, e->provider, sizeof e->provider);
	e->has_words = sqlite3_column_type(st, 9) != SQLITE_NULL;
	db_text(st, 9, e->diagnostic, sizeof e->diagnostic);
	e->origin = kept_word(origin_by_name, st, 10);
}

static int judge_events(struct judged_again *j)
{
	static struct kept_event page[EVENT_PAGE];
	struct kept_event last = { .at = 0 };
	unsigned n;

	do {
		sqlite3_stmt *st = db_bind(j->s, SQL_EVENT_JUDGED, "ibii", last.at, last.pseudonym,
			last.pseudonym_n, last.number, (int64_t)EVENT_PAGE);
		int result = STORE_OK;
		for (n = 0; n < EVENT_PAGE && db_row(j->s, st, &result); n++)
			kept_event_read(st, &page[n]);
		if (st)
			sqlite3_reset(st);
		if (!st || result)
			return STORE_FAILED;
		for (unsigned i = 0; i < n; i++)
			if (judge_event(j, &page[i]))
				return STORE_FAILED;
		if (n)
			last = page[n - 1];
	} while (n == EVENT_PAGE);
	return STORE_OK;
}

/* --- all contacts ---------------------------------------------------------- */

/* What a failure of KIND on day D is now; false: as it was. */
static bool judge_failure(const struct judged_again *j, const struct history *h,
	const struct day *d, unsigned kind, struct verdict_again *out)
{
	const struct cause *was = history_cause(h, d->by[kind]);
	const struct answer_again *a = d->by[kind].answer
		? find_answer(j, d->by[kind].answer, d->start, was->rule)
		: NULL;

	if (!a || !a->changed)
		return false;
	struct packed p = a->now;
	p.mta = was->mta;
	int meaning = contact_meaning(&p);
	*out = (struct verdict_again){
		.kind = HISTORY_DELIVERED, .first = a->first, .last = a->last
	};
	if (meaning == MEANS_NOTHING)
		return true;
	out->cause = contact_cause(j->s, &p, meaning);
	if (!cause_is_taken_back(
		    j->s, (enum history_kind)meaning, &out->cause, d->by[kind].campaign, d->start))
		out->kind = (enum history_kind)meaning;
	return true;
}

static bool judge_history(void *context, struct history *h)
{
	const struct judged_again *j = context;
	bool any = false;

	for (unsigned i = 0; i < h->days; i++) {
		struct verdict_again again[HISTORY_CAUSED];
		const struct verdict_again *list[HISTORY_CAUSED] = { NULL };
		bool day = false;
		for (unsigned kind = 0; kind < HISTORY_CAUSED; kind++)
			if (kind != HISTORY_COMPLAINT && h->day[i].count[kind] &&
				judge_failure(j, h, &h->day[i], kind, &again[kind])) {
				list[kind] = &again[kind];
				day = true;
			}
		if (day)
			history_judge_day(h, &h->day[i], list);
		any |= day;
	}
	if (any)
		history_mend(h);
	return any;
}

static int judge_contact(struct judged_again *j, struct contact *c)
{
	struct cause_moves *moves = &j->out->moves;
	bool changed;

	contact_elapse(j->s, c, j->now);
	enum contact_state before = c->now.state;
	wave_mark(j->s, &c->history, MARK_HAD);
	if (!site_is_on(j->s))
		changed = judge_history(j, &c->history);
	else if (share_changed(j->s, c, j->now, judge_history, j, &changed))
		return STORE_FAILED;
	wave_mark(j->s, &c->history, MARK_HAS);
	if (!changed)
		return STORE_OK;
	if (contact_refold(j->s, c))
		return STORE_FAILED;
	contact_elapse(j->s, c, j->now);
	moves->matched++;
	moves->moved[before][c->now.state]++;
	return contact_save(j->s, SQL_CONTACT_PUT, c);
}

static int judge_contacts(struct judged_again *j, int64_t first)
{
	struct contact_page page = { .n = 0 };
	struct contact c;
	bool found;
	int result;

	while (!(result = contact_page(j->s, &page,
			 db_bind(j->s, SQL_CONTACT_FROM, "bii", page.last, PSEUDONYM_SIZE, first,
				 (int64_t)CONTACT_PAGE))) &&
		page.n)
		for (unsigned i = 0; i < page.n; i++)
			if ((result = contact_load(j->s, page.key[i], &c, &found)) ||
				(result = judge_contact(j, &c)))
				return result;
	return result ? result : wave_close_empty(j->s);
}

int store_rejudge(struct store *s, const struct rules *rules, const struct rules *before,
	int64_t now, struct rejudged *out)
{
	struct judged_again *j;
	int64_t first = INT64_MAX;

	memset(out, 0, sizeof *out);
	if (!s->in_transaction)
		return store_fail(s, STORE_MISUSE, "rejudge outside a transaction");
	if (!(j = calloc(1, sizeof *j)))
		return store_fail(s, STORE_FAILED, "no memory");
	j->s = s;
	j->rules = rules;
	j->before = before;
	j->now = now;
	j->out = out;
	int result = judge_events(j);
	for (size_t i = 0; i < j->n; i++)
		if (j->answer[i].changed && j->answer[i].day < first)
			first = j->answer[i].day;
	if (!result && first < INT64_MAX)
		result = judge_contacts(j, first);
	free(j->answer);
	free(j);
	return result;
}
