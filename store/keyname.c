/* The names of key files (keyfile.c says what each is for). */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "store/keyring.h"

const char key_base32[] = "abcdefghijklmnopqrstuvwxyz234567";

void key_name_of_month(const struct month_key *k, char name[KEY_NAME_SIZE])
{
	int year = k->month / 100, month = k->month % 100;

	if (k->number > 1)
		snprintf(name, KEY_NAME_SIZE, "event-%04d-%02d-%u.key", year, month,
			k->number % 100);
	else
		snprintf(name, KEY_NAME_SIZE, "event-%04d-%02d.key", year, month);
}

/* "2026-10" or, of another key of that month, "2026-10-2", with ".key" behind it. */
static bool parse_month_name(const char *text, struct key_name *out)
{
	static const char digits[] = "0123456789";
	int year, month, end = 0;

	out->number = 1;
	if (strspn(text, digits) != 4 || text[4] != '-' || strspn(text + 5, digits) != 2 ||
		sscanf(text, "%4d-%2d%n", &year, &month, &end) != 2 || month < 1 || month > 12 ||
		year < 1970)
		return false;
	text += end;
	if (*text == '-') {
		size_t n = strspn(text + 1, digits);
		if (!n || n > 2 || text[1] == '0')
			return false;
		out->number = (unsigned)strtoul(text + 1, NULL, 10);
		text += 1 + n;
		if (out->number < 2)
			return false;
	}
	out->month = year * 100 + month;
	return strcmp(text, ".key") == 0;
}

unsigned key_state_number(const char *name)
{
	unsigned n = 0;
	int end = 0;

	return sscanf(name, "state-%4u.key%n", &n, &end) == 1 && end && !name[end] && name[6] != '0'
		? n
		: 0;
}

unsigned key_sites_number(const char *name)
{
	unsigned n = 0;
	int end = 0;

	return sscanf(name, "sites-%4u.key%n", &n, &end) == 1 && end && !name[end] && name[6] != '0'
		? n
		: 0;
}

bool key_name_parse(const char *name, struct key_name *out)
{
	out->month = 0;
	out->number = 0;
	if (strcmp(name, "state.key") == 0 || key_state_number(name))
		out->purpose = "state";
	else if (strcmp(name, "message.key") == 0)
		out->purpose = "message";
	else if (strcmp(name, "sign.key") == 0)
		out->purpose = "sign";
	else if (strcmp(name, "erasure.key") == 0)
		out->purpose = "erasure";
	else if (strcmp(name, "sites.key") == 0 || key_sites_number(name))
		out->purpose = "sites";
	else if (strncmp(name, "verp-", 5) == 0)
		out->purpose = "verp";
	else
		out->purpose = "event";
	if (strcmp(out->purpose, "verp") == 0)
		return strlen(name) == sizeof "verp-kk.key" - 1 &&
			strspn(name + 5, key_base32) == 2 && strcmp(name + 7, ".key") == 0;
	if (strcmp(out->purpose, "event") != 0)
		return true;
	return strncmp(name, "event-", strlen("event-")) == 0 &&
		parse_month_name(name + strlen("event-"), out);
}

int64_t keys_month_start(int month)
{
	struct tm tm = { .tm_year = month / 100 - 1900, .tm_mon = month % 100 - 1, .tm_mday = 1 };

	return timegm(&tm); /* which takes month 13 for the next January */
}

void key_ledger_pair(const char *name, char pair[KEY_PAIR_SIZE])
{
	struct key_name k;

	if (key_name_parse(name, &k) && k.number > 1)
		snprintf(pair, KEY_PAIR_SIZE, "name=%s", name);
	else
		snprintf(pair, KEY_PAIR_SIZE, "month=%.7s", name + strlen("event-"));
}
