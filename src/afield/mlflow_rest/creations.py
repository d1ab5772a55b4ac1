"""Creations whose answer may not have arrived: a client that tries again gets the run it began.

MLflow's client says nothing by which a repeated request could be told from another one with the
same words, and two runs may well begin with the same words in the same millisecond. So a creation
counts as the same only while the answer to the first was not delivered: its process died, or its
client went away. A client that sends `Idempotency-Key` is known by that.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator

import msgspec

from afield.kernel.digest import digest
from afield.kernel.ids import RunId
from afield.mlflow_rest.limits import RETRY_S
from afield.mlflow_rest.messages import CreateRun
from afield.mlflow_rest.route import Call
from afield.runs.live_owner import born
from afield.runs.record import Record

_KEY = "idempotency-key"


class _Note(msgspec.Struct):
    """What is known of a creation.

    Attributes:
        run: the run that it began.
        pid: the process that answers it; 0 once the answer could not be delivered.
        born: when that process began.
        keeps: a key names it, so that its run is the answer whatever became of the first one.
    """

    run: str
    pid: int
    born: str
    keeps: bool


class Creations:
    """The creations that are under way or unanswered in a workspace, for all its processes."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._folder = os.path.join(record.workspace, "cache", "creations")

    def begun(self, call: Call, asked: CreateRun) -> RunId | None:
        """Return the run that the same request has begun before, if its answer was lost."""
        note = self._read(self._path(call, asked))
        if note is None:
            return None
        if note.pid and not note.keeps and born(note.pid) == note.born:
            return None  # it is being answered just now
        rows = call.workspace.query(
            "SELECT id FROM runs WHERE id = ? AND started_ms IS NOT NULL", (note.run,)
        )
        return RunId(rows[0][0]) if rows else None

    @contextlib.contextmanager
    def making(self, call: Call, asked: CreateRun, run: RunId) -> Iterator[None]:
        """Write down what is begun, until its answer is on its way."""
        path = self._path(call, asked)
        keeps = _KEY in call.headers
        pid = os.getpid()
        note = _Note(run, pid, born(pid) or "", keeps)
        self._write(path, note)

        def after(delivered: bool) -> None:  # noqa: FBT001 - a callback of one argument
            if not delivered:
                self._write(path, msgspec.structs.replace(note, pid=0))
            elif not keeps:
                with contextlib.suppress(OSError):
                    os.unlink(path)

        call.after.append(after)
        yield

    def _path(self, call: Call, asked: CreateRun) -> str:
        key = call.headers.get(_KEY)
        said = msgspec.json.encode([call.caller.member, key or "", None if key else asked])
        return os.path.join(self._folder, digest(said)[:40])

    def _read(self, path: str) -> _Note | None:
        try:
            age_s = self._record.clock.wall_ns() / 1e9 - os.stat(path).st_mtime
            if age_s > RETRY_S:
                return None
            with open(path, "rb") as stream:
                return msgspec.json.decode(stream.read(), type=_Note)
        except (OSError, msgspec.MsgspecError):
            return None

    def _write(self, path: str, note: _Note) -> None:
        os.makedirs(self._folder, exist_ok=True)
        temporary = f"{path}.{os.getpid()}-{threading.get_ident()}.tmp"  # two may say the same
        with open(temporary, "wb") as stream:
            stream.write(msgspec.json.encode(note))
        os.replace(temporary, path)
