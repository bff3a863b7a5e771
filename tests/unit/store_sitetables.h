/*
 * What else goes from site to site: receivers' reports, streams, mistyped domains, incidents,
 * mailboxes that were not read, investigations; what makes it, and what each site holds of it.
 */
#ifndef RETOUR_TEST_STORE_SITETABLES_H
#define RETOUR_TEST_STORE_SITETABLES_H

#include "tests/unit/store_sitefigures.h"

/* COUNTED: one machine has the sum of all sites' rows; else they are told apart. */
static const struct told_table {
	const char *name, *own, *others;
	bool counted;
} told_tables[] = {
	{ "message_count", "day, mailbox, outcome", "day, mailbox, outcome", true },
	{ "typing", "day, domain", "day, domain", true },
	{ "stream_count", "day, stream, what", "day, stream, what", true },
	{ "summary",
		"at, kind, verified, receiver, domain, network, disposition, dkim, spf, result",
		"day, kind, verified, receiver, domain, network, disposition, dkim, spf, result",
		true },
	{ "trouble",
		"condition, subject, opened, since, until, coalesce(cleared, 0), provider, campaign, category",
		"condition, subject, opened, since, until, cleared, provider, campaign, category",
		false },
	{ "unread", "mailbox, since, until", "mailbox, since, until", false },
	{ "wording", "day, provider, class, category, code, text, count",
		"day, provider, class, category, code, text, count", false },
	{ "investigated", "closed, provider, category, opened, blocks",
		"day, provider, category, opened, blocks", false },
};

/* The table as STORE_I has it, of all sites or its own, as lines; the caller frees them. */
static inline char *table_of(unsigned i, const struct told_table *t, bool every)
{
	const char *count = t->counted ? ", count" : "";
	char sql[2048], others[768] = "";
	sqlite3_stmt *st;
	size_t n = 0, room = 1 << 20;
	char *text = malloc(room);
	*text = '\0';
	if (every)
		snprintf(others, sizeof others,
			" UNION ALL SELECT %s%s FROM site_%s WHERE life <> 0", t->others, count,
			t->name);
	snprintf(sql, sizeof sql,
		t->counted
			? "SELECT *, sum(n) FROM (SELECT %s, count AS n FROM %s%s) GROUP BY %s ORDER BY %s"
			: "SELECT * FROM (SELECT %s FROM %s%s) ORDER BY %s, %s",
		t->own, t->name, others, t->counted ? t->own : "1, 2, 3",
		t->counted ? t->own : "1");
	store = at[i].s;
	int rc = sqlite3_prepare_v2(store->db, sql, -1, &st, NULL);
	if (rc != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(store->db));
	while (sqlite3_step(st) == SQLITE_ROW) {
		/* whom a site knew to be gone when it read depends on what it had merged */
		if (strcmp(t->name, "message_count") == 0 && !sqlite3_column_bytes(st, 1))
			continue;
		for (int c = 0; c < sqlite3_column_count(st); c++) {
			if (t->counted && c + 2 == sqlite3_column_count(st))
				continue; /* one of those that were summed */
			assert_true(n + 1024 < room);
			n += (size_t)snprintf(text + n, room - n, "%s|",
				(const char *)sqlite3_column_text(st, c));
		}
		text[n++] = '\n';
		text[n] = '\0';
	}
	sqlite3_finalize(st);
	return text;
}

static inline int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Lines in order, so that those of one site can stand behind another's. */
static inline char *in_order(char *text)
{
	size_t n = 0, lines = 0;
	char *copy = strdup(text), **line = malloc((strlen(text) + 1) * sizeof *line), *rest = copy;
	for (char *l; (l = strsep(&rest, "\n"));)
		if (*l)
			line[lines++] = l;
	qsort(line, lines, sizeof *line, compare_lines);
	for (size_t i = 0; i < lines; i++)
		n += (size_t)sprintf(text + n, "%s\n", line[i]);
	text[n] = '\0';
	free(line);
	free(copy);
	return text;
}

/* Every site has what all have of their own, and where that adds up, what one machine has. */
static inline void assert_same_tables(void)
{
	for (size_t t = 0; t < sizeof told_tables / sizeof *told_tables; t++) {
		const struct told_table *table = &told_tables[t];
		char *all = table->counted ? table_of(ONE, table, false) : calloc(1, 1 << 20);
		for (unsigned i = 0; i < SITES && !table->counted; i++) {
			char *own = table_of(i, table, false);
			strcat(all, own);
			free(own);
		}
		in_order(all);
		if (strlen(all) < 100)
			fail_msg("%s: there is next to nothing: %s", table->name, all);
		for (unsigned i = 0; i < SITES; i++) {
			char *held = in_order(table_of(i, table, true));
			if (strcmp(held, all) != 0)
				fail_msg("%s at site %u:\n%.800s\nnot:\n%.800s", table->name, i,
					held, all);
			free(held);
		}
		free(all);
	}
}

/* --- what makes it -------------------------------------------------------- */

/* No two reports tell the same, of which one machine would know that it is one and not two. */
static inline void say_summaries(unsigned site, unsigned step)
{
	for (unsigned n = 0; n < 10; n++) {
		unsigned which = (step * SITES + site) * 10 + n;
		unsigned char digest[STORE_DIGEST_SIZE] = { (unsigned char)site,
			(unsigned char)step, (unsigned char)n };
		int64_t begin = day_start(NOW) - (1 + rand() % 5) * DAY;
		struct summary_head head = {
			.kind = SUMMARY_DMARC, .begin = begin, .end = begin + DAY - 1
		};
		struct summary_row row = { .count = (uint64_t)(rand() % 900) * 1000 + which + 1,
			.spf = true };
		row.dkim = rand() % 2;
		snprintf(head.receiver, sizeof head.receiver, "receiver%d.example.net", rand() % 3);
		snprintf(row.domain, sizeof row.domain, "example.com");
		snprintf(row.network, sizeof row.network, "192.0.%d.0/24", rand() % 4);
		for (unsigned both = 0; both < 2; both++) {
			store = at[both ? ONE : site].s;
			ok(store_begin(store));
			ok(store_summary(store, digest, &head, &row, 1, NOW));
			ok(store_count_message(
				store, "bounces", "quarantined", NOW - (int64_t)(n % 3) * DAY));
			ok(store_commit(store));
		}
	}
}

/* Of a domain that nobody meant to write to. */
static inline void say_mistyped(unsigned site, unsigned step)
{
	for (unsigned n = 0; n < 5; n++) {
		struct event e = event_of(KIND_FAILURE, CATEGORY_USER_UNKNOWN, "anna@gamil.test",
			NOW - (int64_t)(rand() % 9) * DAY);
		for (unsigned both = 0; both < 2; both++) {
			store = at[both ? ONE : site].s;
			ok(store_begin(store));
			assert_int_equal(
				put(&e, 900000 + site * 1000 + step * 10 + n, NOW), MESSAGE_NEW);
			ok(store_commit(store));
		}
	}
}

/* Incidents that go on and end, and mailboxes that nobody reads; each site has its own. */
static inline void say_incidents(unsigned site, unsigned step)
{
	char mailbox[16], sql[1024];
	int64_t from = NOW - (30 - 10 * (int64_t)step) * DAY;
	snprintf(mailbox, sizeof mailbox, "box%u", site);
	store = at[site].s;
	ok(store_mailbox_read(store, mailbox, from, true, NULL));
	ok(store_mailbox_read(store, mailbox, from + (2 + rand() % 5) * DAY, true, NULL));
	ok(store_begin(store));
	let_triggers_act();
	snprintf(sql, sizeof sql,
		"UPDATE trouble SET cleared = opened + 7200, until = %lld WHERE cleared IS NULL AND number %% 2 = 0;"
		"INSERT INTO trouble (condition, subject, opened, since, until, cleared, provider, campaign, category)"
		" VALUES ('mailbox-unread', 'box%u', %lld, 1, 2, NULL, '', '', ''), ('hard-high', '', %lld, 3, 4, NULL, 'gmail', '', '');"
		"INSERT INTO investigated (closed, provider, category, opened, blocks) VALUES (%lld, 'gmail', 'reputation', %lld, %u);"
		"INSERT INTO wording VALUES (20261101, 'gmail', 'hard', 'user-unknown', '550 5.1.1', 'No such user, says %s', %u)"
		" ON CONFLICT DO UPDATE SET count = count + 5;",
		(long long)from, site, (long long)from + rand() % 3600,
		(long long)from - rand() % 3600, (long long)from + site, (long long)from - DAY,
		10 + site, mailbox, 20 + site);
	ok(db_exec(store, sql));
	ok(store_commit(store));
}

static inline void say_others(unsigned step)
{
	for (unsigned site = 0; site < SITES; site++) {
		say_summaries(site, step);
		say_mistyped(site, step);
		say_incidents(site, step);
	}
}

#endif
