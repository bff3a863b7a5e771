/* Listing a folder that changes meanwhile. */
#include "poller/mailbox/imaplist.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "poller/mailbox/imapfetch.h"

enum {
	/* of one answer with UID and size or date, and flags that nobody asked for */
	LISTING_LINE_MAX = 160,
	/* answers of NO to one listing: a dozen messages among thousands can be found by halves */
	REFUSALS_MAX = 256,
};

static void collect_uid(struct imap_source *s, const struct imap_entry *entry,
	const struct mailimap_msg_att *answer)
{
	(void)answer;
	if (s->window.n < sizeof s->window.at / sizeof s->window.at[0]) {
		s->window.at[s->window.n] = *entry;
		s->window.at[s->window.n++].had = false;
	}
}

int imap_by_uid(const void *a, const void *b)
{
	uint32_t x = ((const struct imap_entry *)a)->uid, y = ((const struct imap_entry *)b)->uid;

	return x < y ? -1 : x > y;
}

/*
 * Appends the messages FIRST to LAST to the window. A server may refuse a listing because of one
 * message, so then each half is asked for; what is refused alone is left out.
 */
static int list_part(struct imap_source *s, uint32_t first, uint32_t last, unsigned *refusals)
{
	size_t before = s->window.n;
	int result = imap_fetch(s, false, mailimap_set_new_interval(first, last),
		imap_fetch_type(
			mailimap_fetch_att_new_uid(), mailimap_fetch_att_new_rfc822_size(), NULL),
		IMAP_ANSWER_MAX + (uint64_t)LISTING_LINE_MAX * (last - first + 1));

	if (result <= 0)
		return result;
	s->window.n = before;
	if (++*refusals > REFUSALS_MAX || first == last)
		return *refusals > REFUSALS_MAX;
	uint32_t middle = first + (last - first) / 2;
	result = list_part(s, first, middle, refusals);
	return result ? result : list_part(s, middle + 1, last, refusals);
}

/*
 * UID and size of the messages FIRST to LAST, by sequence number, into the window, in the order of
 * their UIDs. 0, 1 when the server lists none of them, with the error text, or -1.
 */
int imap_list_range(struct imap_source *s, uint32_t first, uint32_t last)
{
	unsigned refusals = 0;

	s->window.n = s->window.next = 0;
	s->on_fetch = collect_uid;
	int result = list_part(s, first, last, &refusals);
	s->on_fetch = NULL;
	if (result > 0 || (refusals && !s->window.n))
		return imap_fail(&s->session, "the server refuses to list the folder"), 1;
	qsort(s->window.at, s->window.n, sizeof s->window.at[0], imap_by_uid);
	return result;
}

/*
 * NOOP lets the server say what has gone and come, so that sequence numbers are right in the next
 * command.
 */
int imap_exists_now(struct imap_source *s, uint32_t *exists)
{
	imap_expect(&s->session, IMAP_ANSWER_MAX);
	if (imap_check(&s->session, mailimap_noop(s->session.imap), "NOOP", NULL))
		return -1;
	*exists = s->session.imap->imap_selection_info
		? s->session.imap->imap_selection_info->sel_exists
		: 0;
	return 0;
}

/*
 * How many of RANGE messages are not in the window, though they are still there: *EXISTS is what
 * the server says now. Others may have gone meanwhile, which only a NOOP tells.
 */
static int count_unlisted(struct imap_source *s, uint32_t range, uint32_t *exists)
{
	const struct imap_window *w = &s->window;
	uint32_t distinct = 0, before = *exists;

	for (size_t i = 0; i < w->n; i++)
		distinct += !i || w->at[i].uid != w->at[i - 1].uid;
	if (distinct >= range)
		return 0;
	if (imap_exists_now(s, exists))
		return -1;
	uint32_t gone = before > *exists ? before - *exists : 0;
	if (range - distinct > gone && range - distinct - gone > s->unlisted)
		s->unlisted = range - distinct - gone;
	return 0;
}

/*
 * Fills the window with the next messages above LAST; an empty one is the end. The position may be
 * wrong, because messages go while we read: each listing begins one message before it, which must
 * be one that we had. Is it not, we step back.
 */
int imap_list_window(struct imap_source *s)
{
	struct imap_window *w = &s->window;
	uint32_t exists, listed, first, end;
	size_t old, kept = 0;

	if (imap_exists_now(s, &exists))
		return -1;
	w->n = w->next = 0;
	/* Forth and back once is enough for every honest answer. */
	for (uint32_t tries = 4 + 2 * (exists / IMAP_WINDOW_MESSAGES); exists; tries--) {
		if (!tries)
			return imap_fail(
				&s->session, "the server's listings contradict each other");
		first = s->position > 1 ? s->position - 1 : 1;
		if (first > exists)
			first = exists;
		end = exists - first < IMAP_WINDOW_MESSAGES ? exists : first + IMAP_WINDOW_MESSAGES;
		int result = imap_list_range(s, first, end);
		if (result < 0 || (result && first == 1))
			return -1;
		if (result) { /* what it begins with may be all that cannot be listed */
			s->position = first > IMAP_WINDOW_MESSAGES ? first - IMAP_WINDOW_MESSAGES
								   : 1;
			continue;
		}
		if (!w->n) { /* all gone meanwhile, which the next NOOP will say */
			listed = exists;
			if (imap_exists_now(s, &exists))
				return -1;
			if (exists >= listed)
				return imap_fail(&s->session,
					"the server says that there are %lu messages and lists none",
					(unsigned long)exists);
			continue;
		}
		uint32_t now = exists;
		if (count_unlisted(s, end - first + 1, &now))
			return -1;
		if (first > 1 && w->at[0].uid > s->last) {
			s->position = first > IMAP_WINDOW_MESSAGES ? first - IMAP_WINDOW_MESSAGES
								   : 1;
			continue;
		}
		for (old = 0; old < w->n && w->at[old].uid <= s->last; old++)
			;
		for (kept = 0; old < w->n && w->at[old].uid < s->uid_end; old++)
			if (!kept || w->at[kept - 1].uid != w->at[old].uid)
				w->at[kept++] = w->at[old];
		s->position = end + 1;
		if (kept || end == exists || old < w->n)
			break;
	}
	w->n = kept;
	if (w->n)
		s->last = w->at[w->n - 1].uid;
	return 0;
}

static int put_aside(struct imap_source *s, const struct imap_entry *entry)
{
	if (s->late_n == s->late_room) {
		size_t room = s->late_room ? 2 * s->late_room : 64;
		struct imap_entry *grown = reallocarray(s->late, room, sizeof *grown);

		if (!grown)
			return imap_check(&s->session, MAILIMAP_ERROR_MEMORY, "listing", NULL);
		s->late = grown;
		s->late_room = room;
	}
	s->late[s->late_n++] = *entry;
	return 0;
}

bool imap_take_late(struct imap_source *s)
{
	struct imap_window *w = &s->window;

	if (!s->late_n)
		return false;
	size_t i = randombytes_uniform((uint32_t)s->late_n);
	w->at[0] = s->late[i];
	s->late[i] = s->late[--s->late_n];
	w->n = 1;
	w->next = w->end = 0;
	s->at_late = true;
	return true;
}

/* Where mail stays in the folder, what was read before is passed over. */
int imap_drop_unwanted(struct imap_source *s, const struct source_sink *sink)
{
	struct imap_window *w = &s->window;
	unsigned char(*ids)[SOURCE_ID_SIZE];
	unsigned char *wanted;
	int result = -1;
	size_t kept = 0;

	if (!s->asks || !sink->wanted || !w->n)
		return 0;
	ids = calloc(w->n, sizeof *ids);
	wanted = calloc(w->n, 1);
	if (ids && wanted) {
		for (size_t i = 0; i < w->n; i++)
			source_remote_id(ids[i],
				(struct span){ (char *)&s->uidvalidity, sizeof s->uidvalidity },
				(struct span){ (char *)&w->at[i].uid, sizeof w->at[i].uid });
		result = sink->wanted(
			sink->context, (const unsigned char(*)[SOURCE_ID_SIZE])ids, w->n, wanted);
		if (result)
			imap_fail(&s->session, "stopped");
	} else {
		imap_check(&s->session, MAILIMAP_ERROR_MEMORY, "listing", NULL);
	}
	for (size_t i = 0; i < w->n && !result; i++)
		if (wanted[i] == WANTED_LAST)
			result = put_aside(s, &w->at[i]);
		else if (wanted[i])
			w->at[kept++] = w->at[i];
	w->n = kept;
	free(ids);
	free(wanted);
	return result ? -1 : 0;
}
