/*
 * What the tests of several sites share: their stores, random histories, exchange, equal rows.
 */
#ifndef RETOUR_TEST_STORE_SITES_H
#define RETOUR_TEST_STORE_SITES_H

#include "tests/unit/store_fixture.h"
#include "store/site.h"
#include "store/siteparts.h"
#include "store/sql.h"
#include <sodium.h>

/*
 * Keys and lives from the seed as well: what depends on their order comes again with it. Of one
 * process alone, and for tests alone.
 */
static struct {
	unsigned char seed[randombytes_SEEDBYTES];
} chance;

static inline const char *chance_name(void)
{
	return "from a seed";
}

static inline void chance_bytes(void *const out, const size_t n)
{
	unsigned char next[sizeof chance.seed];
	crypto_generichash(next, sizeof chance.seed, chance.seed, sizeof chance.seed, NULL, 0);
	randombytes_buf_deterministic(out, n, chance.seed);
	memcpy(chance.seed, next, sizeof chance.seed);
}

static inline uint32_t chance_number(void)
{
	uint32_t n;
	chance_bytes(&n, sizeof n);
	return n;
}

static inline void chance_from(unsigned seed)
{
	static randombytes_implementation all = {
		.implementation_name = chance_name, .random = chance_number, .buf = chance_bytes
	};
	memset(&chance, 0, sizeof chance);
	memcpy(chance.seed, &seed, sizeof seed);
	randombytes_set_implementation(&all);
}

static inline unsigned setting(const char *name, unsigned usual)
{
	const char *text = getenv(name);
	return text ? (unsigned)strtoul(text, NULL, 10) : usual;
}

enum { SITES = 5, ONE = SITES, STORES, HISTORIES = 400, EVENTS_MAX = 24, SPAN_DAYS = 90 };

static struct {
	char dir[80], db[128], keys[128], name[16];
	struct store *s;
} at[STORES];

static struct site_peer peers[SITES];

static const struct mail_stream streams[] = { { .name = "newsletter" }, { .name = "orders" },
	{ 0 } };

static bool braked; /* improbable hard bounces are held */

static int64_t today = NOW; /* when lines are given and taken */
static int64_t remembers = 7 * DAY;

static inline void copy_key(const char *name, const char *from, const char *to)
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

static inline const char *meant_domain(void *context, const char *domain, size_t n)
{
	(void)context;
	return n == 10 && strncmp(domain, "gamil.test", n) == 0 ? "gmail.com" : NULL;
}

static inline void open_at(unsigned i)
{
	struct store_options o = test_options();
	bool created;
	o.brake_minimum = braked ? 30 : 0;
	o.k = 1; /* what a site folds since few have it there, one machine need not */
	o.remember = remembers;
	o.brake_factor = 3;
	o.brake_hold = 5 * DAY;
	o.path = at[i].db;
	o.keys_dir = at[i].keys;
	o.site = i < SITES ? at[i].name : NULL;
	memcpy(o.peer, peers, sizeof peers);
	o.peers = SITES;
	o.streams = streams;
	o.near_domain = meant_domain;
	store = NULL;
	int result = store_open(&at[i].s, &o, NOW, &created);
	plain_remember(at[i].s);
	store = at[i].s;
	ok(result);
}

static inline int count_line(void *context, const struct change *c)
{
	/* of days there are as many as there are tables */
	*(unsigned *)context += c->kind == CHANGE_FIGURES ? 100 : 1;
	return 0;
}

static inline void make_at(unsigned i, bool with_keys)
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

static inline void learn_key(unsigned i)
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

static inline void close_at(unsigned i)
{
	store_close(at[i].s);
	at[i].s = store = NULL;
}

/* Every other time lines of one signature stay together. */
static bool together;

/* All stores, each site with the keys of the first one and everybody's public key. */
static inline int setup_sites(void **state)
{
	char next[CHANGE_CURSOR_SIZE];
	unsigned n = 0;
	(void)state;
	chance_from(setting("RETOUR_SEED", 1));
	together = false;
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

static inline int teardown_sites(void **state)
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

struct bag {
	size_t n, room;
	struct change *line;
};

static inline int collect(void *context, const struct change *c)
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

static inline void empty_bag(struct bag *b)
{
	for (size_t i = 0; i < b->n; i++)
		free((void *)b->line[i].sealed);
	free(b->line);
	memset(b, 0, sizeof *b);
}

static inline void changes_of(unsigned i, bool all, struct bag *b)
{
	char next[CHANGE_CURSOR_SIZE];
	store = at[i].s;
	ok(store_changes(at[i].s, "", all, today, next, collect, b));
}

static inline enum merge_result give(unsigned to, const struct change *c, char why[CHANGE_WHY_SIZE])
{
	enum merge_result result;
	store = at[to].s;
	ok(store_merge(at[to].s, c, today, &result, why));
	return result;
}

/* A site that lacks another's state key refuses what that says. */
static bool keys_differ;

/* Where in B the lines begin that have another signature than the one before. */
static inline size_t signature_ends(const struct bag *b, size_t i)
{
	const struct change *first = &b->line[i];

	while (++i < b->n &&
		memcmp(b->line[i].signature, first->signature, sizeof first->signature) == 0)
		;
	return i;
}

/*
 * Lines in any order, some of them twice, and of LOST in a hundred that are lost nothing; in
 * batches of any size. Every other time those of one signature stay together, as they were written.
 */
static inline void shuffle_into(unsigned to, const struct bag *b, unsigned lost)
{
	char why[CHANGE_WHY_SIZE];
	struct {
		size_t from, to;
	} *part = malloc(2 * b->n * sizeof *part);
	size_t *order = malloc(2 * b->n * sizeof *order), parts = 0, n = 0;
	together = !together;
	for (size_t i = 0, end; i < b->n; i = end) {
		end = together ? signature_ends(b, i) : i + 1;
		for (int twice = rand() % 4 == 0; twice >= 0; twice--) {
			part[parts].from = i;
			part[parts++].to = end;
		}
	}
	for (size_t i = parts; i; i--) {
		size_t j = (size_t)rand() % i;
		for (size_t line = part[j].from; line < part[j].to; line++)
			if ((unsigned)rand() % 100 >= lost)
				order[n++] = line;
		part[j] = part[i - 1];
	}
	free(part);
	store = at[to].s;
	for (size_t i = 0; i < n;) {
		size_t batch = (size_t)(rand() % 700 + 1);
		ok(store_begin(store));
		for (; i < n && batch--; i++)
			if (give(to, &b->line[order[i]], why) == MERGE_REFUSED)
				assert_true(keys_differ && strstr(why, "retour key adopt"));
		ok(store_merge_refold(store, today));
		ok(store_commit(store));
	}
	free(order);
}

struct read {
	struct event event;
	unsigned site;
};

/* Behind HISTORY_DAYS_MAX days the month in whose cohort a contact is counted depends on what was
 * known when. */
static bool but_cohorts;

/* What an erasure left of a contact's age goes from the site that told it as soon as nothing else
 * is left there, and comes back with no line of another's. */
static bool but_ages;

/* A table that has less of them shows nothing; of a few people all may be erased. */
static size_t bytes_least = 1000;

/* The whole table contact as text, in the order of pseudonyms; the caller frees it. */
static inline char *rows_of(unsigned i)
{
	sqlite3 *db;
	sqlite3_stmt *st;
	size_t n = 0, room = 1 << 20;
	char *text = malloc(room);
	*text = '\0';
	plain_remember(at[i].s);
	assert_int_equal(sqlite3_open_v2(at[i].db, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(
		sqlite3_prepare_v2(
			db, "SELECT * FROM " CONTACT_PLAIN " ORDER BY pseudonym", -1, &st, NULL),
		SQLITE_OK);
	while (sqlite3_step(st) == SQLITE_ROW) {
		for (int c = 0; c < sqlite3_column_count(st); c++) {
			const char *name = sqlite3_column_name(st, c);
			if ((but_cohorts && strcmp(name, "cohort") == 0) ||
				(but_ages && strcmp(name, "at") == 0))
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

static inline void assert_same_rows(unsigned a, unsigned b)
{
	char *x = rows_of(a), *y = rows_of(b);
	assert_true(strlen(x) >= bytes_least);
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

static inline void advance_all(int64_t now)
{
	uint64_t changed;
	for (unsigned i = 0; i < STORES; i++) {
		store = at[i].s;
		ok(store_advance(store, now, &changed));
	}
}

/* Every site's own lines to every other, those that were lost once more. */
static inline void exchange(unsigned lost)
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

#endif
