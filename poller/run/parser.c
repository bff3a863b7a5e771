/*
 * The parser process: mail in, events out. It has neither keys nor network nor
 * files (sandbox.c), so whatever a mail does to it costs that mail and nothing else.
 */
#include "poller/run/parser.h"

#include <stdlib.h>
#include <string.h>
#include <sodium.h>
#include "classify/base/exitcode.h"
#include "classify/rules.h"
#include "poller/run/child.h"
#include "classify/base/log.h"
#include "classify/base/wipe.h"
#include "poller/run/sandbox.h"
#include "poller/run/wire.h"

struct parser {
	struct rules *rules;
	struct classify_options options;
	struct workspace *workspace;
	struct event
		last; /* of the message: it goes together with what ends the message's events */
	bool waits;
};

static int send_event(void *context, const struct event *event)
{
	struct parser *p = context;
	if (p->waits && wire_send(CHILD_FD, WIRE_EVENT, &p->last, sizeof p->last, NULL, 0))
		return -1;
	p->last = *event;
	p->waits = true;
	return 0;
}

static int send_parsed(struct parser *p, const struct wire_parsed *parsed)
{
	if (!p->waits)
		return wire_send(CHILD_FD, WIRE_PARSED, parsed, sizeof *parsed, NULL, 0);
	p->waits = false;
	int result = wire_send_both(CHILD_FD, WIRE_EVENT, &p->last, sizeof p->last, WIRE_PARSED,
		parsed, sizeof *parsed);
	sodium_memzero(&p->last, sizeof p->last);
	return result;
}

static void feed_hash(void *context, const void *bytes, size_t n)
{
	crypto_generichash_update(context, bytes, n);
}

/* The digest is not secret: the store makes the message's key of it with a key of its own. */
static void identify_message(const struct message *m, struct wire_parsed *parsed)
{
	crypto_generichash_state state;
	crypto_generichash_init(&state, NULL, 0, STORE_DIGEST_SIZE);
	parsed->dated = message_identity(m, feed_hash, &state);
	crypto_generichash_final(&state, parsed->digest, STORE_DIGEST_SIZE);
}

/* Its id is only hashed: it may hold anything. */
static int send_summary(void *context, const struct summary *s)
{
	struct wire_summary w = { .head = s->head };
	crypto_generichash_state state;
	(void)context;
	crypto_generichash_init(&state, NULL, 0, STORE_DIGEST_SIZE);
	summary_identity(&s->head, feed_hash, &state);
	crypto_generichash_final(&state, w.digest, STORE_DIGEST_SIZE);
	memset(w.head.id, 0, sizeof w.head.id);
	return wire_send(CHILD_FD, WIRE_SUMMARY, &w, sizeof w, s->row, s->rows * sizeof *s->row);
}

#ifdef RETOUR_TEST_CRASH /* what a mail might make of a parser with a hole: the tests say which by \
			    a header field */
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
/*
 * Whether it is to keep the receiver's words as they came: what looks for addresses must find them
 * then.
 */
static bool misbehave(struct span mail)
{
	static const char field[] = "X-Retour-Test: ";
	const char *found = memmem(mail.p, mail.n, field, sizeof field - 1);
	struct span deed = found ? (struct span){ found + sizeof field - 1,
		mail.n - (size_t)(found + sizeof field - 1 - mail.p) }
				 : SPAN("");
	volatile bool for_ever = true;
	if (span_starts_nocase(deed, SPAN("crash")))
		abort();
	else if (span_starts_nocase(deed, SPAN("spin")))
		while (for_ever)
			;
	else if (span_starts_nocase(deed, SPAN("sleep")))
		recv(CHILD_FD, &(char){ 0 }, 1, 0);
	else if (span_starts_nocase(deed, SPAN("memory")))
		for (size_t n = 1 << 20; n; n *= 2)
			explicit_bzero(malloc(n), n); /* which no compiler leaves out */
	else if (span_starts_nocase(deed, SPAN("open")))
		open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	else if (span_starts_nocase(deed, SPAN("socket")))
		socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	else if (span_starts_nocase(deed, SPAN("fork")))
		fork();
	else if (span_starts_nocase(deed, SPAN("exec")))
		execl("/bin/true", "true", (char *)NULL);
	else if (span_starts_nocase(deed, SPAN("kill")))
		kill(1, 0);
	else if (span_starts_nocase(deed, SPAN("limit")))
		prlimit(1, RLIMIT_CPU, NULL, &(struct rlimit){ 0, 0 });
	return span_starts_nocase(deed, SPAN("leak"));
}
#endif

static int parse(struct parser *p, const unsigned char *payload, size_t n)
{
	struct wire_message head;
	struct wire_parsed parsed = { 0 };
	struct outcome outcome = { 0 };
	memcpy(&head, payload, sizeof head);
	struct message m = { .bytes = { (const char *)payload + sizeof head, n - sizeof head },
		.arrived = head.arrived,
		.truncated = head.truncated };
	struct classify_options options = p->options;
	options.summarise = send_summary;
#ifdef RETOUR_TEST_CRASH
	options.redact = options.redact && !misbehave(m.bytes);
#endif
	identify_message(&m, &parsed);
	if (classify(p->rules, &options, p->workspace, &m, send_event, p, &outcome))
		return -1;
	parsed.id = head.id;
	parsed.arrived = outcome.arrived;
	parsed.events = outcome.events;
	parsed.overflow = outcome.overflow;
	return send_parsed(p, &parsed);
}

/* For good, and with all that a mail may need inside. */
static void parser_close_door(void)
{
	char error[512];

	summary_prepare();
	if (sandbox_enter(CHILD_FD, error, sizeof error))
		log_warning("parser: %s; it runs with the rights of its user", error);
}

/*
 * The door is closed before it is ready: who dies while libraries are loaded has not died of a
 * mail, which would go to quarantine for it.
 */
int parser_serve(struct rules *rules, const struct classify_options *options)
{
	struct parser p = { .rules = rules, .options = *options };
	struct wire_ahead ahead = { 0 };
	unsigned char *payload = NULL;
	size_t capacity = 0;
	struct wire_head head;
	int result = EXIT_LOST;

	p.workspace = workspace_new();
	parser_close_door();
	if (!p.workspace || wire_send(CHILD_FD, WIRE_READY, NULL, 0, NULL, 0))
		goto out;
	for (;;) {
		int got = wire_receive_ahead(&ahead, CHILD_FD, &head, &payload, &capacity);
		if (got <= 0 || head.type != WIRE_MESSAGE) {
			result = got == 0 ? EXIT_WELL : EXIT_LOST;
			break;
		}
		sandbox_new_budget();
		if (parse(&p, payload, head.length))
			break;
		sodium_memzero(payload, head.length);
	}
out:
	wire_ahead_free(&ahead);
	wipe_free(payload, capacity);
	workspace_free(p.workspace);
	return result;
}
