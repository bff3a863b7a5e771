#!/usr/bin/python3
"""Keys in memory: no core dump, no swap, no other process. A build for this test has a parser that waits, so that a run and its children can be looked at
while they work; that is done as root, and as the user that the run has."""
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.harness import *

CRASH_BUILD = os.path.join(os.environ.get("RETOUR_BUILD", os.path.join(ROOT, "build")), "crash", "retour")
READ = """import ctypes, sys
try:
    open("/proc/%s/mem" % sys.argv[1], "rb")
    print("memory")
except PermissionError:
    pass
if ctypes.CDLL(None).ptrace(16, int(sys.argv[1]), None, None) == 0:
    print("ptrace")
"""

retour = Retour(CRASH_BUILD)
box = os.path.join(retour.dir, "box")
for name in ("new", "cur", "tmp"):
    os.makedirs(os.path.join(box, name))
retour.config["mailbox bounces"] = {"protocol": "maildir", "path": box}
equal(retour.run("run").code, 0)
with open(retour.data + "/keys/state.key") as f:
    key = bytes.fromhex(f.read().split("\n")[1])
with open(box + "/new/1790000000.1.host", "wb") as f:
    f.write(b"X-Retour-Test: sleep\r\n\r\n")
run = retour.start("poll")
processes, deadline = {}, time.monotonic() + 20
while len(processes) < 3 and time.monotonic() < deadline:
    time.sleep(0.1)
    processes = {title(pid): pid for pid in [run.pid, *descendants(run.pid)]}
true(any("fetcher" in name for name in processes) and any("parser" in name for name in processes), processes)


def proc(pid, name):
    with open("/proc/%d/%s" % (pid, name)) as f:
        return f.read()


def mappings(pid):
    """(begin, end, flags) of what can be read."""
    found = []
    for line in proc(pid, "smaps").split("\n"):
        head = re.match(r"([0-9a-f]+)-([0-9a-f]+) (r)", line)
        if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
            current = [int(head.group(1), 16), int(head.group(2), 16)] if head else None
        elif line.startswith("VmFlags:") and current:
            found.append((*current, line.split()[1:]))
    return found


with case("no process of a run leaves a core dump"):
    for name, pid in processes.items():
        true(re.search(r"Max core file size +0 +0 ", proc(pid, "limits")), name)

if os.geteuid() == 0:
    with case("the key lies in locked memory alone, which is neither swapped nor dumped, and only in the run"):
        for name, pid in processes.items():
            hits = []
            with open("/proc/%d/mem" % pid, "rb", 0) as memory:
                for begin, end, flags in mappings(pid):
                    try:
                        memory.seek(begin)
                        data = memory.read(end - begin)
                    except (OSError, OverflowError, ValueError):
                        continue
                    hits += [flags] * data.count(key)
            equal(len(hits) > 0, pid == run.pid, "%s holds the key %d times" % (name, len(hits)))
            true(all("lo" in flags and "dd" in flags for flags in hits), "%s: %s" % (name, hits))
    with case("the same user's other processes cannot look into one that has a key or reads mail"):
        for name, pid in processes.items():
            with open("/proc/%d/status" % pid) as f:
                true("\nUid:" in f.read(), name)
            equal(os.stat("/proc/%d/mem" % pid).st_uid, 0, name)
os.killpg(run.pid, 9)
run.communicate()

if os.geteuid() == 0:
    with case("a user's own debugger is refused at a run of his"):
        for folder, _folders, names in os.walk(retour.dir):
            for name in [folder] + [os.path.join(folder, name) for name in names]:
                os.chown(name, 65534, 65534)
        for name in os.listdir(box + "/cur"):
            os.rename(box + "/cur/" + name, box + "/new/" + name.split(":")[0])
        with open(box + "/new/1790000001.1.host", "wb") as f:
            f.write(b"X-Retour-Test: sleep\r\n\r\n")
        os.chmod(box + "/new/1790000001.1.host", 0o644)
        process = subprocess.Popen([CRASH_BUILD, "-c", retour.dir + "/retour.ini", "--now", retour.now, "poll"], user=65534, group=65534, extra_groups=[],
                                   stderr=subprocess.PIPE, start_new_session=True)
        time.sleep(1)
        pids = [process.pid, *descendants(process.pid)]
        try:
            equal(process.poll(), None, "it has ended")
            true(len(pids) >= 3, pids)
            for pid in pids:
                done = subprocess.run([sys.executable, "-c", READ, str(pid)], user=65534, group=65534, extra_groups=[], capture_output=True, text=True)
                equal((done.stdout, done.returncode), ("", 0), title(pid) + done.stderr)
        finally:
            os.killpg(process.pid, 9)
            process.communicate()

# $1: the lines in the place of those that the kernel has for this process, which becomes the program
MOUNTS = 'mount --bind "$1" /proc/$$/mountinfo && shift && exec "$@"'
if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode:
    ok("doctor says what the file systems of keys and store keep # SKIP no mount namespace for this user")
else:
    with case("doctor says what the file systems of keys and store keep, and what to do"):
        mounts = os.path.join(retour.dir, "mountinfo")
        for kinds, said in (
                (("ext4 /dev/a rw", "ext4 /dev/b rw"), ()),
                (("btrfs /dev/a rw", "tmpfs tmpfs rw"), (" store .*: btrfs writes elsewhere, and keeps the old bytes.*: what is deleted is not gone. Lay it on an encrypted",)),
                (("ext4 /dev/a rw", "zfs pool/keys rw"), (r" keys .*: zfs writes elsewhere.*: a destroyed key is not gone. Lay them on an encrypted file system \(LUKS\), or on tmpfs",)),
                (("ext4 /dev/a rw,data=journal", "nfs4 server:/ rw"), (" keys .*: nfs4 is a server's", " store .*: ext4 writes what is written into its journal"))):
            with open(mounts, "w") as f:
                f.write("1 0 8:1 / / rw - ext4 /dev/r rw\n" + "".join(
                    "%d 1 8:%d / %s rw - %s\n" % (number, number, where, kind) for number, (where, kind) in enumerate(zip((retour.data, retour.data + "/keys"), kinds), 2)))
            retour.write_config()
            done = subprocess.run(["unshare", "--mount", "sh", "-c", MOUNTS, "sh", mounts, *retour.arguments(["doctor"])], capture_output=True, text=True, timeout=60)
            text = done.stdout + done.stderr
            contains(text, "store and keys")
            for words in said:
                true(re.search(words, text), (words, text))
            equal(len(re.findall(" is not gone", text)), len(said), text)

finish()
