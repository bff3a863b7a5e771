/* A picture into the page itself: the report has no resource outside. */
#include "poller/post/logo.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LOGO_MAX = 64 * 1024 };

static const struct {
	const char *media, *begin;
	size_t n;
} kinds[] = { { "image/png", "\x89PNG\r\n\x1a\n", 8 }, { "image/jpeg", "\xff\xd8\xff", 3 },
	{ "image/svg+xml", "<svg", 4 }, { "image/svg+xml", "<?xml", 5 } };

static const char *media_of(const unsigned char *bytes, size_t n)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (n > kinds[i].n && memcmp(bytes, kinds[i].begin, kinds[i].n) == 0)
			return kinds[i].media;
	return NULL;
}

char *logo_read(const char *path, char *error, size_t size)
{
	static unsigned char bytes[LOGO_MAX + 1];
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n = file < 0 ? -1 : read(file, bytes, sizeof bytes);
	if (n < 0)
		snprintf(error, size, "%s: %s", path, strerror(errno));
	if (file >= 0)
		close(file);
	if (n < 0)
		return NULL;
	const char *media = media_of(bytes, (size_t)n);
	if (!media || n > LOGO_MAX) {
		snprintf(error, size, "%s: %s", path,
			media ? "larger than 64 KiB" : "neither PNG nor JPEG nor SVG");
		return NULL;
	}
	size_t head = strlen("data:;base64,") + strlen(media),
	       room = head + sodium_base64_ENCODED_LEN((size_t)n, sodium_base64_VARIANT_ORIGINAL);
	char *uri = malloc(room);
	if (!uri) {
		snprintf(error, size, "no memory");
		return NULL;
	}
	snprintf(uri, room, "data:%s;base64,", media);
	sodium_bin2base64(
		uri + head, room - head, bytes, (size_t)n, sodium_base64_VARIANT_ORIGINAL);
	return uri;
}
