#include "poller/volume/logtally.h"

#include <stdlib.h>
#include <sodium.h>
#include "classify/origin.h"
#include "classify/recipient.h"
#include "classify/rules.h"
#include "classify/verp.h"
#include "poller/run/child.h"

enum {
	CELLS = TALLY_CELLS,
	CELLS_FULL = WIRE_LOG_COUNTS_MAX,
	ROUND_MINUTES = 10, /* sendmail: attempts of one message that are further apart belong to
			       another round */
};

/* --- counts --------------------------------------------------------------- */

int tally_send(struct log_tally *t)
{
	static struct wire_log_count counts[WIRE_LOG_COUNTS_MAX];
	size_t n = 0;
	for (size_t i = 0; i < CELLS && t->cells; i++) {
		const struct tally_cell *c = &t->cell[i];
		if (!c->slot)
			continue;
		counts[n] = (struct wire_log_count){ .slot = c->slot,
			.provider = c->provider == QUEUE_OTHER ? WIRE_LOG_OTHER : c->provider };
		memcpy(counts[n].count, c->count, sizeof c->count);
		strcpy(counts[n++].campaign, queue_campaign(t->queue, c->campaign));
	}
	memset(t->cell, 0, sizeof t->cell);
	t->cells = 0;
	return n ? wire_send(CHILD_FD, WIRE_LOG_COUNTS, counts, n * sizeof *counts, NULL, 0) : 0;
}

static int count_delivery(struct log_tally *t, int64_t at, uint16_t provider, uint16_t campaign,
	enum log_outcome outcome, uint32_t n)
{
	uint32_t slot = (uint32_t)(at / WIRE_LOG_SLOT);
	uint32_t i = (slot * 2654435761u ^ provider * 40503u ^ campaign * 9973u) % CELLS;
	t->mark.outcome[outcome] += n;
	while (t->cell[i].slot &&
		(t->cell[i].slot != slot || t->cell[i].provider != provider ||
			t->cell[i].campaign != campaign))
		i = (i + 1) % CELLS;
	if (!t->cell[i].slot) {
		t->cell[i] = (struct tally_cell){
			.slot = slot, .provider = provider, .campaign = campaign
		};
		t->cells++;
	}
	t->cell[i].count[outcome] += n;
	return t->cells < CELLS_FULL ? 0 : tally_send(t);
}

/* --- lines ---------------------------------------------------------------- */

static bool is_our_sender(const struct log_tally *t, struct span domain)
{
	const char *at = t->options.verp ? strrchr(t->options.verp, '@') : NULL;
	return origin_is_ours(&t->options, domain) ||
		(at && span_equal_nocase(domain, span_of(at + 1)));
}

static enum queue_sender sender_of(const struct log_tally *t, struct span sender)
{
	struct span local = address_local(sender), domain = address_domain(sender);
	if (!sender.n || span_equal_nocase(local, SPAN("double-bounce")) ||
		span_equal_nocase(local, SPAN("MAILER-DAEMON")) ||
		(!domain.n && span_equal_nocase(sender, SPAN("MAILER-DAEMON"))))
		return SENDER_BOUNCE;
	/* an unqualified sender is a user of the host */
	return !domain.n || !t->options.domains[0] || is_our_sender(t, domain) ? SENDER_OURS
									       : SENDER_FOREIGN;
}

/* What the return path says, as it does when a bounce comes back to it. */
static uint16_t campaign_of(struct log_tally *t, struct span sender)
{
	char buffer[EVENT_ADDRESS_SIZE], name[EVENT_CAMPAIGN_SIZE] = "";
	struct verp v;
	struct span address = origin_unwrap(sender, buffer),
		    token = origin_token(t->options.verp, address);
	uint16_t number;
	if (token.n && verp_decode(token, &v))
		number = queue_name(t->queue, v.campaign);
	else {
		origin_campaign(address, &t->no_headers, name);
		number = queue_name(t->queue, name);
	}
	sodium_memzero(&v, sizeof v);
	sodium_memzero(buffer, sizeof buffer);
	return number;
}

static void take_sender(struct log_tally *t, const struct log_line *l)
{
	struct queued *mail = queue_mail(t->queue, l, true);
	bool first = mail->sender == SENDER_UNKNOWN;
	queue_heard(t->queue, mail, l);
	mail->sender = (uint8_t)sender_of(t, l->sender);
	if (!l->names_sender || l->what == LOG_ATTEMPT)
		queue_tried(mail);
	uint16_t campaign = first && mail->sender == SENDER_OURS ? campaign_of(t, l->sender) : 0;
	if (campaign)
		mail->campaign = campaign;
}

/* A logged header names the campaign where the return path does not. */
static void take_campaign(struct log_tally *t, const struct log_line *l)
{
	char name[EVENT_CAMPAIGN_SIZE];
	if (!origin_copy_campaign(
		    origin_configured_campaign(&t->options, l->header, l->sender), name))
		return;
	struct queued *mail = queue_mail(t->queue, l, true);
	if (!mail->campaign)
		mail->campaign = queue_name(t->queue, name);
}

/* Each of its recipients, for MAIL as it is known; NULL: its arrival is in no log. */
static int count_recipients(struct log_tally *t, const struct log_line *l, struct queued *mail)
{
	enum queue_sender sender = mail ? (enum queue_sender)mail->sender : SENDER_UNKNOWN;
	bool deferred = l->outcome == LOG_DEFERRED || l->outcome == LOG_THROTTLED;
	struct span rest = l->recipients, domain;
	int result = 0;
	while (!result && log_recipient(&rest, &domain)) {
		if (l->reach == LOG_HOP)
			t->mark.hops++;
		else if (l->reach == LOG_LOCAL || !domain.n || is_our_sender(t, domain))
			t->mark.own++;
		else if (sender == SENDER_BOUNCE)
			t->mark.bounces++;
		else if (sender == SENDER_FOREIGN)
			t->mark.foreign++;
		else {
			uint16_t provider = providernumbers_find(
				&t->providers, t->rules, l->relay, domain);
			if (deferred)
				queue_wait(mail ? mail : (mail = queue_mail(t->queue, l, true)),
					provider);
			result = count_delivery(
				t, l->at, provider, mail ? mail->campaign : 0, l->outcome, 1);
		}
	}
	return result;
}

static int take_attempt(struct log_tally *t, const struct log_line *l)
{
	struct queued *mail = queue_mail(t->queue, l, false);
	/* sendmail does not say when it begins a round */
	if (mail && l->mta == LOG_SENDMAIL && mail->waits &&
		l->at / 60 > (int64_t)mail->minute + ROUND_MINUTES)
		queue_tried(mail);
	if (mail)
		queue_heard(t->queue, mail, l);
	return count_recipients(t, l, mail);
}

/* A line that says all of an attempt, and names no mail that another line could be about. */
static int take_record(struct log_tally *t, const struct log_line *l)
{
	struct queued mail = { .sender = (uint8_t)sender_of(t, l->sender) };
	char name[EVENT_CAMPAIGN_SIZE];
	if (mail.sender == SENDER_OURS)
		mail.campaign = campaign_of(t, l->sender);
	if (!mail.campaign && l->job.n && origin_copy_campaign(l->job, name))
		mail.campaign = queue_name(t->queue, name);
	return count_recipients(t, l, &mail);
}

/* qmail: a delivery has a number of its own, and its end names nothing else. */
static void take_start(struct log_tally *t, const struct log_line *l)
{
	struct log_line whole = *l;
	struct span rest = l->recipients, domain = { 0 };
	whole.id = l->notice;
	struct queued *found = queue_mail(t->queue, &whole, false);
	struct queued mail = found ? *found : (struct queued){ 0 };
	struct queued *delivery = queue_mail(t->queue, l, true);
	delivery->sender = mail.sender;
	delivery->campaign = mail.campaign;
	queue_tried(delivery);
	queue_heard(t->queue, delivery, l);
	if (l->reach == LOG_REMOTE && log_recipient(&rest, &domain) && domain.n &&
		!is_our_sender(t, domain))
		queue_wait(
			delivery, providernumbers_find(&t->providers, t->rules, l->relay, domain));
}

static int take_tally_end(struct log_tally *t, const struct log_line *l)
{
	struct queued *delivery = queue_mail(t->queue, l, false);
	int result = 0;
	if (!delivery)
		return 0;
	if (!delivery->waits)
		t->mark.own++;
	else if (delivery->sender == SENDER_BOUNCE)
		t->mark.bounces++;
	else if (delivery->sender == SENDER_FOREIGN)
		t->mark.foreign++;
	else
		result = count_delivery(
			t, l->at, delivery->wait[0].provider, delivery->campaign, l->outcome, 1);
	queue_forget(delivery);
	return result;
}

/* Its sender is the null one, though the log does not say so. */
static void take_notice(struct log_tally *t, const struct log_line *l)
{
	struct log_line notice = *l;
	notice.id = l->notice;
	struct queued *mail = queue_mail(t->queue, &notice, true);
	queue_heard(t->queue, mail, l);
	mail->sender = SENDER_BOUNCE;
}

static int take_expiry(struct log_tally *t, const struct log_line *l)
{
	struct queued *mail = queue_mail(t->queue, l, false);
	int result = 0;
	for (unsigned i = 0; mail && i < mail->waits && !result; i++)
		result = count_delivery(t, l->at, mail->wait[i].provider, mail->campaign,
			LOG_REJECTED, mail->wait[i].count);
	if (mail)
		queue_tried(mail);
	return result;
}

int tally_line(struct log_tally *t, const struct log_line *l)
{
	struct queued *mail;
	if (l->notice.n && l->what != LOG_STARTED)
		take_notice(t, l);
	if (l->names_sender && !l->id.n)
		return take_record(t, l);
	if (l->names_sender)
		take_sender(t, l);
	switch (l->what) {
	case LOG_ARRIVED:
		take_sender(t, l);
		return 0;
	case LOG_CAMPAIGN:
		take_campaign(t, l);
		return 0;
	case LOG_ATTEMPT:
		return take_attempt(t, l);
	case LOG_STARTED:
		take_start(t, l);
		return 0;
	case LOG_ENDED:
		return take_tally_end(t, l);
	case LOG_EXPIRED:
		return take_expiry(t, l);
	case LOG_DONE:
		if ((mail = queue_mail(t->queue, l, false)))
			queue_forget(mail);
		return 0;
	case LOG_NOTHING:
		break;
	}
	return 0;
}

/* --- its life ------------------------------------------------------------- */

struct log_tally *tally_new(struct rules *rules, const struct classify_options *options)
{
	struct log_tally *t = calloc(1, sizeof *t);
	struct fields no_fields;
	if (!t)
		return NULL;
	t->options = *options;
	t->rules = rules;
	fields_clear(&no_fields);
	returned_read(&t->options, &no_fields, &t->no_headers);
	t->queue = queue_new();
	if (!t->queue || providernumbers_load(&t->providers, t->rules)) {
		tally_free(t);
		return NULL;
	}
	return t;
}

void tally_free(struct log_tally *t)
{
	if (!t)
		return;
	queue_free(t->queue);
	providernumbers_free(&t->providers);
	free(t);
}
