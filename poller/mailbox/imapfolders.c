/* Which folders a mailbox means, found and selected. */
#include "poller/mailbox/imapfolders.h"

#include <string.h>

bool imap_moves_or_deletes(const struct mailbox *m)
{
	return m->processed.action != DISPOSE_KEEP || m->unrecognised.action != DISPOSE_KEEP ||
		m->quarantine.action != DISPOSE_KEEP || m->optout.action == DISPOSE_MOVE;
}

int imap_find_folders(struct imap_source *s)
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

/* A folder may be named like an address, and those are not printed. */
const char *imap_folder_shown(const struct imap_folder *folder)
{
	return strchr(folder->written, '@') ? "(its name has an @)" : folder->written;
}

int imap_select_folder(struct imap_source *s, const struct imap_folder *folder, bool writing)
{
	const struct mailimap_selection_info *now;
	int code;

	s->selected = false;
	imap_expect(&s->session, IMAP_ANSWER_MAX);
	code = mailimap_select(s->session.imap, folder->name);
	if (code == MAILIMAP_ERROR_SELECT && !folder->exists)
		return imap_fail(&s->session, "there is no folder %s", imap_folder_shown(folder));
	if (imap_check(&s->session, code, "folder", imap_folder_shown(folder)))
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
int imap_select_source(struct imap_source *s)
{
	if (s->selected)
		return 0;
	if (imap_select_folder(s, &s->folder, imap_moves_or_deletes(s->mailbox)))
		return -1;
	if (s->session.imap->imap_selection_info->sel_uidvalidity != s->uidvalidity)
		return imap_fail(
			&s->session, "UIDVALIDITY changed: the folder was made anew meanwhile");
	s->selected = true;
	return 0;
}
