/*
 * Who sent a message: a mail system, a list manager, or a person (RFC 2142, RFC 3834, RFC 5321
 * section 4.5.5).
 */
#include "classify/reader.h"

#include "classify/authres.h"
#include "classify/header.h"

bool sender_is_daemon(const struct reader *r)
{
	struct found_address from;
	size_t i = 0;
	if (r->bounce_sender || memmem(r->mail->from.p, r->mail->from.n, "<>", 2) ||
		memmem(r->mail->from.p, r->mail->from.n, "<@>", 3)) /* Courier */
		return true;
	if (!address_next(r->mail->from, &i, &from))
		return span_starts_nocase(r->mail->from, SPAN("mailer-daemon"));
	return address_is_daemon(from.text);
}

bool sender_has_null_path(const struct mail *m)
{
	struct span path = span_trim(m->return_path);
	return m->has_return_path &&
		(path.n == 0 || span_equal_nocase(path, SPAN("<>")) ||
			span_starts_nocase(path, SPAN("<MAILER-DAEMON")));
}

bool sender_is_list_manager(const struct reader *r)
{
	struct found_address from;
	size_t i = 0;
	return address_next(r->mail->from, &i, &from) && address_is_list_command(from.text);
}

/*
 * Is the return path the sender's own, or one beside it that counts bounces? Reports that a list
 * passed on have that of the list.
 */
bool sender_wants_answers(const struct reader *r)
{
	struct found_address from, path;
	size_t i = 0, k = 0;
	if (!address_next(r->mail->from, &i, &from) ||
		!address_next(r->mail->return_path, &k, &path))
		return false;
	return address_equal(from.text, path.text) ||
		(address_equal(address_domain(from.text), address_domain(path.text)) &&
			!address_is_daemon(path.text));
}

/* MAILER-DAEMON writes nothing but reports; a postmaster is a person as well. */
bool sender_is_mailer_daemon(const struct reader *r)
{
	struct found_address from;
	size_t i = 0;
	return address_next(r->mail->from, &i, &from) && address_is_daemon(from.text) &&
		!sender_wants_answers(r) &&
		!span_starts_nocase(address_local(from.text), SPAN("post"));
}

bool sender_is_postmaster(const struct reader *r)
{
	struct span from = r->mail->from;
	while (from.n && strchr("\"'< \t", from.p[0]))
		from = (struct span){ from.p + 1, from.n - 1 };
	return span_starts_nocase(from, SPAN("postmaster"));
}

/*
 * Sent by somebody who takes answers: reports have an empty return path (RFC 5321 section 4.5.5),
 * or where a list changed it, a daemon's name.
 */
bool sender_is_person(const struct reader *r)
{
	return r->mail->has_return_path && !sender_has_null_path(r->mail) && !sender_is_daemon(r) &&
		!sender_is_list_manager(r);
}

/* RFC 3834 section 5; auto-notified: RFC 5436 section 2.7.1. */
bool sender_is_auto_replied(const struct mail *m)
{
	struct span value = header_token(m->auto_submitted);
	return span_starts_nocase(value, SPAN("auto-replied")) ||
		span_starts_nocase(value, SPAN("auto-notified"));
}

/*
 * The one address of the one From field; an empty span where there are several, and so nobody can
 * tell which of them was authenticated.
 */
static struct span only_sender(const struct reader *r)
{
	struct fields_at at = { 0 };
	struct found_address first = { 0 }, second;
	struct field f;
	size_t fields = 0, i = 0;
	while (fields_next(r->mail->fields, &at, &f))
		fields += span_equal_nocase(f.name, SPAN("From"));
	bool one = fields == 1 && address_next(r->mail->from, &i, &first) &&
		!address_next(r->mail->from, &i, &second);
	return one ? first.text : (struct span){ "", 0 };
}

struct span sender_proven_domain(const struct reader *r)
{
	struct span sender = only_sender(r), domain = { "", 0 };
	if (sender.n && !r->nested)
		domain = address_domain(sender);
	return authres_passes(r->mail->fields, r->options->authserv_ids, domain)
		? domain
		: (struct span){ "", 0 };
}
