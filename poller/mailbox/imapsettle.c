/*
 * UID sets and what is done to them: STORE \Deleted and UID EXPUNGE, UID MOVE, UID COPY.
 *
 * RFC 3501 section 6.4.3 (EXPUNGE takes all that is marked), RFC 4315 (UID EXPUNGE,
 * COPYUID), RFC 6851 (MOVE; vanished UIDs are no error, so COPYUID says what really moved).
 *
 * An OK alone does not prove that a message arrived in another folder. COPYUID does; without it
 * the target must have grown by as many as were there to go (STATUS), else what was copied is not
 * deleted. The first message of a session goes alone, so that a server which only says so has no
 * more than that one to lose.
 */
#include "poller/mailbox/imapsettle.h"
#include "poller/mailbox/imapfolders.h"

#include <stdio.h>
#include <stdlib.h>
#include "classify/base/clock.h"

enum { ANSWER_EACH = 64 /* bytes that a server says of one message that it changes */ };
static const double settle_quick = 1, settle_slow = 10; /* seconds of one set */

/* Messages on their way to another folder, until it is known that they arrived. */
struct going {
	uint64_t present; /* how many of them were in the folder that they leave */
	int64_t before;   /* messages in the other one; -1: the server does not tell */
};

static int compare_uids(const void *a, const void *b);
static int set_flag(
	struct imap_session *s, struct mailimap_set *set, size_t n, struct mailimap_flag *flag);
static int mark_deleted(struct imap_session *s, struct mailimap_set *set, size_t n);
static int expunge_marked(struct imap_session *s, struct uid_list *marked, uint64_t *done);
static int search_deleted(struct imap_session *s, struct uid_list *found);
static int remove_set(struct imap_session *s, const struct uid_list *uids, size_t first, size_t n,
	struct mailimap_set *set, struct uid_list *marked, uint64_t *done);
static int move_set(struct imap_session *s, const struct uid_list *uids, struct mailimap_set *set,
	struct imap_folder *to, struct uid_list *marked, uint64_t *done,
	struct imap_arrived *there);
static int count_there(struct imap_session *s, const struct imap_folder *to, int64_t *messages);
static int look_before(struct imap_session *s, const struct imap_folder *to,
	const struct uid_list *uids, struct going *going);
static int look_after(struct imap_session *s, const struct imap_folder *to, struct going *going);
static int check_copied(struct imap_session *s, const struct uid_list *uids,
	struct mailimap_set *source, struct uid_list *copied);

int uid_list_add(struct uid_list *list, uint32_t uid)
{
	if (list->n == list->capacity) {
		size_t capacity = list->capacity ? 2 * list->capacity : 256;
		uint32_t *grown = realloc(list->at, capacity * sizeof *grown);

		if (!grown)
			return -1;
		list->at = grown;
		list->capacity = capacity;
	}
	list->at[list->n++] = uid;
	return 0;
}

static int compare_uids(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

void uid_list_sort(struct uid_list *list)
{
	size_t kept = 0;

	if (list->n)
		qsort(list->at, list->n, sizeof *list->at, compare_uids);
	for (size_t i = 0; i < list->n; i++)
		if (!kept || list->at[kept - 1] != list->at[i])
			list->at[kept++] = list->at[i];
	list->n = kept;
}

bool uid_list_has(const struct uid_list *list, uint32_t uid)
{
	return list->n && bsearch(&uid, list->at, list->n, sizeof uid, compare_uids);
}

void uid_list_free(struct uid_list *list)
{
	free(list->at);
	*list = (struct uid_list){ 0 };
}

size_t uid_set(const struct uid_list *list, size_t first, size_t most, struct mailimap_set **set)
{
	enum { RANGE_BYTES = sizeof "4294967295:4294967295," - 1 };
	size_t at = first, bytes = 0;

	*set = mailimap_set_new_empty();
	while (*set && at < list->n && at - first < most && bytes + RANGE_BYTES <= IMAP_SET_BYTES) {
		size_t end = at + 1;

		while (end < list->n && end - first < most &&
			list->at[end] == list->at[end - 1] + 1)
			end++;
		if (mailimap_set_add_interval(*set, list->at[at], list->at[end - 1]) !=
			MAILIMAP_NO_ERROR)
			break;
		bytes += RANGE_BYTES;
		at = end;
	}
	if (*set && at == first) {
		mailimap_set_free(*set);
		*set = NULL;
	}
	return at - first;
}

/* How many UIDs a command that changes the folder has: as many as the server does in its time. */
static size_t uids_at_once(const struct imap_session *s)
{
	return s->settle_uids ? s->settle_uids : IMAP_SET_UIDS;
}

static void adapt_uids(struct imap_session *s, double seconds)
{
	size_t now = uids_at_once(s);

	if (seconds < settle_quick)
		s->settle_uids = 8 * now < IMAP_SET_UIDS_MAX ? 8 * now : IMAP_SET_UIDS_MAX;
	else if (seconds > settle_slow && now > IMAP_SET_UIDS / 2)
		s->settle_uids = now / 2;
}

/* FLAG is freed. */
static int set_flag(
	struct imap_session *s, struct mailimap_set *set, size_t n, struct mailimap_flag *flag)
{
	struct mailimap_flag_list *flags = mailimap_flag_list_new_empty();
	struct mailimap_store_att_flags *store = NULL;
	int code = MAILIMAP_ERROR_MEMORY;

	if (flags && flag && mailimap_flag_list_add(flags, flag) == MAILIMAP_NO_ERROR) {
		flag = NULL; /* the list's now */
		store = mailimap_store_att_flags_new_add_flags_silent(flags);
	}
	if (store) {
		flags = NULL;
		/* .SILENT is a wish: a server may answer for each */
		imap_expect(s, IMAP_ANSWER_MAX + ANSWER_EACH * (uint64_t)n);
		code = mailimap_uid_store(s->imap, set, store);
		mailimap_store_att_flags_free(store);
	}
	if (flag)
		mailimap_flag_free(flag);
	if (flags)
		mailimap_flag_list_free(flags);
	return code;
}

static int mark_deleted(struct imap_session *s, struct mailimap_set *set, size_t n)
{
	return imap_check(s, set_flag(s, set, n, mailimap_flag_new_deleted()),
		"marking messages deleted", NULL);
}

int imap_set_keyword(struct imap_session *s, const struct uid_list *uids, const char *keyword)
{
	struct mailimap_set *set;

	for (size_t at = 0, n; at < uids->n; at += n) {
		char *named = strdup(keyword);
		struct mailimap_flag *flag = named ? mailimap_flag_new_flag_keyword(named) : NULL;

		n = uid_set(uids, at, uids_at_once(s), &set);
		if (!n)
			return imap_check(s, MAILIMAP_ERROR_MEMORY, "UID set", NULL);
		int code = set_flag(s, set, n, flag);
		mailimap_set_free(set);
		if (imap_check(s, code, "marking messages", NULL))
			return -1;
	}
	return 0;
}

/* By UID; with NUMBERS the sequence numbers. */
static int imap_search(struct imap_session *s, struct mailimap_search_key *key, bool numbers,
	const char *what, struct uid_list *found)
{
	clist *result = NULL;
	int code;

	imap_expect(s, IMAP_SEARCH_MAX);
	code = numbers ? mailimap_search(s->imap, NULL, key, &result)
		       : mailimap_uid_search(s->imap, NULL, key, &result);
	if (imap_check(s, code, what, NULL))
		return -1;
	for (clistiter *at = result ? clist_begin(result) : NULL; at; at = clist_next(at))
		if (uid_list_add(found, *(uint32_t *)clist_content(at)))
			code = MAILIMAP_ERROR_MEMORY;
	if (result)
		mailimap_search_result_free(result);
	uid_list_sort(found);
	return imap_check(s, code, what, NULL);
}

static int search_deleted(struct imap_session *s, struct uid_list *found)
{
	struct mailimap_search_key key = { .sk_type = MAILIMAP_SEARCH_KEY_DELETED };

	return imap_search(s, &key, false, "SEARCH DELETED", found);
}

int imap_search_keyword(struct imap_session *s, const char *keyword, struct uid_list *found)
{
	struct mailimap_search_key key = { .sk_type = MAILIMAP_SEARCH_KEY_KEYWORD,
		.sk_data = { .sk_keyword = (char *)keyword } };

	return imap_search(s, &key, false, "SEARCH KEYWORD", found);
}

static int search_set(
	struct imap_session *s, struct mailimap_set *set, bool numbers, struct uid_list *found)
{
	struct mailimap_search_key key = { .sk_type = MAILIMAP_SEARCH_KEY_UID,
		.sk_data = { .sk_uid = set } };
	int result = imap_search(s, &key, numbers, "SEARCH UID", found);

	mailimap_set_free(set);
	return result;
}

int imap_search_uids(struct imap_session *s, struct mailimap_set *set, struct uid_list *found)
{
	return search_set(s, set, false, found);
}

int imap_search_numbers(struct imap_session *s, struct mailimap_set *set, struct uid_list *found)
{
	return search_set(s, set, true, found);
}

/*
 * A message that someone else marks between the search and the EXPUNGE goes too: without UIDPLUS
 * nothing can prevent that.
 */
static int expunge_marked(struct imap_session *s, struct uid_list *marked, uint64_t *done)
{
	struct uid_list found = { 0 };
	int result = -1;
	bool same;

	if (!marked->n)
		return 0;
	uid_list_sort(marked);
	if (search_deleted(s, &found))
		goto out;
	/* What of ours has vanished meanwhile is no obstacle; what is not ours is. */
	same = true;
	for (size_t i = 0; i < found.n; i++)
		same = same && uid_list_has(marked, found.at[i]);
	result = 0;
	if (same) {
		imap_expect(s, IMAP_ANSWER_MAX + ANSWER_EACH * (uint64_t)found.n);
		result = imap_check(s, mailimap_expunge(s->imap), "EXPUNGE", NULL);
		if (!result) {
			*done += found.n;
			marked->n = 0;
		}
	}
out:
	uid_list_free(&found);
	return result;
}

static int remove_set(struct imap_session *s, const struct uid_list *uids, size_t first, size_t n,
	struct mailimap_set *set, struct uid_list *marked, uint64_t *done)
{
	if (mark_deleted(s, set, n))
		return -1;
	if (imap_has(s, "UIDPLUS")) {
		imap_expect(s, IMAP_ANSWER_MAX + ANSWER_EACH * (uint64_t)n);
		if (imap_check(s, mailimap_uid_expunge(s->imap, set), "UID EXPUNGE", NULL))
			return -1;
		*done += n;
		return 0;
	}
	for (size_t i = first; i < first + n; i++)
		if (uid_list_add(marked, uids->at[i]))
			return imap_check(s, MAILIMAP_ERROR_MEMORY, "EXPUNGE", NULL);
	return 0;
}

int imap_remove(struct imap_session *s, const struct uid_list *uids, struct uid_list *marked,
	uint64_t *done)
{
	struct mailimap_set *set;

	for (size_t at = 0, n; at < uids->n; at += n) {
		int result;
		double before = clock_monotonic();

		n = uid_set(uids, at, uids_at_once(s), &set);
		if (!n)
			return imap_check(s, MAILIMAP_ERROR_MEMORY, "UID set", NULL);
		result = remove_set(s, uids, at, n, set, marked, done);
		mailimap_set_free(set);
		adapt_uids(s, clock_monotonic() - before);
		if (result)
			return -1;
	}
	return expunge_marked(s, marked, done);
}

/*
 * COPYUID's source set must lie within ours, each UID once; what it names is what was copied.
 */
static int check_copied(struct imap_session *s, const struct uid_list *uids,
	struct mailimap_set *source, struct uid_list *copied)
{
	for (clistiter *at = clist_begin(source->set_list); at; at = clist_next(at)) {
		const struct mailimap_set_item *item = clist_content(at);
		uint32_t low = item->set_first < item->set_last ? item->set_first : item->set_last;
		uint32_t high = item->set_first < item->set_last ? item->set_last : item->set_first;
		const uint32_t *uid = bsearch(&low, uids->at, uids->n, sizeof low, compare_uids);

		if (high - low >= uids->n || !uid || !uid_list_has(uids, high) ||
			copied->n > uids->n) {
			s->broken = true;
			return imap_fail(s,
				"the server says that it moved other messages than it was asked to");
		}
		for (; uid < uids->at + uids->n && *uid <= high; uid++)
			if (uid_list_add(copied, *uid))
				return imap_check(s, MAILIMAP_ERROR_MEMORY, "UID set", NULL);
	}
	uid_list_sort(copied);
	return 0;
}

/*
 * COPYUID's other half: where the COPIED now are. It counts if it is as many, in the same folder as
 * before; else THERE is marked as not to be believed.
 */
static int list_arrived(const struct mailimap_set *set, uint32_t uidvalidity, size_t copied,
	struct imap_arrived *there)
{
	size_t most = there->uids.n + copied;
	bool more = false;

	for (clistiter *at = clist_begin(set->set_list); at; at = clist_next(at)) {
		const struct mailimap_set_item *item = clist_content(at);
		uint32_t last = item->set_last < UINT32_MAX ? item->set_last : UINT32_MAX - 1;

		for (uint32_t uid = item->set_first; uid && uid <= last && !more; uid++) {
			more = there->uids.n == most;
			if (!more && uid_list_add(&there->uids, uid))
				return -1;
		}
	}
	if (more || there->uids.n != most ||
		(there->uidvalidity && there->uidvalidity != uidvalidity))
		there->mistold = true;
	there->uidvalidity = uidvalidity;
	return 0;
}

/* How many messages TO has, by STATUS; -1 where the server does not tell. -1: the session ended. */
static int count_there(struct imap_session *s, const struct imap_folder *to, int64_t *messages)
{
	struct mailimap_status_att_list *what = mailimap_status_att_list_new_empty();
	struct mailimap_mailbox_data_status *told = NULL;

	*messages = -1;
	if (!what ||
		mailimap_status_att_list_add(what, MAILIMAP_STATUS_ATT_MESSAGES) !=
			MAILIMAP_NO_ERROR) {
		if (what)
			mailimap_status_att_list_free(what);
		return imap_check(s, MAILIMAP_ERROR_MEMORY, "STATUS", NULL);
	}
	imap_expect(s, IMAP_ANSWER_MAX);
	int code = mailimap_status(s->imap, to->name, what, &told);
	mailimap_status_att_list_free(what);
	/* some answer BAD: that is not told, either */
	int result = code == MAILIMAP_ERROR_PROTOCOL ? -1 : imap_check(s, code, "STATUS", NULL);
	clist *infos = told ? told->st_info_list : NULL;
	for (clistiter *at = infos && !result ? clist_begin(infos) : NULL; at;
		at = clist_next(at)) {
		const struct mailimap_status_info *info = clist_content(at);

		if (info->st_att == MAILIMAP_STATUS_ATT_MESSAGES)
			*messages = info->st_value;
	}
	if (told)
		mailimap_mailbox_data_status_free(told);
	return s->broken ? -1 : 0;
}

/* Where a server told COPYUID before, nothing need be counted. */
static int look_before(struct imap_session *s, const struct imap_folder *to,
	const struct uid_list *uids, struct going *going)
{
	struct mailimap_set *set;
	struct uid_list found = { 0 };

	*going = (struct going){ .before = -1 };
	if (s->tells_copies)
		return 0;
	if (!uid_set(uids, 0, uids->n, &set))
		return imap_check(s, MAILIMAP_ERROR_MEMORY, "UID set", NULL);
	int result = imap_search_uids(s, set, &found);
	for (size_t i = 0; i < found.n; i++)
		going->present += uid_list_has(uids, found.at[i]);
	uid_list_free(&found);
	return result ? -1 : count_there(s, to, &going->before);
}

/* Without COPYUID: did as many come as were there to go? */
static int look_after(struct imap_session *s, const struct imap_folder *to, struct going *going)
{
	int64_t now;

	if (s->tells_copies || !going->present)
		return 0;
	if (count_there(s, to, &now))
		return -1;
	uint64_t came = now > going->before ? (uint64_t)(now - going->before) : 0;
	if (going->before < 0 || now < 0)
		return imap_fail(s,
			"nothing shows that messages arrive in folder %s: the server gives neither COPYUID nor a STATUS of it",
			imap_folder_shown(to));
	if (came < going->present)
		return imap_fail(s,
			"the server says that it put %llu messages into folder %s, where %llu more are than before",
			(unsigned long long)going->present, imap_folder_shown(to),
			(unsigned long long)came);
	return 0;
}

/* A server may want the folder made first, though it lists it. */
static int copy_or_move(struct imap_session *s, bool move, struct mailimap_set *set, size_t n,
	struct imap_folder *to, uint32_t *validity, struct mailimap_set **source,
	struct mailimap_set **destination, struct going *going)
{
	for (int tries = 0;; tries++) {
		imap_expect(s, IMAP_ANSWER_MAX + ANSWER_EACH * (uint64_t)n);
		int code = move ? mailimap_uidplus_uid_move(
					  s->imap, set, to->name, validity, source, destination)
				: mailimap_uidplus_uid_copy(
					  s->imap, set, to->name, validity, source, destination);
		const struct mailimap_response_info *info = s->imap->imap_response_info;
		if (code == MAILIMAP_NO_ERROR || tries || !info || !info->rsp_trycreate)
			return code;
		to->exists = false;
		if (imap_folder_make(s, to) ||
			(!s->tells_copies && going->present && count_there(s, to, &going->before)))
			return code;
	}
}

static int move_set(struct imap_session *s, const struct uid_list *uids, struct mailimap_set *set,
	struct imap_folder *to, struct uid_list *marked, uint64_t *done, struct imap_arrived *there)
{
	struct mailimap_set *source = NULL, *destination = NULL;
	struct uid_list copied = { 0 };
	struct going going = { .before = -1 };
	bool move = imap_has(s, "MOVE") && !s->no_move;
	uint64_t removed = 0;
	uint32_t validity = 0;
	bool looks = !there || !move;
	if (looks && look_before(s, to, uids, &going))
		return -1;
	int result,
		code = copy_or_move(
			s, move, set, uids->n, to, &validity, &source, &destination, &going);
	if (move && code == MAILIMAP_ERROR_PROTOCOL) { /* offered, and BAD all the same */
		s->no_move = true;
		move = false;
		code = copy_or_move(
			s, false, set, uids->n, to, &validity, &source, &destination, &going);
	}

	result = imap_check(s, code, "moving messages to folder", to->written);
	if (!result && source) {
		result = check_copied(s, uids, source, &copied);
		s->tells_copies = true;
	} else if (!result && looks) {
		result = look_after(s, to, &going);
	}
	/* Who tells COPYUID and does not now has copied nothing: they were gone already. */
	const struct uid_list *gone = s->tells_copies ? &copied : uids;
	if (!result && !move)
		result = imap_remove(s, gone, marked, &removed);
	if (!result)
		*done += gone->n;
	if (!result && there && destination && list_arrived(destination, validity, gone->n, there))
		result = imap_check(s, MAILIMAP_ERROR_MEMORY, "UID set", NULL);
	if (source)
		mailimap_set_free(source);
	if (destination)
		mailimap_set_free(destination);
	uid_list_free(&copied);
	return result;
}

int imap_move(struct imap_session *s, const struct uid_list *uids, struct imap_folder *to,
	struct uid_list *marked, uint64_t *done)
{
	return imap_move_to(s, uids, to, marked, done, NULL);
}

int imap_move_to(struct imap_session *s, const struct uid_list *uids, struct imap_folder *to,
	struct uid_list *marked, uint64_t *done, struct imap_arrived *there)
{
	struct mailimap_set *set;

	if (!uids->n)
		return 0;
	if (imap_folder_make(s, to))
		return -1;
	for (size_t at = 0, n; at < uids->n; at += n) {
		struct uid_list part;
		int result;
		double before = clock_monotonic();

		part = (struct uid_list){ .at = uids->at + at, .n = uids->n - at };
		n = uid_set(&part, 0, s->moved_before ? uids_at_once(s) : 1, &set);
		if (!n)
			return imap_check(s, MAILIMAP_ERROR_MEMORY, "UID set", NULL);
		part.n = n;
		result = move_set(s, &part, set, to, marked, done, there);
		mailimap_set_free(set);
		adapt_uids(s, clock_monotonic() - before);
		if (result)
			return -1;
		s->moved_before = true;
	}
	return 0;
}
