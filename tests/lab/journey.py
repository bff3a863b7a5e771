"""The way back: the bounces come by SMTP, go on by LMTP into a mailbox of a real Dovecot, and `retour run` empties it."""
import json
import os
import re
import smtplib
import threading

from lib import tap
from lib.dovecot import Dovecot, free_port
from lib.program import Retour

BOX = "bounces@news.example.com"
LMTP = """
protocols = imap pop3 lmtp
service lmtp {{
  chroot =
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {port}
  }}
}}
"""


class Journey:
    """take(recipients, data) is for the world outside; messages() what lies in the mailbox. One for each system, with a store of its own."""

    def __init__(self):
        self.port = free_port()
        self.dovecot = Dovecot(users={BOX: "secret"}, extra=LMTP.format(port=self.port))
        self.lock = threading.Lock()
        self.retour = Retour(now=None)
        self.retour.config["origin"] = {"domains": "news.example.com", "campaign_headers": "X-Campaign-ID", "verp": "bounces+{token}@news.example.com"}
        self.retour.config["mailbox lab"] = self.dovecot.mailbox(BOX, tls="none", password_file=self.retour.secret("secret"), unrecognised="move:Unrecognised")
        self.refused, self.read = [], {}
        first = self.retour.run("run")  # makes the store and its keys
        tap.check(first.code == 0, "a first run", first)

    def take(self, recipients, data):
        """What a mail server does that knows these addresses as aliases of the mailbox."""
        data = b"X-Original-To: " + recipients[0].encode() + b"\r\n" + data
        try:
            with self.lock, smtplib.LMTP("127.0.0.1", self.port) as lmtp:
                lmtp.ehlo()
                lmtp.sendmail("", [BOX], data, ["BODY=8BITMIME"])
        except (smtplib.SMTPException, OSError) as why:
            self.refused.append(str(why))

    def verp(self, campaign, address):
        """A signed return path for ADDRESS."""
        out = self.retour.run("verp", "--campaign", campaign, input=address + "\n")
        return re.search(r",(\S+)$", out.out.strip().split("\n")[-1])[1]

    def events(self):
        """What `classify` says of the mails as they lie there: [events]. A mail is read once."""
        fresh = [path for path in self.dovecot._files(BOX, "INBOX") if path not in self.read and os.path.basename(path).split(",")[0] not in self.read]
        for begin in range(0, len(fresh), 100):
            done = self.retour.run("classify", "--plain", *fresh[begin:begin + 100])
            for path in fresh[begin:begin + 100]:
                self.read[os.path.basename(path).split(",")[0]] = []
            for event in done.lines():
                if event["kind"] == "autoreply":  # names nobody; what it answers is for the laboratory to know
                    with open(event["file"], "rb") as mail:
                        answered = re.search(rb"^In-Reply-To: <(.*)>", mail.read(), re.M)
                    event["message_id"] = answered and answered[1].decode()
                self.read[os.path.basename(event["file"]).split(",")[0]].append(event)
        return [event for found in self.read.values() for event in found]

    def text(self, event):
        """The mail that EVENT was read of."""
        name = os.path.basename(event["file"]).split(",")[0]
        path = next(path for path in self.dovecot._files(BOX, "INBOX") if os.path.basename(path).startswith(name))
        with open(path, "rb") as mail:
            return mail.read()

    def run(self, name, expected, signed):
        """`retour run` empties the mailbox; what it stored is what classify said of the mails, SIGNED of them are proven ours, and contacts are as
        EXPECTED {address: verdicts}. {address: what is wrong}"""
        told = sorted(self._essence(event) for event in self.events() if event["kind"] != "none")
        done = self.retour.run("run")
        stored = [json.loads(line) for line in self.retour.run("events").out.splitlines()]
        verified = sum(event.get("origin") == "verified" for event in stored)
        tap.check(verified == signed, "%s: signed return paths prove that a mail was ours" % name, "%d of %d" % (verified, signed))
        stored = sorted(self._essence(event) for event in stored if "kind" in event)
        tap.check(done.code == 0, name + ": retour run reads the mailbox", done)
        tap.check(not self.refused, name + ": Dovecot takes all", self.refused[:3])
        tap.check(stored == told, "%s: what run stores of %d mails is what classify says" % (name, len(self.read)), "%d and %d\n%s" % (
            len(stored), len(told), [one for one in told if one not in stored][:5]))
        left = {folder: self.dovecot.count(BOX, folder) for folder in ("INBOX", "Unrecognised")}
        tap.check(left == {"INBOX": 0, "Unrecognised": 0}, name + ": the mailbox is empty", left)
        answers = self.retour.run("check", "--json", input="".join(address + "\n" for address in expected)).lines()
        return {address: "" if answer["verdict"] in verdicts else "%s (%s)" % (answer["verdict"], answer["reason"])
                for (address, verdicts), answer in zip(expected.items(), answers)}

    @staticmethod
    def _essence(event):
        return tuple(str(event.get(key)) for key in ("kind", "class", "category", "status", "reply", "rule", "campaign"))

    def close(self):
        self.dovecot.stop()
