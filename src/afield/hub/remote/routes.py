"""`/sync/v1/`: a remote's files by name, each route with its action.

List, read whole or in ranges, write (`If-None-Match: *`: unless it is there), remove what does
not verify. Bodies are bounded by what their name may hold, and checked before they lie there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from heapq import nsmallest
from typing import Protocol, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from afield.hub.accounts.endpoint import Endpoint, answer, as_route, caller_of
from afield.hub.limits import BLOCK_BYTES
from afield.hub.ranges import Span, span_of
from afield.hub.remote.admitted import NoSuchName
from afield.hub.remote.bounds import Bounds, DiskFull
from afield.kernel.errors import NotFound, Refused
from afield.members.actions import Action
from afield.sync.errors import RemoteForbidden, RemoteFull, RemoteUnreachable
from afield.sync.layout import FORMAT, HEADS
from afield.sync.stores.store import RemoteStore, SizedStore
from afield.vault.errors import StorageUnreachable

PREFIX = "/sync/v1"
PAGE_ITEMS = 5_000
WRITES_AT_ONCE = 8
"""Bodies that are held and checked at a time, in one process: each may have 64 MiB."""

_PLAIN = {"cache-control": "no-store", "x-content-type-options": "nosniff",
          "content-security-policy": "default-src 'none'; sandbox"}  # fmt: skip
_T = TypeVar("_T")


class FileAbsent(NotFound):
    """The remote has no such file."""

    code = "hub.file_absent"


class BodyTooLarge(Refused):
    """More was sent than a file of this name may hold."""

    code = "http.too_large"
    status = 413


class BrokenOff(Refused):
    """A body ended before its end."""

    code = "http.broken_off"


class Admits(Protocol):
    """Decides what may lie there; `admitted.Admitted` says how a hub does."""

    def folder(self, prefix: str) -> bool:
        """Tell whether there is such a folder."""
        ...

    def bytes_max(self, name: str) -> int | None:
        """Return how large the file of a name may be; None: no file has it."""
        ...

    def check(self, name: str, data: bytes, before: Callable[[], bytes | None]) -> None:
        """Raise unless bytes are what their name says."""
        ...

    def may_go(self, name: str, data: bytes) -> bool:
        """Tell whether a file may be removed."""
        ...


class Intakes(Protocol):
    """Keeps the record and the remote one."""

    @property
    def store(self) -> SizedStore:
        """The remote's files."""
        ...

    @property
    def bounds(self) -> Bounds:
        """Who may push how much."""
        ...

    def begin(self) -> object:
        """Take in soon what was pushed."""
        ...

    async def fresh(self) -> bool:
        """Wait until what the record has lies there."""
        ...


class Files:
    """The handlers.

    Args:
        admits: decides.
        intake: where the files lie; made when first asked for.
    """

    def __init__(self, admits: Admits, intake: Callable[[], Intakes]) -> None:
        self._admits = admits
        self._intake = intake
        self._writes = asyncio.Semaphore(WRITES_AT_ONCE)

    async def list(self, request: Request) -> Response:
        """Answer a page of a folder; before heads are told, the hub's own log is there."""
        prefix = request.query_params.get("prefix", "")
        after = request.query_params.get("after", "")
        if not self._admits.folder(prefix):
            raise NoSuchName("no such folder", why="it is none of a remote's")
        intake = await _run(self._intake)
        if prefix == HEADS and not after:
            await intake.fresh()
        return answer(await _run(partial(_page, intake.store, prefix, after)))

    async def read(self, request: Request) -> Response:
        """Answer a file or a range of it."""
        name, _ = self._named(request)
        intake = await _run(self._intake)
        if name == FORMAT and await _run(partial(_held, intake.store, name)) is None:
            await intake.fresh()  # the first who ever asks
        size_bytes = await _run(partial(intake.store.size, name))
        if size_bytes is None:
            raise FileAbsent("no such file", name)
        span = span_of(request.headers.get("range"), size_bytes)
        headers = {**_PLAIN, "accept-ranges": "bytes"}
        if span is None:
            return Response(
                status_code=416, headers={**headers, "content-range": f"bytes */{size_bytes}"}
            )
        headers["content-length"] = str(span.size)
        if span.is_part:
            headers["content-range"] = f"bytes {span.start}-{span.end - 1}/{size_bytes}"
        status = 206 if span.is_part else 200
        body = _blocks(intake.store, name, span)
        return StreamingResponse(body, status, headers, "application/octet-stream")

    async def write(self, request: Request) -> Response:
        """Take a file that is what its name says; 412 when it is there and must not be."""
        name, bytes_max = self._named(request)
        intake = await _run(self._intake)
        store, once = intake.store, request.headers.get("if-none-match") == "*"
        if once and await _run(partial(_held, store, name)) is not None:
            await _body(request, bytes_max)  # or its sender would meet a connection that ends
            return Response(status_code=412, headers=_PLAIN)
        async with self._writes:
            data = await _body(request, bytes_max)
            await _run(partial(self._admits.check, name, data, partial(_held, store, name)))
            member = caller_of(request).member
            written = await _run(partial(_kept, intake, member, name, data, once=once))
        if name.startswith(HEADS):
            intake.begin()
        return Response(status_code=412 if written is False else 204, headers=_PLAIN)

    async def remove(self, request: Request) -> Response:
        """Remove a file that is not what its name says; all others stay."""
        name, _ = self._named(request)
        intake = await _run(self._intake)
        data = await _run(partial(_held, intake.store, name))
        if data is not None and await _run(partial(self._admits.may_go, name, data)):
            await _run(partial(intake.store.delete, name))
        return Response(status_code=204, headers=_PLAIN)

    def _named(self, request: Request) -> tuple[str, int]:
        name: str = request.path_params["name"]
        bytes_max = self._admits.bytes_max(name)
        if bytes_max is None:
            raise NoSuchName("no such name", why="no file of a remote is called so")
        return name, bytes_max


def routes(admits: Admits, intake: Callable[[], Intakes]) -> list[Route]:
    """Return the routes."""
    files = Files(admits, intake)
    one = PREFIX + "/files/{name:path}"
    return [
        as_route(Endpoint("GET", PREFIX + "/list", Action.SYNC_PULL, files.list)),
        as_route(Endpoint("GET", one, Action.SYNC_PULL, files.read)),
        as_route(Endpoint("PUT", one, Action.SYNC_PUSH, files.write)),
        as_route(Endpoint("DELETE", one, Action.SYNC_PUSH, files.remove)),
    ]


async def _run(fn: Callable[[], _T]) -> _T:
    try:
        return await asyncio.get_running_loop().run_in_executor(None, fn)
    except (RemoteUnreachable, RemoteForbidden) as error:  # nothing that the client can see to
        what = "the hub cannot reach its files"
        raise StorageUnreachable(what, why=error.why, hint="try again") from None


async def _body(request: Request, bytes_max: int) -> bytes:
    """Return a body.

    Raises:
        BodyTooLarge: there is more of it than may be.
        BrokenOff: there is less of it than was said.
    """
    parts, size = [], 0
    said = request.headers.get("content-length", "0")
    if not said.isdigit() or int(said) > bytes_max:
        raise BodyTooLarge("not taken", why=f"it may have {bytes_max} bytes")
    try:
        async for part in request.stream():
            parts.append(part)
            size += len(part)
            if size > bytes_max:
                raise BodyTooLarge("not taken", why=f"it may have {bytes_max} bytes")
    except ClientDisconnect:
        raise BrokenOff("not taken", why="it ended before its end") from None
    return b"".join(parts)


async def _blocks(store: RemoteStore, name: str, span: Span) -> AsyncIterator[bytes]:
    at = span.start
    while at < span.end:
        block = await _run(partial(store.get, name, at, min(BLOCK_BYTES, span.end - at)))
        if not block:
            return  # it was replaced by a shorter one: the reader meets a connection that ends
        at += len(block)
        yield block


def _kept(intake: Intakes, member: str, name: str, data: bytes, *, once: bool) -> bool | None:
    """Write a file for which there is room; tell whether it was written, where that is asked.

    Raises:
        OverQuota: its member, or all, have too much there that belongs to nothing.
        DiskFull: the disk has no room.
    """
    store, bounds = intake.store, intake.bounds
    bounds.check_disk(len(data))
    is_new = store.size(name) is None
    row = bounds.take(member, name, len(data)) if is_new else None
    done, written = False, None
    try:
        if once:
            done = written = store.put_if_absent(name, data)
        else:
            store.put(name, data)
            done = True
    except RemoteFull as error:
        raise DiskFull("no room for it", why=error.why, hint="ask whoever runs the hub") from None
    finally:
        if row is not None and not done:
            bounds.give_back(name, row)
    return written


def _held(store: RemoteStore, name: str) -> bytes | None:
    try:
        return store.get(name)
    except FileNotFoundError:
        return None


def _page(store: RemoteStore, prefix: str, after: str) -> dict[str, object]:
    later = (item for item in store.list(prefix) if item.name > after)
    items = nsmallest(PAGE_ITEMS, later)
    more = items[-1].name if len(items) == PAGE_ITEMS else None
    return {"items": items, "next": more}
