#!/usr/bin/python3
"""A Maildir or an mbox from which deleting and moving do nothing, though the system says that they did (strace(1) answers in its place): said
at the end of the visit, exit 1, and nothing counts twice."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.contacts import BOUNCE, DEAD
from lib.harness import *

NOW = "2026-11-20T%02d:00:00Z"


def bounce(number):
    return (BOUNCE % {"date": "19 Nov 2026 05:00:00 +0000", "number": number, "recipient": "left%d@example.net" % number, "status": DEAD[0], "text": DEAD[1],
                      "host": "mx.example.net"}).encode()


def program(kind, **keys):
    retour = Retour(now=NOW % 6)
    path = os.path.join(retour.dir, "box")
    if kind == "maildir":
        for name in ("new", "cur", "tmp"):
            os.makedirs("%s/%s" % (path, name))
        for i in range(5):
            with open("%s/new/%d.%d.mx" % (path, 1795150000 + i, i), "wb") as f:
                f.write(bounce(i))
    else:
        with open(path, "wb") as f:
            f.write(b"".join(b"From x@example.net Thu Nov 19 05:00:0%d 2026\n" % i + bounce(i).replace(b"\r\n", b"\n") + b"\n" for i in range(5)))
    retour.config["mailbox bounces"] = dict({"protocol": kind, "path": path, "processed": "delete"}, **keys)
    retour.write_config()
    retour.box = path
    return retour


def idle(retour, calls, paths):
    """Runs with CALLS that touch PATHS answered with 0 and not done."""
    command = ["strace", "-f", "-o", "/dev/null", "-e", "trace=" + calls, "-e", "inject=%s:retval=0" % calls]
    for path in paths:
        command += ["-P", path]
    done = subprocess.run(command + retour.arguments(["run"]), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60, env=retour.environment)
    return done.returncode, done.stderr.decode()


for name, kind, keys, calls, paths in (
        ("Maildir, deleting", "maildir", {}, "unlinkat,unlink", ("new", "cur")),
        ("Maildir, moving", "maildir", {"processed": "move:Done"}, "renameat2,rename,renameat", ("new", "cur")),
        ("mbox", "mbox", {}, "ftruncate", ("",))):
    with case(name + ": what is still there is said, exit 1, and nothing counts twice"):
        retour = program(kind, **keys)
        paths = [os.path.normpath(os.path.join(retour.box, path)) for path in paths]
        for hour in (6, 7):
            retour.now = NOW % hour
            code, err = idle(retour, calls, paths)
            equal((code, "still there: this mailbox is not emptied" in err), (1, True), err)
        equal(retour.sql("SELECT count(*) FROM event"), [(5,)])
    with case(name + ": when it works again all is settled, and nothing is said"):
        retour.now = NOW % 8
        result = retour.run("run")
        equal(result.code, 0, result)
        equal(retour.sql("SELECT count(*) FROM event"), [(5,)])
        left = sum(len(files) for place, _, files in os.walk(retour.box) if not "/." in place) if kind == "maildir" else os.path.getsize(retour.box)
        equal(left, 0)

with case("Maildir: a file system that cannot rename without replacing, as NFS, and a kill between link and unlink: each mail is moved once"):
    retour = program("maildir", processed="move:Done")
    command = ["strace", "-f", "-o", "/dev/null", "-e", "trace=renameat2,unlinkat", "-e", "inject=renameat2:error=EINVAL", "-P", retour.box + "/new"]
    killed = command + ["-e", "inject=unlinkat:signal=SIGKILL:when=3"]
    subprocess.run(killed + retour.arguments(["run"]), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)
    done = subprocess.run(command + retour.arguments(["run"]), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60)
    equal((done.returncode, len(os.listdir(retour.box + "/new")), len(os.listdir(retour.box + "/.Done/cur"))), (0, 0, 5), done.stderr.decode())

with case("an mbox whose lock was left by a process that is gone is read at once; one whose owner lives is waited for"):
    retour = program("mbox", timeout="1s")
    dead = subprocess.Popen(["true"])
    dead.wait()
    for pid, code, events in ((os.getpid(), 1, 0), (dead.pid, 0, 5)):
        with open(retour.box + ".lock", "w") as f:
            f.write("%d:%s\n" % (pid, os.uname().nodename))
        result = retour.run("run")
        equal((result.code, retour.sql("SELECT count(*) FROM event")), (code, [(events,)]), result)
        contains(result.err, "held by somebody else" if code else "deleted 5")
    true(not os.path.exists(retour.box + ".lock"), "the lock is still there")

with case("Maildir: a disk so slow that the deadline comes first: what was read is settled, it is said, and the next visit goes on"):
    retour = program("maildir", deadline="10s")
    slow = ["strace", "-f", "-o", "/dev/null", "-e", "trace=openat", "-P", retour.box + "/new", "-e", "inject=openat:delay_enter=1700000"]
    done = subprocess.run(slow + retour.arguments(["run"]), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60)
    left = len(os.listdir(retour.box + "/new"))
    equal((done.returncode, 0 < left < 5), (1, True), done.stderr.decode())
    contains(done.stderr.decode(), "its deadline is near: what was read is settled, the rest is for the next run")
    equal((retour.run("run").code, os.listdir(retour.box + "/new")), (0, []))
    equal(retour.sql("SELECT count(*) FROM event"), [(5,)])

with case("a lock that was left behind and cannot be removed, or is dated in the future: said, with what to do"):
    retour = program("mbox", timeout="1s")
    os.mkdir(retour.box + ".lock")
    os.utime(retour.box + ".lock", (0, 0))
    result = retour.run("run")
    equal(result.code, 1, result)
    contains(result.err, "box.lock: left behind, and it cannot be removed: Is a directory; when nobody delivers there, remove it")
    os.rmdir(retour.box + ".lock")
    with open(retour.box + ".lock", "w"):
        os.utime(retour.box + ".lock", (4e9, 4e9))
    contains(retour.run("run").err, "held by somebody else for 1 s; its date lies in the future")
    equal(retour.sql("SELECT count(*) FROM event"), [(0,)])

with case("an mbox from which something cannot be moved: what can be deleted is deleted before the visit ends, and no lock and no journal stays"):
    retour = program("mbox", unrecognised="move:odd")
    with open(retour.box, "ab") as f:
        f.write(b"".join(b"From x@example.net Thu Nov 19 05:00:00 2026\nSubject: odd\n\nNo bounce %d.\n\n" % i for i in range(300)))
    odd = os.path.join(retour.dir, "odd")
    command = ["strace", "-f", "-o", "/dev/null", "-e", "trace=openat,open", "-P", odd, "-e", "inject=openat,open:error=ENOSPC"]
    done = subprocess.run(command + retour.arguments(["run"]), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60)
    equal(done.returncode, 1)
    contains(done.stderr.decode(), "odd: No space left on device")
    contains(done.stderr.decode(), "deleted 5,")
    with open(retour.box, "rb") as f:
        equal(f.read().count(b"\nFrom ") + 1, 300)
    equal([name for name in os.listdir(retour.dir) + os.listdir(retour.data) if "lock" in name or "mbox-" in name], ["retour.db.lock"])
    result = retour.run("run")
    equal((result.code, os.path.getsize(retour.box)), (0, 0), result)

for action in ("delete", "move:done"):
    with case("an mbox that we may only read, %s: said in words, nothing is moved, and nothing counts twice" % action):
        retour = program("mbox", processed=action)
        command = ["strace", "-f", "-o", "/dev/null", "-e", "trace=openat,open", "-P", retour.box, "-e", "inject=openat,open:error=EACCES:when=1"]
        for _ in range(2):
            done = subprocess.run(command + retour.arguments(["run"]), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60)
            equal(done.returncode, 1)
            contains(done.stderr.decode(), "box: we may only read it: nothing is deleted or moved")
        true(not os.path.exists(os.path.join(retour.dir, "done")), "it was moved")
        equal(retour.sql("SELECT count(*) FROM event"), [(5,)])

finish()
