#!/usr/bin/python3
"""Streams of our mail: a complaint about the newsletter leaves the orders alone, a dead address is dead for all, and what is about no stream that is known is about
all. By check, suppressions, HTTP, contact show; of lists that are imported; let through by an operator for one stream or for all."""
import http.client
import json
import os
import signal
import sqlite3
import subprocess
import sys
import xml.etree.ElementTree

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.harness import *

COMPLAINT = """\
From: fbl@example.net
To: bounces@example.org
Subject: complaint
Date: Mon, 02 Nov 2026 05:00:00 +0000
Message-ID: <%(user)s.1@example.net>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b

A complaint.
--b
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: test/1
Version: 1
Original-Rcpt-To: <%(user)s@example.net>

--b
Content-Type: message/rfc822

%(fields)sTo: %(user)s@example.net
Subject: hello
Message-ID: <%(user)s.2@example.org>

text
--b--
"""
BOUNCE = """\
From: MAILER-DAEMON@mx.example.net
To: bounces@example.org
Subject: Undelivered Mail Returned to Sender
Date: Mon, 02 Nov 2026 05:00:00 +0000
Message-ID: <%(user)s.1@mx.example.net>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; %(user)s@example.net
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--b
Content-Type: text/rfc822-headers

%(fields)sTo: %(user)s@example.net
Message-ID: <%(user)s.2@example.org>

--b--
"""
NEWS = "From: Example <news@example.org>\nList-ID: The news <news.example.org>\n"
# user: the mail that comes back, and what is then answered for any mail, for newsletters, for orders (x: suppress)
MAILS = {
    "list": (COMPLAINT, NEWS, "xx-"),
    "from": (COMPLAINT, "From: shop@mail.shop.example.org\n", "x-x"),
    "campaign": (COMPLAINT, "From: x@shop.example.org\nX-Campaign-ID: news-2026-11\n", "xx-"),
    "unknown": (COMPLAINT, "From: other@example.org\n", "xxx"),
    "nearly": (COMPLAINT, "From: x@workshop.example.org\nX-Campaign-ID: newsletter\n", "xxx"),
    "dead": (BOUNCE, NEWS, "xxx"),
}


def address(user):
    return user + "@example.net"


def sender(**more):
    retour = Retour()
    retour.config["stream newsletter"] = {"campaign": "news-*", "list_id": "NEWS.example.org, *.lists.example.org"}
    retour.config["stream orders"] = {"from": "shop.example.org"}
    for section, keys in more.items():
        retour.config[section.replace("_", " ", 1)] = keys
    return retour


def asked(retour, users, *options):
    return {a["address"].split("@")[0]: a for a in retour.run("check", "--json", *options, input="".join(address(u) + "\n" for u in users)).lines()}


def verdicts(retour, user):
    ways = ((), ("--stream", "newsletter"), ("--stream", "orders"))
    return "".join("x" if asked(retour, [user], *way)[user]["verdict"] == "suppress" else "-" for way in ways)


retour = sender()
mail = os.path.join(retour.dir, "mail")
os.mkdir(mail)
for user, (form, fields, _wanted) in MAILS.items():
    with open(os.path.join(mail, user + ".eml"), "w") as f:
        f.write(form % {"user": user, "fields": fields})
equal(retour.run("import", mail).code, 0)

with case("classify says the stream"):
    events = {e["recipient"].split("@")[0]: e["stream"] for e in retour.run("classify", "--plain", mail).lines()}
    equal(events, {"list": "newsletter", "from": "orders", "campaign": "newsletter", "unknown": None, "nearly": None, "dead": "newsletter"})
with case("check: an objection is for its stream, a dead address for all, what no stream is known of is for all"):
    for user, (_form, _fields, wanted) in MAILS.items():
        equal((user, verdicts(retour, user)), (user, wanted))
with case("answers name the stream that they rest on: JSON always, CSV where there are streams"):
    equal({u: a["stream"] for u, a in asked(retour, MAILS).items()}, {"list": "newsletter", "from": "orders", "campaign": "newsletter", "unknown": None, "nearly": None, "dead": None})
    lines = retour.run("check", input=address("list") + "\n").out.splitlines()
    equal(lines, ["address,verdict,until,state,reason,since,hint,stream", "list@example.net,suppress,,inactive,abuse,2026-11-02,,newsletter".replace("2026-11-02", lines[1].split(",")[5])])
    plain = Retour()
    equal(plain.run("import", mail).code, 0)
    equal(plain.run("check", input=address("list") + "\n").out.splitlines()[0], "address,verdict,until,state,reason,since,hint")
    equal(asked(plain, ["list"])["list"]["verdict"], "suppress")
with case("--only suppress --bare for one stream: the list to leave out of that mailing"):
    users = retour.run("check", "--only", "suppress", "--bare", "--stream", "orders", input="".join(address(u) + "\n" for u in MAILS)).out.split()
    equal(users, [address(u) for u in ("from", "unknown", "nearly", "dead")])
with case("suppressions for one stream"):
    def counted(*options):
        return sum(line["verdict"] == "suppress" for line in retour.run("suppressions", "--json", *options).lines())
    equal((counted(), counted("--stream", "newsletter"), counted("--stream", "orders")), (6, 5, 4))
    contains(retour.run("suppressions").out.splitlines()[0], "since,stream")
with case("status says of those who are active how many objected to a stream"):
    equal({line["state"]: (line["count"], line["objectors"]) for line in retour.run("status", "--json").lines() if line["kind"] == "contacts" and line["count"]},
          {"active": (3, 3), "inactive": (3, 0)})
    contains(retour.run("status").out, "3 active (3 without a stream) 3 inactive")
with case("contact show lists them"):
    shown = json.loads(retour.run("contact", "show", "--json", input=address("list") + "\n").out)
    equal([(o["stream"], o["category"]) for o in shown["objections"]], [("newsletter", "abuse")])
    contains(retour.run("contact", "show", input=address("list") + "\n").out, "newsletter since ")
with case("events carry the stream; in a contact's row nobody reads it"):
    equal(sorted(line["stream"] or "" for line in retour.run("events").lines() if "stream" in line), ["", "", "newsletter", "newsletter", "newsletter", "orders"])
    db = sqlite3.connect(retour.database)
    true(not any(b"newsletter" in bytes(v) for row in db.execute("SELECT * FROM contact") for v in row if isinstance(v, bytes)), "the stream's name stands in a contact")
    db.close()
with case("over HTTP: the stream of the question, else --stream, else any"):
    for options, default in (((), "xx-"), (("--stream", "orders"), None)):
        process = retour.start("serve", "--http", "127.0.0.1:0", "--token-file", retour.secret("t" * 32, "token"), *options, options=("-v",))
        port = int(process.stderr.readline().decode().rpartition(":")[2])

        def ask(body):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            connection.request("POST", "/check", json.dumps(body), {"Authorization": "Bearer " + "t" * 32})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        got = "".join("x" if ask(dict(address=address("list"), **more))[1]["verdict"] == "suppress" else "-"
                      for more in ({}, {"stream": "newsletter"}, {"stream": "orders"}))
        equal(got, "-x-" if options else "xx-")
        equal(ask({"addresses": [address("list")], "stream": "orders"})[1]["answers"][0]["verdict"], "send")
        for wrong in ("other", 5, None, ""):
            equal(ask({"address": address("list"), "stream": wrong})[0], 400)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
with case("an operator lets one stream through, then all; the ledger says so"):
    equal(retour.run("contact", "reactivate", "--stream", "newsletter", "--reason", "she asked for it", input=address("campaign") + "\n").code, 0)
    equal(verdicts(retour, "campaign"), "---")
    result = retour.run("contact", "reactivate", "--stream", "newsletter", "--reason", "again", input=address("unknown") + "\n")
    equal((result.code, verdicts(retour, "unknown")), (1, "xxx"))
    equal(retour.run("contact", "reactivate", "--reason", "a mistake", input=address("from") + "\n").code, 0)
    equal(verdicts(retour, "from"), "---")
    contains("\n".join(row[0] for row in retour.sql("SELECT detail FROM ledger WHERE kind = 'contact-reactivate'")), "stream=newsletter")
with case("a list of unsubscribed people of one stream; its dead addresses are dead for all"):
    path = os.path.join(retour.dir, "list.csv")
    with open(path, "w") as f:
        f.write("email,reason,date\nanna@example.net,opt-out,2026-10-02\nben@example.net,hard,2026-10-02\n")
    for dry in (("--dry-run",), ()):
        equal(retour.run("suppress", "import", "--stream", "newsletter", *dry, path).code, 0)
    equal((verdicts(retour, "anna"), verdicts(retour, "ben")), ("xx-", "xxx"))
    contains(retour.run("suppress", "import", "--stream", "newsletter", path).err, "2 known before")
    equal(retour.run("contact", "undo", "--rule", "suppress.csv", "--reason", "a wrong list").code, 0)
    equal((verdicts(retour, "anna"), verdicts(retour, "ben")), ("---", "---"))
with case("a stream that is no more: what was said about it is for all; and it comes back"):
    section = retour.config.pop("stream newsletter")
    equal(asked(retour, ["list"], "--stream", "orders")["list"]["verdict"], "suppress")
    retour.config["stream newsletter"] = section
    equal(verdicts(retour, "list"), "xx-")
with case("a name that is none: exit code 2, and those that are"):
    for command in (("check",), ("suppressions",), ("serve", "--postfix", os.path.join(retour.dir, "s")), ("suppress", "add", "--reason", "x"),
                    ("contact", "reactivate", "--reason", "x")):
        result = retour.run(*command, "--stream", "orderz", input="")
        equal(result.code, 2, command)
        true("newsletter" in result.err and "orders" in result.err, result.err)
with case("a section that says of no mail that it is meant, or too many of them: exit code 2"):
    result = sender(stream_empty={}).run("config", "check")
    equal(result.code, 2)
    contains(result.err, "[stream empty]")
    result = sender(**{"stream_s%d" % n: {"campaign": "c%d" % n} for n in range(15)}).run("config", "check")
    equal(result.code, 2)
    contains(result.err, "16 streams")
REPORT = "{urn:retour:report:1}"
ORDERS = "From: shop@mail.shop.example.org\n"
# of October and November: how many of each, by stream; 10 are few
NOVEMBER = [("newsletter", NEWS, COMPLAINT, 14), ("newsletter", NEWS, BOUNCE, 31), ("orders", ORDERS, BOUNCE, 12), ("orders", ORDERS, COMPLAINT, 3), ("", "From: other@example.org\n", BOUNCE, 25),
            ("", "From: other@example.org\n", COMPLAINT, 11)]
OCTOBER = [("newsletter", NEWS, BOUNCE, 62)]


def months(retour):
    for month, rows in (("10", OCTOBER), ("11", NOVEMBER)):
        place = os.path.join(retour.dir, "month" + month)
        os.mkdir(place)
        for r, (_stream, fields, form, n) in enumerate(rows):
            for i in range(n):
                with open(os.path.join(place, "%d-%d.eml" % (r, i)), "w") as f:
                    f.write((form % {"user": "m%sr%di%d" % (month, r, i), "fields": fields}).replace("02 Nov", "02 " + {"10": "Oct", "11": "Nov"}[month]))
        equal(retour.run("import", "--arrived", "header", place).code, 0)


with case("the month's report has them, as they were counted here; few are not told, in no format; without streams there is no such table"):
    retour = sender()
    retour.now = "2026-12-01T06:00:00Z"
    months(retour)
    output = os.path.join(retour.dir, "report")
    equal(retour.run("report", "--month", "2026-11", "--format", "xml", "--output", output).code, 0)
    lint = subprocess.run(["xmllint", "--noout", "--nonet", "--schema", os.path.join(ROOT, "etc", "report.xsd"), output], capture_output=True, text=True, check=False)
    equal(lint.returncode, 0, lint.stderr)
    told = {}
    for row in xml.etree.ElementTree.parse(output).getroot().find(REPORT + "streams"):
        told[row.get("name")] = {c.get("of"): c.text for c in row.findall(REPORT + "count")}
        equal(row.findtext(REPORT + "before"), "62" if row.get("name") == "newsletter" else None)
    equal(list(told), ["newsletter", "orders", None])

    def counted(stream, form):
        return sum(n for name, _fields, of, n in NOVEMBER if of is form and name == (stream or ""))
    for stream, counts in told.items():
        equal((stream, counts["bounces"], counts["hard"]), (stream, str(counted(stream, BOUNCE)), str(counted(stream, BOUNCE))))
    hidden = [stream for stream, counts in told.items() if not counts.get("complaint", "<").isdigit()]
    true("orders" in hidden and len(hidden) == 2, "28 complaints less 14 and 11 are 3: %r" % told)
    texts = {form: retour.run("report", "--month", "2026-11", "--format", form).out for form in ("text", "html")}
    part = texts["text"][texts["text"].index("By stream"):]
    lines = {line.split("  ")[0]: line.split()[1:] for line in part.splitlines()[2:6]}
    equal((lines["newsletter"][:2], lines["orders"][:2]), (["31", "31"], ["12", "12"]))
    contains(texts["html"], "By stream")
    contains(texts["text"], "Of no stream")
    retour.config["report"] = {"language": "de"}
    for form in ("text", "html"):
        contains(retour.run("report", "--month", "2026-11", "--format", form).out, "Nach Mailstrom")
    plain = Retour(now="2026-12-01T06:00:00Z")
    months(plain)
    for form, word in (("text", "By stream"), ("html", "By stream"), ("xml", "<streams")):
        true(word not in plain.run("report", "--month", "2026-11", "--format", form).out, form)
finish()
