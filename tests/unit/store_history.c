/*
 * The bytes of a contact's history: what an earlier version wrote is read.
 */
#include "store_fixture.h"
#include "store/history.h"

enum {
	BEFORE_CAUSES = 1 + 4 + 2 * 2 + 4 * 8 + 8, /* version, base, settled */
	ANSWER = 4,
	REFERENCE = 1 + 4 + ANSWER
};

/* N bytes as they are. */
static unsigned char *copy_bytes(unsigned char *to, const unsigned char **from, size_t n)
{
	memcpy(to, *from, n);
	*from += n;
	return to + n;
}

static unsigned char *copy_reference(unsigned char *to, const unsigned char **from)
{
	to = copy_bytes(to, from, REFERENCE - ANSWER);
	*from += ANSWER;
	return to;
}

/* BYTES of version 4 as version 3 had them: without answers. */
static int as_version_3(const unsigned char *bytes, int n, unsigned char *out)
{
	const unsigned char *from = bytes, *end = bytes + n;
	unsigned char *to = copy_bytes(out, &from, BEFORE_CAUSES);

	assert_int_equal(out[0], 4);
	out[0] = 3;
	unsigned causes = *from;
	to = copy_bytes(to, &from, 1);
	for (unsigned i = 0; i < causes; i++) {
		to = copy_bytes(to, &from, 1 + 4);
		for (unsigned k = 0; k < 3; k++)
			to = copy_bytes(to, &from, 1 + (size_t)*from);
	}
	for (unsigned i = 0; i < 2; i++) {
		to = copy_bytes(to, &from, 8);
		to = copy_reference(to, &from);
	}
	while (from < end) {
		unsigned mask = from[3];
		to = copy_bytes(to, &from, 4);
		for (unsigned kind = 0; kind < HISTORY_CAUSED; kind++)
			if (mask & 1u << kind) {
				to = copy_bytes(to, &from, 1);
				to = copy_reference(to, &from);
			}
		size_t times = (mask & 1u << HISTORY_SOFT ? 2 : 0) +
			(mask & 1u << HISTORY_BLOCK ? 1 : 0) +
			(mask & 1u << HISTORY_DELIVERED ? 1 : 0);
		to = copy_bytes(to, &from, 3 * times);
	}
	assert_ptr_equal(from, end);
	return (int)(to - out);
}

static void version_3_is_read(void **state)
{
	static struct history h, answered, old;
	static unsigned char bytes[HISTORY_SIZE_MAX], former[HISTORY_SIZE_MAX],
		again[HISTORY_SIZE_MAX];
	struct cause gone = { .category = CATEGORY_USER_UNKNOWN, .rule = "a", .mta = 7 };
	struct cause full = { .category = CATEGORY_MAILBOX_FULL, .rule = "b", .ladder = "small" };
	const struct {
		enum history_kind kind;
		int64_t at;
		const struct cause *cause;
	} all[] = { { HISTORY_SOFT, NOW - 3 * DAY, &full }, { HISTORY_HARD, NOW, &gone },
		{ HISTORY_BLOCK, NOW - 2 * DAY, &full }, { HISTORY_DELIVERED, NOW - DAY, NULL } };

	(void)state;
	history_clear(&h);
	history_clear(&answered);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		assert_true(history_add(&h, all[i].kind, all[i].at, all[i].cause, 5, 0));
		assert_true(history_add(&answered, all[i].kind, all[i].at, all[i].cause, 5, 9));
	}
	int n = history_write(&answered, bytes);
	int m = as_version_3(bytes, n, former);
	assert_int_equal(n - m, 5 * ANSWER);
	assert_true(history_read(&old, former, m));
	assert_int_equal(old.day[3].by[HISTORY_HARD].answer, 0);
	assert_int_equal(old.day[3].by[HISTORY_HARD].campaign, 5);
	n = history_write(&h, bytes); /* as if nobody had known of answers */
	assert_int_equal(history_write(&old, again), n);
	assert_memory_equal(again, bytes, n);
	assert_false(history_read(&old, former, m - 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(version_3_is_read),
	};

	return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}
