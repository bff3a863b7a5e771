#!/usr/bin/python3
"""The drill: backup > the disk is lost > restore > run, by the letter of retour-recovery(7). After each the mailboxes are read again, who was known is answered as
the copy knew it, and what cannot be had back is said."""
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.contacts import BOUNCE, DEAD
from lib.harness import *

LASTING = ("state", "message", "erasure", "sign", "verp-")
OLD, LATE, NEW = "old.drill@example.net", "late.drill@example.net", "new.drill@example.net"
number = 0


class Site:
    """A program with a Maildir, whose data directory gets lost."""

    def __init__(self):
        self.retour = Retour()
        self.maildir, self.safe = self.retour.dir + "/maildir", self.retour.dir + "/safe"
        self.retour.config["mailbox bounces"] = {"protocol": "maildir", "path": self.maildir, "processed": "delete"}
        for name in ("new", "cur", "tmp"):
            os.makedirs("%s/%s" % (self.maildir, name))
        os.mkdir(self.safe, 0o700)

    def comes(self, recipient, date, at):
        global number
        number += 1
        with open("%s/new/%d.%d.mx" % (self.maildir, at, number), "w", encoding="ascii") as f:
            f.write(BOUNCE % {"date": date, "number": number, "recipient": recipient, "status": DEAD[0], "text": DEAD[1], "host": "mx.example.net"})

    def run(self, now, *command, code=0, input=None):
        self.retour.now = now
        result = self.retour.run(*command, input=input)
        equal(result.code, code, "%s: %r" % (" ".join(command), result))
        return result

    def waiting(self):
        return sum(len(os.listdir("%s/%s" % (self.maildir, name))) for name in ("new", "cur"))

    def copy(self, now):
        self.run(now, "backup", self.safe + "/store.db")
        os.makedirs(self.safe + "/keys", 0o700, exist_ok=True)
        for name in os.listdir(self.retour.data + "/keys"):
            if name.startswith(LASTING):
                shutil.copy2(self.retour.data + "/keys/" + name, self.safe + "/keys/" + name)

    def disk_is_lost(self):
        shutil.rmtree(self.retour.data)
        os.mkdir(self.retour.data, 0o700)

    def is_refused(self, now):
        """Until somebody decides, nothing is read, nothing is made, and run and doctor agree."""
        waiting, held = self.waiting(), sorted(os.walk(self.retour.data + "/keys"))
        for command in "run", "doctor", "check", "audit", "status", "forget", "purge", "key rotate", "backup " + self.safe + "/none.db":
            result = self.retour.run(*command.split(), input=OLD)
            equal(result.code, 2 if command == "run" else 1, "%s: %r" % (command, result))
            contains(result.out + result.err, "says that there was a store")
        equal((self.waiting(), sorted(os.walk(self.retour.data + "/keys"))), (waiting, held), "mails in the mailbox, and keys")
        true(not os.path.exists(self.retour.database) or not os.path.getsize(self.retour.database), "a new store was made")

    def restore(self, store=True, keys=True):
        if store:
            shutil.copy2(self.safe + "/store.db", self.retour.database)
            os.chmod(self.retour.database, 0o600)
        if keys:
            shutil.copytree(self.safe + "/keys", self.retour.data + "/keys")

    def verdicts(self):
        answers = {line["address"]: line["verdict"] for line in self.retour.run("check", "--json", input="%s\n%s\n%s\n" % (OLD, LATE, NEW)).lines()}
        return [answers.get(address) for address in (OLD, LATE, NEW)]


def site(backup):
    """Mail is read on 2 November, copied on the day BACKUP, read again on the 20th, and the disk is lost on the 21st, with a mail waiting."""
    s = Site()
    s.comes(OLD, "02 Nov 2026 05:00:00 +0000", 1793595600)
    s.run("2026-11-02T06:00:00Z", "run")
    if backup <= "2026-11-10":
        s.copy(backup + "T07:00:00Z")
    s.comes(LATE, "20 Nov 2026 05:00:00 +0000", 1795150800)
    s.run("2026-11-20T06:00:00Z", "run")
    if backup > "2026-11-10":
        s.copy(backup + "T07:00:00Z")
    s.comes(NEW, "21 Nov 2026 05:00:00 +0000", 1795237200)
    s.disk_is_lost()
    s.retour.now = "2026-11-21T06:00:00Z"
    s.is_refused(s.retour.now)
    return s


with case("yesterday's backup: all who were known are, the waiting mail is read, the lost key of the month is told"):
    s = site("2026-11-20")
    s.restore()
    s.run("2026-11-21T06:10:00Z", "run")
    s.run("2026-11-21T06:20:00Z", "run")
    equal((s.waiting(), s.verdicts()), (0, ["suppress"] * 3))
    contains(str(s.retour.sql("SELECT detail FROM ledger WHERE kind = 'restored'")), "made=2026-11-20")
    contains(str(s.retour.sql("SELECT detail FROM ledger WHERE kind = 'key-lost'")), "month=2026-11 events=2")
    contains(s.retour.run("doctor").out, "event-2026-11.key")
    contains(s.retour.run("alerts").out, "key")
    contains(" ".join(s.run("2026-11-21T06:20:00Z", "audit").out.split()), "the events of 2026-11 lie under a key that is not there")

with case("a backup of the beginning of the month: who was heard of since is not known, and all else works"):
    s = site("2026-11-02")
    s.restore()
    s.run("2026-11-21T06:10:00Z", "run")
    equal((s.waiting(), s.verdicts()), (0, ["suppress", "send", "suppress"]))
    s.run("2026-11-21T06:20:00Z", "audit")

with case("a backup older than [retention] backups is refused with 3, nothing of the mailbox is touched, and a new store is begun by hand"):
    s = site("2026-11-02")
    s.restore()
    s.run("2026-12-20T06:00:00Z", "run", code=3)
    equal(s.waiting(), 1)
    for name in os.listdir(s.retour.data):
        if name.startswith("retour.db"):
            os.unlink(s.retour.data + "/" + name)
    s.run("2026-12-20T06:05:00Z", "setup", "--new-store")
    s.run("2026-12-20T06:10:00Z", "run")
    equal((s.waiting(), s.verdicts()), (0, ["send", "send", "suppress"]))

with case("no backup, but the keys: refused until setup --new-store, which moves them away"):
    s = site("2026-11-20")
    s.restore(store=False)
    s.is_refused("2026-11-21T06:10:00Z")
    s.run("2026-11-21T06:15:00Z", "setup", "--new-store")
    true(any(name.startswith("keys.before-") for name in os.listdir(s.retour.data)), os.listdir(s.retour.data))
    s.run("2026-11-21T06:20:00Z", "run")
    equal((s.waiting(), s.verdicts()), (0, ["send", "send", "suppress"]))

with case("a crash or a container left an empty file in the place of the store: no store either"):
    s = site("2026-11-20")
    with open(s.retour.database, "w"):
        pass
    s.is_refused("2026-11-21T06:10:00Z")

with case("a backup, but the keys are lost: refused with the file's name, nothing is made or read; then a new store is begun"):
    s = site("2026-11-20")
    s.restore(keys=False)
    result = s.run("2026-11-21T06:10:00Z", "run", code=2)
    contains(result.err, "/keys: not there, and without its keys the store cannot be used")
    equal(s.waiting(), 1)
    true(not os.path.exists(s.retour.data + "/keys/state.key"), "a new key was made for the old store")
    os.rename(s.retour.database, s.safe + "/useless.db")
    for name in "-wal", "-shm":
        if os.path.exists(s.retour.database + name):
            os.unlink(s.retour.database + name)
    s.run("2026-11-21T06:15:00Z", "setup", "--new-store")
    s.run("2026-11-21T06:20:00Z", "run")
    equal((s.waiting(), s.verdicts()), (0, ["send", "send", "suppress"]))

with case("a backup from before a state key's end: refused, and said to be older than the keys remember; with that key put back all are known"):
    s = site("2026-11-20")
    s.restore()
    s.run("2026-11-21T06:10:00Z", "run")
    s.run("2026-11-21T07:00:00Z", "key", "rotate")
    os.unlink(s.safe + "/store.db")
    s.copy("2026-11-21T07:10:00Z")
    known = s.verdicts()
    s.run("2026-11-21T08:00:00Z", "key", "retire", "state.key", "-", input="\n".join((OLD, LATE, NEW)))
    true(not os.path.exists(s.retour.data + "/keys/state.key"), "the key did not end")
    for name in os.listdir(s.retour.data):
        if name.startswith("retour.db"):
            os.unlink(s.retour.data + "/" + name)
    shutil.copy2(s.safe + "/store.db", s.retour.database)
    for command in ("run", "check", "audit"):
        result = s.run("2026-11-22T06:10:00Z", command, code=2, input=OLD)
        contains(result.err, "keys/state.key: missing;")
        contains(result.err, "This copy of the store is older than the last that the keys remember")
    shutil.copy2(s.safe + "/keys/state.key", s.retour.data + "/keys/state.key")
    s.run("2026-11-22T06:20:00Z", "run")
    true(known.count("suppress") >= 1, known)
    equal([after for before, after in zip(known, s.verdicts()) if before == "suppress"], ["suppress"] * known.count("suppress"))

finish()
