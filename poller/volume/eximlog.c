/* Exim: its specification, chapter "Log files". */
#include "poller/volume/logforms.h"

#include "poller/volume/logstamp.h"
#include "poller/volume/logtext.h"
#include "poller/volume/logwords.h"

/* "1oabcD-000Abc-1X", and since 4.97 "1oabcD-00000000Abc-1XyZ". */
static bool exim_id(struct span id)
{
	size_t middle;
	if (id.n == 16)
		middle = 6;
	else if (id.n == 23)
		middle = 11;
	else
		middle = 0;
	if (!middle || id.p[6] != '-' || id.p[7 + middle] != '-')
		return false;
	for (size_t i = 0; i < id.n; i++)
		if (i != 6 && i != 7 + middle && !is_queue_alnum(id.p[i]))
			return false;
	return true;
}

static const struct exim_flag {
	struct span text;
	enum log_what what;
	enum log_outcome outcome;
} exim_flags[] = {
	{ { "<=", 2 }, LOG_ARRIVED, LOG_DELIVERED },
	{ { "=>", 2 }, LOG_ATTEMPT, LOG_DELIVERED },
	{ { "->", 2 }, LOG_ATTEMPT,
		LOG_DELIVERED }, /* a further recipient in the same transaction */
	{ { ">>", 2 }, LOG_ATTEMPT, LOG_DELIVERED }, /* cut-through */
	{ { "==", 2 }, LOG_ATTEMPT, LOG_DEFERRED },
	{ { "**", 2 }, LOG_ATTEMPT, LOG_REJECTED },
	{ { "Completed", 9 }, LOG_DONE, LOG_DELIVERED },
};

/*
 * The fields behind the address, "R=router T=transport H=host [ip] …", without what the other
 * server said: that follows the first ": " of a failure, and C= of a delivery.
 */
static struct span exim_fields(struct span text, enum log_outcome outcome)
{
	text.n = outcome == LOG_DELIVERED ? text_find(text, SPAN(" C=\""))
					  : text_find(text, SPAN(": "));
	return text;
}

/*
 * "SMTP error from remote mail server after RCPT TO:<user@example.net>: 421 4.7.0 …": the answer
 * stands behind the command.
 */
static bool exim_throttled(struct span text)
{
	size_t at = text_find(text, SPAN("SMTP error from remote mail server"));
	if (at == text.n)
		return false;
	text = text_from(text, at);
	for (size_t i = 0; i + 5 < text.n; i++)
		if (text.p[i] == ':' && text.p[i + 1] == ' ' && ascii_digit(text.p[i + 2]))
			return log_throttles(
				log_reply_behind(text_from(text, i), SPAN(": ")), text);
	return false;
}

/* "user@example.net R=dnslookup T=remote_smtp H=mx.example.net [192.0.2.1] …" */
static void exim_attempt(struct span text, struct log_line *out)
{
	bool loopback = false;
	size_t n = log_address_end(text, " ", 1);
	out->recipients = (struct span){ text.p, n };
	if (n && text.p[n - 1] == ':') { /* "** user@example.net: Unrouteable address" */
		out->recipients.n--;
		n--;
	}
	struct span rest = text_from(text, n), fields = exim_fields(rest, out->outcome);
	size_t host = text_find(fields, SPAN(" H="));
	out->reach = LOG_REMOTE;
	if (host < fields.n) {
		struct span relay = text_from(fields, host + 3);
		size_t close = text_find(relay, SPAN("]"));
		relay.n = close < relay.n ? close + 1 : relay.n;
		out->relay = log_relay_host(relay, &loopback);
	} else if (out->outcome == LOG_DELIVERED) {
		out->reach = LOG_LOCAL;
	}
	if (loopback)
		out->reach = LOG_HOP;
	if (out->outcome == LOG_DEFERRED && exim_throttled(rest))
		out->outcome = LOG_THROTTLED;
}

bool maillog_exim(struct span text, bool syslog, struct log_line *out)
{
	struct log_time inner;
	struct log_clock scratch = { .now = INT64_MAX / 2 };
	if (syslog && text.n && ascii_digit(text.p[0])) /* its own stamp behind syslog's */
		log_stamp(&text, &scratch, &inner);
	if (text.n && text.p[0] == '[')
		log_word(&text); /* log_selector = +pid */
	struct span rest = text, id = log_word(&rest), flag = log_word(&rest);
	if (!exim_id(id)) /* what it says of itself tells that this is its log */
		return syslog || text_starts(text, SPAN("exim ")) ||
			text_starts(text, SPAN("Start queue run")) ||
			text_starts(text, SPAN("End queue run"));
	out->mta = LOG_EXIM;
	out->id = id;
	for (size_t i = 0; i < sizeof exim_flags / sizeof *exim_flags; i++) {
		if (!text_equal(flag, exim_flags[i].text))
			continue;
		out->what = exim_flags[i].what;
		out->outcome = exim_flags[i].outcome;
		if (out->what == LOG_ARRIVED) {
			out->sender = (struct span){ rest.p, log_address_end(rest, " ", 1) };
			if (text_equal(out->sender, SPAN("<>")))
				out->sender.n = 0;
		} else if (out->what == LOG_ATTEMPT) {
			exim_attempt(rest, out);
		}
	}
	return true;
}
