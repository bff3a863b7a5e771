#include "poller/command/changeline.h"

#include <json-c/json.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistr.h>

enum { DEPTH_MAX = 4, VARIANT = sodium_base64_VARIANT_ORIGINAL };

/* --- out ------------------------------------------------------------------ */

/* In pieces of whole groups of three bytes, so that they can be put one behind the other. */
static void write_base64(struct out *o, const unsigned char *bytes, size_t n)
{
	enum { PIECE = 3 * 1024 };
	char text[sodium_base64_ENCODED_LEN(PIECE, VARIANT)];
	out_text(o, "\"");
	for (size_t i = 0; i < n; i += PIECE) {
		sodium_bin2base64(
			text, sizeof text, bytes + i, n - i < PIECE ? n - i : PIECE, VARIANT);
		out_text(o, text);
	}
	out_text(o, "\"");
}

void changeline_write(struct out *o, const struct change *c, const char *cursor)
{
	out_text(o, "{\"retour\":1,\"kind\":\"");
	out_text(o, change_kind_name(c->kind));
	out_text(o, "\",\"id\":");
	out_json(o, span_of(c->id));
	out_member(o, "site", c->site);
	out_member(o, "life", c->life);
	out_member(o, "by", c->by);
	out_member(o, "key", c->key);
	out_member_number(o, "version", c->version);
	if (*cursor)
		out_member(o, "cursor", cursor);
	out_text(o, ",\"sealed\":");
	write_base64(o, c->sealed, c->size);
	out_member_number(o, "leaf", c->leaf);
	out_text(o, ",\"path\":[");
	for (unsigned i = 0; i < c->steps; i++) {
		out_text(o, i ? "," : "");
		write_base64(o, c->path[i], CHANGE_HASH_SIZE);
	}
	out_text(o, "],\"signature\":");
	write_base64(o, c->signature, sizeof c->signature);
	out_text(o, "}\n");
}

/* --- in ------------------------------------------------------------------- */

/* What was read from a text, for the next one that is the same: lines that are signed together have
 * one signature, and most of their paths. */
enum { KEPT_TEXT = sodium_base64_ENCODED_LEN(CHANGE_SIGNATURE_SIZE, VARIANT) };
struct kept_bytes {
	size_t n;
	char text[KEPT_TEXT];
	unsigned char bytes[CHANGE_SIGNATURE_SIZE];
};

struct changeline_reader {
	json_tokener *tokener;
	struct kept_bytes signature, path[CHANGE_STEPS];
	unsigned char *sealed;
	size_t room;
};

struct changeline_reader *changeline_open(void)
{
	struct changeline_reader *r = calloc(1, sizeof *r);
	if (r && !(r->tokener = json_tokener_new_ex(DEPTH_MAX))) {
		free(r);
		return NULL;
	}
	if (r)
		json_tokener_set_flags(r->tokener, JSON_TOKENER_STRICT);
	return r;
}

void changeline_close(struct changeline_reader *r)
{
	if (!r)
		return;
	json_tokener_free(r->tokener);
	free(r->sealed);
	free(r);
}

/*
 * A member that is a text in UTF-8 without NUL, into OUT of SIZE bytes. The tokener does not look
 * at that: most of a line is base64, which is looked at when it is decoded.
 */
static bool read_text(const json_object *line, const char *name, char *out, size_t size)
{
	json_object *value;
	if (!json_object_object_get_ex(line, name, &value) ||
		!json_object_is_type(value, json_type_string))
		return false;
	const char *text = json_object_get_string(value);
	size_t n = (size_t)json_object_get_string_len(value);
	if (n >= size || strlen(text) != n || u8_check((const uint8_t *)text, n))
		return false;
	memcpy(out, text, n + 1);
	return true;
}

static bool read_change_number(
	const json_object *line, const char *name, int64_t most, int64_t *out)
{
	json_object *value;
	if (!json_object_object_get_ex(line, name, &value) ||
		!json_object_is_type(value, json_type_int))
		return false;
	*out = json_object_get_int64(value);
	return *out >= 0 && *out <= most;
}

/* Base64 of exactly SIZE bytes, CHANGE_SIGNATURE_SIZE at most. */
static bool read_bytes(json_object *value, struct kept_bytes *kept, unsigned char *out, size_t size)
{
	size_t bytes = 0;
	if (!value || !json_object_is_type(value, json_type_string))
		return false;
	const char *text = json_object_get_string(value);
	size_t n = (size_t)json_object_get_string_len(value);
	if (!kept->n || n != kept->n || memcmp(text, kept->text, n)) {
		kept->n = 0;
		if (n >= sizeof kept->text ||
			sodium_base642bin(
				kept->bytes, size, text, n, NULL, &bytes, NULL, VARIANT) ||
			bytes != size)
			return false;
		memcpy(kept->text, text, n);
		kept->n = n;
	}
	memcpy(out, kept->bytes, size);
	return true;
}

static bool read_path(struct changeline_reader *r, const json_object *line, struct change *c)
{
	json_object *path;
	if (!json_object_object_get_ex(line, "path", &path) ||
		!json_object_is_type(path, json_type_array) ||
		json_object_array_length(path) > CHANGE_STEPS)
		return false;
	c->steps = (unsigned)json_object_array_length(path);
	for (unsigned i = 0; i < c->steps; i++)
		if (!read_bytes(json_object_array_get_idx(path, i), &r->path[i], c->path[i],
			    CHANGE_HASH_SIZE))
			return false;
	return true;
}

static bool read_sealed_change(
	struct changeline_reader *r, const json_object *line, struct change *c)
{
	json_object *value;
	if (!json_object_object_get_ex(line, "sealed", &value) ||
		!json_object_is_type(value, json_type_string))
		return false;
	size_t n = (size_t)json_object_get_string_len(value);
	if (n / 4 * 3 > CHANGE_SEALED_MAX)
		return false;
	if (n > r->room) {
		unsigned char *more = realloc(r->sealed, n);
		if (!more)
			return false;
		r->sealed = more;
		r->room = n;
	}
	c->sealed = r->sealed;
	return !sodium_base642bin(r->sealed, r->room, json_object_get_string(value), n, NULL,
		&c->size, NULL, VARIANT);
}

static const char *read_members(
	struct changeline_reader *r, const json_object *line, struct change *c)
{
	static const char form[] = "it lacks a member, or one has a form that is none";
	char kind[32];
	int64_t format = 0, leaf = 0;
	json_object *signature = NULL;
	if (!read_change_number(line, "retour", INT64_MAX, &format))
		return "it is no line of retour changes";
	if (format != 1)
		return "it is of a form that this version does not know";
	if (!read_text(line, "kind", kind, sizeof kind))
		return form;
	int known = change_kind_by_name(kind);
	if (known < 0)
		return "it is of a kind that this version does not know";
	c->kind = (enum change_kind)known;
	json_object_object_get_ex(line, "signature", &signature);
	if (!read_text(line, "id", c->id, sizeof c->id) ||
		!read_text(line, "site", c->site, sizeof c->site) ||
		!read_text(line, "life", c->life, sizeof c->life) ||
		!read_text(line, "by", c->by, sizeof c->by) ||
		!read_text(line, "key", c->key, sizeof c->key) ||
		!read_change_number(line, "version", INT64_MAX - 1, &c->version) ||
		!read_change_number(line, "leaf", CHANGE_BATCH - 1, &leaf) ||
		!read_path(r, line, c) ||
		!read_bytes(signature, &r->signature, c->signature, sizeof c->signature) ||
		!read_sealed_change(r, line, c))
		return form;
	c->leaf = (unsigned)leaf;
	return NULL;
}

const char *changeline_read(
	struct changeline_reader *r, const char *text, size_t n, struct change *c)
{
	memset(c, 0, sizeof *c);
	if (n > CHANGE_LINE_MAX)
		return "it is too long";
	json_tokener_reset(r->tokener);
	json_object *line = json_tokener_parse_ex(r->tokener, text, (int)n);
	const char *why = "it is no JSON object";
	if (line && json_object_is_type(line, json_type_object))
		why = read_members(r, line, c);
	json_object_put(line);
	return why;
}
