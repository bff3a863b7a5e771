/*
 * The file source, for import: messages, mboxes, Maildirs and directories of such,
 * and "-" for standard input. Nothing here is ever settled: files stay as they are.
 *
 * It is the smallest source and shows the contract: open() takes the options, next() hands out
 * batches, settle() is told what became of them, close() frees. What cannot be read is
 * named in the error text of the -1 that ends the source; everything else was handed out before.
 *
 * Directories are read in the order of names, with what lies below them, never through a
 * link. A directory with cur/ and new/ is a Maildir: its folders are read after its messages.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "poller/mailbox/mbox.h"

enum { DEPTH_MAX = 16 };

/* A directory that is being read. */
struct directory_level {
	int fd;
	struct listing *listing;
	struct listing_entry *window;
	size_t listed, at;
	size_t path_length; /* of its path in struct files.path */
	bool maildir;       /* only directories in it count */
};

struct files {
	struct source base;
	const char *const *next_path;
	uint64_t max_message;
	uint64_t last_id;
	/* What is being read now; at most one of these. */
	int fd; /* a file or standard input, through READER */
	struct mbox_reader reader;
	struct source *maildir;
	struct directory_level level[DEPTH_MAX];
	unsigned depth;
	char path[PATH_MAX];                 /* its name */
	char shown[PATH_MAX + NAME_MAX + 2]; /* the same with a Maildir's file */
	unsigned failures; /* paths that could not be read; the first one's text is in base.error */
};

static int files_open(struct source **out, const struct source_options *options)
{
	struct files *f = calloc(1, sizeof *f);
	*out = f ? &f->base : NULL;
	if (!f)
		return -1;
	f->base.ops = &source_file;
	f->next_path = options->paths;
	f->max_message = options->max_message;
	f->fd = -1;
	return 0;
}

/* Notes that the current path could not be read; the others go on. */
static void file_failed(struct files *f, const char *why)
{
	if (!f->failures++)
		source_fail(&f->base, "%s: %s", f->path, why);
}

static void file_done(struct files *f)
{
	if (f->fd > STDIN_FILENO)
		close(f->fd);
	f->fd = -1;
}

/* --- opening what comes next ---------------------------------------------- */

static void start_mail_reader(struct files *f, int fd, bool regular, uint64_t size)
{
	f->fd = fd;
	mbox_reader_start(&f->reader, fd, regular ? size : UINT64_MAX, f->max_message);
}

static bool is_maildir(int fd)
{
	struct stat st;
	return !fstatat(fd, "cur", &st, AT_SYMLINK_NOFOLLOW) && S_ISDIR(st.st_mode) &&
		!fstatat(fd, "new", &st, AT_SYMLINK_NOFOLLOW) && S_ISDIR(st.st_mode);
}

/* Enters the directory FD, which is ours from now on. */
static void enter_folder(struct files *f, int fd)
{
	if (f->depth == DEPTH_MAX) {
		file_failed(f, "too many directories in one another");
		close(fd);
		return;
	}
	struct directory_level *l = &f->level[f->depth];
	*l = (struct directory_level){
		.fd = fd, .path_length = strlen(f->path), .maildir = is_maildir(fd)
	};
	if (listing_open(&l->listing, &fd, 1, false)) {
		file_failed(f, strerror(errno));
		close(fd);
		return;
	}
	f->depth++;
	if (!l->maildir)
		return;
	const char *const paths[] = { f->path, NULL };
	struct source_options options = { .paths = paths, .max_message = f->max_message };
	if (source_maildir.open(&f->maildir, &options)) {
		file_failed(f, f->maildir ? f->maildir->error : "no memory");
		if (f->maildir)
			f->maildir->ops->close(f->maildir, NULL, 0);
		f->maildir = NULL;
	}
}

/*
 * Opens NAME in directory DIR; f->path says where that is. GIVEN: it was named by a person, who may
 * also mean a pipe or a link.
 */
static void open_entry(struct files *f, int dir, const char *name, bool given)
{
	struct stat st;
	int fd = openat(
		dir, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | (given ? 0 : O_NOFOLLOW | O_NONBLOCK));
	if (fd < 0) {
		if (given || (errno != ELOOP && errno != ENOENT && errno != ENXIO))
			file_failed(f, strerror(errno));
		return;
	}
	if (fstat(fd, &st)) {
		file_failed(f, strerror(errno));
		close(fd);
	} else if (S_ISDIR(st.st_mode)) {
		enter_folder(f, fd);
	} else if (S_ISREG(st.st_mode) || (given && !S_ISBLK(st.st_mode))) {
		start_mail_reader(f, fd, S_ISREG(st.st_mode), (uint64_t)st.st_size);
	} else {
		if (given)
			file_failed(f, "not a file or directory");
		close(fd);
	}
}

/* Opens the next entry of the innermost directory, or leaves it. */
static void next_in_folder(struct files *f)
{
	struct directory_level *l = &f->level[f->depth - 1];
	f->path[l->path_length] = '\0';
	if (l->at == l->listed) {
		long n = listing_next(l->listing, &l->window);
		if (n < 0)
			file_failed(f, strerror(errno));
		l->listed = n > 0 ? (size_t)n : 0;
		l->at = 0;
		if (!l->listed) {
			listing_close(l->listing);
			close(l->fd);
			f->depth--;
			return;
		}
	}
	const char *name = l->window[l->at++].name;
	struct stat st;
	if (l->maildir &&
		(!strcmp(name, "cur") || !strcmp(name, "new") || !strcmp(name, "tmp") ||
			fstatat(l->fd, name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISDIR(st.st_mode)))
		return;
	if (l->path_length + 1 + strlen(name) >= sizeof f->path) {
		file_failed(f, strerror(ENAMETOOLONG));
		return;
	}
	const char *slash = l->path_length && f->path[l->path_length - 1] == '/' ? "" : "/";
	sprintf(f->path + l->path_length, "%s%s", slash, name);
	open_entry(f, l->fd, name, false);
}

static void next_path(struct files *f)
{
	const char *path = *f->next_path++;
	if ((size_t)snprintf(f->path, sizeof f->path, "%s", path) >= sizeof f->path)
		file_failed(f, strerror(ENAMETOOLONG));
	else if (!strcmp(path, "-"))
		start_mail_reader(f, STDIN_FILENO, false, 0);
	else
		open_entry(f, AT_FDCWD, path, true);
}

/* --- handing out ---------------------------------------------------------- */

/* The next message of the file. 1, 0 at its end, -1 when the sink says stop. */
static int from_file(struct files *f, const struct source_sink *sink)
{
	struct mbox_message m;
	int result = mbox_reader_next(&f->reader, &m);
	if (result < 0)
		file_failed(f, strerror(errno));
	if (result <= 0) {
		file_done(f);
		return 0;
	}
	struct source_message message = { .id = ++f->last_id,
		.arrived = m.arrived,
		.size = m.size,
		.truncated = m.truncated,
		.bytes = m.bytes,
		.name = f->path };
	return sink->message(sink->context, &message) ? -1 : 1;
}

/* A message of a Maildir, under a number and a name of ours. */
struct renamed {
	struct files *f;
	const struct source_sink *sink;
};

static int rename_message(void *context, const struct source_message *m)
{
	struct renamed *r = context;
	struct source_message message = *m;
	snprintf(r->f->shown, sizeof r->f->shown, "%s/%s", r->f->path, m->name);
	message.id = ++r->f->last_id;
	message.name = r->f->shown;
	return r->sink->message(r->sink->context, &message);
}

/* The next message of the Maildir. 1, 0 at its end, -1 when the sink says stop. */
static int from_maildir(struct files *f, const struct source_sink *sink)
{
	struct renamed r = { f, sink };
	uint64_t before = f->last_id;
	const struct source_sink renaming = { .message = rename_message, .context = &r };
	int result = f->maildir->ops->next(f->maildir, 1, &renaming);
	if (result > 0)
		return 1;
	if (result < 0 && f->last_id != before)
		return -1;
	if (result < 0)
		file_failed(f, f->maildir->error);
	f->maildir->ops->close(f->maildir, NULL, 0);
	f->maildir = NULL;
	return 0;
}

static int files_next(struct source *s, size_t count, const struct source_sink *sink)
{
	struct files *f = (struct files *)s;
	size_t given = 0;
	while (given < count) {
		int result = 0;
		if (f->fd >= 0)
			result = from_file(f, sink);
		else if (f->maildir)
			result = from_maildir(f, sink);
		else if (f->depth)
			next_in_folder(f);
		else if (*f->next_path)
			next_path(f);
		else
			break;
		if (result < 0)
			return source_fail(s, "stopped");
		given += (size_t)result;
	}
	if (given || !f->failures)
		return (int)given;
	size_t n = strlen(s->error);
	if (f->failures > 1)
		snprintf(s->error + n, sizeof s->error - n, " (and %u more)", f->failures - 1);
	f->failures = 0;
	return -1;
}

static int files_settle(
	struct source *s, const struct settle_item *items, size_t count, struct settled *done)
{
	(void)s, (void)items;
	*done = (struct settled){ .kept = count };
	return 0;
}

static int files_describe(struct source *s, char *text, size_t size)
{
	(void)s;
	snprintf(text, size, "files");
	return 0;
}

static int files_close(struct source *s, char *error, size_t size)
{
	struct files *f = (struct files *)s;
	(void)error, (void)size;
	if (f->maildir)
		f->maildir->ops->close(f->maildir, NULL, 0);
	while (f->depth) {
		struct directory_level *l = &f->level[--f->depth];
		listing_close(l->listing);
		close(l->fd);
	}
	file_done(f);
	mbox_reader_free(&f->reader);
	free(f);
	return 0;
}

const struct source_ops source_file = {
	.name = "file",
	.open = files_open,
	.next = files_next,
	.settle = files_settle,
	.describe = files_describe,
	.close = files_close,
};
