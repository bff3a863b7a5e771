/*
 * The mbox source. Others deliver into the file while we read it, so:
 *
 * - A lock (mboxlock.h) is held only to look at the size and to remove what is done; what was
 *   delivered after the first look waits for the next run and stays in the file whatever happens.
 * - settle() removes what is to go, after making sure that the same bytes are still there, as soon
 *   as that costs no more than what it saves; close() removes the rest. Nothing that stays is torn
 *   by a kill, and nothing is moved twice (mboxcut.h, mboxmove.c): the next open mends what one
 *   left.
 *
 * A folder is an mbox of that name in the same directory.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "classify/base/files.h"
#include "poller/mailbox/mboxsource.h"

enum { REST_CHEAP = 16 << 20 }; /* bytes that are copied at any settle */

/* --- handed out, by number ------------------------------------------------ */

static int stretch_number_order(const void *a, const void *b)
{
	const struct stretch *x = a, *y = b;
	return x->number < y->number ? -1 : x->number > y->number;
}

/* The message NUMBER that is out and not settled; NULL. */
static struct stretch *handed_find(struct stretches *s, uint64_t number)
{
	struct stretch key = { .number = number };
	struct stretch *x = s->n ? bsearch(&key, s->at, s->n, sizeof *s->at, stretch_number_order)
				 : NULL;
	return x && x->end ? x : NULL;
}

/* --- removing ------------------------------------------------------------- */

/* True when PATH is still the file that we read, with everything in its place that is to go. */
static bool file_unchanged(const struct mbox_source *b)
{
	struct stat now;
	if (stat(b->path, &now) || now.st_dev != b->seen.st_dev || now.st_ino != b->seen.st_ino ||
		now.st_size < b->seen.st_size)
		return false;
	for (size_t i = 0; i < b->removed.n; i++) {
		char next[5];
		const struct stretch *x = &b->removed.at[i];
		if (!mbox_unchanged(b, x))
			return false;
		if (x->end < (uint64_t)b->seen.st_size &&
			(pread(b->fd, next, 5, (off_t)x->end) != 5 || memcmp(next, "From ", 5)))
			return false;
	}
	return true;
}

/* What was read ahead of what was removed lies further to the front now. */
static void reader_shift(struct mbox_reader *r, int fd, uint64_t by)
{
	r->fd = fd;
	r->offset -= by;
	r->fetched -= by;
	r->limit -= by;
}

/* The removal will be done whatever happens: what was moved is moved. */
static int moves_decided(void *context)
{
	struct mbox_source *b = context;
	int result = 0;
	for (int what = 0; what < SETTLEMENT_COUNT; what++) {
		char *journal = b->moves[what].at.n ? mbox_moves_journal(b, (enum settlement)what)
						    : NULL;
		if (journal && (unlink(journal) || directory_sync(journal)) && errno != ENOENT)
			result = -1;
		free(journal);
		b->moves[what].at.n = 0;
	}
	return result;
}

/* Takes what is settled out of the file. 0, or -1 with the error text. */
static int remove_settled(struct mbox_source *b)
{
	struct mbox_lock lock;
	int result = -1;
	if (!b->removed.n)
		return 0;
	if (mbox_take(b, &lock, b->path, b->fd) < 0)
		return -1;
	stretches_sort(&b->removed);
	if (!file_unchanged(b)) {
		source_fail(&b->base, "%s: changed by somebody else meanwhile; nothing was removed",
			b->path);
		goto out;
	}
	if (mbox_cut(b->path, &b->fd, lock.dotlock != NULL, b->scratch, &b->removed, moves_decided,
		    b)) {
		source_fail(&b->base, "%s: removing messages: %s", b->path, strerror(errno));
		goto out;
	}
	uint64_t by = stretches_before(&b->removed, UINT64_MAX);
	for (size_t i = 0; i < b->handed.n; i++) {
		uint64_t before = stretches_before(&b->removed, b->handed.at[i].begin);
		b->handed.at[i].begin -= before, b->handed.at[i].head -= before;
		b->handed.at[i].end -= b->handed.at[i].end ? before : 0;
	}
	off_t seen = b->seen.st_size - (off_t)by;
	result = fstat(b->fd, &b->seen) ? source_fail(&b->base, "%s: %s", b->path, strerror(errno))
					: 0;
	b->seen.st_size = seen;
	b->removed.n = 0;
	b->cut += by;
	reader_shift(&b->reader, b->fd, by);
	reader_shift(&b->scout, b->fd, by);
out:
	mbox_unlock(&lock);
	return result;
}

/* Removing now costs little, or no more than what was read since. */
static bool removing_pays(struct mbox_source *b)
{
	uint64_t gone = stretches_before(&b->removed, UINT64_MAX), first = UINT64_MAX;
	for (size_t i = 0; i < b->removed.n; i++)
		first = b->removed.at[i].begin < first ? b->removed.at[i].begin : first;
	uint64_t rest = b->removed.n ? (uint64_t)b->seen.st_size - first - gone : 0;
	return b->removed.n && (rest <= REST_CHEAP || rest <= gone);
}

/* --- the source ----------------------------------------------------------- */

static int mbox_open(struct source **out, const struct source_options *options)
{
	struct mbox_source *b = calloc(1, sizeof *b);
	struct mbox_lock lock;
	if (!b)
		return *out = NULL, -1;
	*out = &b->base;
	b->base.ops = &source_mbox;
	b->base.facts.deleting = DELETING_LOCAL;
	b->mailbox = options->mailbox;
	b->max_message = options->max_message;
	b->stays = options->stays;
	b->scratch = options->scratch;
	b->fd = -1;
	const char *path = b->mailbox->path;
	/*
	 * The lock and a file that replaces it must lie beside the file itself, not beside a link
	 * to it.
	 */
	b->path = realpath(path, NULL);
	if (b->path)
		b->fd = open(b->path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (b->fd < 0 && b->path && (errno == EACCES || errno == EROFS))
		b->fd = open(b->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (b->fd < 0)
		return source_fail(&b->base, "%s: %s%s", path, strerror(errno),
			errno == EISDIR ? "; a Maildir? right would be protocol = maildir" : "");
	if (fstat(b->fd, &b->seen) || !S_ISREG(b->seen.st_mode))
		return source_fail(&b->base, "%s: not a regular file", path);
	int finished = mbox_take(b, &lock, b->path, b->fd);
	if (finished < 0)
		return -1;
	int failed = fstat(b->fd, &b->seen) ? source_fail(&b->base, "%s: %s", path, strerror(errno))
					    : mbox_moves_mend(b, finished > 0);
	mbox_unlock(&lock);
	if (failed)
		return -1;
	mbox_reader_start(&b->reader, b->fd, (uint64_t)b->seen.st_size, b->max_message);
	b->reader.identify = true;
	mbox_reader_start(&b->scout, b->fd, (uint64_t)b->seen.st_size, b->max_message);
	b->scout.identify = true;
	return 0;
}

/*
 * Lets the scout run ahead and asks which of the messages are wanted. 0, or -1 with the error text.
 */
static int ask_mbox_wanted(struct mbox_source *b, const struct source_sink *sink)
{
	unsigned char ids[MBOX_WANTED_WINDOW][SOURCE_ID_SIZE];
	struct mbox_message m;
	int result = 1;
	b->asked = b->answered = 0;
	while (b->asked < MBOX_WANTED_WINDOW && (result = mbox_reader_next(&b->scout, &m)) > 0)
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
		if (asks && b->answered == b->asked && ask_mbox_wanted(b, sink))
			return -1;
		int result = mbox_reader_next(&b->reader, &m);
		if (result < 0)
			return source_fail(s, "%s: %s", b->path, strerror(errno));
		if (!result)
			break;
		if (!b->reader.mbox)
			return source_fail(
				s, "%s: not an mbox: it does not begin with \"From \"", b->path);
		if (asks && b->answered < b->asked && !b->wanted[b->answered++])
			continue;
		struct stretch x = {
			.begin = m.begin, .end = m.end, .head = m.end, .number = m.begin + b->cut
		};
		memcpy(x.id, m.id, sizeof x.id);
		if (stretches_add(&b->handed, x))
			return source_fail(s, "no memory");
		snprintf(b->name, sizeof b->name, "byte %" PRIu64, m.begin);
		struct source_message message = { .id = x.number,
			.arrived = m.arrived,
			.size = m.size,
			.truncated = m.truncated,
			.bytes = m.bytes,
			.name = b->name };
		memcpy(message.remote_id, m.id, SOURCE_ID_SIZE);
		given++;
		if (sink->message(sink->context, &message))
			return source_fail(s, "stopped");
	}
	return (int)given;
}

/* The messages among ITEMS that have the settlement WHAT and are still out, at most COUNT. */
static size_t select_handed(struct mbox_source *b, const struct settle_item *items, size_t count,
	enum settlement what, struct stretch **x)
{
	size_t n = 0;
	for (size_t i = 0; i < count; i++)
		if (items[i].what == what && (x[n] = handed_find(&b->handed, items[i].id)))
			n++;
	return n;
}

static bool mbox_is_writable(const struct mbox_source *b)
{
	return (fcntl(b->fd, F_GETFL) & O_ACCMODE) == O_RDWR;
}

static int settle_mails(struct mbox_source *b, enum settlement what, struct stretch **x, size_t n,
	struct settled *done)
{
	int action = source_disposal(b->mailbox, what)->action;
	if (action != DISPOSE_KEEP && !mbox_is_writable(b))
		return source_fail(
			&b->base, "%s: we may only read it: nothing is deleted or moved", b->path);
	if (action == DISPOSE_MOVE && mbox_move(b, what, (const struct stretch *const *)x, n))
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (action != DISPOSE_KEEP &&
			(gone_add(&b->gone, x[i]->id) || stretches_join(&b->removed, *x[i])))
			return source_fail(&b->base, "no memory");
		x[i]->end = 0;
	}
	if (action == DISPOSE_DELETE)
		done->deleted += n;
	else if (action == DISPOSE_MOVE)
		done->moved += n;
	else
		done->kept += n;
	return 0;
}

static int mbox_settle(
	struct source *s, const struct settle_item *items, size_t count, struct settled *done)
{
	struct mbox_source *b = (struct mbox_source *)s;
	struct stretch **x = calloc(count + 1, sizeof *x);
	int result = 0;
	*done = (struct settled){ 0 };
	if (!x)
		return source_fail(s, "no memory");
	for (enum settlement what = SETTLE_PROCESSED; what < SETTLEMENT_COUNT && !result; what++) {
		size_t n = select_handed(b, items, count, what, x);
		result = n ? settle_mails(b, what, x, n, done) : 0;
	}
	free(x);
	return result || !removing_pays(b) ? result : remove_settled(b);
}

/* The messages of a folder from before CUTOFF; those without a date are as old as the file. */
static int find_old(
	int fd, const struct stat *st, int64_t cutoff, struct stretches *old, uint64_t *count)
{
	struct mbox_reader reader = { 0 };
	struct mbox_message m;
	int result;
	mbox_reader_start(&reader, fd, (uint64_t)st->st_size, 0);
	while ((result = mbox_reader_next(&reader, &m)) > 0) {
		if (!reader.mbox || (m.arrived ? m.arrived : st->st_mtime) >= cutoff)
			continue;
		++*count;
		if (stretches_join(old,
			    (struct stretch){ .begin = m.begin, .end = m.end, .head = m.end })) {
			result = -1;
			break;
		}
	}
	mbox_reader_free(&reader);
	return result;
}

static int mbox_expire(struct source *s, const char *folder, int64_t cutoff,
	const struct folder_mark *due, uint64_t *removed, struct folder_mark *end)
{
	(void)due, (void)end;
	struct mbox_source *b = (struct mbox_source *)s;
	struct stretches old = { 0 };
	struct mbox_lock lock;
	struct stat st;
	int result = -1;
	*removed = 0;
	char *path = mbox_folder_path(b, folder);
	if (!path)
		return -1;
	int fd = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0) {
		result = errno == ENOENT ? 0 : source_fail(s, "%s: %s", path, strerror(errno));
		goto out;
	}
	if (mbox_take(b, &lock, path, fd) < 0)
		goto out;
	uint64_t count = 0;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || find_old(fd, &st, cutoff, &old, &count))
		source_fail(s, "%s: cannot be read", path);
	else if (old.n && mbox_cut(path, &fd, lock.dotlock != NULL, b->scratch, &old, NULL, NULL))
		source_fail(s, "%s: removing messages: %s", path, strerror(errno));
	else
		result = 0;
	if (!result)
		*removed = count;
	mbox_unlock(&lock);
out:
	if (fd >= 0)
		close(fd);
	free(old.at);
	free(path);
	return result;
}

/*
 * What the file still holds is compared with what it should: a program that keeps a copy of it and
 * does not heed our lock may write back what we took out.
 */
static int mbox_finish(struct source *s, struct settled *late)
{
	struct mbox_source *b = (struct mbox_source *)s;
	struct mbox_reader reader = { .identify = true };
	struct mbox_message m;
	uint64_t back = 0;
	int result = 0;
	(void)late;
	if (remove_settled(b))
		return -1;
	int fd = b->gone.n ? open(b->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) : -1;
	if (fd < 0)
		return b->gone.n && errno != ENOENT
			? source_fail(s, "%s: %s", b->path, strerror(errno))
			: 0;
	mbox_reader_start(&reader, fd, UINT64_MAX, b->max_message);
	reader.identify = true;
	while ((result = mbox_reader_next(&reader, &m)) > 0)
		back += gone_has(&b->gone, m.id);
	mbox_reader_free(&reader);
	close(fd);
	if (result < 0)
		return source_fail(s, "%s: %s", b->path, strerror(errno));
	return source_check_gone(s, b->path, back);
}

static int mbox_describe(struct source *s, char *text, size_t size)
{
	struct mbox_source *b = (struct mbox_source *)s;
	snprintf(text, size, "%s: mbox of %jd bytes%s", b->path, (intmax_t)b->seen.st_size,
		mbox_is_writable(b) ? ""
				    : "; we may only read it, so nothing can be deleted or moved");
	return 0;
}

static int mbox_close(struct source *s, char *error, size_t size)
{
	struct mbox_source *b = (struct mbox_source *)s;
	int result = remove_settled(b);
	if (result && error)
		snprintf(error, size, "%s", s->error);
	mbox_reader_free(&b->reader);
	mbox_reader_free(&b->scout);
	free(b->handed.at);
	free(b->removed.at);
	gone_free(&b->gone);
	for (int what = 0; what < SETTLEMENT_COUNT; what++)
		free(b->moves[what].at.at);
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
	.finish = mbox_finish,
	.describe = mbox_describe,
	.close = mbox_close,
};
