#!/usr/bin/python3
"""The monthly report of months whose figures are known: an incident with three causes, a quiet month. The page says what the XML says, parts add up, the
schema holds, and neither locale nor time zone nor a second time changes a byte."""
import email
import email.policy
import html.parser
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as xml

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib import months
from lib.contacts import DEAD, FULL, Bounces
from lib.harness import *

MONTH, BEFORE, VOLUME = "2026-10", "2026-09", 60000
AT = "{urn:retour:report:1}"
COLUMNS = ("bounces", "hard", "soft", "block", "undetermined", "other", "complaint")


def sender(kind, **report):
    retour = Retour(now="2026-11-02T06:00:00Z")
    retour.config["report"].update(organisation="Example & Sons", timezone="Europe/Berlin", **report)
    empty = os.path.join(retour.dir, "empty")
    os.mkdir(empty)
    equal(retour.run("import", empty).code, 0)
    ledger = months.Ledger()
    for month in months.months_before(MONTH, 13):
        months.ordinary(ledger, month, VOLUME)
    if kind == "incident":
        months.incident(ledger, MONTH, VOLUME)
    ledger.write(retour.database)
    return retour


def made(retour, form, month=MONTH, **environment):
    result = retour.run("report", "--month", month, "--format", form, **({"env": environment} if environment else {}))
    equal(result.code, 0, result.err)
    return result.out


class Page(html.parser.HTMLParser):
    """The rows of all tables as lists of texts, the words of the page, what it points to."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.cell, self.words, self.tags, self.links, self.headings, self.levels = [], None, [], [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.links += [value for name, value in attributes if name in ("src", "href", "action", "data")]
        if re.fullmatch("h[1-6]", tag):
            self.levels.append(int(tag[1]))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th") and self.rows:
            self.cell = []
            self.rows[-1].append(self.cell)

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.cell = None

    def handle_data(self, data):
        self.words.append(data)
        if self.cell is not None:
            self.cell.append(data.strip())


def plain(text):
    """A count as the page prints it, as the XML has it."""
    return text.replace(",", "")


def told(row, rows, columns):
    """The counts of a row as a table prints them: a dash where one is left out, no column that no row has."""
    there = {count.get("of") for each in rows for count in each.findall(AT + "count")}
    own = {count.get("of"): count.text for count in row.findall(AT + "count")}
    return [own.get(column, "–") for column in columns if column in there]


def parts_add_up(total, parts):
    shown = [int(part) for part in parts if part.isdigit()]
    if not (total or "").isdigit():
        return True
    return sum(shown) == int(total) if len(shown) == len(parts) else sum(shown) < int(total)


loud, quiet = sender("incident"), sender("quiet")
text = {name: made(retour, "xml") for name, retour in (("loud", loud), ("quiet", quiet))}
top = {name: xml.fromstring(value) for name, value in text.items()}

with case("the planted causes are the first three statements, with their day, place and measure"):
    measures = top["loud"].findall(AT + "measures/" + AT + "measure")
    equal([measure.get("id") for measure in measures[:3]], ["authentication", "bad-list", "typing-errors"])
    because = [measure.findtext(AT + "because") for measure in measures]
    contains(because[0], "since 12 October, mostly at Gmail")
    contains(because[1], "Campaign partner-offer")
    contains(because[1], "target below 2 %.")
    contains(because[2], "miss gmail.com by a typing error")
    true(len(measures) <= 7, len(measures))
    equal(top["loud"].find(AT + "verdict").get("targets"), "missed")
    contains(top["loud"].findtext(AT + "verdict/" + AT + "sentence"), "most of the rise is blocks in campaign newsletter, above all at Gmail")
    body = made(loud, "text")
    first = body.split("Key figures")[0]
    true(all(sentence.split(".")[0][:40] in " ".join(first.split()) for sentence in because[:3]), first)

with case("a quiet month says so in one sentence and calls for nothing at once"):
    verdict = top["quiet"].find(AT + "verdict")
    equal((verdict.get("quiet"), verdict.get("targets")), ("true", "met"))
    equal(verdict.findtext(AT + "sentence"), "A quiet month: every target was met, and nothing of weight changed against September 2026.")
    asked = top["quiet"].findall(AT + "measures/" + AT + "measure")
    equal([measure.get("id") for measure in asked if measure.get("urgency") == "now"], [])
    true(len(asked) <= 3, [measure.get("id") for measure in asked])  # what weighs little is not asked for

with case("the XML follows its schema, in both languages"):
    for language in ("en", "de"):
        loud.config["report"]["language"] = language
        path = os.path.join(loud.dir, language + ".xml")
        with open(path, "w", encoding="utf-8") as f:
            f.write(made(loud, "xml"))
        found = subprocess.run(["xmllint", "--noout", "--nonet", "--schema", os.path.join(ROOT, "etc", "report.xsd"), path], capture_output=True, text=True, check=False)
        equal(found.returncode, 0, found.stderr)
    loud.config["report"]["language"] = "en"

with case("parts add up to their totals; what is too small is not shown"):
    for name, root in top.items():
        for table in ("providers", "campaigns", "groups"):
            rows = root.findall("%s%s/%srow" % (AT, table, AT))
            for figure in COLUMNS[:1] if table == "groups" else (column for column in COLUMNS if column != "other"):
                total = root.findtext("%sfigures/%sfigure[@id='%s']/%scount" % (AT, AT, figure, AT))
                parts = [row.findtext("%scount[@of='%s']" % (AT, figure), "") for row in rows]
                true(parts_add_up(total, parts), (name, table, figure, total, parts))
        classes = root.findall(AT + "classes/" + AT + "class")
        for klass in classes:
            true(parts_add_up(klass.findtext(AT + "count"), [count.text for count in klass.findall(AT + "category/" + AT + "count")]), klass.get("id"))
        days = [day.findtext(AT + "count", "") for day in root.findall(AT + "days/" + AT + "day")]
        true(parts_add_up(root.find("%sfigures/%sfigure[@id='bounces']/%scount" % (AT, AT, AT)).text, days), days)
        # what is sent is no notice: sums of months of one mail each are theirs to show
        small = [count.text for count in root.iter(AT + "count") if count.text.isdigit() and 0 < int(count.text) < 10]
        equal(small, [])

with case("each figure of the page is the XML's"):
    for name, retour in (("loud", loud), ("quiet", quiet)):
        page = Page(made(retour, "html"))
        rows = [[plain("".join(cell)) for cell in row] for row in page.rows]
        for table in ("providers", "campaigns", "groups"):
            listed = top[name].findall("%s%s/%srow" % (AT, table, AT))
            for row in listed:
                mark = "✗ " if row.find(AT + "judged[@as='missed']") is not None else ""
                counts = told(row, listed, COLUMNS)
                rates = {rate.get("of"): mark + rate.text + " %" for rate in row.findall(AT + "rate")}
                fitting = [cells for cells in rows if cells and cells[0].startswith(plain(row.get("title"))) and any(cells[at:at + len(counts)] == counts for at in (1, 2))]
                true(fitting, (name, table, row.get("title"), counts))
                true("bounces" not in rates or rates["bounces"] in fitting[0], (name, row.get("title"), rates, fitting[0]))
        for category in top[name].iter(AT + "category"):
            share = category.findtext(AT + "share")
            true([cells for cells in rows if cells and cells[0].endswith(plain(category.get("title"))) and category.findtext(AT + "count") in cells
                  and (not share or share + " %" in cells)], (name, category.get("title")))
        for month in top[name].findall(AT + "trend/" + AT + "month"):
            counts = [count.text for count in month.findall(AT + "count")]
            true([cells for cells in rows if cells and cells[0] == month.get("title") and cells[1:7] == counts], (name, month.get("id"), counts))
        words = "".join(page.words)
        for figure in top[name].findall(AT + "figures/" + AT + "figure"):
            if figure.get("id") != "all":
                contains(plain(words), figure.findtext(AT + "count"))
                contains(words, (figure.findtext(AT + "rate") or "0") + " %" if figure.findtext(AT + "rate") else "")

with case("the page needs nothing from outside, has no script, and its headings have an order"):
    page = Page(made(loud, "html"))
    equal([tag for tag in page.tags if tag in ("script", "link", "iframe", "object", "embed")], [])
    equal(page.links, [])
    equal(page.levels[0], 1)
    true(all(later - earlier <= 1 for earlier, later in zip(page.levels, page.levels[1:])), page.levels)

with case("the same bytes a second time, in another locale and another time zone of the process"):
    for form in ("xml", "html", "text"):
        usual = made(loud, form)
        equal(made(loud, form), usual)
        for environment in ({"TZ": "Pacific/Auckland"}, {"LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8"}, {"LC_ALL": "C", "TZ": "America/Los_Angeles"}):
            equal(made(loud, form, **dict(os.environ, **environment)), usual, environment)

with case("the mail: parts, header fields, no data URI, no picture, less than 100 KB, tables that keep to a phone's width"):
    out = os.path.join(loud.dir, "mail.eml")
    carrier = os.path.join(loud.dir, "sendmail")
    with open(carrier, "w", encoding="ascii") as f:
        f.write("#!/bin/sh\ncat > %s\n" % out)
    os.chmod(carrier, 0o755)
    mailing = dict(loud.config["report"])
    for key in ("smtp", "tls"):
        loud.config["report"].pop(key, None)
    loud.config["report"].update(sendmail=carrier, to="a@example.org, b@example.org", **{"from": "retour@example.org"})
    equal(loud.run("report", "--month", MONTH, "--send").code, 0)
    with open(out, "rb") as f:
        mail = email.message_from_binary_file(f, policy=email.policy.SMTP)
    equal([part.defects for part in mail.walk() if part.defects], [])
    equal((mail["Auto-Submitted"], mail["To"]), ("auto-generated", "a@example.org, b@example.org"))
    contains(mail["Subject"], "October 2026")
    contains(mail["List-Id"], "example.org>")
    true(mail["Date"].datetime and mail["Message-ID"], "Date, Message-ID")
    body = mail.get_body(("html",)).get_content()
    true(len(body.encode()) < 100000, len(body))
    for word in ("<svg", "<script", "<style", "data:", "class="):
        true(word not in body, word)
    contains(mail.get_body(("plain",)).get_content(), because[0][:40])
    loud.config["report"].clear()
    loud.config["report"].update(mailing)

with case("in German, every word of it; figures are the same"):
    loud.config["report"]["language"] = "de"
    german = Page(made(loud, "html"))
    words = "".join(german.words)
    contains(words, "Zustellbarkeitsbericht Oktober 2026")
    contains(words, "Seit dem 12. Oktober, überwiegend bei Gmail")
    left = [word for word in ("Provider", "Campaign", "Change", "bounced", "mostly", "target below", "Month", "notices", "Retention", "Weekday") if re.search(r"\b%s\b" % word, words)]
    equal(left, [])
    root = xml.fromstring(made(loud, "xml"))
    equal([count.text for count in root.iter(AT + "count")], [count.text for count in top["loud"].iter(AT + "count")])
    loud.config["report"]["language"] = "en"

with case("a catalogue that lacks words says them in English; one that cannot be read is an error"):
    path = os.path.join(loud.dir, "texts.xml")
    with open(path, "w", encoding="utf-8") as f:
        f.write('<texts xmlns="urn:retour:texts:1" lang="nl"><text id="heading.todo">Wat te doen</text></texts>')
    loud.config["report"]["language"] = path
    page = made(loud, "html")
    contains(page, "Wat te doen")
    contains(page, "What broke")
    contains(page, 'lang="nl"')
    loud.config["report"]["language"] = "/nowhere.xml"
    broken = loud.run("report", "--month", MONTH)
    true(broken.code != 0 and "language" in broken.err, broken)
    loud.config["report"]["language"] = "en"

with case("an operator's remark is printed as it stands, once, and no address is taken"):
    equal(loud.run("comment", "--month", MONTH, "Key <rotated> & back").code, 0)
    contains(made(loud, "html"), "Key &lt;rotated&gt; &amp; back")
    contains(made(loud, "text"), "Key <rotated> & back")
    refused = loud.run("comment", "--month", MONTH, "ask joe@example.org")
    true(refused.code == 2 and "joe" not in refused.err, refused)
    lost = loud.run("comment", "--month", "2026-13", "x")
    equal(lost.code, 2)

with case("the organisation's logo and colour are on the page, not in the mail"):
    logo = os.path.join(loud.dir, "logo.svg")
    with open(logo, "w", encoding="utf-8") as f:
        f.write('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9"/></svg>')
    loud.config["report"].update(logo=logo, colour="\"#123456\"")
    page = made(loud, "html")
    contains(page, 'src="data:image/svg+xml;base64,')
    contains(page, "#123456")
    with open(logo, "w", encoding="utf-8") as f:
        f.write("<html>")
    equal(loud.run("report").code, 2)

with case("a month that is not over: a report says so, and what comes between two of one day is not their difference"):
    retour = Retour(now="2026-11-10T06:00:00Z")
    bounces = Bounces(retour)
    bounces.take(*[("r%d.running@example.net" % n, FULL if n % 2 else DEAD, "%02d Nov" % (n % 8 + 1)) for n in range(60)])
    parts = []
    for hour in range(7, 19):
        retour.now = "2026-11-10T%02d:00:00Z" % hour
        parts.append(re.sub(r"(?s)<retention.*?</retention>|<ledger.*?</ledger>|<ledger[^>]*/>", "", made(retour, "xml", "2026-11")))
        if hour < 18:
            bounces.take(("s%d.running@example.net" % hour, FULL if hour % 2 else DEAD, "10 Nov"))
    changed = [sum(one != other for one, other in zip(before.split("<"), after.split("<"))) for before, after in zip(parts, parts[1:])]
    counts = [dict(re.findall(r'<state id="([a-z-]+)"[^>]*>\s*<count>(\d+)', part)) for part in parts]
    true(counts[0], parts[0])
    for before, after in zip(counts, counts[1:]):
        true(all((int(after[name]) - int(before.get(name, 0))) % 10 == 0 for name in after), (before, after))
    true(sum(one > 0 for one in changed) <= 4, changed)

finish()
