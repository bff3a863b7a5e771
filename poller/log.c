/* One line, one write: several processes share stderr. Control characters cannot forge a second line. */
#include "poller/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "classify/redact.h"

static enum log_level limit = LOG_LEVEL_NOTICE;

void log_set_level(enum log_level level)
{
	limit = level;
}

enum log_level log_level(void)
{
	return limit;
}

void log_line(enum log_level level, const char *format, ...)
{
	if (level > limit)
		return;
	int saved = errno;
	char line[2048];
	int n = getenv("JOURNAL_STREAM") ? snprintf(line, sizeof line, "<%d>", level) : snprintf(line, sizeof line, "retour: ");
	va_list args;
	va_start(args, format);
	int m = vsnprintf(line + n, sizeof line - (size_t)n - 1, format, args);
	va_end(args);
	if (m < 0)
		m = 0;
	n += m;
	if (n > (int)sizeof line - 2)
		n = (int)sizeof line - 2;
	for (int i = 0; i < n; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = ' ';
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, (size_t)n) < 0) {
		/* nobody is there to be told */
	}
	errno = saved;
}

const char *log_clean(char *buffer, size_t size, const char *text)
{
	if (strchr(text, '@'))
		redact(buffer, size, span_of(text), NULL);
	else
		span_copy_text(buffer, size, span_of(text));
	return buffer;
}
