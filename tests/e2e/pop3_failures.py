#!/usr/bin/python3
"""POP3 when things go wrong: certificates that must be refused, a server that breaks off, and QUIT without an answer. Nothing is lost, nothing
counts twice, and no password goes where it must not."""
import os
import select
import signal
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import generate
from lib.fakepop3 import FakePop3
from lib.harness import *

USER = generate.FBL
samples = [s for s in generate.generate(seed=12, bounces=0, complaints=300) if s.mailbox == USER and s.truth["events"] and not s.truth["duplicate"]
           and "opt-out" not in s.truth["what"]]  # which stays where there is no folder to move it to
mails = [(s.data, s.arrived) for s in samples]


class Cutter:
    """A relay in front of a plain-text port; it breaks off when `trigger(client bytes so far, server bytes so far)` says so. ANSWER: the server gets what the
    client said last, and this is what the client hears instead of the answer."""

    def __init__(self, host, port, trigger, reset=False, answer=None):
        self.target, self.trigger, self.reset, self.answer = (host, port), trigger, reset, answer
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            client, _ = self.listening.accept()
            server = socket.create_connection(self.target)
            seen = {client: bytearray(), server: bytearray()}
            while True:
                ready, _, _ = select.select([client, server], [], [])
                data = [(s, s.recv(65536)) for s in ready]
                for s, part in data:
                    seen[s] += part
                if any(not part for _, part in data) or self.trigger(seen[client], seen[server]):
                    if self.answer is not None and b"QUIT" in seen[client]:
                        server.sendall(data[0][1])
                        while server.recv(65536):
                            pass
                        client.sendall(self.answer)
                    break
                for s, part in data:
                    (server if s is client else client).sendall(part)
            if self.reset:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            client.close()
            server.close()


def rows(retour):
    """The events without what differs from store to store."""
    return sorted(map(str, retour.sql("select at, kind, class, category, provider, campaign, origin from event")))


def program(dovecot, tls="implicit", **keys):
    retour = Retour()
    retour.config["mailbox fbl"] = dovecot.mailbox(USER, "pop3", tls=tls, password_file=retour.secret(), kind="fbl", timeout="5s", **keys)
    return retour


# --- certificates -----------------------------------------------------------------------------------------------------

for kind in CERTIFICATES:
    if kind == "good":
        continue
    dovecot = Dovecot(cert=kind)
    dovecot.deliver(USER, mails[:3])
    for tls in "implicit", "starttls":
        with case("a %s certificate is refused, tls = %s" % (kind, tls)):
            result = program(dovecot, tls).run("poll")
            equal(result.code, 1, "exit code\n%r" % result)
            contains(result.err, "certificate")
            equal(dovecot.count(USER), 3, "messages left")
            log = dovecot.log()
            true(PASSWORD not in log and USER not in log and "client passdb" not in log, "no login was tried:\n" + log[-2000:])
    dovecot.stop()

# --- breaking off -------------------------------------------------------------------------------------------------------

dovecot = Dovecot()
dovecot.deliver(USER, mails)
reference = program(dovecot)
with case("a good certificate is accepted, and the log shows it"):
    equal(reference.run("poll").code, 0)
    true(USER in dovecot.log() and "client passdb" in dovecot.log(), "a login shows in the log:\n" + dovecot.log()[-2000:])
expected = rows(reference)

cuts = {
    "in the greeting": lambda c, s: len(s) > 3,
    "at the login": lambda c, s: b"PASS" in c or b"AUTH" in c,
    "in the list": lambda c, s: b"UIDL\r\n" in c and s.count(b"\r\n") > 40,
    "in the first message": lambda c, s: b"RETR 1\r\n" in c and s.count(b"\nReceived:") > 0,
    "in the middle of a message": lambda c, s: len(s) > 0.6 * sum(len(data) for data, _arrived in mails),  # the rest, over another connection, is less
    "at a DELE": lambda c, s: b"DELE 100\r\n" in c,
    "at QUIT": lambda c, s: b"QUIT\r\n" in c,
}
# A message at which the connection breaks is asked for once more over another: it comes there, or is stepped over. What is not had stays.
LEFT = {"in the first message": 1, "in the middle of a message": 0}
for where, trigger in cuts.items():
    for reset in False, True:
        with case("the connection breaks %s%s" % (where, ", with a reset" if reset else "")):
            dovecot.clear(USER)
            dovecot.deliver(USER, mails)
            retour = program(dovecot, "none")
            retour.config["mailbox fbl"].update(host="127.0.0.1", port=Cutter(dovecot.host, dovecot.pop3, trigger, reset).port)
            result = retour.run("poll")
            left = LEFT.get(where, len(mails))
            equal(result.code, 1 if left else 0, "exit code\n%r" % result)
            equal(dovecot.count(USER), left, "what is deleted without QUIT")
            retour.config["mailbox fbl"].update(port=dovecot.pop3)
            result = retour.run("poll")
            equal(result.code, 0, "exit code of the next run\n%r" % result)
            equal(dovecot.count(USER), 0, "messages left")
            equal(rows(retour) == expected, True, "the events are those of an undisturbed run")

for name, answer in (("nothing of it comes", b""), ("half of it comes", b"+OK"), ("it says that something stays", b"-ERR some messages not removed\r\n")):
    with case("the server deletes at QUIT, and of its answer %s: another connection shows what is gone, and that is what is told" % name):
        dovecot.clear(USER)
        dovecot.deliver(USER, mails)
        retour = program(dovecot, "none")
        relay = Cutter(dovecot.host, dovecot.pop3, cuts["at QUIT"], answer=answer)
        retour.config["mailbox fbl"].update(host="127.0.0.1", port=relay.port)
        result = retour.run("poll")
        equal((result.code, dovecot.count(USER)), (0, 0), result)
        contains(result.err, "deleted %d," % len(mails))
        equal(rows(retour) == expected, True, "the events are those of an undisturbed run")

for after, said in (("it answers", "2 messages were not deleted and come again"), ("no other connection", "of 5 messages it is not known whether they were deleted")):
    with case("QUIT deletes some and is refused, then %s: " % after + said):
        class Half(FakePop3):
            """Deletes three of five at QUIT."""
            quits = 0

            def _pop_quit(self, c, rest):
                Half.quits += 1
                for uid in sorted(c.marked)[:3]:
                    self.mails.pop(uid)
                c.send("-ERR some messages not removed\r\n" if Half.quits == 1 else "+OK\r\n")
                raise EOFError

            def _pop_uidl(self, c, rest):
                if Half.quits and after.startswith("no"):
                    raise EOFError
                super()._pop_uidl(c, rest)

        fake = Half([data for data, _ in mails[:5]], tls="none")
        retour = Retour()
        retour.config["mailbox fbl"] = fake.mailbox(retour.secret())
        result = retour.run("poll")
        equal((result.code, len(fake.mails)), (1, 2), result)
        contains(result.err, "QUIT refused; " + said)

with case("the connection dies for good at 2,500 of 3,000: those of the first QUIT are deleted and counted, the others come again, and nothing counts twice"):
    class Dies(FakePop3):
        """Of a session's numbers none changes."""
        dead = False

        def _pop_retr(self, c, rest):
            if self.dead or c.order[int(rest) - 1] == 2500:
                self.dead = True
                raise EOFError
            c.send(b"+OK\r\n" + self.mails[c.order[int(rest) - 1]] + b"\r\n.\r\n")

        def _pop_dele(self, c, rest):
            c.marked.add(c.order[int(rest) - 1])
            c.send("+OK\r\n")

        def _pop_stat(self, c, rest):
            if self.dead:
                raise EOFError
            super()._pop_stat(c, rest)

    fake = Dies([b"Subject: no bounce\r\nMessage-ID: <%d@example.org>\r\n\r\nno %d" % (n, n) for n in range(3000)], tls="none")
    retour = Retour()
    retour.config["mailbox fbl"] = fake.mailbox(retour.secret(), unrecognised="delete")
    result = retour.run("poll")
    gone = 3000 - len(fake.mails)
    equal((result.code, gone >= 1000), (1, True), result)
    contains(result.err, "deleted %d," % gone)
    fake.mails.pop(2500)
    fake.dead = False
    result = retour.run("poll")
    equal((result.code, fake.mails), (0, {}), result)
    contains(result.err, " 500 new,")

with case("the deadline comes before the end: what was read by then is settled and deleted by QUIT, it is said, and the next visit goes on"):
    class Slow(FakePop3):
        delay = 0.5

        def _pop_retr(self, c, rest):
            time.sleep(self.delay)
            super()._pop_retr(c, rest)

    fake = Slow([data for data, _ in mails[:100]], tls="none")
    retour = Retour()
    retour.config["mailbox fbl"] = fake.mailbox(retour.secret(), deadline="10s")
    result = retour.run("poll")
    gone = 100 - len(fake.mails)
    equal((result.code, 0 < gone < 100), (1, True), result)
    contains(result.err, "its deadline is near: what was read is settled")
    contains(result.err, "deleted %d," % gone)
    fake.delay = 0
    equal((retour.run("poll").code, fake.mails), (0, {}))

with case("kill -9 at ten moments"):
    dovecot.clear(USER)
    dovecot.deliver(USER, mails)
    retour = program(dovecot)
    for moment in range(10):
        process = retour.start("poll")
        time.sleep(0.01 + 0.02 * moment)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    deadline = time.monotonic() + 20
    while (result := retour.run("poll")).code and time.monotonic() < deadline:
        time.sleep(0.2)  # the server may still hold the mailbox of a session that was killed
    equal(result.code, 0, "exit code\n%r" % result)
    equal(dovecot.count(USER), 0, "messages left")
    equal(rows(retour) == expected, True, "the events are those of an undisturbed run")

finish()
