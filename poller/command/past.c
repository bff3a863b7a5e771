#include "poller/command/past.h"

#include <stdio.h>

void past_event_json(struct out *o, const struct past_event *e, bool all)
{
	out_text(o, "{\"at\":\"");
	out_time(o, e->at);
	out_text(o, "\"");
	out_member(o, "kind", kind_name(e->kind));
	out_member(o, "class", class_name(e->klass));
	out_member(o, "category", category_name(e->category));
	out_member(o, "status", e->status);
	out_member_count(o, "reply", e->reply, e->reply);
	out_member(o, "provider", e->provider);
	out_member(o, "campaign", e->campaign);
	out_member(o, "stream", e->stream);
	out_member(o, "origin", origin_name(e->origin));
	out_member(o, "rule", e->rule);
	if (all) {
		out_member_number(o, "margin", e->margin);
		out_member(o, "mailbox", e->mailbox);
		out_member(o, "diagnostic", e->diagnostic);
	}
	out_text(o, "}");
}

void past_event_text(struct out *o, const struct past_event *e)
{
	char code[8] = "";
	if (e->reply)
		snprintf(code, sizeof code, "%u", e->reply);
	const char *fields[] = { kind_name(e->kind), code, e->status, category_name(e->category),
		e->provider, e->campaign, origin_name(e->origin), e->rule };
	out_time(o, e->at);
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		out_text(o, "  ");
		out_text(o, *fields[i] ? fields[i] : "-");
	}
	out_text(o, "\n");
}
