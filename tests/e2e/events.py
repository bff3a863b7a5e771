#!/usr/bin/python3
"""`events` gives a warehouse what is stored, from a cursor on: nothing is left out, whatever comes late; what comes again is the same line."""
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.contacts import BOUNCE, DEAD, FULL, Bounces
from lib.harness import *

NOW = "2026-12-20T06:00:00Z"
FIELDS = ["at", "pseudonym", "key", "number", "kind", "class", "category", "status", "reply", "rule", "provider", "campaign", "stream", "origin", "mailbox"]
people = ["person%d.events@example.net" % n for n in range(8)]
retour = Retour(now=NOW)
bounces = Bounces(retour)


def asked(since=None, code=0):
    """The lines and the cursor."""
    result = retour.run("events", *(["--since", since] if since is not None else []))
    equal(result.code, code, result)
    lines = [json.loads(line) for line in result.out.splitlines()]
    return (lines[:-1], lines[-1]["cursor"]) if code == 0 else (lines, None)


def identity(line):
    return line["at"], line["pseudonym"], line["number"]


def told():
    return [row[0] for row in retour.sql("SELECT detail FROM ledger WHERE kind = 'events-exported' ORDER BY number")]


with case("a store without events gives a cursor and nothing else, and the ledger says nothing"):
    bounces.take()
    equal(asked()[0], [])
    equal(told(), [])

with case("every event comes once, with all that is known of it but the receiver's words"):
    bounces.take((people[0], DEAD, "04 Dec"), (people[1], FULL, "05 Dec"), (people[2], DEAD, "05 Dec"), (people[0], DEAD, "06 Dec"))
    lines, first = asked()
    equal([list(line) for line in lines], [FIELDS] * 4)
    equal(len({identity(line) for line in lines}), 4)
    equal([line["at"][:10] for line in lines], ["2026-12-04", "2026-12-05", "2026-12-05", "2026-12-06"])
    equal(sorted((line["class"], line["key"], line["status"]) for line in lines), [("hard", "2026-12", "5.1.1")] * 3 + [("soft", "2026-12", "5.2.2")])
    true(lines[0]["pseudonym"] == lines[3]["pseudonym"] != lines[2]["pseudonym"], "a month has one pseudonym for one recipient")
    equal(told(), ["events=4 first=2026-12-04 last=2026-12-06"])

with case("from the cursor on nothing comes until something is stored"):
    equal(asked(first), ([], first))
    equal(len(told()), 1)

with case("what comes late is given, with its day and no other"):
    bounces.take((people[3], DEAD, "05 Dec"))
    late, second = asked(first)
    equal(sorted(line["at"][:10] for line in late), ["2026-12-05"] * 3)
    equal(len({identity(line) for line in lines + late}), 5)
    equal(asked(second)[0], [])

with case("what names no recipient is a line of its own, too"):
    with open(os.path.join(retour.dir, "away.eml"), "w", encoding="ascii") as f:
        f.write("From: x@example.net\nTo: bounces@example.org\nSubject: Out of office\nAuto-Submitted: auto-replied\nDate: Sat, 05 Dec 2026 05:00:00 +0000\n"
                "Received: from mx.example.net by mail.example.org; Sat, 05 Dec 2026 05:00:00 +0000\n\nI am away.\n")
    equal(retour.run("import", os.path.join(retour.dir, "away.eml")).code, 0)
    more, second = asked(second)
    equal([(line["kind"], line["pseudonym"]) for line in more if line["kind"] == "autoreply"], [("autoreply", "")])

with case("an older cursor gives what all cursors since then gave"):
    equal(sorted(map(identity, asked(first)[0])), sorted(set(map(identity, late + more))))
    equal(len(asked("")[0]), 6)

with case("who was forgotten does not come again"):
    gone = {line["pseudonym"] for line in lines if line["at"].startswith("2026-12-04")}
    equal(retour.run("forget", input=people[0]).code, 0)
    left, third = asked("")
    equal(len(left), 4)
    true(not gone & {line["pseudonym"] for line in left}, "a forgotten pseudonym came")
    equal(asked(third)[0], [])

with case("days that were purged are no matter, and a new one comes"):
    retour.now = "2027-06-05T06:00:00Z"
    equal(retour.run("purge").code, 0)
    equal(asked(third)[0], [])
    bounces.take((people[4], DEAD, "31 Dec"))
    new, _ = asked(third)
    equal([line["key"] for line in new], ["2026-12"])

with case("what is no cursor is refused"):
    for broken in ("x", "AA", third + "AB", third[:-1] + "!", "Af___________8B", "\u00e4", "A" * 100000):
        result = retour.run("events", "--since", broken)
        equal((result.code, result.out), (2, ""), broken[:20])
        contains(result.err, "not a cursor of this command")

with case("a reader that is full is a failure, and the ledger still says what left"):
    count = len(told())
    with open("/dev/full", "w") as full:
        result = subprocess.run(retour.arguments(["events"]), stdout=full, stderr=subprocess.PIPE, text=True)
    equal(result.returncode, 1, result.stderr)
    contains(result.stderr, "No space left")
    equal(len(told()), count + 1)

with case("no address is in what is given"):
    everything = retour.run("events").out
    true("@" not in everything and "person" not in everything, everything[:200])

# --- the manual, as it is printed -------------------------------------------------------------------------------------

with open(os.path.join(ROOT, "etc", "retour-events.7"), encoding="utf-8") as f:
    manual = f.read().replace("\\e", "\\")
with case("the manual's loop: each line reaches the loader, the cursor goes on, and a loader that fails gets them again"):
    home = os.path.join(retour.dir, "loop")
    os.makedirs(home + "/bin")
    loop = re.search(r"^\.Bd [^\n]*\n(retour events --since .*?)^\.Ed", manual, re.M | re.S).group(1)
    for name, text in (("retour", 'exec %s "$@"' % " ".join(retour.arguments([]))), ("your-loader", "[ ! -e broken ] && cat >> loaded")):
        with open("%s/bin/%s" % (home, name), "w") as f:
            f.write("#!/bin/sh\n%s\n" % text)
        os.chmod("%s/bin/%s" % (home, name), 0o755)
    open(home + "/cursor", "w").close()

    def looped():
        return subprocess.run(["sh", "-c", loop], cwd=home, env=dict(os.environ, PATH=home + "/bin:" + os.environ["PATH"]), capture_output=True, text=True)

    open(home + "/broken", "w").close()
    true(looped().returncode != 0, "a loader that fails is noticed")
    os.unlink(home + "/broken")
    for _ in range(2):
        done = looped()
        equal((done.returncode, done.stderr), (0, ""), done)
    with open(home + "/loaded") as f:
        loaded = [json.loads(line) for line in f]
    equal(loaded, asked()[0])
with case("the manual's tables and mapping have each field, and no other"):
    tables = re.findall(r"^CREATE TABLE retour \((.*?)\)\n? *(?:;|ENGINE)", manual, re.M | re.S)
    equal(len(tables), 2)
    for table in tables:
        columns = re.sub(r"\([^()]*(?:\([^()]*\)[^()]*)*\)", "", table).split(",")
        equal([column.split()[0] for column in columns if column.split()[0] != "PRIMARY"], FIELDS)
    mapping = json.loads(re.search(r'^(\{"mappings".*?)^\.Ed', manual, re.M | re.S).group(1))
    equal(list(mapping["mappings"]["properties"]), FIELDS)
finish()
