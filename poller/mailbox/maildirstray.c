#include "poller/mailbox/maildirstray.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "poller/mailbox/local.h"

int strays_add(struct strays *s, const char *name)
{
	if (s->n == s->capacity) {
		size_t capacity = s->capacity ? 2 * s->capacity : 64;
		struct stray *at = reallocarray(s->at, capacity, sizeof *at);
		if (!at)
			return -1;
		s->at = at;
		s->capacity = capacity;
	}
	char *copy = strdup(name);
	if (!copy)
		return -1;
	s->at[s->n++] = (struct stray){ .name = copy };
	return 0;
}

static int stray_order(const void *a, const void *b)
{
	const char *x = ((const struct stray *)a)->name, *y = ((const struct stray *)b)->name;
	size_t n = strcspn(x, ":"), m = strcspn(y, ":");
	int order = memcmp(x, y, n < m ? n : m);
	if (order)
		return order;
	return n < m ? -1 : n > m;
}

/* NAME lies in the directory DIR: is it one of these? 0, or -1 without memory. */
static int stray_seen(struct strays *s, char *name, uint8_t dir)
{
	struct stray key = { .name = name };
	struct stray *found = bsearch(&key, s->at, s->n, sizeof key, stray_order);
	if (!found || found->found)
		return 0;
	char *copy = strdup(name);
	if (!copy)
		return -1;
	free(found->name);
	*found = (struct stray){ copy, dir, true };
	return 0;
}

int strays_find(struct strays *s, const int *dirs, size_t count)
{
	if (!s->n)
		return 0;
	qsort(s->at, s->n, sizeof *s->at, stray_order);
	for (size_t i = 0; i < count; i++) {
		int fd = directory_open(dirs[i], "."), failed = 0;
		DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
		if (!d) {
			if (fd >= 0)
				close(fd);
			return -1;
		}
		errno = 0;
		for (struct dirent *e; !failed && (e = readdir(d)); errno = 0)
			if (e->d_name[0] != '.' && stray_seen(s, e->d_name, (uint8_t)i))
				failed = ENOMEM;
		failed = failed ? failed : errno;
		closedir(d);
		if ((errno = failed))
			return -1;
	}
	return 0;
}

void strays_free(struct strays *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->at[i].name);
	free(s->at);
	*s = (struct strays){ 0 };
}
