/*
 * Alerts as people and programs read them. Composes; sends nothing. No address, no figure below k.
 */
#ifndef RETOUR_REPORTS_ALERTS_H
#define RETOUR_REPORTS_ALERTS_H

#include "reports/reports.h"
#include "store/watch/alert.h"

/*
 * OPTIONS: organisation, k, and for the mail from and to. Each gives 0, or -1 (no memory). Free
 * with buffer_free().
 */

/* What, where, since when, figures, what to look at first. */
int alerts_text(const struct alert *list, size_t count, const struct report_options *options,
	struct buffer *out);
/* One line for each, for the journal; the text lives in BUFFER. */
enum { ALERT_LINE_SIZE = 512 };
const char *alert_line(const struct alert *a, unsigned k, char buffer[ALERT_LINE_SIZE]);
/* One object on a line. */
int alert_json(const struct alert *a, unsigned k, struct buffer *out);
/* One object: who says it, when, and the alerts. */
int alerts_json(const struct alert *list, size_t count, const struct report_options *options,
	int64_t now, struct buffer *out);
/* A finished mail with alerts_text(), CRLF. NOW and TOKEN (unique) go into Date and Message-ID. */
int alerts_mail(const struct alert *list, size_t count, const struct report_options *options,
	int64_t now, const char *token, struct buffer *out, char *error, size_t size);

#endif
