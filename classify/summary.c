/*
 * The words, rows and values of a report of a receiver (summaryread.c reads one). Rows with one key
 * become one; keys are found by a hash, so that a report of many networks costs no more for each.
 */
#include "classify/summary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "classify/classify.h"
#include "classify/redact.h"

enum {
	NETWORKS_ROWS_MAX = SUMMARY_ROWS_MAX /
		2, /* of single networks; the others share the rest */
	OTHERS_ROWS_MAX = SUMMARY_ROWS_MAX - 64,
};

#define SUMMARY_NAME(symbol, name) name,
static const char *const summary_kinds[] = { SUMMARY_KINDS(SUMMARY_NAME) };
static const char *const dispositions[] = { SUMMARY_DISPOSITIONS(SUMMARY_NAME) };
static const char *const tls_results[] = { SUMMARY_RESULTS(SUMMARY_NAME) };

static int summary_word(const char *const *names, int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

const char *summary_kind_name(unsigned kind)
{
	return kind < SUMMARY_KIND_COUNT ? summary_kinds[kind] : "";
}
const char *disposition_name(unsigned disposition)
{
	return disposition < DISPOSITION_COUNT ? dispositions[disposition] : "";
}
int disposition_by_name(const char *name)
{
	return summary_word(dispositions, DISPOSITION_COUNT, name);
}
const char *tls_result_name(unsigned result)
{
	return result < TLS_RESULT_COUNT ? tls_results[result] : "";
}
int tls_result_by_name(const char *name)
{
	return summary_word(tls_results, TLS_RESULT_COUNT, name);
}

/* --- values --------------------------------------------------------------- */

/* A letter, a digit or another byte that a name of an organisation has; no '@'. */
static bool is_plain_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || ascii_digit(c) ||
		(c && strchr(" .,&()'+/_-?", c));
}

void summary_receiver(struct span name, char receiver[SUMMARY_RECEIVER_SIZE])
{
	const char *at = name.n ? memrchr(name.p, '@', name.n) : NULL;
	if (at)
		name = (struct span){ at + 1, name.n - (size_t)(at + 1 - name.p) };
	memset(receiver, 0, SUMMARY_RECEIVER_SIZE);
	size_t n = span_copy_text(receiver, SUMMARY_RECEIVER_SIZE, span_trim(name));
	for (size_t i = 0; i < n; i++)
		if (!is_plain_byte(receiver[i]))
			receiver[i] = '?';
	if (names_address((struct span){ receiver, n }))
		memset(receiver, 0, SUMMARY_RECEIVER_SIZE);
}

/* One is the other, or lies below it. */
static bool names_the_same(struct span name, struct span domain)
{
	struct span longer = name.n > domain.n ? name : domain,
		    shorter = name.n > domain.n ? domain : name;
	return span_ends_nocase(longer, shorter) && memchr(shorter.p, '.', shorter.n) &&
		(longer.n == shorter.n || longer.p[longer.n - shorter.n - 1] == '.');
}

/* Of a domain that is too long the end is kept: that of who has it. */
void summary_sender(struct summary_head *head, struct span domain)
{
	enum { BEHIND_MAX = 36 };
	char name[SUMMARY_RECEIVER_SIZE], behind[SUMMARY_RECEIVER_SIZE];
	head->verified = domain.n > 0;
	if (!domain.n || names_the_same(span_of(head->receiver), domain))
		return;
	if (domain.n > BEHIND_MAX)
		domain = (struct span){ domain.p + domain.n - BEHIND_MAX, BEHIND_MAX };
	summary_receiver(domain, behind);
	memcpy(name, head->receiver, sizeof name);
	memset(head->receiver, 0, sizeof head->receiver);
	snprintf(head->receiver, sizeof head->receiver, "%.23s (%.36s)", name, behind);
}

void summary_domain(
	const struct classify_options *options, struct span name, char domain[SUMMARY_DOMAIN_SIZE])
{
	struct span longest = { "", 0 };
	if (name.n && name.p[name.n - 1] == '.')
		name.n--;
	for (const char *const *d = options->domains; d && *d; d++) {
		struct span ours = span_of(*d);
		if (span_ends_nocase(name, ours) && ours.n > longest.n &&
			ours.n < SUMMARY_DOMAIN_SIZE &&
			(name.n == ours.n || name.p[name.n - ours.n - 1] == '.'))
			longest = ours;
	}
	memset(domain, 0, SUMMARY_DOMAIN_SIZE);
	memcpy(domain, longest.p, longest.n);
}

bool summary_count(struct span digits, uint64_t max, uint64_t *count)
{
	uint64_t n = 0;
	for (size_t i = 0; i < digits.n; i++) {
		if (!ascii_digit(digits.p[i]))
			return false;
		n = n * 10 + (uint64_t)(digits.p[i] - '0');
		if (n > max)
			return false;
	}
	*count = n;
	return digits.n > 0;
}

/* --- rows ----------------------------------------------------------------- */

static const size_t key_size = offsetof(struct summary_row, count);

/* FNV-1a. Who makes keys collide makes his own report slow, by less than its time allows. */
static size_t hash_of(const struct summary_row *r)
{
	const unsigned char *p = (const unsigned char *)r;
	uint32_t h = 2166136261u;
	for (size_t i = 0; i < key_size; i++)
		h = (h ^ p[i]) * 16777619u;
	return h % (2 * SUMMARY_ROWS_MAX);
}

static uint16_t *row_slot(struct summary *s, const struct summary_row *r)
{
	size_t i = hash_of(r);
	while (s->slot[i] && memcmp(&s->row[s->slot[i] - 1], r, key_size) != 0)
		i = (i + 1) % (2 * SUMMARY_ROWS_MAX);
	return &s->slot[i];
}

bool summary_add(struct summary *s, const struct summary_row *r)
{
	struct summary_row row = *r;
	uint16_t *slot = row_slot(s, &row);
	if (!*slot && s->rows >= NETWORKS_ROWS_MAX) {
		memset(row.network, 0, sizeof row.network);
		slot = row_slot(s, &row);
	}
	if (!*slot && s->rows >= OTHERS_ROWS_MAX) {
		memset(row.domain, 0, sizeof row.domain);
		slot = row_slot(s, &row);
	}
	if (!*slot && s->rows < SUMMARY_ROWS_MAX) {
		s->row[s->rows] = row;
		s->row[s->rows].count = 0;
		*slot = (uint16_t)++s->rows;
	}
	if (!*slot || row.count > SUMMARY_COUNT_MAX - s->row[*slot - 1].count)
		return false;
	s->row[*slot - 1].count += row.count;
	return true;
}

/* --- what others ask of a report ------------------------------------------ */

bool summary_plausible(const struct summary_head *head)
{
	return head->begin >= CLASSIFY_ARRIVAL_FIRST && head->end >= head->begin &&
		head->end - head->begin <= SUMMARY_SPAN_MAX && *head->receiver;
}

void summary_identity(const struct summary_head *head,
	void (*feed)(void *context, const void *bytes, size_t n), void *context)
{
	feed(context, &head->kind, sizeof head->kind);
	feed(context, head->receiver, sizeof head->receiver);
	feed(context, head->id, strnlen(head->id, sizeof head->id) + 1);
	feed(context, &head->begin, sizeof head->begin);
	feed(context, &head->end, sizeof head->end);
	if (head->verified) /* a forged one shadows no genuine one */
		feed(context, &head->verified, sizeof head->verified);
}

/* NUL-terminated within SIZE, of bytes that are plain or in ALSO. */
static bool is_word_of(const char *text, size_t size, const char *also)
{
	size_t n = strnlen(text, size);
	for (size_t i = 0; i < n; i++)
		if (!is_plain_byte(text[i]) && !strchr(also, text[i]))
			return false;
	return n < size && !names_address((struct span){ text, n });
}

bool summary_valid(const struct summary_head *head, const struct summary_row *row, size_t rows)
{
	if (head->kind >= SUMMARY_KIND_COUNT || head->verified > 1 || rows > SUMMARY_ROWS_MAX ||
		!summary_plausible(head) || !is_word_of(head->receiver, sizeof head->receiver, ""))
		return false;
	for (size_t i = 0; i < rows; i++)
		if (!is_word_of(row[i].network, sizeof row[i].network, ":") ||
			!is_word_of(row[i].domain, sizeof row[i].domain, "") ||
			row[i].disposition >= DISPOSITION_COUNT || row[i].dkim > 1 ||
			row[i].spf > 1 || row[i].result >= TLS_RESULT_COUNT ||
			row[i].count > SUMMARY_COUNT_MAX)
			return false;
	return true;
}
