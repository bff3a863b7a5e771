#!/usr/bin/python3
"""Every command that prints something for people prints it as JSON lines, too, in one dialect: retour(1), JSON. One object a line, the same keys in each line of a kind,
times as RFC 3339 in UTC, the same name for the same thing; and no command is left out."""
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.bounce import bounce
from lib.harness import *

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
# what each name means in all commands: how its value looks
DIALECT = {"at": "time", "since": "time", "until": "time", "oldest": "time", "cutoff": "time", "failed": "time", "written": "time", "last_run": "time", "opened": None, "last": None,
           "count": "number", "refused": "number", "known": None, "new": None, "left": "number", "overdue": "number", "events": None, "moved": None, "objections": None, "number": "number",
           "mailbox": "text", "provider": "text", "campaign": "text", "category": "text", "reason": "text", "rule": "text", "state": "text", "verdict": "text", "stream": "text",
           "address": "text", "file": "text", "month": "text", "kind": "text", "name": "text", "class": "text", "dry_run": "flag", "believed": "flag", "own": None}
NONE = {  # who prints no lines of its own, and why
    "serve": "it answers others", "changes": "its lines are signed ones for other sites", "report": "it has formats", "demo-report": "it has formats", "setup": "it talks to a person",
    "completion": "it prints a script",
}
ADDRESS = "anna@example.net\n"

retour = Retour()
retour.config["mailbox b"] = {"protocol": "maildir", "path": os.path.join(retour.dir, "box")}
retour.config["origin"]["verp"] = "bounce+{token}@bounce.example.org"
retour.config["store"]["site"] = "here"
for part in ("cur", "new", "tmp"):
    os.makedirs(os.path.join(retour.dir, "box", part))
mail = os.path.join(retour.dir, "mail.eml")
with open(mail, "w") as f:
    f.write(bounce("bert", "5.1.1", "550 5.1.1 User unknown"))
sent = os.path.join(retour.dir, "sent.csv")
with open(sent, "w") as f:
    f.write("2026-11-01,spring,gmail,1000\n")
listed = os.path.join(retour.dir, "list.csv")
with open(listed, "w") as f:
    f.write("email,reason,date\nlea@example.net,hard,2026-10-02\n")
log = os.path.join(retour.dir, "mail.log")
with open(log, "w") as f:
    f.write("Nov  1 10:00:00 mx postfix/smtp[1]: 3F2A91C07D: to=<x@example.net>, relay=mx.example.net[192.0.2.1]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)\n")

COMMANDS = [  # in this order; what is read, exit codes that are fine, keys that a line has
    (("run",), "", (0,), {"mailbox", "at", "count", "events"}),
    (("poll",), "", (0,), {"mailbox", "at", "count"}),
    (("poll", "--dry-run"), "", (0,), {"mailbox", "count"}),
    (("import", mail), "", (0,), {"mailbox", "count", "events"}),
    (("classify", mail), "", (0,), {"file", "kind", "category", "rule"}),
    (("check",), ADDRESS, (0,), {"address", "verdict", "since"}),
    (("suppress", "add", "--reason", "x"), ADDRESS, (0,), {"rule", "dry_run", "optout"}),
    (("suppress", "import", listed), "", (0,), {"rule", "dry_run", "hard"}),
    (("suppress", "import", "--dry-run", listed), "", (0,), {"rule", "dry_run", "hard"}),
    (("suppressions",), "", (0,), {"pseudonym", "verdict", "since"}),
    (("contact", "show"), ADDRESS, (0,), {"address", "verdict", "state", "since"}),
    (("contact", "reactivate", "--reason", "x"), ADDRESS, (0,), {"count", "refused"}),
    (("contact", "revalidate", "--reason", "x"), ADDRESS, (1,), {"count", "refused"}),
    (("contact", "resolve", "--reason", "x"), ADDRESS, (1,), {"count", "refused"}),
    (("contact", "resolve", "--list"), "", (0,), set()),
    (("contact", "confirm", "--list"), "", (0,), set()),
    (("contact", "confirm", "--reason", "x"), ADDRESS, (1,), {"count", "refused"}),
    (("contact", "undo", "--rule", "suppress.csv", "--reason", "x", "--dry-run"), "", (0,), {"from", "to", "count"}),
    (("contact", "undo", "--rule", "suppress.csv", "--reason", "x"), "", (0,), {"from", "to", "count"}),
    (("contact", "rejudge", "--reason", "x"), "", (0,), set()),
    (("contact", "states"), "", (0,), {"from", "to"}),
    (("merge",), "", (0,), {"count", "new", "known", "refused"}),
    (("sites",), "", (0,), set()),
    (("events",), "", (0,), set()),
    (("volume", "import", sent), "", (0,), {"file", "source", "count", "days"}),
    (("volume", "log", log), "", (0,), {"count", "deferred", "rejected"}),
    (("advice",), "", (0,), set()),
    (("words",), "", (0,), set()),
    (("comment", "--month", "2026-10", "all well"), "", (0,), {"month", "at"}),
    (("alerts", "--all"), "", (0,), set()),
    (("purge", "--dry-run"), "", (0,), {"class", "cutoff", "count", "left", "overdue", "dry_run"}),
    (("purge",), "", (0, 3), {"class", "cutoff", "count", "left", "overdue", "dry_run"}),
    (("clock",), "", (0,), {"at", "believed", "reason"}),
    (("clock", "confirm", "--reason", "x"), "", (0,), {"at", "believed", "reason"}),
    (("audit",), "", (0, 3), {"kind", "reason"}),
    (("backup", os.path.join(retour.dir, "copy.db")), "", (0,), {"file", "until"}),
    (("verp", "--campaign", "c"), ADDRESS, (0,), {"address", "return_path"}),
    (("key", "list"), "", (0,), {"kind", "name"}),
    (("key", "rotate"), "", (0,), {"kind", "name", "count"}),
    (("key", "list"), "", (0,), {"kind", "name"}),
    (("disclose",), ADDRESS, (0,), {"address", "contact"}),
    (("forget",), ADDRESS, (0,), {"number", "count", "events"}),
    (("requests",), "", (0,), {"number"}),
    (("doctor",), "", (0, 1), {"result", "what", "reason"}),
    (("status",), "", (0,), {"kind"}),
    (("config", "check"), "", (0,), {"file", "mailboxes"}),
    (("config", "show"), "", (0,), {"section", "key", "value", "file"}),
]


def fits(key, value):
    form = DIALECT.get(key)
    if value is None or form is None:
        return True
    return {"time": lambda: bool(TIME.match(str(value))), "number": lambda: isinstance(value, int) and not isinstance(value, bool), "text": lambda: isinstance(value, str),
            "flag": lambda: isinstance(value, bool)}[form]()


printed = {}
for words, given, codes, keys in COMMANDS:
    name = " ".join(word if "/" not in word else "FILE" for word in words)
    with case("retour %s --json" % name):
        result = retour.run(*words[:1], *words[1:2], "--json", *words[2:], input=given) if words[0] in ("contact", "suppress", "volume", "key", "clock", "config") and len(words) > 1 \
            else retour.run(words[0], "--json", *words[1:], input=given)
        true(result.code in codes, result)
        lines = [json.loads(line) for line in result.out.splitlines()]
        true(lines or not keys, "nothing was printed")
        forms = {}
        for line in lines:
            true(isinstance(line, dict), line)
            true(keys <= set(line) or "cursor" in line, "%r has not %r" % (line, keys))
            forms.setdefault(line.get("kind"), set()).add(tuple(line))
            for key, value in line.items():
                true(re.fullmatch(r"[a-z][a-z_]*", key), key)
                true(fits(key, value), "%s: %r" % (key, value))
        for kind, shapes in forms.items():
            equal(len(shapes), 1, "lines of kind %s have several forms" % kind)
        printed[words[0]] = True
with case("no command is left out"):
    shown = subprocess.run([BINARY, "--help"], capture_output=True, text=True).stdout
    commands = [c for c in re.findall(r"^  ([a-z][a-z-]+) ", shown, re.M)]
    true(len(commands) > 25, commands)
    equal(sorted(set(commands) - set(printed) - set(NONE)), [])
    equal(sorted(set(printed) & set(NONE)), [])
with case("where a command has none, --json is no option"):
    equal(retour.run("report", "--json").code, 2)
finish()
