#!/usr/bin/python3
"""Logging in by OAuth: a token endpoint of our own that checks what it is asked with, and a real Dovecot that checks the tokens itself. Every grant; a refresh token that
rotates; and each trouble in words of its own: expired, revoked, a clock that is wrong, too many requests, a server that is none."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.dovecot import version
from lib.harness import *
from lib.tokens import CLIENT, SECRET, Tokens

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
    tokens.forced, tokens.clock_offset, tokens.lifetime, tokens.delay, tokens.rotate = None, 0, 3600, 0, True
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
with case("too many requests: it passes, and is no refused login"):
    retour = secret(fresh())
    tokens.forced = (429, {"Retry-After": "120"}, {"error": "temporarily_unavailable"})
    fails(retour, "the token server wants fewer requests (429, in 120)", "the next run asks again", alert=False)
for code, words, alert in (("invalid_client", "secret or certificate is wrong or has expired", True), ("unauthorized_client", "let the administrator allow", True),
                           ("invalid_scope", "scope", True), ("consent_required", "steps of consent", True), ("temporarily_unavailable", "overloaded", False)):
    with case("the answer " + code):
        retour = secret(fresh())
        tokens.forced = (400, {}, {"error": code, "error_description": "AADSTS7000: no %s here for bounces@example.org\r\nforged: line" % code})
        result = fails(retour, "oauth test: %s: " % code, words, "AADSTS7000", alert=alert)
        true(not any(line.startswith("forged") for line in result.err.splitlines()), result.err)
for what, forced, words in (("no JSON", (200, {}, b"<html>"), "not with a token"), ("too long", (200, {}, b" " * 100000), "longer than"),
                            ("an array", (200, {}, b"[1]"), "not with a token"), ("too deep", (200, {}, b'{"a":' * 5000), "not with a token"),
                            ("a redirection", (302, {"Location": "https://localhost:1/"}, b""), "answers 302"), ("a fault", (500, {}, b""), "answers 500"),
                            ("a token with a line break", (200, {}, {"access_token": "a\r\nb LOGOUT"}), "no bearer token"),
                            ("another kind of token", (200, {}, {"access_token": "abc", "token_type": "mac"}), "no bearer token"),
                            ("no token", (200, {}, {"token_type": "Bearer"}), "not with a token")):
    with case("a token server that answers with %s" % what):
        retour = secret(fresh())
        tokens.forced = forced
        fails(retour, words, alert=False)
with case("a token server that does not answer"):
    retour = secret(fresh())
    retour.config["mailbox bounces"]["timeout"] = "2s"
    tokens.delay = 5
    result = fails(retour, "reaching the token server", alert=False)
    true(result.seconds < 30, result)
for kind in ("self-signed", "wrong-host", "expired"):
    with case("a token server whose certificate is %s sees no secret" % kind):
        other = Tokens(cert=kind)
        retour = secret(fresh())
        retour.config["oauth test"]["token_url"] = other.url
        fails(retour, "reaching the token server", alert=False)
        equal(other.asked, [])

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
