"""Whole teams on bad links: whatever happened, once the links are good all copies are one.

Each seed is a world: two to six people, one or two remotes, work, partitions, one-way links,
clocks that are ten years off, power lost at any operation, syncs that stop at any message, a
device that is copied, a backup that is restored, a member that lies, and somebody who forges.
A seed that ever failed stands in `sync_seeds.txt` and is tried each time.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from pathlib import Path

import pytest
from sync_forger import ACTS, forge
from sync_world import YEAR_S, Person

from afield.kernel.errors import AfieldError
from afield.sync.driver import Stopped
from afield.sync.stores.memory import MemoryRemote
from afield.testing.disk import PowerLoss, SimulatedDisk
from afield.testing.remote import HostileRemote

GROUPS = 10
STRANGER = 9
ROUNDS_MAX = 12
HAPPENS = (
    "work", "partition", "one-way link", "ten years ahead", "ten years behind", "power lost",
    "crash at a message", "copied device", "restored backup", "lie", "equivocation", "stranger",
    "removed", "founder removed", "both removed",
    *(f"{number} replicas" for number in range(2, 7)), *(act.__name__ for act in ACTS),
)  # fmt: skip
"""What must come up in any so many worlds, or they show less than they say."""
ENOUGH = 100
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
    seen = Counter()
    for seed in seeds:
        seen += live(seed)
    missing = [name for name in HAPPENS if not seen[name]]
    assert len(seeds) < ENOUGH or not missing


@pytest.mark.parametrize("seed", REGRESSIONS)
def test_a_world_that_failed_once_does_not_fail_again(seed):
    live(seed)


def live(seed):
    """Live through a world; return what happened in it, and how often."""
    world = World(seed)
    try:
        world.run()
    except BaseException as error:
        error.add_note(f"seed {seed}: add it to sync_seeds.txt")
        raise
    return world.seen


class World:
    """A team, its remotes, and what happens to them."""

    def __init__(self, seed):
        self.seed, self.chance = seed, random.Random(seed)
        self.inner = [MemoryRemote() for _ in range(self.chance.choice([1, 1, 2]))]
        count = self.chance.choices(range(2, 7), [5, 3, 2, 1, 1])[0]
        self.people = [Person(number, seed=seed) for number in range(1, count + 1)]
        self.seen = Counter({f"{len(self.people)} replicas": 1})
        self.cut = set()
        self.backups = {}
        self.rewound = False
        self.heads = []
        self.stranger = Person(STRANGER) if self.chance.random() < 0.4 else None
        for person in self.people:
            if self.chance.random() < 0.3:
                years = self.chance.choice([-10, 10])
                self.seen["ten years ahead" if years > 0 else "ten years behind"] += 1
                person.clock.advance(years * YEAR_S)

    def run(self):
        for _ in range(self.chance.randint(5, 17)):
            person = self.chance.choice(self.people)
            happens = self.chance.choices(
                [
                    self.work, self.meet, self.reboot, self.forge, self.copy, self.back_up,
                    self.lie, self.part,
                ],
                [8, 10, 2, 3, 1, 2, 0.7, 1],
            )[0]  # fmt: skip
            self.surely(person, happens)
        self.heal()
        self.unseat()
        self.check()

    def surely(self, person, happens):
        try:
            happens(person)
        except PowerLoss:
            self.seen["power lost"] += 1
            person.crash()

    def work(self, person):
        self.seen["work"] += 1
        self.arm(person)
        person.work(self.chance)

    def arm(self, person):
        """Let the power fail soon, sometimes."""
        if self.chance.random() < 0.15:
            person.disk.stop_at = len(person.disk.operations) + self.chance.randint(1, 30)

    def meet(self, person):
        number = self.chance.randrange(len(self.inner))
        if (person.number, number) in self.cut:
            return
        remote = HostileRemote(
            self.inner[number],
            seed=self.chance.getrandbits(32),
            fails=self.chance.choice([0, 0, 0.05, 0.6]),
            stale=self.chance.choice([0, 0, 0.5]),
            torn=self.chance.choice([0, 0, 0.2]),
            one_way=self.chance.choice([None, None, None, "in"]),
        )
        self.seen["one-way link"] += remote.one_way is not None
        left = self.chance.choice([10**6, 10**6, self.chance.randint(1, 60)])
        steps = iter(range(left))
        self.arm(person)
        try:
            person.sync(remote, name=str(number), go_on=lambda: next(steps, None) is not None)
        except (AfieldError, Stopped):
            if self.chance.random() < 0.5:
                self.seen["crash at a message"] += 1
                person.crash()

    def reboot(self, person):
        person.crash()

    def copy(self, person):
        if len(self.people) < 7:
            self.seen["copied device"] += 1
            self.people.append(person.copy())

    def back_up(self, person):
        kept = [one for one in self.people if id(one) in self.backups]
        if kept and self.chance.random() < 0.5:
            person = self.chance.choice(kept)
            self.seen["restored backup"] += 1
            person.disk = self.backups.pop(id(person))
            person.open()
            self.rewound = True
        else:
            person.journal.sync()
            self.backups[id(person)] = person.copy().disk

    def forge(self, _person):
        self.seen[forge(self.chance, self.chance.choice(self.inner).files, self.heads)] += 1

    def lie(self, person):
        """Let a device that counts write in the name of another member."""
        if person.number > 1 and len(self.people) > 1:
            self.seen["lie"] += 1
            person.lie(self.people[0].member)

    def part(self, _person):
        """Let some not reach some remotes, until this happens again."""
        links = [(person.number, n) for person in self.people for n in range(len(self.inner))]
        self.cut = {link for link in links if self.chance.random() < 0.4}
        self.seen["partition"] += bool(self.cut)

    def heal(self):
        for person in self.people:
            person.disk.stop_at = None
            if person.number > 1:
                self.people[0].confirm(person)
                if self.chance.random() < 0.1:
                    self.seen["removed"] += 1
                    self.people[0].remove(person)
                    person.work(self.chance)
        if self.stranger is not None:
            self.stranger.work(self.chance)
            self.stranger.sync(self.inner[0], name="0")
            self.seen["stranger"] += 1
        self.settle()

    def unseat(self):
        """Let somebody remove the founder's device, and sometimes be removed by it."""
        chance = random.Random(f"founder {self.seed}")
        founder, *others = self.people
        if not others or chance.random() > 0.1:
            return
        self.seen["founder removed"] += 1
        other = chance.choice(others)
        if chance.random() < 0.5:
            self.seen["both removed"] += 1
            founder.remove(other)
        other.remove(founder)
        for person in (founder, other):
            person.work(chance)
        self.settle()

    def settle(self):
        for _ in range(ROUNDS_MAX):
            changed = [self.exchange(person) for person in self.people]
            if not any(changed):
                return
        raise AssertionError("the copies never rest")

    def exchange(self, person):
        """Sync with every remote; return whether anything went to and fro."""
        reports = [
            person.sync(remote, name=str(number)) for number, remote in enumerate(self.inner)
        ]
        return any(report.entries_in or report.packs_in or report.bytes_out for report in reports)

    def check(self):
        first, *others = self.people
        lines, tables = first.lines(), first.tables()
        for person in others:
            assert person.lines() == lines
            assert person.tables() == tables
        for person in self.people:
            assert not self.lost(person), "bytes that the record names are somewhere, and not here"
        counted, _, waiting = tables.decode().partition("\nquarantine\n")
        counted = re.sub(r"(?m)^table claims\n(?:\(.*\n)*", "", counted)  # counts or not
        assert not any(b"forged" in line for _, _, line in lines)
        lies = sum(b'"about":"lie"' in line for _, _, line in lines)
        assert (counted.count("'lie'"), waiting.count("'lie'")) == (0, lies)
        if self.stranger is not None:
            assert "member0000000009" not in counted
            assert self.stranger.key.device in waiting
        self.check_forks(self.chance.choice(self.people), lines)

    def check_forks(self, person, lines):
        """Two entries with one number are both kept, both signed, and shown."""
        found = list(person.journal.verify())
        assert not [each for each in found if each.damaged]
        numbers = [(device, seq) for device, seq, _ in lines]
        forks = len(numbers) - len(set(numbers))
        self.seen["equivocation"] += forks
        assert any(each.what == "branch" for each in found) or not forks
        assert {tip.log for tip in person.journal.tips()} == set(person.journal.heads())

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
