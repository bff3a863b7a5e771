/*
 * Passwords and tokens. A file must be a regular one, ours or root's, and closed to
 * everybody else; a command runs under /bin/sh with a time limit and only its output
 * is taken; a systemd credential (systemd.exec(5), LoadCredential=) is a file in
 * $CREDENTIALS_DIRECTORY, which the manager has already closed to others. A secret
 * is one line: what has more of them is a mistake, and could end a protocol's line.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "poller/mailbox/secret.h"
#include "classify/base/clock.h"

enum {
	SECRET_COMMAND_SECONDS = 30,
	SECRET_LEAST = 4, /* characters of one that is looked for in others' words */
};

extern char **environ;

int secret_failed(struct failure *f, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(f->text, f->size, format, arguments);
	va_end(arguments);
	return -1;
}

/*
 * Reads to the end of FD into BUFFER of SECRET_MAX + 1 bytes, until DEADLINE (0: none). Length, or
 * -1 with errno.
 */
static ssize_t read_all(int fd, char *buffer, int64_t deadline)
{
	size_t n = 0;
	while (n <= SECRET_MAX) {
		if (deadline) {
			int64_t left = deadline - clock_monotonic_ms();
			struct pollfd p = { .fd = fd, .events = POLLIN };
			if (left <= 0 || !poll(&p, 1, (int)left)) {
				errno = ETIMEDOUT;
				return -1;
			}
		}
		ssize_t got = read(fd, buffer + n, SECRET_MAX + 1 - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (!got)
			return (ssize_t)n;
		n += (size_t)got;
	}
	errno = EFBIG;
	return -1;
}

static ssize_t read_secret_file(const char *path, bool credential, char *buffer, struct failure *f)
{
	struct stat st;
	ssize_t n = -1;
	/* O_NONBLOCK: a pipe in its place must not hold us. */
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st)) {
		secret_failed(f, "%s: %s", path, strerror(errno));
	} else if (!S_ISREG(st.st_mode)) {
		secret_failed(f, "%s: not a regular file", path);
	} else if (st.st_uid != geteuid() && st.st_uid != 0) {
		secret_failed(f,
			"%s: belongs to another user: chown it to the user that runs this, or to root",
			path);
	} else if (st.st_mode & (credential ? S_IWGRP | S_IRWXO : S_IRWXG | S_IRWXO)) {
		/*
		 * systemd may open a credential to the service's group by an ACL, which shows as
		 * group bits.
		 */
		secret_failed(f, "%s: others may read it: chmod 600 %s", path, path);
	} else if ((n = read_all(fd, buffer, 0)) < 0) {
		secret_failed(f, "%s: %s", path,
			errno == EFBIG ? "too long for a password or token" : strerror(errno));
	}
	if (fd >= 0)
		close(fd);
	return n;
}

/*
 * Starts the command in a process group of its own, so that all of it can be ended; its output in
 * *FD.
 */
static int start_command(const char *command, pid_t *pid, int *fd)
{
	int ends[2], error = -1;
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	const char *const argv[] = { "sh", "-c", command, NULL };
	if (pipe2(ends, O_CLOEXEC))
		return errno;
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	/* Its complaints could hold the secret, or an address: they are not passed on. */
	if (!(error = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)) &&
		!(error = posix_spawn_file_actions_adddup2(&actions, ends[1], 1)) &&
		!(error = posix_spawn_file_actions_addopen(
			  &actions, 2, "/dev/null", O_WRONLY, 0)) &&
		!(error = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP)))
		error = posix_spawn(
			pid, "/bin/sh", &actions, &attributes, (char *const *)argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	if (error)
		close(ends[0]);
	*fd = ends[0];
	return error;
}

/*
 * Waits until DEADLINE; then the whole group is killed. The wait status, or -1 when it had to be
 * killed.
 */
static int finish_command(pid_t pid, int64_t deadline)
{
	int status;
	pid_t ended;
	while (!(ended = waitpid(pid, &status, WNOHANG)) && clock_monotonic_ms() < deadline)
		nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
	if (ended == pid)
		return status;
	kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return -1;
}

static ssize_t read_command(const char *command, char *buffer, struct failure *f)
{
	int fd;
	pid_t pid;
	int64_t deadline = clock_monotonic_ms() + SECRET_COMMAND_SECONDS * 1000;
	int error = start_command(command, &pid, &fd);
	if (error)
		return secret_failed(f, "password_command: %s", strerror(error));
	ssize_t n = read_all(fd, buffer, deadline);
	int failure = errno;
	close(fd);
	int status = finish_command(pid, n < 0 ? 0 : deadline);
	if (n < 0 && failure == EFBIG)
		return secret_failed(
			f, "password_command: its output is too long for a password or token");
	if (n < 0 || status < 0)
		return n >= 0 || failure == ETIMEDOUT
			? secret_failed(
				  f, "password_command: no end within %d s", SECRET_COMMAND_SECONDS)
			: secret_failed(f, "password_command: %s", strerror(failure));
	if (WIFSIGNALED(status))
		return secret_failed(f, "password_command: ended by signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status) == 126 || WEXITSTATUS(status) == 127)
		return secret_failed(f,
			"password_command: the shell found no such command, or may not start it (exit code %d); right would be its whole path",
			WEXITSTATUS(status));
	if (WEXITSTATUS(status))
		return secret_failed(
			f, "password_command: ended with exit code %d", WEXITSTATUS(status));
	return n;
}

static ssize_t read_credential(const char *name, char *buffer, struct failure *f)
{
	char path[4096];
	const char *directory = getenv("CREDENTIALS_DIRECTORY");
	if (!directory || directory[0] != '/')
		return secret_failed(f,
			"credential %s: $CREDENTIALS_DIRECTORY is not set: is there a LoadCredential= in the unit?",
			name);
	if (!name[0] || name[0] == '.' || strchr(name, '/'))
		return secret_failed(f,
			"credential %s: a credential's name has no '/' and does not begin with '.'",
			name);
	if ((size_t)snprintf(path, sizeof path, "%s/%s", directory, name) >= sizeof path)
		return secret_failed(f, "credential %s: its path is too long", name);
	return read_secret_file(path, true, buffer, f);
}

int secret_read(const struct secret_source *from, char **out, char *error, size_t size)
{
	struct failure f = { error, size };
	int result = -1;
	ssize_t n;
	*out = NULL;
	if (!from->file && !from->command && !from->credential)
		return 0;
	if (sodium_init() < 0)
		return secret_failed(&f, "libsodium does not start");
	char *buffer = sodium_malloc(SECRET_MAX + 1);
	if (!buffer)
		return secret_failed(&f, "no memory for a secret");
	const char *what = from->credential;
	if (from->file) {
		what = from->file;
		n = read_secret_file(from->file, false, buffer, &f);
	} else if (from->command) {
		what = "password_command";
		n = read_command(from->command, buffer, &f);
	} else {
		n = read_credential(from->credential, buffer, &f);
	}
	if (n < 0)
		goto out;
	if (n && buffer[n - 1] == '\n')
		n--;
	if (n && buffer[n - 1] == '\r')
		n--;
	buffer[n] = '\0';
	if (!n)
		secret_failed(&f, "%s: empty", what);
	else if (strcspn(buffer, "\r\n") != (size_t)n)
		secret_failed(&f, "%s: more than one line, or a NUL", what);
	else if (!(*out = sodium_malloc((size_t)n + 1)))
		secret_failed(&f, "no memory for a secret");
	else {
		memcpy(*out, buffer, (size_t)n + 1);
		result = 0;
	}
out:
	sodium_free(buffer);
	return result;
}

char *secret_copy(const char *secret)
{
	size_t n = strlen(secret) + 1;
	char *copy = sodium_init() < 0 ? NULL : sodium_malloc(n);

	if (copy)
		memcpy(copy, secret, n);
	return copy;
}

void secret_free(char *secret)
{
	sodium_free(secret); /* wipes it */
}

/* Whether the N bytes at P are base64 in which the secret stands. */
static bool holds_packed(const char *p, size_t n, const char *secret)
{
	unsigned char plain[SECRET_MAX];
	size_t size = 0;

	while (n && p[n - 1] == '=')
		n--;
	/* cut in the middle of four signs it is none to the decoder */
	if (sodium_base642bin(plain, sizeof plain, p, n, NULL, &size, NULL,
		    sodium_base64_VARIANT_ORIGINAL_NO_PADDING))
		(void)sodium_base642bin(plain, sizeof plain, p, n - n % 4, NULL, &size, NULL,
			sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
	bool holds = memmem(plain, size, secret, strlen(secret)) != NULL;
	sodium_memzero(plain, sizeof plain);
	return holds;
}

void secret_withhold(const char *secret, char *text)
{
	static const char signs[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
	size_t n = secret ? strlen(secret) : 0;

	if (n < SECRET_LEAST)
		return;
	for (char *p = text; (p = strstr(p, secret)); p += n)
		memset(p, '*', n);
	for (char *p = text; *p; p += strcspn(p, signs)) {
		size_t run = strspn(p, signs);
		if (run > n && holds_packed(p, run, secret))
			memset(p, '*', run);
		p += run;
	}
}

int secret_read_lines(const char *path, char **out, char *error, size_t size)
{
	struct failure f = { error, size };

	*out = NULL;
	if (sodium_init() < 0 || !(*out = sodium_malloc(SECRET_MAX + 1)))
		return secret_failed(&f, "no memory for a secret");
	ssize_t n = read_secret_file(path, false, *out, &f);
	if (n >= 0)
		(*out)[n] = '\0';
	if (!n)
		secret_failed(&f, "%s: empty", path);
	if (n > 0)
		return 0;
	sodium_free(*out);
	*out = NULL;
	return -1;
}
