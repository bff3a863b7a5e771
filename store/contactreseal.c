/*
 * Rows of contacts sealed anew, all at once, when the state key is replaced (keylife.c): what
 * stands in the file is nothing to whoever has the key before.
 */
#include <sodium.h>
#include "store/agenda.h"
#include "store/contactbody.h"
#include "store/pseudonym.h"

/* SEALED(pseudonym), for what is moved under the key that it is given. */
static void sql_sealed(sqlite3_context *context, int count, sqlite3_value **value)
{
	unsigned char p[PSEUDONYM_SIZE];

	(void)count;
	if (sqlite3_value_bytes(*value) != PSEUDONYM_SIZE) {
		sqlite3_result_error(context, "not a pseudonym", -1);
		return;
	}
	memcpy(p, sqlite3_value_blob(*value), sizeof p);
	pseudonym_seal(p, ((const struct sealing *)sqlite3_user_data(context))->key);
	sqlite3_result_blob(context, p, sizeof p, SQLITE_TRANSIENT);
}

/* RESEALED(pseudonym, body): the body of the row that it will be. */
static void sql_resealed(sqlite3_context *context, int count, sqlite3_value **value)
{
	struct sealing *to = sqlite3_user_data(context);
	unsigned char p[PSEUDONYM_SIZE], out[CONTACT_BODY_MAX];
	int size = 0;

	(void)count;
	if (sqlite3_value_bytes(value[0]) == PSEUDONYM_SIZE) {
		memcpy(p, sqlite3_value_blob(value[0]), sizeof p);
		pseudonym_seal(p, to->key);
		size = contact_reseal(keys_contact(to->s), sqlite3_value_blob(value[0]),
			sqlite3_value_blob(value[1]), sqlite3_value_bytes(value[1]), &to->keys,
			to->s->nonces, p, out);
	}
	if (size)
		sqlite3_result_blob(context, out, size, SQLITE_TRANSIENT);
	else
		sqlite3_result_error(context, "a contact is damaged", -1);
}

/* RENEWED(news), null of null. */
static void sql_renewed(sqlite3_context *context, int count, sqlite3_value **value)
{
	struct sealing *to = sqlite3_user_data(context);
	unsigned char out[SEALED_NUMBER];

	(void)count;
	if (sqlite3_value_type(*value) == SQLITE_NULL)
		return;
	seal_number(&to->keys, to->s->nonces,
		sealed_number(keys_contact(to->s), sqlite3_value_blob(*value),
			sqlite3_value_bytes(*value)),
		out);
	sqlite3_result_blob(context, out, sizeof out, SQLITE_TRANSIENT);
}

/* RENAMED(what, day, name): of a line of the agenda; one that is nobody's stays. */
static void sql_renamed(sqlite3_context *context, int count, sqlite3_value **value)
{
	struct sealing *to = sqlite3_user_data(context);
	enum agenda list = agenda_by_name((const char *)sqlite3_value_text(value[0]));
	int64_t day = sqlite3_value_int64(value[1]);
	unsigned char p[PSEUDONYM_SIZE], out[SEALED_LISTED];

	(void)count;
	if (list == AGENDA_COUNT ||
		!sealed_listed(keys_contact(to->s), list, day, sqlite3_value_blob(value[2]),
			sqlite3_value_bytes(value[2]), p)) {
		sqlite3_result_value(context, value[2]);
		return;
	}
	pseudonym_seal(p, to->key);
	seal_listed(&to->keys, list, day, p, out);
	sqlite3_result_blob(context, out, sizeof out, SQLITE_TRANSIENT);
}

int sealing_begin(struct sealing *to, struct store *s, const unsigned char key[KEY_SIZE])
{
	static const struct {
		const char *name;
		int count;
		void (*call)(sqlite3_context *context, int n, sqlite3_value **value);
	} functions[] = {
		{ "sealed", 1, sql_sealed },
		{ "resealed", 2, sql_resealed },
		{ "renewed", 1, sql_renewed },
		{ "renamed", 3, sql_renamed },
	};

	*to = (struct sealing){ .s = s, .key = key };
	contact_keys_derive(&to->keys, key);
	for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
		if (sqlite3_create_function_v2(to->s->db, functions[i].name, functions[i].count,
			    SQLITE_UTF8 | SQLITE_DIRECTONLY, to, functions[i].call, NULL, NULL,
			    NULL) != SQLITE_OK)
			return db_error(to->s);
	return STORE_OK;
}

void sealing_end(struct sealing *to)
{
	sodium_memzero(&to->keys, sizeof to->keys);
}
