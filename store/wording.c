/*
 * What receivers said, counted: of each provider by cause, codes and words. The words are those of
 * an event's redacted text (known ones, the others a placeholder), its codes apart and its numbers
 * "#"; they outlast the events, so that a report says what was said months ago and need not read
 * millions of these.
 *
 * An answer lasts where K recipients had it in its month. A day's answers are counted when the day
 * is over, all of them in one pass over its events, and anew where mail of that day came later. One
 * that fewer than K recipients have had so far this month stays here until the month is over, and
 * no day of it for longer than its words stay with the events: no report shows it, no other site
 * hears of it. wording_few has a number of 16 bits for each of its recipients, made of 16 bits of
 * the pseudonym of the month with a key outside the database, for this answer alone: it counts
 * them, and joins nothing with an event. What is not counted by itself is in the tallies all the
 * same, and the report calls it other answers.
 *
 * Anyone can send what nobody has said before. Of a day no more is kept than the DAY_WORDINGS_MAX
 * most frequent answers, and of one provider no more than PROVIDER_WORDINGS_MAX.
 */
#include <sodium.h>
#include <stdlib.h>
#include "store/contact.h"
#include "store/internal.h"
#include "classify/shape.h"
#include "store/ownkeys.h"
#include "store/wording.h"
#include "store/held.h"
#include "store/kpi.h"
#include "store/message.h"
#include "store/tally.h"

enum {
	SPOKEN_MAX = 8192, /* answers of a day that are told apart at once */
	SPOKEN_SLOTS = 2 * SPOKEN_MAX,
	DAY_WORDINGS_MAX = 400,
	PROVIDER_WORDINGS_MAX = 24,
	WHO_MAX = 1000, /* as [privacy] k has it */
};

/* What stands before the numbers; without it they are 16 bits of the pseudonyms themselves. */
enum { WHO_KEYED = 1 };

/* An answer of a day, and who had it: as many as are to be told apart, in the order of numbers. */
struct spoken {
	char provider[EVENT_PROVIDER_SIZE], klass[16], category[32], code[WORDING_CODE_SIZE],
		text[WORDING_TEXT_SIZE];
	uint64_t count;
	unsigned n, room;
	uint16_t *who;
};

struct said_day {
	struct store *s;
	int32_t day;
	unsigned char key[crypto_shorthash_KEYBYTES];
	struct spoken *slot[SPOKEN_SLOTS], *spoken[SPOKEN_MAX];
	size_t n;
};

/* --- one answer ----------------------------------------------------------- */

/* The words alone: of several lines each has the codes again. Cut where a word ends. */
static void words_alone(const char *diagnostic, char out[WORDING_TEXT_SIZE])
{
	char shape[DIAGNOSTIC_KEPT_SIZE];
	size_t n = 0;
	bool full = false;

	shape_of(diagnostic, shape, sizeof shape);
	for (const char *p = shape; *p && !full;) {
		size_t code = shape_code_length(p);
		size_t word = code ? code : strcspn(p, " ");
		full = !code && n + word + 1 >= WORDING_TEXT_SIZE;
		if (!code && word && !full) {
			memcpy(out + n, p, word);
			n += word;
			out[n++] = ' ';
		}
		p += word;
		p += *p == ' ';
	}
	out[n ? n - 1 : 0] = '\0';
}

static void code_text(int reply, const char *status, char out[WORDING_CODE_SIZE])
{
	char number[8] = "";

	if (reply > 0 && reply < 1000)
		snprintf(number, sizeof number, "%d", reply);
	snprintf(out, WORDING_CODE_SIZE, "%s%s%.*s", number, *number && *status ? " " : "",
		EVENT_STATUS_SIZE - 1, status);
}

static bool same_spoken(const struct spoken *a, const struct spoken *b)
{
	return strcmp(a->text, b->text) == 0 && strcmp(a->code, b->code) == 0 &&
		strcmp(a->category, b->category) == 0 && strcmp(a->klass, b->klass) == 0 &&
		strcmp(a->provider, b->provider) == 0;
}

/* Where the answer is, or a free one. */
static struct spoken **slot_of_spoken(struct said_day *h, const struct spoken *wanted)
{
	char text[sizeof *wanted];
	uint64_t hash;
	int n = snprintf(text, sizeof text, "%s\n%s\n%s\n%s", wanted->provider, wanted->category,
		wanted->code, wanted->text);

	crypto_shorthash((unsigned char *)&hash, (unsigned char *)text, (size_t)n, h->key);
	size_t i = hash % SPOKEN_SLOTS;
	while (h->slot[i] && !same_spoken(h->slot[i], wanted))
		i = (i + 1) % SPOKEN_SLOTS;
	return &h->slot[i];
}

/*
 * Whoever makes up an answer for each mail must not take the room of those that are repeated: the
 * rarer half goes when there is no room, and begins anew if it comes again.
 */
static void forget_rare(struct said_day *h)
{
	uint64_t most = 1;
	size_t rare = 0, kept = 0;

	for (;; most *= 2, rare = 0) {
		for (size_t i = 0; i < h->n; i++)
			rare += h->spoken[i]->count <= most;
		if (rare >= h->n / 2)
			break;
	}
	memset(h->slot, 0, sizeof h->slot);
	for (size_t i = 0; i < h->n; i++) {
		struct spoken *a = h->spoken[i];
		if (a->count <= most) {
			free(a->who);
			free(a);
			continue;
		}
		h->spoken[kept++] = a;
		*slot_of_spoken(h, a) = a;
	}
	h->n = kept;
}

/* The answer's place; NULL: no memory. */
static struct spoken *spoken_place(struct said_day *h, const struct spoken *wanted)
{
	struct spoken **slot = slot_of_spoken(h, wanted), *new;

	if (*slot)
		return *slot;
	if (h->n == SPOKEN_MAX) {
		forget_rare(h);
		slot = slot_of_spoken(h, wanted);
	}
	if (!(new = malloc(sizeof *new)))
		return NULL;
	*new = *wanted;
	return *slot = h->spoken[h->n++] = new;
}

/* For recipients of whose pseudonym these are the first bytes. */
static uint16_t who_number(const struct store *s, int64_t month, const struct spoken *a,
	const unsigned char pseudonym[2])
{
	char text[sizeof *a];
	unsigned char out[crypto_generichash_BYTES_MIN];
	int n = snprintf(text, sizeof text, "retour answer 1%c%lld\n%s\n%s\n%s\n%02x%02x", '\0',
		(long long)month, a->provider, a->code, a->text, pseudonym[0], pseudonym[1]);

	crypto_generichash(
		out, sizeof out, (unsigned char *)text, (size_t)n, keys_message(s), KEY_SIZE);
	return (uint16_t)(out[0] << 8 | out[1]);
}

/* Notes a recipient once, until there are K. Two who share a number count as one. False without
 * memory. */
static bool spoken_to(struct spoken *a, unsigned k, uint16_t who)
{
	unsigned i = 0;

	while (i < a->n && a->who[i] < who)
		i++;
	if (a->n >= k || (i < a->n && a->who[i] == who))
		return true;
	if (a->n == a->room) {
		unsigned room = a->room ? 2 * a->room : 8;
		uint16_t *more = realloc(a->who, room * sizeof *more);
		if (!more)
			return false;
		a->who = more;
		a->room = room;
	}
	memmove(a->who + i + 1, a->who + i, (a->n - i) * sizeof *a->who);
	a->who[i] = who;
	a->n++;
	return true;
}

/* --- a day ---------------------------------------------------------------- */

/* One event. Of another month's key the recipient would be counted a second time. */
static int count_event(struct said_day *h, sqlite3_stmt *st)
{
	struct spoken wanted = { .count = 0 };
	char diagnostic[DIAGNOSTIC_KEPT_SIZE], status[EVENT_STATUS_SIZE];
	const unsigned char *pseudonym = sqlite3_column_blob(st, 1);

	db_text(st, 2, diagnostic, sizeof diagnostic);
	db_text(st, 3, wanted.klass, sizeof wanted.klass);
	db_text(st, 4, wanted.category, sizeof wanted.category);
	db_text(st, 6, status, sizeof status);
	db_text(st, 7, wanted.provider, sizeof wanted.provider);
	code_text(sqlite3_column_int(st, 5), status, wanted.code);
	words_alone(diagnostic, wanted.text);
	if (!*wanted.code && !*wanted.text)
		return STORE_OK;
	struct spoken *a = spoken_place(h, &wanted);
	bool noted = a;
	if (a) {
		a->count++;
		if (a->n < h->s->o.k && sqlite3_column_bytes(st, 1) == PSEUDONYM_SIZE &&
			month_of_time(sqlite3_column_int64(st, 0)) == h->day / 100)
			noted = spoken_to(
				a, h->s->o.k, who_number(h->s, h->day / 100, a, pseudonym));
	}
	return noted ? STORE_OK : store_fail(h->s, STORE_FAILED, "no memory");
}

static int by_frequency(const void *a, const void *b)
{
	const struct spoken *x = *(struct spoken *const *)a, *y = *(struct spoken *const *)b;
	int order;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	if ((order = strcmp(x->provider, y->provider)) || (order = strcmp(x->code, y->code)) ||
		(order = strcmp(x->text, y->text)))
		return order;
	return strcmp(x->category, y->category);
}

/* Those who had it before in this month; *LASTS: they were enough. */
static int spoken_before(struct store *s, struct spoken *a, int64_t month, bool *lasts)
{
	sqlite3_stmt *st = db_bind(
		s, SQL_WORDING_FEW, "ittt", month, a->provider, a->code, a->text);
	int result = STORE_OK;
	bool few = false;

	while (db_row(s, st, &result)) {
		const unsigned char *who = sqlite3_column_blob(st, 0);
		const int n = sqlite3_column_bytes(st, 0), keyed = n % 2;
		few = true;
		for (int i = keyed; i + 1 < n && !result; i += 2)
			if (!spoken_to(a, s->o.k,
				    keyed ? (uint16_t)(who[i] << 8 | who[i + 1])
					  : who_number(s, month, a, who + i)))
				result = store_fail(s, STORE_FAILED, "no memory");
	}
	int64_t known = 0;
	if (!result && !few)
		result = db_int(s, &known, SQL_WORDING_KNOWN, "iittt", month * 100,
			month * 100 + 31, a->provider, a->code, a->text);
	*lasts = known || a->n >= s->o.k;
	return result;
}

/* Whether an answer lasts goes by what it was before the day's rows are there. */
static int keep_spoken(struct store *s, struct spoken *a, int32_t day)
{
	unsigned char who[1 + 2 * WHO_MAX] = { WHO_KEYED };
	const int64_t month = day / 100;
	bool lasts = false;
	int n = 1, result = spoken_before(s, a, month, &lasts);

	for (unsigned i = 0; i < a->n && i < WHO_MAX; i++) {
		who[n++] = (unsigned char)(a->who[i] >> 8);
		who[n++] = (unsigned char)a->who[i];
	}
	if (!result)
		result = lasts
			? db_run(s, SQL_WORDING_LASTS, "ittt", month, a->provider, a->code, a->text)
			: db_run(s, SQL_WORDING_FEW_PUT, "itttb", month, a->provider, a->code,
				  a->text, who, n);
	return result;
}

static int keep_day(struct said_day *h)
{
	unsigned kept = 0, of_provider[DAY_WORDINGS_MAX];
	int result = STORE_OK;

	qsort(h->spoken, h->n, sizeof *h->spoken, by_frequency);
	for (size_t i = 0; i < h->n && kept < DAY_WORDINGS_MAX && !result; i++) {
		struct spoken *a = h->spoken[i];
		unsigned same = 0;
		for (unsigned j = 0; j < kept; j++)
			same += strcmp(h->spoken[of_provider[j]]->provider, a->provider) == 0;
		if (same < PROVIDER_WORDINGS_MAX) {
			of_provider[kept++] = (unsigned)i;
			result = keep_spoken(h->s, a, h->day);
		}
	}
	if (!result)
		result = db_run(h->s, SQL_WORDING_CLEAR, "i", (int64_t)h->day);
	for (unsigned j = 0; j < kept && !result; j++) {
		const struct spoken *a = h->spoken[of_provider[j]];
		result = db_run(h->s, SQL_WORDING_ADD, "ittttti", (int64_t)h->day, a->provider,
			a->klass, a->category, a->code, a->text, (int64_t)a->count);
	}
	return result;
}

static int count_day(struct store *s, int32_t day)
{
	const int64_t begin = day_begin(day), end = day_begin(day_of(begin + 36 * HOUR));
	struct said_day *h = calloc(1, sizeof *h);
	int result = h ? STORE_OK : store_fail(s, STORE_FAILED, "no memory");

	if (result)
		return result;
	h->s = s;
	h->day = day;
	randombytes_buf(h->key, sizeof h->key);
	result = kpi_functions(s);
	sqlite3_stmt *st = result ? NULL : db_bind(s, SQL_WORDING_EVENTS, "ii", begin, end);
	if (!result)
		while (db_row(s, st, &result))
			result = count_event(h, st);
	if (!result)
		result = keep_day(h);
	for (size_t i = 0; i < h->n; i++) {
		free(h->spoken[i]->who);
		free(h->spoken[i]);
	}
	free(h);
	return result;
}

/* --- when ----------------------------------------------------------------- */

int wording_due(struct store *s, const struct packed *e)
{
	if (e->kind != KIND_FAILURE || e->origin < ORIGIN_MATCHED || s->wording_day == e->day)
		return STORE_OK;
	s->wording_day = e->day;
	return db_run(s, SQL_WORDING_DUE, "i", (int64_t)e->day);
}

void wording_discard(struct store *s)
{
	s->wording_day = 0;
}

int wording_flush(struct store *s)
{
	wording_discard(s);
	return STORE_OK;
}

/* A day whose words are partly gone already stays as it was counted. */
static int count_due(struct store *s, int32_t day, int64_t cutoff)
{
	int64_t counted = 0;

	if (day_begin(day) < cutoff && db_int(s, &counted, SQL_WORDING_COUNTED, "i", (int64_t)day))
		return STORE_FAILED;
	return counted ? STORE_OK : count_day(s, day);
}

/*
 * Of CUTOFF's month: the days before it of what few had. Who had it is counted on as long as one of
 * its days is there.
 */
static int forget_aged(struct store *s, int64_t cutoff)
{
	const int64_t day = day_of(cutoff);

	if (db_run(s, SQL_WORDING_AGED, "ii", day / 100 * 100, day))
		return STORE_FAILED;
	if (!sqlite3_changes64(s->db))
		return STORE_OK;
	return db_run(s, SQL_WORDING_FEW_AGED, "i", day / 100) ? STORE_FAILED
							       : held_note_deletion(s);
}

int wording_forget(struct store *s, int64_t month, const unsigned char *pseudonym)
{
	sqlite3_stmt *st = db_bind(s, SQL_WORDING_FEW_OF_MONTH, "i", month);
	unsigned char who[1 + 2 * WHO_MAX];
	int result = STORE_OK;

	while (db_row(s, st, &result)) {
		struct spoken a = { .count = 0 };
		db_text(st, 0, a.provider, sizeof a.provider);
		db_text(st, 1, a.code, sizeof a.code);
		db_text(st, 2, a.text, sizeof a.text);
		const unsigned char *held = sqlite3_column_blob(st, 3);
		const int n = sqlite3_column_bytes(st, 3), keyed = n % 2;
		int left = keyed;
		const uint16_t gone = keyed ? who_number(s, month, &a, pseudonym)
					    : (uint16_t)(pseudonym[0] << 8 | pseudonym[1]);
		if (n > (int)sizeof who)
			continue; /* none of ours */
		memset(who, WHO_KEYED, sizeof who);
		for (int i = keyed; i + 1 < n; i += 2)
			if ((uint16_t)(held[i] << 8 | held[i + 1]) != gone) {
				memcpy(who + left, held + i, 2);
				left += 2;
			}
		if (left < n)
			result = db_run(s, SQL_WORDING_FEW_PUT, "itttb", month, a.provider, a.code,
				a.text, who, left);
	}
	return result;
}

int wordings_count(struct store *s, int64_t now, int64_t cutoff)
{
	const int64_t today = day_of(now);
	int64_t day = 0, few = 0;
	int result = db_int(s, &day, SQL_WORDING_NEXT, "i", today);

	while (!result && day) {
		result = count_due(s, (int32_t)day, cutoff);
		if (!result)
			result = db_run(s, SQL_WORDING_DONE, "i", day);
		day = 0;
		if (!result)
			result = db_int(s, &day, SQL_WORDING_NEXT, "i", today);
	}
	wording_discard(s);
	if (!result)
		result = forget_aged(s, cutoff);
	if (!result)
		result = db_int(s, &few, SQL_WORDING_FEW_OVER, "i", today / 100);
	if (result || !few)
		return result;
	return db_run(s, SQL_WORDING_FORGET, "i", today / 100) ||
			db_run(s, SQL_WORDING_FEW_FORGET, "i", today / 100)
		? STORE_FAILED
		: held_note_deletion(s);
}

int wordings_close(struct store *s, int64_t first, int64_t last)
{
	const int64_t k = s->o.k;

	return db_run(s, SQL_WORDING_CLOSE, "iii", first, last, k) ||
			db_run(s, SQL_WORDING_CLOSED, "iii", first, last, k)
		? STORE_FAILED
		: STORE_OK;
}

/* --- reading -------------------------------------------------------------- */

int store_wordings(struct store *s, int32_t from, int32_t to,
	int (*visit)(void *context, const struct wording *w), void *context)
{
	sqlite3_stmt *st = db_bind(s, sql_seen(s, SQL_WORDINGS), "iii", (int64_t)from / 100 * 100,
		(int64_t)to, (int64_t)s->o.k);
	int result = STORE_OK;

	while (db_row(s, st, &result)) {
		struct wording w = { .count = (uint64_t)sqlite3_column_int64(st, 5),
			.first = sqlite3_column_int(st, 6),
			.last = sqlite3_column_int(st, 7) };
		const int klass = class_by_name((const char *)sqlite3_column_text(st, 1)),
			  category = category_by_name((const char *)sqlite3_column_text(st, 2));
		db_text(st, 0, w.provider, sizeof w.provider);
		w.klass = klass < 0 ? CLASS_NONE : (uint8_t)klass;
		w.category = category < 0 ? CATEGORY_NONE : (uint8_t)category;
		db_text(st, 3, w.code, sizeof w.code);
		db_text(st, 4, w.text, sizeof w.text);
		result = visit(context, &w);
	}
	return result;
}
