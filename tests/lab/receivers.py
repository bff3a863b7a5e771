"""Mail systems that receive, and refuse by rules of their own: their answers are real. Each has a domain rx-NAME.example. What they take and cannot deliver they send
back themselves."""
import glob
import os
import shutil
import subprocess

from lab.cases import VIRUS
from lab.places import Room, fetch, wait_until
from lib import cleanup, postfix
from lib.dovecot import Dovecot, free_port

BOXES = "rx-postfix.example"
MILTER_PATIENCE = 15
MAILMAN_PATIENCE = 90

# --- Postfix, and behind it Dovecot -----------------------------------------------

BOXES_CONFIG = """
protocols = imap pop3 lmtp
service lmtp {{
  chroot =
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {port}
  }}
}}
mail_plugins = $mail_plugins quota
protocol lmtp {{
  mail_plugins = $mail_plugins quota sieve
  postmaster_address = postmaster@rx-postfix.example
  hostname = mx.rx-postfix.example
}}
submission_host = 127.0.0.1:{submission}
plugin {{
  quota = maildir:User quota
  quota_rule = *:bytes=20000
  sieve = file:{scripts}/%n.sieve
}}
"""
SCRIPTS = {
    "away": 'require "vacation"; vacation :days 1 :addresses ["away@rx-postfix.example"] :subject "Not here" "I am on holidays until Monday.";',
    "declines": 'require "reject"; reject "I do not want mail from you any more.";',
    "passes-on": 'redirect "unknown+sieve@cust.example";',
}
ACCESS = {  # recipient: what Postfix's access table says
    "listed": "reject_rbl_client bl.example", "sender": "from_us", "closed": "REJECT This list is closed",
    "greylisted": "DEFER_IF_PERMIT 4.2.0 Greylisted, see http://postgrey.example/help", "later": "450 4.3.2 Later",
}
FROM_OUTSIDE = "192.0.2.31:25 inet n - n - - smtpd\n192.0.2.35:25 inet n - n - - smtpd\n"
DELIVERY = "lmtp unix - - n - - lmtp\nsmtp unix - - n - - smtp\nrelay unix - - n - - smtp\ntrace unix - - n - 0 bounce\n"
MILTERS = "192.0.2.%d:25 inet n - n - - smtpd -o smtpd_milters=inet:127.0.0.1:%d\n"


class Boxes:
    """Postfix with Dovecot's mailboxes. milters: {address's last number: port of its milter}"""

    def __init__(self, milters=None):
        port, scripts, server = free_port(), cleanup.temporary("retour-sieve-"), postfix.Postfix()
        os.chmod(scripts, 0o777)
        for name, text in SCRIPTS.items():
            with open("%s/%s.sieve" % (scripts, name), "w") as out:
                out.write(text + "\n")
        self.dovecot = Dovecot(users={"full@" + BOXES: "secret"}, extra=BOXES_CONFIG.format(port=port, scripts=scripts, submission=server.port))
        self.dovecot.deliver("full@" + BOXES, [b"Subject: much\r\n\r\n" + b"x" * 70 + b"\r\n"] * 1)
        self.dovecot.deliver("full@" + BOXES, [b"Subject: more\r\n\r\n" + (b"x" * 70 + b"\r\n") * 300])
        self.scripts = scripts
        cleanup.defer(self.keep_log)
        for name, text in (("access", "".join("%s@%s %s\n" % (name, BOXES, what) for name, what in ACCESS.items())),
                           ("boxes", "".join("%s@%s box\n" % (name, domain) for name in ["full", "box", "size", *SCRIPTS, *ACCESS] for domain in
                                             (BOXES, "rx-spam.example", "rx-clam.example"))),
                           ("headers", "/^X-Lab: refused/ REJECT We do not take this kind of mail\n")):
            with open("%s/%s" % (server.dir, name), "w") as out:
                out.write(text)
        server.start("permit_mynetworks, reject_unauth_destination, reject_unlisted_recipient, check_recipient_access texthash:%s/access, permit" % server.dir,
                     FROM_OUTSIDE + DELIVERY + "".join(MILTERS % pair for pair in (milters or {}).items()),
                     myhostname="mx.rx-postfix.example", mynetworks="127.0.0.0/8", mydestination="", virtual_mailbox_domains=BOXES + ", rx-spam.example, rx-clam.example",
                     virtual_mailbox_maps="texthash:%s/boxes" % server.dir, virtual_transport="lmtp:inet:127.0.0.1:%d" % port, default_transport="smtp",
                     message_size_limit="200000", header_checks="regexp:%s/headers" % server.dir, smtpd_relay_restrictions="permit", maximal_queue_lifetime="0",
                     bounce_queue_lifetime="0", smtpd_restriction_classes="from_us", from_us="check_sender_access inline:{news.example.com=REJECT}", smtpd_delay_reject="yes", milter_default_action="tempfail", smtp_bind_address="192.0.2.31")


    def forget(self):
        """Whom Sieve has answered, and what it sent on: or each system but the first would be spared."""
        for name in SCRIPTS:
            for path in glob.glob("%s/mail/%s@%s/.dovecot.lda-dupes" % (self.dovecot.base, name, BOXES)):
                os.unlink(path)

    def keep_log(self):
        if os.environ.get("LAB_LOGS"):
            subprocess.run("cat %s %s/*.log >%s/dovecot" % (self.dovecot.log_path, self.scripts, os.environ["LAB_LOGS"]), shell=True)


# --- Exim, sendmail, OpenSMTPD ------------------------------------------------------

EXIM = """\
primary_hostname = mx.rx-exim.example
log_file_path = /tmp/exim-%slog
local_interfaces = 192.0.2.32
daemon_smtp_ports = 25
tls_advertise_hosts =
exim_user = Debian-exim
exim_group = Debian-exim
message_size_limit = 200K
acl_smtp_rcpt = rcpt
acl_smtp_data = data
domainlist local_domains = rx-exim.example
begin acl
rcpt:
  deny local_parts = listed
       dnslists = bl.example
       message = $sender_host_address is listed at $dnslist_domain: $dnslist_text
  deny local_parts = callout
       !verify = sender/callout=3s
  defer local_parts = later
       message = Please try again later
  accept domains = +local_domains
       endpass
       verify = recipient
  deny message = relay not permitted
data:
  deny condition = ${{if match{{$h_X-Lab:}}{{refused}}}}
       message = This message scored 17.3 spam points
  accept
begin routers
boxes:
  driver = accept
  domains = +local_domains
  local_parts = box : full : listed : callout : later : size
  transport = box
out:
  driver = dnslookup
  domains = ! +local_domains
  transport = out
begin transports
out:
  driver = smtp
  interface = 192.0.2.32
  hosts_avoid_tls = *
box:
  driver = appendfile
  file = /tmp/boxes
  quota = ${{if eq{{$local_part}}{{full}}{{10}}{{1M}}}}
  user = nobody
  group = nogroup
"""


def exim(etc, cache):
    room = Room(etc, fetch(cache, ("exim4-daemon-light",)))
    room.folder("var/spool/exim4", "Debian-exim", 0o750, "Debian-exim")
    room.write("etc/exim4/exim4.conf", EXIM.format())
    room.start("/usr/sbin/exim4", "-bdf", "-q1m")


SENDMAIL = """\
divert(0)dnl
include(`m4/cf.m4')dnl
OSTYPE(`linux')dnl
define(`confDOMAIN_NAME', `mx.rx-sendmail.example')dnl
define(`QUEUE_DIR', `/var/spool/mqueue')dnl
define(`confPID_FILE', `/run/sendmail.pid')dnl
define(`STATUS_FILE', `')dnl
define(`ALIAS_FILE', `/etc/mail/aliases')dnl
define(`confTO_IDENT', `0')dnl
define(`confREFUSE_LA', `1000')dnl
define(`confQUEUE_LA', `1000')dnl
define(`confDONT_PROBE_INTERFACES', `true')dnl
define(`confMAX_MESSAGE_SIZE', `200000')dnl
define(`LOCAL_MAILER_PATH', `/bin/true')dnl
define(`LOCAL_MAILER_ARGS', `true $u')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`nocanonify')dnl
FEATURE(`no_default_msa')dnl
FEATURE(`access_db', `hash -T<TMPF> /etc/mail/access')dnl
FEATURE(`blocklist_recipients')dnl
FEATURE(`dnsbl', `bl2.example')dnl
DAEMON_OPTIONS(`Port=25, Addr=192.0.2.33, Name=MTA')dnl
LOCAL_DOMAIN(`rx-sendmail.example')dnl
MAILER(`local')dnl
MAILER(`smtp')dnl
"""


def sendmail(etc, cache):
    if not shutil.which("m4"):
        raise RuntimeError("its configuration is made with m4, which is not here")
    room, cf = Room(etc, fetch(cache, ("sendmail-bin",))), "/usr/share/sendmail/cf/"
    made = subprocess.run(["chroot", room.root, "m4", "-D_CF_DIR_=" + cf, "-I" + cf, "-"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, text=True,
                          input=SENDMAIL).stdout
    room.write("etc/mail/sendmail.cf", made)
    room.write("etc/mail/aliases", "box: otto\nsize: otto\n")
    room.write("etc/mail/access", "To:closed@rx-sendmail.example\tERROR:5.7.1:550 Mailbox closed to outside senders\nTo:anna@rx-sendmail.example\tREJECT\n")
    room.folder("var/spool/mqueue", "root", 0o700)
    room.run("sh", "-c", "cd /etc/mail && /usr/libexec/sendmail/makemap hash access < access && /usr/libexec/sendmail/sendmail -bi")
    room.start("unshare", "-u", "sh", "-c", "hostname mx.rx-sendmail.example; exec /usr/libexec/sendmail/sendmail -bD -q2s")  # who has its host's name may relay


OPENSMTPD = """\
table boxes {{ "size@rx-opensmtpd.example" = "nobody" }}
smtp max-message-size "200K"
listen on 192.0.2.34 port 25 hostname mx.rx-opensmtpd.example
action "local" mbox virtual <boxes>
match from any for domain "rx-opensmtpd.example" action "local"
"""


def opensmtpd(etc, cache):
    room = Room(etc, fetch(cache, ("opensmtpd",)))
    room.write("etc/smtpd.conf", OPENSMTPD.format())
    room.folder("var/spool/smtpd", "root", 0o711)
    for part in ("queue", "corrupt", "incoming", "purge", "temporary"):
        room.folder("var/spool/smtpd/" + part, "opensmtpq", 0o700)
    room.folder("var/spool/smtpd/offline", "root", 0o770, "opensmtpq")
    room.folder("var/lib/opensmtpd/empty")
    room.start("/usr/sbin/smtpd", "-d")


# --- mailing lists -------------------------------------------------------------------

LISTS_EXIM = """\
primary_hostname = mx.rx-list.example
log_file_path = /tmp/exim-%slog
local_interfaces = 192.0.2.38
daemon_smtp_ports = 25
tls_advertise_hosts =
exim_user = Debian-exim
exim_group = Debian-exim
acl_smtp_rcpt = accept
begin routers
lists:
  driver = accept
  domains = rx-list.example
  address_data = ${lookup{$local_part}lsearch{/etc/lists}{$value}fail}
  transport = list
begin transports
list:
  driver = pipe
  command = /usr/bin/mlmmj-receive -F -L $address_data
  user = list
  group = list
  home_directory = /var/spool/mlmmj
  current_directory = /var/spool/mlmmj
"""
LISTS = {"closed": {"subonlypost": ""}, "small": {"maxmailsize": "5000"}, "held": {"moderated": ""}}  # mlmmj's tunables


def mlmmj(etc, cache):
    room = Room(etc, fetch(cache, PACKAGES["list"]))
    room.folder("var/spool/exim4", "Debian-exim", 0o750, "Debian-exim")
    room.write("etc/exim4/exim4.conf", LISTS_EXIM)
    room.write("etc/lists", "".join("%s: /var/spool/mlmmj/%s\n" % (name, name) for name in LISTS))
    for name, tunables in LISTS.items():
        top = "var/spool/mlmmj/" + name
        for part in ("incoming", "queue", "queue/discarded", "archive", "subconf", "unsubconf", "bounce", "control", "moderation", "subscribers.d", "digesters.d",
                     "requeue", "nomailsubs.d"):
            room.folder(os.path.join(top, part))
        shutil.copytree(room.path("usr/share/mlmmj/text.skel/en"), room.path(top + "/text"))
        for tunable, value in {"listaddress": name + "@rx-list.example", "owner": "owner@news.example.com", "moderators": "owner@rx-list.example",
                               "relayhost": "192.0.2.11", **tunables}.items():
            room.write(os.path.join(top, "control", tunable), value + "\n")
        room.write(top + "/index", "0\n")
    room.run("chown", "-R", "list:list", "/var/spool/mlmmj")
    room.start("/usr/sbin/exim4", "-bdf", "-q1m")


MAILMAN_EXIM = """\
primary_hostname = mx.rx-mailman.example
log_file_path = /tmp/exim-%slog
local_interfaces = 192.0.2.39
daemon_smtp_ports = 25
tls_advertise_hosts =
exim_user = Debian-exim
exim_group = Debian-exim
acl_smtp_rcpt = accept
begin routers
lists:
  driver = accept
  domains = rx-mailman.example
  transport = list
out:
  driver = dnslookup
  domains = ! rx-mailman.example
  transport = out
begin transports
out:
  driver = smtp
  interface = 192.0.2.39
  hosts_avoid_tls = *
list:
  driver = smtp
  protocol = lmtp
  hosts = 127.0.0.1
  port = {port}
  allow_localhost
  hosts_override
  rcpt_include_affixes
"""
MAILMAN = """\
[mailman]
layout: lab
site_owner: owner@rx-mailman.example
[paths.lab]
var_dir: /var/lib/mailman3
bin_dir: /usr/lib/mailman3/bin
[mta]
incoming: mailman.mta.null.NullMTA
outgoing: mailman.mta.deliver.deliver
smtp_host: 192.0.2.11
smtp_port: 25
lmtp_host: 127.0.0.1
lmtp_port: {port}
[webservice]
port: {web}
"""
IDLE = "".join("[runner.%s]\nstart: no\n" % name for name in ("archive", "bounces", "command", "digest", "nntp", "pipeline", "rest", "retry", "task"))
# Whoever is no member is refused, waits for a moderator, or the mail is too large: Mailman's own words.
MAILMAN_LISTS = """\
from mailman.app.lifecycle import create_list
from mailman.config import config
from mailman.core.initialize import initialize
from mailman.interfaces.action import Action
from mailman.interfaces.domain import IDomainManager
from zope.component import getUtility
initialize("/etc/mailman3/mailman.cfg")
getUtility(IDomainManager).add("rx-mailman.example")
for name, action in (("closed", Action.reject), ("held", Action.hold)):
    create_list(name + "@rx-mailman.example", ["owner@rx-mailman.example"]).default_nonmember_action = action
config.db.commit()
"""


def mailman(etc, cache):
    """Mailman 3, and an Exim before it."""
    room, port = Room(etc, fetch(cache, PACKAGES["mailman"])), free_port()
    room.folder("var/spool/exim4", "Debian-exim", 0o750, "Debian-exim")
    room.write("etc/exim4/exim4.conf", MAILMAN_EXIM.format(port=port))
    for name in ("var/lib/mailman3", "var/log/mailman3", "run/mailman3"):
        room.folder(name, "list", 0o755, "list")
    room.write("etc/mailman3/mailman.cfg", MAILMAN.format(port=port, web=free_port()) + IDLE)
    room.write("etc/mailman3/lists.py", MAILMAN_LISTS)
    as_list = ("setpriv", "--reuid=list", "--regid=list", "--clear-groups", "/usr/bin/python3")
    room.run(*as_list, "/etc/mailman3/lists.py")
    room.start(*as_list, "/usr/lib/mailman3/bin/master", "-C", "/etc/mailman3/mailman.cfg", "--force")
    if not wait_until(lambda: listens(port), MAILMAN_PATIENCE):
        raise RuntimeError("it does not start: " + room.log()[-300:] + room.run("sh", "-c", "tail -n 3 /var/lib/mailman3/logs/*; true"))
    room.start("/usr/sbin/exim4", "-bdf", "-q1m")


# --- filters ------------------------------------------------------------------------


def rspamd(etc, cache):
    """A milter's port; rspamd refuses GTUBE by itself."""
    room, port = Room(etc, fetch(cache, ("rspamd",))), free_port()
    for name in ("var/lib/rspamd", "var/log/rspamd", "run/rspamd"):
        room.folder(name, "_rspamd", 0o755, "_rspamd")
    room.write("etc/rspamd/local.d/worker-proxy.inc", 'bind_socket = "127.0.0.1:%d";\nmilter = yes;\ntimeout = 20s;\nupstream "local" { default = yes; self_scan = yes; }\n' % port)
    room.write("etc/rspamd/local.d/worker-normal.inc", "enabled = false;\n")
    room.write("etc/rspamd/local.d/worker-controller.inc", "enabled = false;\n")
    room.write("etc/rspamd/local.d/worker-fuzzy.inc", "enabled = false;\n")
    room.write("etc/rspamd/local.d/options.inc", 'dns { nameserver = ["127.0.0.1"]; timeout = 1s; }\ngtube_patterns = "reject";\nurl_tld = "/etc/rspamd/tld";\n')
    room.write("etc/rspamd/tld", "com\nexample\n")  # not ten thousand, which take a minute
    room.start("/usr/bin/rspamd", "-f", "-u", "_rspamd", "-g", "_rspamd")
    return room, port


def clamav(etc, cache):
    """A milter's port; its only signature is VIRUS."""
    room, port, inside = Room(etc, fetch(cache, ("clamav-milter", "clamav-daemon"))), free_port(), free_port()
    for name in ("var/lib/clamav", "run/clamav", "var/log/clamav"):
        room.folder(name, "clamav", 0o755, "clamav")
    room.write("var/lib/clamav/lab.ndb", "Lab.Test:0:*:%s\n" % VIRUS.encode().hex())
    room.write("etc/clamav/clamd.conf", "Foreground yes\nDatabaseDirectory /var/lib/clamav\nTCPSocket %d\nTCPAddr 127.0.0.1\nUser clamav\nLogSyslog yes\n" % inside)
    room.write("etc/clamav/clamav-milter.conf", "Foreground yes\nMilterSocket inet:%d@127.0.0.1\nClamdSocket tcp:127.0.0.1:%d\nOnInfected Reject\n"
               "RejectMsg Message infected by %%v\nUser clamav\nLogSyslog yes\n" % (port, inside))
    room.start("/usr/sbin/clamd", "-c", "/etc/clamav/clamd.conf")
    if not wait_until(lambda: listens(inside), MILTER_PATIENCE):
        raise RuntimeError("clamd does not start: " + room.log()[-200:])
    room.start("/usr/sbin/clamav-milter", "-c", "/etc/clamav/clamav-milter.conf")
    return room, port


def listens(port):
    return subprocess.run(["sh", "-c", "ss -Hltn sport = :%d | grep -q ." % port]).returncode == 0


boxes = []  # the one that runs
PACKAGES = {"mailman": ("mailman3", "exim4-daemon-light"), "list": ("mlmmj", "exim4-daemon-light"), "exim": ("exim4-daemon-light",), "sendmail": ("sendmail-bin",), "opensmtpd": ("opensmtpd",), "spam": ("rspamd",), "clam": ("clamav-milter", "clamav-daemon")}


def start(etc, cache, quick):
    """{name: why it is not here, or an empty text} of all receivers."""
    found, milters = {}, {}
    for name, last, function in (("spam", 36, rspamd), ("clam", 37, clamav)) if not quick else ():
        try:
            room, port = function(etc, cache)
            if not wait_until(lambda: listens(port), MILTER_PATIENCE):
                raise RuntimeError("it does not start: " + room.log()[-200:] + room.run("sh", "-c", "tail -c 1500 /var/log/rspamd/*; true"))
            milters[last], found[name] = port, ""
        except RuntimeError as why:
            found[name] = str(why)
    if postfix.missing():
        found["postfix"] = postfix.missing()
    else:
        boxes.append(Boxes(milters))
        found["postfix"] = ""
    for name, function in (("exim", exim), ("sendmail", sendmail), ("opensmtpd", opensmtpd), ("list", mlmmj), ("mailman", mailman)) if not quick else ():
        try:
            function(etc, cache)
            found[name] = ""
        except RuntimeError as why:
            found[name] = str(why)
    return found
