/* message/feedback-report (RFC 5965) and Amazon's notifications in JSON. */
#include "classify/arf.h"
#include "classify/jsonfind.h"
#include "classify/sns.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct arf a;
	struct span report = fuzz_span(bytes, n), text = fuzz_text(bytes, n);
	struct sns s;
	struct sns_recipient to;
	arf_looks_like(report);
	arf_read(report, &a);
	MUST(a.recipients <= ARF_RECIPIENTS_MAX && a.type < FEEDBACK_COUNT &&
		arf_kind(a.type) < KIND_COUNT && arf_category(a.type) < CATEGORY_COUNT);
	for (size_t i = 0; i < a.recipients; i++)
		MUST(fuzz_within(a.recipient[i], report));
	arf_unescape(&a, fuzz_arena());
	struct arena *arena = fuzz_arena();
	if (sns_open(&s, arena, text)) {
		struct span laid_out = { arena->base, arena->size };
		for (size_t count = 0; sns_next(&s, &to); count++) {
			MUST(count <= n);
			MUST(fuzz_within(to.address, text) || fuzz_within(to.address, laid_out));
			MUST(span_is_utf8(json_unescaped(arena, to.diagnostic)));
		}
	}
	free((char *)(uintptr_t)text.p);
	return 0;
}
