#!/usr/bin/python3
"""Memory stays small whatever a mailbox holds: many messages, messages of any size, one with as many recipients as are read. The large figures
(20,000 over IMAP, 5,000 over POP3) are measured by `make bench`."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import generate
from lib.harness import *

Retour.watched = True

LIMIT = 64 * 1024  # KiB resident, in every process


def program(protocol, messages, **keys):
    dovecot, retour = Dovecot(), Retour()
    retour.config["mailbox bounces"] = dovecot.mailbox(generate.BOUNCES, protocol, password_file=retour.secret(), **keys)
    dovecot.deliver(generate.BOUNCES, messages)
    result = retour.run("poll")
    comment("%.1f s; KiB: %s" % (result.seconds, result.memory))
    left = dovecot.count(generate.BOUNCES)
    dovecot.stop()
    return result, retour, left


def large(size, number):
    head = ("From: MAILER-DAEMON@mx.example.net\r\nTo: bounces@example.org\r\nSubject: Undelivered\r\nMessage-ID: <large%d@mx.example.net>\r\nMIME-Version: 1.0\r\n"
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
            "Reporting-MTA: dns; mx.example.net\r\n\r\nFinal-Recipient: rfc822; someone%d@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n"
            "Diagnostic-Code: smtp; 550 5.1.1 user unknown\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: news@news.example.org\r\n\r\n"
            % (number, number)).encode()
    return head + (b"x" * 76 + b"\r\n") * ((size - len(head)) // 78) + b"--b--\r\n"


def crowd(count):
    recipients = "".join("Final-Recipient: rfc822; person%d@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 unknown\r\n\r\n" % number
                         for number in range(count))
    return large(2000, 0).replace(b"Final-Recipient: rfc822; someone0@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 user unknown\r\n\r\n",
                                  recipients.encode())


for protocol, count in (("imap", 3000), ("pop3", 1500)):
    with case("%d messages over %s" % (count, protocol)):
        samples = ((sample.data, sample.arrived) for sample in generate.generate(seed=9, bounces=count, complaints=0, padding=100))
        result, retour, left = program(protocol, samples, unrecognised="delete")
        equal((result.code, left), (0, 0), result)
        true(result.memory and max(result.memory.values()) < LIMIT, result.memory)

    with case("20 messages of 8 MB over %s, read up to max_message" % protocol):
        result, retour, left = program(protocol, (large(8 << 20, number) for number in range(20)))
        equal((result.code, left), (0, 0), result)
        equal(retour.sql("SELECT count(*), count(DISTINCT pseudonym) FROM event WHERE category = 'user-unknown'"), [(20, 20)])
        true(max(result.memory.values()) < LIMIT, result.memory)

with open(os.path.join(ROOT, "classify", "classify.h")) as f:
    RECIPIENTS_MAX = int(re.search(r"CLASSIFY_EVENTS_MAX = (\d+)", f.read()).group(1))

with case("%d recipients in one message, as many as are read" % RECIPIENTS_MAX):
    result, retour, left = program("imap", [crowd(RECIPIENTS_MAX)], max_message="16M")
    equal((result.code, left), (0, 0), result)
    equal(retour.sql("SELECT count(DISTINCT pseudonym) FROM event"), [(RECIPIENTS_MAX,)])
    true(max(result.memory.values()) < LIMIT, result.memory)

with case("one more: the message goes to quarantine, and that is said"):
    result, retour, left = program("imap", [crowd(RECIPIENTS_MAX + 1)], max_message="16M", raw_retention="365d")
    equal((result.code, left), (1, 0), result)
    contains(result.err, "quarantine")
    true(max(result.memory.values()) < LIMIT, result.memory)

finish()
