/* What every room of the classifier needs: how an event is decided, redacted and handed out, each recipient once. */
#include "classify/reader.h"

#include "classify/redact.h"

enum {
	LOCALS_MAX = 10,               /* local parts and domains that redaction knows of */
};

/* ADDRESS from its '@' on; empty where it has no domain. */
static struct span at_domain(struct span address)
{
	struct span domain = address_domain(address);
	return domain.n ? (struct span){ domain.p - 1, domain.n + 1 } : domain;
}

static void diagnostic_field(struct reader *r, struct event *e, struct span text)
{
	struct span locals[LOCALS_MAX + 1] = { { "", 0 } };
	size_t n = 0;
	if (!r->options->redact) {
		reader_text(e->diagnostic, sizeof e->diagnostic, text);
		return;
	}
	locals[n] = address_local(span_of(e->recipient));
	n += locals[n].n > 0;
	locals[n] = address_local(span_of(e->original_recipient));
	n += locals[n].n > 0;
	locals[n] = at_domain(span_of(e->recipient));
	n += locals[n].n > 0;
	locals[n] = at_domain(span_of(e->original_recipient));
	n += locals[n].n > 0;
	for (size_t i = 0; i < r->owns && n < LOCALS_MAX; i++) {
		locals[n] = address_local(r->own[i]);
		n += locals[n].n > 0;
	}
	locals[n] = (struct span){ "", 0 };
	redact(e->diagnostic, sizeof e->diagnostic, text, locals);
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
	e->seq = ++r->out->events;
	r->told = true;
	r->stopped = r->sink(r->context, e);
	explicit_bzero(e, sizeof *e);
	return r->stopped == 0;
}

void reader_emit_none(struct reader *r, enum kind kind, const char *why)
{
	struct event *e = &r->w->event;
	*e = r->common;
	e->seq = 1;
	e->kind = (uint8_t)kind;
	reader_text(e->rule, sizeof e->rule, span_of(why));
	if (kind != KIND_NONE)
		r->out->events = 1;
	r->told = true;
	r->stopped = r->sink(r->context, e);
	explicit_bzero(e, sizeof *e);
}

bool reader_answers_no(struct span text)
{
	struct codes c = codes_find(text);
	return c.reply >= 400 || c.status.digit >= 4;
}

bool reader_decide(struct reader *r, struct event *e, struct evidence *evidence, struct span words)
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
	return reader_emit(r, e);
}
