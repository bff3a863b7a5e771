/*
 * Reply and enhanced codes in any text, and what rules and senses make of it: never a code that is
 * none, never a class without a meaning. What stands behind the last semicolon is read as the part
 * that speaks of the recipient.
 */
#include "tests/fuzz/fuzz.h"

static void must_be_a_code(struct status s, unsigned reply)
{
	MUST(!s.digit ||
		((s.digit == 2 || s.digit == 4 || s.digit == 5) && s.subject <= 999 &&
			s.detail <= 999));
	MUST(!reply || (reply >= 200 && reply < 600));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct span text = fuzz_text(bytes, n);
	struct codes c = codes_find(text);
	struct clues e = { .kind = KIND_FAILURE,
		.diagnostic = text,
		.human = { "", 0 },
		.subject = { "", 0 },
		.remote_mta = { "", 0 },
		.reporting_mta = { "", 0 },
		.recipient_local = SPAN("tom"),
		.recipient_domain = SPAN("example.net") };
	struct decision d;
	for (size_t i = text.n; i && !e.about.n; i--)
		if (text.p[i - 1] == ';')
			e.about = (struct span){ text.p + i, text.n - i };
	must_be_a_code(c.status, c.reply);
	MUST(c.begin <= c.end && c.end <= text.n);
	must_be_a_code(status_parse(text), 0);
	decide(fuzz_rules(), &e, &d);
	must_be_a_code(d.status, d.reply);
	MUST(d.klass < CLASS_COUNT && d.category < CATEGORY_COUNT && d.rule[0]);
	free((char *)(uintptr_t)text.p);
	return 0;
}
