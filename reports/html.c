/*
 * The month as HTML: etc/report.xsl applied to the XML with libxslt. The stylesheet is compiled in; an organisation may give its own file.
 * Either runs without access to files, directories or the network (xsltSecurityPrefs), and without loading a DTD or an entity.
 */
#include <libxml/parser.h>
#include <libxslt/security.h>
#include <libxslt/transform.h>
#include <libxslt/variables.h>
#include <libxslt/xsltutils.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/model.h"

static const char embedded_report_xsl[] = {
#include "embedded/report.xsl.inc"
};

enum { PARSE_OPTIONS = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING };

/* libxslt's words go into the caller's error text, the first of them: the others follow from it. */
struct complaint {
	char *text;
	size_t size;
};

__attribute__((format(printf, 2, 3))) static void take_complaint(void *context, const char *format, ...)
{
	struct complaint *c = context;
	va_list list;
	if (*c->text)
		return;
	va_start(list, format);
	vsnprintf(c->text, c->size, format, list);
	va_end(list);
	c->text[strcspn(c->text, "\n")] = '\0';
}

static xsltStylesheet *load_stylesheet(const char *path, const char *said, char *error, size_t size)
{
	xmlDoc *doc = path ? xmlReadFile(path, NULL, PARSE_OPTIONS) :
		xmlReadMemory(embedded_report_xsl, sizeof embedded_report_xsl, "report.xsl", NULL, PARSE_OPTIONS);
	xsltStylesheet *sheet = doc ? xsltParseStylesheetDoc(doc) : NULL;
	if (sheet && sheet->errors == 0)
		return sheet;
	snprintf(error, size, "stylesheet %s: %s", path ? path : "report.xsl", !doc ? "cannot be read as XML" : *said ? said : "not XSLT 1.0");
	if (sheet)
		xsltFreeStylesheet(sheet);
	else
		xmlFreeDoc(doc);
	return NULL;
}

/* Nothing outside: whoever can change the stylesheet must not reach further by it. */
static xsltSecurityPrefs *closed_world(void)
{
	static const xsltSecurityOption options[] = { XSLT_SECPREF_READ_FILE, XSLT_SECPREF_WRITE_FILE, XSLT_SECPREF_CREATE_DIRECTORY,
		XSLT_SECPREF_READ_NETWORK, XSLT_SECPREF_WRITE_NETWORK };
	xsltSecurityPrefs *prefs = xsltNewSecurityPrefs();
	for (size_t i = 0; prefs && i < sizeof options / sizeof *options; i++)
		if (xsltSetSecurityPrefs(prefs, options[i], xsltSecurityForbid)) {
			xsltFreeSecurityPrefs(prefs);
			return NULL;
		}
	return prefs;
}

/* The mail alone names the ledger's head of the day on which it is made; the page stays the same for ever. */
static int set_parameters(xsltTransformContext *context, const struct month_report *r, enum html_shape shape)
{
	char entry[32], hash[LEDGER_HASH_SIZE * 2 + 1];
	if (xsltQuoteOneUserParam(context, BAD_CAST "shape", BAD_CAST(shape == HTML_MAIL ? "mail" : "page")))
		return -1;
	if (shape == HTML_MAIL && r->options->signing_key &&
	    xsltQuoteOneUserParam(context, BAD_CAST "signing-key", BAD_CAST r->options->signing_key))
		return -1;
	if (shape != HTML_MAIL || !r->head.number)
		return 0;
	snprintf(entry, sizeof entry, "%lld", (long long)r->head.number);
	return xsltQuoteOneUserParam(context, BAD_CAST "head-entry", BAD_CAST entry) ||
		xsltQuoteOneUserParam(context, BAD_CAST "head-hash", BAD_CAST hash_text(r->head.hash, hash));
}

int month_report_html(const struct month_report *r, enum html_shape shape, struct buffer *out, char *error, size_t size)
{
	const char *path = r->options->stylesheet;
	char said[256] = "";
	struct complaint complaint = { said, sizeof said };
	xmlDoc *doc = NULL, *html = NULL;
	xsltTransformContext *context = NULL;
	xmlChar *bytes = NULL;
	int count = 0, result = -1;
	xsltStylesheet *sheet = NULL;
	xsltSecurityPrefs *prefs = closed_world();
	*out = (struct buffer){ NULL, 0 };
	xmlSetGenericErrorFunc(&complaint, take_complaint);
	xsltSetGenericErrorFunc(&complaint, take_complaint);
	snprintf(error, size, "no memory for the report's HTML");
	if (!prefs)
		goto out;
	xsltSetDefaultSecurityPrefs(prefs); /* holds for include and import while the stylesheet is read, and for the context */
	sheet = load_stylesheet(path, said, error, size);
	if (!sheet)
		goto out;
	snprintf(error, size, "no memory for the report's HTML");
	doc = month_report_document(r);
	context = doc ? xsltNewTransformContext(sheet, doc) : NULL;
	if (!context || set_parameters(context, r, shape))
		goto out;
	xsltSetTransformErrorFunc(context, &complaint, take_complaint);
	html = xsltApplyStylesheetUser(sheet, doc, NULL, NULL, NULL, context);
	if (!html || context->state != XSLT_STATE_OK) {
		snprintf(error, size, "stylesheet %s: %s", path ? path : "report.xsl", *said ? said : "failed");
		goto out;
	}
	if (xsltSaveResultToString(&bytes, &count, html, sheet) || !bytes)
		goto out;
	*out = (struct buffer){ (char *)bytes, (size_t)count };
	*error = '\0';
	result = 0;
out:
	xmlFreeDoc(html);
	if (context)
		xsltFreeTransformContext(context);
	xmlFreeDoc(doc);
	if (sheet)
		xsltFreeStylesheet(sheet);
	xsltSetDefaultSecurityPrefs(NULL);
	if (prefs)
		xsltFreeSecurityPrefs(prefs);
	xsltSetGenericErrorFunc(NULL, NULL);
	xmlSetGenericErrorFunc(NULL, NULL);
	return result;
}
