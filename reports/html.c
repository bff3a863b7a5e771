/*
 * XML as HTML: a stylesheet of etc/ applied with libxslt. It is compiled in; for the monthly report
 * an organisation may give its own file. Either runs without access to files, directories or the
 * network (xsltSecurityPrefs), and without loading a DTD or an entity.
 */
#include <libxml/parser.h>
#include <libxslt/security.h>
#include <libxslt/transform.h>
#include <libxslt/variables.h>
#include <libxslt/xsltutils.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/model.h"
#include "classify/base/files.h"

static const char embedded_report_xsl[] = {
#include "embedded/report.xsl.inc"
};

/* libxslt's words go into the caller's error text, the first of them: the others follow from it. */
struct complaint {
	char *text;
	size_t size;
};

__attribute__((format(printf, 2, 3))) static void take_complaint(
	void *context, const char *format, ...)
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

static xsltStylesheet *load_stylesheet(
	const struct stylesheet *from, const char *said, char *error, size_t size)
{
	xmlDoc *doc = NULL;
	if (!from->path)
		doc = xmlReadMemory(from->text, (int)from->n, from->name, NULL, PARSE_OPTIONS);
	else if (!file_is_pipe(from->path))
		doc = xmlReadFile(from->path, NULL, PARSE_OPTIONS);
	xsltStylesheet *sheet = doc ? xsltParseStylesheetDoc(doc) : NULL;
	if (sheet && sheet->errors == 0)
		return sheet;
	if (doc && !*said)
		said = "not XSLT 1.0";
	snprintf(error, size, "stylesheet %s: %s", from->path ? from->path : from->name,
		doc ? said : "cannot be read as XML");
	if (sheet)
		xsltFreeStylesheet(sheet);
	else
		xmlFreeDoc(doc);
	return NULL;
}

/* Nothing outside: whoever can change the stylesheet must not reach further by it. */
static xsltSecurityPrefs *closed_world(void)
{
	static const xsltSecurityOption options[] = { XSLT_SECPREF_READ_FILE,
		XSLT_SECPREF_WRITE_FILE, XSLT_SECPREF_CREATE_DIRECTORY, XSLT_SECPREF_READ_NETWORK,
		XSLT_SECPREF_WRITE_NETWORK };
	xsltSecurityPrefs *prefs = xsltNewSecurityPrefs();
	for (size_t i = 0; prefs && i < sizeof options / sizeof *options; i++)
		if (xsltSetSecurityPrefs(prefs, options[i], xsltSecurityForbid)) {
			xsltFreeSecurityPrefs(prefs);
			return NULL;
		}
	return prefs;
}

static int set_parameters(xsltTransformContext *context, const struct parameter *parameters)
{
	for (; parameters->name; parameters++)
		if (xsltQuoteOneUserParam(
			    context, BAD_CAST parameters->name, BAD_CAST parameters->value))
			return -1;
	return 0;
}

int html_transform(xmlDoc *doc, const struct stylesheet *from, const struct parameter *parameters,
	struct buffer *out, char *error, size_t size)
{
	char said[256] = "";
	struct complaint complaint = { said, sizeof said };
	xmlDoc *html = NULL;
	xsltTransformContext *context = NULL;
	xmlChar *bytes = NULL;
	int count = 0, result = -1;
	xsltStylesheet *sheet = NULL;
	xsltSecurityPrefs *prefs = closed_world();
	*out = (struct buffer){ NULL, 0 };
	xmlSetGenericErrorFunc(&complaint, take_complaint);
	xsltSetGenericErrorFunc(&complaint, take_complaint);
	snprintf(error, size, "no memory for the HTML");
	if (!prefs)
		goto out;
	xsltSetDefaultSecurityPrefs(prefs); /* holds for include and import while the stylesheet is
					       read, and for the context */
	sheet = load_stylesheet(from, said, error, size);
	if (!sheet)
		goto out;
	snprintf(error, size, "no memory for the HTML");
	context = doc ? xsltNewTransformContext(sheet, doc) : NULL;
	if (!context || set_parameters(context, parameters))
		goto out;
	xsltSetTransformErrorFunc(context, &complaint, take_complaint);
	html = xsltApplyStylesheetUser(sheet, doc, NULL, NULL, NULL, context);
	if (!html || context->state != XSLT_STATE_OK) {
		snprintf(error, size, "stylesheet %s: %s", from->path ? from->path : from->name,
			*said ? said : "failed");
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
	if (sheet)
		xsltFreeStylesheet(sheet);
	xsltSetDefaultSecurityPrefs(NULL);
	if (prefs)
		xsltFreeSecurityPrefs(prefs);
	xsltSetGenericErrorFunc(NULL, NULL);
	xmlSetGenericErrorFunc(NULL, NULL);
	return result;
}

/* Relative luminance (WCAG 2.2) of "#rrggbb" or "#rgb", 0 to 1. */
static double luminance(const char *colour)
{
	static const double weight[] = { 0.0722, 0.7152, 0.2126 };
	unsigned long rgb = strtoul(colour + 1, NULL, 16);
	bool brief = strlen(colour) == 4;
	double sum = 0;
	for (size_t i = 0; i < sizeof weight / sizeof *weight; i++, rgb >>= brief ? 4 : 8) {
		double c = brief ? (double)(rgb & 0xf) / 15 : (double)(rgb & 0xff) / 255;
		sum += weight[i] * (c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4));
	}
	return sum;
}

/*
 * Letters in COLOUR can be read on PAPER: a contrast of at least 4.5 (WCAG 2.2, success criterion
 * 1.4.3).
 */
static bool readable(const char *colour, const char *paper)
{
	double a = luminance(colour) + 0.05, b = luminance(paper) + 0.05;
	return a / b >= 4.5 || b / a >= 4.5;
}

/*
 * On which of the page's papers (report.xsl) the organisation's colour can be read; of a colour by
 * name nothing is known.
 */
static const char *colour_on(const char *colour)
{
	static const char *const where[] = { "", "light", "dark", "light dark" };
	return colour && *colour == '#'
		? where[readable(colour, "#ffffff") + 2 * readable(colour, "#12181e")]
		: "";
}

/*
 * The mail alone names the ledger's head of the day on which it is made, and the key; the page
 * stays the same for ever. The page alone has a logo: mail clients show no data URIs.
 */
int month_report_html(const struct month_report *r, enum html_shape shape, const char *months,
	struct buffer *out, char *error, size_t size)
{
	static const char *const shapes[] = {
		[HTML_PAGE] = "page", [HTML_MAIL] = "mail", [HTML_INDEX] = "index"
	};
	const struct stylesheet sheet = { r->options->stylesheet, "report.xsl", embedded_report_xsl,
		sizeof embedded_report_xsl };
	const struct report_options *o = r->options;
	char entry[32], hash[LEDGER_HASH_SIZE * 2 + 1];
	bool mail = shape == HTML_MAIL, head = mail && r->head.number;
	snprintf(entry, sizeof entry, "%lld", (long long)r->head.number);
	const struct parameter parameters[] = {
		{ "shape", shapes[shape] },
		{ "months", months ? months : "" },
		{ "head-entry", head ? entry : "" },
		{ "head-hash", head ? hash_text(r->head.hash, hash) : "" },
		{ "signing-key", mail && o->signing_key ? o->signing_key : "" },
		{ "logo", !mail && o->logo ? o->logo : "" },
		{ "colour", o->colour ? o->colour : "" },
		{ "colour-on", colour_on(o->colour) },
		{ NULL, NULL },
	};
	xmlDoc *doc = month_report_document(r);
	if (doc && !texts_append(r->texts, xmlDocGetRootElement(doc))) {
		xmlFreeDoc(doc);
		doc = NULL;
	}
	int result = html_transform(doc, &sheet, parameters, out, error, size);
	xmlFreeDoc(doc);
	return result;
}

int month_report_index(const struct month_report *latest, const char *months, struct buffer *out,
	char *error, size_t size)
{
	return month_report_html(latest, HTML_INDEX, months, out, error, size);
}
