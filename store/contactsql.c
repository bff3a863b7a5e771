/*
 * What statements see of what rows of contacts have sealed (contactbody.h), as functions of SQL:
 *
 *   contact_state(body)     the state's name
 *   contact_due(body)       when time changes it, to the second; null: never
 *   contact_objected(body)  1: to streams of our mail; 2: and little else is left; 0
 *   contact_wordy(body)     more is known of an objection than that it was made
 *   contact_objection(body) it is kept as one, 1 or 0
 *   contact_objecting(pseudonym, body)  the body of such a row as it was up to version 31
 *   agenda_contact(what, day, name)  whose line it is; null: nobody's
 *   contact_moved(from, to, body)  the body for the row's next pseudonym
 *   contact_news(news)      the number that is sealed in it
 *   news_sealed(number)
 *   contact_sealed(…)       the body of a row as it was up to version 29 of the schema
 */
#include <sodium.h>
#include <stdio.h>
#include "store/agenda.h"
#include "store/contact.h"
#include "store/contactbody.h"

static bool value_head(sqlite3_context *context, sqlite3_value *value, struct contact_head *h)
{
	const struct store *s = sqlite3_user_data(context);

	if (s &&
		contact_head_read(
			keys_contact(s), sqlite3_value_blob(value), sqlite3_value_bytes(value), h))
		return true;
	sqlite3_result_error(context, "a contact is damaged", -1);
	return false;
}

static void sql_contact_state(sqlite3_context *context, int n, sqlite3_value **value)
{
	struct contact_head h;

	(void)n;
	if (value_head(context, value[0], &h))
		sqlite3_result_text(context, contact_state_name(h.state), -1, SQLITE_STATIC);
}

static void sql_contact_due(sqlite3_context *context, int n, sqlite3_value **value)
{
	struct contact_head h;

	(void)n;
	if (value_head(context, value[0], &h) && h.due)
		sqlite3_result_int64(context, h.due);
}

static void sql_contact_objected(sqlite3_context *context, int n, sqlite3_value **value)
{
	struct contact_head h;

	(void)n;
	if (value_head(context, value[0], &h))
		sqlite3_result_int(context, (int)h.objected);
}

static void sql_contact_wordy(sqlite3_context *context, int n, sqlite3_value **value)
{
	struct contact_head h;

	(void)n;
	if (value_head(context, value[0], &h))
		sqlite3_result_int(context,
			h.objected ? h.objected == 1 : h.wordy && h.state == STATE_INACTIVE);
}

static void sql_contact_objection(sqlite3_context *context, int n, sqlite3_value **value)
{
	struct contact_head h;

	(void)n;
	if (value_head(context, value[0], &h))
		sqlite3_result_int(context, h.objection);
}

static void sql_agenda_contact(sqlite3_context *context, int n, sqlite3_value **value)
{
	const struct store *s = sqlite3_user_data(context);
	enum agenda list = agenda_by_name((const char *)sqlite3_value_text(value[0]));
	unsigned char key[PSEUDONYM_SIZE];

	(void)n;
	if (s && list < AGENDA_COUNT &&
		sealed_listed(keys_contact(s), list, sqlite3_value_int64(value[1]),
			sqlite3_value_blob(value[2]), sqlite3_value_bytes(value[2]), key))
		sqlite3_result_blob(context, key, sizeof key, SQLITE_TRANSIENT);
}

static void sql_contact_moved(sqlite3_context *context, int n, sqlite3_value **value)
{
	struct store *s = sqlite3_user_data(context);
	unsigned char out[CONTACT_BODY_MAX];
	int size = 0;

	(void)n;
	if (s && sqlite3_value_bytes(value[0]) == PSEUDONYM_SIZE &&
		sqlite3_value_bytes(value[1]) == PSEUDONYM_SIZE)
		size = contact_reseal(keys_contact(s), sqlite3_value_blob(value[0]),
			sqlite3_value_blob(value[2]), sqlite3_value_bytes(value[2]),
			keys_contact(s), s->nonces, sqlite3_value_blob(value[1]), out);
	if (size)
		sqlite3_result_blob(context, out, size, SQLITE_TRANSIENT);
	else
		sqlite3_result_error(context, "a contact is damaged", -1);
}

static void sql_contact_news(sqlite3_context *context, int n, sqlite3_value **value)
{
	const struct store *s = sqlite3_user_data(context);

	(void)n;
	if (s && sqlite3_value_type(value[0]) == SQLITE_BLOB)
		sqlite3_result_int64(context,
			sealed_number(keys_contact(s), sqlite3_value_blob(value[0]),
				sqlite3_value_bytes(value[0])));
}

static void sql_news_sealed(sqlite3_context *context, int n, sqlite3_value **value)
{
	struct store *s = sqlite3_user_data(context);
	unsigned char out[SEALED_NUMBER];

	(void)n;
	if (!s || sqlite3_value_type(value[0]) == SQLITE_NULL)
		return;
	seal_number(keys_contact(s), s->nonces, sqlite3_value_int64(value[0]), out);
	sqlite3_result_blob(context, out, sizeof out, SQLITE_TRANSIENT);
}

/* --- from before -------------------------------------------------------------- */

/* The columns that went into the body, in the order of contact_sealed()'s arguments. */
enum before {
	WAS_PSEUDONYM,
	WAS_STATE,
	WAS_SINCE,
	WAS_UNTIL,
	WAS_DUE,
	WAS_ATTEMPTS,
	WAS_PAUSES,
	WAS_COUNTED_FROM,
	WAS_REASON,
	WAS_RULE,
	WAS_LADDER,
	WAS_HISTORY,
	WAS_COHORT,
	WAS_OBJECTED,
	WAS_COUNT
};

static void column_before(sqlite3_value *value, char *out, size_t size)
{
	const char *text = (const char *)sqlite3_value_text(value);

	snprintf(out, size, "%s", text ? text : "");
}

static void sql_contact_sealed(sqlite3_context *context, int n, sqlite3_value **value)
{
	struct store *s = sqlite3_user_data(context);
	unsigned char out[CONTACT_BODY_MAX];
	char ladder[STORE_NAME_SIZE], reason[EVENT_RULE_SIZE];
	struct contact_rest rest = { .pauses = (unsigned)sqlite3_value_int64(value[WAS_PAUSES]),
		.moved = sqlite3_value_int64(value[WAS_COUNTED_FROM]),
		.month = sqlite3_value_int(value[WAS_COHORT]),
		.history = sqlite3_value_blob(value[WAS_HISTORY]),
		.n = sqlite3_value_bytes(value[WAS_HISTORY]) };

	(void)n;
	if (!s || sqlite3_value_bytes(value[WAS_PSEUDONYM]) != PSEUDONYM_SIZE ||
		rest.n > HISTORY_SIZE_MAX) {
		sqlite3_result_error(context, "a contact is damaged", -1);
		return;
	}
	column_before(value[WAS_LADDER], ladder, sizeof ladder);
	column_before(value[WAS_REASON], reason, sizeof reason);
	column_before(value[WAS_RULE], rest.rule, sizeof rest.rule);
	memcpy(rest.ladder, ladder, sizeof ladder);
	struct contact_head head = {
		.state = state_by_name((const char *)sqlite3_value_text(value[WAS_STATE])),
		.objected = (unsigned)sqlite3_value_int(value[WAS_OBJECTED]) & 3,
		.full = ladder_is_full(ladder),
		.wordy = rest.n > 0,
		.reason = reason,
		.since = sqlite3_value_int64(value[WAS_SINCE]),
		.until = sqlite3_value_int64(value[WAS_UNTIL]),
		.due = sqlite3_value_int64(value[WAS_DUE]),
		.attempts = (unsigned)sqlite3_value_int64(value[WAS_ATTEMPTS]),
	};
	int size = contact_seal(
		keys_contact(s), s->nonces, sqlite3_value_blob(value[0]), &head, &rest, out);
	sqlite3_result_blob(context, out, size, SQLITE_TRANSIENT);
}

static void sql_contact_objecting(sqlite3_context *context, int n, sqlite3_value **value)
{
	struct store *s = sqlite3_user_data(context);
	unsigned char plain[CONTACT_REST_MAX], out[CONTACT_BODY_MAX];
	const unsigned char *body = sqlite3_value_blob(value[1]);
	struct contact_head head;
	struct contact_rest rest;

	n = sqlite3_value_bytes(value[1]);
	if (!s || sqlite3_value_bytes(value[0]) != PSEUDONYM_SIZE ||
		!contact_head_read(keys_contact(s), body, n, &head) ||
		!contact_rest_read(
			keys_contact(s), sqlite3_value_blob(value[0]), body, n, plain, &rest)) {
		sqlite3_result_error(context, "a contact is damaged", -1);
		return;
	}
	head.objection = true;
	n = contact_seal(
		keys_contact(s), s->nonces, sqlite3_value_blob(value[0]), &head, &rest, out);
	sqlite3_result_blob(context, out, n, SQLITE_TRANSIENT);
}

int contact_functions(sqlite3 *db, struct store *s)
{
	static const struct {
		const char *name;
		int count;
		void (*call)(sqlite3_context *context, int n, sqlite3_value **value);
	} functions[] = {
		{ "contact_state", 1, sql_contact_state },
		{ "contact_due", 1, sql_contact_due },
		{ "contact_objected", 1, sql_contact_objected },
		{ "contact_wordy", 1, sql_contact_wordy },
		{ "contact_objection", 1, sql_contact_objection },
		{ "contact_objecting", 2, sql_contact_objecting },
		{ "agenda_contact", 3, sql_agenda_contact },
		{ "contact_moved", 3, sql_contact_moved },
		{ "contact_news", 1, sql_contact_news },
		{ "news_sealed", 1, sql_news_sealed },
		{ "contact_sealed", WAS_COUNT, sql_contact_sealed },
	};
	int rc = SQLITE_OK;

	for (size_t i = 0; i < sizeof functions / sizeof *functions && rc == SQLITE_OK; i++)
		rc = sqlite3_create_function_v2(db, functions[i].name, functions[i].count,
			SQLITE_UTF8 | SQLITE_DIRECTONLY, s, functions[i].call, NULL, NULL, NULL);
	return rc;
}
