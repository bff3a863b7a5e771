/*
 * One thread, no locks, as for a mail server (cmd_serve.c): libmicrohttpd is asked to work whenever
 * its epoll descriptor has something. Limits: connections, bytes of a request, time without a word,
 * time for a request (who sends a byte now and then is never silent).
 * Nobody's address is in a path or a field, so none is in a log.
 */
#include "poller/command/httpserve.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <json-c/json.h>
#include <microhttpd.h>
#include <sodium.h>
#include "classify/base/clock.h"
#include "classify/base/log.h"
#include "poller/command/httpcheck.h"
#include "poller/command/commands.h"
#include "poller/post/metrics.h"

#ifdef RETOUR_TEST_CRASH /* so that the test of a slow client does not take long */
enum { HTTP_REQUEST_SECONDS = 2 };
#else
enum { HTTP_REQUEST_SECONDS = 60 }; /* from the end of the one before to its own */
#endif

enum {
	HTTP_CONNECTIONS_MAX = 64,
	HTTP_SILENCE_SECONDS = 15,
	HTTP_HEAD_MAX = 32768, /* memory of a connection: line and fields of a request */
	HTTP_TICK_MS = 1000,   /* silent connections are looked for */
};

/* A request while its body comes; its memory is wiped. */
struct http_request {
	char *body;
	size_t n;
	unsigned refused; /* status that is known before the body has come; 0: none */
};

/* Who is connected, and since when a request of his is awaited. */
struct http_client {
	int fd; /* -1: nobody */
	double since;
};
static struct http_client clients[HTTP_CONNECTIONS_MAX];

static struct http_client *client_of(int fd)
{
	for (size_t i = 0; i < HTTP_CONNECTIONS_MAX; i++)
		if (clients[i].fd == fd)
			return &clients[i];
	return NULL;
}

static int fd_of(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		c, MHD_CONNECTION_INFO_CONNECTION_FD);
	return info ? info->connect_fd : -1;
}

static void await_request(int fd)
{
	struct http_client *client = fd < 0 ? NULL : client_of(fd);
	if (client)
		client->since = clock_monotonic();
}

static void note_client(void *context, struct MHD_Connection *c, void **own,
	enum MHD_ConnectionNotificationCode what)
{
	bool came = what == MHD_CONNECTION_NOTIFY_STARTED;
	int fd = fd_of(c);
	struct http_client *client = client_of(came ? -1 : fd);
	(void)context;
	(void)own;
	if (client && fd >= 0)
		client->fd = came ? fd : -1;
	if (came)
		await_request(fd);
}

/* Whose request takes too long is cut off; libmicrohttpd finds the end of his stream. */
static void cut_off_slow(void)
{
	double now = clock_monotonic();
	for (size_t i = 0; i < HTTP_CONNECTIONS_MAX; i++)
		if (clients[i].fd >= 0 && now - clients[i].since > HTTP_REQUEST_SECONDS)
			shutdown(clients[i].fd, SHUT_RDWR);
}

typedef unsigned http_answer(
	struct http_server *h, const struct http_request *r, char **text, size_t *length);
static http_answer answer_health, answer_metrics, answer_check;

static const struct route {
	const char *path, *method, *type;
	bool open; /* needs no token */
	http_answer *answer;
} routes[] = { { "/check", "POST", "application/json", false, answer_check },
	{ "/healthz", "GET", "application/json", true, answer_health },
	{ "/metrics", "GET", "text/plain; version=0.0.4", false, answer_metrics } };

static const struct refusal {
	unsigned status;
	const char *text;
} refusals[] = { { 401, "right would be Authorization: Bearer and the token" },
	{ 404, "there are /check, /healthz and /metrics" },
	{ 405, "right would be POST /check, GET /healthz, GET /metrics" },
	{ 413, "the body is longer than 1 MiB" }, { 500, "no memory" } };

static unsigned answer_check(
	struct http_server *h, const struct http_request *r, char **text, size_t *length)
{
	return http_check(h->served, r->body ? r->body : "", r->n, text, length);
}

/* Can a question be answered? One is asked, of nobody. */
static unsigned answer_health(
	struct http_server *h, const struct http_request *r, char **text, size_t *length)
{
	static const char nobody[] = "nobody@healthz.invalid";
	struct answer a;
	(void)r;
	bool well = !served_check(h->served, nobody, sizeof nobody - 1, 0, &a);
	h->served->asked--; /* it is no question of a sender */
	if (well)
		http_check(h->served, "{\"addresses\":[]}", 16, text, length);
	else
		http_error("the store cannot be read", text, length);
	return well ? 200 : 503;
}

static unsigned answer_metrics(
	struct http_server *h, const struct http_request *r, char **text, size_t *length)
{
	struct buffer figures = { 0 };
	const struct served *s = h->served;
	char own[512];
	(void)r;
	if ((!s->open && served_open(h->served) != EXIT_WELL) ||
		metrics_text(&h->served->session, &figures)) {
		served_close(h->served);
		http_error("the store cannot be read", text, length);
		return 503;
	}
	int n = snprintf(own, sizeof own,
		"# HELP retour_serve_questions_total Questions about addresses.\n# TYPE retour_serve_questions_total counter\nretour_serve_questions_total %llu\n"
		"# HELP retour_serve_unanswered_total Questions without an answer.\n# TYPE retour_serve_unanswered_total counter\nretour_serve_unanswered_total %llu\n",
		(unsigned long long)s->asked, (unsigned long long)s->failed);
	*length = figures.n + (size_t)n;
	*text = sodium_malloc(*length + 1);
	if (*text) {
		memcpy(*text, figures.p, figures.n);
		memcpy(*text + figures.n, own, (size_t)n);
	}
	buffer_free(&figures);
	return *text ? 200 : 500;
}

/* Equal in a time that tells nothing of where they differ. */
static bool token_is_right(const struct http_server *h, struct MHD_Connection *c)
{
	static const char scheme[] = "Bearer ";
	const char *field = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Authorization");
	unsigned char given[32], wanted[32];
	if (!h->token)
		return true;
	if (!field || strncmp(field, scheme, sizeof scheme - 1))
		return false;
	field += sizeof scheme - 1;
	crypto_generichash(
		given, sizeof given, (const unsigned char *)field, strlen(field), NULL, 0);
	crypto_generichash(
		wanted, sizeof wanted, (const unsigned char *)h->token, strlen(h->token), NULL, 0);
	return !sodium_memcmp(given, wanted, sizeof given);
}

static const struct route *find_route(const char *path)
{
	for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
		if (!strcmp(routes[i].path, path))
			return &routes[i];
	return NULL;
}

static void free_text(void *text)
{
	sodium_free(text); /* wipes it */
}

static enum MHD_Result send_answer(
	struct MHD_Connection *c, unsigned status, const char *type, char *text, size_t length)
{
	struct MHD_Response *response = text
		? MHD_create_response_from_buffer_with_free_callback(length, text, free_text)
		: NULL;
	if (!response) {
		sodium_free(text);
		return MHD_NO;
	}
	MHD_add_response_header(response, "Content-Type", type);
	MHD_add_response_header(response, "Cache-Control", "no-store");
	if (status == 401)
		MHD_add_response_header(response, "WWW-Authenticate", "Bearer");
	enum MHD_Result result = MHD_queue_response(c, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result refuse_request(struct MHD_Connection *c, unsigned status)
{
	const char *what = "";
	char *text;
	size_t length;
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
		if (refusals[i].status == status)
			what = refusals[i].text;
	http_error(what, &text, &length);
	return send_answer(c, status, "application/json", text, length);
}

/* What is wrong with a request as far as its head tells; 0: nothing. */
static unsigned judge_head(
	struct http_server *h, struct MHD_Connection *c, const char *path, const char *method)
{
	const struct route *route = find_route(path);
	if ((!route || !route->open) && !token_is_right(h, c)) {
		h->unauthorised++;
		return 401;
	}
	if (!route)
		return 404;
	return strcmp(method, route->method) ? 405 : 0;
}

static void take_http_body(struct http_request *r, const char *bytes, size_t n)
{
	if (!r->body && !r->refused && !(r->body = sodium_malloc(HTTP_BODY_MAX)))
		r->refused = 500;
	if (!r->refused && n > HTTP_BODY_MAX - r->n)
		r->refused = 413;
	if (r->refused)
		return;
	memcpy(r->body + r->n, bytes, n);
	r->n += n;
}

static enum MHD_Result handle(void *context, struct MHD_Connection *c, const char *path,
	const char *method, const char *version, const char *bytes, size_t *n, void **own)
{
	struct http_server *h = context;
	struct http_request *r = *own;
	char *text = NULL;
	size_t length = 0;
	(void)version;
	if (!r) {
		*own = r = calloc(1, sizeof *r);
		if (!r)
			return MHD_NO;
		h->requests++;
		r->refused = judge_head(h, c, path, method);
		/* who may not ask need not say more */
		return r->refused ? refuse_request(c, r->refused) : MHD_YES;
	}
	if (*n) {
		take_http_body(r, bytes, *n);
		*n = 0;
		return MHD_YES;
	}
	if (r->refused)
		return refuse_request(c, r->refused);
	const struct route *route = find_route(path);
	unsigned status = route->answer(h, r, &text, &length);
	return text ? send_answer(c, status, status == 200 ? route->type : "application/json", text,
			      length)
		    : refuse_request(c, 500);
}

static void forget_request(
	void *context, struct MHD_Connection *c, void **own, enum MHD_RequestTerminationCode why)
{
	struct http_request *r = *own;
	(void)context;
	(void)why;
	await_request(fd_of(c));
	if (r)
		sodium_free(r->body);
	free(r);
	*own = NULL;
}

static void stay_silent(void *context, const char *format, va_list arguments)
{
	(void)context;
	(void)format;
	(void)arguments;
}

void http_load(void)
{
	MHD_get_version();
	json_object_put(json_object_new_object());
}

int http_serve(struct http_server *h, const sigset_t *waiting, volatile sig_atomic_t *stop,
	volatile sig_atomic_t *reload)
{
	const struct timespec tick = { HTTP_TICK_MS / 1000, 0 };
	for (size_t i = 0; i < HTTP_CONNECTIONS_MAX; i++)
		clients[i].fd = -1;
	struct MHD_Daemon *d = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, handle, h,
		MHD_OPTION_EXTERNAL_LOGGER, stay_silent, NULL, MHD_OPTION_LISTEN_SOCKET,
		h->listener->fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTP_CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_SILENCE_SECONDS,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_HEAD_MAX,
		MHD_OPTION_NOTIFY_COMPLETED, forget_request, NULL, MHD_OPTION_NOTIFY_CONNECTION,
		note_client, NULL, MHD_OPTION_END);
	const union MHD_DaemonInfo *info = d ? MHD_get_daemon_info(d, MHD_DAEMON_INFO_EPOLL_FD)
					     : NULL;
	if (!info) {
		log_error("serve: libmicrohttpd does not start");
		return EXIT_LOST;
	}
	struct pollfd work = { .fd = info->epoll_fd, .events = POLLIN };
	int result = EXIT_WELL;
	while (!*stop && !h->served->outgrown && result == EXIT_WELL) {
		if (*reload) {
			*reload = 0;
			log_notice("serve: opening the store anew");
			served_close(h->served);
		}
		MHD_UNSIGNED_LONG_LONG left = HTTP_TICK_MS;
		bool soon = MHD_get_timeout(d, &left) == MHD_YES && left < HTTP_TICK_MS;
		const struct timespec wait = { 0, (long)(left * 1000000) };
		if (ppoll(&work, 1, soon ? &wait : &tick, waiting) < 0 && errno != EINTR) {
			log_error("serve: poll: %s", strerror(errno));
			result = EXIT_LOST;
		}
		cut_off_slow();
		MHD_run(d);
		served_rest(h->served);
	}
	MHD_stop_daemon(d);
	return h->served->failing || h->served->outgrown ? EXIT_LOST : result;
}
