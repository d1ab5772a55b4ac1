"""Bringing folders that lie side by side (`data_v1/ data_v2/`) as versions of one dataset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from afield.datasets.add import Kept, Progress, keep
from afield.datasets.query import Version
from afield.datasets.reference import parse_name
from afield.datasets.walk import walk
from afield.workspace.bring.versions import State, bring, fresh, known_keys
from afield.workspace.datasets import stat_cache
from afield.workspace.workspace import Workspace

KIND = "folder"


@dataclass(frozen=True, slots=True)
class Folder:
    """A file or folder, absolute, and when the newest file in it was written, in nanoseconds."""

    path: str
    newest_ns: int


def dated(paths: Sequence[str]) -> list[Folder]:
    """Return what is at paths with its age, in their order.

    Raises:
        OSError: one cannot be read.
    """
    found = []
    for path in paths:
        times = [one.stat.st_mtime_ns for one in walk(path, lambda _path, _why: None)]
        found.append(Folder(path, max(times, default=0)))
    return found


def bring_folders(
    workspace: Workspace,
    name: str,
    folders: Sequence[Folder],
    *,
    words: Sequence[str],
    progress: Progress,
    profiling: Progress | None,
) -> tuple[list[Version], list[Kept], int]:
    """Add what is new of folders, in their order, as versions of one dataset.

    Args:
        workspace: where to.
        name: of the dataset.
        folders: the oldest first.
        words: a message for each.
        progress: is told of each file.
        profiling: is told of each table that is looked into; None: no table is.

    Returns:
        The versions that were added, what each folder came to, and how many were known.

    Raises:
        NameBad: no dataset may be called so.
        NothingToAdd: a folder holds no file.
        OSError: a file cannot be read, or the disk is full. The next import carries on.
    """
    name = parse_name(name)
    workspace.refresh()
    all_kept: list[Kept] = []
    states: list[State] = []
    for folder, message in zip(folders, words, strict=True):
        cache = stat_cache(workspace, folder.path)
        kept = keep(folder.path, workspace.record.vault, cache, progress)
        all_kept.append(kept)
        if not states or states[-1].key != kept.tree:
            date = datetime.fromtimestamp(folder.newest_ns / 1e9, UTC).isoformat(timespec="seconds")
            about = {"place": folder.path, "date": date}
            states.append(State(kept.tree, about, message, lambda kept=kept: kept))  # type: ignore[misc]
    todo = fresh([state.key for state in states], known_keys(workspace, name, KIND))
    made = bring(workspace, name, KIND, states, profiling=profiling)
    return made, all_kept, len(states) - len(todo)
