/*
 * What receivers report of our domains, DMARC aggregate reports and TLS reports, as counts by day.
 * The day is that in which the middle of the report's time lies (UTC): most reports are of a day of
 * UTC, others of a civil day near it. A row's time is the noon of its day, which has the same date
 * in nearly every zone.
 *
 * A report that is sent again, by the receiver or by who passes mail on, is known by a hash of who
 * sent it, its id and its time, as a message is (message.c), and for as long. So is one under
 * another id that tells the same of the same time, unless it is of few mails: those may well be
 * alike.
 *
 * Anyone can write such reports. Those of which nothing proves who sent them are counted apart. Of
 * a day no more rows are kept than DAY_ROWS_MAX, of one receiver no more than RECEIVER_ROWS_MAX,
 * and less of what is not proven; beyond which networks, then receivers have no name any more. The
 * counts stay right. Of one report the largest rows come first: our own sources are among these.
 *
 * Nor has a receiver a name that tells of fewer than k mails: whoever has a mail server and a
 * domain of his own is one, and his name is a person's.
 */
#include <sodium.h>
#include <stdlib.h>
#include "store/internal.h"
#include "store/held.h"
#include "store/message.h"

enum {
	ALIKE_LEAST = 100, /* mails or sessions of a report that is none of another's kind */
	DAY_ROWS_MAX = 8000,
	RECEIVER_ROWS_MAX = 4000,
	UNVERIFIED_PART = 8, /* of both for what is not verified */
	OTHERS_MAX = 4096,   /* beside them: rows of a receiver without a network */
};

/* How many rows there are of the day, of what is as much proven. */
struct summary_rows {
	int64_t day, receiver, day_max, receiver_max;
};

static int add_summary_row(struct store *s, const struct summary_head *head,
	const struct summary_row *r, int64_t at, struct summary_rows *had)
{
	const bool dmarc = head->kind == SUMMARY_DMARC;
	const char *kind = summary_kind_name(head->kind),
		   *receiver = had->day >= had->day_max + OTHERS_MAX ? "" : head->receiver,
		   *network = had->day >= had->day_max || had->receiver >= had->receiver_max
		? ""
		: r->network,
		   *disposition = dmarc ? disposition_name(r->disposition) : "",
		   *result = dmarc ? "" : tls_result_name(r->result);

	if (db_run(s, SQL_SUMMARY_MORE, "itttttiitii", at, kind, receiver, r->domain, network,
		    disposition, (int64_t)r->dkim, (int64_t)r->spf, result, (int64_t)r->count,
		    (int64_t)head->verified))
		return STORE_FAILED;
	if (sqlite3_changes(s->db))
		return STORE_OK;
	if (db_run(s, SQL_SUMMARY_ADD, "itttttiitii", at, kind, receiver, r->domain, network,
		    disposition, (int64_t)r->dkim, (int64_t)r->spf, result, (int64_t)r->count,
		    (int64_t)head->verified))
		return STORE_FAILED;
	had->day++;
	had->receiver++;
	return held_note(s, HELD_SUMMARIES, at, 1);
}

static int rows_of_day(
	struct store *s, const struct summary_head *head, int64_t at, struct summary_rows *out)
{
	const int64_t part = head->verified ? 1 : UNVERIFIED_PART;
	sqlite3_stmt *st = db_bind(
		s, SQL_SUMMARY_ROWS, "iiit", at, at + 1, (int64_t)head->verified, head->receiver);
	int result = STORE_OK;

	*out = (struct summary_rows){ .day_max = DAY_ROWS_MAX / part,
		.receiver_max = RECEIVER_ROWS_MAX / part };
	while (db_row(s, st, &result)) {
		out->day = sqlite3_column_int64(st, 0);
		out->receiver = sqlite3_column_int64(st, 1);
	}
	return result;
}

static int compare_rows(const void *a, const void *b)
{
	const struct summary_row *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return memcmp(a, b, sizeof *x);
}

static uint64_t told_by(const struct summary_row *row, size_t rows)
{
	uint64_t told = 0;

	for (size_t i = 0; i < rows; i++)
		told += row[i].count;
	return told;
}

/* Whether a report was counted that tells the same of the same time; its rows are sorted. */
static int is_told_anew(struct store *s, const struct summary_head *head,
	const struct summary_row *sorted, size_t rows, int64_t now, bool *is_new)
{
	struct summary_head plain = *head;
	unsigned char digest[STORE_DIGEST_SIZE];
	crypto_generichash_state state;

	*is_new = true;
	if (told_by(sorted, rows) < ALIKE_LEAST)
		return STORE_OK;
	memset(plain.id, 0, sizeof plain.id);
	crypto_generichash_init(&state, NULL, 0, sizeof digest);
	crypto_generichash_update(&state, (const unsigned char *)&plain, sizeof plain);
	crypto_generichash_update(&state, (const unsigned char *)sorted, rows * sizeof *sorted);
	crypto_generichash_final(&state, digest, sizeof digest);
	return seen_mark(s, "retour summary told 1", digest, 0, now, is_new);
}

/* In whatever order a report tells its rows, they are counted in one. */
static int add_summary(struct store *s, const struct summary_head *head,
	const struct summary_row *sorted, size_t rows, int64_t at, int64_t now)
{
	struct summary_rows had;
	struct summary_head kept = *head;
	bool is_new;

	if (is_told_anew(s, head, sorted, rows, now, &is_new))
		return STORE_FAILED;
	if (!is_new)
		return STORE_OK;
	if (told_by(sorted, rows) < (uint64_t)s->o.k)
		memset(kept.receiver, 0, sizeof kept.receiver);
	if (rows_of_day(s, &kept, at, &had))
		return STORE_FAILED;
	for (size_t i = 0; i < rows; i++)
		if (sorted[i].count && add_summary_row(s, &kept, &sorted[i], at, &had))
			return STORE_FAILED;
	return STORE_OK;
}

int store_summary(struct store *s, const unsigned char digest[STORE_DIGEST_SIZE],
	const struct summary_head *head, const struct summary_row *row, size_t rows, int64_t now)
{
	int64_t middle = clamp_time(head->begin + (head->end - head->begin) / 2, now);
	bool is_new;

	if (!s->in_transaction)
		return store_fail(s, STORE_MISUSE, "summary outside a transaction");
	if (seen_mark(s, "retour summary 1", digest, 0, now, &is_new))
		return STORE_FAILED;
	if (!is_new || head->begin > now + DAY) /* of a time that has not come it knows nothing */
		return STORE_OK;
	struct summary_row *sorted = malloc(rows * sizeof *sorted + 1);
	if (!sorted)
		return store_fail(s, STORE_FAILED, "no memory");
	if (rows)
		memcpy(sorted, row, rows * sizeof *sorted);
	qsort(sorted, rows, sizeof *sorted, compare_rows);
	int result = add_summary(s, head, sorted, rows, day_start(middle) + DAY / 2, now);
	free(sorted);
	return result;
}
