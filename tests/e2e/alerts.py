#!/usr/bin/python3
"""An incident from mail to mail: bounces in a mailbox, the alert in a real SMTP server and at a command, once, then its end; what is refused or fails is told
later; metrics that a strict reader takes; the names in dashboard and alert rules are those of the metrics."""
import datetime
import json
import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.harness import *

BEGIN = datetime.datetime(2026, 11, 2, 6, 0, tzinfo=datetime.timezone.utc)
BLOCK = "550 5.7.26 This mail has been blocked because the sender is unauthenticated. Gmail requires all senders to authenticate with either SPF or DKIM."
FULL = "452 4.2.2 The email account that you tried to reach is over quota."
people = []


def at(minutes):
    return (BEGIN + datetime.timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def bounce(number, minutes, answer, campaign="spring"):
    """When it arrived, and a Postfix notice about a person whose mail gmail takes."""
    person = "person%05d@gmail.com" % number
    people.append(person)
    arrived = BEGIN + datetime.timedelta(minutes=minutes)
    when = arrived.strftime("%a, %d %b %Y %H:%M:%S +0000")
    return int(arrived.timestamp()), ("""Received: from mail.example.org by mx.example.org; %(when)s
From: MAILER-DAEMON@mail.example.org (Mail Delivery System)
To: bounces@example.org
Subject: Undelivered Mail Returned to Sender
Message-ID: <%(number)d.bounce@mail.example.org>
Date: %(when)s
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

<%(person)s>: host gmail-smtp-in.l.google.com said: %(answer)s

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.org

Final-Recipient: rfc822; %(person)s
Action: failed
Status: %(status)s
Remote-MTA: dns; gmail-smtp-in.l.google.com
Diagnostic-Code: smtp; %(answer)s

--b
Content-Type: text/rfc822-headers

From: news@example.org
To: %(person)s
Message-ID: <%(number)d.mail@example.org>
X-Campaign-ID: %(campaign)s

--b--
""" % {"when": when, "number": number, "person": person, "answer": answer, "status": answer.split()[1], "campaign": campaign}).replace("\n", "\r\n").encode()


def deliver(mails):
    for number, (arrived, mail) in enumerate(mails):
        with open(os.path.join(maildir, "new", "%d.%d.test" % (arrived, number)), "wb") as f:
            f.write(mail)


def change(program, query, *arguments):
    db = sqlite3.connect(program.database)
    with db:
        db.execute(query, arguments)
    db.close()


def run(minutes, code=0):
    retour.now = at(minutes)
    result = retour.run("run")
    equal(result.code, code, result)
    return result


def told():
    """What the command was given, each time it ran."""
    found = []
    for name in sorted(os.listdir(hook_dir)):
        if name.endswith(".json"):
            with open(os.path.join(hook_dir, name)) as f:
                found.append(json.load(f))
    return found


retour, sink = Retour(), Sink(tls="none")
maildir = os.path.join(retour.dir, "mail")
for name in ("new", "cur", "tmp"):
    os.makedirs(os.path.join(maildir, name))
hook_dir = os.path.join(retour.dir, "hook")
os.mkdir(hook_dir)
hook = os.path.join(retour.dir, "hook.sh")


def write_hook(body):
    with open(hook, "w") as f:
        f.write("#!/bin/sh\n" + body)
    os.chmod(hook, 0o755)


write_hook('cat > "%s/$(ls "%s" | wc -l).json"\nenv > "%s/env"\necho "$#" > "%s/arguments"\n' % (hook_dir, hook_dir, retour.dir, retour.dir))
metrics = os.path.join(retour.dir, "retour.prom")
retour.config["mailbox bounces"] = {"protocol": "maildir", "path": maildir}
retour.config["report"].update(sink.report(**{"from": "retour@example.org"}))
retour.config["report"]["ca_file"] = None
retour.config["alert"] = {"to": "postmaster@example.org, duty@example.org", "command": hook}
retour.config["metrics"] = {"file": metrics}
# a slow trickle over three days, so that there is a past
deliver(bounce(number, -60 * number, FULL) for number in range(1, 72))

with case("a quiet past raises no alert"):
    run(0)
    equal((sink.mails, told()), ([], []))
    contains(retour.run("alerts").out, "No alert is open")

with case("an incident: one mail to those who are to know, one call of the command, in the run that reads it"):
    deliver(bounce(1000 + number, 20, BLOCK) for number in range(60))
    run(30)
    equal(len(sink.mails), 1)
    equal(sorted(sink.mails[0].recipients), ["duty@example.org", "postmaster@example.org"])
    equal(len(told()), 1)

with case("the mail says what, where, since when, how much, and what to look at first"):
    mail = sink.mails[0].parsed()
    contains(mail["Subject"], "alert opened")
    contains(mail["Subject"], "gmail")
    equal(mail["Auto-Submitted"], "auto-generated")
    equal(mail.defects, [])
    text = mail.get_content()
    for words in ("block-surge: 60; usual: 0", "gmail", "auth-failure", "campaign spring", "since   2026-11-02 06:00 UTC", "look    "):
        contains(text, words)

with case("the command gets the same as JSON; no arguments, nothing in its environment but PATH"):
    found = told()[0]
    block = [alert for alert in found["alerts"] if alert["condition"] == "block-surge"][0]
    equal({key: block[key] for key in ("subject", "state", "news", "count", "provider", "category", "campaign", "since")},
          {"subject": "gmail", "state": "open", "news": "opened", "count": 60, "provider": "gmail", "category": "auth-failure", "campaign": "spring",
           "since": "2026-11-02T06:00:00Z"})
    equal(found["at"], at(30))
    with open(os.path.join(retour.dir, "arguments")) as f:
        equal(f.read().strip(), "0")
    with open(os.path.join(retour.dir, "env")) as f:
        equal(sorted({line.split("=")[0] for line in f} - {"PWD", "SHLVL", "_", "OLDPWD"}), ["PATH"])

with case("`retour alerts` lists it"):
    contains(retour.run("alerts").out, "block-surge: 60")
    listed = retour.run("alerts", "--json").lines()
    true("block-surge" in [alert["condition"] for alert in listed], listed)

with case("what is open is told once"):
    deliver(bounce(2000 + number, 35, BLOCK) for number in range(20))
    run(40)
    equal((len(sink.mails), len(told())), (1, 1))

with case("and once more when it is over"):
    run(240)
    equal((len(sink.mails), len(told())), (2, 2))
    contains(sink.mails[1].parsed()["Subject"], "cleared")
    contains(sink.mails[1].parsed().get_content(), "cleared 2026-11-02 10:00 UTC")
    contains(retour.run("alerts").out, "No alert is open")
    contains(retour.run("alerts", "--all").out, "block-surge")

with case("a command that fails is called again by the next run; the mail does not come twice"):
    write_hook("cat > /dev/null\nexit 3\n")
    deliver(bounce(3000 + number, 900, BLOCK) for number in range(90))
    contains(run(905, code=1).err, "exit code 3")
    equal((len(sink.mails), len(told())), (3, 2))
    write_hook('cat > "%s/9.json"\n' % hook_dir)
    run(910)
    equal((len(sink.mails), len(told())), (3, 3))

with case("a mail server that refuses: told when it takes mail again"):
    sink.data_reply = "451 4.3.0 not now"
    result = run(1200, code=1)
    contains(result.err, "alert mail")
    sink.data_reply = None
    run(1210)
    equal(len(sink.mails), 4)
    contains(sink.mails[3].parsed()["Subject"], "cleared")

with case("a mailbox that cannot be read is told, and that it can be again"):
    os.rename(maildir, maildir + ".away")
    run(1220, code=1)
    run(1220 + 7 * 60, code=1)
    contains(sink.mails[-1].parsed().get_content(), "mailbox-silent: 7 hours")
    os.rename(maildir + ".away", maildir)
    run(1220 + 7 * 60 + 10)
    contains(sink.mails[-1].parsed()["Subject"], "cleared")


with case("a login that is refused is told by its name, over IMAP and POP3; a server that is away is not one"):
    dovecot, other = Dovecot(), Retour()
    other.config["mailbox imap"] = dovecot.mailbox("bounces@example.org", "imap", password_file=other.secret("wrong"))
    other.config["mailbox pop"] = dovecot.mailbox("fbl@example.org", "pop3", password_file=other.secret("wrong"))
    other.config["mailbox away"] = {"host": "127.0.0.1", "port": free_port(), "tls": "none", "user": "x", "password_file": other.secret("wrong")}
    equal(other.run("run").code, 1)
    equal(sorted((alert["condition"], alert["subject"]) for alert in other.run("alerts", "--json").lines()), [("login-refused", "imap"), ("login-refused", "pop")])
    contains(other.run("alerts").out, "login-refused: user, password or token")
    imap = other.config["mailbox imap"]
    other.config["mailbox imap"] = {**imap, "port": free_port()}
    other.now = at(5)
    equal(other.run("run").code, 1)
    equal([alert["subject"] for alert in other.run("alerts", "--json").lines()], ["imap", "pop"], "a server that is away has not taken the password")
    other.config["mailbox imap"] = imap
    other.secret(name="password")
    other.now = at(10)
    other.run("run")
    equal(other.run("alerts", "--json").lines(), [])


with case("a certificate that is about to end is told a fortnight before, over IMAP and POP3, by doctor too; a new one ends it"):
    other = Retour(now="2099-12-10T06:00:00Z")  # TLS itself goes by the clock; the certificates of this test are good until the end of 2099
    other.config["mailbox imap"] = dovecot.mailbox("bounces@example.org", "imap", password_file=other.secret())
    other.config["mailbox pop"] = dovecot.mailbox("fbl@example.org", "pop3", password_file=other.secret())
    other.config["metrics"] = {"file": os.path.join(other.dir, "retour.prom")}
    equal(other.run("run").code, 0)
    equal(other.run("alerts", "--json").lines(), [])
    with open(other.config["metrics"]["file"]) as f:
        contains(f.read(), 'retour_mailbox_certificate_end_timestamp_seconds{mailbox="pop"} 4102358400')
    contains(other.run("doctor").out, "the server's certificate is good until 2099-12-31T00:00:00Z")
    other.now = "2099-12-20T06:00:00Z"
    equal(other.run("run").code, 0)
    equal(sorted((alert["condition"], alert["subject"]) for alert in other.run("alerts", "--json").lines()),
          [("certificate-expiry", "imap"), ("certificate-expiry", "pop")])
    contains(other.run("alerts").out, "certificate-expiry: 10 days left. The alert opens at 14 days left.")
    equal([line.split()[0] for line in other.run("doctor").out.splitlines() if "certificate is good" in line], ["look", "look"])
    change(other, "UPDATE mailbox_fact SET value = value + 100 * 86400")
    other.config["mailbox imap"]["port"] = other.config["mailbox pop"]["port"] = free_port()  # what was seen last counts while the server is away
    other.now = "2099-12-20T06:10:00Z"
    other.run("run")
    equal([alert for alert in other.run("alerts", "--json").lines() if alert["condition"] == "certificate-expiry"], [])

with case("a clock that jumps is told, back and forth; one that goes on as it should is not"):
    other = Retour(now=None)
    for jump, fires in ((0, False), (7200, True), (0, False), (-7200, True), (30, False)):
        if os.path.exists(other.database):
            boot, began = other.sql("SELECT value FROM meta WHERE name = 'alert-clock'")[0][0].split()
            change(other, "UPDATE meta SET value = ? WHERE name = 'alert-clock'", "%s %d" % (boot, int(began) + jump))
            time.sleep(1.1)  # an evaluation in the same second as the last one clears nothing
        other.run("run")
        equal([alert["condition"] for alert in other.run("alerts", "--json").lines()], ["clock-jump"] if fires else [], jump)
    equal(len(other.run("alerts", "--all", "--json").lines()), 1)
    other.environment["RETOUR_BOOT_ID"] = "00000000000000000000000000000001"  # the machine was started anew, by a clock that is set otherwise
    change(other, "UPDATE meta SET value = ? WHERE name = 'alert-clock'", "%s %d" % (boot, int(began) + 7200))
    other.run("run")
    equal(other.run("alerts", "--json").lines(), [])
    equal(other.sql("SELECT value FROM meta WHERE name = 'alert-clock'")[0][0].split()[0], "000000000000000")


# --- metrics ---------------------------------------------------------------------------------------------------------------

SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? (-?[0-9.e+-]+)$')


def parse(text):
    """{family: (type, help, {labels: value})}; an AssertionError where the exposition format is broken."""
    families, current = {}, None
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("# HELP "):
            current = line.split(" ", 3)[2]
            assert current not in families, "HELP twice: " + line
            families[current] = [None, line.split(" ", 3)[3], {}]
        elif line.startswith("# TYPE "):
            name, kind = line.split(" ")[2:]
            assert name == current and families[name][0] is None and kind in ("counter", "gauge"), line
            families[name][0] = kind
        else:
            found = SAMPLE.match(line)
            assert found, line
            name, labels, value = found.groups()
            assert name == current and families[name][0], "outside its family: " + line
            assert labels not in families[name][2], "twice: " + line
            families[name][2][labels] = float(value)
    return families


with open(metrics) as f:
    exposition = f.read()

with case("metrics: the exposition format, names and units as Prometheus wants them"):
    families = parse(exposition)
    for name, (kind, text, samples) in families.items():
        true(name.startswith("retour_") and len(text) > 10, name)
        equal(name.endswith("_total"), kind == "counter", name)
        true(not re.search(r"_(minutes|hours|days|ms|milliseconds|kilobytes|percent)(_|$)", name), name)
    equal(stat.S_IMODE(os.stat(metrics).st_mode), 0o644)
    equal([name for name in os.listdir(retour.dir) if name.startswith("retour.prom")], ["retour.prom"])

with case("metrics: they say what is so, and recipients in steps of k"):
    equal(families["retour_events_total"][2]['provider="gmail",class="block"'], 170.0)
    equal(families["retour_events_total"][2]['provider="gmail",class="soft"'], 70.0)  # 71 of them
    true(all(value % 10 == 0 for value in families["retour_events_total"][2].values()), families["retour_events_total"])
    equal(families["retour_messages_total"][2]['mailbox="bounces",outcome="new"'], 240.0)
    equal(families["retour_mailbox_last_success_timestamp_seconds"][2]['mailbox="bounces"'], (BEGIN + datetime.timedelta(minutes=1650)).timestamp())
    equal(families["retour_ledger_entries"][2][None], float(retour.sql("SELECT max(number) FROM ledger")[0][0]))
    equal(families["retour_retention_overdue_rows"][2]['data="events"'], 0.0)
    true(families["retour_run_duration_seconds"][2][None] > 0, exposition)

with case("metrics: a file that cannot be written is said, and the old one stays"):
    retour.config["metrics"]["file"] = os.path.join(retour.dir, "no", "such.prom")
    contains(run(1700, code=1).err, "such.prom")
    retour.config["metrics"]["file"] = metrics


def read(*path):
    with open(os.path.join(ROOT, *path)) as f:
        return f.read()


with case("dashboard and alert rules use the names of the metrics, and no other"):
    names = set(families)
    dashboard = json.loads(read("etc", "grafana-dashboard.json"))
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]
    for where, text in (("dashboard", "\n".join(expressions)), ("rules", read("etc", "prometheus-rules.yml"))):
        used = set(re.findall(r"\bretour_[a-z_]+", text))
        equal(used - names, set(), where)
        true(used, where)
    equal(names - set(re.findall(r"\bretour_[a-z_]+", "\n".join(expressions))), set(), "not on the dashboard")
    conditions = {re.search(r'"([^"]*)"', labels).group(1) for labels in families["retour_alerts_open"][2]}
    equal(set(re.findall(r'condition="([^"]+)"', read("etc", "prometheus-rules.yml") + "\n".join(expressions))) - conditions, set())

if shutil.which("promtool"):
    with case("promtool takes the metrics and the alert rules"):
        for arguments, text in ((["metrics"], exposition), (["rules", os.path.join(ROOT, "etc", "prometheus-rules.yml")], "")):
            checked = subprocess.run(["promtool", "check", *arguments], input=text, capture_output=True, text=True, check=False)
            equal(checked.returncode, 0, checked.stdout + checked.stderr)
else:
    comment("skipped: promtool (Debian's prometheus) is not installed, metrics and rules were not shown to it")

with case("no address in mails, hook, metrics, store"):
    texts = [mail.data.decode() for mail in sink.mails] + [json.dumps(found) for found in told()] + [exposition]
    with open(retour.database, "rb") as f:
        texts.append(f.read().decode("latin-1"))
    for text in texts:
        true(not re.search(r"person[0-9]{5}", text), text[:200])

finish()
