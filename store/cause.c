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
#include "store/ownkeys.h"
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

bool take_back_cause(struct history *h, struct taken_back *t)
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

void causes_filter(const struct store *s, struct history *h)
{
	for (unsigned i = 0; i < s->takings; i++)
		take_back_cause(h, &s->taken_back[i]);
}
