/*
 * One thread, no locks. TLS 1.2 or later with the client's certificate (RFC 8446 section 4.3.2):
 * signed by the authority that is configured, valid, made for clients (RFC 5280 section 4.2.1.12),
 * and with one of the names that may ask, no wildcard. Sessions are not resumed, so that each
 * connection shows its certificate.
 *
 * Strangers reach this port. Limits: connections, those that have not shaken hands yet, the time
 * for that, bytes on their way. Who has shown nothing yet never takes the place of who has.
 */
#include "poller/command/servetls.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include "classify/base/clock.h"
#include "classify/base/exitcode.h"
#include "classify/base/log.h"
#include "poller/run/confine.h"

enum {
	FRONT_CLIENTS_MAX = 256,
	FRONT_SHAKING_MAX = 64, /* besides: who have not shown who they are */
	FRONT_PLACES = FRONT_CLIENTS_MAX + FRONT_SHAKING_MAX,
	SHAKE_SECONDS = 10,
	FRONT_TICK_MS = 250,
	FRONT_BYTES = 16384, /* a record of TLS */
	SAY_SECONDS = 60,    /* between two lines about who was refused */
};
/*
 * Seconds of silence in which no newcomer takes the place of who shakes hands, and since he came in
 * which what he says counts: a machine that is busy answers late itself.
 */
static const double shake_undisturbed = 3, shake_helped = 5;
#define FRONT_PRIORITIES "-VERS-TLS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%PROFILE_MEDIUM"

struct front_client {
	gnutls_session_t tls;
	bool shaken;
	double came, last; /* when he did, and when he last said something */
};

struct front {
	const struct serve_tls *o;
	struct listener *listener;
	gnutls_certificate_credentials_t credentials;
	gnutls_typed_vdata_st purpose;
	struct sockaddr_un to;
	unsigned count, shaking;
	unsigned long long served, refused;
	double said;
	/*
	 * the listener, then of each client his connection and ours to the server; all who shake
	 * hands may be done with it in the same turn
	 */
	struct pollfd polled[1 + 2 * FRONT_PLACES];
	struct front_client client[FRONT_PLACES];
};

static struct pollfd *his(struct front *f, unsigned i)
{
	return &f->polled[1 + 2 * i];
}

static struct pollfd *ours(struct front *f, unsigned i)
{
	return &f->polled[2 + 2 * i];
}

static void say_refused(struct front *f, const char *why)
{
	double now = clock_monotonic();
	f->refused++;
	if (f->said && now - f->said < SAY_SECONDS)
		return;
	f->said = now;
	log_warning("serve: a client is refused: %s (%llu so far)", why, f->refused);
}

/* --- certificates --------------------------------------------------------- */

static int load_files(struct front *f)
{
	const struct serve_tls *o = f->o;
	if (gnutls_certificate_allocate_credentials(&f->credentials) < 0) {
		log_error("serve: no memory");
		return EXIT_LOST;
	}
	int code = gnutls_certificate_set_x509_key_file(
		f->credentials, o->certificate, o->key, GNUTLS_X509_FMT_PEM);
	if (code < 0) {
		log_error(
			"serve: %s, %s: %s; right would be a certificate in PEM and the key that belongs to it",
			o->certificate, o->key, gnutls_strerror(code));
		return EXIT_USAGE;
	}
	code = gnutls_certificate_set_x509_trust_file(f->credentials, o->ca, GNUTLS_X509_FMT_PEM);
	if (code <= 0) {
		log_error("serve: %s: %s", o->ca,
			code ? gnutls_strerror(code) : "no certificate in it");
		return EXIT_USAGE;
	}
	f->purpose = (gnutls_typed_vdata_st){ .type = GNUTLS_DT_KEY_PURPOSE_OID,
		.data = (unsigned char *)GNUTLS_KP_TLS_WWW_CLIENT };
	return EXIT_WELL;
}

/* Has his certificate, which was verified, one of the names that may ask? */
static bool may_ask(const struct front *f, gnutls_session_t tls)
{
	unsigned count = 0;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(tls, &count);
	gnutls_x509_crt_t crt;
	bool found = false;
	if (!chain || !count || gnutls_x509_crt_init(&crt) < 0)
		return false;
	if (gnutls_x509_crt_import(crt, &chain[0], GNUTLS_X509_FMT_DER) >= 0)
		for (unsigned i = 0; i < f->o->names && !found; i++)
			found = gnutls_x509_crt_check_hostname2(
				crt, f->o->name[i], GNUTLS_VERIFY_DO_NOT_ALLOW_WILDCARDS);
	gnutls_x509_crt_deinit(crt);
	return found;
}

/* --- one client ----------------------------------------------------------- */

static void front_drop(struct front *f, unsigned i)
{
	struct front_client *c = &f->client[i];
	unsigned last = --f->count;
	f->shaking -= !c->shaken;
	if (c->shaken)
		gnutls_bye(c->tls, GNUTLS_SHUT_WR); /* once, whatever comes of it */
	gnutls_deinit(c->tls);
	close(his(f, i)->fd);
	if (ours(f, i)->fd >= 0)
		close(ours(f, i)->fd);
	f->client[i] = f->client[last];
	*his(f, i) = *his(f, last);
	*ours(f, i) = *ours(f, last);
}

/* The one of those who have shaken hands, or have not, that was silent longest; one past the last.
 */
static unsigned find_oldest(const struct front *f, bool shaken)
{
	unsigned oldest = FRONT_PLACES;
	for (unsigned i = 0; i < f->count; i++)
		if (f->client[i].shaken == shaken &&
			(oldest == FRONT_PLACES || f->client[i].last < f->client[oldest].last))
			oldest = i;
	return oldest;
}

static void drop_oldest(struct front *f, bool shaken)
{
	unsigned oldest = find_oldest(f, shaken);
	if (oldest < FRONT_PLACES)
		front_drop(f, oldest);
}

/*
 * A hundred of a mail server's processes come at once, and each needs some time for its handshake:
 * who finds no place waits in the kernel's queue meanwhile.
 */
static bool has_place(const struct front *f)
{
	return f->shaking < FRONT_SHAKING_MAX ||
		clock_monotonic() - f->client[find_oldest(f, false)].last > shake_undisturbed;
}

static bool front_prepare(struct front *f, gnutls_session_t tls, int fd)
{
	if (gnutls_set_default_priority_append(tls, FRONT_PRIORITIES, NULL, 0) < 0 ||
		gnutls_credentials_set(tls, GNUTLS_CRD_CERTIFICATE, f->credentials) < 0)
		return false;
	gnutls_certificate_server_set_request(tls, GNUTLS_CERT_REQUIRE);
	gnutls_session_set_verify_cert2(tls, &f->purpose, 1, 0);
	gnutls_transport_set_int(tls, fd);
	return true;
}

static bool front_accept(struct front *f)
{
	gnutls_session_t tls = NULL;
	int fd = -1;
	if (has_place(f))
		fd = accept4(f->listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return false;
	if (f->shaking == FRONT_SHAKING_MAX)
		drop_oldest(f, false);
	if (gnutls_init(&tls,
		    GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL | GNUTLS_NO_TICKETS) < 0 ||
		!front_prepare(f, tls, fd)) {
		if (tls)
			gnutls_deinit(tls);
		close(fd);
		return true;
	}
	double now = clock_monotonic();
	f->client[f->count] = (struct front_client){ .tls = tls, .came = now, .last = now };
	*his(f, f->count) = (struct pollfd){ .fd = fd, .events = POLLIN };
	*ours(f, f->count) = (struct pollfd){ .fd = -1 };
	f->count++;
	f->shaking++;
	return true;
}

/* Our connection for a client who may ask. */
static bool front_reach(struct front *f, unsigned i)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&f->to, sizeof f->to)) {
		log_warning("serve: %s: %s", f->o->to, strerror(errno));
		if (fd >= 0)
			close(fd);
		return false;
	}
	*ours(f, i) = (struct pollfd){ .fd = fd, .events = POLLIN };
	return true;
}

static const char *why_refused(gnutls_session_t tls, int code)
{
	unsigned status = code == GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR
		? gnutls_session_get_verify_cert_status(tls)
		: 0;
	if (status & GNUTLS_CERT_EXPIRED)
		return "its certificate is expired";
	if (status & (GNUTLS_CERT_SIGNER_NOT_FOUND | GNUTLS_CERT_SIGNER_NOT_CA))
		return "its certificate is not signed by our authority";
	if (status & GNUTLS_CERT_PURPOSE_MISMATCH)
		return "its certificate is not one for clients";
	return code == GNUTLS_E_NO_CERTIFICATE_FOUND || code == GNUTLS_E_CERTIFICATE_REQUIRED
		? "it shows no certificate"
		: gnutls_strerror(code);
}

/* False: it is over. */
static bool front_shake(struct front *f, unsigned i)
{
	struct front_client *c = &f->client[i];
	double now = clock_monotonic();
	if (now - c->came < shake_helped)
		c->last = now;
	int code = gnutls_handshake(c->tls);
	his(f, i)->events = gnutls_record_get_direction(c->tls) ? POLLOUT : POLLIN;
	if (code < 0 && !gnutls_error_is_fatal(code))
		return true;
	if (code < 0) {
		say_refused(f, why_refused(c->tls, code));
		gnutls_alert_send_appropriate(c->tls, code);
		return false;
	}
	his(f, i)->events = POLLIN;
	if (!may_ask(f, c->tls)) {
		say_refused(f, "its certificate has none of the names that may ask");
		gnutls_alert_send(c->tls, GNUTLS_AL_FATAL, GNUTLS_A_ACCESS_DENIED);
		return false;
	}
	c->shaken = true;
	f->shaking--;
	f->served++;
	c->last = clock_monotonic();
	return front_reach(f, i);
}

/* What he asks, on to the server: who does not take it is not waited for. */
static bool carry_in(struct front *f, unsigned i, char *bytes)
{
	for (;;) {
		ssize_t n = gnutls_record_recv(f->client[i].tls, bytes, FRONT_BYTES);
		if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED)
			return true;
		if (n <= 0)
			return false;
		f->client[i].last = clock_monotonic();
		if (send(ours(f, i)->fd, bytes, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT) != n)
			return false;
	}
}

/* What the server answers, on to him. */
static bool carry_out(struct front *f, unsigned i, char *bytes)
{
	ssize_t n = recv(ours(f, i)->fd, bytes, FRONT_BYTES, MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	return n > 0 && gnutls_record_send(f->client[i].tls, bytes, (size_t)n) == n;
}

static bool front_client(struct front *f, unsigned i)
{
	char bytes[FRONT_BYTES];
	bool goes_on = true;
	if (!f->client[i].shaken)
		goes_on = !his(f, i)->revents || front_shake(f, i);
	else if (his(f, i)->revents)
		goes_on = carry_in(f, i, bytes);
	if (goes_on && f->client[i].shaken && ours(f, i)->revents)
		goes_on = carry_out(f, i, bytes);
	else if (goes_on && f->client[i].shaken && gnutls_record_check_pending(f->client[i].tls))
		goes_on = carry_in(f, i, bytes); /* it came with the end of the handshake */
	explicit_bzero(bytes, sizeof bytes);
	return goes_on;
}

/* --- all of them ---------------------------------------------------------- */

static void drop_slow(struct front *f)
{
	double now = clock_monotonic();
	for (unsigned i = f->count; i-- > 0;)
		if (!f->client[i].shaken && now - f->client[i].came > SHAKE_SECONDS) {
			say_refused(f, "it does not shake hands in time");
			front_drop(f, i);
		}
}

static int front_run(struct front *f, const sigset_t *waiting, const volatile sig_atomic_t *stop)
{
	const struct timespec tick = { .tv_nsec = FRONT_TICK_MS * 1000000L };
	f->polled[0] = (struct pollfd){ .fd = f->listener->fd };
	while (!*stop) {
		f->polled[0].events = has_place(f) ? POLLIN : 0;
		int ready = ppoll(f->polled, 1 + 2 * f->count, f->shaking ? &tick : NULL, waiting);
		if (ready < 0 && errno != EINTR) {
			log_error("serve: poll: %s", strerror(errno));
			return EXIT_LOST;
		}
		/* downwards: front_drop() moves the last one into the gap */
		for (unsigned i = ready > 0 ? f->count : 0; i-- > 0;)
			if ((his(f, i)->revents || ours(f, i)->revents) && !front_client(f, i))
				front_drop(f, i);
		while (f->count - f->shaking > FRONT_CLIENTS_MAX)
			drop_oldest(f, true);
		for (unsigned n = 0; ready > 0 && f->polled[0].revents && n < FRONT_SHAKING_MAX &&
			front_accept(f);
			n++)
			;
		drop_slow(f);
	}
	return EXIT_WELL;
}

int serve_tls(const struct serve_tls *o, struct listener *l, const sigset_t *waiting,
	const volatile sig_atomic_t *stop)
{
	static struct front f; /* too large for a stack */
	const struct confine walls = { .serves = true };
	char error[256];
	f.o = o;
	f.listener = l;
	f.to.sun_family = AF_UNIX;
	if (strlen(o->to) >= sizeof f.to.sun_path) {
		log_error("serve: %s: longer than a socket's path may be", o->to);
		return EXIT_USAGE;
	}
	strcpy(f.to.sun_path, o->to);
	int result = load_files(&f);
	if (result == EXIT_WELL && confine_enter(&walls, error, sizeof error)) {
		log_error("serve: %s", error);
		result = EXIT_LOST;
	}
	if (result == EXIT_WELL) {
		log_notice("serve: answering on %s", l->name);
		result = front_run(&f, waiting, stop);
		log_notice("serve: %llu clients, %llu refused", f.served, f.refused);
	}
	while (f.count)
		front_drop(&f, f.count - 1);
	if (f.credentials)
		gnutls_certificate_free_credentials(f.credentials);
	return result;
}
