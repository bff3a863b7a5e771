"""An SMTP server on loopback that takes mail and keeps it: mails in a folder, envelopes in a list. aiosmtpd does the protocol."""
import base64
import email
import email.policy
import logging
import os
import ssl
import threading
import warnings

from . import cleanup
from .certificates import authority
from .dovecot import PASSWORD, free_port


logging.getLogger("mail").setLevel(logging.CRITICAL)  # aiosmtpd warns of AUTH without TLS, which the tests want
warnings.filterwarnings("ignore", module="aiosmtpd")


class Mail:
    def __init__(self, sender, recipients, data, path, over_tls, user):
        self.sender, self.recipients, self.data, self.path, self.over_tls, self.user = sender, recipients, data, path, over_tls, user

    def parsed(self):
        return email.message_from_bytes(self.data, policy=email.policy.SMTP)


def _controller(sink, **arguments):
    """aiosmtpd is loaded when the first sink is made: it takes a third of a script's start, and most scripts have none."""
    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import SMTP

    class Server(Controller):
        def factory(self):
            server = SMTP(self.handler, hostname="localhost", **sink.options)
            server.command_size_limits["AUTH"] = 12288  # RFC 4954 section 4
            return server

    return Server(sink, **arguments)


def _result(good):
    from aiosmtpd.smtp import AuthResult
    return AuthResult(success=good, handled=False)  # the server answers a refusal


class Sink:
    """host, port, ca_file; mails: list of Mail; logins: user names that logged in or tried.

    tls: starttls | implicit | none. user: AUTH is required, with this name and PASSWORD. refuse: recipients that get a 550.
    token: a function that says whether an OAuth2 token is good. data_reply: answer to the mail itself, in place of 250 (then it is not kept)."""

    host = "127.0.0.1"

    def __init__(self, folder=None, tls="starttls", user=None, password=PASSWORD, cert="good", refuse=(), data_reply=None, token=None):
        self.folder = folder or cleanup.temporary("retour-smtp-")
        self.ca_file = authority().ca_file
        self.tls, self.user, self.secret = tls, user, password
        self.refuse, self.data_reply, self.token = set(refuse), data_reply, token
        self.mails, self.logins = [], []
        self._lock = threading.Lock()
        context = None
        if tls != "none":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*authority().cert(cert))
        self.options = {"data_size_limit": 64 << 20, "enable_SMTPUTF8": True}
        if tls == "starttls":
            self.options.update(tls_context=context, require_starttls=True)
        if user:
            self.options.update(auth_required=True, auth_require_tls=tls != "none", authenticator=self._login)
        if tls == "implicit":  # aiosmtpd does not see that the stream below it is encrypted
            self.options.update(auth_require_tls=False)
        self.port = free_port()
        self._controller = _controller(self, hostname=self.host, port=self.port, ssl_context=context if tls == "implicit" else None)
        self._controller.start()
        cleanup.defer(self.stop)

    def stop(self):
        if self._controller:
            self._controller.stop()
            self._controller = None

    def _login(self, server, session, envelope, mechanism, data):
        name = data.login.decode(errors="replace") if hasattr(data, "login") else ""
        self.logins.append(name)
        good = name == self.user and data.password == self.secret.encode()
        if good:
            session.sink_user = name
        return _result(good)

    async def auth_XOAUTH2(self, server, args):
        """AUTH XOAUTH2 (no RFC; as Google and Microsoft have it): the token is checked by self.token."""
        words = base64.b64decode(args[1]).decode().split("\x01")
        name, token = words[0].removeprefix("user="), words[1].removeprefix("auth=Bearer ")
        self.logins.append(name)
        good = name == self.user and bool(self.token) and self.token(token)
        if good:
            server.session.sink_user = name
        return _result(good)

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refuse:
            return "550 5.1.1 no such user here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.data_reply:
            return self.data_reply
        with self._lock:
            path = os.path.join(self.folder, "%04d.eml" % (len(self.mails) + 1))
            with open(path, "wb") as f:
                f.write(envelope.original_content)
            self.mails.append(Mail(envelope.mail_from, list(envelope.rcpt_tos), envelope.original_content, path,
                                   session.ssl is not None or self.tls == "implicit", getattr(session, "sink_user", None)))
        return "250 2.0.0 kept as %04d" % len(self.mails)

    def report(self, **keys):
        """The keys of [report] that lead here; password_file is the caller's."""
        section = {"smtp": "%s:%d" % (self.host, self.port), "tls": self.tls, "ca_file": self.ca_file}
        if self.user:
            section["user"] = self.user
        section.update(keys)
        return section
