/* Output in which addresses stand: a buffer of our own, because stdio's is not ours to wipe. */
#ifndef RETOUR_OUT_H
#define RETOUR_OUT_H

#include <stdbool.h>
#include <stdint.h>
#include "classify/base/span.h"

enum { OUT_BUFFER_SIZE = 64 * 1024, OUT_TIMES = 1024 };

struct out {
	int fd;
	int failed; /* errno of the first write that did, else 0 */
	size_t n;
	struct { /* times as text, by their day: most are midnights of the last year */
		int64_t at;
		char text[24];
	} time[OUT_TIMES];
	char buffer[OUT_BUFFER_SIZE];
};

void out_open(struct out *o, int fd);
void out_bytes(struct out *o, const char *bytes, size_t n);
void out_text(struct out *o, const char *text);
void out_number(struct out *o, uint64_t n);
void out_signed(struct out *o, int64_t n);
/* "2026-11-02T09:40:00Z"; nothing for 0. */
void out_time(struct out *o, int64_t at);
/* A field as RFC 4180 wants it: in quotes where it holds a separator, a quote or a line end. */
void out_csv(struct out *o, struct span field);
/* A JSON string in quotes; bytes that are no UTF-8 become U+FFFD. */
void out_json(struct out *o, struct span text);
/* ,"key":"text", or null where TEXT is "". */
void out_member(struct out *o, const char *key, const char *text);
void out_member_time(struct out *o, const char *key, int64_t at);
void out_member_number(struct out *o, const char *key, int64_t n);
/* The number where it is KNOWN, else null. */
void out_member_count(struct out *o, const char *key, bool known, uint64_t n);
/* Writes what there is and wipes it. 0, or -1 when this or an earlier write failed. */
int out_flush(struct out *o);
/* The same at a command's end: the exit code RESULT, or that something was lost, after saying so.
 */
int out_end(struct out *o, const char *command, int result);

#endif
