/*
 * serve: the answers of `check` for a mail server, before it sends, and for programs (httpserve.c).
 * Postfix asks over a socket (lookup.c), one recipient a time; what is suppressed it refuses, what
 * is on hold it defers.
 *
 * One process, one thread, no locks: an answer costs microseconds. It reads the store and never
 * writes; who asks at the same time is answered from one snapshot, and a purge beside it has to
 * wait for no more than that round. It has no connection to the outside, and from before the first
 * question it opens no file itself (poller/run/opener.h, poller/run/confine.h).
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
#include "poller/command/httpserve.h"
#include "poller/command/opening.h"
#include "poller/command/served.h"
#include "poller/command/servetls.h"
#include "poller/mailbox/secret.h"
#include "poller/run/confine.h"
#include "poller/run/opener.h"

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
	struct served served;
	struct listener listener;
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

/*
 * What the mail server is told of KEY. Other than addresses it asks for domains and local parts:
 * there is nothing about these.
 */
static enum lookup_answer answer_question(
	struct server *s, const struct lookup *request, char *text)
{
	struct answer verdict;
	*text = '\0';
	int result = served_check(&s->served, request->key, request->n, s->served.stream, &verdict);
	if (result == STORE_MISUSE)
		return LOOKUP_NONE;
	if (!result)
		return lookup_action(&verdict, text);
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
	while (!stop_asked && !s->served.outgrown) {
		if (reload_asked) {
			reload_asked = 0;
			log_notice("serve: opening the store anew");
			served_close(&s->served);
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
		served_rest(&s->served);
		/* a round at most, so that those who are here get their turn */
		for (unsigned n = 0; ready > 0 && s->polled[0].revents &&
			n < SERVE_CONNECTIONS_MAX && accept_one(s);
			n++)
			;
	}
	return s->served.failing || s->served.outgrown ? EXIT_LOST : EXIT_WELL;
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

struct serve_options {
	const char *postfix, *http, *token_file, *stream, *listens; /* TLS: ADDRESS:PORT */
	struct serve_tls tls;
};

static const char **option_place(struct serve_options *o, int option)
{
	const struct {
		int option;
		const char **place;
	} places[] = { { 'p', &o->postfix }, { 'h', &o->http }, { 't', &o->token_file },
		{ 's', &o->stream }, { 'l', &o->listens }, { 'o', &o->tls.to },
		{ 'c', &o->tls.certificate }, { 'k', &o->tls.key }, { 'a', &o->tls.ca } };
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (places[i].option == option)
			return places[i].place;
	return NULL;
}

static const char **client_place(struct serve_options *o)
{
	return o->tls.names < TLS_NAMES_MAX ? &o->tls.name[o->tls.names++] : NULL;
}

static bool tls_is_whole(const struct serve_options *o)
{
	const struct serve_tls *t = &o->tls;
	return t->to && t->certificate && t->key && t->ca && t->names && !o->stream &&
		!o->token_file;
}

static bool tls_is_begun(const struct serve_options *o)
{
	const struct serve_tls *t = &o->tls;
	return t->to || t->certificate || t->key || t->ca || t->names;
}

static int read_serve_options(struct serve_options *o, int argc, char **argv)
{
	static const struct option options[] = { { "postfix", required_argument, NULL, 'p' },
		{ "http", required_argument, NULL, 'h' },
		{ "token-file", required_argument, NULL, 't' },
		{ "stream", required_argument, NULL, 's' }, { "tls", required_argument, NULL, 'l' },
		{ "to", required_argument, NULL, 'o' },
		{ "certificate", required_argument, NULL, 'c' },
		{ "key", required_argument, NULL, 'k' },
		{ "ca-file", required_argument, NULL, 'a' },
		{ "client", required_argument, NULL, 'n' }, { 0 } };
	for (int option; (option = option_next(argv[0], argc, argv, options)) != -1;) {
		if (option == '?')
			return usage_error(argv[0], "see `retour serve --help`");
		const char **place = option == 'n' ? client_place(o) : option_place(o, option);
		if (!place)
			return usage_error(argv[0], "there is room for %d names", TLS_NAMES_MAX);
		*place = optarg;
	}
	if (!!o->postfix + !!o->http + !!o->listens != 1 || optind < argc)
		return usage_error(argv[0],
			"wants --postfix SOCKET, --http SOCKET or --tls ADDRESS:PORT and nothing else; see `retour serve --help`");
	if (o->listens ? !tls_is_whole(o) : tls_is_begun(o))
		return usage_error(argv[0],
			"--tls goes with --to, --certificate, --key, --ca-file and at least one --client, and with no other option");
	if (o->token_file && !o->http)
		return usage_error(argv[0], "--token-file goes with --http");
	/* anybody on this machine may connect there */
	if (o->http && !o->token_file && strchr(o->http, ':') && *o->http != '/')
		return usage_error(argv[0],
			"%s: right would be a --token-file beside it, or a UNIX socket", o->http);
	return EXIT_WELL;
}

/* From here on who asks is heard. */
static int close_walls(const struct listener *l)
{
	const struct confine walls = { .answers = true };
	char error[256];
	if (confine_enter(&walls, error, sizeof error)) {
		log_error("serve: %s", error);
		return EXIT_LOST;
	}
	log_notice("serve: answering on %s", l->name);
	return EXIT_WELL;
}

enum { TOKEN_LEAST = 16 }; /* characters: it can be tried as often as somebody likes */

static int serve_http(struct server *s, const char *token_file, const sigset_t *waiting)
{
	struct http_server h = { .served = &s->served, .listener = &s->listener };
	char error[512], *token = NULL;
	if (s->listener.inet && !token_file) {
		log_error(
			"serve: %s: anybody on this machine may connect there: right would be a --token-file beside it, or a UNIX socket",
			s->listener.name);
		return EXIT_USAGE;
	}
	if (token_file &&
		secret_read(&(struct secret_source){ .file = token_file }, &token, error,
			sizeof error)) {
		log_error("serve: %s", error);
		return EXIT_USAGE;
	}
	if (token && strlen(token) < TOKEN_LEAST) {
		log_error(
			"serve: %s: a token of fewer than %d characters can be guessed; right would be what `openssl rand -hex 32` prints",
			token_file, TOKEN_LEAST);
		secret_free(token);
		return EXIT_USAGE;
	}
	h.token = token;
	http_load();
	int result = close_walls(&s->listener);
	if (result == EXIT_WELL)
		result = http_serve(&h, waiting, &stop_asked, &reload_asked);
	log_notice("serve: %llu requests, %llu without the token", (unsigned long long)h.requests,
		(unsigned long long)h.unauthorised);
	secret_free(token);
	return result;
}

static int serve_postfix(struct server *s, const sigset_t *waiting)
{
	int result = close_walls(&s->listener);
	return result == EXIT_WELL ? serve(s, waiting) : result;
}

/* Without store, keys and files: strangers reach it. */
static int serve_outside(const struct serve_options *o, const sigset_t *waiting)
{
	struct listener l = { .fd = -1 };
	char error[256];
	if (listener_open(&l, o->listens, true, error, sizeof error)) {
		log_error("serve: %s", error);
		return EXIT_USAGE;
	}
	int result = serve_tls(&o->tls, &l, waiting, &stop_asked);
	listener_close(&l);
	return result;
}

static int serve_at(struct server *s, const struct serve_options *o, const sigset_t *waiting)
{
	char error[256];
	int result = served_open(&s->served);
	if (result != EXIT_WELL)
		return result;
	if (listener_open(
		    &s->listener, o->http ? o->http : o->postfix, false, error, sizeof error)) {
		log_error("serve: %s", error);
		return EXIT_USAGE;
	}
	result = o->http ? serve_http(s, o->token_file, waiting) : serve_postfix(s, waiting);
	if (result != EXIT_USAGE)
		log_notice("serve: %llu asked, %llu refused, %llu deferred, %llu without an answer",
			(unsigned long long)s->served.asked, (unsigned long long)s->served.refused,
			(unsigned long long)s->served.deferred,
			(unsigned long long)s->served.failed);
	return result;
}

static int serve_store(struct server *s, const struct serve_options *o, const sigset_t *waiting)
{
	const char *where = o->http ? o->http : o->postfix;
	const struct opener_paths paths = { .store = s->served.config->store_path,
		.keys = s->served.config->keys_dir,
		.credentials = getenv("CREDENTIALS_DIRECTORY"),
		.socket = *where == '/' ? where : NULL };
	if (opener_start(&paths, &stop_asked)) {
		log_error("serve: %s", strerror(errno));
		return EXIT_LOST;
	}
	int result = serve_at(s, o, waiting);
	while (s->count)
		drop(s, s->count - 1);
	if (s->listener.path[0])
		opener_remove_socket();
	s->listener.path[0] = '\0';
	listener_close(&s->listener);
	served_end(&s->served);
	opener_end();
	return result;
}

int cmd_serve(const struct config *config, int argc, char **argv)
{
	static struct server s; /* too large for a stack */
	struct serve_options o = { 0 };
	sigset_t waiting;
	int result = read_serve_options(&o, argc, argv);
	if (result)
		return result;
	if (o.listens) {
		catch_serve_signals(&waiting);
		return serve_outside(&o, &waiting);
	}
	if (!stream_option(config, argv[0], o.stream, &s.served.stream))
		return EXIT_USAGE;
	const char *where = o.http ? o.http : o.postfix;
	if (strchr(where, '/') && !new_file_is_fit(argv[0], where))
		return EXIT_USAGE;
	s.served.config = config;
	s.listener.fd = -1;
	catch_serve_signals(&waiting);
	return serve_store(&s, &o, &waiting);
}
