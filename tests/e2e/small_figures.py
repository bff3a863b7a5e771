#!/usr/bin/python3
"""Everything that leaves the house but the monthly report itself (tests/e2e/differencing.py) says nothing of fewer than k recipients: metrics at each run, alerts
by mail, to a command and as a list, advice, the index of all months, the log, and the suppression list, which has no figures at all. A fortnight of few bounces
at many providers, with two incidents."""
import datetime
import glob
import html.parser
import json
import os
import random
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.contacts import BOUNCE, DEAD, FULL
from lib.harness import *

K, DAYS = 10, 14
BEGIN = datetime.datetime(2026, 10, 22, 6, tzinfo=datetime.timezone.utc)
BLOCK = ("5.7.1", "550 5.7.1 Service unavailable; Client host [192.0.2.25] blocked using zen.spamhaus.org")
SLOW = ("4.7.0", "421 4.7.0 Try again later, too many messages")
PLACES = (("gmail.com", "gmail-smtp-in.l.google.com"), ("gmx.net", "mx00.emig.gmx.net"), ("outlook.com", "outlook-com.olc.protection.outlook.com"),
          ("yahoo.com", "mta5.am0.yahoodns.net"), ("small.example", "mx.small.example"))
rng = random.Random(11)

retour, sink = Retour(now=BEGIN.strftime("%Y-%m-%dT%H:%M:%SZ")), Sink(tls="none")
box = os.path.join(retour.dir, "box")
for name in ("new", "cur", "tmp"):
    os.makedirs(os.path.join(box, name))
hooked = os.path.join(retour.dir, "hooked")
with open(retour.dir + "/hook", "w") as f:
    f.write("#!/bin/sh\ncat >> %s; echo >> %s\n" % (hooked, hooked))
os.chmod(retour.dir + "/hook", 0o755)
prom = os.path.join(retour.dir, "retour.prom")
retour.config["mailbox bounces"] = {"protocol": "maildir", "path": box}
retour.config["report"].update(sink.report(to="dpo@example.org", ca_file=None, **{"from": "retour@example.org"}))
retour.config["alert"] = {"to": "postmaster@example.org", "command": retour.dir + "/hook"}
retour.config["metrics"] = {"file": prom}
FAMILIES = ("retour_alerts_open", "retour_build_info", "retour_contacts", "retour_events_total", "retour_ledger_entries",
            "retour_mailbox_certificate_end_timestamp_seconds", "retour_mailbox_last_failure_timestamp_seconds", "retour_mailbox_last_success_timestamp_seconds",
            "retour_messages_total", "retour_retention_overdue_rows", "retour_run_duration_seconds", "retour_run_result", "retour_run_timestamp_seconds",
            "retour_store_disk_free_bytes", "retour_store_size_bytes")
number = 0
metrics, logs, lists, advices = [], [], [], []


def deliver(at, place, why, count):
    global number
    for _ in range(count):
        number += 1
        domain, host = place
        mail = BOUNCE % {"date": at.strftime("%d %b %Y %H:%M:%S +0000"), "number": number, "recipient": "p%d@%s" % (number, domain), "status": why[0], "text": why[1],
                         "host": host}
        with open("%s/new/%d.%d.x" % (box, int(at.timestamp()), number), "w") as f:
            f.write(mail)


def look():
    with open(prom) as f:
        metrics.append(f.read())
    lists.extend(retour.run("alerts", "--all", "--json").lines())
    lists.extend(retour.run("alerts", "--json").lines())
    advices.append(retour.run("advice").out)


for day in range(DAYS):
    for hour in range(0, 24, 6):
        now = BEGIN + datetime.timedelta(days=day, hours=hour)
        for place in PLACES:
            deliver(now - datetime.timedelta(minutes=30), place, rng.choice((DEAD, FULL, BLOCK, SLOW)), rng.choice((0, 0, 1, 1, 2, 3)))
        if (day, hour) in ((8, 6), (11, 12)):
            deliver(now - datetime.timedelta(minutes=20), PLACES[0], BLOCK if day == 8 else SLOW, 45)
        retour.now = now.strftime("%Y-%m-%dT%H:%M:%SZ")
        result = retour.run("run", options=["-v"])
        equal(result.code, 0, result)
        logs.append(result.err)
        look()


def small(value):
    return isinstance(value, (int, float)) and 0 < value < K


with case("there were small figures to tell, and incidents that were told"):
    cells = [n for _provider, _class, n in retour.sql("SELECT provider, class, sum(count) FROM tally WHERE kind = 'failure' GROUP BY provider, class, day")]
    true(sum(0 < n < K for n in cells) > 50, cells)
    conditions = {alert["condition"] for alert in lists}
    true("block-surge" in conditions, conditions)
    true(len(sink.mails) >= 3 and os.path.getsize(hooked) > 0, len(sink.mails))

with case("no metric that counts recipients or their bounces moves in steps smaller than k, at any run"):
    counted = 0
    for text in metrics:
        for family, value in re.findall(r'^(retour_(?:events_total|contacts)\{.*|retour_messages_total\{.*outcome="new".*) ([0-9.e+]+)$', text, re.M):
            counted += 1
            true(float(value) % K == 0, (family, value))
    true(counted > 100, counted)
    # a family that is new has to be looked at here before it goes out
    families = {line.split()[2] for line in metrics[-1].splitlines() if line.startswith("# TYPE")}
    equal(sorted(families - set(FAMILIES)), [])

with case("no alert, by mail, to the command or as a list, is about fewer than k bounces"):
    told = [json.loads(line) for line in open(hooked) if line.strip()]
    alerts = lists + [alert for one in told for alert in one["alerts"]]
    about = {"block-rate", "block-surge", "bounce-surge", "bounce-rate", "throttled", "throttling", "hard-rate", "soft-rate", "bounces-rate", "complaint-rate"}
    seen = 0
    for alert in alerts:
        if alert["condition"] in about or re.search(r"surge|rate|throttl", alert["condition"]):
            seen += 1
            for key in ("count", "of", "part", "whole", "value"):
                true(not small(alert.get(key)) or isinstance(alert.get(key), float) and key == "value", (key, alert))
    true(seen, "no such alert")
    for mail in sink.mails:
        part = mail.parsed()
        body = part.get_body(("plain",)).get_content() if part.is_multipart() else part.get_content()
        if "alert" in part["Subject"]:
            for count in re.findall(r"(?:surge|rate|throttl\w*): (\d+);", body):
                true(int(count) >= K, body)

with case("no advice gives a figure of fewer than k"):
    for text in advices:
        for first, of in re.findall(r"(\d+) of (\d+) attempts", text):
            true(not small(int(of)), text)
        true(not re.search(r"(?<!fewer than )\b[1-9] of \d+", text), text)

with case("no line of the log gives the figures of a provider or a campaign"):
    for text in logs:
        for domain in ("gmail", "gmx", "microsoft", "yahoo", "small.example", "nl10"):
            for line in text.splitlines():
                true(domain not in line or "alert" in line, line)

with case("the suppression list has pseudonyms and answers and no figures"):
    for line in retour.run("suppressions").out.splitlines()[1:]:
        true(re.fullmatch(r"[0-9a-f]{32},[0-9a-f]{32},(send|hold|suppress),[^,]*,[a-z-]+,[a-z-]*,[0-9TZ:-]*", line), line)


class Numbers(html.parser.HTMLParser):
    """The numbers in a page's text."""

    def __init__(self, text):
        super().__init__()
        self.found, self.skip = [], 0
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.skip += tag in ("style", "title", "svg")  # a chart has its axis, and a table beside it

    def handle_endtag(self, tag):
        self.skip -= tag in ("style", "title", "svg")

    def handle_data(self, data):
        if not self.skip:
            self.found += re.findall(r"(?<![\w<≥.,-])\d[\d,]*(?![\w%.,-])", data)


with case("the index of all months has no figure that its reports do not have"):
    reports = retour.data + "/reports/"
    shown = set()
    for path in glob.glob(reports + "20*.xml"):
        with open(path, encoding="utf-8") as f:
            shown |= set(re.findall(r"\d+", f.read()))
    with open(reports + "index.html", encoding="utf-8") as f:
        numbers = {number.replace(",", "") for number in Numbers(f.read()).found}
    true(numbers, "the index has no numbers")
    equal(sorted(numbers - shown), [])

finish()
