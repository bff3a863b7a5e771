#!/usr/bin/python3
"""`advice`: what a log says about each provider becomes connections and mails an hour; rates of the same log stand in the report."""
import datetime
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.harness import *

NOW = "2026-11-20T12:00:00Z"
RELAYS = {"gmail.com": "gmail-smtp-in.l.google.com", "web.de": "mx-ha02.web.de", "orange.fr": "smtp-in.orange.fr", "example.com": "mx.example.com"}
SAID = {
    "sent": "dsn=2.0.0, status=sent (250 2.0.0 Ok)",
    "throttled": "dsn=4.7.0, status=deferred (host mx[192.0.2.1] said: 421 4.7.0 try again later (in reply to MAIL FROM command))",
    "bounced": "dsn=5.1.1, status=bounced (host mx[192.0.2.1] said: 550 5.1.1 no such user (in reply to RCPT TO command))",
}


def lines(domain, what, count, hour=10):
    return "".join("2026-11-20T%02d:%02d:00Z mta1 postfix/smtp[1]: %08X: to=<anna@%s>, relay=%s[192.0.2.1]:25, %s\n"
                   % (hour, number % 60, number + 1, domain, RELAYS[domain], SAID[what]) for number in range(count))


def advice(retour):
    result = retour.run("advice", "--json")
    equal((result.code, result.err), (0, ""), result)
    return {line["provider"]: line for line in result.lines()}


retour = Retour(now=NOW)
equal(retour.run("import", "-", input=b"Subject: x\n\nx\n").code, 0)

with case("nothing known: said, and no lines"):
    result = retour.run("advice", "--json")
    equal((result.code, result.out), (0, ""), result)
    contains(result.err, "too little is known")

log = os.path.join(retour.dir, "mail.log")
with open(log, "w") as f:
    f.write(lines("gmail.com", "sent", 400) + lines("gmail.com", "sent", 200, 11))
    f.write(lines("web.de", "sent", 60) + lines("web.de", "throttled", 40))
    f.write(lines("orange.fr", "sent", 88) + lines("orange.fr", "throttled", 12))
    f.write(lines("example.com", "sent", 5) + lines("example.com", "bounced", 1))
equal(retour.run("volume", "log", log).code, 0)

with case("each provider by its own answers and its profile's limit"):
    told = advice(retour)
    equal(sorted(told), ["gmail", "orange", "united-internet"])
    equal([told[name]["action"] for name in sorted(told)], ["grow", "slow", "crawl"])
    equal([told[name]["connections"] for name in sorted(told)], [20, 1, 1])
    equal([told[name]["mails_per_hour"] for name in sorted(told)], [500, 44, 15])
    equal((told["gmail"]["attempts"], told["gmail"]["throttled"], told["gmail"]["freeze"], told["gmail"]["ladder"]), (600, 0, False, "large"))
    contains(told["united-internet"]["reason"], "40 of 100 attempts")

with case("as text, the busiest first, with what the words mean"):
    out = retour.run("advice").out
    contains(out, "gmail              grow")
    true(out.index("gmail ") < out.index("orange ") < out.index("crawl   defers"), out)

with case("a day later nothing of it counts, but the best hour"):
    retour.now = "2026-11-21T12:00:00Z"
    equal(retour.run("advice", "--json").out, "")
    retour.now = NOW

BLOCK = """From: MAILER-DAEMON@mta1.example.org
To: news@example.org
Subject: Undelivered Mail Returned to Sender
Date: Fri, 20 Nov 2026 10:00:00 +0000
Message-ID: <%d@mta1.example.org>
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mta1.example.org

Final-Recipient: rfc822; r%d@gmail.com
Action: failed
Status: 5.7.1
Remote-MTA: dns; gmail-smtp-in.l.google.com
Diagnostic-Code: smtp; 550-5.7.1 Our system has detected that this message is likely unsolicited mail

--b
Content-Type: text/rfc822-headers

From: news@example.org
Message-ID: <%d@example.org>

--b--
"""
with case("blocks freeze the provider"):
    box = os.path.join(retour.dir, "mails")
    os.mkdir(box)
    for number in range(40):
        with open(os.path.join(box, "%d.eml" % number), "w") as f:
            f.write(BLOCK % (number, number, number))
    equal(retour.run("import", "--arrived", "now", box).code, 0)
    told = advice(retour)
    equal((told["gmail"]["action"], told["gmail"]["freeze"], told["gmail"]["connections"], told["gmail"]["mails_per_hour"]), ("freeze", True, 0, 0))
    contains(told["gmail"]["reason"], "40 blocks in 24 hours, of 600 mails")
    contains(told["gmail"]["thaw"], "fewer than 30")
    contains(retour.run("advice").out, "thaws when fewer than 30")
    equal(told["orange"]["thaw"], None)

with case("what an operator resolved is no reason to wait"):
    equal(retour.run("contact", "resolve", "--provider", "gmail", "--category", "spam-content", "--reason", "mended").code, 0)
    told = advice(retour)
    equal((told["gmail"]["action"], told["gmail"]["freeze"]), ("grow", False))

with case("the report of the month has rates from the same log"):
    retour.now = (datetime.datetime.fromisoformat(retour.now.replace("Z", "+00:00")) + datetime.timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    text = retour.run("report", "--month", "2026-11").out  # of a month that is not over up to the day before
    contains(text, "The month is not over")
    passed = int(retour.now[8:10]) - 1
    contains(text, "754 mails were sent on 1 of %d days: 5.31 %% of them bounced" % passed)  # 400 + 200 + 60 + 88 + 6 of them; 40 blocks
    xml = retour.run("report", "--month", "2026-11", "--format", "xml").out
    contains(xml, '<rate of="bounces">6.67</rate>')  # 40 of 600 at gmail

with case("an argument: 2"):
    equal(retour.run("advice", "gmail").code, 2)

finish()
