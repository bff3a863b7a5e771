/*
 * A contact's row: reading and writing it, pages of rows, and under which pseudonyms it may lie.
 */
#include <sodium.h>
#include <stdio.h>
#include "store/contact.h"
#include "store/contactbody.h"
#include "store/contactrow.h"
#include "store/news.h"
#include "store/base/pagefile.h"
#include "store/cohort.h"
#include "store/held.h"
#include "store/ownkeys.h"
#include "store/pseudonym.h"

/* --- its place in the counts ---------------------------------------------- */

static struct cohort_place place_of_contact(const struct contact *c)
{
	static const enum cohort_outcome outcomes[STATE_COUNT] = {
		[STATE_ACTIVE] = COHORT_RECOVERED,
		[STATE_SOFT] = COHORT_SOFT,
		[STATE_PAUSED] = COHORT_PAUSED,
		[STATE_REVALIDATE] = COHORT_PAUSED,
		[STATE_BLOCK] = COHORT_SOFT,
		[STATE_INVESTIGATE] = COHORT_SOFT,
		[STATE_RETRY_GATED] = COHORT_SOFT,
		[STATE_INACTIVE] = COHORT_HARD,
		[STATE_UNCLEAR] = COHORT_SOFT,
		[STATE_UNCONFIRMED] = COHORT_SOFT,
	};
	bool given_up = c->now.state == STATE_INACTIVE && !contact_is_gone(c);

	return (struct cohort_place){ month_of_time(c->now.episode),
		given_up ? COHORT_GIVEN_UP : outcomes[c->now.state] };
}

/* --- the row -------------------------------------------------------------- */

/* What of C is suppressed, as a number that is another one where that changed. */
static uint64_t suppressed_of(const struct contact *c)
{
	const struct objection *o;
	uint64_t sum = c->now.state == STATE_INACTIVE ||
		(c->now.state == STATE_PAUSED && ladder_is_full(c->ladder));

	for (unsigned i = 0; (o = history_first_objection(&c->history, i)); i++)
		sum += (uint64_t)o->stream << 8 | 2;
	return sum;
}

/* False: it is not as it was sealed. */
static bool contact_unseal(
	const struct store *s, struct contact *c, const unsigned char *body, int n)
{
	unsigned char plain[CONTACT_REST_MAX];
	struct contact_head head;
	struct contact_rest rest;

	if (!contact_head_read(keys_contact(s), body, n, &head) ||
		!contact_rest_read(keys_contact(s), c->key, body, n, plain, &rest))
		return false;
	c->now = (struct standing){ .state = head.state,
		.because = AS_BEFORE,
		.since = head.since,
		.until = head.until,
		.due = head.due,
		.soft = head.attempts,
		.blocks = head.attempts,
		.unclear = head.state == STATE_UNCLEAR ? head.attempts : 0,
		.pauses = rest.pauses,
		.episode = month_start(rest.month) };
	c->moved = rest.moved;
	c->objected = head.objected;
	c->held_objection = head.objection;
	snprintf(c->reason, sizeof c->reason, "%s", head.reason);
	memcpy(c->rule, rest.rule, sizeof c->rule);
	memcpy(c->ladder, rest.ladder, sizeof c->ladder);
	return history_read(&c->history, rest.history, rest.n);
}

bool contact_is_well(const struct contact *c)
{
	return c->now.state == STATE_ACTIVE && !c->moved && !c->history.settled &&
		!c->history.soft.at && !c->history.block.at && !c->history.objections;
}

/* Its lines in the agenda, but for the objection. */
static struct agenda_days days_of_contact(const struct contact *c)
{
	const struct history *h = &c->history;
	int64_t over = h->days ? h->day[h->days - 1].start + DAY : 0;
	struct agenda_days d = { .on[AGENDA_DUE] = c->now.due ? day_start(c->now.due) : 0 };

	if (contact_is_well(c))
		d.on[AGENDA_WELL] = over ? over : DAY; /* long ago */
	else if (!is_running(c->now.state) && !history_is_coarse(h))
		d.on[AGENDA_TIDY] = over;
	return d;
}

int contact_from_row(struct store *s, sqlite3_stmt *st, const unsigned char key[PSEUDONYM_SIZE],
	struct contact *c)
{
	memset(c, 0, offsetof(struct contact, history));
	history_clear(&c->history);
	memcpy(c->key, key, sizeof c->key);
	c->at = c->held = sqlite3_column_int64(st, 0);
	if (!contact_unseal(s, c, sqlite3_column_blob(st, 1), sqlite3_column_bytes(st, 1)))
		return store_fail(s, STORE_FAILED, "%s: a contact is damaged", s->o.path);
	c->held_state = c->now.state;
	c->agenda = days_of_contact(c);
	c->agenda.on[AGENDA_OBJECTION] = c->held_objection ? c->at : 0;
	return STORE_OK;
}

int contact_load(
	struct store *s, const unsigned char key[PSEUDONYM_SIZE], struct contact *c, bool *found)
{
	pagefile_verify(s->db, true);
	sqlite3_stmt *st = db_bind(s, SQL_CONTACT_GET, "b", key, PSEUDONYM_SIZE);
	int rc = st ? db_step(s, st) : -1;
	pagefile_verify(s->db, s->o.verify);

	*found = rc == 1;
	if (rc != 1) {
		memset(c, 0, offsetof(struct contact, history));
		history_clear(&c->history);
		memcpy(c->key, key, sizeof c->key);
		return rc ? STORE_FAILED : STORE_OK;
	}
	int result = contact_from_row(s, st, key, c);
	sqlite3_reset(st);
	if (result)
		return result;
	c->counted = place_of_contact(c);
	if (c->now.state == STATE_INACTIVE && history_is_empty(&c->history))
		contact_remember_end(c);
	c->suppressed = suppressed_of(c);
	return STORE_OK;
}

int contact_page(struct store *s, struct contact_page *page, sqlite3_stmt *st)
{
	int rc = 0;

	/* what is read here stays in memory, where contact_load() finds it and looks no more */
	pagefile_verify(s->db, true);
	for (page->n = 0; st && page->n < CONTACT_PAGE && (rc = db_step(s, st)) == 1; page->n++)
		memcpy(page->key[page->n], sqlite3_column_blob(st, 0), PSEUDONYM_SIZE);
	sqlite3_reset(st);
	pagefile_verify(s->db, s->o.verify);
	if (page->n)
		memcpy(page->last, page->key[page->n - 1], PSEUDONYM_SIZE);
	return !st || rc < 0 ? STORE_FAILED : STORE_OK;
}

static sqlite3_stmt *page_after(
	struct store *s, enum sql which, const int64_t *since, const struct contact_page *page)
{
	if (since)
		return db_bind(
			s, which, "bii", page->last, PSEUDONYM_SIZE, *since, (int64_t)CONTACT_PAGE);
	return db_bind(s, which, "bi", page->last, PSEUDONYM_SIZE, (int64_t)CONTACT_PAGE);
}

int contacts_each(struct store *s, enum sql which, const int64_t *since,
	int (*each)(struct store *s, struct contact *c, void *context), void *context)
{
	struct contact_page page = { .n = 0 };
	struct contact c;
	bool found;
	int result;

	while (!(result = contact_page(s, &page, page_after(s, which, since, &page))) && page.n)
		for (unsigned i = 0; i < page.n; i++)
			if ((result = contact_load(s, page.key[i], &c, &found)) ||
				(result = each(s, &c, context)))
				return result;
	return result;
}

unsigned attempts_of(const struct standing *st)
{
	if (st->state == STATE_SOFT)
		return st->soft;
	if (st->state == STATE_UNCLEAR)
		return st->unclear;
	return st->blocks;
}

bool contact_is_untidy(const struct contact *c, int64_t now)
{
	struct agenda_days d = days_of_contact(c);
	int64_t at = contact_is_well(c) ? d.on[AGENDA_WELL] : d.on[AGENDA_TIDY];

	return at && at <= now;
}

static enum held_class held_contact(bool objection)
{
	return objection ? HELD_OBJECTIONS : HELD_CONTACTS;
}

/* The kept counts of contacts by day, and by state. */
static int move_held(struct store *s, const struct contact *c)
{
	bool objects = contact_objects(c);

	if ((c->held != c->at || c->held_objection != objects) &&
		((c->held && held_note(s, held_contact(c->held_objection), c->held, -1)) ||
			held_note(s, held_contact(objects), c->at, 1)))
		return STORE_FAILED;
	if (c->held && c->held_state == c->now.state)
		return STORE_OK;
	return (c->held && held_note(s, held_state(c->held_state), 0, -1)) ||
			held_note(s, held_state(c->now.state), 0, 1)
		? STORE_FAILED
		: STORE_OK;
}

/* What is sealed of C; returns the length of what is in BODY. */
static int contact_to_body(
	struct store *s, struct contact *c, int month, unsigned char body[CONTACT_BODY_MAX])
{
	unsigned char history[HISTORY_SIZE_MAX];
	int n = contact_tells_its_end(c) ? 0 : history_write(&c->history, history);
	bool streams = history_first_objection(&c->history, 0);
	struct contact_head head = { .state = c->now.state,
		.objected = streams ? 1u + contact_is_bare(c) : 0,
		.full = ladder_is_full(c->ladder),
		.wordy = n > 0,
		.objection = contact_objects(c),
		.reason = c->reason,
		.since = c->now.since,
		.until = c->now.until,
		.due = c->now.due,
		.attempts = attempts_of(&c->now) };
	struct contact_rest rest = { .pauses = c->now.pauses,
		.moved = c->moved,
		.month = month,
		.history = history,
		.n = n };

	memcpy(rest.rule, c->rule, sizeof rest.rule);
	memcpy(rest.ladder, c->ladder, sizeof rest.ladder);
	return contact_seal(keys_contact(s), s->nonces, c->key, &head, &rest, body);
}

int contact_save(struct store *s, enum sql how, struct contact *c)
{
	unsigned char body[CONTACT_BODY_MAX];

	history_settle_last(&c->history);
	struct agenda_days days = days_of_contact(c);
	struct cohort_place place = place_of_contact(c);
	int n = contact_to_body(s, c, place.month, body);

	if (how == SQL_CONTACT_PUT && c->held && c->held == c->at)
		how = SQL_CONTACT_CHANGE;
	days.on[AGENDA_OBJECTION] = contact_objects(c) ? c->at : 0;
	/* a row that grows moves others, of pages beside its own, which may not have been read */
	pagefile_verify(s->db, true);
	int result = db_run(s, how, "bib", c->key, PSEUDONYM_SIZE, c->at, body, n);
	pagefile_verify(s->db, s->o.verify);
	if (result || agenda_move(s, c->key, &c->agenda, &days) || move_held(s, c) ||
		cohort_move(s, c->counted, place))
		return STORE_FAILED;
	c->agenda = days;
	return s->o.tell && suppressed_of(c) != c->suppressed ? news_mark(s, c->key) : STORE_OK;
}

int contact_delete(struct store *s, const struct contact *c, uint64_t *deleted)
{
	return held_delete(s, HELD_CONTACTS,
		       db_bind(s, SQL_CONTACT_DELETE, "b", c->key, PSEUDONYM_SIZE), deleted) ||
			agenda_move(s, c->key, &c->agenda, NULL)
		? STORE_FAILED
		: STORE_OK;
}

/* --- what is left of it -------------------------------------------------------- */

/* Of who objected to streams: his end, where there is one, and of each stream the first day. */
static int reduce_to_streams(struct store *s, const struct contact *from, bool rule)
{
	const struct day *d = contact_objection_day(from);
	const struct objection *o;
	struct contact c = *from;

	history_clear(&c.history);
	c.now = (struct standing){ .state = STATE_ACTIVE, .because = AS_BEFORE };
	c.moved = 0;
	*c.ladder = '\0';
	if (!rule || from->now.state != STATE_INACTIVE)
		*c.rule = '\0';
	if (from->now.state != STATE_INACTIVE)
		*c.reason = '\0';
	else
		c.now = (struct standing){
			.state = STATE_INACTIVE, .because = AS_BEFORE, .since = from->now.since
		};
	if (c.now.state == STATE_INACTIVE && d) {
		c.now.since = d->start;
		snprintf(c.reason, sizeof c.reason, "%s",
			category_name(
				history_cause(&from->history, d->by[HISTORY_COMPLAINT])->category));
	}
	if (c.now.state == STATE_INACTIVE)
		contact_remember_objection(&c, d);
	for (unsigned i = 0; (o = history_first_objection(&from->history, i)); i++) {
		struct cause cause = { .category = history_cause(&from->history, o->by)->category };
		if (rule)
			memcpy(cause.rule, history_cause(&from->history, o->by)->rule,
				sizeof cause.rule);
		history_object(&c.history, o->stream, o->at, &cause, 0, 0);
	}
	history_coarsen(&c.history);
	return contact_save(s, SQL_CONTACT_PUT, &c);
}

int contact_reduce(struct store *s, const struct contact *c, bool rule)
{
	unsigned char body[CONTACT_BODY_MAX];
	struct contact_head head = { .state = STATE_INACTIVE,
		.objection = c->held_objection,
		.since = c->now.since,
		.reason = c->reason };
	struct contact_rest rest = { .n = 0 };
	struct agenda_days left = { .on[AGENDA_OBJECTION] = c->agenda.on[AGENDA_OBJECTION] };
	const struct day *d = contact_objection_day(c);

	if (c->objected)
		return reduce_to_streams(s, c, rule);
	if (c->now.state != STATE_INACTIVE)
		return STORE_OK;
	if (d) {
		const struct cause *cause = history_cause(&c->history, d->by[HISTORY_COMPLAINT]);
		head.since = d->start;
		head.reason = category_name(cause->category);
		if (rule)
			memcpy(rest.rule, cause->rule, sizeof rest.rule);
	}
	int n = contact_seal(keys_contact(s), s->nonces, c->key, &head, &rest, body);
	return db_run(s, SQL_CONTACT_REDUCE, "bb", c->key, PSEUDONYM_SIZE, body, n) ||
			agenda_move(s, c->key, &c->agenda, &left)
		? STORE_FAILED
		: STORE_OK;
}

bool ladder_is_full(const char *name)
{
	return name && strcmp(name, category_name(CATEGORY_MAILBOX_FULL)) == 0;
}

/* A history that cannot be read says nothing that would let anybody through. */
static void row_objections(
	const struct store *s, const unsigned char *body, int n, struct contact_row *out)
{
	unsigned char plain[CONTACT_REST_MAX];
	struct contact_rest rest;
	struct history h;
	const struct objection *o;

	if (!contact_rest_read(keys_contact(s), out->key, body, n, plain, &rest) ||
		!history_read(&h, rest.history, rest.n)) {
		out->objected[out->objections++] = (struct objected){ OBJECTION_ANY,
			CATEGORY_OTHER_COMPLAINT, out->since };
		return;
	}
	for (; out->objections < OBJECTED_MAX && (o = history_first_objection(&h, out->objections));
		out->objections++)
		out->objected[out->objections] = (struct objected){ o->stream,
			history_cause(&h, o->by)->category, o->at };
}

bool contact_read_row(struct store *s, sqlite3_stmt *st, struct contact_row *out)
{
	const unsigned char *body = sqlite3_column_blob(st, 1);
	int n = sqlite3_column_bytes(st, 1);
	struct contact_head h;

	memcpy(out->key, sqlite3_column_blob(st, 0), PSEUDONYM_SIZE);
	out->objections = 0;
	if (!contact_head_read(keys_contact(s), body, n, &h)) {
		store_fail(s, STORE_FAILED, "%s: a contact is damaged", s->o.path);
		return false;
	}
	out->state = h.state;
	out->since = h.since;
	out->until = h.until;
	out->due = h.due;
	out->attempts = h.attempts;
	out->reason = h.reason;
	out->full = h.state == STATE_PAUSED && h.full;
	if (h.objected)
		row_objections(s, body, n, out);
	return true;
}

int pseudonyms_of(struct store *s, const char *address, size_t n, struct pseudonyms *out)
{
	char canonical[CANONICAL_SIZE];

	n = address_canonical(address, n, store_folding(s), canonical);
	out->n = 1 + keys_old_states(s);
	for (unsigned i = 0; i < out->n && n; i++)
		keys_contact_pseudonym(s, i, ALL_SEALS, canonical, n, out->key[i]);
	sodium_memzero(canonical, sizeof canonical);
	return n ? STORE_OK : store_fail(s, STORE_MISUSE, "not an address");
}
