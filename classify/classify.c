/*
 * One message to its events. The order of the readers is the order of proof:
 *
 *   feedback report  RFC 5965            > complaint, opt-out, authentication report
 *   delivery status  RFC 3464            > failure, delay, success, one per recipient
 *   notification     SES over SNS, JSON  > the same
 *   disposition                          > nothing (read receipts)
 *   statistics       RFC 7489, RFC 8460  > summary: counts of no single mail (summary.h)
 *   automatic reply  RFC 3834, wording   > autoreply, challenge
 *   prose            wording             > failure, delay, success
 *   anything else                        > nothing
 *
 * What all events of a message share (arrival, origin, campaign, the returned
 * mail's id) is read before the first one leaves.
 */
#include "classify/reader.h"

#include <stdlib.h>
#include "classify/base/wipe.h"
#include "classify/header.h"

enum {
	ARENA_SIZE = 8 << 20, /* decoded texts of one message */
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
	workspace_wipe_event(w);
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

/* --- which reader --------------------------------------------------------- */

static bool outcome_says(const struct reader *r, enum kind kind, const char **rule)
{
	const uint16_t *found;
	if (r->header_says[kind])
		found = &r->header_rule[kind];
	else if (r->subject_says[kind])
		found = &r->subject_rule[kind];
	else if (r->prose->said[kind])
		found = &r->prose->said_rule[kind];
	else
		found = NULL;
	if (found)
		*rule = rule_at(r->rules, *found)->id;
	return found != NULL;
}

static bool marks_recipients(const struct prose *p)
{
	return p->marked[MARK_FAILED_RECIPIENTS] || p->marked[MARK_DELAYED_RECIPIENTS] ||
		p->marked[MARK_DELIVERED_RECIPIENTS];
}

static void find_named(struct reader *r)
{
	if (!r->prose->count)
		prose_recipients(r->prose, r->rules, r->own, r->owns);
}

/* Does the text name an address that is not the sender's? */
static bool names_somebody(struct reader *r)
{
	find_named(r);
	return r->prose->count && r->prose->recipient[0].rank != RANK_OWN;
}

/*
 * The address that the text names is the one that writes: a person's machine, which asks something
 * or tells that he is away.
 */
static bool tells_of_himself(struct reader *r)
{
	struct found_address from;
	size_t i = 0;
	if (r->bounce_subject || r->returned.present || sender_is_daemon(r) ||
		!address_next(r->mail->from, &i, &from))
		return false;
	find_named(r);
	return r->prose->count == 1 && address_equal(r->prose->recipient[0].address, from.text) &&
		!reader_answers_no(prose_diagnostic(r->prose, r->rules, r->prose->human));
}

/*
 * A gateway or a list manager that sends its notices as anybody sends mail: a bounce's subject,
 * somebody whom the receiver refused, and no question, which a person has.
 */
static bool is_gateway_notice(struct reader *r)
{
	struct span human = r->prose->human, subject = r->mail->subject_text;
	return r->bounce_subject && !r->answer && r->prose->category && names_somebody(r) &&
		r->prose->recipient[0].rank == RANK_NAMED && !memchr(human.p, '?', human.n) &&
		!memchr(subject.p, '?', subject.n);
}

/*
 * Did a list pass it on (RFC 2369, RFC 2919)? Where no return path tells a person's letter from a
 * notice that kept the fields of the list's mail, it is addressed to the list.
 */
static bool is_of_list(const struct reader *r)
{
	static const struct span lists[] = { { "List-Id", 7 }, { "List-Post", 9 },
		{ "X-Mailing-List", 14 } };
	struct found_address to;
	size_t i = 0;
	bool listed = false;

	for (size_t k = 0; k < sizeof lists / sizeof *lists; k++)
		listed |= fields_find(r->mail->fields, lists[k]).n > 0;
	if (!listed || r->mail->has_return_path)
		return listed;
	return address_next(r->mail->to, &i, &to) && !address_is_list_command(to.text) &&
		!origin_is_ours(r->options, address_domain(to.text));
}

/*
 * A person's letter to a mailing list or a tracker, where bounces are talked about and quoted; or
 * one that shows a report that somebody else got, or the mail of somebody else that came back. None
 * tells of a mail of ours.
 */
static bool is_mere_letter(const struct reader *r)
{
	bool shown = span_equal_nocase(span_trim(r->returned.return_path), SPAN("<>")) ||
		(r->returned.present && r->common.origin == ORIGIN_BACKSCATTER);

	if (sender_has_null_path(r->mail) || r->mail->faileds || r->mail->is_status_report)
		return false;
	if (r->letter_field)
		return true;
	if (sender_is_daemon(r) || sender_is_list_manager(r))
		return false;
	return (shown && sender_is_person(r)) || is_of_list(r);
}

/* Nobody but a mail system writes this. */
static bool is_surely_bounce(struct reader *r)
{
	if (r->mail->faileds || r->mail->is_status_report)
		return true;
	if (is_mere_letter(r))
		return false;
	bool framed = sender_is_daemon(r) || sender_has_null_path(r->mail) ||
		(r->bounce_subject && !sender_is_person(r)) || r->returned.present ||
		is_gateway_notice(r);
	/*
	 * "Your mail to … awaits approval": names an address, reports no failure. "Re: …": a
	 * person, or a person's machine.
	 */
	bool notice = r->subject_says[KIND_AUTOREPLY] && !r->bounce_subject && !r->prose->category;
	bool letter = r->answer && !r->returned.present &&
		(!sender_is_daemon(r) || sender_is_auto_replied(r->mail));
	return marks_recipients(r->prose) && framed && !notice && !letter && !tells_of_himself(r);
}

/* A mail system by its name, subject or return path, and something to say about a delivery. */
static bool is_likely_bounce(struct reader *r)
{
	const struct prose *p = r->prose;
	struct span diagnostic = prose_diagnostic(r->prose, r->rules, p->human);
	bool proof = r->returned.present || reader_answers_no(diagnostic);
	bool content = p->category || marks_recipients(p) || p->marked[MARK_RETURNED_MESSAGE] ||
		r->returned.present || diagnostic.n;
	bool letter = sender_is_person(r) ||
		(r->answer && (!sender_is_daemon(r) || sender_wants_answers(r)));
	if ((letter && !r->returned.present) || is_mere_letter(r))
		return false;
	if (sender_is_daemon(r) && sender_wants_answers(r) && !r->bounce_subject &&
		!sender_is_list_manager(r)) /* a postmaster who writes to his users */
		return proof &&
			(!sender_is_postmaster(r) || r->returned.present || names_somebody(r));
	if (sender_is_postmaster(r) && !r->bounce_subject && !r->returned.present &&
		!sender_has_null_path(r->mail) &&
		!names_somebody(r)) /* or explains what codes are */
		return false;
	if (sender_is_daemon(r))
		return content || r->bounce_subject ||
			(sender_is_mailer_daemon(r) && names_somebody(r));
	if (r->bounce_subject)
		return content || sender_has_null_path(r->mail);
	return sender_has_null_path(r->mail) && proof;
}

/*
 * A list that asks its owner first: no fate of the mail yet, whoever sends the notice; unless it is
 * the mail that came back.
 */
static bool is_held(const struct reader *r)
{
	return (r->held_subject || r->prose->marked[MARK_HELD]) && !r->mail->has_status &&
		!r->mail->faileds && !r->bounce_subject && !r->returned.present &&
		!reader_answers_no(prose_diagnostic(r->prose, r->rules, r->prose->human));
}

static bool is_automatic(const struct reader *r, const char **rule)
{
	if (outcome_says(r, KIND_AUTOREPLY, rule))
		return true;
	*rule = "rfc3834";
	return sender_is_auto_replied(r->mail);
}

/*
 * Dovecot and Sieve refuse a mail by a disposition notification (RFC 5429 section 2.1.2):
 * "deleted", by a machine, and words that say why.
 */
static bool is_refusal(const struct reader *r)
{
	return span_find_nocase(r->mail->disposition, SPAN("MDN-sent-automatically")) >= 0 &&
		span_find_nocase(r->mail->disposition, SPAN("deleted")) >= 0 &&
		marks_recipients(r->prose) && r->prose->category;
}

/* Does the text say that a mailbox is full, of nobody that he is gone, and name us? */
static bool is_of_own_mailbox(const struct reader *r)
{
	struct span human = r->prose->human;
	struct found_address a;
	bool full = false, own = false;

	for (size_t i = 0; i < r->prose->matches.count; i++) {
		const struct rule *rule = rule_at(r->rules, r->prose->matches.at[i].rule);
		full |= rule->category == CATEGORY_MAILBOX_FULL;
		if (rule->mark == MARK_BAIT || category_class(rule->category) == CLASS_HARD)
			return false;
	}
	for (size_t i = 0; full && !own && address_next(human, &i, &a);)
		for (size_t k = 0; k < r->owns; k++)
			own |= address_equal(a.text, r->own[k]);
	return own;
}

/*
 * "Your mailbox is almost full": to the owner of the mailbox that is read here, about nobody's
 * mail.
 */
static bool is_own_notice(struct reader *r)
{
	return (r->prose->marked[MARK_NOTICE] || is_of_own_mailbox(r)) && !r->returned.present &&
		!reader_answers_no(prose_diagnostic(r->prose, r->rules, r->prose->human)) &&
		!names_somebody(r);
}

/*
 * A system tells its postmaster what strangers did to it ("SMTP server: errors from …"): no mail of
 * ours failed. But for one that it had taken the recipients of and then failed itself (4.3.x).
 */
static bool is_notice(const struct reader *r)
{
	struct status s = codes_find(prose_diagnostic(r->prose, r->rules, r->prose->human)).status;
	bool taken = span_find_nocase(r->prose->human, SPAN(": 354 ")) >= 0;
	return r->notice_subject && !(taken && s.digit == 4 && s.subject == 3 && r->bounce_sender);
}

/* What cannot be read as a whole is left to a person. */
static void read_summary(struct reader *r)
{
	static const char *const rules[] = {
		[SUMMARY_DMARC] = "summary.dmarc", [SUMMARY_TLS] = "summary.tls"
	};
	struct summary *s = &r->w->summary;
	if (!summary_read(s, r->options, &r->w->mime, &r->w->arena)) {
		reader_emit_none(r, KIND_NONE, "none.summary-report");
		return;
	}
	summary_sender(&s->head, sender_proven_domain(r));
	if (r->options->summarise)
		r->stopped = r->options->summarise(r->options->summary_context, s);
	if (!r->stopped)
		reader_emit_none(r, KIND_SUMMARY, rules[s->head.kind]);
	r->told = true;
}

/* A letter that passes a status on, or has it among its words: it is another's. */
static bool shows_status(struct reader *r)
{
	if (r->answer && sender_is_person(r))
		return true;
	if (!r->mail->status_is_text)
		return false;
	common_scan_header(r);
	return is_mere_letter(r);
}

static void read_any_message(struct reader *r)
{
	const char *rule = "";
	struct arf feedback;
	if (r->mail->has_feedback) {
		arf_read(r->mail->feedback, &feedback);
		arf_unescape(&feedback, &r->w->arena);
		if (feedback.fields) {
			complaint_read(r, &feedback);
			return;
		}
	}
	if (failure_read_sns(r) ||
		(!r->mail->has_status && (complaint_read_other(r) || optout_read(r))))
		return;
	if (r->mail->has_status && !shows_status(r) && !outcome_says(r, KIND_CHALLENGE, &rule) &&
		failure_read_status(r))
		return;
	if (r->mail->has_disposition && is_refusal(r)) {
		failure_read_prose(r);
		return;
	}
	if (r->mail->has_disposition) {
		reader_emit_none(r, KIND_NONE, "none.disposition-notification");
		return;
	}
	if (r->mail->is_summary) {
		read_summary(r);
		return;
	}
	common_scan_header(r);
	if (outcome_says(r, KIND_CHALLENGE, &rule)) {
		reader_emit_none(r, KIND_CHALLENGE, rule);
		return;
	}
	if (!r->mail->has_status &&
		(is_notice(r) || (r->receipt_subject && !sender_is_daemon(r)))) {
		reader_emit_none(r, KIND_NONE, r->notice_subject ? "none.notice" : "none.receipt");
		return;
	}
	if (is_held(r)) {
		reader_emit_none(r, KIND_AUTOREPLY, "autoreply.moderation");
		return;
	}
	if (!is_surely_bounce(r)) {
		if (is_automatic(r, &rule) &&
			!(sender_is_daemon(r) &&
				(r->bounce_subject || (r->prose->category && !r->answer)))) {
			reader_emit_none(r, KIND_AUTOREPLY, rule);
			return;
		}
		if (!is_likely_bounce(r)) {
			reader_emit_none(r, KIND_NONE, "none.ordinary");
			return;
		}
		if (is_own_notice(r)) {
			reader_emit_none(r, KIND_NONE, "none.notice");
			return;
		}
	}
	failure_read_prose(r);
}

/* Is the first address in the VALUE of a field ours? A daemon's is nobody's. */
static bool names_us(const struct classify_options *options, struct span value)
{
	struct found_address a;
	size_t i = 0;
	return address_next(value, &i, &a) && origin_is_ours(options, address_domain(a.text)) &&
		!address_is_daemon(a.text);
}

/* Was the mail whose header FIELDS are sent to us, not to the person who passes it on? */
static bool was_sent_to_us(const struct classify_options *options, const struct fields *fields)
{
	return names_us(options, fields_find(fields, SPAN("To")));
}

/*
 * A mail that says nothing itself: a gateway of ours, or somebody, passes on what was sent to us.
 * But what we sent is what comes back, or is complained of.
 */
static struct span passed_on(struct workspace *w, const struct classify_options *options)
{
	struct fields fields;
	struct span body, none = { "", 0 };
	struct found_address from;
	size_t i = 0;
	if (sender_has_null_path(&w->mail) || !address_next(w->mail.from, &i, &from) ||
		address_is_daemon(from.text) || w->mail.faileds)
		return none;
	struct span inner = mail_attached(&w->mime, &w->arena);
	if (!inner.n || !mime_header(inner, &body, &fields).n)
		return none;
	bool report = span_equal_nocase(fields_find(&fields, SPAN("Return-Path")),
		SPAN("<>")); /* of a mail system of ours */
	bool ours = (names_us(options, fields_find(&fields, SPAN("From"))) && !report) ||
		fields_find(&fields, SPAN("X-HmXmrOriginalRecipient")).n;
	return !ours && (was_sent_to_us(options, &fields) || names_us(options, w->mail.from))
		? inner
		: none;
}

/*
 * A mail that was passed on as a whole is read in place of the one around it, which still says when
 * it arrived: where nothing is written around it, and if it is a report that was sent to us, beside
 * somebody's words, too; not where a system says in words of its own what happened. True: it is.
 */
static bool open_message(struct workspace *w, const struct classify_options *options,
	const struct message *m, int64_t *arrived)
{
	struct fields fields;
	struct span body;
	mail_open(&w->mail, &w->mime, &w->arena, w->charsets, m->bytes, m->truncated);
	struct codes said = codes_find(w->mail.human);
	bool words = span_trim(w->mail.human).n > 0;
	struct span inner = said.reply || said.status.digit
		? (struct span){ "", 0 }
		: mail_nested_report(&w->mime, &w->mail, &w->arena);
	if (words && inner.n &&
		!(mime_header(inner, &body, &fields).n && was_sent_to_us(options, &fields)))
		return false;
	if (!words && !inner.n && !w->mail.has_status && !w->mail.has_feedback &&
		!w->mail.has_disposition)
		inner = passed_on(w, options);
	if (!inner.n)
		return false;
	*arrived = mail_arrived(&w->mail, *arrived);
	mail_open(&w->mail, &w->mime, &w->arena, w->charsets, inner, m->truncated);
	return true;
}

/* The rest of it points into the mail or counts, and is filled before it is read. */
static void reader_open(struct reader *r, const struct rules *rules,
	const struct classify_options *options, struct workspace *w)
{
	memset(r, 0, offsetof(struct reader, own));
	r->verp[0] = '\0';
	memset(&r->common, 0, offsetof(struct event, diagnostic));
	r->rules = rules;
	r->options = options;
	r->w = w;
	r->mail = &w->mail;
	r->prose = &w->prose;
}

int classify(const struct rules *rules, const struct classify_options *options, struct workspace *w,
	const struct message *m, event_sink *sink, void *context, struct outcome *out)
{
	struct reader r;
	reader_open(&r, rules, options, w);
	r.sink = sink;
	r.context = context;
	r.out = out;
	r.truncated = m->truncated;
	*out = (struct outcome){ 0 };
	int64_t arrived = m->arrived;
	r.nested = open_message(w, options, m, &arrived);
	prose_open(&w->prose, rules, w->mail.human);
	common_read(&r, arrived);
	common_scan(&r);
	read_any_message(&r);
	if (!r.told) /* a report that names nobody and says nothing */
		reader_emit_none(&r, KIND_NONE, "none.empty-report");
	int stopped = r.stopped;
	wipe_bytes(r.verp, sizeof r.verp);
	wipe_bytes(&r.common, offsetof(struct event, diagnostic));
	workspace_wipe(w);
	return stopped;
}
