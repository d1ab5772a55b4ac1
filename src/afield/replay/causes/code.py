"""Cause `code`: source files of the project that differ."""

from __future__ import annotations

import os

from afield.replay.causes.cause import Cause, Known, Side
from afield.replay.causes.words import cut, named
from afield.replay.limits import EVIDENCE_LINES_MAX
from afield.replay.text import clip
from afield.runs.cells import text_of
from afield.runs.names import is_notebook

_SOURCE_SUFFIXES = (
    ".py .pyx .pxd .pyi .ipynb .sh .bash .r .rmd .jl .c .cc .cpp .h .hpp .cu .f90 .rs .go .java"
    " .js .ts .sql .pth"
)
SOURCE_SUFFIXES = frozenset(_SOURCE_SUFFIXES.split())


def ask_code(old: Side, new: Side, known: Known) -> Cause | None:
    """Name the source files that differ; data that was read is an input and not code."""
    if (gap := known.gap("code")) is not None:
        return gap
    paths = [path for path in changed_paths(old, new) if is_source(path)]
    changed = [path for path in paths if not _same_cells(path, old, new)]
    return _changed_files(changed, old, new, known) if changed else None


def changed_paths(old: Side, new: Side) -> list[str]:
    """Return the paths under which the two code trees differ."""
    paths = sorted(set(old.tree) | set(new.tree))
    return [path for path in paths if old.tree.get(path) != new.tree.get(path)]


def is_source(path: str) -> bool:
    """Tell whether a file is code by its name."""
    return os.path.splitext(path)[1].lower() in SOURCE_SUFFIXES  # noqa: PTH122 - posix text


def _same_cells(path: str, old: Side, new: Side) -> bool:
    """Tell whether two notebooks differ only in outputs and metadata that were saved in them."""
    if not is_notebook(path) or path not in old.tree or path not in new.tree:
        return False
    before, after = old.source(path), new.source(path)
    if before is None or after is None:
        return False
    cells = text_of(before.encode())
    return cells is not None and cells == text_of(after.encode())


def _changed_files(changed: list[str], old: Side, new: Side, known: Known) -> Cause:
    evidence: list[str] = []
    for path in changed:
        before, after = old.tree.get(path), new.tree.get(path)
        if before is None or after is None:
            evidence.append(f"{path}: only in {'the other run' if before is None else 'this run'}")
        elif before[1] == after[1]:
            evidence.append(f"{path}: mode {before[0]:o} vs {after[0]:o}")
        else:
            evidence += known.show(path, before[1], after[1])
        if len(evidence) >= EVIDENCE_LINES_MAX:
            break
    return Cause("code", clip(f"{named(changed)} differ{'s' * (len(changed) == 1)}"), cut(evidence))
