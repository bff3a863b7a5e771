#!/usr/bin/python3
"""make demo: the main job once, on servers of our own. Dovecot with a bounce mailbox (IMAPS) and a feedback mailbox (POP3S), an SMTP server with
STARTTLS, certificates of an authority that lives as long as the demo; two months of synthetic mail, and how much was sent; `retour poll`, then `retour run` twice. Everything it leaves lies
in build/demo. The present time is fixed, so that every demo shows the same."""
import argparse
import os
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import generate
from lib import canary, program
from lib.harness import Dovecot, PASSWORD, Retour, Sink

Retour.watched = True
NOW = "2026-11-02T06:00:00Z"
MONTH = "2026-10"
SUBMITTER = "retour@example.org"
MAILS_PER_BOUNCE = 60


def say(text):
    print("  " + text, flush=True)


def need(condition, what, result=None):
    """The demo shows success or stops with the reason."""
    if not condition:
        print("\nThe demo failed: %s" % what, file=sys.stderr)
        if result:
            print(result, file=sys.stderr)
        sys.exit(1)


def counted(rows):
    return ", ".join("%s %s" % (format(count, ","), name) for name, count in rows)


def main():
    options = argparse.ArgumentParser(description="Runs retour on servers of its own.")
    options.add_argument("--build", default=os.path.join(program.ROOT, "build"))
    options.add_argument("--bounces", type=int, default=3600)
    options.add_argument("--complaints", type=int, default=320)
    options.add_argument("--home", help="what it leaves lies here (default: demo in the build)")
    options = options.parse_args()
    build = os.path.abspath(options.build)
    home = os.path.abspath(options.home or os.path.join(build, "demo"))
    shutil.rmtree(home, ignore_errors=True)
    os.makedirs(home)

    print("retour demo: two months of a newsletter sender's returned mail; the present is taken to be %s" % NOW)
    dovecot, sink = Dovecot(), Sink(folder=home, tls="starttls", user=SUBMITTER)
    say("Servers      Dovecot with IMAPS on 127.0.0.1:%d and POP3S on :%d, SMTP with STARTTLS on :%d" % (dovecot.imaps, dovecot.pop3s, sink.port))

    samples = generate.generate(seed=2026, bounces=options.bounces, complaints=options.complaints)
    for user in (generate.BOUNCES, generate.FBL):
        dovecot.deliver(user, ((sample.data, sample.arrived) for sample in samples if sample.mailbox == user))
    say("Mailboxes    %s messages in the bounce mailbox, %s in the feedback mailbox, from %d receivers, in nine languages"
        % (format(dovecot.count(generate.BOUNCES), ","), format(dovecot.count(generate.FBL), ","), len(generate.RECEIVERS)))

    retour = Retour(build + "/retour", now=NOW, base=home)
    secret = retour.secret(PASSWORD)
    retour.config["mailbox bounces"] = dovecot.mailbox(generate.BOUNCES, "imap", password_file=secret, raw_retention="90d")
    retour.config["mailbox fbl"] = dovecot.mailbox(generate.FBL, "pop3", password_file=secret, kind="fbl")
    retour.config["report"].update(sink.report(organisation="Example Ltd", to="deliverability@example.org, dpo@example.org", password_file=secret,
                                               **{"from": SUBMITTER}))

    first = retour.run("poll")
    need(first.code == 0, "the first poll", first)
    unrecognised = dovecot.count(generate.BOUNCES, "Unrecognised")
    say("First poll   %.1f seconds, at most %d MiB in any of its processes" % (first.seconds, max(first.memory.values()) // 1024 + 1))
    unproven = sum(sample.truth["what"] == "complaint-opt-out" and not sample.truth["events"][0]["recipient"] for sample in samples)
    need(dovecot.count(generate.BOUNCES) == 0, "mail was left in the bounce mailbox", first)
    need(dovecot.count(generate.FBL) == unproven, "the feedback mailbox does not hold the requests to unsubscribe, and only them", first)
    say("             the bounce mailbox is empty; %d letters that are no reports were put into the folder Unrecognised" % unrecognised)
    say("             %d requests to unsubscribe that do not say whom stay in the feedback mailbox for a person to read" % unproven)

    events = retour.sql("SELECT count(*) FROM event")[0][0]
    classes = retour.sql("SELECT class, count(*) FROM event WHERE class IN ('hard', 'soft', 'block', 'complaint') GROUP BY class ORDER BY 2 DESC")
    say("Store        %s events, among them %s" % (format(events, ","), counted(classes)))
    contacts = retour.sql("SELECT count(*) FROM contact")[0][0]
    people = {event["recipient"] for sample in samples for event in sample.truth["events"] or () if event["recipient"]}
    hits = canary.search(people, [retour.data], {"journal": (first.out + first.err).encode(), "processes": b"\n".join(retour.command_lines)})
    need(not hits, "an address was kept: %s" % hits[:3])
    say("             %s contacts by pseudonym; none of %s addresses is in any byte of store, keys, reports or log" % (format(contacts, ","), format(len(people), ",")))

    rows = list(generate.volumes(MAILS_PER_BOUNCE * options.bounces // len(generate.MONTHS)))
    sent = retour.run("volume", "import", "-", input="".join("%s,%s,%s,%d\n" % row for row in rows))
    need(sent.code == 0, "the import of sent counts", sent)
    say("Sent         %s mails of %d campaigns, as the sending system says: the report has rates" % (format(sum(row[3] for row in rows), ","), len(generate.CAMPAIGNS)))

    report = retour.run("run")
    need(report.code == 0 and len(sink.mails) == 1, "%d reports were mailed" % len(sink.mails), report)
    mail = sink.mails[0]
    os.replace(mail.path, os.path.join(home, "report.eml"))
    say("Report       \"%s\" mailed to %d readers over TLS" % (mail.parsed()["Subject"], len(mail.recipients)))
    for form, name in (("xml", "report.xml"), ("html", "report.html"), ("text", "report.txt")):
        result = retour.run("report", "--month", MONTH, "--format", form, "--output", os.path.join(home, name))
        need(result.code == 0, "the report as " + form, result)

    second = retour.run("run")
    need(second.code == 0 and len(sink.mails) == 1 and retour.sql("SELECT count(*) FROM event")[0][0] == events, "the second run changed something", second)
    say("Second run   %.1f seconds: nothing new, nothing counted twice, no second report" % second.seconds)

    dead = next(sample.truth["events"][0]["recipient"] for sample in samples if sample.truth["events"] and sample.truth["events"][0]["class"] == "hard"
                and sample.truth["origin"] == "matched")
    answers = retour.run("check", "--json", "-", input="%s\nsomebody.else@example.com\n" % dead)
    verdicts = [line["verdict"] for line in answers.lines()]
    need(verdicts == ["suppress", "send"], "check", answers)
    say("Check        an address that bounced for good: %s; one never heard of: %s" % tuple(verdicts))
    audit = retour.run("audit")
    need(audit.code == 0, "the audit", audit)
    say("Audit        every retention promise kept, the ledger's %d entries in order" % retour.sql("SELECT count(*) FROM ledger")[0][0])
    where = os.path.relpath(home)
    print("Look at %s/report.html in a browser; report.xml, report.txt and the mail, report.eml, lie beside it.\n"
          "The store stays: %s -c %s/retour.ini --now %s audit" % (where, os.path.relpath(retour.binary), where, NOW))


if __name__ == "__main__":
    main()
