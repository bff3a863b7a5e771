/*
 * Lines of JSON as all commands print them with --json (retour(1), JSON): one object a line, null
 * for what is not known, times as RFC 3339 in UTC.
 */
#ifndef RETOUR_JSONLINE_H
#define RETOUR_JSONLINE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct jsonline {
	FILE *out;
	bool more;       /* a member stands in it */
	const char *end; /* what closes it */
};

struct jsonline jsonline_begin(FILE *out);
/* A list of objects in L, and each of them; all are ended in the opposite order. */
struct jsonline jsonline_list(struct jsonline *l, const char *key);
struct jsonline jsonline_item(struct jsonline *list);
/*
 * VALUE may be NULL; it and "" are null. What is longer than JSONLINE_TEXT bytes is cut. It may be
 * an address: the copy is wiped.
 */
enum { JSONLINE_TEXT = 4096 };
void jsonline_text(struct jsonline *l, const char *key, const char *value);
void jsonline_count(struct jsonline *l, const char *key, uint64_t n);
/* Null where it is not KNOWN. */
void jsonline_number(struct jsonline *l, const char *key, bool known, int64_t value);
/* Millionths, as 0.023456. */
void jsonline_ratio(struct jsonline *l, const char *key, int64_t value);
void jsonline_flag(struct jsonline *l, const char *key, bool value);
void jsonline_time(struct jsonline *l, const char *key, int64_t at); /* 0: null */
void jsonline_end(struct jsonline *l);

#endif
