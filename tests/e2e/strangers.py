#!/usr/bin/python3
"""Mailboxes as a stranger leaves them: in a Maildir what is no mail, in an mbox what is no text, on a disk what cannot be done, and servers that tell another story
with each connection. What can be read is, once; what cannot is named; nothing waits for ever, and nothing is touched that is not the mailbox's."""
import os
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.contacts import BOUNCE, DEAD
from lib.fakeimap import FakeImap
from lib.fakepop3 import FakePop3
from lib.harness import *

NOW = "2026-11-20T06:00:00Z"


def bounce(number):
    return (BOUNCE % {"date": "19 Nov 2026 05:00:00 +0000", "number": number, "recipient": "strange%d@example.net" % number, "status": DEAD[0], "text": DEAD[1],
                      "host": "mx.example.net"}).encode().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def events(retour):
    return retour.sql("SELECT count(*) FROM event")[0][0]


def local(kind, **keys):
    retour = Retour(now=NOW)
    retour.box = os.path.join(retour.dir, "box")
    if kind == "maildir":
        for name in ("new", "cur", "tmp"):
            os.makedirs("%s/%s" % (retour.box, name))
    retour.config["mailbox bounces"] = dict({"protocol": kind, "path": retour.box, "processed": "delete", "unrecognised": "delete"}, **keys)
    retour.write_config()
    return retour


def put(path, data):
    with open(path, "wb") as f:
        f.write(data)
    return path


# --- Maildir --------------------------------------------------------------------------------------------------------------------

retour = local("maildir")
new = retour.box + "/new/"
outside = put(retour.dir + "/outside.eml", bounce(0))
put(new + "1795150001.1.mx", bounce(1))
put(new + "1795150002.line\nend\033[31m.mx", bounce(2))
put(new + "1795150003." + "x" * 240, bounce(3))
put(new + "1795150004.who@example.com", bounce(4))
strange = ["1795150005.link", "1795150006.dangling", "1795150007.fifo", "1795150008.directory", "1795150009.socket"]
os.symlink(outside, new + strange[0])
os.symlink("/nowhere", new + strange[1])
os.mkfifo(new + strange[2])
os.mkdir(new + strange[3])
put(new + strange[3] + "/inside", bounce(9))
door = socket.socket(socket.AF_UNIX)
door.bind(new + strange[4])
with case("Maildir: links, a FIFO, a directory, a socket are named and left; mail of any name is read; exit 1"):
    result = retour.run("run", timeout=30)
    equal((result.code, events(retour)), (1, 4), result)
    for name in strange:
        contains(result.err, name + " cannot be had: it is no plain file")
    equal(sorted(os.listdir(new)), sorted(strange))
    true(os.path.exists(outside) and os.path.exists(new + strange[3] + "/inside"), "what is not the mailbox's is gone")
    true("who@example.com" not in result.err and "\033" not in result.err, result.err)
with case("Maildir: they are alerted while they lie there, and forgotten when they go"):
    contains(retour.run("alerts", "--json").out, "message-stuck")
    for name in strange:
        subprocess.run(["rm", "-rf", new + name], check=True)
    retour.now = "2026-11-20T13:00:00Z"
    equal(retour.run("run").code, 0)
    equal(retour.sql("SELECT count(*) FROM stuck"), [(0,)])
door.close()

for what, calls, error, keys in (("read-only", "unlinkat", "EROFS", {}), ("a full quota where mail is moved to", "renameat2", "EDQUOT", {"processed": "move:Done"})):
    with case("Maildir: %s: it is said, exit 1, counted once, and done when it can be" % what):
        retour = local("maildir", **keys)
        for n in range(3):
            put("%s/new/%d.%d.mx" % (retour.box, 1795150000 + n, n), bounce(n))
        for _ in range(2):
            done = subprocess.run(["strace", "-f", "-o", "/dev/null", "-e", "trace=" + calls, "-e", "inject=%s:error=%s" % (calls, error), "-P", retour.box + "/new"]
                                  + retour.arguments(["run"]), capture_output=True, text=True, timeout=60, env=retour.environment)
            equal((done.returncode, events(retour), len(os.listdir(retour.box + "/new"))), (1, 3, 3), done.stderr)
            contains(done.stderr, {"EROFS": "Read-only file system", "EDQUOT": "Disk quota exceeded"}[error])
        result = retour.run("run")
        equal((result.code, events(retour), os.listdir(retour.box + "/new")), (0, 3, []), result)

for what, words in (("EACCES", "Permission denied"), ("EIO", "Input/output error")):
    with case("Maildir: a file that cannot be read (%s): named with its mailbox, the others are read, nothing is lost, and it is read when it can be" % what):
        retour = local("maildir")
        for n in range(3):
            put("%s/new/%d.%d.mx" % (retour.box, 1795150000 + n, n), bounce(n))
        bad = retour.box + "/new/1795150001.1.mx"
        healthy = command = retour.arguments(["run"])
        if what == "EIO":  # the disk, at the file's own bytes
            command = ["strace", "-f", "-o", "/dev/null", "-P", bad, "-e", "trace=read", "-e", "inject=read:error=EIO"] + healthy
        else:  # a mode that somebody gave it; root would not mind
            os.chmod(bad, 0)
            if os.geteuid() == 0:
                subprocess.run(["chown", "-R", "65534:65534", retour.dir], check=True)
                healthy = command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] + command
        for _ in range(2):
            done = subprocess.run(command, capture_output=True, text=True, timeout=60)
            equal((done.returncode, events(retour), os.listdir(retour.box + "/new")), (1, 2, ["1795150001.1.mx"]), done.stderr)
            contains(done.stderr, "mailbox bounces: 1795150001.1.mx cannot be had: %s; it stays there and is tried again" % words)
        os.chmod(bad, 0o600)
        healthy = [word.replace(NOW, "2026-11-20T13:00:00Z") for word in healthy]
        done = subprocess.run(healthy, capture_output=True, text=True, timeout=60)
        equal((done.returncode, events(retour), os.listdir(retour.box + "/new"), retour.sql("SELECT count(*) FROM stuck")), (0, 3, [], [(0,)]), done.stderr)

# --- mbox -----------------------------------------------------------------------------------------------------------------------

FROM = b"From MAILER-DAEMON Thu Nov 19 05:00:00 2026\n"
for what, text, code, count, left in (
        ("CRLF throughout", b"".join(FROM[:-1] + b"\r\n" + bounce(n) + b"\r\n" for n in range(3)), 0, 3, 0),
        ("NUL and bare CR in it", b"".join(FROM + bounce(n).replace(b"\r\n", b"\n").replace(b"Subject:", b"X-Odd: \0\r\0\nSubject:") + b"\n" for n in range(3)), 0, 3, 0),
        ("no From_ line", bounce(1), 1, 0, len(bounce(1))),
        ("blank lines before the first", b"\n\n" + FROM + bounce(1).replace(b"\r\n", b"\n") + b"\n", None, None, None),
        ("nothing but From_ lines", FROM * 3, 0, 0, 0),
        ("no end of line at its end", FROM + bounce(1).replace(b"\r\n", b"\n").rstrip(b"\n"), 0, 1, 0)):
    with case("mbox: " + what):
        retour = local("mbox")
        put(retour.box, text)
        result = retour.run("run", timeout=30)
        size = os.path.getsize(retour.box)
        if code is None:  # either it is read, or it is refused and stays whole
            true((result.code, events(retour), size) in ((0, 1, 0), (1, 0, len(text))), (result, size))
        else:
            equal((result.code, events(retour), size), (code, count, left), result)
        equal(sorted(name for name in os.listdir(retour.dir) if name.startswith("box")), ["box"])

# --- servers ----------------------------------------------------------------------------------------------------------------------


def program(fake, **keys):
    retour = Retour()
    retour.config["mailbox bounces"] = fake.mailbox(retour.secret(), **{"unrecognised": "delete", "quarantine": "delete", "timeout": "2s", **keys})
    return retour


MAILS = [bounce(n) for n in range(5)]
with case("IMAP: UIDVALIDITY changes while the connection is lost: nothing of the other folder is touched; the next visit reads all, once"):
    fake = FakeImap(MAILS)

    def cut(c, tag, rest):
        if fake.uidvalidity == 77 and "BODY" in rest and 3 in fake.uids(rest.split(" ")[0]):
            for uid in (1, 2):
                c.send(fake.fetched(uid))
            fake.uidvalidity = 78
            c.reset()
        return True

    fake.on("UID FETCH", cut)
    retour = program(fake)
    result = retour.run("run")
    equal((result.code, len(fake.mails)), (1, 5), result)
    result = retour.run("run")
    equal((result.code, events(retour), fake.mails), (0, 5, {}), result)

with case("IMAP: others delete while it is read: what is left is read, exit 0"):
    fake = FakeImap(MAILS)
    fake.on("UID FETCH", lambda c, tag, rest: "BODY" not in rest or fake._remove(c, {2, 4} & set(fake.mails)) is None)
    retour = program(fake)
    result = retour.run("run")
    equal((result.code, events(retour), fake.mails), (0, 3, {}), result)


class Changing(FakePop3):
    """Other unique-ids in each connection."""
    prefix = 0

    def _pop_stat(self, c, rest):
        self.prefix += 1
        super()._pop_stat(c, rest)

    def _pop_uidl(self, c, _rest):
        self._lines(c, ["%d p%d-%d" % (number, self.prefix, uid) for number, uid in self._there(c)])


class Same(FakePop3):
    """One unique-id for all."""

    def _pop_uidl(self, c, _rest):
        self._lines(c, ["%d same" % number for number, _uid in self._there(c)])


for name, server in (("other ids in each connection", Changing), ("one id for all", Same)):
    with case("POP3: %s: all is read and deleted" % name):
        fake = server(MAILS)
        retour = program(fake)
        result = retour.run("run")
        equal((result.code, events(retour), fake.mails), (0, 5, {}), result)
    with case("POP3: %s, and mail stays: it counts once" % name):
        fake = server(MAILS)
        retour = program(fake, processed="keep")
        for _ in range(3):
            result = retour.run("run")
        equal((result.code, events(retour), len(fake.mails)), (0, 5, 5), result)

finish()
