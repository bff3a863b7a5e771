#!/usr/bin/python3
"""kill -9 of the run, of a fetcher, of a parser, at random moments of an IMAP poll, each time started again: the events equal those of an
undisturbed poll, the mailbox is empty, nothing is doubled. KILLS and SEED in the environment change how often and when."""
import collections
import os
import random
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import generate
from lib.harness import *

KILLS = int(os.environ.get("KILLS", "50"))
SEED = int(os.environ.get("SEED", "1"))
PORTION = 150  # messages that come in between, so that there is always something to disturb
EVENTS = ("SELECT at, kind, ifnull(class, ''), ifnull(category, ''), ifnull(status, ''), ifnull(reply, 0), provider, ifnull(campaign, ''), origin, rule,"
          " ifnull(diagnostic, ''), mailbox, number FROM event")
TALLIES = "SELECT day, kind, class, category, origin, provider, campaign, count FROM tally ORDER BY 1, 2, 3, 4, 5, 6, 7"
CONTACTS = "SELECT state, since, until, attempts, reason, count(*) FROM contact GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5"
TARGETS = ("run", "fetcher", "parser")
# built with batches of 10 and slow commits, so that kills fall between commit and settlement
SMALL_BATCHES = os.environ.get("RETOUR") or os.path.join(os.environ.get("RETOUR_BUILD", os.path.join(ROOT, "build")), "crash", "retour")

rng = random.Random(SEED)
samples = [sample for sample in generate.generate(seed=SEED, bounces=PORTION * (KILLS * 3 // 2 + 4), complaints=0)]
samples = [(sample.data, sample.arrived) for sample in samples]


def program():
    dovecot, retour = Dovecot(), Retour(SMALL_BATCHES)
    retour.config["mailbox bounces"] = dovecot.mailbox(generate.BOUNCES, password_file=retour.secret())
    return dovecot, retour


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


# --- undisturbed -------------------------------------------------------------------------------------------------------

dovecot, retour = program()
dovecot.deliver(generate.BOUNCES, samples)
result = retour.run("poll")
with case("undisturbed"):
    equal(result.code, 0, result)
    equal(dovecot.count(generate.BOUNCES), 0)
wanted = {query: collections.Counter(retour.sql(query)) for query in (EVENTS, TALLIES, CONTACTS)}
people = retour.sql("SELECT count(DISTINCT pseudonym) FROM event")
moved = sorted(dovecot.messages(generate.BOUNCES, "Unrecognised"))
dovecot.stop()

# --- disturbed ---------------------------------------------------------------------------------------------------------

dovecot, retour = program()
dovecot.deliver(generate.BOUNCES, samples[:PORTION])
begin = time.monotonic()
retour.run("poll")
pace = time.monotonic() - begin  # what a portion takes: the moments are chosen within it
delivered, killed, orphans, odd = PORTION, collections.Counter(), 0, []
for _ in range(KILLS * 8):  # many a poll is over before its moment comes
    if sum(killed.values()) == KILLS:
        break
    if dovecot.count(generate.BOUNCES) < PORTION and delivered < len(samples):
        delivered += dovecot.deliver(generate.BOUNCES, samples[delivered:delivered + PORTION])
    target = min(TARGETS, key=lambda name: killed[name])
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
    out, err = process.communicate(timeout=60)
    if process.returncode not in (0, 1, -signal.SIGKILL):
        odd.append((target, process.returncode, err[-500:]))
    if not gone(family):
        orphans += 1
comment("killed: %s; %.2f s each" % (dict(killed), pace))
check(sum(killed.values()) == KILLS and min(killed[target] for target in TARGETS) >= KILLS // 5, "%d processes were killed, of each kind" % KILLS, killed)
check(not odd, "every poll that was not killed ended with 0 or 1", odd[:3])
check(orphans == 0, "no child outlives its run", orphans)

dovecot.deliver(generate.BOUNCES, samples[delivered:])
result = retour.run("poll")
with case("the poll after all that ends well"):
    equal(result.code, 0, result)
for query, name in ((EVENTS, "events"), (TALLIES, "tallies"), (CONTACTS, "contacts")):
    with case("the same %s as undisturbed" % name):
        got = collections.Counter(retour.sql(query))
        equal((list((wanted[query] - got).items())[:3], list((got - wanted[query]).items())[:3]), ([], []), "(missing, too many)")
with case("the same number of people, the mailbox is empty, the letters lie once in their folder"):
    equal(retour.sql("SELECT count(DISTINCT pseudonym) FROM event"), people)
    equal(dovecot.count(generate.BOUNCES), 0)
    equal(sorted(dovecot.messages(generate.BOUNCES, "Unrecognised")), moved)
    equal([folder for folder in dovecot.folders(generate.BOUNCES) if dovecot.count(generate.BOUNCES, folder) and folder != "Unrecognised"], [])
with case("retention and the ledger's chain hold"):
    equal(retour.run("purge").code, 0)
    equal(retour.run("audit").code, 0)

finish()
