#!/usr/bin/python3
"""Mails beyond all measure, each against the limit that holds it: what is read of it is bounded, it is done with in time and in the memory that any
process may have, and the outcome is clear: read up to the limit, or put aside and said so. What is only odd stands in hostile.py."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import generate
from lib.harness import *

Retour.watched = True

SECONDS = 10  # for any one of them: nothing here may be worse than linear
MEMORY = 64 * 1024  # KiB
MANY = 100_000
SANITIZED = "asan" in os.environ.get("RETOUR", "")


def limit(header, name):
    with open(os.path.join(ROOT, "classify", header)) as f:
        number, shift = re.search(r"%s = (\d+)(?: << (\d+))?" % name, f.read()).groups()
        return int(number) << int(shift or 0)


def head(*fields):
    return b"".join(field + b"\r\n" for field in (b"From: MAILER-DAEMON@mx.example.net", b"To: bounces@example.org", b"Subject: Undelivered", b"MIME-Version: 1.0") + fields)


def report(*fields, recipients=1, human=b"Sorry.", returned=b"From: news@news.example.org\r\n\r\nHello\r\n"):
    """A bounce of the usual form around what is too large."""
    return (head(*fields, b"Content-Type: multipart/report; report-type=delivery-status; boundary=b") + b"\r\n--b\r\n\r\n" + human +
            b"\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.net\r\n\r\n" +
            b"".join(b"Final-Recipient: rfc822; person%d@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 user unknown\r\n\r\n" % number
                     for number in range(recipients)) + b"--b\r\nContent-Type: message/rfc822\r\n\r\n" + returned + b"\r\n--b--\r\n")


def prose(recipients):
    return head() + b"\r\nThe following addresses had permanent fatal errors:\r\n" + b"".join(b"<person%d@example.com>\r\n" % n for n in range(recipients)) + b"\r\n550 5.1.1 user unknown\r\n"


READ, NONE, PUT_ASIDE = "it is read", "no bounce", "put aside"
EVENTS, NAMED = limit("classify.h", "CLASSIFY_EVENTS_MAX"), limit("prose.h", "PROSE_RECIPIENTS_MAX")
SIZES = {
    "100,000 nested parts": (NONE, lambda: head() + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(MANY))),
    "100,000 mails in mails": (READ, lambda: head() + b"Content-Type: message/rfc822\r\n\r\n" * MANY),
    "100,000 parts side by side": (NONE, lambda: head(b"Content-Type: multipart/mixed; boundary=b") + b"\r\n" + b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n" * MANY),
    "1 MB of parentheses in an address field": (READ, lambda: report(b"Cc: " + b"(" * (1 << 20))),
    "1 MB of parentheses in the type": (NONE, lambda: head(b"Content-Type: multipart/report " + b"(" * (1 << 20) + b"; boundary=b") + b"\r\n--b\r\n\r\nx\r\n"),
    "1 MB of parentheses in the text": (READ, lambda: report(human=b"(" * (1 << 20))),
    "a header line of 10 MB": (READ, lambda: report(b"X-Long: " + b"x" * (10 << 20))),
    "10 MB of folded header": (READ, lambda: report(b"X-Long: x" + b"\r\n x" * (10 << 18))),
    "1 MB of encoded words": (READ, lambda: report(b"Subject: " + b"=?utf-8?b?QUFB?= " * (1 << 16), b"X: =?utf-8?q?" + b"=41" * (1 << 18) + b"?=")),
    "50 MB of returned mail": (READ, lambda: report(returned=b"From: news@news.example.org\r\n\r\n" + (b"x" * 76 + b"\r\n") * (50 * (1 << 20) // 78))),
    "200,000 Received fields in the returned mail": (READ, lambda: report(returned=b"Received: from a by b for <c@example.com>; Mon, 1 Jan 2026 00:00:00 +0000\r\n" * 200_000)),
    "50 MB of base64": (NONE, lambda: head(b"Content-Transfer-Encoding: base64") + b"\r\n" + (b"eHh4" * 19 + b"\r\n") * (50 * (1 << 20) // 78)),
    "50 MB of tags": (NONE, lambda: head(b"Content-Type: text/html") + b"\r\n" + b"<div>" * (10 << 20)),
    "50 MB of nested JSON": (NONE, lambda: head(b"Content-Type: application/json") + b"\r\n" + b'{"a":' * (10 << 20)),
    "100,000 recipients in one report": (PUT_ASIDE, lambda: report(recipients=MANY)),
    "as many recipients as are read": (EVENTS, lambda: report(recipients=EVENTS)),
    "one more": (PUT_ASIDE, lambda: report(recipients=EVENTS + 1)),
    "100,000 recipients in a text": (PUT_ASIDE, lambda: prose(MANY)),
    "as many recipients as are read in a text": (NAMED, lambda: prose(NAMED)),
    "one more in a text": (PUT_ASIDE, lambda: prose(NAMED + 1)),
}

def check(retour, result, path):
    true(result.seconds < SECONDS, "took %.1f s" % result.seconds)
    true(SANITIZED or max(result.memory.values(), default=0) < MEMORY, result.memory)  # what ends before the first look has no value


for name, (outcome, make) in SIZES.items():
    with case("%s: %s" % (name, outcome if isinstance(outcome, str) else "%d are read" % outcome)):
        retour = Retour()
        path = os.path.join(retour.dir, "mail.eml")
        with open(path, "wb") as f:
            f.write(make())
        result = retour.run("classify", "--plain", path, timeout=60)
        os.unlink(path)
        check(retour, result, path)
        events = result.lines()
        if outcome == PUT_ASIDE:
            contains(result.err, "quarantine")
            equal((result.code, {event["kind"] for event in events}), (1, {"failure"}))
        else:
            equal((result.code, result.err), (0, ""))
            equal((len(events), {event["kind"] for event in events}), (outcome if isinstance(outcome, int) else 1, {"none" if outcome == NONE else "failure"}))
        if outcome == READ and events[0]["recipient"]:
            equal(events[0]["recipient"], "person0@example.com")

with case("all of them in one mailbox: done within the limits; what was not read to its end lies in quarantine, all else is done with"):
    retour = Retour()
    path = os.path.join(retour.dir, "Maildir")
    for folder in ("new", "cur", "tmp"):
        os.makedirs(os.path.join(path, folder))
    for number, (outcome, make) in enumerate(SIZES.values()):
        with open(os.path.join(path, "new", "1790000000.%d.example" % number), "wb") as f:
            f.write(make())
    retour.config["mailbox bounces"] = {"protocol": "maildir", "path": path, "raw_retention": "365d", "unrecognised": "delete"}
    result = retour.run("poll", timeout=100)
    check(retour, result, path)
    equal(result.code, 1, result)
    # of those read in full by classify the most go beyond max_message, too
    aside = sum(1 for outcome, _ in SIZES.values() if outcome in (PUT_ASIDE, EVENTS))
    equal(result.err.count("it goes to quarantine"), aside)
    left = [name for folder, _, names in os.walk(path) for name in names if os.path.basename(folder) in ("new", "cur")]
    equal(len(left), aside)
    equal(len([name for name in os.listdir(path) if "uarantine" in name]), 1)

finish()
