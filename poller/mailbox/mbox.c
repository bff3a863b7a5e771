/*
 * The mbox source. Others deliver into the file while we read it, so:
 *
 * - A lock is held only to look at the size and, at the end, to remove what is done; what was delivered after the first look
 *   waits for the next run and stays in the file whatever happens.
 * - Both kinds of lock are taken, as delivery agents do: FILE.lock first (where the directory lets us), then fcntl.
 * - settle() notes the stretches that go; close() removes them all at once, after making sure that the same bytes are
 *   still there. Where the kept bytes do not overlap their new place, or there is nothing to keep, the file is shortened
 *   in place: the usual case, and a kill in the middle leaves something twice at worst. Else what stays is copied to a new file
 *   beside it, which replaces it (fsync, rename). Where no file can be made, it is moved together in place.
 *
 * A folder is an mbox of that name in the same directory.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "classify/base/clock.h"
#include "poller/mailbox/mbox.h"

enum {
	LOCK_SECONDS = 30,        /* where the mailbox names no timeout */
	LOCK_STALE_SECONDS = 900, /* a FILE.lock as old as this was left behind */
	LOCK_POLL_MS = 50,
	COPY_BYTES = 1 << 18,
	WANTED_WINDOW = 512,
	FROM_LINE_MAX = 1024,     /* a longer first line is copied as it is */
};

/* A stretch of the file, From_ line to From_ line, and the id of the message at its beginning, which ends at HEAD. */
struct stretch {
	uint64_t begin, end, head;
	unsigned char id[SOURCE_ID_SIZE];
};

struct stretches {
	struct stretch *at;
	size_t n, capacity;
};

struct lock {
	int fd;
	char *dotlock; /* NULL: not held */
};

struct mbox_source {
	struct source base;
	const struct mailbox *mailbox;
	uint64_t max_message;
	char *path;
	int fd;
	struct stat seen;
	struct mbox_reader reader, scout;
	struct stretches handed;  /* out and not settled; .end is set to 0 when it was */
	struct stretches removed; /* by settle(), still in the file */
	/* Only where mail stays: the scout goes ahead and asks. */
	bool stays;
	unsigned char wanted[WANTED_WINDOW];
	size_t asked, answered;
	char name[32];
};

/* --- stretches --------------------------------------------------------------------------------------------------- */

static int stretches_add(struct stretches *s, struct stretch x)
{
	if (s->n == s->capacity) {
		size_t capacity = s->capacity ? 2 * s->capacity : 256;
		struct stretch *at = realloc(s->at, capacity * sizeof *at);
		if (!at)
			return -1;
		s->at = at;
		s->capacity = capacity;
	}
	s->at[s->n++] = x;
	return 0;
}

/* Adds to a list that is to be removed: neighbours become one, so that an emptied mailbox is one stretch. */
static int stretches_join(struct stretches *s, struct stretch x)
{
	if (s->n && s->at[s->n - 1].end == x.begin) {
		s->at[s->n - 1].end = x.end;
		return 0;
	}
	return stretches_add(s, x);
}

static int by_begin(const void *a, const void *b)
{
	const struct stretch *x = a, *y = b;
	return x->begin < y->begin ? -1 : x->begin > y->begin;
}

static struct stretch *stretches_find(struct stretches *s, uint64_t begin)
{
	struct stretch key = { .begin = begin };
	return s->n ? bsearch(&key, s->at, s->n, sizeof *s->at, by_begin) : NULL;
}

/* --- locks --------------------------------------------------------------------------------------------------------- */

static int64_t monotonic_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* 1 held, 0 somebody else holds it, -1 this directory does not let us (then fcntl alone has to do). */
static int try_dotlock(const char *path)
{
	struct stat st;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0444);
	if (fd >= 0) {
		close(fd);
		return 1;
	}
	if (errno != EEXIST)
		return -1;
	if (!lstat(path, &st) && time(NULL) - st.st_mtime > LOCK_STALE_SECONDS)
		unlink(path);
	return 0;
}

static void lock_release(struct lock *l)
{
	fcntl(l->fd, F_OFD_SETLK, &(struct flock){ .l_type = F_UNLCK, .l_whence = SEEK_SET });
	if (l->dotlock)
		unlink(l->dotlock);
	free(l->dotlock);
	l->dotlock = NULL;
}

/* 0, or -1 with the error text. */
static int lock_take(struct mbox_source *b, struct lock *l, const char *path, int fd)
{
	int64_t seconds = b->mailbox->timeout > 0 ? b->mailbox->timeout : LOCK_SECONDS, deadline = monotonic_ms() + seconds * 1000;
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int held = 0;
	*l = (struct lock){ .fd = fd };
	if (asprintf(&l->dotlock, "%s.lock", path) < 0) {
		l->dotlock = NULL;
		return source_fail(&b->base, "no memory");
	}
	while (!(held = try_dotlock(l->dotlock)) && monotonic_ms() < deadline)
		nanosleep(&(struct timespec){ .tv_nsec = LOCK_POLL_MS * 1000000 }, NULL);
	if (held <= 0) {
		free(l->dotlock);
		l->dotlock = NULL;
	}
	if (!held)
		return source_fail(&b->base, "%s.lock: held by somebody else for %" PRId64 " s", path, seconds);
	int result;
	/* A mailbox that we may only read is locked against writers. */
	if ((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY)
		whole.l_type = F_RDLCK;
	while ((result = fcntl(fd, F_OFD_SETLK, &whole)) && (errno == EAGAIN || errno == EACCES) && monotonic_ms() < deadline)
		nanosleep(&(struct timespec){ .tv_nsec = LOCK_POLL_MS * 1000000 }, NULL);
	if (!result)
		return 0;
	source_fail(&b->base, "%s: no lock within %" PRId64 " s: %s", path, seconds, strerror(errno));
	lock_release(l);
	return -1;
}

/* --- removing stretches --------------------------------------------------------------------------------------------- */

/* Copies the bytes BEGIN to END of IN to position TO of OUT. 0, or -1 with errno. */
static int copy(int in, uint64_t begin, uint64_t end, int out, uint64_t to, struct wiped *buffer)
{
	while (begin < end) {
		uint64_t left = end - begin;
		ssize_t got = pread(in, buffer->p, left < COPY_BYTES ? (size_t)left : COPY_BYTES, (off_t)begin), put = 0;
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			errno = got ? errno : EIO;
			return -1;
		}
		for (ssize_t n; put < got; put += n)
			if ((n = pwrite(out, buffer->p + put, (size_t)(got - put), (off_t)to + put)) < 0 && errno != EINTR)
				return -1;
			else if (n < 0)
				n = 0;
		begin += (uint64_t)got;
		to += (uint64_t)got;
	}
	return 0;
}

/* Copies what lies between and behind the stretches of IN, which has SIZE bytes, to position TO of OUT; *TO is where it ends. */
static int copy_kept(int in, const struct stretches *gone, uint64_t size, int out, uint64_t *to, struct wiped *buffer)
{
	for (size_t i = 0; i < gone->n; i++) {
		uint64_t begin = gone->at[i].end, end = i + 1 < gone->n ? gone->at[i + 1].begin : size;
		if (copy(in, begin, end, out, *to, buffer))
			return -1;
		*to += end - begin;
	}
	return 0;
}

static void sync_directory(const char *path)
{
	char *end = strrchr(path, '/');
	char *directory = end ? strndup(path, (size_t)(end - path) + 1) : strdup(".");
	int fd = directory ? open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(directory);
}

/* What stays goes to a new file that takes the place of PATH. 0, or -1: nothing has changed. */
static int remove_by_rename(const char *path, int fd, const struct stat *st, const struct stretches *gone, struct wiped *buffer)
{
	char *temporary;
	int result = -1;
	uint64_t to = gone->at[0].begin;
	if (asprintf(&temporary, "%s.XXXXXX", path) < 0)
		return -1;
	int out = mkostemp(temporary, O_CLOEXEC);
	if (out < 0)
		goto out;
	if (!fchown(out, st->st_uid, st->st_gid) && !fchmod(out, st->st_mode & 07777) && !copy(fd, 0, to, out, 0, buffer) &&
	    !copy_kept(fd, gone, (uint64_t)st->st_size, out, &to, buffer) && !fsync(out) && !rename(temporary, path)) {
		sync_directory(path);
		result = 0;
	} else {
		unlink(temporary);
	}
	close(out);
out:
	free(temporary);
	return result;
}

/* Removes the stretches, in any order, from the file, which is locked. 0, or -1 with the error text. */
static int remove_stretches(struct mbox_source *b, const char *path, int fd, bool dotlocked, struct stretches *gone)
{
	struct wiped buffer = { 0 };
	struct stat st;
	uint64_t removed = 0, to;
	int result = -1;
	qsort(gone->at, gone->n, sizeof *gone->at, by_begin);
	for (size_t i = 0; i < gone->n; i++)
		removed += gone->at[i].end - gone->at[i].begin;
	if (fstat(fd, &st) || wiped_grow(&buffer, COPY_BYTES))
		goto out;
	to = gone->at[0].begin;
	bool overlap = (uint64_t)st.st_size - to - removed > gone->at[0].end - to;
	/* Without FILE.lock somebody may be waiting with the old file open: a rename would lose what he writes. */
	if (overlap && dotlocked && !remove_by_rename(path, fd, &st, gone, &buffer))
		result = 0;
	else if (!copy_kept(fd, gone, (uint64_t)st.st_size, fd, &to, &buffer) && !fsync(fd) && !ftruncate(fd, (off_t)to) && !fsync(fd))
		result = 0;
out:
	if (result)
		source_fail(&b->base, "%s: removing messages: %s", path, strerror(errno));
	wiped_free(&buffer);
	return result;
}

/* True when the message at the beginning of X is still the one that was read. */
static bool unchanged(const struct mbox_source *b, const struct stretch *x)
{
	char head[MBOX_ID_BYTES + 1];
	unsigned char id[SOURCE_ID_SIZE];
	uint64_t n = x->head - x->begin;
	ssize_t got = pread(b->fd, head, n < sizeof head ? (size_t)n : sizeof head, (off_t)x->begin);
	if (got < 0 || ((uint64_t)got < n && got < (ssize_t)sizeof head))
		return false;
	mbox_id(id, head, (uint64_t)got, b->max_message);
	explicit_bzero(head, sizeof head);
	return !memcmp(id, x->id, sizeof id);
}

/* True when PATH is still the file that we read, with everything in its place that is to go. */
static bool file_unchanged(const struct mbox_source *b)
{
	struct stat now;
	if (stat(b->path, &now) || now.st_dev != b->seen.st_dev || now.st_ino != b->seen.st_ino || now.st_size < b->seen.st_size)
		return false;
	for (size_t i = 0; i < b->removed.n; i++) {
		char next[5];
		const struct stretch *x = &b->removed.at[i];
		if (!unchanged(b, x))
			return false;
		if (x->end < (uint64_t)b->seen.st_size && (pread(b->fd, next, 5, (off_t)x->end) != 5 || memcmp(next, "From ", 5)))
			return false;
	}
	return true;
}

/* --- folders ---------------------------------------------------------------------------------------------------------- */

/* The path of FOLDER's mbox. NULL with the error text. */
static char *folder_path(struct mbox_source *b, const char *folder)
{
	char *path = NULL;
	const char *slash = strrchr(b->path, '/');
	int n = slash ? (int)(slash - b->path) : 0;
	if (!folder || !folder_name_valid(folder) || !strcmp(folder, slash + 1))
		source_fail(&b->base, "%s: not the name of another mbox in its directory: %s", b->path, folder ? folder : "");
	else if (asprintf(&path, "%.*s/%s", n, b->path, folder) < 0) {
		path = NULL;
		source_fail(&b->base, "no memory");
	}
	return path;
}

/*
 * The From_ line of a message that is moved: its date is that of the move, from which raw_retention counts; when it arrived its
 * Received lines say. Returns the bytes written to LINE, and in *OLD how long the line is that it replaces; 0 when that is not to be found.
 */
static size_t moved_from_line(const struct mbox_source *b, const struct stretch *x, char line[FROM_LINE_MAX], size_t *old)
{
	time_t now = (time_t)clock_now();
	struct tm tm;
	uint64_t size = x->end - x->begin;
	ssize_t got = pread(b->fd, line, size < FROM_LINE_MAX ? (size_t)size : FROM_LINE_MAX, (off_t)x->begin);
	const char *newline = got > 0 ? memchr(line, '\n', (size_t)got) : NULL;
	if (!newline)
		return 0;
	bool crlf = newline > line && newline[-1] == '\r';
	*old = (size_t)(newline - line) + 1;
	explicit_bzero(line, FROM_LINE_MAX); /* it may name the sender */
	gmtime_r(&now, &tm);
	return strftime(line, FROM_LINE_MAX, crlf ? "From MAILER-DAEMON %a %b %e %H:%M:%S %Y\r\n" : "From MAILER-DAEMON %a %b %e %H:%M:%S %Y\n", &tm);
}

/* Appends the message X to the folder, whose end is at *END. 0, or -1 with errno. */
static int append(const struct mbox_source *b, const struct stretch *x, int out, uint64_t *end, struct wiped *buffer)
{
	char tail[2], line[FROM_LINE_MAX];
	uint64_t to = *end;
	size_t old = 0, head = moved_from_line(b, x, line, &old);
	if (pwrite(out, line, head, (off_t)to) != (ssize_t)head || copy(b->fd, x->begin + old, x->end, out, to + head, buffer))
		return -1;
	to += x->end - x->begin - old + head;
	/* The next From_ line wants an empty line before it; a last message without a line end wants two. */
	if (pread(out, tail, 2, (off_t)to - 2) != 2)
		return -1;
	size_t n = tail[1] != '\n' ? 2 : tail[0] != '\n' && tail[0] != '\r' ? 1 : 0;
	if (n && pwrite(out, "\n\n", n, (off_t)to) != (ssize_t)n)
		return -1;
	*end = to + n;
	return 0;
}

/* Moves the COUNT messages of settlement WHAT to FOLDER: appended there durably, then noted as gone here. */
static int move(struct mbox_source *b, const char *folder, const struct settle_item *items, size_t count, enum settlement what,
		uint64_t *moved)
{
	struct wiped buffer = { 0 };
	struct lock lock = { 0 };
	struct stat st;
	int result = -1, fd = -1;
	uint64_t start = 0, end = 0;
	char *path = folder_path(b, folder);
	if (!path)
		return -1;
	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		source_fail(&b->base, "%s: %s", path, fd < 0 ? strerror(errno) : "not a regular file");
		goto out;
	}
	if (lock_take(b, &lock, path, fd))
		goto out;
	if (fstat(fd, &st) || wiped_grow(&buffer, COPY_BYTES)) {
		source_fail(&b->base, "%s: %s", path, strerror(errno));
		goto unlock;
	}
	start = end = (uint64_t)st.st_size;
	for (size_t i = 0; i < count; i++) {
		struct stretch *x = items[i].what == what ? stretches_find(&b->handed, items[i].id) : NULL;
		if (!x || !x->end)
			continue;
		if (!unchanged(b, x)) {
			source_fail(&b->base, "%s: changed while it was read", b->path);
			goto undo;
		}
		if (append(b, x, fd, &end, &buffer)) {
			source_fail(&b->base, "%s: %s", path, strerror(errno));
			goto undo;
		}
	}
	if (fsync(fd)) {
		source_fail(&b->base, "%s: %s", path, strerror(errno));
		goto undo;
	}
	if (!start)
		sync_directory(path);
	result = 0;
	for (size_t i = 0; i < count && !result; i++) {
		struct stretch *x = items[i].what == what ? stretches_find(&b->handed, items[i].id) : NULL;
		if (!x || !x->end)
			continue;
		result = stretches_join(&b->removed, *x);
		x->end = 0;
		++*moved;
	}
	goto unlock;
undo:
	if (ftruncate(fd, (off_t)start))
		source_fail(&b->base, "%s: %s", path, strerror(errno));
unlock:
	lock_release(&lock);
out:
	wiped_free(&buffer);
	if (fd >= 0)
		close(fd);
	free(path);
	return result;
}

/* --- the source -------------------------------------------------------------------------------------------------------- */

static int mbox_open(struct source **out, const struct source_options *options)
{
	struct mbox_source *b = calloc(1, sizeof *b);
	struct lock lock;
	if (!b)
		return *out = NULL, -1;
	*out = &b->base;
	b->base.ops = &source_mbox;
	b->mailbox = options->mailbox;
	b->max_message = options->max_message;
	b->stays = options->stays;
	b->fd = -1;
	const char *path = b->mailbox->path;
	/* The lock and a file that replaces it must lie beside the file itself, not beside a link to it. */
	b->path = realpath(path, NULL);
	if (b->path)
		b->fd = open(b->path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (b->fd < 0 && b->path && (errno == EACCES || errno == EROFS))
		b->fd = open(b->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (b->fd < 0)
		return source_fail(&b->base, "%s: %s", path, strerror(errno));
	if (fstat(b->fd, &b->seen) || !S_ISREG(b->seen.st_mode))
		return source_fail(&b->base, "%s: not a regular file", path);
	if (lock_take(b, &lock, b->path, b->fd))
		return -1;
	int failed = fstat(b->fd, &b->seen);
	lock_release(&lock);
	if (failed)
		return source_fail(&b->base, "%s: %s", path, strerror(errno));
	mbox_reader_start(&b->reader, b->fd, (uint64_t)b->seen.st_size, b->max_message);
	b->reader.identify = true;
	mbox_reader_start(&b->scout, b->fd, (uint64_t)b->seen.st_size, b->max_message);
	b->scout.identify = true;
	return 0;
}

/* Lets the scout run ahead and asks which of the messages are wanted. 0, or -1 with the error text. */
static int ask(struct mbox_source *b, const struct source_sink *sink)
{
	unsigned char ids[WANTED_WINDOW][SOURCE_ID_SIZE];
	struct mbox_message m;
	int result = 1;
	b->asked = b->answered = 0;
	while (b->asked < WANTED_WINDOW && (result = mbox_reader_next(&b->scout, &m)) > 0)
		memcpy(ids[b->asked++], m.id, SOURCE_ID_SIZE);
	if (result < 0)
		return source_fail(&b->base, "%s: %s", b->path, strerror(errno));
	if (b->asked && sink->wanted(sink->context, ids, b->asked, b->wanted))
		return source_fail(&b->base, "stopped");
	return 0;
}

static int mbox_next(struct source *s, size_t count, const struct source_sink *sink)
{
	struct mbox_source *b = (struct mbox_source *)s;
	size_t given = 0;
	/* What was settled is forgotten as soon as nothing before it is open. */
	size_t settled = 0;
	while (settled < b->handed.n && !b->handed.at[settled].end)
		settled++;
	if (settled) {
		b->handed.n -= settled;
		memmove(b->handed.at, b->handed.at + settled, b->handed.n * sizeof *b->handed.at);
	}
	while (given < count) {
		struct mbox_message m;
		bool asks = b->stays && sink->wanted;
		if (asks && b->answered == b->asked && ask(b, sink))
			return -1;
		int result = mbox_reader_next(&b->reader, &m);
		if (result < 0)
			return source_fail(s, "%s: %s", b->path, strerror(errno));
		if (!result)
			break;
		if (!b->reader.mbox)
			return source_fail(s, "%s: not an mbox: it does not begin with \"From \"", b->path);
		if (asks && b->answered < b->asked && !b->wanted[b->answered++])
			continue;
		struct stretch x = { m.begin, m.end, m.end, { 0 } };
		memcpy(x.id, m.id, sizeof x.id);
		if (stretches_add(&b->handed, x))
			return source_fail(s, "no memory");
		snprintf(b->name, sizeof b->name, "byte %" PRIu64, m.begin);
		struct source_message message = { .id = m.begin, .arrived = m.arrived, .size = m.size, .truncated = m.truncated,
						  .bytes = m.bytes, .name = b->name };
		memcpy(message.remote_id, m.id, SOURCE_ID_SIZE);
		given++;
		if (sink->message(sink->context, &message))
			return source_fail(s, "stopped");
	}
	return (int)given;
}

static int mbox_settle(struct source *s, const struct settle_item *items, size_t count, struct settled *done)
{
	struct mbox_source *b = (struct mbox_source *)s;
	*done = (struct settled){ 0 };
	for (enum settlement what = SETTLE_PROCESSED; what <= SETTLE_QUARANTINE; what++) {
		const struct disposal *d = source_disposal(b->mailbox, what);
		bool any = false;
		for (size_t i = 0; i < count; i++) {
			struct stretch *x = items[i].what == what ? stretches_find(&b->handed, items[i].id) : NULL;
			if (!x || !x->end)
				continue;
			any = true;
			if (d->action == DISPOSE_MOVE)
				continue;
			if (d->action == DISPOSE_DELETE && stretches_join(&b->removed, *x))
				return source_fail(s, "no memory");
			*(d->action == DISPOSE_DELETE ? &done->deleted : &done->kept) += 1;
			x->end = 0;
		}
		if (any && d->action == DISPOSE_MOVE && move(b, d->folder, items, count, what, &done->moved))
			return -1;
	}
	return 0;
}

/* The messages of a folder from before CUTOFF; those without a date are as old as the file. */
static int find_old(int fd, const struct stat *st, int64_t cutoff, struct stretches *old, uint64_t *count)
{
	struct mbox_reader reader = { 0 };
	struct mbox_message m;
	int result;
	mbox_reader_start(&reader, fd, (uint64_t)st->st_size, 0);
	while ((result = mbox_reader_next(&reader, &m)) > 0) {
		if (!reader.mbox || (m.arrived ? m.arrived : st->st_mtime) >= cutoff)
			continue;
		++*count;
		if (stretches_join(old, (struct stretch){ m.begin, m.end, m.end, { 0 } })) {
			result = -1;
			break;
		}
	}
	mbox_reader_free(&reader);
	return result;
}

static int mbox_expire(struct source *s, const char *folder, int64_t cutoff, const struct folder_mark *due, uint64_t *removed,
		       struct folder_mark *end)
{
	(void)due, (void)end;
	struct mbox_source *b = (struct mbox_source *)s;
	struct stretches old = { 0 };
	struct lock lock;
	struct stat st;
	int result = -1;
	*removed = 0;
	char *path = folder_path(b, folder);
	if (!path)
		return -1;
	int fd = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0) {
		result = errno == ENOENT ? 0 : source_fail(s, "%s: %s", path, strerror(errno));
		goto out;
	}
	if (lock_take(b, &lock, path, fd))
		goto out;
	uint64_t count = 0;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || find_old(fd, &st, cutoff, &old, &count))
		source_fail(s, "%s: cannot be read", path);
	else if (!old.n || !remove_stretches(b, path, fd, lock.dotlock != NULL, &old))
		result = 0;
	if (!result)
		*removed = count;
	lock_release(&lock);
out:
	if (fd >= 0)
		close(fd);
	free(old.at);
	free(path);
	return result;
}

static int mbox_describe(struct source *s, char *text, size_t size)
{
	struct mbox_source *b = (struct mbox_source *)s;
	bool writable = (fcntl(b->fd, F_GETFL) & O_ACCMODE) == O_RDWR;
	snprintf(text, size, "%s: mbox of %jd bytes%s", b->path, (intmax_t)b->seen.st_size,
		 writable ? "" : "; we may only read it, so nothing can be deleted or moved");
	return 0;
}

static int mbox_close(struct source *s, char *error, size_t size)
{
	struct mbox_source *b = (struct mbox_source *)s;
	struct lock lock;
	int result = 0;
	if (b->removed.n) {
		result = lock_take(b, &lock, b->path, b->fd);
		if (!result) {
			if (!file_unchanged(b))
				result = source_fail(s, "%s: changed by somebody else meanwhile; nothing was removed", b->path);
			else
				result = remove_stretches(b, b->path, b->fd, lock.dotlock != NULL, &b->removed);
			lock_release(&lock);
		}
	}
	if (result && error)
		snprintf(error, size, "%s", s->error);
	mbox_reader_free(&b->reader);
	mbox_reader_free(&b->scout);
	free(b->handed.at);
	free(b->removed.at);
	if (b->fd >= 0)
		close(b->fd);
	free(b->path);
	free(b);
	return result;
}

const struct source_ops source_mbox = {
	.name = "mbox",
	.open = mbox_open,
	.next = mbox_next,
	.settle = mbox_settle,
	.expire = mbox_expire,
	.describe = mbox_describe,
	.close = mbox_close,
};
