/*
 * What changed in whom not to write to, for a sender who keeps his own list ([hook]).
 *
 * A contact whose suppression changed is marked in its row, with the number of the transaction that
 * changed it; the mark goes when the change was told. So nothing is queued beside the contacts:
 * what is told is the present answer, a contact that changes twice meanwhile is told once, and what
 * is erased, purged or sealed anew takes its mark along. A contact's changes are told in their
 * order, and so are those of transactions; within one there is no order to tell.
 */
#ifndef RETOUR_STORE_NEWS_H
#define RETOUR_STORE_NEWS_H

#include "store/contacts.h"
#include "store/streams.h"

enum {
	NEWS_BATCH = 500,
	NEWS_AHEAD = 1 << 17, /* that are looked for at a time, 3 MiB */
};

/* One contact, as of now. */
struct news_line {
	char pseudonym[STORE_PSEUDONYM_HEX];
	char key[STORE_FINGERPRINT_HEX]; /* of the state key that makes it */
	struct answer answer;            /* as mail of no stream is answered */
	bool all;                        /* what suppresses is against all mail; else against … */
	unsigned streams;
	struct {
		const char *name, *reason;
		int64_t since;
	} stream[OBJECTED_MAX];
	const char *address; /* NULL: no mail that this process has read says it */
};
/* What was told, for the store to take the marks away. */
struct news_told {
	bool more; /* there may be others */
	unsigned n;
	size_t seen; /* of those that are ahead, with those that changed since */
	struct {
		unsigned char pseudonym[16];
		int64_t number;
	} at[NEWS_BATCH];
};

/*
 * The first NEWS_BATCH that are to be told, in order; VISIT returns a store_result. Nothing is
 * marked as told before store_news_tell(), which leaves alone what changed meanwhile.
 */
int store_news(struct store *s, int64_t now, struct news_told *told,
	int (*visit)(void *context, const struct news_line *line), void *context);
int store_news_tell(struct store *s, const struct news_told *told);
/* Nobody wants to be told any more. */
int store_news_drop(struct store *s);

/* How telling went: when it failed first since it last went well, how often, when to try again. */
struct news_trouble {
	int64_t since, next; /* 0: it goes well */
	unsigned failures;
};
/* Times that a clock has noted which was ahead of NOW, and was set since, hold nobody up. */
int store_news_trouble(struct store *s, int64_t now, struct news_trouble *out);
int store_news_failed(struct store *s, int64_t now);

/* --- for the store itself (news.c) ----------------------------------------- */

/* Who is to be told next, in order, from AT on. */
struct news_ahead {
	size_t n, at;
	struct {
		int64_t number;
		unsigned char pseudonym[16];
	} who[NEWS_AHEAD];
};

/* Marks the row of a contact, which was just written. */
int news_mark(struct store *s, const unsigned char pseudonym[16]);
/* ADDRESS is remembered in locked memory, until its contact's change is told or it is crowded out.
 */
void news_hear(struct store *s, const unsigned char pseudonym[16], const char *address, size_t n);
const char *news_address(struct store *s, const unsigned char pseudonym[16]); /* NULL: none */
void news_forget(struct store *s, const unsigned char pseudonym[16]);
int news_flush(struct store *s);
void news_discard(struct store *s);
void news_close(struct store *s);

#endif
