/* The talk between the processes: frames arrive whole or not at all, and a liar is not believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#include "poller/run/wire.h"

static int ends[2];

static int open_pair(void **state)
{
	(void)state;
	return socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
}

static int close_pair(void **state)
{
	(void)state;
	close(ends[0]);
	close(ends[1]);
	return 0;
}

static void lengths_are_checked_by_type(void **state)
{
	(void)state;
	assert_false(wire_length_fits(0, 0));
	assert_false(wire_length_fits(WIRE_TYPES, 0));
	assert_false(wire_length_fits(99999, 4));
	assert_true(wire_length_fits(WIRE_NEXT, 4));
	assert_false(wire_length_fits(WIRE_NEXT, 3));
	assert_false(wire_length_fits(WIRE_NEXT, 5));
	assert_true(wire_length_fits(WIRE_READY, 0));
	assert_false(wire_length_fits(WIRE_READY, 1));
	assert_true(wire_length_fits(WIRE_EVENT, sizeof(struct event)));
	assert_false(wire_length_fits(WIRE_EVENT, sizeof(struct event) - 1));
	assert_true(wire_length_fits(WIRE_SETTLE, 3 * sizeof(struct wire_settle)));
	assert_false(wire_length_fits(WIRE_SETTLE, 3 * sizeof(struct wire_settle) + 1));
	assert_false(wire_length_fits(WIRE_MESSAGE, sizeof(struct wire_message) - 1));
	assert_true(wire_length_fits(WIRE_MESSAGE, sizeof(struct wire_message) + WIRE_MAIL_MAX));
	assert_false(
		wire_length_fits(WIRE_MESSAGE, sizeof(struct wire_message) + WIRE_MAIL_MAX + 1));
}

static void a_frame_arrives_as_it_was_sent(void **state)
{
	(void)state;
	struct wire_head head;
	unsigned char *payload = NULL;
	size_t capacity = 0;
	struct wire_message m = { .id = 7 };
	assert_int_equal(wire_send(ends[0], WIRE_MESSAGE, &m, sizeof m, "mail", 4), 0);
	assert_int_equal(wire_receive(ends[1], &head, &payload, &capacity), 1);
	assert_int_equal(head.type, WIRE_MESSAGE);
	assert_int_equal(head.length, sizeof m + 4);
	assert_memory_equal(payload + sizeof m, "mail", 4);
	shutdown(ends[0], SHUT_WR);
	assert_int_equal(wire_receive(ends[1], &head, &payload, &capacity), 0);
	free(payload);
}

/*
 * Nothing is written before the gathered bytes are full or flushed, none of them stays behind, and
 * both ends keep the order: small ones, one as large as the buffer, one larger.
 */
static void gathered_frames_arrive_in_their_order(void **state)
{
	(void)state;
	static const size_t sizes[] = { 4, 0, 3000, 65536, 5, 150000, 1 };
	enum { COUNT = sizeof sizes / sizeof sizes[0], MOST = 150000 };
	static unsigned char mail[MOST];
	struct wire_gather gather = { 0 };
	struct wire_ahead ahead = { 0 };
	struct wire_head head;
	struct wire_message m = { 0 };
	unsigned char *payload = NULL;
	size_t capacity = 0;
	memset(mail, 'x', sizeof mail);
	assert_int_equal(
		wire_gather_send(&gather, ends[0], WIRE_MESSAGE, &m, sizeof m, mail, 9), 0);
	assert_int_equal(recv(ends[1], &head, 1, MSG_DONTWAIT), -1);
	assert_int_equal(wire_gather_flush(&gather, ends[0]), 0);
	assert_int_equal(wire_receive_ahead(&ahead, ends[1], &head, &payload, &capacity), 1);
	for (size_t i = 0; i < sizeof head + sizeof m + 9; i++) /* wiped */
		assert_int_equal(gather.bytes[i] | ahead.bytes[i], 0);
	if (fork() == 0) {
		for (m.id = 0; m.id < COUNT; m.id++)
			if (wire_gather_send(&gather, ends[0], WIRE_MESSAGE, &m, sizeof m, mail,
				    sizes[m.id]))
				_exit(1);
		_exit(wire_gather_flush(&gather, ends[0]) != 0);
	}
	for (uint64_t i = 0; i < COUNT; i++) {
		assert_int_equal(
			wire_receive_ahead(&ahead, ends[1], &head, &payload, &capacity), 1);
		memcpy(&m, payload, sizeof m);
		assert_int_equal(m.id, i);
		assert_int_equal(head.length, sizeof m + sizes[i]);
		assert_memory_equal(payload + sizeof m, mail, sizes[i]);
	}
	shutdown(ends[0], SHUT_WR);
	assert_int_equal(wire_receive_ahead(&ahead, ends[1], &head, &payload, &capacity), 0);
	wire_gather_free(&gather);
	wire_ahead_free(&ahead);
	free(payload);
}

static void a_frame_that_ends_early_is_broken(void **state)
{
	(void)state;
	struct wire_head head = { WIRE_NEXT, 4 };
	unsigned char *payload = NULL;
	size_t capacity = 0;
	assert_int_equal(write(ends[0], &head, sizeof head), sizeof head);
	assert_int_equal(write(ends[0], "ab", 2), 2);
	shutdown(ends[0], SHUT_WR);
	assert_int_equal(wire_receive(ends[1], &head, &payload, &capacity), -1);
	free(payload);
}

static void an_absurd_length_takes_no_memory(void **state)
{
	(void)state;
	struct wire_head head = { WIRE_EVENT, 0xffffffff };
	unsigned char *payload = NULL;
	size_t capacity = 0;
	struct channel c;
	assert_int_equal(write(ends[0], &head, sizeof head), sizeof head);
	assert_int_equal(wire_receive(ends[1], &head, &payload, &capacity), -1);
	assert_null(payload);
	head = (struct wire_head){ WIRE_TYPES + 3, 16 };
	assert_int_equal(write(ends[0], &head, sizeof head), sizeof head);
	channel_open(&c, dup(ends[1]));
	assert_int_equal(channel_receive(&c, &head, &payload), -1);
	channel_close(&c);
}

/*
 * More than the socket holds: the channel keeps the rest and says so, and bytes that come piecemeal
 * make whole frames.
 */
static void a_channel_never_blocks(void **state)
{
	(void)state;
	enum { SIZE = 4 * 1024 * 1024 };
	struct channel out, in;
	struct wire_head head;
	unsigned char *payload = NULL, *big = malloc(sizeof(struct wire_message) + SIZE);
	memset(big, 'x', sizeof(struct wire_message) + SIZE);
	channel_open(&out, dup(ends[0]));
	channel_open(&in, dup(ends[1]));
	assert_int_equal(
		channel_send(&out, WIRE_MESSAGE, big, sizeof(struct wire_message) + SIZE, false),
		0);
	assert_int_equal(channel_send(&out, WIRE_FINISH, NULL, 0, true), 0);
	assert_true(channel_wants_write(&out));
	int got;
	while ((got = channel_receive(&in, &head, &payload)) == 0)
		assert_int_equal(channel_flush(&out), 0);
	assert_int_equal(got, 1);
	assert_int_equal(head.length, sizeof(struct wire_message) + SIZE);
	assert_memory_equal(payload, big, head.length);
	free(payload);
	channel_flush(&out);
	assert_int_equal(channel_receive(&in, &head, &payload), 1);
	assert_int_equal(head.type, WIRE_FINISH);
	assert_false(channel_wants_write(&out));
	channel_close(&out);
	assert_int_equal(channel_receive(&in, &head, &payload), 0);
	channel_close(&in);
	free(big);
}

static void a_channel_sees_the_other_end_go(void **state)
{
	(void)state;
	struct channel c;
	struct wire_head head;
	unsigned char *payload;
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	channel_open(&c, pair[0]);
	close(pair[1]);
	assert_int_equal(channel_receive(&c, &head, &payload), -1);
	assert_true(c.broken);
	assert_int_equal(channel_send(&c, WIRE_FINISH, NULL, 0, true), -1);
	channel_close(&c);
}

/* The place of a small payload is kept, and nothing stays in it; one that is larger is freed. */
static void a_place_that_is_given_back_is_wiped_and_used_again(void **state)
{
	(void)state;
	struct channel c;
	struct wire_head head;
	unsigned char *payload, *before = NULL;
	static const unsigned char zeros[300];
	static unsigned char mail[9000];
	struct wire_message m = { .id = 0 };
	memset(&m, 'm', sizeof m);
	channel_open(&c, dup(ends[1]));
	c.reuses = true;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(wire_send(ends[0], WIRE_MESSAGE, &m, sizeof m, mail,
					 i == 1 ? sizeof mail : 10),
			0);
		assert_int_equal(channel_receive(&c, &head, &payload), 1);
		assert_memory_equal(payload, &m, sizeof m);
		if (i == 0)
			before = payload;
		else if (i == 2)
			assert_ptr_equal(payload, before);
		channel_give_back(&c, payload, head.length);
		assert_memory_equal(before, zeros, sizeof zeros);
	}
	channel_close(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lengths_are_checked_by_type),
		cmocka_unit_test_setup_teardown(
			a_frame_arrives_as_it_was_sent, open_pair, close_pair),
		cmocka_unit_test_setup_teardown(
			gathered_frames_arrive_in_their_order, open_pair, close_pair),
		cmocka_unit_test_setup_teardown(
			a_frame_that_ends_early_is_broken, open_pair, close_pair),
		cmocka_unit_test_setup_teardown(
			an_absurd_length_takes_no_memory, open_pair, close_pair),
		cmocka_unit_test_setup_teardown(a_channel_never_blocks, open_pair, close_pair),
		cmocka_unit_test(a_channel_sees_the_other_end_go),
		cmocka_unit_test_setup_teardown(
			a_place_that_is_given_back_is_wiped_and_used_again, open_pair, close_pair),
	};
	return cmocka_run_group_tests_name("frames between processes", tests, NULL, NULL);
}
