/* For the tests of sources: a sink that keeps what it is given, and a directory of one's own. */
#ifndef RETOUR_COLLECT_H
#define RETOUR_COLLECT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "poller/config/config.h"
#include "poller/mailbox/source.h"
#include "tests/unit/place.h"

enum { COLLECT_MAX = 20000 };

struct collected {
	uint64_t id, size;
	int64_t arrived;
	bool truncated;
	unsigned char remote_id[SOURCE_ID_SIZE];
	char *text, *name;
};

struct collect {
	struct collected *at;
	size_t n, stop_after; /* 0: never */
	size_t asked;
	char stuck[128];      /* the last that could not be had, and why */
	const char *unwanted; /* remote id of the one that is not; NULL: all are */
};

static inline int collect_message(void *context, const struct source_message *m)
{
	struct collect *c = context;
	if (!c->at)
		c->at = calloc(COLLECT_MAX, sizeof *c->at);
	assert_true(c->n < COLLECT_MAX);
	struct collected *x = &c->at[c->n++];
	*x = (struct collected){
		.id = m->id, .size = m->size, .arrived = m->arrived, .truncated = m->truncated
	};
	memcpy(x->remote_id, m->remote_id, sizeof x->remote_id);
	x->text = strndup(m->bytes.p, m->bytes.n);
	x->name = strdup(m->name);
	return c->stop_after && c->n == c->stop_after;
}

static inline int collect_stuck(void *context, const struct source_message *m, const char *why)
{
	struct collect *c = context;
	snprintf(c->stuck, sizeof c->stuck, "%s: %s", m->name, why);
	return 0;
}

static inline int collect_wanted(void *context, const unsigned char (*ids)[SOURCE_ID_SIZE],
	size_t count, unsigned char *wanted)
{
	struct collect *c = context;
	for (size_t i = 0; i < count; i++)
		wanted[i] = !c->unwanted || memcmp(ids[i], c->unwanted, SOURCE_ID_SIZE);
	c->asked += count;
	return 0;
}

static inline struct source_sink collect_sink(struct collect *c)
{
	return (struct source_sink){ .message = collect_message,
		.stuck = collect_stuck,
		.wanted = collect_wanted,
		.context = c };
}

static inline void collect_free(struct collect *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->at[i].text);
		free(c->at[i].name);
	}
	free(c->at);
	*c = (struct collect){ 0 };
}

/* Everything in batches of COUNT. What the last next() returned. */
static inline int collect_all(struct source *s, size_t count, struct collect *c)
{
	struct source_sink sink = collect_sink(c);
	int n;
	while ((n = s->ops->next(s, count, &sink)) > 0)
		assert_true((size_t)n <= count);
	return n;
}

/* Settles all that was collected. */
static inline int collect_settle(
	struct source *s, const struct collect *c, enum settlement what, struct settled *done)
{
	struct settle_item *items = calloc(c->n ? c->n : 1, sizeof *items);
	for (size_t i = 0; i < c->n; i++)
		items[i] = (struct settle_item){ c->at[i].id, what };
	int result = s->ops->settle(s, items, c->n, done);
	free(items);
	return result;
}

/* --- a directory of one's own: the working directory of the test ---------- */

static char scratch_path[PLACE_SIZE];

static inline int scratch_setup(void **state)
{
	(void)state;
	return !place_make(scratch_path) || chdir(scratch_path);
}

static inline int scratch_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static inline int scratch_teardown(void **state)
{
	(void)state;
	return chdir("/") || nftw(scratch_path, scratch_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	fclose(f);
}

/* The file's text, the caller's; NULL when there is none. */
static inline char *get(const char *path)
{
	struct stat st;
	FILE *f = fopen(path, "r");
	if (!f || fstat(fileno(f), &st))
		return NULL;
	char *text = calloc(1, (size_t)st.st_size + 1);
	size_t n = fread(text, 1, (size_t)st.st_size, f);
	assert_int_equal(n, st.st_size);
	fclose(f);
	return text;
}

static inline void assert_file(const char *path, const char *text)
{
	char *found = get(path);
	assert_non_null(found);
	assert_string_equal(found, text);
	free(found);
}

#endif
