/* sendmail: Installation and Operation Guide section 2.1, deliver.c. */
#include "poller/volume/logforms.h"

#include "poller/volume/logtext.h"
#include "poller/volume/logwords.h"

/*
 * Where the mailers that sendmail's m4 files make end; with one that a site has made it depends on
 * whether a relay is named.
 */
static const struct {
	struct span name;
	enum log_reach reach;
} mailers[] = {
	{ { "esmtp", 5 }, LOG_REMOTE },
	{ { "smtp", 4 }, LOG_REMOTE },
	{ { "smtp8", 5 }, LOG_REMOTE },
	{ { "dsmtp", 5 }, LOG_REMOTE },
	{ { "relay", 5 }, LOG_REMOTE },
	{ { "local", 5 }, LOG_LOCAL },
	{ { "prog", 4 }, LOG_LOCAL },
	{ { "*file*", 6 }, LOG_LOCAL },
	{ { "*include*", 9 }, LOG_LOCAL },
	{ { "procmail", 8 }, LOG_LOCAL },
	{ { "lmtp", 4 }, LOG_LOCAL },
	{ { "cyrus", 5 }, LOG_LOCAL },
	{ { "cyrusv2", 7 }, LOG_LOCAL },
	{ { "dovecot", 7 }, LOG_LOCAL },
	{ { "discard", 7 }, LOG_LOCAL },
};

/*
 * "to=<a@b>,<c@d>, delay=00:00:01, xdelay=…, mailer=esmtp, pri=…, relay=mx.example.net.
 * [192.0.2.1], dsn=2.0.0, stat=Sent (ok)". The list ends before ", delay=" or ", ctladdr=": a comma
 * and a blank.
 */
static void sendmail_attempt(struct span text, struct log_line *out)
{
	bool loopback = false, quoted = false;
	size_t end = 0;
	text = text_from(text, 3);
	for (; end + 1 < text.n && (quoted || text.p[end] != ',' || text.p[end + 1] != ' '); end++)
		quoted ^= text.p[end] == '"';
	out->recipients = (struct span){ text.p, end };
	text = text_from(text, end < text.n ? end : text.n);
	size_t at = text_find(text, SPAN(", stat="));
	if (at == text.n)
		return;
	struct span fields = { text.p, at }, stat = text_from(text, at + 7);
	struct span mailer = log_value_of(fields, SPAN(", mailer=")),
		    dsn = log_value_of(fields, SPAN(", dsn="));
	size_t relay_at = text_find(fields, SPAN(", relay="));
	if (relay_at < fields.n) {
		struct span relay = text_from(fields, relay_at + 8);
		relay.n = text_find(relay, SPAN(", "));
		out->relay = log_relay_host(relay, &loopback);
	}
	out->reach = relay_at < fields.n || !mailer.n ? LOG_REMOTE : LOG_LOCAL;
	for (size_t i = 0; i < sizeof mailers / sizeof *mailers; i++)
		if (text_equal(mailer, mailers[i].name))
			out->reach = mailers[i].reach;
	if (loopback)
		out->reach = LOG_HOP;
	if (text_starts(stat, SPAN("queued")))
		return;
	if (text_starts(stat, SPAN("Sent")))
		out->outcome = LOG_DELIVERED;
	else if (text_starts(stat, SPAN("Deferred")) || (dsn.n && dsn.p[0] == '4'))
		out->outcome = log_throttles(log_reply_behind(stat, SPAN("Deferred: ")), stat)
			? LOG_THROTTLED
			: LOG_DEFERRED;
	else
		out->outcome = LOG_REJECTED;
	out->what = LOG_ATTEMPT;
}

bool maillog_sendmail(struct span text, struct log_line *out)
{
	out->mta = LOG_SENDMAIL;
	if (!log_take_id(&text, &out->id))
		return true;
	if (text_starts(text, SPAN("to="))) {
		sendmail_attempt(text, out);
	} else if (text_starts(text, SPAN("from="))) {
		struct span rest = text_from(text, 5);
		if (!log_bracketed(&rest, &out->sender))
			out->sender = (struct span){ rest.p, log_address_end(rest, ",", 1) };
		out->what = text_find(rest, SPAN(", size=")) < rest.n ? LOG_ARRIVED : LOG_NOTHING;
	} else if (text_starts(text, SPAN("done; "))) {
		out->what = LOG_DONE;
	} else if (log_take_id(&text, &out->notice)) { /* "NEWID: sender notify: Cannot send message
						      for 5 days", "NEWID: DSN: User unknown" */
		if (text_find(text, SPAN(": Cannot send message ")) < text.n)
			out->what = LOG_EXPIRED;
	}
	return true;
}
