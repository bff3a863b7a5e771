#!/usr/bin/python3
"""What README tells a newcomer to do first: the demo, with less mail."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.harness import *

BUILD = os.environ.get("RETOUR_BUILD", os.path.join(ROOT, "build"))
LEAVES = ("report.html", "report.xml", "report.txt", "report.eml", "retour.ini", "data/retour.db")

with case("the demo ends well and leaves what it says"):
    demo = subprocess.run([sys.executable, os.path.join(ROOT, "tests", "demo.py"), "--build", BUILD, "--home", "demo", "--bounces", "400",
                           "--complaints", "320"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    equal(demo.returncode, 0, demo.stdout)
    for name in LEAVES:
        equal(os.path.exists(os.path.join("demo", name)), True, name + " is not there")
    equal("Look at " in demo.stdout, True, demo.stdout)

finish()
