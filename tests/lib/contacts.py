"""Bounces of single recipients, imported from files: what tests of contacts begin with."""
import glob
import os

BOUNCE = """\
Return-Path: <>
From: MAILER-DAEMON@mx.example.net
To: bounces@example.org
Subject: Undelivered Mail Returned to Sender
Date: %(date)s
Received: from mx.example.net by mail.example.org; %(date)s
Message-ID: <%(number)d@mx.example.net>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Your mail could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.org

Final-Recipient: rfc822; %(recipient)s
Action: failed
Status: %(status)s
Remote-MTA: dns; %(host)s
Diagnostic-Code: smtp; %(text)s

--b
Content-Type: text/rfc822-headers

From: news@example.org
To: %(recipient)s
Message-ID: <%(number)d.2@example.org>
X-Campaign-ID: nl10

--b--
"""
FULL, DEAD = ("5.2.2", "552 5.2.2 Mailbox full"), ("5.1.1", "550 5.1.1 User unknown")
DELIVERED = ("2.0.0", "250 2.0.0 Ok")
LISTED = ("5.7.1", "554 5.7.1 Service unavailable; Client host [192.0.2.25] blocked using zen.spamhaus.org")


class Bounces:
    """b = Bounces(retour); b.take((recipient, FULL, 3), (recipient, DEAD, "04 Dec"), (recipient, LISTED, 3, host)); makes the store at once."""

    def __init__(self, retour):
        self.retour, self.folder, self.number = retour, retour.dir + "/mails", 0
        os.makedirs(self.folder)
        self.take()

    def take(self, *bounces):
        """(recipient, (status, text), day of November or "05 Dec", host) each."""
        for old in glob.glob(self.folder + "/*"):
            os.unlink(old)
        for recipient, (status, text), day, *host in bounces:
            self.number += 1
            date = "%s 2026 05:00:00 +0000" % (day if isinstance(day, str) else "%02d Nov" % day)
            with open("%s/%d.eml" % (self.folder, self.number), "w", encoding="ascii") as f:
                mail = BOUNCE % {"date": date, "number": self.number, "recipient": recipient, "status": status, "text": text,
                                 "host": host[0] if host else "mx.example.net"}
                f.write(mail.replace("Action: failed", "Action: delivered") if status[0] == "2" else mail)
        result = self.retour.run("import", self.folder)
        if result.code:
            raise AssertionError(result)
