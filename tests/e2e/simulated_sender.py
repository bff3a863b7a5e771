#!/usr/bin/python3
"""A sender that asks `check` before each of its mailings and obeys, over 120 days: nobody dead is written to again, nobody who recovered is lost,
nobody who was well is stopped, and the counts are the truth (tests/simulation.py; `make bench` runs it in full size)."""
import collections
import os
import sys
import xml.etree.ElementTree as xml

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import simulation  # noqa: E402
from lib.harness import *  # noqa: E402,F403

PATIENCE = 30  # days after which somebody who is well again must have been written to

CLASSES = ("hard", "soft", "block")
K = 2

dovecot, retour = simulation.arena()
retour.config["privacy"] = {"k": str(K)}
world = simulation.World(recipients=1500, providers=12, days=120, seed=7)
investigations = collections.defaultdict(set)


def look(_day, _verdicts):
    for line in retour.run("contact", "resolve", "--list", "--json").lines():
        investigations[line["provider"], line["category"]].add(line["since"])


verdicts = world.run(retour, dovecot, look)

check(not world.faults, "every run and every check went well, every mailbox was emptied", "\n".join(world.faults[:3]))
# without these the rest would say nothing
kinds = collections.Counter(name for r in world.recipients for _first, _end, name in r.spells)
check(min(kinds[name] for name in ("dead", "full", "away", "shaky", "grey")) >= 5 and any(p.blocks for p in world.providers),
      "there are dead, full, slow, shaky and greylisting receivers, and some that block", kinds)
check(sum(1 for r in world.recipients if r.hard_read is not None) >= 20, "hard bounces were read")
dead = world.written_to_the_dead()
check(not dead, "no dead address is written to after its first hard bounce was read", dead[:5])
lost = world.lost_for_ever(verdicts, PATIENCE)
check(not lost, "nobody who is well again is lost for ever", lost[:5])
stopped = world.wrongly_stopped(verdicts)
check(not stopped, "nobody who was well, or only greylisted, is stopped", stopped[:5])
opened = {key: min(days) for key, days in world.blocked.items()}
check({key: min(days) for key, days in investigations.items()} == opened and opened,
      "an investigation was opened at every provider that blocks, on the day of its first block, and at no other", (dict(investigations), opened))
counted = {(month, category): count for month, category, count in retour.sql(
    "SELECT day / 100, category, sum(count) FROM tally WHERE kind = 'failure' GROUP BY 1, 2")}
truth = collections.Counter()
for (month, _provider, _class, category), count in world.bounces.items():
    truth[int(month.replace("-", "")), category] += count
check(counted == dict(truth), "the tallies of every month and category are the truth", (counted, dict(truth)))


def report(month):
    """The same of a report: {provider's name or None for all: {"sent", "rate" or a class: as it stands there}}"""
    top = xml.fromstring(retour.run("report", "--month", month, "--format", "xml").out)
    at = "{urn:retour:report:1}"
    shown = {None: {"sent": top.findtext("%sfigures/%ssent/%scount" % (at, at, at))}}
    for figure in top.find(at + "figures").findall(at + "figure"):
        shown[None][figure.get("id")] = figure.findtext(at + "count")
        if figure.get("id") == "bounces":
            shown[None]["rate"] = figure.findtext(at + "rate")
    for row in top.find(at + "providers").findall(at + "row"):
        if row.get("name"):
            shown[row.get("name")] = {count.get("of"): count.text for count in row.findall(at + "count")}
            shown[row.get("name")]["rate"] = row.findtext(at + "rate")
    return shown


for month in ("2026-03", "2026-04", "2026-05", "2026-06"):
    if month == "2026-06":
        retour.now = "2026-07-01T06:00:00Z"  # a running month's report ends with the day before
    wrong, compared, month_truth = [], 0, world.truth(month)
    for name, figures in report(month).items():
        true_figures = month_truth[name]
        bounces = sum(true_figures[klass] for klass in CLASSES)
        expected = {klass: str(true_figures[klass]) for klass in CLASSES}
        expected["sent"] = str(true_figures["sent"])
        expected["rate"] = "%.2f" % (100 * bounces / true_figures["sent"]) if true_figures["sent"] else None
        for what, value in figures.items():
            if what in expected and value is not None and not value.startswith("<"):
                compared += 1
                if value != expected[what]:
                    wrong.append((name, what, value, expected[what]))
    check(not wrong and compared > 15, "the report of %s: what was sent, the classes and the rates, of all and of each provider, are the truth" % month, (compared, wrong[:10]))
finish()
