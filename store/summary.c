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
 * counts stay right.
 */
#include <sodium.h>
#include <stdlib.h>
#include "store/internal.h"

enum {
	ALIKE_LEAST = 100, /* mails or sessions of a report that is none of another's kind */
	DAY_ROWS_MAX = 20000,
	RECEIVER_ROWS_MAX = 8192,
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
	return memcmp(a, b, sizeof(struct summary_row));
}

/* Whether a report was counted that tells the same of the same time, in whatever order. */
static int is_told_anew(struct store *s, const struct summary_head *head,
	const struct summary_row *row, size_t rows, int64_t now, bool *is_new)
{
	struct summary_head plain = *head;
	unsigned char digest[STORE_DIGEST_SIZE];
	crypto_generichash_state state;
	uint64_t told = 0;

	*is_new = true;
	for (size_t i = 0; i < rows; i++)
		told += row[i].count;
	if (told < ALIKE_LEAST)
		return STORE_OK;
	struct summary_row *sorted = malloc(rows * sizeof *sorted);
	if (!sorted)
		return store_fail(s, STORE_FAILED, "no memory");
	memcpy(sorted, row, rows * sizeof *sorted);
	qsort(sorted, rows, sizeof *sorted, compare_rows);
	memset(plain.id, 0, sizeof plain.id);
	crypto_generichash_init(&state, NULL, 0, sizeof digest);
	crypto_generichash_update(&state, (const unsigned char *)&plain, sizeof plain);
	crypto_generichash_update(&state, (const unsigned char *)sorted, rows * sizeof *sorted);
	crypto_generichash_final(&state, digest, sizeof digest);
	free(sorted);
	return seen_mark(s, "retour summary told 1", digest, now, is_new);
}

int store_summary(struct store *s, const unsigned char digest[STORE_DIGEST_SIZE],
	const struct summary_head *head, const struct summary_row *row, size_t rows, int64_t now)
{
	int64_t middle = clamp_time(head->begin + (head->end - head->begin) / 2, now);
	int64_t at = day_start(middle) + DAY / 2;
	struct summary_rows had;
	bool is_new;

	if (!s->in_transaction)
		return store_fail(s, STORE_MISUSE, "summary outside a transaction");
	if (seen_mark(s, "retour summary 1", digest, now, &is_new))
		return STORE_FAILED;
	if (!is_new || head->begin > now + DAY) /* of a time that has not come it knows nothing */
		return STORE_OK;
	if (is_told_anew(s, head, row, rows, now, &is_new))
		return STORE_FAILED;
	if (!is_new)
		return STORE_OK;
	if (rows_of_day(s, head, at, &had))
		return STORE_FAILED;
	for (size_t i = 0; i < rows; i++)
		if (row[i].count && add_summary_row(s, head, &row[i], at, &had))
			return STORE_FAILED;
	return STORE_OK;
}

/* --- for the report ------------------------------------------------------- */

enum { KNOWN_LEAST = 100 /* aligned mails */, KNOWN_BEFORE = 31 * DAY };

/* From the beginning of day FROM to the end of day TO. */
static int64_t span_end(int32_t to)
{
	return day_begin(day_of(day_begin(to) + 36 * HOUR));
}

int store_alignment_sources(struct store *s, int32_t from, int32_t to, bool verified,
	int (*visit)(void *context, const struct alignment_source *a), void *context)
{
	const int64_t begin = day_begin(from);
	sqlite3_stmt *st = db_bind(s, sql_seen(s, SQL_ALIGNMENT_SOURCES), "iiiii",
		begin - KNOWN_BEFORE, begin, span_end(to), (int64_t)KNOWN_LEAST, (int64_t)verified);
	int result = STORE_OK;

	while (db_row(s, st, &result)) {
		struct alignment_source a = { .mails = (uint64_t)sqlite3_column_int64(st, 2),
			.unaligned = (uint64_t)sqlite3_column_int64(st, 3),
			.no_dkim = (uint64_t)sqlite3_column_int64(st, 4),
			.no_spf = (uint64_t)sqlite3_column_int64(st, 5),
			.refused = (uint64_t)sqlite3_column_int64(st, 6),
			.known = sqlite3_column_int(st, 7) };
		db_text(st, 0, a.network, sizeof a.network);
		db_text(st, 1, a.domain, sizeof a.domain);
		result = visit(context, &a);
	}
	return result;
}

int store_alignment_breaks(struct store *s, int32_t from, int32_t to, bool verified, unsigned limit,
	int (*visit)(void *context, const struct alignment_break *b), void *context)
{
	const int64_t begin = day_begin(from);
	sqlite3_stmt *st = db_bind(s, sql_seen(s, SQL_ALIGNMENT_BREAKS), "iiiiii",
		begin - KNOWN_BEFORE, begin, span_end(to), (int64_t)KNOWN_LEAST, (int64_t)limit,
		(int64_t)verified);
	int result = STORE_OK;

	while (db_row(s, st, &result)) {
		struct alignment_break b = { .mails = (uint64_t)sqlite3_column_int64(st, 3),
			.unaligned = (uint64_t)sqlite3_column_int64(st, 4),
			.first = sqlite3_column_int64(st, 5),
			.last = sqlite3_column_int64(st, 6) };
		db_text(st, 0, b.receiver, sizeof b.receiver);
		db_text(st, 1, b.network, sizeof b.network);
		db_text(st, 2, b.domain, sizeof b.domain);
		result = visit(context, &b);
	}
	return result;
}

int store_tls_sessions(struct store *s, int32_t from, int32_t to, bool verified,
	int (*visit)(void *context, const struct tls_sessions *t), void *context)
{
	sqlite3_stmt *st = db_bind(s, sql_seen(s, SQL_TLS_SESSIONS), "iii", day_begin(from),
		span_end(to), (int64_t)verified);
	int result = STORE_OK;

	while (db_row(s, st, &result)) {
		int found = tls_result_by_name((const char *)sqlite3_column_text(st, 1));
		struct tls_sessions t = { .result = found < 0 ? TLS_OTHER : (unsigned)found,
			.count = (uint64_t)sqlite3_column_int64(st, 2),
			.receivers = (uint64_t)sqlite3_column_int64(st, 3),
			.first = sqlite3_column_int64(st, 4),
			.last = sqlite3_column_int64(st, 5) };
		db_text(st, 0, t.domain, sizeof t.domain);
		result = visit(context, &t);
	}
	return result;
}

int store_summary_told(struct store *s, enum summary_kind kind, int32_t from, int32_t to,
	bool verified, struct summary_told *out)
{
	sqlite3_stmt *st = db_bind(s, sql_seen(s, SQL_SUMMARY_RECEIVERS), "iiti", day_begin(from),
		span_end(to), summary_kind_name(kind), (int64_t)verified);
	int result = STORE_OK;

	while (db_row(s, st, &result))
		*out = (struct summary_told){ (uint64_t)sqlite3_column_int64(st, 0),
			(uint64_t)sqlite3_column_int64(st, 1) };
	return result;
}
