/*
 *   feedback
 *     report_metadata   org_name, report_id, date_range (begin, end: epoch seconds)
 *     record*           row (source_ip, count, policy_evaluated (disposition, dkim, spf)),
 *                       identifiers (header_from)
 *
 * Everything else is passed over, whatever namespace it stands in. dkim and spf of policy_evaluated
 * say "pass" only where the domain is that of the From field, too.
 */
#include "classify/dmarc.h"

#include <arpa/inet.h>
#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>

enum { DMARC_TEXT_SIZE = 256, DMARC_DEPTH_MAX = 16 };

enum dmarc_element {
	E_NONE, /* outside, or of no interest */
	E_DOCUMENT,
	E_FEEDBACK,
	E_METADATA,
	E_ORG,
	E_ID,
	E_RANGE,
	E_BEGIN,
	E_END,
	E_RECORD,
	E_ROW,
	E_IP,
	E_COUNT,
	E_EVALUATED,
	E_DISPOSITION,
	E_DKIM,
	E_SPF,
	E_IDENTIFIERS,
	E_FROM
};

static const struct {
	enum dmarc_element within;
	const char *name;
	enum dmarc_element element;
} elements[] = {
	{ E_DOCUMENT, "feedback", E_FEEDBACK },
	{ E_FEEDBACK, "report_metadata", E_METADATA },
	{ E_METADATA, "org_name", E_ORG },
	{ E_METADATA, "report_id", E_ID },
	{ E_METADATA, "date_range", E_RANGE },
	{ E_RANGE, "begin", E_BEGIN },
	{ E_RANGE, "end", E_END },
	{ E_FEEDBACK, "record", E_RECORD },
	{ E_RECORD, "row", E_ROW },
	{ E_ROW, "source_ip", E_IP },
	{ E_ROW, "count", E_COUNT },
	{ E_ROW, "policy_evaluated", E_EVALUATED },
	{ E_EVALUATED, "disposition", E_DISPOSITION },
	{ E_EVALUATED, "dkim", E_DKIM },
	{ E_EVALUATED, "spf", E_SPF },
	{ E_RECORD, "identifiers", E_IDENTIFIERS },
	{ E_IDENTIFIERS, "header_from", E_FROM },
};

struct dmarc {
	struct summary *s;
	const struct classify_options *options;
	xmlParserCtxtPtr xml;
	unsigned depth;
	unsigned char path[DMARC_DEPTH_MAX + 1]; /* [0] is the document */
	char text[DMARC_TEXT_SIZE];              /* of the innermost element */
	size_t n;
	struct summary_row row;
	bool counted;        /* the record has a count */
	bool feedback, over; /* the root was seen, and ended */
	bool refused;
	bool opened, inside; /* a "<" was the last byte; it began a tag, which goes on */
	char quote;          /* in which an attribute of the tag goes on; 0: none */
	size_t tag;          /* bytes of the tag so far */
};

static void refuse_report(struct dmarc *d)
{
	d->refused = true;
	xmlStopParser(d->xml);
}

/* --- records -------------------------------------------------------------- */

/* The network of ADDRESS: 24 bits of IPv4, 48 of IPv6; "" where it is no address. */
static void network_of(const char *address, char network[SUMMARY_NETWORK_SIZE])
{
	unsigned char b[16];
	char text[INET6_ADDRSTRLEN];
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	memset(network, 0, SUMMARY_NETWORK_SIZE);
	if (inet_pton(AF_INET6, address, b) == 1 && memcmp(b, mapped, sizeof mapped) != 0) {
		memset(b + 6, 0, sizeof b - 6);
		if (inet_ntop(AF_INET6, b, text, sizeof text))
			snprintf(network, SUMMARY_NETWORK_SIZE, "%.*s/48", SUMMARY_NETWORK_SIZE - 4,
				text);
		return;
	}
	const char *four = strrchr(address, ':');
	if (inet_pton(AF_INET, four ? four + 1 : address, b) == 1)
		snprintf(network, SUMMARY_NETWORK_SIZE, "%u.%u.%u.0/24", b[0], b[1], b[2]);
}

static void end_record(struct dmarc *d)
{
	if (!*d->row.domain) /* whose mail it was is nothing to us */
		memset(d->row.network, 0, sizeof d->row.network);
	if (!d->counted || !summary_add(d->s, &d->row))
		refuse_report(d);
}

static bool report_time(struct span text, int64_t *at)
{
	uint64_t seconds;
	if (!summary_count(text, SUMMARY_TIME_MAX, &seconds))
		return false;
	*at = (int64_t)seconds;
	return true;
}

/* What the element that ends here says; its text is D's, and ends in NUL. */
static void take_text(struct dmarc *d, enum dmarc_element element)
{
	struct span text = span_trim((struct span){ d->text, d->n });
	d->text[d->n] = '\0';
	bool pass = span_equal_nocase(text, SPAN("pass"));
	int disposition;
	switch (element) {
	case E_ORG:
		summary_receiver(text, d->s->head.receiver);
		break;
	case E_ID:
		span_copy_text(d->s->head.id, sizeof d->s->head.id, text);
		break;
	case E_BEGIN:
		d->refused |= !report_time(text, &d->s->head.begin);
		break;
	case E_END:
		d->refused |= !report_time(text, &d->s->head.end);
		break;
	case E_IP:
		d->text[text.p - d->text + (long)text.n] = '\0';
		network_of(text.p, d->row.network);
		break;
	case E_COUNT:
		d->counted = summary_count(text, SUMMARY_COUNT_MAX, &d->row.count);
		break;
	case E_DISPOSITION:
		d->text[text.p - d->text + (long)text.n] = '\0';
		disposition = disposition_by_name(text.p); /* "pass" of DMARCbis is none, too */
		d->row.disposition = disposition < 0 ? DISPOSITION_NONE : (uint8_t)disposition;
		break;
	case E_DKIM:
		d->row.dkim = pass;
		break;
	case E_SPF:
		d->row.spf = pass;
		break;
	case E_FROM:
		summary_domain(d->options, text, d->row.domain);
		break;
	default:
		break;
	}
}

/* --- libxml2 -------------------------------------------------------------- */

static void begin_element(void *context, const xmlChar *name, const xmlChar *prefix,
	const xmlChar *uri, int spaces, const xmlChar **space, int attributes, int defaulted,
	const xmlChar **attribute)
{
	struct dmarc *d = context;
	(void)prefix;
	(void)uri;
	(void)spaces;
	(void)space;
	(void)attributes;
	(void)defaulted;
	(void)attribute;
	if (d->depth == DMARC_DEPTH_MAX) {
		refuse_report(d);
		return;
	}
	enum dmarc_element within = (enum dmarc_element)d->path[d->depth], found = E_NONE;
	for (size_t i = 0; i < sizeof elements / sizeof *elements; i++)
		if (elements[i].within == within &&
			strcmp((const char *)name, elements[i].name) == 0)
			found = elements[i].element;
	d->path[++d->depth] = (unsigned char)found;
	d->n = 0;
	d->feedback |= found == E_FEEDBACK;
	if (d->depth == 1 && found != E_FEEDBACK)
		refuse_report(d);
	if (found == E_RECORD) {
		memset(&d->row, 0, sizeof d->row);
		d->counted = false;
	}
}

static void end_element(
	void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct dmarc *d = context;
	(void)name;
	(void)prefix;
	(void)uri;
	if (d->refused || !d->depth)
		return;
	enum dmarc_element element = (enum dmarc_element)d->path[d->depth--];
	if (element == E_RECORD)
		end_record(d);
	else
		take_text(d, element);
	d->over |= element == E_FEEDBACK;
	d->n = 0;
}

/* Longer than any value is: what is cut is none of those that are compared. */
static void add_element_text(void *context, const xmlChar *text, int n)
{
	struct dmarc *d = context;
	for (int i = 0; i < n && d->n < sizeof d->text - 1; i++)
		d->text[d->n++] = (char)text[i];
}

/* No report has a document type, and what declares entities is no report. */
static void refuse_doctype(
	void *context, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
	(void)name;
	(void)external;
	(void)system;
	refuse_report(context);
}

static void keep_silent(void *context, const char *format, ...)
{
	(void)context;
	(void)format;
}

struct dmarc *dmarc_new(struct summary *s, const struct classify_options *options)
{
	xmlSAXHandler sax = { .initialized = XML_SAX2_MAGIC,
		.startElementNs = begin_element,
		.endElementNs = end_element,
		.characters = add_element_text,
		.cdataBlock = add_element_text,
		.internalSubset = refuse_doctype,
		.warning = keep_silent,
		.error = keep_silent,
		.fatalError = keep_silent };
	struct dmarc *d = calloc(1, sizeof *d);
	if (!d)
		return NULL;
	d->s = s;
	d->options = options;
	d->path[0] = E_DOCUMENT;
	s->head.kind = SUMMARY_DMARC;
	d->xml = xmlCreatePushParserCtxt(&sax, d, NULL, 0, NULL);
	if (!d->xml) {
		free(d);
		return NULL;
	}
	/* what it declares as its charset is not asked: other charsets than UTF-8 are files */
	xmlCtxtUseOptions(d->xml, XML_PARSE_NONET | XML_PARSE_IGNORE_ENC);
	return d;
}

/*
 * libxml2 compares each attribute of a tag with all before it: a mail of a megabyte with one tag of
 * 300,000 of them took 22 seconds. Tags of a report have none, or a namespace.
 */
static bool has_long_tag(struct dmarc *d, struct span bytes)
{
	enum { TAG_MAX = 2048 };
	for (size_t i = 0; i < bytes.n; i++) {
		const char c = bytes.p[i];
		if (!d->inside) {
			d->inside = d->opened && c != '!' && c != '?';
			d->opened = c == '<';
			d->tag = 0;
			continue;
		}
		if (++d->tag > TAG_MAX)
			return true;
		if (d->quote)
			d->quote = c == d->quote ? '\0' : d->quote;
		else if (c == '"' || c == '\'')
			d->quote = c;
		else
			d->inside = c != '>';
	}
	return false;
}

int dmarc_feed(struct dmarc *d, struct span bytes)
{
	d->refused |= has_long_tag(d, bytes);
	if (!d->refused && xmlParseChunk(d->xml, bytes.p, (int)bytes.n, 0) != 0)
		d->refused = true;
	return d->refused ? -1 : 0;
}

bool dmarc_end(struct dmarc *d)
{
	const struct summary_head *head = &d->s->head;
	if (!d->refused && xmlParseChunk(d->xml, NULL, 0, 1) != 0)
		d->refused = true;
	bool whole = !d->refused && d->feedback && d->over && head->begin > 0 && *head->id;
	if (d->xml->myDoc)
		xmlFreeDoc(d->xml->myDoc);
	xmlFreeParserCtxt(d->xml);
	free(d);
	return whole;
}

void dmarc_prepare(void)
{
	xmlInitParser();
}
