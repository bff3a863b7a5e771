/*
 * Runs `sendmail -i -t` and writes the mail to its standard input. -i: a line with a
 * single dot does not end the mail; -t: the recipients come from the header. The
 * command's exit code is one of sysexits.h; what it prints may hold addresses and is dropped.
 */
#include "poller/post/sendmail.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>
#include "poller/post/carrier.h"
#include "poller/post/feed.h"

static const char *exit_text(int status);

int sendmail_carry(const char *path, bool null_sender, struct span mail, char *error, size_t size)
{
	char *const argv[] = { (char *)path, (char *)"-i", (char *)"-t",
		null_sender ? (char *)"-f" : NULL, (char *)"<>", NULL };
	bool fed = false;
	int status;

	if (feed_command(argv, mail, SENDMAIL_TIMEOUT, &status, &fed, error, size))
		return fed ? CARRY_UNANSWERED : -1;
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		snprintf(error, size, "%s: %s", path, exit_text(status));
		return fed && !WIFEXITED(status) ? CARRY_UNANSWERED : -1;
	}
	if (!fed) {
		snprintf(error, size, "%s: it did not take the whole mail", path);
		return -1;
	}
	return 0;
}

static const char *exit_text(int status)
{
	static const struct {
		int code;
		const char *text;
	} table[] = {
		{ EX_USAGE, "it does not know -i -t" },
		{ EX_DATAERR, "it refuses the mail's form" },
		{ EX_NOUSER, "a recipient does not exist" },
		{ EX_NOHOST, "a recipient's host does not exist" },
		{ EX_UNAVAILABLE, "a recipient was refused" },
		{ EX_SOFTWARE, "internal error of it" },
		{ EX_OSERR, "error of the operating system" },
		{ EX_TEMPFAIL, "not now, try later" },
		{ EX_NOPERM, "not permitted" },
		{ EX_CONFIG, "error in its configuration" },
	};

	if (!WIFEXITED(status))
		return "ended by a signal";
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (table[i].code == WEXITSTATUS(status))
			return table[i].text;
	return "failed";
}

int sendmail_probe(const char *path, char *error, size_t size)
{
	if (access(path, X_OK) == 0)
		return 0;
	snprintf(error, size, "%s: %s", path, strerror(errno));
	return -1;
}
