"""What a cause is, what it is asked of, and the Protocol of those that find one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from afield.replay.causes.words import cut
from afield.replay.gaps import Gap
from afield.replay.masks import Masks
from afield.runs.manifest import Manifest


class Cause(msgspec.Struct, frozen=True):
    """Why two runs differ, as far as it can be told.

    Args:
        kind: `code`, `environment`, `input`, `arguments`, `variables`, `seed`, `machine`,
            `console`, `metric`, `output` or `exit`.
        detail: one line for people.
        evidence: more lines, bounded.
    """

    kind: str
    detail: str
    evidence: tuple[str, ...] = ()


def _unread(_: str) -> None:
    return None


Source = Callable[[str], str | None]
"""Reads a file of the code tree as text; None when it is not there or no text."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two runs.

    Args:
        manifest: what it was made of.
        tree: path to (mode, object) of its code.
        masks: its folders, so that two places of one project compare equal.
        params: what it was configured with.
        source: reads its code.
    """

    manifest: Manifest
    tree: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    masks: Masks = field(default_factory=Masks)
    params: Mapping[str, object] = field(default_factory=dict)
    source: Source = _unread


Show = Callable[[str, str, str], Sequence[str]]
"""Lines that tell how the objects (second, third) that stand under a path (first) differ."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known beside the two sides.

    Args:
        show: words the difference of two objects.
        gaps: what could not be restored; stands in for what the new side cannot show.
        symptoms: where the difference showed, in the order in which they count.
    """

    show: Show
    gaps: Sequence[Gap] = ()
    symptoms: Sequence[Cause] = ()

    def gap(self, kind: str, *, named: str | None = None, unread: bool = False) -> Cause | None:
        """Return the gaps of a kind as a cause of that kind, or of the kind `named`.

        Args:
            kind: as `Gap.kind` has it; notes do not count.
            named: the kind of the cause, where that is another word.
            unread: take the gaps of files that the run was not seen to read, and no others.
        """
        lines = [
            gap.detail
            for gap in self.gaps
            if gap.kind == kind and gap.unread == unread and not gap.note
        ]
        return Cause(named or kind, lines[0], cut(lines)) if lines else None


class Ask(Protocol):
    """Asks whether two runs differ in one thing, and judges nothing else."""

    def __call__(self, old: Side, new: Side, known: Known, /) -> Cause | None:
        """Return the cause, or None when the sides agree in it or cannot show it.

        Args:
            old: the recorded side.
            new: the side that it is compared to.
            known: what is known beside them.
        """
        ...
