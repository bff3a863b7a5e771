#!/usr/bin/python3
"""A thousand addresses over a hundred reports, ten in each: in headers, bodies, attachments, comments, encoded words, HTML and file names. None of them is in
any file, log, journal line, process list, report, alert, metric, answer, backup or evidence; and the same search finds them in database and backup where the
program is made to redact nothing."""
import email.header
import email.message
import email.utils
import os
import re
import signal
import sqlite3
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib import canary, cleanup
from lib.harness import *

Retour.watched = True

MESSAGES, PLACES = 100, 10
used = []
DOMAINS = ("birds.example.net", "nest.example.com", "v%d.example.org")
WORDINGS = ("550 5.1.1 <%s>: Recipient address rejected: User unknown", "552 5.2.2 %s mailbox full", "554 5.7.1 message to %s blocked as spam",
            "550 No such user %s here", "450 4.2.1 (%s) try again later", "550 5.1.1 RCPT TO:<%s> 'Unknown'")


def bird(number, place):
    used.append("zplanted.%02d%c%s@%s" % (number, "abcdefghij"[place], "qxvjk"[number % 5] * 3, DOMAINS[number % 3].replace("%d", str(number))))
    return used[-1]


def report(number):
    """One message/delivery-status report with an address in ten places."""
    b = [bird(number, place) for place in range(PLACES)]
    mail = email.message.EmailMessage()
    mail["From"] = '"%s" <MAILER-DAEMON@mx.example.net> (on behalf of %s)' % (b[0].split("@")[0], b[0])
    mail["To"] = "bounces@example.org"
    mail["Subject"] = email.header.Header("Unzustellbar: für %s" % b[1], "utf-8").encode()
    mail["Message-ID"] = "<%d.%s@mx.example.net>" % (number, b[2].split("@")[0])
    mail["X-Failed-Recipients"] = b[2]
    mail["Date"] = email.utils.formatdate(1793500000 + number * 1000)
    human = "Your mail to %s (also known as %s) was not delivered.\n" % (b[3], b[4])
    html = "<html><body><a href=\"mailto:%s?subject=x\">%s</a><!-- %s --></body></html>" % (b[5], b[5].replace("@", "&#64;"), b[5])
    status = ("Reporting-MTA: dns; mx.example.net\n\nFinal-Recipient: rfc822; %s\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; %s\n (%s)\n"
              % (b[6], WORDINGS[number % len(WORDINGS)] % b[6], b[7]))
    returned = "From: news@news.example.org\nTo: \"%s\" <%s>\nMessage-ID: <%d@news.example.org>\nSubject: Hello %s\n\nDear %s\n" % (b[8], b[8], number, b[8], b[8])
    boundary = "b%d" % number
    parts = [("text/plain; charset=utf-8", human), ("text/html", html), ("message/delivery-status", status), ("message/rfc822", returned),
             ("application/octet-stream; name=\"%s.pdf\"" % b[9], b[9] + "\n")]
    text = "\n".join("%s: %s" % item for item in mail.items()) + "\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=%s\n" % boundary
    for kind, body in parts:
        text += "\n--%s\nContent-Type: %s\n\n%s" % (boundary, kind, body)
    return (text + "\n--%s--\n" % boundary).replace("\n", "\r\n").encode()


CRASH_BUILD = os.path.join(os.environ.get("RETOUR_BUILD", os.path.join(ROOT, "build")), "crash", "retour")
mails = [report(number) for number in range(MESSAGES)]
temporary = cleanup.temporary()
dovecot = Dovecot()


def program(binary=None):
    """With all that can leave the house: reports and alerts by mail and to a command, metrics."""
    sink, retour = Sink(tls="none"), Retour(binary)
    retour.environment["TMPDIR"] = temporary
    retour.config["mailbox bounces"] = dovecot.mailbox(password_file=retour.secret())
    retour.config["origin"]["verp"] = "bounce+{token}@bounce.example.org"
    retour.config["report"].update(sink.report(to="dpo@example.org", ca_file=None, **{"from": "retour@example.org"}))
    hook = retour.dir + "/hook"
    with open(hook, "w") as f:
        f.write("#!/bin/sh\nenv >> %s/hooked; cat >> %s/hooked\n" % (retour.data, retour.data))
    os.chmod(hook, 0o755)
    retour.config["alert"] = {"to": "postmaster@example.org", "command": hook}
    retour.config["alert quarantine"] = {"threshold": "1"}
    retour.config["metrics"] = {"file": retour.data + "/retour.prom"}
    return retour, sink


def everything(retour, sink, *results):
    """What the program has said and left, in every way that it has: {name: bytes} beside the files of its directory."""
    texts = {"log %d" % number: (result.out + result.err).encode() for number, result in enumerate(results)}
    commands = [("audit", "--format", form) for form in ("text", "xml", "html")] + [("key", "list"), ("suppressions",), ("advice",), ("alerts", "--all"),
                ("alerts", "--json"), ("contact", "resolve", "--list"), ("doctor",), ("purge", "--dry-run"), ("config",), ("backup", retour.data + "/backup.db"),
                ("audit", "export", retour.data + "/evidence"), ("audit", "verify", retour.data + "/evidence")]
    commands += [("report", "--month", month, "--format", form) for month in ("2026-10", "2026-11") for form in ("text", "xml", "html")]
    for command in commands:
        result = retour.run(*command, options=["-v", "-v"])
        true(result.code in (0, 1), (command, result))
        texts[" ".join(command)] = (result.out + result.err).encode()
    texts["journal"] = retour.run("run", options=["-v", "-v"], env={"JOURNAL_STREAM": "8:1"}).err.encode()
    texts["mails"] = b"\n".join(mail.data for mail in sink.mails)
    texts["process list"] = b"\n".join(retour.command_lines)
    for name in ("backup.db", "evidence/ledger.txt", "retour.prom", "hooked"):
        true(os.path.getsize(os.path.join(retour.data, name)) > 0, name)
    true(len(sink.mails) >= 1, "no mail was sent")
    return texts


with case("%d addresses are planted in %d reports, and the search finds each there but for those in encoded words" % (MESSAGES * PLACES, MESSAGES)):
    equal((len(set(used)), len(mails)), (MESSAGES * PLACES, MESSAGES))
    found = "\n".join(what.lower() for _where, what in canary.search(used, [], {str(n): data for n, data in enumerate(mails)}))
    equal([one for one in used if one[11] != "b" and one.split("@")[0] not in found], [])

with case("none of a thousand addresses is in any file, log, journal line, process list, report, alert, metric, evidence or backup"):
    retour, sink = program(CRASH_BUILD)
    fatal = [mail.replace(b"MIME-Version", b"X-Retour-Test: crash\r\nMIME-Version", 1) for mail in mails[:3]]
    dovecot.deliver("bounces@example.org", mails + fatal)
    result = retour.run("run", options=["-v", "-v"])
    equal(result.code, 1, result)  # three are in quarantine, and an alert
    equal(retour.sql("SELECT count(*) FROM event"), [(MESSAGES,)])
    equal(canary.search(used, [retour.data, temporary], everything(retour, sink, result)), [])

with case("none of a thousand addresses is in what classify says without --plain, with the reasons too"):
    folder = cleanup.temporary()
    for number, mail in enumerate(mails):
        with open("%s/%d" % (folder, number), "wb") as f:
            f.write(mail)
    result = retour.run("classify", "--explain", folder, options=["-v", "-v"])
    equal((result.code, len(result.lines())), (0, MESSAGES))
    equal(canary.search(used, [], {"out": result.out.encode(), "err": result.err.encode()}), [])

with case("none of a thousand addresses is in any log when they are what is asked about"):
    for command in (("check",), ("check", "--json"), ("contact", "show"), ("disclose",), ("verp", "--campaign", "c"), ("forget",)):
        result = retour.run(*command, input="\n".join(used) + "\n", options=["-v", "-v"])
        true(result.code in (0, 1), (command, result))
        equal(canary.search(used, [retour.data, temporary], {"err": result.err.encode(), "process list": b"\n".join(retour.command_lines)}), [])

def leak(words):
    """A run that redacts nothing, of the mails with WORDS(mail) done to them; what the search finds then, in lower case, by file."""
    global dovecot
    dovecot.stop()
    dovecot = Dovecot()
    leaky, leaky_sink = program(CRASH_BUILD)
    dovecot.deliver("bounces@example.org", [words(mail).replace(b"MIME-Version", b"X-Retour-Test: leak\r\nMIME-Version", 1) for mail in mails] + fatal)
    result = leaky.run("run", options=["-v", "-v"])
    equal(leaky.sql("SELECT count(*) FROM event"), [(MESSAGES,)])
    hits = {}
    for where, what in canary.search(used, [leaky.data, temporary], everything(leaky, leaky_sink, result)):
        hits.setdefault(os.path.basename(where), []).append(what.lower())
    return hits


with case("where the part that reads mail redacts nothing, the store still takes no words that name an address"):
    equal(leak(lambda mail: mail), {})

with case("where nothing is redacted and no domain gives them away, the same search finds each in database and backup"):
    hits = leak(lambda mail: re.sub(rb"(?s)(Diagnostic-Code: .*?)\r\n\r\n", lambda field: re.sub(rb"@[a-z0-9.]+", b"", field.group(0)), mail))
    words = [one.split("@")[0] for one in used[6::PLACES] + used[7::PLACES]]
    for name in ("retour.db", "backup.db"):
        equal([word for word in words if not any(word in what for what in hits.get(name, ()))], [])

with case("none of a thousand addresses is in any byte after purges that were killed with signal 9"):
    retour.now = "2027-08-02T06:00:00Z"
    for number in range(12):
        process = retour.start("purge")
        time.sleep(0.002 + number * 0.003)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    result = retour.run("purge")
    equal(result.code, 0, result)
    equal(retour.sql("SELECT count(*) FROM event"), [(0,)])
    equal(canary.search(used, [retour.data, temporary]), [])

dovecot.stop()
finish()
