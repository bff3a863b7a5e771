#!/usr/bin/python3
"""What an operator asks and does about single recipients: `contact show`, the moves and their refusals, investigations from opening to resolution,
what the ledger says of it, and that no address shows where it should not."""
import csv
import hashlib
import io
import os
import sys
import xml.etree.ElementTree as xml

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib import canary, contactbody  # noqa: E402
from lib.contacts import Bounces, DEAD, DELIVERED, FULL, LISTED  # noqa: E402
from lib.harness import *  # noqa: E402,F403

ANNA, BEN, CARLA, DORA = ("%s.canary@example.net" % name for name in ("anna", "ben", "carla", "dora"))


def fresh():
    """A store of its own, and what puts bounces into it."""
    retour = Retour()
    return retour, Bounces(retour)


def on(retour, day, month=11):
    retour.now = "2026-%02d-%02dT06:00:00Z" % (month, day)
    return retour


def show(retour, *addresses):
    result = retour.run("contact", "show", "--json", input="".join(a + "\n" for a in addresses))
    equal(result.code, 0, result)
    return result.lines()


def state(retour, address):
    return show(retour, address)[0]["state"]


retour, to_retour = fresh()
to_retour.take((ANNA, DEAD, 1), (BEN, FULL, 1), (CARLA, LISTED, 1, "gmail-smtp-in.l.google.com"), (DORA, LISTED, 1))

with case("show: state, answer, reason, rule and events, as JSON"):
    anna, ben, carla, nobody = show(retour, ANNA, BEN, CARLA, "nobody@example.net")
    equal((anna["state"], anna["verdict"], anna["reason"], anna["since"]), ("inactive", "suppress", "user-unknown", "2026-11-01T00:00:00Z"))
    equal((ben["state"], ben["attempts"], ben["ladder"]), ("soft", 1, "mailbox-full"))
    equal((carla["state"], carla["reason"], carla["waits_for"]), ("investigate", "reputation", "gmail"))
    event, = anna["events"]
    equal((event["at"], event["kind"], event["class"], event["category"], event["status"], event["reply"], event["campaign"], event["origin"]),
          ("2026-11-01T05:00:00Z", "failure", "hard", "user-unknown", "5.1.1", 550, "nl10", "matched"))
    equal(event["rule"], anna["rule"])
    true(anna["rule"], "no rule")
    equal(carla["events"][0]["provider"], "gmail")
    equal((nobody["state"], nobody["verdict"], nobody["events"]), ("active", "send", []))

with case("show: the same as text, newest first, through the keys of several months; --last ends it"):
    on(retour, 3, 12)
    to_retour.take((BEN, FULL, 20))
    to_retour.take((BEN, ("5.2.2", "552 5.2.2 Over quota"), 25))
    equal([e["at"][:10] for e in show(retour, BEN)[0]["events"]], ["2026-11-25", "2026-11-20", "2026-11-01"])
    result = retour.run("contact", "show", "--last", "2", input=BEN + "\n")
    equal(result.code, 0, result)
    contains(result.out, "state       paused since 2026-11-25")
    contains(result.out, "reason      mailbox-full")
    equal(result.out.count("failure"), 2)
    equal(retour.run("contact", "show", "--last", "0", input=BEN + "\n").out.count("failure"), 0)

with case("show: a line that is no address is counted, named by number only"):
    result = retour.run("contact", "show", input="%s\nno address here\n" % ANNA)
    equal((result.code, result.out.count("state ")), (1, 1), result)
    contains(result.err, "line 2")
    true("no address here" not in result.err + result.out, result)

with case("addresses are never arguments, and what is asked for wrongly is refused"):
    for arguments in (("contact",), ("contact", "frobnicate"), ("contact", "show", ANNA), ("contact", "reactivate", "--reason", "x", ANNA),
                      ("contact", "reactivate"), ("contact", "reactivate", "--reason", ""), ("contact", "reactivate", "--reason", "for %s" % ANNA),
                      ("contact", "reactivate", "--reason", "x" * 201), ("contact", "reactivate", "--reason", "two\nlines"),
                      ("contact", "reactivate", "--list"), ("contact", "resolve", "--reason", "x", "--provider", "gmail"),
                      ("contact", "resolve", "--reason", "x", "--provider", "gmail", "--category", "user-unknown"),
                      ("contact", "show", "--last", "many"), ("contact", "states", "x")):
        result = retour.run(*arguments, input="")
        equal(result.code, 2, (arguments, result))
        true("canary" not in result.err, result)

with case("revalidate: who is paused is tried now; refused for who is not; the ledger says why and how many"):
    equal(state(retour, BEN), "paused")
    result = retour.run("contact", "revalidate", "--reason", "quota was raised", input="%s\n%s\n" % (BEN, ANNA))
    equal(result.code, 1, result)
    contains(result.err, "line 2: refused: no revalidate out of the state inactive")
    equal((state(retour, BEN), state(retour, ANNA)), ("revalidate", "inactive"))
    equal(retour.sql("SELECT kind, detail FROM ledger ORDER BY number DESC LIMIT 1"), [("contact-revalidate", 'count=1 reason="quota was raised"')])
    equal(retour.run("check", "--json", input=BEN + "\n").lines()[0]["verdict"], "send")

with case("reactivate: active again, also when a bounce from before is read later; dead again after a new one"):
    result = retour.run("contact", "reactivate", "--reason", "asked by phone", input=ANNA + "\n")
    equal(result.code, 0, result)
    equal(state(retour, ANNA), "active")
    to_retour.take((ANNA, DEAD, 2))
    equal(state(retour, ANNA), "active")
    on(retour, 5, 12)
    to_retour.take((ANNA, DEAD, 4))
    equal(state(retour, ANNA), "active")
    on(retour, 20, 12)
    to_retour.take((ANNA, DEAD, 30))
    equal(state(retour, ANNA), "active")
    retour.run("contact", "reactivate", "--reason", "nothing to do", input=ANNA + "\n")
    equal(retour.sql("SELECT count(*) FROM ledger WHERE kind = 'contact-reactivate'"), [(1,)])
    to_retour.take((ANNA, DEAD, "04 Dec"))
    equal(state(retour, ANNA), "inactive")

with case("a move of many is refused line by line, the others are moved"):
    many, to_many = fresh()
    to_many.take(*[("r%d@example.net" % n, DEAD, 1) for n in range(50)])
    result = many.run("contact", "reactivate", "--reason", "list was wrong", input="".join("r%d@example.net\n" % n for n in range(60)))
    equal((result.code, result.err.count("refused: no")), (1, 10), result.err)
    equal([c.state for c in contactbody.of(many)], 50 * ["active"])
    contains(many.sql("SELECT detail FROM ledger WHERE kind = 'contact-reactivate'")[0][0], "count=50")

with case("a provider's profile names its ladder; one that is not in the configuration is an error, not another ladder"):
    laddered, to_laddered = fresh()
    with open(ROOT + "/etc/providers.ini", encoding="utf8") as f:
        profiles = f.read()
    with open(laddered.dir + "/providers.ini", "w", encoding="utf8") as f:
        f.write(profiles.replace("[gmail]\n", "[gmail]\nladder = patient\n"))
    laddered.config["rules"] = {"providers": laddered.dir + "/providers.ini"}
    result = laddered.run("import", to_laddered.folder)
    equal(result.code, 2, result)
    contains(result.err, "provider gmail: there is no [ladder patient]")
    laddered.config["ladder patient"] = {"steps": "7h", "end": "9d", "attempts": "3"}
    slow = ("4.3.0", "451 4.3.0 Temporary server error")
    laddered.now = "2026-11-09T05:30:00Z"
    to_laddered.take(*[(ANNA, slow, day, "gmail-smtp-in.l.google.com") for day in (1, 9)], (BEN, slow, 9))
    anna, ben = laddered.run("check", "--json", input="%s\n%s\n" % (ANNA, BEN)).lines()
    equal((anna["state"], anna["until"], ben["until"]), ("soft", "2026-11-09T12:00:00Z", None))
    to_laddered.take((ANNA, slow, 8, "gmail-smtp-in.l.google.com"))
    equal(state(laddered, ANNA), "paused")

blocked, to_blocked = fresh()
blocked.config["privacy"] = {"k": "2"}  # so that these few are beyond noise, of twenty mails
equal(blocked.run("volume", "import", "-", input="day,campaign,provider,sent\n2026-11-01,,gmail,20\n2026-11-01,,other,20\n").code, 0)
to_blocked.take((CARLA, LISTED, 1, "gmail-smtp-in.l.google.com"), (BEN, LISTED, 1, "gmail-smtp-in.l.google.com"), (DORA, LISTED, 1), (ANNA, LISTED, 1))
with case("resolve --list: one investigation for each provider and category, with what to look at"):
    listed = {(i["provider"], i["category"]): i for i in blocked.run("contact", "resolve", "--list", "--json").lines()}
    equal(sorted(listed), [("gmail", "reputation"), ("other", "reputation")])
    equal((listed["gmail", "reputation"]["count"], listed["gmail", "reputation"]["since"]), (2, "2026-11-01"))
    true(any("Listings" in line for line in listed["gmail", "reputation"]["checklist"]), listed)
    text = blocked.run("contact", "resolve", "--list").out
    contains(text, "gmail reputation: 2 blocks from 2026-11-01 to 2026-11-01")
    contains(text, "  [ ] Listings")

with case("resolve: who waits for it is let through the gate within a day, others wait on"):
    result = blocked.run("contact", "resolve", "--provider", "gmail", "--category", "reputation", "--reason", "delisted")
    equal(result.code, 0, result)
    contains(result.err, "2 contacts")
    equal([line["state"] for line in show(blocked, CARLA, BEN, DORA)], ["retry-gated", "retry-gated", "investigate"])
    equal(blocked.run("contact", "resolve", "--provider", "gmail", "--category", "reputation", "--reason", "again").code, 1)
    equal(blocked.sql("SELECT detail FROM ledger WHERE kind = 'contact-resolve'"), [('provider=gmail category=reputation count=2 reason="delisted"',)])
    verdicts = [line["verdict"] for line in on(blocked, 3).run("check", "--json", input="%s\n%s\n%s\n" % (CARLA, BEN, DORA)).lines()]
    equal(verdicts, ["send", "send", "hold"])

with case("resolve with addresses: these are let through, the investigation stays"):
    equal(blocked.run("contact", "resolve", "--reason", "only her", input=DORA + "\n").code, 0)
    equal(state(blocked, DORA), "retry-gated")
    equal(len(blocked.run("contact", "resolve", "--list", "--json").lines()), 1)

with case("nobody resolves: after [block] patience they are let through all the same, and without a new block all is well"):
    waits, to_waits = fresh()
    to_waits.take((CARLA, LISTED, 1))
    found = []
    for day, month in ((1, 11), (2, 11), (8, 11), (10, 11), (25, 11)):
        on(waits, day, month).run("run")
        found.append(state(waits, CARLA))
    equal(found, ["block", "investigate", "investigate", "retry-gated", "active"])
    equal(waits.run("contact", "resolve", "--list").out, "no investigation is open\n")

with case("undo: what an outage did is taken back as a whole, by dry run first; the ledger says what and how many, never whom"):
    undone, to_undone = fresh()
    undone.now = "2026-11-02T06:00:00Z"
    to_undone.take(*[("v%d@example.net" % n, DEAD, 2, "gmail-smtp-in.l.google.com") for n in range(30)], (ANNA, DEAD, 1), (BEN, DEAD, 2))
    cause = ("--provider", "gmail", "--reporting-mta", "mail.example.org", "--from", "2026-11-02", "--to", "2026-11-02", "--reason", "gmail was out of order")
    for wrong in (cause[4:], cause[:-2], cause[:4] + cause[-2:], cause + ("x",), ("--rule", ANNA) + cause[4:], ("--to", "2026-11-01") + cause[:6] + cause[8:],
                  cause + ("--to", "2029-01-01")):
        equal(undone.run("contact", "undo", *wrong).code, 2, wrong)
    before = [c.state for c in contactbody.of(undone)]
    result = undone.run("contact", "undo", "--dry-run", *cause)
    equal((result.code, result.out), (0, "unconfirmed to active: 30\n"), result)
    contains(result.err, "nothing was changed")
    equal([c.state for c in contactbody.of(undone)], before)
    result = undone.run("contact", "undo", "--dry-run", *cause[:-2])
    equal((result.code, result.out), (0, "unconfirmed to active: 30\n"), result)
    result = undone.run("contact", "undo", *cause)
    equal((result.code, result.out), (0, "unconfirmed to active: 30\n"), result)
    equal(undone.sql("SELECT detail FROM ledger WHERE kind = 'contact-undo'"),
          [('provider=gmail reporting-mta=mail.example.org from=2026-11-02 to=2026-11-02 count=30 reason="gmail was out of order"',)])
    verdicts = [line["verdict"] for line in undone.run("check", "--json", input="v3@example.net\n%s\n%s\n" % (ANNA, BEN)).lines()]
    equal(verdicts, ["send", "suppress", "suppress"])
    to_undone.take(("late@example.net", DEAD, 2, "gmail-smtp-in.l.google.com"))
    equal(undone.run("check", "--json", input="late@example.net\n").lines()[0]["verdict"], "send")

with case("suppressions: what check says, by pseudonym; an implementation of our own makes the same pseudonyms"):
    with open(blocked.data + "/keys/state.key", encoding="ascii") as f:
        key = bytes.fromhex(f.read().splitlines()[1])
    def pseudonym(address, key=key):
        return hashlib.blake2b(b"retour pseudonym 1\0state\0" + address.encode(), key=key, digest_size=16).hexdigest()
    to_blocked.take((ANNA, DEAD, 3), (BEN, FULL, 3))
    listed = {line["pseudonym"]: line for line in blocked.run("suppressions", "--json").lines()}
    equal(sorted(listed), sorted(map(pseudonym, (ANNA, BEN, CARLA, DORA))))
    for answer in blocked.run("check", "--json", input="".join(a + "\n" for a in (ANNA, BEN, CARLA, DORA))).lines():
        line = listed[pseudonym(answer.pop("address"))]
        equal(answer.pop("hint"), None)
        equal({name: line[name] for name in answer}, answer)
        contains(blocked.run("key", "list").out, line["key"])
    rows = list(csv.reader(io.StringIO(blocked.run("suppressions").out)))
    equal(rows[0], ["pseudonym", "key", "verdict", "until", "state", "reason", "since"])
    equal([row[0] for row in rows[1:]], sorted(listed))

with case("suppressions --since: who was heard of since, and who is active again"):
    def since(when):
        return sorted(line["pseudonym"] for line in blocked.run("suppressions", "--json", "--since", when).lines())
    on(blocked, 4)
    equal(since("2026-11-04"), [])
    equal(since("2026-11-03T23:00:00Z"), sorted(map(pseudonym, (ANNA, BEN, DORA))))  # she was let through on that day
    blocked.run("contact", "reactivate", "--reason", "asked by phone", input=ANNA + "\n")
    equal(since("2026-11-04"), [pseudonym(ANNA)])
    equal(blocked.run("suppressions", "--since", "yesterday").code, 2)

with case("the manual's pseudonyms are right"):
    with open(ROOT + "/etc/retour-contacts.7", encoding="ascii") as f:
        manual = f.read()
    for address in ("anna@example.org", "x@xn--mnchen-3ya.example"):
        contains(manual, pseudonym(address, bytes(range(32))))

with case("what became of soft bounces, and who stands where: each count is the truth, its words are defined where they stand"):
    tables, bounced = fresh()
    tables.config["privacy"] = {"k": "2"}
    FATES = {"recovered": 5, "soft": 3, "paused": 4, "hard": 2}
    WHO = {fate: ["%s%d@example.net" % (fate, i) for i in range(n)] for fate, n in FATES.items()}
    on(tables, 30)
    for fate, days in {"recovered": (3,), "paused": (2, 9, 16, 23), "hard": (4,), "soft": (28,)}.items():
        for day in days:
            bounced.take(*((who, FULL, day) for who in WHO[fate]))
    bounced.take(*((who, DEAD, 12) for who in WHO["hard"]))
    bounced.take(*((who, DELIVERED, 20) for who in WHO["recovered"]))
    on(tables, 1, 12)
    text, top = (tables.run("report", "--month", "2026-11", "--format", form).out for form in ("text", "xml"))
    top, at = xml.fromstring(top), "{urn:retour:report:1}"
    row, = top.iter(at + "cohort")
    equal({count.get("of"): int(count.text) for count in row}, dict(FATES, **{"prolonged-soft": 0}))
    states = {line.get("id"): int(line.findtext(at + "count")) for line in top.iter(at + "state")}
    equal({name: n for name, n in states.items() if n}, {"active": 5, "soft": 3, "paused": 4, "inactive": 2})
    head = " ".join(text.split("What became of soft bounces")[1].split("November 2026  ")[0].split())
    for word in ("Recovered", "Still trying", "Paused", "Turned hard", "Given up"):
        contains(head.lower(), word.lower() + ": ")
        contains(head, word)

with case("no address in any file or message"):
    texts = {"audit": retour.run("audit").out.encode(), "list": blocked.run("contact", "resolve", "--list").out.encode()}
    equal(canary.search([ANNA, BEN, CARLA, DORA], [retour.data, blocked.data, waits.data], texts), [])

finish()
