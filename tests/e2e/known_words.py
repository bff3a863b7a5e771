#!/usr/bin/python3
"""Of an answer only known words are kept. A person's name and address stand in the answer in every place and every encoding that mail systems are known
for; nothing of them is left, while the words that decide what happened still decide it."""
import base64
import json
import os
import re
import subprocess
import sys
import tempfile
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib import tap  # noqa: E402
from lib.places import PEOPLE, REPORT, encoded, spoken  # noqa: E402

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RETOUR = os.path.abspath(os.environ.get("RETOUR", os.path.join(os.path.dirname(TESTS), "build", "retour")))
# The share of the answers in phrases.tsv that are decided alike on what is kept of them.
READABLE = 0.99


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
# Orange and La Poste number their answers: a code, and the number of one is no customer's.
NUMBERED = {i: re.search(r"\b(?:OFR|LPN)\w{0,3}[_-]\d{3}\b", row[0]) for i, row in enumerate(ROWS)}
lost = [first[i]["diagnostic"] for i, code in NUMBERED.items() if code and code.group(0) not in first[i]["diagnostic"]]
tap.check(sum(bool(code) for code in NUMBERED.values()) > 20 and not lost, "what Orange and La Poste number their answers by is kept", "\n".join(lost))
STRANGERS = ("KDN006_107", "ofr006_107", "OFR006_1071", "OFR0061_107", "OFR006_10A", "XOFR006_107", "OFR006_107.KDN006_108", "anna006_107", "OFR-ANNA_107", "OFR006_107@example.net")
kept = classify({number: wrapped(number, ("", "", "", "550", "5.7.1", "smtp-in.orange.fr"), "550 5.7.1 Service refuse. %s [107]" % number) for number in STRANGERS})
own = classify({0: REPORT.format(number=0, final="LPN007_510@example.net", status="5.1.1", human="It failed.", diagnostic="Diagnostic-Code: smtp; 550 5.1.1 LPN007_510: unknown\n")})[0]["diagnostic"]
shown_numbers = [number for number in STRANGERS if re.search(r"006|_10|anna", kept[number]["diagnostic"], re.I)]
tap.check(not shown_numbers and own == "550 5.1.1 <address> unknown", "a customer's number of the same form is not, nor a recipient who is called so", (shown_numbers, own))
# What the manual shows remains so: read again, it is what it was; and the answers that it comes from give it.
with open(os.path.join(TESTS, "..", "etc", "retour-privacy.7"), encoding="utf8") as page:
    MANUAL = page.read()
shown = re.findall(r"^5\d\d .*<.*", MANUAL, re.M)
ANSWERS = ("550 5.1.1 <mara.ahlers@example.net>: Recipient address rejected: User unknown", "550 5.2.1 The account of Ahlers is disabled, ask Schmidtke",
           "554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using rbl.ahlers.example.com")
tap.check([classify({0: wrapped(0, ("", "", "", "550", answer[4:9], "-"), answer)})[0]["diagnostic"] for answer in ANSWERS] == shown, "the examples of retour-privacy(7)", shown)
made = {name for source in ("redact.c", "vocabulary.c") for name in re.findall(r'SPAN\("(<[a-z]+>)"\)', open(os.path.join(TESTS, "..", "classify", source), encoding="utf8").read())}
tap.check(made and made == set(re.findall(r"<[a-z]+>", MANUAL)), "the placeholders of retour-privacy(7) are those that are made", made)
print("# %d of %d answers are decided otherwise on what is kept" % (len(other), len(again)))
tap.finish()
