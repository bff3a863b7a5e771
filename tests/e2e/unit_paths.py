#!/usr/bin/python3
"""What the unit lets a run write is enough for a run: the file system read-only but for the state directory and the unit's ReadWritePaths, as systemd mounts it,
installed as the README says. The note that a store was made is written there, and a store that is lost later is not made anew."""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.harness import *

UNIT = open(os.path.join(ROOT, "etc/retour.service")).read()
WRITABLE = [path.lstrip("-") for line in re.findall(r"^ReadWritePaths=(.*)$", UNIT, re.M) for path in line.split()]
INI = re.search(r"^ExecStart=.* -c (\S+) run$", UNIT, re.M).group(1)
# $1: what is read-only; $2, $3: the state directory and the writable file, of which the unit says "-": it may be missing
MOUNTS = ('mount --bind "$1" "$1" && mount --bind "$2" "$2" && { test ! -e "$3" || mount --bind "$3" "$3"; } && mount -o remount,bind,ro "$1" '
          '&& shift 3 && exec "$@"')


def mounted(retour, marker):
    """A `run` in the unit's file system."""
    retour.write_config()
    command = ["unshare", "--mount", "sh", "-c", MOUNTS, "sh", retour.dir, retour.data, marker if INI + ".made" in WRITABLE else "/nowhere", *retour.arguments(["run"])]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def installed(laid):
    retour = Retour()
    marker = retour.ini + ".made"
    if laid:  # as the README says
        subprocess.run(["install", "-m", "600", "/dev/null", marker], check=True)
    return retour, marker


with case("the unit lets the run write the note beside the INI file"):
    true(INI + ".made" in WRITABLE, WRITABLE)
with case("the README and the package lay that file, for the program's user"):
    contains(open(os.path.join(ROOT, "README.md")).read(), "install -m 600 -o retour /dev/null %s.made" % INI)
    contains(open(os.path.join(ROOT, "etc/debian/retour.tmpfiles")).read(), "f %s.made 0600 retour" % INI)

if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode:
    ok("the first run under the unit notes its store # SKIP no mount namespace for this user")
else:
    with case("the first run under the unit notes its store, and once it is lost no other is made"):
        retour, marker = installed(True)
        result = mounted(retour, marker)
        equal(result.returncode, 0, result.stderr)
        contains(open(marker).read(), retour.database)
        for name in os.listdir(retour.data):
            subprocess.run(["rm", "-rf", os.path.join(retour.data, name)], check=True)
        result = mounted(retour, marker)
        equal(result.returncode, 2, result.stderr)
        contains(result.stderr, "says that there was a store")
        equal(os.path.exists(retour.database), False)
    with case("without that file the run works, and says that a lost store would not show"):
        retour, marker = installed(False)
        result = mounted(retour, marker)
        equal(result.returncode, 0, result.stderr)
        contains(result.stderr, "a lost store would not be noticed")
finish()
