/* What libetpan hands over while a FETCH runs. */
#include "poller/mailbox/imapfetch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "classify/base/clock.h"

enum { BODY_FIRST = 65536 /* first size of the body's buffer */ };

static void no_progress(size_t current, size_t maximum, void *context)
{
	(void)current, (void)maximum, (void)context;
}

/* BODY[] is the message; BODY[HEADER] or BODY[1], which nobody asked for, is not. */
static bool is_whole(const struct mailimap_msg_att_body_section *section)
{
	return section && (!section->sec_section || !section->sec_section->sec_spec);
}

/*
 * Always there, so that a body that nobody asked for takes no memory either. False would break the
 * session; only no memory does.
 */
static bool take_body(int type, struct mailimap_msg_att_body_section *section, const char *bytes,
	size_t n, void *context)
{
	struct imap_source *s = context;

	if (!s->reading || s->stopped || type != MAILIMAP_MSG_ATT_BODY_SECTION ||
		!is_whole(section))
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
static void take_fetched(struct mailimap_msg_att *answer, void *context)
{
	struct imap_source *s = context;
	struct imap_entry entry = { 0 };

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
			is_whole(field->att_data.att_body_section))
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

/* libetpan calls the handlers only when there is a progress callback. */
void imap_set_handlers(struct imap_source *s)
{
	mailimap_set_progress_callback(s->session.imap, no_progress, no_progress, NULL);
	mailimap_set_msg_att_handler(s->session.imap, take_fetched, s);
	mailimap_set_msg_body_handler(s->session.imap, take_body, s);
}

/* Frees SET and TYPE. 1 when the server said NO or BAD, which may concern one message only. */
int imap_fetch(struct imap_source *s, bool imap_by_uid, struct mailimap_set *set,
	struct mailimap_fetch_type *type, uint64_t expected)
{
	clist *result = NULL;
	int code = MAILIMAP_ERROR_MEMORY;

	if (set && type) {
		imap_expect(&s->session, expected);
		code = imap_by_uid ? mailimap_uid_fetch(s->session.imap, set, type, &result)
				   : mailimap_fetch(s->session.imap, set, type, &result);
		if (code == MAILIMAP_NO_ERROR && result)
			mailimap_fetch_list_free(result);
	}
	if (set)
		mailimap_set_free(set);
	if (type)
		mailimap_fetch_type_free(type);
	if (code == MAILIMAP_ERROR_FETCH || code == MAILIMAP_ERROR_UID_FETCH ||
		(code == MAILIMAP_ERROR_PROTOCOL && !*stream_error(s->session.stream)))
		return 1;
	return imap_check(&s->session, code, "FETCH", NULL);
}

/* C may be NULL: the answer then has A and B only. NULL without memory. */
struct mailimap_fetch_type *imap_fetch_type(
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
