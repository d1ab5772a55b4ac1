"""pickle and joblib: by structure, inside the rebuilt environment and never in this process.

Loading a pickle runs code, so it happens where the run itself runs, by `replay.inside`.
Without such an environment, or when the pickle cannot be loaded there, the files count as
diverged and the detail says that only bytes were compared.
"""

from __future__ import annotations

from afield.replay.canonical.look import Canonicaliser, Look
from afield.replay.verdict import Grade, Judged

NAME = "pickle"


def compare(old: bytes, new: bytes, look: Look) -> Judged | None:
    """Compare two pickles by structure."""
    if look.inside is None:
        detail = "bytes differ; no environment at hand to look inside"
        return Judged(Grade.DIVERGED, NAME, detail)
    return look.inside(look.name, old, new, look.tolerance)


PICKLE = Canonicaliser(
    NAME,
    compare,
    suffixes=(".pkl", ".pickle", ".joblib", ".p", ".dill", ".cloudpickle"),
    magic=(b"\x80\x02", b"\x80\x03", b"\x80\x04\x95", b"\x80\x05\x95"),
)
