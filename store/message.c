/*
 * From an event to what is stored of it, and a message with its events into the store.
 *
 * A message is known again by BLAKE2b-128 under message.key of "retour seen 1" NUL digest, where
 * the digest is that of message_identity(): whoever has the database alone cannot tell whether a
 * given message was among them.
 */
#include <sodium.h>
#include <stdio.h>
#include <time.h>
#include "classify/redact.h"
#include "store/cause.h"
#include "store/contact.h"
#include "store/internal.h"
#include "store/news.h"
#include "store/ownkeys.h"
#include "store/wave.h"
#include "store/wording.h"
#include "store/held.h"
#include "store/hour.h"
#include "store/message.h"
#include "store/nodomain.h"
#include "store/pseudonym.h"
#include "store/seen.h"
#include "store/tally.h"
#include "store/typing.h"
#include "store/verp.h"

/*
 * With [privacy] domains = all an event without a profile keeps the recipient's domain, for as long
 * as the event lasts; a longer one than the column is "other".
 */
static void pack_provider(const struct store *s, const struct event *e, const char *canonical,
	size_t n, struct packed *p)
{
	const char *domain = n ? (const char *)memrchr(canonical, '@', n) + 1 : NULL;
	size_t domain_n = domain ? (size_t)(canonical + n - domain) : 0;

	p->profiled = e->provider[0] != '\0';
	if (p->profiled)
		memcpy(p->provider, e->provider, strnlen(e->provider, sizeof e->provider - 1));
	else if (s->o.all_domains && domain_n && domain_n < sizeof p->provider)
		memcpy(p->provider, domain, domain_n);
	else
		memcpy(p->provider, "other", sizeof "other");
}

/*
 * A redacted text names no address; one that does was not redacted, and is not kept. Cut at a
 * character's boundary.
 */
static void pack_diagnostic(const struct store *s, const struct event *e, struct packed *p)
{
	size_t n = strnlen(e->diagnostic, sizeof e->diagnostic);

	if (!s->o.keep_diagnostics || n == sizeof e->diagnostic ||
		names_address((struct span){ e->diagnostic, n }))
		return;
	if (n >= sizeof p->diagnostic) {
		n = sizeof p->diagnostic - 1;
		while (n && ((unsigned char)e->diagnostic[n] & 0xc0) == 0x80)
			n--;
	}
	memcpy(p->diagnostic, e->diagnostic, n);
}

/*
 * A receiver without a profile is told from others by the last labels of its host: three where the
 * second one is as short as that of a country's registry (co.uk).
 */
static uint32_t pack_host(const struct store *s, const struct event *e)
{
	const char *host = e->remote_mta, *label = host + strnlen(host, sizeof e->remote_mta);
	size_t n = 0;

	for (unsigned labels = 0; label > host; label--, n++)
		if (label[-1] == '.' && label[0] && ++labels >= 2 && (labels > 2 || n > 6))
			break;
	return cause_number(s, CAUSE_HOST, label);
}

static int pack_recipient(struct store *s, const struct event *e, int64_t now, struct packed *p)
{
	char canonical[CANONICAL_SIZE];
	size_t n = address_canonical(e->recipient, strnlen(e->recipient, sizeof e->recipient),
		store_folding(s), canonical);
	int result = STORE_OK;

	pack_provider(s, e, canonical, n, p);
	typing_pack(s, canonical, n, p);
	nodomain_pack(s, canonical, n, p);
	if (n) {
		const unsigned char *month = keys_month(s, month_of_time(p->at), now);
		if (month) {
			keys_contact_pseudonym(s, 0, ALL_SEALS, canonical, n, p->contact);
			for (unsigned i = 0; i < keys_old_states(s); i++)
				keys_contact_pseudonym(
					s, i + 1, ALL_SEALS, canonical, n, p->old_contact[i]);
			pseudonym(p->pseudonym, PSEUDONYM_EVENT, month, canonical, n);
			p->known = 1;
			if (s->o.tell && p->origin >= s->o.act_on)
				news_hear(s, p->contact, e->recipient,
					strnlen(e->recipient, sizeof e->recipient));
		} else {
			result = STORE_KEYS;
		}
	}
	sodium_memzero(canonical, sizeof canonical);
	return result;
}

/* E is the caller's copy, which a valid token corrects. */
static int pack(struct store *s, struct event *event, int64_t now, struct packed_event *out)
{
	struct packed p = { .at = clamp_time(event->arrived, now) };
	int result;

	if (s->o.read_only)
		return store_fail(s, STORE_MISUSE, "pack on a store opened for reading");
	p.day = day_of(p.at);
	p.kind = event->kind;
	p.klass = event->klass;
	p.category = event->category;
	p.origin = (uint8_t)verp_prove(s, event, p.at);
	p.reply = event->reply;
	p.margin = event->margin;
	status_text(event->status, p.status);
	size_t campaign_n = strnlen(event->campaign, sizeof p.campaign - 1);
	if (!names_address((struct span){ event->campaign, campaign_n }))
		memcpy(p.campaign, event->campaign, campaign_n);
	memcpy(p.rule, event->rule, strnlen(event->rule, sizeof p.rule - 1));
	s->present = larger(s->present, now);
	p.stream = stream_of_event(s, event);
	p.mta = cause_number(s, CAUSE_MTA, event->reporting_mta);
	if (p.klass == CLASS_HARD && wave_note_host(s, p.mta, event->reporting_mta))
		return STORE_FAILED;
	p.host = p.klass == CLASS_BLOCK ? pack_host(s, event) : 0;
	/*
	 * what came of age before it even arrived here (mail that lay long in its mailbox) is not
	 * kept first and purged then
	 */
	if (!store_is_over(s, RETAIN_DIAGNOSTICS, p.at, now))
		pack_diagnostic(s, event, &p);
	result = pack_recipient(s, event, now, &p);
	p.answer = answer_number(s, p.profiled ? p.provider : "", p.reply, p.status, p.diagnostic);
	memset(out, 0, sizeof *out);
	if (!result)
		memcpy(out, &p, sizeof p);
	return result;
}

int store_pack(struct store *s, const struct event *event, int64_t now, struct packed_event *out)
{
	struct event own = *event;
	int result = pack(s, &own, now, out);

	sodium_memzero(&own, sizeof own);
	return result;
}

bool store_may_act(const struct store *s, const struct packed_event *e)
{
	struct packed p;

	memcpy(&p, e, sizeof p);
	return p.known && p.origin >= s->o.act_on;
}

int seen_mark(struct store *s, const char *what, const unsigned char digest[STORE_DIGEST_SIZE],
	uint16_t dated, int64_t now, bool *is_new)
{
	crypto_generichash_state state;
	unsigned char key[MESSAGE_KEY_SIZE];

	crypto_generichash_init(&state, keys_message(s), KEY_SIZE, sizeof key);
	crypto_generichash_update(&state, (const unsigned char *)what, strlen(what) + 1);
	crypto_generichash_update(&state, digest, STORE_DIGEST_SIZE);
	crypto_generichash_final(&state, key, sizeof key);
	return seen_add(s, key, dated, now, is_new);
}

static int add_event(struct store *s, const struct packed *p, const char *mailbox)
{
	if (held_note(s, HELD_EVENTS, p->at, 1) ||
		(*p->diagnostic && held_note(s, HELD_DIAGNOSTICS, p->at, 1)))
		return STORE_FAILED;
	int n = p->known ? PSEUDONYM_SIZE : 0;
	int64_t number = 0;
	if (!p->profiled && strcmp(p->provider, "other") != 0 &&
		db_run(s, SQL_CAMPAIGN_ADD, "it", (int64_t)p->day, ""))
		return STORE_FAILED;
	for (int tries = 0; tries < 2; tries++) {
		if (db_run(s, SQL_EVENT_ADD, "ibtTTTiTtTttTiiT", p->at, p->pseudonym, n,
			    kind_name(p->kind), class_name(p->klass), category_name(p->category),
			    p->status, (int64_t)p->reply, p->rule, p->provider, p->campaign,
			    origin_name(p->origin), mailbox, p->diagnostic, number,
			    (int64_t)p->margin, store_stream_name(s, p->stream)))
			return STORE_FAILED;
		if (sqlite3_changes(s->db))
			return STORE_OK;
		if (db_int(s, &number, SQL_EVENT_NUMBER, "ib", p->at, p->pseudonym, n))
			return STORE_FAILED;
	}
	return store_fail(s, STORE_FAILED, "%s: an event cannot be added", s->o.path);
}

/* A proven token has one recipient: a report that names it twice in other words counts once. */
static bool is_repeated(const struct packed_event *events, size_t i)
{
	struct packed first, p;

	memcpy(&p, &events[i], sizeof p);
	memcpy(&first, &events[0], sizeof first);
	return i && p.origin == ORIGIN_VERIFIED && p.known && first.known &&
		memcmp(p.contact, first.contact, PSEUDONYM_SIZE) == 0;
}

int store_message(struct store *s, const struct store_message *m, const struct packed_event *events,
	size_t count, int64_t now, enum store_message_result *result)
{
	int64_t at = clamp_time(m->arrived, now);
	struct packed p;
	bool is_new;

	if (!s->in_transaction)
		return store_fail(s, STORE_MISUSE, "message outside a transaction");
	if (seen_mark(s, "retour seen 1", m->digest, m->dated, now, &is_new))
		return STORE_FAILED;
	*result = is_new ? MESSAGE_NEW : MESSAGE_DUPLICATE;
	const char *outcome = m->recognised ? "new" : "unrecognised";
	if (count_message(s, day_of(at), m->mailbox, is_new ? outcome : "duplicate"))
		return STORE_FAILED;
	for (size_t i = 0; is_new && i < count; i++) {
		memcpy(&p, &events[i], sizeof p);
		if (p.kind == KIND_NONE || p.kind == KIND_SUMMARY || is_repeated(events, i))
			continue;
		if (add_event(s, &p, m->mailbox) || tally_add(s, &p) || wording_due(s, &p) ||
			stream_count(s, &p) || typing_add(s, &p) || nodomain_add(s, &p) ||
			hours_add(s, &p, now) || pending_add(s, &p))
			return STORE_FAILED;
	}
	return STORE_OK;
}
