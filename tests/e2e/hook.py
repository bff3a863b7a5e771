#!/usr/bin/python3
"""[hook] command: who is not to be written to any more, or again, told to a sender who keeps his own list. At least once and in order, through failures of the
command and a kill between the two; by pseudonym, and with an address only where this run has read it; nothing of it on the disk."""
import json
import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.harness import *

MAIL = """\
From: MAILER-DAEMON@mx.example.net
To: bounces@example.org
Subject: %(subject)s
Message-ID: <%(id)s@mx.example.net>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=%(type)s; boundary="b"

--b

%(subject)s
--b
Content-Type: message/%(type)s

%(fields)s
--b
Content-Type: text/rfc822-headers

From: %(own)s
To: %(user)s@example.net
Message-ID: <%(id)s.2@example.org>

--b--
"""
HARD = "Reporting-MTA: dns; mx.example.net\n\nFinal-Recipient: rfc822; %s@example.net\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 User unknown\n"
ABUSE = "Feedback-Type: abuse\nUser-Agent: test/1\nVersion: 1\nOriginal-Rcpt-To: <%s@example.net>\n"
# what the command does, by the word in the file "mode" beside it
SCRIPT = """#!/bin/sh
here=%s
cat > $here/batch
case $(cat $here/mode) in
fail) exit 3 ;;
early) exit 0 ;;
kill) cat $here/batch >> $here/told; kill -9 $PPID; exit 0 ;;
loud) head -c 3000000 /dev/zero | tr '\\0' x; head -c 3000000 /dev/zero >&2; cat $here/batch >> $here/told ;;
slow) sleep 30 ;;
*) cat $here/batch >> $here/told ;;
esac
"""


class Sender:
    """A retour with a Maildir and a hook."""

    def __init__(self, **hook):
        self.retour = Retour(domains="example.org")
        self.retour.now = "2026-11-02T06:00:00Z"
        self.dir = self.retour.dir
        self.box = os.path.join(self.dir, "box")
        for part in ("cur", "new", "tmp"):
            os.makedirs(os.path.join(self.box, part))
        self.command = os.path.join(self.dir, "hook")
        with open(self.command, "w") as f:
            f.write(SCRIPT % self.dir)
        os.chmod(self.command, 0o755)
        self.retour.config["mailbox b"] = {"protocol": "maildir", "path": self.box}
        self.retour.config["brake"] = {"minimum": "0"}
        self.retour.config["stream newsletter"] = {"from": "news@example.org"}
        self.retour.config["stream orders"] = {"from": "shop@example.org"}
        self.retour.config["hook"] = {"command": self.command, **hook}
        self.number = 0
        self.mode("well")

    def mode(self, word):
        with open(os.path.join(self.dir, "mode"), "w") as f:
            f.write(word)

    def mail(self, user, form="hard", own="other@example.org"):
        self.number += 1
        arrived = int(time.mktime((2026, 11, 2, 5, 0, 0, 0, 0, 0))) + self.number
        fields = {"hard": HARD, "abuse": ABUSE}[form] % user
        with open(os.path.join(self.box, "new", "%d.%d.host" % (arrived, self.number)), "w") as f:
            f.write(MAIL % {"subject": form, "id": "%s%d" % (user, self.number), "type": "delivery-status" if form == "hard" else "feedback-report", "fields": fields,
                            "own": own, "user": user})

    def run(self, *users, **more):
        for user in users:
            self.mail(user, **more)
        return self.retour.run("run")

    def told(self):
        """The lines since the last call."""
        path = os.path.join(self.dir, "told")
        if not os.path.exists(path):
            return []
        with open(path) as f:
            lines = [json.loads(line) for line in f]
        os.unlink(path)
        return lines


def known(line):
    return (line["address"].split("@")[0] if line["address"] else None, line["verdict"], [s["stream"] for s in line["streams"]])


def marked(sender):
    return sender.retour.sql("SELECT count(*) FROM contact WHERE news IS NOT NULL")[0][0]


with case("a new suppression is told once, by pseudonym; a bounce that changes nothing is not"):
    sender = Sender()
    equal(sender.run("anna").code, 0)
    lines = sender.told()
    equal(len(lines), 1)
    listed = sender.retour.run("suppressions", "--json").lines()[0]
    equal({k: lines[0][k] for k in listed if k != "stream"}, {k: v for k, v in listed.items() if k != "stream"})
    equal((lines[0]["address"], lines[0]["streams"], lines[0]["at"]), (None, [], "2026-11-02T06:00:00Z"))
    equal(sender.run("anna").code, 0)
    equal((sender.told(), marked(sender)), ([], 0))
with case("a complaint is told with its stream, another one with both; an operator who lets through, too; suppress add, and what is taken back"):
    sender = Sender(addresses="yes")
    steps = (("abuse", "news@example.org", ("ben", "suppress", ["newsletter"])), ("abuse", "shop@example.org", ("ben", "suppress", ["newsletter", "orders"])),
             ("hard", "news@example.org", ("ben", "suppress", ["newsletter", "orders"])))
    for form, own, wanted in steps[:2]:
        equal(sender.run("ben", form=form, own=own).code, 0)
        told = [known(line) for line in sender.told()]
        equal([(a, v, sorted(s)) for a, v, s in told], [wanted])
    equal(sender.retour.run("contact", "reactivate", "--stream", "orders", "--reason", "asked", input="ben@example.net\n").code, 0)
    equal(sender.told(), [])
    equal(sender.run().code, 0)
    equal([known(line) for line in sender.told()], [(None, "suppress", ["newsletter"])])
    equal(sender.retour.run("contact", "reactivate", "--reason", "asked", input="ben@example.net\n").code, 0)
    equal(sender.retour.run("suppress", "add", "--reason", "by phone", input="carla@example.net\n").code, 0)
    equal(sender.run().code, 0)
    equal([known(line) for line in sender.told()], [(None, "send", []), (None, "suppress", [])])
    sender.run("dora")
    equal([known(line) for line in sender.told()], [("dora", "suppress", [])])
    equal(sender.retour.run("contact", "undo", "--rule", "code.5.1.1", "--from", "2026-11-01", "--to", "2026-11-02", "--reason", "wrong").code, 0)
    sender.run()
    equal([line["verdict"] for line in sender.told()], ["send"])
with case("with addresses: each where this run has read it, and none on the disk"):
    sender = Sender(addresses="yes")
    users = ["user%d" % n for n in range(40)]
    equal(sender.run(*users).code, 0)
    equal(sorted(line["address"] for line in sender.told()), sorted(u + "@example.net" for u in users))
    for root, _dirs, files in os.walk(sender.retour.data):
        for name in files:
            with open(os.path.join(root, name), "rb") as f:
                true(b"user7@" not in f.read(), name)
with case("a command that fails is told again, later and later, in the order in which things happened, and an alert opens; then all is told"):
    sender = Sender(addresses="yes")
    sender.mode("fail")
    result = sender.run("first")
    equal(result.code, 1)
    contains(result.err, "ended with exit code 3")
    result = sender.run("second")
    equal((result.code, "exit code 3" in result.err), (0, False), "it was tried again at once")
    contains(sender.retour.run("status").out, "failed 1 times, first 0 seconds ago; what changed is kept, a run from 2026-11-02T06:01:00Z on tells it")
    equal([(line["failures"], line["next"]) for line in sender.retour.run("status", "--json").lines() if line["kind"] == "hook"], [(1, "2026-11-02T06:01:00Z")])
    for minute, code in ((1, 1), (2, 0), (4, 1)):
        sender.retour.now = "2026-11-02T06:%02d:00Z" % minute
        equal(sender.run().code, code, minute)
    sender.retour.now = "2026-11-02T08:00:00Z"
    equal(sender.run("third").code, 1)
    equal([a["condition"] for a in sender.retour.run("alerts", "--json").lines()], ["hook-failing"])
    sender.mode("well")
    sender.retour.now = "2026-11-02T12:00:00Z"
    equal(sender.run().code, 0)
    order = {line["pseudonym"]: n for n, line in enumerate(sender.told())}
    equal(len(order), 3)
    equal(sender.retour.run("alerts", "--json").lines(), [])
    contains(sender.retour.run("status").out, "open      nothing")
    wanted = [json.loads(sender.retour.run("check", "--json", input=u + "@example.net\n").out)["verdict"] for u in ("first", "second", "third")]
    equal(wanted, ["suppress"] * 3)
with case("a failure that a clock has noted which was ahead holds nobody up when it is set"):
    for first, ahead in ((None, "2026-11-05T06:00:00Z"), ("2026-11-02T06:00:00Z", "2026-11-04T06:00:00Z")):
        sender = Sender()
        sender.mode("fail")
        for sender.retour.now in filter(None, (first, ahead)):
            equal(sender.run("anna").code, 1)
        sender.mode("well")
        sender.retour.now = "2026-11-02T07:00:00Z"
        equal(sender.run().code, 3)  # the clock is not believed
        equal(sender.retour.run("clock", "confirm", "--reason", "it was set").code, 0)
        sender.retour.now = "2026-11-02T07:01:00Z"
        equal((sender.run().code, len(sender.told()), marked(sender)), (0, 1, 0))
with case("the order is that of the transactions, not of the pseudonyms, in twelve of them; of one contact the last word comes once"):
    sender = Sender(addresses="no")
    sender.mode("fail")
    order = []
    for n in range(12):
        sender.run("u%d" % n)
        now = {line["pseudonym"] for line in sender.retour.run("suppressions", "--json").lines()}
        order += now - set(order)
    equal(sender.retour.run("contact", "reactivate", "--reason", "asked", input="u3@example.net\n").code, 0)
    sender.mode("well")
    sender.retour.now = "2026-11-02T12:00:00Z"
    equal(sender.run().code, 0)
    lines = sender.told()
    equal([line["pseudonym"] for line in lines], order[:3] + order[4:] + [order[3]])
    equal(lines[-1]["verdict"], "send")
with case("killed between the command's end and its acknowledgement: told again by the next run, nothing lost"):
    sender = Sender(addresses="yes")
    sender.mode("kill")
    equal(sender.run("eva").code, -9)
    equal([known(line) for line in sender.told()], [("eva", "suppress", [])])
    equal(marked(sender), 1)
    sender.mode("well")
    equal(sender.run("fritz").code, 0)
    lines = sender.told()
    equal(len(lines), 2)
    equal([line["address"] for line in lines], [None, "fritz@example.net"], "the address is gone with the process that had it")
    equal(marked(sender), 0)
with case("its output is dropped, however much; one that takes too long is ended, with what it started"):
    sender = Sender(timeout="2s")
    sender.mode("loud")
    equal(sender.run("gerd").code, 0)
    equal(len(sender.told()), 1)
    sender.mode("slow")
    begun = time.monotonic()
    result = sender.run("hans")
    true(result.code == 1 and time.monotonic() - begun < 20, result)
    contains(result.err, "not done after 2 s")
# what memory of who called has of addresses that it was told before
LOOK = """#!%s
import json, os, re, sys
here = %r
told = [json.loads(line)["address"].encode() for line in sys.stdin]
before = set(open(here + "/addresses", "rb").read().split() if os.path.exists(here + "/addresses") else [])
now = set()
for part in open("/proc/%%d/maps" %% os.getppid()):
    begin, end, rights = re.match("([0-9a-f]+)-([0-9a-f]+) (..)", part).groups()
    if rights == "rw":
        with open("/proc/%%d/mem" %% os.getppid(), "rb", 0) as f:
            try:
                f.seek(int(begin, 16))
                memory = f.read(int(end, 16) - int(begin, 16))
                now |= set(re.findall(rb"somebody\\d{4}@example.net", memory))
            except (OSError, MemoryError, OverflowError):  # a sanitizer maps more than can be read
                pass
with open(here + "/left", "a") as f:
    f.write("%%d %%d %%s\\n" %% (len(before), len(now & before), now >= set(told)))
with open(here + "/addresses", "ab") as f:
    f.write(b"\\n".join(told) + b"\\n")
"""
if os.geteuid() == 0:  # who else cannot look
    with case("an address that was told is nowhere in the memory of the run"):
        sender = Sender(addresses="yes")
        with open(sender.command, "w") as f:
            f.write(LOOK % (sys.executable, sender.dir))
        equal(sender.run(*["somebody%04d" % n for n in range(1100)]).code, 0)
        with open(os.path.join(sender.dir, "left")) as f:
            equal(f.read().split("\n"), ["0 0 True", "500 0 True", "1000 0 True", ""])
with case("more than a batch: several, each whole"):
    sender = Sender()
    listed = "".join("p%d@example.net\n" % n for n in range(1203))
    equal(sender.retour.run("suppress", "add", "--reason", "moved", input=listed).code, 0)
    equal(sender.run().code, 0)
    lines = sender.told()
    equal((len(lines), len({line["pseudonym"] for line in lines})), (1203, 1203))
with case("one that ends without reading all of it has not taken it"):
    sender = Sender()
    with open(sender.command, "w") as f:
        f.write("#!/bin/sh\nexit 0\n")
    equal(sender.retour.run("suppress", "add", "--reason", "moved", input="".join("p%d@example.net\n" % n for n in range(3000))).code, 0)
    result = sender.run()
    equal((result.code, marked(sender)), (1, 3000))
    contains(result.err, "before it had read everything")
with case("one that leaves reading to another process, and ends, has not taken it"):
    sender = Sender()
    with open(sender.command, "w") as f:
        f.write("#!/bin/sh\nexec 3<&0\n(sleep 3; exit 1) &\nexit 0\n")
    result = sender.run("lena")
    equal((result.code, marked(sender)), (1, 1))
    contains(result.err, "before it had read everything")
with case("who is forgotten is not told; without a hook nobody is marked, and marks go"):
    sender = Sender()
    sender.mode("fail")
    sender.run("ida")
    equal(marked(sender), 1)
    equal(sender.retour.run("forget", input="ida@example.net\n").code, 0)
    equal(marked(sender), 0)
    sender.retour.now = "2026-11-02T07:00:00Z"
    sender.run("jana")
    equal(marked(sender), 1)
    del sender.retour.config["hook"]
    equal(sender.run("karl").code, 0)
    equal(marked(sender), 0)
with case("doctor: a command that is not there"):
    sender = Sender()
    os.chmod(sender.command, 0o644)
    contains(sender.retour.run("doctor").out, "hook")
    if os.geteuid():
        equal(sender.retour.run("doctor").code, 1)
    os.unlink(sender.command)
    result = sender.retour.run("doctor")
    equal(result.code, 1)
    contains(result.out, "No such file")
with case("the manual's command, as it is printed: a file of addresses that follows"):
    page = subprocess.run(["mandoc", "-T", "utf8", "-O", "width=200", os.path.join(ROOT, "etc", "retour-events.7")], capture_output=True, text=True, check=True).stdout
    lines = page.splitlines()
    begin = next(i for i, line in enumerate(lines) if line.strip() == "#!/bin/sh")
    end = next(i for i, line in enumerate(lines) if i > begin and line.strip() == "done && mv new suppressed")
    indent = len(lines[begin]) - len(lines[begin].lstrip())
    if shutil.which("jq"):
        sender = Sender(addresses="yes")
        with open(sender.command, "w") as f:
            f.write("\n".join(line[indent:] for line in lines[begin:end + 1]).replace("/var/lib/retour", sender.dir) + "\n")
        kept = os.path.join(sender.dir, "suppressed")
        equal(sender.run("anna", "ben").code, 0)
        with open(kept) as f:
            equal(sorted(f.read().split()), ["anna@example.net", "ben@example.net"])
        equal(sender.retour.run("contact", "reactivate", "--reason", "asked", input="ben@example.net\n").code, 0)
        equal(sender.run("carla").code, 0)
        with open(kept) as f:
            equal(sorted(f.read().split()), ["anna@example.net", "ben@example.net", "carla@example.net"])
    else:
        true(end > begin, "no jq here: only looked at")
finish()
