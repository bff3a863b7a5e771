/*
 * The entry for the record of processing activities (Regulation (EU) 2016/679, Article 30(1)),
 * ready to paste. It says what the program does with the settings in force; what only the
 * controller can know is marked with square brackets.
 */
#include "reports/audit.h"

#include <string.h>

static struct sentence field(struct audit *a, const char *name)
{
	struct record_field *f = &a->record[a->records++];
	f->name = name;
	return (struct sentence){ f->text, 0, sizeof f->text };
}

static void periods(struct audit *a)
{
	struct sentence s = field(a, "Time limits for erasure (d. f)");
	char period[32];
	for (unsigned i = 0; i < a->held.count; i++) {
		const struct purge_class *c = &a->held.at[i];
		if (strcmp(c->name, "month keys") != 0)
			say(&s, "%s: %s (%s). ", c->name,
				period_text(c->period, period, sizeof period),
				c->reason && *c->reason ? c->reason : "no reason is given");
	}
	for (unsigned i = 0; i < a->options->folders; i++) {
		const struct audit_folder *f = &a->options->folder[i];
		if (f->period)
			say(&s, "Mail in folder %s of mailbox %s: %s. ", f->folder, f->mailbox,
				period_text(f->period, period, sizeof period));
		else
			say(&s, "Mail in folder %s of mailbox %s: until it is taken away by hand. ",
				f->folder, f->mailbox);
	}
	say(&s, "Counts per day name nobody and stay.");
}

void audit_record(struct audit *a)
{
	const char *organisation = a->options->report->organisation;
	struct sentence s = field(a, "Name of the processing");
	say(&s, "Handling of returned mail (bounces) and of complaints about one's own mailings");
	s = field(a, "Controller (d. a)");
	say(&s, "%s [address, contact, representative, data-protection officer]",
		organisation ? organisation : "[name]");
	s = field(a, "Purposes (d. b)");
	say(&s,
		"Not to write again to addresses that do not exist, that refuse, or whose owners complained; to find and mend the causes of failed delivery; "
		"to prove that retention is kept. [Legal basis, e.g. Article 6(1)(f): legitimate interest in orderly delivery and in respecting objections]");
	s = field(a, "Categories of data subjects (d. c)");
	say(&s, "Recipients of one's own mailings whose mail was returned or who complained.");
	s = field(a, "Categories of personal data (d. c)");
	say(&s,
		"Pseudonyms of mail addresses (keyed hash); for each notice: time, kind, status code, cause, receiving provider, campaign, and of the receiver's words "
		"those that are known, where they are kept; for each recipient: day of the last event, and, encrypted, state and history. No address and no content of "
		"mail is stored; the name of a campaign is as its sender gave it, where many have it.");
	s = field(a, "Categories of recipients (d. d)");
	say(&s,
		"Reports with counts go to the addressees that the configuration names; counts below %u are not shown. A command of [hook], other sites and who reads "
		"`retour events`, where these are used, get pseudonyms, and a command with addresses = yes addresses. [Which of these; processor who runs the server, where "
		"there is one]",
		a->options->report->k);
	s = field(a, "Transfers to third countries (d. e)");
	say(&s, "None by the program itself. [Location of server, mailboxes, and those above]");
	periods(a);
	s = field(a, "Technical and organisational measures (d. g, Article 32)");
	say(&s,
		"Pseudonymisation with a key of its own for each month, which is destroyed with the month's last event; keys apart from the database, readable by "
		"the program's user alone; deletion that overwrites (secure_delete) and empties the log; encrypted, verified connections to servers that are not on this machine; "
		"message parsing in a process without files and network; daily retention with an append-only, chained and signed ledger; figures below %u suppressed "
		"in all monthly reports. [Encryption of the medium, backup, access control of the server]",
		a->options->report->k);
}
