/*
 * Complaints, opt-outs and authentication reports: of feedback reports (RFC 5965, classify/arf.c),
 * and of what says the same otherwise.
 */
#include "classify/reader.h"

#include <stdio.h>
#include "classify/dsn.h"

/* As long as MD5, SHA-1 or SHA-256 in hex? */
static bool is_digest(struct span text)
{
	size_t n = 0;
	while (n < text.n && ascii_hex(text.p[n]) >= 0)
		n++;
	return n == text.n && (n == 32 || n == 40 || n == 64);
}

/*
 * Senders of feedback hide the address ("[redacted]", "redacted@", a digest of it): no address, or
 * none that is somebody's.
 */
static bool is_redacted(struct span address)
{
	static const struct span words[] = { { "redacted", 8 }, { "undisclosed", 11 },
		{ "redacted.invalid", 16 } };
	struct span local = address_local(address), domain = address_domain(address);
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (span_equal_nocase(local, words[i]) || span_equal_nocase(domain, words[i]))
			return true;
	return span_starts_nocase(local, SPAN("redacted-")) ||
		span_find_nocase(local, SPAN("[redacted")) >= 0 ||
		span_find_nocase(local, SPAN("xxxxx")) >= 0 || is_digest(local);
}

/* A mail that went by Bcc is addressed to its sender. */
static bool is_sender(const struct returned *b, struct span address)
{
	struct found_address from;
	size_t i = 0;
	return address_next(b->from, &i, &from) && address_equal(from.text, address);
}

/* Do both lie in one organisation's domain, the last two labels of it? */
static bool same_organisation(struct span a, struct span b)
{
	struct span *of[] = { &a, &b };
	for (int i = 0; i < 2; i++) {
		size_t dots = 0;
		for (size_t k = of[i]->n; k-- > 0;)
			if (of[i]->p[k] == '.' && ++dots == 2) {
				*of[i] = (struct span){ of[i]->p + k + 1, of[i]->n - k - 1 };
				break;
			}
	}
	return a.n && span_equal_nocase(a, b);
}

/* A mailbox that says that complaints are collected in it: "tosspam@", "fbl@". */
static bool is_for_complaints(struct span address)
{
	static const struct span purposes[] = { SPAN("abuse"), SPAN("spam"), SPAN("complain"),
		SPAN("complaint"), SPAN("complaints"), SPAN("comp"), SPAN("fbl"), SPAN("reports"),
		SPAN("feedback"), SPAN("junk"), SPAN("report") };
	struct span local = address_local(address);
	for (size_t k = 0; k < sizeof purposes / sizeof *purposes; k++)
		if (span_starts_nocase(local, purposes[k]) || span_ends_nocase(local, purposes[k]))
			return true;
	return address_is_role(address);
}

/* The mailbox of the hop that collects reports may also lie where their own return path does. */
static bool is_collector(const struct reader *r, struct span address)
{
	struct found_address path;
	size_t i = 0;
	return is_for_complaints(address) ||
		(address_next(r->mail->return_path, &i, &path) &&
			same_organisation(address_domain(path.text), address_domain(address)));
}

/*
 * Who complained, out of the mail that came back, where the report does not say: its single
 * addressee, or who it was delivered for.
 */
size_t complaint_recipient(const struct reader *r, char *address)
{
	const struct returned *b = &r->returned;
	struct found_address first, second;
	size_t i = 0;
	address[0] = '\0';
	if (address_next(b->reported, &i, &first) && !is_redacted(first.text))
		return address_copy(address, first.text);
	i = 0;
	if (address_next(b->to, &i, &first) &&
		!origin_is_ours(r->options, address_domain(first.text)) &&
		!is_redacted(first.text) && !is_sender(b, first.text)) {
		bool several = false;
		while (!several && address_next(b->to, &i, &second))
			several = !address_equal(first.text, second.text);
		if (!several)
			return address_copy(address, first.text);
	}
	i = 0;
	if (address_next(b->original_recipient, &i, &first) && !is_redacted(first.text) &&
		!is_for_complaints(first.text))
		return address_copy(address, first.text);
	for (size_t k = b->received_fors; k-- >
		0;) /* the lowest is the first hop, where the recipient's own server took it in */
		if (!is_redacted(b->received_for[k]) && !is_collector(r, b->received_for[k]))
			return address_copy(address, b->received_for[k]);
	return 0;
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
	while (n < field.n &&
		((field.p[n] >= '0' && field.p[n] <= '9') ||
			((field.p[n] | 0x20) >= 'a' && (field.p[n] | 0x20) <= 'f') ||
			field.p[n] == '.' || field.p[n] == ':'))
		n++;
	reader_text(buffer, n < size ? size : 0, (struct span){ field.p, n });
}

static void start_complaint(struct reader *r, const struct arf *a, struct event *e)
{
	reader_begin(r);
	e->kind = (uint8_t)arf_kind(a->type);
	e->category = (uint8_t)arf_category(a->type);
	e->klass = (uint8_t)category_class(e->category);
	e->feedback = (uint8_t)a->type;
	read_ip(e->source_ip, sizeof e->source_ip, a->source_ip);
	reader_text(e->reporting_mta, sizeof e->reporting_mta, dsn_host(a->reporting_mta));
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
		reader_text(e->provider, sizeof e->provider, span_of(name));
}

void complaint_read(struct reader *r, const struct arf *a)
{
	struct event *e = &r->w->event;
	bool any = false;
	for (size_t i = 0; i < a->recipients; i++) {
		start_complaint(r, a, e);
		if (!recipient_field(a->recipient[i], false, e->recipient) ||
			is_redacted(span_of(e->recipient)) || !reader_is_new(r, e))
			continue;
		e->recipient_source = RECIPIENT_FEEDBACK;
		any = true;
		complaint_provider(r, e);
		if (!reader_emit(r, e))
			return;
	}
	if (any)
		return;
	start_complaint(r, a, e);
	if (r->verp[0]) {
		strcpy(e->recipient, r->verp);
		e->recipient_source = RECIPIENT_VERP;
	} else if (complaint_recipient(r, e->recipient)) {
		e->recipient_source = RECIPIENT_RETURNED;
		e->derived = 1;
	} else {
		e->recipient[0] = '\0';
	}
	complaint_provider(r, e);
	reader_emit(r, e);
}

/*
 * Complaints that are no feedback report: those of Microsoft's Junk Mail Reporting Program (the
 * returned mail with a header of theirs, or that mail alone, where it was unpacked on the way).
 */
bool complaint_read_other(struct reader *r)
{
	static const struct span about = { "complaint about message from ", 29 };
	const struct span subject = r->mail->subject_text;
	struct arf a;
	arf_read(SPAN(""), &a);
	if (!r->returned.reported.n)
		return false;
	long at = span_find_nocase(subject, about);
	a.type = FEEDBACK_ABUSE;
	if (at >= 0)
		a.source_ip = (struct span){ subject.p + at + about.n,
			subject.n - (size_t)at - about.n };
	complaint_read(r, &a);
	return true;
}
