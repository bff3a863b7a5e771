/*
 * The mails in a mail server's queue, as far as its log has told of them: a delivery line names the
 * queue id, and only the line before it the sender. Bounded memory: a set-associative table, in
 * which the mail that was not heard of for longest gives way. It lasts from one file to the next
 * and from one call to the next (queue_save, queue_load), so that it makes no difference where a
 * log was cut. It holds no address and no id: a hash of the id, whose mail it is, the campaign, and
 * for whom it waits, by provider.
 */
#ifndef RETOUR_LOGQUEUE_H
#define RETOUR_LOGQUEUE_H

#include "classify/base/units.h"
#include "classify/event.h"
#include "poller/volume/maillog.h"

enum {
	QUEUE_SETS = 16384,
	QUEUE_WAYS = 4,  /* mails that are remembered at once */
	QUEUE_WAITS = 4, /* providers that one mail waits for; more are counted as others */
	QUEUE_CAMPAIGNS_MAX = 1024, /* names at once; beyond it a mail's campaign is not known */
	/* seconds: a mail that was not heard of for so long has left the queue */
	QUEUE_AGE_MAX = 14 * DAY,
};
#define QUEUE_OTHER UINT16_MAX /* a provider without a profile */

enum queue_sender { SENDER_UNKNOWN, SENDER_OURS, SENDER_BOUNCE, SENDER_FOREIGN };

struct queued {
	uint64_t key;      /* 0: free */
	uint32_t minute;   /* of the last line about it, epoch minutes */
	uint16_t campaign; /* queue_campaign() has the name */
	uint8_t sender;    /* enum queue_sender */
	uint8_t waits;
	struct {
		uint16_t provider, count;
	} wait[QUEUE_WAITS]; /* recipients that were deferred when it was tried last */
};

struct queue;
/* Empty; NULL without memory. */
struct queue *queue_new(void);
void queue_free(struct queue *q);

/* The mail of L's id: found, or with MAKE taken in. NULL: it is not known. */
struct queued *queue_mail(struct queue *q, const struct log_line *l, bool make);
/* L is about it. */
void queue_heard(struct queue *q, struct queued *mail, const struct log_line *l);
/* It left the queue. */
void queue_forget(struct queued *mail);
/* One more recipient waits; all that waited are forgotten. */
void queue_wait(struct queued *mail, uint16_t provider);
void queue_tried(struct queued *mail);

/* The number of a campaign's name; 0 for "" and where there are too many. */
uint16_t queue_name(struct queue *q, const char *campaign);
const char *queue_campaign(const struct queue *q, uint16_t number);
/*
 * Forgets the names that no mail in the queue has; numbers given before hold no more. Only mails
 * that are younger than QUEUE_AGE_MAX stay.
 */
void queue_sweep(struct queue *q);

/*
 * As bytes, at most SIZE, and back. PROVIDERS is a hash of the list that provider numbers count in:
 * where it has changed, waiting recipients are others. What cannot be read is as if it had not been
 * there. queue_save() gives the length; *OUT is on the heap, NULL without memory.
 */
size_t queue_save(const struct queue *q, uint64_t providers, size_t size, unsigned char **out);
void queue_load(struct queue *q, uint64_t providers, struct span bytes);

#endif
