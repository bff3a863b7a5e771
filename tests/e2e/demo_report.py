#!/usr/bin/python3
"""demo-report: the report on invented figures, without a configuration, a store or a mailbox; it leaves nothing behind and has the same figures each time."""
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib import cleanup
from lib.harness import *

place = cleanup.temporary("retour-demo-report-")


def demo(*arguments, config=(), now=NOW):
    return subprocess.run([BINARY, *config, "--now", now, "demo-report", *arguments], capture_output=True, text=True, cwd=place,
                          env={"TMPDIR": place, "PATH": os.environ["PATH"]}, timeout=120)


with case("as text, on the terminal"):
    result = demo()
    equal((result.returncode, result.stderr), (0, ""))
    for words in ("October 2026", "Example Ltd (invented figures)", "Key figures", "What to do", "Microsoft", "Complaints"):
        contains(result.stdout, words)
    true("@" not in result.stdout, result.stdout)
with case("nothing is left behind"):
    equal(os.listdir(place), [])
with case("the same figures again (the ledger's head is that of its own keys), and another month at another time"):
    figures = lambda text: re.sub(r"[0-9a-f]{64}", "HEAD", text)
    equal(figures(demo().stdout), figures(result.stdout))
    contains(demo(now="2027-03-05T06:00:00Z").stdout, "February 2027")
with case("XML that keeps the schema, and a page"):
    equal(demo("--format", "xml", "--output", "demo.xml").returncode, 0)
    done = subprocess.run(["xmllint", "--noout", "--schema", os.path.join(ROOT, "etc/report.xsd"), os.path.join(place, "demo.xml")], capture_output=True, text=True)
    equal(done.returncode, 0, done.stderr)
    equal(demo("--format", "html", "--output", "demo.html").returncode, 0)
    contains(open(os.path.join(place, "demo.html")).read(), "<svg")
with case("in the language and looks of the configuration, whose store it does not touch"):
    retour = Retour()
    retour.config["report"].update(language="de", colour='"#aa0000"')
    retour.write_config()
    result = demo("--format", "html", config=("-c", retour.ini))
    equal(result.returncode, 0, result.stderr)
    contains(result.stdout, "Oktober 2026")
    contains(result.stdout, "#aa0000")
    equal(os.listdir(retour.data), [])
with case("refused: a format that is none, an output that is a directory, a place for its store that is none"):
    equal(demo("--format", "pdf").returncode, 2)
    equal(demo("now").returncode, 2)
    shutil.rmtree(place)
    done = subprocess.run([BINARY, "demo-report"], capture_output=True, text=True, env={"TMPDIR": place}, cwd="/")
    equal(done.returncode, 1)
    contains(done.stderr, "No such file")
finish()
