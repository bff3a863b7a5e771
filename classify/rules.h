/*
 * The rules and provider profiles, and the decision they take. Rules are data
 * (etc/rules.ini, etc/providers.ini, read by poller/config/rulesfile.c); here they are
 * plain structs, checked, and built once into one automaton over all phrases,
 * so that matching costs one pass over the text however many rules there are.
 */
#ifndef RETOUR_RULES_H
#define RETOUR_RULES_H

#include "classify/event.h"
#include "classify/base/span.h"

/* What a rule says when it matches: exactly one of category, kind, mark is set. */
#define RULE_MARKS(X) \
	X(MARK_NONE, "") \
	X(MARK_RETURNED_MESSAGE, "returned-message") /* what follows is the mail that came back */ \
	X(MARK_FAILED_RECIPIENTS, \
		"failed-recipients") /* addresses that follow are those that failed */ \
	X(MARK_DELAYED_RECIPIENTS, "delayed-recipients") \
	X(MARK_DELIVERED_RECIPIENTS, "delivered-recipients") \
	X(MARK_REMOTE_SAYS, "remote-says")       /* what follows is the receiver's answer */ \
	X(MARK_BOUNCE_SUBJECT, "bounce-subject") /* subject that only a bounce has */ \
	X(MARK_BOUNCE_SENDER, "bounce-sender")   /* From that only a bounce has */ \
	X(MARK_RECEIPT, "receipt") /* a person's subject begins so: a mail program tells that a \
				      mail was read */ \
	X(MARK_NOTICE, "notice") /* subject begins so, or the text says: a system tells something \
				    that is no fate of a mail */ \
	X(MARK_HELD, "held")     /* a list keeps the mail until somebody has looked at it */ \
	X(MARK_LETTER, "letter") /* a field of those who pass letters on: a tracker of bugs or \
				    tickets */ \
	X(MARK_FOOTER, "footer") /* a paragraph begins so that is below any mail: a disclaimer, a \
				    scanner's praise of itself */ \
	X(MARK_STAGE_CONNECT, \
		"stage-connect") /* the SMTP command that was refused: the greeting or EHLO, */ \
	X(MARK_STAGE_MAIL, "stage-mail") /* MAIL FROM, */ \
	X(MARK_STAGE_RCPT, "stage-rcpt") /* RCPT TO, */ \
	X(MARK_STAGE_DATA, "stage-data") /* DATA or the mail itself */ \
	X(MARK_VOCABULARY, "vocabulary") /* no rule: words that answers are made of, which \
					    redaction keeps (classify/redact.h) */ \
	X(MARK_ABOUT_US, "about-us") /* an answer that speaks of the sender, not of the recipient \
					(classify/veto.c); from rank 100 on without doubt */ \
	X(MARK_ABOUT_RECIPIENT, "about-recipient") /* words of about-us in it are none */ \
	X(MARK_BAIT, "bait") /* what asks the reader to click or to log in: no mail system does */ \
	X(MARK_PASSING, "passing") /* what is said holds for now only */ \
	X(MARK_WORDS, "words")     /* no rule: {mailbox} in a phrase stands for each phrase of \
				      "words.mailbox" */ \
	X(MARK_BEFORE_RECIPIENT, "before-recipient") /* lists, no rules: words directly before an \
							address that make it the recipient's, */ \
	X(MARK_BEFORE_OTHER, "before-other")         /* somebody else's, */ \
	X(MARK_BEFORE_ALIAS, "before-alias")         /* an alias of what stands in front; */ \
	X(MARK_BEFORE_HOST, "before-host") /* before the name of the host that answered, or did \
					      not, */ \
	X(MARK_BEFORE_HOST_IP, \
		"before-host-and-ip") /* the same where an IP address stands behind the name, */ \
	X(MARK_BEFORE_CLIENT, "before-client") /* of the host that sent: ends as one of the others \
						  does; */ \
	X(MARK_BEHIND_HOST, "behind-host")     /* behind the name of the host that answered; */ \
	X(MARK_BEFORE_REPORTER, "before-reporter") /* before that of the host that reports; */ \
	X(MARK_BESIDE, "beside") /* of scripts without blanks: what leaves a phrase what it is, \
				    right before and behind it (classify/sensebeside.c); */ \
	X(MARK_REPLY_SUBJECT, "reply-subject") /* a person's answer or forward begins so */ \
	/* stems of words that speak of the same, in any language (classify/sensewords.h) */ \
	X(MARK_SENSE_BOX, "sense-box") /* who or what a mail is for */ \
	X(MARK_SENSE_NOT, "sense-not") \
	X(MARK_SENSE_EXIST, "sense-exist") /* is there, is known */ \
	X(MARK_SENSE_UNKNOWN, "sense-unknown") \
	X(MARK_SENSE_LEFT, "sense-left") \
	X(MARK_SENSE_HOUSE, "sense-house") /* that somebody leaves */ \
	X(MARK_SENSE_WORK, "sense-work")   /* with a not: is employed there no longer */ \
	X(MARK_SENSE_GONE, "sense-gone")   /* has left, was deleted, is closed for good */ \
	X(MARK_SENSE_NOBODY, "sense-nobody") \
	X(MARK_SENSE_SENDER, "sense-sender") /* we, our host, our login */ \
	X(MARK_SENSE_YOUR, "sense-your") \
	X(MARK_SENSE_PASSING, "sense-passing") /* for now, or something is out of order */ \
	X(MARK_SENSE_REFUSE, "sense-refuse") \
	X(MARK_SENSE_ACCEPT, "sense-accept") \
	X(MARK_SENSE_MAIL, "sense-mail") \
	X(MARK_SENSE_LIMIT, "sense-limit") \
	X(MARK_SENSE_TIME, "sense-time") /* an hour, a day */ \
	X(MARK_SENSE_SEND, "sense-send") \
	X(MARK_SENSE_SPACE, "sense-space") \
	X(MARK_SENSE_USED, "sense-used") /* is used up, is reached */ \
	X(MARK_SENSE_SPAM, "sense-spam") \
	X(MARK_SENSE_SCORE, "sense-score") \
	X(MARK_SENSE_LISTED, "sense-listed") \
	X(MARK_SENSE_PROOF, "sense-proof") /* SPF, DKIM, DMARC */ \
	X(MARK_SENSE_DNS, "sense-dns")     /* the name of our host */ \
	X(MARK_SENSE_RELAY, "sense-relay") \
	X(MARK_SENSE_OUTSIDE, "sense-outside") /* who may not write to somebody */ \
	X(MARK_SENSE_HEADER, "sense-header") \
	X(MARK_SENSE_TWICE, "sense-twice")   /* is there twice, is missing */ \
	X(MARK_SENSE_FORM, "sense-form")     /* the form of an address */ \
	X(MARK_SENSE_PERSON, "sense-person") /* who can work somewhere */ \
	X(MARK_SENSE_IF, "sense-if")         /* begins a condition where it begins a clause */ \
	X(MARK_SENSE_MAYBE, "sense-maybe")   /* what follows is not said of anybody */ \
	X(MARK_SENSE_OF, "sense-of")         /* ties a thing to whose it is */ \
	X(MARK_SENSE_BEEN, "sense-been")     /* may stand between a not and what it denies */ \
	X(MARK_SENSE_PART, "sense-part")     /* behind a mailbox: a part of it, not the whole */ \
	X(MARK_SENSE_BACK, "sense-back")     /* beside a mailbox: ours */ \
	X(MARK_SENSE_BOOK, "sense-book")     /* where somebody keeps addresses */ \
	X(MARK_SENSE_DOWN, "sense-down")     /* cannot be asked */ \
	X(MARK_SENSE_AWAY, "sense-away")     /* behind what is no mailbox: cannot be asked */ \
	X(MARK_SENSE_NARROW, "sense-narrow") /* knows some of the users only */ \
	X(MARK_SENSE_SHUT, "sense-shut")     /* for now or for good */ \
	X(MARK_SENSE_PLAIN, "sense-plain")   /* says nothing of what it stands beside */ \
	X(MARK_SENSE_PLACE, "sense-place")   /* where somebody is known or not */ \
	X(MARK_SENSE_AND, "sense-and")       /* what follows is said beside it, or why */ \
	X(MARK_SENSE_SAY, "sense-say")       /* what follows somebody says */ \
	X(MARK_SENSE_OR, "sense-or")         /* what follows may be it as well */ \
	X(MARK_SENSE_OTHER, "sense-other") /* what can be missing or closed, too, and is nobody's \
					      mailbox */
#define RULE_ENUM(symbol, name) symbol,
enum rule_mark { RULE_MARKS(RULE_ENUM) MARK_COUNT };
#undef RULE_ENUM
enum {
	LIST_FIRST = MARK_BEFORE_RECIPIENT,
	LIST_LAST = MARK_REPLY_SUBJECT,
	LIST_COUNT = LIST_LAST - LIST_FIRST + 1,
	SENSE_FIRST = MARK_SENSE_BOX,
	SENSE_LAST = MARK_SENSE_OTHER
};
/* Are the phrases of that MARK a list, which no text is searched for? */
static inline bool mark_is_list(enum rule_mark mark)
{
	return (int)mark >= LIST_FIRST && (int)mark <= SENSE_LAST;
}
static inline bool mark_is_sense(enum rule_mark mark)
{
	return (int)mark >= SENSE_FIRST && (int)mark <= SENSE_LAST;
}

/* Where a rule's phrases are looked for; a mask. */
enum {
	WHERE_DIAGNOSTIC = 1, /* the receiver's words: Diagnostic-Code, quoted SMTP answer */
	WHERE_HUMAN = 2,      /* the human part */
	WHERE_SUBJECT = 4,
	WHERE_SENDER = 8, /* From, Return-Path */
	WHERE_HEADER = 16 /* "name: value" of top-level headers */
};

enum { RULE_PHRASES_MAX = 1024, RULE_CODES_MAX = 24 };

/*
 * One code pattern: "550", "5.7.1", "5.7.606-649", "4.7.x", "550 5.7.1". reply_low 0: any reply or
 * none; digit 0: any status or none.
 */
struct code_pattern {
	int reply_low, reply_high;
	int digit, subject;          /* subject -1: any */
	int detail_low, detail_high; /* -1: any */
};

struct rule_spec {
	char id[EVENT_RULE_SIZE]; /* stands in every event that it decides */
	enum category category;
	int klass;      /* -1: the category's own */
	enum kind kind; /* KIND_NONE: says nothing about the kind */
	enum rule_mark mark;
	unsigned where;                     /* WHERE_ mask */
	char provider[EVENT_PROVIDER_SIZE]; /* "": any */
	int rank;                           /* higher wins among rules of one sort; default 0 */
	struct code_pattern codes[RULE_CODES_MAX];
	unsigned code_count;
	/*
	 * UTF-8; " ... " stands for a short stretch of anything, " {} " for one word of anything,
	 * as an address is, " .. " for one or none, {mailbox} for each phrase of the rule
	 * "words.mailbox"; '*' for itself. Owned by the caller, copied by rules_build().
	 */
	const char *phrases[RULE_PHRASES_MAX];
	unsigned phrase_count;
	bool phrase_and_code; /* both must match (a provider's "421" with "TSS04"), else either */
	enum rule_mark stage; /* MARK_STAGE_: only of that SMTP command; MARK_NONE: of any */
};

/* A rule as it is built: a plain value in the image (image.h). */
struct rule {
	char id[EVENT_RULE_SIZE];
	enum category category;
	int klass;
	enum kind kind;
	enum rule_mark mark;
	unsigned where;
	char provider[EVENT_PROVIDER_SIZE];
	int provider_number; /* of the profile, -1: any */
	int rank;
	struct code_pattern codes[RULE_CODES_MAX];
	unsigned code_count;
	uint32_t first_phrase, phrase_count; /* rule_phrase() */
	bool phrase_and_code;
	enum rule_mark stage;
};

enum { LADDER_NAME_SIZE = 64, PROVIDER_TITLE_SIZE = 48 };

struct provider_spec {
	char name[EVENT_PROVIDER_SIZE]; /* "gmail", "microsoft", … ; printed in reports */
	const char *const *domains;     /* recipient domains, lower-case; end with NULL */
	const char *const *hosts; /* suffixes of MX and host names, with a leading dot where only
				     below: ".google.com" */
	bool large;               /* a large mailbox provider: its own line in reports */
	const char *ladder;   /* the retry ladder of its soft failures; NULL: "large" or "small", by
				 its size */
	unsigned connections; /* that it takes from one host at once, where it says so; 0: not
			       known */
	const char *title;    /* as reports print it; NULL: its name */
};

/*
 * Checks and builds. The specs may be freed afterwards. On error returns NULL and writes into ERROR
 * of SIZE bytes which rule is wrong and why: duplicate id, unreachable rule, phrase without
 * letters, nothing to match, nothing said, unknown provider.
 */
struct rules *rules_build(const struct rule_spec *rules, size_t rule_count,
	const struct provider_spec *providers, size_t provider_count, char *error, size_t size);
void rules_free(struct rules *r);

/*
 * The image of N BYTES that rules_build() once made, NULL when it is none or memory is short. It is
 * used where it lies, aligned to 16 bytes; RELEASE (may be NULL) gets it back from rules_free().
 * Nobody but this program may have made it: what its numbers point to is not checked.
 */
struct rules *rules_open(const void *bytes, size_t n, void (*release)(const void *bytes, size_t n));
/* R's image. */
struct span rules_image(const struct rules *r);

/*
 * What rules_build() lets pass, though its author hardly meant it: a phrase or code that never
 * counts because another rule has it, a phrase of one short word that may stand anywhere. VISIT
 * gets the rule's id and a sentence, which lasts for the call.
 */
void rules_lint(const struct rules *r,
	void (*visit)(void *context, const char *rule, const char *sentence), void *context);
bool rules_have(const struct rules *r, const char *id);
size_t rules_count(const struct rules *r);

/*
 * The profile for a host name or domain, by longest suffix; NULL when none. Points into R. Cost
 * independent of the number of profiles.
 */
const char *provider_by_domain(const struct rules *r, struct span domain);
const char *provider_by_host(const struct rules *r, struct span host);
bool provider_is_large(const struct rules *r, const char *name);
/* The domain of a large provider that DOMAIN misses by one typing error (gamil.com), or NULL. */
const char *provider_mistyped(const struct rules *r, struct span domain);
/* The ladder of the profile NAME; NULL where there is no such profile. */
const char *provider_ladder(const struct rules *r, const char *name);
/* As reports print the profile NAME; NULL where there is no such profile, or it says nothing. */
const char *provider_titled(const struct rules *r, const char *name);
/* How many connections the profile NAME takes at once; 0: not known. */
unsigned provider_connections(const struct rules *r, const char *name);
/* The N-th profile's name, NULL past the end. */
const char *provider_at(const struct rules *r, size_t n);

/* --- what the automaton finds in one text --------------------------------- */

struct match {
	uint16_t rule;       /* index in the rules; rule_at() */
	uint16_t first;      /* bytes before the gap, where there is one */
	uint32_t begin, end; /* bytes of the text, end exclusive */
	uint32_t gap;        /* how many of them lie in the gap of a phrase with " ... " */
};
enum { MATCHES_MAX = 256 };
struct matches {
	size_t count;
	bool overflow;
	struct match at[MATCHES_MAX];
};

/*
 * One pass over TEXT (valid UTF-8): case folded, runs of white space (line ends too) taken as one
 * blank, typographic quotes as ASCII ones. Finds the phrases of all rules whose where mask meets
 * WHERE. A phrase begins and ends at a word boundary if it begins and ends with a letter or digit
 * (scripts without blanks excepted).
 */
void rules_scan(const struct rules *r, struct span text, unsigned where, struct matches *out);

/* One word, sign or character of a text, and whether a rule or the vocabulary has that word. */
enum word_sort {
	WORD_UNKNOWN,
	WORD_KNOWN, /* in a phrase, or in it but for its digits: "OFR006" where there is "OFR000" */
	WORD_SIGN,
	WORD_CHARACTER, /* of a script that sets no blanks between words: it is no word by itself */
};
struct known_word {
	uint32_t begin, end; /* bytes of the text, end exclusive */
	enum word_sort sort;
};
/*
 * The word of TEXT (valid UTF-8) at or behind byte *AT, which moves on to its end; false when there
 * is none.
 */
bool rules_next_word(const struct rules *r, struct span text, size_t *at, struct known_word *out);

/*
 * A text that was searched once for the receiver's words and for those of the human part: no part
 * of it that ends where words end needs another search.
 */
struct searched {
	struct span text;
	struct matches found;
};
void rules_search(const struct rules *r, struct span text, struct searched *out);
/*
 * What was found in PART, as rules_scan() would tell it; false when it cannot be told: PART lies
 * elsewhere, or too much was found. S may be NULL.
 */
bool searched_part(const struct searched *s, struct span part, struct matches *out);
/*
 * The bytes of the longest phrase of the LIST (MARK_BEFORE_…) that TEXT ends with, if that is no
 * end of a longer word; of the longest that it begins with (MARK_BEHIND_HOST, MARK_REPLY_SUBJECT).
 * 0: none. By the letter, but for ASCII case.
 */
size_t rules_list_ends(const struct rules *r, enum rule_mark list, struct span text);
size_t rules_list_begins(const struct rules *r, enum rule_mark list, struct span text);
/*
 * R takes from LENDER, which must outlive it, each list that it has none of: who wrote rules of his
 * own before there was that list means no harm by its absence.
 */
void rules_borrow_lists(struct rules *r, const struct rules *lender);
/* Is there a rule that looks at header fields of that NAME? */
bool rules_look_at(const struct rules *r, struct span name);
/*
 * Does a longer match hold the I-th, as "was not delivered" holds "delivered"? Then the longer one
 * speaks.
 */
bool match_is_inside(const struct matches *found, size_t i);
const struct rule *rule_at(const struct rules *r, uint16_t index);
/* The N-th phrase of RULE, which is one of R. */
const char *rule_phrase(const struct rules *r, const struct rule *rule, unsigned n);

/*
 * Walks the rules that have a code pattern which fits REPLY and STATUS and hold for PROVIDER or for
 * any. *AT begins at 0. Returns the rule's index, -1 at the end.
 */
int rules_next_by_code(const struct rules *r, const char *provider, unsigned reply,
	struct status status, size_t *at);
static inline bool code_pattern_fits(const struct code_pattern *p, unsigned reply, struct status s)
{
	if (p->reply_low && ((int)reply < p->reply_low || (int)reply > p->reply_high))
		return false;
	if (!p->digit)
		return p->reply_low;
	return p->digit == s.digit && (p->subject < 0 || p->subject == s.subject) &&
		(p->detail_low < 0 || (s.detail >= p->detail_low && s.detail <= p->detail_high));
}
/* Does one of RULE's code patterns fit? */
bool rule_code_fits(const struct rule *rule, unsigned reply, struct status status);

/* --- codes (classify/codes.c) --------------------------------------------- */

struct codes {
	uint16_t reply;       /* 0: none */
	struct status status; /* digit 0: none */
	size_t begin, end;    /* where in the text the first of both stands, the end of the last */
};

/*
 * The reply and enhanced code that TEXT (a diagnostic, an SMTP answer, a line of prose) gives.
 * Reads "550 5.1.1", "550-5.1.1", "#5.1.1", "(#5.1.1)", "5.1.1 (…)", "smtp;550", "554 delivery
 * error: dd", multi-line replies. Numbers in IP addresses, versions, dates, sizes and queue ids are
 * no codes. Of several the most specific wins (x.0.0 loses; x.4.7, "expired", loses to the reason
 * why), and with it the reply code right before it.
 */
struct codes codes_find(struct span text);

/* "5.1.1" (also "5.1.1 (bad …)", " 5.1.1") from a Status field. digit 0: no status there. */
struct status status_parse(struct span text);

/* --- the decision (classify/decide.c) ------------------------------------- */

/*
 * One piece of evidence and what it means, for those who want to see why; the strings last for the
 * call.
 */
struct bid_told {
	const char *source; /* "enhanced code", "the receiver's answer", "the human part", … */
	const char *rule;
	enum category category;
	int weight; /* 0: that bid of RULE does not count, and source says why; else the highest
		       wins; of two as high the one with more words */
	struct span words; /* the phrase as it stands there; empty for codes, and where a phrase has
			      a gap: anything may stand in it */
};
typedef void bid_sink(void *context, const struct bid_told *b);

/* All that was found about one recipient; spans may be empty. Texts are valid UTF-8. */
struct clues {
	enum kind kind;         /* failure, delay or success, as Action or the wording says */
	struct status status;   /* the recipient's own Status field */
	struct span diagnostic; /* Diagnostic-Code or quoted SMTP answer */
	struct span human;      /* the part of the human text that is about this recipient, else the
				   whole human part */
	struct span about;      /* the part of diagnostic that speaks of this recipient, where it
				   speaks of others, too; empty: all of it */
	unsigned exit_code;     /* that a local mailer ended with, 0: none */
	struct span verdict;    /* the reporting system's own word for the cause */
	struct span subject;
	struct span remote_mta, reporting_mta, recipient_domain; /* host names only */
	struct span recipient_local;                             /* the recipient's local part */
	bool names_us; /* the answer speaks of an address of the sender's, and names no recipient */
	bool mentions_us;     /* it names one, and no recipient */
	bool names_another;   /* it speaks of another recipient of the report, and not of this */
	const char *provider; /* the profile's name where it is known already, else NULL */
	const struct searched
		*searched; /* a text of which diagnostic or human may be parts, or NULL */
	bid_sink *tell;    /* told of every bid, NULL: nobody asked */
	void *tell_context;
};

struct decision {
	enum klass klass;
	enum category category;
	struct status status; /* the code to print: never invented */
	bool guessed;         /* it is what the reporting system made of an answer without one */
	uint16_t reply;
	int16_t margin; /* of the winner over the strongest bid for another class; below 0: a
			   stronger hard was set aside */
	char provider[EVENT_PROVIDER_SIZE];
	char rule[EVENT_RULE_SIZE];
};

/*
 * Evidence in the order of the design: own fields, provider's rule, enhanced code, reply code,
 * phrases, bare digit.
 */
void decide(const struct rules *r, const struct clues *e, struct decision *out);

#endif
