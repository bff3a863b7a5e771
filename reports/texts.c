/*
 * Catalogues of the report's words. English is compiled in and read first; another language lies
 * over it.
 *
 * *       <texts xmlns="urn:retour:texts:1" lang="de"><text id="heading.todo">Was zu tun
 * ist</text>…</texts>
 */
#include "reports/texts.h"
#include "classify/base/files.h"

#include <libxml/hash.h>
#include <libxml/parser.h>
#include <libxml/xmlmemory.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char english[] = {
#include "embedded/report.en.xml.inc"
};
static const char german[] = {
#include "embedded/report.de.xml.inc"
};

static const struct {
	const char *language, *bytes;
	size_t n;
} built_in[] = { { "en", english, sizeof english }, { "de", german, sizeof german } };

enum { ID_SIZE = 96 };

struct texts {
	xmlHashTable *by_id;
	xmlDoc *base;      /* English: the order of the ids */
	char language[36]; /* BCP 47 */
};

void string_free(xmlChar *string)
{
	xmlFreeFunc release;
	if (string && !xmlMemGet(&release, NULL, NULL, NULL))
		release(string);
}

static bool is_element(const xmlNode *node, const char *name)
{
	return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

/* Puts the texts of a catalogue over those that are there. */
static bool take_translation(struct texts *t, const xmlDoc *doc)
{
	const xmlNode *root = xmlDocGetRootElement(doc);
	if (!root || !is_element(root, "texts"))
		return false;
	xmlChar *language = xmlGetProp(root, BAD_CAST "lang");
	if (language)
		snprintf(t->language, sizeof t->language, "%s", (const char *)language);
	string_free(language);
	for (const xmlNode *node = root->children; node; node = node->next) {
		xmlChar *id = is_element(node, "text") ? xmlGetProp(node, BAD_CAST "id") : NULL;
		xmlChar *text = id ? xmlNodeGetContent(node) : NULL;
		if (text && xmlHashUpdateEntry(t->by_id, id, text, xmlHashDefaultDeallocator))
			string_free(text);
		string_free(id);
	}
	return true;
}

static xmlDoc *read_catalogue(const char *language)
{
	for (size_t i = 0; i < sizeof built_in / sizeof *built_in; i++)
		if (strcmp(language, built_in[i].language) == 0)
			return xmlReadMemory(built_in[i].bytes, (int)built_in[i].n, language, NULL,
				PARSE_OPTIONS);
	return file_is_pipe(language) ? NULL : xmlReadFile(language, NULL, PARSE_OPTIONS);
}

struct texts *texts_new(const char *language, char *error, size_t size)
{
	struct texts *t = calloc(1, sizeof *t);
	xmlDoc *other = NULL;
	bool read = false;
	snprintf(error, size, "no memory for the report's texts");
	if (!t || !(t->by_id = xmlHashCreate(512)) || !(t->base = read_catalogue("en")) ||
		!take_translation(t, t->base))
		goto out;
	read = !language || strcmp(language, "en") == 0;
	if (!read) {
		other = read_catalogue(language);
		read = other && take_translation(t, other);
		snprintf(error, size,
			"language %s: no language that is built in, and no catalogue of texts in XML",
			language);
	}
out:
	xmlFreeDoc(other);
	if (read) {
		*error = '\0';
		return t;
	}
	texts_free(t);
	return NULL;
}

void texts_free(struct texts *t)
{
	if (!t)
		return;
	if (t->by_id)
		xmlHashFree(t->by_id, xmlHashDefaultDeallocator);
	xmlFreeDoc(t->base);
	free(t);
}

const struct texts *texts_english(void)
{
	static struct texts *t;
	char error[128];
	if (!t)
		t = texts_new(NULL, error, sizeof error);
	return t;
}

const char *text_of(const struct texts *t, const char *id)
{
	const char *text = t ? xmlHashLookup(t->by_id, BAD_CAST id) : NULL;
	return text ? text : id;
}

const char *text_named(const struct texts *t, const char *prefix, const char *name)
{
	char id[ID_SIZE];
	snprintf(id, sizeof id, "%s.%s", prefix, name);
	const char *text = t ? xmlHashLookup(t->by_id, BAD_CAST id) : NULL;
	return text ? text : "";
}

const char *texts_language(const struct texts *t)
{
	return t->language;
}

bool texts_append(const struct texts *t, xmlNode *parent)
{
	xmlNode *list = xmlNewChild(parent, parent->ns, BAD_CAST "texts", NULL);
	if (!list || !xmlNewProp(list, BAD_CAST "lang", BAD_CAST t->language))
		return false;
	for (const xmlNode *node = xmlDocGetRootElement(t->base)->children; node;
		node = node->next) {
		xmlChar *id = is_element(node, "text") ? xmlGetProp(node, BAD_CAST "id") : NULL;
		if (!id)
			continue;
		xmlNode *text = xmlNewTextChild(
			list, list->ns, BAD_CAST "text", BAD_CAST text_of(t, (const char *)id));
		bool made = text && xmlNewProp(text, BAD_CAST "id", id);
		string_free(id);
		if (!made)
			return false;
	}
	return true;
}

/* --- sentences ------------------------------------------------------------ */

static void append_text(struct sentence *s, const char *p, size_t n)
{
	size_t room = s->size - s->n - 1;
	if (n > room) {
		n = room;
		while (n && ((unsigned char)p[n] & 0xc0) == 0x80)
			n--;
		s->size = s->n + n + 1; /* cut: nothing follows */
	}
	memcpy(s->p + s->n, p, n);
	s->n += n;
	s->p[s->n] = '\0';
}

void say_text(struct sentence *s, const char *text)
{
	append_text(s, text, strlen(text));
}

void say(struct sentence *s, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	int n = s->n < s->size ? vsnprintf(s->p + s->n, s->size - s->n, format, list) : 0;
	va_end(list);
	if (n > 0)
		s->n = s->n + (size_t)n < s->size ? s->n + (size_t)n : s->size - 1;
}

static const char *filling_of(const struct filling *list, const char *name, size_t n)
{
	for (; list->name; list++)
		if (strlen(list->name) == n && memcmp(list->name, name, n) == 0)
			return list->value;
	return NULL;
}

void sentence_fill(struct sentence *s, const char *pattern, const struct filling *list)
{
	while (*pattern) {
		size_t plain = strcspn(pattern, "{");
		const char *end = pattern[plain] ? strchr(pattern + plain, '}') : NULL;
		append_text(s, pattern, plain);
		pattern += plain;
		if (!*pattern)
			break;
		const char *value = end ? filling_of(list, pattern + 1, (size_t)(end - pattern - 1))
					: NULL;
		if (value) {
			say_text(s, value);
			pattern = end + 1;
		} else {
			append_text(s, pattern++, 1);
		}
	}
}
