#!/usr/bin/python3
"""tests/phrases.tsv: answers of mail systems as people quote them and as their makers document them, each with what it means.

A line has the text, class, category, reply code, enhanced code and the host that said it, with tabs between; "-" stands for none. Each text is
wrapped into a delivery status notification as a relay would send it, and all are read in one go. A text without a code is the relay's own.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib import answers, tap  # noqa: E402

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FIELDS = ("text", "class", "category", "reply", "status", "host")
LEAST = 400  # lines, so that a file cut short shows

def read():
    with open(os.path.join(TESTS, "phrases.tsv"), encoding="utf8") as lines:
        for number, line in enumerate(lines, 1):
            if line.startswith("#"):
                continue
            values = line.rstrip("\n").split("\t")
            if len(values) != len(FIELDS):
                raise SystemExit("phrases.tsv:%d: %d fields, not %d" % (number, len(values), len(FIELDS)))
            yield number, dict(zip(FIELDS, values))


ROWS = list(read())
EVENTS = answers.classify({number: answers.wrap(row["text"], row["reply"], row["status"], row["host"]) for number, row in ROWS})
tap.check(len(ROWS) >= LEAST, "there are at least %d lines" % LEAST, len(ROWS))
for number, row in ROWS:
    event = EVENTS.get(number, {})
    wrong = ["%s %s, not %s (%s)" % (field, event.get(field), row[field], event.get("rule")) for field in FIELDS[1:5]
             if str("-" if event.get(field) is None else event[field]) != row[field]]
    tap.check(not wrong, "%d: %s" % (number, row["text"][:100]), "; ".join(wrong))
tap.finish()
