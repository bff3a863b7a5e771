/*
 * The identity of a message that stays in its mailbox, and what a server hands out in place of one.
 */
#include "poller/mailbox/source.h"

#include <sodium.h>
#include <string.h>

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

/* By the subject that Exchange and Microsoft 365 give it, in the header only. */
bool source_is_placeholder(struct span message)
{
	static const struct span subjects[] = {
		SPAN("Subject: Retrieval using the IMAP4 protocol failed for the following message:"),
		SPAN("Subject: Retrieval using the POP3 protocol failed for the following message:"),
		SPAN("Subject: Retrieval using the IMAP4 protocol failed for the following message"),
	};
	const char *end = memmem(message.p, message.n, "\r\n\r\n", 4);
	struct span header = { message.p, message.n < 4096 ? message.n : 4096 };

	if (end)
		header.n = (size_t)(end - message.p);

	for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++)
		if (memmem(header.p, header.n, subjects[i].p, subjects[i].n))
			return true;
	return false;
}
