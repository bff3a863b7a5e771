#!/usr/bin/python3
"""The walls around those who talk to servers, from inside: a build for this test has a fetcher and a carrier that, when they have their password and before
they hear a server, do what one with a hole would do. Each deed is refused, or ends that process; the ordinary work is done behind the same walls."""
import ctypes
import os
import re
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import generate
from lib import cleanup
from lib.dovecot import version
from lib.harness import *
from lib.tokens import SECRET, Tokens

CRASH_BUILD = os.path.join(os.environ.get("RETOUR_BUILD", os.path.join(ROOT, "build")), "crash", "retour")
LANDLOCK = ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), 1)  # its version
RESOLVER = any(os.path.exists(path) for path in ("/run/nscd/socket", "/run/systemd/resolve/io.systemd.Resolve", "/run/avahi-daemon/socket"))
UNITS = ("retour.service", "retour-tls.service")
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
    contains(retour.run("doctor").out, "no key and no store (Landlock" if LANDLOCK > 0 else "this kernel has no Landlock")

finish()
