/*
 * A mail is the same mail wherever it was fetched and however often; another one is another one;
 * any bytes come to an end.
 */
#include "classify_fixture.h"

struct fed {
	char text[IDENTITY_BODY_MAX * 2];
	size_t n;
};

static void feed(void *context, const void *bytes, size_t n)
{
	struct fed *f = context;
	assert_true(f->n + n <= sizeof f->text);
	memcpy(f->text + f->n, bytes, n);
	f->n += n;
}

static struct fed *identity(const char *text, size_t n)
{
	struct fed *f = calloc(1, sizeof *f);
	struct message m = { .bytes = { text, n } };
	assert_non_null(f);
	message_identity(&m, feed, f);
	return f;
}

static bool same(const char *a, size_t an, const char *b, size_t bn)
{
	struct fed *x = identity(a, an), *y = identity(b, bn);
	bool equal = x->n == y->n && memcmp(x->text, y->text, x->n) == 0;
	free(x);
	free(y);
	return equal;
}
#define SAME(a, b) same(a, sizeof a - 1, b, sizeof b - 1)

#define HEADER \
	"Message-ID: <1@example.net>\nDate: Mon, 2 Nov 2026 08:00:00 +0000\nFrom: a@example.net\n"

static void knows_a_mail_again(void **state)
{
	(void)state;
	static const char mail[] = HEADER "\nHello\n\nWorld\n";
	assert_true(SAME(mail, mail));
	assert_true(SAME(mail, "Received: by another route\n" HEADER "\nHello\n\nWorld\n"));
	assert_true(
		SAME(mail, "From x Mon Nov  2 08:00:00 2026\n" HEADER "\nHello\n\nWorld\n\n\n"));
	assert_true(SAME(mail,
		"Message-ID: <1@example.net>\r\nDate: Mon,\r\n 2 Nov 2026 08:00:00 +0000\r\nFrom: a@example.net\r\n\r\nHello\r\n\r\nWorld\r\n"));
}

static void tells_mails_apart(void **state)
{
	(void)state;
	static const char mail[] = HEADER "\nHello\n\nWorld\n";
	assert_false(SAME(mail, HEADER "\nHello\nWorld\n"));
	assert_false(SAME(mail, HEADER "\nHello\n\nworld\n"));
	assert_false(SAME(mail,
		"Message-ID: <2@example.net>\nDate: Mon, 2 Nov 2026 08:00:00 +0000\nFrom: a@example.net\n\nHello\n\nWorld\n"));
	assert_false(SAME(mail,
		"Message-ID: <1@example.net>\nDate: Mon, 2 Nov 2026 08:00:01 +0000\nFrom: a@example.net\n\nHello\n\nWorld\n"));
}

static void without_a_body_its_fields_count(void **state)
{
	(void)state;
	static const char mail[] =
		"Subject: failure notice\nX-Failed-Recipients: a@example.net,\n b@example.net\n";
	assert_true(SAME(mail,
		"Received: from mx.example.net\n\tby mail.example.org\nReturn-Path: <>\nSubject: failure notice\nX-Failed-Recipients: a@example.net,\r\n b@example.net\n\n\n"));
	assert_false(SAME(mail,
		"Subject: failure notice\nX-Failed-Recipients: a@example.net,\n c@example.net\n"));
	assert_false(SAME("{\"one\": 1}\n", "{\"two\": 2}\n"));
}

static void ends_on_any_bytes(void **state)
{
	(void)state;
	assert_true(SAME("Date: \0\0 x\nFrom: \0\n\n\0", "Date: \0\0 x\nFrom: \0\n\n\0"));
	char *big = malloc(1 << 20);
	assert_non_null(big);
	memset(big, 'x', 1 << 20);
	memcpy(big, HEADER "\n", sizeof HEADER);
	struct fed *f = identity(big, 1 << 20);
	assert_true(
		f->n >= IDENTITY_BODY_MAX && f->n < IDENTITY_BODY_MAX + 200); /* the limit holds */
	free(f);
	free(big);
}

static uint16_t day_of_date(const char *date)
{
	char text[512];
	struct fed f = { .n = 0 };

	snprintf(text, sizeof text, "%s\nFrom: a@example.net\n\nHello\n", date);
	return message_identity(&(struct message){ .bytes = span_of(text) }, feed, &f);
}

/* These numbers are in stores. */
static void has_the_day_of_its_date(void **state)
{
	(void)state;
	uint16_t day = (uint16_t)((2026 * 12 + 9) * 31 + 21);
	assert_int_equal(day_of_date("Date: Mon, 21 Sep 2026 14:13:20 +0000"), day);
	assert_int_equal(day_of_date("Date: Mon,\r\n\t21 SEP 2026 23:59:59 -0700 (PDT)"), day);
	assert_int_equal(day_of_date("Date: 21-Sep-2026"), day);
	assert_int_equal(day_of_date("Date: Tue, 22 Sep 2026 00:00:00 +0000"), day + 1);
	assert_int_equal(
		day_of_date("Date: 1 Oct 26 10:00 GMT"), (uint16_t)((26 * 12 + 10) * 31 + 1));
	assert_int_equal(day_of_date("Date: 2026-09-21T14:13:20Z"), 0);
	assert_int_equal(day_of_date("Date: Mon, 021 Sep 2026"), 0);
	assert_int_equal(day_of_date("Date: 21 September 2026"), 0);
	assert_int_equal(day_of_date("Date:"), 0);
	assert_int_equal(day_of_date("X: 21 Sep 2026"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_a_mail_again),
		cmocka_unit_test(tells_mails_apart),
		cmocka_unit_test(without_a_body_its_fields_count),
		cmocka_unit_test(has_the_day_of_its_date),
		cmocka_unit_test(ends_on_any_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
