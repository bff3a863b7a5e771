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
