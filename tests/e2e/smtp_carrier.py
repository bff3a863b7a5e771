#!/usr/bin/python3
"""The report mail on its way to a real SMTP server: every TLS mode, with and without AUTH, what refuses it, and what an administrator reads then.
The dialogue itself: tests/unit/poller_carrier.c."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.harness import *

SENDER = "retour@example.org"
READERS = ["deliverability@example.org", "dpo@example.org"]
BOUNCE = (b"From: MAILER-DAEMON@mx.example.net\r\nTo: bounces@example.org\r\nSubject: Undelivered\r\nMessage-ID: <c1@mx.example.net>\r\nMIME-Version: 1.0\r\n"
          b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
          b"Reporting-MTA: dns; mx.example.net\r\n\r\nFinal-Recipient: rfc822; someone@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n")

retour = Retour()
sample = os.path.join(retour.dir, "bounce.eml")
with open(sample, "wb") as f:
    f.write(b"Received: from mx by mail; Thu, 15 Oct 2026 10:00:00 +0000\r\n" + BOUNCE)
base = dict(retour.config["report"])
with case("there is a month to report"):
    equal(retour.run("import", sample).code, 0)


def send(sink, **keys):
    retour.config["report"] = dict(base)
    keys.setdefault("timeout", "5s")
    retour.config["report"].update(sink.report(to=", ".join(READERS), **{"from": SENDER}, **keys))
    return retour.run("report", "--month", "2026-10", "--send")


for tls in ("implicit", "starttls", "none"):
    for user in (None, SENDER):
        with case("tls=%s, %s" % (tls, "AUTH" if user else "no AUTH")):
            sink = Sink(tls=tls, user=user)
            result = send(sink, password_file=retour.secret() if user else None)
            equal(result.code, 0, result)
            equal(len(sink.mails), 1)
            mail = sink.mails[0]
            equal((mail.sender, mail.recipients, mail.over_tls, mail.user), (SENDER, READERS, tls != "none", user))
            true(mail.data.endswith(b"\r\n") and not mail.data.endswith(b"\r\n\r\n") and b"\n" not in mail.data.replace(b"\r\n", b""), mail.data[-200:])
            equal(max(map(len, mail.data.split(b"\r\n"))) <= 998, True, "a line is too long")
            equal(mail.parsed().get_content_type(), "multipart/mixed")
            sink.stop()

with case("the wrong password"):
    sink = Sink(user=SENDER)
    result = send(sink, password_file=retour.secret("wrong", "wrong"))
    equal((result.code, sink.mails), (1, []), result)
    contains(result.err, "login: refused by the server: 535")
    true("wrong" not in result.err.replace(retour.dir, "") and SENDER not in result.err, result.err)
    sink.stop()

with case("one recipient refused: nobody gets it, and the error names none"):
    sink = Sink(tls="none", refuse=[READERS[1]])
    result = send(sink)
    equal((result.code, sink.mails), (1, []), result)
    contains(result.err, "recipient 2: refused by the server: 550 5.1.1")
    true("@" not in result.err, result.err)
    sink.stop()

with case("the mail refused"):
    sink = Sink(tls="none", data_reply="554 5.7.1 not from <retour@example.org>")
    result = send(sink)
    equal(result.code, 1, result)
    contains(result.err, "554 5.7.1")
    true("@" not in result.err, result.err)
    sink.stop()

with case("a server without STARTTLS gets nothing when STARTTLS is set"):
    sink = Sink(tls="none", user=SENDER)
    result = send(sink, tls="starttls", password_file=retour.secret())
    equal((result.code, sink.mails, sink.logins), (1, [], []), result)
    contains(result.err, "does not offer STARTTLS")
    sink.stop()

with case("a test mail: to those who are named, not to the readers, and the month's own report is still sent when it is due"):
    fresh, tried = Retour(), Sink(tls="none")
    fresh.config["report"].update(tried.report(to=", ".join(READERS), **{"from": SENDER}))
    fresh.config["mailbox none"] = {"protocol": "maildir", "path": os.path.join(fresh.dir, "mail")}
    for folder in ("cur", "new", "tmp"):
        os.makedirs(os.path.join(fresh.dir, "mail", folder))
    equal(fresh.run("import", sample).code, 0)
    result = fresh.run("report", "--month", "2026-10", "--send", "--to", "me@example.com", "--to", "you@example.com")
    equal(result.code, 0, result)
    equal(tried.mails[0].recipients, ["me@example.com", "you@example.com"])
    parsed = tried.mails[0].parsed()
    equal(str(parsed["To"]), "me@example.com, you@example.com")
    equal([part.get_filename() for part in parsed.iter_attachments()], ["retour-2026-10.xml", "retour-2026-10.xml.minisig"])
    true("@" not in result.err, result.err)
    equal(fresh.sql("SELECT detail FROM ledger WHERE kind = 'report-tested'"), [("month=2026-10 recipients=2",)])
    equal(fresh.run("run").code, 0)
    equal([mail.recipients for mail in tried.mails[1:]], [READERS])
    tried.stop()

with case("--to takes one address, and only with --send"):
    for wrong in (["--send", "--to", "nobody"], ["--send", "--to", "a@example.com, b@example.com"], ["--send", "--to", "a@example.com\r\nBcc: b@example.com"],
                  ["--to", "me@example.com"]):
        refused = retour.run("report", *wrong)
        equal(refused.code, 2, refused)
        true("example.com" not in refused.err and "--to" in refused.err, refused.err)

with case("nobody listens"):
    result = send(sink, password_file=retour.secret())
    equal(result.code, 1, result)
    contains(result.err, "Connection refused")

with case("sendmail takes it instead"):
    program, taken = os.path.join(retour.dir, "sendmail"), os.path.join(retour.dir, "taken")
    with open(program, "w") as f:
        f.write("#!/bin/sh\necho \"$@\" > %s.arguments\ncat > %s\n" % (taken, taken))
    os.chmod(program, 0o755)
    retour.config["report"] = dict(base, to=", ".join(READERS), sendmail=program, **{"from": SENDER})
    result = retour.run("report", "--month", "2026-10", "--send")
    equal(result.code, 0, result)
    with open(taken, "rb") as f:
        contains(f.read().decode(), "To: ")
    with open(taken + ".arguments") as f:
        equal(f.read(), "-i -t\n")

finish()
