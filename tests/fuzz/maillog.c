/*
 * Lines of mail logs, which anybody can write into by sending mail, and the fields of CSV files:
 * what is found lies within them.
 */
#include "poller/volume/acctfile.h"
#include "poller/volume/csv.h"
#include "poller/volume/logcarrier.h"
#include "poller/volume/logpieces.h"
#include "poller/volume/maillog.h"
#include "tests/fuzz/fuzz.h"

static void read_log(struct span text)
{
	struct log_clock clock = { .reference = 1795132800, .now = 1795132800 };
	struct carrier *carrier = carrier_new();
	struct log_carried carried;
	struct log_line l;
	struct span line;
	MUST(carrier);
	while (span_line(&text, &line)) {
		if (!carrier_line(carrier, line, &clock, &line, &carried) ||
			!maillog_read(line, &carried, &clock, &l))
			continue;
		MUST(fuzz_within(l.host, line) || fuzz_within(l.host, carried.host));
		const struct span found[] = { l.id, l.notice, l.sender, l.header, l.recipients,
			l.relay };
		for (size_t i = 0; i < sizeof found / sizeof found[0]; i++)
			MUST(fuzz_within(found[i], line));
		MUST(l.what <= LOG_DONE && l.at <= clock.now + 86400);
		struct span domain;
		for (size_t i = 0; log_recipient(&l.recipients, &domain); i++)
			MUST(fuzz_within(domain, line) && i <= line.n);
	}
	carrier_free(carrier);
}

static size_t drain(struct pieces *pieces, size_t most)
{
	struct pieces_line line;
	size_t n = 0, bytes = 0;
	while (pieces_next(pieces, &line)) {
		bytes += line.text.n;
		MUST(n++ < most && bytes <= PIECES_HELD_MAX + 2 * PIECES_LINE_MAX &&
			line.number <= most);
	}
	return n;
}

/* No line comes out that did not go in, and at the end nothing is left within. */
static void read_pieces(struct span text)
{
	struct pieces *pieces = pieces_new();
	struct pieces_line line = { .number = 0 };
	size_t out = 0;
	MUST(pieces);
	while (span_line(&text, &line.text)) {
		line.number++;
		if (pieces_are_full(pieces, line.text)) {
			pieces_give_up(pieces);
			out += drain(pieces, line.number);
			MUST(!pieces_are_open(pieces));
		}
		if (!pieces_take(pieces, &line))
			out++;
		else if (!pieces_are_open(pieces))
			out += drain(pieces, line.number);
	}
	pieces_give_up(pieces);
	out += drain(pieces, line.number);
	MUST(!pieces_are_open(pieces) && out <= line.number);
	pieces_free(pieces);
}

static void read_accounting(struct span text)
{
	struct log_clock clock = { .reference = 1795132800, .now = 1795132800 };
	struct acct *acct = calloc(1, sizeof *acct);
	struct log_line l;
	struct span line;
	MUST(acct);
	while (span_line(&text, &line)) {
		if (!acct_read(acct, line, &clock, &l))
			continue;
		const struct span record = { acct->line, sizeof acct->line };
		MUST(fuzz_within(l.sender, record) && fuzz_within(l.recipients, record) &&
			fuzz_within(l.relay, record) && fuzz_within(l.job, record));
	}
	free(acct);
}

static void read_csv(struct span text)
{
	struct span record, field;
	size_t used;
	char separator = csv_separator(text), *out = malloc(text.n + 1);
	MUST(out);
	while (text.n) {
		if (csv_next(text, true, separator, 1, &record, &field, &used) != CSV_RECORD)
			field.p = NULL;
		MUST(used > 0 && used <= text.n && fuzz_within(record, text) &&
			(!field.p || fuzz_within(field, record)));
		if (field.p)
			MUST(csv_unquote(field, out, text.n + 1) <= field.n);
		text.p += used;
		text.n -= used;
	}
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	read_log(fuzz_span(bytes, n));
	read_pieces(fuzz_span(bytes, n));
	read_accounting(fuzz_span(bytes, n));
	read_csv(fuzz_span(bytes, n));
	return 0;
}
