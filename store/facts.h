/*
 * Facts: what a visit finds out of a mailbox's server, beside its mail, that somebody should hear
 * of. All of them go whole from the source through its fetcher and the run into the store, and from
 * there to doctor, alerts and metrics, so that one more is a row here, the place in
 * poller/mailbox/ that finds it, and the condition of its alert (store/watch/alert.h) with its
 * words (reports/alerts.c).
 */
#ifndef RETOUR_STORE_FACTS_H
#define RETOUR_STORE_FACTS_H

#include <stddef.h>
#include <stdint.h>

/*
 * The member; its name in the store and, behind "retour_mailbox_", as a metric; the condition that
 * it is held against: what is left of a time where that counts what REMAINS, else the number
 * itself; what the metric says; what doctor says before it.
 */
#define MAILBOX_FACTS(X) \
	X(certificate_end, "certificate_end_timestamp_seconds", ALERT_CERTIFICATE, \
		"Until when the certificate of the mailbox's server is good.", \
		"the server's certificate is good until")

/* What becomes of a message that is deleted in the mailbox: for doctor and the evidence. */
enum deleting {
	DELETING_UNKNOWN, /* it was not opened since there is this fact */
	DELETING_GONE,    /* IMAP, and nothing speaks for an archive */
	DELETING_TRASH,   /* an expunge archives; what we delete goes by way of the trash */
	DELETING_NOTHING, /* an expunge archives, and there is no way to delete */
	DELETING_UNTOLD,  /* POP3: a server does not say what it does at DELE */
	DELETING_LOCAL,   /* our own file */
	DELETING_COUNT
};
/* The same as above of what no alert and no metric is about: the member; its name in the store. */
#define MAILBOX_TRAITS(X) X(deleting, "deleting")

/* Each 0 where there is none, or it is not known. Nothing that names a person. */
struct mailbox_facts {
#define FACT_MEMBER(member, ...) int64_t member;
	MAILBOX_FACTS(FACT_MEMBER)
	MAILBOX_TRAITS(FACT_MEMBER)
#undef FACT_MEMBER
};

/* For tables: where a fact lies in struct mailbox_facts, and what is there. */
#define FACT_AT(member) offsetof(struct mailbox_facts, member)
static inline int64_t fact_value(const struct mailbox_facts *facts, size_t at)
{
	return *(const int64_t *)((const char *)facts + at);
}

#endif
