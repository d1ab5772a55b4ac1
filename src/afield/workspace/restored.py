"""A hub's folder brought back from its bucket: the journal, and what live runs had logged.

For a start after the disk was lost, or was put back as it had been some time ago. Nothing that is
here is replaced by anything else.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from afield.journal.places import LOCK, OPEN
from afield.journal.segments import read_segment
from afield.kernel.files import FileSystem
from afield.kernel.ids import RunId
from afield.runs.events import RUNNING, SCHEDULED
from afield.runs.served.writer import Served
from afield.vault.bucketed import Far
from afield.workspace import layout
from afield.workspace.pieces import (
    JOURNAL,
    LIVE,
    Piece,
    StorageDiffers,
    end_of,
    fetched,
    last_life,
    pieces_in,
    reached,
    runs_in,
    size_here,
)
from afield.workspace.workspace import Workspace

_GOES_ON = "SELECT count(*) FROM runs WHERE id = ? AND status IN (?, ?)"


def restore_journal(files: FileSystem, folder: str, far: Far) -> int:
    """Bring lines that the bucket has and the `.afield` at `folder` lacks; count their bytes.

    Raises:
        StorageDiffers: the two have gone on apart, as when two hubs run with one device's key.
        StorageUnreachable: the bucket does not answer.
    """
    brought = 0
    found = pieces_in(far, JOURNAL)
    newest = {of.partition("!")[0]: of for of in sorted(found)}
    for of, pieces in sorted(found.items()):
        log, _, name = of.removeprefix(JOURNAL).partition("!")
        place = f"{folder}/{layout.JOURNAL}/{log}"
        files.make_folder(place)
        with files.lock(f"{place}/{LOCK}"):
            is_newest = newest[of.partition("!")[0]] == of
            if is_newest or size_here(files, place, name) < end_of(pieces):
                here = read_segment(files, place, name) or b""
                whole = _whole(far, of, pieces, here)
                if whole != here:
                    files.write_new(f"{place}/{name}{OPEN}", whole)
                    brought += len(whole) - here.rfind(b"\n") - 1
    return brought


def _whole(far: Far, of: str, pieces: Sequence[Piece], here: bytes) -> bytes:
    """Return a segment as long as bucket or folder have it; the last piece of both is compared."""
    both = [piece for piece in reached(pieces) if piece.end <= len(here)]
    start = both[-1].start if both else 0
    there = fetched(far, of, pieces, start)
    lines = here[: here.rfind(b"\n") + 1]  # the last one may be torn
    if not there.startswith(lines[start : start + len(there)]):
        why = "the bucket and this folder have gone on apart"
        hint = "two hubs with one device's key? run one, from the folder that ran last"
        raise StorageDiffers("cannot restore the journal", of, why, hint=hint)
    whole = here[:start] + there
    return whole if len(whole) > len(lines) else here


def restore_live(workspace: Workspace, far: Far) -> int:
    """Bring back what runs that go on had logged, where it is not here; return how many runs.

    Raises:
        StorageUnreachable: the bucket does not answer.
    """
    record, brought = workspace.record, 0
    found = pieces_in(far, LIVE)
    if not found:
        return 0
    workspace.refresh()
    for run, names in runs_in(found).items():
        folder = record.live_folder(RunId(run))
        goes_on = workspace.query(_GOES_ON, (run, RUNNING, SCHEDULED)) == [(1,)]
        if goes_on and not Path(folder).is_dir():
            Served(record).reopen(RunId(run), None)
            for file, of in last_life(names).items():
                record.files.write_new(f"{folder}/{file}", fetched(far, of, found[of]))
            brought += 1
        elif not goes_on:
            far.delete(*(piece.name(of) for of in names for piece in found[of]))
    return brought
