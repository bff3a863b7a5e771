"""The result lines of a test script (TAP, loosely): "ok - name" and "not ok - name", failures with their details as comments.

    with case("a second run finds nothing"):
        equal(result.code, 0)
    finish()

A case that raises has failed; the script goes on. One that takes long says how long. finish() ends the script, with 1 when a case failed or there was none.
"""
import contextlib
import resource
import sys
import time
import traceback

passed = 0
failed = 0


def processor():
    """Seconds of it that this script and the processes whose end it saw have taken."""
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


def comment(text):
    for line in str(text).splitlines():
        print("# " + line, flush=True)


def ok(name):
    global passed
    passed += 1
    print("ok - " + name, flush=True)


def not_ok(name, detail=""):
    global failed
    failed += 1
    print("not ok - " + name, flush=True)
    comment(detail)


def check(condition, name, detail=""):
    """One line for one condition; DETAIL is printed where it does not hold."""
    ok(name) if condition else not_ok(name, detail)
    return bool(condition)


@contextlib.contextmanager
def case(name):
    begin, used = time.monotonic(), processor()
    try:
        yield
    except Exception:  # a KeyboardInterrupt or SystemExit ends the script
        not_ok(name, traceback.format_exc())
    else:
        ok(name)
        seconds, used = time.monotonic() - begin, processor() - used
        if seconds > 5 or used > 1:
            comment("%.1f s, %.1f of processor" % (seconds, used))


def equal(got, wanted, what=""):
    if got != wanted:
        raise AssertionError("%s: got %s, wanted %s" % (what or "differs", _short(got), _short(wanted)))


def true(condition, what):
    if not condition:
        raise AssertionError(what)


def contains(text, part, what=""):
    if part not in text:
        raise AssertionError("%s: %r is not in %s" % (what or "text", part, _short(text)))


def _short(value):
    text = repr(value)
    return text if len(text) < 2000 else text[:1000] + " … " + text[-1000:]


def finish():
    if passed + failed == 0:
        not_ok("there is a test")
    sys.exit(1 if failed else 0)
