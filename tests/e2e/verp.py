#!/usr/bin/python3
"""Signed return paths from end to end: `verp` makes them as the manual says (an implementation of our own agrees), bounces that come back to them are
verified, forged ones are not and change nobody's state, and no address shows anywhere it should not."""
import csv
import glob
import hashlib
import io
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib import verp  # noqa: E402
from lib.harness import *  # noqa: E402,F403

Retour.watched = True

FORM = "bounce+{token}@bounce.example.org"
ANNA, LONG = "anna@example.net", "a-name-that-is-far-too-long-for-it@mail.department.example.net"
ODD = ["o'neil+news@example.net", "a..b@example.net", "Anna.Maria@EXAMPLE.net", "müller@example.net", "x@münchen.example", '"a b"@example.net', "a_b=c@example.net"]
BOUNCE = """\
Return-Path: <>
Delivered-To: %(path)s
From: MAILER-DAEMON@mx.example.net
To: %(path)s
Subject: Undelivered Mail Returned to Sender
Date: Mon, 02 Nov 2026 05:00:00 +0000
Message-ID: <%(id)s@mx.example.net>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

<%(recipient)s>: 550 5.1.1 User unknown

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; %(recipient)s
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--b
Content-Type: text/rfc822-headers

From: %(sender)s
To: %(to)s
Message-ID: <%(id)s.2@%(domain)s>

--b--
"""


def fresh(act_on="matched"):
    retour = Retour()
    retour.config["origin"].update({"verp": FORM, "act_on": act_on})
    bare = os.path.join(retour.dir, "empty")
    os.makedirs(bare)
    equal(retour.run("import", bare).code, 0)
    return retour


def paths(retour, campaign, addresses):
    result = retour.run("verp", "--campaign", campaign, "-", input="".join(a + "\n" for a in addresses))
    equal(result.code, 0, result)
    rows = list(csv.reader(io.StringIO(result.out)))
    equal(rows[0], ["address", "return_path"])
    return dict(rows[1:]), result


def bounce(path, recipient, number, sender="news@example.org", domain="example.org", to="somebody@example.net"):
    return BOUNCE % {"path": path, "recipient": recipient, "id": "m%d" % number, "sender": sender, "domain": domain, "to": to}


def take(retour, *mails):
    folder = os.path.join(retour.dir, "mails")
    os.makedirs(folder, exist_ok=True)
    for old in glob.glob(folder + "/*"):
        os.unlink(old)
    for number, text in enumerate(mails):
        with open("%s/%d.eml" % (folder, number), "w", encoding="utf8") as f:
            f.write(text)
    result = retour.run("import", folder)
    equal(result.code, 0, result)
    return [row[0] for row in retour.sql("SELECT origin FROM event ORDER BY at, number")]


def verdict(retour, address):
    return retour.run("check", "--json", "-", input=address + "\n").lines()[0]["verdict"]


retour = fresh()
with case("the first call makes the key, and says so; later ones are silent and need no lock"):
    made, result = paths(retour, "nl10", [ANNA])
    contains(result.err, "made the key verp-")
    again, result = paths(retour, "nl10", [ANNA])
    equal((again, result.err), (made, ""))

with case("an implementation of our own makes the same, for odd addresses too"):
    name, = [os.path.basename(path) for path in glob.glob(retour.data + "/keys/verp-*.key")]
    with open("%s/keys/%s" % (retour.data, name)) as f:
        key = bytes.fromhex(f.read().splitlines()[1])
    made, _result = paths(retour, "nl10", [ANNA, LONG, *ODD])
    canonical = {"Anna.Maria@EXAMPLE.net": "anna.maria@example.net", "x@münchen.example": "x@xn--mnchen-3ya.example"}
    for address, path in made.items():
        equal(path, FORM.replace("{token}", verp.token(key, name[5:7], "nl10", canonical.get(address, address))), address)
        true(len(path.partition("@")[0]) <= 64, path)
    equal(len(made), 2 + len(ODD))
    true(made[LONG].startswith("bounce+w"), made[LONG])

with case("the manual's vectors are right"):
    with open(ROOT + "/etc/retour.1") as f:
        manual = f.read()
    for line in verp.vectors():
        contains(manual, line)

with case("a line that is no address is counted, named by number only"):
    result = retour.run("verp", "--campaign", "c", "-", input="%s\nno address here\n%s\n" % (ANNA, ANNA))
    equal((result.code, len(result.out.splitlines())), (1, 3))
    contains(result.err, "line 2")
    true("no address here" not in result.err and "@" not in result.err, result.err)

with case("what is asked for wrongly is refused"):
    careless = fresh("matched")
    for arguments in (("verp", "-"), ("verp", "--campaign", "a@b", "-"), ("verp", "--campaign", "c", ANNA), ("verp", "--campaign", ""), ("key",),
                      ("key", "rotate", "event"), ("key", "retire", "state.key"), ("key", "retire", "verp-zz.key"), ("key", "list", "x")):
        equal(careless.run(*arguments, input="").code, 2, arguments)
    other = Retour()
    other.write_config()
    equal(other.run("verp", "--campaign", "c", "-", input="").code, 2)

with case("a bounce that comes back to it is verified, with the recipient and campaign of the token"):
    equal(take(retour, bounce(made[ANNA], ANNA, 1)), ["verified"])
    equal(retour.sql("SELECT campaign, origin FROM event"), [("nl10", "verified")])
    equal(verdict(retour, ANNA), "suppress")

with case("forwarded: the one we wrote to is suppressed, not the one behind it"):
    made, _ = paths(retour, "nl10", ["ben@example.net"])
    take(retour, bounce(made["ben@example.net"], "ben.private@example.com", 2))
    equal((verdict(retour, "ben@example.net"), verdict(retour, "ben.private@example.com")), ("suppress", "send"))

with case("forwarded, and nothing tells by whom: the one behind it is not kept, nor whom To names suppressed"):
    alone = fresh()
    equal(take(alone, bounce("news@example.org", "kim@stranger.example", 1, to="ann@forward.example")), ["matched"])
    equal([verdict(alone, who) for who in ("kim@stranger.example", "ann@forward.example")], ["send", "send"])
    equal(alone.sql("SELECT class, length(pseudonym) FROM event"), [("hard", 0)])

with case("a long address, which its return path does not name, is proved by the report"):
    take(retour, bounce(paths(retour, "nl10", [LONG])[0][LONG], LONG, 3, to=LONG))
    equal(verdict(retour, LONG), "suppress")

with case("a forged bounce to a made-up token changes nobody, even with headers that match"):
    forged = fresh()
    paths(forged, "nl10", [ANNA])
    name, = [os.path.basename(path) for path in glob.glob(forged.data + "/keys/verp-*.key")]
    false_path = FORM.replace("{token}", verp.token(hashlib.sha256(b"guess").digest(), name[5:7], "nl10", "carla@example.net"))
    equal(take(forged, bounce(false_path, "carla@example.net", 1)), ["unverified"])
    equal(verdict(forged, "carla@example.net"), "send")

with case("nobody suppresses somebody else with the token of his own address"):
    own = paths(forged, "nl10", ["mallory@example.net"])[0]["mallory@example.net"]
    take(forged, bounce(own, "carla@example.net", 2))
    equal(verdict(forged, "carla@example.net"), "send")

with case("act_on = verified: a bounce without a token changes nobody, one with a token does"):
    strict = fresh("verified")
    dora = paths(strict, "c", ["dora@example.net"])[0]["dora@example.net"]
    equal(sorted(take(strict, bounce("bounces@example.org", "emil@example.net", 1), bounce(dora, "dora@example.net", 2))), ["matched", "verified"])
    equal((verdict(strict, "emil@example.net"), verdict(strict, "dora@example.net")), ("send", "suppress"))

with case("rotated: the old one still verifies; retired: it proves nothing any more"):
    first = re.search(r"verp-\w\w\.key", strict.run("key", "list").out).group(0)
    equal(strict.run("key", "rotate", "verp").code, 0)
    strict.now = "2026-11-03T06:00:00Z"
    fritz = paths(strict, "c", ["fritz@example.net"])[0]["fritz@example.net"]
    true("bounce+v" + first[5:7] not in fritz, "the old key still signs")
    take(strict, bounce(dora, "dora@example.net", 9))
    equal(strict.sql("SELECT count(*) FROM event WHERE origin = 'verified'"), [(2,)])
    result = strict.run("key", "retire", first)
    equal(result.code, 0, result)
    true(not os.path.exists("%s/keys/%s" % (strict.data, first)), "the file is still there")
    take(strict, bounce(dora, "dora@example.net", 10))
    equal(strict.sql("SELECT count(*) FROM event WHERE origin = 'verified'"), [(2,)])
    equal(re.findall(r"^(verp-\w\w)\.key +verp ", strict.run("key", "list").out, re.M), ["verp-" + fritz[8:10]])

with case("no address on disk, in a message or in the process list"):
    for program in (retour, forged, strict):
        for path in glob.glob(program.data + "/**", recursive=True):
            if os.path.isfile(path):
                with open(path, "rb") as f:
                    data = f.read()
                for canary in (b"anna@", b"carla", b"dora@", b"mallory"):
                    true(canary not in data, "%r in %s" % (canary, path))
        for line in program.command_lines:
            true(b"example.net" not in line, line)

finish()
