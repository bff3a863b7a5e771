/* The audit as lines of JSON: each promise, and each class of data. */
#include "reports/audit.h"
#include "reports/jsonline.h"

void audit_write_lines(const struct audit *a, FILE *out)
{
	for (unsigned i = 0; i < a->promises; i++) {
		const struct promise *p = &a->promise[i];
		struct jsonline l = jsonline_begin(out);
		jsonline_text(&l, "kind", "promise");
		jsonline_text(&l, "name", p->id);
		jsonline_text(&l, "state", promise_state_name(p->state));
		jsonline_text(&l, "title", p->title);
		jsonline_text(&l, "reason", p->detail);
		jsonline_text(&l, "look_first", p->action);
		jsonline_time(&l, "since", p->since);
		jsonline_end(&l);
	}
	for (unsigned i = 0; i < a->held.count; i++) {
		const struct purge_class *c = &a->held.at[i];
		struct jsonline l = jsonline_begin(out);
		jsonline_text(&l, "kind", "class");
		jsonline_text(&l, "class", c->name);
		jsonline_text(&l, "reason", c->reason);
		jsonline_count(&l, "seconds", (uint64_t)c->period);
		jsonline_time(&l, "cutoff", c->cutoff);
		jsonline_count(&l, "count", c->left);
		jsonline_time(&l, "oldest", c->oldest);
		jsonline_count(&l, "overdue", c->overdue);
		jsonline_end(&l);
	}
}
