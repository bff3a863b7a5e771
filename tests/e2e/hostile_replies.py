#!/usr/bin/python3
"""Answers of IMAP and POP3 servers that nobody should send, one kind at a time. Whatever it was: the visit ends in time, in its memory, with words where it failed, and
without an address or the password; and when the server is honest again, all mail is read, counts once and is gone."""
import base64
import concurrent.futures
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.certificates import authority
from lib.fakeimap import FakeImap
from lib.fakepop3 import FakePop3
from lib.fakesmtp import FakeSmtp
from lib.harness import *

Retour.watched = True

LIMIT = 64 * 1024  # KiB
SANITIZED = "asan" in os.environ.get("RETOUR", "")
MAILS = 5
AT_ONCE = 24
PACKED = {name: base64.b64encode(b"\0%s@example.org\0%s" % (name.encode(), PASSWORD.encode())).decode()[32:52] for name in ("bounces", "retour")}


def bounce(number):
    return ("From: MAILER-DAEMON@mx.example.net\r\nTo: bounces@example.org\r\nSubject: Undelivered\r\nMessage-ID: <r%d@mx.example.net>\r\nMIME-Version: 1.0\r\n"
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nsorry\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
            "Reporting-MTA: dns; mx.example.net\r\n\r\nFinal-Recipient: rfc822; someone%d@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n"
            % (number, number)).encode()


authority().cert("good")  # made before many want it

attacks = []  # most of their time they wait: many at once


def attacked(name, kind, command, answer, **more):
    attacks.append(("%s, %s: %s" % (kind.__name__[4:].lower(), command or "greeting", name), (kind, command, answer), more))


def attack(kind, command, answer, lost=0, within=25, code=None, **keys):
    """COMMAND is answered by ANSWER(fake, connection, tag, rest), or with that text, or that text and then what is honest (of a pair (TEXT, True)); LOST: so many mails
    others took away."""
    fake = kind([bounce(number) for number in range(MAILS)])
    honest = fake.greeting
    if command:
        fake.on(command, lambda c, tag, rest: replied(fake, c, tag, rest, answer))
    else:
        fake.greeting = answer if isinstance(answer, str) else lambda c: answer(fake, c, "", "")
    retour = Retour()
    retour.config["mailbox bounces"] = fake.mailbox(retour.secret(), unrecognised="delete" if kind is FakeImap else None, timeout="2s", deadline="10s", **keys)
    result = retour.run("poll", timeout=60)
    true(result.code in ((0, 1) if code is None else (code,)), result)
    true(result.seconds < within, "it took %.1f s" % result.seconds)
    true(SANITIZED or max(result.memory.values(), default=0) < LIMIT, result.memory)
    true(result.code == 0 or result.err, "failed without a word")
    for secret in (PASSWORD, PACKED["bounces"], "bounces@example.org", "someone", "\x1b"):
        true(secret not in result.err, result.err)
    fake._handlers.clear()
    fake.greeting, fake.deleted = honest, set()
    for _ in range(2):  # what could not be had is tried again
        result = retour.run("poll", timeout=60)
    equal((result.code, len(fake.mails), retour.sql("SELECT count(*), count(DISTINCT pseudonym) FROM event")), (0, 0, [(MAILS - lost, MAILS - lost)]), result)


def replied(fake, c, tag, rest, answer):
    text, goes_on = answer if isinstance(answer, tuple) else (answer, False)
    if callable(text):
        return text(fake, c, tag, rest)
    c.send(text.replace("TAG", tag).encode(errors="surrogateescape"))
    return goes_on


def flood(head, more):
    return lambda fake, c, tag, rest: c.send(head.replace("TAG", tag)) or c.flood(more.encode() * (65536 // len(more)))


def drip(text):
    def slowly(fake, c, tag, rest):
        for sign in text.replace("TAG", tag):
            c.send(sign)
            time.sleep(1)
    return slowly


def then_closed(text):
    return lambda fake, c, tag, rest: c.send(text.replace("TAG", tag)) or c.close()


def bodies(head):
    """Each mail that was asked for, behind HEAD, which has %(number)d, %(uid)d, %(size)d."""
    def given(fake, c, tag, rest):
        for uid in fake.uids(rest.split(" ")[0]):
            mail = fake.mails[uid]
            c.send(head.encode() % {b"number": fake.number(uid), b"uid": uid, b"size": len(mail)} + mail + b")\r\n")
        c.ok(tag)
    return given


def imap(name, command, answer, **more):
    attacked(name, FakeImap, command, answer, **more)


# --- numbers -----------------------------------------------------------------------------------------------------------------

for size in ("-1", "4294967296", "4294967301", "18446744073709551616", "99999999999999999999999", "2147483648", "0x10", "5+", "", "5 "):
    imap("a literal of {%s}" % size, "UID FETCH", flood("* 1 FETCH (UID 1 BODY[] {%s}\r\n" % size, "x" * 70 + "\r\n"))
    imap("a literal of {%s}, then nothing" % size, "UID FETCH", "* 1 FETCH (UID 1 BODY[] {%s}\r\n" % size)
for count in ("-5", "4294967301", "99999999999999999999", "0", "5 5", ""):
    imap("%s EXISTS" % (count or "no number"), "SELECT", "* %s EXISTS\r\n* OK [UIDVALIDITY 77] .\r\n* OK [UIDNEXT 6] .\r\nTAG OK [READ-WRITE] done\r\n" % count)
for size in ("-1", "0", "4294967295", "4294967296", "NIL"):
    imap("RFC822.SIZE %s" % size, "FETCH", "".join("* %d FETCH (UID %d RFC822.SIZE %s)\r\n" % (n, n, size) for n in range(1, MAILS + 1)) + "TAG OK done\r\n")
for uid in ("0", "-1", "4294967297", "NIL"):  # the third is 1 to the library, and who gives a mail that number gives it a body
    imap("a listing with UID %s" % uid, "FETCH", ("* 1 FETCH (UID %s RFC822.SIZE 900)\r\n" % uid, True))
    if uid != "4294967297":
        imap("a mail with UID %s among them" % uid, "UID FETCH", ("* 1 FETCH (UID %s BODY[] {3}\r\nabc)\r\n" % uid, True))
imap("numbers without end in SEARCH", "UID SEARCH", flood("* SEARCH", " 4294967295"))
imap("negative numbers in SEARCH", "UID SEARCH", "* SEARCH -1 -2 0 99999999999999999999\r\nTAG OK done\r\n")

# --- what comes unasked ------------------------------------------------------------------------------------------------------


def taken(fake, c, tag, rest):
    """Somebody else deletes one while they are read: this is true, and said where a server may not say it."""
    uids = fake.uids(rest.split(" ")[0])
    if 2 in uids and "BODY" in rest:
        c.send("* 2 EXPUNGE\r\n")
        del fake.mails[2]
    return True


imap("EXPUNGE while mail is read: the others are read under their own numbers", "UID FETCH", taken, lost=1)
imap("EXPUNGE of all, though they are there", "UID FETCH", ("* 1 EXPUNGE\r\n" * MAILS, True))
imap("EXPUNGE of numbers that there are not", "UID FETCH", ("* 0 EXPUNGE\r\n* 4294967295 EXPUNGE\r\n* -1 EXPUNGE\r\n", True))
imap("EXISTS goes up and down", "UID FETCH", ("* 4294967295 EXISTS\r\n* 0 EXISTS\r\n* 7 EXISTS\r\n", True))
imap("another session's tag", "UID FETCH", ("ZZZ9 OK done\r\n", True))
imap("another session's tag, without end", "UID FETCH", flood("", "ZZZ9 OK done\r\n"))
imap("an answer to what was not said yet", "SELECT", ("".join("%d OK done\r\n" % n for n in range(100)), True))
imap("continuations without end", "UID FETCH", flood("", "+ go on\r\n"))
imap("a continuation, then nothing", "NOOP", "+ go on\r\n")
imap("continuations without end at the login", "AUTHENTICATE", flood("", "+ \r\n"))
imap("a challenge without end", "AUTHENTICATE", flood("+ ", "QUJD"))
imap("words that nobody knows", "SELECT", ("* XYZZY (1 2 3) \"x\" {3}\r\nabc\r\n", True))
imap("parentheses without end", "UID FETCH", flood("* 1 FETCH (BODYSTRUCTURE ", "("))
imap("parentheses, 100,000 deep", "UID FETCH", "* 1 FETCH (BODYSTRUCTURE " + "(" * 100000 + ")" * 100000 + ")\r\nTAG OK done\r\n")
imap("an address list, 100,000 deep", "UID FETCH", "* 1 FETCH (ENVELOPE " + "(" * 100000 + "\r\nTAG OK done\r\n")
imap("response codes, 100,000 deep", "NOOP", "* OK [" + "(" * 100000 + "] x\r\nTAG OK done\r\n")

# --- a mail that is another, or none -----------------------------------------------------------------------------------------

DATES = ("99-Foo-9999 99:99:99 +9999", "01-Jan-0000 00:00:00 +0000", "31-Dec-999999999999 00:00:00 +0000", "x" * 100000, "")
for date in DATES:
    imap("INTERNALDATE \"%s\"" % date[:40], "UID FETCH", bodies('* %(number)d FETCH (UID %(uid)d INTERNALDATE "' + date + '" BODY[] {%(size)d}\r\n'))
imap("a part, where all was asked for", "UID FETCH", bodies('* %(number)d FETCH (UID %(uid)d INTERNALDATE "01-Nov-2026 10:00:00 +0000" BODY[]<0> {%(size)d}\r\n'))
imap("the body twice, the first one empty", "UID FETCH", bodies('* %(number)d FETCH (UID %(uid)d INTERNALDATE "01-Nov-2026 10:00:00 +0000" BODY[] "" BODY[] {%(size)d}\r\n'))
imap("the number twice", "UID FETCH", bodies('* %(number)d FETCH (UID %(uid)d UID %(uid)d INTERNALDATE "01-Nov-2026 10:00:00 +0000" BODY[] {%(size)d}\r\n'))


# --- folders -----------------------------------------------------------------------------------------------------------------

WILD = ("../../../etc/passwd", "*", "%", "a\x07b", "x" * 200000, "&AAA", "&-&-&", "\udc80\udcff", "INBOX/INBOX", "")
for name in WILD:
    imap("a folder named %s" % ascii(name[:30]), "LIST", ('* LIST (\\HasNoChildren) "/" "%s"\r\n' % name, True))
imap("a name with a line's end", "LIST", ("* LIST () \"/\" {13}\r\nx\r\nA1 LOGOUT\r\n\r\n", True))
imap("folders without end", "LIST", flood("", '* LIST () "/" "x"\r\n'))
for sign in ("NIL", '""', '"//"', '"\r\n"', "{1}\r\n/", '"\x01"'):
    imap("the sign between folders is %s" % ascii(sign), "LIST", ('* LIST () %s "x"\r\n' % sign, True), processed="move:Done/Deep")
    imap("the namespace's sign is %s" % ascii(sign), "NAMESPACE", "* NAMESPACE ((\"INBOX*%%\" %s)) NIL NIL\r\nTAG OK done\r\n" % sign)
imap("UIDVALIDITY 0", "SELECT", "* 5 EXISTS\r\n* OK [UIDVALIDITY 0] .\r\n* OK [UIDNEXT 6] .\r\nTAG OK [READ-WRITE] done\r\n")
imap("UIDVALIDITY three times", "SELECT", ("* OK [UIDVALIDITY 1] .\r\n* OK [UIDVALIDITY 2] .\r\n", True))

# --- words -------------------------------------------------------------------------------------------------------------------

for word in ("AUTHENTICATE", "SELECT", "UID FETCH"):
    imap("the password, the name and a terminal's signs come back in the refusal", word,
         "TAG NO [ALERT] \x1b[31m%s is wrong for bounces@example.org, \x07 %%n%%s%%n <someone@example.com>\r\n" % PASSWORD, code=1)
imap("the line of the login comes back in base64", "AUTHENTICATE", lambda fake, c, tag, rest: (c.send("+ \r\n"), c.send(tag + " BAD unknown: " + c.readline() + "\r\n")), code=1)
imap("a referral to another server", "AUTHENTICATE", "TAG NO [REFERRAL imap://evil.example.net/] go there\r\n", code=1)

# --- the end, anywhere, and slowness ------------------------------------------------------------------------------------------

for word in ("CAPABILITY", "AUTHENTICATE", "NAMESPACE", "SELECT", "FETCH", "UID FETCH", "UID STORE", "UID EXPUNGE", "UID SEARCH", "NOOP", "LOGOUT"):
    imap("BYE", word, then_closed("* BYE [UNAVAILABLE] not now\r\n"))
    imap("BYE, and an OK behind it", word, then_closed("* BYE not now\r\nTAG OK done\r\n"))
    imap("BAD", word, "TAG BAD no\r\n")
    imap("cut within the tag", word, lambda fake, c, tag, rest: c.send(tag[:1]) or c.close())
for word in ("CAPABILITY", "UID FETCH"):
    imap("a sign in a second", word, drip("* OK " + "x" * 60))
imap("a sign in a second", None, lambda fake, c, tag, rest: drip("* OK " + "x" * 60)(fake, c, tag, rest))


# --- POP3 ----------------------------------------------------------------------------------------------------------------------

class Pop3(FakePop3):
    """As FakePop3; `on` answers for it."""

    def _command(self, c, line):
        if not hasattr(c, "order"):
            c.order, c.marked = sorted(self.mails), set()
        word, _, rest = line.partition(" ")
        handler = self._handlers.get(word.upper())
        if not handler or handler(c, "", rest):
            super()._command(c, line)


Pop3.__name__ = "FakePop3"


def pop(name, command, answer, **more):
    attacked(name, Pop3, command, answer, **more)


for stat in ("-5 -5", "4294967301 100", "99999999999999999999 1", "0 0", "5", "", "5 -1", "NIL NIL"):
    pop("STAT says %s" % (stat or "nothing"), "STAT", "+OK %s\r\n" % stat)
for line in ("0 5", "-1 5", "4294967297 900", "1 -5", "1 99999999999999999999", "x y", "", "1", "6 900"):
    pop("LIST has %s" % (ascii(line) if line else "an empty line"), "LIST", "+OK\r\n" + "1 500\r\n2 500\r\n%s\r\n.\r\n" % line)
for line in ("0 a", "1 ", "1 " + "x" * 100000, "1 a b", "1 \x01\x02", "-1 a", "1 u2\r\n2 u2\r\n3 u2", "9 u9", "x"):
    pop("UIDL has %s" % ascii(line[:30]), "UIDL", "+OK\r\n%s\r\n.\r\n" % line)
pop("LIST without end", "LIST", flood("+OK\r\n", "1 500\r\n"))
pop("UIDL without end", "UIDL", flood("+OK\r\n", "1 u1\r\n"))
pop("CAPA without end", "CAPA", flood("+OK\r\n", "X-Y\r\n"))
pop("a line without end", "RETR", flood("+OK\r\n", "x"))
pop("a mail without end", "RETR", flood("+OK\r\n", "x\r\n"))
pop("a mail of NULs without end", "RETR", flood("+OK\r\n", "\0"))
pop("two answers to one question", "STAT", ("+OK 5 100\r\n", True))
pop("an answer before the question", "PASS", "+OK\r\n" * 50)
for word in ("CAPA", "AUTH", "STAT", "LIST", "UIDL", "RETR", "DELE", "QUIT"):
    pop("-ERR with the password and the name", word, "-ERR \x1b[31m%s for bounces@example.org %%n%%s someone@example.com\r\n" % PASSWORD)
    pop("the connection ends", word, then_closed(""))
    pop("cut within the answer", word, then_closed("+O"))
    pop("neither yes nor no", word, "*OK 5 5\r\n")
for word in ("CAPA", "RETR"):
    pop("a sign in a second", word, drip("+OK " + "x" * 60))
pop("a greeting with another's time stamp, %n and no end", None, flood("+OK <%n%s@", "x"))

with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
    done = [(name, pool.submit(attack, *what, **more)) for name, what, more in attacks]
    with case("smtp: the password comes back in the refusal"):
        server = FakeSmtp()
        server._smtp_auth = lambda c, line: c.send("535 no: %s %s someone@example.org\r\n" % (line, PASSWORD))
        reporter = Retour(now="2026-12-02T06:00:00Z")
        reporter.run("import", os.path.join(ROOT, "tests/golden/arf-abuse.eml"))
        reporter.config["report"].update(server.report(reporter.secret()))
        for command in ("run", "doctor"):
            said = reporter.run(command)
            equal(said.code, 1, said)
            contains(said.out + said.err, "535")
            for secret in (PASSWORD, PACKED["retour"], "someone"):
                true(secret not in said.out + said.err, said)
    for name, future in done:
        with case(name):
            future.result()

finish()
