#!/usr/bin/python3
"""Mails by which somebody unsubscribes: honoured when the address that they were sent to is signed, or when our own mail server found From authenticated. All others
suppress nobody, whatever they claim: they go to a folder of their own, stay there beyond raw_retention, are counted, alerted and come into the report with a measure."""
import calendar
import mailbox
import os
import re
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.dovecot import Dovecot
from lib.harness import *

USER = "bounces@example.org"
FORM = "unsubscribe+{token}@bounce.example.org"
MX = "mx1.example.org"
DAY = calendar.timegm((2026, 11, 2, 6, 0, 0))
REQUEST = """\
Return-Path: <%(path)s>
%(above)sReceived: from mail.example.net (mail.example.net [192.0.2.7]) by mx1.example.org; Mon, 02 Nov 2026 06:00:00 +0000
%(below)sFrom: %(sender)s
To: %(to)s
Subject: %(subject)s
Date: Mon, 02 Nov 2026 06:00:00 +0000
Message-ID: <%(id)s@mail.example.net>
Content-Type: text/plain; charset=utf-8

%(text)s
"""
numbers = iter(range(1, 10000))


def request(sender, to="bounces@example.org", subject="unsubscribe", text="", above="", below="", path=None):
    fields = {"sender": sender, "to": to, "subject": subject, "text": text, "path": path or sender, "id": "r%d" % next(numbers),
              "above": "".join("Authentication-Results: %s\n" % a for a in above.split("\n") if a),
              "below": "".join("Authentication-Results: %s\n" % b for b in below.split("\n") if b)}
    return (REQUEST % fields).encode()


def program(**box):
    retour = Retour(now="2026-11-02T08:00:00Z")
    retour.config["origin"].update({"unsubscribe": FORM, "verp": "bounce+{token}@bounce.example.org", "authserv_id": MX})
    if box:
        retour.config["mailbox bounces"] = box
    return retour


def suppressed(retour, *addresses):
    verdicts = retour.run("check", "--json", input="".join(a + "\n" for a in addresses)).lines()
    return [v["address"] for v in verdicts if v["verdict"] == "suppress"]


def signed(retour, address, campaign="nl10"):
    """As the sending system uses it: the address behind mailto: in the field."""
    retour.run("run")  # makes the store
    line = retour.run("verp", "--campaign", campaign, "--unsubscribe", input=address + "\n").out.splitlines()
    equal(line[0], "address,list_unsubscribe")
    uri = re.fullmatch(re.escape(address) + r",<mailto:([^>]+)>", line[1])
    true(uri, line[1])
    true("=" not in uri.group(1), uri.group(1))
    return urllib.parse.unquote(uri.group(1))


def box_of(directory, mails):
    path = os.path.join(directory, "Maildir")
    box = mailbox.Maildir(path)
    for mail in mails:
        box.add(mail)
    return path


def outcome(*mails, **origin):
    """What a run makes of MAILS: the program, and how many lie in the folder of opt-outs."""
    retour = program()
    retour.config["origin"].update(origin)
    path = box_of(retour.dir, mails)
    retour.config["mailbox bounces"] = {"protocol": "maildir", "path": path}
    retour.result = retour.run("run")
    folder = os.path.join(path, ".Optout")
    retour.optouts = len(mailbox.Maildir(folder)) if os.path.isdir(folder) else 0
    retour.left = len(mailbox.Maildir(path))
    return retour


STRANGER, READER = "stranger@example.net", "reader@example.net"
PASSED = MX + "; dmarc=pass (p=REJECT) header.from=example.net"

with case("a signed address: its reader is suppressed, whoever writes there, and the mail is settled as processed"):
    keys = program()
    to = signed(keys, READER)
    keys.config["mailbox bounces"] = {"protocol": "maildir", "path": box_of(keys.dir, [request("other@example.com", to=to, subject="hello")])}
    result = keys.run("run")
    equal(result.code, 0, result)
    equal(suppressed(keys, READER, "other@example.com", STRANGER), [READER])
    equal(keys.sql("SELECT count(*) FROM event"), [(1,)])
    contains(result.err, "deleted 1")

with case("a signed address: a postmaster's request, one without From, by Cc, and from a program with an empty return path count too, and what a mail system writes does not"):
    keys = program()
    readers = ["postmaster@example.net", "noname@example.net", "copy@example.net", "program@example.net", "away@example.net", "bounced@example.net"]
    keys.run("run")
    to = [urllib.parse.unquote(line.split("mailto:")[1].rstrip(">")) for line in
          keys.run("verp", "--campaign", "nl10", "--unsubscribe", input="".join(r + "\n" for r in readers)).out.splitlines()[1:]]
    mails = [request(readers[0], to=to[0], subject="hello"), request("x@example.com", to=to[1], subject="hello").replace(b"\nFrom: x@example.com", b""),
             request(readers[2], to="someone@example.com\nCc: " + to[2], subject="hello"),
             request(readers[3], to=to[3], subject="hello").replace(b"Return-Path: <program@example.net>", b"Return-Path: <>"),
             request(readers[4], to=to[4], subject="I am away\nAuto-Submitted: auto-replied"),
             request("MAILER-DAEMON@example.net", to=to[5], subject="Undelivered Mail Returned to Sender").replace(b"Return-Path: <MAILER-DAEMON@example.net>", b"Return-Path: <>")]
    keys.config["mailbox bounces"] = {"protocol": "maildir", "path": box_of(keys.dir, mails)}
    keys.run("run")
    equal(suppressed(keys, *readers, "x@example.com"), readers[:4])

with case("a return path of ours proves an opt-out too; an unsubscribe token proves no bounce"):
    retour = program()
    token = signed(retour, STRANGER).split("+", 1)[1]
    path = retour.run("verp", "--campaign", "nl10", input=READER + "\n").out.splitlines()[1].split(",", 1)[1]
    bounce = ("Return-Path: <>\nTo: bounce+%s\nFrom: MAILER-DAEMON@mx.example.net\nSubject: Undelivered Mail Returned to Sender\nMessage-ID: <f@mx.example.net>\n"
              "Date: Mon, 02 Nov 2026 05:00:00 +0000\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nsorry\n--b\n"
              "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\nFinal-Recipient: rfc822; %s\nAction: failed\nStatus: 5.1.1\n\n--b--\n"
              % (token, STRANGER)).encode()
    retour.config["mailbox bounces"] = {"protocol": "maildir", "path": box_of(retour.dir, [request("x@example.com", to=path), bounce])}
    retour.run("run")
    equal(suppressed(retour, READER, STRANGER), [READER])

with case("a token that was made up, or cut from another reader's, suppresses nobody"):
    retour = program()
    to = signed(retour, READER)
    local, domain = to.split("@")
    forged = [local.replace("=reader", "=stranger") + "@" + domain, re.sub(r"\+v(..)(....)", lambda m: "+v" + m.group(1) + "aaaa", local) + "@" + domain,
              "unsubscribe+7f3a@bounce.example.org"]
    true(all(f != to for f in forged), forged)
    retour.config["mailbox bounces"] = {"protocol": "maildir", "path": box_of(retour.dir, [request(STRANGER, to=f) for f in forged] + [request(STRANGER, to=forged[0])])}
    result = retour.run("run")
    equal(suppressed(retour, READER, STRANGER), [])
    contains(result.err, "4 requests to unsubscribe are not honoured")

PROVEN = {
    "DMARC": PASSED,
    "DMARC beside others": MX + "; spf=fail smtp.mailfrom=lists.example.com; dkim=none; dmarc=pass header.from=example.net",
    "aligned DKIM": MX + "; dkim=pass header.d=example.net header.s=a; dmarc=none",
    "DKIM of the organisation's domain": None,
    "aligned SPF": MX + "; spf=pass (sender SPF authorized) smtp.mailfrom=bouncer@example.net",
    "with a version": MX + " 1; dmarc=pass header.from=example.net",
    "in capitals": MX.upper() + "; DMARC=PASS header.from=EXAMPLE.net",
}
for name, results in PROVEN.items():
    with case("From authenticated by our own server is honoured: " + name):
        sender = READER if results else "reader@mail.example.net"
        retour = outcome(request(sender, above=results or MX + "; dkim=pass header.i=@example.net"))
        equal(suppressed(retour, sender), [sender], retour.result)
        equal((retour.optouts, retour.left), (0, 0))

FORGED = {
    "no results at all": {},
    "another server's results": {"above": "mx.attacker.example; dmarc=pass header.from=example.net"},
    "ours say fail": {"above": MX + "; dmarc=fail header.from=example.net"},
    "a pass that was brought along lies below ours": {"above": MX + "; dmarc=fail header.from=example.net", "below": PASSED},
    "two of ours: only the topmost counts": {"above": MX + "; spf=none\n" + PASSED},
    "a pass of another domain": {"above": MX + "; dmarc=pass header.from=attacker.example; spf=pass smtp.mailfrom=x@attacker.example; dkim=pass header.d=attacker.example"},
    "a pass of a domain below the sender's": {"above": MX + "; dkim=pass header.d=attacker.example.net"},
    "a pass of DMARC and SPF for a domain below the sender's": {"above": MX + "; dmarc=pass header.from=a.example.net; spf=pass smtp.mailfrom=x@a.example.net"},
    "a pass of a top-level domain": {"above": MX + "; dkim=pass header.d=net"},
    "a pass in a comment": {"above": MX + "; dmarc=fail (dmarc=pass header.from=example.net; dmarc=pass header.from=example.net) header.from=example.net"},
    "a pass in quotes": {"above": MX + '; spf=pass smtp.mailfrom="x; dmarc=pass header.from=example.net"@attacker.example'},
    "a pass for what is not From": {"above": MX + "; dkim=pass header.b=example.net; spf=pass smtp.helo=example.net; auth=pass smtp.auth=example.net"},
    "DMARC failed, whatever else passed": {"above": MX + "; dmarc=fail (p=none) header.from=example.net; spf=pass smtp.mailfrom=x@example.net; dkim=pass header.d=example.net"},
    "DMARC failed and passed": {"above": MX + "; dmarc=pass header.from=example.net; dmarc=fail header.from=example.net"},
    "a comment that was closed from within": {"above": MX + "; dkim=fail (a) dmarc=pass header.from=example.net (b); dmarc=fail header.from=example.net"},
    "DKIM of another domain, for an identity below the sender's": {"above": MX + "; dkim=pass header.i=@example.net header.d=attacker.example"},
    "the pass of ARC": {"above": MX + "; arc=pass header.from=example.net smtp.mailfrom=example.net header.d=example.net"},
    "folds and tabs in a name that is not ours": {"above": "mx1.\n example.org; dmarc=pass header.from=example.net"},
    "a name that is quoted into ours": {"above": 'x"mx1.example.org"; dmarc=pass header.from=example.net'},
    "softfail is no pass": {"above": MX + "; spf=softfail smtp.mailfrom=example.net; dmarc=bestguesspass header.from=example.net"},
    "a name that only begins like ours": {"above": MX + ".attacker.example; dmarc=pass header.from=example.net"},
    "two addresses in From": {"sender": "x@attacker.example, " + STRANGER, "above": PASSED.replace("example.net", "attacker.example")},
    "two From fields, of two people of one domain": {"sender": STRANGER + "\nFrom: x@example.net", "above": PASSED},
}
for name, fields in FORGED.items():
    with case("a forged mail suppresses no stranger: " + name):
        retour = outcome(request(**{"sender": STRANGER, "path": "x@attacker.example", **fields}))
        equal(suppressed(retour, STRANGER, "x@attacker.example"), [], retour.result)
        equal((retour.optouts, retour.left), (1, 0), retour.result)
with case("without authserv_id nothing in the header counts"):
    retour = outcome(request(STRANGER, above=PASSED), authserv_id="")
    equal(suppressed(retour, STRANGER), [])
    equal(retour.optouts, 1)
with case("a stranger's mail within a mail is not authenticated by the results of the one around it, nor by its own"):
    inner = request(STRANGER, above=PASSED).decode()
    outer = ("Return-Path: <x@attacker.example>\nAuthentication-Results: %s\nFrom: x@attacker.example\nTo: bounces@example.org\nSubject: Fwd: unsubscribe\n"
             "Message-ID: <n@attacker.example>\nDate: Mon, 02 Nov 2026 05:00:00 +0000\nMIME-Version: 1.0\nContent-Type: message/rfc822\n\n%s" % (PASSED, inner)).encode()
    retour = outcome(outer)
    equal(suppressed(retour, STRANGER, "x@attacker.example"), [], retour.result)
with case("act_on = verified: results of a header are not enough, a signed address is"):
    retour = outcome(request(READER, above=PASSED), act_on="verified")
    equal((suppressed(retour, READER), retour.optouts), ([], 1))

dovecot = Dovecot()
with case("IMAP: what is not honoured lies in a folder of its own, is alerted, and stays when raw_retention is over"):
    retour = program(**dovecot.mailbox(USER))
    retour.config["mailbox bounces"]["password_file"] = retour.secret()
    to = signed(retour, READER)
    dovecot.deliver(USER, [(m.replace(b"\n", b"\r\n"), DAY) for m in
                           [request(READER, to=to)] + [request("s%d@example.net" % n, subject="Abmelden nl10") for n in range(12)]])
    result = retour.run("run")
    equal(result.code, 0, result)
    equal((dovecot.count(USER, "INBOX"), dovecot.count(USER, "Optout")), (0, 12), result)
    equal(suppressed(retour, READER, *("s%d@example.net" % n for n in range(12))), [READER])
    equal([a["condition"] for a in retour.run("alerts", "--json").lines()], ["optout-not-honoured"])
    contains(result.err, "12 requests to unsubscribe are not honoured")
    retour.now = "2026-11-20T08:00:00Z"
    retour.run("run")
    equal(dovecot.count(USER, "Optout"), 12)
with case("the month's report counts them and says what to do"):
    retour.now = "2026-12-01T08:00:00Z"
    retour.run("run")
    text = retour.run("report", "--month", "2026-11", "--format", "text").out
    contains(text, "not honoured")
    contains(text, "12 requests to unsubscribe")
    contains(retour.run("report", "--month", "2026-11", "--format", "xml").out, '<count of="not-honoured">12</count>')
with case("the evidence names the folder, and that nothing there expires"):
    evidence = retour.run("audit").out
    contains(evidence, "in folder Optout of mailbox bounces: stays")
dovecot.stop()

with case("settings that would lose them are refused"):
    retour = program(protocol="maildir", path="/nowhere", optout="delete")
    result = retour.run("doctor")
    equal(result.code, 2)
    contains(result.err, "optout")
    retour.config["mailbox bounces"]["optout"] = "move:Unrecognised"
    contains(retour.run("doctor").err, "a folder of its own")

SAYS = {"unsubscribe nl10": "", "Unsubscribe": "", "please remove me": "", "Please remove me from your list.": "", "Abmelden": "", "Abmeldung vom Newsletter": "",
        "Désinscription": "", "Darme de baja": "", "Cancellami": "", "Uitschrijven": "", "Descadastrar": "", "Wypisz mnie": "", "Avregistrera mig": "", "Afmeld": "",
        "Peruuta tilaus": "", "Odhlásit": "", "Leiratkozás": "", "Dezabonare": "", "Отписаться": "", "配信停止": "", "退订": "",
        "Re: Autumn offers": "please remove me\n\n> Autumn offers\n", "AW: Herbstangebote": "Bitte abmelden!\n\nGruß\n"}
with case("requests are recognised in the words of many languages, in subjects and in answers"):
    for subject, text in SAYS.items():
        encoded = subject if subject.isascii() else "=?utf-8?q?%s?=" % "".join("=%02X" % b for b in subject.encode())
        found = program().run("classify", "-", input=request(READER, subject=encoded, text=text).decode()).lines()
        equal([f["kind"] for f in found], ["optout"], subject)
with case("what only speaks of unsubscribing is none"):
    for subject, text in {"How do I unsubscribe?": "", "unsubscribe rates of our newsletters in October": "", "Re: lunch": "I did not unsubscribe, did I?\n",
                          "Your request to unsubscribe was received": "You are off the list.\n", "Abmelden vom Kindergarten zum Jahresende": ""}.items():
        found = program().run("classify", "-", input=request(READER, subject=subject, text=text).decode()).lines()
        true(all(f["kind"] != "optout" for f in found), subject)
finish()
