/* POST /check: one address or many as JSON, their answers as JSON (etc/retour-http.yaml). */
#ifndef RETOUR_HTTPCHECK_H
#define RETOUR_HTTPCHECK_H

#include "poller/command/served.h"

enum { HTTP_ADDRESSES_MAX = 10000, HTTP_BODY_MAX = 1024 * 1024 };

/*
 * The answer to the N bytes of BODY into *TEXT, of sodium_malloc, *LENGTH bytes. The HTTP status:
 * 200; 400 for what is no such question; 503 where the store cannot be read; 500 without memory.
 */
unsigned http_check(struct served *s, const char *body, size_t n, char **text, size_t *length);
/* {"error": WHAT} likewise. */
void http_error(const char *what, char **text, size_t *length);

#endif
