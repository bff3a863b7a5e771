/*
 * Read-only views of the store. Composes; sends nothing, opens no socket, reads no
 * clock. The same store gives the same bytes, whenever and wherever it is asked.
 */
#ifndef RETOUR_REPORTS_H
#define RETOUR_REPORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "classify/base/buffer.h"
#include "classify/base/span.h"
#include "store/store.h"
#include "store/writing.h"

struct report_options {
	const char *organisation; /* printed in the title; NULL: none (the caller puts the first
				     origin domain) */
	const char *timezone;     /* its name, printed: days and months are those of this zone */
	unsigned k;               /* cells below k are not shown */
	const char *stylesheet;   /* report.xsl on disk; NULL: compiled in */
	const char *from;         /* report mail's From */
	const char *const *to;    /* end with NULL */
	const char *signing_key;  /* the public key that the mail names; NULL: none */
	const char *language;     /* "en", "de", the path of a catalogue; NULL: English */
	const char *measures;     /* measures.xml on disk; NULL: compiled in */
	const char *logo;         /* the organisation's, as a data URI, on pages; NULL: none */
	const char *colour; /* a band above the title, and headings where it can be read: "#rrggbb",
			       "#rgb" or a name of CSS; NULL: none */
	bool every_site;    /* the figures are those of all sites that the store has of */
	int32_t today; /* YYYYMMDD in the report's zone: a month that is not over is told up to the
			  day before; 0: as far as there is anything */
	/* as a provider is printed that the texts do not translate; NULL, or gives NULL: by its
	 * name */
	const char *(*provider_title)(void *context, const char *name);
	void *provider_context;
	int64_t target[3]; /* parts per million of the mail sent, each for hard bounces, all
			      bounces, complaints */
};

struct month {
	int year, month;
};
bool month_parse(const char *text, struct month *out); /* "2026-10" */
struct month month_of(int64_t at);                     /* in the process's TZ */
bool month_is_ahead(struct month m, int64_t now);      /* it has not begun at NOW */
struct month month_before(struct month m, int n);

/*
 * The month's model (reports/month.c): all figures that any format shows, with small cells already
 * suppressed. OPTIONS and its strings stay the caller's and outlive the report. 0, or -1 with
 * ERROR. A ledger that does not hold is no error here: the report says so.
 */
struct month_report;
int month_report_new(struct month_report **out, struct store *store, struct month month,
	const struct report_options *options, char *error, size_t size);
void month_report_free(struct month_report *r);

/* The formats. XML is the source; HTML is made of it by the stylesheet. 0, or -1 with ERROR. */
enum report_format {
	REPORT_XML,
	REPORT_HTML,
	REPORT_TEXT,
	REPORT_LINES /* of JSON; an audit only */
};
int month_report_format(const struct month_report *r, enum report_format format, struct buffer *out,
	char *error, size_t size);

/*
 * A page that leads to the pages of MONTHS ("2026-10 2026-09 …", the latest first), which lie
 * beside it as YYYY-MM.html, .xml and .txt; LATEST is that of the first.
 */
int month_report_index(const struct month_report *latest, const char *months, struct buffer *out,
	char *error, size_t size);

/*
 * The finished mail: multipart/mixed of (multipart/alternative text + HTML), the XML and its
 * SIGNATURE (store/base/minisign.h; NULL: none); CRLF. NOW and TOKEN (unique) go into Date and
 * Message-ID.
 */
int month_report_mail(const struct month_report *r, int64_t now, const char *token,
	const char *signature, struct buffer *out, char *error, size_t size);

/* --- evidence for an auditor (reports/audit.c) ---------------------------- */

struct audit_pair {
	char name[64];
	char value[160];
};
/* Where mail lies that is not deleted at once. */
struct audit_folder {
	const char *mailbox, *folder,
		*what; /* what: "processed", "not recognised", "in quarantine" */
	enum folder_use use;
	int64_t period; /* 0: it stays */
};
enum {
	AUDIT_SETTINGS_MAX = 32,
	AUDIT_COMPONENTS_MAX = 16,
	AUDIT_FOLDERS_MAX = 256,
	AUDIT_MAILBOXES_MAX = 64,
};
struct audit_options {
	const struct report_options *report;
	struct audit_pair setting[AUDIT_SETTINGS_MAX]; /* in force, as people read them */
	unsigned settings;
	struct audit_folder folder[AUDIT_FOLDERS_MAX];
	unsigned folders;
	const char *mailbox[AUDIT_MAILBOXES_MAX]; /* those that are configured */
	unsigned mailboxes;
	struct audit_pair
		component[AUDIT_COMPONENTS_MAX]; /* program and libraries with their versions */
	unsigned components;
};
struct audit;
/* OPTIONS outlives the audit. 0, or -1 with ERROR; a broken promise is no error. */
int audit_load(struct audit **out, struct store *store, int64_t now,
	const struct audit_options *options, char *error, size_t size);
int audit_format(const struct audit *a, enum report_format format, struct buffer *out, char *error,
	size_t size);
bool audit_broken(const struct audit *a); /* exit code 3 */
void audit_free(struct audit *a);

#endif
