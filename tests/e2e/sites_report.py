#!/usr/bin/python3
"""One report for all sites: a simulated month of mail is split over three sites, and the report of the one that has `[report] sites = all` says what one machine says that has read
all of it, byte for byte but for what it says of the sites and of its own ledger. Who has not told all of the month is named; what a site says again, or late, adds nothing; a site
that is restored from a backup, or lost, counts nothing twice; a day that is out of its period goes from all."""
import difflib
import glob
import json
import os
import random
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.contacts import DEAD, FULL, LISTED  # noqa: E402
from lib.harness import *  # noqa: E402,F403
from lib.sites import *  # noqa: E402,F403

random.seed(21)
HOSTS = ("gmail-smtp-in.l.google.com", "mx00.emig.gmx.net", "mx.example.net")
TYPES = (DEAD, DEAD, FULL, LISTED)


def month_of_mail(first):
    """(site, bounce) each."""
    mails = []
    for day in range(1, 31):
        for n in range(16 if day != 17 else 60):
            kind = TYPES[(day + n) % 4] if day != 17 else LISTED
            domain = ("gmail.com", "gmx.de", "example.net", "gamil.com")[n % 4]
            mails.append((random.choice(NAMES), ("p%d.%d.%d@%s" % (first, day, n, domain), kind, day, HOSTS[n % 3])))
    return mails


def say_sent(retour, rows):
    path = os.path.join(retour.dir, "sent.csv")
    with open(path, "w", encoding="ascii") as f:
        f.write("day,campaign,provider,sent\n" + "".join("2026-11-%02d,nl10,%s,%d\n" % row for row in rows))
    return path


def import_sent(retour, name, rows):
    equal(retour.run("volume", "import", "--source", name, say_sent(retour, rows)).code, 0)


def figures(retour, *options):
    result = retour.run("report", "--month", "2026-11", "--format", "xml", *options)
    equal(result.code, 0, result)
    return result.out


def but_its_own(xml):
    """Without what is of the sites, of the ledger and the retention of the machine that makes it, and of blocks, which each site judges by what it has read itself."""
    return re.sub(r"(?s) *<sites>.*?</sites>\n| *<retention.*?</retention>\n| *<investigations>.*?</investigations>\n| *<investigations/>\n", "", xml)


def same(one, other):
    """The lines that differ, none."""
    equal([line for line in difflib.ndiff(but_its_own(figures(one)).splitlines(), but_its_own(figures(other)).splitlines()) if line[0] in "+-"], [])


sites = make_sites()
alone, to_alone = make_site("alone", sites["berlin"][0])
del alone.config["store"]["site"]
retours = [sites[name][0] for name in NAMES] + [alone]
berlin, hamburg, koeln, _ = retours
berlin.config["report"] = {"sites": "all"}

for each in retours:
    each.now = "2026-12-02T05:00:00Z"

with case("a month that is split over three sites gives the figures of one machine"):
    mails = month_of_mail(1)
    for name in NAMES:
        sites[name][1].take(*[mail for site, mail in mails if site == name])
    to_alone.take(*[mail for _, mail in mails])
    for i, name in enumerate(NAMES):
        rows = [(day, provider, 1000 + 10 * day + i) for day in range(1, 31) for provider in ("gmail", "united-internet", "other")]
        import_sent(sites[name][0], name, rows)
        import_sent(alone, name, rows)
    for retour in retours:
        equal(retour.run("purge").code, 0)
    exchange(sites)
    same(berlin, alone)
    true(but_its_own(figures(hamburg)) != but_its_own(figures(alone)), "the same")
    contains(figures(berlin), "<sentence>Figures of all sites: berlin, hamburg, koeln.</sentence>")
    true("<sites>" not in figures(hamburg), "sites")
    exchange(sites)
    same(berlin, alone)

with case("it follows its schema, and the page and the text name the sites"):
    path = os.path.join(berlin.dir, "report.xml")
    with open(path, "w", encoding="utf-8") as f:
        f.write(figures(berlin))
    valid = subprocess.run(["xmllint", "--noout", "--nonet", "--schema", os.path.join(ROOT, "etc", "report.xsd"), path], capture_output=True, text=True)
    equal(valid.returncode, 0, valid.stderr)
    for form in "html", "text":
        contains(" ".join(berlin.run("report", "--month", "2026-11", "--format", form).out.split()), "Figures of all sites: berlin, hamburg, koeln.")

with case("what comes later is counted when it has come, and until then the report says how far each site has told"):
    late = [("late%d@gmail.com" % n, DEAD, 28, HOSTS[0]) for n in range(20)]
    sites["koeln"][1].take(*late)
    to_alone.take(*late)
    true(but_its_own(figures(berlin)) != but_its_own(figures(alone)), "the same")
    merge(berlin, changes(koeln))
    for retour in (berlin, koeln, alone):
        equal(retour.run("purge").code, 0)
    merge(berlin, changes(koeln))
    same(berlin, alone)
    fresh, _ = make_site("neu", berlin)
    fresh.config["report"] = {"sites": "all"}
    for name in NAMES:
        fresh.config["site " + name] = {"public_key": public_key(sites[name][0])}
    fresh.now = "2026-12-02T05:00:00Z"
    hamburg.now = "2026-11-20T05:00:00Z"
    merge(fresh, changes(hamburg))
    hamburg.now = "2026-12-02T05:00:00Z"
    told = figures(fresh)
    told = told[told.index("<sites>"):]
    contains(told, "Figures of all sites: hamburg (up to 20 November), neu, berlin (nothing yet), koeln (nothing yet).")
    contains(told, '<site name="hamburg" complete="false" until="2026-11-20"/>')

with case("a correction takes the place of what was said, and a backup that is restored counts nothing twice"):
    for retour in (hamburg, alone):
        import_sent(retour, "hamburg", [(9, "gmail", 77)])
    copy = os.path.join(hamburg.dir, "copy.db")
    equal(hamburg.run("backup", copy).code, 0)
    after = [("after%d@gmx.de" % n, FULL, 29, HOSTS[1]) for n in range(20)]
    sites["hamburg"][1].take(*after)
    to_alone.take(*after)
    equal(hamburg.run("purge").code, 0)  # a name that is not judged yet would stay "other campaigns" of the former life
    exchange(sites)
    for old in glob.glob(hamburg.database + "*"):
        os.unlink(old)
    shutil.copy(copy, hamburg.database)
    again = [("again%d@gmail.com" % n, DEAD, 30, HOSTS[0]) for n in range(20)]
    sites["hamburg"][1].take(*again)
    to_alone.take(*again)
    for retour in retours:
        equal(retour.run("purge").code, 0)
    for _ in range(2):
        exchange(sites)
        for name in NAMES[1:]:
            merge(berlin, changes(sites[name][0], "--all"))
    same(berlin, alone)
    hamburg.config["report"] = {"sites": "all"}
    merge(hamburg, changes(berlin, "--all"))
    merge(hamburg, changes(koeln))
    same(hamburg, alone)

with case("a site that is lost and begins anew has its figures from the others"):
    lost, _ = make_site("koeln", berlin)
    lost.config["report"] = {"sites": "all"}
    lost.now = koeln.now
    sites["koeln"] = (lost, None)
    know_each_other(sites)
    merge(lost, changes(berlin, "--all"))
    same(lost, alone)
    equal(lost.run("purge").code, 0)
    for retour in (lost, berlin):
        equal([line for line in retour.run("audit").out.splitlines() if "BROKEN" in line or "differences" in line], [])

with case("`sites = all` wants a name among the sites"):
    alone.config["report"] = {"sites": "all"}
    result = alone.run("report", "--month", "2026-11")
    equal(result.code, 2, result)
    contains(result.err, "[report] sites: needs [store] site")
finish()
