#!/usr/bin/python3
"""`contact rejudge`: after rules.ini was mended what is kept is decided again, and contacts go where that leads: by dry run, in truth, back again; equal to
what reading all anew with the mended rules gives, in any order."""
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.contacts import BOUNCE, Bounces, DEAD, FULL, LISTED  # noqa: E402
from lib.harness import *  # noqa: E402,F403
from lib.sites import *  # noqa: E402,F403

MISREAD = ("5.1.1", "550 5.1.1 Recipient unknown; refused for policy reasons, see your listing")
KINDER = ("5.7.1", "554 5.7.1 Message refused for this address, see policy")
ANNA, BEN, CARLA, DORA, EVE, FAY = ("%s@example.net" % name for name in ("anna", "ben", "carla", "dora", "eve", "fay"))
ALL = (ANNA, BEN, CARLA, DORA, EVE, FAY)
MAILS = [(ANNA, MISREAD, 3), (ANNA, FULL, 2), (BEN, MISREAD, 5), (CARLA, DEAD, 3), (CARLA, MISREAD, 5), (DORA, KINDER, 4), (EVE, FULL, 4), (EVE, LISTED, 5),
         (FAY, FULL, 3), (FAY, KINDER, 3)]
MENDED = """
[local.policy]
category = policy
rank = 200
en = "refused for policy reasons"

[local.gone]
category = mailbox-disabled
rank = 300
en = "message refused for this address"
"""


def rules_of(retour, extra):
    """Rules of one's own: those of the program and EXTRA."""
    path = os.path.join(retour.dir, "rules.ini")
    with open(os.path.join(ROOT, "etc", "rules.ini"), encoding="utf-8") as f:
        text = f.read()
    with open(path, "w", encoding="utf-8") as f:
        f.write(text + extra)
    retour.config["rules"] = {"rules": path}


def fresh(extra="", mails=()):
    retour = Retour()
    rules_of(retour, extra)
    retour.now = "2026-11-06T06:00:00Z"
    bounces = Bounces(retour)
    bounces.take(*mails)
    return retour, bounces


def shown(retour):
    """All that an operator sees of everybody, but for the margin, which is no part of a state."""
    result = retour.run("contact", "show", "--json", input="".join(a + "\n" for a in ALL))
    equal(result.code, 0, result)
    return [{k: v for k, v in line.items() if k != "margin"} for line in result.lines()]


def states(retour):
    return dict(zip(ALL, (line["state"] for line in shown(retour))))


retour, bounces = fresh("", MAILS)
before = shown(retour)

with case("nothing was mended: nothing is decided otherwise"):
    result = retour.run("contact", "rejudge")
    equal((result.code, result.out), (0, ""))
    contains(result.err, "10 failures are kept, 0 are decided otherwise, 0 contacts were moved")
    equal(shown(retour), before)

with case("a mended rule: the dry run says who would move where, and changes nothing"):
    rules_of(retour, MENDED)
    result = retour.run("contact", "rejudge", "--dry-run")
    equal(result.code, 0, result)
    said = sorted(result.out.splitlines())
    contains(result.err, "would be moved; nothing was changed")
    equal(shown(retour), before)

with case("done: inactive ones are let go, others end, and the ledger says how many"):
    equal((states(retour)[ANNA], states(retour)[BEN], states(retour)[CARLA]), ("inactive", "inactive", "inactive"))
    result = retour.run("contact", "rejudge", "--reason", "listing was no mailbox")
    equal((result.code, sorted(result.out.splitlines())), (0, said))
    now = states(retour)
    true(now[ANNA] in ("block", "investigate"), now)
    true(now[BEN] in ("block", "investigate"), now)
    equal((now[CARLA], now[DORA], now[FAY]), ("inactive", "inactive", "inactive"))
    equal(now[EVE], states(retour)[EVE])
    detail = retour.sql("SELECT detail FROM ledger WHERE kind = 'contact-rejudge' ORDER BY number DESC LIMIT 1")[0][0]
    equal(detail, 'events=10 changed=5 gone=0 untold=0 count=4 reason="listing was no mailbox"')
    equal(retour.run("audit").code, 0)

with case("again it is nothing, and it is what reading with the mended rules gives, in any order"):
    result = retour.run("contact", "rejudge")
    contains(result.err, " 0 are decided otherwise, 0 contacts were moved")
    after = shown(retour)
    for seed in range(3):
        mails = MAILS[:]
        random.Random(seed).shuffle(mails)
        anew, _ = fresh(MENDED, mails)
        equal([line["state"] for line in shown(anew)], [line["state"] for line in after])
        keys = ("state", "verdict", "reason", "rule", "since", "until")
        for one, other in zip(shown(anew), after):
            equal({k: one[k] for k in keys}, {k: other[k] for k in keys})

with case("the rules are changed back: so is everybody"):
    rules_of(retour, "")
    result = retour.run("contact", "rejudge")
    equal(result.code, 0, result)
    for one, other in zip(shown(retour), before):
        equal(one, other)

with case("words that are no longer kept: the events are counted apart, and left"):
    old, _ = fresh("", MAILS)
    old.now = "2026-12-20T06:00:00Z"
    equal(old.run("run").code, 0)
    rules_of(old, MENDED)
    result = old.run("contact", "rejudge")
    equal((result.code, result.out), (0, ""))
    contains(result.err, "left as they are: 10 whose words are no longer kept, 0 that what is kept does not tell")

with case("what decided is not among what is kept: left, and counted"):
    human = "The following recipient does not exist: user unknown. No such user here."
    spoken, to_spoken = fresh()
    mail = spoken.dir + "/spoken.eml"
    with open(mail, "w", encoding="ascii") as f:
        f.write(BOUNCE.replace("Your mail could not be delivered.", human)
                % {"recipient": ANNA, "status": "5.0.0", "text": "550 5.0.0", "host": "mx.example.net", "number": 77, "date": "03 Nov 2026 05:00:00 +0000"})
    equal(spoken.run("import", mail).code, 0)
    said = shown(spoken)[0]
    equal((said["state"], said["rule"].startswith("code")), ("inactive", False))
    result = spoken.run("contact", "rejudge")
    contains(result.err, "left as they are: 0 whose words are no longer kept, 1 that what is kept does not tell")
    equal((result.out, shown(spoken)[0]), ("", said))

with case("an answer about our own address, which is not kept, does not become one about the recipient"):
    ours, ours_bounces = fresh()
    ours_bounces.take((ANNA, ("5.1.1", "550 5.1.1 <news@example.org> envelope sender does not exist"), 3),
                      (BEN, ("5.0.0", "550 If ben is no longer with the firm, his mailbox may be gone"), 3))
    said = shown(ours)
    equal([line["state"] == "inactive" for line in said[:2]], [False, False])
    result = ours.run("contact", "rejudge")
    contains(result.err, "2 failures are kept, 0 are decided otherwise, 0 contacts were moved")
    equal((result.out, shown(ours)), ("", said))

with case("what a local mailer ended with is not kept: left, and counted"):
    piped, _ = fresh()
    mail = os.path.join(piped.dir, "piped.eml")
    with open(mail, "w", encoding="ascii") as f:
        f.write(BOUNCE.replace("Diagnostic-Code: smtp;", "Diagnostic-Code: x-unix;")
                % {"recipient": ANNA, "status": "5.0.0", "text": "67", "host": "mx.example.net", "number": 79, "date": "03 Nov 2026 05:00:00 +0000"})
    equal(piped.run("import", mail).code, 0)
    said = shown(piped)[0]
    equal((said["state"], said["rule"]), ("inactive", "exit.67"))
    result = piped.run("contact", "rejudge")
    contains(result.err, "left as they are: 0 whose words are no longer kept, 1 that what is kept does not tell")
    equal((result.out, shown(piped)[0]), ("", said))

with case("words that were read in the human part are decided as such: the same rules find the same"):
    people, _ = fresh()
    mail = os.path.join(people.dir, "people.eml")
    with open(mail, "w", encoding="utf-8") as f:
        f.write("Return-Path: <>\nFrom: MAILER-DAEMON@mx.example.net\nTo: bounces@example.org\nSubject: Mancata consegna\n"
                "Date: Tue, 03 Nov 2026 05:00:00 +0000\nMessage-ID: <88@mx.example.net>\nMIME-Version: 1.0\n"
                "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
                "Il messaggio per %s torna al mittente: questo indirizzo non risulta nel nostro elenco.\n\n--- Below this line is a copy of the message.\n\n"
                "From: news@example.org\nTo: %s\nMessage-ID: <88.2@example.org>\nSubject: x\n\nx\n" % (ANNA, ANNA))
    equal(people.run("import", mail).code, 0)
    equal(people.sql("SELECT class FROM event"), [("hard",)])
    contains(people.run("contact", "rejudge", "--dry-run").err, "1 failures are kept, 0 are decided otherwise")

with case("what was put together of the senses of words, and what they set aside, is decided as before"):
    felt, felt_bounces = fresh()
    felt_answers = (("5.0.0", "550 5.0.0 diese Kollegin ist laengst ausgeschieden"), ("5.0.0", "550 5.0.0 unknown user at avsandarkontot"),
               ("5.0.0", "550 5.0.0 box unknown: the submitters Xanadu"), ("5.0.0", "550 5.0.0 Subskriptionsadressbuch nicht gefunden"),
               ("5.0.0", "550 5.0.0 rubrica non trovata"), ("5.0.0", "550 5.0.0 tope quotidianamente superado hoy"))
    felt_bounces.take(*[(who, ("5.0.0", text), 3) for who, (_, text) in zip(ALL, felt_answers)])
    before_felt = shown(felt)
    contains([line["state"] for line in before_felt], "inactive")
    result = felt.run("contact", "rejudge")
    equal((result.code, result.out), (0, ""), result)
    contains(result.err, "6 failures are kept, 0 are decided otherwise, 0 contacts were moved")
    equal(shown(felt), before_felt)
    told = [text for (text,) in felt.sql("SELECT diagnostic FROM event ORDER BY at")]
    contains(" ".join(told), "kolleg* ist")
    equal("ollegin" in " ".join(told), False)

with case("of several sites each decides what it has read, and all learn where that leads"):
    sites = make_sites()
    for name, mails in zip(NAMES, (MAILS[:5], MAILS[5:], [])):
        rules_of(sites[name][0], "")
        sites[name][1].take(*mails)
    exchange(sites)
    first = rows(sites[NAMES[0]][0])
    for step, extra in enumerate((MENDED, "")):
        for name in NAMES:
            rules_of(sites[name][0], extra)
            equal(sites[name][0].run("contact", "rejudge").code, 0)
        exchange(sites)
        for name in NAMES:
            equal(rows(sites[name][0]), rows(sites[NAMES[0]][0]), name)
        known = answers(sites[NAMES[2]][0], [ANNA, DORA])  # has read nothing itself
        equal(["suppress" in line for line in known.splitlines()[-2:]], [step == 1, step == 0])
    equal(rows(sites[NAMES[1]][0]), first)

with case("what it takes is said"):
    for wrong in (("--reason", "to anna@example.net"), ("now",), ("--rule", "x")):
        equal(retour.run("contact", "rejudge", *wrong).code, 2, wrong)
finish()
