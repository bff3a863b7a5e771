"""What the laboratory sends, and what is true of it by construction.

An Answer is what a scripted receiver says of a recipient whose local part, up to a plus, is the answer's name. A Case is one mail: to whom, how, and for each
of its recipients a Truth, which is what `retour` has to read of the bounce.
"""
import collections
import re

OURS = ("news.example.com", "fwd.example")  # domains of our return paths
SENDER, CUSTOMERS, HERE = "bounces@news.example.com", "cust.example", "here.example"
NOTHING = "nothing"  # the kind of a mail of which nothing comes back

# stage: rcpt, mail, data or dot, the command that LINES answer; no lines: the receiver hangs up. klass, category: what that is, categories with | between.
Answer = collections.namedtuple("Answer", "stage lines klass category")
# status, reply: as the receiver said it, or None where that is the sending system's to choose.
Truth = collections.namedtuple("Truth", "kind klass category action status reply")
ANSWERS = {
    "unknown": Answer("rcpt", ["550 5.1.1 <{to}>: Recipient address rejected: User unknown"], "hard", "user-unknown"),
    "plain": Answer("rcpt", ["550 No such user here"], "hard", "user-unknown"),
    "german": Answer("rcpt", ["550 Dieser Benutzer existiert hier nicht"], "hard", "user-unknown"),
    "chinese": Answer("rcpt", ["550 该用户不存在"], "hard", "user-unknown"),
    "disabled": Answer("rcpt", ["550 5.2.1 The account has been disabled"], "hard", "mailbox-disabled"),
    "moved": Answer("rcpt", ["551 5.1.6 The recipient has moved to another place"], "hard", "address-changed"),
    "full": Answer("rcpt", ["552 5.2.2 The mailbox is full"], "soft", "mailbox-full"),
    "full-lines": Answer("rcpt", ["552-5.2.2 The mailbox of this recipient", "552-5.2.2 has no room for more and is", "552 5.2.2 over its quota"], "soft", "mailbox-full"),
    "full-late": Answer("dot", ["552 5.2.2 Quota exceeded"], "soft", "mailbox-full"),
    "large": Answer("dot", ["552 5.3.4 Message size exceeds fixed limit"], "soft", "message-too-large"),
    "grey": Answer("rcpt", ["450 4.7.1 <{to}>: Greylisted, come back in 300 seconds"], "soft", "greylisted|expired"),
    "busy": Answer("rcpt", ["451 4.3.2 System is busy, please try later"], "soft", "system-error|expired"),
    "slow-down": Answer("rcpt", ["452 4.7.0 Too many messages from you in this hour"], "soft", "rate-limited|expired"),
    "spam": Answer("dot", ["554 5.7.1 Your message was taken for spam"], "block", "spam-content"),
    "virus": Answer("dot", ["554 5.7.1 This mail contains a virus (Eicar-Test)"], "block", "virus"),
    "no-words": Answer("dot", ["550 Error 4711"], "block", "content-rejected"),
    "listed": Answer("rcpt", ["554 5.7.1 Client host [192.0.2.10] blocked using zen.dnsbl.example"], "block", "reputation"),
    "dmarc": Answer("dot", ["550 5.7.26 The mail does not pass DMARC of its domain"], "block", "auth-failure"),
    "relay": Answer("rcpt", ["554 5.7.1 <{to}>: Relay access denied"], "block", "relay-denied"),
    "callout": Answer("rcpt", ["550-Verification failed for <" + SENDER + ">", "550-Called: 192.0.2.9", "550-Response: 550 5.1.1 no such user", "550 Sender verify failed"],
                      "block", "sender-rejected"),
    "not-from-you": Answer("rcpt", ["550 The recipient does not accept mail from you"], "block", "policy|sender-rejected"),
    "long": Answer("rcpt", ["550 5.1.1 " + "We looked for this address in each of our directories and asked all of our servers for it, " * 3 + "but the user is unknown"],
                   "hard", "user-unknown"),
    "hangs-up": Answer("dot", [], "soft", "network-error|expired"),
    "mail-refused": Answer("mail", ["550 5.7.1 Error 4712"], "block", "sender-rejected|policy"),
    "mail-spf": Answer("mail", ["550 5.7.23 The SPF check of your domain failed"], "block", "auth-failure"),
    "mail-login": Answer("mail", ["530 5.7.0 Authentication required"], "block", "policy"),
    "mail-unknown": Answer("mail", ["550 5.1.8 The sender's domain was not found"], "block", "sender-rejected"),
    "russian": Answer("rcpt", ["550 Пользователь не найден"], "hard", "user-unknown"),
    "french": Answer("rcpt", ["550 Boîte aux lettres inconnue"], "hard", "user-unknown"),
    "french-full": Answer("rcpt", ["552 La boîte du destinataire est pleine"], "soft", "mailbox-full"),
    "japanese": Answer("rcpt", ["550 そのユーザーは存在しません"], "hard", "user-unknown"),
    "spanish": Answer("rcpt", ["550 El usuario no existe"], "hard", "user-unknown"),
    "polish-spam": Answer("dot", ["554 5.7.1 Wiadomość uznana za spam"], "block", "spam-content"),
    "ptr": Answer("rcpt", ["554 5.7.25 There is no PTR record for 192.0.2.10"], "block", "infrastructure"),
    "helo": Answer("rcpt", ["504 5.5.2 <mail>: Helo command rejected: need fully-qualified hostname"], "block", "infrastructure"),
    "null-mx": Answer("rcpt", ["556 5.1.10 Recipient address has null MX"], "hard", "domain-unknown|not-accepting"),
    "filter": Answer("rcpt", ["541 5.4.1 Message rejected by our filter"], "block", "policy|content-rejected|spam-content"),
    "limit": Answer("rcpt", ["550 5.7.28 You have sent too many mails today"], "soft", "rate-limited"),
    "link": Answer("dot", ["554 5.7.1 A link in your mail is on a list of phishing sites"], "block", "spam-content|content-rejected|virus|reputation"),
    "attachment": Answer("dot", ["552 5.7.0 This attachment type is not allowed"], "block", "content-rejected"),
    "header": Answer("dot", ["550 5.6.0 Duplicate header: From"], "block", "non-compliant"),
    "loop": Answer("rcpt", ["554 5.4.6 Too many hops"], "soft", "routing-loop"),
    "inactive": Answer("rcpt", ["550 5.2.1 This mailbox has been inactive for 12 months"], "hard", "mailbox-disabled"),
    "internal": Answer("rcpt", ["550 5.7.133 Only senders inside the organization may write to this group"], "block", "policy"),
    "locked": Answer("rcpt", ["550 The mailbox is temporarily locked, try again later"], "soft", "mailbox-disabled|system-error"),
    "no-mail": Answer("rcpt", ["550 5.3.2 This address does not accept mail"], "hard", "not-accepting"),
    "not-understood": Answer("rcpt", ["550 Error 17"], None, "undetermined"),
    "portuguese": Answer("rcpt", ["550 O usuário não existe"], "hard", "user-unknown"),
    "italian-full": Answer("rcpt", ["552 La casella di posta è piena"], "soft", "mailbox-full"),
    "dutch": Answer("rcpt", ["550 Gebruiker onbekend"], "hard", "user-unknown"),
    "turkish": Answer("rcpt", ["550 Böyle bir kullanıcı yok"], "hard", "user-unknown"),
    "korean": Answer("rcpt", ["550 존재하지 않는 사용자입니다"], "hard", "user-unknown"),
    "czech-full": Answer("rcpt", ["552 Schránka příjemce je plná"], "soft", "mailbox-full"),
    "latin1": Answer("rcpt", ["550 Empfänger unbekannt".encode("latin-1")], "hard", "user-unknown"),
    "many-lines": Answer("rcpt", ["550-5.1.1 Dear colleague,"] + ["550-5.1.1 line %d of the words that our lawyers want to stand here" % i for i in range(1, 12)] +
                         ["550 5.1.1 The e-mail account does not exist"], "hard", "user-unknown"),
    "blank-line": Answer("rcpt", ["550-5.1.1 The address was not accepted", "550-5.1.1 ", "550 5.1.1 no such user"], "hard", "user-unknown"),
    "syntax": Answer("rcpt", ["553 5.1.3 <{to}>: invalid address syntax"], "hard", "bad-address"),
    "no-domain": Answer("rcpt", ["550 5.1.2 <{to}>: Recipient address rejected: Domain not found"], "hard", "domain-unknown"),
    "too-many": Answer("rcpt", ["452 4.5.3 Too many recipients"], "soft", "too-many-recipients|expired"),
    "too-many-ever": Answer("rcpt", ["550 5.5.3 Too many recipients in this mail"], "soft", "too-many-recipients"),
    "at-data": Answer("data", ["554 5.7.1 Your address is on our blocklist"], "block", "reputation"),
    "data-busy": Answer("data", ["451 4.3.0 Temporary lookup failure"], "soft", "system-error|network-error|expired"),
    "hangs-up-early": Answer("rcpt", [], "soft", "network-error|expired"),
    "no-relay-plain": Answer("rcpt", ["550 relay not permitted"], "block", "relay-denied"),
    "disk": Answer("rcpt", ["452 4.3.1 Insufficient system storage"], "soft", "system-error|message-too-large|expired"),
    "dane": Answer("mail", ["530 5.7.10 TLS is required here, issue STARTTLS first"], "soft", "tls-failure"),
}


def truth_of(name, kind="failure", action="failed"):
    """What a bounce of the answer NAME says."""
    answer = ANSWERS[name]
    first = next((one for one in answer.lines if isinstance(one, str)), "")
    status = re.match(r"\d\d\d[ -](\d\.\d+\.\d+)", first)
    return Truth(kind, answer.klass, answer.category, action, status and status[1], int(first[:3]) if first else None)


def made(klass, category, kind="failure", action="failed", reply=None, status=None):
    """What the sending system itself finds out: codes are its own."""
    return Truth(kind, klass, category, action, status, reply)


DELIVERED = {action: Truth("success", None, None, action, None, None) for action in ("delivered", "relayed", "expanded", "delivered|relayed|expanded")}
AUTOREPLY = Truth("autoreply", None, None, None, None, None)
SILENT = Truth(NOTHING, None, None, None, None, None)


class Case:
    """truth: {recipient as we know it: Truth}; to: whom the mail is sent to, when these are others. needs: what the system must be able to do: dsn, utf8, local,
    patient (a queue that waits, and warns), tls (a rule that demands it), mx (it looks up mail servers). campaign: as it is read, None: of the mail's header; also: who else
    may be named."""

    def __init__(self, name, truth, to=None, needs=(), sender=SENDER, mail=(), rcpt=(), size=0, headers="", campaign=None, body="", also=()):
        self.name, self.truth, self.to, self.needs, self.sender = name, truth, to or list(truth), tuple(needs), sender
        self.mail, self.rcpt, self.size, self.headers, self.campaign, self.body, self.also = list(mail), list(rcpt), size, headers, campaign, body, list(also)


def at(name, domain=CUSTOMERS, more=""):
    return "%s%s@%s" % (name, more and "+" + more, domain)


def answers():
    """A case for each answer. One that refuses the sender hears its name in it."""
    for name, answer in ANSWERS.items():
        yield Case(name, {at(name): truth_of(name)}, sender=SENDER.replace("@", "+%s@" % name) if answer.stage == "mail" else SENDER)


def together(*names):
    """Several recipients of one mail, each with a fate of its own."""
    more = "and" + str(len(names))
    return Case("together-" + "-".join(names), {at(name, more=more): truth_of(name) if name in ANSWERS else SILENT for name in names})


# What rspamd takes for spam, and what clamd is told to take for a virus.
SPAM = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
VIRUS = "LAB-TEST-FILE-THAT-IS-NO-VIRUS-7f3a9c"
EXPIRED = "network-error|expired"
CASES = [
    *answers(),
    together("unknown", "full"), together("full", "listed", "taken"), together("callout", "plain", "grey"), together("unknown", "disabled", "plain", "full-late"),
    # Aliases, lists, forwarding and programs of the sending system's own.
    Case("alias", {at("alias", HERE): truth_of("unknown")}, needs=["local"]),
    Case("alias-of-several", {at("several", HERE): truth_of("full")}, needs=["local"]),
    Case("forward", {at("anna", HERE): truth_of("unknown")}, needs=["local"]),
    Case("pipe", {at("pipe", HERE): made("soft", "local-delivery-error|system-error")}, needs=["local"]),
    Case("pipe-nobody", {at("pipe-nobody", HERE): made("hard", "user-unknown")}, needs=["local"]),
    Case("nobody-here", {at("nobody-here", HERE): made("hard", "user-unknown")}, needs=["local"]),
    # What the system finds out by itself.
    Case("no-such-domain", {at("x", "no-such.example"): made("hard", "domain-unknown")}, needs=["mx"]),
    Case("no-address", {at("x", "no-address.example"): made("hard", "domain-unknown")}, needs=["mx"]),
    Case("mx-gone", {at("x", "mx-gone.example"): made("hard", "domain-unknown")}, needs=["mx"]),
    Case("dns-fails", {at("x", "servfail.example"): made("soft", EXPIRED)}, needs=["mx"]),
    Case("dns-null-mx", {at("x", "null-mx.example"): made("hard", "domain-unknown|not-accepting")}, needs=["mx"]),
    Case("mx-is-us", {at("x", "loop.example"): made("soft", "routing-loop")}, needs=["mx"]),
    Case("refused", {at("x", "refused.example"): made("soft", EXPIRED)}, needs=["mx"]),
    Case("no-route", {at("x", "nobody-there.example"): made("soft", EXPIRED)}, needs=["mx"]),
    Case("banner", {at("x", "banner.example"): made("block", "reputation|policy|infrastructure", reply=554)}, needs=["mx"]),
    Case("banner-busy", {at("x", "busy-banner.example"): made("soft", "system-error|rate-limited|expired")}, needs=["mx"]),
    Case("hangs-up-at-once", {at("x", "hangs-up.example"): made("soft", EXPIRED)}, needs=["mx"]),
    Case("ehlo-refused", {at("x", "no-ehlo.example"): made("block", "policy|infrastructure|reputation", reply=550)}, needs=["mx"]),
    Case("no-esmtp", {at("unknown", "old.example"): truth_of("unknown")}, needs=["mx"]),
    Case("tls-not-offered", {at("x", "tls.example"): made("soft", "tls-failure")}, needs=["mx", "tls"]),
    Case("tls-broken", {at("x", "bad-tls.example"): made("soft", "tls-failure|" + EXPIRED)}, needs=["mx", "tls"]),
    Case("size", {at("x", "modern.example"): made("soft", "message-too-large")}, needs=["mx"], size=150000),
    # Mails and reports in other forms.
    Case("returned-whole", {at("unknown", more="whole"): truth_of("unknown")}, needs=["dsn"], mail=["RET=FULL"], rcpt=["NOTIFY=FAILURE"]),
    Case("returned-header", {at("unknown", more="header"): truth_of("unknown")}, needs=["dsn"], mail=["RET=HDRS", "ENVID=lab-7"], rcpt=["NOTIFY=FAILURE,DELAY"]),
    Case("notify-never", {at("unknown", more="never"): SILENT}, needs=["dsn"], rcpt=["NOTIFY=NEVER"]),
    Case("orcpt", {"first@elsewhere.example": truth_of("unknown")}, to=[at("unknown", more="orcpt")], needs=["dsn"], rcpt=["ORCPT=rfc822;first@elsewhere.example"]),
    Case("big", {at("full-late", more="big"): truth_of("full-late")}, size=300000),
    Case("spam-report", {at("unknown", more="report"): truth_of("unknown")}, headers="X-Spam-Report: a list of tests\r\n \r\n\t* 0.0 NOTHING user unknown\r\n"),
    Case("relayed", {at("taken", more="relayed"): DELIVERED["relayed"]}, needs=["dsn"], rcpt=["NOTIFY=SUCCESS"]),
    Case("passed-on", {at("taken", "modern.example"): SILENT}, needs=["dsn", "mx"], rcpt=["NOTIFY=SUCCESS"]),
    Case("delivered", {at("otto", HERE): DELIVERED["delivered"]}, needs=["dsn", "local"], rcpt=["NOTIFY=SUCCESS"]),
    Case("expanded", {at("fine", HERE): DELIVERED["delivered|relayed|expanded"]}, needs=["dsn", "local"], rcpt=["NOTIFY=SUCCESS"]),
    Case("utf8", {at("ünknown", "modern.example"): truth_of("unknown")}, needs=["utf8", "mx"], mail=["SMTPUTF8", "BODY=8BITMIME"]),
    Case("utf8-not-taken", {at("üser"): made("soft", "protocol-error|non-compliant|system-error")}, needs=["utf8"], mail=["SMTPUTF8", "BODY=8BITMIME"]),
    # Return paths that were changed, or that are signed.
    Case("verp", {at("unknown", more="verp"): truth_of("unknown")}, sender="verp", campaign="autumn"),
    Case("verp-full", {at("full", more="verp"): truth_of("full")}, sender="verp", campaign="autumn"),
    Case("batv", {at("unknown", more="batv"): truth_of("unknown")}, sender="prvs=2104a8b1c2=bounces@news.example.com"),
    Case("srs", {at("unknown", more="srs"): truth_of("unknown")}, sender="SRS0=Xk3d=QM=news.example.com=bounces@fwd.example"),
    # A queue that waits.
    Case("delay", {at("grey", more="delay"): truth_of("grey", "delay", "delayed")}, needs=["patient"]),
    Case("delay-full", {at("disk", more="delay"): truth_of("disk", "delay", "delayed")}, needs=["patient"]),
    Case("delay-refused", {at("y", "refused.example"): made("soft", EXPIRED, "delay", "delayed")}, needs=["patient", "mx"]),
    Case("greylisted-then-taken", {at("once", more="grey"): SILENT}, needs=["patient", "dsn"], rcpt=["NOTIFY=FAILURE"]),
    # Receivers that are real, and refuse by their own rules.
    *[Case("postfix-" + name, {at(name, "rx-postfix.example"): truth}, needs=["mx", "rx-postfix"], **more) for name, truth, more in (
        ("nobody", made("hard", "user-unknown", reply=550, status="5.1.1"), {}),
        ("listed", made("block", "reputation", reply=554, status="5.7.1"), {}),
        ("sender", made("block", "sender-rejected", reply=554, status="5.7.1"), {}),
        ("closed", made("block", "policy", reply=554, status="5.7.1"), {}),
        ("greylisted", made("soft", "greylisted|expired", reply=450), {}),
        ("later", made("soft", "system-error|rate-limited|network-error|expired|greylisted", reply=450), {}),
        ("box", made("block", "content-rejected|policy|spam-content", reply=550, status="5.7.1"), {"headers": "X-Lab: refused\r\n"}),
    )],
    Case("postfix-size", {at("size", "rx-postfix.example"): made("soft", "message-too-large")}, needs=["mx", "rx-postfix"],
         size=250000),
    Case("postfix-relay", {at("x", "rx-relay.example"): made("block", "relay-denied", reply=554, status="5.7.1")}, needs=["mx", "rx-postfix"]),
    Case("dovecot-full", {at("full", "rx-postfix.example"): made("soft", "mailbox-full")}, needs=["mx", "rx-postfix"]),
    Case("sieve-vacation", {at("away", "rx-postfix.example"): AUTOREPLY}, needs=["mx", "rx-postfix"]),
    Case("sieve-reject", {at("declines", "rx-postfix.example"): made("block", "policy|content-rejected", action=None)}, needs=["mx", "rx-postfix"]),
    Case("sieve-redirect", {at("passes-on", "rx-postfix.example"): truth_of("unknown")}, needs=["mx", "rx-postfix"], also=["unknown+sieve@cust.example"]),
    *[Case("exim-" + name, {at(name, "rx-exim.example"): truth}, needs=["mx", "rx-exim"], **more) for name, truth, more in (
        ("nobody", made("hard", "user-unknown", reply=550), {}),
        ("listed", made("block", "reputation", reply=550), {}),
        ("callout", made("block", "sender-rejected", reply=550), {"sender": "bounces+callout@news.example.com"}),
        ("later", made("soft", "system-error|rate-limited|network-error|expired|greylisted", reply=451), {}),
        ("box", made("block", "spam-content|content-rejected", reply=550), {"headers": "X-Lab: refused\r\n"}),
        ("full", made("soft", "mailbox-full"), {}),
    )],
    Case("exim-relay", {at("x", "rx-exim-relay.example"): made("block", "relay-denied", reply=550)}, needs=["mx", "rx-exim"]),
    Case("exim-size", {at("size", "rx-exim.example"): made("soft", "message-too-large")}, needs=["mx", "rx-exim"], size=250000),
    Case("sendmail-nobody", {at("nobody-here", "rx-sendmail.example"): made("hard", "user-unknown", reply=550, status="5.1.1")}, needs=["mx", "rx-sendmail"]),
    Case("sendmail-closed", {at("closed", "rx-sendmail.example"): made("block", "policy", reply=550, status="5.7.1")}, needs=["mx", "rx-sendmail"]),
    Case("sendmail-denied", {at("anna", "rx-sendmail.example"): made("hard", "mailbox-disabled", reply=550, status="5.2.1")}, needs=["mx", "rx-sendmail"]),
    Case("sendmail-relay", {at("x", "rx-sendmail-relay.example"): made("block", "relay-denied", reply=550, status="5.7.1")}, needs=["mx", "rx-sendmail"]),
    Case("sendmail-size", {at("size", "rx-sendmail.example"): made("soft", "message-too-large")}, needs=["mx", "rx-sendmail"],
         size=250000),
    Case("opensmtpd-nobody", {at("nobody-here", "rx-opensmtpd.example"): made("hard", "user-unknown", reply=524)}, needs=["mx", "rx-opensmtpd"]),
    Case("opensmtpd-relay", {at("x", "rx-opensmtpd-relay.example"): made("hard", "user-unknown", reply=550)}, needs=["mx", "rx-opensmtpd"]),
    Case("opensmtpd-size", {at("size", "rx-opensmtpd.example"): made("soft", "message-too-large")}, needs=["mx", "rx-opensmtpd"], size=250000),
    Case("list-closed", {at("closed", "rx-list.example"): made("block", "policy", action=None)}, needs=["mx", "rx-list"]),
    Case("list-small", {at("small", "rx-list.example"): made("soft", "message-too-large", action=None)}, needs=["mx", "rx-list"], size=9000),
    Case("list-held", {at("held", "rx-list.example"): SILENT}, needs=["mx", "rx-list"]),
    Case("mailman-closed", {at("closed", "rx-mailman.example"): made("block", "policy", action=None)}, needs=["mx", "rx-mailman"]),
    Case("mailman-held", {at("held", "rx-mailman.example"): SILENT}, needs=["mx", "rx-mailman"]),
    Case("mailman-nobody", {at("nobody-here", "rx-mailman.example"): made("hard", "user-unknown")}, needs=["mx", "rx-mailman"]),
    Case("rspamd", {at("box", "rx-spam.example"): made("block", "spam-content", reply=554)}, needs=["mx", "rx-spam"], body=SPAM),
    Case("clamav", {at("box", "rx-clam.example"): made("block", "virus", reply=550)}, needs=["mx", "rx-clam"], body=VIRUS),
]
