/*
 * The end of a visit. The folder is listed by the server's own count of its messages, so one that
 * counts too few, as with a damaged index, would keep the others for ever and in silence. A SEARCH
 * by UID does not depend on that count.
 */
#include "poller/mailbox/imapleft.h"

#include "poller/mailbox/imapfolders.h"
#include "poller/mailbox/imaplist.h"

/* From the first UID above what was read; * is the last message's, whatever that is (RFC 3501). */
static int add_beyond(struct imap_source *s, struct mailimap_set *set)
{
	return s->last == UINT32_MAX ? MAILIMAP_NO_ERROR
				     : mailimap_set_add_interval(set, s->last + 1, 0);
}

/* What of the removed ones is there, and what lies above all that was read. */
static int search_left(struct imap_source *s, struct uid_list *found)
{
	struct mailimap_set *set;
	size_t at = 0, n;
	int result = 0;

	/* an empty set is none (RFC 3501): nothing was removed, and above this one no UID can be */
	if (!s->removed.n && s->last == UINT32_MAX)
		return 0;
	uid_list_sort(&s->removed);
	do {
		n = s->removed.n ? uid_set(&s->removed, at, IMAP_SET_UIDS_MAX, &set) : 0;
		if (!s->removed.n)
			set = mailimap_set_new_empty();
		at += n;
		if (!set || (at == s->removed.n && add_beyond(s, set) != MAILIMAP_NO_ERROR)) {
			if (set)
				mailimap_set_free(set);
			return imap_check(&s->session, MAILIMAP_ERROR_MEMORY, "UID set", NULL);
		}
		result = imap_search_uids(&s->session, set, found);
	} while (!result && at < s->removed.n);
	return result;
}

/*
 * Messages above all that was read may have come since, which the server then has told: it may not
 * give a message a number that is higher than its count (RFC 3501 section 5.2 and 7.3.1).
 */
static int compare_count(struct imap_source *s, uint32_t first_uid)
{
	struct mailimap_set *set = mailimap_set_new_empty();
	struct uid_list numbers = { 0 };
	uint32_t exists = 0;
	size_t beyond = 0;

	if (!set || add_beyond(s, set) != MAILIMAP_NO_ERROR) {
		if (set)
			mailimap_set_free(set);
		return imap_check(&s->session, MAILIMAP_ERROR_MEMORY, "UID set", NULL);
	}
	int result = imap_search_numbers(&s->session, set, &numbers);
	if (!result)
		result = imap_exists_now(s, &exists);
	for (size_t i = 0; i < numbers.n && !result; i++)
		beyond += numbers.at[i] > exists;
	uid_list_free(&numbers);
	if (result || !beyond)
		return result;
	return imap_fail(&s->session,
		"the server counts %lu messages (EXISTS) and finds %lu more, from UID %lu on: they stay there",
		(unsigned long)exists, (unsigned long)beyond, (unsigned long)first_uid);
}

int imap_compare_left(struct imap_source *s)
{
	struct uid_list found = { 0 };
	uint64_t removed = 0;
	uint32_t first = 0;

	if (imap_select_source(s))
		return -1;
	int result = search_left(s, &found);
	for (size_t i = 0; i < found.n; i++) {
		removed += uid_list_has(&s->removed, found.at[i]);
		if (found.at[i] > s->last && !first)
			first = found.at[i];
	}
	uid_list_free(&found);
	if (!result && removed)
		return imap_fail(&s->session,
			"the server said that it removed %llu messages that are still there: this mailbox is not "
			"emptied",
			(unsigned long long)removed);
	return result || !first || s->unfinished ? result : compare_count(s, first);
}
