#!/usr/bin/python3
"""Of an answer only known words are kept. A person's name and address stand in the answer in every place and every encoding that mail systems are known
for; nothing of them is left, while the words that decide what happened still decide it."""
import base64
import email.header
import html
import json
import os
import quopri
import subprocess
import sys
import tempfile
import urllib.parse
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib import tap  # noqa: E402

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RETOUR = os.path.abspath(os.environ.get("RETOUR", os.path.join(os.path.dirname(TESTS), "build", "retour")))
# The share of the answers in phrases.tsv that are decided alike on what is kept of them.
READABLE = 0.99
# First name, last name, local part, domain: a usual one, one of digits, a short one, one with hyphen and digits, one beyond ASCII.
PEOPLE = (
    ("Zoranka", "Quiltworth", "zoranka.quiltworth", "quiltworth-family.example"),
    ("Zoranka", "Quiltworth", "01715557788", "birds.example.net"),
    ("Zq", "Quilt", "zqx", "birds.example.net"),
    ("Zoranka", "Quiltworth", "z-quiltworth84", "gmail.com"),
    ("Żoränka", "Quiltwörth", "żoränka", "bücher.example"),
)


def encoded(l, d):
    a = "%s@%s" % (l, d)
    yield from {
        "as it is": a, "brackets": "<%s>" % a, "quotes": "'%s'" % a, "capitals": a.upper(), "blanks": "%s @ %s" % (l, d), "spoken": "%s at %s" % (l, d),
        "spoken in brackets": "%s (at) %s" % (l, d), "dot spelt": "%s [at] %s" % (l, d.replace(".", " dot ")), "percent": urllib.parse.quote(a, safe=""),
        "percent hack": "%s%%%s@relay.example.org" % (l, d), "percent alone": "%s%%%s" % (l, d), "bang": "%s!%s" % (d, l), "entity": a.replace("@", "&#64;"),
        "hex entity": a.replace("@", "&#x40;"), "named entity": a.replace("@", "&commat;"), "all entities": "".join("&#%d;" % ord(c) for c in a),
        "quoted-printable": quopri.encodestring(a.encode()).decode().strip(), "=40": a.replace("@", "=40"), "xtext": "rfc822;" + a.replace("@", "+40"),
        "base64": base64.b64encode(a.encode()).decode(), "base64 local": base64.b64encode(l.encode()).decode(), "encoded word": email.header.Header(a, "utf-8").encode(),
        "encoded word B": "=?utf-8?b?%s?=" % base64.b64encode(a.encode()).decode(), "hex": a.encode().hex(), "spaced letters": " ".join(a), "wide at": a.replace("@", "\uff20"),
        "slash": "%s/%s" % (d, l), "colon": "user:%s" % l, "genitive": "%s's mailbox" % l, "equals": "%s=%s" % (l, d), "verp": "bounce+%s=%s@news.example.com" % (l, d),
        "batv": "prvs=0123abcdef=%s" % a, "srs": "SRS0=abcd=XY=%s=%s@relay.example.org" % (d, l), "source route": "<@relay.example.org:%s>" % a,
        "quoted local": '"%s"@%s' % (l, d), "x.400": "/G=%s/S=%s/O=example/C=de/" % (l, l), "exchange": "/O=EXAMPLE/OU=FIRST/CN=RECIPIENTS/CN=%s" % l,
        "imceaex": "IMCEAEX-_O=EXAMPLE_CN=RECIPIENTS_CN=%s@%s" % (l, d), "spool": "/var/mail/%s" % l, "spool hashed": "/var/spool/mail/%s/%s/%s" % (l[0], l[1], l),
        "home": "/home/%s/.forward" % l, "maildir": "/home/vmail/%s/%s/Maildir/new" % (d, l), "procmail": "procmail: Error while writing to \"/var/spool/mail/%s\"" % l,
        "windows path": "C:\\mail\\%s\\inbox" % l, "mailbox store": "%s.mbx" % l, "dollar": "$%s" % l, "at sign alone": "@%s" % l, "hash": "#%s" % l, "tilde": "~%s" % l,
        "plus tag": "%s+news@%s" % (l, d), "mailto": "mailto:%s" % a, "unsubscribe": "https://news.example.com/u?m=%s&x=1" % urllib.parse.quote(a),
        "url path": "http://%s/~%s" % (d, l), "url bare": "www.%s/%s" % (d, l), "message id": "<20261101.%s@%s>" % (l, d), "for": "for <%s>; Sun, 1 Nov 2026" % a,
        "json": '{"user":"%s"}' % l, "ldap": "uid=%s,ou=people,dc=example" % l, "sql": "SELECT * FROM users WHERE name='%s'" % l, "smtp": "RCPT TO:<%s>" % a,
        "underscores": a.replace("@", "_at_"), "brackets at": a.replace("@", "[at]"), "brace": "{%s}" % l, "folded": "%s\n    %s" % (l[:2], l[2:] + "@" + d),
        "hyphen at": a.replace("@", "-at-"), "reversed domain": "%s@%s" % (l, ".".join(reversed(d.split(".")))), "utf-7": a.encode("utf-7").decode(),
        "punycode": l.encode("punycode").decode(), "trailing dot": a + ".", "doubled": "%s %s" % (a, a), "no at": "%s%s" % (l, d), "number sign": "no. %s" % l,
        "parenthesis": "unknown user (%s)" % l, "comma list": "%s,%s" % (l, l), "semicolon": "user;%s;unknown" % l, "pipe": "user|%s|unknown" % l,
    }.items()


def spoken(first, last, l, d):
    yield from {
        "user": "user %s unknown" % l, "name": "%s %s does not work here any more" % (first, last), "name and address": "%s %s <%s@%s>" % (first, last, l, d),
        "display name": '"%s, %s" <%s@%s>' % (last, first, l, d), "former": "our former colleague %s has left" % first, "dear": "Dear %s, your mail" % last,
        "mailbox of": "the mailbox of Mr. %s is full" % last, "signature": "Regards, %s %s, sales" % (first, last), "initial": "%s. %s unknown" % (first[0], last),
        "account number": "account 4711223344 of %s" % last, "telephone": "call +49 171 555 77 88 or %s" % last, "telephone 2": "0171/555 7788", "host of a person": "host pc-%s.%s" % (l, d),
        "mailbox path": "mailbox %s over quota" % l, "title": "Dr.%s" % last, "joined names": "%s_%s" % (first, last), "camel": first + last, "lower": (first + last).lower(),
        "comment": "%s@%s (%s %s)" % (l, d, first, last), "cc": "Cc: %s %s" % (first, last), "german": "Der Benutzer %s ist unbekannt" % l, "french": "l'utilisateur %s est inconnu" % l,
        "japanese": "%sさんは存在しません" % last, "chinese": "用户%s不存在" % l, "possessive": "%s's account is disabled" % first, "in dots": "...%s..." % l,
    }.items()


REPORT = """From: MAILER-DAEMON@mx.example.org
To: bounces@example.com
Subject: Undelivered Mail Returned to Sender
Message-ID: <{number}@mx.example.org>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="cut"

--cut
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

{human}

--cut
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; {final}
Action: failed
Status: {status}
{diagnostic}
--cut
Content-Type: text/rfc822-headers

From: news@example.com
Message-ID: <{number}@example.com>

--cut--
"""


def classify(mails):
    """{key: the event as it would be stored} for MAILS {key: text}"""
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "retour.ini"), "w") as out:
            out.write("[origin]\ndomains = example.com\n")
        keys = list(mails)
        for i, key in enumerate(keys):
            with open(os.path.join(folder, "%d.eml" % i), "w", encoding="utf8", errors="surrogateescape") as out:
                out.write(mails[key])
        done = subprocess.run([RETOUR, "-c", os.path.join(folder, "retour.ini"), "classify"] + [os.path.join(folder, "%d.eml" % i) for i in range(len(keys))],
                              stdout=subprocess.PIPE, check=True)
    return {keys[int(os.path.basename(e["file"])[:-4])]: e for e in map(json.loads, done.stdout.decode().splitlines())}


def places():
    """{(person, place, part of the mail): mail}"""
    for who, (first, last, l, d) in enumerate(PEOPLE):
        for place, text in list(encoded(l, d)) + list(spoken(first, last, l, d)):
            for part in ("diagnostic", "human", "other recipient"):
                said = "550 5.1.1 %s: no such user" % text
                final = "%s@%s" % (l, d) if part != "other recipient" else "info@example.net"
                yield (who, place, part), REPORT.format(
                    number="%d.%d" % (who, zlib.crc32((place + part).encode())), final=final, status="5.1.1",
                    human="The mail could not be delivered." if part != "human" else "<%s>:\n%s" % (final, said),
                    diagnostic="" if part == "human" else "Diagnostic-Code: smtp; %s\n" % said)


def birds(who):
    """What of a person must not be found, folded."""
    first, last, l, d = PEOPLE[who]
    words = {first, last, l, d, l.encode().hex(), base64.b64encode(l.encode()).decode()[:8], "7788", "5557788", "4711223344", l[::-1]}
    words |= {piece for piece in l.replace("-", ".").split(".") if len(piece) > 2}
    if d == "gmail.com":
        words.discard(d)
    return {w.casefold() for w in words if len(w) > 2}


MAILS = dict(places())
EVENTS = classify(MAILS)
leaks = {}
for key, event in EVENTS.items():
    kept = (event["diagnostic"] or "").casefold()
    found = sorted(bird for bird in birds(key[0]) if bird in kept)
    if found:
        leaks.setdefault(key[1], []).append("%s (%s): %s" % (key[2], found[0], event["diagnostic"]))
PLACES = sorted({key[1] for key in MAILS})
tap.check(len(PLACES) >= 101, "there are at least 101 places (%d, %d mails)" % (len(PLACES), len(MAILS)), len(PLACES))
tap.check(sum(bool(e["diagnostic"]) for e in EVENTS.values()) > len(MAILS) * 0.9, "nearly every mail keeps some text, so that there is something to find")
for place in PLACES:
    tap.check(place not in leaks, "nothing of a person is kept: %s" % place, "\n".join(leaks.get(place, [])[:4]))

# The decisive words stay: what is kept of an answer is decided as the answer was.
ROWS = [line.rstrip("\n").split("\t") for line in open(os.path.join(TESTS, "phrases.tsv"), encoding="utf8") if not line.startswith("#")]


def wrapped(number, row, text):
    remote = "Remote-MTA: dns; %s\n" % row[5] if row[5] != "-" else ""
    return REPORT.format(number=number, final="tom@example.net", status=row[4], human="It failed.",
                         diagnostic=remote + "Diagnostic-Code: %s; %s\n" % ("smtp" if row[3] != "-" else "X-Postfix", text))


first = classify({i: wrapped(i, row, row[0]) for i, row in enumerate(ROWS)})
again = classify({i: wrapped(i, ROWS[i], e["diagnostic"]) for i, e in first.items() if e["diagnostic"]})
other = [i for i, e in again.items() if (e["class"], e["category"]) != (first[i]["class"], first[i]["category"])]
share = 1 - len(other) / len(again)
tap.check(len(again) >= 400 and share >= READABLE, "what is kept of %d answers decides as they did: %.1f %%" % (len(again), 100 * share),
          "\n".join("%s -> %s" % (ROWS[i][0], first[i]["diagnostic"]) for i in other[:20]))
print("# %d of %d answers are decided otherwise on what is kept" % (len(other), len(again)))
tap.finish()
