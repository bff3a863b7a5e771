/*
 * What the report's XML is put together from (reports/xml.c): elements, counts, rates.
 */
#ifndef RETOUR_REPORTS_XMLPARTS_H
#define RETOUR_REPORTS_XMLPARTS_H

#include "reports/model.h"

/* A new element at the end of PARENT. */
xmlNode *xml_element(xmlNode *parent, const char *name);
/* One with a text. */
void xml_text(xmlNode *parent, const char *name, const char *text);
/* VALUE as it stands; libxml2 escapes. */
void xml_attribute(xmlNode *node, const char *name, const char *value);
/* A whole number. */
void xml_number(xmlNode *node, const char *name, long long value);
/* <count of="OF">: a number, or "<k" or "≥k" where it is not shown. OF may be NULL. */
void xml_count(const struct month_report *r, xmlNode *parent, const char *of, const struct cell *c);
/* Only where it is more than that some of a sum is left out. */
void xml_told_count(
	const struct month_report *r, xmlNode *parent, const char *of, const struct cell *c);
/* Bounces, their classes, what is left out of these, complaints. */
void xml_columns(const struct month_report *r, xmlNode *parent, const struct cell *bounces,
	const struct cell column[COLUMN_COUNT]);
/* The month before, and the change in percent where both can be said. */
void xml_comparison(const struct month_report *r, xmlNode *parent, const struct cell *now,
	const struct cell *before);
/* PART of WHOLE in percent, where both are shown. */
void xml_share(xmlNode *parent, const struct cell *part, const struct cell *whole);
/* Percent, two digits behind the point. */
const char *xml_plain_rate(long ppm, char *buffer, size_t size);
/* PART of SENT in percent, where both are shown. */
void xml_rate(xmlNode *parent, const char *name, const char *of, const struct cell *part,
	const struct cell *sent);

/* A category's id and title. */
void xml_category(const struct month_report *r, xmlNode *node, unsigned category);
/* The root NAME of a new document, in NAMESPACE; NULL: no memory. */
xmlNode *xml_root(const char *name, const char *namespace);
/* DOC (may be NULL), which it frees, as text, which is the caller's. -1: no memory. */
int xml_print(xmlDoc *doc, struct buffer *out);

#endif
