"""What a contact's row has sealed, opened and made without retour, as store/contactbody.c describes it: what somebody can do who has the state key."""
import collections
import ctypes
import ctypes.util
import hashlib
import os
import re

from . import program, pseudonym

SODIUM = ctypes.CDLL(ctypes.util.find_library("sodium") or "libsodium.so.23")
RANDOM, HEAD, TAG, STEP = 16, 16, 16, 112
STATES = ("active", "soft", "paused", "revalidate", "block", "investigate", "retry-gated", "inactive", "unclear", "unconfirmed")
Contact = collections.namedtuple("Contact", "pseudonym at due objection old state objected full reason since attempts until pauses moved month rule ladder history rest")


def categories():
    """The names of categories, each at its number."""
    with open(os.path.join(program.ROOT, "classify", "event.h"), encoding="utf8") as f:
        block = re.search(r"#define EVENT_CATEGORIES\(X\)(.*?)\n\n", f.read(), re.S).group(1)
    return re.findall(r'X\(\w+, \w+, "([^"]*)"\)', block)


REASONS = dict(enumerate(categories())) | {253: "unconfirmed", 254: "not-understood", 255: "prolonged-soft"}


LISTS = ("due", "tidy", "well", "objection")


class Keys:
    """The keys that are made of a state key."""

    def __init__(self, state):
        self.rest, self.head, self.mark, self.listed = (self.derived(state, number) for number in (1, 2, 3, 4))

    @staticmethod
    def derived(state, number):
        out = ctypes.create_string_buffer(32)
        SODIUM.crypto_kdf_derive_from_key(out, ctypes.c_size_t(32), ctypes.c_uint64(number), b"contacts", state)
        return out.raw

    def head_of(self, nonce, head):
        """A head encrypted, or opened: it is the same."""
        out = ctypes.create_string_buffer(HEAD)
        SODIUM.crypto_stream_chacha20_ietf_xor(out, head, ctypes.c_ulonglong(HEAD), nonce[:12], self.head)
        return out.raw

    def rest_of(self, pseudo, body):
        """The rest of a row; None: it is not as it was sealed."""
        sealed = body[RANDOM + HEAD:]
        out, length, ad = ctypes.create_string_buffer(len(sealed)), ctypes.c_ulonglong(), pseudo + body[RANDOM:RANDOM + HEAD]
        wrong = SODIUM.crypto_aead_xchacha20poly1305_ietf_decrypt(out, ctypes.byref(length), None, sealed, ctypes.c_ulonglong(len(sealed)), ad,
                                                                  ctypes.c_ulonglong(len(ad)), body[:RANDOM] + pseudo[:8], self.rest)
        return None if wrong else out.raw[:length.value]

    def line(self, what, day, pseudo):
        """The name of a contact in its line of the agenda."""
        mark = hashlib.blake2b(bytes([LISTS.index(what)]) + day.to_bytes(8, "big") + pseudo, key=self.mark, digest_size=16).digest()
        out = ctypes.create_string_buffer(16)
        SODIUM.crypto_stream_chacha20_ietf_xor(out, pseudo, ctypes.c_ulonglong(16), mark[:12], self.listed)
        return mark + out.raw

    def whose(self, what, day, name):
        """Whose line it is; None: nobody's of this key."""
        out = ctypes.create_string_buffer(16)
        SODIUM.crypto_stream_chacha20_ietf_xor(out, name[16:], ctypes.c_ulonglong(16), name[:12], self.listed)
        return out.raw if self.line(what, day, out.raw) == name else None

    def sealed(self, pseudo, state, reason, since, until=0, due=0, attempts=0, rule=b"", ladder=b"", history=b""):
        """A body of a row; REASON is the number of a category, SINCE, UNTIL and DUE seconds."""
        nonce = os.urandom(RANDOM)
        head = bytes([STATES.index(state) | (ladder == b"mailbox-full") << 6 | bool(history) << 7, reason])
        head += (since // 86400).to_bytes(2, "big") + attempts.to_bytes(2, "big") + until.to_bytes(5, "big") + due.to_bytes(5, "big")
        rest = bytes([1]) + bytes(10) + bytes([len(rule)]) + rule + bytes([len(ladder)]) + ladder + len(history).to_bytes(2, "big") + history
        room = STEP
        while room < len(rest):
            room *= 2
        rest = rest.ljust(room, b"\0")
        head = self.head_of(nonce, head)
        out, length = ctypes.create_string_buffer(len(rest) + TAG), ctypes.c_ulonglong()
        SODIUM.crypto_aead_xchacha20poly1305_ietf_encrypt(out, ctypes.byref(length), rest, ctypes.c_ulonglong(len(rest)), pseudo + head,
                                                          ctypes.c_ulonglong(len(pseudo + head)), None, nonce + pseudo[:8], self.rest)
        return nonce + head + out.raw[:length.value]

    def opened(self, row):
        """A row of ROWS as a Contact; None: it is another key's, or changed."""
        pseudo, at_day, old, body = row
        head, rest = self.head_of(body[:12], body[RANDOM:RANDOM + HEAD]), self.rest_of(pseudo, body)
        if rest is None:
            return None
        at, texts = 11, []
        for width in (1, 1, 2):
            n = int.from_bytes(rest[at:at + width], "big")
            texts.append(rest[at + width:at + width + n])
            at += width + n
        return Contact(pseudo, at_day, int.from_bytes(head[11:16], "big"), head[4] >> 7, old, STATES[head[0] & 15], head[0] >> 4 & 3, bool(head[0] & 64), REASONS[head[1]],
                       int.from_bytes(head[2:4], "big") * 86400, int.from_bytes(head[4:6], "big") & 0x7fff, int.from_bytes(head[6:11], "big"), int.from_bytes(rest[1:3], "big"),
                       int.from_bytes(rest[3:8], "big"), int.from_bytes(rest[8:11], "big"), texts[0].decode(), texts[1].decode(), texts[2], rest[:at])


class Cursor:
    def __init__(self, data):
        self.data, self.at = data, 0

    def number(self, size):
        self.at += size
        return int.from_bytes(self.data[self.at - size:self.at], "big")

    def text(self):
        n = self.number(1)
        self.at += n
        return self.data[self.at - n:self.at].decode()

    def reference(self):
        cause = self.number(1)
        self.at += 4 * (cause >> 6 & 1) + 4 * (cause >> 7)
        return cause & 63


KINDS = ("soft", "block", "unclear", "hard", "complaint")


def days(history):
    """{day: {kind: (category, rule, provider)}} of a history (store/history/historybytes.c, version 5)."""
    if not history:
        return {}
    c, out = Cursor(history), {}
    assert c.number(1) == 5
    there = c.number(1)
    c.at += 40 * bool(there & 1) + 8 * bool(there & 2)
    causes = []
    for _ in range(c.number(1)):
        category = REASONS[c.number(1)]
        c.at += 4
        causes.append((category, c.text(), c.text()))
        c.text()
    for part in (4, 8):
        if there & part:
            c.at += 8
            c.reference()
    for _ in range(c.number(1) if there & 64 else 0):
        c.at += 13
        c.reference()
    while c.at < len(history):
        day, _flags, mask = c.number(2), c.number(1), c.number(1)
        of = out[day * 86400] = {}
        for n, kind in enumerate(KINDS):
            if mask >> n & 1:
                c.at += 1
                cause = c.reference()
                of[kind] = causes[cause] if cause < len(causes) else None
        c.at += 3 * (2 * (mask & 1) + (mask >> 1 & 1) + (mask >> 5 & 1))
    return out


ROWS = "SELECT pseudonym, at, old, body FROM contact ORDER BY pseudonym"


def of(retour, key="state.key"):
    """All contacts of a store, opened with the key of this name; in the order of pseudonyms."""
    keys = Keys(pseudonym.key(os.path.join(retour.data, "keys", key)))
    return [keys.opened(row) for row in retour.sql(ROWS)]


def lines(retour, key="state.key"):
    """The lines of a store's agenda: {name: whose}."""
    keys = Keys(pseudonym.key(os.path.join(retour.data, "keys", key)))
    return {name: keys.whose(what, day, name) for what, day, name in retour.sql("SELECT what, day, name FROM agenda")}
