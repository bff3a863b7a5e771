/*
 * What a row of a contact says, sealed (contact.body):
 *
 *   random bytes (16) | head (16) | rest | tag (16)     as store/base/sealed.h seals a row
 *
 *   head: state (4 bits), objected (2), full, wordy | reason | since (2, a day) | objection (1
 * bit), attempts (15) | until (5) | due (5)
 *
 *   rest: version 1 | pauses (2) | moved (5) | month (3) | length and bytes of rule, ladder |
 *         length (2) and bytes of the history (history/historybytes.c), zeros up to 112, 224,
 *         448 … bytes
 *
 * Numbers are big-endian. The head is what answers need. The keys are made of the present state
 * key, which lies outside the database; whoever has that finds people anyway. A rotation seals all
 * rows anew (keyrotate.c), a pseudonym that moves seals its row.
 *
 * In clear stand the pseudonym, the day of the last event (retention), by which key it is found,
 * and that there is news. A length tells no more than its step. On which days time does something,
 * and whether it is an objection, stands apart from the row, under a sealed name (agenda.h).
 */
#include "store/contactbody.h"

enum {
	REST_FORMAT = 1,
	BODY_ATTEMPTS_MAX = 0x7fff,
	HEAD_OBJECTION = 0x8000,
	REST_FIXED = 1 + 2 + 5 + 3,
	/* reasons that are no category */
	REASON_UNCONFIRMED = 253,
	REASON_NOT_UNDERSTOOD,
	REASON_PROLONGED_SOFT,
};
_Static_assert(REST_FIXED + 1 + EVENT_RULE_SIZE + 1 + STORE_NAME_SIZE + 2 + HISTORY_SIZE_MAX <=
		CONTACT_REST_MAX,
	"the rest of a row must fit");
_Static_assert(CONTACT_REST_MAX + SEALED_MORE == CONTACT_BODY_MAX, "a row must fit");
_Static_assert((int)SEALED_NAME == (int)PSEUDONYM_SIZE && (int)SEALED_KEY == (int)KEY_SIZE,
	"a row is bound to its pseudonym");
_Static_assert(
	(int)CATEGORY_COUNT < (int)REASON_UNCONFIRMED && STATE_COUNT <= 16, "a head must fit");

/* --- numbers, reasons --------------------------------------------------------- */

static void body_number(unsigned char *p, int64_t v, unsigned bytes)
{
	for (unsigned i = bytes; i-- > 0; v = (int64_t)((uint64_t)v >> 8))
		p[i] = (unsigned char)v;
}

static int64_t body_number_at(const unsigned char *p, unsigned bytes)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < bytes; i++)
		v = v << 8 | p[i];
	return (int64_t)v;
}

static const struct {
	unsigned char number;
	const char *text;
} other_reasons[] = {
	{ REASON_UNCONFIRMED, UNCONFIRMED },
	{ REASON_NOT_UNDERSTOOD, NOT_UNDERSTOOD },
	{ REASON_PROLONGED_SOFT, PROLONGED_SOFT },
};

/* A reason is a category's name, or one of those; what a newer version called otherwise is none. */
static unsigned char reason_to_number(const char *text)
{
	for (size_t i = 0; i < sizeof other_reasons / sizeof *other_reasons; i++)
		if (strcmp(other_reasons[i].text, text) == 0)
			return other_reasons[i].number;
	int category = category_by_name(text);
	return category > 0 ? (unsigned char)category : 0;
}

static const char *reason_of_number(unsigned char number)
{
	for (size_t i = 0; i < sizeof other_reasons / sizeof *other_reasons; i++)
		if (other_reasons[i].number == number)
			return other_reasons[i].text;
	return number && number < CATEGORY_COUNT ? category_name(number) : "";
}

/* --- head --------------------------------------------------------------------- */

static void head_write(const struct contact_head *h, unsigned char out[SEALED_HEAD])
{
	out[0] = (unsigned char)((unsigned)h->state | (h->objected & 3u) << 4 | h->full << 6 |
		h->wordy << 7);
	out[1] = reason_to_number(h->reason);
	body_number(out + 2, h->since / DAY, 2);
	unsigned attempts = h->attempts < BODY_ATTEMPTS_MAX ? h->attempts : BODY_ATTEMPTS_MAX;
	body_number(out + 4, attempts | (h->objection ? HEAD_OBJECTION : 0), 2);
	body_number(out + 6, h->until, 5);
	body_number(out + 11, h->due, 5);
}

bool contact_head_read(
	const struct contact_keys *k, const unsigned char *body, int n, struct contact_head *out)
{
	unsigned char p[SEALED_HEAD];

	if (!sealed_head(k, body, n, p))
		return false;
	unsigned attempts = (unsigned)body_number_at(p + 4, 2);
	*out = (struct contact_head){ .state = p[0] & 15,
		.objected = p[0] >> 4 & 3,
		.full = p[0] >> 6 & 1,
		.wordy = p[0] >> 7,
		.reason = reason_of_number(p[1]),
		.since = body_number_at(p + 2, 2) * DAY,
		.objection = attempts & HEAD_OBJECTION,
		.attempts = attempts & BODY_ATTEMPTS_MAX,
		.until = body_number_at(p + 6, 5),
		.due = body_number_at(p + 11, 5) };
	return out->state < STATE_COUNT;
}

/* --- rest --------------------------------------------------------------------- */

static unsigned char *rest_text(unsigned char *p, const char *text)
{
	size_t n = strlen(text);

	*p = (unsigned char)n;
	memcpy(p + 1, text, n);
	return p + 1 + n;
}

/* Returns its length with the zeros behind it. */
static size_t rest_write(const struct contact_rest *r, unsigned char out[CONTACT_REST_MAX])
{
	size_t room = CONTACT_STEP;

	out[0] = REST_FORMAT;
	body_number(out + 1, r->pauses, 2);
	body_number(out + 3, r->moved, 5);
	body_number(out + 8, r->month, 3);
	unsigned char *p = rest_text(rest_text(out + REST_FIXED, r->rule), r->ladder);
	body_number(p, r->n, 2);
	if (r->n)
		memcpy(p + 2, r->history, (size_t)r->n);
	size_t n = (size_t)(p + 2 - out) + (size_t)r->n;
	while (room < n)
		room *= 2;
	memset(out + n, 0, room - n);
	return room;
}

/* The text at *P, whose room is SIZE; false: it does not fit. */
static bool rest_text_read(
	const unsigned char **p, const unsigned char *end, char *out, size_t size)
{
	size_t n = *p < end ? **p : size;

	if (n >= size || (size_t)(end - *p) < 1 + n)
		return false;
	memcpy(out, *p + 1, n);
	out[n] = '\0';
	*p += 1 + n;
	return true;
}

static bool rest_read(const unsigned char *p, size_t size, struct contact_rest *out)
{
	const unsigned char *end = p + size;

	if (size < CONTACT_STEP || p[0] != REST_FORMAT)
		return false;
	out->pauses = (unsigned)body_number_at(p + 1, 2);
	out->moved = body_number_at(p + 3, 5);
	out->month = (int)body_number_at(p + 8, 3);
	p += REST_FIXED;
	if (!rest_text_read(&p, end, out->rule, sizeof out->rule) ||
		!rest_text_read(&p, end, out->ladder, sizeof out->ladder) || end - p < 2)
		return false;
	out->n = (int)body_number_at(p, 2);
	out->history = p + 2;
	return out->n <= end - out->history;
}

/* --- both ---------------------------------------------------------------------- */

int contact_seal(const struct contact_keys *k, struct nonces *nonces,
	const unsigned char key[PSEUDONYM_SIZE], const struct contact_head *head,
	const struct contact_rest *rest, unsigned char out[CONTACT_BODY_MAX])
{
	unsigned char plain[CONTACT_REST_MAX], h[SEALED_HEAD];

	head_write(head, h);
	return seal_row(k, nonces, key, h, plain, rest_write(rest, plain), out);
}

bool contact_rest_read(const struct contact_keys *k, const unsigned char key[PSEUDONYM_SIZE],
	const unsigned char *body, int n, unsigned char plain[CONTACT_REST_MAX],
	struct contact_rest *out)
{
	return n <= CONTACT_BODY_MAX && rest_read(plain, sealed_rest(k, key, body, n, plain), out);
}

int contact_reseal(const struct contact_keys *from, const unsigned char key[PSEUDONYM_SIZE],
	const unsigned char *body, int n, const struct contact_keys *to, struct nonces *nonces,
	const unsigned char present[PSEUDONYM_SIZE], unsigned char out[CONTACT_BODY_MAX])
{
	unsigned char plain[CONTACT_REST_MAX], head[SEALED_HEAD];
	size_t size = n <= CONTACT_BODY_MAX ? sealed_rest(from, key, body, n, plain) : 0;

	if (!size || !sealed_head(from, body, n, head))
		return 0;
	return seal_row(to, nonces, present, head, plain, size, out);
}
