/*
 * Evidence is written here: files, a signature for each, and the list of their SHA-256 sums, which
 * is signed too, so that none goes missing unseen.
 */
#include "poller/post/evidence.h"

#include <errno.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sodium.h>
#include "classify/base/clock.h"
#include "classify/base/exitcode.h"
#include "poller/post/outfile.h"
#include "classify/base/files.h"
#include "classify/base/log.h"
#include "store/chain.h"

enum { PATH_SIZE = 4096 };

static const char how_to_check[] =
	"How to check this evidence\n"
	"\n"
	"1. Get the public key (56 characters that begin with RW) from somebody you trust, not only from " EVIDENCE_KEY
	" beside this file:\n"
	"   the administrator prints it with `retour audit key`, and each monthly mail ends with it.\n"
	"2. With the tools minisign and sha256sum, in this directory:\n"
	"       minisign -V -P KEY -m " EVIDENCE_SUMS "\n"
	"       sha256sum -c " EVIDENCE_SUMS "\n"
	"3. The chain of the ledger, with retour on any machine; it needs neither configuration, keys nor database:\n"
	"       retour audit verify --key KEY --head N:HASH .\n"
	"   N and HASH are what a monthly mail printed as the head of the ledger: take one that you have kept yourself. Without it the check cannot\n"
	"   tell an older copy, or a history that was written anew by whoever has the key, from the real one.\n";

static int join_path(char *out, const char *dir, const char *name, const char *ending)
{
	if (snprintf(out, PATH_SIZE, "%s/%s%s", dir, name, ending) < PATH_SIZE)
		return 0;
	log_error("%s/%s: path too long", dir, name);
	return -1;
}

int evidence_write(
	struct session *s, const char *dir, const char *name, struct span bytes, const char *what)
{
	char path[PATH_SIZE], signature[MINISIGN_TEXT_SIZE], comment[MINISIGN_COMMENT_SIZE];
	if (join_path(path, dir, name, "") || write_whole(path, bytes))
		return EXIT_LOST;
	snprintf(comment, sizeof comment, "file:%s\t%s", name, what);
	int result = store_sign(s->store, bytes.p, bytes.n, comment, signature);
	if (result)
		return session_store_failed(s, "signature", result);
	return join_path(path, dir, name, EVIDENCE_SIGNATURE) ||
			write_whole(path, span_of(signature))
		? EXIT_LOST
		: EXIT_WELL;
}

/* The text of the key's file; EXIT_LOST where there is no key yet. */
static int key_file(struct session *s, char *out, size_t size)
{
	char line[MINISIGN_KEY_TEXT_SIZE], id[MINISIGN_ID_TEXT_SIZE];
	struct minisign_public p;
	bool ready;
	int result = store_sign_public(s->store, &p, &ready);
	if (result)
		return session_store_failed(s, "signing key", result);
	if (!ready) {
		log_error("there is no signing key yet; the next run makes it");
		return EXIT_LOST;
	}
	minisign_key_text(&p, line);
	minisign_id_text(&p, id);
	snprintf(out, size, "untrusted comment: minisign public key %s\n%s\n", id, line);
	return EXIT_WELL;
}

int evidence_write_key(struct session *s, const char *dir)
{
	char path[PATH_SIZE], text[256];
	int result = key_file(s, text, sizeof text);
	if (result)
		return result;
	return join_path(path, dir, EVIDENCE_KEY, "") || write_whole(path, span_of(text))
		? EXIT_LOST
		: EXIT_WELL;
}

/* --- the export ----------------------------------------------------------- */

struct evidence_export {
	struct session *session;
	const struct audit_options *about;
	const char *dir, *what;
	FILE *sums;
	int result;
};

static void add_evidence_file(struct evidence_export *x, const char *name, struct span bytes)
{
	unsigned char sum[crypto_hash_sha256_BYTES];
	char hex[2 * sizeof sum + 1];
	if (x->result == EXIT_WELL)
		x->result = evidence_write(x->session, x->dir, name, bytes, x->what);
	crypto_hash_sha256(sum, (const unsigned char *)bytes.p, bytes.n);
	fprintf(x->sums, "%s  %s\n", sodium_bin2hex(hex, sizeof hex, sum, sizeof sum), name);
}

static int empty_directory(const char *dir)
{
	if (mkdir(dir, 0700) == 0)
		return 0;
	DIR *open = errno == EEXIST ? opendir(dir) : NULL;
	if (!open) {
		log_error("%s: %s%s", dir, strerror(errno), file_advice(dir, errno));
		return -1;
	}
	int entries = 0;
	while (readdir(open) && entries <= 2) /* "." and ".." */
		entries++;
	closedir(open);
	if (entries > 2)
		log_error("%s: not empty; evidence goes into a directory of its own", dir);
	return entries > 2 ? -1 : 0;
}

static void add_ledger(struct evidence_export *x)
{
	char error[512], text[CHECKPOINT_TEXT_SIZE];
	struct ledger_entry head;
	struct buffer ledger;
	if (evidence_ledger(x->session->store, &ledger, error, sizeof error)) {
		log_error("audit export: %s", error);
		x->result = EXIT_BROKEN;
		return;
	}
	add_evidence_file(x, EVIDENCE_LEDGER, (struct span){ ledger.p, ledger.n });
	buffer_free(&ledger);
	if (store_ledger_head(x->session->store, &head))
		x->result = exit_worse(
			x->result, session_store_failed(x->session, "ledger", STORE_FAILED));
	else
		add_evidence_file(x, EVIDENCE_CHECKPOINT,
			(struct span){ text, checkpoint_text(text, &head) });
}

static void add_audit(struct evidence_export *x, int64_t now, bool *broken)
{
	static const struct {
		enum report_format format;
		const char *name;
	} files[] = { { REPORT_TEXT, "audit.txt" }, { REPORT_XML, "audit.xml" },
		{ REPORT_HTML, "audit.html" } };
	struct audit *audit = NULL;
	char error[512];
	bool failed;
	failed = audit_load(&audit, x->session->store, now, x->about, error, sizeof error);
	for (size_t i = 0; !failed && i < sizeof files / sizeof *files; i++) {
		struct buffer text;
		failed = audit_format(audit, files[i].format, &text, error, sizeof error);
		if (!failed)
			add_evidence_file(x, files[i].name, (struct span){ text.p, text.n });
		buffer_free(&text);
	}
	*broken = !failed && audit_broken(audit);
	if (failed) {
		log_error("audit export: %s", error);
		x->result = exit_worse(x->result, EXIT_LOST);
	}
	audit_free(audit);
}

int evidence_export(
	struct session *s, const char *dir, const struct audit_options *about, int64_t now)
{
	char what[64], at[CLOCK_TEXT_SIZE], key[256];
	struct buffer sums = { 0 };
	struct evidence_export x = { .session = s, .about = about, .dir = dir, .what = what };
	bool broken = false;
	snprintf(what, sizeof what, "retour evidence of %s", clock_format(now, at));
	int result = store_sign_ready(s->store, now);
	if (!result)
		result = store_ledger(s->store, now, LEDGER_EVIDENCE_EXPORTED, "");
	if (result)
		return session_store_failed(s, "audit export", result);
	if ((result = key_file(s, key, sizeof key)))
		return result;
	if (empty_directory(dir))
		return EXIT_LOST;
	x.sums = open_memstream(&sums.p, &sums.n);
	if (!x.sums)
		return EXIT_LOST;
	add_audit(&x, now, &broken);
	add_ledger(&x);
	add_evidence_file(&x, EVIDENCE_KEY, span_of(key));
	add_evidence_file(&x, "VERIFY.txt", span_of(how_to_check));
	if (fclose(x.sums))
		x.result = exit_worse(x.result, EXIT_LOST);
	if (x.result == EXIT_WELL)
		x.result = evidence_write(
			s, dir, EVIDENCE_SUMS, (struct span){ sums.p, sums.n }, what);
	buffer_free(&sums);
	return broken ? exit_worse(x.result, EXIT_BROKEN) : x.result;
}
