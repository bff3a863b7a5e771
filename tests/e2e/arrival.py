#!/usr/bin/python3
"""A mailbox that says that its mail arrived in 1970 (INTERNALDATE, a Maildir's names, the From_ lines of an mbox, a Received field of a machine without a clock)
does not have it stored, deleted and purged in one run: the mail's own date counts, else the present. What is older than it is kept for still decides whom not to
write to, and that is said. Over IMAP, POP3, Maildir, mbox and by import."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.contacts import BOUNCE, DEAD
from lib.harness import *

NOW, DATED = 1793599200, 1793595600  # 2026-11-02T06:00:00Z, and an hour before
DATE, NEVER = "02 Nov 2026 05:00:00 +0000", "01 Jan 1970 00:00:02 +0000"


def mail(number, date=DATE, received=None):
    text = BOUNCE % {"date": date, "number": number, "recipient": "u%d.arrival@example.net" % number, "status": DEAD[0], "text": DEAD[1],
                     "host": "mx.example.net"}
    if received:
        text = text.replace("Received: from mx.example.net by mail.example.org; " + date, "Received: from mx.example.net by mail.example.org; " + received)
    return text


MAILS = {1: mail(1), 2: mail(2, received=NEVER), 3: mail(3, date=NEVER), 4: mail(4, date="yesterday")}
ARRIVED = sorted([DATED, DATED, NOW, NOW])  # the two without a date that can be: now


def folder(retour):
    path = os.path.join(retour.dir, "box")
    for name in ("new", "cur", "tmp"):
        os.makedirs(os.path.join(path, name))
    return path


def imap(retour, user="bounces@example.org", protocol="imap"):
    dovecot = Dovecot()
    dovecot.deliver(user, [(text.encode(), 2) for text in MAILS.values()])
    retour.config["mailbox b"] = dovecot.mailbox(user, protocol, password_file=retour.secret())
    return lambda: dovecot.count(user)


def pop3(retour):
    return imap(retour, "fbl@example.org", "pop3")


def maildir(retour):
    path = folder(retour)
    for number, text in MAILS.items():
        with open(os.path.join(path, "new", "%d.mx" % number), "w", encoding="ascii") as f:
            f.write(text)
    retour.config["mailbox b"] = {"protocol": "maildir", "path": path}
    return lambda: len(os.listdir(os.path.join(path, "new")))


def write_mbox(path):
    with open(path, "w", encoding="ascii") as f:
        for text in MAILS.values():
            f.write("From MAILER-DAEMON Thu Jan  1 00:00:02 1970\n%s\n" % text)
    return path


def mbox(retour):
    path = write_mbox(os.path.join(retour.dir, "mbox"))
    retour.config["mailbox b"] = {"protocol": "mbox", "path": path}
    return lambda: os.path.getsize(path)


def verdicts(retour, numbers):
    result = retour.run("check", "--json", input="\n".join("u%d.arrival@example.net" % number for number in numbers))
    return [line["verdict"] for line in result.lines()]


def kept(retour):
    equal(verdicts(retour, MAILS), ["suppress"] * len(MAILS))
    equal(sorted(row[0] for row in retour.sql("SELECT at FROM event")), ARRIVED)
    equal(sorted(name for name in os.listdir(retour.data + "/keys") if name.startswith("event")), ["event-2026-11.key"])


for source in (imap, pop3, maildir, mbox):
    with case("%s: mail of 1970 is of its own date or of now, and stays after the run that read it" % source.__name__):
        retour = Retour()
        left = source(retour)
        result = retour.run("run")
        equal(result.code, 0, result)
        equal(left(), 0)
        kept(retour)
        retour.run("run")
        kept(retour)

with case("import: the same of an mbox, of a Maildir and of a file"):
    for make in (lambda r: write_mbox(os.path.join(r.dir, "box")), lambda r: (maildir(r), r.config.pop("mailbox b"))[1]["path"]):
        retour = Retour()
        equal(retour.run("import", make(retour)).code, 0)
        equal(retour.run("purge").code, 0)
        kept(retour)
    retour = Retour()
    for number, text in MAILS.items():
        path = os.path.join(retour.dir, "%d.eml" % number)
        with open(path, "w", encoding="ascii") as f:
            f.write(text)
        equal(retour.run("import", path).code, 0)
    equal(retour.run("purge").code, 0)
    kept(retour)

with case("mail that is truly old decides whom not to write to, its event goes with the same run's purge, and both are said"):
    retour = Retour()
    path = folder(retour)
    for number, when, date in ((1, NOW - 200 * 86400, "16 Apr 2026 06:00:00 +0000"), (2, NOW - 1100 * 86400, "29 Oct 2023 06:00:00 +0000")):
        with open(os.path.join(path, "new", "%d.%d.mx" % (when, number)), "w", encoding="ascii") as f:
            f.write(mail(number, date=date))
    retour.config["mailbox b"] = {"protocol": "maildir", "path": path}
    result = retour.run("run")
    equal(result.code, 0, result)
    contains(result.err, "2 messages are older than [retention] events: they decide whom not to write to")
    contains(result.err, "1 of them are older than [retention] contacts, and objections older than [retention] objections, too: nothing stays of them")
    equal(verdicts(retour, (1, 2)), ["suppress", "send"])
    equal(retour.sql("SELECT count(*) FROM event"), [(0,)])

with case("a mailbox that is a year behind the mail's own time is not believed, one that is ahead of a forged Date is"):
    retour = Retour()
    path = folder(retour)
    for number, when, date in ((1, NOW - 500 * 86400, DATE), (2, NOW - 3600, "02 Nov 2019 05:00:00 +0000"), (3, NOW - 300 * 86400, DATE)):
        with open(os.path.join(path, "new", "%d.%d.mx" % (when, number)), "w", encoding="ascii") as f:
            f.write(mail(number, date=date))
    retour.config["mailbox b"] = {"protocol": "maildir", "path": path}
    retour.config["retention"] = {"events": "365d"}
    equal(retour.run("run").code, 0)
    equal(sorted(row[0] for row in retour.sql("SELECT at FROM event")), [NOW - 300 * 86400, DATED, NOW - 3600])

finish()
