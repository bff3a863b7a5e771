#include "poller/command/served.h"

#include "classify/base/clock.h"
#include "classify/base/log.h"
#include "poller/command/commands.h"
#include "poller/command/opening.h"

static void note_outgrown(struct served *s)
{
	if (s->outgrown || !store_outgrown(s->session.store))
		return;
	s->outgrown = true;
	log_error("serve: ending, so that the newer retour is started in its place");
}

void served_close(struct served *s)
{
	note_outgrown(s);
	if (s->known)
		store_close(s->session.store);
	s->session.store = NULL;
	s->open = s->held = false;
}

void served_end(struct served *s)
{
	if (s->known)
		session_close(&s->session);
	s->known = s->open = s->held = false;
}

/* Rules and what else is not of the store are read once: no other file is opened later. */
int served_open(struct served *s)
{
	served_close(s);
	int result = s->known ? session_reopen(&s->session, clock_now())
			      : session_open(&s->session, s->config, SESSION_ANSWER, clock_now());
	s->known = s->open = true;
	if (result != EXIT_WELL)
		served_close(s);
	return result;
}

/* A transaction for each question would cost more than its answer. */
static int hold_store(struct served *s)
{
	if (s->held)
		return STORE_OK;
	int result = store_snapshot(s->session.store, true);
	s->held = !result;
	return result;
}

void served_rest(struct served *s)
{
	if (!s->held)
		return;
	s->held = false;
	if (store_snapshot(s->session.store, false)) {
		log_error("serve: %s", store_error(s->session.store));
		served_close(s);
	}
}

int served_check(
	struct served *s, const char *address, size_t n, unsigned stream, struct answer *out)
{
	int result = STORE_FAILED;
	s->asked++;
	if (s->open || served_open(s) == EXIT_WELL) {
		result = hold_store(s);
		if (!result)
			result = store_check_stream(
				s->session.store, address, n, stream, clock_now(), out);
		if (result && result != STORE_MISUSE)
			log_error("serve: %s", store_error(s->session.store));
	}
	s->failing = result && result != STORE_MISUSE;
	if (s->failing) {
		served_close(s);
		s->failed++;
	}
	s->refused += !result && out->verdict == VERDICT_SUPPRESS;
	s->deferred += !result && out->verdict == VERDICT_HOLD;
	return result;
}
