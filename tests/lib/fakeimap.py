"""An IMAP server of a few lines that keeps the protocol, except where a test tells it not to. Everything that a client says is kept in
`said`, so that a test can show what was never said: a password.

    fake = FakeImap(mails=[b"..."], capabilities="IMAP4rev1 UIDPLUS MOVE")
    fake.on("UID FETCH", lambda c, tag, rest: c.reset())
"""
import re
import socket
import ssl
import struct
import threading

from . import cleanup
from .certificates import authority


class Connection:
    """One client. A handler of `fake.on` gets it, the tag and what stands behind the command; it sends what it likes."""

    def __init__(self, server, sock):
        self.server, self.sock, self.buffer = server, sock, b""

    def send(self, text):
        self.sock.sendall(text if isinstance(text, bytes) else text.encode())

    def readline(self):
        while b"\r\n" not in self.buffer:
            data = self.sock.recv(65536)
            if not data:
                raise EOFError
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        self.server.said.append(line.decode(errors="replace"))
        return self.server.said[-1]

    def start_tls(self):
        self.sock = self.server.context.wrap_socket(self.sock, server_side=True)

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self):
        self.sock.close()
        raise EOFError

    def flood(self, data=b"x" * 65536):
        while True:
            self.send(data)

    def ok(self, tag, text="done"):
        self.send("%s OK %s\r\n" % (tag, text))


class FakeImap:
    """host, port, ca_file; said: lines received; mails: {uid: bytes}; deleted: UIDs that are marked; folders: {name: [bytes]}."""

    host = "127.0.0.1"
    connection = Connection  # what a client is served with: lib/trouble.py has one that misbehaves

    def __init__(self, mails=(), capabilities="IMAP4rev1 UIDPLUS MOVE NAMESPACE AUTH=PLAIN", tls="implicit", cert="good", greeting="* OK ready\r\n",
                 password=None, first_uid=1):
        self.mails = {first_uid + i: mail for i, mail in enumerate(mails)}
        self.uidnext = first_uid + len(self.mails)
        self.uidvalidity = 77
        self.deleted, self.folders, self.said = set(), {}, []
        self.capabilities, self.tls, self.greeting, self.password = capabilities, tls, greeting, password
        self.ca_file = authority().ca_file
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*authority().cert(cert))
        self._handlers = {}
        self.listener = socket.create_server((self.host, 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        cleanup.defer(self.stop)

    def stop(self):
        self.listener.close()

    def on(self, command, handler):
        """HANDLER(connection, tag, rest) answers COMMAND in place of the server. True from it: the server answers after all."""
        self._handlers[command] = handler

    def mailbox(self, password_file, user="bounces@example.org", **keys):
        section = {"protocol": "imap", "host": self.host, "port": self.port, "tls": self.tls, "ca_file": self.ca_file, "user": user,
                   "password_file": password_file, "timeout": "3s", "deadline": "30s"}
        section.update(keys)
        return section

    def commands(self, word):
        """What was said with this command, without the tags."""
        return [line.split(" ", 1)[1] for line in self.said if line.split(" ", 1)[-1].upper().startswith(word)]

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        try:
            c = self.connection(self, sock)
            if self.tls == "implicit":
                c.start_tls()
            if callable(self.greeting):
                self.greeting(c)
            else:
                c.send(self.greeting)
            while True:
                self._command(c, c.readline())
        except (OSError, EOFError, ValueError):
            pass
        finally:
            sock.close()
            try:
                c.sock.close()
            except (OSError, NameError):
                pass

    def _command(self, c, line):
        tag, _, rest = line.partition(" ")
        for command in sorted(self._handlers, key=len, reverse=True):
            if rest.upper().startswith(command) and not self._handlers[command](c, tag, rest[len(command):].strip()):
                return
        word = rest.split(" ")[0].upper()
        if word == "UID":
            word += " " + rest.split(" ")[1].upper()
        getattr(self, "_" + word.replace(" ", "_").lower(), self._unknown)(c, tag, rest[len(word):].strip())

    # --- the honest answers ------------------------------------------------------------------------------------------

    def _unknown(self, c, tag, _rest):
        c.send(tag + " BAD unknown\r\n")

    def _capability(self, c, tag, _rest):
        c.send("* CAPABILITY %s\r\n" % self.capabilities)
        c.ok(tag)

    def _starttls(self, c, tag, _rest):
        c.ok(tag)
        c.start_tls()

    def _authenticate(self, c, tag, _rest):
        c.send("+ \r\n")
        c.readline()
        c.ok(tag)

    def _login(self, c, tag, _rest):
        c.ok(tag)

    def _namespace(self, c, tag, _rest):
        c.send('* NAMESPACE (("" "/")) NIL NIL\r\n')
        c.ok(tag)

    def _list(self, c, tag, rest):
        name = rest.split(" ")[-1].strip('"')
        if not name:
            c.send('* LIST (\\Noselect) "/" ""\r\n')
        elif name in self.folders:
            c.send('* LIST () "/" "%s"\r\n' % name)
        c.ok(tag)

    def _create(self, c, tag, rest):
        self.folders[rest.strip('"')] = []
        c.ok(tag)

    def _subscribe(self, c, tag, _rest):
        c.ok(tag)

    def _select(self, c, tag, _rest):
        c.send("* FLAGS (\\Seen \\Deleted)\r\n* %d EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY %d] .\r\n* OK [UIDNEXT %d] .\r\n"
               % (len(self.mails), self.uidvalidity, self.uidnext))
        c.ok(tag, "[READ-WRITE] selected")

    def _status(self, c, tag, rest):
        name = rest.split(" ")[0].strip('"')
        if name not in self.folders:
            return c.send(tag + " NO no such folder\r\n")
        c.send('* STATUS "%s" (MESSAGES %d)\r\n' % (name, len(self.folders[name])))
        return c.ok(tag)

    def _noop(self, c, tag, _rest):
        c.ok(tag)

    def _logout(self, c, tag, _rest):
        c.send("* BYE\r\n")
        c.ok(tag)
        raise EOFError

    def uids(self, text):
        """The UIDs of a set that exist."""
        found = set()
        for part in text.split(","):
            low, _, high = part.partition(":")
            ends = sorted([int(low), max(self.mails, default=0) if high == "*" else int(high or low)])
            found |= {uid for uid in self.mails if ends[0] <= uid <= ends[1]}
        return sorted(found)

    def number(self, uid):
        return sorted(self.mails).index(uid) + 1

    def _fetch(self, c, tag, rest):
        low, _, high = rest.split(" ")[0].partition(":")
        order = sorted(self.mails)
        for number in range(int(low), min(int(high or low), len(order)) + 1):
            uid = order[number - 1]
            c.send("* %d FETCH (UID %d RFC822.SIZE %d INTERNALDATE \"01-Nov-2026 10:00:00 +0000\")\r\n" % (number, uid, len(self.mails[uid])))
        c.ok(tag)

    def fetched(self, uid, body=None):
        body = self.mails[uid] if body is None else body
        return b"* %d FETCH (UID %d INTERNALDATE \"01-Nov-2026 10:00:00 +0000\" BODY[] {%d}\r\n%s)\r\n" % (self.number(uid), uid, len(body), body)

    def _uid_fetch(self, c, tag, rest):
        part = re.search(r"<0\.(\d+)>", rest)
        for uid in self.uids(rest.split(" ")[0]):
            answer = self.fetched(uid, self.mails[uid][:int(part.group(1))] if part else None)
            c.send(answer.replace(b"BODY[]", b"BODY[]<0>") if part else answer)
        c.ok(tag)

    def _uid_store(self, c, tag, rest):
        self.deleted |= set(self.uids(rest.split(" ")[0]))
        c.ok(tag)

    def _remove(self, c, uids):
        for uid in sorted(uids):
            c.send("* %d EXPUNGE\r\n" % self.number(uid))
            del self.mails[uid]
            self.deleted.discard(uid)

    def _uid_expunge(self, c, tag, rest):
        self._remove(c, set(self.uids(rest)) & self.deleted)
        c.ok(tag)

    def _expunge(self, c, tag, _rest):
        self._remove(c, self.deleted & set(self.mails))
        c.ok(tag)

    def _uid_search(self, c, tag, rest):
        if rest.upper() == "UID":  # a set has one number at least (RFC 3501)
            return c.send(tag + " BAD which?\r\n")
        found = self.uids(rest.split(" ")[-1]) if rest.upper().startswith("UID ") else sorted(self.deleted)
        c.send("* SEARCH%s\r\n" % "".join(" %d" % uid for uid in found))
        return c.ok(tag)

    def _search(self, c, tag, rest):
        c.send("* SEARCH%s\r\n" % "".join(" %d" % self.number(uid) for uid in self.uids(rest.split(" ")[-1])))
        c.ok(tag)

    def _copied(self, rest):
        uids, folder = self.uids(rest.split(" ")[0]), rest.split(" ", 1)[1].strip('"')
        self.folders[folder] += [self.mails[uid] for uid in uids]
        return uids, "[COPYUID 9 %s %s] " % (",".join(map(str, uids)), ",".join(str(1000 + uid) for uid in uids)) if uids else ""

    def _uid_copy(self, c, tag, rest):
        _, code = self._copied(rest)
        c.ok(tag, (code if "UIDPLUS" in self.capabilities else "") + "copied")

    def _uid_move(self, c, tag, rest):
        uids, code = self._copied(rest)
        if code:
            c.send("* OK %smoved\r\n" % code)
        self._remove(c, uids)
        c.ok(tag)
