/*
 * What people are told: "address, then code or phrase", in any wording. One
 * mechanism reads the text of Exim, qmail, sendmail, Exchange and the providers;
 * what the words mean stands in etc/rules.ini.
 */
#ifndef RETOUR_PROSE_H
#define RETOUR_PROSE_H

#include "classify/event.h"
#include "classify/rules.h"
#include "classify/base/span.h"

enum {
	PROSE_TEXT_MAX = 1 << 17,    /* bytes of human text that are read */
	PROSE_RECIPIENTS_MAX = 1000, /* named in prose */
	PROSE_ADDRESSES_MAX = 4000,  /* addresses looked at */
	PROSE_OWN_MAX = 24,          /* addresses that belong to the sender */
	PROSE_LINE_MAX = 1024,       /* of a line around an address */
	PROSE_DIAGNOSTIC_MAX = 2000,
};

/* How surely an address is one that the text is about. */
enum prose_rank {
	RANK_NOT,     /* a sender, a contact, a message id */
	RANK_COMMAND, /* where a list manager takes commands */
	RANK_MENTIONED,
	RANK_LIKELY, /* begins a line, or stands beside a code or a phrase of failure */
	RANK_OWN,    /* named as failed, but it is the sender's own: counts where there is nothing
		      else */
	RANK_NAMED,  /* behind words that say "these failed" */
};

struct prose_recipient {
	struct span address;
	struct span about;      /* the text about it */
	struct span diagnostic; /* the receiver's words; may be empty */
	enum prose_rank rank;
	enum kind kind; /* KIND_NONE: the text does not say */
};

struct prose {
	struct span human;        /* the text up to the returned mail */
	struct span returned;     /* header of the mail returned inline; empty when there is none */
	struct searched searched; /* human, and what lies between it and the returned mail */
	struct matches matches;   /* in human, by their begin */
	bool marked[MARK_COUNT];
	bool said[KIND_COUNT]; /* a rule that names a kind matched */
	uint16_t said_rule[KIND_COUNT];
	bool category; /* a phrase that gives a category matched */
	bool named;    /* recipient[] was filled */
	bool cut;      /* more addresses follow than are read */
	size_t count;
	struct prose_recipient recipient[PROSE_RECIPIENTS_MAX];
};

/*
 * Splits TEXT (UTF-8, lines ending in LF) into what is said and what came back, and finds the
 * marks.
 */
void prose_open(struct prose *p, const struct rules *rules, struct span text);

/*
 * Fills recipient[] with the addresses of the highest rank, each once, in their order; once: who
 * was left out of them stays out. OWN: addresses of the sender.
 */
void prose_recipients(
	struct prose *p, const struct rules *rules, const struct span *own, size_t owns);

/*
 * Where the text says "these recipients failed:" and then a name without a domain, alone in its
 * line: the name, else an empty span. A mailbox provider that reports about its own users writes
 * so.
 */
struct span prose_bare_name(const struct prose *p, const struct rules *rules);

/*
 * Whose alias ADDRESS is, where the text says so right behind it: "(generated from
 * anna@example.org)"; else an empty span.
 */
struct span prose_alias(struct span human, const struct rules *rules, struct span address);

/*
 * What the text says about ADDRESS, or an empty span: the lines from where it is named to the next
 * blank line.
 */
struct span prose_about(struct span human, struct span address);

/*
 * The answer that a transcript of the session gives to ADDRESS ("RCPT TO:<…>", then "550 …"), or an
 * empty span.
 */
struct span prose_transcript(struct span human, struct span address);

/*
 * What ABOUT, which begins with ADDRESS, says where it gives no code: its first paragraph behind
 * the address.
 */
struct span prose_words(struct span about, struct span address);

/*
 * The receiver's answer in TEXT, a part of P's human text: the first stretch with a code, or what
 * follows "said:". Empty when there is none.
 */
struct span prose_diagnostic(const struct prose *p, const struct rules *rules, struct span text);

/*
 * The host that answered, by name or IP address, where the text ABOUT a recipient names it ("host
 * mx.example.org[192.0.2.1] said"), or where the transcript of a session does in front of the
 * ANSWER, which lies within HUMAN or is empty. Points into them; empty where nobody is named.
 */
struct span prose_remote(
	const struct rules *rules, struct span human, struct span about, struct span answer);

/* The host that reports ("Generating server: …"), or an empty span. */
struct span prose_reporter(const struct rules *rules, struct span human);

/* Does a mail header begin TEXT? */
bool prose_is_header(struct span text);

#endif
