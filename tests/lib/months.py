"""Months of tallies written straight into a store that the program made: what a report is made of, without the mails. Always the same."""
import datetime
import random
import sqlite3

PROVIDERS = (("gmail", 240), ("microsoft", 210), ("gmx", 120), ("web.de", 95), ("t-online", 70), ("yahoo", 60), ("icloud", 40), ("ionos", 22),
             ("freenet", 18), ("orange", 12), ("proton", 9), ("other", 160))
CAMPAIGNS = (("newsletter", 400), ("order-mail", 120), ("webinar-invite", 80), ("survey", 50))
CAUSES = (("hard", "user-unknown", 300), ("hard", "domain-unknown", 40), ("hard", "mailbox-disabled", 35), ("soft", "mailbox-full", 110),
          ("soft", "greylisted", 25), ("soft", "rate-limited", 20), ("soft", "network-error", 25), ("soft", "expired", 20),
          ("block", "spam-content", 14), ("block", "policy", 10), ("block", "reputation", 8), ("", "undetermined", 12))
# what receivers say of these, as the store keeps it
SAID = {"user-unknown": ("550 5.1.1", "The email account that you tried to reach does not exist"), "domain-unknown": ("550 5.1.2", "Host or domain name not found"),
        "mailbox-disabled": ("550 5.2.1", "The email account that you tried to reach is disabled"), "mailbox-full": ("552 5.2.2", "<address>: mailbox is full"),
        "greylisted": ("451 4.7.1", "Greylisted, please try again in # seconds"), "rate-limited": ("421 4.7.0", "Too many messages from your IP <ip>, try again later"),
        "network-error": ("4.4.1", "connect to <host>: Connection timed out"), "expired": ("4.4.7", "delivery time expired"),
        "spam-content": ("554 5.7.1", "The message was rejected as spam"), "policy": ("550 5.7.1", "Message refused by local policy, see <url>"),
        "reputation": ("554 5.7.1", "Service unavailable; Client host [<ip>] blocked using <host>"),
        "auth-failure": ("550 5.7.26", "This mail has been blocked because the sender is unauthenticated. Gmail requires all senders to authenticate with either SPF or DKIM.")}


def days(month):
    """The days of "2026-10"."""
    day = datetime.date.fromisoformat(month + "-01")
    while day.isoformat()[:7] == month:
        yield day
        day += datetime.timedelta(1)


def months_before(month, count):
    """COUNT months, the last is MONTH."""
    year, number = map(int, month.split("-"))
    first = year * 12 + number - count
    return ["%04d-%02d" % divmod_month(index) for index in range(first, first + count)]


def divmod_month(index):
    return index // 12, index % 12 + 1


class Ledger:
    """Counts of a store's tables, gathered and written at once."""

    def __init__(self):
        self.tally, self.volume, self.typing, self.messages, self.summary = {}, {}, {}, {}, {}

    def add(self, table, key, count):
        if count > 0:
            table[key] = table.get(key, 0) + count

    def failures(self, day, klass, category, provider, campaign, count, origin="matched"):
        self.add(self.tally, (number(day), "failure", klass, category, origin, provider, campaign), count)

    def complaints(self, day, provider, campaign, count):
        self.add(self.tally, (number(day), "complaint", "complaint", "abuse", "matched", provider, campaign), count)

    def sent(self, day, provider, campaign, count):
        self.add(self.volume, (number(day), provider, campaign), count)

    def said(self):
        """What of it receivers said: rows of the table wording."""
        rows = {}
        for (day, kind, klass, category, origin, provider, _campaign), count in self.tally.items():
            if kind == "failure" and origin == "matched" and category in SAID:
                self.add(rows, (day, provider, klass, category, *SAID[category]), count)
        return rows

    def write(self, database):
        db = sqlite3.connect(database)
        with db:
            db.executemany("INSERT INTO wording VALUES (?,?,?,?,?,?,?)", [key + (count,) for key, count in self.said().items()])
            db.executemany("INSERT INTO tally VALUES (?,?,?,?,?,?,?,?)", [key + (count,) for key, count in self.tally.items()])
            db.executemany("INSERT INTO volume VALUES (?,'made',0,?,?,?,0,0,0,0)", [key + (count,) for key, count in self.volume.items()])
            db.executemany("INSERT INTO typing VALUES (?,?,?)", [key + (count,) for key, count in self.typing.items()])
            db.executemany("INSERT INTO message_count VALUES (?,?,?,?)", [key + (count,) for key, count in self.messages.items()])
            db.executemany("INSERT INTO summary VALUES (?,?,?,?,?,?,?,?,?,?,?)", [key + (count,) for key, count in self.summary.items()])
        db.close()


def number(day):
    return day.year * 10000 + day.month * 100 + day.day


def spread(pick, total, weights):
    """TOTAL in parts of about WEIGHTS."""
    whole = sum(weight for *_, weight in weights)
    return [(*name, max(0, round(total * weight / whole * pick.uniform(0.8, 1.2)))) for *name, weight in weights]


def ordinary(ledger, month, volume, rate=0.018, complaints=0.0004, seed=1):
    """A month of a sender with a clean list: mailings on weekdays, bounces and complaints at their usual rates."""
    pick = random.Random("%s %d" % (month, seed))
    for day in days(month):
        if day.weekday() > 4:
            continue
        for campaign, sent in spread(pick, volume / 22, CAMPAIGNS):
            for provider, part in spread(pick, sent, PROVIDERS):
                ledger.sent(day, provider, campaign, part)
                for klass, category, count in spread(pick, part * rate, CAUSES):
                    low = part * rate * dict((c, w) for _, c, w in CAUSES)[category] / sum(w for *_, w in CAUSES)
                    ledger.failures(day, klass, category, provider, campaign, count or (pick.random() < low))
                ledger.complaints(day, provider, campaign, int(part * complaints + pick.random()))
        ledger.failures(day, "block", "spam-content", "other", "", pick.randint(0, 6), "backscatter")
        ledger.failures(day, "hard", "user-unknown", "other", "", pick.randint(0, 3), "unverified")
        ledger.add(ledger.tally, (number(day), "autoreply", "", "", "unverified", "other", ""), pick.randint(5, 20))
        ledger.add(ledger.messages, (number(day), "bounces", "new"), int(volume / 22 * rate))
        ledger.add(ledger.messages, (number(day), "bounces", "unrecognised"), pick.randint(0, 3))


def incident(ledger, month, volume):
    """A provider refuses from the 12th on, after DMARC broke; a campaign to a bought list; a form that lets gamil.com through."""
    pick = random.Random(month)
    for day in days(month):
        if day.day >= 12 and day.weekday() < 5:
            ledger.failures(day, "block", "auth-failure", "gmail", "newsletter", int(volume / 22 * 0.04 * pick.uniform(0.9, 1.1)))
        if day.day in (6, 7, 8):
            for provider, part in spread(pick, volume * 0.02, PROVIDERS):
                ledger.sent(day, provider, "partner-offer", part)
                ledger.failures(day, "hard", "user-unknown", provider, "partner-offer", int(part * 0.16))
        if day.weekday() < 5:
            ledger.failures(day, "hard", "domain-unknown", "other", "newsletter", 18)
            ledger.typing[(number(day), "gmail.com")] = 14
            ledger.typing[(number(day), "hotmail.com")] = 3


def reported(ledger, month, volume):
    """What receivers report of the month: a source that loses its alignment for four days, one without SPF, strangers, TLS that fails on three days."""
    for day in days(month):
        at, broken = int(datetime.datetime(day.year, day.month, day.day, 12, tzinfo=datetime.timezone.utc).timestamp()), 12 <= day.day <= 15
        for receiver, part in (("google.com", 60), ("Yahoo (dmarc.yahoo.com)", 90)):
            aligned = not (broken and part == 60)
            ledger.add(ledger.summary, (at, "dmarc", 1, receiver, "example.com", "192.0.2.0/24", "none" if aligned else "reject", int(aligned), int(aligned), ""), volume // part)
        ledger.add(ledger.summary, (at, "dmarc", 1, "google.com", "news.example.com", "2001:db8:7::/48", "none", 1, 0, ""), volume // 100)
        ledger.add(ledger.summary, (at, "dmarc", 1, "google.com", "example.com", "203.0.113.0/24", "reject", 0, 0, ""), volume // 900)
        ledger.add(ledger.summary, (at, "tls", 1, "google.com", "example.com", "", "", 0, 0, "well"), volume // 70)
        ledger.add(ledger.summary, (at, "tls", 1, "google.com", "example.com", "", "", 0, 0, "certificate-expired"), volume // 3000 if 20 <= day.day <= 22 else 0)


def large(ledger, month, providers=60, campaigns=500, events=10000000):
    """A year's MONTHth part of a large sender: CAMPAIGNS a year, each for some days, EVENTS in all."""
    pick = random.Random(month)
    index = int(month[:4]) * 12 + int(month[5:])
    names = ["provider-%02d" % n for n in range(providers - len(PROVIDERS))] + [name for name, _ in PROVIDERS]
    each = events / 365 / providers / len(CAUSES) / 3
    for day in days(month):
        running = ["campaign-%03d" % ((index * campaigns // 12 + day.day + n * 14) % campaigns) for n in range(3)]
        for provider in names:
            for campaign in running:
                ledger.sent(day, provider, campaign, int(each * 600))
                for klass, category, _ in CAUSES:
                    ledger.failures(day, klass, category, provider, campaign, int(each * pick.uniform(0, 2) + pick.random()))
                ledger.complaints(day, provider, campaign, int(pick.uniform(0, 3)))


def long_names(ledger, month):
    """Names that hardly fit: providers and campaigns with and without blanks, figures of seven digits."""
    for day in days(month):
        for index in range(3):
            provider = "an-extraordinarily-long-provider-name-%d" % index
            for campaign in ("%d-spring-summer-collection-loyalty-programme-members-of-all-countries" % index, "W" * 52):
                ledger.sent(day, provider, campaign, 1234567)
                ledger.failures(day, "block", "auth-failure", provider, campaign, 31234)
                ledger.failures(day, "soft", "mailbox-full", provider, campaign, 21234)
