"""Looks for addresses where none may be: in any byte of any file, as they are, without regard to case, in UTF-16, base64, hexadecimal,
percent and quoted-printable. The local part alone counts as found; so give addresses whose local parts are words of their own.
"""
import base64
import email
import os
import subprocess
import tempfile

_MINIMUM = 6  # shorter local parts are ordinary words


def patterns(address):
    """The byte strings by which ADDRESS would show itself."""
    local, domain = address.split("@")
    forms = {address, "%s%%40%s" % (local, domain), "%s=40%s" % (local, domain)}
    if len(local) >= _MINIMUM:
        forms.add(local)
    found = {form.encode() for form in forms}
    raw = (local if len(local) >= _MINIMUM else address).encode()
    found.add(raw.hex().encode())
    found.add(raw[::-1])
    for shift in range(3):  # base64 depends on the place in the text; characters that mix with neighbours are cut off
        text = base64.b64encode(b"x" * shift + raw)
        begin = (0, 2, 3)[shift]
        end = (len(raw) + shift) // 3 * 4
        found.add(text[begin:end])
    return found


def expanded(data):
    """DATA, and where it differs, DATA without NULs (UTF-16) and the decoded parts of a mail."""
    texts = [data]
    if b"\0" in data:
        texts.append(data.replace(b"\0", b""))
    if b"\nMIME-Version:" in data[:65536]:
        for part in email.message_from_bytes(data).walk():
            if not part.is_multipart():
                texts.append(part.get_payload(decode=True) or b"")
    return texts


def files_below(*paths):
    for path in paths:
        if os.path.isdir(path):
            for folder, _folders, names in os.walk(path):
                yield from (os.path.join(folder, name) for name in names)
        elif os.path.exists(path):
            yield path


def search(addresses, paths, texts=()):
    """[(where, what was found)] in the files below PATHS, in their names, and in TEXTS {name: bytes}. Empty: not one."""
    texts = dict(texts)
    names = list(files_below(*paths))
    texts["names of files"] = "\n".join(names).encode()
    with tempfile.TemporaryDirectory() as scratch:
        with open(scratch + "/patterns", "wb") as f:
            f.write(b"\n".join(sorted(set().union(*map(patterns, addresses)))) + b"\n")
        sources = []
        for name, data in [(name, None) for name in names] + list(texts.items()):
            if data is None:
                with open(name, "rb") as f:
                    data = f.read()
            for text in expanded(data):
                with open("%s/%d" % (scratch, len(sources)), "wb") as f:
                    f.write(text)
                sources.append(name)
        grep = subprocess.run(["grep", "-a", "-o", "-i", "-H", "-F", "-f", "patterns", *map(str, range(len(sources)))], cwd=scratch,
                              env={"LC_ALL": "C", "PATH": os.environ["PATH"]}, stdout=subprocess.PIPE, check=False)
        if grep.returncode > 1:
            raise RuntimeError("grep failed")
        hits = set()
        for line in grep.stdout.splitlines():
            number, _, what = line.partition(b":")
            hits.add((sources[int(number)], what.decode(errors="replace")))
        return sorted(hits)
