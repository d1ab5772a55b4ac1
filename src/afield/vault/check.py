"""`verify`: read every byte of the vault and name what is not as it was written.

Nothing is repaired here, and nothing raised for damage: it is found and named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from blake3 import blake3

from afield.kernel.errors import AfieldError
from afield.kernel.findings import Finding
from afield.kernel.ids import ObjectId
from afield.vault import header, layout, tree
from afield.vault.errors import Corrupt, FormatUnknown, HeaderDamaged, ObjectMissing
from afield.vault.limits import PACK_BYTES_MAX
from afield.vault.shelf import Shelf, is_index, is_pack, pack_index
from afield.vault.sweep import is_swept

Elsewhere = Callable[[bytes], str | None]
"""Tells where an object is said to be that is not here; None: nowhere that is known."""


PHANTOM = "phantom"
"""What a finding calls an object that is missing here and known to be elsewhere."""


def nowhere(digest: bytes) -> str | None:  # noqa: ARG001 - an `Elsewhere`
    """Know of no other place."""
    return None


def verify(
    shelf: Shelf, roots: Iterable[ObjectId] = (), elsewhere: Elsewhere = nowhere
) -> Iterator[Finding]:
    """Yield a finding for whatever is wrong or odd with packs, records, indexes and roots.

    Args:
        shelf: the packs.
        roots: objects that somebody refers to; they and what their trees list must be here.
        elsewhere: what is missing and known to be elsewhere is a phantom, and no damage.
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
    known = set(packs)
    for name in names:
        if is_index(name) and name[:-4] not in known:
            yield from _verify_lost(shelf, name[:-4])
        elif not (is_pack(name) or is_index(name) or is_swept(name) or name == header.NAME):
            yield Finding("file", name, "nothing of the format has this name", damaged=False)
    recipes: list[bytes] = []
    for pack in packs:
        yield from _verify_pack(shelf, pack, recipes)
    for digest in recipes:
        yield from _verify_whole(shelf, digest, elsewhere)
    yield from _verify_roots(shelf, roots, elsewhere)


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
        entries = sorted(listed)
    else:
        entries = sorted(layout.entries_of(block))
    for entry in entries:
        try:
            end = entry.offset + layout.RECORD.size + entry.stored_bytes
            found = shelf.decode(entry.digest, data[entry.offset : end])
        except Corrupt as error:
            yield Finding("object", entry.digest.hex(), f"{error} (in pack {pack})", damaged=True)
            continue
        size_bytes = len(found)
        if not isinstance(found, bytes):
            recipes.append(entry.digest)
            size_bytes = sum([size for _, size in found])
        if size_bytes != entry.size_bytes:
            why = f"the index gives it another size (in pack {pack})"
            yield Finding("object", entry.digest.hex(), why, damaged=True)


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
        why = "missing; the pack's own lines serve until `afield verify --reindex`"
        yield Finding("index", pack, why, damaged=False)
    except (OSError, Corrupt) as error:
        why = f"{error}; `afield verify --reindex` writes it again"
        yield Finding("index", pack, why, damaged=True)
    else:
        if whole and (lines != block or pack_bytes != len(data)):
            why = "it does not say what its pack says; `afield verify --reindex` writes it again"
            yield Finding("index", pack, why, damaged=True)


def _index_lines(shelf: Shelf, pack: str) -> bytes:
    try:
        data = shelf.store.read(f"{pack}.idx")
        return layout.read_index_file(bytes.fromhex(pack), data)[0]
    except (OSError, Corrupt):
        return b""


def phantom(digest: bytes, where: str) -> Finding:
    """Name an object that is not here and known to be at a remote."""
    why = f"it is not here; remote `{where}` has it: `afield fetch` brings it"
    return Finding(PHANTOM, digest.hex(), why, damaged=False)


def _verify_whole(shelf: Shelf, digest: bytes, elsewhere: Elsewhere) -> Iterator[Finding]:
    """Check that the parts of a recipe make up its object."""
    hasher = blake3()
    try:
        for data in shelf.contents(digest):
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
    waiting = [(bytes.fromhex(root), "") for root in roots]
    while waiting:
        digest, path = waiting.pop()
        if digest in seen:
            continue
        seen.add(digest)
        try:
            shelf.size(digest)
            if path or not _may_be_tree(shelf, digest):
                continue
            entries = tree.decode(b"".join(shelf.contents(digest)))
        except ObjectMissing:
            why = f"no pack has it, and a tree lists it as {path!r}" if path else "no pack has it"
            lost = Finding("reference", digest.hex(), why, damaged=True)
            where = elsewhere(digest)
            yield lost if where is None else phantom(digest, where)
        except AfieldError as error:
            yield Finding("reference", digest.hex(), error.message, damaged=True)
        except Corrupt:
            continue  # begins like a tree and is none: somebody's text
        else:
            waiting.extend((bytes.fromhex(entry.object), entry.path) for entry in entries)


def _may_be_tree(shelf: Shelf, digest: bytes) -> bool:
    """Tell by its first record whether an object may be a tree."""
    first = next(shelf.contents(digest), b"")
    return tree.is_tree(first)
