"""A person's name and address in every place and every encoding in which receivers' answers are known to have them."""
import base64
import email.header
import quopri
import urllib.parse

# First name, last name, local part, domain: a usual one, one of digits, a short one, one with hyphen and digits, one beyond ASCII.
PEOPLE = (
    ("Zoranka", "Quiltworth", "zoranka.quiltworth", "quiltworth-family.example"),
    ("Zoranka", "Quiltworth", "01715557788", "birds.example.net"),
    ("Zq", "Quilt", "zqx", "birds.example.net"),
    ("Zoranka", "Quiltworth", "z-quiltworth84", "gmail.com"),
    ("Żoränka", "Quiltwörth", "żoränka", "bücher.example"),
)


def encoded(l, d):
    a = "%s@%s" % (l, d)
    yield from {
        "as it is": a, "brackets": "<%s>" % a, "quotes": "'%s'" % a, "capitals": a.upper(), "blanks": "%s @ %s" % (l, d), "spoken": "%s at %s" % (l, d),
        "spoken in brackets": "%s (at) %s" % (l, d), "dot spelt": "%s [at] %s" % (l, d.replace(".", " dot ")), "percent": urllib.parse.quote(a, safe=""),
        "percent hack": "%s%%%s@relay.example.org" % (l, d), "percent alone": "%s%%%s" % (l, d), "bang": "%s!%s" % (d, l), "entity": a.replace("@", "&#64;"),
        "hex entity": a.replace("@", "&#x40;"), "named entity": a.replace("@", "&commat;"), "all entities": "".join("&#%d;" % ord(c) for c in a),
        "quoted-printable": quopri.encodestring(a.encode()).decode().strip(), "=40": a.replace("@", "=40"), "xtext": "rfc822;" + a.replace("@", "+40"),
        "base64": base64.b64encode(a.encode()).decode(), "base64 local": base64.b64encode(l.encode()).decode(), "encoded word": email.header.Header(a, "utf-8").encode(),
        "encoded word B": "=?utf-8?b?%s?=" % base64.b64encode(a.encode()).decode(), "hex": a.encode().hex(), "spaced letters": " ".join(a), "wide at": a.replace("@", "\uff20"),
        "slash": "%s/%s" % (d, l), "colon": "user:%s" % l, "genitive": "%s's mailbox" % l, "equals": "%s=%s" % (l, d), "verp": "bounce+%s=%s@news.example.com" % (l, d),
        "batv": "prvs=0123abcdef=%s" % a, "srs": "SRS0=abcd=XY=%s=%s@relay.example.org" % (d, l), "source route": "<@relay.example.org:%s>" % a,
        "quoted local": '"%s"@%s' % (l, d), "x.400": "/G=%s/S=%s/O=example/C=de/" % (l, l), "exchange": "/O=EXAMPLE/OU=FIRST/CN=RECIPIENTS/CN=%s" % l,
        "imceaex": "IMCEAEX-_O=EXAMPLE_CN=RECIPIENTS_CN=%s@%s" % (l, d), "spool": "/var/mail/%s" % l, "spool hashed": "/var/spool/mail/%s/%s/%s" % (l[0], l[1], l),
        "home": "/home/%s/.forward" % l, "maildir": "/home/vmail/%s/%s/Maildir/new" % (d, l), "procmail": "procmail: Error while writing to \"/var/spool/mail/%s\"" % l,
        "windows path": "C:\\mail\\%s\\inbox" % l, "mailbox store": "%s.mbx" % l, "dollar": "$%s" % l, "at sign alone": "@%s" % l, "hash": "#%s" % l, "tilde": "~%s" % l,
        "plus tag": "%s+news@%s" % (l, d), "mailto": "mailto:%s" % a, "unsubscribe": "https://news.example.com/u?m=%s&x=1" % urllib.parse.quote(a),
        "url path": "http://%s/~%s" % (d, l), "url bare": "www.%s/%s" % (d, l), "message id": "<20261101.%s@%s>" % (l, d), "for": "for <%s>; Sun, 1 Nov 2026" % a,
        "json": '{"user":"%s"}' % l, "ldap": "uid=%s,ou=people,dc=example" % l, "sql": "SELECT * FROM users WHERE name='%s'" % l, "smtp": "RCPT TO:<%s>" % a,
        "underscores": a.replace("@", "_at_"), "brackets at": a.replace("@", "[at]"), "brace": "{%s}" % l, "folded": "%s\n    %s" % (l[:2], l[2:] + "@" + d),
        "hyphen at": a.replace("@", "-at-"), "reversed domain": "%s@%s" % (l, ".".join(reversed(d.split(".")))), "utf-7": a.encode("utf-7").decode(),
        "punycode": l.encode("punycode").decode(), "trailing dot": a + ".", "doubled": "%s %s" % (a, a), "no at": "%s%s" % (l, d), "number sign": "no. %s" % l,
        "parenthesis": "unknown user (%s)" % l, "comma list": "%s,%s" % (l, l), "semicolon": "user;%s;unknown" % l, "pipe": "user|%s|unknown" % l,
    }.items()


def spoken(first, last, l, d):
    yield from {
        "user": "user %s unknown" % l, "name": "%s %s does not work here any more" % (first, last), "name and address": "%s %s <%s@%s>" % (first, last, l, d),
        "display name": '"%s, %s" <%s@%s>' % (last, first, l, d), "former": "our former colleague %s has left" % first, "dear": "Dear %s, your mail" % last,
        "mailbox of": "the mailbox of Mr. %s is full" % last, "signature": "Regards, %s %s, sales" % (first, last), "initial": "%s. %s unknown" % (first[0], last),
        "account number": "account 4711223344 of %s" % last, "telephone": "call +49 171 555 77 88 or %s" % last, "telephone 2": "0171/555 7788", "host of a person": "host pc-%s.%s" % (l, d),
        "mailbox path": "mailbox %s over quota" % l, "title": "Dr.%s" % last, "joined names": "%s_%s" % (first, last), "camel": first + last, "lower": (first + last).lower(),
        "comment": "%s@%s (%s %s)" % (l, d, first, last), "cc": "Cc: %s %s" % (first, last), "german": "Der Benutzer %s ist unbekannt" % l, "french": "l'utilisateur %s est inconnu" % l,
        "japanese": "%sさんは存在しません" % last, "chinese": "用户%s不存在" % l, "possessive": "%s's account is disabled" % first, "in dots": "...%s..." % l,
    }.items()


REPORT = """From: MAILER-DAEMON@mx.example.org
To: bounces@example.com
Subject: Undelivered Mail Returned to Sender
Message-ID: <{number}@mx.example.org>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="cut"

--cut
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

{human}

--cut
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; {final}
Action: failed
Status: {status}
{diagnostic}
--cut
Content-Type: text/rfc822-headers

From: news@example.com
Message-ID: <{number}@example.com>

--cut--
"""
