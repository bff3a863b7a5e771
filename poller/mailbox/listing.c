/*
 * A directory in a stable order within bounded memory. The directory is swept
 * once per window; a sweep keeps the LISTING_WINDOW smallest entries that come
 * after the last one handed out, in a heap with the largest on top. A mailbox
 * of 20,000 messages costs three sweeps, one of a million 123: a few seconds
 * against the hour that its messages take.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include "poller/mailbox/local.h"

struct listing {
	DIR *dirs[LISTING_DIRS_MAX];
	size_t count;
	bool maildir, started, done;
	struct listing_entry last; /* the last one of the window before */
	size_t n;
	struct listing_entry window[LISTING_WINDOW];
};

int64_t maildir_name_time(const char *name)
{
	enum { DIGITS_MAX = 11 };
	int64_t time = 0;
	size_t n = strspn(name, "0123456789");
	if (!n || n > DIGITS_MAX || name[n] != '.')
		return 0;
	for (size_t i = 0; i < n; i++)
		time = time * 10 + (name[i] - '0');
	return time;
}

/* By time and name; in a Maildir the name ends at the ':'. */
static int compare_listed_names(
	const struct listing_entry *a, const struct listing_entry *b, bool maildir)
{
	if (a->time != b->time)
		return a->time < b->time ? -1 : 1;
	if (!maildir)
		return strcmp(a->name, b->name);
	size_t n = strcspn(a->name, ":"), m = strcspn(b->name, ":");
	int order = memcmp(a->name, b->name, n < m ? n : m);
	if (order)
		return order;
	return n < m ? -1 : n > m;
}

static void swap(struct listing_entry *a, struct listing_entry *b)
{
	struct listing_entry t = *a;
	*a = *b;
	*b = t;
}

static void sift_down(struct listing *l, size_t i, size_t n)
{
	for (;;) {
		size_t child = 2 * i + 1;
		if (child >= n)
			return;
		if (child + 1 < n &&
			compare_listed_names(&l->window[child], &l->window[child + 1], l->maildir) <
				0)
			child++;
		if (compare_listed_names(&l->window[i], &l->window[child], l->maildir) >= 0)
			return;
		swap(&l->window[i], &l->window[child]);
		i = child;
	}
}

static void sift_up(struct listing *l, size_t i)
{
	for (; i && compare_listed_names(&l->window[(i - 1) / 2], &l->window[i], l->maildir) < 0;
		i = (i - 1) / 2)
		swap(&l->window[(i - 1) / 2], &l->window[i]);
}

/* Keeps NAME if it is among the smallest. 0, or -1 without memory. */
static int offer(struct listing *l, const char *name, uint8_t dir)
{
	struct listing_entry e = { .time = l->maildir ? maildir_name_time(name) : 0,
		.name = (char *)name,
		.dir = dir,
		.wanted = true };
	if (l->started && compare_listed_names(&e, &l->last, l->maildir) <= 0)
		return 0;
	bool full = l->n == LISTING_WINDOW;
	if (full && compare_listed_names(&e, &l->window[0], l->maildir) >= 0)
		return 0;
	e.name = strdup(name);
	if (!e.name)
		return -1;
	if (full) {
		free(l->window[0].name);
		l->window[0] = e;
		sift_down(l, 0, l->n);
	} else {
		l->window[l->n] = e;
		sift_up(l, l->n++);
	}
	return 0;
}

static int sweep(struct listing *l)
{
	for (size_t i = 0; i < l->count; i++) {
		rewinddir(l->dirs[i]);
		for (;;) {
			errno = 0;
			const struct dirent *d = readdir(l->dirs[i]);
			if (!d && errno)
				return -1;
			if (!d)
				break;
			if (d->d_name[0] != '.' && offer(l, d->d_name, (uint8_t)i))
				return -1;
		}
	}
	return 0;
}

static void forget_window(struct listing *l)
{
	while (l->n)
		free(l->window[--l->n].name);
}

int listing_open(struct listing **out, const int *dirs, size_t count, bool maildir)
{
	struct listing *l = calloc(1, sizeof *l);
	*out = NULL;
	if (!l)
		return -1;
	l->maildir = maildir;
	for (; l->count < count; l->count++) {
		/* A descriptor of its own: closedir() closes it. */
		int fd = openat(dirs[l->count], ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0 || !(l->dirs[l->count] = fdopendir(fd))) {
			int saved = errno;
			if (fd >= 0)
				close(fd);
			listing_close(l);
			errno = saved;
			return -1;
		}
	}
	*out = l;
	return 0;
}

long listing_next(struct listing *l, struct listing_entry **entries)
{
	if (l->n) {
		free(l->last.name);
		l->last = l->window[--l->n];
		l->started = true;
		forget_window(l);
	}
	if (l->done)
		return 0;
	if (sweep(l))
		return -1;
	/* A window that is not full was the last: what comes meanwhile waits for the next run. */
	l->done = l->n < LISTING_WINDOW;
	for (size_t n = l->n; n > 1;) {
		swap(&l->window[0], &l->window[--n]);
		sift_down(l, 0, n);
	}
	*entries = l->window;
	return (long)l->n;
}

void listing_close(struct listing *l)
{
	if (!l)
		return;
	forget_window(l);
	free(l->last.name);
	for (size_t i = 0; i < l->count; i++)
		closedir(l->dirs[i]);
	free(l);
}
