#!/usr/bin/python3
"""The ledger's head is told outside: to the system's log, to a command, to a time-stamping authority (RFC 3161, one of openssl's making). Who then cuts the ledger,
puts an older copy back with all its keys, or sets the clock, is told by `audit verify` from what they have heard, and not without it."""
import datetime
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.contacts import DEAD, Bounces
from lib.harness import *

NOW = datetime.datetime.now(datetime.timezone.utc)


def day(number):
    return (NOW + datetime.timedelta(days=number)).strftime("%Y-%m-%dT%H:%M:%SZ")


retour = Retour(now=day(0))
desk = os.path.join(retour.dir, "auditor")
tsa = os.path.join(retour.dir, "tsa")
box = os.path.join(retour.dir, "box")
for path in (desk, tsa, box, box + "/new", box + "/cur", box + "/tmp"):
    os.mkdir(path)


def openssl(*words, **more):
    return subprocess.run(["openssl", *words], cwd=tsa, check=True, capture_output=True, text=True, **more)


def authority(name):
    """A certificate authority, and the time-stamping certificate that it has signed."""
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", name + "-ca.key", "-out", name + "-ca.pem", "-days", "30", "-subj", "/CN=" + name)
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", name + ".key", "-out", name + ".csr", "-subj", "/CN=%s stamps" % name)
    with open(tsa + "/ext", "w") as f:
        f.write("extendedKeyUsage=critical,timeStamping\n")
    openssl("x509", "-req", "-in", name + ".csr", "-CA", name + "-ca.pem", "-CAkey", name + "-ca.key", "-CAcreateserial", "-days", "30", "-extfile", "ext", "-out", name + ".pem")
    with open("%s/%s.cnf" % (tsa, name), "w") as f:
        f.write("[tsa]\ndefault_tsa=t\n[t]\nserial=%s/%s.serial\nsigner_cert=%s/%s.pem\nsigner_key=%s/%s.key\nsigner_digest=sha256\ndefault_policy=1.2.3.4.1\n"
                "digests=sha256\ness_cert_id_alg=sha256\n" % ((tsa, name) * 3))


authority("good")
authority("other")


def script(name, text):
    path = os.path.join(tsa, name)
    with open(path, "w") as f:
        f.write("#!/bin/sh\nset -eu\n" + text)
    os.chmod(path, 0o755)
    return path


STAMP = script("stamp", 'openssl ts -query -data "$1" -sha256 -cert -out %s/q\ntest "$3" = https://tsa.example.org/tsr\n'
               "openssl ts -reply -config %s/good.cnf -queryfile %s/q -out \"$2\"\n" % (tsa, tsa, tsa))
HEARD = os.path.join(desk, "heard")
COMMAND = script("witness", "cat >> %s/raw\necho >> %s/raw\nawk '/^entry /{n=$2} /^hash /{print \"head \" n \":\" $2}' %s/raw > %s\n" % (tsa, tsa, tsa, HEARD))
LOG = os.path.join(retour.dir, "log")
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(LOG)
listener.setblocking(False)
retour.config["mailbox box"] = {"protocol": "maildir", "path": box, "processed": "delete"}
WITNESS = {"syslog": LOG, "command": COMMAND, "timestamp": STAMP, "tsa": "https://tsa.example.org/tsr"}
retour.config["witness"] = dict(WITNESS)
SYSLOG = os.path.join(desk, "journal")


def listen():
    """What the log's socket got since, also into the file that the auditor has."""
    lines = []
    while True:
        try:
            lines.append(listener.recv(4096).decode())
        except BlockingIOError:
            break
    with open(SYSLOG, "a") as f:
        f.writelines(line + "\n" for line in lines)
    return lines


def head():
    (number, digest), = retour.sql("SELECT number, hash FROM ledger ORDER BY number DESC LIMIT 1")
    return "%d:%s" % (number, digest.hex())


def evidence(name):
    shutil.rmtree(os.path.join(desk, name), ignore_errors=True)
    retour.run("audit", "export", os.path.join(desk, name))
    return os.path.join(desk, name)


def verified(path, *options):
    result = subprocess.run([BINARY, "audit", "verify", "--key", key, *options, path], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return result.returncode, result.stdout + result.stderr


STAMPS = os.path.join(desk, "stamps")
BY_STAMPS = ("--timestamps", STAMPS, "--tsa-ca", tsa + "/good-ca.pem")
WAYS = {"the system's log": ("--log", SYSLOG), "the command": ("--log", HEARD), "the time-stamps": BY_STAMPS}
retour.run("run")
Bounces(retour).take(("kim.witness@example.net", DEAD, 3))
key = retour.run("audit", "key").out.strip()

with case("a run tells each witness the ledger's head, once; the time-stamp is once a day"):
    equal(retour.run("run").code, 0)
    lines = listen()
    contains(lines[-1], "retour: ledger head " + head())
    true(lines[-1].startswith("<85>"), lines)
    with open(HEARD) as f:
        contains(f.read(), head())
    equal(retour.run("run").code, 0)
    equal(listen(), [])
    equal(len([name for name in os.listdir(retour.data + "/witness") if name.endswith(".tsr")]), 1)
    equal(os.stat(retour.data + "/witness").st_mode & 0o777, 0o700)

with case("where no system log listens, doctor and run say so, and what to do in a container: nobody there, or what somebody left"):
    deaf = os.path.join(retour.dir, "deaf")
    socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).bind(deaf)
    fresh = Retour(now=day(0))
    for place in (deaf, fresh.dir + "/nobody"):
        fresh.config["witness"] = {"syslog": place}
        for command in ("doctor", "run"):
            result = fresh.run(command)
            equal(result.code, 1, result)
            contains(result.out + result.err, place + ": ")
            contains(result.out + result.err, "no system log listens there")
            contains(result.out + result.err, "take the line out")

with case("a witness that does not answer costs exit code 1, is named, and hears of it from the next run"):
    for name, value in (("timestamp", script("empty", "true\n")), ("timestamp", script("again", 'cp %s/witness/*.tsr "$2"\n' % retour.data)), ("timestamp", script("noise", 'head -c 60000 /dev/urandom > "$2"\n')), ("syslog", retour.dir + "/nobody"), ("command", script("fails", "exit 7\n")), ("command", "/nonexistent/command")):
        retour.now = day(1)
        retour.config["witness"] = dict(WITNESS, **{name: value})
        retour.run("comment", "--month", NOW.strftime("%Y-%m"), "so that there is something new")
        retour.run("key", "rotate", "verp")
        result = retour.run("run")
        equal(result.code, 1, result)
        contains(result.err, "[witness] " + name)
        contains(result.err, "the next run tries again")
        contains(retour.run("doctor").out, "witnesses") if os.access(value, os.X_OK) else contains(retour.run("doctor").out, value)
    retour.config["witness"] = dict(WITNESS)
    equal(retour.run("run").code, 0)
    listen()
    shutil.copytree(retour.data + "/witness", STAMPS)
    stamps = sorted(name for name in os.listdir(STAMPS) if name.endswith(".tsr"))
    equal(len(stamps), 2)
    equal([name for name in os.listdir(STAMPS) if not name.endswith((".tsr", ".txt"))], [])

with case("what they have heard verifies with the evidence"):
    for name, options in WAYS.items():
        code, out = verified(evidence("first"), *options)
        equal(code, 0, (name, out))
        contains(out, "The evidence holds.")
        contains(out, "it contains entry")
        true(re.search(r"^known   up to entry \d+ by what you have kept, [1-9]\d* behind it by this evidence alone$", out, re.M), out)
        true("no head was given" not in out, out)
    contains(verified(evidence("first"), *BY_STAMPS)[1], ": entry ")

with case("an older copy with all its keys is put back, and history goes on: told by each of them, and not without"):
    old = retour.dir + "/old"
    shutil.copytree(retour.data, old)
    retour.now = day(2)
    equal(retour.run("forget", "--reference", "DS-7", input="kim.witness@example.net\n").code, 0)
    retour.run("run")
    listen()
    shutil.copytree(retour.data + "/witness", STAMPS, dirs_exist_ok=True)
    true_data = retour.dir + "/true"
    shutil.move(retour.data, true_data)
    shutil.copytree(old, retour.data)
    retour.config["witness"] = {}
    retour.run("run")
    retour.run("key", "rotate", "verp")
    retour.run("run")
    forged = evidence("forged")
    code, out = verified(forged)
    equal(code, 0, out)
    for name, options in WAYS.items():
        code, out = verified(forged, *options)
        equal(code, 3, (name, out))
        true("rewritten" in out or "older copy" in out or "cut off" in out, (name, out))
    shutil.rmtree(retour.data)
    shutil.copytree(true_data, retour.data)

with case("entries cut off at the ledger's end, the note beside the keys with them: told by each of them"):
    connection = sqlite3.connect(retour.database)
    guard, = connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'ledger_keep'").fetchone()
    connection.execute("DROP TRIGGER ledger_keep")
    connection.execute("DELETE FROM ledger WHERE number > (SELECT max(number) FROM ledger WHERE kind = 'checkpoint') - 3")
    connection.execute(guard)
    connection.commit()
    connection.close()
    os.unlink(retour.data + "/keys/ledger-head")
    cut = evidence("cut")
    for name, options in WAYS.items():
        code, out = verified(cut, *options)
        equal(code, 3, (name, out))
    shutil.rmtree(retour.data)
    shutil.copytree(true_data, retour.data)

with case("a clock that was set forward is told by the time-stamps"):
    retour.config["witness"] = dict(WITNESS)
    retour.now = day(40)
    retour.run("clock", "confirm", "--reason", "the machine was off")
    retour.run("run")
    listen()
    shutil.copytree(retour.data + "/witness", STAMPS, dirs_exist_ok=True)
    code, out = verified(evidence("forward"), *BY_STAMPS)
    equal(code, 3, out)
    contains(out, "the clock was wrong: the ledger says %s" % (NOW + datetime.timedelta(days=40)).strftime("%Y-%m-%dT"))
    code, out = verified(evidence("forward"), "--log", SYSLOG)
    true(code == 0, "\n".join(line for line in out.splitlines() if line[:2] != "ok"))

with case("what is no witness's word is told: another authority, another checkpoint, a missing one, a log without a head"):
    equal(verified(cut, "--timestamps", STAMPS)[0], 2)
    code, out = verified(evidence("last"), "--timestamps", STAMPS, "--tsa-ca", tsa + "/other-ca.pem")
    equal(code, 3, out)
    contains(out, "is no time-stamp of the checkpoint beside it by this authority")
    text = os.path.join(STAMPS, stamps[0][:-4] + ".txt")
    with open(text) as f:
        whole = f.read()
    with open(text, "w") as f:
        f.write(whole.replace("entry ", "entry 1"))
    contains(verified(evidence("last"), *BY_STAMPS)[1], stamps[0] + ": is no time-stamp of the checkpoint")
    os.unlink(text)
    contains(verified(evidence("last"), *BY_STAMPS)[1], stamps[0] + ": the checkpoint beside it is missing")
    equal(verified(evidence("last"), "--log", text)[0], 1)
    code, out = verified(evidence("last"), "--log", os.path.join(evidence("last"), "retour.pub"))
    equal(code, 3, out)
    contains(out, "holds no head of a ledger")

with case("the command that is brought along asks an authority by HTTP"):
    equal(subprocess.run(["sh", "-n", os.path.join(ROOT, "etc", "timestamp")]).returncode, 0)
    fake = script("curl", 'while test $# -gt 2; do case $1 in --data-binary) query=${2#@} ;; -o) out=$2 ;; esac; shift; done\n'
                  'openssl ts -reply -config %s/good.cnf -queryfile "$query" -out "$out"\ntest "$2" = https://tsa.example.org/tsr\n' % tsa)
    path = os.path.join(desk, "made.tsr")
    done = subprocess.run([os.path.join(ROOT, "etc", "timestamp"), SYSLOG, path, "https://tsa.example.org/tsr"], env={"PATH": os.path.dirname(fake) + ":" + os.environ["PATH"]}, capture_output=True, text=True)
    equal(done.returncode, 0, done)
    openssl("ts", "-verify", "-data", SYSLOG, "-in", path, "-CAfile", tsa + "/good-ca.pem")

finish()
