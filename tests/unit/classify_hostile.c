/*
 * Reports cut, flipped and doubled at random places (the seed is fixed) never crash, never give an
 * event that the run would refuse, and never take longer than their bytes deserve. Built with
 * sanitizers this is where they look.
 */
#include "classify_fixture.h"

static const char *const SEEDS[] = {
	"Return-Path: <>\nFrom: MAILER-DAEMON@example.net\nTo: news@example.com\nSubject: =?utf-8?q?Undelivered_mail?=\n"
	"Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\n\n--b\n\nthe following addresses failed:\n\n"
	"<a@example.net>: 550 5.1.1 user unknown\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\n"
	"Final-Recipient: rfc822; a@example.net\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 user unknown\n\n"
	"--b\nContent-Type: message/rfc822\n\nFrom: news@example.com\nMessage-ID: <1@example.com>\n\n--b--\n",
	"From: fbl@example.net\nContent-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\n"
	"Original-Rcpt-To: a@example.net\nSource-IP: 192.0.2.1\n\n--b\nContent-Type: message/rfc822\n\nTo: a@example.net\n\n--b--\n",
	"From: MAILER-DAEMON@example.net\nSubject: delivery failure\nContent-Type: text/html; charset=iso-2022-jp\n"
	"Content-Transfer-Encoding: quoted-printable\n\n<p>could not be delivered to &lt;a@example.net&gt;</p>\x1b$B$3\x1b(B=20=E4\n",
	"From: x@example.net\n\n{\"notificationType\":\"Bounce\",\"bouncedRecipients\":[{\"emailAddress\":\"a@example.net\",\"status\":\"5.1.1\"}]}\n",
};

static uint32_t state_of_chance;

static uint32_t chance(uint32_t below)
{
	state_of_chance = state_of_chance * 1664525u + 1013904223u;
	return (state_of_chance >> 8) % below;
}

static size_t mutate(char *text, size_t n, size_t room)
{
	static const char bytes[] = "\0\n\r:;=\"<>@-(){}\x1b\xff\xc3 b";
	for (uint32_t i = chance(6) + 1; i-- > 0 && n;) {
		size_t at = chance((uint32_t)n), length = chance(40) + 1;
		if (at + length > n)
			length = n - at;
		switch (chance(4)) {
		case 0:
			text[at] = bytes[chance(sizeof bytes - 1)];
			break;
		case 1:
			memmove(text + at, text + at + length, n - at - length);
			n -= length;
			break;
		case 2:
			if (n + length <= room) {
				memmove(text + at + length, text + at, n - at);
				n += length;
			}
			break;
		default:
			n = at;
			break;
		}
	}
	return n;
}

static void ignore(void *context, const void *bytes, size_t n)
{
	(void)context;
	(void)bytes;
	(void)n;
}

static void survives_mutations(void **state)
{
	(void)state;
	enum { ROUNDS = 8000, ROOM = 4096 };
	struct rules *rules = fixture_rules();
	struct workspace *w = workspace_new();
	size_t events = 0;
	assert_non_null(w);
	state_of_chance = 20261102;
	for (int i = 0; i < ROUNDS; i++) {
		const char *seed = SEEDS[i % 4];
		char *room = malloc(ROOM);
		assert_non_null(room);
		strcpy(room, seed);
		size_t n = mutate(room, strlen(seed), ROOM);
		char *text = malloc(
			n ? n
			  : 1); /* exactly as long: the sanitizer sees the first byte too many */
		assert_non_null(text);
		memcpy(text, room, n);
		free(room);
		struct kept kept = { .count = 0 };
		struct outcome out;
		struct message m = { .bytes = { text, n } };
		assert_int_equal(classify(rules, &FIXTURE_OPTIONS, w, &m, keep, &kept, &out), 0);
		assert_true(kept.count > 0);
		assert_int_equal(kept.invalid, 0);
		message_identity(&m, ignore, NULL);
		events += out.events;
		free(text);
	}
	assert_true(events > ROUNDS / 4); /* the mutations leave something to read */
	workspace_free(w);
	rules_free(rules);
}

static void stops_when_told(void **state)
{
	(void)state;
	struct rules *rules = fixture_rules();
	struct workspace *w = workspace_new();
	struct kept kept = { .stop_after = 1 };
	struct outcome out;
	struct message m = {
		.bytes = SPAN(
			"X-Failed-Recipients: a@example.net, b@example.net\nFrom: MAILER-DAEMON@example.net\n\nuser unknown\n")
	};
	assert_non_null(w);
	assert_int_equal(classify(rules, &FIXTURE_OPTIONS, w, &m, keep, &kept, &out), 7);
	assert_int_equal(kept.count, 1);
	workspace_free(w);
	rules_free(rules);
}

/*
 * More recipients than CLASSIFY_EVENTS_MAX: the limit is kept and said. Exactly so many, some of
 * them named again, are not too many.
 */
static void classify_so_many(int recipients, int named_again, size_t events, bool overflow)
{
	char *text = malloc((size_t)(recipients + named_again) * 64 + 512);
	assert_non_null(text);
	size_t n = (size_t)sprintf(text,
		"From: MAILER-DAEMON@example.net\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\n");
	for (int i = 0; i < recipients + named_again; i++)
		n += (size_t)sprintf(text + n,
			"Final-Recipient: rfc822; u%d@example.net\nAction: failed\n\n",
			i % recipients);
	struct rules *rules = fixture_rules();
	struct workspace *w = workspace_new();
	struct kept kept = { .count = 0 };
	struct outcome out;
	struct message m = { .bytes = { text, n } };
	double begin = seconds_now();
	assert_non_null(w);
	assert_int_equal(classify(rules, &FIXTURE_OPTIONS, w, &m, keep, &kept, &out), 0);
	assert_int_equal(kept.count, events);
	assert_int_equal(out.overflow, overflow);
	assert_true(seconds_now() - begin < 10);
	workspace_free(w);
	rules_free(rules);
	free(text);
}

static void keeps_to_the_limit_of_events(void **state)
{
	(void)state;
	classify_so_many(CLASSIFY_EVENTS_MAX + 10, 0, CLASSIFY_EVENTS_MAX, true);
	classify_so_many(CLASSIFY_EVENTS_MAX, 10, CLASSIFY_EVENTS_MAX, false);
}

static int keep_recipient(void *context, const struct event *e)
{
	strcpy(context, e->recipient);
	return 0;
}

/* A mail cut at any byte names the recipient that it named whole, or nobody: never "a@exam". */
static void invents_no_address_where_it_is_cut(void **state)
{
	(void)state;
	struct rules *rules = fixture_rules();
	struct workspace *w = workspace_new();
	char recipient[EVENT_ADDRESS_SIZE] = "";
	size_t named = 0;
	assert_non_null(w);
	for (size_t s = 0; s < sizeof SEEDS / sizeof SEEDS[0]; s++)
		for (size_t n = 0; n <= strlen(SEEDS[s]); n++) {
			struct message m = { .bytes = { SEEDS[s], n },
				.truncated = n < strlen(SEEDS[s]) };
			struct outcome out;
			assert_int_equal(classify(rules, &FIXTURE_OPTIONS, w, &m, keep_recipient,
						 recipient, &out),
				0);
			if (recipient[0] && strcmp(recipient, "a@example.net"))
				fail_msg("seed %zu cut at %zu: %s", s, n, recipient);
			named += recipient[0] != 0;
		}
	assert_true(named > 300);
	workspace_free(w);
	rules_free(rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(survives_mutations),
		cmocka_unit_test(stops_when_told),
		cmocka_unit_test(keeps_to_the_limit_of_events),
		cmocka_unit_test(invents_no_address_where_it_is_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
