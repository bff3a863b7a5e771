/*
 * The stream against servers that behave and servers that do not, each a thread on
 * loopback: certificates, protocol versions, silence, dripping, resets, floods, and
 * plain text smuggled in before TLS. Certificates are made here, in memory.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include "poller/mailbox/stream.h"

enum { DAY = 86400, HELLO_SIZE = 5 };

/* --- an authority --------------------------------------------------------- */

static gnutls_x509_privkey_t ca_key, server_key;
static gnutls_x509_crt_t ca;
static char ca_file[] = "/tmp/retour-stream-ca-XXXXXX";

struct kind {
	const char *name; /* subject alternative name, DNS */
	bool address;     /* 127.0.0.1 as an address too */
	const char *purpose;
	int from, to; /* days from now */
	bool self_signed;
};

static gnutls_x509_crt_t certificate(
	const struct kind *k, gnutls_x509_privkey_t key, bool authority)
{
	gnutls_x509_crt_t crt;
	static unsigned char serial = 1;
	unsigned char loopback[4] = { 127, 0, 0, 1 };

	assert_int_equal(gnutls_x509_crt_init(&crt), 0);
	gnutls_x509_crt_set_version(crt, 3);
	gnutls_x509_crt_set_key(crt, key);
	gnutls_x509_crt_set_serial(crt, &serial, 1);
	serial++;
	gnutls_x509_crt_set_dn(crt, authority ? "CN=Test authority" : "CN=server", NULL);
	gnutls_x509_crt_set_activation_time(crt, time(NULL) + k->from * DAY);
	gnutls_x509_crt_set_expiration_time(crt, time(NULL) + k->to * DAY);
	gnutls_x509_crt_set_basic_constraints(crt, authority, -1);
	gnutls_x509_crt_set_key_usage(
		crt, authority ? GNUTLS_KEY_KEY_CERT_SIGN : GNUTLS_KEY_DIGITAL_SIGNATURE);
	if (k->purpose)
		gnutls_x509_crt_set_key_purpose_oid(crt, k->purpose, 0);
	if (k->name)
		gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, k->name,
			(unsigned)strlen(k->name), GNUTLS_FSAN_SET);
	if (k->address)
		gnutls_x509_crt_set_subject_alt_name(
			crt, GNUTLS_SAN_IPADDRESS, loopback, 4, GNUTLS_FSAN_APPEND);
	if (authority || k->self_signed)
		assert_int_equal(gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0), 0);
	else
		assert_int_equal(gnutls_x509_crt_sign2(crt, ca, ca_key, GNUTLS_DIG_SHA256, 0), 0);
	return crt;
}

static int make_authority(void **state)
{
	static const struct kind authority = { .from = -1, .to = 100 };
	gnutls_datum_t pem;
	int fd = mkstemp(ca_file);

	(void)state;
	gnutls_x509_privkey_init(&ca_key);
	gnutls_x509_privkey_init(&server_key);
	if (gnutls_x509_privkey_generate(
		    ca_key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0) ||
		gnutls_x509_privkey_generate(server_key, GNUTLS_PK_ECDSA,
			GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0))
		return -1;
	ca = certificate(&authority, ca_key, true);
	if (gnutls_x509_crt_export2(ca, GNUTLS_X509_FMT_PEM, &pem) ||
		write(fd, pem.data, pem.size) != (ssize_t)pem.size)
		return -1;
	gnutls_free(pem.data);
	return close(fd);
}

static int drop_authority(void **state)
{
	(void)state;
	unlink(ca_file);
	gnutls_x509_crt_deinit(ca);
	gnutls_x509_privkey_deinit(ca_key);
	gnutls_x509_privkey_deinit(server_key);
	return 0;
}

/* --- a server in a thread ------------------------------------------------- */

struct server {
	void (*serve)(struct server *s, int fd);
	const struct kind *kind;
	const char *priorities;
	char received[64]; /* what came through TLS */
	char name[64];     /* the server name that was asked for */
	int listener;
	uint16_t port;
	pthread_t thread;
	struct stream *stream; /* the client's side */
};

static void *run(void *context)
{
	struct server *s = context;
	int fd = accept(s->listener, NULL, NULL);

	s->serve(s, fd);
	close(fd);
	return NULL;
}

static struct server *start(void (*serve)(struct server *, int))
{
	struct server *s = calloc(1, sizeof *s);
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof address;

	assert_non_null(s);
	s->serve = serve;
	s->listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(s->listener, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(s->listener, 4), 0);
	getsockname(s->listener, (struct sockaddr *)&address, &size);
	s->port = ntohs(address.sin_port);
	return s;
}

static int join(struct server *s, const struct stream_options *options)
{
	struct stream_options o = *options;

	o.port = s->port;
	if (!o.timeout)
		o.timeout = 5;
	assert_int_equal(pthread_create(&s->thread, NULL, run, s), 0);
	return stream_open(&s->stream, &o);
}

static void stop(struct server *s)
{
	stream_close(s->stream);
	pthread_join(s->thread, NULL);
	close(s->listener);
	free(s);
}

static void send_text(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void wait_for_close(int fd)
{
	char byte;

	while (recv(fd, &byte, 1, 0) > 0)
		;
}

static void serve_tls(struct server *s, int fd)
{
	gnutls_certificate_credentials_t credentials;
	gnutls_session_t session;
	gnutls_x509_crt_t crt = certificate(s->kind, server_key, false);
	size_t size = sizeof s->name;
	unsigned type;
	int code;

	gnutls_certificate_allocate_credentials(&credentials);
	gnutls_certificate_set_x509_key(credentials, &crt, 1, server_key);
	gnutls_init(&session, GNUTLS_SERVER | GNUTLS_NO_SIGNAL);
	gnutls_priority_set_direct(session, s->priorities ? s->priorities : "NORMAL", NULL);
	gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials);
	gnutls_transport_set_int(session, fd);
	do
		code = gnutls_handshake(session);
	while (code < 0 && !gnutls_error_is_fatal(code));
	if (code == 0) {
		if (gnutls_server_name_get(session, s->name, &size, &type, 0) != 0)
			strcpy(s->name, "(none)");
		gnutls_record_send(session, "hello", HELLO_SIZE);
		if (gnutls_record_recv(session, s->received, sizeof s->received - 1) > 0)
			gnutls_bye(session, GNUTLS_SHUT_WR);
	}
	gnutls_deinit(session);
	gnutls_certificate_free_credentials(credentials);
	gnutls_x509_crt_deinit(crt);
}

/* --- TLS ------------------------------------------------------------------ */

static void certificates_are_verified(void **state)
{
	static const struct {
		const char *title, *host;
		struct kind kind;
		const char *error;
	} cases[] = {
		{ "good, by name", "localhost",
			{ "localhost", false, GNUTLS_KP_TLS_WWW_SERVER, -1, 1, false }, NULL },
		{ "good, by address", "127.0.0.1",
			{ "mail.example.org", true, GNUTLS_KP_TLS_WWW_SERVER, -1, 1, false },
			NULL },
		{ "any purpose", "localhost", { "localhost", false, GNUTLS_KP_ANY, -1, 1, false },
			NULL },
		{ "self-signed", "localhost",
			{ "localhost", true, GNUTLS_KP_TLS_WWW_SERVER, -1, 1, true },
			"issuer unknown" },
		{ "wrong name", "localhost",
			{ "mail.example.net", true, GNUTLS_KP_TLS_WWW_SERVER, -1, 1, false },
			"another name" },
		{ "address not in it", "127.0.0.1",
			{ "localhost", false, GNUTLS_KP_TLS_WWW_SERVER, -1, 1, false },
			"another name" },
		{ "name like an address", "127.0.0.1",
			{ "127.0.0.1", false, GNUTLS_KP_TLS_WWW_SERVER, -1, 1, false },
			"another name" },
		{ "expired", "localhost",
			{ "localhost", true, GNUTLS_KP_TLS_WWW_SERVER, -9, -1, false }, "expired" },
		{ "not yet valid", "localhost",
			{ "localhost", true, GNUTLS_KP_TLS_WWW_SERVER, 1, 9, false },
			"not valid yet" },
		{ "for clients", "localhost",
			{ "localhost", true, GNUTLS_KP_TLS_WWW_CLIENT, -1, 1, false },
			"not for a TLS server" },
		{ "for mail signatures", "localhost",
			{ "localhost", true, GNUTLS_KP_EMAIL_PROTECTION, -1, 1, false },
			"not for a TLS server" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct stream_options o = {
			.host = cases[i].host, .tls = TLS_IMPLICIT, .ca_file = ca_file
		};
		struct server *s = start(serve_tls);
		char hello[HELLO_SIZE];
		int result;

		s->kind = &cases[i].kind;
		result = join(s, &o);
		if (result != (cases[i].error ? -1 : 0))
			fail_msg("%s: %s", cases[i].title, stream_error(s->stream));
		if (cases[i].error) {
			if (!strstr(stream_error(s->stream), cases[i].error))
				fail_msg("%s: %s", cases[i].title, stream_error(s->stream));
			assert_false(stream_is_tls(s->stream));
			/* Whoever goes on in spite of it sends nothing. */
			assert_int_equal(stream_write(s->stream, "password", 8), -1);
			assert_int_equal(stream_read(s->stream, hello, sizeof hello), -1);
			assert_int_equal(stream_certificate_end(s->stream), 0);
		} else {
			assert_in_range(stream_certificate_end(s->stream),
				time(NULL) + cases[i].kind.to * DAY - 60,
				time(NULL) + cases[i].kind.to * DAY);
			assert_int_equal(stream_read(s->stream, hello, sizeof hello), HELLO_SIZE);
			assert_int_equal(stream_write(s->stream, "secret", 6), 0);
		}
		stream_close(s->stream);
		s->stream = NULL;
		pthread_join(s->thread, NULL);
		assert_string_equal(s->received, cases[i].error ? "" : "secret");
		if (!cases[i].error)
			assert_string_equal(s->name,
				strcmp(cases[i].host, "localhost") ? "(none)" : "localhost");
		close(s->listener);
		free(s);
	}
}

static void old_protocols_are_refused(void **state)
{
	static const struct kind good = { "localhost", true, GNUTLS_KP_TLS_WWW_SERVER, -1, 1,
		false };
	static const struct {
		const char *priorities;
		bool accepted;
	} cases[] = {
		{ "NORMAL:-VERS-TLS-ALL:+VERS-TLS1.3", true },
		{ "NORMAL:-VERS-TLS-ALL:+VERS-TLS1.2", true },
		{ "NORMAL:-VERS-TLS-ALL:+VERS-TLS1.1:%COMPAT", false },
		{ "NORMAL:-VERS-TLS-ALL:+VERS-TLS1.0:%COMPAT", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct stream_options o = {
			.host = "localhost", .tls = TLS_IMPLICIT, .ca_file = ca_file
		};
		struct server *s = start(serve_tls);

		s->kind = &good;
		s->priorities = cases[i].priorities;
		assert_int_equal(join(s, &o), cases[i].accepted ? 0 : -1);
		stop(s);
	}
}

static void the_system_does_not_know_our_authority(void **state)
{
	static const struct kind good = { "localhost", true, GNUTLS_KP_TLS_WWW_SERVER, -1, 1,
		false };
	struct stream_options o = { .host = "localhost", .tls = TLS_IMPLICIT };
	struct server *s = start(serve_tls);

	(void)state;
	s->kind = &good;
	assert_int_equal(join(s, &o), -1);
	assert_string_not_equal(stream_error(s->stream), "");
	stop(s);
}

static void serve_starttls(struct server *s, int fd)
{
	send_text(fd, "OK\n");
	serve_tls(s, fd);
}

static void serve_injection(struct server *s, int fd)
{
	(void)s;
	send_text(fd, "OK\n* injected\n");
	wait_for_close(fd);
}

static void starttls_upgrades_in_place(void **state)
{
	static const struct kind good = { "localhost", true, GNUTLS_KP_TLS_WWW_SERVER, -1, 1,
		false };
	struct stream_options o = { .host = "localhost", .tls = TLS_STARTTLS, .ca_file = ca_file };
	struct server *s = start(serve_starttls);
	mailstream *over;
	char text[HELLO_SIZE];

	(void)state;
	s->kind = &good;
	assert_int_equal(join(s, &o), 0);
	assert_false(stream_is_tls(s->stream));
	over = stream_mailstream(s->stream);
	assert_int_equal(mailstream_read(over, text, 3), 3);
	assert_int_equal(stream_start_tls(s->stream), 0);
	assert_true(stream_is_tls(s->stream));
	assert_int_equal(mailstream_read(over, text, sizeof text), HELLO_SIZE);
	assert_memory_equal(text, "hello", HELLO_SIZE);
	assert_int_equal(stream_start_tls(s->stream), -1);
	mailstream_close(over);
	stop(s);
}

/* Once with the injected text in libetpan's buffer, once still in the socket. */
static void plain_text_before_tls_is_refused(void **state)
{
	(void)state;
	for (int buffered = 0; buffered < 2; buffered++) {
		struct stream_options o = {
			.host = "localhost", .tls = TLS_STARTTLS, .ca_file = ca_file
		};
		struct server *s = start(serve_injection);
		mailstream *over;
		char text[3];

		assert_int_equal(join(s, &o), 0);
		over = stream_mailstream(s->stream);
		if (buffered)
			assert_int_equal(mailstream_read(over, text, 3), 3);
		else
			assert_int_equal(stream_read(s->stream, text, 3), 3);
		assert_int_equal(stream_start_tls(s->stream), -1);
		assert_non_null(strstr(stream_error(s->stream), "before the TLS handshake"));
		assert_int_equal(stream_write(s->stream, "password", 8), -1);
		mailstream_close(over);
		stop(s);
	}
}

/* --- time, amounts, ends -------------------------------------------------- */

static void plain_is_for_loopback_only(void **state)
{
	static const char *const elsewhere[] = { "192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1",
		"0.0.0.0", "128.0.0.1" };

	(void)state;
	for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++) {
		struct stream_options o = {
			.host = elsewhere[i], .port = 143, .tls = TLS_NONE, .timeout = 1
		};
		struct stream *s;

		assert_int_equal(stream_open(&s, &o), -1);
		assert_non_null(strstr(stream_error(s), "loopback"));
		stream_close(s);
	}
}

static void serve_silence(struct server *s, int fd)
{
	(void)s;
	wait_for_close(fd);
}

static void serve_drip(struct server *s, int fd)
{
	(void)s;
	while (send(fd, "x", 1, MSG_NOSIGNAL) == 1)
		usleep(50000);
}

static void serve_flood(struct server *s, int fd)
{
	static const char block[65536];

	(void)s;
	while (send(fd, block, sizeof block, MSG_NOSIGNAL) > 0)
		;
}

static void serve_end(struct server *s, int fd)
{
	(void)s;
	send_text(fd, "half a li");
}

static void serve_reset(struct server *s, int fd)
{
	struct linger now = { 1, 0 };

	usleep(100000); /* the client is to be connected by then: a reset before that is an error of
			   connecting, and rightly so */
	(void)s;
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/*
 * Silence ends with the timeout, dripping and flooding with the deadline, in reads, in writes and
 * in the handshake.
 */
static void waits_are_bounded(void **state)
{
	enum { BLOCK = 1 << 20 };
	/* 16 bytes of a flood at once: there are always more, so nobody waits. */
	static const struct {
		void (*serve)(struct server *, int);
		enum tls tls;
		int64_t timeout, deadline;
		size_t reads;
		const char *error;
	} cases[] = {
		{ serve_silence, TLS_NONE, 1, 0, BLOCK, "no answer for 1 s" },
		{ serve_silence, TLS_IMPLICIT, 1, 0, BLOCK, "no answer for 1 s" },
		{ serve_drip, TLS_NONE, 5, 1, BLOCK, "not done after 1 s" },
		{ serve_flood, TLS_NONE, 5, 1, 16, "not done after 1 s" },
		{ serve_silence, TLS_NONE, 5, 1, BLOCK, "not done after 1 s" },
		{ serve_drip, TLS_NONE, 1, 0, 0, "no answer for 1 s" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct stream_options o = { .host = "127.0.0.1",
			.tls = cases[i].tls,
			.timeout = cases[i].timeout,
			.deadline = cases[i].deadline,
			.ca_file = ca_file };
		struct server *s = start(cases[i].serve);
		static char buffer[BLOCK];
		double began = seconds();
		int result = join(s, &o);

		while (!result)
			result = cases[i].reads ? stream_read(s->stream, buffer, cases[i].reads) < 0
						: stream_write(s->stream, buffer, BLOCK);
		if (!strstr(stream_error(s->stream), cases[i].error))
			fail_msg("case %zu: %s", i, stream_error(s->stream));
		assert_true(seconds() - began > 0.9 && seconds() - began < 3);
		stop(s);
	}
}

static void no_more_is_read_than_allowed(void **state)
{
	struct stream_options o = { .host = "127.0.0.1", .tls = TLS_NONE, .budget = 100000 };
	struct server *s = start(serve_flood);
	char buffer[4096];
	size_t total = 0;
	ssize_t n;

	(void)state;
	assert_int_equal(join(s, &o), 0);
	while ((n = stream_read(s->stream, buffer, sizeof buffer)) > 0)
		total += (size_t)n;
	assert_int_equal(total, 100000);
	assert_non_null(strstr(stream_error(s->stream), "more than was asked for"));
	stop(s);
	s = start(serve_flood);
	assert_int_equal(join(s, &o), 0);
	stream_allow(s->stream, 10);
	assert_int_equal(stream_read(s->stream, buffer, sizeof buffer), 10);
	stream_allow(s->stream, 5);
	assert_int_equal(stream_read(s->stream, buffer, sizeof buffer), 5);
	assert_int_equal(stream_read(s->stream, buffer, sizeof buffer), -1);
	stop(s);
}

/* libetpan asks again for ever when a read gives 0. */
static void the_end_is_an_error(void **state)
{
	struct stream_options o = { .host = "127.0.0.1", .tls = TLS_NONE };
	struct server *s = start(serve_end);
	MMAPString *line = mmap_string_new("");

	(void)state;
	assert_int_equal(join(s, &o), 0);
	mailstream *over = stream_mailstream(s->stream);
	assert_null(mailstream_read_line(over, line));
	assert_string_equal(stream_error(s->stream), "the server closed the connection");
	mailstream_close(over);
	mmap_string_free(line);
	stop(s);
}

/* SIGPIPE would end this test: it comes where the server had closed before it reset. */
static void a_reset_is_an_error_and_no_signal(void **state)
{
	static void (*const servers[])(struct server *, int) = { serve_reset, serve_end };
	static char buffer[1 << 20];

	(void)state;
	for (size_t i = 0; i < sizeof servers / sizeof servers[0]; i++) {
		struct stream_options o = { .host = "127.0.0.1", .tls = TLS_NONE };
		struct server *s = start(servers[i]);
		int result;

		assert_int_equal(join(s, &o), 0);
		pthread_join(s->thread, NULL);
		do {
			result = stream_write(s->stream, buffer, 1);
			usleep(10000);
		} while (!result);
		assert_int_equal(result, -1);
		assert_non_null(strstr(stream_error(s->stream), "sending: "));
		stream_close(s->stream);
		close(s->listener);
		free(s);
	}
}

static void a_closed_port_says_so(void **state)
{
	struct stream_options o = { .host = "127.0.0.1", .port = 1, .tls = TLS_NONE, .timeout = 5 };
	struct stream *s;

	(void)state;
	assert_int_equal(stream_open(&s, &o), -1);
	assert_string_equal(stream_error(s), "connect: Connection refused");
	stream_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certificates_are_verified),
		cmocka_unit_test(old_protocols_are_refused),
		cmocka_unit_test(the_system_does_not_know_our_authority),
		cmocka_unit_test(starttls_upgrades_in_place),
		cmocka_unit_test(plain_text_before_tls_is_refused),
		cmocka_unit_test(plain_is_for_loopback_only),
		cmocka_unit_test(waits_are_bounded),
		cmocka_unit_test(no_more_is_read_than_allowed),
		cmocka_unit_test(the_end_is_an_error),
		cmocka_unit_test(a_reset_is_an_error_and_no_signal),
		cmocka_unit_test(a_closed_port_says_so),
	};

	return cmocka_run_group_tests(tests, make_authority, drop_authority);
}
