/*
 * The one currency of the house: what happened to one recipient according to
 * one message. A plain value of fixed size without pointers; it can be copied,
 * compared and written to a pipe. A plain address lives in it only between
 * classify and store, in memory; who holds one wipes it after use.
 *
 * The words are the field's: kind, class, category as in the design, action as
 * in RFC 3464 section 2.3.3, status as in RFC 3463, feedback type as in RFC 5965
 * section 7.3. Each list below is the only place where its words stand.
 */
#ifndef RETOUR_EVENT_H
#define RETOUR_EVENT_H

#include <stdbool.h>
#include <stdint.h>

/* What the message is about this recipient. NONE: the message says nothing about a delivery. */
#define EVENT_KINDS(X) \
	X(KIND_NONE, "none") \
	X(KIND_FAILURE, "failure") \
	X(KIND_DELAY, "delay") \
	X(KIND_SUCCESS, "success") \
	X(KIND_COMPLAINT, "complaint") \
	X(KIND_OPTOUT, "optout") \
	X(KIND_AUTOREPLY, "autoreply") \
	X(KIND_CHALLENGE, "challenge") \
	X(KIND_AUTHREPORT, "authreport") \
	X(KIND_SUMMARY, "summary")

/* What it means for the address. An empty name is printed as null. */
#define EVENT_CLASSES(X) \
	X(CLASS_NONE, "") \
	X(CLASS_HARD, "hard") \
	X(CLASS_SOFT, "soft") \
	X(CLASS_BLOCK, "block") \
	X(CLASS_COMPLAINT, "complaint")

/* Why: category, the class it belongs to, name. */
#define EVENT_CATEGORIES(X) \
	X(CATEGORY_NONE, CLASS_NONE, "") \
	X(CATEGORY_UNDETERMINED, CLASS_NONE, "undetermined") \
	X(CATEGORY_USER_UNKNOWN, CLASS_HARD, "user-unknown") \
	X(CATEGORY_DOMAIN_UNKNOWN, CLASS_HARD, "domain-unknown") \
	X(CATEGORY_MAILBOX_DISABLED, CLASS_HARD, "mailbox-disabled") \
	X(CATEGORY_ADDRESS_CHANGED, CLASS_HARD, "address-changed") \
	X(CATEGORY_BAD_ADDRESS, CLASS_HARD, "bad-address") \
	X(CATEGORY_NOT_ACCEPTING, CLASS_HARD, "not-accepting") \
	X(CATEGORY_MAILBOX_FULL, CLASS_SOFT, "mailbox-full") \
	X(CATEGORY_GREYLISTED, CLASS_SOFT, "greylisted") \
	X(CATEGORY_RATE_LIMITED, CLASS_SOFT, "rate-limited") \
	X(CATEGORY_NETWORK_ERROR, CLASS_SOFT, "network-error") \
	X(CATEGORY_SYSTEM_ERROR, CLASS_SOFT, "system-error") \
	X(CATEGORY_MESSAGE_TOO_LARGE, CLASS_SOFT, "message-too-large") \
	X(CATEGORY_TOO_MANY_RECIPIENTS, CLASS_SOFT, "too-many-recipients") \
	X(CATEGORY_ROUTING_LOOP, CLASS_SOFT, "routing-loop") \
	X(CATEGORY_EXPIRED, CLASS_SOFT, "expired") \
	X(CATEGORY_LOCAL_DELIVERY_ERROR, CLASS_SOFT, "local-delivery-error") \
	X(CATEGORY_TLS_FAILURE, CLASS_SOFT, "tls-failure") \
	X(CATEGORY_PROTOCOL_ERROR, CLASS_SOFT, "protocol-error") \
	X(CATEGORY_REPUTATION, CLASS_BLOCK, "reputation") \
	X(CATEGORY_SPAM_CONTENT, CLASS_BLOCK, "spam-content") \
	X(CATEGORY_CONTENT_REJECTED, CLASS_BLOCK, "content-rejected") \
	X(CATEGORY_VIRUS, CLASS_BLOCK, "virus") \
	X(CATEGORY_AUTH_FAILURE, CLASS_BLOCK, "auth-failure") \
	X(CATEGORY_POLICY, CLASS_BLOCK, "policy") \
	X(CATEGORY_SENDER_REJECTED, CLASS_BLOCK, "sender-rejected") \
	X(CATEGORY_RELAY_DENIED, CLASS_BLOCK, "relay-denied") \
	X(CATEGORY_INFRASTRUCTURE, CLASS_BLOCK, "infrastructure") \
	X(CATEGORY_NON_COMPLIANT, CLASS_BLOCK, "non-compliant") \
	X(CATEGORY_ABUSE, CLASS_COMPLAINT, "abuse") \
	X(CATEGORY_FRAUD, CLASS_COMPLAINT, "fraud") \
	X(CATEGORY_VIRUS_REPORT, CLASS_COMPLAINT, "virus-report") \
	X(CATEGORY_NOT_SPAM, CLASS_COMPLAINT, "not-spam") \
	X(CATEGORY_OPT_OUT, CLASS_COMPLAINT, "opt-out") \
	X(CATEGORY_OTHER_COMPLAINT, CLASS_COMPLAINT, "other-complaint")

/* RFC 3464 section 2.3.3. */
#define EVENT_ACTIONS(X) \
	X(ACTION_NONE, "") \
	X(ACTION_FAILED, "failed") \
	X(ACTION_DELAYED, "delayed") \
	X(ACTION_DELIVERED, "delivered") \
	X(ACTION_RELAYED, "relayed") \
	X(ACTION_EXPANDED, "expanded")

/* RFC 5965 section 7.3, RFC 6591, RFC 6430 and what senders of feedback use. */
#define EVENT_FEEDBACKS(X) \
	X(FEEDBACK_NONE, "") \
	X(FEEDBACK_ABUSE, "abuse") \
	X(FEEDBACK_FRAUD, "fraud") \
	X(FEEDBACK_VIRUS, "virus") \
	X(FEEDBACK_OTHER, "other") \
	X(FEEDBACK_NOT_SPAM, "not-spam") \
	X(FEEDBACK_AUTH_FAILURE, "auth-failure") \
	X(FEEDBACK_OPT_OUT, "opt-out") \
	X(FEEDBACK_OPT_OUT_LIST, "opt-out-list") \
	X(FEEDBACK_MISCATEGORIZED, "miscategorized") \
	X(FEEDBACK_DKIM, "dkim")

/* How well it is proven that we sent the mail that came back; from worst to best. */
#define EVENT_ORIGINS(X) \
	X(ORIGIN_BACKSCATTER, "backscatter") \
	X(ORIGIN_UNVERIFIED, "unverified") \
	X(ORIGIN_MATCHED, "matched") \
	X(ORIGIN_VERIFIED, "verified")

/* Where the recipient was read. */
#define EVENT_RECIPIENT_SOURCES(X) \
	X(RECIPIENT_NONE, "") \
	X(RECIPIENT_ORIGINAL, "original-recipient") \
	X(RECIPIENT_VERP, "verp") \
	X(RECIPIENT_TOKEN, "returned-token") \
	X(RECIPIENT_FINAL, "final-recipient") \
	X(RECIPIENT_HEADER, "failed-recipients-header") \
	X(RECIPIENT_TEXT, "text") \
	X(RECIPIENT_RETURNED, "returned-headers") \
	X(RECIPIENT_FEEDBACK, "feedback-report") \
	X(RECIPIENT_FORWARDED, "forwarded")

#define EVENT_ENUM2(symbol, name) symbol,
#define EVENT_ENUM3(symbol, klass, name) symbol,
enum kind { EVENT_KINDS(EVENT_ENUM2) KIND_COUNT };
enum klass { EVENT_CLASSES(EVENT_ENUM2) CLASS_COUNT };
enum category { EVENT_CATEGORIES(EVENT_ENUM3) CATEGORY_COUNT };
enum action { EVENT_ACTIONS(EVENT_ENUM2) ACTION_COUNT };
enum feedback { EVENT_FEEDBACKS(EVENT_ENUM2) FEEDBACK_COUNT };
enum origin { EVENT_ORIGINS(EVENT_ENUM2) ORIGIN_COUNT };
enum recipient_source { EVENT_RECIPIENT_SOURCES(EVENT_ENUM2) RECIPIENT_SOURCE_COUNT };
#undef EVENT_ENUM2
#undef EVENT_ENUM3

/* Sizes with their NUL. An address is at most 64 + 1 + 255 octets (RFC 5321 section 4.5.3.1). */
enum {
	EVENT_ADDRESS_SIZE = 328,
	EVENT_HOST_SIZE = 256,
	EVENT_MESSAGE_ID_SIZE = 256,
	EVENT_DIAGNOSTIC_SIZE = 1024,
	EVENT_RULE_SIZE = 64,
	EVENT_PROVIDER_SIZE = 32,
	EVENT_CAMPAIGN_SIZE = 64,
	EVENT_STREAM_SIZE = 32,
	EVENT_IP_SIZE = 46,
	EVENT_TOKEN_SIZE = 128,
	EVENT_STATUS_SIZE = 16
};

/* An enhanced status code, RFC 3463. digit 0: there is none (never invented). */
struct status {
	uint16_t digit, subject, detail;
};

struct event {
	uint32_t seq; /* 1 for the message's first event */
	uint8_t kind; /* enum kind, and so on: one byte each, so that the layout holds no
		       surprise */
	uint8_t klass;
	uint8_t category;
	uint8_t action;
	uint8_t feedback;
	uint8_t origin;
	uint8_t recipient_source;
	uint8_t derived; /* 1: recipient or campaign of a complaint was derived from embedded
			    headers */
	uint16_t reply;  /* SMTP reply code 200..599, 0: none seen */
	int16_t margin;  /* how much more the winner weighed than the strongest bid for another
			    class; below 0: a stronger hard was set aside */
	struct status status;
	int64_t arrived;                    /* epoch seconds, UTC; 0: not known yet */
	char recipient[EVENT_ADDRESS_SIZE]; /* as received, no angle brackets; "": unknown */
	char original_recipient[EVENT_ADDRESS_SIZE]; /* only where the report names one and it
							differs from the recipient's own field */
	char token[EVENT_TOKEN_SIZE]; /* what stands for {token} in a return path of ours; the store
					 checks its MAC */
	char provider[EVENT_PROVIDER_SIZE]; /* profile name; "": none */
	char campaign[EVENT_CAMPAIGN_SIZE]; /* [A-Za-z0-9._:+-], never an '@' */
	char stream[EVENT_STREAM_SIZE];     /* of our mail: [stream NAME]; "": none is known */
	char remote_mta[EVENT_HOST_SIZE];
	char reporting_mta[EVENT_HOST_SIZE];
	char message_id[EVENT_MESSAGE_ID_SIZE]; /* of the returned mail, no angle brackets */
	char source_ip[EVENT_IP_SIZE];          /* ARF Source-IP */
	char rule[EVENT_RULE_SIZE]; /* id of the rule that decided; for KIND_NONE: why there is
				       nothing */
	char diagnostic[EVENT_DIAGNOSTIC_SIZE]; /* UTF-8 */
};

/* Names as printed; "" for the empty ones. The argument is checked: an unknown number gives "". */
const char *kind_name(unsigned kind);
const char *class_name(unsigned klass);
const char *category_name(unsigned category);
const char *action_name(unsigned action);
const char *feedback_name(unsigned feedback);
const char *origin_name(unsigned origin);
const char *recipient_source_name(unsigned source);

/* The class a category belongs to. */
enum klass category_class(unsigned category);

/* The number of a name, or -1. */
int kind_by_name(const char *name);
int class_by_name(const char *name);
int category_by_name(const char *name);
int origin_by_name(const char *name);

/* "5.1.1" into BUFFER of EVENT_STATUS_SIZE bytes; "" where there is none. Returns BUFFER. */
const char *status_text(struct status s, char *buffer);

/*
 * True when every byte of E is one that an honest parser can have written: numbers in range, texts
 * NUL-terminated valid UTF-8 without control characters. The run calls it on every event that a
 * parser process sends.
 */
bool event_valid(const struct event *e);

#endif
