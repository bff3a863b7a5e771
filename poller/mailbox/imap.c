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
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "classify/base/clock.h"
#include "poller/mailbox/imapsession.h"
#include "poller/mailbox/imapsettle.h"
#include "poller/mailbox/local.h"
#include "poller/mailbox/secret.h"
#include "poller/mailbox/source.h"

enum {
	WINDOW_MESSAGES = 4096, /* listed at once */
	LISTING_LINE_MAX =
		160, /* of one answer with UID and size or date, and flags that nobody asked for */
	BATCH_BYTES = 16 * 1024 * 1024, /* asked for in one FETCH, unless one message is larger */
	BATCH_SLACK = 2 * 1024 *
		1024, /* and what a FETCH may answer beyond twice that: sizes are estimates */
	MESSAGE_OVERHEAD = 4096, /* around one message in the answer */
	BODY_FIRST = 65536,      /* first size of the body's buffer */
	FOLDERS_MAX = 3,         /* one per settlement */
	BATCH_FIRST = 16,
	BATCH_LAST = 1024,
	CONNECTIONS_MAX = 6,  /* of one visit */
	READING_PERCENT = 60, /* of the deadline: the rest is for settling what was read */
};

/* One line of a listing. */
struct entry {
	uint32_t uid;
	uint32_t size;
	int64_t arrived;
	bool had;
};

struct window {
	struct entry at[WINDOW_MESSAGES + 1];
	size_t n;
	size_t next; /* the first that was not handed out */
	size_t end;  /* of the batch in flight */
};

struct imap_source {
	struct source source;
	struct imap_session session;
	const struct mailbox *mailbox;
	uint64_t max_message;
	bool stays;
	struct imap_folder folder; /* what is read */
	struct imap_folder
		trash; /* by way of which is deleted; written is NULL where an expunge deletes */
	struct imap_folder
		target[FOLDERS_MAX];   /* where what is settled so goes, by enum settlement; written
					  is NULL where nothing moves */
	bool selected;                 /* FOLDER is the selected one */
	uint32_t uidvalidity, uid_end; /* as at open; what has come since waits for the next run */
	uint32_t last;                 /* the highest UID listed so far */
	uint32_t position;             /* probably the sequence number of the first one above it */
	struct window window;
	struct uid_list marked; /* without UIDPLUS: marked and not expunged yet */
	char *password;         /* for another connection, where one is lost at a message */
	double began;           /* of the visit, clock_monotonic() */
	bool unfinished;        /* it was ended before its deadline */
	size_t batch; /* messages asked for at once: as many as a part of the deadline is good
		       for */
	unsigned connections;
	uint32_t cut_uid;        /* the last connection was lost at it */
	struct uid_list removed; /* what the server said that it deleted or moved */

	/* while a FETCH runs */
	const struct entry *present; /* one that was looked for and is there */
	void (*on_fetch)(struct imap_source *s, const struct entry *entry,
		const struct mailimap_msg_att *answer);
	const struct source_sink *sink;
	struct wiped body;
	bool reading, body_overflow, body_failed, stopped;
	int handed;
};

static struct imap_source *of(struct source *source);
static bool take_body(int type, struct mailimap_msg_att_body_section *section, const char *bytes,
	size_t n, void *context);
static void take_answer(struct mailimap_msg_att *answer, void *context);
static void no_progress(size_t current, size_t maximum, void *context);
static int64_t epoch_of(const struct mailimap_date_time *t);
static bool moves_or_deletes(const struct mailbox *m);
static int find_folders(struct imap_source *s);
static const char *shown(const struct imap_folder *folder);
static int select_folder(struct imap_source *s, const struct imap_folder *folder, bool writing);
static int select_source(struct imap_source *s);
static int fetch(struct imap_source *s, bool by_uid, struct mailimap_set *set,
	struct mailimap_fetch_type *type, uint64_t expected);
static struct mailimap_fetch_type *fetch_type(
	struct mailimap_fetch_att *a, struct mailimap_fetch_att *b, struct mailimap_fetch_att *c);
static int list_range(
	struct imap_source *s, uint32_t first, uint32_t last, struct mailimap_fetch_att *detail);
static int exists_now(struct imap_source *s, uint32_t *exists);
static int list_window(struct imap_source *s);
static int drop_unwanted(struct imap_source *s, const struct source_sink *sink);
static int read_batch(struct imap_source *s, size_t count);
static int read_range(struct imap_source *s, size_t from, size_t to);
static int expire_range(
	struct imap_source *s, uint32_t uidnext, struct uid_list *marked, uint64_t *removed);
static int folder_end(struct imap_source *s, uint32_t exists, struct folder_mark *end);
static void set_handlers(struct imap_source *s);
static int see_last(struct imap_source *s, uint32_t exists);
static int connect_again(struct imap_source *s);
static int delete_by_trash(struct imap_source *s, const struct uid_list *uids, uint64_t *deleted);
static void say_stuck(struct imap_source *s, const struct entry *e, const char *why);

static struct imap_source *of(struct source *source)
{
	return (struct imap_source *)source;
}

/* --- open ----------------------------------------------------------------- */

static void no_progress(size_t current, size_t maximum, void *context)
{
	(void)current, (void)maximum, (void)context;
}

static bool moves_or_deletes(const struct mailbox *m)
{
	return m->processed.action != DISPOSE_KEEP || m->unrecognised.action != DISPOSE_KEEP ||
		m->quarantine.action != DISPOSE_KEEP;
}

static int find_folders(struct imap_source *s)
{
	if (imap_folder_find(
		    &s->session, s->mailbox->folder ? s->mailbox->folder : "INBOX", &s->folder))
		return -1;
	for (int what = 0; what < FOLDERS_MAX; what++) {
		const struct disposal *d = source_disposal(s->mailbox, (enum settlement)what);

		if (d->action == DISPOSE_MOVE &&
			imap_folder_find(&s->session, d->folder, &s->target[what]))
			return -1;
		if (d->action == DISPOSE_MOVE && !strcmp(s->target[what].name, s->folder.name))
			return imap_fail(&s->session,
				"messages would be moved into the folder that is read");
	}
	return 0;
}

static bool deletes(const struct mailbox *m)
{
	return m->processed.action == DISPOSE_DELETE || m->unrecognised.action == DISPOSE_DELETE ||
		m->quarantine.action == DISPOSE_DELETE;
}

static int find_trash(struct imap_source *s)
{
	bool archives = imap_has(&s->session, "X-GM-EXT-1"), all = false;

	if (!deletes(s->mailbox))
		return 0;
	if (imap_has(&s->session, "SPECIAL-USE") || archives) {
		if (imap_find_special(&s->session, "\\All", NULL, &all))
			return -1;
		archives |= all;
		if (archives &&
			imap_find_special(&s->session, "\\Trash", &s->trash, &s->trash.exists))
			return -1;
	}
	if (archives && !s->trash.exists)
		return imap_fail(&s->session,
			"here \"delete\" only archives (all mail stays in a folder of its own), and the server shows no "
			"folder \\Trash by which mail could be deleted: let it show that folder over IMAP, or use processed = keep or move:FOLDER");
	s->trash.written = archives ? "Trash" : NULL;
	return 0;
}

/* A folder may be named like an address, and those are not printed. */
static const char *shown(const struct imap_folder *folder)
{
	return strchr(folder->written, '@') ? "(its name has an @)" : folder->written;
}

static int select_folder(struct imap_source *s, const struct imap_folder *folder, bool writing)
{
	const struct mailimap_selection_info *now;
	int code;

	s->selected = false;
	imap_expect(&s->session, IMAP_ANSWER_MAX);
	code = mailimap_select(s->session.imap, folder->name);
	if (code == MAILIMAP_ERROR_SELECT && !folder->exists)
		return imap_fail(&s->session, "there is no folder %s", shown(folder));
	if (imap_check(&s->session, code, "folder", shown(folder)))
		return -1;
	now = s->session.imap->imap_selection_info;
	if (!now || !now->sel_uidvalidity)
		return imap_fail(&s->session, "the server gives no UIDVALIDITY");
	if (writing && now->sel_perm == MAILIMAP_MAILBOX_READONLY)
		return imap_fail(&s->session,
			"the folder is read-only for us, and messages are to be deleted or moved");
	return 0;
}

/* The folder that is read, again after another one was looked at. */
static int select_source(struct imap_source *s)
{
	if (s->selected)
		return 0;
	if (select_folder(s, &s->folder, moves_or_deletes(s->mailbox)))
		return -1;
	if (s->session.imap->imap_selection_info->sel_uidvalidity != s->uidvalidity)
		return imap_fail(
			&s->session, "UIDVALIDITY changed: the folder was made anew meanwhile");
	s->selected = true;
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
	s->position = 1;
	s->batch = BATCH_FIRST;
	s->began = clock_monotonic();
	s->password = options->password ? secret_copy(options->password) : NULL;
	int opened = imap_session_open(&s->session, s->mailbox, options->password);
	s->source.refused = s->session.refused;
	s->source.certificate_end = s->session.stream ? stream_certificate_end(s->session.stream)
						      : 0;
	if (opened || find_folders(s) || find_trash(s))
		return -1;
	if (select_folder(s, &s->folder, moves_or_deletes(s->mailbox)))
		return -1;
	selected = s->session.imap->imap_selection_info;
	s->uidvalidity = selected->sel_uidvalidity;
	s->uid_end = selected->sel_uidnext ? selected->sel_uidnext : UINT32_MAX;
	uint32_t exists = selected->sel_exists;
	s->selected = true;
	set_handlers(s);
	return see_last(s, exists);
}

/* libetpan calls the handlers only when there is a progress callback. */
static void set_handlers(struct imap_source *s)
{
	mailimap_set_progress_callback(s->session.imap, no_progress, no_progress, NULL);
	mailimap_set_msg_att_handler(s->session.imap, take_answer, s);
	mailimap_set_msg_body_handler(s->session.imap, take_body, s);
}

/*
 * A UIDNEXT below the last message would leave that there for ever: what is there at open is read,
 * whatever the server promises.
 */
static int see_last(struct imap_source *s, uint32_t exists)
{
	if (!exists || s->uid_end == UINT32_MAX)
		return 0;
	if (list_range(s, exists, exists, mailimap_fetch_att_new_rfc822_size()))
		return -1;
	if (s->window.n && s->window.at[s->window.n - 1].uid >= s->uid_end)
		s->uid_end = s->window.at[s->window.n - 1].uid + 1;
	s->window.n = s->window.next = 0;
	return 0;
}

/* Another connection in the place of a lost one, in the same folder; UIDs stay what they are. */
static int connect_again(struct imap_source *s)
{
	int64_t left = s->mailbox->deadline - (int64_t)(clock_monotonic() - s->began);

	if (++s->connections >= CONNECTIONS_MAX || left <= 0 || !s->password)
		return -1;
	imap_session_close(&s->session);
	s->session = (struct imap_session){
		.error = s->source.error, .error_size = sizeof s->source.error, .deadline = left
	};
	s->selected = false;
	if (imap_session_open(&s->session, s->mailbox, s->password))
		return -1;
	set_handlers(s);
	return select_source(s);
}

/* --- FETCH ---------------------------------------------------------------- */

/*
 * Always there, so that a body that nobody asked for takes no memory either. False would break the
 * session; only no memory does.
 */
static bool take_body(int type, struct mailimap_msg_att_body_section *section, const char *bytes,
	size_t n, void *context)
{
	struct imap_source *s = context;

	(void)type, (void)section;
	if (!s->reading || s->stopped)
		return true;
	if (n > s->max_message - s->body.n) {
		s->body_overflow = true;
		n = s->max_message - s->body.n;
	}
	if (s->body.n + n > s->body.capacity) {
		size_t capacity = s->body.capacity ? s->body.capacity : BODY_FIRST;

		while (capacity < s->body.n + n)
			capacity *= 2;
		if (wiped_grow(&s->body, capacity)) {
			s->body_failed = true;
			return false;
		}
	}
	memcpy(s->body.p + s->body.n, bytes, n);
	s->body.n += n;
	return true;
}

static int64_t epoch_of(const struct mailimap_date_time *t)
{
	struct tm tm = { .tm_year = t->dt_year - 1900,
		.tm_mon = t->dt_month - 1,
		.tm_mday = t->dt_day,
		.tm_hour = t->dt_hour,
		.tm_min = t->dt_min,
		.tm_sec = t->dt_sec };
	int64_t at;

	if (t->dt_year < 1970 || t->dt_year > 9999)
		return 0;
	at = (int64_t)timegm(&tm) - (t->dt_zone / 100 * 60 + t->dt_zone % 100) * 60;
	return at > 0 ? at : 0;
}

/*
 * One FETCH answer, ours or unasked for (another client's flags): only those with a UID mean
 * something.
 */
static void take_answer(struct mailimap_msg_att *answer, void *context)
{
	struct imap_source *s = context;
	struct entry entry = { 0 };

	for (clistiter *at = clist_begin(answer->att_list); at; at = clist_next(at)) {
		const struct mailimap_msg_att_item *item = clist_content(at);
		const struct mailimap_msg_att_static *field = item->att_type ==
				MAILIMAP_MSG_ATT_ITEM_STATIC
			? item->att_data.att_static
			: NULL;

		if (!field)
			continue;
		if (field->att_type == MAILIMAP_MSG_ATT_UID)
			entry.uid = field->att_data.att_uid;
		else if (field->att_type == MAILIMAP_MSG_ATT_RFC822_SIZE)
			entry.size = field->att_data.att_rfc822_size;
		else if (field->att_type == MAILIMAP_MSG_ATT_INTERNALDATE &&
			field->att_data.att_internal_date)
			entry.arrived = epoch_of(field->att_data.att_internal_date);
		else if (field->att_type == MAILIMAP_MSG_ATT_BODY_SECTION &&
			field->att_data.att_body_section)
			entry.had = field->att_data.att_body_section->sec_body_part !=
				NULL; /* NIL: it cannot be read */
	}
	if (entry.uid && s->on_fetch)
		s->on_fetch(s, &entry, answer);
	if (s->body.n)
		explicit_bzero(s->body.p, s->body.n);
	s->body.n = 0;
	s->body_overflow = false;
}

/* Frees SET and TYPE. 1 when the server said NO, which may concern one message only. */
static int fetch(struct imap_source *s, bool by_uid, struct mailimap_set *set,
	struct mailimap_fetch_type *type, uint64_t expected)
{
	clist *result = NULL;
	int code = MAILIMAP_ERROR_MEMORY;

	if (set && type) {
		imap_expect(&s->session, expected);
		code = by_uid ? mailimap_uid_fetch(s->session.imap, set, type, &result)
			      : mailimap_fetch(s->session.imap, set, type, &result);
		if (code == MAILIMAP_NO_ERROR && result)
			mailimap_fetch_list_free(result);
	}
	if (set)
		mailimap_set_free(set);
	if (type)
		mailimap_fetch_type_free(type);
	if (code == MAILIMAP_ERROR_FETCH || code == MAILIMAP_ERROR_UID_FETCH)
		return 1;
	return imap_check(&s->session, code, "FETCH", NULL);
}

/* C may be NULL: the answer then has A and B only. NULL without memory. */
static struct mailimap_fetch_type *fetch_type(
	struct mailimap_fetch_att *a, struct mailimap_fetch_att *b, struct mailimap_fetch_att *c)
{
	struct mailimap_fetch_type *type = mailimap_fetch_type_new_fetch_att_list_empty();
	struct mailimap_fetch_att *all[] = { a, b, c };
	bool failed = !type || !a || !b;

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (all[i] &&
			(failed ||
				mailimap_fetch_type_new_fetch_att_list_add(type, all[i]) !=
					MAILIMAP_NO_ERROR)) {
			mailimap_fetch_att_free(all[i]);
			failed = true;
		}
	if (failed && type) {
		mailimap_fetch_type_free(type);
		return NULL;
	}
	return type;
}

/* --- listing -------------------------------------------------------------- */

static void collect(
	struct imap_source *s, const struct entry *entry, const struct mailimap_msg_att *answer)
{
	(void)answer;
	if (s->window.n < sizeof s->window.at / sizeof s->window.at[0]) {
		s->window.at[s->window.n] = *entry;
		s->window.at[s->window.n++].had = false;
	}
}

static int by_uid(const void *a, const void *b)
{
	uint32_t x = ((const struct entry *)a)->uid, y = ((const struct entry *)b)->uid;

	return x < y ? -1 : x > y;
}

/*
 * UID and DETAIL of the messages FIRST to LAST, by sequence number, into the window, in the order
 * of their UIDs.
 */
static int list_range(
	struct imap_source *s, uint32_t first, uint32_t last, struct mailimap_fetch_att *detail)
{
	int result;

	s->window.n = s->window.next = 0;
	s->on_fetch = collect;
	result = fetch(s, false, mailimap_set_new_interval(first, last),
		fetch_type(mailimap_fetch_att_new_uid(), detail, NULL),
		IMAP_ANSWER_MAX + (uint64_t)LISTING_LINE_MAX * (last - first + 1));
	s->on_fetch = NULL;
	if (result > 0)
		return imap_fail(&s->session, "the server refuses to list the folder");
	qsort(s->window.at, s->window.n, sizeof s->window.at[0], by_uid);
	return result;
}

/*
 * NOOP lets the server say what has gone and come, so that sequence numbers are right in the next
 * command.
 */
static int exists_now(struct imap_source *s, uint32_t *exists)
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
 * Fills the window with the next messages above LAST; an empty one is the end. The position may be
 * wrong, because messages go while we read: each listing begins one message before it, which must
 * be one that we had. Is it not, we step back.
 */
static int list_window(struct imap_source *s)
{
	struct window *w = &s->window;
	uint32_t exists, listed, first, end;
	size_t old, kept = 0;

	if (exists_now(s, &exists))
		return -1;
	w->n = w->next = 0;
	/* Forth and back once is enough for every honest answer. */
	for (uint32_t tries = 4 + 2 * (exists / WINDOW_MESSAGES); exists; tries--) {
		if (!tries)
			return imap_fail(
				&s->session, "the server's listings contradict each other");
		first = s->position > 1 ? s->position - 1 : 1;
		if (first > exists)
			first = exists;
		end = exists - first < WINDOW_MESSAGES ? exists : first + WINDOW_MESSAGES;
		if (list_range(s, first, end, mailimap_fetch_att_new_rfc822_size()))
			return -1;
		if (!w->n) { /* all gone meanwhile, which the next NOOP will say */
			listed = exists;
			if (exists_now(s, &exists))
				return -1;
			if (exists >= listed)
				return imap_fail(&s->session,
					"the server says that there are %lu messages and lists none",
					(unsigned long)exists);
			continue;
		}
		if (first > 1 && w->at[0].uid > s->last) {
			s->position = first > WINDOW_MESSAGES ? first - WINDOW_MESSAGES : 1;
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

/* Where mail stays in the folder, what was read before is passed over. */
static int drop_unwanted(struct imap_source *s, const struct source_sink *sink)
{
	struct window *w = &s->window;
	unsigned char(*ids)[SOURCE_ID_SIZE];
	unsigned char *wanted;
	int result = -1;
	size_t kept = 0;

	if (!s->stays || !sink->wanted || !w->n)
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
		if (wanted[i])
			w->at[kept++] = w->at[i];
	w->n = kept;
	free(ids);
	free(wanted);
	return result ? -1 : 0;
}

/* --- reading -------------------------------------------------------------- */

/* A message that is there and cannot be had: named, and left where it is. */
static void say_stuck(struct imap_source *s, const struct entry *e, const char *why)
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

static void note_present(
	struct imap_source *s, const struct entry *entry, const struct mailimap_msg_att *answer)
{
	struct entry *asked = bsearch(entry, s->window.at + s->window.next,
		s->window.end - s->window.next, sizeof *entry, by_uid);

	(void)answer;
	if (asked && !asked->had)
		s->present = asked;
}

/*
 * What was asked for and not given: another client may have deleted it meanwhile; else it is stuck.
 */
static int look_for_missing(struct imap_source *s)
{
	struct window *w = &s->window;

	for (size_t i = w->next; i < w->end && !s->stopped; i++) {
		if (w->at[i].had)
			continue;
		s->present = NULL;
		s->on_fetch = note_present;
		int result = fetch(s, true, mailimap_set_new_single(w->at[i].uid),
			fetch_type(mailimap_fetch_att_new_uid(),
				mailimap_fetch_att_new_rfc822_size(), NULL),
			IMAP_ANSWER_MAX);
		s->on_fetch = NULL;
		if (result < 0)
			return -1;
		if (s->present || result > 0)
			say_stuck(s, &w->at[i], "the server does not give its text");
		w->at[i].had = true;
	}
	return 0;
}

/* Hands out one message of the batch in flight, once, whatever the server repeats. */
static void hand_out(
	struct imap_source *s, const struct entry *entry, const struct mailimap_msg_att *answer)
{
	struct window *w = &s->window;
	struct entry *asked = bsearch(
		entry, w->at + w->next, w->end - w->next, sizeof *entry, by_uid);
	struct source_message m;
	char name[32];

	(void)answer;
	if (!asked || asked->had || !entry->had || s->stopped)
		return;
	asked->had = true;
	if (asked->size && !s->body.n) {
		say_stuck(s, asked, "the server gives an empty text for it");
		return;
	}
	if (source_is_placeholder((struct span){ s->body.p, s->body.n })) {
		say_stuck(s, asked,
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
	struct window *w = &s->window;
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
			end < to && (!s->stays || w->at[end].uid == w->at[end - 1].uid + 1); end++)
			;
		if (mailimap_set_add_interval(set, w->at[i].uid, w->at[end - 1].uid) !=
			MAILIMAP_NO_ERROR) {
			mailimap_set_free(set);
			set = NULL;
		}
	}
	s->reading = true;
	s->on_fetch = hand_out;
	/* Some servers only estimate RFC822.SIZE, so twice the sum is allowed. */
	result = body ? fetch(s, true, set,
				fetch_type(mailimap_fetch_att_new_uid(),
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
	struct window *w = &s->window;
	uint64_t bytes = 0;
	size_t runs = 0;
	int result;

	for (w->end = w->next; w->end < w->n && w->end - w->next < count; w->end++) {
		const struct entry *e = &w->at[w->end];

		runs += s->stays && (w->end == w->next || e[-1].uid + 1 != e->uid);
		bytes += e->size;
		if (w->end > w->next &&
			(bytes > BATCH_BYTES || e->size > s->max_message ||
				e[-1].size > s->max_message ||
				runs * (sizeof "4294967295:4294967295," - 1) > IMAP_SET_BYTES))
			break;
	}
	result = read_range(s, w->next, w->end);
	/*
	 * Refused as a whole: one message may be the cause, so each is asked for alone, and the one
	 * that cannot be read stays.
	 */
	for (size_t i = w->next; result > 0 && i < w->end && !s->stopped; i++) {
		int alone = w->at[i].had ? 0 : read_range(s, i, i + 1);

		if (alone < 0)
			result = alone;
	}
	if (result < 0 || look_for_missing(s))
		return -1;
	w->next = w->end;
	return 0;
}

/*
 * The connection was lost while a batch came. Messages come in the order of their UIDs, so the
 * first that did not come is where it broke: it is asked for once more over another connection, and
 * stepped over when that breaks there, too. 0: go on.
 */
static int go_on_after_cut(struct imap_source *s)
{
	struct window *w = &s->window;
	char why[SOURCE_ERROR_SIZE];

	memcpy(why, s->source.error, sizeof why);
	while (w->next < w->end && w->at[w->next].had)
		w->next++;
	if (!stream_was_cut(s->session.stream))
		return -1;
	if (w->next < w->end && w->at[w->next].uid == s->cut_uid) {
		say_stuck(s, &w->at[w->next], "the connection breaks while it is read");
		w->next++;
	} else if (w->next < w->end) {
		s->cut_uid = w->at[w->next].uid;
	}
	if (!s->stopped && !connect_again(s))
		return 0;
	memcpy(s->source.error, why, sizeof why); /* what began it tells more */
	return -1;
}

/*
 * As much at once as an eighth of the deadline is good for, so that any deadline which reads one
 * message makes progress.
 */
static void adapt_batch(struct imap_source *s, double seconds)
{
	double deadline = (double)s->mailbox->deadline;

	if (seconds > deadline / 8 && s->batch > 1)
		s->batch /= 2;
	else if (seconds < deadline / 24 && s->batch < BATCH_LAST)
		s->batch *= 2;
}

static bool time_is_up(const struct imap_source *s)
{
	return s->mailbox->deadline &&
		clock_monotonic() - s->began > (double)s->mailbox->deadline * READING_PERCENT / 100;
}

static int imap_next(struct source *source, size_t count, const struct source_sink *sink)
{
	struct imap_source *s = of(source);

	if (s->session.broken || select_source(s))
		return -1;
	s->sink = sink;
	s->handed = 0;
	s->stopped = false;
	while (!s->handed && count) {
		if (time_is_up(s)) {
			s->unfinished = true;
			break;
		}
		if (s->window.next == s->window.n) {
			if (list_window(s))
				return -1;
			if (!s->window.n)
				break;
			if (drop_unwanted(s, sink))
				return -1;
			continue;
		}
		double before = clock_monotonic();
		if (read_batch(s, count < s->batch ? count : s->batch) &&
			(s->stopped || !s->session.broken || go_on_after_cut(s)))
			return -1;
		adapt_batch(s, clock_monotonic() - before);
		if (s->stopped)
			return imap_fail(&s->session, "stopped");
	}
	return s->handed;
}

/* --- settling ------------------------------------------------------------- */

static int imap_settle(
	struct source *source, const struct settle_item *items, size_t count, struct settled *done)
{
	struct imap_source *s = of(source);
	uint64_t moved = 0, deleted = 0;
	int result = 0;

	if (s->session.broken || select_source(s))
		return -1;
	for (int what = 0; what < FOLDERS_MAX && !result; what++) {
		const struct disposal *d = source_disposal(s->mailbox, (enum settlement)what);
		struct uid_list uids = { 0 };

		for (size_t i = 0; i < count && !result; i++)
			if ((int)items[i].what == what &&
				uid_list_add(&uids, (uint32_t)items[i].id))
				result = imap_check(
					&s->session, MAILIMAP_ERROR_MEMORY, "settling", NULL);
		uid_list_sort(&uids);
		for (size_t i = 0; i < uids.n && !result && d->action != DISPOSE_KEEP; i++)
			result = uid_list_add(&s->removed, uids.at[i]);
		if (!result && uids.n && d->action == DISPOSE_DELETE)
			result = s->trash.written
				? delete_by_trash(s, &uids, &deleted)
				: imap_remove(&s->session, &uids, &s->marked, &deleted);
		else if (!result && d->action == DISPOSE_MOVE)
			result = imap_move(
				&s->session, &uids, &s->target[what], &s->marked, &moved);
		else if (!result)
			done->kept += uids.n;
		uid_list_free(&uids);
	}
	done->deleted += deleted;
	done->moved += moved;
	s->position = s->position > deleted + moved ? s->position - (uint32_t)(deleted + moved) : 1;
	return result;
}

/*
 * Where expunging only takes a label away (Gmail, Proton: all mail stays in the folder \All), a
 * message is moved to the folder \Trash, from which an expunge deletes.
 */
static int delete_by_trash(struct imap_source *s, const struct uid_list *uids, uint64_t *deleted)
{
	struct uid_list there = { 0 }, marked = { 0 };
	uint64_t moved = 0, gone = 0;
	int result = imap_move_to(&s->session, uids, &s->trash, &s->marked, &moved, &there);

	if (!result && there.n) {
		s->selected = false;
		result = select_folder(s, &s->trash, true) ||
				imap_remove(&s->session, &there, &marked, &gone) || select_source(s)
			? -1
			: 0;
	}
	*deleted += moved;
	uid_list_free(&there);
	uid_list_free(&marked);
	return result;
}

/* Of the window: what lies below the mark goes. */
static int expire_range(
	struct imap_source *s, uint32_t uidnext, struct uid_list *marked, uint64_t *removed)
{
	struct uid_list old = { 0 };
	int result = 0;

	for (size_t i = 0; i < s->window.n && !result; i++)
		if (s->window.at[i].uid < uidnext)
			result = uid_list_add(&old, s->window.at[i].uid)
				? imap_check(&s->session, MAILIMAP_ERROR_MEMORY, "expiring", NULL)
				: 0;
	if (!result && old.n)
		result = imap_remove(&s->session, &old, marked, removed);
	uid_list_free(&old);
	return result;
}

/* Where the folder that was selected ends: as the server says, else one above its last message. */
static int folder_end(struct imap_source *s, uint32_t exists, struct folder_mark *end)
{
	const struct mailimap_selection_info *now = s->session.imap->imap_selection_info;

	*end = (struct folder_mark){ now->sel_uidvalidity, now->sel_uidnext };
	if (end->uidnext)
		return 0;
	if (exists && list_range(s, exists, exists, mailimap_fetch_att_new_rfc822_size()))
		return -1;
	end->uidnext = exists && s->window.n ? s->window.at[s->window.n - 1].uid + 1 : 1;
	return 0;
}

/*
 * By UID below a mark of an earlier run: a moved message keeps its INTERNALDATE, and a mailbox that
 * was not read for a while would lose what nobody has seen. From the end to the front, so that what
 * is removed does not move what is still to be listed. The window that is being read is put aside.
 */
static int imap_expire(struct source *source, const char *folder, int64_t cutoff,
	const struct folder_mark *due, uint64_t *removed, struct folder_mark *end)
{
	struct imap_source *s = of(source);
	struct imap_folder found;
	struct uid_list marked = { 0 };
	struct window *aside;
	uint32_t last;
	int result = -1;

	(void)cutoff; /* a date says when the mail arrived, not when it was moved */
	*removed = 0;
	*end = (struct folder_mark){ 0 };
	if (s->session.broken || imap_folder_find(&s->session, folder, &found))
		return -1;
	if (!found.exists)
		return 0;
	if (!strcmp(found.name, s->folder.name))
		return imap_fail(&s->session, "the folder that is read is not one that expires");
	aside = malloc(sizeof *aside);
	if (!aside)
		return imap_check(&s->session, MAILIMAP_ERROR_MEMORY, "expiring", NULL);
	*aside = s->window;
	if (select_folder(s, &found, true) || exists_now(s, &last))
		goto out;
	if (folder_end(s, last, end))
		goto out;
	if (end->uidvalidity != due->uidvalidity)
		last = 0; /* another folder of that name: its messages are not those that were
			     marked */
	while (last) {
		uint32_t first = last > WINDOW_MESSAGES ? last - WINDOW_MESSAGES + 1 : 1;

		if (list_range(s, first, last, mailimap_fetch_att_new_rfc822_size()) ||
			expire_range(s, due->uidnext, &marked, removed))
			goto out;
		last = first - 1;
	}
	result = 0;
	if (marked.n)
		result = imap_fail(&s->session,
			"the server lacks UIDPLUS, and other messages are marked deleted too: nothing was expunged");
out:
	s->window = *aside;
	free(aside);
	uid_list_free(&marked);
	return result;
}

/* --- the rest ------------------------------------------------------------- */

static int imap_describe(struct source *source, char *text, size_t size)
{
	static const char *const capabilities[] = { "UIDPLUS", "MOVE" };
	struct imap_source *s = of(source);
	uint32_t exists;
	size_t n;

	if (select_source(s) || exists_now(s, &exists))
		return -1;
	n = (size_t)snprintf(
		text, size, "%s: %lu messages", shown(&s->folder), (unsigned long)exists);
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
			n += (size_t)snprintf(text + n, size - n, "; folder %s %s", shown(f),
				f->exists ? "exists" : "will be made");
	}
	return 0;
}

/* How many of what the server said that it removed are still in the folder. */
static int count_left(struct imap_source *s, uint64_t *left)
{
	struct mailimap_set *set;
	struct uid_list found = { 0 };
	int result = 0;

	*left = 0;
	uid_list_sort(&s->removed);
	for (size_t at = 0, n; at < s->removed.n && !result; at += n) {
		n = uid_set(&s->removed, at, &set);
		if (!n)
			return imap_check(&s->session, MAILIMAP_ERROR_MEMORY, "UID set", NULL);
		result = imap_search_uids(&s->session, set, &found);
	}
	for (size_t i = 0; i < found.n; i++)
		*left += uid_list_has(&s->removed, found.at[i]);
	uid_list_free(&found);
	return result;
}

/* What the mailbox still holds is compared with what it should. */
static int imap_finish(struct source *source, struct settled *late)
{
	struct imap_source *s = of(source);
	uint64_t left;

	(void)late;
	if (s->marked.n)
		return imap_fail(&s->session,
			"the server lacks UIDPLUS, and others have marked messages deleted: %llu of ours are marked "
			"but not expunged, they come again",
			(unsigned long long)s->marked.n);
	if (s->removed.n && !s->session.broken) {
		if (select_source(s) || count_left(s, &left))
			return -1;
		if (left)
			return imap_fail(&s->session,
				"the server said that it removed %llu messages that are still there: this mailbox is not "
				"emptied",
				(unsigned long long)left);
	}
	if (s->unfinished)
		return imap_fail(&s->session,
			"its deadline of %lld s is near: what was read is settled, the rest is for the next run",
			(long long)s->mailbox->deadline);
	return 0;
}

static int imap_close(struct source *source, char *error, size_t size)
{
	struct imap_source *s = of(source);

	(void)error, (void)size;
	if (!s)
		return 0;
	imap_session_close(&s->session);
	secret_free(s->password);
	wiped_free(&s->body);
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
