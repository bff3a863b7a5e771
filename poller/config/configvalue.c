/*
 * Values of the INI file: a text out of it becomes a number, a period, a list or what else its
 * key's type says. No locale, no guesses: a period has a unit, a share its sign.
 */
#include "poller/config/configkeys.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * "7d", "60s", "1M": a number and one unit out of UNITS, whose factors stand in FACTORS. -1: it is
 * none.
 */
static int64_t scaled(const char *text, const char *units, const int64_t *factors)
{
	char *end;
	errno = 0;
	long long n = strtoll(text, &end, 10);
	if (end == text || errno || n < 0)
		return -1;
	if (!*end)
		return n == 0 || !strchr(units, 's') ? n
						     : -1; /* a period without unit is a guess */
	const char *unit = strchr(units, *end);
	if (!unit || end[1])
		return -1;
	int64_t product;
	if (__builtin_mul_overflow((int64_t)n, factors[unit - units], &product))
		return -1;
	return product;
}

static int64_t period(const char *text)
{
	return scaled(text, "smhdwy", (const int64_t[]){ 1, MINUTE, HOUR, DAY, 7 * DAY, YEAR });
}

static int64_t size_in_bytes(const char *text)
{
	return scaled(text, "kKMG", (const int64_t[]){ 1024, 1024, MIB, 1024LL * MIB });
}

/* "2%", "0.1%" in parts per million, to four digits behind the point; -1: it is none. */
static int64_t share_value(const char *text)
{
	int64_t whole = 0, part = 0, unit = 1000;
	size_t digits = strspn(text, "0123456789");
	if (!digits || digits > 3)
		return -1;
	for (size_t i = 0; i < digits; i++)
		whole = 10 * whole + (text[i] - '0');
	text += digits;
	if (*text == '.' && strspn(text + 1, "0123456789") == 0)
		return -1;
	for (text += *text == '.'; isdigit((unsigned char)*text) && unit; text++, unit /= 10)
		part += (*text - '0') * unit;
	return strcmp(text, "%") == 0 ? whole * 10000 + part : -1;
}

/* Index of TEXT in "a|b|c", or -1. */
static int choice(const char *choices, const char *text)
{
	size_t n = strlen(text);
	for (int i = 0; *choices; i++) {
		size_t m = strcspn(choices, "|");
		if (m == n && !strncmp(choices, text, n))
			return i;
		choices += m + (choices[m] == '|');
	}
	return -1;
}

static bool list_value(struct config *c, struct list *list, const char *text)
{
	list->count = 0;
	for (char *rest = config_keep(c, text), *word; (word = strsep(&rest, ","));) {
		word += strspn(word, " \t");
		size_t n = strlen(word);
		while (n && isspace((unsigned char)word[n - 1]))
			word[--n] = '\0';
		if (!n)
			continue;
		if (list->count == LIST_MAX)
			return false;
		list->at[list->count++] = word;
	}
	list->at[list->count] = NULL;
	return true;
}

static bool disposal_value(struct config *c, struct disposal *d, const char *text)
{
	d->folder = NULL;
	if (!strcmp(text, "delete"))
		d->action = DISPOSE_DELETE;
	else if (!strcmp(text, "keep"))
		d->action = DISPOSE_KEEP;
	else if (!strncmp(text, "move:", 5) && text[5 + strspn(text + 5, " ")]) {
		d->action = DISPOSE_MOVE;
		d->folder = config_keep(c, text + 5 + strspn(text + 5, " "));
	} else
		return false;
	return true;
}

static bool periods_value(
	struct config *c, struct ladder *ladder, const char *text, const struct key *k)
{
	ladder->steps = 0;
	for (char *rest = config_keep(c, text), *word; (word = strsep(&rest, " ,\t"));) {
		if (!*word)
			continue;
		int64_t n = period(word);
		if (n < k->min || n > k->max || ladder->steps == LADDER_STEPS_MAX)
			return false;
		ladder->step[ladder->steps++] = n;
	}
	return ladder->steps > 0;
}

/* "host", "host:587", "[::1]:587" into report.smtp_host and report.smtp_port. */
static bool host_port_value(struct config *c, const char *text)
{
	char *host = config_keep(c, text), *colon = strrchr(host, ':');
	c->post.smtp_port = 0;
	if (strpbrk(host, "/@ ")) /* a URL, or with a user */
		return false;
	if (*host == '[') {
		char *close = strchr(host, ']');
		if (!close || (close[1] && close[1] != ':'))
			return false;
		colon = close[1] ? close + 1 : NULL;
		*close = '\0';
		host++;
	} else if (colon && strchr(host, ':') != colon) {
		colon = NULL; /* a bare IPv6 address */
	}
	if (colon) {
		char *end;
		long port = strtol(colon + 1, &end, 10);
		if (end == colon + 1 || *end || port < 1 || port > 65535)
			return false;
		c->post.smtp_port = port;
		*colon = '\0';
	}
	c->post.smtp_host = host;
	return *host != '\0';
}

/* "2.5" as 2500 for a SCALE of 1000; -1: it is no such number. */
static int64_t scaled_number(const char *text, size_t n, int64_t scale)
{
	int64_t value = 0;
	size_t i = 0;
	for (; i < n && isdigit((unsigned char)text[i]) && value < INT32_MAX; i++)
		value = value * 10 + (text[i] - '0');
	value *= scale;
	if (!i || (i < n && text[i] != '.'))
		return -1;
	for (i++; i < n; i++) {
		scale /= 10;
		if (!isdigit((unsigned char)text[i]) || !scale)
			return -1;
		value += (text[i] - '0') * scale;
	}
	return value;
}

static int64_t threshold(enum alert_unit unit, const char *text)
{
	size_t n = strlen(text);
	switch (unit) {
	case UNIT_FACTOR:
		return scaled_number(text, n, 1000);
	case UNIT_SHARE: {
		int64_t ppm = n && text[n - 1] == '%' ? scaled_number(text, n - 1, 10000) : -1;
		return ppm <= 1000000 ? ppm : -1;
	}
	case UNIT_COUNT:
		return scaled_number(text, n, 1);
	case UNIT_PERIOD:
	case UNIT_REMAINING:
		break;
	}
	return period(text);
}

void config_print_period(char *buffer, size_t size, int64_t n)
{
	static const struct {
		int64_t factor;
		char unit;
	} units[] = { { YEAR, 'y' }, { DAY, 'd' }, { HOUR, 'h' }, { MINUTE, 'm' }, { 1, 's' } };
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (n % units[i].factor == 0 && n >= units[i].factor) {
			snprintf(buffer, size, "%lld%c", (long long)(n / units[i].factor),
				units[i].unit);
			return;
		}
	snprintf(buffer, size, "0s");
}

void config_bounds_text(const struct key *k, char *buffer, size_t size)
{
	char low[32], high[32];
	switch (k->type) {
	case PERIOD:
	case PERIODS:
		config_print_period(low, sizeof low, k->min);
		config_print_period(high, sizeof high, k->max);
		snprintf(buffer, size, "%s from %s to %s",
			k->type == PERIOD ? "a period such as 60s, 15m, 12h, 7d, 2y"
					  : "up to 8 periods such as 15m 30m 1h, each",
			low, high);
		return;
	case SIZE:
		snprintf(buffer, size, "a size such as 512K or 1M from %lldK to %lldM",
			(long long)k->min / 1024, (long long)k->max / MIB);
		return;
	case NUMBER:
		snprintf(buffer, size, "a number from %lld to %lld", (long long)k->min,
			(long long)k->max);
		return;
	case CHOICE:
		snprintf(buffer, size, "one of %s", k->choices);
		return;
	case BOOLEAN:
		snprintf(buffer, size, "yes or no");
		return;
	case LIST:
		snprintf(buffer, size, "at most %d words, separated by commas", LIST_MAX);
		return;
	case DISPOSAL:
		snprintf(buffer, size, "delete, keep or move:FOLDER");
		return;
	case HOST_PORT:
		snprintf(buffer, size, "HOST or HOST:PORT");
		return;
	case FILE_PATH:
		snprintf(buffer, size, "an absolute path");
		return;
	case THRESHOLD:
		snprintf(buffer, size,
			"as the condition has it: a share such as 2%%, a multiple such as 1.5, a number, or a period such as 6h");
		return;
	case SHARE:
		snprintf(buffer, size, "a share as 2%% or 0.1%%");
		return;
	case TEXT:
		break;
	}
	snprintf(buffer, size, "a text");
}

bool config_assign(struct config *c, void *base, const struct key *k, const char *value)
{
	void *at = (char *)base + k->offset;
	int64_t n;
	switch (k->type) {
	case FILE_PATH:
		if (*value != '/') { /* which is said; that it is missing is not said as well */
			*(const char **)at = "/";
			return false;
		}
		/* fallthrough */
	case TEXT:
		*(const char **)at = config_keep(c, value);
		return true;
	case BOOLEAN:
		n = choice("no|yes|false|true|off|on|0|1", value);
		if (n < 0)
			return false;
		*(bool *)at = n & 1;
		return true;
	case NUMBER:
	case SIZE:
	case PERIOD:
		n = k->type == PERIOD ? period(value) : size_in_bytes(value);
		if (n < k->min || n > k->max ||
			(k->type == NUMBER && value[strspn(value, "0123456789")]))
			return false;
		*(int64_t *)at = n;
		return true;
	case CHOICE:
		n = choice(k->choices, value);
		if (n < 0)
			return false;
		*(int *)at = (int)n;
		return true;
	case LIST:
		return list_value(c, at, value);
	case DISPOSAL:
		return disposal_value(c, at, value);
	case PERIODS:
		return periods_value(c, base, value, k);
	case HOST_PORT:
		return host_port_value(c, value);
	case THRESHOLD:
		n = threshold(alert_unit(((struct alert_rule *)base)->condition), value);
		if (n < k->min)
			return false;
		*(int64_t *)at = n;
		return true;
	case SHARE:
		n = share_value(value);
		if (n < k->min || n > k->max)
			return false;
		*(int64_t *)at = n;
		return true;
	}
	return false;
}
