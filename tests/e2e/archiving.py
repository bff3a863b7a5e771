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
GMAIL = "IMAP4rev1 UIDPLUS MOVE NAMESPACE SPECIAL-USE AUTH=PLAIN X-GM-EXT-1"
USES = GMAIL.replace(" X-GM-EXT-1", "")
PROTON = USES.replace(" SPECIAL-USE", "")  # shows what the folders are for, and does not say that it does; no keywords
OTHERS = b"From: anna@example.net\r\n\r\nof somebody else\r\n"


class Archiving(FakeImap):
    """boxes: {folder: {uid: mail}}; what is expunged in INBOX stays in ALL, from TRASH it is gone everywhere. keywords: {(folder, uid): {keyword}}, kept where
    KEEPS; validity: {folder: UIDVALIDITY}."""

    def __init__(self, mails, uses=None, keeps=True, trash=TRASH, **keys):
        super().__init__(mails, **keys)
        self.uses = {ALL: "\\All", trash: "\\Trash"} if uses is None else uses
        self.boxes = {"INBOX": self.mails, trash: {}}
        self.all, self.selected = set(self.mails.values()), "INBOX"
        self.keywords, self.keeps, self.validity, self.nexts, self.read_only, self.trash = {}, keeps, {"INBOX": 77}, {}, (), trash

    def _create(self, c, tag, rest):
        self.boxes[rest.strip('"')] = self.folders[rest.strip('"')] = {}
        c.ok(tag)

    def _list(self, c, tag, rest):
        pattern = rest.split(" ")[-1].strip('"')
        if pattern in ("*", "%"):
            for name, use in self.uses.items():
                if pattern == "*" or "/" not in name:
                    c.send('* LIST (\\HasNoChildren %s) "/" "%s"\r\n' % (use, name))
            return c.ok(tag)
        return super()._list(c, tag, rest)

    def uid_next(self, folder):
        return max(self.nexts.get(folder, 501 if folder != "INBOX" else 1), max(self.boxes[folder], default=0) + 1)

    def _select(self, c, tag, rest):
        self.selected = rest.strip('"')
        if self.selected not in self.boxes:
            return c.send(tag + " NO there is none\r\n")
        self.mails = self.boxes[self.selected]
        self.deleted = set()
        c.send("* FLAGS (\\Seen \\Deleted)\r\n* OK [PERMANENTFLAGS (\\Seen \\Deleted%s)] .\r\n* %d EXISTS\r\n* 0 RECENT\r\n"
               "* OK [UIDVALIDITY %d] .\r\n* OK [UIDNEXT %d] .\r\n" % (" \\*" if self.keeps else "", len(self.mails), self.validity.get(self.selected, 9),
                                                                      self.uid_next(self.selected)))
        return c.ok(tag, "[READ-%s] selected" % ("ONLY" if self.selected in self.read_only else "WRITE"))

    def _status(self, c, tag, rest):
        name = rest.split(" ")[0].strip('"')
        c.send('* STATUS "%s" (MESSAGES %d)\r\n' % (name, len(self.boxes[name])))
        c.ok(tag)

    def _uid_store(self, c, tag, rest):
        uids, flags = self.uids(rest.split(" ")[0]), rest[rest.index("("):].strip("()").split(" ")
        if "\\Deleted" in flags:
            self.deleted |= set(uids)
        elif self.keeps:
            for uid in uids:
                self.keywords.setdefault((self.selected, uid), set()).update(flags)
        c.ok(tag)

    def _uid_search(self, c, tag, rest):
        if not rest.upper().startswith("KEYWORD"):
            return super()._uid_search(c, tag, rest)
        c.send("* SEARCH%s\r\n" % "".join(" %d" % u for u in sorted(self.mails) if rest.split(" ")[1] in self.keywords.get((self.selected, u), ())))
        return c.ok(tag)

    def _uid_fetch(self, c, tag, rest):
        if "BODY" in rest:
            return super()._uid_fetch(c, tag, rest)
        for uid in self.uids(rest.split(" ")[0]):
            c.send("* %d FETCH (UID %d RFC822.SIZE %d)\r\n" % (self.number(uid), uid, len(self.mails[uid])))
        return c.ok(tag)

    def put(self, folder, mail, keywords=()):
        uid = self.uid_next(folder)
        self.boxes[folder][uid], self.nexts[folder] = mail, uid + 1
        self.keywords[folder, uid] = set(keywords)
        return uid

    def _copied(self, rest):
        uids, folder = self.uids(rest.split(" ")[0]), rest.split(" ", 1)[1].strip('"')
        there = [self.put(folder, self.mails[uid], self.keywords.get((self.selected, uid), ())) for uid in uids]
        return uids, "[COPYUID %d %s %s] " % (self.validity.get(folder, 9), ",".join(map(str, uids)), ",".join(map(str, there)))

    def _remove(self, c, uids):
        if self.selected == self.trash:
            self.all -= {self.mails[uid] for uid in uids}
        super()._remove(c, uids)

    def in_trash(self):
        return list(self.boxes[self.trash].values())


def program(fake, **keys):
    retour = Retour()
    retour.config["mailbox bounces"] = fake.mailbox(retour.secret(), **keys)
    return retour


def mails():
    return [bounce("someone%d" % n, "5.1.1", "550 5.1.1 User unknown").encode() for n in range(5)]


for name, keys in (("Gmail, by its extension", {"capabilities": GMAIL}), ("others, by the use of a folder", {"capabilities": USES}),
                   ("Proton, which does not say that it shows uses", {"capabilities": PROTON, "uses": {"All Mail": "\\All", "Trash": "\\Trash"}, "trash": "Trash",
                                                                      "keeps": False})):
    with case(name + ": what is deleted is nowhere, and what others have in the trash stays"):
        fake = Archiving(mails(), **keys)
        fake.put(fake.trash, OTHERS)
        retour = program(fake)
        result = retour.run("poll")
        equal(result.code, 0, result)
        contains(result.err, "deleted 5")
        equal((retour.sql("SELECT count(*) FROM event")[0][0], fake.all, fake.in_trash()), (5, set(), [OTHERS]))
    with case(name + ": doctor says by which way"):
        contains(retour.run("doctor").out, "what is deleted goes by way of the folder \\Trash")

with case("the folder by which it could be deleted is not shown: refused in words, and nothing is read"):
    fake = Archiving(mails(), {ALL: "\\All"}, capabilities=USES)
    retour = program(fake)
    result = retour.run("poll")
    equal(result.code, 1, result)
    contains(result.err, 'here "delete" only archives')
    contains(result.err, "bounces")
    equal((len(fake.boxes["INBOX"]), retour.sql("SELECT count(*) FROM event")[0][0]), (5, 0))
    contains(retour.run("doctor").out, 'here "delete" only archives')

with case("who keeps mail needs no such folder"):
    fake = Archiving(mails(), {ALL: "\\All"}, capabilities=USES)
    retour = program(fake, processed="keep", unrecognised="keep", quarantine="keep")
    equal(retour.run("poll").code, 0)
    equal((len(fake.boxes["INBOX"]), retour.sql("SELECT count(*) FROM event")[0][0]), (5, 5))

with case("the evidence says what becomes of what is deleted, in text, XML and HTML: at an archive by the trash, or not at all; elsewhere nothing speaks against it"):
    for word, words, fake in (("by-trash", "an expunge only archives there; what is deleted goes by way of the trash", Archiving(mails(), capabilities=GMAIL)),
                              ("archives", "an expunge only archives there, and there is no way to delete", Archiving(mails(), uses={ALL: "\\All"}, capabilities=GMAIL)),
                              ("deletes", "it is deleted; the server shows no archive of all mail", FakeImap(mails()))):
        retour = program(fake)
        equal(retour.run("run").code, 1 if word == "archives" else 0)
        contains(" ".join(retour.run("audit").out.split()), "What is deleted in mailbox bounces: " + words)
        contains(retour.run("audit", "--format", "xml").out, '<mailbox name="bounces" deleted="%s">%s' % (word, words))
        contains(retour.run("audit", "--format", "html").out, words)
        equal("no way to delete" in retour.run("audit").out.split("What is deleted in mailbox")[0], word == "archives")

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


def stored(retour):
    return retour.sql("SELECT count(*) FROM event")[0][0]


with case("the server does not say as what they arrive in the trash, where others come meanwhile: found by the keyword they got, and nothing else goes"):
    fake = Archiving(mails(), capabilities=GMAIL)

    def crowded(c, tag, rest):
        fake.put(TRASH, OTHERS)
        fake.put(TRASH, mails()[0])  # the same mail, by somebody else's hand
        silent(c, tag, rest)
        fake.put(TRASH, OTHERS)
    fake.on("UID MOVE", crowded)
    fake.on("STATUS", lambda c, tag, rest: c.ok(tag))
    result = program(fake).run("poll")
    equal(result.code, 0, result)
    contains(result.err, "deleted 5")
    equal(len(fake.in_trash()), 3 * len(fake.commands("UID MOVE")), fake.in_trash())
    equal(mails()[0] in fake.in_trash(), True)

with case("neither told nor keywords: nothing in the trash is deleted, and that is said"):
    fake = Archiving(mails(), keeps=False, capabilities=GMAIL)
    fake.on("UID MOVE", silent)
    retour = program(fake)
    result = retour.run("poll")
    equal(result.code, 1, result)
    contains(result.err, "cannot be told apart")
    equal((len(fake.in_trash()) > 0, stored(retour), fake.commands("UID EXPUNGE")), (True, 5, []))

with case("a server without UIDPLUS, where only EXPUNGE would take away what everybody marked: refused, and nothing is read"):
    fake = Archiving(mails(), capabilities=GMAIL.replace(" UIDPLUS", ""))
    fake.put(TRASH, OTHERS)
    retour = program(fake)
    result = retour.run("poll")
    equal(result.code, 1, result)
    contains(result.err, "UIDPLUS")
    equal((len(fake.boxes["INBOX"]), stored(retour), fake.in_trash()), (5, 0, [OTHERS]))

with case("a trash that we may not write: said before anything is moved there"):
    fake = Archiving(mails(), capabilities=GMAIL)
    fake.read_only = (TRASH,)
    retour = program(fake)
    result = retour.run("poll")
    equal(result.code, 1, result)
    contains(result.err, "read-only")
    equal((len(fake.boxes["INBOX"]), stored(retour), fake.commands("UID MOVE") + fake.commands("UID COPY")), (5, 5, []))

with case("no room in the trash: all stays where it is, and goes when there is room"):
    fake = Archiving(mails(), capabilities=GMAIL)
    full = [True]
    fake.on("UID MOVE", lambda c, tag, rest: c.send(tag + " NO [OVERQUOTA] full\r\n") if full[0] else True)
    retour = program(fake)
    result = retour.run("poll")
    equal(result.code, 1, result)
    contains(result.err, "Trash: refused by the server")
    equal((len(fake.boxes["INBOX"]), stored(retour)), (5, 5))
    full[0] = False
    equal(retour.run("poll").code, 0)
    equal((fake.all, fake.in_trash(), stored(retour)), (set(), [], 5))

LIES = {
    "of as many messages as it likes": lambda v, uids, there: "[COPYUID %d %s 1:4294967295] " % (v, uids),
    "of too few": lambda v, uids, there: "[COPYUID %d %s 1] " % (v, uids),
    "of others": lambda v, uids, there: "[COPYUID %d %s %s] " % (v, uids, ",".join(str(501 + i) for i in range(len(there.split(","))))),
    "of another folder": lambda v, uids, there: "[COPYUID %d %s %s] " % (v + 1, uids, there),
}
for keeps in (False, True):
    for name, lie in LIES.items():
        with case("the server speaks %s, %s keywords: nothing of others is deleted" % (name, "with" if keeps else "without")):
            fake = Archiving(mails(), keeps=keeps, capabilities=GMAIL)
            for n in range(8):
                fake.put(TRASH, OTHERS + b"x" * n)

            def lying(c, tag, rest):
                uids, code = fake._copied(rest)
                validity, ours, there = code.strip("[] ").split(" ")[1:]
                c.send("* OK %smoved\r\n" % lie(int(validity), ours, there))
                fake._remove(c, uids)
                c.ok(tag)
            fake.on("UID MOVE", lying)
            retour = program(fake)
            result = retour.run("poll")
            equal(sum(mail.startswith(OTHERS) for mail in fake.in_trash()), 8, fake.in_trash())
            equal((stored(retour), result.code), (5, 0 if keeps and not fake.all else 1), result)
            equal("deleted 5" in result.err, not fake.all, result)

with case("the trash is made anew while they are on their way: nothing in the new one is deleted"):
    fake = Archiving(mails(), keeps=False, capabilities=GMAIL)

    def anew(c, tag, rest):
        uids, code = fake._copied(rest)
        c.send("* OK %smoved\r\n" % code)
        fake._remove(c, uids)
        fake.boxes[TRASH] = {uid: OTHERS for uid in fake.boxes[TRASH]}
        fake.validity[TRASH] = 10
        c.ok(tag)
    fake.on("UID MOVE", anew)
    retour = program(fake)
    result = retour.run("poll")
    equal((result.code, stored(retour), set(fake.in_trash())), (1, 5, {OTHERS}), result)
    contains(result.err, "made anew")

for word in ("UID MOVE", "UID EXPUNGE"):
    with case('%s is "OK" and does nothing: not counted as deleted, and said' % word):
        fake = Archiving(mails(), capabilities=GMAIL)
        fake.on(word, lambda c, tag, rest: c.ok(tag))
        retour = program(fake)
        result = retour.run("poll")
        equal((result.code, stored(retour), len(fake.all)), (1, 5, 5), result)
        true("deleted 5" not in result.err, result)
        fake.on(word, lambda c, tag, rest: True)
        result = retour.run("poll")
        equal((result.code, stored(retour), fake.all, fake.in_trash()), (0, 5, set(), []), result)

with case("COPY is \"OK\" and does nothing, and there is no MOVE: nothing leaves the mailbox"):
    fake = Archiving(mails(), capabilities=GMAIL.replace(" MOVE", ""))
    fake.on("UID COPY", lambda c, tag, rest: c.ok(tag))
    result = program(fake).run("poll")
    equal((result.code, len(fake.boxes["INBOX"]), fake.in_trash()), (1, 5, []), result)

with case("cut before and after each command on the way through the trash: the next visits bring it to its end, nothing is counted twice, nothing of others goes"):
    for after in (False, True):
        for nth in range(3, 24, 3) if after else range(3, 22):
            fake = Archiving(mails(), capabilities=GMAIL)
            fake.put(TRASH, OTHERS)
            seen = [0]

            def cut(c, tag, rest, word):
                seen[0] += 1
                if seen[0] != nth:
                    return True
                if after:
                    getattr(fake, "_" + word.lower().replace(" ", "_"))(c, tag, rest)
                c.reset()
            for word in ("SELECT", "UID SEARCH", "UID STORE", "UID MOVE", "UID EXPUNGE"):
                fake.on(word, lambda c, tag, rest, word=word: cut(c, tag, rest, word))
            retour = program(fake)
            equal(retour.run("poll").code, 0 if seen[0] < nth else 1, "%s %d" % (after, nth))
            commands, seen[0] = seen[0], 1000  # no more cuts
            fake.boxes["INBOX"][900] = bounce("late", "5.1.1", "550 5.1.1 User unknown").encode()
            fake.all.add(fake.boxes["INBOX"][900])
            result = retour.run("poll")
            equal((result.code, fake.all, fake.in_trash(), stored(retour)), (0, set(), [OTHERS], 6), "%s %d: %r" % (after, nth, result))
        true(commands < nth, "there are more commands than were cut")

with case("the trash has a name beyond ASCII, with quotes; the folder that is read is the trash itself"):
    for name in ("Entw&APw-rfe/Gel&APY-scht", "a b"):
        fake = Archiving(mails(), trash=name, capabilities=GMAIL)
        equal(program(fake).run("poll").code, 0)
        equal((fake.all, fake.in_trash()), (set(), []), name)
    fake = Archiving([], capabilities=GMAIL)
    fake.folders[TRASH] = fake.boxes[TRASH]
    for mail in mails():
        fake.put(TRASH, mail)
        fake.all.add(mail)
    result = program(fake, folder=TRASH).run("poll")
    equal((result.code, fake.all, fake.in_trash(), fake.commands("UID MOVE")), (0, set(), [], []), result)
finish()
