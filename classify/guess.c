/*
 * Which charset text is in whose mail does not say so (RFC 6657 section 4 leaves that open, and old
 * systems send their national one). Told by the looks of the bytes above 127 alone:
 *
 *   they stand alone between ASCII letters         Western or Central European
 *   they stand in words, nearly all from 0xc0 on   Cyrillic; small letters lie low in KOI8-R, high
 *                                                  in windows-1251
 *   they stand in pairs                            Chinese, Japanese, Korean, by which first bytes
 *                                                  are frequent
 */
#include "classify/charset.h"

enum {
	PERCENT_CYRILLIC = 95, /* of the bytes above 127: from 0xc0 on */
	PERCENT_KANA = 20,     /* of the pairs: every Japanese sentence has so many */
	PERCENT_HANGUL = 90,
	PERCENT_LOW_TRAIL = 10, /* of the pairs of Big5 end in an ASCII byte */
	RUN_EUROPEAN = 2,       /* bytes above 127, or pairs, in a row, on average, below that */
	SAMPLE_MAX = 2048,      /* bytes that are looked at */
	SAMPLE_BEFORE = 64,     /* and before the first above 127 */
	/* of UTF-8: more of them, and it is UTF-8 that was cut or damaged */
	SEQUENCES_PER_ERROR = 2
};

struct looks {
	size_t high, runs;                /* bytes above 127, and the rows in which they stand */
	size_t letters_low, letters_high; /* 0xc0 to 0xdf, 0xe0 to 0xff */
	size_t sequences, errors;         /* of UTF-8 */
	size_t windows, latin2, either; /* inside a word: letters of windows-1250, of ISO-8859-2, of
					   both; signs in windows-1252 */
	size_t polish;                  /* of the last ones, those that only Polish has */
};

struct pairs {
	bool error; /* bytes that are no pair: there the count ends */
	size_t count;
	size_t kana, hangul, symbols, low_trail;
	size_t rows; /* in which they stand */
};

static bool is_guessed_letter(unsigned char c)
{
	return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c >= 0xc0;
}

/* Length of the UTF-8 sequence at I, 0 when there is none. */
static size_t sequence(const unsigned char *p, size_t n, size_t i)
{
	size_t length;
	if (p[i] >= 0xf0)
		length = 4;
	else if (p[i] >= 0xe0)
		length = 3;
	else if (p[i] >= 0xc2)
		length = 2;
	else
		length = 0;
	if (!length || length > n - i || p[i] > 0xf4)
		return 0;
	for (size_t k = 1; k < length; k++)
		if ((p[i + k] & 0xc0) != 0x80)
			return 0;
	return length;
}

static void count_utf8(struct looks *l, const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t length = p[i] < 0x80 ? 1 : sequence(p, n, i);
		l->sequences += length > 1;
		l->errors += !length;
		i += length ? length : 1;
	}
}

/*
 * A byte between two letters that is a sign in windows-1252 ("mog\xb3a") is a letter in another
 * charset.
 */
static void count_central(struct looks *l, unsigned char c)
{
	static const char windows[] = "\x8a\x8c\x8e\x8f\x9a\x9c\x9d\x9e\x9f",
			  latin2[] = "\xb1\xb5\xb6\xbb\xbc\xbe", either[] = "\xb3\xb9\xba\xbf";
	l->windows += strchr(windows, c) != NULL;
	l->latin2 += strchr(latin2, c) != NULL;
	l->either += strchr(either, c) != NULL;
	l->polish += c == 0xb3 || c == 0xbf;
}

static void look(struct looks *l, const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] < 0x80)
			continue;
		l->high++;
		l->runs += i == 0 || p[i - 1] < 0x80;
		l->letters_low += p[i] >= 0xc0 && p[i] < 0xe0;
		l->letters_high += p[i] >= 0xe0;
		if (p[i] < 0xc0 && i > 0 && i + 1 < n && is_guessed_letter(p[i - 1]) &&
			is_guessed_letter(p[i + 1]))
			count_central(l, p[i]);
	}
	count_utf8(l, p, n);
}

/* EUC: both bytes from 0xa1 on. */
static struct pairs read_euc(const unsigned char *p, size_t n)
{
	struct pairs s = { 0 };
	for (size_t i = 0; i < n; i++) {
		if (p[i] < 0x80)
			continue;
		if (p[i] < 0xa1 || i + 1 == n || p[i + 1] < 0xa1) {
			s.error = true;
			break;
		}
		s.count++;
		s.kana += p[i] == 0xa4 || p[i] == 0xa5;
		s.symbols += p[i] < 0xb0;
		s.hangul += p[i] >= 0xb0 && p[i] <= 0xc8;
		i++;
	}
	return s;
}

static bool is_trail(unsigned char c, unsigned char high)
{
	return (c >= 0x40 && c <= 0x7e) || c >= high;
}

static struct pairs read_shift_jis(const unsigned char *p, size_t n)
{
	struct pairs s = { 0 };
	for (size_t i = 0; i < n; i++) {
		if (p[i] < 0x80 || (p[i] >= 0xa1 && p[i] <= 0xdf))
			continue;
		if (p[i] == 0x80 || p[i] == 0xa0 || p[i] > 0xfc || i + 1 == n ||
			!is_trail(p[i + 1], 0x80)) {
			s.error = true;
			break;
		}
		s.count++;
		s.kana += p[i] == 0x82 || p[i] == 0x83;
		i++;
	}
	return s;
}

static struct pairs read_big5(const unsigned char *p, size_t n)
{
	struct pairs s = { 0 };
	size_t end = n; /* of the pair before */
	for (size_t i = 0; i < n; i++) {
		if (p[i] < 0x80)
			continue;
		if (p[i] < 0xa1 || p[i] > 0xf9 || i + 1 == n || !is_trail(p[i + 1], 0xa1)) {
			s.error = true;
			break;
		}
		s.count++;
		s.low_trail += p[i + 1] < 0x80;
		s.rows += end != i;
		end = i++ + 2;
	}
	return s;
}

static bool is_part(size_t part, size_t whole, size_t percent)
{
	return whole && part * 100 >= whole * percent;
}

static struct span european(const struct looks *l)
{
	if (!l->windows && !l->latin2 && !l->either)
		return SPAN("windows-1252");
	if (l->windows != l->latin2)
		return l->windows > l->latin2 ? SPAN("windows-1250") : SPAN("iso-8859-2");
	return l->polish ? SPAN("windows-1250") : SPAN("iso-8859-2");
}

/*
 * As much of TEXT as tells: from its first byte above 127 on, cut at a blank so that no character
 * is.
 */
static struct span sample_text(struct span text)
{
	size_t i = 0;
	while (i < text.n && (unsigned char)text.p[i] < 0x80)
		i++;
	size_t begin = i > SAMPLE_BEFORE ? i - SAMPLE_BEFORE : 0, end = i + SAMPLE_MAX;
	while (end < text.n && !strchr(" \t\r\n", text.p[end]))
		end++;
	if (end > text.n)
		end = text.n;
	return (struct span){ text.p + begin, end - begin };
}

struct span charset_guess(struct span text)
{
	text = sample_text(text);
	const unsigned char *p = (const unsigned char *)text.p;
	struct looks l = { 0 };
	look(&l, p, text.n);
	if (l.sequences > l.errors * SEQUENCES_PER_ERROR)
		return SPAN("utf-8");
	struct pairs jis = read_shift_jis(p, text.n);
	if (!jis.error && is_part(jis.kana, jis.count, PERCENT_KANA))
		return SPAN("shift_jis");
	struct pairs big5 = read_big5(p, text.n);
	if (!big5.error && big5.count >= big5.rows * RUN_EUROPEAN &&
		is_part(big5.low_trail, big5.count, PERCENT_LOW_TRAIL))
		return SPAN("big5");
	if (l.high < l.runs * RUN_EUROPEAN)
		return european(&l);
	if (is_part(l.letters_low + l.letters_high, l.high, PERCENT_CYRILLIC))
		return l.letters_low > l.letters_high ? SPAN("koi8-r") : SPAN("windows-1251");
	struct pairs euc = read_euc(p, text.n);
	if (euc.error)
		return european(&l);
	if (is_part(euc.kana, euc.count, PERCENT_KANA))
		return SPAN("euc-jp");
	return is_part(euc.hangul, euc.count - euc.symbols, PERCENT_HANGUL) ? SPAN("euc-kr")
									    : SPAN("gb18030");
}
