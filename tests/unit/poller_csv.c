/*
 * Records of comma-separated values, and output: what a spreadsheet writes, what damage does, and
 * that nothing depends on where a buffer ends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "poller/volume/csv.h"
#include "poller/command/out.h"

/*
 * The records of TEXT, each as "[record|field WANT]", with '!' for a broken one and '-' for a
 * missing field.
 */
static const char *records(const char *text, char separator, size_t want)
{
	static char out[1024];
	struct span rest = span_of(text), record, field;
	size_t n = 0, used;

	out[0] = '\0';
	while (rest.n) {
		enum csv_result result = csv_next(
			rest, true, separator, want, &record, &field, &used);
		char plain[256];
		size_t length = field.p ? csv_unquote(field, plain, sizeof plain) : 0;
		assert_true(result != CSV_MORE && used && used <= rest.n && record.n <= used);
		n += (size_t)snprintf(out + n, sizeof out - n, "%s[%.*s|%.*s]",
			result == CSV_BROKEN ? "!" : "", (int)record.n, record.p,
			field.p ? (int)length : 1, field.p ? plain : "-");
		rest = (struct span){ rest.p + used, rest.n - used };
	}
	return out;
}

static const struct {
	const char *text;
	char separator;
	size_t want;
	const char *records;
} cases[] = {
	{ "a,b,c\n", ',', 1, "[a,b,c|b]" },
	{ "a,b,c", ',', 2, "[a,b,c|c]" },
	{ "a,b\r\nc,d\r\n", ',', 1, "[a,b|b][c,d|d]" },
	{ "a;b\n", ';', 1, "[a;b|b]" },
	{ "a\tb\n", '\t', 0, "[a\tb|a]" },
	{ "a,,c\n", ',', 1, "[a,,c|]" },
	{ "a\n", ',', 1, "[a|-]" },
	{ "\n\n", ',', 0, "[|][|]" },
	{ "\"a\",\"b,c\"\n", ',', 1, "[\"a\",\"b,c\"|b,c]" },
	{ "\"a \"\"b\"\"\",x\n", ',', 0, "[\"a \"\"b\"\"\",x|a \"b\"]" },
	{ " \"a\" , b \n", ',', 0, "[ \"a\" , b |a]" },
	{ " \"a\" , b \n", ',', 1, "[ \"a\" , b |b]" },
	{ "x,\"two\nlines\",y\nz,1,2\n", ',', 2, "[x,\"two\nlines\",y|y][z,1,2|2]" },
	{ "x,\"a\"\r\ny,\"b\"\r\n", ',', 1, "[x,\"a\"|a][y,\"b\"|b]" },
	{ "x,5\" pipe,y\n", ',', 2, "[x,5\" pipe,y|y]" },
	{ "x,\"a\"b,y\nz,1,2\n", ',', 2, "![x,\"a\"b,y|-][z,1,2|2]" },
	{ "x,\"never closed\ny,1\nz,2\n", ',', 1, "![x,\"never closed|-][y,1|1][z,2|2]" },
	{ "\"\"\n", ',', 0, "[\"\"|]" },
	{ "\"\"\"\"\n", ',', 0, "[\"\"\"\"|\"]" },
	{ "\"", ',', 0, "![\"|-]" },
	{ "a,\"b\"", ',', 1, "[a,\"b\"|b]" },
	{ "a\rb,c\n", ',', 1, "[a\rb,c|c]" },
};

static void records_of_all_kinds(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(records(cases[i].text, cases[i].separator, cases[i].want),
			cases[i].records);
}

/* A record that is cut anywhere is asked for again, and is the same when it is whole. */
static void a_record_waits_for_its_end(void **state)
{
	static const char text[] = "one,\"two \"\"2\"\"\nlines\",three\r\n";
	struct span record, field;
	size_t used;

	(void)state;
	for (size_t n = 0; n < sizeof text - 1; n++)
		assert_int_equal(
			csv_next((struct span){ text, n }, false, ',', 2, &record, &field, &used),
			CSV_MORE);
	assert_int_equal(csv_next((struct span){ text, sizeof text - 1 }, false, ',', 2, &record,
				 &field, &used),
		CSV_RECORD);
	assert_int_equal(used, sizeof text - 1);
	assert_int_equal(record.n, sizeof text - 3);
	assert_int_equal(field.n, 5);
}

/* Whatever bytes come: each call takes something, and stays inside. */
static void any_bytes(void **state)
{
	static const char alphabet[] = "a,\"\n\r; ";
	uint32_t random = 7;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		size_t n = 1 + round % 24;
		char *text = malloc(n); /* exactly so large, for the sanitizer */
		for (size_t i = 0; i < n; i++) {
			random = random * 1664525u + 1013904223u;
			text[i] = alphabet[(random >> 16) % (sizeof alphabet - 1)];
		}
		struct span rest = { text, n }, record, field;
		char plain[8];
		for (size_t used; rest.n; rest = (struct span){ rest.p + used, rest.n - used }) {
			enum csv_result result = csv_next(
				rest, true, ',', round % 3, &record, &field, &used);
			assert_true(
				result != CSV_MORE && used && used <= rest.n && record.n <= used);
			if (field.p)
				assert_true(
					csv_unquote(field, plain, sizeof plain) <= sizeof plain);
		}
		free(text);
	}
}

/* --- output --------------------------------------------------------------- */

static struct out out;

/* What F writes of TEXT. */
static const char *written(void (*f)(struct out *, struct span), struct span text)
{
	static char got[512];
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	out_open(&out, ends[1]);
	f(&out, text);
	assert_int_equal(out_flush(&out), 0);
	close(ends[1]);
	ssize_t n = read(ends[0], got, sizeof got - 1);
	close(ends[0]);
	got[n < 0 ? 0 : n] = '\0';
	for (size_t i = 0; i < 64; i++)
		assert_int_equal(out.buffer[i], 0); /* wiped */
	return got;
}

static void json_strings(void **state)
{
	static const struct {
		const char *text, *json;
	} all[] = {
		{ "anna@example.org", "\"anna@example.org\"" },
		{ "", "\"\"" },
		{ "a\"b\\c", "\"a\\\"b\\\\c\"" },
		{ "tab\there\x7f", "\"tab\\u0009here\\u007f\"" },
		{ "m\xc3\xbcller@\xe2\x82\xac\xf0\x9f\x98\x80",
			"\"m\xc3\xbcller@\xe2\x82\xac\xf0\x9f\x98\x80\"" },
		{ "\xff-\xc3-\xc0\x80-\xed\xa0\x80-\xf4\x90\x80\x80-\xe2\x82",
			"\"\xef\xbf\xbd-\xef\xbf\xbd-\xef\xbf\xbd\xef\xbf\xbd-\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd-\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd-\xef\xbf\xbd\xef\xbf\xbd\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		assert_string_equal(written(out_json, span_of(all[i].text)), all[i].json);
}

static void csv_fields(void **state)
{
	(void)state;
	assert_string_equal(written(out_csv, SPAN("anna@example.org")), "anna@example.org");
	assert_string_equal(
		written(out_csv, SPAN("\"a b\"@example.org")), "\"\"\"a b\"\"@example.org\"");
	assert_string_equal(written(out_csv, SPAN("a,b")), "\"a,b\"");
}

static void more_than_the_buffer(void **state)
{
	static char text[OUT_BUFFER_SIZE * 3 + 7];
	FILE *file = tmpfile();

	(void)state;
	memset(text, 'x', sizeof text);
	out_open(&out, fileno(file));
	out_bytes(&out, text, sizeof text);
	assert_int_equal(out_flush(&out), 0);
	assert_int_equal(lseek(fileno(file), 0, SEEK_CUR), sizeof text);
	fclose(file);
	out_open(&out, -1);
	out_text(&out, "x");
	assert_int_equal(out_flush(&out), -1);
	assert_int_not_equal(out.failed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_of_all_kinds),
		cmocka_unit_test(a_record_waits_for_its_end),
		cmocka_unit_test(any_bytes),
		cmocka_unit_test(json_strings),
		cmocka_unit_test(csv_fields),
		cmocka_unit_test(more_than_the_buffer),
	};

	return cmocka_run_group_tests_name("csv and output", tests, NULL, NULL);
}
