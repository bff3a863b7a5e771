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

/* By way of the trash: from there alone it goes. */
static int delete_by_trash(struct imap_source *s, const struct uid_list *uids,
	const struct imap_folder *from, struct uid_list *marked, uint64_t *deleted, uint64_t *moved)
{
	struct uid_list there = { 0 }, left = { 0 };
	uint64_t went = 0, gone = 0;
	int result = imap_move_to(&s->session, uids, &s->trash, marked, &went, &there);

	if (there.n) {
		result = imap_select_folder(s, &s->trash, true) ||
				imap_remove(&s->session, &there, &left, &gone) ||
				select_again(s, from) || result
			? -1
			: 0;
	}
	if (!result && gone < went)
		result = imap_fail(&s->session,
			"what is deleted goes by way of the folder \\Trash here, and the server does not say as what it arrives there: "
			"it was moved there and is not deleted; use processed = keep or move:FOLDER");
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
