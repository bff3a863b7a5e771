/*
 * Is the clock to be believed? A clock that is years ahead would delete everything that is kept,
 * one that went back would date what arrives so that it is deleted at once. So what time decides is
 * done only when no witness speaks against the present time:
 *
 *   the program    it cannot run before it was written
 *   the last run   the clock is more than a day behind it, or ahead by far more than the gaps
 *                  between runs that are usual here
 *   the kernel     since the last run the clock went another way than the seconds since the machine
 *                  started (clock_gettime(2), CLOCK_BOOTTIME); where it went the same way it is
 *                  right, however long there was no run
 *   the server     the Date of a token server that was asked for a login is more than a day off,
 *                  in either direction; mail servers tell none
 *   files, mail    the configuration, the program, the store's file or a message that a mailbox has
 *                  dated is more than a day later than now
 *
 * A time given by --now is compared with the store's own times alone: kernel, files and mailboxes
 * know another present. Nobody speaks for a long gap: a mail server on the same machine has the
 * same clock. An operator does, by `retour clock confirm`.
 */
#ifndef RETOUR_CLOCKGUARD_H
#define RETOUR_CLOCKGUARD_H

#include <stdbool.h>
#include <stdint.h>
#include "classify/base/units.h"
#include "classify/base/clock.h"
#include "store/watch/witness.h"

/* Its words stand in the ledger. */
#define CLOCK_DOUBTS(X) \
	X(CLOCK_BELIEVED, "") \
	X(CLOCK_IMPOSSIBLE, "impossible") \
	X(CLOCK_BACK, "back") \
	X(CLOCK_STEPPED, "stepped") \
	X(CLOCK_GAP, "gap") \
	X(CLOCK_BEHIND, "behind") \
	X(CLOCK_SERVER, "server")
#define CLOCK_ENUM(symbol, name) symbol,
enum clock_doubt { CLOCK_DOUBTS(CLOCK_ENUM) CLOCK_DOUBT_COUNT };
#undef CLOCK_ENUM
const char *clock_doubt_name(unsigned doubt);

enum { CLOCK_TOLERANCE = DAY }; /* seconds by which witnesses may differ */

/* The present as the program has it. */
struct clock_present {
	int64_t now;
	bool given;                 /* --now */
	char boot[CLOCK_BOOT_SIZE]; /* "": not known */
	int64_t began;
	int64_t newest; /* the newest time of files and mail; 0: none */
	int64_t served; /* what a token server said that it is; 0: none was heard */
};

struct clock_verdict {
	enum clock_doubt doubt;
	int64_t certain; /* NOW where it is believed; else the last time that is */
	int64_t off; /* seconds by which the clock differs from what its witness says, at least */
	char text[256]; /* why not */
};

/*
 * The clock, --now, the machine's start, and the newest time of FILES (paths, NULL at the end;
 * those that are not there are passed over).
 */
void clock_present(const char *const *files, struct clock_present *out);
/* W may be NULL: there is no store. */
void clock_judge(const struct witness *w, const struct clock_present *p, struct clock_verdict *out);
/* How far others may be ahead once the clock is confirmed: as far as they are, or were. */
int64_t clock_lead(const struct witness *w, const struct clock_present *p);
/*
 * By how much a token server's clock is ahead of ours, below 0 behind it, as this run heard it or
 * as an earlier one did and it still holds; 0.
 */
int64_t clock_server_lead(const struct witness *w, const struct clock_present *p);
/*
 * Is mail whose senders may have written its dates to be asked? Three messages at least, and more
 * than those that fit; and not where the kernel counted the time since a run that was believed, so
 * that who sends such mail never stops more than the first run after a restart.
 */
bool clock_hears_mail(
	const struct witness *w, const struct clock_present *p, uint64_t later, uint64_t fitting);
/* The gap between runs above which a clock is doubted. */
int64_t clock_gap_limit(const struct witness *w);

#endif
