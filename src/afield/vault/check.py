"""`verify`: read every byte of the vault and name what is not as it was written.

Nothing is repaired here, and nothing raised for damage: it is found and named.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from itertools import islice

import msgspec
from blake3 import blake3

from afield.kernel.errors import AfieldError
from afield.kernel.findings import Finding
from afield.kernel.ids import ObjectId
from afield.vault import header, layout, records, tree
from afield.vault.copies import Copies
from afield.vault.errors import Corrupt, FormatUnknown, HeaderDamaged, ObjectMissing
from afield.vault.ledger import Ledger
from afield.vault.limits import LOCATED_AT_ONCE, PACK_BYTES_MAX
from afield.vault.packs import index_bytes
from afield.vault.shelf import Content, Parts, Shelf, is_index, is_pack, pack_index
from afield.vault.sweep import is_swept

Elsewhere = Callable[[bytes], str | None]
"""Tells where an object is said to be that is not here; None: nowhere that is known."""


PHANTOM = "phantom"
"""What a finding calls an object that is missing here and known to be elsewhere."""

LOST = ""
"""What an `Elsewhere` says of an object of which a repair found no copy."""

GONE = "lost"
"""What a finding calls such an object."""


class Depth(msgspec.Struct, frozen=True):
    """Of which packs every byte is read; of the others head, end and index are.

    Attributes:
        whole: tells by a pack's name.
        looked: told how many packs and bytes were dealt with since it was told last.
        sound: told the names of packs of which every byte was read and nothing found.
    """

    whole: Callable[[str], bool] = lambda _: True
    looked: Callable[[int, int], object] = lambda _packs, _bytes: None
    sound: Callable[[str], object] = lambda _: None


EVERY_BYTE = Depth()


def nowhere(digest: bytes) -> str | None:  # noqa: ARG001 - an `Elsewhere`
    """Know of no other place."""
    return None


def verify(
    shelf: Shelf,
    roots: Iterable[ObjectId] = (),
    elsewhere: Elsewhere = nowhere,
    depth: Depth = EVERY_BYTE,
) -> Iterator[Finding]:
    """Yield a finding for whatever is wrong or odd with packs, records, indexes and roots.

    Args:
        shelf: the packs.
        roots: objects that somebody refers to; they and what their trees list must be here.
        elsewhere: what is missing and known to be elsewhere is a phantom, and no damage.
        depth: which packs are read whole.
    """
    names = shelf.store.names()
    packs = [name[:-5] for name in names if is_pack(name)]
    try:
        if not header.check(shelf.store) and packs:
            yield Finding("repository", header.NAME, "the header is missing", damaged=True)
    except (HeaderDamaged, FormatUnknown) as error:
        yield Finding("repository", header.NAME, error.message, damaged=True)
        return
    shelf.refresh()
    yield from _verify_names(shelf, names)
    recipes: list[bytes] = []
    ends = [pack for pack in packs if not depth.whole(pack)]
    for pack in packs:
        if not depth.whole(pack):
            yield from _verify_ends(shelf, pack)
            depth.looked(1, 0)
            continue
        found = list(_verify_pack(shelf, pack, recipes))
        yield from found
        if not any(finding.damaged for finding in found):
            depth.sound(pack)
        depth.looked(1, shelf.store.size(f"{pack}.pack") or 0)
    if ends:
        yield from _verify_parts(shelf, set(ends), elsewhere)
    for digest in recipes:
        yield from _verify_whole(shelf, digest, elsewhere)
    yield from _verify_roots(shelf, roots, elsewhere)


def _verify_names(shelf: Shelf, names: list[str]) -> Iterator[Finding]:
    """Name indexes without a pack, and what has no place here."""
    there = set(names)
    for name in names:
        if is_index(name) and f"{name[:-4]}.pack" not in there:
            yield from _verify_lost(shelf, name[:-4])
        elif not (is_pack(name) or is_index(name) or is_swept(name) or name == header.NAME):
            yield Finding("file", name, "nothing of the format has this name", damaged=False)


def _verify_pack(shelf: Shelf, pack: str, recipes: list[bytes]) -> Iterator[Finding]:
    """Check a pack's name, head, index and records; collect its recipes."""
    name = f"{pack}.pack"
    try:
        if (shelf.store.size(name) or 0) > PACK_BYTES_MAX:
            yield Finding("pack", pack, "it is larger than any pack may be", damaged=True)
            return
        data = shelf.store.read(name)
    except OSError as error:
        yield Finding("pack", pack, f"it cannot be read: {error}", damaged=True)
        return
    whole = blake3(data).hexdigest() == pack
    if not whole:
        yield Finding("pack", pack, "its bytes do not match its name", damaged=True)
    else:
        try:
            layout.read_pack_header(data)
            layout.read_pack_index(data)
        except Corrupt as error:
            yield Finding("pack", pack, str(error), damaged=True)
    block = pack_index(data)
    yield from _verify_index(shelf, pack, data, block, whole=whole)
    if not whole:
        # The pack's own lines may be what is damaged: those of its index count as well.
        listed = set(layout.entries_of(block)) | set(layout.entries_of(_index_lines(shelf, pack)))
        block = layout.index_block(listed)
    yield from _verify_records(shelf, pack, data, block, recipes)


def _verify_records(
    shelf: Shelf, pack: str, data: bytes, block: bytes, recipes: list[bytes]
) -> Iterator[Finding]:
    """Check a pack's records, and recipes whose parts are all in it; collect other recipes."""

    def ordinary(entry: layout.Entry) -> bytes | Parts:
        end = entry.offset + layout.RECORD.size + entry.stored_bytes
        return shelf.decode(entry.digest, data[entry.offset : end])

    contents: dict[bytes, Content] = {}
    room_bytes = PACK_BYTES_MAX  # records may be far larger than what is stored of them
    made_of: dict[bytes, Parts] = {}
    for digest, found in records.each(data, block, ordinary):
        if isinstance(found, Corrupt):
            yield Finding("object", digest.hex(), f"{found} (in pack {pack})", damaged=True)
        elif isinstance(found, list):
            made_of[digest] = found
        else:
            room_bytes -= len(found)
            if room_bytes >= 0:
                contents[digest] = found
    for digest, parts in made_of.items():
        if not all(part in contents and len(contents[part]) == size for part, size in parts):
            recipes.append(digest)
            continue
        hasher = blake3()  # never joined: one part may stand in an object many times
        for part, _ in parts:
            hasher.update(contents[part])
        if hasher.digest() != digest:
            yield Finding("object", digest.hex(), "its parts do not make it up", damaged=True)


def _verify_ends(shelf: Shelf, pack: str) -> Iterator[Finding]:
    """Check a pack's head, end and index, and that its records fill what is between them."""
    name = f"{pack}.pack"
    try:
        size = shelf.store.size(name) or 0
        layout.read_pack_header(shelf.store.read(name, 0, layout.PACK_HEADER.size))
        end = shelf.store.read(name, max(0, size - layout.TRAILER.size))
        tail_bytes = index_bytes(end)
        block = layout.read_pack_index(shelf.store.read(name, max(0, size - tail_bytes)))
        at = layout.PACK_HEADER.size
        for entry in sorted(layout.entries_of(block), key=lambda entry: entry.offset):
            if entry.offset != at:
                raise Corrupt("its records do not follow one another")  # noqa: TRY301
            at += layout.RECORD.size + entry.stored_bytes
        if at != size - tail_bytes:
            raise Corrupt("its records do not fill it")  # noqa: TRY301
        lines, pack_bytes = layout.read_index_file(
            bytes.fromhex(pack), shelf.store.read(f"{pack}.idx")
        )
    except FileNotFoundError:
        why = "missing; the pack's own lines serve until `afield repair`"
        yield Finding("index", pack, why, damaged=False)
    except (Corrupt, OSError) as error:
        yield Finding("pack", pack, str(error), damaged=True)
    else:
        if lines != block or pack_bytes != size:
            why = "it does not say what its pack says; `afield repair` writes it again"
            yield Finding("index", pack, why, damaged=True)


def _verify_parts(shelf: Shelf, packs: Container[str], elsewhere: Elsewhere) -> Iterator[Finding]:
    """Check that the parts which recipes in these packs list are here; no content is read."""
    ledger = Ledger(shelf)
    for pack, numbers in ledger.records():
        for number in numbers if pack in packs else ():
            whole = ledger.entry(number).digest
            try:
                parts = ledger.parts(number)
            except (Corrupt, OSError) as error:
                yield Finding("object", whole.hex(), f"{error} (in pack {pack})", damaged=True)
                continue
            gone = next((part for part in parts if not ledger.find(part)), None)
            if gone is not None:
                where = elsewhere(gone)
                why = f"a part is missing: {gone.hex()}"
                lost = Finding("object", whole.hex(), why, damaged=True)
                yield lost if where is None else phantom(whole, where)


def _verify_lost(shelf: Shelf, pack: str) -> Iterator[Finding]:
    """Name a pack of which only the index is left, and what is nowhere else."""
    yield Finding("pack", pack, "only its index is left", damaged=True)
    for entry in layout.entries_of(_index_lines(shelf, pack)):
        if not shelf.holds(entry.digest):
            why = f"it was in pack {pack}, which is gone"
            yield Finding("object", entry.digest.hex(), why, damaged=True)


def _verify_index(
    shelf: Shelf, pack: str, data: bytes, block: bytes, *, whole: bool
) -> Iterator[Finding]:
    try:
        lines, pack_bytes = layout.read_index_file(
            bytes.fromhex(pack), shelf.store.read(f"{pack}.idx")
        )
    except FileNotFoundError:
        why = "missing; the pack's own lines serve until `afield repair`"
        yield Finding("index", pack, why, damaged=False)
    except (OSError, Corrupt) as error:
        why = f"{error}; `afield repair` writes it again"
        yield Finding("index", pack, why, damaged=True)
    else:
        if whole and (lines != block or pack_bytes != len(data)):
            why = "it does not say what its pack says; `afield repair` writes it again"
            yield Finding("index", pack, why, damaged=True)


def _index_lines(shelf: Shelf, pack: str) -> bytes:
    try:
        data = shelf.store.read(f"{pack}.idx")
        return layout.read_index_file(bytes.fromhex(pack), data)[0]
    except (OSError, Corrupt):
        return b""


SENDER = "who sent a bundle"
"""Where an object is that stayed behind when a part of a record travelled in a file."""

STAYED = "it is not here; who sent a bundle without it has it: ask for one with `--data all`"
"""What is found of such an object."""


HELD_BACK = "where its dataset must stay"
"""Where an object is that a dataset's residency keeps from the remotes of this copy."""

STAYS = "it is not here: `afield data card` of its dataset says where it must stay"
"""What is found of such an object."""


def phantom(digest: bytes, where: str) -> Finding:
    """Name an object that is not here and known to be at a remote, held back, or lost."""
    if where == LOST:
        why = "no copy of it was found when this workspace was repaired"
        return Finding(GONE, digest.hex(), why, damaged=False)
    why = f"it is not here; remote `{where}` has it: `afield fetch` brings it"
    if where == HELD_BACK:
        why = STAYS
    if where == SENDER:
        why = STAYED
    return Finding(PHANTOM, digest.hex(), why, damaged=False)


def _verify_whole(shelf: Shelf, digest: bytes, elsewhere: Elsewhere) -> Iterator[Finding]:
    """Check that the parts of a recipe make up its object."""
    hasher = blake3()
    try:
        for data in shelf.contents(digest, load=Copies(shelf).load):
            hasher.update(data)
    except ObjectMissing as error:
        where = elsewhere(bytes.fromhex(str(error.value)))
        why = f"a part is missing: {error.value}"
        lost = Finding("object", digest.hex(), why, damaged=True)
        yield lost if where is None else phantom(digest, where)
    except AfieldError as error:
        yield Finding("object", digest.hex(), error.message, damaged=True)
    else:
        if hasher.digest() != digest:
            yield Finding("object", digest.hex(), "its parts do not make it up", damaged=True)


def _verify_roots(
    shelf: Shelf, roots: Iterable[ObjectId], elsewhere: Elsewhere
) -> Iterator[Finding]:
    """Check that roots, and what the trees among them list, are here."""
    seen: set[bytes] = set()
    for digest in {bytes.fromhex(root): None for root in roots}:
        named = digest in seen  # a tree that another one lists is looked into all the same
        seen.add(digest)
        try:
            shelf.size(digest)
            if not _may_be_tree(shelf, digest):
                continue
            listed = tree.Tree(b"".join(shelf.contents(digest)))
        except ObjectMissing:
            if not named:
                yield _lost(digest, "no pack has it", elsewhere)
        except AfieldError as error:
            yield Finding("reference", digest.hex(), error.message, damaged=True)
        except Corrupt:
            continue  # begins like a tree and is none: somebody's text
        else:
            yield from _verify_listed(shelf, listed, seen, elsewhere)


def _verify_listed(
    shelf: Shelf, listed: Iterable[tree.TreeEntry], seen: set[bytes], elsewhere: Elsewhere
) -> Iterator[Finding]:
    """Check that what a tree lists is here."""
    entries = iter(listed)
    while some := {bytes.fromhex(one.object): one.path for one in islice(entries, LOCATED_AT_ONCE)}:
        new = some.keys() - seen
        seen |= new
        for digest in sorted(new - shelf.locate_all(new).keys()):
            try:
                shelf.size(digest)
            except ObjectMissing:
                why = f"no pack has it, and a tree lists it as {some[digest]!r}"
                yield _lost(digest, why, elsewhere)
            except AfieldError as error:
                yield Finding("reference", digest.hex(), error.message, damaged=True)


def _lost(digest: bytes, why: str, elsewhere: Elsewhere) -> Finding:
    where = elsewhere(digest)
    if where is None:
        return Finding("reference", digest.hex(), why, damaged=True)
    return phantom(digest, where)


def _may_be_tree(shelf: Shelf, digest: bytes) -> bool:
    """Tell by its first record whether an object may be a tree."""
    first = next(shelf.contents(digest), b"")
    return tree.is_tree(bytes(first))
