/*
 * Evidence is checked here, on a machine that needs neither configuration, keys nor store. What
 * lies in the directory may be anybody's: names are plain ones, links are not followed, and each
 * file has a limit.
 */
#include "poller/post/evidence.h"
#include "poller/post/evidencewitness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sodium.h>
#include "classify/base/files.h"
#include "classify/base/exitcode.h"
#include "poller/mailbox/local.h"
#include "classify/base/log.h"
#include "store/chain.h"

enum {
	NAME_SIZE = 256,
	FILES_MAX = 64, /* that a list of sums may name */
	FILE_MAX = LEDGER_TEXT_MAX,
	SUM_HEX = 2 * crypto_hash_sha256_BYTES,
};

struct checking {
	const struct verify_options *o;
	int dir;
	struct minisign_public key;
	struct findings findings;
	struct heads heads;
	char export[MINISIGN_COMMENT_SIZE]; /* of which export the list of sums is; "": none yet */
	char listed[FILES_MAX][NAME_SIZE];
	unsigned files;
	bool chain; /* a ledger was checked */
};

static struct span span_in(const struct wiped *w)
{
	return (struct span){ w->p, w->n };
}

/* 1, or 0 after saying why not. */
static int read_evidence_file(struct checking *c, const char *name, struct wiped *out)
{
	struct stat st;
	int result = file_read(c->dir, name, FILE_MAX, out, &st);
	if (result == 1 && (uint64_t)st.st_size > FILE_MAX)
		finding_broken(&c->findings, "%s: larger than anything that is exported", name);
	else if (result == 0)
		finding_broken(&c->findings, "%s: is missing, or no regular file", name);
	else if (result < 0)
		finding_broken(&c->findings, "%s: %s", name, strerror(errno));
	else
		return 1;
	return 0;
}

/*
 * The trusted comment begins with the file's name: a good signature of another file does not count.
 */
static bool names_file(const char *comment, const char *name)
{
	size_t n = strlen(name);
	return strncmp(comment, "file:", 5) == 0 && strncmp(comment + 5, name, n) == 0 &&
		(comment[5 + n] == '\t' || !comment[5 + n]);
}

/* What the signature's comment says behind the file's name. */
static const char *export_of(const char *comment)
{
	const char *tab = strchr(comment, '\t');
	return tab ? tab + 1 : "";
}

/* A file of another day, with its own good signature, is no part of this evidence. */
static bool check_export(struct checking *c, const char *name, const char *comment)
{
	char clean[MINISIGN_COMMENT_SIZE * 4];
	log_clean(clean, sizeof clean, export_of(comment));
	bool same = !*c->export || !strcmp(c->export, export_of(comment));
	if (same)
		finding_ok(&c->findings, "%s: signed; %s", name, clean);
	else
		finding_broken(&c->findings, "%s: is of another export: %s", name, clean);
	return same;
}

static bool check_signature(struct checking *c, const char *name, struct span bytes,
	char comment[MINISIGN_COMMENT_SIZE])
{
	static const char *const words[] = {
		[MINISIGN_UNREADABLE] = "its signature file is damaged",
		[MINISIGN_OTHER_KEY] = "signed by another key",
		[MINISIGN_BAD] = "was changed: the signature is not of these bytes",
		[MINISIGN_BAD_COMMENT] = "the comment of its signature was changed"
	};
	char path[NAME_SIZE + sizeof EVIDENCE_SIGNATURE];
	struct wiped text = { 0 };
	bool good = false;
	snprintf(path, sizeof path, "%s" EVIDENCE_SIGNATURE, name);
	*comment = '\0';
	if (read_evidence_file(c, path, &text)) {
		enum minisign_result result = minisign_check(
			text.p, text.n, &c->key, bytes.p, bytes.n, comment);
		good = result == MINISIGN_GOOD && names_file(comment, name);
		if (good)
			good = check_export(c, name, comment);
		else
			finding_broken(&c->findings, "%s: %s", name,
				result == MINISIGN_GOOD ? "carries the signature of another file"
							: words[result]);
	}
	wiped_free(&text);
	return good;
}

/* --- the list of sums ----------------------------------------------------- */

static bool is_listed(const struct checking *c, const char *name)
{
	size_t n = strlen(name), ending = sizeof EVIDENCE_SIGNATURE - 1;
	if (n > ending && strcmp(name + n - ending, EVIDENCE_SIGNATURE) == 0)
		n -= ending;
	for (unsigned i = 0; i < c->files; i++)
		if (strlen(c->listed[i]) == n && strncmp(c->listed[i], name, n) == 0)
			return true;
	return strlen(EVIDENCE_SUMS) == n && strncmp(EVIDENCE_SUMS, name, n) == 0;
}

static void check_listed(struct checking *c, const char *name, const char *hex)
{
	unsigned char sum[crypto_hash_sha256_BYTES];
	char real[SUM_HEX + 1], comment[MINISIGN_COMMENT_SIZE];
	struct wiped bytes = { 0 };
	if (read_evidence_file(c, name, &bytes)) {
		crypto_hash_sha256(sum, (const unsigned char *)bytes.p, bytes.n);
		sodium_bin2hex(real, sizeof real, sum, sizeof sum);
		if (strcmp(real, hex) != 0)
			finding_broken(&c->findings,
				"%s: was changed: its sum is not the one in " EVIDENCE_SUMS, name);
		else
			check_signature(c, name, span_in(&bytes), comment);
	}
	wiped_free(&bytes);
}

/* Whoever has the key can sign a list in which the part that speaks against him is not named. */
static void check_all_listed(struct checking *c)
{
	static const char *const wanted[] = { EVIDENCE_LEDGER, EVIDENCE_CHECKPOINT, "audit.txt",
		"audit.xml", "audit.html" };
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
		if (!is_listed(c, wanted[i]))
			finding_broken(&c->findings,
				EVIDENCE_SUMS ": does not name %s, which each export has",
				wanted[i]);
}

static void check_sums(struct checking *c)
{
	char comment[MINISIGN_COMMENT_SIZE];
	struct wiped sums = { 0 };
	struct span rest, line;
	if (!read_evidence_file(c, EVIDENCE_SUMS, &sums))
		goto out;
	if (check_signature(c, EVIDENCE_SUMS, span_in(&sums), comment))
		snprintf(c->export, sizeof c->export, "%s", export_of(comment));
	rest = span_in(&sums);
	while (span_line(&rest, &line)) {
		char text[SUM_HEX + 2 + NAME_SIZE] = "", *name = text + SUM_HEX + 2;
		if (line.n < sizeof text)
			memcpy(text, line.p, line.n);
		if (strncmp(text + SUM_HEX, "  ", 2) != 0 || !folder_name_valid(name) ||
			c->files == FILES_MAX) {
			finding_broken(&c->findings, EVIDENCE_SUMS ": a line names no file");
			continue;
		}
		if (is_listed(c, name)) {
			finding_broken(&c->findings, EVIDENCE_SUMS ": names %s twice", name);
			continue;
		}
		text[SUM_HEX] = '\0';
		snprintf(c->listed[c->files++], NAME_SIZE, "%s", name);
		check_listed(c, name, text);
	}
	check_all_listed(c);
out:
	wiped_free(&sums);
}

/* What nobody signed must not pass for a part of it. */
static void check_strangers(struct checking *c)
{
	DIR *dir = directory_of(openat(c->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	char clean[NAME_SIZE * 4];
	if (!dir) {
		finding_broken(&c->findings, "the directory cannot be listed");
		return;
	}
	for (struct dirent *entry; (entry = readdir(dir));)
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..") &&
			!is_listed(c, entry->d_name))
			finding_broken(&c->findings, "%s: was added: it is no part of the evidence",
				log_clean(clean, sizeof clean, entry->d_name));
	closedir(dir);
}

/* --- ledger and heads ----------------------------------------------------- */

static void add_head(struct checking *c, const char *source, bool own, const struct ledger_entry *e)
{
	struct known_head h = { .source = source, .number = e->number, .own = own };
	memcpy(h.hash, e->hash, sizeof h.hash);
	if (!heads_add(&c->heads, &h))
		finding_broken(&c->findings, "no memory for the head of %s", source);
}

static void check_ledger(struct checking *c, const char *name)
{
	struct wiped text = { 0 };
	struct stat st;
	if (file_read(c->dir, name, FILE_MAX, &text, &st) == 1) {
		struct chain_check check = {
			.head = c->heads.head, .heads = c->heads.n, .key = &c->key
		};
		char path[NAME_SIZE + sizeof EVIDENCE_SIGNATURE], comment[MINISIGN_COMMENT_SIZE];
		struct wiped signature = { 0 };
		snprintf(path, sizeof path, "%s" EVIDENCE_SIGNATURE, name);
		check.vouched = file_read(c->dir, path, FILE_MAX, &signature, &st) == 1 &&
			minisign_check(signature.p, signature.n, &c->key, text.p, text.n,
				comment) == MINISIGN_GOOD;
		wiped_free(&signature);
		evidence_check_ledger(span_in(&text), &check, &c->findings);
		c->chain = true;
	}
	wiped_free(&text);
}

/* The checkpoint that lies with the evidence; that it is signed has been checked. */
static void take_own_checkpoint(struct checking *c)
{
	struct wiped text = { 0 };
	struct ledger_entry e;
	struct stat st;
	if (file_read(c->dir, EVIDENCE_CHECKPOINT, FILE_MAX, &text, &st) == 1) {
		if (checkpoint_parse(span_in(&text), &e))
			add_head(c, EVIDENCE_CHECKPOINT, true, &e);
		else
			finding_broken(&c->findings,
				EVIDENCE_CHECKPOINT ": was changed: it is no checkpoint");
	}
	wiped_free(&text);
}

/* --- paths ---------------------------------------------------------------- */

/*
 * Opens the directory in which PATH lies, and cuts its last name out. Descriptor, or -1 after
 * saying why.
 */
static int open_parent(const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	char *parent = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path))
			     : strdup(".");
	int dir = parent ? open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	*name = slash ? slash + 1 : path;
	if (dir < 0)
		log_error("%s: %s", path, strerror(errno));
	free(parent);
	return dir;
}

/* A checkpoint that the auditor brings, from an earlier export. */
static int check_checkpoint(struct checking *c, const char *path)
{
	int evidence = c->dir, result = EXIT_LOST;
	char comment[MINISIGN_COMMENT_SIZE];
	struct wiped text = { 0 };
	struct ledger_entry e;
	const char *name;
	c->dir = open_parent(path, &name);
	if (c->dir >= 0 && read_evidence_file(c, name, &text) &&
		check_signature(c, name, span_in(&text), comment)) {
		result = EXIT_WELL;
		if (checkpoint_parse(span_in(&text), &e))
			add_head(c, path, false, &e);
		else
			finding_broken(&c->findings, "%s: is no checkpoint", path);
	}
	wiped_free(&text);
	if (c->dir >= 0)
		close(c->dir);
	c->dir = evidence;
	return result;
}

/* THERE: a file was there, or a directory, which is none. */
static int no_trusted_key(const struct checking *c, const char *path, bool there)
{
	if (!there && !c->o->key)
		log_error(
			"%s: no " EVIDENCE_KEY
			" in it; right would be what `retour audit export` wrote, or its key with --key",
			path);
	else
		log_error("%s: %s; right would be what `retour audit key` prints, or a file of it",
			c->o->key ? c->o->key : EVIDENCE_KEY,
			there ? "no public key" : "no such file, and no public key either");
	return EXIT_USAGE;
}

/* The key that the auditor trusts, else the one that lies with the evidence in PATH. */
static int take_trusted_key(struct checking *c, const char *path)
{
	const char *given = c->o->key, *name = EVIDENCE_KEY;
	char line[MINISIGN_KEY_TEXT_SIZE], id[MINISIGN_ID_TEXT_SIZE];
	struct wiped text = { 0 };
	struct stat st;
	bool good = given && minisign_key_parse(given, strlen(given), &c->key), there = false;
	if (!good) {
		int dir = given ? open_parent(given, &name) : c->dir;
		there = dir >= 0 && file_read(dir, name, MINISIGN_TEXT_SIZE, &text, &st);
		good = there && text.p && minisign_key_parse(text.p, text.n, &c->key);
		if (given && dir >= 0)
			close(dir);
		wiped_free(&text);
	}
	if (!good)
		return no_trusted_key(c, path, there);
	minisign_key_text(&c->key, line);
	minisign_id_text(&c->key, id);
	printf("key     %s (id %s)%s\n", line, id,
		given ? ""
		      : ", which lies with the evidence: compare it with the one that you were given");
	return EXIT_WELL;
}

static int open_evidence(struct checking *c, const char *path, const char **name)
{
	*name = NULL;
	c->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->dir < 0 && errno == ENOTDIR)
		c->dir = open_parent(path, name);
	else if (c->dir < 0)
		log_error("%s: %s", path, strerror(errno));
	return c->dir < 0 ? EXIT_LOST : EXIT_WELL;
}

static void check_directory(struct checking *c)
{
	check_sums(c);
	check_strangers(c);
	take_own_checkpoint(c);
	check_ledger(c, EVIDENCE_LEDGER);
}

/* One file: its signature, and the chain when it is a ledger. */
static void check_file(struct checking *c, const char *name)
{
	char comment[MINISIGN_COMMENT_SIZE];
	struct wiped bytes = { 0 };
	if (read_evidence_file(c, name, &bytes)) {
		check_signature(c, name, span_in(&bytes), comment);
		if (span_starts_nocase(span_in(&bytes), span_of("retour ledger ")))
			check_ledger(c, name);
		else if (c->heads.n)
			finding_broken(
				&c->findings, "%s: holds no ledger to look for a head in", name);
	}
	wiped_free(&bytes);
}

int evidence_verify(const char *path, const struct verify_options *o)
{
	struct checking *c = calloc(1, sizeof *c);
	const char *name;
	int result = EXIT_LOST;
	if (!c)
		return EXIT_LOST;
	*c = (struct checking){ .o = o, .dir = -1, .findings = { .out = stdout } };
	for (unsigned i = 0; i < o->heads; i++)
		if (!heads_add(&c->heads, &o->head[i]))
			goto out;
	if ((result = open_evidence(c, path, &name)) || (result = take_trusted_key(c, path)))
		goto out;
	if (o->checkpoint && (result = check_checkpoint(c, o->checkpoint)))
		goto out;
	if ((o->log && (result = witness_heads(o->log, &c->heads, &c->findings))) ||
		(o->stamps && (result = witness_stamps(o->stamps, o->ca, &c->heads, &c->findings))))
		goto out;
	if (name)
		check_file(c, name);
	else
		check_directory(c);
	if (c->chain && !o->heads && !o->checkpoint && !o->log && !o->stamps)
		puts("note    no head was given: an older copy, or a history written anew with the key, would not show. Take one from a monthly mail: --head N:HASH");
	if (c->findings.broken)
		printf("The evidence does NOT hold: %u finding%s.\n", c->findings.broken,
			c->findings.broken == 1 ? "" : "s");
	else
		puts("The evidence holds.");
	result = c->findings.broken ? EXIT_BROKEN : EXIT_WELL;
out:
	if (c->dir >= 0)
		close(c->dir);
	free(c->heads.head);
	free(c);
	return result;
}
