/*
 * OpenSMTPD: mta.c, mda.c and queue.c. A line of an attempt names sender and recipient, and the
 * envelope, which has one recipient; it is the id. Three forms: since 6.0 "SESSION mta delivery
 * evpid=…", before "SESSION mta event=delivery evpid=…", until 5.7 "relay: Ok for EVPID: …".
 */
#include "poller/volume/logforms.h"

#include "poller/volume/logtext.h"
#include "poller/volume/logwords.h"

enum { SESSION_DIGITS = 16 };

static const struct {
	struct span word;
	enum log_what what;
	enum log_outcome outcome;
} results[] = {
	{ { "Ok", 2 }, LOG_ATTEMPT, LOG_DELIVERED },
	{ { "TempFail", 8 }, LOG_ATTEMPT, LOG_DEFERRED },
	{ { "PermFail", 8 }, LOG_ATTEMPT, LOG_REJECTED },
	{ { "Loop", 4 }, LOG_ATTEMPT, LOG_REJECTED },
	{ { "Expire", 6 }, LOG_EXPIRED, LOG_REJECTED },
	{ { "Expired", 7 }, LOG_EXPIRED, LOG_REJECTED },
};

static bool is_envelope(struct span id)
{
	for (size_t i = 0; i < id.n; i++)
		if (ascii_hex(id.p[i]) < 0)
			return false;
	return id.n == SESSION_DIGITS;
}

/* What stands behind KEY; in double quotes, it goes to the closing one. */
static struct span value_behind(struct span text, struct span key)
{
	size_t at = text_find(text, key);
	if (at == text.n)
		return (struct span){ text.p, 0 };
	text = text_from(text, at + key.n);
	bool quoted = text_starts(text, SPAN("\""));
	text = text_from(text, quoted);
	size_t n = text_find(text, quoted ? SPAN("\"") : SPAN(" "));
	while (!quoted && n && text.p[n - 1] == ',')
		n--;
	return (struct span){ text.p, n };
}

/* "192.0.2.1 (mx.example.net)": the name, where it is no number. */
static struct span relay_of(struct span relay, bool *loopback)
{
	*loopback = text_starts(relay, SPAN("127.")) || text_starts(relay, SPAN("::1"));
	size_t open = text_find(relay, SPAN("("));
	struct span name = text_from(relay, open < relay.n ? open + 1 : relay.n);
	name.n = text_find(name, SPAN(")"));
	return name;
}

/* "from=<a@b> to=<c@d> rcpt=<-> source=… relay=… delay=… result=… stat=…", or with commas. */
static void envelope_line(struct span text, struct span result, bool remote, struct log_line *out)
{
	struct span to, original;
	bool loopback = false;
	size_t at = text_find(text, SPAN("from=<"));
	text = text_from(text, at < text.n ? at + 5 : text.n);
	if (!log_bracketed(&text, &out->sender))
		return;
	at = text_find(text, SPAN("to=<"));
	text = text_from(text, at < text.n ? at + 3 : text.n);
	if (at > 2 || !log_bracketed(&text, &to))
		return;
	at = text_find(text, SPAN("rcpt=<"));
	struct span rest = text_from(text, at < text.n ? at + 5 : text.n);
	if (at <= 2 && log_bracketed(&rest, &original))
		text = rest;
	struct span stat = text_from(text, text_find(text, SPAN("stat=")));
	struct span fields = { text.p, text.n - stat.n };
	if (!result.n)
		result = value_behind(fields, SPAN("result="));
	for (size_t i = 0; i < sizeof results / sizeof *results; i++)
		if (text_equal(result, results[i].word)) {
			out->what = results[i].what;
			out->outcome = results[i].outcome;
		}
	if (out->what == LOG_NOTHING)
		return;
	out->recipients = to;
	out->names_sender = true;
	size_t user = text_find(fields, SPAN("relay="));
	if (user < fields.n) {
		struct span relay = text_from(fields, user + 6);
		size_t close = text_find(relay, SPAN(")"));
		relay = text_from(relay, text_starts(relay, SPAN("\"")));
		relay.n = close < relay.n ? close + 1 : relay.n;
		out->relay = relay_of(relay, &loopback);
	}
	if (!remote)
		out->reach = LOG_LOCAL;
	else if (loopback)
		out->reach = LOG_HOP;
	else
		out->reach = LOG_REMOTE;
	int reply = log_reply_behind(stat, SPAN("stat=\""));
	reply = reply ? reply : log_reply_behind(stat, SPAN("stat="));
	if (out->outcome == LOG_DEFERRED && log_throttles(reply, stat))
		out->outcome = LOG_THROTTLED;
}

/* "relay: Ok for 4a1b2c3d5e6f7a8b: session=…, from=<…" */
static bool old_line(struct span text, struct log_line *out)
{
	bool remote = text_starts(text, SPAN("relay: "));
	if (!remote && !text_starts(text, SPAN("delivery: ")))
		return false;
	log_word(&text);
	struct span result = log_word(&text), word = log_word(&text), id = log_word(&text);
	if (id.n && id.p[id.n - 1] == ':')
		id.n--;
	if (!text_equal(word, SPAN("for")) || !is_envelope(id))
		return false;
	out->mta = LOG_OPENSMTPD;
	out->id = id;
	envelope_line(text, result, remote, out);
	return true;
}

bool maillog_opensmtpd(struct span text, struct log_line *out)
{
	struct span rest = text, session = log_word(&rest);
	if (!is_envelope(session))
		return old_line(text, out);
	struct span agent = log_word(&rest), event = log_word(&rest);
	bool remote = text_equal(agent, SPAN("mta"));
	if (!remote && !text_equal(agent, SPAN("mda")))
		return text_equal(agent, SPAN("smtp"));
	out->mta = LOG_OPENSMTPD;
	if (!text_equal(event, SPAN("delivery")) && !text_equal(event, SPAN("event=delivery")))
		return true;
	struct span id = value_behind(rest, SPAN("evpid="));
	if (!is_envelope(id) || !text_starts(rest, SPAN("evpid=")))
		return true;
	out->id = id;
	envelope_line(rest, (struct span){ rest.p, 0 }, remote, out);
	return true;
}
