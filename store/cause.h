/*
 * What failures rest on, taken as a whole: a rule, a provider, a reporting MTA, a campaign, from
 * one day to another.
 */
#ifndef RETOUR_STORE_CAUSE_H
#define RETOUR_STORE_CAUSE_H

#include "store/history/history.h"
#include "store/internal.h"

enum cause_purpose { CAUSE_MTA, CAUSE_CAMPAIGN, CAUSE_HOST, CAUSE_ANSWER, CAUSE_STREAM };
/*
 * The number under which a contact remembers a host, a campaign or an answer, made with a key so
 * that nobody finds the name by trying; 0 for "". NAME need not end within a span of its own; ASCII
 * capitals are folded.
 */
uint32_t cause_number(const struct store *s, enum cause_purpose purpose, const char *name);

/*
 * The number under which a contact remembers an answer: of all that is kept of it and decides it.
 * PROVIDER: a profile's name, else "".
 */
uint32_t answer_number(const struct store *s, const char *provider, unsigned reply,
	const char *status, const char *diagnostic);

/* A cause as it is compared: "" and 0 are whatever it is. */
struct taken_back {
	int64_t first, last; /* days */
	char rule[EVENT_RULE_SIZE];
	char provider[EVENT_PROVIDER_SIZE];
	uint32_t mta, campaign;
};
/* Takes T out of one history; false: there was nothing of it. */
bool take_back_cause(struct history *h, struct taken_back *t);
/* Reads what was taken back, when the store is opened. */
int causes_load(struct store *s);
/*
 * Whether what rests on CAUSE at this time was taken back: then it changes no contact, also when it
 * is read only now.
 */
bool cause_is_taken_back(const struct store *s, enum history_kind kind, const struct cause *cause,
	uint32_t campaign, int64_t at);

/* Whether something was taken back by this RULE. */
bool cause_names_rule(const struct store *s, const char *rule);

/* Takes all that was taken back out of a history. */
void causes_filter(const struct store *s, struct history *h);
enum { CAUSE_TEXT_SIZE = 512 };
/*
 * What another site took back, as its line says; *GOOD is false, and nothing done, where that is
 * none.
 */
int cause_merge(struct store *s, const char *text, int64_t now, bool *good);

#endif
