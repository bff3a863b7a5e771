"""A submission server (RFC 5321, 3207, 4954) of a few lines that keeps the protocol, except where its connection is told not to (lib/trouble.py).

    fake = FakeSmtp(); retour.config["report"].update(fake.report(...)); fake.mails
"""
from .fakeimap import FakeImap


class FakeSmtp(FakeImap):
    """mails: {number: bytes}, what was taken whole; in_clear: commands that came without TLS."""

    def __init__(self, tls="starttls", greeting="220 fake ESMTP\r\n", **keys):
        super().__init__((), tls=tls, greeting=greeting, **keys)
        self.in_clear = []

    def report(self, password_file, **keys):
        return {"smtp": "%s:%d" % (self.host, self.port), "tls": self.tls, "ca_file": self.ca_file, "user": "retour@example.org",
                "password_file": password_file, "timeout": "1s", "from": "retour@example.org", "to": "deliverability@example.org", **keys}

    def _command(self, c, line):
        word = line.split(" ")[0].split(":")[0].lower()
        if not hasattr(c.sock, "cipher"):
            self.in_clear.append(line)
        getattr(self, "_smtp_" + word, lambda c, line: c.send("500 unknown\r\n"))(c, line)

    def _smtp_ehlo(self, c, _line):
        c.send("250-fake\r\n250-SIZE 10000000\r\n%s250-AUTH PLAIN LOGIN\r\n250 8BITMIME\r\n" % ("250-STARTTLS\r\n" if self.tls == "starttls" else ""))

    def _smtp_starttls(self, c, _line):
        c.send("220 go\r\n")
        c.start_tls()

    def _smtp_auth(self, c, line):
        if line.count(" ") < 2:
            c.send("334 \r\n")
            c.readline()
        c.send("235 in\r\n")

    def _smtp_mail(self, c, _line):
        c.send("250 ok\r\n")

    _smtp_rcpt = _smtp_rset = _smtp_noop = _smtp_mail

    def _smtp_data(self, c, _line):
        c.send("354 go on\r\n")
        lines = []
        while True:
            lines.append(c.readline())
            if lines[-1] == ".":
                break
        self.mails[len(self.mails) + 1] = "\r\n".join(line[1:] if line.startswith(".") else line for line in lines[:-1]).encode()
        c.send("250 taken\r\n")

    def _smtp_quit(self, c, _line):
        c.send("221 bye\r\n")
        raise EOFError
