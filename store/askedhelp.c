/*
 * A handle of SQLite's is one thread's. Two handles see the same when nobody committed between the
 * beginnings of their snapshots: the second one's data_version tells, which differs between two
 * calls where another connection committed meanwhile (sqlite.org/pragma.html). So the first
 * snapshot is begun anew between two beginnings of the second.
 */
#include "store/askedhelp.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
#include "store/contacts.h"

enum { JOIN_TRIES = 4 };

struct help {
	struct store *store; /* NULL: there is no second one to be had */
	pthread_t thread;
	bool runs;
	int (*work)(struct store *s, void *context);
	void *context;
	int result;
};

static struct help *help_open(const struct store *s, struct store *(*second)(const struct store *s))
{
	struct help *h = calloc(1, sizeof *h);

	if (h && sysconf(_SC_NPROCESSORS_ONLN) > 1)
		h->store = second(s);
	return h;
}

static int see(struct store *s, int64_t *version)
{
	return store_snapshot(s, true) || db_int(s, version, SQL_DATA_VERSION, "") ? STORE_FAILED
										   : STORE_OK;
}

bool help_join(struct store *s, struct help **h, struct store *(*second_of)(const struct store *s))
{
	int64_t before, after, own;

	if (!*h)
		*h = help_open(s, second_of);
	struct store *second = *h ? (*h)->store : NULL;
	for (int i = 0; second && i < JOIN_TRIES; i++) {
		bool same = !see(second, &before) && !store_snapshot(s, false) && !see(s, &own) &&
			!store_snapshot(second, false) && !see(second, &after) && before == after;
		if (same)
			return true;
		store_snapshot(second, false);
	}
	return false;
}

struct store *help_store(struct help *h)
{
	return h->store;
}

static void *help_run(void *context)
{
	struct help *h = context;

	h->result = h->work(h->store, h->context);
	return NULL;
}

void help_start(struct help *h, int (*work)(struct store *s, void *context), void *context)
{
	h->work = work;
	h->context = context;
	h->runs = pthread_create(&h->thread, NULL, help_run, h) == 0;
	if (!h->runs)
		help_run(h);
}

void help_leave(struct help *h)
{
	store_snapshot(h->store, false);
}

int help_wait(struct help *h, struct store *s)
{
	if (h->runs)
		pthread_join(h->thread, NULL);
	h->runs = false;
	if (h->result)
		store_fail(s, h->result, "%s", store_error(h->store));
	return h->result;
}

struct store *help_close(struct help *h)
{
	struct store *second = h ? h->store : NULL;

	free(h);
	return second;
}
