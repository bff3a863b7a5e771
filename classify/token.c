/* The tokens that are no short ASCII words: folded into a scratch of their own. */
#include "classify/token.h"

#include <unistr.h>

uint64_t token_hash(const char *p, size_t n)
{
	uint64_t hash = 0;
	for (; n >= BYTES; p += BYTES, n -= BYTES)
		hash = hash_bytes(hash, bytes_load(p));
	return hash_end(n ? hash_bytes(hash, bytes_load_some(p, n)) : hash);
}

static void add_char(struct scratch *s, size_t *length, ucs4_t c)
{
	uint8_t bytes[6];
	int n = u8_uctomb(bytes, c, sizeof bytes);

	for (int i = 0; i < n; i++) {
		s->word[*length] = (char)bytes[i];
		*length += *length < WORD_MAX;
	}
}

/* T is folded, N bytes of S, and ends at P. */
static void end_token(const struct letters *l, struct token *t, const struct scratch *s, size_t n,
	const unsigned char *p, const unsigned char *end)
{
	t->bytes = s->word;
	t->n = n;
	t->hash = token_hash(s->word, n);
	t->folded = true;
	t->end = p;
	t->next = skip_blanks(l, p, end);
	t->blank_behind = t->next > p;
}

struct token token_wide(const struct letters *l, const unsigned char *p, const unsigned char *end,
	struct scratch *s)
{
	struct token t = { .begin = p };
	size_t n = 0;

	while (p < end) {
		ucs4_t c;
		int length = u8_mbtouc(&c, p, (size_t)(end - p));
		unsigned kind = letters_fold(l, &c);

		if (kind != CHAR_NOTHING && kind != CHAR_LETTER && n)
			break;
		if (kind == CHAR_BLANK)
			t.blank = true;
		if (kind == CHAR_LETTER || kind == CHAR_SIGN) {
			if (!n)
				t.begin = p;
			add_char(s, &n, c);
		}
		p += length;
		if (kind == CHAR_SIGN)
			break;
	}
	end_token(l, &t, s, n, p, end);
	return t;
}

struct token token_long(const struct letters *l, const unsigned char *p, const unsigned char *end,
	struct scratch *s)
{
	struct token t = { .begin = p };
	size_t n = 0;

	while (p < end && l->ascii[*p] >= CHAR_LETTER) {
		s->word[n] = (char)l->ascii[*p++];
		n += n < WORD_MAX;
	}
	if (p < end && l->ascii[*p] == CHAR_WIDE)
		return token_wide(l, t.begin, end, s);
	end_token(l, &t, s, n, p, end);
	return t;
}
