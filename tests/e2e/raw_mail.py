#!/usr/bin/python3
"""Mail that was moved names people as clearly as mail that was not: in every kind of mailbox, processed, unrecognised and quarantined mail is deleted from its
folder when raw_retention is over, not before; the ledger counts it as it counts rows, every day; and a folder that the settings no longer use is emptied too."""
import datetime
import mailbox
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.contacts import BOUNCE, DEAD
from lib.harness import *

CRASH_BUILD = os.path.join(os.environ.get("RETOUR_BUILD", os.path.join(ROOT, "build")), "crash", "retour")
USER = "bounces@example.org"
BEGIN = int(time.time())  # Maildir and mbox go by the time of the move
FOLDERS = ("Done", "Unrecognised", "Quarantine")
MAILS = [(BOUNCE % {"date": "01 Nov 2026 05:00:00 +0000", "number": 1, "recipient": "raw@example.net", "status": DEAD[0], "text": DEAD[1],
                    "host": "mx.example.net"}).replace("\r\n", "\n").encode(),
         b"From: x@example.net\nTo: bounces@example.org\nSubject: lunch\nMessage-ID: <2@example.net>\n\nAre you coming?\n",
         b"X-Retour-Test: crash\nFrom: MAILER-DAEMON@example.net\nTo: bounces@example.org\nSubject: Undelivered\nMessage-ID: <3@example.net>\n\n550 5.1.1\n"]


class Imap:
    name = "IMAP"

    def __init__(self, _directory):
        self.dovecot = Dovecot()
        self.section = None

    def configure(self, retour, **more):
        retour.config["mailbox bounces"] = self.dovecot.mailbox(USER, password_file=retour.secret(), **more)

    def deliver(self):
        self.dovecot.deliver(USER, [(mail.replace(b"\n", b"\r\n"), BEGIN - 400 * 86400) for mail in MAILS])

    def count(self, folder):
        return self.dovecot.count(USER, folder) if folder in self.dovecot.folders(USER) else 0

    def stop(self):
        self.dovecot.stop()


class Directory:
    name = "Maildir"

    def __init__(self, directory):
        self.path = os.path.join(directory, "Maildir")
        mailbox.Maildir(self.path)

    def configure(self, retour, **more):
        retour.config["mailbox bounces"] = {"protocol": "maildir", "path": self.path, **more}

    def deliver(self):
        for mail in MAILS:
            mailbox.Maildir(self.path).add(mail)

    def count(self, folder):
        path = os.path.join(self.path, "." + folder)
        return len(mailbox.Maildir(path)) if os.path.isdir(path) else 0

    def stop(self):
        pass


class OneFile(Directory):
    name = "mbox"

    def __init__(self, directory):
        self.path = os.path.join(directory, "inbox")
        open(self.path, "w").close()

    def configure(self, retour, **more):
        retour.config["mailbox bounces"] = {"protocol": "mbox", "path": self.path, **more}

    def deliver(self):
        with open(self.path, "ab") as f:
            for mail in MAILS:
                f.write(b"From MAILER-DAEMON Sat Nov  1 05:00:00 2025\n" + mail + b"\n")

    def count(self, folder):
        path = os.path.join(os.path.dirname(self.path), folder)
        return len(mailbox.mbox(path, create=False)) if os.path.exists(path) else 0


def at(retour, days, code=0, **settings):
    """A run DAYS after the beginning."""
    retour.now = datetime.datetime.fromtimestamp(BEGIN + days * 86400, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    if settings:
        box.configure(retour, raw_retention="7d", **settings)
    result = retour.run("run")
    equal(result.code, code, result)
    return result


def ledger():
    return [row[0] for row in retour.sql("SELECT detail FROM ledger WHERE kind = 'mail-purge' ORDER BY number")]


def counts():
    return tuple(box.count(folder) for folder in FOLDERS)


for kind in (Imap, Directory, OneFile):
    retour = Retour(CRASH_BUILD)
    box = kind(retour.dir)
    box.deliver()
    with case("%s: a bounce, a letter and a mail that kills its parser are each in their folder for raw_retention" % box.name):
        at(retour, 0, 1, processed="move:Done")
        equal(counts(), (1, 1, 1))
        at(retour, 6.9)
        equal(counts(), (1, 1, 1))

    with case("%s: when raw_retention is over each of them is deleted, whatever its date" % box.name):
        result = at(retour, 7.1)
        equal(counts(), (0, 0, 0))
        contains(result.err, "expired 3")

    with case("%s: the ledger counts what was deleted there, and has an entry each day, of nothing too" % box.name):
        at(retour, 8.1)
        at(retour, 8.1 + 1 / 86400)  # of the same day, whatever the hour in which this test runs
        equal(ledger(), ["name=bounces processed=0 unrecognised=0 quarantine=0", "name=bounces processed=0 unrecognised=0 quarantine=0",
                         "name=bounces processed=1 unrecognised=1 quarantine=1", "name=bounces processed=0 unrecognised=0 quarantine=0"])

    with case("%s: the audit says of each folder how long mail stays, how much was deleted, and when it was last looked after" % box.name):
        text = retour.run("audit").out
        contains(text, "Mail that is in quarantine, in folder Quarantine of mailbox bounces: 7 days; 1 deleted so far")
        contains(text, "kept       Mail that was moved to a folder is deleted there when its time is over")

    with case("%s: a folder that the settings no longer use is emptied when its time comes, and then left alone" % box.name):
        retour = Retour(CRASH_BUILD)
        box.stop()
        box = kind(retour.dir)
        box.deliver()
        at(retour, 0, 1, processed="move:Done")
        box.deliver()
        at(retour, 0.01, 1)  # within one mark of the folder's end
        equal(counts(), (2, 2, 2))
        at(retour, 0.02, processed="delete")
        at(retour, 6.9)
        equal(counts(), (2, 2, 2))
        at(retour, 7.2)
        equal(counts(), (0, 0, 0))
        equal(sum(int(part[7:]) for line in ledger() for part in line.split() if part.startswith("former=")), 2)
        equal(retour.sql("SELECT count(*) FROM folder WHERE name = 'Done'"), [(0,)])
        at(retour, 8.5)
        equal(ledger()[-1], "name=bounces unrecognised=0 quarantine=0")
    box.stop()

finish()
