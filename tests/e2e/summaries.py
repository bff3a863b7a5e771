#!/usr/bin/python3
"""Reports of receivers, DMARC aggregate and TLS, that land in a mailbox: read by the parser behind its filter, counted once, and deleted as what was
understood is; what is damaged is left to a person."""
import gzip
import io
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree
import zipfile

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
    retour.config["origin"] = {"domains": "example.com", "authserv_id": "mx.example.com"}
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
                           dmarc_mail(ROWS, DAY, message="d", report="another"),
                           dmarc_mail(list(reversed(ROWS)), DAY, message="e", report="in another order"), dmarc_mail(ROWS[:1], DAY, message="f", report="another, in truth")])
    equal(retour.run("poll").code, 0)
    equal(one(retour, "SELECT sum(count) FROM summary"), 390)
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
    equal(dict(part.attrib), {"dmarc": "2", "tls": "1", "dmarc-verified": "true", "tls-verified": "true"})
    sources = [(s.get("network"), s.get("known"), s.get("mails"), s.get("unaligned"), s.get("without-dkim"), s.get("without-spf"), s.get("refused")) for s in part.findall(REPORT + "source")]
    equal(sources, [("192.0.2.0/24", "true", "18000", "1600", "1600", "1600", "1600"), ("2001:db8:7::/48", "true", "3000", "0", "0", "3000", "0"),
                    ("all others", "false", "900", "900", "900", "900", "900")])
    breaks = [dict(b.attrib) for b in part.findall(REPORT + "break")]
    equal(breaks, [{"receiver": "mailbox.test", "network": "192.0.2.0/24", "domain": "example.com", "mails": "12000", "unaligned": "1600", "first": "2026-11-12", "first-title": "12 November",
                    "last": "2026-11-15", "last-title": "15 November"}])
    sessions = [(s.get("domain"), s.get("result"), s.get("count"), s.get("first"), s.get("last")) for s in part.findall(REPORT + "sessions")]
    equal(sessions, [("example.com", "well", "30000", "2026-11-01", "2026-11-30"), ("example.com", "certificate-expired", "120", "2026-11-20", "2026-11-22")])
    aligned = 100 * (1 - 1600 / 21000), 100 * (1 - 1600 / 21000), 100 * (1 - 4600 / 21000)  # the known sources above: in all, without DKIM, without SPF
    told = ["Of 21,000 mails from our own networks %.2f %% were aligned with the domain in From: %.2f %% by DKIM, %.2f %% by SPF." % aligned,
            "Of 30,120 TLS sessions %.2f %% went well." % (100 * 30000 / 30120)]
    equal([node.text for node in part.findall(REPORT + "told")], told)
    because = {m.get("id"): m.findtext(REPORT + "because") for m in tree.iter(REPORT + "measure")}
    equal(because.get("alignment"), "1,600 of 12,000 mails from 192.0.2.0/24 were not aligned at mailbox.test, 12 November to 15 November.")
    for form, words in (("text", ("mailbox.test: 1,600 of 12,000 mails of example.com from 192.0.2.0/24 were not", "Certificate expired")), ("html", ("192.0.2.0/24", "1,600", "Certificate expired"))):
        equal(retour.run("report", "--month", "2026-11", "--format", form, "--output", output).code, 0)
        with open(output, encoding="utf-8") as f:
            said = f.read()
        for sentence in told:
            contains(" ".join(said.split()), sentence, form)
        for word in words:
            contains(said, word, form)

with case("a month without reports says so"):
    equal(retour.run("report", "--month", "2026-10", "--format", "text", "--output", output).code, 0)
    with open(output, encoding="utf-8") as f:
        contains(f.read(), "No report of a receiver about this month is kept")


def told_of(retour, month="2026-11"):
    """The report's element, and its measures."""
    equal(retour.run("report", "--month", month, "--format", "xml", "--output", output).code, 0)
    tree = xml.etree.ElementTree.parse(output).getroot()
    return tree.find(REPORT + "summaries"), {m.get("id") for m in tree.iter(REPORT + "measure")}


with case("reports of which nothing proves who sent them are told apart, and call for nothing"):
    retour = Retour(now="2026-12-01T06:00:00Z")
    forged = [dmarc_mail([("192.0.2.17", 5000, "reject", False, False, "example.com")], MONTH[day], report="x%d" % day, message="x%d" % day, proven=False) for day in range(10, 20)]
    forged += [tls_mail(MONTH[day], 10, {"certificate-expired": 4000}, report="y%d" % day, message="y%d" % day, proven=False) for day in range(10, 20)]
    quiet = [dmarc_mail([("192.0.2.17", 400, "none", True, True, "example.com")], begin) for begin in MONTH.values()] + [tls_mail(begin, 1000, {}) for begin in MONTH.values()]
    top = maildir(retour, forged + quiet)
    equal(retour.run("poll").code, 0)
    equal(left(top), [])
    part, measures = told_of(retour)
    equal([(s.get("network"), s.get("mails"), s.get("unaligned")) for s in part.findall(REPORT + "source")], [("192.0.2.0/24", "12000", "0")])
    equal([(s.get("result"), s.get("count")) for s in part.findall(REPORT + "sessions")], [("well", "30000")])
    equal([a.text for a in part.findall(REPORT + "apart")], ["Not counted, as nothing proves who sent them: reports in the name of 1 receivers about 50,000 mails.",
                                                             "Not counted, as nothing proves who sent them: reports in the name of 1 receivers about 40,100 TLS sessions."])
    equal(part.find(REPORT + "doubt"), None)
    equal(measures & {"alignment", "tls-sessions"}, set())

with case("where no word of our mail server proves any, all are shown as doubtful"):
    retour = Retour(now="2026-12-01T06:00:00Z")
    maildir(retour, month_mails())
    del retour.config["origin"]["authserv_id"]
    equal(retour.run("poll").code, 0)
    part, measures = told_of(retour)
    equal((part.get("dmarc-verified"), part.get("tls-verified"), part.find(REPORT + "doubt") is not None), ("false", "false", True))
    contains(part.findtext(REPORT + "doubt"), "[origin] authserv_id")
    equal(len(part.findall(REPORT + "break")), 1)
    equal(measures & {"alignment", "tls-sessions"}, set())

with case("alerts name the domain, the share, who says so and since when; what nothing proves opens none"):
    for proven in (False, True):
        retour = Retour(now="2026-11-16T06:00:00Z")
        mails = [dmarc_mail([("192.0.2.17", 1000, "none", True, True, "example.com")], MONTH[day], message="%d" % day) for day in range(1, 15)]
        mails += [tls_mail(MONTH[day], 500, {}, message="t%d" % day) for day in range(1, 15)]
        mails += [dmarc_mail([("192.0.2.17", 1000, "reject", False, False, "example.com")], MONTH[15], message="15", proven=proven),
                  tls_mail(MONTH[15], 470, {"certificate-expired": 30, "sts-policy-fetch-error": 4}, message="t15", proven=proven)]
        maildir(retour, mails)
        told = os.path.join(retour.dir, "told")
        command = os.path.join(retour.dir, "command")
        with open(command, "w", encoding="utf-8") as f:
            f.write("#!/bin/sh\ncat > %s\n" % told)
        os.chmod(command, 0o755)
        retour.config["alert"] = {"command": command}
        result = retour.run("run")
        equal(result.code, 0, result)
        if not proven:
            equal((os.path.exists(told), "alert opened" in result.err), (False, False), result)
            continue
        contains(result.err, "alert opened: alignment-broken: example.com, 33.33 %")
        contains(result.err, "alert opened: tls-failures: example.com, 2.26 %")
        with open(told, encoding="utf-8") as f:
            alerts = {a["condition"]: a for a in json.load(f)["alerts"]}
        broken, failing = alerts["alignment-broken"], alerts["tls-failures"]
        equal((broken["subject"], broken["count"], broken["of"], broken["detail"], broken["since"][:10]), ("example.com", 1000, 3000, "mailbox.test", "2026-11-15"))
        equal((failing["subject"], failing["count"], failing["of"], failing["detail"], failing["since"][:10]), ("example.com", 34, 1504, "certificate-expired, sts-policy-fetch-error", "2026-11-15"))

with case("two receivers that call themselves the same are two"):
    retour = Retour(now=NOW)
    maildir(retour, [dmarc_mail(ROWS, DAY, receiver="Mail Service", sender=sender, message=sender) for sender in ("a.test", "b.test")])
    equal(retour.run("poll").code, 0)
    equal(retour.sql("SELECT receiver, sum(count) FROM summary GROUP BY 1 ORDER BY 1"), [("Mail Service (a.test)", 210), ("Mail Service (b.test)", 210)])

with case("whoever has a mail server of his own, and reports of his few mails, is named in no file and no report; the mails count"):
    retour = Retour(now="2026-12-01T06:00:00Z")
    own = [dmarc_mail([("192.0.2.17", 9, "none", False, False, "example.com")], begin, receiver="smith-family.test") for begin in MONTH.values()]
    maildir(retour, own + [tls_mail(begin, 9, {}, receiver="smith-family.test") for begin in MONTH.values()] + [dmarc_mail([("192.0.2.17", 4000, "none", True, True, "example.com")], DAY)])
    equal(retour.run("run").code, 0)
    equal(retour.sql("SELECT receiver, sum(count) FROM summary GROUP BY 1 ORDER BY 1"), [("", 540), ("mailbox.test", 4000)])
    for form in "xml", "html", "text":
        equal(retour.run("report", "--month", "2026-11", "--format", form, "--output", output).code, 0)
        with open(output, encoding="utf-8") as f:
            said = f.read()
        true("smith" not in said and re.search("270|540", said), form)
    for folder, _, files in os.walk(retour.data):
        for file in files:
            with open(os.path.join(folder, file), "rb") as f:
                true(b"smith" not in f.read(), file)

# what a stranger may send: the data, its type, whether it is taken as a report, and how many mails or sessions it counts
WHOLE = dmarc_xml(ROWS, DAY, "7", "mailbox.test", "example.com")
ONE = dmarc_xml([("192.0.2.17", 150, "none", True, True, "example.com")], DAY, "8", "mailbox.test", "example.com")
PERSON = "quokka.person"  # of whom nothing is kept
PERSONAL = (ONE.replace(b"</org_name>", b"</org_name><email>%(p)s@example.net</email><extra_contact_info>%(p)s@example.net</extra_contact_info>" % {b"p": PERSON.encode()})
            .replace(b"<report_id>8", b"<report_id>%s@example.net" % PERSON.encode())
            .replace(b"<header_from>", b"<envelope_to>%(p)s@example.net</envelope_to><envelope_from>%(p)s@example.net</envelope_from><header_from>%(p)s." % {b"p": PERSON.encode()})
            .replace(b"</policy_evaluated>", b"<reason><type>other</type><comment>%s@example.net</comment></reason></policy_evaluated>" % PERSON.encode())
            .replace(b"</record>", b"<dkim><human_result>%s@example.net</human_result></dkim></record>" % PERSON.encode()))
LAUGHS = b'<?xml version="1.0"?><!DOCTYPE feedback [<!ENTITY a "ha">%s]>' % b"".join(b'<!ENTITY %c "&%c;&%c;&%c;&%c;">' % (c + 1, c, c, c, c) for c in range(97, 117)) + ONE.split(b"?>", 1)[1].replace(b"mailbox.test", b"&u;")
FILE = b'<?xml version="1.0"?><!DOCTYPE feedback [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + ONE.split(b"?>", 1)[1].replace(b"mailbox.test", b"&a;")


def zipped(*names_and_bytes):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in names_and_bytes:
            archive.writestr(name, data)
    return out.getvalue()


def tls_json(**more):
    return json.dumps(dict({"organization-name": "mailbox.test", "contact-info": PERSON + "@example.net", "report-id": PERSON + "@example.net",
                            "date-range": {"start-datetime": "2026-11-02T00:00:00Z", "end-datetime": "2026-11-02T23:59:59Z"},
                            "policies": [{"policy": {"policy-domain": PERSON + ".example.com", "mx-host": [PERSON + ".example.net"]}, "summary": {"total-successful-session-count": 150},
                                          "failure-details": [{"result-type": PERSON, "additional-information": PERSON, "failed-session-count": 3}]}]}, **more)).encode()


BLANKS = gzip.compress(b" " * (64 << 20), mtime=0)
STRANGE = {
    "a report": (WHOLE, "text/xml", True, 210),
    "with addresses": (PERSONAL, "text/xml", True, 150),
    "TLS with addresses": (tls_json(), "application/tlsrpt+json", True, 153),
    "a zip in a zip": (zipped(("r.zip", zipped(("r.xml", WHOLE)))), "application/zip", False, 0),
    "gzip in gzip": (gzip.compress(gzip.compress(WHOLE)), "application/gzip", False, 0),
    "a zip with two files": (zipped(("a.xml", WHOLE), ("b.xml", WHOLE)), "application/zip", True, 210),
    "a zip with a path": (zipped(("../../etc/x.xml", WHOLE)), "application/zip", True, 210),
    "an empty zip": (zipped(), "application/zip", False, 0),
    "four gigabytes": (BLANKS * 64, "application/gzip", False, 0),
    "thirty-three megabytes of zip": (zipped(("r.xml", WHOLE[:-12] + b" " * (33 << 20))), "application/zip", False, 0),
    "entities within entities": (LAUGHS, "text/xml", False, 0),
    "a tag without end": (gzip.compress(ONE.replace(b"<feedback>", b"<feedback " + b" ".join(b'a%d=">"' % n for n in range(200000)) + b">")), "application/gzip", False, 0),
    "namespaces and remarks": (ONE.replace(b"<feedback>", b'<!-- don\'t " --><feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'), "text/xml", True, 150),
    "a file of ours": (FILE, "text/xml", False, 0),
    "huge": (ONE.replace(b">150<", b">99999999999999999999<"), "text/xml", False, 0),
    "too many": (ONE.replace(b">150<", b">1000000001<"), "text/xml", False, 0),
    "negative": (ONE.replace(b">150<", b">-5<"), "text/xml", False, 0),
    "no number": (ONE.replace(b">150<", b">0x96<"), "text/xml", False, 0),
    "negative sessions": (tls_json(policies=[{"policy": {"policy-domain": "example.com"}, "summary": {"total-successful-session-count": -1}}]), "application/tlsrpt+json", False, 0),
    "of 1970": (ONE.replace(b"%d" % DAY, b"0"), "text/xml", False, 0),
    "of 2099": (ONE.replace(b"%d" % DAY, b"4070908800").replace(b"%d" % (DAY + 86399), b"4070995199"), "text/xml", True, 0),
    "of a century": (ONE.replace(b"%d" % (DAY + 86399), b"4793577600"), "text/xml", False, 0),
    "a domain of ten thousand bytes": (ONE.replace(b"<header_from>", b"<header_from>" + b"a" * 10000 + b"."), "text/xml", True, 150),
    "controls": (ONE.replace(b"<header_from>", b"<header_from>&#27;[2J&#8238;."), "text/xml", False, 0),
    "a name of ten thousand bytes": (ONE.replace(b"<org_name>", b"<org_name>" + b"o" * 10000), "text/xml", True, 150),
    "a name of controls": (ONE.replace(b"<org_name>", "<org_name>\u202e\u0085<b>".encode()).replace(b"mailbox.test</org_name>", b"</b>x</org_name>"), "text/xml", True, 150),
}
with case("what strangers make of reports is read as one or left to a person, quickly, and nothing of an address is kept"):
    for name, (data, kind, taken, count) in STRANGE.items():
        retour = Retour(now=NOW)
        top = maildir(retour, [report_mail(kind, data, "r", DAY, "mailbox.test", "example.com", "m", True, "mailbox.test")], max_message="8M")
        result = retour.run("poll")
        equal(result.code, 0, "%s: %r" % (name, result))
        equal((left(top), one(retour, "SELECT coalesce(sum(count), 0) FROM summary")), ([] if taken else [".Unrecognised"], count), name)
        if taken:
            for folder, _, files in os.walk(retour.dir):
                for file in files:
                    with open(os.path.join(folder, file), "rb") as f:
                        equal(re.search(PERSON.encode(), f.read(), re.I), None, "%s: in %s" % (name, file))
        for row in retour.sql("SELECT receiver, domain, network FROM summary"):
            equal([c for text in row for c in text if not " " <= c <= "~"], [], name)

finish()
