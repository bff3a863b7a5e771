#!/usr/bin/python3
"""The walls around the parser. A build for this test has one that, told so by a header field, does what a mail with an exploit would: each deed ends that
process and costs that one message; the others are processed. And what the kernel says of the parser of the ordinary build."""
import os
import re
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import generate
from lib.fakeimap import FakeImap
from lib.harness import *

CRASH_BUILD = os.path.join(os.environ.get("RETOUR_BUILD", os.path.join(ROOT, "build")), "crash", "retour")
DEEDS = {"open": "a file is opened", "socket": "a socket is made", "fork": "a process is made", "exec": "a program is run", "kill": "another process is signalled",
         "limit": "another process's limits are reached", "spin": "it spins for ever", "memory": "it takes all memory"}
SIGNALS = {"spin": "signal 24", "memory": "signal 11"}
samples = [sample.data for sample in generate.generate(seed=5, bounces=30, complaints=0)]


def maildir(retour, mails):
    top = os.path.join(retour.dir, "mail")
    for name in ("cur", "new", "tmp"):
        os.makedirs(os.path.join(top, name), exist_ok=True)
    for number, data in enumerate(mails):
        with open("%s/new/%d.M%d.host" % (top, 1790000000 + number, number), "wb") as f:
            f.write(data)
    retour.config["mailbox bounces"] = {"protocol": "maildir", "path": top, "unrecognised": "delete", "quarantine": "move:Quarantine", "raw_retention": "365d"}
    return top


def left(top):
    return [name for folder in ("cur", "new", ".Quarantine/cur", ".Quarantine/new") for name in
            (os.listdir(os.path.join(top, folder)) if os.path.isdir(os.path.join(top, folder)) else [])]


plain = Retour()
maildir(plain, samples)
equal(plain.run("poll").code, 0)
events = plain.sql("SELECT count(*) FROM event")

for deed, words in DEEDS.items():
    with case("%s: that message is set aside, all others are read" % words):
        retour = Retour(CRASH_BUILD)
        bad = b"X-Retour-Test: %s\r\nFrom: MAILER-DAEMON@example.net\r\nSubject: Undelivered\r\n\r\n550\r\n" % deed.encode()
        top = maildir(retour, samples[:15] + [bad] + samples[15:])
        result = retour.run("poll")
        equal(result.code, 1, result)
        contains(result.err, "ended with " + SIGNALS.get(deed, "signal 31"))
        contains(result.err, "goes to quarantine")
        equal(retour.sql("SELECT count(*) FROM event"), events)
        equal(len(left(top)), 1)

def behind_filter(process):
    """The parser of that run, when its door is closed."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for pid in descendants(process.pid):
            if title(pid).startswith("retour: parser"):
                with open("/proc/%d/status" % pid) as f:
                    status = f.read()
                if re.search(r"^Seccomp:\t2$", status, re.M):
                    contains(status, "NoNewPrivs:\t1")
                    return pid
        time.sleep(0.01)
    true(False, "no parser behind a filter was seen")


def limits_hold(parser):
    with open("/proc/%d/limits" % parser) as f:
        limits = f.read()
    for pattern in (r"Max processes +0 ", r"Max core file size +0 ", r"Max open files +4 ", r"Max data size +268435456 ", r"Max cpu time +\d+ "):
        true(re.search(pattern, limits), pattern + " in\n" + limits)


with case("a parser that waits for its first mail has its limits already"):
    retour, said = Retour(CRASH_BUILD), threading.Event()
    retour.config["mailbox bounces"] = FakeImap(greeting=lambda c: said.wait(20) and c.close()).mailbox(retour.secret(), timeout="20s")
    process = retour.start("poll")
    limits_hold(behind_filter(process))
    said.set()
    process.communicate(timeout=20)

with case("a parser at work has one socket and stderr, a filter, and no way to more rights"):
    retour = Retour(CRASH_BUILD)
    maildir(retour, [b"X-Retour-Test: sleep\r\n\r\n"])
    process = retour.start("poll")
    parser = behind_filter(process)
    if os.geteuid() == 0:  # the process is not dumpable: its descriptors are root's to see
        descriptors = {int(name): os.readlink("/proc/%d/fd/%s" % (parser, name)).partition(":")[0] for name in os.listdir("/proc/%d/fd" % parser)}
        equal(sorted(descriptors), [2, 3])
        equal(descriptors[3], "socket")
    limits_hold(parser)

with case("doctor says so"):
    result = plain.run("doctor")
    contains(result.out, "behind its system-call filter")

with case("every charset is read behind the filter"):
    letters = {"iso-2022-jp": "宛先", "shift_jis": "宛先", "euc-jp": "宛先", "gb18030": "收件人", "big5": "收件人", "euc-kr": "받는사람", "koi8-r": "адрес",
               "windows-1251": "адрес", "iso-8859-2": "łódź", "utf-7": "Größe", "utf-16": "Größe", "windows-1256": "عنوان", "tis-620": "ที่อยู่"}
    retour = Retour()
    mails = [("From: MAILER-DAEMON@example.net\r\nTo: bounces@example.org\r\nSubject: Undelivered Mail\r\nContent-Type: text/plain; charset=%s\r\n\r\n"
              % name).encode() + ("%s\r\n\r\n<%s@example.net>: 550 5.1.1 %s\r\n" % (text, name, text)).encode(name)
             for name, text in letters.items()]
    maildir(retour, mails)
    result = retour.run("poll")
    equal(result.code, 0, result)
    true("ended with" not in result.err, result.err)
    equal(retour.sql("SELECT count(*) FROM event WHERE category = 'user-unknown'"), [(len(letters),)])

finish()
