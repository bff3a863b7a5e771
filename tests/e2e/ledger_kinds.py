#!/usr/bin/python3
"""Every kind of entry that retour-audit(7) describes is made once; no other is ever written; the audit with all of them follows its schema, holds no address,
and says of each class of data what is held of it."""
import glob
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib import pseudonym
from lib.contacts import BOUNCE, DEAD, FULL, LISTED, Bounces
from lib.harness import *

HELD = ("events", "diagnostics", "contacts", "objections", "messages", "alerts", "summaries", "ledger", "month keys", "erasures")
AUDIT = "{urn:retour:audit:1}"
ANNA, BEN, CARLA, DORA = ("%s.kinds@example.net" % name for name in ("anna", "ben", "carla", "dora"))
with open(os.path.join(ROOT, "etc", "retour-audit.7"), encoding="utf-8") as f:
    section = f.read().split(".Sh THE ENTRIES OF THE LEDGER")[1].split(".Sh ")[0]
documented = {word for line in re.findall(r"^\.It Sy (.*)$", section, re.M) for word in line.split() if word != ","}
with open(os.path.join(ROOT, "store", "ledgerkind.h"), encoding="ascii") as f:
    kind_of = dict(re.findall(r'X\((LEDGER_\w+), "([a-z-]+)"\)', f.read()))

retour, sink = Retour(now="2026-12-20T06:00:00Z"), Sink(tls="none")
box = os.path.join(retour.dir, "box")
for name in ("new", "cur", "tmp"):
    os.makedirs(os.path.join(box, name))


def do(*command, code=0, **more):
    result = retour.run(*command, **more)
    equal(result.code, code, result)
    return result


def kinds():
    return {row[0] for row in retour.sql("SELECT DISTINCT kind FROM ledger")}


def newest(kind):
    rows = retour.sql("SELECT detail FROM ledger WHERE kind = ? ORDER BY number DESC LIMIT 1", kind)
    true(rows, "no entry of the kind " + kind)
    return rows[0][0]


def follows_its_schema(erased, code=0):
    """The audit as it is now, in each format; ERASED entries in the list of erasures."""
    path = os.path.join(retour.dir, "audit.xml")
    result = retour.run("audit", "--format", "xml", "--output", path)
    equal(result.code, code, result)
    done = subprocess.run(["xmllint", "--noout", "--nonet", "--schema", os.path.join(ROOT, "etc", "audit.xsd"), path], capture_output=True, text=True)
    equal(done.returncode, 0, done.stderr)
    root = xml.etree.ElementTree.parse(path).getroot()
    equal({node.get("name") for node in root.iter(AUDIT + "kind")}, kinds())
    rows = {node.get("name"): (int(node.get("rows")), bool(node.get("oldest"))) for node in root.iter(AUDIT + "class")}
    equal(sorted(rows), sorted(HELD))
    equal(rows["erasures"], (erased, erased > 0))
    for form in ("text", "html"):
        equal(retour.run("audit", "--format", form).code, code)


bounces = Bounces(retour)
copy = os.path.join(retour.dir, "copy.db")
retour.config["mailbox bounces"] = {"protocol": "maildir", "path": box}
retour.config["report"].update(sink.report(to="dpo@example.org", ca_file=None, **{"from": "retour@example.org"}))
retour.config["alert"] = {"to": "postmaster@example.org"}

with case("the ledger has requests, decisions, reports, keys and backups"):
    bounces.take((ANNA, DEAD, "04 Dec"), (BEN, FULL, "05 Dec"), (CARLA, DEAD, "06 Dec"), (DORA, LISTED, "18 Dec", "mx.example.net"))
    do("run")
    do("contact", "reactivate", "--reason", "wrote to us", input=ANNA)
    do("contact", "undo", "--rule", "code.5.1.2", "--from", "2026-12-01", "--to", "2026-12-02", "--reason", "was wrong")
    do("contact", "rejudge", "--reason", "a rule was mended")
    bounces.take(*[("w%d@example.net" % n, DEAD, "18 Dec", "gmail-smtp-in.l.google.com") for n in range(30)])
    do("contact", "confirm", "--provider", "gmail", "--from", "2026-12-18", "--to", "2026-12-18", "--reason", "they are gone")
    do("contact", "resolve", "--provider", "other", "--category", "reputation", "--reason", "delisted")
    do("suppress", "add", "--reason", "by phone", input="eve.kinds@example.net")
    do("disclose", "--reference", "DS-1", input=BEN)
    do("requests", "correct", str(retour.sql("SELECT max(number) FROM ledger WHERE kind = 'disclose'")[0][0]), "--reference", "DS-1a")
    do("backup", copy)
    do("forget", "--reference", "DS-2", input=CARLA)
    do("key", "rotate", "state")
    do("key", "rotate", "verp")
    do("report", "--month", "2026-11", "--send", "--to", "dpo@example.org")
    do("audit", "export", os.path.join(retour.dir, "evidence"))
    do("events")

with case("the ledger says that a report was handed over and nobody answered"):
    command = os.path.join(retour.dir, "sendmail")
    with open(command, "w", encoding="ascii") as f:
        f.write("#!/bin/sh\ncat > /dev/null\nkill -9 $$\n")
    os.chmod(command, 0o755)
    smtp = retour.config["report"].pop("smtp")
    retour.config["report"]["sendmail"] = command
    do("report", "--month", "2026-11", "--send", code=1)
    equal(newest("report-unanswered"), "month=2026-11 recipients=1 tries=1")
    del retour.config["report"]["sendmail"]
    retour.config["report"]["smtp"] = smtp

with case("the ledger has alerts: a mailbox that cannot be read"):
    os.rename(box, box + ".away")
    for day in (21, 22, 23):
        retour.now = "2026-12-%dT06:00:00Z" % day
        do("run", code=1)
    os.rename(box + ".away", box)
    retour.now = "2026-12-23T07:00:00Z"
    do("run")
    contains(newest("alert"), "state=cleared")

with case("the ledger says which month's report was sent"):
    retour.now = "2027-01-02T06:00:00Z"
    do("run")
    equal(newest("report-sent"), "month=2026-12 recipients=1")
    made = kinds()

with case("the ledger says that a backup was restored, and that what was erased since was erased in it again"):
    os.rename(copy, retour.database)
    for suffix in "-wal", "-shm":
        os.unlink(retour.database + suffix)
    retour.now = "2027-01-05T06:00:00Z"
    do("purge")
    equal(newest("restored"), "made=2026-12-20 erased_again=2")
    follows_its_schema(2)
    made |= kinds()

with case("the ledger says which setting was changed from what to what, and which keys went"):
    retour.config["retention"] = {"events": "20d", "alerts_reason": "somebody asked"}
    retour.config["witness"] = {"command": "/bin/true"}
    retour.config["hook"] = {"command": "/bin/cat", "addresses": "yes"}
    del retour.config["report"]["to"]
    retour.now = "2027-02-02T06:00:00Z"
    do("run")
    contains(newest("configuration"), "changed=events:15552000>1728000")
    sections = [row[0] for row in retour.sql("SELECT detail FROM ledger WHERE kind = 'configuration-section' ORDER BY number")]
    equal({re.sub(r" (all|settings)=\w+", "", line) for line in sections[1:]},
          {"name=retention.alerts reason=somebody%20asked", "name=witness syslog=none command=/bin/true timestamp=none tsa=none dir=none",
           "name=hook command=/bin/cat addresses=yes"})
    true(sections[0].startswith("name=origin "), sections)
    contains(newest("key-destroyed"), "purpose=event month=2026-1")

with case("the ledger has an operator's decision about a recipient, with its reason"):
    again = "late.kinds@example.net"
    retour.config["ladder mailbox-full"] = {"steps": "1h, 2h", "end": "3h"}
    retour.now = "2027-02-03T06:00:00Z"
    for hour in (1, 3, 5):
        with open(bounces.folder + "/1.eml", "w", encoding="ascii") as f:
            f.write((BOUNCE % {"date": "03 Feb 2027 %02d:00:00 +0000" % hour, "number": 9000 + hour, "recipient": again, "status": FULL[0], "text": FULL[1],
                               "host": "mx.example.net"}))
        do("import", bounces.folder)
    equal(do("check", "--json", input=again).lines()[0]["state"], "paused")
    do("contact", "revalidate", "--reason", "called us", input=again)

with case("the ledger says that an operator confirmed the clock, from when to when and why"):
    retour.now = "2027-12-03T06:00:00Z"
    do("run", code=3)
    do("clock", "confirm", "--reason", "the machine was off")
    equal(newest("clock-confirmed"), 'from=2027-02-02T06:00:00Z to=2027-12-03T06:00:00Z why=gap reason="the machine was off"')

with case("the ledger says that a credential was released, which is not destroyed"):
    credentials = os.path.join(retour.dir, "credentials")
    os.mkdir(credentials, 0o700)
    name = do("key", "rotate", "verp").out.split()[0]
    os.rename(retour.data + "/keys/" + name, credentials + "/" + name)
    contains(do("key", "retire", name, env={"CREDENTIALS_DIRECTORY": credentials}).out, "yours to destroy")
    true(os.path.exists(credentials + "/" + name), "it is gone")
    contains(newest("key-released"), name)

with case("the ledger says who moved to another state key, and who was given up with the old one"):
    bounces.take(("gus.kinds@example.net", DEAD, "01 Dec"), ("hal.kinds@example.net", DEAD, "01 Dec"))
    do("key", "rotate")
    do("key", "retire", "state.key", "-", input="gus.kinds@example.net", code=2)
    equal(newest("key-moved"), "addresses=1 moved=1")
    do("key", "retire", "state.key", "--give-up", "--reason", "their addresses are lost")
    contains(newest("key-given-up"), "purpose=state name=state.key contacts=")

with case("the ledger says that another site's state key was taken"):
    present, = retour.sql("SELECT name FROM key WHERE purpose = 'state'")[0]
    after = pseudonym.fingerprint(pseudonym.key(retour.data + "/keys/" + present)).hex()
    retour.config["store"]["site"] = "berlin"
    name = do("key", "adopt", "-", input="retour key 2 state\n%s\nafter %s\n" % (bytes(range(32)).hex(), after)).out.split()[0]
    del retour.config["store"]["site"]
    equal(newest("key-adopted"), "purpose=state name=" + name)

with case("the ledger says that another key of the sites opens lines, and seals them"):
    retour.config["store"]["site"] = "berlin"
    do("changes")
    do("key", "adopt", "-", input="retour key 1 sites\n%s\n" % bytes(range(32)).hex())
    equal(newest("key-adopted"), "purpose=sites name=sites-2.key")
    do("key", "use")
    equal(newest("key-used"), "purpose=sites name=sites-2.key")
    del retour.config["store"]["site"]

with case("the ledger says that a month's key was lost"):
    for number in 1, 2:
        with open(bounces.folder + "/1.eml", "w", encoding="ascii") as f:
            f.write((BOUNCE % {"date": "03 Feb 2027 05:00:00 +0000", "number": 9100 + number, "recipient": "lost.kinds%d@example.net" % number, "status": DEAD[0],
                               "text": DEAD[1], "host": "mx.example.net"}))
        do("import", bounces.folder)
        if number == 1:
            os.unlink(retour.data + "/keys/event-2027-02.key")
    contains(newest("key-lost"), "purpose=event month=2027-02 events=")

with case("the ledger says that a mailbox is no longer configured"):
    del retour.config["mailbox bounces"]
    do("run")
    equal(newest("configuration-mailbox"), "name=bounces removed=yes")

with case("the audit with entries of every kind follows its schema"):
    follows_its_schema(0, code=3)  # the months between them went without a purge

with case("no entry of any kind holds an address or a pseudonym"):
    for detail, in retour.sql("SELECT detail FROM ledger"):
        true("@" not in detail and "kinds" not in detail, detail)
        for word in re.findall(r"\b[0-9a-f]{32}\b", detail):
            true("settings=" + word in detail or "all=" + word in detail or "fingerprint=" + word in detail, detail)

with case("every kind that the manual describes was made, and no other"):
    made |= kinds()
    retour.config["retention"] = {"ledger": "10d"}
    do("purge")
    follows_its_schema(0)
    for suffix in "", "-wal":
        shutil.copy(retour.database + suffix, retour.dir + "/old" + suffix)
    do("key", "rotate", "verp")
    for suffix in "", "-wal":
        shutil.copy(retour.dir + "/old" + suffix, retour.database + suffix)
    os.unlink(retour.database + "-shm")
    do("purge")  # it is older than its keys
    retour.now = None  # from here on the times are the clock's
    do("key", "rotate", "verp")
    made |= kinds()
    equal(sorted(made ^ documented), [])

with case("no source writes a kind that the manual does not describe"):
    used = set()
    for path in glob.glob(ROOT + "/store/**/*.c", recursive=True) + glob.glob(ROOT + "/poller/**/*.c", recursive=True):
        with open(path, encoding="utf-8") as f:
            used |= set(re.findall(r"\bLEDGER_[A-Z_]+", f.read()))
    equal(sorted(set(kind_of) - used), [])
    equal(sorted(set(kind_of.values()) ^ documented), [])

finish()
