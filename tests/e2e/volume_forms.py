#!/usr/bin/python3
"""Forms of logs (`volume log`): the same lines as each syslogd, journal, container runtime and shipper writes them count the same; what is recognised and
cannot be counted is said."""
import calendar
import csv
import datetime
import io
import itertools
import json
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.harness import *

LOGS = os.path.join(ROOT, "tests", "logs")
NOW = "2026-11-20T00:00:00Z"
NOW_EPOCH = calendar.timegm(time.strptime(NOW, "%Y-%m-%dT%H:%M:%SZ"))
WRITTEN = time.mktime((2026, 11, 7, 0, 0, 0, 0, 0, 0))


def fresh():
    retour = Retour(now=NOW)
    retour.config["origin"].update({"verp": "bounce+{token}@bounce.example.org"})
    equal(retour.run("import", "-", input=b"Subject: x\n\nx\n").code, 0)
    return retour


def count(retour, data, code=0, name="mail.log", written=WRITTEN):
    path = os.path.join(retour.dir, name)
    with open(path, "wb") as f:
        f.write(data.encode() if isinstance(data, str) else data)
    os.utime(path, (written, written))
    result = retour.run("volume", "log", path)
    equal(result.code, code, result)
    return result


def rows(retour):
    return retour.sql("SELECT day, provider, campaign, sent, delivered, deferred, throttled, rejected FROM volume ORDER BY 1, 2, 3")


def read(name):
    with open(os.path.join(LOGS, name), encoding="utf-8") as f:
        return f.read()


def wanted(name):
    lines = [line.split("|") for line in read(name + ".counts").splitlines()[1:]]
    return [(int(day), provider, campaign, *map(int, counts)) for day, provider, campaign, *counts in lines]


class Line:
    """One line of tests/logs, taken apart."""
    def __init__(self, text):
        framed = re.match(r"<\d+>1 (\S+) (\S+) (\S+) (\d+) - - ", text)
        if framed:
            text = "%s %s %s[%s]: %s" % (*framed.groups(), text[framed.end():])
        text = re.sub(r"^<\d+>", "", text)
        if text[0].isdigit():
            day, self.text = text.split(" ", 1)
            self.at = datetime.datetime.fromisoformat(day.replace("Z", "+00:00")).astimezone(datetime.timezone.utc)
        else:
            day, self.text = text[:15], text[16:]
            self.at = datetime.datetime.strptime("2026 " + day, "%Y %b %d %H:%M:%S").replace(tzinfo=datetime.timezone.utc)
        self.host, tag, self.words = self.text.split(" ", 2)
        self.program, self.pid = re.match(r"([^\[]+)(?:\[(\d+)\])?:$", tag).groups()
        self.pid = self.pid or "1"
        self.tag = "%s[%s]:" % (self.program, self.pid)
        self.syslog = "%s %2d %s %s" % (self.at.strftime("%b"), self.at.day, self.at.strftime("%H:%M:%S"), self.text)

    def stamp(self, form):
        return self.at.strftime(form)

    @property
    def iso(self):
        return self.stamp("%Y-%m-%dT%H:%M:%S")

    @property
    def epoch(self):
        return int(self.at.timestamp())


def journal(line, **more):
    return {"__CURSOR": "s=1", "__REALTIME_TIMESTAMP": "%d123456" % line.epoch, "_HOSTNAME": line.host, "SYSLOG_IDENTIFIER": line.program, "_COMM": "x", "PRIORITY": "6",
            "SYSLOG_PID": line.pid, "MESSAGE": line.words, **more}


def export(line):
    return "".join("%s=%s\n" % field for field in journal(line).items())


GERMAN = ("Jan", "Feb", "Mär", "Apr", "Mai", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov", "Dez")
FORMS = {
    # syslogd, as hosts write it
    "BSD syslog": lambda l: l.syslog,
    "CRLF": lambda l: l.syslog + "\r",
    "day with a zero": lambda l: l.stamp("%b %d %H:%M:%S ") + l.text,
    "rsyslog, ISO 8601": lambda l: l.iso + ".123456+00:00 " + l.text,
    "with a priority": lambda l: "<22>" + l.syslog,
    "RFC 5424": lambda l: "<22>1 %s.5Z %s %s %s - - %s" % (l.iso, l.host, l.program, l.pid, l.words),
    "RFC 5424 with data and BOM": lambda l: '<22>1 %s.5Z %s %s %s ID7 [meta sequenceId="2" x="a\\"] b"][y@1 z="1"] \ufeff%s' % (l.iso, l.host, l.program, l.pid, l.words),
    "RFC 5424 in frames": lambda l: "123 <22>1 %s+00:00 %s %s %s - - %s" % (l.iso, l.host, l.program, l.pid, l.words),
    "syslog-ng, full date": lambda l: l.stamp("%Y %b %d %H:%M:%S ") + l.text,
    "syslog-ng, year behind the day": lambda l: l.stamp("%b %d %Y %H:%M:%S ") + l.text,
    "fractions of seconds": lambda l: l.syslog[:15] + ".123" + l.syslog[15:],
    "blank before the time": lambda l: l.stamp("%Y-%m-%d %H:%M:%S ") + l.text,
    "blank before the time, zone": lambda l: l.stamp("%Y-%m-%d %H:%M:%S +0000 ") + l.text,
    "asctime": lambda l: l.stamp("%a %b %d %H:%M:%S %Y ") + l.text,
    "Solaris": lambda l: "%s %s %s [ID 197553 mail.info] %s" % (l.syslog[:15], l.host, l.tag, l.words),
    "FreeBSD -v": lambda l: "%s <mail.info> %s" % (l.syslog[:15], l.text),
    "BusyBox": lambda l: "%s %s mail.info %s %s" % (l.syslog[:15], l.host, l.tag, l.words),
    "BusyBox, small": lambda l: "%s mail.info %s %s" % (l.syslog[:15], l.tag, l.words),
    "AIX": lambda l: "%s %s mail:info %s %s" % (l.syslog[:15], l.host, l.tag, l.words),
    "forwarded": lambda l: "%s loghost Message forwarded from %s: %s %s" % (l.syslog[:15], l.host, l.tag, l.words),
    "without a host": lambda l: "%s %s %s" % (l.syslog[:15], l.tag, l.words),
    "without a number": lambda l: "%s %s %s: %s" % (l.syslog[:15], l.host, l.program, l.words),
    "metalog": lambda l: "%s [%s] %s" % (l.syslog[:15], l.program, l.words),
    "seconds since 1970": lambda l: "%d.123456 %s" % (l.epoch, l.text),
    "TAI64N": lambda l: "@%016x1b2c3d4e %s %s" % (l.epoch + (1 << 62) + 10, l.tag, l.words),
    "s6-log around syslog": lambda l: "@%016x1b2c3d4e %s" % (l.epoch + (1 << 62) + 10, l.syslog),
    # the journal
    "journalctl, short-iso": lambda l: l.iso + "+0000 " + l.text,
    "journalctl, short-full": lambda l: l.stamp("%a %Y-%m-%d %H:%M:%S UTC ") + l.text,
    "journalctl, German": lambda l: "%s %02d %s %s" % (GERMAN[l.at.month - 1], l.at.day, l.stamp("%H:%M:%S"), l.text),
    "journalctl, French": lambda l: "nov. %02d %s %s" % (l.at.day, l.stamp("%H:%M:%S"), l.text),
    "journalctl -o json": lambda l: json.dumps(journal(l)),
    "journalctl -o json, bytes": lambda l: json.dumps(journal(l, MESSAGE=list(l.words.encode()))),
    "journalctl -o json-pretty": lambda l: json.dumps(journal(l), indent="\t"),
    "journalctl -o json-sse": lambda l: "data: " + json.dumps(journal(l)) + "\n",
    "journalctl -o json-seq": lambda l: "\x1e" + json.dumps(journal(l)),
    "journalctl -o export": export,
    # containers
    "docker json-file": lambda l: json.dumps({"log": l.syslog + "\n", "stream": "stdout", "time": l.iso + ".123456789Z"}),
    "docker json-file, ISO within": lambda l: json.dumps({"log": l.iso + "+00:00 " + l.text + "\n", "stream": "stdout", "time": l.iso + ".123456789Z"}),
    "docker json-file, no stamp within": lambda l: json.dumps({"log": "%s %s\n" % (l.tag, l.words), "stream": "stdout", "time": l.iso + ".123456789Z"}),
    "docker's journald driver": lambda l: json.dumps(journal(l, SYSLOG_IDENTIFIER="6f1c2d3e4b5a", CONTAINER_NAME="mail", MESSAGE=l.syslog)),
    "docker logs -t": lambda l: l.iso + ".123456789Z " + l.syslog,
    "docker compose logs": lambda l: "mailserver  | " + l.syslog,
    "docker compose logs, painted": lambda l: "\x1b[36mmail-1  |\x1b[0m " + l.syslog,
    "docker compose logs -t": lambda l: "mail-1  | " + l.iso + ".123456789Z " + l.syslog,
    "Kubernetes CRI": lambda l: l.iso + ".123456789Z stdout F " + l.syslog,
    "Kubernetes CRI, no stamp within": lambda l: l.iso + ".123456789+00:00 stderr F %s %s" % (l.tag, l.words),
    "kubectl logs --prefix": lambda l: "[pod/mail-0/postfix] " + l.syslog,
    # shippers
    "Fluent Bit": lambda l: json.dumps({"date": l.epoch + 0.25, "log": l.syslog}),
    "Filebeat": lambda l: json.dumps({"@timestamp": l.iso + ".123Z", "message": l.words, "host": {"name": l.host}, "process": {"name": l.program}}),
    "rsyslog, JSON": lambda l: json.dumps({"timereported": l.iso + "+00:00", "hostname": l.host, "syslogtag": l.tag, "msg": " " + l.words}),
    "GELF": lambda l: json.dumps({"version": "1.1", "host": l.host, "short_message": l.syslog, "timestamp": l.epoch + 0.5, "level": 6}),
}
# no stamp of their own, so the names' zone is the process's; which host wrote it, a line need not say
SOME = ("RFC 5424 with data and BOM", "Solaris", "BusyBox", "metalog", "TAI64N", "journalctl -o json", "journalctl -o export", "docker json-file", "docker json-file, no stamp within",
        "docker compose logs", "Kubernetes CRI")
for name in ("postfix", "sendmail", "opensmtpd"):
    lines = [Line(text) for text in read(name + ".log").splitlines()]
    for form, write in FORMS.items() if name == "postfix" else [(form, FORMS[form]) for form in SOME]:
        with case("%s: %s" % (name, form)):
            retour = fresh()
            count(retour, "".join(write(line) + "\n" for line in lines))
            equal(rows(retour), wanted(name))

QMAIL = [(int(line[9:17], 16) - 10, line[26:]) for line in read("qmail.log").splitlines()]
QMAIL_FORMS = {
    "splogger": lambda at, words: "%s mta5 qmail: %d.123456 %s" % (datetime.datetime.fromtimestamp(at, datetime.timezone.utc).strftime("%b %d %H:%M:%S"), at, words),
    "tai64nlocal": lambda at, words: datetime.datetime.fromtimestamp(at, datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S.000000000 ") + words,
    "seconds since 1970": lambda at, words: "%d.123456 %s" % (at, words),
    "journalctl -o json": lambda at, words: json.dumps({"MESSAGE": words, "SYSLOG_IDENTIFIER": "qmail-send", "__REALTIME_TIMESTAMP": "%d000000" % at}),
    "docker json-file": lambda at, words: json.dumps({"log": words + "\n", "stream": "stderr", "time": datetime.datetime.fromtimestamp(at, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")}),
}
for form, write in QMAIL_FORMS.items():
    with case("qmail: " + form):
        retour = fresh()
        count(retour, "".join(write(at, words) + "\n" for at, words in QMAIL))
        equal(rows(retour), wanted("qmail"))

with case("PowerMTA: columns in another order, a second file with its own"):
    table = list(csv.DictReader(io.StringIO(read("pmta.log"))))
    retour = fresh()
    for number, part in enumerate((table[:4], table[4:])):
        out = io.StringIO()
        writer = csv.DictWriter(out, ["type", *sorted(set(table[0]) - {"type"}, reverse=number > 0)])
        writer.writeheader()
        writer.writerows(part)
        count(retour, out.getvalue(), name="acct-%d.csv" % number)
    equal(rows(retour), wanted("pmta"))

EXIM = read("exim.log").splitlines()
STAMP = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\S*) ")
EXIM_FORMS = {
    "with a process": lambda day, hour, rest: "%s %s [1234] %s" % (day, hour, rest),
    "with thousandths": lambda day, hour, rest: "%s %s.123 %s" % (day, hour, rest),
    "with a zone": lambda day, hour, rest: "%s %s +0000 %s" % (day, hour, rest),
    "with all three": lambda day, hour, rest: "%s %s.123 +0000 [1234] %s" % (day, hour, rest),
    "in a syslog": lambda day, hour, rest: "%sT%s+00:00 mta2 exim[1234]: %s %s %s" % (day, hour, day, hour, rest),
    "in a syslog, without its own stamp": lambda day, hour, rest: "%sT%s+00:00 mta2 exim4[1234]: %s" % (day, hour, rest),
    "docker json-file": lambda day, hour, rest: json.dumps({"log": "%s %s %s\n" % (day, hour, rest), "stream": "stdout", "time": "%sT%s.5Z" % (day, hour)}),
    "docker compose logs": lambda day, hour, rest: "exim-1  | %s %s %s" % (day, hour, rest),
    "Kubernetes CRI": lambda day, hour, rest: "%sT%s.123456789Z stdout F %s %s %s" % (day, hour, day, hour, rest),
    "journalctl -o json": lambda day, hour, rest: json.dumps({"MESSAGE": rest, "SYSLOG_IDENTIFIER": "exim",
                                                              "__REALTIME_TIMESTAMP": "%d000000" % datetime.datetime.fromisoformat("%sT%s+00:00" % (day, hour)).timestamp()}),
}
for form, write in EXIM_FORMS.items():
    with case("exim: " + form):
        retour = fresh()
        text = "".join(write(m[1], m[2], line[m.end():]) + "\n" for line in EXIM if (m := STAMP.match(line)) and not m[3] and not line[m.end()].isspace()
                       and not re.match(r"[+-]\d{4} |\[", line[m.end():]))
        plain = "".join(line + "\n" for line in EXIM if (m := STAMP.match(line)) and not m[3] and not re.match(r"[+-]\d{4} |\[", line[m.end():]))
        count(retour, text)
        same = fresh()
        count(same, plain)
        true(len(rows(same)) >= 3, rows(same))
        equal(rows(retour), rows(same))

POSTFIX = [Line(text) for text in read("postfix.log").splitlines()]
with case("the journal's export format, cut within an entry, goes on where the entry begins"):
    retour = fresh()
    data = "".join(export(line) + "\n" for line in POSTFIX)
    for at in (len(data) // 5, len(data) // 3, len(data) // 2, len(data)):
        count(retour, data[:at])
    equal(rows(retour), wanted("postfix"))

def cri(line, stream, size, tag=""):
    """What containerd and conmon write of a line that is longer than SIZE: P for each piece but the last."""
    said = line.syslog
    pieces = [said[at:at + size] for at in range(0, len(said), size)]
    return ["%s.%09dZ %s %s%s %s\n" % (line.iso, n, stream, "F" if n == len(pieces) - 1 else "P", tag, piece) for n, piece in enumerate(pieces)]


def interleaved(lines, size, tag=""):
    """Every second line to stderr, piece by piece between those of stdout; they end in their order."""
    out = []
    for one, other in itertools.zip_longest(lines[::2], lines[1::2]):
        a, b = cri(one, "stdout", size, tag), cri(other, "stderr", size, tag) if other else []
        out += [piece for pair in itertools.zip_longest(a, b[:-1]) for piece in pair if piece] + b[-1:]
    return "".join(out)


NEW = NOW_EPOCH - 60 # a file that is being written
with case("Kubernetes CRI: lines in pieces are joined, each stream's its own, of any length"):
    for size in (1, 7, 40, 100):
        for tag in ("", ":x"):
            retour = fresh()
            count(retour, interleaved(POSTFIX, size, tag))
            equal(rows(retour), wanted("postfix"))

with case("wherever the file ended when it was read, also between the pieces: nothing is lost, nothing counts twice"):
    retour = fresh()
    data = interleaved(POSTFIX, 40)
    for at in sorted({*range(0, len(data), 1811), *(m.end() for m in itertools.islice(re.finditer(r" P .*\n", data), 0, None, 29)), len(data)}):
        count(retour, data[:at], written=NEW)
    equal(rows(retour), wanted("postfix"))

with case("a piece without its end keeps nothing of the other stream back for ever, and is told when it tells of a delivery"):
    never = cri(next(line for line in POSTFIX if "status=sent" in line.words), "stderr", 10**6)[0].replace(" F ", " P ").split("status=")[0] + "\n"
    others = "".join(piece for line in POSTFIX for piece in cri(line, "stdout", 60))
    noise = "".join(cri(POSTFIX[0], "stdout", 10**6)) * 800
    for data in (never + others + noise, never + others):
        retour = fresh()
        contains(count(retour, data).err, "1 lines tell of deliveries in a form that is not known", "The first is line 1")
        equal(rows(retour), wanted("postfix"))
    retour = fresh()
    err = count(retour, never.replace(" to=", " for=") + others).err
    true("tell of deliveries" not in err, err)
    equal(rows(retour), wanted("postfix"))

with case("while the file may grow, its end is waited for; an hour later it is not"):
    retour = fresh()
    contains(count(retour, never + others, written=NEW).err, "ends within a line that is in pieces")
    equal(rows(retour), [])
    retour.now = "2026-11-20T02:00:00Z"
    contains(retour.run("volume", "log", os.path.join(retour.dir, "mail.log")).err, "1 lines tell of deliveries")
    equal(rows(retour), wanted("postfix"))

with case("a line longer than is read, whole or in pieces, is told when it tells of a delivery"):
    many = "Nov  2 12:00:00 mta1 sendmail[7]: 4A2B3C4D012345: to=%s, delay=00:00:01, mailer=esmtp, relay=mx.example.net. [192.0.2.1], dsn=2.0.0, stat=Sent (ok)" % ",".join(
        "<a%d@example.net>" % n for n in range(3000))
    whole = Line(many)
    for data in (many + "\n", "".join(cri(whole, "stdout", 16384)), json.dumps({"log": many + "\n", "stream": "stdout", "time": whole.iso + "Z"}) + "\n",
                 "".join(json.dumps({"log": (many + "\n")[at:at + 16384], "stream": "stdout", "time": whole.iso + "Z"}) + "\n" for at in range(0, len(many), 16384)),
                 json.dumps(journal(whole), indent="\t") + "\n", export(whole) + "\n"):
        retour = fresh()
        contains(count(retour, data, code=1).err, "tell of deliveries in a form that is not known")
        equal(rows(retour), [])

with case("lines that tell of deliveries in an unknown form are said, with the first one's number"):
    retour = fresh()
    odd = ["%s unknown-shipper %s {%s} %s" % (line.stamp("%d/%m/%Y"), line.stamp("%H.%M"), line.tag, line.words) for line in POSTFIX]
    first = next(i for i, line in enumerate(odd, 1) if "status=sent" in line)
    contains(count(retour, "\n".join(odd) + "\n", code=1).err, "lines tell of deliveries in a form that is not known; they are not counted. The first is line %d" % first)
    equal(rows(retour), [])

with case("also where the rest is counted; that is no failure"):
    retour = fresh()
    result = count(retour, "\n".join([line.syslog for line in POSTFIX] + odd[first - 1:first]) + "\n")
    contains(result.err, "1 lines tell of deliveries", "The first is line %d" % (len(POSTFIX) + 1))
    equal(rows(retour), wanted("postfix"))

with case("a mail server's lines without a delivery: said, too"):
    retour = fresh()
    contains(count(retour, "".join(line.syslog + "\n" for line in POSTFIX if "to=<" not in line.words)).err, "lines of a mail server, and no delivery among them")

with case("nothing of these is said of logs that are understood"):
    for name in ("postfix", "exim", "sendmail", "opensmtpd", "qmail", "pmta"):
        retour = fresh()
        err = count(retour, read(name + ".log")).err
        true("tell of deliveries" not in err and "no delivery" not in err, err)

with case("JSON that is none, is deep, is long, is torn: passed over"):
    retour = fresh()
    good = json.dumps({"log": "Nov  2 12:00:00 mta1 postfix/smtp[1]: 4A1B2C3D4E: to=<a@example.net>, relay=mx.example.net[192.0.2.1]:25, dsn=2.0.0, status=sent (ok)\n", "time": "2026-11-02T12:00:00Z"})
    junk = ["{", "}", "{}", "{\"log\":", "{\"log\":1}", "{\"log\":null,\"time\":\"x\"}", "[" * 5000, "{\"log\":" * 5000, "{\"log\":\"" + "x" * 100000 + "\"}", good[:-9], "{" + "\0" * 100,
            "{\"MESSAGE\":[256,-1,\"x\",{}]}", "__CURSOR=x", "MESSAGE=" + "x" * 100000, "", "data: {", "\x1e", "\x1b[", "\x1b[1m", "|", "x |", "@4000", "<", "<1", "1 - - - - - -"]
    count(retour, "".join(piece + "\n" + good + "\n" for piece in junk))
    seen = sum(row[4] for row in rows(retour))
    # behind "{" and "__CURSOR=" a line belongs to what was begun
    true(len(junk) - 3 <= seen <= len(junk), seen)

finish()
