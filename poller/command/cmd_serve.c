/*
 * serve: the answers of `check` for a mail server, before it sends. Postfix asks over a socket
 * (lookup.c), one recipient a time; what is suppressed it refuses, what is on hold it defers.
 *
 * One process, one thread, no locks: an answer costs microseconds. It reads the store and never
 * writes; a purge beside it has to wait for no more than one answer. It has no children and no
 * connection to the outside.
 */
#include "poller/command/commands.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <sodium.h>
#include "classify/base/clock.h"
#include "poller/command/listener.h"
#include "classify/base/log.h"
#include "poller/command/lookup.h"
#include "poller/command/opening.h"

enum {
	SERVE_CONNECTIONS_MAX = 256, /* Postfix has 100 processes by default; above it the one that
					was silent longest goes */
	SERVE_BUFFER_SIZE = LOOKUP_REQUEST_MAX,
};

struct connection {
	double last; /* when it asked last, on the monotonic clock */
	size_t have;
	char buffer[SERVE_BUFFER_SIZE];
};

struct server {
	const struct config *config;
	struct session session;
	struct listener listener;
	bool store_open, failing;
	uint64_t asked, refused, deferred, failed;
	unsigned count;
	struct pollfd polled[SERVE_CONNECTIONS_MAX + 1]; /* the listener, then one per connection */
	struct connection connection[SERVE_CONNECTIONS_MAX];
};

static volatile sig_atomic_t stop_asked, reload_asked;

static void stop_serving(int number)
{
	if (number == SIGHUP)
		reload_asked = 1;
	else
		stop_asked = 1;
}

static void close_store(struct server *s)
{
	if (s->store_open)
		session_close(&s->session);
	s->store_open = false;
}

/*
 * Rules, keys and store; also after a change of them and after a failure, so that a restored store
 * needs no restart.
 */
static int open_served_store(struct server *s)
{
	close_store(s);
	int result = session_open(&s->session, s->config, SESSION_ANSWER, clock_now());
	s->store_open = true;
	if (result != EXIT_WELL)
		close_store(s);
	return result;
}

/*
 * What the mail server is told of KEY. Other than addresses it asks for domains and local parts:
 * there is nothing about these.
 */
static enum lookup_answer answer_question(
	struct server *s, const struct lookup *request, char *text)
{
	struct answer verdict;
	*text = '\0';
	s->asked++;
	if (!s->store_open && open_served_store(s) != EXIT_WELL)
		goto failed;
	int result = store_check(s->session.store, request->key, request->n, clock_now(), &verdict);
	if (result == STORE_MISUSE)
		return LOOKUP_NONE;
	if (result) {
		log_error("serve: %s", store_error(s->session.store));
		goto failed;
	}
	s->failing = false;
	s->refused += verdict.verdict == VERDICT_SUPPRESS;
	s->deferred += verdict.verdict == VERDICT_HOLD;
	return lookup_action(&verdict, text);
failed:
	close_store(s);
	s->failed++;
	s->failing = true;
	strcpy(text, "the store cannot be read");
	return LOOKUP_LATER;
}

/* Answers all complete requests in the buffer. False: the connection is over. */
static bool serve_requests(struct server *s, struct connection *c, int fd)
{
	char text[LOOKUP_REPLY_SIZE], reply[LOOKUP_REPLY_SIZE];
	struct lookup request;
	enum lookup_result result;
	size_t at = 0, used;
	bool well = true;
	while (well &&
		(result = lookup_parse((struct span){ c->buffer + at, c->have - at }, &request,
			 &used)) == LOOKUP_REQUEST) {
		enum lookup_answer found = answer_question(s, &request, text);
		size_t n = lookup_reply(request.protocol, found, text, reply);
		/* who does not read its answers has asked too much at once */
		well = send(fd, reply, n, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)n;
		at += used;
	}
	well = well && result != LOOKUP_GARBAGE;
	sodium_memzero(&request, sizeof request);
	memmove(c->buffer, c->buffer + at, c->have - at);
	c->have -= at;
	sodium_memzero(c->buffer + c->have, at);
	return well && c->have < sizeof c->buffer;
}

static bool serve_connection(struct server *s, struct connection *c, int fd)
{
	ssize_t n = recv(fd, c->buffer + c->have, sizeof c->buffer - c->have, MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (n == 0)
		return false;
	c->have += (size_t)n;
	c->last = clock_monotonic();
	return serve_requests(s, c, fd);
}

static void drop(struct server *s, unsigned i)
{
	close(s->polled[i + 1].fd);
	s->count--;
	if (i != s->count) {
		s->connection[i] = s->connection[s->count];
		s->polled[i + 1] = s->polled[s->count + 1];
	}
	sodium_memzero(&s->connection[s->count], sizeof s->connection[s->count]);
}

static void drop_longest_silent(struct server *s)
{
	unsigned oldest = 0;
	for (unsigned i = 1; i < s->count; i++)
		if (s->connection[i].last < s->connection[oldest].last)
			oldest = i;
	drop(s, oldest);
}

static bool accept_one(struct server *s)
{
	int fd = accept4(s->listener.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return false;
	if (s->count == SERVE_CONNECTIONS_MAX)
		drop_longest_silent(s);
	s->connection[s->count].have = 0;
	s->connection[s->count].last = clock_monotonic();
	s->polled[++s->count] = (struct pollfd){ .fd = fd, .events = POLLIN };
	return true;
}

static int serve(struct server *s, const sigset_t *waiting)
{
	s->polled[0] = (struct pollfd){ .fd = s->listener.fd, .events = POLLIN };
	while (!stop_asked) {
		if (reload_asked) {
			reload_asked = 0;
			log_notice("serve: opening the store anew");
			close_store(s);
		}
		int ready = ppoll(s->polled, s->count + 1, NULL, waiting);
		if (ready < 0 && errno != EINTR) {
			log_error("serve: poll: %s", strerror(errno));
			return EXIT_LOST;
		}
		/* downwards: drop() moves the last one into the gap */
		for (unsigned i = ready > 0 ? s->count : 0; i-- > 0;)
			if (s->polled[i + 1].revents &&
				!serve_connection(s, &s->connection[i], s->polled[i + 1].fd))
				drop(s, i);
		/* a round at most, so that those who are here get their turn */
		for (unsigned n = 0; ready > 0 && s->polled[0].revents &&
			n < SERVE_CONNECTIONS_MAX && accept_one(s);
			n++)
			;
	}
	return s->failing ? EXIT_LOST : EXIT_WELL;
}

/* Signals come only while waiting, so that none is lost between looking and waiting. */
static void catch_serve_signals(sigset_t *waiting)
{
	struct sigaction action = { .sa_handler = stop_serving };
	sigset_t ours;
	sigemptyset(&ours);
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGHUP);
	sigprocmask(SIG_BLOCK, &ours, waiting);
	sigdelset(waiting, SIGTERM);
	sigdelset(waiting, SIGINT);
	sigdelset(waiting, SIGHUP);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

int cmd_serve(const struct config *config, int argc, char **argv)
{
	static const struct option options[] = { { "postfix", required_argument, NULL, 'p' },
		{ 0 } };
	static struct server s; /* too large for a stack */
	const char *where = NULL;
	char error[256];
	sigset_t waiting;
	for (int option; (option = option_next(argv[0], argc, argv, options)) != -1;) {
		if (option != 'p')
			return usage_error(argv[0], "see `retour serve --help`");
		where = optarg;
	}
	if (!where || optind < argc)
		return usage_error(argv[0],
			"wants --postfix SOCKET and nothing else; see `retour serve --help`");
	if (strchr(where, '/') && !new_file_is_fit(argv[0], where))
		return EXIT_USAGE;
	s.config = config;
	s.listener.fd = -1;
	catch_serve_signals(&waiting);
	int result = open_served_store(&s);
	if (result != EXIT_WELL)
		return result;
	if (listener_open(&s.listener, where, error, sizeof error)) {
		log_error("serve: %s", error);
		result = EXIT_USAGE;
	} else {
		log_notice("serve: answering on %s", s.listener.name);
		result = serve(&s, &waiting);
		log_notice("serve: %llu asked, %llu refused, %llu deferred, %llu without an answer",
			(unsigned long long)s.asked, (unsigned long long)s.refused,
			(unsigned long long)s.deferred, (unsigned long long)s.failed);
	}
	while (s.count)
		drop(&s, s.count - 1);
	listener_close(&s.listener);
	close_store(&s);
	return result;
}
