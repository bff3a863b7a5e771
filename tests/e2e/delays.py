#!/usr/bin/python3
"""Who takes mail late: deferrals, throttled ones and delay notices by provider and cause, as the same counts say that are planted; what is small stays hidden, also as a
difference; a month without any has no such section."""
import collections
import os
import sqlite3
import sys
import xml.etree.ElementTree as xml

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib import months
from lib.harness import *

AT, MONTH, K = "{urn:retour:report:1}", "2026-10", 10
# provider: attempts deferred and throttled on each of two days, delay notices by cause
PLANTED = {"gmail": ((300, 280), (40, 35), {"rate-limited": 60, "network-error": 5}), "gmx": ((25, 0), (10, 0), {"greylisted": 20}), "orange": ((9, 6), (6, 6), {}),
           "yahoo": ((4, 0), (3, 0), {}), "icloud": ((0, 0), (0, 0), {"rate-limited": 7, "greylisted": 7})}


def sender(planted=True):
    retour = Retour(now="2026-11-02T06:00:00Z")
    retour.config["privacy"] = {"k": K}
    empty = os.path.join(retour.dir, "empty")
    os.mkdir(empty)
    equal(retour.run("import", empty).code, 0)
    ledger = months.Ledger()
    months.ordinary(ledger, MONTH, 60000)
    ledger.write(retour.database)
    with sqlite3.connect(retour.database) as db:
        for provider, (*days, notices) in PLANTED.items() if planted else ():
            for day, (deferred, throttled) in enumerate(days, 5):
                db.execute("INSERT INTO volume VALUES (?, 'log', 0, ?, 'newsletter', 0, 0, ?, ?, 0)", (20261000 + day, provider, deferred, throttled))
            for category, count in notices.items():
                db.execute("INSERT INTO tally VALUES (20261006, 'delay', 'soft', ?, 'matched', ?, 'newsletter', ?)", (category, provider, count))
    return retour


def report(retour, form="xml"):
    result = retour.run("report", "--month", MONTH, "--format", form)
    equal(result.code, 0, result.err)
    return result.out


TRUTH = {provider: {"deferred": sum(day[0] for day in days), "throttled": sum(day[1] for day in days), "delay": sum(notices.values()),
                    "cause": max(notices, key=notices.get) if notices and max(notices.values()) >= max(K, sum(notices.values()) / 2) else None}
         for provider, (*days, notices) in PLANTED.items()}
retour = sender()
text = report(retour)
rows = {row.get("name"): row for row in xml.fromstring(text).iterfind(AT + "delays/" + AT + "row")}

with case("each provider of %d or more is there, the most deferrals first, and each figure that is shown is the truth" % K):
    equal(set(rows), {name for name, true_ in TRUTH.items() if true_["deferred"] >= K or true_["delay"] >= K})
    equal(next(iter(rows)), "gmail")
    for name, row in rows.items():
        for count in row.findall(AT + "count"):
            wanted = TRUTH[name][count.get("of")]
            true(count.text == str(wanted) or (not count.text.isdigit() and (count.text == "<%d" % K) == (wanted < K)), (name, count.get("of"), count.text, wanted))
    equal([(count.get("of"), count.text) for count in rows["gmail"].findall(AT + "count")], [("deferred", "340"), ("throttled", "315"), ("delay", "65")])
    equal({name: row.find(AT + "worst").get("id") for name, row in rows.items() if row.find(AT + "worst") is not None},
          {name: TRUTH[name]["cause"] for name in rows if TRUTH[name]["cause"]})

with case("no small figure is shown, nor is one the difference of two that are"):
    for name, row in rows.items():
        own = {count.get("of"): int(count.text) for count in row.findall(AT + "count") if count.text.isdigit()}
        true(not any(0 < n < K for n in own.values()), own)
        if "deferred" in own and "throttled" in own:
            true(not 0 < own["deferred"] - own["throttled"] < K, (name, own))
    true("<count of=\"deferred\">15</count>" not in text or "<count of=\"throttled\">12</count>" not in text, "orange's three others")

with case("text and page say so, and a month without has no such section"):
    contains(" ".join(report(retour, "text").split()), "340 315 65")
    contains(report(retour, "html"), ">Delays and throttling</h3>")
    true("<delays" not in report(sender(False)), "a section of nothing")

finish()
