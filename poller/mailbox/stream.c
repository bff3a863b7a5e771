/*
 * One connection: resolve, connect, TLS, read, write, each bounded in time.
 *
 * The socket is non-blocking and every wait is a poll() with the smaller of two
 * limits: the timeout (no progress) and the deadline (everything on this
 * stream, against a server that drips bytes). TLS is GnuTLS with the checks of
 * RFC 9525 and RFC 8314: chain, name or address, key purpose, validity, TLS 1.2 or later.
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
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include "classify/base/clock.h"
#include "poller/mailbox/greeting.h"

enum {
	STREAM_ERROR_SIZE = 256,
	STREAM_BUFFER_SIZE = 65536, /* libetpan's read and write buffers */
	STREAM_POLL_MAX_MS = 60000, /* one poll; longer waits are several */
	CERTIFICATES_MAX = 8,       /* of a chain */
	GREETING_SECONDS = 10,      /* of silence, before it is asked whether it waits for TLS */
};

/*
 * The distribution's own policy (crypto-policies) stays in force; what RFC 8996 ended is taken out,
 * keys below 112 bits are refused.
 */
#define TLS_PRIORITIES "-VERS-TLS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%PROFILE_MEDIUM"

struct stream {
	struct stream_options options;
	int fd;
	bool dead; /* an error happened; it stays */
	bool cut;  /* it was the other end, or the line between */
	bool tls;  /* shaken hands and verified */
	bool met;  /* what answered the handshake was TLS, whatever became of it */
	gnutls_session_t session;
	gnutls_certificate_credentials_t credentials;
	unsigned char address[16]; /* the host, when it is an IP literal */
	size_t address_size;       /* 0: it is a name */
	gnutls_typed_vdata_st expected[2];
	int64_t deadline; /* monotonic milliseconds; 0: none */
	uint64_t left;    /* bytes that may still be read */
	mailstream *over; /* libetpan's view, while it is open */
	mailstream_low_driver driver;
	char first[GREETING_SIZE]; /* what came first, for a guess of what is spoken here */
	size_t firsts;
	char error[STREAM_ERROR_SIZE];
};

static int stream_failed(struct stream *s, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static int64_t limit_of(const struct stream *s, int64_t milliseconds);
static int wait_for_stream(struct stream *s, short events, int64_t until);
static int connect_to(struct stream *s, const struct addrinfo *at, int64_t until);
static int connect_any(struct stream *s);
static void parse_address(struct stream *s);
static int load_authorities(struct stream *s);
static const char *tls_error(int code);
static int prepare_tls(struct stream *s);
static int handshake(struct stream *s);
static int handshake_failed(struct stream *s, int code);

/* The first error is the cause; what follows from it says nothing. */
static int stream_failed(struct stream *s, const char *format, ...)
{
	va_list arguments;

	if (!s->dead) {
		va_start(arguments, format);
		vsnprintf(s->error, sizeof s->error, format, arguments);
		va_end(arguments);
	}
	s->dead = true;
	return -1;
}

/* When a wait that begins now and may take so long must end. */
static int64_t limit_of(const struct stream *s, int64_t milliseconds)
{
	int64_t until = clock_monotonic_ms() + milliseconds;

	return s->deadline && s->deadline < until ? s->deadline : until;
}

/* 0 when the socket is ready; -1 when UNTIL came first. */
static int wait_for_stream(struct stream *s, short events, int64_t until)
{
	for (;;) {
		struct pollfd p = { .fd = s->fd, .events = events };
		int64_t left = until - clock_monotonic_ms();
		int ready;

		if (left <= 0) {
			if (s->deadline && until == s->deadline)
				return stream_failed(
					s, "not done after %lld s", (long long)s->options.deadline);
			return stream_failed(
				s, "no answer for %lld s", (long long)s->options.timeout);
		}
		ready = poll(&p, 1, left < STREAM_POLL_MAX_MS ? (int)left : STREAM_POLL_MAX_MS);
		if (ready > 0)
			return 0;
		if (ready < 0 && errno != EINTR)
			return stream_failed(s, "poll: %s", strerror(errno));
	}
}

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
	else if (wait_for_stream(s, POLLOUT, until) == 0) {
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
	int64_t until = limit_of(s, s->options.timeout * 1000);
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

static int load_authorities(struct stream *s)
{
	const char *file = s->options.ca_file;
	int n = file
		? gnutls_certificate_set_x509_trust_file(s->credentials, file, GNUTLS_X509_FMT_PEM)
		: gnutls_certificate_set_x509_system_trust(s->credentials);

	if (n < 0)
		return stream_failed(s, "%s: %s",
			file ? file : "the system's certificate authorities", gnutls_strerror(n));
	if (n == 0)
		return stream_failed(s, "%s: no certificate in it",
			file ? file : "the system's certificate authorities");
	return 0;
}

/* GnuTLS hides what the socket said. */
static const char *tls_error(int code)
{
	bool socket_failed = code == GNUTLS_E_PULL_ERROR || code == GNUTLS_E_PUSH_ERROR;

	return socket_failed && errno ? strerror(errno) : gnutls_strerror(code);
}

static int prepare_tls(struct stream *s)
{
	const char *host = s->options.host;
	int code;

	if (gnutls_certificate_allocate_credentials(&s->credentials) < 0)
		return stream_failed(s, "no memory");
	if (load_authorities(s))
		return -1;
	code = gnutls_init(&s->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);
	if (code < 0)
		return stream_failed(s, "TLS: %s", gnutls_strerror(code));
	code = gnutls_set_default_priority_append(s->session, TLS_PRIORITIES, NULL, 0);
	if (code >= 0)
		code = gnutls_credentials_set(s->session, GNUTLS_CRD_CERTIFICATE, s->credentials);
	if (code >= 0 &&
		!s->address_size) /* RFC 6066 section 3: no address literals in the server name */
		code = gnutls_server_name_set(s->session, GNUTLS_NAME_DNS, host, strlen(host));
	if (code < 0)
		return stream_failed(s, "TLS: %s", gnutls_strerror(code));
	s->expected[0] = (gnutls_typed_vdata_st){ .type = GNUTLS_DT_DNS_HOSTNAME,
		.data = (unsigned char *)host };
	if (s->address_size)
		s->expected[0] = (gnutls_typed_vdata_st){ .type = GNUTLS_DT_IP_ADDRESS,
			.data = s->address,
			.size = (unsigned)s->address_size };
	s->expected[1] = (gnutls_typed_vdata_st){ .type = GNUTLS_DT_KEY_PURPOSE_OID,
		.data = (unsigned char *)GNUTLS_KP_TLS_WWW_SERVER };
	gnutls_session_set_verify_cert2(s->session, s->expected, 2, 0);
	gnutls_transport_set_int(s->session, s->fd);
	return 0;
}

static int handshake_failed(struct stream *s, int code)
{
	s->met = code == GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR ||
		code == GNUTLS_E_FATAL_ALERT_RECEIVED;
	if (code == GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR)
		stream_failed(s, "certificate of %s: %s", s->options.host,
			greeting_certificate(gnutls_session_get_verify_cert_status(s->session)));
	else if (code == GNUTLS_E_FATAL_ALERT_RECEIVED)
		stream_failed(s, "TLS: the server refused: %s",
			gnutls_alert_get_name(gnutls_alert_get(s->session)));
	else if (code == GNUTLS_E_UNEXPECTED_PACKET_LENGTH || code == GNUTLS_E_UNEXPECTED_PACKET ||
		code == GNUTLS_E_UNSUPPORTED_VERSION_PACKET)
		stream_failed(s,
			"TLS: what the server says is no TLS: port %u may begin without it, then right would be tls = starttls, or another port",
			(unsigned)s->options.port);
	else
		stream_failed(s, "TLS: %s", tls_error(code));
	if (code != GNUTLS_E_FATAL_ALERT_RECEIVED)
		gnutls_alert_send_appropriate(
			s->session, code); /* so that the server's log has the reason too */
	return -1;
}

static int handshake(struct stream *s)
{
	int64_t until = limit_of(s, s->options.timeout * 1000);
	int code;

	if (prepare_tls(s))
		return -1;
	while ((code = gnutls_handshake(s->session)) < 0) {
		if (gnutls_error_is_fatal(code))
			return handshake_failed(s, code);
		if (wait_for_stream(
			    s, gnutls_record_get_direction(s->session) ? POLLOUT : POLLIN, until))
			return -1;
	}
	s->tls = s->met = true;
	return 0;
}

/* What was verified: each certificate of the chain holds at present. */
int64_t stream_certificate_end(const struct stream *s)
{
	unsigned count = 0;
	const gnutls_datum_t *chain = s->tls ? gnutls_certificate_get_peers(s->session, &count)
					     : NULL;
	int64_t first = 0;

	for (unsigned i = 0; chain && i < count && i < CERTIFICATES_MAX; i++) {
		gnutls_x509_crt_t crt;
		if (gnutls_x509_crt_init(&crt) < 0)
			return first;
		time_t end = gnutls_x509_crt_import(crt, &chain[i], GNUTLS_X509_FMT_DER) < 0
			? -1
			: gnutls_x509_crt_get_expiration_time(crt);
		gnutls_x509_crt_deinit(crt);
		if (end > 0 && (!first || end < first))
			first = end;
	}
	return first;
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
		until = limit_of(s, s->options.timeout * 1000);

	if (first > GREETING_SECONDS * 1000)
		first = GREETING_SECONDS * 1000;
	if (!wait_for_stream(s, POLLIN, limit_of(s, first)))
		return 0;
	if (s->deadline && clock_monotonic_ms() >= s->deadline)
		return -1;
	s->dead = false;
	if (greeting_port_wants_tls(s->options.port) || silence_is_tls(s, (first + 1999) / 2000))
		return stream_failed(s,
			"no greeting: port %u wants TLS from the first byte, so right would be tls = implicit",
			(unsigned)s->options.port);
	if (!wait_for_stream(s, POLLIN, until))
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
	return options->tls == TLS_IMPLICIT ? handshake(s) : await_greeting(s);
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
	return handshake(s);
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
	return stream_failed(s, "TLS: %s", tls_error((int)got));
}

ssize_t stream_read(struct stream *s, void *buffer, size_t n)
{
	int64_t until = limit_of(s, s->options.timeout * 1000);
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
		if (wait_for_stream(s, events, until))
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
		return stream_failed(s, "TLS: %s", tls_error((int)sent));
	}
	*events = gnutls_record_get_direction(s->session) ? POLLOUT : POLLIN;
	return 0;
}

int stream_write(struct stream *s, const void *bytes, size_t n)
{
	const char *p = bytes;
	short events;

	if (s->dead)
		return -1;
	while (n) {
		ssize_t sent = try_write(s, p, n, &events);

		if (sent < 0)
			return -1;
		if (!sent && wait_for_stream(s, events, limit_of(s, s->options.timeout * 1000)))
			return -1;
		p += sent;
		n -= (size_t)sent;
	}
	return 0;
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
