/*
 * What stands before the words of a program in a log: what carried the line (docker compose,
 * kubectl, a container's runtime, a supervisor), the time, the host and the program's name, as the
 * many syslogds write them. Pure; the spans of the answer point into the line.
 */
#ifndef RETOUR_LOGHEAD_H
#define RETOUR_LOGHEAD_H

#include "poller/volume/logstamp.h"

/* What a carrier that is no text said of a line beside it (logcarrier.h). AT 0, "": nothing. */
struct log_carried {
	int64_t at; /* epoch seconds */
	struct span host, program;
	bool cut; /* the end of the line is missing */
};

struct log_head {
	int64_t at;
	struct span host, program; /* "" where none is named */
	struct span text;          /* what the program said */
	struct span whole;         /* all behind the last stamp, host and program included */
	bool bare;                 /* host and program may be words of the text */
};

/* False: LINE has no time stamp, nor did what carried it. CARRIED may be NULL. */
bool log_head(struct span line, const struct log_carried *carried, struct log_clock *clock,
	struct log_head *head);

#endif
