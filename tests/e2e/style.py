#!/usr/bin/python3
"""One style: clang-format changes nothing; no line is wider than 100 columns but for a text in quotes that would be torn; no ?: is an operand of another;
what a comment names as a file of ours is there.
Needs the clang-format whose judgement .clang-format was made for; each version has one of its own. Prints TAP.
"""
import os
import re
import shutil
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VERSION = "14"  # Debian 12's
COLUMNS = 100
# Of others: libraries' headers, mail systems' sources.
FOREIGN = {"sysexits.h", "zlib.h", "mda.c", "mta.c", "log_adhoc.c", "qmgr_active.c", "qmail-send.c", "queue.c", "deliver.c"}


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


def code_of(text):
    """TEXT with comments as blanks and what is in quotes as dots; line ends stay."""
    return re.sub(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', lambda m: re.sub(r"[^\n]", " " if m[0][0] == "/" else ".", m[0]), text, flags=re.S)


def nested(path):
    """Where a ?: is an operand of another: within brackets that only group, too; as an argument of a call it is none."""
    with open(path, encoding="utf-8") as f:
        code = code_of(f.read())
    line, levels = 1, [[]]  # the open ones at each level of brackets: "?" before its colon, ":" behind it, "(" stands for one outside
    for at, sign in enumerate(code):
        line += sign == "\n"
        if sign in "([{":
            before = re.search(r"(\w*)\s*$", code[max(0, at - 40):at])[1]
            groups = sign == "(" and (not before or before == "return")
            levels.append(["("] if groups and levels[-1] else [])
        elif sign in ")]}" and len(levels) > 1:
            levels.pop()
        elif sign in ";,":
            levels[-1].clear()
        elif sign == "?":
            if levels[-1]:
                yield "%s:%d" % (os.path.relpath(path, ROOT), line)
            levels[-1].append("?")
        elif sign == ":" and "?" in levels[-1]:
            while levels[-1].pop() != "?":
                pass
            levels[-1].append(":")


def lost_names(path):
    """Files that comments name and that are not where they are looked for: beside the one that names them, else by their way from the top."""
    with open(path, encoding="utf-8") as f:
        comments = " ".join(re.findall(r"/\*.*?\*/", f.read(), re.S))
    for name in sorted(set(re.findall(r"(?<![\w./<-])\w[\w-]*(?:/[\w-]+)*\.(?:c|h|py|sh)\b", comments)) - FOREIGN):
        if not any(os.path.exists(os.path.join(place, name)) for place in (ROOT, os.path.dirname(path))):
            yield "%s: %s" % (os.path.relpath(path, ROOT), name)


def tell(number, name, wrong):
    print("%s %d - %s" % ("not ok" if wrong else "ok", number, name))
    for one in wrong:
        print("# " + one)


def main():
    paths = list(files())
    tell(1, "no line is wider than %d columns" % COLUMNS, [one for path in paths for one in wide(path)])
    tell(2, "no ?: is an operand of another", [one for path in paths if not os.path.relpath(path, ROOT).startswith("tests") for one in nested(path)])
    tell(3, "a file that a comment names is there", [one for path in paths for one in lost_names(path)])
    program = formatter()
    if program:
        said = subprocess.run([program, "--dry-run", "--style=file"] + paths, capture_output=True, text=True, cwd=ROOT).stderr
        tell(4, "clang-format changes nothing", sorted({line.split(":")[0] for line in said.splitlines() if "warning:" in line}))
    else:
        print("ok 4 - clang-format changes nothing # SKIP there is no clang-format %s" % VERSION)
    print("1..4")


main()
