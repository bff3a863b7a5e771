#!/usr/bin/python3
"""serve: the mail server asks before it sends. A real Postfix refuses whom retour suppresses, defers whom it holds, takes everybody else; both protocols;
a store that is away defers instead of sending; hostile and silent clients harm nobody."""
import contextlib
import os
import shutil
import signal
import smtplib
import socket
import sqlite3
import stat
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib import postfix  # noqa: E402
from lib.bounce import bounce  # noqa: E402
from lib.harness import *  # noqa: E402,F403

DEAD, FULL, FINE = "dead@example.net", "full@example.net", "fine@example.net"


class Asker:
    """A client of our own, in either protocol."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
        self.socket.connect(address)
        self.socket.settimeout(10)

    def raw(self, data):
        self.socket.sendall(data)
        return self.socket.recv(4096).decode()

    def socketmap(self, key):
        request = b"retour " + key.encode()
        return self.raw(b"%d:%s," % (len(request), request)).partition(":")[2].rstrip(",")

    def tcp(self, key):
        return self.raw(b"get %s\n" % key.encode()).rstrip("\n")


def start(where):
    """A running `retour serve`; where it says that it answers."""
    process = retour.start("serve", "--postfix", where, options=("-v",))
    line = process.stderr.readline().decode()
    contains(line, "answering on ")
    return process, line.rpartition("answering on ")[2].strip()


def ended(process, number=signal.SIGTERM):
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    return process.returncode, out.decode(), err.decode()


retour = Retour()
mail = os.path.join(retour.dir, "mail")
os.mkdir(mail)
for user, status, text in (("dead", "5.1.1", "550 5.1.1 User unknown"), ("full", "5.2.2", "552 5.2.2 Mailbox full")):
    with open(os.path.join(mail, user + ".eml"), "w") as f:
        f.write(bounce(user, status, text))
result = retour.run("import", mail)
check(result.code == 0, "two bounces are imported", result)

path = os.path.join(retour.dir, "ask")
with case("a UNIX socket answers both protocols, for its group only"):
    process, name = start(path)
    equal(name, path)
    equal(stat.S_IMODE(os.stat(path).st_mode), 0o660)
    for ask in (Asker(path).socketmap, Asker(path).tcp):
        contains(ask(DEAD), "550 5.1.1 recipient refused")
        contains(ask("Dead@EXAMPLE.net"), "550 5.1.1 recipient refused")
        contains(ask(FULL), "450 4.2.1 recipient deferred")
        for key in (FINE, "example.net", "net", "dead@", "@example.net", "x" * 900):
            true(ask(key) in ("NOTFOUND ", "500 none"), "%s: %s" % (key[:20], ask(key)))

with case("many questions at once come back in their order"):
    asker = Asker(path)
    asker.socket.sendall(b"".join(b"get %s\n" % key.encode() for key in (DEAD, FINE, FULL) * 20))
    answers = b""
    while answers.count(b"\n") < 60:
        answers += asker.socket.recv(65536)
    equal([line[:3] for line in answers.decode().splitlines()], ["200", "500", "200"] * 20)

with case("who has answered holds nothing: what is written meanwhile is seen by the next question, and the log can be emptied"):
    asker = Asker(path)
    contains(asker.tcp("later@example.net"), "500 none")
    with open(os.path.join(mail, "later.eml"), "w") as f:
        f.write(bounce("later", "5.1.1", "550 5.1.1 User unknown"))
    equal(retour.run("import", os.path.join(mail, "later.eml")).code, 0)
    contains(asker.tcp("later@example.net"), "200 550")
    with contextlib.closing(sqlite3.connect(retour.database)) as database:
        equal(database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0], 0, "nobody reads")

with case("a question that comes byte by byte is understood"):
    asker = Asker(path)
    for byte in b"get %s" % DEAD.encode():
        asker.socket.sendall(bytes([byte]))
        time.sleep(0.002)
    contains(asker.raw(b"\n"), "200 550")

with case("garbage and a request without an end close that connection, the others live on"):
    steady = Asker(path)
    for bad in (b"GET / HTTP/1.1\r\n\r\n", b"9" * 100, b"get " + b"a" * 100000):
        asker = Asker(path)
        try:
            asker.socket.sendall(bad)
            equal(asker.socket.recv(4096), b"")
        except ConnectionError:
            pass
    contains(steady.tcp(DEAD), "200 550")

with case("more clients than there is room for: the silent ones go"):
    crowd = [Asker(path) for _ in range(300)]
    contains(crowd[-1].tcp(DEAD), "200 550")
    contains(Asker(path).tcp(DEAD), "200 550")
    del crowd

with case("a second server does not take the socket of a living one, but that of a dead one"):
    result = retour.run("serve", "--postfix", path)
    equal(result.code, 2)
    contains(result.err, "Address already in use")
    contains(Asker(path).tcp(DEAD), "200 550")
    process.kill()
    process.wait()
    true(os.path.exists(path), "the dead one has left its socket")
    process, _ = start(path)
    contains(Asker(path).tcp(DEAD), "200 550")

with case("a store that is away is 'ask later', and taken again when it is back"):
    asker = Asker(path)
    contains(asker.tcp(DEAD), "200 550")
    aside = retour.data + ".aside"
    os.rename(retour.data, aside)
    process.send_signal(signal.SIGHUP)
    time.sleep(0.3)
    contains(asker.tcp(DEAD), "400 the store cannot be read")
    contains(Asker(path).socketmap(FINE), "TEMP ")
    os.rename(aside, retour.data)
    contains(asker.tcp(DEAD), "200 550")

with case("SIGTERM ends it, the socket goes, no address was said"):
    code, out, err = ended(process)
    equal((code, out), (0, ""))
    true(not os.path.exists(path), "the socket is still there")
    contains(err, "asked")
    true("@" not in err, err)

with case("a loopback address; no other; no other word"):
    process, name = start("127.0.0.1:0")
    host, port = name.split(":")
    contains(Asker((host, int(port))).socketmap(DEAD), "OK 550")
    equal(ended(process)[0], 0)
    for where, words in (("0.0.0.0:0", "not a loopback address"), ("192.0.2.1:25", "not a loopback address"), ("here", "neither a path"),
                         ("localhost:99", ""), ("/" + "x" * 200, "longer than"), ("systemd", "has passed no socket")):
        result = retour.run("serve", "--postfix", where)
        equal(result.code, 2, where)
        contains(result.err, words)
    equal(retour.run("serve").code, 2)

with case("systemd passes its socket"):
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    listening.listen()
    pid = retour.start_with_socket(listening, "serve", "--postfix", "systemd")
    listening.close()
    contains(Asker(path).tcp(DEAD), "200 550")
    os.kill(pid, signal.SIGTERM)
    equal(os.waitpid(pid, 0)[1], 0)
    os.unlink(path)

absent = postfix.missing()
if absent:
    print("ok - the real Postfix # SKIP " + absent)
    print("*** Refusing and deferring by a real Postfix was NOT tested: %s. ***" % absent, file=sys.stderr)
    finish()


def rcpt(address):
    """Postfix's answer to RCPT TO."""
    connection = smtplib.SMTP("127.0.0.1", server.port, timeout=30)
    connection.ehlo("client.example.org")
    connection.mail("news@example.org")
    code, text = connection.rcpt(address)
    connection.quit()
    return code, text.decode()


for table in ("socketmap:unix:%s:retour", "tcp:127.0.0.1:%s"):
    server = postfix.Postfix()
    process, name = start("127.0.0.1:0" if table.startswith("tcp") else server.shared + "/ask")
    server.start("check_recipient_access %s, permit_mynetworks, reject" % (table % name.rpartition(":")[2]))
    kind = table.partition(":")[0]
    with case("Postfix (%s) refuses a suppressed recipient" % kind):
        code, text = rcpt(DEAD)
        equal(code, 550, text)
        contains(text, "5.1.1")
        true(not any(word in text for word in ("2026", "unknown", "suppress")), "it says why: " + text)
    with case("Postfix (%s) defers one on hold" % kind):
        code, text = rcpt(FULL)
        equal(code, 450, text)
        contains(text, "4.2.1")
    with case("Postfix (%s) takes everybody else" % kind):
        equal(rcpt(FINE)[0], 250)
    with case("Postfix (%s) defers when retour is away: nothing is sent unasked" % kind):
        ended(process)
        code, text = rcpt(DEAD)
        equal(code, 451, text)



# --- README's recipe, to the letter ---------------------------------------------------------------------------------------

def recipe():
    """The lines for master.cf that README prints."""
    with open(ROOT + "/README.md") as f:
        text = f.read().partition("in Postfix's `master.cf`:\n\n")[2].partition("\n\n")[0]
    return "\n".join(line[4:] for line in text.splitlines())


def answer(port, recipient, client):
    connection = smtplib.SMTP("127.0.0.1", port, timeout=30, source_address=(client, 0))
    connection.ehlo("client.example.org")
    connection.mail("somebody@example.com")
    code, text = connection.rcpt(recipient)
    connection.quit()
    return code, text.decode().replace(recipient, "X")


with case("retour(1) prints the same recipe"):
    with open(ROOT + "/etc/retour.1") as f:
        contains(f.read(), "\n.Bd -literal\n%s\n.Ed\n" % recipe())
OURS, STRANGER = "127.0.0.1", "127.0.0.2"
for chroot in ("n", "y"):
    server = postfix.Postfix()
    socket_directory = server.dir + "/queue/retour"
    os.mkdir(socket_directory)
    shutil.copystat(server.shared, socket_directory)
    os.chown(socket_directory, 0, os.stat(server.shared).st_gid)
    os.chmod(socket_directory, 0o2755)
    process, name = start(socket_directory + "/ask")
    port = free_port()
    line = recipe()
    contains(line, "submission inet n - y - - smtpd")
    server.start(None, master=line.replace("submission inet n - y", "127.0.0.1:%d inet n - %s" % (port, chroot)) + "\n", mynetworks=OURS + "/32",
                 mydestination="example.org", local_transport="discard:", local_recipient_maps="", smtpd_relay_restrictions="permit_mynetworks, reject_unauth_destination")
    where = "smtpd in its chroot" if chroot == "y" else "smtpd without a chroot"
    with case("README's recipe, %s: our senders are refused, deferred and let through" % where):
        equal([answer(port, who, OURS)[0] for who in (DEAD, FULL, FINE)], [550, 450, 250], server.log())
    with case("README's recipe, %s: a stranger who asks about our recipients hears the same of all of them, at both ports" % where):
        for asked in (port, server.port):
            heard = {answer(asked, who, STRANGER) for who in (DEAD, FULL, FINE)}
            equal((len(heard), {code for code, _text in heard}), (1, {554}), heard)
    with case("README's recipe, %s: mail from outside still comes in" % where):
        equal(answer(server.port, "anybody@example.org", STRANGER)[0], 250)
    ended(process)

finish()
