"""Connections of fake servers that keep the protocol up to some byte and then do not, drawn from a random number generator with a fixed seed.

    class Troubled(FakePop3):
        connection = troubled(random.Random(1), NOISE["pop3"])

What stands in a mail is left alone: a server that lies about it is believed, for who else should know. So are the numbers by which it names a mail while it
hands it over.
"""
import random
import re
import time

from .fakeimap import Connection

# Lines that may come at any time, most of them from nowhere.
ANY = [b"\r\n", b"\0\0\0\r\n", b"\xff\xfe\xfd\r\n", b"x" * 9000 + b"\r\n", b"* OK\n", b" \r\n"]
NOISE = {
    "imap": ANY + [b"* BYE go away\r\n", b"* 1 EXPUNGE\r\n", b"* 4 EXPUNGE\r\n", b"* 3 EXISTS\r\n", b"* 0 EXISTS\r\n", b"* 99999999999999999999 EXISTS\r\n",
                   b"* OK [UIDVALIDITY 1] new\r\n", b"* OK [UIDNEXT 1] new\r\n", b"* 2 FETCH (FLAGS (\\Deleted))\r\n", b"* VANISHED 1:4294967295\r\n",
                   b"* " + b"(" * 2000 + b"\r\n", b"* 2 FETCH (" + b"(" * 500 + b"\r\n", b"* LIST () NIL \"\"\r\n", b"+ go on\r\n", b"* NO [ALERT] full\r\n",
                   b"* 1 FETCH (UID 1 BODY[] {4294967295}\r\n", b"* 1 FETCH (UID 1 BODY[] \"\")\r\n", b"A1 OK done\r\n", b"* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n"],
    "pop3": ANY + [b"-ERR no\r\n", b"+OK\r\n", b".\r\n", b"+ \r\n", b"1 u1\r\n", b"99999999999999999999 u1\r\n", b"+OK 5 100\r\n", b"-ERR [IN-USE] later\r\n"],
    "smtp": ANY + [b"421 going down\r\n", b"250 ok\r\n", b"250-more\r\n", b"550 5.7.1 no\r\n", b"354 go\r\n", b"999 what\r\n", b"220 again\r\n", b"334 \r\n"],
}
NUMBERS = (b"0", b"-1", b"1", b"7", b"65536", b"4294967295", b"4294967296", b"18446744073709551616", b"999999999999999999999999")
FAULTS = ("close", "reset", "stall", "drip", "insert", "insert", "insert", "number", "number", "drop", "flip", "flood", "none")


def troubled(dice, noise, reach=3000):
    """A class of connections; each has one fault, somewhere in the first REACH bytes that it sends."""

    class Troubled(Connection):
        def __init__(self, server, sock):
            super().__init__(server, sock)
            self.sent, self.slow = 0, 0
            self.fault, self.at = dice.choice(FAULTS), dice.randrange(1, dice.choice((100, 400, reach)))
            server.troubles.append((self.fault, self.at))

        def plain(self, data):
            if self.slow > 0:
                for byte in data[:self.slow]:
                    super().send(bytes([byte]))
                    time.sleep(0.005)
                data, self.slow = data[self.slow:], self.slow - len(data)
            super().send(data)

        def send(self, text):
            data = text if isinstance(text, bytes) else text.encode()
            begin, self.sent = self.sent, self.sent + len(data)
            if not begin <= self.at < self.sent:
                return self.plain(data)
            if self.fault in ("insert", "drop", "flip", "number") and data.startswith(b"+OK") and b"MAILER-DAEMON" in data:
                self.at = self.sent  # POP3 has no length: a line more is a line of the mail
                return self.plain(data)
            return getattr(self, "do_" + self.fault)(data, self.at - begin)

        def outside(self, data):
            """Ranges of DATA that are protocol and not mail."""
            at = 0
            for found in re.finditer(b"From: MAILER-DAEMON.*?\r\n--b--\r\n", data, re.S):
                yield at, found.start()
                at = found.end()
            yield at, len(data)

        def near(self, data, at):
            """AT, or the first place behind it, or the last before it, that is no mail."""
            ranges = [r for r in self.outside(data) if r[1] > r[0]]
            return next((max(at, low) for low, high in ranges if at < high), ranges[-1][1] - 1 if ranges else None)

        def do_none(self, data, _at):
            self.plain(data)

        def do_close(self, data, at):
            self.plain(data[:at])
            self.close()

        def do_reset(self, data, at):
            self.plain(data[:at])
            self.reset()

        def do_stall(self, data, at):
            self.plain(data[:at])
            time.sleep(2.5)
            self.close()

        def do_drip(self, data, _at):
            self.slow = 300
            self.plain(data)

        def do_flood(self, data, at):
            self.plain(data[:at])
            self.flood(dice.choice((b"x" * 65536, b"* OK still here\r\n" * 1000, b"\r\n" * 1000, b"250-x\r\n" * 1000, b"+OK\r\n" * 1000)))

        def do_insert(self, data, at):
            """A line more, where a line begins."""
            at = self.near(data, at)
            line = data.find(b"\r\n", at) + 2 if dice.random() < 0.5 else data.rfind(b"\r\n", 0, at) + 2
            if line < 2 or not any(low <= line <= high for low, high in self.outside(data)):
                line = 0
            self.plain(data[:line] + dice.choice(noise) + data[line:])

        def do_number(self, data, at):
            names = [m.span() for m in re.finditer(rb"\* \d+ FETCH \(UID \d+|u\d+", data)]
            places = [m.span() for low, high in self.outside(data) for m in re.finditer(rb"\d+", data[:high]) if m.start() >= low]
            places = [p for p in places if not any(low <= p[0] < high for low, high in names)]
            if places:
                low, high = min(places, key=lambda p: abs(p[0] - at))
                data = data[:low] + dice.choice(NUMBERS) + data[high:]
            self.plain(data)

        def do_drop(self, data, at):
            at = self.near(data, at)
            self.plain(data[:at] + data[at + 1:])

        def do_flip(self, data, at):
            at = self.near(data, at)
            self.plain(data[:at] + bytes([data[at] ^ (1 << dice.randrange(8))]) + data[at + 1:])

    return Troubled
