#!/usr/bin/python3
"""The month in dates: an authentication break of five hours in one campaign, a receiver that refuses from a day on, two days on which nobody read the mailbox, a day
of which nobody said how much was sent. The report names each with its begin and end, in the page, the mail's text and the XML, and names nothing else; made again
after the next month and after the alerts' own retention it has the same bytes; a quiet month has no such list."""
import datetime
import os
import sys
import xml.etree.ElementTree as xml
from zoneinfo import ZoneInfo

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib import months
from lib.harness import *

AT, MONTH, ZONE = "{urn:retour:report:1}", "2026-10", ZoneInfo("Europe/Berlin")
BREAK_FROM, BREAK_TO = datetime.datetime(2026, 10, 6, 9, tzinfo=ZONE), datetime.datetime(2026, 10, 6, 14, tzinfo=ZONE)
UNREAD_FROM, UNREAD_TO = datetime.datetime(2026, 10, 20, 6, tzinfo=ZONE), datetime.datetime(2026, 10, 22, 7, tzinfo=ZONE)
REFUSED_FROM, UNCOUNTED = datetime.date(2026, 10, 13), datetime.date(2026, 10, 14)
BLOCK = "550 5.7.26 This mail has been blocked because the sender is unauthenticated."
FULL = "452 4.2.2 The email account that you tried to reach is over quota."
BROKEN_PER_HOUR = 60


def bounce(number, arrived, answer):
    when = arrived.strftime("%a, %d %b %Y %H:%M:%S %z")
    return ("""Received: from mail.example.org by mx.example.org; %(when)s
From: MAILER-DAEMON@mail.example.org (Mail Delivery System)
To: bounces@example.org
Subject: Undelivered Mail Returned to Sender
Message-ID: <%(number)d.bounce@mail.example.org>
Date: %(when)s
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

<person%(number)05d@gmail.com>: host gmail-smtp-in.l.google.com said: %(answer)s

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.org

Final-Recipient: rfc822; person%(number)05d@gmail.com
Action: failed
Status: %(status)s
Remote-MTA: dns; gmail-smtp-in.l.google.com
Diagnostic-Code: smtp; %(answer)s

--b
Content-Type: text/rfc822-headers

From: news@example.org
To: person%(number)05d@gmail.com
Message-ID: <%(number)d.mail@example.org>
X-Campaign-ID: %(campaign)s

--b--
""" % {"when": when, "number": number, "answer": answer, "status": answer.split()[1],
       "campaign": "spring" if answer == BLOCK else "newsletter"}).replace("\n", "\r\n").encode()


def utc(at):
    return at.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def sender():
    retour = Retour(now="2026-09-28T06:00:00Z")
    retour.config["report"].update({"timezone": "Europe/Berlin"})
    for folder in ("cur", "new", "tmp"):
        os.makedirs(os.path.join(retour.dir, "mail", folder))
    retour.config["mailbox bounces"] = {"protocol": "maildir", "path": os.path.join(retour.dir, "mail")}
    return retour


def run(retour, at):
    retour.now = utc(at)
    result = retour.run("run")
    equal(result.code, 0, result.err)


def deliver(retour, arrived, answer):
    retour.mails = getattr(retour, "mails", 0) + 1
    with open(os.path.join(retour.dir, "mail", "new", "%d.%d.test" % (arrived.timestamp(), retour.mails)), "wb") as f:
        f.write(bounce(retour.mails, arrived, answer))


def every_six_hours(retour, first, last, skip=lambda at: False):
    """With two bounces each time, so that there is something usual."""
    while first < last:
        for minutes in (100, 200):
            deliver(retour, first - datetime.timedelta(minutes=minutes), FULL)
        if not skip(first):
            run(retour, first)
        first += datetime.timedelta(hours=6)


def counts(retour, planted):
    """Days and sent counts of the months up to MONTH; planted: GMX refuses from a day on, and one day nobody said how much was sent."""
    ledger = months.Ledger()
    for month in months.months_before(MONTH, 4):
        months.ordinary(ledger, month, 60000)
    if planted:
        for day in months.days(MONTH):
            if day >= REFUSED_FROM and day.weekday() < 5:
                ledger.failures(day, "block", "reputation", "gmx", "newsletter", 60)
        ledger.volume = {key: count for key, count in ledger.volume.items() if key[0] != months.number(UNCOUNTED)}
    ledger.write(retour.database)


def report(retour, form="xml"):
    result = retour.run("report", "--month", MONTH, "--format", form)
    equal(result.code, 0, result.err)
    return result.out


def timeline(text):
    root = xml.fromstring(text)
    return [(node.get("kind"), node.get("from"), node.get("to"), node.text, node.get("when")) for node in root.iter(AT + "milestone")]


planted = sender()
run(planted, datetime.datetime(2026, 9, 28, 8, tzinfo=ZONE))
counts(planted, True)
every_six_hours(planted, datetime.datetime(2026, 9, 29, 0, tzinfo=ZONE), BREAK_FROM)
for hour in range(12):
    now = BREAK_FROM + datetime.timedelta(hours=hour)
    if now < BREAK_TO:
        for minute in range(BROKEN_PER_HOUR):
            deliver(planted, now + datetime.timedelta(seconds=40 * minute), BLOCK)
    run(planted, now + datetime.timedelta(minutes=50))
every_six_hours(planted, BREAK_FROM + datetime.timedelta(hours=15), datetime.datetime(2026, 11, 2, 6, tzinfo=ZONE), lambda at: UNREAD_FROM < at < UNREAD_TO)
planted.now = "2026-11-02T06:00:00Z"
first = report(planted)
lines = timeline(first)


def local(at):
    return at.strftime("%Y-%m-%dT%H:%M")


with case("the authentication break stands there with its hours, receiver, cause and campaign"):
    found = [line for line in lines if line[0] == "alert" and line[3].startswith("Mail was refused")]
    equal([line[1:3] for line in found], [(local(BREAK_FROM), local(BREAK_TO))])
    for part in ("mail", "SPF, DKIM or DMARC failed", "campaign spring"):
        contains(found[0][3], part)
    equal(found[0][4], "6 October, 09:00–14:00")

with case("so do the two days on which the mailbox was not read, by their hours"):
    last_read = max(at for at in (datetime.datetime(2026, 10, 7, 0, tzinfo=ZONE) + datetime.timedelta(hours=6 * n) for n in range(100)) if at <= UNREAD_FROM)
    next_read = min(at for at in (datetime.datetime(2026, 10, 7, 0, tzinfo=ZONE) + datetime.timedelta(hours=6 * n) for n in range(100)) if at >= UNREAD_TO)
    equal([line[1:4] for line in lines if line[0] == "unread"], [(local(last_read), local(next_read), "Mailbox bounces was not read")])

with case("what began on a day goes on from that day, and a day without sent counts is one, and is said beside the rates"):
    equal([(line[1], line[2]) for line in lines if line[0] == "since"], [(REFUSED_FROM.isoformat(), None)])
    equal([(line[1], line[2]) for line in lines if line[0] == "uncounted"], [(UNCOUNTED.isoformat(), UNCOUNTED.isoformat())])
    root = xml.fromstring(first)
    contains(root.findtext(AT + "verdict/" + AT + "note"), "nobody said how much was sent")
    equal(root.find(AT + "figures/" + AT + "sent").get("uncounted"), "1")
    equal([month.find(AT + "sent").get("uncounted") for month in root.iter(AT + "month") if month.find(AT + "sent") is not None], [None, None, None, "1"])

with case("nothing else is there but the surge of bounces that the break was, and the day of it"):
    others = [line for line in lines if line[0] not in ("unread", "since", "uncounted") and not line[3].startswith("Mail was refused")]
    equal({(line[0], line[1][:10]) for line in others}, {("alert", BREAK_FROM.date().isoformat()), ("day", BREAK_FROM.date().isoformat())})
    equal([line[1] for line in lines], sorted(line[1] for line in lines))

with case("text and page say the same"):
    text, page = " ".join(report(planted, "text").split()), report(planted, "html")
    for line in lines:
        contains(text, "%s: %s" % (line[4], line[3]))
        contains(page, ">%s</th>" % line[4])

with case("the same bytes after the month that follows, and when the alerts are gone"):
    run(planted, datetime.datetime(2026, 12, 2, 8, tzinfo=ZONE))
    equal(timeline(report(planted)), lines)
    planted.now = utc(datetime.datetime(2027, 12, 2, 8, tzinfo=ZONE))
    equal(planted.run("run").code, 3)  # a year's leap is not believed at once
    equal(planted.run("clock", "confirm", "--reason", "a year passed").code, 0)
    run(planted, datetime.datetime(2027, 12, 2, 9, tzinfo=ZONE))
    equal(planted.sql("SELECT count(*) FROM alert WHERE opened < 1798761600"), [(0,)])
    equal(timeline(report(planted)), lines)

with case("a quiet month has no such list"):
    quiet = sender()
    run(quiet, datetime.datetime(2026, 9, 28, 8, tzinfo=ZONE))
    counts(quiet, False)
    every_six_hours(quiet, datetime.datetime(2026, 9, 29, 0, tzinfo=ZONE), datetime.datetime(2026, 11, 2, 6, tzinfo=ZONE))
    quiet.now = "2026-11-02T06:00:00Z"
    equal(timeline(report(quiet)), [])

finish()
