#!/usr/bin/python3
"""Who has the database and not the keys tries to find out which event and which contact are one recipient's: with the file alone, with copies of it from before,
with one key. He knows the program: what the columns in clear say of an event he has learned with a store of his own, here with this one, so that he is as good as
can be. JOINS="1500 6000 30000" measures these numbers of bounces in five months, as retour-privacy(7) has them; a check takes the first."""
import collections
import datetime
import os
import random
import re
import shutil
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import generate
from lib import contactbody, pseudonym
from lib.bounce import bounce
from lib.harness import *

DAY = 86400
MONTHS = tuple((2026, month) for month in range(6, 11))
BEGIN, END = (int(datetime.datetime(2026, month, 1, tzinfo=datetime.timezone.utc).timestamp()) for month in (6, 11))
REGULARS, COPIES = 30, 10
# of a thousand contacts that have one event, so many are joined at most; the page says it
BOUND = {1500: 15, 6000: 1, 30000: 1}
Group = collections.namedtuple("Group", "pseudonym month days marks last")


def month_of(day):
    return time.strftime("%Y-%m", time.gmtime(day))


def mails(count):
    """(arrived, data, recipient): bounces and complaints as they come, each about somebody else; and people whose mailbox is full every week."""
    rng, out = random.Random(count), []
    for sample in generate.generate(seed=count, bounces=count, complaints=count // 50, months=MONTHS, incident=False):
        recipients = [event["recipient"] for event in sample.truth["events"] or () if event["recipient"]]
        if BEGIN <= sample.arrived < END - DAY:
            out.append((sample.arrived, sample.data.replace(b"\r\n", b"\n"), recipients))
    for n in range(REGULARS):
        for at in range(BEGIN + rng.randrange(7 * DAY), END - DAY, 7 * DAY):
            user = "regular%d" % n
            out.append((at + rng.randrange(3600), bounce(user, "5.2.2", "552 5.2.2 mailbox full", date=time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(at)))
                        .replace(user + ".", "%s.%d." % (user, at)).encode(), [user + "@example.net"]))
    return sorted(out)


def bring(retour, portion):
    path = os.path.join(retour.dir, "mails.mbox")
    with open(path, "wb") as f:
        for at, data, _ in portion:
            f.write(b"From MAILER-DAEMON %s\n" % time.asctime(time.gmtime(at)).encode() + data.replace(b"\nFrom ", b"\n>From ") + b"\n")
    if retour.run("import", path).code:
        raise AssertionError("import failed")


class World:
    """A store, copies of it while it grew, and what nobody but this test knows: who is who."""

    def __init__(self, count, copies=0):
        self.retour = Retour(now="2026-11-01T06:00:00Z")
        all_mails, self.copies = mails(count), []
        people = sorted({person for _, _, recipients in all_mails for person in recipients})
        edges = [BEGIN + (END - BEGIN) * n // copies for n in range(1, copies)] + [END]
        for n, edge in enumerate(edges):
            self.retour.now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(edge + DAY // 4))
            bring(self.retour, [mail for mail in all_mails if (edges[n - 1] if n else 0) <= mail[0] < edge])
            if copies:
                self.copies.append((edge, {row[0]: row for row in self.retour.sql(contactbody.ROWS)}))
        self.retour.run("purge")
        self.keys = {name: pseudonym.key(os.path.join(self.retour.data, "keys", name)) for name in os.listdir(self.retour.data + "/keys") if name.endswith(".key")
                     and name.startswith(("state", "message", "event"))}
        self.people = people
        self.rows = self.retour.sql(contactbody.ROWS)
        self.groups = self.groups_of(self.retour.sql("SELECT pseudonym, at, kind, class, category, rule, provider FROM event"))
        here = {row[0] for row in self.rows}
        self.truth = {}  # contact: {month: pseudonym of its events}
        for person in people:
            state = pseudonym.of(self.keys["state.key"], "state", person)
            if state in here:
                self.truth[state] = {month: p for month in {group.month for group in self.groups} if "event-%s.key" % month in self.keys
                                     for p in (pseudonym.of(self.keys["event-%s.key" % month], "event", person),) if (month, p) in self.index}

    def groups_of(self, events):
        found = collections.defaultdict(lambda: collections.defaultdict(set))
        for p, at, *mark in events:
            found[month_of(at), p][at - at % DAY].add(tuple(mark))
        self.index = {(month, p): Group(p, month, frozenset(days), days, max(days)) for (month, p), days in found.items()}
        return list(self.index.values())


def deduced(candidates):
    """Who has one candidate has it, and nobody else; again and again. {contact: candidate}"""
    left, out = {c: set(of) for c, of in candidates.items() if of}, {}
    while True:
        sure = {c: next(iter(of)) for c, of in left.items() if len(of) == 1}
        if not sure:
            return out
        out.update(sure)
        taken = set(sure.values())
        left = {c: of - taken for c, of in left.items() if c not in sure}


def joined(world, candidates, month=None):
    """Of (contact, month) how many were found; wrong guesses count for nothing."""
    months = collections.defaultdict(dict)
    for (contact, of_month), found in candidates.items():
        months[of_month][contact] = found
    return {(contact, of_month) for of_month, some in months.items() for contact, p in deduced(some).items() if world.truth[contact].get(of_month) == p}


def signature(row):
    """What a row says in clear but for its day."""
    _p, _at, old, body = row
    return (old, len(body))


def alone(world, signature=signature):
    """With the file alone: events of the day of the contact's last one, of a sort that leaves such a row."""
    learned, by_day = collections.defaultdict(set), collections.defaultdict(list)
    for group in world.groups:
        by_day[group.last].append(group)
    sort = {group.pseudonym: frozenset(mark[:3] for mark in group.marks[group.last]) for group in world.groups}
    for row in world.rows:
        true = world.truth.get(row[0], {}).get(month_of(row[1]))
        if true:
            learned[signature(row)].add(sort[true])
    return {(row[0], month_of(row[1])): {group.pseudonym for group in by_day[row[1]] if sort[group.pseudonym] in learned[signature(row)]}
            for row in world.rows if row[0] in world.truth}


def with_copies(world):
    """With copies from before: events only where the row changed between two of them, on the days that the copies show; and of the last what the file alone says."""
    last, out, by_month = alone(world), {}, collections.defaultdict(list)
    for group in world.groups:
        by_month[group.month].append(group)
    for row in world.rows:
        if row[0] not in world.truth:
            continue
        changed, days, before, begin = [], set(), None, BEGIN
        for edge, rows in world.copies:
            now = rows.get(row[0])
            if now != before:
                changed.append((begin, edge))
            if now:
                days.add(now[1])
            before, begin = now, edge
        for month in {month_of(day) for span in changed for day in range(span[0], span[1], DAY)}:
            seen = {day for day in days if month_of(day) == month}
            out[row[0], month] = {group.pseudonym for group in by_month[month]
                                  if seen <= group.days and all(any(b <= day < e for b, e in changed) for day in group.days)
                                  and all(any(b <= day < e for day in group.days) or not seen for b, e in changed if month_of(b) == month_of(e - 1) == month)}
            if month == month_of(row[1]):
                out[row[0], month] &= last[row[0], month]
    return out


def with_state_key(world):
    """With the state key: days, causes and providers of what a contact remembers."""
    keys, out, by_month = contactbody.Keys(world.keys["state.key"]), {}, collections.defaultdict(list)
    for group in world.groups:
        by_month[group.month].append(group)
    for row in world.rows:
        contact = keys.opened(row)
        history = contactbody.days(contact.history)
        for month in {month_of(day) for day in history} if row[0] in world.truth else ():
            here = {day: {cause for cause in of.values() if cause} for day, of in history.items() if month_of(day) == month}
            out[row[0], month] = {group.pseudonym for group in by_month[month] if (set(here) == group.days if len(history) < 64 else set(here) <= group.days)
                                  and all(causes <= {(category, rule, provider) for _, _, category, rule, provider in group.marks[day]} or not causes for day, causes in here.items())}
    return out


def of_singles(world, pairs):
    """Of those whose only event it was, in a thousand."""
    singles = {(contact, month) for contact, months in world.truth.items() for month, p in months.items() if len(months) == 1 and len(world.index[month, p].days) == 1}
    return len(pairs & singles), len(singles)


def of_regulars(world, pairs):
    state = {pseudonym.of(world.keys["state.key"], "state", "regular%d@example.net" % n) for n in range(REGULARS)}
    all_pairs = {(contact, month) for contact in state for month in world.truth[contact]}
    return len(pairs & all_pairs), len(all_pairs)


def said(what, count, singles, regulars):
    comment("%6d bounces, %-22s %5d of %5d with one event, %3d of %3d months of who fails every week" % (count, what + ":", *singles, *regulars))


def objections_told(world):
    """Of the contacts who objected, and of the others, how many the file tells by their day: all of its rows have a line in the agenda, or none has."""
    lines = collections.Counter(day for (day,) in world.retour.sql("SELECT day FROM agenda WHERE what = 'objection'"))
    rows = collections.Counter(row[1] for row in world.rows)
    return sum(n for day, n in rows.items() if lines[day] == n), sum(lines.values()), sum(n for day, n in rows.items() if not lines[day]), len(world.rows) - sum(lines.values())


def found_by_time(world):
    """Of the events how many in a hundred no other has the time, provider and code of, by the second, the hour and the day."""
    events, out = world.retour.sql("SELECT at, provider, status FROM event"), []
    for step in 1, 3600, DAY:
        cells = collections.Counter((at // step, provider, status) for at, provider, status in events)
        out.append(100 * sum(count == 1 for count in cells.values()) / len(events))
    return out


SIZES = [int(size) for size in os.environ.get("JOINS", "1500").split()]
for size in SIZES:
    world = World(size, COPIES if size == SIZES[0] else 0)
    shown = {}
    for what, attack in (("the file alone", alone), ("with ten copies", with_copies), ("with the state key", with_state_key)):
        if what != "with ten copies" or world.copies:
            pairs = joined(world, attack(world))
            shown[what] = of_singles(world, pairs), of_regulars(world, pairs)
            said(what, size, *shown[what])
    with case("%d bounces: from the file alone no more than %d in a thousand contacts with one event are joined with it, and of who fails every week no month but the last"
              % (size, BOUND[size])):
        (found, singles), (months, regular) = shown["the file alone"]
        true(singles > size / 3 and found * 1000 <= BOUND[size] * singles, shown)
        true(regular >= REGULARS * len(MONTHS) and months <= REGULARS, shown)
    with case("%d bounces: what a contact keeps for undo adds nobody with one event, and of who fails every week one month in a hundred at most, by its length" % size):
        without = joined(world, alone(world, signature=lambda row: None))
        comment("were all rows of one length: %d of %d, %d of %d" % (*of_singles(world, without), *of_regulars(world, without)))
        (found, _), (months, regular) = shown["the file alone"]
        equal(found, of_singles(world, without)[0])
        true(months - of_regulars(world, without)[0] <= regular / 100, shown)
    with case("%d bounces: of those who objected one in ten at most is told by its day" % size):
        told, objected, no, others = objections_told(world)
        comment("%d of %d objections told by their day, %d of %d others to be none" % (told, objected, no, others))
        true(objected > size / 100 and told * 10 <= objected, (told, objected, no, others))
    if "with ten copies" in shown:
        with case("%d bounces: with ten copies from before no more than %d in a thousand, and of who fails every week one month in ten" % (size, 2 * BOUND[size])):
            (found, singles), (months, regular) = shown["with ten copies"]
            true(found * 1000 <= 2 * BOUND[size] * singles and months * 10 <= regular, shown)
    with case("%d bounces: the state key, which opens what is sealed, joins more than twenty times as many" % size):
        true(shown["with the state key"][0][0] > 20 * shown["the file alone"][0][0], shown)

    with case("%d bounces: who has a mail server's log as well finds them by their time to the second, the hour and the day as retour-privacy(7) says" % size):
        found = found_by_time(world)
        comment("%d bounces, found alone by time, provider and code: %.1f %% to the second, %.1f %% to the hour, %.1f %% to the day" % (size, *found))
        with open(os.path.join(ROOT, "etc", "retour-privacy.7"), encoding="utf8") as f:
            hours, days = re.search(r"are 100 % to the second, to the hour ([\d, and]+) %, and to\sthe day ([\d, and]+) %", f.read()).groups()
        place = (1500, 6000, 30000).index(size)
        equal([round(share) for share in found], [100] + [int(re.findall(r"\d+", shares)[place]) for shares in (hours, days)])
        # what is found once tells the rest of its month: one pseudonym, whatever came back
        whole = collections.Counter(p for p, in world.retour.sql("SELECT pseudonym FROM event WHERE provider IS NOT NULL AND category = 'mailbox-full'"))
        true(max(whole.values()) >= 4, whole.most_common(1))
    if size == 1500:
        with case("the figures of 1500 bounces are as retour-privacy(7) has them"):
            with open(os.path.join(ROOT, "etc", "retour-privacy.7"), encoding="utf8") as f:
                page = " ".join(f.read().split())
            contains(page, "Of %d recipients who objected among 1,500 bounces the file tells one so, and of the 1,251 others it tells of %d that they did not" % (objected, no))
            equal((told, others), (1, 1251))
            (found, singles), (months, regular) = shown["the file alone"]
            contains(page, "with 1,500 bounces in that time one in a hundred,")
            equal(round(100 * found / singles), 1)
            contains(page, "one month in fourteen, where the file alone has one in seventy;")
            true(10 <= shown["with ten copies"][1][1] / shown["with ten copies"][1][0] <= 20 and regular / max(months, 1) >= 50, shown)
            contains(page, "with the state key two in five of 1,500:")
            (found, singles), _ = shown["with the state key"]
            true(0.35 < found / singles < 0.45, shown)

world = World(300)
with case("with any other key than the state's no contact is opened, and of all people nobody is found among them"):
    here = {row[0] for row in world.rows}
    others = {name: key for name, key in world.keys.items() if name != "state.key"}
    true(len(others) >= len(MONTHS) + 1 and len(here) > 100, others.keys())
    for name, key in others.items():
        keys = contactbody.Keys(key)
        equal([row for row in world.rows if keys.opened(row)], [], name)
        equal({pseudonym.of(key, purpose, person) for person in world.people for purpose in ("state", "event")} & here, set(), name)
with case("with the key of one month its events are found from addresses, and no other month's"):
    month = sorted({group.month for group in world.groups})[2]
    tried = {pseudonym.of(world.keys["event-%s.key" % month], "event", person) for person in world.people}
    equal({group.month for group in world.groups if group.pseudonym in tried}, {month})
with case("who has a mail server's log as well finds the event of each bounce in it by its time; no other row has a time within its day but what is about keys and the ledger"):
    events = world.retour.sql("SELECT at, provider, status FROM event WHERE kind = 'failure'")
    alike = collections.Counter(events)
    true(sum(alike[one] == 1 for one in events) >= 0.99 * len(events), "the page says that they are found")
    finer = set()
    for table, in world.retour.sql("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"):
        for column in [row[1] for row in world.retour.sql("PRAGMA table_info(%s)" % table) if row[2] == "INTEGER" and row[1] not in ("mta", "host")]:
            if world.retour.sql("SELECT count(*) FROM {0} WHERE {1} BETWEEN 1000000000 AND 4000000000 AND {1} % 3600".format(table, column))[0][0]:
                finer.add(table)
    true(finer <= {"event", "ledger", "key", "alert", "mailbox"} and "event" in finer, finer)
with case("after a rotation the key before opens no row of the file, and the file of before is what it was"):
    before = world.retour.sql(contactbody.ROWS)
    equal(world.retour.run("key", "rotate", "state").code, 0)
    old, new = contactbody.Keys(world.keys["state.key"]), contactbody.Keys(pseudonym.key(world.retour.data + "/keys/state-2.key"))
    after = world.retour.sql(contactbody.ROWS)
    equal((sum(old.opened(row) is not None for row in after), sum(new.opened(row) is not None for row in after), len(after)), (0, len(before), len(before)))
    true(all(old.opened(row) for row in before), "the copy of before")
with case("no text of a cause, no provider and no time stands in a contact's row"):
    words = {word for row in world.retour.sql("SELECT DISTINCT category, rule, provider FROM event") for word in row if word and len(word) > 3}
    rows = b"".join(row[3] for row in after)
    equal([word for word in words if word.encode() in rows], [])
    equal(world.retour.sql("SELECT (SELECT count(*) FROM contact WHERE at % 86400) + (SELECT count(*) FROM agenda WHERE day % 86400)"), [(0,)])

finish()
