#include <time.h>
/* The Maildir source: order, settling, folders, what others do meanwhile. */
#include "tests/unit/collect.h"

static struct mailbox box;

static int setup(void **state)
{
	if (scratch_setup(state))
		return -1;
	mkdir("md", 0700), mkdir("md/new", 0700), mkdir("md/cur", 0700), mkdir("md/tmp", 0700);
	box = (struct mailbox){ .name = "test", .path = "md" };
	box.processed = (struct disposal){ DISPOSE_DELETE, NULL };
	box.unrecognised = (struct disposal){ DISPOSE_MOVE, "Unrecognised/Much" };
	box.quarantine = (struct disposal){ DISPOSE_KEEP, NULL };
	return 0;
}

static struct source *open_box(bool stays)
{
	struct source *s;
	struct source_options options = { .mailbox = &box, .max_message = 1000, .stays = stays };
	int result = source_maildir.open(&s, &options);
	if (result)
		print_error("%s\n", s->error);
	assert_int_equal(result, 0);
	return s;
}

static bool exists(const char *path)
{
	struct stat st;
	return !lstat(path, &st);
}

static void settles_each_as_told(void **state)
{
	(void)state;
	put("md/new/10.a.h", "Subject: 10\n\n"), put("md/cur/20.b.h:2,FS", "Subject: 20\n\n"),
		put("md/new/30.c.h", "Subject: 30\n\n");
	put("md/new/40.d@example.org", "Subject: 40\n\n"), put("md/tmp/5.e.h", "half"),
		put("md/new/.hidden", "x");
	struct collect c = { 0 };
	struct settled done;
	struct source *s = open_box(false);
	assert_int_equal(collect_all(s, 2, &c), 0);
	assert_int_equal(c.n, 4);
	assert_string_equal(c.at[0].name, "10.a.h");
	assert_int_equal(c.at[0].arrived, 10);
	assert_string_equal(c.at[1].text, "Subject: 20\n\n");
	assert_null(strchr(c.at[3].name, '@'));
	struct settle_item items[] = { { c.at[0].id, SETTLE_PROCESSED },
		{ c.at[1].id, SETTLE_UNRECOGNISED }, { c.at[2].id, SETTLE_UNRECOGNISED },
		{ c.at[3].id, SETTLE_QUARANTINE } };
	assert_int_equal(s->ops->settle(s, items, 4, &done), 0);
	assert_int_equal(done.deleted, 1);
	assert_int_equal(done.moved, 2);
	assert_int_equal(done.kept, 1);
	assert_false(exists("md/new/10.a.h"));
	assert_file("md/.Unrecognised.Much/cur/20.b.h:2,FS", "Subject: 20\n\n");
	assert_file("md/.Unrecognised.Much/cur/30.c.h:2,", "Subject: 30\n\n");
	assert_true(exists("md/.Unrecognised.Much/maildirfolder"));
	assert_true(exists("md/new/40.d@example.org"));
	assert_true(exists("md/tmp/5.e.h"));
	/* What was settled once is not settled twice. */
	assert_int_equal(s->ops->settle(s, items, 4, &done), 0);
	assert_int_equal(done.deleted + done.moved + done.kept, 0);
	s->ops->close(s, NULL, 0);
	collect_free(&c);
}

static void nothing_is_settled_that_was_not_named(void **state)
{
	(void)state;
	put("md/new/10.a.h", "a"), put("md/new/20.b.h", "b");
	struct collect c = { 0 };
	struct settled done;
	struct source *s = open_box(false);
	assert_int_equal(collect_all(s, 10, &c), 0);
	struct settle_item items[] = { { c.at[1].id, SETTLE_PROCESSED },
		{ 4711, SETTLE_PROCESSED } };
	assert_int_equal(s->ops->settle(s, items, 2, &done), 0);
	assert_int_equal(done.deleted, 1);
	assert_true(exists("md/new/10.a.h"));
	assert_false(exists("md/new/20.b.h"));
	s->ops->close(s, NULL, 0);
	collect_free(&c);
}

/* Another program removes mail at the same time. */
static void others_take_mail_away(void **state)
{
	(void)state;
	put("md/new/10.a.h", "a"), put("md/new/20.b.h", "b");
	struct collect c = { 0 };
	struct settled done;
	struct source_sink sink = collect_sink(&c);
	struct source *s = open_box(false);
	assert_int_equal(s->ops->next(s, 1, &sink), 1);
	unlink("md/new/10.a.h");
	unlink("md/new/20.b.h");
	assert_int_equal(s->ops->next(s, 5, &sink), 0);
	assert_int_equal(collect_settle(s, &c, SETTLE_PROCESSED, &done), 0);
	assert_int_equal(done.deleted, 0);
	s->ops->close(s, NULL, 0);
	collect_free(&c);
}

/*
 * A mail program that opens the Maildir puts all of new/ to cur/, and flags what is read: that is
 * no reason to leave it, nor to say that it was removed and came back.
 */
static void others_rename_mail(void **state)
{
	(void)state;
	for (int moves = 0; moves < 2; moves++) {
		put("md/new/10.a.h", "a"), put("md/cur/20.b.h:2,", "b"), put("md/new/30.c.h", "c"),
			put("md/new/40.d.h", "d"), put("md/new/40.d.h2", "d2"),
			put("md/new/50.e.h", "e");
		struct collect c = { 0 };
		struct settled done, late;
		struct source_sink sink = collect_sink(&c);
		struct source *s = open_box(false);
		assert_int_equal(s->ops->next(s, 3, &sink), 3);
		rename("md/new/10.a.h", "md/cur/10.a.h:2,"); /* handed out */
		rename("md/cur/20.b.h:2,", "md/cur/20.b.h:2,S");
		rename("md/new/40.d.h", "md/cur/40.d.h:2,"); /* listed */
		unlink("md/new/50.e.h");
		assert_int_equal(s->ops->next(s, 1, &sink), 1);
		assert_string_equal(c.at[3].text, "d");
		assert_string_equal(c.at[3].name, "40.d.h:2,");
		assert_int_equal(s->ops->next(s, 1, &sink), 1);
		assert_int_equal(s->ops->next(s, 1, &sink), 0);
		rename("md/cur/40.d.h:2,", "md/cur/40.d.h:2,ST");
		assert_int_equal(collect_settle(s, &c,
					 moves ? SETTLE_UNRECOGNISED : SETTLE_PROCESSED, &done),
			0);
		assert_int_equal(moves ? done.moved : done.deleted, 5);
		assert_int_equal(rmdir("md/new"), 0);
		assert_int_equal(mkdir("md/new", 0700), 0);
		assert_false(exists("md/cur/10.a.h:2,"));
		assert_false(exists("md/cur/40.d.h:2,ST"));
		assert_true(!moves || exists("md/.Unrecognised.Much/cur/20.b.h:2,S"));
		assert_int_equal(s->ops->finish(s, &late), 0);
		s->ops->close(s, NULL, 0);
		collect_free(&c);
	}
}

/* What another has taken away, and what he put back, was not removed by us. */
static void what_comes_back_is_not_blamed_on_the_mailbox(void **state)
{
	(void)state;
	put("md/new/10.a.h", "a"), put("md/new/20.b.h", "b");
	struct collect c = { 0 };
	struct settled done, late;
	struct source *s = open_box(false);
	assert_int_equal(collect_all(s, 10, &c), 0);
	rename("md/new/10.a.h", "md/tmp/10.a.h");
	assert_int_equal(collect_settle(s, &c, SETTLE_PROCESSED, &done), 0);
	assert_int_equal(done.deleted, 1);
	rename("md/tmp/10.a.h", "md/new/10.a.h");
	assert_int_equal(s->ops->finish(s, &late), 0);
	put("md/cur/20.b.h:2,S", "b");
	assert_int_equal(s->ops->finish(s, &late), -1);
	assert_non_null(strstr(s->error, "1 messages were removed and are still there"));
	s->ops->close(s, NULL, 0);
	collect_free(&c);
}

static void links_are_not_followed(void **state)
{
	(void)state;
	put("secret", "secret"), put("md/new/20.b.h", "b");
	assert_int_equal(symlink("../../secret", "md/new/10.a.h"), 0);
	assert_int_equal(mkfifo("md/new/15.p.h", 0600), 0);
	struct collect c = { 0 };
	struct source *s = open_box(false);
	assert_int_equal(collect_all(s, 10, &c), 0);
	assert_int_equal(c.n, 1);
	assert_string_equal(c.at[0].text, "b");
	/* Nor is a folder that is a link out of the Maildir. */
	mkdir("outside", 0700);
	assert_int_equal(symlink("../outside", "md/.Unrecognised.Much"), 0);
	struct settled done;
	assert_int_equal(collect_settle(s, &c, SETTLE_UNRECOGNISED, &done), -1);
	assert_true(exists("md/new/20.b.h"));
	s->ops->close(s, NULL, 0);
	collect_free(&c);
}

static void folder_names_stay_inside(void **state)
{
	(void)state;
	static const char *const bad[] = { "", "..", "../x", "a/../b", "/a", "a//b", "a/",
		".hidden", "a\nb" };
	struct folder_mark none = { 0 }, end;
	uint64_t removed;
	struct source *s = open_box(false);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(s->ops->expire(s, bad[i], 100, &none, &removed, &end), -1);
	assert_int_equal(s->ops->expire(s, "Absent", 100, &none, &removed, &end), 0);
	s->ops->close(s, NULL, 0);
}

static void moving_does_not_overwrite(void **state)
{
	(void)state;
	mkdir("md/.Unrecognised.Much", 0700), mkdir("md/.Unrecognised.Much/cur", 0700);
	put("md/.Unrecognised.Much/cur/10.a.h:2,", "old"), put("md/new/10.a.h", "new");
	struct collect c = { 0 };
	struct settled done;
	struct source *s = open_box(false);
	assert_int_equal(collect_all(s, 10, &c), 0);
	assert_int_equal(collect_settle(s, &c, SETTLE_UNRECOGNISED, &done), 0);
	assert_int_equal(done.moved, 1);
	assert_file("md/.Unrecognised.Much/cur/10.a.h:2,", "old");
	assert_file("md/.Unrecognised.Much/cur/10.a.h.1:2,", "new");
	s->ops->close(s, NULL, 0);
	collect_free(&c);
}

static void asks_what_is_wanted(void **state)
{
	(void)state;
	put("md/new/10.a.h", "a"), put("md/new/20.b.h", "b");
	struct collect c = { 0 }, again = { 0 };
	struct source *s = open_box(true);
	assert_int_equal(collect_all(s, 10, &c), 0);
	assert_int_equal(c.asked, 2);
	s->ops->close(s, NULL, 0);
	/* Flags do not make it another message. */
	rename("md/new/10.a.h", "md/cur/10.a.h:2,S");
	again.unwanted = (const char *)c.at[0].remote_id;
	s = open_box(true);
	assert_int_equal(collect_all(s, 10, &again), 0);
	assert_int_equal(again.n, 1);
	assert_string_equal(again.at[0].text, "b");
	s->ops->close(s, NULL, 0);
	collect_free(&c);
	collect_free(&again);
}

/* Whatever time of arrival their names tell: what counts is when they were put there. */
static void expires_what_has_long_been_there(void **state)
{
	(void)state;
	struct folder_mark none = { 0 }, end;
	uint64_t removed;
	int64_t now = (int64_t)time(NULL);
	mkdir("md/.F", 0700), mkdir("md/.F/cur", 0700), mkdir("md/.F/new", 0700);
	put("md/.F/cur/100.a.h:2,", "a"), put("md/.F/new/99.b.h", "b"),
		put("md/.F/cur/noname", "c"), put("md/.F/cur/98.d.h:2,S", "d");
	put("md/new/1.a.h", "of the mailbox itself");
	struct source *s = open_box(false);
	assert_int_equal(s->ops->expire(s, "F", now - 100, &none, &removed, &end), 0);
	assert_int_equal(removed, 0);
	assert_true(exists("md/.F/cur/98.d.h:2,S"));
	assert_int_equal(s->ops->expire(s, "F", now + 100, &none, &removed, &end), 0);
	assert_int_equal(removed, 4);
	assert_false(exists("md/.F/cur/100.a.h:2,"));
	assert_false(exists("md/.F/new/99.b.h"));
	assert_true(exists("md/new/1.a.h"));
	s->ops->close(s, NULL, 0);
}

static void large_and_empty_messages(void **state)
{
	(void)state;
	char text[5001];
	memset(text, 'x', 5000);
	text[5000] = '\0';
	put("md/new/10.a.h", text), put("md/new/20.b.h", "");
	struct collect c = { 0 };
	struct source *s = open_box(false);
	assert_int_equal(collect_all(s, 10, &c), 0);
	assert_int_equal(c.n, 2);
	assert_true(c.at[0].truncated);
	assert_int_equal(c.at[0].size, 5000);
	assert_int_equal(strlen(c.at[0].text), 1000);
	assert_false(c.at[1].truncated);
	s->ops->close(s, NULL, 0);
	collect_free(&c);
}

static void what_is_no_maildir_is_said(void **state)
{
	(void)state;
	struct source *s;
	struct source_options options = { .mailbox = &box };
	rmdir("md/cur");
	assert_int_equal(source_maildir.open(&s, &options), -1);
	assert_non_null(strstr(s->error, "md/cur: No such file"));
	s->ops->close(s, NULL, 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, scratch_teardown)
	const struct CMUnitTest tests[] = {
		TEST(settles_each_as_told),
		TEST(nothing_is_settled_that_was_not_named),
		TEST(others_take_mail_away),
		TEST(others_rename_mail),
		TEST(what_comes_back_is_not_blamed_on_the_mailbox),
		TEST(links_are_not_followed),
		TEST(folder_names_stay_inside),
		TEST(moving_does_not_overwrite),
		TEST(asks_what_is_wanted),
		TEST(expires_what_has_long_been_there),
		TEST(large_and_empty_messages),
		TEST(what_is_no_maildir_is_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
