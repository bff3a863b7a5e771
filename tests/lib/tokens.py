"""A token endpoint (RFC 6749, 7523) over TLS on loopback that checks what it is asked with, and gives tokens that Dovecot can check (JWT, RS256)."""
import base64
import http.server
import json
import os
import ssl
import subprocess
import threading
import time
import urllib.parse

from . import cleanup
from .certificates import authority

CLIENT, SECRET = "app-1234", "s3cret-of-the-app"


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Key:
    """An RSA key with its certificate, by the openssl command: key_file, certificate_file, public (PEM)."""

    def __init__(self):
        self.dir = cleanup.temporary("retour-key-")
        self.key_file, self.certificate_file, self.public_file = (os.path.join(self.dir, name) for name in ("key.pem", "cert.pem", "public.pem"))
        self._openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", self.key_file, "-out", self.certificate_file, "-subj", "/CN=retour", "-days", "30")
        with open(self.public_file, "wb") as f:
            f.write(self._openssl("pkey", "-in", self.key_file, "-pubout"))
        with open(self.public_file) as f:
            self.public = f.read()
        os.chmod(self.key_file, 0o600)

    def _openssl(self, *arguments, input=b""):
        return subprocess.run(["openssl", *arguments], input=input, check=True, capture_output=True).stdout

    def sign(self, header, claims):
        text = "%s.%s" % (encoded(json.dumps(header).encode()), encoded(json.dumps(claims).encode()))
        return "%s.%s" % (text, encoded(self._openssl("dgst", "-sha256", "-sign", self.key_file, input=text.encode())))

    def verified(self, token):
        """(header, claims); raises where the signature is not this key's."""
        header, claims, signature = token.split(".")
        path = os.path.join(self.dir, "signature-%d" % threading.get_ident())
        with open(path, "wb") as f:
            f.write(decoded(signature))
        self._openssl("dgst", "-sha256", "-verify", self.public_file, "-signature", path, input=("%s.%s" % (header, claims)).encode())
        return json.loads(decoded(header)), json.loads(decoded(claims))

    def thumbprint(self):
        der = self._openssl("x509", "-in", self.certificate_file, "-outform", "DER")
        return encoded(self._openssl("dgst", "-sha1", "-binary", input=der))


class _Handler(http.server.BaseHTTPRequestHandler):
    def date_time_string(self, timestamp=None):
        return super().date_time_string(time.time() + self.server.tokens.clock_offset)

    def do_POST(self):
        tokens = self.server.tokens
        form = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        with tokens.lock:
            tokens.asked.append(form)
        time.sleep(tokens.delay)
        with tokens.lock:
            once = tokens.once.pop(0) if tokens.once else None
        status, fields, body = once or tokens.forced or tokens.answer(form)
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for field in {"Content-Type": "application/json", "Content-Length": str(len(body)), **fields}.items():
            self.send_header(*field)
        try:
            self.end_headers()
            for at in range(0, len(body), 1 if tokens.drip else 1 << 20):
                self.wfile.write(body[at:at + (1 if tokens.drip else 1 << 20)])
                time.sleep(tokens.drip)
        except OSError:  # it has heard enough
            pass

    def log_message(self, *_arguments):
        pass


class Tokens:
    """url; asked: the forms; given: the access tokens. user: whose they are; lifetime: seconds; clock_offset: of the server's clock; drip: seconds between two bytes of an answer; forced: an answer
    (status, fields, body) to everything; once: such answers, each to one request, before all others; refresh: the one that is taken; rotate: another one comes with each answer."""

    def __init__(self, user="bounces@example.org", cert="good"):
        self.key, self.client_key = Key(), Key()
        self.user, self.lifetime, self.clock_offset, self.delay = user, 3600, 0, 0
        self.drip = 0
        self.once = []
        self.forced, self.rotate, self.refresh = None, True, "first-refresh-token"
        self.asked, self.given, self.number, self.lock = [], [], 0, threading.Lock()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*authority().cert(cert))
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.server.tokens = self
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        cleanup.defer(self.server.shutdown)
        self.url = "https://localhost:%d/token" % self.server.server_address[1]

    def section(self, **keys):
        """[oauth NAME] for it."""
        return {"token_url": self.url, "client_id": CLIENT, "ca_file": authority().ca_file, "scope": "imap offline", **keys}

    def now(self):
        return int(time.time() + self.clock_offset)

    def token(self):
        claims = {"email": self.user, "sub": self.user, "iat": int(time.time()), "exp": int(time.time()) + self.lifetime, "scope": "mail"}
        token = self.key.sign({"alg": "RS256", "typ": "JWT"}, claims)
        self.given.append(token)
        return {"access_token": token, "token_type": "Bearer", "expires_in": self.lifetime}

    def good(self, token):
        return token in self.given

    def assertion(self, text, audience):
        """The claims of a good one, else None."""
        header, claims = self.client_key.verified(text)
        fresh = claims["iat"] <= self.now() + 60 and claims["nbf"] <= self.now() + 60 and claims["exp"] > self.now()
        return (header, claims) if fresh and claims["aud"] == audience and claims["iss"] == CLIENT and header["alg"] == "RS256" else (header, None)

    def answer(self, form):
        refused = lambda code, words="": (400, {}, {"error": code, "error_description": words})
        if form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer":
            _header, claims = self.assertion(form["assertion"], self.url)
            if not claims:
                return refused("invalid_grant", "Token must be a short-lived token")
            return (200, {}, self.token()) if claims["sub"] == self.user and claims["scope"] == "imap offline" else refused("invalid_grant", "not for " + claims["sub"])
        if "client_assertion" in form:
            header, claims = self.assertion(form["client_assertion"], self.url)
            if not claims or claims["sub"] != CLIENT or header.get("x5t") != self.client_key.thumbprint():
                return refused("invalid_client")
        elif form.get("client_secret") != SECRET or form["client_id"] != CLIENT:
            return refused("invalid_client")
        if form["scope"] != "imap offline":
            return refused("invalid_scope")
        if form["grant_type"] == "client_credentials":
            return 200, {}, self.token()
        with self.lock:
            if form["refresh_token"] != self.refresh:
                return refused("invalid_grant", "Token has been expired or revoked.")
            answer = self.token()
            if self.rotate:
                self.number += 1
                self.refresh = answer["refresh_token"] = "refresh-token-%d" % self.number
        return 200, {}, answer
