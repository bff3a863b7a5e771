#!/usr/bin/python3
"""Servers where an expunge only takes a label away and all mail stays in a folder of its own (Gmail, Proton): "delete" deletes there, too, or says that it
does not."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.bounce import bounce
from lib.fakeimap import FakeImap
from lib.harness import *

ALL, TRASH = "[Mail]/All", "[Mail]/Bin"
GMAIL, PROTON = ("IMAP4rev1 UIDPLUS MOVE NAMESPACE SPECIAL-USE AUTH=PLAIN" + more for more in (" X-GM-EXT-1", ""))


class Archiving(FakeImap):
    """boxes: {folder: {uid: mail}}; what is expunged in INBOX stays in ALL, from TRASH it is gone everywhere."""

    def __init__(self, mails, uses=None, **keys):
        super().__init__(mails, **keys)
        self.uses = {ALL: "\\All", TRASH: "\\Trash"} if uses is None else uses
        self.boxes = {"INBOX": self.mails, TRASH: {}}
        self.all, self.selected = set(self.mails.values()), "INBOX"

    def _create(self, c, tag, rest):
        self.boxes[rest.strip('"')] = self.folders[rest.strip('"')] = {}
        c.ok(tag)

    def _list(self, c, tag, rest):
        if rest.endswith("*") or rest.endswith('"*"'):
            for name, use in self.uses.items():
                c.send('* LIST (\\HasNoChildren %s) "/" "%s"\r\n' % (use, name))
            return c.ok(tag)
        return super()._list(c, tag, rest)

    def _select(self, c, tag, rest):
        self.selected = rest.strip('"')
        self.mails = self.boxes[self.selected]
        self.deleted = set()
        self.uidnext = max(self.mails, default=0) + 1
        super()._select(c, tag, rest)

    def _status(self, c, tag, rest):
        name = rest.split(" ")[0].strip('"')
        c.send('* STATUS "%s" (MESSAGES %d)\r\n' % (name, len(self.boxes[name])))
        c.ok(tag)

    def _copied(self, rest):
        uids, folder = self.uids(rest.split(" ")[0]), rest.split(" ", 1)[1].strip('"')
        there = []
        for uid in uids:
            there.append(max(self.boxes[folder], default=500) + 1)
            self.boxes[folder][there[-1]] = self.mails[uid]
        return uids, "[COPYUID 9 %s %s] " % (",".join(map(str, uids)), ",".join(map(str, there)))

    def _remove(self, c, uids):
        if self.selected == TRASH:
            self.all -= {self.mails[uid] for uid in uids}
        super()._remove(c, uids)


def program(fake, **keys):
    retour = Retour()
    retour.config["mailbox bounces"] = fake.mailbox(retour.secret(), **keys)
    return retour


def mails():
    return [bounce("someone%d" % n, "5.1.1", "550 5.1.1 User unknown").encode() for n in range(5)]


for name, capabilities in (("Gmail, by its extension", GMAIL), ("Proton and others, by the use of a folder", PROTON)):
    with case(name + ": what is deleted is nowhere"):
        fake = Archiving(mails(), capabilities=capabilities)
        retour = program(fake)
        result = retour.run("poll")
        equal(result.code, 0, result)
        contains(result.err, "deleted 5")
        equal((retour.sql("SELECT count(*) FROM event")[0][0], fake.all, fake.boxes[TRASH]), (5, set(), {}))
    with case(name + ": doctor says by which way"):
        contains(retour.run("doctor").out, "what is deleted goes by way of the folder \\Trash")

with case("the folder by which it could be deleted is not shown: refused in words, and nothing is read"):
    fake = Archiving(mails(), {ALL: "\\All"}, capabilities=PROTON)
    retour = program(fake)
    result = retour.run("poll")
    equal(result.code, 1, result)
    contains(result.err, 'here "delete" only archives')
    contains(result.err, "bounces")
    equal((len(fake.boxes["INBOX"]), retour.sql("SELECT count(*) FROM event")[0][0]), (5, 0))
    contains(retour.run("doctor").out, 'here "delete" only archives')

with case("who keeps mail needs no such folder"):
    fake = Archiving(mails(), {ALL: "\\All"}, capabilities=PROTON)
    retour = program(fake, processed="keep", unrecognised="keep", quarantine="keep")
    equal(retour.run("poll").code, 0)
    equal((len(fake.boxes["INBOX"]), retour.sql("SELECT count(*) FROM event")[0][0]), (5, 5))

with case("what was moved to a folder and is too old there is nowhere, too"):
    fake = Archiving([b"Subject: hello\r\n\r\nIs anybody there?\r\n" + b"x" * n for n in range(3)], capabilities=GMAIL)
    retour = program(fake)
    equal(retour.run("poll").code, 0)
    equal((len(fake.boxes["Unrecognised"]), len(fake.all)), (3, 3))
    retour.now = "2026-11-12T06:00:00Z"
    equal(retour.run("run").code, 0)
    retour.now = "2026-11-22T06:00:00Z"
    result = retour.run("run")
    equal(result.code, 0, result)
    equal((fake.boxes["Unrecognised"], fake.boxes[TRASH], fake.all), ({}, {}, set()))

def silent(c, tag, rest):
    fake._remove(c, fake._copied(rest)[0])
    c.ok(tag)


with case("the server does not say as what they arrive in the trash: looked for there, and nothing else goes"):
    fake = Archiving(mails(), capabilities=GMAIL)
    fake.on("UID MOVE", silent)
    fake.on("STATUS", lambda c, tag, rest: c.ok(tag))
    fake.boxes[TRASH][7] = b"From: anna@example.net\r\n\r\nof somebody else\r\n"
    result = program(fake).run("poll")
    equal(result.code, 0, result)
    contains(result.err, "deleted 5")
    equal((fake.all, list(fake.boxes[TRASH])), (set(), [7]))

with case("and something else arrives there meanwhile: nothing is deleted, and that is said"):
    fake = Archiving(mails(), capabilities=GMAIL)

    def crowded(c, tag, rest):
        silent(c, tag, rest)
        fake.boxes[TRASH][900] = b"From: anna@example.net\r\n\r\nof somebody else\r\n"
    fake.on("UID MOVE", crowded)
    retour = program(fake)
    result = retour.run("poll")
    equal(result.code, 1, result)
    contains(result.err, "here an expunge only archives")
    contains(result.err, "deleted 0, moved")
    equal((900 in fake.boxes[TRASH], retour.sql("SELECT count(*) FROM event")[0][0]), (True, 5))

finish()
