/*
 * qmail: qmail-send.c and qmail-log(5). A message and each of its deliveries have numbers, the end
 * of a delivery names no recipient. Blanks in what the other server said are written "_".
 */
#include "poller/volume/logforms.h"

#include "poller/volume/logtext.h"
#include "poller/volume/logwords.h"

enum { SAID_MAX = 512 };

/* "msg 123", "delivery 12" at the begin of TEXT: both words, without a colon behind them. */
static bool take_number(struct span *text, struct span kind, struct span *id)
{
	struct span rest = *text, word = log_word(&rest), number = log_word(&rest);
	if (!text_equal(word, kind) || !number.n || !ascii_digit(number.p[0]))
		return false;
	if (number.p[number.n - 1] == ':')
		number.n--;
	*id = (struct span){ word.p, (size_t)(number.p + number.n - word.p) };
	*text = rest;
	return true;
}

/* "Remote_host_said:_421_4.7.0_slower/" */
static bool is_throttled(struct span text)
{
	char said[SAID_MAX];
	size_t n = text.n < sizeof said ? text.n : sizeof said;
	for (size_t i = 0; i < n; i++)
		said[i] = text.p[i] == '_' ? ' ' : text.p[i];
	struct span words = { said, n };
	int reply = log_reply_behind(words, SPAN("Remote host said: "));
	reply = reply ? reply : log_reply_behind(words, SPAN("but greeting failed./ "));
	return log_throttles(reply, words);
}

static bool read_end(struct span text, struct log_line *out)
{
	static const struct {
		struct span word;
		enum log_outcome outcome;
	} ends[] = {
		{ { "success:", 8 }, LOG_DELIVERED },
		{ { "deferral:", 9 }, LOG_DEFERRED },
		{ { "failure:", 8 }, LOG_REJECTED },
	};
	if (!take_number(&text, SPAN("delivery"), &out->id))
		return false;
	struct span word = log_word(&text);
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (text_equal(word, ends[i].word)) {
			out->what = LOG_ENDED;
			out->outcome = ends[i].outcome;
		}
	if (out->outcome == LOG_DEFERRED && is_throttled(text))
		out->outcome = LOG_THROTTLED;
	return out->what != LOG_NOTHING;
}

bool maillog_qmail(struct span text, struct log_line *out)
{
	struct log_time inner;
	struct log_clock scratch = { .now = INT64_MAX / 2 };
	if (text.n && ascii_digit(text.p[0])) /* splogger's, behind syslog's */
		log_stamp(&text, &scratch, &inner);
	struct span rest = text, word = log_word(&rest);
	out->mta = LOG_QMAIL;
	if (text_equal(word, SPAN("delivery")))
		return read_end(text, out);
	if (text_equal(word, SPAN("new")) || text_equal(word, SPAN("bounce")))
		return take_number(&rest, SPAN("msg"), &out->id);
	if (text_equal(word, SPAN("status:")))
		return text_starts(rest, SPAN("local "));
	if (text_equal(word, SPAN("end"))) {
		out->what = LOG_DONE;
		return take_number(&rest, SPAN("msg"), &out->id);
	}
	if (text_equal(word, SPAN("info"))) {
		if (!take_number(&rest, SPAN("msg"), &out->id))
			return false;
		size_t at = text_find(rest, SPAN(" from <"));
		rest = text_from(rest, at < rest.n ? at + 6 : rest.n);
		if (log_bracketed(&rest, &out->sender))
			out->what = LOG_ARRIVED;
		if (text_equal(out->sender, SPAN("#@[]"))) /* the sender of a double bounce */
			out->sender.n = 0;
		return out->what == LOG_ARRIVED;
	}
	if (!text_equal(word, SPAN("starting")) ||
		!take_number(&rest, SPAN("delivery"), &out->id) ||
		!take_number(&rest, SPAN("msg"), &out->notice) ||
		!text_equal(log_word(&rest), SPAN("to")))
		return false;
	out->reach = text_equal(log_word(&rest), SPAN("remote")) ? LOG_REMOTE : LOG_LOCAL;
	out->recipients = log_word(&rest);
	out->what = LOG_STARTED;
	return true;
}
