/*
 * What receivers report of our domains, read for the month's report: which networks send in our
 * name, which of these are ours, and what of their mail was not aligned at whom.
 *
 * Anyone who proves a domain of his own can report what he likes, as many rows a day as are kept
 * (store/summary.c). So rows are read one by one, in the order of their days, and numbered as they
 * come, instead of sorted by SQL, and what comes beyond SOURCES_MAX and BREAKS_MAX has no name.
 */
#include <sodium.h>
#include <stdlib.h>
#include "store/internal.h"
#include "store/tally.h"

enum {
	KNOWN_LEAST = 100 /* aligned mails */,
	KNOWN_BEFORE = 31 * DAY,
	SOURCES_MAX = 32768,
	DOMAINS_MAX = 1024,
	RECEIVERS_MAX = 8192,
	BREAKS_MAX = 65536,
};

/* --- numbers for names ---------------------------------------------------- */

/* Keys of SIZE bytes, numbered from 0 as they come; begins as zeroes but for SIZE and MOST. */
struct numbered {
	size_t size, most, n, last; /* the number that was asked for last */
	unsigned char *key;
	struct numbered_slot {
		uint32_t number /* and 1; 0: empty */, hash;
	} * slot; /* twice as many as there are keys */
	unsigned char hash_key[crypto_shorthash_KEYBYTES];
};

static int numbered_open(struct numbered *t)
{
	randombytes_buf(t->hash_key, sizeof t->hash_key);
	t->slot = calloc(2 * t->most, sizeof *t->slot);
	t->key = malloc(t->most * t->size);
	return t->slot && t->key ? 0 : -1;
}

static void numbered_close(struct numbered *t)
{
	free(t->slot);
	free(t->key);
}

static bool is_key(const struct numbered *t, size_t number, const void *key)
{
	return number < t->n && memcmp(t->key + number * t->size, key, t->size) == 0;
}

/* The number of KEY; MOST where there is no room. ADD: it gets one. */
static size_t number_of_key(struct numbered *t, const void *key, bool add)
{
	uint64_t hash;

	if (is_key(t, t->last, key))
		return t->last;
	crypto_shorthash((unsigned char *)&hash, key, t->size, t->hash_key);
	const uint32_t mark = (uint32_t)(hash >> 32);
	size_t i = hash % (2 * t->most);
	for (; t->slot[i].number; i = (i + 1) % (2 * t->most))
		if (t->slot[i].hash == mark && is_key(t, t->slot[i].number - 1, key))
			return t->last = t->slot[i].number - 1;
	if (!add || t->n == t->most)
		return t->most;
	memcpy(t->key + t->n * t->size, key, t->size);
	t->slot[i] = (struct numbered_slot){ (uint32_t)++t->n, mark };
	return t->last = t->n - 1;
}

/* --- rows ----------------------------------------------------------------- */

struct domain_key {
	char name[SUMMARY_DOMAIN_SIZE];
};
struct source_key {
	char network[SUMMARY_NETWORK_SIZE];
	uint32_t domain;
};
struct receiver_key {
	char name[SUMMARY_RECEIVER_SIZE];
};
struct break_key {
	uint32_t source, receiver;
};

struct source_sum {
	struct alignment_source a;
	uint64_t all, aligned; /* of the time before, too */
};
struct break_sum {
	struct break_key of;
	uint64_t mails, unaligned;
	int64_t first, last;
};

struct aligning {
	struct numbered domains, sources, receivers, breaks;
	struct source_sum *source; /* the last one is all that have no number */
	struct break_sum *broken;
};

struct aligned_row {
	char network[SUMMARY_NETWORK_SIZE];
	struct domain_key domain;
	struct receiver_key receiver;
	int64_t at;
	uint64_t count;
	bool dkim, spf, put_aside;
};

static void read_aligned_row(sqlite3_stmt *st, struct aligned_row *r)
{
	memset(r, 0, sizeof *r);
	r->at = sqlite3_column_int64(st, 0);
	r->count = (uint64_t)sqlite3_column_int64(st, 1);
	r->dkim = sqlite3_column_int(st, 2);
	r->spf = sqlite3_column_int(st, 3);
	r->put_aside = sqlite3_column_int(st, 4);
	db_text(st, 5, r->network, sizeof r->network);
	db_text(st, 6, r->domain.name, sizeof r->domain.name);
	db_text(st, 7, r->receiver.name, sizeof r->receiver.name);
}

/* The number of a row's source. */
static size_t source_of_row(struct aligning *al, const struct aligned_row *r, bool add)
{
	struct source_key key = { .domain = (uint32_t)number_of_key(
					  &al->domains, &r->domain, add) };

	if (key.domain == DOMAINS_MAX)
		return SOURCES_MAX;
	memcpy(key.network, r->network, sizeof key.network);
	return number_of_key(&al->sources, &key, add);
}

static void add_to_source(struct aligning *al, const struct aligned_row *r, int64_t begin)
{
	struct source_sum *sum = &al->source[source_of_row(al, r, true)];

	sum->all += r->count;
	sum->aligned += r->dkim || r->spf ? r->count : 0;
	if (r->at < begin)
		return;
	sum->a.mails += r->count;
	sum->a.unaligned += r->dkim || r->spf ? 0 : r->count;
	sum->a.no_dkim += r->dkim ? 0 : r->count;
	sum->a.no_spf += r->spf ? 0 : r->count;
	sum->a.refused += r->put_aside ? r->count : 0;
}

/* Its mail was aligned as a rule: half of it or more, and enough. */
static void name_sources(struct aligning *al)
{
	for (size_t i = 0; i < al->sources.n; i++) {
		struct source_sum *sum = &al->source[i];
		const struct source_key *key = (struct source_key *)(void *)al->sources.key + i;
		memcpy(sum->a.network, key->network, sizeof sum->a.network);
		memcpy(sum->a.domain, al->domains.key + key->domain * sizeof sum->a.domain,
			sizeof sum->a.domain);
		sum->a.known = *sum->a.network && *sum->a.domain && sum->aligned >= KNOWN_LEAST &&
			sum->aligned * 2 >= sum->all;
	}
}

/* Of a source that is known. ADD: what was not aligned; else what else there was at the same. */
static void add_to_break(struct aligning *al, const struct aligned_row *r, bool add)
{
	struct break_key key = { .source = (uint32_t)source_of_row(al, r, false) };

	if (key.source == SOURCES_MAX || !al->source[key.source].a.known)
		return;
	key.receiver = (uint32_t)number_of_key(&al->receivers, &r->receiver, add);
	const size_t n = number_of_key(&al->breaks, &key, add);
	if (key.receiver == RECEIVERS_MAX || n == BREAKS_MAX)
		return;
	struct break_sum *sum = &al->broken[n];
	sum->of = key;
	sum->mails += r->count;
	if (!add)
		return;
	sum->unaligned += r->count;
	sum->first = sum->first ? sum->first : r->at;
	sum->last = larger(sum->last, r->at);
}

/* --- what is said --------------------------------------------------------- */

/* From the beginning of day FROM to the end of day TO. */
static int64_t span_end(int32_t to)
{
	return day_begin(day_of(day_begin(to) + 36 * HOUR));
}

static int by_source(const void *a, const void *b)
{
	const struct alignment_source *x = &((const struct source_sum *)a)->a,
				      *y = &((const struct source_sum *)b)->a;

	if (x->known != y->known)
		return x->known ? -1 : 1;
	if (x->mails != y->mails)
		return x->mails < y->mails ? 1 : -1;
	const int order = strcmp(x->network, y->network);
	return order ? order : strcmp(x->domain, y->domain);
}

static int by_unaligned(const void *a, const void *b)
{
	const struct alignment_break *x = a, *y = b;
	int order;

	if (x->unaligned != y->unaligned)
		return x->unaligned < y->unaligned ? 1 : -1;
	if ((order = strcmp(x->receiver, y->receiver)) || (order = strcmp(x->network, y->network)))
		return order;
	return strcmp(x->domain, y->domain);
}

static int give_breaks(struct store *s, struct aligning *al, unsigned limit,
	int (*visit)(void *context, const struct alignment_break *b), void *context)
{
	struct alignment_break *list = calloc(al->breaks.n + 1, sizeof *list);
	size_t n = 0;
	int result = list ? STORE_OK : store_fail(s, STORE_FAILED, "no memory");

	for (size_t i = 0; i < al->breaks.n && list; i++) {
		const struct break_sum *sum = &al->broken[i];
		const struct source_sum *of = &al->source[sum->of.source];
		if ((int64_t)sum->unaligned <= 0) /* said by a former life of this store */
			continue;
		list[n] = (struct alignment_break){ .mails = sum->mails,
			.unaligned = sum->unaligned,
			.first = sum->first,
			.last = sum->last };
		memcpy(list[n].receiver,
			al->receivers.key + sum->of.receiver * sizeof list[n].receiver,
			sizeof list[n].receiver);
		memcpy(list[n].network, of->a.network, sizeof list[n].network);
		memcpy(list[n].domain, of->a.domain, sizeof list[n].domain);
		n++;
	}
	if (list)
		qsort(list, n, sizeof *list, by_unaligned);
	for (size_t i = 0; i < n && i < limit && !result; i++)
		result = visit(context, &list[i]);
	free(list);
	return result;
}

static int give_sources(struct aligning *al,
	int (*visit)(void *context, const struct alignment_source *a), void *context)
{
	int result = STORE_OK;

	/* the one without a number stands behind the others already */
	al->source[al->sources.n] = al->source[SOURCES_MAX];
	qsort(al->source, al->sources.n + 1, sizeof *al->source, by_source);
	for (size_t i = 0; i <= al->sources.n && !result; i++)
		if ((int64_t)al->source[i].a.mails > 0)
			result = visit(context, &al->source[i].a);
	return result;
}

enum pass { PASS_SOURCES, PASS_UNALIGNED, PASS_ALIGNED, PASSES };

/*
 * Three readings: sources, with the time before; what of the known ones' was not aligned; what else
 * there was at the same receivers.
 */
static int read_rows(
	struct aligning *al, struct store *s, int64_t begin, int64_t end, bool verified)
{
	struct aligned_row row;
	int result = STORE_OK;

	for (unsigned pass = 0; pass < PASSES && !result; pass++) {
		sqlite3_stmt *st = db_bind(s, sql_seen(s, SQL_ALIGNMENT_ROWS), "iii",
			pass == PASS_SOURCES ? begin - KNOWN_BEFORE : begin, end,
			(int64_t)verified);
		while (db_row(s, st, &result)) {
			read_aligned_row(st, &row);
			if (pass == PASS_SOURCES)
				add_to_source(al, &row, begin);
			else if ((row.dkim || row.spf) == (pass == PASS_ALIGNED))
				add_to_break(al, &row, pass == PASS_UNALIGNED);
		}
		if (pass == PASS_SOURCES)
			name_sources(al);
	}
	return result;
}

int store_alignment(struct store *s, int32_t from, int32_t to, bool verified, unsigned limit,
	int (*source)(void *context, const struct alignment_source *a),
	int (*broken)(void *context, const struct alignment_break *b), void *context)
{
	struct aligning al = { .domains = { .size = sizeof(struct domain_key),
				       .most = DOMAINS_MAX },
		.sources = { .size = sizeof(struct source_key), .most = SOURCES_MAX },
		.receivers = { .size = sizeof(struct receiver_key), .most = RECEIVERS_MAX },
		.breaks = { .size = sizeof(struct break_key), .most = BREAKS_MAX },
		.source = calloc(SOURCES_MAX + 1, sizeof *al.source),
		.broken = calloc(BREAKS_MAX, sizeof *al.broken) };
	int result = STORE_OK;

	if (!al.source || !al.broken || numbered_open(&al.domains) || numbered_open(&al.sources) ||
		numbered_open(&al.receivers) || numbered_open(&al.breaks))
		result = store_fail(s, STORE_FAILED, "no memory");
	if (!result)
		result = read_rows(&al, s, day_begin(from), span_end(to), verified);
	if (!result)
		result = give_breaks(s, &al, limit, broken, context);
	if (!result)
		result = give_sources(&al, source, context);
	numbered_close(&al.domains);
	numbered_close(&al.sources);
	numbered_close(&al.receivers);
	numbered_close(&al.breaks);
	free(al.source);
	free(al.broken);
	return result;
}

/* --- sessions, and who reports -------------------------------------------- */

int store_tls_sessions(struct store *s, int32_t from, int32_t to, bool verified,
	int (*visit)(void *context, const struct tls_sessions *t), void *context)
{
	sqlite3_stmt *st = db_bind(s, sql_seen(s, SQL_TLS_SESSIONS), "iii", day_begin(from),
		span_end(to), (int64_t)verified);
	int result = STORE_OK;

	while (db_row(s, st, &result)) {
		int found = tls_result_by_name((const char *)sqlite3_column_text(st, 1));
		struct tls_sessions t = { .result = found < 0 ? TLS_OTHER : (unsigned)found,
			.count = (uint64_t)sqlite3_column_int64(st, 2),
			.receivers = (uint64_t)sqlite3_column_int64(st, 3),
			.first = sqlite3_column_int64(st, 4),
			.last = sqlite3_column_int64(st, 5) };
		db_text(st, 0, t.domain, sizeof t.domain);
		result = visit(context, &t);
	}
	return result;
}

int store_summary_told(struct store *s, enum summary_kind kind, int32_t from, int32_t to,
	bool verified, struct summary_told *out)
{
	sqlite3_stmt *st = db_bind(s, sql_seen(s, SQL_SUMMARY_RECEIVERS), "iiti", day_begin(from),
		span_end(to), summary_kind_name(kind), (int64_t)verified);
	int result = STORE_OK;

	while (db_row(s, st, &result))
		*out = (struct summary_told){ (uint64_t)sqlite3_column_int64(st, 0),
			(uint64_t)sqlite3_column_int64(st, 1) };
	return result;
}
