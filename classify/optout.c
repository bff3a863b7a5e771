/*
 * Mails by which somebody unsubscribes: sent by a mail program to the address in List-Unsubscribe
 * (RFC 2369 section 3.2), or written by hand as an answer to a newsletter. What the words are is in
 * the rules ("kind = optout"); here is who asks, and whether it can be anybody else: an opt-out is
 * final, and From is written by whoever likes. What proves it:
 *
 *   a token of ours in the address that it was sent to: a List-Unsubscribe address, or a signed
 *   return path (store/verp.c checks it) our own mail server, which found the domain in From
 *   authenticated (classify/authres.h)
 *
 * Everything else is an opt-out of unverified origin, which acts on nobody.
 */
#include "classify/header.h"
#include "classify/reader.h"

enum { LINE_SCAN_MAX = 200, ENCODED_MAX = 64 };

/* What may stand behind the words that ask: a sign, and one word such as the list's name. */
static bool is_list_name(struct span rest)
{
	rest = span_trim(rest);
	while (rest.n && strchr(".!,;:-\"'", rest.p[0]))
		rest = span_trim((struct span){ rest.p + 1, rest.n - 1 });
	while (rest.n && strchr(".!,;", rest.p[rest.n - 1]))
		rest = span_trim((struct span){ rest.p, rest.n - 1 });
	return rest.n <= ENCODED_MAX && !memchr(rest.p, ' ', rest.n) &&
		!memchr(rest.p, '?', rest.n);
}

/* Is LINE nothing but a request to unsubscribe? */
static bool asks(const struct reader *r, struct span line)
{
	struct matches found;
	line = span_trim(line);
	while (line.n && strchr("\"'<", line.p[0]))
		line = (struct span){ line.p + 1, line.n - 1 };
	if (!line.n || line.n > LINE_SCAN_MAX)
		return false;
	rules_scan(r->rules, line, WHERE_SUBJECT, &found);
	for (size_t i = 0; i < found.count; i++)
		if (rule_at(r->rules, found.at[i].rule)->kind == KIND_OPTOUT &&
			found.at[i].begin == 0 &&
			is_list_name((struct span){
				line.p + found.at[i].end, line.n - found.at[i].end }))
			return true;
	return false;
}

/*
 * The first line that says something, where the subject says nothing of its own: it is empty, or
 * that of the newsletter that is answered.
 */
static bool text_asks(const struct reader *r)
{
	struct span rest = r->mail->human, line;
	if (!r->answer && !span_is_blank(r->mail->subject_text))
		return false;
	while (span_line(&rest, &line))
		if (!span_is_blank(line))
			return asks(r, line);
	return false;
}

/*
 * Nobody but one reader has such an address: who writes there asks, whatever the mail's From,
 * return path or subject are. But for what a mail system or a machine answers by itself.
 */
static bool is_signed_request(const struct reader *r)
{
	bool system = sender_is_mailer_daemon(r) ||
		((r->bounce_sender || r->bounce_subject) && sender_has_null_path(r->mail));
	return r->unsubscribe.n && !system && !sender_is_auto_replied(r->mail);
}

static bool is_request_in_words(const struct reader *r)
{
	return !sender_is_daemon(r) && !sender_has_null_path(r->mail) &&
		(asks(r, r->mail->subject_text) || text_asks(r));
}

bool optout_read(struct reader *r)
{
	struct found_address from;
	struct arf request;
	size_t i = 0;
	bool named = address_next(r->mail->from, &i, &from);
	if (!is_signed_request(r) && !(named && is_request_in_words(r)))
		return false;
	if (r->unsubscribe.n)
		common_token(r, r->unsubscribe);
	/*
	 * what the mail shows of ours, an attached newsletter for example, says nothing about who
	 * sent it
	 */
	r->common.origin = sender_proven_domain(r).n ? ORIGIN_MATCHED : ORIGIN_UNVERIFIED;
	arf_read(SPAN(""), &request);
	request.type = FEEDBACK_OPT_OUT;
	if (named)
		request.recipient[request.recipients++] = from.text;
	complaint_read(r, &request);
	return true;
}
