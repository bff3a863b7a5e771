/*
 * Messages with their events: what is stored of them, that nothing counts twice, the tallies, and
 * mail that stays in its mailbox.
 */
#include <sodium.h>
#include "tests/unit/store_fixture.h"

/* --- packing -------------------------------------------------------------- */

static struct packed pack(const struct event *e, int64_t now)
{
	struct packed_event packed;
	struct packed p;

	ok(store_pack(store, e, now, &packed));
	memcpy(&p, &packed, sizeof p);
	return p;
}

static void packed_holds_no_address(void **state)
{
	struct event e = event_of(
		KIND_FAILURE, CATEGORY_USER_UNKNOWN, "canary.person@canary-domain.example", NOW);
	struct packed_event packed;

	(void)state;
	strcpy(e.original_recipient, "canary.other@example.org");
	strcpy(e.remote_mta, "mx.canary-host.example");
	strcpy(e.reporting_mta, "out.canary-host.example");
	strcpy(e.message_id, "canary-id@example.org");
	strcpy(e.source_ip, "192.0.2.77");
	strcpy(e.token, "canary-token");
	strcpy(e.diagnostic,
		"550 canary.person@canary-domain.example unknown"); /* somebody forgot to redact */
	ok(store_pack(store, &e, NOW, &packed));
	assert_null(memmem(&packed, sizeof packed, "canary", 6));
	assert_null(memmem(&packed, sizeof packed, "192.0.2", 7));
	ok(store_begin(store));
	put(&e, 1, NOW);
	ok(store_commit(store));
	assert_int_equal(count_bytes("canary", 6), 0);
	assert_int_equal(count_bytes("192.0.2", 7), 0);
	assert_int_not_equal(count_bytes("spring", 6), 0); /* the search finds what is kept */
}

static void diagnostics_are_cut_between_characters(void **state)
{
	struct event e = event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "a@example.org", NOW);
	struct store_options o = test_options();
	struct packed p;

	(void)state;
	for (size_t shift = 0; shift < 3; shift++) {
		memset(e.diagnostic, 'x', shift);
		for (size_t i = shift; i + 4 < sizeof e.diagnostic; i += 3)
			memcpy(e.diagnostic + i, "\xe2\x82\xac", 4);
		p = pack(&e, NOW);
		size_t n = strlen(p.diagnostic);
		assert_in_range(n, DIAGNOSTIC_KEPT_SIZE - 3, DIAGNOSTIC_KEPT_SIZE - 1);
		assert_int_equal((n - shift) % 3, 0);
	}
	close_store();
	o.keep_diagnostics = false;
	ok(open_store(o, NOW));
	p = pack(&e, NOW);
	assert_string_equal(p.diagnostic, "");
}

static void times_are_never_later_than_now(void **state)
{
	static const struct {
		int64_t arrived, at;
	} table[] = { { NOW - 5, NOW - 5 }, { NOW, NOW }, { NOW + 1, NOW }, { 0, NOW }, { -1, NOW },
		{ INT64_MAX, NOW }, { INT64_MIN, NOW } };
	struct event e = event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "a@example.org", NOW);

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		e.arrived = table[i].arrived;
		assert_int_equal(pack(&e, NOW).at, table[i].at);
	}
}

static void months_and_days(void **state)
{
	struct event e = event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "a@example.org", NOW);
	const int64_t new_year = 1798761600; /* 2027-01-01T00:00:00Z */
	struct packed before, after;

	(void)state;
	e.arrived = new_year - 1;
	before = pack(&e, NOW + 300 * DAY);
	e.arrived = new_year;
	after = pack(&e, NOW + 300 * DAY);
	assert_int_equal(before.day, 20270101); /* days are Berlin's, where it is one o'clock */
	assert_int_equal(after.day, 20270101);
	assert_memory_not_equal(
		before.pseudonym, after.pseudonym, PSEUDONYM_SIZE); /* months are UTC's */
	assert_memory_equal(before.contact, after.contact, PSEUDONYM_SIZE);
	e.arrived = new_year - 2 * HOUR;
	assert_int_equal(pack(&e, NOW + 300 * DAY).day, 20261231);
}

/* More months than are held in memory, there and back: the same key each time. */
static void many_months(void **state)
{
	enum { MONTHS = 40 };
	struct event e = event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "a@example.org", NOW);
	unsigned char first[MONTHS][PSEUDONYM_SIZE];

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (int m = 0; m < MONTHS; m++) {
			e.arrived = NOW - m * 31 * DAY;
			struct packed p = pack(&e, NOW);
			if (!round)
				memcpy(first[m], p.pseudonym, PSEUDONYM_SIZE);
			assert_memory_equal(first[m], p.pseudonym, PSEUDONYM_SIZE);
			if (m)
				assert_memory_not_equal(first[m], first[m - 1], PSEUDONYM_SIZE);
		}
	}
}

/*
 * A key made within a transaction that is rolled back: the file stays and is noted with the next
 * one.
 */
static void month_key_and_rollback(void **state)
{
	struct event e = event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "a@example.org", NOW);
	struct packed first, again;

	(void)state;
	ok(store_begin(store));
	first = pack(&e, NOW);
	store_rollback(store);
	assert_int_equal(query_int("SELECT count(*) FROM key WHERE purpose = 'event'"), 0);
	again = pack(&e, NOW);
	assert_memory_equal(first.pseudonym, again.pseudonym, PSEUDONYM_SIZE);
	assert_int_equal(query_int("SELECT count(*) FROM key WHERE purpose = 'event'"), 1);
	ok(store_ledger_walk(store, NULL, NULL));
}

static void domains_only_where_they_are_asked_for(void **state)
{
	struct event e = event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "a@Tiny-Firm.example", NOW);
	struct store_options o = test_options();

	(void)state;
	assert_string_equal(pack(&e, NOW).provider, "other");
	close_store();
	o.all_domains = true;
	ok(open_store(o, NOW));
	assert_string_equal(pack(&e, NOW).provider, "tiny-firm.example");
	put_event(e, NOW);
	assert_int_equal(query_int("SELECT count(*) FROM tally WHERE provider <> 'other'"),
		0); /* tallies stay, so they know none */
	strcpy(e.provider, "gmail");
	assert_string_equal(pack(&e, NOW).provider, "gmail");
	e.provider[0] = '\0';
	snprintf(e.recipient, sizeof e.recipient, "a@%060d.example", 0);
	assert_string_equal(pack(&e, NOW).provider, "other"); /* too long for the column */
	strcpy(e.recipient, "nobody");
	assert_string_equal(pack(&e, NOW).provider, "other");
}

/* --- messages ------------------------------------------------------------- */

static void nothing_counts_twice(void **state)
{
	struct event e = event_of(KIND_FAILURE, CATEGORY_NETWORK_ERROR, "a@example.org", NOW);

	(void)state;
	ok(store_begin(store));
	assert_int_equal(put(&e, 7, NOW), MESSAGE_NEW);
	assert_int_equal(put(&e, 7, NOW), MESSAGE_DUPLICATE);
	assert_int_equal(put(&e, 8, NOW), MESSAGE_NEW);
	ok(store_commit(store));
	close_store();
	ok(open_store(test_options(), NOW + DAY));
	ok(store_begin(store));
	assert_int_equal(put(&e, 7, NOW + DAY), MESSAGE_DUPLICATE);
	ok(store_commit(store));
	assert_int_equal(query_int("SELECT count(*) FROM event"),
		2); /* one recipient, one second, two messages */
	assert_int_equal(query_int("SELECT sum(count) FROM tally"), 2);
	assert_int_equal(check("a@example.org", NOW).attempts, 2);
	assert_int_equal(
		query_int("SELECT count FROM message_count WHERE outcome = 'duplicate'"), 2);
	assert_int_equal(query_int("SELECT count FROM message_count WHERE outcome = 'new'"), 2);
}

static void columns_as_stored(void **state)
{
	struct event e = event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "a@example.org", NOW);

	(void)state;
	strcpy(e.provider, "gmail");
	strcpy(e.diagnostic, "550 5.1.1 no such user [address]");
	put_event(e, NOW);
	assert_int_equal(
		query_int(
			"SELECT kind = 'failure' AND class = 'hard' AND category = 'user-unknown' AND status = '5.1.1' AND"
			" reply = 550 AND rule = 'rule-user-unknown' AND provider = 'gmail' AND campaign = 'spring' AND"
			" origin = 'matched' AND mailbox = 'bounces' AND diagnostic = '550 5.1.1 no such user [address]' AND"
			" length(pseudonym) = 16 AND at = 1794916800 AND number = 0 FROM event"),
		1);
	e = event_of(KIND_AUTOREPLY, CATEGORY_NONE, "", NOW + 1);
	e.status = (struct status){ 0, 0, 0 };
	e.campaign[0] = '\0';
	put_event(e, NOW + 1);
	assert_int_equal(
		query_int(
			"SELECT class IS NULL AND category IS NULL AND status IS NULL AND campaign IS NULL AND"
			" diagnostic IS NULL AND provider = 'other' AND length(pseudonym) = 0 FROM event WHERE kind = 'autoreply'"),
		1);
}

static void messages_without_events(void **state)
{
	struct store_message m = { .mailbox = "bounces", .arrived = NOW, .recognised = false };
	struct event none = event_of(KIND_NONE, CATEGORY_NONE, "", NOW);
	enum store_message_result result;
	struct packed_event packed;

	(void)state;
	ok(store_pack(store, &none, NOW, &packed));
	ok(store_begin(store));
	ok(store_message(store, &m, &packed, 1, NOW, &result));
	m.digest[0] = 1;
	ok(store_message(store, &m, NULL, 0, NOW, &result));
	ok(store_count_message(store, "bounces", "quarantined", NOW));
	ok(store_commit(store));
	assert_int_equal(query_int("SELECT count(*) FROM event"), 0);
	assert_int_equal(query_int("SELECT count(*) FROM tally"), 0);
	assert_int_equal(
		query_int("SELECT count FROM message_count WHERE outcome = 'unrecognised'"), 2);
	assert_int_equal(
		query_int("SELECT count FROM message_count WHERE outcome = 'quarantined'"), 1);
}

static void outside_a_transaction(void **state)
{
	struct store_message m = { .mailbox = "bounces", .arrived = NOW };
	unsigned char id[REMOTE_ID_SIZE] = { 1 };
	enum store_message_result result;

	(void)state;
	assert_int_equal(store_message(store, &m, NULL, 0, NOW, &result), STORE_MISUSE);
	assert_int_equal(store_keep(store, "bounces", id, 0, NOW), STORE_MISUSE);
	assert_int_equal(store_count_message(store, "bounces", "quarantined", NOW), STORE_MISUSE);
	assert_int_equal(store_commit(store), STORE_MISUSE);
	ok(store_begin(store));
	assert_int_equal(store_begin(store), STORE_MISUSE);
	store_rollback(store);
}

/* After an error in the middle of a message the batch cannot be committed. */
static void half_a_message_is_none(void **state)
{
	struct event e = event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "a@example.org", NOW);
	struct store_message m = { .mailbox = "bounces", .arrived = NOW, .digest = { 9 } };
	enum store_message_result result;
	struct packed_event packed;

	(void)state;
	let_triggers_act();
	ok(db_exec(store,
		"CREATE TRIGGER broken BEFORE INSERT ON event BEGIN SELECT RAISE(FAIL, 'disk full'); END"));
	ok(store_pack(store, &e, NOW, &packed));
	ok(store_begin(store));
	assert_int_equal(store_message(store, &m, &packed, 1, NOW, &result), STORE_FAILED);
	assert_int_equal(store_commit(store), STORE_FAILED);
	assert_non_null(strstr(store_error(store), "disk full"));
	assert_int_equal(query_int("SELECT count(*) FROM event"), 0);
	assert_int_equal(query_int("SELECT count(*) FROM seen"), 0);
	assert_int_equal(query_int("SELECT count(*) FROM message_count"), 0);
	ok(db_exec(store, "DROP TRIGGER broken"));
	ok(store_begin(store));
	ok(store_message(store, &m, &packed, 1, NOW, &result));
	assert_int_equal(result, MESSAGE_NEW);
	ok(store_commit(store));
	assert_int_equal(query_int("SELECT sum(count) FROM tally"), 1);
}

/* A contact that cannot be written fails the commit, and all of it. */
static void half_a_batch_is_none(void **state)
{
	struct event e = event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "a@example.org", NOW);
	struct store_message m = { .mailbox = "bounces", .arrived = NOW, .digest = { 9 } };
	enum store_message_result result;
	struct packed_event packed;

	(void)state;
	let_triggers_act();
	ok(db_exec(store,
		"CREATE TRIGGER broken BEFORE INSERT ON contact BEGIN SELECT RAISE(FAIL, 'disk full'); END"));
	ok(store_pack(store, &e, NOW, &packed));
	ok(store_begin(store));
	ok(store_message(store, &m, &packed, 1, NOW, &result));
	assert_int_equal(store_commit(store), STORE_FAILED);
	assert_non_null(strstr(store_error(store), "disk full"));
	assert_int_equal(query_int("SELECT count(*) FROM event"), 0);
	assert_int_equal(query_int("SELECT count(*) FROM seen"), 0);
	ok(db_exec(store, "DROP TRIGGER broken"));
	ok(store_begin(store));
	ok(store_commit(store)); /* what was rolled back is not applied later */
	assert_int_equal(query_int("SELECT count(*) FROM contact"), 0);
}

/* --- tallies -------------------------------------------------------------- */

static int print_tally(void *context, const struct tally *t)
{
	char *out = context;

	snprintf(out + strlen(out), 4000 - strlen(out), "%d %s %s %s %s %s %s %llu\n", t->day,
		kind_name(t->kind), class_name(t->klass), category_name(t->category),
		origin_name(t->origin), t->provider, t->campaign, (unsigned long long)t->count);
	return 0;
}

static void plant_tallies(void)
{
	struct event e;

	for (int i = 0; i < 6; i++) {
		e = event_of(KIND_FAILURE, i % 2 ? CATEGORY_USER_UNKNOWN : CATEGORY_MAILBOX_FULL,
			"a@example.org", NOW + i / 3 * DAY);
		strcpy(e.provider, i < 4 ? "gmail" : "");
		put_event(e, NOW + 9 * DAY);
	}
	e = event_of(KIND_COMPLAINT, CATEGORY_ABUSE, "b@example.org", NOW);
	e.origin = ORIGIN_UNVERIFIED;
	put_event(e, NOW + 9 * DAY);
}

static void tallies_by_any_group(void **state)
{
	char text[4000] = "";
	int32_t first;

	(void)state;
	ok(store_first_day(store, &first));
	assert_int_equal(first, 0);
	plant_tallies();
	ok(store_first_day(store, &first));
	assert_int_equal(first, 20261117);
	ok(store_tallies(store, 20261101, 20261130, 127, print_tally, text));
	assert_string_equal(text,
		"20261117 complaint complaint abuse unverified other spring 1\n"
		"20261117 failure hard user-unknown matched gmail spring 1\n"
		"20261117 failure soft mailbox-full matched gmail spring 2\n"
		"20261118 failure hard user-unknown matched gmail spring 1\n"
		"20261118 failure hard user-unknown matched other spring 1\n"
		"20261118 failure soft mailbox-full matched other spring 1\n");
	text[0] = '\0';
	ok(store_tallies(store, 20261101, 20261130, 0, print_tally, text));
	assert_string_equal(text, "0 none   backscatter   7\n");
	text[0] = '\0';
	ok(store_tallies(store, 20261118, 20261118, BY_CLASS | BY_PROVIDER, print_tally, text));
	assert_string_equal(text,
		"0 none hard  backscatter gmail  1\n0 none hard  backscatter other  1\n0 none soft  backscatter other  1\n");
	text[0] = '\0';
	ok(store_tallies(store, 20261119, 20261130, 127, print_tally, text));
	assert_string_equal(text, "");
}

/*
 * The same whether counted in one transaction or one by one, and with more cells than memory holds.
 */
static void many_cells(void **state)
{
	char text[4000] = "";

	(void)state;
	ok(store_begin(store));
	for (unsigned i = 0; i < 6000; i++) {
		struct event e = event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "a@example.org",
			NOW + (int64_t)(i % 6) * DAY);
		snprintf(e.campaign, sizeof e.campaign, "c%u", i % 1500);
		put(&e, next_message++, NOW + 9 * DAY);
	}
	ok(store_commit(store));
	assert_int_equal(query_int("SELECT count(*) FROM tally"),
		1500); /* 1,500 is a multiple of six: a campaign has one day */
	assert_int_equal(query_int("SELECT min(count) = 4 AND max(count) = 4 FROM tally"), 1);
	ok(store_tallies(store, 20261101, 20261130, 0, print_tally, text));
	assert_string_equal(text, "0 none   backscatter   6000\n");
}

static void campaigns_have_a_bound(void **state)
{
	(void)state;
	ok(store_begin(store));
	for (unsigned i = 0; i < 2100; i++) {
		struct event e = event_of(
			KIND_FAILURE, CATEGORY_USER_UNKNOWN, "a@example.org", NOW);
		snprintf(e.campaign, sizeof e.campaign, "c%u", i);
		put(&e, next_message++, NOW);
	}
	ok(store_commit(store));
	assert_int_equal(query_int("SELECT count(DISTINCT campaign) FROM tally"), 2001);
	assert_int_equal(
		query_int("SELECT count FROM tally WHERE campaign = 'other campaigns'"), 100);
}

static int print_count(void *context, const char *mailbox, const char *outcome, uint64_t count)
{
	char *out = context;

	snprintf(out + strlen(out), 4000 - strlen(out), "%s %s %llu\n", mailbox, outcome,
		(unsigned long long)count);
	return 0;
}

static void message_counts(void **state)
{
	struct store_message m = { .arrived = NOW, .recognised = true };
	enum store_message_result result;
	char text[4000] = "", name[16];

	(void)state;
	ok(store_begin(store));
	for (unsigned i = 0; i < 200;
		i++) { /* more mailboxes and days than are counted in memory */
		snprintf(name, sizeof name, "box%u", i % 2);
		m.mailbox = name;
		m.arrived = NOW + (int64_t)(i / 2) * DAY;
		m.digest[0] = (unsigned char)i;
		ok(store_message(store, &m, NULL, 0, NOW + 200 * DAY, &result));
		assert_int_equal(result, MESSAGE_NEW);
	}
	ok(store_commit(store));
	ok(store_message_counts(store, 20261101, 20991231, print_count, text));
	assert_string_equal(text, "box0 new 100\nbox1 new 100\n");
	text[0] = '\0';
	ok(store_message_counts(store, 20261117, 20261118, print_count, text));
	assert_string_equal(text, "box0 new 2\nbox1 new 2\n");
}

static int stop(void *context, const struct tally *t)
{
	(void)t;
	++*(int *)context;
	return 42;
}

static void a_visitor_can_stop(void **state)
{
	int calls = 0;

	(void)state;
	plant_tallies();
	assert_int_equal(store_tallies(store, 20261101, 20261130, 127, stop, &calls), 42);
	assert_int_equal(calls, 1);
}

/* --- folders of moved mail ------------------------------------------------ */

static void a_folder_is_due_by_its_marks(void **state)
{
	struct folder_mark mark;

	(void)state;
	ok(store_folder_due(store, "bounces", "Unrecognised", NOW, &mark));
	assert_int_equal(mark.uidnext, 0);
	for (uint32_t hour = 0; hour < 48; hour++)
		ok(store_folder_mark(store, "bounces", "Unrecognised", NOW + hour * 3600, 4 * 3600,
			&(struct folder_mark){ 9, 100 + hour }));
	assert_int_equal(query_int("SELECT count(*) FROM folder"), 13);
	assert_int_equal(query_int("SELECT max(at) FROM folder"),
		NOW + 47 * 3600); /* however long nothing looks there from now on */
	ok(store_folder_due(store, "bounces", "Unrecognised", NOW - 1, &mark));
	assert_int_equal(mark.uidnext, 0);
	ok(store_folder_due(store, "bounces", "Quarantine", NOW + 2 * DAY, &mark));
	assert_int_equal(mark.uidnext, 0);
	ok(store_folder_due(store, "bounces", "Unrecognised", NOW + 9 * 3600, &mark));
	assert_int_equal(mark.uidvalidity, 9);
	assert_int_equal(mark.uidnext, 108);
	assert_int_equal(query_int("SELECT count(*) FROM folder"),
		11); /* the older ones are no longer needed */
	ok(store_folder_mark(store, "bounces", "Unrecognised", NOW, 4 * 3600,
		&(struct folder_mark){ 9, 200 })); /* the clock was set back */
	assert_int_equal(query_int("SELECT count(*) FROM folder"), 12);
}

/* --- mail that stays ------------------------------------------------------ */

static void what_stays_is_read_once(void **state)
{
	unsigned char ids[3][REMOTE_ID_SIZE] = { { 1 }, { 2 }, { 3 } }, wanted[3];
	struct purge p;

	(void)state;
	ok(store_begin(store));
	ok(store_keep(store, "bounces", ids[1], 2, NOW));
	ok(store_commit(store));
	ok(store_wanted(store, "bounces", ids[0], 3, 7, NOW, wanted));
	assert_memory_equal(wanted, "\1\0\1", 3);
	ok(store_wanted(store, "another", ids[0], 3, 7, NOW, wanted));
	assert_memory_equal(wanted, "\1\1\1", 3);
	/*
	 * it was kept as what is no longer to be kept: it is read again, to be settled as it should
	 * be now
	 */
	ok(store_wanted(store, "bounces", ids[0], 3, 3, NOW, wanted));
	assert_memory_equal(wanted, "\1\1\1", 3);

	/* as long as it lies there it is remembered, however old */
	for (int day = 1; day <= 200; day++) {
		ok(store_wanted(store, "bounces", ids[0], 3, 7, NOW + day * DAY, wanted));
		assert_memory_equal(wanted, "\1\0\1", 3);
		if (day % 50 == 0)
			ok(store_purge(store, NOW + day * DAY, false, &p));
	}
	ok(store_purge(store, NOW + 291 * DAY, false, &p));
	ok(store_wanted(store, "bounces", ids[0], 3, 7, NOW + 291 * DAY, wanted));
	assert_memory_equal(wanted, "\1\1\1", 3);
}

static int print_mailbox(void *context, const struct mailbox_state *m)
{
	char *out = context;

	snprintf(out + strlen(out), 4000 - strlen(out), "%s %lld %lld %s\n", m->name,
		(long long)(m->read_at - NOW * !!m->read_at),
		(long long)(m->failed_at - NOW * !!m->failed_at), m->why);
	return 0;
}

static void mailboxes_are_remembered(void **state)
{
	char text[4000] = "";

	(void)state;
	ok(store_mailbox_read(store, "fbl", NOW + 1, true, NULL));
	ok(store_mailbox_read(store, "bounces", NOW + 2, false, "login refused"));
	ok(store_mailbox_read(store, "fbl", NOW + 3, false, "no answer for 60 s"));
	ok(store_mailboxes(store, print_mailbox, text));
	assert_string_equal(text, "bounces 0 2 login refused\nfbl 1 3 no answer for 60 s\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(packed_holds_no_address),
		TEST(diagnostics_are_cut_between_characters),
		TEST(times_are_never_later_than_now),
		TEST(months_and_days),
		TEST(many_months),
		TEST(month_key_and_rollback),
		TEST(domains_only_where_they_are_asked_for),
		TEST(nothing_counts_twice),
		TEST(columns_as_stored),
		TEST(messages_without_events),
		TEST(outside_a_transaction),
		TEST(half_a_message_is_none),
		TEST(half_a_batch_is_none),
		TEST(tallies_by_any_group),
		TEST(many_cells),
		TEST(campaigns_have_a_bound),
		TEST(message_counts),
		TEST(a_visitor_can_stop),
		TEST(a_folder_is_due_by_its_marks),
		TEST(what_stays_is_read_once),
		TEST(mailboxes_are_remembered),
	};

	return cmocka_run_group_tests_name("messages", tests, NULL, NULL);
}
