#!/usr/bin/python3
"""The recipe of retour-sites(7) with PostgreSQL, as it is printed: three sites and a table between them; a site that was away, a step that was killed and one that
was done twice leave all sites equal. Needs a PostgreSQL, which is not installed for it."""
import glob
import os
import re
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib import cleanup
from lib.contacts import DEAD, FULL  # noqa: E402
from lib.harness import *  # noqa: E402,F403
from lib.sites import *  # noqa: E402,F403

SERVER = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
if not SERVER or not shutil.which("psql") or not shutil.which("jq"):
    ok("the recipe with PostgreSQL # SKIP there is no PostgreSQL, or no jq")
    finish()

TABLE, GIVE, TAKE = recipe("OVER POSTGRESQL")

place = Retour().dir
os.chmod(place, 0o755)
server = os.path.join(place, "server")
os.makedirs(server)
os.chmod(server, 0o700)
as_owner = []
if os.geteuid() == 0:  # the server does not run as root
    shutil.chown(server, "nobody")
    as_owner = ["runuser", "-u", "nobody", "--"]
folder = os.path.dirname(SERVER[-1])
subprocess.run(as_owner + [folder + "/initdb", "-D", server + "/data", "-A", "trust", "-U", "test"], cwd="/", check=True, stdout=subprocess.DEVNULL)
process = subprocess.Popen(as_owner + [folder + "/postgres", "-D", server + "/data", "-k", server, "-c", "listen_addresses=", "-c", "fsync=off"], cwd="/",
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
cleanup.defer(cleanup.end, process)
ENV = dict(os.environ, PGHOST=server, PGUSER="test", PGDATABASE="postgres", PGCONNECT_TIMEOUT="5")


def shell(text, directory, **more):
    return subprocess.run(["sh", "-c", text], cwd=directory, env=dict(ENV, **more), capture_output=True, text=True)


def wait_for(condition, what):
    for _ in range(300):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("never: " + what)


wait_for(lambda: shell("psql -c 'SELECT 1'", place).returncode == 0, "the server answers")

sites = make_sites()
homes = make_homes(sites, cursor="", seen="0\n")


def step(name, text):
    return shell(text.replace("'berlin'", "'%s'" % name), homes[name], PATH=homes[name] + "/bin:" + os.environ["PATH"])


def exchanged(*names):
    for text in (GIVE, TAKE):
        for name in names:
            done = step(name, text)
            equal(done.returncode, 0, "%s: %s%s" % (name, done.stdout, done.stderr))


def all_equal():
    for name in NAMES[1:]:
        equal(rows(sites[name][0]), rows(sites[NAMES[0]][0]), name)


PEOPLE = ["p%d@example.net" % n for n in range(30)]
with case("the table is made as printed"):
    made = subprocess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1"], input=TABLE, env=ENV, capture_output=True, text=True)
    equal((made.returncode, made.stderr), (0, ""))

with case("each site gives and takes: all know what one knows"):
    for i, name in enumerate(NAMES):
        sites[name][1].take(*[(p, DEAD if n % 2 else FULL, 1) for n, p in enumerate(PEOPLE) if n % 3 == i])
    exchanged(*NAMES)
    all_equal()
    equal(len(rows(sites["berlin"][0])), len(PEOPLE))

with case("a site that was away for a week finds everything"):
    for day in range(2, 9):
        sites["berlin"][1].take((PEOPLE[day], DEAD, day))
        sites["koeln"][1].take((PEOPLE[day + 10], FULL, day))
        exchanged("berlin", "hamburg")
    exchanged(*NAMES)
    exchanged(*NAMES)
    all_equal()

with case("what was killed between its steps comes again and changes nothing"):
    sites["hamburg"][1].take((PEOPLE[20], DEAD, 9))
    before = GIVE.split("&&")
    equal(step("hamburg", "&&".join(before[:2])).returncode, 0)  # in the table, the cursor is the old one
    taken = TAKE.split("&&")
    exchanged("hamburg")
    equal(step("berlin", "&&".join(taken[:3])).returncode, 0)  # taken, but not noted
    exchanged(*NAMES)
    all_equal()

with case("a transaction that ends late is not passed by"):
    late = subprocess.Popen(["psql", "-q"], stdin=subprocess.PIPE, env=ENV, text=True)
    sites["koeln"][1].take(("late@example.net", DEAD, 10))
    equal(step("koeln", GIVE.split("&&")[0]).returncode, 0)
    late.stdin.write("BEGIN;\n" + re.search(r'-c "(.*)"', GIVE).group(1).replace("'lines'", "'%s/lines'" % homes["koeln"]) + "\n\\! touch %s/copied\n" % homes["koeln"])
    late.stdin.flush()
    wait_for(lambda: os.path.exists(homes["koeln"] + "/copied"), "the lines are copied")
    sites["hamburg"][1].take((PEOPLE[22], DEAD, 10))
    exchanged("berlin", "hamburg")
    late.stdin.write("COMMIT;\n")
    late.stdin.close()
    equal(late.wait(), 0)
    exchanged("berlin", "hamburg")
    equal(rows(sites["berlin"][0]), rows(sites["hamburg"][0]))
    contains(answers(sites["berlin"][0], ["late@example.net"]), "suppress")
with case("the table for events, as retour-events(7) prints it: what is loaded twice is there once"):
    with open(os.path.join(ROOT, "etc", "retour-events.7"), encoding="utf-8") as f:
        load = re.search(r"^PostgreSQL:\n\.Bd [^\n]*\n(.*?)^\.Ed", f.read().replace("\\e", "\\"), re.M | re.S).group(1)
    create, again = load.partition("CREATE TEMPORARY")[::2]
    home = homes["berlin"]
    equal(step("berlin", "retour events > lines").returncode, 0)
    with open(home + "/lines") as f:
        count = sum('"at"' in line for line in f)
    for text in (create, "CREATE TEMPORARY" + again, "CREATE TEMPORARY" + again):
        done = subprocess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1"], input=text.replace("180 days", "180 years"), env=ENV, cwd=home, capture_output=True, text=True)
        equal((done.returncode, done.stderr), (0, ""))
    equal(shell("psql -Atc 'SELECT count(*), count(DISTINCT kind) FROM retour'", home).stdout, "%d|1\n" % count)
finish()
