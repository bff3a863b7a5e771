#!/usr/bin/python3
"""Disks lie: one bit of the store's file is turned, 150 times over. `check` answers rightly or not at all; `audit` and `backup` see every turned bit that matters."""
import os
import random
import re
import shutil
import sqlite3
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.contacts import BOUNCE, DEAD, FULL
from lib.harness import *

STORES = int(os.environ.get("FLIPS", "150"))
SEED = int(os.environ.get("FLIPS_SEED", "1"))
KNOWN = ["flip%d@example.net" % n for n in range(1500)]
ASKED = KNOWN + ["stranger%d@example.net" % n for n in range(100)]

retour = Retour(now="2026-11-20T06:00:00Z")
mails = retour.dir + "/mails"
os.mkdir(mails)
for n, address in enumerate(KNOWN):
    with open("%s/%d.eml" % (mails, n), "w", encoding="ascii") as f:
        what = FULL if n % 4 == 0 else DEAD
        f.write(BOUNCE % {"date": "18 Nov 2026 05:00:00 +0000", "number": n, "recipient": address, "status": what[0], "text": what[1], "host": "mx.example.net"})
equal(retour.run("import", mails).code, 0)
equal(retour.run("purge").code, 0)


def answers():
    result = retour.run("check", input="\n".join(ASKED) + "\n")
    return result.code, result.out, result.err


code, right, _ = answers()
equal(code, 0)
with open(retour.database, "rb") as f:
    good = f.read()
chance = random.Random(SEED)
pristine = retour.dir + "/pristine"
shutil.copytree(retour.data, pristine)


def turned(bit):
    shutil.rmtree(retour.data)
    shutil.copytree(pristine, retour.data)
    with open(retour.database, "r+b") as f:
        f.seek(bit // 8)
        f.write(bytes([good[bit // 8] ^ 1 << bit % 8]))


with case("of %d stores with one bit turned, none answers wrongly" % STORES):
    wrong, refused = [], 0
    for _ in range(STORES):
        bit = chance.randrange(8 * len(good))
        turned(bit)
        code, out, err = answers()
        refused += code != 0
        if not right.startswith(out) or (code == 0 and out != right):
            wrong.append(bit)
    comment("%d of %d stores: %d refused, %d wrong" % (STORES, STORES, refused, len(wrong)))
    equal(wrong, [], "bits that lead to wrong answers")
    true(refused, "nothing was refused: no bit was turned")

with case("audit sees a turned bit wherever it lies, and the right file it finds whole"):
    pages = len(good) // 4096
    ends = [8 * 4096 * (chance.randrange(pages) + 1) - 1 - chance.randrange(128) for _ in range(3)]  # in a seal itself
    for bit in ends + [chance.randrange(8 * len(good)) for _ in range(30)]:
        turned(bit)
        result = retour.run("audit")
        seen = "not as retour wrote them, the first is page %d; the contacts are " % (bit // 8 // 4096 + 1)
        counted = bit // 8 < 40 and bit // 8 >= 24 or bit // 8 in range(92, 100)  # of the head, no answer hangs on it
        true(result.code == 1 or counted or seen in " ".join(result.out.split()), "bit %d: %s" % (bit, re.findall("The bytes of.*?\n.*\n.*\n", result.out)))
    shutil.rmtree(retour.data)
    shutil.copytree(pristine, retour.data)
    result = retour.run("audit")
    equal(result.code, 0, result)
    contains(retour.run("audit", "--format", "xml").out, "all %d pages" % (len(good) // 4096))

with case("what is damaged is not copied as a backup, and a backup is sealed, too"):
    copy = retour.dir + "/copy.db"
    equal(retour.run("backup", copy).code, 0)
    with open(copy, "rb") as f:
        head = f.read(4096)
    equal((head[20], head[-16:-8] != bytes(8)), (16, True), "room for seals, and the first one")
    os.unlink(copy)
    refused = 0
    for _ in range(20):
        turned(chance.randrange(8 * len(good)))
        result = retour.run("backup", copy)
        if result.code == 0:
            shutil.rmtree(retour.data)
            shutil.copytree(pristine, retour.data)
            os.replace(copy, retour.database)
            for name in "-wal", "-shm":
                os.unlink(retour.database + name)
            equal(retour.run("purge").code, 0)
            equal(answers()[:2], (0, right), "the answers from a backup of a file with a turned bit")
        else:
            refused += 1
            true(not os.path.exists(copy), "half a backup is left")
    true(refused, "every damaged file was copied")

with case("a new event for a damaged contact is not stored over it: the run says so, and the next one with a whole file counts it"):
    for name in os.listdir(mails):
        os.unlink(mails + "/" + name)
    for n, address in enumerate(KNOWN):
        with open("%s/%d.eml" % (mails, n), "w", encoding="ascii") as f:
            f.write(BOUNCE % {"date": "19 Nov 2026 05:00:00 +0000", "number": 9000 + n, "recipient": address, "status": FULL[0], "text": FULL[1],
                              "host": "mx.example.net"})
    whole = sqlite3.connect("file:%s/%s?mode=ro&immutable=1" % (pristine, os.path.basename(retour.database)), uri=True)
    page = whole.execute("SELECT max(pageno) FROM dbstat WHERE name = 'contact' AND pagetype = 'leaf'").fetchone()[0] - 1  # of contacts
    turned(8 * (4096 * page + 2048))
    result = retour.run("import", mails)
    equal(result.code, 1, result)
    contains(result.err, "not as it was written")
    equal(retour.run("audit").code, 3)
    ledger = sqlite3.connect("file:%s/%s?mode=ro&immutable=1" % (pristine, os.path.basename(retour.database)), uri=True)
    other = ledger.execute("SELECT max(pageno) FROM dbstat WHERE name = 'tally' AND pagetype = 'leaf'").fetchone()[0] - 1
    turned(8 * (4096 * other + 2048))
    result = retour.run("audit")
    equal(result.code, 0, result)
    contains(result.out, "LOOK AT")
    contains(" ".join(result.out.split()), "the first is page %d; the contacts are whole" % (other + 1))
    shutil.rmtree(retour.data)
    shutil.copytree(pristine, retour.data)
    equal(retour.run("import", mails).code, 0)
finish()
