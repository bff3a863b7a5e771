#!/usr/bin/python3
"""SIGKILL at the n-th call of each system call that changes something, of each command that does; then ordinary runs. Nothing may be lost, counted twice, left
behind or refused for ever after. strace(1) kills: right before the call, in the run and in its children. `make points` takes every n; without POINTS=all a sample.
"""
import collections
import os
import random
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib import pseudonym, tap
from lib.contacts import BOUNCE, DEAD, FULL
from lib.harness import *

CALLS = ("fsync,fdatasync", "pwrite64", "rename,renameat,renameat2", "link,linkat", "unlink,unlinkat", "ftruncate", "openat", "sendmsg", "mkdir,mkdirat",
         "fchmod,fchmodat,chmod", "write")
ALL = os.environ.get("POINTS") == "all"
EACH = 1                # points of each call and command, where not all are taken
SEED = int(os.environ.get("POINTS_SEED", "1"))
NAMES = re.compile(r"retour\.db(-wal|-shm|\.lock)?|(state(-\d)?|message|sign|erasure|sites|verp-..|event-\d{4}-\d\d(-\d+)?)\.key|erasures?|20\d\d-\d\d\.(xml|html|txt)(\.minisig)?|"
                   r"VERIFY\.txt|SHA256SUMS|index\.html(\.minisig)?|report.*|copy\.db(-journal|-wal|-shm)?|.*\.minisig|ledger.*|checkpoint.*|audit.*|sign\.pub|retour\.pub")
NOVEMBER, JUNE = "2026-11-20T06:00:00Z", "2027-06-17T06:00:00Z"
PEOPLE = ["point%d@example.net" % i for i in range(6)]


def bounce(number, recipient, what, day):
    date = "%02d Nov 2026 05:00:00 +0000" % day
    return (BOUNCE % {"date": date, "number": number, "recipient": recipient, "status": what[0], "text": what[1], "host": "mx.example.net"}).encode()


def fill(folder):
    for name in ("new", "cur", "tmp"):
        os.makedirs("%s/%s" % (folder, name), exist_ok=True)
    for i, person in enumerate(PEOPLE):
        with open("%s/new/%d.%d.mx" % (folder, 1794700000 + i, i), "wb") as f:
            f.write(bounce(i, person, DEAD if i % 2 else FULL, 14 + i % 5))


class Place:
    """A program with a Maildir, whose data a template gives."""

    def __init__(self, base, template=None):
        os.makedirs(base, 0o700)
        self.retour = Retour(now=NOVEMBER, base=base)
        self.maildir = base + "/maildir"
        self.sent = base + "/sent"
        script = base + "/sendmail"
        with open(script, "w") as f:
            f.write("#!/bin/sh\ncat > %s.$$\nmv %s.$$ %s/\n" % (self.sent + "-new", self.sent + "-new", self.sent))
        os.chmod(script, 0o755)
        os.makedirs(self.sent, exist_ok=True)
        self.retour.config["mailbox bounces"] = {"protocol": "maildir", "path": self.maildir, "processed": "delete"}
        self.retour.config["report"].update({"from": "retour@example.org", "to": "ops@example.org", "sendmail": script})
        if template:
            self.retour.config["store"].update(template.retour.config["store"], path=self.retour.config["store"]["path"])
            shutil.rmtree(self.retour.data)
            shutil.copytree(template.retour.data, self.retour.data, symlinks=True)
            if os.path.exists(template.maildir):
                shutil.copytree(template.maildir, self.maildir)
        self.retour.write_config()

    def trace(self, now, command, input, calls, kill=None):
        """Runs COMMAND, with a kill at the KILL-th of CALLS of each process; [(process, call)] of those that were made."""
        log = self.retour.dir + "/trace"
        self.retour.now = now
        arguments = ["strace", "-f", "-o", log, "-e", "trace=" + calls] + (["-e", "inject=%s:signal=SIGKILL:when=%d" % (calls, kill)] if kill else [])
        subprocess.run(arguments + self.retour.arguments(command), input=input, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)
        with open(log, errors="replace") as f:
            return re.findall(r"^(\d+) +(\w+)\(", f.read(), re.M)


def well(place, command, input=None, codes=(0,)):
    result = place.retour.run(*command, input=input, timeout=60)
    true(result.code in codes, "%s after the kill: %r" % (" ".join(command), result))
    return result


def verdicts(place):
    return [line["verdict"] for line in well(place, ("check", "--json"), "\n".join(PEOPLE)).lines()]


def nothing_left(place):
    for folder, _folders, names in os.walk(place.retour.data):
        for name in names:
            true(NAMES.fullmatch(name), "%s is left in %s" % (name, os.path.relpath(folder, place.retour.dir)))


# --- the commands: what is there before, what is done, what must hold after ordinary runs -------------------------------------

Command = collections.namedtuple("Command", "name prepare now command input after")


def empty(place):
    fill(place.maildir)


def read(place):
    empty(place)
    well(place, ("run",))


def read_and_purged(place):
    """Half a year without a purge would be a broken promise of its own."""
    read(place)
    for month in ("2026-12", "2027-01", "2027-02", "2027-03", "2027-04"):
        place.retour.now = month + "-18T06:00:00Z"
        well(place, ("purge",))
    place.retour.now = "2027-05-18T05:00:00Z"
    well(place, ("purge",))


def read_and_waiting(place):
    read(place)
    for i, person in enumerate(PEOPLE[:2]):
        with open("%s/new/%d.%d.mx" % (place.maildir, 1796083200 + i, i), "wb") as f:
            f.write(bounce(100 + i, person, DEAD if i % 2 else FULL, 30).replace(b"30 Nov 2026 05:00:00", b"01 Dec 2026 00:00:00"))


def two_keys(place):
    read(place)
    well(place, ("key", "rotate", "verp"))
    well(place, ("key", "rotate", "verp"))


def two_states(place):
    read(place)
    well(place, ("key", "rotate"))


def named(place):
    """One of several sites."""
    place.retour.config["store"]["site"] = "berlin"
    read(place)
    well(place, ("changes",))


def brought(place):
    """The file of a key that another site made behind the present one."""
    path = place.retour.dir + "/brought"
    print_of = pseudonym.fingerprint(pseudonym.key(place.retour.data + "/keys/state.key")).hex()
    with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as f:
        f.write("retour key 2 state\n%s\nafter %s\n" % (bytes(range(32)).hex(), print_of))
    return path


def after_adopting(place, now):
    well(place, ("key", "adopt", brought(place)))
    true("state-2.key" in well(place, ("key", "list")).out, "the key is not in use")
    equal(place.retour.sql("SELECT count(*) FROM share WHERE pseudonym NOT IN (SELECT pseudonym FROM contact)"), [(0,)], "shares without a contact")
    after_run(place, now)


def after_run(place, now):
    well(place, ("run",))
    well(place, ("run",))
    equal(sum(len(names) for _f, _d, names in os.walk(place.maildir)), 0, "mails left in the mailbox")
    equal(place.retour.sql("SELECT count(*), count(DISTINCT pseudonym) FROM event"), [(len(PEOPLE), len(PEOPLE))], "events")
    equal([v == "suppress" for v in verdicts(place)], [bool(i % 2) for i in range(len(PEOPLE))], "verdicts")


def after_turn(place, now):
    well(place, ("run",))
    well(place, ("run",))
    equal(sum(len(names) for _f, _d, names in os.walk(place.maildir)), 0, "mails left in the mailbox")
    equal(place.retour.sql("SELECT count(*) FROM event"), [(len(PEOPLE) + 2,)], "events")
    true({"event-2026-11.key", "event-2026-12.key"} <= set(os.listdir(place.retour.data + "/keys")), "a month's key is missing")
    equal([v == "suppress" for v in verdicts(place)], [bool(i % 2) for i in range(len(PEOPLE))], "verdicts")
    equal(len(os.listdir(place.sent)) in (1, 2), True, "the report went out")


def after_month(place, now):
    well(place, ("run",))
    equal(place.retour.sql("SELECT count(*) FROM event"), [(0,)], "events")
    true("event-2026-11.key" not in os.listdir(place.retour.data + "/keys"), "the month's key is still there")
    equal([v == "suppress" for v in verdicts(place)], [bool(i % 2) for i in range(len(PEOPLE))], "verdicts")


def after_forget(place, now):
    well(place, ("forget",), PEOPLE[1] + "\n")
    well(place, ("run",))
    equal(place.retour.sql("SELECT count(*) FROM event"), [(len(PEOPLE) - 1,)], "events")
    equal([v == "suppress" for v in verdicts(place)], [bool(i % 2) and i != 1 for i in range(len(PEOPLE))], "verdicts")


def after_backup(place, now):
    copy = place.retour.data + "/copy.db"
    for name in os.listdir(place.retour.data):
        if name.startswith("copy.db"):
            os.unlink(os.path.join(place.retour.data, name))
    well(place, ("backup", copy))
    after_run(place, now)


def after_export(place, now):
    shutil.rmtree(place.retour.data + "/evidence", ignore_errors=True)
    well(place, ("audit", "export", place.retour.data + "/evidence"))
    well(place, ("audit", "verify", place.retour.data + "/evidence"))
    after_run(place, now)


def after_report(place, now):
    well(place, ("run",))
    mails = len(os.listdir(place.sent))
    true(1 <= mails <= 2, "the report went out %d times" % mails)
    equal([v == "suppress" for v in verdicts(place)], [bool(i % 2) for i in range(len(PEOPLE))], "verdicts")


COMMANDS = (
    Command("a first run", empty, NOVEMBER, ("run",), None, after_run),
    Command("a run at which a month ends", read_and_purged, JUNE, ("-q", "purge"), None, after_month),
    Command("a run with the first mail of a month", read_and_waiting, "2026-12-01T00:10:00Z", ("run",), None, after_turn),
    Command("a run with the last mail of a month, in the next", empty, "2026-12-01T00:10:00Z", ("run",), None, after_run),
    Command("purge", read, NOVEMBER, ("purge",), None, after_run),
    Command("key rotate", read, NOVEMBER, ("key", "rotate"), None, after_run),
    Command("key rotate of a site", named, NOVEMBER, ("key", "rotate"), None, after_run),
    Command("key adopt", named, NOVEMBER, ("key", "adopt", "BROUGHT"), None, after_adopting),
    Command("key retire of a state key", two_states, NOVEMBER, ("key", "retire", "state.key", "-"), "\n".join(PEOPLE).encode(), after_run),
    Command("key rotate verp", read, NOVEMBER, ("key", "rotate", "verp"), None, after_run),
    Command("key retire", two_keys, NOVEMBER, ("key", "retire", "VERP"), None, after_run),
    Command("forget", read, NOVEMBER, ("forget",), (PEOPLE[1] + "\n").encode(), after_forget),
    Command("backup", read, NOVEMBER, ("backup", "COPY"), None, after_backup),
    Command("audit export", read, NOVEMBER, ("audit", "export", "EVIDENCE"), None, after_export),
    Command("a run that sends the report", read, "2026-12-01T06:00:00Z", ("run",), None, after_report),
)
COMMANDS = tuple(c._replace(command=tuple(w for w in c.command if w != "-q")) for c in COMMANDS)


def words(place, command):
    verp = sorted(name for name in os.listdir(place.retour.data + "/keys") if name.startswith("verp-")) if "VERP" in command.command else [""]
    if "BROUGHT" in command.command:
        return command.command[:-1] + (brought(place),)
    replaced = {"COPY": place.retour.data + "/copy.db", "EVIDENCE": place.retour.data + "/evidence", "VERP": verp[0]}
    return tuple(replaced.get(word, word) for word in command.command)


def try_point(command, template, calls, n, base):
    place = Place(base, template)
    try:
        place.trace(command.now, words(place, command), command.input, calls, n)
        command.after(place, command.now)
        well(place, ("purge",))
        well(place, ("audit",))
        nothing_left(place)
    finally:
        shutil.rmtree(base, ignore_errors=True)


def calls_made(command, template, base):
    """{calls: how many of them the process with most made}, of each of CALLS."""
    place = Place(base, template)
    made = place.trace(command.now, words(place, command), command.input, ",".join(CALLS))
    shutil.rmtree(base, ignore_errors=True)
    return {calls: max(collections.Counter(pid for pid, name in made if name in calls.split(",")).values(), default=0) for calls in CALLS}


def main():
    if not shutil.which("strace") or subprocess.run(["strace", "-o", "/dev/null", "true"], stderr=subprocess.DEVNULL).returncode:
        print("ok - kill points # SKIP strace cannot trace here")
        return
    folder = cleanup.temporary("retour-points-")
    chance, points, wrong = random.Random(SEED), 0, []
    for command in COMMANDS:
        if len(sys.argv) > 1 and command.name not in sys.argv[1:]:
            continue
        template = Place("%s/template-%s" % (folder, command.name.replace(" ", "-")))
        command.prepare(template)
        failures, taken, number = [], 0, 0
        for calls, most in calls_made(command, template, "%s/most" % folder).items():
            steps = range(1, most + 1) if ALL else sorted(chance.sample(range(1, most + 1), min(most, EACH)))
            for n in steps:
                number += 1
                name = "%s, %s number %d" % (command.name, calls, n)
                try:
                    try_point(command, template, calls, n, "%s/%d" % (folder, number))
                except Exception as error:
                    failures.append("%s: %s" % (name, error))
                taken += 1
                points += 1
        wrong += failures
        tap.check(not failures and taken, "%s: killed at %d points, nothing is lost, doubled, left behind or refused" % (command.name, taken), "\n".join(failures[:8]))
    print("# %d kill points, %d wrong" % (points, len(wrong)))


main()
finish()
