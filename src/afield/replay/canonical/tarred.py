"""tar: the members with kind, mode and link target; without times, owners and padding."""

from __future__ import annotations

import io
import tarfile

from afield.replay.canonical.look import Canonicaliser, Look, join_members
from afield.replay.limits import MEMBERS_MAX
from afield.replay.verdict import Grade, Judged

NAME = "tar"
_MAGIC_AT = 257
_END_BYTES = 1024


def compare(old: bytes, new: bytes, look: Look) -> Judged | None:
    """Compare two archives member by member; nothing is unpacked to disk."""
    if look.too_deep or not (_is_tar(old) and _is_tar(new)):
        return None
    try:
        with (
            tarfile.open(fileobj=io.BytesIO(old), mode="r:") as left,
            tarfile.open(fileobj=io.BytesIO(new), mode="r:") as right,
        ):
            found = _compare(left, right, look)
            whole = _ends_well(old, left.offset) and _ends_well(new, right.offset)
            return found if whole else None
    except (tarfile.TarError, OSError, EOFError, ValueError):
        return None


def _compare(left: tarfile.TarFile, right: tarfile.TarFile, look: Look) -> Judged | None:
    ours, theirs = _members(left), _members(right)
    if ours is None or theirs is None:
        return None
    gone, come = sorted(set(ours) - set(theirs)), sorted(set(theirs) - set(ours))
    if gone or come:
        name, where = (gone[0], "missing") if gone else (come[0], "only")
        return Judged(Grade.DIVERGED, NAME, f"member `{name}` is {where} in the reproduction")
    inner = look.deeper()
    judged = [(name, _member(left, ours[name], right, theirs[name], inner)) for name in ours]
    return join_members(judged, canonicaliser=NAME, order_differs=list(ours) != list(theirs))


def _members(archive: tarfile.TarFile) -> dict[str, tarfile.TarInfo] | None:
    found: dict[str, tarfile.TarInfo] = {}
    for member in archive:
        if member.name in found or len(found) >= MEMBERS_MAX or member.issparse():
            return None
        found[member.name] = member
    return found


def _member(
    left: tarfile.TarFile,
    one: tarfile.TarInfo,
    right: tarfile.TarFile,
    other: tarfile.TarInfo,
    look: Look,
) -> Judged:
    if (one.type, one.linkname, one.mode) != (other.type, other.linkname, other.mode):
        return Judged(Grade.DIVERGED, NAME, "its kind, mode or link target differs")
    if not one.isfile():
        return Judged(Grade.BYTES)
    old, new = left.extractfile(one), right.extractfile(other)
    if old is None or new is None:
        return Judged(Grade.DIVERGED, NAME, "it cannot be read")
    with old, new:
        before, after = old.read(), new.read()
    return Judged(Grade.BYTES) if before == after else look.judge(one.name, before, after, look)


def _ends_well(data: bytes, offset: int) -> bool:
    """Tell whether nothing but the end's blocks of zeros stands after the last member."""
    rest = data[offset:]
    return len(rest) >= _END_BYTES and not rest.strip(b"\0")


def _is_tar(data: bytes) -> bool:
    return data[_MAGIC_AT : _MAGIC_AT + 5] == b"ustar"


TAR = Canonicaliser(NAME, compare, suffixes=(".tar",))
