#!/usr/bin/python3
"""kill -9 of the run, of a fetcher, of a parser, at random moments of a poll, each time started again: the events equal those of an undisturbed
poll, the mailbox is empty, nothing is doubled, nothing is left behind. SOURCES (default: imap; also pop3 maildir mbox), KILLS and SEED in the environment
change of what, how often and when; `make kills` takes all four."""
import collections
import io
import os
import random
import re
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import generate
from lib import cleanup, contactbody
from lib.harness import *

KILLS = int(os.environ.get("KILLS", "50"))
SEED = int(os.environ.get("SEED", "1"))
PORTION = 150  # messages that come in between, so that there is always something to disturb
EVENTS = ("SELECT at, kind, ifnull(class, ''), ifnull(category, ''), ifnull(status, ''), ifnull(reply, 0), provider, ifnull(campaign, ''), origin, rule,"
          " ifnull(diagnostic, ''), mailbox, number FROM event")
TALLIES = "SELECT day, kind, class, category, origin, provider, campaign, count FROM tally ORDER BY 1, 2, 3, 4, 5, 6, 7"
TARGETS = ("run", "fetcher", "parser")
# built with batches of 10 and slow commits, so that kills fall between commit and settlement
SMALL_BATCHES = os.environ.get("RETOUR") or os.path.join(os.environ.get("RETOUR_BUILD", os.path.join(ROOT, "build")), "crash", "retour")

rng = random.Random(SEED)
samples = [sample for sample in generate.generate(seed=SEED, bounces=PORTION * (KILLS * 3 // 2 + 4), complaints=0)]
samples = [(sample.data, sample.arrived) for sample in samples]


class Imap:
    """A mailbox of Dovecot. keys: its section."""
    protocol, keys = "imap", {}

    def __init__(self):
        self.dovecot = Dovecot()

    def section(self, retour):
        return self.dovecot.mailbox(generate.BOUNCES, self.protocol, password_file=retour.secret(), **self.keys)

    def deliver(self, mails):
        return self.dovecot.deliver(generate.BOUNCES, mails)

    def count(self):
        return self.dovecot.count(generate.BOUNCES)

    def moved(self):
        return sorted(self.dovecot.messages(generate.BOUNCES, "Unrecognised"))

    def strays(self):
        return [folder for folder in self.dovecot.folders(generate.BOUNCES) if self.dovecot.count(generate.BOUNCES, folder) and folder != "Unrecognised"]

    def stop(self):
        self.dovecot.stop()


class Pop3(Imap):
    protocol, keys = "pop3", {"unrecognised": "delete", "quarantine": "delete"}


class Maildir:
    """A directory of our own."""
    keys = {"processed": "delete", "unrecognised": "move:Unrecognised"}

    def __init__(self):
        self.base = cleanup.temporary("retour-box-")
        self.path, self.number = self.base + "/box", 0
        self.begin()

    def begin(self):
        for name in ("new", "cur", "tmp"):
            os.makedirs("%s/%s" % (self.path, name))

    def section(self, retour):
        return dict({"protocol": type(self).__name__.lower(), "path": self.path}, **self.keys)

    def deliver(self, mails):
        for data, arrived in mails:
            self.number += 1
            with open("%s/new/%d.%d.mx" % (self.path, arrived, self.number), "wb") as f:
                f.write(data)
        return len(mails)

    def _mails(self, folder):
        found = []
        for name in ("new", "cur"):
            place = os.path.join(self.path, folder, name)
            for file in os.listdir(place) if os.path.isdir(place) else ():
                with open(os.path.join(place, file), "rb") as f:
                    found.append(f.read())
        return sorted(found)

    def count(self):
        return len(self._mails("."))

    def moved(self):
        return self._mails(".Unrecognised")

    def strays(self):
        known = {"box/new", "box/cur", "box/tmp", "box/.Unrecognised/new", "box/.Unrecognised/cur", "box/.Unrecognised/tmp", "box/.Unrecognised/maildirfolder", ""}
        return [os.path.join(place, name) for place, _, names in os.walk(self.base) for name in names
                if os.path.relpath(place, self.base) not in ("box/.Unrecognised/cur",) and os.path.relpath(os.path.join(place, name), self.base) not in known]

    def stop(self):
        pass


class Mbox(Maildir):
    """A file of our own."""

    def begin(self):
        open(self.path, "wb").close()

    def deliver(self, mails):
        with open(self.path, "ab") as f:
            for data, arrived in mails:
                f.write(b"From x@example.net %s\n%s\n" % (time.asctime(time.gmtime(arrived)).encode(), data.replace(b"\r\n", b"\n").replace(b"\nFrom ", b"\n>From ")))
        return len(mails)

    def _mails(self, folder):
        path = self.path if folder == "." else self.base + "/" + folder
        with open(path, "rb") if os.path.exists(path) else io.BytesIO() as f:
            data = f.read()
        return sorted(part for part in re.split(rb"(?:^|(?<=\n\n))From x@example.net [^\n]*\n", data) if part)

    def moved(self):
        return self._mails("Unrecognised")

    def strays(self):
        return [name for name in os.listdir(self.base) if name not in ("box", "Unrecognised")]


SOURCES = {"imap": Imap, "pop3": Pop3, "maildir": Maildir, "mbox": Mbox}
DATA = re.compile(r"retour\.db(-wal|-shm|\.lock)?|keys|(state|message|sign|erasure|verp-..|event-\d{4}-\d\d(-\d+)?)\.key|erasures?|ledger-head")  # what may lie in the data directory


def program(kind):
    source, retour = kind(), Retour(SMALL_BATCHES)
    retour.config["mailbox bounces"] = source.section(retour)
    return source, retour


def target_of(pid, target):
    """The process to kill: the run itself or a child with that word in its title."""
    if target == "run":
        return pid
    return next((child for child in descendants(pid)[1:] if target in title(child)), None)


def gone(pids, seconds=10):
    """Waits until these processes have ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not any(os.path.exists("/proc/%d" % pid) and "Z" not in open("/proc/%d/stat" % pid).read().rsplit(")", 1)[1][:3] for pid in pids):
            return True
        time.sleep(0.01)
    return False


def contacts(retour):
    """After a run: it judges what was improbable by all that was read, a poll by what it had read until then. But for what is under this store's keys: the
    pseudonyms, the numbers of hosts, campaigns and answers, and at which minute of its day somebody's time comes."""
    equal(retour.run("run").code, 0)
    return collections.Counter(tuple(c._replace(pseudonym=None, until=None, history=len(c.history), rest=None)) for c in contactbody.of(retour))


def campaign(name, kind):
    """KILLS kills of one source."""
    # undisturbed
    source, retour = program(kind)
    source.deliver(samples)
    result = retour.run("poll")
    with case(name + ": undisturbed"):
        equal(result.code, 0, result)
        equal(source.count(), 0)
    wanted = {query: collections.Counter(retour.sql(query)) for query in (EVENTS, TALLIES)}
    people = retour.sql("SELECT count(DISTINCT pseudonym) FROM event")
    moved = source.moved()
    wanted_contacts = contacts(retour)
    source.stop()

    # disturbed
    source, retour = program(kind)
    source.deliver(samples[:PORTION])
    begin = time.monotonic()
    retour.run("poll")
    pace = time.monotonic() - begin  # what a portion takes: the moments are chosen within it
    delivered, killed, orphans, odd = PORTION, collections.Counter(), 0, []
    for _ in range(KILLS * 8):  # many a poll is over before its moment comes
        if sum(killed.values()) == KILLS:
            break
        if source.count() < PORTION and delivered < len(samples):
            delivered += source.deliver(samples[delivered:delivered + PORTION])
        target = min(TARGETS, key=lambda word: killed[word])
        process = retour.start("poll")
        time.sleep(rng.uniform(0, pace))
        family = descendants(process.pid)
        pid = target_of(process.pid, target) if process.poll() is None else None
        if pid is not None and process.poll() is None:
            try:
                os.kill(pid, signal.SIGKILL)
                killed[target] += 1
            except ProcessLookupError:
                pass
        else:  # it was over before: the machine has become faster
            pace = max(0.97 * pace, 0.05)
        out, err = process.communicate(timeout=60)
        if process.returncode not in (0, 1, -signal.SIGKILL):
            odd.append((target, process.returncode, err[-500:]))
        if not gone(family):
            orphans += 1
    comment("%s: killed: %s; %.2f s each" % (name, dict(killed), pace))
    check(sum(killed.values()) == KILLS and min(killed[target] for target in TARGETS) >= KILLS // 5, "%s: %d processes were killed, of each kind" % (name, KILLS), killed)
    check(not odd, name + ": every poll that was not killed ended with 0 or 1", odd[:3])
    check(orphans == 0, name + ": no child outlives its run", orphans)

    source.deliver(samples[delivered:])
    deadline = time.monotonic() + 30
    while (result := retour.run("poll")).code and time.monotonic() < deadline:
        time.sleep(0.2)  # a server may still hold the maildrop of a session that was killed
    with case(name + ": the poll after all that ends well"):
        equal(result.code, 0, result)
    for query, what in ((EVENTS, "events"), (TALLIES, "tallies")):
        with case("%s: the same %s as undisturbed" % (name, what)):
            got = collections.Counter(retour.sql(query))
            lost, doubled = wanted[query] - got, got - wanted[query]
            if what == "events":
                comment("%s: %d events, %d lost, %d doubled" % (name, sum(got.values()), sum(lost.values()), sum(doubled.values())))
            equal((list(lost.items())[:3], list(doubled.items())[:3]), ([], []), "(missing, too many)")
    with case(name + ": the same number of people, the mailbox is empty, the letters lie once in their folder"):
        equal(retour.sql("SELECT count(DISTINCT pseudonym) FROM event"), people)
        equal(source.count(), 0)
        equal(source.moved(), moved)
    with case(name + ": retention and the ledger's chain hold"):
        equal(retour.run("purge").code, 0)
        equal(retour.run("audit").code, 0)
    with case(name + ": nothing is left behind, in the mailbox and beside the store"):
        equal(source.strays(), [])
        equal([file for _, _, names in os.walk(retour.data) for file in names if not DATA.fullmatch(file)], [])
    with case(name + ": the same contacts as undisturbed"):
        got = contacts(retour)
        equal((list((wanted_contacts - got).items())[:3], list((got - wanted_contacts).items())[:3]), ([], []), "(missing, too many)")
    source.stop()


for word in os.environ.get("SOURCES", "imap").split():
    campaign(word, SOURCES[word])

finish()
