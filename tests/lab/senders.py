"""The mail systems that send: each takes mail over SMTP or as a command, and makes the bounces. A sender has features (cases.Case.needs) and a version."""
import os
import re
import shutil
import smtplib
import socket
import subprocess

from lab.cases import HERE
from lab.places import HOST, Room, fetch, version, wait_until
from lib import cleanup, postfix

# Recipients of HERE, in the words of /etc/aliases; PROGRAMS fail.
PROGRAMS = {"pipe": "echo The archive is closed; exit 1", "pipe-nobody": "exit 67"}
ALIASES = {"alias": "unknown+alias@cust.example", "several": "full+several@cust.example, taken+several@cust.example",
           "fine": "taken+one@cust.example, taken+two@cust.example", **{name: '"|/tmp/%s"' % name for name in PROGRAMS}}
FORWARDED = "unknown+forward@cust.example"
NETWORKS = "127.0.0.0/8, 192.0.2.0/24"


class Sender:
    """start() it, then submit(). patient: its queue waits, and warns after a second; else what is not taken at once comes back. Raises RuntimeError where it cannot run."""
    packages, features = (), frozenset()
    prose = False  # its own reports have no fields
    patience = 40  # seconds in which all bounces come

    def __init__(self, etc, cache, patient=False):
        self.etc, self.cache, self.patient, self.version = etc, cache, patient, type(self).__name__
        self.address = "192.0.2.26" if patient else "192.0.2.25"
        self.room = Room(etc, fetch(cache, self.packages)) if self.packages else None

    def aliases(self):
        """As a file's text, with the programs and a forwarding file in place."""
        place = self.room.path("usr/local/lib/lab") if self.room else os.path.join(self.etc.dir, "lab")
        os.makedirs(place, exist_ok=True)
        for name, text in {"box": "exit 0", **PROGRAMS}.items():
            with open(os.path.join(place, name), "w") as out:
                out.write("#!/bin/sh\ncat >/dev/null\n%s\n" % text)
            os.chmod(os.path.join(place, name), 0o755)
        forward = (self.room.root if self.room else "") + self.etc.homes + "/anna/.forward"
        with open(forward, "w") as out:
            out.write(FORWARDED + "\n")
        shutil.chown(forward, "anna")
        where = "/usr/local/lib/lab" if self.room else place
        return "".join("%s: %s\n" % (name, to.replace("/tmp", where)) for name, to in ALIASES.items())

    def wait(self, process):
        """Until it listens."""
        if not wait_until(lambda: self.listens() or process.poll() is not None) or process.poll() is not None:
            raise RuntimeError("it does not start: " + (self.room.log()[-300:] if self.room else ""))

    def listens(self):
        try:
            socket.create_connection((self.address, 25), 1).close()
            return True
        except OSError:
            return False

    def stop(self):
        if self.room:
            self.room.close()
        if not wait_until(lambda: not self.listens()):
            raise RuntimeError("%s still listens" % self.version)

    def greeting(self):
        with socket.create_connection((self.address, 25), 20) as sock:
            return sock.makefile().readline().strip()

    def start(self):
        raise NotImplementedError

    def submit(self, sender, to, data, mail=(), rcpt=()):
        with smtplib.SMTP(self.address, 25, local_hostname="client.example.org", timeout=30) as smtp:
            smtp.ehlo()
            smtp.sendmail(sender, to, data, list(mail), list(rcpt))

    def push(self):
        """Makes a waiting queue try again."""


class Postfix(Sender):
    features = frozenset(("dsn", "utf8", "local", "patient", "tls", "mx"))

    def start(self):
        if postfix.missing():
            raise RuntimeError(postfix.missing())
        server = postfix.Postfix()
        with open(server.dir + "/aliases", "w") as out:
            out.write(self.aliases())
        with open(server.dir + "/tls", "w") as out:
            out.write("tls.example encrypt\nbad-tls.example encrypt\n")
        lifetimes = {"delay_warning_time": "1s", "minimal_backoff_time": "1s", "queue_run_delay": "1s"} if self.patient else \
            {"maximal_queue_lifetime": "0", "bounce_queue_lifetime": "0"}
        services = "%s:25 inet n - n - - smtpd\nsmtp unix - - n - - smtp\nrelay unix - - n - - smtp\nlocal unix - n n - - local\ntlsmgr unix - - n 1000? 1 tlsmgr\ntrace unix - - n - 0 bounce\nverify unix - - n - 1 verify\n"
        server.start("permit_mynetworks, reject", services % self.address, default_transport="smtp", inet_interfaces="127.0.0.1, " + self.address,
                     smtp_bind_address=self.address, myhostname=HOST, mynetworks=NETWORKS, mydestination=HERE, local_recipient_maps="",
                     alias_maps="hash:%s/aliases" % server.dir, mail_spool_directory=self.etc.dir + "/spool/", smtputf8_enable="yes",
                     smtp_tls_policy_maps="texthash:%s/tls" % server.dir, smtp_connect_timeout="3s", **lifetimes)
        os.makedirs(self.etc.dir + "/spool", exist_ok=True)
        os.chmod(self.etc.dir + "/spool", 0o1777)
        subprocess.run(["/usr/sbin/postalias", "-c", server.dir, "hash:%s/aliases" % server.dir], check=True)
        self.server = server
        self.version = "Postfix " + subprocess.run(["/usr/sbin/postconf", "-dh", "mail_version"], stdout=subprocess.PIPE, text=True).stdout.strip()

    def stop(self):
        cleanup.end(self.server.process)
        super().stop()


EXIM = """\
primary_hostname = {host}
log_file_path = /tmp/{name}-%slog
local_interfaces = {address}
daemon_smtp_ports = 25
tls_advertise_hosts =
smtputf8_advertise_hosts = *
dsn_advertise_hosts = *
exim_user = Debian-exim
exim_group = Debian-exim
acl_smtp_rcpt = accept
acl_smtp_data = accept
queue_run_max = 2
delay_warning = {warning}
delay_warning_condition = yes
dns_again_means_nonexist =
begin routers
aliases:
  driver = redirect
  domains = {here}
  data = ${{lookup{{$local_part}}lsearch{{/etc/aliases}}}}
  pipe_transport = pipe
forwards:
  driver = redirect
  domains = {here}
  check_local_user
  file = $home/.forward
  no_verify
users:
  driver = accept
  domains = {here}
  check_local_user
  transport = box
nobody:
  driver = redirect
  domains = {here}
  allow_fail
  data = :fail: Unknown user
remote:
  driver = dnslookup
  self = fail
  transport = out
begin transports
out:
  driver = smtp
  interface = {address}
  connect_timeout = 3s
  hosts_require_tls = ${{if match_domain{{$domain}}{{tls.example : bad-tls.example}}{{*}}}}
  hosts_avoid_tls = ${{if match_domain{{$domain}}{{tls.example : bad-tls.example}}{{}}{{*}}}}
  hosts_try_prdr =
pipe:
  driver = pipe
  user = nobody
  group = nogroup
  return_output
box:
  driver = appendfile
  file = /tmp/{name}-box
  user = nobody
  group = nogroup
{retry}
"""


class Exim(Sender):
    packages = ("exim4-daemon-light",)
    features = frozenset(("dsn", "utf8", "local", "patient", "tls", "mx"))

    def start(self):
        name = os.path.basename(self.room.dir)
        self.room.write("etc/aliases", self.aliases())
        self.room.folder("var/spool/exim4", "Debian-exim", 0o750, "Debian-exim")
        self.room.write("etc/exim4/exim4.conf", EXIM.format(host=HOST, name=name, address=self.address, here=HERE, warning="1s" if self.patient else "",
                                                            retry="begin retry\n* * F,1h,1s" if self.patient else ""))
        self.version = re.search(r"Exim version \S+", self.room.run("/usr/sbin/exim4", "-bV"))[0]
        process = self.room.start("/usr/sbin/exim4", "-bdf", "-q1m")
        self.wait(process)

    def push(self):
        self.room.run("/usr/sbin/exim4", "-q", check=False)


OPENSMTPD = """\
queue ttl {ttl}
bounce warn-interval 1s
mta limit conn-delay-route 0
mta limit conn-delay-relay 0
mta limit reconn-delay-route 0
mta limit session-mail-max 1
table aliases file:/etc/aliases
listen on {address} port 25 hostname {host}
action "local" mbox alias <aliases>
action "tls" relay tls src {address}
action "out" relay src {address}
match from any for domain "{here}" action "local"
match from any for domain {{ "tls.example", "bad-tls.example" }} action "tls"
match from any for any action "out"
"""


class OpenSMTPD(Sender):
    packages = ("opensmtpd",)
    patience = 220  # it begins one connection to a host in a second
    features = frozenset(("dsn", "local", "patient", "tls", "mx"))

    def start(self):
        self.room.write("etc/aliases", self.aliases())
        self.room.write("etc/smtpd.conf", OPENSMTPD.format(ttl="1h" if self.patient else "2s", address=self.address, host=HOST, here=HERE))
        self.room.folder("var/spool/smtpd", "root", 0o711)
        for part in ("queue", "corrupt", "incoming", "purge", "temporary"):
            self.room.folder("var/spool/smtpd/" + part, "opensmtpq", 0o700)
        self.room.folder("var/spool/smtpd/offline", "root", 0o770, "opensmtpq")
        locks = self.room.path("usr/libexec/opensmtpd/mail.local")  # in /var/mail; the copy has lost its group
        shutil.chown(locks, "root", "mail")
        os.chmod(locks, 0o2755)
        self.room.folder("var/lib/opensmtpd/empty")
        self.room.folder("run")
        process = self.room.start("/usr/sbin/smtpd", "-d")
        self.wait(process)
        self.version = self.room.log().split("\n")[0].split(": ")[-1].replace("starting", "").strip()

    def push(self):
        self.room.run("/usr/sbin/smtpctl", "schedule", "all", check=False)


SENDMAIL = """\
divert(0)dnl
include(`m4/cf.m4')dnl
OSTYPE(`linux')dnl
define(`confDOMAIN_NAME', `{host}')dnl
define(`QUEUE_DIR', `/var/spool/mqueue')dnl
define(`confPID_FILE', `/run/sendmail.pid')dnl
define(`STATUS_FILE', `')dnl
define(`ALIAS_FILE', `/etc/mail/aliases')dnl
define(`confTO_QUEUERETURN', `{ttl}')dnl
define(`confTO_QUEUEWARN', `{warn}')dnl
define(`confMIN_QUEUE_AGE', `1s')dnl
define(`confTO_IDENT', `0')dnl
define(`confDONT_PROBE_INTERFACES', `true')dnl
define(`confTO_ICONNECT', `3s')dnl
define(`confTO_CONNECT', `3s')dnl
define(`confREFUSE_LA', `1000')dnl
define(`confQUEUE_LA', `1000')dnl
define(`confFORWARD_PATH', `$z/.forward')dnl
define(`confDONT_BLAME_SENDMAIL', `GroupWritableDirPathSafe,ForwardFileInUnsafeDirPath')dnl
define(`LOCAL_MAILER_PATH', `/usr/local/lib/lab/box')dnl
define(`LOCAL_MAILER_ARGS', `box $u')dnl
define(`LOCAL_SHELL_PATH', `/bin/sh')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`promiscuous_relay')dnl the laboratory's network only
FEATURE(`nocanonify')dnl
FEATURE(`no_default_msa')dnl
FEATURE(`access_db', `hash -T<TMPF> /etc/mail/access')dnl
CLIENT_OPTIONS(`Family=inet, Addr={address}')dnl
DAEMON_OPTIONS(`Port=25, Addr={address}, Name=MTA')dnl
LOCAL_DOMAIN(`{here}')dnl
MAILER(`local')dnl
MAILER(`smtp')dnl
"""


class Sendmail(Sender):
    packages = ("sendmail-bin",)
    features = frozenset(("dsn", "local", "patient", "tls", "mx"))

    def start(self):
        if not shutil.which("m4"):
            raise RuntimeError("its configuration is made with m4, which is not here")
        cf = "/usr/share/sendmail/cf/"
        made = subprocess.run(["chroot", self.room.root, "m4", "-D_CF_DIR_=" + cf, "-I" + cf, "-"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, text=True,
                              input=SENDMAIL.format(host=HOST, here=HERE, address=self.address, ttl="1h" if self.patient else "1s", warn="1s" if self.patient else "")).stdout
        self.room.write("etc/mail/sendmail.cf", made)
        self.room.write("etc/mail/aliases", self.aliases())
        self.room.write("etc/mail/access", "TLS_Rcpt:tls.example\tENCR:112\nTLS_Rcpt:bad-tls.example\tENCR:112\n")
        self.room.write("etc/mail/local-host-names", HERE + "\n")
        self.room.folder("var/spool/mqueue", "root", 0o700)
        self.room.folder("run")
        binary = "/usr/libexec/sendmail/sendmail"
        self.room.run("sh", "-c", "cd /etc/mail && /usr/libexec/sendmail/makemap hash access < access")
        self.room.run(binary, "-bi")
        process = self.room.start(binary, "-bD", "-q2s")
        self.wait(process)
        self.version = " ".join(self.greeting().split()[3:5]).rstrip(";")

    def push(self):
        pass


class Courier(Sender):
    packages = ("courier-mta",)
    features = frozenset(("dsn", "utf8", "patient", "mx"))

    def start(self):
        files = {"me": HOST, "defaultdomain": "example.org", "dsnfrom": "Mail Delivery System <MAILER-DAEMON@%s>" % HOST, "locals": "localhost\n" + HOST,
                 "esmtpacceptmailfor": HOST, "queuetime": "1h" if self.patient else "1", "warntime": "1" if self.patient else "1h", "retryalpha": "1",
                 "retrybeta": "1", "retrygamma": "1", "retrymaxdelta": "1", "esmtptimeoutconnect": "3"}
        for name, text in files.items():
            self.room.write("etc/courier/" + name, text + "\n")
        self.room.write("etc/environment", "")
        self.room.write("etc/courier/smtpaccess/default", "192.0.2\tallow,RELAYCLIENT\n127.0.0\tallow,RELAYCLIENT\n")
        for name, more in (("courierd", 'ESMTP_BLOCKBACKSCATTER=""\nESMTP_USE_STARTTLS=0\n'),
                           ("esmtpd", 'ADDRESS=%s\nPORT=25\nBOFHCHECKDNS=0\nTARPIT=0\nCOURIERTLS=""\nMAXPERIP=200\nMAXPERC=200\nMAXDAEMONS=200\n' % self.address)):
            with open(self.room.path("etc/courier/" + name), "a") as out:
                out.write(more)
        for name in ("", "/sts", "/allfilters", "/filters", "/msgq", "/msgs", "/track"):
            self.room.folder("var/lib/courier" + name, "courier", 0o755, "courier")
        self.room.folder("var/lib/courier/tmp", "courier", 0o770, "courier")
        self.room.folder("run/courier", "courier", 0o755, "courier")
        for name in ("sendmail", "submitmkdir"):
            found = self.room.run("sh", "-c", "ls /usr/sbin/%s /usr/lib/courier/courier/%s 2>/dev/null; true" % (name, name)).split()
            for path in found:
                shutil.chown(self.room.path(path), "root" if name == "sendmail" else "courier", "courier")
                os.chmod(self.room.path(path), 0o2755 if name == "sendmail" else 0o4755)
        self.room.run("chown", "-R", "courier:courier", "/etc/courier/aliases", "/etc/courier/aliasdir", check=False)
        self.room.run("ln", "-sf", "../lib/courier/makedat", "/usr/bin/makedat")  # as its package's alternatives would
        for command in ("makesmtpaccess", "makealiases", "makeacceptmailfor"):
            self.room.run("/usr/sbin/" + command, check=False)
        self.room.start("sh", "-c", "set -a; . /etc/courier/courierd; exec /usr/lib/courier/courier/courierd")
        process = self.room.start("sh", "-c", "set -a; . /etc/courier/esmtpd; export ACCESSFILE=/etc/courier/smtpaccess.dat; exec /usr/sbin/couriertcpd -address=%s "
                                  "-nodnslookup -noidentlookup -access=/etc/courier/smtpaccess.dat -maxprocs=200 -maxperip=200 -user=courier -group=courier 25 "
                                  "/usr/sbin/courieresmtpd" % self.address)
        self.wait(process)
        self.version = "Courier " + version(self.cache, "courier-mta")


class Dma(Sender):
    """No server: a command takes the mail, and a process of its own delivers it. Its queue is tried by the command, and kept for five days."""
    packages, prose = ("dma",), True
    features = frozenset(("mx",))

    def start(self):
        self.room.write("etc/dma/dma.conf", "MAILNAME /etc/mailname\nALIASES /etc/aliases\n")
        self.room.write("etc/aliases", "")
        self.room.folder("var/spool/dma", "mail", 0o2775, "mail")
        self.version = "dma " + version(self.cache, "dma")

    def submit(self, sender, to, data, mail=(), rcpt=()):
        self.room.run("/usr/sbin/dma", "-f", sender, *to, input=data.replace(b"\r\n", b"\n"))

    def push(self):
        self.room.run("/usr/sbin/dma", "-q", check=False)


class Nullmailer(Sender):
    """Gives all mail to one host; what that refuses comes back."""
    packages = ("nullmailer",)

    def start(self):
        for name, text in (("me", HOST), ("defaultdomain", "example.org"), ("remotes", "192.0.2.10 smtp"), ("pausetime", "1"), ("maxpause", "1"), ("sendtimeout", "30"),
                           ("queuelifetime", "1")):
            self.room.write("etc/nullmailer/" + name, text + "\n")
        for name in ("", "/queue", "/tmp", "/failed"):
            self.room.folder("var/spool/nullmailer" + name, "nullmail", 0o755)
        self.room.run("sh", "-c", "rm -f /var/spool/nullmailer/trigger; mkfifo -m 622 /var/spool/nullmailer/trigger; chown nullmail /var/spool/nullmailer/trigger")
        self.room.start("/usr/sbin/nullmailer-send")
        self.version = "nullmailer " + version(self.cache, "nullmailer").split("%3a")[-1]

    def submit(self, sender, to, data, mail=(), rcpt=()):
        self.room.run("/usr/bin/nullmailer-inject", "-f", sender, *to, input=data.replace(b"\r\n", b"\n"))


SENDERS = {"postfix": Postfix, "exim": Exim, "opensmtpd": OpenSMTPD, "sendmail": Sendmail, "courier": Courier, "dma": Dma, "nullmailer": Nullmailer}
