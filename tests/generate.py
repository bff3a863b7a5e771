#!/usr/bin/python3
"""Synthetic mail for the demo, the tests and the benchmarks: what the bounce and feedback mailboxes of a sender of newsletters receive.

    for sample in generate(seed=1, bounces=3000, complaints=250): sample.arrived, sample.mailbox, sample.data, sample.truth

Deterministic: the same arguments give the same bytes. Every person is invented; recipients have .test and example domains; receivers are
known by the host names of their mail exchangers, as in life. The truth says what a reader should find, where that is beyond dispute:

    {"what": label, "kind": …, "events": [{"kind", "class", "category", "recipient", "campaign"}, …], "origin": …, "duplicate": bool}

None stands for "not defined here". Two months are the default; in the second an incident at one receiver makes the report worth reading.
Run as a program it writes the mails into a directory, truth beside each:    tests/generate.py DIRECTORY [BOUNCES [COMPLAINTS [SEED]]]
"""
import base64
import bisect
import calendar
import dataclasses
import email.header
import itertools
import json
import os
import random
import sys
import time

OURS = "news.example.org"          # the sending system; retour's [origin] domains = example.org
HOST = "mail.example.org"
BOUNCES, FBL = "bounces@example.org", "fbl@example.org"
MONTHS = ((2026, 9), (2026, 10))


@dataclasses.dataclass
class Sample:
    arrived: int
    mailbox: str
    data: bytes
    truth: dict


# --- receivers ------------------------------------------------------------------------------------------------------
# Answers: weight, SMTP reply, enhanced code, words, kind, class, category. {r} recipient, {u} its local part, {d} its domain, {i} an id.
# '|' splits the lines of a multi-line reply. A receiver: weight, recipient domain, mail exchanger, formats of its reports, answers.

HARD, SOFT, BLOCK = "hard", "soft", "block"
FAILURE, DELAY = "failure", "delay"

GOOGLE = (
    (46, 550, "5.1.1", "The email account that you tried to reach does not exist. Please try|double-checking the recipient's email address for typos or|"
     "unnecessary spaces. For more information, go to|https://support.google.com/mail/?p=NoSuchUser {i} - gsmtp", FAILURE, HARD, "user-unknown"),
    (9, 550, "5.2.1", "The email account that you tried to reach is disabled. Learn more at|https://support.google.com/mail/?p=DisabledUser {i} - gsmtp",
     FAILURE, HARD, "mailbox-disabled"),
    (18, 552, "5.2.2", "The recipient's inbox is out of storage space. Please direct the|recipient to https://support.google.com/mail/?p=OverQuotaPerm {i} - gsmtp",
     FAILURE, SOFT, "mailbox-full"),
    (8, 421, "4.7.28", "Gmail has detected an unusual rate of unsolicited mail originating from|your IP address. To protect our users from spam, mail sent from your IP|"
     "address has been temporarily rate limited. {i} - gsmtp", DELAY, None, None),
    (8, 550, "5.7.26", "This mail has been blocked because the sender is unauthenticated. Gmail|requires all senders to authenticate with either SPF or DKIM. {i} - gsmtp",
     FAILURE, BLOCK, "auth-failure"),
    (6, 550, "5.7.1", "[192.0.2.25] Our system has detected that this message is likely unsolicited|mail. To reduce the amount of spam sent to Gmail, this message has been|"
     "blocked. {i} - gsmtp", FAILURE, BLOCK, None),
)
MICROSOFT_HOME = (
    (44, 550, "5.5.0", "Requested action not taken: mailbox unavailable (S2017062302). [{i}.prod.protection.outlook.com]", FAILURE, HARD, "user-unknown"),
    (14, 552, "5.2.2", "mailbox full; the recipient's mailbox is over its storage limit [{i}.prod.outlook.com]", FAILURE, SOFT, "mailbox-full"),
    (12, 550, "5.7.1", "Unfortunately, messages from [192.0.2.25] weren't sent. Please contact your Internet service provider since part of their network is on "
     "our block list (S3150). [{i}.protection.outlook.com]", FAILURE, BLOCK, "reputation"),
    (7, 451, "4.7.650", "The mail server [192.0.2.25] has been temporarily rate limited due to IP reputation. (S775) [{i}.protection.outlook.com]", DELAY, None, None),
)
MICROSOFT_WORK = (
    (38, 550, "5.1.10", "RESOLVER.ADR.RecipientNotFound; Recipient {r} not found by SMTP address lookup", FAILURE, HARD, "user-unknown"),
    (20, 550, "5.4.1", "Recipient address rejected: Access denied. [{i}.prod.protection.outlook.com]", FAILURE, HARD, None),
    (10, 554, "5.2.2", "STOREDRV.Deliver.Exception:QuotaExceededException.MapiExceptionShutoffQuotaExceeded; mailbox full", FAILURE, SOFT, "mailbox-full"),
    (9, 550, "5.7.606", "Access denied, banned sending IP [192.0.2.25]. To request removal from this list please visit https://sender.office.com/",
     FAILURE, BLOCK, "reputation"),
    (8, 550, "5.7.133", "RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required; Delivery restriction check failed", FAILURE, BLOCK, None),
)
YAHOO = (
    (30, 552, None, "1 Requested mail action aborted, mailbox not found", FAILURE, HARD, "user-unknown"),
    (22, 554, None, "30 Sorry, your message to {r} cannot be delivered. This mailbox is disabled (554.30).", FAILURE, HARD, "mailbox-disabled"),
    (12, 552, "5.2.2", "mailbox is full; the user you are trying to reach is over quota", FAILURE, SOFT, "mailbox-full"),
    (10, 421, "4.7.0", "[TSS04] Messages from 192.0.2.25 temporarily deferred due to unexpected volume or user complaints - 4.16.55.1; see "
     "https://postmaster.yahooinc.com/error-codes", DELAY, None, None),
    (6, 553, "5.7.1", "[BL21] Connections will not be accepted from 192.0.2.25, because the ip is in Spamhaus's list; see http://postmaster.yahoo.com/550-bl23.html",
     FAILURE, BLOCK, "reputation"),
)
GMX = (
    (50, 550, "5.1.1", "Requested action not taken: mailbox unavailable|For explanation visit https://postmaster.gmx.net/en/case?c=hb&i={i}", FAILURE, HARD, "user-unknown"),
    (16, 552, "5.2.2", "Requested mail action aborted: exceeded storage allocation|Quota exceeded. The recipients mailbox is full.", FAILURE, SOFT, "mailbox-full"),
    (9, 554, "5.7.1", "Transaction failed|Reject due to policy restrictions.|For explanation visit https://postmaster.gmx.net/en/case?c=r0103&i={i}", FAILURE, BLOCK, None),
    (7, 421, "4.7.0", "Requested action not taken: mailbox temporarily unavailable|Too many connections, try again later. c=rl {i}", DELAY, None, None),
)
TELEKOM = (
    (40, 550, "5.1.1", "<{r}>: Recipient address rejected: User unknown", FAILURE, HARD, "user-unknown"),
    (14, 552, "5.2.2", "mailbox quota exceeded for {u}", FAILURE, SOFT, "mailbox-full"),
    (10, 550, "5.7.0", "Message considered as spam or virus, rejected|Please visit http://postmaster.t-online.de", FAILURE, BLOCK, None),
)
ORANGE = (
    (40, 550, "5.1.1", "Adresse d'au moins un destinataire invalide. Invalid recipient. OFR_416 [416]", FAILURE, HARD, "user-unknown"),
    (14, 552, "5.2.2", "Boite du destinataire pleine. Recipient overquota. OFR_417 [417]", FAILURE, SOFT, "mailbox-full"),
    (8, 550, "5.7.1", "Service refuse. Veuillez essayer plus tard. Service refused, please try later. OFR_506 [506]", FAILURE, BLOCK, None),
)
MAILRU = (
    (40, 550, "5.1.1", "Message was not accepted -- invalid mailbox.  Local mailbox {r} is unavailable: user not found", FAILURE, HARD, "user-unknown"),
    (12, 550, "5.2.1", "Message was not accepted -- invalid mailbox.  Local mailbox {r} is unavailable: account is disabled", FAILURE, HARD, "mailbox-disabled"),
    (10, 550, "5.7.1", "spam message rejected. Please visit http://help.mail.ru/notspam-support/id?c={i} or report details to abuse", FAILURE, BLOCK, "spam-content"),
)
QQ = (
    (40, 550, "5.1.1", "The recipient may contain a non-existent account, please check the recipient address [{i} IP: 192.0.2.25]", FAILURE, HARD, "user-unknown"),
    (12, 552, "5.2.2", "The email account that you tried to reach is over quota", FAILURE, SOFT, "mailbox-full"),
    (8, 550, "5.7.1", "Connection frequency limited https://service.mail.qq.com/detail/122/1013", FAILURE, None, None),
)
DOCOMO = ((50, 550, "5.1.1", "Unknown user {r}", FAILURE, HARD, "user-unknown"),
          (5, 552, "5.3.4", "Message size exceeds fixed maximum message size", FAILURE, SOFT, "message-too-large"))
SMALL = (
    (34, 550, "5.1.1", "<{r}>: Recipient address rejected: User unknown in virtual mailbox table", FAILURE, HARD, "user-unknown"),
    (10, 452, "4.2.2", "<{r}> Quota exceeded (mailbox for user is full)", FAILURE, SOFT, "mailbox-full"),
    (9, 554, "5.7.1", "Service unavailable; Client host [192.0.2.25] blocked using zen.spamhaus.org; https://www.spamhaus.org/query/ip/192.0.2.25",
     FAILURE, BLOCK, "reputation"),
    (5, 450, "4.2.0", "<{r}>: Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/help/{d}.html", DELAY, None, None),
    (4, 552, "5.3.4", "Message size exceeds fixed limit", FAILURE, SOFT, "message-too-large"),
    (4, 550, "5.7.23", "The message was rejected because of Sender Policy Framework violation -> 192.0.2.25 is not allowed to send mail from news.example.org",
     FAILURE, BLOCK, "auth-failure"),
    (3, 550, "5.7.1", "This message contains a virus or other harmful content (Eicar-Test-Signature), rejected", FAILURE, BLOCK, "virus"),
)
# Said by our own mail server: no receiver answered. Status without a reply.
NOBODY = (
    (30, None, "5.4.4", "Host or domain name not found. Name service error for name={d} type=AAAA: Host not found", FAILURE, HARD, "domain-unknown"),
    (16, None, "4.4.1", "connect to mx.{d}[198.51.100.20]:25: Connection timed out", FAILURE, SOFT, None),
    (8, None, "5.4.6", "mail for {d} loops back to myself", FAILURE, SOFT, "routing-loop"),
)

RECEIVERS = (
    # weight, domain, exchanger, formats, answers
    (26, "gmail.test", "gmail-smtp-in.l.google.com", ("postfix",), GOOGLE),
    (9, "outlook.test", "outlook-com.olc.protection.outlook.com", ("postfix",), MICROSOFT_HOME),
    (9, "company-a.test", "company-a.mail.protection.outlook.com", ("postfix", "exchange"), MICROSOFT_WORK),
    (9, "yahoo.test", "mta5.am0.yahoodns.net", ("postfix",), YAHOO),
    (10, "gmx.test", "mx00.emig.gmx.net", ("postfix", "exim_german"), GMX),
    (6, "t-online.test", "mx01.t-online.de", ("postfix",), TELEKOM),
    (5, "orange.test", "smtp-in.orange.fr", ("postfix",), ORANGE),
    (4, "mail-ru.test", "mxs.mail.ru", ("postfix", "exim_russian"), MAILRU),
    (3, "qq.test", "mx3.qq.com", ("postfix", "chinese"), QQ),
    (3, "docomo.test", "mfsmax.docomo.ne.jp", ("postfix", "japanese"), DOCOMO),
    (6, "example.com", "mx.example.com", ("postfix", "exim", "sendmail"), SMALL),
    (5, "example.net", "mx1.example.net", ("postfix", "qmail", "exim"), SMALL),
    (3, "verein.test", "mail.verein.test", ("postfix", "exim_german", "qmail"), SMALL),
    (2, "nowhere.test", None, ("postfix",), NOBODY),
)

CAMPAIGNS = (
    # weight, name, days of the month on which it is sent, From's local part, subject
    (30, "newsletter-monthly", (3,), "news", "Our news of the month"),
    (24, "autumn-sale", (8, 15, 22), "shop", "Autumn sale: 20 % until Sunday"),
    (14, "welcome", tuple(range(1, 28)), "hello", "Welcome on board"),
    (12, "order-status", tuple(range(1, 28)), "orders", "Your order is on its way"),
    (10, "win-back", (12, 26), "shop", "We miss you"),
    (6, "event-invitation", (18,), "events", "You are invited"),
    (4, "product-survey", (20,), "survey", "Two minutes of your time?"),
)

# Out-of-office replies: subject, text, language, charset.
VACATION = (
    ("Automatic reply: {s}", "I am out of the office until Monday and will answer after my return.", "en", "utf-8"),
    ("Abwesenheitsnotiz: {s}", "Ich bin bis Montag nicht im Büro und antworte nach meiner Rückkehr.", "de", "iso-8859-1"),
    ("Réponse automatique : {s}", "Je suis absent jusqu'à lundi et vous répondrai dès mon retour.", "fr", "utf-8"),
    ("Respuesta automática: {s}", "Estoy fuera de la oficina hasta el lunes.", "es", "iso-8859-1"),
    ("Risposta automatica: {s}", "Sono fuori ufficio fino a lunedì.", "it", "utf-8"),
    ("Automatisch antwoord: {s}", "Ik ben tot maandag afwezig.", "nl", "utf-8"),
    ("Автоматический ответ: {s}", "Меня не будет в офисе до понедельника.", "ru", "koi8-r"),
    ("自動応答: {s}", "月曜日まで不在にしております。", "ja", "iso-2022-jp"),
)

FIRST = ("anna", "ben", "carla", "david", "emma", "felix", "greta", "hugo", "ida", "jonas", "klara", "luca", "marie", "noah", "olga", "paul",
         "quirin", "rosa", "sven", "tara", "ulf", "vera", "willi", "xenia", "yuki", "zoe")
LAST = ("abel", "becker", "conrad", "dietz", "ernst", "frank", "graf", "horn", "ilg", "jung", "kern", "lang", "moser", "nagel", "otto", "peters",
        "quast", "roth", "simon", "thoma", "ulrich", "vogt", "weiss", "xaver", "young", "zander")


def rfc2822(at):
    t = time.gmtime(at)
    return "%s, %d %s %d %02d:%02d:%02d +0000" % (("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[t.tm_wday], t.tm_mday, calendar.month_abbr[t.tm_mon],
                                                  t.tm_year, t.tm_hour, t.tm_min, t.tm_sec)


def encoded(text, charset="utf-8"):
    """For a header (RFC 2047)."""
    return text if text.isascii() else email.header.Header(text, charset).encode(linesep="\r\n")


class Weighted:
    """Draws rows whose first column is their weight."""

    def __init__(self, rows):
        self.rows, self.sums = rows, list(itertools.accumulate(row[0] for row in rows))

    def draw(self, rng):
        return self.rows[bisect.bisect_right(self.sums, rng.random() * self.sums[-1])]


class Generator:
    def __init__(self, seed, months, padding, incident):
        self.rng = random.Random(seed)
        self.months, self.padding, self.incident = months, padding, incident
        self.receivers, self.campaigns = Weighted(RECEIVERS), Weighted(CAMPAIGNS)
        self.answers = {id(row): Weighted(row[4]) for row in RECEIVERS}
        self.serial = itertools.count(1)

    # --- what was sent ---------------------------------------------------------------------------------------------

    def token(self, n=12):
        return "".join(self.rng.choices("0123456789ABCDEFGHJKLMNPQRSTVWXYZ", k=n))

    def person(self, domain):
        return "%s.%s%d@%s" % (self.rng.choice(FIRST), self.rng.choice(LAST), next(self.serial), domain)

    def sent(self, campaign, month=None):
        """When a mail of the campaign left us: a day of the campaign, most in the first hours of the morning."""
        year, number = month or self.rng.choice(self.months)
        return calendar.timegm((year, number, self.rng.choice(campaign[2]), 7, 0, 0)) + int(min(self.rng.expovariate(1 / 9000), 80000))

    def original(self, campaign, recipient, sent, ours=True):
        """Headers of the returned mail and its body."""
        _weight, name, _days, local, subject = campaign
        domain = OURS if ours else "offers.example.net"
        headers = ["Return-Path: <bounces@%s>" % ("example.org" if ours else domain),
                   "Received: from app1.%s (app1.%s [192.0.2.10])\r\n\tby %s (Postfix) with ESMTPS id %s\r\n\tfor <%s>; %s"
                   % (domain, domain, HOST, self.token(10), recipient, rfc2822(sent)),
                   "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=%s; s=s1;\r\n\th=from:to:subject:date:message-id; bh=%s=;\r\n\tb=%s"
                   % (domain, self.token(43), self.token(172)),
                   "Message-ID: <%s.%d@%s>" % (self.token(16).lower(), sent, domain),
                   "Date: " + rfc2822(sent), "From: Example <%s@%s>" % (local, domain), "To: <%s>" % recipient, "Subject: " + subject,
                   "MIME-Version: 1.0", "Content-Type: text/html; charset=utf-8",
                   "List-Unsubscribe: <https://%s/unsubscribe/%s>" % (domain, self.token(24))]
        if ours:
            headers.append("X-Campaign-ID: " + name)
        body = "<html><body><h1>%s</h1><p>%s</p></body></html>" % (subject, "Lorem ipsum dolor sit amet, consectetur adipiscing elit.\r\n" * self.padding)
        return "\r\n".join(headers) + "\r\n", body + "\r\n"

    # --- frames ----------------------------------------------------------------------------------------------------

    def head(self, sender, subject, at, by, extra=(), to=BOUNCES, message_id=True):
        lines = ["Return-Path: <>", "Delivered-To: " + to,
                 "Received: from %s (%s [198.51.100.7])\r\n\tby %s (Postfix) with ESMTPS id %s\r\n\tfor <%s>; %s"
                 % (by, by, HOST, self.token(10), to, rfc2822(at)),
                 "Date: " + rfc2822(at - 2), "From: " + sender, "To: " + to, "Subject: " + subject]
        if message_id:
            lines.append("Message-ID: <%s@%s>" % (self.token(14), by))
        return "\r\n".join(lines + ["MIME-Version: 1.0", *extra]) + "\r\n"

    def report(self, head, parts, report_type="delivery-status"):
        boundary = self.token(10) + "." + self.token(10) + "/" + HOST
        text = head + 'Content-Type: multipart/report; report-type=%s;\r\n\tboundary="%s"\r\n\r\nThis is a MIME-encapsulated message.\r\n' % (report_type, boundary)
        data = text.encode()
        for headers, body in parts:
            data += ("\r\n--%s\r\n%s\r\n\r\n" % (boundary, headers)).encode() + (body if isinstance(body, bytes) else body.encode())
        return data + ("\r\n--%s--\r\n" % boundary).encode()

    @staticmethod
    def reply_lines(reply, status, words):
        """The SMTP answer as the receiver sent it."""
        lines = words.split("|")
        code = "%d" % reply
        return [code + ("-" if n < len(lines) - 1 else " ") + (status + " " if status else "") + line for n, line in enumerate(lines)]

    # --- formats of reports: (recipient, exchanger, answer, campaign, sent, at) -> bytes ----------------------------

    def postfix(self, recipient, exchanger, answer, campaign, sent, at, ours=True, success=False):
        _weight, reply, status, words, kind, _klass, _category = answer
        local, domain = recipient.split("@")
        words = words.format(r=recipient, u=local, d=domain, i=self.token(20).lower())
        said = " ".join(self.reply_lines(reply, status, words)) if reply else words
        delayed = kind == DELAY
        status = status or ("4.0.0" if delayed or 400 <= (reply or 500) < 500 else "5.0.0")
        action = "delayed" if delayed else "relayed" if success else "failed"
        host = "%s[198.51.100.%d]" % (exchanger, 1 + len(exchanger)) if exchanger else None
        human = "This is the mail system at host %s.\r\n\r\n" % HOST
        if success:
            human += "Your message was successfully delivered to the destination(s)\r\nlisted below.\r\n\r\n<%s>: delivery via %s: %s\r\n" % (recipient, host, said)
        elif delayed:
            human += ("####################################################################\r\n# THIS IS A WARNING ONLY.  YOU DO NOT NEED TO RESEND YOUR MESSAGE. #\r\n"
                      "####################################################################\r\n\r\nYour message could not be delivered for more than 4 hour(s).\r\n"
                      "It will be retried until it is 5 day(s) old.\r\n\r\n")
        else:
            human += ("I'm sorry to have to inform you that your message could not\r\nbe delivered to one or more recipients. It's attached below.\r\n\r\n"
                      "For further assistance, please send mail to postmaster.\r\n\r\n                   The mail system\r\n\r\n")
        if not success:
            human += "<%s>: " % recipient + ("host %s said:\r\n    %s (in reply to RCPT TO command)\r\n" % (host, said) if host else words + "\r\n")
        fields = ["Reporting-MTA: dns; " + HOST, "X-Postfix-Queue-ID: " + self.token(11), "X-Postfix-Sender: rfc822; bounces@example.org",
                  "Arrival-Date: " + rfc2822(sent), "", "Final-Recipient: rfc822; " + recipient, "Original-Recipient: rfc822;" + recipient,
                  "Action: " + action, "Status: " + status]
        if exchanger:
            fields.append("Remote-MTA: dns; " + exchanger)
        fields.append("Diagnostic-Code: " + ("smtp; " if reply else "X-Postfix; ") + said.replace(" gsmtp", "\r\n    gsmtp"))
        headers, body = self.original(campaign, recipient, sent, ours)
        returned = ("Content-Description: Undelivered Message\r\nContent-Type: message/rfc822", headers + "\r\n" + body) if self.padding else \
            ("Content-Description: Undelivered Message Headers\r\nContent-Type: text/rfc822-headers", headers)
        subject = "Delayed Mail (still being retried)" if delayed else "Successful Mail Delivery Report" if success else "Undelivered Mail Returned to Sender"
        return self.report(self.head("MAILER-DAEMON@%s (Mail Delivery System)" % HOST, subject, at, HOST, ["Auto-Submitted: auto-replied"]), [
            ("Content-Description: Notification\r\nContent-Type: text/plain; charset=us-ascii", human),
            ("Content-Description: Delivery report\r\nContent-Type: message/delivery-status", "\r\n".join(fields) + "\r\n"), returned])

    def plain(self, sender, subject, by, text, at, charset="us-ascii", extra=()):
        """A report without structure."""
        transfer = "7bit" if charset in ("us-ascii", "iso-2022-jp") else "base64"
        body = text.encode(charset)
        if transfer == "base64":
            body = base64.encodebytes(body).replace(b"\n", b"\r\n")
        head = self.head(sender, encoded(subject, charset if charset != "us-ascii" else "utf-8"), at, by,
                         [*extra, "Content-Type: text/plain; charset=" + charset, "Content-Transfer-Encoding: " + transfer])
        return head.encode() + b"\r\n" + body

    def answer_text(self, recipient, answer):
        _weight, reply, status, words, *_rest = answer
        local, domain = recipient.split("@")
        return self.reply_lines(reply, status, words.format(r=recipient, u=local, d=domain, i=self.token(20).lower()))

    EXIM = {
        "en": ("Mail delivery failed: returning message to sender", "This message was created automatically by mail delivery software.\r\n\r\n"
               "A message that you sent could not be delivered to one or more of its\r\nrecipients. This is a permanent error. The following address(es) failed:",
               "SMTP error from remote mail server after RCPT TO:<%s>:", "------ This is a copy of the message, including all the headers. ------", "us-ascii"),
        "de": ("Mail delivery failed: returning message to sender", "Diese Nachricht wurde automatisch von der Mail-Software erzeugt.\r\n\r\n"
               "Die folgende Nachricht konnte an einen oder mehrere Empfänger nicht zugestellt werden.\r\nDies ist ein permanenter Fehler. Folgende Adresse(n) schlugen fehl:",
               "SMTP-Fehler vom Mailserver nach RCPT TO:<%s>:", "------ Dies ist eine Kopie der Nachricht, einschließlich aller Kopfzeilen. ------", "utf-8"),
        "ru": ("Mail failure: returning message to sender", "Это письмо создано автоматически сервером.\r\n\r\nПисьмо, отправленное Вами, не может быть доставлено одному или"
               " нескольким\r\nполучателям. Следующие адреса недоступны:",
               "SMTP error from remote mail server after RCPT TO:<%s>:", "------ This is a copy of the message, including all the headers. ------", "koi8-r"),
    }

    def exim(self, recipient, exchanger, answer, campaign, sent, at, language="en"):
        subject, intro, said, copy, charset = self.EXIM[language]
        headers, body = self.original(campaign, recipient, sent)
        text = "%s\r\n\r\n  %s\r\n    host %s [198.51.100.9]\r\n    %s\r\n    %s\r\n\r\n%s\r\n\r\n%s\r\n%s" \
            % (intro, recipient, exchanger, said % recipient, "\r\n    ".join(self.answer_text(recipient, answer)), copy, headers, body)
        return self.plain("Mail Delivery System <Mailer-Daemon@%s>" % exchanger, subject, exchanger, text, at, charset,
                          ["X-Failed-Recipients: " + recipient, "Auto-Submitted: auto-replied"])

    def exim_german(self, *arguments):
        return self.exim(*arguments, language="de")

    def exim_russian(self, *arguments):
        return self.exim(*arguments, language="ru")

    def qmail(self, recipient, exchanger, answer, campaign, sent, at):
        headers, body = self.original(campaign, recipient, sent)
        text = ("Hi. This is the qmail-send program at %s.\r\nI'm afraid I wasn't able to deliver your message to the following addresses.\r\n"
                "This is a permanent error; I've given up. Sorry it didn't work out.\r\n\r\n<%s>:\r\n198.51.100.9 does not like recipient.\r\n"
                "Remote host said: %s\r\nGiving up on 198.51.100.9.\r\n\r\n--- Below this line is a copy of the message.\r\n\r\n%s\r\n%s") \
            % (exchanger, recipient, "\r\n".join(self.answer_text(recipient, answer)), headers, body)
        return self.plain("MAILER-DAEMON@%s" % exchanger, "failure notice", exchanger, text, at)

    def sendmail(self, recipient, exchanger, answer, campaign, sent, at):
        _weight, reply, status, *_rest = answer
        said = self.answer_text(recipient, answer)
        human = ("The original message was received at %s\r\nfrom app1.%s [192.0.2.10]\r\n\r\n   ----- The following addresses had permanent fatal errors -----\r\n<%s>\r\n"
                 "    (reason: %s)\r\n\r\n   ----- Transcript of session follows -----\r\n... while talking to %s.:\r\n>>> RCPT To:<%s>\r\n<<< %s\r\n"
                 "550 5.1.1 <%s>... User unknown\r\n" if status == "5.1.1" else
                 "The original message was received at %s\r\nfrom app1.%s [192.0.2.10]\r\n\r\n   ----- The following addresses had permanent fatal errors -----\r\n<%s>\r\n"
                 "    (reason: %s)\r\n\r\n   ----- Transcript of session follows -----\r\n... while talking to %s.:\r\n>>> RCPT To:<%s>\r\n<<< %s\r\n"
                 "554 5.0.0 Service unavailable for %s\r\n") \
            % (rfc2822(sent), OURS, recipient, said[0], exchanger, recipient, "\r\n<<< ".join(said), recipient)
        fields = "Reporting-MTA: dns; %s\r\nReceived-From-MTA: DNS; app1.%s\r\nArrival-Date: %s\r\n\r\nFinal-Recipient: RFC822; %s\r\nAction: failed\r\nStatus: %s\r\n" \
                 "Remote-MTA: DNS; %s\r\nDiagnostic-Code: SMTP; %s\r\nLast-Attempt-Date: %s\r\n" \
            % (HOST, OURS, rfc2822(sent), recipient, status, exchanger, " ".join(said), rfc2822(at))
        headers, _body = self.original(campaign, recipient, sent)
        return self.report(self.head("Mail Delivery Subsystem <MAILER-DAEMON@%s>" % HOST, "Returned mail: see transcript for details", at, HOST,
                                     ["Auto-Submitted: auto-generated (failure)"]),
                           [("", human), ("Content-Type: message/delivery-status", fields), ("Content-Type: text/rfc822-headers", headers)])

    EXCHANGE = (
        ("Undeliverable: ", "Your message to %s couldn't be delivered."), ("Unzustellbar: ", "Ihre Nachricht an %s konnte nicht übermittelt werden."),
        ("Non remis : ", "Impossible de remettre votre message à %s."), ("No se puede entregar: ", "No se pudo entregar el mensaje a %s."),
    )

    def exchange(self, recipient, exchanger, answer, campaign, sent, at):
        _weight, reply, status, *_rest = answer
        prefix, sentence = self.rng.choice(self.EXCHANGE)
        domain = recipient.split("@")[1]
        server = "AM0PR01MB%04d.eurprd01.prod.exchangelabs.com" % self.rng.randrange(10000)
        said = " ".join(self.answer_text(recipient, answer))
        human = sentence % recipient + "\r\n\r\nDiagnostic information for administrators:\r\n\r\nGenerating server: %s\r\n\r\n%s\r\nRemote Server returned '%s'\r\n" \
            % (server, recipient, said)
        fields = "Reporting-MTA: dns;%s\r\nReceived-From-MTA: dns;%s\r\nArrival-Date: %s\r\n\r\nFinal-Recipient: rfc822;%s\r\nAction: failed\r\nStatus: %s\r\n" \
                 "Diagnostic-Code: smtp;%s\r\n" % (server, HOST, rfc2822(sent), recipient, status, said)
        headers, _body = self.original(campaign, recipient, sent)
        head = self.head("<postmaster@%s>" % domain, encoded(prefix + campaign[4]), at, exchanger,
                         ["Auto-Submitted: auto-replied", "X-MS-Exchange-Message-Is-Ndr:"])
        return self.report(head, [
            ("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64", base64.encodebytes(human.encode()).replace(b"\n", b"\r\n")),
            ("Content-Type: message/delivery-status", fields), ("Content-Type: message/rfc822", headers + "\r\n")])

    def foreign(self, charset, subject, intro, sender, recipient, exchanger, answer, campaign, sent, at):
        """A text in the receiver's language around its answer."""
        headers, _body = self.original(campaign, recipient, sent)
        text = "%s\r\n\r\n<%s>\r\n%s\r\n\r\n----- Original message headers -----\r\n%s" \
            % (intro, recipient, "\r\n".join(self.answer_text(recipient, answer)), headers)
        return self.plain(sender, subject, exchanger, text, at, charset, ["Auto-Submitted: auto-replied"])

    def chinese(self, *arguments):
        return self.foreign("gb18030", "系统退信", "很抱歉，您发送的邮件无法投递到以下收件人：", "PostMaster@qq.test", *arguments)

    def japanese(self, *arguments):
        return self.foreign("iso-2022-jp", "メール配信エラー", "次のあて先へのメッセージはエラーのため送信できませんでした。", "mailer-daemon@docomo.test", *arguments)

    # --- complaints and the rest ------------------------------------------------------------------------------------

    def complaint(self, at):
        campaign = self.campaigns.draw(self.rng)
        sent = at - self.rng.randrange(600, 86400)
        domain, host, agent, redacted = self.rng.choice((
            ("yahoo.test", "mta5.am0.yahoodns.net", "Yahoo!-Mail-Feedback/2.0", False), ("comcast.test", "fbl.comcast.net", "Fbl/1.0", True),
            ("outlook.test", "outlook-com.olc.protection.outlook.com", "JMRP/1.0", False), ("mail-ru.test", "mxs.mail.ru", "Mail.Ru-FBL/1.0", False)))
        recipient = self.person(domain)
        headers, body = self.original(campaign, recipient, sent)
        if redacted:
            headers = headers.replace(recipient, "redacted@" + domain)
        kind = self.rng.choices(("abuse", "fraud", "opt-out", "not-spam"), (92, 3, 3, 2))[0]
        fields = ["Feedback-Type: " + kind, "User-Agent: " + agent, "Version: 1", "Original-Mail-From: <bounces@example.org>", "Arrival-Date: " + rfc2822(sent),
                  "Source-IP: 192.0.2.25", "Reported-Domain: " + OURS, "Reporting-MTA: dns; " + host]
        if not redacted:
            fields.append("Original-Rcpt-To: <%s>" % recipient)
        data = self.report(self.head("<feedback@%s>" % domain, "FW: " + campaign[4], at, host, to=FBL), [
            ("Content-Type: text/plain; charset=us-ascii", "This is an email abuse report for an email message received from IP 192.0.2.25 on %s.\r\n" % rfc2822(sent)),
            ("Content-Type: message/feedback-report", "\r\n".join(fields) + "\r\n"), ("Content-Type: message/rfc822", headers + "\r\n" + body)], "feedback-report")
        defined = kind in ("abuse", "fraud")
        event = {"kind": "complaint" if defined else None, "class": "complaint" if defined else None, "category": kind if defined else None,
                 "recipient": None if redacted else recipient, "campaign": campaign[1]}
        return Sample(at, FBL, data, {"what": "complaint-" + kind, "kind": event["kind"], "events": [event], "origin": "matched", "duplicate": False})

    def vacation(self, at):
        subject, text, _language, charset = self.rng.choice(VACATION)
        person = self.person("example.com")
        data = self.plain("<%s>" % person, subject.format(s=self.rng.choice(CAMPAIGNS)[4]), "mx.example.com", text + "\r\n", at, charset,
                          ["Auto-Submitted: auto-replied", "X-Auto-Response-Suppress: All", "Precedence: bulk"])
        return Sample(at, BOUNCES, data, {"what": "autoreply", "kind": "autoreply", "events": None, "origin": None, "duplicate": False})

    ORDINARY = (("Question about my invoice", "Hello, could you send me the invoice of last week again? Thank you."),
                ("Re: Our news of the month", "Danke für den Newsletter! Wann habt ihr im Winter geöffnet?"),
                ("Cheap watches", "Best watches for the best price, only today. Visit our shop."))

    def ordinary(self, at):
        subject, text = self.rng.choice(self.ORDINARY)
        data = self.plain("Somebody <%s>" % self.person("example.net"), subject, "mx1.example.net", text + "\r\n", at, "utf-8")
        return Sample(at, BOUNCES, data, {"what": "ordinary", "kind": "none", "events": [], "origin": None, "duplicate": False})

    def bounce(self, month=None, receiver=None, answer=None, campaign=None, ours=True):
        receiver = receiver or self.receivers.draw(self.rng)
        campaign = campaign or self.campaigns.draw(self.rng)
        answer = answer or self.answers[id(receiver)].draw(self.rng)
        _weight, domain, exchanger, formats, _answers = receiver
        _w, reply, _status, _words, kind, klass, category = answer
        sent = self.sent(campaign, month)
        recipient = self.person(domain if exchanger else "gone%d.test" % self.rng.randrange(40))
        plain_failure = kind == FAILURE and reply and reply >= 500 and ours
        name = self.rng.choice(formats) if plain_failure else "postfix"
        at = sent + int(self.rng.expovariate(1 / 400)) + (5 * 86400 if reply is None and klass == SOFT else 4 * 3600 if kind == DELAY else 1)
        if name == "postfix":
            data = self.postfix(recipient, exchanger, answer, campaign, sent, at, ours)
        else:
            data = getattr(self, name)(recipient, exchanger, answer, campaign, sent, at)
        event = {"kind": kind, "class": klass, "category": category, "recipient": recipient, "campaign": campaign[1] if ours else None}
        return Sample(at, BOUNCES, data, {"what": name if ours else "backscatter", "kind": kind, "events": [event],
                                          "origin": "matched" if ours else "backscatter", "duplicate": False})

    def success(self):
        receiver, campaign = RECEIVERS[10], self.campaigns.draw(self.rng)
        sent = self.sent(campaign)
        recipient = self.person(receiver[1])
        answer = (1, 250, "2.1.5", "Ok", FAILURE, None, None)
        data = self.postfix(recipient, receiver[2], answer, campaign, sent, sent + 1, success=True)
        event = {"kind": "success", "class": None, "category": None, "recipient": recipient, "campaign": campaign[1]}
        return Sample(sent + 1, BOUNCES, data, {"what": "success", "kind": "success", "events": [event], "origin": "matched", "duplicate": False})

    def again(self, sample):
        """The same mail, come on another way: another trace header, two minutes later."""
        at = sample.arrived + 120
        trace = "Received: from relay2.example.org (relay2.example.org [192.0.2.12])\r\n\tby %s (Postfix) with ESMTP id %s; %s\r\n" % (HOST, self.token(10), rfc2822(at))
        return Sample(at, sample.mailbox, trace.encode() + sample.data, dict(sample.truth, duplicate=True))

    def all(self, bounces, complaints):
        samples = []
        # Of the bounces in the mailbox: nine tenths about our mail, the rest what else lands there.
        for n in range(bounces):
            draw = self.rng.random()
            if draw < 0.86:
                samples.append(self.bounce())
            elif draw < 0.90:
                samples.append(self.bounce(ours=False))
            elif draw < 0.955:
                samples.append(self.vacation(self.sent(self.campaigns.draw(self.rng)) + 60))
            elif draw < 0.97:
                samples.append(self.ordinary(self.sent(CAMPAIGNS[2]) + 3600))
            elif draw < 0.985:
                samples.append(self.success())
            else:
                samples.append(self.again(self.rng.choice(samples)) if samples and not samples[-1].truth["duplicate"] else self.bounce())
        if self.incident:
            # In the last month, the sale of the 15th: one receiver puts us on its list for that day.
            receiver = RECEIVERS[1]
            campaign = (1, CAMPAIGNS[1][1], (15,)) + CAMPAIGNS[1][3:]
            samples += [self.bounce(self.months[-1], receiver, MICROSOFT_HOME[2], campaign) for _ in range(bounces // 25)]
        for _ in range(complaints):
            samples.append(self.complaint(self.sent(self.campaigns.draw(self.rng)) + self.rng.randrange(86400)))
        samples.sort(key=lambda sample: sample.arrived)
        return samples


def generate(seed=1, bounces=3000, complaints=250, months=MONTHS, padding=0, incident=True):
    """All samples, in the order of their arrival. PADDING: lines of text in the returned mail, 57 bytes each; 0 returns only its headers."""
    return Generator(seed, months, padding, incident).all(bounces, complaints)


# Profiles of etc/providers.ini; all others count together, under a domain that is none of a provider's.
PROVIDERS = {"gmail.test": "gmail", "outlook.test": "microsoft", "company-a.test": "microsoft", "yahoo.test": "yahoo", "gmx.test": "united-internet",
             "t-online.test": "t-online", "orange.test": "orange", "mail-ru.test": "mail-ru", "qq.test": "qq", "docomo.test": "docomo"}


def volumes(a_month, months=MONTHS):
    """How much was sent: rows of day, campaign, provider or domain, number. A_MONTH mails or nearly, divided as the bounces are."""
    weights = sum(campaign[0] for campaign in CAMPAIGNS) * sum(receiver[0] for receiver in RECEIVERS)
    for year, month in months:
        for share, campaign, days, _, _ in CAMPAIGNS:
            counts = {}
            for weight, domain, *_ in RECEIVERS:
                to = PROVIDERS.get(domain, "example.com")
                counts[to] = counts.get(to, 0) + a_month * share * weight / weights / len(days)
            for day in days:
                for to, count in counts.items():
                    yield "%04d-%02d-%02d" % (year, month, day), campaign, to, max(1, round(count))


if __name__ == "__main__":
    directory = sys.argv[1]
    os.makedirs(directory, exist_ok=True)
    numbers = [int(argument) for argument in sys.argv[2:]] + [3000, 250, 1][len(sys.argv) - 2:]
    for number, sample in enumerate(generate(numbers[2], numbers[0], numbers[1])):
        path = os.path.join(directory, "%06d-%s" % (number, sample.truth["what"]))
        with open(path + ".eml", "wb") as f:
            f.write(sample.data)
        with open(path + ".json", "w") as f:
            json.dump(dict(sample.truth, arrived=sample.arrived, mailbox=sample.mailbox), f)
