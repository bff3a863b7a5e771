#!/usr/bin/python3
"""Three sites with one memory: each reads bounces of its own, `changes` of one goes through `merge` of the others in any order and twice, and all answer alike; a
site that was cut off and one that was lost catch up; what is not a configured site's is refused by number; no address is in a line."""
import json
import os
import subprocess
import random
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.contacts import DEAD, FULL  # noqa: E402
from lib.harness import *  # noqa: E402,F403
from lib.sites import *  # noqa: E402,F403

random.seed(16)

sites = make_sites()
(berlin, to_berlin), (hamburg, to_hamburg), (koeln, to_koeln) = (sites[name] for name in NAMES)

# each hears of somebody else, and of one person all three
PEOPLE = ["p%d.canary@example.net" % n for n in range(12)]
EVERYWHERE = "anna.canary@example.net"
for i, name in enumerate(NAMES):
    sites[name][1].take(*[(p, DEAD if n % 2 else FULL, 1) for n, p in enumerate(PEOPLE) if n % 3 == i], (EVERYWHERE, FULL, 1))
exchange(sites)
alone, to_alone = make_site("alone", berlin)  # one machine that reads everything
del alone.config["store"]["site"]
to_alone.take(*[(p, DEAD if n % 2 else FULL, 1) for n, p in enumerate(PEOPLE)], *[(EVERYWHERE, FULL, 1)] * 3)
for name in NAMES:
    equal(rows(sites[name][0]), rows(alone), name)
    equal(answers(sites[name][0], PEOPLE), answers(alone, PEOPLE))
ok("three sites know what one machine knows, row for row")

# nothing of a person in the lines but that one exists
text = "\n".join(line for name in NAMES for line in changes(sites[name][0], "--all"))
for word in ("canary", "example.net", "user-unknown", "mailbox-full", "nl10", "mx."):
    true(word not in text, word)
for line in text.splitlines():
    line = json.loads(line)
    equal(sorted(set(line) - {"cursor"}), sorted(("retour", "kind", "id", "site", "life", "by", "key", "version", "sealed", "leaf", "path", "signature")))
    true(line["kind"] in ("contact", "figures", "until"), line["kind"])
ok("no address, cause or campaign is in a line")

# a cursor goes on; the same lines again are known
last = json.loads(changes(berlin)[-1])["cursor"]
equal([json.loads(line)["kind"] for line in changes(berlin, "--since", last)], ["until"])
to_berlin.take(("ben.canary@example.net", DEAD, 2))
more = changes(berlin, "--since", last)
equal(sorted({json.loads(line)["kind"] for line in more}), ["contact", "figures", "until"])
contains(merge(hamburg, more[:1]), " 1 new,")
contains(merge(hamburg, more[:1]), " 1 known,")
equal(berlin.run("changes", "--since", "0123456789abcdef-1").code, 2)

# koeln is cut off for a week, and reads on
to_koeln.take(*[(p, DEAD, 3) for p in PEOPLE[:4]])
for day in range(4, 10):
    to_berlin.take((EVERYWHERE, FULL, day))
    exchange(sites, ("berlin", "hamburg"))
exchange(sites)
equal(rows(koeln), rows(berlin))
equal(rows(koeln), rows(hamburg))
ok("after a week apart all sites are equal")

# refused by number, and the others are taken
to_berlin.take(("carla.canary@example.net", DEAD, 3), ("dora.canary@example.net", DEAD, 3))
good = changes(berlin)
broken = json.loads(good[0])
broken["version"] += 1
foreign = dict(json.loads(good[0]), by="elsewhere")
said = merge(hamburg, ["{", json.dumps(broken), json.dumps(foreign), json.dumps({"retour": 2}), "[]", *good], code=1)
for number, why in ((1, "no JSON"), (2, "signature"), (3, "not configured"), (4, "form that this version"), (5, "no JSON")):
    true("line %d is refused" % number in said and why in said, said)
true("canary" not in said and broken["id"] not in said, said)
contains(answers(hamburg, ["dora.canary@example.net"]), "suppress")
# ten megabytes are no line, and what stands behind them is taken
to_berlin.take(("fred.canary@example.net", DEAD, 3))
said = merge(hamburg, ["A" * 10_000_000, *changes(berlin)], code=1)
contains(said, "line 1 is refused: it is too long")
true("1 refused" in said and " 0 new" not in said, said)
contains(answers(hamburg, ["fred.canary@example.net"]), "suppress")
stranger, to_stranger = make_site("koeln")
to_stranger.take(("emil.canary@example.net", DEAD, 3))
key = public_key(stranger)
hamburg.config["site koeln"]["public_key"], kept = key, hamburg.config["site koeln"]["public_key"]
contains(merge(hamburg, changes(stranger), code=1), "another state key")
hamburg.config["site koeln"]["public_key"] = kept
ok("what is broken or a stranger's is refused in words, and loses nothing")

# hamburg's machine is lost: a new store with the shared keys gets all of it from berlin
exchange(sites)
before = answers(hamburg, PEOPLE + [EVERYWHERE])
hamburg, to_hamburg = make_site("hamburg", berlin)
sites["hamburg"] = (hamburg, to_hamburg)
know_each_other(sites)
merge(hamburg, changes(berlin, "--all"))
equal(answers(hamburg, PEOPLE + [EVERYWHERE]), before)
equal(rows(hamburg), rows(berlin))
to_hamburg.take((EVERYWHERE, FULL, 11))
exchange(sites)
equal(rows(hamburg), rows(berlin))
equal(rows(koeln), rows(berlin))
living = {json.loads(line)["life"] for name in NAMES for line in changes(sites[name][0]) if json.loads(line)["site"] == name and json.loads(line)["kind"] == "until"}
known = {(row["site"], row["own"]) for row in hamburg.run("sites", "--json").lines()}
true({("hamburg", True), ("hamburg", False), ("berlin", False), ("koeln", False)} <= known, known)
ok("a site that was lost is as it was before, and goes on")

# a data subject is forgotten at one site, and a cause taken back
equal(koeln.run("forget", input=EVERYWHERE + "\n").code, 0)
exchange(sites)
exchange(sites)
equal(rows(koeln), rows(berlin))
equal(rows(hamburg), rows(berlin))
for row in koeln.run("sites", "--json").lines():
    if row["life"] in living:
        equal((row["erasures"], row["obeyed"]), (1, 1), row)
seen = koeln.run("status").out
for name in ("berlin", "hamburg"):
    true(re.search(r"site +%s +told all until .* ago; has confirmed 1 of 1 erasures\n" % name, seen), seen)
equal([(line["site"], line["erasures"], line["confirmed"], line["waiting"]) for line in koeln.run("status", "--json").lines() if line["kind"] == "site"],
      [("berlin", 1, 1, None), ("hamburg", 1, 1, None)])
equal(berlin.run("forget", input="nobody.canary@example.net\n" + PEOPLE[2] + "\n").code, 0)
merge(koeln, changes(berlin))
true(re.search(r"site +hamburg .* has confirmed 1 of 3 erasures, one is waited for since", koeln.run("status").out), koeln.run("status").out)
exchange(sites)
exchange(sites)
true("waited for" not in koeln.run("status").out, koeln.run("status").out)
contains(answers(berlin, [PEOPLE[1]]), "suppress")
rule = hamburg.run("contact", "show", "--json", input=PEOPLE[1] + "\n").lines()[0]["rule"]
equal(hamburg.run("contact", "undo", "--rule", rule, "--from", "2026-10-01", "--to", "2026-11-02", "--reason", "a test").code, 0)
exchange(sites)
for name in NAMES:
    contains(answers(sites[name][0], [PEOPLE[1]]), "send")
ok("an erasure and an undo at one site hold at all, and each confirms")

# a site whose lines do not come is told, and only that one
def silent(retour):
    return retour.sql("SELECT subject FROM alert WHERE condition = 'site-silent' AND cleared IS NULL")


box = os.path.join(hamburg.dir, "box")
for name in ("new", "cur", "tmp"):
    os.makedirs(os.path.join(box, name))
hamburg.config["mailbox bounces"] = {"protocol": "maildir", "path": box}
equal(hamburg.run("run").code, 0)
equal(silent(hamburg), [], hamburg.run("sites").out)
for site in (hamburg, koeln):
    site.now = "2026-11-05T07:00:00Z"
merge(hamburg, changes(koeln))
equal(hamburg.run("run").code, 0)
equal(silent(hamburg), [("berlin",)])
contains(hamburg.run("alerts").out, "site-silent")
hamburg.now = berlin.now = "2026-11-05T08:00:00Z"
merge(hamburg, changes(berlin))
equal(hamburg.run("run").code, 0)
equal(silent(hamburg), [], hamburg.run("sites").out)
ok("a site that has not been heard of for two days is an alert until its lines come")

# while it goes on
follower = berlin.start("changes", "--follow")
equal(json.loads(follower.stdout.readline())["kind"], "contact")
follower.terminate()
follower.wait()
ok("--follow gives what there is at once")
with case("over ssh, as the manual prints it: what one site learnt the other knows, and a second time nothing goes"):
    with open(os.path.join(ROOT, "etc", "retour-sites.7"), encoding="utf-8") as f:
        over_ssh = re.search(r"^\.Bd [^\n]*\n(retour changes [^\n]*\nssh .*?)^\.Ed", f.read(), re.M | re.S).group(1)
    pair = make_sites()
    pair["berlin"][1].take(("ssh1@example.net", DEAD, 1), ("ssh2@example.net", FULL, 1))
    home = os.path.join(pair["berlin"][0].dir, "home")
    os.makedirs(home + "/bin")
    pair["hamburg"][0].write_config()
    programs = {"retour": 'exec %s "$@"' % " ".join(pair["berlin"][0].arguments([])),
                "ssh": '[ "$1 $2" = "hamburg retour" ] && shift 2 && exec %s "$@"' % " ".join(pair["hamburg"][0].arguments([]))}
    for name, text in programs.items():
        with open("%s/bin/%s" % (home, name), "w") as f:
            f.write("#!/bin/sh\n%s\n" % text)
        os.chmod("%s/bin/%s" % (home, name), 0o755)
    open(home + "/cursor", "w").close()
    for contacts in (True, False):
        done = subprocess.run(["sh", "-c", over_ssh], cwd=home, env=dict(os.environ, PATH=home + "/bin:" + os.environ["PATH"]), capture_output=True, text=True)
        equal(done.returncode, 0, done.stderr)
        with open(home + "/lines") as f:
            equal('"kind":"contact"' in f.read(), contacts)
    equal(rows(pair["hamburg"][0]), rows(pair["berlin"][0]))
    contains(answers(pair["hamburg"][0], ["ssh1@example.net"]), "suppress")
finish()
