#!/usr/bin/python3
"""Another state key while three sites have one memory: made at one, taken by the others in their own time, by file, stdin or key directory; what is said meanwhile is
refused in words where the key lacks, comes again and is lost nowhere; an erasure under the former key is obeyed by all; a lost site comes back with all keys."""
import json
import os
import random
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib import pseudonym  # noqa: E402
from lib.contacts import DEAD, FULL  # noqa: E402
from lib.harness import *  # noqa: E402,F403
from lib.sites import *  # noqa: E402,F403

random.seed(61)
PEOPLE = ["p%d@example.net" % n for n in range(6)]
ANNA, BEN = "anna@example.net", "ben@example.net"
sites = make_sites()
(berlin, to_berlin), (hamburg, to_hamburg), (koeln, to_koeln) = (sites[name] for name in NAMES)


def keys_of(site, name):
    return os.path.join(site.config["keys"]["dir"], name)


def equal_everywhere():
    for name in NAMES[1:]:
        equal(rows(sites[name][0]), rows(berlin), name)


with case("made at one site: others refuse in words what that says, lose nothing, and it takes what they say"):
    for i, name in enumerate(NAMES):
        sites[name][1].take(*[(p, DEAD if n % 2 else FULL, 1) for n, p in enumerate(PEOPLE) if n % 3 == i], (ANNA, FULL, 1))
    exchange(sites)
    made = berlin.run("key", "rotate")
    equal(made.code, 0, made)
    contains(made.out, "state-2.key names contacts from now on, together with the key before it")
    to_berlin.take((BEN, DEAD, 2))
    to_hamburg.take((BEN, FULL, 2), (PEOPLE[0], DEAD, 2))
    given = changes(berlin)
    said = merge(hamburg, given, code=1)
    contains(said, "another state key: one that was made there by key rotate is to be taken here, too (retour key adopt)")
    contains(said, " 0 new, 0 known, %d refused" % len(given))
    merge(berlin, changes(hamburg))
    contains(answers(berlin, [BEN, PEOPLE[0]]), "suppress")
    equal(len(berlin.sql("SELECT pseudonym FROM contact")), len(PEOPLE) + 2)

with case("who erases under the former key alone is obeyed, also in what was read under the new one"):
    to_berlin.take((ANNA, DEAD, 2))
    equal(koeln.run("forget", input=ANNA + "\n").code, 0)
    merge(berlin, changes(koeln))
    contains(answers(berlin, [ANNA]), "send")

with case("taken by stdin and file, once and again; what is none, or could be read by others, is refused"):
    with open(keys_of(berlin, "state-2.key")) as f:
        key = f.read()
    for text, words in (("", "no state key that was made at a site"), (key[:60], "no state key that was made at a site"), ("x" * 5000, "no state key"),
                        (open(keys_of(koeln, "state.key")).read(), "is known here already")):
        result = koeln.run("key", "adopt", "-", input=text)
        equal((result.code, words in result.out + result.err), (0 if "known" in words else 2, True), result)
    result = koeln.run("key", "adopt")
    equal((result.code, "there is no key state-2.key" in result.err), (2, True), result)
    result = koeln.run("key", "adopt", "-", input=key)
    equal((result.code, "state-2.key names contacts from now on" in result.out), (0, True), result)
    contains(koeln.run("key", "adopt", "-", input=key).out, "state-2.key is known here already")
    equal(koeln.sql("SELECT detail FROM ledger WHERE kind = 'key-adopted'"), [("purpose=state name=state-2.key",)])
    brought = os.path.join(hamburg.dir, "brought")
    with open(brought, "w") as f:
        f.write(key)
    os.chmod(brought, 0o644)
    contains(hamburg.run("key", "adopt", brought).err, "mode 0644 lets others in")
    os.chmod(brought, 0o600)
    result = hamburg.run("key", "adopt", "--json", brought)
    equal([json.loads(line) for line in result.out.splitlines()], [{"kind": "adopted", "name": "state-2.key", "count": 0}])
    equal(open(keys_of(hamburg, "state-2.key")).read(), key)
    equal(os.stat(keys_of(hamburg, "state-2.key")).st_mode & 0o777, 0o600)

with case("what was refused comes again: all are equal, and the erasure is confirmed by all"):
    merge(hamburg, given)
    exchange(sites)
    exchange(sites)
    equal_everywhere()
    for site in (berlin, hamburg, koeln):
        equal([line.split(",")[1] for line in answers(site, [ANNA, BEN, *PEOPLE]).splitlines()[1:]],
              ["send", "suppress", "suppress", "suppress", "send", "suppress", "send", "suppress"])
        equal({(line["erasures"], line["confirmed"], line["waiting"]) for line in site.run("status", "--json").lines() if line["kind"] == "site"}, {(1, 1, None)})

with case("another program finds people by the chain, and nobody by one key alone"):
    first, second = pseudonym.key(keys_of(berlin, "state.key")), pseudonym.key(keys_of(berlin, "state-2.key"))
    held = {row[0] for row in berlin.sql("SELECT pseudonym FROM contact")}
    for person in [BEN, *PEOPLE]:
        alone = pseudonym.of(first, "state", person)
        true(pseudonym.sealed(second, alone) in held and alone not in held and pseudonym.of(second, "state", person) not in held, person)
    told = berlin.run("suppressions").out.splitlines()
    equal({line.split(",")[1] for line in told[1:]}, {pseudonym.fingerprint(first).hex()})

with case("the former key stays, whatever is purged or retired; a second rotation goes the same way, by the key directory"):
    equal(berlin.run("purge").code, 0)
    refused = berlin.run("key", "retire", "state.key", "--give-up", "--reason", "a test")
    equal((refused.code, "state.key stays: contacts are named with it and state-2.key together" in refused.err), (2, True), refused)
    equal(koeln.run("key", "rotate").code, 0)
    for site in (hamburg, berlin):
        shutil.copy(keys_of(koeln, "state-3.key"), keys_of(site, "state-3.key"))
        equal(site.run("key", "adopt").code, 0)
    exchange(sites)
    equal_everywhere()
    contains(answers(hamburg, [BEN]), "suppress")

with case("each has made a key: neither takes the other's, and says where to read on"):
    two, _ = make_site("berlin", berlin)
    made = two.run("key", "rotate")
    contains(made.out, "state-4.key")
    with open(keys_of(two, "state-4.key")) as f:
        other = f.read()
    equal(hamburg.run("key", "rotate").code, 0)
    result = hamburg.run("key", "adopt", "-", input=other)
    equal((result.code, "retour-sites(7)" in result.err), (2, True), result)
    with open(keys_of(hamburg, "state-4.key")) as f:
        own = f.read()
    for site in (berlin, koeln):
        equal(site.run("key", "adopt", "-", input=own).code, 0)

with case("a site that is lost comes back with all keys, and answers as before"):
    before = answers(hamburg, [ANNA, BEN, *PEOPLE])
    lost, _ = make_site("hamburg", berlin)
    sites["hamburg"] = (lost, None)
    know_each_other(sites)
    merge(lost, changes(berlin, "--all"))
    equal(answers(lost, [ANNA, BEN, *PEOPLE]), before)
    equal(rows(lost), rows(berlin))

with case("nothing that was said meanwhile names anybody"):
    text = "\n".join(given) + "\n".join(changes(berlin, "--all"))
    for word in ("example.net", "user-unknown", "mailbox-full"):
        true(word not in text, word)
finish()
