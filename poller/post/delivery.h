/* The monthly report on its way out: files in the report directory, the mail to its readers, the ledger's entry. */
#ifndef RETOUR_DELIVERY_H
#define RETOUR_DELIVERY_H

#include "poller/post/carrier.h"
#include "poller/post/post.h"
#include "poller/run/session.h"

/* How the configuration says that mail leaves, without the secret; TO ends with NULL. False when it says nothing, or not enough. */
bool delivery_options(const struct post_options *c, const char *const *to, struct carrier_options *out);
/*
 * Has a carrier process take MAIL for TO (ends with NULL) to the submission server or sendmail; an empty MAIL only tries whether it would be taken.
 * 0, or -1 with a text without addresses in ERROR.
 */
int delivery_carry(const struct post_options *c, const char *const *to, struct span mail, char *error, size_t size);

/* That process's work: one mail or probe over CHILD_FD. Exit code. */
int carrier_serve(const struct post_options *options);

/* "xml", "html", "text"; -1: it is none. */
int report_format_by_name(const char *name);
/* Makes the month's report in FORMAT. NULL text on failure, said. Free with buffer_free(). */
int report_make(struct session *s, struct month month, enum report_format format, struct buffer *out);
/*
 * Mails the month's report to [report] to of the session's configuration and notes it in the ledger; a TEST is noted as one, and `run` sends the
 * report all the same. Exit code; failures are said.
 */
int report_mail(struct session *s, struct month month, int64_t now, bool test);
/*
 * What a run does from the configured day on: last month's report, if there is anything of that month and it was not sent yet, goes to
 * the directory and to its readers, once. Exit code.
 */
int report_if_due(struct session *s, int64_t now);

#endif
