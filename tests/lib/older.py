"""A store as an older program left it: what versions 30 to 35 of the schema brought, taken away again (store/schema.c); and grown to any size."""
import os
import sqlite3

from . import contactbody, pseudonym

VERSION = 29
WITHOUT = """
DROP INDEX contact_at; DROP INDEX contact_old; DROP INDEX contact_news;
ALTER TABLE contact RENAME TO contact_now;
CREATE TABLE contact (pseudonym BLOB PRIMARY KEY, state TEXT NOT NULL, at INTEGER NOT NULL, since INTEGER NOT NULL, until INTEGER, due INTEGER,
  attempts INTEGER NOT NULL, pauses INTEGER NOT NULL, counted_from INTEGER NOT NULL, reason TEXT, rule TEXT, ladder TEXT, history BLOB, tidy INTEGER,
  cohort INTEGER, old INTEGER, objection INTEGER NOT NULL DEFAULT 0, objected INTEGER, news INTEGER) STRICT, WITHOUT ROWID;
"""
INDEXES = """
CREATE INDEX contact_due ON contact (due) WHERE due IS NOT NULL; CREATE INDEX contact_tidy ON contact (tidy) WHERE tidy IS NOT NULL;
CREATE INDEX contact_at ON contact (objection, at); CREATE INDEX contact_old ON contact (old, objection) WHERE old IS NOT NULL;
CREATE INDEX contact_news ON contact (news) WHERE news IS NOT NULL;
DROP TABLE contact_now; DROP TABLE agenda; DROP TABLE wording; DROP TABLE wording_few; DROP TABLE wording_day; DROP TABLE site_wording;
DELETE FROM meta WHERE name IN ('site floor', 'seen-undated');
"""


def opened(database):
    return sqlite3.connect(database, isolation_level=None)


def back(retour):
    """Makes the store of RETOUR one of VERSION; nobody has it open."""
    keys = contactbody.Keys(pseudonym.key(os.path.join(retour.data, "keys", "state.key")))
    store = opened(retour.database)
    store.execute("BEGIN")
    for statement in WITHOUT.split(";")[:-1]:
        store.execute(statement)
    tidy = {keys.whose(what, day, name): day for what, day, name in store.execute("SELECT what, day, name FROM agenda WHERE what IN ('tidy', 'well')")}
    put = "INSERT INTO contact VALUES (%s)" % ", ".join("?" * 19)
    for c in map(keys.opened, store.execute("SELECT pseudonym, at, old, body FROM contact_now ORDER BY pseudonym").fetchall()):
        store.execute(put, (c.pseudonym, c.state, c.at, c.since, c.until or None, c.due or None, c.attempts, c.pauses, c.moved, c.reason or None, c.rule or None,
                            c.ladder or None, c.history or None, tidy.get(c.pseudonym), c.month or None, c.old, c.objection, c.objected or None, None))
    for statement in INDEXES.split(";")[:-1]:
        store.execute(statement)
    store.execute("PRAGMA user_version = %d" % VERSION)
    store.execute("COMMIT")
    store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()


def grow(database, times):
    """TIMES as many events, contacts and seen messages, under random names; what is counted of them grows as they do."""
    store = opened(database)
    for pragma in "journal_mode = OFF", "synchronous = OFF", "cache_size = -2000000", "temp_store = MEMORY", "secure_delete = OFF":
        store.execute("PRAGMA " + pragma)
    store.execute("BEGIN")
    for table, name in ("event", "pseudonym"), ("contact", "pseudonym"), ("seen", "key"):
        store.execute("CREATE TEMP TABLE first_%s AS SELECT * FROM %s" % (table, table))
        columns = ", ".join("randomblob(16)" if row[1] == name else row[1] for row in store.execute("PRAGMA table_info(%s)" % table).fetchall())
        for _ in range(times - 1):
            store.execute("INSERT INTO %s SELECT %s FROM temp.first_%s" % (table, columns, table))
    store.execute("UPDATE tally SET count = count * ?", (times,))
    store.execute("UPDATE held SET count = count * ? WHERE class NOT IN ('alerts', 'ledger')", (times,))
    store.execute("COMMIT")
    store.execute("PRAGMA journal_mode = WAL")
    store.close()
