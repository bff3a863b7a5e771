#!/usr/bin/python3
"""The house: rooms lie one above the other in the order ORDER, an include goes down or stays in its room, and no two files need each other, by whatever way:
neither by their includes nor, where objects lie in RETOUR_BUILD, by what they call. No file and no function is longer than one reads at once.
With --draw: rooms, lines, and what goes between them. Prints TAP.
"""
import collections
import glob
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("RETOUR_BUILD", os.path.join(ROOT, "build"))
# The floors, lowest first; rooms of one floor do not know each other.
ORDER = (("classify/base",), ("classify",), ("store/base", "store/history"), ("store",), ("store/exchange", "store/watch", "store/again"), ("reports",), ("poller/mailbox",), ("poller/run",), ("poller/post", "poller/volume"), ("poller/config",), ("poller/command",))
FLOOR = {room: number for number, rooms in enumerate(ORDER) for room in rooms}
LARGEST = 22  # per cent of all lines, for one room
FILE_LINES = 600
LONGER = {"store/sql.h": "all SQL is in one table"}  # and why
FUNCTION_LINES = 60  # between its braces
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)


def read_files():
    files = {}
    for room in FLOOR:
        for path in glob.glob(os.path.join(ROOT, room, "*.[ch]")):
            with open(path, encoding="utf-8") as f:
                files[os.path.relpath(path, ROOT)] = f.read()
    return files


def circles(arrows):
    """The sets of more than one that reach each other (Tarjan)."""
    index, low, on, stack, found = {}, {}, set(), [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        on.add(node)
        for to in sorted(arrows.get(node, ())):
            if to not in index:
                visit(to)
                low[node] = min(low[node], low[to])
            elif to in on:
                low[node] = min(low[node], index[to])
        if low[node] == index[node]:
            members = []
            while not members or members[-1] != node:
                members.append(stack.pop())
                on.discard(members[-1])
            if len(members) > 1:
                found.append(" ".join(sorted(members)))

    for node in sorted(arrows):
        if node not in index:
            visit(node)
    return found


def calls(files):
    """Which object needs a function or a table of which, as nm says; empty without objects."""
    defined, needed, arrows = {}, collections.defaultdict(list), collections.defaultdict(set)
    objects = {os.path.join(BUILD, path[:-2] + ".o"): path for path in files if path.endswith(".c")}
    objects = {thing: path for thing, path in objects.items() if os.path.exists(thing)}
    said = subprocess.run(["nm", "-A", *objects], stdout=subprocess.PIPE, check=True, universal_newlines=True).stdout if objects else ""
    for line in said.splitlines():
        thing, _, rest = line.partition(":")
        words = rest.split()
        if len(words) == 3 and words[1] in "TDBRC":
            defined[words[2]] = objects[thing]
        if len(words) == 2 and words[0] == "U":
            needed[objects[thing]].append(words[1])
    for path, names in needed.items():
        arrows[path] |= {defined[name] for name in names if name in defined} - {path}
    return arrows


def long_files(files):
    """Of the house and of its tests."""
    sizes = {path: text.count("\n") for path, text in files.items() if path not in LONGER}
    for path in glob.glob(os.path.join(ROOT, "tests", "**"), recursive=True):
        if path.endswith((".c", ".h", ".py", ".sh")):
            with open(path, encoding="utf-8") as f:
                sizes[os.path.relpath(path, ROOT)] = f.read().count("\n")
    return sorted((path, n) for path, n in sizes.items() if n > FILE_LINES)


def long_functions(files):
    for path, text in files.items():
        begin = None
        for number, line in enumerate(text.split("\n"), 1):
            if line == "{":
                begin = number
            elif line.startswith("}") and begin:
                if number - begin - 1 > FUNCTION_LINES:
                    yield "%s:%d has %d lines" % (path, begin, number - begin - 1)
                begin = None


def doubled_tags(files):
    places = collections.defaultdict(set)
    for path, text in files.items():
        for tag in re.findall(r"\b(?:struct|enum|union)\s+(\w+)\s*\{", re.sub(r"/\*.*?\*/", "", text, flags=re.S)):
            places[tag].add(path)
    return ["%s: %s" % (tag, " ".join(sorted(paths))) for tag, paths in places.items() if len(paths) > 1]


def doubled_statics(files):
    places, public = collections.defaultdict(set), collections.defaultdict(set)
    for path, text in files.items():
        for name in re.findall(r"^static (?!inline\b)[^;={}()]*?\b(\w+)\(", re.sub(r"/\*.*?\*/", "", text, flags=re.S), re.M):
            places[name].add(path)
        if path.endswith(".c"):
            for name in re.findall(r"^(?!static\b|typedef\b|extern\b|return\b)\w[\w \t*]*?\b(\w+)\([^;{}=]*\)\s*\{", re.sub(r"/\*.*?\*/", "", text, flags=re.S), re.M):
                public[name].add(path)
    for name, paths in public.items():
        if name in places:
            places[name] |= paths
    return ["%s: %s" % (name, " ".join(sorted(paths))) for name, paths in places.items() if len(paths) > 1]


def borrowed_names(files):
    """A header that is no .c file's own, with the name of one in another room: who reads an include takes it for that one's."""
    found = []
    for path in sorted(files):
        body = path[:-2] + ".c"
        if path.endswith(".h") and body not in files:
            others = [other for other in files if os.path.basename(other) == os.path.basename(body) and not os.path.dirname(other).startswith(os.path.dirname(path))]
            found += ["%s is not that of %s" % (path, other) for other in others]
    return found


def unnamed_tests():
    """What lies in tests/ and its README does not say."""
    with open(os.path.join(ROOT, "tests", "README.md"), encoding="utf-8") as f:
        named = set(re.findall(r"`([\w.]+)/?`|\]\(([\w.]+)\)", f.read()))
    return sorted(set(os.listdir(os.path.join(ROOT, "tests"))) - {one for pair in named for one in pair} - {"README.md", "__pycache__"})


def is_up(path, to):
    room, other = os.path.dirname(path), os.path.dirname(to)
    return other != room and FLOOR[other] >= FLOOR[room]


def draw(files, lines, between):
    total = sum(lines.values())
    for rooms in reversed(ORDER):
        for room in rooms:
            print("%-16s %6d lines %4.1f %%  %3d files   %s" % (room, lines[room], 100 * lines[room] / total, sum(os.path.dirname(p) == room for p in files),
                  "  ".join("%s %d" % (to, n) for (of, to), n in sorted(between.items()) if of == room and n)))


def main():
    sys.setrecursionlimit(10000)
    files = read_files()
    lines, between, includes = collections.Counter(), collections.Counter(), collections.defaultdict(set)
    upward, unknown = [], []
    for path, text in files.items():
        lines[os.path.dirname(path)] += text.count("\n")
        for to in INCLUDE.findall(text):
            if to.endswith(".inc"):
                continue
            if to not in files:
                unknown.append("%s includes %s" % (path, to))
                continue
            between[os.path.dirname(path), os.path.dirname(to)] += os.path.dirname(path) != os.path.dirname(to)
            if path.endswith(".h"):
                includes[path].add(to)
            if is_up(path, to):
                upward.append("%s includes %s" % (path, to))
    called = calls(files)
    upward += ["%s calls %s" % (path, to) for path, tos in called.items() for to in tos if is_up(path, to)]
    strays = [os.path.relpath(path, ROOT) for house in ("classify", "store", "reports", "poller") for path in glob.glob(os.path.join(ROOT, house, "**", "*.[ch]"), recursive=True)
              if os.path.relpath(path, ROOT) not in files]
    if "--draw" in sys.argv:
        draw(files, lines, between)
    results = (
        ("every file lies in a room", strays),
        ("every include names its file by its place", unknown),
        ("no include and no call goes up", upward),
        ("no file has more than %d lines" % FILE_LINES, ["%s: %d" % (path, n) for path, n in long_files(files)]),
        ("no function has more than %d lines" % FUNCTION_LINES, list(long_functions(files))),
        ("no tag of a struct or enum stands for two things", doubled_tags(files)),
        ("a static function's name is nobody else's", doubled_statics(files)),
        ("no header has the name of another room's file", borrowed_names(files)),
        ("no circle of headers", circles(includes)),
        ("no circle of files that call each other", circles(called)),
        ("no room has more than %d %% of the lines" % LARGEST, ["%s: %d" % (room, n) for room, n in lines.items() if n * 100 > LARGEST * sum(lines.values())]),
        ("what lies in tests/ stands in tests/README.md", unnamed_tests()))
    for number, (name, wrong) in enumerate(results, 1):
        print("%s %d - %s" % ("not ok" if wrong else "ok", number, name))
        for one in sorted(wrong):
            print("# " + one)
    print("1..%d" % len(results))


main()
