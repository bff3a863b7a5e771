"""What a mail system makes unknowable or does not offer, each with its reason: such a cell is not judged."""

# (system or *, case as a regular expression, column of the table or *): why
EXPLAINED = {
    ("*", "sieve-redirect", "recipient|contact"): "a bounce of what Sieve sent on names only whom it was sent on to",
    ("*", "opensmtpd-nobody", "class|category|contact"): "OpenSMTPD says 'Mailing list expansion problem' of a user that its table of virtual users has not",
    ("*", "mailman-nobody", "class|category|contact"): "Mailman says of an unknown list what RFC 5321 has for any 550, policy included, without an enhanced code: no proof",
    ("opensmtpd", "no-words", "*"): "its reports do not say which command was refused",
    ("opensmtpd", "grey|busy|slow-down|hangs-up|hangs-up-early|too-many|data-busy|disk|together-callout-plain-grey", "*"):
        "after a temporary refusal it leaves the host alone for minutes",
    ("opensmtpd", "pipe-nobody", "class|category"): "it does not report what the program's exit code was",
    ("opensmtpd", "nobody-here", "*"): "it does not take a mail to an unknown user of its own",
    ("opensmtpd", "no-address|mx-gone|dns-null-mx", "*"): "it tries for days, and says of each that no mail server was found",
    ("opensmtpd", "mx-is-us", "*"): "it calls a hundred hops a loop, and makes one in ten seconds",
    ("opensmtpd", "dns-fails|refused|no-route|banner|banner-busy|hangs-up-at-once|ehlo-refused|tls-not-offered|tls-broken|postfix-greylisted|postfix-later|exim-later", "*"):
        "it tries for days, and says at most that there was a network error",
    ("opensmtpd", "orcpt", "recipient|contact"): "its reports have no Original-Recipient",
    ("opensmtpd", "expanded|others", "*"): "it reports for each recipient of an alias, and has no Original-Recipient",
    ("opensmtpd", "greylisted-then-taken", "*"): "it warns although it was told not to",
    ("nullmailer", "callout", "*"): "its own program fails that was to make a bounce of it",
    ("nullmailer", "grey|busy|slow-down|too-many|data-busy|disk", "recognised|action"): "it warns at once, and gives up only after days",
    ("nullmailer", "hangs-up|hangs-up-early", "*"): "it says nothing of a host that hung up, not even that it did",
    ("nullmailer", "no-words", "*"): "its reports do not say which command was refused",
    ("nullmailer", "together-.*", "*"): "it gives up at the first recipient that is refused, and says the same of all",
    ("dma", "no-words", "*"): "its reports do not say which command was refused",
    ("dma", "grey|busy|slow-down|hangs-up|hangs-up-early|too-many|data-busy|disk|together-callout-plain-grey|mx-gone|dns-fails|dns-null-mx|mx-is-us|refused|no-route|"
     "banner-busy|hangs-up-at-once|postfix-greylisted|postfix-later|exim-later", "*"): "it tries for five days, and nothing sets another time",
    ("dma", "ehlo-refused|no-esmtp", "*"): "it gives up on a host without ESMTP with the words 'unknown bounce reason'",
    ("dma", "size", "recognised"): "it does not say how large a mail is, and the receiver takes it",
    ("sendmail", "not-understood", "*"): "it says 5.1.1 of any 550 in answer to RCPT TO, and nothing tells that the receiver did not",
    ("sendmail", "grey|busy|slow-down|hangs-up|hangs-up-early|disk|too-many|data-busy|together-callout-plain-grey", "*"): "it keeps the host's state, and may report that in the answer's place",
    ("exim", "pipe-nobody", "*"): "it does not report what the program's exit code was",
    ("exim", "tls-not-offered", "category"): "it reports only that it tried for too long",
    ("exim", "orcpt", "recipient"): "its reports have no Original-Recipient",
    ("exim", "orcpt", "contact"): "its reports have no Original-Recipient",
    ("exim", "relayed|expanded", "action"): "it says delivered of what it only passed on",
    ("exim", "utf8-not-taken", "recognised"): "it sends to the address written in ASCII, which the receiver takes",
    ("sendmail", "expanded", "*"): "it says nothing of an alias's recipients that it passed on",
    ("sendmail", "mx-is-us", "category"): "its report's fields say only that its configuration is wrong",
    ("sendmail", "nobody-here", "recognised"): "it does not take a mail to an unknown user of its own",
}

# (system, what a case needs): why it has no such cases.
NOT_OFFERED = {
    ("opensmtpd", "utf8"): "it has no SMTPUTF8",
    ("sendmail", "utf8"): "Debian's is built without SMTPUTF8",
    ("dma", "dsn"): "a command without options for DSN",
    ("dma", "local"): "its aliases only name other recipients of its queue",
    ("dma", "patient"): "it has no warnings",
    ("nullmailer", "dsn"): "a command without options for DSN",
    ("nullmailer", "mx"): "it gives all mail to one host",
    ("nullmailer", "patient"): "it has no warnings",
}
