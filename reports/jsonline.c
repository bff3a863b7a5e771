/* Lines of JSON (jsonline.h). */
#include "reports/jsonline.h"

#include <inttypes.h>
#include <string.h>
#include "classify/base/clock.h"
#include "classify/json.h"

struct jsonline jsonline_begin(FILE *out)
{
	fputc('{', out);
	return (struct jsonline){ out, false, "}\n" };
}

static void jsonline_key(struct jsonline *l, const char *key)
{
	fprintf(l->out, "%s\"%s\":", l->more ? "," : "", key);
	l->more = true;
}

struct jsonline jsonline_list(struct jsonline *l, const char *key)
{
	jsonline_key(l, key);
	fputc('[', l->out);
	return (struct jsonline){ l->out, false, "]" };
}

struct jsonline jsonline_item(struct jsonline *list)
{
	fputs(list->more ? ",{" : "{", list->out);
	list->more = true;
	return (struct jsonline){ list->out, false, "}" };
}

void jsonline_text(struct jsonline *l, const char *key, const char *value)
{
	char json[JSON_STRING_ROOM(JSONLINE_TEXT)];
	size_t n = json_string(
		json, sizeof json, value ? value : "", value ? strnlen(value, JSONLINE_TEXT) : 0);

	jsonline_key(l, key);
	fputs(json, l->out);
	explicit_bzero(json, n);
}

void jsonline_count(struct jsonline *l, const char *key, uint64_t n)
{
	jsonline_key(l, key);
	fprintf(l->out, "%" PRIu64, n);
}

void jsonline_number(struct jsonline *l, const char *key, bool known, int64_t value)
{
	jsonline_key(l, key);
	if (known)
		fprintf(l->out, "%" PRId64, value);
	else
		fputs("null", l->out);
}

void jsonline_ratio(struct jsonline *l, const char *key, int64_t value)
{
	jsonline_key(l, key);
	fprintf(l->out, "%" PRId64 ".%06" PRId64, value / 1000000, value % 1000000);
}

void jsonline_flag(struct jsonline *l, const char *key, bool value)
{
	jsonline_key(l, key);
	fputs(value ? "true" : "false", l->out);
}

void jsonline_time(struct jsonline *l, const char *key, int64_t at)
{
	char text[CLOCK_TEXT_SIZE] = "";

	jsonline_text(l, key, at ? clock_format(at, text) : NULL);
}

void jsonline_end(struct jsonline *l)
{
	fputs(l->end, l->out);
}
