/* Addresses in their canonical form, and their pseudonyms. */
#ifndef RETOUR_STORE_PSEUDONYM_H
#define RETOUR_STORE_PSEUDONYM_H

#include "store/internal.h"

enum pseudonym_purpose { PSEUDONYM_STATE, PSEUDONYM_EVENT };
enum { CANONICAL_SIZE = 512 };
/* What is one recipient: without regard to case; at Gmail without dots, under both its domains. */
enum address_folding { FOLD_CASE = 1, FOLD_GMAIL = 2 };
static inline unsigned store_folding(const struct store *s)
{
	return (s->o.fold_local_part ? FOLD_CASE : 0) | (s->o.fold_gmail ? FOLD_GMAIL : 0);
}
/*
 * The canonical form of ADDRESS, N bytes, with FOLDING (enum address_folding). Returns its length,
 * 0 when it is no address. The caller wipes OUT.
 */
size_t address_canonical(const char *address, size_t n, unsigned folding, char out[CANONICAL_SIZE]);
void pseudonym(unsigned char out[PSEUDONYM_SIZE], enum pseudonym_purpose purpose,
	const unsigned char key[KEY_SIZE], const char *canonical, size_t n);
/* A pseudonym made under another key, sealed under KEY: the other key alone finds it no more. */
void pseudonym_seal(unsigned char p[PSEUDONYM_SIZE], const unsigned char key[KEY_SIZE]);

#endif
