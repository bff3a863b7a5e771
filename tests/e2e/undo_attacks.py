#!/usr/bin/python3
"""`contact undo` with an enemy: by rule, provider, reporting MTA and time, done twice, beside erasure, retention, a new state key, mail that is read again. What
rested on the cause comes back; a complaint, an opt-out, an operator's act and any proof that is not of the cause stay what they are."""
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.contacts import BOUNCE, DEAD, FULL  # noqa: E402
from lib.harness import *  # noqa: E402,F403

GMAIL, GONE = "gmail-smtp-in.l.google.com", ("5.2.1", "550 5.2.1 The email account that you tried to reach is disabled")
REASON = ("--reason", "gmail was out of order")
CAUSE = ("--provider", "gmail", "--from", "2026-11-10", "--to", "2026-11-11") + REASON
COMPLAINT = """\
From: fbl@example.net
To: bounces@example.org
Subject: complaint
Date: %(date)s
Received: from mx.example.net by mail.example.org; %(date)s
Message-ID: <%(number)d.fbl@example.net>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b

A complaint.
--b
Content-Type: message/feedback-report

Feedback-Type: %(type)s
User-Agent: test/1
Version: 1
Original-Rcpt-To: <%(recipient)s>

--b
Content-Type: message/rfc822

From: news@example.org
To: %(recipient)s
Subject: hello
Message-ID: <%(number)d.2@example.org>

text
--b--
"""
NUMBER = [0]


def mail(who, what, day, host=GMAIL, mta="mail.example.org"):
    """A file's text: a failure with (status, text), or a complaint of a type."""
    NUMBER[0] += 1
    fields = {"date": "%s 2026 05:00:00 +0000" % (day if isinstance(day, str) else "%02d Nov" % day), "number": NUMBER[0], "recipient": who + "@example.net", "host": host}
    if isinstance(what, str):
        return COMPLAINT % dict(fields, type=what)
    return (BOUNCE % dict(fields, status=what[0], text=what[1])).replace("Reporting-MTA: dns; mail.example.org", "Reporting-MTA: dns; " + mta)


def read(retour, *mails, code=0):
    folder = retour.dir + "/mails"
    os.makedirs(folder, exist_ok=True)
    for old in os.listdir(folder):
        os.unlink(folder + "/" + old)
    for number, text in enumerate(mails):
        with open("%s/%d.eml" % (folder, number), "w", encoding="ascii") as f:
            f.write(text)
    equal(retour.run("import", folder).code, code)


def verdicts(retour, *people):
    lines = retour.run("check", "--json", input="".join(p + "@example.net\n" for p in people)).lines()
    return " ".join(line["verdict"] for line in lines)


def fresh(now="2026-11-20T06:00:00Z"):
    retour = Retour(now=now)
    retour.config["brake"] = {"minimum": "0"}
    return retour


def undo(retour, *arguments, code=0):
    result = retour.run("contact", "undo", *arguments)
    equal(result.code, code, result)
    return result


with case("what is asked wrongly changes nothing and is told: an option twice, days the wrong way round, ahead or none; hours are told to be days"):
    r = fresh()
    read(r, mail("anna", DEAD, 10), mail("ben", DEAD, 12))
    days = ("--from", "2026-11-10", "--to", "2026-11-11")
    for wrong in ((), days + REASON, ("--provider", "gmail", "--provider", "yahoo") + days + REASON, ("--provider", "") + days + REASON,
                  ("--provider", "gmail") + days + days + REASON, ("--provider", "gmail", "--from", "2026-11-12", "--to", "2026-11-10") + REASON,
                  ("--provider", "gmail", "--from", "2026-11-10", "--to", "2026-11-21") + REASON, ("--provider", "gmail", "--from", "2026-11-10") + REASON,
                  ("--provider", "gmail") + days, ("--provider", "gmail") + days + ("--reason", "anna@example.net was wrong")):
        undo(r, *wrong, code=2)
    equal(verdicts(r, "anna", "ben"), "suppress suppress")
    equal(r.sql("SELECT count(*) FROM ledger WHERE kind = 'contact-undo'")[0][0], 0)
    hours = undo(r, "--provider", "gmail", "--from", "2026-11-10T12:00:00Z", "--to", "2026-11-10T13:00:00Z", "--dry-run")
    contains(hours.err, "contacts know days: the whole of them count")
    equal(hours.out, "inactive to active: 1\n")

with case("one who was refused in two campaigns comes back when both are taken back, not before"):
    r = fresh()
    def campaign(text, name):
        return text.replace("X-Campaign-ID: nl10", "X-Campaign-ID: " + name)
    read(r, campaign(mail("anna", DEAD, 10), "spring"), campaign(mail("anna", DEAD, 12), "autumn"),
         *[campaign(mail("crowd%d" % n, DEAD, 9), ("spring", "autumn")[n % 2]) for n in range(24)])
    for name, verdict in (("spring", "suppress"), ("autumn", "send")):
        undo(r, "--campaign", name, "--from", "2026-11-09", "--to", "2026-11-12", *REASON)
        equal(verdicts(r, "anna"), verdict, name)

with case("of nine who were refused by the cause only those come back whom nothing else says anything of"):
    r = fresh()
    read(r, mail("anna", DEAD, 10), mail("ben", "abuse", 5), mail("ben", DEAD, 10), mail("carla", DEAD, 10), mail("carla", "opt-out", 12),
         mail("dora", DEAD, 10), mail("dora", DEAD, 14, "mx.example.net"), mail("emil", DEAD, 10), mail("emil", DEAD, 15),
         mail("fred", DEAD, 3), mail("fred", DEAD, 10), mail("gus", DEAD, 10), mail("gus", GONE, 11), mail("hal", DEAD, 10))
    equal(verdicts(r, "anna", "ben", "carla", "dora", "emil", "fred", "gus", "hal"), " ".join(["suppress"] * 8))
    dry = undo(r, "--dry-run", *CAUSE)
    done = undo(r, *CAUSE)
    equal(done.out, dry.out)
    equal(verdicts(r, "anna", "ben", "carla", "dora", "emil", "fred", "gus", "hal"), "send suppress suppress suppress suppress suppress send send")
    said = {line["address"]: line["reason"] for line in r.run("check", "--json", input="ben@example.net\ncarla@example.net\ndora@example.net\n").lines()}
    equal(said, {"ben@example.net": "abuse", "carla@example.net": "opt-out", "dora@example.net": "user-unknown"})
    equal(r.run("audit").code, 0)

with case("done twice it changes nobody, and the ledger has both"):
    again = undo(r, *CAUSE)
    true("to active" not in again.out, again.out)
    equal(verdicts(r, "anna", "ben", "dora", "gus"), "send suppress suppress send")
    equal(r.sql("SELECT count(*) FROM ledger WHERE kind = 'contact-undo'")[0][0], 2)

with case("what was taken back does not come again by the same mail, by another of those days, at the end of time, or by an operator's confirmation"):
    read(r, mail("anna", DEAD, 10), mail("gus", DEAD, 11))
    equal(verdicts(r, "anna", "gus"), "send send")
    equal(r.run("contact", "confirm", "--provider", "gmail", "--from", "2026-11-10", "--to", "2026-11-11", "--reason", "x").code, 1)
    equal(verdicts(r, "anna", "gus"), "send send")
    r.now = "2027-01-10T06:00:00Z"
    equal(r.run("run").code, 0)
    equal(verdicts(r, "anna", "ben", "gus"), "send suppress send")

with case("and what is new and of no such day is believed"):
    read(r, mail("anna", DEAD, "20 Dec"))
    equal(verdicts(r, "anna", "gus"), "suppress send")

with case("a complaint of those days stays, whatever host or campaign is named; the rule that misread it takes it back"):
    r = fresh()
    read(r, mail("anna", "abuse", 10), mail("ben", DEAD, 10))
    everything = ("--from", "2026-11-01", "--to", "2026-11-19") + REASON
    for cause in (("--reporting-mta", "mail.example.org"), ("--campaign", "nl10"), ("--provider", "other")):
        r.run("contact", "undo", *cause, *everything)
        equal(verdicts(r, "anna"), "suppress", cause)
    equal(verdicts(r, "ben"), "send")
    undo(r, "--rule", r.sql("SELECT rule FROM event WHERE kind = 'complaint' OR category = 'abuse'")[0][0], *everything)
    equal(verdicts(r, "anna"), "send")

with case("by reporting MTA: another's answer of the same day stays"):
    r = fresh()
    read(r, mail("anna", DEAD, 10, mta="one.example.org"), mail("ben", DEAD, 10, mta="two.example.org"))
    undo(r, "--reporting-mta", "ONE.example.org.", "--from", "2026-11-10", "--to", "2026-11-10", *REASON)
    equal(verdicts(r, "anna", "ben"), "send suppress")

with case("two proofs of one day are one: its first by category decides whether both go, as the manual says"):
    for first, second, left in ((GMAIL, "mx.example.net", "send"), ("mx.example.net", GMAIL, "suppress")):
        r = fresh()
        read(r, mail("anna", DEAD, 10, first), mail("anna", GONE, 10, second))
        undo(r, *CAUSE)
        equal(verdicts(r, "anna"), left, first)

with case("what a step of a ladder rested on goes, and the rest of the ladder stays"):
    r = fresh("2026-11-12T06:00:00Z")
    read(r, mail("anna", FULL, 8), mail("anna", DEAD, 10), mail("ben", FULL, 9, "mx.example.net"), mail("ben", FULL, 11))
    undo(r, *CAUSE)
    shown = r.run("contact", "show", input="anna@example.net\nben@example.net\n").out
    contains(shown, "soft(1) since 2026-11-08")
    contains(shown, "soft(1) since 2026-11-09")

with case("beside erasure: who was forgotten is not found, and what is read of him anew is of none of those days"):
    r = fresh()
    read(r, mail("anna", DEAD, 10), mail("ben", DEAD, 10))
    equal(r.run("forget", input="anna@example.net\n").code, 0)
    held = r.sql("SELECT count(*) FROM contact")[0][0]
    undo(r, *CAUSE)
    equal(r.sql("SELECT count(*) FROM contact")[0][0], held)
    equal(verdicts(r, "anna", "ben"), "send send")
    equal(r.run("audit").code, 0)

with case("beside retention: the events are long gone, what the contact remembers suffices; and the purge finds nothing overdue"):
    r = fresh()
    read(r, mail("anna", DEAD, 10), mail("ben", "abuse", 4), mail("ben", DEAD, 10))
    r.now = "2027-08-01T06:00:00Z"
    equal(r.run("purge").code, 0)
    equal(r.sql("SELECT count(*) FROM event")[0][0], 0)
    undo(r, *CAUSE)
    equal(verdicts(r, "anna", "ben"), "send suppress")
    equal(r.run("purge").code, 0)

with case("beside a new state key: contacts under the old one are found, too"):
    r = fresh()
    read(r, mail("anna", DEAD, 10), mail("ben", "abuse", 4), mail("ben", DEAD, 10))
    equal(r.run("key", "rotate").code, 0)
    undo(r, *CAUSE)
    equal(verdicts(r, "anna", "ben"), "send suppress")

with case("beside an operator: who was let through, or suppressed by a list, stays so"):
    r = fresh()
    read(r, mail("anna", DEAD, 10), mail("ben", DEAD, 10), mail("carla", DEAD, 10))
    equal(r.run("contact", "reactivate", "--reason", "called", input="anna@example.net\n").code, 0)
    equal(r.run("suppress", "add", "--reason", "asked by phone", input="ben@example.net\n").code, 0)
    undo(r, *CAUSE)
    equal(verdicts(r, "anna", "ben", "carla"), "send suppress send")

with case("decided again afterwards: nothing that was taken back returns"):
    r = fresh()
    read(r, mail("anna", DEAD, 10), mail("ben", DEAD, 14))
    undo(r, *CAUSE)
    equal(r.run("contact", "rejudge", "--reason", "looked again").code, 0)
    equal(verdicts(r, "anna", "ben"), "send suppress")

with case("beside an import: it waits for nobody, says so, and can be done when the import is"):
    def opened():
        importing = r.start("import", "-", stdin=subprocess.PIPE)
        importing.stdin.write((b"From MAILER-DAEMON Tue Nov 10 05:00:00 2026\n" + mail("carla", DEAD, 10).encode()) * 3)
        importing.stdin.flush()
        return importing

    importing, end = opened(), time.monotonic() + 60
    while r.run("contact", "undo", *CAUSE).code != 4:
        true(time.monotonic() < end, "an import that is open does not hold the store")
        if importing.poll() is not None:  # the undo was there before it
            importing = opened()
    for act in (("confirm",) + CAUSE, ("rejudge", "--reason", "a rule was mended"), ("undo", "--dry-run") + CAUSE):
        result = r.run("contact", *act)
        true(result.code == 4 and not result.out, "%s beside an import: %d, %s" % (act[0], result.code, result.out))
    importing.stdin.close()
    equal(importing.wait(60), 0)
    undo(r, *CAUSE)
    equal(verdicts(r, "anna", "ben", "carla"), "send suppress send")
finish()
