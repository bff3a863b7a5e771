/*
 * What operators and data subjects do at a site.
 */
#ifndef RETOUR_TEST_STORE_SITEACTS_H
#define RETOUR_TEST_STORE_SITEACTS_H

#include "tests/unit/store_sitehistory.h"

static inline void at_site(unsigned i)
{
	store = at[i].s;
	ok(store_begin(store));
}

static inline void done(void)
{
	ok(store_commit(store));
}

static inline void act_move(unsigned i, const char *who, unsigned n)
{
	static const enum contact_move moves[] = { MOVE_REVALIDATE, MOVE_RESOLVE, MOVE_CONFIRM,
		MOVE_REACTIVATE };
	enum contact_state from;
	bool moved;
	at_site(i);
	ok(store_contact_move(store, who, strlen(who), moves[n % 4], today, &from, &moved));
	done();
}

static inline void act_free(unsigned i, const char *who, unsigned n)
{
	bool freed;
	at_site(i);
	ok(store_contact_free(store, who, strlen(who), 1 + n % 2, today, &freed));
	done();
}

static inline void act_undo(unsigned i, unsigned n)
{
	static const char *const rules[] = { "rule-user-unknown", "rule-mailbox-full",
		"rule-reputation", "rule-opt-out" };
	struct cause_choice choice = {
		.from = today - (4 + n % 9) * DAY, .to = today, .rule = rules[n % 4]
	};
	struct cause_moves moves;
	at_site(i);
	ok(store_undo(store, &choice, today, &moves));
	done();
}

static inline void act_erase(unsigned i, const char *who, bool keep)
{
	struct erased sum = { 0 };
	at_site(i);
	ok(store_forget(store, who, strlen(who), keep, today, &sum));
	done();
}

static inline void act_list(unsigned i, const char *who, unsigned n)
{
	struct suppression given = { .at = today - (n % 5) * DAY,
		.category = n % 2 ? CATEGORY_OPT_OUT : CATEGORY_USER_UNKNOWN,
		.stream = n % 3 };
	enum suppressed what;
	snprintf(given.rule, sizeof given.rule, "suppress.list");
	if (!(n % 2))
		given.stream = 0;
	at_site(i);
	ok(store_suppress(store, who, strlen(who), &given, today, &what));
	done();
}

/* What obeys a line is a line again. */
static inline void all_know(void)
{
	for (unsigned i = 0; i < 3; i++)
		exchange(0);
}

#endif
