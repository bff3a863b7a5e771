/* The wish that the run end, as a signal brings it. */
#include "poller/run/job.h"

#include <signal.h>

static volatile sig_atomic_t stopping;

void poll_stop(void)
{
	stopping = 1;
}

bool poll_stopping(void)
{
	return stopping;
}
