/*
 * Several sites with one memory: whatever way events, lines and mishaps take, every site comes to
 * the rows of one machine that has read everything. RETOUR_HISTORIES and RETOUR_SEED make it longer
 * and other (make sites-long).
 */
#include "store_fixture.h"
#include "store/site.h"
#include "store/sql.h"
#include <sodium.h>

enum { SITES = 5, ONE = SITES, STORES, HISTORIES = 1000, EVENTS_MAX = 24, SPAN_DAYS = 90 };

static struct {
	char dir[80], db[128], keys[128], name[16];
	struct store *s;
} at[STORES];
static struct site_peer peers[SITES];
static const struct mail_stream streams[] = { { .name = "newsletter" }, { .name = "orders" },
	{ 0 } };
static bool braked; /* improbable hard bounces are held */

/* --- sites ---------------------------------------------------------------- */

static void copy_key(const char *name, const char *from, const char *to)
{
	char path[256], text[256];
	snprintf(path, sizeof path, "%s/%s", from, name);
	int fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	ssize_t n = read(fd, text, sizeof text);
	close(fd);
	snprintf(path, sizeof path, "%s/%s", to, name);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, (size_t)n), n);
	close(fd);
}

static void open_at(unsigned i)
{
	struct store_options o = test_options();
	bool created;
	o.brake_minimum = braked ? 30 : 0;
	o.brake_factor = 3;
	o.brake_hold = 5 * DAY;
	o.path = at[i].db;
	o.keys_dir = at[i].keys;
	o.site = i < SITES ? at[i].name : NULL;
	memcpy(o.peer, peers, sizeof peers);
	o.peers = SITES;
	o.streams = streams;
	store = NULL;
	int result = store_open(&at[i].s, &o, NOW, &created);
	store = at[i].s;
	ok(result);
}

static int count_line(void *context, const struct change *c)
{
	(void)c;
	++*(unsigned *)context;
	return 0;
}

static void make_at(unsigned i, bool with_keys)
{
	snprintf(at[i].dir, sizeof at[i].dir, "%s/%u", directory, i);
	snprintf(at[i].db, sizeof at[i].db, "%s/%u/retour.db", directory, i);
	snprintf(at[i].keys, sizeof at[i].keys, "%s/%u/keys", directory, i);
	snprintf(at[i].name, sizeof at[i].name, "site%u", i);
	assert_int_equal(mkdir(at[i].dir, 0700), 0);
	assert_int_equal(mkdir(at[i].keys, 0700), 0);
	static const char *const shared[] = { "state.key", "message.key", "sites.key" };
	for (unsigned k = 0; with_keys && i && k < 3; k++)
		copy_key(shared[k], at[0].keys, at[i].keys);
	open_at(i);
}

static void learn_key(unsigned i)
{
	struct minisign_public public;
	bool ready;
	snprintf(peers[i].name, sizeof peers[i].name, "%s", at[i].name);
	store = at[i].s;
	ok(store_sign_ready(store, NOW));
	ok(store_sign_public(store, &public, &ready));
	assert_true(ready);
	memcpy(peers[i].key, public.key, sizeof peers[i].key);
}

static void close_at(unsigned i)
{
	store_close(at[i].s);
	at[i].s = store = NULL;
}

/* All stores, each site with the keys of the first one and everybody's public key. */
static int setup_sites(void **state)
{
	char next[CHANGE_CURSOR_SIZE];
	unsigned n = 0;
	(void)state;
	setenv("TZ", "UTC", 1);
	make_directory();
	make_at(0, false);
	ok(store_changes(at[0].s, "", false, NOW, next, count_line, &n));
	assert_int_equal(n, 1); /* until */
	for (unsigned i = 1; i < STORES; i++)
		make_at(i, true);
	for (unsigned i = 0; i < SITES; i++)
		learn_key(i);
	for (unsigned i = 0; i < STORES; i++) {
		close_at(i);
		open_at(i);
		if (i < SITES)
			ok(store_changes(at[i].s, "", false, NOW, next, count_line, &n));
	}
	return 0;
}

static int teardown_sites(void **state)
{
	(void)state;
	bool agree = true;
	for (unsigned i = 0; i < STORES; i++) {
		store = at[i].s;
		agree &= foreign_hands || counts_agree();
		if (store)
			close_at(i);
	}
	remove_tree(directory);
	return agree ? 0 : -1;
}

/* --- lines ---------------------------------------------------------------- */

struct bag {
	size_t n, room;
	struct change *line;
};

static int collect(void *context, const struct change *c)
{
	struct bag *b = context;
	if (b->n == b->room) {
		b->room = b->room ? 2 * b->room : 1024;
		b->line = realloc(b->line, b->room * sizeof *b->line);
		assert_non_null(b->line);
	}
	b->line[b->n] = *c;
	unsigned char *copy = malloc(c->size);
	memcpy(copy, c->sealed, c->size);
	b->line[b->n++].sealed = copy;
	return 0;
}

static void empty_bag(struct bag *b)
{
	for (size_t i = 0; i < b->n; i++)
		free((void *)b->line[i].sealed);
	free(b->line);
	memset(b, 0, sizeof *b);
}

static void changes_of(unsigned i, bool all, struct bag *b)
{
	char next[CHANGE_CURSOR_SIZE];
	store = at[i].s;
	ok(store_changes(at[i].s, "", all, NOW, next, collect, b));
}

static enum merge_result give(unsigned to, const struct change *c, char why[CHANGE_WHY_SIZE])
{
	enum merge_result result;
	store = at[to].s;
	ok(store_merge(at[to].s, c, NOW, &result, why));
	return result;
}

/* Lines in any order, some of them twice, and of SHARE in a hundred that are lost nothing; in
 * batches of any size. */
static void shuffle_into(unsigned to, const struct bag *b, unsigned lost)
{
	char why[CHANGE_WHY_SIZE];
	size_t *order = malloc(2 * b->n * sizeof *order), n = 0;
	for (size_t i = 0; i < b->n; i++) {
		if ((unsigned)rand() % 100 < lost)
			continue;
		order[n++] = i;
		if (rand() % 4 == 0)
			order[n++] = i;
	}
	for (size_t i = n; i > 1; i--) {
		size_t j = (size_t)rand() % i, swap = order[i - 1];
		order[i - 1] = order[j];
		order[j] = swap;
	}
	store = at[to].s;
	for (size_t i = 0; i < n;) {
		size_t batch = (size_t)(rand() % 700 + 1);
		ok(store_begin(store));
		for (; i < n && batch--; i++)
			assert_int_not_equal(give(to, &b->line[order[i]], why), MERGE_REFUSED);
		ok(store_merge_refold(store, NOW));
		ok(store_commit(store));
	}
	free(order);
}

/* --- histories ------------------------------------------------------------ */

/* What may happen; one in each day and kind has one cause, as what is taken of a day is its last
 * one. */
static struct event random_event(unsigned person, bool long_one)
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

struct read {
	struct event event;
	unsigned site;
};

/* Everything that is going to happen, in the order in which it is read, which is not that of its
 * times. */
static struct read *make_histories(unsigned histories, unsigned most, size_t *count)
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
static void read_mail(unsigned site, const struct read *all, size_t from, size_t to)
{
	store = at[site].s;
	ok(store_begin(store));
	for (size_t i = from; i < to; i++)
		if (site == ONE || all[i].site == site)
			assert_int_equal(put(&all[i].event, 1000 + i, NOW), MESSAGE_NEW);
	ok(store_commit(store));
}

/* --- rows ----------------------------------------------------------------- */

/* Behind HISTORY_DAYS_MAX days the month in whose cohort a contact is counted depends on what was
 * known when. */
static bool but_cohorts;

/* The whole table contact as text, in the order of pseudonyms; the caller frees it. */
static char *rows_of(unsigned i)
{
	sqlite3 *db;
	sqlite3_stmt *st;
	size_t n = 0, room = 1 << 20;
	char *text = malloc(room);
	*text = '\0';
	assert_int_equal(sqlite3_open_v2(at[i].db, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(
		sqlite3_prepare_v2(db, "SELECT * FROM contact ORDER BY pseudonym", -1, &st, NULL),
		SQLITE_OK);
	while (sqlite3_step(st) == SQLITE_ROW) {
		for (int c = 0; c < sqlite3_column_count(st); c++) {
			if (but_cohorts && strcmp(sqlite3_column_name(st, c), "cohort") == 0)
				continue;
			bool blob = sqlite3_column_type(st, c) == SQLITE_BLOB;
			size_t bytes = (size_t)sqlite3_column_bytes(st, c);
			if (n + 2 * bytes + 64 > room)
				text = realloc(text, room *= 2);
			if (blob)
				sodium_bin2hex(
					text + n, room - n, sqlite3_column_blob(st, c), bytes);
			else
				snprintf(text + n, room - n, "%s",
					(const char *)(sqlite3_column_text(st, c)
							? sqlite3_column_text(st, c)
							: (const unsigned char *)"-"));
			n += strlen(text + n);
			text[n++] = c + 1 < sqlite3_column_count(st) ? '|' : '\n';
			text[n] = '\0';
		}
	}
	sqlite3_finalize(st);
	sqlite3_close(db);
	return text;
}

static void assert_same_rows(unsigned a, unsigned b)
{
	char *x = rows_of(a), *y = rows_of(b);
	assert_true(strlen(x) > 1000);
	for (char *p = x, *q = y; *p || *q;) {
		size_t n = strcspn(p, "\n"), m = strcspn(q, "\n");
		if (n != m || memcmp(p, q, n)) {
			size_t same = 0, from;
			while (p[same] == q[same])
				same++;
			from = same > 40 ? same - 40 : 0;
			print_error("stores %u and %u, byte %zu:\n%.32s\n%.120s\n%.120s\n", a, b,
				same, p, p + from, q + from);
			fail();
		}
		p += n + (p[n] != '\0');
		q += m + (q[m] != '\0');
	}
	free(x);
	free(y);
}

static void advance_all(int64_t now)
{
	uint64_t changed;
	for (unsigned i = 0; i < STORES; i++) {
		store = at[i].s;
		ok(store_advance(store, now, &changed));
	}
}

/* Every site's own lines to every other, those that were lost once more. */
static void exchange(unsigned lost)
{
	struct bag bag[SITES] = { { 0 } };
	for (unsigned i = 0; i < SITES; i++)
		changes_of(i, false, &bag[i]);
	for (unsigned i = 0; i < SITES; i++)
		for (unsigned j = 0; j < SITES; j++)
			if (i != j)
				shuffle_into(j, &bag[i], lost);
	for (unsigned i = 0; i < SITES; i++)
		empty_bag(&bag[i]);
}

static unsigned setting(const char *name, unsigned usual)
{
	const char *text = getenv(name);
	return text ? (unsigned)strtoul(text, NULL, 10) : usual;
}

/* --- tests ---------------------------------------------------------------- */

/* 1,000 random histories over 2 to 5 sites; what each read is exchanged several times on the way,
 * with a third of it lost. */
static void equal_to_one_machine(void **state)
{
	size_t count;
	(void)state;
	srand(setting("RETOUR_SEED", 16));
	struct read *all = make_histories(
		setting("RETOUR_HISTORIES", HISTORIES), EVENTS_MAX, &count);
	for (unsigned step = 0; step < 3; step++) {
		for (unsigned i = 0; i < STORES; i++)
			read_mail(i, all, count * step / 3, count * (step + 1) / 3);
		exchange(33);
	}
	exchange(0);
	for (unsigned i = 0; i < SITES; i++)
		assert_same_rows(i, ONE);
	advance_all(NOW + 40 * DAY);
	for (unsigned i = 0; i < SITES; i++)
		assert_same_rows(i, ONE);
	free(all);
}

/* A line that is taken twice changes nothing: not even what is given on. */
static void again_is_nothing(void **state)
{
	size_t count;
	struct bag bag = { 0 };
	char why[CHANGE_WHY_SIZE];
	(void)state;
	srand(17);
	struct read *all = make_histories(50, EVENTS_MAX, &count);
	read_mail(0, all, 0, count);
	changes_of(0, false, &bag);
	shuffle_into(1, &bag, 0);
	char *before = rows_of(1);
	store = at[1].s;
	ok(store_begin(store));
	for (size_t i = 0; i < bag.n; i++)
		if (bag.line[i].kind == CHANGE_CONTACT)
			assert_int_equal(give(1, &bag.line[i], why), MERGE_KNOWN);
	ok(store_merge_refold(store, NOW));
	ok(store_commit(store));
	char *after = rows_of(1);
	assert_string_equal(before, after);
	free(before);
	free(after);
	empty_bag(&bag);
	free(all);
}

/* More days with events than are kept: no longer those of one machine, but the same everywhere. */
static void long_histories_agree(void **state)
{
	size_t count;
	(void)state;
	srand(18);
	struct read *all = make_histories(20, 400, &count);
	for (unsigned i = 0; i < SITES; i++)
		read_mail(i, all, 0, count);
	exchange(0);
	but_cohorts = true;
	for (unsigned i = 1; i < SITES; i++)
		assert_same_rows(i, 0);
	but_cohorts = false;
	free(all);
}

/* A store that is lost: a new life with the keys of the old one gets everything back from one other
 * site, and goes on. */
static void rebuilt_from_another(void **state)
{
	struct bag bag = { 0 };
	size_t count;
	(void)state;
	srand(19);
	struct read *all = make_histories(100, EVENTS_MAX, &count);
	for (unsigned i = 0; i < STORES; i++)
		read_mail(i, all, 0, count / 2);
	exchange(0);
	close_at(2);
	char path[160];
	static const char *const ends[] = { "", "-wal", "-shm" };
	for (unsigned i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s%s", at[2].db, ends[i]);
		unlink(path);
	}
	remove_tree(at[2].keys);
	assert_int_equal(mkdir(at[2].keys, 0700), 0);
	static const char *const shared[] = { "state.key", "message.key", "sites.key" };
	for (unsigned k = 0; k < 3; k++)
		copy_key(shared[k], at[0].keys, at[2].keys);
	open_at(2);
	learn_key(2);
	for (unsigned i = 0; i < STORES; i++) {
		close_at(i);
		open_at(i);
	}
	changes_of(3, true, &bag);
	shuffle_into(2, &bag, 0);
	empty_bag(&bag);
	assert_same_rows(2, ONE);
	for (unsigned i = 0; i < STORES; i++)
		read_mail(i, all, count / 2, count);
	exchange(0);
	for (unsigned i = 0; i < SITES; i++)
		assert_same_rows(i, ONE);
	free(all);
}

/* An operator's move at one site settles what others knew before it. */
static void a_move_holds_everywhere(void **state)
{
	static const char who[] = "gone@example.net";
	enum contact_state from;
	bool moved;
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		store = at[i].s;
		put_event(event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, who, NOW - (5 - i) * DAY),
			NOW);
	}
	exchange(0);
	store = at[1].s;
	assert_int_equal(check(who, NOW).verdict, VERDICT_SUPPRESS);
	ok(store_begin(store));
	ok(store_contact_move(store, who, strlen(who), MOVE_REACTIVATE, NOW, &from, &moved));
	assert_true(moved);
	ok(store_commit(store));
	exchange(0);
	for (unsigned i = 0; i < SITES; i++) {
		store = at[i].s;
		assert_int_equal(check(who, NOW).verdict, VERDICT_SEND);
	}
	/* and what comes after it counts again, wherever it is read */
	store = at[2].s;
	put_event(event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, who, NOW + 2 * DAY), NOW + 2 * DAY);
	exchange(0);
	for (unsigned i = 0; i < SITES; i++) {
		store = at[i].s;
		assert_int_equal(check(who, NOW + 3 * DAY).verdict, VERDICT_SUPPRESS);
	}
}

/* An erasure at one site is obeyed by all, and a line from before it brings nobody back. */
static void forgotten_everywhere(void **state)
{
	static const char who[] = "anna@example.net";
	struct erased sum = { 0 };
	struct bag before = { 0 };
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		store = at[i].s;
		put_event(event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, who, NOW - (5 - i) * DAY),
			NOW);
	}
	exchange(0);
	changes_of(0, true, &before);
	store = at[1].s;
	ok(store_begin(store));
	ok(store_forget(store, who, strlen(who), false, NOW, &sum));
	ok(store_commit(store));
	assert_int_equal(sum.contacts, 1);
	exchange(0);
	for (unsigned i = 2; i < SITES; i++)
		shuffle_into(i, &before, 0);
	exchange(0);
	for (unsigned i = 0; i < SITES; i++) {
		snprintf(database, sizeof database, "%.90s", at[i].db);
		assert_int_equal(query_int("SELECT count(*) FROM contact"), 0);
		assert_int_equal(query_int("SELECT count(*) FROM share"), 0);
		/* everybody has everybody's confirmation */
		assert_int_equal(
			query_int("SELECT count(*) FROM change WHERE kind = 'confirm'"), SITES - 1);
	}
	/* what is heard from now on counts, at every site */
	store = at[2].s;
	put_event(event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, who, NOW), NOW);
	exchange(0);
	for (unsigned i = 0; i < SITES; i++) {
		store = at[i].s;
		assert_int_equal(check(who, NOW).verdict, VERDICT_SUPPRESS);
	}
	empty_bag(&before);
}

static void forget_at(unsigned i, const char *who, int64_t now)
{
	struct erased sum = { 0 };
	store = at[i].s;
	ok(store_begin(store));
	ok(store_forget(store, who, strlen(who), false, now, &sum));
	ok(store_commit(store));
}

/*
 * What is read behind an erasure, older mail too, is higher than all before it: its line comes
 * before that of the erasure, and must not be taken for one that is known.
 */
static void read_behind_an_erasure(void **state)
{
	static const char who[] = "anna@example.net";
	(void)state;
	for (unsigned again = 0; again < 3; again++) {
		store = at[1].s;
		for (unsigned i = 0; i < 5; i++)
			put_event(event_of(KIND_FAILURE, CATEGORY_MAILBOX_FULL, who,
					  NOW - DAY + 60 * i + 600 * again),
				NOW);
		exchange(0);
		forget_at(1, who, NOW + 3 * again);
		put_event(event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, who, NOW - 2 * DAY), NOW);
		struct bag b = { 0 };
		char why[CHANGE_WHY_SIZE];
		changes_of(1, false, &b);
		store = at[2].s;
		ok(store_begin(store));
		for (size_t i = 0; i < b.n; i++) /* contacts stand first */
			assert_int_not_equal(give(2, &b.line[i], why), MERGE_REFUSED);
		ok(store_merge_refold(store, NOW));
		ok(store_commit(store));
		empty_bag(&b);
		assert_int_equal(check(who, NOW).verdict, VERDICT_SUPPRESS);
		exchange(0);
		forget_at(1, who, NOW + 3 * again + 1);
		exchange(0);
	}
}

/* What is kept of an erased suppression stands at every site, and nothing beside it. */
static void reduced_everywhere(void **state)
{
	static const char who[] = "anna@example.net";
	struct erased sum = { 0 };
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		store = at[i].s;
		put_event(event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, who, NOW - (5 - i) * DAY),
			NOW);
	}
	exchange(0);
	store = at[1].s;
	ok(store_begin(store));
	ok(store_forget(store, who, strlen(who), true, NOW, &sum));
	ok(store_commit(store));
	assert_int_equal(sum.suppressions, 1);
	exchange(0);
	for (unsigned i = 0; i < SITES; i++) {
		store = at[i].s;
		assert_int_equal(check(who, NOW).verdict, VERDICT_SUPPRESS);
		snprintf(database, sizeof database, "%.90s", at[i].db);
		assert_int_equal(query_int("SELECT count(*) FROM share"), 1);
	}
}

/* A cause that is taken back at one site is taken back at all, also of what comes later. */
static void undone_everywhere(void **state)
{
	static const char *const who[] = { "anna@example.net", "ben@example.net",
		"carla@example.net" };
	struct cause_choice choice = {
		.from = NOW - 9 * DAY, .to = NOW, .rule = "rule-user-unknown"
	};
	struct cause_moves moves;
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		store = at[i].s;
		put_event(
			event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, who[i], NOW - 2 * DAY), NOW);
	}
	exchange(0);
	store = at[1].s;
	ok(store_begin(store));
	ok(store_undo(store, &choice, NOW, &moves));
	ok(store_commit(store));
	assert_int_equal(moves.matched, 3);
	store = at[0].s; /* does not know of it yet */
	put_event(event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, who[1], NOW - DAY), NOW);
	exchange(0);
	for (unsigned i = 0; i < SITES; i++)
		for (unsigned n = 0; n < 3; n++) {
			store = at[i].s;
			assert_int_equal(check(who[n], NOW).verdict, VERDICT_SEND);
		}
}

static int setup_braked_sites(void **state)
{
	braked = true;
	return setup_sites(state);
}

static int teardown_braked_sites(void **state)
{
	braked = false;
	return teardown_sites(state);
}

enum { WAVE_CROWD = 40 };

static int count_wave(void *context, const struct wave *w)
{
	(void)w;
	++*(unsigned *)context;
	return 0;
}

static void read_wave(unsigned site, const char *provider)
{
	char who[64];
	store = at[site].s;
	ok(store_begin(store));
	for (unsigned i = 0; i < WAVE_CROWD; i++) {
		snprintf(who, sizeof who, "p%u@%s.example.org", i, provider);
		struct event e = event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, who, NOW + i);
		snprintf(e.provider, sizeof e.provider, "%s", provider);
		put(&e, site * 100000 + i, NOW + i);
	}
	ok(store_commit(store));
}

/* How many of a wave are in this state, at all sites together. */
static unsigned count_everywhere(const char *provider, enum contact_state state, int64_t now)
{
	unsigned n = 0;
	char who[64];
	for (unsigned site = 0; site < SITES; site++)
		for (unsigned i = 0; i < WAVE_CROWD; i++) {
			snprintf(who, sizeof who, "p%u@%s.example.org", i, provider);
			store = at[site].s;
			n += check(who, now).state == state;
		}
	return n;
}

/* Only the site that has read them sees that they are too many; what it holds is held everywhere,
 * and what any site decides, as a whole or of one recipient, holds everywhere. */
static void waves_are_held_everywhere(void **state)
{
	struct cause_choice yahoo = { .from = NOW, .to = NOW, .provider = "yahoo" };
	struct cause_choice gmail = { .from = NOW, .to = NOW, .provider = "gmail" };
	struct cause_moves moves;
	enum contact_state from;
	uint64_t waves;
	bool moved;
	(void)state;
	read_wave(0, "gmail");
	read_wave(1, "yahoo");
	exchange(33);
	exchange(0);
	assert_int_equal(
		count_everywhere("gmail", STATE_UNCONFIRMED, NOW + HOUR), SITES * WAVE_CROWD);
	assert_int_equal(
		count_everywhere("yahoo", STATE_UNCONFIRMED, NOW + HOUR), SITES * WAVE_CROWD);
	store = at[2].s; /* has read nothing itself */
	ok(store_begin(store));
	ok(store_contact_move(
		store, "p3@gmail.example.org", 20, MOVE_CONFIRM, NOW + HOUR, &from, &moved));
	ok(store_commit(store));
	assert_true(moved);
	exchange(33);
	exchange(0);
	assert_int_equal(count_everywhere("gmail", STATE_INACTIVE, NOW + HOUR), SITES);
	store = at[3].s;
	ok(store_begin(store));
	ok(store_confirm(store, &yahoo, &waves));
	ok(store_commit(store));
	assert_int_equal(waves, 1);
	store = at[4].s;
	ok(store_begin(store));
	ok(store_undo(store, &gmail, NOW + HOUR, &moves));
	ok(store_commit(store));
	exchange(33);
	exchange(0);
	assert_int_equal(count_everywhere("yahoo", STATE_INACTIVE, NOW + HOUR), SITES * WAVE_CROWD);
	assert_int_equal(count_everywhere("gmail", STATE_ACTIVE, NOW + HOUR), SITES * WAVE_CROWD);
	advance_all(NOW + DAY);
	exchange(0);
	assert_int_equal(count_everywhere("yahoo", STATE_INACTIVE, NOW + DAY), SITES * WAVE_CROWD);
	for (unsigned i = 0; i < SITES; i++) {
		store = at[i].s;
		unsigned held = 0;
		ok(store_waves(store, NOW + DAY, count_wave, &held));
		assert_int_equal(held, 0);
		assert_same_rows(0, i);
	}
}

static struct change one_line(unsigned from, struct bag *b)
{
	store = at[from].s;
	put_event(
		event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "anna@example.net", NOW - DAY), NOW);
	changes_of(from, false, b);
	assert_int_equal(b->line[0].kind, CHANGE_CONTACT);
	return b->line[0];
}

static void assert_refused(const struct change *c, const char *word)
{
	char why[CHANGE_WHY_SIZE];
	store = at[1].s;
	ok(store_begin(store));
	assert_int_equal(give(1, c, why), MERGE_REFUSED);
	assert_non_null(strstr(why, word));
	ok(store_commit(store));
	assert_int_equal(check("anna@example.net", NOW).verdict, VERDICT_SEND);
}

/* What is damaged, foreign or not signed changes nothing, and says why. */
static void refused_in_words(void **state)
{
	struct bag b = { 0 };
	struct change good, bad;
	unsigned char sealed[4096];
	(void)state;
	good = one_line(0, &b);
	memcpy(sealed, good.sealed, good.size);
	sealed[good.size / 2] ^= 1;
	bad = good;
	bad.sealed = sealed;
	assert_refused(&bad, "signature");
	bad = good;
	bad.version++;
	assert_refused(&bad, "signature");
	bad = good;
	bad.id[3] = bad.id[3] == '0' ? '1' : '0';
	assert_refused(&bad, "signature");
	bad = good;
	strcpy(bad.by, "site3");
	assert_refused(&bad, "signature");
	bad = good;
	strcpy(bad.by, "elsewhere");
	assert_refused(&bad, "not configured");
	bad = good;
	strcpy(bad.site, "elsewhere");
	assert_refused(&bad, "not configured");
	bad = good;
	bad.path[0][0] ^= 1;
	assert_refused(&bad, "signature");
	bad = good;
	bad.leaf = 9;
	assert_refused(&bad, "signature");
	char why[CHANGE_WHY_SIZE];
	ok(store_begin(at[1].s));
	assert_int_equal(give(1, &good, why), MERGE_TAKEN);
	ok(store_merge_refold(at[1].s, NOW));
	ok(store_commit(at[1].s));
	assert_int_equal(check("anna@example.net", NOW).verdict, VERDICT_SUPPRESS);
	empty_bag(&b);
}

/* A site that began with keys of its own means other people by its pseudonyms. */
static void another_state_key_is_refused(void **state)
{
	struct bag b = { 0 };
	(void)state;
	close_at(4);
	remove_tree(at[4].dir);
	make_at(4, false);
	learn_key(4);
	close_at(4);
	open_at(4);
	close_at(1);
	open_at(1);
	struct change line = one_line(4, &b);
	assert_refused(&line, "another state key");
	empty_bag(&b);
}

/* From a cursor on there is only what is new, and a cursor of another store is none. */
static void cursor_goes_on(void **state)
{
	char next[CHANGE_CURSOR_SIZE], again[CHANGE_CURSOR_SIZE];
	unsigned n = 0;
	(void)state;
	store = at[0].s;
	put_event(
		event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "anna@example.net", NOW - DAY), NOW);
	ok(store_changes(store, "", false, NOW, next, count_line, &n));
	assert_int_equal(n, 2);
	n = 0;
	ok(store_changes(store, next, false, NOW, again, count_line, &n));
	assert_int_equal(n, 1);
	assert_string_equal(next, again);
	put_event(event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "ben@example.net", NOW - DAY), NOW);
	n = 0;
	ok(store_changes(store, next, false, NOW, again, count_line, &n));
	assert_int_equal(n, 2);
	assert_int_equal(
		store_changes(at[1].s, next, false, NOW, again, count_line, &n), STORE_MISUSE);
	assert_int_equal(store_changes(at[0].s, "nonsense", false, NOW, again, count_line, &n),
		STORE_MISUSE);
}

/* In which order contacts were heard of is told no longer than a day, and a cursor is still good.
 */
static void the_order_goes_with_the_day(void **state)
{
	char next[CHANGE_CURSOR_SIZE], again[CHANGE_CURSOR_SIZE];
	const char *const who[] = { "anna@example.net", "ben@example.net", "carla@example.net" };
	unsigned n = 0;
	(void)state;
	store = at[0].s;
	for (unsigned i = 0; i < 3; i++)
		put_event(event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, who[i], NOW - DAY), NOW);
	ok(store_changes(store, "", false, NOW, next, count_line, &n));
	snprintf(database, sizeof database, "%.90s", at[0].db);
	assert_int_equal(query_int("SELECT count(DISTINCT number) FROM share"), 3);
	n = 0;
	ok(store_changes(store, next, false, NOW + DAY, again, count_line, &n));
	assert_int_equal(n, 1);
	assert_int_equal(query_int("SELECT count(DISTINCT number) FROM share"), 1);
}

/* Shares go with their contact. */
static void a_share_goes_with_its_contact(void **state)
{
	struct erased sum = { 0 };
	char sql[] = "SELECT count(*) FROM share";
	(void)state;
	store = at[0].s;
	put_event(
		event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "anna@example.net", NOW - DAY), NOW);
	snprintf(database, sizeof database, "%.90s", at[0].db);
	assert_int_equal(query_int(sql), 1);
	ok(store_begin(store));
	ok(store_forget(store, "anna@example.net", 16, false, NOW, &sum));
	ok(store_commit(store));
	assert_int_equal(query_int(sql), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(equal_to_one_machine, setup_sites, teardown_sites),
		cmocka_unit_test_setup_teardown(again_is_nothing, setup_sites, teardown_sites),
		cmocka_unit_test_setup_teardown(long_histories_agree, setup_sites, teardown_sites),
		cmocka_unit_test_setup_teardown(rebuilt_from_another, setup_sites, teardown_sites),
		cmocka_unit_test_setup_teardown(
			a_move_holds_everywhere, setup_sites, teardown_sites),
		cmocka_unit_test_setup_teardown(forgotten_everywhere, setup_sites, teardown_sites),
		cmocka_unit_test_setup_teardown(
			read_behind_an_erasure, setup_sites, teardown_sites),
		cmocka_unit_test_setup_teardown(reduced_everywhere, setup_sites, teardown_sites),
		cmocka_unit_test_setup_teardown(undone_everywhere, setup_sites, teardown_sites),
		cmocka_unit_test_setup_teardown(
			waves_are_held_everywhere, setup_braked_sites, teardown_braked_sites),
		cmocka_unit_test_setup_teardown(refused_in_words, setup_sites, teardown_sites),
		cmocka_unit_test_setup_teardown(
			another_state_key_is_refused, setup_sites, teardown_sites),
		cmocka_unit_test_setup_teardown(cursor_goes_on, setup_sites, teardown_sites),
		cmocka_unit_test_setup_teardown(
			the_order_goes_with_the_day, setup_sites, teardown_sites),
		cmocka_unit_test_setup_teardown(
			a_share_goes_with_its_contact, setup_sites, teardown_sites),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
