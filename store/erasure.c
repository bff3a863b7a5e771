/*
 * The list of erasures, so that a backup that is restored does not bring back what a data subject
 * had erased.
 *
 * It lies beside the keys, not in the database, because it must outlive it: the file "erasures",
 * text,
 *
 *   retour erasures 1
 *   batch ID DAY                 16 hexadecimal digits and YYYY-MM-DD (UTC), one for each `retour
 *                                forget`, then its entries:
 *   contact HASH | reduced HASH | event HASH
 *
 * HASH is BLAKE2b-128 under erasure.key of "retour erasure 1" NUL pseudonym: whoever has list and
 * database but not the keys cannot tell whom it names. The database knows the last batch that it
 * has seen (meta "erasures"). A batch is written before its transaction commits, so a database that
 * is older than the list, restored or cut short by a kill, shows it, and what it has not seen is
 * erased in it when it is opened for writing. Entries go when no backup can be so old any more
 * ([retention] backups).
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "store/contact.h"
#include "store/erasure.h"
#include "store/held.h"
#include "store/intact.h"
#include "store/ownkeys.h"

enum {
	HASH_SIZE = 16,
	ID_SIZE = 2 * 8 + 1,
	LINE_SIZE = 64,
	LIST_MAX = 64 << 20, /* bytes of the file: a million entries */
	PENDING_STEP = 1024,
};
static const char list_name[] = "erasures", header[] = "retour erasures 1\n";
static const char *const words[ERASURE_KINDS] = {
	[ERASED_CONTACT] = "contact", [REDUCED_CONTACT] = "reduced", [ERASED_EVENT] = "event"
};

struct entry {
	unsigned char hash[HASH_SIZE];
	int kind;
};

/* What the open transaction erases. */
struct erasures {
	int64_t now;
	size_t n, room;
	struct entry *entry;
};

static void hash_of_pseudonym(unsigned char out[HASH_SIZE], const unsigned char key[KEY_SIZE],
	const unsigned char *pseudonym)
{
	unsigned char input[sizeof "retour erasure 1" + PSEUDONYM_SIZE] = "retour erasure 1";

	memcpy(input + sizeof "retour erasure 1", pseudonym, PSEUDONYM_SIZE);
	crypto_generichash(out, HASH_SIZE, input, sizeof input, key, KEY_SIZE);
}

int erasures_note(struct store *s, enum erasure kind, const unsigned char *pseudonym, int64_t now)
{
	struct erasures *e = s->erasures ? s->erasures : (s->erasures = calloc(1, sizeof *e));
	unsigned char key[KEY_SIZE];

	if (e && e->n == e->room) {
		struct entry *more = realloc(e->entry, (e->room + PENDING_STEP) * sizeof *more);
		e->room += more ? PENDING_STEP : 0;
		e->entry = more ? more : e->entry;
	}
	if (!e || e->n == e->room)
		return store_fail(s, STORE_FAILED, "no memory");
	int result = keys_erasure(s, true, now, key);
	if (!result)
		hash_of_pseudonym(e->entry[e->n].hash, key, pseudonym);
	e->entry[e->n].kind = (int)kind;
	e->now = now;
	e->n += !result;
	sodium_memzero(key, sizeof key);
	return result;
}

void erasures_discard(struct store *s)
{
	if (s->erasures)
		free(s->erasures->entry);
	free(s->erasures);
	s->erasures = NULL;
}

/* --- the file ------------------------------------------------------------- */

/* The next line from *P on, without its end; NULL behind the last. */
static const char *next_erasure_line(char **p)
{
	char *line = *p, *end = line ? strchr(line, '\n') : NULL;

	if (!end)
		return NULL;
	*end = '\0';
	*p = end + 1;
	return line;
}

/* Reads the list; *TEXT is NULL when there is none. The lines begin at *LINES. */
static int read_erasures(struct store *s, char **text, char **lines, size_t *n)
{
	int result = keys_file_read(s, list_name, LIST_MAX, text, n);

	*lines = NULL;
	if (result || !*text)
		return result;
	if (strncmp(*text, header, sizeof header - 1) != 0 || strlen(*text) != *n ||
		(*text)[*n - 1] != '\n') {
		free(*text);
		*text = NULL;
		return store_fail(s, STORE_KEYS, "%s/%s: damaged: not a list of erasures",
			s->o.keys_dir, list_name);
	}
	*lines = *text + sizeof header - 1;
	return STORE_OK;
}

static bool batch_of(const char *line, char id[ID_SIZE], int64_t *day)
{
	struct tm tm = { .tm_mday = 0 };
	int end = 0;

	if (sscanf(line, "batch %16[0-9a-f] %4d-%2d-%2d%n", id, &tm.tm_year, &tm.tm_mon,
		    &tm.tm_mday, &end) != 4 ||
		line[end])
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	*day = timegm(&tm);
	return strlen(id) == ID_SIZE - 1;
}

static bool entry_of(const char *line, struct entry *out)
{
	char word[16], hex[2 * HASH_SIZE + 1];
	size_t n = 0;

	if (sscanf(line, "%15[a-z] %32[0-9a-f]", word, hex) != 2 ||
		sodium_hex2bin(out->hash, HASH_SIZE, hex, strlen(hex), NULL, &n, NULL) ||
		n != HASH_SIZE)
		return false;
	for (out->kind = 0; out->kind < ERASURE_KINDS && strcmp(words[out->kind], word) != 0;
		out->kind++)
		;
	return out->kind < ERASURE_KINDS;
}

int erasures_flush(struct store *s)
{
	struct erasures *e = s->erasures;
	unsigned char number[(ID_SIZE - 1) / 2];
	char id[ID_SIZE], hex[2 * HASH_SIZE + 1], *old, *lines;
	size_t n;
	struct tm tm;

	if (!e)
		return STORE_OK;
	if (read_erasures(s, &old, &lines, &n))
		return STORE_FAILED;
	char *text = malloc(sizeof header + n + LINE_SIZE * (e->n + 1));
	if (!text) {
		free(old);
		return store_fail(s, STORE_FAILED, "no memory");
	}
	if (!old)
		n = sizeof header - 1;
	memcpy(text, old ? old : header, n);
	free(old);
	randombytes_buf(number, sizeof number);
	sodium_bin2hex(id, sizeof id, number, sizeof number);
	gmtime_r(&(time_t){ e->now }, &tm);
	n += (size_t)snprintf(text + n, LINE_SIZE, "batch %s %04d-%02d-%02d\n", id,
		tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
	for (size_t i = 0; i < e->n; i++)
		n += (size_t)snprintf(text + n, LINE_SIZE, "%s %s\n", words[e->entry[i].kind],
			sodium_bin2hex(hex, sizeof hex, e->entry[i].hash, HASH_SIZE));
	int result = n > LIST_MAX
		? store_fail(s, STORE_FAILED, "%s/%s: too large", s->o.keys_dir, list_name)
		: keys_file_write(s, list_name, text, n);
	free(text);
	if (!result)
		result = db_run(s, SQL_META_PUT, "tt", list_name, id);
	erasures_discard(s);
	return result ? STORE_FAILED : STORE_OK;
}

int erasures_held(struct store *s, int64_t cutoff, bool expire, uint64_t *count, int64_t *oldest,
	uint64_t *overdue)
{
	char id[ID_SIZE], *text, *p;
	const char *line, *last = NULL;
	int64_t day = 0;
	struct entry e;
	size_t n, kept = sizeof header - 1;
	bool due = false;
	int result = read_erasures(s, &text, &p, &n);

	*count = *overdue = 0;
	*oldest = 0;
	while (!result && text && (line = next_erasure_line(&p))) {
		bool batch = batch_of(line, id, &day), entry = !batch && entry_of(line, &e);
		if (!batch && !entry)
			result = store_fail(s, STORE_KEYS, "%s/%s: damaged: not a list of erasures",
				s->o.keys_dir, list_name);
		due = day < cutoff;
		*overdue += entry && due;
		*count += entry;
		*oldest = entry && !*oldest ? day : *oldest;
		last = batch ? line : last;
		/* the last batch's name stays: the database knows it */
		if (entry ? due
			  : due && strchr(line, '\0') + 1 != text + n &&
					strncmp(p, "batch", 5) == 0)
			continue;
		size_t length = strlen(line);
		memmove(text + kept, line, length);
		text[kept + length] = '\n';
		kept += length + 1;
	}
	if (!result && expire && *overdue && last)
		result = keys_file_write(s, list_name, text, kept);
	free(text);
	return result;
}

int store_erasures_known(struct store *s, bool *known)
{
	char last[ID_SIZE], id[ID_SIZE], *text = NULL, *p;
	const char *line;
	int64_t day;
	size_t n;
	int result = db_line(s, last, ID_SIZE, SQL_META_GET, "t", list_name);

	result = result ? result : read_erasures(s, &text, &p, &n);
	*known = !*last;
	while (!result && text && !*known && (line = next_erasure_line(&p)))
		*known = batch_of(line, id, &day) && !strcmp(id, last);
	free(text);
	return result;
}

/* --- erased again --------------------------------------------------------- */

/* What the database has not seen, sorted by hash. */
struct replay {
	unsigned char key[KEY_SIZE];
	size_t n;
	struct entry *entry;
};

static int compare_erased(const void *a, const void *b)
{
	return memcmp(a, b, HASH_SIZE);
}

/* erased(pseudonym): the number of the kind of erasure, or null. */
static void sql_erased(sqlite3_context *context, int n, sqlite3_value **value)
{
	const struct replay *r = sqlite3_user_data(context);
	unsigned char hash[HASH_SIZE];
	const struct entry *found = NULL;

	(void)n;
	if (sqlite3_value_bytes(value[0]) == PSEUDONYM_SIZE) {
		hash_of_pseudonym(hash, r->key, sqlite3_value_blob(value[0]));
		found = bsearch(hash, r->entry, r->n, sizeof *r->entry, compare_erased);
	}
	if (found)
		sqlite3_result_int(context, found->kind);
	else
		sqlite3_result_null(context);
}

/*
 * The entries behind batch KNOWN, all where it is not in the list; LAST gets the last batch's name.
 */
static int collect_erased(
	struct store *s, char *p, const char *known, struct replay *r, char last[ID_SIZE])
{
	const char *line;
	size_t room = 0;
	int64_t day;

	*last = '\0';
	for (const char *q = p; (q = strchr(q, '\n')); q++)
		room++;
	r->entry = malloc((room + 1) * sizeof *r->entry);
	if (!r->entry)
		return store_fail(s, STORE_FAILED, "no memory");
	while ((line = next_erasure_line(&p))) {
		if (batch_of(line, last, &day))
			continue;
		if (!*last || !entry_of(line, &r->entry[r->n]))
			return store_fail(s, STORE_KEYS, "%s/%s: damaged: not a list of erasures",
				s->o.keys_dir, list_name);
		r->n++;
		if (strcmp(last, known) == 0)
			r->n = 0;
	}
	if (strcmp(last, known) == 0)
		r->n = 0;
	qsort(r->entry, r->n, sizeof *r->entry, compare_erased);
	return STORE_OK;
}

static int reduce_again(struct store *s, struct contact *c, void *replayed)
{
	++*(uint64_t *)replayed;
	return contact_reduce(s, c, false);
}

static int erase_again(struct store *s, struct replay *r, const char *last, uint64_t *replayed)
{
	uint64_t deleted = 0;

	if (sqlite3_create_function_v2(s->db, "erased", 1, SQLITE_UTF8 | SQLITE_DIRECTONLY, r,
		    sql_erased, NULL, NULL, NULL) != SQLITE_OK)
		return db_error(s);
	if (contacts_each(s, SQL_ERASED_KEPT, NULL, reduce_again, replayed))
		return STORE_FAILED;
	if (db_run(s, SQL_ERASED_SHARES, "") ||
		held_delete(s, HELD_CONTACTS, db_bind(s, SQL_ERASED_CONTACTS, ""), &deleted) ||
		(deleted && agenda_sweep(s)) ||
		held_delete(s, HELD_EVENTS, db_bind(s, SQL_ERASED_EVENTS, ""), &deleted))
		return STORE_FAILED;
	*replayed += deleted;
	return db_run(s, SQL_META_PUT, "tt", list_name, last) ||
			(*replayed && held_note_deletion(s))
		? STORE_FAILED
		: STORE_OK;
}

int erasures_replay(struct store *s, int64_t now, uint64_t *replayed)
{
	struct replay r = { .n = 0 };
	char known[ID_SIZE], last[ID_SIZE], *text, *lines;
	size_t n;
	bool own;
	int result = read_erasures(s, &text, &lines, &n);

	*replayed = 0;
	if (result || (result = db_line(s, known, ID_SIZE, SQL_META_GET, "t", list_name)))
		goto out;
	if (!text) {
		if (*known)
			result = store_fail(s, STORE_KEYS,
				"%s/%s: missing; without it a restored backup brings back what was erased. Put it back",
				s->o.keys_dir, list_name);
		goto out;
	}
	if ((result = collect_erased(s, lines, known, &r, last)) || strcmp(last, known) == 0 ||
		(result = db_enter(s, &own)))
		goto out;
	result = r.n ? keys_erasure(s, false, now, r.key) : STORE_OK;
	if (!result)
		result = erase_again(s, &r, last, replayed);
	result = db_leave(s, own, result);
out:
	sodium_memzero(&r.key, sizeof r.key);
	free(r.entry);
	free(text);
	return result;
}
