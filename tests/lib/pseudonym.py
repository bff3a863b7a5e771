"""Pseudonyms as retour-privacy(7) describes them, made without retour: what another program needs to find an address."""
import hashlib


def key(path):
    """The 32 bytes of a key file: its second line, in hexadecimal."""
    with open(path, encoding="ascii") as f:
        return bytes.fromhex(f.read().split("\n")[1])


def canonical(address):
    """Of ASCII local parts: both sides in lower case, the domain in A-labels."""
    local, domain = address.strip().strip("<>").rsplit("@", 1)
    return local.lower() + "@" + domain.rstrip(".").encode("idna").decode().lower()


def of(secret, purpose, address):
    """16 bytes; PURPOSE is "state" or "event"."""
    text = b"retour pseudonym 1\0" + purpose.encode() + b"\0" + canonical(address).encode()
    return hashlib.blake2b(text, digest_size=16, key=secret).digest()


def sealed(secret, pseudonym):
    """One that was made under an older state key, after a rotation to this one."""
    return hashlib.blake2b(b"retour pseudonym 1\0seal\0" + pseudonym, digest_size=16, key=secret).digest()
