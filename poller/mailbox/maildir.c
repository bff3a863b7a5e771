/*
 * The Maildir source (cr.yp.to/proto/maildir.html; folders as in Maildir++): one file per message
 * in new/ and cur/, complete from the moment on that it can be seen there, never changed. tmp/ is
 * the deliverers'. No locks: other programs may take a message away at any moment, which is no
 * error, or put it to cur/ or change its flags, and then it is looked for (maildirstray.h).
 *
 * A folder F lies in the directory ".F" of the Maildir, "A/B" in ".A.B".
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <dirent.h>
#include <unistd.h>
#include "poller/mailbox/gone.h"
#include "poller/mailbox/local.h"
#include "poller/mailbox/maildirfolder.h"
#include "poller/mailbox/maildirstray.h"

enum { NEW, CUR, DIRS, WANTED_WINDOW = 1024, FOLDER_SIZE = 256, NAME_SIZE = 256 };
static const char *const directory_name[DIRS] = { "new", "cur" };

/* A message that was handed out and is not settled yet; NAME is NULL when it was. */
struct handed {
	uint64_t id;
	char *name;
	uint8_t dir;
};

struct maildir_source {
	struct source base;
	const struct mailbox *mailbox; /* NULL: import */
	const char *path;
	uint64_t max_message;
	bool stays;
	int root, dirs[DIRS];
	struct listing *listing;
	struct listing_entry *window;
	size_t listed, at, asked; /* of the window: entries, looked at, asked about */
	struct wiped buffer;
	uint64_t last_id;
	struct handed *handed;
	size_t handed_count, handed_capacity;
	struct gone gone;
};

/* --- handing out ---------------------------------------------------------- */

static int maildir_open(struct source **out, const struct source_options *options)
{
	struct maildir_source *m = calloc(1, sizeof *m);
	if (!m)
		return *out = NULL, -1;
	*out = &m->base;
	m->base.ops = &source_maildir;
	m->base.facts.deleting = DELETING_LOCAL;
	m->mailbox = options->mailbox;
	m->path = options->mailbox ? options->mailbox->path : options->paths[0];
	m->max_message = options->max_message;
	m->stays = options->stays;
	m->dirs[NEW] = m->dirs[CUR] = -1;
	m->root = open(m->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (m->root < 0)
		return source_fail(&m->base, "%s: %s%s", m->path, strerror(errno),
			errno == ENOTDIR ? "; an mbox? right would be protocol = mbox" : "");
	for (int i = 0; i < DIRS; i++) {
		m->dirs[i] = directory_open(m->root, directory_name[i]);
		if (m->dirs[i] < 0)
			return source_fail(&m->base, "%s/%s: %s: not a Maildir?", m->path,
				directory_name[i], strerror(errno));
	}
	if (listing_open(&m->listing, m->dirs, DIRS, true))
		return source_fail(&m->base, "%s: %s", m->path, strerror(errno));
	return 0;
}

/*
 * Asks about the next entries of the window, by the part of their names that flags do not change.
 * 0, or -1 with the error text.
 */
static int ask_maildir_wanted(struct maildir_source *m, const struct source_sink *sink)
{
	unsigned char ids[WANTED_WINDOW][SOURCE_ID_SIZE], wanted[WANTED_WINDOW];
	size_t n = m->listed - m->at < WANTED_WINDOW ? m->listed - m->at : WANTED_WINDOW;
	for (size_t i = 0; i < n; i++) {
		const char *name = m->window[m->at + i].name;
		source_remote_id(ids[i], (struct span){ name, strcspn(name, ":") }, SPAN(""));
	}
	if (sink->wanted(sink->context, ids, n, wanted))
		return source_fail(&m->base, "stopped");
	for (size_t i = 0; i < n; i++)
		m->window[m->at + i].wanted = wanted[i];
	m->asked = m->at + n;
	return 0;
}

/* The next entry that is wanted. 1, 0 at the end, -1 with the error text. */
static int next_maildir_file(
	struct maildir_source *m, const struct source_sink *sink, const struct listing_entry **out)
{
	for (;;) {
		if (m->at == m->listed) {
			long n = listing_next(m->listing, &m->window);
			if (n < 0)
				return source_fail(&m->base, "%s: %s", m->path, strerror(errno));
			m->listed = (size_t)n;
			m->at = m->asked = 0;
			if (!n)
				return 0;
		}
		if (m->stays && sink->wanted && m->at == m->asked && ask_maildir_wanted(m, sink))
			return -1;
		*out = &m->window[m->at++];
		if ((*out)->wanted)
			return 1;
	}
}

/* Remembers the message for settle(). 0, or -1 without memory. */
static int remember_file(struct maildir_source *m, const struct listing_entry *e)
{
	if (!m->mailbox)
		return 0;
	if (m->handed_count == m->handed_capacity) {
		size_t capacity = m->handed_capacity ? 2 * m->handed_capacity : 256;
		struct handed *handed = realloc(m->handed, capacity * sizeof *handed);
		if (!handed)
			return -1;
		m->handed = handed;
		m->handed_capacity = capacity;
	}
	char *name = strdup(e->name);
	if (!name)
		return -1;
	m->handed[m->handed_count++] = (struct handed){ m->last_id, name, e->dir };
	return 0;
}

/* What was settled is forgotten as soon as nothing before it is open. */
static void forget_settled(struct maildir_source *m)
{
	size_t n = 0;
	while (n < m->handed_count && !m->handed[n].name)
		n++;
	if (!n)
		return;
	m->handed_count -= n;
	memmove(m->handed, m->handed + n, m->handed_count * sizeof *m->handed);
}

static int maildir_hand_out(struct maildir_source *m, const struct listing_entry *e,
	const struct stat *st, const struct source_sink *sink)
{
	m->last_id++;
	if (remember_file(m, e))
		return source_fail(&m->base, "no memory");
	struct source_message message = {
		.id = m->last_id,
		.arrived = e->time ? e->time : st->st_mtime,
		.size = (uint64_t)st->st_size,
		.truncated = m->buffer.n < (uint64_t)st->st_size,
		.bytes = { m->buffer.n ? m->buffer.p : "", m->buffer.n },
		/* Whoever delivers chooses the name: it must not carry an address further. */
		.name = strchr(e->name, '@') ? directory_name[e->dir] : e->name,
	};
	source_remote_id(
		message.remote_id, (struct span){ e->name, strcspn(e->name, ":") }, SPAN(""));
	int stop = sink->message(sink->context, &message);
	if (m->buffer.n)
		explicit_bzero(m->buffer.p, m->buffer.n);
	return stop ? source_fail(&m->base, "stopped") : 0;
}

/* One message that cannot be read does not hold up the others, but it does not go unsaid. */
static int maildir_say_stuck(struct maildir_source *m, const struct listing_entry *e, int error,
	const struct source_sink *sink)
{
	struct source_message message = { .name = strchr(e->name, '@') ? directory_name[e->dir]
								       : e->name };
	source_remote_id(
		message.remote_id, (struct span){ e->name, strcspn(e->name, ":") }, SPAN(""));
	return sink->stuck &&
			sink->stuck(sink->context, &message,
				error == ELOOP ? "it is no plain file" : strerror(error))
		? source_fail(&m->base, "stopped")
		: 0;
}

/*
 * Hands out the message at E. 1; 0: it is not to be had, and that was said, or it is not there, and
 * is noted in STRAYS; -1 with the error text.
 */
static int maildir_give(struct maildir_source *m, const struct listing_entry *e,
	struct strays *strays, const struct source_sink *sink)
{
	struct stat st;
	int result = file_read(m->dirs[e->dir], e->name, m->max_message, &m->buffer, &st);
	if (result > 0)
		return maildir_hand_out(m, e, &st, sink) ? -1 : 1;
	if (errno != ENOENT)
		return maildir_say_stuck(m, e, errno, sink);
	return strays && strays_add(strays, e->name) ? source_fail(&m->base, "no memory") : 0;
}

static int maildir_give_strays(struct maildir_source *m, struct strays *strays,
	const struct source_sink *sink, size_t *given)
{
	if (strays_find(strays, m->dirs, DIRS))
		return source_fail(&m->base, "%s: %s", m->path, strerror(errno));
	for (size_t i = 0; i < strays->n; i++) {
		const struct stray *x = &strays->at[i];
		struct listing_entry e = { maildir_name_time(x->name), x->name, x->dir, true };
		int result = x->found ? maildir_give(m, &e, NULL, sink) : 0;
		if (result < 0)
			return -1;
		*given += (size_t)result;
	}
	return 0;
}

static int maildir_next(struct source *s, size_t count, const struct source_sink *sink)
{
	struct maildir_source *m = (struct maildir_source *)s;
	size_t given = 0;
	int result = 1;
	forget_settled(m);
	while (!given && result > 0) {
		struct strays strays = { 0 };
		while (result > 0 && given + strays.n < count) {
			const struct listing_entry *e = NULL;
			result = next_maildir_file(m, sink, &e);
			int had = result > 0 ? maildir_give(m, e, &strays, sink) : 0;
			result = had < 0 ? -1 : result;
			given += had > 0;
		}
		if (result >= 0 && maildir_give_strays(m, &strays, sink, &given))
			result = -1;
		strays_free(&strays);
	}
	return result < 0 ? -1 : (int)given;
}

/* --- folders -------------------------------------------------------------- */

/* ".A.B" for "A/B". -1 with the error text when it cannot be one. */
static int folder_directory(struct maildir_source *m, const char *folder, char out[FOLDER_SIZE])
{
	size_t length = 0;
	const char *p = folder ? folder : "";
	do {
		size_t n = strcspn(p, "/");
		if (length + n + 2 > FOLDER_SIZE)
			return source_fail(&m->base, "the folder's name is too long");
		out[length] = '.';
		memcpy(out + length + 1, p, n);
		out[length + 1 + n] = '\0';
		if (!folder_name_valid(out + length + 1))
			return source_fail(&m->base, "%s: not a folder name", folder ? folder : "");
		length += n + 1;
		p += n;
	} while (*p++ == '/');
	return 0;
}

/*
 * The cur/ of FOLDER, made when absent as Maildir++ has it. Descriptor, or -1 with the error text.
 */
static int open_maildir_folder(struct maildir_source *m, const char *folder)
{
	char name[FOLDER_SIZE];
	int cur = -1, fd;
	if (folder_directory(m, folder, name))
		return -1;
	int dir = maildir_make_directory(m->root, name);
	if (dir < 0)
		goto out;
	static const char *const parts[] = { "tmp", "new", "cur" };
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		if (cur >= 0)
			close(cur);
		cur = maildir_make_directory(dir, parts[i]);
		if (cur < 0)
			goto out;
	}
	/* The empty file that says that this is a folder and not an account of its own. */
	fd = openat(dir, "maildirfolder", O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
		0600);
	if (fd >= 0)
		close(fd);
	fsync(dir);
	fsync(m->root);
out:
	if (cur < 0)
		source_fail(&m->base, "%s/%s: %s", m->path, name, strerror(errno));
	if (dir >= 0)
		close(dir);
	return cur;
}

/*
 * Moves one file to CUR, under its own name with flags, or a free one. 1, 0 when it is gone, -1
 * with errno.
 */
static int move_file(struct maildir_source *m, const struct handed *h, int cur)
{
	enum { NAMES_TRIED = 16 };
	char name[NAME_SIZE + 16];
	int n = (int)strcspn(h->name, ":");
	const char *flags = h->name[n] ? h->name + n : ":2,";
	for (int i = 0; i < NAMES_TRIED; i++) {
		if (i)
			snprintf(name, sizeof name, "%.*s.%d%s", n, h->name, i, flags);
		else
			snprintf(name, sizeof name, "%.*s%s", n, h->name, flags);
		if (!maildir_rename(m->dirs[h->dir], h->name, cur, name))
			return 1;
		if (errno == ENOENT)
			return 0;
		if (errno != EEXIST)
			return -1;
	}
	return -1;
}

/* --- settling ------------------------------------------------------------- */

static int by_file_id(const void *a, const void *b)
{
	const struct handed *x = a, *y = b;
	return x->id < y->id ? -1 : x->id > y->id;
}

static struct handed *find_file(struct maildir_source *m, uint64_t id)
{
	struct handed key = { .id = id };
	struct handed *h = m->handed_count
		? bsearch(&key, m->handed, m->handed_count, sizeof key, by_file_id)
		: NULL;
	return h && h->name ? h : NULL;
}

static int remember_gone(struct maildir_source *m, const char *name)
{
	unsigned char id[SOURCE_ID_SIZE];
	source_remote_id(id, (struct span){ name, strcspn(name, ":") }, SPAN(""));
	return gone_add(&m->gone, id);
}

/*
 * Deletes H, or moves it to CUR. 1, 0 when it is not there, -1 with the error text.
 */
static int settle_file(struct maildir_source *m, const struct disposal *d, const struct handed *h,
	int cur, struct settled *done)
{
	bool moves = d->action == DISPOSE_MOVE;
	int result = moves ? move_file(m, h, cur) : !unlinkat(m->dirs[h->dir], h->name, 0);
	if (moves ? result < 0 : !result && errno != ENOENT)
		return moves ? source_fail(&m->base, "%s: moving to %s: %s", m->path, d->folder,
				       strerror(errno))
			     : source_fail(&m->base, "%s: deleting: %s", m->path, strerror(errno));
	if (!result)
		return 0;
	++*(moves ? &done->moved : &done->deleted);
	return remember_gone(m, h->name) ? source_fail(&m->base, "no memory") : 1;
}

/* What others have renamed since it was handed out. 0, or -1 with the error text. */
static int settle_strays(struct maildir_source *m, const struct disposal *d, struct strays *strays,
	int cur, struct settled *done)
{
	int result = 0;
	if (strays_find(strays, m->dirs, DIRS))
		return source_fail(&m->base, "%s: %s", m->path, strerror(errno));
	for (size_t i = 0; i < strays->n; i++) {
		struct handed h = { 0, strays->at[i].name, strays->at[i].dir };
		if (strays->at[i].found && settle_file(m, d, &h, cur, done) < 0)
			result = -1;
	}
	return result;
}

/*
 * Deletes or moves what has the settlement WHAT. 0, or -1 with the error text after doing what
 * could be done.
 */
static int settle_files(struct maildir_source *m, const struct settle_item *items, size_t count,
	enum settlement what, struct settled *done)
{
	const struct disposal *d = source_disposal(m->mailbox, what);
	struct strays strays = { 0 };
	int cur = -1, result = 0;
	for (size_t i = 0; i < count; i++) {
		struct handed *h = items[i].what == what ? find_file(m, items[i].id) : NULL;
		if (!h)
			continue;
		if (d->action == DISPOSE_MOVE && cur < 0 &&
			(cur = open_maildir_folder(m, d->folder)) < 0)
			return -1;
		int settled = 1;
		if (d->action == DISPOSE_KEEP)
			done->kept++;
		else
			settled = settle_file(m, d, h, cur, done);
		if (settled < 0)
			result = -1;
		else if (!settled && strays_add(&strays, h->name))
			result = source_fail(&m->base, "no memory");
		free(h->name);
		h->name = NULL;
	}
	if (settle_strays(m, d, &strays, cur, done))
		result = -1;
	strays_free(&strays);
	if (cur >= 0) {
		if (fsync(cur))
			result = source_fail(
				&m->base, "%s: %s: %s", m->path, d->folder, strerror(errno));
		close(cur);
	}
	return result;
}

static int maildir_settle(
	struct source *s, const struct settle_item *items, size_t count, struct settled *done)
{
	struct maildir_source *m = (struct maildir_source *)s;
	int result = 0;
	*done = (struct settled){ 0 };
	if (!m->mailbox) {
		done->kept = count;
		return 0;
	}
	for (enum settlement what = SETTLE_PROCESSED; what < SETTLEMENT_COUNT; what++)
		if (settle_files(m, items, count, what, done))
			result = -1;
	return result;
}

static int maildir_expire(struct source *s, const char *folder, int64_t cutoff,
	const struct folder_mark *due, uint64_t *removed, struct folder_mark *end)
{
	(void)due, (void)end;
	struct maildir_source *m = (struct maildir_source *)s;
	char name[FOLDER_SIZE];
	*removed = 0;
	if (folder_directory(m, folder, name))
		return -1;
	int dir = directory_open(m->root, name);
	if (dir < 0)
		return errno == ENOENT
			? 0
			: source_fail(s, "%s/%s: %s", m->path, name, strerror(errno));
	int result = 0;
	for (int i = 0; i < DIRS && !result; i++)
		if (maildir_expire_directory(dir, directory_name[i], cutoff, removed))
			result = source_fail(s, "%s/%s/%s: %s", m->path, name, directory_name[i],
				strerror(errno));
	close(dir);
	return result;
}

/* The files of one directory that were deleted or moved and are there. -1 with errno. */
static int count_back(struct maildir_source *m, const char *name, uint64_t *back)
{
	unsigned char id[SOURCE_ID_SIZE];
	int dir = directory_open(m->root, name);
	DIR *d = dir >= 0 ? fdopendir(dir) : NULL;
	if (!d) {
		if (dir >= 0)
			close(dir);
		return -1;
	}
	errno = 0;
	for (const struct dirent *e; (e = readdir(d));) {
		if (e->d_name[0] == '.')
			continue;
		source_remote_id(id, (struct span){ e->d_name, strcspn(e->d_name, ":") }, SPAN(""));
		*back += gone_has(&m->gone, id);
	}
	int failed = errno;
	closedir(d);
	errno = failed;
	return failed ? -1 : 0;
}

/* What the Maildir still holds is compared with what it should: not all file systems are local. */
static int maildir_finish(struct source *s, struct settled *late)
{
	struct maildir_source *m = (struct maildir_source *)s;
	uint64_t back = 0;
	(void)late;
	for (int i = 0; i < DIRS && m->gone.n; i++)
		if (count_back(m, directory_name[i], &back))
			return source_fail(
				s, "%s/%s: %s", m->path, directory_name[i], strerror(errno));
	return source_check_gone(s, m->path, back);
}

static int maildir_describe(struct source *s, char *text, size_t size)
{
	struct maildir_source *m = (struct maildir_source *)s;
	uint64_t count = 0;
	long n;
	struct listing *listing;
	struct listing_entry *window;
	if (listing_open(&listing, m->dirs, DIRS, true))
		return source_fail(s, "%s: %s", m->path, strerror(errno));
	while ((n = listing_next(listing, &window)) > 0)
		count += (uint64_t)n;
	listing_close(listing);
	bool writable = !faccessat(m->dirs[NEW], ".", W_OK, AT_EACCESS) &&
		!faccessat(m->dirs[CUR], ".", W_OK, AT_EACCESS);
	snprintf(text, size, "%s: Maildir, %" PRIu64 " messages%s", m->path, count,
		writable ? "" : "; we may only read it, so nothing can be deleted or moved");
	return n < 0 ? source_fail(s, "%s: %s", m->path, strerror(errno)) : 0;
}

static int maildir_close(struct source *s, char *error, size_t size)
{
	struct maildir_source *m = (struct maildir_source *)s;
	(void)error, (void)size;
	listing_close(m->listing);
	wiped_free(&m->buffer);
	for (size_t i = 0; i < m->handed_count; i++)
		free(m->handed[i].name);
	free(m->handed);
	gone_free(&m->gone);
	for (int i = 0; i < DIRS; i++)
		if (m->dirs[i] >= 0)
			close(m->dirs[i]);
	if (m->root >= 0)
		close(m->root);
	free(m);
	return 0;
}

const struct source_ops source_maildir = {
	.name = "maildir",
	.open = maildir_open,
	.next = maildir_next,
	.settle = maildir_settle,
	.expire = maildir_expire,
	.finish = maildir_finish,
	.describe = maildir_describe,
	.close = maildir_close,
};
