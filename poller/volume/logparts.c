#include "poller/volume/logparts.h"

enum { ID_MIN = 6, ID_MAX = 32 /* of a queue id */ };

struct span log_word(struct span *rest)
{
	const char *blank = memchr(rest->p, ' ', rest->n);
	size_t n = blank ? (size_t)(blank - rest->p) : rest->n;
	struct span out = { rest->p, n };
	while (n < rest->n && rest->p[n] == ' ')
		n++;
	*rest = log_from(*rest, n);
	return out;
}

struct span log_value_of(struct span text, struct span key)
{
	size_t at = log_find(text, key), end;
	if (at == text.n)
		return (struct span){ text.p + at, 0 };
	text = log_from(text, at + key.n);
	for (end = 0; end < text.n && text.p[end] != ',' && text.p[end] != ' '; end++)
		;
	return (struct span){ text.p, end };
}

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

bool log_bracketed(struct span *text, struct span *address)
{
	if (!text->n || text->p[0] != '<')
		return false;
	size_t n = log_address_end(log_from(*text, 1), ">", 1);
	if (n + 1 >= text->n)
		return false;
	*address = (struct span){ text->p + 1, n };
	*text = log_from(*text, n + 2);
	return true;
}

bool log_recipient(struct span *rest, struct span *domain)
{
	while (rest->n && (rest->p[0] == ',' || rest->p[0] == ' '))
		*rest = log_from(*rest, 1);
	if (!rest->n)
		return false;
	size_t n = log_address_end(*rest, ",", 1);
	struct span address = { rest->p, n };
	*rest = log_from(*rest, n);
	while (address.n && (address.p[address.n - 1] == '>' || address.p[address.n - 1] == ' '))
		address.n--;
	const char *at = memrchr(address.p, '@', address.n);
	*domain = at ? log_from(address, (size_t)(at + 1 - address.p))
		     : (struct span){ address.p + address.n, 0 };
	return true;
}

struct span log_relay_host(struct span relay, bool *loopback)
{
	const char *open = memchr(relay.p, '[', relay.n);
	struct span name = { relay.p, open ? (size_t)(open - relay.p) : relay.n };
	struct span ip = open ? log_from(relay, (size_t)(open + 1 - relay.p)) : name;
	*loopback = log_starts(ip, SPAN("127.")) || log_starts(ip, SPAN("::1]")) ||
		log_starts(ip, SPAN("IPv6:::1]"));
	while (name.n && (name.p[name.n - 1] == ' ' || name.p[name.n - 1] == '.'))
		name.n--;
	return name;
}

int log_reply_behind(struct span text, struct span mark)
{
	size_t at = log_find(text, mark);
	if (at == text.n)
		return 0;
	text = log_from(text, at + mark.n);
	return text.n >= 4 && ascii_digit(text.p[0]) && ascii_digit(text.p[1]) &&
			ascii_digit(text.p[2]) && (text.p[3] == ' ' || text.p[3] == '-')
		? (text.p[0] - '0') * 100 + (text.p[1] - '0') * 10 + text.p[2] - '0'
		: 0;
}

bool log_throttles(int reply, struct span text)
{
	if (reply == 421)
		return true;
	if (reply < 400 || reply > 499 ||
		(log_find(text, SPAN(" 4.7.")) == text.n &&
			log_find(text, SPAN("-4.7.")) == text.n))
		return false;
	return span_find_nocase(text, SPAN("greylist")) < 0 &&
		span_find_nocase(text, SPAN("graylist")) < 0 &&
		span_find_nocase(text, SPAN("grey-list")) < 0;
}

bool log_id(struct span *text, struct span *id)
{
	size_t n = 0;
	while (n < text->n && n <= ID_MAX && is_queue_alnum(text->p[n]))
		n++;
	if (n < ID_MIN || n > ID_MAX || !log_starts(log_from(*text, n), SPAN(": ")))
		return false;
	*id = (struct span){ text->p, n };
	*text = log_from(*text, n + 2);
	return true;
}
