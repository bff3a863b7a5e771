/*
 * What the tests of alerts share: hours as the store would have counted them, and what is told.
 */
#ifndef RETOUR_TEST_STORE_ALERT_H
#define RETOUR_TEST_STORE_ALERT_H

#include "tests/unit/store_fixture.h"
#include "store/watch/alert.h"

static struct alert_options rules;
static struct alert seen[4096];
static unsigned seens;

static inline int setup_alerts(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	make_directory();
	alert_standard(&rules);
	if (open_store(test_options(), NOW))
		return -1;
	return db_exec(store, "PRAGMA synchronous = OFF");
}

static inline int take(void *context, const struct alert *a)
{
	(void)context;
	assert_true(seens < 4096);
	seen[seens++] = *a;
	return 0;
}

static inline unsigned list(enum alert_choice choice)
{
	seens = 0;
	ok(store_alerts(store, choice, take, NULL));
	return seens;
}

static void sql(const char *format, ...) __attribute__((format(printf, 1, 2)));

static inline void sql(const char *format, ...)
{
	char text[12288];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	ok(db_exec(store, text));
}

/* N bounces of one class of a provider in the hour of AT, as the store would have counted them. */
static inline void hour(int64_t at, const char *provider, const char *klass, int64_t n)
{
	sql("INSERT INTO notice_hour (hour, provider, hard, soft, block, undetermined, complaint, throttled) VALUES (%lld, '%s', 0, 0, 0, 0, 0, 0)"
	    " ON CONFLICT DO NOTHING",
		(long long)(at / HOUR), provider);
	sql("UPDATE notice_hour SET %s = %s + %lld WHERE hour = %lld AND provider = '%s'", klass,
		klass, (long long)n, (long long)(at / HOUR), provider);
}

static inline void sent(int64_t at, const char *provider, int64_t delivered, int64_t throttled)
{
	sql("INSERT INTO volume_hour VALUES (%lld, '%s', %lld, %lld, %lld, 0) ON CONFLICT DO UPDATE SET delivered = delivered + excluded.delivered,"
	    " throttled = throttled + excluded.throttled",
		(long long)(at / HOUR), provider, (long long)delivered, (long long)throttled,
		(long long)throttled);
}

static inline void look(int64_t now)
{
	ok(store_begin(store));
	ok(store_alerts_watch(store, &rules, now));
	ok(store_alerts_clear(store, &rules, now));
	ok(store_commit(store));
}

/* N notices an hour for so many days before AT. */
static inline void past(int64_t at, int days, const char *provider, const char *klass, int64_t n)
{
	ok(store_begin(store));
	for (int64_t h = 1; h <= days * 24; h++)
		hour(at - h * HOUR, provider, klass, n);
	ok(store_commit(store));
}

static inline const struct alert *open_one(enum alert_condition condition, const char *subject)
{
	list(ALERTS_OPEN);
	for (unsigned i = 0; i < seens; i++)
		if (seen[i].condition == condition && strcmp(seen[i].subject, subject) == 0)
			return &seen[i];
	return NULL;
}

/* Notices and sent mail of a day, as tallies and counts have them. */
static inline void tallied(int64_t at, const char *kind, const char *klass, const char *origin,
	const char *provider, const char *campaign, int64_t n)
{
	sql("INSERT INTO tally VALUES (%d, '%s', '%s', '%s', '%s', '%s', '%s', %lld) ON CONFLICT DO UPDATE SET count = count + excluded.count",
		(int)day_of(at), kind, klass,
		strcmp(kind, "complaint") == 0 ? "abuse" : "user-unknown", origin, provider,
		campaign, (long long)n);
}

static inline void sent_in(int64_t at, const char *provider, const char *campaign, int64_t n)
{
	sql("INSERT INTO volume VALUES (%d, 'list', 0, '%s', '%s', %lld, 0, 0, 0, 0)",
		(int)day_of(at), provider, campaign, (long long)n);
}

static inline void found(enum alert_level level, int64_t now)
{
	struct alert_finding f = { .condition = ALERT_MAILBOX_SILENT,
		.subject = "bounces",
		.level = level,
		.figures = { .value = 7 * HOUR } };

	ok(store_begin(store));
	ok(store_alert_note(store, &rules, &f, now));
	ok(store_alerts_clear(store, &rules, now));
	ok(store_commit(store));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup_alerts, teardown)

#endif
