"""Everything an end-to-end test needs, in one import:

    import os, sys
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    from lib.harness import *

    dovecot = Dovecot()
    retour = Retour()
    dovecot.deliver("bounces@example.org", [b"From: ..."])
    retour.config["mailbox bounces"] = dovecot.mailbox(password_file=retour.secret())
    with case("poll empties the mailbox"):
        equal(retour.run("poll").code, 0)
        equal(dovecot.count("bounces@example.org"), 0)
    finish()
"""
from . import cleanup, tap
from .certificates import KINDS as CERTIFICATES, authority
from .dovecot import PASSWORD, TOKEN, USERS, Dovecot, account, free_port
from .program import BINARY, NOW, ROOT, Result, Retour, Watch, descendants, title
from .sink import Mail, Sink
from .tap import case, check, comment, contains, equal, finish, not_ok, ok, true
