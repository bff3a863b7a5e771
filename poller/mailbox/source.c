/*
 * The identity of a message that stays in its mailbox, and what a server hands out in place of one.
 */
#include "poller/mailbox/source.h"

#include <sodium.h>
#include <string.h>
#include "classify/header.h"

enum {
	BLANK_SLACK = 16, /* by so much a server may be wrong about the size of a blank text */
	PLACEHOLDER_HEADER = 4096,
	PLACEHOLDER_SUBJECT = 256,
};

void source_remote_id(unsigned char out[SOURCE_ID_SIZE], struct span a, struct span b)
{
	/* The length of A goes in first, so that ("ab", "c") and ("a", "bc") differ. */
	uint64_t length = a.n;
	crypto_generichash_state state;
	crypto_generichash_init(&state, NULL, 0, SOURCE_ID_SIZE);
	crypto_generichash_update(&state, (const unsigned char *)&length, sizeof length);
	crypto_generichash_update(&state, (const unsigned char *)a.p, a.n);
	crypto_generichash_update(&state, (const unsigned char *)b.p, b.n);
	crypto_generichash_final(&state, out, SOURCE_ID_SIZE);
}

bool source_is_nothing(size_t n, uint64_t size)
{
	return size > (n ? n + BLANK_SLACK : 0);
}

/* VALUE without its folds and the blanks around them, as far as SIZE goes. */
static struct span unfolded(struct span value, char *out, size_t size)
{
	size_t n = 0;
	for (size_t i = 0; i < value.n && n < size; i++) {
		char c = value.p[i] == '\t' || value.p[i] == '\r' || value.p[i] == '\n'
			? ' '
			: value.p[i];
		if (c != ' ' || !n || out[n - 1] != ' ')
			out[n++] = c;
	}
	return (struct span){ out, n };
}

/*
 * By the subject that Exchange and Microsoft 365 give it; in another language by its sender, who
 * has no address, and by no mail server that passed it on.
 */
bool source_is_placeholder(struct span message)
{
	static const struct span begins = SPAN("Retrieval using the "),
				 goes_on = SPAN(" protocol failed for the following message"),
				 sender = SPAN("Microsoft Exchange Server");
	char text[PLACEHOLDER_SUBJECT];
	const char *end = memmem(message.p, message.n, "\r\n\r\n", 4);
	size_t n = end ? (size_t)(end - message.p) + 2 : message.n;
	struct span header = { message.p, n < PLACEHOLDER_HEADER ? n : PLACEHOLDER_HEADER };
	struct span subject = unfolded(header_find(header, SPAN("Subject")), text, sizeof text);

	if (span_starts_nocase(subject, begins) && span_find_nocase(subject, goes_on) >= 0)
		return true;
	struct span from = header_find(header, SPAN("From"));
	if (from.n && from.p[0] == '"')
		from = (struct span){ from.p + 1, from.n - 1 };
	return span_starts_nocase(from, sender) && !memchr(from.p, '@', from.n) &&
		!header_find(header, SPAN("Received")).n;
}
