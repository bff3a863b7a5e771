/*
 * Moving messages of an mbox to a folder, which is an mbox beside it. A message is durable there
 * before it goes here, so a kill in between leaves it in both: a journal, written first, says where
 * the folder ended and what was appended, and the next open cuts that off again, provided that it
 * is still what was appended and nothing lies behind it.
 *
 *     moves_head | struct stretch…
 */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "classify/base/clock.h"
#include "classify/base/files.h"
#include "poller/mailbox/mboxsource.h"

enum {
	FROM_LINE_MAX = 1024,
	/* a longer first line is copied as it is */ MOVES_MAX = 1 << 22,
	MOVES_SUM_SIZE = 16
};
static const char moves_magic[8] = "retourV1";

struct moves_head {
	char magic[8];
	uint64_t device, inode, start, count;
	char folder[256];
	unsigned char sum[MOVES_SUM_SIZE]; /* of the head without it, and the stretches */
};

char *mbox_folder_path(struct mbox_source *b, const char *folder)
{
	char *path = NULL;
	const char *slash = strrchr(b->path, '/');
	int n = slash ? (int)(slash - b->path) : 0;
	if (!folder || !folder_name_valid(folder) || !strcmp(folder, slash + 1))
		source_fail(&b->base, "%s: not the name of another mbox in its directory: %s",
			b->path, folder ? folder : "");
	else if (asprintf(&path, "%.*s/%s", n, b->path, folder) < 0) {
		path = NULL;
		source_fail(&b->base, "no memory");
	}
	return path;
}

/*
 * Opens the folder's mbox; MAKE: also one that is not there. Descriptor, or -1 with the error text,
 * or without when it is not there.
 */
static int open_mbox_folder(struct mbox_source *b, const char *path, bool make)
{
	struct stat st;
	int fd = open(
		path, O_RDWR | (make ? O_CREAT : 0) | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode))
		return fd;
	if (fd >= 0 || errno != ENOENT)
		source_fail(
			&b->base, "%s: %s", path, fd < 0 ? strerror(errno) : "not a regular file");
	if (fd >= 0)
		close(fd);
	return -1;
}

/*
 * The message's first line. Bytes read to LINE; *OLD is its length, 0 when its end is not among
 * them.
 */
static size_t first_line(
	const struct mbox_source *b, const struct stretch *x, char line[FROM_LINE_MAX], size_t *old)
{
	uint64_t size = x->end - x->begin;
	ssize_t got = pread(
		b->fd, line, size < FROM_LINE_MAX ? (size_t)size : FROM_LINE_MAX, (off_t)x->begin);
	const char *newline = got > 0 ? memchr(line, '\n', (size_t)got) : NULL;
	*old = newline ? (size_t)(newline - line) + 1 : 0;
	return got > 0 ? (size_t)got : 0;
}

/*
 * The From_ line of a message that is moved: its date is that of the move, from which raw_retention
 * counts; when it arrived its Received lines say. Returns the bytes written to LINE, and in *OLD
 * how long the line is that it replaces; 0 when that is not to be found.
 */
static size_t moved_from_line(
	const struct mbox_source *b, const struct stretch *x, char line[FROM_LINE_MAX], size_t *old)
{
	time_t now = (time_t)clock_now();
	struct tm tm;
	first_line(b, x, line, old);
	bool crlf = *old > 1 && line[*old - 2] == '\r';
	explicit_bzero(line, FROM_LINE_MAX); /* it may name the sender */
	gmtime_r(&now, &tm);
	return !*old ? 0
		     : strftime(line, FROM_LINE_MAX,
			       crlf ? "From MAILER-DAEMON %a %b %e %H:%M:%S %Y\r\n"
				    : "From MAILER-DAEMON %a %b %e %H:%M:%S %Y\n",
			       &tm);
}

/* Appends the message X to the folder, whose end is at *END. 0, or -1 with errno. */
static int append_mail(const struct mbox_source *b, const struct stretch *x, int out, uint64_t *end,
	struct wiped *buffer)
{
	char tail[2], line[FROM_LINE_MAX];
	uint64_t to = *end;
	size_t old = 0, head = moved_from_line(b, x, line, &old);
	if (pwrite(out, line, head, (off_t)to) != (ssize_t)head ||
		mbox_copy(b->fd, x->begin + old, x->end, out, to + head, buffer))
		return -1;
	to += x->end - x->begin - old + head;
	/*
	 * The next From_ line wants an empty line before it; a last message without a line end
	 * wants two.
	 */
	if (pread(out, tail, 2, (off_t)to - 2) != 2)
		return -1;
	size_t n = 0;
	if (tail[1] != '\n')
		n = 2;
	else if (tail[0] != '\n' && tail[0] != '\r')
		n = 1;
	if (n && pwrite(out, "\n\n", n, (off_t)to) != (ssize_t)n)
		return -1;
	*end = to + n;
	return 0;
}

/* --- the journal ---------------------------------------------------------- */

char *mbox_moves_journal(const struct mbox_source *b, enum settlement what)
{
	char kind[16];
	snprintf(kind, sizeof kind, "moves%d", (int)what);
	return mbox_journal_path(b->scratch, b->path, kind);
}

static void moves_sum(
	const struct moves_head *head, const struct stretch *at, unsigned char sum[MOVES_SUM_SIZE])
{
	crypto_generichash_state state;
	crypto_generichash_init(&state, NULL, 0, MOVES_SUM_SIZE);
	crypto_generichash_update(
		&state, (const unsigned char *)head, offsetof(struct moves_head, sum));
	crypto_generichash_update(&state, (const unsigned char *)at, head->count * sizeof *at);
	crypto_generichash_final(&state, sum, MOVES_SUM_SIZE);
}

/*
 * Notes that the folder is to be START bytes long unless the mbox loses these messages. 0, or -1
 * with errno.
 */
static int note_moves(const struct mbox_source *b, enum settlement what, const char *folder)
{
	const struct mbox_moves *m = &b->moves[what];
	struct moves_head head = { .device = b->seen.st_dev,
		.inode = b->seen.st_ino,
		.start = m->start,
		.count = m->at.n };
	size_t n = sizeof head + m->at.n * sizeof *m->at.at;
	char *journal = mbox_moves_journal(b, what), *text = malloc(n);
	int result = -1;
	if (journal && text) {
		memcpy(head.magic, moves_magic, sizeof moves_magic);
		snprintf(head.folder, sizeof head.folder, "%s", folder);
		moves_sum(&head, m->at.at, head.sum);
		memcpy(text, &head, sizeof head);
		memcpy(text + sizeof head, m->at.at, n - sizeof head);
		result = file_replace(journal, (struct span){ text, n }, 0600);
	}
	free(text);
	free(journal);
	return result;
}

/* Reads the journal JOURNAL. False: there is none, or none that is whole. */
static bool read_moves(const char *journal, struct moves_head *head, struct stretches *at)
{
	unsigned char sum[MOVES_SUM_SIZE];
	int fd = open(journal, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	bool whole = fd >= 0 && read(fd, head, sizeof *head) == (ssize_t)sizeof *head &&
		!memcmp(head->magic, moves_magic, sizeof moves_magic) && head->count <= MOVES_MAX;
	size_t n = whole ? head->count * sizeof *at->at : 0;
	whole = whole && (at->at = malloc(n ? n : 1)) && read(fd, at->at, n) == (ssize_t)n;
	if (fd >= 0)
		close(fd);
	if (!whole)
		return false;
	at->n = at->capacity = head->count;
	head->folder[sizeof head->folder - 1] = '\0';
	moves_sum(head, at->at, sum);
	return !memcmp(sum, head->sum, sizeof sum);
}

/* --- moving --------------------------------------------------------------- */

int mbox_move(
	struct mbox_source *b, enum settlement what, const struct stretch *const *x, size_t count)
{
	const char *folder = source_disposal(b->mailbox, what)->folder;
	struct mbox_moves *m = &b->moves[what];
	struct wiped buffer = { 0 };
	struct mbox_lock lock = { 0 };
	struct stat st;
	uint64_t end = 0;
	size_t before = m->at.n;
	int result = -1, fd = -1;
	char *path = mbox_folder_path(b, folder);
	if (!path || (fd = open_mbox_folder(b, path, true)) < 0 ||
		mbox_take(b, &lock, path, fd) < 0)
		goto out;
	if (fstat(fd, &st))
		goto failed;
	end = (uint64_t)st.st_size;
	if (!before)
		m->start = end;
	for (size_t i = 0; i < count; i++)
		if (stretches_add(&m->at, *x[i]))
			goto failed;
	if (note_moves(b, what, folder))
		goto failed;
	for (size_t i = 0; i < count; i++) {
		if (!mbox_unchanged(b, x[i])) {
			source_fail(&b->base, "%s: changed while it was read", b->path);
			goto undo;
		}
		if (append_mail(b, x[i], fd, &end, &buffer))
			goto failed;
	}
	if (fsync(fd) || (!st.st_size && directory_sync(path)))
		goto failed;
	result = 0;
	goto unlock;
failed:
	source_fail(&b->base, "%s: %s", path, strerror(errno));
undo:
	m->at.n = before;
	if (end && ftruncate(fd, st.st_size))
		source_fail(&b->base, "%s: %s", path, strerror(errno));
unlock:
	mbox_unlock(&lock);
out:
	wiped_free(&buffer);
	if (fd >= 0)
		close(fd);
	free(path);
	return result;
}

/* --- after a kill --------------------------------------------------------- */

/*
 * Whether OUT has at *AT the first bytes of what is in IN from BEGIN to END, up to its end SIZE.
 * *AT moves behind them.
 */
static bool same_mail(int in, uint64_t begin, uint64_t end, int out, uint64_t *at, uint64_t size)
{
	char a[4096], b[4096];
	bool same = true;
	while (same && begin < end && *at < size) {
		size_t n = sizeof a;
		n = end - begin < n ? (size_t)(end - begin) : n;
		n = size - *at < n ? (size_t)(size - *at) : n;
		same = pread(in, a, n, (off_t)begin) == (ssize_t)n &&
			pread(out, b, n, (off_t)*at) == (ssize_t)n && !memcmp(a, b, n);
		begin += n;
		*at += n;
	}
	explicit_bzero(a, sizeof a);
	explicit_bzero(b, sizeof b);
	return same;
}

/*
 * Whether what the folder has behind START is what was appended, or the beginning of it, and
 * nothing else.
 */
static bool only_ours_behind(const struct mbox_source *b, int fd, uint64_t start, uint64_t size,
	const struct stretches *moved)
{
	uint64_t at = start;
	char line[FROM_LINE_MAX], end[2];
	for (size_t i = 0; i < moved->n && at < size; i++) {
		const struct stretch *x = &moved->at[i];
		size_t old;
		first_line(b, x, line, &old);
		explicit_bzero(line, sizeof line);
		if (old) { /* ours is another, of a length that is always the same */
			ssize_t got = pread(fd, line, sizeof line, (off_t)at);
			const char *newline = got > 0 ? memchr(line, '\n', (size_t)got) : NULL;
			uint64_t known = at + (uint64_t)(got < 0 ? 0 : got);
			if (got < 5 ? known < size : memcmp(line, "From ", 5) != 0)
				return false;
			at += newline ? (uint64_t)(newline - line) + 1 : (uint64_t)got;
			explicit_bzero(line, sizeof line);
		}
		if (!same_mail(b->fd, x->begin + old, x->end, fd, &at, size))
			return false;
		/* the empty line behind, which the last one of the mbox may not have had */
		while (at < size && pread(fd, end, 1, (off_t)at) == 1 && *end == '\n')
			at++;
	}
	return at >= size;
}

/* Cuts the folder back to where it was. 0, or -1 with the error text. */
static int take_back_mail(
	struct mbox_source *b, const struct moves_head *head, const struct stretches *moved)
{
	struct mbox_lock lock;
	struct stat st;
	int result = -1;
	char *path = mbox_folder_path(b, head->folder);
	if (!path)
		return -1;
	int fd = open_mbox_folder(b, path, false);
	if (fd < 0) {
		result = errno == ENOENT ? 0 : -1;
	} else if (mbox_take(b, &lock, path, fd) >= 0) {
		if (!fstat(fd, &st) && (uint64_t)st.st_size > head->start &&
			only_ours_behind(b, fd, head->start, (uint64_t)st.st_size, moved))
			result = ftruncate(fd, (off_t)head->start) || fsync(fd)
				? source_fail(&b->base, "%s: %s", path, strerror(errno))
				: 0;
		else
			result = 0;
		mbox_unlock(&lock);
	}
	if (fd >= 0)
		close(fd);
	free(path);
	return result;
}

int mbox_moves_mend(struct mbox_source *b, bool finished)
{
	int result = 0;
	for (int what = 0; what < SETTLEMENT_COUNT && b->scratch && !result; what++) {
		struct moves_head head;
		struct stretches moved = { 0 };
		char *journal = mbox_moves_journal(b, (enum settlement)what);
		if (!journal)
			return source_fail(&b->base, "no memory");
		if (!finished && read_moves(journal, &head, &moved) &&
			head.device == b->seen.st_dev && head.inode == b->seen.st_ino && moved.n &&
			mbox_unchanged(b, &moved.at[0]))
			result = take_back_mail(b, &head, &moved);
		if (!result && !unlink(journal))
			directory_sync(journal);
		free(moved.at);
		free(journal);
	}
	return result;
}
