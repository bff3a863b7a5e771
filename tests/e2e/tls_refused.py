#!/usr/bin/python3
"""Servers whose certificate or protocol is not good enough are refused, over IMAP, POP3 and SMTP, at once and after STARTTLS, and never hear
a password: the server's own log, which knows every attempt to log in, has none."""
import os
import ssl
import sys
import warnings

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.fakeimap import FakeImap
from lib.harness import *

warnings.filterwarnings("ignore", category=DeprecationWarning)  # of the old TLS versions, which are the point
USER = "bounces@example.org"
REASONS = {"self-signed": "issuer unknown", "wrong-host": "another name", "expired": "expired", "not-yet-valid": "not valid yet",
           "wrong-purpose": "not for a TLS server"}


def attempts(dovecot):
    """What the server's log knows of logins."""
    return [line for line in dovecot.log().splitlines() if "client in: AUTH" in line or "Login:" in line or "auth attempts" in line and "no auth attempts" not in line]


def poll(section):
    retour = Retour()
    section["password_file"] = retour.secret()
    retour.config["mailbox bounces"] = section
    return retour.run("poll")


# The same with a good certificate: without it the silence of the others would prove nothing.
dovecot = Dovecot()
dovecot.deliver(USER, [b"Subject: hello\r\n\r\nhello\r\n"])
for protocol in ("imap", "pop3"):
    for tls in ("implicit", "starttls"):
        with case("%s, %s: a good certificate is taken, and the log knows of the login" % (protocol, tls)):
            before = len(attempts(dovecot))
            result = poll(dovecot.mailbox(USER, protocol, tls, processed="keep", unrecognised="keep", timeout="5s"))
            equal(result.code, 0, result)
            true(len(attempts(dovecot)) > before, dovecot.log())
dovecot.stop()

for kind, reason in REASONS.items():
    dovecot = Dovecot(cert=kind)
    for protocol in ("imap", "pop3"):
        for tls in ("implicit", "starttls"):
            with case("%s, %s, certificate %s" % (protocol, tls, kind)):
                result = poll(dovecot.mailbox(USER, protocol, tls, timeout="5s"))
                equal(result.code, 1, result)
                contains(result.err, reason)
                equal(attempts(dovecot), [])
    check(PASSWORD not in dovecot.log(), "the log of the server with certificate %s has no password" % kind)
    dovecot.stop()

for tls in ("implicit", "starttls"):
    for kind, reason in REASONS.items():
        with case("smtp, %s, certificate %s" % (tls, kind)):
            sink, retour = Sink(tls=tls, cert=kind, user="retour@example.org"), Retour()
            retour.config["report"].update(sink.report(to="dpo@example.org", password_file=retour.secret(), timeout="5s", **{"from": "retour@example.org"}))
            result = retour.run("doctor")
            contains(result.out + result.err, reason)
            true(result.code != 0, result)
            equal((sink.logins, sink.mails), ([], []))
            sink.stop()

for version, accepted in ((ssl.TLSVersion.TLSv1, False), (ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True), (ssl.TLSVersion.TLSv1_3, True)):
    for tls in ("implicit", "starttls"):
        with case("a server that speaks %s only, %s: %s" % (version.name, tls, "taken" if accepted else "refused")):
            fake = FakeImap([], tls=tls)
            fake.context.set_ciphers("ALL:@SECLEVEL=0")
            fake.context.minimum_version = fake.context.maximum_version = version
            result = poll(fake.mailbox(None))
            equal(result.code, 0 if accepted else 1, result)
            equal(any("AUTHENTICATE" in line for line in fake.said), accepted, fake.said)

with case("tls=none is refused where the server is not on this machine, before anything is sent"):
    result = poll({"protocol": "imap", "host": "192.0.2.1", "port": 143, "tls": "none", "user": USER, "timeout": "2s"})
    true(result.code in (1, 2), result)
    contains(result.err, "loopback")
    true(result.seconds < 2, result.seconds)

with case("the system's authorities do not vouch for ours"):
    dovecot = Dovecot()
    result = poll(dovecot.mailbox(USER, "imap", ca_file=None))
    equal(result.code, 1, result)
    contains(result.err, "certificate")
    equal(attempts(dovecot), [])

finish()
