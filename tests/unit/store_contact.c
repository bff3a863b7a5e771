/*
 * Contacts: each line of the drawing, what the sending system is told, and that the order of
 * messages does not matter.
 */
#include "store/table.h"
#include "tests/unit/store_fixture.h"

static const char joe[] = "joe@example.org";

static void failed(enum category category, int64_t at)
{
	put_event(event_of(KIND_FAILURE, category, joe, at), at > NOW ? at : NOW);
}

static void expect(int64_t now, enum verdict verdict, enum contact_state state, int64_t until,
	const char *reason)
{
	struct answer a = check(joe, now);

	assert_string_equal(verdict_name(a.verdict), verdict_name(verdict));
	assert_string_equal(contact_state_name(a.state), contact_state_name(state));
	assert_int_equal(a.until, until);
	assert_string_equal(a.reason, reason);
}

static void unknown_is_sent_to(void **state)
{
	(void)state;
	expect(NOW, VERDICT_SEND, STATE_ACTIVE, 0, "");
	assert_int_equal(check(joe, NOW).since, 0);
}

static void hard_is_final(void **state)
{
	struct event success = event_of(KIND_SUCCESS, CATEGORY_NONE, joe, NOW + DAY);

	(void)state;
	failed(CATEGORY_USER_UNKNOWN, NOW - HOUR);
	expect(NOW, VERDICT_SUPPRESS, STATE_INACTIVE, 0, "user-unknown");
	assert_int_equal(check(joe, NOW).since, day_start(NOW));
	put_event(success, NOW + DAY);
	failed(CATEGORY_MAILBOX_FULL, NOW + 2 * DAY);
	expect(NOW + 700 * DAY, VERDICT_SUPPRESS, STATE_INACTIVE, 0, "user-unknown");
	failed(CATEGORY_DOMAIN_UNKNOWN, NOW - 3 * DAY); /* comes late, was earlier */
	expect(NOW, VERDICT_SUPPRESS, STATE_INACTIVE, 0, "domain-unknown");
	assert_int_equal(check(joe, NOW).since, day_start(NOW - 3 * DAY));
}

static void complaints_and_optouts_are_final(void **state)
{
	(void)state;
	put_event(event_of(KIND_COMPLAINT, CATEGORY_NOT_SPAM, joe, NOW), NOW);
	expect(NOW, VERDICT_SEND, STATE_ACTIVE, 0, "");
	put_event(event_of(KIND_COMPLAINT, CATEGORY_ABUSE, joe, NOW), NOW);
	expect(NOW, VERDICT_SUPPRESS, STATE_INACTIVE, 0, "abuse");
	put_event(event_of(KIND_OPTOUT, CATEGORY_OPT_OUT, "jane@example.org", NOW), NOW);
	assert_int_equal(check("jane@example.org", NOW).verdict, VERDICT_SUPPRESS);
}

static void ladder_of_a_small_provider(void **state)
{
	static const int64_t hold[] = { 600, 1200, 2400, 7200, 7200 };

	(void)state;
	for (unsigned n = 0; n < 5; n++) {
		int64_t at = NOW + (int64_t)n * 8 * HOUR;
		failed(CATEGORY_NETWORK_ERROR, at);
		expect(at + 1, VERDICT_HOLD, STATE_SOFT, at + hold[n], "network-error");
		expect(at + hold[n] - 1, VERDICT_HOLD, STATE_SOFT, at + hold[n], "network-error");
		expect(at + hold[n], VERDICT_SEND, STATE_SOFT, 0, "");
		assert_int_equal(check(joe, at).attempts, n + 1);
	}
	assert_int_equal(check(joe, NOW + 2 * DAY).since, day_start(NOW));
}

static void ladders_by_provider_and_category(void **state)
{
	struct event e = event_of(KIND_FAILURE, CATEGORY_SYSTEM_ERROR, joe, NOW);

	(void)state;
	strcpy(e.provider, "gmail");
	put_event(e, NOW);
	expect(NOW, VERDICT_HOLD, STATE_SOFT, NOW + 900, "system-error");
	e = event_of(KIND_FAILURE, CATEGORY_GREYLISTED, joe, NOW + 1);
	strcpy(e.provider, "gmail");
	put_event(e, NOW + 1);
	expect(NOW + 1, VERDICT_HOLD, STATE_SOFT, NOW + 1 + 900,
		"greylisted"); /* its second step */
}

static void ladder_ends_in_a_pause(void **state)
{
	int64_t end = NOW + 48 * HOUR, over;

	(void)state;
	failed(CATEGORY_NETWORK_ERROR, NOW);
	failed(CATEGORY_NETWORK_ERROR, end - 1);
	expect(end, VERDICT_HOLD, STATE_SOFT, end - 1 + 1200, "network-error");
	failed(CATEGORY_NETWORK_ERROR, end);
	over = day_start(end + 30 * DAY) + DAY;
	expect(end + 10 * DAY, VERDICT_HOLD, STATE_PAUSED, over, "network-error");
	expect(over, VERDICT_SEND, STATE_REVALIDATE, 0, "");

	/* it fails again to the end of the ladder */
	failed(CATEGORY_NETWORK_ERROR, over + HOUR);
	expect(over + HOUR, VERDICT_HOLD, STATE_SOFT, over + HOUR + 600, "network-error");
	failed(CATEGORY_NETWORK_ERROR, over + 50 * HOUR);
	expect(over + 50 * HOUR, VERDICT_SUPPRESS, STATE_INACTIVE, 0, "prolonged-soft");
}

static void revalidated_is_active_again(void **state)
{
	int64_t over = day_start(NOW + 3 * DAY + 30 * DAY) + DAY;

	(void)state;
	failed(CATEGORY_NETWORK_ERROR, NOW);
	failed(CATEGORY_NETWORK_ERROR, NOW + 3 * DAY);
	put_event(event_of(KIND_SUCCESS, CATEGORY_NONE, joe, over + DAY), over + DAY);
	expect(over + DAY, VERDICT_SEND, STATE_ACTIVE, 0, "");
	failed(CATEGORY_NETWORK_ERROR, over + 2 * DAY);
	failed(CATEGORY_NETWORK_ERROR, over + 5 * DAY);
	expect(over + 5 * DAY, VERDICT_HOLD, STATE_PAUSED, day_start(over + 5 * DAY) + 31 * DAY,
		"network-error"); /* not inactive */
}

static void full_mailbox_is_suppressed_in_the_end(void **state)
{
	(void)state;
	failed(CATEGORY_MAILBOX_FULL, NOW);
	expect(NOW, VERDICT_HOLD, STATE_SOFT, NOW + 6 * HOUR, "mailbox-full");
	failed(CATEGORY_MAILBOX_FULL, NOW + 4 * DAY);
	expect(NOW + 4 * DAY, VERDICT_HOLD, STATE_SOFT, NOW + 4 * DAY + 12 * HOUR, "mailbox-full");
	failed(CATEGORY_MAILBOX_FULL, NOW + 5 * DAY);
	assert_int_equal(check(joe, NOW + 5 * DAY).verdict, VERDICT_SUPPRESS);
	assert_int_equal(check(joe, NOW + 5 * DAY).state, STATE_PAUSED);
}

static void success_ends_soft(void **state)
{
	(void)state;
	failed(CATEGORY_NETWORK_ERROR, NOW);
	put_event(event_of(KIND_SUCCESS, CATEGORY_NONE, joe, NOW + 60), NOW + 60);
	expect(NOW + 61, VERDICT_SEND, STATE_ACTIVE, 0, "");
	failed(CATEGORY_NETWORK_ERROR, NOW + 120);
	assert_int_equal(check(joe, NOW + 120).attempts, 1);
}

static void late_messages_do_not_undo(void **state)
{
	(void)state;
	failed(CATEGORY_NETWORK_ERROR, NOW);
	failed(CATEGORY_NETWORK_ERROR, NOW + 2 * HOUR);
	put_event(event_of(KIND_SUCCESS, CATEGORY_NONE, joe, NOW + HOUR), NOW + 2 * HOUR);
	expect(NOW + 2 * HOUR, VERDICT_HOLD, STATE_SOFT, NOW + 2 * HOUR + 600,
		"network-error"); /* soft(1): the second one */
	put_event(event_of(KIND_FAILURE, CATEGORY_NETWORK_ERROR, joe, NOW + 30 * 60),
		NOW + 2 * HOUR); /* before the success */
	assert_int_equal(check(joe, NOW + 2 * HOUR).attempts, 1);
	put_event(event_of(KIND_FAILURE, CATEGORY_NETWORK_ERROR, joe, NOW + 3 * HOUR),
		NOW + 3 * HOUR);
	assert_int_equal(check(joe, NOW + 3 * HOUR).until,
		NOW + 3 * HOUR +
			600); /* how many came after a delivery of the same day is not told apart */
	put_event(event_of(KIND_FAILURE, CATEGORY_NETWORK_ERROR, joe, NOW + DAY), NOW + DAY);
	assert_int_equal(check(joe, NOW + DAY).attempts, 2);
}

/* Each block is beyond noise, as if ten mails had been sent on each of these days. */
static void look_into_all(int64_t now, int days)
{
	struct volume v = { .sent = 10 };

	store->o.k = 1;
	for (int d = 0; d <= days; d++) {
		v.day = day_of(now - d * DAY);
		ok(store_begin(store));
		snprintf(v.provider, sizeof v.provider, "gmail");
		ok(store_volume_add(store, "csv", false, &v));
		snprintf(v.provider, sizeof v.provider, "other");
		ok(store_volume_add(store, "csv", false, &v));
		ok(store_commit(store));
	}
	ok(store_investigate(store, now));
}

static int count_investigation(void *context, const struct investigation *i)
{
	struct investigation *last = context;

	*last = *i;
	return 0;
}

/*
 * The recipient is never given up for it: hold, wait for the investigation, let through, and in the
 * end all is well.
 */
static void block_is_investigated(void **state)
{
	struct investigation open = { .blocks = 0 };
	struct answer a;
	int64_t day = day_start(NOW);

	(void)state;
	failed(CATEGORY_REPUTATION, NOW);
	expect(NOW, VERDICT_HOLD, STATE_BLOCK, NOW + 6 * HOUR, "reputation");
	expect(NOW + 6 * HOUR, VERDICT_HOLD, STATE_INVESTIGATE, day + 8 * DAY, "reputation");
	a = check(joe, day + 8 * DAY);
	assert_int_equal(a.state, STATE_RETRY_GATED);
	assert_int_equal(a.verdict, VERDICT_HOLD);
	assert_in_range(a.until, day + 8 * DAY, day + 9 * DAY);
	expect(a.until, VERDICT_SEND, STATE_RETRY_GATED, 0, "");
	failed(CATEGORY_REPUTATION, day + 9 * DAY);
	expect(day + 9 * DAY, VERDICT_HOLD, STATE_BLOCK, day + 9 * DAY + 6 * HOUR, "reputation");
	assert_int_equal(check(joe, day + 9 * DAY).attempts, 2);
	look_into_all(day + 9 * DAY, 10);
	ok(store_investigations(store, count_investigation, &open));
	assert_int_equal(open.blocks, 2);
	assert_string_equal(open.provider, "other");
	assert_int_equal(open.category, CATEGORY_REPUTATION);
	assert_int_equal(open.opened, day);
	assert_int_equal(open.last, day + 9 * DAY);
	for (int n = 10; n < 120; n++)
		failed(CATEGORY_POLICY, NOW + n * DAY);
	expect(NOW + 119 * DAY, VERDICT_HOLD, STATE_BLOCK, NOW + 119 * DAY + 6 * HOUR, "policy");
	expect(day + (119 + 8 + 14) * DAY, VERDICT_SEND, STATE_ACTIVE, 0, "");
}

static void resolving_lets_through(void **state)
{
	struct event e = event_of(KIND_FAILURE, CATEGORY_POLICY, joe, NOW);
	struct investigation open = { .blocks = 0 };
	int64_t resolved = NOW + 2 * DAY;
	uint64_t released, changed;
	struct answer a;

	(void)state;
	strcpy(e.provider, "gmail");
	put_event(e, NOW);
	failed(CATEGORY_REPUTATION, NOW + 1); /* another provider and category, the later word */
	strcpy(e.recipient, "jane@example.org");
	put_event(e, NOW);
	assert_int_equal(store_resolve(store, "gmail", CATEGORY_REPUTATION, resolved, &released),
		STORE_MISUSE);
	ok(store_resolve(store, "gmail", CATEGORY_POLICY, resolved, &released));
	assert_int_equal(released, 1);
	expect(resolved, VERDICT_HOLD, STATE_INVESTIGATE, day_start(NOW) + 8 * DAY, "reputation");
	a = check("jane@example.org", resolved);
	assert_int_equal(a.state, STATE_RETRY_GATED);
	assert_in_range(a.until, resolved, resolved + DAY);
	assert_int_equal(a.since, day_start(resolved));
	look_into_all(resolved, 3);
	ok(store_investigations(store, count_investigation, &open));
	assert_string_equal(open.provider, "other");

	/* read late, from before the resolution: released at once, opens nothing */
	strcpy(e.recipient, "jim@example.org");
	put_event(e, resolved + HOUR);
	assert_int_equal(check("jim@example.org", resolved + HOUR).state, STATE_RETRY_GATED);
	/* and the same for who was known before */
	strcpy(e.recipient, "jane@example.org");
	e.arrived = NOW + HOUR;
	put_event(e, resolved + HOUR);
	ok(store_investigate(store, resolved + HOUR));
	assert_int_equal(check("jane@example.org", resolved + HOUR).since, a.since);
	assert_int_equal(
		query_int(
			"SELECT count(*) FROM investigation WHERE opened IS NOT NULL AND provider = 'gmail'"),
		0);
	e.arrived = resolved + HOUR;
	put_event(e, resolved + HOUR);
	assert_int_equal(check("jane@example.org", resolved + HOUR).state, STATE_BLOCK);
	ok(store_investigate(store, resolved + HOUR));
	assert_int_equal(
		query_int(
			"SELECT blocks FROM investigation WHERE opened IS NOT NULL AND provider = 'gmail'"),
		1);

	ok(store_advance(store, NOW + 60 * DAY, &changed));
	assert_int_equal(
		query_int("SELECT count(*) FROM investigation WHERE opened IS NOT NULL"), 0);
	assert_int_equal(query_int("SELECT count(*) FROM contact WHERE state <> 'active'"), 0);
}

/* Every category that blocks has something to look at, and no other one has. */
static void every_block_has_a_checklist(void **state)
{
	(void)state;
	for (unsigned c = 0; c < CATEGORY_COUNT; c++)
		assert_int_equal(store_checklist(c, 0) != NULL, category_class(c) == CLASS_BLOCK);
	assert_null(store_checklist(CATEGORY_POLICY, 20));
}

static void quiet_makes_active(void **state)
{
	uint64_t changed, counts[STATE_COUNT];

	(void)state;
	failed(CATEGORY_NETWORK_ERROR, NOW);
	ok(store_advance(store, day_start(NOW) + 30 * DAY - 1, &changed));
	assert_int_equal(changed, 0);
	expect(NOW + 30 * DAY, VERDICT_SEND, STATE_ACTIVE, 0, "");
	ok(store_advance(store, NOW + 30 * DAY, &changed));
	assert_int_equal(changed, 1);
	ok(store_contact_counts(store, counts));
	assert_int_equal(counts[STATE_ACTIVE], 1);
	assert_int_equal(counts[STATE_SOFT], 0);
	ok(store_advance(store, NOW + 90 * DAY, &changed));
	assert_int_equal(changed, 0);
}

static void advance_takes_more_than_a_batch(void **state)
{
	uint64_t changed;
	char address[64];

	(void)state;
	ok(store_begin(store));
	for (unsigned i = 0; i < 2500; i++) {
		snprintf(address, sizeof address, "u%u@example.org", i);
		struct event e = event_of(KIND_FAILURE, CATEGORY_NETWORK_ERROR, address, NOW);
		put(&e, next_message++, NOW);
	}
	ok(store_commit(store));
	ok(store_advance(store, NOW + 31 * DAY, &changed));
	assert_int_equal(changed, 2500);
}

static struct event temporary(enum category category, int64_t at)
{
	struct event e = event_of(KIND_FAILURE, category, joe, at);

	e.reply = 451;
	e.status = (struct status){ 4, 0, 0 };
	return e;
}

/*
 * Permanent, but nobody knows why: three mailings, then it is given up, with a reason of its own.
 */
static void what_is_not_understood_ends(void **state)
{
	int64_t day = day_start(NOW);

	(void)state;
	failed(CATEGORY_UNDETERMINED, NOW);
	expect(NOW, VERDICT_HOLD, STATE_UNCLEAR, day + DAY, "undetermined");
	failed(CATEGORY_UNDETERMINED, NOW + HOUR); /* the same mailing */
	assert_int_equal(check(joe, NOW + HOUR).attempts, 1);
	expect(NOW + DAY, VERDICT_SEND, STATE_UNCLEAR, 0, "");
	failed(CATEGORY_NETWORK_ERROR, NOW + 2 * DAY); /* another ladder */
	assert_int_equal(check(joe, NOW + 2 * DAY).state, STATE_SOFT);
	failed(CATEGORY_UNDETERMINED, NOW + 7 * DAY);
	assert_int_equal(check(joe, NOW + 7 * DAY).verdict, VERDICT_SEND);
	failed(CATEGORY_UNDETERMINED, NOW + 14 * DAY);
	expect(NOW + 14 * DAY, VERDICT_SUPPRESS, STATE_INACTIVE, 0, "not-understood");
	assert_false(query_int("SELECT rule <> 'rule-undetermined' FROM contact"));
}

static void what_is_not_understood_is_outweighed(void **state)
{
	(void)state;
	failed(CATEGORY_UNDETERMINED, NOW);
	failed(CATEGORY_UNDETERMINED, NOW + DAY);
	put_event(event_of(KIND_SUCCESS, CATEGORY_NONE, joe, NOW + 2 * DAY), NOW + 2 * DAY);
	expect(NOW + 2 * DAY, VERDICT_SEND, STATE_ACTIVE, 0, "");
	failed(CATEGORY_UNDETERMINED, NOW + 3 * DAY);
	failed(CATEGORY_UNDETERMINED, NOW + 4 * DAY);
	assert_int_equal(check(joe, NOW + 4 * DAY).attempts, 2);
	expect(NOW + 40 * DAY, VERDICT_SEND, STATE_ACTIVE, 0, "");
	failed(CATEGORY_UNDETERMINED, NOW + 41 * DAY);
	failed(CATEGORY_USER_UNKNOWN, NOW + 42 * DAY);
	expect(NOW + 42 * DAY, VERDICT_SUPPRESS, STATE_INACTIVE, 0, "user-unknown");
}

/*
 * The later of both times holds, whichever came first, and nobody comes before the investigation's
 * gate.
 */
static void a_block_stays_beside_a_soft_failure(void **state)
{
	int64_t day = day_start(NOW);
	struct event e = event_of(KIND_FAILURE, CATEGORY_MAILBOX_FULL, "jane@example.org", NOW);
	uint64_t released;

	(void)state;
	failed(CATEGORY_POLICY, NOW);
	failed(CATEGORY_NETWORK_ERROR, NOW + HOUR);
	expect(NOW + HOUR, VERDICT_HOLD, STATE_BLOCK, NOW + 6 * HOUR, "policy");
	failed(CATEGORY_MAILBOX_FULL, NOW + 2 * HOUR); /* twelve hours: its second step */
	expect(NOW + 2 * HOUR, VERDICT_HOLD, STATE_BLOCK, NOW + 14 * HOUR, "policy");
	expect(NOW + 7 * HOUR, VERDICT_HOLD, STATE_INVESTIGATE, day + 8 * DAY, "policy");
	failed(CATEGORY_NETWORK_ERROR, NOW + DAY);
	expect(NOW + DAY, VERDICT_HOLD, STATE_INVESTIGATE, day + 8 * DAY, "policy");
	ok(store_resolve(store, "other", CATEGORY_POLICY, NOW + 2 * DAY, &released));
	assert_int_equal(released, 1);
	assert_int_equal(check(joe, NOW + 2 * DAY).state, STATE_RETRY_GATED);
	put_event(e, NOW);
	e = event_of(KIND_FAILURE, CATEGORY_REPUTATION, "jane@example.org", NOW + 60);
	put_event(e, NOW + 60);
	assert_int_equal(check("jane@example.org", NOW + 60).until,
		NOW + 60 + 6 * HOUR); /* later than NOW + 6 hours */
}

static void what_changes_nothing(void **state)
{
	struct event e = event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, joe, NOW);

	(void)state;
	e.origin = ORIGIN_UNVERIFIED;
	put_event(e, NOW);
	e.origin = ORIGIN_BACKSCATTER;
	put_event(e, NOW);
	put_event(event_of(KIND_DELAY, CATEGORY_NETWORK_ERROR, joe, NOW), NOW);
	put_event(event_of(KIND_AUTOREPLY, CATEGORY_NONE, joe, NOW), NOW);
	put_event(e = temporary(CATEGORY_UNDETERMINED, NOW), NOW);
	put_event(event_of(KIND_FAILURE, CATEGORY_MESSAGE_TOO_LARGE, joe, NOW), NOW);
	put_event(event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "not an address", NOW), NOW);
	expect(NOW, VERDICT_SEND, STATE_ACTIVE, 0, "");
	assert_int_equal(query_int("SELECT count(*) FROM contact"), 0);
	assert_int_equal(query_int("SELECT count(*) FROM event"), 7);
}

/*
 * A delivery is remembered for failures before it that come late, then forgotten: who is well
 * leaves no trace.
 */
static void a_delivery_is_forgotten(void **state)
{
	uint64_t changed;

	(void)state;
	put_event(event_of(KIND_SUCCESS, CATEGORY_NONE, joe, NOW), NOW);
	put_event(event_of(KIND_SUCCESS, CATEGORY_NONE, "jane@example.org", NOW), NOW);
	failed(CATEGORY_MAILBOX_FULL, NOW - HOUR);
	expect(NOW, VERDICT_SEND, STATE_ACTIVE, 0, "");
	ok(store_advance(store, day_start(NOW) + 8 * DAY - 1, &changed));
	assert_int_equal(query_int("SELECT count(*) FROM contact"), 2);
	ok(store_advance(store, day_start(NOW) + 8 * DAY, &changed));
	assert_int_equal(query_int("SELECT count(*) FROM contact"), 1);
	assert_int_equal(
		query_int("SELECT count(*) FROM meta WHERE name = 'rewrite' AND value = 'due'"), 1);
	assert_int_equal(changed, 0);
}

/* A token alone proves nothing: without a checked MAC nothing is "verified". */
static void verified_is_not_claimed(void **state)
{
	struct store_options o = test_options();
	struct event e = event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, joe, NOW);

	(void)state;
	close_store();
	o.act_on = ORIGIN_VERIFIED;
	ok(open_store(o, NOW));
	e.origin = ORIGIN_VERIFIED;
	strcpy(e.token, "forged");
	put_event(e, NOW);
	expect(NOW, VERDICT_SEND, STATE_ACTIVE, 0, "");
	assert_int_equal(query_int("SELECT count(*) FROM event WHERE origin = 'matched'"), 1);
}

/*
 * Whether a time of day stands in the history of the one contact, whose row must have none outside
 * a ladder.
 */
static bool has_times(void)
{
	assert_int_equal(
		query_int(
			"SELECT count(*) FROM contact WHERE state IN ('active', 'paused', 'revalidate', 'inactive') AND"
			" (at % 86400 OR since % 86400 OR counted_from % 86400 OR until % 86400 OR due % 86400)"),
		0);
	return query_int(
		       "SELECT tidy IS NOT NULL OR state IN ('soft', 'block', 'investigate', 'retry-gated') FROM contact") !=
		0;
}

static void advance(int64_t now)
{
	uint64_t changed;

	ok(store_advance(store, now, &changed));
}

/* How often the second of the day AT stands in the history, as history.c writes it. */
static int64_t second_stands_there(int64_t at)
{
	char sql[128];

	snprintf(sql, sizeof sql, "SELECT count(*) FROM contact WHERE instr(history, x'%06x') > 0",
		(unsigned)(at - day_start(at)));
	return query_int(sql);
}

static void times_are_days_outside_a_ladder(void **state)
{
	(void)state;
	failed(CATEGORY_NETWORK_ERROR, NOW + 77);
	assert_true(has_times()); /* the ladder runs: it needs the time */
	assert_int_equal(second_stands_there(NOW + 77), 1);
	advance(NOW + DAY);
	assert_int_equal(second_stands_there(NOW + 77), 1);
	put_event(event_of(KIND_SUCCESS, CATEGORY_NONE, joe, NOW + DAY + 99), NOW + DAY + 99);
	advance(NOW + 2 * DAY);
	assert_false(has_times());
	assert_int_equal(second_stands_there(NOW + 77), 0);
	assert_int_equal(second_stands_there(NOW + 99), 0);
	failed(CATEGORY_NETWORK_ERROR, NOW + 3 * DAY + 77);
	failed(CATEGORY_NETWORK_ERROR, NOW + 6 * DAY + 77);
	advance(NOW + 7 * DAY);
	assert_int_equal(check(joe, NOW + 7 * DAY).state, STATE_PAUSED);
	assert_false(has_times());
	failed(CATEGORY_USER_UNKNOWN, NOW + 8 * DAY + 77);
	assert_false(has_times());
	put_event(event_of(KIND_FAILURE, CATEGORY_POLICY, "b@example.org", NOW + 77), NOW + 77);
	assert_int_equal(second_stands_there(NOW + 77), 1);
	advance(NOW + 90 * DAY);
	assert_int_equal(second_stands_there(NOW + 77), 0);
}

/* Cutting the times changes no state: neither then nor when the next event comes. */
static void coarse_days_keep_the_outcome(void **state)
{
	int64_t over = day_start(NOW + 50 * HOUR) + 31 * DAY;

	(void)state;
	failed(CATEGORY_NETWORK_ERROR, NOW);
	failed(CATEGORY_NETWORK_ERROR, NOW + 48 * HOUR); /* to the second: the ladder's end */
	advance(NOW + 4 * DAY);
	expect(NOW + 4 * DAY, VERDICT_HOLD, STATE_PAUSED, over, "network-error");
	failed(CATEGORY_NETWORK_ERROR, over + 2 * DAY);
	expect(over + 2 * DAY, VERDICT_HOLD, STATE_SOFT, over + 2 * DAY + 600, "network-error");
	failed(CATEGORY_NETWORK_ERROR, over + 5 * DAY);
	expect(over + 5 * DAY, VERDICT_SUPPRESS, STATE_INACTIVE, 0, "prolonged-soft");
}

static void history_has_a_bound(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 300; i++)
		failed(CATEGORY_GREYLISTED, NOW + (int64_t)i);
	assert_int_equal(check(joe, NOW).attempts, 255);
	for (unsigned i = 1; i < 200; i++)
		failed(CATEGORY_POLICY, NOW + (int64_t)i * DAY);
	assert_in_range(query_int("SELECT length(history) FROM contact"), 900, 2048);
	assert_int_equal(check(joe, NOW + 199 * DAY).state, STATE_BLOCK);
	/* what the days that are no more were said is still so */
	for (unsigned i = 230; i < 233; i++)
		failed(CATEGORY_NETWORK_ERROR, NOW + (int64_t)i * DAY);
	assert_int_equal(check(joe, NOW + 232 * DAY).state, STATE_PAUSED);
	for (unsigned i = 233; i < 330; i++)
		failed(CATEGORY_POLICY, NOW + (int64_t)i * DAY + 31 * DAY);
	for (unsigned i = 360; i < 364; i++)
		failed(CATEGORY_NETWORK_ERROR, NOW + (int64_t)i * DAY);
	expect(NOW + 364 * DAY, VERDICT_HOLD, STATE_INVESTIGATE, day_start(NOW + 368 * DAY),
		"policy");
	for (unsigned i = 400; i < 404; i++)
		failed(CATEGORY_NETWORK_ERROR, NOW + (int64_t)i * DAY);
	assert_int_equal(check(joe, NOW + 404 * DAY).state, STATE_PAUSED);
	for (unsigned i = 435; i < 439; i++)
		failed(CATEGORY_NETWORK_ERROR, NOW + (int64_t)i * DAY);
	expect(NOW + 439 * DAY, VERDICT_SUPPRESS, STATE_INACTIVE, 0, "prolonged-soft");
	for (unsigned i = 450; i < 550; i++)
		failed(CATEGORY_POLICY, NOW + (int64_t)i * DAY);
	expect(NOW + 550 * DAY, VERDICT_SUPPRESS, STATE_INACTIVE, 0, "prolonged-soft");
}

static void wipe_story(void)
{
	foreign_hands = true;
	ok(db_exec(store,
		"DELETE FROM contact; DELETE FROM investigation; DELETE FROM seen; DELETE FROM wave; DELETE FROM brake_hour;"
		"DELETE FROM brake_peak"));
	ok(store_begin(store));
	store_rollback(store); /* nothing is left in memory */
}

/* --- who mails how often -------------------------------------------------- */

/*
 * Writes every so many days to who may be written to; a mailbox that is full for ever. How many
 * mails until it is given up, 0: never; PAUSED: until it is first let alone.
 */
static unsigned mails_until_given_up(
	int interval, enum category category, bool known, unsigned *paused)
{
	unsigned sent = 0;

	*paused = 0;
	for (int day = 0; day < 900; day++) {
		int64_t now = day_start(NOW) + (int64_t)day * DAY + 10 * HOUR;
		advance(now - HOUR);
		if (day % interval)
			continue;
		struct volume v = { .day = day_of(now), .provider = "other", .sent = 1000 };
		ok(store_begin(store));
		if (known)
			ok(store_volume_add(store, "csv", false, &v));
		ok(store_commit(store));
		struct answer a = check(joe, now);
		if (a.state == STATE_PAUSED && !*paused)
			*paused = sent;
		if (a.state == STATE_INACTIVE)
			return sent;
		if (a.verdict != VERDICT_SEND)
			continue;
		failed(category, now + 60);
		sent++;
	}
	return 0;
}

/* Daily, weekly and monthly senders come to the same end after about as many mails. */
static void failures_are_counted_in_mailings(void **state)
{
	static const int intervals[] = { 1, 7, 14, 30, 31 };
	static const enum category categories[] = { CATEGORY_MAILBOX_FULL, CATEGORY_NETWORK_ERROR };
	struct store_options o = test_options();
	unsigned paused, all;

	(void)state;
	o.mailings = 3;
	for (unsigned l = 0; l < o.ladders; l++)
		o.ladder[l].attempts = 5;
	for (unsigned i = 0; i < 20; i++) {
		close_store();
		ok(open_store(o, NOW));
		all = mails_until_given_up(intervals[i / 4], categories[i % 2], i & 2, &paused);
		print_message(
			"every %d days, %s, volumes %s: paused after %u mails, given up after %u\n",
			intervals[i / 4], category_name(categories[i % 2]),
			i & 2 ? "known" : "unknown", paused, all);
		if (intervals[i / 4] < 31) /* else the pause lies between two mailings */
			assert_in_range(paused, 3, 5);
		assert_in_range(all, 6, 10);
		wipe_story();
		ok(db_exec(store,
			"DELETE FROM volume; DELETE FROM tally; DELETE FROM meta WHERE name = 'mailing-interval'"));
	}
}

/* One failure now and then among mail that is taken is outweighed by it. */
static void mailings_without_a_bounce_outweigh(void **state)
{
	struct store_options o = test_options();

	(void)state;
	close_store();
	o.mailings = 3;
	ok(open_store(o, NOW));
	for (int day = 0; day < 400; day++) {
		struct volume v = {
			.day = day_of(NOW + day * DAY), .provider = "other", .sent = 1000
		};
		ok(store_begin(store));
		ok(store_volume_add(store, "csv", false, &v));
		ok(store_commit(store));
		advance(NOW + day * DAY);
		if (day % 40 == 39)
			failed(CATEGORY_NETWORK_ERROR, NOW + day * DAY);
		assert_true(check(joe, NOW + day * DAY).attempts <= 1);
	}
}

/* --- what the table as a whole promises ----------------------------------- */

/* The state behind FROM when WHAT happens; NULL: the table has no such row. */
static const char *table_says(const char *from, const char *what)
{
	const char *words[STORE_TRANSITION_WORDS];

	for (unsigned n = 0; store_transition(n, words); n++)
		if (strcmp(words[0], from) == 0 && strcmp(words[1], what) == 0)
			return words[2];
	return NULL;
}

/*
 * Prints the table; each pair stands there once, time alone leads back to active from everywhere
 * but inactive and what is only yet to be confirmed, and out of inactive only an operator leads.
 */
static void the_table_loses_nobody(void **state)
{
	const char *words[STORE_TRANSITION_WORDS], *at;

	(void)state;
	for (unsigned n = 0; store_transition(n, words); n++) {
		print_message("%s + %s > %s (%s; %s)\n", words[0], words[1], words[2], words[3],
			words[4]);
		assert_ptr_equal(table_says(words[0], words[1]), words[2]);
		if (strcmp(words[0], "inactive") == 0 && strcmp(words[2], "inactive") != 0)
			assert_string_equal(words[1], "reactivate");
	}
	for (unsigned s = 0; s < STATE_COUNT; s++) {
		const char *from = contact_state_name(s);
		assert_string_equal(table_says(from, "hard or complaint"), "inactive");
		at = from;
		for (unsigned steps = 0; steps < STATE_COUNT && table_says(at, "time"); steps++)
			at = table_says(at, "time");
		assert_string_equal(
			at, s == STATE_INACTIVE || s == STATE_UNCONFIRMED ? "inactive" : "active");
		assert_true(s == STATE_ACTIVE || s == STATE_INACTIVE ||
			strcmp(table_says(from, "delivered"), "active") == 0);
	}
}

/* --- an operator's moves -------------------------------------------------- */

static bool move(enum contact_move what, int64_t now)
{
	enum contact_state from;
	bool moved;

	ok(store_begin(store));
	ok(store_contact_move(store, joe, strlen(joe), what, now, &from, &moved));
	ok(store_commit(store));
	return moved;
}

static void moves_are_those_of_the_table(void **state)
{
	(void)state;
	assert_false(move(MOVE_REVALIDATE, NOW));
	assert_false(move(MOVE_RESOLVE, NOW));
	assert_false(move(MOVE_REACTIVATE, NOW));
	assert_int_equal(query_int("SELECT count(*) FROM contact"), 0);
	failed(CATEGORY_POLICY, NOW);
	assert_false(move(MOVE_REVALIDATE, NOW));
	assert_false(move(MOVE_REACTIVATE, NOW));
	assert_true(move(MOVE_RESOLVE, NOW));
	assert_false(move(MOVE_RESOLVE, NOW));
	assert_int_equal(check(joe, NOW).state, STATE_RETRY_GATED);
	failed(CATEGORY_USER_UNKNOWN, NOW);
	assert_false(move(MOVE_RESOLVE, NOW));
	assert_true(move(MOVE_REACTIVATE, NOW));
	assert_int_equal(check(joe, NOW).state, STATE_ACTIVE);
}

/*
 * A bounce from before that is read later: a reactivation stands, a revalidation ends when the
 * address does not exist.
 */
static void moves_and_late_mail(void **state)
{
	(void)state;
	failed(CATEGORY_NETWORK_ERROR, NOW);
	failed(CATEGORY_NETWORK_ERROR, NOW + 3 * DAY);
	assert_true(move(MOVE_REVALIDATE, NOW + 4 * DAY));
	expect(NOW + 4 * DAY, VERDICT_SEND, STATE_REVALIDATE, 0, "");
	failed(CATEGORY_NETWORK_ERROR, NOW + DAY);
	expect(NOW + 4 * DAY, VERDICT_SEND, STATE_REVALIDATE, 0, "");
	failed(CATEGORY_NETWORK_ERROR, NOW + 5 * DAY);
	failed(CATEGORY_NETWORK_ERROR, NOW + 8 * DAY); /* the pause before is not forgotten */
	expect(NOW + 8 * DAY, VERDICT_SUPPRESS, STATE_INACTIVE, 0, "prolonged-soft");
	failed(CATEGORY_USER_UNKNOWN, NOW + 2 * DAY);
	expect(NOW + 8 * DAY, VERDICT_SUPPRESS, STATE_INACTIVE, 0, "user-unknown");
	assert_true(move(MOVE_REACTIVATE, NOW + 9 * DAY));
	failed(CATEGORY_BAD_ADDRESS, NOW + 9 * DAY);
	failed(CATEGORY_NETWORK_ERROR, NOW + DAY);
	expect(NOW + 9 * DAY, VERDICT_SEND, STATE_ACTIVE, 0, "");
	assert_int_equal(check(joe, NOW + 9 * DAY).since, day_start(NOW + 9 * DAY));
	failed(CATEGORY_BAD_ADDRESS, NOW + 9 * DAY + 1);
	expect(NOW + 10 * DAY, VERDICT_SUPPRESS, STATE_INACTIVE, 0, "bad-address");
}

/* --- taken back ----------------------------------------------------------- */

static struct event outage(const char *who, int64_t at)
{
	struct event e = event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, who, at);

	strcpy(e.provider, "gmail");
	strcpy(e.reporting_mta, "Relay.example.org");
	return e;
}

static struct cause_moves undo(struct cause_choice choice, int64_t now)
{
	struct cause_moves moves;

	ok(store_begin(store));
	ok(store_undo(store, &choice, now, &moves));
	ok(store_commit(store));
	return moves;
}

/* Everybody goes where the rest of the history leads, also who is heard of only afterwards. */
static void a_cause_is_taken_back(void **state)
{
	struct cause_choice gmail = { NOW - DAY, NOW, .provider = "gmail" };
	struct event e;
	uint64_t changed;

	(void)state;
	put_event(outage(joe, NOW), NOW);
	put_event(
		event_of(KIND_FAILURE, CATEGORY_MAILBOX_FULL, "full@example.org", NOW - DAY), NOW);
	put_event(outage("full@example.org", NOW), NOW);
	put_event(outage("dead@example.org", NOW), NOW);
	put_event(event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "dead@example.org", NOW - 3 * DAY),
		NOW);
	put_event(outage("old@example.org", NOW - 2 * DAY), NOW);
	put_event(e = event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "other@example.net", NOW), NOW);
	e = event_of(KIND_COMPLAINT, CATEGORY_ABUSE, "angry@example.org", NOW);
	strcpy(e.provider, "gmail");
	put_event(e, NOW);
	struct cause_moves moves = undo(gmail, NOW + HOUR);
	assert_int_equal(moves.matched, 3);
	assert_int_equal(moves.moved[STATE_INACTIVE][STATE_ACTIVE], 1);
	assert_int_equal(moves.moved[STATE_INACTIVE][STATE_SOFT], 1);
	assert_int_equal(moves.moved[STATE_INACTIVE][STATE_INACTIVE], 1);
	expect(NOW + HOUR, VERDICT_SEND, STATE_ACTIVE, 0, "");
	assert_string_equal(check("full@example.org", NOW - DAY + HOUR).reason, "mailbox-full");
	assert_int_equal(check("dead@example.org", NOW).verdict, VERDICT_SUPPRESS);
	assert_int_equal(check("old@example.org", NOW).verdict, VERDICT_SUPPRESS);
	assert_int_equal(check("other@example.net", NOW).verdict, VERDICT_SUPPRESS);
	assert_int_equal(check("angry@example.org", NOW).verdict, VERDICT_SUPPRESS);
	put_event(outage("late@example.org", NOW), NOW + 2 * HOUR); /* was still in the mailbox */
	assert_int_equal(check("late@example.org", NOW + 2 * HOUR).verdict, VERDICT_SEND);
	close_store();
	ok(open_store(test_options(), NOW));
	put_event(outage("later@example.org", NOW), NOW + 2 * HOUR);
	assert_int_equal(check("later@example.org", NOW + 2 * HOUR).verdict, VERDICT_SEND);
	put_event(outage(joe, NOW + DAY), NOW + DAY); /* and it is dead after all */
	expect(NOW + DAY, VERDICT_SUPPRESS, STATE_INACTIVE, 0, "user-unknown");
	ok(store_advance(store, NOW + 40 * DAY, &changed));
	assert_int_equal(query_int("SELECT count(*) FROM contact WHERE state = 'active'"),
		1); /* who was full */
}

/* By rule, reporting MTA, campaign, and by all of them together; soft failures and blocks, too. */
static void causes_are_told_apart(void **state)
{
	struct cause_choice nobody = { NOW, NOW, .provider = "gmail",
		.reporting_mta = "mx.example.net" };
	struct cause_choice relay = { NOW, NOW, .reporting_mta = "relay.EXAMPLE.org." },
			    rule = { NOW, NOW, .rule = "rule-policy" };
	struct cause_choice campaign = { NOW, NOW, .campaign = "spring" },
			    none = { NOW, NOW, NULL, NULL, NULL, NULL };
	struct cause_moves moves;
	struct event e = outage("third@example.org", NOW);

	(void)state;
	put_event(outage(joe, NOW), NOW);
	failed(CATEGORY_POLICY, NOW - DAY);
	put_event(event_of(KIND_FAILURE, CATEGORY_POLICY, "jane@example.org", NOW), NOW);
	strcpy(e.campaign, "autumn");
	strcpy(e.reporting_mta, "mx.example.com");
	put_event(e, NOW);
	assert_int_equal(undo(nobody, NOW).matched, 0);
	assert_int_equal(undo(relay, NOW).moved[STATE_INACTIVE][STATE_INVESTIGATE], 1);
	assert_int_equal(undo(rule, NOW).moved[STATE_BLOCK][STATE_ACTIVE], 1);
	assert_int_equal(undo(campaign, NOW).matched, 0);
	assert_int_equal(check("third@example.org", NOW).verdict, VERDICT_SUPPRESS);
	ok(store_begin(store));
	assert_int_equal(store_undo(store, &none, NOW, &moves), STORE_MISUSE);
	store_rollback(store);
	assert_int_equal(count_bytes("relay.example.org", 17),
		0); /* no host is in the file, only a number under a key */
}

/* --- a whole list --------------------------------------------------------- */

/*
 * Contacts in every state, asked one by one and from the table in memory, at many times: the same
 * answers.
 */
static void a_list_is_answered_as_one_by_one(void **state)
{
	enum { PEOPLE = 400 };
	static const enum category categories[] = { CATEGORY_USER_UNKNOWN, CATEGORY_NETWORK_ERROR,
		CATEGORY_MAILBOX_FULL, CATEGORY_POLICY, CATEGORY_REPUTATION,
		CATEGORY_UNDETERMINED };
	struct store_options o = test_options();
	struct store *reader;
	unsigned seen[STATE_COUNT] = { 0 };
	char address[64];
	bool created;

	(void)state;
	ok(store_begin(store));
	for (unsigned i = 0; i < PEOPLE; i++) {
		snprintf(address, sizeof address, "p%u@example.org", i);
		for (unsigned n = 0; n <= i % 4; n++) {
			struct event e = event_of(KIND_FAILURE, categories[i % 6], address,
				NOW + (int64_t)n * (i % 7) * DAY);
			put(&e, next_message++, NOW + 30 * DAY);
		}
	}
	ok(store_commit(store));
	o.create = false;
	o.read_only = true;
	assert_int_equal(store_open(&reader, &o, NOW, &created), STORE_OK);
	ok(store_expect(reader, 1000000));
	ok(store_snapshot(reader, true));
	for (int64_t now = NOW; now < NOW + 100 * DAY; now += 3 * DAY + HOUR)
		for (unsigned i = 0; i < PEOPLE + 50; i++) {
			struct answer one, many;
			int n = snprintf(address, sizeof address, "p%u@example.org", i);
			ok(store_check(store, address, (size_t)n, now, &one));
			ok(store_check(reader, address, (size_t)n, now, &many));
			assert_memory_equal(&one, &many, sizeof one);
			seen[one.state]++;
		}
	struct contact_row row;
	unsigned char nobody[PSEUDONYM_SIZE] = { 1 };
	assert_int_equal(contact_table_find(reader, nobody, &row),
		TABLE_NONE); /* it was the table that answered */
	for (unsigned s = 0; s < STATE_COUNT; s++)
		assert_true(seen[s] > 0 || s == STATE_UNCONFIRMED); /* that one is store_brake's */
	ok(store_snapshot(reader, false));
	store_close(reader);
}

/* --- any order ------------------------------------------------------------ */

enum { SHUFFLES = 200, STORY_MAX = 40, CAST = 3 };

static uint32_t random_state;

static uint32_t rnd(uint32_t n)
{
	random_state = random_state * 1664525u + 1013904223u;
	return (random_state >> 8) % n;
}

/* All contacts and investigations, as rows of text. */
static void all_rows(bool with_history, char *out, size_t size)
{
	const char *const queries[] = {
		with_history
			? "SELECT hex(pseudonym) || format(' %s at=%d since=%d until=%d due=%d tidy=%d n=%d p=%d %s %s %s %s', state, at, since,"
			  " until, due, tidy, attempts, pauses, reason, rule, ladder, hex(history)) FROM contact ORDER BY pseudonym"
			: "SELECT hex(pseudonym) || format(' %s at=%d since=%d until=%d due=%d n=%d p=%d %s %s %s', state, at, since,"
			  " until, due, attempts, pauses, reason, rule, ladder) FROM contact ORDER BY pseudonym",
		"SELECT format('%s %s %d %d %d', provider, category, opened, last, blocks) FROM investigation ORDER BY provider, category",
		"SELECT format('%s %s %d %d %d %s', kind, name, mta, day, opened, state) FROM wave ORDER BY day, kind, name, mta",
		"SELECT format('%s %s %d %d %d %d', kind, name, mta, day, whole, open) FROM brake_peak ORDER BY day, kind, name, mta",
	};
	sqlite3 *db;
	sqlite3_stmt *st;
	size_t n = 0;

	assert_int_equal(sqlite3_open_v2(database, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	for (unsigned i = 0; i < sizeof queries / sizeof *queries; i++) {
		assert_int_equal(sqlite3_prepare_v2(db, queries[i], -1, &st, NULL), SQLITE_OK);
		while (sqlite3_step(st) == SQLITE_ROW)
			n += (size_t)snprintf(out + n, size - n, "%s\n",
				(const char *)sqlite3_column_text(st, 0));
		sqlite3_finalize(st);
	}
	assert_true(n < size);
	sqlite3_close(db);
}

/*
 * What happened, and the message by which it became known: the same message again is the same
 * number.
 */
struct scene {
	struct event event;
	uint64_t message;
	int64_t read; /* when the message is read */
};

enum { TELL_AT_ONCE, TELL_IN_TIME };

/*
 * Reads the scenes in batches of any size: all at once long afterwards, or each at its time with
 * what time does in between. In the end time has its due, and the rows are compared.
 */
static void tell(const struct scene *story, unsigned n, int how, bool with_history, int64_t end,
	char *rows, size_t size)
{
	unsigned left = 0;
	int64_t day = day_start(NOW);

	for (unsigned i = 0; i < n; i++) {
		if (how == TELL_IN_TIME)
			for (; day < day_start(story[i].read); day += DAY)
				if (!left)
					advance(day + DAY);
		if (!left) {
			ok(store_begin(store));
			left = how == TELL_IN_TIME ? 1 : 1 + rnd(8);
		}
		put(&story[i].event, story[i].message, how == TELL_IN_TIME ? story[i].read : end);
		if (!--left || i + 1 == n) {
			ok(store_commit(store));
			left = 0;
		}
	}
	advance(end);
	all_rows(with_history, rows, size);
	wipe_story();
}

static void shuffle(struct scene *story, unsigned n)
{
	for (unsigned i = n - 1; i; i--) {
		unsigned j = rnd(i + 1);
		struct scene s = story[i];
		story[i] = story[j];
		story[j] = s;
	}
}

static int by_time(const void *a, const void *b)
{
	const struct scene *x = a, *y = b;

	return x->event.arrived < y->event.arrived ? -1 : x->event.arrived > y->event.arrived;
}

static int by_reading(const void *a, const void *b)
{
	const struct scene *x = a, *y = b;

	return x->read < y->read ? -1 : x->read > y->read;
}

/* Anything that can happen to a few people within SPAN; FATAL: one in so many is final. */
static unsigned make_story(struct scene *story, int64_t span, unsigned fatal)
{
	static const enum category categories[] = { CATEGORY_NETWORK_ERROR, CATEGORY_GREYLISTED,
		CATEGORY_MAILBOX_FULL, CATEGORY_RATE_LIMITED, CATEGORY_EXPIRED, CATEGORY_POLICY,
		CATEGORY_REPUTATION, CATEGORY_UNDETERMINED };
	static const enum category ends[] = { CATEGORY_USER_UNKNOWN, CATEGORY_BAD_ADDRESS,
		CATEGORY_ABUSE };
	static const char *const cast[CAST] = { "joe@example.org", "jane@example.org",
		"jim@example.net" };
	unsigned n = 2 + rnd(STORY_MAX - 2), soft = 1 + rnd(8);

	for (unsigned i = 0; i < n; i++) {
		int64_t at = NOW + (int64_t)rnd((uint32_t)span);
		unsigned dice = rnd(12);
		enum category c = fatal && !rnd(fatal) ? ends[rnd(3)] : categories[rnd(soft)];
		const char *who = cast[rnd(CAST)];
		struct event e = dice == 0    ? event_of(KIND_SUCCESS, CATEGORY_NONE, who, at)
			: dice == 1           ? event_of(KIND_DELAY, c, who, at)
			: c == CATEGORY_ABUSE ? event_of(KIND_COMPLAINT, c, who, at)
					      : event_of(KIND_FAILURE, c, who, at);
		if (rnd(3) == 0)
			strcpy(e.provider, "gmail");
		if (rnd(3) == 0)
			strcpy(e.reporting_mta, "relay.example.org");
		if (i && rnd(8) == 0)
			e.arrived = story[rnd(i)].event.arrived; /* in the same second */
		story[i] = (struct scene){ e, i + 1, 0 };
		if (i && rnd(8) == 0)
			story[i] = story[rnd(i)]; /* read twice */
	}
	return n;
}

static void any_order(int64_t span, unsigned fatal)
{
	static char in_order[32768], rows[32768];
	struct scene story[STORY_MAX];
	int64_t end = NOW + span + (int64_t)rnd(40) * DAY;

	for (unsigned round = 0; round < SHUFFLES; round++) {
		unsigned n = make_story(story, span, fatal);
		qsort(story, n, sizeof story[0], by_time);
		tell(story, n, TELL_AT_ONCE, true, end, in_order, sizeof in_order);
		shuffle(story, n);
		tell(story, n, TELL_AT_ONCE, true, end, rows, sizeof rows);
		assert_string_equal(rows, in_order);
	}
}

static void any_order_of_an_hour(void **state)
{
	(void)state;
	random_state = 1;
	any_order(HOUR, 0);
	any_order(20, 10);
}

static void any_order_of_a_week(void **state)
{
	(void)state;
	random_state = 2;
	any_order(7 * DAY, 0);
	any_order(7 * DAY, 30);
}

static void any_order_of_months(void **state)
{
	(void)state;
	random_state = 3;
	any_order(100 * DAY, 0);
	any_order(100 * DAY, 30);
}

static int setup_braked(void **state)
{
	struct store_options o = test_options();

	(void)state;
	setenv("TZ", "Europe/Berlin", 1);
	make_directory();
	o.k = o.brake_minimum = 2;
	o.brake_factor = 1;
	o.brake_hold = 5 * DAY;
	return open_store(o, NOW);
}

/*
 * Two hard bounces within an hour are a wave here, so that waves, their habit and what they hold
 * come up often.
 */
static void any_order_of_waves(void **state)
{
	(void)state;
	random_state = 4;
	any_order(3 * HOUR, 3);
	any_order(2 * DAY, 2);
	any_order(20 * DAY, 2);
}

/*
 * Mail that is read late, up to a month, while time goes on: advance() every midnight, times cut to
 * days. Everything happens at noon, as what happens on one day can then no longer be told apart.
 * The same states come out as when all is read at once in the right order. A delivery is remembered
 * for a week.
 */
static void late(unsigned days, bool delivered)
{
	static char in_order[32768], rows[32768];
	struct scene story[STORY_MAX];
	int64_t span = 100 * DAY, end = NOW + span + 60 * DAY;

	for (unsigned round = 0; round < SHUFFLES / 2; round++) {
		unsigned n = make_story(story, span, 60);
		for (unsigned i = 0; i < n; i++) {
			story[i].event.arrived = day_start(NOW) + (int64_t)i * 2 * DAY + DAY / 2;
			story[i].read = story[i].event.arrived +
				(int64_t)rnd(days) * DAY * (int64_t)rnd(2);
			story[i].message = i + 1;
			if (!delivered && story[i].event.kind == KIND_SUCCESS)
				story[i].event.kind = KIND_DELAY;
		}
		tell(story, n, TELL_AT_ONCE, false, end, in_order, sizeof in_order);
		qsort(story, n, sizeof story[0], by_reading);
		tell(story, n, TELL_IN_TIME, false, end, rows, sizeof rows);
		assert_string_equal(rows, in_order);
	}
}

static void late_and_with_time(void **state)
{
	(void)state;
	random_state = 4;
	late(30, false);
	late(6, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(unknown_is_sent_to),
		TEST(hard_is_final),
		TEST(complaints_and_optouts_are_final),
		TEST(ladder_of_a_small_provider),
		TEST(ladders_by_provider_and_category),
		TEST(ladder_ends_in_a_pause),
		TEST(revalidated_is_active_again),
		TEST(full_mailbox_is_suppressed_in_the_end),
		TEST(success_ends_soft),
		TEST(late_messages_do_not_undo),
		TEST(block_is_investigated),
		TEST(resolving_lets_through),
		TEST(every_block_has_a_checklist),
		TEST(quiet_makes_active),
		TEST(advance_takes_more_than_a_batch),
		TEST(what_is_not_understood_ends),
		TEST(what_is_not_understood_is_outweighed),
		TEST(a_block_stays_beside_a_soft_failure),
		TEST(what_changes_nothing),
		TEST(a_delivery_is_forgotten),
		TEST(verified_is_not_claimed),
		TEST(times_are_days_outside_a_ladder),
		TEST(coarse_days_keep_the_outcome),
		TEST(history_has_a_bound),
		TEST(failures_are_counted_in_mailings),
		TEST(mailings_without_a_bounce_outweigh),
		TEST(the_table_loses_nobody),
		TEST(moves_are_those_of_the_table),
		TEST(moves_and_late_mail),
		TEST(a_cause_is_taken_back),
		TEST(causes_are_told_apart),
		TEST(a_list_is_answered_as_one_by_one),
		TEST(any_order_of_an_hour),
		TEST(any_order_of_a_week),
		TEST(any_order_of_months),
		TEST(late_and_with_time),
		cmocka_unit_test_setup_teardown(any_order_of_waves, setup_braked, teardown),
	};

	return cmocka_run_group_tests_name("contacts", tests, NULL, NULL);
}
