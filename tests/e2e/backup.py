#!/usr/bin/python3
"""A backup is made while the store is written, is whole, holds no key, and when it is restored what was erased since is erased again."""
import os
import sqlite3
import stat
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.contacts import BOUNCE, DEAD, Bounces
from lib.harness import *

SMALL_BATCHES = os.path.join(os.environ.get("RETOUR_BUILD", os.path.join(ROOT, "build")), "crash", "retour")
ANNA, BEN = "anna.backup@example.net", "ben.backup@example.net"
retour = Retour(now="2026-12-20T06:00:00Z")
bounces = Bounces(retour)
bounces.take((ANNA, DEAD, "18 Dec"), (BEN, DEAD, "18 Dec"))
copy = retour.dir + "/copy.db"


def restore():
    os.rename(copy, retour.database)
    for suffix in "-wal", "-shm":
        os.unlink(retour.database + suffix)


with case("a backup has mode 0600, no key, one state of all tables, and says until when it may be kept"):
    result = retour.run("backup", copy)
    equal(result.code, 0, result)
    contains(result.err, "destroy it by 2027-01-19")
    equal(stat.S_IMODE(os.stat(copy).st_mode), 0o600)
    equal([name for name in os.listdir(retour.dir) if name.startswith("copy")], ["copy.db"])
    with open(copy, "rb") as f:
        data = f.read()
    for name in sorted(set(os.listdir(retour.data + "/keys")) - {"ledger-head"}):
        with open(retour.data + "/keys/" + name) as f:
            key = f.read().split("\n")[1]
        true(key.encode() not in data.lower() and bytes.fromhex(key) not in data, name)
    equal(retour.sql("SELECT detail FROM ledger WHERE kind = 'backup'"), [("until=2027-01-19",)])

with case("a backup overwrites no file"):
    equal(retour.run("backup", copy).code, 1)
    equal(retour.run("backup").code, 2)
    equal(retour.run("backup", "a", "b").code, 2)

with case("a restored backup answers nothing before what was erased since is erased again"):
    equal(retour.run("forget", input=ANNA).code, 0)
    restore()
    result = retour.run("check", input=ANNA)
    equal((result.code, result.out.count("suppress")), (1, 0), result)
    equal(retour.run("purge").code, 0)
    answers = {line["address"]: line["verdict"] for line in retour.run("check", "--json", input="%s\n%s\n" % (ANNA, BEN)).lines()}
    equal(answers, {ANNA: "send", BEN: "suppress"})
    equal(retour.sql("SELECT detail FROM ledger WHERE kind = 'restored'"), [("made=2026-12-20 erased_again=2",)])
    equal(retour.run("audit").code, 0)

with case("a backup older than [retention] backups is refused: exit code 3"):
    equal(retour.run("backup", copy).code, 0)
    restore()
    retour.now = "2027-01-25T06:00:00Z"
    for command in ("run", "check", "purge"):
        result = retour.run(command, input="")
        equal(result.code, 3, result)
        contains(result.err, "older than [retention] backups")

with case("backups made while mail is imported are each whole and of one moment"):
    retour = Retour(SMALL_BATCHES if os.path.exists(SMALL_BATCHES) else None, now="2026-12-20T06:00:00Z")
    Bounces(retour)
    folder = retour.dir + "/many"
    os.mkdir(folder)
    for n in range(1000):
        with open("%s/%d.eml" % (folder, n), "w", encoding="ascii") as f:
            f.write(BOUNCE % {"date": "18 Dec 2026 05:00:00 +0000", "number": n, "recipient": "many%d@example.net" % n, "status": DEAD[0], "text": DEAD[1],
                              "host": "mx.example.net"})
    importing = retour.start("import", folder)
    sizes = []
    while importing.poll() is None or len(sizes) < 2:
        path = "%s/%d.db" % (retour.dir, len(sizes))
        equal(retour.run("backup", path).code, 0)
        connection = sqlite3.connect(path)
        equal(connection.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
        events, = connection.execute("SELECT count(*) FROM event").fetchone()
        equal(connection.execute("SELECT coalesce(sum(count), 0) FROM tally").fetchone(), (events,))
        equal(connection.execute("SELECT count(*) FROM contact").fetchone(), (events,))
        connection.close()
        sizes.append(events)
    out, err = importing.communicate()
    equal(importing.returncode, 0, err)
    comment("events in the backups: %s" % sizes)
    equal(sizes, sorted(sizes))
    equal(retour.sql("SELECT count(*) FROM event"), [(1000,)])

finish()
