#!/usr/bin/python3
"""Forty mistakes of a first day. Each is told in a line that says what, where and what would be right, with the exit code, soon, and without a secret or an address."""
import os
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib import cleanup
from lib.harness import *

ADDRESS = "some.body.rare@example.net"
SECRET = "hunter2hunter2"
dovecot = Dovecot()
sink = Sink(tls="none")
picky = Sink(tls="none", refuse=["dpo@example.org"])


def a_file(retour, name, data, mode=0o600):
    path = os.path.join(retour.dir, name)
    with open(path, "wb") as f:
        f.write(data.encode() if isinstance(data, str) else data)
    os.chmod(path, mode)
    return path


def box(**keys):
    return lambda retour: retour.config["mailbox bounces"].update(keys)


def secret_of(data, mode=0o600):
    return lambda retour: retour.config["mailbox bounces"].update(password_file=a_file(retour, "pw", data, mode))


def section(name, **keys):
    return lambda retour: retour.config.setdefault(name, {}).update(keys)


def twice(retour):
    retour.config["mailbox again"] = dict(retour.config["mailbox bounces"])


def silent(retour):
    """A server that waits for TLS at a port that does not tell it."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    retour.config["mailbox bounces"].update(port=listener.getsockname()[1], tls="starttls", timeout="3s")
    retour.listener = listener


def report_to(server, tls):
    """The report goes to this port of ours."""
    return section("report", smtp="127.0.0.1:%d" % server, tls=tls, ca_file=dovecot.ca_file, to="dpo@example.org", timeout="12s", **{"from": "retour@example.org"})


def named(name, data):
    return lambda retour: a_file(retour, name, data)


nothing = lambda retour: None
# what is wrong, how it comes about, the command, exit code, what is said
MISTAKES = (
    ("a slip in a command", nothing, ["chek"], 2, ["chek", "did you mean check?"]),
    ("a slip in an option", nothing, ["check", "--jsn"], 2, ["--jsn", "did you mean --json?"]),
    ("a slip in a global option", nothing, ["--confg", "x", "run"], 2, ["--confg", "did you mean --config?"]),
    ("an option without its value", nothing, ["check", "--only"], 2, ["--only wants a value"]),
    ("a slip in a subcommand", nothing, ["contact", "recativate"], 2, ["did you mean reactivate?"]),
    ("a slip in a key's command", nothing, ["key", "rotat"], 2, ["did you mean rotate?"]),
    ("a slip in an audit's", nothing, ["audit", "verfy", "x"], 2, ["verfy", "did you mean verify?"]),
    ("an address as an argument", nothing, ["check", ADDRESS], 2, ["from a file or from stdin"]),
    ("an address as a reason", nothing, ["contact", "reactivate", "--reason", "for " + ADDRESS], 2, ["--reason", "without an address"]),
    ("a month that is none", nothing, ["report", "--month", "2026-13"], 2, ["2026-13", "YYYY-MM"]),
    ("a month the other way round", nothing, ["report", "--month", "10-2026"], 2, ["10-2026", "YYYY-MM"]),
    ("a format that is none", nothing, ["report", "--format", "pdf"], 2, ["pdf", "xml, html or text"]),
    ("a verdict that is none", nothing, ["check", "--only", "supress"], 2, ["send, hold, suppress or invalid"]),
    ("a day that is none", nothing, ["suppressions", "--since", "yesterday"], 2, ["yesterday", "2026-11-02"]),
    ("a file that is not there", nothing, ["check", "nosuch.txt"], 1, ["nosuch.txt", "No such file"]),
    ("a UTF-16 list", named("u16", "anna\n".encode("utf-16")), ["check", "{dir}/u16"], 1, ["UTF-16", "save it as UTF-8"]),
    ("a column that is not there", named("a.csv", "name,address\nx,y\n"), ["check", "--column", "mail", "{dir}/a.csv"], 2, ["no such column", "name,address"]),
    ("a suppression list given to import", named("b.csv", "email,reason\nx,y\n"), ["import", "{dir}/b.csv"], 2, ["retour suppress import"]),
    ("a suppression list of nobody", named("b.csv", "email,reason\nx,y\n"), ["suppress", "import", "--from", "sengrid", "{dir}/b.csv"], 2, ["sengrid", "sendgrid"]),
    ("volumes without columns", named("v.csv", "gmail,3\n"), ["volume", "import", "{dir}/v.csv"], 1, ["line 1", "day,campaign,provider-or-domain,sent"]),
    ("a directory as a log", nothing, ["volume", "log", "/tmp"], 1, ["/tmp: not a regular file"]),
    ("a mailbox that is not configured", nothing, ["poll", "bonces"], 2, ["[mailbox bonces]"]),
    ("a comment without text", nothing, ["comment", "--month", "2026-10"], 2, ["TEXT"]),
    ("an open address for the socket", nothing, ["serve", "--postfix", "0.0.0.0:9999"], (1, 2), ["0.0.0.0", "loopback"]),
    ("a key with a slip", box(hots="h"), ["poll"], 2, ["[mailbox bounces] hots", "did you mean host?"]),
    ("a section with a slip", section("retenton", events="5d"), ["poll"], 2, ["[retenton]", "did you mean retention?"]),
    ("a period without a unit", box(timeout="60"), ["poll"], 2, ["timeout", "60s"]),
    ("a choice that is none", box(tls="ssl"), ["poll"], 2, ["[mailbox bounces] tls", "implicit"]),
    ("a password in the place of its file", box(password_file=SECRET), ["poll"], 2, ["password_file", "absolute path"]),
    ("a password file that others may read", secret_of(SECRET + "\n", 0o644), ["poll"], 1, ["/pw", "chmod 600"]),
    ("a password file that is empty", secret_of(""), ["poll"], 1, ["/pw", "empty"]),
    ("a password file that is not there", box(password_file="/nonexistent/pw"), ["poll"], 1, ["/nonexistent/pw"]),
    ("a wrong password", secret_of(SECRET), ["poll"], 1, ["bounces", "login"]),
    ("a wrong folder", box(folder="Inbx"), ["poll"], 1, ["Inbx"]),
    ("a port where nobody is", box(port=free_port()), ["poll"], 1, ["refused"]),
    ("a host that is not there", box(host="mail.invalid"), ["poll"], 1, ["mail.invalid"]),
    ("TLS against a port without it", box(port=sink.port), ["poll"], 1, ["right would be tls = starttls"]),
    ("a port that waits for TLS", silent, ["poll"], 1, ["tls = implicit"]),
    ("an IMAP port that waits for TLS", box(port=dovecot.imaps, tls="starttls", timeout="12s"), ["poll"], 1, ["wants TLS", "tls = implicit"]),
    ("a POP3 port for IMAP", box(port=dovecot.pop3s), ["poll"], 1, ["speaks POP3", "one that speaks IMAP"]),
    ("an IMAP port for POP3", box(protocol="pop3"), ["poll"], 1, ["speaks IMAP", "one that speaks POP3"]),
    ("SMTP pointed at an IMAPS port", report_to(dovecot.imaps, "starttls"), ["doctor"], 1, ["wants TLS", "tls = implicit"]),
    ("SMTP pointed at an IMAPS port, with TLS", report_to(dovecot.imaps, "implicit"), ["doctor"], 1, ["speaks IMAP", "one that speaks SMTP"]),
    ("SMTP pointed at a POP3 port", report_to(dovecot.pop3, "starttls"), ["doctor"], 1, ["speaks POP3", "one that speaks SMTP"]),
    ("a server that does not take the report's readers", report_to(picky.port, "none"), ["doctor"], 1, ["recipient 1", "550"]),
    ("two sections for one mailbox", twice, ["poll"], 2, ["[mailbox again]", "[mailbox bounces]"]),
    ("a zone that is none", section("report", timezone="Berlin"), ["poll"], 2, ["timezone", "Europe/Berlin"]),
    ("no way for the report", section("report", to="dpo@example.org"), ["poll"], 2, ["[report] smtp", "sendmail"]),
    ("a level that is none", lambda retour: retour.environment.update(RETOUR_LEVEL="loud"), ["poll"], 2, ["RETOUR_LEVEL=loud", "notice"]),
)
true(len(MISTAKES) >= 40, len(MISTAKES))

for what, make, words, code, said in MISTAKES:
    with case("%s: %s" % (what, "; ".join(said))):
        retour = Retour()
        retour.config["mailbox bounces"] = dovecot.mailbox(password_file=retour.secret())
        equal(retour.run("poll").code, 0)
        make(retour)
        command = [word.format(dir=retour.dir) for word in words]
        result = retour.run(*command, input="", timeout=60)
        true(result.code in (code if isinstance(code, tuple) else (code,)), result)
        for part in said:
            contains(result.err + result.out * (words == ["doctor"]), part)
        true(SECRET not in result.err and ADDRESS not in result.err, result.err)
        true(len(result.err) < 1600, "it drowns: " + result.err)
        true(result.seconds < 20, "after %.0f s" % result.seconds)

with case("make without the libraries says which packages to install, and nothing of missing headers"):
    place = cleanup.temporary("retour-bare-")
    os.mkdir(place + "/bin")
    with open(place + "/bin/pkg-config", "w") as f:
        f.write("#!/bin/sh\nexit 1\n")
    os.chmod(place + "/bin/pkg-config", 0o755)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(["make", "-C", ROOT, "-s", "-j2", "BUILD=" + place + "/build"], capture_output=True, text=True, env={**environment, "PATH": place + "/bin:" + os.environ["PATH"]})
    equal(done.returncode, 2, done.stderr)
    true("libsodium-dev" in done.stderr or "libsodium-devel" in done.stderr, done.stderr)
    contains(done.stderr, "Right would be: sudo ")
    true("No such file" not in done.stderr, done.stderr)

with case("a CRLF in the password file is none of it"):
    retour = Retour()
    retour.config["mailbox bounces"] = dovecot.mailbox(password_file=a_file(retour, "pw", PASSWORD + "\r\n"))
    equal(retour.run("poll").code, 0)

if os.geteuid() == 0:
    with case("a store of another user: as whom to run"):
        equal(retour.run("poll").code, 0)
        for place, folders, files in os.walk(retour.data):
            for name in [place] + [os.path.join(place, name) for name in files]:
                os.chown(name, 65534, -1)
        for command in "check", "poll", "purge":
            result = retour.run(command, input="")
            true(result.code in (1, 2), result)
            contains(result.err, "sudo -u nobody retour")
    with case("a store of root's: as whom to run"):
        for place, folders, files in os.walk(retour.data):
            for name in [place] + [os.path.join(place, name) for name in files]:
                os.chown(name, 0, -1)
        os.chmod(os.path.dirname(retour.ini), 0o755)
        os.chmod(retour.ini, 0o644)
        nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        if subprocess.run([*nobody, "sh", "-c", 'test -x "$0" && test -r "$1"', retour.binary, retour.ini]).returncode == 0:
            done = subprocess.run([*nobody, *retour.arguments(["check"])], input="", capture_output=True, text=True)
            true(done.returncode in (1, 2), done)
            contains(done.stderr, "belongs to root: sudo retour")
            retour.config.setdefault("store", {})["path"] = os.path.join(retour.data, "deeper", "retour.db")
            os.chmod(retour.data, 0o700)
            done = subprocess.run([*nobody, *retour.arguments(["check"])], input="", capture_output=True, text=True)
            contains(done.stderr, retour.data + " belongs to root: sudo retour")
    with case("root makes nothing in a directory of another user's"):
        retour = Retour()
        os.makedirs(retour.data, exist_ok=True)
        os.chown(retour.data, 65534, -1)
        for command in ("run",), ("import", "/dev/null"), ("purge",), ("key", "rotate", "verp"):
            result = retour.run(*command)
            equal(result.code, 2, result)
            contains(result.err, "sudo -u nobody retour")
        equal(os.listdir(retour.data), [])

finish()
