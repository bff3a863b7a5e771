/*
 * The mail servers whose lines are understood, one function each. TEXT is what stands behind host
 * and program. True: it is a line of that server, with what counts of it in *OUT, whose WHAT stays
 * LOG_NOTHING where nothing does.
 *
 * In a line everything that a stranger can choose (an address, the other server's answer) stands
 * behind what decides, or is passed over as the quoted thing that it is.
 */
#ifndef RETOUR_LOGFORMS_H
#define RETOUR_LOGFORMS_H

#include "poller/volume/maillog.h"

bool maillog_postfix(struct span text, struct span program, struct log_line *out);
/* SYSLOG: a program's name said that it is Exim's; its own stamp may follow. */
bool maillog_exim(struct span text, bool syslog, struct log_line *out);
bool maillog_sendmail(struct span text, struct log_line *out);
bool maillog_opensmtpd(struct span text, struct log_line *out);
bool maillog_qmail(struct span text, struct log_line *out);

#endif
