/*
 * What the program says to the operator: lines on stderr, with syslog levels in front where the
 * journal reads them (sd-daemon(3)). A line never holds an address: texts from servers and mails go
 * through log_clean() before they come here.
 */
#ifndef RETOUR_LOG_H
#define RETOUR_LOG_H

#include <stdbool.h>
#include <stddef.h>

enum log_level {
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_NOTICE = 5,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7
};

/* Says lines up to LEVEL. Default: notice; -q errors, -v debug. */
void log_set_level(enum log_level level);
enum log_level log_level(void);
/*
 * Whether a line could not be written, because a disk is full or the like: then the exit code has
 * to say that something went wrong.
 */
bool log_lost(void);
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Called before each line: takes away what stands on the terminal's line. NULL: nothing does. */
void log_set_aside(void (*wipe)(void));

/* Writes TEXT into BUFFER of SIZE bytes, without addresses in it. */
typedef void log_redaction(char *buffer, size_t size, const char *text);
/*
 * How that is done; whoever starts the program says it, for the log lies below what knows
 * addresses. Until then such texts are not repeated at all.
 */
void log_set_redaction(log_redaction *how);

/*
 * TEXT, from a server, a library or a child process, as it may be said: redacted when it holds an
 * '@', which every address has; else as it is, for paths and host names in it are what the operator
 * needs. Into BUFFER of SIZE bytes; returns it.
 */
const char *log_clean(char *buffer, size_t size, const char *text);

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...) log_line(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
