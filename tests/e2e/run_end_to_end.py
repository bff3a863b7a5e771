#!/usr/bin/python3
"""The main job: two mailboxes on a real server, a run, a second run, the report in the stakeholders' mailbox. What is stored equals what the
generator wrote, as far as that is beyond dispute, and equals what `retour classify` says of each mail, to the last event."""
import collections
import datetime
import json
import os
import stat
import subprocess
import sys
import zoneinfo

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import generate
from lib import canary
from lib.harness import *

Retour.watched = True

MEMORY_LIMIT = 64 * 1024  # KiB
READERS = ["deliverability@example.org", "dpo@example.org"]
NULL = ""
SANITIZED = "RETOUR_SANITIZED" in os.environ  # shadow memory counts as resident

samples = generate.generate(seed=7, bounces=1500, complaints=160)
fresh = [sample for sample in samples if not sample.truth["duplicate"]]
people = {event["recipient"] for sample in samples for event in sample.truth["events"] or () if event["recipient"]}
dovecot, sink, retour = Dovecot(), Sink(user="retour@example.org"), Retour()
for user in (generate.BOUNCES, generate.FBL):
    dovecot.deliver(user, ((sample.data, sample.arrived) for sample in samples if sample.mailbox == user))
secret = retour.secret()
retour.config["mailbox bounces"] = dovecot.mailbox(generate.BOUNCES, "imap", password_file=secret, raw_retention="365d")
retour.config["mailbox fbl"] = dovecot.mailbox(generate.FBL, "pop3", password_file=secret, kind="fbl")
retour.config["report"].update(sink.report(to=", ".join(READERS), password_file=secret, **{"from": "retour@example.org"}))
comment("%d messages, %d recipients" % (len(samples), len(people)))


# --- what each mail says, by the command -------------------------------------------------------------------------------

def classified():
    """{index: its events}; each sample a file of its own."""
    folder = os.path.join(retour.dir, "samples")
    os.mkdir(folder)
    for number, sample in enumerate(samples):
        with open("%s/%06d" % (folder, number), "wb") as f:
            f.write(sample.data)
    found = collections.defaultdict(list)
    for begin in range(0, len(samples), 500):
        result = retour.run("classify", "--plain", *("%s/%06d" % (folder, number) for number in range(begin, min(begin + 500, len(samples)))))
        equal(result.code, 0, "exit code of classify\n" + result.err)
        for event in result.lines():
            found[int(os.path.basename(event["file"]))].append(event)
    for number in range(len(samples)):
        os.unlink("%s/%06d" % (folder, number))
    return found


events = {}
with case("classify says something of every sample"):
    events = classified()
    equal(len(events), len(samples))

with case("classify agrees with the generator's truth"):
    wrong = []
    for number, sample in enumerate(samples):
        truth, found = sample.truth, [event for event in events.get(number, []) if event["kind"] != "none"]
        if truth["events"] is None:
            if [event["kind"] for event in found] != [truth["kind"]]:
                wrong.append((truth["what"], truth["kind"], found))
            continue
        if len(found) != len(truth["events"]):
            wrong.append((truth["what"], truth["events"], found))
            continue
        for wanted, got in zip(truth["events"], found):
            for key, value in wanted.items():
                if value is not None and got[key] != value:
                    wrong.append((truth["what"], key, value, got[key], got["rule"], got["diagnostic"]))
        if truth["origin"] and found and found[0]["origin"] != truth["origin"]:
            wrong.append((truth["what"], "origin", truth["origin"], found[0]["origin"]))
    sorts = {str(row[:5]): row for row in wrong}
    true(not wrong, "%d differ, of %d sorts:\n%s" % (len(wrong), len(sorts), "\n".join(map(str, list(sorts.values())[:20]))))

# --- the run -----------------------------------------------------------------------------------------------------------

first = retour.run("run")
with case("the run ends well, in little memory"):
    equal(first.code, 0, "exit code\n%s" % first)
    comment("%.1f s, KiB: %s" % (first.seconds, first.memory))
    true(first.memory and max(first.memory.values()) < MEMORY_LIMIT or SANITIZED, "memory: %s" % first.memory)
    true(any("fetcher" in name for name in first.memory) and any("parser" in name for name in first.memory), "processes: %s" % list(first.memory))

with case("the first run says that it made the store and its keys"):
    contains(first.err.lower(), "store")
    contains(first.err.lower(), "key")

with case("the mailboxes are empty; what is no report lies in its folder"):
    equal(dovecot.count(generate.BOUNCES), 0)
    equal(dovecot.count(generate.FBL), 0)
    ordinary = [sample.data for number, sample in enumerate(samples) if all(event["kind"] == "none" for event in events[number])]
    equal(sorted(dovecot.messages(generate.BOUNCES, "Unrecognised")), sorted(ordinary))
    equal(dovecot.folders(generate.BOUNCES), ["Unrecognised"])



def lasting():
    """(day, campaign) of those whose name lasts: ten recipients on one day, or it lasted within 60 days before."""
    recipients, kept = collections.defaultdict(set), {}
    for number, sample in enumerate(samples):
        for event in events[number]:
            if event["kind"] != "none" and sample.mailbox != generate.FBL or event["kind"] in ("complaint", "optout", "authreport"):
                recipients[day_of(sample.arrived), event["campaign"]].add((event["recipient"] or NULL).lower())
    for day, campaign in sorted(recipients, key=lambda key: (key[0], str(key[1]))):
        if len(recipients[day, campaign]) >= 10 or campaign in kept and (day - kept[campaign]).days <= 60:
            kept[campaign] = day
            yield day, campaign


def day_of(at):
    return datetime.datetime.fromtimestamp(at, zoneinfo.ZoneInfo("Europe/Berlin")).date()


with case("the store holds each mail's events once, as classify has them, and of campaigns those that last"):
    wanted, kept = collections.Counter(), set(lasting())
    true(kept and len({campaign for _day, campaign in kept}) > 1, kept)
    for number, sample in enumerate(samples):
        for event in events[number]:
            if event["kind"] == "none" or sample.truth["duplicate"]:
                continue
            if sample.mailbox == generate.FBL and event["kind"] not in ("complaint", "optout", "authreport"):
                continue
            wanted[(sample.arrived, event["kind"], event["class"] or NULL, event["category"] or NULL, event["status"] or NULL, event["reply"] or 0,
                    event["provider"] or NULL,
                    event["campaign"] and (event["campaign"] if (day_of(sample.arrived), event["campaign"]) in kept else "other campaigns") or NULL, event["origin"], event["rule"])] += 1
    got = collections.Counter(retour.sql("SELECT at, kind, ifnull(class, ''), ifnull(category, ''), ifnull(status, ''), ifnull(reply, 0),"
                                         " CASE provider WHEN 'other' THEN '' ELSE provider END, ifnull(campaign, ''), origin, rule FROM event"))
    equal(sum(got.values()), sum(wanted.values()), "how many events")
    equal((list((wanted - got).items())[:5], list((got - wanted).items())[:5]), ([], []), "(missing, too many)")

with case("the tallies add up to the events"):
    for columns in ("kind", "class", "category", "origin", "provider"):
        left = retour.sql("SELECT ifnull({0}, ''), count(*) FROM event GROUP BY 1 ORDER BY 1".format(columns))
        right = retour.sql("SELECT ifnull({0}, ''), sum(count) FROM tally GROUP BY 1 ORDER BY 1".format(columns))
        equal([row for row in right if row[0] not in ("", "other", "none")], [row for row in left if row[0] not in ("", "other", "none")], columns)
    equal(retour.sql("SELECT sum(count) FROM tally"), retour.sql("SELECT count(*) FROM event"))
    outcomes = dict(retour.sql("SELECT mailbox || ' ' || outcome, sum(count) FROM message_count GROUP BY 1"))
    equal(outcomes.get("bounces duplicate", 0), len(samples) - len(fresh), "duplicates")

with case("whom not to write to"):
    hard = {event["recipient"] for number, sample in enumerate(samples) for event in events[number]
            if sample.truth["origin"] == "matched" and event["class"] == "hard"}
    result = retour.run("check", "--json", "-", input="".join(address + "\n" for address in sorted(hard)))
    verdicts = [(line["verdict"], line["state"]) for line in result.lines()]
    equal(collections.Counter(verdicts), collections.Counter({("suppress", "inactive"): len(hard)}))
    true(len(hard) > 300, "only %d hard bounces" % len(hard))
    result = retour.run("check", "--json", "-", input="never.heard@example.com\n" + sorted(hard)[0].upper() + "\n")
    equal([line["verdict"] for line in result.lines()], ["send", "suppress"])
    forged = {event["recipient"] for number, sample in enumerate(samples) for event in events[number] if event["origin"] == "backscatter"} - hard
    result = retour.run("check", "--json", "-", input="".join(address + "\n" for address in sorted(forged)))
    equal({line["verdict"] for line in result.lines()}, {"send"}, "forged bounces must change nothing")

with case("modes: the store and its keys are nobody else's"):
    for path in canary.files_below(retour.database, retour.database + "-wal", os.path.join(retour.data, "keys")):
        equal(stat.S_IMODE(os.stat(path).st_mode) & 0o077, 0, path)
    equal(stat.S_IMODE(os.stat(os.path.join(retour.data, "keys")).st_mode), 0o700)

# --- the report --------------------------------------------------------------------------------------------------------

with case("the report came, once, to all its readers, over TLS"):
    equal(len(sink.mails), 1)
    mail = sink.mails[0]
    equal((sorted(mail.recipients), mail.sender, mail.over_tls, mail.user), (READERS, "retour@example.org", True, "retour@example.org"))
    message = mail.parsed()
    equal([part.defects for part in message.walk() if part.defects], [])
    equal([part.get_content_type() for part in message.walk()],
          ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "application/xml", "application/octet-stream"])
    contains(str(message["Subject"]), "2026")
    true(all(len(line) <= 998 for line in mail.data.split(b"\r\n")), "a line is longer than 998 bytes")

with case("the report as XML follows its schema, and is the mail's attachment"):
    path = os.path.join(retour.dir, "report.xml")
    equal(retour.run("report", "--month", "2026-10", "--format", "xml", "--output", path).code, 0)
    validation = subprocess.run(["xmllint", "--noout", "--nonet", "--schema", os.path.join(ROOT, "etc", "report.xsd"), path], capture_output=True, text=True, check=False)
    equal(validation.returncode, 0, validation.stderr)
    attached = [part for part in sink.mails[0].parsed().walk() if part.get_content_type() == "application/xml"][0].get_payload(decode=True)
    equal(attached, open(path, "rb").read())

with case("every format of every month can be made again, with the same bytes"):
    for month in ("2026-09", "2026-10"):
        for form in ("xml", "html", "text"):
            outputs = [retour.run("report", "--month", month, "--format", form) for _ in range(2)]
            equal([output.code for output in outputs], [0, 0])
            true(len(outputs[0].out) > 500, "short")
            equal(outputs[0].out, outputs[1].out)

# --- and again ---------------------------------------------------------------------------------------------------------

with case("a second run finds nothing, counts nothing twice and mails nothing"):
    before = retour.sql("SELECT * FROM event ORDER BY 1, 2, 3")
    second = retour.run("run")
    equal(second.code, 0, second.err)
    equal(retour.sql("SELECT * FROM event ORDER BY 1, 2, 3"), before)
    equal(len(sink.mails), 1)

with case("mail that comes again by another way is known"):
    again = [(sample.data, sample.arrived + 3600) for sample in samples[:200] if sample.mailbox == generate.BOUNCES]
    dovecot.deliver(generate.BOUNCES, again)
    equal(retour.run("poll").code, 0)
    equal(dovecot.count(generate.BOUNCES), 0)
    equal(retour.sql("SELECT count(*) FROM event"), [(len(before),)])

with case("the audit is content"):
    audit = retour.run("audit")
    equal(audit.code, 0, audit)

with case("no address is left in any byte of store, keys, reports, log, mail or process list"):
    for form in ("xml", "html", "text"):
        retour.run("report", "--month", "2026-10", "--format", form, "--output", os.path.join(retour.data, "report." + form))
    texts = {"log": (first.err + first.out + second.err + second.out).encode(), "process list": b"\n".join(retour.command_lines),
             "mail": b"".join(mail.data for mail in sink.mails), "audit": audit.out.encode()}
    equal(canary.search(people, [retour.data, retour.ini], texts), [])

with case("nor the password"):
    equal([name for name, text in texts.items() if PASSWORD.encode() in text], [])

finish()
