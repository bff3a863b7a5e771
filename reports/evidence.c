/*
 * The check of a ledger's text (store/chain.h), entry by entry, going on behind each fault so that
 * one fault is one finding:
 *
 *   changed      the entry's hash is not that of its content
 *   replaced     the entry is whole, but the next one continues another
 *   missing      a number that stands nowhere; at the beginning, unless a "ledger-cut" entry
 *                accounts for it
 *   inserted     a number that stands twice
 *   moved        a number that stands behind a later one
 *   cut off      a head that is known from elsewhere lies behind the end
 *   older copy   the same, but a signature vouches for the text as it is
 *   rewritten    an entry that is known from elsewhere has another hash, or a checkpoint is not
 *                signed by the key
 */
#include "reports/evidence.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "classify/base/clock.h"
#include "store/chain.h"

enum {
	KEYS_MAX = 32, /* keys that sign, one after the other */
	FINDINGS_SHOWN = 40,
	HEX_SIZE = 2 * LEDGER_HASH_SIZE + 1,
};

/* --- what is said --------------------------------------------------------- */

__attribute__((format(printf, 3, 0))) static void print(
	struct findings *f, const char *mark, const char *format, va_list list)
{
	fprintf(f->out, "%-7s ", mark);
	vfprintf(f->out, format, list);
	fputc('\n', f->out);
}

void finding_ok(struct findings *f, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	print(f, "ok", format, list);
	va_end(list);
}

void finding_broken(struct findings *f, const char *format, ...)
{
	va_list list;
	if (f->broken++ >= FINDINGS_SHOWN)
		return;
	va_start(list, format);
	print(f, "BROKEN", format, list);
	va_end(list);
}

bool known_head_parse(const char *text, struct known_head *out)
{
	const char *colon = strchr(text, ':'), *hex = colon ? colon + 1 : text;
	char *end = NULL;
	out->number = 0;
	out->found = out->own = false;
	if (colon) {
		out->number = strtoll(text, &end, 10);
		if (end != colon || out->number < 1)
			return false;
	}
	return strlen(hex) == HEX_SIZE - 1 &&
		sodium_hex2bin(out->hash, sizeof out->hash, hex, HEX_SIZE - 1, NULL, NULL, NULL) ==
		0;
}

/* --- export --------------------------------------------------------------- */

struct export
{
	FILE *out;
	int64_t unwritable; /* an entry that has no text; 0: none */
};

static int write_entry(void *context, const struct ledger_entry *e, const unsigned char *previous)
{
	struct export *x = context;
	char line[CHAIN_LINE_SIZE];
	size_t n = chain_line(line, e, previous);
	if (n)
		fwrite(line, 1, n, x->out);
	else if (!x->unwritable)
		x->unwritable = e->number;
	return 0;
}

int evidence_ledger(struct store *store, struct buffer *out, char *error, size_t size)
{
	struct export x = { .unwritable = 0 };
	*out = (struct buffer){ NULL, 0 };
	snprintf(error, size, "no memory for the ledger");
	x.out = open_memstream(&out->p, &out->n);
	if (!x.out)
		return -1;
	fputs(CHAIN_HEADER "\n", x.out);
	int result = store_ledger_rows(store, write_entry, &x);
	bool lost = fclose(x.out) != 0;
	if (result != STORE_OK)
		snprintf(error, size, "%s", store_error(store));
	else if (x.unwritable)
		snprintf(error, size, "ledger: entry %" PRId64 " is damaged", x.unwritable);
	else if (!lost)
		return 0;
	buffer_free(out);
	return -1;
}

/* --- the check ------------------------------------------------------------ */

struct evidence_walk {
	const struct chain_check *check;
	struct findings *f;
	int64_t *number; /* of all entries, sorted */
	size_t entries;
	struct ledger_entry last; /* the last one that counted; number 0: none yet */
	int64_t first;
	unsigned char before_first[LEDGER_HASH_SIZE];
	bool cut;                         /* an entry accounts for the beginning */
	int64_t changed_from, changed_to; /* a run of changed entries, 0: none */
	struct minisign_public key[KEYS_MAX];
	unsigned keys, checkpoints;
	bool key_seen; /* the trusted key is one that the ledger names */
};

static bool next_evidence_line(struct span *text, struct span *line, bool *whole)
{
	if (!text->n)
		return false;
	const char *end = memchr(text->p, '\n', text->n);
	*whole = end != NULL;
	*line = (struct span){ text->p, end ? (size_t)(end - text->p) : text->n };
	size_t used = line->n + *whole;
	*text = (struct span){ text->p + used, text->n - used };
	return true;
}

static int by_entry_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? -1 : x > y;
}

static bool stands_twice(const struct evidence_walk *w, int64_t number)
{
	const int64_t *at = bsearch(&number, w->number, w->entries, sizeof number, by_entry_number);
	return at &&
		((at > w->number && at[-1] == number) ||
			(at + 1 < w->number + w->entries && at[1] == number));
}

static int list_numbers(struct evidence_walk *w, struct span text)
{
	struct ledger_entry e;
	unsigned char previous[LEDGER_HASH_SIZE];
	struct span line;
	size_t room = 0;
	bool whole;
	while (next_evidence_line(&text, &line, &whole)) {
		if (!chain_parse(line, &e, previous))
			continue;
		if (w->entries == room) {
			int64_t *more = reallocarray(
				w->number, room = room ? 2 * room : 1024, sizeof *more);
			if (!more)
				return -1;
			w->number = more;
		}
		w->number[w->entries++] = e.number;
	}
	if (w->entries)
		qsort(w->number, w->entries, sizeof *w->number, by_entry_number);
	return 0;
}

static void say_range(
	struct findings *f, int64_t from, int64_t to, const char *one, const char *several)
{
	if (from == to)
		finding_broken(f, "ledger: entry %" PRId64 " %s", from, one);
	else
		finding_broken(
			f, "ledger: entries %" PRId64 " to %" PRId64 " %s", from, to, several);
}

/* The numbers FROM..TO were passed over: those that stand elsewhere will be told as moved. */
static void say_missing(struct evidence_walk *w, int64_t from, int64_t to)
{
	int64_t begin = from;
	for (size_t i = 0; i < w->entries && begin <= to; i++) {
		int64_t n = w->number[i];
		if (n < begin)
			continue;
		int64_t end = n > to ? to : n - 1;
		if (end >= begin)
			say_range(w->f, begin, end, "is missing", "are missing");
		begin = n + 1;
	}
	if (begin <= to)
		say_range(w->f, begin, to, "is missing", "are missing");
}

static void end_changed(struct evidence_walk *w)
{
	if (w->changed_from)
		say_range(w->f, w->changed_from, w->changed_to,
			"was changed: its hash is not that of its content",
			"were changed: their hashes are not those of their content");
	w->changed_from = 0;
}

static void take_changed(struct evidence_walk *w, int64_t number)
{
	if (w->changed_from && number == w->changed_to + 1) {
		w->changed_to = number;
		return;
	}
	end_changed(w);
	w->changed_from = w->changed_to = number;
}

static void take_exported_key(struct evidence_walk *w, const struct ledger_entry *e)
{
	static const char before[] = "purpose=sign public=";
	struct minisign_public p;
	if (strncmp(e->detail, before, sizeof before - 1) != 0 ||
		!minisign_key_parse(
			e->detail + sizeof before - 1, strlen(e->detail) - (sizeof before - 1), &p))
		return;
	if (w->keys < KEYS_MAX)
		w->key[w->keys++] = p;
	w->key_seen |= memcmp(w->check->key->key, p.key, sizeof p.key) == 0;
}

/* An entry "checkpoint" speaks of the one before it. */
static void read_checkpoint(
	struct evidence_walk *w, const struct ledger_entry *e, const struct ledger_entry *before)
{
	char hash[HEX_SIZE], id[MINISIGN_ID_TEXT_SIZE], own[MINISIGN_ID_TEXT_SIZE], encoded[96],
		text[CHECKPOINT_TEXT_SIZE], real[HEX_SIZE];
	unsigned char signature[MINISIGN_SIGNATURE_SIZE];
	size_t bytes = 0;
	int64_t number;
	w->checkpoints++;
	if (sscanf(e->detail, "entry=%" SCNd64 " hash=%64[0-9a-f] key=%16[0-9A-F] signature=%95s",
		    &number, hash, id, encoded) != 4 ||
		sodium_base642bin(signature, sizeof signature, encoded, strlen(encoded), NULL,
			&bytes, NULL, sodium_base64_VARIANT_ORIGINAL) ||
		bytes != sizeof signature) {
		finding_broken(w->f,
			"ledger: entry %" PRId64 " is no checkpoint that this program wrote",
			e->number);
		return;
	}
	sodium_bin2hex(real, sizeof real, before->hash, sizeof before->hash);
	if (number != before->number || strcmp(hash, real) != 0) {
		finding_broken(w->f,
			"ledger: the checkpoint in entry %" PRId64
			" is of another history: entry %" PRId64 " was %s",
			e->number, number, hash);
		return;
	}
	for (unsigned i = 0; i < w->keys; i++) {
		minisign_id_text(&w->key[i], own);
		if (strcmp(own, id) == 0 &&
			minisign_check_bare(
				signature, &w->key[i], text, checkpoint_text(text, before)))
			return;
	}
	finding_broken(w->f,
		"ledger: the checkpoint in entry %" PRId64
		" is not signed by a key of this ledger: the history was rewritten",
		e->number);
}

static void compare_heads(struct evidence_walk *w, const struct ledger_entry *e)
{
	char hash[HEX_SIZE];
	for (unsigned i = 0; i < w->check->heads; i++) {
		struct known_head *h = &w->check->head[i];
		bool same = memcmp(h->hash, e->hash, sizeof h->hash) == 0;
		if (same && (h->number == 0 || h->number == e->number)) {
			h->found = true;
			h->number = e->number;
		} else if (h->number == e->number && !h->found) {
			sodium_bin2hex(hash, sizeof hash, h->hash, sizeof h->hash);
			finding_broken(w->f,
				"ledger: the history was rewritten: entry %" PRId64 " is %s by %s",
				e->number, hash, h->source);
			h->found = true;
		}
	}
}

static void take_evidence_entry(
	struct evidence_walk *w, const struct ledger_entry *e, const unsigned char *previous)
{
	unsigned char hash[LEDGER_HASH_SIZE], origin[LEDGER_HASH_SIZE];
	int64_t number;
	if (!w->last.number) {
		w->first = e->number;
		memcpy(w->before_first, previous, sizeof w->before_first);
		w->last.number = e->number - 1;
		memcpy(w->last.hash, previous, sizeof w->last.hash);
	}
	if (e->number <= w->last.number) {
		if (stands_twice(w, e->number))
			finding_broken(w->f,
				"ledger: entry %" PRId64 " stands twice: one was inserted",
				e->number);
		else
			finding_broken(w->f,
				"ledger: entry %" PRId64
				" was moved: it stands behind entry %" PRId64,
				e->number, w->last.number);
		return;
	}
	bool next = e->number == w->last.number + 1;
	if (!next)
		say_missing(w, w->last.number + 1, e->number - 1);
	chain_hash(hash, previous, e);
	if (memcmp(hash, e->hash, sizeof hash) != 0) {
		take_changed(w, e->number);
	} else if (next && memcmp(previous, w->last.hash, sizeof hash) != 0) {
		if (!w->changed_from || w->changed_to != w->last.number)
			finding_broken(w->f,
				"ledger: entry %" PRId64 " was replaced: entry %" PRId64
				" continues another one",
				w->last.number, e->number);
	} else if (ledger_is(e, LEDGER_CHECKPOINT) && next) {
		read_checkpoint(w, e, &w->last);
	}
	if (ledger_is(e, LEDGER_KEY_CREATED))
		take_exported_key(w, e);
	if (ledger_is(e, LEDGER_LEDGER_CUT) && chain_cut(e, &number, origin))
		w->cut = number == w->first && memcmp(origin, w->before_first, sizeof origin) == 0;
	compare_heads(w, e);
	w->last = *e;
}

static void judge_ends(struct evidence_walk *w)
{
	static const unsigned char zeros[LEDGER_HASH_SIZE];
	char at[CLOCK_TEXT_SIZE];
	if (!w->last.number) {
		finding_broken(w->f, "ledger: there is no entry");
		return;
	}
	if (w->first > 1 && !w->cut)
		say_range(w->f, 1, w->first - 1, "is missing, and no entry accounts for it",
			"are missing, and no entry accounts for them");
	if (w->first == 1 && memcmp(w->before_first, zeros, sizeof zeros) != 0)
		finding_broken(w->f, "ledger: entry 1 was changed: it continues something");
	for (unsigned i = 0; i < w->check->heads; i++) {
		const struct known_head *h = &w->check->head[i];
		if (h->found)
			continue;
		if (h->number && h->number < w->first)
			finding_ok(w->f,
				"ledger: entry %" PRId64 " of %s is older than what is kept",
				h->number, h->source);
		else if (w->check->vouched && (!h->number || h->number > w->last.number))
			finding_broken(w->f,
				"ledger: this is an older copy: whole and signed, but it ends with entry %" PRId64
				" of %s, without the entry of %s",
				w->last.number, clock_format(w->last.at, at), h->source);
		else if (!h->number)
			finding_broken(w->f,
				"ledger: cut off or rewritten: no entry is the one of %s",
				h->source);
		else if (h->number > w->last.number)
			finding_broken(w->f,
				"ledger: cut off at its end: the last entry is %" PRId64
				", %s knows entry %" PRId64,
				w->last.number, h->source, h->number);
	}
}

/* What stands behind the last entry that somebody has kept could still be written anew. */
static void say_known(const struct evidence_walk *w)
{
	int64_t known = 0;
	for (unsigned i = 0; i < w->check->heads; i++) {
		const struct known_head *h = &w->check->head[i];
		if (h->found && !h->own && h->number > known)
			known = h->number;
	}
	if (known)
		fprintf(w->f->out,
			"known   up to entry %" PRId64 " by what you have kept, %" PRId64
			" behind it by this evidence alone\n",
			known, w->last.number - known);
}

static void judge_whole(struct evidence_walk *w, unsigned before)
{
	char at[CLOCK_TEXT_SIZE], hash[HEX_SIZE];
	if (!w->key_seen)
		finding_broken(w->f,
			"ledger: no entry names the key that you trust: it is another store's, or it was rewritten");
	if (w->f->broken == before) {
		finding_ok(w->f,
			"ledger: entries %" PRId64 " to %" PRId64
			", each one continues the one before it",
			w->first, w->last.number);
		finding_ok(w->f, "ledger: %u signed checkpoint%s", w->checkpoints,
			w->checkpoints == 1 ? "" : "s");
		for (unsigned i = 0; i < w->check->heads; i++)
			if (w->check->head[i].found)
				finding_ok(w->f, "ledger: it contains entry %" PRId64 " of %s",
					w->check->head[i].number, w->check->head[i].source);
	}
	say_known(w);
	sodium_bin2hex(hash, sizeof hash, w->last.hash, sizeof w->last.hash);
	fprintf(w->f->out, "head    %" PRId64 ":%s of %s\n", w->last.number, hash,
		clock_format(w->last.at, at));
}

void evidence_check_ledger(struct span text, const struct chain_check *check, struct findings *f)
{
	struct evidence_walk *w = calloc(1, sizeof *w);
	struct span line, rest = text;
	struct ledger_entry e;
	unsigned char previous[LEDGER_HASH_SIZE];
	unsigned before = f->broken;
	bool whole;
	if (!w) {
		finding_broken(f, "ledger: no memory for the check");
		return;
	}
	w->check = check;
	w->f = f;
	if (!next_evidence_line(&rest, &line, &whole) || line.n != strlen(CHAIN_HEADER) ||
		memcmp(line.p, CHAIN_HEADER, line.n) != 0) {
		finding_broken(f, "ledger: the text does not begin with \"%s\"", CHAIN_HEADER);
		goto out;
	}
	if (list_numbers(w, rest)) {
		finding_broken(f, "ledger: no memory for the check");
		goto out;
	}
	for (size_t number = 2; next_evidence_line(&rest, &line, &whole); number++) {
		if (!whole)
			finding_broken(
				f, "ledger: cut off at its end: line %zu is not complete", number);
		else if (!chain_parse(line, &e, previous))
			finding_broken(f, "ledger: line %zu was changed: it is no entry", number);
		else
			take_evidence_entry(w, &e, previous);
	}
	end_changed(w);
	judge_ends(w);
	if (w->last.number)
		judge_whole(w, before);
out:
	free(w->number);
	free(w);
}
