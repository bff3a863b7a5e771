/* The mails in the queue: within bounds, across a save, and what a damaged save does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "poller/volume/logqueue.h"

#define NOW ((int64_t)1795132800)
enum { SIZE = 4 * 1024 * 1024, PROVIDERS = 77 };

static struct log_line line(const char *id, int64_t at)
{
	return (struct log_line){
		.mta = LOG_POSTFIX, .at = at, .host = SPAN("mta1"), .id = span_of(id)
	};
}

static void saved_and_loaded(void **state)
{
	struct queue *q = queue_new(), *r = queue_new(), *other = queue_new();
	struct log_line l = line("4A1B2C3D4E", NOW), unknown = line("5A1B2C3D4E", NOW);
	struct queued *mail = queue_mail(q, &l, true);
	unsigned char *bytes;
	(void)state;
	queue_name(q, "gone");
	mail->campaign = queue_name(q, "nl10");
	mail->sender = SENDER_OURS;
	queue_wait(mail, 3);
	queue_wait(mail, 3);
	queue_wait(mail, QUEUE_OTHER);
	queue_sweep(q);
	assert_string_equal(queue_campaign(q, mail->campaign), "nl10");
	assert_int_equal(mail->campaign, 1); /* the name that nobody has is gone */
	size_t n = queue_save(q, PROVIDERS, SIZE, &bytes);
	queue_load(r, PROVIDERS, (struct span){ (char *)bytes, n });
	queue_load(other, PROVIDERS + 1, (struct span){ (char *)bytes, n });
	mail = queue_mail(r, &l, false);
	assert_non_null(mail);
	assert_null(queue_mail(r, &unknown, false));
	assert_string_equal(queue_campaign(r, mail->campaign), "nl10");
	assert_int_equal(mail->sender, SENDER_OURS);
	assert_int_equal(mail->waits, 2);
	assert_int_equal(mail->wait[0].provider, 3);
	assert_int_equal(mail->wait[0].count, 2);
	/* with another list of providers its numbers mean nothing */
	assert_int_equal(queue_mail(other, &l, false)->wait[0].provider, QUEUE_OTHER);
	free(bytes);
	queue_free(q);
	queue_free(r);
	queue_free(other);
}

static void what_is_damaged_is_not_there(void **state)
{
	struct queue *q = queue_new();
	struct log_line l = line("4A1B2C3D4E", NOW);
	unsigned char *bytes;
	(void)state;
	queue_mail(q, &l, true)->campaign = queue_name(q, "nl10");
	size_t n = queue_save(q, PROVIDERS, SIZE, &bytes);
	for (size_t i = 0; i < n; i++) {
		struct queue *r = queue_new();
		char *copy = malloc(n);
		memcpy(copy, bytes, n);
		copy[i] ^= 0x5a;
		queue_load(r, PROVIDERS, (struct span){ copy, i % 3 ? n : i });
		struct queued *mail = queue_mail(r, &l, true);
		assert_in_range(mail->sender, SENDER_UNKNOWN, SENDER_FOREIGN);
		assert_in_range(mail->waits, 0, QUEUE_WAITS);
		queue_sweep(r);
		free(copy);
		queue_free(r);
	}
	free(bytes);
	queue_free(q);
}

static void within_bounds(void **state)
{
	struct queue *q = queue_new();
	char id[32];
	unsigned char *bytes;
	unsigned known = 0, old = 0;
	(void)state;
	for (unsigned i = 0; i < 3 * QUEUE_SETS * QUEUE_WAYS; i++) {
		snprintf(id, sizeof id, "%010X", i);
		struct log_line l = line(id, NOW + i);
		queue_mail(q, &l, true)->sender = SENDER_OURS;
	}
	/* the youngest are there, the oldest gave way */
	for (unsigned i = 0; i < 3 * QUEUE_SETS * QUEUE_WAYS; i++) {
		snprintf(id, sizeof id, "%010X", i);
		struct log_line l = line(id, NOW);
		struct queued *mail = queue_mail(q, &l, false);
		known += mail != NULL;
		old += mail && i < QUEUE_SETS;
	}
	/* the ids fall into the sets by chance: in few there is room left */
	assert_in_range(known, QUEUE_SETS * QUEUE_WAYS * 99 / 100, QUEUE_SETS * QUEUE_WAYS);
	assert_in_range(old, 0, QUEUE_SETS / 50);
	size_t n = queue_save(q, PROVIDERS, SIZE, &bytes);
	assert_in_range(n, known * sizeof(struct queued), SIZE);
	free(bytes);
	n = queue_save(q, PROVIDERS, 10000, &bytes);
	assert_in_range(n, 5000, 10000);
	free(bytes);
	queue_free(q);
}

static void too_many_campaigns_are_not_known(void **state)
{
	struct queue *q = queue_new();
	char name[EVENT_CAMPAIGN_SIZE + 8];
	(void)state;
	for (unsigned i = 1; i < QUEUE_CAMPAIGNS_MAX; i++) {
		snprintf(name, sizeof name, "campaign-%u", i);
		assert_int_equal(queue_name(q, name), i);
		assert_int_equal(queue_name(q, name), i);
	}
	assert_int_equal(queue_name(q, "one too many"), 0);
	assert_string_equal(queue_campaign(q, 0), "");
	assert_string_equal(queue_campaign(q, UINT16_MAX), "");
	assert_int_equal(queue_name(q, ""), 0);
	queue_sweep(q);
	assert_int_equal(queue_name(q, "room again"), 1);
	memset(name, 'x', sizeof name);
	name[EVENT_CAMPAIGN_SIZE] = '\0';
	assert_int_equal(queue_name(q, name), 0);
	queue_free(q);
}

static void many_providers_become_others(void **state)
{
	struct queue *q = queue_new();
	struct log_line l = line("4A1B2C3D4E", NOW);
	struct queued *mail = queue_mail(q, &l, true);
	unsigned all = 0;
	(void)state;
	for (uint16_t p = 0; p < 9; p++)
		queue_wait(mail, p);
	assert_int_equal(mail->waits, QUEUE_WAITS);
	for (unsigned i = 0; i < mail->waits; i++)
		all += mail->wait[i].count;
	assert_int_equal(all, 9);
	assert_int_equal(mail->wait[QUEUE_WAITS - 1].provider, QUEUE_OTHER);
	queue_tried(mail);
	assert_int_equal(mail->waits, 0);
	queue_forget(mail);
	assert_null(queue_mail(q, &l, false));
	queue_free(q);
}

static void the_old_leave(void **state)
{
	struct queue *q = queue_new();
	struct log_line old = line("4A1B2C3D4E", NOW - QUEUE_AGE_MAX - 120),
			young = line("5A1B2C3D4E", NOW);
	(void)state;
	queue_mail(q, &old, true);
	queue_sweep(q);
	assert_non_null(queue_mail(q, &old, false));
	queue_mail(q, &young, true);
	queue_sweep(q);
	assert_null(queue_mail(q, &old, false));
	assert_non_null(queue_mail(q, &young, false));
	queue_free(q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(saved_and_loaded),
		cmocka_unit_test(what_is_damaged_is_not_there),
		cmocka_unit_test(within_bounds),
		cmocka_unit_test(too_many_campaigns_are_not_known),
		cmocka_unit_test(many_providers_become_others),
		cmocka_unit_test(the_old_leave),
	};
	return cmocka_run_group_tests_name("mails in the queue of a log", tests, NULL, NULL);
}
