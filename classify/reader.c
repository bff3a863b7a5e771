/*
 * What every room of the classifier needs: how an event is decided, redacted and handed out, each
 * recipient once.
 */
#include "classify/reader.h"

#include "classify/base/bytes.h"
#include "classify/base/wipe.h"
#include "classify/redact.h"
#include "classify/vocabulary.h"

enum {
	OWN_LOCALS_MAX = 6, /* of the sender's addresses, those that redaction knows */
	LOCALS_MAX = 4 + OWN_LOCALS_MAX + READER_OTHERS_MAX,
};

/* ADDRESS from its '@' on; empty where it has no domain. */
static struct span at_domain(struct span address)
{
	struct span domain = address_domain(address);
	return domain.n ? (struct span){ domain.p - 1, domain.n + 1 } : domain;
}

void reader_remember(struct reader *r, struct span address)
{
	const char *type = memchr(
		address.p, ';', address.n); /* "rfc822;": RFC 3464 section 2.1.2 */
	if (type)
		address = (struct span){ type + 1, address.n - (size_t)(type + 1 - address.p) };
	address = span_trim(address);
	if (address.n && address.p[0] == '<')
		address = (struct span){ address.p + 1, address.n - 1 };
	if (r->others < READER_OTHERS_MAX && address_local(address).n)
		r->other[r->others++] = address;
}

static void diagnostic_field(struct reader *r, struct event *e, struct span text)
{
	char clean[EVENT_DIAGNOSTIC_SIZE * 2];
	struct span locals[LOCALS_MAX + 1], recipient = span_of(e->recipient),
					    original = span_of(e->original_recipient);
	const struct span first[] = { address_local(recipient), address_local(original),
		at_domain(recipient), at_domain(original) };
	size_t n = 0;
	if (!r->options->redact) {
		reader_text(e->diagnostic, sizeof e->diagnostic, text);
		return;
	}
	for (size_t i = 0; i < sizeof first / sizeof *first; i++) {
		locals[n] = first[i];
		n += locals[n].n > 0;
	}
	for (size_t i = 0; i < r->owns && i < OWN_LOCALS_MAX; i++) {
		locals[n] = address_local(r->own[i]);
		n += locals[n].n > 0;
	}
	for (size_t i = 0; i < r->others; i++)
		locals[n++] = address_local(r->other[i]);
	locals[n] = (struct span){ "", 0 };
	size_t kept = redact(clean, sizeof clean, text, locals, r->rules);
	keep_known_words(
		e->diagnostic, sizeof e->diagnostic, (struct span){ clean, kept }, r->rules);
	explicit_bzero(clean, sizeof clean);
}

struct event *reader_begin(struct reader *r)
{
	struct event *e = &r->w->event;
	workspace_wipe_event(r->w);
	memcpy(e, &r->common, offsetof(struct event, diagnostic));
	r->w->begun = true;
	return e;
}

/* Of the diagnostic, which is written once, what is there; a blank may have been taken back. */
void workspace_wipe_event(struct workspace *w)
{
	struct event *e = &w->event;
	size_t before = offsetof(struct event, diagnostic);
	if (!w->begun)
		return;
	size_t said = strnlen(e->diagnostic, sizeof e->diagnostic) + BYTES;
	wipe_bytes(e, before + said < sizeof *e ? before + said : sizeof *e);
	w->begun = false;
}

bool reader_is_new(struct reader *r, const struct event *e)
{
	enum recipient_added added = recipient_set_add(r->w->seen, span_of(e->recipient));
	r->out->overflow |= added == RECIPIENT_NO_ROOM;
	return added == RECIPIENT_ADDED;
}

bool reader_emit(struct reader *r, struct event *e)
{
	if (r->out->events == CLASSIFY_EVENTS_MAX) {
		r->out->overflow = true;
		return false;
	}
	if (*e->campaign &&
		(origin_campaign_names(e->campaign, span_of(e->recipient)) ||
			origin_campaign_names(e->campaign, span_of(e->original_recipient))))
		memset(e->campaign, 0, sizeof e->campaign);
	e->seq = ++r->out->events;
	r->told = true;
	r->stopped = r->sink(r->context, e);
	workspace_wipe_event(r->w);
	return r->stopped == 0;
}

void reader_emit_none(struct reader *r, enum kind kind, const char *why)
{
	struct event *e = reader_begin(r);
	e->seq = 1;
	e->kind = (uint8_t)kind;
	reader_text(e->rule, sizeof e->rule, span_of(why));
	if (kind != KIND_NONE)
		r->out->events = 1;
	r->told = true;
	r->stopped = r->sink(r->context, e);
	workspace_wipe_event(r->w);
}

bool reader_answers_no(struct span text)
{
	struct codes c = codes_find(text);
	return c.reply >= 400 || c.status.digit >= 4;
}

/*
 * Where nothing above decides: what stands behind the address, where nobody is quoted, may be the
 * receiver's answer all the same, and a single word that says hard is not enough there; else the
 * word that the reporting system has for the cause, which never says hard.
 */
static void decide_by_words(
	const struct rules *rules, const struct clues *e, struct span words, struct decision *d)
{
	enum { WORDS_MAX = 400, HARD_MARGIN_MIN = 300 };
	bool bare = !e->diagnostic.n && !d->reply && !d->status.digit && words.n <= WORDS_MAX;
	struct clues second = *e;
	struct decision said;
	memset(&said, 0, sizeof said);
	second.diagnostic = bare && words.n ? words : e->verdict;
	if (e->kind != KIND_FAILURE || d->category != CATEGORY_UNDETERMINED || !second.diagnostic.n)
		return;
	decide(rules, &second, &said);
	if (said.category == CATEGORY_UNDETERMINED ||
		(said.klass == CLASS_HARD &&
			(second.diagnostic.p != words.p || said.margin < HARD_MARGIN_MIN)))
		return;
	d->klass = said.klass;
	d->category = said.category;
	d->margin = said.margin;
	memcpy(d->rule, said.rule, sizeof d->rule);
}

/* Does ANSWER speak of what it has from BEGIN to END: "550 5.1.1 <tom@example.org>", "tom@…: "? */
static bool speaks_of(struct span answer, size_t begin, size_t end)
{
	while (begin && strchr("<[( ", answer.p[begin - 1]))
		begin--;
	while (end < answer.n && strchr(">])", answer.p[end]))
		end++;
	return (begin && ascii_digit(answer.p[begin - 1])) ||
		(end < answer.n && (answer.p[end] == ':' || answer.p[end] == '.'));
}

/* "Callout for <news@example.org> was answered: 550 5.1.1": the code is what was said of him. */
static bool has_code_behind(struct span answer, size_t begin, size_t end)
{
	struct codes behind = codes_find((struct span){ answer.p + end, answer.n - end });

	return behind.reply ||
		(behind.status.digit && !codes_find((struct span){ answer.p, begin }).status.digit);
}

bool reader_names_another(
	const struct reader *r, struct span answer, const struct dsn_recipient *group)
{
	const struct span own[] = { group->original, group->final, group->actual };
	struct found_address a;
	bool another = false;

	for (size_t i = 0; address_next(answer, &i, &a);) {
		for (size_t k = 0; k < sizeof own / sizeof *own; k++)
			if (span_find_nocase(own[k], a.text) >= 0)
				return false;
		for (size_t k = 0; k < r->others && !another; k++)
			another = speaks_of(answer, a.begin, a.end) &&
				span_starts_nocase(r->other[k], a.text);
	}
	return another;
}

/* Is ADDRESS our OWN one, or "postmaster" beside it, and not of the RECIPIENT's domain? */
static bool is_of_own(struct span own, struct span address, struct span recipient)
{
	struct span domain = address_domain(own);

	return address_equal(address, own) ||
		(domain.n && span_equal_nocase(address_domain(address), domain) &&
			!span_equal_nocase(address_domain(recipient), domain));
}

/*
 * Whom the answer speaks of is who sent the mail: a receiver quotes what it heard of him. Or it
 * names him at least, and not the recipient.
 */
static void find_us(const struct reader *r, const struct event *e, struct clues *clues)
{
	struct span answer = clues->diagnostic;
	struct found_address a;
	for (size_t i = 0; address_next(answer, &i, &a);) {
		if (address_equal(a.text, span_of(e->recipient))) {
			clues->names_us = clues->mentions_us = false;
			return;
		}
		for (size_t k = 0; k < r->owns; k++)
			if (is_of_own(r->own[k], a.text, span_of(e->recipient))) {
				clues->mentions_us = true;
				clues->names_us |= speaks_of(answer, a.begin, a.end) ||
					has_code_behind(answer, a.begin, a.end);
			}
	}
}

/* "552 5.2.2 <ann@…>": the code belongs to the address at byte AT that follows it. */
static size_t before_code(struct span answer, size_t at)
{
	while (at && strchr(" -.0123456789<([", answer.p[at - 1]))
		at--;
	return at;
}

/*
 * "…, ann@example.org is unknown", "…: (ann@example.org) unknown": a clause begins with the address
 * from BEGIN to END.
 */
static bool begins_clause(struct span answer, size_t begin, size_t end)
{
	size_t at = before_code(answer, begin);

	while (end < answer.n && strchr(">])", answer.p[end]))
		end++;
	return (!at || strchr(",;:", answer.p[at - 1])) && answer.n - end > 1 &&
		answer.p[end] == ' ' &&
		(answer.p[end + 1] == '(' ||
			(answer.p[end + 1] >= 'a' && answer.p[end + 1] <= 'z'));
}

/* Where what is said of the address from BEGIN to END begins: "5.1.1 ann@…", but "ann@…:5.1.1". */
static size_t own_part_begin(struct span answer, size_t begin, size_t end)
{
	bool code_behind = answer.n - end > 1 && answer.p[end] == ':' &&
		ascii_digit(answer.p[end + 1]);

	return code_behind ? begin : before_code(answer, begin);
}

/*
 * One recipient's answer ends where the next one's begins: "ann@…: user unknown; tom@…: full". The
 * part of ANSWER that speaks of RECIPIENT, where it speaks of others as well; else empty.
 */
static struct span part_about(struct span answer, struct span recipient)
{
	struct found_address a;
	size_t begin = 0, end = answer.n;
	bool own = false, others = false;

	for (size_t i = 0; address_next(answer, &i, &a);) {
		if (!speaks_of(answer, a.begin, a.end) && !begins_clause(answer, a.begin, a.end))
			continue;
		if (address_equal(a.text, recipient)) {
			begin = own || !others ? begin : own_part_begin(answer, a.begin, a.end);
			end = answer.n;
			own = true;
		} else {
			others = true;
			if (own && end == answer.n)
				end = own_part_begin(answer, a.begin, a.end);
		}
	}
	return own && others ? (struct span){ answer.p + begin, end - begin }
			     : (struct span){ answer.p, 0 };
}

static struct span local_part(const struct event *e)
{
	const char *at = strrchr(e->recipient, '@');

	return (struct span){ e->recipient, at ? (size_t)(at - e->recipient) : 0 };
}

bool reader_decide(struct reader *r, struct event *e, struct clues *clues, struct span words)
{
	struct decision d;
	clues->kind = (enum kind)e->kind;
	clues->subject = r->mail->subject_text;
	clues->recipient_domain = address_domain(span_of(e->recipient));
	clues->recipient_local = local_part(e);
	clues->names_us = clues->mentions_us = false;
	clues->about = (struct span){ "", 0 };
	if (e->kind == KIND_FAILURE && e->recipient[0]) {
		find_us(r, e, clues);
		clues->about = part_about(clues->diagnostic, span_of(e->recipient));
	}
	clues->searched = &r->prose->searched;
	clues->tell = r->options->tell;
	clues->tell_context = r->options->tell_context;
	memset(&d, 0, sizeof d);
	decide(r->rules, clues, &d);
	decide_by_words(r->rules, clues, words, &d);
	e->klass = (uint8_t)d.klass;
	e->category = (uint8_t)d.category;
	e->status = d.status;
	e->reply = d.reply;
	e->margin = d.margin;
	memcpy(e->provider, d.provider, sizeof e->provider);
	memcpy(e->rule, d.rule, sizeof e->rule);
	diagnostic_field(r, e, clues->diagnostic.n ? clues->diagnostic : words);
	return reader_emit(r, e);
}
