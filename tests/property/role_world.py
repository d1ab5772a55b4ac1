"""A record made by hand: logs of a few members, whose clocks say what a test wants."""

from __future__ import annotations

from afield.journal import DeviceKey, Entry
from afield.journal.entry import Draft
from afield.kernel.digest import digest
from afield.members.actions import Action
from afield.members.authority import NOBODY, judge
from afield.members.claims import claims
from afield.members.events import device_confirmed, device_introduced
from afield.members.fold import room
from afield.members.gate import NEEDS
from afield.members.trust import Cut, Trusted
from afield.projection import Add, Column, Projection, Room, Table

ANN, BOB, CAT, DAN = (letter * 16 for letter in "abcd")
KEYS = {
    member: DeviceKey.from_private_bytes(bytes([number]) * 32)
    for number, member in enumerate((ANN, BOB, CAT, DAN), 1)
}
WROTE, STAGED = "thing.wrote", "thing.staged"
THINGS = Table(
    "things",
    key=(Column("id", "text"),),
    groups={"once": (Column("by", "text"), Column("device", "text"))},
)
ROOM = Room(
    "things",
    tables=(THINGS,),
    folds=dict.fromkeys(
        (WROTE, STAGED), lambda entry: [Add("things", (entry.about, entry.by, entry.device))]
    ),
)
NEEDED = {**NEEDS, WROTE: (Action.RUN_LOG,), STAGED: (Action.MODEL_STAGE,)}


class Log:
    """The log of a member's device."""

    def __init__(self, member):
        self.member = member
        self.device = KEYS[member].device
        self.entries = []

    def add(self, draft, *, at, by=None):
        seq = len(self.entries) + 1
        text = f"{self.device} {seq} {draft} {at} {by}"
        entry = Entry(
            device=self.device, seq=seq, prev="0" * 64, at=at << 16, tz="+00:00",
            by=by or self.member, kind=draft.kind, about=draft.about, body=dict(draft.body),
            refs=tuple(draft.refs), digest=digest(text.encode()),
        )  # fmt: skip
        self.entries.append(entry)
        return entry

    def introduce(self):
        key = KEYS[self.member]
        draft = device_introduced(self.device, public_key=key.public, member=self.member)
        return self.add(draft, at=1)

    def confirm(self, member, *, at, hub=False, by=None):
        key = KEYS[member]
        draft = device_confirmed(key.device, public_key=key.public, member=member, hub=hub)
        return self.add(draft, at=at, by=by)

    def write(self, thing, *, at, by=None, kind=WROTE):
        return self.add(Draft(kind, thing, {}), at=at, by=by)


def heads(log, back=0):
    """Return the head of a log, as it was some entries ago."""
    last = log.entries[max(len(log.entries) - 1 - back, 0)]
    return [(last.seq, last.digest)]


def folded(batches):
    """Return the tables' dump and what holds, after as many folds as it takes."""
    founder, found = KEYS[ANN].device, NOBODY
    for _ in range(3):
        trusted = Trusted([founder], *found)
        projection = Projection(":memory:", [room(trusted, NEEDED), ROOM])
        for batch in batches:
            projection.apply(batch)
        after = judge(claims(projection), founder, lambda _, heads: Cut(max(heads)[0]))
        dump = projection.dump()
        projection.close()
        if after == found:
            return dump, found
        found = after
    raise AssertionError("what holds by the claims depends on what was folded")


def applied(*logs):
    """Return the things that count, and why the others do not."""
    entries = [entry for log in logs for entry in log.entries]
    _, found = folded([entries])
    projection = Projection(":memory:", [room(Trusted([KEYS[ANN].device], *found), NEEDED), ROOM])
    projection.apply(entries)
    things = [row[0] for row in projection.query("SELECT id FROM things ORDER BY id")]
    whys = {each.about: each.why for each in projection.set_aside()}
    projection.close()
    return things, whys, found
