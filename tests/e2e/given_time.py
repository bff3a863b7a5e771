#!/usr/bin/python3
"""--now on the store in use: a time that was given purges and moves states there only with --yes; what changes nothing, and every other store, needs none."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.harness import *

# $1: our INI file, $2: our store's directory; both appear where a package has them, in this process's view of the files only
MOUNTS = ('mount -t tmpfs none /etc/retour 2>/dev/null || { mount -t tmpfs none /mnt && mkdir -p /mnt/up /mnt/work && '
          'mount -t overlay -o lowerdir=/etc,upperdir=/mnt/up,workdir=/mnt/work overlay /etc && mkdir -p /etc/retour; }; '
          'cp "$1" /etc/retour/retour.ini && mount -t tmpfs none /var/lib && mkdir -m 700 /var/lib/retour && mount --bind "$2" /var/lib/retour && shift 2 && exec "$@"')
LATER = "2026-12-01T06:00:00Z"


def there(retour, *command):
    """The command where the store is the one in use."""
    retour.write_config()
    done = subprocess.run(["unshare", "--mount", "sh", "-c", MOUNTS, "sh", retour.ini, retour.data, BINARY, *command], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=120)
    return Result(done.returncode, done.stdout, done.stderr, 0, {})


def refused(result):
    equal(result.code, 2, result)
    contains(result.err, "is the store in use")
    contains(result.err, "or --yes")


with case("neither the usage nor a command's help begins with --now"):
    for help_of in (["--help"], ["purge", "--help"]):
        first = Retour(now=None).run(*help_of).out.splitlines()[0]
        true("--now" not in first, first)

with case("a store of its own needs no --yes, and may have one"):
    retour = Retour()
    equal(retour.run("run").code, 0)
    equal(retour.run("purge").code, 0)
    equal(retour.run("purge", options=("--yes",)).code, 0)
    equal(retour.run("purge", "--yes").code, 0)

if subprocess.run(["unshare", "--mount", "sh", "-c", "mount -t tmpfs none /mnt"], capture_output=True).returncode:
    ok("the store in use # SKIP no mount namespace for this user")
    finish()

retour = Retour(now=None)
retour.config["store"]["path"] = "/var/lib/retour/retour.db"
retour.config["keys"]["dir"] = "/var/lib/retour/keys"
retour.config["report"]["dir"] = "/var/lib/retour/reports"
own = "/var/lib/retour/own.ini"
with case("by the clock it works as ever"):
    equal(there(retour, "run").code, 0)
    retour.write_config()
    with open(retour.ini) as f, open(os.path.join(retour.data, "own.ini"), "w") as g:
        g.write(f.read())
for how, options in (("the standard file", []), ("that file by name", ["-c", "/etc/retour/../retour/retour.ini"]), ("another file for a store below /var/lib", ["-c", own])):
    for command in (["run"], ["poll"], ["purge"], ["comment", "--month", "2026-10", "x"], ["key", "rotate"]):
        with case("%s: --now %s is refused" % (how, command[0])):
            refused(there(retour, *options, "--now", LATER, *command))
    with case("%s: what changes nothing is done at another time" % how):
        for command in (["check"], ["status"], ["alerts"], ["purge", "--dry-run"], ["report", "--month", "2026-11"]):
            result = there(retour, *options, "--now", LATER, *command)
            equal(result.code, 0, result)
with case("with --yes it is done, before the command or behind it"):
    equal(there(retour, "--now", LATER, "--yes", "purge").code, 0)
    equal(there(retour, "purge", "--now", LATER, "--yes").code, 0)
finish()
