#!/usr/bin/python3
"""Sites with one memory, when one of them is restored from a backup, has no name for a while or loses a key: nothing that another site knows is overwritten, nothing
that was heard is lost, and who was erased stays so."""
import glob
import json
import os
import random
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.contacts import DEAD, FULL  # noqa: E402
from lib.harness import *  # noqa: E402,F403
from lib.sites import *  # noqa: E402,F403

random.seed(5)
PEOPLE = ["p%d.canary@example.net" % n for n in range(6)]


def backup(retour):
    path = os.path.join(retour.dir, "copy.db")
    equal(retour.run("backup", path).code, 0)
    return path


def restore(retour, path):
    for old in glob.glob(retour.database + "*"):
        os.unlink(old)
    shutil.copy(path, retour.database)


def suppressed(retour):
    return [line.split(",")[0] for line in answers(retour, PEOPLE).splitlines() if ",suppress," in line]


def round_of(sites):
    """As many as it takes until everybody has heard everything, with all that others hold."""
    for _ in range(2):
        exchange(sites)
    for name in NAMES:
        for other in NAMES:
            if other != name:
                merge(sites[name][0], changes(sites[other][0], "--all"))


with case("a backup that is restored is another life of its site: others keep what it had said, and it gets that back"):
    sites = make_sites()
    (berlin, to_berlin), (hamburg, _), (koeln, _) = (sites[name] for name in NAMES)
    to_berlin.take((PEOPLE[0], FULL, 1))
    exchange(sites)
    copy = backup(berlin)
    to_berlin.take((PEOPLE[0], DEAD, 2), (PEOPLE[1], DEAD, 2))
    exchange(sites)
    cursor = json.loads(changes(berlin)[-1])["cursor"]
    ahead = berlin.run("changes", "--since", cursor + "0")
    equal((ahead.code, ahead.out), (2, ""), ahead)
    contains(ahead.err, "no cursor of this store")
    restore(berlin, copy)
    to_berlin.take((PEOPLE[0], FULL, 2), (PEOPLE[0], FULL, 2), (PEOPLE[1], FULL, 2), (PEOPLE[2], DEAD, 2))
    contains(berlin.run("changes", "--since", cursor).err, "no cursor of this store")
    round_of(sites)
    for name in NAMES:
        equal(suppressed(sites[name][0]), PEOPLE[:3], name)
        equal(rows(sites[name][0]), rows(berlin), name)
    equal(len([row for row in hamburg.run("sites", "--json").lines() if row["site"] == "berlin"]), 2)

with case("who was erased after the backup was made is not in its shares either, and only a suppression that was kept stands"):
    sites = make_sites()
    (berlin, to_berlin), (hamburg, to_hamburg), (koeln, _) = (sites[name] for name in NAMES)
    to_berlin.take(*[(p, DEAD, 1) for p in PEOPLE[:3]], (PEOPLE[3], FULL, 1))
    to_hamburg.take((PEOPLE[0], FULL, 1))
    exchange(sites)
    copy = backup(berlin)
    equal(berlin.run("forget", input=PEOPLE[0] + "\n").code, 0)
    equal(berlin.run("forget", "--keep-suppression", input=PEOPLE[1] + "\n").code, 0)
    exchange(sites)
    restore(berlin, copy)
    equal(berlin.run("purge").code, 0)
    equal(berlin.sql("SELECT count(*) FROM share WHERE pseudonym NOT IN (SELECT pseudonym FROM contact)"), [(0,)])
    equal(berlin.sql("SELECT count(*) FROM contact"), [(3,)])
    equal(berlin.sql("SELECT max(shares) FROM (SELECT count(*) AS shares FROM share GROUP BY pseudonym)"), [(1,)])
    to_berlin.take((PEOPLE[0], FULL, 2))
    equal(suppressed(berlin), PEOPLE[1:3])
    round_of(sites)
    for name in NAMES:
        equal(suppressed(sites[name][0]), PEOPLE[1:3], name)
        equal(rows(sites[name][0]), rows(berlin), name)

with case("a site whose name is taken out of the INI file for a while goes on with its share"):
    sites = make_sites()
    (berlin, to_berlin), (hamburg, _), (koeln, _) = (sites[name] for name in NAMES)
    to_berlin.take((PEOPLE[0], FULL, 1))
    exchange(sites)
    kept = {section: berlin.config.pop(section) for section in ("site hamburg", "site koeln")}
    del berlin.config["store"]["site"]
    to_berlin.take((PEOPLE[0], DEAD, 2), (PEOPLE[1], DEAD, 2))
    equal(berlin.run("changes").code, 2)
    berlin.config.update(kept)
    berlin.config["store"]["site"] = "berlin"
    to_berlin.take((PEOPLE[0], FULL, 2), (PEOPLE[1], FULL, 2))
    exchange(sites)
    for name in NAMES:
        equal(suppressed(sites[name][0]), PEOPLE[:2], name)

with case("sites.key is missed as soon as the store is opened, before anything is stored that no other site would hear of"):
    key = os.path.join(berlin.config["keys"]["dir"], "sites.key")
    os.rename(key, key + ".away")
    result = berlin.run("import", berlin.dir + "/mails")
    equal(result.code, 2, result)
    contains(result.err, "sites.key: missing. Put it back")
    os.rename(key + ".away", key)
    equal(berlin.run("purge").code, 0)

with case("another sites.key is refused by all that opens the store, and with the right one back nothing is lost"):
    shutil.move(key, key + ".away")
    stranger = make_site("stranger")[0]
    changes(stranger)
    shutil.copy(os.path.join(stranger.config["keys"]["dir"], "sites.key"), key)
    given = changes(koeln, "--all")
    for command in (("changes",), ("merge",), ("import", berlin.dir + "/mails"), ("check",), ("audit",), ("forget", PEOPLE[0])):
        result = berlin.run(*command, input="".join(line + "\n" for line in given))
        equal(result.code, 2, result)
        contains(result.err, "sites.key: not the key that this store has used")
    shutil.move(key + ".away", key)
    contains(merge(berlin, given), " 0 refused")
    exchange(sites)
    for name in NAMES:
        equal(suppressed(sites[name][0]), PEOPLE[:2], name)

with case("who was erased at a site leaves a store that the audit knows"):
    sites["koeln"][1].take(("gone@example.net", DEAD, 2))
    equal(koeln.run("forget", "-", input="gone@example.net\n").code, 0)
    equal(koeln.run("purge").code, 0)
    audit = koeln.run("audit")
    equal((audit.code, [line for line in audit.out.splitlines() if "BROKEN" in line or "differences" in line]), (0, []), audit)

with case("a site that was given up is waited for by nobody, and what it had said stays"):
    equal(hamburg.run("forget", "-", input=PEOPLE[1] + "\n").code, 0)
    exchange(sites, ("berlin", "hamburg"))
    contains(berlin.run("status").out, "koeln")
    today, berlin.now = berlin.now, "2026-11-05T06:00:00Z"
    waits = berlin.run("audit")
    contains(waits.out + waits.err, "koeln")
    kept = berlin.config.pop("site koeln")
    waits = berlin.run("audit")
    true("koeln" not in waits.out + waits.err, "audit waits for koeln")
    berlin.now = today
    true("koeln" not in berlin.run("status").out, "koeln is waited for")
    equal(suppressed(berlin), PEOPLE[:1])
    said = merge(berlin, changes(koeln), code=1)
    contains(said, "not configured")
    berlin.config["site koeln"] = kept
    exchange(sites)
    equal(suppressed(koeln), PEOPLE[:1])
finish()
