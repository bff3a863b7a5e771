#!/usr/bin/python3
"""A harmless change of a mail changes none of its events: each golden sample, changed in each way of tests/lib/mutations.py, must give what it gave.

All changed mails are read by a few calls of `classify`. `make metamorphic` (CAMPAIGN=N) makes N changes one upon another of each sample, drawn anew with SEED.
Samples whose point is the very damage that a change heals stand in HEALED with the changes that they are spared.
"""
import collections
import json
import os
import random
import re
import subprocess
import sys
import tempfile

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT = os.path.dirname(TESTS)
sys.path.insert(0, TESTS)
from lib import tap  # noqa: E402
from lib.mutations import MUTATIONS  # noqa: E402

GOLDEN = os.path.join(TESTS, "golden")
RETOUR = os.path.abspath(os.environ.get("RETOUR", os.path.join(ROOT, "build", "retour")))
CAMPAIGN = int(os.environ.get("CAMPAIGN", "0"))  # stacks of changes for each sample
SEED = int(os.environ.get("SEED", "1"))
DEEPEST = 4     # changes in a stack
PER_CALL = 5000
SHOWN = int(os.environ.get("SHOWN", "12"))
LOOSE = ("file",)
# sample: changes that it is spared, by their names' begin ("" is all), with the reason
HEALED = {
    "attached-bounce-without-words": ("attached",),
    "damage-from-escaped": ("folded at",),  # its header begins below a line that is no field
    "nested-report": ("attached",),  # both: two mails deep nothing is read
    "letter-attaches-words": ("attached",),
    "notbounce-own-mailbox-almost-full": ("attached",),  # a mail of ours that is attached is what we sent; "none" for another reason
}


def is_spared(sample, change):
    return any(change.startswith(begin) for begin in HEALED.get(sample, ()))


def variants():
    """(sample, name of the change, bytes)"""
    chance = random.Random(SEED)
    for file in sorted(os.listdir(GOLDEN)):
        if not file.endswith(".eml"):
            continue
        sample = file[:-4]
        with open(os.path.join(GOLDEN, file), "rb") as f:
            data = f.read()
        stacks = [[one] for one in MUTATIONS] if not CAMPAIGN else [chance.sample(MUTATIONS, chance.randint(2, DEEPEST)) for _ in range(CAMPAIGN)]
        for stack in stacks:
            changed = data
            stack.sort(key=lambda one: one[0] == "attached")  # what is put around a mail that is passed on gives it words of another's
            for name, change in stack:
                if is_spared(sample, name):
                    changed = None
                    break
                try:
                    changed = change(changed) or (changed if CAMPAIGN else None)
                except ValueError:
                    changed = None
                if changed is None:
                    break
            if changed is not None and changed != data:
                yield sample, " + ".join(name for name, _change in stack), changed


def classify(directory, files):
    """{file: its events, without what names the file}"""
    events = collections.defaultdict(list)
    for begin in range(0, len(files), PER_CALL):
        done = subprocess.run([RETOUR, "-c", os.path.join(GOLDEN, "golden.ini"), "classify", "--plain"] + files[begin:begin + PER_CALL], cwd=directory,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode or done.stderr:
            tap.not_ok("classify reads all", done.stderr.decode(errors="replace")[:2000])
        for line in done.stdout.decode(errors="replace").splitlines():
            event = json.loads(line)
            events[os.path.basename(event["file"])].append({key: spaced(value) for key, value in event.items() if key not in LOOSE})
    return events


def spaced(value):
    """Line ends are no words: an answer that was folded elsewhere is the same."""
    return re.sub(r"\s+", " ", value).strip() if isinstance(value, str) else value


def difference(wanted, got):
    if len(wanted) != len(got):
        return "%d events instead of %d" % (len(got), len(wanted))
    for one, other in zip(wanted, got):
        keys = [key for key in one if one[key] != other.get(key)]
        if keys:
            return ", ".join("%s: %r instead of %r" % (key, other.get(key), one[key]) for key in keys)
    return None


def main():
    wanted = {}
    for file in os.listdir(GOLDEN):
        if file.endswith(".expect"):
            with open(os.path.join(GOLDEN, file), encoding="utf-8") as lines:
                wanted[file[:-7]] = [{key: spaced(value) for key, value in json.loads(line).items() if key not in LOOSE} for line in lines]
    pairs, fallen = collections.Counter(), collections.defaultdict(list)
    with tempfile.TemporaryDirectory() as directory:
        files, about = [], {}
        for number, (sample, name, data) in enumerate(variants()):
            file = "%06d.eml" % number
            with open(os.path.join(directory, file), "wb") as f:
                f.write(data)
            files.append(file)
            about[file] = sample, name
        events = classify(directory, files)
        for file in files:
            sample, name = about[file]
            what = "stacks of changes" if CAMPAIGN else name
            pairs[what] += 1
            differs = difference(wanted[sample], events[file])
            if differs:
                fallen[what].append("%s (%s): %s" % (sample, name, differs))
                if os.environ.get("KEEP"):
                    os.makedirs(os.environ["KEEP"], exist_ok=True)
                    os.replace(os.path.join(directory, file), os.path.join(os.environ["KEEP"], "%s--%s.eml" % (sample, name.replace(" ", "-").replace("/", ""))))
    for name, count in pairs.items():
        wrong = fallen.get(name, [])
        tap.check(not wrong, "%s: %d of %d samples stay as they are" % (name, count - len(wrong), count),
                  "\n".join(wrong[:SHOWN] + (["… and %d more" % (len(wrong) - SHOWN)] if len(wrong) > SHOWN else [])))
    tap.check(sum(pairs.values()) > (CAMPAIGN / 2 if CAMPAIGN else 20) * len(wanted), "%d pairs of a sample and a change of it" % sum(pairs.values()))
    unused = sorted(sample for sample in HEALED if sample not in wanted)
    tap.check(not unused, "every sample that is spared something exists", unused)
    tap.finish()


if __name__ == "__main__":
    main()
