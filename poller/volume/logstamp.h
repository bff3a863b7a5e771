/* Time stamps of mail logs, and what stands behind them before a program's own words. */
#ifndef RETOUR_LOGSTAMP_H
#define RETOUR_LOGSTAMP_H

#include "poller/volume/maillog.h"

/* What stands in front of a line. */
enum log_stamp {
	STAMP_NONE,
	STAMP_SYSLOG,
	STAMP_BARE /* Exim's own: no host, no program behind it */
};

/* Cuts stamp, host and program off LINE. STAMP_BARE leaves host and program empty. */
enum log_stamp logstamp_head(
	struct span *line, struct log_clock *clock, struct log_line *out, struct span *program);
/* Cuts a stamp of RFC 3339, or one of Exim's, off LINE. */
enum log_stamp logstamp_rfc3339(struct span *line, struct log_clock *clock, int64_t *at);

#endif
