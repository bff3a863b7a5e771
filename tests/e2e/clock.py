#!/usr/bin/python3
"""A clock that no witness believes decides nothing: ten years ahead, 45 days ahead after the machine was off, back by a year, back by an hour, the first run ever,
a start in 1970, a step without a restart, mail of the future. Nothing is deleted, destroyed, moved or sent until it is set, or confirmed with a reason."""
import contextlib
import datetime
import os
import sqlite3
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.contacts import BOUNCE, DEAD, FULL
from lib.fakepop3 import FakePop3
from lib.harness import *

BEGIN = datetime.datetime(2026, 11, 2, 6, tzinfo=datetime.timezone.utc)
YEAR = 365 * 24 * 60
ANNA, BEN, CARLA, DORA = ("%s.clock@example.net" % name for name in ("anna", "ben", "carla", "dora"))


def at(minutes):
    return BEGIN + datetime.timedelta(minutes=minutes)


class House:
    """A store with a Maildir, run every ten minutes, mails told by a sendmail that keeps them."""

    def __init__(self, now=True):
        self.retour = Retour(now=BEGIN.strftime("%Y-%m-%dT%H:%M:%SZ") if now else None)
        self.box, self.sent = os.path.join(self.retour.dir, "box"), os.path.join(self.retour.dir, "sent")
        for name in ("new", "cur", "tmp"):
            os.makedirs(os.path.join(self.box, name))
        script = os.path.join(self.retour.dir, "sendmail")
        with open(script, "w") as f:
            f.write("#!/bin/sh\ncat >> %s\n" % self.sent)
        os.chmod(script, 0o755)
        self.retour.config["mailbox bounces"] = {"protocol": "maildir", "path": self.box}
        self.retour.config["report"].update({"from": "retour@example.org", "to": "boss@example.org", "sendmail": script})
        self.retour.config["alert"] = {"to": "postmaster@example.org"}
        self.number = 0

    def mail(self, recipient, answer, when, name=None):
        """Arrived WHEN, as the file's name says."""
        self.number += 1
        date = when.strftime("%d %b %Y %H:%M:%S +0000")
        with open(os.path.join(self.box, "new", name or "%d.%d.mx" % (when.timestamp(), self.number)), "w", encoding="ascii") as f:
            f.write(BOUNCE % {"date": date, "number": self.number, "recipient": recipient, "status": answer[0], "text": answer[1], "host": "mx.example.net"})

    def waits(self):
        return len(os.listdir(os.path.join(self.box, "new")))

    def run(self, minutes, *command, code=0):
        if self.retour.now:
            self.retour.now = at(minutes).strftime("%Y-%m-%dT%H:%M:%SZ")
        result = self.retour.run(*(command or ("run",)))
        equal(result.code, code, result)
        return result

    def mails(self):
        try:
            with open(self.sent, encoding="utf-8") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def held(self):
        """All that a purge, a key's end, a state's move or a report would change."""
        tables = [self.retour.sql("SELECT * FROM %s ORDER BY 1, 2" % table) for table in ("event", "contact", "seen", "tally")]
        keys = sorted(os.listdir(os.path.join(self.retour.data, "keys")))
        reports = os.path.join(self.retour.data, "reports")
        return tables, keys, sorted(os.listdir(reports)) if os.path.isdir(reports) else []

    def doubts(self):
        return [alert for alert in self.retour.run("alerts", "--json").lines() if alert["condition"] == "clock-doubt"]

    def verdict(self, address):
        return self.retour.run("check", "--json", input=address).lines()[0]["verdict"]


def settled():
    """The first bounces, six runs ten minutes apart, and October's report sent."""
    house = House()
    house.mail(ANNA, DEAD, at(-3 * 24 * 60))
    house.mail(BEN, FULL, at(-50))
    for minutes in range(0, 60, 10):
        house.run(minutes)
    equal(len(house.retour.sql("SELECT 1 FROM event")), 2)
    contains(house.mails(), "To: boss@example.org")
    return house


def nothing_is_decided(house, minutes, words, *command):
    """The run says why, with exit code 3, and changes nothing of what is held; its result."""
    before, mails = house.held(), house.mails()
    result = house.run(minutes, *command, code=3)
    contains(result.err, words)
    contains(result.err, "retour clock confirm --reason")
    equal(house.held(), before)
    true("To: boss@example.org" not in house.mails()[len(mails):], "a report was sent")
    equal(len(house.doubts()), 1)
    return result


with case("ten years ahead: nothing is deleted, no key is destroyed, no state moves, no report is sent; the alert is mailed once"):
    house = settled()
    nothing_is_decided(house, 10 * YEAR, "it says 2036-10-30T06:00:00Z, but the last run was at 2026-11-02T06:50:00Z, 3650 days ago")
    contains(house.mails(), "clock-doubt")
    told = len(house.mails())
    nothing_is_decided(house, 10 * YEAR + 10, "2036")
    equal(len(house.mails()), told, "told again")
    equal([key for key in house.held()[1] if key.startswith("event")], ["event-2026-10.key", "event-2026-11.key"])

with case("ten years ahead, by hand: purge does nothing, its rehearsal shows what it would have done, doctor and clock say why"):
    nothing_is_decided(house, 10 * YEAR, "3650 days ago", "purge")
    contains(house.run(10 * YEAR, "purge", "--dry-run").out, "would delete")
    contains(house.run(10 * YEAR, "clock", code=3).out, "no: it says 2036-10-30T06:00:00Z")
    contains(house.run(10 * YEAR, "doctor", code=1).out, "retour clock confirm --reason TEXT")

with case("mail is read meanwhile where its date is certain; what nobody can date stays in the mailbox, and is not lost"):
    house.mail(CARLA, DEAD, at(120))
    house.mail(DORA, DEAD, at(10 * YEAR))
    result = house.run(10 * YEAR + 20, code=3)
    contains(result.err, "1 messages stay there")
    equal((house.verdict(CARLA), house.verdict(DORA), house.waits()), ("suppress", "send", 1))
    equal(house.retour.sql("SELECT max(at) FROM event")[0][0] <= at(120).timestamp(), True)
    house.run(10 * YEAR + 30, "poll", code=3)
    equal(house.waits(), 1)

with case("set right, the next run goes on by itself, and the alert ends"):
    house.run(180)
    equal(house.doubts(), [])
    equal(house.waits(), 0)
    equal(house.verdict(DORA), "suppress")
    contains(house.mails(), "Cleared: The clock is not believed")

with case("45 days ahead after the machine was off: one confirmation with a reason, ledgered, and all goes on"):
    house = settled()
    nothing_is_decided(house, 45 * 24 * 60, "45 days ago; up to 40 would be usual here")
    equal(house.run(45 * 24 * 60, "clock", "confirm", code=2).out, "")
    equal(house.retour.run("clock", "confirm", "--reason", "by anna@example.net").code, 2)
    contains(house.run(45 * 24 * 60, "clock", "confirm", "--reason", "the machine was moved").err, "is confirmed")
    equal(house.retour.sql("SELECT detail FROM ledger WHERE kind = 'clock-confirmed'"),
          [('from=2026-11-02T06:50:00Z to=2026-12-17T06:00:00Z why=gap reason="the machine was moved"',)])
    house.run(45 * 24 * 60 + 10)
    equal(house.doubts(), [])
    equal(house.verdict(ANNA), "suppress")
    contains(house.run(45 * 24 * 60 + 11, "clock", "confirm", "--reason", "again").err, "nothing to confirm")
    equal(len(house.retour.sql("SELECT 1 FROM ledger WHERE kind = 'clock-confirmed'")), 1)

with case("off for half a year: the mail of that time waits, one confirmation, then it is read with its own dates and retention goes on"):
    house = settled()
    off = 183 * 24 * 60
    house.mail(CARLA, DEAD, at(off - 60))
    nothing_is_decided(house, off, "183 days ago")
    equal(house.waits(), 1)
    house.run(off, "clock", "confirm", "--reason", "it was in the cellar")
    house.run(off + 10)
    equal((house.waits(), house.verdict(CARLA), house.verdict(ANNA)), (0, "suppress", "suppress"))
    equal(house.retour.sql("SELECT at FROM event"), [(at(off - 60).timestamp(),)], "the two before are over, this one is not")

with case("back by a year: no date of then reaches the store, mail of the present is stored; a year that is right is confirmed"):
    house = settled()
    house.mail(CARLA, DEAD, at(70))
    result = house.run(-YEAR, code=3)
    contains(result.err, "2026-11-02T06:50:00Z, 365 days later")
    equal((house.waits(), house.verdict(CARLA)), (0, "suppress"))
    equal(len(house.retour.sql("SELECT 1 FROM event")), 3)
    equal([key for key in house.held()[1] if key.startswith("event")], ["event-2026-10.key", "event-2026-11.key"])
    equal(house.retour.sql("SELECT count(*) FROM ledger WHERE at < ?", at(-60).timestamp()), [(0,)])
    house.run(70)
    equal(house.doubts(), [])
    house.run(-YEAR, code=3)
    house.run(-YEAR, "clock", "confirm", "--reason", "it was ahead until now")
    house.run(-YEAR + 10)

with case("what is erased meanwhile is dated so that no backup brings it back"):
    house = settled()
    house.retour.now = at(-YEAR).strftime("%Y-%m-%dT%H:%M:%SZ")
    equal(house.retour.run("forget", input=ANNA).code, 0)
    true(house.retour.sql("SELECT at FROM ledger WHERE kind = 'forget'")[0][0] >= at(0).timestamp(), "dated a year ago")

with case("back by an hour, at the end of summer time or by the time service, is no doubt"):
    house = settled()
    house.run(-10)
    house.run(0)
    house.run(60)
    equal(house.doubts(), [])

with case("a monthly job, and one after a holiday of 39 days, are no doubt"):
    house = House()
    for month in range(5):
        house.run(month * 31 * 24 * 60)
    house.run((4 * 31 + 120) * 24 * 60)
    house = settled()
    house.run(39 * 24 * 60)

with case("the first run ever: a clock of 1970 makes no store; one of the present does, whatever the mail's age"):
    house = House()
    result = house.run(-(BEGIN.timestamp() - 300) / 60, code=3)
    contains(result.err, "it says 1970-01-01T00:05:00Z, when this program did not exist; no store is made before it is set")
    true(not os.path.exists(house.retour.database) and not os.path.exists(os.path.join(house.retour.data, "keys")), "something was made")
    house.mail(ANNA, DEAD, at(-60))
    house.run(0)
    equal(house.verdict(ANNA), "suppress")

with case("a start in 1970 before the time service: no run decides anything, it cannot be confirmed, and the next by the right time goes on"):
    house = settled()
    epoch = -(BEGIN.timestamp() - 300) / 60
    before = house.held()
    contains(house.run(epoch, code=3).err, "wait for the time service")
    contains(house.run(epoch, "clock", "confirm", "--reason", "it is 1970", code=3).err, "cannot be confirmed")
    equal(house.held(), before)
    house.run(60)
    equal(house.doubts(), [])

with case("a step of two days while the machine runs on is seen by the kernel's own count; so is that 60 days without a run are right"):
    house = House(now=False)
    house.run(0)
    boot, began = house.retour.sql("SELECT value FROM meta WHERE name = 'clock-boot'")[0][0].split()


    def remember(days_of_start, days_of_run):
        with contextlib.closing(sqlite3.connect(house.retour.database)) as connection, connection:
            connection.execute("UPDATE meta SET value = ? WHERE name = 'clock-boot'", ("%s %d" % (boot, int(began) + days_of_start * 86400),))
            connection.execute("UPDATE meta SET value = ? WHERE name = 'clock-runs'",
                               (" ".join(str(int(time.time()) + days_of_run * 86400 - gap) for gap in (1800, 1200, 600)),))

    remember(-2, -2)
    contains(house.run(0, code=3).err, "went forth by 2 days since the last run")
    remember(2, 0)
    contains(house.run(0, code=3).err, "went back by 2 days since the last run")
    remember(0, -60)
    house.run(0)

with case("a message that the mailbox has dated two days ahead: the clock is behind; confirmed, this mailbox may be ahead so far"):
    house = House(now=False)
    house.run(0)
    now = datetime.datetime.now(datetime.timezone.utc)
    house.mail(ANNA, DEAD, now + datetime.timedelta(days=2))
    contains(house.run(0, code=3).err, "a file or a message is of")
    contains(house.run(0, code=3).err, "a file or a message is of")
    equal(len(house.doubts()), 1)
    house.run(0, "clock", "confirm", "--reason", "the mail server is ahead")
    house.mail(BEN, DEAD, now + datetime.timedelta(days=2, hours=1))
    house.run(0)
    equal(house.verdict(BEN), "suppress")

with case("POP3 gives no dates: three messages whose topmost Received is of next week stop the first run after a start of the machine, and no other"):
    def received(number, days):
        when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
        return ("Received: from mx.example.net by mail.example.org; %s\r\n" % when.strftime("%d %b %Y %H:%M:%S +0000") + BOUNCE.replace("\n", "\r\n").replace("\r\r", "\r") % {
            "date": "02 Nov 2026 06:00:00 +0000", "number": number, "recipient": "pop%d.clock@example.net" % number, "status": DEAD[0], "text": DEAD[1], "host": "mx.example.net"}).encode()

    for start, mails, code in (("first", (8, 8), 0), ("first", (8, 8, 8), 3), ("first", (8, 8, 8, -1, -1, -1), 0), ("same", (8, 8, 8, 8), 0), ("other", (8, 8, 8, 8), 3)):
        house = House(now=False)
        del house.retour.config["mailbox bounces"]
        fake = FakePop3([received(n, days) for n, days in enumerate(mails)])
        house.retour.config["mailbox pop"] = fake.mailbox(house.retour.secret(), processed="delete")
        if start != "first":
            held, fake.mails = fake.mails, []
            house.run(0)
            fake.mails = held
        if start == "other":
            with contextlib.closing(sqlite3.connect(house.retour.database)) as connection, connection:
                connection.execute("UPDATE meta SET value = replace(value, substr(value, 1, 4), 'abcd') WHERE name = 'clock-boot'")
        result = house.run(0, code=code)
        equal(("a file or a message is of" in result.err, house.retour.sql("SELECT count(*) FROM event")), (code == 3, [(len(mails),)]), result)
        house.run(0)

with case("a configuration of next week says that the clock is behind"):
    house = House(now=False)
    house.run(0)
    real = house.retour.write_config

    def write_config():
        path = real()
        os.utime(path, (time.time() + 7 * 86400,) * 2)
        return path

    house.retour.write_config = write_config
    contains(house.run(0, code=3).err, "a file or a message is of")
    house.run(0, "clock", "confirm", "--reason", "it was copied from elsewhere")
    house.run(0)

finish()
