"""Whole teams on bad links: whatever happened, once the links are good all copies are one.

Each seed is a world: two to six people, one or two remotes, work, partitions, one-way links,
clocks that are ten years off, power lost at any operation, syncs that stop at any message, a
device that is copied, a backup that is restored, and somebody who forges. A seed that ever
failed stands in `sync_seeds.txt` and is tried each time.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from sync_world import WORKSPACE, YEAR_S, Person, key_of

from afield.journal import Draft
from afield.journal.carry import Carried
from afield.journal.entry import encode_line
from afield.kernel.errors import AfieldError
from afield.kernel.ids import WorkspaceId
from afield.sync.chunk import encode_chunk
from afield.sync.driver import Stopped
from afield.sync.layout import Head, encode_head, head_name
from afield.sync.stores.memory import MemoryRemote
from afield.testing.disk import PowerLoss, SimulatedDisk
from afield.testing.remote import HostileRemote

GROUPS = 10
STRANGER = 9
ROUNDS_MAX = 12
REGRESSIONS = [
    int(line.split()[0])
    for line in Path(__file__).with_name("sync_seeds.txt").read_text().splitlines()
    if line and not line.startswith("#")
]


def pytest_generate_tests(metafunc):
    if "seeds" in metafunc.fixturenames:
        count = metafunc.config.getoption("seeds")
        groups = [range(start, count, GROUPS) for start in range(GROUPS)]
        metafunc.parametrize("seeds", groups, ids=lambda seeds: f"from{seeds.start}")


def test_after_healing_all_copies_are_one(seeds):
    for seed in seeds:
        live(seed)


@pytest.mark.parametrize("seed", REGRESSIONS)
def test_a_world_that_failed_once_does_not_fail_again(seed):
    live(seed)


def live(seed):
    try:
        World(seed).run()
    except BaseException as error:
        error.add_note(f"seed {seed}: add it to sync_seeds.txt")
        raise


class World:
    """A team, its remotes, and what happens to them."""

    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.inner = [MemoryRemote() for _ in range(self.chance.choice([1, 1, 2]))]
        self.people = [Person(n, seed=seed) for n in range(1, self.chance.randint(2, 6) + 1)]
        self.backups = {}
        self.rewound = False
        self.heads = []
        self.stranger = Person(STRANGER) if self.chance.random() < 0.4 else None
        for person in self.people:
            if self.chance.random() < 0.3:
                person.clock.advance(self.chance.choice([-10, 10]) * YEAR_S)

    def run(self):
        for _ in range(self.chance.randint(6, 22)):
            person = self.chance.choice(self.people)
            happens = self.chance.choices(
                [self.work, self.meet, self.reboot, self.forge, self.copy, self.back_up],
                [8, 10, 2, 2, 1, 1.5],
            )[0]
            self.surely(person, happens)
        self.heal()
        self.check()

    def surely(self, person, happens):
        try:
            happens(person)
        except PowerLoss:
            person.crash()

    def work(self, person):
        self.arm(person)
        person.work(self.chance)

    def arm(self, person):
        """Let the power fail soon, sometimes."""
        if self.chance.random() < 0.15:
            person.disk.stop_at = len(person.disk.operations) + self.chance.randint(1, 30)

    def meet(self, person):
        number = self.chance.randrange(len(self.inner))
        remote = HostileRemote(
            self.inner[number],
            seed=self.chance.getrandbits(32),
            fails=self.chance.choice([0, 0, 0.05, 0.6]),
            stale=self.chance.choice([0, 0, 0.5]),
            torn=self.chance.choice([0, 0, 0.2]),
            one_way=self.chance.choice([None, None, None, "in"]),
        )
        left = self.chance.choice([10**6, 10**6, self.chance.randint(1, 60)])
        steps = iter(range(left))
        self.arm(person)
        try:
            person.sync(remote, name=str(number), go_on=lambda: next(steps, None) is not None)
        except (AfieldError, Stopped):
            if self.chance.random() < 0.3:
                person.crash()

    def reboot(self, person):
        person.crash()

    def copy(self, person):
        if len(self.people) < 7:
            self.people.append(person.copy())

    def back_up(self, person):
        if id(person) in self.backups:
            person.disk = self.backups.pop(id(person))
            person.open()
            self.rewound = True
        else:
            person.journal.sync()
            self.backups[id(person)] = person.copy().disk

    def forge(self, _person):
        files = self.chance.choice(self.inner).files
        names = sorted(files)
        if not names:
            return
        act = self.chance.randrange(6)
        name = self.chance.choice([name for name in names if name != "format"] or ["heads/x"])
        device = key_of(1).device
        if act == 0:  # other bytes, or half of them, under a good name
            data = files.get(name, b"")
            files[name] = self.chance.choice([data[: len(data) // 2], b"\0" * len(data), b"x"])
        elif act == 1:
            files.pop(name, None)
        elif act == 2:  # a head of another's, signed with a key that is not theirs
            forged = Head(
                workspace=WORKSPACE, device=key_of(8).device, public_key=key_of(8).public.hex(),
                tips=((device, 10**6, "f" * 64),),
            )  # fmt: skip
            files[head_name(device)] = encode_head(forged, key_of(8))
        elif act == 3:  # a device of its own, that vouches for what is nowhere
            tips = tuple((device, 10**6 + n, f"{n:064x}") for n in range(300))
            forged = Head(
                workspace=WORKSPACE, device=key_of(8).device, public_key=key_of(8).public.hex(),
                tips=tips, bad=tuple(names[:50]), lacks=(device,),
            )  # fmt: skip
            files[head_name(key_of(8).device)] = encode_head(forged, key_of(8))
        elif act == 4:  # an old head again, and a head of another workspace
            self.heads += [(name, files[name]) for name in names if name.startswith("heads/")]
            if self.heads:
                name, data = self.chance.choice(self.heads)
                files[name] = data
            other = Head(
                workspace=WorkspaceId("v" * 26), device=key_of(7).device,
                public_key=key_of(7).public.hex(), tips=(),
            )  # fmt: skip
            files[head_name(key_of(7).device)] = encode_head(other, key_of(7))
        else:
            self.put_forged_chunk(files)

    def put_forged_chunk(self, files):
        """Lay out an entry in the founder's name, sealed with another key; the head is good."""
        founder, liar = key_of(1), key_of(8)
        line, entry = encode_line(
            Draft("thing.named", "forged", {"name": "forged"}), device=founder.device,
            by="member0000000001", seq=1, prev="0" * 64, at=1 << 16, tz="+00:00",
        )  # fmt: skip
        piece, data = encode_chunk(liar.public, [Carried(line, entry, opens=True)])
        files[piece.name] = data
        forged = Head(
            workspace=WORKSPACE, device=liar.device, public_key=liar.public.hex(),
            tips=((founder.device, 1, entry.digest),),
        )  # fmt: skip
        files[head_name(liar.device)] = encode_head(forged, liar)

    def heal(self):
        for person in self.people:
            person.disk.stop_at = None
            if person.number > 1:
                self.people[0].confirm(person)
        if self.stranger is not None:
            self.stranger.work(self.chance)
            self.stranger.sync(self.inner[0], name="0")
        for _ in range(ROUNDS_MAX):
            before = [set(person.journal.tips()) for person in self.people]
            for person in self.people:
                for number, remote in enumerate(self.inner):
                    person.sync(remote, name=str(number))
            if before == [set(person.journal.tips()) for person in self.people]:
                return
        raise AssertionError("the copies never rest")

    def check(self):
        first, *others = self.people
        lines, tables = first.lines(), first.tables()
        for person in others:
            assert person.lines() == lines
            assert person.tables() == tables
        looked_at = self.chance.choice(self.people)
        assert not [each for each in looked_at.journal.verify() if each.damaged]
        for person in self.people:
            assert not self.lost(person), "bytes that the record names are somewhere, and not here"
        text = tables.decode()
        assert "forged" not in text
        if self.stranger is not None:
            assert "member0000000009" not in text.partition("quarantine")[0]
            assert self.stranger.key.device in text.partition("quarantine")[2]
        numbers = [(device, seq) for device, seq, _ in lines]
        if len(set(numbers)) < len(numbers):
            assert any(each.what == "branch" for each in first.journal.verify()), (
                "two entries with one number are shown"
            )
        for person in self.people:  # nothing more to say
            for number, remote in enumerate(self.inner):
                report = person.sync(remote, name=str(number))
                assert (report.entries_in, report.entries_out, report.packs_in) == (0, 0, 0)

    def lost(self, person):
        if self.rewound:  # what a machine held may be gone with it
            return set()
        return {ref for ref in person.refs() if not person.vault.has(ref)}


def test_power_lost_at_each_operation_of_a_first_sync_loses_nothing():
    remote = MemoryRemote()
    ann = Person(1)
    chance = random.Random(5)
    for _ in range(3):
        ann.work(chance)
    ann.sync(remote)
    want = ann.lines()
    stop = 0
    while True:
        stop += 1
        bob = Person(2, disk=SimulatedDisk(stop))
        before = bob.lines()
        bob.disk.stop_at = len(bob.disk.operations) + stop
        try:
            bob.sync(MemoryCopy(remote))
        except PowerLoss:
            bob.crash()
            shown = {each for each in bob.lines() if each[0] == ann.key.device}
            assert shown <= want
            assert not [each for each in bob.journal.verify() if each.damaged]
            bob.sync(MemoryCopy(remote))
        else:
            break
        assert {each for each in bob.lines() if each[0] == ann.key.device} == want
        assert before <= bob.lines()
        assert all(bob.vault.has(ref) for ref in bob.refs())
    assert stop > 20


class MemoryCopy(MemoryRemote):
    """A remote of one's own, with what another one holds."""

    def __init__(self, other):
        super().__init__()
        self.files = dict(other.files)
