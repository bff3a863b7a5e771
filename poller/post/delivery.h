/*
 * The monthly report on its way out: files in the report directory, the mail to its readers, the
 * ledger's entry.
 */
#ifndef RETOUR_DELIVERY_H
#define RETOUR_DELIVERY_H

#include "poller/run/session.h"

/* "xml", "html", "text"; -1: it is none. */
int report_format_by_name(const char *name);
/* Whether the month is on record: the first count lies before its end. A store_result. */
int report_has_month(struct session *s, struct month month, bool *has);
/* Makes the month's report in FORMAT. NULL text on failure, said. Free with buffer_free(). */
int report_make(
	struct session *s, struct month month, enum report_format format, struct buffer *out);
/*
 * Mails the month's report to [report] to of the session's configuration and notes it in the
 * ledger; a TEST is noted as one, and `run` sends the report all the same. Exit code; failures are
 * said.
 */
int report_mail(struct session *s, struct month month, int64_t now, bool test);
/*
 * What a run does from the configured day on: last month's report, if there is anything of that
 * month and it was not sent yet, goes to the directory and to its readers, once. Exit code.
 */
int report_if_due(struct session *s, int64_t now);

#endif
