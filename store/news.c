/*
 * Changes of whom not to write to, until somebody was told (news.h).
 *
 * Addresses are told only where [hook] addresses says so, and only those of mail that this process
 * has read: they lie in locked memory, each at a place that its pseudonym says, and are never
 * stored. One whose contact changed stays until that is told; the others give way to the next.
 */
#include "store/news.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include "store/internal.h"

#define NEWS_NUMBER "news number"

enum {
	NEWS_PLACES = 4096, /* a power of two */
	NEWS_PROBES = 64,
	NEWS_ADDRESS = 321,
};

struct told_address {
	unsigned char pseudonym[PSEUDONYM_SIZE];
	bool kept;
	char address[NEWS_ADDRESS]; /* "": the place is free */
};

struct told_addresses {
	struct told_address at[NEWS_PLACES];
};

/* --- addresses -------------------------------------------------------------- */

/* The N-th place where the address of a pseudonym may lie. */
static struct told_address *heard_place(
	const struct store *s, const unsigned char pseudonym[PSEUDONYM_SIZE], unsigned n)
{
	return &s->news->at[((pseudonym[0] << 8 | pseudonym[1]) + n) & (NEWS_PLACES - 1)];
}

static bool heard_is(const struct told_address *h, const unsigned char pseudonym[PSEUDONYM_SIZE])
{
	return *h->address && memcmp(h->pseudonym, pseudonym, PSEUDONYM_SIZE) == 0;
}

static struct told_address *heard_of(
	const struct store *s, const unsigned char pseudonym[PSEUDONYM_SIZE])
{
	for (unsigned n = 0; s->news && n < NEWS_PROBES; n++)
		if (heard_is(heard_place(s, pseudonym, n), pseudonym))
			return heard_place(s, pseudonym, n);
	return NULL;
}

/* Its own place, else an empty one, else one that is not needed; NULL: all are. */
static struct told_address *heard_room(
	const struct store *s, const unsigned char pseudonym[PSEUDONYM_SIZE])
{
	struct told_address *room = heard_of(s, pseudonym);

	for (unsigned n = 0; !room && n < NEWS_PROBES; n++)
		if (!*heard_place(s, pseudonym, n)->address)
			room = heard_place(s, pseudonym, n);
	for (unsigned n = 0; !room && n < NEWS_PROBES; n++)
		if (!heard_place(s, pseudonym, n)->kept)
			room = heard_place(s, pseudonym, n);
	return room;
}

void news_hear(struct store *s, const unsigned char pseudonym[PSEUDONYM_SIZE], const char *address,
	size_t n)
{
	if (!s->o.tell_addresses || !n || n >= NEWS_ADDRESS)
		return;
	if (!s->news) {
		s->news = sodium_malloc(sizeof *s->news);
		if (!s->news)
			return; /* it is told without addresses */
		memset(s->news, 0, sizeof *s->news);
	}
	struct told_address *h = heard_room(s, pseudonym);
	if (!h)
		return;
	memcpy(h->pseudonym, pseudonym, PSEUDONYM_SIZE);
	memcpy(h->address, address, n);
	h->address[n] = '\0';
}

const char *news_address(struct store *s, const unsigned char pseudonym[PSEUDONYM_SIZE])
{
	const struct told_address *h = heard_of(s, pseudonym);

	return h ? h->address : NULL;
}

void news_forget(struct store *s, const unsigned char pseudonym[PSEUDONYM_SIZE])
{
	struct told_address *h = heard_of(s, pseudonym);

	if (h)
		sodium_memzero(h, sizeof *h);
}

void news_close(struct store *s)
{
	sodium_free(s->news);
	free(s->ahead);
	s->news = NULL;
	s->ahead = NULL;
}

/* --- marks ------------------------------------------------------------------ */

/* Of this transaction; the greatest one is kept, as the marks are too many to be asked each time.
 */
static int next_number(struct store *s)
{
	char text[24];
	int64_t number = 0;

	if (db_int(s, &number, SQL_NEWS_NEXT, "t", NEWS_NUMBER))
		return STORE_FAILED;
	snprintf(text, sizeof text, "%lld", (long long)number);
	if (db_run(s, SQL_META_PUT, "tt", NEWS_NUMBER, text))
		return STORE_FAILED;
	s->news_number = number;
	return STORE_OK;
}

int news_mark(struct store *s, const unsigned char pseudonym[PSEUDONYM_SIZE])
{
	struct told_address *h = heard_of(s, pseudonym);

	if (!s->news_number && next_number(s))
		return STORE_FAILED;
	if (h)
		h->kept = true;
	return db_run(s, SQL_NEWS_MARK, "bi", pseudonym, PSEUDONYM_SIZE, s->news_number);
}

int news_flush(struct store *s)
{
	s->news_number = 0;
	return STORE_OK;
}

void news_discard(struct store *s)
{
	s->news_number = 0;
}
