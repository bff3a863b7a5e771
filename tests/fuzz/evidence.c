/*
 * Evidence as an auditor gets it from somebody: the ledger's text, a checkpoint, a signature, a
 * public key.
 */
#include <string.h>
#include "reports/evidence.h"
#include "store/chain.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static FILE *nowhere;
	struct span text = fuzz_span(bytes, n);
	struct minisign_public key;
	struct ledger_entry e;
	char comment[MINISIGN_COMMENT_SIZE], again[CHECKPOINT_TEXT_SIZE];
	struct known_head head[] = { { .source = "one", .number = 3 }, { .source = "two" } };
	struct chain_check check = { .head = head, .heads = 2, .key = &key };
	struct findings findings = { 0 };
	if (!nowhere)
		MUST((nowhere = fopen("/dev/null", "w")));
	findings.out = nowhere;
	memset(&key, 0, sizeof key);
	memcpy(key.id, "\x27\xfc\xc2\x29\x3d\x88\xe9\xc3",
		sizeof key.id); /* of the seed's signature */
	evidence_check_ledger(text, &check, &findings);
	MUST(findings.broken); /* nobody names this key, so nothing holds */
	MUST(minisign_check(text.p, text.n, &key, "", 0, comment) != MINISIGN_GOOD);
	minisign_key_parse(text.p, text.n, &key);
	if (checkpoint_parse(text, &e))
		MUST(checkpoint_text(again, &e) == n && memcmp(again, bytes, n) == 0);
	return 0;
}
