"""Cyrus and Courier of our own on free loopback ports, from packages that tests/servers.sh unpacked: IMAP and POP3, each plain (with STARTTLS/STLS) and TLS.

Mail is delivered and counted over IMAP, as any client does. Each has its own directory and ends with the test."""
import glob
import imaplib
import os
import shutil
import socket
import subprocess
import sys
import time

from . import cleanup
from .certificates import authority
from .dovecot import PASSWORD, account, free_port
from .program import ROOT

UNPACKED = os.environ.get("RETOUR_SERVERS", os.path.join(ROOT, "build", "servers"))
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


def libraries():
    return ":".join([UNPACKED + "/usr/lib"] + glob.glob(UNPACKED + "/usr/lib/*-linux-*"))


def lacks(binary):
    """What keeps BINARY from running here; empty when nothing does."""
    path = UNPACKED + binary
    if not os.path.exists(path):
        return "%s is not unpacked (tests/servers.sh)" % binary
    found = subprocess.run(["ldd", path], capture_output=True, text=True, env={"PATH": PATH, "LD_LIBRARY_PATH": libraries()})
    return ", ".join(line.strip() for line in found.stdout.splitlines() if "not found" in line and "libfam" not in line)


class _Server:
    """host; ports imap, imaps, pop3, pop3s; user; ca_file."""
    host = "127.0.0.1"
    prefix = ""

    def _prepare(self):
        self.base = cleanup.temporary("retour-%s-" % self.name)
        os.chmod(self.base, 0o755)
        self.uid, self.gid, self.account, _group = account()
        self.ca_file = authority().ca_file
        certificate, key = authority().cert("good")
        self.certificate, self.key = self.base + "/cert.pem", self.base + "/key.pem"
        for source, goal in ((certificate, self.certificate), (key, self.key)):
            shutil.copyfile(source, goal)
        self.imap, self.imaps, self.pop3, self.pop3s = (free_port() for _ in range(4))

    def _chown(self):
        if os.getuid() == 0:
            for path, folders, files in os.walk(self.base):
                for name in ["."] + folders + files:
                    os.lchown(os.path.join(path, name), self.uid, self.gid)

    def _await(self):
        deadline = time.monotonic() + 20
        waiting = [self.imap, self.imaps, self.pop3, self.pop3s]
        while waiting and time.monotonic() < deadline:
            try:
                socket.create_connection((self.host, waiting[0]), 1).close()
                waiting.pop(0)
            except OSError:
                time.sleep(0.05)
        if waiting:
            raise RuntimeError("%s does not start:\n%s" % (self.name, self.log()))

    def log(self):
        with open(self.base + "/log", errors="replace") as f:
            return f.read()

    def stop(self):
        for process in self.processes:
            cleanup.end(process, grace=2)

    def _client(self):
        client = imaplib.IMAP4(self.host, self.imap)
        client.login(self.user, PASSWORD)
        return client

    def folder(self, name):
        return name if name == "INBOX" else self.prefix + name

    def clear(self):
        client = self._client()
        for line in client.list()[1]:
            name = line.decode().rsplit(" ", 1)[1].strip('"')
            for _ in range(50):  # while the last visit's end still holds it
                if name.upper() == "INBOX" or client.delete(name)[0] == "OK":
                    break
                time.sleep(0.1)
        client.select("INBOX")
        client.store("1:*", "+FLAGS", "\\Deleted")
        client.expunge()
        client.logout()

    def deliver(self, messages, folder="INBOX"):
        client = self._client()
        for message in messages:
            answer = client.append(self.folder(folder), None, None, message)
            assert answer[0] == "OK", answer
        client.logout()

    def count(self, *folders):
        """How many messages lie in each of FOLDERS (default: INBOX), one number or several."""
        client = self._client()
        found = []
        for folder in folders or ("INBOX",):
            status, number = client.select(self.folder(folder), readonly=True)
            found.append(int(number[0]) if status == "OK" else 0)
        client.logout()
        return tuple(found) if folders else found[0]

    def mailbox(self, protocol="imap", tls="implicit", password_file=None, **keys):
        port = {"imap": (self.imaps, self.imap), "pop3": (self.pop3s, self.pop3)}[protocol][0 if tls == "implicit" else 1]
        return dict({"protocol": protocol, "host": self.host, "port": port, "tls": tls, "ca_file": self.ca_file, "user": self.user, "password_file": password_file}, **keys)


class Cyrus(_Server):
    name, user = "cyrus", "bounces"

    @staticmethod
    def lacks():
        return lacks("/usr/lib/cyrus/bin/imapd") or lacks("/usr/lib/cyrus/bin/pop3d") or lacks("/usr/sbin/saslpasswd2")

    def __init__(self):
        self._prepare()
        environment = {"PATH": PATH, "LD_LIBRARY_PATH": libraries()}
        for name in ("conf/db", "conf/socket", "conf/proc", "conf/log", "conf/lock", "conf/msg", "conf/ptclient", "conf/quota", "conf/user", "conf/sieve", "spool"):
            os.makedirs("%s/%s" % (self.base, name))
        with open(self.base + "/imapd.conf", "w") as f:
            f.write("""configdirectory: {base}/conf
defaultpartition: default
partition-default: {base}/spool
sendmail: /bin/false
admins: cyrus
cyrus_user: {account}
allowplaintext: yes
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {base}/sasldb2
sasl_mech_list: PLAIN LOGIN CRAM-MD5
unixhierarchysep: yes
autocreate_quota: 0
autocreate_post: yes
servername: localhost
tls_server_cert: {certificate}
tls_server_key: {key}
""".format(**vars(self)))
        run = '%s/usr/lib/cyrus/bin/%%s -C %s/imapd.conf' % (UNPACKED, self.base)
        services = (("imap", "imapd", self.imap), ("imaps", "imapd -s", self.imaps), ("pop3", "pop3d", self.pop3), ("pop3s", "pop3d -s", self.pop3s))
        with open(self.base + "/cyrus.conf", "w") as f:
            f.write("START {\n}\nSERVICES {\n%s}\nEVENTS {\n}\n" % "".join(
                '  %s cmd="%s" listen="%s:%d" prefork=0\n' % (name, run % program, self.host, port) for name, program, port in services))
        subprocess.run([UNPACKED + "/usr/sbin/saslpasswd2", "-p", "-c", "-f", self.base + "/sasldb2", "-u", "localhost", self.user], input=PASSWORD.encode(), env=environment, check=True)
        self._chown()
        become = {} if os.getuid() else {"user": self.uid, "group": self.gid, "extra_groups": []}
        with open(self.base + "/log", "wb") as log:
            self.processes = [subprocess.Popen([UNPACKED + "/usr/lib/cyrus/bin/master", "-C", self.base + "/imapd.conf", "-M", self.base + "/cyrus.conf", "-p", self.base + "/pid", "-D"],
                                               stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, cwd=self.base, start_new_session=True,
                                               preexec_fn=cleanup.die_with_parent, **become)]
        cleanup.defer(self.stop)
        self._await()


NO_FAM = """int FAMErrno;
int FAMOpen(void *c) { (void)c; return -1; }
int FAMClose(void *c) { (void)c; return -1; }
int FAMMonitorDirectory(void *c, const char *n, void *r, void *u) { (void)c, (void)n, (void)r, (void)u; return -1; }
int FAMMonitorFile(void *c, const char *n, void *r, void *u) { (void)c, (void)n, (void)r, (void)u; return -1; }
int FAMCancelMonitor(void *c, const void *r) { (void)c, (void)r; return -1; }
int FAMNextEvent(void *c, void *e) { (void)c, (void)e; return -1; }
int FAMPending(void *c) { (void)c; return 0; }
"""


class Courier(_Server):
    """Its login asks a daemon at a path that is compiled in: it runs in a mount namespace with a /run of its own, and the daemon is ours."""
    name, user, prefix = "courier", "bounces@example.org", "INBOX."

    @staticmethod
    def lacks():
        missing = lacks("/usr/bin/imapd") or lacks("/usr/lib/courier/courier/imaplogin") or lacks("/usr/sbin/couriertcpd") or lacks("/usr/lib/courier/courier/courierpop3d")
        if not missing and (os.getuid() or subprocess.run(["unshare", "-m", "-p", "-f", "mount", "-t", "tmpfs", "none", "/run"], stderr=subprocess.DEVNULL).returncode):
            missing = "no mount namespace for this user"
        return missing

    def _without_fam(self):
        """Courier waits seconds for the file alteration monitor in each session: one that is not there says so at once."""
        folder = self.base + "/lib"
        os.mkdir(folder)
        subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-x", "c", "-o", folder + "/libfam.so.0", "-"], input=NO_FAM.encode(), check=True)
        return folder

    def __init__(self):
        self._prepare()
        for name in ("new", "cur", "tmp"):
            os.makedirs("%s/home/Maildir/%s" % (self.base, name))
        with open(self.base + "/both.pem", "w") as f:
            for path in (self.key, self.certificate):
                with open(path) as part:
                    f.write(part.read())
        self._chown()
        environment = {
            "PATH": PATH + ":%s/usr/bin" % UNPACKED, "LD_LIBRARY_PATH": self._without_fam() + ":" + libraries(), "MAILDIRPATH": "Maildir", "COURIERTLS": UNPACKED + "/usr/bin/couriertls",
            "IMAP_CAPABILITY": "IMAP4rev1 UIDPLUS CHILDREN NAMESPACE", "IMAP_CAPABILITY_TLS": "IMAP4rev1 UIDPLUS CHILDREN NAMESPACE AUTH=PLAIN", "IMAP_STARTTLS": "YES", "IMAP_TLS_REQUIRED": "0",
            "IMAP_MOVE_EXPUNGE_TO_TRASH": "0", "IMAP_TRASHFOLDERNAME": "Trash", "IMAP_EMPTYTRASH": "", "POP3AUTH": "PLAIN LOGIN", "POP3AUTH_TLS": "PLAIN LOGIN", "POP3_STARTTLS": "YES", "POP3_TLS_REQUIRED": "0",
            "TLS_CERTFILE": self.base + "/both.pem", "TLS_PROTOCOL": "TLSv1.2+", "TLS_STARTTLS_PROTOCOL": "TLSv1.2+", "TLS_VERIFYPEER": "NONE", "SYSCONFDIR": self.base,
        }
        listen, courier = UNPACKED + "/usr/sbin/couriertcpd -address=%s -nodnslookup -noidentlookup -maxprocs=40 -maxperip=40 " % self.host, UNPACKED + "/usr/lib/courier/courier/"
        tls = UNPACKED + "/usr/bin/couriertls -server -tcpd "
        imap, pop3 = courier + "imaplogin %s/usr/bin/imapd Maildir" % UNPACKED, courier + "courierpop3login %scourierpop3d Maildir" % courier
        # STARTTLS changes to the user courier, whom nobody has made here
        with open("/etc/passwd") as f, open(self.base + "/passwd", "w") as g:
            g.write(f.read() + "courier:x:%d:%d::/nonexistent:/bin/false\n" % (self.uid, self.gid))
        script = "mount --bind %s/passwd /etc/passwd && " % self.base
        script += "mount -t tmpfs none /run && mkdir -p /run/courier/authdaemon && chmod 755 /run/courier /run/courier/authdaemon || exit 1\n"
        script += "%s %s %s %d %d &\n" % (sys.executable, os.path.join(ROOT, "tests", "lib", "courierauth.py"), self.base, self.uid, self.gid)
        script += "until [ -S /run/courier/authdaemon/socket ]; do sleep 0.05; done\n"
        for port, how in ((self.imap, imap), (self.imaps, tls + imap), (self.pop3, pop3), (self.pop3s, tls + pop3)):
            script += "%s%d %s &\n" % (listen, port, how)
        script += "wait\n"
        with open(self.base + "/log", "wb") as log:
            self.processes = [subprocess.Popen(["unshare", "-m", "-p", "-f", "--kill-child", "sh", "-c", script], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.base, start_new_session=True,
                                               env=dict(environment, RETOUR_PASSWORD=PASSWORD), preexec_fn=cleanup.die_with_parent)]
        cleanup.defer(self.stop)
        self._await()
