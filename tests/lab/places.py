"""Where the laboratory's mail systems live: a network, a host name and mounts of their own (namespaces), and for each system a root made of this machine's
files with Debian's packages unpacked over them. So each finds the paths, users and ports that it was built for, and nothing of it is left behind."""
import glob
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time

from lib import cleanup

HOST, HERE, CUSTOMERS = "mail.example.org", "here.example", "cust.example"
OWN = ("192.0.2.25", "192.0.2.26")  # addresses of the system that sends
# Users that Debian's packages make when they are installed, and two people with mailboxes.
SYSTEM_USERS = ("Debian-exim", "smmta", "smmsp", "opensmtpd", "opensmtpq", "courier", "dma", "nullmail", "chasquid", "mlmmj", "list", "spamass-milter", "clamav",
                "_rspamd", "postsrsd")
PEOPLE = ("anna", "otto")
INSIDE = "RETOUR_LAB_INSIDE"


def fetch(cache, packages):
    """Debian's PACKAGES, and what they need that is not installed, unpacked below CACHE; the directory. Raises RuntimeError where they cannot be had."""
    root, debs = os.path.join(cache, packages[0], "root"), os.path.join(cache, packages[0], "debs")
    if os.path.isdir(root):
        return root
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        raise RuntimeError("it is fetched with apt-get, which is not here")
    os.makedirs(debs + "/partial", exist_ok=True)
    print("# + apt-get --download-only --no-install-recommends install " + " ".join(packages), flush=True)
    done = subprocess.run(["apt-get", "-q", "-y", "--download-only", "--no-install-recommends", "-o", "Dir::Cache::archives=" + debs, "-o", "Debug::NoLocking=1",
                           "-o", "APT::Sandbox::User=root", "install", *packages], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise RuntimeError("apt-get: " + done.stdout.strip().split("\n")[-1])
    for package in glob.glob(debs + "/*.deb"):
        subprocess.run(["dpkg", "-x", package, root + ".new"], check=True)
    for name in ("bin", "sbin", "lib", "lib64"):  # links into /usr on this machine, which a directory would hide
        if os.path.islink("/" + name) and os.path.isdir(os.path.join(root + ".new", name)):
            shutil.copytree(os.path.join(root + ".new", name), os.path.join(root + ".new/usr", name), symlinks=True, dirs_exist_ok=True)
            shutil.rmtree(os.path.join(root + ".new", name))
    with open(os.path.join(cache, packages[0], "versions"), "w") as out:
        out.writelines(os.path.basename(package) + "\n" for package in sorted(glob.glob(debs + "/*.deb")))
    shutil.rmtree(debs)
    os.rename(root + ".new", root)
    return root


def version(cache, package):
    """Of a package that was fetched."""
    with open(os.path.join(cache, package, "versions")) as names:
        return next(name.split("_")[1] for name in names if name.startswith(package + "_"))


def why_not():
    """Why there can be no places here, or None."""
    if os.geteuid():
        return "it needs root"
    for tool in ("unshare", "ip", "mount", "chroot"):
        if not shutil.which(tool):
            return tool + " is not here"
    if subprocess.run(["unshare", "-m", "-n", "-u", "true"], stderr=subprocess.DEVNULL).returncode:
        return "no namespaces can be made here"
    return None


def enter():
    """Goes on with this very script within a network, a host name and mounts of its own."""
    if INSIDE not in os.environ:
        os.environ[INSIDE] = "1"
        os.execvp("unshare", ["unshare", "-m", "-n", "-u", "--propagation", "private", sys.executable, *sys.argv])
    subprocess.run("ip link set lo up; hostname " + HOST, shell=True, check=True)
    for address in OWN:
        subprocess.run(["ip", "addr", "add", address + "/32", "dev", "lo"], check=True)
    # All others of the network are here, too, but no address of an interface: a system that looks for its own does not take a receiver for itself.
    subprocess.run(["ip", "route", "add", "local", "192.0.2.0/24", "dev", "lo", "src", OWN[0]], check=True)


class Etc:
    """Files of /etc that the whole laboratory sees: users, and a resolver on loopback."""

    def __init__(self):
        self.dir = cleanup.temporary("retour-lab-")
        self.homes = self.dir + "/home"
        with open("/etc/passwd") as passwd, open("/etc/group") as group:
            users, groups = passwd.read(), group.read()
        for uid, name in enumerate(SYSTEM_USERS + PEOPLE, 64001):
            users += "" if "\n%s:" % name in users else "%s:x:%d:%d::%s/%s:/bin/sh\n" % (name, uid, uid, self.homes, name)
            groups += "" if "\n%s:" % name in groups else "%s:x:%d:\n" % (name, uid)
        self.files = {
            "passwd": users, "group": groups, "resolv.conf": "nameserver 127.0.0.1\noptions timeout:2 attempts:2\n", "mailname": HOST + "\n",
            "hosts": "127.0.0.1 localhost\n192.0.2.25 %s mail\n" % HOST, "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\nservices: files\n",
        }
        for name, text in self.files.items():
            with open(os.path.join(self.dir, name), "w") as out:
                out.write(text)
            if not os.path.exists("/etc/" + name):
                continue
            subprocess.run(["mount", "--bind", os.path.join(self.dir, name), "/etc/" + name], check=True)
        for uid, name in enumerate(SYSTEM_USERS + PEOPLE, 64001):
            os.makedirs(os.path.join(self.homes, name))
            os.chown(os.path.join(self.homes, name), uid, uid)


class Room:
    """A root of its own: path("etc/x") is the file /etc/x in it; run and start have programs work there. Of this machine's directories that can be written none is
    in it: what is deleted in a room is gone in the room only."""

    def __init__(self, etc, unpacked):
        self.dir = tempfile.mkdtemp(prefix="retour-room-")  # not cleanup.temporary: nothing may walk through mounts to empty it
        self.root, layers = self.dir + "/root", self.dir + "/layers"
        for path in (self.root, layers):
            os.mkdir(path)
        self.processes, self.closed = [], False
        cleanup.defer(self.close)
        subprocess.run(["mount", "-t", "tmpfs", "none", layers], check=True)
        os.mkdir(layers + "/work")
        shutil.copytree(unpacked, layers + "/up", symlinks=True)
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", "lowerdir=/,upperdir=%s/up,workdir=%s/work" % (layers, layers), self.root], check=True)
        for name in ("tmp", "dev", "run"):
            subprocess.run(["mount", "-t", "tmpfs", "none", self.path(name)], check=True)
        subprocess.run(["mount", "-t", "proc", "none", self.path("proc")], check=True)
        for minor, name in ((3, "null"), (5, "zero"), (8, "random"), (9, "urandom")):
            os.mknod(self.path("dev/" + name), 0o666 | stat.S_IFCHR, os.makedev(1, minor))
            os.chmod(self.path("dev/" + name), 0o666)
        os.chmod(self.path("tmp"), 0o1777)
        self.syslog = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.syslog.bind(self.path("dev/log"))
        os.chmod(self.path("dev/log"), 0o666)
        threading.Thread(target=self.keep_log, daemon=True).start()
        for name, text in etc.files.items():
            self.write("etc/" + name, text)
        shutil.copytree(etc.homes, self.root + etc.homes)
        for name in os.listdir(etc.homes):
            shutil.chown(self.root + os.path.join(etc.homes, name), name, name)

    def keep_log(self):
        """What the system says to syslog lies in its log, too."""
        with open(self.dir + "-log", "ab", 0) as log:
            while True:
                log.write(self.syslog.recv(65536) + b"\n")

    def close(self):
        if self.closed:
            return
        self.closed = True
        for process in self.processes:
            cleanup.end(process)
        self.end_others()
        if os.environ.get("LAB_LOGS"):
            subprocess.run(["sh", "-c", 'cat "$1"/tmp/*log* "$2-log" >"$3/$(basename "$2")" 2>&1; true', "sh", self.root, self.dir, os.environ["LAB_LOGS"]])
        self.unmount()

    def end_others(self):
        """What a command left behind to go on by itself, as dma does with what it cannot deliver yet."""
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.readlink("/proc/%s/root" % pid) == self.root:
                    os.kill(int(pid), signal.SIGKILL)
            except OSError:
                pass

    def unmount(self):
        """Its mounts first; then there are two empty directories, which rmdir takes and nothing else."""
        for path in (self.root, self.dir + "/layers"):
            subprocess.run(["umount", "-R", "-l", path])
            os.rmdir(path)
        os.rmdir(self.dir)
        if os.path.exists(self.dir + "-log"):
            os.unlink(self.dir + "-log")

    def path(self, name):
        return os.path.join(self.root, name.lstrip("/"))

    def write(self, name, text, mode=0o644):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if os.path.islink(path) or os.path.exists(path):
            os.unlink(path)
        with open(path, "w") as out:
            out.write(text)
        os.chmod(path, mode)

    def folder(self, name, owner="root", mode=0o755, group="root"):
        os.makedirs(self.path(name), exist_ok=True)
        os.chmod(self.path(name), mode)
        shutil.chown(self.path(name), owner, group)

    def run(self, *command, input=None, check=True):
        """What it prints, errors too."""
        done = subprocess.run(["chroot", self.root, *command], input=input, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if check and done.returncode:
            raise RuntimeError("%s: %s" % (command[0], done.stdout.decode(errors="replace")[-300:]))
        return done.stdout.decode(errors="replace")

    def start(self, *command):
        """A server, ended with the script; what it prints lies in log()."""
        with open(self.dir + "-log", "ab") as log:
            process = subprocess.Popen(["chroot", self.root, *command], stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=cleanup.die_with_parent,
                                       start_new_session=True)
        self.processes.append(process)
        return process

    def log(self):
        with open(self.dir + "-log", errors="replace") as log:
            return log.read()


def wait_until(condition, seconds=10):
    """Whether CONDITION came true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False
