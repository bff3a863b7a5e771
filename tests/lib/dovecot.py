"""A Dovecot of our own on free loopback ports: IMAP and POP3, each plain (with STARTTLS/STLS) and TLS, Maildir storage.

Dovecot 2.3 and 2.4 (another configuration language). It never runs as root: started by root it becomes `nobody`, so that there is one way to run it. Mail is delivered by writing
into the Maildirs: 20,000 messages in seconds. Its log stays readable as evidence: log().
"""
import functools
import glob
import grp
import itertools
import json
import os
import pwd
import shutil
import socket
import subprocess
import threading
import time

from . import cleanup
from .certificates import authority

PASSWORD = "correct-horse-battery-staple"
TOKEN = "ya29.test-token"
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
USERS = {"bounces@example.org": PASSWORD, "fbl@example.org": PASSWORD}

# What both versions understand alike. One process takes all logins: a new one for each costs more than the login.
_COMMON = """
base_dir = {base}/run
log_path = {base}/dovecot.log
protocols = imap pop3
listen = {host}
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
first_valid_gid = 1
mail_fsync = {fsync}
mail_max_userip_connections = 100
auth_mechanisms = {mechanisms}
auth_failure_delay = 0
auth_verbose = yes
namespace inbox {{
  inbox = yes
  separator = {separator}
  prefix = {prefix}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  service_count = 0
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service pop3-login {{
  chroot =
  service_count = 0
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
    ssl = yes
  }}
}}
{extra}
"""

_CONFIG_2_3 = _COMMON + """
log_timestamp = "%Y-%m-%dT%H:%M:%S "
auth_debug = yes
mail_location = maildir:~/Maildir
disable_plaintext_auth = {disable_plaintext}
ssl = yes
ssl_cert = <{cert}
ssl_key = <{key}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {base}/users
  mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={base}/mail/%u allow_all_users=yes
}}
"""

_OAUTH2_2_3 = """
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {base}/oauth2.conf
}}
"""

_CONFIG_2_4 = """
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
""" + _COMMON + """
log_debug = category=auth
mail_driver = maildir
mail_path = ~/Maildir
auth_allow_cleartext = {allow_cleartext}
ssl = yes
ssl_server_cert_file = {cert}
ssl_server_key_file = {key}
passdb passwd-file {{
  passwd_file_path = {base}/users
  default_password_scheme = PLAIN
}}
userdb static {{
  allow_all_users = yes
  fields {{
    uid = {uid}
    gid = {gid}
    home = {base}/mail/%{{user}}
  }}
}}
"""

_OAUTH2_2_4 = """
oauth2 {{
  !include {base}/oauth2.conf
}}
"""


@functools.lru_cache(None)
def version():
    """(2, 3), (2, 4)"""
    text = subprocess.run(["dovecot", "--version"], env={"PATH": PATH}, capture_output=True, text=True, check=True).stdout
    return tuple(int(number) for number in text.split()[0].split(".")[:2])


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def account():
    """(uid, gid, user name, group name) that servers run as."""
    uid = os.getuid() or pwd.getpwnam("nobody").pw_uid
    entry = pwd.getpwuid(uid)
    return uid, entry.pw_gid, entry.pw_name, grp.getgrgid(entry.pw_gid).gr_name


def _token_info(tokens):
    """A server of HTTP for it, which few scripts need."""
    import http.server
    import urllib.parse

    class TokenInfo(http.server.BaseHTTPRequestHandler):
        """Says to Dovecot which user a token is of."""

        def do_GET(self):
            token = urllib.parse.parse_qs(urllib.parse.urlparse(self.path).query).get("access_token", [""])[0]
            known = token in tokens
            body = json.dumps({"user": tokens[token], "active": True} if known else {"error": "invalid_token"}).encode()
            self.send_response(200 if known else 400)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments):
            pass

    return http.server.ThreadingHTTPServer(("127.0.0.1", 0), TokenInfo)


class Dovecot:
    """host; ports imap, imaps, pop3, pop3s; ca_file; users; password(user); base is its directory.

    cert: a kind of certificates.KINDS. tokens: {token: user} switches XOAUTH2 on; token_key: the public key (PEM) of tokens that it checks itself (2.3). separator, prefix: of the personal namespace.
    secure_only: plain-text logins need TLS even here (LOGINDISABLED). fsync: "never" for speed, "optimized" as in production.
    extra: more configuration text."""

    def __init__(self, users=None, cert="good", tokens=None, separator=".", prefix="", secure_only=False, fsync="never", extra="", token_key=None,
                 mechanisms="plain login cram-md5 scram-sha-1 scram-sha-256"):
        self.users = dict(users or USERS)
        self.base = cleanup.temporary("retour-dc-")
        self.ca_file = authority().ca_file
        self.log_path = self.base + "/dovecot.log"
        self.uid, self.gid, user, group = account()
        self._serial = itertools.count(1)
        self._separator = separator
        certificate, key = authority().cert(cert)
        oauth2 = ""
        if token_key:
            oauth2 = _OAUTH2_2_3.format(base=self.base)
            mechanisms += " xoauth2 oauthbearer"
            self._take_token_key(token_key)
        if tokens:
            oauth2 = (_OAUTH2_2_3 if version() < (2, 4) else _OAUTH2_2_4).format(base=self.base)
            mechanisms += " xoauth2 oauthbearer"
            self._start_token_info(tokens)
        # Dovecot takes a connection between equal addresses for secure; 127.0.0.2 is reached from 127.0.0.1.
        self.host = "127.0.0.2" if secure_only else "127.0.0.1"
        for name in ("run", "mail"):
            os.mkdir(os.path.join(self.base, name))
        with open(self.base + "/users", "w") as f:
            f.writelines("%s:{PLAIN}%s\n" % pair for pair in self.users.items())
        for attempt in range(3):  # another process may take a free port before Dovecot does
            self.imap, self.imaps, self.pop3, self.pop3s = (free_port() for _ in range(4))
            with open(self.base + "/dovecot.conf", "w") as f:
                f.write((_CONFIG_2_3 if version() < (2, 4) else _CONFIG_2_4).format(
                    base=self.base, host=self.host, user=user, group=group, uid=self.uid, gid=self.gid, cert=certificate, key=key,
                    mechanisms=mechanisms, separator=separator, prefix=prefix, extra=extra, fsync=fsync,
                    disable_plaintext="yes" if secure_only else "no", allow_cleartext="no" if secure_only else "yes",
                    imap=self.imap, imaps=self.imaps, pop3=self.pop3, pop3s=self.pop3s) + oauth2)
            self._chown(self.base)
            if self._start():
                break
        else:
            raise RuntimeError("Dovecot does not start:\n" + self.log())

    def _start(self):
        become = {} if os.getuid() else {"user": self.uid, "group": self.gid, "extra_groups": []}
        with open(self.base + "/stderr", "wb") as stderr:
            self.process = subprocess.Popen(["dovecot", "-F", "-c", self.base + "/dovecot.conf"], stdin=subprocess.DEVNULL,
                                            stdout=stderr, stderr=stderr, start_new_session=True, preexec_fn=cleanup.die_with_parent,
                                            env={"PATH": PATH, "TMPDIR": self.base}, cwd=self.base, **become)
        cleanup.defer(self.stop)
        deadline = time.monotonic() + 20
        waiting = [self.imap, self.imaps, self.pop3, self.pop3s]
        while waiting and time.monotonic() < deadline and self.process.poll() is None:
            try:
                socket.create_connection((self.host, waiting[0]), 1).close()
                waiting.pop(0)
            except OSError:
                time.sleep(0.02)
        if waiting:
            self.stop()
        return not waiting

    def stop(self):
        cleanup.end(self.process, grace=1)

    def _start_token_info(self, tokens):
        server = _token_info(tokens)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        cleanup.defer(server.shutdown)
        url = "http://127.0.0.1:%d/?access_token=" % server.server_address[1]
        asks = "tokeninfo_url = %s\n" % url if version() < (2, 4) else "introspection_mode = get\nintrospection_url = %s\n" % url
        with open(self.base + "/oauth2.conf", "w") as f:
            f.write(asks + "username_attribute = user\nactive_attribute = active\nactive_value = true\n")

    def _take_token_key(self, public_key):
        """Dovecot 2.3 itself checks tokens that are JWT, signed with RS256: whose they are stands in their claim email."""
        place = self.base + "/keys/default/RS256"
        os.makedirs(place)
        with open(place + "/default", "w") as f:
            f.write(public_key)
        with open(self.base + "/oauth2.conf", "w") as f:
            f.write("introspection_mode = local\nlocal_validation_key_dict = fs:posix:prefix=%s/keys/\nusername_attribute = email\n" % self.base)

    def _chown(self, top):
        if os.getuid():
            return
        os.chown(top, self.uid, self.gid)
        for path, folders, files in os.walk(top):
            for name in folders + files:
                os.chown(os.path.join(path, name), self.uid, self.gid)

    def log(self):
        """Everything the server said, its standard error first."""
        text = ""
        for path in (self.base + "/stderr", self.log_path):
            if os.path.exists(path):
                with open(path, errors="replace") as f:
                    text += f.read()
        return text

    def password(self, user):
        return self.users[user]

    # --- mail on disk ---------------------------------------------------------------------------------------------

    def maildir(self, user, folder="INBOX"):
        """The folder's directory; levels of FOLDER separated by '.' or '/'."""
        top = os.path.join(self.base, "mail", user, "Maildir")
        return top if folder == "INBOX" else os.path.join(top, "." + folder.replace("/", "."))

    def deliver(self, user, messages, folder="INBOX"):
        """Puts messages there: bytes, or (bytes, arrival in epoch seconds), which becomes the INTERNALDATE. Returns how many."""
        top = self.maildir(user, folder)
        home = os.path.join(self.base, "mail", user)
        fresh = not os.path.isdir(home)
        for name in ("cur", "new", "tmp"):
            os.makedirs(os.path.join(top, name), exist_ok=True)
        if fresh or folder != "INBOX":
            self._chown(home)
        root = os.getuid() == 0
        count = 0
        for message in messages:
            data, arrived = message if isinstance(message, tuple) else (message, time.time())
            number = next(self._serial)
            whole = len(data) + data.count(b"\n") - data.count(b"\r\n")  # as Dovecot's own delivery writes it: else a listing of sizes reads each file
            path = "%s/cur/%d.M%dP%d.test,S=%d,W=%d:2," % (top, arrived, number, os.getpid(), len(data), whole)
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            os.write(fd, data) if len(data) < 1 << 30 else os.writev(fd, [data])
            if root:
                os.fchown(fd, self.uid, self.gid)
            os.utime(fd, (arrived, arrived))
            os.close(fd)
            count += 1
        return count

    def _files(self, user, folder):
        top = self.maildir(user, folder)
        return sorted(glob.glob(glob.escape(top) + "/cur/*") + glob.glob(glob.escape(top) + "/new/*"))

    def count(self, user, folder="INBOX"):
        """How many messages lie there."""
        return len(self._files(user, folder))

    def messages(self, user, folder="INBOX"):
        """Their bytes, in the order of arrival."""
        found = []
        for path in self._files(user, folder):
            with open(path, "rb") as f:
                found.append(f.read())
        return found

    def folders(self, user):
        """Names of all folders but INBOX, levels separated by '.'."""
        top = self.maildir(user)
        return sorted(name[1:] for name in os.listdir(top) if name.startswith(".") and os.path.isdir(os.path.join(top, name))) \
            if os.path.isdir(top) else []

    def clear(self, user):
        """Empties the account, folders too."""
        shutil.rmtree(os.path.join(self.base, "mail", user), ignore_errors=True)

    # --- as `retour` is told -------------------------------------------------------------------------------------

    def mailbox(self, user="bounces@example.org", protocol="imap", tls="implicit", password_file=None, **keys):
        """The [mailbox …] section for it. The password file is the caller's (Retour.secret())."""
        port = {"imap": (self.imaps, self.imap), "pop3": (self.pop3s, self.pop3)}[protocol][0 if tls == "implicit" else 1]
        section = {"protocol": protocol, "host": self.host, "port": port, "tls": tls, "ca_file": self.ca_file, "user": user}
        if password_file:
            section["password_file"] = password_file
        section.update(keys)
        return section
