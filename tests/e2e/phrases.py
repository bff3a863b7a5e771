#!/usr/bin/python3
"""tests/phrases.tsv: answers of mail systems as people quote them and as their makers document them, each with what it means.

A line has the text, class, category, reply code, enhanced code and the host that said it, with tabs between; "-" stands for none. Each text is
wrapped into a delivery status notification as a relay would send it, and all are read in one go. A text without a code is the relay's own.
"""
import json
import os
import subprocess
import sys
import tempfile
import textwrap

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib import tap  # noqa: E402

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RETOUR = os.path.abspath(os.environ.get("RETOUR", os.path.join(os.path.dirname(TESTS), "build", "retour")))
FIELDS = ("text", "class", "category", "reply", "status", "host")
LEAST = 400  # lines, so that a file cut short shows

REPORT = """From: MAILER-DAEMON@mx.example.org
To: news@example.com
Subject: Undelivered Mail Returned to Sender
Message-ID: <report@mx.example.org>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="cut"

--cut
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

<tom@example.net>: {text}

--cut
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; tom@example.net
Action: failed
Status: {field}
{remote}Diagnostic-Code: {type}; {folded}

--cut
Content-Type: text/rfc822-headers

From: news@example.com
To: tom@example.net
Message-ID: <1@news.example.com>

--cut--
"""


def read():
    with open(os.path.join(TESTS, "phrases.tsv"), encoding="utf8") as lines:
        for number, line in enumerate(lines, 1):
            if line.startswith("#"):
                continue
            values = line.rstrip("\n").split("\t")
            if len(values) != len(FIELDS):
                raise SystemExit("phrases.tsv:%d: %d fields, not %d" % (number, len(values), len(FIELDS)))
            yield number, dict(zip(FIELDS, values))


def wrap(row):
    folded = "\n    ".join(textwrap.wrap(row["text"], 90, break_long_words=False, break_on_hyphens=False))
    remote = "Remote-MTA: dns; %s\n" % row["host"] if row["host"] != "-" else ""
    return REPORT.format(text=row["text"], field=row["status"], remote=remote, folded=folded, type="smtp" if row["reply"] != "-" else "X-Postfix")


def classify(rows):
    """{line number: the event}"""
    with tempfile.TemporaryDirectory() as folder:
        ini = os.path.join(folder, "retour.ini")
        with open(ini, "w") as out:
            out.write("[origin]\ndomains = example.com\n")
        for number, row in rows:
            with open(os.path.join(folder, "%d.eml" % number), "w", encoding="utf8") as out:
                out.write(wrap(row))
        files = [os.path.join(folder, "%d.eml" % number) for number, _ in rows]
        done = subprocess.run([RETOUR, "-c", ini, "classify", "--plain"] + files, stdout=subprocess.PIPE, check=True)
        events = [json.loads(line) for line in done.stdout.splitlines()]
    return {int(os.path.basename(event["file"])[:-4]): event for event in events}


ROWS = list(read())
EVENTS = classify(ROWS)
tap.check(len(ROWS) >= LEAST, "there are at least %d lines" % LEAST, len(ROWS))
for number, row in ROWS:
    event = EVENTS.get(number, {})
    wrong = ["%s %s, not %s (%s)" % (field, event.get(field), row[field], event.get("rule")) for field in FIELDS[1:5]
             if str("-" if event.get(field) is None else event[field]) != row[field]]
    tap.check(not wrong, "%d: %s" % (number, row["text"][:100]), "; ".join(wrong))
tap.finish()
