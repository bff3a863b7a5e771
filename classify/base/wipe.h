/*
 * Addresses, mails and passwords are in memory only, and wiped as soon as they were used: with
 * these two, with explicit_bzero() where one value goes, with libsodium's sodium_memzero() beside
 * keys, and a message's whole memory by arena_wipe() (classify/base/arena.h). None of them is left
 * out by a compiler because nobody reads the zeros.
 */
#ifndef RETOUR_WIPE_H
#define RETOUR_WIPE_H

#include <stddef.h>

/*
 * explicit_bzero() for some kilobytes at most, of which each message wipes several: what memset()
 * has for so few takes longer to begin than to end.
 */
void wipe_bytes(void *p, size_t n);

/* Zeroes N bytes and frees. NULL is fine. */
void wipe_free(void *p, size_t n);

#endif
