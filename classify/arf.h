/*
 * message/feedback-report: what an abuse reporting feedback loop says (RFC 5965, RFC 6591, RFC
 * 6430).
 */
#ifndef RETOUR_ARF_H
#define RETOUR_ARF_H

#include "classify/base/arena.h"
#include "classify/event.h"
#include "classify/header.h"

enum {
	ARF_RECIPIENTS_MAX = 64, /* Original-Rcpt-To fields of one report */
	ARF_SAMPLES_MAX = 8,     /* pieces of evidence of an XARF report that are looked at */
};

struct arf {
	enum feedback type;
	struct span source_ip, reporting_mta, user_agent, mail_from, reported_domain;
	struct span recipient[ARF_RECIPIENTS_MAX];
	size_t recipients;
	bool escaped;    /* they and the IP have JSON's escapes: arf_unescape() */
	unsigned fields; /* how many of these there were; 0: this is no report */
};

/*
 * What BODY, a message/feedback-report or an XARF document, says. What it does not say is "" or its
 * enum's 0; the spans lie in BODY.
 */
void arf_read(struct span body, struct arf *out);
/* What has JSON's escapes without them, in ARENA. */
void arf_unescape(struct arf *a, struct arena *arena);
/*
 * The mail or its header that the XARF report in BODY encloses as evidence, decoded into ARENA;
 * empty where it encloses none, or in any other report: there it is a part of the mail.
 */
struct span arf_sample(struct span body, struct arena *arena);
/* True when the text is a report although it is not labelled as one. */
bool arf_looks_like(struct span body);
/* "Feedback-Type: xarf": the report itself is a part in JSON. */
bool arf_is_cover(struct span body);

enum kind arf_kind(enum feedback type);
enum category arf_category(enum feedback type);

#endif
