"""What a workspace writes down about its sweeps, and how one that was cut off is put right.

Needs the writing side alone, so that every command can do it. What is needed is not decided here.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Iterator

from afield.kernel.errors import Busy
from afield.runs.record import Record
from afield.workspace import layout


@contextlib.contextmanager
def alone(record: Record) -> Iterator[None]:
    """Keep syncs and other sweeps out.

    Raises:
        Busy: one is under way.
    """
    with contextlib.ExitStack() as held:
        try:
            for name in (layout.CLEANING_LOCK, layout.SYNC_LOCK):
                held.enter_context(record.files.lock(f"{record.workspace}/{name}", wait_s=0))
        except Busy as error:
            why = "a sync or another sweep of this workspace is under way"
            hint = "wait for it to end"
            raise Busy("cannot sweep now", record.workspace, why, hint=hint) from error
        yield


def unsettled(record: Record) -> str:
    """Return the path of what says that a sweep has put packs away and not looked after them."""
    return f"{record.workspace}/{layout.UNSETTLED}"


def settle(record: Record) -> None:
    """Bring back what a sweep that was cut off had put away; nobody else may sweep meanwhile.

    Raises:
        OSError: a pack cannot be renamed.
    """
    path = unsettled(record)
    if record.files.stat(path) is None:
        return
    with contextlib.suppress(ValueError):
        at_ms = int(record.files.read(path))
        sweeping = record.vault.sweeping()
        found = sweeping.bring_back([one for one in sweeping.resting() if one.at_ms == at_ms])
        note(record, away=(), back=[one.pack for one in found])
    record.files.remove(path)


def heal(record: Record) -> None:
    """Do the same from any command, unless a sweep is under way.

    Raises:
        OSError: a pack cannot be renamed.
    """
    if record.files.stat(unsettled(record)) is None:
        return
    path = f"{record.workspace}/{layout.CLEANING_LOCK}"
    with contextlib.suppress(Busy), record.files.lock(path, wait_s=0):
        settle(record)


def swept_packs(record: Record) -> frozenset[str]:
    """Return the packs that were ever swept here and did not come back: no sync brings them."""
    try:
        return frozenset(json.loads(record.files.read(f"{record.workspace}/{layout.SWEPT}")))
    except FileNotFoundError:
        return frozenset()
    except ValueError:  # it is written whole: whoever changed it meant to forget
        return frozenset()


def note(record: Record, *, away: Collection[str], back: Collection[str]) -> None:
    """Write down which packs are swept, before they are, and which came back.

    Raises:
        OSError: it cannot be written.
    """
    before = swept_packs(record)
    after = (before | set(away)) - set(back)
    if after != before:
        data = json.dumps(sorted(after)).encode()
        record.files.write_new(f"{record.workspace}/{layout.SWEPT}", data)
