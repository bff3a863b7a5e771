/*
 * Elements, counts and rates of the report's XML. Numbers are plain digits whatever the language.
 */
#include "reports/xmlparts.h"

#include <libxml/xmlsave.h>
#include <string.h>

#include <stdio.h>

xmlNode *xml_element(xmlNode *parent, const char *name)
{
	return xmlNewChild(parent, parent->ns, BAD_CAST name, NULL);
}

void xml_text(xmlNode *parent, const char *name, const char *text)
{
	xmlNewTextChild(parent, parent->ns, BAD_CAST name, BAD_CAST text);
}

void xml_attribute(xmlNode *node, const char *name, const char *value)
{
	xmlNewProp(node, BAD_CAST name, BAD_CAST value);
}

void xml_number(xmlNode *node, const char *name, long long value)
{
	char text[32];
	snprintf(text, sizeof text, "%lld", value);
	xml_attribute(node, name, text);
}

static const char *plain_cell(
	const struct month_report *r, const struct cell *c, char *buffer, size_t size)
{
	if (c->state != CELL_SHOWN)
		return cell_text(r, c, buffer, size);
	snprintf(buffer, size, "%llu", (unsigned long long)c->n);
	return buffer;
}

void xml_count(const struct month_report *r, xmlNode *parent, const char *of, const struct cell *c)
{
	char text[COUNT_TEXT_SIZE];
	xmlNode *node = xmlNewTextChild(
		parent, parent->ns, BAD_CAST "count", BAD_CAST plain_cell(r, c, text, sizeof text));
	if (of)
		xml_attribute(node, "of", of);
}

void xml_told_count(
	const struct month_report *r, xmlNode *parent, const char *of, const struct cell *c)
{
	if (c->state == CELL_SHOWN || !c->vague)
		xml_count(r, parent, of, c);
}

void xml_columns(const struct month_report *r, xmlNode *parent, const struct cell *bounces,
	const struct cell column[COLUMN_COUNT])
{
	struct cell other;
	xml_count(r, parent, "bounces", bounces);
	for (unsigned c = 0; c < COLUMN_COUNT; c++)
		if (c != COLUMN_COMPLAINT)
			xml_told_count(r, parent, column_name(c), &column[c]);
	if (other_bounces(bounces, column, &other))
		xml_count(r, parent, "other", &other);
	xml_told_count(r, parent, "complaint", &column[COLUMN_COMPLAINT]);
}

void xml_comparison(const struct month_report *r, xmlNode *parent, const struct cell *now,
	const struct cell *before)
{
	char text[COUNT_TEXT_SIZE];
	long percent;
	if (!r->month[1].covered || (before->vague && before->state != CELL_SHOWN))
		return;
	xml_text(parent, "before", plain_cell(r, before, text, sizeof text));
	if (!r->month[1].partial && change_percent(now, before, &percent)) {
		snprintf(text, sizeof text, "%ld", percent);
		xml_text(parent, "change", text);
	}
}

void xml_share(xmlNode *parent, const struct cell *part, const struct cell *whole)
{
	char text[32];
	unsigned permille;
	if (!share_permille(part, whole, &permille))
		return;
	snprintf(text, sizeof text, "%u.%u", permille / 10, permille % 10);
	xml_text(parent, "share", text);
}

const char *xml_plain_rate(long ppm, char *buffer, size_t size)
{
	long hundredths = (ppm + 50) / 100;
	snprintf(buffer, size, "%ld.%02ld", hundredths / 100, hundredths % 100);
	return buffer;
}

void xml_rate(xmlNode *parent, const char *name, const char *of, const struct cell *part,
	const struct cell *sent)
{
	char text[32];
	long ppm;
	if (!rate_of(part, sent, &ppm))
		return;
	xmlNode *node = xmlNewTextChild(
		parent, parent->ns, BAD_CAST name, BAD_CAST xml_plain_rate(ppm, text, sizeof text));
	if (of)
		xml_attribute(node, "of", of);
}

xmlNode *xml_root(const char *name, const char *namespace)
{
	xmlDoc *doc = xmlNewDoc(BAD_CAST "1.0");
	xmlNode *root = doc ? xmlNewDocNode(doc, NULL, BAD_CAST name, NULL) : NULL;
	xmlNs *ns = root ? xmlNewNs(root, BAD_CAST namespace, NULL) : NULL;
	if (!ns) {
		xmlFreeNode(root);
		xmlFreeDoc(doc);
		return NULL;
	}
	xmlDocSetRootElement(doc, root);
	xmlSetNs(root, ns);
	return root;
}

int xml_print(xmlDoc *doc, struct buffer *out)
{
	xmlBuffer *buffer = xmlBufferCreate();
	xmlSaveCtxt *save = buffer ? xmlSaveToBuffer(buffer, "UTF-8", XML_SAVE_FORMAT) : NULL;
	bool written = doc && save && xmlSaveDoc(save, doc) >= 0;
	if (save && xmlSaveClose(save) < 0)
		written = false;
	out->p = written
		? strndup((const char *)xmlBufferContent(buffer), (size_t)xmlBufferLength(buffer))
		: NULL;
	out->n = out->p ? (size_t)xmlBufferLength(buffer) : 0;
	xmlBufferFree(buffer);
	xmlFreeDoc(doc);
	return out->p ? 0 : -1;
}

void xml_category(const struct month_report *r, xmlNode *node, unsigned category)
{
	xml_attribute(
		node, "id", category == CATEGORY_NONE ? "undetermined" : category_name(category));
	xml_attribute(node, "title", category_title(r->texts, category));
}
