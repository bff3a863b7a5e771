/*
 * A POP3 server that plays a script.
 */
#ifndef RETOUR_TEST_POLLER_POP3_H
#define RETOUR_TEST_POLLER_POP3_H

#include "tests/unit/collect.h"
#include "store/contacts.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

/*
 * What the server waits for (the beginning of a line; "" for nothing) and what it says then;
 * REPEAT: so many times.
 */
struct step {
	const char *expect, *say;
	unsigned repeat;
};

static struct mailbox box;
static pid_t server;
static int log_pipe[2]; /* the lines that the server saw */

static inline void say(int fd, const char *text)
{
	size_t n = strlen(text), at = 0;
	ssize_t put = 0;
	for (; at < n && (put = write(fd, text + at, n - at)) > 0; at += (size_t)put)
		;
	if (put < 0)
		_exit(1);
}

static inline void play(int listening, const struct step *steps)
{
	char line[8192];
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	int fd = accept(listening, NULL, NULL);
	FILE *in = fdopen(fd, "r");
	for (const struct step *s = steps; s->say; s++) {
		if (*s->expect) {
			if (!fgets(line, sizeof line, in))
				_exit(0);
			say(log_pipe[1], line);
			if (strncmp(line, s->expect, strlen(s->expect))) {
				say(log_pipe[1], "UNEXPECTED\n");
				_exit(1);
			}
		}
		for (unsigned i = 0; i <= s->repeat; i++)
			say(fd, s->say);
	}
	/* What comes after the script is still noted. */
	while (fgets(line, sizeof line, in))
		say(log_pipe[1], line);
	_exit(0);
}

static inline void start_server(const struct step *steps)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof at;
	int listening = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(listening, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(listening, 1), 0);
	assert_int_equal(getsockname(listening, (struct sockaddr *)&at, &length), 0);
	assert_int_equal(pipe(log_pipe), 0);
	fcntl(log_pipe[1], F_SETPIPE_SZ, 1 << 20);
	server = fork();
	if (!server)
		play(listening, steps);
	close(listening);
	close(log_pipe[1]);
	box = (struct mailbox){ .name = "test",
		.protocol = PROTOCOL_POP3,
		.host = "127.0.0.1",
		.port = ntohs(at.sin_port),
		.tls = TLS_NONE,
		.user = "user",
		.timeout = 2,
		.deadline = 20 };
	box.processed = (struct disposal){ DISPOSE_DELETE, NULL };
	box.unrecognised = box.quarantine = (struct disposal){ DISPOSE_KEEP, NULL };
}

/* Ends the server. The lines that it saw: the caller's. */
static inline char *end_server(void)
{
	char *seen = calloc(1, 1 << 20);
	size_t n = 0;
	ssize_t got;
	struct timespec moment = { .tv_nsec = 20000000 };
	for (int i = 0; i < 50 && !waitpid(server, NULL, WNOHANG); i++)
		nanosleep(&moment, NULL);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	while ((got = read(log_pipe[0], seen + n, (1 << 20) - 1 - n)) > 0)
		n += (size_t)got;
	close(log_pipe[0]);
	return seen;
}

static inline struct source_options options(bool stays)
{
	return (struct source_options){
		.mailbox = &box, .password = "secret", .max_message = 1000, .stays = stays
	};
}

#define GREETING \
	{ \
		"", "+OK ready\r\n", 0 \
	}

#define CAPABLE(more) \
	{ \
		"CAPA", "+OK\r\nUSER\r\nUIDL\r\nPIPELINING\r\n" more ".\r\n", 0 \
	}

#define LOGIN \
	CAPABLE(""), { "USER user", "+OK\r\n", 0 }, { "PASS secret", "+OK\r\n", 0 }, CAPABLE("")

#define END \
	{ \
		NULL, NULL, 0 \
	}

#endif
