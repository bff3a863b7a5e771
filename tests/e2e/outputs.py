#!/usr/bin/python3
"""Where output goes: devices, pipes and links that a person named stay what they are, files are replaced at once; a store is a file; what could not be
written ends with 1, whatever the command; a file is never made under a name that is an address."""
import os
import stat
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.fakeimap import FakeImap
from lib.harness import *

ADDRESS = "some.body.rare@example.com"
retour = Retour()
maildir = os.path.join(retour.dir, "maildir")
for folder in ("new", "cur", "tmp"):
    os.makedirs(os.path.join(maildir, folder))
retour.config["mailbox bounces"] = {"protocol": "maildir", "path": maildir}
equal(retour.run("run").code, 0)
place = os.path.join(retour.dir, "out")
os.mkdir(place)
OUTPUTS = (("report", "--month", "2026-10", "--output"), ("audit", "--output"))


def draft(path):
    return "%s/.%s.retour-draft" % os.path.split(path)


def kind(path):
    return stat.S_IFMT(os.lstat(path).st_mode)


for words in OUTPUTS:
    expected = retour.run(*words[:-1]).out
    with case("%s: a device is written to and stays a device" % " ".join(words)):
        device = os.path.join(place, "null-" + words[0])
        try:
            os.mknod(device, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
            open(device, "w").close()
        except PermissionError:
            device = "/dev/null"  # only root could make one, and only root could lose it
        result = retour.run(*words, device)
        equal((result.code, kind(device)), (0, stat.S_IFCHR), result)
        result = retour.run(*words, "/dev/full")
        equal((result.code, kind("/dev/full")), (1, stat.S_IFCHR), result)
        contains(result.err, "No space left")
    with case("%s: a pipe gets it" % " ".join(words)):
        pipe = os.path.join(place, "pipe-" + words[0])
        os.mkfifo(pipe)
        got = []
        reader = threading.Thread(target=lambda: got.append(open(pipe).read()), daemon=True)
        reader.start()
        result = retour.run(*words, pipe, timeout=30)
        reader.join(10)
        equal((result.code, kind(pipe), got), (0, stat.S_IFIFO, [expected]), result)
    with case("%s: a link is followed, and its file replaced in one step with its mode" % " ".join(words)):
        target, link = os.path.join(place, "target-" + words[0]), os.path.join(place, "link-" + words[0])
        with open(target, "w") as f:
            f.write("before")
        os.chmod(target, 0o640)
        os.symlink(os.path.basename(target), link)
        before = os.stat(target).st_ino
        equal(retour.run(*words, link).code, 0)
        equal((kind(link), kind(target), os.stat(target).st_mode & 0o777), (stat.S_IFLNK, stat.S_IFREG, 0o640))
        true(os.stat(target).st_ino != before, "written over in place")
        equal(open(target).read(), expected)
    with case("%s: what a kill left is used up, and nothing is left beside the file" % " ".join(words)):
        path = os.path.join(place, "file-" + words[0])
        with open(draft(path), "w") as f:
            f.write("half of a repo" * 10000)
        equal(retour.run(*words, path).code, 0)
        equal((open(path).read(), os.path.exists(draft(path))), (expected, False))
    with case("%s: what lies in the way under another's control is not written through" % " ".join(words)):
        path, victim = os.path.join(place, "way-" + words[0]), os.path.join(place, "victim-" + words[0])
        for trap in (os.symlink, os.link):
            with open(victim, "w") as f:
                f.write("mine")
            trap(victim, draft(path))
            equal(retour.run(*words, path).code, 1)
            equal(open(victim).read(), "mine")
            os.unlink(draft(path))

with case("the name and its directory are made durable: fsync of both, rename between"):
    log = os.path.join(retour.dir, "trace")
    strace = subprocess.run(["strace", "-f", "-y", "-o", log, "-e", "trace=fsync,rename", *retour.arguments(["audit", "--output", place + "/durable"])], stdout=subprocess.DEVNULL)
    calls = [line.split(None, 1)[1] for line in open(log) if place in line]
    equal([call.split("(")[0] for call in calls], ["fsync", "rename", "fsync"], calls)
    contains(calls[0], ".durable.retour-draft")
    contains(calls[2], place + ">")

with case("[metrics] file: what is no regular file is refused, in words, and the rest of the run is done"):
    for make in (os.mkfifo, os.mkdir, lambda path: os.symlink("/dev/null", path)):
        path = os.path.join(place, "metrics-%d" % len(os.listdir(place)))
        make(path)
        retour.config["metrics"] = {"file": path}
        was, result = kind(path), retour.run("run", timeout=30)
        equal((result.code, kind(path)), (1, was), result)
        contains(result.err, "[metrics] file")
    del retour.config["metrics"]
    retour.write_config()

with case("a pipe in the place of any file that a run reads by the configuration: said, and nobody waits for it with the lock in hand"):
    other = Retour()
    pipe = other.dir + "/pipe"
    os.mkfifo(pipe)
    other.run("import", "--arrived", "now", ROOT + "/tests/golden/arf-abuse.eml")
    other.now = "2026-12-02T06:00:00Z"
    fake = FakeImap([])
    other.config["report"].update({"from": "a@example.org", "to": "b@example.org", "sendmail": "/bin/true"})
    other.config["mailbox bounces"] = fake.mailbox(other.secret())
    for section, key in (("rules", "rules"), ("rules", "providers"), ("mailbox bounces", "ca_file"), ("report", "stylesheet"), ("report", "measures"), ("report", "language")):
        before = other.config.get(section, {}).get(key)
        other.config.setdefault(section, {})[key] = pipe
        result = other.run("run", timeout=30)
        true(result.code in (1, 2), (section, key, result))
        contains(result.err, pipe)
        other.config[section][key] = before

with case("a pipe, a device, a directory as store is refused by every command, and nobody waits for it"):
    other = Retour()
    os.mkfifo(other.dir + "/pipe")
    for path in (other.dir + "/pipe", "/dev/zero", other.dir):
        other.config["store"]["path"] = path
        for words, code in ((("check", "--json"), None), (("audit",), None), (("report",), None), (("purge",), None), (("run",), None), (("doctor",), None)):
            result = other.run(*words, input=ADDRESS + "\n", timeout=30)
            true(result.code in ((1, 2) if code is None else (code,)), (path, words, result))
    other.config["store"]["path"] = other.dir + "/pipe"
    contains(other.run("check", input="", timeout=30).err, "not a regular file")

with case("whatever the command: what it has to say and cannot write ends with 1"):
    address = os.path.join(retour.dir, "address")
    with open(address, "w") as f:
        f.write(ADDRESS + "\n")
    spoken = (["forget", address], ["disclose", address], ["check", address], ["contact", "show"], ["contact", "states"], ["key", "list"], ["config"], ["alerts", "--all"], ["audit"],
              ["audit", "key"], ["report", "--month", "2026-10"], ["purge"], ["doctor"], ["--help"], ["check", "--help"], ["help", "run"], ["--version"], ["run"],
              ["classify", ROOT + "/tests/golden/" + sorted(n for n in os.listdir(ROOT + "/tests/golden") if n.endswith(".eml"))[0]])
    for words in spoken:
        said = retour.run(*words, input=ADDRESS + "\n")
        for both in (False, True):
            with open("/dev/full", "w") as full, open(address) as stdin:
                result = subprocess.run(retour.arguments(words), stdin=stdin, stdout=full, stderr=full if both else subprocess.PIPE, text=True, timeout=60)
            heard = result.returncode in (1, 3) and (both or "No space left" in result.stderr or "could not be written" in result.stderr)
            nothing = not said.out and (not both or not said.err)
            true(heard or nothing and result.returncode == 0, (words, both, result))

with case("no file is made under a name that is an address"):
    os.chdir(place)
    before = sorted(os.listdir(place))
    for words in (("backup",), ("report", "--output"), ("audit", "--output"), ("audit", "export"), ("serve", "--postfix")):
        for name in (ADDRESS, place + "/" + ADDRESS, "./" + ADDRESS):
            if words[0] == "serve" and "/" not in name:
                continue  # that is read as host:port
            result = retour.run(*words, name, timeout=20)
            equal(result.code, 2, (words, result))
            contains(result.err, "looks like an address")
            true(ADDRESS not in result.err, result.err)
    equal(sorted(os.listdir(place)), before)

finish()
