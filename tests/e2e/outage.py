#!/usr/bin/python3
"""Two outages and the ordinary months around them: what a wave of false hard bounces costs, and what the brake costs where there is none.

A receiver answers 5.1.1 for two hours, to 3,000 valid recipients and 40 dead ones; some days later our own relay refuses 500 at many receivers. A run
reads the bounces every quarter of an hour. The truth is known here; who is suppressed, and when, is asked of `check`."""
import calendar
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.contacts import BOUNCE  # noqa: E402
from lib.harness import *  # noqa: E402,F403

GMAIL, YAHOO, SMALL = "gmail-smtp-in.l.google.com", "mta5.am0.yahoodns.net", "mx.example.net"
RELAY = "mail.example.org"
START = calendar.timegm((2026, 9, 1, 8, 0, 0))
DAY, QUARTER = 86400, 900
VALID = ["valid%d@example.net" % n for n in range(3000)]
DEAD = ["dead%d@example.net" % n for n in range(40)]
MISTAKEN = ["relay%d@example.net" % n for n in range(500)]


def stamp(at):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


class Story:
    """A store of its own, and what it is told: (recipient, host, text, time) each."""

    def __init__(self, **brake):
        self.retour, self.serial = Retour(), 0
        self.retour.config["brake"] = brake
        self.mails = self.retour.dir + "/in.mbox"

    def read(self, bounces, now):
        """Reads them as one mailbox and lets time and alerts have their due."""
        with open(self.mails, "w", encoding="ascii") as f:
            for recipient, host, text, at in bounces:
                self.serial += 1
                date = time.strftime("%d %b %Y %H:%M:%S +0000", time.gmtime(at))
                f.write("From MAILER-DAEMON %s\n" % time.strftime("%a %b %e %H:%M:%S %Y", time.gmtime(at)))
                f.write(BOUNCE % {"date": date, "number": self.serial, "recipient": recipient, "host": host, "status": text[4:9], "text": text} + "\n")
        self.retour.now = stamp(now)
        equal(self.retour.run("import", self.mails).code, 0)
        result = self.retour.run("run")
        true(result.code in (0, 1), result)

    def verdicts(self, recipients, now):
        self.retour.now = stamp(now)
        return {line["address"]: line["verdict"] for line in
                self.retour.run("check", "--json", input="".join(r + "\n" for r in recipients)).lines()}

    def alerts(self):
        return [opened for (opened,) in self.retour.sql("SELECT opened FROM alert WHERE condition = 'unconfirmed-hard' ORDER BY opened")]


def ordinary(story, days, mailing=6):
    """Every third day a mailing: some addresses are dead. Returns how many quarters of an hour after its bounce each was suppressed."""
    waits, serial = [], 0
    for day in range(0, days, 3):
        at, gone = START + day * DAY, []
        for host in (GMAIL, YAHOO, SMALL):
            for n in range(mailing + day // 3 % 3):
                serial += 1
                gone.append(("gone%d@example.net" % serial, host, "550 5.1.1 User unknown", at + n * 20))
        story.read(gone, at + QUARTER)
        said = story.verdicts([g[0] for g in gone], at + QUARTER)
        waits += [0 if verdict == "suppress" else 1 for verdict in said.values()]
    return waits


with_brake, without = Story(), Story(minimum="0")
with case("an ordinary quarter: nobody is suppressed later than without a brake, and no alert"):
    first, second = ordinary(with_brake, 90), ordinary(without, 90)
    equal((sum(first), len(first)), (sum(second), len(second)))
    equal(sum(first), 0)
    equal(with_brake.alerts(), [])
    comment("%d dead addresses in a quarter, %d of them suppressed later" % (len(first), sum(first)))

OUTAGE = START + 90 * DAY
ever = {True: set(), False: set()}
with case("a receiver says 5.1.1 to everybody for two hours: nobody is suppressed, and the alert is open with the first run"):
    everybody = VALID + DEAD
    for story in (with_brake, without):
        for quarter in range(8):
            share = everybody[quarter::8]
            begin = OUTAGE + quarter * QUARTER
            story.read([(r, GMAIL, "550 5.1.1 The email account that you tried to reach does not exist", begin + n * 2) for n, r in enumerate(share)],
                       begin + QUARTER)
            said = story.verdicts(VALID, begin + QUARTER)
            ever[story is with_brake].update(r for r, verdict in said.items() if verdict == "suppress")
    equal(len(ever[False]), len(VALID))
    equal(len(ever[True]), 0)
    minutes = [(at - OUTAGE) // 60 for at in with_brake.alerts()]
    equal(minutes, [15])
    equal(set(with_brake.verdicts(everybody, OUTAGE + 3 * 3600).values()), {"hold"})
    status = with_brake.retour.run("status").out
    contains(status, "held      gmail                provider, 3040 hard bounces not believed, since ")
    contains(status, "retour contact confirm, or undo, decides")
    comment("valid ones ever suppressed: %d with the brake, %d without; alert after %d minutes" % (len(ever[True]), len(ever[False]), minutes[0]))

with case("undone: the valid ones are written to again, and each dead one once more"):
    day = stamp(OUTAGE)[:10]
    with_brake.retour.now = stamp(OUTAGE + 5 * 3600)
    result = with_brake.retour.run("contact", "undo", "--provider", "gmail", "--from", day, "--to", day, "--reason", "the receiver was out of order")
    equal((result.code, result.out), (0, "unconfirmed to active: 3040\n"))
    equal("not believed" in with_brake.retour.run("status").out, False)
    said = with_brake.verdicts(VALID + DEAD, OUTAGE + 5 * 3600)
    equal(set(said.values()), {"send"})
    dead = [(r, GMAIL, "550 5.1.1 User unknown", OUTAGE + DAY + n) for n, r in enumerate(DEAD)]
    with_brake.read(dead[:20], OUTAGE + DAY + QUARTER)
    with_brake.read(dead[20:], OUTAGE + DAY + 3600 + QUARTER)
    again = 1
    while again < 5 and "send" in with_brake.verdicts(DEAD, OUTAGE + DAY + again * DAY).values():
        again += 1
    equal(again, 1)
    lost = [r for r, verdict in with_brake.verdicts(VALID, OUTAGE + 2 * DAY).items() if verdict == "suppress"]
    equal(lost, [])
    comment("after undo: %d valid ones suppressed, %d dead ones written to %d time more" % (len(lost), len(DEAD), again))

with case("our own relay refuses at many receivers: nobody is suppressed, and by its name all is taken back"):
    begin = OUTAGE + 5 * DAY
    hosts = (GMAIL, YAHOO, SMALL, "mx00.emig.gmx.net", "mx01.mail.icloud.com")
    with_brake.read([(r, hosts[n % 5], "550 5.1.1 User unknown", begin + n) for n, r in enumerate(MISTAKEN)], begin + QUARTER)
    said = list(with_brake.verdicts(MISTAKEN, begin + QUARTER).values())
    equal(set(said), {"hold"})
    comment("valid ones ever suppressed: %d of %d" % (said.count("suppress"), len(MISTAKEN)))
    day = stamp(begin)[:10]
    result = with_brake.retour.run("contact", "confirm", "--list")
    contains(result.out, "on " + day)
    result = with_brake.retour.run("contact", "undo", "--reporting-mta", RELAY, "--from", day, "--to", day, "--reason", "our relay had no list of users")
    equal((result.code, result.out), (0, "unconfirmed to active: 500\n"))
    equal(set(with_brake.verdicts(MISTAKEN, begin + QUARTER).values()), {"send"})

with case("an outage in the evening that ebbs in the night, each hour below the least of a wave, confirms nobody"):
    ebbing, night, believed = Story(), OUTAGE + 16 * 3600, {}
    ordinary(ebbing, 90)
    hit = VALID[:300]
    ebbing.read([(r, GMAIL, "550 5.1.1 User unknown", night - 4 * 3600 + n * 5) for n, r in enumerate(hit)], night - 3 * 3600)
    later = [(hit[n * 7], GMAIL, "550 5.1.1 User unknown", night + (n // 4) * 3600 + n) for n in range(20)]
    fresh = [(r, GMAIL, "550 5.1.1 User unknown", at + 60) for r, (_, _, _, at) in zip(VALID[300:], later)]
    for hour in range(5):
        ebbing.read([b for b in later + fresh if hour * 3600 <= b[3] - night < (hour + 1) * 3600], night + (hour + 1) * 3600)
        said = ebbing.verdicts(VALID[:320], night + (hour + 1) * 3600)
        believed.update((r, hour) for r, verdict in said.items() if verdict == "suppress")
    comment("of 300 in the wave and 20 more while it ebbed %d were ever suppressed" % len(believed))
    # those of the first hour, before they are more than on an ordinary day, may be new; who was in the wave is never confirmed by it
    equal([r for r in believed if r in hit], [])
    equal([r for r, verdict in ebbing.verdicts(VALID[:320], night + 6 * 3600).items() if verdict != "hold"], [])

with case("three mailings that nobody understands why they fail end single addresses, and not hundreds at once"):
    puzzled, week = Story(), 7 * DAY
    ordinary(puzzled, 90)
    for mailing in range(4):
        begin = OUTAGE + mailing * week
        single = [("single@example.net", SMALL, "550 5.0.0 Error 17", begin - 2 * DAY)]
        puzzled.read(single, begin - 2 * DAY + QUARTER)
        puzzled.read([(r, (GMAIL, YAHOO, SMALL)[n % 3], "550 5.0.0 Error 17", begin + n) for n, r in enumerate(MISTAKEN)], begin + QUARTER)
    said = puzzled.verdicts(MISTAKEN + ["single@example.net"], begin + QUARTER)
    equal(said.pop("single@example.net"), "suppress")
    equal(set(said.values()), {"hold"})
    contains(puzzled.retour.run("contact", "confirm", "--list").out, "provider not-understood: 500 refusals on " + stamp(begin)[:10])
    equal(set(puzzled.verdicts(MISTAKEN, begin + 3 * DAY).values()), {"send"})
    result = puzzled.retour.run("contact", "confirm", "--provider", "not-understood", "--from", stamp(OUTAGE)[:10], "--to", stamp(begin)[:10],
                                "--reason", "the list was bought")
    equal(result.code, 0, result)
    equal(set(puzzled.verdicts(MISTAKEN, begin + 3 * DAY).values()), {"suppress"})

with case("who is not looked at is suppressed when the time is over"):
    equal(set(without.verdicts(VALID[:10], OUTAGE + 6 * DAY).values()), {"suppress"})
    held, later = Story(), OUTAGE + 6 * DAY
    held.read([(r, GMAIL, "550 5.1.1 User unknown", OUTAGE + n) for n, r in enumerate(DEAD)], OUTAGE + QUARTER)
    equal(set(held.verdicts(DEAD, OUTAGE + QUARTER).values()), {"hold"})
    equal(set(held.verdicts(DEAD, later).values()), {"suppress"})
finish()
