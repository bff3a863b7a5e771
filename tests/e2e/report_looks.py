#!/usr/bin/python3
"""The report as its readers meet it: pages that validators, an accessibility checker and a browser find nothing wrong with, at the widths of a phone and a
screen, light and dark; a mail that a mail server takes and a mail store reads; the same figures in mail, text and XML; catalogues of equal extent."""
import email
import email.policy
import glob
import html.parser
import imaplib
import os
import re
import shutil
import ssl
import subprocess
import sys
import xml.etree.ElementTree as xml

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib import browser, months, postfix
from lib.harness import *

MONTH, VOLUME = "2026-10", 60000
AT, TEXTS = "{urn:retour:report:1}", "{urn:retour:texts:1}"
READER = "deliverability@example.org"
NARROW, WIDE = (320, 400, 700, 800, 900, 940, 970, 1200), 36000
DARK = "(prefers-color-scheme: dark)"


class Sender:
    """A sender with a store, and what it reports: page, text, mail (parsed), body and plain of the mail, root of the XML, index."""

    def __init__(self, name, fill, **report):
        self.retour = Retour(now="2026-11-02T06:00:00Z")
        self.name, self.dir = name, self.retour.dir
        self.retour.config["report"].update({"organisation": "Example & Sons", "timezone": "Europe/Berlin", "to": READER, "from": "retour@example.org"}, **report)
        for folder in ("cur", "new", "tmp"):
            os.makedirs(os.path.join(self.dir, "mail", folder))
        self.retour.config["mailbox none"] = {"protocol": "maildir", "path": os.path.join(self.dir, "mail")}
        self.eml, carrier = os.path.join(self.dir, "mail.eml"), os.path.join(self.dir, "sendmail")
        with open(carrier, "w", encoding="ascii") as f:
            f.write("#!/bin/sh\ncat > %s\n" % self.eml)
        os.chmod(carrier, 0o755)
        self.retour.config["report"]["sendmail"] = carrier
        equal(self.retour.run("import", os.path.join(self.dir, "mail")).code, 0)
        ledger = months.Ledger()
        fill(ledger)
        ledger.write(self.retour.database)
        self.page, self.text, self.xml = (self.made(form) for form in ("html", "text", "xml"))
        self.root = xml.fromstring(self.xml)
        self.mail = self.mailed()
        self.body, self.plain = (self.mail.get_body((kind,)).get_content() for kind in ("html", "plain"))

    def made(self, form, **environment):
        result = self.retour.run("report", "--month", MONTH, "--format", form, **environment)
        equal(result.code, 0, result.err)
        return result.out

    def mailed(self, **environment):
        result = self.retour.run("report", "--month", MONTH, "--send", "--to", READER, **environment)
        equal(result.code, 0, result.err)
        with open(self.eml, "rb") as f:
            return email.message_from_binary_file(f, policy=email.policy.SMTP)

    def index(self):
        """The page of all months, as a run leaves it; its directory."""
        folder = self.retour.config["report"]["dir"]
        if not os.path.exists(folder):
            equal(self.retour.run("run").code, 0)
        with open(os.path.join(folder, "index.html"), encoding="utf-8") as f:
            return f.read(), folder

    def file(self, text, name):
        path = os.path.join(self.dir, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path


def year(ledger, incident=False):
    for month in months.months_before(MONTH, 13):
        months.ordinary(ledger, month, VOLUME)
    if incident:
        months.incident(ledger, MONTH, VOLUME)


def large(ledger):
    for month in months.months_before(MONTH, 2):
        months.large(ledger, month)


def long_names(ledger):
    months.ordinary(ledger, MONTH, VOLUME)
    months.long_names(ledger, MONTH)


def of_size(volume):
    def fill(ledger):
        for month in months.months_before(MONTH, 13):
            months.ordinary(ledger, month, volume)
        months.incident(ledger, MONTH, volume)
        months.reported(ledger, MONTH, volume)
    return fill


loud = Sender("incident", lambda ledger: year(ledger, True))
senders = [loud, Sender("German", lambda ledger: year(ledger, True), language="de"), Sender("nothing at all", lambda ledger: None),
           Sender("60 providers, 500 campaigns", large), Sender("long names", long_names, organisation="Donaudampfschifffahrtselektrizitätenhauptbetriebswerk GmbH")]
sizes = [Sender("three thousand", of_size(3000)), Sender("three million", of_size(3000000))]
senders += sizes
english = [sender for sender in senders if sender.name != "German"]


def skipped(name, why):
    ok("%s # SKIP %s" % (name, why))


# --- validators ---------------------------------------------------------------------------------------------------

def pages():
    for sender in senders:
        yield sender, "page", sender.page
        yield sender, "mail", sender.body
    yield loud, "index", loud.index()[0]


tidy = shutil.which("tidy")
if tidy:
    with case("HTML by tidy: pages, mails, index"):
        for sender, kind, text in pages():
            found = subprocess.run([tidy, "-q", "-e", "--drop-empty-elements", "no"], input=text, capture_output=True, text=True, check=False)
            # what the mail's frame is centred by, for mail clients that know no better
            wrong = [line for line in found.stderr.splitlines() if not (kind == "mail" and 'attribute "align" not allowed' in line)]
            equal(wrong, [], "%s of %s" % (kind, sender.name))
else:
    skipped("HTML by tidy", "no tidy here")

vnu = browser.node_file("vnu-jar/build/dist/vnu.jar", "vnu-jar/vnu.jar") if shutil.which("java") else None
if vnu:
    with case("HTML by the Nu checker: pages, mails, index"):
        files = [sender.file(text, kind + ".html") for sender, kind, text in pages()]
        # the attributes by which Outlook sets a table are obsolete, and it knows no others
        found = subprocess.run(["java", "-jar", vnu, "--filterpattern", ".*is obsolete. (Use CSS instead|Consider specifying).*"] + files, capture_output=True, text=True, check=False)
        equal((found.returncode, found.stderr), (0, ""))
else:
    skipped("HTML by the Nu checker", "needs java and the npm package vnu-jar")

# --- a browser ----------------------------------------------------------------------------------------------------

axe = browser.node_file("axe-core/axe.min.js")
if browser.binary() and axe:
    with open(axe, encoding="utf-8") as f:
        source = f.read()
    with case("axe-core sees what is wrong"):
        true(any("color-contrast" in line for line in browser.axe(["<!DOCTYPE html><html lang=en><head><title>t</title></head><body><p style='color:#aaa'>pale</p></body></html>"], source)), "contrast")
    with case("axe-core finds nothing: pages and index, light and dark"):
        light = [loud.page, senders[2].page, loud.index()[0]]
        for text in light:
            contains(text, DARK)
        equal(browser.axe(light + [text.replace(DARK, "all") for text in light], source), [])
    with case("axe-core finds nothing in the mail, on white and on a mail client's dark paper"):
        contains(loud.body, '<body style="')
        equal(browser.axe([loud.body, loud.body.replace('<body style="', '<body style="background-color:#1e1e1e;color:#fff;', 1)], source), [])
else:
    skipped("axe-core", "needs Chromium and the npm package axe-core")

with case("where there is none, that is said"):
    for said in (senders[2].text, senders[2].plain, re.sub("<[^>]*>", "", senders[2].page)):
        contains(said, "As this report is made: none on record")

with case("in the mail's bars what is too few to show by class is no \"undetermined\""):
    seen = 0
    for sender in senders:
        for campaign in sender.root.iterfind(AT + "campaigns/" + AT + "row"):
            shown = {count.get("of") for count in campaign.iterfind(AT + "count") if int(re.sub("[^0-9]", "", count.text))}
            bar = re.search(">%s<(?:span.*?</span><)?table.*?</table>" % re.escape(campaign.get("title")), sender.body)
            if "other" in shown and "undetermined" not in shown and bar:
                true("#9aa4ae" not in bar[0], sender.name)
                seen += "#b8bec4" in bar[0]
    true(seen, "a bar with a pale part")

if browser.binary():
    with case("nothing is wider than the window: pages from 320 pixels on, mails from 360"):
        equal(browser.overflow([sender.file(sender.page, "page.html") for sender in senders] + [loud.file(loud.index()[0], "index.html")], NARROW), [])
        equal(browser.overflow([sender.file(sender.body, "mail.html") for sender in senders], (360,) + NARROW[1:]), [])
    with case("no table is wider than its place, and none breaks words up, at three thousand mails a month and at three million"):
        equal(browser.crowded([sender.file(sender.page, "page.html") for sender in sizes], (400, 800, 1200)), [])
        equal(browser.crowded([sender.file(sender.body, "mail.html") for sender in sizes], (400,)), [])
    with case("on paper what is to be done is not set smaller than its reason, and no day's heading parts from its chart"):
        paper = loud.page.replace("@media print", "@media all")
        sizes_of = browser.answer(paper, "return [...document.querySelectorAll('.measures li')].map(li => [...li.querySelectorAll('p')].map(p => parseFloat(getComputedStyle(p).fontSize)));")
        true(sizes_of and all(action >= reason for action, reason in sizes_of), sizes_of)
        equal(browser.answer(paper, "return [...document.querySelectorAll('.lead + .chart')].map(c => getComputedStyle(c.previousElementSibling).breakAfter);"), ["avoid"])
else:
    skipped("widths", "no Chromium here")

# --- figures ------------------------------------------------------------------------------------------------------

class Cells(html.parser.HTMLParser):
    """The rows of all tables as lists of texts; bars are tables within cells."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.tables, self.open = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag == "table":
            self.tables.append(None)
        elif tag == "tr":
            self.tables[-1] = []
            self.rows.append(self.tables[-1])
        elif tag in ("td", "th"):
            self.open.append([])
            self.tables[-1].append(self.open[-1])

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.open.pop()
        elif tag == "table":
            self.tables.pop()

    def handle_data(self, data):
        if self.open and data.strip():
            self.open[-1].append(data.strip())

    def texts(self):
        return [[" ".join(cell).replace(",", "") for cell in row] for row in self.rows]


def rate_of(row):
    rate = row.findtext(AT + "rate")
    return ("✗ " if row.find(AT + "judged[@as='missed']") is not None else "") + (rate + " %" if rate else "–")


def counts_told(row, rows, columns):
    """The counts of a row as a table prints them: a dash where one is left out, no column that no row has."""
    there = {count.get("of") for each in rows for count in each.findall(AT + "count")}
    own = {count.get("of"): count.text for count in row.findall(AT + "count")}
    return [own.get(column, "–") for column in columns if column in there]


with case("each figure of the mail's body is the XML's"):
    for sender in english:
        rows = Cells(sender.body).texts()
        for table in ("providers", "campaigns", "groups"):
            listed = sender.root.findall("%s%s/%srow" % (AT, table, AT))
            for row in listed:
                counts = counts_told(row, listed, ("bounces", "hard", "soft", "block", "other"))
                wanted = counts + ([rate_of(row)] if any(each.find(AT + "rate") is not None for each in listed) else [])
                true([cells for cells in rows if cells and cells[0].startswith(row.get("title").replace(",", "")) and cells[1:] == wanted], (sender.name, table, row.get("title"), wanted))
        for category in sender.root.iter(AT + "category"):
            title = category.get("title").replace(",", "")
            true([cells for cells in rows if cells and (cells[0].startswith(title) or cells[0].endswith(title)) and category.findtext(AT + "count") in cells], (sender.name, category.get("title")))
        for figure in sender.root.findall(AT + "figures/" + AT + "figure"):
            if figure.get("id") in ("bounces", "hard", "soft", "block", "complaint"):
                count, rate = figure.findtext(AT + "count"), figure.findtext(AT + "rate")
                told = [cells[1] for cells in rows if len(cells) == 4 and figure.get("title") in cells[0]]
                contains(told, rate + " % " + count if rate else count, (sender.name, figure.get("id")))
        for month in sender.root.findall(AT + "trend/" + AT + "month"):
            true([cells for cells in rows if cells[:2] == [month.get("title"), month.findtext(AT + "count[@of='bounces']")]], (sender.name, month.get("id")))

with case("each figure of the text is the XML's; no line is longer than 78 columns"):
    for sender in english:
        lines = [" ".join(line.replace(",", "").split()) for line in sender.text.splitlines()]
        for table in ("providers", "campaigns", "groups"):
            listed = sender.root.findall("%s%s/%srow" % (AT, table, AT))
            used = {count.get("of") for row in listed for count in row.findall(AT + "count") if count.text != "0"}
            for row in listed:
                own = {count.get("of"): count.text for count in row.findall(AT + "count")}
                counts = [own.get(column, "-") for column in ("bounces", "hard", "soft", "block", "undetermined", "other", "complaint") if column in used]
                if set(counts) == {"0"}:
                    continue
                true([line for line in lines if line.startswith(row.get("title").replace(",", "")[:10].strip()) and " " + " ".join(counts) in line], (sender.name, table, row.get("title")))
        for category in sender.root.iter(AT + "category"):
            true([line for line in lines if "%s %s" % (category.get("title").replace(",", ""), category.findtext(AT + "count")) in line], (sender.name, category.get("title")))
        for month in sender.root.findall(AT + "trend/" + AT + "month"):
            true([line for line in lines if line.startswith("%s %s" % (month.get("title"), month.findtext(AT + "count[@of='bounces']")))], (sender.name, month.get("id")))
    for sender in senders[:4]:
        equal([line for text in (sender.text, sender.plain) for line in text.splitlines() if len(line) > 78 or line != line.rstrip()], [], sender.name)

# --- the mail -----------------------------------------------------------------------------------------------------

with case("a strict parser: no defect, each part as what it is, below 100,000 bytes; Outlook is told a width"):
    for sender in senders:
        equal([part.defects for part in sender.mail.walk() if part.defects], [], sender.name)
        equal([part.get_content_type() for part in sender.mail.walk()], ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "application/xml",
                                                                         "application/octet-stream"])
        attached = next(part for part in sender.mail.iter_attachments() if part.get_content_type() == "application/xml")
        equal(attached.get_content().decode(), sender.xml)
        true(len(sender.body.encode()) < 100000, (sender.name, len(sender.body.encode())))
        contains(sender.body, '<!--[if mso]><table role="presentation" width="640">')

with case("the same mail in another time zone and locale of the process, but for its Message-ID and boundaries"):
    def lasting(mail):
        """Without the ledger's head, which moves with each mail."""
        return [str(mail[field]) for field in ("Date", "From", "To", "Subject", "List-Id", "Auto-Submitted")] + [
            re.sub(r"entry \d+,|\b[0-9a-f]{64}\b", "", str(part.get_content())) for part in mail.walk() if not part.is_multipart()]
    for environment in ({"TZ": "Pacific/Auckland"}, {"TZ": "America/Los_Angeles", "LC_ALL": "de_DE.UTF-8"}, {"LC_ALL": "C"}):
        equal(lasting(loud.mailed(env=dict(os.environ, **environment))), lasting(loud.mail), environment)

absent = postfix.missing() or (None if shutil.which("swaks") else "no swaks here")
if absent:
    skipped("a mail server takes it", absent)
else:
    with case("a mail server takes it, from retour and from another client"):
        server = postfix.Postfix("permit_mynetworks, reject")
        straight = dict(loud.retour.config["report"], smtp="127.0.0.1:%d" % server.port, tls="none")
        kept, loud.retour.config["report"] = loud.retour.config["report"], straight
        del straight["sendmail"]
        result = loud.retour.run("report", "--month", MONTH, "--send", "--to", READER)
        loud.retour.config["report"] = kept
        equal(result.code, 0, result)
        sent = subprocess.run(["swaks", "--server", "127.0.0.1", "--port", str(server.port), "--from", "retour@example.org", "--to", READER, "--data", "@" + loud.eml],
                              capture_output=True, text=True, check=False)
        equal(sent.returncode, 0, sent.stdout[-500:])

with case("a mail store reads its structure"):
    dovecot = Dovecot()
    dovecot.deliver("bounces@example.org", [loud.mail.as_bytes()])
    connection = imaplib.IMAP4_SSL(dovecot.host, dovecot.imaps, ssl_context=ssl.create_default_context(cafile=dovecot.ca_file), timeout=20)
    connection.login("bounces@example.org", PASSWORD)
    connection.select("INBOX")
    structure = connection.fetch("1", "(BODYSTRUCTURE)")[1][0].decode().lower()
    connection.logout()
    equal(re.findall(r'"(?:text|application)" "[a-z-]+"|"(?:alternative|mixed)"', structure),
          ['"text" "plain"', '"text" "html"', '"alternative"', '"application" "xml"', '"application" "octet-stream"', '"mixed"'])
    contains(structure, '"retour-2026-10.xml.minisig"')

# --- index, catalogues, colours -----------------------------------------------------------------------------------

with case("the index leads to each month, has its figures, the year's trend, and nothing from outside"):
    index, folder = loud.index()
    links = re.findall(r'href="([^"]+)"', index)
    equal(links, ["2026-10.html", "2026-10.xml", "2026-10.txt"])
    equal([link for link in links if not os.path.exists(os.path.join(folder, link))], [])
    rows = Cells(index).texts()
    figures = {figure.get("id"): figure for figure in loud.root.findall(AT + "figures/" + AT + "figure")}
    contains(rows, ["October 2026", figures["bounces"].findtext(AT + "count"), "✗ " + figures["bounces"].findtext(AT + "rate") + " %", figures["complaint"].findtext(AT + "count"), "XML · Text"])
    for month in loud.root.findall(AT + "trend/" + AT + "month"):
        true([row for row in rows if row[:1] == [month.get("title")] and row[1:7] == [count.text for count in month.findall(AT + "count")]], month.get("id"))
    contains(index, "<svg")
    true("<script" not in index and "http:" not in index.replace("http://www.w3.org/2000/svg", ""), "outside")

with case("what is kept has a title in each language"):
    equal([each.get("name") for each in senders[1].root.iter(AT + "class") if each.get("name") == each.get("title")], [])

with case("catalogues have the same texts in the same order, with the same holes, and end alike"):
    catalogue = {}
    for language in ("en", "de"):
        with open(os.path.join(ROOT, "etc", "report.%s.xml" % language), encoding="utf-8") as f:
            catalogue[language] = [(text.get("id"), text.text or "") for text in xml.fromstring(f.read().encode()).iter(TEXTS + "text")]
    equal([key for key, _ in catalogue["de"]], [key for key, _ in catalogue["en"]])
    equal(len({key for key, _ in catalogue["en"]}), len(catalogue["en"]))
    for (key, english_text), (_, german_text) in zip(catalogue["en"], catalogue["de"]):
        if key == "number.marks" or key.startswith("date."):  # a German ordinal ends in a full stop
            continue
        holes = set(re.findall(r"\{[^}]*\}", english_text))
        equal(set(re.findall(r"\{[^}]*\}", german_text)), holes - ({"{way}"} if key.startswith("verdict.driver") else set()), key)  # "most of it" needs no way
        equal(german_text[-1] in ".:", english_text[-1] in ".:", key)
    for texts in map(dict, catalogue.values()):
        for key in (key for key in texts if key.startswith("cohort.")):
            contains(texts["cohorts.lead"].lower(), texts[key].lower() + ": ", key)  # each column is explained


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


with case("each text that the program or the stylesheet asks for is there; each word of a list that is a promise has one; each section has a look"):
    known = {key for key, _ in catalogue["en"]}
    style = read("etc/report.xsl")
    asked = set(re.findall(r"key\('t', '([^']+)'\)", style))
    for source in glob.glob(os.path.join(ROOT, "reports", "*.c")):
        asked |= set(re.findall(r'\b(?:text|page)_[a-z]+\([^;"]*"([a-z][a-z-]*\.[a-z.-]+)"', read(source)))
    true(len(asked) > 150, len(asked))
    equal([one for one in sorted(asked) if one not in known and not any(key.startswith(one + ".") for key in known)], [])
    for prefix, header, row in (("alert", "store/watch/alert.h", r'X\(ALERT_\w+, "([^"]+)"'), ("category", "classify/event.h", r'X\(CATEGORY_\w+, \w+, "([^"]+)"'),
                                ("state", "store/history/state.h", r'X\(STATE_\w+, "([^"]+)"')):
        words = re.findall(row, read(header))
        true(len(words) > 8, prefix)
        equal([word for word in words if "%s.%s" % (prefix, word) not in known], [], prefix)
    sections = re.findall(r'<xs:element name="([^"]+)"', re.search(r'<xs:complexType name="report">.*?</xs:sequence>', read("etc/report.xsd"), re.S).group(0))
    equal([section for section in sections if not re.search(r"\br:%s\b" % section, style)], [])

with case("headings take the organisation's colour where it can be read, a band takes it always"):
    for colour, on in (("#1f4e79", ["light"]), ("#ffe680", ["dark"]), ("#fe8", ["dark"]), ("#767676", ["light"]), ("#777777", []), ("Gold", [])):
        loud.retour.config["report"]["colour"] = '"%s"' % colour
        page = loud.made("html")
        equal(re.findall(r"prefers-color-scheme: (light|dark)\) \{ :root \{ --brand: " + colour + ";", page), on, colour)
        contains(page, "border-top: 6px solid " + colour)
    contains(loud.mailed().get_body(("html",)).get_content(), "border-top:4px solid Gold")

finish()
