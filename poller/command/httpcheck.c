#include "poller/command/httpcheck.h"

#include <string.h>
#include <json-c/json.h>
#include <sodium.h>
#include "classify/base/clock.h"

enum { JSON_DEPTH_MAX = 4 };

static void add_text(struct json_object *o, const char *name, const char *text)
{
	json_object_object_add(o, name, text && *text ? json_object_new_string(text) : NULL);
}

static void add_time(struct json_object *o, const char *name, int64_t at)
{
	char text[CLOCK_TEXT_SIZE];

	add_text(o, name, at ? clock_format(at, text) : "");
}

/* As `retour check --json` has it; NULL where the store cannot be read. */
static struct json_object *answer_object(
	struct served *s, struct json_object *address, unsigned stream)
{
	static const char *const verdicts[] = {
		[VERDICT_SEND] = "send", [VERDICT_HOLD] = "hold", [VERDICT_SUPPRESS] = "suppress"
	};
	const char *text = json_object_get_string(address);
	struct answer a = { 0 };
	int result = served_check(s, text, (size_t)json_object_get_string_len(address), stream, &a);

	if (result && result != STORE_MISUSE)
		return NULL;
	struct json_object *o = json_object_new_object();
	json_object_object_add(o, "address", json_object_get(address));
	add_text(o, "verdict", result ? "invalid" : verdicts[a.verdict]);
	add_time(o, "until", a.until);
	add_text(o, "state", result ? "" : contact_state_name(a.state));
	add_text(o, "reason", result ? "bad-address" : a.reason);
	add_time(o, "since", a.since);
	add_text(o, "stream", a.stream);
	return o;
}

static struct json_object *answer_http_all(
	struct served *s, struct json_object *addresses, unsigned stream)
{
	size_t n = json_object_array_length(addresses);
	struct json_object *all = json_object_new_object(), *list = json_object_new_array();

	for (size_t i = 0; i < n; i++) {
		struct json_object *one = answer_object(
			s, json_object_array_get_idx(addresses, i), stream);
		if (!one) {
			json_object_put(list);
			json_object_put(all);
			return NULL;
		}
		json_object_array_add(list, one);
	}
	json_object_object_add(all, "answers", list);
	return all;
}

static bool all_texts(struct json_object *list)
{
	for (size_t i = 0; i < json_object_array_length(list); i++)
		if (!json_object_is_type(json_object_array_get_idx(list, i), json_type_string))
			return false;
	return true;
}

static unsigned give_text(const char *from, size_t n, unsigned status, char **text, size_t *length)
{
	*text = from ? sodium_malloc(n + 1) : NULL;
	*length = *text ? n : 0;
	if (!*text)
		return 500;
	memcpy(*text, from, n);
	return status;
}

void http_error(const char *what, char **text, size_t *length)
{
	struct json_object *o = json_object_new_object();
	size_t n = 0;

	add_text(o, "error", what);
	const char *from = json_object_to_json_string_length(o, JSON_C_TO_STRING_PLAIN, &n);
	(void)give_text(from, n, 0, text, length);
	json_object_put(o);
}

/* What is asked, or why it is no question. */
static const char *read_question(const struct served *s, struct json_object *asked,
	struct json_object **one, struct json_object **many, unsigned *stream)
{
	bool has_one, has_many, has_stream;
	struct json_object *name;

	*one = *many = NULL;
	if (!json_object_is_type(asked, json_type_object))
		return "right would be {\"address\": \"…\"} or {\"addresses\": [\"…\"]}";
	has_one = json_object_object_get_ex(asked, "address", one);
	has_many = json_object_object_get_ex(asked, "addresses", many);
	has_stream = json_object_object_get_ex(asked, "stream", &name);
	if (has_one + has_many != 1 || json_object_object_length(asked) != 1 + has_stream)
		return "right would be one member, address or addresses, and none beside it but stream";
	int number = has_stream && json_object_is_type(name, json_type_string)
		? stream_by_name(s->config->streams, json_object_get_string(name))
		: -1;
	if (has_stream && number < 0)
		return "stream: right would be the name of a configured one";
	*stream = has_stream ? (unsigned)number + 1 : s->stream;
	if (has_one)
		return json_object_is_type(*one, json_type_string)
			? NULL
			: "address: right would be a string";
	if (!json_object_is_type(*many, json_type_array) || !all_texts(*many))
		return "addresses: right would be an array of strings";
	return json_object_array_length(*many) > HTTP_ADDRESSES_MAX
		? "addresses: more than 10000 at once"
		: NULL;
}

/* What json-c held of people is wiped before it is freed. */
static void wipe_question(struct json_object *one, struct json_object *many)
{
	size_t n = json_object_is_type(many, json_type_array) ? json_object_array_length(many) : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *text = json_object_array_get_idx(many, i);
		if (json_object_is_type(text, json_type_string))
			json_object_set_string(text, "");
	}
	if (one && json_object_is_type(one, json_type_string))
		json_object_set_string(one, "");
}

unsigned http_check(struct served *s, const char *body, size_t n, char **text, size_t *length)
{
	json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH_MAX);
	struct json_object *asked = NULL, *one = NULL, *many = NULL, *answer = NULL;
	unsigned status = 500, stream = 0;

	*text = NULL;
	*length = 0;
	if (!tokener)
		return status;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	asked = json_tokener_parse_ex(tokener, body, (int)n);
	const char *wrong = json_tokener_get_error(tokener) == json_tokener_success
		? read_question(s, asked, &one, &many, &stream)
		: "the body is no JSON object; right would be {\"address\": \"anna@example.net\"}";
	if (wrong) {
		http_error(wrong, text, length);
		status = 400;
	} else if ((answer = one ? answer_object(s, one, stream)
				 : answer_http_all(s, many, stream))) {
		const char *from = json_object_to_json_string_length(
			answer, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &n);
		status = give_text(from, n, 200, text, length);
	} else {
		http_error("the store cannot be read", text, length);
		status = 503;
	}
	json_object_put(answer);
	wipe_question(one, many);
	json_object_put(asked);
	json_tokener_free(tokener);
	return status;
}
