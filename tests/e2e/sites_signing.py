#!/usr/bin/python3
"""The key with which a site signs its lines is lost, or stolen with all the others: what is said under it is refused once the others have the new public key, what was true comes again,
and what a thief said until then is taken back everywhere."""
import json
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.contacts import DEAD, FULL  # noqa: E402
from lib.harness import *  # noqa: E402,F403
from lib.sites import *  # noqa: E402,F403

sites = make_sites()
(berlin, to_berlin), (hamburg, to_hamburg), (koeln, to_koeln) = (sites[name] for name in NAMES)
ANNA, BEN, CARLA, DORA = ("%s@example.net" % name for name in ("anna", "ben", "carla", "dora"))
SIGNATURE = "its signature is not that of its site"


def sign_key(site):
    return os.path.join(site.config["keys"]["dir"], "sign.key")


def know_anew(site):
    key = site.run("audit", "key").out.split()[-1]
    for other in (berlin, koeln):
        other.config["site hamburg"]["public_key"] = key
        other.write_config()


def equal_everywhere():
    for site in (hamburg, koeln):
        equal(rows(site), rows(berlin))


to_hamburg.take((ANNA, DEAD, 1))
exchange(sites)
cursor = json.loads(changes(hamburg)[-1])["cursor"]

with case("it is lost: the site says so and tells nothing, until the key is retired; then it makes another"):
    to_hamburg.take((BEN, DEAD, 2))
    os.unlink(sign_key(hamburg))
    lost = hamburg.run("changes", "--since", cursor)
    equal((lost.code, lost.out, "sign.key: missing. Put it back, or do: retour key retire sign.key" in lost.err), (2, "", True), lost)
    equal(hamburg.run("key", "retire", "sign.key").code, 0)
    given = changes(hamburg, "--since", cursor)
    true(os.path.exists(sign_key(hamburg)), "no key")

with case("the others refuse in words what the new key signs, and take it with the cursor from before once they know it"):
    contains(merge(berlin, given, code=1), SIGNATURE)
    contains(answers(berlin, [BEN]), "send")
    know_anew(hamburg)
    merge(berlin, given)
    merge(koeln, changes(hamburg, "--since", cursor))
    contains(answers(berlin, [BEN]), "suppress")
    exchange(sites)
    equal_everywhere()

with case("stolen with all keys and the store: what the thief says is taken as the site's own, until the others have the new key"):
    thief, to_thief = make_site("hamburg", berlin)
    shutil.rmtree(thief.data)
    shutil.copytree(hamburg.data, thief.data)
    thief.config.update({name: dict(value) for name, value in hamburg.config.items() if name.startswith("site ")})
    thief.write_config()
    late = changes(hamburg)  # true, and on its way
    to_thief.take((CARLA, DEAD, 2))
    contains(merge(berlin, changes(thief)), " 0 refused")
    contains(answers(berlin, [CARLA]), "suppress")
    equal(hamburg.run("key", "retire", "sign.key").code, 0)
    changes(hamburg)
    know_anew(hamburg)
    to_thief.take((DORA, DEAD, 3))
    forged = changes(thief)
    for site in (berlin, koeln):
        said = merge(site, forged, code=1)
        contains(said, SIGNATURE)
        contains(said, " %d refused" % len(forged))
        contains(answers(site, [DORA]), "send")
    contains(merge(koeln, late, code=1), SIGNATURE)

with case("what was true comes again without a cursor, and what the thief said is taken back at all sites"):
    merge(koeln, changes(hamburg))
    merge(berlin, changes(hamburg))
    equal(berlin.run("contact", "reactivate", "--reason", "forged", input=CARLA + "\n").code, 0)
    exchange(sites)
    exchange(sites)
    for site in (berlin, hamburg, koeln):
        contains(answers(site, [CARLA]), "send")
        contains(answers(site, [ANNA]), "suppress")
    merge(koeln, changes(berlin, "--all"))
    equal(rows(koeln), rows(berlin))
    to_hamburg.take((CARLA, DEAD, 4), (DORA, FULL, 4))
    for _ in range(2):
        exchange(sites)
    contains(answers(koeln, [DORA]), "hold")

with case("another life of the site is heard, whatever versions the thief gave the former one's"):
    for day in range(5, 9):
        to_thief.take((ANNA, FULL, day))
    fresh, to_fresh = make_site("hamburg", berlin)
    hamburg, to_hamburg = sites["hamburg"] = fresh, to_fresh
    know_each_other(sites)
    merge(hamburg, changes(berlin, "--all"))
    for site in (berlin, hamburg, koeln):
        site.now = "2026-11-12T06:00:00Z"
    to_hamburg.take((CARLA, DEAD, 9))
    for _ in range(2):
        exchange(sites)
    equal_everywhere()
    for site in (berlin, hamburg, koeln):
        contains(answers(site, [CARLA]), "suppress")
finish()
