"""zip and what is built on it (npz, xlsx, whl, pt): the members, without their times.

Members must have the same names and stand in the same order; how each is compressed, when it
was written and which system wrote it do not matter. Bytes that belong to no member do not
count as content, the archive's comment does.
"""

from __future__ import annotations

import io
import lzma
import zipfile
import zlib

from afield.replay.canonical.look import Canonicaliser, Look, join_members
from afield.replay.limits import MEMBERS_MAX
from afield.replay.verdict import Grade, Judged

NAME = "zip"
_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    OSError,
    EOFError,
    ValueError,
    NotImplementedError,
    RuntimeError,
)


def compare(old: bytes, new: bytes, look: Look) -> Judged | None:
    """Compare two archives member by member."""
    if look.too_deep:
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(old)) as left, zipfile.ZipFile(io.BytesIO(new)) as right:
            return _compare(left, right, look)
    except _FAULTS:
        return None


def _compare(left: zipfile.ZipFile, right: zipfile.ZipFile, look: Look) -> Judged | None:
    ours, theirs = left.infolist(), right.infolist()
    names = [member.filename for member in ours]
    if len(names) != len(set(names)) or max(len(ours), len(theirs)) > MEMBERS_MAX:
        return None
    found = _names_differ(names, [member.filename for member in theirs])
    if found:
        return Judged(Grade.DIVERGED, NAME, found)
    if left.comment != right.comment:
        return Judged(Grade.DIVERGED, NAME, "the archive's comment differs")
    size_bytes = max(sum(member.file_size for member in side) for side in (ours, theirs))
    if size_bytes > look.budget_bytes:
        detail = f"unpacks to {size_bytes >> 20} MB; compared as it stands"
        return Judged(Grade.DIVERGED, NAME, detail)
    inner = look.deeper()
    judged = [
        (member.filename, _member(left, right, member.filename, inner, look.budget_bytes))
        for member in ours
    ]
    order_differs = names != [member.filename for member in theirs]
    return join_members(judged, canonicaliser=NAME, order_differs=order_differs)


def _member(
    left: zipfile.ZipFile, right: zipfile.ZipFile, name: str, look: Look, size_max: int
) -> Judged:
    if left.getinfo(name).external_attr >> 16 & 0o111 != (
        right.getinfo(name).external_attr >> 16 & 0o111
    ):
        return Judged(Grade.DIVERGED, NAME, "its mode differs")
    with left.open(name) as one, right.open(name) as other:
        old, new = one.read(size_max + 1), other.read(size_max + 1)
    if max(len(old), len(new)) > size_max:
        raise zipfile.BadZipFile(f"`{name}` holds more than its header says")
    return Judged(Grade.BYTES) if old == new else look.judge(name, old, new, look)


def _names_differ(old: list[str], new: list[str]) -> str | None:
    gone = sorted(set(old) - set(new))
    come = sorted(set(new) - set(old))
    if gone:
        return f"member `{gone[0]}` is missing in the reproduction"
    return f"member `{come[0]}` is only in the reproduction" if come else None


ZIP = Canonicaliser(NAME, compare, suffixes=(".npz",), magic=(b"PK\x03\x04", b"PK\x05\x06"))
