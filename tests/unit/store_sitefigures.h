/*
 * What a report reads of all sites, as text, and what makes it.
 */
#ifndef RETOUR_TEST_STORE_SITEFIGURES_H
#define RETOUR_TEST_STORE_SITEFIGURES_H

#include "tests/unit/store_sites.h"

struct text {
	size_t n, room;
	char *p;
};

static inline void room_for_line(struct text *text)
{
	if (text->n + 512 > text->room)
		text->p = realloc(text->p, text->room = text->room ? 2 * text->room : 1 << 16);
}

static inline int add_tally(void *context, const struct tally *t)
{
	struct text *text = context;
	room_for_line(text);
	text->n += (size_t)snprintf(text->p + text->n, 512, "%d %s %s %s %s %s '%s' %llu\n",
		(int)t->day, kind_name(t->kind), class_name(t->klass), category_name(t->category),
		origin_name(t->origin), t->provider, t->campaign, (unsigned long long)t->count);
	return 0;
}

static inline int add_volume(void *context, const struct volume *v)
{
	struct text *text = context;
	room_for_line(text);
	text->n += (size_t)snprintf(text->p + text->n, 512, "%d %s '%s' %llu %llu %llu %llu %llu\n",
		(int)v->day, v->provider, v->campaign, (unsigned long long)v->sent,
		(unsigned long long)v->delivered, (unsigned long long)v->deferred,
		(unsigned long long)v->throttled, (unsigned long long)v->rejected);
	return 0;
}

static inline int add_mailbox(
	void *context, const char *mailbox, const char *outcome, uint64_t count)
{
	struct text *text = context;
	if (!*mailbox) /* whom a site knew to be gone when it read depends on what it had merged */
		return 0;
	room_for_line(text);
	text->n += (size_t)snprintf(text->p + text->n, 512, "%s %s %llu\n", mailbox, outcome,
		(unsigned long long)count);
	return 0;
}

/* What a report reads, of all sites; the caller frees it. */
static inline char *figures_of(unsigned i)
{
	struct text text = { 0 };
	store = at[i].s;
	store_every_site(store, true);
	/* by everything would be the rows as they lie, of each site */
	ok(store_tallies(
		store, 0, 99991231, BY_EVERYTHING & ~(unsigned)BY_ORIGIN, add_tally, &text));
	ok(store_volumes(store, 0, 99991231, BY_DAY | BY_PROVIDER, add_volume, &text));
	ok(store_volumes(store, 0, 99991231, BY_DAY | BY_CAMPAIGN, add_volume, &text));
	ok(store_message_counts(store, 0, 99991231, add_mailbox, &text));
	store_every_site(store, false);
	return text.p;
}

static inline void assert_same_figures(unsigned a, unsigned b)
{
	char *x = figures_of(a), *y = figures_of(b);
	if (strcmp(x, y) != 0) {
		size_t same = 0, from;
		while (x[same] == y[same])
			same++;
		from = same > 80 ? same - 80 : 0;
		print_error("figures of %u and %u:\n%.160s\n%.160s\n", a, b, x + from, y + from);
		fail();
	}
	free(x);
	free(y);
}

/* Mails that were sent: each site says of its own days, and corrects itself. */
static inline void say_volumes(unsigned step)
{
	for (unsigned site = 0; site < SITES; site++)
		for (unsigned n = 0; n < 20; n++) {
			struct volume v = { .provider = "gmail", .sent = 0 };
			char source[16];
			uint64_t before;
			unsigned from_log = (unsigned)rand() % 2;
			v.day = day_of(NOW - (int64_t)(rand() % 20) * DAY);
			snprintf(v.campaign, sizeof v.campaign, "c%d", rand() % 5);
			v.delivered = (uint64_t)(rand() % 1000 + 10);
			v.sent = v.delivered + 3;
			v.rejected = 3;
			v.deferred = (uint64_t)(rand() % 50);
			snprintf(source, sizeof source, "crm%u", site);
			for (unsigned both = 0; both < 2; both++) {
				store = at[both ? ONE : site].s;
				ok(store_begin(store));
				if (from_log) {
					ok(store_volume_log(
						store, day_begin(v.day) + HOUR * step, &v));
				} else {
					ok(store_volume_clear(store, source, v.day, &before));
					ok(store_volume_add(store, source, n % 2, &v));
				}
				ok(store_commit(store));
			}
		}
}

/* Days are over: names of campaigns go out. */
static inline void judge_all(int64_t now)
{
	for (unsigned i = 0; i < STORES; i++) {
		store = at[i].s;
		ok(store_begin(store));
		ok(campaigns_judge(store, now, 0));
		ok(store_commit(store));
	}
}

#endif
