#!/usr/bin/python3
"""Senders of 3,000 to 150,000 mails a month read a report, not a page of holes: the share of its counts that are not shown, and a campaign at 6 % hard bounces that is
called at each size, for k = 10, 5, 2. Nothing else of that month is at fault: no other campaign may be called, and the month before is called clean.

With figures as its only argument it prints the shares and judges nothing."""
import os
import random
import re
import sys
import xml.etree.ElementTree as xml

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib import months
from lib.harness import *

AT, MONTH, BEFORE, BAD, LIMIT = "{urn:retour:report:1}", "2026-10", "2026-09", "partner-offer", 0.02
SIZES, THRESHOLDS = (3000, 10000, 30000, 60000, 150000), (10, 5, 2)


def sender(volume, k):
    """Two clean months and, in the second, a tenth more mail to a list of which 6 % is dead. The program, and {(month, campaign): [sent, hard]}."""
    retour = Retour(now="2026-11-02T06:00:00Z")
    retour.config["privacy"] = {"k": k}
    empty = os.path.join(retour.dir, "empty")
    os.mkdir(empty)
    equal(retour.run("import", empty).code, 0)
    ledger, pick = months.Ledger(), random.Random(volume)
    for month in (BEFORE, MONTH):
        months.ordinary(ledger, month, volume, rate=0.016)
    for day in list(months.days(MONTH))[5:8]:
        for provider, part in months.spread(pick, volume / 30, months.PROVIDERS):
            ledger.sent(day, provider, BAD, part)
            ledger.failures(day, "hard", "user-unknown", provider, BAD, int(part * 0.06 + pick.random()))
    ledger.write(retour.database)
    truth = {}
    for (day, _provider, campaign), count in ledger.volume.items():
        truth.setdefault((day // 100, campaign), [0, 0])[0] += count
    for (day, kind, klass, _category, origin, _provider, campaign), count in ledger.tally.items():
        if (kind, klass, origin) == ("failure", "hard", "matched"):
            truth.setdefault((day // 100, campaign), [0, 0])[1] += count
    return retour, truth


def report(retour, month, form="xml"):
    result = retour.run("report", "--month", month, "--format", form)
    equal(result.code, 0, result.err)
    return result.out


def hidden(root):
    """Of the counts of a report that are not 0, how many are holes, and how many there are; without what receivers said, of which none is a hole."""
    said = set(root.findall(AT + "answers//" + AT + "count"))
    counts = [node.text for node in root.iter(AT + "count") if node.text != "0" and node not in said]
    return sum(not text.isdigit() for text in counts), len(counts)


def called(root):
    """What verdict and measures say of campaigns."""
    said = [root.findtext(AT + "verdict/" + AT + "sentence")]
    said += [node.findtext(AT + "because") for node in root.find(AT + "measures") if node.get("id") == "bad-list"]
    return " ".join(said)


def over(truth, month):
    """Campaigns of MONTH whose hard bounces reach the limit, by the true counts."""
    return {name for (when, name), (sent, hard) in truth.items() if when == int(month.replace("-", "")) and sent and hard / sent >= LIMIT}


def judged(root):
    """{campaign: "met", "missed" or "untold"}"""
    rows = root.findall(AT + "campaigns/" + AT + "row")
    return {row.get("name"): node.get("as") for row in rows for node in row.findall(AT + "judged[@of='hard']")}


# Of the counts that are printed, so many percent were holes when small figures were hidden one by one and complaints stood in a sum with bounces:
BEFORE_SHARE = {10: (71.4, 60.1, 53.1, 37.0, 23.0), 5: (74.8, 42.0, 20.6, 18.3, 13.1), 2: (17.1, 7.6, 5.5, 7.7, 3.3)}
BEFORE_SHOWN = {10: (30, 63, 91, 131, 164), 5: (36, 105, 154, 170, 185), 2: (126, 171, 189, 192, 206)}
only_figures = sys.argv[1:] == ["figures"]
for k in THRESHOLDS:
    for number, volume in enumerate(SIZES):
        retour, truth = sender(volume, k)
        root, clean = xml.fromstring(report(retour, MONTH)), xml.fromstring(report(retour, BEFORE))
        holes, all_counts = hidden(root)
        share, shown = 100 * holes / all_counts, all_counts - holes
        comment("k = %2d, %6d mails: %4.1f %% of the counts are holes (before: %4.1f %%), %3d are shown (before: %3d)" %
                (k, volume, share, BEFORE_SHARE[k][number], shown, BEFORE_SHOWN[k][number]))
        if only_figures:
            comment("    " + called(root))
            continue
        with case("k = %d, %d mails a month: the campaign at 6 %% hard is called, no clean one is, and the report has few holes" % (k, volume)):
            equal(root.find(AT + "verdict").get("targets"), "missed")
            contains(called(root), BAD)
            equal(judged(root).get(BAD), "missed")
            for when, one in ((MONTH, root), (BEFORE, clean)):
                for name, word in judged(one).items():
                    true(word == "untold" or (word == "missed") == (name in over(truth, when)), (when, name, word))
            true(BAD not in called(clean) and "All targets were met" not in called(root), called(root))
            # a campaign of which it cannot be told has fewer than k, and "all" is not said then
            for name, word in judged(clean).items():
                true(word != "untold" or truth[(int(BEFORE.replace("-", "")), name)][1] < k, name)
            true("untold" not in judged(clean).values() or clean.find(AT + "verdict").get("targets") != "met", called(clean))
            # what cannot be told is a badge of its own on the page
            told = {"met": "On target", "missed": "Off target", "untold": "Cannot be told"}[clean.find(AT + "verdict").get("targets")]
            contains(report(retour, BEFORE, "html"), told)
            # neither a figure that is printed nor what a sum leaves out is small
            small = [node for each in (root, clean) for node in each.iter(AT + "count") if node.text.isdigit() and 0 < int(node.text) < k]
            true(not small, [(node.get("of"), node.text) for node in small])
            true(share < 12 and share < BEFORE_SHARE[k][number], share)
            true(shown > BEFORE_SHOWN[k][number] * 0.95, shown)
with case("3,000 mails a month: what most hard bounces are is named though no cause is shown, no table is of holes, and what chance makes is no change"):
    retour, truth = sender(3000, 10)
    root, text = xml.fromstring(report(retour, MONTH)), report(retour, MONTH, "text")
    other = root.find(AT + "classes/" + AT + "class[@id='hard']/" + AT + "category")
    equal((other.get("id"), other.get("mostly"), other.findtext(AT + "count")), ("other", "user-unknown", "50"))
    contains(text.split("What broke")[1].split("By provider")[0], "No such user, mostly            50")
    contains(report(retour, MONTH, "html"), "No such user, mostly")
    true(not root.findall(AT + "groups/" + AT + "row") and "Domain group" not in text, "domain groups of which two of three are hidden")
    contains(text.replace("\n", " "), "bounces came to 70 (no clear change) and complaints numbered 0")
with case("3,000 mails a month: where most of it lies is shown, and not a small receiver alone"):
    retour, ledger = Retour(now="2026-11-02T06:00:00Z"), months.Ledger()
    os.mkdir(os.path.join(retour.dir, "empty"))
    equal(retour.run("import", os.path.join(retour.dir, "empty")).code, 0)
    for month in (BEFORE, MONTH):
        months.ordinary(ledger, month, 3000, rate=0.016)
    months.incident(ledger, MONTH, 3000)
    ledger.write(retour.database)
    root, truth = xml.fromstring(report(retour, MONTH)), {"providers": {}, "campaigns": {}}
    for (day, kind, _class, _category, origin, provider, campaign), count in ledger.tally.items():
        if (day // 100, kind, origin) == (202610, "failure", "matched"):
            for table, name in (("providers", provider), ("campaigns", campaign)):
                truth[table][name] = truth[table].get(name, 0) + count
    for table, first in (("providers", "gmail"), ("campaigns", "newsletter")):
        rows = {row.get("name"): row.findtext(AT + "count[@of='bounces']") for row in root.findall(AT + table + "/" + AT + "row")}
        equal(rows.get(first), str(truth[table][first]), rows)
        true(all(count.isdigit() for count in rows.values()), rows)
    page, text = report(retour, MONTH, "html"), report(retour, MONTH, "text").replace("\n", " ")
    whole = sum(truth["campaigns"].values())
    for table in ("providers", "campaigns"):  # what stands elsewhere is told beside what is named: four of five notices are, of receivers
        named = [int(row.findtext(AT + "count[@of='bounces']")) for row in root.findall(AT + table + "/" + AT + "row") if row.get("name")]
        contains(re.sub("<[^>]*>", " ", page), "All others  %d " % (whole - sum(named)))
    contains(root.findtext(AT + "verdict/" + AT + "sentence"), "most of the rise is hard bounces in campaign newsletter.")
    # an infrastructure that is most of what is hidden is no "too little to be shown", and what to check stands beside it
    true("too little to be shown by itself" not in page and "SPF record of the return-path domain" in page, page[-3000:])
    true("* At least 30 messages refused" in text and "below 2  %" not in text, text[:800])
# a month of 15,000 mails with one large campaign to a bought list, a small one, and few blocks: (provider, campaign): hard, soft, blocks
FEW_BLOCKS = {("gmail", "bought"): (8, 0, 0), ("gmail", "news"): (12, 18, 1), ("gmail", "orders"): (10, 0, 1), ("microsoft", "bought"): (10, 0, 0), ("microsoft", "news"): (7, 5, 1),
              ("microsoft", "orders"): (2, 0, 1), ("other", "bought"): (18, 0, 0), ("other", "news"): (7, 8, 1), ("other", "orders"): (2, 0, 0), ("gmx", "bought"): (6, 0, 0),
              ("gmx", "news"): (10, 5, 0), ("gmx", "orders"): (1, 7, 0), ("yahoo", "bought"): (8, 0, 0), ("yahoo", "news"): (3, 1, 2), ("yahoo", "orders"): (0, 2, 0)}
SENT = {"gmail": 0.35, "microsoft": 0.25, "gmx": 0.15, "yahoo": 0.1, "other": 0.15}
with case("seven blocks of one cause hide neither the month's sum nor its hard bounces, nor what a campaign had"):
    retour, ledger = Retour(now="2026-11-02T06:00:00Z"), months.Ledger()
    os.mkdir(os.path.join(retour.dir, "empty"))
    equal(retour.run("import", os.path.join(retour.dir, "empty")).code, 0)
    day = list(months.days(MONTH))[5]
    for (provider, campaign), counts in FEW_BLOCKS.items():
        ledger.sent(day, provider, campaign, round({"bought": 600, "news": 9800, "orders": 4200}[campaign] * SENT[provider]))
        for (klass, category), count in zip((("hard", "user-unknown"), ("soft", "mailbox-full"), ("block", "reputation")), counts):
            ledger.failures(day, klass, category, provider, campaign, count)
    ledger.complaints(day, "microsoft", "news", 10)
    ledger.write(retour.database)
    root = xml.fromstring(report(retour, MONTH))
    shown = {(row.get("name"), node.get("of")): node.text for row in root.iterfind(AT + "campaigns/" + AT + "row") for node in row.iter(AT + "count")}
    equal([shown.get((name, of)) for name in ("bought", "news", "orders") for of in ("bounces", "hard")], ["50", "50", "81", "39", "26", "15"])
    true(re.search(r"\nBounces +157 ", report(retour, MONTH, "text")), "the sum is not shown")
    contains(called(root), "campaign bought has 8.33 % hard bounces")
finish()
