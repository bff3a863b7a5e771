/*
 * The whole of classify/, with the rules of the program: any bytes are a mail.
 * The sink checks what the run checks of a parser: that no event can be dishonest.
 */
#include "classify/classify.h"
#include "tests/fuzz/fuzz.h"

static int take(void *context, const struct event *event)
{
	(void)context;
	MUST(event_valid(event));
	return 0;
}

static void ignore(void *context, const void *bytes, size_t n)
{
	(void)context;
	(void)bytes;
	(void)n;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const char *const domains[] = { "example.org", NULL },
				 *const headers[] = { "X-Campaign-ID", NULL };
	static const struct classify_options options = { .domains = domains,
		.campaign_headers = headers,
		.verp = "bounce+{token}@bounce.example.org",
		.redact = true };
	static struct workspace *workspace;
	if (!workspace)
		MUST((workspace = workspace_new()));
	struct message m = { .bytes = { (const char *)bytes, n } };
	struct outcome outcome;
	classify(fuzz_rules(), &options, workspace, &m, take, NULL, &outcome);
	message_identity(&m, ignore, NULL);
	return 0;
}
