#!/usr/bin/python3
"""make bench: how fast and how large. Each figure stands beside a reference measured in the same run: a raw reader of the same mailbox, the same
bytes through cat. Figures without a verdict, except memory: 64 MiB in every process is a promise.

    tests/bench.py [--build DIR] [--quick] [--large]"""
import argparse
import contextlib
import hashlib
import os
import random
import re
import socket
import sqlite3
import ssl
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import generate
import growth
import simulation
from lib import contactbody, months, program
from lib.harness import PASSWORD, Dovecot, Retour, authority, descendants, finish, check

Retour.watched = True
LIMIT = 64 * 1024
TURNS = 5  # of each program where two are compared by their processor time


def measured(what, seconds, count, size, memory=None):
    print("%-34s %7.2f s %9.0f messages/s %8.1f MB/s%s"
          % (what, seconds, count / seconds, size / seconds / 1e6, "  %d MiB" % (max(memory.values()) // 1024 + 1) if memory else ""), flush=True)
    return seconds


class Raw:
    """A client that only moves the bytes, over TLS: what no reader of the same mailbox can beat by much."""

    def __init__(self, dovecot, port):
        context = ssl.create_default_context(cafile=authority().ca_file)
        self.socket = context.wrap_socket(socket.create_connection((dovecot.host, port)), server_hostname="localhost")
        self.tail = b""

    def send(self, text):
        self.socket.sendall(text)

    def until(self, mark, count=1):
        """Reads until MARK was seen COUNT times. What came behind the last one is for the next call."""
        at = 0
        while count:
            found = self.tail.find(mark, at)
            if found >= 0:
                count, at = count - 1, found + len(mark)
                continue
            more = self.socket.recv(1 << 18)
            if not more:
                raise EOFError
            self.tail, at = self.tail[max(at, len(self.tail) - len(mark) + 1):] + more, 0
        self.tail = self.tail[at:]


def raw_imap(dovecot):
    begin = time.monotonic()
    client = Raw(dovecot, dovecot.imaps)
    client.until(b"\r\n")
    client.send(b'a LOGIN "%s" "%s"\r\n' % (generate.BOUNCES.encode(), PASSWORD.encode()))
    client.until(b"a OK")
    client.send(b"b SELECT INBOX\r\nc UID FETCH 1:* (BODY.PEEK[])\r\n")
    client.until(b"\r\nc OK")
    client.send(b"d STORE 1:* +FLAGS.SILENT (\\Deleted)\r\ne EXPUNGE\r\nf LOGOUT\r\n")
    client.until(b"\r\nf OK")
    return time.monotonic() - begin


def raw_pop3(dovecot, count):
    begin = time.monotonic()
    client = Raw(dovecot, dovecot.pop3s)
    client.until(b"+OK")
    client.send(b"USER %s\r\nPASS %s\r\n" % (generate.BOUNCES.encode(), PASSWORD.encode()))
    client.until(b"+OK", 2)
    for first in range(1, count + 1, 50):
        numbers = range(first, min(first + 50, count + 1))
        client.send(b"".join(b"RETR %d\r\n" % number for number in numbers))
        client.until(b"\r\n.\r\n", len(numbers))
    client.send(b"".join(b"DELE %d\r\n" % number for number in range(1, count + 1)) + b"QUIT\r\n")
    client.until(b"+OK Logging out")
    return time.monotonic() - begin


def processor_of_all(pid):
    """Seconds of it that PID, what it started and what of that is over have taken."""
    total = 0
    for each in descendants(pid):
        with contextlib.suppress(OSError), open("/proc/%d/stat" % each, encoding="ascii") as f:  # gone meanwhile
            total += sum(map(int, f.read().rpartition(")")[2].split()[11:15]))
    return total / os.sysconf("SC_CLK_TCK")


def mailbox(binary, protocol, samples, size):
    count = len(samples)
    dovecot = Dovecot()
    dovecot.deliver(generate.BOUNCES, samples)
    reference = measured("%s, raw reader" % protocol, raw_imap(dovecot) if protocol == "imap" else raw_pop3(dovecot, count), count, size)
    dovecot.stop()
    dovecot = Dovecot()
    dovecot.deliver(generate.BOUNCES, samples)
    retour = Retour(binary)
    retour.config["mailbox bounces"] = dovecot.mailbox(generate.BOUNCES, protocol, password_file=retour.secret(), unrecognised="delete")
    before = processor_of_all(dovecot.process.pid)
    result = retour.run("poll", timeout=1800)
    seconds = measured("%s, retour poll" % protocol, result.seconds, count, size, result.memory)
    cores, there = len(os.sched_getaffinity(0)), processor_of_all(dovecot.process.pid) - before
    print("    %.2f of the raw reader, %.2f if these %d cores never waited (%.2f s of processor here, %.2f s at the server); KiB: %s" % (
        seconds / reference, (result.processor + there) / cores / reference, cores, result.processor, there, result.memory))
    check(result.code == 0 and dovecot.count(generate.BOUNCES) == 0, "%s: %d messages in one run" % (protocol, count), result)
    check(max(result.memory.values()) < LIMIT, "%s: under 64 MiB in every process" % protocol, result.memory)
    dovecot.stop()


def write_mbox(path, samples):
    with open(path, "wb") as f:
        for data, arrived in samples:
            f.write(b"From MAILER-DAEMON %s\n" % time.asctime(time.gmtime(arrived)).encode())
            f.write(data.replace(b"\r\n", b"\n").replace(b"\nFrom ", b"\n>From ") + b"\n")


def files(binary, samples, size):
    retour = Retour(binary)
    path = os.path.join(retour.dir, "mails.mbox")
    write_mbox(path, samples)
    size = os.path.getsize(path)
    begin = time.monotonic()
    subprocess.run(["cat", path], stdout=subprocess.DEVNULL, check=True)
    measured("cat", time.monotonic() - begin, len(samples), size)
    result = retour.run("classify", path, timeout=1800)
    measured("classify, one process", result.seconds, len(samples), size, result.memory)
    result = retour.run("import", path, timeout=1800)
    measured("import of an mbox", result.seconds, len(samples), size, result.memory)
    check(result.code == 0 and max(result.memory.values()) < LIMIT, "import: under 64 MiB in every process", result)


HASHING = r"""
#include <sodium.h>
#include <stdio.h>
#include <string.h>
int main(void)
{
	static char line[4096];
	unsigned char key[32] = { 1 }, out[16], input[4200] = "retour pseudonym 1\0state", sum = 0;
	while (fgets(line, sizeof line, stdin)) {
		size_t n = strcspn(line, "\n");
		memcpy(input + 25, line, n);
		crypto_generichash(out, sizeof out, input, 25 + n, key, sizeof key);
		sum ^= out[0];
	}
	return sum == 1 ? 1 : 0;
}
"""
# Reads all contacts of a sealed store through the layer that seals its pages, without and with the seals looked at, in turn; the least processor time of each.
SEALS = r"""
#include <stdio.h>
#include <time.h>
#include "store/base/pagefile.h"
static double once(const char *path, int verify)
{
	sqlite3 *db;
	sqlite3_stmt *st;
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, pagefile_layer()))
		return -1;
	pagefile_seal(db);
	pagefile_verify(db, verify);
	clock_t begin = clock();
	int rc = sqlite3_prepare_v2(db, "SELECT sum(length(body)) FROM contact", -1, &st, NULL);
	rc = rc ? rc : sqlite3_step(st);
	double seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
	struct pagefile_state state = { 0 };
	sqlite3_finalize(st);
	if (verify && (pagefile_walk(db, &state) || !state.pages || state.unsealed))
		rc = SQLITE_ERROR;
	sqlite3_close(db);
	return rc == SQLITE_ROW ? seconds : -1;
}
int main(int argc, char **argv)
{
	double least[2] = { 1e9, 1e9 };
	for (int i = 0; argc == 2 && i < 10; i++) {
		double seconds = once(argv[1], i % 2);
		if (seconds < 0)
			return 1;
		if (seconds < least[i % 2])
			least[i % 2] = seconds;
	}
	return printf("%.6f %.6f\n", least[0], least[1]) < 0;
}
"""
STATES = (("inactive", "user-unknown", 7), ("soft", "mailbox-full", 2), ("active", "", 1))  # of ten contacts each


def seals(retour, seconds):
    """What it costs that each page of contacts is looked at for turned bits, beside reading them alone, and of SECONDS that `check` took."""
    sealed, reading = os.path.join(retour.dir, "sealed.db"), os.path.join(retour.dir, "seals")
    check(retour.run("backup", sealed, timeout=600).code == 0, "backup: the copy has seals")
    built = subprocess.run([os.environ.get("CC", "cc"), "-O2", "-I", program.ROOT, "-xc", "-", os.path.join(program.ROOT, "store/base/pagefile.c"), "-o", reading, "-lsqlite3", "-lsodium"],
                           input=SEALS, text=True, check=False).returncode
    out = subprocess.run([reading, sealed], stdout=subprocess.PIPE, text=True, check=False).stdout.split() if not built else []
    check(len(out) == 2, "every page of contacts has a seal, and it holds")
    if len(out) == 2:
        without, with_seals = map(float, out)
        print("    contacts read with their seals: %.2f times as long as without (%.3f and %.3f s of processor); %.0f %% of such a check" % (
            with_seals / without, with_seals, without, 100 * (with_seals - without) / seconds))


def lists(binary, count):
    """COUNT addresses against as many contacts, all of them known and one in ten, beside reading the list and hashing each line alone."""
    retour = Retour(binary)
    empty = os.path.join(retour.dir, "empty")
    os.makedirs(empty)
    retour.run("import", empty)
    with open(retour.data + "/keys/state.key", encoding="ascii") as f:
        key = bytes.fromhex(f.read().splitlines()[1])
    addresses = ["person%07d@d%03d.example.net" % (n, n % 500) for n in range(count)]
    day = 1793404800
    states = [state for state in STATES for _ in range(state[2])]
    rows = sorted((hashlib.blake2b(b"retour pseudonym 1\0state\0" + address.encode(), key=key, digest_size=16).digest(), *states[n % 10][:2])
                  for n, address in enumerate(addresses))
    database = sqlite3.connect(retour.database)
    with database:
        keys, numbers = contactbody.Keys(key), {name: number for number, name in contactbody.REASONS.items()}
        database.executemany("INSERT INTO agenda (what, day, name) VALUES ('due', ?, ?)",
                             ((day + 30 * 86400, keys.line("due", day + 30 * 86400, pseudonym)) for pseudonym, state, _ in rows if state == "soft"))
        database.executemany("INSERT INTO contact (pseudonym, at, body) VALUES (?, %d, ?)" % day,
                             ((pseudonym, keys.sealed(pseudonym, state, numbers[reason], day, until, due, ladder=b"mailbox-full"))
                              for pseudonym, state, reason in rows
                              for until, due in ((day + 100000, day + 30 * 86400) if state == "soft" else (0, 0),)))
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    random.Random(1).shuffle(addresses)
    hashing = os.path.join(retour.dir, "hashing")
    built = subprocess.run([os.environ.get("CC", "cc"), "-O2", "-xc", "-", "-o", hashing, "-lsodium"], input=HASHING, text=True, check=False).returncode
    for name, people in (("all known", addresses), ("one in ten known", [a if n % 10 == 0 else "x" + a for n, a in enumerate(addresses)])):
        path = os.path.join(retour.dir, "list.txt")
        with open(path, "w", encoding="ascii") as f:
            f.write("".join(address + "\n" for address in people))
        size = os.path.getsize(path)
        result = retour.run("check", path, timeout=600)
        begin = time.monotonic()
        subprocess.run(retour.arguments(["check", path]), stdout=subprocess.DEVNULL, check=False)
        seconds = measured("check of %d, %s" % (count, name), time.monotonic() - begin, count, size, result.memory)
        check(result.code == 0 and result.out.count("\n") == count + 1 and max(result.memory.values()) < LIMIT,
              "check: every line has its answer, under 64 MiB", result.err)
        if not built:
            begin = time.monotonic()
            with open(path, encoding="ascii") as f:
                subprocess.run([hashing], stdin=f, check=False)
            alone = measured("reading and hashing alone", time.monotonic() - begin, count, size)
            print("    %.1f times as long as reading and hashing alone" % (seconds / alone))
    seals(retour, seconds)
    served(retour, path)


def privacy(binary, samples, questions):
    """What it costs that what contacts remember is sealed, under a list of days that is sealed, too, and that rows are counted for the audit: the same import and
    check by a program without (tests/lib/plain.c), in turn; the least processor time of each."""
    programs = {"with": binary, "without": os.path.join(os.path.dirname(binary), "plain", "retour")}
    if not os.path.exists(programs["without"]):
        print("    no %s: what sealing costs is NOT measured" % programs["without"])
        return
    people = sorted({person for data, _arrived in samples for person in re.findall(r"^Final-Recipient: rfc822; *(\S+@\S+)", data.decode(errors="replace"), re.M)})
    codes, lines, least = set(), {}, {(name, what): 1e9 for name in programs for what in ("import", "check")}
    for _ in range(TURNS):
        for name, program_file in programs.items():
            retour = Retour(program_file)
            path, asked_for = os.path.join(retour.dir, "mails.mbox"), os.path.join(retour.dir, "list.txt")
            write_mbox(path, samples)
            with open(asked_for, "w", encoding="utf8") as f:
                f.write("\n".join(people * (questions // len(people))) + "\n")
            for what, file in ("import", path), ("check", asked_for):
                result = retour.run(what, file, timeout=1800)
                least[name, what] = min(least[name, what], result.processor)
                codes.add(result.code)
            lines[name], = retour.sql("SELECT (SELECT count(*) FROM agenda) + (SELECT count(*) FROM held)")[0]
    check(codes == {0} and lines["with"] > 0 == lines["without"], "imports and checks with sealed rows and counts, and without, end well", (codes, lines))
    print("    with sealed rows and counts for the audit, of %d messages, %d questions: %s; the aim is 1.10" % (len(samples), questions, ", ".join(
        "%s %.2f times the processor time of without (%.2f and %.2f s)" % (what, least["with", what] / least["without", what], least["with", what], least["without", what])
        for what in ("import", "check"))), flush=True)


# What a pool of connections gets of `serve`: each asks again as soon as it has its answer. Prints answers a second, and the median and the 99th percentile of
# the time that one took, in microseconds. With a socket alone it is what answers, too, the same to each and without looking anything up.
ASKING = r"""
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
enum { POOL = 8 };
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3; }
static int order(const void *a, const void *b) { return (*(const float *)a > *(const float *)b) - (*(const float *)a < *(const float *)b); }
static double asked[POOL];
static int ask(int fd, int i)
{
	char line[4096], request[4200];
	if (!fgets(line, sizeof line, stdin))
		return 0;
	line[strcspn(line, "\n")] = 0;
	int n = snprintf(request, sizeof request, "%zu:retour %s,", strlen(line) + 7, line);
	asked[i] = now();
	return write(fd, request, (size_t)n) == n;
}
static int answer_all(int listener)
{
	struct pollfd pool[POOL + 1] = { { listener, POLLIN, 0 } };
	char question[4200];
	for (nfds_t count = 1; poll(pool, count, -1) > 0;) {
		for (nfds_t i = count; --i > 0;)
			if (pool[i].revents && (read(pool[i].fd, question, sizeof question) <= 0 || write(pool[i].fd, "9:NOTFOUND ,", 12) != 12))
				return 0;
		if (pool[0].revents && count <= POOL)
			pool[count++] = (struct pollfd){ accept(listener, NULL, NULL), POLLIN, 0 };
	}
	return 1;
}
int main(int argc, char **argv)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	if (argc == 2 && strlen(argv[1]) < sizeof to.sun_path) {
		int listener = socket(AF_UNIX, SOCK_STREAM, 0);
		strcpy(to.sun_path, argv[1]);
		return bind(listener, (struct sockaddr *)&to, sizeof to) || listen(listener, POOL) || answer_all(listener);
	}
	struct pollfd pool[POOL];
	size_t most = (size_t)atol(argv[2]), count = 0, waiting = 0;
	float *took = calloc(most + POOL, sizeof *took);
	char reply[4096];
	double begin = now();
	if (argc != 3 || strlen(argv[1]) >= sizeof to.sun_path || !took)
		return 1;
	strcpy(to.sun_path, argv[1]);
	for (int i = 0; i < POOL; i++) {
		pool[i] = (struct pollfd){ socket(AF_UNIX, SOCK_STREAM, 0), POLLIN, 0 };
		if (connect(pool[i].fd, (struct sockaddr *)&to, sizeof to))
			return 1;
		waiting += (size_t)ask(pool[i].fd, i);
	}
	while (waiting) {
		if (poll(pool, POOL, -1) < 0)
			return 1;
		for (int i = 0; i < POOL; i++) {
			if (!pool[i].revents)
				continue;
			if (read(pool[i].fd, reply, sizeof reply) <= 0)
				return 1;
			took[count++] = (float)(now() - asked[i]);
			waiting -= count > most || !ask(pool[i].fd, i);
		}
	}
	double seconds = (now() - begin) / 1e6;
	qsort(took, count, sizeof *took, order);
	printf("%.0f %.0f %.0f\n", (double)count / seconds, (double)took[count / 2], (double)took[count * 99 / 100]);
	return 0;
}
"""
SERVED = 300000  # questions


def processor_of(pid):
    """Seconds of it that PID has taken so far, which do not depend on what else the machine does."""
    with open("/proc/%d/stat" % pid, encoding="ascii") as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def asked(asking, where, path, what, server, other=None):
    """The addresses of PATH asked of SERVER, while OTHER is at work, if it is."""
    used = processor_of(server.pid)
    with open(path, encoding="ascii") as f:
        result = subprocess.run([asking, where, str(SERVED)], stdin=f, stdout=subprocess.PIPE, text=True, check=False)
    check(result.returncode == 0 and result.stdout, what + ": every question has its answer", result)
    beside = other is None or other.poll() is None
    print("%-34s %9s answers/s, median %s us, 99th percentile %s us; %.1f us of processor each%s"
          % (what, *(result.stdout.split() or "???"), (processor_of(server.pid) - used) / SERVED * 1e6, "" if beside else "; that ended first"))


def listening(arguments, where):
    server = subprocess.Popen(arguments, stderr=subprocess.DEVNULL)
    while not os.path.exists(where) and server.poll() is None:
        time.sleep(0.05)
    return server


def served(retour, path):
    """The addresses of PATH asked of a program that only answers, then of `serve`, alone and beside an import and a purge."""
    with open(path, encoding="ascii") as f:
        questions = f.readlines()
    with open(path, "w", encoding="ascii") as f:
        f.writelines((questions * (SERVED // len(questions) + 1))[:SERVED + 100])
    asking = os.path.join(retour.dir, "asking")
    where, echo = os.path.join(retour.dir, "ask"), os.path.join(retour.dir, "echo")
    subprocess.run([os.environ.get("CC", "cc"), "-O2", "-xc", "-", "-o", asking], input=ASKING, text=True, check=True)
    mails = os.path.join(retour.dir, "mails.mbox")
    growth.mails(mails, 0, growth.CHUNK, growth.CHUNK)
    server = listening([asking, echo], echo)
    asked(asking, echo, path, "a socket alone, a pool of 8", server)
    server.wait()
    server = listening(retour.arguments(["serve", "--postfix", where]), where)
    asked(asking, where, path, "serve, a pool of 8", server)
    for what, arguments in (("an import", ["import", mails]), ("a purge", ["purge"])):
        retour.config["retention"] = {"events": "90d" if what == "an import" else "1d", "diagnostics": "1d"}
        other = subprocess.Popen(retour.arguments(arguments), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        asked(asking, where, path, "serve, beside " + what, server, other)
        check(other.wait() == 0, what + " beside it", other)
    server.terminate()
    server.wait()
    os.remove(mails)


CORPUS = os.environ.get("RETOUR_CORPUS") or os.path.join(os.path.dirname(program.ROOT), "shared", "corpus")
SISIMAI = r"""
use Sisimai; use Time::HiRes 'time';
my ($times, $path) = @ARGV;
Sisimai->dump($path, 'delivered' => 1, 'vacation' => 1);
my $begin = time;
for (1 .. $times) { Sisimai->dump($path, 'delivered' => 1, 'vacation' => 1); }
printf "%.3f\n", time - $begin;
"""
TIMES_FASTER = 100  # what the design aims at


def corpus():
    """Mails to read: the labelled corpus if there is one, else the golden samples; each as bytes with LF."""
    top = CORPUS if os.path.isdir(CORPUS) else os.path.join(program.ROOT, "tests", "golden")
    paths = sorted(os.path.join(where, name) for where, _, names in os.walk(top) for name in names if name.endswith((".eml", ".txt", ".msg")) and where != CORPUS)
    for path in paths:
        with open(path, "rb") as f:
            data = f.read().replace(b"\r\n", b"\n")
        yield data.partition(b"\n")[2] if data.startswith(b"From ") else data


def readers(binary, messages):
    """What a mail costs to read, on one core, beside Sisimai, which reads bounces in Perl: the same mailbox again and again, both to JSON."""
    retour, mails = Retour(binary), list(corpus())
    path = os.path.join(retour.dir, "corpus.mbox")
    with open(path, "wb") as f:
        for mail in mails:
            f.write(b"From MAILER-DAEMON Mon Sep 21 14:13:20 2026\n" + mail.replace(b"\nFrom ", b"\n>From ").rstrip(b"\n") + b"\n\n")
    size, times = os.path.getsize(path), messages // len(mails)
    one_core = ["taskset", "-c", str(min(os.sched_getaffinity(0)))]
    begin = time.monotonic()
    subprocess.run([*one_core, binary, "classify", *[path] * times], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    ours = times * len(mails) / measured("classify, one core, %d mails again" % len(mails), time.monotonic() - begin, times * len(mails), size * times)
    if subprocess.run(["perl", "-MSisimai", "-e1"], stderr=subprocess.DEVNULL, check=False).returncode:
        print("    Sisimai (libsisimai-perl) is not installed: NOT compared")
        return
    few = max(1, times // 50)
    seconds = float(subprocess.run([*one_core, "perl", "-e", SISIMAI, str(few), path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout)
    measured("Sisimai, one core, the same mails", seconds, few * len(mails), size * few)
    print("    %.0f times as many messages a second as Sisimai; the aim is %d" % (ours * seconds / (few * len(mails)), TIMES_FASTER))


def sender(binary, recipients):
    """A sender who asks before each mailing, over 120 days (tests/simulation.py); small in `make check`."""
    begin = time.monotonic()
    world = simulation.World(recipients=recipients, providers=60, days=120, seed=1)
    dovecot, retour = Dovecot(), Retour(binary)
    retour.config["mailbox bounces"] = dovecot.mailbox(generate.BOUNCES, password_file=retour.secret())
    verdicts = world.run(retour, dovecot)
    dovecot.stop()
    print("a sender of %d recipients at 60 providers, 120 days: %d mails, %d bounces, %.0f s" % (recipients, sum(world.sent.values()), world.serial, time.monotonic() - begin))
    for what, found in (("all runs and checks went well", world.faults), ("no dead address was written to again", world.written_to_the_dead()),
                        ("nobody who recovered was lost", world.lost_for_ever(verdicts, 30)), ("nobody who was well was stopped", world.wrongly_stopped(verdicts))):
        check(not found, what, found[:5])


DOMAINS = {"gmail.com": "gmail-smtp-in.l.google.com", "outlook.com": "outlook-com.olc.protection.outlook.com", "web.de": "mx-ha02.web.de",
           "example.net": "mx.example.net", "example.com": "mx.example.com"}
ANSWERS = ["dsn=2.0.0, status=sent (250 2.0.0 OK  1793512801 a1-20020a170902d2 - gsmtp)"] * 18 + [
    "dsn=4.7.0, status=deferred (host mx[192.0.2.26] said: 421 4.7.0 Try again later (in reply to MAIL FROM command))",
    "dsn=5.1.1, status=bounced (host mx[192.0.2.26] said: 550 5.1.1 User unknown (in reply to RCPT TO command))"]
MAIL = ("%(s)ssmtpd[101]: %(n)s: client=app1.example.org[192.0.2.7]\n%(s)scleanup[102]: %(n)s: message-id=<%(i)d@example.org>\n"
        "%(s)sqmgr[103]: %(n)s: from=<bounce+nl%(c)d+u%(i)d=%(d)s@example.org>, size=21034, nrcpt=1 (queue active)\n"
        "%(s)ssmtp[104]: %(n)s: to=<u%(i)d@%(d)s>, relay=%(r)s[192.0.2.26]:25, delay=1.1, delays=0.1/0.01/0.4/0.6, %(a)s\n"
        "%(s)sqmgr[103]: %(n)s: removed\n")


def postfix_log(path, size):
    """About SIZE bytes of a Postfix log, five lines a mail; how many mails."""
    domains = list(DOMAINS.items())
    mails = 0
    with open(path, "w") as f:
        while f.tell() < size:
            for number in range(mails, mails + 10000):
                domain, relay = domains[number % len(domains)]
                f.write(MAIL % {"s": "Nov  1 %02d:%02d:%02d mta1 postfix/" % (number // 180000 % 24, number // 3000 % 60, number // 50 % 60),
                                "n": "%010X" % (0x1000000000 + number), "i": number, "c": number // 500000, "d": domain, "r": relay,
                                "a": ANSWERS[number * 7 % len(ANSWERS)]})
            mails += 10000
    return mails


def log(binary, size):
    retour = Retour(binary, now="2026-11-20T00:00:00Z")
    retour.run("import", "-", input=b"Subject: x\n\nx\n")
    path = os.path.join(retour.dir, "mail.log")
    mails = postfix_log(path, size)
    size = os.path.getsize(path)
    begin = time.monotonic()
    subprocess.run(["wc", "-l", path], stdout=subprocess.DEVNULL, check=True)
    reference = measured("wc -l of a Postfix log", time.monotonic() - begin, mails, size)
    result = retour.run("volume", "log", path, timeout=1800)
    seconds = measured("volume log", result.seconds, mails, size, result.memory)
    print("    %.1f times wc -l; KiB: %s" % (seconds / reference, result.memory))
    counted = retour.sql("SELECT sum(delivered) + sum(deferred) + sum(rejected) FROM volume")[0][0]
    check(result.code == 0 and counted == mails, "volume log: each attempt of %d counted" % mails, (counted, result))
    check(max(result.memory.values()) < LIMIT, "volume log: under 64 MiB in every process", result.memory)
    os.remove(path)


READING = r"""
#include <sqlite3.h>
int main(int argc, char **argv)
{
	sqlite3 *db;
	sqlite3_stmt *st;
	long long sum = 0;
	if (argc != 2 || sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READONLY, 0) || sqlite3_prepare_v2(db, "SELECT * FROM tally", -1, &st, 0))
		return 1;
	while (sqlite3_step(st) == SQLITE_ROW)
		for (int i = 0; i < 8; i++)
			sum += sqlite3_column_type(st, i) == SQLITE_INTEGER ? sqlite3_column_int64(st, i) : sqlite3_column_text(st, i)[0];
	return sum == 1;
}
"""
REPORT_SECONDS = 1.0   # what the report of a large year may take
REPORT_TIMES = 5       # and how much longer than reading the same rows once: room for a loaded machine


def monthly(binary):
    """The report of a large sender's year: 60 providers, 500 campaigns, ten million events behind the tallies; beside reading these tallies once."""
    retour = Retour(binary, now="2026-11-02T06:00:00Z")
    empty = os.path.join(retour.dir, "empty")
    os.mkdir(empty)
    retour.run("import", empty)
    ledger = months.Ledger()
    for month in months.months_before("2026-10", 12):
        months.large(ledger, month)
    ledger.write(retour.database)
    rows = len(ledger.tally)
    print("%d tallies of %d events" % (rows, sum(ledger.tally.values())))
    reading = os.path.join(retour.dir, "reading")
    subprocess.run([os.environ.get("CC", "cc"), "-O2", "-xc", "-", "-o", reading, "-lsqlite3"], input=READING, text=True, check=True)
    begin = time.monotonic()
    subprocess.run([reading, retour.database], check=True)
    alone = time.monotonic() - begin
    print("%-34s %7.2f s" % ("reading these rows alone", alone))
    result = retour.run("report", "--month", "2026-10", "--format", "html")
    begin = time.monotonic()
    subprocess.run(retour.arguments(["report", "--month", "2026-10", "--format", "html"]), stdout=subprocess.DEVNULL, check=True)
    seconds = time.monotonic() - begin
    print("%-34s %7.2f s  %d MiB, %.1f times as long" % ("report of a month", seconds, max(result.memory.values()) // 1024 + 1, seconds / alone))
    check(result.code == 0 and max(result.memory.values()) < LIMIT, "report: under 64 MiB", result)
    check(seconds < max(REPORT_SECONDS, REPORT_TIMES * alone), "report: within a second", seconds)


def main():
    options = argparse.ArgumentParser(description="Measures.")
    options.add_argument("--build", default=os.path.join(program.ROOT, "build"))
    options.add_argument("--quick", action="store_true", help="a tenth of it")
    options.add_argument("--large", action="store_true", help="with a store of 10 million messages, which takes half an hour")
    options = options.parse_args()
    binary = os.path.join(os.path.abspath(options.build), "retour")
    part = 10 if options.quick else 1
    samples = [(sample.data, sample.arrived) for sample in generate.generate(seed=11, bounces=20000 // part, complaints=0, padding=80, incident=False)]
    sizes = [len(data) for data, _arrived in samples]
    print("%d messages, %.1f MB" % (len(samples), sum(sizes) / 1e6))
    mailbox(binary, "imap", samples, sum(sizes))
    quarter = samples[:len(samples) // 4]
    mailbox(binary, "pop3", quarter, sum(sizes[:len(quarter)]))
    files(binary, samples, sum(sizes))
    privacy(binary, samples, 1000000 // part)
    lists(binary, 1000000 // part)
    growth.measure(binary, [100000, 1000000 // part * (2 if part > 1 else 1)] + [10000000] * options.large)
    readers(binary, 100000 // part)
    sender(binary, 50000 // part)
    if part == 1:
        monthly(binary)
    log(binary, 10 ** 9 // part)
    finish()


if __name__ == "__main__":
    main()
