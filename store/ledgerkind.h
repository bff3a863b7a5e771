/*
 * What an entry of the ledger tells: words of the store, of retour-audit(7) and of evidence that
 * has left the house, so none is ever given anew. Their order means nothing.
 */
#ifndef RETOUR_STORE_LEDGERKIND_H
#define RETOUR_STORE_LEDGERKIND_H

#define LEDGER_KINDS(X) \
	X(LEDGER_STORE_CREATED, "store-created") \
	X(LEDGER_PROGRAM, "program") \
	X(LEDGER_KEY_CREATED, "key-created") \
	X(LEDGER_KEY_DESTROYED, "key-destroyed") \
	X(LEDGER_KEY_RELEASED, "key-released") \
	X(LEDGER_KEY_LOST, "key-lost") \
	X(LEDGER_KEY_ADOPTED, "key-adopted") \
	X(LEDGER_KEY_USED, "key-used") \
	X(LEDGER_KEY_MOVED, "key-moved") \
	X(LEDGER_KEY_GIVEN_UP, "key-given-up") \
	X(LEDGER_CONFIGURATION, "configuration") \
	X(LEDGER_CONFIGURATION_MAILBOX, "configuration-mailbox") \
	X(LEDGER_CONFIGURATION_SECTION, "configuration-section") \
	X(LEDGER_PURGE, "purge") \
	X(LEDGER_MAIL_PURGE, "mail-purge") \
	X(LEDGER_FORGET, "forget") \
	X(LEDGER_DISCLOSE, "disclose") \
	X(LEDGER_REQUEST_CORRECTED, "request-corrected") \
	X(LEDGER_CONTACT_REVALIDATE, "contact-revalidate") \
	X(LEDGER_CONTACT_RESOLVE, "contact-resolve") \
	X(LEDGER_CONTACT_REACTIVATE, "contact-reactivate") \
	X(LEDGER_CONTACT_CONFIRM, "contact-confirm") \
	X(LEDGER_CONTACT_UNDO, "contact-undo") \
	X(LEDGER_CONTACT_REJUDGE, "contact-rejudge") \
	X(LEDGER_SUPPRESS_IMPORT, "suppress-import") \
	X(LEDGER_BACKUP, "backup") \
	X(LEDGER_RESTORED, "restored") \
	X(LEDGER_STORE_OLDER, "store-older") \
	X(LEDGER_CLOCK_CONFIRMED, "clock-confirmed") \
	X(LEDGER_CLOCK_GIVEN, "clock-given") \
	X(LEDGER_CLOCK_OWN, "clock-own") \
	X(LEDGER_ALERT, "alert") \
	X(LEDGER_REPORT_WRITTEN, "report-written") \
	X(LEDGER_REPORT_SENT, "report-sent") \
	X(LEDGER_REPORT_TESTED, "report-tested") \
	X(LEDGER_REPORT_UNANSWERED, "report-unanswered") \
	X(LEDGER_EVIDENCE_EXPORTED, "evidence-exported") \
	X(LEDGER_EVENTS_EXPORTED, "events-exported") \
	X(LEDGER_CHECKPOINT, "checkpoint") \
	X(LEDGER_LEDGER_CUT, "ledger-cut")
enum ledger_kind {
#define LEDGER_SYMBOL(symbol, name) symbol,
	LEDGER_KINDS(LEDGER_SYMBOL)
#undef LEDGER_SYMBOL
		LEDGER_KIND_COUNT
};
const char *ledger_kind_name(enum ledger_kind kind);

#endif
