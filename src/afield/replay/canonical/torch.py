"""Files of `torch.save`: state dicts and checkpoints, inside the rebuilt environment.

Loading them runs code, so it happens where the run itself ran. The archive's members are
compared here first: a file that was only packed again needs no torch.
"""

from __future__ import annotations

from dataclasses import replace

from afield.replay.canonical import zipped
from afield.replay.canonical.look import Canonicaliser, Look
from afield.replay.verdict import Grade, Judged

NAME = "torch"


def compare(old: bytes, new: bytes, look: Look) -> Judged | None:
    """Compare two checkpoints by structure."""
    packed = zipped.compare(old, new, replace(look, judge=_as_bytes, inside=None))
    if packed is not None and packed.grade is Grade.CONTENT:
        return Judged(Grade.CONTENT, NAME)
    if look.inside is not None:
        return look.inside(look.name, old, new, look.tolerance, kind=NAME)
    told = "bytes differ; no environment at hand to look inside"
    return Judged(Grade.DIVERGED, NAME, packed.detail if packed else told)


def _as_bytes(name: str, old: bytes, new: bytes, look: Look, /) -> Judged:  # noqa: ARG001 - a JudgeBytes
    return Judged(Grade.BYTES if old == new else Grade.DIVERGED, detail="bytes differ")


TORCH = Canonicaliser(NAME, compare, suffixes=(".pt", ".pth"))
