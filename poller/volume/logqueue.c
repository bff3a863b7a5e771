/*
 * The table of mails in the queue. Saved: a head, the campaigns' names, the mails as they lie in
 * memory; host byte order, for the store stays on its machine.
 */
#include "poller/volume/logqueue.h"

#include <stdlib.h>
#include <sodium.h>

enum { NAME_SLOTS = QUEUE_CAMPAIGNS_MAX * 2 };

struct queue {
	struct queued mail[QUEUE_SETS][QUEUE_WAYS];
	uint32_t newest;           /* minute of the youngest line */
	uint16_t names;            /* numbers given, 0 included */
	uint16_t slot[NAME_SLOTS]; /* hash of a name > its number */
	char name[QUEUE_CAMPAIGNS_MAX][EVENT_CAMPAIGN_SIZE];
};

struct saved_head {
	char magic[8];
	uint64_t providers;
	uint32_t newest, names, mails, unused;
};
static const char magic[8] = "queue 1";

struct queue *queue_new(void)
{
	struct queue *q = calloc(1, sizeof *q);
	if (q)
		q->names = 1;
	return q;
}

void queue_free(struct queue *q)
{
	free(q);
}

/* Ids are made by the mail server, not by who writes to it: the key need not be secret. */
static uint64_t hash_of_queue_id(struct span a, struct span b, unsigned char salt)
{
	static const unsigned char key[crypto_shorthash_KEYBYTES] = "retour log queue";
	unsigned char text[256], out[crypto_shorthash_BYTES];
	uint64_t hash;
	size_t n = a.n < 120 ? a.n : 120, m = b.n < 120 ? b.n : 120;
	text[0] = salt;
	memcpy(text + 1, a.p, n);
	text[n + 1] = 0;
	memcpy(text + n + 2, b.p, m);
	crypto_shorthash(out, text, n + m + 2, key);
	memcpy(&hash, out, sizeof hash);
	return hash ? hash : 1;
}

struct queued *queue_mail(struct queue *q, const struct log_line *l, bool make)
{
	uint64_t key = hash_of_queue_id(l->host, l->id, (unsigned char)l->mta);
	struct queued *set = q->mail[key % QUEUE_SETS], *oldest = set;
	for (unsigned i = 0; i < QUEUE_WAYS; i++) {
		if (set[i].key == key)
			return &set[i];
		if (!set[i].key || (oldest->key && set[i].minute < oldest->minute))
			oldest = &set[i];
	}
	if (!make)
		return NULL;
	*oldest = (struct queued){ .key = key };
	queue_heard(q, oldest, l);
	return oldest;
}

void queue_heard(struct queue *q, struct queued *mail, const struct log_line *l)
{
	mail->minute = (uint32_t)(l->at / 60);
	q->newest = mail->minute > q->newest ? mail->minute : q->newest;
}

void queue_forget(struct queued *mail)
{
	mail->key = 0;
}

void queue_wait(struct queued *mail, uint16_t provider)
{
	unsigned i = 0;
	while (i < mail->waits && mail->wait[i].provider != provider)
		i++;
	if (i == QUEUE_WAITS) {
		i--;
		mail->wait[i].provider = QUEUE_OTHER;
	} else if (i == mail->waits) {
		mail->wait[mail->waits++].provider = provider;
		mail->wait[i].count = 0;
	}
	if (mail->wait[i].count < UINT16_MAX)
		mail->wait[i].count++;
}

void queue_tried(struct queued *mail)
{
	mail->waits = 0;
}

/* --- campaigns ------------------------------------------------------------ */

uint16_t queue_name(struct queue *q, const char *campaign)
{
	struct span name = span_of(campaign);
	if (!name.n || name.n >= EVENT_CAMPAIGN_SIZE)
		return 0;
	uint64_t i = hash_of_queue_id(name, SPAN(""), 'c') % NAME_SLOTS;
	for (; q->slot[i]; i = (i + 1) % NAME_SLOTS)
		if (!strcmp(q->name[q->slot[i]], campaign))
			return q->slot[i];
	if (q->names == QUEUE_CAMPAIGNS_MAX)
		return 0;
	memcpy(q->name[q->names], campaign, name.n + 1);
	q->slot[i] = q->names;
	return q->names++;
}

const char *queue_campaign(const struct queue *q, uint16_t number)
{
	return number < q->names ? q->name[number] : "";
}

void queue_sweep(struct queue *q)
{
	static char old[QUEUE_CAMPAIGNS_MAX][EVENT_CAMPAIGN_SIZE];
	uint16_t names = q->names;
	memcpy(old, q->name, sizeof old);
	memset(q->slot, 0, sizeof q->slot);
	q->names = 1;
	for (size_t i = 0; i < QUEUE_SETS * QUEUE_WAYS; i++) {
		struct queued *mail = &q->mail[0][0] + i;
		if (mail->key && q->newest - mail->minute > QUEUE_AGE_MAX / 60 &&
			mail->minute < q->newest)
			mail->key = 0;
		if (mail->key && mail->campaign)
			mail->campaign = mail->campaign < names ? queue_name(q, old[mail->campaign])
								: 0;
	}
}

/* --- bytes ---------------------------------------------------------------- */

size_t queue_save(const struct queue *q, uint64_t providers, size_t size, unsigned char **out)
{
	const struct queued *mail = &q->mail[0][0];
	struct saved_head head = { .providers = providers, .newest = q->newest, .names = q->names };
	size_t at = sizeof head + (size_t)(q->names - 1) * sizeof q->name[0];
	memcpy(head.magic, magic, sizeof magic);
	for (size_t i = 0; i < QUEUE_SETS * QUEUE_WAYS; i++)
		head.mails += mail[i].key != 0;
	if (at + head.mails * sizeof *mail > size)
		head.mails = (uint32_t)((size - at) / sizeof *mail);
	*out = malloc(at + head.mails * sizeof *mail);
	if (!*out)
		return 0;
	memcpy(*out, &head, sizeof head);
	memcpy(*out + sizeof head, q->name[1], (size_t)(q->names - 1) * sizeof q->name[0]);
	uint32_t left = head.mails;
	for (size_t i = 0; i < QUEUE_SETS * QUEUE_WAYS && left; i++)
		if (mail[i].key) {
			memcpy(*out + at, &mail[i], sizeof *mail);
			at += sizeof *mail;
			left--;
		}
	return at;
}

static void load_mail(struct queue *q, struct queued mail, bool same_providers)
{
	struct queued *set = q->mail[mail.key % QUEUE_SETS];
	if (!mail.key || mail.sender > SENDER_FOREIGN || mail.waits > QUEUE_WAITS ||
		mail.campaign >= q->names)
		return;
	for (unsigned i = 0; i < mail.waits && !same_providers; i++)
		mail.wait[i].provider = QUEUE_OTHER;
	for (unsigned i = 0; i < QUEUE_WAYS; i++)
		if (!set[i].key) {
			set[i] = mail;
			return;
		}
}

void queue_load(struct queue *q, uint64_t providers, struct span bytes)
{
	struct saved_head head;
	if (bytes.n < sizeof head)
		return;
	memcpy(&head, bytes.p, sizeof head);
	if (memcmp(head.magic, magic, sizeof magic) || head.names < 1 ||
		head.names > QUEUE_CAMPAIGNS_MAX || head.mails > QUEUE_SETS * QUEUE_WAYS ||
		bytes.n !=
			sizeof head + (head.names - 1) * sizeof q->name[0] +
				head.mails * sizeof(struct queued))
		return;
	const char *p = bytes.p + sizeof head;
	for (uint32_t i = 1; i < head.names; i++, p += sizeof q->name[0]) {
		char name[EVENT_CAMPAIGN_SIZE];
		memcpy(name, p, sizeof name);
		name[sizeof name - 1] = '\0';
		if (queue_name(q, name) != i) /* numbers would not be those of the mails */
			return;
	}
	q->newest = head.newest;
	for (uint32_t i = 0; i < head.mails; i++, p += sizeof(struct queued)) {
		struct queued mail;
		memcpy(&mail, p, sizeof mail);
		load_mail(q, mail, head.providers == providers);
	}
}
