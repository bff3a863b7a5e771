#!/usr/bin/python3
"""IMAP servers that break the protocol, by malice or by fault: nothing is lost, nothing is counted twice, memory and time stay bounded, no
password is said where it should not be, and the run goes on."""
import base64
import os
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.fakeimap import FakeImap
from lib.harness import *

Retour.watched = True

LIMIT = 64 * 1024  # KiB
CRASH_BUILD = os.path.join(os.environ.get("RETOUR_BUILD", os.path.join(ROOT, "build")), "crash", "retour")


def bounce(number, padding=0):
    return ("From: MAILER-DAEMON@mx.example.net\r\nTo: bounces@example.org\r\nSubject: Undelivered\r\nMessage-ID: <h%d@mx.example.net>\r\nMIME-Version: 1.0\r\n"
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\n%s\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
            "Reporting-MTA: dns; mx.example.net\r\n\r\nFinal-Recipient: rfc822; someone%d@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n"
            % (number, "x" * padding, number)).encode()


def poll(fake, **keys):
    retour = Retour()
    keys.setdefault("unrecognised", "delete")
    keys.setdefault("quarantine", "delete")
    retour.config["mailbox bounces"] = fake.mailbox(retour.secret(), **keys)
    begin = time.monotonic()
    result = retour.run("poll", timeout=60)
    result.seconds = time.monotonic() - begin
    result.events = retour.sql("SELECT count(*) FROM event")[0][0] if os.path.exists(retour.database) else 0
    true(not result.memory or max(result.memory.values()) < LIMIT, result.memory)
    return result


def password_said(fake):
    said = "\n".join(fake.said)
    plain = base64.b64encode(b"\0bounces@example.org\0" + PASSWORD.encode()).decode()
    return PASSWORD in said or plain in said or "LOGIN" in said.upper() or "AUTHENTICATE" in said.upper()


def refused(name, fake, reason, within=10, **keys):
    """The mailbox fails with REASON, nobody heard a password, nothing was read."""
    with case(name):
        result = poll(fake, **keys)
        equal(result.code, 1, result)
        contains(result.err, reason)
        true(not password_said(fake), fake.said)
        equal(result.events, 0)
        true(result.seconds < within, "it took %.1f s" % result.seconds)


def fails(name, fake, reason, events=0, left=None, within=10, **keys):
    """The mailbox fails with REASON after EVENTS; LEFT messages still lie there."""
    with case(name):
        result = poll(fake, **keys)
        equal(result.code, 1, result)
        contains(result.err, reason)
        equal(result.events, events, result)
        equal(len(fake.mails), len(fake.mails) if left is None else left, fake.said)
        true(result.seconds < within, "it took %.1f s" % result.seconds)


def works(name, fake, events, left=0, code=0, **keys):
    with case(name):
        result = poll(fake, **keys)
        equal(result.code, code, result)
        equal(result.events, events, result)
        equal(len(fake.mails), left, (fake.said, result))
        return result


def answer(text):
    return lambda c, tag, rest: c.send(text.replace("TAG", tag))


mails = [bounce(number) for number in range(5)]

# --- the honest one, so that the others fail for the reason that they say ------------------------------------------------

fake = FakeImap(mails)
with case("who has read all that was there at the beginning does not ask a far server whether that was all"):
    server = FakeImap([bounce(n) for n in range(3)])
    equal(poll(server).events, 3)
    equal((server.commands("NOOP"), server.commands("FETCH")), (["NOOP"], ["FETCH 3 (UID RFC822.SIZE)", "FETCH 1:3 (UID RFC822.SIZE)"]))

works("an honest server", fake, 5)
check(password_said(fake), "it hears the password, so its silence elsewhere means something", fake.said)
works("an honest server with STARTTLS", FakeImap(mails, tls="starttls"), 5)

# --- before the login ----------------------------------------------------------------------------------------------------

refused("PREAUTH before STARTTLS", FakeImap(mails, tls="starttls", greeting="* PREAUTH welcome\r\n"), "PREAUTH")
fake = FakeImap(mails, tls="starttls")
fake.on("STARTTLS", answer("TAG NO not today\r\n"))
refused("STARTTLS refused", fake, "STARTTLS")
fake = FakeImap(mails, tls="starttls")
fake.on("STARTTLS", answer("TAG OK go ahead\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n"))
refused("plain text behind the answer to STARTTLS", fake, "before the TLS handshake")
fake = FakeImap(mails, tls="starttls")
fake.on("STARTTLS", answer("TAG OK go ahead\r\n* PREAUTH hello\r\nTAG2 OK injected\r\n"))
refused("a whole session injected before TLS", fake, "before the TLS handshake")
fake = FakeImap(mails, tls="starttls", greeting="* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready\r\n", capabilities="IMAP4rev1 LOGINDISABLED")
refused("what was offered before TLS does not count after it", fake, "forbids LOGIN")
refused("LOGINDISABLED", FakeImap(mails, capabilities="IMAP4rev1 LOGINDISABLED"), "forbids LOGIN")
refused("a mechanism that is not offered", FakeImap(mails), "SCRAM-SHA-256", auth="scram-sha-256")
refused("BYE as greeting", FakeImap(mails, greeting="* BYE too busy\r\n"), "greeting")
refused("a greeting of another protocol", FakeImap(mails, greeting="220 mail.example.org ESMTP\r\n"), "greeting")
refused("a greeting without end", FakeImap(mails, greeting=lambda c: c.flood()), "more than was asked for", within=15)
refused("silence instead of a greeting", FakeImap(mails, greeting=""), "no answer for 3 s")
refused("the connection is reset at once", FakeImap(mails, greeting=lambda c: c.reset()), "greeting")
fake = FakeImap(mails)
fake.on("CAPABILITY", answer("TAG OK but nothing is named\r\n"))
works("CAPABILITY without capabilities: LOGIN it is", fake, 5)

# --- while it is read ----------------------------------------------------------------------------------------------------


def cut_in_literal(c, tag, rest):
    c.send(b"* 1 FETCH (UID 1 INTERNALDATE \"01-Nov-2026 10:00:00 +0000\" BODY[] {%d}\r\n" % len(mails[0]) + mails[0][:100])
    c.close()


fake = FakeImap(mails)
fake.on("UID FETCH", cut_in_literal)
fails("end of file in a literal", fake, "closed the connection", left=5)


def reset_in_literal(c, tag, rest):
    c.send(fake.fetched(1) + b"* 2 FETCH (UID 2 BODY[] {%d}\r\n" % len(mails[1]) + mails[1][:100])
    time.sleep(0.3)
    c.reset()


fake = FakeImap(mails)
fake.on("UID FETCH", reset_in_literal)
fails("reset in a literal: what came whole before it counts, once, and stays", fake, "reset", events=1, left=5)


def drip(c, tag, rest):
    for byte in fake.fetched(1):
        c.send(bytes([byte]))
        time.sleep(0.5)


fake = FakeImap(mails)
fake.on("UID FETCH", drip)
fails("a server that drips bytes", fake, "not done after 10 s", left=5, within=16, deadline="10s")

fake = FakeImap(mails)
fake.on("UID FETCH", lambda c, tag, rest: time.sleep(8))
fails("a server that falls silent", fake, "no answer for 3 s", left=5)


def endless_literal(c, tag, rest):
    c.send(b"* 1 FETCH (UID 1 BODY[] {4294967295}\r\n")
    c.flood()


fake = FakeImap(mails)
fake.on("UID FETCH", endless_literal)
fails("a literal of 4 GB", fake, "more than was asked for", left=5)

fake = FakeImap(mails)
fake.on("UID FETCH", lambda c, tag, rest: c.send(b"* 1 FETCH (UID 1 BODY[] \"") or c.flood())
fails("a quoted string without end", fake, "more than was asked for", left=5)

fake = FakeImap(mails)
fake.on("NOOP", lambda c, tag, rest: c.flood(b"* OK still here\r\n" * 1000))
fails("untagged answers without end", fake, "more than was asked for", left=5)

flags = b"* CAPABILITY" + b" A" * 32000 + b"\r\n"  # what libetpan keeps in forty times its size
for word, count in (("CAPABILITY", 5), ("SELECT", 5), ("FETCH", 5000)):  # a listing may be longest
    fake = FakeImap(mails[:5] + [bounce(number) for number in range(5, count)])
    fake.on(word, lambda c, tag, rest: c.flood(flags))
    fails("%s is answered with short words without end: memory stays bounded" % word, fake, "more than was asked for")

fake = FakeImap(mails)
fake.on("NOOP", lambda c, tag, rest: c.send(b"* LIST () \"/\" {4294967295}\r\n") or c.flood())
fails("a literal of 4 GB where no mail was asked for", fake, "no memory", left=5)  # the fetcher has a limit

fake = FakeImap(mails)
fake.on("NOOP", answer("wrong OK another tag\r\n"))
fails("a tag that is not ours", fake, "NOOP", left=5)

fake = FakeImap(mails)
fake.on("NOOP", lambda c, tag, rest: c.send("* BYE shutting down\r\n") or c.close())
fails("BYE in the middle", fake, "NOOP", left=5)


def noisy(c, tag, rest):
    """Asked for 1 to 5: flags of others, each message twice, one that nobody asked for, one without UID, a body nobody wants."""
    c.send(b"* 3 FETCH (FLAGS (\\Seen))\r\n* 3 FETCH (UID 3 FLAGS (\\Seen))\r\n* 9 FETCH (BODY[] {3}\r\nabc)\r\n")
    for uid in (3, 1, 1, 2, 4, 5, 3):
        c.send(fake.fetched(uid))
    c.send(b"* 9 FETCH (UID 99 BODY[] {%d}\r\n%s)\r\n" % (len(bounce(99)), bounce(99)))
    c.ok(tag)


fake = FakeImap(mails)
fake.on("UID FETCH", noisy)
works("answers twice, out of order, and that nobody asked for", fake, 5)


def without_uid_three(c, tag, rest):
    uids = fake.uids(rest.split(" ")[0])
    for uid in uids:
        if uid != 3:
            c.send(fake.fetched(uid))
    c.send(tag + (" NO [SERVERBUG] message 3 is damaged\r\n" if 3 in uids else " OK done\r\n"))


fake = FakeImap(mails)
fake.on("UID FETCH", without_uid_three)
fails("a message that the server cannot give: the others are read and settled, it is named", fake, "UID 3", events=4, left=1)

fake = FakeImap(mails)
fake.on("UID FETCH", lambda c, tag, rest: c.send(b"* 3 FETCH (UID 3 BODY[] NIL)\r\n") or
        ([c.send(fake.fetched(uid)) for uid in fake.uids(rest.split(" ")[0]) if uid != 3], c.ok(tag))[1])
works("NIL instead of a message: it stays", fake, 4, left=1, code=1)

fake = FakeImap(mails + [bounce(7, 3 << 20)])
result = works("a message beyond max_message is read in part", fake, 6, max_message="64K")
check(any("<0.65536>" in line for line in fake.said), "and only that part is asked for", fake.said)

fake = FakeImap(mails)
fake.on("UID FETCH", lambda c, tag, rest: [c.send(fake.fetched(uid, fake.mails[uid] + b"x" * 100000)) for uid in fake.uids(rest.split(" ")[0])] and c.ok(tag))
works("RFC822.SIZE was too low", fake, 5, max_message="64K")

fake = FakeImap(mails)
fake.on("SELECT", lambda c, tag, rest: c.send("* 3000000000 EXISTS\r\n* OK [UIDVALIDITY 1] .\r\n* OK [UIDNEXT 4000000000] .\r\n") or c.ok(tag))
fake.on("FETCH", lambda c, tag, rest: c.ok(tag))
fails("three thousand million messages of which none can be listed", fake, "lists none", left=5)

fake = FakeImap(mails)
fake.uidnext = 1 << 31
fake.on("SELECT", lambda c, tag, rest: c.send("* 9000 EXISTS\r\n* OK [UIDVALIDITY 77] .\r\n* OK [UIDNEXT 2000000000] .\r\n") or c.ok(tag))
fake.on("FETCH", lambda c, tag, rest: c.send("* 1 FETCH (UID %d RFC822.SIZE 9)\r\n" % (5 if rest.startswith("1:") else 1000)) or c.ok(tag))
fails("listings that contradict each other", fake, "contradict", events=1, left=5)

fake = FakeImap(mails)
fake.on("SELECT", lambda c, tag, rest: c.send("* 5 EXISTS\r\n") or c.ok(tag))
fails("no UIDVALIDITY", fake, "UIDVALIDITY", left=5)

fake = FakeImap(mails)
fake.on("SELECT", answer("TAG NO [NOPERM] not for bounces@example.org\r\n"))
with case("a folder refused: the reason is repeated without the address"):
    result = poll(fake)
    equal(result.code, 1)
    contains(result.err, "<address>")
    true("bounces@example.org" not in result.err, result.err)

fake = FakeImap(mails)
fake.on("SELECT", lambda c, tag, rest: c.send("* 5 EXISTS\r\n* OK [UIDVALIDITY 77] .\r\n* OK [UIDNEXT 6] .\r\n") or c.ok(tag, "[READ-ONLY] selected"))
fails("a folder that is read-only and should be emptied", fake, "read-only", left=5)

fake = FakeImap([bounce(number) for number in range(20)], first_uid=4294967270)
works("UIDs near the end of their range", fake, 20)

fake = FakeImap([bounce(number, 100000) for number in range(20)])
fake.on("UID FETCH", lambda c, tag, rest: [time.sleep(1) or c.send(fake.fetched(uid)) for uid in fake.uids(rest.split(" ")[0])] and c.ok(tag))
with case("a slow line and large mails: each visit settles what its deadline is good for"):
    result = poll(fake, deadline="10s")
    equal(result.code, 1, result)  # the rest is for the next
    equal(result.events, 20 - len(fake.mails))
    true(3 <= result.events <= 8, result.events)

with case("SIGTERM while a batch comes over a slow line: its end is not waited for, and each mail counts once"):
    fake, begun = FakeImap([bounce(number, 20000) for number in range(20)]), threading.Event()

    def slowly(c, tag, rest):
        for uid in fake.uids(rest.split(" ")[0]):
            data = fake.fetched(uid)
            for at in range(0, len(data), 2000):
                c.send(data[at:at + 2000])
                time.sleep(0.1)
            if uid == 4:
                begun.set()
        c.ok(tag)

    fake.on("UID FETCH", slowly)
    retour = Retour(CRASH_BUILD)
    retour.config["mailbox bounces"] = fake.mailbox(retour.secret(), deadline="1h")
    process = retour.start("poll")
    true(begun.wait(20), "nothing was fetched")
    process.send_signal(signal.SIGTERM)
    begin = time.monotonic()
    err = process.communicate(timeout=60)[1].decode()
    true(time.monotonic() - begin < 8, "it took %.1f s" % (time.monotonic() - begin))
    equal((process.returncode, len(fake.mails)), (1, 20), err)
    contains(err, "not done with its batch")
    fake.on("UID FETCH", lambda c, tag, rest: True)
    equal(retour.run("poll").code, 0)
    equal((retour.sql("SELECT count(*) FROM event"), len(fake.mails)), ([(20,)], 0))

# --- settling ------------------------------------------------------------------------------------------------------------

fake = FakeImap(mails, capabilities="IMAP4rev1 AUTH=PLAIN UIDPLUS")
with case("without MOVE: copied, then removed by UID"):
    equal(poll(fake, processed="move:Done").code, 0)
    equal((len(fake.mails), len(fake.folders["Done"])), (0, 5))
    true(fake.commands("UID EXPUNGE") and not fake.commands("EXPUNGE"), fake.said)

fake = FakeImap(mails, capabilities="IMAP4rev1 AUTH=PLAIN")
with case("without UIDPLUS: EXPUNGE when nothing else is marked"):
    equal(poll(fake).code, 0)
    equal(len(fake.mails), 0)
    true(fake.commands("EXPUNGE"), fake.said)

fake = FakeImap(mails, capabilities="IMAP4rev1 AUTH=PLAIN")
fake.deleted = {2}
fake.on("UID FETCH", lambda c, tag, rest: ([c.send(fake.fetched(uid)) for uid in fake.uids(rest.split(" ")[0]) if uid != 2], c.ok(tag))[1])
with case("without UIDPLUS: what somebody else marked is not expunged, and the run says so"):
    result = poll(fake)
    equal(result.code, 1)
    contains(result.err, "UIDPLUS")
    equal((len(fake.mails), fake.commands("EXPUNGE")), (5, []))

fake = FakeImap(mails)
fake.on("UID MOVE", lambda c, tag, rest: c.send("* OK [COPYUID 9 1:9 1:9] moved\r\n") or c.ok(tag))
fails("COPYUID names messages that were not to move", fake, "other messages", events=5, processed="move:Done")

fake = FakeImap(mails)
fake.on("UID MOVE", answer("TAG NO [OVERQUOTA] full\r\n"))
with case("a move that is refused: the messages stay and count once"):
    result = poll(fake, processed="move:Done")
    equal((result.code, result.events, len(fake.mails)), (1, 5, 5), result)
    contains(result.err, "Done")

fake = FakeImap(mails)
fake.on("CREATE", answer("TAG NO [CANNOT] no\r\n"))
fails("a folder that cannot be made", fake, "making folder Done", events=5, left=5, processed="move:Done")

# An OK alone proves nothing: what did not come to the other folder is not deleted.
ONE_FEWER = 3  # what a server keeps of each copy
OLD = "IMAP4rev1 AUTH=PLAIN"


def copy_some(c, tag, rest, keep=None, move=False):
    """Copies all but what is beyond KEEP of them, and says OK without COPYUID."""
    uids, folder = fake.uids(rest.split(" ")[0]), rest.split(" ", 1)[1].strip('"')
    fake.folders[folder] += [fake.mails[uid] for uid in uids][:keep]
    if move:
        fake._remove(c, uids)
    c.ok(tag)


for capabilities in (OLD, OLD + " UIDPLUS"):
    fake = FakeImap(mails, capabilities=capabilities)
    fake.on("UID COPY", lambda c, tag, rest: copy_some(c, tag, rest, 0))
    fails("%s: COPY says OK and does nothing: nothing is deleted" % capabilities, fake, "where 0 more are than before", events=5, left=5, processed="move:Done")
    check(not fake.commands("UID STORE"), "and nothing is marked", fake.said)

    fake = FakeImap(mails, capabilities=capabilities)
    fake.on("UID COPY", lambda c, tag, rest: copy_some(c, tag, rest, ONE_FEWER))
    fails("%s: COPY loses one of four: what it shows to be there is deleted" % capabilities, fake, "put 4 messages into folder Done, where 3 more", events=5, left=4, processed="move:Done")

    fake = FakeImap(mails, capabilities=capabilities)
    fake.on("UID COPY", copy_some)
    works("%s: COPY without COPYUID, and STATUS shows that they came" % capabilities, fake, 5, processed="move:Done")
    check(len(fake.folders["Done"]) == 5, "they lie there", fake.folders)

    fake = FakeImap(mails, capabilities=capabilities)
    fake.on("UID COPY", copy_some)
    fake.on("STATUS", answer("TAG BAD unknown\r\n"))
    fails("%s: neither COPYUID nor STATUS" % capabilities, fake, "gives neither COPYUID nor a STATUS", events=5, left=5, processed="move:Done")

fake = FakeImap(mails)
fake.on("UID MOVE", lambda c, tag, rest: copy_some(c, tag, rest, 0, move=True))
fails("MOVE says OK and destroys: one message is lost, not all", fake, "where 0 more are than before", events=5, left=4, processed="move:Done")

fake = FakeImap(mails, capabilities=OLD + " MOVE")
fake.on("UID MOVE", lambda c, tag, rest: copy_some(c, tag, rest, move=True))
works("MOVE without COPYUID, and STATUS shows that they came", fake, 5, processed="move:Done")

fake = FakeImap(mails)
fake.on("UID EXPUNGE", lambda c, tag, rest: c.reset())
fails("reset while it is settled", fake, "UID EXPUNGE", events=5, left=5)

fake = FakeImap(mails)
fake.on("LOGOUT", lambda c, tag, rest: c.reset())
works("no goodbye: what was settled is settled", fake, 5)

finish()
