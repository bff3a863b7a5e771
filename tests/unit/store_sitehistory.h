/*
 * Random histories of recipients, read by several sites and by one machine.
 */
#ifndef RETOUR_TEST_STORE_SITEHISTORY_H
#define RETOUR_TEST_STORE_SITEHISTORY_H

#include "tests/unit/store_sites.h"

/* What may happen; one in each day and kind has one cause, as what is taken of a day is its last
 * one. */
static inline struct event random_event(unsigned person, bool long_one)
{
	static const struct {
		enum kind kind;
		enum category category;
		uint16_t reply;
		unsigned char status[3];
	} all[] = {
		{ KIND_FAILURE, CATEGORY_MAILBOX_FULL, 552, { 5, 2, 2 } },
		{ KIND_FAILURE, CATEGORY_GREYLISTED, 451, { 4, 7, 1 } },
		{ KIND_FAILURE, CATEGORY_REPUTATION, 550, { 5, 7, 1 } },
		{ KIND_SUCCESS, CATEGORY_UNDETERMINED, 250, { 2, 0, 0 } },
		{ KIND_FAILURE, CATEGORY_UNDETERMINED, 550, { 5, 0, 0 } },
		{ KIND_OPTOUT, CATEGORY_OPT_OUT, 0, { 0, 0, 0 } }, /* of a stream */
		{ KIND_FAILURE, CATEGORY_USER_UNKNOWN, 550, { 5, 1, 1 } },
		{ KIND_COMPLAINT, CATEGORY_ABUSE, 0, { 0, 0, 0 } },
	};
	/* what is final is rare: else every history ends with it */
	unsigned which = (unsigned)rand() % (long_one || person % 3 ? 6 : 8),
		 day = (unsigned)rand() % SPAN_DAYS;
	char address[64], campaign[16];
	snprintf(address, sizeof address, "person%u@example.net", person);
	struct event e = event_of(all[which].kind, all[which].category, address,
		day_start(NOW) - (SPAN_DAYS - (int64_t)day) * DAY + rand() % DAY);
	e.reply = all[which].reply;
	e.status = (struct status){ all[which].status[0], all[which].status[1],
		all[which].status[2] };
	if (e.kind == KIND_OPTOUT)
		snprintf(e.stream, sizeof e.stream, "%s", streams[rand() % 2].name);
	snprintf(campaign, sizeof campaign, "c%d", rand() % 5);
	snprintf(e.campaign, sizeof e.campaign, "%s", campaign);
	return e;
}

/* Everything that is going to happen, in the order in which it is read, which is not that of its
 * times. */
static inline struct read *make_histories(unsigned histories, unsigned most, size_t *count)
{
	struct read *all = malloc((size_t)histories * most * sizeof *all);
	*count = 0;
	for (unsigned person = 0; person < histories; person++) {
		unsigned events = (unsigned)rand() % most + 1,
			 sites = (unsigned)rand() % (SITES - 1) + 2;
		for (unsigned i = 0; i < events; i++)
			all[(*count)++] = (struct read){ random_event(person, most > EVENTS_MAX),
				(unsigned)rand() % sites };
	}
	for (size_t i = *count; i > 1; i--) {
		size_t j = (size_t)rand() % i;
		struct read swap = all[i - 1];
		all[i - 1] = all[j];
		all[j] = swap;
	}
	return all;
}

/* What SITE reads of it (ONE: everything). */
static inline void read_mail(unsigned site, const struct read *all, size_t from, size_t to)
{
	store = at[site].s;
	ok(store_begin(store));
	for (size_t i = from; i < to; i++)
		if (site == ONE || all[i].site == site)
			assert_int_equal(put(&all[i].event, 1000 + i, NOW), MESSAGE_NEW);
	ok(store_commit(store));
}

#endif
