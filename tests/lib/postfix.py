"""A real Postfix of our own: one smtpd on loopback, configuration, queue and data in a temporary directory, ended by its process id. Needs root, as Postfix does."""
import grp
import os
import re
import pwd
import shutil
import socket
import subprocess
import time

from . import cleanup
from .dovecot import free_port

MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
rewrite unix - - n - - trivial-rewrite
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
qmgr unix n - n 300 1 qmgr
discard unix - - n - - discard
error unix - - n - - error
retry unix - - n - - error
postlog unix-dgram n - n - 1 postlogd
"""


def missing():
    """Why there can be none here, or None."""
    if os.geteuid() != 0:
        return "Postfix starts only as root"
    if not shutil.which("postconf", path="/usr/sbin:/usr/bin:/sbin"):
        return "Postfix is not installed"
    return None


class Postfix:
    """Postfix("check_recipient_access socketmap:unix:/path:retour, permit_mynetworks, reject"); port, log(); recipients are thrown away.
    shared: a directory in which files made are of Postfix's group."""

    def __init__(self, restrictions=None):
        self.dir = cleanup.temporary("retour-postfix-")
        self.port = free_port()
        user = pwd.getpwnam(self._default("mail_owner"))
        self.shared = os.path.join(self.dir, "shared")
        for name, mode in (("queue", 0o755), ("data", 0o700), ("shared", 0o2750)):
            path = os.path.join(self.dir, name)
            os.mkdir(path)
            if name != "queue":
                os.chown(path, user.pw_uid if name == "data" else 0, grp.getgrgid(user.pw_gid).gr_gid)
            os.chmod(path, mode)
        self.process = None
        if restrictions:
            self.start(restrictions)

    @staticmethod
    def _default(name):
        return subprocess.run(["/usr/sbin/postconf", "-dhx", name], stdout=subprocess.PIPE, check=True).stdout.decode().strip()

    def start(self, restrictions, master="", **more):
        """RESTRICTIONS of recipients, None: Postfix's own; MASTER: further services; MORE of main.cf."""
        settings = {
            "compatibility_level": "3.6", "queue_directory": self.dir + "/queue", "data_directory": self.dir + "/data",
            "maillog_file": self.dir + "/log", "maillog_file_prefixes": self.dir, "inet_interfaces": "127.0.0.1", "inet_protocols": "ipv4",
            "myhostname": "mail.example.org", "mydestination": "", "mynetworks": "127.0.0.0/8", "default_transport": "discard:", "alias_maps": "",
            "smtpd_relay_restrictions": "permit", "smtpd_recipient_restrictions": restrictions, "smtputf8_enable": "no", **more,
        }
        with open(self.dir + "/main.cf", "w") as f:
            f.writelines("%s = %s\n" % pair for pair in settings.items() if pair[1] is not None)
        with open(self.dir + "/master.cf", "w") as f:
            f.write(MASTER.format(port=self.port) + master)
        subprocess.run(["/usr/sbin/postfix", "-c", self.dir, "check"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        self.process = subprocess.Popen([self._default("daemon_directory") + "/master", "-c", self.dir, "-d"], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=cleanup.die_with_parent, start_new_session=True)
        cleanup.defer(cleanup.end, self.process)
        for _ in range(200):
            try:
                for port in [self.port] + re.findall(r"^127\.0\.0\.1:(\d+) +inet ", master, re.M):  # they are bound one after the other
                    socket.create_connection(("127.0.0.1", int(port)), 1).close()
                return
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.05)
        raise RuntimeError("Postfix does not start:\n" + self.log())

    def log(self):
        try:
            with open(self.dir + "/log", errors="replace") as f:
                return f.read()
        except OSError:
            return ""
