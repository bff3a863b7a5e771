/* Header fields, their parameters (RFC 2231) and encoded words (RFC 2047). */
#include "classify/header.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct span header = fuzz_span(bytes, n), rest = header;
	struct arena *arena = fuzz_arena();
	struct field f;
	bool blank = false;
	char value[256];
	while (header_next(&rest, &f, &blank)) {
		MUST(fuzz_within(f.name, header) && fuzz_within(f.value, header));
		MUST(span_is_utf8(header_text(arena, fuzz_charsets(), f.value)));
		MUST(header_parameter(f.value, SPAN("boundary"), value, sizeof value) <=
			sizeof value);
		MUST(header_parameter(f.value, SPAN("charset"), value, 8) <= 8);
		MUST(fuzz_within(header_token(f.value), header));
	}
	MUST(fuzz_within(header_find(header, SPAN("Subject")), header));
	return 0;
}
