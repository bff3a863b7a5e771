"""The sentences of a manual page, and the list of the tests that show them (tests/claims.tsv)."""
import os
import re

from .program import ROOT

NO_TEST = ("no claim", "limit", "documentation")
EXEMPT = {"NAME", "SEE ALSO", "STANDARDS", "To be filled in"}  # nothing is promised there

MACROS = set("Ar Bq Cm Dq Em Ev Fl Ic Li Nm No Ns Pa Pq Ql Sq Sy Ta Xr".split())


def words(line):
    """What a reader sees of a line of mdoc, near enough to know it again."""
    if line.startswith("."):
        line = " ".join(word for word in line[4:].split() if word not in MACROS)
    return line.replace("\\(em", "-").replace("\\&", "").replace("\\", "")


def sentences(page):
    """Each sentence of a page with its section; a row of a table is one, and the name of an item belongs to what is said of it first."""
    section, tag, display, text, found = "", False, False, [], []

    def end():
        if text and section not in EXEMPT:
            found.append((section, " ".join(text)))
        text.clear()
    for line in page.splitlines() + [".Sh END"]:
        if re.match(r"\.[BE]d\b", line):
            end()
            display = line.startswith(".Bd")
        elif display or line.startswith((".\\", ".Dd", ".Dt", ".Os")) or re.match(r"\.Bq (e2e|unit)/", line):
            continue
        elif re.match(r"\.(Sh|Ss|Pp|It|Bl|El)\b", line):
            end()
            if re.match(r"\.S[hs] ", line):
                section = line[4:]
            tag = "-tag" in line if line.startswith(".Bl") else tag
            if line.startswith(".It "):
                text.append(words(line))
                if not tag:
                    end()
        elif words(line):
            text.append(words(line))
            if re.search(r"[.:]$", line):
                end()
    return found


def read(path):
    with open(path, encoding="utf8") as f:
        return f.read()


def proofs():
    """The rows of the list: (page, beginning of a sentence, what shows it)."""
    lines = read(os.path.join(ROOT, "tests", "claims.tsv")).splitlines()
    return [tuple(line.split("\t")) for line in lines if not line.startswith("#")]


def amiss(pages, rows):
    """What is wrong with a list for pages {name: text}: a sentence without a row, a row without a sentence, a test that is not there."""
    wrong = []
    for page, text in pages.items():
        said, here = [text for _section, text in sentences(text)], [row for row in rows if row[0] == page]
        wrong += ["%s: not in the list: %s" % (page, one) for one in said if not any(one.startswith(row[1]) for row in here)]
        wrong += ["%s: in the list, not in the page: %s" % (page, row[1]) for row in here if not any(one.startswith(row[1]) for one in said)]
        if not wrong and not all(one.startswith(row[1]) for one, row in zip(said, here)) or len(said) != len(here):
            wrong.append("%s: the list has other sentences twice, or in another order" % page)
    sources = {}
    for page, beginning, shown in rows:
        for test in shown.split("; ") if shown not in NO_TEST else ():
            name, _, words = test.partition(": ")
            path = os.path.join(ROOT, "tests", name + (".c" if name.startswith("unit/") else ".py"))
            if name not in sources:
                sources[name] = read(path) if os.path.exists(path) else ""
            # the function itself, or a case's own words: not those of a comment or a check within one
            pattern = r"^static void %s\(void" % re.escape(words) if name.startswith("unit/") else r"^.*(?:\b(?:case|check|ok)\(|^ *\(\").*" + re.escape(words)
            if not words or not re.search(pattern, sources[name], re.M):
                wrong.append("%s: %s: no such test: %s" % (page, beginning, test))
    return wrong


def brackets(pages):
    """The tests that pages name in brackets."""
    return {test for text in pages.values() for line in re.findall(r"^\.Bq (.*)", text, re.M) for test in re.findall(r"\b(?:e2e|unit)/[a-z0-9_]+", line)}
