#!/usr/bin/python3
"""Deleted means gone from the bytes. Three thousand recipients leave pseudonyms and words in the database; what a purge or an erasure deletes of them is in
no byte of the database, its log, its index or the directory of temporary files, also after a kill at any moment, and where a reader is in the way it is said
that it is not done yet. As long as one byte is left the audit does not say that all are gone."""
import datetime
import functools
import os
import random
import re
import shutil
import signal
import sqlite3
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib import cleanup
from lib.contacts import BOUNCE, DEAD, FULL
from lib.harness import *

PEOPLE, KILLS = 3000, 20
PSEUDONYM, HALF = 16, 8
KEPT = "kept       What is deleted is gone from the bytes of the database"
temporary = cleanup.temporary()
random.seed(7)


KNOWN = "mail server time user account box message sender policy service host domain network system limit queue list state reply text".split()


def words(number):
    """Known words, which are kept, joined in an order that this number alone has."""
    return "%s-%s-%s-%s" % (KNOWN[number % 20], KNOWN[number // 20 % 20], KNOWN[number // 400 % 20], KNOWN[number // 8000 % 20])


def fill(retour):
    """An old month and a young one in turn, so that rows which go lie beside rows which stay."""
    path = retour.dir + "/mbox"
    with open(path, "w", encoding="ascii") as f:
        for n in range(PEOPLE):
            arrived = datetime.datetime(2026, 9 if n % 2 else 11, n % 28 + 1, 5, n // 60 % 60, n % 60)
            status, _text = FULL if n % 3 else DEAD
            f.write(arrived.strftime("From MAILER-DAEMON %a %b %e %H:%M:%S %Y\n") + BOUNCE % {
                "date": arrived.strftime("%d %b %Y %H:%M:%S +0000"), "number": n, "recipient": "person%d@example.net" % n, "status": status, "text": "550 %s %s" % (status, words(n)), "host": "mx.example.net"} + "\n")
    result = retour.run("import", path)
    equal(result.code, 0, result)
    os.unlink(path)
    equal(retour.sql("SELECT count(*) FROM event"), [(PEOPLE,)])


@functools.lru_cache(None)
def template():
    """A store that has read them, for all to begin with a copy of."""
    retour = Retour(now="2026-12-01T06:00:00Z")
    retour.config["retention"] = dict.fromkeys(("events", "diagnostics", "messages", "contacts"), "180d")
    fill(retour)
    return retour


def alone():
    retour = Retour(now="2026-12-01T06:00:00Z")
    retour.environment.update({"TMPDIR": temporary, "SQLITE_TMPDIR": temporary})
    shutil.copytree(template().data, retour.data, dirs_exist_ok=True)
    retour.config["retention"] = dict.fromkeys(("events", "diagnostics", "messages", "contacts"), "60d")
    return retour


def traces(retour):
    """What each September event left: pseudonyms of events and contacts, the words, with a way to say whether it is still held."""
    rows = retour.sql("SELECT at, pseudonym, diagnostic FROM event WHERE at < unixepoch('2026-10-01')")
    contacts = retour.sql("SELECT pseudonym FROM contact WHERE at < unixepoch('2026-10-01')")
    equal((len(rows), len(contacts)), (PEOPLE // 2, PEOPLE // 2))
    return {row[1] for row in rows} | {row[0] for row in contacts} | {row[2].split()[2].encode() for row in rows}


def every_byte(retour):
    data = b""
    for top in (retour.data, temporary):
        for where, _folders, names in os.walk(top):
            for name in names:
                try:
                    with open(os.path.join(where, name), "rb") as f:
                        data += f.read()
                except FileNotFoundError:
                    pass
    return data


def found(retour, needles):
    """How many of NEEDLES, which are pseudonyms and words, are anywhere. Wherever a pseudonym lies it covers the eight bytes of one place that eight divides."""
    data = every_byte(retour)
    hits = {word for word in re.findall(rb"[a-z]+-[a-z]+-[a-z]+-[a-z]+", data) if word in needles}
    halves = {needle[at:at + HALF] for needle in needles if len(needle) == PSEUDONYM for at in range(HALF)}
    wanted = set(memoryview(b"".join(halves)).cast("Q"))
    for place, number in enumerate(memoryview(data[:len(data) // HALF * HALF]).cast("Q")):
        if number in wanted:
            hits |= {data[begin:begin + PSEUDONYM] for begin in range(max(0, (place - 1) * HALF), place * HALF + 1)} & needles
    return len(hits)


retour = alone()
old = traces(retour)
with case("the search for bytes finds everything that is stored"):
    equal(len(old), 3 * PEOPLE // 2)
    equal(found(retour, old), len(old))

with case("after a purge nothing of what was due is in any byte, and the rest is there"):
    young = {row[0] for row in retour.sql("SELECT pseudonym FROM event WHERE at >= unixepoch('2026-10-01')")}
    equal(retour.run("purge").code, 0)
    equal(found(retour, old), 0)
    equal(found(retour, young), PEOPLE // 2)
    contains(retour.run("audit").out, KEPT)

with case("of a hundred that are forgotten nothing is in any byte, while a program that answers has the store open all the time"):
    retour = Retour(now="2026-12-01T06:00:00Z")
    equal(retour.run("run").code, 0)
    answering = sqlite3.connect("file:%s?mode=ro" % retour.database, uri=True)
    answering.execute("SELECT count(*) FROM contact").fetchone()
    fill(retour)  # what is written stays in the log as long as somebody has the store open
    people = ["person%d@example.net" % n for n in range(0, 2 * 100 * 14, 28)]
    before = {row[0] for table in ("contact", "event") for row in retour.sql("SELECT pseudonym FROM " + table)}
    equal(retour.run("forget", input="\n".join(people)).code, 0)
    gone = before - {row[0] for table in ("contact", "event") for row in retour.sql("SELECT pseudonym FROM " + table)}
    equal(len(gone), 200)
    equal(found(retour, gone), 0)
    answering.close()

with case("killed with signal 9 at any moment of a purge: what is left is not called gone, and the next purge leaves no byte"):
    called_gone, half = [], 0
    for number in range(KILLS):
        retour = alone()
        old = traces(retour)
        process = retour.start("purge")
        time.sleep(random.uniform(0.01, 0.16))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        held = retour.sql("SELECT count(*) FROM event WHERE at < unixepoch('2026-10-01')")[0][0]
        left = 0 if held else found(retour, old)
        half += left > 0
        if left and KEPT in retour.run("audit").out:
            called_gone.append((number, left))
        equal(retour.run("purge").code, 0)
        equal(found(retour, old), 0)
        equal(os.listdir(temporary), [])
    comment("%d of %d kills came after the deletion and before the bytes were gone" % (half, KILLS))
    equal(called_gone, [])

with case("with a reader open during the purge: not yet, exit code 3, and the audit says so; the next one does it"):
    retour = alone()
    old = traces(retour)
    reader = sqlite3.connect("file:%s?mode=ro" % retour.database, uri=True)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM event").fetchone()
    result = retour.run("purge")
    equal(result.code, 3, result)
    contains(result.err, "not yet")
    equal(retour.sql("SELECT count(*) FROM event WHERE at < unixepoch('2026-10-01')"), [(0,)])
    true(found(retour, old) > 0, "the reader kept nothing")
    true(KEPT not in retour.run("audit").out, "the audit calls gone what is there")
    reader.close()
    equal(retour.run("purge").code, 0)
    equal(found(retour, old), 0)
    contains(retour.run("audit").out, KEPT)

finish()
