/* Postfix: log_adhoc.c, qmgr_active.c, header_checks(5). */
#include "poller/volume/logforms.h"

#include "poller/volume/logtext.h"
#include "poller/volume/logwords.h"

/* Programs of Postfix that say something that counts, and where their deliveries go. */
static const struct agent {
	struct span name;
	bool delivers;
	enum log_reach reach;
	bool tries; /* false: it says what another program found before, no server was asked */
} agents[] = {
	{ { "smtp", 4 }, true, LOG_REMOTE, true },
	{ { "relay", 5 }, true, LOG_REMOTE, true },
	{ { "lmtp", 4 }, true, LOG_LOCAL, true },
	{ { "local", 5 }, true, LOG_LOCAL, true },
	{ { "virtual", 7 }, true, LOG_LOCAL, true },
	{ { "pipe", 4 }, true, LOG_LOCAL, true },
	{ { "discard", 7 }, true, LOG_LOCAL, true },
	{ { "error", 5 }, true, LOG_REMOTE, false },
	{ { "retry", 5 }, true, LOG_REMOTE, false },
	{ { "qmgr", 4 }, false, LOG_REMOTE, false },
	{ { "nqmgr", 5 }, false, LOG_REMOTE, false },
	{ { "oqmgr", 5 }, false, LOG_REMOTE, false },
	{ { "cleanup", 7 }, false, LOG_REMOTE, false },
};

/* The agent of "postfix/smtp", "postfix-out/relay/smtp"; NULL. */
static const struct agent *agent_of(struct span program)
{
	const char *slash = memrchr(program.p, '/', program.n);
	if (!slash)
		return NULL;
	struct span name = text_from(program, (size_t)(slash + 1 - program.p));
	for (size_t i = 0; i < sizeof agents / sizeof *agents; i++)
		if (text_equal(agents[i].name, name))
			return &agents[i];
	return NULL;
}

/* "to=<a@b>, orig_to=<c>, relay=h[i]:25, delay=…, delays=…, dsn=2.0.0, status=sent (250 ok)" */
static void postfix_attempt(struct span text, const struct agent *agent, struct log_line *out)
{
	struct span other;
	bool loopback;
	text = text_from(text, 3);
	if (!log_bracketed(&text, &out->recipients))
		return;
	if (text_starts(text, SPAN(", orig_to="))) {
		text = text_from(text, 10);
		if (!log_bracketed(&text, &other))
			return;
	}
	struct span status = log_value_of(text, SPAN(", status="));
	struct span relay = log_value_of(text, SPAN(", relay="));
	struct span said = text_from(text, (size_t)(status.p - text.p));
	out->relay = log_relay_host(relay, &loopback);
	if (text_equal(relay, SPAN("none")))
		out->relay.n = 0;
	out->reach = loopback ? LOG_HOP : agent->reach;
	if (text_equal(status, SPAN("sent"))) {
		out->outcome = LOG_DELIVERED;
	} else if (text_equal(status, SPAN("bounced"))) {
		out->outcome = LOG_REJECTED;
	} else if (text_equal(status, SPAN("deferred")) || text_equal(status, SPAN("SOFTBOUNCE"))) {
		int reply = log_reply_behind(said, SPAN(" said: "));
		reply = reply ? reply : log_reply_behind(said, SPAN(" refused to talk to me: "));
		out->outcome = agent->tries && log_throttles(reply, said) ? LOG_THROTTLED
									  : LOG_DEFERRED;
	} else {
		return; /* deliverable, undeliverable: a probe of address verification, no mail */
	}
	out->what = LOG_ATTEMPT;
}

/*
 * "info: header X-Campaign-ID: nl10 from localhost[127.0.0.1]; from=<a@b> to=<c@d> proto=ESMTP
 * helo=<x>": header_checks(5), INFO or WARN.
 */
static void postfix_header(struct span text, struct log_line *out)
{
	size_t at = text_find(text, SPAN(": header "));
	if (at == text.n || memchr(text.p, ' ', at))
		return;
	text = text_from(text, at + 9);
	size_t colon = text_find(text, SPAN(": ")), end = text_find(text, SPAN("; from=<"));
	if (end == text.n || colon + 2 > end)
		return;
	struct span value = { text.p + colon + 2, end - colon - 2 };
	for (size_t i = value.n; i-- > 0;)
		if (text_starts(text_from(value, i), SPAN(" from "))) {
			value.n = i;
			break;
		}
	out->header = (struct span){ text.p, colon };
	out->sender = value;
	out->what = LOG_CAMPAIGN;
}

bool maillog_postfix(struct span text, struct span program, struct log_line *out)
{
	const struct agent *agent = agent_of(program);
	if (!agent)
		return text_starts(program, SPAN("postfix"));
	out->mta = LOG_POSTFIX;
	if (!log_take_id(&text, &out->id))
		return true;
	if (agent->delivers) {
		if (text_starts(text, SPAN("to=<")))
			postfix_attempt(text, agent, out);
	} else if (text_starts(text, SPAN("from=<"))) {
		text = text_from(text, 5);
		if (!log_bracketed(&text, &out->sender))
			return true;
		if (text_starts(text, SPAN(", status=expired")) ||
			text_starts(text, SPAN(", status=force-expired")))
			out->what = LOG_EXPIRED;
		else if (text_starts(text, SPAN(", size=")))
			out->what = LOG_ARRIVED;
	} else if (text_equal(text, SPAN("removed"))) {
		out->what = LOG_DONE;
	} else if (text_equal(agent->name, SPAN("cleanup"))) {
		postfix_header(text, out);
	}
	return true;
}
