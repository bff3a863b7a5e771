#!/usr/bin/python3
"""A message that lies in a mailbox and cannot be had: it is stepped over, named, tried again and alerted while it stays; all others are read
and settled; it is forgotten when it was read or is gone. Over IMAP and POP3."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.fakeimap import FakeImap
from lib.fakepop3 import FakePop3
from lib.harness import *

BAD = 3  # the UID of the message that cannot be had


def bounce(number):
    return ("From: MAILER-DAEMON@mx.example.net\r\nTo: bounces@example.org\r\nSubject: Undelivered\r\nMessage-ID: <s%d@mx.example.net>\r\nMIME-Version: 1.0\r\n"
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nsorry\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
            "Reporting-MTA: dns; mx.example.net\r\n\r\nFinal-Recipient: rfc822; someone%d@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n"
            % (number, number)).encode()


PLACEHOLDER = (b"From: System <system@mail.example.org>\r\nTo: bounces@example.org\r\nSubject: Retrieval using the %s protocol failed for the following message: 12\r\n"
               b"MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nThe server couldn't retrieve the following message:\r\n\r\n  Subject: \"Undelivered\"\r\n")
FOLDED = PLACEHOLDER.replace(b"Subject", b"SUBJECT").replace(b"following message", b"following\r\n message")
# of another language: its sender says what it is, who has no address
FOREIGN = (b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=\"iso-8859-1\"\r\nFrom: Microsoft Exchange Server 2016\r\nTo: bounces@example.org\r\n"
           b"Subject: =?iso-8859-1?Q?Fehler_beim_Abruf_=FCber_das_Protokoll_IMAP4:_12?=\r\n\r\nDer Server konnte die folgende Nachricht nicht abrufen:\r\n")


# --- the servers: each cannot give message BAD while `sick` ---------------------------------------------------------------------


def imap(answer):
    """A fetch of the body of BAD is answered with what ANSWER(fake, connection) does; True from it: the command is refused."""
    fake = FakeImap([bounce(n) for n in range(5)])
    fake.sick, fake.tries = True, 0

    def uid_fetch(c, tag, rest):
        if "BODY" not in rest or not fake.sick or BAD not in fake.uids(rest.split(" ")[0]):
            return True
        fake.tries += 1
        no = False
        for uid in fake.uids(rest.split(" ")[0]):
            if uid == BAD:
                no = answer(fake, c)
            else:
                c.send(fake.fetched(uid))
        c.send("%s NO [SERVERBUG] damaged\r\n" % tag) if no else c.ok(tag)

    fake.on("UID FETCH", uid_fetch)
    return fake


def refusing(command, body, answer):
    """COMMAND for a range that has BAD in it, by UID or by number, is answered so as a whole."""
    fake = FakeImap([bounce(n) for n in range(5)])
    fake.sick, fake.tries = True, 0

    def asked(c, tag, rest):
        there, (first, _, last) = sorted(fake.mails), rest.split(" ")[0].partition(":")
        uids = fake.uids(rest.split(" ")[0]) if command == "UID FETCH" else there[int(first) - 1:int(last or first)]
        if not fake.sick or BAD not in uids or body != ("BODY" in rest):
            return True
        fake.tries += 1
        return c.send("%s %s\r\n" % (tag, answer))

    fake.on(command, asked)
    return fake


class SickPop3(FakePop3):
    def __init__(self, answer):
        super().__init__([bounce(n) for n in range(5)])
        self.answer, self.sick, self.tries = answer, True, 0

    def _pop_retr(self, c, rest):
        if self.sick and dict(self._there(c)).get(int(rest)) == BAD:
            self.tries += 1
            return c.send(self.answer)
        return super()._pop_retr(c, rest)


class SilentPop3(SickPop3):
    def _pop_retr(self, c, rest):
        if self.sick and dict(self._there(c)).get(int(rest)) == BAD:
            self.tries += 1
            silence(c)
        return FakePop3._pop_retr(self, c, rest)


class EndlessPop3(SickPop3):
    def _pop_retr(self, c, rest):
        if self.sick and dict(self._there(c)).get(int(rest)) == BAD:
            self.tries += 1
            c.send("+OK\r\n")
            c.flood(b"and so on\r\n" * 6000)
        return FakePop3._pop_retr(self, c, rest)


def silence(c):
    """Until the client goes; what was sent before is on its way."""
    while c.sock.recv(65536):
        pass
    raise EOFError


CASES = [
    ("IMAP: NO", lambda: imap(lambda fake, c: True), "does not give its text"),
    ("IMAP: left out of the answer", lambda: imap(lambda fake, c: None), "does not give its text"),
    ("IMAP: NIL", lambda: imap(lambda fake, c: c.send("* %d FETCH (UID %d BODY[] NIL)\r\n" % (fake.number(BAD), BAD))), "does not give its text"),
    ("IMAP: empty", lambda: imap(lambda fake, c: c.send("* %d FETCH (UID %d BODY[] \"\")\r\n" % (fake.number(BAD), BAD))), "gives an empty text"),
    ("IMAP: without its UID", lambda: imap(lambda fake, c: c.send(b"* %d FETCH (BODY[] {5}\r\nhello)\r\n" % fake.number(BAD))), "does not give its text"),
    ("IMAP: a placeholder", lambda: imap(lambda fake, c: c.send(fake.fetched(BAD, PLACEHOLDER % b"IMAP4"))), "gives a notice in its place"),
    ("IMAP: a placeholder with a fold", lambda: imap(lambda fake, c: c.send(fake.fetched(BAD, FOLDED % b"IMAP4"))), "gives a notice in its place"),
    ("IMAP: a placeholder in another language", lambda: imap(lambda fake, c: c.send(fake.fetched(BAD, FOREIGN))), "gives a notice in its place"),
    ("IMAP: blanks", lambda: imap(lambda fake, c: c.send(fake.fetched(BAD, b" \r\n\r\n"))), "gives an empty text"),
    ("IMAP: only its header", lambda: imap(lambda fake, c: c.send(fake.fetched(BAD).replace(b"BODY[]", b"BODY[HEADER]"))), "does not give its text"),
    ("IMAP: BAD for all that are asked for with it", lambda: refusing("UID FETCH", True, "BAD Command Argument Error"), "does not give its text"),
    ("IMAP: nothing for all that are asked for with it", lambda: refusing("UID FETCH", True, "OK FETCH completed"), "does not give its text"),
    ("IMAP: no IMAP", lambda: imap(lambda fake, c: c.send(fake.fetched(BAD).replace(b"01-Nov-2026 10:00:00 +0000", b""))), "the server's answer for it breaks the protocol"),
    ("IMAP: silence", lambda: imap(lambda fake, c: silence(c)), "UID 3 cannot be had: the server falls silent while it is read"),
    ("POP3: silence", lambda: SilentPop3(None), "message 3 (UIDL u3) cannot be had: the server falls silent while it is read"),
    ("POP3: no end", lambda: EndlessPop3(None), "message 3 (UIDL u3) cannot be had: the server sends no end of it"),
    ("POP3: -ERR", lambda: SickPop3("-ERR [SYS/PERM] unavailable\r\n"), "message 3 (UIDL u3) cannot be had"),
    ("POP3: empty", lambda: SickPop3("+OK\r\n.\r\n"), "gives an empty text"),
    ("POP3: blanks", lambda: SickPop3("+OK\r\n\r\n.\r\n"), "gives an empty text"),
    ("POP3: a placeholder", lambda: SickPop3(b"+OK\r\n" + PLACEHOLDER % b"POP3" + b".\r\n"), "gives a notice in its place"),
]


def program(fake, **keys):
    retour = Retour()
    retour.config["mailbox bounces"] = fake.mailbox(retour.secret(), **{"unrecognised": "delete", "quarantine": "delete", "timeout": "2s", **keys})
    return retour


def events(retour):
    return retour.sql("SELECT count(*) FROM event")[0][0]


def open_alerts(retour):
    return [(a["condition"], a["subject"]) for a in retour.run("alerts", "--json").lines() if not a.get("cleared")]


def at(hour):
    return "2026-11-02T%02d:00:00Z" % hour


for name, server, why in CASES:
    fake = server()
    retour = program(fake)
    with case(name + ": the others are read and settled, it is named, exit 1"):
        result = retour.run("run")
        equal(result.code, 1, result)
        contains(result.err, why)
        contains(result.err, "message 3 (UIDL u3)" if fake.mailbox("")["protocol"] == "pop3" else "UID 3")
        equal(events(retour), 4, result)
        equal(sorted(fake.mails), [BAD], fake.said)
        contains(result.err, "deleted 4")
    with case(name + ": the alert message-stuck is open, mailbox-silent and login-refused are not"):
        equal(open_alerts(retour), [("message-stuck", "bounces")])
    with case(name + ": tried again in the next run, and the alert stays one"):
        tries = fake.tries
        result = retour.run("run")
        equal(result.code, 1, result)
        true(fake.tries > tries, "it was not tried again")
        equal(sorted(fake.mails), [BAD])
        equal(open_alerts(retour), [("message-stuck", "bounces")])
    with case(name + ": when it can be had it is read, settled and forgotten, and the alert clears"):
        fake.sick = False
        retour.now = at(13)
        result = retour.run("run")
        equal(result.code, 0, result)
        equal(events(retour), 5)
        equal(fake.mails, {})
        equal(retour.sql("SELECT count(*) FROM stuck"), [(0,)])
        equal(open_alerts(retour), [])

# --- many that break the connection, or hang: each visit gets further -----------------------------------------------------------

MANY = set(range(3, 11))  # of 12 messages, one behind the other


def cut(c):
    c.reset()


class ManyPop3(FakePop3):
    def __init__(self, bad, how):
        super().__init__([bounce(n) for n in range(12)])
        self.bad, self.how, self.tried = set(bad), how, []

    def _pop_retr(self, c, rest):
        uid = dict(self._there(c)).get(int(rest))
        if uid in self.bad:
            self.tried.append(uid)
            self.how(c)
        return super()._pop_retr(c, rest)


def many_imap(bad, how):
    fake = FakeImap([bounce(n) for n in range(12)])
    fake.bad, fake.tried = set(bad), []

    def uid_fetch(c, tag, rest):
        if "BODY" not in rest:
            return True
        for uid in fake.uids(rest.split(" ")[0]):
            if uid in fake.bad:
                fake.tried.append(uid)
                how(c)
            c.send(fake.fetched(uid))
        c.ok(tag)

    fake.on("UID FETCH", uid_fetch)
    return fake


for name, server in (("IMAP", many_imap), ("POP3", ManyPop3)):
    fake = server(MANY, cut)
    retour = program(fake)
    with case(name + ": eight messages in a row break the connection: each visit gets further, all others are read"):
        known = 0
        for visit in range(8):
            retour.run("poll")
            now = retour.sql("SELECT count(*) FROM stuck")[0][0]
            true(now > known or now == len(MANY), "visit %d: %d known, before %d" % (visit, now, known))
            known = now
            if set(fake.mails) == MANY:
                break
        equal((events(retour), set(fake.mails)), (4, MANY), "after %d visits" % (visit + 1))
        comment("%s: %d visits" % (name, visit + 1))
    with case(name + ": what comes after is read at once, and those that break are tried in turn, last"):
        fake.mails[fake.uidnext] = bounce(50)
        fake.uidnext += 1
        fake.tried.clear()
        result = retour.run("poll")
        equal((result.code, events(retour), set(fake.mails)), (1, 5, MANY), result)
        true(0 < len(fake.tried) < len(MANY), fake.tried)
        contains(result.err, "this visit had no time to try it")
        equal(retour.sql("SELECT count(*) FROM stuck"), [(len(MANY),)])
        for _ in range(40):
            if set(fake.tried) == MANY:
                break
            retour.run("poll")
        equal(set(fake.tried), MANY, "each had its turn")
    with case(name + ": one that can be had is had, though all others still break"):
        fake.bad.discard(7)
        for _ in range(40):
            retour.run("poll")
            if 7 not in fake.mails:
                break
        equal((events(retour), set(fake.mails)), (6, MANY - {7}))
    fake = server({3, 4, 5}, silence)
    retour = program(fake, timeout="1s")
    with case(name + ": three in a row at which the server falls silent: the second visit has all others"):
        result = retour.run("poll")
        equal((result.code, retour.sql("SELECT count(*) FROM stuck")), (1, [(2,)]), result)
        contains(result.err, "no answer for 1 s")
        retour.run("poll")
        equal((events(retour), set(fake.mails)), (9, {3, 4, 5}))

# --- POP3: what STAT says and what is listed ---------------------------------------------------------------------------------------


class Miscounting(FakePop3):
    stat = 0
    hidden = frozenset()

    def _pop_stat(self, c, _rest):
        c.send("+OK %d 100\r\n" % self.stat)

    def _pop_uidl(self, c, _rest):
        self._lines(c, ["%d u%d" % (number, uid) for number, uid in self._there(c) if uid not in self.hidden])


for stat, hidden, left in ((0, (), 0), (3, (), 0), (5, (2, 4), 2), (4000000000, (), 0)):
    with case("POP3: STAT says %d of five, of which %d are listed: what is listed is read, and it is said" % (stat, 5 - len(hidden))):
        fake = Miscounting([bounce(n) for n in range(5)])
        fake.stat, fake.hidden = stat, set(hidden)
        retour = program(fake)
        result = retour.run("poll")
        equal((result.code, events(retour), len(fake.mails)), (1, 5 - left, left), result)
        contains(result.err, "there are %d messages (STAT) and lists %d" % (stat, 5 - left))

with case("POP3: a unique-id that may be an address is not passed on"):
    fake = SickPop3("-ERR no\r\n")
    fake._pop_uidl = lambda c, rest: fake._lines(c, ["%d u%d@example.net" % there for there in fake._there(c)])
    contains(program(fake).run("poll").err, "message 3 cannot be had")

with case("POP3: an empty maildrop that has no list is empty"):
    fake = FakePop3([])
    fake._pop_uidl = fake._pop_list = lambda c, rest: c.send("-ERR no messages\r\n")
    for keys in ({}, {"processed": "keep"}):
        equal(program(fake, **keys).run("poll").code, 0)

# --- what goes ------------------------------------------------------------------------------------------------------------------

for name, server in (("IMAP", CASES[0][1]), ("POP3", next(server for name, server, _why in CASES if name == "POP3: -ERR"))):
    with case(name + ": one that somebody else deletes is forgotten"):
        fake = server()
        retour = program(fake)
        retour.run("poll")
        equal(retour.sql("SELECT count(*) FROM stuck"), [(1,)])
        del fake.mails[BAD]
        retour.now = at(8)
        equal(retour.run("poll").code, 0)
        equal(retour.sql("SELECT count(*) FROM stuck"), [(0,)])

# --- what is said to be gone and is not ------------------------------------------------------------------------------------------


class Hoarder(FakePop3):
    def _pop_quit(self, c, _rest):
        c.send("+OK bye\r\n")
        raise EOFError


class Limited(FakePop3):
    """Takes one login for each run."""
    logins = 0

    def _pop_auth(self, c, rest):
        self.logins += 1
        return super()._pop_auth(c, rest) if self.logins % 2 else c.send("-ERR [LOGIN-DELAY] not so soon\r\n")


def idle_imap(word):
    fake = FakeImap([bounce(n) for n in range(5)])
    fake.on(word, lambda c, tag, rest: c.ok(tag))
    return fake


STILL = "still there: this mailbox is not emptied"
for name, server, keys, why in (("IMAP: UID EXPUNGE", lambda: idle_imap("UID EXPUNGE"), {}, STILL),
                                ("IMAP: UID MOVE", lambda: idle_imap("UID MOVE"), {"processed": "move:Done"}, "where 0 more are than before"),
                                ("POP3: QUIT", lambda: Hoarder([bounce(n) for n in range(5)]), {}, STILL)):
    fake = server()
    retour = program(fake, **keys)
    with case(name + " is answered with OK and does nothing: exit 1, in words, nothing is counted twice"):
        for _ in range(2):
            result = retour.run("run")
            equal(result.code, 1, result)
            contains(result.err, why)
        equal(events(retour), 5)
        equal(len(fake.mails), 5)
    with case(name + ": after six hours mailbox-silent opens"):
        retour.now = at(13)
        retour.run("run")
        equal(open_alerts(retour), [("mailbox-silent", "bounces")])

with case("POP3: a server that does not want us again so soon is no failure"):
    fake = Limited([bounce(n) for n in range(5)])
    retour = program(fake)
    result = retour.run("poll")
    equal((result.code, fake.mails, fake.logins), (0, {}, 2), result)

for answer in "NO [SERVERBUG] damaged", "BAD what":
    for BAD in 1, 3, 5:
        with case("IMAP: a listing with UID %d in it is refused, %s: all others are read and settled, and it is said" % (BAD, answer)):
            fake = refusing("FETCH", False, answer)
            retour = program(fake)
            for _ in range(2 if BAD == 5 else 1):
                result = retour.run("run")
            equal((result.code, events(retour), sorted(fake.mails)), (1, 4, [BAD]), result)
            contains(result.err, "refuses to list the folder" if BAD == 5 else "1 messages more than it lists")
            fake.sick = False
            equal((retour.run("run").code, events(retour), fake.mails), (0, 5, {}))
BAD = 3

for name, answer in ("no POP3", "+OKAY\r\n.\r\n"), ("a refusal with a text behind it", "-ERR damaged\r\nand more\r\n.\r\n"):
    with case("POP3: one message is answered with %s: all others are read and settled, what came in the same step at the second visit" % name):
        fake = SickPop3(answer)
        retour = program(fake)
        result = retour.run("run")
        equal((result.code, events(retour), sorted(fake.mails)), (1, 4, [1, 2, BAD]), result)
        result = retour.run("run")
        equal((result.code, events(retour), sorted(fake.mails)), (1, 4, [BAD]), result)
        equal(open_alerts(retour), [("message-stuck", "bounces")])
        fake.sick = False
        equal((retour.run("run").code, events(retour), fake.mails), (0, 5, {}))

with case("a dry run names it and remembers nothing"):
    fake = CASES[1][1]()
    retour = program(fake)
    result = retour.run("poll", "--dry-run")
    equal(result.code, 1, result)
    contains(result.err, "UID 3")
    true(not os.path.exists(retour.database) or not retour.sql("SELECT count(*) FROM stuck")[0][0], "it was remembered")

with case("a message that is empty is none that cannot be had"):
    fake = FakeImap([bounce(0), b"", bounce(1)])
    retour = program(fake)
    result = retour.run("poll")
    equal(result.code, 0, result)
    equal(fake.mails, {})

with case("a listing has the same UID for all: what it tells is settled, the others are missed in words, exit 1"):
    fake = FakeImap([bounce(n) for n in range(5)])
    fake.on("FETCH", lambda c, tag, rest: [c.send("* %d FETCH (UID 3 RFC822.SIZE 900)\r\n" % (n + 1)) for n in range(len(fake.mails))] and c.ok(tag))
    retour = program(fake)
    for _ in range(2):
        result = retour.run("run")
        equal(result.code, 1, result)
        contains(result.err, "messages more than it lists")
    equal((events(retour), len(fake.mails)), (1, 4))

with case("MOVE is offered and not known: mail is copied and then deleted"):
    fake = FakeImap([bounce(n) for n in range(5)])
    fake.on("UID MOVE", lambda c, tag, rest: c.send(tag + " BAD unknown command\r\n"))
    retour = program(fake, processed="move:Done")
    equal(retour.run("run").code, 0)
    equal((len(fake.mails), len(fake.folders["Done"])), (0, 5))
    equal(len(fake.commands("UID MOVE")), 1)

with case("a namespace with line ends is none: no command of ours carries a line of the server's"):
    fake = FakeImap([bounce(n) for n in range(5)])
    fake.on("NAMESPACE", lambda c, tag, rest: c.send('* NAMESPACE (({11}\r\nX\r\nA LOGOUT ".")) NIL NIL\r\n') or c.ok(tag))
    retour = program(fake, processed="move:Done")
    retour.run("run")
    true(not any(line.startswith("A LOGOUT") for line in fake.said), fake.said)

with case("UIDNEXT is too low: what lies there is read"):
    fake = FakeImap([bounce(n) for n in range(5)])
    fake.uidnext = 3
    retour = program(fake)
    result = retour.run("poll")
    equal(result.code, 0, result)
    equal(events(retour), 5)
    equal(fake.mails, {})

with case("the listing has the largest UID there can be: the others are read"):
    fake = FakeImap([bounce(n) for n in range(5)])
    fake.on("FETCH", lambda c, tag, rest: c.send("* 1 FETCH (UID 4294967295 RFC822.SIZE 900)\r\n") or True)
    retour = program(fake)
    retour.run("poll")
    equal((events(retour), fake.mails), (5, {}))

with case("a message has the largest UID there can be and stays: nothing lies beyond it, nothing is asked, exit 0"):
    fake = FakeImap([bounce(n) for n in range(5)])
    fake.mails[4294967295] = fake.mails.pop(5)
    retour = program(fake, processed="keep")
    for _ in range(2):
        result = retour.run("run")
        equal((result.code, events(retour), len(fake.mails)), (0, 5, 5), result)

with case("a folder that mail goes to has the largest UID there can be and its server tells no UIDNEXT: what lies below it expires all the same"):
    fake = FakeImap([])
    there, asked = {7: b"", 4294967295: b""}, ["INBOX"]
    fake.folders["Unrecognised"] = [b"", b""]

    def listed(c, tag, rest):
        if asked[-1] != "Unrecognised":
            return True
        low, _, high = rest.split(" ")[0].partition(":")
        for number in range(int(low), min(int(high or low), len(there)) + 1):
            c.send("* %d FETCH (UID %d RFC822.SIZE 9)\r\n" % (number, sorted(there)[number - 1]))
        return c.ok(tag)

    def selected(c, tag, rest):
        asked.append(rest.strip('"'))
        if asked[-1] != "Unrecognised":
            return True
        c.send("* FLAGS (\\Deleted)\r\n* %d EXISTS\r\n* OK [UIDVALIDITY 9] .\r\n" % len(there))
        return c.ok(tag, "[READ-WRITE] selected")

    def removed(c, tag, rest):
        fake.deleted = set()
        for uid in map(int, rest.split(",")):
            there.pop(uid)
        return c.ok(tag)

    fake.on("SELECT", selected)
    fake.on("FETCH", listed)
    fake.on("UID EXPUNGE", removed)
    retour = program(fake, unrecognised="move:Unrecognised", raw_retention="7d")
    equal(retour.run("run").code, 0)
    equal(retour.sql("SELECT uidnext FROM folder WHERE name = 'Unrecognised'"), [(4294967295,)])
    retour.now = "2026-11-12T06:00:00Z"
    result = retour.run("run")
    equal((result.code, sorted(there)), (0, [4294967295]), (result, fake.said))

with case("a folder is opened and nothing said of how many messages it has: said, exit 1, not taken for empty"):
    fake = FakeImap([bounce(n) for n in range(5)])
    fake.on("SELECT", lambda c, tag, rest: c.send("* FLAGS (\\Deleted)\r\n* OK [UIDVALIDITY 77] .\r\n* OK [UIDNEXT 6] .\r\n") or c.ok(tag, "[READ-WRITE] selected"))
    result = program(fake).run("poll")
    equal(result.code, 1, result)
    contains(result.err, "the server does not say how many messages the folder has")

for action, first, later in (("delete", 2, 0), ("keep", 2, 2)):
    with case("EXISTS and UIDNEXT are too low, %s: what the server counts is read, that there is more is said by each visit, and nothing is lost" % action):
        fake = FakeImap([bounce(n) for n in range(5)])
        retour, counted = program(fake, processed=action), []
        fake.on("SELECT", lambda c, tag, rest: c.send("* FLAGS (\\Deleted)\r\n* %d EXISTS\r\n* OK [UIDVALIDITY 77] .\r\n* OK [UIDNEXT 3] .\r\n" % counted[-1])
                or c.ok(tag, "[READ-WRITE] selected"))
        for counted_now in (first, later):
            counted.append(counted_now)
            result = retour.run("run")
            equal(result.code, 1, result)
            contains(result.err, "the server counts %d messages (EXISTS) and finds 3 more, from UID 3 on: they stay there" % later)
        equal((events(retour), len(fake.mails)), (2, 3 if action == "delete" else 5))
        fake.on("SELECT", lambda c, tag, rest: True)
        equal((retour.run("run").code, events(retour), len(fake.mails)), (0, 5, 0 if action == "delete" else 5))

with case("mail that comes during a visit is no such case: the server has told it, it waits, and nothing is said"):
    fake = FakeImap([bounce(n) for n in range(5)])

    def another(c, tag, rest):
        if len(fake.mails) == 5 and fake.uidnext == 6:
            fake.mails[6], fake.uidnext = bounce(6), 7
            c.send("* 6 EXISTS\r\n")
        return True

    fake.on("UID FETCH", another)
    retour = program(fake)
    result = retour.run("run")
    equal((result.code, events(retour), list(fake.mails)), (0, 5, [6]), result)
    equal((retour.run("run").code, events(retour), fake.mails), (0, 6, {}))
    equal(fake.commands("SEARCH"), ["SEARCH UID 6:*"], "asked only where something lies beyond what was read")

with case("an end of a visit costs one SEARCH"):
    fake = FakeImap([bounce(n) for n in range(5)])
    retour = program(fake)
    retour.run("run")
    retour.run("run")
    equal(fake.commands("UID SEARCH") + fake.commands("SEARCH"), ["UID SEARCH UID 1:5,6:*", "UID SEARCH UID 1:*"])

finish()
