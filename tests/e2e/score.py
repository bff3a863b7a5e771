#!/usr/bin/python3
"""The labelled corpus of real mail: agreement must not fall below tests/score.floor.

The corpus is other people's mail and lies outside the project: in the directory RETOUR_CORPUS, or in shared/corpus beside the checkout.
Its own score.py counts; here the figures are held against the floor. Without it the test says so and is skipped.
"""
import json
import os
import subprocess
import sys

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT = os.path.dirname(TESTS)
sys.path.insert(0, TESTS)
from lib import tap  # noqa: E402

FLOOR = os.path.join(TESTS, "score.floor")
CORPUS = os.environ.get("RETOUR_CORPUS") or os.path.join(os.path.dirname(ROOT), "shared", "corpus")
RETOUR = os.path.abspath(os.environ.get("RETOUR", os.path.join(ROOT, "build", "retour")))


def floor():
    """{what: percent}"""
    with open(FLOOR, encoding="utf8") as lines:
        rows = [line.rstrip("\n").split("\t") for line in lines if line.strip() and not line.startswith("#")]
    return {what: float(percent) for what, percent in rows}


def score():
    """{what: (agreed, of how many)} over all folders of the corpus"""
    done = subprocess.run([sys.executable, os.path.join(CORPUS, "score.py"), "--json", RETOUR], stdout=subprocess.PIPE, check=True)
    rows = {key.split(": ", 1)[1]: counts for key, counts in json.loads(done.stdout).items() if key.startswith("ALL: ")}
    return {what: (agreed, total) for what, (agreed, total) in rows.items() if total}


if not os.path.exists(os.path.join(CORPUS, "score.py")):
    print("ok - the score on the labelled corpus # SKIP no corpus in %s: set RETOUR_CORPUS" % CORPUS)
    print("\n*** The score on the labelled corpus was NOT checked: there is no corpus. ***", file=sys.stderr)
    sys.exit(0)

figures, least = score(), floor()
tap.check(set(figures) <= set(least), "every line of the score has a floor", sorted(set(figures) - set(least)))
for what in least:
    if what not in figures:
        tap.comment("%s: the corpus has no such mail" % what)
        continue
    agreed, total = figures[what]
    percent = 100.0 * agreed / total
    tap.check(percent >= least[what], "%s: %.2f %% (%d of %d), at least %.2f %%" % (what, percent, agreed, total, least[what]))
    if percent > least[what] + 0.1:
        tap.comment("raise the floor: %s %.2f" % (what, percent))
tap.finish()
