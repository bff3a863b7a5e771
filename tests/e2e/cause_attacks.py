#!/usr/bin/python3
"""What is held, taken back and decided again, with an enemy: killed half way, at two receivers at once, over midnight into another month, at several
sites in any order. Either all of it is done or nothing, nobody who is well is suppressed, and all sites end at the same."""
import calendar
import itertools
import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.contacts import BOUNCE  # noqa: E402
from lib.harness import *  # noqa: E402,F403
from lib.sites import *  # noqa: E402,F403

GMAIL, YAHOO = "gmail-smtp-in.l.google.com", "mta5.am0.yahoodns.net"
UNKNOWN = "550 5.1.1 User unknown"
MISREAD = ("5.1.1", "550 5.1.1 Recipient unknown; refused for policy reasons, see your listing")
MENDED = '\n[local.policy]\ncategory = policy\nrank = 300\nwhere = diagnostic\nen = "refused for policy reasons"\n'
MONTH = calendar.timegm((2026, 10, 1, 0, 0, 0))
DAY = 86400
ANNA, BEN, CARLA, DORA = ("%s@example.net" % name for name in ("anna", "ben", "carla", "dora"))


def stamp(at):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


def read(retour, bounces, now):
    path = retour.dir + "/in.mbox"
    with open(path, "w", encoding="ascii") as f:
        for number, (recipient, host, text, at) in enumerate(bounces):
            date = time.strftime("%d %b %Y %H:%M:%S +0000", time.gmtime(at))
            f.write("From MAILER-DAEMON %s\n" % time.strftime("%a %b %e %H:%M:%S %Y", time.gmtime(at)))
            f.write(BOUNCE % {"date": date, "number": at * 1000 + number, "recipient": recipient, "host": host, "status": text[4:9], "text": text} + "\n")
    retour.now = stamp(now)
    equal(retour.run("import", path).code, 0)


def verdicts(retour, people, now):
    retour.now = stamp(now)
    return {line["verdict"] for line in retour.run("check", "--json", input="".join(p + "\n" for p in people)).lines()}


def rules_of(retour, extra):
    path = os.path.join(retour.dir, "rules.ini")
    with open(os.path.join(ROOT, "etc", "rules.ini"), encoding="utf-8") as f, open(path, "w", encoding="utf-8") as out:
        out.write(f.read() + extra)
    retour.config["rules"] = {"rules": path}


def crowd(name, host, begin, n=60):
    return [("%s%d@example.net" % (name, i), host, UNKNOWN, begin + i * 20) for i in range(n)]


retour = Retour()
for day in range(0, 27, 3):
    at = MONTH - 28 * DAY + day * DAY
    read(retour, crowd("gone%d" % day, GMAIL, at, 6) + crowd("lost%d" % day, YAHOO, at, 6), at + 3600)

with case("two receivers out of order at once, over midnight into another month: all are held"):
    late, early = crowd("late", GMAIL, MONTH - 1500), crowd("early", GMAIL, MONTH + 60)
    other = crowd("other", YAHOO, MONTH + 60)
    read(retour, late, MONTH - 60)
    read(retour, early + other, MONTH + 1800)
    everybody = [b[0] for b in late + early + other]
    equal(verdicts(retour, everybody, MONTH + 3600), {"hold"})
    equal(sorted(key[0] for key in retour.sql("SELECT DISTINCT name FROM wave")), ["gmail", "yahoo"])

with case("undo is killed before any write: it is done as a whole or not at all, and what is left can be done again"):
    undo = ("contact", "undo", "--provider", "gmail", "--from", "2026-09-30", "--to", "2026-10-01", "--reason", "out of order")
    mine = [b[0] for b in late + early]
    kept = retour.data + ".kept"
    shutil.copytree(retour.data, kept, symlinks=True)
    seen = set()
    for call, n in itertools.product(("pwrite64", "fdatasync,fsync"), (1, 2, 4, 8)):
        shutil.rmtree(retour.data)
        shutil.copytree(kept, retour.data, symlinks=True)
        traced = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + call, "-e", "inject=%s:signal=KILL:when=%d" % (call, n)]
        subprocess.run(traced + retour.arguments(undo, ()), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        done = retour.sql("SELECT count(*) FROM ledger WHERE kind = 'contact-undo'")[0][0]
        equal(verdicts(retour, mine, MONTH + 3600), {"send"} if done else {"hold"}, (call, n))
        equal(retour.run("audit").code, 0, (call, n))
        seen.add(done)
    contains(str(seen), "0")
    if not done:
        equal(retour.run(*undo).code, 0)
    equal(verdicts(retour, mine, MONTH + 3600), {"send"})
    equal(verdicts(retour, [b[0] for b in other], MONTH + 3600), {"hold"})

with case("taken back at one site, decided again at another, and more read meanwhile: in any order all end at the same"):
    for order in list(itertools.permutations(("undo", "rejudge", "exchange", "late")))[::7]:
        sites = make_sites()
        for name in NAMES:
            rules_of(sites[name][0], "")
        (first, first_bounces), (second, second_bounces), (third, _) = (sites[name] for name in NAMES)
        first_bounces.take((ANNA, MISREAD, "20 Oct"), (BEN, MISREAD, "20 Oct"))
        second_bounces.take((ANNA, MISREAD, "22 Oct"), (CARLA, MISREAD, "22 Oct"))
        exchange(sites)
        for step in order:
            if step == "undo":
                equal(first.run("contact", "undo", "--provider", "other", "--from", "2026-10-19", "--to", "2026-10-21", "--reason", "wrong").code, 0)
            elif step == "rejudge":
                rules_of(second, MENDED)
                equal(second.run("contact", "rejudge", "--reason", "mended").code, 0)
            elif step == "exchange":
                exchange(sites)
            else:
                first_bounces.take((DORA, MISREAD, "25 Oct"))
        exchange(sites)
        exchange(sites)
        for name in NAMES:  # how far time has moved a row depends on what was last read there, what it says does not
            equal(answers(sites[name][0], [ANNA, BEN, CARLA, DORA]), answers(first, [ANNA, BEN, CARLA, DORA]), (order, name))
        said = [line.split(",")[1] for line in answers(third, [BEN, DORA]).splitlines()[1:3]]
        equal(said, ["send", "suppress"], order)
finish()
