/*
 * Text without a charset: what its bytes look like. Sentences of bounces in each charset, made here
 * from UTF-8.
 */
#include "classify_fixture.h"

#include <iconv.h>
#include "classify/charset.h"

static const struct {
	const char *charset, *text;
} sentences[] = {
	{ "ISO-8859-1",
		"Ihre Nachricht konnte dem Empfänger nicht zugestellt werden: das Postfach ist überfüllt." },
	{ "ISO-8859-1", "Il n'y a pas d'utilisateur à cette adresse ; la boîte a été fermée." },
	{ "ISO-8859-1", "Mottagarens brevlåda är full. Försök igen senare." },
	{ "WINDOWS-1252", "The recipient’s mailbox is full – try again later…" },
	{ "ISO-8859-2",
		"Wiadomość nie mogła zostać dostarczona: użytkownik nie istnieje, skrzynka została usunięta." },
	{ "CP1250",
		"Wiadomość nie mogła zostać dostarczona: użytkownik nie istnieje, skrzynka została usunięta." },
	{ "CP1250",
		"Zprávu se nepodařilo doručit, protože schránka příjemce už nemá žádné místo a uživatel ji nečte už měsíc. Více na naší stránce." },
	{ "ISO-8859-2",
		"Zpráva nebyla doručena; uživatel už neexistuje, prosíme o snížení počtu zpráv a ověření adresy v naší poště." },
	{ "CP1251", "Ваше письмо не может быть доставлено: почтовый ящик получателя переполнен." },
	{ "KOI8-R", "Ваше письмо не может быть доставлено: почтовый ящик получателя переполнен." },
	{ "KOI8-R", "Пользователь не найден" },
	{ "CP1251", "нет" },
	{ "EUC-JP", "以下の宛先にメールを送信できませんでした。ユーザが存在しません。" },
	{ "CP932", "以下の宛先にメールを送信できませんでした。ユーザが存在しません。" },
	{ "GB18030", "您的邮件无法投递到以下收件人：该用户不存在。" },
	{ "GB18030", "收件人邮箱已满" },
	{ "ISO-8859-1", "Größe für" },
	{ "BIG5", "您寄出的信件無法送達下列收件者，信箱已滿。" },
	{ "CP949", "다음 수신자에게 메일을 보낼 수 없습니다. 존재하지 않는 사용자입니다." },
};

static size_t encode(const char *charset, const char *text, char *out, size_t size)
{
	char *in = (char *)(uintptr_t)text, *to = out;
	size_t left = strlen(text), room = size;
	iconv_t converter = iconv_open(charset, "UTF-8");
	assert_true(converter != (iconv_t)-1);
	assert_int_equal(iconv(converter, &in, &left, &to, &room), 0);
	iconv_close(converter);
	return size - room;
}

static void reads_text_without_a_name(void **state)
{
	struct charsets *c = charsets_open();
	static const char *const names[] = { "", "us-ascii", "unknown-8bit", "x-unknown", "utf-8" };
	(void)state;
	assert_non_null(c);
	for (size_t i = 0; i < sizeof sentences / sizeof sentences[0]; i++) {
		char bytes[512], text[1024];
		struct span in = { bytes,
			encode(sentences[i].charset, sentences[i].text, bytes, sizeof bytes) };
		for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
			size_t n = charset_to_utf8(c, span_of(names[k]), in, text, sizeof text - 1);
			text[n] = '\0';
			if (strcmp(text, sentences[i].text))
				fail_msg("%s taken for something else: %s", sentences[i].charset,
					text);
		}
	}
	charsets_close(c);
}

/* One bad byte does not make a page of UTF-8 another charset. */
static void keeps_damaged_utf8(void **state)
{
	struct charsets *c = charsets_open();
	const struct span broken = SPAN(
		"Die Empf\xc3\xa4ngeradresse k\xc3\xb6nnte f\xc3\xbcr immer ung\xc3\xbcltig sein \xc3");
	char text[128];
	(void)state;
	assert_non_null(c);
	size_t n = charset_to_utf8(c, SPAN(""), broken, text, sizeof text - 1);
	text[n] = '\0';
	assert_string_equal(
		text, "Die Empfängeradresse könnte für immer ungültig sein \xef\xbf\xbd");
	charsets_close(c);
}

/* A name that is known is believed. */
static void believes_a_name(void **state)
{
	struct charsets *c = charsets_open();
	char text[64];
	(void)state;
	assert_non_null(c);
	size_t n = charset_to_utf8(
		c, SPAN("iso-8859-1"), SPAN("\xd0\xcf\xce\xd4"), text, sizeof text - 1);
	text[n] = '\0';
	assert_string_equal(text, "ÐÏÎÔ");
	charsets_close(c);
}

static void ends_on_any_bytes(void **state)
{
	struct charsets *c = charsets_open();
	unsigned char bytes[3];
	char text[64];
	(void)state;
	assert_non_null(c);
	for (unsigned a = 0x7f; a < 256; a++)
		for (unsigned b = 0x3f; b < 256; b++) {
			bytes[0] = (unsigned char)a;
			bytes[1] = (unsigned char)b;
			bytes[2] = 0xe4;
			size_t n = charset_to_utf8(c, SPAN(""),
				(struct span){ (const char *)bytes, 3 }, text, sizeof text);
			assert_true(span_is_utf8((struct span){ text, n }));
		}
	charsets_close(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_text_without_a_name),
		cmocka_unit_test(keeps_damaged_utf8),
		cmocka_unit_test(believes_a_name),
		cmocka_unit_test(ends_on_any_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
