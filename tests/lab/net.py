"""The laboratory's outside world: a name server, and mail servers that answer by the recipient's name (cases.ANSWERS) and take the bounces."""
import re
import socket
import struct
import threading

from lab.cases import ANSWERS, OURS
from lab.places import OWN

# Domain: its mail servers' addresses. What each of them is like stands in WAYS.
ZONE = {
    "cust.example": ["192.0.2.10"], "news.example.com": ["192.0.2.11"], "fwd.example": ["192.0.2.11"], "banner.example": ["192.0.2.12"],
    "busy-banner.example": ["192.0.2.13"], "hangs-up.example": ["192.0.2.14"], "bad-tls.example": ["192.0.2.15"], "old.example": ["192.0.2.16"],
    "modern.example": ["192.0.2.17"], "no-ehlo.example": ["192.0.2.18"], "refused.example": ["192.0.2.19"], "tls.example": ["192.0.2.10"],
    "nobody-there.example": ["203.0.113.1"], "loop.example": ["192.0.2.25", "192.0.2.26"], "here.example": ["192.0.2.25"],
    **{"rx-%s.example" % name: ["192.0.2.%d" % (31 + i)] for i, name in enumerate(("postfix", "exim", "sendmail", "opensmtpd", "relay", "spam", "clam", "list", "mailman"))},
    "rx-exim-relay.example": ["192.0.2.32"], "rx-sendmail-relay.example": ["192.0.2.33"], "rx-opensmtpd-relay.example": ["192.0.2.34"],
}
WAYS = {"192.0.2.10": "", "192.0.2.11": "ours", "192.0.2.12": "banner", "192.0.2.13": "busy-banner", "192.0.2.14": "hangs-up", "192.0.2.15": "bad-tls",
        "192.0.2.16": "old", "192.0.2.17": "modern", "192.0.2.18": "no-ehlo"}
HOSTS = {"mail.example.org": "192.0.2.25", "example.com": "192.0.2.11", "example.org": "192.0.2.25",
         **{"mx.%s" % domain if i == 0 else "mx%d.%s" % (i, domain): address for domain, addresses in ZONE.items() for i, address in enumerate(addresses)}}
NULL_MX, MX_GONE, NO_ADDRESS, SERVFAIL = "null-mx.example", "mx-gone.example", "no-address.example", "servfail.example"
LARGEST = 100000
A, PTR, MX, TXT = 1, 12, 15, 16


class NameServer(threading.Thread):
    """Answers for ZONE over UDP; NXDOMAIN for what it does not know. listed: addresses on the blocklist bl.example."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listed = set()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))

    @staticmethod
    def wire(name):
        return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label) + b"\0"

    def find(self, name, kind):
        """(code, [data])"""
        if name == SERVFAIL:
            return 2, []
        if name == NULL_MX:
            return 0, [struct.pack(">H", 0) + b"\0"] if kind == MX else []
        if name == MX_GONE:
            return 0, [struct.pack(">H", 10) + self.wire("mx.gone.example")] if kind == MX else []
        if name == NO_ADDRESS:
            return 0, [b"\x04none"] if kind == TXT else []
        if name.endswith(".in-addr.arpa"):
            address = ".".join(reversed(name.split(".")[:4]))
            found = next((host for host, its in HOSTS.items() if its == address), None)
            return (0, [self.wire(found)] if kind == PTR else []) if found else (3, [])
        if name.endswith(".bl.example"):
            listed = ".".join(reversed(name.split(".")[:4])) in self.listed
            return (0, [socket.inet_aton("127.0.0.2")] if kind == A else [b"\x1cListed, see bl.example/lookup"] if kind == TXT else []) if listed else (3, [])
        if name in ZONE and kind == MX:
            return 0, [struct.pack(">H", 10 * i + 10) + self.wire("mx.%s" % name if i == 0 else "mx%d.%s" % (i, name)) for i in range(len(ZONE[name]))]
        if name in HOSTS:
            return 0, [socket.inet_aton(HOSTS[name])] if kind == A else []
        return (0 if name in ZONE else 3), []

    def run(self):
        while True:
            asked, who = self.socket.recvfrom(4096)
            at, labels = 12, []
            while asked[at]:
                labels.append(asked[at + 1:at + 1 + asked[at]].decode("ascii", "replace").lower())
                at += 1 + asked[at]
            kind = struct.unpack(">H", asked[at + 1:at + 3])[0]
            code, found = self.find(".".join(labels), kind)
            answer = asked[:2] + struct.pack(">HHHHH", 0x8580 | code, 1, len(found), 0, 0) + asked[12:at + 5]
            for data in found:
                answer += struct.pack(">HHHIH", 0xC00C, kind, 1, 60, len(data)) + data
            self.socket.sendto(answer, who)


class Talk:
    """One connection to a mail server of the kind WAY; TAKE(recipients, data) gets the bounces."""

    def __init__(self, sock, way, take, seen):
        self.sock, self.way, self.take, self.seen = sock, way, take, seen
        self.file = sock.makefile("rwb")

    def say(self, *lines):
        self.file.write(b"".join((line if isinstance(line, bytes) else line.encode()) + b"\r\n" for line in lines))
        self.file.flush()

    @staticmethod
    def answer_of(address, stage):
        name = address.split("@")[0].split("+")[0]
        answer = ANSWERS.get({"ünknown": "unknown"}.get(name, name))
        return answer if answer and answer.stage == stage else None

    def greet(self):
        if self.way == "hangs-up":
            return False
        self.say({"banner": "554 5.7.1 mx.banner.example: your address is not welcome here", "busy-banner": "421 4.3.2 mx.busy-banner.example: too busy, try later"}
                 .get(self.way, "220 mx.cust.example ESMTP"))
        return not self.way.endswith("banner")

    def ehlo(self):
        if self.way == "no-ehlo":
            return self.say("550 5.7.1 Your host name is not welcome here")
        if self.way == "old":
            return self.say("502 5.5.1 What is that?")
        more = {"modern": ["250-DSN", "250-SMTPUTF8", "250-SIZE %d" % LARGEST], "bad-tls": ["250-STARTTLS"], "ours": ["250-SMTPUTF8"]}.get(self.way, [])
        return self.say("250-mx.cust.example", "250-8BITMIME", *more, "250 ENHANCEDSTATUSCODES")

    def data(self, sender, taken):
        early = next((a for a in (self.answer_of(one, "data") for one in taken) if a), None) if sender else None
        if early:
            self.say(*early.lines)
            return True
        self.say("354 go on")
        data = b""
        while not data.endswith(b"\r\n.\r\n"):
            line = self.file.readline()
            if not line:
                return False
            data += line[1:] if line.startswith(b"..") else line
        late = next((a for a in (self.answer_of(one, "dot") for one in taken) if a), None)
        if late and not late.lines:
            return False
        if any(one.split("@")[-1] in OURS for one in taken):
            self.take(taken, data[:-3])
        self.say(*late.lines if late else ["250 2.0.0 taken"])
        return True

    def rcpt(self, sender, address, taken):
        answer = self.answer_of(address, "rcpt") if sender else None
        if self.way == "ours" and address.startswith("bounces+callout") and self.sock.getpeername()[0] == "192.0.2.32":
            return self.say("550 5.1.1 no such user")  # to the receiver that asks whether the sender exists
        if address.startswith("once") and address not in self.seen:
            self.seen.add(address)
            return self.say("450 4.7.1 Greylisted, please come back")
        if answer and not answer.lines:
            return False
        taken += [] if answer else [address]
        return self.say(*[one.format(to=address) if isinstance(one, str) else one for one in answer.lines] if answer else ["250 2.1.5 ok"]) or True

    def run(self):
        sender, taken = None, []
        if not self.greet():
            return self.sock.close()
        for line in self.file:
            word, text = line[:4].upper(), line.decode("utf-8", "replace").strip()
            address = text[text.find("<") + 1:text.find(">")]
            if word == b"EHLO":
                self.ehlo()
            elif word == b"HELO" and self.way == "no-ehlo":
                self.say("550 5.7.1 Your host name is not welcome here")
            elif word == b"STAR":
                self.say("220 go on")
                self.file.write(b"this is no handshake\r\n")
                self.file.flush()
                break
            elif word == b"MAIL":
                sender, taken = address, []
                size = re.search(r"SIZE=(\d+)", text)
                if self.way == "modern" and size and int(size[1]) > LARGEST:
                    self.say("552 5.3.4 Message size exceeds fixed limit")
                    continue
                answer = self.answer_of(address.split("+")[-1], "mail")
                self.say(*answer.lines if answer else ["250 2.1.0 ok"])
            elif word == b"RCPT":
                if self.rcpt(sender, address, taken) is False:
                    break
            elif word == b"DATA":
                if not self.data(sender, taken):
                    break
            else:
                self.say("221 2.0.0 bye" if word == b"QUIT" else "250 ok")
                if word == b"QUIT":
                    break
        return self.sock.close()


def listen(address, take, seen):
    server = socket.create_server((address, 25))

    def loop():
        while True:
            talk = Talk(server.accept()[0], WAYS[address], take, seen)
            threading.Thread(target=quietly, args=(talk,), daemon=True).start()
    threading.Thread(target=loop, daemon=True).start()


def quietly(talk):
    """A sender that hangs up is no matter."""
    try:
        talk.run()
    except (OSError, ValueError):
        pass
    finally:
        try:
            talk.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        talk.sock.close()


def start(take):
    """The name server; all mail servers run."""
    server, seen = NameServer(), set()
    server.listed.update(OWN)
    server.start()
    for address in WAYS:
        listen(address, take, seen)
    return server
