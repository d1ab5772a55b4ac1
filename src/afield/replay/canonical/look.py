"""What every canonicaliser is given, and what it is: `Look` and `Canonicaliser`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from afield.replay.limits import DEPTH_MAX, LOOK_BYTES_MAX
from afield.replay.masks import Masks
from afield.replay.verdict import Grade, Judged


class JudgeBytes(Protocol):
    """Compare two byte strings that stand under a file name."""

    def __call__(self, name: str, old: bytes, new: bytes, look: Look, /) -> Judged:
        """Return the best grade that some canonicaliser can vouch for."""
        ...


class JudgeInside(Protocol):
    """Compare two files by structure, inside the rebuilt environment."""

    def __call__(
        self, name: str, old: bytes, new: bytes, tolerance: float, /, kind: str = "pickle"
    ) -> Judged:
        """Return the grade; DIVERGED with the reason when they cannot be loaded there."""
        ...


@dataclass(frozen=True, slots=True)
class Look:
    """How to look at two files.

    Args:
        judge: the registry's own door, for members of archives.
        tolerance: relative tolerance of numbers.
        old: masks of the recorded side.
        new: masks of the reproduced side.
        inside: compares files in the rebuilt environment; None when there is none.
        name: the file's name, as far as it is known.
        depth: how many archives deep we are.
        budget_bytes: how much may still be unpacked.
        picture: takes a file's name and a PNG of where its pixels differ; None draws none.
    """

    judge: JudgeBytes
    tolerance: float = 1e-6
    old: Masks = field(default_factory=Masks)
    new: Masks = field(default_factory=Masks)
    inside: JudgeInside | None = None
    name: str = ""
    depth: int = 0
    budget_bytes: int = LOOK_BYTES_MAX
    picture: Callable[[str, bytes], None] | None = None

    def deeper(self) -> Look:
        """Return the look for what is inside an archive."""
        return replace(self, depth=self.depth + 1, budget_bytes=self.budget_bytes // 2)

    @property
    def too_deep(self) -> bool:
        """Whether archives within archives are no longer opened."""
        return self.depth >= DEPTH_MAX


@dataclass(frozen=True, slots=True)
class Canonicaliser:
    """One way to look at files.

    Args:
        name: as reports name it.
        compare: returns the grade, or None when this is not its format.
        suffixes: lower-case endings of file names that it is asked for.
        magic: first bytes of files that it is asked for, whatever their name.
    """

    name: str
    compare: Callable[[bytes, bytes, Look], Judged | None]
    suffixes: tuple[str, ...] = ()
    magic: tuple[bytes, ...] = ()

    def fits(self, name: str, old: bytes, new: bytes) -> bool:
        """Tell whether this canonicaliser should have a look."""
        if self.magic and old.startswith(self.magic) and new.startswith(self.magic):
            return True
        return bool(self.suffixes) and name.lower().endswith(self.suffixes)


def join_members(
    judged: Sequence[tuple[str, Judged]], *, canonicaliser: str, order_differs: bool = False
) -> Judged:
    """Return the verdict of a container from those of its members, naming the worst one."""
    name, bad = "", Judged(Grade.BYTES)
    for member, one in judged:
        if one.grade > bad.grade:
            name, bad = member, one
    unjudged = tuple(f"{member}: {told}" for member, one in judged for told in one.unjudged)
    hollow = bool(judged) and all(one.hollow for _, one in judged)
    if bad.grade <= Grade.CONTENT:
        if order_differs:
            return Judged(Grade.DIVERGED, canonicaliser, "members stand in another order")
        detail = f"{name}: {bad.detail}" if bad.detail else None
        return Judged(Grade.CONTENT, canonicaliser, detail, unjudged, hollow)
    detail = bad.detail or bad.grade.words
    told = f"{name}: {detail}" if name else detail
    return Judged(bad.grade, canonicaliser, told, unjudged, hollow)
