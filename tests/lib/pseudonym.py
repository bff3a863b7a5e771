"""Pseudonyms as retour-privacy(7) describes them, made without retour: what another program needs to find an address."""
import hashlib


def key(path):
    """The 32 bytes of a key file: its second line, in hexadecimal; with a third line it is chained to the key of that fingerprint."""
    with open(path, encoding="ascii") as f:
        lines = f.read().split("\n")
    return chained(bytes.fromhex(lines[1]), bytes.fromhex(lines[2].split()[1])) if lines[2:] and lines[2] else bytes.fromhex(lines[1])


def fingerprint(secret):
    return hashlib.blake2b(b"retour fingerprint 1\0", digest_size=16, key=secret).digest()


def chained(digits, after):
    """The state key whose file has DIGITS, and AFTER in its third line."""
    return hashlib.blake2b(b"retour state key 2\0" + after, digest_size=32, key=digits).digest()


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
