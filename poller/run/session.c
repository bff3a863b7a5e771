/* What a failure of the store means for the program. */
#include "poller/run/session.h"

#include "classify/base/exitcode.h"
#include "classify/base/log.h"

int session_store_failed(const struct session *s, const char *what, int result)
{
	log_error("%s: %s", what, store_error(s->store));
	if (result == STORE_BROKEN)
		return EXIT_BROKEN;
	return result == STORE_KEYS || result == STORE_MISUSE ? EXIT_USAGE : EXIT_LOST;
}
