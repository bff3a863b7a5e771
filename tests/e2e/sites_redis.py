#!/usr/bin/python3
"""The recipe of retour-sites(7) with Redis or Valkey, as it is printed: three sites and a stream between them; a site that is away for a week, steps that are killed,
the engine killed, entries twice, old ones behind new ones, forged ones, and a disk that is lost leave all sites equal."""
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

CLIENT = shutil.which("redis-cli") or shutil.which("valkey-cli")
# Debian's redis-tools have the server under another name: it goes by what it is called
SERVER = shutil.which("redis-server") or shutil.which("valkey-server") or shutil.which("redis-check-rdb")
if not CLIENT or not SERVER or not shutil.which("jq"):
    ok("the recipe with Redis # SKIP there is no Redis, no Valkey, or no jq")
    finish()

GIVE, TAKE, UNITS = recipe("OVER REDIS")
place = Retour().dir
socket = os.path.join(place, "s")
bin_folder = os.path.join(place, "bin")
os.makedirs(bin_folder)
name_of_server = "valkey-server" if "valkey" in SERVER else "redis-server"
os.symlink(os.path.realpath(SERVER), os.path.join(bin_folder, name_of_server))
with open(os.path.join(bin_folder, "redis-cli"), "w", encoding="ascii") as f:
    f.write("#!/bin/sh\nexec %s -s %s \"$@\"\n" % (CLIENT, socket))
os.chmod(os.path.join(bin_folder, "redis-cli"), 0o755)


def start_engine():
    process = subprocess.Popen([os.path.join(bin_folder, name_of_server), "--port", "0", "--unixsocket", socket, "--dir", place, "--appendonly", "yes",
                                "--appendfsync", "always", "--save", ""], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    cleanup.defer(cleanup.end, process)
    for _ in range(300):
        if redis("PING") == "PONG\n":
            return process
        time.sleep(0.02)
    raise AssertionError("the engine does not answer")


def redis(*arguments, text=None):
    return subprocess.run([os.path.join(bin_folder, "redis-cli"), "--raw", *arguments], input=text, stdin=None if text else subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True).stdout


def step(name, text):
    environment = dict(os.environ, PATH=":".join((homes[name] + "/bin", bin_folder, os.environ["PATH"])))
    return subprocess.run(["sh", "-c", text.replace('"berlin"', '"%s"' % name)], cwd=homes[name], env=environment, capture_output=True, text=True)


def exchanged(*names):
    for text in (GIVE, TAKE):
        for name in names:
            done = step(name, text)
            equal(done.returncode, 0, "%s: %s%s" % (name, done.stdout, done.stderr))


def all_equal():
    for name in NAMES[1:]:
        equal(rows(sites[name][0]), rows(sites["berlin"][0]), name)


def begun(steps, number):
    """The first steps of a recipe: it is killed behind them."""
    return "&&".join(steps.split("&&")[:number])


engine = start_engine()
sites = make_sites()
homes = make_homes(sites, cursor="", seen="0-0\n")
PEOPLE = ["p%d@example.net" % n for n in range(30)]

with case("each site gives and takes: all know what one knows, and an empty stream is no trouble"):
    for name in NAMES:
        equal(step(name, TAKE).returncode, 0)
    for i, name in enumerate(NAMES):
        sites[name][1].take(*[(p, DEAD if n % 2 else FULL, 1) for n, p in enumerate(PEOPLE) if n % 3 == i])
    exchanged(*NAMES)
    all_equal()
    equal(len(rows(sites["berlin"][0])), len(PEOPLE))

with case("a site that was away for a week, and read on, finds everything"):
    for day in range(2, 9):
        sites["berlin"][1].take((PEOPLE[day], DEAD, day))
        sites["koeln"][1].take((PEOPLE[day + 10], FULL, day))
        exchanged("berlin", "hamburg")
    exchanged(*NAMES)
    exchanged(*NAMES)
    all_equal()

with case("whatever step is killed, the next call gives or takes it again"):
    for number in range(1, len(GIVE.split("&&"))):
        sites["hamburg"][1].take(("killed%d@example.net" % number, DEAD, 9))
        equal(step("hamburg", begun(GIVE, number)).returncode, 0)
    exchanged("hamburg")
    for number in range(1, len(TAKE.split("&&"))):
        equal(step("berlin", begun(TAKE, number)).returncode, 0)
    exchanged(*NAMES)
    exchanged(*NAMES)
    all_equal()
    contains(answers(sites["koeln"][0], ["killed1@example.net", "killed3@example.net"]), "killed3@example.net,suppress")

with case("an entry that comes twice, and old ones behind new ones, change nothing"):
    before = rows(sites["berlin"][0])
    entries = [e.split("\nlines\n")[1] for e in re.split(r"(?m)^(?=\d+-\d+$)", redis("XRANGE", "retour", "-", "+")) if "\nlines\n" in e]
    for entry in (entries[-1], *entries[:4][::-1], entries[-1]):
        redis("-x", "XADD", "retour", "*", "lines", text=entry)
    exchanged(*NAMES)
    all_equal()
    equal(rows(sites["berlin"][0]), before)

with case("the engine is killed: nobody's cursor passes what it has not, and it goes on"):
    sites["koeln"][1].take(("engine@example.net", DEAD, 10))
    engine.kill()
    engine.wait()
    for name in NAMES:
        for text in (GIVE, TAKE):
            true(step(name, text).returncode, "a step without its engine")
    engine = start_engine()
    exchanged(*NAMES)
    all_equal()
    contains(answers(sites["berlin"][0], ["engine@example.net"]), "engine@example.net,suppress")

with case("what is no site's is refused, told, and what stands beside it is taken"):
    sites["koeln"][1].take(("beside@example.net", DEAD, 11))
    redis("-x", "XADD", "retour", "*", "lines", text=entries[-1].replace('"version":', '"version":1'))
    equal(step("koeln", GIVE).returncode, 0)
    done = step("berlin", TAKE)
    equal((done.returncode, "is refused" in done.stderr), (1, True), done.stderr)
    contains(answers(sites["berlin"][0], ["beside@example.net"]), "beside@example.net,suppress")
    first = redis("XREVRANGE", "retour", "+", "-", "COUNT", "2").splitlines()
    redis("XDEL", "retour", [line for line in first if re.fullmatch(r"\d+-\d+", line)][1])
    exchanged(*NAMES)
    all_equal()

with case("a disk is lost: a new store with the shared keys has everything back, and answers as before"):
    before = answers(sites["hamburg"][0], PEOPLE + ["killed1@example.net"])
    lost = rows(sites["hamburg"][0])
    sites["hamburg"] = make_site("hamburg", sites["berlin"][0])
    know_each_other(sites)
    homes.update(make_homes({"hamburg": sites["hamburg"]}, cursor="", seen="0-0\n"))
    redis("-x", "XADD", "retour", "*", "lines", text="\n".join(changes(sites["berlin"][0], "--all")) + "\n")
    exchanged(*NAMES)
    all_equal()
    equal(rows(sites["hamburg"][0]), lost)
    equal(answers(sites["hamburg"][0], PEOPLE + ["killed1@example.net"]), before)

with case("the units are such that systemd takes them"):
    service, timer = UNITS.split("[Timer]")
    for suffix, text in (("service", service), ("timer", "[Timer]" + timer)):
        with open(os.path.join(place, "retour-exchange." + suffix), "w", encoding="ascii") as f:
            f.write(text + "\n")
    if shutil.which("systemd-analyze"):
        verify = subprocess.run(["systemd-analyze", "verify", place + "/retour-exchange.service", place + "/retour-exchange.timer"], capture_output=True, text=True)
        equal([line for line in verify.stderr.splitlines() if "retour-exchange" in line], [])
finish()
