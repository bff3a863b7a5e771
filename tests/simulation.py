#!/usr/bin/python3
"""A sender, its recipients and their receivers, day by day in simulated time: what `retour` is for, with the truth known.

    world = World(recipients=2000, providers=12, days=120, seed=1); world.run(retour, dovecot); world.faults -> list of broken promises

Every morning the bounces of the day before are read from a real Dovecot (`retour run`); then the sender asks `retour check` about all its recipients and
writes to those who are not held or suppressed. Receivers answer as the truth says: most take the mail; some addresses are dead from a day on; some
mailboxes are full for a while or for ever; some servers are away for days, and the bounce comes late, when our own queue has given up; some greylist,
so that only a delay is reported; some providers block us for some days. Deterministic: the same arguments give the same mail.

Run as a program: tests/simulation.py [--recipients N] [--providers N] [--days N] [--seed N]
"""
import argparse
import bisect
import calendar
import collections
import json
import os
import random
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib.harness import BINARY, Dovecot, Retour  # noqa: E402

BOUNCES = "bounces@example.org"
DAY = 86400
START = calendar.timegm((2026, 3, 1, 0, 0, 0))
READ, MAILING = 7 * 3600, 8 * 3600          # of the day
QUEUE_LIFE = 2                              # days until our own mail server gives up
HOSTS = ("gmail-smtp-in.l.google.com", "mta5.am0.yahoodns.net", "mx00.emig.gmx.net", "mx01.t-online.de", "smtp-in.orange.fr", "mxs.mail.ru",
         "mx3.qq.com", "mfsmax.docomo.ne.jp", "mx01.mail.icloud.com", "mx.yandex.ru")
NAMES = ("gmail", "yahoo", "united-internet", "t-online", "orange", "mail-ru", "qq", "docomo", "icloud", "yandex")  # of their profiles; all others are "other"

Answer = collections.namedtuple("Answer", "action status text klass category late")
ANSWERS = {
    "dead": Answer("failed", "5.1.1", "550 5.1.1 User unknown", "hard", "user-unknown", 0),
    "full": Answer("failed", "5.2.2", "552 5.2.2 Mailbox full", "soft", "mailbox-full", 0),
    "away": Answer("failed", "4.4.7", "delivery time expired", "soft", "expired", QUEUE_LIFE),
    "shaky": Answer("failed", "4.3.0", "451 4.3.0 Temporary server error", "soft", "system-error", 0),
    "grey": Answer("delayed", "4.7.1", "451 4.7.1 Greylisted, please try again later", None, None, 0),
    "blocking": Answer("failed", "5.7.1", "554 5.7.1 Service unavailable; Client host [192.0.2.25] blocked using zen.spamhaus.org", "block", "reputation", 0),
}

BOUNCE = """\
Return-Path: <>
Received: from mail.example.org (mail.example.org [192.0.2.25]) by mx.example.org; %(date)s
From: MAILER-DAEMON@mail.example.org
To: bounces@example.org
Subject: %(subject)s
Date: %(date)s
Message-ID: <bounce.%(serial)d@mail.example.org>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=b"

--=b
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mail.example.org. A message that you sent could not be delivered.

--=b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.org

Final-Recipient: rfc822; %(recipient)s
Action: %(action)s
Status: %(status)s
Remote-MTA: dns; %(host)s
Diagnostic-Code: smtp; %(text)s

--=b
Content-Type: text/rfc822-headers

From: news@example.org
To: %(recipient)s
Subject: News
Message-ID: <%(serial)d@example.org>
X-Campaign-ID: news-%(campaign)s

--=b--
"""


class Recipient:
    """address, provider; spells: [(first day, day after the last or None, name in ANSWERS)], the truth about the mailbox."""

    def __init__(self, address, provider):
        self.address, self.provider, self.spells = address, provider, []
        self.sent, self.hard_read = [], None

    def state(self, day):
        for first, end, name in self.spells:
            if first <= day and (end is None or day < end):
                return name
        return None


class Provider:
    def __init__(self, number):
        self.domain = "p%02d.test" % number
        self.host = HOSTS[number] if number < len(HOSTS) else "mx.p%02d.test" % number
        self.name = NAMES[number] if number < len(NAMES) else "other"
        self.blocks = []  # (first day, day after the last)

    def blocking(self, day):
        return any(first <= day < end for first, end in self.blocks)


class World:
    def __init__(self, recipients=2000, providers=12, days=120, seed=1):
        self.rng, self.days = random.Random(seed), days
        self.providers = [Provider(n) for n in range(providers)]
        weights = [1 / (n + 1) for n in range(providers)]
        self.recipients = [Recipient("r%06d@%s" % (n, p.domain), p)
                           for n, p in enumerate(self.rng.choices(self.providers, weights, k=recipients))]
        self.by_address = {r.address: r for r in self.recipients}
        self.fates()
        self.serial, self.faults = 0, []
        self.bounces = collections.Counter()      # (month, provider's domain, class, category)
        self.sent = collections.Counter()         # (day, provider's domain)
        self.blocked = collections.defaultdict(set)  # (provider's name, category): the days of its blocks
        self.waiting = []                         # (arrival, message), by arrival

    def fates(self):
        rng, days = self.rng, self.days
        for r in self.recipients:
            dice, first = rng.random(), rng.randrange(1, days)
            if dice < 0.03:
                r.spells.append((rng.choice((0, first)), None, "dead"))
            elif dice < 0.04:
                r.spells.append((first, first + rng.randint(1, 20), "full"))
            elif dice < 0.045:
                r.spells.append((first, None, "full"))
            elif dice < 0.055:
                r.spells.append((first, first + rng.randint(1, 6), "away"))
            elif dice < 0.07:
                r.spells.append((first, first + rng.randint(1, 4), "shaky"))
            elif dice < 0.09:
                r.spells += [(day, day + 1, "grey") for day in range(first, days, rng.randint(5, 20))]
        # a block of a few days at every fourth provider, once
        for p in self.providers[1::4]:
            first = rng.randrange(days // 6, days // 2)
            p.blocks.append((first, first + rng.randint(3, 6)))

    # --- the receivers ---------------------------------------------------------------------------------------------

    def answer(self, r, day):
        state = r.state(day)
        if r.provider.blocking(day):
            return ANSWERS["blocking"]
        if state == "away" and r.state(day + QUEUE_LIFE) != "away":
            return None  # back before the queue has given up
        return ANSWERS[state] if state else None

    def bounce(self, r, day, answer):
        self.serial += 1
        at = START + day * DAY + MAILING + self.rng.randrange(60, 7200) + answer.late * DAY
        date = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(at))
        text = BOUNCE % {"date": date, "serial": self.serial, "recipient": r.address, "action": answer.action, "status": answer.status, "text": answer.text,
                         "host": r.provider.host, "campaign": time.strftime("%Y%m%d", time.gmtime(START + day * DAY)),
                         "subject": "Delayed Mail (still being retried)" if answer.action == "delayed" else "Undelivered Mail Returned to Sender"}
        bisect.insort(self.waiting, (at, self.serial, text.replace("\n", "\r\n").encode(), r, answer))

    # --- a day -----------------------------------------------------------------------------------------------------

    def deliver(self, dovecot, until):
        """Everything that arrives before UNTIL is in the mailbox; what will be read is the truth from now on."""
        count = bisect.bisect_left(self.waiting, (until,))
        due, self.waiting = self.waiting[:count], self.waiting[count:]
        dovecot.deliver(BOUNCES, [(data, at) for at, _serial, data, _r, _answer in due])
        for at, _serial, _data, r, answer in due:
            if answer.klass:
                self.bounces[time.strftime("%Y-%m", time.gmtime(at)), r.provider.domain, answer.klass, answer.category] += 1
            if answer.klass == "block":
                self.blocked[r.provider.name, answer.category].add(time.strftime("%Y-%m-%d", time.gmtime(at)))
            if answer.klass == "hard" and r.hard_read is None:
                r.hard_read = until
        return count

    def mailing(self, retour, day):
        asked = retour.run("check", "--json", input="".join(r.address + "\n" for r in self.recipients))
        verdicts = {line["address"]: line for line in asked.lines()}
        if asked.code or len(verdicts) != len(self.recipients):
            self.faults.append("day %d: check answered %d of %d: %r" % (day, len(verdicts), len(self.recipients), asked))
        for r in self.recipients:
            verdict = verdicts.get(r.address, {}).get("verdict")
            if verdict != "send":
                continue
            r.sent.append(day)
            self.sent[day, r.provider.domain] += 1
            answer = self.answer(r, day)
            if answer:
                self.bounce(r, day, answer)
        self.say_how_many(retour, day)
        return verdicts

    def say_how_many(self, retour, day):
        sent = collections.Counter()
        for p in self.providers:
            sent[p.name] += self.sent[day, p.domain]
        date = time.strftime("%Y-%m-%d", time.gmtime(START + day * DAY))
        result = retour.run("volume", "import", "-", input="".join("%s,news-%s,%s,%d\n" % (date, date.replace("-", ""), name, n) for name, n in sent.items() if n))
        if result.code:
            self.faults.append("day %d: volume import: %r" % (day, result))

    def run(self, retour, dovecot, each_day=None):
        """The whole time; EACH_DAY(day, verdicts) is called after each mailing. The verdicts of the last day."""
        verdicts = {}
        for day in range(self.days):
            morning = START + day * DAY + READ
            count = self.deliver(dovecot, morning)
            retour.now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(morning))
            result = retour.run("run")
            if result.code or dovecot.count(BOUNCES):
                self.faults.append("day %d: run with %d messages: %r" % (day, count, result))
            retour.now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(START + day * DAY + MAILING))
            verdicts = self.mailing(retour, day)
            if each_day:
                each_day(day, verdicts)
        return verdicts

    # --- the figures -----------------------------------------------------------------------------------------------

    def truth(self, month):
        """{provider's name or None for all: {"sent": n, class: n}} of a month YYYY-MM: mails by the day they were sent, bounces by the day they arrived."""
        figures = collections.defaultdict(collections.Counter)
        names = {p.domain: p.name for p in self.providers}
        for (day, domain), count in self.sent.items():
            if time.strftime("%Y-%m", time.gmtime(START + day * DAY)) == month:
                for name in (None, names[domain]):
                    figures[name]["sent"] += count
        for (when, domain, klass, _category), count in self.bounces.items():
            if when == month:
                for name in (None, names[domain]):
                    figures[name][klass] += count
        return figures

    # --- the promises ----------------------------------------------------------------------------------------------

    def written_to_the_dead(self):
        """Sent to after the first hard bounce was read."""
        return [r.address for r in self.recipients if r.hard_read is not None and
                any(START + day * DAY + MAILING > r.hard_read for day in r.sent)]

    def lost_for_ever(self, verdicts, patience):
        """Well for PATIENCE days or longer, and yet not written to in these days."""
        last = self.days - 1
        return [(r.address, r.spells, verdicts[r.address]) for r in self.recipients
                if all(not r.state(day) and not r.provider.blocking(day) for day in range(last - patience, self.days))
                and not any(day >= last - patience for day in r.sent)]

    def wrongly_stopped(self, verdicts):
        """Never anything but well or greylisted, at a provider that never blocked, and yet not written to every day."""
        return [(r.address, r.spells, verdicts[r.address]) for r in self.recipients
                if all(name == "grey" for _first, _end, name in r.spells) and not r.provider.blocks and len(r.sent) != self.days]


def arena():
    """A Dovecot and a configured retour."""
    dovecot, retour = Dovecot(), Retour()
    retour.config["mailbox bounces"] = dovecot.mailbox(password_file=retour.secret())
    return dovecot, retour


def main():
    options = argparse.ArgumentParser(description="Simulates a sender.")
    for name, default in (("recipients", 2000), ("providers", 12), ("days", 120), ("seed", 1)):
        options.add_argument("--" + name, type=int, default=default)
    options = options.parse_args()
    begin = time.monotonic()
    world = World(**vars(options))
    dovecot, retour = arena()
    verdicts = world.run(retour, dovecot)
    print("%s: %d mails sent, %d bounces, %.1f s" % (os.path.basename(BINARY), sum(world.sent.values()), world.serial, time.monotonic() - begin))
    for name, found in (("faults", world.faults), ("written to the dead", world.written_to_the_dead()),
                        ("lost for ever", world.lost_for_ever(verdicts, 30)), ("wrongly stopped", world.wrongly_stopped(verdicts))):
        print("%s: %d" % (name, len(found)), *found[:5], sep="\n    ")


if __name__ == "__main__":
    main()
