/*
 * The statistics that receivers send to the owner of a domain: DMARC aggregate reports (RFC 7489
 * section 7.2, appendix C) and SMTP TLS reports (RFC 8460). They tell of no single mail and no
 * recipient. Of a report are taken: who reports, of which time, and counts by what our mail came
 * from (a network, never an address), what became of it, and what it proved, or how the sessions to
 * us went.
 *
 * A report is taken whole or not at all: where its archive is damaged, its text is cut or its
 * figures are none, nothing of it counts.
 */
#ifndef RETOUR_SUMMARY_H
#define RETOUR_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>
#include "classify/base/span.h"

struct arena;
struct classify_options;
struct mime;

#define SUMMARY_KINDS(X) \
	X(SUMMARY_DMARC, "dmarc") \
	X(SUMMARY_TLS, "tls")

/* What the receiver did with the mail, RFC 7489 appendix C (DispositionType). */
#define SUMMARY_DISPOSITIONS(X) \
	X(DISPOSITION_NONE, "none") \
	X(DISPOSITION_QUARANTINE, "quarantine") \
	X(DISPOSITION_REJECT, "reject")

/* How sessions went: well, or a result type of RFC 8460 section 4.3. */
#define SUMMARY_RESULTS(X) \
	X(TLS_WELL, "well") \
	X(TLS_OTHER, "other") \
	X(TLS_NOT_SUPPORTED, "starttls-not-supported") \
	X(TLS_HOST_MISMATCH, "certificate-host-mismatch") \
	X(TLS_EXPIRED, "certificate-expired") \
	X(TLS_NOT_TRUSTED, "certificate-not-trusted") \
	X(TLS_VALIDATION, "validation-failure") \
	X(TLS_TLSA_INVALID, "tlsa-invalid") \
	X(TLS_DNSSEC_INVALID, "dnssec-invalid") \
	X(TLS_DANE_REQUIRED, "dane-required") \
	X(TLS_STS_FETCH, "sts-policy-fetch-error") \
	X(TLS_STS_INVALID, "sts-policy-invalid") \
	X(TLS_STS_WEBPKI, "sts-webpki-invalid")

#define SUMMARY_ENUM(symbol, name) symbol,
enum summary_kind { SUMMARY_KINDS(SUMMARY_ENUM) SUMMARY_KIND_COUNT };
enum summary_disposition { SUMMARY_DISPOSITIONS(SUMMARY_ENUM) DISPOSITION_COUNT };
enum summary_result { SUMMARY_RESULTS(SUMMARY_ENUM) TLS_RESULT_COUNT };
#undef SUMMARY_ENUM
/* "" for an unknown number; the number of a name, or -1. */
const char *summary_kind_name(unsigned kind);
const char *disposition_name(unsigned disposition);
int disposition_by_name(const char *name);
const char *tls_result_name(unsigned result);
int tls_result_by_name(const char *name);

enum {
	SUMMARY_RECEIVER_SIZE = 64,
	SUMMARY_ID_SIZE = 256,
	SUMMARY_NETWORK_SIZE = 24, /* "2001:db8:ffff::/48" */
	SUMMARY_DOMAIN_SIZE = 128,
	SUMMARY_ROWS_MAX = 2048, /* beyond: other networks, other domains */
	SUMMARY_UNPACKED_MAX = 32 << 20,
	SUMMARY_JSON_MAX = 4 << 20,        /* held as a whole; XML is read as it comes */
	SUMMARY_SPAN_MAX = 32 * 24 * 3600, /* seconds that one may tell of */
};
#define SUMMARY_COUNT_MAX UINT64_C(1000000000) /* of one row: nobody sends more in a day */
#define SUMMARY_TIME_MAX UINT64_C(253402300799)

/* The key of a row is all of it but the count, unused bytes zero. */
struct summary_row {
	char network[SUMMARY_NETWORK_SIZE]; /* of the source: /24, /48; "": other, or TLS */
	char domain[SUMMARY_DOMAIN_SIZE];   /* one of ours: header From, or policy; "": another */
	uint8_t disposition;                /* enum summary_disposition */
	uint8_t dkim, spf;                  /* 1: passed, and for the domain in From */
	uint8_t result;                     /* enum summary_result, of a TLS report */
	uint8_t unused[4];
	uint64_t count; /* mails, or sessions */
};

struct summary_head {
	int64_t begin, end;                   /* epoch seconds */
	char receiver[SUMMARY_RECEIVER_SIZE]; /* who reports; no address */
	char id[SUMMARY_ID_SIZE];             /* as it came: for summary_identity() alone */
	uint8_t kind;                         /* enum summary_kind */
	uint8_t verified;                     /* 1: proven who sent it, summary_sender() */
	uint8_t unused[6];
};

/*
 * Anyone can write such a report, and of whomever he wants. Which ones are verified is kept beside
 * each count; the others are told apart, and nothing follows from them alone.
 */

/* A summary_sink (classify/classify.h) takes one; it is the classifier's again after the call. */
struct summary {
	struct summary_head head;
	size_t rows;
	struct summary_row row[SUMMARY_ROWS_MAX];
	uint16_t slot[2 * SUMMARY_ROWS_MAX]; /* where a row with such a key lies, plus 1 */
};

/*
 * The report that one of the parts of MIME is, into S. OPTIONS has the domains that are ours. False
 * where none is one that can be read as a whole.
 */
bool summary_read(struct summary *s, const struct classify_options *options,
	const struct mime *mime, struct arena *arena);

/*
 * DOMAIN is proven to have sent the report (classify/authres.h); "" where nothing proves it. Anyone
 * can call himself what he likes: unless the receiver's name is that of the domain, the domain
 * stands behind it.
 */
void summary_sender(struct summary_head *head, struct span domain);

/*
 * The bytes by which a report is known again when it is sent twice: who reports, its id, its time.
 * Fed piecewise to FEED, which hashes them.
 */
void summary_identity(const struct summary_head *head,
	void (*feed)(void *context, const void *bytes, size_t n), void *context);

/* True when all bytes are such as summary_read() writes: for what a parser process sends. */
bool summary_valid(const struct summary_head *head, const struct summary_row *row, size_t rows);

/*
 * Once, before a process closes its door: libraries are there when a report comes. summary_read()
 * needs no file and no network then.
 */
void summary_prepare(void);

/* --- for summaryread.c, dmarc.c and tlsrpt.c ------------------------------ */

/* Adds R, whose key is unlike others' or becomes part of a row that has it. False: too many. */
bool summary_add(struct summary *s, const struct summary_row *r);
/* The one of ours that NAME is or lies below, into DOMAIN; "" where there is none. */
void summary_domain(
	const struct classify_options *options, struct span name, char domain[SUMMARY_DOMAIN_SIZE]);
/* Who reports: of an address the domain; what is not plain text becomes '?'. */
void summary_receiver(struct span name, char receiver[SUMMARY_RECEIVER_SIZE]);
/* Digits alone, MAX at most; false otherwise. */
bool summary_count(struct span digits, uint64_t max, uint64_t *count);

/* Does it say who reports, and of a time that a report may tell of? */
bool summary_plausible(const struct summary_head *head);

#endif
