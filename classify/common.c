/*
 * What all events of a message share, read before the first one leaves: arrival, origin, campaign,
 * the returned mail's id, who the sender is, and what rules say of subject, sender and header.
 */
#include "classify/reader.h"

#include "classify/header.h"
#include "classify/mailstream.h"
#include "classify/verp.h"

enum {
	HEADER_SCAN_MAX = 16384, /* of the header, for rules that look at it */
};

static void add_own(struct reader *r, struct span field)
{
	struct found_address a;
	for (size_t i = 0; r->owns < PROSE_OWN_MAX && address_next(field, &i, &a);)
		r->own[r->owns++] = a.text;
}

static void read_own(struct reader *r)
{
	const struct mail *m = r->mail;
	add_own(r, m->from);
	add_own(r, m->sender);
	add_own(r, m->reply_to);
	add_own(r, r->returned.from);
	add_own(r, r->returned.return_path);
	add_own(r, r->returned.sender);
	add_own(r, m->to);
}

void common_token(struct reader *r, struct span token)
{
	struct verp v;
	reader_text(r->common.token, sizeof r->common.token, token);
	if (verp_decode(token, &v)) {
		if (address_plausible(span_of(v.recipient)))
			address_copy(r->verp, span_of(v.recipient));
		origin_copy_campaign(span_of(v.campaign), r->common.campaign);
	}
	explicit_bzero(&v, sizeof v);
}

/* Is it the address of a List-Unsubscribe, the first one that is met? */
static bool find_unsubscribe(struct reader *r, struct span address)
{
	struct span token = origin_token(r->options->unsubscribe, address);
	if (r->unsubscribe.n || !token.n)
		return false;
	r->unsubscribe = token;
	return true;
}

/*
 * The token of a signed return path, else a BATV tag, else the recipient of a classic VERP: in what
 * the bounce was sent to, or in what came back.
 */
static void read_return_paths(struct reader *r, struct span *verp_path)
{
	struct span fields[MAIL_PATHS_MAX + 3];
	size_t n = 0;
	fields[n++] = r->mail->to;
	for (size_t i = 0; i < r->mail->paths; i++)
		fields[n++] = r->mail->path[i];
	fields[n++] = r->returned.return_path;
	struct found_address a;
	char unwrapped[EVENT_ADDRESS_SIZE];
	*verp_path = (struct span){ "", 0 };
	for (size_t f = 0; f < n; f++) {
		for (size_t i = 0; address_next(fields[f], &i, &a);) {
			struct span path = origin_unwrap(a.text, unwrapped);
			struct span token = origin_token(r->options->verp, path);
			if (token.n &&
				(!r->common.token[0] || origin_is_batv(span_of(r->common.token))))
				common_token(r, token);
			else if (origin_is_batv(a.text) &&
				origin_is_ours(r->options, address_domain(a.text)) &&
				!r->common.token[0])
				reader_text(r->common.token, sizeof r->common.token, a.text);
			else if (find_unsubscribe(r, a.text))
				continue;
			else if (!token.n && !r->verp[0] && origin_verp_recipient(a.text, r->verp))
				*verp_path = a.text;
		}
	}
	struct span copies = fields_find(r->mail->fields, SPAN("Cc"));
	for (size_t i = 0; r->options->unsubscribe && address_next(copies, &i, &a);)
		find_unsubscribe(r, a.text);
	explicit_bzero(unwrapped, sizeof unwrapped);
}

static void note_kinds(
	const struct rules *rules, const struct matches *found, bool *says, uint16_t *rule)
{
	for (size_t i = 0; i < found->count; i++) {
		enum kind kind = rule_at(rules, found->at[i].rule)->kind;
		if (kind != KIND_NONE && !says[kind] && !match_is_inside(found, i)) {
			says[kind] = true;
			rule[kind] = found->at[i].rule;
		}
	}
}

void common_scan(struct reader *r)
{
	struct matches found;
	rules_scan(r->rules, r->mail->subject_text, WHERE_SUBJECT, &found);
	note_kinds(r->rules, &found, r->subject_says, r->subject_rule);
	for (size_t i = 0; i < found.count; i++) {
		enum rule_mark mark = rule_at(r->rules, found.at[i].rule)->mark;
		bool begins =
			!span_trim((struct span){ r->mail->subject_text.p, found.at[i].begin }).n;
		r->bounce_subject |= mark == MARK_BOUNCE_SUBJECT;
		r->receipt_subject |= mark == MARK_RECEIPT && begins;
		r->notice_subject |= mark == MARK_NOTICE && begins;
		r->held_subject |= mark == MARK_HELD;
	}
	r->answer = rules_list_begins(r->rules, MARK_REPLY_SUBJECT,
		r->mail->subject_text); /* "Re: Undelivered Mail" is what a person writes */
	r->bounce_subject &= !r->answer;
	rules_scan(r->rules, r->mail->sender_text, WHERE_SENDER, &found);
	for (size_t i = 0; i < found.count; i++)
		r->bounce_sender |= rule_at(r->rules, found.at[i].rule)->mark == MARK_BOUNCE_SENDER;
	note_kinds(r->rules, &found, r->header_says, r->header_rule);
}

/* "Name: value", as rules write a field, whatever stands around its colon. */
static struct span plain_field(struct reader *r, const struct field *f)
{
	struct span whole = { f->name.p, (size_t)(f->value.p + f->value.n - f->name.p) };
	size_t lead = f->name.n + 2,
	       value = f->value.n < HEADER_SCAN_MAX ? f->value.n : HEADER_SCAN_MAX;
	char *copy;
	if (whole.n > HEADER_SCAN_MAX)
		whole.n = HEADER_SCAN_MAX;
	if (f->value.p == f->name.p + lead || !(copy = arena_alloc(&r->w->arena, lead + value)))
		return whole;
	memcpy(copy, f->name.p, f->name.n);
	memcpy(copy + f->name.n, ": ", 2);
	memcpy(copy + lead, f->value.p, value);
	return (struct span){ copy, lead + value };
}

/* Fields that rules look at; the whole header costs as much as all the rest. */
void common_scan_header(struct reader *r)
{
	struct matches found;
	struct fields_at at = { 0 };
	struct field f;
	while (fields_next(r->mail->fields, &at, &f) &&
		f.name.p - r->mail->header.p < HEADER_SCAN_MAX) {
		if (!rules_look_at(r->rules, f.name))
			continue;
		struct span whole = plain_field(r, &f);
		if (!span_is_utf8(whole))
			whole = header_text(&r->w->arena, r->w->charsets, whole);
		rules_scan(r->rules, whole, WHERE_HEADER, &found);
		note_kinds(r->rules, &found, r->header_says, r->header_rule);
		for (size_t i = 0; i < found.count; i++)
			r->letter_field |= rule_at(r->rules, found.at[i].rule)->mark == MARK_LETTER;
	}
}

/* The campaign says more than a header: it may be signed. */
void common_stream(struct reader *r)
{
	const struct mail_stream *all = r->options->streams,
				 *stream = stream_of_campaign(all, r->common.campaign);
	if (!stream)
		stream = stream_of_header(all, r->returned.list_id, r->returned.from);
	if (stream)
		reader_text(r->common.stream, sizeof r->common.stream, span_of(stream->name));
}

void common_read(struct reader *r, int64_t arrived)
{
	const struct mail *m = r->mail;
	const struct fields *returned = &m->returned_fields;
	struct span verp_path, body;
	if (!m->has_returned &&
		!mime_header(r->prose->returned, &body, &r->mail->returned_fields).n &&
		fields_find(m->fields, SPAN("X-HmXmrOriginalRecipient")).n)
		returned = m->fields;
	returned_read(r->options, returned, &r->returned);
	read_return_paths(r, &verp_path);
	read_own(r);
	r->common.arrived = mail_arrived(m, arrived);
	r->common.origin = (uint8_t)origin_of(r->options, &r->returned);
	reader_text(r->common.message_id, sizeof r->common.message_id,
		origin_message_id(r->returned.message_id));
	if (!r->common.campaign[0])
		origin_campaign(verp_path, &r->returned, r->common.campaign);
	common_stream(r);
	r->out->arrived = r->common.arrived;
}
