/*
 * The brake: hard bounces that are too many at once to be believed are held until they are
 * confirmed.
 */
#include "store/watch/witness.h"
#include "tests/unit/store_braked.h"

static void a_wave_is_held_and_time_confirms_it(void **state)
{
	int64_t until = day_start(NOW) + 6 * DAY;

	(void)state;
	quiet_fortnight("gmail", "");
	crowd("out", "gmail", "", CROWD, 7, NOW);
	assert_int_equal(count_of("out", CROWD, STATE_UNCONFIRMED, NOW + HOUR),
		CROWD); /* the first ones, too */
	struct answer a = ask("out", 0, NOW + HOUR);
	assert_int_equal(a.verdict, VERDICT_HOLD);
	assert_string_equal(a.reason, "unconfirmed");
	assert_int_equal(a.until, until);
	assert_int_equal(waves_at(NOW + HOUR), 1);
	assert_int_equal(count_of("day1", 10, STATE_INACTIVE, NOW + HOUR), 10); /* nobody else */
	assert_int_equal(ask("out", 0, until - 1).verdict, VERDICT_HOLD);
	assert_int_equal(ask("out", 0, until).verdict, VERDICT_SUPPRESS);
	advance(until);
	assert_int_equal(count_of("out", CROWD, STATE_INACTIVE, until), CROWD);
	assert_string_equal(ask("out", 0, until).reason, "user-unknown");
	assert_int_equal(waves_at(until), 0);
}

/* Years ahead of the last run: nobody would believe it, so the hold stands. */
static void a_clock_far_ahead_ends_no_hold(void **state)
{
	int64_t until = day_start(NOW) + 6 * DAY, years = NOW + 900 * DAY;

	(void)state;
	quiet_fortnight("gmail", "");
	crowd("out", "gmail", "", CROWD, 7, NOW);
	ok(store_witness_ran(store, NOW + HOUR, "", 0));
	assert_int_equal(ask("out", 0, years).verdict, VERDICT_HOLD);
	assert_int_equal(ask("out", 0, until).verdict, VERDICT_SUPPRESS); /* set right again */
	ok(store_witness_ran(store, years, "", 0));
	assert_int_equal(
		ask("out", 0, years).verdict, VERDICT_SUPPRESS); /* and a run believed it */
}

/* Up to three times the best hour is as before. */
static void what_is_usual_is_believed_at_once(void **state)
{
	(void)state;
	quiet_fortnight("gmail", "");
	crowd("much", "gmail", "", 30, 30, NOW);
	assert_int_equal(count_of("much", 30, STATE_INACTIVE, NOW + HOUR), 30);
	crowd("more", "gmail", "", 1, 1, NOW + 300);
	assert_int_equal(count_of("much", 30, STATE_UNCONFIRMED, NOW + HOUR), 30);
}

/* So many in a day that come in hours too small for a wave. */
static void drip(const char *name, unsigned hours, unsigned n)
{
	char part[32];

	for (unsigned h = 0; h < hours; h++) {
		snprintf(part, sizeof part, "%s%u", name, h);
		crowd(part, "gmail", "", n, 7, day_start(NOW) + (int64_t)(h + 1) * HOUR);
	}
}

static void a_day_that_drips_is_a_wave(void **state)
{
	int64_t end = day_start(NOW) + 12 * HOUR;

	(void)state;
	quiet_fortnight("gmail", "");
	drip("few", 4, 29); /* 116 of the 120 */
	advance(end);
	assert_int_equal(waves_at(end), 0);
	assert_int_equal(count_of("few0", 29, STATE_INACTIVE, end), 29);
	crowd("other", "yahoo", "", 10, 7, day_start(NOW) + 2 * HOUR);
	crowd("drop", "gmail", "", 4, 4, day_start(NOW) + 6 * HOUR);
	advance(end);
	assert_int_equal(waves_at(end), 1);
	assert_int_equal(count_of("few0", 29, STATE_UNCONFIRMED, end), 29);
	assert_int_equal(count_of("drop", 4, STATE_UNCONFIRMED, end), 4);
	assert_int_equal(count_of("other", 10, STATE_INACTIVE, end), 10);
	advance(end + HOUR); /* looked at anew it is the same */
	assert_int_equal(waves_at(end + HOUR), 1);
	assert_int_equal(count_of("day1", 10, STATE_INACTIVE, end), 10);
	for (unsigned h = 0; h < 5; h++) /* and what is held is no habit of the next day */
		crowd(h % 2 ? "odd" : "even", "gmail", "", 29, 7,
			day_start(NOW) + DAY + (int64_t)(h + 3) * HOUR);
	advance(end + DAY);
	assert_int_equal(count_of("odd", 29, STATE_UNCONFIRMED, end + DAY), 29);
}

/* Confirmed by time it is a habit, and the same again is none. */
static void a_wave_that_time_confirmed_is_usual(void **state)
{
	(void)state;
	quiet_fortnight("gmail", "");
	crowd("first", "gmail", "", CROWD, 7, NOW);
	crowd("soon", "gmail", "", CROWD, 7, NOW + 2 * DAY);
	assert_int_equal(count_of("soon", CROWD, STATE_UNCONFIRMED, NOW + 2 * DAY + HOUR), CROWD);
	crowd("next", "gmail", "", CROWD, 7, NOW + 14 * DAY);
	assert_int_equal(count_of("next", CROWD, STATE_INACTIVE, NOW + 14 * DAY + HOUR), CROWD);
}

/* Where nothing is known: when they all say the same, and when it is much of what was sent. */
static void without_a_habit(void **state)
{
	struct volume v = { .day = day_of(NOW), .provider = "yahoo", .sent = 1000 };
	char who[64];

	(void)state;
	crowd("same", "gmail", "", CROWD, 7, NOW);
	assert_int_equal(count_of("same", CROWD, STATE_UNCONFIRMED, NOW + HOUR), CROWD);
	for (unsigned i = 0; i < CROWD; i++) {
		snprintf(who, sizeof who, "p%u@mixed.example.org", i);
		read_one(hard_at("icloud", i % 3 ? "one-rule" : "another", "", who, NOW + i),
			NOW + i);
	}
	assert_int_equal(count_of("mixed", CROWD, STATE_INACTIVE, NOW + HOUR), CROWD);
	ok(store_begin(store));
	ok(store_volume_add(store, "csv", false, &v));
	ok(store_commit(store));
	crowd("few", "yahoo", "", CROWD, 7, NOW);
	assert_int_equal(count_of("few", CROWD, STATE_INACTIVE, NOW + HOUR), CROWD);
}

/*
 * Of several that are out of order in one hour, and that nothing is known of, each is seen, not
 * only the largest; and the relay through which all of a rare kind came is.
 */
static void several_without_a_habit(void **state)
{
	char name[16], provider[16];

	(void)state;
	crowd("large", "gmail", "", 2 * CROWD, 14, NOW);
	crowd("small", "yahoo", "", CROWD, 7, NOW + 1);
	assert_int_equal(count_of("large", 2 * CROWD, STATE_UNCONFIRMED, NOW + HOUR), 2 * CROWD);
	assert_int_equal(count_of("small", CROWD, STATE_UNCONFIRMED, NOW + HOUR), CROWD);
	for (unsigned i = 0; i < CROWD;
		i++) { /* one at each of many: nobody but the relay stands out */
		snprintf(name, sizeof name, "out%u", i);
		snprintf(provider, sizeof provider, "few%u", i);
		crowd(name, provider, "relay.example.org", 2, 2, NOW + 2 + (int64_t)i);
	}
	for (unsigned i = 0; i < CROWD; i++) {
		snprintf(name, sizeof name, "out%u", i);
		assert_int_equal(count_of(name, 2, STATE_UNCONFIRMED, NOW + HOUR), 2);
	}
}

/* What was sent is often known only later. */
static void volumes_that_come_late_are_looked_at(void **state)
{
	struct volume v = { .day = day_of(NOW), .provider = "gmail", .sent = 1000 };

	(void)state;
	crowd("big", "gmail", "", CROWD, 7, NOW);
	assert_int_equal(count_of("big", CROWD, STATE_UNCONFIRMED, NOW + HOUR), CROWD);
	ok(store_begin(store));
	ok(store_volume_add(store, "csv", false, &v));
	ok(store_commit(store));
	advance(NOW + DAY);
	assert_int_equal(count_of("big", CROWD, STATE_INACTIVE, NOW + DAY), CROWD);
	assert_int_equal(waves_at(NOW + DAY), 0);
}

/* A relay of our own that was set up wrongly: no provider stands out, who reports it does. */
static void our_own_relay_is_seen(void **state)
{
	static const char *const providers[] = { "gmail", "yahoo", "icloud", "" };
	char name[16];

	(void)state;
	quiet_fortnight("", "relay.example.org");
	for (unsigned i = 0; i < 4; i++) {
		snprintf(name, sizeof name, "out%u", i);
		crowd(name, providers[i], "Relay.example.org", 20, 7, NOW + (int64_t)i);
	}
	for (unsigned i = 0; i < 4; i++) {
		snprintf(name, sizeof name, "out%u", i);
		assert_int_equal(count_of(name, 20, STATE_UNCONFIRMED, NOW + HOUR), 20);
	}
	assert_int_equal(
		query_int(
			"SELECT count(*) FROM wave WHERE kind = 'reporting-mta' AND lower(name) = 'relay.example.org'"),
		1);
}

/* A host says what it likes; what is no host's name is not kept. */
static void no_text_of_others_is_kept(void **state)
{
	(void)state;
	quiet_fortnight("", "joe@example.org is gone");
	crowd("a", "gmail", "joe@example.org is gone", 20, 7, NOW);
	crowd("b", "yahoo", "joe@example.org is gone", 20, 7, NOW);
	assert_int_equal(
		query_int("SELECT count(*) FROM wave WHERE kind = 'reporting-mta' AND name = ''"),
		1);
}

static void a_wave_over_midnight_is_one(void **state)
{
	int64_t midnight = day_start(NOW) + DAY;

	(void)state;
	quiet_fortnight("gmail", "");
	crowd("before", "gmail", "", 12, 4, midnight - 120);
	crowd("after", "gmail", "", CROWD, 7, midnight);
	assert_int_equal(count_of("before", 12, STATE_UNCONFIRMED, midnight + HOUR), 12);
	assert_int_equal(count_of("after", CROWD, STATE_UNCONFIRMED, midnight + HOUR), CROWD);
}

/* Which portions mail is read in decides nothing, nor does how late it is read. */
static void what_is_read_late_in_portions(void **state)
{
	int64_t midnight = day_start(NOW) + DAY, late = NOW + 30 * DAY;
	struct event e = hard_at("gmail", "rule-x", "", "x@example.org", midnight + DAY + HOUR);

	(void)state;
	quiet_fortnight("gmail", "");
	crowd("out", "gmail", "", CROWD, 7, midnight - HOUR);
	crowd("after", "gmail", "", 12, 4, midnight + HOUR);
	assert_int_equal(count_of("after", 12, STATE_UNCONFIRMED, midnight + 2 * HOUR), 12);
	advance(late);
	assert_int_equal(
		query_int("SELECT count(*) FROM " CONTACT_PLAIN " WHERE state = 'unconfirmed'"), 0);
	assert_int_equal(query_int("SELECT count(*) FROM wave"), 2);
	read_one(e, late); /* the evening before the day from which on all is judged anew */
	advance(late);
	assert_int_equal(query_int("SELECT count(*) FROM wave"), 2);
	assert_int_equal(
		query_int("SELECT count(*) FROM " CONTACT_PLAIN " WHERE state = 'unconfirmed'"), 0);
}

/* A wave that is only seen when its time is over has held nobody when that is done. */
static void a_wave_that_is_seen_too_late(void **state)
{
	(void)state;
	quiet_fortnight("gmail", "");
	drip("few", 5, 29);
	advance(NOW + 30 * DAY);
	assert_int_equal(query_int("SELECT count(*) FROM wave"), 1);
	assert_int_equal(
		query_int("SELECT count(*) FROM " CONTACT_PLAIN " WHERE state = 'unconfirmed'"), 0);
}

/* And fewer and fewer in the night behind it: who was refused before, and some who were not. */
static void evening_outage(void)
{
	static const unsigned by_hour[] = { 9, 7, 5, 3, 1 };
	int64_t evening = day_start(NOW) + 20 * HOUR, night = day_start(NOW) + DAY;
	char who[96];

	crowd("out", "gmail", "", 300, 50, evening);
	for (unsigned h = 0, k = 0; h < sizeof by_hour / sizeof *by_hour; h++)
		for (unsigned i = 0; i < by_hour[h]; i++, k++) {
			int64_t at = night + (int64_t)h * HOUR + i;
			snprintf(who, sizeof who, "p%u@out.example.org", k * 3);
			read_one(hard_at("gmail", "rule-out", "", who, at), at);
			snprintf(who, sizeof who, "p%u@new.example.org", k);
			read_one(hard_at("gmail", "rule-out", "", who, at), at);
		}
	crowd("true", "yahoo", "", 2, 2, night + HOUR);
}

static void an_outage_that_ebbs_confirms_nobody(void **state)
{
	int64_t then = day_start(NOW) + DAY + 12 * HOUR, again = day_start(NOW) + 3 * DAY + HOUR;
	char who[] = "p0@out.example.org";

	(void)state;
	quiet_fortnight("gmail", "");
	evening_outage();
	advance(then);
	assert_int_equal(count_of("out", 300, STATE_UNCONFIRMED, then), 300);
	assert_int_equal(count_of("new", 25, STATE_UNCONFIRMED, then), 25);
	assert_int_equal(count_of("true", 2, STATE_INACTIVE, then), 2);
	read_one(hard_at("gmail", "rule-out", "", who, again), again);
	assert_int_equal(ask("out", 0, again).state, STATE_INACTIVE);
	advance(again + HOUR);
	assert_int_equal(count_of("out", 300, STATE_UNCONFIRMED, again), 299);
}

/* At last only one in a day is refused, which is less than usual: he has been before. */
static void who_was_refused_in_the_wave_is_no_witness_of_its_ebb(void **state)
{
	int64_t evening = day_start(NOW) + 20 * HOUR, next = day_start(NOW) + DAY + 10 * HOUR;
	char who[] = "p7@out.example.org", other[] = "gone@example.org";

	(void)state;
	quiet_fortnight("gmail", "");
	crowd("out", "gmail", "", CROWD, 7, evening);
	read_one(hard_at("gmail", "rule-out", "", who, next), next);
	read_one(hard_at("gmail", "rule-out", "", other, next), next);
	advance(next);
	assert_int_equal(ask("out", 7, next).state, STATE_UNCONFIRMED);
	assert_int_equal(
		query_int("SELECT count(*) FROM " CONTACT_PLAIN " WHERE state = 'inactive'"), 141);
	for (unsigned day = 2; day < 80; day++) { /* and what becomes past does not end him */
		int64_t at = NOW + (int64_t)day * DAY;
		read_one(event_of(KIND_SUCCESS, CATEGORY_NONE, who, at), at);
	}
	assert_int_equal(ask("out", 7, NOW + 80 * DAY).verdict, VERDICT_SEND);
}

/* What does not ebb is how things are. */
static void an_ebb_has_an_end(void **state)
{
	char name[16];
	int64_t at = day_start(NOW) + 12 * HOUR;

	(void)state;
	quiet_fortnight("gmail", "");
	crowd("out", "gmail", "", CROWD, 7, at);
	for (unsigned day = 1; day < 9; day++) {
		snprintf(name, sizeof name, "on%u", day);
		crowd(name, "gmail", "", 12, 12, at + (int64_t)day * DAY);
	}
	advance(at + 8 * DAY + HOUR);
	assert_int_equal(count_of("on5", 12, STATE_UNCONFIRMED, at + 8 * DAY + HOUR), 12);
	assert_int_equal(count_of("on6", 12, STATE_INACTIVE, at + 8 * DAY + HOUR), 12);
}

static void what_confirms_and_what_frees_one(void **state)
{
	char who[] = "p0@out.example.org", freed[] = "p1@out.example.org",
	     told[] = "p2@out.example.org";
	enum contact_state from;
	bool moved;

	(void)state;
	quiet_fortnight("gmail", "");
	crowd("out", "gmail", "", CROWD, 7, NOW);
	read_one(hard_at("gmail", "code-5.1.1", "", who, NOW + 2 * DAY), NOW + 2 * DAY);
	assert_int_equal(ask("out", 0, NOW + 2 * DAY).state, STATE_INACTIVE);
	read_one(event_of(KIND_SUCCESS, CATEGORY_NONE, freed, NOW + 2 * DAY), NOW + 2 * DAY);
	assert_int_equal(ask("out", 1, NOW + 2 * DAY).verdict, VERDICT_SEND);
	ok(store_begin(store));
	ok(store_contact_move(
		store, told, strlen(told), MOVE_CONFIRM, NOW + 2 * DAY, &from, &moved));
	ok(store_commit(store));
	assert_true(moved && from == STATE_UNCONFIRMED);
	assert_int_equal(ask("out", 2, NOW + 2 * DAY).state, STATE_INACTIVE);
	assert_int_equal(count_of("out", CROWD, STATE_UNCONFIRMED, NOW + 2 * DAY), CROWD - 3);
	advance(NOW + 10 * DAY);
	assert_int_equal(ask("out", 1, NOW + 10 * DAY).verdict, VERDICT_SEND);
}

static void an_operator_decides(void **state)
{
	struct cause_choice gmail = { NOW - HOUR, NOW, .provider = "gmail" };
	struct cause_choice yahoo = { NOW - HOUR, NOW, .provider = "yahoo" };
	struct cause_moves moves;
	uint64_t confirmed;

	(void)state;
	crowd("true", "gmail", "", CROWD, 7, NOW);
	crowd("false", "yahoo", "", CROWD, 7, NOW);
	ok(store_begin(store));
	ok(store_confirm(store, &gmail, &confirmed));
	ok(store_undo(store, &yahoo, NOW + HOUR, &moves));
	ok(store_commit(store));
	assert_int_equal(confirmed, 1);
	assert_int_equal(moves.moved[STATE_UNCONFIRMED][STATE_ACTIVE], CROWD);
	assert_int_equal(count_of("true", CROWD, STATE_INACTIVE, NOW + HOUR), CROWD);
	assert_int_equal(count_of("false", CROWD, STATE_ACTIVE, NOW + HOUR), CROWD);
	assert_int_equal(waves_at(NOW + HOUR), 0);
	close_store();
	assert_int_equal(setup_again(), 0);
	crowd("true2", "gmail", "", 5, 5,
		NOW + 600); /* of the same day: the operator's word holds */
	assert_int_equal(count_of("true2", 5, STATE_INACTIVE, NOW + HOUR), 5);
	advance(NOW + DAY);
	assert_int_equal(count_of("true", CROWD, STATE_INACTIVE, NOW + DAY), CROWD);
	assert_int_equal(count_of("false", CROWD, STATE_ACTIVE, NOW + DAY), CROWD);
}

/* A cause of two names takes back a part of a wave; when nobody is left it is over. */
static void undone_by_two_names(void **state)
{
	struct cause_choice out = { NOW - HOUR, NOW, .provider = "gmail", .rule = "rule-out" };
	struct cause_choice more = { NOW - HOUR, NOW, .provider = "gmail", .rule = "rule-mor" };
	struct cause_moves moves;

	(void)state;
	quiet_fortnight("gmail", "");
	crowd("out", "gmail", "", CROWD, 7, NOW);
	crowd("more", "gmail", "", CROWD, 7, NOW);
	assert_int_equal(waves_at(NOW + HOUR), 1);
	ok(store_begin(store));
	ok(store_undo(store, &out, NOW + HOUR, &moves));
	ok(store_commit(store));
	assert_int_equal(moves.moved[STATE_UNCONFIRMED][STATE_ACTIVE], CROWD);
	assert_int_equal(waves_at(NOW + HOUR), 1);
	assert_int_equal(count_of("more", CROWD, STATE_UNCONFIRMED, NOW + HOUR), CROWD);
	ok(store_begin(store));
	ok(store_undo(store, &more, NOW + HOUR, &moves));
	ok(store_commit(store));
	assert_int_equal(waves_at(NOW + HOUR), 0);
	advance(NOW + DAY);
	assert_int_equal(waves_at(NOW + DAY), 0);
}

/* Behind 64 days with events a day that is only doubted is no end. */
static void a_doubted_day_becomes_past(void **state)
{
	char who[] = "p1@out.example.org";

	(void)state;
	crowd("out", "gmail", "", CROWD, 7, NOW);
	read_one(event_of(KIND_SUCCESS, CATEGORY_NONE, who, NOW + DAY), NOW + DAY);
	for (unsigned day = 2; day < 80; day++)
		read_one(event_of(KIND_SUCCESS, CATEGORY_NONE, who, NOW + (int64_t)day * DAY),
			NOW + (int64_t)day * DAY);
	read_one(event_of(KIND_COMPLAINT, CATEGORY_ABUSE, who, NOW + 81 * DAY), NOW + 81 * DAY);
	assert_string_equal(ask("out", 1, NOW + 81 * DAY).reason, "abuse");
}

static void complaints_are_never_held(void **state)
{
	char who[] = "p3@out.example.org";

	(void)state;
	crowd("out", "gmail", "", CROWD, 7, NOW);
	struct event e = event_of(KIND_COMPLAINT, CATEGORY_ABUSE, who, NOW + HOUR);
	read_one(e, NOW + HOUR);
	assert_int_equal(ask("out", 3, NOW + HOUR).verdict, VERDICT_SUPPRESS);
	assert_string_equal(ask("out", 3, NOW + HOUR).reason, "abuse");
}

/* A mailing on DAY from NOW on that N people of NAME refuse in words that no rule knows. */
static void puzzled_crowd(const char *name, unsigned n, unsigned day)
{
	char who[96];

	ok(store_begin(store));
	for (unsigned i = 0; i < n; i++) {
		snprintf(who, sizeof who, "p%u@%s.example.org", i, name);
		struct event e = event_of(KIND_FAILURE, CATEGORY_UNDETERMINED, who,
			NOW + (int64_t)day * DAY + (int64_t)i * 10);
		e.klass = CLASS_NONE;
		e.reply = 550;
		snprintf(e.rule, sizeof e.rule, "digit.5");
		put(&e, next_message++, e.arrived);
	}
	ok(store_commit(store));
}

/* Three such mailings end a few; all at once speak of whoever refuses, however they are read. */
static void nobody_ends_with_all_others(void **state)
{
	static const unsigned orders[][3] = { { 0, 7, 14 }, { 14, 0, 7 }, { 7, 14, 0 } };
	int64_t then = NOW + 14 * DAY + HOUR;

	(void)state;
	for (unsigned i = 0; i < sizeof orders / sizeof *orders; i++) {
		char all[16], few[16];
		snprintf(all, sizeof all, "all%u", i);
		snprintf(few, sizeof few, "few%u", i);
		for (unsigned k = 0; k < 3; k++) {
			puzzled_crowd(all, CROWD, orders[i][k]);
			puzzled_crowd(few, 2, orders[i][k] + 1);
		}
		advance(then);
		assert_int_equal(count_of(all, CROWD, STATE_UNCLEAR, then), CROWD);
		assert_int_equal(count_of(few, 2, STATE_INACTIVE, then + DAY), 2);
	}
	struct cause_choice choice = { .provider = "not-understood", .from = NOW, .to = then };
	uint64_t confirmed;
	ok(store_begin(store));
	ok(store_confirm(store, &choice, &confirmed));
	ok(store_commit(store));
	assert_int_equal(count_of("all0", CROWD, STATE_INACTIVE, then), CROWD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_wave_is_held_and_time_confirms_it),
		TEST(a_clock_far_ahead_ends_no_hold),
		TEST(what_is_usual_is_believed_at_once),
		TEST(a_day_that_drips_is_a_wave),
		TEST(a_wave_that_time_confirmed_is_usual),
		TEST(without_a_habit),
		TEST(several_without_a_habit),
		TEST(volumes_that_come_late_are_looked_at),
		TEST(our_own_relay_is_seen),
		TEST(no_text_of_others_is_kept),
		TEST(a_wave_over_midnight_is_one),
		TEST(what_is_read_late_in_portions),
		TEST(a_wave_that_is_seen_too_late),
		TEST(an_outage_that_ebbs_confirms_nobody),
		TEST(who_was_refused_in_the_wave_is_no_witness_of_its_ebb),
		TEST(an_ebb_has_an_end),
		TEST(what_confirms_and_what_frees_one),
		TEST(an_operator_decides),
		TEST(undone_by_two_names),
		TEST(a_doubted_day_becomes_past),
		TEST(complaints_are_never_held),
		TEST(nobody_ends_with_all_others),
	};

	return cmocka_run_group_tests_name("brake", tests, NULL, NULL);
}
