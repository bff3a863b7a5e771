#!/usr/bin/python3
"""A person's name and address stand in mails, lists, questions and settings, in every place and encoding that is known, and in broken ones; nothing of them is in
what leaves by another way than asked for: lines for sites and warehouses, the hook, the register, what serve answers and logs, refusals of lists, of lines of other
sites and of settings, every command as JSON, and the arguments and the environment of every process."""
import http.client
import json
import os
import re
import signal
import shutil
import socket
import subprocess
import sys
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib import cleanup
from lib.canary import expanded, files_below
from lib.harness import *
from lib.places import PEOPLE, REPORT, encoded, spoken

FIRST, LAST, LOCAL, DOMAIN = PEOPLE[0]
WHO = "%s@%s" % (LOCAL, DOMAIN)
PIECES = [piece.encode() for piece in ("zoranka", "quiltworth", LOCAL.encode().hex(), "em9yYW5rYS5", "4711223344", LOCAL[::-1])]
BIRD = re.compile(b"|".join(map(re.escape, PIECES)), re.I)
TOKEN = "a-token-of-thirty-two-characters"
said = {}


def found(paths=()):
    """[(where, what)] in all that was said, and in files."""
    texts = dict(said)
    for path in files_below(*paths):
        with open(path, "rb") as f:
            texts[path] = f.read()
    return sorted({(where, hit.decode(errors="replace")) for where, data in texts.items() for text in expanded(data) for hit in BIRD.findall(text)})


def mails():
    """A report for each place, and complaints: she is the recipient of some, and stands beside others."""
    for number, (place, text) in enumerate([*encoded(LOCAL, DOMAIN), *spoken(FIRST, LAST, LOCAL, DOMAIN)]):
        human = number % 3 == 0
        answer = "550 5.1.1 %s: no such user" % text if number % 2 else "552 5.2.2 mailbox full: %s" % text
        mail = REPORT.format(number="%d.%d" % (number, zlib.crc32(place.encode())), final="%s%d@%s" % (LOCAL, number, DOMAIN) if number % 4 else "info@example.net",
                             status=answer[4:9], human="<%s>:\n%s" % (WHO, answer) if human else "It failed.",
                             diagnostic="Remote-MTA: dns; %s.%s\n" % (LOCAL, DOMAIN) + ("" if human else "Diagnostic-Code: smtp; %s\n" % answer))
        campaign = ("X-Campaign-ID: %s", "List-ID: <%s>", "Feedback-ID: %s:a:b:c", "X-Campaign-ID: spring-%s")[number // 2 % 4] % text.split("\n")[0]
        yield mail.replace("From: news@example.com", "From: news@example.org\n" + campaign)


retour, sink = Retour(), Sink(tls="none")
box = os.path.join(retour.dir, "box")
for name in ("cur", "new", "tmp"):
    os.makedirs(os.path.join(box, name))
planted = list(mails())
true(sum(bool(BIRD.search(mail.encode(errors="surrogateescape"))) for mail in planted) > 95, "the search finds too few")
for number, mail in enumerate(planted):
    with open("%s/new/%d.M%d.host" % (box, 1790000000 + number, number), "w", encoding="utf8", errors="surrogateescape") as f:
        f.write(mail)
retour.config["mailbox bounces"] = {"protocol": "maildir", "path": box, "unrecognised": "delete"}
retour.config["store"]["site"] = "one"
retour.config["origin"]["verp"] = "bounce+{token}@bounce.example.org"
retour.config["report"].update(sink.report(to="dpo@example.org", ca_file=None, **{"from": "retour@example.org"}))
told = os.path.join(retour.data, "told")
command = os.path.join(retour.dir, "command")
with open(command, "w") as f:
    f.write("#!/bin/sh\n{ env; cat; } >> %s\n" % told)
os.chmod(command, 0o755)
retour.config["hook"] = {"command": command}
retour.config["alert"] = {"to": "postmaster@example.org", "command": command}
retour.config["alert hard-rate"] = {"threshold": "1%"}
retour.config["metrics"] = {"file": retour.data + "/retour.prom"}
retour.config["witness"] = {"command": command}


def do(*arguments, input=None, codes=(0,), keep=("out", "err"), options=("-v", "-v"), name=None):
    """Runs it and keeps what it says; asked-for addresses stand in what some commands print, so KEEP says what is searched."""
    result = retour.run(*arguments, input=input, options=list(options))
    true(result.code in codes, (name or arguments[:2], result.code))
    for stream in keep:
        key = "%s (%s)" % (name or " ".join(arguments[:3]), stream)
        said[key] = said.get(key, b"") + getattr(result, stream).encode()
    return result


with case("a run: nothing in log, store, mails to readers, hook, alerts, metrics, nor in the arguments and environment of any process"):
    retour.write_config()
    trace = os.path.join(cleanup.temporary(), "trace")
    arguments = retour.arguments(("run",), ("-v", "-v"))
    if shutil.which("strace") and not subprocess.run(["strace", "-o", "/dev/null", "true"], stderr=subprocess.DEVNULL).returncode:
        arguments = ["strace", "-f", "-v", "-s", "65536", "-e", "trace=execve", "-o", trace] + arguments
    done = subprocess.run(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **retour.environment})
    true(done.returncode in (0, 1), done)
    said["run"] = done.stdout + done.stderr
    if os.path.exists(trace):
        with open(trace, "rb") as f:
            said["processes"] = f.read()
        true(said["processes"].count(b"execve(") > 3, said["processes"][:300])
    true(retour.sql("SELECT count(*) FROM event")[0][0] > 90, "few events")
    said["mails"] = b"\n".join(mail.data for mail in sink.mails)
    true(os.path.getsize(told) > 1000, "hook and witness said nothing")
    equal(found([retour.data]), [])

BROKEN = '"%s,hard\n%s;;;\n%s\0x,hard,2026-10-01\n\xff%s,hard,never\n,,%s\n%s,hard,2026-99-01\n%s\n' % (WHO, WHO, WHO, WHO, WHO, WHO, "%s <%s>, x" % (LAST, WHO) * 400)
with case("lists with broken lines: nothing in what is said of them"):
    lists = {"suppress.csv": "email,reason,date\n" + BROKEN, "sent.csv": "2026-11-01,%s,%s,12\n%s" % (WHO, DOMAIN, BROKEN),
             "mail.log": "Nov  1 10:00:00 mx postfix/smtp[1]: 3F2A91C07D: to=<%s>, relay=%s[192.0.2.1]:25, dsn=5.1.1, status=bounced (said: 550 %s)\n%s" % (WHO, DOMAIN, WHO, BROKEN)}
    for name, text in lists.items():
        with open(os.path.join(retour.dir, name), "w", encoding="latin-1") as f:
            f.write(text)
    do("suppress", "import", "--dry-run", retour.dir + "/suppress.csv", codes=(0, 1, 2))
    do("suppress", "import", retour.dir + "/suppress.csv", codes=(0, 1, 2))
    do("suppress", "import", "--json", "-", input=BROKEN, codes=(0, 1, 2))
    do("suppress", "add", "--reason", "asked", input=BROKEN, codes=(0, 1))
    do("volume", "import", retour.dir + "/sent.csv", codes=(0, 1, 2))
    do("volume", "log", retour.dir + "/mail.log", codes=(0, 1))
    for arguments in (("check",), ("check", "--json"), ("contact", "show"), ("contact", "reactivate", "--reason", "x"), ("contact", "revalidate", "--reason", "x"), ("disclose",),
                      ("forget",), ("verp", "--campaign", "c"), ("forget", "--reference", WHO), ("suppress", "add", "--reason", WHO), ("disclose", "--reference", "of %s %s <%s>" % (FIRST, LAST, WHO)),
                      ("verp", "--campaign", WHO), ("contact", "reactivate", "--reason", WHO), ("comment", "--month", "2026-10", "ask " + WHO), ("comment", "--month", WHO, "x"),
                      ("report", "--month", WHO), ("check", "--stream", WHO), ("check", "--column", WHO), ("events", "--since", WHO), ("key", "retire", WHO), ("key", "rotate", WHO),
                      ("contact", "undo", "--rule", WHO, "--reason", "x"), ("requests", "correct", "1", WHO), ("clock", "confirm", "--reason", WHO), ("import", "--arrived", WHO),
                      (WHO,), ("check", "--" + WHO), ("contact", WHO), ("poll", WHO)):
        do(*arguments, input=BROKEN, codes=(0, 1, 2, 3), keep=("err",), options=())
    equal(found([retour.data]), [])

with case("lines of other sites that are none: nothing in why they are refused"):
    line = json.dumps({"site": WHO, "kind": "contact", "pseudonym": WHO, "body": WHO, "version": WHO})
    for lines in (line, WHO, "{" + WHO, json.dumps({WHO: WHO}), "\n".join(retour.run("changes").out.splitlines()[:3]).replace("one", WHO)):
        do("merge", input=lines + "\n", codes=(0, 1, 2, 3))
    do("changes", WHO, codes=(0, 1, 2))
    equal(found([retour.data]), [])

named = os.path.join(retour.dir, "named")
os.mkdir(named)
SILENT = (("changes",), ("events",), ("events", "--json"), ("suppressions",), ("suppressions", "--json"), ("requests",), ("requests", "--json"), ("words",), ("words", "--json"),
          ("status",), ("status", "--json"), ("sites", "--json"), ("alerts", "--all"), ("alerts", "--all", "--json"), ("advice", "--json"), ("key", "list", "--json"),
          ("contact", "resolve", "--list", "--json"), ("contact", "confirm", "--list", "--json"), ("contact", "states", "--json"), ("contact", "rejudge", "--dry-run", "--reason", "x", "--json"),
          ("clock", "--json"), ("doctor",), ("doctor", "--json"), ("config", "show"), ("config", "check"), ("audit", "--json"), ("audit", "--format", "xml"), ("audit", "--format", "html"),
          ("purge", "--json"), ("purge", "--dry-run"), ("poll", "--dry-run"), ("classify", "--explain", named), ("classify", named), ("report", "--month", "2026-11", "--format", "xml"),
          ("report", "--month", "2026-11", "--format", "html"), ("report", "--month", "2026-11", "--format", "text"), ("report", "--month", "2026-11", "--send"))
with case("%d commands that say what is there, most of them as JSON: nothing of it in any" % len(SILENT)):
    for number, mail in enumerate(planted):  # without names of hosts and campaigns, which classify says as they come
        with open("%s/%d.eml" % (named, number), "w", encoding="utf8", errors="surrogateescape") as f:
            f.write(re.sub("(?m)^(Remote-MTA|X-Campaign-ID|List-ID|Feedback-ID): .*\n", "", mail))
    for arguments in SILENT:
        do(*arguments, codes=(0, 1, 2, 3))
    do("audit", "export", retour.data + "/evidence", codes=(0, 3))
    do("backup", retour.data + "/backup.db")
    said["mails"] = b"\n".join(mail.data for mail in sink.mails)
    equal(found([retour.data]), [])


def asked(where, *requests):
    """What a server says to each of REQUESTS on a connection of its own."""
    out = b""
    for request in requests:
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(5)
            s.connect(where)
            s.sendall(request)
            s.shutdown(socket.SHUT_WR)
            try:
                while piece := s.recv(65536):
                    out += piece
            except OSError:
                pass
    return out


with case("serve: nothing of a question, right or broken, in its log, nor in an answer that is an error"):
    who, token = WHO.encode(), retour.secret(TOKEN, "token")
    netstring = lambda text: b"%d:%s," % (len(text), text)
    for protocol, options, requests in (
            ("--postfix", (), (netstring(b"retour " + who), netstring(who), b"999999:" + who, who + b"\n", b"get " + who + b"\n", b"get %7a" + who + b"%0\n", b"put " + who + b"\n", netstring(b"retour " + b"x" * 300 + who))),
            ("--http", ("--token-file", token), tuple(
                head.encode() + b"\r\nAuthorization: Bearer " + TOKEN.encode() + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body for head, body in (
                    ("GET /check?address=%s HTTP/1.1\r\nHost: x" % WHO, b""), ("POST /%s HTTP/1.1\r\nHost: %s" % (WHO, WHO), b""), ("POST /check HTTP/1.1\r\nHost: x", who),
                    ("POST /check HTTP/1.1\r\nHost: x", b'{"address": ' + who), ("POST /check HTTP/1.1\r\nHost: x", b'{"%s": 1}' % who), ("POST /check HTTP/1.1\r\nHost: x", b'{"address": ["%s"]}' % who),
                    ("%s /check HTTP/1.1\r\nHost: x" % WHO, b""), ("POST /check HTTP/%s\r\nHost: x" % WHO, b""), ("POST /check HTTP/1.1\r\nX-%s: %s\r\nHost: x" % (WHO, WHO), b"{}"))))):
        path = os.path.join(retour.dir, "socket" + protocol)
        process = retour.start("serve", protocol, path, *options, options=("-v", "-v"))
        log = process.stderr.readline()
        answers = asked(path, *requests)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=20)
        said["serve %s log" % protocol] = log + out + err
        said["serve %s answers" % protocol] = answers
        true(len(answers) > 30, answers)
    equal(found([retour.data]), [])

with case("what else there is to say or to look at: other forms, what works on keys, the syslog, and processes that serve, while they are asked"):
    log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    log.bind(os.path.join(retour.dir, "log"))
    log.settimeout(5)
    retour.config["witness"]["syslog"] = retour.dir + "/log"
    for arguments in (("run", "--json"), ("poll", "--json"), ("import", "--json", named), ("config", "show", "--json"), ("config",), ("audit",), ("audit", "key"), ("audit", "verify", retour.data + "/evidence"),
                      ("contact", "states"), ("contact", "resolve", "--list"), ("contact", "confirm", "--list"), ("key", "list"), ("key", "rotate", "state"), ("key", "rotate", "verp", "--json"), ("sites",), ("clock",),
                      ("advice",), ("completion", "bash"), ("demo-report",), ("demo-report", "--format", "xml"), ("words", "--rules"), ("report", "--output", retour.data + "/report.txt"), ("purge",), ("comment", "--month", "2026-10", "--json", "x"), ("backup", "--json", retour.data + "/again.db")):
        do(*arguments, codes=(0, 1, 3))
    said["syslog"] = log.recv(4096)
    for arguments in (("key", "retire", "state.key"), ("key", "adopt"), ("merge", "--json"), ("setup", "--no-start"), ("requests", "correct", "1", "--reference", "DS"), ("contact", "resolve", "--reason", "x"), ("contact", "confirm", "--reason", "x")):
        do(*arguments, input=BROKEN, codes=(0, 1, 2, 3), keep=("err",))
    path = os.path.join(retour.dir, "watched")
    process = retour.start("serve", "--http", path, "--token-file", token, options=("-v", "-v"))
    process.stderr.readline()
    right = b"Host: x\r\nAuthorization: Bearer " + TOKEN.encode() + b"\r\n"
    body = json.dumps({"addresses": [WHO] * 3}).encode()
    said["answers with metrics"] = asked(path, b"GET /metrics HTTP/1.0\r\n" + right + b"\r\n", b"GET /healthz HTTP/1.0\r\n\r\n")
    contains(said["answers with metrics"].decode(), "retour_serve_questions_total")
    contains(asked(path, b"POST /check HTTP/1.0\r\n" + right + b"Content-Length: %d\r\n\r\n" % len(body) + body).decode(), WHO)
    for pid in (process.pid, *descendants(process.pid)):
        for name in ("cmdline", "environ", "comm", "status"):
            with open("/proc/%d/%s" % (pid, name), "rb") as f:
                said["process %d %s" % (pid, name)] = f.read()
    process.terminate()
    said["serve, watched"] = b"".join(process.communicate(timeout=20))
    equal(found([retour.data]), [])
    words = set(re.findall(r"^  ([a-z][a-z-]*) ", retour.run("--help").out, re.M))
    equal(sorted(words - {re.sub(r"\W.*", "", where) if "demo" not in where else "demo-report" for where in said}), [], "commands of which nothing is searched")

with case("settings: nothing of a value that is wrong in what is said of it, nor of a section or key that is none but by its place"):
    before = {section: dict(keys) for section, keys in retour.config.items()}
    for section, key in (("privacy", "k"), ("privacy", "domains"), ("retention", "events"), ("retention", "events_reason"), ("mailbox bounces", "kind"), ("mailbox bounces", "processed"), ("mailbox bounces", "raw_retention"),
                         ("origin", "verp"), ("origin", "act_on"), ("report", "day"), ("report", "timezone"), ("report", "smtp"), ("alert hard-rate", "threshold"), ("soft", "quiet"), ("ladder x", "steps"),
                         ("stream x", "campaigns"), ("store", "site"), ("hook", "addresses"), ("witness", "syslog"), ("metrics", "file")):
        retour.config = {name: dict(keys) for name, keys in before.items()}
        retour.config.setdefault(section, {})[key] = WHO
        do("config", "check", codes=(0, 1, 2), name="%s of [%s]" % (key, section))
    retour.config = before
    equal(found(), [])

comment("%d things were said, %d bytes" % (len(said), sum(map(len, said.values()))))
finish()
