#!/usr/bin/python3
"""The part of the laboratory (tests/lab.py) that needs nothing fetched: the bounces that the installed Postfix makes of a receiver's answers are read right."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import lab  # noqa: E402
from lib import postfix  # noqa: E402

if postfix.missing():
    print("ok - the laboratory's Postfix # SKIP " + postfix.missing())
    sys.exit(0)
lab.main(["postfix"])
