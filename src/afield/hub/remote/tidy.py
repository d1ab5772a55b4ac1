"""Slices at a hub: put together once they are whole, and swept when nobody goes on with them.

Readers see slices as files either way; a hub has them whole, so that they count for nobody as
unfinished, and what is left in slices is what somebody has not finished.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import islice

from afield.hub.remote.admitted import Admitted, NotAdmitted
from afield.hub.remote.bounds import Bounds
from afield.hub.remote.pushed import Row
from afield.sync.limits import LISTED_MAX
from afield.sync.stores.sliced import SLICES, Parts, Slice, reached, slice_name, slice_of
from afield.sync.stores.store import RemoteStore

_DAY_MS = 86_400_000
_Found = dict[str, Parts]
log = logging.getLogger("afield.hub")


def tidy(store: RemoteStore, admitted: Admitted, bounds: Bounds) -> None:
    """Put whole files together, and remove slices that are not needed or were abandoned."""
    found = _slices(store)
    with bounds.pushed.together() as table:
        rows = table.rows("slices")
    began: dict[str, int] = {}  # when the last of each came
    for row in rows:
        began[row.name] = max(row.at_ms, began.get(row.name, 0))
    before_ms = bounds.now_ms() - bounds.limits.abandoned_days * _DAY_MS
    for name, parts in found.items():
        if _is_there(store, name) or _put_together(store, admitted, name, parts):
            _forget(store, bounds, name, parts)
        elif name not in began:  # from before somebody counted
            size_bytes = sum(part.end - part.start for part in parts)
            with bounds.pushed.together() as table:
                table.add("slices", Row(name, "", size_bytes, bounds.now_ms()))
        elif began[name] < before_ms:
            log.warning("in the hub's remote: %s: nobody went on with it: swept", name)
            _forget(store, bounds, name, parts)
    for name in began.keys() - found.keys():
        if began[name] < before_ms:
            _forget(store, bounds, name, [])


def _put_together(store: RemoteStore, admitted: Admitted, name: str, parts: Parts) -> bool:
    """Write a file whose slices are all there; tell whether its slices are of no more use."""
    for whole in {part.whole for part in parts}:
        path = reached(parts, whole)
        if not path or path[-1].end < whole:
            continue
        data = b"".join(_pieces(store, name, path))
        try:
            admitted.check(name, data, lambda: None)
        except NotAdmitted as error:
            log.warning("in the hub's remote: %s: %s: swept", name, error.why)
            return True
        store.put_if_absent(name, data)
        return True
    return False


def _pieces(store: RemoteStore, name: str, path: Parts) -> Iterator[bytes]:
    at = 0
    for part in path:
        yield store.get(slice_name(name, part), at - part.start)
        at = part.end


def _forget(store: RemoteStore, bounds: Bounds, name: str, parts: Parts) -> None:
    for part in parts:
        store.delete(slice_name(name, part))
    with bounds.pushed.together() as table:
        rows = [row for row in table.rows("slices") if row.name == name]
        table.forget("slices", name)
        for row in rows[:1] if _is_there(store, name) else ():
            whole = max((part.whole for part in parts), default=0)
            table.add("file", row._replace(size_bytes=whole))


def _is_there(store: RemoteStore, name: str) -> bool:
    try:
        store.get(name, 0, 1)
    except FileNotFoundError:
        return False
    return True


def _slices(store: RemoteStore) -> _Found:
    found: dict[str, list[Slice]] = {}
    for item in islice(store.list(SLICES), LISTED_MAX):
        of = slice_of(item.name)
        if of is not None and item.size_bytes == of[1].end - of[1].start:
            found.setdefault(of[0], []).append(of[1])
    return found
