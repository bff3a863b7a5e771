#!/usr/bin/python3
"""The walls around those who talk to servers or to who asks, from inside: a build for this test has a fetcher and a carrier that, when they have their password
and before they hear a server, and a serve that before it is asked, do what one with a hole would do. Each deed is refused, or ends that process; the ordinary work is done behind the same walls."""
import ctypes
import os
import re
import signal
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import generate
from lib import cleanup
from lib.dovecot import version
from lib.harness import *
from lib.tokens import SECRET, Tokens

CRASH_BUILD = os.path.join(os.environ.get("RETOUR_BUILD", os.path.join(ROOT, "build")), "crash", "retour")
LANDLOCK = ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), 1)  # its version
RESOLVER = any(os.path.exists(path) for path in ("/run/nscd/socket", "/run/systemd/resolve/io.systemd.Resolve", "/run/avahi-daemon/socket"))
UNITS = ("retour.service", "retour-tls.service", "retour-serve.service", "retour-http.service")
samples = [sample.data for sample in generate.generate(seed=5, bounces=30, complaints=0)]
tokens = Tokens(generate.BOUNCES)
dovecot, sink = Dovecot(token_key=tokens.key.public) if version() < (2, 4) else Dovecot(), Sink(tls="none")


def network(retour):
    dovecot.deliver(generate.BOUNCES, samples[:5])
    retour.config["mailbox bounces"] = dovecot.mailbox(generate.BOUNCES, "imap", password_file=retour.secret())


def local(retour):
    box = os.path.join(retour.dir, "box")
    for name in ("new", "cur", "tmp"):
        os.makedirs(os.path.join(box, name))
    for number, data in enumerate(samples[:5]):
        with open("%s/new/%d.M%d.host" % (box, 1790000000 + number, number), "wb") as f:
            f.write(data)
    retour.config["mailbox bounces"] = {"protocol": "maildir", "path": box, "unrecognised": "delete"}


def carrier(retour):
    local(retour)
    retour.config["report"].update(sink.report(to="dpo@example.org", ca_file=None, **{"from": "retour@example.org"}))


def deed(retour, what, *command, wall=""):
    retour.environment["RETOUR_TEST_INSIDE" + wall] = what
    result = retour.run(*command)
    del retour.environment["RETOUR_TEST_INSIDE" + wall]
    return result


def asking(retour):
    dovecot.deliver(generate.BOUNCES, samples[:5])
    folder = os.path.join(retour.dir, "oauth")
    os.makedirs(folder, exist_ok=True)
    for name, text in (("client", SECRET), ("refresh", tokens.refresh)):
        with open(os.path.join(folder, name), "w") as f:
            f.write(text + "\n")
        os.chmod(os.path.join(folder, name), 0o600)
    retour.config["oauth test"] = tokens.section(grant="refresh_token", client_secret_file=folder + "/client", refresh_token_file=folder + "/refresh")
    retour.config["mailbox bounces"] = dovecot.mailbox(generate.BOUNCES, "imap", oauth="test")


WHERE = {"an IMAP fetcher": (network, ("poll",)), "a Maildir fetcher": (local, ("poll",)), "a carrier": (carrier, ("report", "--month", "2026-10", "--send", "--to", "dpo@example.org"))}
if version() < (2, 4):
    WHERE["a fetcher that asks a token server"] = (asking, ("poll",))
# without a signal to another process, or a path that Landlock looks at: his limits, his signals, the terminal, modes and times, other families and ways
UNKNOWN = ("limit", "owner", "sign", "group", "type", "packets", "kernel", "multipath", "memfd", "clone3", "user")
beside = socket.socket(), socket.socket(socket.AF_UNIX)
beside[0].bind(("127.0.0.1", 0))
beside[1].bind(os.path.join(cleanup.temporary(), "socket"))
for listener in beside:
    listener.listen(50)
for who, (prepare, command) in WHERE.items():
    retour = Retour(CRASH_BUILD)
    prepare(retour)
    equal(retour.run("poll").code, 0)
    with open(retour.dir + "/other.pw", "w") as f:
        f.write("secret\n")
    paths = {"a key": retour.data + "/keys/state.key", "the store": retour.database, "the settings": retour.dir + "/retour.ini",
             "another password": retour.dir + "/other.pw", "the system's users": "/etc/passwd"}
    for name, path in paths.items():
        for way in "read", "write":
            if LANDLOCK < 1:
                continue
            with case("%s: %s, to %s it, is refused" % (who, name, way)):
                for wall in ("", "_FIRST") if prepare is asking else ("",):
                    contains(deed(retour, way + ":" + path, *command, wall=wall).err, "inside: Permission denied")
    if LANDLOCK > 0:
        with case("%s: no file is made where none belongs" % who):
            contains(deed(retour, "make:" + retour.data + "/new", *command).err, "inside: Permission denied")
            true(not os.path.exists(retour.data + "/new"), "it is there")
    with case("%s: no process is made" % who):
        contains(deed(retour, "fork", *command).err, "inside: Function not implemented")
    with case("%s: nobody else's limits, signals, terminal, modes or times are reached, and no other way to talk" % who):
        deeds = ["mode:" + retour.data + "/keys/state.key", "age:" + retour.database, *UNKNOWN]
        said = dict(reversed(one) for one in re.findall("inside: (.*), (.*)", deed(retour, " ".join(deeds), *command).err))
        equal({one: said.get(one) for one in deeds}, {one: "Function not implemented" for one in deeds})
        equal(os.stat(retour.data + "/keys/state.key").st_mode & 0o777, 0o600)
    with case("%s: no other port and no socket of another service of this machine" % who):
        ways = (["port:%d" % beside[0].getsockname()[1]] if LANDLOCK >= 4 or prepare is local else []) + ([] if RESOLVER else ["ask:" + beside[1].getsockname()])
        text = deed(retour, " ".join(ways), *command).err
        for way in ways:
            true(re.search("inside: (?!Success).*, " + re.escape(way), text), text)
    for what in "exec", "ptrace", "listen", "signal", "probe", "ring", "space":
        if (who, what) == ("a Maildir fetcher", "listen"):
            continue
        if (who, what) == ("a Maildir fetcher", "probe"):  # the owner of an mbox's lock is looked for
            contains(deed(retour, what, *command).err, "inside: Success")
            continue
        with case("%s: %s ends it" % (who, what)):
            result = deed(retour, what, *command)
            true(result.code != 0 and "inside:" not in result.err, result)
            contains(result.err, "ended without a word" if prepare is carrier else "signal 31")
    with case("%s: memory that is written is not run" % who):
        contains(deed(retour, "code", *command).err, "inside: Function not implemented")

if version() < (2, 4):
    with case("while the token server is asked: no program, no process, no listening, no code; its own secret can be read, and later not"):
        retour = Retour(CRASH_BUILD)
        asking(retour)
        equal(retour.run("poll").code, 0)
        contains(deed(retour, "fork", "poll", wall="_FIRST").err, "inside: Function not implemented")
        contains(deed(retour, "code", "poll", wall="_FIRST").err, "inside: Function not implemented")
        for what in "exec", "ptrace", "listen":
            result = deed(retour, what, "poll", wall="_FIRST")
            true(result.code != 0 and "inside:" not in result.err, result)
        if LANDLOCK > 0:
            own = retour.config["oauth test"]["client_secret_file"]
            contains(deed(retour, "read:" + own, "poll", wall="_FIRST").err, "inside: Success")
            contains(deed(retour, "write:" + own + "x", "poll", wall="_FIRST").err, "inside: No such file")
            contains(deed(retour, "read:" + own, "poll").err, "inside: Permission denied")

with case("a Maildir fetcher: no socket is made"):
    retour = Retour(CRASH_BUILD)
    local(retour)
    contains(deed(retour, "socket", "poll").err, "inside: Function not implemented")

# serve: who asks is anybody who may connect; behind these walls nothing is opened at all, whatever the kernel's Landlock
served = Retour(CRASH_BUILD)
local(served)
served.config["store"]["site"] = "one"
equal(served.run("poll").code, 0)
ASK = os.path.join(served.dir, "ask")


def serving(protocol, what=""):
    """What was said before it answers, the process, the deeds' results."""
    served.environment["RETOUR_TEST_INSIDE"] = what
    process = served.start("serve", "--" + protocol, ASK)
    del served.environment["RETOUR_TEST_INSIDE"]
    said = ""
    for line in iter(process.stderr.readline, b""):
        said += line.decode()
        if b"answering on" in line:
            break
    return process, said, dict(reversed(one) for one in re.findall("inside: (.*), (.*)", said))


def stopped(process):
    process.terminate()
    process.communicate(timeout=20)
    return process.returncode


paths = [served.data + "/keys/" + name for name in sorted(os.listdir(served.data + "/keys"))] + [served.database, served.dir + "/retour.ini", "/etc/passwd"]
true(any("event-" in path for path in paths), paths)
for protocol in "postfix", "http":
    with case("serve --%s: no key, store, setting or other file is opened, made, or given another mode" % protocol):
        deeds = [way + path for path in paths for way in ("read:", "write:", "mode:", "age:")] + ["make:" + served.data + "/new"]
        process, _, said = serving(protocol, " ".join(deeds))
        equal(stopped(process), 0)
        equal({one: said.get(one) for one in deeds}, {one: "Function not implemented" for one in deeds})
        true(not os.path.exists(served.data + "/new"), "it is there")
    with case("serve --%s: no connection, no process, nobody's limits, signals or terminal, no memory that is written and run" % protocol):
        deeds = [*UNKNOWN, "fork", "code", "socket", "port:%d" % beside[0].getsockname()[1], "ask:" + beside[1].getsockname()]
        process, _, said = serving(protocol, " ".join(deeds))
        equal(stopped(process), 0)
        equal({one: said.get(one) for one in deeds if ":" not in one}, {one: "Function not implemented" for one in deeds if ":" not in one})
        true(all("Success" not in said.get(one) for one in deeds if ":" in one), said)
    for what in "exec", "ptrace", "listen", "signal", "probe", "ring", "space":
        with case("serve --%s: %s ends it" % (protocol, what)):
            process, text, _ = serving(protocol, what)
            process.communicate(timeout=20)
            true(process.returncode != 0 and "inside:" not in text, (process.returncode, text))


def held(process):
    """What of the store it has open, and how."""
    found = {}
    for number in os.listdir("/proc/%d/fd" % process.pid):
        try:
            path = os.readlink("/proc/%d/fd/%s" % (process.pid, number))
            with open("/proc/%d/fdinfo/%s" % (process.pid, number)) as f:
                if path.startswith(served.data):
                    found[path[len(served.data) + 1:]] = int(re.search(r"flags:\s+(\d+)", f.read()).group(1), 8) & 3
        except FileNotFoundError:
            pass  # it was closed meanwhile
    return found


def child(process):
    with open("/proc/%d/task/%d/children" % (process.pid, process.pid)) as f:
        return int(f.read())


def answer():
    asker = socket.socket(socket.AF_UNIX)
    asker.settimeout(20)
    asker.connect(ASK)
    asker.sendall(b"get nobody@example.net\n")
    return asker.recv(100).decode()


def reload(process):
    process.send_signal(signal.SIGHUP)
    for _ in range(200):
        if not held(process):
            break
        time.sleep(0.02)


HELD = {"retour.db": 0, "retour.db-wal": 0, "retour.db-shm": 2, "keys": 0}
with case("serve: of what it holds open only SQLite's index can be written to; the process beside it opens the store anew, and goes with it"):
    process, _, _ = serving("postfix")
    contains(answer(), "500 none")
    equal(held(process), HELD)
    opener = child(process)
    equal(os.listdir("/proc/%d/fd" % opener), ["0"], "the opener has its channel and nothing else")
    reload(process)
    contains(answer(), "500 none")
    equal(held(process), HELD)
    equal(stopped(process), 0)
    true(not os.path.exists("/proc/%d" % opener) and not os.path.exists(ASK), "the opener or the socket is left")
with case("serve: where the process that opens files is killed it ends, and says so, for a service manager to start it anew"):
    process, _, _ = serving("postfix")
    os.kill(child(process), signal.SIGKILL)
    contains(answer(), "500 none")
    reload(process)
    contains(answer(), "400 ")
    contains(process.communicate(timeout=20)[1].decode(), "the process that opens files is gone")
    equal(process.returncode, 1)

WITHOUT = """#!%s
import ctypes, os, struct, sys
class Program(ctypes.Structure):
    _fields_ = [("n", ctypes.c_ushort), ("rules", ctypes.c_char_p)]
rules = struct.pack("HBBI" * 4, 0x20, 0, 0, 0, 0x15, 0, 1, 444, 6, 0, 0, 0x50001, 6, 0, 0, 0x7fff0000)
prctl = ctypes.CDLL(None).prctl
assert not prctl(38, 1, 0, 0, 0) and not prctl(22, 2, ctypes.byref(Program(4, rules)), 0, 0)
os.execv(%r, [%r] + sys.argv[1:])
"""
if LANDLOCK > 0:
    with case("where a unit's filter forbids Landlock, each run and doctor say what is missing, and what to allow"):
        around = os.path.join(cleanup.temporary(), "around")
        with open(around, "w") as f:
            f.write(WITHOUT % (sys.executable, CRASH_BUILD, CRASH_BUILD))
        os.chmod(around, 0o755)
        enclosed = Retour(around)
        local(enclosed)
        for command in ("poll", "doctor"):
            result = enclosed.run(command)
            contains(result.out + result.err, "a filter of system calls forbids Landlock here")
with case("the units allow what the walls are made with"):
    for unit in UNITS:
        with open(os.path.join(ROOT, "etc", unit)) as f:
            allowed = re.search("^SystemCallFilter=(@system-service .*)$", f.read(), re.M)
        true(allowed and set(allowed.group(1).split()) >= {"seccomp", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"}, unit)

with case("doctor says so"):
    said = retour.run("doctor").out
    contains(said, "no key and no store (Landlock" if LANDLOCK > 0 else "this kernel has no Landlock")
    contains(said, "opens no file and no connection once it is asked")

finish()
