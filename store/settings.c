/*
 * What the ledger knows of the settings that matter to privacy: an entry whenever they are others
 * than last time.
 *
 *   configuration          "settings=HEX" (BLAKE2b-128 of the pairs), "changed=NAME:OLD>NEW,…"
 *                          where something differs from the entry before, and each setting as
 *                          name=value, periods in seconds
 *   configuration-mailbox  "name=NAME" and what becomes of the mail there; or "name=NAME
 *                          removed=yes"
 *   configuration-section  "name=NAME", then as configuration: what else a section says that
 *                          evidence rests on, from the first time that it is not as usual
 *
 * Values come from the INI file: whatever would not be a word in a pair is written as %XX.
 */
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "classify/redact.h"
#include "store/chain.h"
#include "store/internal.h"

enum {
	SETTINGS_HASH_SIZE = 16,
	WORD_SIZE = 100,          /* a longer name is cut, so that what stands behind it has room */
	SECTION_WORDS_SIZE = 320, /* the same for all values of a section */
};

struct text {
	char *p;
	size_t n, size;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	int n = vsnprintf(t->p + t->n, t->size - t->n, format, list);
	va_end(list);
	t->n = n < 0 || t->n + (size_t)n >= t->size ? t->size - 1 : t->n + (size_t)n;
}

static void add_word(struct text *t, const char *word)
{
	char escaped[WORD_SIZE];

	chain_word(escaped, sizeof escaped, word);
	add(t, "%s", escaped);
}

static void describe_settings(const struct store *s, struct text *t)
{
	for (unsigned i = 0; i < RETAIN_COUNT; i++)
		add(t, "%s=%lld ", retention_class_name(i), (long long)s->o.retention[i].period);
	add(t, "act_on=%s redacted_diagnostics=%s all_domains=%s k=%u fold_local_part=%s",
		origin_name(s->o.act_on), s->o.keep_diagnostics ? "yes" : "no",
		s->o.all_domains ? "yes" : "no", s->o.k, s->o.fold_local_part ? "yes" : "no");
	if (s->o.fold_gmail)
		add(t, " fold_gmail=yes");
	/* whose days the tallies' are */
	add(t, " timezone=");
	add_word(t, getenv("TZ") ? getenv("TZ") : "UTC");
}

/* The value of NAME in a detail; NULL: it is not there. */
static const char *setting_value_of(const char *detail, const char *name, char *out, size_t size)
{
	char pairs[LEDGER_TEXT_SIZE], *rest = pairs, *pair;
	size_t n = strlen(name);

	snprintf(pairs, sizeof pairs, "%s", detail);
	while ((pair = strsep(&rest, " ")))
		if (strncmp(pair, name, n) == 0 && pair[n] == '=') {
			snprintf(out, size, "%s", pair + n + 1);
			return out;
		}
	return NULL;
}

/*
 * With the old and the new value of each, or the names alone: the old ones stand in the entry
 * before.
 */
static void describe_changes(const char *before, const char *settings, bool values, struct text *t)
{
	char pairs[LEDGER_TEXT_SIZE], old[LEDGER_TEXT_SIZE], *rest = pairs, *pair;
	bool first = true;

	snprintf(pairs, sizeof pairs, "%s", settings);
	while ((pair = strsep(&rest, " "))) {
		char *value = strchr(pair, '=');
		*value++ = '\0';
		const char *was = setting_value_of(before, pair, old, sizeof old);
		if (!was || strcmp(was, value) == 0)
			continue;
		add(t, values ? "%s%s:%s>%s" : "%s%s", first ? " changed=" : ",", pair, was, value);
		first = false;
	}
}

/*
 * An entry of KIND, which begins with NAME ("" or "name=NAME ") where several have one, when the
 * pairs of SETTINGS, or their HASH, are others than last time. USUAL: not the first time.
 */
static int note_settings(struct store *s, int64_t now, enum ledger_kind kind, const char *name,
	const unsigned char *hash, const struct text *settings, bool usual)
{
	char detail[LEDGER_TEXT_SIZE], with[LEDGER_TEXT_SIZE], hex[2 * SETTINGS_HASH_SIZE + 1],
		old[64];
	struct text t = { detail, 0, sizeof detail };
	struct ledger_entry last;

	sodium_bin2hex(hex, sizeof hex, hash, SETTINGS_HASH_SIZE);
	snprintf(with, sizeof with, "%.*s", (int)strcspn(name, " "), name);
	if (store_ledger_last(s, kind, *with ? with : NULL, &last))
		return STORE_FAILED;
	if (last.number ? setting_value_of(last.detail, "settings", old, sizeof old) &&
				strcmp(old, hex) == 0
			: usual)
		return STORE_OK;
	for (int values = 1; values >= 0; values--) {
		t.n = 0;
		add(&t, "%ssettings=%s", name, hex);
		if (last.number)
			describe_changes(last.detail, settings->p, values, &t);
		if (t.n + 1 + settings->n < sizeof detail)
			break;
	}
	add(&t, " %s", settings->p);
	return store_ledger(s, now, kind, detail);
}

int settings_record(struct store *s, int64_t now)
{
	unsigned char hash[SETTINGS_HASH_SIZE];
	char pairs[LEDGER_TEXT_SIZE];
	struct text settings = { pairs, 0, sizeof pairs };

	describe_settings(s, &settings);
	crypto_generichash(hash, sizeof hash, (const unsigned char *)pairs, settings.n, NULL, 0);
	return note_settings(s, now, LEDGER_CONFIGURATION, "", hash, &settings, false);
}

/* Of an address in a setting the ledger says that there is one, and no more. */
static const char *section_value(const char *value)
{
	return strchr(value, '@') || names_address(span_of(value)) ? "an address" : value;
}

static void hash_section(crypto_generichash_state *state, const struct setting_section *section)
{
	for (unsigned i = 0; i < section->pairs; i++) {
		const char *value = section_value(section->pair[i].value);
		crypto_generichash_update(state, (const unsigned char *)value, strlen(value) + 1);
	}
}

/* ALL: of all sections, in hexadecimal. What is cut, so that all have room, is in the hash. */
static int note_section(
	struct store *s, int64_t now, const struct setting_section *section, const char *all)
{
	unsigned char hash[SETTINGS_HASH_SIZE];
	char pairs[LEDGER_TEXT_SIZE], name[LEDGER_TEXT_SIZE], word[SECTION_WORDS_SIZE];
	struct text settings = { pairs, 0, sizeof pairs }, begin = { name, 0, sizeof name };
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, sizeof hash);
	hash_section(&state, section);
	crypto_generichash_final(&state, hash, sizeof hash);
	for (unsigned i = 0; i < section->pairs; i++) {
		chain_word(
			word, sizeof word / section->pairs, section_value(section->pair[i].value));
		add(&settings, "%s%s=%s", i ? " " : "", section->pair[i].name, word);
	}
	add(&begin, "name=");
	add_word(&begin, section->name);
	add(&begin, " all=%s ", all);
	return note_settings(
		s, now, LEDGER_CONFIGURATION_SECTION, name, hash, &settings, section->usual);
}

int store_note_sections(
	struct store *s, const struct setting_section *list, unsigned count, int64_t now)
{
	unsigned char hash[SETTINGS_HASH_SIZE];
	char all[2 * SETTINGS_HASH_SIZE + 1], old[64];
	crypto_generichash_state state;
	struct ledger_entry last;
	bool own;
	int result = db_enter(s, &own);

	crypto_generichash_init(&state, NULL, 0, sizeof hash);
	for (unsigned i = 0; i < count; i++)
		hash_section(&state, &list[i]);
	crypto_generichash_final(&state, hash, sizeof hash);
	sodium_bin2hex(all, sizeof all, hash, sizeof hash);
	if (!result)
		result = store_ledger_last(s, LEDGER_CONFIGURATION_SECTION, NULL, &last);
	/* none is asked for by its name while all are as the newest entry knows them */
	if (!result &&
		!(last.number && setting_value_of(last.detail, "all", old, sizeof old) &&
			strcmp(old, all) == 0))
		for (unsigned i = 0; i < count && !result; i++)
			result = note_section(s, now, &list[i], all);
	return db_leave(s, own, result);
}

static int note_mailbox_setting(struct store *s, int64_t now, const char *detail)
{
	char pair[LEDGER_TEXT_SIZE];
	struct ledger_entry last;

	snprintf(pair, sizeof pair, "%.*s", (int)strcspn(detail, " "),
		detail); /* name=NAME comes first */
	if (store_ledger_last(s, LEDGER_CONFIGURATION_MAILBOX, pair, &last))
		return STORE_FAILED;
	return last.number && strcmp(last.detail, detail) == 0
		? STORE_OK
		: store_ledger(s, now, LEDGER_CONFIGURATION_MAILBOX, detail);
}

struct removal {
	struct store *store;
	const struct mailbox_setting *list;
	unsigned count;
	int64_t now;
};

/* Only what is known to have been there can be gone. */
static int note_removed(void *context, const struct mailbox_state *m)
{
	struct removal *r = context;
	char detail[LEDGER_TEXT_SIZE], pair[LEDGER_TEXT_SIZE];
	struct text t = { detail, 0, sizeof detail };
	struct ledger_entry last;

	for (unsigned i = 0; i < r->count; i++)
		if (strcmp(r->list[i].name, m->name) == 0)
			return STORE_OK;
	add(&t, "name=");
	add_word(&t, m->name);
	snprintf(pair, sizeof pair, "%s", detail);
	add(&t, " removed=yes");
	if (store_ledger_last(r->store, LEDGER_CONFIGURATION_MAILBOX, pair, &last))
		return STORE_FAILED;
	return last.number && strcmp(last.detail, detail) != 0
		? store_ledger(r->store, r->now, LEDGER_CONFIGURATION_MAILBOX, detail)
		: STORE_OK;
}

int store_note_mailboxes(
	struct store *s, const struct mailbox_setting *list, unsigned count, int64_t now)
{
	struct removal r = { s, list, count, now };
	bool own;
	int result = db_enter(s, &own);

	for (unsigned i = 0; i < count && !result; i++) {
		char detail[LEDGER_TEXT_SIZE];
		struct text t = { detail, 0, sizeof detail };
		const struct {
			const char *name, *value;
		} pairs[] = { { "name=", list[i].name }, { " protocol=", list[i].protocol },
			{ " processed=", list[i].processed },
			{ " unrecognised=", list[i].unrecognised },
			{ " quarantine=", list[i].quarantine }, { " optout=", list[i].optout } };
		for (size_t p = 0; p < sizeof pairs / sizeof *pairs; p++) {
			add(&t, "%s", pairs[p].name);
			add_word(&t, pairs[p].value);
		}
		add(&t, " raw_retention=%lld", (long long)list[i].raw_retention);
		result = note_mailbox_setting(s, now, detail);
	}
	if (!result)
		result = store_mailboxes(s, note_removed, &r);
	return db_leave(s, own, result);
}
