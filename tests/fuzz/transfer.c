/*
 * Transfer encodings and charsets: the first byte says which, the rest is the text. Never more out
 * than there is room.
 */
#include "classify/transfer.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const char *const names[] = { "utf-8", "iso-8859-1", "iso-2022-jp", "shift_jis",
		"euc-jp", "gb18030", "big5", "euc-kr", "iso-2022-kr", "koi8-r", "utf-7", "utf-16",
		"utf-32", "windows-1258", "tis-620", "nonsense" };
	if (!n)
		return 0;
	struct span text = fuzz_span(bytes + 1, n - 1);
	size_t sizes[] = { 0, 1, n / 2, n * 4 };
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		char *out = malloc(sizes[i] + 1);
		MUST(out);
		MUST(base64_decode(text, out, sizes[i]) <= sizes[i]);
		MUST(quoted_printable_decode(text, out, sizes[i]) <= sizes[i]);
		MUST(q_decode(text, out, sizes[i]) <= sizes[i]);
		size_t made = charset_to_utf8(fuzz_charsets(),
			span_of(names[bytes[0] % (sizeof names / sizeof *names)]), text, out,
			sizes[i]);
		MUST(made <= sizes[i] && span_is_utf8((struct span){ out, made }));
		free(out);
	}
	return 0;
}
