"""A bounce of a few lines, for tests that need a contact in a certain state and nothing else of it."""
BOUNCE = """\
From: MAILER-DAEMON@mx.example.net
To: bounces@example.org
Subject: Undelivered Mail Returned to Sender
%(date)sMessage-ID: <%(user)s.1@mx.example.net>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; %(user)s@%(domain)s
Action: failed
Status: %(status)s
%(remote)sDiagnostic-Code: smtp; %(text)s

--b
Content-Type: text/rfc822-headers

From: news@example.org
To: %(user)s@%(domain)s
Message-ID: <%(user)s.2@example.org>

--b--
"""


def bounce(user, status, text, domain="example.net", host=None, date="Mon, 02 Nov 2026 05:00:00 +0000"):
    """For USER at DOMAIN, whose HOST answered TEXT; DATE: None for no such line."""
    return BOUNCE % {"date": "Date: %s\n" % date if date else "", "user": user, "domain": domain, "status": status, "text": text, "remote": "Remote-MTA: dns; %s\n" % host if host else ""}
