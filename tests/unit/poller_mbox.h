/*
 * What the tests of mboxes share: a file of three messages, and its mailbox.
 */
#ifndef RETOUR_TEST_POLLER_MBOX_H
#define RETOUR_TEST_POLLER_MBOX_H

#include "tests/unit/collect.h"
#include <sys/socket.h>
#include <sys/wait.h>
#include "classify/base/clock.h"
#include "poller/mailbox/mbox.h"
#include "poller/mailbox/mboxlock.h"

#define FROM(s) "From MAILER-DAEMON Thu Jan  1 00:00:" s " 1970\n"
#define ONE FROM("01") "A: 1\n\n>From one\n\n"
#define TWO FROM("02") "A: 2\n\ntwo\n\n"
#define THREE FROM("03") "A: 3\n\nthree, which is the longest of them all by far and by wide\n\n"

static struct mailbox box;

static inline int setup(void **state)
{
	if (scratch_setup(state))
		return -1;
	put("box", ONE TWO THREE);
	clock_set("1970-01-01T00:00:07Z");
	box = (struct mailbox){ .name = "test", .path = "box", .timeout = 1 };
	box.processed = (struct disposal){ DISPOSE_DELETE, NULL };
	box.unrecognised = (struct disposal){ DISPOSE_MOVE, "other" };
	box.quarantine = (struct disposal){ DISPOSE_KEEP, NULL };
	return 0;
}

#endif
