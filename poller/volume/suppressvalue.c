/*
 * A service's word for a failure is not that of its receiver: lists of bounces hold mails that were
 * refused as spam, and mailboxes that were full for a day. Where a list has the receiver's answer,
 * the rules decide on it as they do on a bounce; where they do not understand it, the service's
 * word stands.
 */
#include "poller/volume/suppressvalue.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>
#include "classify/base/clock.h"
#include "classify/date.h"
#include "classify/recipient.h"
#include "poller/volume/suppresswords.h"

enum { TIME_TEXT_MAX = 64, DAY_TEXT = 10, MINUTE_TEXT = 16, ANSWER_TEXT_MAX = 1200 };

/* "+0200", "-05:00", "+0000 UTC", "UTC", "Z" or nothing, as RFC 3339 has it; false: none of them.
 */
static bool write_zone(const char *text, char out[8])
{
	static const char *const zero[] = { "", "z", "utc", "gmt" };
	char digits[5] = "";
	size_t n = 0;
	if (*text != '+' && *text != '-') {
		for (size_t i = 0; i < sizeof zero / sizeof *zero; i++)
			if (!strcasecmp(text, zero[i])) {
				memcpy(out, "Z", 2);
				return true;
			}
		return false;
	}
	for (const char *p = text + 1; n < 4 && (isdigit((unsigned char)*p) || *p == ':'); p++)
		if (*p != ':')
			digits[n++] = *p;
	snprintf(out, 8, "%c%.2s:%.2s", *text, digits, digits + 2);
	return n == 4;
}

/* "2020-11-02 06:53", with or without seconds, fractions, and a zone. */
static int64_t local_time_of(const char *text)
{
	const char *rest = text + MINUTE_TEXT;
	char seconds[4] = ":00", zone[8], whole[TIME_TEXT_MAX];
	int64_t at = 0;
	if (*rest == ':' && strspn(rest + 1, "0123456789") >= 2) {
		snprintf(seconds, sizeof seconds, "%.3s", rest);
		rest += 3;
	}
	if (*rest == '.')
		rest += 1 + strspn(rest + 1, "0123456789");
	rest += strspn(rest, " ");
	if (!write_zone(rest, zone))
		return 0;
	snprintf(whole, sizeof whole, "%.10sT%.5s%s%s", text, text + DAY_TEXT + 1, seconds, zone);
	return clock_parse(whole, &at) ? at : 0;
}

int64_t suppress_time(struct span text)
{
	char copy[TIME_TEXT_MAX];
	int64_t at = 0;
	text = span_trim(text);
	if (!text.n || text.n >= sizeof copy)
		return 0;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	size_t digits = strspn(copy, "0123456789");
	bool fraction = copy[digits] == '.' && copy[digits + 1] &&
		!copy[digits + 1 + strspn(copy + digits + 1, "0123456789")];
	if (digits == text.n || fraction) {
		if (digits == 10) /* with a fraction as version 1 of Amazon's program prints it */
			return strtoll(copy, NULL, 10);
		if (digits == 13 && !fraction)
			return strtoll(copy, NULL, 10) / 1000;
		return 0;
	}
	if (digits == 4 && text.n >= MINUTE_TEXT &&
		(copy[DAY_TEXT] == ' ' || copy[DAY_TEXT] == 'T'))
		return local_time_of(copy);
	return clock_parse(copy, &at) ? at : date_parse(text);
}

bool suppress_no_time(struct span text)
{
	text = span_trim(text);
	return !text.n || span_equal_nocase(text, SPAN("null")) ||
		span_equal_nocase(text, SPAN("\\N"));
}

int suppress_look_again(const struct rules *rules, int category, struct span code,
	struct span answer, struct span address)
{
	char text[ANSWER_TEXT_MAX];
	struct clues e = { .kind = KIND_FAILURE,
		.status = status_parse(code),
		.recipient_domain = address_domain(address) };
	struct decision d;
	if (!span_trim(code).n && !span_trim(answer).n)
		return category;
	bool answers = span_is_utf8(answer), reply = !e.status.digit && span_is_utf8(code);
	int n = snprintf(text, sizeof text, "%.*s %.*s", reply ? (int)code.n : 0, code.p,
		answers ? (int)answer.n : 0, answer.p);
	e.diagnostic = span_trim(
		(struct span){ text, n < (int)sizeof text ? (size_t)n : sizeof text - 1 });
	if (!span_is_utf8(e.diagnostic)) /* cut within a character */
		e.diagnostic = span_trim(code);
	decide(rules, &e, &d);
	sodium_memzero(text, sizeof text);
	if (d.category == CATEGORY_MESSAGE_TOO_LARGE || d.klass == CLASS_BLOCK)
		return SUPPRESS_SKIP;
	if (d.klass == CLASS_SOFT)
		return d.category == CATEGORY_UNDETERMINED ? CATEGORY_EXPIRED : (int)d.category;
	return d.klass == CLASS_HARD ? (int)d.category : category;
}
