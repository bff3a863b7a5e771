#!/usr/bin/python3
"""Logging in by OAuth: a token endpoint of our own that checks what it is asked with, and a real Dovecot that checks the tokens itself. Every grant; a refresh token that
rotates; and each trouble in words of its own: expired, revoked, a clock that is wrong, too many requests, a server that is none."""
import os
import shutil
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib import cleanup
from lib.dovecot import version
from lib.harness import *
from lib.tokens import CLIENT, SECRET, Tokens

Retour.watched = True

if version() >= (2, 4):
    ok("OAuth # SKIP Dovecot 2.4 is told of token keys in another way")
    finish()
USER = "bounces@example.org"
MAIL = b"From: x@example.net\r\nMessage-ID: <%d@example.net>\r\nSubject: hello\r\n\r\nhello\r\n"
tokens = Tokens(USER)
dovecot = Dovecot(token_key=tokens.key.public)
count = 0


def fresh(**keys):
    """A program whose one mailbox has its tokens by [oauth test] with these KEYS."""
    retour = Retour(now=None)
    retour.config["mailbox bounces"] = dovecot.mailbox(USER, oauth="test", processed="delete", unrecognised="delete", timeout="10s")
    retour.config["oauth test"] = tokens.section(**keys)
    tokens.asked.clear()
    tokens.forced, tokens.clock_offset, tokens.lifetime, tokens.delay, tokens.rotate, tokens.drip = None, 0, 3600, 0, True, 0
    return retour


def secret(retour, **keys):
    retour.config["oauth test"].update(client_secret_file=retour.secret(SECRET, "client"), **keys)
    return retour


def empties(retour):
    """A mail that lies there is read and gone, and no token or secret is on the disk, in the log or on a command line."""
    global count
    count += 1
    dovecot.deliver(USER, [MAIL % count])
    result = retour.run("poll")
    equal(result.code, 0, result)
    equal(dovecot.count(USER), 0)
    held = result.err + result.out + str(retour.command_lines)
    for place, _folders, files in os.walk(retour.data):
        for name in files:
            with open(os.path.join(place, name), "rb") as f:
                held += f.read().decode("latin-1")
    for word in (SECRET, tokens.given[-1], tokens.given[-1].rpartition(".")[2]):
        true(word not in held, "a secret is left behind")
    return result


def fails(retour, *words, alert, code=1):
    """A run that does not get in says so; the alert of a refused login is opened or not."""
    dovecot.clear(USER)
    dovecot.deliver(USER, [MAIL % 999])
    result = retour.run("run", timeout=60)
    equal(result.code, code, result)
    for word in words:
        contains(result.err, word)
    true("@" not in result.err and SECRET not in result.err, result.err)
    equal("login-refused" in retour.run("alerts").out, alert, retour.run("alerts").out)
    equal(dovecot.count(USER), 1, "mail went although nobody logged in")
    dovecot.clear(USER)
    return result


# --- the grants ------------------------------------------------------------------------------------------------------------

with case("client_credentials with a secret"):
    empties(secret(fresh()))
    equal(tokens.asked[0]["grant_type"], "client_credentials")
with case("client_credentials with a certificate: a signed assertion, its thumbprint, its audience"):
    empties(fresh(certificate_file=tokens.client_key.certificate_file, key_file=tokens.client_key.key_file))
    true("client_secret" not in tokens.asked[0], tokens.asked[0])
with case("jwt_bearer: a service account for the user who logs in"):
    empties(fresh(grant="jwt_bearer", key_file=tokens.client_key.key_file))
with case("jwt_bearer: for whom subject says"):
    retour = fresh(grant="jwt_bearer", key_file=tokens.client_key.key_file, subject="somebody@example.org")
    fails(retour, "oauth test: invalid_grant", "delegation", alert=True)
with case("over POP3, too"):
    retour = secret(fresh())
    retour.config["mailbox bounces"] = dovecot.mailbox(USER, protocol="pop3", oauth="test", processed="delete", unrecognised="delete")
    empties(retour)
with case("the report by SMTP, with the same section"):
    retour, sink = secret(fresh()), Sink(user="retour@example.org", token=tokens.good)
    retour.config["report"].update(sink.report(oauth="test", to="dpo@example.org", **{"from": "retour@example.org"}))
    empties(retour)
    equal(retour.run("report", "--send").code, 0)
    equal([mail.user for mail in sink.mails], ["retour@example.org"])


def refreshing(retour):
    path = os.path.join(retour.dir, "oauth", "refresh")
    os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
    with open(path, "w") as f:
        f.write(tokens.refresh + "\n")
    os.chmod(path, 0o600)
    return path


with case("refresh_token: each new one takes the place of the old one, mode 0600, and nothing else lies there"):
    retour = secret(fresh(grant="refresh_token"))
    path = retour.config["oauth test"]["refresh_token_file"] = refreshing(retour)
    for _round in range(3):
        empties(retour)
        equal(open(path).read().strip(), tokens.refresh)
        equal(os.stat(path).st_mode & 0o777, 0o600)
    equal(len({form["refresh_token"] for form in tokens.asked}), 3)
    equal(sorted(os.listdir(os.path.dirname(path))), ["refresh", "refresh.lock"])
with case("refresh_token: four mailboxes of one account at once do not use it up for each other"):
    retour.config["mailbox bounces"]["folder"] = "INBOX"
    for number in range(3):
        dovecot.deliver(USER, [MAIL % (100 + number)], folder="F%d" % number)
        retour.config["mailbox f%d" % number] = dict(retour.config["mailbox bounces"], folder="F%d" % number)
    tokens.delay = 0.2
    result = retour.run("poll")
    equal(result.code, 0, result)
    equal(open(path).read().strip(), tokens.refresh)
with case("refresh_token: where the next one could not be written, none is used up"):
    retour = secret(fresh(grant="refresh_token"))
    path = retour.config["oauth test"]["refresh_token_file"] = refreshing(retour)
    os.chmod(os.path.dirname(path), 0o500)
    if os.geteuid() != 0:
        fails(retour, "must be the program's to write", alert=True)
        equal(tokens.asked, [])
    os.chmod(os.path.dirname(path), 0o700)
    os.rename(os.path.dirname(path), os.path.dirname(path) + ".away")
    fails(retour, path, "must be the program's to write", alert=True)
    equal(tokens.asked, [])

if os.geteuid() == 0 and subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode == 0:
    with case("refresh_token: on a full disk none is used up, and with room again it works"):
        retour = secret(fresh(grant="refresh_token"))
        place = os.path.join(retour.dir, "small")
        os.mkdir(place)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=700", "none", place], check=True)
        cleanup.defer(subprocess.run, ["umount", "-l", place])
        path = retour.config["oauth test"]["refresh_token_file"] = os.path.join(place, "refresh")
        shutil.copy(refreshing(retour), path)
        with open(place + "/filler", "wb") as filler:
            os.posix_fallocate(filler.fileno(), 0, os.statvfs(place).f_bavail * 4096)
        fails(retour, path, "No space left", "none is asked for", alert=True)
        equal((tokens.asked, open(path).read().strip()), ([], tokens.refresh))
        os.remove(place + "/filler")
        empties(retour)
        equal(open(path).read().strip(), tokens.refresh)
        equal(sorted(os.listdir(place)), ["refresh", "refresh.lock"])

# --- troubles ---------------------------------------------------------------------------------------------------------------

with case("revoked consent: said, with what to do, and alerted as a refused login"):
    retour = secret(fresh(grant="refresh_token"))
    path = retour.config["oauth test"]["refresh_token_file"] = refreshing(retour)
    tokens.refresh = "somebody-else-took-it"
    fails(retour, "oauth test: invalid_grant: the consent was revoked", "steps of consent again", alert=True)
with case("a token that the mail server does not take: it is the mailbox that does not let us in"):
    retour = secret(fresh())
    tokens.lifetime = -4000
    fails(retour, "the token server gave a token", "retour-oauth(7)", alert=True)
with case("a clock that is an hour ahead of the token server's"):
    retour = fresh(grant="jwt_bearer", key_file=tokens.client_key.key_file)
    tokens.clock_offset = -3600
    fails(retour, "invalid_grant", "the clock here is 60 min ahead of the token server's", alert=True)
with case("and one that is behind"):
    retour = fresh(certificate_file=tokens.client_key.certificate_file, key_file=tokens.client_key.key_file)
    tokens.clock_offset = 7200
    fails(retour, "invalid_client", "the clock here is 120 min behind the token server's", alert=True)
for days, words in ((-3, "the clock of a token server is 3 days behind it"), (3, "the clock of a token server is 3 days ahead of that")):
    with case("a token server's clock that is %d days off: nothing is done that time decides, also by hand, until it is set or confirmed" % days):
        retour = secret(fresh())
        empties(retour)
        tokens.clock_offset = days * 86400
        dovecot.deliver(USER, [MAIL % 998])
        contains(retour.run("run").err, words)
        equal((retour.run("purge").code, retour.run("clock").code, len([a for a in retour.run("alerts", "--json").lines() if a["condition"] == "clock-doubt"])), (3, 3, 1))
        tokens.clock_offset = 0
        equal((retour.run("run").code, retour.run("clock").code, retour.run("purge").code), (0, 0, 0))
        tokens.clock_offset = days * 86400
        equal(retour.run("run").code, 3)
        equal(retour.run("clock", "confirm", "--reason", "their clock is wrong").code, 0)
        equal((retour.run("run").code, retour.run("purge").code), (0, 0))
        equal(dovecot.count(USER), 0)
with case("too many requests: it passes, and is no refused login"):
    retour = secret(fresh())
    tokens.forced = (429, {"Retry-After": "120"}, {"error": "temporarily_unavailable"})
    fails(retour, "the token server wants fewer requests (429, in 120 s)", "a later run asks again", alert=False)
with case("it is left alone for as long as it says, and asked then; by another section it may be asked"):
    base = int(time.time())
    moment = lambda seconds: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(base + seconds))
    retour = secret(fresh())
    retour.now = moment(0)
    tokens.forced = (429, {"Retry-After": "1200"}, {"error": "temporarily_unavailable"})
    fails(retour, "(429, in 1", alert=False)
    tokens.forced = None
    asked = len(tokens.asked)
    retour.now = moment(600)
    fails(retour, "oauth test: the token server wants no request before " + moment(1200)[:15], alert=False)
    equal(len(tokens.asked), asked)
    retour.config["oauth other"] = dict(retour.config["oauth test"])
    retour.config["mailbox bounces"]["oauth"] = "other"
    empties(retour)
    true("not retour's" not in retour.run("audit").out, "audit does not know what was noted")
    retour.config["mailbox bounces"]["oauth"] = "test"
    retour.now = moment(1300)
    empties(retour)
with case("a few seconds are waited for, once"):
    retour = secret(fresh())
    tokens.once = [(429, {"Retry-After": "1"}, b"")]
    empties(retour)
    equal(len(tokens.asked), 2)
    retour = secret(fresh())
    tokens.once = [(429, {"Retry-After": "1"}, b"")] * 2
    fails(retour, "wants fewer requests", alert=False)
    equal((len(tokens.asked), tokens.once), (2, []))
with case("what it says of when is read, not repeated: a date, nonsense, too much"):
    for field, words in ((time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 300)), "(429, in "), ("\x1b[31m" + SECRET, "(429)"), ("99999999999999999999", "(429)"),
                         ("-5", "(429)")):
        retour = secret(fresh())
        tokens.forced = (429, {"Retry-After": field}, b"")
        true("\x1b" not in fails(retour, "the token server wants fewer requests " + words, alert=False).err, field)
with case("a server that quotes our secret has its words left out"):
    for quoted in (SECRET, SECRET.replace("-", "%2D")):
        retour = secret(fresh())
        retour.config["oauth test"]["client_secret_file"] = retour.secret(quoted, "quoted")
        tokens.forced = (401, {}, {"error": "invalid_client", "error_description": "the secret %s is wrong" % quoted})
        result = fails(retour, "oauth test: invalid_client", alert=True)
        true("is wrong)" not in result.err and quoted not in result.err, result.err)
for code, words, alert in (("invalid_client", "secret or certificate is wrong or has expired", True), ("unauthorized_client", "let the administrator allow", True),
                           ("invalid_scope", "scope", True), ("consent_required", "steps of consent", True), ("temporarily_unavailable", "overloaded", False)):
    with case("the answer " + code):
        retour = secret(fresh())
        tokens.forced = (400, {}, {"error": code, "error_description": "AADSTS7000: no %s here for bounces@example.org\r\nforged: line" % code})
        result = fails(retour, "oauth test: %s: " % code, words, "AADSTS7000", alert=alert)
        true(not any(line.startswith("forged") for line in result.err.splitlines()), result.err)
for what, forced, words in (("no JSON", (200, {}, b"<html>"), "not with a token"), ("too long", (200, {}, b" " * 100000), "longer than"),
                            ("an array", (200, {}, b"[1]"), "not with a token"), ("too deep", (200, {}, b'{"a":' * 5000), "not with a token"),
                            ("a redirection", (302, {"Location": "https://localhost:1/"}, b""), "token server's own address in token_url"),
                            ("another page", (404, {}, b"<html>"), "there is no token server at this address"), ("a fault", (500, {}, b""), "answers 500"),
                            ("a token with a line break", (200, {}, {"access_token": "a\r\nb LOGOUT"}), "no bearer token"),
                            ("another kind of token", (200, {}, {"access_token": "abc", "token_type": "mac"}), "no bearer token"),
                            ("no token", (200, {}, {"token_type": "Bearer"}), "not with a token")):
    with case("a token server that answers with %s" % what):
        retour = secret(fresh())
        tokens.forced = forced
        fails(retour, words, alert=400 <= forced[0] < 500)  # which a person has to mend
with case("what it says of a token's life in whatever form is no reason to fail: a text, nothing, below zero, beyond all numbers"):
    for life in "3600", None, -5, 1e300, [1], True:
        retour = secret(fresh())
        tokens.forced = (200, {}, {**tokens.token(), "expires_in": life})
        empties(retour)
with case("a token server that does not answer"):
    retour = secret(fresh())
    retour.config["mailbox bounces"]["timeout"] = "2s"
    tokens.delay = 5
    result = fails(retour, "reaching the token server", alert=False)
    true(result.seconds < 30, result)
with case("one that answers a byte at a time does not hold the run longer than timeout"):
    retour = secret(fresh())
    retour.config["mailbox bounces"]["timeout"] = "2s"
    tokens.drip = 0.2
    true(fails(retour, "reaching the token server", alert=False).seconds < 20, "too long")
    tokens.drip = 0
with case("endless fields"):
    retour = secret(fresh())
    tokens.forced = (200, {"X-%d" % n: "a" * 60000 for n in range(20)}, b"{}")
    fails(retour, "reaching the token server", alert=False)
with case("a redirection to another host: the secret does not go there"):
    elsewhere = Tokens(USER)
    for status in 301, 302, 307, 308:
        retour = secret(fresh())
        tokens.forced = (status, {"Location": elsewhere.url}, b"")
        fails(retour, "answers %d" % status, alert=False)
    equal(elsewhere.asked, [])
for kind in ("self-signed", "wrong-host", "expired"):
    with case("a token server whose certificate is %s sees no secret" % kind):
        other = Tokens(cert=kind)
        retour = secret(fresh())
        retour.config["oauth test"]["token_url"] = other.url
        fails(retour, "reaching the token server", alert=False)
        equal(other.asked, [])

# --- a token that runs out, and a kill ------------------------------------------------------------------------------------------


class Cut(threading.Thread):
    """A way to Dovecot that is slow and, SECONDS after a session began, broken, as a server does it whose token has run out; COUNT sessions."""

    def __init__(self, seconds, count):
        super().__init__(daemon=True)
        self.seconds, self.count, self.sessions = seconds, count, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.start()

    def run(self):
        while True:
            client, server = self.listener.accept()[0], socket.create_connection(("127.0.0.1", dovecot.imaps))
            self.sessions += 1
            until = time.monotonic() + self.seconds if self.sessions <= self.count else None
            for a, b, rate in (client, server, None), (server, client, 150000):
                threading.Thread(target=self.carry, args=(a, b, rate, until), daemon=True).start()

    def carry(self, a, b, rate, until):
        a.settimeout(0.1)
        while not until or time.monotonic() < until:
            try:
                data = a.recv(16384)
                if not data:
                    break
                b.sendall(data)
                time.sleep(len(data) / rate if rate else 0)
            except TimeoutError:
                pass
            except OSError:
                break
        for s in a, b:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def long_visit(lifetime):
    retour = secret(fresh())
    cut = Cut(3, 1)
    retour.config["mailbox bounces"]["port"] = cut.port
    dovecot.deliver(USER, [MAIL % (1000 + n) + b"x" * 1000 for n in range(600)])
    tokens.lifetime = lifetime
    result = retour.run("run", timeout=100)
    return cut, result


with case("a session that ends with its token is taken up with a new one, in the same run"):
    cut, result = long_visit(2)
    equal(result.code, 0, result)
    equal((dovecot.count(USER), cut.sessions, len(tokens.asked)), (0, 3, 2), result)
    contains(result.err, "its token had run out: once more, with a new one")
with case("one that ends before its token does is taken up with the same"):
    cut, result = long_visit(3600)
    equal((result.code, dovecot.count(USER), cut.sessions, len(tokens.asked)), (0, 0, 2, 1), result)
if shutil.which("strace") and os.geteuid() == 0:
    with case("killed between the answer and its place: the new refresh token is found and used"):
        retour = secret(fresh(grant="refresh_token"))
        path = retour.config["oauth test"]["refresh_token_file"] = refreshing(retour)
        tokens.refresh = open(path).read().strip()
        empties(retour)
        old, calls = open(path).read(), "rename,renameat,renameat2"
        subprocess.run(["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + calls, "-e", "inject=%s:signal=SIGKILL:when=1" % calls, *retour.arguments(["poll"])],
                       capture_output=True, timeout=60)
        equal((open(path).read(), len(tokens.asked)), (old, 2))
        true(tokens.refresh != old.strip(), "the server gave no other")
        empties(retour)
        equal(open(path).read().strip(), tokens.refresh)
        equal(sorted(os.listdir(os.path.dirname(path))), ["refresh", "refresh.lock"])
    with case("half of one is not"):
        draft = os.path.join(os.path.dirname(path), ".refresh.retour-draft")
        with open(draft, "w") as f:
            f.write("half-of-a-tok")
        os.chmod(draft, 0o600)
        empties(retour)
    with case("nor one that lay there before somebody wrote another"):
        with open(draft, "w") as f:
            f.write("an-old-one\n")
        os.chmod(draft, 0o600)
        os.utime(draft, (1, 1))
        empties(retour)
with case("refused: a refresh token that lies with the store, its keys or the INI file"):
    retour = secret(fresh(grant="refresh_token"))
    for place in retour.data, retour.dir, retour.data + "/keys":
        retour.config["oauth test"]["refresh_token_file"] = place + "/token"
        result = retour.run("poll")
        equal(result.code, 2, result)
        contains(result.err, "a directory of its own")

# --- the configuration, and doctor ----------------------------------------------------------------------------------------------

for what, keys, words in (("http", {"token_url": "http://localhost/"}, "https://"), ("no secret", {}, "client_secret_file"), ("no key", {"grant": "jwt_bearer"}, "key_file"),
                          ("no refresh token", {"grant": "refresh_token"}, "refresh_token_file"), ("a grant that is none", {"grant": "password"}, "client_credentials")):
    with case("refused in the INI file: " + what):
        result = fresh(**keys).run("poll")
        equal(result.code, 2, result)
        contains(result.err, "[oauth test]")
        contains(result.err, words)
with case("refused in the INI file: a section that is not there, a password beside it, another auth"):
    for keys, words in (({"oauth": "nobody"}, "there is no section [oauth nobody]"), ({"password_command": "true"}, "more than one secret"), ({"auth": "login"}, "xoauth2")):
        retour = secret(fresh())
        retour.config["mailbox bounces"].update(keys)
        result = retour.run("poll")
        equal(result.code, 2, result)
        contains(result.err, words)
with case("doctor goes through it: the token, then the mailbox"):
    retour = secret(fresh())
    equal(retour.run("run").code, 0)
    result = retour.run("doctor")
    contains(result.out, "a token by oauth test, good for 3600 s; INBOX")
    right = retour.config["mailbox bounces"]["port"]
    retour.config["mailbox bounces"]["port"] = free_port()
    contains(retour.run("doctor").out, "a token by oauth test, good for 3600 s; 127.0.0.1:")
    retour.config["mailbox bounces"]["port"] = right
    retour.config["oauth test"]["client_secret_file"] = "/nonexistent/secret"
    contains(retour.run("doctor").out, "oauth test: preparing the request: /nonexistent/secret: No such file")
    retour.config["oauth test"]["client_secret_file"] = retour.secret("wrong", "other")
    contains(retour.run("doctor").out, "oauth test: invalid_client")
    retour.config["oauth test"]["client_secret_file"] = retour.secret(SECRET, "client")
    retour.config["oauth test"]["token_url"] = "https://localhost:%d/" % free_port()
    contains(retour.run("doctor").out, "oauth test: reaching the token server: ")
with case("a key that is none"):
    path = retour.secret("no key", "no.pem")
    fails(fresh(grant="jwt_bearer", key_file=path), path, "RSA key", alert=True)
finish()
