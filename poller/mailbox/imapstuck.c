/*
 * Messages that cannot be had, or that cost the connection: named, stepped over, and tried last by
 * the next visit.
 */
#include "poller/mailbox/imapstuck.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "classify/base/clock.h"
#include "poller/mailbox/imapfetch.h"
#include "poller/mailbox/imapfolders.h"
#include "poller/mailbox/imaplist.h"

enum {
	IMAP_CONNECTIONS_MAX = 6, /* of one visit */
};

/* Another batch may take as long as the last one. */
bool imap_time_is_up(const struct imap_source *s)
{
	return s->mailbox->deadline &&
		clock_monotonic() - s->began + s->batch_took >
		(double)s->mailbox->deadline * READING_PERCENT / 100;
}

/* A message that is there and cannot be had: named, and left where it is. */
void imap_say_stuck(struct imap_source *s, const struct imap_entry *e, const char *why)
{
	struct source_message m;
	char name[32];

	snprintf(name, sizeof name, "UID %lu", (unsigned long)e->uid);
	m = (struct source_message){ .id = e->uid, .size = e->size, .name = name };
	source_remote_id(m.remote_id,
		(struct span){ (char *)&s->uidvalidity, sizeof s->uidvalidity },
		(struct span){ (char *)&e->uid, sizeof e->uid });
	if (s->sink->stuck && s->sink->stuck(s->sink->context, &m, why))
		s->stopped = true;
}

static void note_present(struct imap_source *s, const struct imap_entry *entry,
	const struct mailimap_msg_att *answer)
{
	struct imap_entry *asked = bsearch(entry, s->window.at + s->window.next,
		s->window.end - s->window.next, sizeof *entry, imap_by_uid);

	(void)answer;
	if (asked && !asked->had)
		s->present = asked;
}

/*
 * What was asked for and not given: another client may have deleted it meanwhile; else it is stuck.
 */
int imap_look_for_missing(struct imap_source *s)
{
	struct imap_window *w = &s->window;

	for (size_t i = w->next; i < w->end && !s->stopped; i++) {
		if (w->at[i].had)
			continue;
		s->present = NULL;
		s->on_fetch = note_present;
		int result = imap_fetch(s, true, mailimap_set_new_single(w->at[i].uid),
			imap_fetch_type(mailimap_fetch_att_new_uid(),
				mailimap_fetch_att_new_rfc822_size(), NULL),
			IMAP_ANSWER_MAX);
		s->on_fetch = NULL;
		if (result < 0)
			return -1;
		if (s->present || result > 0)
			imap_say_stuck(s, &w->at[i], "the server does not give its text");
		w->at[i].had = true;
	}
	return 0;
}

/* Another connection in the place of a lost one, in the same folder; UIDs stay what they are. */
static int imap_connect_again(struct imap_source *s)
{
	int64_t left = s->mailbox->deadline - (int64_t)(clock_monotonic() - s->began);

	if (++s->connections >= IMAP_CONNECTIONS_MAX || left <= 0 || !s->password)
		return -1;
	imap_session_close(&s->session);
	s->session = (struct imap_session){
		.error = s->source.error, .error_size = sizeof s->source.error, .deadline = left
	};
	s->selected = false;
	if (imap_session_open(&s->session, s->mailbox, s->password))
		return -1;
	imap_set_handlers(s);
	return imap_select_source(s);
}

/*
 * The connection was lost while a batch came, spoke no IMAP, or fell silent. Messages come in the
 * order of their UIDs, so the first that did not come is where it broke: it is asked for once more
 * over another connection, and stepped over when that breaks there, too. A silence costs a whole
 * timeout, so that one is stepped over at once where the server still lets us in, as is one that
 * could not be had before; at a second silence with no message between it is the server that says
 * nothing, and the visit ends. The next one tries last what this one stepped over. 0: go on.
 */
int imap_go_on_after_cut(struct imap_source *s)
{
	struct imap_window *w = &s->window;
	bool silent = stream_was_silent(s->session.stream), misspoken = s->session.misspoken;
	char why[SOURCE_ERROR_SIZE];

	memcpy(why, s->source.error, sizeof why);
	while (w->next < w->end && w->at[w->next].had)
		w->next++;
	if (!stream_was_cut(s->session.stream) && !misspoken && !silent)
		return -1;
	const struct imap_entry *lost = w->next < w->end ? &w->at[w->next] : NULL;
	bool ends = silent && s->was_silent && !s->at_late;
	if (lost && !silent && (lost->uid == s->cut_uid || s->at_late)) {
		imap_say_stuck(s, lost,
			misspoken ? "the server's answer for it breaks the protocol"
				  : "the connection breaks while it is read");
		w->next++;
	} else if (lost && !silent) {
		s->cut_uid = lost->uid;
	}
	s->was_silent = silent && !s->at_late;
	bool back = !s->stopped && !imap_connect_again(s);
	if (back && lost && silent) {
		imap_say_stuck(s, lost, "the server falls silent while it is read");
		w->next++;
	}
	if (back && !ends)
		return 0;
	memcpy(s->source.error, why, sizeof why); /* what began it tells more */
	return -1;
}

/*
 * The next of those that could not be had before. Each may cost a connection, and one is kept for
 * settling: what cannot be tried any more is only told. False: there is none left.
 */
bool imap_next_late(struct imap_source *s)
{
	bool may = s->connections + 2 < IMAP_CONNECTIONS_MAX && !imap_time_is_up(s);

	while (!s->stopped && imap_take_late(s)) {
		if (may)
			return true;
		imap_say_stuck(s, &s->window.at[0],
			"it could not be had before, and this visit had no time to try it");
		s->window.next = s->window.n;
	}
	return false;
}
