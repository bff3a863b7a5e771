/*
 * The kept image of a rules file:
 *
 *   key      BLAKE2b of the program's build and of both files
 *   digest   of the head and the profiles, of the rest
 *   image    classify/image.h
 */
#include "poller/config/rulesfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "classify/image.h"
#include "classify/base/files.h"
#include "poller/config/rulesbuilt.h"
#include "poller/config/rulesmaker.h"

enum { RULES_BYTES_MAX = 2 << 20, HASH_SIZE = 32, KEPT_PATH_SIZE = 4096 };

struct kept_head {
	unsigned char key[HASH_SIZE];
	unsigned char profiles[HASH_SIZE], rest[HASH_SIZE];
	unsigned char unused[HASH_SIZE]; /* the image begins at a multiple of 64 */
};

/* Both files, and where their image is kept. */
struct sources {
	struct rules_text rules, providers;
	char *heap[2];
	unsigned char key[HASH_SIZE];
	char kept[KEPT_PATH_SIZE];
	uid_t owner; /* of the file beside which it lies */
};

/* --- the files ------------------------------------------------------------ */

static bool read_disk(const char *key, const char *path, struct rules_text *text, char **heap,
	uid_t *owner, char *error, size_t size)
{
	struct stat about;
	size_t n;

	if (file_is_pipe(path)) {
		snprintf(error, size, "%s: not a regular file", path);
		return false;
	}
	if (file_load(path, RULES_BYTES_MAX, heap, &n)) {
		if (errno == EFBIG)
			snprintf(error, size, "%s: is larger than %d bytes", path, RULES_BYTES_MAX);
		else
			snprintf(error, size, "[rules] %s: %s: %s", key, path, strerror(errno));
		return false;
	}
	if (!stat(path, &about))
		*owner = about.st_uid;
	*text = (struct rules_text){ path, { *heap, n } };
	return true;
}

static bool read_sources(struct sources *s, const char *rules_path, const char *providers_path,
	char *error, size_t size)
{
	*s = (struct sources){ .rules = rules_built_in_text(),
		.providers = providers_built_in_text() };
	return (!providers_path ||
		       read_disk("providers", providers_path, &s->providers, &s->heap[1], &s->owner,
			       error, size)) &&
		(!rules_path ||
			read_disk("rules", rules_path, &s->rules, &s->heap[0], &s->owner, error,
				size));
}

static void free_sources(struct sources *s)
{
	free(s->heap[0]);
	free(s->heap[1]);
}

static struct rules *open_built_in(char *error, size_t size)
{
	struct span image = rules_built_in_image();
	struct rules *r = rules_open(image.p, image.n, NULL);

	if (!r)
		snprintf(error, size, "built-in rules: no memory");
	return r;
}

/* R, read from a file, with what it has no list of; R itself, or NULL. */
static struct rules *complete_lists(struct rules *r)
{
	static struct rules *built_in; /* its image is the program's own and stays */
	char unused[64];

	if (r && !built_in)
		built_in = open_built_in(unused, sizeof unused);
	if (r && built_in)
		rules_borrow_lists(r, built_in);
	return r;
}

struct rules *rulesfile_load(
	const char *rules_path, const char *providers_path, char *error, size_t size)
{
	struct sources s;
	struct rules *r = NULL;

	if (!rules_path && !providers_path)
		return open_built_in(error, size);
	if (read_sources(&s, rules_path, providers_path, error, size))
		r = complete_lists(rules_read(&s.rules, &s.providers, error, size));
	free_sources(&s);
	return r;
}

/* --- the kept image ------------------------------------------------------- */

/* False: this program does not know its own build, and keeps nothing. */
static bool name_image(struct sources *s, const char *path)
{
	crypto_generichash_state state;
	struct span build = program_build();
	uint64_t sizes[2] = { s->rules.bytes.n, s->providers.bytes.n };

	if (!build.n || snprintf(s->kept, sizeof s->kept, "%s.image", path) >= (int)sizeof s->kept)
		return false;
	crypto_generichash_init(&state, NULL, 0, HASH_SIZE);
	crypto_generichash_update(&state, (const void *)build.p, build.n);
	crypto_generichash_update(&state, (const void *)sizes, sizeof sizes);
	crypto_generichash_update(&state, (const void *)s->rules.bytes.p, s->rules.bytes.n);
	crypto_generichash_update(&state, (const void *)s->providers.bytes.p, s->providers.bytes.n);
	crypto_generichash_final(&state, s->key, HASH_SIZE);
	return true;
}

static void digest_part(unsigned char out[HASH_SIZE], const char *image, size_t from, size_t to)
{
	crypto_generichash(out, HASH_SIZE, (const unsigned char *)image + from, to - from, NULL, 0);
}

static bool kept_is_sound(
	const struct kept_head *head, const struct sources *s, size_t bytes, enum rules_use use)
{
	const char *image = (const char *)(head + 1);
	unsigned char digest[HASH_SIZE];
	size_t profiles;

	if (memcmp(head->key, s->key, HASH_SIZE) || !image_fits(image, bytes - sizeof *head))
		return false;
	profiles = image_profiles_size(image);
	digest_part(digest, image, 0, profiles);
	if (memcmp(digest, head->profiles, HASH_SIZE))
		return false;
	if (use == RULES_PROFILES)
		return true;
	digest_part(digest, image, profiles, bytes - sizeof *head);
	return !memcmp(digest, head->rest, HASH_SIZE);
}

static void unmap_kept(const void *image, size_t n)
{
	munmap((char *)image - sizeof(struct kept_head), n + sizeof(struct kept_head));
}

static struct rules *open_kept(const struct sources *s, enum rules_use use)
{
	int fd = open(s->kept, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat about;
	struct rules *r = NULL;
	void *map = MAP_FAILED;
	size_t bytes = 0;

	if (fd >= 0 && !fstat(fd, &about) && S_ISREG(about.st_mode) &&
		!(about.st_mode & (S_IWGRP | S_IWOTH)) &&
		(about.st_uid == 0 || about.st_uid == geteuid() || about.st_uid == s->owner) &&
		(size_t)about.st_size > sizeof(struct kept_head)) {
		bytes = (size_t)about.st_size;
		map = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
	}
	if (fd >= 0)
		close(fd);
	if (map == MAP_FAILED)
		return NULL;
	if (kept_is_sound(map, s, bytes, use))
		r = rules_open((char *)map + sizeof(struct kept_head),
			bytes - sizeof(struct kept_head), unmap_kept);
	if (!r)
		munmap(map, bytes);
	return r;
}

/* Appears whole or not at all. What is kept can be made again, so a failure is none. */
static void keep_image(const struct sources *s, int fd, const char *part, const struct rules *r)
{
	struct span image = rules_image(r);
	size_t profiles = image_profiles_size(image.p);
	struct kept_head head = { .unused = { 0 } };

	memcpy(head.key, s->key, HASH_SIZE);
	digest_part(head.profiles, image.p, 0, profiles);
	digest_part(head.rest, image.p, profiles, image.n);
	if (write_all(fd, (struct span){ (const char *)&head, sizeof head }) ||
		write_all(fd, image) || fsync(fd) || fchmod(fd, 0644) || rename(part, s->kept))
		unlink(part);
}

/* Made and kept, or only made where nothing can be kept. */
static struct rules *make_image(const struct sources *s, char *error, size_t size)
{
	char part[KEPT_PATH_SIZE + 16];
	struct rules *r;

	snprintf(part, sizeof part, "%s.XXXXXX", s->kept);
	int fd = mkostemp(part, O_CLOEXEC);
	if (fd < 0)
		return rules_read(&s->rules, &s->providers, error, size);
	r = rules_make_apart(&s->rules, &s->providers, error, size);
	if (r)
		keep_image(s, fd, part, r);
	else
		unlink(part);
	close(fd);
	return r || *error ? r : rules_read(&s->rules, &s->providers, error, size);
}

struct rules *rulesfile_open(const char *rules_path, const char *providers_path, enum rules_use use,
	char *error, size_t size)
{
	struct sources s;
	struct rules *r = NULL;

	if (!rules_path && !providers_path)
		return open_built_in(error, size);
	if (read_sources(&s, rules_path, providers_path, error, size)) {
		bool named = name_image(&s, rules_path ? rules_path : providers_path);

		r = named ? open_kept(&s, use) : NULL;
		if (!r)
			r = named ? make_image(&s, error, size)
				  : rules_read(&s.rules, &s.providers, error, size);
	}
	if (use != RULES_PROFILES)
		complete_lists(r);
	free_sources(&s);
	return r;
}
