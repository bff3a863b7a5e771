/*
 * A rules file's image is kept beside it, is used only where it is whole, of these bytes and nobody
 * else's, and says what the file says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include <sodium.h>
#include "classify/image.h"
#include "poller/config/rulesfile.h"
#include "tests/unit/place.h"

static char directory[PLACE_SIZE];
static char path[PLACE_SIZE + 16], kept[PLACE_SIZE + 24];

static void write_text(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static ino_t kept_inode(void)
{
	struct stat about;

	return stat(kept, &about) ? 0 : about.st_ino;
}

/* Which rule speaks for "the moon is full". */
static void assert_speaks(const char *wanted, enum rules_use use)
{
	struct clues e = { .kind = KIND_FAILURE, .diagnostic = SPAN("the moon is full") };
	struct decision d;
	char error[512];
	struct rules *r = rulesfile_open(path, NULL, use, error, sizeof error);

	if (!r)
		fail_msg("%s", error);
	decide(r, &e, &d);
	assert_string_equal(d.rule, wanted);
	assert_true(provider_is_large(r, "gmail"));
	rules_free(r);
}

static void damage(long at)
{
	FILE *f = fopen(kept, "r+");
	int c;

	assert_non_null(f);
	fseek(f, at, at < 0 ? SEEK_END : SEEK_SET);
	c = fgetc(f);
	fseek(f, -1, SEEK_CUR);
	fputc(c ^ 1, f);
	fclose(f);
}

static void an_image_is_made_once_and_used_again(void **state)
{
	ino_t first;
	(void)state;

	write_text("[moon]\ncategory = mailbox-full\nen = moon is full\n");
	assert_speaks("moon", RULES_ALL);
	first = kept_inode();
	assert_true(first);
	assert_speaks("moon", RULES_ALL);
	assert_speaks("moon", RULES_PROFILES);
	assert_true(kept_inode() == first);
}

/*
 * Renamed over the old one, so that a process that has mapped it keeps what it has: another inode.
 */
static void a_changed_file_has_another_image(void **state)
{
	ino_t first = kept_inode();
	(void)state;

	write_text("[sun]\ncategory = mailbox-full\nen = moon is full\n");
	assert_speaks("sun", RULES_ALL);
	assert_true(kept_inode() && kept_inode() != first);
}

static void a_damaged_image_is_made_anew(void **state)
{
	static const long places[] = { 0, 130, 1024, -100 };
	(void)state;

	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		ino_t before = kept_inode();

		damage(places[i]);
		assert_speaks("sun", RULES_ALL);
		assert_true(kept_inode() && kept_inode() != before);
	}
	assert_int_equal(truncate(kept, 200), 0);
	assert_speaks("sun", RULES_PROFILES);
	assert_int_equal(truncate(kept, 0), 0);
	assert_speaks("sun", RULES_PROFILES);
}

/* What a small file does not need of the machine, a large one may. */
static void as_many_rules_as_are_built_in_are_made_apart(void **state)
{
	const char *root = getenv("RETOUR_ROOT");
	char error[512], name[512];
	ino_t before = kept_inode();
	struct rules *r;
	int c;
	(void)state;

	snprintf(name, sizeof name, "%s/etc/rules.ini", root ? root : ".");
	FILE *in = fopen(name, "r"), *out = fopen(path, "w");
	assert_non_null(in);
	while ((c = fgetc(in)) != EOF)
		fputc(c, out);
	fclose(in);
	fclose(out);
	r = rulesfile_open(path, NULL, RULES_ALL, error, sizeof error);
	if (!r)
		fail_msg("%s", error);
	assert_true(kept_inode() != before);
	rules_free(r);
	write_text("[sun]\ncategory = mailbox-full\nen = moon is full\n");
	assert_speaks("sun", RULES_ALL);
}

static void an_image_that_others_may_write_is_not_used(void **state)
{
	ino_t before = kept_inode();
	(void)state;

	assert_int_equal(chmod(kept, 0666), 0);
	assert_speaks("sun", RULES_ALL);
	assert_true(kept_inode() != before);
	unlink(kept);
	assert_int_equal(symlink("elsewhere", kept), 0);
	assert_speaks("sun", RULES_ALL);
}

static void an_error_is_that_of_the_reader_and_nothing_is_kept(void **state)
{
	char error[512], apart[512];
	(void)state;

	unlink(kept);
	write_text("[a]\ncategory = full-house\nen = full\n");
	assert_null(rulesfile_load(path, NULL, error, sizeof error));
	assert_null(rulesfile_open(path, NULL, RULES_ALL, apart, sizeof apart));
	assert_string_equal(apart, error);
	assert_false(kept_inode());
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(directory), 0); /* no part of an image is left behind */
	assert_int_equal(mkdir(directory, 0700), 0);
}

static void pieces_out_of_place_are_no_image(void **state)
{
	char error[512];
	struct rules *r = rulesfile_load(NULL, NULL, error, sizeof error);
	struct span image = rules_image(r);
	char *copy = malloc(image.n);
	(void)state;

	memcpy(copy, image.p, image.n);
	assert_true(image_fits(copy, image.n));
	assert_false(image_fits(copy, image.n - 1));
	assert_false(image_fits(copy, 10));
	for (size_t i = 0; i < 16; i++) { /* magic and length */
		copy[i] ^= 1;
		assert_false(image_fits(copy, image.n));
		copy[i] ^= 1;
	}
	for (size_t piece = 0; piece < PIECE_COUNT; piece++) {
		copy[16 + piece * 8 + 3] ^= 1; /* by 16 MiB */
		assert_false(image_fits(copy, image.n));
		copy[16 + piece * 8 + 3] ^= 1;
	}
	free(copy);
	rules_free(r);
}

static int set_up(void **state)
{
	(void)state;
	if (sodium_init() < 0 || !place_make(directory))
		return -1;
	snprintf(path, sizeof path, "%s/rules.ini", directory);
	snprintf(kept, sizeof kept, "%s.image", path);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	unlink(kept);
	return rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_image_is_made_once_and_used_again),
		cmocka_unit_test(a_changed_file_has_another_image),
		cmocka_unit_test(a_damaged_image_is_made_anew),
		cmocka_unit_test(as_many_rules_as_are_built_in_are_made_apart),
		cmocka_unit_test(an_image_that_others_may_write_is_not_used),
		cmocka_unit_test(an_error_is_that_of_the_reader_and_nothing_is_kept),
		cmocka_unit_test(pieces_out_of_place_are_no_image),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
