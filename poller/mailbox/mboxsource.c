/* What handing out, settling and moving of an mbox share. */
#include "poller/mailbox/mboxsource.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int mbox_take(struct mbox_source *b, struct mbox_lock *lock, const char *path, int fd)
{
	if (mbox_lock(lock, &b->base, path, fd, b->mailbox->timeout))
		return -1;
	if ((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY)
		return 0;
	int result = mbox_cut_mend(path, fd, lock->dotlock != NULL, b->scratch);
	if (result >= 0)
		return result;
	source_fail(&b->base, "%s: %s", path,
		errno == ESTALE
			? "somebody else changed it while a removal was not finished; it was given up, look whether mails are torn"
			: strerror(errno));
	mbox_unlock(lock);
	return -1;
}

bool mbox_unchanged(const struct mbox_source *b, const struct stretch *x)
{
	char head[MBOX_ID_BYTES + 1];
	unsigned char id[SOURCE_ID_SIZE];
	uint64_t n = x->head - x->begin;
	ssize_t got = pread(
		b->fd, head, n < sizeof head ? (size_t)n : sizeof head, (off_t)x->begin);
	if (got < 0 || ((uint64_t)got < n && got < (ssize_t)sizeof head))
		return false;
	mbox_id(id, head, (uint64_t)got, b->max_message);
	explicit_bzero(head, sizeof head);
	return !memcmp(id, x->id, sizeof id);
}
