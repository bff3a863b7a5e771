/*
 * Passwords and tokens: from a file that only its owner can read, a command's output, or a systemd
 * credential.
 */
#ifndef RETOUR_SECRET_H
#define RETOUR_SECRET_H

#include <stddef.h>
#include "poller/mailbox/mailbox.h"

enum { SECRET_MAX = 16384 };

/* Where the reason goes why something cannot be read or made; it never has the secret. */
struct failure {
	char *text;
	size_t size;
};
/* Always -1. */
int secret_failed(struct failure *f, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Reads the secret, without its final line end, into memory of sodium_malloc; *OUT is NULL when the
 * source names none. A file that others may read, or that is somebody else's, is refused; so is an
 * empty one. 0, or -1 with a text in ERROR that names the file and never the content. Free with
 * secret_free().
 */
int secret_read(const struct secret_source *from, char **out, char *error, size_t size);
/* The same of a file with any number of lines, a key in PEM. */
int secret_read_lines(const char *path, char **out, char *error, size_t size);
/* Another copy in such memory, or NULL without memory. */
char *secret_copy(const char *secret);
/*
 * A server may say it back, as it is or within a line in base64: neither stays in TEXT. What is
 * shorter than a word is left, for it would be found everywhere.
 */
void secret_withhold(const char *secret, char *text);
void secret_free(char *secret);

#endif
