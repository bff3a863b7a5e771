/*
 * Who is there? What a server's first words, its silence or its certificate say to somebody who has
 * mixed up ports: guesses for error texts, on which nothing else rests.
 */
#ifndef RETOUR_GREETING_H
#define RETOUR_GREETING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GREETING_SIZE = 8 }; /* bytes that tell the protocols apart */

/* "IMAP", "POP3" or "SMTP", as the N bytes of a greeting begin (RFC 3501, 1939, 5321); else NULL.
 */
const char *greeting_protocol(const char *bytes, size_t n);
/*
 * Where SPOKEN (of the above) is another one than OURS: what is wrong, as the text of an error;
 * else NULL. BUFFER of GREETING_TEXT_SIZE.
 */
enum { GREETING_TEXT_SIZE = 80 };
const char *greeting_mistaken(const char *spoken, const char *ours, char *buffer);
bool greeting_port_wants_tls(uint16_t port); /* from the first byte (RFC 8314) */
/* Why a certificate is not trusted, of GnuTLS's status bits. */
const char *greeting_certificate(unsigned status);

#endif
