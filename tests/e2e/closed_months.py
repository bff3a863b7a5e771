#!/usr/bin/python3
"""Months that are closed: no count of a day, provider, campaign and cause together is left of them, and each report of them says what it
said before, whatever made the month: a small sender, one with an incident, days with a wave of one cause or of rare ones."""
import datetime
import os
import re
import sqlite3
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib import months
from lib.harness import *

K = 10
NOW, LAST = "2026-12-20T06:00:00Z", "2026-11"
ALL = months.months_before(LAST, 18)
# months that were over on 2026-08-12, 130 days before, and whose events ([retention] events = 180d) are older than 2026-06-23
CLOSED = [month for month in ALL if month < "2026-06"]


def sender(name, volume):
    retour = Retour(now=NOW)
    retour.config["report"].update(organisation="Example", timezone="Europe/Berlin")
    empty = os.path.join(retour.dir, "empty")
    os.mkdir(empty)
    equal(retour.run("import", empty).code, 0)
    ledger = months.Ledger()
    for month in ALL:
        months.ordinary(ledger, month, volume, complaints=0.002)
        for day in list(months.days(month))[::5]:
            ledger.add(ledger.tally, (months.number(day), "delay", "soft", "greylisted", "matched", "gmail", "survey"), 3)
    if name == "incident":
        months.incident(ledger, "2026-03", volume)
        for n in range(3):  # a wave of one day, of several causes at one provider
            ledger.failures(datetime.date(2026, 2, 17), "soft", ("mailbox-full", "expired", "network-error")[n], "t-online", "survey", 40)
        # a day that stands out by causes each of which is rare in the month
        for klass, category in (("hard", "bad-address"), ("hard", "address-changed"), ("hard", "not-accepting"), ("soft", "routing-loop"), ("soft", "tls-failure"),
                                ("soft", "protocol-error"), ("block", "virus"), ("block", "relay-denied"), ("block", "non-compliant")):
            ledger.failures(datetime.date(2026, 4, 9), klass, category, "orange", "survey", 2 * K)
    ledger.write(retour.database)
    return retour


def reports(retour):
    """Of each month, in each format, but what says when it was made: the ledger's head and what is held then."""
    out = {}
    for month in ALL[-17:]:
        for form in ("xml", "text") if month == "2026-03" else ("xml",):
            result = retour.run("report", "--month", month, "--format", form)
            equal(result.code, 0, result)
            out[month, form] = re.sub(r"(?s)<retention.*?</retention>|<ledger.*?</ledger>|<ledger[^>]*/>|Head of the ledger.*|\b\d+:[0-9a-f]{64}\b", "", result.out)
    return out


def cells(retour, where):
    """Joint counts: those of WHERE, of them ones and those below k."""
    return retour.sql("SELECT count(*), coalesce(sum(count = 1), 0), coalesce(sum(count < ?), 0) FROM tally WHERE kind IN ('failure', 'complaint') AND " + where, K)[0]


for name, volume in (("incident", 60000), ("small", 4000)):
    retour = sender(name, volume)
    before, joint = reports(retour), cells(retour, "day < 20260600")
    total, = retour.sql("SELECT sum(count) FROM tally")[0]
    equal(retour.run("purge").code, 0)

    with case("%s: of closed months no joint count is left" % name):
        equal(cells(retour, "day < 20260600"), (0, 0, 0))
        equal(retour.sql("SELECT min(day) / 100, max(day) / 100 FROM tally"), [(202606, 202611)])
        equal({row[0] for row in retour.sql("SELECT DISTINCT month FROM tally_month")}, {int(month.replace("-", "")) for month in CLOSED})
        equal(retour.sql("SELECT count(*) FROM tally_month WHERE (part = 'campaign' AND day <> 0) OR (part = 'day' AND (name <> '' OR category <> ''))"), [(0,)])
        # a day stands beside a provider and cause only where these were 3 k in the month
        equal(retour.sql("SELECT count(*) FROM (SELECT 1 FROM tally_month WHERE part = 'provider' AND day > 0 GROUP BY month, name, category HAVING sum(count) < ?)", 3 * K), [(0,)])
        whole, = retour.sql("SELECT sum(count) FROM (SELECT count FROM tally UNION ALL SELECT count FROM tally_month WHERE part = 'day')")[0]
        equal(whole, total)
        ones, small, rows = retour.sql("SELECT sum(count = 1), sum(count < ?), count(*) FROM tally_month WHERE part IN ('provider', 'busy') AND day > 0", K)[0]
        beside, fewer, all_rows = retour.sql("SELECT sum(count = 1), sum(count < ?), count(*) FROM tally_month", K)[0]
    comment("%s: joint cells of bounces and complaints %d, of one %d (%.0f %%), below k %d; after: joint 0; day x provider x cause %d, of one %d; all sums %d, of one %d (%.0f %%)"
            % (name, joint[0], joint[1], 100 * joint[1] / joint[0], joint[2], rows, ones or 0, all_rows, beside, 100 * beside / all_rows))

    with case("%s: every report of these months says what it said before" % name):
        after = reports(retour)
        for key in before:
            equal(after[key], before[key], key)
        true(all("<day" in before[month, "xml"] for month in CLOSED[1:]), "the reports have days")
    if name == "incident":
        with case("it was told since when, and what stood behind a day"):
            contains(after["2026-03", "xml"], "DKIM or DMARC failed since 12 March, mostly at Gmail")
            true(re.search(r'<(standout|day)[^>]*provider="t-online"', after["2026-02", "xml"]), re.findall("<[a-z]+ [^>]*t-online[^>]*>", after["2026-02", "xml"])[:9])
            true(re.search(r'<(standout|day)[^>]*provider="orange"', after["2026-04", "xml"]), re.findall("<[a-z]+ [^>]*orange[^>]*>", after["2026-04", "xml"])[:9])
        with case("what comes later for a closed month is taken apart, too, and the sums stay whole"):
            late = months.Ledger()
            late.failures(datetime.date(2026, 3, 3), "soft", "mailbox-full", "gmail", "newsletter", 5)
            late.failures(datetime.date(2026, 3, 3), "hard", "bad-address", "proton", "newsletter", 2)
            late.write(retour.database)
            with_late = reports(retour)
            retour.now = "2026-12-20T08:00:00Z"
            equal(retour.run("purge").code, 0)
            equal(cells(retour, "day < 20260600"), (0, 0, 0))
            retour.now = NOW
            equal(reports(retour)["2026-03", "xml"], with_late["2026-03", "xml"])
        with case("the audit finds nothing amiss"):
            result = retour.run("audit")
            true("tall" not in "".join(line for line in result.out.splitlines() if "BROKEN" in line), result.out)

finish()
