#!/usr/bin/python3
"""`words` shows what receivers said where the rules know little: by shape, counted, and nothing of what fewer than k recipients had."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.contacts import BOUNCE as BOUNCE_TEXT
from lib.contacts import DEAD, Bounces
from lib.harness import *

retour = Retour(now="2026-12-20T06:00:00Z")
retour.config["privacy"] = {"k": "3"}
bounces = Bounces(retour)
ODD = ("5.0.0", "550 5.0.0 The server returned error 17 on line %d, please try another server")
RARE = ("5.0.0", "550 5.0.0 The other server does not know this command, error %d")


def said(*options, code=0):
    result = retour.run("words", *options)
    equal(result.code, code, result)
    return result


with case("without an answer that is not understood there is only the header"):
    bounces.take(("a.words@example.net", DEAD, "04 Dec"))
    equal(said().out, "answers,first,last,class,rule,margin,provider,answer\n")

with case("answers that differ in numbers are one shape; codes stay; what fewer than k had is only counted"):
    bounces.take(*[("p%d.words@example.net" % n, (ODD[0], ODD[1] % (100 + n)), "%02d Dec" % (5 + n)) for n in range(4)],
                 *[("q%d.words@example.net" % n, (RARE[0], RARE[1] % n), "07 Dec") for n in range(2)],
                 *[("p0.words@example.net", (RARE[0], RARE[1] % n), "08 Dec") for n in range(1)])
    result = said("--json")
    lines = result.lines()
    odd = [line for line in lines if "error # on line #" in line["answer"]]
    equal([(line["count"], line["since"], line["last"], line["class"]) for line in odd], [(4, "2026-12-05", "2026-12-08", None)], result)
    contains(odd[0]["answer"], "550 5.0.0 ")
    equal([line["count"] for line in lines if "other server does not know" in line["answer"]], [3], result)
    bounces.take(("r.words@example.net", (RARE[0], "550 5.0.0 Today the other end has different plans"), "09 Dec"))
    result = said("--json")
    true("different plans" not in result.out, result)
    contains(result.err, "1 of them have words of fewer than 3 recipients")

with case("one recipient who comes again and again is one"):
    bounces.take(*[("s.words@example.net", (RARE[0], "550 5.0.0 This connection was not from a user of ours %d" % n), "%02d Dec" % (4 + n)) for n in range(9)])
    true("This connection" not in said("--json").out, "shown")

with case("two recipients of two months are two, though each month gives them other pseudonyms"):
    for month in "Nov", "Dec":
        bounces.take(*[("t%d.words@example.net" % n, (RARE[0], "550 5.0.0 The end of the line was not where we would have it"), "%s %s" % (day, month))
                       for n in range(2) for day in ("28" if month == "Nov" else "02",)])
    true("end of the line" not in said("--json", "--days", "60").out, "shown")

with case("as rules: a section each, which can be filled in and used"):
    text = said("--rules").out
    contains(text, "\n[own.1]\ncategory =\n")
    path = os.path.join(retour.dir, "own.ini")
    with open(os.path.join(ROOT, "etc", "rules.ini"), encoding="utf-8") as f:
        known = f.read()
    with open(path, "w", encoding="utf-8") as f:
        f.write(known + "\n" + text.replace("category =\n", "category = policy\n"))
    retour.config["rules"] = {"rules": path}
    result = retour.run("classify", "-", input=BOUNCE_TEXT % {"date": "Sat, 05 Dec 2026 05:00:00 +0000", "number": 99, "recipient": "x@example.net", "status": ODD[0],
                                                               "text": ODD[1] % 5, "host": "mx.example.net"})
    equal((result.lines()[0]["category"], result.lines()[0]["rule"][:4]), ("policy", "own."), result)
    del retour.config["rules"]

with case("no address, local part or pseudonym is in it, and margins and days are numbers"):
    everything = said("--margin", "2000", "--days", "3650").out + said("--json").out + said("--rules").out
    for word in ("@", "words", "example.net"):
        true(word not in everything, word)
    for options in (("--days", "0"), ("--days", "x"), ("--margin", "-1"), ("--margin", "99999"), ("one",)):
        equal(retour.run("words", *options).code, 2, options)
finish()
