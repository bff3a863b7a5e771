/*
 * Sources: systemd.journal-fields(7) and "Journal Export Formats"; docker's json-file driver; the
 * names that the other shippers give are those of their own documentation.
 */
#include "poller/volume/logcarrier.h"

#include <stdlib.h>
#include <json-c/json.h>
#include <sodium.h>
#include "poller/volume/logtext.h"

enum {
	DEPTH_MAX = 8,
	WORD_SIZE = 256,
	PIECE = 16 * 1024, /* docker hands longer lines on in such pieces */
};

enum carrier_mode { MODE_LINES, MODE_PRETTY, MODE_EXPORT };

struct carrier {
	struct json_tokener *tokener;
	struct json_object *object; /* TEXT of the last line lies within */
	enum carrier_mode mode;
	size_t n;
	bool cut; /* it is longer than BUFFER: its rest is passed over */
	char buffer[CARRIER_MAX], host[WORD_SIZE], program[WORD_SIZE];
};

/* Who gives which field what name; the first that is there holds. "a.b" is B within A. */
enum role { ROLE_TEXT, ROLE_TIME, ROLE_HOST, ROLE_PROGRAM, ROLE_COUNT };
static const struct carrier_name {
	enum role role;
	const char *name;
} names[] = {
	{ ROLE_TEXT, "MESSAGE" },       /* the journal */
	{ ROLE_TEXT, "log" },           /* docker, Fluent Bit */
	{ ROLE_TEXT, "message" },       /* Filebeat, Vector */
	{ ROLE_TEXT, "msg" },           /* rsyslog */
	{ ROLE_TEXT, "short_message" }, /* GELF */
	{ ROLE_TEXT, "line" },
	{ ROLE_TIME, "_SOURCE_REALTIME_TIMESTAMP" },
	{ ROLE_TIME, "__REALTIME_TIMESTAMP" },
	{ ROLE_TIME, "time" },
	{ ROLE_TIME, "@timestamp" },
	{ ROLE_TIME, "timestamp" },
	{ ROLE_TIME, "timereported" },
	{ ROLE_TIME, "timegenerated" },
	{ ROLE_TIME, "ISODATE" }, /* syslog-ng */
	{ ROLE_TIME, "DATE" },
	{ ROLE_TIME, "date" },
	{ ROLE_TIME, "ts" },
	{ ROLE_HOST, "_HOSTNAME" },
	{ ROLE_HOST, "hostname" },
	{ ROLE_HOST, "HOST" },
	{ ROLE_HOST, "host.hostname" },
	{ ROLE_HOST, "host.name" },
	{ ROLE_HOST, "host" },
	{ ROLE_HOST, "log.syslog.hostname" },
	{ ROLE_PROGRAM, "SYSLOG_IDENTIFIER" },
	{ ROLE_PROGRAM, "programname" },
	{ ROLE_PROGRAM, "PROGRAM" },
	{ ROLE_PROGRAM, "program" },
	{ ROLE_PROGRAM, "appname" },
	{ ROLE_PROGRAM, "app-name" },
	{ ROLE_PROGRAM, "app_name" },
	{ ROLE_PROGRAM, "syslogtag" },
	{ ROLE_PROGRAM, "syslog-tag" },
	{ ROLE_PROGRAM, "tag" },
	{ ROLE_PROGRAM, "ident" },
	{ ROLE_PROGRAM, "log.syslog.appname" },
	{ ROLE_PROGRAM, "process.name" },
	{ ROLE_PROGRAM, "_COMM" },
};

struct carrier *carrier_new(void)
{
	struct carrier *c = calloc(1, sizeof *c);
	if (c && !(c->tokener = json_tokener_new_ex(DEPTH_MAX))) {
		free(c);
		return NULL;
	}
	return c;
}

static void forget_object(struct carrier *c)
{
	if (c->object)
		json_object_put(c->object);
	c->object = NULL;
}

void carrier_free(struct carrier *c)
{
	if (!c)
		return;
	forget_object(c);
	json_tokener_free(c->tokener);
	sodium_memzero(c, sizeof *c);
	free(c);
}

void carrier_begin(struct carrier *c)
{
	forget_object(c);
	c->mode = MODE_LINES;
	c->n = 0;
	c->cut = false;
}

bool carrier_is_within(const struct carrier *c)
{
	return c->mode != MODE_LINES;
}

static void gather_line(struct carrier *c, struct span line)
{
	c->cut |= line.n + 1 > sizeof c->buffer - c->n;
	if (c->cut)
		return;
	memcpy(c->buffer + c->n, line.p, line.n);
	c->buffer[c->n + line.n] = '\n';
	c->n += line.n + 1;
}

/* A time as figures, or as text in one of the forms that a line's begin has. */
static int64_t carried_time(struct span text, const struct log_clock *clock)
{
	struct log_clock scratch = { .reference = clock->reference, .now = clock->now };
	struct log_time time;
	int64_t at = log_epoch(text, clock);
	if (at < 0 && log_stamp(&text, &scratch, &time))
		at = time.at;
	return at < 0 ? 0 : at;
}

/* Puts VALUE where ROLE wants it. */
static void keep_field(struct carrier *c, enum role role, struct span value,
	const struct log_clock *clock, struct span *text, struct log_carried *carried)
{
	char *word = role == ROLE_HOST ? c->host : c->program;
	size_t n = value.n < WORD_SIZE ? value.n : WORD_SIZE;
	switch (role) {
	case ROLE_TEXT:
		carried->cut = value.n >= PIECE && value.p[value.n - 1] != '\n';
		while (value.n && (value.p[value.n - 1] == '\n' || value.p[value.n - 1] == '\r'))
			value.n--;
		while (value.n && value.p[0] == ' ') /* rsyslog's msg */
			value = text_from(value, 1);
		value.n = text_find(value, SPAN("\n"));
		*text = value;
		return;
	case ROLE_TIME:
		carried->at = carried_time(value, clock);
		return;
	case ROLE_HOST:
	case ROLE_PROGRAM:
		memcpy(word, value.p, n);
		*(role == ROLE_HOST ? &carried->host : &carried->program) = (struct span){ word,
			n };
		return;
	case ROLE_COUNT:
		return;
	}
}

/* --- JSON ----------------------------------------------------------------- */

static struct json_object *entry_member(struct json_object *object, const char *name)
{
	struct json_object *found = NULL;
	char part[WORD_SIZE];
	if (json_object_object_get_ex(object, name, &found))
		return found;
	for (const char *dot; (dot = strchr(name, '.')); name = dot + 1) {
		memcpy(part, name, (size_t)(dot - name));
		part[dot - name] = 0;
		if (!json_object_object_get_ex(object, part, &object) ||
			!json_object_is_type(object, json_type_object))
			return NULL;
	}
	return json_object_object_get_ex(object, name, &found) ? found : NULL;
}

/* The journal gives what is not UTF-8 as an array of its bytes. */
static struct span bytes_of_array(struct carrier *c, struct json_object *array)
{
	size_t n = json_object_array_length(array), i = 0;
	for (; i < n && i < sizeof c->buffer; i++)
		c->buffer[i] = (char)json_object_get_int(json_object_array_get_idx(array, i));
	return (struct span){ c->buffer, i };
}

static struct span entry_value(struct carrier *c, enum role role, struct json_object *value)
{
	if (role == ROLE_TEXT && json_object_is_type(value, json_type_array))
		return bytes_of_array(c, value);
	if (json_object_is_type(value, json_type_string))
		return (struct span){ json_object_get_string(value),
			(size_t)json_object_get_string_len(value) };
	if (role == ROLE_TIME &&
		(json_object_is_type(value, json_type_int) ||
			json_object_is_type(value, json_type_double)))
		return span_of(json_object_get_string(value));
	return (struct span){ 0 };
}

static bool read_object(struct carrier *c, struct span json, const struct log_clock *clock,
	struct span *text, struct log_carried *carried)
{
	unsigned have = 0;
	json_tokener_reset(c->tokener);
	c->object = json_tokener_parse_ex(c->tokener, json.p, (int)json.n);
	if (!c->object || !json_object_is_type(c->object, json_type_object))
		return false;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct carrier_name *name = &names[i];
		if (have & 1u << name->role)
			continue;
		struct span value = entry_value(c, name->role, entry_member(c->object, name->name));
		if (!value.p || !value.n)
			continue;
		keep_field(c, name->role, value, clock, text, carried);
		have |= 1u << name->role;
	}
	return have & 1u << ROLE_TEXT;
}

/* --- the journal's export format ------------------------------------------ */

/* "NAME=value" lines; the first name of a role that stands in the table holds. */
static bool read_fields(struct carrier *c, const struct log_clock *clock, struct span *text,
	struct log_carried *carried)
{
	unsigned have = 0;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct span rest = { c->buffer, c->n }, line, name = span_of(names[i].name);
		while (!(have & 1u << names[i].role) && span_line(&rest, &line)) {
			if (!text_starts(line, name) || line.n <= name.n || line.p[name.n] != '=')
				continue;
			keep_field(c, names[i].role, text_from(line, name.n + 1), clock, text,
				carried);
			have |= 1u << names[i].role;
		}
	}
	return have & 1u << ROLE_TEXT;
}

static void cannot_be_read(struct span lost, struct span *text, struct log_carried *carried)
{
	*text = lost;
	carried->cut = lost.n >= PIECE;
}

/* A line of something that goes over several; true: it is whole, and has a line of a log in it. */
static bool within(struct carrier *c, struct span line, const struct log_clock *clock,
	struct span *text, struct log_carried *carried)
{
	bool pretty = c->mode == MODE_PRETTY, end = pretty ? text_starts(line, SPAN("}")) : !line.n;
	text->n = 0;
	if (!end || pretty)
		gather_line(c, line);
	if (!end)
		return false;
	size_t n = c->n;
	bool whole = !c->cut;
	c->mode = MODE_LINES;
	if (whole && pretty)
		whole = read_object(c, (struct span){ c->buffer, n }, clock, text, carried);
	else if (whole)
		whole = read_fields(c, clock, text, carried);
	if (!whole)
		cannot_be_read((struct span){ c->buffer, n }, text, carried);
	c->n = 0;
	c->cut = false;
	return whole;
}

bool carrier_line(struct carrier *c, struct span line, const struct log_clock *clock,
	struct span *text, struct log_carried *carried)
{
	forget_object(c);
	*carried = (struct log_carried){ 0 };
	while (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	*text = line;
	if (c->mode == MODE_LINES && text_equal(line, SPAN("{")))
		c->mode = MODE_PRETTY;
	else if (c->mode == MODE_LINES &&
		(text_starts(line, SPAN("__CURSOR=")) ||
			text_starts(line, SPAN("__REALTIME_TIMESTAMP="))))
		c->mode = MODE_EXPORT;
	if (c->mode != MODE_LINES)
		return within(c, line, clock, text, carried);
	if (text_starts(line, SPAN("\036")) || text_starts(line, SPAN("[{")))
		line = text_from(line, 1);      /* RFC 7464; an array of objects, one a line */
	if (text_starts(line, SPAN("data: {"))) /* server-sent events */
		line = text_from(line, 6);
	if (!text_starts(line, SPAN("{")) || read_object(c, line, clock, text, carried))
		return true;
	cannot_be_read(line, text, carried);
	return false;
}
