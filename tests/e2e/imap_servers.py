#!/usr/bin/python3
"""IMAP on a real server: every TLS mode with every settlement, every way to log in, every way to name folders, what stays in the mailbox,
what expires, and what each message is known by."""
import os
import sqlite3
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.harness import *

USER = "bounces@example.org"
DAY = 86400


def bounce(number, padding=0):
    return ("From: MAILER-DAEMON@mx.example.net\r\nTo: bounces@example.org\r\nSubject: Undelivered\r\nMessage-ID: <s%d@mx.example.net>\r\nMIME-Version: 1.0\r\n"
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\n%s\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
            "Reporting-MTA: dns; mx.example.net\r\n\r\nFinal-Recipient: rfc822; someone%d@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n"
            % (number, "x" * padding, number)).encode()


def chatter(number):
    return ("From: someone@example.net\r\nTo: bounces@example.org\r\nSubject: Lunch\r\nMessage-ID: <l%d@example.net>\r\n\r\nAt noon?\r\n" % number).encode()


def arrange(dovecot, mails, **keys):
    dovecot.clear(USER)
    dovecot.deliver(USER, mails)
    retour = Retour()
    retour.config["mailbox bounces"] = dovecot.mailbox(USER, "imap", password_file=retour.secret(), **keys)
    return retour


def events(retour):
    return retour.sql("SELECT count(*) FROM event WHERE category = 'user-unknown'")[0][0]


mails = [bounce(n) for n in range(12)] + [chatter(n) for n in range(3)]
SETTLEMENTS = {
    # processed, unrecognised: what is left in INBOX, in Done, in Unrecognised
    ("delete", "move:Unrecognised"): (0, 0, 3),
    ("delete", "delete"): (0, 0, 0),
    ("delete", "keep"): (3, 0, 0),
    ("move:Done", "move:Unrecognised"): (0, 12, 3),
    ("move:Done", "keep"): (3, 12, 0),
    ("keep", "keep"): (15, 0, 0),
    ("keep", "move:Unrecognised"): (12, 0, 3),
}

dovecot = Dovecot()
for tls in ("implicit", "starttls", "none"):
    for (processed, unrecognised), left in SETTLEMENTS.items():
        with case("tls=%s processed=%s unrecognised=%s" % (tls, processed, unrecognised)):
            retour = arrange(dovecot, mails, tls=tls, processed=processed, unrecognised=unrecognised, raw_retention="365d")
            result = retour.run("poll")
            equal(result.code, 0, result)
            equal(events(retour), 12)
            found = tuple(dovecot.count(USER, folder) for folder in ("INBOX", "Done", "Unrecognised"))
            equal(found, left)
            again = retour.run("poll")
            equal((again.code, events(retour)), (0, 12), again)
            equal(tuple(dovecot.count(USER, folder) for folder in ("INBOX", "Done", "Unrecognised")), left)

for auth in ("plain", "login", "cram-md5", "scram-sha-1", "scram-sha-256"):
    with case("auth=%s" % auth):
        retour = arrange(dovecot, mails, auth=auth)
        equal(retour.run("poll").code, 0)
        equal(events(retour), 12)
        contains(dovecot.log(), "method=" + ("PLAIN" if auth == "login" else auth.upper()))  # Dovecot says PLAIN of the LOGIN command
    with case("auth=%s with the wrong password" % auth):
        retour = arrange(dovecot, mails, auth=auth)
        retour.secret("wrong")
        result = retour.run("poll")
        equal(result.code, 1, result)
        contains(result.err, "login")
        true(USER not in result.err and "wrong" not in result.err, result.err)

with case("auth=xoauth2"):
    server = Dovecot(tokens={"ya29." + "t" * 3000: USER})
    retour = arrange(server, mails, auth="xoauth2")
    retour.secret("ya29." + "t" * 3000)
    result = retour.run("poll")
    equal((result.code, server.count(USER)), (0, 0), result)
    retour.secret("ya29.stale")
    result = retour.run("poll")
    equal(result.code, 1, result)
    contains(result.err, "XOAUTH2")
    server.stop()

with case("a server that forbids passwords without TLS still takes them with it"):
    server = Dovecot(secure_only=True)
    retour = arrange(server, mails, tls="starttls")
    result = retour.run("poll")
    equal((result.code, server.count(USER)), (0, 0), result)
    retour = arrange(server, mails, tls="none")
    result = retour.run("poll")
    equal(result.code, 1, result)
    contains(result.err, "LOGIN")
    true(PASSWORD not in server.log(), "the password is in the server's log")
    server.stop()

# --- folders -------------------------------------------------------------------------------------------------------------

for separator, prefix in ((".", ""), ("/", ""), (".", "INBOX."), ("/", "INBOX/")):
    server = Dovecot(separator=separator, prefix=prefix)
    for written, stored in (("Unrecognised", "Unrecognised"), ("Bounces/Unrecognised", "Bounces.Unrecognised"),
                            ("Rückläufer/Unklar & Rest", "R&APw-ckl&AOQ-ufer.Unklar &- Rest"), ("INBOX/Odd", None)):
        with case("separator %s, prefix '%s': %s" % (separator, prefix, written)):
            retour = arrange(server, [chatter(1)], unrecognised="move:" + written)
            result = retour.run("poll")
            equal(result.code, 0, result)
            equal(server.count(USER), 0)
            folders = server.folders(USER)
            equal(len([f for f in folders if server.count(USER, f)]), 1, folders)
            if stored:
                equal(server.count(USER, stored), 1, folders)
            server.deliver(USER, [chatter(2)])
            result = retour.run("poll")
            equal((result.code, server.folders(USER)), (0, folders), result)
            subscribed = open(os.path.join(server.maildir(USER), "subscriptions")).read()
            true(len(subscribed.split("\n")) > 1, "not subscribed")
    with case("separator %s, prefix '%s': a folder is read that was named with the other separator" % (separator, prefix)):
        server.clear(USER)
        server.deliver(USER, [])
        server.deliver(USER, mails, "Returns.2026")
        retour = Retour()
        retour.config["mailbox bounces"] = server.mailbox(USER, "imap", password_file=retour.secret(), folder="Returns/2026")
        result = retour.run("poll")
        equal((result.code, events(retour), server.count(USER, "Returns.2026")), (0, 12, 0), result)
    server.stop()

with case("a folder that is not there is named"):
    retour = arrange(dovecot, mails, folder="Nowhere")
    result = retour.run("poll")
    equal(result.code, 1, result)
    contains(result.err, "Nowhere")

with case("a folder's name that IMAP cannot have"):
    retour = arrange(dovecot, mails, unrecognised="move:All*")
    result = retour.run("poll")
    true(result.code in (1, 2), result)
    equal(dovecot.count(USER), 15)

with case("messages are not moved into the folder that is read"):
    retour = arrange(dovecot, mails, unrecognised="move:INBOX")
    result = retour.run("poll")
    true(result.code in (1, 2), result)
    equal(dovecot.count(USER), 15)

# --- messages ------------------------------------------------------------------------------------------------------------

with case("INTERNALDATE is when it arrived"):
    then = 1789000000
    retour = arrange(dovecot, [(bounce(1), then)])
    equal(retour.run("poll").code, 0)
    equal(retour.sql("SELECT count(*) FROM event WHERE at BETWEEN ? AND ?", then - DAY, then + DAY)[0][0], 1)

with case("empty, tiny and large messages, line ends of every kind"):
    odd = [b"", b"\n", b"x", b"Subject: a\n\nb\n", bounce(1).replace(b"\r\n", b"\n"), bounce(2, 5 << 20), b"Subject: \xff\0\r\n\r\n\0\0", b"\r\n.\r\n..\r\n"]
    retour = arrange(dovecot, odd, max_message="1M", unrecognised="delete")
    retour.watched = True
    result = retour.run("poll")
    equal((result.code, dovecot.count(USER)), (0, 0), result)
    true(max(result.memory.values()) < 64 * 1024, result.memory)

with case("the same mail again is known: new UIDVALIDITY, moved back, delivered twice"):
    retour = arrange(dovecot, mails, processed="keep", unrecognised="keep")
    equal(retour.run("poll").code, 0)
    equal(events(retour), 12)
    os.unlink(os.path.join(dovecot.maildir(USER), "dovecot-uidlist"))
    for name in os.listdir(dovecot.maildir(USER)):
        if name.startswith("dovecot.index"):
            os.unlink(os.path.join(dovecot.maildir(USER), name))
    dovecot.deliver(USER, mails[:5])
    result = retour.run("poll")
    equal((result.code, events(retour)), (0, 12), result)

with case("mail that came while we read waits for the next run and is not lost"):
    retour = arrange(dovecot, [bounce(n) for n in range(600)])
    process = retour.start("poll")
    late = 0
    while process.poll() is None and late < 50:
        dovecot.deliver(USER, [bounce(10000 + late)])
        late += 1
        time.sleep(0.01)
    process.communicate()
    equal(process.returncode, 0)
    equal(retour.run("poll").code, 0)
    equal((events(retour), dovecot.count(USER)), (600 + late, 0))

with case("flags and folders of others are left alone: messages marked deleted by someone else stay"):
    import imaplib
    retour = arrange(dovecot, mails, folder="Returns")
    dovecot.deliver(USER, mails, "Returns")
    other = imaplib.IMAP4("127.0.0.1", dovecot.imap)
    other.login(USER, PASSWORD)
    other.select("INBOX")
    other.store("1:3", "+FLAGS", "\\Deleted")
    equal(retour.run("poll").code, 0)
    equal((dovecot.count(USER), dovecot.count(USER, "Returns")), (15, 0))
    other.logout()

# --- retention of what was moved -------------------------------------------------------------------------------------------

with case("what was moved away expires when it has been there for raw_retention, whatever its date, and nothing else does"):
    now = 1793599200  # 2026-11-02T06:00:00Z, the program's present
    retour = arrange(dovecot, [(chatter(n), now - n * DAY) for n in range(12)], raw_retention="7d")
    dovecot.deliver(USER, [(chatter(102), now - 400 * DAY)], "Private")
    equal(retour.run("run").code, 0)
    equal(dovecot.count(USER, "Unrecognised"), 12)  # old mail, but nobody had the time to look at it yet
    dovecot.deliver(USER, [(chatter(100), now - 300 * DAY)])
    retour.now = "2026-11-08T06:00:00Z"
    equal(retour.run("run").code, 0)
    equal(dovecot.count(USER, "Unrecognised"), 13)
    retour.now = "2026-11-09T05:59:59Z"
    equal(retour.run("run").code, 0)
    equal(dovecot.count(USER, "Unrecognised"), 13)
    retour.now = "2026-11-09T06:00:00Z"
    equal(retour.run("run").code, 0)
    equal(dovecot.count(USER, "Unrecognised"), 1)
    retour.now = "2026-11-16T06:00:00Z"
    equal(retour.run("run").code, 0)
    equal(dovecot.count(USER, "Unrecognised"), 0)
    equal(dovecot.count(USER, "Private"), 1)

with case("a folder that was made anew keeps what an older mark would take"):
    retour = arrange(dovecot, [(chatter(n), now) for n in range(3)], raw_retention="7d")
    equal(retour.run("run").code, 0)
    with sqlite3.connect(retour.database) as database:
        database.execute("UPDATE folder SET uidvalidity = uidvalidity - 1")
    retour.now = "2026-11-20T06:00:00Z"
    equal(retour.run("run").code, 0)
    equal(dovecot.count(USER, "Unrecognised"), 3)

with case("doctor looks and touches nothing"):
    retour = arrange(dovecot, mails, unrecognised="move:Nowhere yet")
    result = retour.run("doctor")
    contains(result.out + result.err, "15 messages")
    contains(result.out + result.err, "will be made")
    equal((dovecot.count(USER), dovecot.folders(USER)), (15, []))

finish()
