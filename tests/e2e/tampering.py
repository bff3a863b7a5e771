#!/usr/bin/python3
"""A clever administrator: he may write the database, give the program a time, and put files beside the keys. Each thing that he can do to make the evidence say
what is not so is done to a store of its own, and `retour audit` has to name it with exit code 3. What it cannot see yet stands in a list of its own, which
retour-audit(7) tells in words; one that is told after all has to leave that list."""
import datetime
import os
import shutil
import sqlite3
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import generate
from lib import contactbody
from lib.harness import *

DAY = 86400
COUNT = {"told": 0, "untold": 0}
generated = list(generate.generate(seed=7, bounces=120, complaints=6))
samples = [sample.data for sample in generated]
erasable = [event["recipient"] for sample in generated for event in sample.truth["events"] or () if event["recipient"]][:2]


def at(retour, day):
    retour.now = day + "T06:00:00Z"


def build():
    """A store with events of two weeks, a purge on each day, evidence of the last one."""
    retour = Retour()
    box = os.path.join(retour.dir, "mails")
    for number in range(14):
        folder = os.path.join(box, str(number))
        os.makedirs(folder)
        for index, data in enumerate(samples[number::14]):
            with open(os.path.join(folder, "%d.eml" % index), "wb") as f:
                f.write(data)
        at(retour, "2026-11-%02d" % (number + 2))
        equal(retour.run("import", "--arrived", "now", folder).code, 0)
        equal(retour.run("run").code, 0)
    return retour


model = build()


class Copy(Retour):
    """The same store, keys and settings elsewhere."""

    def __init__(self):
        super().__init__(now=model.now)
        shutil.rmtree(self.data)
        shutil.copytree(model.data, self.data)

    def do(self, *statements):
        """As somebody who can write the file does: with his own SQLite."""
        connection = sqlite3.connect(self.database)
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()

    def held(self, kind, day, change):
        """What the store knows of its rows, made to agree."""
        self.do("UPDATE held SET count = count + %d WHERE class = '%s' AND day = %d" % (change, kind, day))


def copying_trigger(retour):
    retour.do("CREATE TABLE seen_before AS SELECT * FROM event WHERE 0",
              "CREATE TRIGGER event_copy BEFORE DELETE ON event BEGIN INSERT INTO seen_before SELECT * FROM event WHERE at = old.at; END")


def view(retour):
    retour.do("ALTER TABLE event RENAME TO event_all", "CREATE VIEW event AS SELECT * FROM event_all")


def extra_table(retour):
    retour.do("CREATE TABLE notes (pseudonym BLOB, at INTEGER)", "INSERT INTO notes SELECT pseudonym, at FROM event")


def extra_index(retour):
    retour.do("CREATE INDEX event_of ON event (pseudonym)")


def dropped_guard(retour):
    retour.do("DROP TRIGGER ledger_keep")


def dropped_index(retour):
    retour.do("DROP INDEX contact_at")


def changed_guard(retour):
    retour.do("DROP TRIGGER ledger_keep",
              "CREATE TRIGGER ledger_keep BEFORE DELETE ON ledger BEGIN SELECT 1; END")


def extra_meta(retour):
    retour.do("INSERT INTO meta SELECT 'old ' || hex(pseudonym) || at || number, 'x' FROM event")


def removed_events(retour):
    (moment,) = retour.sql("SELECT at FROM event ORDER BY at DESC LIMIT 1")[0]
    gone, words = retour.sql("SELECT count(*), sum(diagnostic IS NOT NULL) FROM event WHERE at = ?", moment)[0]
    retour.do("DELETE FROM event WHERE at = %d" % moment)
    retour.held("events", moment - moment % DAY, -gone)
    retour.held("diagnostics", moment - moment % DAY, -words)


def moved_event(retour):
    moment, words = retour.sql("SELECT at, diagnostic IS NOT NULL FROM event ORDER BY at LIMIT 1")[0]
    retour.do("UPDATE event SET at = at + %d WHERE (at, pseudonym, number) IN (SELECT at, pseudonym, number FROM event ORDER BY at LIMIT 1)" % (10 * DAY))
    day = moment - moment % DAY
    for kind, there in (("events", 1), ("diagnostics", words)):
        if there:
            retour.held(kind, day, -1)
            retour.held(kind, day + 10 * DAY, 1)


def inserted_event(retour):
    moment = retour.sql("SELECT max(at) FROM event")[0][0]
    retour.do("INSERT INTO event SELECT at, zeroblob(16), 0, kind, class, category, status, reply, rule, provider, campaign, origin, mailbox, NULL, margin, stream"
              " FROM event WHERE at = %d LIMIT 1" % moment)
    retour.held("events", moment - moment % DAY, 1)


def removed_contacts(retour):
    for c in [c for c in contactbody.of(retour) if c.state == "inactive" and not c.objection][:3]:
        retour.do("DELETE FROM contact WHERE hex(pseudonym) = '%s'" % c.pseudonym.hex().upper())
        retour.held("contacts", c.at - c.at % DAY, -1)
        retour.held("state " + c.state, 0, -1)


def prolonged_contacts(retour):
    for pseudonym, moment in retour.sql("SELECT pseudonym, at FROM contact ORDER BY at LIMIT 3"):
        retour.do("UPDATE contact SET at = at + %d WHERE hex(pseudonym) = '%s'" % (5 * DAY, pseudonym.hex().upper()))
        retour.held("contacts", moment - moment % DAY, -1)
        retour.held("contacts", moment - moment % DAY + 5 * DAY, 1)


def denied_objections(retour):
    """Who objected is to be written to again when the contacts' period is over."""
    for (moment,) in retour.sql("SELECT day FROM agenda WHERE what = 'objection'"):
        retour.held("objections", moment - moment % DAY, -1)
        retour.do("INSERT INTO held VALUES ('contacts', %d, 1) ON CONFLICT DO UPDATE SET count = count + 1" % (moment - moment % DAY), "DELETE FROM held WHERE count = 0")
    retour.do("DELETE FROM agenda WHERE what = 'objection'")


def stopped_timers(retour):
    """Nobody's time comes any more."""
    retour.do("UPDATE agenda SET day = day + 3650 * 86400 WHERE what = 'due'")


def raised_tally(retour):
    retour.do("UPDATE tally SET count = count + 40 WHERE (day, kind, class, category, origin, provider, campaign) IN"
              " (SELECT day, kind, class, category, origin, provider, campaign FROM tally ORDER BY count DESC LIMIT 1)")


def cut_tail(retour):
    (last,) = retour.sql("SELECT max(number) FROM ledger")[0]
    (guard,) = retour.sql("SELECT sql FROM sqlite_schema WHERE name = 'ledger_keep'")[0]
    retour.do("DROP TRIGGER ledger_keep", "DELETE FROM ledger WHERE number > %d" % (last - 4), guard)


def cut_and_run(retour):
    cut_tail(retour)
    at(retour, "2026-11-16")
    equal(retour.run("run").code, 0)


def older_copy_and_head(retour):
    head = os.path.join(retour.data, "keys", "ledger-head")
    shutil.copy(head, retour.dir)
    older_copy(retour)
    shutil.copy(os.path.join(retour.dir, "ledger-head"), head)


def refused_copy(retour):
    """A raw copy, so without a backup's mark."""
    older_copy(retour, ("2026-12-10", "2027-01-05"))
    result = retour.run("run")
    contains(result.err, "an older copy")
    return result.code == 3 and retour.run("audit").code == 3


def older_copy(retour, days=("2026-11-16", "2026-11-17")):
    """The store of some days ago comes back; everything in it is whole."""
    saved = os.path.join(retour.dir, "saved.db")
    source, target = sqlite3.connect(retour.database), sqlite3.connect(saved)
    source.backup(target)
    target.close()
    source.close()
    for day in days:
        at(retour, day)
        equal(retour.run("run").code, 0)
    source, target = sqlite3.connect(saved), sqlite3.connect(retour.database)
    source.backup(target)
    source.close()
    target.close()


def foreign_key(retour):
    keys = os.path.join(retour.data, "keys")
    shutil.copy(os.path.join(keys, "event-2026-11.key"), os.path.join(keys, "README"))


def stray_copy(retour):
    keys = os.path.join(retour.data, "keys")
    os.mkdir(os.path.join(keys, "old"), 0o700)
    shutil.copy(os.path.join(keys, "event-2026-11.key"), os.path.join(keys, "old", "x"))


def returned_key(retour):
    """The key of a month whose events are gone, put back under another month's name."""
    keys = os.path.join(retour.data, "keys")
    shutil.copy(os.path.join(keys, "event-2026-11.key"), os.path.join(keys, "event-2026-12.key"))


def destroyed_key_back(retour):
    """A month's key of which somebody had a copy. It is what makes an old copy of the database readable."""
    path = os.path.join(retour.data, "keys", "event-2026-11.key")
    shutil.copy(path, retour.dir)
    for day in ("2026-12-10", "2027-01-05", "2027-01-30", "2027-02-25", "2027-03-20", "2027-04-15", "2027-05-10", "2027-06-05"):
        at(retour, day)
        equal(retour.run("run").code, 0)
    true(not os.path.exists(path), "its month is over")
    equal(retour.run("audit").code, 0)
    shutil.copy(os.path.join(retour.dir, "event-2026-11.key"), path)
    contains(retour.run("audit").out, "event-2026-11.key is a key that was destroyed")


def other_key(retour):
    """A month's key that is replaced by another: nobody can be found any more."""
    path = os.path.join(retour.data, "keys", "event-2026-11.key")
    with open(path) as f:
        lines = f.read().split("\n")
    lines[1] = "00" * 32
    with open(path, "w") as f:
        f.write("\n".join(lines))


def crossed_out_key(retour):
    """A month's key of which the store shall not know any more, so that no purge destroys it."""
    retour.do("DELETE FROM key WHERE purpose = 'event'")


def crossed_out_and_other_key(retour):
    other_key(retour)
    crossed_out_key(retour)


def prolonged_key(retour):
    retour.do("UPDATE key SET month = '2036-11' WHERE purpose = 'event'")


def contact_of_another(retour):
    """What was sealed for one recipient, put in the row of another."""
    (one,), (two,) = retour.sql("SELECT hex(pseudonym) FROM contact ORDER BY pseudonym LIMIT 2")
    retour.do("UPDATE contact SET body = (SELECT body FROM contact WHERE hex(pseudonym) = '%s') WHERE hex(pseudonym) = '%s'" % (one, two))


def prolonged_objection(retour):
    retour.do("UPDATE agenda SET day = day + 86400 WHERE (what, day, name) IN (SELECT what, day, name FROM agenda WHERE what = 'objection' LIMIT 1)")


def other_signing_key(retour):
    path = os.path.join(retour.data, "keys", "sign.key")
    with open(path) as f:
        lines = f.read().split("\n")
    lines[1] = "11" * (len(lines[1]) // 2)
    with open(path, "w") as f:
        f.write("\n".join(lines))


def ledger_entry(retour):
    """With the guard put back as it was."""
    (guard,) = retour.sql("SELECT sql FROM sqlite_schema WHERE name = 'ledger_fixed'")[0]
    retour.do("DROP TRIGGER ledger_fixed", "UPDATE ledger SET detail = replace(detail, 'events=0', 'events=9') WHERE kind = 'purge'", guard)


def milder_event(retour):
    retour.do("UPDATE event SET class = 'soft', category = 'mailbox-full' WHERE (at, pseudonym, number) IN (SELECT at, pseudonym, number FROM event WHERE class = 'hard' ORDER BY at LIMIT 1)")


def columns_of_events(retour):
    retour.do("UPDATE event SET rule = hex(pseudonym), diagnostic = 'to ' || hex(pseudonym) WHERE diagnostic IS NOT NULL")


def values_of_meta(retour):
    retour.do("UPDATE meta SET value = (SELECT group_concat(hex(pseudonym)) FROM event) WHERE name = 'alerts'")


def seen_for_longer(retour):
    moment, count = retour.sql("SELECT at, count(*) FROM seen GROUP BY at ORDER BY at LIMIT 1")[0]
    retour.do("UPDATE seen SET at = at + %d WHERE at = %d" % (400 * DAY, moment))
    retour.held("seen", moment, -count)
    retour.do("INSERT INTO held VALUES ('seen', %d, %d)" % (moment + 400 * DAY, count), "DELETE FROM held WHERE count = 0")


def no_head(retour):
    os.unlink(os.path.join(retour.data, "keys", "ledger-head"))
    cut_tail(retour)


def back_dated(_retour):
    """A store that lives by its clock, and then purges with the times of ten days, as if the timer had run."""
    retour = Retour(now=None)
    equal(retour.run("import", "--arrived", "now", os.path.join(model.dir, "mails", "0")).code, 0)
    equal(retour.run("run").code, 0)
    equal(retour.run("audit").code, 0)
    today = datetime.datetime.now(datetime.timezone.utc)
    for day in range(1, 11):
        retour.now = (today + datetime.timedelta(days=day)).strftime("%Y-%m-%dT%H:%M:%SZ")
        equal(retour.run("purge").code, 0)
    result = retour.run("audit")
    contains(result.out, "BROKEN: The times in the ledger are the clock's")
    return result.code == 3


def generated_column(retour):
    retour.do("ALTER TABLE event ADD COLUMN twin TEXT GENERATED ALWAYS AS (hex(pseudonym)) VIRTUAL")


def index_of_part(retour):
    retour.do("CREATE INDEX event_part ON event (hex(pseudonym)) WHERE campaign IS NOT NULL")


def analysed(retour):
    retour.do("ANALYZE")


def schema_text(retour):
    retour.do("PRAGMA writable_schema = ON", "UPDATE sqlite_schema SET sql = replace(sql, 'campaign TEXT', 'campaign TEXT COLLATE NOCASE') WHERE name = 'event'")


def hidden_view(retour):
    retour.do("PRAGMA writable_schema = ON", "INSERT INTO sqlite_schema VALUES ('view', 'later', 'later', 0, 'CREATE VIEW later AS SELECT * FROM event')")


def one_blank(retour):
    retour.do("PRAGMA writable_schema = ON", "UPDATE sqlite_schema SET sql = sql || ' ' WHERE name = 'ledger_keep'")


def left_in_the_log(retour):
    """Nothing of it is in the database's own file."""
    subprocess.run([sys.executable, "-c", "import os, sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('DELETE FROM event WHERE at IN (SELECT at FROM event LIMIT 3)'); c.commit(); os._exit(0)",
                    retour.database], check=True)


def held_names(retour):
    retour.do("INSERT INTO held SELECT hex(pseudonym), at, 1 FROM event GROUP BY 1")


def behind_the_end(retour):
    with open(retour.database, "ab") as f:
        f.write(b"".join(row[0] for row in retour.sql("SELECT pseudonym FROM event")))


def another_version(retour):
    retour.do("PRAGMA user_version = 30")
    result = retour.run("audit")
    return result.code == 1 and "schema version 30" in result.err


def free_pages(retour):
    retour.do("PRAGMA secure_delete = OFF", "CREATE TABLE was AS SELECT * FROM event", "DROP TABLE was")


def remarks(retour):
    retour.do("INSERT INTO comment SELECT '2026-10', row_number() OVER (), 1793404800, hex(pseudonym) FROM event",
              "INSERT INTO campaign SELECT 20261103, hex(pseudonym) FROM event GROUP BY 2")


def other_names(retour):
    retour.do("INSERT OR IGNORE INTO log_state SELECT hex(pseudonym) || at, pseudonym FROM event", "INSERT OR IGNORE INTO site SELECT NULL, hex(pseudonym), at, 1, 1 FROM event",
              "INSERT OR IGNORE INTO folder SELECT 'a', hex(pseudonym), at, 1, 1 FROM event")


def other_counts(retour):
    """As if nothing had gone wrong: the reports that are to come say so."""
    moved = "SELECT day, kind, 'soft', 'mailbox-full', origin, provider, campaign, sum(count) FROM tally WHERE class = 'hard' GROUP BY day, kind, origin, provider, campaign"
    retour.do("INSERT INTO tally (day, kind, class, category, origin, provider, campaign, count) %s ON CONFLICT DO UPDATE SET count = count + excluded.count" % moved,
              "DELETE FROM tally WHERE class = 'hard'", "INSERT INTO volume VALUES (20261103, 'csv', 0, 'gmail', '', 1000000, 0, 0, 0, 0)",
              *("DELETE FROM " + table for table in ("alert", "trouble", "unread", "investigation", "investigated", "message_count")))


def no_purge(retour):
    at(retour, "2026-12-31")


def hidden_gap(retour):
    at(retour, "2026-12-31")
    retour.run("clock", "confirm", "--reason", "it was off")
    retour.run("run")


def purge_of_the_future(retour):
    before = retour.sql("SELECT count(*) FROM event")
    at(retour, "2030-01-01")
    result = retour.run("purge")
    told = result.code == 3 and retour.sql("SELECT count(*) FROM event") == before
    return told


def erased(retour, *addresses):
    """The list of erasures, after these are forgotten."""
    for address in addresses:
        equal(retour.run("forget", input=address + "\n").code, 0)
    return os.path.join(retour.data, "keys", "erasures")


def erasures_gone(retour):
    os.unlink(erased(retour, *erasable))


def older_erasures(retour):
    path = erased(retour, erasable[0])
    shutil.copy(path, path + ".kept")
    erased(retour, erasable[1])
    os.rename(path + ".kept", path)


def line_of_erasures(retour):
    path = erased(retour, *erasable)
    with open(path) as f:
        lines = f.readlines()
    with open(path, "w") as f:
        f.writelines(line for number, line in enumerate(lines) if number != 2)


DEEDS = (
    ("a trigger copies what is deleted into another table", copying_trigger),
    ("a view stands in the place of the events", view),
    ("a table more", extra_table),
    ("an index more", extra_index),
    ("an index less", dropped_index),
    ("the ledger's guard is gone", dropped_guard),
    ("the ledger's guard does nothing", changed_guard),
    ("rows under names of his own", extra_meta),
    ("events removed by hand, and the kept counts with them", removed_events),
    ("an event moved to a later day, and the kept counts with it", moved_event),
    ("an event put in, and the kept counts with it", inserted_event),
    ("contacts made younger, and the kept counts with them", prolonged_contacts),
    ("objections made contacts, and the kept counts with them", denied_objections),
    ("what time does to contacts put off for years", stopped_timers),
    ("a count of the reports raised", raised_tally),
    ("a key under a name of its own", foreign_key),
    ("a key in a folder of its own", stray_copy),
    ("a key under another month's name", returned_key),
    ("a destroyed key that is put back", destroyed_key_back),
    ("another key in a month's place", other_key),
    ("a month's key crossed out, so that it is not destroyed", crossed_out_key),
    ("the same, and another key in its place", crossed_out_and_other_key),
    ("a month's key put down for a month ten years later", prolonged_key),
    ("what one recipient's row says in the row of another", contact_of_another),
    ("an objection a day younger", prolonged_objection),
    ("another key that signs", other_signing_key),
    ("entries of the ledger, with its guard put back", ledger_entry),
    ("45 days without a purge", no_purge),
    ("45 days without a purge, and one since", hidden_gap),
    ("ten missed days, back-dated", back_dated),
    ("the ledger's last entries cut off", cut_tail),
    ("the same, and a run since", cut_and_run),
    ("the whole store of two days ago", older_copy),
    ("the store of two months ago, when the erasures since are forgotten", refused_copy),
    ("a purge of the year 2030", purge_of_the_future),
    ("a column that is made of others", generated_column),
    ("an index of a part, of what is made of a column", index_of_part),
    ("tables of statistics, with values of rows", analysed),
    ("another collation in the text of the schema", schema_text),
    ("a view written into the schema", hidden_view),
    ("a blank more in the guard's text", one_blank),
    ("the list of erasures gone", erasures_gone),
    ("the list of erasures as it was before the last one", older_erasures),
    ("events removed, and that left in the log", left_in_the_log),
    ("counts kept under names of his own", held_names),
    ("rows behind the end of the file", behind_the_end),
    ("another version of the schema", another_version),
)

UNTOLD = (
    ("contacts removed by hand, and the kept counts with them", removed_contacts),
    ("the whole store of two days ago, and what the keys remember of it; only a head that was kept elsewhere knows", older_copy_and_head),
    ("rows kept on the file's free pages", free_pages),
    ("an event that is another's or milder, as many as before", milder_event),
    ("rows kept as rules and words of events", columns_of_events),
    ("rows kept as a single value of the program's", values_of_meta),
    ("messages known for a year longer, and the kept counts with them", seen_for_longer),
    ("the ledger's last entries cut off, and what the keys remember of them", no_head),
    ("rows kept as remarks and names of campaigns", remarks),
    ("a line less in the list of erasures", line_of_erasures),
    ("counts that name nobody: causes of a day, volumes, alerts, what went wrong", other_counts),
    ("rows kept as names of folders, sites and of what is known of logs", other_names),
)

with case("nobody was there: every promise is kept"):
    result = Copy().run("audit")
    equal(result.code, 0, result)

with case("triggers of others do nothing while the program writes: what is erased and purged is not copied"):
    copy = Copy()
    for table in "event", "contact":
        copy.do("CREATE TABLE loot_%s (pseudonym BLOB)" % table, "CREATE TRIGGER taken_%s AFTER DELETE ON %s BEGIN INSERT INTO loot_%s VALUES (old.pseudonym); END" % (table, table, table))
    erased(copy, *erasable)
    equal(copy.sql("SELECT (SELECT count(*) FROM loot_event) + (SELECT count(*) FROM loot_contact)"), [(0,)])
    copy.do("DELETE FROM event WHERE pseudonym = (SELECT pseudonym FROM event LIMIT 1)")
    true(copy.sql("SELECT count(*) FROM loot_event")[0][0], "by another program they do")

for name, deed in DEEDS:
    with case("told: " + name):
        copy = Copy()
        told = deed(copy)
        result = copy.run("audit")
        told = result.code == 3 if told is None else told
        COUNT["told" if told else "untold"] += 1
        true(told, result)
for name, deed in UNTOLD:
    with case("not told yet: " + name):
        copy = Copy()
        deed(copy)
        equal(copy.run("audit").code, 0, "it is told now: move it to the others")
        COUNT["untold"] += 1
comment("%(told)d tamperings told, %(untold)d untold" % COUNT)
with case("retour-audit(7) says as many"):
    with open(os.path.join(ROOT, "etc", "retour-audit.7"), encoding="utf8") as f:
        page = f.read()
    contains(page, "does %d things that" % sum(COUNT.values()))
    contains(page, "could do, and %d of them are told" % COUNT["told"])
finish()
