#!/usr/bin/python3
"""make quarter: a quarter of a sender of half a million mails, mail by mail: 40 providers, 200 small hosts, 12 campaigns; planted are an authentication break of five
hours, a bought list, a wave of full mailboxes, a throttling day, a greylisting receiver, a spike of complaints, a wave of forged bounces and two days on which nobody
read. What the reports' verdicts, measures and time lines, the alerts, the advice and the states say of it is held against what was planted: all of it, and nothing else."""
import calendar
import collections
import configparser
import os
import random
import sys
import time
import xml.etree.ElementTree as xml

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib.harness import *
from lib.program import ROOT

AT = "{urn:retour:report:1}"
FIRST, LAST = calendar.timegm((2026, 6, 1, 0, 0, 0)), calendar.timegm((2026, 10, 1, 0, 0, 0))  # June: what is usual
HOUR, DAY = 3600, 86400
MAIL = """\
Received: from mail.example.org by mx.example.org; %(when)s
From: MAILER-DAEMON@mail.example.org (Mail Delivery System)
To: bounces@example.org
Subject: Undelivered Mail Returned to Sender
Message-ID: <%(number)d.bounce@mail.example.org>
Date: %(when)s
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

%(recipient)s: host %(host)s said: %(answer)s

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.org

Final-Recipient: rfc822; %(recipient)s
Action: %(action)s
Status: %(status)s
Remote-MTA: dns; %(host)s
Diagnostic-Code: smtp; %(answer)s

--b
Content-Type: text/rfc822-headers

From: %(author)s
To: %(recipient)s
Message-ID: <%(number)d.mail@%(origin)s>
%(campaign)s
--b--
"""
COMPLAINT = """\
Received: from feedback.%(host)s by mx.example.org; %(when)s
From: feedback@%(host)s
To: fbl@example.org
Subject: complaint about message from 192.0.2.25
Message-ID: <%(number)d.arf@%(host)s>
Date: %(when)s
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: text/plain

This is an abuse report.

--b
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: Feedback/1
Version: 1
Original-Mail-From: <bounces@example.org>
Original-Rcpt-To: <%(recipient)s>

--b
Content-Type: message/rfc822

From: news@example.org
To: %(recipient)s
Message-ID: <%(number)d.mail@example.org>
%(campaign)s
the mail

--b--
"""
DEAD = "550 5.1.1 <%s>: Recipient address rejected: User unknown"
FULL = "552 5.2.2 Mailbox full"
LISTED = "554 5.7.1 Service unavailable; Client host [192.0.2.25] blocked using zen.spamhaus.org"
SPAM = "550 5.7.1 Message rejected as spam by content filtering"
BROKEN = "550 5.7.26 This mail has been blocked because the sender is unauthenticated."
THROTTLED = "421 4.7.0 [TSS04] Messages from 192.0.2.25 temporarily deferred due to unexpected volume or user complaints"
GREY = "450 4.7.1 Greylisted, please try again in 300 seconds"
USUAL = ((DEAD, 500), (FULL, 300), (LISTED, 60), (SPAM, 40))  # of 100,000 mails
COMPLAINTS = {"microsoft": 40, "yahoo": 50, "comcast": 40}  # of 100,000 there


def at(month, day, hour=0):
    return calendar.timegm((2026, month, day, hour, 0, 0))


def stamp(t):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t))


# --- planted ---------------------------------------------------------------------------------------------------------

BREAK = at(7, 14, 9), at(7, 14, 14)      # the authentication of campaign "digest" at gmail
FORGED = at(7, 25, 10)                   # 400 bounces of mail that is not ours
BOUGHT = at(8, 4)                        # campaign "partner-offer": 9 % of it dead
FULL_WAVE = at(8, 18), at(8, 21)         # at united-internet
UNREAD = at(8, 26, 6), at(8, 28, 7)
THROTTLING = at(9, 1)                    # at yahoo
SPIKE = at(9, 10)                        # complaints about campaign "sale"
GREYLISTING = "grey.test"                # some mails late, every day


# --- who is written to -----------------------------------------------------------------------------------------------

def providers():
    """{name: (domain, host)}: the 40 first profiles that say both."""
    parser = configparser.ConfigParser(interpolation=None, comment_prefixes=(";",), delimiters=("=",))
    parser.read(os.path.join(ROOT, "etc", "providers.ini"), encoding="utf-8")
    found = {}
    for name in parser.sections():
        first = [parser[name].get(key, "").strip('"').split(",")[0].strip() for key in ("domains", "hosts")]
        if all(first) and len(found) < 40:
            found[name] = (first[0], "mx" + first[1] if first[1].startswith(".") else "mx." + first[1])
    return found


PROVIDERS = providers()
WEIGHTS = {"gmail": 300, "microsoft": 170, "yahoo": 100, "united-internet": 120, "icloud": 60, "t-online": 50, "other": 80}
SMALL = ["small%03d.test" % n for n in range(199)] + [GREYLISTING]
for name in PROVIDERS:
    WEIGHTS.setdefault(name, 4)
WHOLE = sum(WEIGHTS.values())
# campaign: (how many mails, on which days)
CAMPAIGNS = {"digest": (2600, lambda d: True), "order": (400, lambda d: True), "weekly": (9000, lambda d: d.tm_wday == 1), "sale": (5000, lambda d: d.tm_wday == 3),
             "monthly": (4000, lambda d: d.tm_mday == 1), "welcome": (150, lambda d: True), "partner-offer": (6000, lambda d: (d.tm_mon, d.tm_mday) == (8, 4)),
             "webinar": (2500, lambda d: d.tm_wday == 0 and d.tm_mday < 8), "survey": (3000, lambda d: d.tm_mday == 15), "club": (2000, lambda d: d.tm_wday == 4),
             "product": (3500, lambda d: d.tm_mday == 20), "winback": (1500, lambda d: d.tm_mday == 10)}


class Sender:
    def __init__(self):
        self.dice, self.number, self.sent = random.Random(7), 0, collections.Counter()
        self.dead, self.living = set(), set()  # who is to be suppressed, and who is not, of those of whom something comes back
        self.retour = retour = Retour(now=stamp(FIRST - HOUR))
        retour.config["report"].update(timezone="UTC", organisation="Example Ltd")
        self.box = os.path.join(retour.dir, "mail")
        for folder in ("cur", "new", "tmp"):
            os.makedirs(os.path.join(self.box, folder))
        retour.config["mailbox bounces"] = {"protocol": "maildir", "path": self.box}
        self.alerts, self.frozen, self.coming = {}, set(), []
        equal(retour.run("run").code, 0)

    def throws(self, mails, share):
        mean = mails * share / 100000
        return max(0, int(self.dice.gauss(mean, mean ** 0.5) + 0.5)) if mean > 4 else sum(self.dice.random() < mean / 20 for _ in range(20))

    def recipient(self, provider):
        self.number += 1
        domain, host = PROVIDERS.get(provider, (None, None))
        if not domain:
            domain = self.dice.choice(SMALL)
            host = "mx." + domain
        return "person%06d@%s" % (self.number, domain), host

    def mail(self, when, provider, campaign, answer, action="failed", ours=True, host=None):
        recipient, own = self.recipient(provider)
        if host:
            recipient, own = "person%06d@%s" % (self.number, host), "mx." + host
        (self.dead if ours and answer == DEAD else self.living).add(recipient)
        text = answer % recipient if "%s" in answer else answer
        self.coming.append((when, MAIL % {
            "when": time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(when)), "number": self.number, "recipient": recipient, "host": own, "answer": text,
            "status": text.split()[1], "action": action, "origin": "example.org" if ours else "forger.test", "author": "news@example.org" if ours else "x@forger.test",
            "campaign": "X-Campaign-ID: %s\n" % campaign if ours else ""}))

    def complaint(self, when, provider, campaign):
        recipient, host = self.recipient(provider)
        self.dead.add(recipient)
        self.coming.append((when, COMPLAINT % {"when": time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(when)), "number": self.number, "recipient": recipient,
                                               "host": host, "campaign": "X-Campaign-ID: %s\n" % campaign}))

    def within(self, day, begin=9, end=18):
        return int(day + begin * HOUR + self.dice.random() * (end - begin) * HOUR)

    def send(self, day):
        """A day's mailings: how many go where, and what comes back of an ordinary day."""
        date, rows = time.gmtime(day), []
        for campaign, (mails, when) in CAMPAIGNS.items():
            if not when(date):
                continue
            for provider, weight in WEIGHTS.items():
                count = round(mails * weight / WHOLE)
                self.sent[campaign, provider, date.tm_mon] += count
                rows.append("%s,%s,%s,%d" % (stamp(day)[:10], campaign, provider, count))
                for answer, share in USUAL:
                    for _ in range(self.throws(count, share)):
                        self.mail(self.within(day), provider, campaign, answer)
                for _ in range(self.throws(count, COMPLAINTS.get(provider, 0))):
                    self.complaint(self.within(day, 10, 22), provider, campaign)
        path = os.path.join(self.retour.dir, "sent.csv")
        with open(path, "w", encoding="ascii") as f:
            f.write("day,campaign,provider,sent\n" + "\n".join(rows) + "\n")
        self.retour.now = stamp(day + 8 * HOUR)
        result = self.retour.run("volume", "import", path)
        equal(result.code, 0, result.err)

    def plant(self, day):
        for _ in range(3):
            self.mail(self.within(day), "other", "digest", GREY, "delayed", host=GREYLISTING)
        if day == BREAK[0] // DAY * DAY:
            for second in range(BREAK[0], BREAK[1], 60):
                self.mail(second, "gmail", "digest", BROKEN)
        if day == FORGED // DAY * DAY:
            for n in range(400):
                self.mail(FORGED + 10 * n, "gmail", "", DEAD, ours=False)
        if day == BOUGHT:
            for _ in range(540):
                self.mail(self.within(day), self.dice.choices(list(WEIGHTS), list(WEIGHTS.values()))[0], "partner-offer", DEAD)
        if FULL_WAVE[0] <= day < FULL_WAVE[1]:
            for _ in range(150):
                self.mail(self.within(day), "united-internet", "digest", FULL)
        if day == THROTTLING:
            for _ in range(400):
                self.mail(self.within(day, 10, 16), "yahoo", "weekly", THROTTLED, "delayed")
        if day == SPIKE:
            for _ in range(60):
                self.complaint(self.within(day, 10, 20), self.dice.choice(("microsoft", "yahoo")), "sale")

    def deliver(self, until):
        """What has arrived by then."""
        self.coming.sort()
        while self.coming and self.coming[0][0] <= until:
            when, text = self.coming.pop(0)
            self.number += 1
            with open(os.path.join(self.box, "new", "%d.%d.test" % (when, self.number)), "w", encoding="ascii", newline="\r\n") as f:
                f.write(text)

    def run(self, now):
        self.deliver(now)
        if UNREAD[0] < now < UNREAD[1]:
            return
        self.retour.now = stamp(now)
        result = self.retour.run("run")
        equal(result.code, 0, result.err)
        for alert in self.retour.run("alerts", "--json").lines():
            first = self.alerts.get(alert["number"], (stamp(now),))[0]
            self.alerts[alert["number"]] = (first, alert)
        for line in self.retour.run("advice", "--json").lines():
            if line["action"] == "freeze":
                self.frozen.add((stamp(now), line["provider"]))

    def live(self):
        for day in range(FIRST, LAST, DAY):
            self.send(day)
            self.plant(day)
            busy = any(day <= t < day + DAY for t in (*BREAK, FORGED, BOUGHT, *FULL_WAVE, THROTTLING, SPIKE))
            for hour in range(0, 24, 1 if busy else 6):
                self.run(day + hour * HOUR + 50 * 60)


def date(t):
    return stamp(t)[:10]


# What is to be said, and nothing else: alerts by the day on which they open; what began when, by month; the verdict; the first measure, and no urgent one besides.
ALERTS = {("bounce-surge", None, date(BREAK[0])), ("bounce-surge", "gmail", date(BREAK[0])), ("block-surge", "gmail", date(BREAK[0])), ("forged-surge", None, date(FORGED)),
          ("bounce-surge", None, date(BOUGHT)), ("unconfirmed-hard", "rule code.5.1.1", date(BOUGHT)), ("campaign-hard-rate", "partner-offer", date(BOUGHT)),
          ("hard-rate", None, date(BOUGHT)), ("soft-rate", None, date(FULL_WAVE[0] + DAY)), ("throttling", "yahoo", date(THROTTLING)), ("complaint-rate", None, date(SPIKE)),
          ("complaint-rate-high", None, date(SPIKE)), ("campaign-complaint-rate", "sale", date(SPIKE))}
LEADERS = {"block-surge": ("gmail", "auth-failure", "digest"), "hard-rate": (None, "user-unknown", "partner-offer"), "soft-rate": ("united-internet", "mailbox-full", "digest"),
           "complaint-rate-high": ("yahoo", "abuse", "sale")}
TIMELINE = {
    "2026-07": [(date(BREAK[0]), "mostly blocks, at Gmail"), (stamp(BREAK[0])[:16], "Mail was refused: Gmail; SPF, DKIM or DMARC failed; campaign digest"),
                (date(FORGED), "mail that was not ours")],
    "2026-08": [(date(BOUGHT), "mostly hard bounces"), (stamp(at(8, 4, 9))[:16], "More bounces than usual; No such user; campaign partner-offer"),
                (date(BOUGHT), "So many dead addresses"), (date(BOUGHT), "Too many dead addresses in one campaign: partner-offer"),
                (date(BOUGHT), "Too many dead addresses; No such user; campaign partner-offer"), (date(FULL_WAVE[0]), "mostly soft bounces, at GMX and WEB.DE"),
                (date(FULL_WAVE[0] + DAY), "Too many passing failures: GMX and WEB.DE; Mailbox full; campaign digest"),
                (date(FULL_WAVE[0] + 2 * DAY), "mostly soft bounces, at GMX and WEB.DE"), (date(UNREAD[0]), "Mailbox bounces was not read")],
    "2026-09": [(stamp(at(9, 1, 10))[:16], "Mail was taken more slowly: Yahoo"), (date(SPIKE), "So many complaints that receivers begin to block: Yahoo; Reported as spam; campaign sale"),
                (date(SPIKE), "Too many complaints about one campaign: sale")],
}
VERDICTS = {
    "2026-07": ["All targets were met", "most of the rise is blocks in campaign digest, above all at Gmail."],
    "2026-08": ["campaign partner-offer has ", "most of the rise is hard bounces in campaign partner-offer; soft bounces rose as well", "above all at GMX and WEB.DE."],
    "2026-09": ["what went to receivers that report complaints drew one", "most of the fall is hard bounces in campaign partner-offer."],
}
MEASURES = {"2026-07": ("authentication", "forged"), "2026-08": ("bad-list", None), "2026-09": ("complaints-rose", "delayed")}

begin = time.monotonic()
sender = Sender()
sender.live()
print("# %.0f s, %d mails sent July to September" % (time.monotonic() - begin, sum(count for key, count in sender.sent.items() if key[2] > 6)))
sender.retour.now = stamp(LAST + 6 * HOUR)
report = {month: xml.fromstring(sender.retour.run("report", "--month", month, "--format", "xml").out) for month in TIMELINE}

with case("alerts: what was planted, on its day, and nothing else"):
    equal({(alert["condition"], alert["subject"], first[:10]) for first, alert in sender.alerts.values()}, ALERTS)

with case("alerts name where it lies"):
    for _, alert in sender.alerts.values():
        if alert["condition"] in LEADERS:
            equal((alert["provider"], alert["category"], alert["campaign"]), LEADERS[alert["condition"]], alert)

with case("advice: who refuses is left alone while he does, and nobody else"):
    equal({provider for _, provider in sender.frozen}, {"gmail"})
    true(stamp(BREAK[0]) < min(sender.frozen)[0] < stamp(BREAK[1]) and max(sender.frozen)[0] < stamp(BREAK[1] + DAY), sender.frozen)

for month, wanted in TIMELINE.items():
    with case("%s in dates: what was planted, from when on, and nothing else" % month):
        found = [(node.get("from"), node.text) for node in report[month].iter(AT + "milestone")]
        equal(len(found), len(wanted), found)
        for (when, words), (wanted_when, wanted_words) in zip(found, wanted):
            true(when.startswith(wanted_when) and wanted_words in words, ((when, words), (wanted_when, wanted_words)))
    with case("%s: the verdict names it" % month):
        sentence = report[month].findtext(AT + "verdict/" + AT + "sentence")
        for words in VERDICTS[month]:
            contains(sentence, words)
    with case("%s: the first measure is about it" % month):
        measures = [(node.get("id"), node.get("urgency")) for node in report[month].iter(AT + "measure")]
        equal(measures[0], (MEASURES[month][0], "now"))
        true(MEASURES[month][1] in (None, *(name for name, _ in measures)), measures)

with case("states: who is dead or complained is suppressed, a forged notice suppresses nobody, and the greylisted are written to"):
    asked = sender.retour.run("check", "--bare", "--only", "suppress", input="".join(name + "\n" for name in sorted(sender.dead | sender.living)))
    answer = set(asked.out.split())
    equal((len(answer & sender.living), len(sender.dead - answer), len(sender.dead) > 4000), (0, 0, True))

finish()
