/*
 * What rows of contacts have sealed, for statements of tests on any handle: CONTACT_PLAIN stands
 * where table contact stood, with the columns that it had when all lay in clear.
 */
#ifndef RETOUR_TEST_STORE_PLAIN_H
#define RETOUR_TEST_STORE_PLAIN_H

#include <assert.h>
#include "store/contact.h"
#include "store/contactbody.h"
#include "store/internal.h"

#define CONTACT_PART(name) "contact_part(pseudonym, body, '" name "') AS " name
#define CONTACT_COLUMNS(tidy, objection) \
	"pseudonym, " CONTACT_PART("state") ", at, " CONTACT_PART("since") ", " CONTACT_PART("until") ", " CONTACT_PART("due") ", " CONTACT_PART("attempts") ", " CONTACT_PART("pauses") ", " CONTACT_PART("counted_from") ", " CONTACT_PART( \
		"reason") ", " CONTACT_PART("rule") ", " CONTACT_PART("ladder") ", " CONTACT_PART("history") ", " tidy \
													     ", " CONTACT_PART( \
														     "cohort") ", old, " objection \
															       ", " CONTACT_PART( \
																       "objected") ", contact_part(NULL, news, 'news') AS news"
/* Who is on the list: the day, and whose line it is. The LIMIT has it made once: else SQLite opens
 * every line anew for every contact. */
#define CONTACT_TIDY(place) \
	"(SELECT contact_part(name, what, day) AS whose, day AS tidy FROM " place \
	"agenda WHERE what IN ('tidy', 'well') LIMIT -1)"
/* Of who is well TIDY is the day since which it says nothing. */
#define CONTACT_PLAIN_OF(place) \
	"(SELECT " CONTACT_COLUMNS( \
		"tidy", CONTACT_PART("objection")) " FROM " place \
						   "contact LEFT JOIN " CONTACT_TIDY( \
							   place) " ON whose = pseudonym)"
#define CONTACT_PLAIN CONTACT_PLAIN_OF("")

/* The keys of the store that was open last. */
static struct contact_keys plain_keys;

static inline void plain_text(sqlite3_context *context, const char *text)
{
	if (*text)
		sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

static inline void plain_number(sqlite3_context *context, int64_t number, bool is)
{
	if (is)
		sqlite3_result_int64(context, number);
}

/* CONTACT_PART(name, what, day): whose line of the agenda it is. */
static inline void plain_line(sqlite3_context *context, sqlite3_value **value)
{
	enum agenda list = agenda_by_name((const char *)sqlite3_value_text(value[1]));
	unsigned char key[PSEUDONYM_SIZE];

	if (!sealed_listed(&plain_keys, list, sqlite3_value_int64(value[2]),
		    sqlite3_value_blob(value[0]), sqlite3_value_bytes(value[0]), key))
		sqlite3_result_error(context, "a line of the agenda is nobody's", -1);
	else
		sqlite3_result_blob(context, key, sizeof key, SQLITE_TRANSIENT);
}

/* CONTACT_PART(pseudonym, body, name) */
static inline void sql_contact_part(sqlite3_context *context, int n, sqlite3_value **value)
{
	static unsigned char plain[CONTACT_REST_MAX];
	const char *name = (const char *)sqlite3_value_text(value[2]);
	const unsigned char *body = sqlite3_value_blob(value[1]);
	int size = sqlite3_value_bytes(value[1]);
	struct contact_head h;
	struct contact_rest r;

	(void)n;
	if (sqlite3_value_type(value[2]) == SQLITE_INTEGER) {
		plain_line(context, value);
		return;
	}
	if (strcmp(name, "news") == 0) {
		plain_number(context, sealed_number(&plain_keys, body, size), body);
		return;
	}
	if (!contact_head_read(&plain_keys, body, size, &h) ||
		!contact_rest_read(
			&plain_keys, sqlite3_value_blob(value[0]), body, size, plain, &r)) {
		sqlite3_result_error(context, "a contact is not as it was sealed", -1);
		return;
	}
	const struct {
		const char *name, *text;
		int64_t number;
		bool is;
	} parts[] = {
		{ "state", contact_state_name(h.state), 0, true },
		{ "since", NULL, h.since, true },
		{ "until", NULL, h.until, h.until },
		{ "due", NULL, h.due, h.due },
		{ "attempts", NULL, h.attempts, true },
		{ "pauses", NULL, r.pauses, true },
		{ "counted_from", NULL, r.moved, true },
		{ "reason", h.reason, 0, true },
		{ "rule", r.rule, 0, true },
		{ "ladder", r.ladder, 0, true },
		{ "cohort", NULL, r.month, r.month },
		{ "objected", NULL, h.objected, h.objected },
		{ "objection", NULL, h.objection, true },
	};
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (strcmp(parts[i].name, name) == 0) {
			if (parts[i].text)
				plain_text(context, parts[i].text);
			else
				plain_number(context, parts[i].number, parts[i].is);
			return;
		}
	if (r.n)
		sqlite3_result_blob(context, r.history, r.n, SQLITE_TRANSIENT);
}

static inline int plain_function(sqlite3 *db, char **error, const void *api)
{
	(void)error;
	(void)api;
	return sqlite3_create_function_v2(
		db, "contact_part", 3, SQLITE_UTF8, NULL, sql_contact_part, NULL, NULL, NULL);
}

/* From now on all handles have the function. */
static inline void plain_handles(void)
{
	sqlite3_auto_extension((void (*)(void))plain_function);
}

static inline void plain_remember(const struct store *s)
{
	if (s && s->keys)
		plain_keys = *keys_contact(s);
}

#endif
