#!/usr/bin/python3
"""What a data subject may ask for: disclose says all that is held, forget erases it under every key and from the bytes of all files, the ledger keeps counts
and the request's name, and no address is an argument."""
import contextlib
import fcntl
import json
import os
import sqlite3
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib import canary, contactbody
from lib.contacts import DEAD, FULL, LISTED, Bounces
from lib.harness import *

Retour.watched = True

ANNA, BEN, CARLA, DORA = ("%s.subject@example.net" % name for name in ("anna", "ben", "carla", "dora"))
retour = Retour(now="2026-12-20T06:00:00Z")
bounces = Bounces(retour)
bounces.take((ANNA, FULL, 3), (ANNA, FULL, "04 Dec"), (ANNA, DEAD, "05 Dec"), (BEN, FULL, "19 Dec"), (CARLA, DEAD, 4), (DORA, LISTED, "18 Dec", "mx.example.net"))


def disclosed(*addresses):
    result = retour.run("disclose", "--json", input="\n".join(addresses))
    equal(result.code, 0, result)
    return result.lines()


def pseudonyms():
    """Every pseudonym in the store, as bytes."""
    return {row[0] for table in ("contact", "event") for row in retour.sql("SELECT pseudonym FROM " + table)}


def files():
    """The bytes of database and log."""
    data = b""
    for name in (retour.database, retour.database + "-wal"):
        with open(name, "rb") as f:
            data += f.read()
    return data


def ledger(kind):
    return [row[0] for row in retour.sql("SELECT detail FROM ledger WHERE kind = ? ORDER BY number", kind)]


with case("disclosed is every event of every month, the contact with its history, and each period with its purpose"):
    anna, ben, nobody = disclosed(ANNA.upper(), BEN, "nobody@example.net")
    equal([event["at"][:10] for event in anna["events"]], ["2026-12-05", "2026-12-04", "2026-11-03"])
    equal(anna["events"][0]["diagnostic"], "550 5.1.1 User unknown")
    equal(anna["events"][0]["mailbox"], "import")
    true(anna["events"][0]["margin"] > 100, anna["events"][0]) # code and words agree
    equal((anna["contact"]["state"], anna["contact"]["reason"], anna["contact"]["last_event"]), ("inactive", "user-unknown", "2026-12-05T00:00:00Z"))
    equal(ben["contact"]["history"], [{"day": "2026-12-19", "soft": 1, "blocked": 0, "delivered": False}])
    equal(ben["contact"]["soft_since"], 202612)
    equal((nobody["contact"], nobody["events"]), (None, []))
    equal({held["class"]: held["days"] for held in nobody["retention"]},
          {"contact": 730, "objections": 1095, "events": 180, "diagnostics": 30, "messages": 90, "ledger": 3650})
    true(all(held["purpose"] and held["what"] for held in nobody["retention"]), nobody)

with case("disclosed as text, with the same facts"):
    result = retour.run("disclose", "--reference", "DS-2026-17", input=ANNA)
    equal(result.code, 0, result)
    for part in (ANNA, "inactive", "550 5.1.1 User unknown", "2026-11-03T", "kept 180 days: diagnosis of delivery problems", "they name nobody"):
        contains(result.out, part)

with case("the ledger knows that somebody asked, how many, and the request's name, not who"):
    equal(ledger("disclose"), ["addresses=3 held=2 events=4", 'addresses=1 held=1 events=3 reference="DS-2026-17"'])

with case("a reference that holds an address or a quote is refused, and so is an address as argument"):
    for arguments in (("forget", "--reference", ANNA), ("forget", "--reference", 'a"b'), ("forget", "--reference", ANNA.replace("@", " (at) ")),
                      ("disclose", "--reference", ANNA.replace("@", "%40")), ("forget", "--reference", ANNA.replace("@", "\uff20")), ("forget", ANNA), ("disclose", ANNA), ("forget", "--reference", "x" * 201)):
        result = retour.run(*arguments, input=BEN)
        equal(result.code, 2, result)
        true(ANNA not in result.err, result.err)
    retour.command_lines.clear()  # where this test itself put them
    equal(len(disclosed(BEN)[0]["events"]), 1)

with case("an erasure is whole or nothing: a list with a line that is no address erases nothing"):
    result = retour.run("forget", input=BEN + "\nno address\n")
    equal(result.code, 1, result)
    equal(len(disclosed(BEN)[0]["events"]), 1)

with case("forgotten is gone from every table and from the bytes of database and log"):
    before, lines = pseudonyms(), contactbody.lines(retour)
    result = retour.run("forget", "--reference", "DS-2026-18", input="%s\n%s\n" % (ANNA, BEN))
    equal(result.code, 0, result)
    gone = before - pseudonyms()
    equal(len(gone), 5)  # two contacts; one with events in two months, one in one
    data = files()
    equal([one.hex() for one in gone if one in data], [])
    equal(sum(one in data for one in before), len(before) - 5, "the search finds what is there")
    true([name for name, whose in lines.items() if whose in gone], "lines of the agenda")
    equal({name in data for name, whose in lines.items() if whose in gone}, {False})
    equal({name in data for name, whose in lines.items() if whose not in gone}, {True})
    for one in disclosed(ANNA, BEN):
        equal((one["contact"], one["events"]), (None, []))
    equal(retour.run("check", "--json", input=ANNA).lines()[0]["verdict"], "send")
    equal(ledger("forget"), ['addresses=2 contacts=2 events=4 suppressions_kept=0 reference="DS-2026-18"'])

with case("whoever was not named is untouched by an erasure, and so are the counts"):
    carla, dora = disclosed(CARLA, DORA)
    equal((carla["contact"]["state"], dora["contact"]["state"]), ("inactive", "investigate"))
    equal(len(carla["events"]), 1)
    equal(retour.sql("SELECT sum(count) FROM tally"), [(6,)])

with case("with --keep-suppression the refusal to write stays, with nothing but day and reason; a hold does not"):
    result = retour.run("forget", "--keep-suppression", input="%s\n%s\n" % (CARLA, DORA))
    equal(result.code, 0, result)
    carla, dora = disclosed(CARLA, DORA)
    equal((dora["contact"], dora["events"], carla["events"]), (None, [], []))
    row, = contactbody.of(retour)
    equal(row._replace(pseudonym=None, at=None, rest=None), contactbody.Contact(None, None, 0, 0, None, "inactive", 0, False, "user-unknown", 1793750400, 0, 0, 0, 0, 0,
                                                                               "", "", b"", None))
    equal(retour.run("check", "--json", input=CARLA).lines()[0]["verdict"], "suppress")
    equal(ledger("forget")[-1], "addresses=2 contacts=1 events=2 suppressions_kept=1")

with case("an erasure while a reader is in the way of the bytes: deleted at once, exit code 3 says not yet, the next purge does it"):
    bounces.take((ANNA, DEAD, "06 Dec"))
    before = pseudonyms()
    reader = sqlite3.connect("file:%s?mode=ro" % retour.database, uri=True)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM event").fetchone()
    result = retour.run("forget", input=ANNA)
    equal(result.code, 3, result)
    contains(result.err, "not yet")
    equal(disclosed(ANNA)[0]["events"], [])
    reader.close()
    equal(retour.run("purge").code, 0)
    gone = before - pseudonyms()
    equal(len(gone), 2)
    data = files()
    equal([one.hex() for one in gone if one in data], [])

with case("no address of a data subject is in any file, log or argument"):
    texts = {"process list": b"\n".join(retour.command_lines), "log": result.err.encode()}
    equal(canary.search([ANNA, BEN, CARLA, DORA], [retour.data], texts), [])

with case("other spellings of an address are found with --variants alone; what was erased and kept is said in words to hand on"):
    retour = Retour(now="2026-12-20T06:00:00Z")
    bounces = Bounces(retour)
    bounces.take(("joe.doe@example.net", DEAD, 3), ("joe.doe+news@example.net", DEAD, 4), ("ann.b@gmail.com", DEAD, 5), ("annb@googlemail.com", DEAD, 6),
                 ("Max@example.net", DEAD, 7))
    wanted = "Joe.Doe+news@EXAMPLE.net\na.n.n.b+x@googlemail.com\n"
    equal([line["events"] != [] for line in disclosed(*wanted.split())], [True, False])
    result = retour.run("disclose", "--json", "--variants", input=wanted)
    equal(sorted(line["address"] for line in result.lines() if line["events"]), ["Joe.Doe+news@EXAMPLE.net", "Joe.Doe@EXAMPLE.net", "annb@googlemail.com"])
    result = retour.run("forget", "--variants", "--keep-suppression", input=wanted)
    equal(result.code, 0, result)
    equal(retour.sql("SELECT count(*) FROM event"), [(2,)])  # ann.b at Gmail was written with a dot that nobody named; Max did not ask
    contains(result.out, "Erased for 6 addresses, other spellings among them")
    contains(result.out, "Kept for 3 of them")
    contains(result.out, "what was erased, so that no backup brings it back (32 days)")
    contains(result.out, "What proves that this was done, for 3650 days: number ")
    true("@" not in result.out, result.out)
    contains(retour.run("forget", input="max@example.net\n").out, "ask with --variants")

FORMS = ("Joe.Doe@EXAMPLE.net", " <joe.doe@example.net>\r", '"Doe, Joe" <joe.doe@example.net>', "Joe <Joe.Doe@example.net.>", '"joe.doe"@example.net', "\ufeffjoe.doe@example.net",
         "joe.doe@example\u3002net", "joe.doe@exam\u00adple.net", "joe.doe@xn--example-.net", "joe.doe+x@example.net", "joe.d\u200boe@example.net", "(Joe) joe.doe@example.net",
         "joe.doe@example.net (Joe)", "mailto:joe.doe@example.net", "joe doe@example.net", "joe.doe%40example.net", "joe.doe@example.net;", "joedoe@example.net", "joe.doe")
EAI = ("J\u00f6rg@b\u00fccher.example", "jo\u0308rg@bu\u0308cher.example", '"J\u00d6RG"@XN--BCHER-KVA.example.', "J\u00f6rg <J\u00f6rg@b\u00fccher.example>", "jorg@b\u00fccher.example", "joerg@b\u00fccher.example")
with case("whoever `check` knows by a form of an address is disclosed and erased by it, moved by contact, and nobody else; what is no address is said"):
    retour = Retour(now="2026-12-20T06:00:00Z")
    Bounces(retour)
    for forms in FORMS, EAI:
        known = 0
        for form in forms:
            equal(retour.run("suppress", "add", "--reason", "asked", input=forms[0] + "\n").code, 0)
            before = retour.run("check", "--json", input=form + "\n").lines()[0]["verdict"]
            known += before == "suppress"
            told = retour.run("disclose", "--json", input=form + "\n")
            equal([line["contact"] is not None for line in told.lines()], [] if before == "invalid" else [before == "suppress"], form)
            shown = retour.run("contact", "show", "--json", input=form + "\n")
            equal((shown.code, told.code), (1, 1) if before == "invalid" else (0, 0), form)
            equal(retour.run("forget", input=form + "\n").code, told.code, form)
            equal(retour.run("check", "--json", input=forms[0] + "\n").lines()[0]["verdict"], "send" if before == "suppress" else "suppress", form)
        equal(known, 8 if forms is FORMS else 4)
    equal(retour.run("suppress", "add", "--reason", "asked", input=FORMS[0] + "\n").code, 0)
    hidden = "joe.d\u200boe@example.net\n"
    contains(retour.run("forget", input=hidden).err, "line 1 has a character that nobody sees; --variants")
    equal(retour.run("forget", "--variants", input=hidden).code, 0)
    equal(retour.run("check", "--json", input=FORMS[0]).lines()[0]["verdict"], "send")

with case("who is erased twice, asks beside a run, or bounces again: nothing held, not yet, and as if never known; a report that was read does not bring anybody back"):
    retour = Retour(now="2026-12-20T06:00:00Z")
    bounces = Bounces(retour)
    bounces.take((ANNA, DEAD, "06 Dec"))
    equal([retour.run("forget", input=ANNA).code for _ in range(2)], [0, 0])
    equal(ledger("forget")[-1].split(" suppressions")[0], "addresses=1 contacts=0 events=0")
    equal(retour.run("import", bounces.folder).code, 0)
    equal((disclosed(ANNA)[0]["contact"], retour.sql("SELECT count(*) FROM event")), (None, [(0,)]), "the same report again")
    bounces.take((ANNA, FULL, "07 Dec"))
    again = disclosed(ANNA)[0]
    equal((len(again["events"]), again["contact"]["history"], again["contact"]["since"]), (1, [{"day": "2026-12-07", "soft": 1, "blocked": 0, "delivered": False}], "2026-12-07T00:00:00Z"))
    before = retour.sql("SELECT count(*) FROM event"), ledger("forget")
    with open(retour.database + ".lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        result = retour.run("forget", input=ANNA)
    equal(result.code, 4, result)
    contains(result.err, "another run is at work")
    equal((retour.sql("SELECT count(*) FROM event"), ledger("forget")), before)
    equal(retour.run("forget", input=ANNA).code, 0)
    equal(retour.sql("SELECT count(*) FROM event"), [(0,)])

with case("disclose says of an event what its row has, and no more"):
    retour = Retour(now="2026-12-20T06:00:00Z")
    bounces = Bounces(retour)
    bounces.take((ANNA, DEAD, "06 Dec"), (BEN, FULL, "06 Dec"))
    event, = disclosed(ANNA)[0]["events"]
    with contextlib.closing(sqlite3.connect(retour.database)) as database:
        database.row_factory = sqlite3.Row
        row, = [dict(one) for one in database.execute("SELECT * FROM event") if dict(one)["status"] != FULL[0]]
    for name in ("at", "kind", "class", "category", "stream", "origin", "provider", "rule"):
        event.pop(name), row.pop(name, None)  # words for numbers
    equal(event, {name: value for name, value in row.items() if name not in ("pseudonym", "number")})

with case("who objected is kept as such, for longer; an erasure says what it does to objections, one sentence each"):
    retour = Retour(now="2026-12-20T06:00:00Z")
    bounces = Bounces(retour)
    bounces.take(("kim@example.net", DEAD, 3))
    equal(retour.run("suppress", "add", "--reason", "asked by phone", input="kim@example.net\nlee@example.net\n").code, 0)
    kim, lee = disclosed("kim@example.net", "lee@example.net")
    equal((kim["contact"]["kept_as"], lee["contact"]["kept_as"]), ("objections", "objections"))
    equal({row["class"]: row["days"] for row in kim["retention"]}["objections"], 1095)
    result = retour.run("disclose", input="lee@example.net\n")
    for part in ("kept as      objections", "What `retour forget` would take: ", "What it would leave: "):
        contains(result.out, part)
    result = retour.run("forget", "--keep-suppression", input="kim@example.net\n")
    contains(result.out, "for 1095 days where they objected themselves (1) and 730 days where the address is dead")
    equal(sorted((c.reason, c.objection, bool(c.history)) for c in contactbody.of(retour)), [("opt-out", 1, False), ("opt-out", 1, True)])
    result = retour.run("forget", input="lee@example.net\n")
    contains(result.out, "Erased with the rest: the objection to mail of 1 of them")
    equal(retour.run("check", "--json", input="lee@example.net").lines()[0]["verdict"], "send")
    retour.now = "2028-12-25T06:00:00Z"
    equal(retour.run("clock", "confirm", "--reason", "years later").code, 0)
    equal(retour.run("purge").code, 0)
    equal(retour.run("check", "--json", input="kim@example.net").lines()[0]["verdict"], "suppress")
    retour.now = "2029-12-20T06:00:00Z"
    equal(retour.run("clock", "confirm", "--reason", "years later").code, 0)
    equal(retour.run("purge").code, 0)
    equal(retour.run("check", "--json", input="kim@example.net").lines()[0]["verdict"], "send")
    contains(retour.sql("SELECT detail FROM ledger WHERE kind = 'purge' ORDER BY number DESC LIMIT 1")[0][0], "objections=1 ")

with case("requests stand in a register by number, without addresses; a name that was wrong is corrected by a new entry; the audit lists them"):
    retour = Retour(now="2026-12-20T06:00:00Z")
    bounces = Bounces(retour)
    bounces.take(("kim@example.net", DEAD, 3))
    contains(retour.run("requests").out, "Nobody has asked yet.")
    equal(retour.run("disclose", "--reference", "DS-1 [2026/7]", input="kim@example.net\n").code, 0)
    equal(retour.run("suppress", "add", "--reason", "asked by phone", input="kim@example.net\n").code, 0)
    said = retour.run("forget", "--keep-suppression", "--reference", "DS 2", input="kim@example.net\n").out
    access, objection, erasure = retour.run("requests", "--json").lines()
    equal([(one["kind"], one["reference"], one["corrected"]) for one in (access, objection, erasure)],
          [("access", "DS-1 [2026/7]", None), ("objection", "asked by phone", None), ("erasure", "DS 2", None)])
    contains(said, "number %d in the register of requests, with these counts and the request's name" % erasure["number"])
    equal(erasure["counts"], "addresses=1 contacts=0 events=1 suppressions_kept=1")
    equal(retour.sql("SELECT kind FROM ledger WHERE number = ?", access["number"]), [("disclose",)])
    for text in ("Kim Lee <kim>", "a <b", "for (Kim Lee)", "[Kim Lee]", "kim at example.net", "kim@example.net", 'a"b', ""):
        for command in (("requests", "correct", str(access["number"]), "--reference", text), ("disclose", "--reference", text)) + ((("suppress", "add", "--reason", text),) if text else ()):
            equal(retour.run(*command, input="").code, 2, command)
    retour.command_lines.clear()
    for command in (("correct",), ("correct", "1", "--reference", "x"), ("correct", "x", "--reference", "x"), ("correct", str(access["number"])), ("list", "--reference", "x"), ("delete", "1")):
        equal(retour.run("requests", *command).code, 2, command)
    equal(retour.run("requests", "correct", str(access["number"]), "--reference", "DS-3 (2026)").code, 0)
    now = retour.run("requests", "--json").lines()
    equal(len(now), 3)
    equal((now[0]["number"], now[0]["reference"], now[0]["corrected"], now[0]["counts"]), (access["number"], "DS-3 (2026)", "2026-12-20T06:00:00Z", access["counts"]))
    contains(retour.run("requests").out, "; corrected 2026-12-20 by entry ")
    contains(ledger("request-corrected")[0], 'reference="DS-3 (2026)"')
    contains(ledger("disclose")[0], 'reference="DS-1 [2026/7]"')
    text = retour.run("audit")
    contains(text.out, "Requests of data subjects\n-------------------------\n3 on record\n")
    contains(text.out, "DS-3 (2026)")
    contains(retour.run("audit", "--format", "html").out, "Requests of data subjects")
    true("kim" not in (text.out + retour.run("requests").out).lower(), "somebody is named")

finish()
