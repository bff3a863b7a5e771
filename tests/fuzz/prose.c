/*
 * Bounces in words: recipients lie within the text, each is a plausible address, and what is kept
 * of it is redacted of all addresses.
 */
#include "classify/prose.h"
#include "classify/recipient.h"
#include "classify/redact.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct prose p;
	const struct span none[] = { { "", 0 } };
	struct span text = fuzz_text(bytes, n);
	char clean[EVENT_DIAGNOSTIC_SIZE];
	prose_open(&p, fuzz_rules(), text);
	prose_recipients(&p, fuzz_rules(), none, 0);
	MUST(p.count <= PROSE_RECIPIENTS_MAX);
	for (size_t i = 0; i < p.count; i++) {
		const struct prose_recipient *r = &p.recipient[i];
		MUST(fuzz_within(r->address, text) && fuzz_within(r->diagnostic, text) &&
			fuzz_within(r->about, text));
		MUST(address_plausible(r->address));
		MUST(redact(clean, sizeof clean, r->about, none, NULL) < sizeof clean);
		MUST(span_find_nocase(span_of(clean), r->address) < 0);
	}
	MUST(fuzz_within(prose_bare_name(&p, fuzz_rules()), text));
	free((char *)(uintptr_t)text.p);
	return 0;
}
