"""Receivers' answers, each wrapped into a delivery status notification as a relay would send it, and all of them read in one go."""
import json
import os
import subprocess
import tempfile
import textwrap

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RETOUR = os.path.abspath(os.environ.get("RETOUR", os.path.join(os.path.dirname(TESTS), "build", "retour")))

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


def wrap(text, reply, status, host):
    """The report of a relay that was answered TEXT; "-" for a reply code or host that there is none."""
    folded = "\n    ".join(textwrap.wrap(text, 90, break_long_words=False, break_on_hyphens=False))
    remote = "Remote-MTA: dns; %s\n" % host if host != "-" else ""
    return REPORT.format(text=text, field=status, remote=remote, folded=folded, type="smtp" if reply != "-" else "X-Postfix")


def classify(reports):
    """{key: the event} of {key: the report}; keys are numbers."""
    with tempfile.TemporaryDirectory() as folder:
        ini = os.path.join(folder, "retour.ini")
        with open(ini, "w") as out:
            out.write("[origin]\ndomains = example.com\n")
        files = [os.path.join(folder, "%d.eml" % key) for key in reports]
        for path, report in zip(files, reports.values()):
            with open(path, "w", encoding="utf8") as out:
                out.write(report)
        done = subprocess.run([RETOUR, "-c", ini, "classify", "--plain"] + files, stdout=subprocess.PIPE, check=True)
        events = [json.loads(line) for line in done.stdout.splitlines()]
    return {int(os.path.basename(event["file"])[:-4]): event for event in events}
