"""Signed return paths made and read by an implementation of our own, from the manual's words alone (retour(1), SIGNED RETURN PATHS)."""
import base64
import hashlib

PLAIN = b"abcdefghijklmnopqrstuvwxyz0123456789-."


def field(text):
    out, before = "", 0
    for byte in text.encode():
        out += chr(byte) if byte in PLAIN and not (byte == before == ord(".")) else "_%02x" % byte
        before = byte
    return out


def mac(key, campaign, recipient):
    digest = hashlib.blake2b(b"retour verp 1\0" + campaign.encode() + b"\0" + recipient.encode(), key=key, digest_size=16).digest()
    return base64.b32encode(digest).decode().lower()[:12]


def token(key, name, campaign, recipient, room=57):
    """RECIPIENT in its canonical form; NAME: the key's two characters."""
    local, _at, domain = recipient.rpartition("@")
    head = name + mac(key, campaign, recipient)
    full = "v%s=%s=%s=%s" % (head, field(campaign), field(local), field(domain))
    return full if len(full) <= room else "w%s=%s" % (head, field(campaign))


VECTORS = (("nl10", "anna@example.org"), ("Spring:2026", "a..b@example.net"), ("w", "o'neil+news@example.com"),
           ("nl10", "a-name-that-is-far-too-long-for-it@mail.department.example.org"))


def vectors():
    """The lines of the manual."""
    return ["%s %s\n    bounce+%s@bounce.example.org" % (campaign, recipient, token(bytes(range(32)), "aa", campaign, recipient))
            for campaign, recipient in VECTORS]
