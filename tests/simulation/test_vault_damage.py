"""Bit flips, cuts, swaps and losses in packs and indexes: detected, named, never served.

Guard held here: the digest check of every record. The last test takes it away and demands
that wrong bytes are then noticed as served.
"""

from __future__ import annotations

import random

import pytest

from afield.kernel.errors import AfieldError
from afield.kernel.ids import ObjectId
from afield.testing.disk import SimulatedDisk
from afield.vault import TreeEntry, Vault
from afield.vault.layout import PACK_HEADER, RECORD, read_record

ROOT = "/w/packs"
ROUNDS = 6_000


class Trusting(Vault):
    """A vault without its guard."""

    _guard = staticmethod(lambda _digest, _content: True)


def build() -> tuple[dict[str, bytes], dict[ObjectId, bytes], ObjectId]:
    """Return the files of a small vault, its objects, and a tree of them."""
    disk = SimulatedDisk()
    vault = Vault(ROOT, disk)
    made = random.Random(3)
    contents = [b"", b"x", made.randbytes(900), b"rows,of,text\n" * 200, made.randbytes(30_000)]
    objects = {vault.put(data): data for data in contents}
    vault.flush()
    for number, data in enumerate((made.randbytes(500), b"prose " * 90, b"data " * 9)):
        objects[vault.put(data, meta=number == 1)] = data
    tree = vault.put_tree(
        TreeEntry(f"file {number}", 0o644, len(data), object_id)
        for number, (object_id, data) in enumerate(objects.items())
    )
    vault.flush()
    packs = {path: data for path, data in disk.files().items() if path.startswith(f"{ROOT}/")}
    return packs, objects, tree


FILES, OBJECTS, TREE = build()


def disk_with(files: dict[str, bytes]) -> SimulatedDisk:
    disk = SimulatedDisk()
    disk.make_folder(ROOT)
    for path, data in files.items():
        disk.write_new(path, data)
    return disk


def flip(made: random.Random, data: bytes) -> bytes:
    found = bytearray(data)
    found[made.randrange(len(found))] ^= 1 << made.randrange(8)
    return bytes(found)


def cut(made: random.Random, data: bytes) -> bytes:
    return data[: made.randrange(len(data))]


def zero(made: random.Random, data: bytes) -> bytes:
    start = made.randrange(len(data))
    size = min(made.randint(1, 512), len(data) - start)
    return data[:start] + bytes(size) + data[start + size :]


def insert(made: random.Random, data: bytes) -> bytes:
    at = made.randrange(len(data) + 1)
    return data[:at] + made.randbytes(made.randint(1, 60)) + data[at:]


def twice(made: random.Random, data: bytes) -> bytes:
    at = made.randrange(len(data))
    return data[:at] + data[at : at + 100] + data[at:]


def damage(seed: int) -> tuple[str, dict[str, bytes]]:
    """Return the kind of one random damage, and the files that it left."""
    made = random.Random(seed)
    files = dict(FILES)
    path = made.choice(sorted(files))
    kind = made.choice([flip, flip, flip, cut, zero, insert, twice, "swap", "records", "lose"])
    if kind == "swap":
        other = made.choice(
            [p for p in sorted(files) if p != path and p[-4:] == path[-4:]] or [path]
        )
        files[path], files[other] = files[other], files[path]
    elif kind == "records":
        path = made.choice([p for p in sorted(files) if p.endswith(".pack")])
        files[path] = swap_records(files[path])
    elif kind == "lose":
        del files[path]
    else:
        files[path] = kind(made, files[path])
    return getattr(kind, "__name__", str(kind)), files


def swap_records(data: bytes) -> bytes:
    """Exchange the first two records of a pack."""
    first = PACK_HEADER.size
    second = first + RECORD.size + len(read_record(data, first).payload)
    end = second + RECORD.size + len(read_record(data, second).payload)
    return data[:first] + data[second:end] + data[first:second] + data[end:]


def served_wrong(disk: SimulatedDisk, kind: type[Vault]) -> list[ObjectId]:
    """Return the objects that `get` or `open` gives out with other bytes than were put."""
    vault = kind(ROOT, disk)
    wrong = []
    for object_id, data in OBJECTS.items():
        for read in (vault.get, lambda one: vault.open(one).read()):
            try:
                if read(object_id) != data:
                    wrong.append(object_id)
            except AfieldError:
                continue
    return wrong


def unreadable(disk: SimulatedDisk) -> set[str]:
    vault = Vault(ROOT, disk)
    gone = set()
    for object_id in OBJECTS:
        try:
            vault.get(object_id)
        except AfieldError:
            gone.add(str(object_id))
    return gone


def findings(disk: SimulatedDisk) -> list[tuple[str, str, bool]]:
    found = Vault(ROOT, disk).verify(roots=[TREE, *OBJECTS])
    return [(one.what, one.name, one.damaged) for one in found]


def test_a_whole_vault_has_no_findings():
    assert findings(disk_with(FILES)) == []
    assert served_wrong(disk_with(FILES), Vault) == []
    assert unreadable(disk_with(FILES)) == set()


@pytest.mark.parametrize("part", range(4))
def test_damage_is_named_and_never_served(part):
    unnoticed = []
    for seed in range(part * ROUNDS // 4, (part + 1) * ROUNDS // 4):
        kind, files = damage(seed)
        if files == FILES:
            continue
        disk = disk_with(files)
        found = findings(disk)
        only_an_index = kind == "lose" and any(wrong is False for *_, wrong in found)
        if not any(wrong for *_, wrong in found) and not only_an_index:
            unnoticed.append((seed, kind, "not named"))
        whole = {what for what, *_ in found} == {"repository"}
        named = {name for what, name, _ in found if what in {"object", "reference"}}
        if unreadable(disk) - named and not whole:
            unnoticed.append((seed, kind, "an object that cannot be read is not named"))
        if served_wrong(disk, Vault):
            unnoticed.append((seed, kind, "served"))
    assert unnoticed == []


def test_without_the_digest_check_damage_is_served():
    served = 0
    for seed in range(300):
        _, files = damage(seed)
        served += bool(served_wrong(disk_with(files), Trusting))
    assert served > 0


def test_a_good_copy_serves_when_another_is_damaged():
    disk = SimulatedDisk()
    first, second = Vault(ROOT, disk), Vault(ROOT, disk)
    for vault, extra in ((first, b"1"), (second, b"2")):
        vault.refresh()
        object_id = vault.put(b"the same" * 9)
        vault.put(extra)
    first.flush()
    second.flush()
    packs = [f"{ROOT}/{name}" for name in disk.list(ROOT) if name.endswith(".pack")]
    assert len(packs) == 2
    for path in packs:
        whole = disk.read(path)
        disk.overwrite(path, whole.replace(b"the same", b"the Same"))
        assert Vault(ROOT, disk).get(object_id) == b"the same" * 9
        disk.overwrite(path, whole)


def test_reindex_needs_nothing_but_the_packs():
    files = {path: data for path, data in FILES.items() if path.endswith(".pack")}
    disk = disk_with({**files, f"{ROOT}/format": FILES[f"{ROOT}/format"]})
    assert unreadable(disk) == set()
    vault = Vault(ROOT, disk)
    vault.reindex()
    assert disk.files() == FILES
    assert list(vault.verify(roots=[TREE])) == []
    assert all(vault.get(object_id) == data for object_id, data in OBJECTS.items())


def test_a_pack_without_its_end_still_gives_the_records_before_the_cut():
    files = {path: data for path, data in FILES.items() if not path.endswith(".idx")}
    path = max((p for p in files if p.endswith(".pack")), key=lambda p: len(files[p]))
    files[path] = files[path][:-200]
    disk = disk_with(files)
    assert served_wrong(disk, Vault) == []
    assert unreadable(disk) == set()
    assert ("pack", path.split("/")[-1][:-5], True) in findings(disk)
