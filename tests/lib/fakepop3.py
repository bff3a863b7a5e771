"""A POP3 server (RFC 1939, 2449, 2595) of a few lines that keeps the protocol, except where its connection is told not to (lib/trouble.py).

    fake = FakePop3(mails=[b"..."])
"""
import base64

from .fakeimap import Connection, FakeImap


class FakePop3(FakeImap):
    """As FakeImap; uids are the unique-ids. A session's messages are those that were there when it began."""

    connection = Connection

    def __init__(self, mails=(), tls="implicit", greeting="+OK ready\r\n", **keys):
        super().__init__(mails, tls=tls, greeting=greeting, **keys)

    def mailbox(self, password_file, user="bounces@example.org", **keys):
        return super().mailbox(password_file, user, protocol="pop3", **keys)

    def _command(self, c, line):
        if not hasattr(c, "order"):
            c.order, c.marked = sorted(self.mails), set()
        word, _, rest = line.partition(" ")
        getattr(self, "_pop_" + word.lower(), self._pop_unknown)(c, rest)

    @staticmethod
    def _lines(c, lines):
        c.send("+OK\r\n" + "".join(line + "\r\n" for line in lines) + ".\r\n")

    def _there(self, c):
        return [(number + 1, uid) for number, uid in enumerate(c.order) if uid in self.mails and uid not in c.marked]

    def _pop_unknown(self, c, _rest):
        c.send("-ERR unknown\r\n")

    def _pop_capa(self, c, _rest):
        self._lines(c, ["USER", "UIDL", "TOP", "PIPELINING", "SASL PLAIN"] + ["STLS"] * (self.tls == "starttls"))

    def _pop_stls(self, c, _rest):
        c.send("+OK\r\n")
        c.start_tls()

    def _pop_user(self, c, _rest):
        c.send("+OK\r\n")

    _pop_pass = _pop_noop = _pop_user

    def _pop_auth(self, c, rest):
        if " " not in rest:
            c.send("+ \r\n")
            base64.b64decode(c.readline())
        c.send("+OK\r\n")

    def _pop_stat(self, c, _rest):
        there = self._there(c)
        c.send("+OK %d %d\r\n" % (len(there), sum(len(self.mails[uid]) for _, uid in there)))

    def _pop_list(self, c, rest):
        if rest:
            uid = dict(self._there(c)).get(int(rest))
            return c.send("-ERR gone\r\n" if uid is None else "+OK %s %d\r\n" % (rest, len(self.mails[uid])))
        self._lines(c, ["%d %d" % (number, len(self.mails[uid])) for number, uid in self._there(c)])
        return None

    def _pop_uidl(self, c, _rest):
        self._lines(c, ["%d u%d" % (number, uid) for number, uid in self._there(c)])

    def _pop_retr(self, c, rest):
        there = dict(self._there(c))
        if int(rest) not in there:
            return c.send("-ERR gone\r\n")
        stuffed = b"\r\n".join(b"." + line if line.startswith(b".") else line for line in self.mails[there[int(rest)]].split(b"\r\n"))
        return c.send(b"+OK\r\n" + stuffed + (b"" if stuffed.endswith(b"\r\n") else b"\r\n") + b".\r\n")

    def _pop_dele(self, c, rest):
        c.marked.add(dict(self._there(c))[int(rest)])
        c.send("+OK\r\n")

    def _pop_quit(self, c, _rest):
        for uid in c.marked:
            self.mails.pop(uid, None)
        c.send("+OK bye\r\n")
        raise EOFError
