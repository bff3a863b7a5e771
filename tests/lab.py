#!/usr/bin/python3
"""The laboratory: real mail systems send to a receiver that answers by a script, and `retour classify` reads the bounces that they make of it. `make lab`.

    tests/lab.py [SYSTEM…]        postfix, exim, opensmtpd, sendmail; all by default

Each system runs on loopback in a directory of its own with unprivileged ports. Postfix is the installed one. The others exclude each other as packages, so
they are fetched (apt-get download, shown before it runs) and unpacked below the build directory. What each answer means is known from the script, so
every cell of the table is right or wrong. Prints TAP, then the table. A system that cannot run here is skipped, and says why.
"""
import collections
import glob
import json
import os
import pwd
import shutil
import smtplib
import socket
import subprocess
import sys
import threading
import time

TESTS = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, TESTS)
from lib import cleanup, postfix, tap  # noqa: E402
from lib.dovecot import free_port  # noqa: E402

RETOUR = os.path.abspath(os.environ.get("RETOUR", os.path.join(os.path.dirname(TESTS), "build", "retour")))
CACHE = os.environ.get("LAB_CACHE", os.path.join(os.path.dirname(RETOUR), "lab"))
SENDER, DOMAIN = "bounces@news.example.com", "cust.example"
PATIENCE = 60  # seconds for all bounces of a system
INI = "[origin]\ndomains = news.example.com\n"

Answer = collections.namedtuple("Answer", "stage lines klass category")
# name: what the receiver says, at which command, and what that is: class, categories with | between.
ANSWERS = {
    "unknown": Answer("rcpt", ["550 5.1.1 <{to}>: Recipient address rejected: User unknown"], "hard", "user-unknown"),
    "plain": Answer("rcpt", ["550 No such user here"], "hard", "user-unknown"),
    "german": Answer("rcpt", ["550 Dieser Benutzer existiert hier nicht"], "hard", "user-unknown"),
    "chinese": Answer("rcpt", ["550 该用户不存在"], "hard", "user-unknown"),
    "disabled": Answer("rcpt", ["550 5.2.1 The account has been disabled"], "hard", "mailbox-disabled"),
    "moved": Answer("rcpt", ["551 5.1.6 The recipient has moved to another place"], "hard", "address-changed"),
    "full": Answer("rcpt", ["552 5.2.2 The mailbox is full"], "soft", "mailbox-full"),
    "full-lines": Answer("rcpt", ["552-5.2.2 The mailbox of this recipient", "552-5.2.2 has no room for more and is", "552 5.2.2 over its quota"], "soft", "mailbox-full"),
    "full-late": Answer("dot", ["552 5.2.2 Quota exceeded"], "soft", "mailbox-full"),
    "large": Answer("dot", ["552 5.3.4 Message size exceeds fixed limit"], "soft", "message-too-large"),
    "grey": Answer("rcpt", ["450 4.7.1 <{to}>: Greylisted, come back in 300 seconds"], "soft", "greylisted|expired"),
    "busy": Answer("rcpt", ["451 4.3.2 System is busy, please try later"], "soft", "system-error|expired"),
    "slow-down": Answer("rcpt", ["452 4.7.0 Too many messages from you in this hour"], "soft", "rate-limited|expired"),
    "spam": Answer("dot", ["554 5.7.1 Your message was taken for spam"], "block", "spam-content"),
    "virus": Answer("dot", ["554 5.7.1 This mail contains a virus (Eicar-Test)"], "block", "virus"),
    "no-words": Answer("dot", ["550 Error 4711"], "block", "content-rejected"),
    "listed": Answer("rcpt", ["554 5.7.1 Client host [192.0.2.10] blocked using zen.dnsbl.example"], "block", "reputation"),
    "dmarc": Answer("dot", ["550 5.7.26 The mail does not pass DMARC of its domain"], "block", "auth-failure"),
    "relay": Answer("rcpt", ["554 5.7.1 <{to}>: Relay access denied"], "block", "relay-denied"),
    "callout": Answer("rcpt", ["550-Verification failed for <" + SENDER + ">", "550-Called: 192.0.2.9", "550-Response: 550 5.1.1 no such user", "550 Sender verify failed"],
                      "block", "sender-rejected"),
    "not-from-you": Answer("rcpt", ["550 The recipient does not accept mail from you"], "block", "policy|sender-rejected"),
    "long": Answer("rcpt", ["550 5.1.1 " + "We looked for this address in each of our directories and asked all of our servers for it, " * 3 + "but the user is unknown"],
                   "hard", "user-unknown"),
    "hangs-up": Answer("dot", [], "soft", "network-error|expired"),
    "mail-refused": Answer("mail", ["550 5.7.1 Error 4712"], "block", "sender-rejected|policy"),
    "mail-spf": Answer("mail", ["550 5.7.23 The SPF check of your domain failed"], "block", "auth-failure"),
    "mail-login": Answer("mail", ["530 5.7.0 Authentication required"], "block", "policy"),
    "mail-unknown": Answer("mail", ["550 5.1.8 The sender's domain was not found"], "block", "sender-rejected"),
    "russian": Answer("rcpt", ["550 Пользователь не найден"], "hard", "user-unknown"),
    "french": Answer("rcpt", ["550 Boîte aux lettres inconnue"], "hard", "user-unknown"),
    "french-full": Answer("rcpt", ["552 La boîte du destinataire est pleine"], "soft", "mailbox-full"),
    "japanese": Answer("rcpt", ["550 そのユーザーは存在しません"], "hard", "user-unknown"),
    "spanish": Answer("rcpt", ["550 El usuario no existe"], "hard", "user-unknown"),
    "polish-spam": Answer("dot", ["554 5.7.1 Wiadomość uznana za spam"], "block", "spam-content"),
    "ptr": Answer("rcpt", ["554 5.7.25 There is no PTR record for 192.0.2.10"], "block", "infrastructure"),
    "helo": Answer("rcpt", ["504 5.5.2 <mail>: Helo command rejected: need fully-qualified hostname"], "block", "infrastructure"),
    "null-mx": Answer("rcpt", ["556 5.1.10 Recipient address has null MX"], "hard", "domain-unknown|not-accepting"),
    "filter": Answer("rcpt", ["541 5.4.1 Message rejected by our filter"], "block", "policy|content-rejected|spam-content"),
    "limit": Answer("rcpt", ["550 5.7.28 You have sent too many mails today"], "soft", "rate-limited"),
    "link": Answer("dot", ["554 5.7.1 A link in your mail is on a list of phishing sites"], "block", "spam-content|content-rejected|virus|reputation"),
    "attachment": Answer("dot", ["552 5.7.0 This attachment type is not allowed"], "block", "content-rejected"),
    "header": Answer("dot", ["550 5.6.0 Duplicate header: From"], "block", "non-compliant"),
    "loop": Answer("rcpt", ["554 5.4.6 Too many hops"], "soft", "routing-loop"),
    "inactive": Answer("rcpt", ["550 5.2.1 This mailbox has been inactive for 12 months"], "hard", "mailbox-disabled"),
    "internal": Answer("rcpt", ["550 5.7.133 Only senders inside the organization may write to this group"], "block", "policy"),
    "locked": Answer("rcpt", ["550 The mailbox is temporarily locked, try again later"], "soft", "mailbox-disabled|system-error"),
    "no-mail": Answer("rcpt", ["550 5.3.2 This address does not accept mail"], "hard", "not-accepting"),
    "not-understood": Answer("rcpt", ["550 Error 17"], None, "undetermined"),
}
# Several recipients of one mail.
TOGETHER = [("unknown", "full"), ("full", "listed", "taken"), ("callout", "plain", "grey")]


class Receiver:
    """Answers as ANSWERS say, by the local part of the recipient, or behind a plus of the sender; takes what has a null sender, and keeps it. bounces: [bytes]"""

    def __init__(self):
        self.bounces = []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        while True:
            threading.Thread(target=self._talk, args=(self.server.accept()[0],), daemon=True).start()

    @staticmethod
    def _answer_of(address, stage):
        answer = ANSWERS.get(address.split("@")[0].split("+")[0])
        return answer if answer and answer.stage == stage else None

    def _talk(self, sock):
        file, sender, taken = sock.makefile("rwb"), None, []

        def say(*lines):
            file.write(b"".join(line.encode() + b"\r\n" for line in lines))
            file.flush()
        say("220 mx.cust.example ESMTP")
        for line in file:
            word, text = line[:4].upper(), line.decode("utf-8", "replace").strip()
            address = text[text.find("<") + 1:text.find(">")]
            if word == b"EHLO":
                say("250-mx.cust.example", "250-8BITMIME", "250 ENHANCEDSTATUSCODES")
            elif word == b"MAIL":
                sender, taken = address, []
                answer = self._answer_of(address.split("+")[-1], "mail")
                say(*answer.lines if answer else ["250 2.1.0 ok"])
            elif word == b"RCPT":
                answer = self._answer_of(address, "rcpt") if sender else None
                taken += [] if answer else [address]
                say(*[one.format(to=address) for one in answer.lines] if answer else ["250 2.1.5 ok"])
            elif word == b"DATA":
                say("354 go on")
                data = b""
                while not data.endswith(b"\r\n.\r\n"):
                    data += file.readline() or b"\r\n.\r\n"
                late = next((a for a in (self._answer_of(one, "dot") for one in taken) if a), None) if sender else None
                if late and not late.lines:
                    break
                if not sender:
                    self.bounces.append(data[:-3])
                say(*late.lines if late else ["250 2.0.0 taken"])
            else:
                say("221 2.0.0 bye" if word == b"QUIT" else "250 ok")
                if word == b"QUIT":
                    break
        sock.close()


# --- the systems --------------------------------------------------------------


def unpacked(*packages):
    """The directory in which Debian's PACKAGES lie unpacked; raises RuntimeError where they cannot be had."""
    root = os.path.join(CACHE, packages[0])
    if os.path.isdir(root + "/usr"):
        return root
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        raise RuntimeError("it is fetched with apt-get, which is not here")
    os.makedirs(root, exist_ok=True)
    print("# apt-get download " + " ".join(packages), flush=True)
    if subprocess.run(["apt-get", "-q", "download", *packages], cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
        raise RuntimeError("apt-get download failed")
    for package in glob.glob(root + "/*.deb"):
        subprocess.run(["dpkg", "-x", package, root], check=True)
    subprocess.run(["chmod", "-R", "a+rX,u-s", root], check=True)  # a binary that changes its user reads no LD_LIBRARY_PATH
    return root


def environment(root, folder, users):
    """With what was unpacked to ROOT, and with USERS ("name") that Debian's package would have made: all are nobody, told by nss_wrapper."""
    nobody = pwd.getpwnam("nobody")
    for name, extra in (("passwd", ":/nonexistent:/bin/false"), ("group", "")):
        with open("/etc/" + name) as here, open(os.path.join(folder, name), "w") as out:
            out.write(here.read())
            for user in users:
                out.write("%s:x:%d:%s%s\n" % (user, nobody.pw_uid if name == "passwd" else nobody.pw_gid, "%d:%s" % (nobody.pw_gid, user) if extra else "", extra))
    paths = glob.glob(root + "/usr/lib/*-linux-gnu") + glob.glob(root + "/lib/*-linux-gnu")
    return {**os.environ, "LD_LIBRARY_PATH": ":".join(paths), "LD_PRELOAD": next(iter(glob.glob(root + "/usr/lib/*/libnss_wrapper.so")), ""),
            "NSS_WRAPPER_PASSWD": folder + "/passwd", "NSS_WRAPPER_GROUP": folder + "/group"}


def wait_for_port(port, process):
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.1)
    raise RuntimeError("it does not start")


def start_postfix(receiver):
    if postfix.missing():
        raise RuntimeError(postfix.missing())
    server = postfix.Postfix()
    server.start("permit_mynetworks, reject", "smtp unix - - n - - smtp\nrelay unix - - n - - smtp\n", default_transport="smtp",
                 relayhost="[127.0.0.1]:%d" % receiver.port, disable_dns_lookups="yes", maximal_queue_lifetime="0", bounce_queue_lifetime="0",
                 smtp_tls_security_level="none")
    version = subprocess.run(["/usr/sbin/postconf", "-dh", "mail_version"], stdout=subprocess.PIPE, text=True).stdout.strip()
    return server.port, "Postfix " + version


EXIM = """\
primary_hostname = mail.example.org
exim_path = {binary}
keep_environment = LD_LIBRARY_PATH : LD_PRELOAD : NSS_WRAPPER_PASSWD : NSS_WRAPPER_GROUP
spool_directory = {dir}/spool
log_file_path = {dir}/spool/%slog
pid_file_path = {dir}/spool/pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
tls_advertise_hosts =
deliver_drop_privilege = true
exim_user = {user}
exim_group = {group}
acl_smtp_rcpt = accept
queue_run_max = 2
begin routers
all:
  driver = manualroute
  transport = out
  route_list = * 127.0.0.1
  self = send
begin transports
out:
  driver = smtp
  port = {receiver}
  hosts_avoid_tls = *
  hosts_try_prdr =
"""


def start_exim(receiver):
    root = unpacked("exim4-daemon-light", "exim4-base", "libidn12", "libnss-wrapper")
    folder, port, user = cleanup.temporary("retour-exim-"), free_port(), pwd.getpwnam("nobody")
    binary, env = os.path.join(root, "usr/sbin/exim4"), environment(root, folder, ["Debian-exim"])
    os.mkdir(folder + "/spool")
    with open(folder + "/exim.conf", "w") as conf:
        conf.write(EXIM.format(binary=binary, dir=folder, port=port, receiver=receiver.port, user=user.pw_uid, group=user.pw_gid))
    os.chmod(folder + "/exim.conf", 0o644)
    for path in (folder, folder + "/spool"):
        os.chown(path, user.pw_uid, user.pw_gid)

    def as_nobody():
        cleanup.die_with_parent()
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
    version = subprocess.run([binary, "-C", folder + "/exim.conf", "-bV"], env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout.split("\n")[0]
    process = subprocess.Popen([binary, "-C", folder + "/exim.conf", "-bdf", "-q1m"], env=env, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=as_nobody, start_new_session=True)
    cleanup.defer(cleanup.end, process)
    wait_for_port(port, process)
    return port, " ".join(version.split()[:3])


OPENSMTPD = """\
listen on 127.0.0.1 port {port}
action "out" relay host smtp://127.0.0.1:{receiver}
match from any for any action "out"
"""
# Its paths and users are built in: it gets them in a mount namespace of its own.
OPENSMTPD_START = """\
set -e
mount -t tmpfs none /var/spool; mount -t tmpfs none /var/lib; mount -t tmpfs none /run
mkdir -p /var/spool/smtpd /var/lib/opensmtpd/empty
mount --bind "$1/usr/libexec" /usr/libexec
mount --bind "$2/passwd" /etc/passwd; mount --bind "$2/group" /etc/group
chmod 711 /var/spool/smtpd
for part in queue corrupt incoming purge temporary; do mkdir -m 700 "/var/spool/smtpd/$part"; chown opensmtpq "/var/spool/smtpd/$part"; done
mkdir -m 770 /var/spool/smtpd/offline; chgrp opensmtpq /var/spool/smtpd/offline
exec "$1/usr/sbin/smtpd" -d -f "$2/smtpd.conf"
"""


def start_opensmtpd(receiver):
    if os.geteuid() or subprocess.run(["unshare", "-m", "true"], stderr=subprocess.DEVNULL).returncode:
        raise RuntimeError("it needs root and a mount namespace")
    root, folder, port = unpacked("opensmtpd"), cleanup.temporary("retour-opensmtpd-"), free_port()
    with open(folder + "/smtpd.conf", "w") as conf:
        conf.write(OPENSMTPD.format(port=port, receiver=receiver.port))
    for name, line in (("passwd", "{0}:x:{1}:{1}::/var/lib/opensmtpd/empty:/bin/false\n"), ("group", "{0}:x:{1}:\n")):
        shutil.copy("/etc/" + name, folder)
        with open(os.path.join(folder, name), "a") as out:
            out.write(line.format("opensmtpd", 64001) + line.format("opensmtpq", 64002))
    process = subprocess.Popen(["unshare", "-m", "--propagation", "private", "sh", "-c", OPENSMTPD_START, "sh", root, folder], stdin=subprocess.DEVNULL,
                               stdout=open(folder + "/log", "w"), stderr=subprocess.STDOUT, preexec_fn=cleanup.die_with_parent, start_new_session=True)
    cleanup.defer(cleanup.end, process)
    wait_for_port(port, process)
    with open(folder + "/log") as log:
        return port, log.readline().split(": ")[-1].replace("starting", "").strip()


SENDMAIL = """\
divert(0)dnl
include(`m4/cf.m4')dnl
OSTYPE(`linux')dnl
define(`confDOMAIN_NAME', `mail.example.org')dnl
define(`QUEUE_DIR', `{dir}/queue')dnl
define(`confPID_FILE', `{dir}/pid')dnl
define(`STATUS_FILE', `')dnl
undefine(`ALIAS_FILE')dnl
define(`confTO_QUEUERETURN', `1s')dnl
define(`confTO_QUEUEWARN', `')dnl
define(`confMIN_QUEUE_AGE', `1s')dnl
define(`confTO_IDENT', `0')dnl
define(`confREFUSE_LA', `1000')dnl
define(`confQUEUE_LA', `1000')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`promiscuous_relay')dnl loopback only
FEATURE(`nocanonify')dnl
FEATURE(`no_default_msa')dnl
DAEMON_OPTIONS(`Port={port}, Addr=127.0.0.1, Name=MTA')dnl
define(`RELAY_MAILER_ARGS', `TCP $h {receiver}')dnl
define(`SMART_HOST', `relay:[127.0.0.1]')dnl
MAILER(`smtp')dnl
"""


def start_sendmail(receiver):
    if not shutil.which("m4"):
        raise RuntimeError("its configuration is made with m4, which is not here")
    if os.geteuid() or subprocess.run(["unshare", "-u", "true"], stderr=subprocess.DEVNULL).returncode:
        raise RuntimeError("it needs root and a namespace for its host name")
    root, folder, port = unpacked("sendmail-bin", "sendmail-cf", "libwrap0", "liblockfile1", "libldap-2.5-0"), cleanup.temporary("retour-sendmail-"), free_port()
    os.mkdir(folder + "/queue", 0o700)
    cf = root + "/usr/share/sendmail/cf/"
    with open(folder + "/sendmail.cf", "w") as conf:
        subprocess.run(["m4", "-D_CF_DIR_=" + cf, "-I" + cf, "-"], cwd=cf, input=SENDMAIL.format(dir=folder, port=port, receiver=receiver.port).encode(), stdout=conf,
                       stderr=subprocess.DEVNULL, check=True)
    binary, env = root + "/usr/libexec/sendmail/sendmail", environment(root, folder, ["smmta", "smmsp"])
    start = ["unshare", "-u", "sh", "-c", 'hostname mail.example.org; exec "$@"', "sh"]  # it waits a minute for a host name with a dot
    process = subprocess.Popen(start + [binary, "-C" + folder + "/sendmail.cf", "-bD", "-q2s"], env=env, stdin=subprocess.DEVNULL, stdout=open(folder + "/log", "w"),
                               stderr=subprocess.STDOUT, preexec_fn=cleanup.die_with_parent, start_new_session=True)
    cleanup.defer(cleanup.end, process)
    wait_for_port(port, process)
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as smtp:
        smtp.noop()
    with socket.create_connection(("127.0.0.1", port), 20) as sock:
        return port, " ".join(sock.makefile().readline().split()[3:5]).rstrip(";")


SYSTEMS = {"postfix": start_postfix, "exim": start_exim, "opensmtpd": start_opensmtpd, "sendmail": start_sendmail}
# What a system makes unknowable, with the reason: the cell is not judged.
EXPLAINED = {
    **{("postfix", name): "bytes beyond ASCII are '?' in its reports" for name in ("chinese", "russian", "french", "japanese")},
    ("sendmail", "not-understood"): "it says 5.1.1 of any 550 in answer to RCPT TO, and nothing tells that the receiver did not",
    **{("sendmail", name): "it keeps the host's state, and may report that in the answer's place" for name in ("grey", "busy", "slow-down", "hangs-up")},
    ("opensmtpd", "no-words"): "its reports do not say which command was refused",
    **{("opensmtpd", name): "it tries for days, and no queue lifetime is short enough to wait for" for name in ("grey", "busy", "slow-down", "hangs-up")},
}

# --- what they make of it -------------------------------------------------------


def mail(to):
    return ("From: News <news@news.example.com>\r\nTo: %s\r\nSubject: Our news\r\nMessage-ID: <%s@news.example.com>\r\n"
            "Date: Mon, 02 Nov 2026 08:00:00 +0000\r\n\r\nHello.\r\n" % (", ".join(to), "-".join(one.split("@")[0] for one in to))).encode()


def send_all(port):
    """{recipient: the name of its answer}"""
    truth = {}
    groups = [(name,) for name in ANSWERS] + [tuple("%s+%d" % (name, i) for name in group) for i, group in enumerate(TOGETHER)]
    for group in groups:
        to = ["%s@%s" % (name, DOMAIN) for name in group]
        for address in to:
            name = address.split("@")[0].split("+")[0]
            if name in ANSWERS:
                truth[address] = name
        with smtplib.SMTP("127.0.0.1", port, timeout=20) as smtp:
            by = SENDER.replace("@", "+%s@" % group[0]) if ANSWERS.get(group[0], Answer("", [], None, "")).stage == "mail" else SENDER
            smtp.sendmail(by, to, mail(to))
    return truth


def read(bounces):
    """{recipient: event}"""
    folder = cleanup.temporary("retour-lab-")
    with open(folder + "/retour.ini", "w") as ini:
        ini.write(INI)
    files = []
    for i, data in enumerate(bounces):
        files.append("%s/%d.eml" % (folder, i))
        with open(files[-1], "wb") as out:
            out.write(data)
    if not files:
        return {}
    done = subprocess.run([RETOUR, "-c", folder + "/retour.ini", "classify", "--plain"] + files, stdout=subprocess.PIPE, check=True)
    return {event["recipient"] or event["file"]: event for event in map(json.loads, done.stdout.splitlines())}


def judge(event, answer):
    """What is wrong, or an empty text."""
    if not event:
        return "no bounce was read"
    found = [event["kind"], event["class"], event["category"], event["message_id"] is not None]
    right = event["kind"] == "failure" and event["class"] == answer.klass and event["category"] in answer.category.split("|")
    code = next((line[:3] for line in answer.lines), None)
    wrong = "" if right else "%s %s %s (%s)" % (*found[:3], event["rule"])
    if code and str(event["reply"]) != code:
        wrong += " reply %s" % event["reply"]
    return wrong + ("" if found[3] else " without the mail's id")


def run(name):
    """{answer's name or group's recipient: what is wrong}"""
    receiver = Receiver()
    port, version = SYSTEMS[name](receiver)
    truth, began, cells = send_all(port), time.monotonic(), {}
    judged = {address: answer for address, answer in truth.items() if (name, answer) not in EXPLAINED}
    while time.monotonic() - began < PATIENCE and not set(judged) <= set(read(receiver.bounces)):
        time.sleep(0.5)
    events = read(receiver.bounces)
    for address, answer in judged.items():
        row = address.split("@")[0]
        cells[row] = judge(events.get(address), ANSWERS[answer])
        tap.check(not cells[row], "%s: %s" % (name, row), cells[row])
    tap.check(set(events) <= set(truth), "%s: nobody else is named" % name, sorted(set(events) - set(truth)))
    return version, cells


def main(names):
    table, began = {}, time.monotonic()
    for name in names or SYSTEMS:
        try:
            version, table[name] = run(name)
            print("# %s" % version)
        except RuntimeError as why:
            print("ok - %s # SKIP %s" % (name, why))
    rows = sorted({row for cells in table.values() for row in cells})
    print("# %-20s %s" % ("", " ".join("%-12s" % name for name in table)))
    for row in rows:
        cells = ["explained" if (name, row.split("+")[0]) in EXPLAINED else "WRONG" if table[name].get(row, "-") else "right" for name in table]
        print("# %-20s %s" % (row, " ".join("%-12s" % cell for cell in cells)))
    print("# %d systems, %d answers, %.0f s" % (len(table), len(ANSWERS), time.monotonic() - began))
    tap.finish()


if __name__ == "__main__":
    main(sys.argv[1:])
