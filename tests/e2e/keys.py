#!/usr/bin/python3
"""Keys from the command line: made once however many want them, listed, replaced with the progress shown, destroyed and named in the ledger; and what is lost,
damaged, half written, of another store or open to others is refused with what to do, never replaced in silence."""
import datetime
import os
import shutil
import stat
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib import pseudonym
from lib.contacts import BOUNCE, DEAD, Bounces
from lib.harness import *

Retour.watched = True

ANNA, BEN, CARLA = ("%s.keys@example.net" % name for name in ("anna", "ben", "carla"))
retour = Retour(now="2026-11-20T06:00:00Z")
bounces = Bounces(retour)
KEYS = retour.data + "/keys/"


def verdicts(*addresses):
    result = retour.run("check", "--json", input="\n".join(addresses))
    equal(result.code, 0, result)
    return [line["verdict"] for line in result.lines()]


def listed(**more):
    """{name: the other columns} of key list, and the line below the table."""
    result = retour.run("key", "list", **more)
    equal(result.code, 0, result)
    rows = [line.split() for line in result.out.splitlines()[1:]]
    return {row[0]: row[1:] for row in rows if row[0].endswith(".key")}, [row for row in rows if not row[0].endswith(".key")]


def ledger(kind):
    return [row[0] for row in retour.sql("SELECT detail FROM ledger WHERE kind = ? ORDER BY number", kind)]


def contacts_under(name, *newer):
    """Who is found by the key NAME, and the NEWER ones under which its pseudonyms were sealed."""
    held = {row[0] for row in retour.sql("SELECT pseudonym FROM contact")}
    found = []
    for address in ANNA, BEN, CARLA:
        made = pseudonym.of(pseudonym.key(KEYS + name), "state", address)
        for other in newer:
            made = pseudonym.sealed(pseudonym.key(KEYS + other), made)
        found += [address] if made in held else []
    return found


with case("a key has two lines, mode 0600 and a directory of mode 0700, and lies outside of the database"):
    bounces.take((ANNA, DEAD, 3), (BEN, DEAD, 4), (CARLA, DEAD, 5))
    equal(stat.S_IMODE(os.stat(KEYS).st_mode), 0o700)
    with open(retour.database, "rb") as f:
        database = f.read()
    for name in sorted(set(os.listdir(KEYS)) - {"ledger-head"}):
        with open(KEYS + name) as f:
            head, digits = f.read().splitlines()
        true(head.startswith("retour key 1 ") and len(digits) == 64, name)
        equal(stat.S_IMODE(os.stat(KEYS + name).st_mode), 0o600)
        true(bytes.fromhex(digits) not in database and digits.encode() not in database.lower(), name)

with case("key list shows name, purpose, month, when each was made, its fingerprint and where it lies, and no key"):
    rows, rest = listed()
    equal({name: (row[0], row[1], row[-1]) for name, row in rows.items()},
          {"state.key": ("state", "-", "file"), "message.key": ("message", "-", "file"), "event-2026-11.key": ("event", "2026-11", "file")})
    equal(rest, [])
    for name in rows:
        with open(KEYS + name) as f:
            true(f.read().splitlines()[1] not in retour.run("key", "list").out, name)

with case("two processes that begin at once make one key each month, and all that both stored is found under it"):
    processes = []
    retour.write_config()
    for number in range(6):
        folder = "%s/at-once-%d" % (retour.dir, number)
        os.mkdir(folder)
        with open(folder + "/1.eml", "w", encoding="ascii") as f:
            f.write(BOUNCE % {"date": "05 Oct 2026 05:00:00 +0000", "number": 500 + number, "recipient": "atonce%d@example.net" % number, "status": DEAD[0],
                              "text": DEAD[1], "host": "mx.example.net"})
        processes.append((folder, subprocess.Popen(retour.arguments(("import", folder)), stderr=subprocess.PIPE)))
    again = []
    for folder, process in processes:
        process.communicate()
        true(process.returncode in (0, 4), process.returncode)
        again += [folder] if process.returncode == 4 else []
    for folder in again:
        equal(retour.run("import", folder).code, 0)
    equal(sum(entry.startswith("purpose=event month=2026-10 ") for entry in ledger("key-created")), 1)
    key = pseudonym.key(KEYS + "event-2026-10.key")
    held = {row[0] for row in retour.sql("SELECT pseudonym FROM event")}
    equal([number for number in range(6) if pseudonym.of(key, "event", "atonce%d@example.net" % number) not in held], [])

with case("rotated: everybody is found under both keys, and the progress is shown"):
    contains(retour.run("key", "rotate", "state").out, "state-2.key names contacts from now on")
    equal(verdicts(ANNA, BEN, CARLA), ["suppress"] * 3)
    rows, rest = listed()
    true({"state.key", "state-2.key"} <= set(rows), rows)
    equal(rest[0][0], "9")
    bounces.take((ANNA, DEAD, 10))
    equal(listed()[1][0][0], "8")
    equal((contacts_under("state.key", "state-2.key"), contacts_under("state-2.key")), ([BEN, CARLA], [ANNA]))
    equal(contacts_under("state.key"), [])
    contains(retour.run("audit").out, "state-2.key")

with case("a state key that was replaced is retired: who can be named moves, the rest is told and not forgotten unasked"):
    for code, arguments in ((2, ("state.key",)), (2, ("state.key", "--give-up")), (2, ("state-2.key",)), (2, ("state.key", ANNA)), (2, ("verp-aa.key", "-"))):
        result = retour.run("key", "retire", *arguments, input="")
        equal(result.code, code, (arguments, result))
    retour.command_lines.clear()
    contains(retour.run("key", "retire", "state.key").err, "8 contacts, 0 of them objections, are found by way of state.key")
    result = retour.run("key", "retire", "state.key", "-", input="%s\nno address\n" % CARLA)
    equal(result.code, 2, result)
    contains(result.err, "1 contacts moved")
    contains(result.err, "7 contacts, 0 of them objections")
    equal(ledger("key-moved"), ["addresses=2 moved=1"])
    equal((contacts_under("state.key", "state-2.key"), contacts_under("state-2.key")), ([BEN], [ANNA, CARLA]))
    equal(verdicts(ANNA, BEN, CARLA), ["suppress"] * 3)
    equal(len(ledger("key-destroyed")), 0)

with case("with the last contact the old key is overwritten, removed, and named in the ledger"):
    equal(retour.run("forget", input="\n".join([BEN, CARLA] + ["atonce%d@example.net" % n for n in range(6)])).code, 0)
    true(not any(row[0].isdigit() for row in listed()[1]), "some are left")
    kept = open(KEYS + "state.key", "rb")  # the same bytes, whatever becomes of the name
    digits = kept.read().splitlines()[1]
    equal(retour.run("purge").code, 0)
    true(not os.path.exists(KEYS + "state.key"), "the old key is still there")
    kept.seek(0)
    true(digits not in kept.read(), "its bytes were not overwritten")
    true(any(entry.startswith("purpose=state name=state.key fingerprint=") for entry in ledger("key-destroyed")), ledger("key-destroyed"))
    equal(verdicts(ANNA, BEN), ["suppress", "send"])

with case("a state key whose contacts cannot be named is ended by an operator's word, and the ledger counts what was given up"):
    other = Retour(now="2026-11-20T06:00:00Z")
    Bounces(other).take((ANNA, DEAD, 3))
    equal(other.run("suppress", "add", "--reason", "asked", input=BEN).code, 0)
    equal(other.run("key", "rotate").code, 0)
    contains(other.run("key", "list").out, "2 contacts, 1 of them objections, are found by way of state.key, which finds nobody alone any more")
    result = other.run("key", "retire", "state.key", "--give-up", "--reason", "nobody has the list any more")
    equal(result.code, 0, result)
    equal(other.sql("SELECT detail FROM ledger WHERE kind = 'key-given-up'"), [('purpose=state name=state.key contacts=1 objections=1 reason="nobody has the list any more"',)])
    equal((os.path.exists(other.data + "/keys/state.key"), other.sql("SELECT count(*) FROM contact")), (False, [(0,)]))
    equal(other.run("audit").code, 0)

with case("a key that came as a systemd credential is listed as such, works, and is not destroyed"):
    credentials = retour.dir + "/credentials"
    os.mkdir(credentials, 0o700)
    for name in ("state-2.key", "message.key"):
        os.rename(KEYS + name, credentials + "/" + name)
        os.chmod(credentials + "/" + name, 0o400)
    with open(credentials + "/imap-password", "w") as f:
        f.write("secret\n")
    equal(retour.run("check", input=ANNA).code, 2)
    retour.environment["CREDENTIALS_DIRECTORY"] = credentials
    equal(verdicts(ANNA), ["suppress"])
    rows, _rest = listed()
    equal({name: row[-1] for name, row in rows.items() if row[0] in ("state", "message")}, {"state-2.key": "credential", "message.key": "credential"})
    true("imap-password" not in rows, rows)
    equal(retour.run("purge").code, 0)
    equal(sorted(os.listdir(credentials)), ["imap-password", "message.key", "state-2.key"])
    contains(retour.run("audit", "--format", "xml").out, 'place="credential"')
    for name in ("state-2.key", "message.key"):
        os.rename(credentials + "/" + name, KEYS + name)
        os.chmod(KEYS + name, 0o600)
    del retour.environment["CREDENTIALS_DIRECTORY"]

with case("a key of return paths is replaced, the older one still checks, and retired it proves nothing more"):
    retour.config["origin"]["verp"] = "bounce+{token}@bounce.example.org"
    path = retour.run("verp", "--campaign", "c", input=ANNA).out.splitlines()[1].split(",")[1]
    old = next(name for name in listed()[0] if name.startswith("verp-"))
    equal(retour.run("key", "rotate", "verp").code, 0)
    equal(sum(name.startswith("verp-") for name in listed()[0]), 2)
    folder = retour.dir + "/paths"
    os.mkdir(folder)

    def origin(number):
        with open(folder + "/1.eml", "w", encoding="ascii") as f:
            f.write("Delivered-To: %s\n" % path + BOUNCE.replace("To: bounces@example.org", "To: " + path)
                    % {"date": "12 Nov 2026 05:00:00 +0000", "number": number, "recipient": ANNA, "status": DEAD[0], "text": DEAD[1], "host": "mx.example.net"})
        equal(retour.run("import", folder).code, 0)
        return retour.sql("SELECT count(*) FROM event WHERE origin = 'verified'")[0][0]

    equal(origin(700), 1)
    equal(retour.run("key", "retire", old).code, 0)
    true(not os.path.exists(KEYS + old), old)
    equal(origin(701), 1, "a token of a key that is gone proved something")
    contains(ledger("key-destroyed")[-1], old)


def refused(words, *command):
    """Every command that needs the key says so, and makes no other."""
    for one in command or ("check", "purge", "run", "audit"):
        result = retour.run(one, input="")
        equal(result.code, 2, (one, result))
        contains(result.err, words, one)


def with_changed(name, change, words):
    saved = retour.dir + "/saved"
    shutil.copy2(KEYS + name, saved)
    before = sorted(os.listdir(KEYS))
    change(KEYS + name)
    there = sorted(os.listdir(KEYS))
    refused(words)
    equal(sorted(os.listdir(KEYS)), there)
    if os.path.lexists(KEYS + name):
        os.unlink(KEYS + name)
    shutil.copy2(saved, KEYS + name)
    equal(sorted(os.listdir(KEYS)), before)
    equal(verdicts(ANNA), ["suppress"])


def write(text):
    def change(path):
        with open(path, "w") as f:
            f.write(text)
    return change


for name in ("state-2.key", "message.key"):
    with case("%s lost: refused, and no other is made in its place" % name):
        with_changed(name, os.unlink, "missing; without it the store cannot be used")
    with case("%s half written: refused as damaged" % name):
        with_changed(name, lambda path: os.truncate(path, 40), "damaged")
    with case("%s of another store: refused" % name):
        with_changed(name, write("retour key 1 %s\n%s\n" % (name.split(".")[0].split("-")[0], "ab" * 32)), "not the key that this store was made with")
    with case("%s readable by others: refused, with the command that mends it" % name):
        with_changed(name, lambda path: os.chmod(path, 0o640), "chmod 0600")
    with case("%s replaced by a link to elsewhere: refused" % name):
        with_changed(name, lambda path: (os.unlink(path), os.symlink("/dev/zero", path)), name)

with case("a key directory that others may enter: refused, with the command that mends it"):
    os.chmod(KEYS, 0o750)
    refused("chmod 0700")
    os.chmod(KEYS, 0o700)

with case("a key file that was begun when the machine stopped is never taken, and the next purge removes it"):
    with open(KEYS + ".new-0123456789abcdef", "w") as f:
        f.write("retour key 1 state\n" + "cd" * 20)
    os.chmod(KEYS + ".new-0123456789abcdef", 0o600)
    equal(verdicts(ANNA), ["suppress"])
    equal(retour.run("purge").code, 0)
    true(not os.path.exists(KEYS + ".new-0123456789abcdef"), "it is still there")

with case("a key that a kill left under two names, as an older version did, is not overwritten"):
    os.link(KEYS + "state-2.key", KEYS + ".new-00112233445566aa")
    equal(retour.run("purge").code, 0)
    true(not os.path.exists(KEYS + ".new-00112233445566aa"), "the other name is still there")
    equal(verdicts(ANNA), ["suppress"])

NOVEMBER, SECOND, THIRD = ("event-2026-11%s.key" % end for end in ("", "-2", "-3"))
OTHER = "retour key 1 event 2026-11\n%s\n"


def held_of(*addresses):
    result = retour.run("disclose", "--json", input="\n".join(addresses))
    equal(result.code, 0, result)
    return [len(line["events"]) for line in result.lines()]


def in_place(name, text, mode=0o600):
    if os.path.exists(KEYS + name):
        os.unlink(KEYS + name)
    with open(KEYS + name, "w") as f:
        f.write(text)
    os.chmod(KEYS + name, mode)


with case("a month's key that is lost while its events are there: told, ledgered, and new events lie under another"):
    before = retour.sql("SELECT count(*) FROM event")[0][0]
    known = held_of(ANNA)
    os.rename(KEYS + NOVEMBER, retour.dir + "/november")
    contains(retour.run("doctor").out, "2026-11: the store has events under a key that is not there; put event-2026-11.key back")
    bounces.number = 900
    bounces.take((BEN, DEAD, 15))
    equal((os.path.exists(KEYS + NOVEMBER), os.path.exists(KEYS + SECOND)), (False, True))
    equal(retour.sql("SELECT count(*) FROM event")[0][0], before + 1)
    contains(ledger("key-lost")[-1], "purpose=event month=2026-11 events=%d" % before)
    contains(retour.run("audit").out, "the events of 2026-11 lie under a key that is not there")
    equal(retour.run("run").code, 0)
    contains(retour.run("alerts").out, "A month's key is missing")
    equal(held_of(ANNA, BEN), [0, 1])
    for command in "disclose", "forget":
        contains(retour.run(command, input="nobody.keys@example.net").err, command + ": the events of 2026-11 lie under a key that is not there, and were not looked through")

with case("it is put back: what lies under it is found again, and nothing speaks of it any more"):
    os.rename(retour.dir + "/november", KEYS + NOVEMBER)
    equal(held_of(ANNA, BEN), known + [1])
    true("not looked through" not in retour.run("disclose", input=ANNA).err, "it is still said")
    true("2026-11: the store has" not in retour.run("doctor").out, "doctor still names it")
    true("under a key that is not there" not in retour.run("audit").out, "audit still names it")
    retour.now = "2026-11-22T06:00:00Z"
    equal(retour.run("run").code, 0)
    true("A month's key is missing" not in retour.run("alerts").out, "the alert is open")
    contains(retour.run("key", "retire", NOVEMBER, "--give-up", "--reason", "there").err, "no events of that month lie under a key that is lost")

for what, text, mode, why in (("another store's key", OTHER % ("ab" * 32), 0o600, "not the key that the store has used under that name"), ("a torn file", "retour key 1 ev", 0o600, "damaged"),
                              ("no key at all", "", 0o600, "damaged"), ("its own one, open to others", None, 0o644, "chmod 0600")):
    with case("%s in the place of a month's key stops no mailbox: named, new events go under a key of their own, it is left as it is" % what):
        place = Retour(now="2026-11-20T06:00:00Z")
        for box in "one", "two":
            place.config["mailbox " + box] = {"protocol": "maildir", "path": place.dir + "/" + box, "processed": "delete"}
            for name in ("new", "cur", "tmp"):
                os.makedirs("%s/%s/%s" % (place.dir, box, name))

        def comes(box, number, month=11):
            with open("%s/%s/new/%d.mx" % (place.dir, box, 1794200000 + number), "w") as f:
                f.write(BOUNCE % {"date": "09 Nov 2026 05:00:00 +0000", "number": number, "recipient": "p%d@example.net" % number, "status": DEAD[0], "text": DEAD[1], "host": "mx.example.net"})

        comes("one", 1)
        equal(place.run("run").code, 0)
        path = place.data + "/keys/" + NOVEMBER
        if text is not None:
            with open(path, "w") as f:
                f.write(text)
        os.chmod(path, mode)
        with open(path, "rb") as f:
            lies = f.read()
        said = place.run("doctor").out
        contains(said, "2026-11: the store has events under a key that is not there")
        contains(said, why)
        for number, box in ((2, "one"), (3, "two")):
            comes(box, number)
        result = place.run("run")
        equal((result.code, os.listdir(place.dir + "/one/new"), os.listdir(place.dir + "/two/new")), (0, [], []), result)
        equal(place.sql("SELECT count(*) FROM event"), [(3,)])
        equal(place.sql("SELECT detail FROM ledger WHERE kind = 'key-lost'"), [("purpose=event month=2026-11 events=1",)])
        contains(place.run("alerts").out, "A month's key is missing")
        audit = place.run("audit")
        equal(audit.code, 3)
        contains(audit.out, "the events of 2026-11 lie under a key that is not there")
        with open(path, "rb") as f:
            equal((f.read(), stat.S_IMODE(os.stat(path).st_mode)), (lies, mode))
        equal([len(line["events"]) for line in place.run("disclose", "--json", input="p1@example.net\np2@example.net").lines()], [0, 1])
        equal(place.run("forget", input="p3@example.net\n").code, 0)
        equal(place.run("key", "retire", NOVEMBER, "--give-up", "--reason", "nobody has it").code, 0)
        place.now = "2026-11-21T06:00:00Z"
        equal(place.run("run").code, 0)
        true("A month's key is missing" not in place.run("alerts").out, "the alert is open")
        for month in ("2026-12", "2027-01", "2027-02", "2027-03", "2027-04", "2027-05", "2027-06"):
            place.now = month + "-01T06:00:00Z"
            equal(place.run("purge").code, 0)
        left = sorted(name for name in os.listdir(place.data + "/keys") if name.startswith("event"))
        equal(left, [NOVEMBER] if text is not None else [])  # the own one is destroyed with its month, another's is not ours to destroy
        equal(place.run("audit").code, 3 if left else 0)
        for name in left:
            with open(path, "rb") as f:
                equal(f.read(), lies)

with case("what lies under the name that comes next and is no key is passed by: the key after it is made, and it is left as it is"):
    place = Retour(now="2026-11-20T06:00:00Z")
    place.config["mailbox one"] = {"protocol": "maildir", "path": place.dir + "/one", "processed": "delete"}
    for folder in ("new", "cur", "tmp"):
        os.makedirs("%s/one/%s" % (place.dir, folder))
    for number in (1, 2):
        with open("%s/one/new/%d.mx" % (place.dir, 1794200000 + number), "w") as f:
            f.write(BOUNCE % {"date": "09 Nov 2026 05:00:00 +0000", "number": number, "recipient": "p%d@example.net" % number, "status": DEAD[0], "text": DEAD[1], "host": "mx.example.net"})
        equal(place.run("run").code, 0)
        if number == 1:
            for name in (NOVEMBER, "event-2026-11-2.key"):
                with open(place.data + "/keys/" + name, "w") as f:
                    f.write("retour key 1 ev")
                os.chmod(place.data + "/keys/" + name, 0o600)
    equal((os.listdir(place.dir + "/one/new"), place.sql("SELECT count(*) FROM event")), ([], [(2,)]))
    equal(sorted(name for name in os.listdir(place.data + "/keys") if name.startswith("event")), ["event-2026-11-2.key", "event-2026-11-3.key", NOVEMBER])
    with open(place.data + "/keys/event-2026-11-2.key") as f:
        equal(f.read(), "retour key 1 ev")
    equal([len(line["events"]) for line in place.run("disclose", "--json", input="p1@example.net\np2@example.net").lines()], [0, 1])

for name, code in (("state.key", 2), ("message.key", 2), (NOVEMBER, 1)):
    with case("%s is read back before a message is settled: what the disk gives otherwise is not used, and nothing is lost" % name):
        place = Retour(now="2026-11-20T06:00:00Z")
        place.config["mailbox one"] = {"protocol": "maildir", "path": place.dir + "/one", "processed": "delete"}
        for folder in ("new", "cur", "tmp"):
            os.makedirs("%s/one/%s" % (place.dir, folder))
        with open(place.dir + "/one/new/1794200001.1.mx", "w") as f:
            f.write(BOUNCE % {"date": "09 Nov 2026 05:00:00 +0000", "number": 1, "recipient": ANNA, "status": DEAD[0], "text": DEAD[1], "host": "mx.example.net"})
        place.write_config()
        # ten bytes of nothing, where the file that was just made is read for the first time
        torn = ["strace", "-f", "-o", "/dev/null", "-P", place.data + "/keys/" + name, "-e", "trace=read", "-e", "inject=read:retval=10:when=1"]
        unleaked = dict(os.environ, ASAN_OPTIONS="detect_leaks=0:exitcode=99")  # who looks for leaks cannot be traced
        done = subprocess.run(torn + place.arguments(["run"]), env=unleaked, capture_output=True, text=True, timeout=60)
        equal((done.returncode, len(os.listdir(place.dir + "/one/new"))), (code, 1), done.stderr)
        contains(done.stderr, name + ": damaged")
        equal(place.run("run").code, 0)
        equal((os.listdir(place.dir + "/one/new"), len(place.run("disclose", "--json", input=ANNA).lines()[0]["events"])), ([], 1))

with case("a month's lost key is given up by a ledgered act with a reason: doctor and alerts are quiet, audit still names it"):
    os.rename(KEYS + NOVEMBER, retour.dir + "/november")
    before = retour.sql("SELECT count(*) FROM event")[0][0]
    for refused in ((NOVEMBER,), ("event-2026-10.key", "--give-up", "--reason", "none such"), (NOVEMBER, "--give-up")):
        equal(retour.run("key", "retire", *refused).code, 2, refused)
    equal(retour.run("key", "retire", NOVEMBER, "--give-up", "--reason", "lost with the disk").code, 0)
    contains(ledger("key-given-up")[-1], 'purpose=event month=2026-11 events=')
    contains(ledger("key-given-up")[-1], 'reason="lost with the disk"')
    contains(retour.run("doctor").out, "2026-11: the store has events under a key that was lost and given up")
    retour.now = "2026-11-28T06:00:00Z"
    equal(retour.run("run").code, 0)
    true("A month's key is missing" not in retour.run("alerts").out, "the alert is open")
    contains(retour.run("audit").out, "2026-11 (given up)")
    equal(retour.run("key", "retire", NOVEMBER, "--give-up", "--reason", "again").code, 2)
    true(os.path.exists(KEYS + SECOND), "the present key of the month is gone")
    # the other is lost, too, and given up before a new event came
    os.rename(KEYS + SECOND, retour.dir + "/second")
    contains(retour.run("doctor").out, "let them go: retour key retire event-2026-11.key")
    equal(retour.run("key", "retire", NOVEMBER, "--give-up", "--reason", "twice").code, 0)
    equal((len(ledger("key-lost")), os.path.exists(KEYS + THIRD)), (2, True))
    contains(ledger("key-given-up")[-1], 'purpose=event month=2026-11 events=%d ' % before)
    contains(retour.run("doctor").out, "given up")
    os.rename(retour.dir + "/november", KEYS + NOVEMBER)
    os.rename(retour.dir + "/second", KEYS + SECOND)
    true("2026-11: the store has" not in retour.run("doctor").out, "doctor names what is there again")

with case("the clock set back over a month's end: both months have their keys, nothing counts twice, and each key goes with its own events"):
    retour.now = "2026-12-01T00:10:00Z"
    bounces.take((CARLA, DEAD, "01 Dec"))
    retour.now = "2026-11-30T23:50:00Z"
    bounces.take((CARLA, DEAD, "30 Nov"), (BEN, DEAD, "01 Dec"))  # a date that is yet to come
    true({"event-2026-11.key", "event-2026-12.key"} <= set(os.listdir(KEYS)), os.listdir(KEYS))
    equal(retour.run("purge").code, 0)
    true({"event-2026-11.key", "event-2026-12.key"} <= set(os.listdir(KEYS)), os.listdir(KEYS))
    equal(retour.sql("SELECT count(*) FROM event WHERE at > ?", int(datetime.datetime(2026, 12, 1, 0, 10, tzinfo=datetime.timezone.utc).timestamp())), [(0,)])
    for month in ("2026-12", "2027-01", "2027-02", "2027-03", "2027-04", "2027-05"):  # a gap of more than a month is a broken promise of its own
        retour.now = month + "-28T06:00:00Z"
        equal(retour.run("purge").code, 0)
    retour.now = "2027-05-29T06:00:00Z"
    equal(retour.run("purge").code, 0)
    months = sorted(name for name in os.listdir(KEYS) if name.startswith("event-"))
    equal(months, ["event-2026-12.key"])
    retour.now = "2027-06-02T06:00:00Z"
    equal(retour.run("purge").code, 0)
    equal([name for name in os.listdir(KEYS) if name.startswith("event-")], [])
    equal(retour.run("audit").code, 0)

with case("no process leaves a core"):
    sleeping = retour.start("check", stdin=subprocess.PIPE)
    sleeping.stdin.write((ANNA + "\n").encode())
    sleeping.stdin.flush()
    for _ in range(100):
        with open("/proc/%d/limits" % sleeping.pid) as f:
            core = next(line for line in f if line.startswith("Max core file size")).split()[4:6]
        if core == ["0", "0"]:
            break
        time.sleep(0.02)
    equal(core, ["0", "0"])
    sleeping.stdin.close()
    sleeping.wait()

finish()
