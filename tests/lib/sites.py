"""Sites with one memory, each a program with a store of its own: what tests of `changes` and `merge` begin with."""
import glob
import os
import random
import re
import shutil

from . import contactbody
from .contacts import Bounces
from .harness import ROOT, Retour, equal

NAMES = ("berlin", "hamburg", "koeln")
SHARED = ("state*.key", "message.key", "sites*.key")


def make_site(name, first=None, without=()):
    """A store of that name, with the keys of the first one."""
    retour = Retour()
    retour.config["store"]["site"] = name
    if first:
        os.makedirs(retour.config["keys"]["dir"], 0o700, exist_ok=True)
        for keys in SHARED:
            for key in glob.glob(os.path.join(first.config["keys"]["dir"], keys)):
                if os.path.basename(key) not in without:
                    shutil.copy(key, retour.config["keys"]["dir"])
    return retour, Bounces(retour)


def public_key(retour):
    """As `audit key` prints it; the first `changes` makes the key."""
    changes(retour)
    return retour.run("audit", "key").out.split()[-1]


def changes(retour, *options):
    result = retour.run("changes", *options)
    equal(result.code, 0, result)
    return result.out.splitlines()


def merge(retour, lines, code=0):
    result = retour.run("merge", input="".join(line + "\n" for line in lines))
    equal(result.code, code, result)
    return result.err


def know_each_other(sites):
    keys = {name: public_key(retour) for name, (retour, _) in sites.items()}
    for name, (retour, _) in sites.items():
        for other in NAMES:
            if other != name:
                retour.config["site " + other] = {"public_key": keys[other]}
        retour.write_config()


def exchange(sites, names=NAMES):
    """Everybody's lines to everybody: out of order, some of them twice."""
    given = {name: changes(sites[name][0]) for name in names}
    for to in names:
        lines = [line for name in names if name != to for line in given[name]]
        lines += random.sample(lines, len(lines) // 3)
        random.shuffle(lines)
        merge(sites[to][0], lines)


def answers(retour, people):
    result = retour.run("check", input="".join(p + "\n" for p in people))
    equal(result.code, 0, result)
    return result.out


def rows(retour):
    return contactbody.of(retour)


def make_sites():
    """Three that know each other: {name: (program, its bounces)}."""
    sites = {"berlin": make_site("berlin")}
    changes(sites["berlin"][0])
    for name in NAMES[1:]:
        sites[name] = make_site(name, sites["berlin"][0])
    know_each_other(sites)
    return sites


def make_homes(sites, **begin):
    """A directory for each site, with files of the text that is given, in which `retour` is that site's program: {name: directory}."""
    homes = {}
    for name, (retour, _) in sites.items():
        homes[name] = os.path.join(retour.dir, "home")
        os.makedirs(homes[name] + "/bin")
        with open(homes[name] + "/bin/retour", "w", encoding="utf-8") as f:
            f.write("#!/bin/sh\nexec %s \"$@\"\n" % " ".join(retour.arguments([])))
        os.chmod(homes[name] + "/bin/retour", 0o755)
        for file, text in begin.items():
            with open(os.path.join(homes[name], file), "w", encoding="ascii") as f:
                f.write(text)
    return homes


def recipe(section):
    """The displays of that section of retour-sites(7), as they are printed."""
    with open(os.path.join(ROOT, "etc", "retour-sites.7"), encoding="utf-8") as f:
        text = f.read().split(".Sh " + section)[1].split(".Sh ")[0].replace("\\e", "\\")
    return re.findall(r"^\.Bd .*\n([^.]*(?:\n(?!\.Ed).*)*)\n\.Ed", text, re.M)
