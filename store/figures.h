/*
 * Counts and rates, for reports, alerts and metrics.
 */
#ifndef RETOUR_STORE_FIGURES_H
#define RETOUR_STORE_FIGURES_H

#include "classify/summary.h"
#include "store/store.h"

/* --- rates (store/kpi.c, store/cohort.c) ---------------------------------- */

/*
 * What was sent and what came back, of one day, month, provider, campaign, domain group. Notices
 * are attributed ones (origin matched or verified) but for the last two; complaints are all
 * feedback. They count where and when they arrived, mails where and when they were sent.
 */
struct rates {
	int32_t day; /* YYYYMMDD; YYYYMM00 by month; 0 */
	char provider[EVENT_PROVIDER_SIZE], campaign[EVENT_CAMPAIGN_SIZE];
	char group[16];                                    /* domain_group_name() */
	uint64_t sent;                                     /* 0: not known */
	uint64_t delivered, deferred, throttled, rejected; /* by logs */
	uint64_t hard, soft, block, undetermined, complaint;
	uint64_t unattributed; /* failures and complaints that are not shown to be about our mail,
				… */
	uint64_t unverified;   /* … of these, those that show nothing at all */
};
enum { BY_MONTH = 128, BY_DOMAIN_GROUP = 256 };
/*
 * Of the days FROM..TO, summed over what is not named in GROUP: BY_DAY or BY_MONTH, BY_PROVIDER,
 * BY_CAMPAIGN, BY_DOMAIN_GROUP.
 */
int store_rates(struct store *s, int32_t from, int32_t to, unsigned group,
	int (*visit)(void *context, const struct rates *r), void *context);
/*
 * Of the seconds after FROM up to TO, in which events are kept; what was sent is known by the hour,
 * and from logs alone.
 */
int store_rolling(struct store *s, int64_t from, int64_t to, bool by_provider,
	int (*visit)(void *context, const struct rates *r), void *context);
/* The most that was delivered to each provider in one hour of that time, by logs. */
int store_hour_peaks(struct store *s, int64_t from, int64_t to,
	int (*visit)(void *context, const char *provider, uint64_t delivered), void *context);
/* Of a provider's name. */
enum domain_group store_domain_group(const struct store *s, const char *provider);
/* How a provider refuses mail because of its sender, for who judges whether it does so now. */
struct refusing {
	char provider[EVENT_PROVIDER_SIZE]; /* a profile's name or "other" */
	uint64_t sent;   /* what blocks of today are of: the mails of today or of the last days; 0:
			    nobody said */
	uint64_t usual;  /* blocks of a usual day */
	uint64_t blocks; /* today and yesterday, since an operator resolved them; of one host of
			    "other" at most k */
	unsigned hosts;  /* of receivers without a profile: how many of them did */
};
/* Each provider with such blocks; days of the report's zone. */
int store_refusing(struct store *s, int64_t now,
	int (*visit)(void *context, const struct refusing *r), void *context);
/* PART of WHOLE in parts per million, rounded; -1 where WHOLE is 0: there is no rate. */
long rate_ppm(uint64_t part, uint64_t whole);

/* What became of the recipients who went soft in a month (UTC), as of now. */
#define COHORT_OUTCOMES(X) \
	X(COHORT_RECOVERED, "recovered") \
	X(COHORT_SOFT, "soft") \
	X(COHORT_PAUSED, "paused") \
	X(COHORT_HARD, "hard") \
	X(COHORT_GIVEN_UP, "prolonged-soft")
#define STORE_ENUM(symbol, name) symbol,
enum cohort_outcome { COHORT_OUTCOMES(STORE_ENUM) COHORT_OUTCOME_COUNT };
#undef STORE_ENUM
const char *cohort_outcome_name(unsigned outcome);
struct cohort {
	int month; /* YYYYMM */
	uint64_t count[COHORT_OUTCOME_COUNT];
};
int store_cohorts(struct store *s, int from, int to,
	int (*visit)(void *context, const struct cohort *c), void *context);

/*
 * Notices that may change a contact, by class: about recipients who had none before, and about
 * others.
 */
struct recurrence {
	uint64_t first, repeated;
};
int store_recurrence(struct store *s, int32_t from, int32_t to, struct recurrence out[CLASS_COUNT]);

/* --- counts for reports (store/tally.c) ----------------------------------- */

/* One cell of the tallies. Days are YYYYMMDD in the report's zone. */
struct tally {
	int32_t day;
	uint8_t kind, klass, category, origin;
	char provider[EVENT_PROVIDER_SIZE]; /* "other" where no profile */
	char campaign[EVENT_CAMPAIGN_SIZE]; /* "" unknown */
	uint64_t count;
};
/*
 * All cells of the days FROM..TO (inclusive), ordered by every column, summed over what is not
 * named in GROUP.
 */
enum {
	BY_DAY = 1,
	BY_KIND = 2,
	BY_CLASS = 4,
	BY_CATEGORY = 8,
	BY_ORIGIN = 16,
	BY_PROVIDER = 32,
	BY_CAMPAIGN = 64,
	BY_EVERYTHING = 127 /* the rows as they lie: many times faster than any sum over them */
};
/* Of months that are not closed. */
int store_tallies(struct store *s, int32_t from, int32_t to, unsigned group,
	int (*visit)(void *context, const struct tally *t), void *context);
/*
 * Messages per mailbox and outcome ("new", "duplicate", "unrecognised", "quarantined") for the
 * days.
 */
/* Outcomes without a mailbox (""): of mail to recipients who are suppressed as gone. */
#define OUTCOME_GONE_REFUSED "gone-refused"     /* it bounced hard again, on a later day */
#define OUTCOME_GONE_DELIVERED "gone-delivered" /* it was delivered */
int store_message_counts(struct store *s, int32_t from, int32_t to,
	int (*visit)(void *context, const char *mailbox, const char *outcome, uint64_t count),
	void *context);
/*
 * Failures at domains that miss a large provider's by one typing error, by the domain that was
 * meant; the most first (store/typing.c).
 */
int store_typing_errors(struct store *s, int32_t from, int32_t to,
	int (*visit)(void *context, const char *meant, uint64_t count), void *context);
/*
 * What came back of each stream of our mail, attributed, on the days FROM..TO: by class ("" where
 * there is none), "complaint", "optout" (store/streams.c); in the order of the streams' names.
 */
int store_stream_counts(struct store *s, int32_t from, int32_t to,
	int (*visit)(void *context, const char *stream, const char *what, uint64_t count),
	void *context);
/*
 * What receivers said on the days FROM..TO, attributed failures, of K recipients or more: by
 * provider, the most frequent first (store/wording.c). Complete up to the last day that a purge saw
 * end.
 */
enum { WORDING_CODE_SIZE = EVENT_STATUS_SIZE + 4, WORDING_TEXT_SIZE = 160 };
struct wording {
	char provider[EVENT_PROVIDER_SIZE]; /* "other" where no profile */
	uint8_t klass, category;
	char code[WORDING_CODE_SIZE]; /* "550 5.1.1"; "": none */
	char text[WORDING_TEXT_SIZE]; /* redacted, without codes; "": none was kept */
	uint64_t count;
	int32_t first, last; /* YYYYMMDD, days on which it came K times or more; 0: there is none */
};
int store_wordings(struct store *s, int32_t from, int32_t to,
	int (*visit)(void *context, const struct wording *w), void *context);
/* The stream that a campaign is of, as its name says; "": that does not. */
const char *store_campaign_stream(const struct store *s, const char *campaign);
/*
 * The tallies of months that are closed, which have no such cells any more (store/closed.c): a row
 * is in one part, and empty in what that does not tell apart; the day is 00 where it is the
 * month's. TALLIED_BUSY: bounces of a day and provider that are of no day in TALLIED_PROVIDER; a
 * provider of fewer than k that day has none.
 */
enum tallied { TALLIED_DAY, TALLIED_PROVIDER, TALLIED_CAMPAIGN, TALLIED_BUSY, TALLIED_COUNT };
/* Times k: a month's bounces of a cause at a provider from which on their days are told. */
enum { COURSE_LEAST = 3 };
int store_closed_tallies(struct store *s, int32_t from, int32_t to,
	int (*visit)(void *context, enum tallied part, const struct tally *t), void *context);
/* The months (YYYYMM) and providers of the days FROM..TO with an attributed complaint. */
int store_complaining(struct store *s, int32_t from, int32_t to,
	int (*visit)(void *context, int32_t month, const char *provider), void *context);
/* The first day with a tally, YYYYMMDD; 0: none. */
int store_first_day(struct store *s, int32_t *day);

/* --- what receivers report of our domains (store/summary.c) ---------------- */

/* Mail of a domain of ours that came from a network. */
struct alignment_source {
	char network[SUMMARY_NETWORK_SIZE], domain[SUMMARY_DOMAIN_SIZE]; /* "": others */
	bool known; /* as a rule its mail is aligned: it is a source of ours */
	uint64_t mails, unaligned;
	uint64_t no_dkim, no_spf; /* aligned by the other alone, or not at all */
	uint64_t refused;         /* put aside or refused by the receiver's DMARC policy */
};
/* What of a known source's mail was not aligned at a receiver. Times are noons of days, UTC. */
struct alignment_break {
	char receiver[SUMMARY_RECEIVER_SIZE], network[SUMMARY_NETWORK_SIZE],
		domain[SUMMARY_DOMAIN_SIZE];
	uint64_t mails, unaligned;
	int64_t first, last;
};
/* Sessions to us, as those tell who made them. */
struct tls_sessions {
	char domain[SUMMARY_DOMAIN_SIZE]; /* of the policy; "": another */
	unsigned result;                  /* enum summary_result */
	uint64_t count, receivers;
	int64_t first, last;
};
/*
 * Of the days FROM..TO (YYYYMMDD): LIMIT breaks, the largest first, then the sources, known ones
 * first, then the most mails (store/watch/alignment.c). A source is known by these days and the 31
 * before. VERIFIED: by reports that are proven to be the receiver's, or by the others.
 */
int store_alignment(struct store *s, int32_t from, int32_t to, bool verified, unsigned limit,
	int (*source)(void *context, const struct alignment_source *a),
	int (*broken)(void *context, const struct alignment_break *b), void *context);
/* The sessions by domain. */
int store_tls_sessions(struct store *s, int32_t from, int32_t to, bool verified,
	int (*visit)(void *context, const struct tls_sessions *t), void *context);
/* How many receivers sent reports of KIND about these days, and about how much. */
struct summary_told {
	uint64_t receivers, count; /* mails or sessions */
};
int store_summary_told(struct store *s, enum summary_kind kind, int32_t from, int32_t to,
	bool verified, struct summary_told *out);

/* --- what operators say of a month (store/comment.c) ---------------------- */

enum { STORE_COMMENT_SIZE = 4096, STORE_COMMENTS_MAX = 16 };
/*
 * MONTH is "YYYY-MM". STORE_MISUSE: too long, not UTF-8, an address in it, or there are
 * STORE_COMMENTS_MAX. In a transaction of its own.
 */
int store_comment_add(struct store *s, const char *month, const char *text, int64_t now);
int store_comments(struct store *s, const char *month,
	int (*visit)(void *context, int64_t at, const char *text), void *context);

/* --- counts by hour (store/hour.c) and from the beginning, for metrics ---- */

/*
 * Notices since the store was made, by provider and what they are: a class, "undetermined",
 * "complaint", or "unattributed".
 */
int store_totals(struct store *s,
	int (*visit)(void *context, const char *provider, const char *what, uint64_t count),
	void *context);

#endif
