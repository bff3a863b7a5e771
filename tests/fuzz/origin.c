/*
 * Return paths: SRS, BATV, VERP and tokens in any address; the returned mail's header; the
 * campaign.
 */
#include "classify/mime.h"
#include "classify/origin.h"
#include "classify/event.h"
#include "classify/recipient.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const char *const domains[] = { "example.org", NULL },
				 *const headers[] = { "X-Campaign-ID", NULL };
	static const struct classify_options options = { .domains = domains,
		.campaign_headers = headers,
		.verp = "bounce+{token}@bounce.example.org" };
	struct span text = fuzz_span(bytes, n), body;
	struct fields fields;
	char address[EVENT_ADDRESS_SIZE], campaign[EVENT_CAMPAIGN_SIZE];
	struct found_address a;
	struct returned returned;
	for (size_t i = 0; address_next(text, &i, &a);) {
		struct span path = origin_unwrap(a.text, address);
		MUST(path.n <= a.text.n || path.n < EVENT_ADDRESS_SIZE);
		MUST(fuzz_within(origin_token(options.verp, path), path));
		MUST(origin_verp_recipient(a.text, address) < sizeof address);
		origin_is_ours(&options, address_domain(a.text));
	}
	mime_header(text, &body, &fields);
	returned_read(&options, &fields, &returned);
	MUST(origin_of(&options, &returned) < ORIGIN_COUNT);
	origin_campaign((struct span){ "", 0 }, &returned, campaign);
	MUST(strlen(campaign) < sizeof campaign && !strchr(campaign, '@'));
	MUST(fuzz_within(origin_message_id(text), text));
	return 0;
}
