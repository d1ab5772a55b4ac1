"""Replicas in memory for the simulations of sync: people who work, meet remotes, and crash."""

from __future__ import annotations

from functools import cache

from afield.journal import DeviceKey, Journal
from afield.kernel.ids import WorkspaceId
from afield.members.authority import NOBODY
from afield.members.events import device_confirmed, device_introduced, device_removed
from afield.members.fold import room as members_of
from afield.members.removal import authority, heads_of
from afield.members.trust import Trusted
from afield.projection import Add, Column, Projection, Put, Room, Table
from afield.sync.driver import drive
from afield.sync.elsewhere import Elsewhere
from afield.sync.job import Job
from afield.sync.pace import Pace
from afield.sync.reconcile import Reconciler
from afield.sync.replica import Replica
from afield.testing.clock import ManualClock
from afield.testing.disk import SimulatedDisk
from afield.vault import Vault

WORKSPACE = WorkspaceId("w" * 26)
YEAR_S = 365 * 24 * 3600

THINGS = Table(
    "things",
    key=(Column("id", "text"),),
    groups={"name": (Column("name", "text"),), "once": (Column("made_at", "integer"),)},
)
MARKS = Table("marks", key=(Column("id", "text"), Column("mark", "text")), groups={"once": ()})


def fold_thing(entry):
    yield Put("things", (entry.about,), "name", (entry.body["name"],))
    yield Put("things", (entry.about,), "once", (entry.at,))
    yield Add("marks", (entry.about, entry.body["name"]))


THING_ROOM = Room("things", (THINGS, MARKS), {"thing.named": fold_thing})


@cache
def key_of(number):
    return DeviceKey.from_private_bytes(number.to_bytes(32, "big"))


class Crash(BaseException):
    """The process of a replica stops here."""


class Person:
    """A replica on a simulated disk; `number` chooses the key, 1 founded the workspace."""

    def __init__(self, number, *, disk=None, clock=None, seed=0):
        self.number = number
        self.key = key_of(number)
        self.member = f"member{number:010d}"
        self.disk = disk or SimulatedDisk(seed)
        self.clock = clock or ManualClock()
        self.open()

    def open(self):
        self.journal = Journal(
            "/journal", self.disk, self.clock, key=self.key, device=self.key.device,
            member=self.member, sync_within_s=None, segment_bytes_max=2500,
        )  # fmt: skip
        self.vault = Vault("/packs", self.disk)
        if self.key.device not in self.journal.heads():
            introduced = device_introduced(
                self.key.device, public_key=self.key.public, member=self.member
            )
            self.journal.append_many([introduced], durable=True)

    def crash(self):
        self.disk = self.disk.after_crash()
        self.open()

    def copy(self):
        """Return another machine with a copy of this one's folder, key included."""
        self.journal.sync()
        disk = SimulatedDisk()
        for path, data in self.disk.files().items():
            disk.make_folder(path.rpartition("/")[0])
            disk.write_new(path, data)
        return Person(self.number, disk=disk, clock=ManualClock(self.clock.now_ns))

    def work(self, chance):
        self.clock.advance(chance.choice([0, 0.001, 1, 1000]))
        data = chance.randbytes(chance.choice([10, 300, 2000]))
        ref = self.vault.put(data, meta=chance.random() < 0.3)
        self.vault.flush()
        body = {"name": f"{self.number}-{chance.randrange(10**6)}"}
        for _ in range(chance.randint(1, 3)):
            self.journal.append("thing.named", f"thing{chance.randrange(5)}", body, (ref,))
        if chance.random() < 0.5:
            self.journal.sync()

    def lie(self, member):
        """Write in the name of another member."""
        self.journal.member = member
        self.journal.append("thing.named", "lie", {"name": "lie"})
        self.journal.member = self.member

    def confirm(self, other):
        draft = device_confirmed(other.key.device, public_key=other.key.public, member=other.member)
        self.journal.append_many([draft])

    def machine(self, **wishes):
        team = frozenset(key_of(number).device for number in range(1, 7))
        job = Job(WORKSPACE, key_of(1).public, self.key, "remote", heeds=team, **wishes)
        return Reconciler(job)

    def sync(
        self, remote, *, name="r", go_on=lambda: True, may_send=None, data="all", pace=None, **more
    ):
        elsewhere = Elsewhere(f"/elsewhere/{name}", self.disk)
        limits = {} if may_send is None else {"may_send": may_send}
        replica = Replica(self.journal, self.vault, elsewhere, self.clock, data=data, **limits)
        pace = pace or Pace(None, monotonic_s=lambda: 0.0, sleep=lambda _: None)
        return drive(self.machine(data=data), remote, replica, pace, go_on=go_on, **more)

    def lines(self):
        """Return every line of every log, as a set of (device, seq, bytes)."""
        found = set()
        for log in self.journal.heads():
            for each in self.journal.lines_after(log, first_of(log) - 1):
                found.add((each.entry.device, each.entry.seq, each.line))
        return found

    def remove(self, other):
        heads = heads_of(self.journal, other.key.device)
        self.journal.append_many([device_removed(other.key.device, heads=heads)])

    def tables(self):
        founder, heeded = key_of(1).device, NOBODY
        while True:
            roots = Trusted([founder], *heeded)
            projection = Projection(":memory:", [members_of(roots), THING_ROOM])
            projection.refresh(self.journal)
            found, dump = authority(projection, self.journal, founder), projection.dump()
            projection.close()
            if found == heeded:
                return dump
            heeded = found

    def refs(self):
        return {
            ref for batch in self.journal.read() for entry in batch.entries for ref in entry.refs
        }


def first_of(log):
    return int(log.split("-")[1]) if "-" in log else 1
