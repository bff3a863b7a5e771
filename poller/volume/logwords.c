#include "poller/volume/logwords.h"

#include "poller/volume/logtext.h"
#include "poller/volume/maillog.h"

enum { ID_MIN = 6, ID_MAX = 32 /* of a queue id */ };

/*
 * The length of the address at the begin of TEXT, which ends before one of ENDS; what is in double
 * quotes does not end it.
 */
size_t log_address_end(struct span text, const char *ends, size_t count)
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
bool log_bracketed(struct span *text, struct span *address)
{
	if (!text->n || text->p[0] != '<')
		return false;
	size_t n = log_address_end(text_from(*text, 1), ">", 1);
	if (n + 1 >= text->n)
		return false;
	*address = (struct span){ text->p + 1, n };
	*text = text_from(*text, n + 2);
	return true;
}

/*
 * "mx.example.net[192.0.2.1]:25", "mx.example.net [192.0.2.1]", "mx.example.net. [192.0.2.1]": the
 * name; *LOOPBACK: it is this host.
 */
struct span log_relay_host(struct span relay, bool *loopback)
{
	const char *open = memchr(relay.p, '[', relay.n);
	struct span name = { relay.p, open ? (size_t)(open - relay.p) : relay.n };
	struct span ip = open ? text_from(relay, (size_t)(open + 1 - relay.p)) : name;
	*loopback = text_starts(ip, SPAN("127.")) || text_starts(ip, SPAN("::1]")) ||
		text_starts(ip, SPAN("IPv6:::1]"));
	while (name.n && (name.p[name.n - 1] == ' ' || name.p[name.n - 1] == '.'))
		name.n--;
	return name;
}

/* The first "ddd" that a server can have answered in TEXT, behind MARK; 0. */
int log_reply_behind(struct span text, struct span mark)
{
	size_t at = text_find(text, mark);
	if (at == text.n)
		return 0;
	text = text_from(text, at + mark.n);
	return text.n >= 4 && ascii_digit(text.p[0]) && ascii_digit(text.p[1]) &&
			ascii_digit(text.p[2]) && (text.p[3] == ' ' || text.p[3] == '-')
		? (text.p[0] - '0') * 100 + (text.p[1] - '0') * 10 + text.p[2] - '0'
		: 0;
}

/*
 * Did the receiver say "slower"? 421, or 4.7.x in REPLY's answer. A greylister says 4.7.1 too and
 * means something else, and 4.7.5 and 4.7.0 about TLS are our own server's words, in which there is
 * no reply code.
 */
bool log_throttles(int reply, struct span text)
{
	if (reply == 421)
		return true;
	if (reply < 400 || reply > 499 ||
		(text_find(text, SPAN(" 4.7.")) == text.n &&
			text_find(text, SPAN("-4.7.")) == text.n))
		return false;
	return span_find_nocase(text, SPAN("greylist")) < 0 &&
		span_find_nocase(text, SPAN("graylist")) < 0 &&
		span_find_nocase(text, SPAN("grey-list")) < 0;
}

/* "ID: " at the begin of TEXT. */
bool log_take_id(struct span *text, struct span *id)
{
	size_t n = 0;
	while (n < text->n && n <= ID_MAX && is_queue_alnum(text->p[n]))
		n++;
	if (n < ID_MIN || n > ID_MAX || !text_starts(text_from(*text, n), SPAN(": ")))
		return false;
	*id = (struct span){ text->p, n };
	*text = text_from(*text, n + 2);
	return true;
}
