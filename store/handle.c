/*
 * What every function of the store begins and ends with: the handle's error, and the names of
 * states and verdicts.
 */
#include <stdarg.h>
#include <stdio.h>
#include "store/internal.h"

#define STORE_NAME2(symbol, name) name,
static const char *const verdict_names[] = { STORE_VERDICTS(STORE_NAME2) };
static const char *const state_names[] = { STORE_STATES(STORE_NAME2) };

#define STORE_CLASS_NAME(symbol, name, ...) name,
static const char *const class_names[] = { RETENTION_CLASSES(STORE_CLASS_NAME) };

const char *retention_class_name(unsigned retained)
{
	return retained < RETAIN_COUNT ? class_names[retained] : "";
}

const char *verdict_name(unsigned v)
{
	return v < VERDICT_COUNT ? verdict_names[v] : "";
}

const char *contact_state_name(unsigned s)
{
	return s < STATE_COUNT ? state_names[s] : "";
}

enum contact_state state_by_name(const char *name)
{
	for (unsigned i = 0; name && i < STATE_COUNT; i++)
		if (strcmp(contact_state_name(i), name) == 0)
			return i;
	return STATE_ACTIVE;
}

int store_fail(struct store *s, int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(s->error, sizeof s->error, format, args);
	va_end(args);
	s->spoilt |= code == STORE_FAILED;
	return code;
}

const char *store_error(const struct store *s)
{
	return s ? s->error : "no memory";
}

bool store_outgrown(const struct store *s)
{
	return s && s->outgrown;
}
