/* Expiring by UID, below a mark of an earlier run. */
#include "poller/mailbox/imapexpire.h"

#include <stdlib.h>
#include <string.h>
#include "poller/mailbox/imapdelete.h"
#include "poller/mailbox/imapfolders.h"
#include "poller/mailbox/imaplist.h"

/* Of the window: what lies below the mark goes. */
static int expire_range(struct imap_source *s, const struct imap_folder *folder, uint32_t uidnext,
	struct uid_list *marked, uint64_t *removed)
{
	struct uid_list old = { 0 };
	uint64_t moved = 0;
	int result = 0;

	for (size_t i = 0; i < s->window.n && !result; i++)
		if (s->window.at[i].uid < uidnext)
			result = uid_list_add(&old, s->window.at[i].uid)
				? imap_check(&s->session, MAILIMAP_ERROR_MEMORY, "expiring", NULL)
				: 0;
	if (!result && old.n)
		result = imap_delete(s, &old, folder, marked, removed, &moved);
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
	if (exists && imap_list_range(s, exists, exists))
		return -1;
	uint32_t uid = exists && s->window.n ? s->window.at[s->window.n - 1].uid : 0;
	end->uidnext = uid < UINT32_MAX ? uid + 1 : UINT32_MAX;
	return 0;
}

/*
 * By UID below a mark of an earlier run: a moved message keeps its INTERNALDATE, and a mailbox that
 * was not read for a while would lose what nobody has seen. From the end to the front, so that what
 * is removed does not move what is still to be listed. The window that is being read is put aside.
 */
int imap_expire(struct source *source, const char *folder, int64_t cutoff,
	const struct folder_mark *due, uint64_t *removed, struct folder_mark *end)
{
	struct imap_source *s = imap_source_of(source);
	struct imap_folder found;
	struct uid_list marked = { 0 };
	struct imap_window *aside;
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
	if (imap_select_folder(s, &found, true) || imap_exists_now(s, &last))
		goto out;
	if (folder_end(s, last, end))
		goto out;
	if (end->uidvalidity != due->uidvalidity)
		last = 0; /* another folder of that name: its messages are not those that were
			     marked */
	while (last) {
		uint32_t first = last > IMAP_WINDOW_MESSAGES ? last - IMAP_WINDOW_MESSAGES + 1 : 1;

		if (imap_list_range(s, first, last) ||
			expire_range(s, &found, due->uidnext, &marked, removed))
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
