/* A cause is taken back, by an operator here or at another site: of everybody who rests on it. */
#include <stdio.h>
#include "store/cause.h"
#include "store/contact.h"
#include "store/wave.h"

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
	if (share_exact(s, c))
		return STORE_FAILED;
	take_back_cause(&c->history, u->t);
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
