#!/usr/bin/python3
"""Trouble of a server is told as the server's, with what to do about it: a login that it cannot answer now, a chain without its intermediate certificate, a
renegotiation in the middle of a session."""
import os
import re
import socket
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib import cleanup
from lib.bounce import bounce
from lib.certificates import authority
from lib.fakeimap import FakeImap
from lib.fakepop3 import FakePop3
from lib.fakesmtp import FakeSmtp
from lib.harness import *

MAIL = bounce("someone", "5.1.1", "550 5.1.1 User unknown").encode()


def program(fake, **keys):
    retour = Retour()
    retour.config["mailbox bounces"] = fake.mailbox(retour.secret(), **keys)
    return retour


def conditions(retour):
    return [a["condition"] for a in retour.run("alerts", "--json").lines()]


PASSES = ["[UNAVAILABLE] try again", "[LIMIT] too many connections", "[INUSE] locked", "[SERVERBUG] oops", "[unavailable]", "[LIMIT user 10] too many"]
PASSWORDS = ["[AUTHENTICATIONFAILED] no", "no such thing", "[EXPIRED] your password", "the mailbox is [UNAVAILABLE]", "[UNAVAILABLENOT] x", "[PRIVACYREQUIRED] no"]
for offers in "AUTH=PLAIN", "":
    for answers, passes in (PASSES, True), (PASSWORDS, False):
        for answer in answers:
            with case("IMAP, login by %s answered NO %s: %s" % (offers or "LOGIN", answer, "the server's trouble" if passes else "user and password are looked at")):
                fake = FakeImap([MAIL], capabilities="IMAP4rev1 UIDPLUS MOVE NAMESPACE " + offers)

                def refuses(c, tag, rest):
                    if offers:
                        c.send("+ \r\n")
                        c.readline()
                    c.send("%s NO %s\r\n" % (tag, answer))
                fake.on("AUTHENTICATE", refuses)
                fake.on("LOGIN", refuses)
                retour = program(fake)
                result = retour.run("run")
                equal((result.code, "login-refused" in conditions(retour)), (1, not passes), result)

for answer, passes in ("[IN-USE] locked", True), ("[SYS/TEMP] later", True), ("[LOGIN-DELAY] slowly", True), ("[AUTH] no", False), ("no", False):
    with case("POP3, -ERR %s" % answer):
        fake = FakePop3([MAIL])
        fake._pop_auth = fake._pop_pass = lambda c, rest: (rest.startswith("PLAIN") and " " not in rest and c.send("+ \r\n") or c.readline() if rest == "PLAIN" else None,
                                                           c.send("-ERR %s\r\n" % answer))
        retour = program(fake)
        result = retour.run("run")
        equal((result.code, "login-refused" in conditions(retour)), (1, not passes), result)

for protocol, make in ("IMAP", FakeImap), ("POP3", FakePop3):
    with case(protocol + ": a chain without its intermediate certificate is told as that, the whole one is taken"):
        result = program(make([MAIL], cert="by-intermediate")).run("poll")
        equal(result.code, 1, result)
        contains(result.err, "incomplete chain")
        contains(result.err, "intermediate")
        equal(program(make([MAIL], cert="whole-chain")).run("poll").code, 0)
    with case(protocol + ": a certificate that signed itself is not taken for an incomplete chain"):
        result = program(make([MAIL], cert="self-signed")).run("poll")
        equal(result.code, 1, result)
        contains(result.err, "self-signed")
        true("incomplete" not in result.err, result)


class Renegotiating:
    """A POP3 server behind openssl s_server, which asks for a new handshake (TLS 1.2) before it answers AT."""

    def __init__(self, at):
        with socket.create_server(("127.0.0.1", 0)) as s:
            self.port = s.getsockname()[1]
        certificate, key = authority().cert("good")
        self.at, self.done, self.said = at, False, []
        self.server = subprocess.Popen(["openssl", "s_server", "-accept", "127.0.0.1:%d" % self.port, "-cert", certificate, "-key", key, "-tls1_2", "-naccept", "1"],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0)
        cleanup.defer(self.stop)
        while b"ACCEPT" not in self.server.stdout.readline():
            pass
        threading.Thread(target=self._serve, daemon=True).start()

    def stop(self):
        self.server.kill()
        self.server.wait()

    def mailbox(self, password_file):
        return {"protocol": "pop3", "host": "127.0.0.1", "port": self.port, "tls": "implicit", "ca_file": authority().ca_file, "user": "bounces@example.org",
                "password_file": password_file, "timeout": "5s", "deadline": "20s"}

    def _send(self, text):
        self.server.stdin.write(text if isinstance(text, bytes) else text.encode())

    def _serve(self):
        answers = {b"CAPA": "+OK\r\nUSER\r\nUIDL\r\n.\r\n", b"STAT": "+OK 1 %d\r\n" % len(MAIL), b"LIST": "+OK\r\n1 %d\r\n.\r\n" % len(MAIL), b"UIDL": "+OK\r\n1 u1\r\n.\r\n",
                   b"RETR": b"+OK\r\n" + MAIL + b"\r\n.\r\n"}
        try:
            for line in self.server.stdout:
                if b"Secure Renegotiation" in line and not self.said:
                    self._send("+OK ready\r\n")
                word = re.match(rb"(?:.*\n)?(CAPA|USER|PASS|STAT|LIST|UIDL|RETR|DELE|QUIT|NOOP)\b", line)
                if not word:
                    continue
                self.said.append(word.group(1))
                if word.group(1) == self.at and not self.done:
                    self.done = True
                    self._send("R\n")
                    cleanup_wait.wait(0.3)
                self._send(answers.get(word.group(1), "+OK\r\n"))
                if word.group(1) == b"QUIT":
                    cleanup_wait.wait(0.3)
                    return self.stop()
        except (OSError, ValueError):
            pass


cleanup_wait = threading.Event()
for at in b"USER", b"RETR", b"QUIT":
    with case("a server that wants to negotiate TLS 1.2 anew before it answers %s: refused in words, and what was not deleted comes again" % at.decode()):
        server = Renegotiating(at)
        retour = Retour()
        retour.config["mailbox bounces"] = server.mailbox(retour.secret())
        result = retour.run("poll")
        equal((result.code, server.done, retour.sql("SELECT count(*) FROM event")[0][0]), (1, True, int(at == b"QUIT")), "%r %r" % (result, server.said))
        contains(result.err, "negotiate anew")


class Mute(FakeSmtp):
    """Takes the whole mail, or not, and says no word about it."""
    mute, silent, half = True, False, False

    def _smtp_data(self, c, line):
        if not self.mute:
            return super()._smtp_data(c, line)
        send, said = c.send, []
        c.send = lambda text: said.append(text) or (send(text) if len(said) == 1 else None)
        if self.half:
            c.send("354 go on\r\n")
            c.readline()
            return c.reset()
        super()._smtp_data(c, line)
        if self.silent:
            waiting.wait(3)
        return c.close()


waiting = threading.Event()
for name, keys in ("closes", {}), ("is silent", {"silent": True}):
    with case("a server takes the report and %s: it gets it again after a day, three times at most, and the ledger says so" % name):
        server = Mute()
        for key, value in keys.items():
            setattr(server, key, value)
        retour = Retour(now="2026-12-02T06:00:00Z")
        retour.run("import", ROOT + "/tests/golden/arf-abuse.eml")
        retour.config["report"].update(server.report(retour.secret()))
        seen = []
        for now in ("02T06:00", "02T06:10", "03T01:00", "03T06:10", "03T06:20", "04T06:10", "04T06:20", "09T06:00"):
            retour.now = "2026-12-%s:00Z" % now
            result = retour.run("run")
            seen.append((len(server.mails), result.code))
            if len(seen) == 1:
                contains(result.err, "may have arrived")
        equal(seen, [(1, 1), (1, 0), (1, 0), (2, 1), (2, 0), (3, 1), (3, 0), (3, 0)], result)
        equal(retour.sql("SELECT detail FROM ledger WHERE kind LIKE 'report-%' ORDER BY number"),
              [("month=2026-11",)] + [("month=2026-11 recipients=1 tries=%d" % n,) for n in (1, 2, 3)])
        contains(retour.run("status").out, "handed over 3 times")
        server.mute = False
        equal(retour.run("report", "--month", "2026-11", "--send").code, 0)
        equal((retour.run("run").code, len(server.mails)), (0, 4))
        contains(retour.run("status").out, "sent")

with case("a server that cuts the connection in the middle of the report, which may have been all: it gets it on the next day"):
    server = Mute()
    server.half = True
    retour = Retour(now="2026-12-02T06:00:00Z")
    retour.run("import", ROOT + "/tests/golden/arf-abuse.eml")
    retour.config["report"].update(server.report(retour.secret()))
    equal(retour.run("run").code, 1)
    server.mute = False
    retour.now = "2026-12-03T06:00:00Z"
    equal((retour.run("run").code, len(server.mails)), (0, 1))

with case("a sendmail command that reads the whole report and is killed: not called by each run"):
    retour = Retour(now="2026-12-02T06:00:00Z")
    retour.run("import", ROOT + "/tests/golden/arf-abuse.eml")
    command = os.path.join(retour.dir, "sendmail")
    with open(command, "w") as f:
        f.write("#!/bin/sh\ncat > /dev/null\necho x >> %s/calls\nkill -9 $$\n" % retour.dir)
    os.chmod(command, 0o755)
    retour.config["report"].update({"sendmail": command, "from": "retour@example.org", "to": "deliverability@example.org"})
    equal([retour.run("run").code for _ in range(3)], [1, 0, 0])
    with open(retour.dir + "/calls") as f:
        equal(f.read(), "x\n")

with case("alerts that a server takes and does not answer are told once"):
    server = Mute()
    retour = Retour(now="2026-11-02T06:00:00Z")
    retour.config["report"].update(server.report(retour.secret()))
    retour.config["alert"] = {"to": "postmaster@example.org"}
    fake = FakeImap([MAIL])
    fake.on("AUTHENTICATE", lambda c, tag, rest: (c.send("+ \r\n"), c.readline(), c.send(tag + " NO no\r\n"))[0])
    retour.config["mailbox bounces"] = fake.mailbox(retour.secret())
    retour.run("run")
    retour.run("run")
    equal(len(server.mails), 1)
finish()
