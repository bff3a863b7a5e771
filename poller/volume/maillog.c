/*
 * Which of the three mail servers wrote a line: postfixlog.c, eximlog.c, sendmaillog.c read it
 * then. In a line everything that a stranger can choose (an address, the other server's answer)
 * stands behind what decides, or is passed over as the quoted thing that it is.
 */
#include "poller/volume/logparts.h"
#include "poller/volume/logstamp.h"

bool maillog_read(struct span line, struct log_clock *clock, struct log_line *out)
{
	struct span program;
	memset(out, 0, sizeof *out);
	while (line.n && (line.p[line.n - 1] == '\r' || line.p[line.n - 1] == ' '))
		line.n--;
	switch (logstamp_head(&line, clock, out, &program)) {
	case STAMP_NONE:
		return false;
	case STAMP_BARE:
		return eximlog_read(line, false, out);
	case STAMP_SYSLOG:
		break;
	}
	if (sendmaillog_is(program))
		return sendmaillog_read(line, out);
	if (log_starts(program, SPAN("exim")))
		return eximlog_read(line, true, out);
	return postfixlog_read(line, program, out);
}
