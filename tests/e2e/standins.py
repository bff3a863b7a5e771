#!/usr/bin/python3
"""The stand-ins themselves: the servers that the other tests trust behave as those tests assume."""
import imaplib
import os
import poplib
import smtplib
import ssl
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.harness import *

USER = "bounces@example.org"
SAMPLE = b"From: MAILER-DAEMON@mx.example.net\r\nTo: bounces@example.org\r\nSubject: sample\r\n\r\nbody\r\n"


def client():
    return ssl.create_default_context(cafile=authority().ca_file)


def imap(server, context=None):
    return imaplib.IMAP4_SSL(server.host, server.imaps, ssl_context=context or client(), timeout=20)


dovecot = Dovecot(tokens={TOKEN: USER})
dovecot.deliver(USER, [(SAMPLE, 1790000000)] * 3)

with case("IMAPS: login, INTERNALDATE as delivered"):
    connection = imap(dovecot)
    connection.login(USER, PASSWORD)
    equal(connection.select("INBOX"), ("OK", [b"3"]))
    contains(connection.fetch("1", "(INTERNALDATE)")[1][0], b"21-Sep-2026 14:13:20 +0000")
    connection.logout()

with case("IMAP with STARTTLS, folders made by a client are seen"):
    connection = imaplib.IMAP4(dovecot.host, dovecot.imap, timeout=20)
    connection.starttls(client())
    connection.login(USER, PASSWORD)
    connection.create("Unrecognised")
    connection.select("INBOX")
    connection.copy("1", "Unrecognised")
    connection.logout()
    equal(dovecot.folders(USER), ["Unrecognised"])
    equal(dovecot.messages(USER, "Unrecognised"), [SAMPLE])

with case("every login mechanism is offered"):
    connection = imap(dovecot)
    for word in ("AUTH=PLAIN", "AUTH=LOGIN", "AUTH=CRAM-MD5", "AUTH=SCRAM-SHA-1", "AUTH=SCRAM-SHA-256", "AUTH=XOAUTH2"):
        contains(connection.capabilities, word)
    connection.login_cram_md5(USER, PASSWORD)
    for word in (b"MOVE", b"UIDPLUS"):
        contains(connection.capability()[1][0].split(), word)
    connection.logout()

with case("XOAUTH2: the right token, and only that"):
    for token, good in ((TOKEN, True), ("wrong", False)):
        connection = imap(dovecot)
        try:
            connection.authenticate("XOAUTH2", lambda _: b"user=%s\x01auth=Bearer %s\x01\x01" % (USER.encode(), token.encode()))
            equal(good, True, "a wrong token was taken")
        except imaplib.IMAP4.error:
            equal(good, False, "the right token was refused")

with case("POP3S and POP3 with STLS"):
    for secure in (True, False):
        connection = poplib.POP3_SSL(dovecot.host, dovecot.pop3s, context=client(), timeout=20) if secure \
            else poplib.POP3(dovecot.host, dovecot.pop3, timeout=20)
        if not secure:
            connection.stls(client())
        connection.user(USER)
        connection.pass_(PASSWORD)
        equal(connection.stat()[0], 3)
        connection.quit()

with case("the log tells who tried to log in"):
    connection = imap(dovecot)
    try:
        connection.login("nobody@example.org", "wrong")
    except imaplib.IMAP4.error:
        pass
    contains(dovecot.log(), "nobody@example.org")

with case("secure_only: no login in the clear"):
    strict = Dovecot(secure_only=True)
    connection = imaplib.IMAP4(strict.host, strict.imap, timeout=20)
    contains(connection.capabilities, "LOGINDISABLED")
    connection.logout()
    strict.stop()

for kind in CERTIFICATES:
    with case("certificate %s is %s" % (kind, "taken" if kind == "good" else "refused")):
        server = Dovecot(cert=kind)
        try:
            imap(server)
            equal(kind, "good", "accepted")
        except ssl.SSLCertVerificationError:
            true(kind != "good", "the good one was refused")
        server.stop()

for tls in ("starttls", "implicit", "none"):
    with case("SMTP sink, %s, with AUTH" % tls):
        sink = Sink(tls=tls, user="retour@example.org")
        if tls == "implicit":
            connection = smtplib.SMTP_SSL("127.0.0.1", sink.port, context=client(), timeout=20)
        else:
            connection = smtplib.SMTP("127.0.0.1", sink.port, timeout=20)
            if tls == "starttls":
                connection.starttls(context=client())
        try:
            connection.sendmail("a@example.org", ["b@example.org"], b"Subject: early\r\n\r\n")
            raise AssertionError("took mail without AUTH")
        except smtplib.SMTPException:
            pass
        connection.login("retour@example.org", PASSWORD)
        connection.sendmail("a@example.org", ["b@example.org"], b"Subject: test\r\n\r\n.dot\r\n")
        connection.quit()
        mail, = sink.mails
        equal((mail.sender, mail.recipients, mail.over_tls, mail.user), ("a@example.org", ["b@example.org"], tls != "none", "retour@example.org"))
        equal(mail.data, b"Subject: test\r\n\r\n.dot\r\n")
        equal(open(mail.path, "rb").read(), mail.data)
        sink.stop()

with case("sink refuses what it was told to refuse"):
    sink = Sink(tls="none", refuse=["gone@example.org"], data_reply="452 4.3.1 full")
    connection = smtplib.SMTP("127.0.0.1", sink.port, timeout=20)
    for recipient, error in (("gone@example.org", smtplib.SMTPRecipientsRefused), ("b@example.org", smtplib.SMTPDataError)):
        try:
            connection.sendmail("a@example.org", [recipient], b"Subject: test\r\n\r\n")
            raise AssertionError("taken")
        except error:
            pass
    equal(sink.mails, [])

finish()
