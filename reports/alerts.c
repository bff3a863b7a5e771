/*
 * What an alert says, as text for a mail or a terminal and as JSON (RFC 8259) for a command: what,
 * where, since when, the figures, and what to look at first. Counts below k are not told, nor what
 * could be computed from one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "classify/base/units.h"
#include "reports/alerts.h"
#include "reports/jsonline.h"
#include "reports/model.h"

enum { TEXT_SIZE = 128, LONG_TEXT_SIZE = 3 * TEXT_SIZE, SUBJECT_SIZE = 1024 };

/* SAYS: what the names in the alert's detail are. */
static const struct {
	const char *title, *look, *says;
} about[ALERT_CONDITION_COUNT] = {
	[ALERT_BOUNCE_SURGE] = { "More bounces than usual",
		"what went out in this hour and to whom (campaign, list, new import), and the receiver's words: retour report, the mail log" },
	[ALERT_BLOCK_SURGE] = { "A receiver refuses our mail",
		"SPF, DKIM and DMARC of the sending domain, PTR and HELO of the sending hosts, blocklists, and what changed; then: retour contact resolve --list" },
	[ALERT_BLOCK_RATE] = { "A receiver refuses much of our mail",
		"the receiver's words (retour report, the mail log), blocklists, and the rate at which it is sent to; then: retour contact resolve --list" },
	[ALERT_THROTTLING] = { "A receiver takes our mail more slowly",
		"rate and number of connections to this receiver: send more slowly until it clears" },
	[ALERT_HARD_RATE] = { "Too many dead addresses",
		"where the addresses of the campaign come from; stop it if the list is new. Is the sending system asking `retour check`?" },
	[ALERT_SOFT_RATE] = { "Too many passing failures",
		"the receivers' words: full mailboxes, or a receiver or network of our own that is down" },
	[ALERT_BOUNCE_RATE] = { "Too many bounces",
		"which class has grown: dead addresses (the list), refusals (reputation), or passing failures (a receiver)" },
	[ALERT_COMPLAINT_RATE] = { "Too many complaints",
		"the campaign: consent of its recipients, frequency, and whether unsubscribing works" },
	[ALERT_COMPLAINT_RATE_HIGH] = { "So many complaints that receivers begin to block",
		"stop the campaign; then the consent of its recipients, frequency, and whether unsubscribing works" },
	[ALERT_UNRECOGNISED] = { "Much mail that is not understood",
		"the mail in the folder of unrecognised mail: retour classify --explain" },
	[ALERT_QUARANTINE] = { "Mail that could not be read lies in quarantine",
		"the quarantine folder: keep a copy and report it to the makers" },
	[ALERT_MAILBOX_SILENT] = { "A mailbox is not being read",
		"whether the timer runs, and why it fails: retour doctor, journalctl -u retour" },
	[ALERT_LOGIN_REFUSED] = { "A mailbox refuses the login",
		"password or token of this mailbox: has it run out, was it changed? retour doctor" },
	[ALERT_CERTIFICATE] = { "The certificate of a mailbox's server is about to end",
		"renewal on that server: when it has ended, the mailbox is not read any more; retour doctor" },
	[ALERT_RETENTION_OVERDUE] = { "Data is kept for longer than promised",
		"why the purge does not succeed: retour purge, retour audit" },
	[ALERT_DISK_FULL] = { "The disk of the store is nearly full",
		"what else lies on this disk; the store's size: retour audit" },
	[ALERT_MESSAGE_STUCK] = { "A mailbox holds messages that it does not hand out",
		"the messages that the journal names, with another mail program; what is damaged there has to be moved away by hand" },
	[ALERT_KEY_LOST] = { "A month's key is missing, its events can be found no more",
		"whether the key can be put back into the key directory (retour doctor); requests of data subjects about that month cannot be answered without it" },
	[ALERT_UNCONFIRMED] = { "So many dead addresses at once that they are not believed",
		"a few of them by hand; is the receiver, or our own relay, out of order? Then: retour contact undo, or retour contact confirm; until then they are on hold" },
	[ALERT_CLOCK_JUMP] = { "The clock jumped",
		"the time service of this machine; after a jump back times of the store lie in the future, after one forth purges may have been early: retour audit" },
	[ALERT_OPTOUT] = { "Requests to unsubscribe are not honoured",
		"the mail in the folder of opt-outs, and take who asks off the list; that they act by themselves: [origin] unsubscribe and authserv_id" },
	[ALERT_CAMPAIGN_HARD] = { "Too many dead addresses in one campaign",
		"where the addresses of the campaign come from; stop it if the list is new" },
	[ALERT_CAMPAIGN_COMPLAINT] = { "Too many complaints about one campaign",
		"consent of its recipients, frequency, and whether unsubscribing works" },
	[ALERT_FORGED] = { "Many notices about mail that is not ours",
		"DMARC of the domains that are forged; their notices act on nobody: retour report, origin of the notices" },
	[ALERT_ALIGNMENT] = { "Our own mail is no longer aligned with its From",
		"DKIM key and SPF record of the source that lost its alignment, and who changed either: retour report, authentication as receivers report it",
		"say" },
	[ALERT_TLS_FAILURES] = { "TLS sessions to our mail servers fail",
		"certificates of the receiving hosts and the names in them, MTA-STS policy, TLSA records",
		"results" },
	[ALERT_SITE_SILENT] = { "Another site has not been heard of",
		"whether retour changes runs there, and whether its lines reach retour merge here: retour sites" },
	[ALERT_HOOK] = { "Changes of whom not to write to do not arrive",
		"what [hook] command says when it is run by hand, and the journal: it must read everything and end with exit code 0; retour check knows them" },
	[ALERT_CLOCK_DOUBT] = { "The clock is not believed",
		"what time it is: nothing is purged, no state moves, no report is sent until the clock is set, or is right and confirmed: retour clock" },
};

/* --- figures -------------------------------------------------------------- */

static bool told(uint64_t n, unsigned k)
{
	return !n || n >= k;
}

static const char *count_text(uint64_t n, unsigned k, char buffer[TEXT_SIZE])
{
	char number[COUNT_TEXT_SIZE];
	if (told(n, k))
		snprintf(buffer, TEXT_SIZE, "%s",
			number_text(texts_english(), n, number, sizeof number));
	else
		snprintf(buffer, TEXT_SIZE, "fewer than %u", k);
	return buffer;
}

/* A value of the condition's unit. */
static const char *value_text(
	enum alert_condition condition, int64_t value, unsigned k, char buffer[TEXT_SIZE])
{
	char period[TEXT_SIZE - 8];
	switch (alert_unit(condition)) {
	case UNIT_FACTOR:
		snprintf(buffer, TEXT_SIZE, "%lld.%lld times", (long long)(value / 1000),
			(long long)(value % 1000 / 100));
		break;
	case UNIT_SHARE:
		snprintf(buffer, TEXT_SIZE, "%lld.%02lld %%", (long long)(value / 10000),
			(long long)(value % 10000 / 100));
		break;
	case UNIT_COUNT:
		return count_text((uint64_t)value, k, buffer);
	case UNIT_REMAINING:
		if (value <= 0)
			return "ended";
		period_text(value < 2 * DAY ? (value + HOUR - 1) / HOUR * HOUR : value / DAY * DAY,
			period, sizeof period);
		snprintf(buffer, TEXT_SIZE, "%s left", period);
		break;
	case UNIT_PERIOD:
		period_text(value < 2 * HOUR ? value : value / HOUR * HOUR, buffer, TEXT_SIZE);
		break;
	}
	return buffer;
}

static void say_surge(FILE *out, const struct alert *a, unsigned k)
{
	const struct alert_figures *g = &a->figures;
	char text[TEXT_SIZE];
	fprintf(out, "%s", count_text(g->part, k, text));
	if (g->whole)
		fprintf(out, " of %s mails sent", count_text(g->whole, k, text));
	fprintf(out, "; usual: %s", count_text((uint64_t)g->usual, k, text));
	if (g->usual < (int64_t)k)
		return; /* the factor would tell it, and so would the limit */
	fprintf(out, ", which is %s", value_text(a->condition, g->value, k, text));
	fprintf(out, ". The alert opens at %s", count_text((uint64_t)g->limit, 0, text));
}

static void say_figures(FILE *out, const struct alert *a, unsigned k)
{
	const struct alert_figures *g = &a->figures;
	char text[TEXT_SIZE];
	if (alert_unit(a->condition) == UNIT_FACTOR) {
		say_surge(out, a, k);
		return;
	}
	if (a->condition == ALERT_MESSAGE_STUCK) { /* mails in a mailbox, nobody's figures */
		fprintf(out, "%lld", (long long)g->value);
		return;
	}
	if (a->condition == ALERT_LOGIN_REFUSED) {
		fputs("user, password or token", out);
		return;
	}
	fprintf(out, "%s", value_text(a->condition, g->value, k, text));
	if (g->whole) {
		fprintf(out, ": %s", count_text(g->part, k, text));
		fprintf(out, " of %s", count_text(g->whole, k, text));
	}
	fprintf(out, ". The alert opens at %s", value_text(a->condition, g->limit, 0, text));
}

static const char *where_text(const struct alert *a)
{
	if (*a->subject)
		return a->subject;
	if (*a->figures.provider)
		return a->figures.provider;
	return "everywhere";
}

/* Notices are told of the stretch in which they came, the rest of the moment. */
static int64_t alert_since(const struct alert *a)
{
	return a->figures.from && a->figures.from < a->opened ? a->figures.from : a->opened;
}

static void say_where(FILE *out, const struct alert *a)
{
	const struct alert_figures *g = &a->figures;
	fprintf(out, "%s", where_text(a));
	if (g->category != CATEGORY_NONE)
		fprintf(out, "; most: %s (%s)", category_title(texts_english(), g->category),
			category_name(g->category));
	if (*g->campaign)
		fprintf(out, "; most in campaign %s", g->campaign);
	if (*g->detail && about[a->condition].says)
		fprintf(out, "\n  %-7s %s", about[a->condition].says, g->detail);
}

/*
 * What there is of it now that it cleared. A share whose count is not told would tell it, and a
 * factor is of a count as well.
 */
static const char *present_text(const struct alert *a, unsigned k, char buffer[LONG_TEXT_SIZE])
{
	const struct alert_present *p = &a->present;
	char value[TEXT_SIZE], part[TEXT_SIZE], whole[TEXT_SIZE];
	if (!p->known)
		return "not known";
	if (alert_unit(a->condition) == UNIT_FACTOR)
		return count_text(p->part, k, buffer);
	if (a->condition == ALERT_LOGIN_REFUSED)
		return "it logs in";
	if (a->condition == ALERT_MESSAGE_STUCK) {
		snprintf(buffer, LONG_TEXT_SIZE, "%lld", (long long)p->value);
		return buffer;
	}
	if (!p->whole)
		return value_text(a->condition, p->value, k, buffer);
	count_text(p->part, k, part);
	count_text(p->whole, k, whole);
	if (told(p->part, k))
		snprintf(buffer, LONG_TEXT_SIZE, "%s: %s of %s",
			value_text(a->condition, p->value, k, value), part, whole);
	else
		snprintf(buffer, LONG_TEXT_SIZE, "%s of %s", part, whole);
	return buffer;
}

static void say_alert(FILE *out, const struct alert *a, unsigned k)
{
	char text[LONG_TEXT_SIZE];
	const char *check = category_check(texts_english(), a->figures.category);
	fprintf(out, "%s: %s\n", a->cleared ? "Cleared" : "Open", about[a->condition].title);
	fprintf(out, "  what    %s%s", alert_condition_name(a->condition),
		a->cleared ? ", when it fired last: " : ": ");
	say_figures(out, a, k);
	if (a->cleared)
		fprintf(out, ".\n  now     %s", present_text(a, k, text));
	fprintf(out, ".\n  where   ");
	say_where(out, a);
	fprintf(out, "\n  since   %s", utc_text(alert_since(a), text, sizeof text));
	if (a->cleared)
		fprintf(out, ", cleared %s", utc_text(a->cleared, text, sizeof text));
	if (a->reopened)
		fprintf(out, "; it came back %u times", a->reopened);
	if (!a->cleared)
		fprintf(out, "\n  look    %s", *check ? check : about[a->condition].look);
	fprintf(out, "\n");
}

/* --- text and mail -------------------------------------------------------- */

static FILE *open_buffer(struct buffer *out)
{
	*out = (struct buffer){ NULL, 0 };
	return open_memstream(&out->p, &out->n);
}

static int close_buffer(FILE *stream, struct buffer *out)
{
	if (stream && fclose(stream) == 0 && out->p)
		return 0;
	buffer_free(out);
	return -1;
}

int alerts_text(const struct alert *list, size_t count, const struct report_options *options,
	struct buffer *out)
{
	FILE *stream = open_buffer(out);
	for (size_t i = 0; stream && i < count; i++) {
		fputs(i ? "\n" : "", stream);
		say_alert(stream, &list[i], options->k);
	}
	return close_buffer(stream, out);
}

const char *alert_line(const struct alert *a, unsigned k, char buffer[ALERT_LINE_SIZE])
{
	char text[LONG_TEXT_SIZE];
	const struct alert_figures *g = &a->figures;
	bool surge = alert_unit(a->condition) == UNIT_FACTOR,
	     figure = a->condition != ALERT_LOGIN_REFUSED;
	const char *value = surge ? count_text(g->part, k, text)
				  : value_text(a->condition, g->value, k, text);
	if (a->cleared) {
		value = present_text(a, k, text);
		figure = a->present.known && figure;
	}
	snprintf(buffer, ALERT_LINE_SIZE, "alert %s: %s: %s%s%s (%s)", alert_news_name(a->news),
		alert_condition_name(a->condition), where_text(a), figure ? ", " : "",
		figure ? value : "", about[a->condition].title);
	return buffer;
}

/* The first one that is open, else the first: what the subject names. */
static const struct alert *foremost(const struct alert *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!list[i].cleared)
			return &list[i];
	return list;
}

int alerts_mail(const struct alert *list, size_t count, const struct report_options *options,
	int64_t now, const char *token, struct buffer *out, char *error, size_t size)
{
	struct buffer text;
	char subject[SUBJECT_SIZE];
	struct sentence s = { subject, 0, sizeof subject };
	const struct alert *first = foremost(list, count);
	say(&s, "Deliverability alert %s: %s, %s", alert_news_name(first->news),
		about[first->condition].title, where_text(first));
	if (count > 1)
		say(&s, " (and %zu more)", count - 1);
	if (options->organisation)
		say(&s, ", %s", options->organisation);
	*out = (struct buffer){ NULL, 0 };
	snprintf(error, size, "no memory for the alert's mail");
	if (alerts_text(list, count, options, &text))
		return -1;
	int result = text_mail(options, subject, "retour alerts", "retour-alerts", &text, now,
		token, out, error, size);
	buffer_free(&text);
	return result;
}

/* --- JSON ----------------------------------------------------------------- */

/* A value as a ratio or in seconds: what other programs expect. */
static void member_value(struct jsonline *l, const char *key, enum alert_condition condition,
	int64_t value, unsigned k)
{
	if (alert_unit(condition) == UNIT_SHARE)
		jsonline_ratio(l, key, value);
	else
		jsonline_number(l, key,
			alert_unit(condition) == UNIT_PERIOD ||
				alert_unit(condition) == UNIT_REMAINING || told((uint64_t)value, k),
			value);
}

/* What there is of it now that it cleared, in the unit of "value". */
static void member_present(struct jsonline *l, const struct alert *a, unsigned k)
{
	const struct alert_present *p = &a->present;
	bool surge = alert_unit(a->condition) == UNIT_FACTOR, known = a->cleared && p->known;
	if (known && (!p->whole || told(p->part, k)))
		member_value(l, "now", a->condition, surge ? (int64_t)p->part : p->value, k);
	else
		jsonline_number(l, "now", false, 0);
	jsonline_number(l, "now_count", known && told(p->part, k), (int64_t)p->part);
	jsonline_number(l, "now_of", known && p->whole >= k, (int64_t)p->whole);
}

static void say_json(struct jsonline *l, const struct alert *a, unsigned k)
{
	static const char *const units[] = { [UNIT_FACTOR] = "count",
		[UNIT_SHARE] = "ratio",
		[UNIT_COUNT] = "count",
		[UNIT_PERIOD] = "seconds",
		[UNIT_REMAINING] = "seconds" };
	const struct alert_figures *g = &a->figures;
	bool surge = alert_unit(a->condition) == UNIT_FACTOR;
	jsonline_number(l, "number", true, a->number);
	jsonline_text(l, "condition", alert_condition_name(a->condition));
	jsonline_text(l, "subject", a->subject);
	jsonline_text(l, "state", a->cleared ? "cleared" : "open");
	jsonline_text(l, "news", alert_news_name(a->news));
	jsonline_text(l, "title", about[a->condition].title);
	jsonline_time(l, "since", alert_since(a));
	jsonline_time(l, "opened", a->opened);
	jsonline_time(l, "cleared", a->cleared);
	jsonline_text(l, "unit", units[alert_unit(a->condition)]);
	member_value(l, "value", a->condition, surge ? (int64_t)g->part : g->value, k);
	if (surge && g->usual < (int64_t)k)
		jsonline_number(l, "opens_at", false, 0);
	else
		member_value(l, "opens_at", a->condition, g->limit, 0);
	jsonline_number(
		l, "usual", surge && g->usual >= 0 && told((uint64_t)g->usual, k), g->usual);
	jsonline_number(l, "count", told(g->part, k), (int64_t)g->part);
	jsonline_number(l, "of", g->whole >= k, (int64_t)g->whole);
	member_present(l, a, k);
	jsonline_text(l, "detail", g->detail);
	jsonline_text(l, "provider", g->provider);
	jsonline_text(l, "category", category_name(g->category));
	jsonline_text(l, "campaign", g->campaign);
	jsonline_text(l, "look_first",
		*category_check(texts_english(), g->category)
			? category_check(texts_english(), g->category)
			: about[a->condition].look);
	jsonline_end(l);
}

int alert_json(const struct alert *a, unsigned k, struct buffer *out)
{
	FILE *stream = open_buffer(out);
	if (stream) {
		struct jsonline l = jsonline_begin(stream);
		say_json(&l, a, k);
	}
	return close_buffer(stream, out);
}

int alerts_json(const struct alert *list, size_t count, const struct report_options *options,
	int64_t now, struct buffer *out)
{
	FILE *stream = open_buffer(out);
	if (stream) {
		struct jsonline l = jsonline_begin(stream);
		jsonline_text(&l, "program", "retour");
		jsonline_text(&l, "organisation", options->organisation);
		jsonline_time(&l, "at", now);
		struct jsonline alerts = jsonline_list(&l, "alerts");
		for (size_t i = 0; i < count; i++) {
			struct jsonline one = jsonline_item(&alerts);
			say_json(&one, &list[i], options->k);
		}
		jsonline_end(&alerts);
		jsonline_end(&l);
	}
	return close_buffer(stream, out);
}
