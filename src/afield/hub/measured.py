"""`/metrics`: what the server counts, in Prometheus' text format 0.0.4.

Counts of all worker processes together; memory and processor time of each.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from afield.hub.accounts.endpoint import caller_of
from afield.hub.counts import BOUNDS_S, Counts
from afield.members.actions import Action
from afield.workspace.hosted import Hosted

TYPE = "text/plain; version=0.0.4; charset=utf-8"


def routes(hosted: Hosted) -> list[Route]:
    """Return the route; it needs an auditor, whose token may be good for this alone."""

    async def metrics(request: Request) -> Response:
        caller_of(request).need(Action.AUDIT_READ)
        counts = request.scope.get("afield.counts")
        lines = list(_lines(counts)) if isinstance(counts, Counts) else []
        entries = await hosted.read(lambda _: hosted.position())
        lines += _gauge("afield_record_entries", "Entries of the record that are in its tables")
        lines.append(f"afield_record_entries {entries}")
        text = "\n".join([*lines, ""])
        return PlainTextResponse(text, headers={"cache-control": "no-store"}, media_type=TYPE)

    route = Route("/metrics", metrics)
    route.afield_action = Action.AUDIT_READ  # type: ignore[attr-defined] # for who walks all routes
    return [route]


def _lines(counts: Counts) -> Iterator[str]:
    yield from _header("afield_http_requests_total", "counter", "Requests that were answered")
    for (part, method, status), number in counts.requests():
        labels = f'part="{part}",method="{method}",status="{status}"'
        yield f"afield_http_requests_total{{{labels}}} {number}"
    name = "afield_http_request_seconds"
    yield from _header(name, "histogram", "Time from a request to the end of its answer")
    for part, buckets, sum_s in counts.durations():
        total = 0
        for bound, number in zip((*map(str, BOUNDS_S), "+Inf"), buckets, strict=True):
            total += number
            yield f'{name}_bucket{{part="{part}",le="{bound}"}} {total}'
        yield f'{name}_sum{{part="{part}"}} {sum_s:.6f}'
        yield f'{name}_count{{part="{part}"}} {total}'
    yield from _header("afield_http_sent_bytes_total", "counter", "Bytes of bodies that were sent")
    yield f"afield_http_sent_bytes_total {counts.sent_bytes}"
    yield from _gauge("afield_http_requests_running", "Requests that are being answered")
    yield f"afield_http_requests_running {counts.running}"
    yield from _processes(counts.pids())


def _processes(pids: list[int]) -> Iterator[str]:
    """Yield what Linux says of the workers; nothing elsewhere."""
    found = [(number, _process(pid)) for number, pid in enumerate(pids) if pid]
    known = [(number, one) for number, one in found if one is not None]
    name = "afield_worker_resident_bytes"
    yield from _gauge(name, "Memory of a worker")
    yield from (f'{name}{{worker="{number}"}} {one[0]}' for number, one in known)
    name = "afield_worker_cpu_seconds_total"
    yield from _header(name, "counter", "Processor time of a worker")
    yield from (f'{name}{{worker="{number}"}} {one[1]:.2f}' for number, one in known)


def _process(pid: int) -> tuple[int, float] | None:
    """Return resident bytes and seconds of processor of a process; see proc(5)."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stream:  # noqa: PTH123
            fields = stream.read().rpartition(")")[2].split()
        ticks = int(fields[11]) + int(fields[12])
        return int(fields[21]) * os.sysconf("SC_PAGE_SIZE"), ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, AttributeError):
        return None


def _gauge(name: str, what: str) -> list[str]:
    return _header(name, "gauge", what)


def _header(name: str, kind: str, what: str) -> list[str]:
    return [f"# HELP {name} {what}.", f"# TYPE {name} {kind}"]
