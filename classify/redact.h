/*
 * Diagnostics without what could lead to a person: the receiver's words stay, names and numbers go.
 */
#ifndef RETOUR_REDACT_H
#define RETOUR_REDACT_H

#include "classify/rules.h"

/*
 * Copies TEXT into BUFFER of SIZE bytes as span_copy_text() does, with addresses (also
 * "user=40host", "user%40host", "user=host.tld", "user (at) host.tld"), names that stand alone in
 * angle brackets, message ids, IP addresses, URLs, and ids (long words of letters and digits)
 * replaced by <address>, <ip>, <url>, <id>. LOCALS are local parts seen in the message, ended by an
 * empty span (or NULL); such a word is <address> too. One that begins with '@' is a domain; a host
 * in it is <domain>. RULES (or NULL) know what receivers call their own numbers: "OFR006_107" is a
 * code and stays. Returns the bytes written without the NUL.
 */
size_t redact(char *buffer, size_t size, struct span text, const struct span *locals,
	const struct rules *rules);

/* Whether TEXT, which somebody typed, names an address in one of these forms. */
bool names_address(struct span text);

#endif
