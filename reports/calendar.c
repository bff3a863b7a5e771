/* Months of the report's zone. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "reports/model.h"

bool month_parse(const char *text, struct month *out)
{
	if (strlen(text) != 7 || text[4] != '-' || strspn(text, "0123456789-") != 7 ||
		strspn(text + 5, "0123456789") != 2 || strspn(text, "0123456789") != 4)
		return false;
	*out = (struct month){ atoi(text), atoi(text + 5) };
	return out->year >= 1970 && out->month >= 1 && out->month <= 12;
}

struct month month_of(int64_t at)
{
	time_t t = (time_t)at;
	struct tm tm = { 0 };
	localtime_r(&t, &tm);
	return (struct month){ tm.tm_year + 1900, tm.tm_mon + 1 };
}

bool month_is_ahead(struct month m, int64_t now)
{
	struct month present = month_of(now);
	return m.year * 12 + m.month > present.year * 12 + present.month;
}

struct month month_before(struct month m, int n)
{
	int months = m.year * 12 + (m.month - 1) - n;
	return (struct month){ months / 12, months % 12 + 1 };
}

int64_t month_end(struct month m)
{
	struct tm tm = {
		.tm_year = m.year - 1900, .tm_mon = m.month, .tm_mday = 1, .tm_isdst = -1
	};
	return (int64_t)mktime(&tm);
}
