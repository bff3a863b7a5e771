#!/usr/bin/python3
"""tests/ambiguous.tsv: answers that a hasty reader takes for the end of an address, and answers that are it.

A wrong hard suppresses a good address for good, a missed one costs a further bounce: of the first kind none may be hard, of the second none may be
missed. Each is read in a relay's report without the recipient's own code (Status 5.0.0 or 4.0.0), so that nothing but the answer speaks.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib import answers, tap  # noqa: E402

LEAST = 200  # of either sort, so that a file cut short shows


def read():
    with open(os.path.join(answers.TESTS, "ambiguous.tsv"), encoding="utf8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.startswith("#"):
                text, want, host = line.rstrip("\n").split("\t")
                yield number, text, want, host


def report(text, host):
    reply = text[:3] if text[:3].isdigit() else "-"
    return answers.wrap(text, reply, "%s.0.0" % (text[0] if reply != "-" else "5"), host)


def right(event, want):
    found = event.get("class")
    if want == "!full":
        return found != "hard" and event.get("category") != "mailbox-full"
    return found != "hard" if want == "!hard" else found in want.split("|")


ROWS = list(read())
EVENTS = answers.classify({number: report(text, host) for number, text, _, host in ROWS})
hard = [row for row in ROWS if row[2] == "hard"]
ambiguous = [row for row in ROWS if row[2] != "hard"]
tap.check(len(hard) >= LEAST and len(ambiguous) >= LEAST, "%d ambiguous answers and %d plain ones" % (len(ambiguous), len(hard)))
taken = [row for row in ambiguous if EVENTS.get(row[0], {}).get("class") == "hard"]
missed = [row for row in hard if EVENTS.get(row[0], {}).get("class") != "hard"]
tap.check(not taken, "no ambiguous answer is hard", "%d are" % len(taken))
tap.check(not missed, "no plain answer is missed", "%d are" % len(missed))
for number, text, want, _ in ROWS:
    event = EVENTS.get(number, {})
    tap.check(right(event, want), "%d: %s" % (number, text[:100]),
              "%s %s, not %s (%s)" % (event.get("class"), event.get("category"), want, event.get("rule")))
tap.finish()
