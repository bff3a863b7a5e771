/*
 * How much was sent: what files and logs say, and which logs were read.
 */
#ifndef RETOUR_STORE_VOLUME_H
#define RETOUR_STORE_VOLUME_H

#include "store/figures.h"

/* --- how much was sent (store/volume.c) ----------------------------------- */

/*
 * Of a day, a provider, a campaign. An imported file says how much was sent; a mail log says what
 * became of it, and there SENT is what was delivered or finally refused. A deferral is an attempt,
 * not a mail: it is followed by another.
 */
struct volume {
	int32_t day;                        /* YYYYMMDD in the report's zone */
	char provider[EVENT_PROVIDER_SIZE]; /* "other" where no profile */
	char campaign[EVENT_CAMPAIGN_SIZE]; /* "" unknown */
	uint64_t sent, delivered;
	uint64_t deferred,
		throttled; /* THROTTLED: of the deferrals, those answered with 421 or 4.7.x */
	uint64_t rejected;
};
#define VOLUME_SOURCE_LOG "log" /* the source of what logs say */
/*
 * Inside a transaction: forgets what SOURCE said of DAY; *SENT is how much that was. Then adds
 * rows; equal ones sum up. BESIDE: not in any log that is counted; otherwise what is imported of a
 * day takes the place of what the logs say was sent on it.
 */
int store_volume_clear(struct store *s, const char *source, int32_t day, uint64_t *sent);
int store_volume_add(struct store *s, const char *source, bool beside, const struct volume *v);
/*
 * Of the days FROM..TO, summed over what is not named in GROUP (BY_DAY, BY_PROVIDER, BY_CAMPAIGN),
 * ordered by every column. With VOLUME_ROWS, for those who sum up themselves, many times faster: a
 * day's sources apart, in the order of days.
 */
#define VOLUME_ROWS (BY_DAY | BY_PROVIDER | BY_CAMPAIGN)
int store_volumes(struct store *s, int32_t from, int32_t to, unsigned group,
	int (*visit)(void *context, const struct volume *v), void *context);

/*
 * What a mail log says happened about AT; V's day and SENT follow from that. Inside a transaction.
 */
int store_volume_log(struct store *s, int64_t at, const struct volume *v);

enum {
	LOG_FINGERPRINT_SIZE = 16,
	LOG_FILES_MAX = 4096, /* that are remembered; the longest not seen are forgotten first */
};
/*
 * A mail log that was counted, known again by its first bytes whatever its name, inode or
 * compression has become.
 */
struct log_file {
	unsigned char fingerprint[LOG_FINGERPRINT_SIZE]; /* of the first LENGTH bytes */
	uint64_t length,
		offset; /* OFFSET: what is before it was counted; both of the unpacked text */
	uint64_t device, inode, size; /* of the file that was last read to its end, with MTIME:
					 unchanged it needs no look */
	int64_t mtime, at;
};
int store_log_files(
	struct store *s, int (*visit)(void *context, const struct log_file *f), void *context);
/*
 * Inside the transaction of the counts; REPLACES: its fingerprint when it was shorter, NULL: it is
 * new or has the same.
 */
int store_log_file_put(struct store *s, const struct log_file *f, const unsigned char *replaces);
/*
 * What the reader of logs remembers from one file to the next, opaque. *VALUE is on the heap, the
 * caller's; NULL, 0: nothing.
 */
int store_log_state(struct store *s, void **value, size_t *n);
int store_log_state_put(struct store *s, const void *value, size_t n);

#endif
