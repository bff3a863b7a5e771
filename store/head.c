/*
 * Whether the store is as new as its keys. Beside the keys lies "ledger-head", the ledger's last
 * entry as a checkpoint has it (chain.c), written when a store that wrote is closed. A store in
 * whose ledger that entry is missing, or another, is an older copy that somebody put back, or was
 * cut. What was erased since is erased again as long as the list of erasures knows of it
 * (erasure.c); a copy that is older than that brings the forgotten back, and is refused.
 *
 * A copy that `retour backup` made is known by its mark (backup.c), and may be older.
 */
#include <stdio.h>
#include <stdlib.h>
#include "store/chain.h"
#include "store/intact.h"
#include "store/internal.h"
#include "store/head.h"
#include "store/ownkeys.h"

static const char head_name[] = "ledger-head";

/* NOTED: what the file says; number 0: there is none. */
static int read_noted(struct store *s, struct ledger_entry *noted)
{
	char *text;
	size_t n;
	int result = keys_file_read(s, head_name, CHECKPOINT_TEXT_SIZE, &text, &n);

	memset(noted, 0, sizeof *noted);
	if (result || !text)
		return result;
	if (!checkpoint_parse((struct span){ text, n }, noted))
		result = store_fail(s, STORE_KEYS, "%s/%s: damaged", s->o.keys_dir, head_name);
	free(text);
	return result;
}

int store_is_older(struct store *s, bool *older, struct ledger_entry *noted)
{
	unsigned char hash[LEDGER_HASH_SIZE];
	int64_t same = 0, first = 0;
	int result = read_noted(s, noted);

	*older = false;
	memcpy(hash, noted->hash, sizeof hash);
	if (result || !noted->number)
		return result;
	if (db_int(s, &same, SQL_LEDGER_IS, "ib", noted->number, hash, LEDGER_HASH_SIZE) ||
		db_int(s, &first, SQL_LEDGER_FIRST, ""))
		return STORE_FAILED;
	*older = !same && noted->number >= first; /* not one that the ledger's own period took */
	return STORE_OK;
}

int head_explain(struct store *s, int result)
{
	char why[512];
	struct ledger_entry noted;
	bool older;

	if (result != STORE_KEYS || !s->keys)
		return result;
	snprintf(why, sizeof why, "%s", store_error(s));
	if (store_is_older(s, &older, &noted) || !older)
		return store_fail(s, result, "%s", why);
	return store_fail(s, result,
		"%s. This copy of the store is older than the last that the keys remember: a state key came to its end since, or was lost. "
		"Restore a newer backup; or put the key back from where it was copied to while it was in use, and then have erased again who was erased since",
		why);
}

int head_settle(struct store *s, bool restored, int64_t now)
{
	struct ledger_entry noted, last;
	char detail[96];
	bool older;
	int result = store_is_older(s, &older, &noted);

	if (result || !older || restored)
		return result;
	if ((result = store_ledger_head(s, &last)))
		return result;
	if (last.at < now - s->o.retention[RETAIN_BACKUPS].period - DAY)
		return store_fail(s, STORE_BROKEN,
			"%s: an older copy: it ends before [retention] backups, and what was erased since is not known any more. "
			"To use it all the same remove %s/%s",
			s->o.path, s->o.keys_dir, head_name);
	snprintf(detail, sizeof detail, "entry=%lld known=%lld", (long long)last.number,
		(long long)noted.number);
	return store_ledger(s, now, LEDGER_STORE_OLDER, detail);
}

int head_note(struct store *s)
{
	char text[CHECKPOINT_TEXT_SIZE];
	struct ledger_entry last;

	if (s->o.read_only || !s->ledgered || store_ledger_head(s, &last) || !last.number)
		return STORE_OK;
	s->ledgered = false;
	return keys_file_write(s, head_name, text, checkpoint_text(text, &last));
}

/* --- witnesses outside ---------------------------------------------------- */

enum { TOLD_NAME_SIZE = 32 };

int store_head_told(struct store *s, const char *way, int64_t *what)
{
	char name[TOLD_NAME_SIZE];

	*what = 0;
	snprintf(name, sizeof name, "head-%s", way);
	return db_int(s, what, SQL_META_GET, "t", name);
}

int store_head_tell(struct store *s, const char *way, int64_t what)
{
	char name[TOLD_NAME_SIZE], text[24];

	snprintf(name, sizeof name, "head-%s", way);
	snprintf(text, sizeof text, "%lld", (long long)what);
	return db_run(s, SQL_META_PUT, "tt", name, text);
}
