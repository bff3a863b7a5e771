/*
 * Taking stretches out of an mbox. A large rest goes to a new file that takes the mbox's place in
 * one step. A small one, or where no new file can be made, is moved in place by pieces, each noted
 * in a journal before it is moved:
 *
 *     head | gaps: (begin, end)… | note 0 | bytes | note 1 | bytes
 *
 * The notes are written in turn, so that one of them is always whole; each says that all before its
 * piece is in its new place. A piece that overlaps its new place lies in the journal itself;
 * another can be read again where it was. Everything is in the byte order of this machine; sums
 * tell a note that was not written to its end.
 */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "classify/base/files.h"
#include "poller/mailbox/mboxcut.h"

enum {
	PIECE = 1 << 20,
	COPY_BYTES = 1 << 18,
	IN_PLACE_MAX = 16 << 20, /* a rest of this size at most is moved in place where it fits into
				    what goes */
	WITNESS = 4096,          /* bytes by which it is seen that nobody else changed the file */
	SUM_SIZE = 16,
};
static const char magic[8] = "retourM1";

struct journal_head {
	char magic[8];
	uint64_t device, inode, gaps;
	unsigned char sum[SUM_SIZE]; /* of the head without it, and the gaps */
};

struct cut_gap {
	uint64_t begin, end;
};

struct note {
	uint64_t sequence, size;     /* of the file when this was written */
	uint64_t from, to, n, saved; /* the piece; n 0: all is moved, and the file is shortened to
					TO. SAVED: bytes in the journal */
	unsigned char before[SUM_SIZE], after[SUM_SIZE]; /* of the file's bytes before TO, and
							    behind the piece (n 0: at TO) */
	unsigned char sum[SUM_SIZE]; /* of the note without it, and the saved bytes */
};

struct cut {
	int fd, journal;
	struct cut_gap *gap;
	uint64_t gaps, sequence;
	struct wiped buffer;
};

/* --- stretches ------------------------------------------------------------ */

int stretches_add(struct stretches *s, struct stretch x)
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

int stretches_join(struct stretches *s, struct stretch x)
{
	if (s->n && s->at[s->n - 1].end == x.begin) {
		s->at[s->n - 1].end = x.end;
		return 0;
	}
	return stretches_add(s, x);
}

static int stretch_order(const void *a, const void *b)
{
	const struct stretch *x = a, *y = b;
	return x->begin < y->begin ? -1 : x->begin > y->begin;
}

void stretches_sort(struct stretches *s)
{
	if (s->n)
		qsort(s->at, s->n, sizeof *s->at, stretch_order);
}

uint64_t stretches_before(const struct stretches *s, uint64_t position)
{
	uint64_t bytes = 0;
	for (size_t i = 0; i < s->n && s->at[i].begin < position; i++)
		bytes += s->at[i].end - s->at[i].begin;
	return bytes;
}

/* --- bytes ---------------------------------------------------------------- */

static int pwrite_whole(int fd, const void *p, size_t n, uint64_t at)
{
	const char *from = p;
	while (n) {
		ssize_t done = pwrite(fd, from, n, (off_t)at);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return -1;
		from += done;
		at += (uint64_t)done;
		n -= (size_t)done;
	}
	return 0;
}

/* Exactly N bytes. 0, or -1 with errno. */
static int pread_whole(int fd, void *p, size_t n, uint64_t at)
{
	char *to = p;
	while (n) {
		ssize_t got = pread(fd, to, n, (off_t)at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			errno = got ? errno : EIO;
			return -1;
		}
		to += got;
		at += (uint64_t)got;
		n -= (size_t)got;
	}
	return 0;
}

int mbox_copy(int in, uint64_t begin, uint64_t end, int out, uint64_t to, struct wiped *buffer)
{
	if (wiped_grow(buffer, COPY_BYTES))
		return -1;
	for (size_t n; begin < end; begin += n, to += n) {
		n = end - begin < COPY_BYTES ? (size_t)(end - begin) : COPY_BYTES;
		if (pread_whole(in, buffer->p, n, begin) || pwrite_whole(out, buffer->p, n, to))
			return -1;
	}
	return 0;
}

static void sum_of(
	unsigned char out[SUM_SIZE], const void *a, size_t a_size, const void *b, size_t b_size)
{
	crypto_generichash_state state;
	crypto_generichash_init(&state, NULL, 0, SUM_SIZE);
	crypto_generichash_update(&state, a, a_size);
	if (b_size)
		crypto_generichash_update(&state, b, b_size);
	crypto_generichash_final(&state, out, SUM_SIZE);
}

static size_t piece_size(uint64_t bytes, size_t most)
{
	return bytes < most ? (size_t)bytes : most;
}

/* The sum of the file's bytes from BEGIN to END, at most WITNESS of them. 0, or -1 with errno. */
static int witness(int fd, uint64_t begin, uint64_t end, unsigned char sum[SUM_SIZE])
{
	char bytes[WITNESS];
	size_t n = begin < end ? piece_size(end - begin, WITNESS) : 0;
	if (pread_whole(fd, bytes, n, begin))
		return -1;
	sum_of(sum, bytes, n, NULL, 0);
	explicit_bzero(bytes, sizeof bytes);
	return 0;
}

/* --- the journal ---------------------------------------------------------- */

char *mbox_journal_path(const char *scratch, const char *path, const char *kind)
{
	unsigned char sum[SUM_SIZE];
	char hex[2 * SUM_SIZE + 1], *journal;
	if (!scratch) {
		errno = ENOENT;
		return NULL;
	}
	sum_of(sum, path, strlen(path), NULL, 0);
	sodium_bin2hex(hex, sizeof hex, sum, sizeof sum);
	return asprintf(&journal, "%s/mbox-%s.%s", scratch, hex, kind) < 0 ? NULL : journal;
}

static uint64_t note_place(const struct cut *c, uint64_t sequence)
{
	return sizeof(struct journal_head) + c->gaps * sizeof(struct cut_gap) +
		(sequence & 1) * (sizeof(struct note) + PIECE);
}

/*
 * Notes the piece, with its bytes (in the buffer) where it overlaps its new place. 0, or -1 with
 * errno.
 */
static int write_note(struct cut *c, struct note *note)
{
	uint64_t ahead = note->n ? note->from + note->n : note->to;
	note->sequence = ++c->sequence;
	if (witness(c->fd, note->to < WITNESS ? 0 : note->to - WITNESS, note->to, note->before) ||
		witness(c->fd, ahead, note->size, note->after))
		return -1;
	sum_of(note->sum, note, offsetof(struct note, sum), c->buffer.p, note->saved);
	uint64_t at = note_place(c, note->sequence);
	return pwrite_whole(c->journal, c->buffer.p, note->saved, at + sizeof *note) ||
			pwrite_whole(c->journal, note, sizeof *note, at) || fsync(c->journal)
		? -1
		: 0;
}

/* Reads the note of this parity, its bytes into the buffer; false: it is not whole. */
static bool read_cut_note(struct cut *c, uint64_t parity, struct note *note)
{
	unsigned char sum[SUM_SIZE];
	uint64_t at = note_place(c, parity);
	if (pread_whole(c->journal, note, sizeof *note, at) || note->saved > PIECE ||
		note->n > PIECE || (note->sequence & 1) != parity ||
		pread_whole(c->journal, c->buffer.p, note->saved, at + sizeof *note))
		return false;
	sum_of(sum, note, offsetof(struct note, sum), c->buffer.p, note->saved);
	return note->sequence && !memcmp(sum, note->sum, sizeof sum);
}

static int write_head(struct cut *c, const struct stat *st)
{
	struct journal_head head = { .device = st->st_dev, .inode = st->st_ino, .gaps = c->gaps };
	memcpy(head.magic, magic, sizeof magic);
	sum_of(head.sum, &head, offsetof(struct journal_head, sum), c->gap,
		c->gaps * sizeof *c->gap);
	return pwrite_whole(c->journal, &head, sizeof head, 0) ||
			pwrite_whole(c->journal, c->gap, c->gaps * sizeof *c->gap, sizeof head)
		? -1
		: 0;
}

/* Reads head and gaps; false: they are not whole, or of another file. */
static bool read_head(struct cut *c, const struct stat *st)
{
	struct journal_head head;
	unsigned char sum[SUM_SIZE];
	struct stat journal;
	if (fstat(c->journal, &journal) || pread_whole(c->journal, &head, sizeof head, 0) ||
		memcmp(head.magic, magic, sizeof magic) || head.device != st->st_dev ||
		head.inode != st->st_ino || !head.gaps ||
		head.gaps > (uint64_t)journal.st_size / sizeof(struct cut_gap))
		return false;
	c->gaps = head.gaps;
	c->gap = calloc(c->gaps, sizeof *c->gap);
	if (!c->gap || pread_whole(c->journal, c->gap, c->gaps * sizeof *c->gap, sizeof head))
		return false;
	sum_of(sum, &head, offsetof(struct journal_head, sum), c->gap, c->gaps * sizeof *c->gap);
	return !memcmp(sum, head.sum, sizeof sum);
}

/* --- moving in place ------------------------------------------------------ */

/* The next piece at or behind FROM of a file of SIZE bytes; n 0: nothing is left to be moved. */
static struct note next_piece(const struct cut *c, uint64_t from, uint64_t size)
{
	uint64_t gone = 0, end = size;
	for (uint64_t i = 0; i < c->gaps; i++) {
		if (c->gap[i].begin > from) {
			end = c->gap[i].begin;
			break;
		}
		gone += c->gap[i].end - c->gap[i].begin;
		if (from < c->gap[i].end)
			from = c->gap[i].end;
	}
	uint64_t n = from < end ? piece_size(end - from, PIECE) : 0;
	return (struct note){
		.size = size, .from = from, .to = from - gone, .n = n, .saved = n > gone ? n : 0
	};
}

/*
 * Puts the piece to its place; its bytes are in the buffer when they were saved. 0, or -1 with
 * errno.
 */
static int move_piece(struct cut *c, const struct note *note)
{
	if (!note->saved && pread_whole(c->fd, c->buffer.p, (size_t)note->n, note->from))
		return -1;
	return pwrite_whole(c->fd, c->buffer.p, (size_t)note->n, note->to) || fsync(c->fd) ? -1 : 0;
}

/*
 * Moves everything from FROM on and shortens the file. DECIDED is called when the first note is
 * durable. 0, or -1 with errno.
 */
static int move_rest(
	struct cut *c, uint64_t from, uint64_t size, int (*decided)(void *context), void *context)
{
	for (;;) {
		struct note note = next_piece(c, from, size);
		if (note.saved && pread_whole(c->fd, c->buffer.p, (size_t)note.n, note.from))
			return -1;
		if (write_note(c, &note))
			return -1;
		if (decided && decided(context))
			return -1;
		decided = NULL;
		if (!note.n)
			return ftruncate(c->fd, (off_t)note.to) || fsync(c->fd) ? -1 : 0;
		if (move_piece(c, &note))
			return -1;
		from = note.from + note.n;
	}
}

static void cut_free(struct cut *c)
{
	int why = errno;
	if (c->journal >= 0)
		close(c->journal);
	wiped_free(&c->buffer);
	free(c->gap);
	errno = why;
}

static int cut_in_place(const char *path, int fd, const char *scratch, const struct stretches *gone,
	const struct stat *st, int (*decided)(void *context), void *context)
{
	struct cut c = { .fd = fd,
		.journal = -1,
		.gaps = gone->n,
		.gap = calloc(gone->n, sizeof(struct cut_gap)) };
	char *journal = mbox_journal_path(scratch, path, "journal");
	int result = -1;
	if (!journal || !c.gap || wiped_grow(&c.buffer, PIECE))
		goto out;
	for (size_t i = 0; i < gone->n; i++)
		c.gap[i] = (struct cut_gap){ gone->at[i].begin, gone->at[i].end };
	c.journal = open(journal, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (c.journal < 0 || write_head(&c, st) || directory_sync(journal))
		goto out;
	if (move_rest(&c, gone->at[0].end, (uint64_t)st->st_size, decided, context) ||
		unlink(journal) || directory_sync(journal))
		goto out;
	result = 0;
out:
	cut_free(&c);
	free(journal);
	return result;
}

/* --- a new file ----------------------------------------------------------- */

/* .NAME.retour beside PATH; heap, NULL without memory. */
static char *path_beside(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char *beside;
	return asprintf(&beside, "%.*s.%s.retour", (int)(name - path), path, name) < 0 ? NULL
										       : beside;
}

/*
 * What stays goes to a new file that takes the place of PATH and *FD. 0, or -1: nothing has
 * changed.
 */
static int cut_by_rename(
	const char *path, int *fd, const struct stat *st, const struct stretches *gone)
{
	struct wiped buffer = { 0 };
	char *beside = path_beside(path);
	uint64_t to = gone->at[0].begin;
	int result = -1;
	int out = beside ? open(beside, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)
			 : -1;
	if (out < 0)
		goto out;
	if (fchown(out, st->st_uid, st->st_gid) || fchmod(out, st->st_mode & 07777) ||
		mbox_copy(*fd, 0, to, out, 0, &buffer))
		goto out;
	for (size_t i = 0; i < gone->n; i++) {
		uint64_t begin = gone->at[i].end,
			 end = i + 1 < gone->n ? gone->at[i + 1].begin : (uint64_t)st->st_size;
		if (mbox_copy(*fd, begin, end, out, to, &buffer))
			goto out;
		to += end - begin;
	}
	if (fsync(out) || rename(beside, path))
		goto out;
	/* *FD keeps its number, for others know it; its lock went with the old file. */
	result = directory_sync(path) || dup3(out, *fd, O_CLOEXEC) < 0 ? -1 : 0;
out:
	if (out >= 0) {
		if (result)
			unlink(beside);
		close(out);
	}
	wiped_free(&buffer);
	free(beside);
	return result;
}

int mbox_cut(const char *path, int *fd, bool locked_beside, const char *scratch,
	const struct stretches *gone, int (*decided)(void *context), void *context)
{
	struct stat st;
	if (fstat(*fd, &st))
		return -1;
	uint64_t size = (uint64_t)st.st_size, removed = stretches_before(gone, size),
		 rest = size - gone->at[0].begin - removed;
	bool fits = rest <= gone->at[0].end - gone->at[0].begin && rest <= IN_PLACE_MAX;
	/*
	 * Without FILE.lock somebody may be waiting with the old file open: a rename would lose
	 * what he writes.
	 */
	if (!fits && locked_beside && !cut_by_rename(path, fd, &st, gone))
		return decided ? decided(context) : 0;
	return cut_in_place(path, *fd, scratch, gone, &st, decided, context);
}

/* --- after a kill --------------------------------------------------------- */

/* Goes on behind the last note. 1, 0 when nothing had begun, -1 with errno. */
static int go_on_cutting(struct cut *c, uint64_t size)
{
	struct note note, other;
	unsigned char before[SUM_SIZE], after[SUM_SIZE];
	bool even = read_cut_note(c, 0, &note), odd = read_cut_note(c, 1, &other);
	if (!even && !odd)
		return 0;
	if (odd && (!even || other.sequence > note.sequence))
		note = other;
	c->sequence = note.sequence;
	if (!read_cut_note(c, note.sequence & 1, &note)) /* its bytes into the buffer again */
		return -1;
	errno = ESTALE;
	if (!note.n && size < note.size)
		return 1; /* was shortened already */
	if (size < note.size ||
		witness(c->fd, note.to < WITNESS ? 0 : note.to - WITNESS, note.to, before) ||
		witness(c->fd, note.n ? note.from + note.n : note.to, note.size, after))
		return -1;
	if (!note.n && memcmp(after, note.after, sizeof after))
		return 1; /* was shortened, and others have written to it since */
	if (memcmp(before, note.before, sizeof before) || memcmp(after, note.after, sizeof after)) {
		errno = ESTALE;
		return -1;
	}
	if (note.n && move_piece(c, &note))
		return -1;
	return move_rest(c, note.from + note.n, size, NULL, NULL) ? -1 : 1;
}

int mbox_cut_mend(const char *path, int fd, bool locked_beside, const char *scratch)
{
	struct cut c = { .fd = fd, .journal = -1 };
	struct stat st;
	int result = 0;
	if (!scratch)
		return 0;
	char *beside = locked_beside ? path_beside(path) : NULL,
	     *journal = mbox_journal_path(scratch, path, "journal");
	if (beside)
		unlink(beside);
	free(beside);
	if (!journal)
		return -1;
	c.journal = open(journal, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (c.journal < 0) {
		result = errno == ENOENT ? 0 : -1;
		goto out;
	}
	if (fstat(fd, &st) || wiped_grow(&c.buffer, PIECE))
		result = -1;
	else if (read_head(&c, &st))
		result = go_on_cutting(&c, (uint64_t)st.st_size);
	/*
	 * A disk that is full or fails is another matter than a journal that means nothing any
	 * more.
	 */
	if (result >= 0 || errno == ESTALE) {
		int why = errno;
		unlink(journal);
		directory_sync(journal);
		errno = why;
	}
out:
	cut_free(&c);
	free(journal);
	return result;
}
