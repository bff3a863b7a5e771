/*
 * What failures rest on, taken as a whole.
 *
 * A contact remembers rule and provider of its failures by name, because these lists are ours, and
 * reporting MTA and campaign as numbers of 32 bits: BLAKE2b under message.key of "retour cause 1",
 * NUL, what it is, NUL, the name. Who asks for a cause has its name; who has the file alone has
 * neither name nor key.
 */
#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include "classify/base/span.h"
#include "store/cause.h"
#include "store/contact.h"
#include "store/wave.h"

enum { NAME_MAX_BYTES = 512 };

uint32_t cause_number(const struct store *s, enum cause_purpose purpose, const char *name)
{
	static const char *const purposes[] = { [CAUSE_MTA] = "mta",
		[CAUSE_CAMPAIGN] = "campaign",
		[CAUSE_ANSWER] = "answer",
		[CAUSE_HOST] = "host",
		[CAUSE_STREAM] = "stream" };
	unsigned char input[NAME_MAX_BYTES + 64], hash[crypto_generichash_BYTES_MIN];
	size_t n = strnlen(name, NAME_MAX_BYTES);
	uint32_t number = 0;

	while (purpose != CAUSE_CAMPAIGN && n && name[n - 1] == '.')
		n--;
	if (!n)
		return 0;
	size_t head = (size_t)snprintf(
			      (char *)input, 64, "retour cause 1%c%s", 0, purposes[purpose]) +
		1;
	for (size_t i = 0; i < n; i++)
		input[head + i] = (unsigned char)tolower((unsigned char)name[i]);
	crypto_generichash(hash, sizeof hash, input, head + n, keys_message(s), KEY_SIZE);
	for (unsigned i = 0; i < 4; i++)
		number = number << 8 | hash[i];
	return number ? number : 1;
}

uint32_t answer_number(const struct store *s, const char *provider, unsigned reply,
	const char *status, const char *diagnostic)
{
	char text[EVENT_PROVIDER_SIZE + EVENT_STATUS_SIZE + DIAGNOSTIC_KEPT_SIZE + 32];

	snprintf(text, sizeof text, "%s\n%u\n%s\n%s", provider, reply, status, diagnostic);
	return cause_number(s, CAUSE_ANSWER, text);
}

/* --- taken back ----------------------------------------------------------- */

/* A cause as it is compared: "" and 0 are whatever it is. */
struct taken_back {
	int64_t first, last; /* days */
	char rule[EVENT_RULE_SIZE];
	char provider[EVENT_PROVIDER_SIZE];
	uint32_t mta, campaign;
};

enum { TAKEN_BACK_MAX = 1000 }; /* that are compared with what is read; the last ones */

/*
 * A complaint is the recipient's own word: no provider, host or campaign makes it wrong, only a
 * rule that misread it.
 */
static bool may_take_back(const struct taken_back *t, enum history_kind kind)
{
	return kind != HISTORY_DELIVERED && (kind != HISTORY_COMPLAINT || *t->rule);
}

static bool is_same(const struct taken_back *t, const struct cause *c, uint32_t campaign)
{
	return (!*t->rule || strcmp(t->rule, c->rule) == 0) &&
		(!*t->provider || strcmp(t->provider, c->provider) == 0) &&
		(!t->mta || t->mta == c->mta) && (!t->campaign || t->campaign == campaign);
}

bool cause_is_taken_back(const struct store *s, enum history_kind kind, const struct cause *cause,
	uint32_t campaign, int64_t at)
{
	int64_t day = day_start(at);

	for (unsigned i = 0; i < s->takings; i++) {
		const struct taken_back *t = &s->taken_back[i];
		if (day >= t->first && day <= t->last && may_take_back(t, kind) &&
			is_same(t, cause, campaign))
			return true;
	}
	return false;
}

bool cause_names_rule(const struct store *s, const char *rule)
{
	for (unsigned i = 0; i < s->takings; i++)
		if (strcmp(s->taken_back[i].rule, rule) == 0)
			return true;
	return false;
}

int causes_load(struct store *s)
{
	sqlite3_stmt *st = db_bind(s, SQL_TAKEN_BACK, "i", (int64_t)TAKEN_BACK_MAX);
	struct taken_back t, *more;
	int rc = 0;

	for (s->takings = 0; st && (rc = db_step(s, st)) == 1; s->takings++) {
		t = (struct taken_back){ .first = sqlite3_column_int64(st, 0),
			.last = sqlite3_column_int64(st, 1),
			.mta = (uint32_t)sqlite3_column_int64(st, 4),
			.campaign = (uint32_t)sqlite3_column_int64(st, 5) };
		db_text(st, 2, t.rule, sizeof t.rule);
		db_text(st, 3, t.provider, sizeof t.provider);
		more = realloc(s->taken_back, (s->takings + 1) * sizeof *more);
		if (!more) {
			sqlite3_reset(st);
			return store_fail(s, STORE_FAILED, "no memory");
		}
		s->taken_back = more;
		s->taken_back[s->takings] = t;
	}
	if (st)
		sqlite3_reset(st);
	return !st || rc < 0 ? STORE_FAILED : STORE_OK;
}

static bool is_objection_of(void *context, const struct history *h, const struct objection *o)
{
	const struct taken_back *t = context;

	return o->at >= t->first && o->at <= t->last && may_take_back(t, HISTORY_COMPLAINT) &&
		is_same(t, history_cause(h, o->by), o->by.campaign);
}

/* Takes it out of one history; false: there was nothing of it. */
static bool take_back_cause(struct history *h, struct taken_back *t)
{
	bool any = history_take_objections_back(h, is_objection_of, t);

	for (unsigned i = 0; i < h->days; i++)
		for (unsigned kind = 0; kind < HISTORY_CAUSED; kind++) {
			struct day *d = &h->day[i];
			if (!d->count[kind] || d->start < t->first || d->start > t->last ||
				!may_take_back(t, kind) ||
				!is_same(t, history_cause(h, d->by[kind]), d->by[kind].campaign))
				continue;
			history_take_back(d, kind);
			any = true;
		}
	if (any)
		history_mend(h);
	return any;
}

struct undoing {
	struct taken_back *t;
	int64_t now;
	struct cause_moves *out;
};

/* What the rest of the history says, as of now. */
static int undo_contact(struct store *s, struct contact *c, void *context)
{
	const struct undoing *u = context;

	contact_elapse(s, c, u->now);
	enum contact_state before = c->now.state;
	wave_mark(s, &c->history, MARK_HAD);
	bool any = take_back_cause(&c->history, u->t);
	wave_mark(s, &c->history, MARK_HAS);
	if (!any)
		return STORE_OK;
	if (contact_refold(s, c))
		return STORE_FAILED;
	contact_elapse(s, c, u->now);
	u->out->matched++;
	u->out->moved[before][c->now.state]++;
	return contact_save(s, SQL_CONTACT_PUT, c);
}

static int undo_contacts(
	struct store *s, struct taken_back *t, int64_t now, struct cause_moves *out)
{
	struct undoing u = { t, now, out };

	return contacts_each(s, SQL_CONTACT_FROM, &t->first, undo_contact, &u);
}

static int cause_of_choice(struct store *s, const struct cause_choice *choice, struct taken_back *t)
{
	bool any = choice->rule || choice->provider || choice->reporting_mta || choice->campaign;

	*t = (struct taken_back){ .first = day_start(choice->from), .last = day_start(choice->to) };
	if (!any || t->first > t->last ||
		(choice->rule && strlen(choice->rule) >= sizeof t->rule) ||
		(choice->provider && strlen(choice->provider) >= sizeof t->provider))
		return store_fail(s, STORE_MISUSE,
			"a cause wants a rule, provider, reporting MTA or campaign, and days one after the other");
	snprintf(t->rule, sizeof t->rule, "%s", choice->rule ? choice->rule : "");
	snprintf(t->provider, sizeof t->provider, "%s", choice->provider ? choice->provider : "");
	t->mta = choice->reporting_mta ? cause_number(s, CAUSE_MTA, choice->reporting_mta) : 0;
	t->campaign = choice->campaign ? cause_number(s, CAUSE_CAMPAIGN, choice->campaign) : 0;
	return STORE_OK;
}

void causes_filter(const struct store *s, struct history *h)
{
	for (unsigned i = 0; i < s->takings; i++)
		take_back_cause(h, &s->taken_back[i]);
}

static int taken_back_add(
	struct store *s, struct taken_back *t, int64_t now, struct cause_moves *out)
{
	if (undo_contacts(s, t, now, out) || wave_close_empty(s) ||
		db_run(s, SQL_TAKEN_BACK_ADD, "iiiTTii", now, t->first, t->last, t->rule,
			t->provider, (int64_t)t->mta, (int64_t)t->campaign))
		return STORE_FAILED;
	return causes_load(s);
}

/* As a line between sites has it: text, one part a line. */
static size_t taken_back_write(const struct taken_back *t, char *out, size_t size)
{
	return (size_t)snprintf(out, size, "%lld %lld %lu %lu\n%s\n%s\n", (long long)t->first,
		(long long)t->last, (unsigned long)t->mta, (unsigned long)t->campaign, t->rule,
		t->provider);
}

static bool taken_back_read(struct taken_back *t, const char *text)
{
	long long first, last;
	unsigned long mta, campaign;
	int n = 0;

	memset(t, 0, sizeof *t);
	if (sscanf(text, "%lld %lld %lu %lu%n", &first, &last, &mta, &campaign, &n) != 4 ||
		text[n] != '\n' ||
		!(text = text_take_line(text + n + 1, t->rule, sizeof t->rule)) ||
		!text_take_line(text, t->provider, sizeof t->provider))
		return false;
	t->first = first;
	t->last = last;
	t->mta = (uint32_t)mta;
	t->campaign = (uint32_t)campaign;
	return first <= last && (*t->rule || *t->provider || mta || campaign);
}

int cause_merge(struct store *s, const char *text, int64_t now, bool *good)
{
	struct cause_moves moves = { .matched = 0 };
	struct taken_back t;

	*good = taken_back_read(&t, text);
	return *good ? taken_back_add(s, &t, now, &moves) : STORE_OK;
}

int store_names_cause(struct store *s, const struct cause_choice *choice, bool *named)
{
	int64_t found = 0;
	int result = db_int(s, &found, SQL_CAUSE_NAMED, "iiTT", day_start(choice->from),
		day_start(choice->to) + DAY - 1, choice->rule, choice->provider);

	*named = found;
	return result;
}

int store_undo(
	struct store *s, const struct cause_choice *choice, int64_t now, struct cause_moves *out)
{
	struct taken_back t;
	int result = cause_of_choice(s, choice, &t);

	memset(out, 0, sizeof *out);
	if (result)
		return result;
	if (!s->in_transaction)
		return store_fail(s, STORE_MISUSE, "undo outside a transaction");
	if (taken_back_add(s, &t, now, out))
		return STORE_FAILED;
	unsigned named = (choice->rule != NULL) + (choice->provider != NULL) +
		(choice->reporting_mta != NULL) + (choice->campaign != NULL);
	uint64_t waves;
	if (named == 1 && wave_settle(s, choice, t.mta, "taken-back", &waves))
		return STORE_FAILED;
	char text[CAUSE_TEXT_SIZE];
	size_t n = taken_back_write(&t, text, sizeof text);
	return site_is_on(s) ? change_note_undo(s, text, n, now) : STORE_OK;
}
