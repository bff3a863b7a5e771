#!/usr/bin/python3
"""Evidence and what witnesses outside have heard, as somebody would bend them who has no key, who has the signing key, or who can only write into a log."""
import base64
import ctypes
import gzip
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.contacts import DEAD, Bounces
from lib.harness import *

sodium = ctypes.CDLL("libsodium.so.23")
retour = Retour(now="2026-11-20T06:00:00Z")
desk = os.path.join(retour.dir, "auditor")
LOG, OCTOBER, NOVEMBER = (os.path.join(desk, name) for name in ("log", "before", "after"))


def head():
    (number, digest), = retour.sql("SELECT number, hash FROM ledger ORDER BY number DESC LIMIT 1")
    return "%d:%s" % (number, digest.hex())


def on(day):
    retour.now = day + "T06:00:00Z"
    equal(retour.run("run").code, 0)
    with open(LOG, "a") as f:
        f.write("%s host retour: ledger head %s\n" % (retour.now, head()))


os.mkdir(desk)
Bounces(retour).take(("kim@example.net", DEAD, 3), ("lee@example.net", DEAD, 4))
on("2026-11-20")
equal(retour.run("audit", "export", OCTOBER).code, 0)
on("2026-11-21")
equal(retour.run("forget", "--reference", "DS-1", input="kim@example.net\n").code, 0)
equal(retour.run("disclose", "--reference", "DS-2", input="lee@example.net\n").code, 0)
on("2026-11-22")
equal(retour.run("audit", "export", NOVEMBER).code, 0)
HEAD = head()
key = retour.run("audit", "key").out.strip()
with open(retour.data + "/keys/sign.key") as f:
    seed = bytes.fromhex(f.read().split()[-1])


def verify(path, *options):
    done = subprocess.run([os.path.abspath(retour.binary), "audit", "verify", *options, path], cwd=desk, capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
    return done.returncode, (done.stdout + done.stderr).decode(errors="replace")


def read(*path):
    with open(os.path.join(*path), "rb") as f:
        return f.read()


def write(data, *path):
    with open(os.path.join(*path), "wb") as f:
        f.write(data)


def sign(folder, name, comment=None, seed=seed):
    """As minisign does, with the key of the seed: what an administrator can do."""
    public, secret, signature, over = (ctypes.create_string_buffer(n) for n in (32, 64, 64, 64))
    sodium.crypto_sign_seed_keypair(public, secret, seed)
    number = base64.b64decode(key)[2:10]
    digest = hashlib.blake2b(read(folder, name)).digest()
    sodium.crypto_sign_detached(signature, None, digest, ctypes.c_ulonglong(len(digest)), secret)
    comment = b"file:" + name.encode() + b"\tretour evidence of 2026-11-22T06:00:00Z" if comment is None else comment
    sodium.crypto_sign_detached(over, None, signature.raw + comment, ctypes.c_ulonglong(64 + len(comment)), secret)
    write(b"untrusted comment: x\n%s\ntrusted comment: %s\n%s\n" % (base64.b64encode(b"ED" + number + signature.raw), comment, base64.b64encode(over.raw)), folder, name + ".minisig")


def sums(folder, without=(), text=None):
    """The list of sums anew, signed, without some files, which go."""
    for name in without:
        for end in "", ".minisig":
            os.unlink(os.path.join(folder, name + end))
    if text is None:
        names = [line.split()[1].decode() for line in read(NOVEMBER, "SHA256SUMS").splitlines()]
        text = b"".join(b"%s  %s\n" % (hashlib.sha256(read(folder, name)).hexdigest().encode(), name.encode()) for name in names if name not in without)
    write(text, folder, "SHA256SUMS")
    sign(folder, "SHA256SUMS")


def swap(folder, *names):
    for name in names:
        for end in "", ".minisig":
            shutil.copy(os.path.join(OCTOBER, name + end), folder)


def edit(folder, name, old, new):
    data = read(folder, name)
    true(old in data, (name, old))
    write(data.replace(old, new, 1), folder, name)


def both(*steps):
    def do(folder):
        for step in steps:
            step(folder)
    return do


with case("the evidence as it is holds, and what is signed here passes for signed by the program"):
    code, out = verify(NOVEMBER, "--key", key, "--head", HEAD, "--log", LOG)
    equal(code, 0, out)
    copy = os.path.join(desk, "copy")
    shutil.copytree(NOVEMBER, copy)
    sums(copy)
    equal(verify(copy, "--key", key)[0], 0)

other = hashlib.sha256(b"another").digest()
TAMPERED = (

    ("no signature of the sums", lambda d: os.unlink(d + "/SHA256SUMS.minisig")),
    ("no sums", lambda d: os.unlink(d + "/SHA256SUMS")),
    ("empty sums, signed", lambda d: sums(d, text=b"")),
    ("sums without the ledger, signed", lambda d: sums(d, ("ledger.txt",))),
    ("sums without the audit, signed", lambda d: sums(d, ("audit.txt", "audit.xml", "audit.html"))),
    ("sums without audit.xml, signed", lambda d: sums(d, ("audit.xml",))),
    ("sums without the checkpoint, signed", lambda d: sums(d, ("checkpoint.txt",))),
    ("file twice in the sums", lambda d: sums(d, text=read(d, "SHA256SUMS") + read(d, "SHA256SUMS").splitlines(True)[0])),
    ("a path in the sums", lambda d: sums(d, text=read(d, "SHA256SUMS") + b"0" * 64 + b"  ../log\n")),
    ("a star in the sums", lambda d: sums(d, text=read(d, "SHA256SUMS").replace(b"  ", b" *"))),
    ("big letters", lambda d: sums(d, text=read(d, "SHA256SUMS").upper())),
    ("old audit with its signature", lambda d: swap(d, "audit.txt", "audit.xml", "audit.html")),
    ("old audit with its signature, sums signed", both(lambda d: swap(d, "audit.txt", "audit.xml", "audit.html"), sums)),
    ("old ledger, sums signed", both(lambda d: swap(d, "ledger.txt"), sums)),
    ("old ledger and checkpoint, sums signed", both(lambda d: swap(d, "ledger.txt", "checkpoint.txt"), sums)),
    ("signed by another key", lambda d: [sign(d, n, seed=other) for n in ("audit.txt",)]),
    ("comment of another file", lambda d: sign(d, "audit.txt", b"file:ledger.txt")),
    ("comment with a longer name", lambda d: sign(d, "audit.txt", b"file:audit.txt.old")),
    ("comment without a name", lambda d: sign(d, "audit.txt", b"timestamp:1")),
    ("comment that draws", lambda d: sign(d, "audit.txt", b"file:audit.txt\tx\033[2Jok ledger")),
    ("signature empty", lambda d: write(b"", d, "audit.txt.minisig")),
    ("signature of a MiB", lambda d: write(b"x" * (1 << 20), d, "audit.txt.minisig")),
    ("unhashed signature", lambda d: edit(d, "audit.txt.minisig", b"\nRU", b"\nRW")),
    ("symlink", both(lambda d: os.rename(d + "/audit.txt", d + "/../moved"), lambda d: os.symlink("../moved", d + "/audit.txt"))),
    ("a fifo", both(lambda d: os.unlink(d + "/audit.txt"), lambda d: os.mkfifo(d + "/audit.txt"))),
    ("a directory", lambda d: os.mkdir(d + "/more")),
    ("a hidden file", lambda d: write(b"x", d, ".ledger.txt")),
    ("a file whose name draws", lambda d: write(b"x", d, "x\033[2J\nThe evidence holds.")),
    ("audit.txt.minisig.minisig", lambda d: write(b"x", d, "audit.txt.minisig.minisig")),
    ("blank behind the ledger, signed", both(lambda d: write(read(d, "ledger.txt") + b"\n", d, "ledger.txt"), lambda d: sign(d, "ledger.txt"), sums)),
    ("entry in words behind the ledger, signed", both(lambda d: write(read(d, "ledger.txt") + b"9999\t2026-11-22T06:00:00Z\tpurge\n", d, "ledger.txt"), lambda d: sign(d, "ledger.txt"), sums)),
    ("NUL in the ledger, signed", both(lambda d: write(read(d, "ledger.txt").replace(b"purge", b"pur\0e", 1), d, "ledger.txt"), lambda d: sign(d, "ledger.txt"), sums)),
    ("other version of the ledger, signed", both(lambda d: edit(d, "ledger.txt", b"retour ledger 1", b"retour ledger 2"), lambda d: sign(d, "ledger.txt"), sums)),
    ("empty ledger, signed", both(lambda d: write(read(d, "ledger.txt").splitlines(True)[0], d, "ledger.txt"), lambda d: sign(d, "ledger.txt"), sums)),
    ("ledger of nothing, signed", both(lambda d: write(b"", d, "ledger.txt"), lambda d: sign(d, "ledger.txt"), sums)),
    ("reference changed, signed", both(lambda d: edit(d, "ledger.txt", b"DS-1", b"DS-9"), lambda d: sign(d, "ledger.txt"), sums)),
    ("checkpoint of before, sums signed", both(lambda d: swap(d, "checkpoint.txt"), sums)),
    ("checkpoint that is none, signed", both(lambda d: write(b"x\n", d, "checkpoint.txt"), lambda d: sign(d, "checkpoint.txt"), sums)),
)
with case("%d ways to bend an export, most of them signed with the real key, are told, by a check without a head as well" % len(TAMPERED)):
    for name, change in TAMPERED:
        shutil.rmtree(copy)
        shutil.copytree(NOVEMBER, copy)
        change(copy)
        for options in ((), ("--head", HEAD), ("--log", LOG)):
            code, out = verify(copy, "--key", key, *options)
            equal((code, "The evidence does NOT hold" in out), (3, True), (name, options))
            true("\033" not in out, (name, "draws on the terminal"))

with case("the check names what a list of sums lacks or has twice, though it is signed with the real key; key and explanation may be left out"):
    listed = [line.split()[1].decode() for line in read(NOVEMBER, "SHA256SUMS").splitlines()]
    spare = ["VERIFY.txt", "retour.pub"]
    equal(sorted(listed), sorted(["ledger.txt", "checkpoint.txt", "audit.txt", "audit.xml", "audit.html"] + spare))
    for number, name in enumerate(listed):
        shutil.rmtree(copy)
        shutil.copytree(NOVEMBER, copy)
        sums(copy, text=read(copy, "SHA256SUMS") + read(copy, "SHA256SUMS").splitlines(True)[number])
        contains(verify(copy, "--key", key)[1], "BROKEN  SHA256SUMS: names %s twice" % name)
        sums(copy, (name,))
        code, out = verify(copy, "--key", key)
        equal((code, "BROKEN  SHA256SUMS: does not name %s," % name in out), (0, False) if name in spare else (3, True), (name, out))

LOGS = (("a hash is another", lambda t: re.sub(rb":[0-9a-f]{8}", b":00000000", t, count=1), 3), ("an entry that is not there", lambda t: t + b"x 999:" + b"0" * 64 + b"\n", 3),
        ("big letters and zeroes", lambda t: re.sub(rb"HEAD (\d+)", rb"HEAD 0000\1", t.upper()), 0), ("another head before it in its line", lambda t: t.replace(b"retour: ledger", b"x 5:" + b"0" * 64 + b" retour: ledger", 1), 3),
        ("packed", gzip.compress, 3), ("UTF-16", lambda t: t.decode().encode("utf-16"), 3), ("empty", lambda t: b"", 3), ("a NUL within a word", lambda t: t.replace(b"head", b"he\0ad"), 0),
        ("a number without end", lambda t: t + b"99999999999999999999:" + b"0" * 64 + b"\n", 3), ("entry 0", lambda t: t + b"0:" + b"0" * 64 + b"\n", 0),
        ("its last lines are gone", lambda t: t.splitlines(True)[0], 0), ("all in one line", lambda t: t.replace(b"\n", b" "), 0))
with case("%d ways to bend what a log has heard: what speaks against the ledger is told, what is no head is none, what fell silent shows" % len(LOGS)):
    bent = os.path.join(desk, "bent")
    for name, change, wanted in LOGS:
        write(change(read(LOG)), bent)
        code, out = verify(NOVEMBER, "--key", key, "--log", bent)
        equal(code, wanted, (name, out))
        if wanted == 0:
            contains(out, "it contains entry ")
        known = re.search(r"up to entry (\d+) by what you have kept", out)
        if name in ("its last lines are gone", "all in one line"):
            equal(known.group(1), re.search(r"head (\d+):", read(LOG).decode()).group(1), name)

with case("time-stamps that are a pipe, a link, or have a name that draws: told at once, and nothing is drawn"):
    stamps = os.path.join(desk, "stamps")
    os.mkdir(stamps)
    os.mkfifo(stamps + "/head-1.tsr")
    os.mkfifo(stamps + "/head-2.txt")
    write(b"x", stamps, "head-2.tsr")
    os.symlink("/dev/zero", stamps + "/head-3.tsr")
    write(b"x", stamps, "head-3.txt")
    write(b"x", stamps, "head-\033[2J\nThe evidence holds.\n.tsr")
    begin = time.monotonic()
    code, out = verify(NOVEMBER, "--key", key, "--timestamps", stamps, "--tsa-ca", "/dev/null")
    equal(code, 3, out)
    equal(out.count("is missing, or one of both is no file"), 4, out)
    true("\033" not in out and "\nThe evidence holds." not in out, out)
    true(time.monotonic() - begin < 20, "it waited")

finish()
