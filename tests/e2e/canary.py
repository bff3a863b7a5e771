#!/usr/bin/python3
"""Addresses are toxic. Mails carry canary addresses in every place where an address can stand, in every encoding; after runs that go well, that are
killed, that fail at the mailbox, at the SMTP server and in the parser, none of them is in any byte of the data directory, the log, the reports,
the arguments of any process or the temporary directory. First it is shown that the search would find them."""
import base64
import email.header
import os
import quopri
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import generate
from lib import canary, cleanup
from lib.harness import *

Retour.watched = True

CRASH_BUILD = os.path.join(os.environ.get("RETOUR_BUILD", os.path.join(ROOT, "build")), "crash", "retour")
used = []


def bird(where):
    """A new canary; WHERE tells in its name where it was put."""
    used.append("zcanary.%s%d@birds.example.net" % (where, len(used)))
    return used[-1]


def dsn(recipient, diagnostic, human="", final=None, extra="", returned="", campaign="canaries"):
    return ("From: MAILER-DAEMON@mx.example.net\r\nTo: bounces@example.org\r\nSubject: Undelivered\r\nMessage-ID: <%d.%d@mx.example.net>\r\nMIME-Version: 1.0\r\n%s"
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n%s\r\n\r\n"
            "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.net\r\n\r\nFinal-Recipient: rfc822; %s\r\nAction: failed\r\n"
            "Status: 5.1.1\r\nDiagnostic-Code: smtp; %s\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <1@news.example.org>\r\n"
            "From: news@news.example.org\r\nX-Campaign-ID: %s\r\n%s\r\n--b--\r\n"
            % (len(used), time.time_ns(), extra, human, final or recipient, diagnostic, campaign, returned)).encode()


def mails():
    """One for each place."""
    yield dsn(bird("final"), "550 5.1.1 user unknown")
    yield dsn(bird("diagnostic"), "550 5.1.1 <%s>: Recipient address rejected: User unknown" % used[-1])
    yield dsn(bird("bare"), "550 5.1.1 %s does not exist, nor does %s or '%s'" % (used[-1], bird("other"), bird("quoted")))
    yield dsn(bird("local"), "550 5.1.1 mailbox %s unknown here" % used[-1].split("@")[0])
    yield dsn(bird("percent"), "550 5.1.1 see https://example.net/why?rcpt=%s&x=1" % used[-1].replace("@", "%40"))
    yield dsn(bird("equals"), "550 5.1.1 bounce+%s@lists.example.net failed" % used[-1].replace("@", "="))
    yield dsn(bird("xtext"), "550 5.1.1 ORCPT=rfc822;%s" % used[-1].replace("@", "+40"))
    yield dsn(bird("spaced"), "550 5.1.1 user %s at %s unknown" % tuple(used[-1].split("@")))
    yield dsn(bird("upper").upper(), "550 5.1.1 <%s> UNKNOWN" % used[-1].upper())
    yield dsn(bird("human"), "550 5.1.1 unknown", human="<%s>: no such user, write to %s" % (used[-1], bird("contact")))
    yield dsn(bird("original"), "550 5.1.1 unknown", extra="X-Failed-Recipients: %s\r\nReply-To: %s\r\n" % (used[-1], bird("replyto")))
    yield dsn(bird("campaign"), "550 5.1.1 unknown", campaign=used[-1])
    yield dsn(bird("listid"), "550 5.1.1 unknown", returned="List-ID: <%s>\r\nFeedback-ID: %s:a:b:c\r\n" % (used[-1], bird("feedbackid")))
    yield dsn(bird("returned"), "550 5.1.1 unknown", returned="To: %s\r\nCc: %s\r\nReturn-Path: <bounce-%s@example.org>\r\n"
              % (used[-1], bird("cc"), bird("verp").replace("@", "=")))
    yield dsn(bird("mta"), "550 5.1.1 unknown").replace(b"dns; mx.example.net", b"dns; " + bird("reporting").encode())
    yield dsn(bird("folded"), "550 5.1.1 <%s\r\n\t%s> unknown" % (used[-1][:12], used[-1][12:]))
    yield dsn(bird("soft"), "452 4.2.2 %s over quota" % used[-1]).replace(b"Status: 5.1.1", b"Status: 4.2.2")
    yield dsn(bird("block"), "554 5.7.1 %s blocked using zen.spamhaus.org" % used[-1]).replace(b"Status: 5.1.1", b"Status: 5.7.1")
    yield dsn(bird("truncated"), "550 5.1.1 unknown")[:-120]
    for charset in ("utf-16", "utf-8", "iso-2022-jp"):
        text = "The mail to <%s> came back: 550 5.1.1 user unknown\r\n" % bird("base64")
        yield ("From: MAILER-DAEMON@mx.example.net\r\nTo: bounces@example.org\r\nSubject: failure notice\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=%s\r\n"
               "Content-Transfer-Encoding: base64\r\n\r\n" % charset).encode() + base64.encodebytes(text.encode(charset))
    yield (b"From: MAILER-DAEMON@mx.example.net\r\nTo: bounces@example.org\r\nSubject: failure notice\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
           + quopri.encodestring(b"Hi. This is the qmail-send program at mx.example.net.\r\n\r\n<%s>:\r\nSorry, no mailbox here by that name. (#5.1.1)\r\n"
                                 % bird("qmail").encode()))
    yield ("From: %s\r\nTo: bounces@example.org\r\nSubject: %s\r\nAuto-Submitted: auto-replied\r\n\r\nI am away, write to %s\r\n"
           % (bird("autoreply"), email.header.Header("Abwesend für " + bird("subject"), "utf-8").encode(linesep="\r\n"), bird("deputy"))).encode()
    yield ("From: \"%s\" <%s>\r\nTo: bounces@example.org\r\nSubject: hello %s\r\nMessage-ID: <%s>\r\n\r\nordinary mail from %s\r\n"
           % (bird("name"), bird("ordinary"), bird("letter"), bird("messageid"), bird("body"))).encode()
    yield ("From: fbl@example.net\r\nTo: bounces@example.org\r\nSubject: FW: %s\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=feedback-report; "
           "boundary=b\r\n\r\n--b\r\n\r\ncomplaint\r\n--b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nUser-Agent: x/1\r\nVersion: 1\r\n"
           "Original-Rcpt-To: <%s>\r\nRemoval-Recipient: %s\r\nOriginal-Mail-From: <b-%s@example.org>\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
           "From: news@news.example.org\r\nTo: %s\r\nSubject: x\r\n\r\nx\r\n--b--\r\n"
           % (bird("arfsubject"), bird("arf"), bird("removal"), bird("arfverp").replace("@", "="), bird("arfto"))).encode()
    yield ("From %s Mon Nov  2 05:00:00 2026\r\n" % bird("fromline")).encode() + dsn(bird("inmbox"), "550 5.1.1 unknown")
    many = [bird("many") for _ in range(300)]
    yield dsn(many[0], "550 5.1.1 unknown").replace(b"\r\n\r\n--b\r\nContent-Type: text/rfc822-headers", "".join(
        "\r\n\r\nFinal-Recipient: rfc822;%s\r\nAction: failed\r\nStatus: 5.1.1" % one for one in many[1:]).encode() + b"\r\n\r\n--b\r\nContent-Type: text/rfc822-headers")


mail = list(mails())
comment("%d mails with %d canaries" % (len(mail), len(used)))

with case("the search for addresses finds every one that is planted"):
    folder = cleanup.temporary()
    for number, data in enumerate(mail):
        with open("%s/%03d" % (folder, number), "wb") as f:
            f.write(data)
    found = "\n".join(what.lower() for _where, what in canary.search(used, [folder]))
    visible = [one for one in used if not any(word in one for word in ("folded", "base64", "subject"))]
    missed = [one for one in visible if one.split("@")[0] not in found]
    equal(missed, [])
    for form in (lambda b: base64.b64encode(b), lambda b: base64.b64encode(b"x" + b), lambda b: base64.b64encode(b"xy" + b), lambda b: b.hex().upper().encode(),
                 lambda b: b.decode().encode("utf-16-le"), lambda b: b.decode().encode("utf-16-be"), lambda b: b.upper()):
        true(canary.search(used[:1], [], {"x": b"....." + form(used[0].encode()) + b"....."}), "not found: %r" % form(used[0].encode()))
    equal(canary.search(used, [], {"x": os.urandom(1 << 20)}), [])


def searched(retour, *results):
    """What every scenario ends with: all places, and that something was there to search."""
    texts = {"log %d" % number: (result.out + result.err).encode() for number, result in enumerate(results)}
    texts["process list"] = b"\n".join(retour.command_lines)
    texts["audit"] = retour.run("audit").out.encode()
    for form in ("xml", "html", "text"):
        for month in ("2026-10", "2026-11"):
            texts["report %s %s" % (month, form)] = retour.run("report", "--month", month, "--format", form).out.encode()
    true(os.path.getsize(retour.database) > 4096, "there is no store")
    equal(canary.search(used, [retour.data, temporary], texts), [])


temporary = cleanup.temporary()  # TMPDIR of the program


def alone():
    retour = Retour()
    retour.environment["TMPDIR"] = temporary
    return retour


def fresh(users=None, binary=None, **mailbox):
    dovecot = Dovecot(users)
    retour = Retour(binary)
    retour.environment["TMPDIR"] = temporary
    retour.config["mailbox bounces"] = dovecot.mailbox(generate.BOUNCES, password_file=retour.secret(), **mailbox)
    return dovecot, retour


for protocol in ("imap", "pop3"):
    with case("no address is left behind by a run over %s that is as talkative as it can be" % protocol):
        dovecot, retour = fresh(protocol=protocol, processed="keep", unrecognised="keep")
        dovecot.deliver(generate.BOUNCES, mail)
        result = retour.run("run", options=["-v", "-v"])
        equal(result.code, 0, result)
        true(retour.sql("SELECT count(*) FROM event")[0][0] > 300, "few events: %s" % result.err)
        searched(retour, result, retour.run("run", options=["-v", "-v"]))
        dovecot.stop()

with case("no address is left behind by an import of files"):
    retour = alone()
    result = retour.run("import", folder, options=["-v", "-v"])
    equal(result.code, 0, result)
    searched(retour, result)

with case("no address that `check` is asked about is left behind"):
    result = retour.run("check", "-", input="\n".join(used) + "\nno address " + used[0].split("@")[0] + " here\n", options=["-v", "-v"])
    equal(canary.search(used, [retour.data, temporary], {"log": result.err.encode(), "process list": b"\n".join(retour.command_lines)}), [])

with case("classify without --plain shows no address"):
    result = retour.run("classify", *("%s/%03d" % (folder, number) for number in range(len(mail))))
    equal(result.code, 0, result)
    equal(canary.search(used, [], {"out": (result.out + result.err).encode()}), [])
    equal(bool(canary.search(used, [], {"out": retour.run("classify", "--plain", folder + "/000").out.encode()})), True, "--plain shows them")

with case("no address is left behind by a run that is killed in the middle"):
    dovecot, retour = fresh()
    retour.run("poll")
    for number in range(6):
        dovecot.deliver(generate.BOUNCES, [message for message in mail for _ in range(4)])
        process = retour.start("poll")
        time.sleep(0.05 + number * 0.03)
        # but not the leak sanitizer's helper: a process without a title, without which the run waits for ever
        family = [process.pid] + [pid for pid in descendants(process.pid) if title(pid).startswith("retour: ")]
        os.kill(family[number % len(family)], signal.SIGKILL if number % 2 else signal.SIGABRT)
        out, err = process.communicate(timeout=60)
        equal(canary.search(used, [retour.data, temporary], {"log": err + out}), [])
    dovecot.stop()

with case("no address is left behind by a refused login, a mail that kills its parser, a report that is refused"):
    login = bird("login")
    dovecot, retour = fresh(users={generate.BOUNCES: PASSWORD, login: "another"}, binary=CRASH_BUILD)
    reader = bird("reader")
    sink = Sink(tls="none", refuse=[reader])
    retour.config["mailbox refused"] = dovecot.mailbox(login, password_file=retour.secret("wrong", "wrong"))
    retour.config["mailbox pop"] = dovecot.mailbox(login, "pop3", password_file=retour.secret("wrong", "wrong"))
    retour.config["report"].update(sink.report(to=reader, **{"from": bird("sender")}))
    dovecot.deliver(generate.BOUNCES, mail + [mail[0].replace(b"MIME-Version", b"X-Retour-Test: crash\r\nMIME-Version", 1)])
    result = retour.run("run", options=["-v", "-v"])
    equal(result.code, 1, result)
    equal(sink.mails, [])
    contains(result.err.lower(), "quarantine")
    doctor = retour.run("doctor", options=["-v", "-v"])
    searched(retour, result, doctor)

with case("an address in the wrong place of the settings is not repeated in the error"):
    retour = alone()
    retour.config["mailbox bounces"] = {"protocol": bird("protocol"), "port": bird("port")}
    retour.config["report"]["day"] = bird("day")
    result = retour.run("poll")
    equal(result.code, 2, result)
    mistaken = [one for one in used if any(word in one for word in ("protocol", "port", "day"))]
    equal(canary.search(mistaken, [retour.data], {"log": result.err.encode()}), [])

finish()
