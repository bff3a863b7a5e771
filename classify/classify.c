/*
 * One message to its events. The order of the readers is the order of proof:
 *
 *   feedback report  RFC 5965            > complaint, opt-out, authentication report
 *   delivery status  RFC 3464            > failure, delay, success, one per recipient
 *   notification     SES over SNS, JSON  > the same
 *   disposition, statistics              > nothing (read receipts, DMARC aggregates, TLS-RPT)
 *   automatic reply  RFC 3834, wording   > autoreply, challenge
 *   prose            wording             > failure, delay, success
 *   anything else                        > nothing
 *
 * What all events of a message share (arrival, origin, campaign, the returned
 * mail's id) is read before the first one leaves.
 */
#include "classify/classify.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include "classify/arf.h"
#include "classify/dsn.h"
#include "classify/header.h"
#include "classify/mail.h"
#include "classify/prose.h"
#include "classify/recipient.h"
#include "classify/redact.h"
#include "classify/rules.h"
#include "classify/sns.h"
#include "classify/verp.h"

enum {
	ARENA_SIZE = 8 << 20,          /* decoded texts of one message */
	FIELD_READ_MAX = 4096,         /* of a Diagnostic-Code */
	HEADER_SCAN_MAX = 16384,       /* of the header, for rules that look at it */
	ABOUT_RECIPIENTS_MAX = 32,     /* above that the human part is not searched for each */
	LOCALS_MAX = 8,                /* local parts that redaction knows of */
};

struct workspace {
	struct charsets *charsets;
	struct recipient_set *seen;
	struct arena arena;
	struct mime mime;
	struct mail mail;
	struct prose prose;
	struct event event;
};

struct workspace *workspace_new(void)
{
	struct workspace *w = calloc(1, sizeof *w);
	if (!w)
		return NULL;
	w->charsets = charsets_open();
	w->seen = recipient_set_new();
	w->arena.base = malloc(ARENA_SIZE);
	w->arena.size = ARENA_SIZE;
	if (!w->charsets || !w->seen || !w->arena.base) {
		workspace_free(w);
		return NULL;
	}
	return w;
}

static void workspace_wipe(struct workspace *w)
{
	arena_wipe(&w->arena);
	recipient_set_wipe(w->seen);
	explicit_bzero(&w->event, sizeof w->event);
}

void workspace_free(struct workspace *w)
{
	if (!w)
		return;
	if (w->arena.base)
		arena_wipe(&w->arena);
	free(w->arena.base);
	recipient_set_free(w->seen);
	charsets_close(w->charsets);
	explicit_bzero(w, sizeof *w);
	free(w);
}

/* --- one message at work ------------------------------------------------------------------------------------ */

struct reader {
	const struct rules *rules;
	const struct classify_options *options;
	struct workspace *w;
	struct mail *mail;
	struct prose *prose;
	struct returned returned;
	struct event common;             /* what all events share */
	struct span own[PROSE_OWN_MAX];  /* addresses of the sender */
	size_t owns;
	char verp[EVENT_ADDRESS_SIZE];   /* recipient in a VERP return path of this message, classic or with a token; "" */
	bool subject_says[KIND_COUNT], header_says[KIND_COUNT];
	uint16_t subject_rule[KIND_COUNT], header_rule[KIND_COUNT];
	bool bounce_subject, bounce_sender, receipt_subject, notice_subject;
	bool answer;                     /* its subject is one that a person's answer has */
	bool truncated;
	event_sink *sink;
	void *context;
	struct outcome *out;
	bool told;                       /* an event left */
	int stopped;                     /* what the sink said */
};

static void text_field(char *buffer, size_t size, struct span text)
{
	span_copy_text(buffer, size, text);
}

static void diagnostic_field(struct reader *r, struct event *e, struct span text)
{
	struct span locals[LOCALS_MAX + 1] = { { "", 0 } };
	size_t n = 0;
	if (!r->options->redact) {
		text_field(e->diagnostic, sizeof e->diagnostic, text);
		return;
	}
	locals[n] = address_local(span_of(e->recipient));
	n += locals[n].n > 0;
	locals[n] = address_local(span_of(e->original_recipient));
	n += locals[n].n > 0;
	for (size_t i = 0; i < r->owns && n < LOCALS_MAX; i++) {
		locals[n] = address_local(r->own[i]);
		n += locals[n].n > 0;
	}
	locals[n] = (struct span){ "", 0 };
	redact(e->diagnostic, sizeof e->diagnostic, text, locals);
}

/* Was E's recipient not named before? What lies beyond the limit is not, and is said to be left out. */
static bool is_new(struct reader *r, const struct event *e)
{
	enum recipient_added added = recipient_set_add(r->w->seen, span_of(e->recipient));
	r->out->overflow |= added == RECIPIENT_NO_ROOM;
	return added == RECIPIENT_ADDED;
}

/* Hands E out. False when the message is to be left: the sink said so, or there are too many. */
static bool emit(struct reader *r, struct event *e)
{
	if (r->out->events == CLASSIFY_EVENTS_MAX) {
		r->out->overflow = true;
		return false;
	}
	e->seq = ++r->out->events;
	r->told = true;
	r->stopped = r->sink(r->context, e);
	explicit_bzero(e, sizeof *e);
	return r->stopped == 0;
}

/* The one event of a message that gives none. */
static void emit_none(struct reader *r, enum kind kind, const char *why)
{
	struct event *e = &r->w->event;
	*e = r->common;
	e->seq = 1;
	e->kind = (uint8_t)kind;
	text_field(e->rule, sizeof e->rule, span_of(why));
	if (kind != KIND_NONE)
		r->out->events = 1;
	r->told = true;
	r->stopped = r->sink(r->context, e);
	explicit_bzero(e, sizeof *e);
}

/* --- what all events share ------------------------------------------------------------------------------------ */

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

/* The token says who and in which campaign; whether that is true the store can tell. */
static void read_token(struct reader *r, struct span token)
{
	struct verp v;
	text_field(r->common.token, sizeof r->common.token, token);
	if (verp_decode(token, &v)) {
		if (address_plausible(span_of(v.recipient)))
			address_copy(r->verp, span_of(v.recipient));
		origin_copy_campaign(span_of(v.campaign), r->common.campaign);
	}
	explicit_bzero(&v, sizeof v);
}

/*
 * The token of a signed return path, else a BATV tag, else the recipient of a classic VERP: in what the bounce was sent to, or in what came back.
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
			struct span token = origin_token(r->options, path);
			if (token.n && (!r->common.token[0] || origin_is_batv(span_of(r->common.token))))
				read_token(r, token);
			else if (origin_is_batv(a.text) && origin_is_ours(r->options, address_domain(a.text)) && !r->common.token[0])
				text_field(r->common.token, sizeof r->common.token, a.text);
			else if (!token.n && !r->verp[0] && origin_verp_recipient(a.text, r->verp))
				*verp_path = a.text;
		}
	}
	explicit_bzero(unwrapped, sizeof unwrapped);
}

static void note_kinds(const struct rules *rules, const struct matches *found, bool *says, uint16_t *rule)
{
	for (size_t i = 0; i < found->count; i++) {
		enum kind kind = rule_at(rules, found->at[i].rule)->kind;
		if (kind != KIND_NONE && !says[kind] && !match_is_inside(found, i)) {
			says[kind] = true;
			rule[kind] = found->at[i].rule;
		}
	}
}

/* "Re: Undelivered Mail" is what a person writes. */
static bool is_answer(struct span subject)
{
	static const char *const marks[] = { "re:", "aw:", "fwd:", "fw:", "wg:", "tr:", "rv:", "sv:", "antw:", "antw.:", "vs:", "odp:", "res:", "rif:",
					     "enc:", "i:", "vb:", "doorst:", "pd:", "vl:", "ynt:", "ilt:", "na:", "vá:", "回复:", "回复：", "答复:", "转发:", "轉寄:" };
	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
		if (span_starts_nocase(subject, span_of(marks[i])))
			return true;
	return false;
}

static void scan_subject_and_sender(struct reader *r)
{
	struct matches found;
	rules_scan(r->rules, r->mail->subject_text, WHERE_SUBJECT, &found);
	note_kinds(r->rules, &found, r->subject_says, r->subject_rule);
	for (size_t i = 0; i < found.count; i++) {
		enum rule_mark mark = rule_at(r->rules, found.at[i].rule)->mark;
		bool begins = !span_trim((struct span){ r->mail->subject_text.p, found.at[i].begin }).n;
		r->bounce_subject |= mark == MARK_BOUNCE_SUBJECT;
		r->receipt_subject |= mark == MARK_RECEIPT && begins;
		r->notice_subject |= mark == MARK_NOTICE && begins;
	}
	r->answer = is_answer(r->mail->subject_text);
	r->bounce_subject &= !r->answer;
	rules_scan(r->rules, r->mail->sender_text, WHERE_SENDER, &found);
	for (size_t i = 0; i < found.count; i++)
		r->bounce_sender |= rule_at(r->rules, found.at[i].rule)->mark == MARK_BOUNCE_SENDER;
	note_kinds(r->rules, &found, r->header_says, r->header_rule);
}

/* Fields that rules look at; the whole header costs as much as all the rest. */
static void scan_header(struct reader *r)
{
	struct matches found;
	struct fields_at at = { 0 };
	struct field f;
	while (fields_next(r->mail->fields, &at, &f) && f.name.p - r->mail->header.p < HEADER_SCAN_MAX) {
		if (!rules_look_at(r->rules, f.name))
			continue;
		struct span whole = { f.name.p, (size_t)(f.value.p + f.value.n - f.name.p) };
		if (whole.n > HEADER_SCAN_MAX)
			whole.n = HEADER_SCAN_MAX;
		if (!span_is_utf8(whole))
			whole = header_text(&r->w->arena, r->w->charsets, whole);
		rules_scan(r->rules, whole, WHERE_HEADER, &found);
		note_kinds(r->rules, &found, r->header_says, r->header_rule);
	}
}

static void read_common(struct reader *r, int64_t arrived)
{
	const struct mail *m = r->mail;
	const struct fields *returned = &m->returned_fields;
	struct span verp_path, body;
	if (!m->has_returned && !mime_header(r->prose->returned, &body, &r->mail->returned_fields).n &&
	    fields_find(m->fields, SPAN("X-HmXmrOriginalRecipient")).n)
		returned = m->fields;
	returned_read(r->options, returned, &r->returned);
	read_return_paths(r, &verp_path);
	read_own(r);
	r->common.arrived = arrived ? arrived : mail_arrived(m);
	r->common.origin = (uint8_t)origin_of(r->options, &r->returned);
	text_field(r->common.message_id, sizeof r->common.message_id, origin_message_id(r->returned.message_id));
	if (!r->common.campaign[0])
		origin_campaign(verp_path, &r->returned, r->common.campaign);
	r->out->arrived = r->common.arrived;
}

/* --- complaints ------------------------------------------------------------------------------------------------ */

/* As long as MD5, SHA-1 or SHA-256 in hex? */
static bool is_digest(struct span text)
{
	size_t n = 0;
	while (n < text.n && ascii_hex(text.p[n]) >= 0)
		n++;
	return n == text.n && (n == 32 || n == 40 || n == 64);
}

/* Senders of feedback hide the address ("[redacted]", "redacted@", a digest of it): no address, or none that is somebody's. */
static bool is_redacted(struct span address)
{
	static const struct span words[] = { { "redacted", 8 }, { "undisclosed", 11 }, { "redacted.invalid", 16 } };
	struct span local = address_local(address), domain = address_domain(address);
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (span_equal_nocase(local, words[i]) || span_equal_nocase(domain, words[i]))
			return true;
	return span_find_nocase(local, SPAN("[redacted")) >= 0 || span_find_nocase(local, SPAN("xxxxx")) >= 0 || is_digest(local);
}

/* Who complained, out of the mail that came back, where the report does not say: its single addressee, or who it was delivered for. */
static size_t returned_recipient(const struct reader *r, char *address)
{
	const struct returned *b = &r->returned;
	struct found_address first, second;
	size_t i = 0;
	address[0] = '\0';
	if (address_next(b->reported, &i, &first) && !is_redacted(first.text))
		return address_copy(address, first.text);
	i = 0;
	if (address_next(b->to, &i, &first) && !origin_is_ours(r->options, address_domain(first.text)) && !is_redacted(first.text)) {
		bool several = false;
		while (!several && address_next(b->to, &i, &second))
			several = !address_equal(first.text, second.text);
		if (!several)
			return address_copy(address, first.text);
	}
	i = 0;
	if (address_next(b->original_recipient, &i, &first) && !is_redacted(first.text))
		return address_copy(address, first.text);
	return b->received_fors && !is_redacted(b->received_for[0]) ? address_copy(address, b->received_for[0]) : 0;
}

static void read_ip(char *buffer, size_t size, struct span field)
{
	size_t n = 0;
	while (field.n && strchr("[( ", field.p[0])) {
		field.p++;
		field.n--;
	}
	if (span_starts_nocase(field, SPAN("IPv6:")))
		field = (struct span){ field.p + 5, field.n - 5 };
	while (n < field.n && ((field.p[n] >= '0' && field.p[n] <= '9') || ((field.p[n] | 0x20) >= 'a' && (field.p[n] | 0x20) <= 'f') ||
			       field.p[n] == '.' || field.p[n] == ':'))
		n++;
	text_field(buffer, n < size ? size : 0, (struct span){ field.p, n });
}

static void start_complaint(struct reader *r, const struct arf *a, struct event *e)
{
	*e = r->common;
	e->kind = (uint8_t)arf_kind(a->type);
	e->category = (uint8_t)arf_category(a->type);
	e->klass = (uint8_t)category_class(e->category);
	e->feedback = (uint8_t)a->type;
	read_ip(e->source_ip, sizeof e->source_ip, a->source_ip);
	text_field(e->reporting_mta, sizeof e->reporting_mta, dsn_host(a->reporting_mta));
	snprintf(e->rule, sizeof e->rule, "arf.%s", a->type ? feedback_name(a->type) : "unknown");
}

/* The provider of a complaint: who took the mail in. */
static void complaint_provider(struct reader *r, struct event *e)
{
	const char *name = provider_by_host(r->rules, span_of(e->reporting_mta));
	if (!name)
		name = provider_by_domain(r->rules, address_domain(span_of(e->recipient)));
	if (!name) {
		struct found_address from;
		size_t i = 0;
		if (address_next(r->mail->from, &i, &from))
			name = provider_by_host(r->rules, address_domain(from.text));
	}
	if (name)
		text_field(e->provider, sizeof e->provider, span_of(name));
}

static void read_feedback(struct reader *r, const struct arf *a)
{
	struct event *e = &r->w->event;
	bool any = false;
	for (size_t i = 0; i < a->recipients; i++) {
		start_complaint(r, a, e);
		if (!recipient_field(a->recipient[i], false, e->recipient) || is_redacted(span_of(e->recipient)) ||
		    !is_new(r, e))
			continue;
		e->recipient_source = RECIPIENT_FEEDBACK;
		any = true;
		complaint_provider(r, e);
		if (!emit(r, e))
			return;
	}
	if (any)
		return;
	start_complaint(r, a, e);
	if (r->verp[0]) {
		strcpy(e->recipient, r->verp);
		e->recipient_source = RECIPIENT_VERP;
	} else if (returned_recipient(r, e->recipient)) {
		e->recipient_source = RECIPIENT_RETURNED;
		e->derived = 1;
	} else {
		e->recipient[0] = '\0';
	}
	complaint_provider(r, e);
	emit(r, e);
}

/*
 * Complaints that are no feedback report: those of Microsoft's Junk Mail Reporting Program (the returned mail with a header of theirs, or that
 * mail alone, where it was unpacked on the way), and requests to unsubscribe that a mail program sends (RFC 2369 section 3.2).
 */
static bool read_other_complaint(struct reader *r)
{
	static const struct span about = { "complaint about message from ", 29 };
	const struct span subject = r->mail->subject_text;
	struct arf a;
	arf_read(SPAN(""), &a);
	if (r->returned.reported.n) {
		long at = span_find_nocase(subject, about);
		a.type = FEEDBACK_ABUSE;
		if (at >= 0)
			a.source_ip = (struct span){ subject.p + at + about.n, subject.n - (size_t)at - about.n };
	} else if (span_equal_nocase(span_trim(subject), SPAN("unsubscribe")) && r->mail->from.n) {
		a.type = FEEDBACK_OPT_OUT;
		a.recipient[a.recipients++] = r->mail->from;
	} else {
		return false;
	}
	read_feedback(r, &a);
	return true;
}

/* --- failures, delays, successes ---------------------------------------------------------------------------------- */

/* Fills in what the evidence decides, and hands the event out. WORDS stand for the diagnostic where there is none. */
static bool decide_and_emit(struct reader *r, struct event *e, struct evidence *evidence, struct span words)
{
	struct decision d;
	evidence->kind = (enum kind)e->kind;
	evidence->subject = r->mail->subject_text;
	evidence->recipient_domain = address_domain(span_of(e->recipient));
	evidence->searched = &r->prose->searched;
	evidence->tell = r->options->tell;
	evidence->tell_context = r->options->tell_context;
	memset(&d, 0, sizeof d);
	decide(r->rules, evidence, &d);
	e->klass = (uint8_t)d.klass;
	e->category = (uint8_t)d.category;
	e->status = d.status;
	e->reply = d.reply;
	memcpy(e->provider, d.provider, sizeof e->provider);
	memcpy(e->rule, d.rule, sizeof e->rule);
	diagnostic_field(r, e, evidence->diagnostic.n ? evidence->diagnostic : words);
	return emit(r, e);
}

static enum kind kind_of_words(const struct reader *r)
{
	if (r->subject_says[KIND_DELAY] || (r->prose->said[KIND_DELAY] && !r->prose->said[KIND_FAILURE]))
		return KIND_DELAY;
	if (r->subject_says[KIND_SUCCESS] && !r->prose->marked[MARK_FAILED_RECIPIENTS])
		return KIND_SUCCESS;
	return KIND_FAILURE;
}

/* "delivery via mx.example.org: 250 2.1.5 Ok" is the report that somebody asked for. */
static bool answers_yes(struct span text)
{
	struct codes c = codes_find(text);
	return c.reply / 100 == 2 || (!c.reply && c.status.digit == 2);
}

static bool answers_no(struct span text)
{
	struct codes c = codes_find(text);
	return c.reply >= 400 || c.status.digit >= 4;
}

static enum kind kind_of_status(const struct reader *r, enum action action, struct status status)
{
	static const enum kind kinds[ACTION_COUNT] = {
		[ACTION_FAILED] = KIND_FAILURE, [ACTION_DELAYED] = KIND_DELAY, [ACTION_DELIVERED] = KIND_SUCCESS,
		[ACTION_RELAYED] = KIND_SUCCESS, [ACTION_EXPANDED] = KIND_SUCCESS,
	};
	if (action)
		return kinds[action];
	if (status.digit == 2)
		return KIND_SUCCESS;
	return status.digit == 5 ? KIND_FAILURE : kind_of_words(r);
}

/* Original-Recipient, then VERP, then Final-Recipient, as the design orders them. */
static void dsn_address(struct reader *r, const struct dsn_recipient *group, bool single, struct event *e)
{
	char final[EVENT_ADDRESS_SIZE];
	if (!recipient_field(group->final, false, final))
		recipient_field(group->actual, false, final);
	if (recipient_field(group->original, true, e->recipient)) {
		e->recipient_source = RECIPIENT_ORIGINAL;
		if (final[0] && !address_equal(span_of(final), span_of(e->recipient)))
			strcpy(e->original_recipient, e->recipient);
	} else if (single && r->verp[0]) {
		strcpy(e->recipient, r->verp);
		e->recipient_source = RECIPIENT_VERP;
	} else if (final[0]) {
		strcpy(e->recipient, final);
		e->recipient_source = RECIPIENT_FINAL;
	}
	explicit_bzero(final, sizeof final);
}

/* Is it the domain of a provider's users, not a host below it? */
static bool is_mailbox_domain(const struct rules *rules, struct span domain)
{
	const char *dot = memchr(domain.p, '.', domain.n);
	struct span parent = dot ? (struct span){ dot + 1, domain.n - (size_t)(dot + 1 - domain.p) } : (struct span){ "", 0 };
	return provider_by_domain(rules, domain) && !provider_by_domain(rules, parent);
}

/* A mailbox provider's daemon names its users without their domain, which is its own. Nobody else's word is taken for that. */
static bool provider_user(const struct reader *r, char *address)
{
	struct span name = r->prose->count ? (struct span){ "", 0 } : prose_bare_name(r->prose, r->rules);
	struct found_address from;
	size_t i = 0;
	char joined[EVENT_ADDRESS_SIZE];
	if (!name.n || !address_next(r->mail->from, &i, &from) || !address_is_daemon(from.text) ||
	    !is_mailbox_domain(r->rules, address_domain(from.text)))
		return false;
	int n = snprintf(joined, sizeof joined, "%.*s@%.*s", (int)name.n, name.p, (int)address_domain(from.text).n, address_domain(from.text).p);
	return n > 0 && n < (int)sizeof joined && address_copy(address, (struct span){ joined, (size_t)n });
}

/* Where the report's own fields name nobody. */
static void address_from_elsewhere(struct reader *r, struct event *e)
{
	struct found_address a;
	size_t i = 0;
	if (!r->prose->count)
		prose_recipients(r->prose, r->rules, r->own, r->owns);
	if (r->mail->faileds && address_next(r->mail->failed[0], &i, &a) && address_copy(e->recipient, a.text)) {
		e->recipient_source = RECIPIENT_HEADER;
	} else if (r->verp[0]) {
		strcpy(e->recipient, r->verp);
		e->recipient_source = RECIPIENT_VERP;
	} else if (r->prose->count == 1 && address_copy(e->recipient, r->prose->recipient[0].address)) {
		e->recipient_source = RECIPIENT_TEXT;
	} else if (provider_user(r, e->recipient)) {
		e->recipient_source = RECIPIENT_TEXT;
	} else if (returned_recipient(r, e->recipient)) {
		e->recipient_source = RECIPIENT_RETURNED;
	}
}

/* The answer in the human part, where the field has none. */
static struct span better_diagnostic(const struct reader *r, struct span field, struct span about, struct span address)
{
	if (codes_find(field).reply || !r->prose->human.n)
		return field;
	struct span spoken = prose_transcript(r->prose->human, address);
	if (!spoken.n)
		spoken = prose_diagnostic(r->prose, r->rules, about);
	if (!spoken.n)
		return field;
	return !field.n || codes_find(spoken).reply ? spoken : field;
}

/* The host that answered, out of the receiver's words or the human part. */
static struct span spoken_host(const struct reader *r, struct span about, struct span diagnostic)
{
	struct span host = prose_remote(diagnostic, diagnostic, (struct span){ "", 0 });
	return host.n ? host : prose_remote(r->prose->human, about, diagnostic);
}

static bool read_group(struct reader *r, const struct dsn_reader *dsn, const struct dsn_recipient *group, bool single, bool few)
{
	struct workspace *w = r->w;
	struct event *e = &w->event;
	size_t used = w->arena.used;
	struct evidence evidence = { .human = { "", 0 }, .diagnostic = { "", 0 } };
	struct span diagnostic = dsn_diagnostic(group->diagnostic);
	*e = r->common;
	dsn_address(r, group, single, e);
	if (!e->recipient[0] && single)
		address_from_elsewhere(r, e);
	if (e->recipient[0] && !is_new(r, e))
		return true;
	if (!e->recipient[0] && !group->status.n && !group->action.n)
		return true;
	if (diagnostic.n > FIELD_READ_MAX)
		diagnostic.n = FIELD_READ_MAX;
	evidence.diagnostic = header_text(&w->arena, w->charsets, diagnostic);
	evidence.status = status_parse(group->status);
	e->action = (uint8_t)dsn_action(group->action);
	e->kind = (uint8_t)kind_of_status(r, (enum action)e->action, evidence.status);
	if (few && e->recipient[0]) {
		evidence.human = single ? r->prose->human : prose_about(r->prose->human, span_of(e->recipient));
		evidence.diagnostic = better_diagnostic(r, evidence.diagnostic, evidence.human, span_of(e->recipient));
	} else if (single) {
		evidence.human = r->prose->human;
	}
	text_field(e->remote_mta, sizeof e->remote_mta, dsn_host(group->remote_mta));
	if (!e->remote_mta[0])
		text_field(e->remote_mta, sizeof e->remote_mta, spoken_host(r, evidence.human, evidence.diagnostic));
	text_field(e->reporting_mta, sizeof e->reporting_mta, dsn_host(dsn->reporting_mta));
	evidence.remote_mta = span_of(e->remote_mta);
	evidence.reporting_mta = span_of(e->reporting_mta);
	bool go_on = decide_and_emit(r, e, &evidence, (struct span){ "", 0 });
	arena_reset(&w->arena, used);
	return go_on;
}

/* False when the status names no recipient and says nothing. */
static bool read_status(struct reader *r)
{
	struct dsn_reader dsn;
	struct dsn_recipient group;
	size_t groups = 0;
	dsn_open(&dsn, r->mail->status);
	while (groups <= ABOUT_RECIPIENTS_MAX && dsn_next(&dsn, &group))
		groups++;
	bool single = groups == 1, few = groups <= ABOUT_RECIPIENTS_MAX;
	if (!groups)
		return false;
	r->out->overflow |= r->truncated && r->mail->status_is_last;
	dsn_open(&dsn, r->mail->status);
	while (dsn_next(&dsn, &group))
		if (!read_group(r, &dsn, &group, single, few))
			break;
	return r->out->events > 0 || r->stopped;
}

/* --- who sent it ----------------------------------------------------------------------------------------------------- */

static bool is_daemon(const struct reader *r)
{
	struct found_address from;
	size_t i = 0;
	if (r->bounce_sender || memmem(r->mail->from.p, r->mail->from.n, "<>", 2))
		return true;
	if (!address_next(r->mail->from, &i, &from))
		return span_starts_nocase(r->mail->from, SPAN("mailer-daemon"));
	return address_is_daemon(from.text);
}

static bool has_null_path(const struct mail *m)
{
	struct span path = span_trim(m->return_path);
	return m->has_return_path && (path.n == 0 || span_equal_nocase(path, SPAN("<>")) || span_starts_nocase(path, SPAN("<MAILER-DAEMON")));
}

/* --- prose -------------------------------------------------------------------------------------------------------- */

/* "Delivery delayed": the subject, and where it leaves that open the text, know more than words like "the following recipients" before a list. */
static bool says_delay(const struct reader *r, struct span diagnostic)
{
	struct codes c = codes_find(diagnostic);
	bool text = r->prose->said[KIND_DELAY] && !r->bounce_subject && r->prose->count <= 1;
	return (r->subject_says[KIND_DELAY] || text) && c.reply / 100 != 5 && c.status.digit != 5;
}

/* ABOUT is the text that speaks of the recipient, WORDS its first paragraph behind the address. */
static bool emit_prose(struct reader *r, struct event *e, enum kind kind, struct span about, struct span diagnostic, struct span words)
{
	struct evidence evidence = { .diagnostic = diagnostic, .human = about };
	if (e->recipient[0] && !is_new(r, e))
		return true;
	if (!kind)
		kind = !diagnostic.n && answers_yes(about) ? KIND_SUCCESS : kind_of_words(r);
	if (kind == KIND_FAILURE && says_delay(r, diagnostic))
		kind = KIND_DELAY;
	if (kind == KIND_SUCCESS && answers_no(diagnostic))
		kind = KIND_FAILURE;
	e->kind = (uint8_t)kind;
	text_field(e->remote_mta, sizeof e->remote_mta, spoken_host(r, about, diagnostic));
	text_field(e->reporting_mta, sizeof e->reporting_mta, prose_reporter(r->prose->human));
	evidence.remote_mta = span_of(e->remote_mta);
	evidence.reporting_mta = span_of(e->reporting_mta);
	return decide_and_emit(r, e, &evidence, words);
}

/* X-Failed-Recipients names them; the text says why. */
static bool read_failed_header(struct reader *r)
{
	struct event *e = &r->w->event;
	struct prose *p = r->prose;
	struct found_address a;
	bool any = false;
	for (size_t f = 0; f < r->mail->faileds; f++) {
		for (size_t i = 0; address_next(r->mail->failed[f], &i, &a);) {
			struct span about = { "", 0 }, diagnostic = { "", 0 };
			for (size_t k = 0; k < p->count && k < ABOUT_RECIPIENTS_MAX && !about.n; k++)
				if (address_equal(p->recipient[k].address, a.text)) {
					about = p->recipient[k].about;
					diagnostic = p->recipient[k].diagnostic;
				}
			if (!about.n && r->out->events < ABOUT_RECIPIENTS_MAX) {
				about = p->human;
				diagnostic = prose_transcript(p->human, a.text);
				if (!diagnostic.n)
					diagnostic = prose_diagnostic(r->prose, r->rules, p->human);
			}
			*e = r->common;
			address_copy(e->recipient, a.text);
			e->recipient_source = RECIPIENT_HEADER;
			any = true;
			if (!emit_prose(r, e, KIND_NONE, about, diagnostic, prose_words(prose_about(about, a.text), a.text)))
				return true;
		}
	}
	return any;
}

/* Is ADDRESS an addressee of the mail that came back? */
static bool is_addressee(const struct reader *r, struct span address)
{
	const struct span fields[] = { r->returned.to, r->returned.cc, r->returned.original_recipient };
	struct found_address a;
	for (size_t f = 0; f < sizeof fields / sizeof fields[0]; f++)
		for (size_t i = 0; address_next(fields[f], &i, &a);)
			if (address_equal(a.text, address))
				return true;
	return false;
}

/* An address that the text only mentions counts when it is the only one, and when the returned mail does not gainsay it. */
static void doubt_mentions(struct reader *r)
{
	struct prose *p = r->prose;
	size_t keep = 0;
	if (!p->count || p->recipient[0].rank > RANK_MENTIONED)
		return;
	for (size_t i = 0; i < p->count; i++)
		if (is_addressee(r, p->recipient[i].address))
			p->recipient[keep++] = p->recipient[i];
	if (keep || p->count > 1 || r->returned.to.n)
		p->count = keep;
}

static bool is_list_manager(const struct reader *r)
{
	struct found_address from;
	size_t i = 0;
	return address_next(r->mail->from, &i, &from) && address_is_list_command(from.text);
}

/* Is the return path the sender's own, or one beside it that counts bounces? Reports that a list passed on have that of the list. */
static bool wants_answers(const struct reader *r)
{
	struct found_address from, path;
	size_t i = 0, k = 0;
	if (!address_next(r->mail->from, &i, &from) || !address_next(r->mail->return_path, &k, &path))
		return false;
	return address_equal(from.text, path.text) ||
	       (address_equal(address_domain(from.text), address_domain(path.text)) && !address_is_daemon(path.text));
}

/* MAILER-DAEMON writes nothing but reports; a postmaster is a person as well. */
static bool is_mailer_daemon(const struct reader *r)
{
	struct found_address from;
	size_t i = 0;
	return address_next(r->mail->from, &i, &from) && address_is_daemon(from.text) && !wants_answers(r) &&
	       !span_starts_nocase(address_local(from.text), SPAN("post"));
}

/* Does the text name an address that is not the sender's? */
static bool names_somebody(struct reader *r)
{
	if (!r->prose->count)
		prose_recipients(r->prose, r->rules, r->own, r->owns);
	return r->prose->count && r->prose->recipient[0].rank != RANK_OWN;
}

/* Where nobody is named: a code, the mail that came back, or a mail system by its name and its return path. Else it is about parcels, or bait. */
static bool says_of_a_mail(const struct reader *r)
{
	struct codes c = codes_find(prose_diagnostic(r->prose, r->rules, r->prose->human));
	return c.reply || c.status.digit || r->returned.present || (is_daemon(r) && !wants_answers(r));
}

static void read_prose(struct reader *r)
{
	struct event *e = &r->w->event;
	struct prose *p = r->prose;
	if (!p->count)
		prose_recipients(p, r->rules, r->own, r->owns);
	r->out->overflow |= p->cut;
	if (read_failed_header(r))
		return;
	doubt_mentions(r);
	for (size_t i = 0; i < p->count; i++) {
		const struct prose_recipient *named = &p->recipient[i];
		*e = r->common;
		address_copy(e->recipient, named->address);
		e->recipient_source = RECIPIENT_TEXT;
		if (!emit_prose(r, e, named->kind, p->count == 1 ? p->human : named->about,
				named->diagnostic.n || p->count > 1 ? named->diagnostic : prose_diagnostic(r->prose, r->rules, p->human),
				prose_words(named->about, named->address)))
			return;
	}
	if (p->count)
		return;
	*e = r->common;
	address_from_elsewhere(r, e);
	if (!e->recipient[0] && !says_of_a_mail(r)) {
		emit_none(r, KIND_NONE, "none.no-recipient");
		return;
	}
	emit_prose(r, e, KIND_NONE, p->human, prose_diagnostic(r->prose, r->rules, p->human), (struct span){ "", 0 });
}

/* --- SES over SNS ---------------------------------------------------------------------------------------------------- */

static void read_sns_delivery(struct reader *r, struct sns *s)
{
	struct event *e = &r->w->event;
	struct sns_recipient to;
	while (sns_next(s, &to)) {
		struct evidence evidence = { .human = { "", 0 } };
		*e = r->common;
		if (!recipient_field(sns_text(&r->w->arena, to.address), false, e->recipient) || !is_new(r, e))
			continue;
		e->recipient_source = RECIPIENT_FINAL;
		e->kind = (uint8_t)s->kind;
		e->action = (uint8_t)dsn_action(to.action);
		text_field(e->reporting_mta, sizeof e->reporting_mta, dsn_host(s->reporting_mta));
		evidence.status = status_parse(to.status);
		evidence.diagnostic = dsn_diagnostic(sns_text(&r->w->arena, to.diagnostic));
		evidence.remote_mta = (struct span){ "", 0 };
		evidence.reporting_mta = span_of(e->reporting_mta);
		if (!decide_and_emit(r, e, &evidence, (struct span){ "", 0 }))
			return;
	}
}

static bool read_sns(struct reader *r)
{
	struct sns s;
	struct sns_recipient to;
	struct arf a;
	if (!sns_open(&s, r->mail->human))
		return false;
	r->returned.present = true;
	r->returned.from = s.source;
	r->common.origin = (uint8_t)origin_of(r->options, &r->returned);
	text_field(r->common.message_id, sizeof r->common.message_id, s.message_id);
	if (s.kind != KIND_COMPLAINT) {
		read_sns_delivery(r, &s);
		return r->told;
	}
	arf_read(SPAN(""), &a);
	a.type = s.feedback;
	while (a.recipients < ARF_RECIPIENTS_MAX && sns_next(&s, &to))
		a.recipient[a.recipients++] = sns_text(&r->w->arena, to.address);
	read_feedback(r, &a);
	return true;
}

/* --- which reader ---------------------------------------------------------------------------------------------------- */

static bool says(const struct reader *r, enum kind kind, const char **rule)
{
	const uint16_t *found = r->header_says[kind] ? &r->header_rule[kind] : r->subject_says[kind] ? &r->subject_rule[kind] :
				r->prose->said[kind] ? &r->prose->said_rule[kind] : NULL;
	if (found)
		*rule = rule_at(r->rules, *found)->id;
	return found != NULL;
}

static bool marks_recipients(const struct prose *p)
{
	return p->marked[MARK_FAILED_RECIPIENTS] || p->marked[MARK_DELAYED_RECIPIENTS] || p->marked[MARK_DELIVERED_RECIPIENTS];
}

/* Sent by somebody who takes answers: reports have an empty return path (RFC 5321 section 4.5.5), or where a list changed it, a daemon's name. */
static bool is_person(const struct reader *r)
{
	return r->mail->has_return_path && !has_null_path(r->mail) && !is_daemon(r) && !is_list_manager(r);
}

/* RFC 3834 section 5; auto-notified: RFC 5436 section 2.7.1. */
static bool is_auto_replied(const struct mail *m)
{
	struct span value = header_token(m->auto_submitted);
	return span_starts_nocase(value, SPAN("auto-replied")) || span_starts_nocase(value, SPAN("auto-notified"));
}

/* Nobody but a mail system writes this. */
static bool is_surely_bounce(const struct reader *r)
{
	if (r->mail->faileds || r->mail->is_status_report)
		return true;
	bool framed = is_daemon(r) || has_null_path(r->mail) || (r->bounce_subject && !is_person(r)) || r->returned.present;
	/* "Your mail to … awaits approval": names an address, reports no failure. "Re: …": a person, or a person's machine. */
	bool notice = r->subject_says[KIND_AUTOREPLY] && !r->bounce_subject && !r->prose->category;
	bool letter = r->answer && !r->returned.present && (!is_daemon(r) || is_auto_replied(r->mail));
	return marks_recipients(r->prose) && framed && !notice && !letter;
}

/* A mail system by its name, subject or return path, and something to say about a delivery. */
static bool is_likely_bounce(struct reader *r)
{
	const struct prose *p = r->prose;
	struct span diagnostic = prose_diagnostic(r->prose, r->rules, p->human);
	bool proof = r->returned.present || answers_no(diagnostic);
	bool content = p->category || marks_recipients(p) || p->marked[MARK_RETURNED_MESSAGE] || r->returned.present || diagnostic.n;
	bool letter = is_person(r) || (r->answer && (!is_daemon(r) || wants_answers(r)));
	if (letter && !r->returned.present)
		return false;
	if (is_daemon(r) && wants_answers(r) && !r->bounce_subject && !is_list_manager(r)) /* a postmaster who writes to his users */
		return proof;
	if (is_daemon(r))
		return content || r->bounce_subject || (is_mailer_daemon(r) && names_somebody(r));
	if (r->bounce_subject)
		return content || has_null_path(r->mail);
	return has_null_path(r->mail) && proof;
}

static bool is_automatic(const struct reader *r, const char **rule)
{
	if (says(r, KIND_AUTOREPLY, rule))
		return true;
	*rule = "rfc3834";
	return is_auto_replied(r->mail);
}

/* Dovecot and Sieve refuse a mail by a disposition notification (RFC 5429 section 2.1.2): "deleted", by a machine, and words that say why. */
static bool is_refusal(const struct reader *r)
{
	return span_find_nocase(r->mail->disposition, SPAN("MDN-sent-automatically")) >= 0 &&
	       span_find_nocase(r->mail->disposition, SPAN("deleted")) >= 0 && marks_recipients(r->prose) && r->prose->category;
}

/* "Your mailbox is almost full": to the owner of the mailbox that is read here, about nobody's mail. */
static bool is_own_notice(struct reader *r)
{
	return r->prose->marked[MARK_NOTICE] && !r->returned.present && !answers_no(prose_diagnostic(r->prose, r->rules, r->prose->human)) && !names_somebody(r);
}

static void read_message(struct reader *r)
{
	const char *rule = "";
	struct arf feedback;
	if (r->mail->has_feedback) {
		arf_read(r->mail->feedback, &feedback);
		if (feedback.fields) {
			read_feedback(r, &feedback);
			return;
		}
	}
	if (read_sns(r) || (!r->mail->has_status && read_other_complaint(r)))
		return;
	bool forwarded = r->answer && is_person(r);
	if (r->mail->has_status && !forwarded && !says(r, KIND_CHALLENGE, &rule) && read_status(r))
		return;
	if (r->mail->has_disposition && is_refusal(r)) {
		read_prose(r);
		return;
	}
	if (r->mail->has_disposition) {
		emit_none(r, KIND_NONE, "none.disposition-notification");
		return;
	}
	if (r->mail->is_summary) {
		emit_none(r, KIND_NONE, "none.summary-report");
		return;
	}
	scan_header(r);
	if (says(r, KIND_CHALLENGE, &rule)) {
		emit_none(r, KIND_CHALLENGE, rule);
		return;
	}
	if (!r->mail->has_status && (r->notice_subject || (r->receipt_subject && !is_daemon(r)))) {
		emit_none(r, KIND_NONE, r->notice_subject ? "none.notice" : "none.receipt");
		return;
	}
	if (!is_surely_bounce(r)) {
		if (is_automatic(r, &rule) && !(is_daemon(r) && (r->bounce_subject || (r->prose->category && !r->answer)))) {
			emit_none(r, KIND_AUTOREPLY, rule);
			return;
		}
		if (!is_likely_bounce(r)) {
			emit_none(r, KIND_NONE, "none.ordinary");
			return;
		}
		if (is_own_notice(r)) {
			emit_none(r, KIND_NONE, "none.notice");
			return;
		}
	}
	read_prose(r);
}

int classify(const struct rules *rules, const struct classify_options *options, struct workspace *w,
	     const struct message *m, event_sink *sink, void *context, struct outcome *out)
{
	struct reader r = { .rules = rules, .options = options, .w = w, .mail = &w->mail, .prose = &w->prose,
			    .sink = sink, .context = context, .out = out, .truncated = m->truncated };
	*out = (struct outcome){ 0 };
	mail_open(&w->mail, &w->mime, &w->arena, w->charsets, m->bytes, m->truncated);
	prose_open(&w->prose, rules, w->mail.human);
	read_common(&r, m->arrived);
	scan_subject_and_sender(&r);
	read_message(&r);
	if (!r.told) /* a report that names nobody and says nothing */
		emit_none(&r, KIND_NONE, "none.empty-report");
	int stopped = r.stopped;
	explicit_bzero(&r, sizeof r);
	workspace_wipe(w);
	return stopped;
}
