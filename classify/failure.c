/*
 * Failures, delays, successes: out of a delivery status (RFC 3464), a notification of SES, or
 * words. What the report's own fields leave open, the human part, the header X-Failed-Recipients,
 * VERP and the returned mail answer.
 */
#include "classify/reader.h"

#include <stdio.h>
#include "classify/dsn.h"
#include "classify/forward.h"
#include "classify/header.h"
#include "classify/jsonfind.h"
#include "classify/sns.h"
#include "classify/transfer.h"

enum {
	FIELD_READ_MAX = 4096,     /* of a Diagnostic-Code */
	ABOUT_RECIPIENTS_MAX = 32, /* above that the human part is not searched for each */
};

/* --- delivery status ------------------------------------------------------ */

static enum kind kind_of_words(const struct reader *r)
{
	if (r->subject_says[KIND_DELAY] ||
		(r->prose->said[KIND_DELAY] && !r->prose->said[KIND_FAILURE]))
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

static enum kind kind_of_status(const struct reader *r, enum action action, struct status status)
{
	static const enum kind kinds[ACTION_COUNT] = {
		[ACTION_FAILED] = KIND_FAILURE,
		[ACTION_DELAYED] = KIND_DELAY,
		[ACTION_DELIVERED] = KIND_SUCCESS,
		[ACTION_RELAYED] = KIND_SUCCESS,
		[ACTION_EXPANDED] = KIND_SUCCESS,
	};
	if (action)
		return kinds[action];
	if (status.digit == 2)
		return KIND_SUCCESS;
	return status.digit == 5 ? KIND_FAILURE : kind_of_words(r);
}

/*
 * An address of ours that sent the mail, or that its report was sent to: the recipient of a report,
 * never that of the mail.
 */
static bool is_ourselves(const struct reader *r, struct span address)
{
	struct found_address a;
	if (!origin_is_ours(r->options, address_domain(address)))
		return false;
	for (size_t i = 0; i < r->owns; i++)
		if (address_equal(r->own[i], address))
			return true;
	for (size_t p = 0; p < r->mail->paths; p++)
		for (size_t i = 0; address_next(r->mail->path[p], &i, &a);)
			if (address_equal(a.text, address))
				return true;
	return false;
}

/*
 * Original-Recipient, then VERP, then Final-Recipient, as the design orders them. False where
 * nobody may be named: it is a stranger's, to whom one of our recipients forwards.
 */
static bool dsn_address(
	struct reader *r, const struct dsn_recipient *group, bool single, struct event *e)
{
	char final[EVENT_ADDRESS_SIZE];
	enum forward forward = FORWARD_NONE;
	if (!recipient_field(group->final, false, final))
		recipient_field(group->actual, false, final);
	if (recipient_field(group->original, true, e->recipient)) {
		e->recipient_source = RECIPIENT_ORIGINAL;
		if (final[0] && !address_equal(span_of(final), span_of(e->recipient)))
			strcpy(e->original_recipient, e->recipient);
	} else if (single && r->verp[0]) {
		strcpy(e->recipient, r->verp);
		e->recipient_source = RECIPIENT_VERP;
	} else if (final[0] && !(single && is_ourselves(r, span_of(final)))) {
		if (single)
			forward = forward_find(r, span_of(final), e->recipient);
		if (forward == FORWARD_NONE)
			strcpy(e->recipient, final);
		if (forward != FORWARD_UNKNOWN)
			e->recipient_source = forward ? RECIPIENT_FORWARDED : RECIPIENT_FINAL;
	}
	explicit_bzero(final, sizeof final);
	return forward != FORWARD_UNKNOWN;
}

/* Is it the domain of a provider's users, not a host below it? */
static bool is_mailbox_domain(const struct rules *rules, struct span domain)
{
	const char *dot = memchr(domain.p, '.', domain.n);
	struct span parent = dot ? (struct span){ dot + 1, domain.n - (size_t)(dot + 1 - domain.p) }
				 : (struct span){ "", 0 };
	return provider_by_domain(rules, domain) && !provider_by_domain(rules, parent);
}

/*
 * The domain that a local part alone is completed with: that of the mail's one addressee, of who it
 * was taken in for, or of the daemon that writes.
 */
static struct span receiver_domain(const struct reader *r)
{
	const struct returned *b = &r->returned;
	struct found_address a;
	size_t i = 0;
	if (address_next(b->to, &i, &a) && !origin_is_ours(r->options, address_domain(a.text)))
		return address_domain(a.text);
	if (b->received_fors)
		return address_domain(b->received_for[0]);
	i = 0;
	if (!address_next(r->mail->from, &i, &a) || !address_is_daemon(a.text) ||
		origin_is_ours(r->options, address_domain(a.text)))
		return (struct span){ "", 0 };
	struct span domain = address_domain(a.text);
	const char *dot = memchr(domain.p, '.', domain.n);
	if (provider_by_domain(r->rules, domain) && dot)
		while (!is_mailbox_domain(r->rules, domain)) {
			size_t label = (size_t)((const char *)memchr(domain.p, '.', domain.n) + 1 -
				domain.p);
			domain = (struct span){ domain.p + label, domain.n - label };
		}
	bool bare = dot && !memchr(dot + 1, '.', (size_t)(domain.p + domain.n - dot - 1)) &&
		sender_has_null_path(r->mail); /* no host below it */
	return bare || is_mailbox_domain(r->rules, domain) ? domain : (struct span){ "", 0 };
}

/*
 * A receiver that names its user without the domain, which is its own: in a list of those who
 * failed, or in FIELD.
 */
static bool bare_user(const struct reader *r, struct span field, char *address)
{
	struct span name = field, domain = receiver_domain(r);
	if (!name.n && !r->prose->count)
		name = prose_bare_name(r->prose, r->rules);
	char joined[EVENT_ADDRESS_SIZE];
	if (!name.n || !domain.n)
		return false;
	int n = snprintf(
		joined, sizeof joined, "%.*s@%.*s", (int)name.n, name.p, (int)domain.n, domain.p);
	bool good = n > 0 && n < (int)sizeof joined &&
		address_plausible((struct span){ joined, (size_t)n }) &&
		address_copy(address, (struct span){ joined, (size_t)n });
	explicit_bzero(joined, sizeof joined);
	return good;
}

/* A Final-Recipient that is a local part: "rfc822; tom". */
static struct span bare_field(struct span field)
{
	const char *type = memchr(field.p, ';', field.n);
	struct span name = span_trim(
		type ? (struct span){ type + 1, (size_t)(field.p + field.n - type - 1) } : field);
	if (name.n > 2 && name.p[0] == '<' && name.p[name.n - 1] == '>')
		name = (struct span){ name.p + 1, name.n - 2 };
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] <= ' ' || strchr("@<>()[]:;,\"/=", name.p[i]))
			return (struct span){ "", 0 };
	return name;
}

/* Where the report's own fields name nobody. */
static void address_from_elsewhere(struct reader *r, struct event *e)
{
	struct found_address a;
	size_t i = 0;
	if (!r->prose->count)
		prose_recipients(r->prose, r->rules, r->own, r->owns);
	if (r->mail->faileds && address_next(r->mail->failed[0], &i, &a) &&
		address_copy(e->recipient, a.text)) {
		e->recipient_source = RECIPIENT_HEADER;
	} else if (r->verp[0]) {
		strcpy(e->recipient, r->verp);
		e->recipient_source = RECIPIENT_VERP;
	} else if (r->prose->count == 1 && !is_ourselves(r, r->prose->recipient[0].address) &&
		address_copy(e->recipient, r->prose->recipient[0].address)) {
		e->recipient_source = RECIPIENT_TEXT;
	} else if (bare_user(r, (struct span){ "", 0 }, e->recipient)) {
		e->recipient_source = RECIPIENT_TEXT;
	} else if (complaint_recipient(r, e->recipient)) {
		e->recipient_source = RECIPIENT_RETURNED;
	}
}

/* The answer in the human part, where the field has none. */
static struct span better_diagnostic(
	const struct reader *r, struct span field, struct span about, struct span address)
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
	struct span host = prose_remote(r->rules, diagnostic, diagnostic, (struct span){ "", 0 });
	return host.n ? host : prose_remote(r->rules, r->prose->human, about, diagnostic);
}

static bool read_group(struct reader *r, const struct dsn_reader *dsn,
	const struct dsn_recipient *group, bool single, bool few)
{
	struct workspace *w = r->w;
	struct event *e = &w->event;
	size_t used = w->arena.used;
	struct clues clues = { .human = { "", 0 }, .diagnostic = { "", 0 } };
	struct span diagnostic = dsn_diagnostic(
		group->diagnostic.n ? group->diagnostic : dsn_supplement(group->supplement));
	reader_begin(r);
	bool named = dsn_address(r, group, single, e);
	if (!e->recipient[0] && bare_field(group->final).n &&
		bare_user(r, bare_field(group->final), e->recipient))
		e->recipient_source = RECIPIENT_FINAL;
	if (!e->recipient[0] && single && named)
		address_from_elsewhere(r, e);
	if (e->recipient[0] && !reader_is_new(r, e))
		return true;
	if (!e->recipient[0] && !group->status.n && !group->action.n)
		return true;
	if (diagnostic.n > FIELD_READ_MAX)
		diagnostic.n = FIELD_READ_MAX;
	clues.diagnostic = header_text(
		&w->arena, w->charsets, octal_unescaped(&w->arena, diagnostic));
	clues.status = status_parse(group->status);
	clues.exit_code = dsn_exit_code(group->diagnostic.n ? group->diagnostic : group->status);
	clues.verdict = group->verdict;
	e->action = (uint8_t)dsn_action(group->action);
	e->kind = (uint8_t)kind_of_status(r, (enum action)e->action, clues.status);
	if (few && e->recipient[0]) {
		clues.human = single ? r->prose->human
				     : prose_about(r->prose->human, span_of(e->recipient));
		clues.diagnostic = better_diagnostic(
			r, clues.diagnostic, clues.human, span_of(e->recipient));
	} else if (single) {
		clues.human = r->prose->human;
	}
	clues.names_another = reader_names_another(r, clues.diagnostic, group);
	reader_text(e->remote_mta, sizeof e->remote_mta, dsn_host(group->remote_mta));
	if (!e->remote_mta[0])
		reader_text(e->remote_mta, sizeof e->remote_mta,
			spoken_host(r, clues.human, clues.diagnostic));
	reader_text(e->reporting_mta, sizeof e->reporting_mta, dsn_host(dsn->reporting_mta));
	clues.remote_mta = span_of(e->remote_mta);
	clues.reporting_mta = span_of(e->reporting_mta);
	bool go_on = reader_decide(r, e, &clues, (struct span){ "", 0 });
	arena_reset(&w->arena, used);
	return go_on;
}

bool failure_read_status(struct reader *r)
{
	struct dsn_reader dsn;
	struct dsn_recipient group, first;
	size_t groups = 0;
	dsn_open(&dsn, r->mail->status);
	for (; groups <= ABOUT_RECIPIENTS_MAX && dsn_next(&dsn, &group); groups++) {
		reader_remember(r, group.original);
		reader_remember(r, group.final);
		if (!groups)
			first = group;
	}
	bool single = groups == 1, few = groups <= ABOUT_RECIPIENTS_MAX;
	if (!groups)
		return false;
	r->out->overflow |= r->truncated && r->mail->status_is_last;
	if (single)
		read_group(r, &dsn, &first, single, few);
	else
		dsn_open(&dsn, r->mail->status);
	while (!single && dsn_next(&dsn, &group))
		if (!read_group(r, &dsn, &group, single, few))
			break;
	return r->out->events > 0 || r->stopped;
}

/* --- prose ---------------------------------------------------------------- */

/*
 * "Delivery delayed": the subject, and where it leaves that open the text, know more than words
 * like "the following recipients" before a list.
 */
static bool says_delay(const struct reader *r, struct span diagnostic)
{
	struct codes c = codes_find(diagnostic);
	bool text = r->prose->said[KIND_DELAY] && !r->bounce_subject && r->prose->count <= 1;
	return (r->subject_says[KIND_DELAY] || text) && c.reply / 100 != 5 && c.status.digit != 5;
}

/* ABOUT is the text that speaks of the recipient, WORDS its first paragraph behind the address. */
static bool emit_prose(struct reader *r, struct event *e, enum kind kind, struct span about,
	struct span diagnostic, struct span words)
{
	struct clues clues = { .diagnostic = diagnostic, .human = about };
	if (e->recipient[0] && !reader_is_new(r, e))
		return true;
	if (!kind)
		kind = !diagnostic.n && answers_yes(about) ? KIND_SUCCESS : kind_of_words(r);
	if (kind == KIND_FAILURE && says_delay(r, diagnostic))
		kind = KIND_DELAY;
	if (kind == KIND_SUCCESS && reader_answers_no(diagnostic))
		kind = KIND_FAILURE;
	e->kind = (uint8_t)kind;
	reader_text(e->remote_mta, sizeof e->remote_mta, spoken_host(r, about, diagnostic));
	reader_text(e->reporting_mta, sizeof e->reporting_mta,
		prose_reporter(r->rules, r->prose->human));
	clues.remote_mta = span_of(e->remote_mta);
	clues.reporting_mta = span_of(e->reporting_mta);
	return reader_decide(r, e, &clues, words);
}

/* X-Failed-Recipients names them; the text says why. */
static bool read_failed_header(struct reader *r)
{
	struct event *e = &r->w->event;
	struct prose *p = r->prose;
	struct found_address a;
	size_t named = 0;
	bool any = false;
	for (size_t f = 0; f < r->mail->faileds; f++)
		for (size_t i = 0;
			r->others < READER_OTHERS_MAX && address_next(r->mail->failed[f], &i, &a);)
			reader_remember(r, a.text);
	for (size_t f = 0; f < r->mail->faileds; f++)
		for (size_t i = 0; address_next(r->mail->failed[f], &i, &a);)
			named++;
	for (size_t f = 0; f < r->mail->faileds; f++) {
		for (size_t i = 0; address_next(r->mail->failed[f], &i, &a);) {
			struct span about = { "", 0 }, diagnostic = { "", 0 };
			for (size_t k = 0; k < p->count && k < ABOUT_RECIPIENTS_MAX && !about.n;
				k++)
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
			reader_begin(r);
			address_copy(e->recipient, a.text);
			e->recipient_source = RECIPIENT_HEADER;
			forward_of_words(r, e, named == 1);
			any = true;
			if (!emit_prose(r, e, KIND_NONE, about, diagnostic,
				    prose_words(prose_about(about, a.text), a.text)))
				return true;
		}
	}
	return any;
}

/*
 * Is the mail that came back addressed to somebody who is not ours? What names only us does not
 * gainsay the text.
 */
static bool names_others(const struct reader *r)
{
	struct found_address to;
	for (size_t i = 0; address_next(r->returned.to, &i, &to);)
		if (!origin_is_ours(r->options, address_domain(to.text)))
			return true;
	return false;
}

/*
 * An address that the text only mentions counts when it is the only one, and when the returned mail
 * does not gainsay it.
 */
static void doubt_mentions(struct reader *r)
{
	struct prose *p = r->prose;
	size_t keep = 0;
	if (!p->count || p->recipient[0].rank > RANK_MENTIONED)
		return;
	for (size_t i = 0; i < p->count; i++)
		if (is_addressee_of(&r->returned, p->recipient[i].address, IN_ANY_FIELD))
			p->recipient[keep++] = p->recipient[i];
	if (keep || p->count > 1 || names_others(r))
		p->count = keep;
}

/* What is left of those whom the text names: never ourselves. */
static void leave_ourselves_out(struct reader *r)
{
	struct prose *p = r->prose;
	size_t keep = 0;
	for (size_t i = 0; i < p->count; i++)
		if (p->recipient[i].rank != RANK_OWN || !is_ourselves(r, p->recipient[i].address))
			p->recipient[keep++] = p->recipient[i];
	p->count = keep;
}

/*
 * Where nobody is named: a code, the mail that came back, or a mail system by its name and its
 * return path. Else it is about parcels, or bait.
 */
static bool says_of_a_mail(const struct reader *r)
{
	struct codes c = codes_find(prose_diagnostic(r->prose, r->rules, r->prose->human));
	if (c.reply || c.status.digit || r->returned.present)
		return true;
	bool said = sender_has_null_path(r->mail) || !r->mail->has_return_path ||
		r->prose->category || r->prose->marked[MARK_FAILED_RECIPIENTS];
	return said && !r->prose->marked[MARK_BAIT] && sender_is_daemon(r) &&
		!sender_wants_answers(r) &&
		span_find_nocase(r->prose->human, SPAN("http://")) < 0 &&
		span_find_nocase(r->prose->human, SPAN("https://")) < 0 &&
		!mail_has_html_link(&r->w->mime, &r->w->arena, r->w->charsets);
}

/* All whom the text names are at home: nobody writes a newsletter to himself. */
static bool names_only_our_own(const struct reader *r)
{
	for (size_t i = 0; i < r->prose->count; i++)
		if (!origin_is_ours(r->options, address_domain(r->prose->recipient[i].address)))
			return false;
	return true;
}

void failure_read_prose(struct reader *r)
{
	struct event *e = &r->w->event;
	struct prose *p = r->prose;
	prose_recipients(p, r->rules, r->own, r->owns); /* once */
	for (size_t i = 0; i < p->count && i < READER_OTHERS_MAX; i++)
		reader_remember(r, p->recipient[i].address);
	r->out->overflow |= p->cut;
	if (read_failed_header(r))
		return;
	doubt_mentions(r);
	leave_ourselves_out(r);
	if (p->count && names_only_our_own(r) && !says_of_a_mail(r)) {
		reader_emit_none(r, KIND_NONE, "none.no-recipient");
		return;
	}
	for (size_t i = 0; i < p->count; i++) {
		const struct prose_recipient *named = &p->recipient[i];
		reader_begin(r);
		address_copy(e->recipient, named->address);
		e->recipient_source = RECIPIENT_TEXT;
		forward_of_words(r, e, p->count == 1);
		if (!emit_prose(r, e, named->kind, p->count == 1 ? p->human : named->about,
			    named->diagnostic.n || p->count > 1
				    ? named->diagnostic
				    : prose_diagnostic(r->prose, r->rules, p->human),
			    prose_words(named->about, named->address)))
			return;
	}
	if (p->count)
		return;
	reader_begin(r);
	address_from_elsewhere(r, e);
	if (!e->recipient[0] && !says_of_a_mail(r)) {
		reader_emit_none(r, KIND_NONE, "none.no-recipient");
		return;
	}
	emit_prose(r, e, KIND_NONE, p->human, prose_diagnostic(r->prose, r->rules, p->human),
		(struct span){ "", 0 });
}

/* --- SES over SNS --------------------------------------------------------- */

static void read_sns_delivery(struct reader *r, struct sns *s)
{
	struct event *e = &r->w->event;
	struct sns_recipient to;
	while (sns_next(s, &to)) {
		struct clues clues = { .human = { "", 0 } };
		reader_begin(r);
		if (!recipient_field(
			    json_unescaped(&r->w->arena, to.address), false, e->recipient) ||
			!reader_is_new(r, e))
			continue;
		e->recipient_source = RECIPIENT_FINAL;
		e->kind = (uint8_t)s->kind;
		e->action = (uint8_t)dsn_action(to.action);
		reader_text(e->reporting_mta, sizeof e->reporting_mta, dsn_host(s->reporting_mta));
		clues.status = status_parse(to.status);
		clues.diagnostic = dsn_diagnostic(json_unescaped(&r->w->arena, to.diagnostic));
		clues.remote_mta = (struct span){ "", 0 };
		clues.reporting_mta = span_of(e->reporting_mta);
		if (!reader_decide(r, e, &clues, (struct span){ "", 0 }))
			return;
	}
}

bool failure_read_sns(struct reader *r)
{
	struct sns s;
	struct sns_recipient to;
	struct arf a;
	if (!sns_open(&s, &r->w->arena, r->mail->human))
		return false;
	r->returned.present = true;
	r->returned.from = s.source;
	r->common.origin = (uint8_t)origin_of(r->options, &r->returned);
	reader_text(r->common.message_id, sizeof r->common.message_id, s.message_id);
	common_stream(r);
	if (s.kind != KIND_COMPLAINT) {
		read_sns_delivery(r, &s);
		return r->told;
	}
	arf_read(SPAN(""), &a);
	a.type = s.feedback;
	while (a.recipients < ARF_RECIPIENTS_MAX && sns_next(&s, &to))
		a.recipient[a.recipients++] = json_unescaped(&r->w->arena, to.address);
	complaint_read(r, &a);
	return true;
}
