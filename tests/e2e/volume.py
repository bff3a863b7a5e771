#!/usr/bin/python3
"""Sent counts: files of the sending system (`volume import`). Nothing counts twice, a corrected file corrects, an error stores nothing."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.harness import *

ANNA = "anna.rare@example.net"


def fresh():
    retour = Retour()
    equal(retour.run("import", "-", input=b"Subject: x\n\nx\n").code, 0)
    return retour


def volume(retour, text, *options, code=0):
    path = os.path.join(retour.dir, "sent.csv")
    with open(path, "wb") as f:
        f.write(text if isinstance(text, bytes) else text.encode())
    result = retour.run("volume", "import", *options, path)
    equal(result.code, code, result)
    return result


def rows(retour):
    return retour.sql("SELECT day, campaign, provider, sent FROM volume ORDER BY day, campaign, provider, source")


PLAIN = "2026-10-01,nl10,gmail.com,1200\n2026-10-01,nl10,gmx.de,300\n2026-10-01,,example.com,7\n2026-10-02,nl10,gmail,5\n"
COUNTED = [(20261001, "", "other", 7), (20261001, "nl10", "gmail", 1200), (20261001, "nl10", "united-internet", 300), (20261002, "nl10", "gmail", 5)]

with case("four columns without a header; domains become providers, unknown ones other"):
    retour = fresh()
    volume(retour, PLAIN)
    equal(rows(retour), COUNTED)

with case("the same file twice changes nothing"):
    result = volume(retour, PLAIN)
    equal(rows(retour), COUNTED)
    contains(result.err, "2 of these days before")

with case("a corrected file replaces the days that it has, and only these"):
    volume(retour, "2026-10-01,nl10,gmail.com,1100\n")
    equal(rows(retour), [(20261001, "nl10", "gmail", 1100), (20261002, "nl10", "gmail", 5)])

with case("another source speaks for itself; equal rows of one file sum up"):
    volume(retour, "2026-10-01,nl10,gmail.com,10\n2026-10-01,nl10,googlemail.com,20\n", "--source", "shop")
    equal(retour.sql("SELECT source, sent FROM volume WHERE day = 20261001 ORDER BY 1"), [("import", 1100), ("shop", 30)])

SHAPES = (
    ("a header, other columns beside", "sent,note,Domain,day\n12,\"a, b\",GMX.de,2026-10-03\n", [(20261003, "", "united-internet", 12)]),
    ("BOM, CRLF, semicolons, quotes", "\ufeff\"day\";\"campaign\";\"provider\";\"sent\"\r\n\"2026-10-03\";\"a \"\"b\"\"\";\"gmail\";\"12\"\r\n", [(20261003, "a__b_", "gmail", 12)]),
    ("tabs, blank lines, no line end", "\n2026-10-03\tnl\tother\t0\n\n2026-10-03\tnl\tgmail\t3", [(20261003, "nl", "gmail", 3), (20261003, "nl", "other", 0)]),
)
for name, text, wanted in SHAPES:
    with case(name):
        retour = fresh()
        volume(retour, text)
        equal(rows(retour), wanted)

WRONG = (
    ("no such day", "2026-02-30,nl,gmail,1\n", "line 1, column 1"),
    ("a day that is not over for long", "2026-11-04,nl,gmail,1\n", "line 1, column 1"),
    ("another form of a day", "02.11.2026,nl,gmail,1\n", "line 1, column 1"),
    ("a negative count", PLAIN + "2026-10-02,nl,gmail,-1\n", "line 5, column 4"),
    ("a count with a separator", "day,campaign,provider,sent\n2026-10-02,nl,gmail,\"1,200\"\n", "line 2, column 4"),
    ("a count that is too long", "2026-10-02,nl,gmail,1234567890123\n", "line 1, column 4"),
    ("an address as provider", "2026-10-02,nl,%s,1\n" % ANNA, "line 1, column 3"),
    ("an address as campaign", "2026-10-02,%s,gmail,1\n" % ANNA, "line 1, column 2"),
    ("no provider", "2026-10-02,nl,,1\n", "line 1, column 3"),
    ("a column too few", PLAIN + "2026-10-02,nl,1\n", "line 5: 3 columns"),
    ("a quote that is not closed", "2026-10-02,nl,\"gmail,1\n", "line 1, column 3"),
    ("a header without the count", "day,campaign,provider\n2026-10-02,nl,gmail\n", "line 1: no column \"sent\""),
    ("a line that is too long", PLAIN + "2026-10-02," + "x" * 5000 + ",gmail,1\n", "line 5"),
    ("a very long line", PLAIN + "2026-10-02," + "x" * 200000 + ",gmail,1\n", "line 5"),
    ("UTF-16", "2026-10-02,nl,gmail,1\n".encode("utf-16"), "line 1: this is UTF-16"),
    ("an empty file", "", "no counts"),
    ("only a header", "day,campaign,provider,sent\n", "no counts"),
)
retour = fresh()
volume(retour, PLAIN)
for name, text, words in WRONG:
    with case("%s: refused, nothing is stored" % name):
        result = volume(retour, text, code=1)
        contains(result.err, words)
        contains(result.err, "sent.csv")
        true(ANNA not in result.err, "an address in the error")
        equal(rows(retour), COUNTED)

with case("of many errors the first are shown, all are counted"):
    result = volume(retour, "x,nl,gmail,1\n" * 1000, code=1)
    contains(result.err, "1000 lines in error")
    true(len(result.err.splitlines()) < 30, result)

for arguments in ([], ["import"], ["import", "--source", "log", "x"], ["import", "--source", "a b", "x"], ["import", "a", "b"], ["export"]):
    with case("volume %s: 2" % " ".join(arguments)):
        equal(retour.run("volume", *arguments).code, 2)

with case("a file that is not there: 1; without a store: 1"):
    equal(retour.run("volume", "import", os.path.join(retour.dir, "nonesuch")).code, 1)
    bare = Retour()
    result = volume(bare, PLAIN, code=1)
    contains(result.err, "no store")

finish()
