#!/usr/bin/python3
"""Blame in proportion: what the verdict and the days' marks name is what explains most of the bounces beyond those that as much mail brought in the month before.
Each scenario's excess is computed here from the same counts; the largest receiver, which has the most of everything, is named only where it is at fault."""
import collections
import os
import random
import sys
import xml.etree.ElementTree as xml

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib import months
from lib.harness import *

AT, MONTH, BEFORE = "{urn:retour:report:1}", "2026-10", "2026-09"
SENT = {"gmail": 180000, "microsoft": 60000, "yahoo": 30000, "gmx": 30000}
CAMPAIGNS = {"newsletter": 0.6, "order-mail": 0.3, "webinar": 0.1}
RATE = {"gmail": 0.006, "microsoft": 0.012, "yahoo": 0.010, "gmx": 0.010}  # gmail's is below the mean
NOISE = 0.1


class World:
    """Two months of mail on weekdays; PLANT changes the second one's days as they are made."""

    def __init__(self, plant=None, volume=1.0, sent=True):
        self.ledger, self.days = months.Ledger(), collections.Counter()
        for month, factor in ((BEFORE, 1.0), (MONTH, volume)):
            pick = random.Random(month)
            weekdays = [day for day in months.days(month) if day.weekday() < 5]
            for day in weekdays:
                for provider, whole in SENT.items():
                    for campaign, share in CAMPAIGNS.items():
                        mails = whole * share * factor / len(weekdays)
                        how = {"mails": mails, "rate": RATE[provider], "class": ("hard", "user-unknown")}
                        if month == MONTH and plant:
                            plant(how, day, provider, campaign)
                        if sent:
                            self.ledger.sent(day, provider, campaign, round(how["mails"]))
                        bounces = int(how["mails"] * how["rate"] * pick.uniform(1 - NOISE, 1 + NOISE) + pick.random())
                        usual = min(bounces, int(how["mails"] * RATE[provider]))
                        self.ledger.failures(day, "hard", "user-unknown", provider, campaign, usual)
                        self.ledger.failures(day, *how["class"], provider, campaign, bounces - usual)

    def report(self):
        retour = Retour(now="2026-11-02T06:00:00Z")
        empty = os.path.join(retour.dir, "empty")
        os.mkdir(empty)
        equal(retour.run("import", empty).code, 0)
        self.ledger.write(retour.database)
        result = retour.run("report", "--month", MONTH, "--format", "xml")
        equal(result.code, 0, result.err)
        return xml.fromstring(result.out)

    def sums(self, column, month):
        """Bounces and mails of MONTH by COLUMN: 0 provider, 1 campaign; None is all."""
        number = int(month.replace("-", ""))
        bounces, mails = collections.Counter(), collections.Counter()
        for key, count in self.ledger.tally.items():
            if key[0] // 100 == number:
                bounces[None] += count
                bounces[key[5 + column]] += count
        for key, count in self.ledger.volume.items():
            if key[0] // 100 == number:
                mails[None] += count
                mails[key[1 + column]] += count
        return bounces, mails

    def excess(self, column):
        """What part of the excess over volume each name has."""
        (now, sent), (before, sent_before) = self.sums(column, MONTH), self.sums(column, BEFORE)
        rate = before[None] / sent_before[None]
        own = {name: now[name] - (before[name] / sent_before[name] if sent_before[name] else rate) * sent[name] for name in now}
        return {name: part / own[None] for name, part in own.items() if name}, own[None] / (now[None] - own[None])


def sentence(root):
    return root.findtext(AT + "verdict/" + AT + "sentence")


def standouts(root):
    return {int(day.get("date")[-2:]): day.find(AT + "standout").get("provider") for day in root.iter(AT + "day") if day.find(AT + "standout") is not None}


def bad_campaign(how, day, provider, campaign):
    if campaign == "webinar":
        how["rate"] = 0.09


def bad_receiver(how, day, provider, campaign):
    if provider == "yahoo":
        how.update({"rate": 0.10, "class": ("block", "reputation")})


def campaign_and_other_receiver(how, day, provider, campaign):
    bad_campaign(how, day, provider, campaign)
    if (provider, campaign) == ("microsoft", "newsletter"):
        how["rate"] = 0.065


def digest(how, day, provider, campaign):
    if day.day == 14 and campaign == "newsletter":
        how["mails"] *= 6


def digest_and_trouble(how, day, provider, campaign):
    digest(how, day, provider, campaign)
    if day.day == 22 and provider == "microsoft":
        how.update({"rate": 0.2, "class": ("block", "policy")})


def late_start(how, day, provider, campaign):
    if provider == "gmx":
        how["mails"] *= 0.05 if day.day < 16 else 4


def trouble_from(how, day, provider, campaign):
    if provider == "gmx" and day.day >= 16:
        how.update({"rate": 0.08, "class": ("block", "reputation")})


with case("one campaign is the cause: it is named, and the largest receiver, whose rate is below the mean, is not"):
    world = World(bad_campaign)
    by_campaign, rise = world.excess(1)
    true(rise > 0.1 and by_campaign["webinar"] > 0.5, (rise, by_campaign))
    by_provider, _ = world.excess(0)
    true(by_provider["gmail"] > 0.5, by_provider)  # as it has of the mail
    root = world.report()
    contains(sentence(root), "most of the rise is hard bounces in campaign webinar")
    true("gmail" not in sentence(root).lower(), sentence(root))
    true(not any(node.text == "gmail" for node in root.iter(AT + "leader")), "gmail leads a cause as it leads the mail")

with case("one receiver is the cause: it is named, and no campaign"):
    world = World(bad_receiver)
    true(world.excess(0)[0]["yahoo"] > 0.9, world.excess(0))
    root = world.report()
    contains(sentence(root), "most of the rise is blocks, above all at Yahoo")
    true("campaign" not in sentence(root).split("rise", 1)[1], sentence(root))

with case("a campaign and another campaign's receiver, each with half of it: the receiver is not said to be that campaign's"):
    world = World(campaign_and_other_receiver)
    true(world.excess(1)[0]["webinar"] > 0.5 and world.excess(0)[0]["microsoft"] > 0.5, (world.excess(0), world.excess(1)))
    root = world.report()
    contains(sentence(root), "in campaign webinar")
    true("Microsoft" not in sentence(root), sentence(root))

with case("without sent counts the same two are named"):
    contains(sentence(World(bad_campaign, sent=False).report()), "in campaign webinar")
    contains(sentence(World(bad_receiver, sent=False).report()), "blocks, above all at Yahoo")

with case("twice the mail with the same rates is no worse month, and nothing is blamed"):
    world = World(volume=2.0)
    true(abs(world.excess(0)[1]) < 0.1, world.excess(0))
    root = world.report()
    true(root.find(AT + "verdict").get("state") == "steady" and "most of" not in sentence(root), sentence(root))
    equal(standouts(root), {})

with case("half the mail with twice the rate is a worse month, though counts stayed level"):
    world = World(lambda how, day, provider, campaign: how.update({"rate": how["rate"] * (8 if provider == "yahoo" else 1.3)}), volume=0.55)
    root = world.report()
    true(world.excess(0)[1] > 0.3, world.excess(0))
    equal(root.find(AT + "verdict").get("state"), "worse")
    contains(sentence(root), "at Yahoo")

with case("a day with six times the mail is no incident, a day on which a receiver refuses is"):
    equal(standouts(World(digest).report()), {})
    equal(standouts(World(digest_and_trouble).report()), {22: "microsoft"})

with case("a receiver that gets more mail from a day on began nothing; one that refuses from a day on did"):
    true(not any(node.get("since") for node in World(late_start).report().iter()), "since")
    since = {node.get("since") for node in World(trouble_from).report().iter() if node.get("since")}
    equal(since, {"2026-10-16"})

finish()
