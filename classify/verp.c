/* The form of the token in a signed return path: verp.h says it. */
#include "classify/verp.h"

#include <stdio.h>

static const char base32[] = "abcdefghijklmnopqrstuvwxyz234567";
enum { HEAD = 1 + VERP_KEY_SIZE - 1 + VERP_MAC_SIZE - 1 };

struct token_writer {
	char *to;
	size_t n, room;
};

static void put_token(struct token_writer *w, char c)
{
	if (w->n < w->room)
		w->to[w->n] = c;
	w->n++;
}

static bool stands_for_itself(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

static void put_field(struct token_writer *w, struct span field)
{
	static const char hex[] = "0123456789abcdef";
	put_token(w, '=');
	for (size_t i = 0; i < field.n; i++) {
		unsigned char c = (unsigned char)field.p[i];
		if (stands_for_itself(field.p[i]) && !(c == '.' && i && field.p[i - 1] == '.')) {
			put_token(w, field.p[i]);
		} else {
			put_token(w, '_');
			put_token(w, hex[c >> 4]);
			put_token(w, hex[c & 15]);
		}
	}
}

size_t verp_encode(const struct verp *v, char *out, size_t room)
{
	struct token_writer w = { out, 0, room };
	const char *at = strrchr(v->recipient, '@');
	put_token(&w, v->full ? 'v' : 'w');
	for (size_t i = 0; i < VERP_KEY_SIZE - 1; i++)
		put_token(&w, v->key[i]);
	for (size_t i = 0; i < VERP_MAC_SIZE - 1; i++)
		put_token(&w, v->mac[i]);
	put_field(&w, span_of(v->campaign));
	if (v->full && at) {
		put_field(&w, (struct span){ v->recipient, (size_t)(at - v->recipient) });
		put_field(&w, span_of(at + 1));
	}
	if (w.n > room || (v->full && !at)) {
		*out = '\0';
		return 0;
	}
	out[w.n] = '\0';
	return w.n;
}

static char lower_token(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

/*
 * The field that begins REST, up to the next '=' or the end; REST then stands behind. False when it
 * is empty, damaged or longer than SIZE - 1.
 */
static bool take_field(struct span *rest, char *out, size_t size)
{
	size_t n = 0, i = 0;
	for (; i < rest->n && rest->p[i] != '='; i++) {
		char c = lower_token(rest->p[i]);
		if (c == '_') {
			int high = i + 2 < rest->n ? ascii_hex(lower_token(rest->p[i + 1])) : -1,
			    low = high >= 0 ? ascii_hex(lower_token(rest->p[i + 2])) : -1;
			if (low < 0 || !(high | low))
				return false;
			c = (char)(high << 4 | low);
			i += 2;
		} else if (!stands_for_itself(c)) {
			return false;
		}
		if (n + 1 >= size)
			return false;
		out[n++] = c;
	}
	out[n] = '\0';
	*rest = i < rest->n ? (struct span){ rest->p + i + 1, rest->n - i - 1 }
			    : (struct span){ rest->p + i, 0 };
	return n > 0;
}

static bool take_base32(struct span text, char *out)
{
	for (size_t i = 0; i < text.n; i++) {
		out[i] = lower_token(text.p[i]);
		if (!out[i] || !strchr(base32, out[i]))
			return false;
	}
	out[text.n] = '\0';
	return true;
}

bool verp_decode(struct span token, struct verp *out)
{
	char domain[EVENT_ADDRESS_SIZE];
	memset(out, 0, sizeof *out);
	if (token.n <= HEAD + 1 || token.p[HEAD] != '=' ||
		(lower_token(token.p[0]) != 'v' && lower_token(token.p[0]) != 'w'))
		return false;
	struct span rest = { token.p + HEAD + 1, token.n - HEAD - 1 };
	out->full = lower_token(token.p[0]) == 'v';
	if (!take_base32((struct span){ token.p + 1, VERP_KEY_SIZE - 1 }, out->key) ||
		!take_base32(
			(struct span){ token.p + VERP_KEY_SIZE, VERP_MAC_SIZE - 1 }, out->mac) ||
		!take_field(&rest, out->campaign, sizeof out->campaign))
		return false;
	if (!out->full)
		return !rest.n;
	bool well = take_field(&rest, out->recipient, sizeof out->recipient) &&
		take_field(&rest, domain, sizeof domain) && !rest.n;
	size_t n = strlen(out->recipient);
	well = well && n + 1 + strlen(domain) < sizeof out->recipient &&
		!strchr(domain, '@'); /* the last one parts them again */
	if (well) {
		out->recipient[n] = '@';
		strcpy(out->recipient + n + 1, domain);
	}
	explicit_bzero(domain, sizeof domain);
	return well;
}
