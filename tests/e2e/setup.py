#!/usr/bin/python3
"""setup: seven questions, on a terminal, by stdin or by options, each answer tried against a real Dovecot and a mail server; a configuration that doctor is content with;
and nothing written where something does not work."""
import os
import pty
import re
import select
import signal
import shutil
import socket
import subprocess
import sys
import termios
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib import cleanup
from lib.dovecot import version
from lib.harness import *
from lib.relay import pass_on
from lib.tokens import CLIENT, SECRET, Tokens

USER = "bounces@example.org"
dovecot, sink = Dovecot(), Sink(tls="starttls")
asking = Sink(tls="starttls", user=USER)
FILE = "conf/new.ini"
silent = []  # is what is typed not shown, at Ctrl-C and at the end
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


with case("what people type in the place of an answer: said once, with what would be right, and nothing stays"):
    for answers, host, smtp_host, words in (
            (("https://example.org",), None, None, "word 1 is no domain"), (("news@example.org",), None, None, "word 1 is no domain"),
            (("example.org",), "imaps://mail.example.org", None, "right would be the name of the mail server"), (("example.org",), USER, None, "right would be the name of the mail server"),
            (("example.org",), "127.0.0.1:imaps", None, "right would be the name of the mail server"), (("example.org",), "127.0.0.1:99999", None, "right would be the name of the mail server"),
            (("example.org", USER, PASSWORD, "deliverability"), None, None, "[report] to: word 1 is no address; right would be like deliverability@example.org"),
            (("example.org", USER, PASSWORD, "dpo@example.org"), None, "smtp://mail.example.org", "right would be HOST or HOST:PORT"),
            (("example.org", USER, "x" * 600), None, None, "characters at most")):
        where = place()
        options = (("--host", host) if host else ()) + (("--smtp", smtp_host) if smtp_host else ())
        result = setup(where, dovecot.imaps, *options, answers=answers)
        nothing_stays(result, where, words, code=result.code or 99)
        equal(result.err.count(words), 1, result.err)
        true(".draft" not in result.err, result.err)
with case("killed half-way, then begun again: it goes on where nothing lies in the way"):
    where = place()
    os.makedirs(os.path.join(where, "conf"))
    for name in "new.ini.draft", "bounces.pw":
        with open(os.path.join(where, "conf", name), "w") as f:
            f.write("half")
    equal(setup(where, dovecot.imaps, answers=ANSWERS).code, 0)
    equal(sorted(os.listdir(os.path.join(where, "conf"))), ["bounces.pw", "data", "new.ini"])
with case("a password file that somebody else laid there is not written over"):
    where = place()
    os.makedirs(os.path.join(where, "conf"))
    with open(os.path.join(where, "conf/bounces.pw"), "w") as f:
        f.write("theirs")
    result = setup(where, dovecot.imaps, answers=ANSWERS)
    contains(result.err, "is there already; give it as --password-file")
    equal(open(os.path.join(where, "conf/bounces.pw")).read(), "theirs")
with case("whatever the umask: the directory for the group, files for the owner"):
    for mask in 0, 0o77, 0o777:
        where, before = place(), os.umask(mask)
        result = setup(where, dovecot.imaps, answers=ANSWERS)
        os.umask(before)
        equal(result.code, 0, result)
        equal([os.stat(os.path.join(where, "conf", name)).st_mode & 0o777 for name in ("", "bounces.pw", "new.ini")], [0o750, 0o600, 0o640])

# --- another mailbox -----------------------------------------------------------------------------------------------------------

where = place()
equal(setup(where, dovecot.imaps, answers=ANSWERS).code, 0)
with open(os.path.join(where, FILE), "a") as f:
    f.write("; an edit of ours")
edited = open(os.path.join(where, FILE)).read()


def another(where, *options, answers):
    return program(where, "setup", "--mailbox", *options, "--ca-file", dovecot.ca_file, input="".join(answer + "\n" for answer in answers))


with case("another mailbox: three questions, a file of its own, what is there stays to the byte"):
    result = another(where, "complaints", answers=("127.0.0.1:%d" % dovecot.imaps, "fbl@example.org", PASSWORD))
    equal(result.code, 0, result)
    equal(open(os.path.join(where, FILE)).read(), edited)
    text = open(os.path.join(where, "conf/new.d/complaints.ini")).read()
    for line in ("[mailbox complaints]", "protocol = imap", "user = fbl@example.org"):
        contains(text, line)
    true("[report]" not in text and "[origin]" not in text, text)
    equal(sorted(os.listdir(os.path.join(where, "conf"))), ["bounces.pw", "complaints.pw", "data", "new.d", "new.ini"])
    contains(program(where, "doctor").out, "2 mailboxes")
with case("another mailbox at the same server needs no --ca-file again"):
    result = program(where, "setup", "--mailbox", "third", input="127.0.0.1:%d\nsomebody@example.org\nwrong\n" % dovecot.imaps)
    contains(result.err, "login (PLAIN)")
with case("it is tried: a wrong password, the same mailbox again, a name that is taken or none, before there is a configuration"):
    for name, answers, code, words in (("more", ("127.0.0.1:%d" % dovecot.imaps, "x@example.org", "wrong"), 1, "login"), ("more", ("127.0.0.1:%d" % dovecot.imaps, USER, PASSWORD), 1, "[mailbox bounces]"),
                                       ("complaints", (), 2, "is there already"), ("Über", (), 2, "small letters"), ("../x", (), 2, "small letters")):
        result = another(where, name, answers=answers)
        equal(result.code, code, result)
        contains(result.err, words)
        equal(sorted(os.listdir(os.path.join(where, "conf"))), ["bounces.pw", "complaints.pw", "data", "new.d", "new.ini"])
        equal(os.listdir(os.path.join(where, "conf/new.d")), ["complaints.ini"])
    result = another(place(), "more", answers=())
    equal(result.code, 2, result)
    contains(result.err, "comes first")

# --- tokens in the place of a password ---------------------------------------------------------------------------------------------

if version() < (2, 4):
    tokens = Tokens(USER)
    by_token = Dovecot(token_key=tokens.key.public)
    OAUTH = ("--oauth", "other", "--token-url", tokens.url, "--client-id", CLIENT, "--scope", "imap offline", "--ca-file", by_token.ca_file)
    with case("by OAuth: the secret goes into a file of its own, and the mailbox opens"):
        where = place()
        result = setup(where, by_token.imaps, *OAUTH, answers=("example.org", USER, SECRET, "dpo@example.org", "no"))
        equal(result.code, 0, result)
        text = open(os.path.join(where, FILE)).read()
        for line in ("[oauth other]", "client_secret_file = %s/conf/other.secret" % where, "oauth = other"):
            contains(text, line)
        true("password_file" not in text and SECRET not in text + result.err + result.out, "the secret stands there")
        equal(sorted(os.listdir(os.path.join(where, "conf"))), ["data", "new.ini", "other.secret"])
        equal(os.stat(os.path.join(where, "conf/other.secret")).st_mode & 0o777, 0o600)
        equal(program(where, "doctor").code, 0)
    with case("another mailbox by the same section"):
        tokens.user = "fbl@example.org"
        result = another(where, "complaints", "--oauth", "other", answers=("127.0.0.1:%d" % by_token.imaps, "fbl@example.org"))
        equal(result.code, 0, result)
        text = open(os.path.join(where, "conf/new.d/complaints.ini")).read()
        contains(text, "oauth = other")
        true("[oauth" not in text, text)
        tokens.user = USER
    with case("by OAuth: with a certificate, with a service account's key, with a refresh token"):
        key = ("--key-file", tokens.client_key.key_file)
        refresh = os.path.join(cleanup.temporary("retour-token-"), "refresh")
        with open(refresh, "w") as f:
            f.write(tokens.refresh + "\n")
        os.chmod(refresh, 0o600)
        for options, answers, line in ((("--certificate-file", tokens.client_key.certificate_file, *key), (), "grant = client_credentials"), (key, (), "grant = jwt_bearer"),
                                       (("--refresh-token-file", refresh), (SECRET,), "grant = refresh_token")):
            where = place()
            result = setup(where, by_token.imaps, *OAUTH, *options, answers=("example.org", USER, *answers, "dpo@example.org", "no"))
            equal(result.code, 0, result)
            contains(open(os.path.join(where, FILE)).read(), line)
    with case("by OAuth: what does not work is said, and no secret stays"):
        for options, answers, words in (((), ("example.org", USER, "wr0ng-secret"), "invalid_client"), (("--oauth", "nobody"), ("example.org", USER), "right would be microsoft, google or other"),
                                        (("--token-url", "http://x/"), ("example.org", USER, SECRET), "right would begin with https://"),
                                        (("--certificate-file", tokens.client_key.certificate_file), ("example.org", USER), "--key-file")):
            where = place()
            nothing_stays(setup(where, by_token.imaps, *OAUTH, *options, answers=answers), where, words)
with case("Microsoft 365 and Gmail are not asked for a password"):
    for host, question in (("outlook.office365.com", "The directory (tenant) ID"), ("imap.gmail.com", "The service account")):
        where = place()
        nothing_stays(program(where, "setup", "--host", host, input="example.org\n%s\n" % USER), where, "takes no passwords", "no answer to: " + question)

# --- root, and the program's user --------------------------------------------------------------------------------------------------

ACCOUNTS = 'mount --bind "$1/passwd" /etc/passwd && mount --bind "$1/group" /etc/group && shift && exec "$@"'
if os.geteuid() == 0 and not subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode:
    with case("root sets up for the user retour, and tries as that one"):
        where = place()
        os.chmod(os.path.dirname(where), 0o755)
        os.chmod(where, 0o755)
        for name, line in (("passwd", "retour:x:64999:64999::/:/bin/false"), ("group", "retour:x:64999:")):
            with open("/etc/" + name) as f, open(os.path.join(where, name), "w") as g:
                g.write(f.read() + line + "\n")
        shared = os.path.join(where, "ca.pem")
        shutil.copy(dovecot.ca_file, shared)
        os.chmod(shared, 0o644)
        command = ["unshare", "--mount", "sh", "-c", ACCOUNTS, "sh", where, BINARY, "-c", FILE, "setup", "--host", "127.0.0.1:%d" % dovecot.imaps, "--ca-file", shared,
                   "--smtp", "127.0.0.1:%d" % sink.port]
        done = subprocess.run(command, input="".join(a + "\n" for a in ANSWERS), capture_output=True, text=True, cwd=where, timeout=60)
        equal(done.returncode, 0, done.stderr)
        equal({name: (os.stat(os.path.join(where, "conf", name)).st_uid, os.stat(os.path.join(where, "conf", name)).st_gid, os.stat(os.path.join(where, "conf", name)).st_mode & 0o777)
               for name in ("", "bounces.pw", "new.ini", "data", "new.ini.made")},
              {"": (0, 64999, 0o750), "bounces.pw": (64999, 64999, 0o600), "new.ini": (0, 64999, 0o640), "data": (64999, 64999, 0o700), "new.ini.made": (64999, 64999, 0o600)})
        contains(done.stderr, "for /etc/cron.d/retour: */10 * * * * retour /")
        doctor = subprocess.run(command[:command.index("setup")] + ["doctor"], capture_output=True, text=True, cwd=where, timeout=60)
        equal(doctor.returncode, 0, doctor.stdout)
        contains(doctor.stdout, "tried as retour")
    with case("whoever may not read the configuration is told as whom to ask"):
        start = command.index(BINARY)
        done = subprocess.run(command[:start] + ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", BINARY, "-c", FILE, "status"], capture_output=True, text=True, cwd=where)
        equal(done.returncode, 2, done)
        contains(done.stderr, "Permission denied; right would be to ask as the user retour: sudo -u retour retour")
    with case("a file that only root may read is told by root's own setup and doctor"):
        secret = os.path.join(where, "root.pw")
        with open(secret, "w") as f:
            f.write(PASSWORD + "\n")
        os.chmod(secret, 0o600)
        done = subprocess.run(command + ["--password-file", secret, "--mailbox", "more", "--user", "more@example.org"], capture_output=True, text=True, cwd=where, timeout=60)
        equal(done.returncode, 1, done.stderr)
        contains(done.stderr, "root.pw: Permission denied")


def on_terminal(where, *options, answers):
    """What a terminal shows; each answer is typed when its question stands there. An answer of None is Ctrl-C, "\\x04" Ctrl-D."""
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
            answer = answers.pop(0)[1]
            if answer is None:
                silent.append(not termios.tcgetattr(fd)[3] & termios.ECHO)
            os.write(fd, b"\x03" if answer is None else b"\x04" if answer == "\x04" else answer.encode() + b"\n")
            shown += "|"
    silent.append(not termios.tcgetattr(fd)[3] & termios.ECHO)
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
    contains(shown, "works, at 127.0.0.1:%d (tls = starttls)" % sink.port)
    equal(program(where, "doctor").code, 0)
with case("on a terminal: what was typed is there again, Enter takes it; an authority that nobody knows is asked for"):
    where = place()
    code, shown = on_terminal(where, answers=[
        ("1. Your sending domains", "example.org"), ("2. The mail server", host), ("3. Its login", USER), ("4. Its password", PASSWORD), ("5. A file with its certificate", "/nowhere.pem"),
        (r"2. The mail server[^\n]*\[%s\]" % host, ""), (r"3. Its login name \[%s\]" % USER, ""), ("4. Its password", PASSWORD), ("5. A file with its certificate", dovecot.ca_file),
        ("6. Who reads", "dpo@example.org"), ("7. The mail server that takes it", "127.0.0.1:%d" % free_port()), (r"6. Who reads[^\n]*\[dpo@example.org\]", ""),
        ("7. The mail server that takes it", "127.0.0.1:%d" % sink.port), ("8. Read it every", "no")])
    equal(code, 0, shown)
    contains(shown, "issuer unknown")
    contains(shown, "/nowhere.pem: No such file")
    contains(shown, "Connection refused")
    equal(open(os.path.join(where, FILE)).read().count("ca_file = " + dovecot.ca_file), 2)
    equal(program(where, "doctor").code, 0)
with case("without a terminal: which option would name the authority"):
    where = place()
    nothing_stays(program(where, "setup", "--host", host, input="".join(a + "\n" for a in ANSWERS)), where, "right would be --ca-file")
if os.geteuid() == 0:
    with case("a mail server without a port: the first of 587, 465 and 25 at which somebody answers; on loopback without TLS where there is none"):
        plain, address = Sink(tls="none"), "127.%d.%d.%d" % (1 + os.getpid() % 250, os.getpid() // 250 % 250, 1 + os.getpid() // 62500 % 250)
        listener = socket.create_server((address, 25))
        pass_on(listener, plain.port)
        where = place()
        result = program(where, "setup", "--host", host, "--ca-file", dovecot.ca_file, "--smtp", address, input="".join(a + "\n" for a in ANSWERS))
        equal(result.code, 0, result)
        text = open(os.path.join(where, FILE)).read().partition("[report]")[2]
        contains(text, "smtp = %s:25\ntls = none" % address)
        equal(program(where, "doctor").code, 0)
        listener.close()
with case("on a terminal: a domain that is none is asked for again"):
    where = place()
    code, shown = on_terminal(where, "--ca-file", dovecot.ca_file, "--to", "dpo@example.org", answers=[("1. Your sending domains", "https://example.org"), ("1. Your sending domains", "example.org"),
                                                                                  ("2. The mail server", "imap://x"), ("2. The mail server", None)])
    contains(shown, "right would be like news.example.org")
    contains(shown, "right would be the name of the mail server")
with case("Ctrl-C where the password is typed: what is typed is seen again, and nothing stays"):
    where = place()
    silent.clear()
    code, shown = on_terminal(where, "--ca-file", dovecot.ca_file, answers=[("1. Your sending domains", "example.org"), ("2. The mail server", host), ("3. Its login", USER), ("4. Its password", None)])
    equal((code, silent), (130, [True, False]), shown)
    contains(shown, "given up, nothing was written")
    equal([name for _place, _folders, files in os.walk(where) for name in files], [])
ASKED = (("1. Your sending domains", "example.org"), ("2. The mail server", host), ("3. Its login", USER), ("4. Its password", PASSWORD), ("5. Who reads", "dpo@example.org"),
         ("6. The mail server that takes it", "127.0.0.1:%d" % sink.port))
for key, sign, codes, said in (("Ctrl-C", None, (130,), "nothing was written"), ("Ctrl-D", "\x04", (1, 2), "nothing was written")):
    with case("%s at each question: said, nothing was written, the terminal is as it was" % key):
        for number_of, (question, _answer) in enumerate(ASKED):
            where = place()
            silent.clear()
            code, shown = on_terminal(where, "--ca-file", dovecot.ca_file, answers=[*ASKED[:number_of], (question, sign)])
            true(code in codes, (question, code, shown))
            contains(shown, said)
            equal(silent[-1], False, question)
            equal([name for _place, _folders, files in os.walk(where) for name in files], [], question)
finish()
