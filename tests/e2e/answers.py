#!/usr/bin/python3
"""What receivers said, in the month's report: of each provider the most frequent answers with code, count, days, cause and what they call for; of
what fewer than k recipients had, nothing in any format, and after the month not in the store either."""
import html
import os
import re
import sys
import xml.etree.ElementTree

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.contacts import Bounces
from lib.harness import *

REPORT = "{urn:retour:report:1}"
AUTH = ("5.7.26", "550-5.7.26 This mail has been blocked because the sender is unauthenticated.\n 550-5.7.26 Gmail requires all senders to authenticate with either SPF or DKIM.\n"
                  " 550 5.7.26 For instructions, go to https://support.example.com/%d x%dsi123.45 - gsmtp")
GONE = ("5.1.1", "550-5.1.1 The email account that you tried to reach does not exist. Please try %d\n 550 5.1.1 double-checking the recipient's email address %d")
FULL = ("5.2.2", "552 5.2.2 Mailbox %d of %s is full")
FEW = ("5.2.2", "552 5.2.2 Peculiar quota of this server exceeded by %d")
GMAIL, AOL = "gmail-smtp-in.l.google.com", "mx-aol.mail.gm0.yahoodns.net"


def bounce(answer, recipient, day, host, n):
    status, text = answer
    return recipient, (status, text % tuple((n, "user")[kind == "s"] for kind in re.findall(r"%(.)", text))), day, host


def mails():
    """40 of authentication from the 12th to the 18th, 5 days of 8; 30 without an account on all days; 12 full mailboxes; 9 who had what nobody else had, one of them often."""
    for n in range(60):
        yield bounce(AUTH, "a%d@gmail.com" % n, 12 + n % 5, GMAIL, n)
    for n in range(30):
        yield bounce(GONE, "b%d@gmail.com" % n, 1 + n % 28, GMAIL, n)
    for n in range(12):
        yield bounce(FULL, "c%d@gmail.com" % n, 20, GMAIL, n)
    for n in range(9):
        yield bounce(FEW, "d%d@gmail.com" % n, 21, GMAIL, n)
    for n in range(20):
        yield bounce(FEW, "d1@gmail.com", 1 + n, GMAIL, n)
    for n in range(25):
        yield bounce(GONE, "e%d@aol.com" % n, 10, AOL, n)


def report(retour, form, *options):
    result = retour.run("report", "--month", "2026-11", "--format", form, *options)
    equal(result.code, 0, result)
    return result.out


def answers(retour):
    root = xml.etree.ElementTree.fromstring(report(retour, "xml").encode())
    return {provider.get("name"): provider for provider in root.iterfind(REPORT + "answers/" + REPORT + "provider")}


retour = Retour(now="2026-11-30T06:00:00Z")
bounces = Bounces(retour)
bounces.take(*mails())
equal(retour.run("purge").code, 0)
retour.now = "2026-12-01T06:00:00Z"
equal(retour.run("purge").code, 0)

with case("of each provider the answers of k recipients or more, by their number, with code, days, cause and what to do"):
    said = answers(retour)
    found = [(each.get("code"), int(each.find(REPORT + "count").text), each.get("id"), each.get("first"), each.get("last")) for each in said["gmail"].findall(REPORT + "answer")]
    equal(found, [("550 5.7.26", 60, "auth-failure", "2026-11-12", "2026-11-16"), ("550 5.1.1", 30, "user-unknown", None, None), ("552 5.2.2", 12, "mailbox-full", "2026-11-20", "2026-11-20")])
    texts = [each.find(REPORT + "text").text for each in said["gmail"].findall(REPORT + "answer")]
    equal(texts[0][:72], "This mail has been blocked because the sender is unauthenticated. Gmail ")
    contains(said["gmail"].find(REPORT + "answer/" + REPORT + "action").text, "SPF record")
    equal(said["gmail"].find(REPORT + "count").text, "29")
    equal([each.get("days") for each in said["gmail"].findall(REPORT + "answer")], ["12 November to 16 November", None, "20 November"])
    equal([(int(each.find(REPORT + "count").text), each.get("first")) for each in next(said[name] for name in said if name != "gmail").findall(REPORT + "answer")], [(25, "2026-11-10")])

with case("text and page say the same, and that a bounce tells nothing of inbox or spam folder"):
    text, page = report(retour, "text"), html.unescape(re.sub(r"<[^>]*>", "", report(retour, "html")))
    flat = " ".join(text.split())
    contains(flat, "60 550 5.7.26 This mail has been blocked because the sender is unauthenticated.")
    contains(flat, "SPF, DKIM or DMARC failed, 12 November to 16 November.")
    contains(" ".join(page.split()), "550 5.7.26 This mail has been blocked because the sender is unauthenticated.")
    for form in flat, " ".join(page.split()):
        contains(form, "no bounce can tell")
    retour.config["report"]["language"] = "de"
    contains(report(retour, "text"), "Was Empfänger sagten")
    del retour.config["report"]["language"]

with case("what fewer than k recipients had stands nowhere, however often, and goes with its month"):
    for form in "xml", "text", "html":
        true("eculiar" not in report(retour, form), form)
    equal(retour.sql("SELECT count(*) FROM wording WHERE text LIKE '%eculiar%'"), [(0,)])
    equal(retour.sql("SELECT count(*) FROM wording_few"), [(0,)])

with case("the same when the events' words are gone, and the audit finds all as it was promised"):
    before = report(retour, "xml")
    for day in range(2, 32):
        retour.now = "2026-12-%02dT06:00:00Z" % day
        equal(retour.run("purge").code, 0)
    equal(retour.sql("SELECT count(*) FROM event WHERE diagnostic IS NOT NULL"), [(0,)])
    strip = lambda text: re.sub(r"(?s)<contacts.*?</contacts>|<cohorts.*?</cohorts>|<investigations.*?</investigations>|<retention.*?</retention>", "", text)
    equal(strip(report(retour, "xml")), strip(before))
    result = retour.run("audit", "--format", "xml")
    equal(result.code, 0, result)

with case("without the receivers' words there are their codes"):
    quiet = Retour(now="2026-11-30T06:00:00Z")
    quiet.config["privacy"] = {"diagnostics": "none"}
    Bounces(quiet).take(*mails())
    quiet.now = "2026-12-01T06:00:00Z"
    equal(quiet.run("purge").code, 0)
    equal({each.find(REPORT + "text").text for each in answers(quiet)["gmail"].findall(REPORT + "answer")}, {"(no words)"})
    equal(quiet.sql("SELECT DISTINCT text FROM wording"), [("",)])
    equal(quiet.sql("SELECT count(*) > 0, count(diagnostic) FROM event"), [(1, 0)])
finish()
