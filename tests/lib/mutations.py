"""Harmless changes of a mail: what it reports stays the same. MUTATIONS lists them, name and function; each takes the mail's bytes and gives those of the
changed one, or None where the change does not fit this mail (no such part, damage that the change would heal, a line end of its own kind).

A mail is laid open only as far as a change needs: its header into fields with their folds, its parts by the boundaries that they declare.
"""
import base64
import quopri
import re

FIELD = re.compile(rb"[!-9;-~]+[ \t]*:")


class Mail:
    """Envelope line, fields (each with its folds, line ends as they are) and body, empty line included; raises ValueError where the header is damaged."""

    def __init__(self, data):
        self.eol = b"\r\n" if b"\r\n" in data else b"\n"
        if b"\r" in data.replace(b"\r\n", b"") or (self.eol == b"\r\n" and b"\n" in data.replace(b"\r\n", b"")):
            raise ValueError("line ends of several kinds")
        lines = data.split(self.eol)
        self.envelope, self.fields = [], []
        while lines and (lines[0].startswith(b"From ") or lines[0].startswith(b">From ")):
            self.envelope.append(lines.pop(0))
        while lines and lines[0] != b"":
            line = lines.pop(0)
            if line[:1] in (b" ", b"\t") and self.fields:
                self.fields[-1].append(line)
            elif FIELD.match(line):
                self.fields.append([line])
            else:
                raise ValueError("a line that is no field")
        if not self.fields or not lines:
            raise ValueError("no header, or nothing behind it")
        self.body = self.eol.join(lines[1:])
        if self.envelope and re.search(rb"(?m)^From .*\d{4}\r?$", self.body):
            raise ValueError("several mails")

    def bytes(self):
        header = [line for field in self.fields for line in field]
        return self.eol.join(self.envelope + header + [b"", self.body])

    def get(self, name):
        """The unfolded value of the first field NAME; b"" without one."""
        for field in self.fields:
            if name_of(field) == name.lower():
                return b"".join(field).split(b":", 1)[1].strip()
        return b""

    def count(self, name):
        return sum(name_of(field) == name.lower() for field in self.fields)

    def take(self, *names):
        """The fields of these names, which it no longer has."""
        names = [name.lower() for name in names]
        taken = [field for field in self.fields if name_of(field) in names]
        self.fields = [field for field in self.fields if name_of(field) not in names]
        return taken

    def put(self, *lines):
        self.fields.append(list(lines))


def name_of(field):
    return field[0].split(b":", 1)[0].strip().lower()


def boundary_of(content_type):
    found = re.search(rb'(?i)boundary\s*=\s*(?:"([^"]+)"|([^\s;"]+))', content_type)
    return (found.group(1) or found.group(2)) if found else None


def media_type(mail):
    return mail.get(b"Content-Type").split(b";")[0].strip().lower() or b"text/plain"


def changes_parts(data, change):
    """DATA with each of its parts, or itself where it has none, as CHANGE(Mail) leaves it; None where CHANGE says so of all, or a boundary is damaged."""
    mail = Mail(data)
    if not media_type(mail).startswith(b"multipart/"):
        return mail.bytes() if change(mail) else None
    boundary = boundary_of(mail.get(b"Content-Type"))
    delimiter = mail.eol + b"--" + boundary if boundary else None
    if not delimiter or (mail.eol + mail.body).count(delimiter) < 2:
        raise ValueError("no boundary")
    pieces, any_changed = (mail.eol + mail.body).split(delimiter), False
    for i, piece in enumerate(pieces[1:], 1):
        if piece.startswith(b"--"):
            break
        head, rest = piece.split(mail.eol, 1)
        if head.strip():
            raise ValueError("a boundary inside another")
        if rest.startswith(mail.eol):  # a part without a header
            part = Mail(b"Content-Type: text/plain" + mail.eol + rest)
        else:
            part = Mail(rest)
        part.eol = mail.eol
        if media_type(part).startswith(b"multipart/"):
            inner = changes_parts(part.bytes(), change)
            if inner:
                pieces[i], any_changed = head + mail.eol + inner, True
        elif change(part):
            pieces[i], any_changed = head + mail.eol + part.bytes(), True
    mail.body = delimiter.join(pieces)[len(mail.eol):]
    return mail.bytes() if any_changed else None


# --- the header -------------------------------------------------------------------------------------------------------

SPAM_REPORT = [b"X-Spam-Report:", b" * -0.0 NO_RELAYS Informational: message was not relayed", b" ", b" * 0.1 MISSING_MID Missing Message-Id: header", b"\t",
               b" * 1.2 BOUNCE_MESSAGE MTA bounce message"]


def blank_fold(position):
    def change(data):
        mail = Mail(data)
        mail.fields.insert(int(position * len(mail.fields)), SPAM_REPORT)
        return mail.bytes()
    return change


def order(key):
    """Fields sorted by KEY of their name; those of one name stay in their order."""
    def change(data):
        mail = Mail(data)
        mail.fields.sort(key=lambda field: key(name_of(field)))
        return mail.bytes()
    return change


def fold(data):
    mail = Mail(data)
    for field in mail.fields:
        name, value = field[0].split(b":", 1)
        words = b" ".join([value.strip()] + [line.strip() for line in field[1:]]).split(b" ")
        field[:] = [name + b": " + words[0]] + [b"\t" + word for word in words[1:] if word]
    return mail.bytes()


def fold_first(data):
    mail = Mail(data)
    for field in mail.fields:
        name, value = field[0].split(b":", 1)
        if value.strip() and name_of(field) != b"return-path":
            field[:1] = [name + b":", b"  " + value.strip()]
    return mail.bytes()


def unfold(data):
    mail = Mail(data)
    if all(len(field) == 1 for field in mail.fields):
        return None
    for field in mail.fields:
        field[:] = [b" ".join([field[0].rstrip()] + [line.strip() for line in field[1:]])]
    return mail.bytes()


def fold_content_type(data):
    """As some gateways fold: before the blank, which then begins the next line, or behind the semicolon with none but a tab."""
    mail = Mail(data)
    for field in mail.fields:
        if name_of(field) == b"content-type" and b";" in b"".join(field):
            pieces = b" ".join(line.strip() for line in field).split(b";")
            field[:] = [pieces[0] + b";"] + [b"\t" + piece.strip() + b";" for piece in pieces[1:-1]] + [b"\t" + pieces[-1].strip()]
            return mail.bytes()
    return None


def names_in(case):
    def change(data):
        mail = Mail(data)
        for field in mail.fields:
            name, value = field[0].split(b":", 1)
            field[0] = case(name) + b":" + value
        return mail.bytes()
    return change


def values_without_blank(data):
    mail = Mail(data)
    for field in mail.fields:
        name, value = field[0].split(b":", 1)
        if value.strip():
            field[0] = name + b":" + value.strip()
    return mail.bytes()


FILTERS = {
    "spamassassin": [[b"X-Spam-Checker-Version: SpamAssassin 4.0.0 (2022-12-14) on mx.example.com"], [b"X-Spam-Level: **"],
                     [b"X-Spam-Status: No, score=2.1 required=5.0 tests=ANY_BOUNCE_MESSAGE,BAYES_50,", b"\tBOUNCE_MESSAGE,SPF_HELO_NONE autolearn=no"], SPAM_REPORT],
    "rspamd": [[b"X-Rspamd-Server: mx.example.com"], [b"X-Rspamd-Queue-Id: 4D1F22A0B1"], [b"X-Spamd-Result: default: False [-0.10 / 15.00];", b"\tBOUNCE(-0.10)[];",
               b"\tRCVD_COUNT_TWO(0.00)[2];", b"\tMAILER_DAEMON(0.00)[]"], [b"X-Rspamd-Action: no action"]],
    "barracuda": [[b"X-Barracuda-Connect: relay.example.net[192.0.2.9]"], [b"X-Barracuda-Start-Time: 1794470400"], [b"X-Barracuda-Spam-Score: 0.50"],
                  [b"X-Barracuda-Spam-Status: No, SCORE=0.50 using global scores of TAG_LEVEL=3.0 QUARANTINE_LEVEL=1000.0 KILL_LEVEL=7.0"]],
    "microsoft": [[b"X-MS-Exchange-Organization-SCL: -1"], [b"X-Forefront-Antispam-Report: CIP:192.0.2.9;CTRY:DE;LANG:en;SCL:-1;SRV:BULK;IPV:NLI;SFV:NSPM;CAT:NONE"],
                  [b"X-MS-Exchange-CrossTenant-AuthSource: db1.example.com"], [b"X-Microsoft-Antispam: BCL:0;"], [b"X-MS-Exchange-Transport-EndToEndLatency: 00:00:01.25"]],
    "proofpoint": [[b"X-Proofpoint-Virus-Version: vendor=baseguard engine=ICAP:2.0.293"], [b"X-Proofpoint-Spam-Details: rule=notspam policy=default score=0 bulkscore=0"],
                   [b"X-Proofpoint-ORIG-GUID: aZ-1"], [b"X-CLX-Shades: MLX"]],
    "mimecast": [[b"X-Mimecast-Spam-Score: 1"], [b"X-MC-Unique: 8Gx1-1"], [b"X-Mimecast-Bulk-Signature: yes"], [b"X-Mimecast-Originator: example.net"]],
    "ironport": [[b"X-IronPort-AV: E=Sophos;i=\"5.93,294,1631570400\";", b"   d=\"scan'208,217\";a=\"123\""], [b"X-IronPort-Anti-Spam-Filtered: true"],
                 [b"X-IPAS-Result: =?us-ascii?q?A0CB?="], [b"X-Amp-Result: SKIPPED(no attachment in message)"]],
    "mailscanner": [[b"X-MailScanner-Information: Please contact the ISP for more information"], [b"X-MailScanner: Found to be clean"],
                    [b"X-MailScanner-SpamCheck: not spam, SpamAssassin (not cached,", b"\tscore=0.9, required 6, BOUNCE_MESSAGE 0.10)"], [b"X-MailScanner-From: "]],
    "amavis": [[b"X-Virus-Scanned: amavisd-new at example.com"], [b"X-Quarantine-ID: <Zw1-x>"], [b"X-Amavis-Alert: BAD HEADER SECTION, MIME error: error: unexpected end of header"]],
    "sophos": [[b"X-Sophos-Email: [eu-west-1] Antispam-Engine: 5.1.1, AntispamData: 2026.11.9.550"], [b"X-LASED-SpamProbability: 0.08"], [b"X-PMX-Version: 6.4.8.2820816"]],
    "vade": [[b"X-VR-SPAMSTATE: OK"], [b"X-VR-SPAMSCORE: 0"], [b"X-VR-SPAMCAUSE: gggruggvucftvghtrhhoucdtuddrgedvkedrheeigdefgecutefuodetggdotefrodftvf"], [b"X-Vade-Verdict: clean"]],
    "hornetsecurity": [[b"X-antispameurope-sender: "], [b"X-antispameurope-recipient: bounce@example.com"], [b"X-antispameurope-SPFRESULT: NONE"], [b"X-Hornetsecurity-Region: eu"]],
    "trendmicro": [[b"X-TM-AS-Product-Ver: IMSVA-9.1.0.1960-8.6.0.1013-25530.000"], [b"X-TMASE-MatchedRID: b1"], [b"X-TM-Deliver-Signature: 550A1"]],
    "dspam": [[b"X-DSPAM-Result: Innocent"], [b"X-DSPAM-Confidence: 0.5510"], [b"X-DSPAM-Signature: 1,5511"]],
}


def filtered(name):
    def change(data):
        mail = Mail(data)
        mail.fields[0:0] = FILTERS[name]
        return mail.bytes()
    return change


def received_above(data):
    """One hop more, inside the same minute; what has no Received tells its time by other fields, so it has one already."""
    mail = Mail(data)
    place = next((i for i, field in enumerate(mail.fields) if name_of(field) == b"received"), None)
    if place is None or b";" not in mail.get(b"Received"):
        return None
    stamp = mail.get(b"Received").rsplit(b";", 1)[1].strip()
    mail.fields.insert(place, [b"Received: from in.example.com (localhost [127.0.0.1])", b"\tby filter.example.com (Postfix) with ESMTP id 551AA; " + stamp])
    return mail.bytes()


# --- line ends --------------------------------------------------------------------------------------------------------

def line_ends(eol):
    def change(data):
        if Mail(data).eol == eol or b"base64" in data.lower() and eol == b"\n" and b"\0" in data:
            return None
        return data.replace(b"\r\n", b"\n").replace(b"\n", eol)
    return change


# --- parts ------------------------------------------------------------------------------------------------------------

def decoded(part):
    """The bytes of a part, LF for line ends; ValueError where its encoding is damaged."""
    encoding = part.get(b"Content-Transfer-Encoding").lower()
    if b"utf-16" in part.get(b"Content-Type").lower():
        raise ValueError("line ends of two bytes")
    if encoding in (b"", b"7bit", b"8bit", b"binary"):
        return part.body.replace(b"\r\n", b"\n")
    if encoding == b"quoted-printable":
        return quopri.decodestring(part.body.replace(b"\r\n", b"\n"))
    if encoding != b"base64" or len(b"".join(part.body.split())) % 4:
        raise ValueError("no encoding, or a cut one")
    return base64.b64decode(part.body, validate=False).replace(b"\r\n", b"\n")


def encode(part, data, encoding, utf16=False):
    part.take(b"Content-Transfer-Encoding")
    part.put(b"Content-Transfer-Encoding: " + encoding)
    if encoding == b"base64":
        part.body = base64.encodebytes(data if utf16 else data.replace(b"\n", b"\r\n")).replace(b"\n", part.eol)
    elif encoding == b"quoted-printable":
        part.body = quopri.encodestring(data, quotetabs=False).replace(b"\n", part.eol)
    else:
        part.body = data.replace(b"\n", part.eol)


def plain_ascii(data):
    return not any(byte > 126 for byte in data)


def recode(types, encoding):
    def change_part(part):
        kind = media_type(part)
        if not any(kind.startswith(one) for one in types) or part.count(b"Content-Type") > 1:
            return False
        encode(part, decoded(part), encoding)
        return True
    return lambda data: changes_parts(data, change_part)


def recharset(charset, encoding):
    """Texts in CHARSET; what declares none and is no ASCII stays alone."""
    def change_part(part):
        if media_type(part) not in (b"text/plain", b"text/html") or part.count(b"Content-Type") > 1:
            return False
        data = decoded(part)
        found = re.search(rb'(?i)charset\s*=\s*"?([\w.:-]+)', part.get(b"Content-Type"))
        if not found and not plain_ascii(data) or b"\x1b" in data and not found:
            return False
        try:
            text = data.decode(found.group(1).decode() if found else "ascii")
            data = (text.replace("\n", "\r\n") if charset == "utf-16" else text).encode(charset)
        except (UnicodeError, LookupError):
            return False
        kind = part.get(b"Content-Type") or b"text/plain"
        kind = re.sub(rb'(?i);\s*charset\s*=\s*("[^"]*"|[^\s;]+)', b"", kind) + b'; charset="' + charset.encode() + b'"'
        part.take(b"Content-Type")
        part.put(b"Content-Type: " + kind)
        encode(part, data, encoding, charset == "utf-16")
        return True
    return lambda data: changes_parts(data, change_part)


def rename_boundary(new):
    def change(data):
        mail = Mail(data)
        old = boundary_of(mail.get(b"Content-Type"))
        if not old or len(old) < 4 or (mail.eol + mail.body).count(mail.eol + b"--" + old) < 2:
            return None
        mail.body = (mail.eol + mail.body).replace(mail.eol + b"--" + old, mail.eol + b"--" + new)[len(mail.eol):]
        for field in mail.fields:
            if name_of(field) == b"content-type":
                whole = re.sub(rb'(?i)(boundary\s*=\s*)("[^"]+"|[^\s;"]+)', lambda m: m.group(1) + b'"' + new + b'"', b" ".join(line.strip() for line in field))
                field[:] = [whole]
        return mail.bytes()
    return change


def content_of(mail):
    """Its Content-* fields and body as a part, and the mail without them."""
    return mail.eol.join([line for field in mail.take(b"Content-Type", b"Content-Transfer-Encoding", b"Content-Disposition", b"Content-Description",
                                                      b"Content-Language") for line in field] + [b"", mail.body])


def whole_mime(mail):
    """Can its content become a part? Damage about types and boundaries would be healed by it."""
    if mail.count(b"Content-Type") > 1:
        return False
    if media_type(mail).startswith(b"multipart/"):
        boundary = boundary_of(mail.get(b"Content-Type"))
        return bool(boundary) and mail.eol + b"--" + boundary + b"--" in mail.eol + mail.body
    return True


def nest(kind, before, behind):
    """The content as a part of a multipart of another's making, with parts before and behind it."""
    def change(data):
        mail = Mail(data)
        if not whole_mime(mail):
            return None
        content = content_of(mail)
        mail.put(b"Content-Type: " + kind + b'; boundary="=_outer_1"')
        parts = list(before) + [content] + list(behind)
        mail.body = mail.eol.join([b"This is a multi-part message in MIME format."] + [b"--=_outer_1" + mail.eol + part.replace(b"\n", mail.eol) if part is not content
                                  else b"--=_outer_1" + mail.eol + part for part in parts] + [b"--=_outer_1--", b""])
        return mail.bytes()
    return change


LIST_FOOTER = b"""Content-Type: text/plain; charset="us-ascii"
Content-Transfer-Encoding: 7bit
Content-Disposition: inline

_______________________________________________
Staff mailing list -- staff@lists.example.com
To unsubscribe send an email to staff-leave@lists.example.com
"""
SMIME = b"""Content-Type: application/pkcs7-signature; name="smime.p7s"
Content-Transfer-Encoding: base64
Content-Disposition: attachment; filename="smime.p7s"
Content-Description: S/MIME Cryptographic Signature

MIIGRwYJKoZIhvcNAQcCoIIGODCCBjQCAQExDzANBglghkgBZQMEAgEFADALBgkqhkiG9w0BBwGg
ggPyMIID7jCCAtagAwIBAgIJAKxuLRz5CQ5WMA0GCSqGSIb3DQEBCwUAMGIxCzAJBgNVBAYTAkRF
"""
PGP = b"""Content-Type: application/pgp-signature; name="signature.asc"

-----BEGIN PGP SIGNATURE-----

iQEzBAEBCAAdFiEEb0sPx5DZ5DYmcT3N5D8wM1dEq1oFAmVbTqQACgkQ5D8wM1dE
-----END PGP SIGNATURE-----
"""
LOGO = b"""Content-Type: image/png; name="seal.png"
Content-Transfer-Encoding: base64
Content-ID: <seal@filter.example.com>

iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9
"""


def attached(data):
    """The whole mail as an attachment of one that says nothing, as a gateway or a rule of a mail client passes it on."""
    mail = Mail(data)
    if not whole_mime(mail) or mail.envelope:
        return None
    eol, shared = mail.eol, [b"".join(field) if len(field) == 1 else mail.eol.join(field) for field in mail.fields
                             if name_of(field) in (b"received", b"date", b"delivered-to", b"x-original-to")]
    return eol.join(shared + [b"From: gateway@example.com", b"To: bounces@example.com", b"Subject: passed on", b"Message-ID: <passed.1@example.com>", b"MIME-Version: 1.0",
                              b'Content-Type: multipart/mixed; boundary="=_gateway"', b"", b"--=_gateway", b"Content-Type: message/rfc822",
                              b'Content-Disposition: attachment; filename="message.eml"', b"", data, b"--=_gateway--", b""])


FOOTERS = {
    "scanner": b"-- \nThis message has been scanned for viruses and\ndangerous content by MailScanner, and is\nbelieved to be clean.\n",
    "list": b"_______________________________________________\nStaff mailing list\nStaff@lists.example.com\nhttps://lists.example.com/listinfo/staff\n",
    "disclaimer": b"---\nThis e-mail and any attachments are confidential. If you are not the intended recipient, please notify\npostmaster@example.com and delete it.\n",
    "antivirus": b"---\nDiese E-Mail wurde von einem Virenscanner auf Viren gepr\xfcft.\nhttps://www.example.org/antivirus\n",
}


def footer(text):
    """Below the first text that people read, as filters and lists write it."""
    def change(data):
        done = []

        def change_part(part):
            if done or media_type(part) != b"text/plain":
                return False
            done.append(part)
            encoding, body = part.get(b"Content-Transfer-Encoding").lower() or b"7bit", decoded(part)
            added = text if plain_ascii(text) else text.decode("latin-1").encode("utf-8")
            if not plain_ascii(text) and b"utf-8" not in part.get(b"Content-Type").lower() or b"\x1b" in body or plain_ascii(body) is False and b"utf-16" in body:
                return False
            encode(part, body.rstrip(b"\n") + b"\n\n" + added, encoding)
            return True
        return changes_parts(data, change_part)
    return change


UTF8_TEXT = ("utf-8", b"base64"), ("utf-8", b"quoted-printable"), ("utf-8", b"8bit"), ("utf-16", b"base64"), ("iso-8859-1", b"quoted-printable"), ("iso-8859-15", b"8bit"), \
    ("windows-1252", b"base64"), ("gb18030", b"base64"), ("iso-2022-jp", b"7bit"), ("koi8-r", b"8bit")
MUTATIONS = [("blank fold first", blank_fold(0)), ("blank fold within", blank_fold(0.5)), ("blank fold last", blank_fold(1)),
             ("order by name", order(lambda name: name)), ("order by name's end", order(lambda name: name[::-1])), ("folded at each blank", fold),
             ("folded at once", fold_first), ("unfolded", unfold), ("Content-Type folded", fold_content_type), ("names in capitals", names_in(bytes.upper)),
             ("names in small letters", names_in(bytes.lower)), ("no blank behind the colon", values_without_blank), ("a hop more", received_above),
             ("CRLF", line_ends(b"\r\n")), ("LF", line_ends(b"\n")),
             ("texts in base64", recode([b"text/plain", b"text/html"], b"base64")), ("texts in quoted-printable", recode([b"text/plain", b"text/html"], b"quoted-printable")),
             ("report in base64", recode([b"message/delivery-status", b"message/feedback-report"], b"base64")),
             ("report in quoted-printable", recode([b"message/delivery-status", b"message/feedback-report"], b"quoted-printable")),
             ("returned header in base64", recode([b"text/rfc822-headers", b"message/rfc822"], b"base64")),
             ("boundary renamed", rename_boundary(b"----=_Part_550_5.1.1.1794470400")), ("boundary with a blank", rename_boundary(b"next part 1")),
             ("boundary of signs", rename_boundary(b"'()+_,-./:=?")),
             ("in a list's multipart", nest(b"multipart/mixed", [], [LIST_FOOTER])), ("in a gateway's multipart", nest(b"multipart/related", [], [LOGO])),
             ("signed by S/MIME", nest(b'multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256', [], [SMIME])),
             ("signed by PGP", nest(b'multipart/signed; protocol="application/pgp-signature"; micalg=pgp-sha256', [], [PGP])),
             ("attached", attached)]
MUTATIONS += [("texts in %s, %s" % (charset, encoding.decode()), recharset(charset, encoding)) for charset, encoding in UTF8_TEXT]
MUTATIONS += [("fields of %s" % name, filtered(name)) for name in FILTERS]
MUTATIONS += [("footer of a %s" % name, footer(text)) for name, text in FOOTERS.items()]
