/*
 * One connection: resolve, connect, TLS, read, write, each bounded in time.
 *
 * The socket is non-blocking and every wait is a poll() with the smaller of two
 * limits: the timeout (no progress) and the deadline (everything on this
 * stream, against a server that drips bytes). TLS is tls.c's.
 */
#include "poller/mailbox/stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "classify/base/clock.h"
#include "poller/mailbox/greeting.h"
#include "poller/mailbox/tls.h"

enum {
	STREAM_BUFFER_SIZE = 65536, /* libetpan's read and write buffers */
	GREETING_SECONDS = 10,      /* of silence, before it is asked whether it waits for TLS */
};

static int connect_to(struct stream *s, const struct addrinfo *at, int64_t until);
static int connect_any(struct stream *s);
static void parse_address(struct stream *s);

bool stream_is_loopback(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)(const void *)address)
				       ->sin_addr.s_addr) >>
			24 ==
			IN_LOOPBACKNET;
	if (address->sa_family == AF_INET6) {
		const struct in6_addr *a =
			&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;

		return IN6_IS_ADDR_LOOPBACK(a) ||
			(IN6_IS_ADDR_V4MAPPED(a) && a->s6_addr[12] == IN_LOOPBACKNET);
	}
	return false;
}

/* One address. On failure the socket is closed and the stream may try the next. */
static int connect_to(struct stream *s, const struct addrinfo *at, int64_t until)
{
	int on = 1, problem = 0;
	socklen_t size = sizeof problem;

	if (s->options.tls == TLS_NONE && !stream_is_loopback(at->ai_addr))
		return stream_failed(s,
			"tls is none, which is for loopback addresses only, and %s is not one: refused",
			s->options.host);
	s->fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd < 0)
		return stream_failed(s, "socket: %s", strerror(errno));
	setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (connect(s->fd, at->ai_addr, at->ai_addrlen) == 0)
		return 0;
	if (errno != EINPROGRESS)
		stream_failed(s, "connect: %s", strerror(errno));
	else if (stream_wait(s, POLLOUT, until) == 0) {
		if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &problem, &size) == 0 && problem == 0)
			return 0;
		stream_failed(s, "connect: %s", strerror(problem));
	}
	close(s->fd);
	s->fd = -1;
	return -1;
}

/*
 * Every address of the host gets its share of the timeout, so that one dead address does not use it
 * up.
 */
static int connect_any(struct stream *s)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_IDN | AI_NUMERICSERV },
			*list = NULL;
	int64_t until = stream_limit(s, s->options.timeout * 1000);
	int result = -1, count = 0, code;
	char port[8];

	snprintf(port, sizeof port, "%u", (unsigned)s->options.port);
	code = getaddrinfo(s->options.host, port, &hints, &list);
	if (code)
		return stream_failed(s, "no address: %s",
			code == EAI_SYSTEM ? strerror(errno) : gai_strerror(code));
	for (const struct addrinfo *a = list; a; a = a->ai_next)
		count++;
	for (const struct addrinfo *a = list; a && result; a = a->ai_next, count--) {
		int64_t now = clock_monotonic_ms();

		s->dead = false;
		result = connect_to(s, a, count > 1 ? now + (until - now) / count : until);
	}
	freeaddrinfo(list);
	return result;
}

static void parse_address(struct stream *s)
{
	if (inet_pton(AF_INET, s->options.host, s->address) == 1)
		s->address_size = 4;
	else if (inet_pton(AF_INET6, s->options.host, s->address) == 1)
		s->address_size = 16;
}

/* Does the silent port answer a handshake, on a connection of its own? SECONDS for each step. */
static bool silence_is_tls(const struct stream *s, int64_t seconds)
{
	struct stream_options asking = s->options;
	struct stream *other;

	asking.tls = TLS_IMPLICIT;
	asking.timeout = seconds;
	asking.deadline = 2 * seconds;
	bool met = !stream_open(&other, &asking) || (other && other->met);
	stream_close(other);
	return met;
}

/*
 * A server that wants TLS from the first byte is silent as we are. Before it is waited for as long
 * as for a slow one, a second connection asks it.
 */
static int await_greeting(struct stream *s)
{
	int64_t first = s->options.timeout * 1000 / 3,
		until = stream_limit(s, s->options.timeout * 1000);

	if (first > GREETING_SECONDS * 1000)
		first = GREETING_SECONDS * 1000;
	if (!stream_wait(s, POLLIN, stream_limit(s, first)))
		return 0;
	if (s->deadline && clock_monotonic_ms() >= s->deadline)
		return -1;
	s->dead = false;
	if (greeting_port_wants_tls(s->options.port) || silence_is_tls(s, (first + 1999) / 2000))
		return stream_failed(s,
			"no greeting: port %u wants TLS from the first byte, so right would be tls = implicit",
			(unsigned)s->options.port);
	if (!stream_wait(s, POLLIN, until))
		return 0;
	if (s->deadline && clock_monotonic_ms() >= s->deadline)
		return -1;
	s->dead = false;
	return stream_failed(s,
		"no answer for %lld s; if the port wants TLS from the first byte, right would be tls = implicit",
		(long long)s->options.timeout);
}

int stream_open(struct stream **out, const struct stream_options *options)
{
	struct stream *s = calloc(1, sizeof *s);

	*out = s;
	if (!s)
		return -1;
	s->options = *options;
	s->fd = -1;
	s->deadline = options->deadline ? clock_monotonic_ms() + options->deadline * 1000 : 0;
	stream_allow(s, options->budget);
	parse_address(s);
	if (connect_any(s))
		return -1;
	return options->tls == TLS_IMPLICIT ? tls_handshake(s) : await_greeting(s);
}

/*
 * What the server has already sent when the answer to STARTTLS was read came without protection and
 * would be taken for protected (CVE-2011-0411): before our first handshake byte an honest server is
 * silent.
 */
int stream_start_tls(struct stream *s)
{
	char byte;

	if (s->dead)
		return -1;
	if (s->tls)
		return stream_failed(s, "TLS is on already");
	if ((s->over && s->over->read_buffer_len) ||
		recv(s->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0)
		return stream_failed(s, "data before the TLS handshake: refused");
	return tls_handshake(s);
}

bool stream_is_tls(const struct stream *s)
{
	return s->tls;
}

const char *stream_speaks(const struct stream *s)
{
	return s ? greeting_protocol(s->first, s->firsts) : NULL;
}

void stream_allow(struct stream *s, uint64_t bytes)
{
	s->left = bytes ? bytes : UINT64_MAX;
}

/* One attempt; 0: wait for *EVENTS first. */
static ssize_t try_read(struct stream *s, void *buffer, size_t n, short *events)
{
	ssize_t got;

	*events = POLLIN;
	if (!s->tls) {
		got = recv(s->fd, buffer, n, MSG_DONTWAIT);
		if (got > 0)
			return got;
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		s->cut = true;
		return stream_failed(s, got ? "receiving: %s" : "the server closed the connection",
			strerror(errno));
	}
	got = gnutls_record_recv(s->session, buffer, n);
	if (got > 0)
		return got;
	if (got == GNUTLS_E_AGAIN || got == GNUTLS_E_INTERRUPTED) {
		*events = gnutls_record_get_direction(s->session) ? POLLOUT : POLLIN;
		return 0;
	}
	s->cut = true;
	if (got == 0 || got == GNUTLS_E_PREMATURE_TERMINATION)
		return stream_failed(s, "the server closed the connection");
	return stream_failed(s, "TLS: %s", tls_said((int)got));
}

ssize_t stream_read(struct stream *s, void *buffer, size_t n)
{
	int64_t until = stream_limit(s, s->options.timeout * 1000);
	short events;
	ssize_t got;

	if (s->dead)
		return -1;
	if (s->deadline &&
		clock_monotonic_ms() >=
			s->deadline) /* a server that always has data never lets us wait */
		return stream_failed(s, "not done after %lld s", (long long)s->options.deadline);
	if (!s->left)
		return stream_failed(s, "the server sends more than was asked for");
	if (n > s->left)
		n = s->left;
	while ((got = try_read(s, buffer, n, &events)) == 0)
		if (stream_wait(s, events, until))
			return -1;
	if (got > 0 && s->left != UINT64_MAX)
		s->left -= (uint64_t)got;
	for (ssize_t i = 0; i < got && s->firsts < sizeof s->first; i++)
		s->first[s->firsts++] = ((const char *)buffer)[i];
	return got;
}

static ssize_t try_write(struct stream *s, const void *bytes, size_t n, short *events)
{
	ssize_t sent;

	*events = POLLOUT;
	if (!s->tls) {
		sent = send(s->fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent >= 0)
			return sent;
		if (errno == EAGAIN || errno == EINTR)
			return 0;
		s->cut = true;
		return stream_failed(s, "sending: %s", strerror(errno));
	}
	sent = gnutls_record_send(s->session, bytes, n);
	if (sent >= 0)
		return sent;
	if (sent != GNUTLS_E_AGAIN && sent != GNUTLS_E_INTERRUPTED) {
		s->cut = true;
		return stream_failed(s, "TLS: %s", tls_said((int)sent));
	}
	*events = gnutls_record_get_direction(s->session) ? POLLOUT : POLLIN;
	return 0;
}

int stream_write(struct stream *s, const void *bytes, size_t n)
{
	const char *p = bytes;
	short events;

	while (n && !s->dead) {
		ssize_t sent = try_write(s, p, n, &events);

		if (sent < 0 ||
			(!sent &&
				stream_wait(s, events, stream_limit(s, s->options.timeout * 1000))))
			break;
		p += sent;
		n -= (size_t)sent;
	}
	s->unsent |= n > 0;
	return n || s->dead ? -1 : 0;
}

void stream_close(struct stream *s)
{
	if (!s)
		return;
	if (s->session) {
		if (s->tls && !s->dead)
			gnutls_bye(s->session, GNUTLS_SHUT_WR); /* once and without waiting: the
								   socket is closed next */
		gnutls_deinit(s->session);
	}
	if (s->credentials)
		gnutls_certificate_free_credentials(s->credentials);
	if (s->fd >= 0)
		close(s->fd);
	free(s);
}

bool stream_was_cut(const struct stream *s)
{
	return s->cut;
}

bool stream_sent_all(const struct stream *s)
{
	return !s->unsent;
}

bool stream_was_silent(const struct stream *s)
{
	return s->silent;
}

const char *stream_error(const struct stream *s)
{
	return s ? s->error : "no memory";
}

/* libetpan's driver. It loops on a read of 0, so the end of the file is an error here too. */

static ssize_t low_read(mailstream_low *low, void *buffer, size_t n)
{
	return stream_read(low->data, buffer, n);
}

static ssize_t low_write(mailstream_low *low, const void *bytes, size_t n)
{
	return stream_write(low->data, bytes, n) ? -1 : (ssize_t)n;
}

/* Called before libetpan frees its buffers, in which a password or mail may still lie. */
static int low_close(mailstream_low *low)
{
	struct stream *s = low->data;

	explicit_bzero(s->over->read_buffer, s->over->buffer_max_size);
	explicit_bzero(s->over->write_buffer, s->over->buffer_max_size);
	s->over = NULL;
	return 0;
}

static int low_fd(mailstream_low *low)
{
	return ((struct stream *)low->data)->fd;
}

static void low_free(mailstream_low *low)
{
	free(low);
}

mailstream *stream_mailstream(struct stream *s)
{
	mailstream_low *low;

	s->driver = (mailstream_low_driver){
		.mailstream_read = low_read,
		.mailstream_write = low_write,
		.mailstream_close = low_close,
		.mailstream_get_fd = low_fd,
		.mailstream_free = low_free,
	};
	low = mailstream_low_new(s, &s->driver);
	if (!low)
		return NULL;
	s->over = mailstream_new(low, STREAM_BUFFER_SIZE);
	if (!s->over)
		free(low);
	return s->over;
}
