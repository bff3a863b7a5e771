#!/usr/bin/python3
"""serve --tls: mail servers and programs on other hosts ask over TLS with a certificate of their own. Who shows none, a wrong one, or none of the names that may
ask is refused before a question is heard; who is slow or silent harms nobody; the process has no file, no key and no store."""
import http.client
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib import cleanup, postfix  # noqa: E402
from lib.bounce import bounce  # noqa: E402
from lib.certificates import authority  # noqa: E402
from lib.harness import *  # noqa: E402,F403

DEAD, FINE = "dead@example.net", "fine@example.net"
CERTIFICATE, KEY = authority().cert("good")


def client(kind, server=None, versions=None):
    """A connection with a certificate of KIND."""
    context = ssl.create_default_context(cafile=authority().ca_file)
    if kind:
        context.load_cert_chain(*authority().cert(kind))
    if versions:
        context.minimum_version = context.maximum_version = versions
    plain = socket.create_connection(server or where, timeout=10)
    return context.wrap_socket(plain, server_hostname="localhost")


def ask(connection, key):
    request = b"retour " + key.encode()
    connection.sendall(b"%d:%s," % (len(request), request))
    return connection.recv(4096).decode()


def start(*arguments):
    process = retour.start("serve", *arguments, options=("-v",))
    line = process.stderr.readline().decode()
    contains(line, "answering on ")
    return process, line.rpartition("answering on ")[2].strip()


def outside(to, names=("mx1.example.org", "web.example.org")):
    process, name = start("--tls", "127.0.0.1:0", "--to", to, "--certificate", CERTIFICATE, "--key", KEY, "--ca-file", authority().ca_file,
                          *(word for one in names for word in ("--client", one)))
    host, port = name.split(":")
    return process, (host, int(port))


def ended(process):
    process.send_signal(signal.SIGTERM)
    err = process.communicate(timeout=20)[1].decode()
    return process.returncode, err


retour = Retour()
mail = os.path.join(retour.dir, "mail")
os.mkdir(mail)
with open(os.path.join(mail, "dead.eml"), "w") as f:
    f.write(bounce("dead", "5.1.1", "550 5.1.1 User unknown"))
equal(retour.run("import", mail).code, 0)
path = os.path.join(retour.dir, "ask")
inner, _ = start("--postfix", path)
front, where = outside(path)

with case("the right certificate: questions are answered, many over one connection, in TLS 1.2 and 1.3"):
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        with client("client", versions=version) as c:
            contains(ask(c, DEAD), "550 5.1.1")
            contains(ask(c, FINE), "NOTFOUND")
            c.sendall(b"".join(b"get %s\n" % key.encode() for key in (DEAD, FINE) * 50))
            got = b""
            while got.count(b"\n") < 100:
                got += c.recv(65536)
            equal([line[:3] for line in got.decode().splitlines()], ["200", "500"] * 50)

for kind, why in ((None, "no certificate"), ("client-expired", "expired"), ("client-self-signed", "another authority's"), ("client-server", "a server's"),
                  ("client-other", "a name that may not ask"), ("client-any", "a wildcard")):
    with case("refused: %s" % why):
        try:
            with client(kind) as c:
                answer = ask(c, DEAD)
                true(False, "it is answered: " + answer)
        except (ssl.SSLError, ConnectionError):
            pass
with case("plain text and TLS 1.1 are refused"):
    plain = socket.create_connection(where, timeout=10)
    plain.sendall(b"get %s\n" % DEAD.encode())
    try:
        true(b"550" not in plain.recv(4096), "it is answered")
    except ConnectionError:
        pass
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.load_cert_chain(*authority().cert("client"))
    try:
        context.wrap_socket(socket.create_connection(where, timeout=10))
        true(False, "it is taken")
    except (ssl.SSLError, ConnectionError):
        pass

with case("strangers who say nothing or drip keep nobody out, and go after ten seconds"):
    steady = client("client")
    contains(ask(steady, DEAD), "550 5.1.1")
    crowd = [socket.create_connection(where, timeout=20) for _ in range(300)]
    crowd[-1].sendall(b"\x16\x03\x01")
    with client("client") as c:
        contains(ask(c, DEAD), "550 5.1.1")
    contains(ask(steady, DEAD), "550 5.1.1")
    begin = time.monotonic()
    try:
        equal(crowd[-1].recv(10), b"")
    except ConnectionError:
        pass
    true(5 < time.monotonic() - begin < 15, "after %.1f s" % (time.monotonic() - begin))
    contains(ask(steady, FINE), "NOTFOUND")
    del crowd

with case("a hundred who connect at once are all answered"):
    context = ssl.create_default_context(cafile=authority().ca_file)
    context.load_cert_chain(*authority().cert("client"))
    answers = []
    crowd = [socket.create_connection(where, timeout=10) for _ in range(100)]
    time.sleep(0.1)  # as over a long line
    for plain in crowd[::-1]:
        threading.Thread(target=lambda plain: answers.append(ask(context.wrap_socket(plain, server_hostname="localhost"), DEAD)), args=(plain,)).start()
    deadline = time.monotonic() + 15
    while len(answers) < len(crowd) and time.monotonic() < deadline:
        time.sleep(0.05)
    equal(len([one for one in answers if "550 5.1.1" in one]), len(crowd))

with case("who is slow for a moment does not lose his place to those who come after him"):
    slow = socket.create_connection(where, timeout=10)
    crowd = [socket.create_connection(where, timeout=10) for _ in range(99)]
    time.sleep(0.8)
    with context.wrap_socket(slow, server_hostname="localhost") as c:
        contains(ask(c, DEAD), "550 5.1.1")
    for c in crowd:
        c.close()

with case("room for 256: a stranger takes nobody's place, the next one who may ask takes that of who was silent longest"):
    full = [client("client") for _ in range(255)]
    contains(ask(steady, DEAD), "550 5.1.1")
    strangers = [socket.create_connection(where, timeout=20) for _ in range(70)]
    for c in full:
        contains(ask(c, DEAD), "550 5.1.1")
    contains(ask(steady, DEAD), "550 5.1.1")
    with client("client") as c:
        contains(ask(c, DEAD), "550 5.1.1")
        try:
            equal(full[0].recv(10), b"")
        except ConnectionError:
            pass
        contains(ask(full[1], DEAD), "550 5.1.1")
    for c in full + strangers:
        c.close()

with case("a client that does not read its answers loses its connection alone"):
    greedy = client("client")
    greedy.settimeout(5)
    try:
        for _ in range(4000):
            greedy.sendall(b"get %s\n" % DEAD.encode() * 200)
        true(False, "all was taken")
    except (ssl.SSLError, OSError):
        pass
    contains(ask(steady, DEAD), "550 5.1.1")

with case("a Postfix on another host asks through stunnel, with the lines of the manual"):
    with open(os.path.join(ROOT, "etc/retour.1")) as f:
        lines = re.search(r"^\[retour\]\nclient = yes\n.*?(?=^\.Ed)", f.read(), re.M | re.S).group()
    near, mx, names = free_port(), os.path.join(retour.dir, "mx"), os.path.join(retour.dir, "mx1.pem")
    os.mkdir(mx)
    with open(names, "w") as f:
        for part in authority().cert("client"):
            with open(part) as of:
                f.write(of.read())
    os.chmod(names, 0o600)
    for word, here in (("accept = 127.0.0.1:10331", "accept = 127.0.0.1:%d" % near), ("retour.example.org:10331", "localhost:%d" % where[1]),
                       ("/etc/stunnel/mx1.pem", names), ("/etc/stunnel/ca.pem", authority().ca_file), ("= retour.example.org\n", "= localhost\n")):
        contains(lines, word)
        lines = lines.replace(word, here)
    with open(os.path.join(mx, "retour.conf"), "w") as f:
        f.write("foreground = yes\npid =\n" + lines)
    for turn in ("first", "after a restart"):
        stunnel = subprocess.Popen(["stunnel", os.path.join(mx, "retour.conf")], stderr=subprocess.DEVNULL)
        cleanup.defer(stunnel.kill)
        deadline, c = time.monotonic() + 10, None
        while not c:
            try:
                c = socket.create_connection(("127.0.0.1", near), timeout=10)
            except OSError:
                true(time.monotonic() < deadline and stunnel.poll() is None, "stunnel does not listen: " + turn)
                time.sleep(0.05)
        contains(ask(c, DEAD), "550 5.1.1")
        c.close()
        if not postfix.missing():
            with open(os.path.join(mx, "main.cf"), "w") as f:
                f.write("compatibility_level = 3.6\n")
            for key, answer in ((DEAD, "550 5.1.1"), (FINE, "")):
                found = subprocess.run(["postmap", "-c", mx, "-q", key, "socketmap:inet:127.0.0.1:%d:retour" % near], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                equal((found.stdout.decode()[:9], found.stderr.decode()), (answer, ""))
        stunnel.terminate()
        stunnel.wait(10)

with case("it has neither store nor keys nor any other file open, and no key is in its memory's maps"):
    files = [os.readlink("/proc/%d/fd/%s" % (front.pid, fd)) for fd in os.listdir("/proc/%d/fd" % front.pid)]
    true(not [f for f in files if retour.dir in f], files)
    with open("/proc/%d/status" % front.pid) as f:
        status = f.read()
    true(os.environ.get("ASAN_OPTIONS") or "Seccomp:\t2" in status, "no filter")

with case("the server behind it goes away: the client's connection ends, and another one works when it is back"):
    code, _ = ended(inner)
    equal(code, 0)
    try:
        true("550" not in ask(steady, DEAD), "it is answered")
    except (ssl.SSLError, ConnectionError):
        pass
    inner, _ = start("--postfix", path)
    with client("client") as c:
        contains(ask(c, DEAD), "550 5.1.1")

with case("SIGTERM ends it; who was refused, and why, is said once, and no address"):
    code, err = ended(front)
    equal(code, 0, err)
    contains(err, "a client is refused: it shows no certificate")
    true("@" not in err, err)
    equal(err.count("a client is refused"), 1, err)

with case("programs on other hosts ask over HTTP the same way"):
    web = os.path.join(retour.dir, "web")
    inside, _ = start("--http", web)
    front, where = outside(web)
    context = ssl.create_default_context(cafile=authority().ca_file)
    context.load_cert_chain(*authority().cert("client"))
    c = http.client.HTTPSConnection("localhost", where[1], context=context, timeout=10)
    c.request("POST", "/check", '{"address": "%s"}' % DEAD)
    contains(c.getresponse().read().decode(), '"verdict":"suppress"')
    equal((ended(front)[0], ended(inside)[0]), (0, 0))

with case("what is missing or wrong is said, and nothing listens"):
    right = {"--to": path, "--certificate": CERTIFICATE, "--key": KEY, "--ca-file": authority().ca_file, "--client": "mx1.example.org"}
    for left in right:
        result = retour.run("serve", "--tls", "127.0.0.1:0", *(word for name, value in right.items() if name != left for word in (name, value)))
        equal(result.code, 2, (left, result))
        contains(result.err, "--tls goes with")
    for name, value, why in (("--key", authority().cert("client")[1], "key"), ("--certificate", "/none.pem", "/none.pem"), ("--ca-file", KEY, "no certificate")):
        result = retour.run("serve", "--tls", "127.0.0.1:0", *(word for pair in {**right, name: value}.items() for word in pair))
        equal(result.code, 2, (name, result))
        contains(result.err, why)
    equal(retour.run("serve", "--postfix", path + "2", "--client", "x").code, 2)
equal(ended(inner)[0], 0)

finish()
