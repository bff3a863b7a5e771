/*
 * Listening, for `retour serve`. Only where nobody from outside comes: what it answers is personal
 * data.
 */
#include "poller/command/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "classify/base/files.h"
#include "poller/mailbox/stream.h"

enum {
	BACKLOG = 128,
	SOCKET_MODE = 0660,   /* who is in the directory's group may ask */
	SYSTEMD_FIRST_FD = 3, /* SD_LISTEN_FDS_START */
};

static int listener_failed(char *error, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static int listener_failed(char *error, size_t size, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(error, size, format, arguments);
	va_end(arguments);
	return -1;
}

/* A socket that is left from a process that was killed: nobody answers there. */
static bool is_stale(const struct sockaddr_un *at)
{
	struct stat st;
	if (lstat(at->sun_path, &st) || !S_ISSOCK(st.st_mode))
		return false;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool stale = fd >= 0 && connect(fd, (const struct sockaddr *)at, sizeof *at) &&
		errno == ECONNREFUSED;
	if (fd >= 0)
		close(fd);
	return stale;
}

/* "Address already in use" is said of whatever has the name. */
static const char *unbound(const char *path, int code, char *text, size_t size)
{
	struct stat st;
	bool other = code == EADDRINUSE && !lstat(path, &st) && !S_ISSOCK(st.st_mode);
	if (other)
		snprintf(text, size, "there is something else of that name; right would be %s",
			S_ISDIR(st.st_mode) ? "a name in it that nothing has"
					    : "a name that nothing has");
	else
		snprintf(text, size, "%s%s", strerror(code), file_advice(path, code));
	return text;
}

static int listen_unix(struct listener *l, const char *path, char *error, size_t size)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	char why[128];
	if (strlen(path) >= sizeof at.sun_path)
		return listener_failed(error, size,
			"%s: longer than the %zu bytes that a socket's path may have", path,
			sizeof at.sun_path - 1);
	strcpy(at.sun_path, path);
	if (is_stale(&at))
		unlink(path);
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd < 0 || bind(l->fd, (struct sockaddr *)&at, sizeof at))
		return listener_failed(
			error, size, "%s: %s", path, unbound(path, errno, why, sizeof why));
	strcpy(l->path, path);
	snprintf(l->name, sizeof l->name, "%s", path);
	if (chmod(path, SOCKET_MODE) || listen(l->fd, BACKLOG))
		return listener_failed(error, size, "%s: %s", path, strerror(errno));
	return 0;
}

/* Name and port as they are after bind(): port 0 has become a number. */
static void name_of(struct listener *l)
{
	struct sockaddr_storage at;
	socklen_t n = sizeof at;
	char host[64] = "", port[16] = "";
	getsockname(l->fd, (struct sockaddr *)&at, &n);
	getnameinfo((struct sockaddr *)&at, n, host, sizeof host, port, sizeof port,
		NI_NUMERICHOST | NI_NUMERICSERV);
	snprintf(l->name, sizeof l->name, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
}

/* getaddrinfo() takes 99999 and keeps its lower 16 bits: another port would be listened on. */
static bool is_port(const char *text)
{
	size_t n = strlen(text);
	return n && n <= 5 && !text[strspn(text, "0123456789")] &&
		strtoul(text, NULL, 10) <= UINT16_MAX;
}

static int listen_inet(struct listener *l, const char *where, char *error, size_t size)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE },
			*at = NULL;
	const char *colon = strrchr(where, ':');
	char host[64];
	int on = 1, result = -1;
	size_t n = colon ? (size_t)(colon - where) : 0;
	bool brackets = n > 2 && where[0] == '[' && where[n - 1] == ']';
	if (!n || n >= sizeof host)
		return listener_failed(error, size,
			"%s: neither a path that begins with /, nor ADDRESS:PORT, nor systemd",
			where);
	if (!is_port(colon + 1))
		return listener_failed(error, size,
			"%s: no port behind the last colon; right would be a number up to 65535",
			where);
	snprintf(host, sizeof host, "%.*s", (int)(brackets ? n - 2 : n), where + brackets);
	int code = getaddrinfo(host, colon + 1, &hints, &at);
	if (code)
		return listener_failed(error, size, "%s: %s", where, gai_strerror(code));
	if (!l->outside && !stream_is_loopback(at->ai_addr)) {
		listener_failed(error, size,
			"%s: not a loopback address; the answers are for this machine only", where);
		goto out;
	}
	l->fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd < 0 || setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) ||
		bind(l->fd, at->ai_addr, at->ai_addrlen) || listen(l->fd, BACKLOG)) {
		listener_failed(error, size, "%s: %s", where, strerror(errno));
		goto out;
	}
	name_of(l);
	l->inet = true;
	result = 0;
out:
	freeaddrinfo(at);
	return result;
}

/* The unit says where it listens, and may have been changed. */
static int look_where(struct listener *l, char *error, size_t size)
{
	struct sockaddr_storage at = { 0 };
	socklen_t n = sizeof at;
	if (getsockname(SYSTEMD_FIRST_FD, (struct sockaddr *)&at, &n))
		return listener_failed(error, size, "systemd: %s", strerror(errno));
	l->inet = at.ss_family != AF_UNIX;
	if (l->inet && !l->outside && !stream_is_loopback((struct sockaddr *)&at))
		return listener_failed(error, size,
			"systemd: its ListenStream= is not a loopback address; the answers are for this machine only");
	return 0;
}

static int listen_systemd(struct listener *l, char *error, size_t size)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
	int listening = 0;
	socklen_t n = sizeof listening;
	if (!pid || !count || strtol(pid, NULL, 10) != getpid() || strtol(count, NULL, 10) != 1)
		return listener_failed(error, size,
			"systemd: it has passed no socket, or more than one (LISTEN_FDS)");
	if (getsockopt(SYSTEMD_FIRST_FD, SOL_SOCKET, SO_ACCEPTCONN, &listening, &n) || !listening)
		return listener_failed(error, size,
			"systemd: what it has passed is not a listening stream socket");
	if (look_where(l, error, size))
		return -1;
	l->fd = SYSTEMD_FIRST_FD;
	fcntl(l->fd, F_SETFD, FD_CLOEXEC);
	fcntl(l->fd, F_SETFL, fcntl(l->fd, F_GETFL) | O_NONBLOCK);
	snprintf(l->name, sizeof l->name, "systemd");
	return 0;
}

int listener_open(struct listener *l, const char *where, bool outside, char *error, size_t size)
{
	*l = (struct listener){ .fd = -1, .outside = outside };
	int result;
	if (where[0] == '/' && !outside)
		result = listen_unix(l, where, error, size);
	else if (!strcmp(where, "systemd"))
		result = listen_systemd(l, error, size);
	else
		result = listen_inet(l, where, error, size);
	if (result)
		listener_close(l);
	return result;
}

void listener_close(struct listener *l)
{
	if (l->fd >= 0)
		close(l->fd);
	if (l->path[0])
		unlink(l->path);
	l->fd = -1;
	l->path[0] = '\0';
}
