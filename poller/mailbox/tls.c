/*
 * TLS, as GnuTLS has it, with the checks of RFC 9525 and RFC 8314: chain, name or address, key
 * purpose, validity, TLS 1.2 or later.
 */
#include "poller/mailbox/tls.h"
#include "classify/base/files.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <gnutls/x509.h>

enum { CERTIFICATES_MAX = 8 /* of a chain */ };

/*
 * The distribution's own policy (crypto-policies) stays in force; what RFC 8996 ended is taken out,
 * keys below 112 bits are refused.
 */
#define TLS_PRIORITIES "-VERS-TLS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%PROFILE_MEDIUM"

static int load_authorities(struct stream *s)
{
	const char *file = s->options.ca_file;
	if (file && file_is_pipe(file))
		return stream_failed(s, "%s: not a regular file", file);
	int n = file
		? gnutls_certificate_set_x509_trust_file(s->credentials, file, GNUTLS_X509_FMT_PEM)
		: gnutls_certificate_set_x509_system_trust(s->credentials);

	if (n < 0 && file && access(file, R_OK))
		return stream_failed(s, "ca_file %s: %s", file, strerror(errno));
	if (n < 0)
		return stream_failed(s, "%s: %s",
			file ? file : "the system's certificate authorities", gnutls_strerror(n));
	if (n == 0)
		return stream_failed(s, "%s: no certificate in it",
			file ? file : "the system's certificate authorities");
	return 0;
}

const char *tls_said(int code)
{
	/* TLS 1.2: it would be another session, and whose is a question (RFC 5746) */
	if (code == GNUTLS_E_REHANDSHAKE)
		return "the server wants to negotiate anew in the middle of a session (renegotiation), which is refused: it should not ask, or speak TLS 1.3";
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

/*
 * One certificate, which did not sign itself: either those between it and its authority are missing
 * (RFC 5246 section 7.4.2 wants them sent), or we do not have the authority. Browsers fetch or
 * remember what is missing, so the server's administrator sees nothing of it.
 */
static bool is_alone(const struct stream *s)
{
	unsigned count = 0;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(s->session, &count);
	gnutls_x509_crt_t crt;

	if (!chain || count != 1 || gnutls_x509_crt_init(&crt) < 0)
		return false;
	bool alone = gnutls_x509_crt_import(crt, chain, GNUTLS_X509_FMT_DER) >= 0 &&
		!gnutls_x509_crt_check_issuer(crt, crt);
	gnutls_x509_crt_deinit(crt);
	return alone;
}

static const char *certificate_trouble(const struct stream *s)
{
	unsigned status = gnutls_session_get_verify_cert_status(s->session);

	/* The bits of what else is wrong with it are told first. */
	if ((status & ~(unsigned)GNUTLS_CERT_INVALID) == GNUTLS_CERT_SIGNER_NOT_FOUND &&
		is_alone(s))
		return "issuer unknown: the server sends an incomplete chain (the intermediate certificate is missing), or its authority is not in ca_file";
	return greeting_certificate(status);
}

static int handshake_failed(struct stream *s, int code)
{
	s->met = code == GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR ||
		code == GNUTLS_E_FATAL_ALERT_RECEIVED;
	if (code == GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR)
		stream_failed(s, "certificate of %s: %s", s->options.host, certificate_trouble(s));
	else if (code == GNUTLS_E_FATAL_ALERT_RECEIVED)
		stream_failed(s, "TLS: the server refused: %s",
			gnutls_alert_get_name(gnutls_alert_get(s->session)));
	else if (code == GNUTLS_E_UNEXPECTED_PACKET_LENGTH || code == GNUTLS_E_UNEXPECTED_PACKET ||
		code == GNUTLS_E_UNSUPPORTED_VERSION_PACKET)
		stream_failed(s,
			"TLS: what the server says is no TLS: port %u may begin without it, then right would be tls = starttls, or another port",
			(unsigned)s->options.port);
	else
		stream_failed(s, "TLS: %s", tls_said(code));
	if (code != GNUTLS_E_FATAL_ALERT_RECEIVED)
		gnutls_alert_send_appropriate(
			s->session, code); /* so that the server's log has the reason too */
	return -1;
}

int tls_handshake(struct stream *s)
{
	int64_t until = stream_limit(s, s->options.timeout * 1000);
	int code;

	if (prepare_tls(s))
		return -1;
	while ((code = gnutls_handshake(s->session)) < 0) {
		if (gnutls_error_is_fatal(code))
			return handshake_failed(s, code);
		if (stream_wait(
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
