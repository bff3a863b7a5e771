#include "poller/command/lazy.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "classify/base/exitcode.h"
#include "classify/base/log.h"

_Noreturn static void library_missing(void)
{
	log_error("%s", dlerror());
	exit(EXIT_USAGE);
}

void lazy_load(const struct lazy_library *library)
{
	void *handle = dlopen(library->soname, RTLD_NOW | RTLD_LOCAL);
	const char *name = library->names;

	if (!handle)
		library_missing();
	for (size_t i = 0; i < library->count; i++, name += strlen(name) + 1) {
		void *found = dlsym(handle, name);
		if (!found)
			library_missing();
		library->table[i] = found;
	}
	mprotect(
		library->table, (size_t)((char *)library->end - (char *)library->table), PROT_READ);
}
