/* Tokens of signed return paths: what is read is written the same, and fits where it may stand. */
#include "classify/verp.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct verp v, again;
	char token[VERP_TOKEN_SIZE];
	for (size_t room = n ? bytes[0] % VERP_TOKEN_SIZE : 0; verp_decode(fuzz_span(bytes, n), &v);
		room = VERP_TOKEN_SIZE) {
		size_t written = verp_encode(
			&v, token, room < VERP_TOKEN_SIZE ? room : VERP_TOKEN_SIZE - 1);
		MUST(written <= room && strlen(token) == written);
		MUST(!written ||
			(verp_decode(span_of(token), &again) && !memcmp(&v, &again, sizeof v)));
		if (room == VERP_TOKEN_SIZE)
			break;
	}
	return 0;
}
