/*
 * Rules ready for use, as one block of bytes without pointers: a head that says
 * where each piece lies, then the pieces, arrays of plain structs. The program holds
 * that of its own rules among its constants, which all its processes share; that of a
 * rules file can lie beside it (poller/config/rulesfile.c). What only asks for
 * providers touches the first pieces and no others.
 *
 * It is of this machine and this build: byte order, sizes and the numbers of
 * categories are not in it.
 */
#ifndef RETOUR_IMAGE_H
#define RETOUR_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum image_piece {
	/* the profiles: provider.c */
	PIECE_PROFILES,
	PIECE_SUFFIXES,
	PIECE_SUFFIX_TEXTS,
	/* rules.c */
	PIECE_BASE,
	PIECE_RULES,
	PIECE_CODES,
	PIECE_FIELDS,
	PIECE_PHRASES,
	PIECE_TEXTS,
	PIECE_LISTS,
	PIECE_STEMS,
	/* automaton.c */
	PIECE_AUTOMATON,
	PIECE_SLOTS,
	PIECE_WORDS,
	PIECE_BYTES,
	PIECE_PATTERNS,
	PIECE_NODES,
	PIECE_ENDINGS,
	PIECE_LEADS,
	PIECE_ROOT,
	PIECE_COUNT,
	PIECE_FIRST_OF_RULES = PIECE_BASE
};

/* While it is made; {0} is the empty one. BYTES is the caller's to free(). */
struct image {
	unsigned char *bytes;
	size_t used, room;
};

/* Adds a piece of N bytes; in the order of the enum. False: no memory. */
bool image_add(struct image *image, enum image_piece piece, const void *at, size_t n);

/*
 * Do N BYTES hold a whole image, each piece in its place? What is in the pieces is not looked at.
 */
bool image_fits(const void *bytes, size_t n);
/* How long it is, and how much of it profiles need. */
size_t image_size(const void *bytes);
size_t image_profiles_size(const void *bytes);
/* A piece of an image that fits, and how many elements of SIZE bytes are in it. */
const void *image_piece(const void *bytes, enum image_piece piece, size_t size, size_t *count);

#endif
