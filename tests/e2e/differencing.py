#!/usr/bin/python3
"""Small figures stay hidden from somebody who collects everything that is published and computes. The reader of two months' reports writes down each
figure, each share, change and rate, what is said of the most frequent cause and of who answers for half of one, and every sum that must hold;
then narrows each hidden figure as far as all that goes. A figure shown as "<10" must still be able to be 1 and 9. The same reader does find
the small figures where only these are hidden, and no others with them."""
import collections
import html.parser
import math
import os
import random
import re
import sqlite3
import sys
import xml.etree.ElementTree

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.harness import *
from lib.narrowing import FAR, Attack

K, SENT, FEW = 10, 20000, 5  # FEW: fewer than so many miss no target, as the manual says
REPORT = "{urn:retour:report:1}"
COLUMNS = ("hard", "soft", "block", "undetermined", "complaint")
CAUSES = (("failure", "hard", "user-unknown"), ("failure", "hard", "domain-unknown"), ("failure", "soft", "mailbox-full"), ("failure", "block", "spam-content"),
          ("complaint", "complaint", "abuse"))
GROUP = {"gmx": "", "web.de": "", "other": "business"}  # the others are "large": by etc/providers.ini, which everybody can read
PROVIDERS = ("gmail", "microsoft", "yahoo", "gmx", "web.de", "icloud", "t-online", "orange", "other")
CAMPAIGNS = ("spring", "autumn", "weekly", "")
STREAMS = {"seasons": ("spring", "autumn"), "regular": ("weekly",), "(rest)": ("",)}  # by campaign alone: who knows that adds them up
MONTHS = ("2026-08", "2026-09", "2026-10")


# --- what there is -----------------------------------------------------------------------------------------------------

def fill(retour, seed):
    """Tallies of three months, most of them small; {(month, ...): count} in the attacker's words."""
    rng, said, truth = random.Random(seed), random.Random(seed), {}
    causes, weight = CAUSES[rng.choice((0, 1)):], rng.choice((2, 4, 8))
    # of every other sender's one cause a provider has most, hardly more than the half of it
    many = random.Random(seed)
    heavy = (many.choice(PROVIDERS[:3]), many.choice(causes[:-1])[2]) if seed % 2 else (None, None)
    silent = rng.sample(PROVIDERS, rng.choice((0, 1, 3, 6)))  # tell of no complaint; the first of them does in the last month

    def add(key, n):
        truth[key] = truth.get(key, 0) + n

    connection = sqlite3.connect(retour.database)
    for month in MONTHS:
        for provider in PROVIDERS:
            for campaign in CAMPAIGNS:
                for kind, column, category in causes:
                    n = rng.choice([0] * weight + [1, 2, 3, 5, 8, 12, 30])
                    if category == heavy[1]:
                        n = many.choice([5, 12, 20]) if provider == heavy[0] else many.choice([0, 0, 0, 0, 1, 3, 5])
                    if not n or (kind == "complaint" and provider in silent and (month != MONTHS[-1] or provider != silent[0])):
                        continue
                    day, whole = rng.randint(1, 28), n
                    connection.execute("INSERT INTO tally VALUES (?, ?, ?, ?, 'matched', ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count",
                                       (int(month.replace("-", "")) * 100 + day, kind, column, category, provider, campaign, n))
                    stream = next(name for name, campaigns in STREAMS.items() if campaign in campaigns)
                    if stream != "(rest)":
                        connection.execute("INSERT INTO stream_count VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count",
                                           (int(month.replace("-", "")) * 100 + day, stream, column, n))
                    for text in ("first", "second") if kind == "failure" else ():  # what was said of it, in one way or two
                        part = n if text == "second" else said.randint(0, n)
                        n -= part
                        if part:
                            add((month, "answer", provider, category, text), part)
                            connection.execute("INSERT INTO wording VALUES (?, ?, ?, ?, '550', ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count",
                                               (int(month.replace("-", "")) * 100 + day, provider, column, category, text, part))
                    n = whole
                    add((month, "streams", stream, column), n)
                    if kind == "failure":
                        add((month, "streams", stream, "bounces"), n)
                    add((month, column), n)
                    add((month, "category", column, category), n)
                    add((month, "of", provider, category), n)
                    for table, name in (("providers", provider), ("campaigns", campaign)):
                        add((month, table, name, column), n)
                        if kind == "failure":
                            add((month, table, name, "bounces"), n)
                    if kind == "failure":
                        add((month, "groups", GROUP.get(provider, "large"), "bounces"), n)
                        add((month, "bounces"), n)
                        add((month, "day", day), n)
        small = {"autumn": rng.choice((60, 200, 450, 900)), "weekly": rng.choice((100, 300, 700, 4000))}  # of which 2 % is few or many
        reporting = {provider for provider in PROVIDERS for m in MONTHS[:MONTHS.index(month) + 1] if truth.get((m, "providers", provider, "complaint"))}
        for campaign, sent in (*small.items(), ("spring", SENT - sum(small.values()))):
            for provider in PROVIDERS:
                part = rng.choice((sent // 20, sent // 10, 3)) if provider != PROVIDERS[-1] else sent
                sent -= part
                connection.execute("INSERT INTO volume VALUES (?, 'import', 0, ?, ?, ?, 0, 0, 0, 0)", (int(month.replace("-", "")) * 100 + 3, provider, campaign, part))
                for key in ((month,), (month, "campaigns", campaign), (month, "providers", provider)):
                    add(key + ("sent",), part)
                    add(key + ("reporting" if provider in reporting else "silent",), part)
    connection.commit()
    connection.close()
    return truth


# --- the attacker ------------------------------------------------------------------------------------------------------

def number(node, name, of=None):
    for child in node.findall(REPORT + name):
        if child.get("of") == of:
            return child.text
    return None


def relate(attack, month, before, node, key):
    """What stands beside a figure: the month before, the change, the share."""
    attack.know((before,) + key[1:], number(node, "before"))
    change, share = number(node, "change"), number(node, "share")
    old, everything = (before,) + key[1:], (month, "bounces")
    if change is not None and attack.shown(old):
        n = attack.low[old]
        attack.bound(key, math.floor(n * (100 + int(change) - 1) / 100), math.ceil(n * (100 + int(change) + 1) / 100))
    if share is not None and attack.shown(everything):
        n = attack.low[everything]
        attack.bound(key, math.floor(n * (float(share) - 0.1) / 100), math.ceil(n * (float(share) + 0.1) / 100))


# of the month itself, as the verdict says it
MISSED = {"hard": "% bounced hard (target", "bounces": "of the mail bounced (target", "complaint": "of what went to receivers that report complaints drew one (target"}


def judge(attack, key, said, least, base):
    """LEAST of BASE miss the target; but fewer than told() miss none, and where so few would it cannot be told of them."""
    told = max(K, FEW)
    if said == "missed":
        attack.bound(key, max(least, told if least < told else 0), FAR)
    elif said == "met":
        attack.bound(key, 0, least - 1)
    elif base and not attack.shown(key):  # it is not judged because it is small
        attack.bound(key, 0, told - 1)
        attack.untold.add(key)


def rates(attack, node, key):
    """Of a row of a table, KEY without its column: rates of what is sent, and what the row was in other months."""
    sent = node.find(REPORT + "sent")
    everything = key + ("bounces",)
    if sent is not None and number(sent, "count").isdigit():
        n = int(number(sent, "count"))
        reporting = number(node.find(REPORT + "reporting"), "count") if node.find(REPORT + "reporting") is not None else "0"
        whole = {"complaint": int(reporting) if reporting.isdigit() else 0}
        for rate in node.findall(REPORT + "rate") + node.findall(REPORT + "class-rate"):
            attack.share(key + (rate.get("of"),), whole.get(rate.get("of"), n), rate.text)
        for judged in node.findall(REPORT + "judged"):  # at least so much, or less: 2 percent, as it is set
            least = math.ceil(whole.get(judged.get("of"), n) * (0.001 if judged.get("of") == "complaint" else 0.02) - 1e-9)
            judge(attack, key + (judged.get("of"),), judged.get("as"), least, whole.get(judged.get("of"), n))
    for month in node.iterfind(REPORT + "history/" + REPORT + "month"):
        attack.know((month.get("id"),) + everything[1:], number(month, "count"))


def volumes(attack, root, month):
    """What was sent, and of it what went to receivers that tell of complaints. From those that do not none came within the months that there are."""
    figure = root.find(REPORT + "figures")
    for key, node, complaint in [((month,), figure, figure.find(REPORT + "figure[@id='complaint']"))] + [
            ((month, table, row.get("name", "(rest)")), row, row) for table in ("campaigns", "providers") for row in root.find(REPORT + table).findall(REPORT + "row")]:
        if node.find(REPORT + "sent") is None:
            continue
        reporting = complaint.find(REPORT + "reporting")
        attack.know(key + ("sent",), number(node.find(REPORT + "sent"), "count"))
        attack.know(key + ("reporting",), "0" if reporting is None else number(reporting, "count"))
        attack.left_out(key + ("silent",))
        attack.sum(key + ("sent",), [key + ("reporting",), key + ("silent",)])
        if key[1:2] == ("providers",) and key[2] != "(rest)":
            own = [(m,) + key[1:] + ("complaint",) for m in MONTHS[:MONTHS.index(month) + 1]]
            for each in own:
                attack.left_out(each)
            attack.bound(("ever",) + key, 0 if reporting is None else 1, 0 if reporting is None else FAR)
            attack.sum(("ever",) + key, own)
    for table in ("campaigns", "providers"):
        for column in ("sent", "reporting", "silent"):
            rows = [(month, table, row.get("name", "(rest)"), column) for row in root.find(REPORT + table).findall(REPORT + "row")]
            attack.bound((month, "unlisted", table, column), 0, FAR)
            attack.sum((month, column), rows + [(month, "unlisted", table, column)])


def groups(attack, root, month):
    """A domain group is the sum of its providers; some of them stand in the row without a name."""
    rows = {row.get("name"): row for row in root.find(REPORT + "groups")}
    if not rows:  # most of them are hidden: then there is no table
        return
    everything = [(month, "groups", name, "bounces") for name in rows]
    folded = [(month, "folded", name) for name in rows]
    for name, row in rows.items():
        own = [(month, "providers", provider, "bounces") for provider in PROVIDERS if GROUP.get(provider, "large") == name]
        attack.know((month, "groups", name, "bounces"), number(row, "count", "bounces"))
        rates(attack, row, (month, "groups", name))
        attack.bound((month, "folded", name), 0, FAR)
        attack.sum((month, "groups", name, "bounces"), [key for key in own if key in attack.low] + [(month, "folded", name)])
    attack.sum((month, "bounces"), everything)
    attack.sum((month, "providers", "(rest)", "bounces"), folded)


def streams(attack, root, month, before):
    """A stream is the sum of its campaigns, the month that of its streams."""
    rows = root.find(REPORT + "streams")
    for row in rows if rows is not None else ():
        name = row.get("name", "(rest)")
        for column in ("bounces",) + COLUMNS:
            attack.know((month, "streams", name, column), number(row, "count", column))
            attack.left_out((month, "streams", name, column))
        relate(attack, month, before, row, (month, "streams", name, "bounces"))
        attack.sum((month, "streams", name, "bounces"), [(month, "streams", name, column) for column in COLUMNS if column != "complaint"])
        for column in ("bounces",) + COLUMNS:
            own = [(month, "campaigns", campaign, column) for campaign in STREAMS[name]]
            for each in own:
                attack.left_out(each)
            attack.sum((month, "streams", name, column), own)
    for column in ("bounces",) + COLUMNS:
        if rows is not None and len(rows) == len(STREAMS):
            attack.sum((month, column), [(month, "streams", name, column) for name in STREAMS])


def answers(attack, root, month):
    """Of each provider and cause what was said and is listed, and what is not; both make what is shown of the provider, and of the cause."""
    listed = {}
    for provider in root.iterfind(REPORT + "answers/" + REPORT + "provider"):
        for answer in provider.findall(REPORT + "answer"):
            key = (month, "answer", provider.get("name"), answer.get("id"), number(answer, "text"))
            if attack.listens:
                listed.setdefault(key[2:4], []).append(key)
                attack.know(key, number(answer, "count"))
    names = [row.get("name", "(rest)") for row in root.find(REPORT + "providers").findall(REPORT + "row")]
    for kind, column, category in CAUSES:
        for name in names:
            of = (month, "of", name, category)
            attack.left_out(of)
            attack.left_out((month, "unsaid", name, category))
            attack.sum(of, listed.get((name, category), []) + [(month, "unsaid", name, category)])
        attack.sum((month, "category", column, category), [(month, "of", name, category) for name in names])
    for name in names:
        for column in COLUMNS:
            own = [(month, "of", name, category) for kind, of, category in CAUSES if of == column]
            attack.sum((month, "providers", name, column), own) if own else None


def read(attack, root):
    """Writes down all that a report says."""
    month = root.get("month")
    before = MONTHS[MONTHS.index(month) - 1]
    for column in COLUMNS:
        attack.left_out((month, column))
        attack.left_out((before, column))
    for node in root.iter(REPORT + "figure"):
        if node.get("id") == "other":
            continue
        attack.know((month, node.get("id")), number(node, "count"))
        relate(attack, month, before, node, (month, node.get("id")))
        for of, m in (("rate", month), ("rate-before", before)):
            if number(node, of) and node.get("id") == "complaint":
                if m == month:
                    attack.share((m, "complaint"), int(number(node.find(REPORT + "reporting"), "count")), number(node, of))
            elif number(node, of):
                attack.share((m, node.get("id")), SENT, number(node, of))
    for node in root.find(REPORT + "trend"):
        for count in node.findall(REPORT + "count"):
            if count.get("of") != "other":
                attack.know((node.get("id"), count.get("of")), count.text)
        for column in COLUMNS:
            attack.left_out((node.get("id"), column))
        attack.sum((node.get("id"), "bounces"), [(node.get("id"), column) for column in COLUMNS if column != "complaint"])
        for rate in node.findall(REPORT + "rate") + node.findall(REPORT + "class-rate"):
            if rate.get("of") != "complaint":
                attack.share((node.get("id"), rate.get("of")), SENT, rate.text)
    complaint = root.find(REPORT + "figures").find(REPORT + "figure[@id='complaint']")
    reporting = number(complaint.find(REPORT + "reporting"), "count") if complaint.find(REPORT + "reporting") is not None else "0"
    for node in root.find(REPORT + "targets"):
        base = SENT if node.get("id") != "complaint" else int(reporting) if reporting.isdigit() else 0
        if not base:
            continue
        if node.get("value"):
            attack.share((month, node.get("id")), base, node.get("value"))
        least = math.ceil(base * float(node.get("limit")) / 100 - 1e-9)
        judged = {"true": "met", "false": "missed"}.get(node.get("met"))
        if judged == "missed" and MISSED[node.get("id")] not in number(root.find(REPORT + "verdict"), "sentence"):
            continue  # it is a row's miss alone
        if judged or number(root.find(REPORT + "figures").find(REPORT + "sent"), "count").isdigit():
            judge(attack, (month, node.get("id")), judged, least, base)
    for node in root.find(REPORT + "classes"):
        column, keys = node.get("id"), []
        for category in node.findall(REPORT + "category"):
            if category.get("id") == "other":
                continue
            keys.append((month, "category", column, category.get("id")))
            attack.know(keys[-1], number(category, "count"))
            relate(attack, month, before, category, keys[-1])
        for kind, own, category in CAUSES:  # what is not named may be there
            if own == column and (month, "category", column, category) not in keys:
                keys.append((month, "category", column, category))
                attack.left_out(keys[-1])
        attack.sum((month, column), keys)
        for category in node.findall(REPORT + "category[@mostly]"):  # more than half of what is not shown by itself
            attack.bound((month, "category", column, category.get("mostly")), int(number(category, "count")) // 2 + 1, FAR)
    for table in ("providers", "campaigns"):
        rows = root.find(REPORT + table).findall(REPORT + "row")
        names = [row.get("name", "(rest)") for row in rows]
        for name, row in zip(names, rows):
            for column in ("bounces",) + COLUMNS:
                attack.know((month, table, name, column), number(row, "count", column))
                attack.left_out((month, table, name, column))
        shown = [i for i, name in enumerate(names) if name != "(rest)" and attack.shown((month, table, name, "bounces"))]
        for i in range(max(shown, default=0)):  # the largest comes first; what stands behind all that is shown may have another order
            attack.at_least.append(((month, table, names[i], "bounces"), (month, table, names[i + 1], "bounces"), 1))
        for name, row in zip(names, rows):
            relate(attack, month, before, row, (month, table, name, "bounces"))
            attack.sum((month, table, name, "bounces"), [(month, table, name, column) for column in COLUMNS if column != "complaint"])
            rates(attack, row, (month, table, name))
            named = [worst.get("id") for worst in row.findall(REPORT + "worst")]
            for number_of, cause in enumerate(named):  # each is no less than those behind it and all that are not named, and K or more
                own = next(column for kind, column, category in CAUSES if category == cause)
                attack.bound((month, table, name, own), K, FAR)
                for kind, other, category in CAUSES:
                    alone = [c for c in CAUSES if c[1] == other and c[2] not in named[:number_of + 1]]
                    if other != own and alone == [c for c in CAUSES if c[1] == other]:
                        attack.at_least.append(((month, table, name, own), (month, table, name, other), len(alone)))
        for column in ("bounces",) + COLUMNS:
            attack.sum((month, column), [(month, table, name, column) for name in names])
    answers(attack, root, month)
    groups(attack, root, month)
    streams(attack, root, month, before)
    volumes(attack, root, month)
    for node in root.find(REPORT + "measures"):  # "At least 1,400 messages": two figures, or one
        least = re.match(r"At least ([\d,]+) messages", number(node, "because"))
        if node.get("id") == "content" and least:
            attack.bound((month, "category", "block", "spam-content"), int(least.group(1).replace(",", "")), FAR)
    for node in root.find(REPORT + "classes"):
        for category in node.findall(REPORT + "category"):
            leader, key = number(category, "leader"), (month, "category", node.get("id"), category.get("mostly", category.get("id")))
            own = (month, "providers", leader, node.get("id"))
            if leader and own in attack.low:
                attack.led += not attack.shown(own)
                attack.at_least.append((own, key, 2))
    days = []
    for node in root.find(REPORT + "days"):
        days.append((month, "day", int(node.get("date")[-2:])))
        attack.know(days[-1], number(node, "count"))
        attack.left_out(days[-1])
        standout = node.find(REPORT + "standout")
        half = max(K, (attack.low[days[-1]] + 1) // 2) if standout is not None else 0
        for key in [(month, standout.get("class"))] * ("class" in standout.attrib) + [(month, "providers", standout.get("provider"), "bounces")] * ("provider" in standout.attrib) if half else ():
            attack.bound(key, half, FAR)
    attack.sum((month, "bounces"), days)
    for of, total in (("bounces", "bounces"), ("complaint", "complaint")):
        parts = []
        for node in root.find(REPORT + "origins"):
            if node.get("attributed") == "true":
                parts.append((month, "origin", node.get("id"), of))
                attack.know(parts[-1], number(node, "count", of))
        attack.sum((month, total), parts)
    for m in (month, before):
        attack.sum((m, "bounces"), [(m, column) for column in COLUMNS if column != "complaint"])


def hide_only_small(root, truth):
    """The same report as one would write it who hides the small figures and no others."""
    month = root.get("month")
    for table in ("providers", "campaigns", "streams"):
        for row in root.findall(REPORT + table + "/" + REPORT + "row"):
            if row.get("name") is None:
                continue
            there = {count.get("of") for count in row.findall(REPORT + "count")}
            for column in ("bounces",) + COLUMNS:
                if column not in there:
                    xml.etree.ElementTree.SubElement(row, REPORT + "count", of=column)
            for count in row.findall(REPORT + "count"):
                n = truth.get((month, table, row.get("name"), count.get("of")), 0)
                count.text = "<%d" % K if 0 < n < K else str(n)


# --- the other formats -------------------------------------------------------------------------------------------------

class Rows(html.parser.HTMLParser):
    """The texts of each table row's cells."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.cell = [], None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th") and self.rows:
            self.cell = []

    def handle_endtag(self, tag):
        if tag in ("td", "th") and self.cell is not None:
            self.rows[-1].append(" ".join("".join(self.cell).split()))
            self.cell = None

    def handle_data(self, data):
        if self.cell is not None:
            self.cell.append(data)


def as_printed(text):
    return "{:,}".format(int(text)) if text.isdigit() else text


def same_cells(root, text, page):
    """The rows of both tables say in text and page what they say in the XML."""
    tables = Rows(page).rows
    for row, rows in [(row, root.find(REPORT + table).findall(REPORT + "row")) for table in ("providers", "campaigns") for row in root.find(REPORT + table)]:
        used = [column for column in ("bounces",) + COLUMNS[:4] + ("other", "complaint") if any(number(each, "count", column) not in (None, "0") for each in rows)]
        cells = [as_printed(number(row, "count", column) or "-") for column in used]
        title = row.get("title")
        line = next(line for line in text.splitlines() if re.match(re.escape(title) + r"\s+[\d,<≥-]", line))
        equal(line[len(title):].split()[:len(cells)], cells, "text: " + title)
        allowed = {as_printed(part.text.strip()) for part in row.iter() if part.text}
        for shown in tables:
            if shown and shown[0] == title:
                for cell in shown[1:]:
                    true(not re.fullmatch(r"[\d,]+", cell) or cell in allowed, "%s: %s is in the page and not in the XML" % (title, cell))


def spoken(root, attack):
    """A count in a sentence is one that a table shows."""
    known = {low for key, low in attack.low.items() if attack.high[key] == low}
    for node in root.iter():
        if node.tag in (REPORT + "sentence", REPORT + "note", REPORT + "because"):
            for n in re.findall(r"(?<![≥<\d,])(?<![Aa]t least )([\d,]*\d) (?:bounces|complaints|messages|addresses|notices|hard|soft|blocks|of them)", node.text or ""):
                true(int(n.replace(",", "")) in known, "%s is said in \"%s\", and shown nowhere" % (n, node.text))


# --- the attempt -------------------------------------------------------------------------------------------------------

def attempt(seed):
    """Who collects two months' reports in three formats: what is hidden, what the attacker finds, and what he finds where only small figures are hidden."""
    retour = Retour(now="2026-08-01T06:00:00Z")
    retour.config["privacy"] = {"k": K}
    for name, campaigns in STREAMS.items():
        if name != "(rest)":
            retour.config["stream " + name] = {"campaign": ", ".join(campaigns)}
    equal(retour.run("run").code, 0)
    truth = fill(retour, seed)
    retour.now = "2026-11-02T06:00:00Z"
    attack, lazy, deaf = Attack(K), Attack(K), Attack(K, listens=False)  # who does not read what was said knows of some causes at a provider, too
    attack.truth = lazy.truth = deaf.truth = truth
    said = 0
    for month in MONTHS[1:]:
        outputs = {form: retour.run("report", "--month", month, "--format", form).out for form in ("xml", "text", "html")}
        root = xml.etree.ElementTree.fromstring(outputs["xml"].encode())
        read(attack, root)
        read(deaf, root)
        said += len(root.findall(".//" + REPORT + "answer"))
        same_cells(root, outputs["text"], outputs["html"])
        spoken(root, attack)
        hide_only_small(root, truth)
        read(lazy, root)
    for key in attack.low:
        if "(rest)" not in key and key[1] not in ("origin", "folded", "unlisted", "unsaid") and key[0] != "ever":
            true(attack.low[key] <= truth.get(key, 0) <= attack.high[key], "%s is %d, and the reports say %d to %d" % (key, truth.get(key, 0), attack.low[key], attack.high[key]))
    leaks = attack.leaks()
    if any(leak[0][1] == "of" for leak in leaks):
        before = {leak[0] for leak in deaf.leaks()}
        leaks = [leak for leak in leaks if leak[0][1] != "of" or leak[0] not in before]
    return len(attack.small), leaks, len(lazy.leaks()), said, attack.led


# k, and what is drawn at random; of those behind the row each was told too much of once: by what a stream is not, a receiver's most frequent cause, what reports no complaint
ATTEMPTS = [(10, seed) for seed in (*range(3, 18), 27, 67, 70, 121)] + [(5, seed) for seed in (68, 71, 81)]
hidden, naive, heard, led = 0, 0, 0, 0
with case("no figure below k can be computed from two months' reports in three formats, in %d attempts" % len(ATTEMPTS)):
    for K, seed in ATTEMPTS:
        more, leaks, lazily, said, of_hidden = attempt(seed)
        led += of_hidden
        heard += said
        hidden += more
        naive += lazily
        equal(leaks, [], "attempt %d at k = %d" % (seed, K))

comment("%d small figures hidden in %d pairs of reports, in which %d answers stand; where only these are hidden, %d are computed" % (hidden, len(ATTEMPTS), heard, naive))
with case("the same computing finds small figures where only these are hidden, and no others with them"):
    true(hidden > 500, hidden)
    true(heard > 100, heard)
    true(led > 2, "%d receivers are named whose figure is hidden" % led)
    true(naive > hidden / 10, naive)
finish()
