/*
 * The way through the trash. In that folder lies mail of others, and the same mail by others'
 * hands, so nothing there is deleted that is not proven to be what went there. What goes gets a
 * keyword (RFC 3501 section 2.3.2), which the copy in the trash keeps: by it ours is known, also to
 * a later visit when this one ends in between. Where the trash keeps no keywords, what COPYUID
 * names is taken, if it is as many as went, in the folder as it was at first, and each of the same
 * size.
 */
#include "poller/mailbox/imapdelete.h"

#include <stdlib.h>
#include <string.h>
#include "poller/mailbox/imapfetch.h"
#include "poller/mailbox/imapfolders.h"

enum { SIZE_LINE_MAX = 160 /* of an answer with UID and size */ };
static const char ours_keyword[] = "RetourDeletes";

static bool deletes(const struct mailbox *m)
{
	return m->processed.action == DISPOSE_DELETE || m->unrecognised.action == DISPOSE_DELETE ||
		m->quarantine.action == DISPOSE_DELETE;
}

/* What is missing to delete here, where an expunge archives; NULL: nothing. */
static const char *missing_to_delete(const struct imap_source *s)
{
	if (!s->trash.exists)
		return "the server shows no folder \\Trash by which mail could be deleted: let it show that folder over IMAP, or use processed = keep or move:FOLDER";
	if (!imap_has(&s->session, "UIDPLUS"))
		return "the server lacks UIDPLUS, so that in the trash not only ours could be deleted: use processed = keep or move:FOLDER";
	return NULL;
}

int imap_find_trash(struct imap_source *s)
{
	struct imap_uses uses;

	if (imap_find_uses(&s->session, &uses))
		return -1;
	s->archives = uses.all || imap_has(&s->session, "X-GM-EXT-1");
	s->trash = uses.trash;
	const char *missing = s->archives ? missing_to_delete(s) : NULL;
	s->source.facts.deleting = s->archives ? DELETING_TRASH : DELETING_GONE;
	if (missing)
		s->source.facts.deleting = DELETING_NOTHING;
	if (missing && deletes(s->mailbox))
		return imap_fail(&s->session,
			"here \"delete\" only archives (all mail stays in a folder of its own), and %s",
			missing);
	s->trash.written = s->archives && !missing ? "Trash" : NULL;
	return 0;
}

static int select_again(struct imap_source *s, const struct imap_folder *from)
{
	return from == &s->folder ? imap_select_source(s) : imap_select_folder(s, from, true);
}

static int fail_by_trash(struct imap_source *s, const char *why)
{
	return imap_fail(&s->session,
		"here an expunge only archives, so what is deleted goes by way of the folder \\Trash, and %s: use processed = keep or move:FOLDER",
		why);
}

/* Does the selected folder keep keywords that nobody had there before (PERMANENTFLAGS \*)? */
static bool keeps_keywords(const struct imap_source *s)
{
	const struct mailimap_selection_info *now = s->session.imap->imap_selection_info;
	clist *flags = now ? now->sel_perm_flags : NULL;

	for (clistiter *at = flags ? clist_begin(flags) : NULL; at; at = clist_next(at))
		if (((struct mailimap_flag_perm *)clist_content(at))->fl_type ==
			MAILIMAP_FLAG_PERM_ALL)
			return true;
	return false;
}

/* Deletes OURS in the trash, which is selected; *DELETED grows by what is gone then. */
static int remove_ours(struct imap_source *s, const struct uid_list *ours, uint64_t *deleted)
{
	struct uid_list marked = { 0 }, left = { 0 };
	struct mailimap_set *set;
	uint64_t said = 0, stays = 0;
	int result = imap_remove(&s->session, ours, &marked, &said);

	for (size_t at = 0, n; at < ours->n && !result; at += n) {
		n = uid_set(ours, at, IMAP_SET_UIDS_MAX, &set);
		result = n ? imap_search_uids(&s->session, set, &left)
			   : imap_check(&s->session, MAILIMAP_ERROR_MEMORY, "UID set", NULL);
		n = n ? n : ours->n;
	}
	for (size_t i = 0; i < left.n; i++)
		stays += uid_list_has(ours, left.at[i]);
	if (!result)
		*deleted += ours->n - stays;
	uid_list_free(&marked);
	uid_list_free(&left);
	return result;
}

/*
 * Before the first message goes: may we write there, does it keep keywords, and is there what an
 * earlier visit could not bring to its end? A server may list the folder and want it made first.
 */
static int look_at_trash(struct imap_source *s, uint64_t *deleted)
{
	struct uid_list left = { 0 };

	if (imap_select_folder(s, &s->trash, true)) {
		s->trash.exists = false;
		if (s->session.broken || imap_folder_make(&s->session, &s->trash) ||
			imap_select_folder(s, &s->trash, true))
			return -1;
	}
	s->trash_validity = s->session.imap->imap_selection_info->sel_uidvalidity;
	s->trash_keywords = keeps_keywords(s);
	int result = s->trash_keywords ? imap_search_keyword(&s->session, ours_keyword, &left) : 0;
	if (!result && left.n)
		result = remove_ours(s, &left, deleted);
	uid_list_free(&left);
	return result;
}

int imap_clear_trash(struct imap_source *s, uint64_t *deleted)
{
	bool due = s->archives && s->settles && !s->trash_validity && deletes(s->mailbox);

	return due ? look_at_trash(s, deleted) : 0;
}

static void collect_size(struct imap_source *s, const struct imap_entry *entry,
	const struct mailimap_msg_att *answer)
{
	(void)answer;
	if (uid_list_add(s->sizes, entry->size))
		s->body_failed = true;
}

static int compare_sizes(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* The sizes of UIDS in the selected folder, sorted: of those that are there. */
static int list_sizes(struct imap_source *s, const struct uid_list *uids, struct uid_list *sizes)
{
	struct mailimap_set *set;
	int result = 0;

	s->sizes = sizes;
	s->on_fetch = collect_size;
	for (size_t at = 0, n; at < uids->n && !result; at += n) {
		n = uid_set(uids, at, IMAP_SET_UIDS_MAX, &set);
		result = imap_fetch(s, true, set,
			imap_fetch_type(mailimap_fetch_att_new_uid(),
				mailimap_fetch_att_new_rfc822_size(), NULL),
			IMAP_ANSWER_MAX + SIZE_LINE_MAX * (uint64_t)n);
		n = n ? n : uids->n;
	}
	s->on_fetch = NULL;
	s->sizes = NULL;
	if (result > 0)
		return imap_fail(&s->session, "the server refuses to list the folder");
	if (!result && sizes->n)
		qsort(sizes->at, sizes->n, sizeof *sizes->at, compare_sizes);
	return result;
}

/* The trash is selected again, and still the one that was looked at. */
static int enter_trash(struct imap_source *s)
{
	if (imap_select_folder(s, &s->trash, true))
		return -1;
	return s->session.imap->imap_selection_info->sel_uidvalidity == s->trash_validity
		? 0
		: fail_by_trash(s, "that was made anew meanwhile: nothing of it is deleted");
}

/* What COPYUID named is taken if nothing speaks against it. */
static int take_arrived(struct imap_source *s, const struct imap_arrived *there,
	const struct uid_list *sizes, struct uid_list *ours)
{
	struct uid_list now = { 0 };

	if (!there->uidvalidity)
		return fail_by_trash(s,
			"its messages cannot be told apart (no COPYUID, no keywords): nothing of it is deleted");
	bool same = !there->mistold && there->uidvalidity == s->trash_validity;
	int result = same ? list_sizes(s, &there->uids, &now) : 0;
	same = same && !result && now.n == sizes->n && now.n == there->uids.n &&
		!memcmp(now.at, sizes->at, now.n * sizeof *now.at);
	for (size_t i = 0; i < there->uids.n && same && !result; i++)
		if (uid_list_add(ours, there->uids.at[i]))
			result = imap_check(&s->session, MAILIMAP_ERROR_MEMORY, "UID set", NULL);
	uid_list_sort(ours);
	uid_list_free(&now);
	if (!result && !same)
		result = fail_by_trash(s,
			"what the server says has arrived there is not what was moved: nothing of it is deleted");
	return result;
}

/* WENT messages of these SIZES arrived in the trash: those go, and no others. */
static int delete_arrived(struct imap_source *s, const struct imap_arrived *there, uint64_t went,
	const struct uid_list *sizes, uint64_t *deleted)
{
	struct uid_list ours = { 0 };
	uint64_t gone = 0;
	int result = enter_trash(s);

	if (!result && s->trash_keywords)
		result = imap_search_keyword(&s->session, ours_keyword, &ours);
	if (!result && !ours.n)
		result = take_arrived(s, there, sizes, &ours);
	if (!result)
		result = remove_ours(s, &ours, &gone);
	if (!result && gone < went)
		result = fail_by_trash(s, "not all that was moved there could be deleted");
	*deleted += gone;
	uid_list_free(&ours);
	return result;
}

static int delete_by_trash(struct imap_source *s, const struct uid_list *uids,
	const struct imap_folder *from, struct uid_list *marked, uint64_t *deleted, uint64_t *moved)
{
	struct imap_arrived there = { 0 };
	struct uid_list sizes = { 0 };
	uint64_t went = 0, gone = 0;

	if (!s->trash_validity && (look_at_trash(s, deleted) || select_again(s, from)))
		return -1;
	int result = list_sizes(s, uids, &sizes);
	if (!result && s->trash_keywords && keeps_keywords(s))
		result = imap_set_keyword(&s->session, uids, ours_keyword);
	if (!result)
		result = imap_move_to(&s->session, uids, &s->trash, marked, &went, &there);
	if (went && !s->session.broken &&
		(delete_arrived(s, &there, went, &sizes, &gone) || select_again(s, from)))
		result = -1;
	*deleted += gone;
	*moved += gone < went ? went - gone : 0;
	uid_list_free(&there.uids);
	uid_list_free(&sizes);
	return result;
}

int imap_delete(struct imap_source *s, const struct uid_list *uids, const struct imap_folder *from,
	struct uid_list *marked, uint64_t *deleted, uint64_t *moved)
{
	const char *missing = s->archives ? missing_to_delete(s) : NULL;

	if (!s->archives || (!missing && !strcmp(from->name, s->trash.name)))
		return imap_remove(&s->session, uids, marked, deleted);
	if (missing)
		return imap_fail(&s->session,
			"here an expunge only archives, and nothing of the folder %s is deleted: %s",
			imap_folder_shown(from), missing);
	return delete_by_trash(s, uids, from, marked, deleted, moved);
}
