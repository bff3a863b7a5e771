/*
 * The monthly mail as bytes: line ends and lengths, its parts, its header fields, and that nothing
 * of the configuration breaks out of a header.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <cmocka.h>

#include <sodium.h>

#include "reports/model.h"
#include "tests/unit/reports_year.h"

#define TOKEN "20261101T032640.5c1f"

enum { LINE_MAX_SMTP = 998, HTML_MAX = 100 * 1024, NOW = 1793500000 };

static const char *const recipients[] = { "deliverability@example.org", "dpo@example.org", NULL };

static struct report_options options(void)
{
	return (struct report_options){ .organisation = "Example GmbH",
		.timezone = "Europe/Berlin",
		.k = 10,
		.from = "retour@news.example.org",
		.to = recipients };
}

static struct month_report *make(struct store *s, const struct report_options *o)
{
	struct month_report *r = NULL;
	char error[256];
	assert_int_equal(
		month_report_new(&r, s, (struct month){ 2026, 10 }, o, error, sizeof error), 0);
	return r;
}

static struct buffer mail_of(const struct month_report *r)
{
	struct buffer b;
	char error[256] = "";
	if (month_report_mail(r, NOW, TOKEN, "signature of October\n", &b, error, sizeof error))
		fail_msg("%s", error);
	return b;
}

/* The header block as a string. */
static char *header_of(const struct buffer *mail)
{
	const char *end = memmem(mail->p, mail->n, "\r\n\r\n", 4);
	assert_non_null(end);
	char *text = strndup(mail->p, (size_t)(end - mail->p) + 2);
	assert_non_null(text);
	return text;
}

static void lines_are_what_smtp_takes(void **state)
{
	(void)state;
	struct store s = { 0 };
	struct report_options o = options();
	fake_year(&s, 2026, 10, 12);
	struct month_report *r = make(&s, &o);
	struct buffer b = mail_of(r);
	size_t length = 0;
	for (size_t i = 0; i < b.n; i++) {
		assert_true((unsigned char)b.p[i] < 0x80 && b.p[i] != '\0');
		if (b.p[i] == '\n') {
			assert_true(i > 0 && b.p[i - 1] == '\r');
			assert_true(length <= LINE_MAX_SMTP);
			length = 0;
		} else if (b.p[i] == '\r') {
			assert_true(i + 1 < b.n && b.p[i + 1] == '\n');
		} else {
			length++;
		}
	}
	buffer_free(&b);
	month_report_free(r);
	fake_done(&s);
}

static void header_fields(void **state)
{
	(void)state;
	struct store s = { 0 };
	struct report_options o = options();
	struct month_report *r = make(&s, &o);
	struct buffer b = mail_of(r);
	char *header = header_of(&b);
	static const char *const fields[] = {
		"Date: Sun, 1 Nov 2026 03:26:40 +0100\r\n",
		"From: retour <retour@news.example.org>\r\n",
		"To: deliverability@example.org, dpo@example.org\r\n",
		"Message-ID: <" TOKEN "@news.example.org>\r\n",
		"Subject: Deliverability report October 2026, Example GmbH\r\n",
		"Auto-Submitted: auto-generated\r\n",
		"List-Id: retour monthly report <retour-report.news.example.org>\r\n",
		"MIME-Version: 1.0\r\n",
		"Content-Type: multipart/mixed; boundary=\"=_" TOKEN "_m\"\r\n",
	};
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (!strstr(header, fields[i]))
			fail_msg("missing: %s in\n%s", fields[i], header);
	free(header);
	buffer_free(&b);
	month_report_free(r);
}

/* The three parts in their order, the last one the XML byte by byte. */
static void parts(void **state)
{
	(void)state;
	static const char *const order[] = { "Content-Type: multipart/mixed",
		"Content-Type: multipart/alternative",
		"Content-Type: text/plain; charset=\"utf-8\"",
		"Content-Transfer-Encoding: quoted-printable",
		"Deliverability report, October 2026", "Content-Type: text/html; charset=\"utf-8\"",
		"Content-Transfer-Encoding: quoted-printable", "--=_" TOKEN "_a--",
		"Content-Type: application/xml; name=\"retour-2026-10.xml\"",
		"Content-Transfer-Encoding: base64",
		"Content-Disposition: attachment; filename=\"retour-2026-10.xml\"" };
	struct store s = { 0 };
	struct report_options o = options();
	char error[256];
	fake_year(&s, 2026, 10, 2);
	struct month_report *r = make(&s, &o);
	struct buffer b = mail_of(r), xml, html;
	const char *at = b.p, *found;
	for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
		found = memmem(at, b.n - (size_t)(at - b.p), order[i], strlen(order[i]));
		if (!found)
			fail_msg("missing or out of order: %s", order[i]);
		at = found + strlen(order[i]);
	}
	at = memmem(at, b.n - (size_t)(at - b.p), "\r\n\r\n", 4);
	assert_non_null(at);
	at += 4;
	found = memmem(at, b.n - (size_t)(at - b.p), "--=_", 4);
	assert_non_null(found);
	assert_int_equal(month_report_format(r, REPORT_XML, &xml, error, sizeof error), 0);
	unsigned char *decoded = malloc(b.n);
	size_t n = 0;
	assert_int_equal(sodium_base642bin(decoded, b.n, at, (size_t)(found - at), "\r\n", &n, NULL,
				 sodium_base64_VARIANT_ORIGINAL),
		0);
	assert_int_equal(n, xml.n);
	assert_memory_equal(decoded, xml.p, n);
	assert_int_equal(month_report_html(r, HTML_MAIL, NULL, &html, error, sizeof error), 0);
	assert_true(html.n < HTML_MAX);
	assert_null(memmem(html.p, html.n, "<style", 6));
	assert_null(memmem(html.p, html.n, "<svg", 4));
	free(decoded);
	buffer_free(&xml);
	buffer_free(&html);
	buffer_free(&b);
	month_report_free(r);
	fake_done(&s);
}

static void subject_beyond_ascii_is_encoded(void **state)
{
	(void)state;
	static const char expected[] =
		"Deliverability report October 2026, "
		"Grüße & Söhne ÄÖÜäöüß GmbH, Straße der Zustellbarkeit €€€€€€€€€€€€€€€";
	struct store s = { 0 };
	struct report_options o = options();
	o.organisation = expected + strlen("Deliverability report October 2026, ");
	struct month_report *r = make(&s, &o);
	struct buffer b = mail_of(r);
	char *header = header_of(&b), subject[1024] = "";
	size_t used = 0, words = 0;
	const char *at = strstr(header, "\r\nSubject: =?");
	assert_non_null(at); /* and not folded before its first word */
	while ((at = strstr(at, "=?utf-8?B?")) != NULL) {
		const char *end = strstr(at, "?=");
		size_t n = 0;
		assert_non_null(end);
		assert_true(end + 2 - at <= 75);
		assert_int_equal(sodium_base642bin((unsigned char *)subject + used,
					 sizeof subject - used, at + 10, (size_t)(end - at - 10),
					 NULL, &n, NULL, sodium_base64_VARIANT_ORIGINAL),
			0);
		assert_true(((unsigned char)subject[used] & 0xc0) !=
			0x80); /* no word begins within a character */
		used += n;
		words++;
		at = end;
	}
	assert_true(words > 2);
	assert_string_equal(subject, expected);
	free(header);
	buffer_free(&b);
	month_report_free(r);
}

static void nothing_breaks_out_of_a_header(void **state)
{
	(void)state;
	struct store s = { 0 };
	struct report_options o = options();
	o.organisation = "Example\r\nBcc: everybody@example.net\r\n\r\nbody";
	struct month_report *r = make(&s, &o);
	struct buffer b = mail_of(r);
	char *header = header_of(&b);
	assert_null(strstr(header, "\nBcc:"));
	assert_null(strstr(
		header, "=?")); /* a line end in an encoded word would be one after decoding */
	assert_non_null(strstr(header, "everybody@example.net body"));
	assert_non_null(strstr(header, "Content-Type: multipart/mixed"));
	free(header);
	buffer_free(&b);
	month_report_free(r);
}

static void without_recipients_there_is_no_mail(void **state)
{
	(void)state;
	static const char *const nobody[] = { NULL };
	struct store s = { 0 };
	struct report_options o = options();
	struct buffer b;
	char error[256] = "";
	o.to = nobody;
	struct month_report *r = make(&s, &o);
	assert_int_equal(
		month_report_mail(r, NOW, TOKEN, "signature of October\n", &b, error, sizeof error),
		-1);
	assert_null(b.p);
	assert_non_null(strstr(error, "no recipient"));
	month_report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_what_smtp_takes),
		cmocka_unit_test(header_fields),
		cmocka_unit_test(parts),
		cmocka_unit_test(subject_beyond_ascii_is_encoded),
		cmocka_unit_test(nothing_breaks_out_of_a_header),
		cmocka_unit_test(without_recipients_there_is_no_mail),
	};
	return cmocka_run_group_tests(tests, set_zone, NULL);
}
