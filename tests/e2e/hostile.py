#!/usr/bin/python3
"""Mails that nobody should send, through the whole program: each is done with in time, none ends its parser, none keeps the others from being
read. What a mail of the laboratory once held up stands here too."""
import base64
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import generate
from lib.harness import *

SECONDS = 20  # for any one of them, sanitizers included


def head(number, *fields):
    return b"\r\n".join((b"From: MAILER-DAEMON@example.net", b"To: bounces@example.org", b"Message-ID: <hostile%d@example.net>" % number) + fields) + b"\r\n"


def parts(number, boundary, *contents):
    return head(number, b"Content-Type: multipart/report; boundary=" + boundary) + b"\r\n" + b"".join(b"--b\r\n" + content + b"\r\n" for content in contents)


HOSTILE = {
    "empty": b"",
    "one byte": b"x",
    "one NUL": b"\0",
    "nothing but NULs": b"\0" * 10000,
    "NUL in Message-ID, Date and From": b"Message-ID: <a\0b@example.net>\r\nDate: \0\r\nFrom: \0 \0\r\nSubject: \0\r\n\r\n\0",
    "NUL after each field name": b"From:\0\r\nTo:\0\r\nMessage-ID:\0\r\nDate:\0\r\nContent-Type:\0\r\n\r\n550 5.1.1\0",
    "no blank line": head(1),
    "bare CR": head(2).replace(b"\r\n", b"\r") + b"\r550 5.1.1 unknown\r",
    "a header line of 900 KB": head(3, b"Subject: " + b"x" * 900000) + b"\r\nx\r\n",
    "a folded header of 200,000 lines": head(4, b"Subject: x" + b"\r\n x" * 200000) + b"\r\nx\r\n",
    "200,000 headers": head(5, *[b"X: y"] * 200000) + b"\r\nx\r\n",
    "900 KB of parentheses in an address": head(6, b"Cc: " + b"(" * 900000) + b"\r\nx\r\n",
    "900 KB of angle brackets": head(7) + b"\r\n" + b"<" * 900000,
    "900 KB of at signs": head(8) + b"\r\n" + b"a@" * 450000,
    "an empty boundary": parts(9, b'""', b"\r\nx"),
    "a boundary that is a quoted quote": parts(10, b'"\\""', b"\r\nx"),
    "an unclosed boundary": parts(11, b'"b', b"\r\nx"),
    "100,000 parts": parts(12, b"b", *[b""] * 100000),
    "10,000 levels": head(13) + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(10000)),
    "10,000 mails in mails": head(14) + b"Content-Type: message/rfc822\r\n\r\n" * 10000,
    "a boundary of 1,000 bytes": parts(15, b"b" * 1000, b"\r\nx"),
    "base64 that is none": head(16, b"Content-Transfer-Encoding: base64") + b"\r\n" + b"=!?" * 1000,
    "base64 of NULs": head(17, b"Content-Transfer-Encoding: base64") + b"\r\n" + base64.encodebytes(b"\0" * 100000),
    "quoted-printable cut in the middle": head(18, b"Content-Transfer-Encoding: quoted-printable") + b"\r\n" + b"=\r\n" * 100000 + b"=",
    "an unknown charset": head(19, b"Content-Type: text/plain; charset=\"x-none\0\"") + b"\r\n\xff\xfe\xfd",
    "encoded words without end": head(20, b"Subject: " + b"=?utf-8?b?" * 50000) + b"\r\nx",
    "a status part without an end": parts(21, b"b", b"Content-Type: message/delivery-status\r\n\r\nFinal-Recipient: rfc822; " + b"a" * 500000),
    "statuses of absurd numbers": parts(22, b"b", b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns;x\r\n\r\nFinal-Recipient: rfc822; a@example.com\r\n"
                                        b"Action: failed\r\nStatus: 99999999999999999999.99999999999999.1\r\nDiagnostic-Code: smtp; 99999999999999999999 5.1.1\r\n"),
    "dates beyond all years": head(23, b"Date: Mon, 99 Foo 999999999999 99:99:99 +9999", b"Received: x; Fri, 31 Dec 999999 23:59:60 +0000") + b"\r\nx",
    "tags without end": head(24, b"Content-Type: text/html") + b"\r\n" + b"<a " * 300000,
    "entities without end": head(25, b"Content-Type: text/html") + b"\r\n" + b"&#999999999999999999;" * 40000,
    "one phrase again and again": head(26) + b"\r\n" + b"user unknown " * 70000,
    "digits and dots": head(27) + b"\r\n" + b"5.1." * 220000,
    "bytes of every value": head(28) + b"\r\n" + bytes(range(256)) * 3000,
}

samples = [(sample.data, sample.arrived) for sample in generate.generate(seed=21, bounces=60, complaints=0)]

for name, data in HOSTILE.items():
    with case(name):
        retour = Retour()
        path = os.path.join(retour.dir, "mail.eml")
        with open(path, "wb") as f:
            f.write(data)
        for command in (("import", path), ("classify", "--plain", path)):
            result = retour.run(*command, timeout=SECONDS)
            equal(result.code, 0, "%s: %s" % (command[0], result))
            true(result.seconds < SECONDS / 2, "%s took %.1f s" % (command[0], result.seconds))
        for event in result.lines():
            true("kind" in event, event)

with case("all of them in one mailbox, among ordinary ones: none is lost, none goes to quarantine"):
    dovecot, retour = Dovecot(), Retour()
    retour.config["mailbox bounces"] = dovecot.mailbox(generate.BOUNCES, password_file=retour.secret(), raw_retention="365d")
    dovecot.deliver(generate.BOUNCES, samples)
    equal(retour.run("poll").code, 0)
    events = retour.sql("SELECT count(*) FROM event WHERE campaign IS NOT NULL")
    again = Retour()
    again.config["mailbox bounces"] = retour.config["mailbox bounces"]
    dovecot.clear(generate.BOUNCES)
    dovecot.deliver(generate.BOUNCES, samples[:30] + [(data, 1790000000) for data in HOSTILE.values() if data] + samples[30:])
    result = again.run("poll", timeout=120)
    equal(result.code, 0, result)
    equal((dovecot.count(generate.BOUNCES), [name for name in dovecot.folders(generate.BOUNCES) if name != "Unrecognised"]), (0, []))
    equal(again.sql("SELECT count(*) FROM event WHERE campaign IS NOT NULL"), events)

finish()
