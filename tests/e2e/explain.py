#!/usr/bin/python3
"""classify --explain prints each rule once, and one star, at the rule that decided: for every event of every golden sample."""
import glob
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib import answers, tap  # noqa: E402

GOLDEN = os.path.join(answers.TESTS, "golden")
LEAST = 600  # events that something was seen of

told = subprocess.run([answers.RETOUR, "-c", os.path.join(GOLDEN, "golden.ini"), "classify", "--explain"] + sorted(glob.glob(os.path.join(GOLDEN, "*.eml"))),
                      stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, encoding="utf8", errors="replace", check=True).stderr
explained = {}
for line in told.splitlines():
    if not line.startswith("  "):
        seen = explained.setdefault(line, [])
    elif not line.startswith("    class "):
        seen.append((line[11:].split()[0], line[2]))
explained = {line: seen for line, seen in explained.items() if seen}
twice = [line for line, seen in explained.items() if len({rule for rule, _ in seen}) != len(seen)]
other = [line for line, seen in explained.items() if [rule for rule, star in seen if star == "*"] != [line.rsplit(" ", 1)[1]]]
tap.check(len(explained) >= LEAST, "%d events are explained" % len(explained))
tap.check(not twice, "no rule is printed twice", "; ".join(twice[:5]))
tap.check(not other, "one star, and it stands at the rule that decided", "; ".join(other[:5]))
tap.finish()
