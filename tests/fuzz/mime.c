/*
 * The splitter: any bytes are a mail; every part lies within it, depth and number have their
 * limits, and what is decoded fits the arena.
 */
#include "classify/mime.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct mime m;
	struct fields fields;
	struct field f;
	struct span message = fuzz_span(bytes, n), body;
	struct arena *arena = fuzz_arena();
	MUST(fuzz_within(mime_skip_envelope(message), message));
	MUST(fuzz_within(mime_header(message, &body, &fields), message) &&
		fuzz_within(body, message));
	for (struct fields_at at = { 0 }; fields_next(&fields, &at, &f);)
		MUST(f.name.n && fuzz_within(f.name, message) && fuzz_within(f.value, message));
	mime_split(&m, message);
	MUST(m.count >= 1 && m.count <= MIME_PARTS_MAX);
	for (size_t i = 0; i < m.count; i++) {
		const struct part *p = &m.part[i];
		MUST(fuzz_within(p->header, message) && fuzz_within(p->body, message) &&
			p->depth <= MIME_DEPTH_MAX);
		MUST(part_bytes(p, arena, MIME_TEXT_MAX).n <= MIME_TEXT_MAX ||
			p->encoding == ENCODING_IDENTITY);
		MUST(span_is_utf8(part_text(p, arena, fuzz_charsets())));
	}
	return 0;
}
