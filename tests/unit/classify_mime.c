/* The splitter on whole and on damaged messages; headers, encodings, charsets, HTML. */
#include "classify_fixture.h"
#include "classify/header.h"
#include "classify/html.h"
#include "classify/mime.h"
#include "classify/transfer.h"

static struct mime mime;
static struct arena arena;
static struct charsets *charsets;

static int setup(void **state)
{
	(void)state;
	arena.size = 4 << 20;
	arena.base = malloc(arena.size);
	charsets = charsets_open();
	return arena.base && charsets ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	free(arena.base);
	charsets_close(charsets);
	return 0;
}

#define TWO(boundary_parameter, first, second, last) \
	"Content-Type: multipart/mixed; " boundary_parameter "\n\npreamble\n" first \
	"\nContent-Type: text/plain\n\none\n" second \
	"\nContent-Type: text/html\n\n<p>two</p>\n" last

/* Each is a message of two parts, "one" and "<p>two</p>", in another state of repair. */
static void finds_the_parts(void **state)
{
	(void)state;
	static const char *const messages[] = {
		TWO("boundary=b", "--b", "--b", "--b--\nepilogue"),
		TWO("boundary=\"b\"", "--b", "--b", ""), /* never closed */
		TWO("boundary=\"b\n\tc\n d\"", "--b c d", "--b c d",
			"--b c d--"), /* folded at its blanks, once with a tab */
		TWO("boundary=\"b c\"", "--b c", "--b c  ",
			"--b c--"),                             /* a blank inside, blanks behind */
		TWO("boundary=\"\\b\"", "--b", "--b", "--b--"), /* quoted pair */
		TWO("boundary=b; charset=x", "--b", "--b", "--b--"),
		TWO("boundary*=us-ascii'en'%62", "--b", "--b", "--b--"), /* RFC 2231 */
		TWO("boundary*0=b; boundary*1=\"c\"", "--bc", "--bc", "--bc--"),
		TWO("boundary*0*=''b%20; boundary*1=\"c\"", "--b c", "--b c", "--b c--"),
		TWO("charset=x", "--b", "--b", "--b--"),      /* no boundary at all */
		TWO("boundary=other", "--b", "--b", "--b--"), /* one that never comes */
		TWO("boundary=\"\"", "--b", "--b", "--b--"),
		TWO("boundary=b", "--b--\n\n--b", "--b", "--b--"), /* closed, then opened */
		TWO("boundary=\nfoo", "--b", "--b", "--b--"),
	};
	for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
		mime_split(&mime, span_of(messages[i]));
		if (mime.count != 3)
			fail_msg("message %zu has %zu parts", i, mime.count);
		ASSERT_SPAN(mime.part[1].body, "one");
		assert_true(part_is(&mime.part[2], "text/html"));
		ASSERT_SPAN(span_trim(mime.part[2].body), "<p>two</p>");
		ASSERT_SPAN(part_text(&mime.part[2], &arena, charsets), "two\n");
	}
}

static void takes_line_ends_as_they_come(void **state)
{
	(void)state;
	static const char message[] = TWO("boundary=b", "--b", "--b", "--b--");
	char text[sizeof message * 2];
	static const char *const ends[] = { "\n", "\r\n", "\r" };
	for (size_t e = 0; e < 3; e++) {
		size_t n = 0;
		for (size_t i = 0; i + 1 < sizeof message; i++) {
			if (message[i] != '\n') {
				text[n++] = message[i];
				continue;
			}
			memcpy(text + n, ends[e], strlen(ends[e]));
			n += strlen(ends[e]);
		}
		mime_split(&mime, (struct span){ text, n });
		assert_int_equal(mime.count, 3);
		ASSERT_SPAN(mime.part[1].body, "one");
	}
}

static void reads_nested_parts(void **state)
{
	(void)state;
	mime_split(&mime,
		SPAN("From x Mon Nov  2 08:00:00 2026\nContent-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/alternative; boundary=ab\n\n"
		     "--ab\n\nplain\n--ab\nContent-Type: text/html\n\nhtml\n--a\n\nlast\n--a--\n"));
	assert_int_equal(mime.count, 5);
	assert_int_equal(mime.part[2].depth, 2);
	ASSERT_SPAN(mime.part[2].body, "plain");
	ASSERT_SPAN(mime.part[3].body, "html"); /* the inner multipart was never closed */
	ASSERT_SPAN(mime.part[4].body, "last");
	assert_int_equal(mime.part[4].depth, 1);
}

static void finds_where_the_body_begins(void **state)
{
	(void)state;
	static const struct {
		const char *message, *body;
	} cases[] = {
		{ "A: b\n\nbody", "body" },
		{ "\r\n\r\nA: b\r\n\r\nbody", "body" },
		{ "A: b\n c\njunk line\nB: c\n\nbody", "body" },
		{ "A: b\nno field\nnor this\nnor that\nnor this one\n\nx",
			"no field\nnor this\nnor that\nnor this one\n\nx" },
		{ "A: b\n--b\nx", "--b\nx" },
		{ "A: b", "" },
		{ "", "" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		mime_split(&mime, span_of(cases[i].message));
		assert_int_equal(mime.count, 1);
		ASSERT_SPAN(mime.part[0].body, cases[i].body);
	}
}

static void decodes_transfer_encodings(void **state)
{
	(void)state;
	char out[64];
	static const struct {
		const char *in, *out;
	} base64[] = { { "SGVsbG8=", "Hello" }, { "SGVs\r\nbG8", "Hello" }, { "SGVsbG", "Hell" },
		{ "S*G!V\"s\nbG8=", "Hello" }, { "SA==SGk=", "HHi" }, { "====", "" }, { "", "" } };
	static const struct {
		const char *in, *out;
	} quoted[] = { { "a=20b=\r\nc=3D", "a bc=" }, { "a=", "a" }, { "a=4", "a=4" },
		{ "=zz", "=zz" }, { "a=  \nb", "ab" }, { "=e4", "\xe4" } };
	for (size_t i = 0; i < sizeof base64 / sizeof base64[0]; i++)
		ASSERT_SPAN(((struct span){
				    out, base64_decode(span_of(base64[i].in), out, sizeof out) }),
			base64[i].out);
	for (size_t i = 0; i < sizeof quoted / sizeof quoted[0]; i++)
		ASSERT_SPAN(
			((struct span){ out,
				quoted_printable_decode(span_of(quoted[i].in), out, sizeof out) }),
			quoted[i].out);
	assert_int_equal(base64_decode(SPAN("SGVsbG8="), out, 2), 2);
	assert_int_equal(quoted_printable_decode(SPAN("Hello"), out, 2), 2);
}

/*
 * White space anywhere in base64, and room that ends anywhere, change nothing of what is written.
 */
static void decodes_base64_cut_anywhere(void **state)
{
	(void)state;
	static const char in[] = "VGhlIG1haWxib3ggaXMgZnVsbCwgdHJ5IGFnYWlu",
			  want[] = "The mailbox is full, try again";
	for (size_t at = 0; at <= sizeof in - 1; at++)
		for (size_t size = 0; size <= sizeof want; size++) {
			char text[64], out[64];
			int n = snprintf(text, sizeof text, "%.*s\r\n %s", (int)at, in, in + at);
			size_t got = base64_decode((struct span){ text, (size_t)n }, out, size);
			assert_int_equal(got, size < sizeof want - 1 ? size : sizeof want - 1);
			assert_memory_equal(out, want, got);
		}
}

/*
 * A header's fields are found once, those beyond FIELDS_MAX as they are asked for: folds, junk
 * between them and the end count the same for all.
 */
static void finds_all_fields(void **state)
{
	(void)state;
	enum { MANY = 3 * FIELDS_MAX };
	static char text[MANY * 64];
	struct fields fields;
	struct field f, one;
	for (unsigned many = FIELDS_MAX - 2; many <= MANY; many++) {
		size_t n = 0, count = 0;
		for (unsigned i = 0; i < many; i++)
			n += (size_t)sprintf(text + n,
				i % 3 ? "N%u: v%u\r\n\tfold \r\n"
				      : "N%u: v%u\nno field\n and no fold\n",
				i, i);
		n += (size_t)sprintf(text + n,
			"Last: x\r\n \r\n\tmore\r\n \r\nAfter: z\r\n\r\nBody: y\n"); /* only an
											empty line
											ends a
											header */
		struct span body, header = mime_header((struct span){ text, n }, &body, &fields),
				  rest = header;
		ASSERT_SPAN(body, "Body: y\n");
		for (struct fields_at at = { 0 }; fields_next(&fields, &at, &f); count++) {
			assert_true(header_next(&rest, &one, NULL));
			assert_true(f.name.p == one.name.p && f.name.n == one.name.n &&
				f.value.p == one.value.p && f.value.n == one.value.n);
		}
		assert_int_equal(count, many + 2);
		ASSERT_SPAN(fields_find(&fields, SPAN("after")), "z");
		assert_int_equal(fields_find(&fields, SPAN("body")).n, 0);
	}
}

/* The line that parts may begin at any byte, with dashes and line ends before it that are none. */
static void finds_boundaries_anywhere(void **state)
{
	(void)state;
	for (int at = 0; at < 70; at++)
		for (int crlf = 0; crlf < 2; crlf++) {
			char text[256];
			const char *eol = crlf ? "\r\n" : "\n";
			sprintf(text,
				"Content-Type: multipart/mixed; boundary=b%s%s%.*s%s--b%s%sone%s--b--%s",
				eol, eol, at,
				"--x\n-\n-b\n\n-- \nx--b\n--cb\n-\n--c\n-----\n---------------------------------------------",
				eol, eol, eol, eol, eol);
			mime_split(&mime, span_of(text));
			assert_int_equal(mime.count, 2);
			ASSERT_SPAN(mime.part[1].body, "one");
		}
}

static void reads_header_fields(void **state)
{
	(void)state;
	struct span header = SPAN(
		"Subject : folded\r\n\t value\r\nno colon\r\nTo:x\r\n \r\nEmpty:\r\n");
	ASSERT_SPAN(header_find(header, SPAN("subject")), "folded\r\n\t value");
	ASSERT_SPAN(header_find(header, SPAN("TO")), "x");
	assert_int_equal(header_find(header, SPAN("Cc")).n, 0);
	char value[16];
	struct span type = SPAN(
		"text/plain; a=\"b;\\\"c\"; charset = utf-8 ; long=0123456789abcdefgh");
	ASSERT_SPAN(
		((struct span){ value, header_parameter(type, SPAN("a"), value, sizeof value) }),
		"b;\"c");
	ASSERT_SPAN(((struct span){
			    value, header_parameter(type, SPAN("charset"), value, sizeof value) }),
		"utf-8");
	assert_int_equal(header_parameter(type, SPAN("long"), value, sizeof value), 0);
	assert_int_equal(header_parameter(type, SPAN("x"), value, sizeof value), 0);
	ASSERT_SPAN(header_token(SPAN(" 7bit (really)")), "7bit");
}

static void reads_encoded_words(void **state)
{
	(void)state;
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "plain", "plain" }, { "=?utf-8?Q?j=C3=B6rg_x?= end", "j\xc3\xb6rg x end" },
		{ "=?iso-8859-1?q?j=F6rg?=", "j\xc3\xb6rg" },
		{ "=?utf-8?b?44GT?=\r\n =?utf-8?b?44KT?=", "\xe3\x81\x93\xe3\x82\x93" },
		{ "=?utf-8?b?44E=?= =?utf-8?b?kw==?=",
			"\xe3\x81\x93" }, /* a character cut between two words */
		{ "=?iso-2022-jp?B?GyRCJDMbKEI=?=", "\xe3\x81\x93" },
		{ "=?x-nonsense?Q?a=E4b?=",
			"a\xc3\xa4"
			"b" },
		{ "=?utf-8?x?abc?=", "=?utf-8?x?abc?=" }, { "=?utf-8?q?abc", "=?utf-8?q?abc" },
		{ "a\r\n b", "a b" },
		{ "caf\xe9", "caf\xc3\xa9" }, /* 8-bit, no word about its charset */
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		ASSERT_SPAN(header_text(&arena, charsets, span_of(cases[i].in)), cases[i].out);
}

static void reads_charsets(void **state)
{
	(void)state;
	static const struct {
		const char *name, *in, *out;
	} cases[] = {
		{ "utf-8", "\xc3\xb6", "\xc3\xb6" },
		{ "utf-8", "\xf6", "\xc3\xb6" },        /* says so, is not */
		{ "us-ascii", "\x80", "\xe2\x82\xac" }, /* windows-1252 */
		{ "ISO-8859-1", "\xf6", "\xc3\xb6" },
		{ "iso-8859-15", "\xa4", "\xe2\x82\xac" },
		{ "Shift_JIS", "\x82\xb1", "\xe3\x81\x93" },
		{ "EUC-JP", "\xa4\xb3", "\xe3\x81\x93" },
		{ "gb2312", "\xc4\xe3", "\xe4\xbd\xa0" },
		{ "big5", "\xa7\x41", "\xe4\xbd\xa0" },
		{ "euc-kr", "\xb0\xa1", "\xea\xb0\x80" },
		{ "koi8-r", "\xd0", "\xd0\xbf" },
		{ "windows-1251", "\xef", "\xd0\xbf" },
		{ "iso-8859-2", "\xb1", "\xc4\x85" },
		{ "koi8-r", "", "" },
	};
	char out[64];
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		ASSERT_SPAN(((struct span){ out,
				    charset_to_utf8(charsets, span_of(cases[i].name),
					    span_of(cases[i].in), out, sizeof out) }),
			cases[i].out);
	/* Too little room: whole characters only. */
	assert_int_equal(charset_to_utf8(charsets, SPAN("koi8-r"), SPAN("\xd0\xd0"), out, 3), 2);
	assert_int_equal(
		charset_to_utf8(charsets, SPAN("utf-8"), SPAN("\xc3\xb6\xc3\xb6"), out, 3), 2);
}

static void strips_html(void **state)
{
	(void)state;
	char out[128];
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "<p>a<br>b</p>", "a\nb\n" },
		{ "<style>p{}</style><script>if(a<b)</script>x", "x" },
		{ "&lt;u@example.org&gt; &auml;&#228;&#xe4;&nbsp;&bogus; &",
			"<u@example.org> \xc3\xa4\xc3\xa4\xc3\xa4 &bogus; &" },
		{ "<user@example.org>", "<user@example.org>" }, /* an address that nobody escaped */
		{ "a < b", "a < b" },
		{ "a<!-- <p> -->b", "ab" },
		{ "unclosed <a href=", "unclosed" },
		{ "<td>a</td><td>b</td>", "a b" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		ASSERT_SPAN(
			((struct span){ out, html_text(span_of(cases[i].in), out, sizeof out) }),
			cases[i].out);
}

/* The limits, each at its edge. */
static void keeps_its_limits(void **state)
{
	(void)state;
	char *text = malloc(1 << 20);
	assert_non_null(text);
	size_t n = (size_t)sprintf(text, "Content-Type: multipart/mixed; boundary=b\n\n");
	for (unsigned i = 0; i < MIME_PARTS_MAX + 10; i++)
		n += (size_t)sprintf(text + n, "--b\n\n%u\n", i);
	mime_split(&mime, (struct span){ text, n });
	assert_int_equal(mime.count, MIME_PARTS_MAX);
	assert_true(mime.overflow);
	n = 0;
	for (unsigned i = 0; i < 1000; i++)
		n += (size_t)sprintf(
			text + n, "Content-Type: multipart/mixed; boundary=b%u\n\n--b%u\n", i, i);
	mime_split(&mime, (struct span){ text, n });
	assert_int_equal(mime.part[mime.count - 1].depth, MIME_DEPTH_MAX);
	for (unsigned extra = 0; extra < 2;
		extra++) { /* the longest boundary that is read, and one byte more */
		char boundary[MIME_BOUNDARY_MAX + 2];
		memset(boundary, 'x', sizeof boundary);
		boundary[MIME_BOUNDARY_MAX + extra] = '\0';
		n = (size_t)sprintf(text,
			"Content-Type: multipart/mixed; boundary=%s\n\n--%s\n\none\n", boundary,
			boundary);
		mime_split(&mime, (struct span){ text, n });
		assert_int_equal(mime.count, extra ? 1 : 2);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_parts),
		cmocka_unit_test(takes_line_ends_as_they_come),
		cmocka_unit_test(reads_nested_parts),
		cmocka_unit_test(finds_where_the_body_begins),
		cmocka_unit_test(decodes_transfer_encodings),
		cmocka_unit_test(decodes_base64_cut_anywhere),
		cmocka_unit_test(finds_all_fields),
		cmocka_unit_test(finds_boundaries_anywhere),
		cmocka_unit_test(reads_header_fields),
		cmocka_unit_test(reads_encoded_words),
		cmocka_unit_test(reads_charsets),
		cmocka_unit_test(strips_html),
		cmocka_unit_test(keeps_its_limits),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
