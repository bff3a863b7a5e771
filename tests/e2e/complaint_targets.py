#!/usr/bin/python3
"""Complaints are held against mail that can complain: what was sent to receivers from which a complaint came within twelve months. Planted: a campaign that draws
0.4 %, a receiver at which all mail does, many receivers that never say a word, one that did thirteen months ago, one that did eleven months ago. Every rate,
every denominator and every mark is computed here from the same counts, and no sentence speaks of 0 complaints."""
import collections
import os
import random
import re
import sys
import xml.etree.ElementTree as xml

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib import months
from lib.harness import *

AT, MONTH, K, LIMIT = "{urn:retour:report:1}", "2026-10", 10, 0.001
TWELVE = months.months_before(MONTH, 12)
SENT = {"gmail": 300000, "microsoft": 120000, "yahoo": 60000, "gmx": 90000, "orange": 30000, "proton": 12000, "other": 88000}
LOOPS = {"microsoft": 0.0004, "yahoo": 0.0005}  # complaints of the mail there, in every month
CAMPAIGNS = {"newsletter": 0.55, "order-mail": 0.25, "webinar": 0.15, "lapsed": 0.05}
BAD, BAD_RATE, ANGRY = "lapsed", 0.004, "yahoo"


def fill(ledger, month, planted=False, sent=True):
    pick = random.Random(month)
    for day in list(months.days(month))[3:24:5]:
        for provider, whole in SENT.items():
            for campaign, share in CAMPAIGNS.items():
                part = round(whole * share / 5)
                if sent:
                    ledger.sent(day, provider, campaign, part)
                ledger.failures(day, "hard", "user-unknown", provider, campaign, int(part * 0.004 + pick.random()))
                rate = LOOPS.get(provider, 0) * (6 if planted and provider == ANGRY else 1)
                if planted and campaign == BAD and provider in LOOPS:
                    rate = BAD_RATE
                ledger.complaints(day, provider, campaign, int(part * rate + pick.random()) if rate else 0)


def sender(**how):
    retour = Retour(now="2026-11-02T06:00:00Z")
    retour.config["privacy"] = {"k": K}
    empty = os.path.join(retour.dir, "empty")
    os.mkdir(empty)
    equal(retour.run("import", empty).code, 0)
    ledger = months.Ledger()
    for month in ["2025-09"] + TWELVE:
        fill(ledger, month, how.get("planted") and month == MONTH, how.get("sent", True))
    ledger.complaints(list(months.days("2025-09"))[5], "orange", "newsletter", 14)  # too long ago
    ledger.complaints(list(months.days(TWELVE[0]))[5], "gmx", "newsletter", 1)  # just within
    if how.get("silent"):
        ledger.tally = {key: count for key, count in ledger.tally.items() if key[1] != "complaint"}
    ledger.write(retour.database)
    return retour, ledger


def truth(ledger):
    """{provider or campaign or "": [sent to receivers that tell of complaints, complaints]} of the month, and these receivers."""
    first, month = int(TWELVE[0].replace("-", "")), int(MONTH.replace("-", ""))
    tell = {key[5] for key in ledger.tally if key[1] == "complaint" and first <= key[0] // 100 <= month}
    figures = collections.defaultdict(lambda: [0, 0])
    for (day, provider, campaign), count in ledger.volume.items():
        if day // 100 == month and provider in tell:
            for name in ("", provider, campaign):
                figures[name][0] += count
    for (day, kind, _class, _category, _origin, provider, campaign), count in ledger.tally.items():
        if day // 100 == month and kind == "complaint":
            for name in ("", provider, campaign):
                figures[name][1] += count
    return figures, tell


def report(retour, form="xml"):
    result = retour.run("report", "--month", MONTH, "--format", form)
    equal(result.code, 0, result.err)
    return xml.fromstring(result.out) if form == "xml" else result.out


def said(root):
    return [root.findtext(AT + "verdict/" + AT + "sentence"), root.findtext(AT + "verdict/" + AT + "note")] + [node.text for node in root.iter(AT + "because")]


def percent(part, whole):
    """As rates are rounded: to a millionth, then to a hundredth of a percent, halves up."""
    hundredths = ((2000000 * part + whole) // (2 * whole) + 50) // 100
    return "%d.%02d" % divmod(hundredths, 100)


def check_figures(root, figures, tell):
    complaint = root.find(AT + "figures/" + AT + "figure[@id='complaint']")
    equal(complaint.findtext(AT + "reporting/" + AT + "count"), str(figures[""][0]))
    equal(complaint.findtext(AT + "rate"), percent(figures[""][1], figures[""][0]))
    compared = 0
    for table in ("providers", "campaigns"):
        for row in root.find(AT + table).findall(AT + "row"):
            name = row.get("name")
            if name is None:
                continue
            sent, count = figures[name]
            told, rate = row.findtext(AT + "reporting/" + AT + "count"), row.findtext(AT + "class-rate[@of='complaint']")
            true(told is None if not sent else told in (str(sent), "≥%d" % K), (name, told, sent))
            true(rate is None or (sent and rate == percent(count, sent)), (name, rate, sent, count))
            true(rate is None or name in tell or table == "campaigns", name)
            compared += rate is not None
            judged = row.find(AT + "judged[@of='complaint']")
            word = judged.get("as") if judged is not None else None
            true(word in ((None,) if not sent else ("untold", "missed" if count >= LIMIT * sent else "met")), (name, word, count, sent))
            true(word != "untold" or count < K, (name, count))
    return compared


with case("a campaign and a receiver over the target are marked, by rates of the mail that can complain; all figures are the truth"):
    retour, ledger = sender(planted=True)
    root, (figures, tell) = report(retour), truth(ledger)
    equal(tell, {"microsoft", "yahoo", "gmx"})
    true(check_figures(root, figures, tell) >= 5, "few rates are shown")
    missed = {row.get("name") for row in root.iter(AT + "row") if row.find(AT + "judged[@of='complaint'][@as='missed']") is not None}
    equal(missed, {name for name, (sent, count) in figures.items() if name and sent and count >= LIMIT * sent and count >= K})
    true({BAD, ANGRY} <= missed and not {"gmail", "microsoft", "orange"} & missed, missed)
    equal(root.find(AT + "verdict").get("targets"), "missed")
    contains(" ".join(said(root)), BAD)
    contains([node.get("id") for node in root.find(AT + "measures")], "complaints-rose")
    text, page = report(retour, "text"), report(retour, "html")
    contains([line.split()[-3:] for line in text.splitlines() if line.startswith(BAD)], ["!", percent(figures[BAD][1], figures[BAD][0]), "%"])
    contains(page, "✗ %s %%" % percent(figures[BAD][1], figures[BAD][0]))

with case("where all is well none is marked, and the target is met"):
    retour, ledger = sender()
    root, (figures, tell) = report(retour), truth(ledger)
    check_figures(root, figures, tell)
    true(figures[""][1] < LIMIT * figures[""][0], figures[""])
    equal([row.get("name") for row in root.iter(AT + "row") if row.find(AT + "judged[@of='complaint'][@as='missed']") is not None], [])
    equal(root.find(AT + "targets/" + AT + "target[@id='complaint']").get("met"), "true")

with case("nobody ever complained: there is no rate, nothing is judged, and it is said so once"):
    retour, ledger = sender(silent=True)
    root = report(retour)
    true(root.find(AT + "figures/" + AT + "figure[@id='complaint']/" + AT + "rate") is None, "a rate of nothing")
    equal([node for node in root.iter(AT + "judged") if node.get("of") == "complaint"] + [node for node in root.iter(AT + "reporting")], [])
    target = root.find(AT + "targets/" + AT + "target[@id='complaint']")
    equal((target.get("value"), target.get("met")), (None, None))
    contains(" ".join(said(root)), "No receiver reported a complaint within twelve months")

with case("no statement is about 0 complaints, with sent counts and without"):
    for how in ({}, {"planted": True}, {"silent": True}, {"sent": False}, {"sent": False, "silent": True}):
        root = report(sender(**how)[0])
        for node in root.find(AT + "measures"):
            true(not re.search(r"\b0 (of|complaints)\b|\b(of|to) 0 ", node.findtext(AT + "because")), (how, node.findtext(AT + "because")))

finish()
