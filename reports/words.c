/*
 * Names and numbers as the report prints them. English and independent of the locale, so that the same store gives the same bytes on
 * every machine. What a category means and what to check first follows RFC 3463 and the advice of the large receivers' postmaster pages.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "reports/model.h"

#define COLUMN_NAME(symbol, name, title) [symbol] = name,
#define COLUMN_TITLE(symbol, name, title) [symbol] = title,
static const char *const column_names[COLUMN_COUNT] = { REPORT_COLUMNS(COLUMN_NAME) };
static const char *const column_titles[COLUMN_COUNT] = { REPORT_COLUMNS(COLUMN_TITLE) };
static const char *const outcome_names[OUTCOME_COUNT] = { REPORT_OUTCOMES(COLUMN_NAME) };
static const char *const outcome_titles[OUTCOME_COUNT] = { REPORT_OUTCOMES(COLUMN_TITLE) };

static const struct {
	const char *title, *check;
} categories[CATEGORY_COUNT] = {
	[CATEGORY_UNDETERMINED] = { "Cause not stated", "" },
	[CATEGORY_USER_UNKNOWN] = { "No such user", "" },
	[CATEGORY_DOMAIN_UNKNOWN] = { "No such domain", "" },
	[CATEGORY_MAILBOX_DISABLED] = { "Mailbox disabled", "" },
	[CATEGORY_ADDRESS_CHANGED] = { "Address changed", "" },
	[CATEGORY_BAD_ADDRESS] = { "Malformed address", "" },
	[CATEGORY_NOT_ACCEPTING] = { "Accepts no mail", "" },
	[CATEGORY_MAILBOX_FULL] = { "Mailbox full", "" },
	[CATEGORY_GREYLISTED] = { "Greylisted", "" },
	[CATEGORY_RATE_LIMITED] = { "Rate limited", "" },
	[CATEGORY_NETWORK_ERROR] = { "Network error", "" },
	[CATEGORY_SYSTEM_ERROR] = { "Receiver's system error", "" },
	[CATEGORY_MESSAGE_TOO_LARGE] = { "Message too large", "" },
	[CATEGORY_TOO_MANY_RECIPIENTS] = { "Too many recipients", "" },
	[CATEGORY_ROUTING_LOOP] = { "Routing loop", "" },
	[CATEGORY_EXPIRED] = { "Gave up after retries", "" },
	[CATEGORY_LOCAL_DELIVERY_ERROR] = { "Local delivery error", "" },
	[CATEGORY_TLS_FAILURE] = { "TLS failure", "" },
	[CATEGORY_PROTOCOL_ERROR] = { "SMTP protocol error", "" },
	[CATEGORY_REPUTATION] = { "Reputation or blocklist",
		"Blocklist status of every sending IP and domain; volume jumps before the first refusal; the receiver's postmaster page." },
	[CATEGORY_SPAM_CONTENT] = { "Taken for spam",
		"Links and their domains, subject and HTML of the campaigns concerned; complaint figures at the same receiver." },
	[CATEGORY_CONTENT_REJECTED] = { "Content refused", "Attachments, link shorteners, oversized HTML; the receiver's content rules." },
	[CATEGORY_VIRUS] = { "Taken for malware", "Attachments and linked files; the site they point to may be compromised." },
	[CATEGORY_AUTH_FAILURE] = { "SPF, DKIM or DMARC failed",
		"SPF record of the return-path domain, DKIM signature of every sending system, alignment of both with the From domain." },
	[CATEGORY_POLICY] = { "Refused by policy", "The receiver's answer text for its rule; sending rate; bulk sender requirements." },
	[CATEGORY_SENDER_REJECTED] = { "Sender refused", "That the From and return-path addresses exist and accept mail; local blocks of our domain." },
	[CATEGORY_RELAY_DENIED] = { "Relaying denied", "The receiving domain's MX records; addresses moved to another host." },
	[CATEGORY_INFRASTRUCTURE] = { "Reverse DNS or HELO", "PTR record of each sending IP, its forward match, and the HELO name." },
	[CATEGORY_NON_COMPLIANT] = { "Message breaks a standard", "Line lengths, duplicate or missing headers, encoding (RFC 5322)." },
	[CATEGORY_ABUSE] = { "Reported as spam", "" },
	[CATEGORY_FRAUD] = { "Reported as fraud", "" },
	[CATEGORY_VIRUS_REPORT] = { "Reported as malware", "" },
	[CATEGORY_NOT_SPAM] = { "Reported as not spam", "" },
	[CATEGORY_OPT_OUT] = { "Opted out by feedback", "" },
	[CATEGORY_OTHER_COMPLAINT] = { "Other complaint", "" },
};

static const char *const origin_titles[ORIGIN_COUNT] = {
	[ORIGIN_VERIFIED] = "Proven ours by a signed return path",
	[ORIGIN_MATCHED] = "Ours by the returned headers",
	[ORIGIN_UNVERIFIED] = "Nothing to tell by",
	[ORIGIN_BACKSCATTER] = "Not ours: our name was forged",
};

static const char *const kind_titles[KIND_COUNT] = {
	[KIND_DELAY] = "Delay notices",
	[KIND_SUCCESS] = "Delivery confirmations",
	[KIND_OPTOUT] = "Unsubscribe requests",
	[KIND_AUTOREPLY] = "Automatic replies",
	[KIND_CHALLENGE] = "Challenge requests",
	[KIND_AUTHREPORT] = "Authentication reports",
};

static const char *const state_titles[STATE_COUNT] = {
	[STATE_ACTIVE] = "Active again",
	[STATE_SOFT] = "Waiting for a retry",
	[STATE_PAUSED] = "Paused",
	[STATE_REVALIDATE] = "To be revalidated",
	[STATE_BLOCK] = "Behind a block",
	[STATE_INVESTIGATE] = "Under investigation",
	[STATE_RETRY_GATED] = "Held until the block is resolved",
	[STATE_INACTIVE] = "Suppressed",
};

static const char *const month_titles[12] = { "January", "February", "March", "April", "May", "June", "July", "August", "September",
	"October", "November", "December" };
static const char *const weekdays[7] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };

#define LOOK_UP(table, count, i) ((i) < (count) && (table)[i] ? (table)[i] : "")

const char *column_name(unsigned c) { return LOOK_UP(column_names, COLUMN_COUNT, c); }
const char *column_title(unsigned c) { return LOOK_UP(column_titles, COLUMN_COUNT, c); }
const char *outcome_name(unsigned o) { return LOOK_UP(outcome_names, OUTCOME_COUNT, o); }
const char *outcome_title(unsigned o) { return LOOK_UP(outcome_titles, OUTCOME_COUNT, o); }
const char *origin_title(unsigned origin) { return LOOK_UP(origin_titles, ORIGIN_COUNT, origin); }
const char *kind_title(unsigned kind) { return LOOK_UP(kind_titles, KIND_COUNT, kind); }
const char *state_title(unsigned state) { return LOOK_UP(state_titles, STATE_COUNT, state); }

const char *category_title(unsigned category)
{
	/* a failure whose rule named no category reads as one whose cause is not stated */
	return category < CATEGORY_COUNT && category != CATEGORY_NONE ? categories[category].title :
		categories[CATEGORY_UNDETERMINED].title;
}

const char *category_check(unsigned category)
{
	return category < CATEGORY_COUNT && categories[category].check ? categories[category].check : "";
}

const char *row_title(const struct row *row, bool campaigns, char *buffer, size_t size)
{
	if (row->rest)
		snprintf(buffer, size, "%s", campaigns ? "All other campaigns" : "All other receivers");
	else
		snprintf(buffer, size, "%s", *row->name ? row->name : "(campaign not known)");
	return buffer;
}

static const char *month_word(struct month m)
{
	return m.month >= 1 && m.month <= 12 ? month_titles[m.month - 1] : "";
}

const char *month_title(struct month m, char *buffer, size_t size)
{
	snprintf(buffer, size, "%s %d", month_word(m), m.year);
	return buffer;
}

const char *month_name(struct month m, char *buffer, size_t size)
{
	snprintf(buffer, size, "%04d-%02d", m.year, m.month);
	return buffer;
}

/* The calendar is the C library's; UTC noon-free: only the date is asked. */
static struct tm calendar(struct month m, int day)
{
	struct tm tm = { .tm_year = m.year - 1900, .tm_mon = m.month - 1, .tm_mday = day };
	timegm(&tm);
	return tm;
}

int days_of_month(struct month m)
{
	m.month++;
	return calendar(m, 0).tm_mday;
}

int32_t day_number(struct month m, int day)
{
	return m.year * 10000 + m.month * 100 + day;
}

const char *weekday_name(struct month m, int day)
{
	return weekdays[calendar(m, day).tm_wday % 7];
}

const char *number_text(uint64_t n, char *buffer, size_t size)
{
	char digits[32];
	int count = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
	size_t out = 0;
	for (int i = 0; i < count && out + 2 < size; i++) {
		if (i > 0 && (count - i) % 3 == 0)
			buffer[out++] = ',';
		buffer[out++] = digits[i];
	}
	buffer[out] = '\0';
	return buffer;
}

const char *cell_text(const struct cell *c, unsigned k, char *buffer, size_t size)
{
	if (c->state == CELL_SHOWN)
		return number_text(c->n, buffer, size);
	snprintf(buffer, size, "%s%u", c->state == CELL_SMALL ? "<" : "≥", k);
	return buffer;
}

const char *utc_text(int64_t at, char *buffer, size_t size)
{
	time_t t = (time_t)at;
	struct tm tm = { 0 };
	gmtime_r(&t, &tm);
	if (!strftime(buffer, size, "%Y-%m-%d %H:%M UTC", &tm))
		*buffer = '\0';
	return buffer;
}

const char *period_text(int64_t seconds, char *buffer, size_t size)
{
	static const struct {
		int64_t seconds;
		const char *one, *many;
	} units[] = { { 365 * 86400, "year", "years" }, { 86400, "day", "days" }, { 3600, "hour", "hours" },
		{ 60, "minute", "minutes" }, { 1, "second", "seconds" } };
	size_t i = 0;
	while (i + 1 < sizeof units / sizeof *units && (seconds < units[i].seconds || seconds % units[i].seconds))
		i++;
	long long n = (long long)(seconds / units[i].seconds);
	snprintf(buffer, size, "%lld %s", n, n == 1 ? units[i].one : units[i].many);
	return buffer;
}

const char *hash_text(const unsigned char hash[LEDGER_HASH_SIZE], char buffer[LEDGER_HASH_SIZE * 2 + 1])
{
	for (int i = 0; i < LEDGER_HASH_SIZE; i++)
		snprintf(buffer + 2 * i, 3, "%02x", hash[i]);
	return buffer;
}

bool change_percent(const struct cell *now, const struct cell *before, long *percent)
{
	if (now->state != CELL_SHOWN || before->state != CELL_SHOWN || before->n == 0)
		return false;
	int64_t difference = (int64_t)now->n - (int64_t)before->n, base = (int64_t)before->n;
	*percent = (long)((difference * 200 + (difference < 0 ? -base : base)) / (2 * base));
	return true;
}

bool share_permille(const struct cell *part, const struct cell *whole, unsigned *permille)
{
	if (part->state != CELL_SHOWN || whole->state != CELL_SHOWN || whole->n == 0)
		return false;
	*permille = (unsigned)((part->n * 2000 + whole->n) / (2 * whole->n));
	return true;
}

const char *rate_text(const struct cell *part, const struct cell *sent, char buffer[RATE_TEXT_SIZE])
{
	bool known = part->state == CELL_SHOWN && sent->state == CELL_SHOWN && sent->n > 0 && part->n <= sent->n;
	long ppm = known ? rate_ppm(part->n, sent->n) : -1, hundredths = (ppm + 50) / 100;
	buffer[0] = '\0';
	if (ppm >= 0)
		snprintf(buffer, RATE_TEXT_SIZE, "%ld.%02ld", hundredths / 100, hundredths % 100);
	return buffer;
}

struct cell row_bounces(const struct row *row)
{
	struct cell sum = { 0 };
	for (unsigned c = 0; c < COLUMN_COUNT; c++) {
		if (c == COLUMN_COMPLAINT)
			continue;
		sum.n += row->column[c].n;
		if (row->column[c].state != CELL_SHOWN)
			sum.state = CELL_WITHHELD;
	}
	return sum;
}

void say(struct sentence *s, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	int n = s->n < s->size ? vsnprintf(s->p + s->n, s->size - s->n, format, list) : 0;
	va_end(list);
	if (n > 0)
		s->n = s->n + (size_t)n < s->size ? s->n + (size_t)n : s->size - 1;
}

const struct row *table_find(const struct table *t, const char *name)
{
	for (size_t i = 0; i < t->count; i++)
		if (!t->row[i].rest && strcmp(t->row[i].name, name) == 0)
			return &t->row[i];
	return NULL;
}

static int by_rank(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	return (int)x->category - (int)y->category;
}

size_t category_ranking(const struct figures *f, unsigned column, struct ranked list[CATEGORY_COUNT])
{
	size_t n = 0;
	for (unsigned g = 0; g < CATEGORY_COUNT; g++) {
		const struct cell *c = &f->category[column][g];
		if (c->n > 0 || c->state != CELL_SHOWN)
			list[n++] = (struct ranked){ g, c->state == CELL_SHOWN ? c->n : 0, c->state == CELL_SHOWN };
	}
	qsort(list, n, sizeof *list, by_rank);
	return n;
}
