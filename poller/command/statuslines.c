/* status --json: the same as the screen shows, a line for each, by "kind". */
#include "poller/command/statuslines.h"

#include <string.h>
#include "classify/base/exitcode.h"
#include "poller/command/opening.h"
#include "reports/jsonline.h"
#include "store/contacts.h"
#include "store/news.h"
#include "store/ledger.h"
#include "store/promises.h"
#include "store/site.h"
#include "store/watch/alert.h"

struct status_mailbox {
	const char *name;
	struct mailbox_state state;
};

static int take_status_mailbox(void *context, const struct mailbox_state *m)
{
	struct status_mailbox *box = context;
	if (!strcmp(m->name, box->name))
		box->state = *m;
	return 0;
}

static int run_line(struct session *s)
{
	struct witness w;
	if (store_witness(s->store, &w))
		return STORE_FAILED;
	clock_judge(&w, &s->present, &s->clock);
	bool believed = s->clock.doubt == CLOCK_BELIEVED;
	struct jsonline l = jsonline_begin(stdout);
	jsonline_text(&l, "kind", "run");
	jsonline_time(&l, "at", w.last);
	jsonline_flag(&l, "believed", believed);
	jsonline_text(&l, "reason", believed ? NULL : s->clock.text);
	jsonline_end(&l);
	return STORE_OK;
}

static int mailbox_lines(struct session *s)
{
	for (unsigned i = 0; i < s->mailboxes; i++) {
		struct status_mailbox box = { .name = s->mailbox[i].name };
		if (store_mailboxes(s->store, take_status_mailbox, &box))
			return STORE_FAILED;
		bool well = box.state.read_at > box.state.failed_at;
		struct jsonline l = jsonline_begin(stdout);
		jsonline_text(&l, "kind", "mailbox");
		jsonline_text(&l, "mailbox", box.name);
		jsonline_time(&l, "at", box.state.read_at);
		jsonline_time(&l, "failed", well ? 0 : box.state.failed_at);
		jsonline_text(&l, "reason", well || !box.state.failed_at ? NULL : box.state.why);
		jsonline_end(&l);
	}
	return STORE_OK;
}

static int stuck_line(void *context, const char *mailbox, uint64_t count, int64_t since)
{
	struct jsonline l = jsonline_begin(context);
	jsonline_text(&l, "kind", "stuck");
	jsonline_text(&l, "mailbox", mailbox);
	jsonline_count(&l, "count", count);
	jsonline_time(&l, "since", since);
	jsonline_end(&l);
	return 0;
}

static int alert_line_of(void *context, const struct alert *a)
{
	struct jsonline l = jsonline_begin(context);
	jsonline_text(&l, "kind", "alert");
	jsonline_text(&l, "condition", alert_condition_name(a->condition));
	jsonline_text(&l, "subject", a->subject);
	jsonline_time(&l, "since", a->opened);
	jsonline_end(&l);
	return 0;
}

static int investigation_line(void *context, const struct investigation *i)
{
	struct jsonline l = jsonline_begin(context);
	jsonline_text(&l, "kind", "investigation");
	jsonline_text(&l, "provider", i->provider);
	jsonline_text(&l, "category", category_name(i->category));
	jsonline_count(&l, "count", i->blocks);
	jsonline_time(&l, "since", i->opened);
	jsonline_end(&l);
	return 0;
}

static int wave_line(void *context, const struct wave *w)
{
	struct jsonline l = jsonline_begin(context);
	jsonline_text(&l, "kind", "wave");
	jsonline_text(&l, "cause", w->kind);
	jsonline_text(&l, "name", w->name);
	jsonline_count(&l, "count", w->own ? w->count : 0);
	jsonline_flag(&l, "own", w->own);
	jsonline_time(&l, "since", w->opened);
	jsonline_time(&l, "until", w->until);
	jsonline_end(&l);
	return 0;
}

static int site_line(void *context, const struct site_state *state, int64_t waiting)
{
	(void)context;
	struct jsonline l = jsonline_begin(stdout);
	jsonline_text(&l, "kind", "site");
	jsonline_text(&l, "site", state->site);
	jsonline_time(&l, "at", state->until);
	jsonline_count(&l, "erasures", state->erasures);
	jsonline_count(&l, "confirmed", state->obeyed);
	jsonline_time(&l, "waiting", waiting);
	jsonline_end(&l);
	return STORE_OK;
}

static int hook_status_line(struct session *s, int64_t now)
{
	struct news_trouble t;
	int result = store_news_trouble(s->store, now, &t);
	if (result || !t.since)
		return result;
	struct jsonline l = jsonline_begin(stdout);
	jsonline_text(&l, "kind", "hook");
	jsonline_count(&l, "failures", t.failures);
	jsonline_time(&l, "since", t.since);
	jsonline_time(&l, "next", t.next);
	jsonline_end(&l);
	return STORE_OK;
}

static int contact_lines(struct session *s)
{
	uint64_t counts[STATE_COUNT], objectors[STATE_COUNT];
	if (store_contact_counts(s->store, counts) || store_contact_objectors(s->store, objectors))
		return STORE_FAILED;
	for (unsigned i = 0; i < STATE_COUNT; i++) {
		struct jsonline l = jsonline_begin(stdout);
		jsonline_text(&l, "kind", "contacts");
		jsonline_text(&l, "state", contact_state_name(i));
		jsonline_count(&l, "count", counts[i]);
		jsonline_count(&l, "objectors", objectors[i]);
		jsonline_end(&l);
	}
	return STORE_OK;
}

static int report_line(struct session *s, int64_t now)
{
	struct month last = month_before(month_of(now), 1);
	struct ledger_entry sent, written;
	char pair[32];
	snprintf(pair, sizeof pair, "month=%04d-%02d", last.year, last.month);
	if (store_ledger_last(s->store, LEDGER_REPORT_SENT, pair, &sent) ||
		store_ledger_last(s->store, LEDGER_REPORT_WRITTEN, pair, &written))
		return STORE_FAILED;
	struct jsonline l = jsonline_begin(stdout);
	jsonline_text(&l, "kind", "report");
	jsonline_text(&l, "month", pair + strlen("month="));
	jsonline_time(&l, "at", sent.number ? sent.at : 0);
	jsonline_time(&l, "written", written.number ? written.at : 0);
	jsonline_end(&l);
	return STORE_OK;
}

int status_lines(struct session *s, int64_t now)
{
	if (run_line(s) || mailbox_lines(s) || store_stuck(s->store, stuck_line, stdout) ||
		store_alerts(s->store, ALERTS_OPEN, alert_line_of, stdout) ||
		store_investigations(s->store, investigation_line, stdout) ||
		store_waves(s->store, now, wave_line, stdout) || hook_status_line(s, now) ||
		store_sites_present(s->store, site_line, NULL) || contact_lines(s) ||
		report_line(s, now))
		return session_store_failed(s, "status", STORE_FAILED);
	return EXIT_WELL;
}
