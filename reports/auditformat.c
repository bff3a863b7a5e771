/*
 * The audit in its formats: text (audittext.c), lines of JSON (auditjson.c), XML (auditxml.c), and
 * a page made of that by audit.xsl.
 */
#include "reports/audit.h"
#include "reports/xmlparts.h"

#include <stdlib.h>
#include <string.h>

static const char embedded_audit_xsl[] = {
#include "embedded/audit.xsl.inc"
};

static int as_text(const struct audit *a, bool lines, struct buffer *out)
{
	FILE *file = open_memstream(&out->p, &out->n);
	if (!file)
		return -1;
	if (lines)
		audit_write_lines(a, file);
	else
		audit_write_text(a, file);
	return fclose(file) ? -1 : 0;
}

static int as_html(const struct audit *a, struct buffer *out, char *error, size_t size)
{
	const struct stylesheet sheet = { NULL, "audit.xsl", embedded_audit_xsl,
		sizeof embedded_audit_xsl };
	const struct parameter none = { NULL, NULL };
	xmlDoc *doc = audit_document(a);
	int result = html_transform(doc, &sheet, &none, out, error, size);
	xmlFreeDoc(doc);
	return result;
}

int audit_format(const struct audit *a, enum report_format format, struct buffer *out, char *error,
	size_t size)
{
	*out = (struct buffer){ NULL, 0 };
	snprintf(error, size, "no memory for the audit");
	int result;
	if (format == REPORT_HTML)
		result = as_html(a, out, error, size);
	else if (format == REPORT_XML)
		result = xml_print(audit_document(a), out);
	else
		result = as_text(a, format == REPORT_LINES, out);
	if (result)
		buffer_free(out);
	else
		*error = '\0';
	return result;
}
