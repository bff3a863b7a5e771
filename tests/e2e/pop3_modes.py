#!/usr/bin/python3
"""POP3 against the real server: every TLS mode with every way to settle, every login, and `processed = keep` by UIDL."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import generate
from lib.harness import *

USER = generate.FBL
samples = [s for s in generate.generate(seed=11, bounces=0, complaints=60) if s.mailbox == USER and not s.truth["duplicate"]
           and "opt-out" not in s.truth["what"]]  # which stays where there is no folder to move it to
recognised = [s for s in samples if s.truth["events"]]
ORDINARY = b"From: someone@example.net\r\nSubject: Lunch\r\nDate: Thu, 1 Oct 2026 12:00:00 +0000\r\n\r\n.\r\n..Noon?\r\n"
dovecot = Dovecot(tokens={TOKEN: USER})


def mails():
    return [(s.data, s.arrived) for s in recognised]


def program(tls="implicit", **keys):
    retour = Retour()
    retour.config["mailbox fbl"] = dovecot.mailbox(USER, "pop3", tls=tls, password_file=retour.secret(), kind="fbl", **keys)
    return retour


def poll(retour, code=0):
    result = retour.run("poll")
    equal(result.code, code, "exit code\n%r" % result)
    true(USER not in result.err and PASSWORD not in result.err, "output without user and password\n%r" % result)
    return result


def events(retour):
    return retour.sql("select count(*) from event")[0][0]


for tls in "implicit", "starttls", "none":
    for processed in "delete", "keep":
        for unrecognised in "delete", "keep":
            with case("tls = %s, processed = %s, unrecognised = %s" % (tls, processed, unrecognised)):
                dovecot.clear(USER)
                dovecot.deliver(USER, mails() + [(ORDINARY, 1790000000)])
                retour = program(tls, processed=processed, unrecognised=unrecognised)
                left = len(recognised) * (processed == "keep") + (unrecognised == "keep")
                poll(retour)
                equal(dovecot.count(USER), left, "messages left")
                found = events(retour)
                true(found >= len(recognised), "events: %d" % found)
                poll(retour)
                equal(events(retour), found, "events after the second run")
                equal(dovecot.count(USER), left, "messages left after the second run")
                dovecot.deliver(USER, [ORDINARY.replace(b"Lunch", b"Dinner")])
                poll(retour)
                equal(dovecot.count(USER), left + (unrecognised == "keep"), "messages left after one more came")

with case("what was kept goes once nothing is to be kept any more"):
    dovecot.clear(USER)
    dovecot.deliver(USER, mails())
    retour = program(processed="keep")
    poll(retour)
    found = events(retour)
    retour.config["mailbox fbl"].update(processed="delete", unrecognised="delete", quarantine="delete")
    poll(retour)
    equal(dovecot.count(USER), 0)
    equal(events(retour), found, "events")

for auth, secret in ("plain", PASSWORD), ("login", PASSWORD), ("xoauth2", TOKEN):
    with case("auth = %s" % auth):
        dovecot.clear(USER)
        dovecot.deliver(USER, mails()[:5])
        retour = program(auth=auth)
        retour.secret(secret)
        poll(retour)
        equal(dovecot.count(USER), 0)
    with case("auth = %s with a wrong secret" % auth):
        dovecot.deliver(USER, mails()[:5])
        retour.secret("wrong-" + secret)
        contains(poll(retour, 1).err, "login refused")
        equal(dovecot.count(USER), 5)

with case("POP3 has no folders: a move is a configuration error"):
    contains(poll(program(processed="move:Done"), 2).err, "processed")

with case("a message larger than max_message is read up to it, the others whole"):
    dovecot.clear(USER)
    large = recognised[0].data + b"\r\n" + b".....filling\r\n" * 200000
    dovecot.deliver(USER, [(large, 1790000000)] + mails()[1:10])
    retour = program(max_message="64K")
    retour.watched = True
    result = poll(retour)
    equal(dovecot.count(USER), 0)
    true(events(retour) >= 10, "events")
    true(max(result.memory.values()) < 64 * 1024, "memory %r" % result.memory)

finish()
