#!/usr/bin/python3
"""A quarter of a sender with its volumes known, and once more without: what receivers refuse now and then freezes nobody and opens nothing; three planted blocks (a large
receiver for two days, one host without a profile, all small hosts at once) are found on their day, hold nobody else, and thaw. The truth is what this test planted."""
import calendar
import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.contacts import BOUNCE, DEAD, FULL, LISTED
from lib.harness import *

DAYS, BEGIN = 92, calendar.timegm((2026, 7, 1, 0, 0, 0))
# mails a day, and of 100,000 how many are refused on a usual day
RECEIVERS = {"gmail": ("gmail.com", "gmail-smtp-in.l.google.com", 6000, 250), "united-internet": ("web.de", "mx-ha02.web.de", 3000, 300),
             "yahoo": ("yahoo.com", "mta5.am0.yahoodns.net", 2500, 150), "other": (None, None, 3000, 300)}
HOSTS = 120
LARGE, HOST, ALL = (50, 51), 65, 80  # planted: days of gmail, of one host, of all hosts
QUIET = 14


def usual(rng, mails, share):
    """About that many: the sum of as many throws as there are mails would be slow."""
    mean = mails * share / 100000
    return max(0, round(rng.gauss(mean, mean ** 0.5)))


def bounces_of(rng, day):
    """(domain, host, what) of a day, as the truth is."""
    found = []
    for name, (domain, host, mails, share) in RECEIVERS.items():
        def where():
            n = rng.randrange(HOSTS)
            return (domain, host) if domain else ("small%03d.test" % n, "mx.small%03d.test" % n)
        found += [(*where(), what) for what, part in ((DEAD, 200), (FULL, 200), (LISTED, share)) for _ in range(usual(rng, mails, part))]
    if day in LARGE:
        found += [("gmail.com", "gmail-smtp-in.l.google.com", LISTED)] * 1800
    if day == HOST:
        found += [("small007.test", "mx.small007.test", LISTED)] * 45
    if day == ALL:
        found += [("small%03d.test" % n, "mx.small%03d.test" % n, LISTED) for n in range(HOSTS) for _ in range(4)]
    return found


def mails(path, day, found):
    date = time.strftime("%a, %d %b %Y 05:%%02d:00 +0000", time.gmtime(BEGIN + day * 86400))
    with open(path, "w", encoding="ascii") as f:
        for n, (domain, host, (status, text)) in enumerate(found):
            fields = {"date": date % (n % 60), "number": day * 100000 + n, "recipient": "r%d.%d@%s" % (day, n, domain), "host": host, "status": status, "text": text}
            f.write("From x %s\n%s\n" % (time.strftime("%a %b %d 05:00:00 %Y", time.gmtime(BEGIN + day * 86400)), BOUNCE % fields))


def quarter(volumes):
    """{day: {provider: line of advice}}, {day: [open investigations]}"""
    rng, retour, advice, listed = random.Random(12), Retour(), {}, {}
    retour.now = "2026-06-30T22:00:00Z"
    equal(retour.run("run").code, 0)
    for day in range(DAYS):
        stamp = time.strftime("%Y-%m-%d", time.gmtime(BEGIN + day * 86400))
        mails(retour.dir + "/day.mbox", day, bounces_of(rng, day))
        if volumes:
            with open(retour.dir + "/sent.csv", "w", encoding="ascii") as f:
                f.write("day,campaign,provider,sent\n" + "".join("%s,,%s,%d\n" % (stamp, name, receiver[2]) for name, receiver in RECEIVERS.items()))
            retour.now = stamp + "T04:00:00Z"
            equal(retour.run("volume", "import", retour.dir + "/sent.csv").code, 0)
        retour.now = stamp + "T22:00:00Z"
        equal(retour.run("import", retour.dir + "/day.mbox").code, 0)
        if not day % 7 or day in (*LARGE, HOST, ALL):
            equal(retour.run("run").code, 0)
        advice[day] = {line["provider"]: line for line in retour.run("advice", "--json").lines()}
        listed[day] = retour.run("contact", "resolve", "--list", "--json").lines()
    return retour, advice, listed


def date(day):
    return time.strftime("%Y-%m-%d", time.gmtime(BEGIN + day * 86400))


def frozen(advice):
    return sorted((day, name) for day, lines in advice.items() for name, line in lines.items() if line["action"] == "freeze")


TRUTH = [(50, "gmail"), (51, "gmail"), (80, "other")]
for volumes in (True, False):
    known = "volumes known" if volumes else "nobody says how much was sent"
    retour, advice, listed = quarter(volumes)
    with case("frozen is who refuses, on the day on which he does, and nobody else in a quarter: " + known):
        equal(frozen(advice), TRUTH)
        for day, name in TRUTH:
            line = advice[day][name]
            equal((line["connections"], line["mails_per_hour"], line["freeze"]), (0, 0, True), line)
            contains(line["reason"], "blocks in 24 hours")
            contains(line["thaw"], "thaws when fewer than ")
        if volumes:
            contains(advice[50]["gmail"]["thaw"], "fewer than 300 come in 24 hours")  # 5 % of 6,000
    with case("who refused lately gets a trial, then what he takes; nobody else is told anything: " + known):
        trials = sorted((day, name) for day, lines in advice.items() for name, line in lines.items() if line["action"] == "crawl")
        equal(trials, [(52, "gmail"), (53, "gmail")])
        true(all(line["thaw"] is None for lines in advice.values() for line in lines.values() if line["action"] != "freeze"), "what is not frozen has nothing to thaw")
    with case("an investigation is opened on the day of a planted block, held while it goes on, over a quiet period later, and no other is: " + known):
        opened = sorted({(line["provider"], line["category"], line["since"], line["last"]) for lines in listed.values() for line in lines})
        wanted = [("gmail", "reputation", date(50), date(50)), ("gmail", "reputation", date(50), date(51)), ("other", "reputation", date(HOST), date(HOST)),
                  ("other", "reputation", date(ALL), date(ALL))]
        joined = wanted[:3] + [("other", "reputation", date(HOST), date(ALL))]  # where the former one was still open
        true(opened in (wanted, joined), opened)
        days = {provider: [day for day, lines in listed.items() if any(line["provider"] == provider for line in lines)] for provider in ("gmail", "other")}
        equal((days["gmail"][0], days["other"][0]), (50, HOST))
        true(51 + QUIET <= days["gmail"][-1] <= 51 + QUIET + 8, days)  # closed by the next run
finish()
