/* The register of requests, from the ledger's entries. */
#include "reports/requests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Which entries are requests. The objection is one that an operator entered by hand. */
static const struct {
	enum ledger_kind entry;
	const char *with, *kind, *text;
} sorts[] = {
	{ LEDGER_DISCLOSE, "addresses=", "access", "reference=\"" },
	{ LEDGER_FORGET, "addresses=", "erasure", "reference=\"" },
	{ LEDGER_SUPPRESS_IMPORT, "source=add", "objection", "reason=\"" },
};

/* What stands between the quotes behind NAME; what stands before NAME into COUNTS. */
static void split_detail(const char *detail, const char *name, struct request *r)
{
	const char *at = strstr(detail, name);
	size_t n = at ? (size_t)(at - detail) : strlen(detail);

	while (n && detail[n - 1] == ' ')
		n--;
	snprintf(r->counts, sizeof r->counts, "%.*s", (int)n, detail);
	r->reference[0] = '\0';
	if (at)
		snprintf(r->reference, sizeof r->reference, "%.*s",
			(int)strcspn(at + strlen(name), "\""), at + strlen(name));
}

static struct request *find_request(struct request_register *r, int64_t number)
{
	uint64_t first = r->count > REQUESTS_MAX ? r->count - REQUESTS_MAX : 0;

	for (uint64_t n = r->count; n-- > first;)
		if (r->request[n % REQUESTS_MAX].number == number)
			return &r->request[n % REQUESTS_MAX];
	return NULL;
}

static void correct_request(struct request_register *r, const struct ledger_entry *e)
{
	static const char name[] = "request=";
	struct request *known = NULL, text = { .number = 0 };

	if (strncmp(e->detail, name, sizeof name - 1) == 0)
		known = find_request(r, strtoll(e->detail + sizeof name - 1, NULL, 10));
	if (!known)
		return;
	split_detail(e->detail, "reference=\"", &text);
	memcpy(known->reference, text.reference, sizeof known->reference);
	known->corrected = e->at;
	known->corrected_by = e->number;
}

int requests_take(void *context, const struct ledger_entry *e)
{
	struct request_register *r = context;

	if (ledger_is(e, LEDGER_REQUEST_CORRECTED))
		correct_request(r, e);
	for (size_t i = 0; i < sizeof sorts / sizeof *sorts; i++) {
		if (!ledger_is(e, sorts[i].entry) ||
			strncmp(e->detail, sorts[i].with, strlen(sorts[i].with)) != 0)
			continue;
		struct request *next = &r->request[r->count++ % REQUESTS_MAX];
		*next = (struct request){ .number = e->number, .at = e->at, .kind = sorts[i].kind };
		split_detail(e->detail, sorts[i].text, next);
	}
	return 0;
}

const struct request *requests_at(const struct request_register *r, uint64_t n)
{
	uint64_t first = r->count > REQUESTS_MAX ? r->count - REQUESTS_MAX : 0;

	return first + n < r->count ? &r->request[(first + n) % REQUESTS_MAX] : NULL;
}

const struct request *requests_find(const struct request_register *r, int64_t number)
{
	for (uint64_t n = 0; requests_at(r, n); n++)
		if (requests_at(r, n)->number == number)
			return requests_at(r, n);
	return NULL;
}
