"""A certificate authority for one test run, made with the openssl command, and the certificates that a client must refuse."""
import functools
import os
import subprocess

from . import cleanup

NAMES = "DNS:localhost,DNS:mail.example.org,DNS:smtp.example.org,IP:127.0.0.1,IP:127.0.0.2,IP:::1"

# name: (subject alternative names, extended key usage, first day, last day, signed by the CA)
KINDS = {
    "good": (NAMES, "serverAuth", "20200101000000Z", "20991231000000Z", True),
    "self-signed": (NAMES, "serverAuth", "20200101000000Z", "20991231000000Z", False),
    "wrong-host": ("DNS:mail.example.net,IP:192.0.2.1", "serverAuth", "20200101000000Z", "20991231000000Z", True),
    "expired": (NAMES, "serverAuth", "20200101000000Z", "20210101000000Z", True),
    "not-yet-valid": (NAMES, "serverAuth", "20980101000000Z", "20991231000000Z", True),
    "wrong-purpose": (NAMES, "clientAuth", "20200101000000Z", "20991231000000Z", True),
}

# Signed by an authority below the first, which the server sends or leaves out.
BELOW = {"by-intermediate": False, "whole-chain": True}

# Those of clients, for whoever asks for one.
CLIENTS = {
    "client": ("DNS:mx1.example.org", "clientAuth", "20200101000000Z", "20991231000000Z", True),
    "client-other": ("DNS:mx9.example.org", "clientAuth", "20200101000000Z", "20991231000000Z", True),
    "client-any": ("DNS:*.example.org", "clientAuth", "20200101000000Z", "20991231000000Z", True),
    "client-expired": ("DNS:mx1.example.org", "clientAuth", "20200101000000Z", "20210101000000Z", True),
    "client-self-signed": ("DNS:mx1.example.org", "clientAuth", "20200101000000Z", "20991231000000Z", False),
    "client-server": ("DNS:mx1.example.org", "serverAuth", "20200101000000Z", "20991231000000Z", True),
}

_CONFIG = """
[req]
distinguished_name = dn
[dn]
[ca]
default_ca = authority
[authority]
dir = {dir}
database = {dir}/index.txt
new_certs_dir = {dir}
certificate = {dir}/ca.pem
private_key = {dir}/ca.key
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
[authority_extensions]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
"""

_EXTENSIONS = """
[{kind}]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = {purpose}
subjectAltName = {names}
"""


class Authority:
    """ca_file, and cert(kind) -> (certificate file, key file); keys are readable by all: a server may run as another user."""

    def __init__(self):
        self.dir = cleanup.temporary("retour-ca-")
        self.config = os.path.join(self.dir, "openssl.cnf")
        with open(self.config, "w") as f:
            f.write(_CONFIG.format(dir=self.dir))
            for kind, (names, purpose, *_rest) in {**KINDS, **CLIENTS}.items():
                f.write(_EXTENSIONS.format(kind=kind, names=names, purpose=purpose))
        open(os.path.join(self.dir, "index.txt"), "w").close()
        self.ca_file = os.path.join(self.dir, "ca.pem")
        self._key("ca.key")
        self._openssl("req", "-x509", "-new", "-key", "ca.key", "-out", "ca.pem", "-days", "20000", "-subj", "/CN=Retour test authority",
                      "-config", self.config, "-extensions", "authority_extensions")
        self._made = {}

    def _openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.dir, check=True, stdin=subprocess.DEVNULL, capture_output=True)

    def _key(self, name):
        self._openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", name)
        os.chmod(os.path.join(self.dir, name), 0o644)

    def _below(self, kind):
        self._key("below.key")
        self._openssl("req", "-new", "-key", "below.key", "-out", "below.csr", "-subj", "/CN=Retour test intermediate", "-config", self.config)
        self._openssl("ca", "-batch", "-notext", "-config", self.config, "-in", "below.csr", "-out", "below.pem", "-days", "10000", "-extensions",
                      "authority_extensions")
        self._key(kind + ".key")
        self._openssl("req", "-new", "-key", kind + ".key", "-out", kind + ".csr", "-subj", "/CN=localhost", "-config", self.config)
        self._openssl("ca", "-batch", "-notext", "-config", self.config, "-cert", "below.pem", "-keyfile", "below.key", "-in", kind + ".csr", "-out", kind + ".pem",
                      "-days", "10000", "-extensions", "good")
        if BELOW[kind]:
            with open(os.path.join(self.dir, kind + ".pem"), "a") as f, open(os.path.join(self.dir, "below.pem")) as below:
                f.write(below.read())
        self._made[kind] = tuple(os.path.join(self.dir, kind + end) for end in (".pem", ".key"))
        return self._made[kind]

    def cert(self, kind="good"):
        if kind in BELOW and kind not in self._made:
            return self._below(kind)
        if kind not in self._made:
            _names, _purpose, begin, end, by_ca = {**KINDS, **CLIENTS}[kind]
            self._key(kind + ".key")
            self._openssl("req", "-new", "-key", kind + ".key", "-out", kind + ".csr", "-subj", "/CN=localhost", "-config", self.config)
            signer = [] if by_ca else ["-selfsign", "-keyfile", kind + ".key"]
            self._openssl("ca", "-batch", "-notext", "-config", self.config, *signer, "-in", kind + ".csr", "-out", kind + ".pem",
                          "-startdate", begin, "-enddate", end, "-extensions", kind)
            self._made[kind] = tuple(os.path.join(self.dir, kind + end) for end in (".pem", ".key"))
        return self._made[kind]


@functools.lru_cache(None)
def authority():
    """One for the script."""
    return Authority()
