/*
 * The key directory against what the store knows: for the audit, which must not believe names. A
 * key that was copied under another name outlives the month that it belongs to, so every file is
 * opened, and what has the form of a key is compared by its fingerprint.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "classify/base/files.h"
#include "store/intact.h"
#include "store/keyring.h"

enum {
	STRAY_READ_MAX = 64 << 10, /* of a file that is no key of ours */
	STRAYS_MAX = 100,          /* told; the directory may hold any number */
	WHAT_SIZE = 160,
	HEX_DIGITS = 2 * KEY_SIZE,
};

/* What lies there by right and is no key. */
static const char *const beside[] = { ".", "..", "erasures", "ledger-head", "lost+found" };

static bool belongs(const char *name)
{
	for (size_t i = 0; i < sizeof beside / sizeof *beside; i++)
		if (strcmp(name, beside[i]) == 0)
			return true;
	return strncmp(name, ".new-", strlen(".new-")) == 0;
}

/* Which key of the store has the fingerprint of KEY; "" none. *DESTROYED: one that it has had. */
static int whose(struct store *s, const unsigned char key[KEY_SIZE], char name[KEY_NAME_SIZE],
	bool *destroyed)
{
	unsigned char print[FINGERPRINT_SIZE];
	char pair[sizeof "fingerprint=" + STORE_FINGERPRINT_HEX] = "fingerprint=";
	struct ledger_entry e = { .number = 0 };

	key_fingerprint(print, key);
	sodium_bin2hex(pair + strlen(pair), STORE_FINGERPRINT_HEX, print, sizeof print);
	if (db_line(s, name, KEY_NAME_SIZE, SQL_KEY_OF, "b", print, FINGERPRINT_SIZE) ||
		store_ledger_last(s, LEDGER_KEY_DESTROYED, pair, &e))
		return STORE_FAILED;
	*destroyed = !*name && e.number;
	return STORE_OK;
}

/* Looks through TEXT for 64 hexadecimal digits that are a key of the store. */
static int find_key(
	struct store *s, const char *text, size_t n, char name[KEY_NAME_SIZE], bool *destroyed)
{
	unsigned char key[KEY_SIZE];
	size_t run = 0;
	int result = STORE_OK;

	for (size_t i = 0; i < n && !result && !*name && !*destroyed; i++) {
		run = strchr("0123456789abcdefABCDEF", text[i]) && text[i] ? run + 1 : 0;
		if (run < HEX_DIGITS ||
			sodium_hex2bin(key, sizeof key, text + i + 1 - HEX_DIGITS, HEX_DIGITS, NULL,
				NULL, NULL))
			continue;
		result = whose(s, key, name, destroyed);
	}
	sodium_memzero(key, sizeof key);
	return result;
}

static int read_stray(struct store *s, const char *file, char name[KEY_NAME_SIZE], bool *destroyed)
{
	int fd = openat(s->keys->dir, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC),
	    result = STORE_OK;
	char *text = malloc(STRAY_READ_MAX);
	struct stat st;
	ssize_t n = 0;

	*name = '\0';
	*destroyed = false;
	if (fd >= 0 && text && !fstat(fd, &st) && S_ISREG(st.st_mode) &&
		(n = read(fd, text, STRAY_READ_MAX)) > 0)
		result = find_key(s, text, (size_t)n, name, destroyed);
	struct key_content chained;
	if (!result && n > 0 && !*name && !*destroyed &&
		key_content_parse("state.key", text, (size_t)n, &chained))
		result = whose(s, chained.key, name, destroyed);
	sodium_memzero(&chained, sizeof chained);
	if (fd >= 0)
		close(fd);
	if (text)
		sodium_memzero(text, n > 0 ? (size_t)n : 0);
	free(text);
	return result;
}

/* Its name is whoever's put it there, so it is not told. */
static int tell_stray(struct store *s, const char *file, intact_visit *visit, void *context)
{
	char what[WHAT_SIZE], name[KEY_NAME_SIZE];
	bool destroyed;
	int result = read_stray(s, file, name, &destroyed);

	if (result)
		return result;
	if (*name)
		snprintf(what, sizeof what, "a copy of %s under another name", name);
	else
		snprintf(what, sizeof what,
			destroyed ? "a key that was destroyed, under another name"
				  : "a file or directory that is no key");
	return visit(context, what);
}

/*
 * A month's key that the store does not know was made in a transaction that was not finished, or
 * somebody wants no purge to destroy it. One that is not OURS, as its month was closed with
 * another, is left alone by purges.
 */
static int is_crossed_out(struct store *s, const char *file, bool *is, bool *ours)
{
	struct ledger_entry made = { .number = 0 }, gone = { .number = 0 };
	char pair[KEY_PAIR_SIZE];
	struct key_name k;

	if (!key_name_parse(file, &k) || !k.month)
		return STORE_OK;
	key_ledger_pair(file, pair);
	int result = store_ledger_last(s, LEDGER_KEY_CREATED, pair, &made);
	if (!result)
		result = store_ledger_last(s, LEDGER_KEY_DESTROYED, pair, &gone);
	*is = made.number > gone.number;
	if (!result && !*is)
		result = keys_month_ours(s, file, ours);
	return result;
}

/* A row that stands for a month which is not that of its key, which would outlive its own. */
static int tell_misplaced(struct store *s, intact_visit *visit, void *context)
{
	char what[WHAT_SIZE], name[KEY_NAME_SIZE] = "";

	if (db_line(s, name, sizeof name, SQL_KEY_MISPLACED, ""))
		return STORE_FAILED;
	if (!*name)
		return STORE_OK;
	snprintf(what, sizeof what, "a key that the store has for another month than its own");
	return visit(context, what);
}

/*
 * A key under its own name: are its bytes those that the store knows, and does no other key have
 * them?
 */
static int tell_key(struct store *s, const char *file, intact_visit *visit, void *context)
{
	char what[WHAT_SIZE], name[KEY_NAME_SIZE] = "";
	unsigned char key[KEY_SIZE];
	bool absent, destroyed = false;
	enum known known = KEY_KNOWN;
	int result = STORE_OK;

	if (keyfile_read(s, file, key, &absent)) {
		char other[KEY_NAME_SIZE];
		result = read_stray(s, file, other,
			&destroyed); /* damaged, or another key's file under this name */
		snprintf(what, sizeof what,
			*other ? "%s is no key file for that name, and holds %s"
			       : "%s is no key file for that name",
			file, other);
		return result ? result : visit(context, what);
	}
	if (!absent)
		result = keys_lookup(s, file, key, &known);
	if (!result && !absent && known == KEY_UNKNOWN)
		result = whose(s, key, name, &destroyed);
	sodium_memzero(key, sizeof key);
	bool nobodys = known == KEY_UNKNOWN && !*name && !destroyed, crossed_out = false,
	     ours = true;
	if (!result && !absent && nobodys)
		result = is_crossed_out(s, file, &crossed_out, &ours);
	if (result || absent || known == KEY_KNOWN || (nobodys && !crossed_out && ours))
		return result;
	if (crossed_out)
		snprintf(what, sizeof what,
			"%s: the ledger has this month's key, and the store does not know it any more",
			file);
	else if (known == KEY_OTHER || !ours)
		snprintf(what, sizeof what,
			"%s is not the key that this store used under that name", file);
	else
		snprintf(what, sizeof what,
			destroyed ? "%s%s is a key that was destroyed" : "%s has the bytes of %s",
			file, name);
	return visit(context, what);
}

int store_keys_strange(struct store *s, intact_visit *visit, void *context)
{
	DIR *dir = directory_of(openat(s->keys->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	int result = STORE_OK;
	struct dirent *entry;
	struct key_name k;

	if (!dir)
		return key_error(s, ".", "the directory cannot be read");
	for (unsigned told = 0; !result && told < STRAYS_MAX && (entry = readdir(dir)); told++) {
		if (belongs(entry->d_name))
			continue;
		bool key = strlen(entry->d_name) < KEY_NAME_SIZE &&
			key_name_parse(entry->d_name, &k);
		result = key ? tell_key(s, entry->d_name, visit, context)
			     : tell_stray(s, entry->d_name, visit, context);
	}
	closedir(dir);
	return result ? result : tell_misplaced(s, visit, context);
}
