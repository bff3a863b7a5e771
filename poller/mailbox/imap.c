/*
 * The IMAP source (RFC 3501, RFC 9051): lists a folder in windows, streams its
 * messages, settles them by UID, and expires what was moved away before.
 *
 * A message is known by UIDVALIDITY and UID; sequence numbers only find the next
 * window, because a listing by UID would have no bound in a mailbox of millions. Bodies
 * go straight into our own buffer (libetpan's body handler), so that a literal of any
 * announced length costs at most max_message; ENVELOPE and BODYSTRUCTURE are never asked
 * for, because libetpan's parser for them can be crashed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>
#include "classify/base/clock.h"
#include "poller/mailbox/imapdelete.h"
#include "poller/mailbox/imapexpire.h"
#include "poller/mailbox/imapfetch.h"
#include "poller/mailbox/imapfolders.h"
#include "poller/mailbox/imapleft.h"
#include "poller/mailbox/imaplist.h"
#include "poller/mailbox/imapstuck.h"
#include "poller/mailbox/secret.h"

enum {
	/* asked for in one FETCH, unless one message is larger: a slow line has a deadline, too */
	BATCH_BYTES_FIRST = 256 * 1024,
	BATCH_BYTES_LAST = 16 * 1024 * 1024,
	/* and what a FETCH may answer beyond twice that: sizes are estimates */
	BATCH_SLACK = 2 * 1024 * 1024,
	MESSAGE_OVERHEAD = 4096, /* around one message in the answer */
	BATCH_FIRST = 16,
	BATCH_LAST = IMAP_WINDOW_MESSAGES,
};
static const double batch_seconds = 6, batch_at_once = 0.25;
static const uint64_t above_all_uids = (uint64_t)UINT32_MAX + 1;

/* --- open ----------------------------------------------------------------- */

/*
 * A UIDNEXT below the last message would leave that there for ever: what is there at open is read,
 * whatever the server promises.
 */
static int see_last(struct imap_source *s, uint32_t exists)
{
	if (!exists || s->uid_end == above_all_uids)
		return 0;
	int result = imap_list_range(s, exists, exists);
	if (result < 0)
		return -1;
	if (result) /* it cannot be listed: nobody knows where the end is */
		s->uid_end = above_all_uids;
	else if (s->window.n && s->window.at[s->window.n - 1].uid >= s->uid_end)
		s->uid_end = (uint64_t)s->window.at[s->window.n - 1].uid + 1;
	s->window.n = s->window.next = 0;
	return 0;
}

static int imap_open(struct source **out, const struct source_options *options)
{
	struct imap_source *s = calloc(1, sizeof *s);
	const struct mailimap_selection_info *selected;

	*out = s ? &s->source : NULL;
	if (!s)
		return -1;
	s->source.ops = &source_imap;
	s->session.error = s->source.error;
	s->session.error_size = sizeof s->source.error;
	s->mailbox = options->mailbox;
	s->max_message = options->max_message ? options->max_message : 1;
	s->stays = options->stays;
	s->settles = options->scratch;
	s->asks = options->stays || options->some_stuck;
	s->position = 1;
	s->batch = BATCH_FIRST;
	s->batch_bytes = BATCH_BYTES_FIRST;
	s->began = clock_monotonic();
	s->password = options->password ? secret_copy(options->password) : NULL;
	int opened = imap_session_open(&s->session, s->mailbox, options->password);
	s->source.refused = s->session.refused;
	if (s->session.stream)
		s->source.facts.certificate_end = stream_certificate_end(s->session.stream);
	if (opened || imap_find_folders(s) || imap_find_trash(s))
		return -1;
	if (sodium_init() < 0)
		return imap_fail(&s->session, "libsodium does not start");
	if (imap_select_folder(s, &s->folder, imap_moves_or_deletes(s->mailbox)))
		return -1;
	selected = s->session.imap->imap_selection_info;
	s->uidvalidity = selected->sel_uidvalidity;
	s->uid_end = selected->sel_uidnext ? selected->sel_uidnext : above_all_uids;
	uint32_t exists = selected->sel_exists;
	if (!selected->sel_has_exists) /* RFC 3501 section 6.3.1: it must */
		return imap_fail(
			&s->session, "the server does not say how many messages the folder has");
	s->selected = true;
	imap_set_handlers(s);
	return see_last(s, exists);
}

/* --- reading -------------------------------------------------------------- */

/* Hands out one message of the batch in flight, once, whatever the server repeats. */
static void imap_hand_out(struct imap_source *s, const struct imap_entry *entry,
	const struct mailimap_msg_att *answer)
{
	struct imap_window *w = &s->window;
	struct imap_entry *asked = bsearch(
		entry, w->at + w->next, w->end - w->next, sizeof *entry, imap_by_uid);
	struct source_message m;
	char name[32];

	(void)answer;
	if (!asked || asked->had || !entry->had || s->stopped)
		return;
	asked->had = true;
	s->was_silent = false;
	struct span text = { s->body.p, s->body.n };
	if (source_is_nothing(text.n, asked->size) && span_is_blank(text)) {
		imap_say_stuck(s, asked, "the server gives an empty text for it");
		return;
	}
	if (source_is_placeholder(text)) {
		imap_say_stuck(s, asked,
			"the server gives a notice in its place, that it cannot be converted");
		return;
	}
	snprintf(name, sizeof name, "UID %lu", (unsigned long)entry->uid);
	m = (struct source_message){ .id = entry->uid,
		.arrived = entry->arrived,
		.size = asked->size,
		.name = name,
		.truncated = s->body_overflow || asked->size > s->max_message,
		.bytes = { s->body.n ? s->body.p : "", s->body.n } };
	if (m.size < m.bytes.n)
		m.size = m.bytes.n;
	source_remote_id(m.remote_id,
		(struct span){ (char *)&s->uidvalidity, sizeof s->uidvalidity },
		(struct span){ (char *)&asked->uid, sizeof asked->uid });
	if (s->sink->message(s->sink->context, &m))
		s->stopped = true;
	else
		s->handed++;
}

/*
 * FETCH of the window's entries FROM up to TO. They follow each other in the folder, but for those
 * that are not wanted, so ranges may span UIDs that do not exist. One that is too large is alone
 * and asked for in part.
 */
static int read_range(struct imap_source *s, size_t from, size_t to)
{
	struct imap_window *w = &s->window;
	struct mailimap_section *whole = mailimap_section_new(NULL);
	struct mailimap_fetch_att *body = NULL;
	struct mailimap_set *set;
	uint64_t bytes = 0;
	int result;

	for (size_t i = from; i < to; i++)
		bytes += (w->at[i].size < s->max_message ? w->at[i].size : s->max_message) +
			MESSAGE_OVERHEAD;
	if (whole && w->at[from].size > s->max_message)
		body = mailimap_fetch_att_new_body_peek_section_partial(
			whole, 0, (uint32_t)s->max_message);
	else if (whole)
		body = mailimap_fetch_att_new_body_peek_section(whole);
	if (!body && whole)
		mailimap_section_free(whole);
	set = mailimap_set_new_empty();
	for (size_t i = from, end; set && i < to; i = end) {
		for (end = i + 1;
			end < to && (!s->asks || w->at[end].uid == w->at[end - 1].uid + 1); end++)
			;
		if (mailimap_set_add_interval(set, w->at[i].uid, w->at[end - 1].uid) !=
			MAILIMAP_NO_ERROR) {
			mailimap_set_free(set);
			set = NULL;
		}
	}
	s->reading = true;
	s->on_fetch = imap_hand_out;
	/* Some servers only estimate RFC822.SIZE, so twice the sum is allowed. */
	result = body ? imap_fetch(s, true, set,
				imap_fetch_type(mailimap_fetch_att_new_uid(),
					mailimap_fetch_att_new_internaldate(), body),
				BATCH_SLACK + 2 * bytes)
		      : imap_check(&s->session, MAILIMAP_ERROR_MEMORY, "FETCH", NULL);
	s->on_fetch = NULL;
	s->reading = false;
	return result;
}

/*
 * Reads the next messages: as many as COUNT, the batch's bytes and the length of a command allow.
 */
static int read_batch(struct imap_source *s, size_t count)
{
	struct imap_window *w = &s->window;
	uint64_t bytes = 0;
	size_t runs = 0;
	int result;

	for (w->end = w->next; w->end < w->n && w->end - w->next < count; w->end++) {
		const struct imap_entry *e = &w->at[w->end];

		runs += s->asks && (w->end == w->next || e[-1].uid + 1 != e->uid);
		bytes += e->size;
		if (w->end > w->next &&
			(bytes > s->batch_bytes || e->size > s->max_message ||
				e[-1].size > s->max_message ||
				runs * (sizeof "4294967295:4294967295," - 1) > IMAP_SET_BYTES))
			break;
	}
	result = read_range(s, w->next, w->end);
	/*
	 * Refused as a whole, or some left out: one message may be the cause, so each is asked for
	 * alone, and the one that cannot be read stays.
	 */
	bool alone_too = result > 0 || w->end - w->next > 1;
	for (size_t i = w->next; result >= 0 && alone_too && i < w->end && !s->stopped; i++) {
		int alone = w->at[i].had ? 0 : read_range(s, i, i + 1);

		if (alone < 0)
			result = alone;
	}
	if (result < 0 || imap_look_for_missing(s))
		return -1;
	w->next = w->end;
	return 0;
}

/*
 * As much at once as an eighth of the deadline is good for, so that any deadline which reads one
 * message makes progress; and not more than some seconds, so that who ends the run or waits for
 * its messages to be settled does not wait long.
 */
static void adapt_batch(struct imap_source *s, double seconds)
{
	double most = (double)s->mailbox->deadline / 8;

	if (most > batch_seconds)
		most = batch_seconds;
	if (seconds > most) {
		s->batch = s->batch > 1 ? s->batch / 2 : 1;
		s->batch_bytes /= s->batch_bytes > BATCH_BYTES_FIRST / 8 ? 2 : 1;
	} else if (seconds < most / 3) {
		size_t times = seconds < batch_at_once && most > 8 * batch_at_once ? 8 : 2;
		s->batch = s->batch * times < BATCH_LAST ? s->batch * times : BATCH_LAST;
		s->batch_bytes = s->batch_bytes * times < BATCH_BYTES_LAST ? s->batch_bytes * times
									   : BATCH_BYTES_LAST;
	}
	s->batch_took = seconds;
}

/*
 * 1, 0 at the end, -1. Where the last message that was promised at open is listed, nothing need be
 * asked to know that it was the last.
 */
static int imap_fill_window(struct imap_source *s, const struct source_sink *sink)
{
	if (!s->at_late && s->last < s->uid_end - 1) {
		if (imap_list_window(s))
			return -1;
		if (s->window.n)
			return imap_drop_unwanted(s, sink) ? -1 : 1;
	}
	return imap_next_late(s);
}

static int imap_next(struct source *source, size_t count, const struct source_sink *sink)
{
	struct imap_source *s = imap_source_of(source);

	if (s->session.broken || imap_select_source(s))
		return -1;
	s->sink = sink;
	s->handed = 0;
	s->stopped = false;
	while (!s->handed && count) {
		if (imap_time_is_up(s)) {
			s->unfinished = true;
			break;
		}
		if (s->window.next == s->window.n) {
			int more = imap_fill_window(s, sink);
			if (more < 0 || s->stopped)
				return more < 0 ? -1 : imap_fail(&s->session, "stopped");
			if (!more)
				break;
			continue;
		}
		double before = clock_monotonic();
		if (read_batch(s, count < s->batch ? count : s->batch) &&
			(s->stopped || !s->session.broken || imap_go_on_after_cut(s)))
			return -1;
		adapt_batch(s, clock_monotonic() - before);
		if (s->stopped)
			return imap_fail(&s->session, "stopped");
	}
	return s->handed;
}

/* --- settling ------------------------------------------------------------- */

/*
 * The UIDs of those ITEMS that the configuration wants settled by ACTION; with WHAT of that kind
 * alone. In order.
 */
static int choose_uids(struct imap_source *s, const struct settle_item *items, size_t count,
	enum disposal_action action, int what, struct uid_list *uids)
{
	int result = 0;

	uids->n = 0;
	for (size_t i = 0; i < count && !result; i++)
		if (source_disposal(s->mailbox, items[i].what)->action == action &&
			(what < 0 || (int)items[i].what == what))
			result = uid_list_add(uids, (uint32_t)items[i].id);
	uid_list_sort(uids);
	for (size_t i = 0; i < uids->n && !result && action != DISPOSE_KEEP; i++)
		result = uid_list_add(&s->removed, uids->at[i]);
	return result ? imap_check(&s->session, MAILIMAP_ERROR_MEMORY, "settling", NULL) : 0;
}

/* What is deleted goes at once, whatever it was: each time costs the server a look at the folder.
 */
static int imap_settle(
	struct source *source, const struct settle_item *items, size_t count, struct settled *done)
{
	struct imap_source *s = imap_source_of(source);
	struct uid_list uids = { 0 };
	uint64_t moved = 0, deleted = 0;

	if (s->session.broken || imap_select_source(s))
		return -1;
	int result = choose_uids(s, items, count, DISPOSE_DELETE, -1, &uids);
	if (!result && uids.n)
		result = imap_delete(s, &uids, &s->folder, &s->marked, &deleted, &moved);
	for (int what = 0; what < FOLDERS_MAX && !result; what++) {
		result = choose_uids(s, items, count, DISPOSE_MOVE, what, &uids);
		if (!result)
			result = imap_move(
				&s->session, &uids, &s->target[what], &s->marked, &moved);
	}
	if (!result)
		result = choose_uids(s, items, count, DISPOSE_KEEP, -1, &uids);
	if (!result)
		done->kept += uids.n;
	uid_list_free(&uids);
	done->deleted += deleted;
	done->moved += moved;
	s->position = s->position > deleted + moved ? s->position - (uint32_t)(deleted + moved) : 1;
	return result;
}

/* --- the rest ------------------------------------------------------------- */

static int imap_describe(struct source *source, char *text, size_t size)
{
	static const char *const capabilities[] = { "UIDPLUS", "MOVE" };
	struct imap_source *s = imap_source_of(source);
	size_t n;

	if (imap_select_source(s))
		return -1;
	const struct mailimap_selection_info *selected = s->session.imap->imap_selection_info;
	uint32_t exists = selected ? selected->sel_exists : 0;
	n = (size_t)snprintf(text, size, "%s: %lu messages", imap_folder_shown(&s->folder),
		(unsigned long)exists);
	for (size_t i = 0; i < sizeof capabilities / sizeof capabilities[0] && n < size; i++)
		n += (size_t)snprintf(text + n, size - n, ", %s%s",
			imap_has(&s->session, capabilities[i]) ? "" : "no ", capabilities[i]);
	if (s->trash.written && n < size)
		n += (size_t)snprintf(text + n, size - n,
			"; an expunge archives here, so what is deleted goes by way of the folder \\Trash");
	for (int what = 0; what < FOLDERS_MAX && n < size; what++) {
		const struct imap_folder *f = &s->target[what];
		bool again = false;

		for (int before = 0; before < what; before++)
			again = again ||
				(s->target[before].written &&
					!strcmp(s->target[before].name, f->name));
		if (f->written && !again)
			n += (size_t)snprintf(text + n, size - n, "; folder %s %s",
				imap_folder_shown(f), f->exists ? "exists" : "will be made");
	}
	return 0;
}

/* What the mailbox still holds is compared with what it should. */
static int imap_finish(struct source *source, struct settled *late)
{
	struct imap_source *s = imap_source_of(source);

	if (s->marked.n)
		return imap_fail(&s->session,
			"the server lacks UIDPLUS, and others have marked messages deleted: %llu of ours are marked "
			"but not expunged, they come again",
			(unsigned long long)s->marked.n);
	if (!s->session.broken && imap_compare_left(s))
		return -1;
	if (s->unlisted)
		return imap_fail(&s->session,
			"the server says that there are %llu messages more than it lists: they stay there",
			(unsigned long long)s->unlisted);
	if (s->unfinished)
		return imap_fail(&s->session,
			"its deadline of %lld s is near: what was read is settled, the rest is for the next run",
			(long long)s->mailbox->deadline);
	return s->session.broken ? 0 : imap_clear_trash(s, &late->deleted);
}

static int imap_close(struct source *source, char *error, size_t size)
{
	struct imap_source *s = imap_source_of(source);

	(void)error, (void)size;
	if (!s)
		return 0;
	imap_session_close(&s->session);
	secret_free(s->password);
	wiped_free(&s->body);
	free(s->late);
	uid_list_free(&s->marked);
	uid_list_free(&s->removed);
	free(s);
	return 0;
}

const struct source_ops source_imap = {
	.name = "imap",
	.open = imap_open,
	.next = imap_next,
	.settle = imap_settle,
	.expire = imap_expire,
	.finish = imap_finish,
	.describe = imap_describe,
	.close = imap_close,
};
