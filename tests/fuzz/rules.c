/*
 * The rules files, which an administrator may edit: any bytes give rules or an error that says
 * where. As rules they stand beside the program's providers, as providers beside few rules: to
 * build all of the program's takes a hundred times as long as to read what is tried.
 */
#include <sys/mman.h>
#include <unistd.h>
#include "tests/fuzz/fuzz.h"

enum { PATH_SIZE = 64 };

static int open_bytes(const void *bytes, size_t n, char *path)
{
	int fd = memfd_create("rules", MFD_CLOEXEC);
	MUST(fd >= 0 && write(fd, bytes, n) == (ssize_t)n);
	snprintf(path, PATH_SIZE, "/proc/self/fd/%d", fd);
	return fd;
}

static void load_either(const char *rules_path, const char *providers_path)
{
	char error[512] = "";
	struct rules *rules = rulesfile_load(rules_path, providers_path, error, sizeof error);
	MUST(rules || *error);
	rules_free(rules);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const char few[] = "[few]\ncategory = user-unknown\nen = \"no such user\"\n";
	char path[PATH_SIZE], few_path[PATH_SIZE];
	int fd = open_bytes(bytes, n, path), few_fd = open_bytes(few, sizeof few - 1, few_path);
	load_either(path, NULL);
	load_either(few_path, path);
	close(few_fd);
	close(fd);
	return 0;
}
