#!/usr/bin/python3
"""SIGKILL at the n-th call of each system call that changes something, while an mbox is emptied: then another run, with mail delivered in between or not. What
stays is whole and in its order, what is moved lies in its folder once, nothing is left in any directory. strace(1) kills, right before the call."""
import collections
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib import cleanup, tap
from lib.harness import *

CALLS = ("write", "pwrite64", "rename,renameat,renameat2", "link,linkat", "unlink,unlinkat", "ftruncate", "fsync", "openat", "dup3", "fchmod", "fchown", "fcntl")
DRIVER = os.path.join(os.environ.get("RETOUR_BUILD", ROOT + "/build"), "unit", "poller_mbox")
NOBODY = 65534
ALL = os.environ.get("POINTS") == "all"
FROM = "From MAILER-DAEMON Sun Nov  1 00:00:%02d 2026\n"
Case = collections.namedtuple("Case", "name messages batch writable")


def mail(number, what, size):
    return FROM % (number % 60) + "Subject: number %d\ngo: %s\n\n%s\n\n" % (number, what, ("%d %s " % (number, what) * size)[:size])


def messages(pattern, sizes):
    """PATTERN: d(elete), m(ove), k(eep)."""
    return [mail(i, {"d": "delete", "m": "move", "k": "keep"}[c], sizes[i % len(sizes)]) for i, c in enumerate(pattern)]


CASES = (
    Case("all goes, a few at a time", messages("dmddmdmd", [700]), 3, True),
    Case("more stays than goes", messages("dkkmkkkkmk", [300, 5000]), 4, True),
    Case("more stays than goes, in a directory of others", messages("kdkkmkk", [500, 600000]), 3, False),
    Case("much goes, in a directory of others", messages("ddmdkmdk", [900000, 400]), 8, False),
)
NEW = mail(99, "keep", 2000)


class Place:
    def __init__(self, base, case):
        self.base, self.box, self.scratch, self.case = base, base + "/mail/box", base + "/scratch", case
        os.makedirs(base + "/mail")
        os.makedirs(self.scratch)
        with open(self.box, "w") as f:
            f.write("".join(case.messages))
        if not case.writable:
            open(base + "/mail/other", "w").close()  # we may not make it there
            for path in (self.box, base + "/mail/other", self.scratch):
                os.chown(path, NOBODY, NOBODY)

    def drive(self, calls=None, n=0):
        trace = ["strace", "-o", self.base + "/trace", "-e", "trace=" + calls, "-e", "inject=%s:signal=SIGKILL:when=%d" % (calls, n)] if calls else []
        become = ["setpriv", "--reuid=%d" % NOBODY, "--regid=%d" % NOBODY, "--clear-groups"] if not self.case.writable else []
        if become and trace:
            open(self.base + "/trace", "w").close()
            os.chown(self.base + "/trace", NOBODY, NOBODY)
        return subprocess.run(become + trace + [DRIVER, self.box, self.scratch, str(self.case.batch)], capture_output=True, text=True, timeout=60)

    def killed(self, calls, n):
        self.drive(calls, n)
        with open(self.base + "/trace", errors="replace") as f:
            return "killed by SIGKILL" in f.read()

    def check(self, delivered):
        result = self.drive()
        equal((result.returncode, result.stderr), (0, ""), "the run after")
        stays = [m for m in self.case.messages if "go: keep" in m] + ([NEW] if delivered else [])
        box = open(self.box).read()
        true(box == "".join(stays), "the mailbox has %d bytes, not %d" % (len(box), len("".join(stays))))
        moved = [m.split("\n", 1)[1] for m in self.case.messages if "go: move" in m]
        other = open(self.base + "/mail/other").read() if os.path.exists(self.base + "/mail/other") else ""
        equal([part.split("\n", 1)[1] for part in other.replace("\nFrom MAILER-DAEMON", "\n\0From MAILER-DAEMON").split("\0") if part], moved, "the folder")
        equal((sorted(set(os.listdir(self.base + "/mail")) - {"box", "other"}), os.listdir(self.scratch)), ([], []), "left behind")


def main():
    if not shutil.which("strace") or subprocess.run(["strace", "-o", "/dev/null", "true"], stderr=subprocess.DEVNULL).returncode:
        print("ok - kill points of an mbox # SKIP strace cannot trace here")
        return
    base, total = cleanup.temporary("retour-mbox-points-"), 0
    for which, case in enumerate(CASES):
        if not case.writable and os.geteuid():
            print("ok - %s # SKIP only root can be somebody else" % case.name)
            continue
        taken, wrong = 0, []
        for calls in CALLS:
            for n in range(1, 1000):
                if not ALL and n > 4 and n % 5:
                    continue
                place = Place("%s/%d-%s-%d" % (base, which, calls.split(",")[0], n), case)
                if not place.killed(calls, n):
                    shutil.rmtree(place.base)
                    break
                taken += 1
                try:
                    delivered = (n + which) % 2 == 0
                    if delivered:
                        with open(place.box, "a") as f:
                            f.write(NEW)
                    place.check(delivered)
                except Exception as error:
                    wrong.append("%s number %d: %s" % (calls, n, error))
                if not os.environ.get("RETOUR_KEEP"):
                    shutil.rmtree(place.base)
        total += taken
        tap.check(taken and not wrong, "%s: killed at %d points, nothing is torn, lost, doubled or left" % (case.name, taken), "\n".join(wrong[:8]))
    print("# %d kill points" % total)


main()
finish()
