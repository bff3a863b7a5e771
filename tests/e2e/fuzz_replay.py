#!/usr/bin/python3
"""Each fuzz target over its seeds and damaged copies of them, under the sanitizers and without libFuzzer: what `make fuzz` would find in its first second.
The damage is the same in every run."""
import glob
import importlib.machinery
import importlib.util
import os
import subprocess
import sys
import tempfile

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, TESTS)
from lib.tap import *  # noqa: E402

BUILD = os.environ["RETOUR_BUILD"]
WHERE = BUILD + ("/asan/replay" if os.path.isdir(BUILD + "/asan/replay") else "/replay")
INPUTS = {"rules": 300}  # about, of each target; one of rules takes as long as ten of the others
INPUTS_USUAL = 4000
SECONDS = 120

loader = importlib.machinery.SourceFileLoader("fuzz_run", os.path.join(TESTS, "fuzz", "run"))
fuzz = importlib.util.module_from_spec(importlib.util.spec_from_loader("fuzz_run", loader))
sys.dont_write_bytecode = True
loader.exec_module(fuzz)

with tempfile.TemporaryDirectory(prefix="retour-fuzz-") as directory:
    for path in sorted(glob.glob(os.path.join(TESTS, "fuzz", "*.c"))):
        target = os.path.basename(path)[:-2]
        if target == "replay":
            continue
        with case(target):
            seeds = os.path.join(directory, target)
            fuzz.make_seeds(seeds, target)
            files = sorted(glob.glob(seeds + "/*"))
            true(files, "no seeds")
            done = subprocess.run([os.path.join(WHERE, target), str(INPUTS.get(target, INPUTS_USUAL) // len(files)), *files], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=SECONDS, check=False)
            equal(done.returncode, 0, done.stdout.decode(errors="replace")[-3000:])
            true(int(done.stdout.split()[0]) >= len(files), "not all were read")

finish()
