"""`/journal`: the entries of the record, newest first: who wrote them, and are they signed."""

from __future__ import annotations

import base64
import heapq
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from afield.hub.api.answers import answer
from afield.hub.api.asking import TheCaller, TheHosted, needs
from afield.hub.limits import ENTRIES_MAX, ENTRIES_READ_MAX, QUERY_CHARS_MAX
from afield.journal import Entry, Journal
from afield.journal.places import LogName
from afield.kernel.clock import stamp_to_ms
from afield.kernel.errors import Usage
from afield.members.actions import Action
from afield.members.caller import Caller
from afield.members.query import waiting
from afield.workspace.workspace import Workspace

router = APIRouter(tags=["activity"])
_BLOCK = 2_000
"""Entries of one log that are read at once."""

_OWN = frozenset({"journal.sealed", "journal.seen"})
"""What the journal says of itself; told only when asked for."""

_NEEDED = {
    "run": Action.RUN_READ,
    "experiment": Action.RUN_READ,
    "dataset": Action.DATA_READ,
    "registry": Action.MODEL_READ,
}


class EntryShape(BaseModel):
    """One fact that somebody wrote.

    `state`: `signed` (a seal of its device covers it), `open` (it verifies, and is not signed
    yet), `waits` (nobody has confirmed its device). `tz` is where the writer's clock stood.
    """

    device: str
    seq: int
    digest: str
    at: datetime
    tz: str
    by: str
    member: str
    kind: str
    about: str
    name: str | None
    project: str | None
    refs: int
    state: Literal["signed", "open", "waits"]


class Entries(BaseModel):
    """Entries, newest first; `next` goes on, null when all was looked at."""

    entries: list[EntryShape]
    next: str | None
    damage: list[str]


@router.get("/journal", response_model=Entries, dependencies=[needs(Action.RUN_READ)])
async def list_entries(
    request: Request,
    hosted: TheHosted,
    caller: TheCaller,
    *,
    member: Annotated[str | None, Query(max_length=QUERY_CHARS_MAX)] = None,
    kind: Annotated[str | None, Query(max_length=QUERY_CHARS_MAX)] = None,
    project: Annotated[str | None, Query(max_length=QUERY_CHARS_MAX)] = None,
    about: Annotated[str | None, Query(max_length=QUERY_CHARS_MAX)] = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=ENTRIES_MAX)] = 100,
) -> Response:
    """List what was written: of a member (id), of a kind (`run`, `run.started`), project, subject.

    A page may have fewer than `limit` and go on: it looks at so many entries and no more.
    """
    below = {} if cursor is None else _read(cursor)

    which = _Asked(member, kind, project, about)

    def find(workspace: Workspace) -> dict[str, Any]:
        workspace.refresh()
        journal, names = workspace.record.journal, _Names(workspace)
        sealed = {str(tip.log): tip.seq for tip in journal.tips()}
        waits = {one.id for one in waiting(workspace.projection)}
        left = {str(log): head.seq for log, head in journal.heads().items()}
        left |= {log: min(seq, left[log]) for log, seq in below.items() if log in left}
        found: list[dict[str, Any]] = []
        for read, (log, entry) in enumerate(_newest_first(journal, dict(left))):
            if len(found) >= limit or read >= ENTRIES_READ_MAX:
                break
            left[log] = entry.seq - 1
            name, of = names.of(entry)
            if which.fits(entry, of) and _may(caller, entry, of):
                signed = "signed" if entry.seq <= sealed.get(log, 0) else "open"
                state = "waits" if entry.device in waits else signed
                found.append(_told(workspace, entry, name, of, state))
        return {
            "entries": found,
            "next": _text(left) if any(left.values()) else None,
            "damage": [f"{one.what} {one.name}: {one.why}" for one in workspace.damage()],
        }

    return answer(request, await hosted.read(find))


class _Asked(NamedTuple):
    """Which entries; None: of any."""

    member: str | None
    kind: str | None
    project: str | None
    about: str | None

    def fits(self, entry: Entry, project: str | None) -> bool:
        return (
            (self.kind is not None or entry.kind not in _OWN)
            and (self.member is None or entry.by == self.member)
            and (self.kind is None or f"{entry.kind}.".startswith(f"{self.kind}."))
            and (self.project is None or project == self.project)
            and (self.about is None or entry.about == self.about)
        )


class _Names:
    """What entries are about, in words; each thing is looked up once."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._known: dict[tuple[str, str], tuple[str | None, str | None]] = {}

    def of(self, entry: Entry) -> tuple[str | None, str | None]:
        """Return the name of what an entry is about, and its project."""
        noun = entry.kind.partition(".")[0]
        key = noun, entry.about
        if key not in self._known:
            self._known[key] = self._found(noun, entry.about)
        return self._known[key]

    def _found(self, noun: str, about: str) -> tuple[str | None, str | None]:
        if noun in ("run", "registry"):
            name = "name" if noun == "run" else "COALESCE(name, first_name)"
            table = "runs" if noun == "run" else "registered_models"
            sql = f"SELECT {name}, project FROM {table} WHERE id = ?"  # noqa: S608 - ours
            for found in self._workspace.query(sql, (about,)):
                return found[0], found[1]
        if noun == "member":
            return self._workspace.name_of(about), None
        return (about if noun == "dataset" else None), None


def _newest_first(journal: Journal, left: dict[str, int]) -> Iterator[tuple[str, Entry]]:
    """Yield entries with the log that each stands in, of all logs together, newest first."""
    blocks = {log: _block(journal, log, seq) for log, seq in left.items()}
    heap = [(-entries[-1].at, log) for log, entries in blocks.items() if entries]
    heapq.heapify(heap)
    while heap:
        _, log = heapq.heappop(heap)
        entry = blocks[log].pop()
        yield log, entry
        if not blocks[log]:
            blocks[log] = _block(journal, log, entry.seq - 1)
        if blocks[log]:
            heapq.heappush(heap, (-blocks[log][-1].at, log))


def _block(journal: Journal, log: str, last: int) -> list[Entry]:
    """Return some entries of a log up to `last`, in order; what does not verify is not in it."""
    found = []
    for line in journal.lines_after(LogName(log), max(0, last - _BLOCK)) if last > 0 else ():
        if line.entry.seq > last:
            break
        found.append(line.entry)
    return found


def _may(caller: Caller, entry: Entry, project: str | None) -> bool:
    needed = _NEEDED.get(entry.kind.partition(".")[0], Action.MEMBER_READ)
    return caller.may(needed, project).allowed


def _told(
    workspace: Workspace, entry: Entry, name: str | None, project: str | None, state: str
) -> dict[str, Any]:
    return {
        "device": entry.device,
        "seq": entry.seq,
        "digest": entry.digest,
        "at": datetime.fromtimestamp(stamp_to_ms(entry.at) / 1000, UTC),
        "tz": entry.tz,
        "by": workspace.name_of(entry.by),
        "member": entry.by,
        "kind": entry.kind,
        "about": entry.about,
        "name": name,
        "project": project,
        "refs": len(entry.refs),
        "state": state,
    }


def _text(left: dict[str, int]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(left)).decode().rstrip("=")


def _read(cursor: str) -> dict[str, int]:
    try:
        data = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        return msgspec.json.decode(data, type=dict[str, int])
    except (ValueError, msgspec.MsgspecError):
        raise Usage("cannot go on from", cursor, "it is no cursor of this list") from None
