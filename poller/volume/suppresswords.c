/* The tables of what services write into their lists. */
#include "poller/volume/suppresswords.h"

#include <ctype.h>

/*
 * SES: ListSuppressedDestinations. SendGrid: exports of bounces (status, reason, email, created),
 * spam reports (ip), invalid addresses (reason), unsubscribes. Mailgun: exports of bounces (code,
 * error), unsubscribes (tags), complaints. Postmark: suppression dump. Mailchimp: audience exports,
 * "cleaned" and "unsubscribed". Brevo: blocked contacts. SparkPost: suppression list. listmonk:
 * subscribers and bounces. Mautic: do-not-contact. Mailman: its lists of members.
 */
const struct suppress_source suppress_sources[] = {
	{ "ses", "emailaddress|email", "lastupdatetime|lastupdatedtime|date", "reason", { "", "" },
		"", NULL, false },
	{ "sendgrid", "email", "created|createdat", "", { "status", "reason" },
		"ip=complaint|status=bounce|reason=hard", "opt-out", false },
	{ "mailgun", "address|recipient", "createdat|date", "", { "code", "error" },
		"code=bounce|error=bounce|tags=opt-out|tag=opt-out", "complaint", false },
	{ "postmark", "emailaddress|email|recipient", "createdat|date",
		"suppressionreason|reason|type", { "", "" }, "", NULL, false },
	{ "mailchimp", "emailaddress|email", "cleantime|unsubtime", "", { "", "" },
		"cleantime=hard|unsubtime=opt-out", NULL, false },
	{ "brevo", "email|recipientemail", "blockedat|date", "reasoncode|code|reason", { "", "" },
		"", NULL, false },
	{ "sparkpost", "recipient|email", "updated|created", "source", { "", "" }, "", NULL,
		false },
	{ "listmonk", "email", "updatedat|createdat", "status|type", { "", "" }, "", NULL, false },
	{ "mautic", "email", "dateadded|date", "reason|dncreason", { "", "" }, "", NULL, false },
	{ "mailman", "", "", "", { "", "" }, "", NULL, true },
	{ "csv", "email|emailaddress|address|mail|recipient",
		"date|created|createdat|since|at|timestamp", "reason|type|status|category",
		{ "code", "diagnostic" }, "", NULL, false },
	{ SUPPRESS_BY_HAND, "", "", "", { "", "" }, "", NULL, true },
	{ 0 },
};

/* What a bounce alone means is known of services that list none but hard ones. */
static const struct {
	const char *source, *word;
	int category;
} words[] = {
	{ NULL, "hard", CATEGORY_USER_UNKNOWN },
	{ NULL, "hardbounce", CATEGORY_USER_UNKNOWN },
	{ NULL, "hardbounced", CATEGORY_USER_UNKNOWN },
	{ NULL, "invalid", CATEGORY_BAD_ADDRESS },
	{ NULL, "soft", CATEGORY_EXPIRED },
	{ NULL, "softbounce", CATEGORY_EXPIRED },
	{ NULL, "complaint", CATEGORY_ABUSE },
	{ NULL, "spam", CATEGORY_ABUSE },
	{ NULL, "spamcomplaint", CATEGORY_ABUSE },
	{ NULL, "spamreport", CATEGORY_ABUSE },
	{ NULL, "optout", CATEGORY_OPT_OUT },
	{ NULL, "unsubscribe", CATEGORY_OPT_OUT },
	{ NULL, "unsubscribed", CATEGORY_OPT_OUT },
	{ NULL, "blocklisted", CATEGORY_OPT_OUT },
	{ NULL, "manual", CATEGORY_OPT_OUT },
	{ "ses", "bounce", CATEGORY_USER_UNKNOWN },
	{ "postmark", "manualsuppression", CATEGORY_OPT_OUT },
	{ "brevo", "unsubscribedviama", CATEGORY_OPT_OUT },
	{ "brevo", "unsubscribedviaemail", CATEGORY_OPT_OUT },
	{ "brevo", "unsubscribedviaapi", CATEGORY_OPT_OUT },
	{ "brevo", "adminblocked", CATEGORY_OPT_OUT },
	{ "brevo", "contactflaggedasspam", CATEGORY_ABUSE },
	{ "sparkpost", "bouncerule", CATEGORY_USER_UNKNOWN },
	{ "sparkpost", "listunsubscribe", CATEGORY_OPT_OUT },
	{ "sparkpost", "unsubscribelink", CATEGORY_OPT_OUT },
	{ "sparkpost", "manuallyadded", CATEGORY_OPT_OUT },
	{ "sparkpost", "compliance", CATEGORY_OPT_OUT },
	{ "listmonk", "enabled", SUPPRESS_SKIP },
	{ "listmonk", "disabled", SUPPRESS_SKIP },
	{ "mautic", "0", SUPPRESS_SKIP },
	{ "mautic", "1", CATEGORY_OPT_OUT },
	{ "mautic", "2", CATEGORY_USER_UNKNOWN },
	{ "mautic", "3", CATEGORY_OPT_OUT },
	{ "mautic", "bounced", CATEGORY_USER_UNKNOWN },
};

const struct suppress_source *suppress_source(const char *name)
{
	const struct suppress_source *s = suppress_sources;
	while (s->name && strcmp(s->name, name))
		s++;
	return s->name ? s : NULL;
}

size_t suppress_fold(struct span text, char *out, size_t size)
{
	size_t n = 0;
	for (size_t i = 0; i < text.n && n < size; i++)
		if (isalnum((unsigned char)text.p[i]))
			out[n++] = (char)tolower((unsigned char)text.p[i]);
	return n;
}

int suppress_word(const char *source, struct span word)
{
	char name[64];
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if ((!words[i].source || !strcmp(words[i].source, source)) &&
			span_equal_nocase(word, span_of(words[i].word)))
			return words[i].category;
	for (unsigned c = 0; c < CATEGORY_COUNT; c++) { /* our own words, as `check` prints them */
		size_t n = suppress_fold(span_of(category_name(c)), name, sizeof name);
		if (n && span_equal_nocase(word, (struct span){ name, n })) {
			if (category_class(c) == CLASS_BLOCK || c == CATEGORY_NOT_SPAM)
				return SUPPRESS_SKIP;
			if (category_class(c) == CLASS_NONE)
				return SUPPRESS_UNKNOWN;
			return (int)c;
		}
	}
	return SUPPRESS_UNKNOWN;
}

int suppress_listed(const char *list, struct span name)
{
	for (int i = 0; name.n && *list; i++) {
		size_t n = strcspn(list, "|");
		if (span_equal_nocase(name, (struct span){ list, n }))
			return i;
		list += n + (list[n] == '|');
	}
	return -1;
}

const char *suppress_mark(const struct suppress_source *s, struct span name, size_t *n)
{
	for (const char *p = s->mark; *p;) {
		size_t all = strcspn(p, "|"), column = strcspn(p, "=");
		if (span_equal_nocase(name, (struct span){ p, column })) {
			*n = all - column - 1;
			return p + column + 1;
		}
		p += all + (p[all] == '|');
	}
	return NULL;
}
