/*
 * For make bench: what the program does without sealing what contacts remember, without the table
 * of days beside them and without counting rows for the audit. The linker puts these in the places
 * of the program's own (--wrap); rows are as long as sealed ones. Nothing else may use it.
 */
#include <string.h>
#include "store/agenda.h"
#include "store/base/sealed.h"
#include "store/held.h"

#define NONE __attribute__((unused))

enum { REST_AT = 16 + SEALED_HEAD };

int __wrap_seal_row(const struct contact_keys *k, struct nonces *nonces,
	const unsigned char name[SEALED_NAME], const unsigned char head[SEALED_HEAD],
	const unsigned char *rest, size_t size, unsigned char *out);
bool __wrap_sealed_head(const struct contact_keys *k, const unsigned char *row, int n,
	unsigned char out[SEALED_HEAD]);
size_t __wrap_sealed_rest(const struct contact_keys *k, const unsigned char name[SEALED_NAME],
	const unsigned char *row, int n, unsigned char *out);
int __wrap_agenda_move(struct store *s, const unsigned char key[PSEUDONYM_SIZE],
	const struct agenda_days *held, const struct agenda_days *now);
int __wrap_held_note(struct store *s, enum held_class held, int64_t at, int64_t change);
int __wrap_held_flush(struct store *s);

int __wrap_seal_row(NONE const struct contact_keys *k, NONE struct nonces *nonces,
	NONE const unsigned char name[SEALED_NAME], const unsigned char head[SEALED_HEAD],
	const unsigned char *rest, size_t size, unsigned char *out)
{
	memset(out, 0, REST_AT);
	memcpy(out + REST_AT - SEALED_HEAD, head, SEALED_HEAD);
	memcpy(out + REST_AT, rest, size);
	memset(out + REST_AT + size, 0, SEALED_MORE - REST_AT);
	return (int)size + SEALED_MORE;
}

bool __wrap_sealed_head(NONE const struct contact_keys *k, const unsigned char *row, int n,
	unsigned char out[SEALED_HEAD])
{
	if (row && n >= REST_AT)
		memcpy(out, row + REST_AT - SEALED_HEAD, SEALED_HEAD);
	return row && n >= REST_AT;
}

size_t __wrap_sealed_rest(NONE const struct contact_keys *k,
	NONE const unsigned char name[SEALED_NAME], const unsigned char *row, int n,
	unsigned char *out)
{
	if (!row || n < SEALED_MORE)
		return 0;
	memcpy(out, row + REST_AT, (size_t)n - SEALED_MORE);
	return (size_t)n - SEALED_MORE;
}

int __wrap_agenda_move(NONE struct store *s, NONE const unsigned char key[PSEUDONYM_SIZE],
	NONE const struct agenda_days *held, NONE const struct agenda_days *now)
{
	return 0;
}

int __wrap_held_note(
	NONE struct store *s, NONE enum held_class held, NONE int64_t at, NONE int64_t change)
{
	return 0;
}

int __wrap_held_flush(NONE struct store *s)
{
	return 0;
}
