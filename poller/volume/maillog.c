/*
 * What the three mail servers write, from their sources and manuals: Postfix log_adhoc.c and
 * qmgr_active.c, Exim's specification chapter "Log files", sendmail's Installation and Operation
 * Guide section 2.1 and deliver.c. In a line everything that a stranger can choose (an address, the
 * other server's answer) stands behind what decides, or is passed over as the quoted thing that it
 * is.
 */
#include "poller/volume/maillog.h"

#include <time.h>

enum {
	ID_MIN = 6,
	ID_MAX = 32, /* of a queue id */
	DAY_SECONDS = 86400,
	EPOCH_2000 = 946684800, /* no log is older */
	YEARS_BACK = 8,         /* two leap years are that far apart around 2100 */
	STAMP_MINUTE = 16,
	ZONE_MAX = 6, /* "2026-11-02T06:00", "+01:00" */
};

/* --- small pieces --------------------------------------------------------- */

static inline bool is_log_digit(char c)
{
	return c >= '0' && c <= '9';
}
static inline bool is_queue_alnum(char c)
{
	return is_log_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static inline struct span from(struct span text, size_t at)
{
	return (struct span){ text.p + at, text.n - at };
}

static inline bool starts(struct span text, struct span prefix)
{
	return text.n >= prefix.n && !memcmp(text.p, prefix.p, prefix.n);
}

static inline bool equal(struct span a, struct span b)
{
	return a.n == b.n && !memcmp(a.p, b.p, a.n);
}

/* Where NEEDLE stands in TEXT; TEXT.n when it does not. */
static inline size_t find_form(struct span text, struct span needle)
{
	const char *at = memmem(text.p, text.n, needle.p, needle.n);
	return at ? (size_t)(at - text.p) : text.n;
}

/* Cuts the word before the next blank off REST, with the blanks behind it. */
static struct span log_word(struct span *rest)
{
	const char *blank = memchr(rest->p, ' ', rest->n);
	size_t n = blank ? (size_t)(blank - rest->p) : rest->n;
	struct span out = { rest->p, n };
	while (n < rest->n && rest->p[n] == ' ')
		n++;
	*rest = from(*rest, n);
	return out;
}

/* What follows KEY up to a comma, a blank or the end; "" when KEY is not there. KEY ends in '='. */
static struct span log_value_of(struct span text, struct span key)
{
	size_t at = find_form(text, key), end;
	if (at == text.n)
		return (struct span){ text.p + at, 0 };
	text = from(text, at + key.n);
	for (end = 0; end < text.n && text.p[end] != ',' && text.p[end] != ' '; end++)
		;
	return (struct span){ text.p, end };
}

static int two_digits(const char *p)
{
	return is_log_digit(p[0]) && is_log_digit(p[1]) ? (p[0] - '0') * 10 + p[1] - '0' : -1;
}

/* --- time stamps ---------------------------------------------------------- */

/*
 * The minute that TM says, whose zone is ZONE minutes east of UTC or, when LOCAL, the process's; -1
 * when there is no such day.
 */
static int64_t minute_of(const struct tm *tm, bool local, int zone)
{
	struct tm copy = *tm;
	copy.tm_isdst = -1;
	int64_t at = local ? (int64_t)mktime(&copy) : (int64_t)timegm(&copy) - zone * 60;
	return copy.tm_mday == tm->tm_mday && at > 0 ? at : -1;
}

/* "Nov  2 06:00": the last year in which that is no more than a day behind the reference. */
static int64_t minute_without_year(const struct log_clock *clock, struct tm tm)
{
	time_t latest = (time_t)(clock->reference + DAY_SECONDS);
	struct tm now;
	localtime_r(&latest, &now);
	for (int back = 0; back <= YEARS_BACK; back++) {
		tm.tm_year = now.tm_year - back;
		int64_t at = minute_of(&tm, true, 0);
		if (at > 0 && at <= latest)
			return at;
	}
	return -1;
}

static int month_of_stamp(const char *p)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	for (int i = 0; i < 12; i++)
		if (!memcmp(p, months + i * 3, 3))
			return i;
	return -1;
}

/* "hh:mm:ss" at P: hour and minute into TM, the seconds are returned; -1. */
static int stamp_time(const char *p, struct tm *tm)
{
	int second = two_digits(p + 6);
	tm->tm_hour = two_digits(p);
	tm->tm_min = two_digits(p + 3);
	return p[2] == ':' && p[5] == ':' && tm->tm_hour >= 0 && tm->tm_hour < 24 &&
			tm->tm_min >= 0 && tm->tm_min < 60 && second <= 60
		? second
		: -1;
}

/*
 * "Z", "+01:00", "+0100" at the begin of TEXT as minutes east of UTC; its length, 0 when there is
 * none.
 */
static size_t zone_of_stamp(struct span text, int *minutes)
{
	*minutes = 0;
	if (text.n && (text.p[0] == 'Z' || text.p[0] == 'z'))
		return 1;
	if (text.n < 5 || (text.p[0] != '+' && text.p[0] != '-'))
		return 0;
	size_t colon = text.p[3] == ':';
	int hours = two_digits(text.p + 1),
	    rest = text.n >= 5 + colon ? two_digits(text.p + 3 + colon) : -1;
	if (hours < 0 || rest < 0)
		return 0;
	*minutes = (hours * 60 + rest) * (text.p[0] == '-' ? -1 : 1);
	return 5 + colon;
}

/* STAMP is all that the minute depends on; lines of the same minute are reckoned once. */
static int64_t cached(struct log_clock *clock, struct span stamp, const struct tm *tm, bool year,
	bool local, int zone)
{
	if (clock->n && clock->n == stamp.n && !memcmp(clock->stamp, stamp.p, stamp.n))
		return clock->minute;
	clock->minute = year ? minute_of(tm, local, zone) : minute_without_year(clock, *tm);
	clock->n = stamp.n <= sizeof clock->stamp ? stamp.n : 0;
	memcpy(clock->stamp, stamp.p, clock->n);
	return clock->minute;
}

enum stamp { STAMP_NONE, STAMP_SYSLOG, STAMP_BARE /* Exim's own: no host, no program behind it */ };

/* "Nov  2 06:00:00 ". */
static enum stamp take_rfc3164(struct span *line, struct log_clock *clock, int64_t *at)
{
	struct tm tm = { 0 };
	const char *p = line->p;
	if (line->n < 16 || p[15] != ' ' || p[3] != ' ' || p[6] != ' ' ||
		(tm.tm_mon = month_of_stamp(p)) < 0)
		return STAMP_NONE;
	tm.tm_mday = p[4] == ' ' && is_log_digit(p[5]) ? p[5] - '0' : two_digits(p + 4);
	int second = stamp_time(p + 7, &tm);
	int64_t minute = tm.tm_mday >= 1 && second >= 0
		? cached(clock, (struct span){ p, 12 }, &tm, false, true, 0)
		: -1;
	if (minute < 0)
		return STAMP_NONE;
	*at = minute + second;
	*line = from(*line, 16);
	return STAMP_SYSLOG;
}

/* "2026-11-02T06:00:00.123+01:00 " and "2026-11-02 06:00:00.123 +0100 ". */
static enum stamp take_rfc3339(struct span *line, struct log_clock *clock, int64_t *at)
{
	struct tm tm = { 0 };
	const char *p = line->p;
	int century, zone = 0;
	if (line->n < 20 || p[4] != '-' || p[7] != '-' || (p[10] != 'T' && p[10] != ' ') ||
		(century = two_digits(p)) < 19 || two_digits(p + 2) < 0)
		return STAMP_NONE;
	tm.tm_year = century * 100 + two_digits(p + 2) - 1900;
	tm.tm_mon = two_digits(p + 5) - 1;
	tm.tm_mday = two_digits(p + 8);
	int second = stamp_time(p + 11, &tm);
	if (second < 0 || tm.tm_mon < 0 || tm.tm_mon > 11 || tm.tm_mday < 1)
		return STAMP_NONE;
	struct span rest = from(*line, 19);
	if (rest.n && (rest.p[0] == '.' || rest.p[0] == ','))
		for (rest = from(rest, 1); rest.n && is_log_digit(rest.p[0]); rest = from(rest, 1))
			;
	bool bare = p[10] == ' ';
	if (bare && rest.n)
		rest = from(rest, 1);
	size_t n = zone_of_stamp(rest, &zone);
	if (n < rest.n && rest.p[n] != ' ')
		n = 0; /* a message id that begins with a Z */
	char stamp[STAMP_MINUTE + ZONE_MAX];
	memcpy(stamp, p, STAMP_MINUTE);
	memcpy(stamp + STAMP_MINUTE, rest.p, n);
	int64_t minute = cached(
		clock, (struct span){ stamp, STAMP_MINUTE + n }, &tm, true, !n, zone);
	if (minute < EPOCH_2000 || minute > clock->now + DAY_SECONDS)
		return STAMP_NONE;
	*at = minute + second;
	rest = from(rest, n);
	while (rest.n && rest.p[0] == ' ')
		rest = from(rest, 1);
	*line = rest;
	return bare ? STAMP_BARE : STAMP_SYSLOG;
}

/*
 * What stands before the program's own words: stamp, host, program. STAMP_BARE leaves host and
 * program empty.
 */
static enum stamp take_head(
	struct span *line, struct log_clock *clock, struct log_line *out, struct span *program)
{
	bool framed = false; /* RFC 5424: "<22>1 stamp host program pid msgid - text" */
	*program = out->host = (struct span){ line->p, 0 };
	if (line->n && line->p[0] == '<') {
		size_t close = find_form(*line, SPAN(">"));
		if (close > 4 || close == line->n)
			return STAMP_NONE;
		*line = from(*line, close + 1);
		framed = starts(*line, SPAN("1 "));
		*line = from(*line, framed ? 2 : 0);
	}
	enum stamp stamp = line->n && is_log_digit(line->p[0])
		? take_rfc3339(line, clock, &out->at)
		: take_rfc3164(line, clock, &out->at);
	if (stamp != STAMP_SYSLOG)
		return stamp;
	out->host = log_word(line);
	*program = log_word(line);
	if (framed) {
		log_word(line); /* process id, message id, structured data: none that a mail server
			       writes */
		log_word(line);
		log_word(line);
		return stamp;
	}
	const char *end = memchr(program->p, '[', program->n);
	end = end ? end : memchr(program->p, ':', program->n);
	program->n = end ? (size_t)(end - program->p) : program->n;
	return stamp;
}

/* --- what they have in common --------------------------------------------- */

/*
 * The length of the address at the begin of TEXT, which ends before one of ENDS; what is in double
 * quotes does not end it.
 */
static size_t address_end(struct span text, const char *ends, size_t count)
{
	bool quoted = false;
	size_t i = 0;
	for (; i < text.n; i++) {
		if (quoted && text.p[i] == '\\')
			i++;
		else if (text.p[i] == '"')
			quoted = !quoted;
		else if (!quoted && memchr(ends, text.p[i], count))
			break;
	}
	return i < text.n ? i : text.n;
}

/* "<address>" at the begin of TEXT, which is cut behind it. */
static bool log_bracketed(struct span *text, struct span *address)
{
	if (!text->n || text->p[0] != '<')
		return false;
	size_t n = address_end(from(*text, 1), ">", 1);
	if (n + 1 >= text->n)
		return false;
	*address = (struct span){ text->p + 1, n };
	*text = from(*text, n + 2);
	return true;
}

bool log_recipient(struct span *rest, struct span *domain)
{
	while (rest->n && (rest->p[0] == ',' || rest->p[0] == ' '))
		*rest = from(*rest, 1);
	if (!rest->n)
		return false;
	size_t n = address_end(*rest, ",", 1);
	struct span address = { rest->p, n };
	*rest = from(*rest, n);
	while (address.n && (address.p[address.n - 1] == '>' || address.p[address.n - 1] == ' '))
		address.n--;
	const char *at = memrchr(address.p, '@', address.n);
	*domain = at ? from(address, (size_t)(at + 1 - address.p))
		     : (struct span){ address.p + address.n, 0 };
	return true;
}

/*
 * "mx.example.net[192.0.2.1]:25", "mx.example.net [192.0.2.1]", "mx.example.net. [192.0.2.1]": the
 * name; *LOOPBACK: it is this host.
 */
static struct span relay_host(struct span relay, bool *loopback)
{
	const char *open = memchr(relay.p, '[', relay.n);
	struct span name = { relay.p, open ? (size_t)(open - relay.p) : relay.n };
	struct span ip = open ? from(relay, (size_t)(open + 1 - relay.p)) : name;
	*loopback = starts(ip, SPAN("127.")) || starts(ip, SPAN("::1]")) ||
		starts(ip, SPAN("IPv6:::1]"));
	while (name.n && (name.p[name.n - 1] == ' ' || name.p[name.n - 1] == '.'))
		name.n--;
	return name;
}

/* The first "ddd" that a server can have answered in TEXT, behind MARK; 0. */
static int reply_behind(struct span text, struct span mark)
{
	size_t at = find_form(text, mark);
	if (at == text.n)
		return 0;
	text = from(text, at + mark.n);
	return text.n >= 4 && is_log_digit(text.p[0]) && is_log_digit(text.p[1]) &&
			is_log_digit(text.p[2]) && (text.p[3] == ' ' || text.p[3] == '-')
		? (text.p[0] - '0') * 100 + (text.p[1] - '0') * 10 + text.p[2] - '0'
		: 0;
}

/*
 * Did the receiver say "slower"? 421, or 4.7.x in REPLY's answer. A greylister says 4.7.1 too and
 * means something else, and 4.7.5 and 4.7.0 about TLS are our own server's words, in which there is
 * no reply code.
 */
static bool throttles(int reply, struct span text)
{
	if (reply == 421)
		return true;
	if (reply < 400 || reply > 499 ||
		(find_form(text, SPAN(" 4.7.")) == text.n &&
			find_form(text, SPAN("-4.7.")) == text.n))
		return false;
	return span_find_nocase(text, SPAN("greylist")) < 0 &&
		span_find_nocase(text, SPAN("graylist")) < 0 &&
		span_find_nocase(text, SPAN("grey-list")) < 0;
}

/* --- Postfix -------------------------------------------------------------- */

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
	struct span name = from(program, (size_t)(slash + 1 - program.p));
	for (size_t i = 0; i < sizeof agents / sizeof *agents; i++)
		if (equal(agents[i].name, name))
			return &agents[i];
	return NULL;
}

/* "ID: " at the begin of TEXT. */
static bool take_id(struct span *text, struct span *id)
{
	size_t n = 0;
	while (n < text->n && n <= ID_MAX && is_queue_alnum(text->p[n]))
		n++;
	if (n < ID_MIN || n > ID_MAX || !starts(from(*text, n), SPAN(": ")))
		return false;
	*id = (struct span){ text->p, n };
	*text = from(*text, n + 2);
	return true;
}

/* "to=<a@b>, orig_to=<c>, relay=h[i]:25, delay=…, delays=…, dsn=2.0.0, status=sent (250 ok)" */
static void postfix_attempt(struct span text, const struct agent *agent, struct log_line *out)
{
	struct span other;
	bool loopback;
	text = from(text, 3);
	if (!log_bracketed(&text, &out->recipients))
		return;
	if (starts(text, SPAN(", orig_to="))) {
		text = from(text, 10);
		if (!log_bracketed(&text, &other))
			return;
	}
	struct span status = log_value_of(text, SPAN(", status="));
	struct span relay = log_value_of(text, SPAN(", relay="));
	struct span said = from(text, (size_t)(status.p - text.p));
	out->relay = relay_host(relay, &loopback);
	if (equal(relay, SPAN("none")))
		out->relay.n = 0;
	out->reach = loopback ? LOG_HOP : agent->reach;
	if (equal(status, SPAN("sent"))) {
		out->outcome = LOG_DELIVERED;
	} else if (equal(status, SPAN("bounced"))) {
		out->outcome = LOG_REJECTED;
	} else if (equal(status, SPAN("deferred")) || equal(status, SPAN("SOFTBOUNCE"))) {
		int reply = reply_behind(said, SPAN(" said: "));
		reply = reply ? reply : reply_behind(said, SPAN(" refused to talk to me: "));
		out->outcome = agent->tries && throttles(reply, said) ? LOG_THROTTLED
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
	size_t at = find_form(text, SPAN(": header "));
	if (at == text.n || memchr(text.p, ' ', at))
		return;
	text = from(text, at + 9);
	size_t colon = find_form(text, SPAN(": ")), end = find_form(text, SPAN("; from=<"));
	if (end == text.n || colon + 2 > end)
		return;
	struct span value = { text.p + colon + 2, end - colon - 2 };
	for (size_t i = value.n; i-- > 0;)
		if (starts(from(value, i), SPAN(" from "))) {
			value.n = i;
			break;
		}
	out->header = (struct span){ text.p, colon };
	out->sender = value;
	out->what = LOG_CAMPAIGN;
}

static bool read_postfix(struct span text, struct span program, struct log_line *out)
{
	const struct agent *agent = agent_of(program);
	if (!agent)
		return starts(program, SPAN("postfix"));
	out->mta = LOG_POSTFIX;
	if (!take_id(&text, &out->id))
		return true;
	if (agent->delivers) {
		if (starts(text, SPAN("to=<")))
			postfix_attempt(text, agent, out);
	} else if (starts(text, SPAN("from=<"))) {
		text = from(text, 5);
		if (!log_bracketed(&text, &out->sender))
			return true;
		if (starts(text, SPAN(", status=expired")) ||
			starts(text, SPAN(", status=force-expired")))
			out->what = LOG_EXPIRED;
		else if (starts(text, SPAN(", size=")))
			out->what = LOG_ARRIVED;
	} else if (equal(text, SPAN("removed"))) {
		out->what = LOG_DONE;
	} else if (equal(agent->name, SPAN("cleanup"))) {
		postfix_header(text, out);
	}
	return true;
}

/* --- Exim ----------------------------------------------------------------- */

/* "1oabcD-000Abc-1X", and since 4.97 "1oabcD-00000000Abc-1XyZ". */
static bool exim_id(struct span id)
{
	size_t middle = id.n == 16 ? 6 : id.n == 23 ? 11 : 0;
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
	text.n = outcome == LOG_DELIVERED ? find_form(text, SPAN(" C=\""))
					  : find_form(text, SPAN(": "));
	return text;
}

/*
 * "SMTP error from remote mail server after RCPT TO:<user@example.net>: 421 4.7.0 …": the answer
 * stands behind the command.
 */
static bool exim_throttled(struct span text)
{
	size_t at = find_form(text, SPAN("SMTP error from remote mail server"));
	if (at == text.n)
		return false;
	text = from(text, at);
	for (size_t i = 0; i + 5 < text.n; i++)
		if (text.p[i] == ':' && text.p[i + 1] == ' ' && is_log_digit(text.p[i + 2]))
			return throttles(reply_behind(from(text, i), SPAN(": ")), text);
	return false;
}

/* "user@example.net R=dnslookup T=remote_smtp H=mx.example.net [192.0.2.1] …" */
static void exim_attempt(struct span text, struct log_line *out)
{
	bool loopback = false;
	size_t n = address_end(text, " ", 1);
	out->recipients = (struct span){ text.p, n };
	if (n && text.p[n - 1] == ':') { /* "** user@example.net: Unrouteable address" */
		out->recipients.n--;
		n--;
	}
	struct span rest = from(text, n), fields = exim_fields(rest, out->outcome);
	size_t host = find_form(fields, SPAN(" H="));
	out->reach = LOG_REMOTE;
	if (host < fields.n) {
		struct span relay = from(fields, host + 3);
		size_t close = find_form(relay, SPAN("]"));
		relay.n = close < relay.n ? close + 1 : relay.n;
		out->relay = relay_host(relay, &loopback);
	} else if (out->outcome == LOG_DELIVERED) {
		out->reach = LOG_LOCAL;
	}
	if (loopback)
		out->reach = LOG_HOP;
	if (out->outcome == LOG_DEFERRED && exim_throttled(rest))
		out->outcome = LOG_THROTTLED;
}

static bool read_exim(struct span text, bool syslog, struct log_line *out)
{
	int64_t inner = 0;
	struct log_clock scratch = { .now = INT64_MAX / 2 };
	if (syslog && text.n &&
		is_log_digit(
			text.p[0])) /* its own stamp behind syslog's; the line's time is known */
		take_rfc3339(&text, &scratch, &inner);
	if (text.n && text.p[0] == '[')
		log_word(&text); /* log_selector = +pid */
	struct span rest = text, id = log_word(&rest), flag = log_word(&rest);
	if (!exim_id(id)) /* what it says of itself tells that this is its log */
		return syslog || starts(text, SPAN("exim ")) ||
			starts(text, SPAN("Start queue run")) ||
			starts(text, SPAN("End queue run"));
	out->mta = LOG_EXIM;
	out->id = id;
	for (size_t i = 0; i < sizeof exim_flags / sizeof *exim_flags; i++) {
		if (!equal(flag, exim_flags[i].text))
			continue;
		out->what = exim_flags[i].what;
		out->outcome = exim_flags[i].outcome;
		if (out->what == LOG_ARRIVED) {
			out->sender = (struct span){ rest.p, address_end(rest, " ", 1) };
			if (equal(out->sender, SPAN("<>")))
				out->sender.n = 0;
		} else if (out->what == LOG_ATTEMPT) {
			exim_attempt(rest, out);
		}
	}
	return true;
}

/* --- sendmail ------------------------------------------------------------- */

static bool is_sendmail(struct span program)
{
	return equal(program, SPAN("sendmail")) || starts(program, SPAN("sm-"));
}

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
	text = from(text, 3);
	for (; end + 1 < text.n && (quoted || text.p[end] != ',' || text.p[end + 1] != ' '); end++)
		quoted ^= text.p[end] == '"';
	out->recipients = (struct span){ text.p, end };
	text = from(text, end < text.n ? end : text.n);
	size_t at = find_form(text, SPAN(", stat="));
	if (at == text.n)
		return;
	struct span fields = { text.p, at }, stat = from(text, at + 7);
	struct span mailer = log_value_of(fields, SPAN(", mailer=")),
		    dsn = log_value_of(fields, SPAN(", dsn="));
	size_t relay_at = find_form(fields, SPAN(", relay="));
	if (relay_at < fields.n) {
		struct span relay = from(fields, relay_at + 8);
		relay.n = find_form(relay, SPAN(", "));
		out->relay = relay_host(relay, &loopback);
	}
	out->reach = relay_at < fields.n || !mailer.n ? LOG_REMOTE : LOG_LOCAL;
	for (size_t i = 0; i < sizeof mailers / sizeof *mailers; i++)
		if (equal(mailer, mailers[i].name))
			out->reach = mailers[i].reach;
	if (loopback)
		out->reach = LOG_HOP;
	if (starts(stat, SPAN("queued")))
		return;
	if (starts(stat, SPAN("Sent")))
		out->outcome = LOG_DELIVERED;
	else if (starts(stat, SPAN("Deferred")) || (dsn.n && dsn.p[0] == '4'))
		out->outcome = throttles(reply_behind(stat, SPAN("Deferred: ")), stat)
			? LOG_THROTTLED
			: LOG_DEFERRED;
	else
		out->outcome = LOG_REJECTED;
	out->what = LOG_ATTEMPT;
}

static bool read_sendmail(struct span text, struct log_line *out)
{
	out->mta = LOG_SENDMAIL;
	if (!take_id(&text, &out->id))
		return true;
	if (starts(text, SPAN("to="))) {
		sendmail_attempt(text, out);
	} else if (starts(text, SPAN("from="))) {
		struct span rest = from(text, 5);
		if (!log_bracketed(&rest, &out->sender))
			out->sender = (struct span){ rest.p, address_end(rest, ",", 1) };
		out->what = find_form(rest, SPAN(", size=")) < rest.n ? LOG_ARRIVED : LOG_NOTHING;
	} else if (starts(text, SPAN("done; "))) {
		out->what = LOG_DONE;
	} else if (take_id(&text, &out->notice)) { /* "NEWID: sender notify: Cannot send message for
						      5 days", "NEWID: DSN: User unknown" */
		if (find_form(text, SPAN(": Cannot send message ")) < text.n)
			out->what = LOG_EXPIRED;
	}
	return true;
}

bool maillog_read(struct span line, struct log_clock *clock, struct log_line *out)
{
	struct span program;
	memset(out, 0, sizeof *out);
	while (line.n && (line.p[line.n - 1] == '\r' || line.p[line.n - 1] == ' '))
		line.n--;
	switch (take_head(&line, clock, out, &program)) {
	case STAMP_NONE:
		return false;
	case STAMP_BARE:
		return read_exim(line, false, out);
	case STAMP_SYSLOG:
		break;
	}
	if (is_sendmail(program))
		return read_sendmail(line, out);
	if (starts(program, SPAN("exim")))
		return read_exim(line, true, out);
	return read_postfix(line, program, out);
}
