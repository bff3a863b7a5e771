/*
 * libFuzzer over the whole of classify/, with the rules of the program: any bytes are a mail. `make fuzz` runs it from the golden corpus.
 * The sink checks what the run checks of a parser: that no event can be dishonest.
 */
#include <stdlib.h>
#include "classify/classify.h"
#include "classify/rules.h"
#include "poller/rulesfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static int take(void *context, const struct event *event)
{
	(void)context;
	if (!event_valid(event))
		abort();
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
	static const char *const domains[] = { "example.org", NULL }, *const headers[] = { "X-Campaign-ID", NULL };
	static const struct classify_options options = { .domains = domains, .campaign_headers = headers,
		.verp = "bounce+{token}@bounce.example.org", .redact = true };
	static struct rules *rules;
	static struct workspace *workspace;
	char error[512];
	if (!rules && (!(rules = rulesfile_load(NULL, NULL, error, sizeof error)) || !(workspace = workspace_new())))
		abort();

	struct message m = { .bytes = { (const char *)bytes, n } };
	struct outcome outcome;
	classify(rules, &options, workspace, &m, take, NULL, &outcome);
	message_identity(&m, ignore, NULL);
	return 0;
}
