#!/usr/bin/python3
"""setup: seven questions, on a terminal, by stdin or by options, each answer tried against a real Dovecot and a mail server; a configuration that doctor is content with;
and nothing written where something does not work."""
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib import cleanup
from lib.harness import *

USER = "bounces@example.org"
dovecot, sink = Dovecot(), Sink(tls="starttls")
asking = Sink(tls="starttls", user=USER)
FILE = "conf/new.ini"
number = 0


def place():
    global number
    number += 1
    path = os.path.join(cleanup.temporary("retour-setup-"), "here")
    os.mkdir(path)
    return path


def program(where, *command, input=None):
    done = subprocess.run([BINARY, "-c", FILE, *command], input=input, capture_output=True, text=True, cwd=where, timeout=120)
    return Result(done.returncode, done.stdout, done.stderr, 0, {})


def setup(where, port, *options, answers=(), smtp=sink):
    return program(where, "setup", "--host", "127.0.0.1:%d" % port, "--ca-file", dovecot.ca_file, "--smtp", "127.0.0.1:%d" % smtp.port, *options,
                   input="".join(answer + "\n" for answer in answers))


ANSWERS = ("example.org, news.example.org", USER, PASSWORD, "dpo@example.org", "no")
for protocol, port, tls in (("imap", dovecot.imaps, "implicit"), ("imap", dovecot.imap, "starttls"), ("pop3", dovecot.pop3s, "implicit"), ("pop3", dovecot.pop3, "starttls")):
    with case("by options and stdin: it finds out %s, tls = %s" % (protocol, tls)):
        where = place()
        result = setup(where, port, answers=ANSWERS)
        equal(result.code, 0, result)
        text = open(os.path.join(where, FILE)).read()
        for line in ("domains = example.org, news.example.org", "protocol = " + protocol, "port = %d" % port, "user = " + USER, "from = retour@example.org", "to = dpo@example.org"):
            contains(text, line)
        contains(text.partition("[report]")[0], "tls = " + tls)
        true(len(re.findall("^;", text, re.M)) >= 7, "it has comments")
        contains(result.err, "for cron: ")
        true(PASSWORD not in text + result.err + result.out, "the password stands there")
        equal(os.stat(os.path.join(where, "conf/bounces.pw")).st_mode & 0o777, 0o600)
        equal(sorted(os.listdir(os.path.join(where, "conf"))), ["bounces.pw", "data", "new.ini"])
        equal(program(where, "doctor").code, 0)
with case("the first run works, and setup does not write over what is there"):
    dovecot.deliver(USER, [b"From: x@example.net\r\nMessage-ID: <1@example.net>\r\nSubject: hello\r\n\r\nhello\r\n"])
    equal(program(where, "run").code, 0)
    before = open(os.path.join(where, FILE)).read()
    result = setup(where, dovecot.imaps, answers=ANSWERS)
    equal(result.code, 2, result)
    contains(result.err, "move it away first")
    equal(open(os.path.join(where, FILE)).read(), before)
with case("the sample that a package lays is no configuration yet"):
    where = place()
    os.mkdir(os.path.join(where, "conf"))
    with open(os.path.join(where, FILE), "w") as f:
        f.write(program(where, "config").out)
    equal(setup(where, dovecot.imaps, answers=ANSWERS).code, 0)
    contains(open(os.path.join(where, FILE)).read(), "Made by `retour setup`")
with case("a mail server that wants a login gets the mailbox's"):
    where = place()
    result = setup(where, dovecot.imaps, answers=ANSWERS, smtp=asking)
    equal(result.code, 0, result)
    contains(open(os.path.join(where, FILE)).read().partition("[report]")[2], "user = " + USER)
    equal(program(where, "doctor").code, 0)
with case("everything by options: nothing is asked"):
    where = place()
    with open(os.path.join(where, "pw"), "w") as f:
        f.write(PASSWORD + "\n")
    os.chmod(os.path.join(where, "pw"), 0o600)
    result = setup(where, dovecot.imaps, "--domains", "example.org", "--user", USER, "--password-file", os.path.join(where, "pw"), "--to", "dpo@example.org", "--no-start")
    equal(result.code, 0, result)
    equal(sorted(os.listdir(os.path.join(where, "conf"))), ["data", "new.ini"])


def nothing_stays(result, where, *words, code=1):
    equal(result.code, code, result)
    for word in words:
        contains(result.err, word)
    true(PASSWORD not in result.err, result.err)
    equal([name for _place, folders, files in os.walk(where) for name in files], [])


with case("a wrong password: said once, nothing is written"):
    where = place()
    nothing_stays(setup(where, dovecot.imaps, answers=("example.org", USER, "wrong", "dpo@example.org", "no")), where, "login", "nothing was written")
with case("nobody at that port"):
    where = place()
    nothing_stays(setup(where, free_port(), answers=ANSWERS), where, "refused", "nothing was written")
with case("a mail server that does not take the readers"):
    where, picky = place(), Sink(tls="starttls", refuse=["dpo@example.org"])
    nothing_stays(setup(where, dovecot.imaps, answers=ANSWERS, smtp=picky), where, "recipient 1", "nothing was written")
with case("answers that are missing, or none"):
    where = place()
    nothing_stays(setup(where, dovecot.imaps, answers=("example.org", USER)), where, "no answer to: Its password")
    nothing_stays(setup(where, dovecot.imaps, answers=()), where, "no answer to: Your sending domains", code=2)
    nothing_stays(setup(where, dovecot.imaps, answers=("not a domain!",)), where, "[origin] domains", code=2)
with case("a domain cannot bring in a section of its own"):
    where = place()
    result = setup(where, dovecot.imaps, "--domains", "example.org\n[alert]\ncommand = /bin/sh", answers=ANSWERS[1:])
    true(not os.path.exists(os.path.join(where, FILE)) or "\n[alert]\ncommand" not in open(os.path.join(where, FILE)).read(), result)


def on_terminal(where, *options, answers):
    """What a terminal shows; each answer is typed when its question stands there."""
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(where)
        os.execv(BINARY, [BINARY, "-c", FILE, "setup", *options])
    shown, answers, deadline = "", list(answers), time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            piece = os.read(fd, 4096).decode() if select.select([fd], [], [], 20)[0] else ""
            if not piece:
                os.kill(pid, signal.SIGKILL)
        except OSError:
            break
        shown += piece
        if answers and re.search(answers[0][0] + r"[^\n]*: $", shown):
            os.write(fd, answers.pop(0)[1].encode() + b"\n")
            shown += "|"
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown


with case("on a terminal: seven questions with numbers, the password is not shown, a wrong one is asked again"):
    where = place()
    host = "127.0.0.1:%d" % dovecot.imaps
    code, shown = on_terminal(where, "--ca-file", dovecot.ca_file, answers=[
        ("1. Your sending domains", "example.org"), ("2. The mail server", host), ("3. Its login", USER), ("4. Its password", "wr0ng-one"),
        ("2. The mail server", host), ("3. Its login", USER), ("4. Its password", PASSWORD), ("5. Who reads", "dpo@example.org"),
        ("6. The mail server that takes it", "127.0.0.1:%d" % sink.port), ("7. Read it every", "no")])
    equal(code, 0, shown)
    true(PASSWORD not in shown and "wr0ng-one" not in shown, shown)
    contains(shown, "works, by imap (tls = implicit): INBOX")
    contains(shown, "works (tls = starttls)")
    equal(program(where, "doctor").code, 0)
finish()
