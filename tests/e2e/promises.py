#!/usr/bin/python3
"""A year day by day, read as promises: nothing is older than its period and one run; with the last event of a month its key is gone; an old copy of the
database cannot be looked up for such a month. And the least that may exist: pseudonyms as another program makes them, and no file that is not on the list."""
import datetime
import glob
import os
import re
import shutil
import sqlite3
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import generate
from lib import pseudonym
from lib.contacts import BOUNCE, DEAD
from lib.harness import *

DAY = 86400
BEGIN = datetime.datetime(2026, 1, 10, 5, tzinfo=datetime.timezone.utc)
PERIODS = {"events": 60, "diagnostics": 10, "messages": 30, "contacts": 120}
DAYS, COPIED_ON, MAIL_EVERY = 365, 100, 4

retour = Retour(now=None)
retour.config["retention"] = {name: "%dd" % days for name, days in PERIODS.items()}
folder = retour.dir + "/mails"
os.mkdir(folder)
sent = {}  # month: addresses
late, keys_amiss, failed, destroyed = [], [], [], set()


def key_files():
    return {os.path.basename(path)[6:13] for path in glob.glob(retour.data + "/keys/event-*.key")}


def one_day(number):
    now = BEGIN + datetime.timedelta(days=number)
    retour.now = now.strftime("%Y-%m-%dT06:00:00Z")
    if number % MAIL_EVERY == 0:
        address = "day%03d.year@example.net" % number
        with open(folder + "/mail.eml", "w", encoding="ascii") as f:
            f.write(BOUNCE % {"date": now.strftime("%d %b %Y 05:00:00 +0000"), "number": number, "recipient": address, "status": DEAD[0], "text": DEAD[1],
                              "host": "mx.example.net"})
        sent.setdefault(now.strftime("%Y-%m"), []).append(address)
        command = ("import", folder)
        if plain(*command):
            failed.append((number, command))
    before = key_files()
    if plain("purge"):
        failed.append((number, "purge"))
    destroyed.update(before - key_files())
    look(number, int(now.timestamp()), now.strftime("%Y-%m"))


def plain(*command):
    """Without the watch of lib.program: there are many runs."""
    retour.write_config()
    return subprocess.run(retour.arguments(command), stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode


def look(number, now, month):
    """What is older than its period and a day, and keys of months that have no event."""
    connection = sqlite3.connect("file:%s?mode=ro" % retour.database, uri=True)
    oldest = {
        "events": "SELECT min(at) FROM event", "diagnostics": "SELECT min(at) FROM event WHERE diagnostic IS NOT NULL",
        "messages": "SELECT min(at) FROM seen", "contacts": "SELECT min(at) FROM contact"}
    for name, query in oldest.items():
        at, = connection.execute(query).fetchone()
        if at is not None and at < now - (PERIODS[name] + 1) * DAY:
            late.append((number, name, at))
    months = {row[0] for row in connection.execute("SELECT DISTINCT strftime('%Y-%m', at, 'unixepoch') FROM event")}
    connection.close()
    if not months <= key_files() <= months | {month}:
        keys_amiss.append((number, sorted(months), sorted(key_files())))


saved_keys = retour.dir + "/stolen"
old_copy = retour.dir + "/old.db"
for day in range(DAYS):
    one_day(day)
    if day == COPIED_ON:
        shutil.copytree(retour.data + "/keys", saved_keys)
        source, target = sqlite3.connect("file:%s?mode=ro" % retour.database, uri=True), sqlite3.connect(old_copy)
        source.backup(target)
        source.close()
        target.close()

with case("on no day of the year is anything older than its period and one run"):
    equal(failed, [])
    equal(late, [])

with case("after the last event of a month its key is gone, and not before"):
    equal(keys_amiss, [])
    true(len(destroyed) >= 9, destroyed)
    connection = sqlite3.connect("file:%s?mode=ro" % retour.database, uri=True)
    told = {row[0].split("month=")[1].split()[0] for row in connection.execute("SELECT detail FROM ledger WHERE kind = 'key-destroyed' AND detail LIKE '%month=%'")}
    connection.close()
    equal(told, destroyed)

with case("an old copy of the database cannot be looked up for months whose keys are destroyed"):
    connection = sqlite3.connect(old_copy)
    held = {row[0] for row in connection.execute("SELECT pseudonym FROM event")}
    connection.close()
    addresses = [address for month in sent for address in sent[month]]
    with_what_is_left = [address for address in addresses for month in key_files()
                         if pseudonym.of(pseudonym.key(retour.data + "/keys/event-%s.key" % month), "event", address) in held]
    equal(with_what_is_left, [])
    with_stolen_keys = [address for address in addresses for path in glob.glob(saved_keys + "/event-*.key") if pseudonym.of(pseudonym.key(path), "event", address) in held]
    equal(len(with_stolen_keys), len(held), "the search would find them with the keys")

with case("another program makes the same pseudonyms: the vectors of retour-privacy(7), and what is in the store"):
    with open(os.path.join(ROOT, "etc", "retour-privacy.7"), encoding="utf-8") as f:
        manual = f.read()
    vectors = re.findall(r"^(state|event) +(\S+@\S+) +([0-9a-f]{32})$", manual, re.M)
    true(len(vectors) >= 6, vectors)
    for purpose, address, value in vectors:
        equal(pseudonym.of(bytes(range(32)), purpose, address).hex(), value, address)
    sealed, = re.findall(r"^sealed +joe@example.org +([0-9a-f]{32})$", manual, re.M)
    joe = pseudonym.of(bytes(range(32)), "state", "joe@example.org")
    equal(pseudonym.sealed(bytes(range(32, 64)), joe).hex(), sealed)
    chained, = re.findall(r"^chained +joe@example.org +([0-9a-f]{32})$", manual, re.M)
    equal(pseudonym.sealed(pseudonym.chained(bytes(range(32, 64)), pseudonym.fingerprint(bytes(range(32)))), joe).hex(), chained)
    state = pseudonym.key(retour.data + "/keys/state.key")
    live = [address for address in addresses if pseudonym.of(state, "state", address) in {row[0] for row in retour.sql("SELECT pseudonym FROM contact")}]
    equal(len(live), retour.sql("SELECT count(*) FROM contact")[0][0])
    true(live, "no contact to compare")

# what retour-privacy(7) says of a table's rows, in days behind the last event; an alert is cleared later than it is opened
TERMS = {"notice_hour": 128, "brake_hour": 128, "brake_peak": 128, "refused": 128, "seen": 90, "gone_domain": 180, "event": 180, "alert": 460, "contact": 1095, "agenda": 1095}
STAY = ("tally_month", "cohort", "recurrence", "wave", "ledger")
with case("each table's rows go when the page says: hours, hosts, hashes, domains, events, alerts, and in the end everything about anybody; what names nobody stays"):
    rows = Retour(now="2026-11-02T06:00:00Z")
    box = rows.dir + "/box"
    os.mkdir(box)
    for number, sample in enumerate(generate.generate(seed=3, bounces=600, complaints=20)):
        with open("%s/%d.eml" % (box, number), "wb") as f:
            f.write(sample.data)
    equal((rows.run("import", "--arrived", "now", box).code, rows.run("run").code), (0, 0))
    count = lambda table: rows.sql("SELECT count(*) FROM " + table)[0][0]  # noqa: E731
    equal([table for table in TERMS if not count(table)], [], "no row to look at")
    first = datetime.datetime(2026, 11, 2, 6, tzinfo=datetime.timezone.utc)
    for days in sorted(set(TERMS.values())):
        rows.now = (first + datetime.timedelta(days=days + 2)).strftime("%Y-%m-%dT%H:%M:%SZ")
        equal((rows.run("clock", "confirm", "--reason", "later").code, rows.run("run").code), (0, 0))
        equal({table: count(table) for table, term in TERMS.items() if term <= days and count(table)}, {}, "after %d days" % days)
    equal([table for table in STAY if not count(table)], [])

FILES = [r"retour\.db(-wal|-shm)?", r"retour\.db\.lock", r"keys/(state(-\d+)?|message|erasure|sign|event-\d{4}-\d\d(-\d+)?|verp-[a-z2-7]{2})\.key", r"keys/(erasures|ledger-head)",
         r"reports/(\d{4}-\d\d\.(xml|html|txt)(\.minisig)?|index\.html(\.minisig)?|retour\.pub)", r"retour\.prom"]
with case("no file exists that is not on the list, in the data directory or for temporary use, whatever was done"):
    empty = retour.dir + "/tmp"
    os.mkdir(empty)
    retour.environment.update({"TMPDIR": empty, "SQLITE_TMPDIR": empty})
    retour.config["origin"]["verp"] = "bounce+{token}@bounce.example.org"
    retour.config["metrics"] = {"file": retour.data + "/retour.prom"}
    equal(plain("key", "rotate", "state"), 0)
    equal(plain("key", "rotate", "verp"), 0)
    for command in (("run",), ("verp", "--campaign", "c"), ("check",), ("contact", "show"), ("disclose",), ("suppressions",), ("advice",), ("alerts",), ("audit",),
                    ("report", "--month", "2026-12"), ("comment", "--month", "2026-12", "all well"), ("key", "list"), ("doctor",), ("purge",)):
        result = retour.run(*command, input=live[0])
        true(result.code in (0, 1), (command, result))
    equal(retour.run("forget", input=live[0]).code, 0)
    present = [os.path.relpath(os.path.join(where, name), retour.data) for where, _folders, names in os.walk(retour.data) for name in names]
    equal([name for name in present if not any(re.fullmatch(pattern, name) for pattern in FILES)], [])
    true(len(present) >= 12, present)
    equal(os.listdir(empty), [])
    elsewhere = sorted(name for name in os.listdir(retour.dir) if name not in ("data", "tmp", "mails", "stolen", "old.db", "retour.ini", "retour.ini.made"))
    equal(elsewhere, [])

with case("no file can be read by others but metrics and reports, which name nobody"):
    names = [os.path.relpath(os.path.join(where, name), retour.data) for where, folders, files in os.walk(retour.data) for name in folders + files]
    equal([name for name in names if os.stat(os.path.join(retour.data, name)).st_mode & 0o077 and not re.match(r"reports\b|retour\.prom$", name)], [])

finish()
