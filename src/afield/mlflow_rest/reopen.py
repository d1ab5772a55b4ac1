"""Letting an ended run go on: its sealed series goes back into a live file."""

from __future__ import annotations

import base64

from afield.kernel.ids import ObjectId
from afield.mlflow_rest.errors import invalid
from afield.mlflow_rest.known import KnownRun
from afield.mlflow_rest.route import Call
from afield.runs.events import RUNNING, SCHEDULED, STATUSES
from afield.runs.live_owner import Ending


def go_on(call: Call, run: KnownRun, *, keeps_end: bool = False) -> None:
    """Make a run ready to be logged to.

    Args:
        call: the call that wants it.
        run: the run.
        keeps_end: it stays ended as it was, and only gets more points.

    Raises:
        Rest: a process on a machine records it, not a server.
    """
    if run.kind != "served" and run.status in (RUNNING, SCHEDULED):
        raise invalid(f"The run {run.id} is recorded by a process of its own, and is running.")
    ending = None
    if keeps_end and run.status in STATUSES:
        ending = Ending(run.status, None, None, run.ended_ms)
    call.served.reopen(run.id, _sealed(call, run), keeps=ending)


def _sealed(call: Call, run: KnownRun) -> bytes | None:
    sql = "SELECT inline, object FROM run_series WHERE run = ?"
    for inline, found in call.workspace.query(sql, (run.id,)):
        if inline is not None:
            return base64.b64decode(inline)
        if found is not None:
            return call.workspace.record.vault.get(ObjectId(found))
    return None
