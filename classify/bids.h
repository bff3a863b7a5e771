/*
 * The bids for a category (decide.c): who makes which, and the strongest for each class.
 */
#ifndef RETOUR_BIDS_H
#define RETOUR_BIDS_H

#include "classify/meaning.h"
#include "classify/rules.h"

enum {
	RANK_WEAK = -100, /* words from this rank down say little: the human part is asked, too, and
			     they prove nothing */
	RANK_PROVEN = 200, /* what is hard from this rank on is documented by its provider, or says
			      why ("for inactivity") */
};

struct bid {
	int weight;    /* 0: none */
	size_t length; /* of the phrase: of two as good the longer says more */
	enum category category;
	bool proven; /* by a rule of the provider that answered, one of RANK_PROVEN, or one that
			wants an enhanced code beside the words */
	bool human;  /* found in the human part, from byte AT on */
	size_t at;
	char rule[EVENT_RULE_SIZE];
};

/* The strongest bid for each class so far, and who is told of each. */
struct bids {
	const struct clues *clues;
	bool passing;      /* nothing that is said is final: it comes with a 4, or the mail still
			    waits */
	bool own_words;    /* words without doubt say hard */
	bool plain_words;  /* and no word beside them makes them another's */
	size_t words_at;   /* where the first of them begin in the answer; 0: in none of its */
	bool turned;       /* words that are hard were turned over by those around them */
	size_t begin, end; /* of the answer: what stands before or behind is said of others */
	struct bid best[CLASS_COUNT];
};

/* What is said, and where: a bid without its weight. */
struct saying {
	const char *source;
	enum category category;
	int klass; /* -1: the category's */
	struct span words;
	size_t length;
	bool proven, human;
	size_t at;
};

/* A text and what the rules find in it; it is searched once, when first asked for. */
struct heard {
	struct span text;
	struct span original; /* the same bytes where they were first read */
	const struct searched *searched;
	bool done;
	struct matches found; /* of rules for the receiver's words and for the human part: both tell
				 of the SMTP command */
};

/* The matches in H, whose text is searched at the first call. */
const struct matches *heard_words(const struct rules *r, struct heard *h);

/* PREFIX and ID as a rule's name into OUT of EVENT_RULE_SIZE bytes. */
void bid_name(char *out, const char *prefix, const char *id);
/* Bids WEIGHT for what is said, in the name of PREFIX and ID. */
void bid(struct bids *bids, int weight, const char *prefix, const char *id,
	const struct saying *what);
/* The same in the name of RULE, for its category. */
void bid_rule(struct bids *bids, const struct rule *rule, int weight, struct saying what);
/* The same for what a code means; C may be NULL. */
void bid_code(
	struct bids *bids, const struct code_meaning *c, const char *prefix, const char *source);
/*
 * The same for a REPLY code, 0: none. One that is hard by itself is so where nothing else is said:
 * whole systems number their refusals as they come ("551 auth error", "556 remote ip check error"),
 * so beside words these must say it.
 */
void bid_reply(struct bids *bids, unsigned reply);
/* The strongest bid for a class other than BUT (-1: for any). */
enum klass bids_strongest_but(const struct bids *bids, int but);

#endif
