#!/usr/bin/python3
"""A sender that does not ask: its mail to those who are suppressed comes back again, or is delivered. The report says so, by numbers from which none below k follows."""
import os
import sys
import xml.etree.ElementTree as xml

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.contacts import BOUNCE, DEAD
from lib.harness import *

AT = "{urn:retour:report:1}"
HOST = "mx.receiver.test"


class Sender:
    def __init__(self):
        self.retour, self.number = Retour(now="2026-11-01T00:00:00Z"), 0
        os.mkdir(self.retour.dir + "/empty")
        equal(self.retour.run("import", self.retour.dir + "/empty").code, 0)

    def back(self, day, name, count, delivered=False):
        """Mail to COUNT recipients comes back on that day of November."""
        folder = "%s/%d" % (self.retour.dir, self.number)
        os.mkdir(folder)
        for n in range(count):
            self.number += 1
            mail = BOUNCE % {"date": "%02d Nov 2026 05:00:00 +0000" % day, "number": self.number, "recipient": "%s%d@receiver.test" % (name, n), "host": HOST,
                             "status": "2.0.0" if delivered else DEAD[0], "text": "250 2.0.0 Ok" if delivered else DEAD[1]}
            if delivered:
                mail = mail.replace("Action: failed", "Action: delivered").replace("could not be", "was").replace("Undelivered Mail Returned to Sender", "Successful Mail Delivery Report")
            with open("%s/%d.eml" % (folder, n), "w", encoding="utf-8") as f:
                f.write(mail)
        self.retour.now = "2026-11-%02dT06:00:00Z" % day
        result = self.retour.run("import", folder)
        equal(result.code, 0, result)

    def said(self):
        """The attributes of the recipients' states, and why measures are taken."""
        self.retour.now = "2026-12-02T06:00:00Z"
        result = self.retour.run("report", "--month", "2026-11", "--format", "xml")
        equal(result.code, 0, result)
        root = xml.fromstring(result.out)
        return dict(root.find(AT + "contacts").attrib), {node.get("id"): node.findtext(AT + "because") for node in root.find(AT + "measures")}


with case("nothing is said of mail that was on its way when its recipient was suppressed"):
    sender = Sender()
    sender.back(3, "dead", 20)
    sender.back(4, "dead", 20)
    equal(sender.said()[0], {})
with case("who writes to 20 dead ones again, beside 15 new ones, is told 20 of 55"):
    sender = Sender()
    sender.back(3, "dead", 20)
    sender.back(8, "dead", 20)
    sender.back(8, "new", 15)
    attributes, why = sender.said()
    equal(attributes, {"refused": "20"})
    contains(why["gone-refused"], "20 of 55 hard bounces were of recipients who had been suppressed for two days or more")
with case("where fewer than k are new ones, no number tells how few; where few are old ones, nothing"):
    sender = Sender()
    sender.back(3, "dead", 4)
    for day in (8, 12, 16, 20, 24):
        sender.back(day, "dead", 4)
    attributes, why = sender.said()
    equal(attributes, {"refused": "most"})
    contains(why["gone-refused"], "Most of the 24 hard bounces")
    sender = Sender()
    sender.back(3, "dead", 20)
    sender.back(8, "dead", 9)
    equal(sender.said()[0], {})
with case("mail that is delivered to dead ones is told, from k on, and they stay suppressed until somebody decides"):
    sender = Sender()
    sender.back(3, "dead", 12)
    sender.back(8, "dead", 9, delivered=True)
    equal(sender.said()[0], {})
    sender.back(9, "dead", 1, delivered=True)
    attributes, why = sender.said()
    equal(attributes, {"delivered": "true"})
    contains(why["gone-delivered"], "Mail was delivered to recipients who are suppressed because it had bounced hard")
    equal({line["verdict"] for line in sender.retour.run("check", "--json", input="dead0@receiver.test\n").lines()}, {"suppress"})
finish()
