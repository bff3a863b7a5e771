#!/usr/bin/python3
"""One style: clang-format changes nothing, and no line is wider than 100 columns but for a text in quotes that would be torn.
Needs the clang-format whose judgement .clang-format was made for; each version has one of its own. Prints TAP.
"""
import os
import re
import shutil
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VERSION = "14"  # Debian 12's
COLUMNS = 100


def files():
    for house in ("classify", "store", "reports", "poller", "tests"):
        for folder, _, names in os.walk(os.path.join(ROOT, house)):
            for name in sorted(names):
                if name.endswith((".c", ".h")):
                    yield os.path.join(folder, name)


def formatter():
    for name in ("clang-format-" + VERSION, "clang-format"):
        path = shutil.which(name)
        if path and re.search(r"version %s\." % VERSION, subprocess.run([path, "--version"], capture_output=True, text=True).stdout):
            return path
    return None


def wide(path):
    with open(path, encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            if len(line.rstrip("\n").expandtabs(8)) > COLUMNS and '"' not in line:
                yield "%s:%d" % (os.path.relpath(path, ROOT), number)


def tell(number, name, wrong):
    print("%s %d - %s" % ("not ok" if wrong else "ok", number, name))
    for one in wrong:
        print("# " + one)


def main():
    paths = list(files())
    tell(1, "no line is wider than %d columns" % COLUMNS, [one for path in paths for one in wide(path)])
    program = formatter()
    if program:
        said = subprocess.run([program, "--dry-run", "--style=file"] + paths, capture_output=True, text=True, cwd=ROOT).stderr
        tell(2, "clang-format changes nothing", sorted({line.split(":")[0] for line in said.splitlines() if "warning:" in line}))
    else:
        print("ok 2 - clang-format changes nothing # SKIP there is no clang-format %s" % VERSION)
    print("1..2")


main()
