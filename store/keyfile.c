/*
 * The key directory: mode 0700, ours; in it one file per key, mode 0600.
 *
 *   state.key           pseudonyms of contacts; long-lived. Replaced by state-2.key, then
 *                       state-3.key and so on (store_key_add)
 *   message.key         keys of messages seen; long-lived
 *   erasure.key         erasures, the list that a restored backup is held to (erasure.c); made by
 *                       the first erasure
 *   sites.key           seals what goes from site to site (site.h); the same at all of them, made
 *                       by the first `retour changes`
 *   verp-KK.key         return paths (verp.c); KK are the two characters by which a token names
 *                       it; the newest signs, all check
 *   sign.key            seed of the Ed25519 key that signs evidence (sign.c); made at the first
 *                       need
 *   event-YYYY-MM.key   pseudonyms of the events that arrived in that month (UTC); destroyed when
 *                       the last of them is gone. Where it is lost, event-YYYY-MM-2.key and so on
 *                       (keymonth.c)
 *
 * Keys without a month may come as systemd credentials instead, files of the same names in a
 * directory that is only read.
 *
 * A file is two lines: "retour key 1 PURPOSE" (for event keys with " YYYY-MM" behind it) and 64
 * hexadecimal digits. All keys are random and independent.
 *
 * A state key that was made where several sites have one memory has three: "retour key 2 state", 64
 * digits, and "after " with the fingerprint of the state key before it. It is chained to that: its
 * name for somebody is that key's, sealed under it, whoever was known when, so that a name under
 * the one can be brought under the other without the address (site.h). The key is BLAKE2b-256 under
 * the 64 digits of "retour state key 2" NUL and that fingerprint: without its third line a file is
 * another key.
 *
 * A file appears complete or not at all:
 * it is written under a name of its own (".new-" and 16 digits), synced, then renamed to its name,
 * which fails if another process was first; then the other's key is the key. It goes in one step,
 * too: it is renamed to ".new-" and 16 digits, and only under that name overwritten with noise.
 * What a kill leaves there, the next purge takes away. What was left there and has a second name is
 * never overwritten: that may be a live key.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "classify/base/files.h"
#include "store/keyring.h"
#include "store/opener.h"

enum {
	KEY_HEX_SIZE = 2 * KEY_SIZE + 1,
	FILE_SIZE_MAX = 128,
	KEYS_MAX = 4096, /* files looked at in the directory */
};

int key_error(struct store *s, const char *name, const char *what)
{
	return store_fail(s, STORE_KEYS, "key %s/%s: %s", s->o.keys_dir, name, what);
}

static const char chained_header[] = "retour key 2 state\n", after_word[] = "after ";

static void header_of(const char *name, char *out, size_t size)
{
	struct key_name k;

	key_name_parse(name, &k);
	if (k.month)
		snprintf(out, size, "retour key 1 event %04d-%02d\n", k.month / 100, k.month % 100);
	else
		snprintf(out, size, "retour key 1 %s\n", k.purpose);
}

/* A lasting key may be a credential; -1, with errno, when it is none. */
static int open_credential(const struct store *s, const char *name)
{
	char path[4096];
	struct key_name k;

	if (!key_name_parse(name, &k) || k.month ||
		(size_t)snprintf(path, sizeof path, "%s/%s", s->o.credentials_dir, name) >=
			sizeof path) {
		errno = ENOENT;
		return -1;
	}
	if (store_files_opener())
		return store_files_opener()(STORE_FILE_CREDENTIAL, name);
	return open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
}

static int open_in_directory(const struct store *s, const char *name)
{
	if (store_files_opener())
		return store_files_opener()(STORE_FILE_KEY, name);
	return openat(s->keys->dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
}

static int wrong_file(struct store *s, const char *dir, const char *name, const char *what)
{
	return store_fail(s, STORE_KEYS, "key %s/%s: %s", dir, name, what);
}

/* Opens NAME for reading, if it is ours alone. *FD is -1, and 0 returned, when there is none. */
static int open_key_file(struct store *s, const char *name, int *fd)
{
	const char *dir = s->o.keys_dir;
	int result = STORE_OK;
	struct stat st;

	*fd = open_in_directory(s, name);
	bool credential = *fd < 0 && errno == ENOENT && s->o.credentials_dir;
	if (credential) {
		dir = s->o.credentials_dir;
		*fd = open_credential(s, name);
	}
	if (*fd < 0)
		return errno == ENOENT ? STORE_OK : wrong_file(s, dir, name, strerror(errno));
	if (fstat(*fd, &st) || !S_ISREG(st.st_mode))
		result = wrong_file(s, dir, name, "not a regular file");
	else if (st.st_uid != geteuid() && !(credential && st.st_uid == 0))
		result = wrong_file(s, dir, name, "belongs to another user");
	else if (credential && !(st.st_mode & (S_IWGRP | S_IRWXO)))
		result = STORE_OK; /* systemd opens it to the service by an ACL, which shows as
				      group bits */
	else if (st.st_mode & 077)
		result = store_fail(s, STORE_KEYS,
			"key %s/%s: mode %04o lets others in; do: chmod 0600 %s/%s", dir, name,
			(unsigned)st.st_mode & 07777, dir, name);
	if (result)
		close(*fd);
	return result;
}

/* N bytes in hexadecimal at the begin of a line. */
static bool hex_line(const char *text, size_t size, unsigned char *out, size_t n)
{
	size_t bytes = 0;

	return size >= 2 * n && !sodium_hex2bin(out, n, text, 2 * n, NULL, &bytes, NULL) &&
		bytes == n;
}

/* The key of a file whose digits are in OUT, and that follows on the one whose print is. */
static void chain_key(struct key_content *out)
{
	unsigned char input[sizeof "retour state key 2" + FINGERPRINT_SIZE] = "retour state key 2";

	memcpy(input + sizeof "retour state key 2", out->after, FINGERPRINT_SIZE);
	crypto_generichash(out->key, KEY_SIZE, input, sizeof input, out->key, KEY_SIZE);
}

bool key_content_parse(const char *name, const char *text, size_t n, struct key_content *out)
{
	const size_t word = sizeof after_word - 1;
	char header[64];
	struct key_name k;

	memset(out, 0, sizeof *out);
	header_of(name, header, sizeof header);
	size_t head = strlen(header);
	if (key_name_parse(name, &k) && strcmp(k.purpose, "state") == 0 && n > head &&
		strncmp(text, chained_header, head) == 0)
		out->chained = true;
	if (n <= head || (!out->chained && strncmp(text, header, head) != 0) ||
		!hex_line(text + head, n - head, out->key, KEY_SIZE))
		return false;
	if (!out->chained)
		return true;
	const char *last = memchr(text + head, '\n', n - head);
	n -= last ? (size_t)(++last - text) : n;
	if (n <= word || strncmp(last, after_word, word) != 0 ||
		!hex_line(last + word, n - word, out->after, FINGERPRINT_SIZE))
		return false;
	chain_key(out);
	return true;
}
_Static_assert(
	sizeof chained_header == sizeof "retour key 1 state\n", "one length of both headers");

int keyfile_content(struct store *s, const char *name, struct key_content *out, bool *absent)
{
	char text[FILE_SIZE_MAX + 1];
	int fd, result = STORE_OK;

	*absent = false;
	if (open_key_file(s, name, &fd))
		return STORE_KEYS;
	*absent = fd < 0;
	if (*absent)
		return STORE_OK;
	ssize_t n = read(fd, text, FILE_SIZE_MAX);
	if (n < 0 || !key_content_parse(name, text, (size_t)n, out))
		result = key_error(s, name, "damaged: not a key file, or one for another purpose");
	sodium_memzero(text, sizeof text);
	close(fd);
	return result;
}

int keyfile_read(struct store *s, const char *name, unsigned char key[KEY_SIZE], bool *absent)
{
	struct key_content content;
	int result = keyfile_content(s, name, &content, absent);

	if (!result && !*absent)
		memcpy(key, content.key, KEY_SIZE);
	sodium_memzero(&content, sizeof content);
	return result;
}

bool keyfile_peek(struct store *s, const char *name, unsigned char key[KEY_SIZE])
{
	int fd = openat(s->keys->dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct key_content content;
	char text[FILE_SIZE_MAX];
	struct stat st;
	ssize_t n = fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode) ? read(fd, text, sizeof text)
								      : -1;
	bool is = n > 0 && key_content_parse(name, text, (size_t)n, &content);

	if (is)
		memcpy(key, content.key, KEY_SIZE);
	sodium_memzero(text, sizeof text);
	sodium_memzero(&content, sizeof content);
	if (fd >= 0)
		close(fd);
	return is;
}

static int write_synced(int fd, const char *text, size_t n)
{
	return write_all(fd, (struct span){ text, n }) ? -1 : fsync(fd);
}

/* A name that no key has, for a file on its way in or out. */
static void temporary_name(char temporary[KEY_NAME_SIZE])
{
	unsigned char number[8];
	char hex[2 * sizeof number + 1];

	randombytes_buf(number, sizeof number);
	sodium_bin2hex(hex, sizeof hex, number, sizeof number);
	snprintf(temporary, KEY_NAME_SIZE, ".new-%.16s", hex);
}

/* A file under a name of its own, for what is to become NAME; its descriptor, or -1. */
static int begin_file(struct store *s, const char *name, char temporary[KEY_NAME_SIZE])
{
	temporary_name(temporary);
	int fd = openat(s->keys->dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		key_error(s, name, strerror(errno));
	return fd;
}

/*
 * TEMPORARY becomes NAME in one step, unless there is one: then EEXIST. A file system that cannot
 * do that links, and the second name goes after; a kill in between leaves both names, which
 * keyfile_destroy() knows.
 */
static int name_file(struct store *s, const char *temporary, const char *name)
{
	if (!renameat2(s->keys->dir, temporary, s->keys->dir, name, RENAME_NOREPLACE))
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	if (linkat(s->keys->dir, temporary, s->keys->dir, name, 0))
		return -1;
	unlinkat(s->keys->dir, temporary, 0);
	return 0;
}

int keyfile_take(struct store *s, const char *name, const char *text, size_t n)
{
	char temporary[KEY_NAME_SIZE];
	int result = STORE_OK, fd = begin_file(s, name, temporary);

	if (fd < 0)
		return STORE_KEYS;
	if (write_synced(fd, text, n) || name_file(s, temporary, name)) {
		if (errno != EEXIST)
			result = key_error(s, name, strerror(errno));
		unlinkat(s->keys->dir, temporary, 0);
	}
	if (fsync(s->keys->dir) && !result)
		result = key_error(s, name, strerror(errno));
	close(fd);
	return result;
}

int keyfile_make(struct store *s, const char *name, const unsigned char after[FINGERPRINT_SIZE])
{
	char text[FILE_SIZE_MAX], hex[KEY_HEX_SIZE], print[2 * FINGERPRINT_SIZE + 1];
	unsigned char key[KEY_SIZE];

	crypto_generichash_keygen(key);
	sodium_bin2hex(hex, sizeof hex, key, sizeof key);
	if (after)
		strcpy(text, chained_header);
	else
		header_of(name, text, sizeof text);
	size_t n = strlen(text);
	n += (size_t)snprintf(text + n, sizeof text - n, "%s\n", hex);
	if (after)
		n += (size_t)snprintf(text + n, sizeof text - n, "%s%s\n", after_word,
			sodium_bin2hex(print, sizeof print, after, FINGERPRINT_SIZE));
	int result = keyfile_take(s, name, text, n);
	sodium_memzero(key, sizeof key);
	sodium_memzero(hex, sizeof hex);
	sodium_memzero(text, sizeof text);
	return result;
}
_Static_assert(crypto_generichash_KEYBYTES == KEY_SIZE, "libsodium's recommended key size");

int keys_file_read(struct store *s, const char *name, size_t max, char **text, size_t *n)
{
	ssize_t got = 0;
	int fd;

	*text = NULL;
	*n = 0;
	if (open_key_file(s, name, &fd))
		return STORE_KEYS;
	if (fd < 0)
		return STORE_OK;
	off_t size = lseek(fd, 0, SEEK_END);
	if (size >= 0 && (size_t)size <= max && (*text = malloc((size_t)size + 1)))
		while (*n < (size_t)size &&
			(got = pread(fd, *text + *n, (size_t)size - *n, (off_t)*n)) > 0)
			*n += (size_t)got;
	close(fd);
	if (!*text || *n < (size_t)size) {
		free(*text);
		*text = NULL;
		return key_error(s, name, "cannot be read, or too large");
	}
	(*text)[*n] = '\0';
	return STORE_OK;
}

int keys_file_write(struct store *s, const char *name, const char *text, size_t n)
{
	char temporary[KEY_NAME_SIZE];
	int result = STORE_OK, fd = begin_file(s, name, temporary);

	if (fd < 0)
		return STORE_KEYS;
	if (write_synced(fd, text, n) || renameat(s->keys->dir, temporary, s->keys->dir, name)) {
		result = key_error(s, name, strerror(errno));
		unlinkat(s->keys->dir, temporary, 0);
	}
	close(fd);
	if (!result && fsync(s->keys->dir))
		result = key_error(s, name, strerror(errno));
	return result;
}

int keyfile_load(struct store *s, const char *name, bool make, unsigned char key[KEY_SIZE])
{
	bool absent;

	if (keyfile_read(s, name, key, &absent))
		return STORE_KEYS;
	if (absent && make && (keyfile_make(s, name, NULL) || keyfile_read(s, name, key, &absent)))
		return STORE_KEYS;
	if (absent)
		return key_error(s, name,
			"missing; without it the store cannot be used. Put it back, or start over with a new store");
	return STORE_OK;
}

static int open_directory(const char *path, enum store_file what)
{
	return store_files_opener() ? store_files_opener()(what, "")
				    : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int keyfile_directory(struct store *s, bool make)
{
	struct stat st;

	if (make &&
		((mkdir(s->o.keys_dir, 0700) && errno != EEXIST) || directory_sync(s->o.keys_dir)))
		return store_fail(
			s, STORE_KEYS, "key directory %s: %s", s->o.keys_dir, strerror(errno));
	s->keys->dir = open_directory(s->o.keys_dir, STORE_FILE_KEYS);
	if (s->keys->dir < 0 && errno == ENOENT)
		return store_fail(s, STORE_KEYS,
			"key directory %s: not there, and without its keys the store cannot be used; put it back, retour-recovery(7)",
			s->o.keys_dir);
	if (s->keys->dir < 0 || fstat(s->keys->dir, &st))
		return store_fail(
			s, STORE_KEYS, "key directory %s: %s", s->o.keys_dir, strerror(errno));
	if (st.st_uid != geteuid())
		return store_fail(s, STORE_KEYS,
			"key directory %s: belongs to another user, as whom this is to be run",
			s->o.keys_dir);
	if (st.st_mode & 077)
		return store_fail(s, STORE_KEYS,
			"key directory %s: mode %04o lets others in; do: chmod 0700 %s",
			s->o.keys_dir, (unsigned)st.st_mode & 07777, s->o.keys_dir);
	return STORE_OK;
}

enum key_place keyfile_place(const struct store *s, const char *name)
{
	if (!faccessat(s->keys->dir, name, F_OK, AT_SYMLINK_NOFOLLOW))
		return KEY_FILE;
	int fd = open_credential(s, name);
	if (fd >= 0)
		close(fd);
	return fd >= 0 ? KEY_CREDENTIAL : KEY_NOWHERE;
}

enum ledger_kind key_end_of(enum key_place place)
{
	return place == KEY_CREDENTIAL ? LEDGER_KEY_RELEASED : LEDGER_KEY_DESTROYED;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct listed *)a)->name, ((const struct listed *)b)->name);
}

/* Adds to LIST what lies in the directory FD, which it closes. -1 with errno. */
static int list_directory(const struct store *s, int fd, bool credentials, struct key_listing *list)
{
	DIR *dir = directory_of(fd);
	struct dirent *entry;
	struct key_name k;

	if (!dir)
		return -1;
	while (list->count < KEYS_MAX && (entry = readdir(dir))) {
		const char *name = entry->d_name;
		bool begun = !credentials && strncmp(name, ".new-", 5) == 0;
		if (strlen(name) >= KEY_NAME_SIZE || !(begun || key_name_parse(name, &k)) ||
			(credentials && keyfile_place(s, name) != KEY_CREDENTIAL))
			continue;
		strcpy(list->key[list->count].name, name);
		list->key[list->count++].credential = credentials;
	}
	closedir(dir);
	return 0;
}

int keyfile_list(struct store *s, struct key_listing *list)
{
	const char *credentials = s->o.credentials_dir;

	list->count = 0;
	list->key = calloc(KEYS_MAX, sizeof *list->key);
	if (!list->key ||
		list_directory(s, open_directory(s->o.keys_dir, STORE_FILE_KEYS), false, list)) {
		free(list->key);
		return store_fail(
			s, STORE_KEYS, "key directory %s: %s", s->o.keys_dir, strerror(errno));
	}
	if (credentials &&
		list_directory(
			s, open_directory(credentials, STORE_FILE_CREDENTIALS), true, list)) {
		free(list->key);
		return store_fail(
			s, STORE_KEYS, "credentials %s: %s", credentials, strerror(errno));
	}
	qsort(list->key, list->count, sizeof *list->key, compare_names);
	return STORE_OK;
}

/* Whether the file in ST has the name of a key, too. */
static bool is_key_too(struct store *s, const struct stat *st)
{
	struct key_listing list;
	struct stat other;
	bool found = false;

	if (keyfile_list(s, &list))
		return true;
	for (unsigned i = 0; i < list.count && !found; i++)
		found = list.key[i].name[0] != '.' &&
			!fstatat(s->keys->dir, list.key[i].name, &other, AT_SYMLINK_NOFOLLOW) &&
			other.st_dev == st->st_dev && other.st_ino == st->st_ino;
	free(list.key);
	return found;
}

/*
 * Noise over what FD holds. One that was LEFT is spared when it has another name, one that is to go
 * only when that is a key's.
 */
static int overwrite_file(struct store *s, int fd, bool left)
{
	char noise[FILE_SIZE_MAX];
	struct stat st;

	if (fstat(fd, &st))
		return -1;
	if (!S_ISREG(st.st_mode) || (st.st_nlink > 1 && (left || is_key_too(s, &st))))
		return 0;
	randombytes_buf(noise, sizeof noise);
	return write_synced(fd, noise, sizeof noise);
}

int keyfile_destroy(struct store *s, const char *name)
{
	char away[KEY_NAME_SIZE];
	const char *last = name;

	if (name[0] != '.') {
		temporary_name(away);
		if (renameat2(s->keys->dir, name, s->keys->dir, away, RENAME_NOREPLACE) &&
			(errno != EINVAL || renameat(s->keys->dir, name, s->keys->dir, away)))
			return key_error(s, name, strerror(errno));
		last = away;
	}
	int fd = openat(s->keys->dir, last, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int failed = fd < 0 || overwrite_file(s, fd, last == name);

	if (fd >= 0)
		close(fd);
	if (failed || unlinkat(s->keys->dir, last, 0) || fsync(s->keys->dir))
		return key_error(s, name, strerror(errno));
	return STORE_OK;
}
