/*
 * Charsets that mail uses, with the names it uses for them (IANA character-sets
 * registry and the aliases seen in mail), through iconv(3).
 */
#include "classify/charset.h"

#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistr.h>

/*
 * What iconv calls it, then every other name. A wider set stands for its subset, because mail is
 * labelled carelessly.
 */
static const struct {
	const char *iconv_name;
	const char *names[8];
} charset_table[] = {
	{ "WINDOWS-1252",
		{ "iso-8859-1", "iso8859-1", "latin1", "windows-1252", "cp1252",
			"iso-8859-1-windows" } },
	{ "ISO-2022-JP-2", { "iso-2022-jp", "iso-2022-jp-2", "csiso2022jp" } },
	{ "CP932",
		{ "shift_jis", "shift-jis", "sjis", "x-sjis", "cp932", "windows-31j", "ms932" } },
	{ "EUC-JP-MS", { "euc-jp", "eucjp", "x-euc-jp", "eucjp-ms" } },
	{ "GB18030", { "gb18030", "gb2312", "gbk", "gb_2312-80", "cp936", "x-gbk", "euc-cn" } },
	{ "BIG5-HKSCS", { "big5", "big-5", "big5-hkscs", "cp950", "x-big5" } },
	{ "CP949",
		{ "euc-kr", "euckr", "ks_c_5601-1987", "ksc5601", "cp949", "ks_c_5601", "uhc" } },
	{ "ISO-2022-KR", { "iso-2022-kr" } }, { "KOI8-R", { "koi8-r", "koi8r", "cskoi8r" } },
	{ "KOI8-U", { "koi8-u" } }, { "CP1250", { "windows-1250", "cp1250" } },
	{ "CP1251", { "windows-1251", "cp1251" } }, { "CP1253", { "windows-1253", "cp1253" } },
	{ "CP1254", { "windows-1254", "cp1254", "iso-8859-9", "latin5" } },
	{ "CP1255", { "windows-1255", "cp1255", "iso-8859-8", "iso-8859-8-i" } },
	{ "CP1256", { "windows-1256", "cp1256" } }, { "CP1257", { "windows-1257", "cp1257" } },
	{ "CP1258", { "windows-1258", "cp1258" } },
	{ "ISO-8859-2", { "iso-8859-2", "latin2", "iso8859-2" } },
	{ "ISO-8859-3", { "iso-8859-3" } }, { "ISO-8859-4", { "iso-8859-4" } },
	{ "ISO-8859-5", { "iso-8859-5" } }, { "ISO-8859-6", { "iso-8859-6" } },
	{ "ISO-8859-7", { "iso-8859-7" } }, { "ISO-8859-10", { "iso-8859-10" } },
	{ "ISO-8859-13", { "iso-8859-13" } }, { "ISO-8859-14", { "iso-8859-14" } },
	{ "ISO-8859-15", { "iso-8859-15", "latin9", "iso8859-15" } },
	{ "ISO-8859-16", { "iso-8859-16" } },
	{ "CP874", { "tis-620", "windows-874", "cp874", "iso-8859-11" } },
	{ "CP437", { "cp437", "ibm437" } }, { "CP850", { "cp850", "ibm850" } },
	{ "CP852", { "cp852", "ibm852" } }, { "CP866", { "cp866", "ibm866" } },
	{ "UTF-7", { "utf-7", "unicode-1-1-utf-7" } }, { "UTF-16", { "utf-16" } },
	{ "UTF-16LE", { "utf-16le" } }, { "UTF-16BE", { "utf-16be" } }, { "UTF-32", { "utf-32" } },
	{ "UTF-8", { "utf-8", "utf8" } }, /* the last one: with bytes that are none */
};
enum {
	CHARSET_COUNT = sizeof charset_table / sizeof charset_table[0],
	UTF_8 = CHARSET_COUNT - 1,
	ERRORS_MAX = 1000, /* bytes that are no text, after which text needs TEXT_PER_ERROR times as
			      many that are */
	TEXT_PER_ERROR = 8,
	CHARSET_NAMES_MAX = sizeof charset_table[0].names / sizeof charset_table[0].names[0],
};

/*
 * Of a charset that has one byte for each character: what they are in UTF-8. Iconv's own way takes
 * ten times as long.
 */
struct single_byte {
	enum { WIDTH_UNKNOWN, WIDTH_ONE, WIDTH_MORE } width;
	unsigned char length[256];
	char utf8[256][4];
};

struct charsets {
	iconv_t converter[CHARSET_COUNT];
	bool holds_ascii[CHARSET_COUNT]; /* bytes below 128 are ASCII, without escapes */
	bool seven_bits[CHARSET_COUNT];
	struct single_byte single[CHARSET_COUNT];
};

struct charsets *charsets_open(void)
{
	struct charsets *c = calloc(1, sizeof *c);
	if (!c)
		return NULL;
	for (size_t i = 0; i < CHARSET_COUNT; i++)
		c->converter[i] = iconv_open("UTF-8", charset_table[i].iconv_name);
	for (size_t i = 0; i < CHARSET_COUNT; i++) {
		const char *name = charset_table[i].iconv_name;
		c->seven_bits[i] = strncmp(name, "ISO-2022-", 9) == 0 || strcmp(name, "UTF-7") == 0;
		c->holds_ascii[i] = !c->seven_bits[i] && strncmp(name, "UTF-", 4) != 0;
	}
	return c;
}

void charsets_close(struct charsets *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < CHARSET_COUNT; i++)
		if (c->converter[i] != (iconv_t)-1)
			iconv_close(c->converter[i]);
	free(c);
}

static bool is_charset_name(struct span name, const char *known)
{
	return name.n && (name.p[0] | 0x20) == known[0] && span_equal_nocase(name, span_of(known));
}

bool charset_is_utf8(struct span name)
{
	static const char *const names[] = { "us-ascii", "ascii", "utf-8", "utf8", "7bit", "8bit",
		"unknown-8bit", "unknown", "iso-8859-1", "iso-8859-15", "windows-1252",
		"ansi_x3.4-1968" };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (is_charset_name(name, names[i]))
			return true;
	return !name.n;
}

static int charset_number(struct span name)
{
	for (int i = 0; i < CHARSET_COUNT && name.n; i++)
		for (int j = 0; j < CHARSET_NAMES_MAX && charset_table[i].names[j]; j++)
			if (is_charset_name(name, charset_table[i].names[j]))
				return i;
	return -1;
}

static bool is_utf8_name(struct span name)
{
	return span_equal_nocase(name, SPAN("utf-8")) || span_equal_nocase(name, SPAN("utf8"));
}

/* Cuts N bytes of valid UTF-8 that were filled to the brim back to a character boundary. */
static size_t whole_utf8(const char *text, size_t n)
{
	const uint8_t *bad = u8_check((const uint8_t *)text, n);
	return bad ? (size_t)((const char *)bad - text) : n;
}

static void learn_single(iconv_t converter, struct single_byte *s)
{
	s->width = WIDTH_MORE;
	for (unsigned byte = 0; byte < 256; byte++) {
		char one = (char)byte, *in = &one, *to = s->utf8[byte];
		size_t left = 1, room = sizeof s->utf8[byte];
		iconv(converter, NULL, NULL, NULL, NULL);
		if (iconv(converter, &in, &left, &to, &room) == (size_t)-1 && errno == EILSEQ)
			to = (char *)mempcpy(to, "\xef\xbf\xbd", 3);
		if (to == s->utf8[byte]) /* waits for more */
			return;
		s->length[byte] = (unsigned char)(to - s->utf8[byte]);
	}
	s->width = WIDTH_ONE;
}

static size_t convert_single(const struct single_byte *s, struct span text, char *out, size_t size)
{
	size_t n = 0;
	for (size_t i = 0; i < text.n; i++) {
		unsigned char byte = (unsigned char)text.p[i], length = s->length[byte];
		size_t run = byte < 0x80 ? span_ascii_run((struct span){ text.p + i, text.n - i })
					 : 0;
		if (run && run <= size - n) {
			memcpy(out + n, text.p + i, run);
			n += run;
			i += run - 1;
			continue;
		}
		if (n + length > size)
			break;
		if (size - n >= sizeof s->utf8[byte])
			memcpy(out + n, s->utf8[byte], sizeof s->utf8[byte]);
		else
			memcpy(out + n, s->utf8[byte], length);
		n += length;
	}
	return n;
}

/* UTF-8 with bytes that are none. Iconv takes characters beyond Unicode's last for good. */
static size_t repair_utf8(struct span text, char *out, size_t size)
{
	size_t n = 0;
	for (size_t i = 0; i < text.n;) {
		ucs4_t c;
		int length = u8_mbtoucr(&c, (const uint8_t *)text.p + i, text.n - i);
		const char *from = length > 0 ? text.p + i : "\xef\xbf\xbd";
		size_t bytes = length > 0 ? (size_t)length : 3;
		if (bytes > size - n)
			break;
		memcpy(out + n, from, bytes);
		n += bytes;
		i += length > 0 ? (size_t)length : 1;
	}
	return n;
}

static size_t convert(iconv_t converter, struct span text, char *out, size_t size)
{
	char *in = (char *)(uintptr_t)text.p,
	     *to = out; /* iconv() does not write to its input, whatever its type says */
	size_t left = text.n, room = size, errors = 0;
	iconv(converter, NULL, NULL, NULL, NULL);
	while (left && iconv(converter, &in, &left, &to, &room) == (size_t)-1) {
		if (errno == E2BIG || room < 3)
			break;
		if (++errors > ERRORS_MAX && errors * TEXT_PER_ERROR > text.n - left)
			break;                 /* an image, a program: whatever its label says */
		memcpy(to, "\xef\xbf\xbd", 3); /* EILSEQ, EINVAL: this byte is no text */
		to += 3;
		room -= 3;
		in++;
		left--;
	}
	return size - room;
}

size_t charset_to_utf8(
	struct charsets *c, struct span name, struct span text, char *out, size_t size)
{
	if (!text.n)
		return 0;
	int i = charset_number(name);
	bool known = i >= 0 && c->converter[i] != (iconv_t)-1;
	if (((charset_is_utf8(name) || !known) && span_is_utf8(text)) ||
		(known && c->holds_ascii[i] && span_is_ascii(text))) {
		size_t n = text.n < size ? text.n : size;
		memcpy(out, text.p, n);
		return n < text.n ? whole_utf8(out, n) : n;
	}
	if (!known || is_utf8_name(name) ||
		(c->seven_bits[i] && !span_is_ascii(text))) { /* labelled carelessly */
		i = charset_number(charset_guess(text));
		if (c->converter[i] == (iconv_t)-1)
			return 0;
	}
	if (i == UTF_8)
		return repair_utf8(text, out, size);
	if (c->single[i].width == WIDTH_UNKNOWN)
		learn_single(c->converter[i], &c->single[i]);
	if (c->single[i].width == WIDTH_ONE)
		return convert_single(&c->single[i], text, out, size);
	return convert(c->converter[i], text, out, size);
}
