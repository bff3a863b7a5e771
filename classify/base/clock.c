/* The present time. --now takes RFC 3339 section 5.6; strptime and timegm do the reckoning. */
#include "classify/base/clock.h"
#include "classify/base/span.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct {
	bool set;
	int64_t at;
	char text[64];
} fixed;

/* Of the 30th of February timegm() would make the second of March. */
static bool day_exists(const struct tm *tm)
{
	struct tm day = { .tm_year = tm->tm_year, .tm_mon = tm->tm_mon, .tm_mday = tm->tm_mday };
	timegm(&day);
	return day.tm_mday == tm->tm_mday;
}

static bool parse_clock_time(const char *rfc3339, int64_t *out)
{
	struct tm tm = { 0 };
	const char *rest = strptime(rfc3339, "%Y-%m-%dT%H:%M:%S", &tm);
	if (!rest || !day_exists(&tm))
		return false;
	if (*rest == '.')
		rest += 1 + strspn(rest + 1, "0123456789");
	int64_t at = timegm(&tm);
	if (*rest == 'Z' || *rest == 'z') {
		rest++;
	} else {
		/* %z takes +hh:mm; what it leaves in tm_gmtoff is to be taken off */
		struct tm zone = { 0 };
		if (*rest != '+' && *rest != '-')
			return false;
		rest = strptime(rest, "%z", &zone);
		if (!rest || labs(zone.tm_gmtoff) >= 24 * 60 * 60)
			return false;
		at -= zone.tm_gmtoff;
	}
	*out = at;
	return !*rest;
}

bool clock_parse(const char *text, int64_t *at)
{
	struct tm tm = { 0 };
	const char *rest = strptime(text, "%Y-%m-%d", &tm);
	if (!rest || *rest)
		return parse_clock_time(text, at);
	bool good = day_exists(&tm);
	*at = timegm(&tm);
	return good;
}

bool clock_set(const char *rfc3339)
{
	if (strlen(rfc3339) >= sizeof fixed.text || !parse_clock_time(rfc3339, &fixed.at))
		return false;
	fixed.set = true;
	strcpy(fixed.text, rfc3339);
	return true;
}

int64_t clock_now(void)
{
	return fixed.set ? fixed.at : (int64_t)time(NULL);
}

bool clock_is_set(void)
{
	return fixed.set;
}

const char *clock_text(void)
{
	return fixed.set ? fixed.text : NULL;
}

int64_t clock_monotonic_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

double clock_monotonic(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/*
 * The boot id (random(4)); under systemd from the unit, which sees no /proc/sys. Its beginning is
 * enough to tell one start from another.
 */
static bool boot_name(char name[CLOCK_BOOT_SIZE])
{
	const char *given = getenv("RETOUR_BOOT_ID");
	FILE *f = given ? NULL : fopen("/proc/sys/kernel/random/boot_id", "re");
	bool known = f && fgets(name, CLOCK_BOOT_SIZE, f);
	if (f)
		fclose(f);
	if (given)
		known = snprintf(name, CLOCK_BOOT_SIZE, "%s", given) > 0;
	name[strspn(name, "0123456789abcdef-")] = '\0';
	return known && *name;
}

bool clock_boot(char name[CLOCK_BOOT_SIZE], int64_t *at)
{
	struct timespec t;
	*name = '\0';
	if (fixed.set || !boot_name(name) || clock_gettime(CLOCK_BOOTTIME, &t))
		return false;
	*at = (int64_t)time(NULL) - t.tv_sec;
	return true;
}

const char *clock_format(int64_t at, char *buffer)
{
	time_t t = (time_t)at;
	struct tm tm;
	if (!gmtime_r(&t, &tm) || tm.tm_year < -1900 || tm.tm_year > 9999 - 1900)
		return strcpy(buffer, "?");
	const struct {
		int value;
		unsigned digits;
		char behind;
	} fields[] = { { tm.tm_year + 1900, 4, '-' }, { tm.tm_mon + 1, 2, '-' },
		{ tm.tm_mday, 2, 'T' }, { tm.tm_hour, 2, ':' }, { tm.tm_min, 2, ':' },
		{ tm.tm_sec, 2, 'Z' } };
	char *p = buffer;
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		p = decimal(p, (unsigned)fields[i].value, fields[i].digits);
		*p++ = fields[i].behind;
	}
	*p = '\0';
	return buffer;
}
