"""The program under test: an INI file and a data directory of its own, runs with exit code, output, and the memory of each process."""
import json
import os
import re
import resource
import signal
import sqlite3
import subprocess
import threading
import time

from . import cleanup
from .dovecot import PASSWORD

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.environ.get("RETOUR", os.path.join(ROOT, "build", "retour"))
NOW = "2026-11-02T06:00:00Z"
SELDOM = 0.1


class Result:
    """code (minus the signal when one killed it), out, err (text), seconds, memory {process title: peak KiB} of who was watched, processor: seconds of it, of
    all its processes."""

    def __init__(self, code, out, err, seconds, memory, processor=0.0):
        self.code, self.out, self.err, self.seconds, self._memory, self.processor = code, out, err, seconds, memory, processor

    @property
    def memory(self):
        if self._memory is None:
            raise AssertionError("nobody watched it: Retour.watched")
        return self._memory

    def __repr__(self):
        return "exit %s in %.1f s\n%s%s" % (self.code, self.seconds, self.out[-3000:], self.err[-3000:])

    def lines(self):
        """Of the standard output, parsed as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


def descendants(pid):
    """PID and everything below it."""
    found, queue = [], [pid]
    while queue:
        pid = queue.pop()
        found.append(pid)
        try:
            for task in os.listdir("/proc/%d/task" % pid):
                with open("/proc/%d/task/%s/children" % (pid, task)) as f:
                    queue += map(int, f.read().split())
        except OSError:  # gone meanwhile
            pass
    return found


def title(pid):
    """What ps shows: "retour: parser", or the command's words."""
    try:
        with open("/proc/%d/cmdline" % pid, "rb") as f:
            text = f.read().rstrip(b"\0").split(b"\0")[0].decode(errors="replace")
    except OSError:
        return ""
    return text if ":" in text else os.path.basename(text)


class Watch(threading.Thread):
    """Notes the peak of resident memory (VmHWM: the kernel's own peak, so that seldom looking is enough) and the titles."""

    def __init__(self, pid, interval=0.01):
        super().__init__(daemon=True)
        self.pid, self.interval, self.memory, self.command_lines = pid, interval, {}, set()
        self._stop_now = threading.Event()

    def run(self):
        """Looks at once: a command may be over after a few milliseconds. Who waits for seconds is looked at less often: each look costs a millisecond."""
        interval, begin = self.interval / 20, time.monotonic()
        while True:
            for pid in descendants(self.pid):
                try:
                    with open("/proc/%d/status" % pid) as f:
                        peak = re.search(r"VmHWM:\s+(\d+) kB", f.read())
                    with open("/proc/%d/cmdline" % pid, "rb") as f:
                        self.command_lines.add(f.read())
                except OSError:
                    continue
                if peak:
                    name = title(pid)
                    self.memory[name] = max(self.memory.get(name, 0), int(peak.group(1)))
            if self._stop_now.wait(interval):
                break
            interval = min(interval * 1.2, max(self.interval, min(SELDOM, (time.monotonic() - begin) / 50)))

    def finish(self):
        self._stop_now.set()
        self.join()
        return self.memory


def processor_of_children():
    """Seconds that processes which were started here, and have ended, and theirs have taken."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Retour:
    """r = Retour(); r.config["mailbox bounces"] = dovecot.mailbox(password_file=r.secret()); r.run("run").

    config: {section: {key: value}}, written before each run; dir holds everything, data = dir/data has store, keys and reports;
    environment: more of it; watched: its processes are looked at all the while (Watch), for Result.memory and command_lines."""
    watched = False

    def __init__(self, binary=None, now=NOW, domains="example.org", base=None):
        self.binary = binary or BINARY
        self.now = now
        self.dir = base or cleanup.temporary("retour-e2e-")
        self.data = os.path.join(self.dir, "data")
        self.ini = os.path.join(self.dir, "retour.ini")
        self.database = os.path.join(self.data, "retour.db")
        os.makedirs(self.data, 0o700, exist_ok=True)
        self.command_lines = set() if self.watched else None
        self.environment = {}
        self.config = {
            "store": {"path": self.database},
            "keys": {"dir": os.path.join(self.data, "keys")},
            "origin": {"domains": domains, "campaign_headers": "X-Campaign-ID"},
            "report": {"timezone": "UTC", "dir": os.path.join(self.data, "reports")},
        }

    def secret(self, text=PASSWORD, name="password", mode=0o600):
        """A file with a secret; its path."""
        path = os.path.join(self.dir, name)
        with open(path, "w") as f:
            f.write(text + "\n")
        os.chmod(path, mode)
        return path

    def write_config(self):
        new = self.ini + ".new"  # renamed: another run of it may be about to read the file
        with open(new, "w") as f:
            for section, keys in self.config.items():
                f.write("[%s]\n" % section)
                f.writelines("%s = %s\n" % pair for pair in keys.items() if pair[1] is not None)
        os.rename(new, self.ini)
        return self.ini

    def arguments(self, command, options=()):
        now = ["--now", self.now] if self.now else []
        return [self.binary, "-c", self.ini, *options, *now, *command]

    def start(self, *command, options=(), stdin=subprocess.DEVNULL, env=None, outlives=False):
        """Starts it without waiting; the process is ended with the script. One that ends by itself may OUTLIVE a script that is killed: without a function
        before exec Python need not copy itself for it, which costs more than most commands take."""
        self.write_config()
        process = subprocess.Popen(self.arguments(command, options), stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
                                   preexec_fn=None if outlives else cleanup.die_with_parent, env={**os.environ, **self.environment, **(env or {})})
        cleanup.defer(cleanup.end, process)
        return process

    def start_with_socket(self, listening, *command):
        """Starts it as systemd does that passes it LISTENING; its pid."""
        self.write_config()
        pid = os.fork()
        if pid == 0:
            os.dup2(listening.fileno(), 3)
            os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
            arguments = self.arguments(command)
            os.execv(arguments[0], arguments)
        return pid

    def run(self, *command, options=(), input=None, timeout=300, env=None):
        begin, used = time.monotonic(), processor_of_children()
        process = self.start(*command, options=options, stdin=subprocess.DEVNULL if input is None else subprocess.PIPE, env=env, outlives=True)
        watch = Watch(process.pid) if self.watched else None
        if watch:
            watch.start()
        try:
            out, err = process.communicate(input.encode() if isinstance(input, str) else input, timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGABRT)
            out, err = process.communicate()
            err += b"\n(ended after %d s)" % timeout
        memory = watch.finish() if watch else None
        if watch and self.command_lines is not None:
            self.command_lines |= watch.command_lines
        return Result(process.returncode, out.decode(errors="replace"), err.decode(errors="replace"), time.monotonic() - begin, memory,
                      processor_of_children() - used)

    def sql(self, query, *arguments):
        """Rows of the store, read beside the program."""
        connection = sqlite3.connect("file:%s?mode=ro" % self.database, uri=True)
        try:
            return connection.execute(query, arguments).fetchall()
        finally:
            connection.close()
