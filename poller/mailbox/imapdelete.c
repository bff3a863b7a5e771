#include "poller/mailbox/imapdelete.h"

#include "poller/mailbox/imapfolders.h"

static bool deletes(const struct mailbox *m)
{
	return m->processed.action == DISPOSE_DELETE || m->unrecognised.action == DISPOSE_DELETE ||
		m->quarantine.action == DISPOSE_DELETE;
}

int imap_find_trash(struct imap_source *s)
{
	bool archives = imap_has(&s->session, "X-GM-EXT-1"), all = false;

	if (imap_has(&s->session, "SPECIAL-USE") || archives) {
		if (imap_find_special(&s->session, "\\All", NULL, &all))
			return -1;
		archives |= all;
		if (archives &&
			imap_find_special(&s->session, "\\Trash", &s->trash, &s->trash.exists))
			return -1;
	}
	s->archives = archives;
	if (archives && !s->trash.exists && deletes(s->mailbox))
		return imap_fail(&s->session,
			"here \"delete\" only archives (all mail stays in a folder of its own), and the server shows no "
			"folder \\Trash by which mail could be deleted: let it show that folder over IMAP, or use processed = keep or move:FOLDER");
	s->trash.written = archives && s->trash.exists ? "Trash" : NULL;
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

/*
 * The lowest UID that a message will have which arrives in the trash from now on. A server may list
 * the folder and want it made first.
 */
static int trash_end(struct imap_source *s, const struct imap_folder *from, uint32_t *end)
{
	if (imap_select_folder(s, &s->trash, true)) {
		s->trash.exists = false;
		if (s->session.broken || imap_folder_make(&s->session, &s->trash) ||
			imap_select_folder(s, &s->trash, true))
			return -1;
	}
	*end = s->session.imap->imap_selection_info->sel_uidnext;
	if (select_again(s, from))
		return -1;
	return *end
		? 0
		: fail_by_trash(s, "its messages cannot be told apart (no COPYUID, no UIDNEXT)");
}

/* Without COPYUID: what has arrived in the trash, which is selected, is ours if it is as many. */
static int find_in_trash(struct imap_source *s, uint32_t end, uint64_t went, struct uid_list *there)
{
	struct mailimap_set *set = mailimap_set_new_interval(end, 0);
	struct uid_list found = { 0 };
	int result = set ? imap_search_uids(&s->session, set, &found)
			 : imap_check(&s->session, MAILIMAP_ERROR_MEMORY, "UID set", NULL);

	for (size_t i = 0; i < found.n && !result; i++)
		if (found.at[i] >= end && uid_list_add(there, found.at[i]))
			result = imap_check(&s->session, MAILIMAP_ERROR_MEMORY, "UID set", NULL);
	uid_list_free(&found);
	if (!result && there->n != went)
		result = fail_by_trash(
			s, "what was moved there is not what arrived: nothing of it is deleted");
	return result;
}

/* By way of the trash: from there alone it goes. */
static int delete_by_trash(struct imap_source *s, const struct uid_list *uids,
	const struct imap_folder *from, struct uid_list *marked, uint64_t *deleted, uint64_t *moved)
{
	struct uid_list there = { 0 }, left = { 0 };
	uint64_t went = 0, gone = 0;
	uint32_t end = 0;

	if (!s->session.tells_copies && trash_end(s, from, &end))
		return -1;
	int result = imap_move_to(&s->session, uids, &s->trash, marked, &went, &there);
	if (went && !s->session.broken)
		result = imap_select_folder(s, &s->trash, true) ||
				(!s->session.tells_copies && find_in_trash(s, end, went, &there)) ||
				imap_remove(&s->session, &there, &left, &gone) ||
				select_again(s, from) || result
			? -1
			: 0;
	if (!result && gone < went)
		result = fail_by_trash(s, "not all that was moved there could be deleted");
	*deleted += gone;
	*moved += went - gone;
	uid_list_free(&there);
	uid_list_free(&left);
	return result;
}

int imap_delete(struct imap_source *s, const struct uid_list *uids, const struct imap_folder *from,
	struct uid_list *marked, uint64_t *deleted, uint64_t *moved)
{
	if (!s->archives)
		return imap_remove(&s->session, uids, marked, deleted);
	if (!s->trash.exists)
		return imap_fail(&s->session,
			"here an expunge only archives, and the server shows no folder \\Trash by which mail could be deleted: nothing "
			"of the folder %s is, let it show that folder over IMAP",
			imap_folder_shown(from));
	return delete_by_trash(s, uids, from, marked, deleted, moved);
}
