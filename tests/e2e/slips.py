#!/usr/bin/python3
"""Mistakes of a later day: files in other forms than one thinks, places that are no more, days that there are not. Each is told with what it is about, what would be right, the exit code,
and without an address. They share a store; what needs a mail server stands in mistakes.py."""
import copy
import gzip
import os
import shutil
import sqlite3
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.bounce import bounce
from lib.harness import *

ADDRESS = "some.body.rare@example.net"
retour = Retour()


def file_of(name, data):
    path = os.path.join(retour.dir, name)
    with open(path, "wb") as f:
        f.write(data.encode() if isinstance(data, str) else data)
    os.chmod(path, 0o600)
    return path


file_of("mail.eml", bounce("anna", "5.1.1", "550 5.1.1 User unknown"))
for folder in "", "/new", "/cur", "/tmp":
    os.mkdir(retour.dir + "/box" + folder)
FORMS = {"u16.csv": "email,reason\na@example.net,hard\n".encode("utf-16"), "list.gz": gzip.compress(b"email\n"), "list.xlsx": b"PK\x03\x04" + bytes(90), "list.json": '[{"email": "%s"}]' % ADDRESS,
         "list.html": "<!DOCTYPE html>\n<html>", "mail.msg": b"\xd0\xcf\x11\xe0\xa1\xb1" + bytes(90), "mail.pdf": b"%PDF-1.7\n", "mbox.gz": gzip.compress(b"From a\n"), "empty": "",
         "two.csv": "id,email\n1,%s\n" % ADDRESS, "volume.json": "[\n{}]", "cr.csv": "email,reason\r%s,hard\r" % ADDRESS, "token": "x" * 20, "mbox": "From a\n",
         "quote.csv": 'email,x\n"a@example.net,1\n', "latin1": "m\xfcller@example.net\n".encode("latin-1"), "two": "a@example.net b@example.net\n", "commas.csv": "," * (8 << 20), "volumes.csv": "2026-11-01,nl,gmail,5\n" * 5000}
for name, data in FORMS.items():
    file_of(name, data)
retour.config["mailbox bounces"] = {"protocol": "maildir", "path": retour.dir + "/box"}
usual = copy.deepcopy(retour.config)
equal(retour.run("import", retour.dir + "/mail.eml").code, 0)
equal(retour.run("run").code, 0)


def keys(section, **values):
    return lambda: retour.config.setdefault(section, {}).update(values)


def path_of(protocol, name):
    return lambda: retour.config["mailbox bounces"].update(protocol=protocol, path=retour.dir + "/" + name)


nothing = lambda: None
DAYS = ("--from", "2026-10-01", "--to", "2026-10-05", "--reason", "x")
report = {"smtp": "127.0.0.1:%d" % free_port(), "tls": "none", "to": "dpo@example.org", "from": "retour@example.org"}
IMAP = {"protocol": "imap", "host": "127.0.0.1", "user": "u", "port": free_port(), "path": None}
# what is wrong, how it comes about, the command, exit code, what is said, and what is not
SLIPS = (
    ("suppression list in UTF-16", nothing, ["suppress", "import", "{dir}/u16.csv"], 2, ["u16.csv: is UTF-16", "save it as UTF-8"]),
    ("suppression list as a spreadsheet", nothing, ["suppress", "import", "{dir}/list.xlsx"], 2, ["list.xlsx", "spreadsheet", "CSV"]),
    ("suppression list packed", nothing, ["suppress", "import", "{dir}/list.gz"], 2, ["list.gz", "gunzip"]),
    ("suppression list as JSON", nothing, ["suppress", "import", "--from", "sendgrid", "{dir}/list.json"], 2, ["list.json", "is JSON", "jq"]),
    ("suppression list that is a login page", nothing, ["suppress", "import", "--from", "ses", "{dir}/list.html"], 2, ["list.html", "HTML"]),
    ("suppression list without anything", nothing, ["suppress", "import", "--from", "ses", "{dir}/empty"], 0, ["empty: nothing stands in it"]),
    ("suppression list with a bad line", nothing, ["suppress", "import", "{dir}/bad.csv"], 1, ["bad.csv: line 2: no address"]),
    ("volumes in UTF-16", nothing, ["volume", "import", "{dir}/u16.csv"], 1, ["u16.csv: line 1: this is UTF-16"]),
    ("volumes as JSON", nothing, ["volume", "import", "{dir}/volume.json"], 1, ["is JSON"]),
    ("a list to ask about as a spreadsheet", nothing, ["check", "{dir}/list.xlsx"], 1, ["list.xlsx", "spreadsheet"]),
    ("a list to ask about as JSON", nothing, ["check", "{dir}/list.json"], 1, ["list.json", "is JSON"]),
    ("a list of an old Mac", nothing, ["check", "--column", "email", "{dir}/cr.csv"], 1, ["cr.csv: its lines end with CR alone"]),
    ("a list of an old Mac, without columns", nothing, ["check", "{dir}/cr.csv"], 1, ["cr.csv: its lines end with CR alone"]),
    ("a port that there is not", nothing, ["serve", "--postfix", "127.0.0.1:99999"], 2, ["127.0.0.1:99999: no port", "65535"]),
    ("a port in letters", nothing, ["serve", "--http", "127.0.0.1:http", "--token-file", "{dir}/token"], 2, ["no port behind the last colon"]),
    ("a zone that there is not", nothing, ["check", "--now", "2026-11-02T06:00:00+25:00"], 2, ["is no time"]),
    ("a backup into a pipe", nothing, ["backup", "-"], 2, ["wants a FILE"]),
    ("a list with columns, none named", nothing, ["check", "{dir}/two.csv"], 1, ["--column says which"]),
    ("a column beyond the last", nothing, ["check", "--column", "9", "{dir}/two.csv"], 2, ["fewer than 9 columns"]),
    ("a directory to ask about", nothing, ["check", "{dir}"], 1, ["{dir}", "Is a directory"]),
    ("a log that is only in the journal", nothing, ["volume", "log", "/nonexistent/mail.log"], 1, ["/nonexistent/mail.log", "in the journal?"]),
    ("mail packed", nothing, ["import", "{dir}/mbox.gz"], 2, ["mbox.gz", "gunzip"]),
    ("mail as Outlook saves it", nothing, ["import", "{dir}/mail.msg"], 2, ["mail.msg", ".eml"]),
    ("mail printed to PDF", nothing, ["import", "{dir}/mail.pdf"], 2, ["mail.pdf", "PDF"]),
    ("mail from an empty file", nothing, ["import", "{dir}/empty"], 0, ["no mail in it"]),
    ("a time zone that is a directory of them", keys("report", timezone="Europe"), ["config", "check"], 2, ["[report] timezone: unknown zone", "Europe/Berlin"]),
    ("a time zone that is another file there", keys("report", timezone="zone.tab"), ["config", "check"], 2, ["[report] timezone: unknown zone"]),
    ("a time zone that counts leap seconds", keys("report", timezone="right/UTC"), ["config", "check"], 2, ["[report] timezone: unknown zone"]),
    ("a return path with two tokens", keys("origin", verp="bounce+{token}@{token}.example.org"), ["config", "check"], 2, ["[origin] verp: names no return path"]),
    ("a control character in a folder's name", keys("mailbox bounces", folder="IN\rBOX"), ["config", "check"], 2, ["line ", "holds a control character"]),
    ("a key that is no text", keys("report", **{"\x1b[31mred": "1"}), ["config", "check"], 2, ["line ", "holds a control character"]),
    ("lines without end", keys("report", **{"key%d" % n: n for n in range(50000)}), ["config", "check"], 2, ["more than 40960 lines"]),
    ("nothing on stdin to import", nothing, ["import", "-"], 0, ["no mail in it"]),
    ("return paths without a form", nothing, ["verp", "--campaign", "nl"], 2, ["[origin] verp", "such as bounce+{token}@bounce.example.org"]),
    ("a reader who is none", nothing, ["report", "--send", "--to", "dpo"], 2, ["such as you@example.org"]),
    ("a report that has no way", nothing, ["report", "--send"], 1, ["from and to in [report]"]),
    ("a comment on a month to come", nothing, ["comment", "--month", "2027-10", "DKIM"], 2, ["2027-10 has not begun"]),
    ("a slip in config's word", nothing, ["config", "chek"], 2, ["chek", "did you mean check?"]),
    ("a slip in the key that rotates", nothing, ["key", "rotate", "stat"], 2, ["did you mean state?"]),
    ("a day that is none", nothing, ["contact", "undo", "--rule", "x", "--from", "2026-02-30", "--to", "2026-10-01", "--reason", "x"], 2, ["--from 2026-02-30", "right would be a day"]),
    ("a time that is none", nothing, ["check", "--now", "2026-02-30T06:00:00Z"], 2, ["2026-02-30", "right would be"]),
    ("days the other way round", nothing, ["contact", "undo", "--rule", "x", "--from", "2026-10-05", "--to", "2026-10-01", "--reason", "x"], 2, ["--from lies behind --to"]),
    ("days of a wave the other way round", nothing, ["contact", "confirm", "--rule", "x", "--from", "2026-10-05", "--to", "2026-10-01", "--reason", "x"], 2, ["--from lies behind --to"]),
    ("a rule with a slip, to be taken back", nothing, ["contact", "undo", "--rule", "gmail.ful", *DAYS], 2, ["gmail.ful: no such rule; did you mean gmail.full?"]),
    ("a list with a slip, to be taken back", nothing, ["contact", "undo", "--rule", "suppress.sendgird", "--reason", "x"], 2, ["no such rule; did you mean suppress.sendgrid?"]),
    ("a sense with a slip, to be taken back", nothing, ["contact", "undo", "--rule", "sense.nobdy", *DAYS], 2, ["did you mean sense.nobody?"]),
    ("a complaint's rule with a slip, to be taken back", nothing, ["contact", "undo", "--rule", "arf.abus", *DAYS], 2, ["did you mean arf.abuse?"]),
    ("a code that is no rule's name", nothing, ["contact", "undo", "--rule", "5.1.1", *DAYS], 2, ["5.1.1: no such rule; did you mean code.5.1.1?"]),
    ("a rule that nobody has", nothing, ["contact", "undo", "--rule", "nosuch", *DAYS], 2, ["nosuch: no such rule", "print their names"]),
    ("a provider with a slip, to be taken back", nothing, ["contact", "undo", "--provider", "gmial", *DAYS], 2, ["gmial: no such provider; did you mean gmail?"]),
    ("a provider by a domain of its", nothing, ["contact", "undo", "--provider", "outlook.com", "--dry-run", *DAYS], 2, ["did you mean microsoft?"]),
    ("a wave of a provider with a slip", nothing, ["contact", "confirm", "--provider", "gmial", *DAYS], 2, ["did you mean gmail?"]),
    ("a wave that there is not", nothing, ["contact", "confirm", "--provider", "gmail", *DAYS], 1, ["--list shows what is"]),
    ("an investigation of a provider with a slip", nothing, ["contact", "resolve", "--provider", "united-internt", "--category", "reputation", "--reason", "x"], 2, ["did you mean united-internet?"]),
    ("an investigation of a category with a slip", nothing, ["contact", "resolve", "--provider", "gmail", "--category", "reputaton", "--reason", "x"], 2, ["did you mean reputation?", "policy"]),
    ("a rule on which nobody rests", nothing, ["contact", "undo", "--rule", "code.5.1.2", *DAYS], 0, ["none of the contacts rest on it"]),
    ("a list that was never taken over", nothing, ["contact", "undo", "--rule", "suppress.ses-2", "--reason", "x"], 0, ["none of the contacts rest on it"]),
    ("a campaign of which nobody knows", nothing, ["contact", "undo", "--campaign", "nl1", *DAYS], 0, ["none of the contacts rest on it", "must be the whole one"]),
    ("a host of which nobody knows", nothing, ["contact", "undo", "--reporting-mta", "mx.example.org", "--dry-run", *DAYS], 0, ["none of the contacts rest on it", "nothing was changed"]),
    ("a key that is none", nothing, ["key", "retire", "nope.key"], 2, ["nope.key: no such key", "`retour key list`"]),
    ("a key with a slip", nothing, ["key", "retire", "sate.key"], 2, ["no such key; did you mean state.key?"]),
    ("a key that may not go", nothing, ["key", "retire", "message.key"], 2, ["without message.key there is no store"]),
    ("a mailbox with a slip", nothing, ["poll", "bounce"], 2, ["no section [mailbox bounce]", "did you mean bounces?"]),
    ("a request's word with a slip", nothing, ["requests", "corect"], 2, ["did you mean correct?"]),
    ("a shell with a slip", nothing, ["completion", "zhs"], 2, ["did you mean zsh?"]),
    ("a verdict with a slip", nothing, ["check", "--only", "sent"], 2, ["did you mean send?"]),
    ("a word that is right, and one too many", nothing, ["config", "check", "/nope"], 2, ["config: check takes no arguments", "retour -c FILE config check"]),
    ("a key without a name", nothing, ["key", "retire"], 2, ["key: retire wants NAME", "`retour key list`"]),
    ("an option before its command", nothing, ["--json", "status"], 2, ["--json stands behind the command that takes it"]),
    ("an option behind its command", nothing, ["status", "-v"], 2, ["-v stands before the command: retour -v status"]),
    ("the configuration behind its command", nothing, ["contact", "undo", "--config", "x"], 2, ["stands before the command: retour --config FILE contact undo"]),
    ("somebody taken off the list", nothing, ["suppress", "remove"], 2, ["suppress: remove: `retour contact reactivate --reason TEXT`"]),
    ("who is suppressed, to be listed", nothing, ["suppress", "list"], 2, ["suppress: list: `retour suppressions` lists them"]),
    ("a contact deleted", nothing, ["contact", "delete"], 2, ["contact: delete: `retour contact reactivate"]),
    ("a month without its option", nothing, ["report", "2026-10"], 2, ["right would be --month 2026-10"]),
    ("a month of one digit", nothing, ["report", "--month", "2026-1"], 2, ["--month 2026-1: right would be YYYY-MM, such as 2026-11"]),
    ("a month by a word", nothing, ["comment", "--month", "last", "x"], 2, ["--month last: right would be YYYY-MM, such as 2026-11"]),
    ("a remark of two words", nothing, ["comment", "--month", "2026-10", "two", "words"], 2, ["one TEXT, in quotes"]),
    ("an investigation by half its name", nothing, ["contact", "resolve", "--provider", "gmail", "--reason", "x"], 2, ["--provider and --category need each other"]),
    ("a report into a directory that is not there", nothing, ["report", "--output", "/nonexistent/x"], 1, ["/nonexistent/x: ", "the directory for it is not there"]),
    ("a report onto a directory", nothing, ["report", "--output", "{dir}"], 1, ["{dir}: Is a directory; right would be a file in it"]),
    ("a report into nothing", nothing, ["report", "--output", ""], 2, ["the file to be made has no name"]),
    ("a backup into a directory that is not there", nothing, ["backup", "/nonexistent/x"], 1, ["/nonexistent/x", "the directory for it is not there"]),
    ("a backup onto a directory", nothing, ["backup", "{dir}/box"], 1, ["{dir}/box", "right would be a file in it"]),
    ("evidence into a directory that is not there", nothing, ["audit", "export", "/nonexistent/a/b"], 1, ["the directory for it is not there"]),
    ("evidence that is none", nothing, ["audit", "verify", "{dir}/box"], 2, ["{dir}/box: no retour.pub in it", "`retour audit export`"]),
    ("a public key that is not there", nothing, ["audit", "verify", "{dir}/box", "--key", "/nonexistent"], 2, ["/nonexistent: no such file", "`retour audit key`"]),
    ("a directory as volumes", nothing, ["volume", "import", "{dir}/box"], 1, ["{dir}/box: Is a directory; right would be a file in it"]),
    ("a directory as data subjects", nothing, ["forget", "{dir}/box"], 1, ["{dir}/box: Is a directory", "nothing was erased"]),
    ("a directory as a list", nothing, ["check", "{dir}/box"], 1, ["{dir}/box: Is a directory; right would be a file in it"]),
    ("a directory as suppressions", nothing, ["suppress", "import", "{dir}/box"], 2, ["{dir}/box: Is a directory; right would be a file in it"]),
    ("a quote that nothing closes", nothing, ["check", "--column", "email", "{dir}/quote.csv"], 1, ["line 2 is no address", 'a " behind each field']),
    ("a header of commas without end", nothing, ["check", "--column", "email", "{dir}/commas.csv"], 2, ["the header has no such column"]),
    ("a list of another kind to an erasure", nothing, ["forget", "{dir}/volumes.csv"], 1, ["line 20 is no address", "further lines of that kind are only counted", "5000 of 5000 lines are no address"]),
    ("a list of another kind to disclose", nothing, ["disclose", "{dir}/volumes.csv"], 1, ["line 20 is no address", "5000 of 5000 lines are no address"]),
    ("a list of another kind to verp", keys("origin", verp="bounce+{token}@example.org"), ["verp", "--campaign", "c", "{dir}/volumes.csv"], 1, ["line 20: not an address", "5000 of 5000 lines gave no return path"]),
    ("a list in Latin-1", nothing, ["check", "{dir}/latin1"], 1, ["line 1 is no address", "saved as UTF-8"]),
    ("two addresses on a line", nothing, ["check", "{dir}/two"], 1, ["line 1 is no address", "one address a line"]),
    ("a socket in the place of a file", nothing, ["serve", "--postfix", "{dir}/empty"], 2, ["{dir}/empty: there is something else of that name"]),
    ("a socket in a directory that is not there", nothing, ["serve", "--http", "/nonexistent/x"], 2, ["/nonexistent/x", "the directory for it is not there"]),
    ("a certificate that is empty", nothing, ["serve", "--tls", "127.0.0.1:0", "--to", "{dir}/x", "--certificate", "{dir}/empty", "--key", "{dir}/empty", "--ca-file", "{dir}/empty", "--client", "x"],
     2, ["{dir}/empty", "a certificate in PEM and the key that belongs to it"]),
    ("a day as cursor", nothing, ["events", "--since", "2026-10-01"], 2, ["--since: not a cursor", 'the last "cursor" that it printed']),
    ("sites where there is one store", nothing, ["sites"], 0, ["sites: none is known", "retour-sites(7)"]),
    ("a list as mail", nothing, ["classify", "{dir}/two.csv"], 0, ["{dir}/two.csv does not begin with a header"]),
    ("a database as mail", nothing, ["classify", "{dir}/data/retour.db"], 0, ["is a database of SQLite"]),
    ("addresses given to import", nothing, ["import", "{dir}/two"], 0, ["{dir}/two does not begin with a header"]),
    ("a page given to import", nothing, ["import", "{dir}/list.html"], 0, ["{dir}/list.html is an HTML page"]),
    ("a directory without mail", nothing, ["classify", "{dir}/box/new"], 0, ["{dir}/box/new: no mail in it"]),
    ("what other programs call it: remove", nothing, ["remove"], 2, ["remove: no such command", "`retour contact reactivate`"]),
    ("what other programs call it: block", nothing, ["block"], 2, ["block: no such command", "`retour suppress add`"]),
    ("what other programs call it: export", nothing, ["export"], 2, ["export: no such command", "`retour events`"]),
    ("help about help", nothing, ["help", "stats"], 2, ["stats: no such command", "`retour status`"]),
    ("a month of which nothing is known", nothing, ["report", "--month", "2020-01"], 0, ["report of 2020-01: nothing was counted"]),
    ("nobody to resolve", nothing, ["contact", "resolve", "--reason", "x"], 0, ["0 moved, 0 refused; no address was read"]),
    ("a list of waves that there are not", nothing, ["contact", "confirm", "--list"], 0, ["nothing is held back"]),
    ("a mailbox without a name", lambda: retour.config.update(mailbox={"path": "/x"}), ["poll"], 2, ["[mailbox]: wants a name", "[mailbox bounces]"]),
    ("a colour in another language", keys("report", colour="blau"), ["poll"], 2, ["[report] colour: no colour", "navy"]),
    ("a directory as configuration", nothing, ["-c", "{dir}", "status"], 2, ["{dir}: Is a directory; right would be the INI file in it"]),
    ("a ladder with a slip", keys("ladder mailbox-ful", steps="1h, 2h"), ["doctor"], 0, ["[ladder mailbox-ful] is no size, category or provider", "did you mean mailbox-full?"]),
    ("a rule that is an address", nothing, ["contact", "undo", "--rule", ADDRESS, "--from", "2026-10-01", "--to", "2026-10-01", "--reason", "x"], 2, ["right would be a name"]),
    ("a number of days that is none", nothing, ["words", "--days", "x"], 2, ["retour words: --days x", "1 to 3650"]),
    ("nobody to forget", nothing, ["forget"], 1, ["no address was read", "nothing was erased"]),
    ("nobody to disclose", nothing, ["disclose"], 1, ["no address was read"]),
    ("a backup onto what is there", nothing, ["backup", "{dir}/empty"], 1, ["{dir}/empty", "not there yet"]),
    ("rules that are not there", keys("rules", rules="/nonexistent/rules.ini"), ["poll"], 2, ["[rules] rules: /nonexistent/rules.ini"]),
    ("provider profiles that are not there", keys("rules", providers="/nonexistent/p.ini"), ["poll"], 2, ["[rules] providers: /nonexistent/p.ini"]),
    ("a Maildir that is an mbox", path_of("maildir", "mbox"), ["poll"], 1, ["{dir}/mbox", "right would be protocol = mbox"]),
    ("an mbox that is a Maildir", path_of("mbox", "box"), ["poll"], 1, ["{dir}/box", "right would be protocol = maildir"]),
    ("a password command that is not there", keys("mailbox bounces", **IMAP, password_command="/nonexistent/pass show x"), ["poll"], 1, ["password_command", "no such command", "whole path"]),
    ("metrics into a directory", keys("metrics", file="/tmp"), ["doctor"], 1, ["metrics", "/tmp: not a regular file"]),
    ("a stylesheet that is not there", keys("report", stylesheet="/nonexistent.xsl"), ["doctor"], 1, ["report page", "/nonexistent.xsl"]),
    ("no domain of ours", keys("origin", domains=None), ["doctor"], 0, ["[origin] domains names none"]),
    ("a store in a place that is not there", keys("store", path="/nonexistent/a/b/retour.db"), ["poll"], 2, ["[store] path: /nonexistent/a/b", "not those above it"]),
    ("a directory as store", lambda: keys("store", path=retour.dir)(), ["poll"], 2, ["right would be the path of the database"]),
    ("a mailbox with a colon", lambda: retour.config.update({"mailbox:second": {"protocol": "maildir", "path": "/x"}}), ["poll"], 2, ["right would be [mailbox second]"]),
    ("readers with a semicolon", keys("report", **{**report, "to": "dpo@example.org; it@example.org"}), ["poll"], 2, ["line ", "; within a value begins a comment", "commas"]),
    ("a port in the server's name", keys("mailbox bounces", **{**IMAP, "host": "mail.example.org:993"}, password_command="true"), ["poll"], 2, ["[mailbox bounces] host", "its port stands in port"]),
    ("a folder over POP3", keys("mailbox bounces", **{**IMAP, "protocol": "pop3", "folder": "Bounces"}, password_command="true"), ["poll"], 2, ["[mailbox bounces] folder", "INBOX alone"]),
)
file_of("bad.csv", "email,reason,date\n%s,hard,2026-10-02\n" % ADDRESS.replace("@", " at "))
for what, make, words, code, said in SLIPS:
    with case("%s: %s" % (what, "; ".join(said))):
        retour.config = copy.deepcopy(usual)
        make()
        result = retour.run(*[word.format(dir=retour.dir) for word in words], input="", timeout=30)
        equal(result.code, code, result)
        for part in said:
            contains(result.err + result.out * (words == ["doctor"]), part.replace("{dir}", retour.dir))
        true(ADDRESS not in result.err, result.err)
        true("did you mean %s?" % words[-1] not in result.err, "what was typed is what was meant: " + result.err)
        true(len(result.err) < 1200, "it drowns: " + result.err)
retour.config = copy.deepcopy(usual)

with case("what is refused for its name is not noted as done, and what nobody rests on is"):
    equal(retour.sql("SELECT count(*) FROM taken_back"), [(3,)])
    equal([detail.split()[0] for (detail,) in retour.sql("SELECT detail FROM ledger WHERE kind = 'contact-undo'")], ["rule=code.5.1.2", "rule=suppress.ses-2", "campaign=nl1"])

with case("who was made hard by a rule of which an upgrade changed the name has the way back by its old name"):
    file_of("old.eml", bounce("upgraded", "5.1.1", "550 5.1.1 User unknown"))
    file_of("rules.ini", '[was.called-so]\ncategory = user-unknown\nrank = 200\nen = "user unknown"\n')
    keys("rules", rules=retour.dir + "/rules.ini")()
    equal(retour.run("import", retour.dir + "/old.eml").code, 0)
    retour.config = copy.deepcopy(usual)
    undo = ["contact", "undo", "--rule", "was.called-so", "--from", "2026-11-01", "--to", "2026-11-02", "--reason", "renamed"]
    for also, said in ((["--dry-run"], "would be moved"), ([], "were moved"), (["--dry-run"], "none of the contacts rest on it")):
        result = retour.run(*undo, *also)
        equal(result.code, 0, result)
        contains(result.err, said)
    equal(retour.run(*[word.replace("called-so", "called-sa") for word in undo]).code, 2)

with case("an erasure of nobody is no request, and nothing is noted of it"):
    equal(retour.run("disclose", input="Anna Example\n").code, 1)
    equal([kind for (kind,) in retour.sql("SELECT kind FROM ledger") if kind in ("forget", "disclose")], [])

# --- drop-ins ---------------------------------------------------------------------------------------------------------

drop_ins = retour.ini.removesuffix(".ini") + ".d"
os.mkdir(drop_ins)
with case("a drop-in whose name ends as those of other programs do is said not to be read"):
    for name in "30-c.conf", "40-d.INI", "readme.txt", "10-a.ini~":
        open(os.path.join(drop_ins, name), "w").close()
    for command in "check", "show":
        result = retour.run("config", command)
        equal((result.code, len(result.err.splitlines())), (0, 2), result)
        contains(result.err, ".d/30-c.conf: not read; its name would have to end with .ini")
with case("a drop-in of which all is commented out changes nothing"):
    file_of(os.path.basename(drop_ins) + "/50-e.ini", "; [privacy]\n; k = 5\n")
    equal(retour.run("poll").code, 0)
    os.unlink(drop_ins + "/50-e.ini")
for make, said in ((os.mkfifo, "a pipe or socket; right would be a file"), (os.mkdir, "Is a directory; right would be a file"), (lambda path: os.symlink("/nonexistent", path), "a link that leads nowhere?")):
    with case("a drop-in that is none: " + said):
        make(drop_ins + "/50-e.ini")
        for command in ("config", "check"), ("poll",):
            result = retour.run(*command, timeout=20)
            equal(result.code, 2, result)
            contains(result.err, ".d/50-e.ini: ")
            contains(result.err, said)
        (os.rmdir if make == os.mkdir else os.unlink)(drop_ins + "/50-e.ini")
shutil.rmtree(drop_ins)

# --- where keys cannot be ---------------------------------------------------------------------------------------------

os.mkdir(retour.dir + "/open", 0o755)
for what, place, said in (("lies below what is not there", "no/where/keys", "what it lies in is not there either"), ("lies below a file", "mail.eml/keys", "Not a directory"),
                          ("is a file", "mail.eml", "Not a directory"), ("is the store", "data/retour.db", "is the store's own name"), ("lets others in", "open", "chmod 0700")):
    with case("a first installation whose key directory %s: doctor says so, as a run does" % what):
        first = Retour()
        os.chmod(retour.dir + "/open", 0o755)
        first.config["keys"]["dir"] = (first.dir if place.startswith("data") else retour.dir) + "/" + place
        first.config["mailbox bounces"] = dict(retour.config["mailbox bounces"])
        for command, code in (("doctor", 1), ("run", 2), ("doctor", 1)):
            result = first.run(command)
            equal(result.code, code, result)
            true(command == "run" or said in result.out, result)
        first.config["keys"]["dir"] = first.data + "/keys"
        equal((first.run("doctor").code, first.run("run").code), (0, 0), "mended, both are content")

with case("after an upgrade, before the first run: doctor says what the run will do, and fails nothing"):
    with sqlite3.connect(first.database) as database:
        form = database.execute("PRAGMA user_version").fetchone()[0]
        database.execute("PRAGMA user_version = %d" % (form - 1))
    result = first.run("doctor")
    equal(result.code, 0, result)
    contains(result.out, "schema version %d; the next run brings it to %d" % (form - 1, form))

# --- what was there is gone ------------------------------------------------------------------------------------------

keep = retour.dir + "/kept"
for what, gone, commands, said in (
        ("the keys are gone", "keys", ("check", "poll", "doctor"), ["keys: not there", "retour-recovery(7)"]),
        ("the store is gone", "retour.db", ("check", "poll"), ["says that there was a store", "Is its disk mounted?"])):
    with case("%s: %s" % (what, "; ".join(said))):
        shutil.move(retour.data + "/" + gone, keep)
        for command in commands:
            result = retour.run(command, input="anna@example.net\n")
            true(result.code in (1, 2), result)
            for part in said:
                contains(result.err + result.out, part)
        shutil.move(keep, retour.data + "/" + gone)
with case("the store is something else: file is not a database; retour-recovery(7)"):
    shutil.move(retour.database, keep)
    with open(retour.database, "w") as f:
        f.write("hello " * 2000)
    result = retour.run("check", input="anna@example.net\n")
    true(result.code in (1, 2), result)
    contains(result.err, "retour-recovery(7)")
    shutil.move(keep, retour.database)

finish()
