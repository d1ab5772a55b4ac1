"""Packs that verify by name and were made to deceive: refused, in bounded time and memory.

Guards held here: the check of the whole after its parts, the sizes of parts, the depth of
recipes, the size that a compressed frame declares.
"""

from __future__ import annotations

import pytest
import zstandard
from blake3 import blake3

from afield.testing.disk import SimulatedDisk
from afield.vault import ObjectDamaged, Vault, layout
from afield.vault.builder import PackBuilder
from afield.vault.layout import CHUNK, RECIPE, STORED, ZSTD

ROOT = "/p"


class Forger:
    """Makes packs with any records that are asked for."""

    def __init__(self) -> None:
        self.disk = SimulatedDisk()
        self.vault = Vault(ROOT, self.disk)
        self.vault.put(b"so that there is a header")
        self.vault.flush()
        self._builder = PackBuilder(layout.DATA)

    def chunk(self, content: bytes) -> tuple[bytes, int]:
        digest = blake3(content).digest()
        self.record(digest, content, raw_bytes=len(content), size_bytes=len(content))
        return digest, len(content)

    def recipe(self, digest: bytes, items: list[tuple[bytes, int]]) -> tuple[bytes, int]:
        payload = layout.recipe(digest, items)
        size_bytes = sum(size for _, size in items)
        self.record(digest, payload, kind=RECIPE, raw_bytes=len(payload), size_bytes=size_bytes)
        return digest, size_bytes

    def record(self, digest, payload, *, kind=CHUNK, codec=STORED, raw_bytes, size_bytes) -> None:
        self._builder.add(
            digest, payload, kind=kind, codec=codec, raw_bytes=raw_bytes, size_bytes=size_bytes
        )

    def finish(self) -> Vault:
        name, data, _ = self._builder.finish()
        self.disk.write_new(f"{ROOT}/{name}.pack", data)
        return Vault(ROOT, self.disk)


@pytest.fixture
def forger():
    return Forger()


def refuses(vault: Vault, digest: bytes, tmp_path) -> None:
    object_id = digest.hex()
    with pytest.raises(ObjectDamaged):
        vault.get(object_id)
    with pytest.raises(ObjectDamaged):
        vault.copy_to(object_id, str(tmp_path / "copy"))
    assert list(tmp_path.iterdir()) == []
    assert object_id in {one.name for one in vault.verify() if one.damaged}


def test_parts_in_another_order_are_not_the_object(forger, tmp_path):
    one, two = forger.chunk(b"one"), forger.chunk(b"two")
    digest, _ = forger.recipe(blake3(b"onetwo").digest(), [two, one])
    refuses(forger.finish(), digest, tmp_path)


def test_a_recipe_of_itself_is_refused(forger, tmp_path):
    digest = blake3(b"me").digest()
    forger.recipe(digest, [(digest, 5), (digest, 0)])
    vault = forger.finish()
    refuses(vault, digest, tmp_path)
    with pytest.raises(ObjectDamaged), vault.open(digest.hex()) as file:
        file.read()


def test_recipes_nested_too_deep_are_refused(forger, tmp_path):
    part = forger.chunk(b"x")
    for depth in range(12):
        # Each is what it says it is: only the depth is wrong with the last.
        whole = blake3(b"x" + b"y" * (depth + 1)).digest()
        part = forger.recipe(whole, [part, forger.chunk(b"y")])
    refuses(forger.finish(), part[0], tmp_path)


def test_many_empty_parts_of_itself_end(forger, tmp_path):
    digest = blake3(b"bomb").digest()
    chunk = forger.chunk(b"x")
    forger.recipe(digest, [chunk, *[(digest, 0)] * 1_000])
    refuses(forger.finish(), digest, tmp_path)


def test_a_part_of_another_size_is_refused(forger, tmp_path):
    one, _ = forger.chunk(b"one")
    digest, _ = forger.recipe(blake3(b"oneone").digest(), [(one, 3), (one, 4)])
    vault = forger.finish()
    refuses(vault, digest, tmp_path)
    with pytest.raises(ObjectDamaged), vault.open(digest.hex()) as file:
        file.read()


def test_a_recipe_in_a_recipe_of_another_size_is_refused(forger, tmp_path):
    one = forger.chunk(b"one")
    inner, _ = forger.recipe(blake3(b"oneone").digest(), [one, one])
    digest, _ = forger.recipe(blake3(b"oneoneone").digest(), [(inner, 7), (one[0], 2)])
    vault = forger.finish()
    refuses(vault, digest, tmp_path)
    with pytest.raises(ObjectDamaged), vault.open(digest.hex()) as file:
        file.read()


def test_a_record_that_gives_its_content_another_size_is_refused(forger, tmp_path):
    digest = blake3(b"four").digest()
    forger.record(digest, b"four", raw_bytes=5, size_bytes=5)
    refuses(forger.finish(), digest, tmp_path)


def test_an_index_line_that_gives_an_object_another_size_is_named(forger):
    digest = blake3(b"four").digest()
    forger.record(digest, b"four", raw_bytes=4, size_bytes=40)
    found = list(forger.finish().verify())
    assert [(one.what, one.name, one.damaged) for one in found if one.damaged] == [
        ("object", digest.hex(), True)
    ]


def test_a_record_of_another_object_is_said_to_be_that(forger):
    digest, _ = forger.chunk(b"one")
    vault = forger.finish()
    for path, data in forger.disk.files().items():
        at = data.find(digest)  # first in its record, then in the index
        if path.endswith(".pack") and at >= 0:
            forger.disk.overwrite(path, data[:at] + bytes(32) + data[at + 32 :])
    with pytest.raises(ObjectDamaged, match="another object"):
        vault.get(digest.hex())


def test_an_index_that_verifies_and_does_not_say_what_its_pack_says_is_named(forger):
    pack = next(name[:-5] for name in forger.disk.list(ROOT) if name.endswith(".pack"))
    data = forger.disk.read(f"{ROOT}/{pack}.pack")
    other = layout.index_block([layout.Entry(bytes(32), 48, 1, 1)])
    own = layout.read_pack_index(data)
    for block, pack_bytes in ((other, len(data)), (own, len(data) + 1)):
        index = layout.index_file(bytes.fromhex(pack), pack_bytes, block)
        forger.disk.overwrite(f"{ROOT}/{pack}.idx", index)
        found = list(Vault(ROOT, forger.disk).verify())
        assert ("index", pack, True) in {(one.what, one.name, one.damaged) for one in found}


def test_bytes_between_the_records_and_the_index_are_named(forger):
    pack = next(name for name in forger.disk.list(ROOT) if name.endswith(".pack"))
    data = forger.disk.read(f"{ROOT}/{pack}")
    end = len(data) - layout.TRAILER.size - layout.ENTRY.size
    forger.disk.overwrite(f"{ROOT}/{pack}", data[:end] + b"extra" + data[end:])
    found = list(Vault(ROOT, forger.disk).verify())
    assert ("pack", pack[:-5], True) in {(one.what, one.name, one.damaged) for one in found}


def test_a_frame_that_would_fill_the_memory_is_refused_by_its_size(forger, tmp_path):
    frame = zstandard.ZstdCompressor().compress(bytes(50_000_000))
    digest = blake3(b"short").digest()
    forger.record(digest, frame, codec=ZSTD, raw_bytes=5, size_bytes=5)
    refuses(forger.finish(), digest, tmp_path)


def test_a_frame_that_lies_about_its_size_is_refused(forger, tmp_path):
    frame = bytearray(zstandard.ZstdCompressor().compress(bytes(300)))
    at = frame.index((300 - 256).to_bytes(2, "little"))  # two-byte sizes count from 256
    frame[at : at + 2] = (5_000 - 256).to_bytes(2, "little")
    digest = blake3(bytes(300)).digest()
    forger.record(digest, bytes(frame), codec=ZSTD, raw_bytes=5_000, size_bytes=5_000)
    refuses(forger.finish(), digest, tmp_path)


def test_an_unreadable_pack_does_not_take_the_others_away(forger):
    class Bad(SimulatedDisk):
        bad = ""

        def read(self, path, offset=0, size_bytes=-1):
            if self.bad and path.startswith(self.bad):
                raise OSError(5, "Input/output error", path)
            return super().read(path, offset, size_bytes)

    disk = Bad()
    ids = []
    for content in (b"first", b"second"):
        vault = Vault(ROOT, disk)
        ids.append(vault.put(content))
        vault.flush()
    packs = [name for name in disk.list(ROOT) if name.endswith(".pack")]
    known = Vault(ROOT, disk)
    known.refresh()
    for name in packs:
        disk.bad = f"{ROOT}/{name[:-5]}"
        vault = Vault(ROOT, disk)
        assert sum(vault.has(object_id) for object_id in ids) == 1
        lost = next(object_id for object_id in ids if not vault.has(object_id))
        with pytest.raises(ObjectDamaged, match="Input/output"):
            known.get(lost)
        found = {(one.what, one.name) for one in vault.verify(roots=ids) if one.damaged}
        assert {("pack", name[:-5]), ("reference", lost)} <= found
