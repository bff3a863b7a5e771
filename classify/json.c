/*
 * JSON (RFC 8259) of an event. The keys stand in one table, in the order in
 * which they are printed; unknown values are null, never left out.
 */
#include "classify/json.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistr.h>
#include "classify/base/bytes.h"
#include "classify/base/clock.h"
#include "classify/base/span.h"

enum { FILE_NAME_MAX = 4096 }; /* PATH_MAX */
_Static_assert((int)CLOCK_TEXT_SIZE >= (int)EVENT_STATUS_SIZE, "one buffer serves both");

struct json_output {
	char *to;
	size_t n, size;
};

static inline void put_bytes(struct json_output *o, const char *text, size_t n)
{
	if (o->n + n <= o->size) {
		memcpy(o->to + o->n, text, n);
		o->n += n;
	}
}

static inline void put_json_text(struct json_output *o, const char *text)
{
	put_bytes(o, text, strlen(text));
}

/* What does not stand for itself in JSON, or is no ASCII. */
static unsigned specials(bytes16 b)
{
	return bytes_mask(~bytes_between(b, ' ', '~') | bytes_are(b, '"') | bytes_are(b, '\\'));
}

/* The character at TEXT, which is no plain one; the bytes it has there. */
static size_t put_special(struct json_output *o, const char *text, size_t n)
{
	unsigned char c = (unsigned char)*text;
	ucs4_t character;
	char escape[8];
	if (c == '"' || c == '\\') {
		put_bytes(o, "\\", 1);
		put_bytes(o, text, 1);
		return 1;
	}
	if (c < 0x80) {
		snprintf(escape, sizeof escape, "\\u%04x", c);
		put_json_text(o, escape);
		return 1;
	}
	int length = u8_mbtoucr(&character, (const uint8_t *)text, n);
	if (length > 0)
		put_bytes(o, text, (size_t)length);
	else
		put_json_text(o, "\xef\xbf\xbd");
	return length > 0 ? (size_t)length : 1;
}

/* A string, or null for the empty one. */
static void put_string(struct json_output *o, const char *text, size_t n)
{
	if (!n) {
		put_json_text(o, "null");
		return;
	}
	put_json_text(o, "\"");
	for (size_t i = 0; i < n;) {
		size_t plain = (size_t)(bytes_find(text + i, text + n, specials) - (text + i));
		put_bytes(o, text + i, plain);
		i += plain;
		if (i < n)
			i += put_special(o, text + i, n - i);
	}
	put_json_text(o, "\"");
}

size_t json_string(char *buffer, size_t size, const char *text, size_t n)
{
	struct json_output o = { buffer, 0, size - 1 };
	put_string(&o, text, n);
	buffer[o.n] = '\0';
	return o.n;
}

static void put_json_number(struct json_output *o, unsigned value)
{
	char text[DECIMAL_SIZE];
	if (value)
		put_bytes(o, text, (size_t)(decimal(text, value, 1) - text));
	else
		put_json_text(o, "null");
}

enum json_shape {
	SHAPE_FILE,
	SHAPE_NUMBER32,
	SHAPE_NUMBER16,
	SHAPE_NAME,
	SHAPE_TEXT,
	SHAPE_STATUS,
	SHAPE_TIME,
	SHAPE_BOOL
};

static const struct {
	struct span opening;
	enum json_shape shape;
	size_t offset;
	const char *(*name_of)(unsigned);
	unsigned only; /* with this flag */
} keys[] = {
#define AT(member) offsetof(struct event, member)
#define OPENING(text) \
	{ \
		text, sizeof text - 1 \
	}
#define KEY(name) OPENING(", \"" name "\": ")
	{ OPENING("{\"file\": "), SHAPE_FILE, 0, NULL, 0 },
	{ KEY("seq"), SHAPE_NUMBER32, AT(seq), NULL, 0 },
	{ KEY("kind"), SHAPE_NAME, AT(kind), kind_name, 0 },
	{ KEY("class"), SHAPE_NAME, AT(klass), class_name, 0 },
	{ KEY("category"), SHAPE_NAME, AT(category), category_name, 0 },
	{ KEY("status"), SHAPE_STATUS, AT(status), NULL, 0 },
	{ KEY("reply"), SHAPE_NUMBER16, AT(reply), NULL, 0 },
	{ KEY("action"), SHAPE_NAME, AT(action), action_name, 0 },
	{ KEY("recipient"), SHAPE_TEXT, AT(recipient), NULL, JSON_PLAIN },
	{ KEY("original_recipient"), SHAPE_TEXT, AT(original_recipient), NULL, JSON_PLAIN },
	{ KEY("provider"), SHAPE_TEXT, AT(provider), NULL, 0 },
	{ KEY("remote_mta"), SHAPE_TEXT, AT(remote_mta), NULL, 0 },
	{ KEY("reporting_mta"), SHAPE_TEXT, AT(reporting_mta), NULL, 0 },
	{ KEY("campaign"), SHAPE_TEXT, AT(campaign), NULL, 0 },
	{ KEY("message_id"), SHAPE_TEXT, AT(message_id), NULL, JSON_PLAIN },
	{ KEY("feedback_type"), SHAPE_NAME, AT(feedback), feedback_name, 0 },
	{ KEY("source_ip"), SHAPE_TEXT, AT(source_ip), NULL, JSON_PLAIN },
	{ KEY("arrived"), SHAPE_TIME, AT(arrived), NULL, 0 },
	{ KEY("origin"), SHAPE_NAME, AT(origin), origin_name, 0 },
	{ KEY("rule"), SHAPE_TEXT, AT(rule), NULL, 0 },
	{ KEY("diagnostic"), SHAPE_TEXT, AT(diagnostic), NULL, 0 },
	{ KEY("recipient_source"), SHAPE_NAME, AT(recipient_source), recipient_source_name, 0 },
	{ KEY("derived"), SHAPE_BOOL, AT(derived), NULL, 0 },
	{ KEY("stream"), SHAPE_TEXT, AT(stream), NULL, JSON_STREAMS },
};

static void put_value(struct json_output *o, size_t key, const char *file, const struct event *e)
{
	const unsigned char *member = (const unsigned char *)e + keys[key].offset;
	char text[CLOCK_TEXT_SIZE];
	const char *name;
	switch (keys[key].shape) {
	case SHAPE_FILE:
		put_string(o, file, strnlen(file, FILE_NAME_MAX));
		return;
	case SHAPE_NUMBER32:
		put_json_number(o, e->seq);
		return;
	case SHAPE_NUMBER16:
		put_json_number(o, e->reply);
		return;
	case SHAPE_NAME:
		name = keys[key].name_of(*member);
		put_string(o, name, strlen(name));
		return;
	case SHAPE_TEXT:
		put_string(o, (const char *)member, strlen((const char *)member));
		return;
	case SHAPE_STATUS:
		status_text(e->status, text);
		put_string(o, text, strlen(text));
		return;
	case SHAPE_TIME:
		if (e->arrived > 0)
			clock_format(e->arrived, text);
		put_string(o, text, e->arrived > 0 ? strlen(text) : 0);
		return;
	case SHAPE_BOOL:
		put_json_text(o, *member ? "true" : "false");
		return;
	}
}

size_t json_event(char *buffer, const char *file, const struct event *e, unsigned flags)
{
	struct json_output o = { buffer, 0, JSON_EVENT_SIZE };
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		bool hidden = keys[i].only & ~flags;
		if (hidden && keys[i].only == JSON_STREAMS)
			continue;
		put_bytes(&o, keys[i].opening.p, keys[i].opening.n);
		if (hidden)
			put_json_text(&o, "null");
		else
			put_value(&o, i, file, e);
	}
	put_json_text(&o, "}\n");
	return o.n;
}
