#!/usr/bin/python3
"""A club of 20,000 mails a month, however often it mails: what is planted, an authentication break at Gmail, a wave of full mailboxes, a receiver that refuses, has its
day in the month's time line, and nothing else has one. What is planted is drawn and added up here; the report says the same day, receiver and cause. Quiet months of
the same senders have no such line."""
import datetime
import os
import random
import re
import sys
import xml.etree.ElementTree as xml

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib import months
from lib.harness import *

AT, K, MONTH, BEFORE = "{urn:retour:report:1}", 10, "2026-10", 3
TITLES = {"gmail": "Gmail", "microsoft": "Microsoft", "gmx": "gmx"}
# day of the month -> mails of a campaign
RHYTHMS = {
    "weekly": lambda day: {"weekly": 5000} if day.weekday() == 1 else {},
    "monthly": lambda day: {1: {"newsletter": 17000}, 15: {"reminder": 3000}}.get(day.day, {}),
    "daily": lambda day: {"orders": 900} if day.weekday() < 5 else {},
    "twice, and invoices": lambda day: {1: {"newsletter": 8000}, 15: {"reminder": 8000}, 10: {"invoices": 1300}, 20: {"invoices": 1300}, 30: {"invoices": 1300}}.get(day.day, {}),
}


class Planted:
    """A share of PROVIDER's mails of CAMPAIGN (None: any) sent on one of the days FIRST..LAST comes back with a cause."""

    def __init__(self, cause, provider, share, first, last=31, campaign=None):
        self.cause, self.provider, self.share, self.first, self.last, self.campaign = cause, provider, share, first, last, campaign
        self.days = {}


def month_of(retour, rhythm, planted, seed):
    """Writes BEFORE quiet months and MONTH. PLANTED.days: what of it came back on which day."""
    ledger, pick = months.Ledger(), random.Random(seed)
    for month in months.months_before(MONTH, BEFORE + 1):
        for day in months.days(month):
            for campaign, sent in rhythm(day).items():
                for provider, part in months.spread(pick, sent, months.PROVIDERS):
                    ledger.sent(day, provider, campaign, part)
                    for klass, cause, rate in (("hard", "user-unknown", 0.005), ("soft", "mailbox-full", 0.004), ("block", "policy", 0.0004)):
                        ledger.failures(day, klass, cause, provider, campaign, sum(pick.random() < rate for _ in range(part)))
                    if month == MONTH and planted and planted.first <= day.day <= planted.last and planted.provider == provider and planted.campaign in (None, campaign):
                        n = int(part * planted.share)
                        ledger.failures(day, *planted.cause, provider, campaign, n)
                        planted.days[day] = planted.days.get(day, 0) + n
    ledger.write(retour.database)


def lines(rhythm, planted, seed):
    """The time line's rows, and what the measures say."""
    retour = Retour(now="2026-11-02T06:00:00Z")
    empty = os.path.join(retour.dir, "empty")
    os.mkdir(empty)
    equal(retour.run("import", empty).code, 0)
    month_of(retour, rhythm, planted, seed)
    result = retour.run("report", "--month", MONTH, "--format", "xml")
    equal(result.code, 0, result.err)
    root = xml.fromstring(result.out)
    measures = " ".join(node.findtext(AT + "because") for node in root.find(AT + "measures"))
    return [(node.get("kind"), node.get("from"), node.text) for node in root.iter(AT + "milestone")], measures


BROKEN, FULL, REFUSED = ("block", "auth-failure"), ("soft", "mailbox-full"), ("block", "reputation")
TOLD = {BROKEN: "SPF, DKIM or DMARC failed", FULL: "soft bounces", REFUSED: "Reputation or blocklist"}
CASES = (  # what, rhythm, planted; whether it goes on to the month's end
    ("an authentication break", "weekly", Planted(BROKEN, "gmail", 0.4, 13), True),
    ("an authentication break", "daily", Planted(BROKEN, "gmail", 0.4, 13), True),
    ("an authentication break of one campaign", "twice, and invoices", Planted(BROKEN, "gmail", 0.5, 10, campaign="invoices"), True),
    ("an authentication break", "monthly", Planted(BROKEN, "gmail", 0.4, 15), False),
    ("a wave of full mailboxes", "weekly", Planted(FULL, "gmx", 0.25, 20, 20), False),
    ("a wave of full mailboxes", "daily", Planted(FULL, "gmx", 0.5, 20, 20), False),
    ("a wave of full mailboxes", "monthly", Planted(FULL, "gmx", 0.3, 15, 15), False),
    ("a wave of full mailboxes in the large mailing", "monthly", Planted(FULL, "gmx", 0.2, 1, 1), False),
    ("a receiver that refuses", "weekly", Planted(REFUSED, "microsoft", 0.5, 20), True),
    ("a receiver that refuses", "daily", Planted(REFUSED, "microsoft", 0.5, 20), True),
    ("a receiver that refuses for three days", "daily", Planted(REFUSED, "microsoft", 0.5, 14, 16), False),
    ("a receiver that refuses", "twice, and invoices", Planted(REFUSED, "microsoft", 0.2, 15), True),
)
SEED = int(sys.argv[1]) if sys.argv[1:] else 1
for name, rhythm, planted, goes_on in CASES:
    with case("%s of a club that mails %s is dated, and nothing else is" % (name, rhythm)):
        told, measures = lines(RHYTHMS[rhythm], planted, SEED)
        days = sorted(planted.days)
        true(all(n >= 3 * K for n in planted.days.values()) or goes_on, planted.days)
        equal([line[:2] for line in told], [("since", days[0].isoformat())] if goes_on else [("day", day.isoformat()) for day in days])
        for kind, _day, text in told:
            contains(text, "at " + TITLES[planted.provider])
            contains(text, TOLD[planted.cause] if kind == "since" or planted.cause == FULL else "blocks")
        if planted.cause != FULL:  # the measure says how many at least, where, and since when
            n = next(int(n.replace(",", "")) for n in re.findall(r"([\d,]+) messages refused (?:because|for reputation)", measures))
            true(sum(planted.days.values()) * 0.5 < n <= sum(planted.days.values()) + 3 * K, (n, planted.days))
            contains(measures, "mostly at " + TITLES[planted.provider])
            true(not goes_on or "since %d October" % days[0].day in measures, measures)
with case("quiet months of these clubs have no line"):
    for rhythm in RHYTHMS:
        for seed in (SEED, SEED + 1):
            equal(lines(RHYTHMS[rhythm], None, seed)[0], [], "%s, %d" % (rhythm, seed))
finish()
