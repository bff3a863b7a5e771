"""What each command costs at growing sizes of the store: at each the seconds, and the seconds of processor of all its processes, which hold on a machine that
has other things to do; the exponent with which these grow (0: not at all, 1: as the store), the peak of memory, and beside an import SQLite's own rate for the same kinds of rows in the same order. Part of `make bench`; alone:

    tests/growth.py [--build DIR] [--large] [SIZE…]      messages; 100,000 and 1 million, with --large 10 million as well"""
import argparse
import math
import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import program
from lib.harness import Retour, check, finish

Retour.watched = True
LIMIT = 64 * 1024
CHUNK = 100000          # messages in a file
BEGIN, SPAN = 1782000000, 110 * 86400
ANSWERS = (("550", "5.1.1", "User unknown"), ("552", "5.2.2", "mailbox full"), ("550", "5.7.1", "message rejected as spam"),
           ("451", "4.7.1", "try again later"), ("421", "4.4.2", "connection timed out"))
DOMAINS = ("gmail.com", "outlook.com", "web.de", "example.net", "example.com")
MAIL = """From MAILER-DAEMON %(ctime)s
From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
To: bounce@example.org
Date: %(date)s
Subject: Undelivered Mail Returned to Sender
Message-ID: <n%(n)d@mx.example.net>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b%(n)d"

--b%(n)d
Content-Type: text/plain

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

<p%(n)d@%(domain)s>: host mx.%(domain)s[192.0.2.1] said: %(reply)s %(status)s %(text)s (in reply to RCPT TO command)

--b%(n)d
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
Arrival-Date: %(date)s

Final-Recipient: rfc822; p%(n)d@%(domain)s
Action: %(action)s
Status: %(status)s
Remote-MTA: dns; mx.%(domain)s
Diagnostic-Code: smtp; %(reply)s %(status)s %(text)s

--b%(n)d
Content-Type: message/rfc822-headers

From: news@example.org
To: p%(n)d@%(domain)s
Subject: News
Message-ID: <m%(n)d@example.org>
List-ID: <c%(campaign)d.example.org>

--b%(n)d--

"""

# The rows of one message, as this program keeps them: sizes, keys and order the same, and nothing else done. In transactions of as many.
ROWS = r"""
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
static uint64_t x = 88172645463325252ull;
static uint64_t number(void) { x ^= x << 13; x ^= x >> 7; return x ^= x << 17; }
static sqlite3_stmt *prepare(sqlite3 *db, const char *sql) { sqlite3_stmt *st; if (sqlite3_prepare_v2(db, sql, -1, &st, 0)) exit(1); return st; }
static void run(sqlite3_stmt *st) { if (sqlite3_step(st) != SQLITE_DONE) exit(1); sqlite3_reset(st); }
int main(int argc, char **argv)
{
	sqlite3 *db;
	long count = atol(argv[2]), last = atol(argv[3]);
	struct timespec a, b;
	if (argc != 4 || sqlite3_open(argv[1], &db) || sqlite3_exec(db,
		"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA cache_size = -24576; PRAGMA wal_autocheckpoint = 16000;"
		"CREATE TABLE seen (key BLOB PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;"
		"CREATE TABLE event (at INTEGER, pseudonym BLOB, number INTEGER, what TEXT, PRIMARY KEY (at, pseudonym, number)) WITHOUT ROWID;"
		"CREATE INDEX event_at ON event (at);"
		"CREATE TABLE contact (pseudonym BLOB PRIMARY KEY, at INTEGER, what TEXT) WITHOUT ROWID; CREATE INDEX contact_at ON contact (at)", 0, 0, 0))
		return 1;
	sqlite3_stmt *seen = prepare(db, "INSERT INTO seen VALUES (?1, 1793404800)"), *event = prepare(db, "INSERT INTO event VALUES (?2, ?1, 0, ?3)"),
		*contact = prepare(db, "INSERT INTO contact VALUES (?1, ?2, ?3)"), *begin = prepare(db, "BEGIN"), *commit = prepare(db, "COMMIT");
	char what[256];
	memset(what, 'x', sizeof what);
	for (long i = 0; i < count; i++) {
		sqlite3_stmt *each[] = { seen, event, contact };
		if (i == count - last)
			clock_gettime(CLOCK_MONOTONIC, &a);
		if (i % 10000 == 0)
			run(begin);
		for (int k = 0; k < 3; k++) {
			uint64_t key[2] = { number(), number() };
			sqlite3_bind_blob(each[k], 1, key, 16, SQLITE_TRANSIENT);
			if (k)
				sqlite3_bind_int64(each[k], 2, k == 1 ? 1782000000 + i : 1782000000 + i / 86400 * 86400);
			if (k)
				sqlite3_bind_text(each[k], 3, what, k == 1 ? 110 : 90, SQLITE_STATIC);
			run(each[k]);
		}
		if (i % 10000 == 9999 || i == count - 1)
			run(commit);
	}
	clock_gettime(CLOCK_MONOTONIC, &b);
	printf("%.3f\n", (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9);
	return sqlite3_close_v2(db);
}
"""


def mails(path, first, count, total):
    """Bounces of a time that goes on with their number, each of another recipient."""
    with open(path, "w", encoding="ascii") as f:
        for n in range(first, first + count):
            at = time.gmtime(BEGIN + SPAN * n // total)
            reply, status, text = ANSWERS[n * 7 % 5]
            f.write(MAIL % {"ctime": time.asctime(at), "date": time.strftime("%a, %d %b %Y %H:%M:%S +0000", at), "n": n, "reply": reply, "status": status,
                            "text": text, "domain": DOMAINS[n // 7 % 5], "campaign": n % 20, "action": "failed" if reply[0] == "5" else "delayed"})


class Growth:
    """The lines of the table: {command: [(size, seconds, KiB, seconds of processor)]}."""

    def __init__(self, binary, sizes):
        self.retour = Retour(binary, now="2026-11-20T00:00:00Z")
        self.sizes, self.filled, self.table, self.bytes, self.rows = sizes, 0, {}, {}, {}

    def note(self, what, size, result, good=(0,)):
        memory = max(result.memory.values(), default=0)
        check(result.code in good, "%s at %d" % (what, size), result)
        self.table.setdefault(what, []).append((size, result.seconds, memory, result.processor))
        return result

    def fill(self, size, total):
        path = os.path.join(self.retour.dir, "mails.mbox")
        while self.filled < size:
            mails(path, self.filled, CHUNK, total)
            result = self.retour.run("import", path, timeout=3600)
            self.filled += CHUNK
            if self.filled < size:
                check(result.code == 0, "import up to %d" % self.filled, result)
        self.note("import of the last %d" % CHUNK, size, result)
        os.remove(path)

    def measure(self, size):
        retour = self.retour
        self.note("run, with what is due", size, retour.run("run", timeout=3600))
        self.note("run, idle", size, retour.run("run"))
        self.bytes[size] = dict(retour.sql("SELECT name, sum(pgsize) FROM dbstat GROUP BY name"))
        self.rows[size] = {name: retour.sql("SELECT count(*) FROM " + name)[0][0] for name in ("event", "contact", "seen")}
        self.note("report of a month", size, retour.run("report", "--month", "2026-10", "--format", "html"))
        for count in (1, 1000000):
            path = os.path.join(retour.dir, "list.txt")
            with open(path, "w", encoding="ascii") as f:
                f.writelines("p%d@%s\n" % (n, DOMAINS[n // 7 % 5]) for n in (k * 7919 % 2000000 for k in range(count)))
            result = retour.run("check", "--bare", "--only", "hold", path, timeout=3600)
            self.note("check of %d" % count, size, result)
        copy = os.path.join(retour.dir, "copy.db")
        self.note("backup", size, retour.run("backup", copy, timeout=3600))
        os.remove(copy)
        self.note("audit", size, retour.run("audit", timeout=3600))
        self.purge(size)

    def purge(self, size):
        """And back: the next size is to have all that was imported, under the standard periods."""
        retour, kept = self.retour, self.retour.data + ".kept"
        shutil.copytree(retour.data, kept)
        retour.config["retention"] = {"events": "%dd" % self.days(size), "diagnostics": "%dd" % self.days(size)}
        self.note("purge of one event in ten", size, retour.run("purge", timeout=3600))
        del retour.config["retention"]
        shutil.rmtree(retour.data)
        os.rename(kept, retour.data)

    def days(self, size):
        """A period that ends behind the first tenth of what is there."""
        oldest = self.retour.sql("SELECT at FROM event ORDER BY at LIMIT 1 OFFSET %d" % (size // 10))[0][0]
        return (1795132800 - oldest) // 86400

    def print(self):
        print("%-28s %s" % ("seconds (of processor) at", "".join("%18d" % size for size in self.sizes)) + "   exponent   memory")
        for what, cells in self.table.items():
            (n, *_, first), (m, *_, last) = cells[0], cells[-1]
            exponent = math.log(max(last, 0.01) / max(first, 0.01)) / math.log(m / n) if m > n else 0
            print("%-28s %s   %8.2f   %3d MiB" % (what, "".join("%9.2f (%6.2f)" % (cell[1], cell[3]) for cell in cells), exponent,
                                                  max(cell[2] for cell in cells) // 1024 + 1))
            check(max(cell[2] for cell in cells) < LIMIT, "%s: under 64 MiB in every process" % what, cells)


def rows_alone(directory, size):
    """SQLite's own rate for the last CHUNK messages' rows."""
    path = os.path.join(directory, "rows")
    if subprocess.run([os.environ.get("CC", "cc"), "-O2", "-xc", "-", "-o", path, "-lsqlite3"], input=ROWS, text=True, check=False).returncode:
        return None
    database = os.path.join(directory, "rows.db")
    seconds = float(subprocess.run([path, database, str(size), str(CHUNK)], stdout=subprocess.PIPE, text=True, check=True).stdout)
    for name in (database, database + "-wal", database + "-shm"):
        if os.path.exists(name):
            os.remove(name)
    return seconds


def sizes_on_disk(growth):
    """Bytes for each event, contact and seen message, from how the tables with their indexes grew between the first size and the last."""
    low, high = growth.sizes[0], growth.sizes[-1]
    for label, table in (("event", "event"), ("contact", "contact"), ("seen message", "seen")):
        grown = sum(count - growth.bytes[low].get(name, 0) for name, count in growth.bytes[high].items() if name.split("_")[0] == table)
        print("%-28s %8.0f bytes on disk" % (label, grown / (growth.rows[high][table] - growth.rows[low][table])))


def measure(binary, sizes):
    growth = Growth(binary, sizes)
    rates = []
    for size in sizes:
        growth.fill(size, sizes[-1])
        growth.measure(size)
        rates.append(rows_alone(growth.retour.dir, size))
    growth.print()
    print("%-28s %s" % ("the same rows in SQLite alone", "".join("%12.2f s" % seconds for seconds in rates if seconds)))
    if len(sizes) > 1:
        sizes_on_disk(growth)


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    options.add_argument("--build", default=os.path.join(program.ROOT, "build"))
    options.add_argument("--large", action="store_true", help="10 million messages, too")
    options.add_argument("size", nargs="*", type=int)
    options = options.parse_args()
    if any(size % CHUNK for size in options.size) or sorted(set(options.size)) != options.size:
        sys.exit("growth.py: right would be multiples of %d that grow" % CHUNK)
    measure(os.path.join(os.path.abspath(options.build), "retour"), options.size or [100000, 1000000] + [10000000] * options.large)
    finish()


if __name__ == "__main__":
    main()
