#!/usr/bin/python3
"""serve --http: the answers of check for programs. One address and many, the token, what is no question, limits, silence, a store that is away; clients in curl and Python."""
import http.client
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.bounce import bounce
from lib.harness import *

DEAD, FULL, FINE = "dead@example.net", "full@example.net", "fine@example.net"
TOKEN = "a-token-of-thirty-two-characters"
retour = Retour()
mail = os.path.join(retour.dir, "mail")
os.mkdir(mail)
for user, status, text in (("dead", "5.1.1", "550 5.1.1 User unknown"), ("full", "5.2.2", "552 5.2.2 Mailbox full")):
    with open(os.path.join(mail, user + ".eml"), "w") as f:
        f.write(bounce(user, status, text))
equal(retour.run("import", mail).code, 0)
token_file = retour.secret(TOKEN, "token")


def start(where, *options):
    process = retour.start("serve", "--http", where, *options, options=("-v",))
    line = process.stderr.readline().decode()
    contains(line, "answering on ")
    return process, line.rpartition("answering on ")[2].strip()


def ended(process):
    process.send_signal(signal.SIGTERM)
    _out, err = process.communicate(timeout=20)
    return process.returncode, err.decode()


class Unix(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20)
        self.sock.connect(self.host)


def ask(method, path, body=None, token=TOKEN, connection=None):
    """(status, fields, body); JSON where it is that."""
    connection = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, json.dumps(body) if body is not None and not isinstance(body, (bytes, str)) else body,
                           {"Authorization": "Bearer " + token} if token is not None else {})
    except BrokenPipeError:
        pass  # answered by the head alone, and closed before the body was sent: the answer is there
    answer = connection.getresponse()
    text = answer.read().decode()
    return answer.status, answer.headers, json.loads(text) if answer.headers["Content-Type"] == "application/json" else text


def asked(body, **keys):
    return ask("POST", "/check", body, **keys)


process, name = start("127.0.0.1:0", "--token-file", token_file)
port = int(name.rpartition(":")[2])
with case("one address: the answer is that of check --json"):
    for who in (DEAD, FULL, FINE):
        status, fields, answer = asked({"address": who})
        equal(status, 200)
        wanted = retour.run("check", "--json", input=who + "\n").lines()[0]
        equal(answer, {name: wanted[name] for name in answer})
        equal(sorted(answer), sorted(["address", "verdict", "until", "state", "reason", "since", "stream"]))
        equal(fields["Cache-Control"], "no-store")
    equal([asked({"address": who})[2]["verdict"] for who in (DEAD, FULL, FINE, "no address")], ["suppress", "hold", "send", "invalid"])
with case("many: in their order; ten thousand at once"):
    equal([a["verdict"] for a in asked({"addresses": [FULL, "x", DEAD, FINE]})[2]["answers"]], ["hold", "invalid", "suppress", "send"])
    equal(asked({"addresses": []})[2], {"answers": []})
    many = ["user%d@example.net" % n for n in range(9999)] + [DEAD]
    begin = time.monotonic()
    answers = asked({"addresses": many})[2]["answers"]
    equal((len(answers), answers[-1]["verdict"], answers[0]["address"]), (10000, "suppress", "user0@example.net"))
    comment("10,000 answers in %.2f s" % (time.monotonic() - begin))
with case("an address with quotes and beyond ASCII comes back as it was asked"):
    for who in ('"a\\"b"@example.net', "jos\u00e9@example.net"):
        equal(asked({"address": who})[2]["address"], who)
with case("without the token, or with another: 401, and nothing is said"):
    for wrong in (None, "", TOKEN[:-1], TOKEN + "x", TOKEN.upper()):
        for method, path in (("POST", "/check"), ("GET", "/metrics"), ("GET", "/nothing")):
            status, fields, answer = ask(method, path, {"address": DEAD} if method == "POST" else None, token=wrong)
            equal((status, fields["WWW-Authenticate"]), (401, "Bearer"))
            equal(list(answer), ["error"])
with case("what is no question: 400, with what would be right"):
    for body in ("", "{", "[]", "nonsense", '{"address": 5}', '{"addresses": "x"}', '{"addresses": [1]}', '{"address": "a", "addresses": []}', '{"adress": "a"}', "{}",
                 '{"address": "a@b.example"} x', '{"address":' * 2000, b'{"address": "\xff"}', json.dumps({"addresses": ["x"] * 10001})):
        status, _fields, answer = asked(body)
        equal(status, 400, body[:60])
        true(answer["error"], answer)
    contains(asked('["anna@example.net"]')[2]["error"], 'right would be {"address":')
with case("other paths and methods: 404 and 405"):
    equal([ask("GET", path)[0] for path in ("/", "/check/", "/healthz/../check", "/metricsx")], [404] * 4)
    equal([ask(*request)[0] for request in (("GET", "/check"), ("PUT", "/check", {}), ("POST", "/metrics", {}), ("DELETE", "/check"))], [405] * 4)
with case("healthz needs no token"):
    equal(ask("GET", "/healthz", token=None)[0], 200)
with case("metrics: in the form of Prometheus, without the figures of a run, with how much was asked"):
    status, fields, text = ask("GET", "/metrics")
    equal((status, fields["Content-Type"]), (200, "text/plain; version=0.0.4"))
    for line in text.splitlines():
        true(re.fullmatch(r'# (HELP|TYPE) retour_\w+ .*|retour_\w+(\{.*\})? -?[0-9.e+-]+', line), line)
    contains(text, "retour_contacts{")
    true("retour_run_" not in text, text)
    true(int(re.search(r"^retour_serve_questions_total (\d+)$", text, re.M).group(1)) > 10000, text)
with case("a body that is too long: 413; a head that is: refused; the next one is served"):
    status = asked(b'{"address": "' + b"a" * (1 << 20) + b'"}')[0]
    equal(status, 413)
    connection = socket.create_connection(("127.0.0.1", port))
    connection.settimeout(20)
    connection.sendall(b"GET /healthz HTTP/1.1\r\nX: " + b"a" * 100000 + b"\r\n\r\n")
    try:
        contains(connection.recv(100).decode(), " 431 ")
    except ConnectionError:
        pass
    equal(asked({"address": DEAD})[0], 200)
with case("more connections than there is room for, all silent: they go, and a question is answered"):
    crowd = [socket.create_connection(("127.0.0.1", port)) for _ in range(100)]
    begin, status = time.monotonic(), None
    while status != 200 and time.monotonic() - begin < 40:
        try:
            status = asked({"address": DEAD})[0]
        except (OSError, http.client.HTTPException):
            time.sleep(0.2)
    equal(status, 200)
    true(time.monotonic() - begin < 25, "after %.0f s" % (time.monotonic() - begin))
    del crowd


def raw(data, wait=0.5):
    """All that is answered to these bytes."""
    connection = socket.create_connection(("127.0.0.1", port))
    connection.settimeout(wait)
    connection.sendall(data)
    said = b""
    try:
        while piece := connection.recv(65536):
            said += piece
    except OSError:
        pass
    connection.close()
    return said


QUESTION = json.dumps({"address": DEAD}).encode()
WITH = b"Authorization: Bearer %s\r\n" % TOKEN.encode()
HIDDEN = b"POST /check HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(QUESTION), QUESTION)
with case("smuggling: what hides behind a request with two lengths, or a length and chunks, is not answered without the token"):
    for fields, body in ((b"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"), (b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", b"0\r\n\r\n"),
                         (b"Content-Length: 0\r\nContent-Length: 5\r\n", b""), (b"Content-Length : 0\r\n", b""), (b"Transfer-Encoding: xchunked\r\n", b"0\r\n\r\n"),
                         (b"Transfer-Encoding:\x0bchunked\r\n", b"0\r\n\r\n"), (b"Content-Length: +0\r\n", b""), (b"Content-Length: -1\r\n", b"")):
        said = raw(b"POST /check HTTP/1.1\r\nHost: x\r\n" + WITH + fields + b"\r\n" + body + HIDDEN)
        true(b"suppress" not in said and said.count(b"HTTP/1.1 200") == 0, (fields, said))
with case("two tokens in one request, or none behind a good one on the same connection"):
    ask_two = b"POST /check HTTP/1.1\r\nHost: x\r\n%sContent-Length: %d\r\n\r\n%s"
    said = raw(ask_two % (WITH, len(QUESTION), QUESTION) + HIDDEN)
    equal((said.count(b'"suppress"'), said.count(b" 200 OK"), said.count(b" 401 ")), (1, 1, 1), said)
    equal(raw(ask_two % (b"Authorization: Bearer no\r\n" + WITH, len(QUESTION), QUESTION)).count(b" 401 "), 1)
with case("a million addresses are too many for one request, in one piece or in chunks, and nothing is kept of them"):
    many = b'{"addresses": [' + b",".join(b'"u%d@example.net"' % n for n in range(1000000)) + b"]}"
    equal(asked(many)[0], 413)
    chunked = b"".join(b"%x\r\n%s\r\n" % (len(many[at:at + 65536]), many[at:at + 65536]) for at in range(0, len(many), 65536)) + b"0\r\n\r\n"
    contains(raw(b"POST /check HTTP/1.1\r\nHost: x\r\n" + WITH + b"Transfer-Encoding: chunked\r\n\r\n" + chunked, 10).decode(), " 413 ")
    memory = int(re.search(r"VmRSS:\s+(\d+)", open("/proc/%d/status" % process.pid).read()).group(1))
    true(memory < 64 * 1024, "%d KiB" % memory)
with case("an expectation of 100, a NUL, a line of 64 KiB, other versions: no answer without the token, and the next one is served"):
    for bad in (b"POST /check HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", b"GET /metrics\0 HTTP/1.1\r\n\r\n", b"GET /" + b"a" * 65536 + b" HTTP/1.1\r\n\r\n",
                b"GET /metrics HTTP/0.9\r\n\r\n", b"GET /metrics HTTP/9.9\r\n\r\n", b"GET /metrics HTTP/1.1\r\nX: a\r\n Authorization: Bearer " + TOKEN.encode() + b"\r\n\r\n",
                b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
        said = raw(bad)
        true(b" 200 " not in said and b"100 Continue" not in said, (bad[:40], said))
    equal(asked({"address": DEAD})[0], 200)
with case("garbage and a client that goes in the middle harm nobody"):
    for bad in (b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"POST /check HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
                b"POST /check HTTP/1.1\r\nAuthorization: Bearer %s\r\nContent-Length: 100\r\n\r\n{" % TOKEN.encode(),
                b"POST /check HTTP/1.1\r\nAuthorization: Bearer %s\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" % TOKEN.encode()):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.sendall(bad)
        connection.close()
    equal(asked({"address": DEAD})[0], 200)
with case("a store that is away is 503, and taken again when it is back"):
    aside = retour.data + ".aside"
    os.rename(retour.data, aside)
    process.send_signal(signal.SIGHUP)
    time.sleep(1.3)
    equal([asked({"address": DEAD})[0], asked({"addresses": [DEAD]})[0], ask("GET", "/healthz")[0], ask("GET", "/metrics")[0]], [503] * 4)
    os.rename(aside, retour.data)
    equal(asked({"address": DEAD})[2]["verdict"], "suppress")
with case("a client in curl, the token from a file"):
    if shutil.which("curl"):
        done = subprocess.run(["curl", "-s", "-H", "@-", "-d", json.dumps({"address": DEAD}), "http://127.0.0.1:%d/check" % port], capture_output=True, text=True,
                              input="Authorization: Bearer " + TOKEN + "\n")
        equal(json.loads(done.stdout)["verdict"], "suppress")
CLIENTS = {"check.sh": ("sh", "curl", "jq"), "check.py": ("/usr/bin/python3",), "check.php": ("php",), "check.mjs": ("node",)}  # etc/clients: what each wants; only the first runs it


def client(name, addresses, *arguments, token=token_file, url=None):
    environment = {"PATH": os.environ["PATH"], "RETOUR_URL": url or "http://127.0.0.1:%d" % port, "RETOUR_TOKEN_FILE": token}
    return subprocess.run([CLIENTS[name][0], os.path.join(ROOT, "etc", "clients", name), *arguments], input="".join(a + "\n" for a in addresses), env=environment, capture_output=True,
                          text=True, timeout=60, check=False)


for name, wants in CLIENTS.items():
    missing = [tool for tool in wants if not shutil.which(tool)]
    if missing:
        ok("etc/clients/%s # SKIP there is no %s here" % (name, missing[0]))
        continue
    with case("etc/clients/%s: asks in bodies, prints verdict and address, and fails where it gets no answer" % name):
        done = client(name, [DEAD, FULL, FINE])
        equal((done.returncode, done.stdout), (0, "suppress\t%s\nhold\t%s\nsend\t%s\n" % (DEAD, FULL, FINE)), done.stderr)
        for done in (client(name, [DEAD], token=retour.secret("wrong", "wrong")), client(name, [DEAD], "no-such-stream"), client(name, [DEAD], url="http://127.0.0.1:1")):
            equal(done.stdout, "")
            true(done.returncode, "it did not fail")
            true(TOKEN not in done.stderr, done.stderr)
with case("a client in Python's standard library"):
    request = urllib.request.Request("http://127.0.0.1:%d/check" % port, json.dumps({"addresses": [DEAD, FINE]}).encode(), {"Authorization": "Bearer " + TOKEN})
    equal([a["verdict"] for a in json.load(urllib.request.urlopen(request))["answers"]], ["suppress", "send"])
with case("SIGTERM ends it; no address and no token was said"):
    code, err = ended(process)
    equal(code, 0, err)
    contains(err, "without the token")
    true("@" not in err and TOKEN not in err, err)

with case("who sends a byte now and then is cut off, and another has the place"):
    mine = Retour(os.path.join(os.environ.get("RETOUR_BUILD", os.path.join(ROOT, "build")), "crash", "retour"))
    mine.dir, mine.data, mine.ini, mine.config = retour.dir, retour.data, retour.ini, retour.config
    retour, usual = mine, retour
    process, name = start("127.0.0.1:0", "--token-file", token_file)
    port = int(name.rpartition(":")[2])
    crowd = [socket.create_connection(("127.0.0.1", port)) for _ in range(64)]
    begin, open_still = time.monotonic(), list(crowd)
    for slow in crowd:
        slow.sendall(b"GET /healthz HTTP/1.1\r\nX: ")
    while open_still and time.monotonic() - begin < 12:
        time.sleep(0.5)
        for slow in list(open_still):
            try:
                slow.sendall(b"a")
            except OSError:
                open_still.remove(slow)
    equal(len(open_still), 0, "%d are still there" % len(open_still))
    equal(asked({"address": DEAD})[0], 200)
    ended(process)
    retour = usual

path = os.path.join(retour.dir, "http")
with case("a UNIX socket: who is in its group may ask, without a token"):
    process, _name = start(path)
    equal(stat.S_IMODE(os.stat(path).st_mode), 0o660)
    equal(asked({"address": DEAD}, token=None, connection=Unix(path))[2]["verdict"], "suppress")
    equal(ended(process)[0], 0)
    true(not os.path.exists(path), "the socket is still there")
with case("README's example, to the letter but for the path"):
    line = re.search(r"^    \$ (curl .*/check)$", open(os.path.join(ROOT, "README.md")).read(), re.M).group(1)
    if shutil.which("curl"):
        process, _name = start(path)
        done = subprocess.run(["sh", "-c", line.replace("/path/of/socket", path).replace("carla@", "dead@")], capture_output=True, text=True)
        ended(process)
        answer = json.loads(done.stdout)
        equal((answer["verdict"], answer["reason"], list(answer)), ("suppress", "user-unknown", ["address", "verdict", "until", "state", "reason", "since", "stream"]))
with case("a UNIX socket with a token wants it"):
    process, _name = start(path, "--token-file", token_file)
    equal([asked({"address": DEAD}, token=t, connection=Unix(path))[0] for t in (None, TOKEN)], [401, 200])
    ended(process)
with case("refused: an address that others reach, a loopback address without a token, both kinds at once, a token that others may read or guess"):
    for words, said in ((("--http", "0.0.0.0:0", "--token-file", token_file), "not a loopback address"), (("--http", "127.0.0.1:0"), "--token-file"),
                        (("--http", path, "--postfix", path), "wants"), (("--postfix", path, "--token-file", token_file), "goes with --http"),
                        (("--http", path, "--token-file", retour.secret(TOKEN, "open", 0o644)), "chmod 600"),
                        (("--http", path, "--token-file", retour.secret("fifteen-letters", "short")), "openssl rand -hex 32")):
        result = retour.run("serve", *words)
        equal(result.code, 2, result)
        contains(result.err, said)
        true("0 asked" not in result.err and "fifteen" not in result.err, result.err)
with case("etc/retour-http.yaml names what there is, and nothing else"):
    text = open(os.path.join(ROOT, "etc/retour-http.yaml")).read()
    equal(re.findall(r"^  (/\w+):$", text, re.M), ["/check", "/healthz", "/metrics"])
    states = re.search(r"state: \{.*enum: \[(.*), null\]", text).group(1).split(", ")
    words = re.findall(r'X\(\w+, "([a-z-]+)"\)', re.search(r"#define STORE_STATES\(X\).*?\n\n", open(os.path.join(ROOT, "store/history/state.h")).read(), re.S).group(0))
    equal(sorted(states), sorted(words))


def passed(family, where, *options):
    """serve --http systemd with a socket of ours in its place, as ExecStart= of the unit has it; (pid, socket)."""
    listening = socket.socket(family)
    listening.bind(where)
    listening.listen()
    unit = open(os.path.join(ROOT, "etc/retour-http.service")).read()
    return retour.start_with_socket(listening, *re.search(r"^ExecStart=\S+ -c \S+ (.*)$", unit, re.M).group(1).split(), *options), listening


with case("systemd passes its socket: answered there; the socket stays systemd's"):
    pid, listening = passed(socket.AF_UNIX, path)
    listening.close()
    equal(asked({"address": DEAD}, token=None, connection=Unix(path))[2]["verdict"], "suppress")
    os.kill(pid, signal.SIGTERM)
    equal(os.waitpid(pid, 0)[1], 0)
    true(os.path.exists(path), "the socket is gone")
    os.unlink(path)
with case("systemd passes a loopback port: not without a token; any other address: not at all"):
    for where, options, code in ((("127.0.0.1", 0), (), 2), (("0.0.0.0", 0), ("--token-file", token_file), 2)):
        pid, listening = passed(socket.AF_INET, where, *options)
        equal(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), code)
    pid, listening = passed(socket.AF_INET, ("127.0.0.1", 0), "--token-file", token_file)
    port = listening.getsockname()[1]
    listening.close()
    equal([asked({"address": DEAD}, token=t)[0] for t in (None, TOKEN)], [401, 200])
    os.kill(pid, signal.SIGTERM)
    equal(os.waitpid(pid, 0)[1], 0)
with case("a newer program gave the store its form: no answer, the end, and the reason; what begins anew says the same, and nothing of damage"):
    # two, for its pages lie in the log first, and then in the file, sealed otherwise
    servers = [(start(os.path.join(retour.dir, name))[0], os.path.join(retour.dir, name)) for name in ("one", "two")]
    equal([asked({"address": DEAD}, token=None, connection=Unix(path))[0] for _process, path in servers], [200, 200])
    database = sqlite3.connect(retour.database)
    database.execute("PRAGMA user_version = 999")
    for process, path in servers:
        equal(asked({"address": DEAD}, token=None, connection=Unix(path))[0], 503)
        _out, err = process.communicate(timeout=20)
        result = retour.run("check", input=DEAD + "\n")
        equal((process.returncode, result.code), (1, 1))
        contains(err.decode(), "ending, so that the newer retour is started in its place")
        for said in (err.decode(), result.err):
            contains(said, "schema version 999, made by a newer retour")
            true("damaged" not in said, said)
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
finish()
