#!/usr/bin/python3
"""Reports of receivers, DMARC aggregate and TLS, that land in a mailbox: read by the parser behind its filter, counted once, and deleted as what was
understood is; what is damaged is left to a person."""
import os
import subprocess
import sys
import xml.etree.ElementTree

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.harness import *
from lib.summaries import *

REPORT = "{urn:retour:report:1}"
NOW = "2026-11-03T06:00:00Z"
DAY = 1793577600  # 2 November 2026
ROWS = [("192.0.2.17", 180, "none", True, True, "example.com"), ("192.0.2.18", 20, "none", True, True, "example.com"),
        ("203.0.113.9", 7, "quarantine", False, False, "news.example.com"), ("198.51.100.1", 3, "none", False, False, "other.example")]


def maildir(retour, mails, **more):
    top = os.path.join(retour.dir, "mail")
    for name in ("cur", "new", "tmp"):
        os.makedirs(os.path.join(top, name), exist_ok=True)
    for number, data in enumerate(mails):
        with open("%s/new/%d.M%d.host" % (top, DAY + 86400 + 7200 + number, number), "wb") as f:
            f.write(data)
    retour.config["origin"] = {"domains": "example.com"}
    retour.config["mailbox bounces"] = dict({"protocol": "maildir", "path": top}, **more)
    return top


def left(top):
    return sorted(folder for folder in (".", ".Unrecognised", ".Quarantine") for part in ("cur", "new") if os.path.isdir(os.path.join(top, folder, part))
                  for _ in os.listdir(os.path.join(top, folder, part)))


def one(retour, query):
    return retour.sql(query)[0][0]


def rows(retour):
    return one(retour, "SELECT group_concat(kind || ' ' || receiver || ' ' || domain || ' ' || network || ' ' || disposition || dkim || spf || result || ' ' || count, '; ')"
               " FROM (SELECT * FROM summary ORDER BY kind, domain, network, result)")


for kind in ("auto", "bounce", "fbl"):
    with case("reports in a mailbox of kind %s are counted and deleted" % kind):
        retour = Retour(now=NOW)
        top = maildir(retour, [dmarc_mail(ROWS, DAY), tls_mail(DAY, 412, {"certificate-expired": 6})], kind=kind)
        result = retour.run("poll")
        equal(result.code, 0, result)
        contains(result.err, "2 messages: 2 new, 0 seen before, 0 unrecognised, 0 quarantined")
        equal(rows(retour), "dmarc mailbox.test   none00 3; dmarc mailbox.test example.com 192.0.2.0/24 none11 200; dmarc mailbox.test example.com 203.0.113.0/24 quarantine00 7;"
              " tls mailbox.test example.com  00certificate-expired 6; tls mailbox.test example.com  00well 412")
        equal(one(retour, "SELECT count(*) FROM event"), 0)
        equal(left(top), [])

with case("the same report in other mails, from other mailboxes, counts once"):
    retour = Retour(now=NOW)
    top = maildir(retour, [dmarc_mail(ROWS, DAY, message="a"), dmarc_mail(ROWS, DAY, message="b", form="zip"), dmarc_mail(ROWS, DAY, message="c", form="xml"),
                           dmarc_mail(ROWS, DAY, message="d", report="another")])
    equal(retour.run("poll").code, 0)
    equal(one(retour, "SELECT sum(count) FROM summary"), 420)
    equal(left(top), [])

with case("what is damaged, and what goes on beyond max_message, is set aside for a person"):
    retour = Retour(now=NOW)
    whole = dmarc_mail(ROWS, DAY)
    top = maildir(retour, [dmarc_mail(ROWS, DAY, message="c", cut=40), dmarc_mail([("192.0.%d.1" % i, i, "none", True, True, "example.com") for i in range(250)], DAY, form="xml")],
                  max_message="16K")
    equal(retour.run("poll").code, 0)
    equal(one(retour, "SELECT count(*) FROM summary"), 0)
    equal(left(top), [".Unrecognised", ".Unrecognised"])

with case("a dry run reads, and touches nothing"):
    retour = Retour(now=NOW)
    top = maildir(retour, [dmarc_mail(ROWS, DAY)])
    equal(retour.run("poll", "--dry-run").code, 0)
    equal(left(top), ["."])

with case("a file is imported as well, and audit knows the class"):
    retour = Retour(now=NOW)
    top = maildir(retour, [])
    path = os.path.join(retour.dir, "report.eml")
    with open(path, "wb") as f:
        f.write(dmarc_mail(ROWS, DAY))
    for _ in range(2):
        equal(retour.run("import", path).code, 0)
    equal(one(retour, "SELECT sum(count) FROM summary"), 210)
    contains(retour.run("audit").out, "summaries")
    retour.config["retention"] = {"summaries": "30d"}
    retour.now = "2026-12-03T06:00:00Z"
    equal(retour.run("purge").code, 0)
    equal(one(retour, "SELECT count(*) FROM summary"), 0)

MONTH = {day: DAY + (day - 2) * 86400 for day in range(1, 31)}  # of November


def month_mails():
    """Two receivers, two sources of ours and a stranger; at mailbox.test one source lost its DKIM and SPF from the 12th to the 15th; TLS failed on three days."""
    mails = []
    for day, begin in MONTH.items():
        broken = 12 <= day <= 15
        mails.append(dmarc_mail([("192.0.2.17", 400, "reject" if broken else "none", not broken, not broken, "example.com"),
                                 ("2001:db8:7::1", 100, "none", True, False, "news.example.com"), ("203.0.113.9", 30, "reject", False, False, "example.com")], begin))
        mails.append(dmarc_mail([("192.0.2.17", 200, "none", True, True, "example.com")], begin, receiver="other.test"))
        mails.append(tls_mail(begin, 1000, {"certificate-expired": 40} if 20 <= day <= 22 else {}))
    return mails


with case("the month's report says which source broke alignment at whom, when, and how TLS went"):
    retour = Retour(now="2026-12-01T06:00:00Z")
    maildir(retour, month_mails())
    result = retour.run("poll")
    equal(result.code, 0, result)
    output = os.path.join(retour.dir, "report")
    equal(retour.run("report", "--month", "2026-11", "--format", "xml", "--output", output).code, 0)
    lint = subprocess.run(["xmllint", "--noout", "--schema", os.path.join(ROOT, "etc", "report.xsd"), output], stderr=subprocess.PIPE, check=False)
    equal(lint.returncode, 0, lint.stderr)
    tree = xml.etree.ElementTree.parse(output).getroot()
    part = tree.find(REPORT + "summaries")
    equal(dict(part.attrib), {"dmarc": "2", "tls": "1"})
    sources = [(s.get("network"), s.get("known"), s.get("mails"), s.get("unaligned"), s.get("without-dkim"), s.get("without-spf"), s.get("refused")) for s in part.findall(REPORT + "source")]
    equal(sources, [("192.0.2.0/24", "true", "18000", "1600", "1600", "1600", "1600"), ("2001:db8:7::/48", "true", "3000", "0", "0", "3000", "0"),
                    ("all others", "false", "900", "900", "900", "900", "900")])
    breaks = [dict(b.attrib) for b in part.findall(REPORT + "break")]
    equal(breaks, [{"receiver": "mailbox.test", "network": "192.0.2.0/24", "domain": "example.com", "mails": "12000", "unaligned": "1600", "first": "2026-11-12", "first-title": "12 November",
                    "last": "2026-11-15", "last-title": "15 November"}])
    sessions = [(s.get("domain"), s.get("result"), s.get("count"), s.get("first"), s.get("last")) for s in part.findall(REPORT + "sessions")]
    equal(sessions, [("example.com", "well", "30000", "2026-11-01", "2026-11-30"), ("example.com", "certificate-expired", "120", "2026-11-20", "2026-11-22")])
    because = {m.get("id"): m.findtext(REPORT + "because") for m in tree.iter(REPORT + "measure")}
    equal(because.get("alignment"), "1,600 of 12,000 mails from 192.0.2.0/24 were not aligned at mailbox.test, from 12 November on.")
    for form, words in (("text", ("mailbox.test: 1,600 of 12,000 mails of example.com from 192.0.2.0/24 were not", "Certificate expired")), ("html", ("192.0.2.0/24", "1,600", "Certificate expired"))):
        equal(retour.run("report", "--month", "2026-11", "--format", form, "--output", output).code, 0)
        with open(output, encoding="utf-8") as f:
            said = f.read()
        for word in words:
            contains(said, word, form)

with case("a month without reports says so"):
    equal(retour.run("report", "--month", "2026-10", "--format", "text", "--output", output).code, 0)
    with open(output, encoding="utf-8") as f:
        contains(f.read(), "No report of a receiver about this month is kept")

finish()
