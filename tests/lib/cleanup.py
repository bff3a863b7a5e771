"""Ends what a test started, in reverse order, however the script ends: at its end, by an exception, by Ctrl-C or SIGTERM.
Only processes that were started here are ended, by their process id. After kill -9 of the script the kernel tells them (PDEATHSIG)."""
import atexit
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile

_stack = []
_libc = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1


def defer(function, *arguments):
    _stack.append((function, arguments))


def run_deferred():
    while _stack:
        function, arguments = _stack.pop()
        try:
            function(*arguments)
        except Exception as error:  # the others must still be ended
            print("# cleanup: %s" % error, file=sys.stderr)


def die_with_parent():
    """preexec_fn of a server: SIGTERM when the script is gone."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def end(process, grace=2):
    """SIGTERM, then SIGKILL for it and what it started: PROCESS leads a group of its own (start_new_session)."""
    if process.poll() is not None:
        return  # its number may be somebody else's by now
    process.terminate()
    try:
        process.wait(grace)
    except subprocess.TimeoutExpired:
        pass
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
    process.wait()


def temporary(prefix="retour-"):
    """A directory that goes with the script; RETOUR_KEEP=1 in the environment leaves it. Short, for the sake of Unix socket names."""
    path = tempfile.mkdtemp(prefix=prefix, dir=os.environ.get("TMPDIR", "/tmp"))
    os.chmod(path, 0o755)
    if os.environ.get("RETOUR_KEEP"):
        print("# kept: " + path, file=sys.stderr)
    else:
        defer(shutil.rmtree, path, True)
    return path


def _on_signal(number, frame):
    sys.exit(128 + number)


signal.signal(signal.SIGTERM, _on_signal)
signal.signal(signal.SIGINT, _on_signal)
atexit.register(run_deferred)
