#!/usr/bin/python3
"""Asks `retour serve --http` whom not to write to: one address a line on stdin, verdict and address a line on stdout. Python's standard library.

    RETOUR_URL=http://127.0.0.1:8025 RETOUR_TOKEN_FILE=/etc/shop/retour.token ./check.py [STREAM] < addresses
"""
import json
import os
import sys
import urllib.request

AT_ONCE = 10000  # addresses in a question


def check(addresses, stream=None):
    """The answers, in the same order. Whom it cannot ask about it does not write to: errors are raised."""
    with open(os.environ["RETOUR_TOKEN_FILE"]) as f:
        token = f.read().strip()
    question = {"addresses": addresses, **({"stream": stream} if stream else {})}
    request = urllib.request.Request(os.environ.get("RETOUR_URL", "http://127.0.0.1:8025") + "/check", json.dumps(question).encode(),
                                     {"Authorization": "Bearer " + token, "Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)["answers"]


if __name__ == "__main__":
    everybody = sys.stdin.read().splitlines()
    for begin in range(0, len(everybody), AT_ONCE):
        for answer in check(everybody[begin:begin + AT_ONCE], *sys.argv[1:2]):
            print(answer["verdict"], answer["address"], sep="\t")
