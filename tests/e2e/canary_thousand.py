#!/usr/bin/python3
"""A thousand addresses over a hundred reports, ten in each: in headers, bodies, attachments, comments, encoded words, HTML and file names. None of them is in
any file, log, process list, report or answer; and the search finds all that were stored, where a build that redacts nothing is imitated."""
import email.header
import email.message
import email.utils
import os
import signal
import sqlite3
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib import canary, cleanup
from lib.harness import *

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


mails = [report(number) for number in range(MESSAGES)]
temporary = cleanup.temporary()
retour = Retour()
retour.environment["TMPDIR"] = temporary
dovecot = Dovecot()
retour.config["mailbox bounces"] = dovecot.mailbox(password_file=retour.secret())

with case("%d addresses in %d reports: the search finds each in the mails but for those in encoded words" % (MESSAGES * PLACES, MESSAGES)):
    equal((len(set(used)), len(mails)), (MESSAGES * PLACES, MESSAGES))
    found = "\n".join(what.lower() for _where, what in canary.search(used, [], {str(n): data for n, data in enumerate(mails)}))
    equal([one for one in used if one[11] != "b" and one.split("@")[0] not in found], [])

with case("none of them is in any file, log, process list or report after a run"):
    dovecot.deliver("bounces@example.org", mails)
    result = retour.run("run", options=["-v", "-v"])
    equal(result.code, 0, result)
    equal(retour.sql("SELECT count(*) FROM event"), [(MESSAGES,)])
    texts = {"log": (result.out + result.err).encode(), "process list": b"\n".join(retour.command_lines)}
    for command in (("audit",), ("report", "--month", "2026-11"), ("report", "--month", "2026-11", "--format", "xml"), ("key", "list"), ("suppressions",)):
        texts[" ".join(command)] = retour.run(*command).out.encode()
    equal(canary.search(used, [retour.data, temporary], texts), [])

with case("where the words are stored as they came, the search finds them in the bytes of the database"):
    connection = sqlite3.connect(retour.database)
    for number, (at, pseudonym) in enumerate(connection.execute("SELECT at, pseudonym FROM event ORDER BY at, pseudonym").fetchall()):
        connection.execute("UPDATE event SET diagnostic = ? WHERE at = ? AND pseudonym = ?",
                           (WORDINGS[number % len(WORDINGS)] % used[number * PLACES + 6], at, pseudonym))
    connection.commit()
    connection.close()
    found = "\n".join(what for _where, what in canary.search(used, [retour.data]))
    equal([one for one in used[6::PLACES] if one.split("@")[0] not in found], [])

with case("killed with signal 9 at any moment of a purge: the next one leaves no byte of them"):
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
