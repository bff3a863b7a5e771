#!/usr/bin/python3
"""Another sites.key while three sites have one memory: first all open lines with it, then each seals with it in its own time; lines under the former one come late, twice and behind the
change; one site is cut off meanwhile and one never takes it; erasures, causes taken back and figures go on by their new names; the former key goes when nobody seals with it."""
import ctypes
import json
import os
import random
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib import contactbody, pseudonym  # noqa: E402
from lib.contacts import DEAD, FULL  # noqa: E402
from lib.harness import *  # noqa: E402,F403
from lib.sites import *  # noqa: E402,F403

random.seed(62)
PEOPLE = ["s%d@example.net" % n for n in range(9)]
ANNA, BEN, CARLA = "anna@example.net", "ben@example.net", "carla@example.net"
sites = make_sites()
(berlin, to_berlin), (hamburg, to_hamburg), (koeln, to_koeln) = (sites[name] for name in NAMES)
TRACES = shutil.which("strace") and not subprocess.run(["strace", "-o", "/dev/null", "true"], stderr=subprocess.DEVNULL).returncode
STRANGE = "sealed under a sites.key that is not here"


def key_file(site, name):
    return os.path.join(site.config["keys"]["dir"], name)


def text_of(site, name):
    with open(key_file(site, name), encoding="ascii") as f:
        return f.read()


def equal_everywhere(names=NAMES, by_id=True):
    """BY_ID: they seal with one key, so that erasures and causes taken back go by one name."""
    for name in names[1:]:
        equal(rows(sites[name][0]), rows(sites[names[0]][0]), name)
        by_id and equal(sites[name][0].sql("SELECT kind, id FROM change WHERE kind <> 'confirm' GROUP BY 1, 2 ORDER BY 1, 2"),
              sites[names[0]][0].sql("SELECT kind, id FROM change WHERE kind <> 'confirm' GROUP BY 1, 2 ORDER BY 1, 2"), name)


def confirmed(site):
    return {(line["site"], line["erasures"], line["confirmed"]) for line in site.run("status", "--json").lines() if line["kind"] == "site"}


def opens(secret, body):
    """What retour-sites(7) says of a line's content: XChaCha20-Poly1305, the nonce before it."""
    out, length = ctypes.create_string_buffer(len(body)), ctypes.c_ulonglong()
    return not contactbody.SODIUM.crypto_aead_xchacha20poly1305_ietf_decrypt(out, ctypes.byref(length), None, body[24:], ctypes.c_ulonglong(len(body) - 24), b"contact",
                                                                             ctypes.c_ulonglong(7), body[:24], secret)


def keys_say(site):
    return {line["name"]: (line["seals"], line["sites"] or "") for line in site.run("key", "list", "--json").lines() if line["kind"] == "sites-key"}


for i, name in enumerate(NAMES):
    sites[name][1].take(*[(p, DEAD if n % 2 else FULL, 1) for n, p in enumerate(PEOPLE) if n % 3 == i], (ANNA, FULL, 1), (CARLA, DEAD, 1))
exchange(sites)
equal(hamburg.run("forget", input=ANNA + "\n").code, 0)
UNDO = ("contact", "undo", "--provider", "other", "--from", "2026-10-19", "--to", "2026-10-21", "--reason", "a test")
equal(koeln.run(*UNDO).code, 0)
exchange(sites)
exchange(sites)

with case("nothing waits: what is not there cannot be used, nor what seals be retired"):
    for arguments, words in ((("use",), "no key that waits to be used"), (("use", "sites-2.key"), "no key of the sites that is here"), (("retire", "sites.key"), "seals what this site says"),
                             (("retire", "sites-7.key"), "no such key")):
        result = berlin.run("key", *arguments)
        equal((result.code, words in result.err), (2, True), result)
    contains(berlin.run("key", "use", "sites.key").out, "already; nothing was done")
    equal(keys_say(berlin), {})

with case("made at one site it opens lines alone: what that says is sealed as before, and taken by all"):
    made = berlin.run("key", "rotate", "sites")
    equal((made.code, "sites-2.key opens lines from now on, and seals none yet" in made.out), (0, True), made)
    contains(berlin.run("key", "rotate", "sites").err, "sites-2.key was made or taken already")
    equal(os.stat(key_file(berlin, "sites-2.key")).st_mode & 0o777, 0o600)
    to_berlin.take((BEN, DEAD, 2))
    exchange(sites)
    equal_everywhere()
    equal(keys_say(berlin), {"sites-2.key": (False, ""), "sites.key": (True, "hamburg, koeln")})

with case("taken by stdin, file and key directory, once and again; what is none is refused"):
    key = text_of(berlin, "sites-2.key")
    for text, words, code in (("", "no state key", 2), (key[:50], "no state key", 2), (text_of(berlin, "message.key"), "no state key", 2), (text_of(hamburg, "sites.key"), "is known here already", 0)):
        result = hamburg.run("key", "adopt", "-", input=text)
        equal((result.code, words in result.out + result.err), (code, True), result)
    result = hamburg.run("key", "adopt", "-", input=key)
    equal((result.code, "sites-2.key opens lines from now on, and seals none yet" in result.out), (0, True), result)
    contains(hamburg.run("key", "adopt", "-", input=key).out, "sites-2.key is known here already")
    equal(hamburg.sql("SELECT detail FROM ledger WHERE kind = 'key-adopted'"), [("purpose=sites name=sites-2.key",)])

with case("it seals: who has it takes all, who lacks it refuses in words, moves no cursor, and loses nothing"):
    late = changes(hamburg)  # under the former key, and on its way for long
    before = rows(berlin)
    result = berlin.run("key", "use", "--json")
    equal([json.loads(line) for line in result.out.splitlines()], [{"kind": "used", "name": "sites-2.key", "count": 0}])
    equal(rows(berlin), before)
    equal(berlin.sql("SELECT detail FROM ledger WHERE kind = 'key-used'"), [("purpose=sites name=sites-2.key",)])
    to_berlin.take((PEOPLE[0], DEAD, 3), (BEN, FULL, 3))
    to_koeln.take((PEOPLE[1], FULL, 3))
    given = changes(berlin)
    merge(hamburg, given)
    until = {row["site"]: row["until"] for row in koeln.run("sites", "--json").lines()}
    said = merge(koeln, given, code=1)
    contains(said, STRANGE)
    contains(said, "retour key adopt")
    contains(said, " 0 new, 5 known, %d refused" % (len(given) - 5))
    equal({row["site"]: row["until"] for row in koeln.run("sites", "--json").lines()}, until)
    merge(berlin, changes(koeln))
    merge(hamburg, changes(koeln))
    equal_everywhere(("berlin", "hamburg"), by_id=False)
    equal(keys_say(berlin), {"sites-2.key": (True, ""), "sites.key": (False, "hamburg, koeln")})
    contains(berlin.run("status").out, "sites.key opens lines beside the key that seals; heard to seal with it: hamburg, koeln")
    contains(berlin.run("key", "list").out, "sites-2.key seals what this site says; no other site was heard to seal with it")

with case("an erasure and a cause taken back under one key are the same under the other"):
    equal(koeln.run("forget", input=CARLA + "\n").code, 0)
    merge(berlin, changes(koeln))
    merge(hamburg, changes(koeln))
    contains(answers(berlin, [CARLA]), "send")
    merge(hamburg, changes(berlin))
    equal(berlin.sql("SELECT count(DISTINCT id) FROM change WHERE kind = 'forget'"), [(2,)])
    equal_everywhere(("berlin", "hamburg"), by_id=False)
    true(("hamburg", 2, 2) in confirmed(hamburg) or ("berlin", 2, 2) in confirmed(hamburg), confirmed(hamburg))

with case("the former key stays while a site was not heard to seal with the new one"):
    equal(hamburg.run("key", "use").code, 0)
    merge(berlin, changes(hamburg))
    result = berlin.run("key", "retire", "sites.key")
    equal((result.code, "1 of 2 other sites were heard to seal with sites-2.key, and with the former one still koeln" in result.err), (2, True), result)
    true(os.path.exists(key_file(berlin, "sites.key")), "it is gone")
    merge(berlin, late)
    merge(berlin, random.sample(late, len(late)))
    equal_everywhere(("berlin", "hamburg"))

with case("the site that was cut off takes it from its key directory, and all that it had refused"):
    shutil.copy(key_file(berlin, "sites-2.key"), key_file(koeln, "sites-2.key"))
    adopted = koeln.run("key", "adopt")
    equal((adopted.code, "sites-2.key opens lines" in adopted.out), (0, True), adopted)
    merge(koeln, given)
    exchange(sites)
    exchange(sites)
    equal_everywhere(by_id=False)
    koeln_late = changes(koeln)
    equal(koeln.run("key", "use").code, 0)
    exchange(sites)
    exchange(sites)
    equal_everywhere()
    for site in (berlin, hamburg, koeln):
        equal({row[1:] for row in confirmed(site)}, {(2, 2)})
        contains(answers(site, [BEN]), "suppress")

with case("a site that is new has the present key alone, under its own name, and all that the others hold"):
    lost, to_lost = make_site("hamburg", berlin, without=("sites.key",))
    hamburg, to_hamburg = sites["hamburg"] = (lost, to_lost)
    know_each_other(sites)
    merge(lost, changes(berlin, "--all"))
    equal(rows(lost), rows(berlin))
    to_lost.take((PEOPLE[2], DEAD, 4))
    exchange(sites)
    equal_everywhere()
    equal(keys_say(berlin)["sites-2.key"], (True, "hamburg, koeln"))

with case("nobody seals with it any more: the former key is destroyed, and its late lines are refused in words"):
    result = berlin.run("key", "retire", "sites.key")
    equal((result.code, "sites.key is destroyed; lines that are sealed under it are refused" in result.out), (0, True), result)
    true(not os.path.exists(key_file(berlin, "sites.key")), "it is there")
    equal(keys_say(berlin), {})
    to_koeln.take((PEOPLE[3], DEAD, 5))
    contains(merge(berlin, koeln_late, code=1), STRANGE)
    exchange(sites)
    equal_everywhere()
    equal(berlin.run("purge").code, 0)
    audit = berlin.run("audit")
    equal(audit.code, 0, audit.out[:1500])
    equal(berlin.run("key", "rotate", "sites").out.split()[0], "sites-3.key")
    equal(berlin.run("key", "use").code, 0)
    refused = berlin.run("key", "retire", "sites-2.key")
    contains(refused.err, "0 of 2 other sites were heard to seal with sites-3.key")
    equal(berlin.run("key", "use", "sites-2.key").code, 0)  # the way back
    exchange(sites)
    equal_everywhere()
    give_up = ("key", "retire", "sites-3.key", "--give-up", "--reason", "made by mistake")
    for call, there in (("renameat2", True), ("unlinkat", False)) if TRACES else ():
        subprocess.run(["strace", "-f", "-o", "/dev/null", "-e", "inject=%s:signal=SIGKILL:when=1" % call, *berlin.arguments(list(give_up))], stderr=subprocess.DEVNULL)
        equal(os.path.exists(key_file(berlin, "sites-3.key")), there, "killed before " + call)
    equal(berlin.run(*give_up).code, 0, "killed twice, it is said again")
    true(not os.path.exists(key_file(berlin, "sites-3.key")), "the ledger calls it destroyed, and it lies there for whoever adopts it")
    equal(berlin.sql("SELECT detail FROM ledger WHERE kind = 'key-given-up'"), [('purpose=sites name=sites-3.key reason="made by mistake"',)])

with case("a follower and a merge that run on hear of it: what they give and take lies under the key that seals then"):
    follower = subprocess.Popen(berlin.arguments(["changes", "--follow"]), stdout=subprocess.PIPE, text=True)
    taker = subprocess.Popen(hamburg.arguments(["merge"]), stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def carry():
        kinds = set()
        for line in follower.stdout:
            taker.stdin.write(line)
            taker.stdin.flush()
            kinds.add(json.loads(line)["kind"])
            if kinds >= {"contact", "until"} and json.loads(line)["kind"] == "until":
                break

    def holds(site, who):
        return "suppress" in answers(site, [who])

    carry()
    waiting = berlin.run("key", "rotate", "sites").out.split()[0]
    equal(hamburg.run("key", "adopt", "-", input=text_of(berlin, waiting)).code, 0)
    to_berlin.take((PEOPLE[4], DEAD, 6))
    carry()
    equal(hamburg.run("key", "use").code, 0)
    to_berlin.take((PEOPLE[6], DEAD, 6))
    carry()
    equal(berlin.run("key", "use").code, 0)
    to_berlin.take((PEOPLE[8], DEAD, 6))
    carry()
    follower.terminate()
    taker.stdin.close()
    equal((taker.wait(), follower.wait() != 0), (0, True), taker.stderr.read())
    for site in (berlin, hamburg):
        true(all(holds(site, PEOPLE[n]) for n in (4, 6, 8)), answers(site, PEOPLE))
    exchange(sites, ("berlin", "hamburg"))
    equal_everywhere(("berlin", "hamburg"))

with case("another program opens what is stored with the key that seals, and nothing with the former one"):
    for site, name in ((berlin, waiting), (koeln, "sites-2.key")):
        present = pseudonym.key(key_file(site, name))
        former = pseudonym.key(key_file(site, "sites-2.key" if site is berlin else "sites.key"))
        shares = [row[0] for row in site.sql("SELECT body FROM share")]
        true(shares and all(opens(present, body) and not opens(former, body) for body in shares), name)
finish()
