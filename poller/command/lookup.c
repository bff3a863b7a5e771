/* Postfix's lookup protocols: socketmap_table(5) and tcp_table(5). */
#include "poller/command/lookup.h"

#include <stdio.h>
#include <string.h>
#include "classify/base/clock.h"

enum { NETSTRING_DIGITS_MAX = 5, TEXT_MAX = 256 };

/*
 * "12:retour a@b.test," (netstring of "NAME KEY"): the map's name is Postfix's own business, there
 * is only one here.
 */
static enum lookup_result parse_socketmap(struct span bytes, struct lookup *out, size_t *used)
{
	size_t length = 0, i = 0;
	for (; i < bytes.n && i < NETSTRING_DIGITS_MAX && bytes.p[i] >= '0' && bytes.p[i] <= '9';
		i++)
		length = length * 10 + (size_t)(bytes.p[i] - '0');
	if (length > LOOKUP_REQUEST_MAX || (i < bytes.n && bytes.p[i] != ':'))
		return LOOKUP_GARBAGE;
	if (i == bytes.n || bytes.n - i - 1 < length + 1)
		return LOOKUP_PARTIAL;
	struct span request = { bytes.p + i + 1, length };
	const char *blank = memchr(request.p, ' ', request.n);
	if (request.p[length] != ',' || !blank)
		return LOOKUP_GARBAGE;
	struct span key = { blank + 1, length - (size_t)(blank + 1 - request.p) };
	if (key.n > LOOKUP_KEY_MAX)
		return LOOKUP_GARBAGE;
	memcpy(out->key, key.p, key.n);
	out->n = key.n;
	*used = i + 1 + length + 1;
	return LOOKUP_REQUEST;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* "get a%20b@c.test": %, white space and what is not printable come as %XX. */
static enum lookup_result parse_tcp(struct span bytes, struct lookup *out, size_t *used)
{
	const struct span get = SPAN("get ");
	const char *newline = memchr(bytes.p, '\n', bytes.n);
	if (memcmp(bytes.p, get.p, bytes.n < get.n ? bytes.n : get.n))
		return LOOKUP_GARBAGE;
	if (!newline)
		return bytes.n >= LOOKUP_REQUEST_MAX ? LOOKUP_GARBAGE : LOOKUP_PARTIAL;
	if (newline < bytes.p + get.n)
		return LOOKUP_GARBAGE;
	struct span text = span_trim(
		(struct span){ bytes.p + get.n, (size_t)(newline - bytes.p) - get.n });
	for (size_t i = 0; i < text.n; i++) {
		char byte = text.p[i];
		if (byte == '%') {
			int high = i + 2 < text.n ? hex_digit(text.p[i + 1]) : -1,
			    low = high >= 0 ? hex_digit(text.p[i + 2]) : -1;
			if (low < 0)
				return LOOKUP_GARBAGE;
			byte = (char)(high << 4 | low);
			i += 2;
		}
		if (out->n == LOOKUP_KEY_MAX)
			return LOOKUP_GARBAGE;
		out->key[out->n++] = byte;
	}
	*used = (size_t)(newline - bytes.p) + 1;
	return LOOKUP_REQUEST;
}

enum lookup_result lookup_parse(struct span bytes, struct lookup *out, size_t *used)
{
	*used = 0;
	out->n = 0;
	if (!bytes.n)
		return LOOKUP_PARTIAL;
	out->protocol = bytes.p[0] >= '0' && bytes.p[0] <= '9' ? LOOKUP_SOCKETMAP : LOOKUP_TCP;
	enum lookup_result result = out->protocol == LOOKUP_SOCKETMAP
		? parse_socketmap(bytes, out, used)
		: parse_tcp(bytes, out, used);
	out->key[out->n] = '\0';
	return result;
}

size_t lookup_reply(
	enum lookup_protocol protocol, enum lookup_answer answer, const char *text, char *buffer)
{
	static const char *const socketmap[] = {
		[LOOKUP_FOUND] = "OK", [LOOKUP_NONE] = "NOTFOUND", [LOOKUP_LATER] = "TEMP"
	};
	static const char *const tcp[] = {
		[LOOKUP_FOUND] = "200", [LOOKUP_NONE] = "500", [LOOKUP_LATER] = "400"
	};
	char reply[LOOKUP_REPLY_SIZE / 2 + 64], *to = reply;
	if (protocol == LOOKUP_SOCKETMAP) {
		int n = snprintf(reply, sizeof reply, "%s %.*s", socketmap[answer], TEXT_MAX, text);
		return (size_t)snprintf(buffer, LOOKUP_REPLY_SIZE, "%d:%s,", n, reply);
	}
	/* a blank within the text is allowed; only % has a meaning */
	for (size_t i = 0; text[i] && i < TEXT_MAX && to < reply + sizeof reply - 4; i++)
		to += text[i] == '%' ? sprintf(to, "%%25") : sprintf(to, "%c", text[i]);
	*to = '\0';
	return (size_t)snprintf(buffer, LOOKUP_REPLY_SIZE, "%s %s\n", tcp[answer],
		answer == LOOKUP_NONE ? "none" : reply);
}

enum lookup_answer lookup_action(const struct answer *a, char *text)
{
	switch (a->verdict) {
	/*
	 * whoever may connect hears this: not why, not since when. The operator asks `retour
	 * contact show`
	 */
	case VERDICT_SUPPRESS:
		snprintf(text, LOOKUP_REPLY_SIZE, "550 5.1.1 recipient refused");
		return LOOKUP_FOUND;
	case VERDICT_HOLD:
		snprintf(text, LOOKUP_REPLY_SIZE, "450 4.2.1 recipient deferred");
		return LOOKUP_FOUND;
	default:
		*text = '\0';
		return LOOKUP_NONE;
	}
}
