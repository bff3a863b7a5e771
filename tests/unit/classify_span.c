/*
 * Spans: lines end as mail ends them, text comes out as UTF-8 whatever came in, and no call is
 * slower than its bytes.
 */
#include "classify/base/bytes.h"
#include "classify/base/wipe.h"
#include "classify/header.h"
#include "classify_fixture.h"

static void trims_and_compares(void **state)
{
	(void)state;
	ASSERT_SPAN(span_trim(SPAN(" \t\r\n a b \r\n")), "a b");
	assert_int_equal(span_trim(SPAN(" \t\r\n")).n, 0);
	assert_true(span_equal_nocase(SPAN("Message-ID"), SPAN("message-id")));
	assert_false(span_equal_nocase(SPAN("a["), SPAN("A{"))); /* 0x20 apart, no letters */
	assert_true(span_starts_nocase(SPAN("From: x"), SPAN("FROM:")));
	assert_true(span_ends_nocase(SPAN("mx.Example.ORG"), SPAN(".example.org")));
	assert_false(span_ends_nocase(SPAN("org"), SPAN("example.org")));
	assert_int_equal(span_find_nocase(SPAN("a bC d"), SPAN("BC")), 2);
	assert_int_equal(span_find_nocase(SPAN("abc"), SPAN("abcd")), -1);
}

/*
 * Sixteen bytes are looked at at once: whatever lies across their edges is found, and nothing
 * behind the end is.
 */
static void finds_at_any_place(void **state)
{
	(void)state;
	char text[64];
	for (size_t size = 1; size < sizeof text; size++)
		for (size_t at = 0; at < size; at++)
			for (size_t n = 1; n <= 20 && at + n < sizeof text; n++) {
				static const char needle[] = "@bc-defghijklmnopqrst";
				memset(text, '`', sizeof text); /* 0x20 above '@' */
				for (size_t i = 0; i < n; i++)
					text[at + i] = needle[i] >= 'a' && i % 2 ? needle[i] - 0x20
										 : needle[i];
				long found = span_find_nocase(
					(struct span){ text, size }, (struct span){ needle, n });
				assert_int_equal(found, at + n <= size ? (long)at : -1);
			}
}

static void cuts_lines(void **state)
{
	(void)state;
	struct span rest = SPAN("a\r\nb\nc\rd\r\n\r\ne"), line;
	static const char *const want[] = { "a", "b", "c", "d", "", "e" };
	for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
		assert_true(span_line(&rest, &line));
		ASSERT_SPAN(line, want[i]);
	}
	assert_false(span_line(&rest, &line));
}

/* The end of a line at any place of what span_line() looks at at once. */
static void cuts_long_lines(void **state)
{
	(void)state;
	char text[300];
	for (size_t at = 0; at < 270; at++) {
		memset(text, 'x', sizeof text);
		text[at] = '\r';
		text[at + 1] = '\n';
		struct span rest = { text, sizeof text }, line;
		assert_true(span_line(&rest, &line));
		assert_int_equal(line.n, at);
		assert_true(span_line(&rest, &line));
		assert_int_equal(line.n, sizeof text - at - 2);
	}
}

static void many_lines_cost_their_bytes(void **state)
{
	(void)state;
	enum { SIZE = 4 << 20 };
	char *text = malloc(SIZE);
	assert_non_null(text);
	memset(text, '\r', SIZE);
	struct span rest = { text, SIZE }, line;
	size_t lines = 0;
	double begin = seconds_now();
	while (span_line(&rest, &line))
		lines++;
	assert_int_equal(lines, SIZE);
	assert_true(seconds_now() - begin < 2);
	free(text);
}

static void copies_text_as_utf8(void **state)
{
	(void)state;
	char buffer[32];
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "  a \r\n\t b  ", "a b" },
		{ "a\x01\x7f"
		  "b",
			"a b" },
		{ "j\xc3\xb6rg", "j\xc3\xb6rg" }, { "j\xf6rg", "j\xef\xbf\xbdrg" },
		{ "a\xc2\x85"
		  "b",
			"a b" }, /* NEL, a control of Latin-1 */
		{ "a\xe2\x80\xa8"
		  "b",
			"a b" }, /* LINE SEPARATOR */
		{ "\xef\xbf\xbd"
		  "x",
			"\xef\xbf\xbdx" }, /* the character itself stays one */
		{ "\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" }, /* a surrogate */
		{ "\xef\xbf\xbe\xef\xbf\xbf", "\xef\xbf\xbd\xef\xbf\xbd" }, /* U+FFFE: no XML */
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t n = span_copy_text(buffer, sizeof buffer, span_of(cases[i].in));
		assert_string_equal(buffer, cases[i].out);
		assert_int_equal(n, strlen(cases[i].out));
		assert_true(span_is_utf8((struct span){ buffer, n }));
	}
}

/*
 * Ordinary words are copied sixteen bytes at once: rows of blanks at every place come out as one,
 * whatever the room.
 */
static void copies_words_from_any_place(void **state)
{
	(void)state;
	for (size_t at = 0; at < 40; at++)
		for (size_t blanks = 0; blanks < 20; blanks++)
			for (size_t size = 1; size < 64; size += 7) {
				char text[80], want[80], buffer[64];
				size_t n = 0, i = 0;
				snprintf(text, sizeof text, "%.*s%*s%s", (int)at,
					"one two, three four five six seven eight nine",
					(int)blanks, "", "end of it ");
				for (const char *p = text; *p; p++)
					if (*p != ' ' || (n && p[1] && p[1] != ' '))
						want[n++] = *p;
				want[n] = '\0';
				if (n >= size) /* whole characters that fit, and a blank only in
						  front of one */
					n = size - 1 - (size > 1 && want[size - 2] == ' ');
				i = span_copy_text(buffer, size, span_of(text));
				assert_int_equal(i, n);
				assert_memory_equal(buffer, want, n);
				assert_int_equal(buffer[n], '\0');
			}
}

static void cuts_at_a_character(void **state)
{
	(void)state;
	char buffer[8];
	struct span text = SPAN(
		"abcdef\xe5\xae\x9b"); /* the last character would need bytes 7 to 9 */
	assert_int_equal(span_copy_text(buffer, sizeof buffer, text), 6);
	assert_string_equal(buffer, "abcdef");
	assert_int_equal(span_copy_text(buffer, 1, text), 0);
	assert_string_equal(buffer, "");
	assert_int_equal(span_copy_text(NULL, 0, text), 0);
}

static char one_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Every pair of bytes, at each place of texts of every length that is compared in another way. */
static void case_is_folded_as_one_by_one(void **state)
{
	char a[24], b[24];
	(void)state;
	for (size_t n = 1; n < sizeof a; n++)
		for (size_t at = 0; at < n; at++)
			for (unsigned pair = 0; pair<256 * 256; pair += n> 9 ? 7 : 1) {
				memset(a, 'x', n);
				memset(b, 'X', n);
				a[at] = (char)(pair & 255);
				b[at] = (char)(pair >> 8);
				assert_int_equal(span_same_nocase(a, b, n),
					one_lower(a[at]) == one_lower(b[at]));
			}
}

static void wiping_ends_where_it_should(void **state)
{
	char text[200];
	(void)state;
	for (size_t begin = 0; begin < 20; begin++)
		for (size_t n = 0; n < sizeof text - 21; n++) {
			memset(text, 'x', sizeof text);
			wipe_bytes(text + begin, n);
			for (size_t i = 0; i < sizeof text; i++)
				assert_int_equal(text[i], i >= begin && i < begin + n ? 0 : 'x');
		}
}

static void names_in_tables_have_the_numbers_of_names(void **state)
{
	static const struct header_known known[] = { HEADER_KNOWN("From"), HEADER_KNOWN("To"),
		HEADER_KNOWN("X-Failed-Recipients"), HEADER_KNOWN("Content-Transfer-Encoding") };
	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		assert_int_equal(known[i].number, header_name_number(known[i].name));
	assert_true(header_name_is(SPAN("TO"), header_name_number(SPAN("TO")), &known[1]));
	assert_false(header_name_is(SPAN("Cc"), header_name_number(SPAN("Cc")), &known[1]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trims_and_compares),
		cmocka_unit_test(finds_at_any_place),
		cmocka_unit_test(cuts_lines),
		cmocka_unit_test(cuts_long_lines),
		cmocka_unit_test(many_lines_cost_their_bytes),
		cmocka_unit_test(copies_text_as_utf8),
		cmocka_unit_test(cuts_at_a_character),
		cmocka_unit_test(case_is_folded_as_one_by_one),
		cmocka_unit_test(wiping_ends_where_it_should),
		cmocka_unit_test(names_in_tables_have_the_numbers_of_names),
		cmocka_unit_test(copies_words_from_any_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
