/* Secrets: what is accepted, what is refused, and that no text names the content. */
#include "tests/unit/collect.h"
#include "poller/mailbox/secret.h"

static void check(const struct secret_source *from, const char *expect, const char *error)
{
	char *secret, text[300] = "";
	int result = secret_read(from, &secret, text, sizeof text);
	assert_int_equal(result, expect || !error ? 0 : -1);
	assert_null(strstr(text, "s3cret"));
	if (expect)
		assert_string_equal(secret, expect);
	else
		assert_null(secret);
	if (error && !strstr(text, error))
		fail_msg("%s, not %s", text, error);
	secret_free(secret);
}

static void check_file(const char *content, mode_t mode, const char *expect, const char *error)
{
	put("pw", content);
	chmod("pw", mode);
	check(&(struct secret_source){ .file = "pw" }, expect, error);
	unlink("pw");
}

static void files(void **state)
{
	(void)state;
	char *large = malloc(SECRET_MAX + 2);
	check_file("s3cret\n", 0600, "s3cret", NULL);
	check_file("s3cret\r\n", 0400, "s3cret", NULL);
	check_file("s3 cret ", 0600, "s3 cret ", NULL);
	check_file("s3cret", 0640, NULL, "chmod 600 pw");
	check_file("s3cret", 0604, NULL, "chmod 600 pw");
	check_file("s3cret", 0602, NULL, "chmod 600 pw");
	check_file("\n", 0600, NULL, "empty");
	check_file("", 0600, NULL, "empty");
	check_file("s3cret\nmore\n", 0600, NULL, "more than one line");
	memset(large, 'x', SECRET_MAX + 1);
	large[SECRET_MAX + 1] = '\0';
	check_file(large, 0600, NULL, "too long");
	large[SECRET_MAX] = '\0';
	check_file(large, 0600, large, NULL);
	free(large);
	check(&(struct secret_source){ .file = "absent" }, NULL, "absent: No such file");
	check(&(struct secret_source){ .file = "." }, NULL, "not a regular file");
	assert_int_equal(mkfifo("pipe", 0600), 0);
	check(&(struct secret_source){ .file = "pipe" }, NULL, "not a regular file");
	check(&(struct secret_source){ 0 }, NULL, NULL);
}

static void files_of_others(void **state)
{
	(void)state;
	if (geteuid())
		skip();
	put("pw", "s3cret");
	chmod("pw", 0600);
	assert_int_equal(chown("pw", 65534, 65534), 0);
	check(&(struct secret_source){ .file = "pw" }, NULL, "another user");
}

static void commands(void **state)
{
	(void)state;
	check(&(struct secret_source){ .command = "echo s3cret; echo complaint >&2" }, "s3cret",
		NULL);
	check(&(struct secret_source){ .command = "echo s3cret; exit 3" }, NULL, "exit code 3");
	check(&(struct secret_source){ .command = "kill -9 $$" }, NULL, "signal 9");
	check(&(struct secret_source){ .command = "true" }, NULL, "empty");
	check(&(struct secret_source){ .command = "cat" }, NULL,
		"empty"); /* standard input is empty, not ours */
	check(&(struct secret_source){ .command = "yes s3cret" }, NULL, "too long");
	check(&(struct secret_source){ .command = "printf 's3\\000cret'" }, NULL, "NUL");
}

static void credentials(void **state)
{
	(void)state;
	put("token", "s3cret\n");
	chmod("token", 0440);
	setenv("CREDENTIALS_DIRECTORY", scratch_path, 1);
	check(&(struct secret_source){ .credential = "token" }, "s3cret", NULL);
	check(&(struct secret_source){ .credential = "../token" }, NULL, "has no '/'");
	check(&(struct secret_source){ .credential = ".." }, NULL, "has no '/'");
	check(&(struct secret_source){ .credential = "absent" }, NULL, "No such file");
	chmod("token", 0444);
	check(&(struct secret_source){ .credential = "token" }, NULL, "others may read it");
	unsetenv("CREDENTIALS_DIRECTORY");
	check(&(struct secret_source){ .credential = "token" }, NULL, "LoadCredential");
}

static void withhold(const char *text, const char *expect)
{
	char said[300];
	strcpy(said, text);
	secret_withhold("s3cret", said);
	assert_string_equal(said, expect);
}

static void withheld(void **state)
{
	(void)state;
	withhold("", "");
	withhold("no such user", "no such user");
	withhold("LOGIN anna s3cret: BAD, s3crets3cret", "LOGIN anna ******: BAD, ************");
	/* \0anna\0s3cret, user=anna^Aauth=Bearer s3cret^A^A, s3cret, and a line cut short */
	withhold("AUTHENTICATE PLAIN AGFubmEAczNjcmV0: BAD",
		"AUTHENTICATE PLAIN ****************: BAD");
	withhold("dXNlcj1hbm5hAWF1dGg9QmVhcmVyIHMzY3JldAEB",
		"****************************************");
	withhold("+ czNjcmV0 = ?", "+ ******** = ?");
	withhold("AGFubmEAczNjcmV0AAAAA...", "*********************...");
	withhold("AAAAAAAAAAAAAAAAAAAAAA== and words", "AAAAAAAAAAAAAAAAAAAAAA== and words");
	char text[] = "a bc";
	secret_withhold("a", text);
	secret_withhold(NULL, text);
	assert_string_equal(text, "a bc");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)
	const struct CMUnitTest tests[] = { TEST(files), TEST(files_of_others), TEST(commands),
		TEST(credentials), TEST(withheld) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
