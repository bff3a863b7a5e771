#!/usr/bin/python3
"""What is installed beside the program says what the program does: the sample configuration and the manual's keys come from its own table, the
manual pages are sound, the unit is accepted by systemd, `make install` puts each file where it belongs."""
import json
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.claims import NO_TEST, amiss, brackets, proofs
from lib.harness import *


def read(*path):
    with open(os.path.join(ROOT, *path)) as f:
        return f.read()


def run(*command):
    return subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


with case("etc/retour.ini is what `retour config` prints (else: make texts)"):
    equal(read("etc", "retour.ini"), run(BINARY, "config").stdout)

with case("the keys in retour.ini(5) are those of `retour config --manual` (else: make texts)"):
    page = read("etc", "retour.ini.5")
    between = page[page.index("keys: begin\n") + len("keys: begin\n"):page.index('.\\" keys: end')]
    equal(between, run(BINARY, "config", "--manual").stdout)

with case("the table in retour-contacts(7) is that of `retour contact states` (else: make texts), and its drawing has only moves of the table"):
    page = read("etc", "retour-contacts.7")
    table = page[page.index('states: begin\n') + len("states: begin\n"):page.index('.\\" states: end')]
    equal(table, run(BINARY, "contact", "states").stdout)
    moves = {(line.split()[0], line[31:42].strip()) for line in table.splitlines()}
    drawn = [line.split(" > ") for line in page.splitlines() if " > " in line]
    equal(len(drawn), 5)
    for states in drawn:
        for move in zip(states, states[1:]):
            true(move in moves, move)

with case("retour-categories(7) has each category with its class, and means by each code what the program means by it"):
    page = read("etc", "retour-categories.7")
    listed = [tuple(line.split()[:2]) for line in page[page.index("names: begin\n"):page.index('.\\" names: end')].splitlines()[2:]]
    known = re.findall(r'X\(CATEGORY_\w+, CLASS_(\w+), "([a-z-]+)"\)', read("classify", "event.h"))
    equal(sorted(listed), sorted((klass.lower(), name) for klass, name in known))
    claims = [(name, code) for name, text in re.findall(r"^\.It ([a-z-]+)\n(.*?)(?=^\.)", page, re.M | re.S) for code in re.findall(r"\b[45]\.\d\.\d+", text)]
    true(len(claims) > 25, claims)
    box = os.path.join(Retour().dir, "codes")
    with open(box, "w") as f:
        for number, (name, code) in enumerate(claims):
            f.write("From MAILER-DAEMON Mon Nov  2 08:00:00 2026\nFrom: MAILER-DAEMON@mx.example.net\nMessage-ID: <%d@mx.example.net>\nContent-Type: multipart/report;"
                    " report-type=delivery-status; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\n"
                    "Final-Recipient: rfc822; kim@example.com\nAction: failed\nStatus: %s\n\n--b--\n\n" % (number, code))
    told = [json.loads(line)["category"] for line in run(BINARY, "classify", box).stdout.splitlines()]
    equal([(code, got) for (name, code), got in zip(claims, told)], [(code, name) for name, code in claims])

with case("retour-privacy(7) has each table of the store, and no other"):
    retour = Retour()
    retour.run("import", "/dev/null")
    tables = {name for name, in retour.sql("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'")}
    page = read("etc", "retour-privacy.7")
    named = {word.strip() for line in re.findall(r"^\.It .* Ta store, (?:tables?|column \w+ of) ([a-z_, ]+(?: and [a-z_]+)?) Ta", page, re.M) for word in re.split(r",| and ", line)}
    equal(sorted(named), sorted(tables))

EXEMPT = {"NAME", "SEE ALSO", "STANDARDS", "WHAT IT DOES NOT SHOW", "To be filled in"}  # nothing is promised there
TEST = r"\b(e2e|unit)/([a-z0-9_]+)"


def paragraphs(page):
    """Of a manual page: its section, its text, and of an item of a list what stands before the list. Displays and rows of tables say nothing of their own."""
    section, lines, lead, item, display, found = "", [], "", False, False, []
    for line in page.splitlines() + [".Sh END"]:
        if re.match(r"\.[BE]d\b", line):
            display = line.startswith(".Bd")
        elif display:
            continue
        elif not re.match(r"\.(Sh|Ss|Pp|It|Bl|El)\b", line):
            lines.append(line)
        else:
            text = "\n".join(lines)
            if any(not word.startswith(".") for word in lines if word):
                found.append((section, text, lead if item else ""))
                lead = lead if item else text
            lines, item = [], line.startswith(".It")
            if re.match(r"\.(Sh|Ss) ", line):
                section, lead = line[4:], ""
    return [one for one in found if one[0] not in EXEMPT]


def unproven(page):
    return ["%s: %s" % (section, text[:80]) for section, text, lead in paragraphs(page) if not re.search(TEST, text + lead) and "no promise" not in text]


with case("each paragraph of retour-privacy(7) and retour-audit(7) names the test that shows what it says, or is marked as no promise; each test is there"):
    for name in "retour-privacy.7", "retour-audit.7":
        page = read("etc", name)
        equal(unproven(page), [])
        true(len(paragraphs(page)) > 30, (name, len(paragraphs(page))))
        equal([folder + "/" + test for folder, test in re.findall(TEST, page) if not any(os.path.exists(os.path.join(ROOT, "tests", folder, test + end)) for end in (".py", ".c"))], [])
        for path in re.findall(r"tests/[a-z0-9]+/[a-z0-9_]+\.(?:py|c)", page):
            true(os.path.exists(os.path.join(ROOT, path)), path)
        changed = page.replace(".Bq e2e/", ".Bq ").replace(".Bq unit/", ".Bq ")
        true(len(unproven(changed)) > 10, "a page without names is seen to have none")

with case("each sentence of retour-privacy(7) and retour-audit(7) stands in tests/claims.tsv with the tests that show it, or as none that claims something; each test is there"):
    pages = {name: read("etc", name) for name in ("retour-privacy.7", "retour-audit.7")}
    rows = proofs()
    equal(amiss(pages, rows), [])
    tested = sum(shown not in NO_TEST for _, _, shown in rows)
    true(tested > 230, tested)
    contains("".join(amiss({**pages, "retour-audit.7": pages["retour-audit.7"].replace(".Sh THE WALK\n", ".Sh THE WALK\nNobody can change anything.\n")}, rows)), "not in the list: Nobody")
    contains("".join(amiss(pages, [("retour-audit.7", "It was never said.", "limit")] + rows)), "not in the page: It was never")
    contains("".join(amiss(pages, [row if "store_fold" not in row[2] else (row[0], row[1], "unit/store_fold: no_such_test") for row in rows])), "no such test: unit/store_fold: no_such")
    equal(sorted(test for test in brackets(pages) - {one.partition(":")[0] for _, _, shown in rows for one in shown.split("; ")}), [])

for shell in "bash", "zsh", "fish":
    with case("etc/retour.%s is what `retour completion %s` prints (else: make texts), and %s takes it" % (shell, shell, shell)):
        equal(read("etc", "retour." + shell), run(BINARY, "completion", shell).stdout)
        if shutil.which(shell):
            parsed = run(shell, "-n", "etc/retour." + shell)
            equal((parsed.returncode, parsed.stderr), (0, ""))

with case("fish offers commands, words, options and their values"):
    if shutil.which("fish"):
        place = Retour().dir
        environment = dict(os.environ, HOME=place, XDG_CONFIG_HOME=place, XDG_DATA_HOME=place)
        for typed, wanted in (("retour pu", {"purge"}), ("retour contact un", {"undo"}), ("retour report --format ", {"xml", "html", "text"}), ("retour check --js", {"--json"})):
            offered = subprocess.run(["fish", "-c", "source etc/retour.fish; complete -C '%s'" % typed], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
            equal({line.split("\t")[0] for line in offered.stdout.splitlines()} & wanted, wanted, offered)

with case("every option that a command takes stands in its --help, and the other way round"):
    sources = [read("poller", "command", name) for name in os.listdir(os.path.join(ROOT, "poller", "command")) if name.startswith("cmd_") and name != "cmd_processes.c"]
    taken = {name for source in sources for table in re.findall(r"struct option \w+\[\] = \{(.*?)\};", source, re.S) for name in re.findall(r'\{ "([a-z-]+)"', table)}
    told = set()
    for command in re.findall(r"^  ([a-z][a-z-]+) ", run(BINARY, "--help").stdout, re.M):
        told |= set(re.findall(r"(?<![a-z-])--([a-z][a-z-]*)", run(BINARY, command, "--help").stdout)) - {"now", "help"}
    true(len(taken) > 20, taken)
    equal((sorted(taken - told), sorted(told - taken)), ([], []))
    for name, _ in re.findall(r'\{ "([a-z]+)", (required|no)_argument', read("poller", "command", "main.c")):
        contains(read("etc", "retour.1"), "Fl Fl " + name)
        contains(run(BINARY, "--help").stdout, "--" + name)

with case("completion knows the commands, their words and their options"):
    def completed(*words):
        script = '. etc/retour.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _retour; printf "%s\\n" "${COMPREPLY[@]}"'
        return set(run("bash", "-c", script, "bash", BINARY, *words).stdout.split())
    equal(completed("re"), {"report", "requests"})
    equal(completed(""), set(re.findall(r"^  ([a-z][a-z-]+) ", run(BINARY, "--help").stdout, re.M)))
    equal(completed("-c", "x.ini", "contact", "re"), {"revalidate", "resolve", "reactivate", "rejudge"})
    equal(completed("key", ""), {"list", "rotate", "adopt", "use", "retire"})
    options = completed("-v", "check", "--")
    true({"--json", "--only", "--column"} <= options, options)
    equal(completed("import", ""), set())
    equal(completed("clock", ""), {"show", "confirm"})
    true("undo" in completed("contact", ""), completed("contact", ""))
    true({"--config", "--verbose", "--quiet", "-V"} <= completed("-"), completed("-"))
    equal(completed("report", "--format", ""), {"xml", "html", "text"})
    equal(completed("--config", ""), set())

with case("the sample configuration is one that the program takes"):
    retour = Retour()
    shutil.copy(os.path.join(ROOT, "etc", "retour.ini"), retour.ini)
    retour.write_config = lambda: None
    result = retour.run("poll", "no-such-mailbox")
    contains(result.err, "no-such-mailbox")
    true("unknown" not in result.err and "wrong value" not in result.err, result.err)

with case("retour(1) names every command and option of --help"):
    page = read("etc", "retour.1")
    for command in re.findall(r"^  ([a-z][a-z-]+) ", run(BINARY, "--help").stdout, re.M):
        contains(page, ".It Ic %s" % command)
        for option in re.findall(r"--([a-z][a-z-]+)", run(BINARY, command, "--help").stdout):
            contains(page, "Fl Fl " + option, command)

with case("the CHANGELOG names each version of the database"):
    versions = [int(number) for number in re.findall(r"^\| (\d+) \|", read("etc", "CHANGELOG.md"), re.M)]
    present = int(re.search(r"SCHEMA_VERSION = (\d+)", read("store", "schema.h")).group(1))
    equal(versions, list(range(1, present + 1)))

with case("mandoc finds nothing wrong in the manual pages"):
    lint = run("mandoc", "-T", "lint", "-W", "warning", "etc/retour.1", "etc/retour.ini.5", "etc/retour-contacts.7", "etc/retour-categories.7", "etc/retour-audit.7", "etc/retour-privacy.7", "etc/retour-recovery.7", "etc/retour-sites.7", "etc/retour-events.7", "etc/retour-oauth.7")
    equal((lint.returncode, lint.stdout), (0, ""))

if shutil.which("shellcheck"):
    with case("shellcheck has no warning about the scripts"):
        scripts = [name for name in run("git", "ls-files").stdout.split() or [] if os.path.isfile(os.path.join(ROOT, name))
                   and re.match(rb"#!/bin/(ba)?sh\b", open(os.path.join(ROOT, name), "rb").read(16))]
        checked = run("shellcheck", "-S", "warning", *scripts) if scripts else None
        true(not checked or checked.returncode == 0, checked and checked.stdout)
else:
    ok("shellcheck # SKIP it is not here")

UNITS = ["etc/retour" + name for name in (".service", ".timer", "-serve.service", "-serve.socket", "-http.service", "-http.socket")]
if shutil.which("systemd-analyze"):
    with case("systemd takes the units"):
        verify = run("systemd-analyze", "verify", *UNITS)
        complaints = [line for line in verify.stderr.splitlines()
                      if re.match(r"(\S*/)?retour(-serve|-http)?\.(service|timer|socket):", line) and "is not executable" not in line and "Command 'man" not in line]
        equal(complaints, [])
        for unit in UNITS[0], UNITS[2], UNITS[4]:
            exposure = run("systemd-analyze", "security", "--offline=true", unit).stdout
            found = re.search(r"exposure level for [\w.-]+: ([\d.]+)", exposure)
            if found:
                true(float(found.group(1)) <= 1.5, found.group(0))
else:
    ok("systemd takes the units # SKIP no systemd-analyze here")

with case("make install puts each file where it belongs, under DESTDIR and prefix"):
    target = os.path.join(Retour().dir, "root")
    build = os.environ.get("RETOUR_BUILD", os.path.join(ROOT, "build"))
    environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    result = subprocess.run(["make", "-s", "install", "BUILD=" + os.path.relpath(build, ROOT), "DESTDIR=" + target, "prefix=/usr", "sysconfdir=/etc"], cwd=ROOT, env=environment,
                            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    equal(result.returncode, 0, result.stderr)
    for path in ("usr/bin/retour", "usr/share/man/man1/retour.1", "usr/share/man/man5/retour.ini.5", "usr/share/man/man7/retour-contacts.7",
                 "usr/share/man/man7/retour-categories.7", "usr/share/man/man7/retour-audit.7", "usr/share/man/man7/retour-privacy.7", "usr/share/retour/audit.xsd",
                 "usr/share/retour/report.xsd", "usr/share/retour/report.xsl", "usr/share/retour/report.de.xml", "usr/share/retour/measures.xml",
                 "usr/share/bash-completion/completions/retour", "usr/share/zsh/site-functions/_retour", "usr/share/fish/vendor_completions.d/retour.fish", "usr/share/retour/rules.ini", "usr/share/doc/retour/examples/check.php", "usr/share/doc/retour/retour.ini", "usr/lib/systemd/system/retour.service",
                 "usr/lib/systemd/system/retour.timer", "usr/lib/systemd/system/retour-serve.socket", "usr/lib/systemd/system/retour-http.socket", "etc/retour"):
        true(os.path.exists(os.path.join(target, path)), path)
    with open(os.path.join(target, "usr/lib/systemd/system/retour.service")) as f:
        contains(f.read(), "ExecStart=/usr/bin/retour ")
    contains(run(os.path.join(target, "usr/bin/retour"), "--version").stdout, "retour ")

finish()
