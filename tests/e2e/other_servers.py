#!/usr/bin/python3
"""Cyrus and Courier, who do much otherwise than Dovecot: each settlement with a verified certificate, and each TLS mode, over IMAP and POP3."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.harness import *
from lib.others import Courier, Cyrus


def bounce(number):
    return ("From: MAILER-DAEMON@mx.example.net\r\nTo: bounces@example.org\r\nSubject: Undelivered\r\nMessage-ID: <s%d@mx.example.net>\r\nMIME-Version: 1.0\r\n"
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nsorry\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
            "Reporting-MTA: dns; mx.example.net\r\n\r\nFinal-Recipient: rfc822; someone%d@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n"
            % (number, number)).encode()


def chatter(number):
    return ("From: someone@example.net\r\nTo: bounces@example.org\r\nSubject: Lunch\r\nMessage-ID: <l%d@example.net>\r\n\r\nAt noon?\r\n" % number).encode()


def events(retour):
    return retour.sql("SELECT count(*) FROM event WHERE category = 'user-unknown'")[0][0]


def arrange(server, **keys):
    server.clear()
    server.deliver(MAILS)
    retour = Retour()
    retour.config["mailbox bounces"] = server.mailbox(password_file=retour.secret(), **keys)
    return retour


MAILS = [bounce(n) for n in range(5)] + [chatter(n) for n in range(2)]
IMAP = {  # processed, unrecognised: what is left in INBOX, in Done, in Unrecognised
    ("delete", "move:Unrecognised"): (0, 0, 2),
    ("delete", "delete"): (0, 0, 0),
    ("delete", "keep"): (2, 0, 0),
    ("move:Done", "move:Unrecognised"): (0, 5, 2),
    ("move:Done", "keep"): (2, 5, 0),
    ("keep", "keep"): (7, 0, 0),
    ("keep", "move:Unrecognised"): (5, 0, 2),
}
POP3 = {("delete", "delete"): 0, ("delete", "keep"): 2, ("keep", "keep"): 7}
TLS = ("implicit", "starttls", "none")
SOME = (("delete", "move:Unrecognised"), ("move:Done", "keep"), ("keep", "keep"))  # of the other TLS modes: what differs is only how the connection begins

for kind in (Cyrus, Courier):
    if kind.lacks():
        ok("%s # SKIP %s" % (kind.name, kind.lacks()))
        continue
    server = kind()
    for tls in TLS:
        for (processed, unrecognised), left in IMAP.items():
            if tls != "implicit" and (processed, unrecognised) not in SOME:
                continue
            with case("%s, IMAP: tls=%s processed=%s unrecognised=%s" % (kind.name, tls, processed, unrecognised)):
                retour = arrange(server, tls=tls, processed=processed, unrecognised=unrecognised)
                for _ in range(2):
                    result = retour.run("poll")
                    equal(result.code, 0, result)
                    equal(events(retour), 5)
                    equal(server.count("INBOX", "Done", "Unrecognised"), left)
        for (processed, unrecognised), left in POP3.items():
            if tls != "implicit" and (processed, unrecognised) not in SOME + (("delete", "keep"),):
                continue
            with case("%s, POP3: tls=%s processed=%s unrecognised=%s" % (kind.name, tls, processed, unrecognised)):
                retour = arrange(server, protocol="pop3", tls=tls, processed=processed, unrecognised=unrecognised, quarantine=unrecognised)
                for _ in range(2):
                    result = retour.run("poll")
                    equal(result.code, 0, result)
                    equal((events(retour), server.count()), (5, left))
    for protocol in ("imap", "pop3"):
        for tls in TLS[:2]:
            with case("%s, %s, tls=%s: a certificate that no authority of ours signed is refused, and nothing is read" % (kind.name, protocol, tls)):
                retour = arrange(server, protocol=protocol, tls=tls, processed="delete", unrecognised="keep", quarantine="keep")
                del retour.config["mailbox bounces"]["ca_file"]
                result = retour.run("poll")
                equal((result.code, server.count()), (1, len(MAILS)), result)
                contains(result.err, "certificate")
        with case("%s, %s: a wrong password is the login's failure" % (kind.name, protocol)):
            retour = arrange(server, protocol=protocol, processed="delete", unrecognised="keep", quarantine="keep")
            retour.secret("wrong")
            result = retour.run("poll")
            equal((result.code, server.count()), (1, len(MAILS)), result)
            contains(result.err, "login")
            true("wrong" not in result.err, result.err)
    server.stop()

finish()
