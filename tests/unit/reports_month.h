/*
 * What the tests of a month's report share: options, a report made of a store that is none, its
 * formats.
 */
#ifndef RETOUR_TEST_REPORTS_MONTH_H
#define RETOUR_TEST_REPORTS_MONTH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include <libxml/parser.h>
#include <libxml/xmlschemas.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>
#include "reports/model.h"
#include "tests/unit/reports_year.h"

static const char *const recipients[] = { "deliverability@example.org", NULL };
static const struct month october = { 2026, 10 };
enum { TEST_K = 10 };

static inline const char *printed_name(void *context, const char *name)
{
	(void)context;
	if (strcmp(name, "gmail") == 0)
		return "Gmail & Co";
	return strcmp(name, "microsoft") == 0 ? "Microsoft" : NULL;
}

static inline struct report_options options(void)
{
	return (struct report_options){ .organisation = "Example & Sons",
		.timezone = "Europe/Berlin",
		.k = TEST_K,
		.from = "retour@example.org",
		.to = recipients,
		.provider_title = printed_name,
		.target = { 20000, 50000, 1000 } };
}

static inline struct month_report *make(struct store *s, const struct report_options *o)
{
	struct month_report *r = NULL;
	char error[256] = "";
	if (month_report_new(&r, s, october, o, error, sizeof error))
		fail_msg("%s", error);
	return r;
}

static inline struct buffer render(const struct month_report *r, enum report_format format)
{
	struct buffer b;
	char error[256] = "";
	if (month_report_format(r, format, &b, error, sizeof error))
		fail_msg("%s", error);
	assert_non_null(b.p);
	return b;
}

static inline bool holds(const struct buffer *b, const char *text)
{
	return memmem(b->p, b->n, text, strlen(text)) != NULL;
}

static inline void assert_valid(const struct buffer *xml)
{
	const char *root = getenv("RETOUR_ROOT");
	char path[512];
	snprintf(path, sizeof path, "%s/etc/report.xsd", root ? root : ".");
	xmlSchemaParserCtxt *parser = xmlSchemaNewParserCtxt(path);
	assert_non_null(parser);
	xmlSchema *schema = xmlSchemaParse(parser);
	assert_non_null(schema);
	xmlSchemaValidCtxt *context = xmlSchemaNewValidCtxt(schema);
	xmlDoc *doc = xmlReadMemory(xml->p, (int)xml->n, "report.xml", NULL, XML_PARSE_NONET);
	assert_non_null(doc);
	assert_int_equal(xmlSchemaValidateDoc(context, doc), 0);
	xmlFreeDoc(doc);
	xmlSchemaFreeValidCtxt(context);
	xmlSchemaFree(schema);
	xmlSchemaFreeParserCtxt(parser);
}

#endif
