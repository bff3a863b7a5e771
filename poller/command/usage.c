/* What commands refuse of their arguments. */
#include "poller/command/usage.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "classify/base/exitcode.h"
#include "classify/base/lines.h"
#include "classify/base/log.h"
#include "classify/redact.h"

bool reason_is_fit(const char *text)
{
	size_t n = text ? strlen(text) : 0;
	if (!n || n > REASON_MAX || text[strspn(text, " ")] == '\0')
		return false;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f || text[i] == '"' || text[i] == '@')
			return false;
	return !names_address(span_of(text));
}

bool new_file_is_fit(const char *command, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	if (!names_address(span_of(name)))
		return true;
	usage_error(command, "the name of the file to be made looks like an address; addresses are never arguments");
	return false;
}

int usage_error(const char *command, const char *format, ...)
{
	char text[1024], clean[1024];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	fprintf(stderr, "retour%s%s: %s\n", *command ? " " : "", command, log_clean(clean, sizeof clean, text));
	return EXIT_USAGE;
}

bool operand_is_fit(const char *command, const char *operand)
{
	if (!operand || !strchr(operand, '@'))
		return true;
	usage_error(command, "addresses come from a file or from stdin, never as arguments");
	return false;
}

int open_addresses(struct lines *l, const char *command, const char *operand)
{
	if (!operand_is_fit(command, operand))
		return EXIT_USAGE;
	if (!lines_open(l, operand))
		return EXIT_WELL;
	log_error("%s: %s", operand, strerror(errno));
	return EXIT_LOST;
}
