/*
 * message/delivery-status (RFC 3464) in any damage: fields lie within the report, and the reader
 * comes to its end.
 */
#include "classify/dsn.h"
#include "classify/recipient.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct span report = fuzz_span(bytes, n);
	struct dsn_reader r;
	struct dsn_recipient group;
	char address[EVENT_ADDRESS_SIZE];
	size_t groups = 0;
	MUST(dsn_find(report) <= n || dsn_find(report) == (size_t)-1);
	dsn_open(&r, report);
	while (dsn_next(&r, &group)) {
		MUST(++groups <= n + 1);
		MUST(fuzz_within(group.final, report) && fuzz_within(group.original, report) &&
			fuzz_within(group.diagnostic, report));
		MUST(fuzz_within(dsn_host(group.remote_mta), report) &&
			fuzz_within(dsn_diagnostic(group.diagnostic), report));
		MUST(dsn_action(group.action) < ACTION_COUNT);
		MUST(recipient_field(group.final, false, address) < sizeof address);
		MUST(recipient_field(group.original, true, address) < sizeof address);
		MUST(status_parse(group.status).digit <= 5);
	}
	return 0;
}
