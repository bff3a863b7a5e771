/*
 * The bytes of a contact's history: what an earlier version wrote is read.
 */
#include "tests/unit/store_fixture.h"
#include "store/history/history.h"

/* --- as earlier versions wrote it ------------------------------------------ */

static unsigned char *put_bytes(unsigned char *p, uint64_t v, unsigned bytes)
{
	for (unsigned i = bytes; i-- > 0; v >>= 8)
		p[i] = (unsigned char)v;
	return p + bytes;
}

static unsigned char *put_words(unsigned char *p, const char *text)
{
	p = put_bytes(p, strlen(text), 1);
	memcpy(p, text, strlen(text));
	return p + strlen(text);
}

static unsigned char *put_reference(unsigned char *p, struct reference r, unsigned version)
{
	p = put_bytes(put_bytes(p, r.cause, 1), r.campaign, 4);
	return version == 4 ? put_bytes(p, r.answer, 4) : p;
}

static unsigned char *put_day(unsigned char *p, const struct day *d, unsigned version)
{
	unsigned mask = d->delivered != NEVER ? 1u << HISTORY_DELIVERED : 0;

	for (unsigned kind = 0; kind < HISTORY_CAUSED; kind++)
		mask |= d->count[kind] ? 1u << kind : 0;
	p = put_bytes(put_bytes(p, (uint64_t)(d->start / DAY), 2), d->coarse, 1);
	p = put_bytes(p, mask, 1);
	for (unsigned kind = 0; kind < HISTORY_CAUSED; kind++)
		if (d->count[kind])
			p = put_reference(put_bytes(p, d->count[kind], 1), d->by[kind], version);
	if (d->count[HISTORY_SOFT])
		p = put_bytes(put_bytes(p, (uint64_t)d->first_soft, 3), (uint64_t)d->last_soft, 3);
	if (d->count[HISTORY_BLOCK])
		p = put_bytes(p, (uint64_t)d->last_block, 3);
	return d->delivered != NEVER ? put_bytes(p, (uint64_t)d->delivered, 3) : p;
}

/* H, whose base is that of an active contact, as VERSION 3 or 4 wrote it. */
static int as_version(unsigned version, const struct history *h, unsigned char *out)
{
	unsigned char *p = put_bytes(out, version, 1);

	memset(p, 0, 4 + 2 * 2 + 4 * 8);
	p = put_bytes(p + 4 + 2 * 2 + 4 * 8, (uint64_t)h->settled, 8);
	p = put_bytes(p, h->causes, 1);
	for (unsigned i = 0; i < h->causes; i++) {
		p = put_bytes(put_bytes(p, h->cause[i].category, 1), h->cause[i].mta, 4);
		p = put_words(put_words(p, h->cause[i].rule), h->cause[i].provider);
		p = put_words(p, h->cause[i].ladder);
	}
	p = put_reference(put_bytes(p, (uint64_t)h->soft.at, 8), h->soft.by, version);
	p = put_reference(put_bytes(p, (uint64_t)h->block.at, 8), h->block.by, version);
	for (unsigned i = 0; i < h->days; i++)
		p = put_day(p, &h->day[i], version);
	return (int)(p - out);
}

/* --- tests ----------------------------------------------------------------- */

static const struct cause gone = { .category = CATEGORY_USER_UNKNOWN, .rule = "a", .mta = 7 };
static const struct cause full = {
	.category = CATEGORY_MAILBOX_FULL, .rule = "b", .ladder = "small"
};

/* Something of every kind, as if each had had ANSWER. */
static void make_history(struct history *h, uint32_t answer)
{
	const struct {
		enum history_kind kind;
		int64_t at;
		const struct cause *cause;
	} all[] = { { HISTORY_SOFT, NOW - 3 * DAY, &full }, { HISTORY_HARD, NOW, &gone },
		{ HISTORY_BLOCK, NOW - 2 * DAY, &full }, { HISTORY_DELIVERED, NOW - DAY, NULL } };

	history_clear(h);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		assert_true(history_add(h, all[i].kind, all[i].at, all[i].cause, 5, answer));
	history_sort_causes(h);
}

/* OLD is H, and cut short it is nothing. */
static void assert_read(struct history *h, const unsigned char *old, int n)
{
	static struct history read;
	static unsigned char bytes[HISTORY_SIZE_MAX], again[HISTORY_SIZE_MAX];
	int m = history_write(h, bytes);

	assert_true(history_read(&read, old, n));
	assert_int_equal(history_write(&read, again), m);
	assert_memory_equal(again, bytes, m);
	assert_false(history_read(&read, old, n - 1));
}

static void earlier_versions_are_read(void **state)
{
	static struct history h;
	static unsigned char old[HISTORY_SIZE_MAX];

	(void)state;
	make_history(&h, 0); /* as if nobody had known of answers */
	assert_read(&h, old, as_version(3, &h, old));
	make_history(&h, 9);
	int n = as_version(4, &h, old);
	assert_read(&h, old, n);
	old[0] = 6;
	assert_false(history_read(&h, old, n));
}

static void assert_reference(struct reference a, struct reference b)
{
	assert_int_equal(a.cause, b.cause);
	assert_int_equal(a.campaign, b.campaign);
	assert_int_equal(a.answer, b.answer);
}

/* Whatever is left out of the bytes is there again. */
static void all_is_read_again(void **state)
{
	static struct history h, read;
	static unsigned char bytes[HISTORY_SIZE_MAX];
	struct standing base = { STATE_PAUSED, FOR_SOFT, NOW, NOW + DAY, NOW + 2 * DAY, NOW - DAY,
		.soft = 3, .blocks = 2, .unclear = 1, .pauses = 4 };

	(void)state;
	for (unsigned what = 0; what < 64; what++) {
		make_history(&h, what & 1 ? 9 : 0);
		if (what & 2)
			h.base = base;
		if (what & 4)
			h.settled = NOW - 9 * DAY;
		if (what & 8) /* the failure lies in the base */
			h.soft = (struct last){ NOW - 10 * DAY, { 0, 0, what & 16 ? 8 : 0 } };
		if (what & 16)
			h.block = (struct last){ 0, NO_REFERENCE };
		if (what & 32)
			h.day[3].by[HISTORY_HARD] = NO_REFERENCE;
		history_sort_causes(&h);
		int n = history_write(&h, bytes);
		assert_true(history_read(&read, bytes, n));
		assert_memory_equal(&read.base, &h.base, sizeof h.base);
		assert_int_equal(read.settled, h.settled);
		assert_reference(read.soft.by, h.soft.by);
		assert_int_equal(read.soft.at, h.soft.at);
		assert_int_equal(read.block.at, h.block.at);
		assert_reference(read.block.by, h.block.by);
		assert_int_equal(read.causes, h.causes);
		for (unsigned kind = 0; kind < HISTORY_CAUSED; kind++)
			assert_reference(read.day[3].by[kind], h.day[3].by[kind]);
		for (int m = 1; m < n; m++)
			if (history_read(&read, bytes, m)) /* whole days alone can be missing */
				assert_true(read.days < h.days);
	}
}

static void hostile_bytes_are_refused(void **state)
{
	static struct history h;
	/* version, what is there, no cause; then a day: its number, flags, mask, count, reference
	 */
	unsigned char day[] = { 5, 0, 0, 79, 0, 0, 1 << HISTORY_HARD, 1, 63 };

	(void)state;
	assert_true(history_read(&h, day, sizeof day));
	day[8] = 0; /* a cause that is not there */
	assert_false(history_read(&h, day, sizeof day));
	day[8] = 63;
	day[1] = 16; /* the last soft failure is the days', which have none */
	assert_false(history_read(&h, day, sizeof day));
	day[1] = 64;
	assert_false(history_read(&h, day, sizeof day));
}

/* Most contacts have had one event. */
static void one_event_is_small(void **state)
{
	static struct history h;
	static unsigned char bytes[HISTORY_SIZE_MAX];

	(void)state;
	history_clear(&h);
	assert_true(history_add(&h, HISTORY_HARD, NOW, &gone, 5, 9));
	/* head, number of causes, the cause with a rule of one letter, the day */
	assert_int_equal(history_write(&h, bytes), 2 + 1 + (5 + 3 + 1) + (4 + 1 + 9));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(earlier_versions_are_read),
		cmocka_unit_test(all_is_read_again),
		cmocka_unit_test(hostile_bytes_are_refused),
		cmocka_unit_test(one_event_is_small),
	};

	return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}
