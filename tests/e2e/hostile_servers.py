#!/usr/bin/python3
"""IMAP, POP3 and SMTP servers that break off, fall silent, drip, flood, lie and talk nonsense at any byte, drawn with a fixed seed: each run ends in time, with
a line that says why and an exit code that fits; nothing is lost, nothing counts twice, no report is cut short or forgotten.

    tests/e2e/hostile_servers.py [SEED [ROUNDS]]      longer, or elsewhere
"""
import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.fakeimap import FakeImap
from lib.fakepop3 import FakePop3
from lib.fakesmtp import FakeSmtp
from lib.harness import *
from lib.trouble import NOISE, troubled

Retour.watched = True

SEED = int(sys.argv[1]) if len(sys.argv) > 1 else 2026
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 24
MAILS = 8
DEADLINE = 10  # seconds: the least that the configuration takes
LIMIT = 64 * 1024  # KiB


def bounce(number):
    return ("From: MAILER-DAEMON@mx.example.net\r\nTo: bounces@example.org\r\nSubject: Undelivered\r\nMessage-ID: <t%d@mx.example.net>\r\nMIME-Version: 1.0\r\n"
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\n%s\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
            "Reporting-MTA: dns; mx.example.net\r\n\r\nFinal-Recipient: rfc822; someone%d@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n"
            % (number, "." * (number % 5), number)).encode()


def sound(result, server, limit):
    """What holds of every run, whatever the server did."""
    story = "%s, %s, %s" % (server.troubles[-1:], result, server.said[-5:])
    true(result.code in (0, 1), story)
    true(result.seconds < limit, "%.1f s: %s" % (result.seconds, story))
    true(not result.memory or max(result.memory.values()) < LIMIT, (result.memory, story))
    true(result.code == 0 or result.err, "failed without a word: " + story)
    true(all(line.startswith("retour: ") for line in result.err.splitlines()), story)
    for secret in (PASSWORD, "bounces@example.org", "someone"):
        true(secret not in result.err, story)


def events(retour):
    return retour.sql("SELECT count(*) FROM event")[0][0] if os.path.exists(retour.database) else 0


def mailbox_rounds(protocol, kind, tls, **keys):
    """Rounds of trouble, mail coming in between, and one honest round at the end: all of it counted, once."""
    dice = random.Random("%s %s %s" % (SEED, protocol, tls))

    class Server(kind):
        connection = troubled(dice, NOISE[protocol])

    server = Server(tls=tls)
    server.troubles = []
    retour = Retour()
    retour.config["mailbox bounces"] = server.mailbox(retour.secret(), timeout="1s", deadline="%ds" % DEADLINE, quarantine="keep", **keys)
    made = clean = 0
    for number in range(ROUNDS):
        if len(server.mails) < MAILS:
            for _ in range(dice.randrange(1, MAILS)):
                server.mails[server.uidnext] = bounce(made)
                server.uidnext, made = server.uidnext + 1, made + 1
        if protocol == "imap" and dice.random() < 0.1:  # the folder was made anew: all have other UIDs
            server.uidvalidity += 1
            server.mails = {uid + 1000: mail for uid, mail in server.mails.items()}
            server.uidnext += 1000
        server.deleted = set()
        result = retour.run("poll", timeout=60)
        sound(result, server, DEADLINE + 8)
        counted = events(retour)
        true(made - len(server.mails) <= counted <= made, "round %d: %d made, %d left, %d counted: %s, %s, %s"
             % (number, made, len(server.mails), counted, server.troubles[-1], result, server.said[-8:]))
        clean += result.code == 0
    server.connection = kind.connection
    server.deleted = set()
    result = retour.run("poll")
    equal((result.code, len(server.mails), events(retour)), (0, 0, made), result)
    comment("%s, %s: %d mails in %d rounds, %d of them without an error, faults: %s"
            % (protocol, tls, made, ROUNDS, clean, ", ".join("%s %d" % (name, sum(t[0] == name for t in server.troubles)) for name in sorted({t[0] for t in server.troubles}))))
    true(0 < clean < ROUNDS, "trouble is not what it should be")


for protocol, kind, tls in (("imap", FakeImap, "implicit"), ("imap", FakeImap, "starttls"), ("pop3", FakePop3, "implicit"), ("pop3", FakePop3, "starttls")):
    with case("%s, tls=%s: %d rounds of trouble, and all mail counts once" % (protocol, tls, ROUNDS)):
        mailbox_rounds(protocol, kind, tls)

def without_answer(retour):
    return retour.sql("SELECT count(*) FROM ledger WHERE kind = 'report-unanswered'")[0][0]


with case("smtp: %d rounds of trouble, and the report is taken whole, then no more" % ROUNDS):
    dice = random.Random("%s smtp" % SEED)

    class Server(FakeSmtp):
        connection = troubled(dice, NOISE["smtp"], 400)

    server = Server()
    server.troubles = []
    retour = Retour(now="2026-12-02T06:00:00Z")
    retour.run("import", ROOT + "/tests/golden/" + "arf-abuse.eml")
    retour.config["report"].update(server.report(retour.secret()))
    sent = 0
    for _ in range(ROUNDS):
        before, taken, unanswered = len(server.mails), sent, without_answer(retour)
        result = retour.run("run", timeout=60)
        sound(result, server, DEADLINE + 8)
        sent = retour.sql("SELECT count(*) FROM ledger WHERE kind = 'report-sent'")[0][0]
        true(sent == taken or len(server.mails) > before, "sent, says the ledger, and nobody took it: %s, %s" % (server.troubles[-1], result))
        if sent > taken or without_answer(retour) > unanswered:  # the next month's
            year, month = int(retour.now[:4]), int(retour.now[5:7])
            retour.now = "%04d-%02d-02T06:00:00Z" % (year + month // 12, month % 12 + 1)
    server.connection = FakeSmtp.connection
    result = retour.run("run")
    equal(result.code, 0, result)
    true(retour.sql("SELECT count(*) FROM ledger WHERE kind = 'report-sent'")[0][0] == sent + 1, result)
    count = len(server.mails)
    equal((retour.run("run").code, len(server.mails)), (0, count), "sent again")
    true(all(mail.rstrip().endswith(b"--") and b"multipart/" in mail for mail in server.mails.values()), "cut short")
    equal([line for line in server.in_clear if not line.upper().startswith(("EHLO", "HELO", "STARTTLS", "QUIT"))], [], "said without TLS")
    comment("%d months sent in %d rounds, %d mails taken" % (sent + 1, ROUNDS, count))

finish()
