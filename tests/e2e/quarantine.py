#!/usr/bin/python3
"""A message that kills its parser (a build for this test has one that does): it ends in the quarantine folder, the run says so and ends with 1,
all others are processed, in any settle mode and over both protocols."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import generate
from lib.harness import *

CRASH_BUILD = os.path.join(os.environ.get("RETOUR_BUILD", os.path.join(ROOT, "build")), "crash", "retour")
samples = [(sample.data, sample.arrived) for sample in generate.generate(seed=3, bounces=400, complaints=0)]
FATAL = b"X-Retour-Test: crash\r\nFrom: MAILER-DAEMON@example.net\r\nTo: bounces@example.org\r\nSubject: Undelivered\r\nMessage-ID: <%d@example.net>\r\n\r\n550 5.1.1\r\n"


def fatal(number):
    return (FATAL % number, 1790000000 + number)


def program(binary=CRASH_BUILD, **mailbox):
    dovecot, retour = Dovecot(), Retour(binary)
    retour.config["mailbox bounces"] = dovecot.mailbox(generate.BOUNCES, password_file=retour.secret(), **{"raw_retention": "365d", **mailbox})
    return dovecot, retour


with case("the build for this test is there"):
    true(os.path.exists(CRASH_BUILD), CRASH_BUILD)

dovecot, retour = program(binary=None)
dovecot.deliver(generate.BOUNCES, samples)
equal(retour.run("poll").code, 0)
events = retour.sql("SELECT count(*) FROM event")

with case("the ordinary build does not mind the message"):
    dovecot.deliver(generate.BOUNCES, [fatal(1)])
    equal(retour.run("poll").code, 0)
    equal((dovecot.count(generate.BOUNCES), dovecot.folders(generate.BOUNCES)), (0, ["Unrecognised"]))

dovecot, retour = program()
dovecot.deliver(generate.BOUNCES, [fatal(1)] + samples[:200] + [fatal(2), fatal(3)] + samples[200:] + [fatal(4)])
with case("first, last and neighbouring ones: quarantine, exit 1"):
    result = retour.run("poll")
    equal(result.code, 1, result)
    equal(sorted(dovecot.messages(generate.BOUNCES, "Quarantine")), sorted(FATAL % number for number in (1, 2, 3, 4)))
    equal(dovecot.count(generate.BOUNCES), 0)
with case("all others are processed"):
    equal(retour.sql("SELECT count(*) FROM event"), events)
with case("it is reported, and counted"):
    contains(result.err.lower(), "quarantine")
    equal(retour.sql("SELECT sum(count) FROM message_count WHERE outcome = 'quarantined'"), [(4,)])
with case("the next poll is content"):
    equal(retour.run("poll").code, 0)

with case("quarantine = keep: it stays, and is not tried for ever"):
    dovecot, retour = program(quarantine="keep")
    dovecot.deliver(generate.BOUNCES, samples[:50] + [fatal(1)])
    equal(retour.run("poll").code, 1)
    equal(dovecot.messages(generate.BOUNCES), [FATAL % 1])
    again = retour.run("poll")
    equal(again.code, 0, again)

with case("quarantine = delete"):
    dovecot, retour = program(quarantine="delete")
    dovecot.deliver(generate.BOUNCES, samples[:50] + [fatal(1)])
    equal(retour.run("poll").code, 1)
    equal((dovecot.count(generate.BOUNCES), [name for name in dovecot.folders(generate.BOUNCES) if name != "Unrecognised"]), (0, []))

with case("over POP3 it stays in the mailbox"):
    dovecot, retour = program(protocol="pop3")
    dovecot.deliver(generate.BOUNCES, [fatal(1)] + samples)
    result = retour.run("poll")
    equal(result.code, 1, result)
    contains(dovecot.messages(generate.BOUNCES), FATAL % 1)
    equal(retour.sql("SELECT count(*) FROM event"), events)
    equal(retour.run("poll").code, 0)

with case("import goes on with the next file"):
    folder = os.path.join(retour.dir, "mails")
    os.mkdir(folder)
    for number, (data, _at) in enumerate([fatal(1)] + samples[:20]):
        with open("%s/%03d.eml" % (folder, number), "wb") as f:
            f.write(data)
    retour = Retour(CRASH_BUILD)
    result = retour.run("import", folder)
    equal(result.code, 1, result)
    true(retour.sql("SELECT count(*) FROM event")[0][0] > 5, "nothing was imported")

finish()
