#!/usr/bin/python3
"""The auditor's walk: evidence is exported, and checked where neither configuration, keys nor store are, with minisign, sha256sum and `retour audit verify`;
then each way in which somebody could doctor it is tried, and named by the check. The monthly mail brings the head that shows an older copy."""
import email
import email.policy
import glob
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import xml.etree.ElementTree

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.harness import *

SAMPLES = sorted(glob.glob(os.path.join(ROOT, "tests", "golden", "*.eml")))[:12]
AUDIT = "{urn:retour:audit:1}"
sink, retour = Sink(user="retour@example.org"), Retour()
retour.config["report"].update(sink.report(to="dpo@example.org", password_file=retour.secret(), **{"from": "retour@example.org"}))
program = os.path.abspath(retour.binary)
desk = os.path.join(retour.dir, "auditor")  # the auditor's own machine
os.mkdir(desk)


def on(day, *command, code=0):
    retour.now = day + "T06:00:00Z"
    result = retour.run(*command)
    equal(result.code, code, "exit code of %s on %s\n%s" % (" ".join(command), day, result.err))
    return result


def away(*command):
    """Without environment, configuration, keys and store: code, output."""
    done = subprocess.run(command, cwd=desk, env={}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout.decode(errors="replace")


def verify(path, *options):
    return away(program, "audit", "verify", *options, path)


def minisign(path):
    code, out = away("/usr/bin/minisign", "-V", "-P", key, "-m", path)
    return code, out


on("2026-09-20", "import", "--arrived", "now", *SAMPLES)
for day in range(21, 31):
    on("2026-09-%02d" % day, "run")
on("2026-10-01", "run")
key = on("2026-10-01", "audit", "key").out.strip()
on("2026-10-02", "audit", "export", os.path.join(desk, "october"))
on("2026-11-01", "run")
on("2026-11-02", "audit", "export", os.path.join(desk, "november"))
mails = [email.message_from_bytes(mail.data, policy=email.policy.default) for mail in sink.mails]


def head_of(mail):
    text = mail.get_body(("plain",)).get_content()
    return ":".join(re.search(r"Head of the ledger when this mail was made: entry (\d+),\s+([0-9a-f]{64})", text).groups())


with case("each monthly mail says who signs, carries the report's signature, and prints the ledger's head"):
    equal(len(mails), 2)
    for mail, month in zip(mails, ("2026-09", "2026-10")):
        parts = {part.get_filename(): part.get_payload(decode=True) for part in mail.iter_attachments()}
        equal(sorted(parts), ["retour-%s.xml" % month, "retour-%s.xml.minisig" % month])
        for name, data in parts.items():
            with open(os.path.join(desk, name), "wb") as f:
                f.write(data)
        code, out = minisign("retour-%s.xml" % month)
        equal(code, 0, out)
        contains(out, "file:retour-%s.xml" % month)
        equal(verify("retour-%s.xml" % month, "--key", key)[0], 0)
        contains(mail.get_body(("plain",)).get_content(), key)
        true(head_of(mail), "the head")

with case("the reports that were left on disk are signed too"):
    reports = os.path.join(retour.data, "reports")
    for name in ("2026-09.xml", "2026-09.html", "2026-09.txt", "2026-10.xml"):
        code, out = away("/usr/bin/minisign", "-V", "-p", os.path.join(reports, "retour.pub"), "-m", os.path.join(reports, name))
        equal(code, 0, out)

with case("what is exported names nobody, and every file of it is signed"):
    names = set(os.listdir(os.path.join(desk, "november")))
    for name in sorted(names):
        if not name.endswith(".minisig"):
            true(name + ".minisig" in names, name + " has no signature")
            equal(minisign("november/" + name)[0], 0, name)
            with open(os.path.join(desk, "november", name), "rb") as f:
                true(b"@" not in f.read() or name == "audit.html", "an address in " + name)

with case("sha256sum agrees with the list of sums"):
    done = subprocess.run(["/usr/bin/sha256sum", "-c", "SHA256SUMS"], cwd=os.path.join(desk, "november"), capture_output=True, text=True)
    equal(done.returncode, 0, done.stdout + done.stderr)

with case("the evidence verifies on a machine without configuration, keys and store"):
    code, out = verify("november", "--key", key, "--head", head_of(mails[0]), "--head", head_of(mails[1]), "--checkpoint", "october/checkpoint.txt")
    equal(code, 0, out)
    for words in ("The evidence holds.", "each one continues the one before it", "of --head", "of october/checkpoint.txt", "signed checkpoints"):
        contains(out, words)
    true("note " not in out, "nothing is missing: " + out)

with case("without a head it says what it cannot see; the key that lies with the evidence is named as such"):
    code, out = verify("november")
    equal(code, 0, out)
    contains(out, "no head was given")
    contains(out, "lies with the evidence")

with case("the hash alone finds its entry, the way a mail prints it"):
    code, out = verify("november", "--key", key, "--head", head_of(mails[0]).split(":")[1])
    equal(code, 0, out)
    contains(out, "it contains entry %s of --head" % head_of(mails[0]).split(":")[0])


# --- the walk ----------------------------------------------------------------------------------------------------------

def walk():
    """The commands of retour-audit(7) with what each is said to print."""
    with open(os.path.join(ROOT, "etc", "retour-audit.7")) as f:
        page = f.read()
    for block in re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed$", page, re.MULTILINE | re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, expected = part.replace("\\\\", "\\").partition("\n")
            yield command, expected.splitlines()


os.symlink("november", os.path.join(desk, "evidence"))
steps = list(walk())
for command, expected in steps:
    with case("the auditor's walk in the manual: " + command):
        done = subprocess.run(["/bin/sh", "-c", command], cwd=desk, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env={"PATH": os.path.dirname(program) + ":/usr/bin:/bin", "KEY": key, "HEAD": head_of(mails[0])})
        equal(done.returncode, 0, done.stdout)
        for line in expected:
            contains(done.stdout, line, command)
with case("the auditor's walk in the manual has all its steps"):
    true(len(steps) >= 8, steps)


# --- the audit ---------------------------------------------------------------------------------------------------------

def audit_xml(name, code):
    path = os.path.join(desk, name)
    result = retour.run("audit", "--format", "xml", "--output", path)
    equal(result.code, code, result.err)
    valid = subprocess.run(["xmllint", "--noout", "--nonet", "--schema", os.path.join(ROOT, "etc", "audit.xsd"), path], capture_output=True, text=True)
    equal(valid.returncode, 0, valid.stderr)
    return xml.etree.ElementTree.parse(path).getroot()


with case("the audit as XML follows its schema, and says what is kept, how long, why, and what the purges did"):
    root = audit_xml("audit.xml", 0)
    classes = {node.get("name"): node for node in root.iter(AUDIT + "class")}
    true(set(classes) >= {"contacts", "diagnostics", "erasures", "events", "ledger", "messages", "month keys"}, sorted(classes))
    true(all(node.find(AUDIT + "reason").text for node in classes.values()), "a class without a reason")
    equal(int(classes["events"].get("rows")), retour.sql("SELECT count(*) FROM event")[0][0])
    purges = root.find(AUDIT + "purges")
    equal(int(purges.get("count")), retour.sql("SELECT count(*) FROM ledger WHERE kind = 'purge'")[0][0])
    equal([(gap.get("from"), gap.get("to")) for gap in purges.iter(AUDIT + "gap")], [("2026-10-02", "2026-10-31")])
    equal(int(purges.get("days-missed")), 30)
    equal({key.get("purpose") for key in root.iter(AUDIT + "key")}, {"state", "message", "event", "sign"})
    head = root.find(AUDIT + "ledger/" + AUDIT + "head")
    equal(head.get("hash"), retour.sql("SELECT lower(hex(hash)) FROM ledger ORDER BY number DESC LIMIT 1")[0][0])
    for name in ("retour", "SQLite", "libsodium", "GnuTLS", "libetpan", "libxml2", "libxslt"):
        true(any(node.get("name") == name and node.get("value") for node in root.iter(AUDIT + "component")), name)
    equal(len(list(root.iter(AUDIT + "field"))), 9)

with case("the audit's page needs nothing from outside and runs nothing"):
    result = retour.run("audit", "--format", "html")
    equal(result.code, 0, result.err)
    for word in ("<script", "http:", "https:", "url(", "@import", "<img", "<link"):
        true(word not in result.out, word)
    contains(result.out, "Every promise that can be checked here is kept")

with case("the audit says the same of each promise as text, XML and page"):
    text, page = (retour.run("audit", "--format", form).out for form in ("text", "html"))
    for node in root.iter(AUDIT + "promise"):
        contains(text, "%-10s %s" % (node.get("state"), node.find(AUDIT + "title").text))
        contains(page, node.find(AUDIT + "title").text)

with case("the record of processing says what is so: what is encrypted, who may get what, how bytes go, and no more"):
    record = " ".join(node.text for node in root.iter(AUDIT + "field"))
    for words in ("encrypted, state and history", "No address and no content of mail is stored", "A command of [hook], other sites and who reads `retour events`", "overwrites (secure_delete) and empties the log", "suppressed in all monthly reports"):
        contains(record, words)
    true(not any(words in record for words in ("None outside", "writes the file anew", "name, or content")), record)

with case("a setting that changes is in the ledger and the audit, with what it was"):
    retour.config["retention"] = {"events": "90d"}
    retour.config["mailbox old"] = {"protocol": "maildir", "path": os.path.join(retour.dir, "maildir"), "processed": "move:Done", "raw_retention": "14d"}
    os.makedirs(os.path.join(retour.dir, "maildir", "cur"))
    os.makedirs(os.path.join(retour.dir, "maildir", "new"))
    os.makedirs(os.path.join(retour.dir, "maildir", "tmp"))
    on("2026-11-02", "run")
    root = audit_xml("changed.xml", 0)
    entries = [node.text for node in root.iter(AUDIT + "entry") if node.get("kind").startswith("configuration")]
    contains(entries[-2], "changed=events:15552000>7776000")
    equal(entries[-1], "name=old protocol=maildir processed=move:Done unrecognised=move:Unrecognised quarantine=move:Quarantine optout=move:Optout raw_retention=1209600")
    equal([(node.get("name"), node.get("period")) for node in root.iter(AUDIT + "folder")],
          [("Done", "14 days"), ("Unrecognised", "14 days"), ("Quarantine", "14 days"), ("Optout", None)])

with case("a broken promise is named, since when, and what to do, in each format, with exit code 3"):
    retour.now = "2027-06-01T06:00:00Z"
    root = audit_xml("broken.xml", 3)
    broken = {node.get("id"): node for node in root.iter(AUDIT + "promise") if node.get("state") == "broken"}
    true("retention-events" in broken and "retention-keys" in broken, sorted(broken))
    equal(broken["retention-events"].get("since"), "2026-12-19T06:00:00Z")  # 90 days after the import
    contains(broken["retention-events"].find(AUDIT + "action").text, "retour purge")
    text = retour.run("audit").out
    contains(text, "A PROMISE IS BROKEN")
    contains(text, "since 2026-12-19 06:00 UTC")
    contains(retour.run("audit", "--format", "html").out, "A promise is broken.")
    retour.now = "2026-11-02T06:00:00Z"


# --- tampering ---------------------------------------------------------------------------------------------------------

def lines_of(path):
    with open(path) as f:
        return f.read().splitlines(True)


def tampered(change, source="november"):
    """A copy of the evidence with CHANGE(directory) done to it."""
    copy = os.path.join(desk, "copy")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(os.path.join(desk, source), copy)
    change(copy)
    return copy


def ledger(edit):
    def change(directory):
        path = os.path.join(directory, "ledger.txt")
        lines = lines_of(path)
        edit(lines)
        with open(path, "w") as f:
            f.writelines(lines)
    return change


def replace(old, new):
    def edit(lines):
        at = next(i for i, line in enumerate(lines) if old in line)
        lines[at] = lines[at].replace(old, new, 1)
    return edit


def swap(lines):
    lines[5], lines[7] = lines[7], lines[5]


def insert(lines):
    lines.insert(6, lines[9])


def entry_hash(fields):
    """The format at the top of store/chain.c, in another language."""
    import calendar
    import hashlib
    import time
    number, at, kind, detail, previous = fields[:5]
    seconds = calendar.timegm(time.strptime(at, "%Y-%m-%dT%H:%M:%SZ"))
    data = b"retour ledger 1\0" + bytes.fromhex(previous) + int(number).to_bytes(8, "big") + seconds.to_bytes(8, "big")
    for text in (kind, detail):
        data += len(text.encode()).to_bytes(4, "big") + text.encode()
    return hashlib.blake2b(data, digest_size=32).hexdigest()


def rewrite(lines):
    """A history written anew: every hash fits, but nobody signed it."""
    previous = "0" * 64
    for i in range(1, len(lines)):
        fields = lines[i].rstrip("\n").split("\t")
        fields[3] = fields[3].replace("events=0", "events=1")
        if fields[2] == "checkpoint":
            fields[3] = re.sub(r"hash=[0-9a-f]{64}", "hash=" + previous, fields[3])
        fields[4] = previous
        fields[5] = previous = entry_hash(fields)
        lines[i] = "\t".join(fields) + "\n"


def reseal(lines):
    """One entry changed, and its own hash made anew."""
    fields = lines[8].rstrip("\n").split("\t")
    fields[1] = fields[1].replace("T06", "T05")
    fields[5] = entry_hash(fields)
    lines[8] = "\t".join(fields) + "\n"


def old_ledger(directory):
    for name in ("ledger.txt", "ledger.txt.minisig"):
        shutil.copy(os.path.join(desk, "october", name), directory)


def other_signature(directory):
    shutil.copy(os.path.join(directory, "audit.txt"), os.path.join(directory, "VERIFY.txt"))
    shutil.copy(os.path.join(directory, "audit.txt.minisig"), os.path.join(directory, "VERIFY.txt.minisig"))


def append(name, text):
    def change(directory):
        with open(os.path.join(directory, name), "a") as f:
            f.write(text)
    return change


def cut(lines):
    del lines[-3:]


def torn(directory):
    path = os.path.join(directory, "ledger.txt")
    os.truncate(path, os.path.getsize(path) - 20)


with case("the chain in the evidence is the documented one, computed by another program"):
    previous = "0" * 64
    for line in lines_of(os.path.join(desk, "november", "ledger.txt"))[1:]:
        fields = line.rstrip("\n").split("\t")
        equal(fields[4], previous)
        equal(fields[5], entry_hash(fields))
        previous = fields[5]

TAMPERED = (
    ("an entry is changed", ledger(replace("version=", "version=9")), "ledger: entry 5 was changed"),
    ("an entry's time is changed", ledger(replace("\t2026-09-21T06:00:00Z\tpurge", "\t2026-09-21T07:00:00Z\tpurge")), r"ledger: entry \d+ was changed"),
    ("an entry is changed and its hash made anew", ledger(reseal), "ledger: entry 8 was replaced: entry 9 continues another one"),
    ("an entry is removed", ledger(lambda lines: lines.pop(9)), "ledger: entry 9 is missing"),
    ("the first entries are removed", ledger(lambda lines: lines.__delitem__(slice(1, 4))), "ledger: entries 1 to 3 are missing, and no entry accounts for them"),
    ("an entry is inserted", ledger(insert), "ledger: entry 9 stands twice: one was inserted"),
    ("entries change places", ledger(swap), "ledger: entry 5 was moved: it stands behind entry"),
    ("the last entries are cut off", ledger(cut), r"ledger: cut off at its end: the last entry is \d+, checkpoint.txt knows entry \d+"),
    ("the file ends within an entry", torn, "ledger: cut off at its end: line \\d+ is not complete"),
    ("the whole history is written anew", ledger(rewrite), "ledger: the history was rewritten"),
    ("an older ledger with its signature", old_ledger, r"ledger: this is an older copy: whole and signed, but it ends with entry \d+ of 2026-10-02"),
    ("the audit's text is changed", append("audit.txt", "all well\n"), "audit.txt: was changed"),
    ("the list of sums is changed", append("SHA256SUMS", "0" * 64 + "  more.txt\n"), "SHA256SUMS: was changed: the signature is not of these bytes"),
    ("a file is removed", lambda d: os.unlink(d + "/checkpoint.txt"), "checkpoint.txt: is missing"),
    ("a signature is removed", lambda d: os.unlink(d + "/audit.txt.minisig"), "audit.txt.minisig: is missing"),
    ("a file is added", append("extra.txt", "hello\n"), "extra.txt: was added: it is no part of the evidence"),
    ("another file with its own good signature", other_signature, "VERIFY.txt: was changed"),
)
for name, change, words in TAMPERED:
    with case("tampering is named: " + name):
        code, out = verify(tampered(change), "--key", key)
        equal(code, 3, out)
        true(re.search("^BROKEN +" + words, out, re.MULTILINE), "%s is not in:\n%s" % (words, out))
        contains(out, "The evidence does NOT hold")

with case("one fault is told once: the sum, and the entry"):
    code, out = verify(tampered(ledger(lambda lines: lines.remove(next(line for line in lines[8:] if "\tpurge\t" in line)))), "--key", key)
    equal(out.count("BROKEN"), 2, out)

with case("rollback is named: the whole evidence of October, against the head of November's mail"):
    equal(verify("october", "--key", key)[0], 0)
    code, out = verify("october", "--key", key, "--head", head_of(mails[1]))
    equal(code, 3, out)
    contains(out, "this is an older copy")

with case("a history that was written anew and signed with the real key is named by a head that somebody kept"):
    number, digest = head_of(mails[0]).split(":")
    code, out = verify("november", "--key", key, "--head", "%s:%s" % (number, "0" * 63 + "1"))
    equal(code, 3, out)
    contains(out, "the history was rewritten: entry %s is" % number)

def doctored(*statements):
    """What `audit` says, and what the check of a fresh export says against the head in November's mail, after somebody who can write the database was there."""
    shutil.rmtree(os.path.join(desk, "doctored"), ignore_errors=True)
    saved = os.path.join(retour.dir, "undoctored.db")
    source, target = sqlite3.connect(retour.database), sqlite3.connect(saved)
    source.backup(target)
    target.close()
    guards = source.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    for trigger, _sql in guards:
        source.execute("DROP TRIGGER " + trigger)
    for statement in statements:
        source.execute(statement)
    for _trigger, sql in guards:  # their absence would be told by itself
        source.execute(sql)
    source.commit()
    source.close()
    head = os.path.join(retour.data, "keys", "ledger-head")
    os.rename(head, saved + ".head")  # he writes there, too
    told = retour.run("audit")
    retour.run("audit", "export", os.path.join(desk, "doctored"))
    os.rename(saved + ".head", head)
    code, out = verify("doctored", "--key", key, "--head", head_of(mails[1])) if os.path.isdir(os.path.join(desk, "doctored")) else (None, "")
    source, target = sqlite3.connect(saved), sqlite3.connect(retour.database)
    source.backup(target)
    source.close()
    target.close()
    return told, code, out


with case("whoever writes to the database without its triggers is told by the audit, exit code 3"):
    for statement in ("UPDATE ledger SET detail = 'events=7' WHERE number = 9", "DELETE FROM ledger WHERE number = 9", "DELETE FROM ledger WHERE number < 4",
                      "UPDATE ledger SET at = at - 3600 WHERE number = 9", "UPDATE ledger SET hash = zeroblob(32) WHERE number = 9"):
        told, _code, _out = doctored(statement)
        equal(told.code, 3, (statement, told))
        contains(told.out, "The ledger is complete and unchanged")
        contains(told.out, "A PROMISE IS BROKEN")

with case("a ledger that was cut off in the database and signed anew with the real key is named by the head in the monthly mail"):
    number = int(head_of(mails[1]).split(":")[0])
    told, code, out = doctored("DELETE FROM ledger WHERE number > %d" % (number - 2))
    equal(told.code, 0, told)  # the chain that is left is whole: only what was kept elsewhere knows more
    equal(code, 3, out)
    true(re.search("^BROKEN +ledger: (this is an older copy|cut off at its end|the history was rewritten)", out, re.M), out)

with case("another store's evidence does not pass with this key"):
    other = Retour()
    equal(other.run("run").code, 0)
    equal(other.run("audit", "export", os.path.join(desk, "other")).code, 0)
    code, out = verify("other", "--key", key)
    equal(code, 3)
    contains(out, "signed by another key")
    contains(out, "no entry names the key that you trust")
    equal(verify("other")[0], 0)

with case("what cannot be checked is not called good: wrong usage 2, a directory that is not there 1"):
    equal(verify("november", "--head", "12:abc")[0], 2)
    equal(verify("november", "--key", "nonsense")[0], 2)
    equal(verify("nowhere", "--key", key)[0], 1)
    equal(away(program, "audit", "verify")[0], 2)
    equal(away(program, "audit", "key")[0], 2)

with case("evidence does not mix with what lies in its directory already"):
    on("2026-11-02", "audit", "export", os.path.join(desk, "november"), code=1)

with case("a link in the evidence is not followed"):
    def link(directory):
        os.rename(directory + "/audit.txt", directory + "/../elsewhere.txt")
        os.symlink("../elsewhere.txt", directory + "/audit.txt")
    code, out = verify(tampered(link), "--key", key)
    equal(code, 3)
    contains(out, "audit.txt: is missing, or no regular file")

with case("the signing key can be replaced: the ledger names both, and the older evidence still verifies with the older key"):
    on("2026-11-03", "key", "retire", "sign.key")
    on("2026-11-03", "audit", "key", code=1)
    on("2026-11-04", "run")
    fresh = on("2026-11-04", "audit", "key").out.strip()
    true(fresh != key, "the key is the same")
    on("2026-11-05", "audit", "export", os.path.join(desk, "fresh"))
    code, out = verify("fresh", "--key", fresh, "--head", head_of(mails[1]))
    equal(code, 0, out)
    equal(verify("november", "--key", key)[0], 0)

with case("a lost signing key is told, and nothing is signed with another in secret"):
    contains(retour.run("doctor").out, "public: " + fresh)
    os.unlink(os.path.join(retour.data, "keys", "sign.key"))
    contains(retour.run("doctor").out, "sign.key")
    result = on("2026-11-06", "run", code=2)
    contains(result.err, "sign.key")
    contains(result.err, "missing")

finish()
