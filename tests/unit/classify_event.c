/*
 * The words of an event, what the run accepts of a parser, and the line of JSON that is made of it.
 */
#include "classify_fixture.h"
#include "classify/json.h"

static void names_and_numbers_agree(void **state)
{
	(void)state;
	for (unsigned i = 0; i < KIND_COUNT; i++)
		assert_int_equal(kind_by_name(kind_name(i)), i);
	for (unsigned i = 0; i < CATEGORY_COUNT; i++)
		assert_int_equal(category_by_name(category_name(i)), i);
	for (unsigned i = 0; i < ORIGIN_COUNT; i++)
		assert_int_equal(origin_by_name(origin_name(i)), i);
	assert_string_equal(kind_name(KIND_COUNT), "");
	assert_int_equal(kind_by_name("nonsense"), -1);
	assert_int_equal(category_class(CATEGORY_MAILBOX_FULL), CLASS_SOFT);
	assert_int_equal(category_class(CATEGORY_COUNT), CLASS_NONE);
}

static void writes_status(void **state)
{
	(void)state;
	char text[EVENT_STATUS_SIZE];
	assert_string_equal(status_text((struct status){ 5, 1, 1 }, text), "5.1.1");
	assert_string_equal(status_text((struct status){ 5, 7, 606 }, text), "5.7.606");
	assert_string_equal(status_text((struct status){ 0, 0, 0 }, text), "");
}

static struct event honest(void)
{
	struct event e = { .seq = 1,
		.kind = KIND_FAILURE,
		.klass = CLASS_HARD,
		.category = CATEGORY_USER_UNKNOWN,
		.reply = 550,
		.status = { 5, 1, 1 },
		.arrived = 1793606405 };
	strcpy(e.recipient, "j\xc3\xb6rg@example.net");
	strcpy(e.campaign, "autumn-2026");
	strcpy(e.diagnostic, "550 5.1.1 say \"no\" \\ \xe5\xae\x9b");
	return e;
}

/* Each line breaks one thing of an honest event. */
static void refuses_what_no_parser_writes(void **state)
{
	(void)state;
	struct event e = honest();
	assert_true(event_valid(&e));
#define BROKEN(change) \
	do { \
		e = honest(); \
		change; \
		assert_false(event_valid(&e)); \
	} while (0)
	BROKEN(e.kind = KIND_COUNT);
	BROKEN(e.klass = CLASS_COUNT);
	BROKEN(e.category = CATEGORY_COUNT);
	BROKEN(e.action = ACTION_COUNT);
	BROKEN(e.feedback = FEEDBACK_COUNT);
	BROKEN(e.origin = ORIGIN_COUNT);
	BROKEN(e.recipient_source = RECIPIENT_SOURCE_COUNT);
	BROKEN(e.derived = 2);
	BROKEN(e.reply = 199);
	BROKEN(e.reply = 600);
	BROKEN(e.status.digit = 3);
	BROKEN(e.status.detail = 1000);
	BROKEN(e.status.digit = 0);
	BROKEN(e.arrived = -1);
	BROKEN(memset(e.recipient, 'x', sizeof e.recipient));
	BROKEN(memset(e.diagnostic, 'x', sizeof e.diagnostic));
	BROKEN(strcpy(e.diagnostic, "a\nb"));
	BROKEN(strcpy(e.rule, "\x7f"));
	BROKEN(strcpy(e.remote_mta, "mx\xff"));
	BROKEN(strcpy(e.token, "\xc2\x80"));
	BROKEN(strcpy(e.campaign, "a@b"));
	BROKEN(strcpy(e.campaign, "a b"));
}

static void prints_json(void **state)
{
	(void)state;
	char *line = malloc(JSON_EVENT_SIZE + 1);
	assert_non_null(line);
	struct event e = honest();
	line[json_event(line, "a\"\xff\n.eml", &e, JSON_PLAIN)] = '\0';
	assert_string_equal(line,
		"{\"file\": \"a\\\"\xef\xbf\xbd\\u000a.eml\", \"seq\": 1, \"kind\": \"failure\", \"class\": \"hard\", \"category\": \"user-unknown\", "
		"\"status\": \"5.1.1\", \"reply\": 550, \"action\": null, \"recipient\": \"j\xc3\xb6rg@example.net\", \"original_recipient\": null, "
		"\"provider\": null, \"remote_mta\": null, \"reporting_mta\": null, \"campaign\": \"autumn-2026\", \"message_id\": null, "
		"\"feedback_type\": null, \"source_ip\": null, \"arrived\": \"2026-11-02T08:00:05Z\", \"origin\": \"backscatter\", \"rule\": null, "
		"\"diagnostic\": \"550 5.1.1 say \\\"no\\\" \\\\ \xe5\xae\x9b\", \"recipient_source\": null, \"derived\": false}\n");
	strcpy(e.original_recipient, "other@example.net");
	strcpy(e.message_id, "id@example.com");
	strcpy(e.source_ip, "192.0.2.1");
	line[json_event(line, "x", &e, 0)] = '\0';
	assert_null(strstr(line, "example."));
	assert_null(strstr(line, "192.0.2.1"));
	assert_non_null(strstr(line, "\"recipient\": null, \"original_recipient\": null"));
	free(line);
}

/* The longest file name and the fullest event, every byte of which needs an escape, still fit. */
static void json_fits(void **state)
{
	(void)state;
	char *line = malloc(JSON_EVENT_SIZE + 1), *file = malloc(10000);
	struct event e;
	assert_non_null(line);
	assert_non_null(file);
	memset(file, '\x01', 9999);
	file[9999] = '\0';
	memset(&e, 0, sizeof e);
	memset(e.diagnostic, '"', sizeof e.diagnostic - 1);
	memset(e.recipient, '"', sizeof e.recipient - 1);
	memset(e.message_id, '\x02', sizeof e.message_id - 1);
	memset(e.remote_mta, '"', sizeof e.remote_mta - 1);
	size_t n = json_event(line, file, &e, JSON_PLAIN);
	assert_true(n < JSON_EVENT_SIZE);
	assert_memory_equal(line + n - 2, "}\n", 2);
	free(file);
	free(line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_numbers_agree),
		cmocka_unit_test(writes_status),
		cmocka_unit_test(refuses_what_no_parser_writes),
		cmocka_unit_test(prints_json),
		cmocka_unit_test(json_fits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
