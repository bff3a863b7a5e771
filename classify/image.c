/* The head, and pieces at multiples of IMAGE_ALIGN bytes behind it. */
#include "classify/image.h"

#include <stdlib.h>
#include <string.h>

enum { IMAGE_ALIGN = 64, IMAGE_ROOM = 1 << 16 };

struct image_head {
	char magic[8];
	uint64_t bytes;
	struct {
		uint32_t at, bytes;
	} piece[PIECE_COUNT];
};

static const char image_magic[8] = "retrules";

static bool image_reserve(struct image *image, size_t n)
{
	size_t room = image->room ? image->room : IMAGE_ROOM;
	unsigned char *more;

	while (room < image->used + n)
		room *= 2;
	if (room == image->room)
		return true;
	if (room > UINT32_MAX || !(more = realloc(image->bytes, room)))
		return false;
	memset(more + image->room, 0, room - image->room);
	image->bytes = more;
	image->room = room;
	return true;
}

bool image_add(struct image *image, enum image_piece piece, const void *at, size_t n)
{
	size_t begin = ((image->used ? image->used : sizeof(struct image_head)) + IMAGE_ALIGN - 1) /
		IMAGE_ALIGN * IMAGE_ALIGN;
	struct image_head *head;

	if (!image_reserve(image, begin - image->used + n))
		return false;
	if (n)
		memcpy(image->bytes + begin, at, n);
	image->used = begin + n;
	head = (struct image_head *)image->bytes;
	memcpy(head->magic, image_magic, sizeof head->magic);
	head->piece[piece].at = (uint32_t)begin;
	head->piece[piece].bytes = (uint32_t)n;
	head->bytes = image->used;
	return true;
}

bool image_fits(const void *bytes, size_t n)
{
	const struct image_head *head = bytes;
	uint64_t end = sizeof *head;

	if (n < sizeof *head || memcmp(head->magic, image_magic, sizeof head->magic) ||
		head->bytes != n)
		return false;
	for (int i = 0; i < PIECE_COUNT; i++) {
		if (head->piece[i].at < end || head->piece[i].at % IMAGE_ALIGN)
			return false;
		end = (uint64_t)head->piece[i].at + head->piece[i].bytes;
	}
	return end <= n;
}

size_t image_size(const void *bytes)
{
	return ((const struct image_head *)bytes)->bytes;
}

size_t image_profiles_size(const void *bytes)
{
	return ((const struct image_head *)bytes)->piece[PIECE_FIRST_OF_RULES].at;
}

const void *image_piece(const void *bytes, enum image_piece piece, size_t size, size_t *count)
{
	const struct image_head *head = bytes;

	*count = head->piece[piece].bytes / size;
	return (const char *)bytes + head->piece[piece].at;
}
