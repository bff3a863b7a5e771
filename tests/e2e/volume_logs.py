#!/usr/bin/python3
"""Counts from mail logs (`volume log`): what Postfix, Exim, sendmail, OpenSMTPD, qmail and PowerMTA write (tests/logs, counted by hand), and that nothing counts twice or is lost however
a log is cut, renamed, packed, truncated, or the program killed."""
import fcntl
import glob
import gzip
import os
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.harness import *

LOGS = os.path.join(ROOT, "tests", "logs")
NOW = "2026-11-20T00:00:00Z"
WRITTEN = time.mktime((2026, 11, 7, 0, 0, 0, 0, 0, 0))


def fresh(**origin):
    retour = Retour(now=NOW)
    retour.config["origin"].update({"verp": "bounce+{token}@bounce.example.org"}, **origin)
    equal(retour.run("import", "-", input=b"Subject: x\n\nx\n").code, 0)
    retour.logs = os.path.join(retour.dir, "logs")
    os.mkdir(retour.logs)
    return retour


def put(retour, name, data, written=WRITTEN, mode="wb"):
    path = os.path.join(retour.logs, name)
    with open(path, mode) as f:
        f.write(data)
    os.utime(path, (written, written))
    return path


def count(retour, *paths, code=0):
    result = retour.run("volume", "log", *paths)
    equal(result.code, code, result)
    return result


def rows(retour):
    return retour.sql("SELECT day, provider, campaign, sent, delivered, deferred, throttled, rejected FROM volume ORDER BY 1, 2, 3")


def read(name):
    with open(os.path.join(LOGS, name), "rb") as f:
        return f.read()


def wanted(name):
    lines = [line.split("|") for line in read(name + ".counts").decode().splitlines()[1:]]
    return [(int(day), provider, campaign, *map(int, counts)) for day, provider, campaign, *counts in lines]


def zstd(data):
    """RFC 8878 with raw blocks only: magic, a frame header with a window, blocks."""
    out, size = b"\x28\xb5\x2f\xfd\x00\x58", 65536
    for at in range(0, len(data), size):
        block = data[at:at + size]
        out += ((at + size >= len(data)) | len(block) << 3).to_bytes(3, "little") + block
    return out


NOT_COUNTED = {"postfix": (6, 2, 2, 1), "exim": (7, 1, 1, 1), "sendmail": (5, 1, 2, 1), "opensmtpd": (1, 1, 1, 1), "qmail": (1, 0, 1, 1), "pmta": (1, 1, 1, 1)}
for name in NOT_COUNTED:
    log = read(name + ".log")
    with case("%s: every shape counts as what it is" % name):
        retour = fresh()
        result = count(retour, put(retour, "mail.log", log))
        equal(rows(retour), wanted(name))
        contains(result.err, "%d to own mailboxes, %d through this host itself, %d bounces and probes, %d mails of others" % NOT_COUNTED[name])
    with case("%s: the same file again changes nothing, also touched or copied" % name):
        path = os.path.join(retour.logs, "mail.log")
        contains(count(retour, path).err, " 0 delivered")
        os.utime(path)
        contains(count(retour, path).err, " 0 delivered")
        count(retour, put(retour, "copy.log", log), path)
        equal(rows(retour), wanted(name))
    with case("%s: cut behind any line, it is the same" % name):
        retour = fresh()
        lines = log.splitlines(True)
        for at, line in enumerate(lines):
            path = put(retour, "mail.log", line, written=WRITTEN - len(lines) + at, mode="ab")
            count(retour, path)
        equal(rows(retour), wanted(name))
    with case("%s: cut within lines, it is the same" % name):
        retour = fresh()
        for at in range(0, len(log), 997):
            count(retour, put(retour, "mail.log", log[at:at + 997], written=WRITTEN - len(log) + at, mode="ab"))
        equal(rows(retour), wanted(name))
    if name == "pmta":
        continue  # each of its files begins with the names of its columns
    for suffix, pack in (("gz", gzip.compress), ("zst", zstd), ("two members", lambda data: gzip.compress(data[:700]) + gzip.compress(data[700:]))):
        with case("%s: rotated, packed (%s), and gone on with" % (name, suffix)):
            retour = fresh()
            cuts = (0, len(log) // 3, len(log) // 3 * 2, len(log))
            path = put(retour, "mail.log", log[:cuts[1]], WRITTEN - 9)
            count(retour, path)
            put(retour, "mail.log", log[cuts[1]:cuts[2]], WRITTEN - 8, mode="ab")
            os.rename(path, path + ".1")
            put(retour, "mail.log", log[cuts[2]:cuts[2] + 800], WRITTEN - 5)
            count(retour, path, path + ".1")
            put(retour, "mail.log." + suffix[:3], pack(log[:cuts[2]]), WRITTEN - 4)
            os.remove(path + ".1")
            put(retour, "mail.log", log[cuts[2] + 800:], WRITTEN, mode="ab")
            count(retour, *glob.glob(retour.logs + "/*"))
            equal(rows(retour), wanted(name))

log = read("postfix.log")
half = log.index(b"\n", len(log) // 2) + 1

with case("copytruncate: the copy is known, the emptied file begins anew"):
    retour = fresh()
    path = put(retour, "mail.log", log[:half], WRITTEN - 9)
    count(retour, path)
    inode = os.stat(path).st_ino
    shutil.copyfile(path, path + ".1")
    os.utime(path + ".1", (WRITTEN - 8, WRITTEN - 8))
    put(retour, "mail.log", b"", mode="wb")
    count(retour, path, path + ".1")
    put(retour, "mail.log", log[half:], mode="ab")
    equal(os.stat(path).st_ino, inode)
    count(retour, path, path + ".1")
    equal(rows(retour), wanted("postfix"))

with case("copytruncate with lines that came between the last call and the copy"):
    retour = fresh()
    path = put(retour, "mail.log", log[:half // 2], WRITTEN - 9)
    count(retour, path)
    put(retour, "mail.log.1", log[:half], WRITTEN - 8)
    put(retour, "mail.log", log[half:])
    count(retour, path, path + ".1")
    equal(rows(retour), wanted("postfix"))

with case("shorter than what was counted of it: said, and nothing counts again"):
    retour = fresh()
    path = put(retour, "mail.log", log)
    count(retour, path)
    put(retour, "mail.log", log[:half], WRITTEN + 1)
    contains(count(retour, path, code=1).err, "shorter")
    equal(rows(retour), wanted("postfix"))

with case("a .gz that is still being written is counted to its end, and the rest when it is whole"):
    retour = fresh()
    packed = gzip.compress(log)
    path = put(retour, "mail.log.1.gz", packed[:len(packed) // 2])
    contains(count(retour, path, code=1).err, "stops in the middle")
    true(rows(retour), "nothing counted")
    put(retour, "mail.log.1.gz", packed)
    count(retour, path)
    equal(rows(retour), wanted("postfix"))

with case("a damaged .gz: said; the other files are counted"):
    retour = fresh()
    bad = put(retour, "bad.gz", gzip.compress(b"x" * 100000)[:40] + b"garbage" * 100, WRITTEN - 9)
    contains(count(retour, bad, put(retour, "mail.log", log), code=1).err, "damaged gzip")
    equal(rows(retour), wanted("postfix"))

with case("a packed file without a last line end: its last line counts; in a growing one it waits for its end"):
    retour = fresh()
    count(retour, put(retour, "a.gz", gzip.compress(read("exim.log").rstrip(b"\n").rsplit(b"\n", 2)[0])))
    equal(rows(retour), wanted("exim"))
    retour = fresh()
    lines = log.splitlines(True)
    path = put(retour, "mail.log", b"".join(lines[:8]).rstrip(b"\n"))
    count(retour, path)
    equal(rows(retour), [])
    put(retour, "mail.log", b"\n", WRITTEN + 1, mode="ab")
    count(retour, path)
    equal(rows(retour), [(20261101, "gmail", "nl10", 1, 1, 0, 0, 0)])

LINE = "%s mta1 postfix/smtp[1]: 4A1B2C3D4E: to=<anna@example.net>, relay=gmail-smtp-in.l.google.com[192.0.2.26]:25, dsn=2.0.0, status=sent (250 ok)\n"
STAMPS = (
    ("New Year's Eve, read in January", "2027-01-02T00:00:00Z", None, ["Dec 31 23:59:59", "Jan  1 00:00:00"], [20261231, 20270101]),
    ("a file of the year before last, by when it was written", "2026-11-20T00:00:00Z", (2024, 3, 1), ["Feb 29 12:00:00", "Dec 31 12:00:00"], [20231231, 20240229]),
    ("a clock that is ahead by an hour", "2026-12-31T23:30:00Z", None, ["Jan  1 00:20:00"], [20270101]),
    ("RFC 3339, other zones", "2026-11-20T00:00:00Z", None, ["2026-11-02T00:30:00+01:00", "2026-11-02T23:30:00-0100", "2026-11-02T06:00:00.25Z"], [20261101, 20261102, 20261103]),
    ("a stamp from the future is none", "2026-11-20T00:00:00Z", None, ["2027-11-02T00:30:00Z", "2026-11-02T00:30:00Z"], [20261102]),
    ("no such days", "2026-11-20T00:00:00Z", None, ["Feb 30 12:00:00", "Nov 31 12:00:00", "2026-02-29T12:00:00Z", "Nov  2 24:00:00", "Nov  2 12:00:00"], [20261102]),
)
for name, now, written, stamps, days in STAMPS:
    with case("time stamps: " + name):
        retour = fresh()
        retour.now = now
        path = put(retour, "mail.log", "".join(LINE % stamp for stamp in stamps).encode(),
                   time.mktime((*written, 0, 0, 0, 0, 0, 0)) if written else time.time() + 400 * 86400)
        count(retour, path)
        equal([row[0] for row in rows(retour)], days)

with case("days are those of the report's zone"):
    retour = fresh()
    retour.config["report"]["timezone"] = "Asia/Kathmandu"  # +05:45
    count(retour, put(retour, "mail.log", (LINE % "2026-11-02T18:14:59Z" + LINE % "2026-11-02T18:15:00Z" + LINE % "Nov  2 23:59:59").encode()))
    equal([(row[0], row[4]) for row in rows(retour)], [(20261102, 2), (20261103, 1)])

with case("without [origin] domains everybody's mail is ours"):
    retour = fresh(domains=None)
    retour.config["origin"].pop("domains")
    contains(count(retour, put(retour, "mail.log", log)).err, " 0 mails of others")

with case("no address, no queue id in any file of the store, nor in what is said"):
    retour = fresh()
    result = retour.run("volume", "log", *[put(retour, name + ".log", read(name + ".log")) for name in NOT_COUNTED], options=["-v", "-v"])
    for place, _, files in os.walk(retour.data):
        for name in files:
            with open(os.path.join(place, name), "rb") as f:
                data = f.read()
                for word in (b"anna", b"stranger", b"4A1B2C3D4E", b"1rAbCd", b"5A160000001002"):
                    true(word not in data, "%s in %s" % (word, name))
    true("anna" not in result.err + result.out and "@" not in result.err + result.out, result)

with case("what is no log: 1; no such file: 1; a directory: 1; the others are counted"):
    retour = fresh()
    contains(count(retour, put(retour, "notes.txt", b"hello\nworld\n"), code=1).err, "no line of Postfix")
    count(retour, os.path.join(retour.logs, "nonesuch"), put(retour, "mail.log", log), code=1)
    equal(rows(retour), wanted("postfix"))
    contains(count(retour, retour.logs, code=1).err, "not a regular file")
    equal(retour.run("volume", "log").code, 2)
    equal(count(retour, put(retour, "empty.log", b"")).code, 0)

log = read("postfix.log")
with case("stdin: through a pipe, from a file, packed; the same again, and more of the same, counts once, and so does its file"):
    retour = fresh()
    half = log[:log.index(b"\n", len(log) // 2) + 1]
    for data in b"", half, half, log, log:
        equal(retour.run("volume", "log", "-", input=data).code, 0)
    count(retour, put(retour, "mail.log", log))
    equal(rows(retour), wanted("postfix"))
    for data, through in ((gzip.compress(log), subprocess.PIPE), (log, open(put(retour, "mail.log", log), "rb"))):
        retour = fresh()
        process = retour.start("volume", "log", "-", stdin=through)
        process.communicate(data if through == subprocess.PIPE else None, 60)
        equal((process.returncode, rows(retour)), (0, wanted("postfix")))
    contains(retour.run("volume", "log", "-", input=b"hello\nworld\n").err, "stdin: no line of Postfix")

with case("stdin: pieces of a journal, each with what is new, as retour(1) has it; in pieces that come slowly, too"):
    with open(os.path.join(ROOT, "etc", "retour.1")) as f:
        contains(f.read(), "journalctl -q -o short-iso --cursor-file=/var/lib/retour/journal SYSLOG_FACILITY=2 |")
    retour = fresh()
    lines = log.splitlines(True)
    for at in range(0, len(lines), 5):
        process = retour.start("volume", "log", "-", stdin=subprocess.PIPE)
        for line in lines[at:at + 5]:
            process.stdin.write(line)
            process.stdin.flush()
        process.communicate(timeout=60)
        equal(process.returncode, 0)
    equal(rows(retour), wanted("postfix"))

with case("garbage, very long lines, NULs and torn UTF-8 between good lines"):
    retour = fresh()
    good = (LINE % "Nov  2 12:00:00").encode()
    junk = [b"\0" * 5000, b"x" * 300000, os.urandom(20000).replace(b"\n", b"."), b"Nov  2 12:00:00 mta1 postfix/smtp[1]: ", b"Nov  2 12:00:00 mta1 postfix/smtp[1]: 4A1B2C3D4E: to=<",
            b"Nov  2 12:00:00 mta1 postfix/smtp[1]: 4A1B2C3D4E: to=<" + b'"' * 40000, b"2026-11-02 12:00:00 1rAbCd-0001Ab-2C => ", b"2026-11-02 12:00:00 1rAbCd-0001Ab-2C",
            b"<22>1 2026-11-02T12:00:00Z", b"<99999999>1", b"Nov  2 12:00:00 mta1 sm-mta[1]: 5A160000001002: to=", b"Nov  2 12:00:00 mta1 sm-mta[1]: 5A160000001002: to=,,,,, stat=", b"", b"\xff\xfe"]
    count(retour, put(retour, "mail.log", b"".join(piece + b"\n" + good for piece in junk)))
    equal(sum(row[4] for row in rows(retour)), len(junk))

BIG = 60 * 1000 * 1000
with case("killed at any time, called again until it is done: counted once"):
    retour = fresh()
    block = b"".join((LINE % ("Nov %2d 12:00:%02d" % (day, second))).encode() for day in range(1, 8) for second in range(60))
    path = put(retour, "mail.log", block * (BIG // len(block)))
    kills = 0
    for attempt in range(200):
        process = retour.start("volume", "log", path)
        try:
            process.communicate(timeout=0.02 + attempt * 0.005)
            equal(process.returncode, 0)
            break
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            kills += 1
    true(kills > 0, "never killed")
    equal([(row[0], row[4]) for row in rows(retour)], [(20261100 + day, 60 * (BIG // len(block))) for day in range(1, 8)])

with case("bounded memory"):
    retour = fresh()
    retour.watched = True
    result = count(retour, path)
    true(result.memory and max(result.memory.values()) < 64 * 1024, result.memory)
    equal(sum(row[4] for row in rows(retour)), 420 * (BIG // len(block)))

with case("while another run holds the lock: 4; without a store: 1"):
    with open(retour.database + ".lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        count(retour, path, code=4)
    bare = Retour(now=NOW)
    bare.logs = bare.dir
    contains(count(bare, put(bare, "mail.log", log), code=1).err, "no store")

finish()
