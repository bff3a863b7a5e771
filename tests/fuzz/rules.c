/*
 * The rules files, which an administrator may edit: any bytes give rules or an error that says
 * where.
 */
#include <sys/mman.h>
#include <unistd.h>
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char path[64], error[512] = "";
	struct rules *rules;
	int fd = memfd_create("rules", MFD_CLOEXEC);
	MUST(fd >= 0 && write(fd, bytes, n) == (ssize_t)n);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	rules = rulesfile_load(path, NULL, error, sizeof error);
	MUST(rules || *error);
	rules_free(rules);
	*error = '\0';
	rules = rulesfile_load(NULL, path, error, sizeof error);
	MUST(rules || *error);
	rules_free(rules);
	close(fd);
	return 0;
}
