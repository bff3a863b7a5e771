/*
 * Mail that was moved and whose time, raw_retention, is over: when a mailbox is read to its end,
 * the fetcher deletes what has lain for so long in the folders to which the settings move mail, and
 * in those to which earlier settings did. The ledger counts it.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "poller/run/lane.h"

enum {
	FOLDER_MARKS = 64, /* in one raw_retention: so exactly is it kept */
	FORMER_MAX = 8,    /* folders of other settings that are looked at in one run */
};

/* What the settings move to FOLDER; what has several uses counts for the first. */
static enum folder_use use_of(const struct mailbox *box, const char *folder)
{
	const struct disposal *const all[] = { &box->processed, &box->unrecognised,
		&box->quarantine };
	unsigned use = FOLDER_PROCESSED;
	while (use < FOLDER_FORMER &&
		(all[use]->action != DISPOSE_MOVE ||
			strncmp(all[use]->folder, folder, WIRE_NAME_SIZE - 1) != 0))
		use++;
	return use;
}

/* Where the folder ends now tells a later run how long its messages have been there. */
int lane_expired(struct pump *p, struct lane *lane, const struct wire_expired *done)
{
	lane->counts.expired += done->removed;
	if (!lane->box || !p->job->store || memchr(done->folder, '\0', sizeof done->folder) == NULL)
		return -1;
	enum folder_use use = use_of(lane->box, done->folder);
	int64_t now = p->job->now, period = lane->box->raw_retention;
	lane->expired[use] += done->removed;
	if (use == FOLDER_FORMER ? store_folder_former(p->job->store, lane->name, done->folder, now,
					   now - period, &done->end)
				 : store_folder_mark(p->job->store, lane->name, done->folder, now,
					   period / FOLDER_MARKS, &done->end))
		pump_fail(p);
	return 0;
}

static int expire_folder(struct pump *p, struct lane *lane, const char *folder)
{
	struct wire_expire expire = { .cutoff = p->job->now - lane->box->raw_retention };
	snprintf(expire.folder, sizeof expire.folder, "%s", folder);
	if (store_folder_due(
		    p->job->store, lane->name, expire.folder, expire.cutoff, &expire.due)) {
		pump_fail(p);
		return 0;
	}
	lane->folders |= 1u << use_of(lane->box, folder);
	return channel_send(&lane->from, WIRE_EXPIRE, &expire, sizeof expire, true);
}

/* Folders to which other settings moved mail. */
struct former {
	const struct mailbox *box;
	unsigned count;
	char name[FORMER_MAX][WIRE_NAME_SIZE];
};

/*
 * The one that is read now is none: its mail is to be read. Nor is that of opt-outs, where nothing
 * is deleted.
 */
static int add_former(void *context, const char *folder)
{
	struct former *f = context;
	bool optouts = f->box->optout.action == DISPOSE_MOVE &&
		!strcasecmp(f->box->optout.folder, folder);
	if (use_of(f->box, folder) == FOLDER_FORMER && f->count < FORMER_MAX && !optouts &&
		strcasecmp(folder, f->box->folder ? f->box->folder : "INBOX") != 0)
		snprintf(f->name[f->count++], WIRE_NAME_SIZE, "%s", folder);
	return 0;
}

int lane_expire(struct pump *p, struct lane *lane)
{
	const struct disposal *const all[] = { &lane->box->processed, &lane->box->unrecognised,
		&lane->box->quarantine };
	struct former former = { .box = lane->box };
	for (unsigned i = 0; i < FOLDER_FORMER; i++)
		if (all[i]->action == DISPOSE_MOVE && use_of(lane->box, all[i]->folder) == i &&
			expire_folder(p, lane, all[i]->folder))
			return -1;
	if (store_folder_names(p->job->store, lane->name, add_former, &former))
		pump_fail(p);
	for (unsigned i = 0; i < former.count && !p->store_failed; i++)
		if (expire_folder(p, lane, former.name[i]))
			return -1;
	return 0;
}
