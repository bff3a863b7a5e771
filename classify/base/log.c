/*
 * One line, one write: several processes share stderr. Control characters cannot forge a second
 * line.
 */
#include "classify/base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "classify/base/span.h"

enum { LINE_SIZE = 2048 };

static enum log_level limit = LOG_LEVEL_NOTICE;
static bool lost;
static void (*set_aside)(void);

void log_set_aside(void (*wipe)(void))
{
	set_aside = wipe;
}

/* Before somebody says better: what may hold an address is not repeated. */
static void withhold_text(char *buffer, size_t size, const char *text)
{
	(void)text;
	span_copy_text(buffer, size, SPAN("(a text with an address)"));
}

static log_redaction *redact_text = withhold_text;

void log_set_redaction(log_redaction *how)
{
	redact_text = how;
}

void log_set_level(enum log_level level)
{
	limit = level;
}

enum log_level log_level(void)
{
	return limit;
}

/*
 * Stderr is the journal, and not merely inherited its name: JOURNAL_STREAM holds the device and
 * inode of what systemd opened (systemd.exec(5)).
 */
static bool is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat st;
	unsigned long long device, inode;
	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
		!fstat(STDERR_FILENO, &st) && st.st_dev == device && st.st_ino == inode;
}

void log_line(enum log_level level, const char *format, ...)
{
	if (level > limit)
		return;
	int saved = errno;
	if (set_aside)
		set_aside();
	char text[LINE_SIZE], line[LINE_SIZE];
	int n = is_journal() ? snprintf(line, sizeof line, "<%d>", level)
			     : snprintf(line, sizeof line, "retour: ");
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	/* an operand that is an address by mistake is not repeated either */
	log_clean(line + n, sizeof line - (size_t)n - 1, text);
	n += (int)strlen(line + n);
	for (int i = 0; i < n; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = ' ';
	line[n++] = '\n';
	/* nobody is there to be told, but the exit code can */
	if (write(STDERR_FILENO, line, (size_t)n) < 0 &&
		(errno == ENOSPC || errno == EDQUOT || errno == EIO))
		lost = true;
	errno = saved;
}

bool log_lost(void)
{
	return lost;
}

const char *log_clean(char *buffer, size_t size, const char *text)
{
	if (strchr(text, '@'))
		redact_text(buffer, size, text);
	else
		span_copy_text(buffer, size, span_of(text));
	return buffer;
}
