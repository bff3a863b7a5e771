#!/usr/bin/python3
"""`check` on lists as they come from spreadsheets and databases: columns, quotes, separators, byte order marks, line ends, bad lines, filters; the answers
stream, stand in the order of the questions, and are the same for one address as for a hundred thousand."""
import csv
import io
import os
import shlex
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.harness import *  # noqa: E402,F403
from lib.contacts import Bounces, DEAD, FULL  # noqa: E402

DEAD_ONE, FULL_ONE, WELL = "dead.canary@example.net", "full.canary@example.net", "well.canary@example.net"
ADDED = ["verdict", "until", "state", "reason", "since", "hint"]

retour = Retour()
bounces = Bounces(retour)
bounces.take((DEAD_ONE, DEAD, 1), (FULL_ONE, FULL, 2))
retour.now = "2026-11-02T06:00:00Z"


def ask(text, *options, code=0):
    result = retour.run("check", *options, input=text)
    equal(result.code, code, result)
    return result


def table(text, *options, code=0, delimiter=",", **more):
    """The verdict column and the rows as lists."""
    rows = list(csv.reader(io.StringIO(ask(text, *options, code=code).out, newline=""), delimiter=delimiter, **more))
    return [row[-6] for row in rows], rows


with case("one address a line: as before"):
    verdicts, rows = table("%s\n%s\r\n\n  %s  \n" % (DEAD_ONE, FULL_ONE, WELL))
    equal(rows[0], ["address", *ADDED])
    equal(verdicts[1:], ["suppress", "hold", "send"])
    equal([row[0] for row in rows[1:]], [DEAD_ONE, FULL_ONE, WELL])
    equal(rows[2][2:], ["2026-11-02T17:00:00Z", "soft", "mailbox-full", "2026-11-02T00:00:00Z", ""])

with case("a byte order mark before the first address is none of it"):
    equal(table("\ufeff%s\n" % DEAD_ONE)[0][1:], ["suppress"])

SHEET = 'id,"E-Mail",name\r\n1,%s,"Doe, John"\r\n2,"%s","said ""hi""\r\nand left"\r\n3,%s,\r\n' % (DEAD_ONE, FULL_ONE, WELL)
with case("a column by its name: the input's columns as they were, ours behind them, line ends kept"):
    result = ask(SHEET, "--column", "e-mail")
    verdicts, rows = table(SHEET, "--column", "e-mail")
    equal(rows[0], ["id", "E-Mail", "name", *ADDED])
    equal([row[:3] for row in rows[1:]], [["1", DEAD_ONE, "Doe, John"], ["2", FULL_ONE, 'said "hi"\r\nand left'], ["3", WELL, ""]])
    equal(verdicts[1:], ["suppress", "hold", "send"])
    binary = subprocess.run(retour.arguments(["check", "--column", "E-Mail"]), input=SHEET.encode(), capture_output=True, check=False)
    for line, begin in zip(binary.stdout.split(b"\r\n"), SHEET.encode().split(b"\r\n")):
        true(line.startswith(begin), (line, begin))
    equal(binary.stdout.count(b"\r\n"), SHEET.count("\r\n"))

for name, separator in (("semicolons", ";"), ("tabs", "\t")):
    with case("separated by %s, with a byte order mark" % name):
        text = "\ufeff" + "\n".join(separator.join(row) for row in (["id", "mail"], ["1", DEAD_ONE], ["2", WELL])) + "\n"
        verdicts, rows = table(text, "--column", "mail", delimiter=separator)
        equal((verdicts[1:], rows[0][0], rows[0][2]), (["suppress", "send"], "\ufeffid", "verdict"))

with case("a column by its number, without and with a header"):
    equal(table("x,%s\ny,%s\n" % (DEAD_ONE, WELL), "--column", "2")[0], ["suppress", "send"])
    equal(table("a,b\nx,%s\n" % DEAD_ONE, "--column", "2", "--header")[0], ["verdict", "suppress"])

with case("the last line needs no end"):
    equal(table("id,mail\n1,%s" % DEAD_ONE, "--column", "mail")[0][1:], ["suppress"])
    equal(table(DEAD_ONE)[0][1:], ["suppress"])

with case("--json: one object a line for a column too"):
    lines = ask(SHEET, "--json", "--column", "E-Mail").lines()
    equal([(line["address"], line["verdict"], sorted(line)) for line in lines],
          [(a, v, ["address", "hint", "reason", "since", "state", "stream", "until", "verdict"]) for a, v in ((DEAD_ONE, "suppress"), (FULL_ONE, "hold"), (WELL, "send"))])

with case("--only filters, with or without our columns"):
    addresses = "%s\n%s\n%s\n" % (DEAD_ONE, FULL_ONE, WELL)
    for verdict, address in (("suppress", DEAD_ONE), ("hold", FULL_ONE), ("send", WELL)):
        equal(ask(addresses, "--only", verdict, "--bare").out, address + "\n")
        equal(table(addresses, "--only", verdict)[0][1:], [verdict])
        equal([line["address"] for line in ask(addresses, "--only", verdict, "--json").lines()], [address])
    equal(ask(SHEET, "--only", "send", "--bare", "--column", "E-Mail").out.replace("\r", ""), 'id,"E-Mail",name\n3,%s,\n' % WELL)

with case("bad lines: answered, named by their line's number, counted, 1; nothing of them is printed on stderr"):
    result = ask("id,mail,x\n1,%s,\"a\nb\"\n2,no address here,\n3\n4,\"open %s\n5,%s,\n" % (WELL, WELL, DEAD_ONE), "--column", "mail", code=1)
    for number in (4, 5, 6):
        contains(result.err, "line %d is no address" % number)
    contains(result.err, "3 of 5 lines")
    true("no address here" not in result.err and "@" not in result.err, result.err)
    equal(result.out.count("bad-address"), 3)
    contains(result.out, "5,%s,,suppress,,inactive,user-unknown," % DEAD_ONE)
    many = ask("nothing\n" * 5000, code=1)
    equal((many.out.count("bad-address"), many.err.count("is no address")), (5000, 20))

with case("an address with a name, as address books write it, is that address; a line that is none is 'invalid', nobody to suppress"):
    lines = ['"Dead, One" <%s>' % DEAD_ONE, "Dead One <%s>" % DEAD_ONE, "<%s>" % DEAD_ONE, "Well <%s>" % WELL, "Nobody <>", "<", "x <y", "no@", "Dead <no address>"]
    answers = ask("\n".join(lines) + "\n", "--json", code=1).lines()
    equal([a["verdict"] for a in answers], ["suppress"] * 3 + ["send"] + ["invalid"] * 5)
    equal([(a["address"], a["reason"], a["state"]) for a in answers[4:]], [(line, "bad-address", None) for line in lines[4:]])
    equal(ask("\n".join(lines) + "\n", "--only", "invalid", "--bare", code=1).out.splitlines(), lines[4:])
    equal(ask("\n".join(lines) + "\n", "--only", "suppress", "--bare", code=1).out.splitlines(), lines[:3])
    equal(len(ask("mail\n" + "\n".join('"%s"' % line.replace('"', '""') for line in lines) + "\n", "--column", "mail", "--only", "suppress", "--bare", code=1).out.splitlines()), 4)

# one letter beside a large provider's domain, and somebody's own: whoever "corrects" them loses a customer
OTHERS = ("aon.com", "ge.com", "gm.com", "ms.com", "msc.com", "man.com", "weg.de", "life.com", "mail.de", "mail.uk", "gmail.de", "gmx.be", "tree.fr", "bol.com")
HINTS = {"new@gamil.com": "typo:gmail.com", "new@GMAIL.CON": "typo:gmail.com", "new@hotmial.com": "typo:hotmail.com", "New One <new@yaho.com>": "typo:yahoo.com",
         "new@gmail.com": None, "new@gmx.net": None, "new@example.net": None, "n\u00fcr@example.net": None, "new@localhost": "syntax:no-dot", "new@[192.0.2.1]": None,
         "new\u200b@gmail.com": "syntax:invisible", "new@gm\u00adail.com": "syntax:invisible", "\ufeffnew@gmail.com": "syntax:invisible",
         "new@gamil.com.": "typo:gmail.com", "new@outlook.co": "typo:outlook.com", "new@gmx.ed": "typo:gmx.de", "new@web.ed": "typo:web.de", "new@wbe.de": "typo:web.de",
         "new@livve.com": "typo:live.com", "new@jmail.com": "typo:gmail.com", "new@yahoo.com.uk": "typo:yahoo.co.uk",
         **{"new@" + domain: None for domain in OTHERS}, "new gmail.com": "syntax:no-at", "new@gmail,com": "syntax:comma", "ne w@gmail.com": "syntax:blank", "new@home@gmail.com": "syntax:two-at",
         ".new@gmail.com": None, "new@gmail..com": "syntax:dots", "new@": "syntax"}
with case("hints: a domain one letter beside a large one, and what is wrong with a form; nobody's answer changes for it"):
    text = "x\n" + "".join('"%s"\n' % a for a in HINTS)
    lines = ask(text, "--column", "x", "--json", code=1).lines()
    equal({line["address"]: line["hint"] for line in lines}, HINTS)
    equal({line["verdict"] for line in lines if not (line["hint"] or "").startswith("syntax")}, {"send"})
    equal([row[-1] for row in table(text, "--column", "x", code=1)[1]], ["hint", *[hint or "" for hint in HINTS.values()]])
    for word in ("typo", "syntax", "hint"):
        found = ask(text, "--column", "x", "--only", word, "--bare", code=1).out.splitlines()[1:]
        equal(found, ['"%s"' % a for a, hint in HINTS.items() if hint and (word == "hint" or hint.startswith(word))])

with case("a hint where nobody has the domain: k mails on two days came back for it"):
    nobody = ("5.4.4", "Host or domain name not found. Name service error for name=nobody.test type=MX: Host not found")
    bounces.take(*[("n%d@nobody.test" % n, nobody, 1 if n % 2 else 2) for n in range(10)])
    retour.now = "2026-11-02T06:00:00Z"
    line = ask("new@nobody.test\n", "--json").lines()[0]
    equal((line["verdict"], line["hint"]), ("send", "no-domain"))
    equal(ask("new@nobody.test\n%s\n" % WELL, "--only", "no-domain", "--bare").out, "new@nobody.test\n")

with case("wrong questions: 2"):
    for options in (["--column", "nope"], ["--column", "0"], ["--column", "99999"], ["--header"], ["--only", "maybe"], ["--bare", "--json"], ["x@example.org"]):
        ask("id,mail\n1,%s\n" % WELL, *options, code=2)
with case("UTF-16 is refused, not misread"):
    result = subprocess.run(retour.arguments(["check", "--column", "mail"]), input="id,mail\n".encode("utf-16"), capture_output=True, check=False)
    equal(result.returncode, 1)
    contains(result.stderr.decode(), "UTF-16")
    result = subprocess.run(retour.arguments(["check"]), input=(WELL + "\n").encode("utf-16"), capture_output=True, check=False)
    equal((result.returncode, result.stdout.count(b"\n")), (1, 1))
    contains(result.stderr.decode(), "UTF-16")

with case("a line longer than the buffer is one bad line, the next is answered"):
    for options in ([], ["--column", "1"]):
        result = ask("x" * 700000 + "\n" + DEAD_ONE + "\n", *options, code=1)
        equal((result.out.count("bad-address"), result.out.count("user-unknown")), (1, 1), result.err)

with case("answers come while the input is open"):
    process = subprocess.Popen(retour.arguments(["check", "--json"]), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    for address, verdict in ((DEAD_ONE, "suppress"), (WELL, "send")):
        process.stdin.write(address.encode() + b"\n")
        process.stdin.flush()
        contains(process.stdout.readline().decode(), '"verdict":"%s"' % verdict)
    process.stdin.close()
    equal(process.wait(10), 0)

with case("more than a million, which is more than one portion: each line has its answer"):
    portion = 1 << 20
    lines = ["a@b.cc\n"] * (portion + 5)
    lines[0], lines[portion - 1], lines[portion], lines[-1] = ["%s\n" % address for address in (FULL_ONE, DEAD_ONE, '"Anna" <%s>' % FULL_ONE, DEAD_ONE)]
    retour.watched = True
    result = ask("".join(lines), "--bare", "--only", "suppress")
    retour.watched = False
    equal(result.out, DEAD_ONE + "\n" + DEAD_ONE + "\n")
    equal(ask("".join(lines), "--bare", "--only", "hold").out.splitlines(), [FULL_ONE, '"Anna" <%s>' % FULL_ONE])
    true(max(result.memory.values()) < 64 * 1024, result.memory)

with case("a hundred thousand at once are answered as one by one, in their order"):
    people = ["p%05d@example.net" % n for n in range(300)]
    bounces.take(*[(address, DEAD if n % 3 else FULL, 1) for n, address in enumerate(people)])
    retour.now = "2026-11-02T06:00:00Z"
    one_by_one = {}
    for address in [*people[:40], WELL, DEAD_ONE, FULL_ONE]:
        one_by_one[address] = ask(address + "\n").out.splitlines()[1]
    asked = people + [WELL, DEAD_ONE, FULL_ONE] + ["nobody%d@example.net" % n for n in range(1000)]
    order = [asked[(n * 7919) % len(asked)] for n in range(100000)]
    path = retour.dir + "/list.txt"
    with open(path, "w", encoding="ascii") as f:
        f.write("".join(address + "\n" for address in order))
    begin = time.monotonic()
    answers = ask(None, path).out.splitlines()[1:]
    comment("100,000 answers in %.2f s" % (time.monotonic() - begin))
    equal([line.split(",")[0] for line in answers], order)
    for address, line in zip(order, answers):
        if address in one_by_one:
            equal(line, one_by_one[address])
    process = subprocess.run("cat %s | %s" % (shlex.quote(path), shlex.join(retour.arguments(["check"]))), shell=True, capture_output=True, text=True, check=False)
    equal(process.stdout.splitlines()[1:], answers)  # through a pipe: made while it is asked

finish()
