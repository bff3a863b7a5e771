/*
 * A store for the reports' tests: the functions of the store that reports call, over lists that
 * a test fills. Linked in place of the real ones, so that a test says in a few lines what the store
 * holds.
 */
#ifndef RETOUR_TESTS_REPORTS_FAKE_H
#define RETOUR_TESTS_REPORTS_FAKE_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <string.h>
#include "store/ledger.h"
#include "store/promises.h"
#include "store/contacts.h"
#include "store/figures.h"
#include "store/intact.h"
#include "store/keys.h"
#include "store/watch/alert.h"
#include "store/site.h"
#include "store/store.h"
#include "store/volume.h"
#include "store/writing.h"
#include "tests/unit/reports_closed.h"
#include "tests/unit/reports_said.h"

enum { FAKE_TALLIES_MAX = 200000, FAKE_ENTRIES_MAX = 16, FAKE_COUNTS_MAX = 512 };

struct store {
	struct tally *tally;
	size_t tallies;
	struct {
		const char *mailbox, *outcome;
		uint64_t count;
	} message[FAKE_COUNTS_MAX];
	size_t messages;
	struct rates sent[FAKE_COUNTS_MAX];
	size_t sents;
	struct cohort cohort[8];
	size_t cohorts;
	struct investigation investigation[8];
	size_t investigations;
	struct {
		const char *meant;
		uint64_t count;
	} typing[16];
	size_t typings;
	struct {
		int32_t day;
		const char *name, *what; /* by name */
		uint64_t count;
	} stream[16];
	size_t streams;
	const struct {
		const char *name;
		bool own;
		int64_t until;
	} * site;
	size_t sites;
	bool every;                       /* was asked for */
	const struct site_state *present; /* another site */
	int64_t waiting;
	struct {
		const char *mailbox;
		int64_t since, until;
	} unread[4];
	size_t unreads;
	struct past_alert trouble[8];
	size_t troubles;
	const char *comment[4];
	size_t comments;
	uint64_t state[STATE_COUNT];
	struct purge held;
	int held_result, walk_result;
	struct ledger_entry entry[FAKE_ENTRIES_MAX];
	size_t entries;
	struct key_info key[8];
	size_t keys;
	struct store_file_state file;
	struct mailbox_state mailbox[4];
	size_t mailboxes;
	bool older;
	const char *schema_fault, *key_fault;
	int64_t events_off; /* so many events more, on the last days, than are tallied */
};

static void fake_add(struct store *s, int32_t day, enum kind kind, enum klass klass,
	enum category category, enum origin origin, const char *provider, const char *campaign,
	uint64_t count)
{
	if (!s->tally)
		s->tally = calloc(FAKE_TALLIES_MAX, sizeof *s->tally);
	if (!s->tally || s->tallies == FAKE_TALLIES_MAX)
		abort();
	struct tally *t = &s->tally[s->tallies++];
	*t = (struct tally){ .day = day,
		.kind = (uint8_t)kind,
		.klass = (uint8_t)klass,
		.category = (uint8_t)category,
		.origin = (uint8_t)origin,
		.count = count };
	snprintf(t->provider, sizeof t->provider, "%s", provider);
	snprintf(t->campaign, sizeof t->campaign, "%s", campaign);
}

static inline void fake_failures(struct store *s, int32_t day, enum category category,
	const char *provider, const char *campaign, uint64_t count)
{
	fake_add(s, day, KIND_FAILURE, category_class(category), category, ORIGIN_MATCHED, provider,
		campaign, count);
}

static inline void fake_complaints(
	struct store *s, int32_t day, const char *provider, const char *campaign, uint64_t count)
{
	fake_add(s, day, KIND_COMPLAINT, CLASS_COMPLAINT, CATEGORY_ABUSE, ORIGIN_MATCHED, provider,
		campaign, count);
}

static inline void fake_sent(
	struct store *s, int32_t day, const char *provider, const char *campaign, uint64_t count)
{
	if (s->sents == FAKE_COUNTS_MAX)
		abort();
	struct rates *r = &s->sent[s->sents++];
	*r = (struct rates){ .day = day, .sent = count };
	snprintf(r->provider, sizeof r->provider, "%s", provider);
	snprintf(r->campaign, sizeof r->campaign, "%s", campaign);
}

static inline void fake_message(
	struct store *s, const char *mailbox, const char *outcome, uint64_t count)
{
	if (s->messages == FAKE_COUNTS_MAX)
		abort();
	s->message[s->messages].mailbox = mailbox;
	s->message[s->messages].outcome = outcome;
	s->message[s->messages++].count = count;
}

static inline void fake_entry(struct store *s, int64_t at, const char *kind, const char *detail)
{
	if (s->entries == FAKE_ENTRIES_MAX)
		abort();
	struct ledger_entry *e = &s->entry[s->entries++];
	*e = (struct ledger_entry){ .number = (int64_t)s->entries, .at = at };
	snprintf(e->kind, sizeof e->kind, "%s", kind);
	snprintf(e->detail, sizeof e->detail, "%s", detail);
	for (int i = 0; i < LEDGER_HASH_SIZE; i++)
		e->hash[i] = (unsigned char)(17 * i + (int)s->entries);
}

static inline void fake_done(struct store *s)
{
	free(s->tally);
	memset(s, 0, sizeof *s);
}

static int fake_order(const void *a, const void *b)
{
	const struct tally *x = a, *y = b;
	int order[] = { x->day - y->day, x->kind - y->kind, x->klass - y->klass,
		x->category - y->category, x->origin - y->origin, strcmp(x->provider, y->provider),
		strcmp(x->campaign, y->campaign) };
	for (size_t i = 0; i < sizeof order / sizeof *order; i++)
		if (order[i])
			return order[i];
	return 0;
}

int store_tallies(struct store *s, int32_t from, int32_t to, unsigned group,
	int (*visit)(void *context, const struct tally *t), void *context)
{
	struct tally *list = calloc(s->tallies + 1, sizeof *list);
	size_t n = 0;
	int result = 0;
	for (size_t i = 0; i < s->tallies; i++) {
		struct tally t = s->tally[i];
		if (t.day < from || t.day > to)
			continue;
		t.day = group & BY_DAY ? t.day : 0;
		t.kind = group & BY_KIND ? t.kind : 0;
		t.klass = group & BY_CLASS ? t.klass : 0;
		t.category = group & BY_CATEGORY ? t.category : 0;
		t.origin = group & BY_ORIGIN ? t.origin : 0;
		if (!(group & BY_PROVIDER))
			memset(t.provider, 0, sizeof t.provider);
		if (!(group & BY_CAMPAIGN))
			memset(t.campaign, 0, sizeof t.campaign);
		list[n++] = t;
	}
	qsort(list, n, sizeof *list, fake_order);
	for (size_t i = 0; i < n && !result; i++) {
		while (i + 1 < n && fake_order(&list[i], &list[i + 1]) == 0) {
			list[i + 1].count += list[i].count;
			i++;
		}
		result = visit(context, &list[i]);
	}
	free(list);
	return result;
}

int store_message_counts(struct store *s, int32_t from, int32_t to,
	int (*visit)(void *context, const char *mailbox, const char *outcome, uint64_t count),
	void *context)
{
	(void)from;
	(void)to;
	for (size_t i = 0; i < s->messages; i++)
		if (visit(context, s->message[i].mailbox, s->message[i].outcome,
			    s->message[i].count))
			return STORE_FAILED;
	return STORE_OK;
}

int store_stream_counts(struct store *s, int32_t from, int32_t to,
	int (*visit)(void *context, const char *stream, const char *what, uint64_t count),
	void *context)
{
	for (size_t i = 0; i < s->streams; i++)
		if (s->stream[i].day >= from && s->stream[i].day <= to &&
			visit(context, s->stream[i].name, s->stream[i].what, s->stream[i].count))
			return STORE_FAILED;
	return STORE_OK;
}

/* "news-2026" is of the stream "news". */
const char *store_campaign_stream(const struct store *s, const char *campaign)
{
	for (size_t i = 0; i < s->streams; i++) {
		size_t n = strlen(s->stream[i].name);
		if (strncmp(campaign, s->stream[i].name, n) == 0 && campaign[n] == '-')
			return s->stream[i].name;
	}
	return "";
}

int store_complaining(struct store *s, int32_t from, int32_t to,
	int (*visit)(void *context, int32_t month, const char *provider), void *context)
{
	for (size_t i = 0; i < s->tallies; i++) {
		const struct tally *t = &s->tally[i];
		if (t->kind == KIND_COMPLAINT && t->origin >= ORIGIN_MATCHED && t->day >= from &&
			t->day <= to && visit(context, t->day / 100, t->provider))
			return STORE_FAILED;
	}
	return STORE_OK;
}

void store_every_site(struct store *s, bool every)
{
	s->every = every;
}

int store_sites_present(struct store *s,
	int (*visit)(void *context, const struct site_state *state, int64_t waiting), void *context)
{
	return s->present && visit(context, s->present, s->waiting) ? STORE_FAILED : STORE_OK;
}

int store_sites_told(struct store *s,
	int (*visit)(void *context, const char *site, bool own, int64_t until), void *context)
{
	for (size_t i = 0; i < s->sites; i++)
		if (visit(context, s->site[i].name, s->site[i].own, s->site[i].until))
			return STORE_FAILED;
	return STORE_OK;
}

int store_unread(struct store *s, int64_t from, int64_t to,
	int (*visit)(void *context, const char *mailbox, int64_t since, int64_t until),
	void *context)
{
	for (size_t i = 0; i < s->unreads; i++)
		if (s->unread[i].since < to && s->unread[i].until >= from &&
			visit(context, s->unread[i].mailbox, s->unread[i].since,
				s->unread[i].until))
			return STORE_FAILED;
	return STORE_OK;
}

int store_troubles(struct store *s, int64_t from, int64_t to,
	int (*visit)(void *context, const struct past_alert *t), void *context)
{
	for (size_t i = 0; i < s->troubles; i++)
		if (s->trouble[i].opened < to &&
			(!s->trouble[i].cleared || s->trouble[i].cleared >= from) &&
			visit(context, &s->trouble[i]))
			return STORE_FAILED;
	return STORE_OK;
}

static const char *fake_group(const char *provider)
{
	static const char *const large[] = { "gmail", "microsoft", "yahoo", "gmx", "web.de",
		"t-online", "icloud" };
	for (size_t i = 0; i < sizeof large / sizeof *large; i++)
		if (strcmp(provider, large[i]) == 0)
			return "large";
	return "business";
}

enum domain_group store_domain_group(const struct store *s, const char *provider)
{
	(void)s;
	return strcmp(fake_group(provider), "large") == 0 ? DOMAIN_LARGE : DOMAIN_BUSINESS;
}

int store_volumes(struct store *s, int32_t from, int32_t to, unsigned group,
	int (*visit)(void *context, const struct volume *v), void *context)
{
	for (size_t i = 0; i < s->sents; i++) {
		const struct rates *r = &s->sent[i];
		struct volume v = { .day = r->day, .sent = r->sent };
		if (r->day < from || r->day > to)
			continue;
		memcpy(v.provider, group & BY_PROVIDER ? r->provider : "",
			group & BY_PROVIDER ? sizeof v.provider : 1);
		memcpy(v.campaign, group & BY_CAMPAIGN ? r->campaign : "",
			group & BY_CAMPAIGN ? sizeof v.campaign : 1);
		if (visit(context, &v))
			return STORE_FAILED;
	}
	return STORE_OK;
}

const char *domain_group_name(unsigned group)
{
	return group == DOMAIN_LARGE ? "large" : group == DOMAIN_BUSINESS ? "business" : "";
}

const char *cohort_outcome_name(unsigned outcome)
{
	static const char *const names[] = { "recovered", "soft", "paused", "hard",
		"prolonged-soft" };
	return outcome < COHORT_OUTCOME_COUNT ? names[outcome] : "";
}

int store_cohorts(struct store *s, int from, int to,
	int (*visit)(void *context, const struct cohort *c), void *context)
{
	for (size_t i = 0; i < s->cohorts; i++)
		if (s->cohort[i].month >= from && s->cohort[i].month <= to &&
			visit(context, &s->cohort[i]))
			return STORE_FAILED;
	return STORE_OK;
}

int store_investigations(
	struct store *s, int (*visit)(void *context, const struct investigation *i), void *context)
{
	for (size_t i = 0; i < s->investigations; i++)
		if (!s->investigation[i].closed && visit(context, &s->investigation[i]))
			return STORE_FAILED;
	return STORE_OK;
}

int store_past_investigations(struct store *s, int64_t from, int64_t to,
	int (*visit)(void *context, const struct investigation *i), void *context)
{
	for (size_t i = 0; i < s->investigations; i++)
		if (s->investigation[i].closed > from && s->investigation[i].closed <= to &&
			visit(context, &s->investigation[i]))
			return STORE_FAILED;
	return STORE_OK;
}

int store_typing_errors(struct store *s, int32_t from, int32_t to,
	int (*visit)(void *context, const char *meant, uint64_t count), void *context)
{
	(void)from;
	(void)to;
	for (size_t i = 0; i < s->typings; i++)
		if (visit(context, s->typing[i].meant, s->typing[i].count))
			return STORE_FAILED;
	return STORE_OK;
}

/* What receivers report is tested on a store (tests/e2e/summaries.py). */
int store_alignment(struct store *s, int32_t from, int32_t to, bool verified, unsigned limit,
	int (*source)(void *context, const struct alignment_source *a),
	int (*broken)(void *context, const struct alignment_break *b), void *context)
{
	(void)s;
	(void)from;
	(void)to;
	(void)verified;
	(void)limit;
	(void)source;
	(void)broken;
	(void)context;
	return STORE_OK;
}

int store_tls_sessions(struct store *s, int32_t from, int32_t to, bool verified,
	int (*visit)(void *context, const struct tls_sessions *t), void *context)
{
	(void)s;
	(void)from;
	(void)to;
	(void)verified;
	(void)visit;
	(void)context;
	return STORE_OK;
}

int store_summary_told(struct store *s, enum summary_kind kind, int32_t from, int32_t to,
	bool verified, struct summary_told *out)
{
	(void)s;
	(void)kind;
	(void)from;
	(void)to;
	(void)verified;
	*out = (struct summary_told){ 0, 0 };
	return STORE_OK;
}

int store_comments(struct store *s, const char *month,
	int (*visit)(void *context, int64_t at, const char *text), void *context)
{
	(void)month;
	for (size_t i = 0; i < s->comments; i++)
		if (visit(context, 1793700000, s->comment[i]))
			return STORE_FAILED;
	return STORE_OK;
}

long rate_ppm(uint64_t part, uint64_t whole)
{
	return whole ? (long)((part * 1000000 + whole / 2) / whole) : -1;
}

int store_contact_counts(struct store *s, uint64_t counts[STATE_COUNT])
{
	memcpy(counts, s->state, sizeof s->state);
	return STORE_OK;
}

int store_first_day(struct store *s, int32_t *day)
{
	*day = 0;
	for (size_t i = 0; i < s->tallies; i++)
		if (*day == 0 || s->tally[i].day < *day)
			*day = s->tally[i].day;
	return STORE_OK;
}

int store_held_counted(struct store *s, int64_t now, struct purge *out)
{
	(void)now;
	*out = s->held;
	return s->held_result;
}

int store_held(struct store *s, int64_t now, struct purge *out)
{
	(void)now;
	*out = s->held;
	return s->held_result;
}

int store_ledger_walk(
	struct store *s, int (*visit)(void *context, const struct ledger_entry *e), void *context)
{
	for (size_t i = 0; i < s->entries; i++)
		if (visit && visit(context, &s->entry[i]))
			return STORE_FAILED;
	return s->walk_result;
}

const char *ledger_cut_time(const struct ledger_entry *cut)
{
	return strstr(cut->detail, " times=always") ? "always" : "own";
}

int store_ledger_last(
	struct store *s, enum ledger_kind kind, const char *with, struct ledger_entry *out)
{
	*out = (struct ledger_entry){ .number = 0 };
	for (size_t i = 0; i < s->entries; i++)
		if (ledger_is(&s->entry[i], kind) && (!with || strstr(s->entry[i].detail, with)))
			*out = s->entry[i];
	return STORE_OK;
}

int store_ledger_head(struct store *s, struct ledger_entry *out)
{
	*out = s->entries ? s->entry[s->entries - 1] : (struct ledger_entry){ .number = 0 };
	return STORE_OK;
}

int store_schema_differs(struct store *s, intact_visit *visit, void *context)
{
	return s->schema_fault ? visit(context, s->schema_fault) : STORE_OK;
}

int store_keys_strange(struct store *s, intact_visit *visit, void *context)
{
	return s->key_fault ? visit(context, s->key_fault) : STORE_OK;
}

int store_is_older(struct store *s, bool *older, struct ledger_entry *noted)
{
	*noted = (struct ledger_entry){ .number = 7 };
	*older = s->older;
	return STORE_OK;
}

int store_erasures_known(struct store *s, bool *known)
{
	(void)s;
	*known = true;
	return STORE_OK;
}

int store_event_days(struct store *s, int64_t from,
	int (*visit)(void *context, int32_t day, uint64_t count), void *context)
{
	int64_t left = s->events_off > 0 ? 0 : -s->events_off;
	(void)from;
	for (size_t i = s->tallies; i-- > 0;) {
		uint64_t gone = (uint64_t)left < s->tally[i].count ? (uint64_t)left
								   : s->tally[i].count;
		left -= (int64_t)gone;
		if (visit(context, s->tally[i].day, s->tally[i].count - gone))
			return STORE_FAILED;
	}
	return s->events_off > 0 && s->tallies
		? visit(context, s->tally[s->tallies - 1].day, (uint64_t)s->events_off)
		: STORE_OK;
}

int store_keys_lost(
	struct store *s, int (*visit)(void *context, const struct key_missing *m), void *context)
{
	(void)s;
	(void)visit;
	(void)context;
	return STORE_OK;
}

int store_keys(
	struct store *s, int (*visit)(void *context, const struct key_info *k), void *context)
{
	for (size_t i = 0; i < s->keys; i++)
		if (visit(context, &s->key[i]))
			return STORE_FAILED;
	return STORE_OK;
}

int store_file_state(struct store *s, struct store_file_state *out)
{
	*out = s->file;
	return STORE_OK;
}

int store_mailboxes(
	struct store *s, int (*visit)(void *context, const struct mailbox_state *m), void *context)
{
	for (size_t i = 0; i < s->mailboxes; i++)
		if (visit(context, &s->mailbox[i]))
			return STORE_FAILED;
	return STORE_OK;
}

const char *store_error(const struct store *s)
{
	return s->walk_result ? "entry 2 does not fit" : "";
}

#define FAKE_USE(symbol, name) name,
const char *folder_use_name(unsigned use)
{
	static const char *const names[] = { FOLDER_USES(FAKE_USE) };
	return names[use];
}

const char *contact_state_name(unsigned state)
{
#define FAKE_STATE(symbol, name) name,
	static const char *const names[] = { STORE_STATES(FAKE_STATE) };
	return state < STATE_COUNT ? names[state] : "";
}

/* The reports are of months in Berlin. */
static inline int set_zone(void **state)
{
	(void)state;
	setenv("TZ", "Europe/Berlin", 1);
	tzset();
	return 0;
}

#endif
