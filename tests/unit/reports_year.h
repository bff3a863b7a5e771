/*
 * A year of a middling sender: 24 providers, 9 campaigns; always the same.
 */
#ifndef RETOUR_TESTS_REPORTS_YEAR_H
#define RETOUR_TESTS_REPORTS_YEAR_H

#include "tests/unit/reports_fake.h"

static inline unsigned fake_random(unsigned *seed, unsigned below)
{
	*seed = *seed * 1103515245U + 12345U;
	return (*seed >> 8) % (below ? below : 1);
}

static inline void fake_year(struct store *s, int year, int month, int months)
{
	static const struct {
		const char *name;
		unsigned weight;
	} providers[] = { { "microsoft", 210 }, { "gmail", 240 }, { "gmx", 120 }, { "web.de", 95 },
		{ "t-online", 70 }, { "yahoo", 60 }, { "icloud", 40 }, { "ionos", 22 },
		{ "freenet", 18 }, { "posteo", 7 }, { "mailbox.org", 6 }, { "orange", 9 },
		{ "laposte", 4 }, { "libero", 6 }, { "wp", 5 }, { "seznam", 4 }, { "mail.ru", 3 },
		{ "yandex", 2 }, { "comcast", 3 }, { "protonmail", 5 }, { "bluewin", 3 },
		{ "ziggo", 2 }, { "qq", 1 }, { "other", 260 } };
	static const struct {
		const char *name;
		unsigned weight;
	} campaigns[] = { { "newsletter-weekly", 300 }, { "autumn-sale", 180 },
		{ "order-mail", 90 }, { "reactivation-2026", 140 }, { "webinar-invite", 60 },
		{ "survey-q3", 40 }, { "password-reset", 12 }, { "partner-offer", 70 },
		{ "", 25 } };
	static const struct {
		enum category category;
		unsigned weight;
	} causes[] = { { CATEGORY_USER_UNKNOWN, 330 }, { CATEGORY_DOMAIN_UNKNOWN, 60 },
		{ CATEGORY_MAILBOX_DISABLED, 45 }, { CATEGORY_MAILBOX_FULL, 120 },
		{ CATEGORY_GREYLISTED, 40 }, { CATEGORY_RATE_LIMITED, 50 },
		{ CATEGORY_NETWORK_ERROR, 35 }, { CATEGORY_EXPIRED, 30 },
		{ CATEGORY_MESSAGE_TOO_LARGE, 3 }, { CATEGORY_REPUTATION, 40 },
		{ CATEGORY_SPAM_CONTENT, 45 }, { CATEGORY_AUTH_FAILURE, 14 },
		{ CATEGORY_POLICY, 28 }, { CATEGORY_INFRASTRUCTURE, 2 },
		{ CATEGORY_NOT_ACCEPTING, 8 }, { CATEGORY_UNDETERMINED, 22 } };
	unsigned seed = 4;
	for (int back = months - 1; back >= 0; back--) {
		int m = (year * 12 + month - 1) - back;
		unsigned events = 1500 + (unsigned)(months - back) * 40 + fake_random(&seed, 500);
		for (unsigned i = 0; i < events; i++) {
			unsigned p = 0, c = 0, g = 0, at = fake_random(&seed, 1195);
			while (at >= providers[p].weight && p < 23)
				at -= providers[p++].weight;
			at = fake_random(&seed, 917);
			while (at >= campaigns[c].weight && c < 8)
				at -= campaigns[c++].weight;
			at = fake_random(&seed, 872);
			while (at >= causes[g].weight && g < 15)
				at -= causes[g++].weight;
			unsigned day = 1 + fake_random(&seed, 28);
			int32_t date = (m / 12) * 10000 + (m % 12 + 1) * 100 + (int32_t)day;
			bool weekend = day % 7 == 1 || day % 7 == 2;
			if (weekend && fake_random(&seed, 3))
				date += 3;
			if (fake_random(&seed, 100) < 5)
				fake_complaints(s, date, providers[p].name, campaigns[c].name, 1);
			else
				fake_failures(s, date, causes[g].category, providers[p].name,
					campaigns[c].name, 1);
			if (fake_random(&seed, 100) < 6)
				fake_add(s, date, KIND_AUTOREPLY, CLASS_NONE, CATEGORY_NONE,
					ORIGIN_UNVERIFIED, "other", "", 1);
			if (fake_random(&seed, 100) < 4)
				fake_add(s, date, KIND_FAILURE, CLASS_BLOCK, CATEGORY_SPAM_CONTENT,
					ORIGIN_BACKSCATTER, "other", "", 1);
			if (fake_random(&seed, 100) < 3)
				fake_add(s, date, KIND_FAILURE, CLASS_HARD, CATEGORY_USER_UNKNOWN,
					ORIGIN_UNVERIFIED, "other", "", 1);
			if (fake_random(&seed, 100) < 2)
				fake_add(s, date, KIND_DELAY, CLASS_SOFT, CATEGORY_NETWORK_ERROR,
					ORIGIN_MATCHED, providers[p].name, "", 1);
		}
		if (back == 0) {
			int32_t date = year * 10000 + month * 100;
			fake_failures(
				s, date + 14, CATEGORY_REPUTATION, "microsoft", "autumn-sale", 326);
			fake_failures(
				s, date + 15, CATEGORY_REPUTATION, "microsoft", "autumn-sale", 141);
			fake_complaints(s, date + 14, "microsoft", "autumn-sale", 31);
		}
	}
	fake_message(s, "bounces", "new", 2410);
	fake_message(s, "bounces", "unrecognised", 37);
	fake_message(s, "bounces", "quarantined", 2);
	fake_message(s, "fbl", "new", 141);
	fake_message(s, "fbl", "duplicate", 12);
	s->state[STATE_SOFT] = 311;
	s->state[STATE_PAUSED] = 24;
	s->state[STATE_INACTIVE] = 4120;
	s->state[STATE_BLOCK] = 6;
	s->state[STATE_ACTIVE] = 1904;
	static const struct {
		const char *name, *reason;
		int64_t days;
	} kept[] = { { "events", "diagnosis of delivery problems over two quarters", 180 },
		{ "diagnostics", "reading a receiver's answer", 30 },
		{ "contacts", "whom not to write to", 730 },
		{ "messages", "no message counts twice", 90 } };
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
		struct purge_class *c = &s->held.at[s->held.count++];
		snprintf(c->name, sizeof c->name, "%s", kept[i].name);
		c->reason = kept[i].reason;
		c->period = kept[i].days * 86400;
		c->left = c->kept = 100 * (i + 1);
		c->oldest = 1790000000;
		c->cutoff = 1780000000;
	}
	s->held.checkpointed = true;
	s->file.secure_delete = true;
	fake_entry(s, 1780000000, "key-created", "purpose=state");
	fake_entry(s, 1790000000, "purge", "events=12 messages=40");
	fake_entry(s, 1793000000, "purge", "events=9 messages=31");
	fake_entry(s, 1793500000, "report-sent", "month=2026-10");
}

#endif
