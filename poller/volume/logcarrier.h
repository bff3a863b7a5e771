/*
 * Logs whose lines are wrapped in something else than text: one JSON object a line (docker's
 * json-file, `journalctl -o json`, rsyslog, Fluent Bit, Filebeat, GELF), the same over several
 * lines (json-pretty), and the journal's export format. What is taken out of it is the line that
 * the mail server wrote, and what stands beside it: time, host, program. Every other line passes as
 * it is. Bounded: what is longer than CARRIER_MAX is passed over.
 */
#ifndef RETOUR_LOGCARRIER_H
#define RETOUR_LOGCARRIER_H

#include "poller/volume/loghead.h"

enum { CARRIER_MAX = 64 * 1024 };

struct carrier;
/* The library is loaded by this, so that it is there when no file can be opened any more. */
struct carrier *carrier_new(void); /* NULL: no memory */
void carrier_free(struct carrier *c);

/* Another file begins: what was not whole is forgotten. */
void carrier_begin(struct carrier *c);

/*
 * The next LINE of the file. True: there is a line in *TEXT, with what is known beside it in
 * *CARRIED; they hold until the next call. False: it belongs to something that is not whole yet,
 * or that carries no line; *TEXT is then as much as there is of what cannot be read, or "".
 */
bool carrier_line(struct carrier *c, struct span line, const struct log_clock *clock,
	struct span *text, struct log_carried *carried);

/* Is something begun and not whole? Reading must then not be taken up here again. */
bool carrier_is_within(const struct carrier *c);

#endif
