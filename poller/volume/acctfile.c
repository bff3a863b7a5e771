#include "poller/volume/acctfile.h"

#include "poller/volume/csv.h"
#include "poller/volume/logtext.h"
#include "poller/volume/logwords.h"

#define ACCT_NAME(symbol, name) { "" name, sizeof name - 1 },
static const struct span acct_columns[] = { ACCT_COLUMNS(ACCT_NAME) };
#undef ACCT_NAME

static const struct {
	struct span type;
	enum log_outcome outcome;
} types[] = {
	{ { "d", 1 }, LOG_DELIVERED }, { { "b", 1 }, LOG_REJECTED }, { { "t", 1 }, LOG_DEFERRED },
	{ { "tq", 2 }, LOG_DEFERRED }, /* of a whole queue; without a recipient it counts nothing */
};

static size_t split_record(struct acct *a, struct span line, struct span field[ACCT_FIELDS])
{
	size_t count = 0;
	if (line.n > sizeof a->line)
		return 0;
	memcpy(a->line, line.p, line.n);
	if (csv_split(a->line, line.n, ',', field, ACCT_FIELDS, &count))
		return 0;
	return count < ACCT_FIELDS ? count : ACCT_FIELDS;
}

bool acct_header(struct acct *a, struct span line)
{
	struct span field[ACCT_FIELDS];
	if (!text_starts(line, SPAN("type,")) && !text_starts(line, SPAN("\"type\",")))
		return false;
	size_t count = split_record(a, line, field);
	memset(a->at, 0, sizeof a->at);
	for (size_t i = 0; i < count; i++)
		for (size_t c = 0; c < ACCT_COLUMN_COUNT; c++)
			if (!a->at[c] && span_equal_nocase(field[i], acct_columns[c]))
				a->at[c] = i + 1;
	return a->at[ACCT_LOGGED] && a->at[ACCT_RECIPIENT];
}

bool acct_read(struct acct *a, struct span line, struct log_clock *clock, struct log_line *out)
{
	struct span field[ACCT_FIELDS], column[ACCT_COLUMN_COUNT];
	struct log_time time;
	memset(out, 0, sizeof *out);
	if (acct_header(a, line))
		return true;
	if (!a->at[ACCT_LOGGED])
		return false;
	size_t count = split_record(a, line, field);
	for (size_t c = 0; c < ACCT_COLUMN_COUNT; c++)
		column[c] = a->at[c] && a->at[c] <= count ? field[a->at[c] - 1]
							  : (struct span){ a->line, 0 };
	if (!log_stamp(&column[ACCT_LOGGED], clock, &time))
		return false;
	out->at = time.at;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (text_equal(column[ACCT_TYPE], types[i].type) && column[ACCT_RECIPIENT].n) {
			out->what = LOG_ATTEMPT;
			out->outcome = types[i].outcome;
		}
	if (out->what == LOG_NOTHING)
		return true; /* what was received, a bounce that came back, a complaint */
	out->names_sender = true;
	out->sender = column[ACCT_SENDER];
	if (text_equal(out->sender, SPAN("<>")))
		out->sender.n = 0;
	out->recipients = column[ACCT_RECIPIENT];
	out->job = column[ACCT_JOB];
	out->relay = column[ACCT_HOST];
	out->relay.n = text_find(out->relay, SPAN(" ("));
	struct span number = text_from(column[ACCT_HOST], out->relay.n);
	bool loopback = text_starts(number, SPAN(" (127.")) || text_starts(number, SPAN(" (::1)"));
	struct span mailer = column[ACCT_MAILER];
	bool local = mailer.n && span_find_nocase(mailer, SPAN("smtp")) < 0;
	out->reach = loopback ? LOG_HOP : LOG_REMOTE;
	if (local)
		out->reach = LOG_LOCAL;
	struct span said = column[ACCT_DIAGNOSTIC];
	int reply = log_reply_behind(said, SPAN("smtp;"));
	if (out->outcome == LOG_DEFERRED && log_throttles(reply, said))
		out->outcome = LOG_THROTTLED;
	return true;
}
