/*
 * Alerts: conditions that somebody should hear of, and what became of each.
 *
 * A condition has a threshold at which it opens and a lower one at which it clears. What is open is
 * told once; again when it stays open for so long that it is repeated; and when it clears. One that
 * opens again soon after it cleared is the same alert and is told when its cool-down is over.
 * Nothing here names a recipient, and no figure about recipients is below k.
 */
#ifndef RETOUR_STORE_ALERT_H
#define RETOUR_STORE_ALERT_H

#include "store/store.h"

/*
 * Units of thresholds and values: FACTOR thousandths of what is usual, SHARE parts per million,
 * COUNT, PERIOD seconds; REMAINING seconds, of which less is worse. The standard rule: threshold,
 * clear, window, minimum, cool-down. The minimum is how many notices or messages it takes; 0 where
 * that means nothing.
 */
#define ALERT_CONDITIONS(X) \
	X(ALERT_BOUNCE_SURGE, "bounce-surge", UNIT_FACTOR, 2000, 1500, HOUR, 50, 6 * HOUR) \
	X(ALERT_BLOCK_SURGE, "block-surge", UNIT_FACTOR, 2000, 1500, HOUR, 20, 6 * HOUR) \
	X(ALERT_THROTTLING, "throttling", UNIT_FACTOR, 3000, 2000, HOUR, 50, 6 * HOUR) \
	X(ALERT_HARD_RATE, "hard-rate", UNIT_SHARE, 20000, 16000, 24 * HOUR, 20, 24 * HOUR) \
	X(ALERT_SOFT_RATE, "soft-rate", UNIT_SHARE, 20000, 16000, 24 * HOUR, 20, 24 * HOUR) \
	X(ALERT_BOUNCE_RATE, "bounce-rate", UNIT_SHARE, 50000, 40000, 24 * HOUR, 50, 24 * HOUR) \
	X(ALERT_COMPLAINT_RATE, "complaint-rate", UNIT_SHARE, 1000, 800, 24 * HOUR, 10, 24 * HOUR) \
	X(ALERT_COMPLAINT_RATE_HIGH, "complaint-rate-high", UNIT_SHARE, 3000, 2400, 24 * HOUR, 10, \
		24 * HOUR) \
	X(ALERT_UNRECOGNISED, "unrecognised-share", UNIT_SHARE, 200000, 150000, 24 * HOUR, 20, \
		24 * HOUR) \
	X(ALERT_QUARANTINE, "quarantine", UNIT_COUNT, 1, 1, 7 * 24 * HOUR, 0, 24 * HOUR) \
	X(ALERT_MAILBOX_SILENT, "mailbox-silent", UNIT_PERIOD, 6 * HOUR, 1 * HOUR, 0, 0, HOUR) \
	X(ALERT_LOGIN_REFUSED, "login-refused", UNIT_COUNT, 1, 1, 0, 0, 6 * HOUR) \
	X(ALERT_CERTIFICATE, "certificate-expiry", UNIT_REMAINING, 14 * 24 * HOUR, 15 * 24 * HOUR, \
		0, 0, 24 * HOUR) \
	X(ALERT_RETENTION_OVERDUE, "retention-overdue", UNIT_COUNT, 1, 1, 0, 0, 24 * HOUR) \
	X(ALERT_DISK_FULL, "disk-full", UNIT_SHARE, 900000, 850000, 0, 0, 24 * HOUR) \
	X(ALERT_UNCONFIRMED, "unconfirmed-hard", UNIT_COUNT, 1, 1, 0, 0, 24 * HOUR) \
	X(ALERT_CLOCK_JUMP, "clock-jump", UNIT_PERIOD, 600, 60, 0, 0, HOUR) \
	X(ALERT_KEY_LOST, "key-lost", UNIT_COUNT, 1, 1, 0, 0, 24 * HOUR) \
	X(ALERT_MESSAGE_STUCK, "message-stuck", UNIT_COUNT, 1, 1, 0, 0, 24 * HOUR) \
	X(ALERT_CLOCK_DOUBT, "clock-doubt", UNIT_PERIOD, 1, 1, 0, 0, HOUR) \
	X(ALERT_OPTOUT, "optout-not-honoured", UNIT_COUNT, 1, 1, 7 * 24 * HOUR, 0, 24 * HOUR) \
	X(ALERT_SITE_SILENT, "site-silent", UNIT_PERIOD, 48 * HOUR, 26 * HOUR, 0, 0, 24 * HOUR) \
	X(ALERT_CAMPAIGN_HARD, "campaign-hard-rate", UNIT_SHARE, 20000, 16000, 72 * HOUR, 20, \
		72 * HOUR) \
	X(ALERT_CAMPAIGN_COMPLAINT, "campaign-complaint-rate", UNIT_SHARE, 1000, 800, 72 * HOUR, \
		10, 72 * HOUR) \
	X(ALERT_FORGED, "forged-surge", UNIT_FACTOR, 5000, 3000, 24 * HOUR, 100, 24 * HOUR) \
	X(ALERT_HOOK, "hook-failing", UNIT_PERIOD, HOUR, 1, 0, 0, 6 * HOUR) \
	X(ALERT_ALIGNMENT, "alignment-broken", UNIT_SHARE, 50000, 25000, 72 * HOUR, 50, 24 * HOUR) \
	X(ALERT_TLS_FAILURES, "tls-failures", UNIT_SHARE, 20000, 10000, 72 * HOUR, 20, 24 * HOUR) \
	X(ALERT_BLOCK_RATE, "block-rate", UNIT_SHARE, 50000, 25000, 24 * HOUR, 20, 24 * HOUR)
#define STORE_ENUM(symbol, ...) symbol,
enum alert_condition { ALERT_CONDITIONS(STORE_ENUM) ALERT_CONDITION_COUNT };
#undef STORE_ENUM
enum alert_unit { UNIT_FACTOR, UNIT_SHARE, UNIT_COUNT, UNIT_PERIOD, UNIT_REMAINING };
const char *alert_condition_name(unsigned condition);
int alert_condition_by_name(const char *name); /* -1: none */
enum alert_unit alert_unit(unsigned condition);

struct alert_rule {
	enum alert_condition condition;
	bool active;
	int64_t threshold, clear; /* in the condition's unit */
	int64_t window;           /* seconds of which the figures are */
	int64_t minimum;
	int64_t cooldown; /* seconds */
};
struct alert_options {
	struct alert_rule rule[ALERT_CONDITION_COUNT]; /* by condition */
	int64_t repeat; /* an alert that is still open is told again after so long; 0: once */
};
/* The standard rule of each condition. */
void alert_standard(struct alert_options *out);

enum { ALERT_DETAIL_SIZE = 192 };
/*
 * What was found, and where most of it lies: "" and CATEGORY_NONE where no one answers for half of
 * it and for k.
 */
struct alert_figures {
	int64_t value, limit; /* in the condition's unit; the limit is what was in force */
	int64_t usual;        /* a surge: what was to be expected, in notices; else -1 */
	uint64_t part, whole; /* notices or messages; whole 0: nobody said how much was sent */
	int64_t from, to;     /* of which time */
	char provider[EVENT_PROVIDER_SIZE], campaign[EVENT_CAMPAIGN_SIZE];
	enum category category;
	char detail[ALERT_DETAIL_SIZE]; /* names that belong to it: who says so, of what sort */
};

/* What there is of it when it clears; KNOWN is false while it is open, and where nobody can tell.
 */
struct alert_present {
	bool known;
	int64_t value;
	uint64_t part, whole;
};

enum alert_level {
	LEVEL_CALM, /* below what clears */
	LEVEL_OPEN, /* between the two: stays what it is */
	LEVEL_FIRING,
};
/* SUBJECT: a provider, a mailbox, a class of data; "" for the whole. */
struct alert_finding {
	enum alert_condition condition;
	char subject[STORE_NAME_SIZE];
	enum alert_level level;
	struct alert_figures figures;
};

/* What is to be told of an alert. */
#define ALERT_NEWS(X) \
	X(NEWS_NONE, "") \
	X(NEWS_OPENED, "opened") \
	X(NEWS_REPEATED, "repeated") \
	X(NEWS_CLEARED, "cleared")
#define STORE_ENUM(symbol, name) symbol,
enum alert_news { ALERT_NEWS(STORE_ENUM) ALERT_NEWS_COUNT };
#undef STORE_ENUM
const char *alert_news_name(unsigned news);

struct alert {
	int64_t number, opened, at; /* AT: when it was last looked at */
	int64_t cleared;            /* 0: it is open */
	unsigned reopened;          /* how often it opened again within its cool-down */
	enum alert_condition condition;
	char subject[STORE_NAME_SIZE];
	struct alert_figures figures; /* the last ones at which it fired */
	struct alert_present present;
	enum alert_news news;     /* the last that was to be told */
	bool by_mail, by_command; /* it still is, in this way */
};

/*
 * One evaluation, inside a transaction: store_alerts_watch() for all that the store itself knows,
 * store_alert_note() for what the caller found, at last store_alerts_clear(), which clears what
 * was neither. NOW is the same for all of them. What was noted as calm is what an alert says when
 * it clears.
 */
int store_alerts_watch(struct store *s, const struct alert_options *o, int64_t now);
int store_alert_note(
	struct store *s, const struct alert_options *o, const struct alert_finding *f, int64_t now);
int store_alerts_clear(struct store *s, const struct alert_options *o, int64_t now);
/* Whether there is one: for what is not worth computing without. */
int store_alert_is_open(
	struct store *s, enum alert_condition condition, const char *subject, bool *is_open);
/* The level that the rule gives a value. */
enum alert_level alert_level_of(const struct alert_rule *rule, int64_t value);
/* When the last evaluation was; 0: never. */
int store_alerts_last(struct store *s, int64_t *at);
/* What the caller wants to remember of its clocks until the next one; "" when there is nothing. */
enum { ALERT_CLOCK_SIZE = 64 };
int store_alerts_clock(struct store *s, char text[ALERT_CLOCK_SIZE]);
int store_alerts_clock_put(struct store *s, const char *text);

/*
 * Which ones: all that are kept, those that are open, those of which something is to be told. By
 * number.
 */
enum alert_choice { ALERTS_ALL, ALERTS_OPEN, ALERTS_TO_TELL };
int store_alerts(struct store *s, enum alert_choice choice,
	int (*visit)(void *context, const struct alert *a), void *context);
/* The news of alert NUMBER was told in this way. */
enum alert_way { BY_MAIL, BY_COMMAND };
int store_alert_told(struct store *s, int64_t number, enum alert_way way);

/*
 * What lasts of an alert when its retention is over, for the report of its month: names and times,
 * no figures.
 */
struct past_alert {
	enum alert_condition condition;
	char subject[STORE_NAME_SIZE];
	int64_t opened, cleared; /* CLEARED 0: it is open */
	int64_t since, until;    /* when what it is about was first seen, and when last */
	char provider[EVENT_PROVIDER_SIZE], campaign[EVENT_CAMPAIGN_SIZE];
	enum category category;
};
/* Those that began before TO and were not over at FROM, by number. */
int store_troubles(struct store *s, int64_t from, int64_t to,
	int (*visit)(void *context, const struct past_alert *t), void *context);

#endif
