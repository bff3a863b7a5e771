#include "poller/mailbox/greeting.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <gnutls/gnutls.h>

const char *greeting_protocol(const char *bytes, size_t n)
{
	static const struct {
		const char *begins, *protocol;
	} table[] = { { "* OK", "IMAP" }, { "* PREAUTH", "IMAP" }, { "* BYE", "IMAP" },
		{ "+OK", "POP3" }, { "-ERR", "POP3" } };

	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		size_t length = strlen(table[i].begins);
		length = length < GREETING_SIZE ? length : GREETING_SIZE;
		if (n >= length && !memcmp(bytes, table[i].begins, length))
			return table[i].protocol;
	}
	return n > 3 && (bytes[0] == '2' || bytes[0] == '4' || bytes[0] == '5') &&
			isdigit((unsigned char)bytes[1]) && isdigit((unsigned char)bytes[2]) &&
			(bytes[3] == ' ' || bytes[3] == '-')
		? "SMTP"
		: NULL;
}

const char *greeting_mistaken(const char *spoken, const char *ours, char *buffer)
{
	if (!spoken || !strcmp(spoken, ours))
		return NULL;
	snprintf(buffer, GREETING_TEXT_SIZE,
		"this port speaks %s; right would be one that speaks %s", spoken, ours);
	return buffer;
}

bool greeting_port_wants_tls(uint16_t port)
{
	static const uint16_t known[] = { 465, 993, 995 };

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (port == known[i])
			return true;
	return false;
}

const char *greeting_certificate(unsigned status)
{
	static const struct {
		unsigned bit;
		const char *text;
	} table[] = {
		{ GNUTLS_CERT_REVOKED, "revoked" },
		{ GNUTLS_CERT_EXPIRED, "expired" },
		{ GNUTLS_CERT_NOT_ACTIVATED, "not valid yet" },
		{ GNUTLS_CERT_PURPOSE_MISMATCH, "not for a TLS server" },
		{ GNUTLS_CERT_UNEXPECTED_OWNER, "made for another name" },
		{ GNUTLS_CERT_INSECURE_ALGORITHM, "weak key or signature" },
		{ GNUTLS_CERT_SIGNER_NOT_FOUND,
			"issuer unknown (self-signed, or its authority is not in ca_file)" },
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (status & table[i].bit)
			return table[i].text;
	return "not trusted";
}
