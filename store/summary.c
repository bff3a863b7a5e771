/*
 * What receivers report of our domains, DMARC aggregate reports and TLS reports, as counts by day.
 * The day is that in which the middle of the report's time lies (UTC): most reports are of a day of
 * UTC, others of a civil day near it. A row's time is the noon of its day, which has the same date
 * in nearly every zone.
 *
 * A report that is sent again, by the receiver or by who passes mail on, is known by a hash of who
 * sent it, its id and its time, as a message is (message.c), and for as long.
 *
 * Anyone can write such reports: of a day no more rows are kept than DAY_ROWS_MAX, beyond which
 * networks, then receivers have no name any more. The counts stay right.
 */
#include "store/internal.h"

enum { DAY_ROWS_MAX = 20000, OTHERS_MAX = DAY_ROWS_MAX + 4096 };

static int add_summary_row(struct store *s, const struct summary_head *head,
	const struct summary_row *r, int64_t at, int64_t rows)
{
	const bool dmarc = head->kind == SUMMARY_DMARC;
	const char *kind = summary_kind_name(head->kind),
		   *receiver = rows >= OTHERS_MAX ? "" : head->receiver,
		   *network = rows >= DAY_ROWS_MAX ? "" : r->network,
		   *disposition = dmarc ? disposition_name(r->disposition) : "",
		   *result = dmarc ? "" : tls_result_name(r->result);

	if (db_run(s, SQL_SUMMARY_MORE, "itttttiiti", at, kind, receiver, r->domain, network,
		    disposition, (int64_t)r->dkim, (int64_t)r->spf, result, (int64_t)r->count))
		return STORE_FAILED;
	if (sqlite3_changes(s->db))
		return STORE_OK;
	if (db_run(s, SQL_SUMMARY_ADD, "itttttiiti", at, kind, receiver, r->domain, network,
		    disposition, (int64_t)r->dkim, (int64_t)r->spf, result, (int64_t)r->count))
		return STORE_FAILED;
	return held_note(s, HELD_SUMMARIES, at, 1);
}

int store_summary(struct store *s, const unsigned char digest[STORE_DIGEST_SIZE],
	const struct summary_head *head, const struct summary_row *row, size_t rows, int64_t now)
{
	int64_t middle = clamp_time(head->begin + (head->end - head->begin) / 2, now), had = 0;
	int64_t at = day_start(middle) + DAY / 2;
	bool is_new;

	if (!s->in_transaction)
		return store_fail(s, STORE_MISUSE, "summary outside a transaction");
	if (seen_mark(s, "retour summary 1", digest, now, &is_new))
		return STORE_FAILED;
	if (!is_new)
		return STORE_OK;
	if (db_int(s, &had, SQL_SUMMARY_COUNT_DAY, "ii", at, at + 1))
		return STORE_FAILED;
	for (size_t i = 0; i < rows; i++)
		if (row[i].count && add_summary_row(s, head, &row[i], at, had + (int64_t)i))
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

int store_alignment_sources(struct store *s, int32_t from, int32_t to,
	int (*visit)(void *context, const struct alignment_source *a), void *context)
{
	const int64_t begin = day_begin(from);
	sqlite3_stmt *st = db_bind(s, SQL_ALIGNMENT_SOURCES, "iiii", begin - KNOWN_BEFORE, begin,
		span_end(to), (int64_t)KNOWN_LEAST);
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

int store_alignment_breaks(struct store *s, int32_t from, int32_t to, unsigned limit,
	int (*visit)(void *context, const struct alignment_break *b), void *context)
{
	const int64_t begin = day_begin(from);
	sqlite3_stmt *st = db_bind(s, SQL_ALIGNMENT_BREAKS, "iiiii", begin - KNOWN_BEFORE, begin,
		span_end(to), (int64_t)KNOWN_LEAST, (int64_t)limit);
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

int store_tls_sessions(struct store *s, int32_t from, int32_t to,
	int (*visit)(void *context, const struct tls_sessions *t), void *context)
{
	sqlite3_stmt *st = db_bind(s, SQL_TLS_SESSIONS, "ii", day_begin(from), span_end(to));
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

int store_summary_receivers(
	struct store *s, enum summary_kind kind, int32_t from, int32_t to, uint64_t *count)
{
	int64_t n = 0;
	int result = db_int(s, &n, SQL_SUMMARY_RECEIVERS, "iit", day_begin(from), span_end(to),
		summary_kind_name(kind));

	*count = (uint64_t)n;
	return result;
}
