#!/usr/bin/python3
"""The command line: help, usage errors, what is wrong with a configuration, exit codes, the lock, SIGTERM."""
import contextlib
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import generate
from lib.harness import *

COMMANDS = ("run", "poll", "import", "classify", "check", "contact", "volume", "report", "comment", "purge", "audit", "forget", "disclose", "key", "verp",
            "doctor")  # those that the design names; --help may list more
ADDRESS = "some.body.rare@example.com"


def all_of(master):
    """What a terminal or pipe gets until its other end is closed; it may come in pieces."""
    said = b""
    with contextlib.suppress(OSError):  # of a terminal whose other end is closed
        while piece := os.read(master, 65536):
            said += piece
    os.close(master)
    return said


def fresh(**mailbox):
    """A program without a store, before an empty mailbox."""
    dovecot.clear(generate.BOUNCES)
    retour = Retour()
    retour.config["mailbox bounces"] = dovecot.mailbox(generate.BOUNCES, password_file=retour.secret(), **mailbox)
    return retour


SLOW = os.path.join(os.environ.get("RETOUR_BUILD", os.path.join(ROOT, "build")), "crash", "retour")  # waits at each of many commits
dovecot = Dovecot()
samples = [(sample.data, sample.arrived) for sample in generate.generate(seed=5, bounces=3000, complaints=0)]

# --- help and usage ----------------------------------------------------------------------------------------------------

retour = fresh()
with case("--help lists the commands, --version the version; both without a configuration"):
    result = retour.run(options=["--help"])
    equal(result.code, 0, result)
    for command in COMMANDS:
        contains(result.out, command)
    listed = re.findall(r"^  ([a-z][a-z-]+) +\S", result.out, re.M)
    equal([command for command in COMMANDS if command not in listed], [], "not listed")
    equal(retour.run("help").out, result.out)
    result = retour.run(options=["--version"])
    equal(result.code, 0, result)
    contains(result.out, "retour ")
with case("help COMMAND is COMMAND --help; of no command: 2"):
    equal(retour.run("help", "poll").out, retour.run("poll", "--help").out)
    equal([retour.run("help", name).code for name in ("frobnicate", "parser")], [2, 2])

for command in listed:
    with case("%s --help" % command):
        result = retour.run(command, "--help")
        equal((result.code, result.err), (0, ""), result)
        contains(result.out, "usage: retour")
        contains(result.out, command)
    with case("%s with an unknown option, and with an argument that is an address: 2, and it is not repeated" % command):
        result = retour.run(command, ADDRESS)
        true(ADDRESS not in result.err, result.err)
        result = retour.run(command, "--no-such-option")
        equal(result.code, 2, result)
        contains(result.err, "no-such-option")

for name, arguments in (("no command", []), ("an unknown command", ["frobnicate"])):
    with case("%s: 2" % name):
        result = retour.run(*arguments)
        equal(result.code, 2, result)
        true(result.err, "says nothing")

for options in (["--now", "yesterday"], ["--now", "2026-13-01T00:00:00Z"], ["-x"]):
    with case("%s: 2" % " ".join(options)):
        retour.now = None
        result = retour.run("audit", options=options)
        equal(result.code, 2, result)
        true(len(result.err) < 200, "the error drowns in the usage: " + result.err)
        retour.now = NOW
with case("report --month 2026-13: 2"):
    equal(retour.run("report", "--month", "2026-13").code, 2)
with case("poll of a mailbox that is not configured: 2"):
    result = retour.run("poll", "nonesuch")
    equal(result.code, 2, result)
    contains(result.err, "nonesuch")

# --- configuration -----------------------------------------------------------------------------------------------------

WRONG = (
    ("an unknown key", "mailbox bounces", "hots", "mail.example.org", ("[mailbox bounces]", "hots", "host")),
    ("an unknown section", "mailbx", "host", "mail.example.org", ("[mailbx]", "mailbox")),
    ("a bad choice", "mailbox bounces", "tls", "maybe", ("[mailbox bounces]", "tls", "implicit")),
    ("a bad period", "retention", "events", "half a year", ("[retention]", "events")),
    ("a number out of bounds", "privacy", "k", "1", ("[privacy]", "k", "2")),
    ("a period without a unit", "mailbox bounces", "timeout", "60", ("[mailbox bounces]", "timeout", "60s")),
    ("an unknown time zone", "report", "timezone", "Europe/Atlantis", ("[report]", "timezone")),
    ("an address that is none", "report", "from", "nobody", ("[report]", "from", "retour@example.org")),
    ("a section twice", "mailbox fbl", "host", "h\n[mailbox bounces]\nhost = h", ("[mailbox bounces]", "again in line")),
    ("a move over pop3", "mailbox bounces", "protocol", "pop3\nprocessed = move:Done", ("[mailbox bounces]", "processed", "POP3")),
)
WRONG += (
    ("a password in the place of its file", "mailbox bounces", "password_file", "hunter2", ("[mailbox bounces]", "password_file", "absolute path")),
    ("an unquoted colour", "report", "colour", "#1f4e79", ("line ", "in quotes")),
    ("the same mailbox twice", "mailbox again", "protocol", "maildir\npath = /m\n[mailbox third]\nprotocol = maildir\npath = /m", ("[mailbox third]", "[mailbox again]")),
    ("a key with a slip", "mailbox bounces", "protcol", "imap", ("did you mean protocol?",)),
    ("a section with a slip", "retenton", "events", "5d", ("did you mean retention?",)),
    ("a named section with a slip", "malbox b", "host", "mail.example.org", ("did you mean mailbox *?",)),
)
for name, section, key, value, parts in WRONG:
    with case("%s: 2, and file, section, key and what would be right are named" % name):
        retour = fresh()
        retour.config.setdefault(section, {})[key] = value
        result = retour.run("poll")
        equal(result.code, 2, result)
        for part in (retour.ini,) + parts:
            contains(result.err, part)
        equal(os.path.exists(retour.database), False, "a store was made")
        true("hunter2" not in result.err, "the secret is printed")

with case("a configuration in UTF-16 or Latin-1 is refused in words, with the line; a byte order mark is none of it"):
    retour = fresh()
    retour.config["report"]["organisation"] = "M\u00fcller"
    retour.write_config()
    with open(retour.ini, encoding="utf-8") as f:
        text = f.read()
    retour.write_config = lambda: None
    for encoding, code, words in (("utf-16", 2, "is UTF-16; save it as UTF-8"), ("latin-1", 2, "not UTF-8"), ("utf-8-sig", 0, "")):
        with open(retour.ini, "w", encoding=encoding) as f:
            f.write(text)
        result = retour.run("poll")
        equal(result.code, code, result)
        contains(result.err, words)
        true(code == 0 or retour.ini in result.err, result)
    with open(retour.ini, "w", encoding="latin-1") as f:
        f.write(text)
    line = [i for i, l in enumerate(text.splitlines(), 1) if "M\u00fcller" in l][0]
    contains(retour.run("poll").err, "line %d: " % line)

with case("a mailbox whose port and tls do not fit says what would be right, and soon"):
    retour = fresh()
    plain = Sink(tls="none")
    retour.config["mailbox bounces"].update(port=plain.port, timeout="60s")
    contains(retour.run("poll", timeout=20).err, "right would be tls = starttls")
    host = "127.%d.%d.1" % (1 + os.getpid() // 256 % 250, os.getpid() % 256)  # of this test alone
    for port, section in ((993, "mailbox bounces"), (465, "report")):
        with socket.socket() as silent:
            silent.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                silent.bind((host, port))
            except OSError:  # not for an ordinary user, nor beside a mail server
                continue
            silent.listen()
            retour = fresh()
            if section == "report":
                retour.config[section].update({"from": "retour@example.org", "to": "ops@example.org", "smtp": host + ":465", "tls": "starttls"})
            else:
                retour.config[section].update(host=host, port=993, tls="starttls", timeout="60s")
            result = retour.run("doctor", timeout=30)
            contains(result.out + result.err, "tls = implicit")
            true(result.seconds < 25, result)

with case("rules that cannot be read, or a missing logo, do not stop check"):
    retour = fresh()
    equal(retour.run("poll").code, 0)
    bad = os.path.join(retour.dir, "bad.ini")
    with open(bad, "w") as f:
        f.write("this is no rule\n")
    retour.config["rules"] = {"rules": bad}
    retour.config["report"]["logo"] = "/nonexistent"
    result = retour.run("check", "--json", input=ADDRESS + "\n")
    equal((result.code, [a["verdict"] for a in result.lines()]), (0, ["send"]), result)
    contains(result.err, bad)
    equal(retour.run("poll").code, 2)

with case("what people try first: long options, -V, version, a slip in a command's name"):
    equal([retour.run(options=[o]).out for o in ("-V", "--version")], [retour.run("version").out] * 2)
    equal(retour.run("config", options=["--quiet"]).code, 0)
    equal(retour.run("config", options=["--verbose"]).code, 0)
    for typed, meant in (("chek", "check"), ("dcotor", "doctor"), ("reprot", "report"), ("supp", "suppress"), ("supressions", "suppressions"), ("clasify", "classify")):
        result = retour.run(typed)
        equal(result.code, 2)
        contains(result.err, "did you mean %s?" % meant)
    true("did you mean" not in retour.run("frobnicate").err, "a guess of nothing")

with case("a slip in an option is told with what was meant, and the text behind it is not repeated"):
    retour = fresh()
    for words, said in ((["check", "--jsn"], "--jsn: no such option; did you mean --json?"), (["check", "--only"], "--only wants a value"),
                        (["check", "--json=3"], "--json takes no value"), (["contact", "show", "--lst", "3"], "did you mean --last?"),
                        (["check", "-x"], "-x: no such option"), (["volume", "import", "--sorce", "x"], "did you mean --source?")):
        result = retour.run(*words)
        equal(result.code, 2, result)
        contains(result.err, said)
    true(ADDRESS not in retour.run("check", "--adress=" + ADDRESS).err, "an address is repeated")

with case("config check says what is wrong, config show what holds and where it stands; drop-ins come later, in order"):
    retour = fresh()
    drop_ins = os.path.join(retour.dir, "retour.d")
    os.mkdir(drop_ins)
    for name, text in (("20-b.ini", "[privacy]\nk = 30\n[mailbox bounces]\nprocessed = keep\n"), ("10-a.ini", "[privacy]\nk = 20\n[report]\norganisation = Exam\n"),
                       (".hidden.ini", "nonsense"), ("readme.txt", "nonsense")):
        with open(os.path.join(drop_ins, name), "w") as f:
            f.write(text)
    result = retour.run("config", "check")
    equal((result.code, result.err), (0, ""), result)
    shown = retour.run("config", "show").out
    for key, value, origin in (("k", "30", "retour.d/20-b.ini"), ("organisation", "Exam", "retour.d/10-a.ini"), ("timezone", "UTC", "retour.ini"), ("act_on", "matched", "default"),
                               ("processed", "keep", "20-b.ini")):
        true(re.search(r"^%s = %s +; .*%s$" % (key, value, re.escape(origin)), shown, re.M), (key, shown))
    equal(shown.count("[mailbox bounces]"), 1)
    equal(retour.run("poll").code, 0)
    with open(os.path.join(drop_ins, "20-b.ini"), "w") as f:
        f.write("[privacy]\nk = 1\n")
    for command in (["config", "check"], ["config", "show"], ["poll"]):
        result = retour.run(*command)
        equal((result.code, result.out), (2, ""), result)
        contains(result.err, "retour.d/20-b.ini: [privacy] k")
    equal(retour.run("config").code, 0)

with case("RETOUR_CONFIG names the configuration, -c stands above it; RETOUR_LEVEL what is said"):
    retour = fresh()
    retour.write_config()
    def alone(*words, **environment):
        return subprocess.run([BINARY, *words], env=dict(os.environ, **environment), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    contains(alone("config", "check", RETOUR_CONFIG=retour.ini).stdout, retour.ini)
    contains(alone("-c", retour.ini, "config", "check", RETOUR_CONFIG="/nonexistent").stdout, retour.ini)
    contains(alone("config", "check", RETOUR_CONFIG="/nonexistent").stderr, "/nonexistent")
    equal(alone("poll", RETOUR_CONFIG=retour.ini, RETOUR_LEVEL="error").stderr, "")
    result = alone("poll", RETOUR_CONFIG=retour.ini, RETOUR_LEVEL="loud")
    equal(result.returncode, 2)
    contains(result.stderr, "notice")

with case("status: one screen with mailboxes, what is open, contacts and the report; colours on a terminal only"):
    retour = fresh()
    dovecot.deliver(generate.BOUNCES, samples[:100])
    equal(retour.run("status").code, retour.run("alerts").code)
    equal(retour.run("poll").code, 0)
    retour.now = "2026-11-02T06:20:00Z"
    result = retour.run("status")
    equal((result.code, result.err), (0, ""), result)
    true(re.search(r"^mailbox   bounces +20 minutes ago$", result.out, re.M), result)
    for word in ("last run", "contacts", "inactive", "report    2026-10"):
        contains(result.out, word)
    true(len(result.out.splitlines()) <= 24, result)
    retour.config["mailbox bounces"]["port"] = free_port()
    equal(retour.run("poll").code, 1)
    true(re.search(r"^mailbox   bounces +20 minutes ago; failed 0 seconds ago: ", retour.run("status").out, re.M), retour.run("status"))
    true("\033" not in result.out, "colours in a pipe")
    for environment, coloured in ({}, True), ({"NO_COLOR": "1"}, False):
        master, slave = os.openpty()
        process = subprocess.Popen(retour.arguments(("status",)), stdin=subprocess.DEVNULL, stdout=slave, env=dict(os.environ, **environment))
        os.close(slave)
        equal((b"\033" in all_of(master), process.wait()), (coloured, 0))

with case("a long import tells on a terminal how far it is, how fast, and what is left; nothing of that in a pipe, or with -q"):
    retour = fresh()
    mails = os.path.join(retour.dir, "many.mbox")
    with open(mails, "wb") as f:
        for number in range(20000):
            f.write(b"From x Mon Nov  2 05:00:00 2026\nMessage-ID: <%d@mx.example.net>\nSubject: hello\n\nnothing\n\n" % number)
    for how, options in ("a terminal", ()), ("a terminal, -q", ("-q",)), ("a pipe", ()):
        retour = fresh()
        retour.binary = SLOW
        retour.write_config()
        master, slave = os.openpty() if "terminal" in how else os.pipe()
        process = subprocess.Popen(retour.arguments(("import", mails), options), stdin=subprocess.DEVNULL, stderr=slave)
        os.close(slave)
        said = all_of(master)
        equal(process.wait(), 0)
        equal(bool(re.search(rb"import: \d+ mails, \d+ a second, \d+ %, about \d+ s left", said)), how == "a terminal", "%s: %s" % (how, said[-300:]))
        true(b"\033" not in said, said[-300:])

with case("broken syntax: 2, with the line"):
    retour = fresh()
    retour.config["privacy"] = {"k": "10\nthis is no line of an INI file"}
    result = retour.run("poll")
    equal(result.code, 2, result)
    true(re.search(r"line \d+", result.err), result.err)

with case("a configuration that is not there: 2, with its name"):
    retour = fresh()
    retour.ini = retour.dir + "/there-is-none.ini"
    retour.write_config = lambda: None
    result = retour.run("poll")
    equal(result.code, 2, result)
    contains(result.err, "there-is-none.ini")

with case("a password file that others may read is refused, with its name and not its content"):
    retour = fresh()
    os.chmod(retour.dir + "/password", 0o644)
    result = retour.run("poll")
    true(result.code in (1, 2), result)
    contains(result.err, retour.dir + "/password")
    true(PASSWORD not in result.err, "the password is in the message")

with case("a key directory that others may enter is refused"):
    retour = fresh()
    equal(retour.run("poll").code, 0)
    os.chmod(retour.data + "/keys", 0o755)
    result = retour.run("poll")
    true(result.code != 0, result)
    contains(result.err, "keys")
    os.chmod(retour.data + "/keys", 0o700)
    key = sorted(os.listdir(retour.data + "/keys"))[0]
    os.chmod(retour.data + "/keys/" + key, 0o640)
    result = retour.run("poll")
    true(result.code != 0, result)
    contains(result.err, key)

# --- exit codes --------------------------------------------------------------------------------------------------------

with case("0: nothing to do"):
    retour = fresh()
    equal(retour.run("poll").code, 0)
    equal(retour.run("run").code, 0)
    equal(retour.run("audit").code, 0)
    equal(retour.run("purge").code, 0)
    equal(retour.run("doctor").code, 0)

with case("1: a mailbox that fails is named, and the others are read"):
    dovecot.deliver("fbl@example.org", [sample.data for sample in generate.generate(seed=6, bounces=1, complaints=5) if sample.mailbox == generate.FBL])
    retour = fresh()
    retour.config["mailbox refused"] = dict(retour.config["mailbox bounces"], folder="Refused", password_file=retour.secret("wrong", "wrong"))
    retour.config["mailbox dead"] = dict(retour.config["mailbox bounces"], port=free_port())
    retour.config["mailbox fbl"] = dovecot.mailbox("fbl@example.org", password_file=retour.config["mailbox bounces"]["password_file"])
    result = retour.run("poll")
    equal(result.code, 1, result)
    contains(result.err, "refused")
    contains(result.err, "dead")
    equal(dovecot.count("fbl@example.org"), 0)
    true("example.org" not in result.err.replace("retour.ini", ""), "a login name that is an address stands in the log: " + result.err)
    equal(retour.run("poll", "fbl").code, 0)
    equal(retour.run("doctor").code, 1)

with case("1: check answers for what is no address"):
    result = retour.run("check", "--json", "-", input="%s\nthis is none\n" % ADDRESS)
    equal((result.code, len(result.lines())), (1, 2), result)
    true("this is none" not in result.err, "input in the message")

with case("2: audit and check want a store"):
    retour = fresh()
    for command in ("audit", "check", "purge", "report"):
        result = retour.run(command, input="")
        true(result.code not in (0, 4), result)
        equal(os.path.exists(retour.database), False, "%s made a store" % command)

with case("3: a ledger that was changed is found by the audit"):
    retour = fresh()
    equal(retour.run("run").code, 0)
    connection = sqlite3.connect(retour.database)
    triggers = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    for (trigger,) in triggers:
        connection.execute("DROP TRIGGER " + trigger)
    connection.execute("UPDATE ledger SET at = at + 1 WHERE number = (SELECT min(number) FROM ledger)")
    connection.commit()
    connection.close()
    result = retour.run("audit")
    equal(result.code, 3, result)

with case("3: what is overdue is found by the audit, and removed by purge"):
    retour = fresh()
    dovecot.deliver(generate.BOUNCES, samples[:100])
    equal(retour.run("poll").code, 0)
    true(retour.sql("SELECT count(*) FROM event")[0][0] > 50, "no events")
    retour.now = "2027-11-02T06:00:00Z"
    result = retour.run("audit")
    equal(result.code, 3, result)
    equal(retour.run("purge", "--dry-run").code, 0)
    true(retour.sql("SELECT count(*) FROM event")[0][0] > 50, "a dry run deleted")
    equal(retour.run("purge").code, 0)
    equal(retour.sql("SELECT count(*) FROM event"), [(0,)])
    after = retour.run("audit")
    equal((after.code, re.findall(r"^  broken +(.*)$", after.out, re.M)), (3, ["Retention is applied every day"]))

# --- the lock and signals ----------------------------------------------------------------------------------------------

def begun(retour, process):
    """Waits until something is stored."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if retour.sql("SELECT count(*) FROM event")[0][0]:
                return True
        except sqlite3.Error:  # not made yet, or being made
            pass
        time.sleep(0.002)
    return False


with case("4: another run holds the lock; reading commands do not mind"):
    retour = fresh()
    dovecot.deliver(generate.BOUNCES, samples)
    process = retour.start("poll")
    true(begun(retour, process), "no events")
    process.send_signal(signal.SIGSTOP)
    for command in ("poll", "run", "purge"):
        result = retour.run(command)
        equal(result.code, 4, "%s: %s" % (command, result))
    equal(retour.run("import", "-", input=b"Subject: x\n\nx\n").code, 4)
    result = retour.run("check", "--json", "-", input=ADDRESS)
    equal(result.code, 0, result)
    true(retour.run("audit").code != 4, "audit wants the lock")
    process.send_signal(signal.SIGCONT)
    process.communicate(timeout=60)
    equal(process.returncode, 0)
    equal(dovecot.count(generate.BOUNCES), 0)

# More than one commit holds: the end is far away when the first are stored. With sanitizers there is no build of small commits.
stopped, many = (None, samples * 6) if os.environ.get("RETOUR_SANITIZED") else (SLOW, samples[:600])
for number in (signal.SIGTERM, signal.SIGINT):
    with case("%s ends a poll cleanly after the batch; the rest comes with the next" % number.name):
        retour = fresh()
        dovecot.deliver(generate.BOUNCES, many)
        retour.binary = stopped or BINARY
        process = retour.start("poll")
        true(begun(retour, process), "no events")
        family = descendants(process.pid)
        os.killpg(process.pid, number)  # as a terminal or systemd does: all of them
        out, err = process.communicate(timeout=30)
        true(process.returncode in (0, 1), "ended with %s: %s" % (process.returncode, err))
        left, stored = dovecot.count(generate.BOUNCES), retour.sql("SELECT sum(count) FROM message_count")[0][0]
        true(0 < left < len(many), "%d of %d messages are left: not stopped in the middle" % (left, len(many)))
        equal(left + stored, len(many), "each message is either stored and settled or untouched")
        time.sleep(0.2)
        equal([pid for pid in family if title(pid).startswith("retour")], [], "processes left")
        retour.binary = BINARY
        equal(retour.run("poll").code, 0)
        equal(dovecot.count(generate.BOUNCES), 0)

with case("SIGTERM when the mailboxes are read: what is under way is done, the report comes with the next run"):
    retour = fresh(unrecognised="delete")
    mark, sink = os.path.join(retour.dir, "begun"), Sink(tls="none")
    command = os.path.join(retour.dir, "page")
    with open(command, "w") as f:
        f.write("#!/bin/sh\ntouch %s\nsleep 2\n" % mark)
    os.chmod(command, 0o700)
    retour.config["alert"] = {"command": command}
    retour.config["report"].update(sink.report(**{"from": "retour@example.org", "to": "deliverability@example.org", "tls": "none"}))
    retour.run("import", "--arrived", "header", ROOT + "/tests/golden")  # a month to report
    retour.config["mailbox gone"] = dovecot.mailbox("nobody@example.org", password_file=retour.secret("wrong", "other"))  # an alert
    retour.now = "2026-12-02T06:00:00Z"
    process = retour.start("run")
    while not os.path.exists(mark) and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)
    contains(err.decode(), "stopped")
    equal(sink.mails, [], err)
    retour.config.pop("mailbox gone")
    result = retour.run("run")
    equal((result.code, len(sink.mails)), (0, 1), result)

with case("what is printed and does not arrive is no success"):
    retour = fresh()
    equal(retour.run("poll").code, 0)
    for words in (["check"], ["key", "list"], ["config"], ["purge", "--dry-run"], ["doctor"], ["--help"]):
        with open("/dev/full", "w") as full:
            process = subprocess.run(retour.arguments(words), stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE)
        equal(process.returncode, 1, words)
        true(re.search("No space left|could not be written", process.stderr.decode()), (words, process.stderr))

with case("doctor tries what a report needs: words, measures, stylesheet, logo; and the keys and files that a run wants"):
    retour = fresh()
    for store in (False, True):
        for section, key, value, word in (("report", "language", "xx", "language xx"), ("report", "logo", "/dev/null", "logo"),
                                          ("report", "stylesheet", "/nonexistent", "stylesheet"), ("report", "measures", "/nonexistent", "measures"),
                                          ("origin", "batv_key_file", "/nonexistent", "BATV"), ("metrics", "file", "/nonexistent/a.prom", "metrics")):
            before = dict(retour.config.get(section, {}))
            retour.config.setdefault(section, {})[key] = value
            result = retour.run("doctor")
            retour.config[section] = before
            equal(result.code, 1, (key, result))
            contains(result.out + result.err, word)
        retour.run("poll")
    equal(retour.run("doctor").code, 0)

with case("doctor before the first run, where nothing is there yet"):
    retour = fresh()
    below = os.path.join(retour.dir, "made", "by", "nobody")
    for place, code, words in ((os.path.join(retour.dir, "new"), 0, "not there yet"), (below, 1, "cannot be written")):
        retour.config["store"]["path"] = os.path.join(place, "retour.db")
        retour.config["keys"]["dir"] = os.path.join(place, "keys")
        retour.config["report"] = {"dir": os.path.join(place, "reports")}
        result = retour.run("doctor")
        equal(result.code, code, result)
        contains(result.out, words)
        true(not os.path.exists(place), "doctor made something")

with case("doctor has nothing to say of the rules that are built in"):
    true("look  rules" not in fresh().run("doctor").out, fresh().run("doctor").out)

with case("doctor looks through rules of one's own"):
    retour = fresh()
    rules = os.path.join(retour.dir, "rules.ini")
    with open(rules, "w") as f:
        f.write('[a]\ncategory = mailbox-full\nrank = 5\nen = "moon is full"\n[user-unknown]\ncategory = user-unknown\nen = "moon is full | no moon"\n')
    providers = os.path.join(retour.dir, "providers.ini")
    with open(providers, "w") as f:
        f.write("[moon]\ndomains = moon.example\n")
    retour.config["rules"] = {"rules": rules, "providers": providers}
    result = retour.run("doctor")
    contains(result.out, "look  rules                [user-unknown] the phrase 'moon is full' never counts here: rule a has it\n")
    contains(result.out, "rules are not in " + rules)

with case("classify --explain shows what was seen, which rule won, and no address"):
    retour = fresh()
    mail = os.path.join(retour.dir, "mail.eml")
    with open(mail, "w") as f:
        f.write("From: MAILER-DAEMON@mx.example.net\nSubject: Undelivered\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n"
                "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\nFinal-Recipient: rfc822; kim.secret@example.com\nAction: failed\n"
                "Status: 5.2.2\nDiagnostic-Code: smtp; 552 5.2.2 kim.secret@example.com: mailbox is full\n\n--b--\n")
    silent, result = retour.run("classify", mail), retour.run("classify", "--explain", mail)
    equal((result.code, result.out, silent.err), (0, silent.out, ""))
    lines = result.err.splitlines()
    equal(lines[0], mail + ": event 1: failure mailbox-full, decided by mailbox-full")
    contains(lines[1], "class soft, margin ")
    contains(lines[1], "; enhanced code 5.2.2, reply 552;")
    contains(lines[2], "mailbox is full")
    equal([line[2] for line in lines[2:]], ["*"] + [" "] * (len(lines) - 3))
    rules = [line[11:].split()[0] for line in lines[2:]]
    equal(len(rules), len(set(rules)))
    equal((rules[0], "code.5.2.2" in rules, rules[-2:]), ("mailbox-full", True, ["reply.552", "digit.5"]))
    true("secret" not in result.err, result.err)

with case("classify reads what import reads: a Maildir in a directory beside a mail; an unwritable output and a missing path end with 1"):
    retour = fresh()
    box = os.path.join(retour.dir, "box")
    for folder in ("cur", "new", "tmp"):
        os.makedirs(os.path.join(box, "maildir", folder))
    for name in ("a.eml", "maildir/cur/1762300000.1.host:2,S"):
        with open(os.path.join(box, name), "w") as f:
            f.write("From: MAILER-DAEMON@mx.example.net\nSubject: failure notice\n\n<ann@example.com>:\n550 5.1.1 user unknown\n")
    result = retour.run("classify", "--plain", box)
    equal((result.code, [(os.path.relpath(e["file"], box), e["recipient"]) for e in map(json.loads, result.out.splitlines())]),
          (0, [("a.eml", "ann@example.com"), ("maildir/1762300000.1.host:2,S", "ann@example.com")]))
    result = retour.run("classify", os.path.join(box, "none"), os.path.join(box, "a.eml"))
    equal((result.code, len(result.out.splitlines())), (1, 1))
    contains(result.err, "none: No such file or directory")
    with open("/dev/full", "w") as full:
        result = subprocess.run([os.environ["RETOUR"], "classify", box], stdout=full, stderr=subprocess.PIPE, text=True)
    equal(result.returncode, 1)
    contains(result.stderr, "standard output: No space left on device")

with case("the local part of one recipient is taken out of what the receiver says of another, in a report and in prose"):
    retour = fresh()
    status = os.path.join(retour.dir, "status.eml")
    with open(status, "w") as f:
        f.write("From: MAILER-DAEMON@mx.example.net\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n"
                "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\n"
                "Final-Recipient: rfc822; kim.secret@example.com\nAction: failed\nStatus: 5.2.2\nDiagnostic-Code: smtp; 552 5.2.2 mailbox full, as is pat.hidden\n\n"
                "Final-Recipient: rfc822; pat.hidden@example.com\nAction: failed\nStatus: 5.2.2\nDiagnostic-Code: smtp; 552 5.2.2 mailbox full, as is kim.secret\n\n--b--\n")
    prose = os.path.join(retour.dir, "prose.eml")
    with open(prose, "w") as f:
        f.write("From: MAILER-DAEMON@mx.example.net\nSubject: failure notice\n\nHi. This is the qmail-send program.\n\n"
                "<kim.secret@example.com>:\n550 5.1.1 user unknown; try pat.hidden\n\n<pat.hidden@example.com>:\n550 5.1.1 user unknown; try kim.secret\n")
    for mail in (status, prose):
        result = retour.run("classify", mail)
        equal(len(result.lines()), 2)
        true("secret" not in result.out and "hidden" not in result.out, result.out)

for closed in ("2>&-", "<&- >&- 2>&-"):
    with case("started with %s it writes no line of its log into a file" % closed):
        retour = fresh()
        dovecot.deliver(generate.BOUNCES, samples[:50])
        retour.write_config()
        equal(subprocess.call(["sh", "-c", "exec \"$@\" " + closed, "sh", *retour.arguments(("poll",), ["-v"])]), 0)
        equal(retour.sql("SELECT sum(count) FROM message_count"), [(50,)])
        equal(retour.run("audit").code, 0)
        for place, _, files in os.walk(retour.data):
            for name in files:
                with open(os.path.join(place, name), "rb") as f:
                    true(b"retour: " not in f.read(), name)

with case("--dry-run touches neither store nor mailbox"):
    retour = fresh()
    dovecot.deliver(generate.BOUNCES, samples[:50])
    before = os.listdir(retour.data)
    equal(retour.run("poll", "--dry-run").code, 0)
    equal((dovecot.count(generate.BOUNCES), os.listdir(retour.data)), (50, before))

with case("-q says nothing when all is well, -v more than the default"):
    sizes = []
    for options in (["-q"], [], ["-v"]):
        retour = fresh()
        dovecot.deliver(generate.BOUNCES, samples[:20])
        result = retour.run("poll", options=options)
        equal(result.code, 0, result)
        sizes.append(len(result.err.splitlines()))
    equal(sizes[0], 0)
    true(sizes[0] < sizes[1] <= sizes[2], sizes)

finish()
