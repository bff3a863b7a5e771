#!/usr/bin/python3
"""tests/VIOLATIONS.md and the golden samples say the same: each row names a sample that exists, each sample of damage has its row."""
import glob
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.harness import *

COLUMNS = ["RFC and section", "what is broken", "who does it", "what we make of it", "sample"]
GOLDEN = os.path.join(ROOT, "tests", "golden")


def rows():
    with open(os.path.join(ROOT, "tests", "VIOLATIONS.md"), encoding="utf-8") as f:
        lines = [line.strip() for line in f if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if not re.fullmatch(r"[|-]+", line)]


table = rows()
with case("the table has its five columns in each row"):
    equal(table[0], COLUMNS)
    for row in table[1:]:
        true(len(row) == len(COLUMNS) and all(row), " | ".join(row))
        true(re.match(r"RFC \d+", row[0]), "no RFC in front: " + " | ".join(row))

with case("each row names a sample that exists, and what it must give"):
    for row in table[1:]:
        for ending in (".eml", ".expect"):
            true(os.path.exists(os.path.join(GOLDEN, row[4] + ending)), "there is no " + row[4] + ending)

with case("each sample of damage has one row"):
    named = [row[4] for row in table[1:]]
    samples = sorted(os.path.basename(path)[:-4] for path in glob.glob(os.path.join(GOLDEN, "damage-*.eml")))
    true(len(samples) >= 20, "%d samples of damage" % len(samples))
    equal([name for name in samples if named.count(name) != 1], [])
    equal(sorted(name for name in set(named) if named.count(name) > 1), [])

finish()
