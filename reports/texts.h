/*
 * The words of the report, by language: catalogues in XML (etc/report.en.xml, etc/report.de.xml, or
 * a file of the operator's), so that a further language needs no code. A text holds names in braces
 * that are filled in; it is never a format of printf.
 */
#ifndef RETOUR_REPORTS_TEXTS_H
#define RETOUR_REPORTS_TEXTS_H

#include <libxml/parser.h>
#include <stdbool.h>
#include <stddef.h>

/* How an organisation's own file is read: without the network, and what is wrong is said by us. */
enum { PARSE_OPTIONS = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING };

struct texts;

/*
 * LANGUAGE: "en", "de", or the path of a catalogue; NULL: English. NULL with ERROR when it cannot
 * be read. What a catalogue lacks is English.
 */
struct texts *texts_new(const char *language, char *error, size_t size);
void texts_free(struct texts *t);
/*
 * English, for what is not translated; made once, never freed. NULL without memory, which text_of()
 * and text_named() bear.
 */
const struct texts *texts_english(void);
/* The text of an id; the id itself where no catalogue has it. Never NULL; the catalogue's. */
const char *text_of(const struct texts *t, const char *id);
/* The text of PREFIX.NAME. */
const char *text_named(const struct texts *t, const char *prefix, const char *name);
/* "en" */
const char *texts_language(const struct texts *t);
/*
 * All texts below PARENT, for the stylesheet: <texts lang="en"><text id="…">…</text>…</texts>.
 * False: no memory.
 */
bool texts_append(const struct texts *t, xmlNode *parent);

/*
 * Gives back what libxml2 returned as text; NULL is borne. A call, where xmlFree is a variable: the
 * library is opened only when one of its functions is called.
 */
void string_free(xmlChar *string);

/* A sentence that grows; cut between characters, never overrun. */
struct sentence {
	char *p;
	size_t n, size;
};
void say_text(struct sentence *s, const char *text);
/* In the words of the code, for what is not translated. */
__attribute__((format(printf, 2, 3))) void say(struct sentence *s, const char *format, ...);

struct filling {
	const char *name, *value;
};
/*
 * Appends PATTERN with each {name} filled in from a list that ends with a NULL name; a name that is
 * not there stays as it is.
 */
void sentence_fill(struct sentence *s, const char *pattern, const struct filling *list);
#define FILL(s, pattern, ...) \
	sentence_fill(s, pattern, (const struct filling[]){ __VA_ARGS__, { NULL, NULL } })

#endif
