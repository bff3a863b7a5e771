/*
 * The key directory: mode 0700, ours; in it one file per key, mode 0600.
 *
 *   state.key           pseudonyms of contacts; long-lived. Replaced by state-2.key, then state-3.key and so on (store_key_add)
 *   message.key         keys of messages seen; long-lived
 *   erasure.key         erasures, the list that a restored backup is held to (erasure.c); made by the first erasure
 *   verp-KK.key         return paths (verp.c); KK are the two characters by which a token names it; the newest signs, all check
 *   sign.key            seed of the Ed25519 key that signs evidence (sign.c); made at the first need
 *   event-YYYY-MM.key   pseudonyms of the events that arrived in that month (UTC); destroyed when the last of them is gone
 *
 * Keys without a month may come as systemd credentials instead, files of the same names in a directory that is only read.
 *
 * A file is two lines: "retour key 1 PURPOSE" (for event keys with " YYYY-MM" behind it) and 64 hexadecimal digits. All keys are
 * random and independent. A file appears complete or not at all: it is written under a name of its own (".new-" and 16 digits),
 * synced, then linked to its name, which fails if another process was first; then the other's key is the key.
 *
 * The database knows each key's fingerprint (BLAKE2b-128 under the key of "retour fingerprint 1"), so that a store is never used with
 * keys of another one, and a lost key is told from one that was never made.
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
#include "store/internal.h"

enum {
	NAME_SIZE = 32,
	HEX_SIZE = 2 * KEY_SIZE + 1,
	FILE_SIZE_MAX = 128,
	FINGERPRINT_SIZE = 16,
	MONTHS_HELD = 16,   /* month keys in memory; more are read again */
	VERP_HELD = 32,     /* keys of return paths at a time */
	KEYS_MAX = 4096,    /* files looked at in the directory */
};

/* In sodium_malloc memory, read-only but while it is filled. */
struct keyring {
	int dir;
	unsigned next;      /* the slot that is used next */
	unsigned char state[KEY_SIZE], message[KEY_SIZE];
	char state_name[NAME_SIZE];
	unsigned char old_state[KEY_SIZE]; /* the one before it */
	char old_name[NAME_SIZE];          /* "": no contact is left under it */
	int64_t version;    /* of the data when the names were read */
	struct held {
		int month;  /* YYYYMM, 0: free */
		unsigned char key[KEY_SIZE];
	} held[MONTHS_HELD];
	bool verp_read;     /* the keys of return paths are, as they were at the first need */
	unsigned verps;
	struct {
		char id[3];
		unsigned char key[KEY_SIZE];
	} verp[VERP_HELD];
};

/* What a file name says. */
struct key_name {
	const char *purpose;
	int month;
};

static const char base32[] = "abcdefghijklmnopqrstuvwxyz234567";

struct listing {
	unsigned count;
	char (*name)[NAME_SIZE];
};
static int list_keys(struct store *s, struct listing *list);
static int destroy_file(struct store *s, const char *name);

static int key_error(struct store *s, const char *name, const char *what)
{
	return store_fail(s, STORE_KEYS, "key %s/%s: %s", s->o.keys_dir, name, what);
}

static void event_key_name(int month, char name[NAME_SIZE])
{
	snprintf(name, NAME_SIZE, "event-%04d-%02d.key", month / 100, month % 100);
}

/* N of state-N.key; 0: it is none. */
static unsigned state_number(const char *name)
{
	unsigned n = 0;
	int end = 0;

	return sscanf(name, "state-%4u.key%n", &n, &end) == 1 && end && !name[end] && name[6] != '0' ? n : 0;
}

static bool parse_name(const char *name, struct key_name *out)
{
	int year, month, end = 0;

	out->month = 0;
	out->purpose = strcmp(name, "state.key") == 0 || state_number(name) ? "state" : strcmp(name, "message.key") == 0 ? "message" :
		       strcmp(name, "sign.key") == 0 ? "sign" :
		       strcmp(name, "erasure.key") == 0 ? "erasure" :
		       strncmp(name, "verp-", 5) == 0 ? "verp" : "event";
	if (strcmp(out->purpose, "verp") == 0)
		return strlen(name) == sizeof "verp-kk.key" - 1 && strspn(name + 5, base32) == 2 && strcmp(name + 7, ".key") == 0;
	if (strcmp(out->purpose, "event") != 0)
		return true;
	if (sscanf(name, "event-%4d-%2d.key%n", &year, &month, &end) != 2 || !end || name[end] || end != sizeof "event-2026-10.key" - 1 ||
	    month < 1 || month > 12 || year < 1970)
		return false;
	out->month = year * 100 + month;
	return true;
}

int64_t keys_month_start(int month)
{
	struct tm tm = { .tm_year = month / 100 - 1900, .tm_mon = month % 100 - 1, .tm_mday = 1 };

	return timegm(&tm); /* which takes month 13 for the next January */
}

static int month_now(int64_t now)
{
	struct tm tm;
	time_t t = now;

	gmtime_r(&t, &tm);
	return (tm.tm_year + 1900) * 100 + tm.tm_mon + 1;
}

static void header_of(const char *name, char *out, size_t size)
{
	struct key_name k;

	parse_name(name, &k);
	if (k.month)
		snprintf(out, size, "retour key 1 event %04d-%02d\n", k.month / 100, k.month % 100);
	else
		snprintf(out, size, "retour key 1 %s\n", k.purpose);
}

static void fingerprint(unsigned char out[FINGERPRINT_SIZE], const unsigned char key[KEY_SIZE])
{
	static const unsigned char text[] = "retour fingerprint 1";

	crypto_generichash(out, FINGERPRINT_SIZE, text, sizeof text, key, KEY_SIZE);
}

/* A lasting key may be a credential; -1, with errno, when it is none. */
static int open_credential(const struct store *s, const char *name)
{
	char path[4096];
	struct key_name k;

	if (!s->o.credentials_dir || !parse_name(name, &k) || k.month ||
	    (size_t)snprintf(path, sizeof path, "%s/%s", s->o.credentials_dir, name) >= sizeof path) {
		errno = ENOENT;
		return -1;
	}
	return open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
}

/* Opens NAME for reading, if it is ours alone. *FD is -1, and 0 returned, when there is none. */
static int open_file(struct store *s, const char *name, int *fd)
{
	int result = STORE_OK;
	struct stat st;

	*fd = openat(s->keys->dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bool credential = *fd < 0 && errno == ENOENT;
	if (credential)
		*fd = open_credential(s, name);
	if (*fd < 0)
		return errno == ENOENT ? STORE_OK : key_error(s, name, strerror(errno));
	if (fstat(*fd, &st) || !S_ISREG(st.st_mode))
		result = key_error(s, name, "not a regular file");
	else if (st.st_uid != geteuid() && !(credential && st.st_uid == 0))
		result = key_error(s, name, "belongs to another user");
	else if (credential && !(st.st_mode & (S_IWGRP | S_IRWXO)))
		result = STORE_OK; /* systemd opens it to the service by an ACL, which shows as group bits */
	else if (st.st_mode & 077)
		result = store_fail(s, STORE_KEYS, "key %s/%s: mode %04o lets others in; do: chmod 0600 %s/%s", s->o.keys_dir, name,
				    (unsigned)st.st_mode & 07777, s->o.keys_dir, name);
	if (result)
		close(*fd);
	return result;
}

/* Reads NAME into KEY. *ABSENT is set, and 0 returned, when there is none. */
static int read_key(struct store *s, const char *name, unsigned char key[KEY_SIZE], bool *absent)
{
	char text[FILE_SIZE_MAX + 1], header[64];
	int result = STORE_KEYS, fd;
	ssize_t n;
	size_t bytes = 0;

	*absent = false;
	if (open_file(s, name, &fd))
		return STORE_KEYS;
	*absent = fd < 0;
	if (*absent)
		return STORE_OK;
	header_of(name, header, sizeof header);
	n = read(fd, text, FILE_SIZE_MAX);
	text[n < 0 ? 0 : n] = '\0';
	if (n < 0 || strncmp(text, header, strlen(header)) != 0 ||
	    sodium_hex2bin(key, KEY_SIZE, text + strlen(header), HEX_SIZE - 1, NULL, &bytes, NULL) || bytes != KEY_SIZE) {
		key_error(s, name, "damaged: not a key file, or one for another purpose");
		goto out;
	}
	result = STORE_OK;
out:
	sodium_memzero(text, sizeof text);
	close(fd);
	return result;
}

static int write_all(int fd, const char *text, size_t n)
{
	while (n) {
		ssize_t done = write(fd, text, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return -1;
		text += done;
		n -= (size_t)done;
	}
	return fsync(fd);
}

/* A file under a name of its own, for what is to become NAME; its descriptor, or -1. */
static int begin_file(struct store *s, const char *name, char temporary[NAME_SIZE])
{
	unsigned char number[8];
	char hex[2 * sizeof number + 1];

	randombytes_buf(number, sizeof number);
	sodium_bin2hex(hex, sizeof hex, number, sizeof number);
	snprintf(temporary, NAME_SIZE, ".new-%.16s", hex);
	int fd = openat(s->keys->dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		key_error(s, name, strerror(errno));
	return fd;
}

/* A new random key as NAME, unless another process makes it first. */
static int make_key(struct store *s, const char *name)
{
	char text[FILE_SIZE_MAX], temporary[NAME_SIZE], hex[HEX_SIZE];
	unsigned char key[KEY_SIZE];
	int result = STORE_OK, fd = begin_file(s, name, temporary);

	if (fd < 0)
		return STORE_KEYS;
	crypto_generichash_keygen(key);
	header_of(name, text, sizeof text);
	sodium_bin2hex(hex, sizeof hex, key, sizeof key);
	snprintf(text + strlen(text), sizeof text - strlen(text), "%s\n", hex);
	if (write_all(fd, text, strlen(text)) || (linkat(s->keys->dir, temporary, s->keys->dir, name, 0) && errno != EEXIST))
		result = key_error(s, name, strerror(errno));
	unlinkat(s->keys->dir, temporary, 0);
	if (fsync(s->keys->dir) && !result)
		result = key_error(s, name, strerror(errno));
	close(fd);
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
	if (open_file(s, name, &fd))
		return STORE_KEYS;
	if (fd < 0)
		return STORE_OK;
	off_t size = lseek(fd, 0, SEEK_END);
	if (size >= 0 && (size_t)size <= max && (*text = malloc((size_t)size + 1)))
		while (*n < (size_t)size && (got = pread(fd, *text + *n, (size_t)size - *n, (off_t)*n)) > 0)
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
	char temporary[NAME_SIZE];
	int result = STORE_OK, fd = begin_file(s, name, temporary);

	if (fd < 0)
		return STORE_KEYS;
	if (write_all(fd, text, n) || renameat(s->keys->dir, temporary, s->keys->dir, name)) {
		result = key_error(s, name, strerror(errno));
		unlinkat(s->keys->dir, temporary, 0);
	}
	close(fd);
	if (!result && fsync(s->keys->dir))
		result = key_error(s, name, strerror(errno));
	return result;
}

/* Reads NAME; makes it first when it is absent and MAKE. */
static int load_key(struct store *s, const char *name, bool make, unsigned char key[KEY_SIZE])
{
	bool absent;

	if (read_key(s, name, key, &absent))
		return STORE_KEYS;
	if (absent && make && (make_key(s, name) || read_key(s, name, key, &absent)))
		return STORE_KEYS;
	if (absent)
		return key_error(s, name, "missing; without it the store cannot be used. Put it back, or start over with a new store");
	return STORE_OK;
}

static int open_directory(struct store *s, bool make)
{
	struct stat st;

	if (make && mkdir(s->o.keys_dir, 0700) && errno != EEXIST)
		return store_fail(s, STORE_KEYS, "key directory %s: %s", s->o.keys_dir, strerror(errno));
	s->keys->dir = open(s->o.keys_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->keys->dir < 0 || fstat(s->keys->dir, &st))
		return store_fail(s, STORE_KEYS, "key directory %s: %s", s->o.keys_dir, strerror(errno));
	if (st.st_uid != geteuid())
		return store_fail(s, STORE_KEYS, "key directory %s: belongs to another user", s->o.keys_dir);
	if (st.st_mode & 077)
		return store_fail(s, STORE_KEYS, "key directory %s: mode %04o lets others in; do: chmod 0700 %s", s->o.keys_dir,
				  (unsigned)st.st_mode & 07777, s->o.keys_dir);
	return STORE_OK;
}

/* Which state keys the database knows: the present one, and the one before it. Without a database it is the first one. */
static int read_state_names(struct store *s, bool make)
{
	char (*names[])[NAME_SIZE] = { &s->keys->state_name, &s->keys->old_name };
	sqlite3_stmt *st;
	unsigned n = 0;
	int rc = 0;

	strcpy(s->keys->state_name, "state.key");
	s->keys->old_name[0] = '\0';
	if (make)
		return STORE_OK;
	if (db_int(s, &s->keys->version, SQL_DATA_VERSION, "") || !(st = db_bind(s, SQL_KEY_STATES, "")))
		return STORE_FAILED;
	while (n < 2 && (rc = db_step(s, st)) == 1)
		db_text(st, 0, *names[n++], NAME_SIZE);
	sqlite3_reset(st);
	return rc < 0 ? STORE_FAILED : STORE_OK;
}

static int load_state(struct store *s, bool make)
{
	int result = read_state_names(s, make);

	if (!result)
		result = load_key(s, s->keys->state_name, make, s->keys->state);
	if (!result && *s->keys->old_name)
		result = load_key(s, s->keys->old_name, false, s->keys->old_state);
	return result;
}

int keys_refresh(struct store *s, bool *changed)
{
	char before[NAME_SIZE], old[NAME_SIZE];
	int64_t version = 0;

	*changed = false;
	if (!s->o.read_only || s->in_snapshot)
		return STORE_OK;
	if (db_int(s, &version, SQL_DATA_VERSION, ""))
		return STORE_FAILED;
	if (version == s->keys->version)
		return STORE_OK;
	sodium_mprotect_readwrite(s->keys);
	memcpy(before, s->keys->state_name, NAME_SIZE);
	memcpy(old, s->keys->old_name, NAME_SIZE);
	int result = read_state_names(s, false);
	*changed = strcmp(before, s->keys->state_name) != 0 || strcmp(old, s->keys->old_name) != 0;
	if (!result && *changed)
		result = load_state(s, false);
	sodium_mprotect_readonly(s->keys);
	return result || !*changed ? result : keys_verify(s);
}

int keys_open(struct store *s, bool make)
{
	s->keys = sodium_malloc(sizeof *s->keys);
	if (!s->keys)
		return store_fail(s, STORE_FAILED, "no memory for keys");
	memset(s->keys, 0, sizeof *s->keys);
	s->keys->dir = -1;
	if (open_directory(s, make) || load_state(s, make) ||
	    load_key(s, "message.key", make, s->keys->message))
		return STORE_KEYS;
	sodium_mprotect_readonly(s->keys);
	return STORE_OK;
}

void keys_close(struct store *s)
{
	if (!s->keys)
		return;
	if (s->keys->dir >= 0)
		close(s->keys->dir);
	sodium_free(s->keys); /* wipes */
	s->keys = NULL;
}

const unsigned char *keys_state(const struct store *s)
{
	return s->keys->state;
}

const unsigned char *keys_old_state(const struct store *s)
{
	return *s->keys->old_name ? s->keys->old_state : NULL;
}

const unsigned char *keys_message(const struct store *s)
{
	return s->keys->message;
}

void keys_state_fingerprint(struct store *s, bool old, char hex[STORE_FINGERPRINT_HEX])
{
	unsigned char print[FINGERPRINT_SIZE];

	fingerprint(print, old ? s->keys->old_state : s->keys->state);
	sodium_bin2hex(hex, STORE_FINGERPRINT_HEX, print, sizeof print);
}

/* --- what the database knows of them ------------------------------------------------------------------------ */

/* Notes the key's fingerprint, and in the ledger that there is a new key. */
static int record_key(struct store *s, const char *name, const unsigned char key[KEY_SIZE], int64_t now)
{
	unsigned char print[FINGERPRINT_SIZE];
	char month[8] = "", detail[64];
	struct key_name k;

	parse_name(name, &k);
	if (k.month)
		snprintf(month, sizeof month, "%04u-%02u", (unsigned)k.month / 100 % 10000, (unsigned)k.month % 100);
	fingerprint(print, key);
	if (db_run(s, SQL_KEY_PUT, "ttTbi", name, k.purpose, month, print, FINGERPRINT_SIZE, now))
		return STORE_FAILED;
	bool several = strcmp(k.purpose, "verp") == 0 || state_number(name);
	snprintf(detail, sizeof detail, "purpose=%s%s%s", k.purpose, k.month ? " month=" : several ? " name=" : "", several ? name : month);
	return store_ledger(s, now, "key-created", detail);
}

int keys_record(struct store *s, int64_t now)
{
	return record_key(s, "state.key", s->keys->state, now) || record_key(s, "message.key", s->keys->message, now) ? STORE_FAILED
														      : STORE_OK;
}

enum known { KEY_UNKNOWN, KEY_KNOWN, KEY_OTHER };

/* Whether the database knows KEY under NAME; KEY may be NULL: then only whether it knows one. */
static int lookup_key(struct store *s, const char *name, const unsigned char *key, enum known *known)
{
	sqlite3_stmt *st = db_bind(s, SQL_KEY_GET, "t", name);
	unsigned char print[FINGERPRINT_SIZE];
	int rc = st ? db_step(s, st) : -1;

	*known = KEY_UNKNOWN;
	if (rc < 0)
		return STORE_FAILED;
	if (!rc)
		return STORE_OK;
	*known = KEY_KNOWN;
	if (key) {
		fingerprint(print, key);
		if (sqlite3_column_bytes(st, 0) != FINGERPRINT_SIZE || memcmp(sqlite3_column_blob(st, 0), print, FINGERPRINT_SIZE) != 0)
			*known = KEY_OTHER;
	}
	sqlite3_reset(st);
	return STORE_OK;
}

static int verify_key(struct store *s, const char *name, const unsigned char key[KEY_SIZE])
{
	enum known known;

	if (lookup_key(s, name, key, &known))
		return STORE_FAILED;
	return known == KEY_KNOWN ? STORE_OK : key_error(s, name, "not the key that this store was made with");
}

int keys_verify(struct store *s)
{
	int result = verify_key(s, s->keys->state_name, s->keys->state);

	if (!result && *s->keys->old_name)
		result = verify_key(s, s->keys->old_name, s->keys->old_state);
	return result ? result : verify_key(s, "message.key", s->keys->message);
}

int keys_erasure(struct store *s, bool make, int64_t now, unsigned char key[KEY_SIZE])
{
	static const char name[] = "erasure.key";
	enum known known;

	if (load_key(s, name, make, key))
		return STORE_KEYS;
	if (lookup_key(s, name, key, &known))
		return STORE_FAILED;
	if (known == KEY_OTHER)
		return key_error(s, name, "not the key that this store has used");
	return known == KEY_KNOWN ? STORE_OK : record_key(s, name, key, now);
}

static int month_has_events(struct store *s, int month, bool *has)
{
	int64_t found = 0;

	if (db_int(s, &found, SQL_EVENT_BETWEEN, "ii", keys_month_start(month), keys_month_start(month + 1)))
		return STORE_FAILED;
	*has = found;
	return STORE_OK;
}

/* Month keys: made when absent, unless the database has events under one that is lost. */
static int load_month(struct store *s, int month, int64_t now, unsigned char key[KEY_SIZE])
{
	char name[NAME_SIZE];
	enum known known;
	bool absent, has;

	event_key_name(month, name);
	if (read_key(s, name, key, &absent))
		return STORE_KEYS;
	if (absent) {
		/* a month whose events name no recipient had no key yet */
		if (lookup_key(s, name, NULL, &known) || month_has_events(s, month, &has))
			return STORE_FAILED;
		if (has && known == KEY_KNOWN)
			return key_error(s, name, "missing, though the store has events of that month. Put it back");
		if (load_key(s, name, true, key))
			return STORE_KEYS;
		return record_key(s, name, key, now);
	}
	if (lookup_key(s, name, key, &known))
		return STORE_FAILED;
	if (known == KEY_OTHER)
		return key_error(s, name, "not the key that the store has used for that month");
	return known == KEY_KNOWN ? STORE_OK : record_key(s, name, key, now);
}

const unsigned char *keys_month(struct store *s, int month, int64_t now)
{
	struct held *slot = NULL;
	bool own;

	for (unsigned i = 0; i < MONTHS_HELD; i++)
		if (s->keys->held[i].month == month)
			return s->keys->held[i].key;
	if (db_enter(s, &own))
		return NULL;
	sodium_mprotect_readwrite(s->keys);
	slot = &s->keys->held[s->keys->next];
	slot->month = 0;
	int result = load_month(s, month, now, slot->key);
	if (result == STORE_OK) {
		slot->month = month;
		s->keys->next = (s->keys->next + 1) % MONTHS_HELD;
	}
	sodium_mprotect_readonly(s->keys);
	return db_leave(s, own, result) == STORE_OK ? slot->key : NULL;
}

const unsigned char *keys_month_known(struct store *s, int month, bool *absent)
{
	char name[NAME_SIZE];
	enum known known = KEY_UNKNOWN;
	struct held *slot;

	*absent = false;
	for (unsigned i = 0; i < MONTHS_HELD; i++)
		if (s->keys->held[i].month == month)
			return s->keys->held[i].key;
	event_key_name(month, name);
	sodium_mprotect_readwrite(s->keys);
	slot = &s->keys->held[s->keys->next];
	slot->month = 0;
	int result = read_key(s, name, slot->key, absent);
	if (!result && !*absent)
		result = lookup_key(s, name, slot->key, &known);
	if (!result && known == KEY_KNOWN) {
		slot->month = month;
		s->keys->next = (s->keys->next + 1) % MONTHS_HELD;
	}
	sodium_mprotect_readonly(s->keys);
	if (result || *absent)
		return NULL;
	if (known != KEY_KNOWN)
		key_error(s, name, "not the key that the store has used for that month");
	return known == KEY_KNOWN ? slot->key : NULL;
}

int keys_month_list(struct store *s, int *months, unsigned room, unsigned *count)
{
	sqlite3_stmt *st = db_bind(s, SQL_KEY_MONTHS, "");
	int year, month, rc = 0;

	for (*count = 0; st && *count < room && (rc = db_step(s, st)) == 1;)
		if (sscanf((const char *)sqlite3_column_text(st, 0), "%4d-%2d", &year, &month) == 2)
			months[(*count)++] = year * 100 + month;
	sqlite3_reset(st);
	return !st || rc < 0 ? STORE_FAILED : STORE_OK;
}

/* --- return paths ---------------------------------------------------------------------------------------------- */

/* One that the store does not know was not made by it: a backup of other keys, and not taken. */
static int read_verp(struct store *s, const char *name)
{
	unsigned char key[KEY_SIZE];
	enum known known = KEY_UNKNOWN;
	bool absent;
	int result = read_key(s, name, key, &absent);

	if (!result && !absent)
		result = lookup_key(s, name, key, &known);
	if (!result && !absent && known == KEY_OTHER)
		result = key_error(s, name, "not the key that this store has made");
	if (!result && known == KEY_KNOWN && s->keys->verps < VERP_HELD) {
		memcpy(s->keys->verp[s->keys->verps].id, name + sizeof "verp-" - 1, 2);
		memcpy(s->keys->verp[s->keys->verps++].key, key, KEY_SIZE);
	}
	sodium_memzero(key, sizeof key);
	return result;
}

static int read_verps(struct store *s)
{
	struct listing list;
	struct key_name k;
	int result;

	if (s->keys->verp_read)
		return STORE_OK;
	result = list_keys(s, &list);
	if (result)
		return result;
	sodium_mprotect_readwrite(s->keys);
	s->keys->verps = 0;
	for (unsigned i = 0; i < list.count && !result; i++)
		if (parse_name(list.name[i], &k) && strcmp(k.purpose, "verp") == 0)
			result = read_verp(s, list.name[i]);
	s->keys->verp_read = !result;
	sodium_mprotect_readonly(s->keys);
	free(list.name);
	return result;
}

const unsigned char *keys_verp(struct store *s, const char *id)
{
	if (read_verps(s))
		return NULL;
	for (unsigned i = 0; i < s->keys->verps; i++)
		if (strcmp(s->keys->verp[i].id, id) == 0)
			return s->keys->verp[i].key;
	return NULL;
}

const unsigned char *keys_verp_newest(struct store *s, char id[3])
{
	sqlite3_stmt *st = db_bind(s, SQL_KEY_NEWEST, "t", "verp");
	char name[NAME_SIZE] = "";
	int rc = st ? db_step(s, st) : -1;

	if (rc == 1) {
		db_text(st, 0, name, sizeof name);
		sqlite3_reset(st);
	}
	if (rc == 0)
		store_fail(s, STORE_KEYS, "there is no key that signs return paths yet");
	if (rc != 1)
		return NULL;
	snprintf(id, 3, "%.2s", name + sizeof "verp-" - 1);
	const unsigned char *key = keys_verp(s, id);
	if (!key)
		key_error(s, name, "missing, though the store signs return paths with it. Put it back, or make a new one");
	return key;
}

static int add_verp(struct store *s, int64_t now, char *name)
{
	static const char purpose[] = "verp";
	unsigned char key[KEY_SIZE];
	bool own, absent = false;
	int result = STORE_OK;

	if (read_verps(s))
		return STORE_KEYS;
	if (s->keys->verps == VERP_HELD)
		return store_fail(s, STORE_MISUSE, "there are %d keys of return paths, which is the most; retire one whose mail is long delivered first",
				  VERP_HELD);
	do { /* until the name is free */
		snprintf(name, STORE_NAME_SIZE, "verp-%c%c.key", base32[randombytes_uniform(32)], base32[randombytes_uniform(32)]);
		result = read_key(s, name, key, &absent);
	} while (!result && !absent);
	if (!result)
		result = load_key(s, name, true, key);
	if (!result && !db_enter(s, &own))
		result = db_leave(s, own, record_key(s, name, key, now) || db_run(s, SQL_KEY_AFTER_OTHERS, "tt", name, purpose) ? STORE_FAILED
															       : STORE_OK);
	sodium_memzero(key, sizeof key);
	sodium_mprotect_readwrite(s->keys);
	s->keys->verp_read = false;
	sodium_mprotect_readonly(s->keys);
	return result;
}

/*
 * A new state key. The file is there before the transaction that makes it the present one and marks all contacts as being under the one before it; a
 * kill in between leaves a file that the next call takes.
 */
static int add_state(struct store *s, int64_t now, char *name)
{
	unsigned char key[KEY_SIZE];
	int64_t left = 0;
	bool own;

	if (db_int(s, &left, SQL_CONTACT_OLD, ""))
		return STORE_FAILED;
	if (*s->keys->old_name)
		return store_fail(s, STORE_MISUSE, "%lld contacts are still under the state key before the present one; the next purge after the last of them "
				  "has moved or expired destroys it", (long long)left);
	unsigned present = state_number(s->keys->state_name);
	snprintf(name, STORE_NAME_SIZE, "state-%u.key", present ? present + 1 : 2);
	int result = load_key(s, name, true, key);
	if (!result && !(result = db_enter(s, &own))) {
		result = record_key(s, name, key, now) || db_run(s, SQL_KEY_AFTER_OTHERS, "tt", name, "state") || db_run(s, SQL_CONTACT_AGE, "") ? STORE_FAILED
																		   : STORE_OK;
		result = db_leave(s, own, result);
	}
	sodium_memzero(key, sizeof key);
	if (result)
		return result;
	sodium_mprotect_readwrite(s->keys);
	result = load_state(s, false);
	sodium_mprotect_readonly(s->keys);
	return result;
}

int store_key_add(struct store *s, const char *purpose, int64_t now, char *name)
{
	if (strcmp(purpose, "verp") == 0)
		return add_verp(s, now, name);
	if (strcmp(purpose, "state") == 0)
		return add_state(s, now, name);
	return store_fail(s, STORE_MISUSE, "keys of purpose %s are not made on demand", purpose);
}

int store_key_left(struct store *s, uint64_t *left)
{
	int64_t n = 0;

	*left = 0;
	if (db_int(s, &n, SQL_CONTACT_OLD, ""))
		return STORE_FAILED;
	*left = (uint64_t)n;
	return STORE_OK;
}

int store_key_retire(struct store *s, const char *name, int64_t now)
{
	enum known known;
	struct key_name k;
	char detail[64];
	bool own;
	int result;

	if (strlen(name) >= NAME_SIZE || !parse_name(name, &k) || (strcmp(k.purpose, "verp") != 0 && strcmp(k.purpose, "sign") != 0))
		return store_fail(s, STORE_MISUSE, "only keys of return paths, verp-KK.key, and sign.key are retired by hand: event keys go with their "
				  "last event, and without state.key and message.key there is no store");
	bool here = !faccessat(s->keys->dir, name, F_OK, AT_SYMLINK_NOFOLLOW);
	if (lookup_key(s, name, NULL, &known))
		return STORE_FAILED;
	if (!here && known == KEY_UNKNOWN)
		return store_fail(s, STORE_MISUSE, "there is no key %s", name);
	if (db_enter(s, &own))
		return STORE_FAILED;
	snprintf(detail, sizeof detail, "purpose=%s name=%s", k.purpose, name);
	result = here ? destroy_file(s, name) : STORE_OK;
	if (!result && (db_run(s, SQL_KEY_DELETE, "t", name) || store_ledger(s, now, "key-destroyed", detail)))
		result = STORE_FAILED;
	sodium_mprotect_readwrite(s->keys);
	s->keys->verp_read = false;
	sodium_mprotect_readonly(s->keys);
	return db_leave(s, own, result);
}

void keys_forget_months(struct store *s)
{
	sodium_mprotect_readwrite(s->keys);
	sodium_memzero(s->keys->held, sizeof s->keys->held);
	sodium_mprotect_readonly(s->keys);
}

/* --- the key that signs evidence -------------------------------------------------------------------------------- */

static const char sign_name[] = "sign.key";

/* The entry holds the public key, so that a chain says by itself who may sign it. */
static int record_sign(struct store *s, const unsigned char seed[KEY_SIZE], int64_t now)
{
	char text[MINISIGN_KEY_TEXT_SIZE], detail[LEDGER_TEXT_SIZE];
	unsigned char print[FINGERPRINT_SIZE];
	struct minisign_public p;
	bool own;

	fingerprint(print, seed);
	minisign_public(&p, seed);
	minisign_key_text(&p, text);
	snprintf(detail, sizeof detail, "purpose=sign public=%s", text);
	if (db_enter(s, &own))
		return STORE_FAILED;
	return db_leave(s, own, db_run(s, SQL_KEY_PUT, "ttTbi", sign_name, "sign", "", print, FINGERPRINT_SIZE, now) ? STORE_FAILED
					      : store_ledger(s, now, "key-created", detail));
}

int keys_sign(struct store *s, bool make, int64_t now, unsigned char seed[KEY_SIZE], bool *absent)
{
	enum known known;
	int result = read_key(s, sign_name, seed, absent);

	if (result || (result = lookup_key(s, sign_name, *absent ? NULL : seed, &known)))
		return result;
	if (known == KEY_OTHER)
		return key_error(s, sign_name, "not the key with which this store signs");
	if (*absent && known == KEY_KNOWN)
		return key_error(s, sign_name, "missing. Put it back, or do: retour key retire sign.key; then the next run makes another");
	if (known == KEY_KNOWN)
		return STORE_OK;
	if (!make) {
		*absent = true; /* also one that a kill left before it was noted */
		return STORE_OK;
	}
	if (*absent && load_key(s, sign_name, true, seed))
		return STORE_KEYS;
	*absent = false;
	return record_sign(s, seed, now);
}

/* --- the directory -------------------------------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* All names that are keys or begun ones, sorted; the caller frees LIST->name. */
static int list_keys(struct store *s, struct listing *list)
{
	int fd = openat(s->keys->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	struct key_name k;

	list->count = 0;
	list->name = calloc(KEYS_MAX, sizeof *list->name);
	if (!dir || !list->name) {
		if (dir)
			closedir(dir);
		else if (fd >= 0)
			close(fd);
		free(list->name);
		return store_fail(s, STORE_KEYS, "key directory %s: %s", s->o.keys_dir, strerror(errno));
	}
	while (list->count < KEYS_MAX && (entry = readdir(dir))) {
		bool begun = strncmp(entry->d_name, ".new-", 5) == 0;
		if (strlen(entry->d_name) < NAME_SIZE && (begun || parse_name(entry->d_name, &k)))
			strcpy(list->name[list->count++], entry->d_name);
	}
	closedir(dir);
	qsort(list->name, list->count, sizeof *list->name, compare_names);
	return STORE_OK;
}

/* What the database knows of it. */
static int describe_key(struct store *s, struct key_info *info)
{
	sqlite3_stmt *st = db_bind(s, SQL_KEY_ALL, "t", info->name);
	int rc = st ? db_step(s, st) : -1;

	if (rc == 1) {
		db_text(st, 0, info->fingerprint, sizeof info->fingerprint);
		info->at = sqlite3_column_int64(st, 1);
		sqlite3_reset(st);
	}
	return rc < 0 ? STORE_FAILED : STORE_OK;
}

int store_keys(struct store *s, int (*visit)(void *context, const struct key_info *k), void *context)
{
	struct listing list;
	struct key_name k;
	int result = list_keys(s, &list);

	if (result)
		return result;
	for (unsigned i = 0; i < list.count && !result; i++) {
		struct key_info info = { .name = "" };
		if (list.name[i][0] == '.')
			continue;
		parse_name(list.name[i], &k);
		snprintf(info.name, sizeof info.name, "%s", list.name[i]);
		snprintf(info.purpose, sizeof info.purpose, "%s", k.purpose);
		if (k.month)
			memcpy(info.month, list.name[i] + sizeof "event-" - 1, 7);
		if (describe_key(s, &info)) {
			result = STORE_FAILED;
			break;
		}
		result = visit(context, &info);
	}
	free(list.name);
	return result;
}

/* Overwrites the file, then removes its name. What the file system copied elsewhere is beyond us. */
static int destroy_file(struct store *s, const char *name)
{
	char noise[FILE_SIZE_MAX];
	int fd = openat(s->keys->dir, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return key_error(s, name, strerror(errno));
	randombytes_buf(noise, sizeof noise);
	int failed = write_all(fd, noise, sizeof noise);
	close(fd);
	if (failed || unlinkat(s->keys->dir, name, 0) || fsync(s->keys->dir))
		return key_error(s, name, strerror(errno));
	return STORE_OK;
}

static int note_destroyed(struct store *s, const char *name, int month, int64_t now)
{
	char detail[64];
	bool own;
	int result = db_enter(s, &own);

	if (result)
		return result;
	snprintf(detail, sizeof detail, "purpose=event month=%04d-%02d", month / 100, month % 100);
	if (db_run(s, SQL_KEY_DELETE, "t", name) || store_ledger(s, now, "key-destroyed", detail))
		result = STORE_FAILED;
	return db_leave(s, own, result);
}

/* The file goes first: a kill in between leaves a note of a key that is gone, and the next purge clears it. */
static int destroy_month(struct store *s, const char *name, int month, int64_t now)
{
	int result = destroy_file(s, name);

	return result ? result : note_destroyed(s, name, month, now);
}

/* The state key before the present one goes with the last contact under it. The store forgets it first: without its file it would not open. */
static int forget_old_state(struct store *s, int64_t now)
{
	char detail[64];
	int64_t left = 0;
	bool own;

	if (db_int(s, &left, SQL_CONTACT_OLD, ""))
		return STORE_FAILED;
	if (left || !*s->keys->old_name)
		return STORE_OK;
	int result = db_enter(s, &own);
	if (result)
		return result;
	snprintf(detail, sizeof detail, "purpose=state name=%s", s->keys->old_name);
	/* a credential is its administrator's to destroy */
	bool here = !faccessat(s->keys->dir, s->keys->old_name, F_OK, AT_SYMLINK_NOFOLLOW);
	if (db_run(s, SQL_KEY_DELETE, "t", s->keys->old_name) || store_ledger(s, now, here ? "key-destroyed" : "key-released", detail))
		result = STORE_FAILED;
	result = db_leave(s, own, result);
	if (result)
		return result;
	sodium_mprotect_readwrite(s->keys);
	sodium_memzero(s->keys->old_state, KEY_SIZE);
	s->keys->old_name[0] = '\0';
	sodium_mprotect_readonly(s->keys);
	return STORE_OK;
}

/* Keys that the database still knows though their files are gone: a kill came between the two. */
static int forget_destroyed(struct store *s, int64_t now)
{
	int months[KEYS_MAX], result;
	unsigned count;
	char name[NAME_SIZE];
	bool has;

	result = keys_month_list(s, months, KEYS_MAX, &count);
	for (unsigned i = 0; i < count && !result; i++) {
		event_key_name(months[i], name);
		if (!faccessat(s->keys->dir, name, F_OK, AT_SYMLINK_NOFOLLOW) || months[i] >= month_now(now) ||
		    (result = month_has_events(s, months[i], &has)) || has)
			continue;
		result = note_destroyed(s, name, months[i], now);
	}
	return result;
}

/* A state key that was replaced and forgotten. */
static bool is_former_state(const struct store *s, const char *name, const struct key_name *k)
{
	return strcmp(k->purpose, "state") == 0 && strcmp(name, s->keys->old_name) != 0 && state_number(name) < state_number(s->keys->state_name);
}

int keys_destroy_unused(struct store *s, int64_t now, unsigned *destroyed)
{
	struct listing list;
	struct key_name k;
	bool has = false;
	int result = forget_old_state(s, now);

	*destroyed = 0;
	if (result || (result = list_keys(s, &list)))
		return result;
	keys_forget_months(s);
	for (unsigned i = 0; i < list.count && !result; i++) {
		if (list.name[i][0] == '.') {
			result = destroy_file(s, list.name[i]);
			continue;
		}
		parse_name(list.name[i], &k);
		if (is_former_state(s, list.name[i], &k))
			result = destroy_file(s, list.name[i]);
		if (!k.month || k.month >= month_now(now) || (result = month_has_events(s, k.month, &has)) || has)
			continue;
		result = destroy_month(s, list.name[i], k.month, now);
		*destroyed += result == STORE_OK;
	}
	free(list.name);
	if (!result)
		result = forget_destroyed(s, now);
	return result;
}

int keys_months(struct store *s, int64_t cutoff, uint64_t *count, int64_t *oldest, uint64_t *overdue)
{
	struct listing list;
	struct key_name k;
	int result = list_keys(s, &list);

	*count = *overdue = 0;
	*oldest = 0;
	if (result)
		return result;
	for (unsigned i = 0; i < list.count; i++) {
		if (list.name[i][0] == '.')
			continue;
		parse_name(list.name[i], &k);
		if (!k.month)
			continue;
		if (!(*count)++)
			*oldest = keys_month_start(k.month);
		*overdue += keys_month_start(k.month + 1) <= cutoff;
	}
	free(list.name);
	return STORE_OK;
}
